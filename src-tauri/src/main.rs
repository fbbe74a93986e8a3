//! The kiosk program.

#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use alaqan::RunError;
use clap::Parser;
use verification::Sensitive;

/// The Alaqan kiosk: verifies a person by face or palm.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Configuration of this kiosk.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Withdraw a person's consent to the palm: reads the IIN from standard input, forgets whose references those in the
    /// scanner are, and ends. The kiosk must not be running; it deletes the references as soon as it runs with the scanner.
    #[arg(long)]
    forget_palm: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = if arguments.forget_palm {
        forget_palm(&arguments.config)
    } else {
        alaqan::run(&arguments.config)
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("alaqan: {}", alaqan::chain(&error));
            ExitCode::from(1)
        }
    }
}

/// The number is read and not taken as an argument: those stand in the list of processes and in the shell's history.
fn forget_palm(config: &Path) -> Result<(), RunError> {
    eprintln!("IIN:");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).map_err(RunError::Input)?;
    let line = Sensitive::new(line);
    let count = alaqan::forget_palm(config, line.expose().trim())?;
    println!("{count} references are to be deleted; the kiosk does so when it runs.");
    Ok(())
}
