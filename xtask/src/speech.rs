//! The spoken phrases: one file, made from the texts of the screens.

use std::path::PathBuf;
use std::process::Command;

use crate::error::XtaskError;
use crate::paths::Paths;
use crate::process;
use crate::steps::{note, step};

/// The profile of the demonstration, whose texts are said too.
const PROFILE: &str = "profiles/bank.toml";

/// The place of the pack.
pub fn pack(paths: &Paths) -> PathBuf {
    paths.target.join("phrases.pack")
}

/// Builds what renders, and makes the pack.
pub fn perform(paths: &Paths) -> Result<(), XtaskError> {
    step("Building what renders phrases", || {
        process::run(
            process::cargo()
                .current_dir(&paths.root)
                .args(["build", "--package", "speech"]),
        )
    })?;
    render(paths)
}

/// Makes the pack with the program that is there, unless it is of these texts already.
pub fn render(paths: &Paths) -> Result<(), XtaskError> {
    step("Rendering the spoken phrases", || {
        let mut build = Command::new(paths.binary("alaqan-speech"));
        build
            .arg("build")
            .arg("--locales")
            .arg(paths.root.join("locales"));
        build.arg("--profile").arg(paths.root.join(PROFILE));
        build.arg("--out").arg(pack(paths));
        let said = process::output(&mut build)?;
        note(String::from_utf8_lossy(&said).trim());
        Ok(())
    })
}
