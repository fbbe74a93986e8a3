//! `alaqan-gateway`: the institution's server, and the tools of its operator.

mod cli;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match cli::act(cli::Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("alaqan-gateway: {}", error.in_one_line());
            error.code()
        }
    }
}
