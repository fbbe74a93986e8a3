//! `cargo xtask bench palm`: what palm scanners cost this program: the codecs beside plain passes over the same bytes, one
//! exchange beside the time that the line itself takes, and an idle scanner. It reports and asserts nothing.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;

use serde::{Deserialize, Serialize};

use super::{build, load, machine, not_understood};
use crate::error::XtaskError;
use crate::paths::{self, Paths};
use crate::process;
use crate::steps::{note, step};

/// How it is measured.
#[derive(clap::Args)]
pub struct PalmArguments {
    /// A measuring program that was built before, instead of building it now.
    #[arg(long)]
    program: Option<PathBuf>,
    /// Prints the tables as Markdown, for docs/bench-palm.md.
    #[arg(long)]
    markdown: bool,
}

/// What the measuring program prints.
#[derive(Deserialize, Serialize)]
struct Measured {
    codec: Vec<Codec>,
    exchange: Vec<Exchange>,
    idle: Vec<Idle>,
}

#[derive(Deserialize, Serialize)]
struct Codec {
    name: String,
    mb_per_s: f64,
}

/// Median and 99th percentile, in microseconds.
type Spread = [f64; 2];

#[derive(Deserialize, Serialize)]
struct Exchange {
    driver: String,
    /// Request and reply together.
    bytes: usize,
    line_us: f64,
    bare_us: Spread,
    driver_us: Spread,
}

#[derive(Deserialize, Serialize)]
struct Idle {
    name: String,
    present: bool,
    seconds: f64,
    cpu_ms: f64,
    cpu_percent: f64,
    wakes_per_s: f64,
    unasked_reports: usize,
}

#[derive(Serialize)]
struct Report {
    machine: String,
    cores: usize,
    load_before: String,
    load_after: String,
    measured: Measured,
}

/// Measures and prints.
pub fn perform(paths: &Paths, arguments: &PalmArguments) -> Result<(), XtaskError> {
    let program = match &arguments.program {
        Some(program) => program.clone(),
        None => build(paths, "palm", "alaqan-palm-bench")?,
    };
    let load_before = load();
    let measured = step("Measuring, for about a minute", || {
        let answer = process::output(&mut Command::new(program))?;
        serde_json::from_slice(&answer).map_err(|error| not_understood("the measuring program", &error))
    })?;
    let report = Report {
        machine: machine(),
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        load_before,
        load_after: load(),
        measured,
    };
    print!("{}", tables(&report, arguments.markdown));
    let folder = paths.target.join("bench");
    paths::create_folder(&folder)?;
    let path = folder.join("palm.json");
    let json = serde_json::to_vec_pretty(&report).map_err(|error| not_understood("the report", &error))?;
    paths::write(&path, json)?;
    note(format!("written to {}", path.display()));
    Ok(())
}

fn tables(report: &Report, markdown: bool) -> String {
    let Measured {
        codec,
        exchange,
        idle,
    } = &report.measured;
    let mut text = String::new();
    let codec = codec
        .iter()
        .map(|row| vec![row.name.clone(), format!("{:.0}", row.mb_per_s)]);
    table(&mut text, markdown, &["pass", "MB/s"], codec);
    let exchange = exchange.iter().map(|row| {
        let [bare, bare_p99] = row.bare_us;
        let [ours, ours_p99] = row.driver_us;
        let mut cells = vec![row.driver.clone(), row.bytes.to_string()];
        cells.extend([row.line_us, bare, bare_p99, ours, ours_p99, ours - bare].map(|us| format!("{us:.0}")));
        cells.push(format!("{:.1} %", (ours - bare) / row.line_us * 100.0));
        cells
    });
    let columns = [
        "exchange with",
        "bytes",
        "line us",
        "bare p50",
        "p99",
        "driver p50",
        "p99",
        "overhead",
        "of line",
    ];
    table(&mut text, markdown, &columns, exchange);
    let idle = idle.iter().map(|row| {
        vec![
            row.name.clone(),
            if row.present { "present" } else { "absent" }.to_owned(),
            format!("{:.1}", row.cpu_ms),
            format!("{:.3} %", row.cpu_percent),
            format!("{:.1}", row.wakes_per_s),
            format!("{:.0}", row.seconds),
        ]
    });
    let columns = [
        "idle scanner",
        "state",
        "CPU ms",
        "of a core",
        "wakes/s",
        "seconds",
    ];
    table(&mut text, markdown, &columns, idle);
    let Report {
        machine,
        cores,
        load_before,
        load_after,
        ..
    } = report;
    let _ = writeln!(
        text,
        "{machine}, {cores} core(s); load average {load_before} before, {load_after} after"
    );
    text
}

/// One table; the first column holds names, the others numbers.
fn table(text: &mut String, markdown: bool, columns: &[&str], rows: impl Iterator<Item = Vec<String>>) {
    let (bar, end) = if markdown { ("| ", " |") } else { ("  ", "") };
    let mut line = |cells: &[&str]| {
        for (at, cell) in cells.iter().enumerate() {
            let _ = match at {
                0 => write!(text, "{bar}{cell:<28}"),
                _ => write!(text, " {bar}{cell:>10}"),
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

    #[test]
    fn overhead_is_what_the_driver_adds() {
        let report = Report {
            machine: "a machine".into(),
            cores: 2,
            load_before: "0".into(),
            load_after: "1".into(),
            measured: Measured {
                codec: vec![],
                exchange: vec![Exchange {
                    driver: "x".into(),
                    bytes: 18,
                    line_us: 1562.5,
                    bare_us: [80.0, 90.0],
                    driver_us: [100.0, 300.0],
                }],
                idle: vec![],
            },
        };
        let text = tables(&report, true);
        let row = text.lines().find(|line| line.starts_with("| x")).unwrap();
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        assert_eq!(
            cells[2..10],
            ["18", "1562", "80", "90", "100", "300", "20", "1.3 %"]
        );
    }
}
