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

/// Makes the pack, unless it is of these texts already.
pub fn perform(paths: &Paths) -> Result<(), XtaskError> {
    step("Rendering the spoken phrases", || {
        process::run(
            process::cargo()
                .current_dir(&paths.root)
                .args(["build", "--package", "speech"]),
        )?;
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
