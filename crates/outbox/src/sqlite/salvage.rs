//! What can still be read from a file that was put aside.
//!
//! A damaged page hides what stands on it, and no more: each table is walked row by row, and rows that cannot be read
//! are passed over. The file stays as it is. What was delivered and retained stays in it, since the gateway has it; so
//! does its audit log, whose name is another one.

use std::collections::BTreeSet;
use std::path::Path;

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use verification::Sensitive;
use verification::evidence::DocumentId;
use verification::time::UtcMs;

use super::aside::{self, step};
use super::keys::KeyRing;
use super::open::connect;
use super::queue::Queue;
use super::store::{Durability, Store};
use super::{SqliteOutbox, log, queue, store};
use crate::event::{lost_event, salvage_event};
use crate::{OutboxError, SignedDocument};

/// How many rows are brought to the disk at once.
const CHUNK: usize = 64;

/// How many places behind a damaged page are tried one by one, where nobody knows how far the table goes.
const BLIND_STEPS: i64 = 1000;

/// What was read out of a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Salvage {
    /// Documents that were not delivered and are in this store now.
    pub documents: u64,
    /// Documents that were there, not delivered, and cannot be read; `None` if nobody can say how many. The audit log
    /// names those that are known.
    pub lost: Option<u64>,
}

/// Tables beside the documents, with their columns; each row is taken unless this store has it or one in its place. The order
/// keeps references whole.
const OTHERS: [(&str, &str); 7] = [
    ("awaiting", "id, put_at_ms, received_at_ms"),
    ("attempt", "subject, modality, at_ms"),
    (
        "palm",
        "subject, scanner, reference, document, is_confirmed, proposed_at_ms",
    ),
    ("palm_deletion", "scanner, reference"),
    ("palm_enrolment", "scanner, begun_at_ms"),
    ("palm_held", "scanner, reference"),
    ("note", "name, text"),
];

const UNLESS_COUNTED: &str =
    "WHERE NOT EXISTS (SELECT 1 FROM attempt WHERE subject = ?1 AND modality = ?2 AND at_ms = ?3)";

impl SqliteOutbox {
    /// Takes over what can be read of a file that was quarantined: documents that were not delivered go behind those that
    /// are here, in their order; those that are here already stay as they are. For a file whose key is found again. It
    /// may be done twice; the file stays as it is.
    ///
    /// # Errors
    /// [`OutboxError::Unreadable`] if no key of the ring opens the file; else if a store fails.
    pub fn salvage(&mut self, path: &Path, keys: &KeyRing, now: UtcMs) -> Result<Salvage, OutboxError> {
        let salvage = self.salvage_file(path, keys, now)?;
        aside::note_done(path, salvage.lost)?;
        Ok(salvage)
    }

    /// As [`SqliteOutbox::salvage`], without noting that it was done.
    pub(super) fn salvage_file(
        &mut self,
        path: &Path,
        keys: &KeyRing,
        now: UtcMs,
    ) -> Result<Salvage, OutboxError> {
        let mut result = Err(OutboxError::Unreadable(None));
        for key in keys.keys() {
            result = salvage(path, key, &self.store, now);
            if !matches!(result, Err(OutboxError::Unreadable(_))) {
                break;
            }
        }
        let newest = Queue::load(&self.store.connection)?.newest();
        self.queue.put(newest);
        result
    }
}

pub(super) fn salvage(
    path: &Path,
    key: &Sensitive<[u8; 32]>,
    into: &Store,
    now: UtcMs,
) -> Result<Salvage, OutboxError> {
    let mut from = connect(path, key)?;
    // Without the first page and the schema nothing can be said.
    from.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;

    let mut documents = 0;
    let columns = "id, is_final, put_at_ms, state, wedge_code, bytes";
    readable(walk(
        &mut from,
        (path, key),
        "entry",
        columns,
        into,
        &mut |transaction, values| {
            documents += u64::from(take_document(transaction, values, now)?);
            Ok(())
        },
    ))?;
    for (table, columns) in OTHERS {
        let places: Vec<String> = (1..=columns.split(',').count())
            .map(|place| format!("?{place}"))
            .collect();
        let insert = format!(
            "INSERT OR IGNORE INTO {table} ({columns}) SELECT {} {}",
            places.join(", "),
            // Nothing keeps this one from being counted twice.
            if table == "attempt" { UNLESS_COUNTED } else { "" }
        );
        if !from.table_exists(None, table)? {
            continue;
        }
        let walked = walk(
            &mut from,
            (path, key),
            table,
            columns,
            into,
            &mut |transaction, values| {
                transaction
                    .prepare_cached(&insert)?
                    .execute(rusqlite::params_from_iter(values))?;
                Ok(())
            },
        );
        readable(walked)?;
    }
    from = connect(path, key)?;
    let lost = match store::read(&from, |from| name_lost(from, into, now)) {
        Err(OutboxError::Unreadable(_)) => None,
        lost => lost?,
    };
    // What was brought here lazily is on the disk with this.
    let transaction = into.begin(Durability::Full)?;
    log::append(&transaction, now, None, &salvage_event(documents, lost))?;
    into.commit(transaction)?;
    step();
    Ok(Salvage { documents, lost })
}

/// A table that cannot even be begun holds nothing that could be read.
fn readable(walked: Result<(), OutboxError>) -> Result<(), OutboxError> {
    match walked {
        Err(OutboxError::Unreadable(_)) => Ok(()),
        walked => walked,
    }
}

/// Puts a document into this store unless it is here; gives whether it was put.
fn take_document(transaction: &Transaction<'_>, values: Vec<Value>, now: UtcMs) -> Result<bool, OutboxError> {
    let Ok(
        [
            Value::Blob(id),
            Value::Integer(is_final),
            Value::Integer(put_at_ms),
            Value::Integer(state),
            wedge_code,
            Value::Blob(bytes),
        ],
    ) = <[Value; 6]>::try_from(values)
    else {
        return Ok(false);
    };
    let Ok(id) = id.try_into() else {
        return Ok(false);
    };
    let document = SignedDocument {
        id: DocumentId(id),
        bytes,
    };
    match queue::insert(transaction, &document, is_final != 0, UtcMs(put_at_ms)) {
        Ok(Some(position)) => {
            transaction
                .prepare_cached(
                    "UPDATE entry SET state = ?2, wedge_code = ?3 WHERE position = ?1 AND ?2 >= 2",
                )?
                .execute(params![position, state, wedge_code])?;
            log::append(transaction, now, None, &crate::event::put_event(document.id))?;
            Ok(true)
        }
        // Both are kept, each in its file.
        Ok(None) | Err(OutboxError::Conflict(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// What is done with the values of a row.
type Take<'a> = dyn FnMut(&Transaction<'_>, Vec<Value>) -> Result<(), OutboxError> + 'a;

/// Calls for each row that can be read.
fn walk(
    from: &mut Connection,
    (path, key): (&Path, &Sensitive<[u8; 32]>),
    table: &str,
    columns: &str,
    into: &Store,
    take: &mut Take<'_>,
) -> Result<(), OutboxError> {
    let sql = format!("SELECT {columns}, rowid FROM {table} WHERE rowid > ?1 ORDER BY rowid LIMIT 1");
    let place_column = columns.split(',').count();
    let mut last_known = last_place(from, table);
    let places = places(from, table);
    *from = connect(path, key)?;
    let mut after = 0_i64;
    loop {
        let transaction = into.begin(Durability::Lazy)?;
        let mut is_over = false;
        for _ in 0..CHUNK {
            let step = store::read(from, |from| {
                let mut query = from.prepare_cached(&sql)?;
                let mut rows = query.query([after])?;
                let Some(row) = rows.next()? else {
                    return Ok(None);
                };
                let values = (0..place_column)
                    .map(|column| row.get(column))
                    .collect::<Result<Vec<Value>, _>>()?;
                Ok(Some((row.get(place_column)?, values)))
            });
            let step = match step {
                Ok(Some((place, values))) => {
                    take(&transaction, values)?;
                    Some(place)
                }
                Ok(None) => None,
                Err(OutboxError::Unreadable(_)) => {
                    // SQLCipher reads nothing more once it has met a damaged page.
                    *from = connect(path, key)?;
                    let last = *last_known.get_or_insert(after.saturating_add(BLIND_STEPS));
                    match &places {
                        Some(places) => places.range(after + 1..).next().copied(),
                        None => (after < last).then_some(after + 1),
                    }
                }
                Err(error) => return Err(error),
            };
            match step {
                Some(place) => after = place,
                None => {
                    is_over = true;
                    break;
                }
            }
        }
        into.commit(transaction)?;
        step();
        if is_over {
            return Ok(());
        }
    }
}

/// Which places are taken, as the index over the ids tells; `None` where there is none, or it is damaged.
fn places(from: &Connection, table: &str) -> Option<BTreeSet<i64>> {
    if table != "entry" {
        return None;
    }
    let places = store::read(from, |from| {
        let mut query =
            from.prepare("SELECT rowid FROM entry INDEXED BY sqlite_autoindex_entry_1 ORDER BY id")?;
        let places = query.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(places)
    });
    places.ok()
}

fn last_place(from: &Connection, table: &str) -> Option<i64> {
    let by_table = format!("SELECT max(rowid) FROM {table}");
    let by_sequence = "SELECT seq FROM sqlite_sequence WHERE name = ?1";
    let last = from.query_row(&by_table, [], |row| row.get(0)).ok().flatten();
    last.or_else(|| from.query_row(by_sequence, [table], |row| row.get(0)).ok())
}

/// Counts and names the documents that the index still knows and this store does not.
fn name_lost(from: &Connection, into: &Store, now: UtcMs) -> Result<Option<u64>, OutboxError> {
    let mut query = from.prepare("SELECT id FROM entry INDEXED BY sqlite_autoindex_entry_1 ORDER BY id")?;
    let mut rows = query.query([])?;
    let mut lost = 0;
    loop {
        let id = match rows.next() {
            Ok(Some(row)) => DocumentId(row.get(0)?),
            Ok(None) => return Ok(Some(lost)),
            Err(error) => return Err(error.into()),
        };
        let is_here = queue::find(&into.connection, id)?.is_some()
            || into
                .connection
                .prepare_cached("SELECT 1 FROM retained WHERE id = ?1")?
                .query_row([id.0], |_| Ok(()))
                .optional()?
                .is_some();
        if !is_here {
            lost += 1;
            let transaction = into.begin(Durability::Lazy)?;
            log::append(&transaction, now, None, &lost_event(id))?;
            into.commit(transaction)?;
        }
    }
}
