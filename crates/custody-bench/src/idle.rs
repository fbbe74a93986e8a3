//! Many idle kiosks on one gateway, and messages over some of them, against a bare echo behind the same TLS.

pub mod crowd;
pub mod load;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use sync::wire::{KioskFrame, Payload};
use tokio::runtime::Runtime;

use self::crowd::{Member, Target};
use self::load::{Answers, Lines};
use crate::bank::{Bank, Gateway};
use crate::error::BenchError;
use crate::process::{Program, Usage, usage};
use crate::report::{Part, Table, Verdict, cut_short, number};
use crate::stats::Spread;

/// Files that this program needs beside the connections.
const OTHER_FILES: u64 = 200;

/// How much is measured.
#[derive(Debug)]
pub struct Extent {
    kiosks: usize,
    /// Messages a second, one line of the table each.
    rates: &'static [u64],
    document_bytes: usize,
    warming_s: u64,
    measured_s: u64,
    /// How long the connections are left alone before memory is read.
    quiet: Duration,
    bound_s: u64,
}

/// What the tables are made of.
pub const FULL: Extent = Extent {
    kiosks: 10_000,
    rates: &[100, 1_000],
    document_bytes: 2 << 10,
    warming_s: 2,
    measured_s: 8,
    quiet: Duration::from_secs(12),
    bound_s: 240,
};

/// Enough to see that it works.
pub const QUICK: Extent = Extent {
    kiosks: 50,
    rates: &[50],
    document_bytes: 2 << 10,
    warming_s: 1,
    measured_s: 1,
    quiet: Duration::from_millis(200),
    bound_s: 60,
};

/// One server.
enum Server {
    Gateway(Gateway),
    Echo(Program, String),
}

impl Server {
    fn process(&self) -> u32 {
        match self {
            Self::Gateway(gateway) => gateway.id(),
            Self::Echo(program, _) => program.id(),
        }
    }

    fn target(&self) -> Target {
        let (address, is_gateway) = match self {
            Self::Gateway(gateway) => (&gateway.address, true),
            Self::Echo(_, address) => (address, false),
        };
        Target {
            address: address.clone(),
            is_gateway,
        }
    }
}

/// Measures. `program` is the gateway, and `me` this program, which is the echo too.
///
/// # Errors
/// When a program does not run, or a connection does not live.
pub fn measure(folder: &Path, program: &Path, me: &Path, extent: &Extent) -> Result<Part, BenchError> {
    let start = Instant::now();
    let folder = tempfile::tempdir_in(folder).map_err(BenchError::file(folder))?;
    let mut notes = Vec::new();
    let kiosks = places(extent.kiosks, &mut notes);
    let bank = Bank::found(program, folder.path())?;
    let mut members = crowd::gather(&bank, kiosks)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let mut memory = Table::new(&[
        "idle connections",
        "number",
        "connected in s",
        "server RSS MB",
        "KB each",
        "server CPU %",
    ]);
    let mut latency = Table::new(&[
        "messages",
        "a second",
        "done a second",
        "p50 ms",
        "p99 ms",
        "server CPU %",
        "load CPU %",
        "load late ms",
    ]);
    let mut found = Vec::new();
    let sides: [(&str, Option<bool>); 3] = [
        ("gateway", None),
        ("echo, buffers as they come", Some(false)),
        ("echo, small buffers", Some(true)),
    ];
    for (title, small) in sides {
        if start.elapsed().as_secs() > extent.bound_s {
            notes.push(cut_short(extent.bound_s));
            break;
        }
        let server = match small {
            None => Server::Gateway(bank.open()?),
            Some(small) => echo(me, &bank, folder.path(), small)?,
        };
        let side = crowd_on(&runtime, &server, &mut members, extent)?;
        memory.push(side.memory_row(title, kiosks));
        for (rate, answers, cost) in &side.loads {
            let spread = Spread::of(&answers.latencies_ms);
            let done = answers.latencies_ms.len() as f64 / answers.took.as_secs_f64();
            let mut row = vec![title.to_owned(), rate.to_string()];
            row.extend(
                [
                    done,
                    spread.p50,
                    spread.p99,
                    cost.server_percent,
                    cost.load_percent,
                ]
                .map(number),
            );
            row.push(number(answers.behind.as_secs_f64() * 1e3));
            latency.push(row);
        }
        found.push(side);
    }
    Ok(Part {
        name: "idle",
        bound_s: extent.bound_s,
        took_s: start.elapsed().as_secs_f64(),
        verdicts: verdicts(&found, kiosks),
        tables: vec![memory, latency],
        notes,
    })
}

/// What one server showed.
#[derive(Debug)]
struct Side {
    connected: Duration,
    resident_bytes: f64,
    each_bytes: f64,
    idle_percent: f64,
    loads: Vec<(u64, Answers, Cost)>,
}

/// Shares of one core.
#[derive(Debug)]
struct Cost {
    server_percent: f64,
    load_percent: f64,
}

impl Side {
    fn memory_row(&self, title: &str, kiosks: usize) -> Vec<String> {
        let mut row = vec![title.to_owned(), kiosks.to_string()];
        row.extend(
            [
                self.connected.as_secs_f64(),
                self.resident_bytes / 1e6,
                self.each_bytes / 1e3,
                self.idle_percent,
            ]
            .map(number),
        );
        row
    }
}

fn crowd_on(
    runtime: &Runtime,
    server: &Server,
    members: &mut [Member],
    extent: &Extent,
) -> Result<Side, BenchError> {
    let process = server.process();
    let target = server.target();
    let before = usage(process);
    let begun = Instant::now();
    let sockets = runtime.block_on(crowd::connect(members, &target))?;
    let connected = begun.elapsed();
    let lines = runtime.block_on(async { Lines::keep(sockets, target.is_gateway) });
    let (idle, resident) = runtime.block_on(async {
        let from = usage(process);
        tokio::time::sleep(extent.quiet).await;
        let to = usage(process);
        (percent(from, to, extent.quiet), to.resident_bytes)
    });
    if let Some(fault) = lines.fault() {
        return Err(BenchError::Peer(fault));
    }
    let mut loads = Vec::new();
    for &rate in extent.rates {
        let frames = frames(members, extent, rate)?;
        let (from, own) = (usage(process), usage(std::process::id()));
        let begun = Instant::now();
        let warming = (extent.warming_s * rate) as usize;
        let answers = runtime.block_on(lines.send(frames, rate as f64, warming))?;
        let took = begun.elapsed();
        let cost = Cost {
            server_percent: percent(from, usage(process), took),
            load_percent: percent(own, usage(std::process::id()), took),
        };
        loads.push((rate, answers, cost));
    }
    Ok(Side {
        connected,
        resident_bytes: resident,
        each_bytes: (resident - before.resident_bytes) / members.len().max(1) as f64,
        idle_percent: idle,
        loads,
    })
}

/// Documents, signed before, each on the next connection. The echo is sent the same.
fn frames(members: &mut [Member], extent: &Extent, rate: u64) -> Result<Vec<Vec<u8>>, BenchError> {
    let count = ((extent.warming_s + extent.measured_s) * rate) as usize;
    let of = members.len().max(1);
    (0..count)
        .map(|number| {
            let member = members
                .get_mut(number % of)
                .ok_or_else(|| BenchError::Peer("there are no kiosks".into()))?;
            let (id, document) = member.scribe.write(extent.document_bytes)?;
            let frame = KioskFrame::Submit {
                id,
                document: Payload(document),
            };
            Ok(frame.encode())
        })
        .collect()
}

fn percent(from: Usage, to: Usage, took: Duration) -> f64 {
    (to.cpu_s - from.cpu_s) / took.as_secs_f64().max(1e-9) * 100.0
}

fn echo(me: &Path, bank: &Bank, folder: &Path, small: bool) -> Result<Server, BenchError> {
    let log = folder.join(format!("echo-{small}.log"));
    let mut command = Command::new(me);
    command.arg("echo").arg("--papers").arg(bank.folder());
    if small {
        command.arg("--small");
    }
    let mut program = Program::start("echo", &mut command, &log)?;
    let address = program.until(|| {
        let text = std::fs::read_to_string(&log).ok()?;
        text.lines()
            .next()
            .filter(|line| text.len() > line.len())
            .map(str::to_owned)
    })?;
    Ok(Server::Echo(program, address))
}

/// As many as files may be open, after their number was raised.
fn places(wanted: usize, notes: &mut Vec<String>) -> usize {
    let Some(files) = open_files() else {
        return wanted;
    };
    let places = usize::try_from(files.saturating_sub(OTHER_FILES)).unwrap_or(usize::MAX);
    if places < wanted {
        notes.push(format!(
            "Only {files} files may be open here, so there are {places} kiosks and not {wanted}."
        ));
    }
    places.min(wanted)
}

/// How many files this process may have open, now that it has asked for all it can get; the programs that it starts as well.
#[cfg(unix)]
fn open_files() -> Option<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let now = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: now.maximum,
        maximum: now.maximum,
    };
    // What cannot be raised stays as it is, and is seen below.
    let _ = setrlimit(Resource::Nofile, raised);
    getrlimit(Resource::Nofile).current
}

#[cfg(not(unix))]
fn open_files() -> Option<u64> {
    None
}

fn verdicts(sides: &[Side], kiosks: usize) -> Vec<Verdict> {
    let [gateway, plain, small] = sides else {
        return Vec::new();
    };
    let kilobytes = |side: &Side| number(side.each_bytes / 1e3);
    let mut verdicts = vec![Verdict {
        // The gateway's buffers are small too: an echo with large ones would prove nothing of what the gateway adds.
        goal: format!(
            "an idle kiosk of {kiosks} costs the gateway no more memory than a bare echo with small buffers"
        ),
        met: Some(gateway.each_bytes <= small.each_bytes),
        found: format!(
            "{} KB each; echo {} KB with small buffers, {} KB as it comes",
            kilobytes(gateway),
            kilobytes(small),
            kilobytes(plain)
        ),
    }];
    if let (Some((rate, ours, _)), Some((_, theirs, _))) = (gateway.loads.last(), small.loads.last()) {
        let (ours_ms, theirs_ms) = (Spread::of(&ours.latencies_ms), Spread::of(&theirs.latencies_ms));
        let done = ours.latencies_ms.len() as f64 / ours.took.as_secs_f64();
        verdicts.push(Verdict {
            goal: format!("{rate} documents a second over them get their receipts as fast as they come"),
            met: Some(done >= *rate as f64 * 0.98),
            found: format!(
                "{} a second; p50 {} ms, p99 {} ms, with signature, disk and signed receipt; the echo, which has none of these, {} and {} ms",
                number(done),
                number(ours_ms.p50),
                number(ours_ms.p99),
                number(theirs_ms.p50),
                number(theirs_ms.p99)
            ),
        });
    }
    verdicts
}

/// This program itself.
///
/// # Errors
/// When the system does not say where it is.
pub fn me() -> Result<PathBuf, BenchError> {
    Ok(std::env::current_exe()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_few_files_are_said_and_scaled_down_to() {
        let mut notes = Vec::new();
        assert_eq!(places(1, &mut notes), 1);
        assert!(notes.is_empty());
        #[cfg(unix)]
        {
            let most = places(usize::MAX, &mut notes);
            assert!(most < usize::MAX);
            assert_eq!(notes.len(), 1);
        }
    }

    #[test]
    fn the_gateway_is_held_to_the_echo_with_small_buffers() {
        let side = |each_bytes| Side {
            connected: Duration::ZERO,
            resident_bytes: 0.0,
            each_bytes,
            idle_percent: 0.0,
            loads: Vec::new(),
        };
        for (gateway, plain, small, met) in [
            (20e3, 150e3, 21e3, true),
            (21e3, 150e3, 21e3, true),
            (22e3, 150e3, 21e3, false),
            (22e3, 20e3, 23e3, true),
        ] {
            let verdicts = verdicts(&[side(gateway), side(plain), side(small)], 10);
            assert_eq!(verdicts[0].met, Some(met));
        }
    }

    #[test]
    fn a_share_is_of_one_core() {
        let at = |cpu_s| Usage {
            cpu_s,
            ..Usage::default()
        };
        assert_eq!(percent(at(1.0), at(3.0), Duration::from_secs(1)), 200.0);
    }
}
