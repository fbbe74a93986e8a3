//! Other programs.

use std::ffi::OsStr;
use std::io::Write;
use std::process::{Command, Stdio};

use crate::error::XtaskError;

/// Cargo of the toolchain in use, without what `cargo run` told this program about its own package: build
/// scripts that watch those variables would otherwise build again and again.
pub fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let own = [
            "CARGO_PKG_",
            "CARGO_BIN_",
            "CARGO_MANIFEST_",
            "CARGO_CRATE_",
            "CARGO_PRIMARY_",
        ];
        if own.iter().any(|prefix| text.starts_with(prefix)) {
            command.env_remove(&name);
        }
    }
    command
}

/// The command as a person would type it.
pub fn line(command: &Command) -> String {
    let quoted = |text: &OsStr| {
        let text = text.to_string_lossy();
        if text.is_empty() || text.contains([' ', '$', '\'', '"', '\\', '{', '*']) {
            format!("'{}'", text.replace('\'', "'\\''"))
        } else {
            text.into_owned()
        }
    };
    let program = std::path::Path::new(command.get_program());
    let program = program.file_name().unwrap_or(program.as_os_str());
    std::iter::once(program)
        .chain(command.get_args())
        .map(quoted)
        .collect::<Vec<_>>()
        .join(" ")
}

/// Runs a command with its output shown, and fails if it fails.
pub fn run(command: &mut Command) -> Result<(), XtaskError> {
    let status = command.status().map_err(|source| start_error(command, source))?;
    if status.success() {
        return Ok(());
    }
    Err(XtaskError::Failed {
        line: line(command),
        status: status.to_string(),
    })
}

/// Runs a command and gives its standard output; its error output is shown.
pub fn output(command: &mut Command) -> Result<Vec<u8>, XtaskError> {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(|source| start_error(command, source))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(XtaskError::Failed {
        line: line(command),
        status: output.status.to_string(),
    })
}

/// As [`output`], for a command that reads this from its standard input.
pub fn output_of(command: &mut Command, input: &[u8]) -> Result<Vec<u8>, XtaskError> {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit());
    let mut child = command.spawn().map_err(|source| start_error(command, source))?;
    // A program that ends without reading says why by its status.
    if let Some(mut stdin) = child.stdin.take() {
        let _ = stdin.write_all(input);
    }
    let output = child
        .wait_with_output()
        .map_err(|source| start_error(command, source))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(XtaskError::Failed {
        line: line(command),
        status: output.status.to_string(),
    })
}

/// Standard output of a command as text, or nothing if it cannot be started or fails. For questions whose
/// answer "no" is a good one.
pub fn ask(command: &mut Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).stdin(Stdio::null()).output().ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn start_error(command: &Command, source: std::io::Error) -> XtaskError {
    XtaskError::Start {
        program: command.get_program().to_string_lossy().into_owned(),
        source,
    }
}
