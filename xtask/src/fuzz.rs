//! `cargo xtask fuzz`: feeds invented bytes to every parser and machine that bytes from outside reach, guided by coverage.
//!
//! libFuzzer is an ordinary crate that builds its C++ sources, and the pass of LLVM that counts what is reached is in
//! every stable compiler (`-C passes`). So this needs neither a nightly toolchain nor `cargo fuzz`, only the C++ compiler
//! that OpenCV needs anyway. What it lacks beside those are the sanitizers, which find wrong `unsafe` code; ours has none.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::error::XtaskError;
use crate::paths::{self, Paths};
use crate::process;
use crate::steps::{note, step};

/// The fuzz crates, each a workspace of its own, and the longest input that their targets get, in bytes.
pub const CRATES: [(&str, u32); 2] = [("drivers/palm/fuzz", 512), ("crates/sync/fuzz", 8192)];
/// So much of the log is shown with a finding.
const FINDING_LINES: usize = 30;

/// What is fuzzed and how long.
#[derive(clap::Args)]
pub struct Arguments {
    /// Names of targets, as they stand in the folders `fuzz/src/bin`; all if none is named.
    targets: Vec<String>,
    /// How many inputs each gets.
    #[arg(long, default_value_t = 1_000_000)]
    runs: u64,
    /// The same seed invents the same inputs from the same corpus; 0 takes another one each time.
    #[arg(long, default_value_t = 0)]
    seed: u32,
}

/// Builds the targets, makes their first inputs and lets each run. Fails at the first finding.
pub fn perform(paths: &Paths, arguments: &Arguments) -> Result<(), XtaskError> {
    let mut all = Vec::new();
    for (home, longest) in CRATES {
        let home = paths.root.join(home);
        for name in targets(&home)? {
            all.push((home.clone(), longest, name));
        }
    }
    let names = || all.iter().map(|(_, _, name)| name.as_str());
    if let Some(unknown) = arguments
        .targets
        .iter()
        .find(|name| !names().any(|known| known == **name))
    {
        return Err(XtaskError::Unsupported(format!(
            "there is no fuzz target {unknown}; there are {}",
            names().collect::<Vec<_>>().join(", ")
        )));
    }
    all.retain(|(_, _, name)| arguments.targets.is_empty() || arguments.targets.contains(name));
    let mut done = Vec::new();
    for (home, longest, name) in &all {
        let programs = step(&format!("Building the fuzz target {name}"), || {
            build(paths, home, name)
        })?;
        let work = paths.target.join("fuzz").join(name);
        let corpus = work.join("corpus");
        paths::create_folder(&corpus)?;
        sow(home, name, &corpus)?;
        let took = step(&format!("Fuzzing {name} with {} inputs", arguments.runs), || {
            fuzz(&programs.join(name), &work, &corpus, *longest, arguments)
        })?;
        done.push((name, took));
    }
    println!(
        "\n{:<18} {:>12} {:>9} {:>12}",
        "target", "inputs", "seconds", "inputs/s"
    );
    for (name, took) in done {
        let seconds = took.as_secs_f64();
        let rate = arguments.runs as f64 / seconds;
        println!("{name:<18} {:>12} {seconds:>9.1} {rate:>12.0}", arguments.runs);
    }
    println!("no findings");
    Ok(())
}

/// Names of all targets, sorted.
fn targets(home: &Path) -> Result<Vec<String>, XtaskError> {
    let files = paths::files_under(&home.join("src/bin"))?;
    let stem = |file: &PathBuf| Some(file.file_stem()?.to_str()?.to_owned());
    Ok(files.iter().filter_map(stem).collect())
}

/// Builds a target and answers the folder in which it lies.
fn build(paths: &Paths, home: &Path, target: &str) -> Result<PathBuf, XtaskError> {
    let Some(system) = process::ask(Command::new("rustc").arg("-vV")).and_then(|about| {
        let line = about.lines().find_map(|line| line.strip_prefix("host: "))?;
        Some(line.to_owned())
    }) else {
        return Err(XtaskError::Unsupported(
            "`rustc -vV` does not tell the system".into(),
        ));
    };
    if !cfg!(unix) {
        return Err(XtaskError::Unsupported("fuzzing was set up for Unix only".into()));
    }
    let flags = [
        "-Cpasses=sancov-module",
        "-Cllvm-args=-sanitizer-coverage-level=4",
        "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
        "-Cllvm-args=-sanitizer-coverage-pc-table",
        "-Cllvm-args=-sanitizer-coverage-trace-compares",
    ];
    let mut cargo = process::cargo();
    cargo
        .current_dir(home)
        .args(["build", "--quiet", "--release"])
        // Naming the system keeps the flags away from build scripts.
        .args(["--target", &system])
        .arg("--target-dir")
        .arg(paths.target.join("fuzz"))
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));
    cargo.args(["--bin", target]);
    process::run(&mut cargo)?;
    Ok(paths.target.join("fuzz").join(system).join("release"))
}

/// Writes the first inputs of a target into its corpus, one file each. What earlier runs found stays there.
fn sow(home: &Path, target: &str, corpus: &Path) -> Result<(), XtaskError> {
    let hex = home.join(format!("seeds/{target}.hex"));
    let text = home.join(format!("seeds/{target}.txt"));
    let seeds: Vec<Vec<u8>> = if hex.exists() {
        let lines = paths::read_text(&hex)?;
        let bytes: Option<Vec<_>> = lines.lines().filter_map(seed).collect();
        bytes.ok_or_else(|| XtaskError::Form {
            path: hex,
            message: "a line is not a list of bytes".into(),
        })?
    } else {
        let lines = paths::read_text(&text)?;
        lines.lines().map(|line| line.as_bytes().to_vec()).collect()
    };
    for (number, bytes) in seeds.iter().enumerate() {
        paths::write(&corpus.join(format!("seed-{number}")), bytes)?;
    }
    Ok(())
}

/// The bytes of one line; `None` for a line without any, `Some(None)` for one that is wrong.
fn seed(line: &str) -> Option<Option<Vec<u8>>> {
    let bytes = line.split('#').next().unwrap_or_default().trim();
    (!bytes.is_empty()).then(|| {
        let byte = |text| u8::from_str_radix(text, 16).ok();
        bytes.split_whitespace().map(byte).collect()
    })
}

fn fuzz(
    program: &Path,
    work: &Path,
    corpus: &Path,
    longest: u32,
    arguments: &Arguments,
) -> Result<Duration, XtaskError> {
    let log = work.join("log.txt");
    let file = std::fs::File::create(&log).map_err(XtaskError::file(&log, "created"))?;
    let start = Instant::now();
    let done = process::run(
        Command::new(program)
            .arg(corpus)
            .arg(format!("-runs={}", arguments.runs))
            .arg(format!("-seed={}", arguments.seed))
            .arg(format!("-artifact_prefix={}/", work.display()))
            // One input that takes a second is as bad as one that crashes: a kiosk would stand still.
            .arg(format!("-max_len={longest}"))
            .args(["-timeout=1", "-print_final_stats=1"])
            .stderr(file),
    );
    if let Err(error) = done {
        let told = paths::read_text(&log)?;
        let lines: Vec<&str> = told.lines().collect();
        let last = lines.iter().skip(lines.len().saturating_sub(FINDING_LINES));
        last.for_each(|line| eprintln!("   {line}"));
        note(format!(
            "the input lies in {}, all that was said in {}",
            work.display(),
            log.display()
        ));
        return Err(error);
    }
    Ok(start.elapsed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_has_seeds_that_can_be_read() {
        for (home, _) in CRATES {
            let home = Paths::find().unwrap().root.join(home);
            for target in targets(&home).unwrap() {
                let corpus = tempfile::tempdir().unwrap();
                sow(&home, &target, corpus.path()).unwrap();
                assert!(paths::files_under(corpus.path()).unwrap().len() > 1, "{target}");
            }
        }
    }

    #[test]
    fn a_line_is_bytes_or_a_remark() {
        assert_eq!(seed("EF AA # sync"), Some(Some(vec![0xEF, 0xAA])));
        assert_eq!(seed("# nothing"), None);
        assert_eq!(seed("EF GG"), Some(None));
    }
}
