//! The compiler for wasm.

use std::path::PathBuf;
use std::process::Command;

use crate::error::XtaskError;
use crate::paths::Paths;
use crate::process;
use crate::steps::{note, step};

/// The target of the screens.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// Adds the wasm target to the toolchain in use, if it is not there.
pub fn perform(_paths: &Paths) -> Result<(), XtaskError> {
    if is_installed() {
        note("wasm target: installed");
        return Ok(());
    }
    step(
        &format!("Adding the target {TARGET} to the Rust toolchain"),
        || {
            let mut command = Command::new("rustup");
            command.args(["target", "add", TARGET]);
            if let Some(toolchain) = std::env::var_os("RUSTUP_TOOLCHAIN") {
                command.arg("--toolchain").arg(toolchain);
            }
            process::run(&mut command)
        },
    )
}

fn is_installed() -> bool {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    process::ask(Command::new(rustc).args(["--print", "sysroot"]))
        .map(|root| PathBuf::from(root).join("lib/rustlib").join(TARGET).join("lib"))
        .is_some_and(|folder| folder.is_dir())
}
