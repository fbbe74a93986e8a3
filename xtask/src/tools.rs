//! Programs of others that come from crates.io and are built into the cache.

use std::path::PathBuf;

use crate::error::XtaskError;
use crate::paths::{self, Paths};
use crate::process;
use crate::steps::{note, step};

/// A program in just one version.
pub struct Tool {
    /// Name of the package and of the program.
    pub name: &'static str,
    /// The version.
    pub version: &'static str,
    /// What `cargo install` is told besides.
    pub arguments: &'static [&'static str],
}

impl Tool {
    /// Whether it is there already.
    pub fn is_installed(&self, paths: &Paths) -> bool {
        self.program(paths).is_file()
    }

    fn root(&self, paths: &Paths) -> PathBuf {
        let Self { name, version, .. } = self;
        paths.cache.join("tools").join(format!("{name}-{version}"))
    }

    fn program(&self, paths: &Paths) -> PathBuf {
        let file = format!("{}{}", self.name, std::env::consts::EXE_SUFFIX);
        self.root(paths).join("bin").join(file)
    }

    /// The program, which is built first if it is not there.
    pub fn installed(&self, paths: &Paths) -> Result<PathBuf, XtaskError> {
        let Self {
            name,
            version,
            arguments,
        } = self;
        let root = self.root(paths);
        let program = self.program(paths);
        if self.is_installed(paths) {
            note(format!("{name} {version}: installed"));
            return Ok(program);
        }
        step(
            &format!("Building {name} {version} into {}", root.display()),
            || {
                paths::create_folder(&paths.cache)?;
                let mut cargo = process::cargo();
                // It runs for a second and is built for minutes: an unoptimised build is the quicker whole.
                cargo.args([
                    "install",
                    name,
                    "--version",
                    version,
                    "--locked",
                    "--profile",
                    "dev",
                ]);
                cargo
                    .args(["--config", "profile.dev.debug=false", "--root"])
                    .arg(&root);
                cargo.args(*arguments);
                cargo
                    .current_dir(&paths.cache)
                    .arg("--target-dir")
                    .arg(paths.target.join(name));
                process::run(&mut cargo)
            },
        )?;
        Ok(program)
    }
}
