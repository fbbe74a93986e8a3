//! `alaqan-profile`: what the person who configures an institution does with its profile.

use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};
use profile::{Profile, ProfileError, file, hex, load, table};

/// Checks and shows the profile of an institution.
#[derive(Parser)]
#[command(
    version,
    after_help = "Exit codes: 0 all is well, 1 a profile cannot be used, 2 what was found cannot be printed, 3 wrong \
                  use of the command."
)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Say of each profile whether it can be used, and if not, where and why.
    Check {
        /// Profiles; the files that they name lie beside them.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Print what is in force: policy with all defaults, hours, calendar, consents and catalogue.
    Show {
        /// The profile.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Print the SHA-256 of what `show` prints; it stands in every document.
    Hash {
        /// The profile.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Print each service with its requirement, ways, consents, fields and deadlines.
    Services {
        /// The profile.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// How to print it.
        #[arg(long, value_enum, default_value_t = Form::Text)]
        format: Form,
    },
    /// Print the JSON Schema of profiles, for editors.
    Schema,
}

#[derive(Clone, Copy, ValueEnum)]
enum Form {
    Text,
    Markdown,
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Nobody is left to tell where this cannot be printed.
            let _ = error.print();
            return if error.use_stderr() {
                ExitCode::from(3)
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    let text = match act(arguments.verb) {
        Ok(text) => text,
        Err(errors) => {
            for error in errors {
                eprintln!("alaqan-profile: {}", chain(&error));
            }
            return ExitCode::from(1);
        }
    };
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("alaqan-profile: {error}");
            ExitCode::from(2)
        }
    }
}

fn act(verb: Verb) -> Result<String, Vec<ProfileError>> {
    let read = |file: &Path| load(file).map_err(|error| vec![error]);
    match verb {
        Verb::Check { files } => check(&files),
        Verb::Show { file } => Ok(read(&file)?.effective()),
        Verb::Hash { file } => Ok(format!("{}\n", hex(&read(&file)?.sha256))),
        Verb::Services { file, format } => Ok(match format {
            Form::Text => table::plain(&read(&file)?),
            Form::Markdown => table::markdown(&read(&file)?),
        }),
        Verb::Schema => Ok(file::schema()),
    }
}

/// All files are looked at, also behind one that cannot be used.
fn check(files: &[PathBuf]) -> Result<String, Vec<ProfileError>> {
    let mut text = String::new();
    let mut errors = Vec::new();
    for file in files {
        match load(file) {
            Ok(Profile {
                name,
                catalogue,
                sha256,
                ..
            }) => text.push_str(&format!(
                "{}: {name}, {} services, sha256 {}\n",
                file.display(),
                catalogue.len(),
                hex(&sha256)
            )),
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() { Ok(text) } else { Err(errors) }
}

/// An error and its sources in one line, where the message does not hold them already.
fn chain(error: &ProfileError) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}
