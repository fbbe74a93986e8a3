//! The kiosk program.

#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

/// The Alaqan kiosk: verifies a person by face or palm.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Configuration of this kiosk.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match alaqan::run(&arguments.config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("alaqan: {}", alaqan::chain(&error));
            ExitCode::from(1)
        }
    }
}
