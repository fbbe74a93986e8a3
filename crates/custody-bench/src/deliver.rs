//! Documents from kiosks to the gateway against messages to nats-server JetStream, both with a proof that they are kept.

mod kiosk;
pub mod memory;
mod strace;

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, Instant};

use self::memory::Load;
use self::strace::Watch;
use crate::bank::{Bank, Gateway, Papers};
use crate::error::BenchError;
use crate::nats::{self, Nats, Sync};
use crate::paper::{Scribe, Signed};
use crate::postgres::Postgres;
use crate::process::usage;
use crate::report::{Part, Table, Verdict, number};
use crate::stats::quantile;

/// So many documents may be under way on each connection, on both sides: what the gateway allows by itself.
const WINDOW: u16 = 16;

/// How much is measured.
#[derive(Debug)]
pub struct Extent {
    /// Bytes of a document, and how many of them in each round.
    sizes: &'static [(usize, usize)],
    /// Numbers of kiosks at once.
    kiosks: &'static [usize],
    rounds: usize,
    /// Documents of the look at the calls that reach the disk.
    watched: usize,
    bound_s: u64,
}

/// What the tables are made of.
pub const FULL: Extent = Extent {
    sizes: &[(2 << 10, 1600), (64 << 10, 480), (256 << 10, 160)],
    kiosks: &[1, 8],
    rounds: 3,
    watched: 50,
    bound_s: 270,
};

/// Enough to see that it works.
pub const QUICK: Extent = Extent {
    sizes: &[(4 << 10, 40)],
    kiosks: &[2],
    rounds: 1,
    watched: 5,
    bound_s: 60,
};

/// The programs that are measured.
#[derive(Debug)]
pub struct Programs {
    /// `alaqan-gateway`.
    pub gateway: PathBuf,
    /// Versions of `nats-server`; those that cannot be started are left out.
    pub nats: Vec<PathBuf>,
}

/// One side.
struct Side {
    name: String,
    kind: Kind,
    /// Whether every acknowledgement means that it is on the disk.
    durable: bool,
}

enum Kind {
    /// Documents come from memory.
    Gateway(Rc<Gateway>, Vec<(Papers, Scribe)>),
    /// Documents are signed, put on the kiosk's disk in this folder, delivered, and leave it.
    Kiosk(Rc<Gateway>, Vec<(Papers, Scribe)>, PathBuf),
    Nats(Nats),
}

impl Side {
    fn process(&self) -> u32 {
        match &self.kind {
            Kind::Gateway(gateway, ..) | Kind::Kiosk(gateway, ..) => gateway.id(),
            Kind::Nats(nats) => nats.id(),
        }
    }
}

/// What one side did in one round.
#[derive(Debug, Clone, Copy)]
struct Run {
    items: usize,
    took: Duration,
    server_s: f64,
    own_s: f64,
}

/// Measures.
///
/// # Errors
/// When a program does not run or refuses what it is given.
pub fn measure(folder: &Path, programs: &Programs, extent: &Extent) -> Result<Part, BenchError> {
    let start = Instant::now();
    let folder = tempfile::tempdir_in(folder).map_err(BenchError::file(folder))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let mut notes = Vec::new();
    let kiosks = extent.kiosks.iter().copied().max().unwrap_or(1);
    let sqlite = Bank::found(&programs.gateway, folder.path())?;
    let mut sides = gateway("SQLite", &sqlite, kiosks, 1, folder.path())?;
    let cluster = Postgres::start()?;
    let second = cluster
        .as_ref()
        .map(|cluster| on_postgres(programs, folder.path(), cluster))
        .transpose()?;
    match &second {
        Some(bank) => match gateway("PostgreSQL", bank, kiosks, 5, folder.path()) {
            Ok(more) => sides.extend(more),
            Err(error) => notes.push(format!(
                "The gateway on PostgreSQL could not be measured: {error}."
            )),
        },
        None => notes.push("There is no PostgreSQL on this machine.".to_owned()),
    }
    let papers = sqlite.folder().join("kiosks").join(name("memory", 0));
    for program in &programs.nats {
        let Some(version) = nats::version(program) else {
            notes.push(format!(
                "{} cannot be started and is left out.",
                program.display()
            ));
            continue;
        };
        let syncs: &[Sync] = match nats::takes_sync_always(program, folder.path()) {
            Ok(()) => &[Sync::Default, Sync::Always],
            Err(fault) => {
                notes.push(format!(
                    "nats-server {version} has no setting for it: with `sync_interval: always` it says *{fault}*."
                ));
                &[Sync::Default]
            }
        };
        for &sync in syncs {
            let how = if sync == Sync::Always {
                "sync always"
            } else {
                "as it comes"
            };
            sides.push(Side {
                name: format!("JetStream {version}, {how}"),
                kind: Kind::Nats(Nats::start(program, &sqlite, folder.path(), &papers, sync)?),
                durable: sync == Sync::Always,
            });
        }
    }
    let mut scribe = Scribe::new(&sqlite.enrol("writer")?, 3)?;
    let calls = watch(&mut sides, &runtime, &mut scribe, folder.path(), extent.watched)?;
    let mut table = Table::new(&[
        "documents, kiosks, side",
        "items/s",
        "least",
        "most",
        "MB/s",
        "server CPU us",
        "client CPU us",
        "durable",
    ]);
    let mut cells = Vec::new();
    for &(bytes, items) in extent.sizes {
        for &kiosks in extent.kiosks {
            let mut runs: Vec<Vec<Run>> = sides.iter().map(|_| Vec::new()).collect();
            for round in 0..extent.rounds {
                for turn in 0..sides.len() {
                    if start.elapsed().as_secs() > extent.bound_s {
                        return Err(BenchError::Bound("the delivery".into()));
                    }
                    // Each side comes first once.
                    let at = (turn + round) % sides.len();
                    let run = run(
                        &mut sides[at],
                        &runtime,
                        &mut scribe,
                        bytes,
                        items / kiosks,
                        kiosks,
                    )?;
                    runs[at].push(run);
                }
            }
            for (side, runs) in sides.iter().zip(runs) {
                let cell = Cell::of(bytes, kiosks, side, &runs);
                table.push(cell.row());
                cells.push(cell);
            }
        }
    }
    Ok(Part {
        name: "deliver",
        bound_s: extent.bound_s,
        took_s: start.elapsed().as_secs_f64(),
        tables: vec![calls, table],
        verdicts: vec![verdict(&cells)],
        notes,
    })
}

fn name(kind: &str, number: usize) -> String {
    format!("{kind}-{number:03}")
}

fn on_postgres(programs: &Programs, folder: &Path, cluster: &Postgres) -> Result<Bank, BenchError> {
    let bank = Bank::found(&programs.gateway, folder)?;
    bank.configure("kind = \"sqlite\"", "kind = \"postgres\"")?;
    bank.configure("[idec]", &format!("{}\n[idec]", cluster.table()))?;
    Ok(bank)
}

/// A gateway, and both ways to deliver to it.
fn gateway(
    store: &str,
    bank: &Bank,
    kiosks: usize,
    seed: u64,
    folder: &Path,
) -> Result<Vec<Side>, BenchError> {
    let crowd = |kind: &str, seed: u64| -> Result<Vec<(Papers, Scribe)>, BenchError> {
        let mut crowd = Vec::new();
        for number in 0..kiosks {
            let papers = bank.enrol(&name(kind, number))?;
            let scribe = Scribe::new(&papers, seed * 1000 + number as u64)?;
            crowd.push((papers, scribe));
        }
        Ok(crowd)
    };
    let (memory, disk) = (crowd("memory", seed)?, crowd("disk", seed + 1)?);
    let gateway = Rc::new(bank.open()?);
    Ok(vec![
        Side {
            name: format!("gateway on {store}, from memory"),
            kind: Kind::Gateway(Rc::clone(&gateway), memory),
            durable: true,
        },
        Side {
            name: format!("gateway on {store}, from the kiosk's disk"),
            kind: Kind::Kiosk(gateway, disk, folder.to_owned()),
            durable: true,
        },
    ])
}

/// Delivers the same number of documents of the same size to one side.
fn run(
    side: &mut Side,
    runtime: &tokio::runtime::Runtime,
    scribe: &mut Scribe,
    bytes: usize,
    each: usize,
    kiosks: usize,
) -> Result<Run, BenchError> {
    let process = side.process();
    let write = |scribe: &mut Scribe| -> Result<Vec<Signed>, BenchError> {
        (0..each).map(|_| scribe.write(bytes)).collect()
    };
    let spent = || (usage(process), usage(std::process::id()));
    let (took, (before, own)) = match &mut side.kind {
        Kind::Gateway(gateway, crowd) => {
            let mut loads = Vec::new();
            for (papers, scribe) in crowd.iter_mut().take(kiosks) {
                loads.push(Load {
                    papers: papers.clone(),
                    before: scribe.head(),
                    documents: write(scribe)?,
                });
            }
            let spent = spent();
            (memory::deliver(&gateway.url(), loads, WINDOW)?, spent)
        }
        Kind::Kiosk(gateway, crowd, folder) => {
            let crowd = crowd.get_mut(..kiosks).unwrap_or_default();
            let spent = spent();
            (
                kiosk::deliver(&gateway.url(), crowd, folder, bytes, each, WINDOW)?,
                spent,
            )
        }
        Kind::Nats(nats) => {
            let batches = (0..kiosks).map(|_| write(scribe)).collect::<Result<_, _>>()?;
            let spent = spent();
            (runtime.block_on(nats.publish(batches, WINDOW.into()))?, spent)
        }
    };
    Ok(Run {
        items: each * kiosks,
        took,
        server_s: usage(process).cpu_s - before.cpu_s,
        own_s: usage(std::process::id()).cpu_s - own.cpu_s,
    })
}

/// One after the other is delivered, and what reaches the disk is counted: who acknowledges before that shows it here.
fn watch(
    sides: &mut [Side],
    runtime: &tokio::runtime::Runtime,
    scribe: &mut Scribe,
    folder: &Path,
    items: usize,
) -> Result<Table, BenchError> {
    let mut table = Table::new(&["one at a time", "acknowledged", "calls that sync"]);
    for (number, side) in sides.iter_mut().enumerate() {
        // The first ones make files and tables.
        one_by_one(side, runtime, scribe, 2)?;
        let log = folder.join(format!("strace-{number}"));
        let watch = Watch::begin(side.process(), &log);
        let is_watched = watch.is_some();
        one_by_one(side, runtime, scribe, items)?;
        let calls = watch.map(|watch| watch.end(&log)).transpose()?;
        let calls = calls
            .filter(|_| is_watched)
            .map_or("–".to_owned(), |calls| calls.to_string());
        table.push(vec![side.name.clone(), items.to_string(), calls]);
    }
    Ok(table)
}

fn one_by_one(
    side: &mut Side,
    runtime: &tokio::runtime::Runtime,
    scribe: &mut Scribe,
    items: usize,
) -> Result<(), BenchError> {
    match &mut side.kind {
        Kind::Kiosk(gateway, crowd, folder) => {
            let crowd = crowd.get_mut(..1).unwrap_or_default();
            kiosk::deliver(&gateway.url(), crowd, folder, 0, items, 1).map(|_| ())
        }
        Kind::Gateway(gateway, crowd) => {
            let Some((papers, scribe)) = crowd.first_mut() else {
                return Ok(());
            };
            let load = Load {
                papers: papers.clone(),
                before: scribe.head(),
                documents: (0..items).map(|_| scribe.write(0)).collect::<Result<_, _>>()?,
            };
            memory::deliver(&gateway.url(), vec![load], 1).map(|_| ())
        }
        Kind::Nats(nats) => {
            let batch: Vec<Signed> = (0..items).map(|_| scribe.write(0)).collect::<Result<_, _>>()?;
            runtime.block_on(nats.publish(vec![batch], 1)).map(|_| ())
        }
    }
}

/// One line of the table.
#[derive(Debug)]
struct Cell {
    bytes: usize,
    kiosks: usize,
    side: String,
    durable: bool,
    is_ours: bool,
    /// Items a second in each round, sorted.
    rates: Vec<f64>,
    server_us: f64,
    own_us: f64,
}

impl Cell {
    fn of(bytes: usize, kiosks: usize, side: &Side, runs: &[Run]) -> Self {
        let mut rates: Vec<f64> = runs
            .iter()
            .map(|run| run.items as f64 / run.took.as_secs_f64())
            .collect();
        rates.sort_by(f64::total_cmp);
        let items = runs.iter().map(|run| run.items).sum::<usize>().max(1) as f64;
        let each_us = |spent: fn(&Run) -> f64| runs.iter().map(spent).sum::<f64>() / items * 1e6;
        Self {
            bytes,
            kiosks,
            side: side.name.clone(),
            durable: side.durable,
            is_ours: !matches!(side.kind, Kind::Nats(..)),
            rates,
            server_us: each_us(|run| run.server_s),
            own_us: each_us(|run| run.own_s),
        }
    }

    fn rate(&self) -> f64 {
        quantile(&self.rates, 0.5)
    }

    fn row(&self) -> Vec<String> {
        vec![
            format!("{} KiB, {}, {}", self.bytes >> 10, self.kiosks, self.side),
            number(self.rate()),
            number(quantile(&self.rates, 0.0)),
            number(quantile(&self.rates, 1.0)),
            number(self.rate() * self.bytes as f64 / 1e6),
            number(self.server_us),
            number(self.own_us),
            if self.durable { "yes" } else { "no" }.to_owned(),
        ]
    }
}

/// Ours against the quickest of the others that promise the same.
fn verdict(cells: &[Cell]) -> Verdict {
    let mut found = Vec::new();
    let mut met = None;
    for ours in cells
        .iter()
        .filter(|cell| cell.is_ours && cell.side.contains("SQLite"))
    {
        let theirs = cells
            .iter()
            .filter(|cell| {
                !cell.is_ours && cell.durable && (cell.bytes, cell.kiosks) == (ours.bytes, ours.kiosks)
            })
            .map(Cell::rate)
            .fold(f64::NAN, f64::max);
        if theirs.is_nan() {
            continue;
        }
        let ratio = ours.rate() / theirs;
        let way = if ours.side.ends_with("disk") {
            "disk"
        } else {
            "memory"
        };
        let line = format!(
            "{} KiB, {} kiosk(s), from {way}: {}",
            ours.bytes >> 10,
            ours.kiosks,
            number(ratio)
        );
        found.push(line);
        met = Some(met.unwrap_or(true) && ratio >= 1.0);
    }
    if found.is_empty() {
        found.push("no JetStream that syncs before it acknowledges was at hand".to_owned());
    }
    Verdict {
        goal: "the gateway on SQLite takes more durable items a second than JetStream with sync always, in every line".into(),
        met,
        found: found.join("; "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_promises_the_same_is_compared_with() {
        let cell = |side: &str, is_ours, durable, rate| Cell {
            bytes: 2048,
            kiosks: 1,
            side: side.into(),
            durable,
            is_ours,
            rates: vec![rate],
            server_us: 0.0,
            own_us: 0.0,
        };
        let check = |theirs: &[(bool, f64)], expect: Option<bool>| {
            let mut cells = vec![cell("gateway on SQLite, from memory", true, true, 100.0)];
            cells.extend(
                theirs
                    .iter()
                    .map(|(durable, rate)| cell("JetStream", false, *durable, *rate)),
            );
            assert_eq!(verdict(&cells).met, expect, "{theirs:?}");
        };
        check(&[(false, 900.0), (true, 50.0)], Some(true));
        check(&[(false, 900.0), (true, 101.0)], Some(false));
        check(&[(false, 900.0)], None);
        check(&[], None);
    }
}
