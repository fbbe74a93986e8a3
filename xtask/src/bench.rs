//! `cargo xtask bench face`: what the analysis of a frame costs, against the package `mediapipe` on the same frames.
//! `cargo xtask bench palm` stands in [`palm`], `cargo xtask bench custody` in [`custody`], `cargo xtask bench window` in
//! [`window`].
//!
//! Both sides run as processes of their own, on one core and on two, and answer for one clip after the other in
//! turns, so that other work on the machine hits both. It reports and asserts nothing.

mod custody;
mod palm;
mod side;
mod window;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Subcommand;
use serde::{Deserialize, Serialize};

use self::side::Side;
use crate::error::XtaskError;
use crate::paths::{self, Paths};
use crate::process;
use crate::steps::{note, step};

/// With another version the comparison would be another one.
const PACKAGES: [&str; 3] = [
    "mediapipe==0.10.14",
    "numpy<2",
    "opencv-contrib-python==4.11.0.86",
];
/// The whole analysis must cost at most this part of the package's FaceMesh.
const GOAL_RATIO: f64 = 0.8;
/// A camera gives a frame every so many milliseconds.
const FRAME_MS: f64 = 1000.0 / 30.0;

/// What is measured.
#[derive(Subcommand)]
pub enum Arguments {
    /// The analysis of a face, frame by frame.
    Face(FaceArguments),
    /// The codecs of palm scanners, one exchange with one, and what an idle one costs.
    Palm(palm::PalmArguments),
    /// The custody of documents: putting, delivering, and idle kiosks.
    Custody(custody::CustodyArguments),
    /// The window: start and memory beside Chromium, and touches.
    Window(window::WindowArguments),
}

/// How it is measured.
#[derive(clap::Args)]
pub struct FaceArguments {
    /// Folder with a manifest.toml that lists clips; ALAQAN_FOOTAGE if it is left out.
    #[arg(long)]
    footage: Option<PathBuf>,
    /// A measuring program that was built before, instead of building it now.
    #[arg(long)]
    program: Option<PathBuf>,
    /// How often each clip is shown to both sides; of each frame the median counts.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Frames of at most so many clips, the longest ones; all if it is left out.
    #[arg(long)]
    clips: Option<usize>,
    /// Prints the tables as Markdown, for docs/bench-face.md.
    #[arg(long)]
    markdown: bool,
}

#[derive(Deserialize)]
struct Manifest {
    clip: Vec<Clip>,
}

#[derive(Deserialize)]
struct Clip {
    file: String,
    #[serde(default)]
    frames: usize,
}

/// One row of a table, in milliseconds.
#[derive(Debug, Clone, Serialize)]
struct Row {
    threads: usize,
    stage: String,
    frames: usize,
    p50_ms: f64,
    p99_ms: f64,
    mean_ms: f64,
    /// Median over the frames of the quickest round of each: what the machine does when it is left alone.
    quiet_p50_ms: f64,
}

#[derive(Serialize)]
struct Report {
    machine: String,
    cores: usize,
    load: String,
    rounds: usize,
    clips: usize,
    rows: Vec<Row>,
    ratio: BTreeMap<usize, f64>,
    quiet_ratio: BTreeMap<usize, f64>,
    goal_ratio: f64,
}

/// Measures and prints.
pub fn perform(paths: &Paths, arguments: &Arguments) -> Result<(), XtaskError> {
    match arguments {
        Arguments::Face(arguments) => face(paths, arguments),
        Arguments::Palm(arguments) => palm::perform(paths, arguments),
        Arguments::Custody(arguments) => custody::perform(paths, arguments),
        Arguments::Window(arguments) => window::perform(paths, arguments),
    }
}

fn face(paths: &Paths, arguments: &FaceArguments) -> Result<(), XtaskError> {
    let footage = arguments
        .footage
        .clone()
        .or_else(|| paths::folder("ALAQAN_FOOTAGE"));
    let Some(footage) = &footage else {
        return Err(XtaskError::Unsupported(
            "a folder of clips is needed: --footage FOLDER, or ALAQAN_FOOTAGE".into(),
        ));
    };
    let clips = clips(footage, arguments.clips)?;
    let bench = match &arguments.program {
        Some(program) => program.clone(),
        None => build(paths, "face", "alaqan-face-bench")?,
    };
    let python = mediapipe(paths)?;
    let mut rows = Vec::new();
    for threads in [1, 2] {
        rows.extend(step(&format!("Measuring on {threads} core(s)"), || {
            measure(paths, &bench, &python, &clips, arguments.rounds, threads)
        })?);
    }
    let ratios = |value: fn(&Row) -> f64| {
        let of = |threads: usize, stage: &str| {
            rows.iter()
                .find(|row| row.threads == threads && row.stage == stage)
                .map(value)
        };
        let ratio = |threads| Some((threads, of(threads, WHOLE)? / of(threads, MEDIAPIPE)?));
        [1, 2].into_iter().filter_map(ratio).collect()
    };
    let report = Report {
        machine: machine(),
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        load: load(),
        rounds: arguments.rounds,
        clips: clips.len(),
        ratio: ratios(|row| row.p50_ms),
        quiet_ratio: ratios(|row| row.quiet_p50_ms),
        goal_ratio: GOAL_RATIO,
        rows,
    };
    print!("{}", table(&report, arguments.markdown));
    let folder = paths.target.join("bench");
    paths::create_folder(&folder)?;
    let path = folder.join("face.json");
    let json = serde_json::to_vec_pretty(&report).map_err(|error| not_understood("the report", &error))?;
    paths::write(&path, json)?;
    note(format!("written to {}", path.display()));
    Ok(())
}

const WHOLE: &str = "whole analysis";
const MEDIAPIPE: &str = "mediapipe FaceMesh";

fn clips(footage: &Path, at_most: Option<usize>) -> Result<Vec<PathBuf>, XtaskError> {
    let path = footage.join("manifest.toml");
    let manifest: Manifest = toml::from_str(&paths::read_text(&path)?).map_err(|error| XtaskError::Form {
        path,
        message: error.to_string(),
    })?;
    // A single picture says nothing about following a face.
    let mut clips: Vec<Clip> = manifest.clip.into_iter().filter(|clip| clip.frames > 1).collect();
    clips.sort_by_key(|clip| std::cmp::Reverse(clip.frames));
    clips.truncate(at_most.unwrap_or(usize::MAX));
    let footage = std::path::absolute(footage).map_err(XtaskError::file(footage, "found"))?;
    Ok(clips.into_iter().map(|clip| footage.join(clip.file)).collect())
}

/// Builds the measuring program of a room, which is an example there.
fn build(paths: &Paths, room: &str, example: &str) -> Result<PathBuf, XtaskError> {
    step("Building the measuring program with optimization", || {
        process::run(process::cargo().current_dir(&paths.root).args([
            "build",
            "--quiet",
            "--release",
            "-p",
            room,
            "--example",
            example,
        ]))
    })?;
    let name = format!("{example}{}", std::env::consts::EXE_SUFFIX);
    Ok(paths.target.join("release/examples").join(name))
}

/// Python of an environment of its own with the package, since its requirements differ from those of the converter.
fn mediapipe(paths: &Paths) -> Result<PathBuf, XtaskError> {
    let home = paths.cache.join("mediapipe");
    let (python, host) = if cfg!(windows) {
        (home.join("Scripts/python.exe"), "python")
    } else {
        (home.join("bin/python"), "python3")
    };
    let installed = home.join("installed.txt");
    let wanted = PACKAGES.join("\n");
    if std::fs::read_to_string(&installed).ok().as_ref() != Some(&wanted) {
        step("Installing the package mediapipe into the cache", || {
            paths::create_folder(&home)?;
            process::run(Command::new(host).args(["-m", "venv", "--clear"]).arg(&home))?;
            let mut pip = Command::new(&python);
            pip.args(["-m", "pip", "install", "--quiet", "--only-binary=:all:"])
                .args(PACKAGES);
            process::run(pip.env("PIP_DISABLE_PIP_VERSION_CHECK", "1"))?;
            paths::write(&installed, &wanted)
        })?;
    }
    Ok(python)
}

/// Of each stage and clip: the costs of every round.
type Costs = BTreeMap<(String, usize), Vec<Vec<f64>>>;

fn measure(
    paths: &Paths,
    bench: &Path,
    python: &Path,
    clips: &[PathBuf],
    rounds: usize,
    threads: usize,
) -> Result<Vec<Row>, XtaskError> {
    let models = paths.models.display().to_string();
    let count = threads.to_string();
    let mut ours = Side::start(threads, bench, &["--models", &models, "--threads", &count])?;
    let script = paths.root.join("xtask/python/bench.py").display().to_string();
    let mut theirs = Side::start(threads, python, &[&script, &count])?;
    let versions: BTreeMap<String, String> = theirs.answer()?;
    note(format!("{versions:?}"));
    let mut costs = Costs::new();
    // The first round warms both sides up and does not count.
    for round in 0..=rounds {
        for (at, clip) in clips.iter().enumerate() {
            let mut answers: Vec<(String, Vec<f64>)> = Vec::new();
            for turn in 0..2 {
                // Neither side always comes first.
                if (turn + round) % 2 == 0 {
                    answers.push((WHOLE.into(), ours.ask("whole", clip)?));
                } else {
                    answers.push((MEDIAPIPE.into(), theirs.ask("whole", clip)?));
                }
            }
            let stages: BTreeMap<String, Vec<f64>> = ours.ask("stages", clip)?;
            answers.extend(stages);
            if round > 0 {
                for (stage, answer) in answers {
                    costs.entry((stage, at)).or_default().push(answer);
                }
            }
        }
    }
    Ok(rows(costs, threads))
}

fn rows(costs: Costs, threads: usize) -> Vec<Row> {
    let mut frames: BTreeMap<String, (Vec<f64>, Vec<f64>)> = BTreeMap::new();
    for ((stage, _), rounds) in costs {
        let (medians, quickest) = frames.entry(stage).or_default();
        let shortest = rounds.iter().map(Vec::len).min().unwrap_or(0);
        for frame in 0..shortest {
            let mut costs: Vec<f64> = rounds.iter().map(|round| round[frame]).collect();
            costs.sort_by(f64::total_cmp);
            medians.push(quantile(&costs, 0.5));
            quickest.push(quantile(&costs, 0.0));
        }
    }
    let mut rows: Vec<Row> = frames
        .into_iter()
        .map(|(stage, (mut medians, mut quickest))| {
            medians.sort_by(f64::total_cmp);
            quickest.sort_by(f64::total_cmp);
            Row {
                threads,
                stage,
                frames: medians.len(),
                p50_ms: quantile(&medians, 0.5),
                p99_ms: quantile(&medians, 0.99),
                mean_ms: medians.iter().sum::<f64>() / medians.len().max(1) as f64,
                quiet_p50_ms: quantile(&quickest, 0.5),
            }
        })
        .collect();
    // The two that are compared come last, beside each other.
    rows.sort_by_key(|row| [WHOLE, MEDIAPIPE].iter().position(|name| *name == row.stage));
    rows
}

/// A quantile of sorted values, by the nearest rank; nought without values.
fn quantile(sorted: &[f64], part: f64) -> f64 {
    let last = sorted.len().saturating_sub(1) as f64;
    sorted.get((part * last).round() as usize).copied().unwrap_or(0.0)
}

fn table(report: &Report, markdown: bool) -> String {
    let mut text = String::new();
    let bar = if markdown { "| " } else { "  " };
    let end = if markdown { " |" } else { "" };
    let mut line = |cells: [&str; 6]| {
        let [stage, rest @ ..] = cells;
        let _ = write!(text, "{bar}{stage:<24}");
        for cell in rest {
            let _ = write!(text, " {bar}{cell:>9}");
        }
        let _ = writeln!(text, "{end}");
    };
    line(["stage", "cores", "p50 ms", "p99 ms", "mean ms", "quiet p50"]);
    if markdown {
        line(["---", "--:", "--:", "--:", "--:", "--:"]);
    }
    for row in &report.rows {
        let ms = |value: f64| format!("{value:.2}");
        line([
            &row.stage,
            &row.threads.to_string(),
            &ms(row.p50_ms),
            &ms(row.p99_ms),
            &ms(row.mean_ms),
            &ms(row.quiet_p50_ms),
        ]);
    }
    let Report {
        machine,
        cores,
        load,
        rounds,
        clips,
        ..
    } = report;
    let _ = writeln!(
        text,
        "\n{machine}, {cores} core(s); {clips} clips, {rounds} rounds; load average {load}\n"
    );
    for (threads, ratio) in &report.ratio {
        let quiet = report.quiet_ratio.get(threads).copied().unwrap_or(f64::NAN);
        let _ = writeln!(
            text,
            "- {threads} core(s): whole analysis / FaceMesh = {ratio:.2} (undisturbed frames {quiet:.2}); goal {GOAL_RATIO}",
        );
    }
    for row in report.rows.iter().filter(|row| row.stage == WHOLE) {
        let _ = writeln!(
            text,
            "- {} core(s): a frame of 30 a second may cost {FRAME_MS:.1} ms; p99 is {:.1} ms; the verdict comes \
             {:.1} ms (p99) after the frame that completes it",
            row.threads, row.p99_ms, row.p99_ms,
        );
    }
    text
}

fn load() -> String {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.trim().to_owned()
}

fn machine() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = text
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    model.map_or_else(
        || std::env::consts::ARCH.to_owned(),
        |(_, model)| model.to_owned(),
    )
}

fn not_understood(what: &str, error: &serde_json::Error) -> XtaskError {
    XtaskError::Form {
        path: what.into(),
        message: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disturbed_round_does_not_move_the_median() {
        let one = |rounds: Vec<Vec<f64>>| {
            let rows = rows(Costs::from([((WHOLE.to_owned(), 0), rounds)]), 1);
            (rows[0].p50_ms, rows[0].quiet_p50_ms, rows[0].frames)
        };
        assert_eq!(
            one(vec![vec![3.0, 3.0], vec![90.0, 4.0], vec![2.0, 5.0]]),
            (4.0, 3.0, 2)
        );
        // A side that stops early is compared as far as it came.
        assert_eq!(one(vec![vec![3.0, 3.0], vec![1.0]]).2, 1);
        assert_eq!(quantile(&[], 0.5), 0.0);
    }

    #[test]
    fn the_two_that_are_compared_come_last() {
        let stage = |name: &str| ((name.to_owned(), 0), vec![vec![1.0]]);
        let costs = Costs::from([stage(WHOLE), stage("mesh"), stage(MEDIAPIPE)]);
        let order: Vec<String> = rows(costs, 2).into_iter().map(|row| row.stage).collect();
        assert_eq!(order, ["mesh", WHOLE, MEDIAPIPE]);
    }
}
