//! What waits, in which order, and what is in flight.
//!
//! The table says what is there; who has it just now is known in memory only, since a restart takes it back anyway. So
//! handing out a document writes nothing, and each step costs the same with a million entries as with one.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use verification::evidence::DocumentId;
use verification::time::UtcMs;

use super::store::{self, Store};
use crate::{Counts, EntryState, OutboxError, SignedDocument, Standing, WedgeReason};

/// How many entries are looked at in one go.
const LOOK_THROUGH: usize = 32;

/// Values of `entry.state`.
pub(super) mod state {
    pub(in crate::sqlite) const PENDING: i64 = 0;
    /// Written by older programs only.
    pub(in crate::sqlite) const IN_FLIGHT: i64 = 1;
    /// `wedge_code` says why.
    pub(in crate::sqlite) const WEDGED: i64 = 2;
    pub(in crate::sqlite) const WEDGED_TOO_LARGE: i64 = 3;
}

/// Who has which entry just now. Places are values of `entry.position`.
#[derive(Debug, Default)]
pub(super) struct Queue {
    /// Whatever is pending behind this place was not handed out yet.
    ahead: i64,
    /// The last place that was given.
    newest: i64,
    /// Pending again, at places before `ahead`.
    back: BTreeSet<i64>,
    postponed: BTreeMap<i64, UtcMs>,
    times: BTreeSet<(UtcMs, i64)>,
    /// When the queue was asked last.
    asked_at: Option<UtcMs>,
    in_flight: HashMap<DocumentId, i64>,
    /// Their bytes could not be read.
    unreadable: HashMap<DocumentId, i64>,
    /// Something could not be read since the store was opened.
    damaged: bool,
    /// How far the entries were looked through.
    looked_at: i64,
    /// Nothing is pending or in flight before this place.
    floor: Cell<i64>,
}

impl Queue {
    pub(super) fn load(connection: &Connection) -> Result<Self, OutboxError> {
        let newest: Option<i64> =
            connection.query_row("SELECT max(position) FROM entry", [], |row| row.get(0))?;
        Ok(Self {
            newest: newest.unwrap_or(0),
            ..Self::default()
        })
    }

    /// The last place that was given.
    pub(super) fn newest(&self) -> i64 {
        self.newest
    }

    pub(super) fn put(&mut self, position: i64) {
        self.newest = self.newest.max(position);
    }

    /// An entry is pending that was not in the queue.
    pub(super) fn give_back(&mut self, position: i64) {
        self.newest = self.newest.max(position);
        self.floor.set(self.floor.get().min(position));
        if position <= self.ahead {
            self.back.insert(position);
        }
    }

    /// An entry is not pending any more, or not in flight.
    pub(super) fn take_out(&mut self, id: DocumentId, position: i64) {
        self.back.remove(&position);
        if let Some(until) = self.postponed.remove(&position) {
            self.times.remove(&(until, position));
        }
        self.in_flight.remove(&id);
        self.unreadable.remove(&id);
    }

    pub(super) fn postpone(&mut self, id: DocumentId, until: UtcMs) {
        if let Some(position) = self.in_flight.remove(&id) {
            self.postponed.insert(position, until);
            self.times.insert((until, position));
        }
    }

    pub(super) fn release_in_flight(&mut self) {
        self.end_waiting();
        self.back
            .extend(self.in_flight.drain().map(|(_, position)| position));
    }

    /// Nothing is postponed any more.
    fn end_waiting(&mut self) {
        self.times.clear();
        self.back.extend(std::mem::take(&mut self.postponed).into_keys());
    }

    pub(super) fn next(
        &mut self,
        store: &mut Store,
        now: UtcMs,
    ) -> Result<Option<SignedDocument>, OutboxError> {
        // By a clock that was set back they would wait as much longer.
        if self.asked_at.replace(now).is_some_and(|before| now < before) {
            self.end_waiting();
        }
        while let Some(&(until, position)) = self.times.first().filter(|(until, _)| *until <= now) {
            self.times.remove(&(until, position));
            self.postponed.remove(&position);
            self.back.insert(position);
        }
        loop {
            let Some(position) = self.first(store)? else {
                return Ok(None);
            };
            let read = store::read(&store.connection, |connection| read(connection, position));
            let is_unreadable = matches!(read, Err(OutboxError::Unreadable(_)));
            let document = if is_unreadable { None } else { read? };
            self.back.remove(&position);
            self.ahead = self.ahead.max(position);
            if is_unreadable {
                self.damaged = true;
                store.reopen()?;
                if let Some(id) = id_at(&store.connection, position) {
                    self.unreadable.insert(id, position);
                }
            }
            if let Some(document) = document {
                self.in_flight.insert(document.id, position);
                return Ok(Some(document));
            }
        }
    }

    /// The first place of all that can be handed out.
    fn first(&mut self, store: &mut Store) -> Result<Option<i64>, OutboxError> {
        if let Some(position) = self.back.first() {
            return Ok(Some(*position));
        }
        while self.ahead < self.newest {
            let seek = store::read(&store.connection, |connection| {
                Ok(connection
                    .prepare_cached(
                        "SELECT position FROM entry WHERE position > ?1 AND state = ?2 ORDER BY position LIMIT 1",
                    )?
                    .query_row([self.ahead, state::PENDING], |row| row.get(0))
                    .optional()?)
            });
            match seek {
                Ok(Some(position)) => return Ok(Some(position)),
                Ok(None) => self.ahead = self.newest,
                // A page is damaged: what is behind it shall not wait for it.
                Err(OutboxError::Unreadable(_)) => {
                    self.damaged = true;
                    store.reopen()?;
                    self.ahead += 1;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// Reads a few entries, going on where it ended the last time, so that damage is met before the entry is wanted.
    pub(super) fn look_through(&mut self, store: &mut Store) -> Result<(), OutboxError> {
        for _ in 0..LOOK_THROUGH {
            match store::read(&store.connection, |connection| export(connection, self.looked_at)) {
                Ok(Some((position, ..))) => self.looked_at = position,
                Ok(None) => {
                    self.looked_at = 0;
                    break;
                }
                Err(OutboxError::Unreadable(_)) => {
                    self.damaged = true;
                    store.reopen()?;
                    self.looked_at += 1;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Something could not be read.
    pub(super) fn set_damaged(&mut self) {
        self.damaged = true;
    }

    /// Whether something could not be read.
    pub(super) fn is_damaged(&self) -> bool {
        self.damaged
    }

    /// Where an entry stands whose row says this.
    pub(super) fn state(&self, id: DocumentId, stored: EntryState) -> EntryState {
        if self.in_flight.contains_key(&id) {
            return EntryState::InFlight;
        }
        if self.unreadable.contains_key(&id) {
            return EntryState::Wedged(WedgeReason::Unreadable);
        }
        stored
    }

    pub(super) fn counts(&self, connection: &Connection) -> Result<(Counts, u64), OutboxError> {
        let mut query = connection.prepare_cached("SELECT kind, entries, bytes FROM tally")?;
        let mut rows = query.query([])?;
        let mut counts = Counts {
            in_flight: self.in_flight.len() as u64,
            ..Counts::default()
        };
        let unreadable = self.unreadable.len() as u64;
        let mut pending_bytes = 0;
        while let Some(row) = rows.next()? {
            let entries = row.get::<_, i64>(1)?.max(0).cast_unsigned();
            match row.get(0)? {
                0_i64 => {
                    counts.pending = entries.saturating_sub(counts.in_flight + unreadable);
                    pending_bytes = row.get::<_, i64>(2)?.max(0).cast_unsigned();
                }
                1 => counts.wedged = entries + unreadable,
                2 => counts.awaiting = entries,
                _ => counts.retained = entries,
            }
        }
        Ok((counts, pending_bytes))
    }

    pub(super) fn standing(&self, connection: &Connection) -> Result<Standing, OutboxError> {
        let (counts, pending_bytes) = self.counts(connection)?;
        let oldest: Option<(i64, i64)> = connection
            .prepare_cached(
                "SELECT position, put_at_ms FROM entry WHERE position >= ?1 AND state < ?2 ORDER BY position LIMIT 1",
            )?
            .query_row([self.floor.get(), state::WEDGED], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()?;
        self.floor
            .set(oldest.map_or(self.newest.saturating_add(1), |(position, _)| position));
        Ok(Standing {
            counts,
            pending_bytes,
            oldest_pending_put_at: oldest.map(|(_, put_at_ms)| UtcMs(put_at_ms)),
            last_contact_at: None,
            newest_receipt_at: None,
        })
    }
}

fn read(connection: &Connection, position: i64) -> Result<Option<SignedDocument>, OutboxError> {
    Ok(connection
        .prepare_cached("SELECT id, bytes FROM entry WHERE position = ?1")?
        .query_row([position], |row| {
            Ok(SignedDocument {
                id: DocumentId(row.get(0)?),
                bytes: row.get(1)?,
            })
        })
        .optional()?)
}

fn id_at(connection: &Connection, position: i64) -> Option<DocumentId> {
    let mut query = connection
        .prepare_cached("SELECT id FROM entry WHERE position = ?1")
        .ok()?;
    query.query_row([position], |row| row.get(0).map(DocumentId)).ok()
}

/// What was stored of a state; the first two columns are `state` and `wedge_code`.
pub(super) fn read_state(row: &Row<'_>) -> rusqlite::Result<EntryState> {
    match row.get(0)? {
        state::PENDING | state::IN_FLIGHT => Ok(EntryState::Pending),
        state::WEDGED_TOO_LARGE => Ok(EntryState::Wedged(WedgeReason::TooLarge)),
        // Another one comes from a later program, and stays with us as it is.
        _ => {
            let code: Option<String> = row.get(1)?;
            Ok(EntryState::Wedged(WedgeReason::of_code(
                &code.unwrap_or_default(),
            )))
        }
    }
}

/// The entry of a document: its place, and what its row says.
pub(super) fn find(
    connection: &Connection,
    id: DocumentId,
) -> Result<Option<(i64, EntryState)>, OutboxError> {
    Ok(connection
        .prepare_cached("SELECT state, wedge_code, position FROM entry WHERE id = ?1")?
        .query_row([id.0], |row| Ok((row.get(2)?, read_state(row)?)))
        .optional()?)
}

/// Stores a new pending entry; gives its place, or nothing if these very bytes are here already.
pub(super) fn insert(
    transaction: &Transaction<'_>,
    document: &SignedDocument,
    is_final: bool,
    now: UtcMs,
) -> Result<Option<i64>, OutboxError> {
    for sql in [
        "SELECT bytes = ?2 FROM entry WHERE id = ?1",
        "SELECT bytes = ?2 FROM retained WHERE id = ?1",
    ] {
        let same: Option<bool> = transaction
            .prepare_cached(sql)?
            .query_row(params![document.id.0, document.bytes], |row| row.get(0))
            .optional()?;
        match same {
            Some(true) => return Ok(None),
            Some(false) => return Err(OutboxError::Conflict(document.id)),
            None => {}
        }
    }
    transaction
        .prepare_cached(
            "INSERT INTO entry (id, is_final, put_at_ms, state, bytes) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            document.id.0,
            is_final,
            now.0,
            state::PENDING,
            document.bytes
        ])?;
    Ok(Some(transaction.last_insert_rowid()))
}

pub(super) fn wedge(
    transaction: &Transaction<'_>,
    position: i64,
    reason: &WedgeReason,
) -> Result<(), OutboxError> {
    // Older programs know the one without a code.
    let (state, code) = match reason {
        WedgeReason::TooLarge => (state::WEDGED_TOO_LARGE, None),
        other => (state::WEDGED, Some(other.code())),
    };
    transaction
        .prepare_cached("UPDATE entry SET state = ?2, wedge_code = ?3 WHERE position = ?1")?
        .execute(params![position, state, code])?;
    Ok(())
}

pub(super) fn unwedge(transaction: &Transaction<'_>, position: i64) -> Result<(), OutboxError> {
    transaction
        .prepare_cached("UPDATE entry SET state = ?2, wedge_code = NULL WHERE position = ?1")?
        .execute([position, state::PENDING])?;
    Ok(())
}

/// The first entry behind that place, and whether its bytes could be read.
pub(super) fn export(
    connection: &Connection,
    after: i64,
) -> Result<Option<(i64, SignedDocument, EntryState)>, OutboxError> {
    Ok(connection
        .prepare_cached(
            "SELECT state, wedge_code, position, id, bytes FROM entry WHERE position > ?1 ORDER BY position LIMIT 1",
        )?
        .query_row([after], |row| {
            let document = SignedDocument {
                id: DocumentId(row.get(3)?),
                bytes: row.get(4)?,
            };
            Ok((row.get(2)?, document, read_state(row)?))
        })
        .optional()?)
}
