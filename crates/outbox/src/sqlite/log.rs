//! The audit log in its table.

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use verification::audit::{AuditEntry, AuditHead, AuditRecord, AuditTrail, LogId};
use verification::evidence::SessionId;
use verification::time::UtcMs;

use crate::OutboxError;

/// How many records are read at once where all are.
const CHUNK: usize = 1000;

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
