//! `alaqan-eval`: the evaluation as a program. `cargo xtask eval` builds and runs it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use eval::error::EvalError;
use eval::play::chain;
use eval::report::Report;
use eval::run::{Options, Progress};
use eval::text::Layout;
use eval::{page, run, text};
use face::ModelFolder;
use verification::policy::{PassivePad, Policy};

/// Judges a folder of recorded presentations with the rules of the kiosk.
#[derive(Parser)]
#[command(name = "alaqan-eval", version)]
struct Arguments {
    /// Folder with clips and their manifest.toml.
    folder: PathBuf,
    /// Folder of the models.
    #[arg(long, value_name = "DIR", env = "ALAQAN_MODELS")]
    models: PathBuf,
    /// Print Markdown for the documents instead of padded tables.
    #[arg(long)]
    markdown: bool,
    /// Where the report is written as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Where the page with the curves is written.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Chain the clips of each person and run whole attempts with random plans.
    #[arg(long)]
    script: bool,
    /// Also render attacks from the folder's own bona fide presentations, in memory.
    #[arg(long)]
    synthetic: bool,
    /// Write the rendered attacks to this folder, for looking at.
    #[arg(long, value_name = "DIR", requires = "synthetic")]
    dump: Option<PathBuf>,
    /// Seed of all randomness.
    #[arg(long, value_name = "NUMBER", default_value_t = 30107)]
    seed: u64,
    /// Do without the passive pair: what is left must catch every attack.
    #[arg(long)]
    without_passive: bool,
}

fn main() -> ExitCode {
    match perform(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!("some clips could not be played");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("error: {}", chain(&error));
            ExitCode::from(2)
        }
    }
}

fn perform(arguments: &Arguments) -> Result<bool, EvalError> {
    let list = run::list(&arguments.folder)?;
    let models = ModelFolder::open(&arguments.models)?;
    let policy = Policy {
        passive: if arguments.without_passive {
            PassivePad::WhereInstalled
        } else {
            PassivePad::Required
        },
        ..Policy::default()
    };
    let options = Options {
        script: arguments.script,
        synthetic: arguments.synthetic,
        dump: arguments.dump.clone(),
        seed: arguments.seed,
    };
    let started = Instant::now();
    let elapsed = || format!("{:6.1} s", started.elapsed().as_secs_f32());
    let progress = Progress {
        clip: &mut |clip| {
            let (word, reason) = (clip.decision.word(), clip.decision.reason());
            eprintln!("{}  {}: {word} {reason}", elapsed(), clip.file);
        },
        person: &mut |person| {
            let passed = person.attempts.iter().filter(|attempt| attempt.passed).count();
            let (subject, label, all) = (&person.subject, &person.label, person.attempts.len());
            eprintln!(
                "{}  {subject} ({label}): {passed} of {all} attempts passed",
                elapsed()
            );
        },
    };
    let report = run::evaluate(&arguments.folder, list, &models, &policy, &options, progress)?;
    if let Some(path) = &arguments.json {
        write(path, &json(&report))?;
    }
    if let Some(path) = &arguments.html {
        write(path, &page::page(&report))?;
    }
    let layout = if arguments.markdown {
        Layout::Compact
    } else {
        Layout::Padded
    };
    println!("{}", text::markdown(&report, layout));
    Ok(report.is_complete())
}

fn json(report: &Report) -> String {
    // A report has only names as keys, and no number in it is infinite.
    serde_json::to_string(report).unwrap_or_default()
}

fn write(path: &Path, text: &str) -> Result<(), EvalError> {
    let failed = |source| EvalError::Write {
        path: path.to_owned(),
        source,
    };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    std::fs::write(path, text).map_err(failed)
}
