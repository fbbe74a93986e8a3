//! `cargo xtask torture`: kills, cuts and corrupts the custody of documents, and counts afterwards.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::XtaskError;
use crate::paths::{self, Paths};
use crate::process;
use crate::steps::step;

/// The page with the tables of the last torture that was worth keeping.
const PAGE: &str = "docs/torture.md";
/// Between these lines the tables stand.
const BEGIN: &str = "<!-- tables of cargo xtask torture --write: begin -->";
const END: &str = "<!-- tables of cargo xtask torture --write: end -->";

/// What is tortured, and how long.
#[derive(clap::Args)]
pub struct Arguments {
    /// How many rounds.
    #[arg(long, default_value_t = 1_000)]
    rounds: u32,
    /// The seed of the plan; another one each time if it is left out. It is printed.
    #[arg(long)]
    seed: Option<u64>,
    /// No round begins after so many minutes.
    #[arg(long)]
    minutes: Option<u64>,
    /// How many kiosks.
    #[arg(long, default_value_t = 2)]
    kiosks: u8,
    /// Two gateways on one PostgreSQL server, from Debian's package, which is killed as well.
    #[arg(long)]
    postgres: bool,
    /// The folder for everything; it must not be there yet.
    #[arg(long)]
    work: Option<PathBuf>,
    /// Keep the folder also if nothing was found.
    #[arg(long)]
    keep: bool,
    /// Print the plan and do nothing.
    #[arg(long)]
    plan: bool,
    /// Write the tables into docs/torture.md.
    #[arg(long)]
    write: bool,
}

/// Builds the programs and carries out a torture. Fails if anything is lost, doubled, altered or readable.
pub fn perform(paths: &Paths, arguments: &Arguments) -> Result<(), XtaskError> {
    if !cfg!(unix) {
        return Err(XtaskError::Unsupported(
            "the torture needs signals and mounts of Unix".into(),
        ));
    }
    let report = paths.target.join("torture.md");
    let _ = std::fs::remove_file(&report);
    step("Building gateway, centre and kiosk", || {
        let mut build = process::cargo();
        build.current_dir(&paths.root);
        process::run(build.args([
            "build",
            "--quiet",
            "--release",
            "--package",
            "gateway",
            "--package",
            "torture",
        ]))
    })?;
    let programs = paths.target.join("release");
    let mut torture = Command::new(programs.join("alaqan-torture"));
    torture
        .arg("--programs")
        .arg(&programs)
        .arg("--report")
        .arg(&report);
    torture.arg(format!("--rounds={}", arguments.rounds));
    torture.arg(format!("--kiosks={}", arguments.kiosks));
    torture.args(arguments.seed.map(|seed| format!("--seed={seed}")));
    torture.args(arguments.minutes.map(|minutes| format!("--minutes={minutes}")));
    if let Some(work) = &arguments.work {
        torture.arg("--work").arg(work);
    }
    for (flag, is_set) in [
        ("--postgres", arguments.postgres),
        ("--keep", arguments.keep),
        ("--plan", arguments.plan),
    ] {
        if is_set {
            torture.arg(flag);
        }
    }
    let done = step("Torturing", || process::run(&mut torture));
    if arguments.write && report.exists() {
        write(
            &paths.root.join(PAGE),
            &paths::read_text(&report)?,
            arguments.postgres,
        )?;
    }
    done
}

/// Puts the tables in the place of those before.
fn write(page: &Path, tables: &str, postgres: bool) -> Result<(), XtaskError> {
    let text = paths::read_text(page)?;
    paths::write(
        page,
        replaced(&text, tables, postgres).ok_or_else(|| XtaskError::Form {
            path: page.to_owned(),
            message: "the lines between which the tables stand are missing".into(),
        })?,
    )
}

/// Each of the two stores has a place of its own in the page.
fn replaced(page: &str, tables: &str, postgres: bool) -> Option<String> {
    let mark = |line: &str| line.replace("--write", if postgres { "--postgres --write" } else { "--write" });
    let (before, rest) = page.split_once(&mark(BEGIN))?;
    let (_, after) = rest.split_once(&mark(END))?;
    Some(format!(
        "{before}{}\n\n{}\n\n{}{after}",
        mark(BEGIN),
        tables.trim(),
        mark(END)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_room_for_both_tables() {
        let page = paths::read_text(&Paths::find().unwrap().root.join(PAGE)).unwrap();
        let once = replaced(&page, "| a |\n", false).unwrap();
        let twice = replaced(&once, "| b |", true).unwrap();
        assert!(twice.contains("| a |") && twice.contains("| b |"));
        assert_eq!(replaced(&twice, "| b |", true).unwrap(), twice);
    }
}
