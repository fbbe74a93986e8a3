//! Counted attempts in their table.

use rusqlite::{Connection, params};
use verification::evidence::Modality;
use verification::identifier::Iin;
use verification::time::UtcMs;
use zeroize::Zeroizing;

use crate::OutboxError;

pub(super) fn record(
    connection: &Connection,
    subject: &Iin,
    modality: Modality,
    now: UtcMs,
) -> Result<u8, OutboxError> {
    let digits = Zeroizing::new(subject.expose());
    connection
        .prepare_cached("INSERT INTO attempt (subject, modality, at_ms) VALUES (?1, ?2, ?3)")?
        .execute(params![digits.as_str(), code(modality), now.0])?;
    count(connection, subject, modality, UtcMs(i64::MIN))
}

pub(super) fn count(
    connection: &Connection,
    subject: &Iin,
    modality: Modality,
    since: UtcMs,
) -> Result<u8, OutboxError> {
    let digits = Zeroizing::new(subject.expose());
    let used: i64 = connection
        .prepare_cached("SELECT count(*) FROM attempt WHERE subject = ?1 AND modality = ?2 AND at_ms >= ?3")?
        .query_row(params![digits.as_str(), code(modality), since.0], |row| {
            row.get(0)
        })?;
    Ok(u8::try_from(used).unwrap_or(u8::MAX))
}

pub(super) fn forgive(connection: &Connection, subject: &Iin, modality: Modality) -> Result<(), OutboxError> {
    let digits = Zeroizing::new(subject.expose());
    connection
        .prepare_cached(
            "DELETE FROM attempt WHERE position =
                (SELECT max(position) FROM attempt WHERE subject = ?1 AND modality = ?2)",
        )?
        .execute(params![digits.as_str(), code(modality)])?;
    Ok(())
}

pub(super) fn clear(connection: &Connection, subject: &Iin, modality: Modality) -> Result<(), OutboxError> {
    let digits = Zeroizing::new(subject.expose());
    connection
        .prepare_cached("DELETE FROM attempt WHERE subject = ?1 AND modality = ?2")?
        .execute(params![digits.as_str(), code(modality)])?;
    Ok(())
}

pub(super) fn forget(connection: &Connection, before: UtcMs) -> Result<(), OutboxError> {
    connection
        .prepare_cached("DELETE FROM attempt WHERE at_ms < ?1")?
        .execute([before.0])?;
    Ok(())
}

fn code(modality: Modality) -> i64 {
    match modality {
        Modality::Face => 1,
        Modality::Palm => 2,
    }
}
