//! The audit log in its table.

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use verification::audit::{AuditEntry, AuditHead, AuditRecord, AuditTrail, LogId};
use verification::evidence::SessionId;
use verification::time::UtcMs;

use super::SqliteOutbox;
use crate::OutboxError;
use crate::event::{continue_event, missing_event};

/// How many records are read at once where all are.
const CHUNK: usize = 1000;

/// Records were lost that others may have seen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Loss {
    /// The first and the last of those that are known to be missing.
    pub(super) missing: Option<(u64, u64)>,
}

impl SqliteOutbox {
    /// Where the logs end that were kept here before, the oldest first: each lost records and was continued under another
    /// name, so that no number names two records.
    ///
    /// # Errors
    /// If the store fails.
    pub fn earlier_logs(&self) -> Result<Vec<AuditHead>, OutboxError> {
        earlier(&self.store.connection)
    }

    /// Records of a log that was kept here before, behind that number, in their order, at most `limit`.
    ///
    /// # Errors
    /// If the store fails.
    pub fn earlier_records(
        &self,
        log: LogId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<AuditRecord>, OutboxError> {
        let connection = &self.store.connection;
        if !connection.table_exists(None, "audit_earlier")? {
            return Ok(Vec::new());
        }
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut query = connection.prepare_cached(
            "SELECT number, at_ms, session, event, hash FROM audit_earlier
             WHERE log = ?1 AND number > ?2 ORDER BY number LIMIT ?3",
        )?;
        let records = query
            .query_map(
                params![log.0, i64::try_from(after).unwrap_or(i64::MAX), limit],
                read_record,
            )?
            .collect::<Result<_, _>>()?;
        Ok(records)
    }
}

/// Where the logs end that were kept before, the oldest first.
pub(super) fn earlier(connection: &Connection) -> Result<Vec<AuditHead>, OutboxError> {
    if !connection.table_exists(None, "audit_earlier")? {
        return Ok(Vec::new());
    }
    let mut query = connection.prepare(
        "SELECT log, number, hash FROM audit_earlier AS newest
         WHERE number = (SELECT max(number) FROM audit_earlier WHERE log = newest.log) ORDER BY place",
    )?;
    let heads = query
        .query_map([], |row| {
            Ok(AuditHead {
                log: LogId(row.get(0)?),
                number: row.get::<_, i64>(1)?.cast_unsigned(),
                hash: row.get(2)?,
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(heads)
}

/// Goes on under another name, so that what others have seen of the lost records contradicts nothing. The records that
/// are left stay readable in a table of their own.
pub(super) fn begin_anew(
    transaction: &Transaction<'_>,
    log: LogId,
    loss: Loss,
    now: UtcMs,
) -> Result<(), OutboxError> {
    let tip = tip(transaction)?;
    transaction.execute_batch(
        "CREATE TABLE IF NOT EXISTS audit_earlier (
            place   INTEGER PRIMARY KEY,
            log     BLOB NOT NULL,
            number  INTEGER NOT NULL,
            at_ms   INTEGER NOT NULL,
            session BLOB,
            event   TEXT NOT NULL,
            hash    BLOB NOT NULL,
            UNIQUE (log, number)
        ) STRICT;",
    )?;
    transaction.execute(
        "INSERT INTO audit_earlier (log, number, at_ms, session, event, hash)
         SELECT ?1, number, at_ms, session, event, hash FROM audit ORDER BY number",
        [tip.log.0],
    )?;
    transaction.execute("DELETE FROM audit", [])?;
    transaction.execute("UPDATE store SET log = ?1", [log.0])?;
    append(transaction, now, None, &continue_event(tip))?;
    if let Some((first, last)) = loss.missing {
        append(transaction, now, None, &missing_event(first, last))?;
    }
    Ok(())
}

pub(super) fn append(
    transaction: &Transaction<'_>,
    now: UtcMs,
    session: Option<SessionId>,
    event: &str,
) -> Result<AuditHead, OutboxError> {
    let entry = AuditEntry {
        at: now,
        session,
        event,
    };
    let next = tip(transaction)?.follow(&entry);
    transaction
        .prepare_cached(
            "INSERT INTO audit (number, hash, at_ms, session, event) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            next.number.cast_signed(),
            next.hash,
            now.0,
            session.map(|session| session.0),
            event
        ])?;
    Ok(next)
}

pub(super) fn name(connection: &Connection) -> Result<LogId, OutboxError> {
    Ok(connection
        .prepare_cached("SELECT log FROM store")?
        .query_row([], |row| row.get(0).map(LogId))?)
}

pub(super) fn tip(connection: &Connection) -> Result<AuditHead, OutboxError> {
    let log = name(connection)?;
    let head = connection
        .prepare_cached("SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1")?
        .query_row([], |row| {
            Ok(AuditHead {
                log,
                number: row.get::<_, i64>(0)?.cast_unsigned(),
                hash: row.get(1)?,
            })
        })
        .optional()?;
    Ok(head.unwrap_or(AuditHead::empty(log)))
}

pub(super) fn records(
    connection: &Connection,
    after: u64,
    limit: usize,
) -> Result<Vec<AuditRecord>, OutboxError> {
    let after = i64::try_from(after).unwrap_or(i64::MAX);
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut query = connection.prepare_cached(
        "SELECT number, at_ms, session, event, hash FROM audit WHERE number > ?1 ORDER BY number LIMIT ?2",
    )?;
    let records = query
        .query_map(params![after, limit], read_record)?
        .collect::<Result<_, _>>()?;
    Ok(records)
}

pub(super) fn verify(connection: &Connection) -> Result<u64, OutboxError> {
    let mut trail = AuditTrail::from(AuditHead::empty(name(connection)?));
    loop {
        let records = records(connection, trail.head().number, CHUNK)?;
        if records.is_empty() {
            return Ok(trail.head().number);
        }
        for record in &records {
            trail.follow(record).map_err(OutboxError::AuditBroken)?;
        }
    }
}

pub(super) fn read_record(row: &Row<'_>) -> rusqlite::Result<AuditRecord> {
    let session: Option<[u8; 16]> = row.get(2)?;
    Ok(AuditRecord {
        number: row.get::<_, i64>(0)?.cast_unsigned(),
        at: UtcMs(row.get(1)?),
        session: session.map(SessionId),
        event: row.get(3)?,
        hash: row.get(4)?,
    })
}
