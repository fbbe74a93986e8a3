//! `cargo xtask bench window`: how long the kiosk takes from its start to its first screen and what it holds in memory, beside
//! Chromium in kiosk mode with the same built page; and how long a touch takes to the frame after it. It reports and asserts
//! nothing.
//!
//! Both programs are started in turns on a virtual display without a graphics processor, and the X server is asked for both
//! when the same thing is there: the picture that the program settles on.

mod page;
mod screen;
mod stage;
mod tree;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use self::screen::{Look, Picture, Screen};
use self::stage::Stage;
use self::tree::{Memory, Tree};
use super::{load, machine, not_understood, quantile};
use crate::demo::{self, programs::Interrupt};
use crate::display::Display;
use crate::error::XtaskError;
use crate::paths::{self, Paths};
use crate::process;
use crate::steps::{note, step};
use crate::ui;

/// An upright kiosk screen.
const KIOSK_SCREEN_PX: (u32, u32) = (1080, 1920);
/// The kiosk's start must take at most this part of Chromium's.
const GOAL_START: f64 = 0.5;
/// And its memory at most this part.
const GOAL_MEMORY: f64 = 0.6;
/// A touch must be on the screen within this time.
const GOAL_TOUCH_MS: f64 = 50.0;
/// Longer than a start takes on a loaded machine with cold caches.
const START_LIMIT: Duration = Duration::from_secs(120);
/// Memory is looked at so long after the picture was there, when both programs have come to rest.
const REST: Duration = Duration::from_secs(5);
/// Chromium would offer to translate the page, in a window above it.
const PREFERENCES: &str = r#"{"translate":{"enabled":false}}"#;
const DROP_CACHES: &str = "/proc/sys/vm/drop_caches";

/// How it is measured.
#[derive(clap::Args)]
pub struct WindowArguments {
    /// Starts of each program with each state of the caches.
    #[arg(long, default_value_t = 10)]
    rounds: usize,
    /// Touches of each kind.
    #[arg(long, default_value_t = 100)]
    touches: usize,
    /// Leave the file cache of the system alone, which is shared with whatever else runs.
    #[arg(long)]
    warm: bool,
    /// A folder with alaqan and alaqan-touch-bench that were built before, instead of building them now.
    #[arg(long)]
    programs: Option<PathBuf>,
    /// Prints the tables as Markdown, for docs/bench-window.md.
    #[arg(long)]
    markdown: bool,
}

/// What is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
enum Side {
    Kiosk,
    Chromium,
}

impl Side {
    const ALL: [Self; 2] = [Self::Kiosk, Self::Chromium];

    fn name(self) -> &'static str {
        match self {
            Self::Kiosk => "kiosk",
            Self::Chromium => "Chromium",
        }
    }
}

/// One start.
#[derive(Debug, Clone, Serialize)]
struct Round {
    side: Side,
    cold: bool,
    anything_ms: f64,
    picture_ms: f64,
    memory: Memory,
}

/// What the program that touches prints.
#[derive(Debug, Deserialize)]
struct Touched {
    /// The view of the welcome screen, as the shell sends it.
    view: serde_json::Value,
    touches: Vec<Touches>,
}

/// Touches of one kind.
#[derive(Debug, Serialize, Deserialize)]
struct Touches {
    name: String,
    /// Each from the finger's coming down, or the call, to the frame or the answer.
    ms: Vec<f64>,
}

#[derive(Serialize)]
struct Report {
    machine: String,
    cores: usize,
    load_before: String,
    load_after: String,
    chromium: String,
    counted: BTreeMap<&'static str, f64>,
    rounds: Vec<Round>,
    touches: Vec<Touches>,
}

/// Measures and prints.
pub fn perform(paths: &Paths, arguments: &WindowArguments) -> Result<(), XtaskError> {
    let chromium =
        process::ask(Command::new("chromium").arg("--version")).ok_or_else(|| XtaskError::ByHand {
            what: "The kiosk is measured beside Chromium. Please install it:".into(),
            command: "apt-get install --no-install-recommends chromium".into(),
        })?;
    ui::perform(paths, &ui::Arguments::default())?;
    let [kiosk, touching] = match &arguments.programs {
        Some(folder) => {
            let folder = std::path::absolute(folder).map_err(XtaskError::file(folder, "found"))?;
            ["alaqan", "alaqan-touch-bench"].map(|name| folder.join(name))
        }
        None => build(paths)?,
    };
    let folder = paths.target.join("bench/window");
    let interrupt = Interrupt::watch()?;
    let stage = step("Enrolling a kiosk", || {
        Stage::set(paths, &folder.join("stage"), &interrupt)
    })?;
    let display = Display::virtual_one(KIOSK_SCREEN_PX)?;
    let load_before = load();
    let Touched { view, touches } = step("Touching", || {
        let mut touch = Command::new(touching);
        touch
            .arg("--kiosk")
            .arg(&kiosk)
            .arg("--config")
            .arg(&stage.config);
        touch.args(["--touches", &arguments.touches.to_string()]);
        display.lend(&mut touch);
        let answer = process::output(&mut touch)?;
        serde_json::from_slice(&answer).map_err(|error| not_understood("the touching program", &error))
    })?;
    let address = page::serve(&paths.root.join("ui/dist"), &view)?;
    let bench = Bench {
        screen: Screen::connect(name(&display))?,
        display,
        kiosk,
        config: stage.config.clone(),
        profile: folder.join("chromium"),
        url: format!("http://{address}/"),
        interrupt,
    };
    let (counted, rounds) = bench.rounds(arguments)?;
    let report = Report {
        machine: machine(),
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        load_before,
        load_after: load(),
        chromium,
        counted,
        rounds,
        touches,
    };
    print!("{}", tables(&report, arguments.markdown));
    let path = paths.target.join("bench/window.json");
    let json = serde_json::to_vec_pretty(&report).map_err(|error| not_understood("the report", &error))?;
    paths::write(&path, json)?;
    note(format!("written to {}", path.display()));
    Ok(())
}

/// Builds the kiosk as it is shipped, the program that touches it, and what it needs beside it; gives the first two.
fn build(paths: &Paths) -> Result<[PathBuf; 2], XtaskError> {
    let kiosk = demo::build_optimized(paths)?;
    let name = "alaqan-touch-bench";
    step("Building the program that touches", || {
        let mut cargo = process::cargo();
        cargo
            .current_dir(&paths.root)
            .args(["build", "--quiet", "--release"]);
        process::run(cargo.args(["-p", "walk", "--example", name]))
    })?;
    // What is not measured is of the same build as the demonstration.
    demo::build(paths)?;
    let name = format!("examples/{name}{}", std::env::consts::EXE_SUFFIX);
    let touching = paths.target.join("release").join(name);
    Ok([kiosk, touching])
}

/// What the unit of the kiosk sets besides what depends on the machine. Without it the kiosk would start itself once more.
const UNIT: &str = include_str!("../../../packaging/linux/alaqan-kiosk.service");
const FROM_UNIT: [&str; 3] = ["GLIBC_TUNABLES", "Malloc", "G_SLICE"];

fn variables_of_unit() -> impl Iterator<Item = (&'static str, &'static str)> {
    let set = UNIT.lines().filter_map(|line| line.strip_prefix("Environment="));
    set.filter_map(|set| set.split_once('='))
        .filter(|(name, _)| FROM_UNIT.contains(name))
}

fn name(display: &Display) -> &str {
    match display {
        Display::Virtual { name, .. } => name,
        Display::Real => "",
    }
}

struct Bench {
    screen: Screen,
    display: Display,
    kiosk: PathBuf,
    config: PathBuf,
    profile: PathBuf,
    url: String,
    interrupt: Interrupt,
}

impl Bench {
    fn rounds(
        &self,
        arguments: &WindowArguments,
    ) -> Result<(BTreeMap<&'static str, f64>, Vec<Round>), XtaskError> {
        paths::remove_folder(&self.profile)?;
        paths::create_folder(&self.profile.join("Default"))?;
        paths::write(&self.profile.join("Default/Preferences"), PREFERENCES)?;
        let empty = self.screen.look()?;
        // The first start of each is not measured: it leaves the picture that the others are held against, and Chromium's
        // profile.
        let pictures = step("Starting each once, for its picture", || {
            let pictures = Side::ALL.map(|side| self.picture(side, &empty).map(|picture| (side, picture)));
            pictures.into_iter().collect::<Result<BTreeMap<_, _>, _>>()
        })?;
        let counted = pictures
            .iter()
            .map(|(side, picture)| (side.name(), picture.counted()))
            .collect();
        let mut states = vec![false];
        if !arguments.warm {
            if drop_caches().is_ok() {
                states.push(true);
            } else {
                note("the caches of the system cannot be emptied, which only root may: warm starts only");
            }
        }
        let mut rounds = Vec::new();
        step("Starting both in turns", || {
            for _ in 0..arguments.rounds {
                for cold in &states {
                    for side in Side::ALL {
                        let picture = pictures.get(&side).ok_or(XtaskError::Stopped)?;
                        rounds.push(self.round(side, *cold, picture, &empty)?);
                    }
                }
            }
            Ok(())
        })?;
        Ok((counted, rounds))
    }

    fn picture(&self, side: Side, empty: &Look) -> Result<Picture, XtaskError> {
        let (tree, _) = Tree::start(&mut self.command(side))?;
        let picture = self.screen.settled(START_LIMIT)?;
        let seen = Path::new(&self.profile).with_file_name(format!("{}.png", side.name()));
        self.display.photograph(&seen);
        note(format!("{} is in {}", side.name(), seen.display()));
        tree.end();
        self.screen.wait_for_empty(empty, START_LIMIT)?;
        Ok(picture)
    }

    fn round(&self, side: Side, cold: bool, picture: &Picture, empty: &Look) -> Result<Round, XtaskError> {
        if self.interrupt.asked() {
            return Err(XtaskError::Stopped);
        }
        if cold {
            drop_caches()?;
        }
        let (tree, start) = Tree::start(&mut self.command(side))?;
        let shown = self.screen.wait_for(picture, empty, start, START_LIMIT)?;
        std::thread::sleep(REST);
        let memory = tree.memory();
        tree.end();
        self.screen.wait_for_empty(empty, START_LIMIT)?;
        Ok(Round {
            side,
            cold,
            anything_ms: shown.anything.as_secs_f64() * 1000.0,
            picture_ms: shown.picture.as_secs_f64() * 1000.0,
            memory,
        })
    }

    fn command(&self, side: Side) -> Command {
        let (width, height) = KIOSK_SCREEN_PX;
        let mut command = match side {
            Side::Kiosk => {
                let mut kiosk = Command::new(&self.kiosk);
                kiosk.arg("--config").arg(&self.config);
                kiosk.envs(variables_of_unit());
                kiosk
            }
            Side::Chromium => {
                let mut chromium = Command::new("chromium");
                chromium.arg(format!("--user-data-dir={}", self.profile.display()));
                chromium.arg(format!("--window-size={width},{height}"));
                // Whatever a kiosk does without is off, which is in Chromium's favour. So is its sandbox, with which root
                // cannot start it; without the first argument a bar on the screen would say so.
                chromium.args([
                    "--test-type",
                    "--no-sandbox",
                    "--kiosk",
                    "--window-position=0,0",
                    "--no-first-run",
                    "--no-default-browser-check",
                    "--disable-gpu",
                    "--disable-extensions",
                    "--disable-sync",
                    "--disable-background-networking",
                    "--disable-component-update",
                    "--disable-breakpad",
                    "--password-store=basic",
                ]);
                chromium.arg(&self.url);
                chromium
            }
        };
        self.display.lend(&mut command);
        command
    }
}

/// Empties the system's cache of files, as after it was switched on.
fn drop_caches() -> Result<(), XtaskError> {
    // What is not yet on the disk could not be dropped.
    process::run(&mut Command::new("sync"))?;
    paths::write(Path::new(DROP_CACHES), "3")
}

/// Median, least and most.
fn spread(values: impl Iterator<Item = f64>) -> [f64; 3] {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    [0.5, 0.0, 1.0].map(|part| quantile(&values, part))
}

fn tables(report: &Report, markdown: bool) -> String {
    let mut text = String::new();
    let of = |side: Side, cold: bool| {
        let rounds = report.rounds.iter();
        rounds.filter(move |round| (round.side, round.cold) == (side, cold))
    };
    let states: Vec<bool> = [false, true]
        .into_iter()
        .filter(|cold| report.rounds.iter().any(|round| round.cold == *cold))
        .collect();
    let state = |cold| if cold { "cold" } else { "warm" };

    let mut rows = Vec::new();
    for cold in &states {
        for side in Side::ALL {
            let mut row = vec![side.name().to_owned(), state(*cold).to_owned()];
            row.push(of(side, *cold).count().to_string());
            row.push(format!(
                "{:.0}",
                spread(of(side, *cold).map(|round| round.anything_ms))[0]
            ));
            row.extend(spread(of(side, *cold).map(|round| round.picture_ms)).map(|ms| format!("{ms:.0}")));
            rows.push(row);
        }
    }
    let columns = ["start", "caches", "n", "window ms", "screen ms", "least", "most"];
    table(&mut text, markdown, &columns, rows);

    let mib = |kib: u64| kib as f64 / 1024.0;
    let mut rows = Vec::new();
    for side in Side::ALL {
        let all = || report.rounds.iter().filter(move |round| round.side == side);
        let mut row = vec![side.name().to_owned()];
        row.push(format!(
            "{:.0}",
            spread(all().map(|round| round.memory.processes as f64))[0]
        ));
        row.extend(spread(all().map(|round| mib(round.memory.pss_kib))).map(|mib| format!("{mib:.0}")));
        row.push(format!(
            "{:.0}",
            spread(all().map(|round| mib(round.memory.private_kib)))[0]
        ));
        rows.push(row);
    }
    let columns = ["memory", "processes", "PSS MiB", "least", "most", "private"];
    table(&mut text, markdown, &columns, rows);

    let mut rows = Vec::new();
    for side in Side::ALL {
        let all: Vec<&Round> = report.rounds.iter().filter(|round| round.side == side).collect();
        let mut names: Vec<&String> = all.iter().flat_map(|round| round.memory.by_name.keys()).collect();
        names.sort();
        names.dedup();
        for name in names {
            let part = all.iter().filter_map(|round| round.memory.by_name.get(name));
            let [median, ..] = spread(part.map(|kib| mib(*kib)));
            rows.push(vec![format!("{}: {name}", side.name()), format!("{median:.0}")]);
        }
    }
    table(&mut text, markdown, &["processes of", "PSS MiB"], rows);

    let rows = report.touches.iter().map(|touches| {
        let mut sorted = touches.ms.clone();
        sorted.sort_by(f64::total_cmp);
        let mut row = vec![touches.name.clone(), sorted.len().to_string()];
        row.extend([0.5, 0.95, 1.0].map(|part| format!("{:.1}", quantile(&sorted, part))));
        row
    });
    let columns = ["touch", "n", "p50 ms", "p95 ms", "most ms"];
    table(&mut text, markdown, &columns, rows);

    for cold in &states {
        let median = |side| spread(of(side, *cold).map(|round| round.picture_ms))[0];
        let ratio = median(Side::Kiosk) / median(Side::Chromium);
        let _ = writeln!(
            text,
            "- {} start: kiosk / Chromium = {ratio:.2}; goal {GOAL_START}",
            state(*cold)
        );
    }
    let median = |side| {
        let rounds = report.rounds.iter().filter(|round| round.side == side);
        spread(rounds.map(|round| mib(round.memory.pss_kib)))[0]
    };
    let ratio = median(Side::Kiosk) / median(Side::Chromium);
    let _ = writeln!(
        text,
        "- memory: kiosk / Chromium = {ratio:.2}; goal {GOAL_MEMORY}"
    );
    let _ = writeln!(text, "- a touch is to be on the screen within {GOAL_TOUCH_MS} ms");
    let Report {
        machine,
        cores,
        load_before,
        load_after,
        chromium,
        counted,
        ..
    } = report;
    let counted: Vec<String> = counted
        .iter()
        .map(|(side, part)| format!("{side} {:.1} %", part * 100.0))
        .collect();
    let _ = writeln!(
        text,
        "\n{machine}, {cores} core(s); {chromium}; load average {load_before} before, {load_after} after; part of the \
         screen that counts: {}",
        counted.join(", ")
    );
    text
}

/// One table; the first column holds names.
fn table(text: &mut String, markdown: bool, columns: &[&str], rows: impl IntoIterator<Item = Vec<String>>) {
    let (bar, end) = if markdown { ("| ", " |") } else { ("  ", "") };
    let mut line = |cells: &[&str]| {
        for (at, cell) in cells.iter().enumerate() {
            let _ = match at {
                0 => write!(text, "{bar}{cell:<32}"),
                _ => write!(text, " {bar}{cell:>9}"),
            };
        }
        let _ = writeln!(text, "{end}");
    };
    line(columns);
    if markdown {
        let rule: Vec<&str> = (0..columns.len())
            .map(|at| if at == 0 { "---" } else { "--:" })
            .collect();
        line(&rule);
    }
    for row in rows {
        line(&row.iter().map(String::as_str).collect::<Vec<_>>());
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(side: Side, picture_ms: f64, pss_mib: u64) -> Round {
        Round {
            side,
            cold: false,
            anything_ms: picture_ms / 2.0,
            picture_ms,
            memory: Memory {
                pss_kib: pss_mib * 1024,
                private_kib: pss_mib * 512,
                processes: 3,
                by_name: BTreeMap::from([(side.name().to_lowercase(), pss_mib * 1024)]),
            },
        }
    }

    #[test]
    fn the_kiosk_is_started_as_its_unit_does() {
        let names: Vec<_> = variables_of_unit().map(|(name, _)| name).collect();
        assert_eq!(names, FROM_UNIT);
    }

    #[test]
    fn medians_are_compared() {
        let report = Report {
            machine: "a machine".into(),
            cores: 2,
            load_before: "0".into(),
            load_after: "1".into(),
            chromium: "Chromium 1".into(),
            counted: BTreeMap::new(),
            rounds: vec![
                round(Side::Kiosk, 400.0, 100),
                round(Side::Kiosk, 9_000.0, 100),
                round(Side::Kiosk, 500.0, 100),
                round(Side::Chromium, 2_000.0, 200),
            ],
            touches: vec![Touches {
                name: "key".into(),
                ms: vec![9.0, 3.0, 5.0],
            }],
        };
        let text = tables(&report, true);
        assert!(
            text.contains("- warm start: kiosk / Chromium = 0.25; goal 0.5"),
            "{text}"
        );
        assert!(
            text.contains("- memory: kiosk / Chromium = 0.50; goal 0.6"),
            "{text}"
        );
        assert!(!text.contains("cold"), "{text}");
        let key = text.lines().find(|line| line.starts_with("| key")).unwrap();
        let cells: Vec<&str> = key.split('|').map(str::trim).collect();
        assert_eq!(cells[2..6], ["3", "5.0", "9.0", "9.0"]);
    }
}
