//! Documents from kiosks to the gateway against messages to nats-server JetStream, both with a proof that they are kept.

mod crypto;
mod kiosk;
pub mod memory;
mod side;
mod strace;

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Instant;

use self::side::{Run, Side, gateway, on_postgres, one_by_one, run, servers};
use self::strace::Watch;
use crate::bank::Bank;
use crate::error::BenchError;
use crate::paper::Scribe;
use crate::postgres::Postgres;
use crate::report::{Part, Table, Verdict, cut_short, number};
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
    sizes: &[(2 << 10, 1000), (64 << 10, 300), (256 << 10, 100)],
    kiosks: &[1, 8],
    rounds: 3,
    watched: 50,
    bound_s: 240,
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
    let mut sides = gateway("SQLite", &sqlite, kiosks, 1, folder.path(), None)?;
    let cluster = Postgres::start()?.map(Rc::new);
    let second = cluster
        .as_ref()
        .map(|cluster| on_postgres(programs, folder.path(), cluster))
        .transpose()?;
    match &second {
        Some(bank) => match gateway("PostgreSQL", bank, kiosks, 5, folder.path(), cluster.clone()) {
            Ok(more) => sides.extend(more),
            Err(error) => notes.push(format!(
                "The gateway on PostgreSQL could not be measured: {error}."
            )),
        },
        None => notes.push("There is no PostgreSQL on this machine.".to_owned()),
    }
    sides.extend(servers(&programs.nats, &sqlite, folder.path(), &mut notes)?);
    let writer = sqlite.enrol("writer")?;
    let mut scribe = Scribe::new(&writer, 3)?;
    let signatures = crypto::table(&writer, 2 << 10)?;
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
    'lines: for &(bytes, items) in extent.sizes {
        for &kiosks in extent.kiosks {
            let mut runs: Vec<Vec<Run>> = sides.iter().map(|_| Vec::new()).collect();
            for round in 0..extent.rounds {
                for turn in 0..sides.len() {
                    if start.elapsed().as_secs() > extent.bound_s {
                        notes.push(cut_short(extent.bound_s));
                        break 'lines;
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
        tables: vec![calls, table, signatures],
        verdicts: vec![verdict(&cells)],
        notes,
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
        let watch = Watch::begin(&side.writers(), &log);
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
            is_ours: side.is_ours(),
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
