//! `alaqan-torture`: carries out a torture of the custody of documents, and judges it.

use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::Duration;

use clap::Parser;
use torture::campaign::{self, Settings};
use torture::error::TortureError;
use torture::plan::{Shape, plan};
use torture::programs::Programs;
use torture::report;

/// Set once the program has mounts of its own, which end with it.
const ISOLATED: &str = "ALAQAN_TORTURE_ISOLATED";

/// Kills, cuts and corrupts the custody of documents, and counts afterwards. Ends with 1 where anything is lost, doubled,
/// altered or readable, and keeps the folder then.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// How many rounds.
    #[arg(long, default_value_t = 1_000)]
    rounds: u32,
    /// The seed of the plan; another one each time if it is left out.
    #[arg(long, overrides_with = "seed")]
    seed: Option<u64>,
    /// No round begins after so many minutes.
    #[arg(long)]
    minutes: Option<u64>,
    /// How many kiosks.
    #[arg(long, default_value_t = 2)]
    kiosks: u8,
    /// Two gateways on one PostgreSQL server.
    #[arg(long)]
    postgres: bool,
    /// The folder for everything; a new one in the folder for temporary files if it is left out.
    #[arg(long)]
    work: Option<PathBuf>,
    /// Keep the folder in any case.
    #[arg(long)]
    keep: bool,
    /// Write the tables into this file too.
    #[arg(long)]
    report: Option<PathBuf>,
    /// Print the plan and do nothing.
    #[arg(long)]
    plan: bool,
    /// The folder of the programs; that of this one if it is left out.
    #[arg(long)]
    programs: Option<PathBuf>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let shape = Shape {
        seed: arguments.seed.unwrap_or_else(|| fastrand::u64(..1_000_000)),
        rounds: arguments.rounds,
        kiosks: arguments.kiosks.clamp(1, 50),
        postgres: arguments.postgres,
    };
    if arguments.plan {
        plan(shape).iter().for_each(|round| println!("{round}"));
        return ExitCode::SUCCESS;
    }
    let isolated = std::env::var_os(ISOLATED).is_some();
    if !isolated && let Some(code) = isolate(shape.seed) {
        return code;
    }
    match perform(&arguments, shape, isolated) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("alaqan-torture: {error}");
            let mut source = std::error::Error::source(&error);
            while let Some(cause) = source {
                eprintln!("  because {cause}");
                source = cause.source();
            }
            ExitCode::from(2)
        }
    }
}

/// Runs this program once more where it may mount disks that nobody else sees; `None` where that is not to be had.
fn isolate(seed: u64) -> Option<ExitCode> {
    if std::env::var_os("ALAQAN_TORTURE_NO_MOUNTS").is_some() {
        return None;
    }
    let ways: [&[&str]; 2] = [
        &["--mount", "--propagation", "private"],
        &["--user", "--map-root-user", "--mount"],
    ];
    let works = |way: &&&[&str]| {
        Command::new("unshare")
            .args(**way)
            .args([
                "--",
                "sh",
                "-c",
                "mount -t tmpfs -o size=1m alaqan-torture /mnt && mount -o remount,ro /mnt",
            ])
            .output()
            .is_ok_and(|output| output.status.success())
    };
    let way = ways.iter().find(works)?;
    let me = std::env::current_exe().ok()?;
    let status = Command::new("unshare")
        .args(*way)
        .arg("--")
        .arg(me)
        .args(std::env::args_os().skip(1))
        // The last one counts.
        .args(["--seed", &seed.to_string()])
        .env(ISOLATED, "1")
        .status()
        .ok()?;
    let code = status
        .code()
        .and_then(|code| u8::try_from(code).ok())
        .unwrap_or(2);
    Some(ExitCode::from(code))
}

fn perform(arguments: &Arguments, shape: Shape, mount: bool) -> Result<bool, TortureError> {
    let beside = std::env::current_exe().map_err(TortureError::Line)?;
    let beside = beside.parent().unwrap_or(&beside).to_owned();
    let programs = Programs::in_folder(arguments.programs.as_ref().unwrap_or(&beside))?;
    let work = arguments.work.clone().unwrap_or_else(|| {
        std::env::temp_dir().join(format!("alaqan-torture-{}-{}", shape.seed, std::process::id()))
    });
    println!(
        "seed {} ({} rounds), folder {}",
        shape.seed,
        shape.rounds,
        work.display()
    );
    let outcome = campaign::perform(
        Settings {
            shape,
            at_most: arguments.minutes.map(|minutes| Duration::from_secs(60 * minutes)),
            programs,
            work: work.clone(),
            mount,
            keep: arguments.keep,
        },
        &mut |what| println!("   {what}"),
    )?;
    let tables = report::tables(shape, &outcome);
    println!("\n{tables}");
    if let Some(report) = &arguments.report {
        std::fs::write(report, &tables).map_err(TortureError::file(report, "written"))?;
    }
    let violations = &outcome.verdict.violations;
    for violation in violations.iter().take(200) {
        println!("{violation}");
    }
    if violations.len() > 200 {
        println!("and {} more", violations.len() - 200);
    }
    if violations.is_empty() && !arguments.keep {
        std::fs::remove_dir_all(&work).map_err(TortureError::file(&work, "removed"))?;
    } else {
        println!(
            "the folder {} is kept; repeat with --seed {}",
            work.display(),
            shape.seed
        );
    }
    Ok(violations.is_empty())
}
