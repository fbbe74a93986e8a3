//! The tool of who sets a kiosk up: makes the pack of phrases, and looks into one.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use speech::builder::{self, Built};
use speech::engine::{ESPEAK, Program};
use speech::pack::Pack;
use speech::{Language, SpeechError};

/// Spoken phrases of the Alaqan kiosk.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Renders all phrases of the screens into one file, unless it is of these texts already.
    Build {
        /// Folder of the locale files.
        #[arg(long, value_name = "FOLDER")]
        locales: PathBuf,
        /// Profile whose texts are rendered too; may be given several times.
        #[arg(long, value_name = "FILE")]
        profile: Vec<PathBuf>,
        /// The file.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Command of the synthesiser: reads words, writes WAV; `{language}` stands for kk, ru or en.
        #[arg(long, value_name = "WORD", num_args = 1.., allow_hyphen_values = true, default_values = ESPEAK)]
        engine: Vec<String>,
    },
    /// Says what a pack holds, and reads every clip that it should have.
    Check {
        /// The pack.
        pack: PathBuf,
        /// Folder of the locale files.
        #[arg(long, value_name = "FOLDER")]
        locales: PathBuf,
    },
}

fn main() -> ExitCode {
    let done = match Arguments::parse().verb {
        Verb::Build {
            locales,
            profile,
            out,
            engine,
        } => build(&locales, &profile, &out, &engine),
        Verb::Check { pack, locales } => match check(&pack, &locales) {
            Ok(false) => return ExitCode::from(1),
            done => done.map(|_| ()),
        },
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprint!("alaqan-speech: {error}");
            let mut source = std::error::Error::source(&error);
            while let Some(cause) = source {
                eprint!(": {cause}");
                source = cause.source();
            }
            eprintln!();
            ExitCode::from(1)
        }
    }
}

fn build(
    locales: &std::path::Path,
    profiles: &[PathBuf],
    out: &std::path::Path,
    engine: &[String],
) -> Result<(), SpeechError> {
    let mut phrases = builder::phrases(locales)?;
    for profile in profiles {
        phrases.extend(builder::phrases_of_profile(profile)?);
    }
    let mut voice = Program::new(engine).unwrap_or_else(Program::espeak);
    let built = builder::build(&phrases, &mut voice, out)?;
    let bytes = std::fs::metadata(out).map_or(0, |metadata| metadata.len());
    let pack = Pack::open(out)?;
    let what = match built {
        Built::UpToDate => "up to date",
        Built::Anew => "made",
    };
    println!(
        "{} {what}: {} phrases, {} s of speech, {} kB",
        out.display(),
        pack.index().len(),
        pack.index().duration_ms() / 1000,
        bytes / 1000
    );
    Ok(())
}

/// Whether every phrase is there.
fn check(path: &std::path::Path, locales: &std::path::Path) -> Result<bool, SpeechError> {
    let mut pack = Pack::open(path)?;
    let phrases = builder::phrases(locales)?;
    let mut missing = 0;
    for (language, phrase) in &phrases {
        if pack.clip(&speech::phrase::key(*language, phrase))?.is_none() {
            missing += 1;
            println!("missing  {}  {phrase}", language.tag());
        }
    }
    let seconds = pack.index().duration_ms() / 1000;
    println!(
        "{} phrases, {seconds} s of speech in {} languages; {missing} missing",
        pack.index().len(),
        Language::ALL.len()
    );
    Ok(missing == 0)
}
