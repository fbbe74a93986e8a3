//! The rules of axe-core, by which the screens are looked at for what shuts people out.
//!
//! A file of the npm registry: got by npm into the cache, checked by digest, and never part of the repository.

use std::path::PathBuf;
use std::process::Command;

use crate::error::XtaskError;
use crate::models::sha256;
use crate::paths::{self, Paths};
use crate::process;
use crate::steps::{note, step};

const VERSION: &str = "4.14.1";
/// Of the one file that is used, as it was in the package whose integrity npm's registry publishes.
const SHA256: &str = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c";
const MEMBER: &str = "package/axe.min.js";

/// Gets the file if it is not there, and gives its path.
pub fn perform(paths: &Paths) -> Result<PathBuf, XtaskError> {
    let folder = paths.cache.join("axe");
    let target = folder.join(format!("axe-{VERSION}.min.js"));
    if std::fs::read(&target).is_ok_and(|bytes| sha256(&bytes) == SHA256) {
        note(format!("axe-core: {}", target.display()));
        return Ok(target);
    }
    step(&format!("Getting axe-core {VERSION} (MPL-2.0)"), || {
        paths::create_folder(&folder)?;
        let package = format!("axe-core@{VERSION}");
        let mut npm = Command::new("npm");
        process::run(
            npm.current_dir(&folder)
                .args(["pack", "--silent", "--ignore-scripts", &package]),
        )?;
        let mut tar = Command::new("tar");
        let archive = folder.join(format!("axe-core-{VERSION}.tgz"));
        let script = process::output(tar.arg("-xzOf").arg(&archive).arg(MEMBER))?;
        let found = sha256(&script);
        if found != SHA256 {
            return Err(XtaskError::Digest {
                what: format!("{MEMBER} of {package}"),
                expected: SHA256.to_owned(),
                found,
            });
        }
        paths::write(&target, script)?;
        std::fs::remove_file(&archive).map_err(XtaskError::file(&archive, "removed"))
    })?;
    Ok(target)
}
