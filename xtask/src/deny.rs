//! Licences, sources and bans, by cargo-deny.

use crate::error::XtaskError;
use crate::paths::{self, Paths};
use crate::process;
use crate::steps::{note, step};

const VERSION: &str = "0.20.2";

/// Runs cargo-deny, which is built into the cache first if it is not there.
pub fn perform(paths: &Paths) -> Result<(), XtaskError> {
    let root = paths.cache.join("tools").join(format!("cargo-deny-{VERSION}"));
    let program = root
        .join("bin")
        .join(format!("cargo-deny{}", std::env::consts::EXE_SUFFIX));
    if program.is_file() {
        note(format!("cargo-deny {VERSION}: installed"));
    } else {
        step(
            &format!("Building cargo-deny {VERSION} into {}", root.display()),
            || {
                paths::create_folder(&paths.cache)?;
                let mut cargo = process::cargo();
                // It runs for a second and is built for minutes: an unoptimised build is the quicker whole.
                cargo.args([
                    "install",
                    "cargo-deny",
                    "--version",
                    VERSION,
                    "--locked",
                    "--profile",
                    "dev",
                ]);
                cargo
                    .args(["--config", "profile.dev.debug=false", "--root"])
                    .arg(&root);
                cargo
                    .current_dir(&paths.cache)
                    .arg("--target-dir")
                    .arg(paths.target.join("cargo-deny"));
                process::run(&mut cargo)
            },
        )?;
    }
    step("Checking bans, licences and sources", || {
        let mut deny = std::process::Command::new(&program);
        deny.current_dir(&paths.root)
            .args(["--locked", "--workspace", "check", "--hide-inclusion-graph"]);
        // A wrapper says who may, not who does.
        deny.args(["--allow", "unmatched-wrapper", "--allow", "unused-wrapper"])
            .args(["bans", "licenses", "sources"]);
        process::run(&mut deny)
    })
}
