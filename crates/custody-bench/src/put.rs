//! A durable put into the outbox against a plain INSERT into SQLCipher with the same settings.

mod fixture;

use std::path::Path;
use std::time::{Duration, Instant};

use outbox::sqlite::SqliteOutbox;
use outbox::{Outbox, SignedDocument};
use rusqlite::Connection;
use verification::evidence::DocumentId;
use verification::time::UtcMs;

use crate::error::BenchError;
use crate::report::{Part, Table, Verdict, cut_short, number};
use crate::stats::{Spread, quicker};

/// A put must be at least so many times as quick as the INSERT.
const GOAL: f64 = 0.9;

/// With the most rows a put may take at most so many times as long as with the fewest.
const FLAT: f64 = 1.25;

/// How much is measured.
#[derive(Debug)]
pub struct Extent {
    rows: &'static [u64],
    sizes: &'static [usize],
    /// For each number of rows and size.
    budget: Duration,
    puts_max: usize,
    puts_min: usize,
    bound_s: u64,
}

/// What the tables are made of.
pub const FULL: Extent = Extent {
    rows: &[1_000, 10_000, 100_000, 1_000_000],
    sizes: &[2 << 10, 64 << 10, 256 << 10],
    budget: Duration::from_secs(6),
    puts_max: 1000,
    puts_min: 40,
    bound_s: 210,
};

/// Enough to see that it works.
pub const QUICK: Extent = Extent {
    rows: &[1_000, 2_000],
    sizes: &[2 << 10],
    budget: Duration::from_millis(500),
    puts_max: 50,
    puts_min: 5,
    bound_s: 20,
};

/// A time that stays within what SQL and documents know.
const NOW: UtcMs = UtcMs(1_790_000_000_000);

const KEY: [u8; 32] = [0x5a; 32];

/// The databases that are compared.
const SIDES: [&str; 3] = ["outbox", "id", "bare"];

/// Measures.
///
/// # Errors
/// When a store fails or the disk is full.
pub fn measure(folder: &Path, extent: &Extent) -> Result<Part, BenchError> {
    let start = Instant::now();
    let folder = tempfile::tempdir_in(folder).map_err(BenchError::file(folder))?;
    let [ours, keyed, bare] = SIDES.map(|side| folder.path().join(format!("{side}.db")));
    let mut random = fastrand::Rng::with_seed(1);
    let mut puts = Table::new(&[
        "rows, bytes",
        "puts",
        "put p50 ms",
        "p99",
        "INSERT p50 ms",
        "p99",
        "bare p50 ms",
        "of INSERT, p50",
        "of INSERT, total",
        "of bare, p50",
    ]);
    let mut opening = Table::new(&["rows", "file MB", "open ms"]);
    let mut cells = Vec::new();
    let mut have = 0;
    let mut notes = Vec::new();
    for &rows in extent.rows {
        if start.elapsed().as_secs() > extent.bound_s {
            notes.push(cut_short(extent.bound_s));
            break;
        }
        fixture::grow_outbox(&ours, &KEY, NOW, rows - have)?;
        fixture::grow_plain(&keyed, &KEY, true, rows - have)?;
        fixture::grow_plain(&bare, &KEY, false, rows - have)?;
        have = rows;
        let opened_at = Instant::now();
        let mut outbox = fixture::open_outbox(&ours, &KEY, NOW)?;
        let open_ms = opened_at.elapsed().as_secs_f64() * 1e3;
        let megabytes = std::fs::metadata(&ours).map_or(0.0, |file| file.len() as f64 / 1e6);
        opening.push(vec![rows.to_string(), number(megabytes), number(open_ms)]);
        let keyed = fixture::open_plain(&keyed, &KEY)?;
        let bare = fixture::open_plain(&bare, &KEY)?;
        for &size in extent.sizes {
            let cell = compare(&mut outbox, &keyed, &bare, size, extent, &mut random)?;
            have += cell.puts as u64;
            puts.push(cell.row(rows, size));
            cells.push((rows, size, cell));
        }
    }
    Ok(Part {
        name: "put",
        bound_s: extent.bound_s,
        took_s: start.elapsed().as_secs_f64(),
        tables: vec![puts, opening],
        verdicts: verdicts(&cells),
        notes,
    })
}

/// One number of rows and one size; all times in milliseconds.
#[derive(Debug)]
struct Cell {
    puts: usize,
    ours: Spread,
    keyed: Spread,
    bare: Spread,
}

impl Cell {
    fn ratio(&self) -> f64 {
        quicker(self.ours.p50, self.keyed.p50)
    }

    fn total_ratio(&self) -> f64 {
        quicker(self.ours.mean, self.keyed.mean)
    }

    fn row(&self, rows: u64, size: usize) -> Vec<String> {
        let mut row = vec![format!("{rows}, {} KiB", size >> 10), self.puts.to_string()];
        row.extend(
            [
                self.ours.p50,
                self.ours.p99,
                self.keyed.p50,
                self.keyed.p99,
                self.bare.p50,
                self.ratio(),
                self.total_ratio(),
                quicker(self.ours.p50, self.bare.p50),
            ]
            .map(number),
        );
        row
    }
}

fn compare(
    outbox: &mut SqliteOutbox,
    keyed: &Connection,
    bare: &Connection,
    size: usize,
    extent: &Extent,
    random: &mut fastrand::Rng,
) -> Result<Cell, BenchError> {
    let mut times: [Vec<f64>; 3] = Default::default();
    let start = Instant::now();
    // The first rounds warm caches and prepared statements, and do not count.
    let warm = extent.puts_min / 4;
    for round in 0..warm + extent.puts_max {
        if round >= warm + extent.puts_min && start.elapsed() > extent.budget {
            break;
        }
        let mut id = [0; 16];
        random.fill(&mut id);
        let mut bytes = vec![0; size];
        random.fill(&mut bytes);
        let document = SignedDocument {
            id: DocumentId(id),
            bytes,
        };
        for turn in 0..3 {
            // None of the three always comes first.
            let side = (turn + round) % 3;
            let begun = Instant::now();
            match side {
                0 => outbox.put(&document, &[], NOW)?,
                1 => fixture::insert_keyed(keyed, &id, &document.bytes)?,
                _ => fixture::insert_bare(bare, &document.bytes)?,
            }
            let time = begun.elapsed();
            if round >= warm {
                times[side].push(time.as_secs_f64() * 1e3);
            }
        }
    }
    let [ours, keyed, bare] = times.map(|times| Spread::of(&times));
    Ok(Cell {
        puts: ours.count,
        ours,
        keyed,
        bare,
    })
}

fn verdicts(cells: &[(u64, usize, Cell)]) -> Vec<Verdict> {
    if cells.is_empty() {
        return Vec::new();
    }
    let worst = cells
        .iter()
        .map(|(_, _, cell)| cell.ratio().min(cell.total_ratio()))
        .fold(f64::INFINITY, f64::min);
    let least = |ratio: fn(&Cell) -> f64| {
        cells
            .iter()
            .map(|(.., cell)| ratio(cell))
            .fold(f64::INFINITY, f64::min)
    };
    let most = |ratio: fn(&Cell) -> f64| cells.iter().map(|(.., cell)| ratio(cell)).fold(0.0, f64::max);
    let mut verdicts = vec![Verdict {
        goal: format!(
            "a put is at least {GOAL} times as quick as the INSERT, in every line, at the median and in total"
        ),
        met: Some(worst >= GOAL),
        found: format!(
            "{} to {} at the median, {} to {} in total",
            number(least(Cell::ratio)),
            number(most(Cell::ratio)),
            number(least(Cell::total_ratio)),
            number(most(Cell::total_ratio))
        ),
    }];
    let fewest = cells.iter().map(|(rows, ..)| *rows).min();
    let largest = cells.iter().map(|(rows, ..)| *rows).max();
    let growth: Vec<(usize, f64, f64)> = cells
        .iter()
        .filter(|(rows, ..)| Some(*rows) == largest)
        .filter_map(|(_, size, cell)| {
            let (.., first) = cells
                .iter()
                .find(|(rows, other, _)| Some(*rows) == fewest && other == size)?;
            Some((
                *size,
                cell.ours.p50 / first.ours.p50,
                cell.keyed.p50 / first.keyed.p50,
            ))
        })
        .collect();
    let found: Vec<String> = growth
        .iter()
        .map(|(size, ours, keyed)| {
            format!(
                "{} KiB: {} (INSERT {})",
                size >> 10,
                number(*ours),
                number(*keyed)
            )
        })
        .collect();
    verdicts.push(Verdict {
        goal: format!(
            "flat: with {} rows a put takes at the median at most {FLAT} times as long as with {}, alone and beside the INSERT",
            largest.unwrap_or(0),
            fewest.unwrap_or(0)
        ),
        met: Some(
            growth
                .iter()
                .all(|(_, ours, theirs)| *ours <= FLAT && ours / theirs <= FLAT),
        ),
        found: found.join("; "),
    });
    verdicts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(ours: f64, theirs: f64) -> Cell {
        let spread = |p50| Spread {
            count: 9,
            p50,
            p99: p50,
            mean: p50,
        };
        Cell {
            puts: 9,
            ours: spread(ours),
            keyed: spread(theirs),
            bare: spread(theirs),
        }
    }

    #[test]
    fn one_slow_line_misses_the_goal() {
        let check = |cells: &[(u64, f64, f64)], expect: [bool; 2]| {
            let cells: Vec<_> = cells
                .iter()
                .map(|(rows, ours, theirs)| (*rows, 2048, cell(*ours, *theirs)))
                .collect();
            let met: Vec<_> = verdicts(&cells).iter().map(|verdict| verdict.met).collect();
            assert_eq!(met, expect.map(Some), "{cells:?}");
        };
        check(&[(10, 1.0, 1.0), (20, 1.1, 1.0)], [true, true]);
        check(&[(10, 1.0, 1.0), (20, 1.2, 1.0)], [false, true]);
        check(&[(10, 1.0, 1.0), (20, 2.0, 2.0)], [true, false]);
    }

    #[test]
    fn a_short_run_measures_every_line() {
        let folder = tempfile::tempdir().unwrap();
        let extent = Extent {
            rows: &[10, 40],
            puts_max: 4,
            puts_min: 4,
            ..QUICK
        };
        let part = measure(folder.path(), &extent).unwrap();
        assert_eq!(part.tables[0].rows.len(), 2);
        assert_eq!(part.tables[1].rows.len(), 2);
        assert_eq!(part.verdicts.len(), 2);
    }
}
