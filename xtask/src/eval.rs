//! The evaluation of a folder of recorded presentations.

use std::path::PathBuf;

use crate::error::XtaskError;
use crate::models::Upstream;
use crate::paths::Paths;
use crate::steps::{note, step};
use crate::{models, process, setup};

/// Which folder, and how.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Folder with clips and their manifest.toml.
    folder: PathBuf,
    /// Folder of the models; without it they are got as `cargo xtask models` does.
    #[arg(long, value_name = "DIR")]
    models: Option<PathBuf>,
    /// Chain the clips of each person and run whole attempts with random plans.
    #[arg(long)]
    script: bool,
    /// Seed of all randomness: plans, and rendered attacks.
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// Also render attacks from the folder's own bona fide presentations, in memory.
    #[arg(long)]
    synthetic: bool,
    /// Write the rendered attacks to this folder, which must lie outside of the checkout, for looking at.
    #[arg(long, value_name = "DIR", requires = "synthetic")]
    dump: Option<PathBuf>,
    /// Do without the passive pair: what is left must catch every attack.
    #[arg(long)]
    without_passive: bool,
    /// Print Markdown for the documents instead of a table for the eye.
    #[arg(long)]
    markdown: bool,
    /// Where the report is written as JSON; the default is eval/eval.json in the target folder.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Where the page with the curves is written; the default is eval/eval.html in the target folder.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

/// Builds the evaluation and runs it.
pub fn perform(paths: &Paths, arguments: &Arguments) -> Result<(), XtaskError> {
    let here = std::env::current_dir().map_err(XtaskError::file(".", "found"))?;
    let models = match &arguments.models {
        Some(folder) => here.join(folder),
        None => {
            setup::perform(paths)?;
            models::perform(paths, Upstream::TryOnce)?;
            paths.models.clone()
        }
    };
    let report = |given: &Option<PathBuf>, name: &str| {
        given
            .as_ref()
            .map_or_else(|| paths.target.join("eval").join(name), |path| here.join(path))
    };
    let (json, html) = (
        report(&arguments.json, "eval.json"),
        report(&arguments.html, "eval.html"),
    );
    let mut cargo = process::cargo();
    cargo
        .current_dir(&paths.root)
        .args([
            "run",
            "--release",
            "--package",
            "eval",
            "--bin",
            "alaqan-eval",
            "--",
        ])
        .arg(here.join(&arguments.folder))
        .arg("--models")
        .arg(models)
        .arg("--json")
        .arg(&json)
        .arg("--html")
        .arg(&html);
    let flags = [
        (arguments.script, "--script"),
        (arguments.synthetic, "--synthetic"),
        (arguments.without_passive, "--without-passive"),
        (arguments.markdown, "--markdown"),
    ];
    cargo.args(flags.iter().filter(|(set, _)| *set).map(|(_, flag)| flag));
    if let Some(folder) = &arguments.dump {
        cargo.arg("--dump").arg(here.join(folder));
    }
    if let Some(seed) = arguments.seed {
        cargo.args(["--seed", &seed.to_string()]);
    }
    // Both are also written where a clip could not be played.
    let judged = step("Judging the presentations", || process::run(&mut cargo));
    note(format!("the page: {}", html.display()));
    note(format!("the numbers: {}", json.display()));
    judged
}
