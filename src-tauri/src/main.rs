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
    #[arg(long, value_name = "FILE", required_unless_present_any = ["operator_code", "technician_code"])]
    config: Option<PathBuf>,
    /// Withdraw a person's consent to the palm: reads the IIN from standard input, forgets whose references those in the
    /// scanner are, and ends. The kiosk must not be running; it deletes the references as soon as it runs with the scanner.
    #[arg(long)]
    forget_palm: bool,
    /// Print what is in force at this kiosk: policy, opening hours, calendar, consents and services of the profile with the
    /// kiosk's own differences, and the hash that stands in each document; and end.
    #[arg(long)]
    show_policy: bool,
    /// Read an operator's code from standard input, print what stands for it under `[[operators]]`, and end.
    #[arg(long)]
    operator_code: bool,
    /// Read a technician's code from standard input, print what stands for it under `[technician]`, and end.
    #[arg(long)]
    technician_code: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let config = arguments.config.unwrap_or_default();
    let done = if arguments.forget_palm {
        forget_palm(&config)
    } else if arguments.operator_code {
        operator_code()
    } else if arguments.technician_code {
        technician_code()
    } else if arguments.show_policy {
        alaqan::policy_in_force(&config).map(|text| print!("{text}"))
    } else {
        alaqan::run(&config)
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("alaqan: {}", alaqan::chain(&error));
            // Threads may still be opening window, models and devices; they must not meet libraries that are being taken
            // down.
            #[cfg(unix)]
            signal_hook::low_level::exit(1);
            #[cfg(not(unix))]
            ExitCode::from(1)
        }
    }
}

/// As [`forget_palm`], nothing secret is an argument.
fn operator_code() -> Result<(), RunError> {
    let code = code("Number of two digits, and at least six digits behind it:")?;
    println!("code = \"{}\"", alaqan::operators::hash(&code)?);
    Ok(())
}

/// As [`operator_code`].
fn technician_code() -> Result<(), RunError> {
    let code = code("At least eight digits:")?;
    println!("code = \"{}\"", alaqan::technician::hash(&code)?);
    Ok(())
}

fn code(question: &str) -> Result<Sensitive<String>, RunError> {
    eprintln!("{question}");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).map_err(RunError::Input)?;
    let code = Sensitive::new(line.trim().to_owned());
    drop(Sensitive::new(line));
    Ok(code)
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
