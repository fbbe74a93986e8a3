//! Enrolments that were ordered from a scanner and may have been cut off.

use rusqlite::{Connection, Transaction, params};
use verification::palm::PalmReference;
use verification::time::UtcMs;

use super::log;
use crate::OutboxError;
use crate::event::ORPHANED_EVENT;

pub(super) fn begin(
    transaction: &Transaction<'_>,
    scanner: &str,
    held: &[PalmReference],
    now: UtcMs,
) -> Result<(), OutboxError> {
    let was_open = is_open(transaction, scanner)?;
    transaction
        .prepare_cached(
            "INSERT INTO palm_enrolment (scanner, begun_at_ms) VALUES (?1, ?2)
             ON CONFLICT (scanner) DO UPDATE SET begun_at_ms = excluded.begun_at_ms",
        )?
        .execute(params![scanner, now.0])?;
    if was_open {
        return Ok(());
    }
    let mut insert = transaction.prepare_cached(
        "INSERT INTO palm_held (scanner, reference) VALUES (?1, ?2) ON CONFLICT (scanner, reference) DO NOTHING",
    )?;
    for reference in held {
        insert.execute(params![scanner, reference.0])?;
    }
    Ok(())
}

pub(super) fn held(
    connection: &Connection,
    scanner: &str,
) -> Result<Option<Vec<PalmReference>>, OutboxError> {
    if !is_open(connection, scanner)? {
        return Ok(None);
    }
    let mut query =
        connection.prepare_cached("SELECT reference FROM palm_held WHERE scanner = ?1 ORDER BY position")?;
    let references = query
        .query_map([scanner], |row| row.get(0).map(PalmReference))?
        .collect::<Result<_, _>>()?;
    Ok(Some(references))
}

pub(super) fn end(
    transaction: &Transaction<'_>,
    scanner: &str,
    found: &[PalmReference],
    now: UtcMs,
) -> Result<Vec<PalmReference>, OutboxError> {
    if !is_open(transaction, scanner)? {
        return Ok(Vec::new());
    }
    let mut is_accounted_for = transaction.prepare_cached(
        "SELECT 1 FROM palm_held WHERE scanner = ?1 AND reference = ?2
         UNION ALL SELECT 1 FROM palm WHERE scanner = ?1 AND reference = ?2",
    )?;
    // It is there already if it was proposed, and refused meanwhile.
    let mut insert = transaction.prepare_cached(
        "INSERT INTO palm_deletion (scanner, reference) VALUES (?1, ?2) ON CONFLICT (scanner, reference) DO NOTHING",
    )?;
    let mut orphans = Vec::new();
    for &reference in found {
        let named = params![scanner, reference.0];
        if orphans.contains(&reference) || is_accounted_for.exists(named)? {
            continue;
        }
        if insert.execute(named)? > 0 {
            log::append(transaction, now, None, ORPHANED_EVENT)?;
        }
        orphans.push(reference);
    }
    transaction
        .prepare_cached("DELETE FROM palm_enrolment WHERE scanner = ?1")?
        .execute([scanner])?;
    Ok(orphans)
}

/// The scanner no longer holds it: what appears under this number from now on is another template.
pub(super) fn release(
    transaction: &Transaction<'_>,
    scanner: &str,
    reference: PalmReference,
) -> Result<(), OutboxError> {
    transaction
        .prepare_cached("DELETE FROM palm_held WHERE scanner = ?1 AND reference = ?2")?
        .execute(params![scanner, reference.0])?;
    Ok(())
}

fn is_open(connection: &Connection, scanner: &str) -> Result<bool, OutboxError> {
    Ok(connection
        .prepare_cached("SELECT 1 FROM palm_enrolment WHERE scanner = ?1")?
        .exists([scanner])?)
}
