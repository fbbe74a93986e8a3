//! `alaqan-stage`: the kiosk window with a stage behind it instead of a kiosk.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

/// Shows screens as it is told to over a local socket.
#[derive(Parser)]
struct Arguments {
    /// The settings that the teller wrote.
    #[arg(long)]
    config: PathBuf,
}

fn main() -> ExitCode {
    match stage::shell::run(&Arguments::parse().config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("alaqan-stage: {}", alaqan::chain(&error));
            ExitCode::from(1)
        }
    }
}
