//! Receipts, what is retained with them, and awaited answers.

use rusqlite::{Connection, OptionalExtension, Transaction, params};
use verification::evidence::DocumentId;
use verification::time::UtcMs;

use crate::{FORGET_AT_ONCE, OutboxError};

/// Moves an entry from the queue to what is retained; gives its place.
pub(super) fn receipt(
    transaction: &Transaction<'_>,
    id: DocumentId,
    signed_receipt: &[u8],
    received_at: UtcMs,
    now: UtcMs,
) -> Result<Option<i64>, OutboxError> {
    let retained: Option<(i64, bool, i64)> = transaction
        .prepare_cached(
            "INSERT INTO retained (position, id, is_final, put_at_ms, received_at_ms, receipt, bytes)
             SELECT position, id, is_final, put_at_ms, ?2, ?3, bytes FROM entry WHERE id = ?1
             RETURNING position, is_final, put_at_ms",
        )?
        .query_row(params![id.0, received_at.0, signed_receipt], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .optional()?;
    let Some((position, is_final, put_at_ms)) = retained else {
        return Ok(None);
    };
    transaction
        .prepare_cached("DELETE FROM entry WHERE position = ?1")?
        .execute([position])?;
    if !is_final {
        transaction
            .prepare_cached(
                "INSERT INTO awaiting (id, put_at_ms, received_at_ms) VALUES (?1, ?2, ?3)
                 ON CONFLICT (id) DO NOTHING",
            )?
            .execute(params![id.0, put_at_ms, now.0])?;
    }
    transaction
        .prepare_cached("UPDATE store SET contact_at_ms = ?1, receipt_at_ms = ?1")?
        .execute([now.0])?;
    Ok(Some(position))
}

pub(super) fn retained_receipt(
    connection: &Connection,
    id: DocumentId,
) -> Result<Option<Vec<u8>>, OutboxError> {
    Ok(connection
        .prepare_cached("SELECT receipt FROM retained WHERE id = ?1")?
        .query_row([id.0], |row| row.get(0))
        .optional()?)
}

/// Moves a retained document back into its place in the queue; gives that.
pub(super) fn resend(transaction: &Transaction<'_>, id: DocumentId) -> Result<Option<i64>, OutboxError> {
    let position = transaction
        .prepare_cached(
            "INSERT INTO entry (position, id, is_final, put_at_ms, state, bytes)
             SELECT position, id, NOT EXISTS (SELECT 1 FROM awaiting WHERE awaiting.id = ?1), put_at_ms, 0, bytes
             FROM retained WHERE id = ?1
             RETURNING position",
        )?
        .query_row([id.0], |row| row.get(0))
        .optional()?;
    transaction
        .prepare_cached("DELETE FROM retained WHERE id = ?1")?
        .execute([id.0])?;
    Ok(position)
}

pub(super) fn forget(transaction: &Transaction<'_>, before: UtcMs) -> Result<u64, OutboxError> {
    let forgotten = transaction
        .prepare_cached(
            "DELETE FROM retained WHERE position IN
                (SELECT position FROM retained WHERE received_at_ms < ?1 ORDER BY received_at_ms, position LIMIT ?2)",
        )?
        .execute(params![before.0, FORGET_AT_ONCE.cast_signed()])?;
    Ok(forgotten as u64)
}

pub(super) fn is_retained(connection: &Connection, id: DocumentId) -> Result<bool, OutboxError> {
    Ok(connection
        .prepare_cached("SELECT 1 FROM retained WHERE id = ?1")?
        .exists([id.0])?)
}

pub(super) fn identified(transaction: &Transaction<'_>, id: DocumentId) -> Result<bool, OutboxError> {
    let answered = transaction
        .prepare_cached("DELETE FROM awaiting WHERE id = ?1")?
        .execute([id.0])?;
    Ok(answered > 0)
}

pub(super) fn is_awaited(connection: &Connection, id: DocumentId) -> Result<bool, OutboxError> {
    Ok(connection
        .prepare_cached("SELECT 1 FROM awaiting WHERE id = ?1")?
        .exists([id.0])?)
}

pub(super) fn awaiting(connection: &Connection, limit: usize) -> Result<Vec<DocumentId>, OutboxError> {
    let mut query = connection.prepare_cached("SELECT id FROM awaiting ORDER BY position LIMIT ?1")?;
    let ids = query
        .query_map([i64::try_from(limit).unwrap_or(i64::MAX)], |row| {
            row.get(0).map(DocumentId)
        })?
        .collect::<Result<_, _>>()?;
    Ok(ids)
}

/// When the gateway was heard, and when the last receipt came.
pub(super) fn contacts(connection: &Connection) -> Result<(Option<UtcMs>, Option<UtcMs>), OutboxError> {
    Ok(connection
        .prepare_cached("SELECT contact_at_ms, receipt_at_ms FROM store")?
        .query_row([], |row| {
            Ok((
                row.get::<_, Option<i64>>(0)?.map(UtcMs),
                row.get::<_, Option<i64>>(1)?.map(UtcMs),
            ))
        })?)
}

pub(super) fn contact(connection: &Connection, now: UtcMs) -> Result<(), OutboxError> {
    connection
        .prepare_cached("UPDATE store SET contact_at_ms = ?1")?
        .execute([now.0])?;
    Ok(())
}
