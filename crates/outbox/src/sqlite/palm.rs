//! Whose palm a reference in a scanner is.

use rusqlite::{Connection, OptionalExtension, Params, Transaction, params};
use verification::evidence::DocumentId;
use verification::identifier::Iin;
use verification::palm::PalmReference;
use verification::time::UtcMs;
use zeroize::Zeroizing;

use super::{enrolment, log};
use crate::OutboxError;
use crate::event::{DELETED_EVENT, FORGOTTEN_EVENT, OVERWRITTEN_EVENT, propose_event, settle_event};

pub(super) fn propose(
    transaction: &Transaction<'_>,
    subject: &Iin,
    scanner: &str,
    reference: PalmReference,
    document: DocumentId,
    now: UtcMs,
) -> Result<(), OutboxError> {
    let digits = Zeroizing::new(subject.expose());
    // Whoever had this number in the scanner has lost the template behind it.
    let was_in_use: Option<bool> = transaction
        .prepare_cached(
            "DELETE FROM palm WHERE scanner = ?1 AND reference = ?2 RETURNING subject <> ?3 OR document <> ?4",
        )?
        .query_row(
            params![scanner, reference.0, digits.as_str(), document.0],
            |row| row.get(0),
        )
        .optional()?;
    transaction
        .prepare_cached("DELETE FROM palm_deletion WHERE scanner = ?1 AND reference = ?2")?
        .execute(params![scanner, reference.0])?;
    remove(
        transaction,
        "subject = ?1 AND scanner = ?2 AND NOT is_confirmed",
        params![digits.as_str(), scanner],
    )?;
    transaction
        .prepare_cached(
            "INSERT INTO palm (subject, scanner, reference, document, is_confirmed, proposed_at_ms)
             VALUES (?1, ?2, ?3, ?4, FALSE, ?5)",
        )?
        .execute(params![digits.as_str(), scanner, reference.0, document.0, now.0])?;
    if was_in_use == Some(true) {
        log::append(transaction, now, None, OVERWRITTEN_EVENT)?;
    }
    log::append(transaction, now, None, &propose_event(document))?;
    Ok(())
}

pub(super) fn settle(
    transaction: &Transaction<'_>,
    document: DocumentId,
    matched: bool,
    now: UtcMs,
) -> Result<Vec<(String, PalmReference)>, OutboxError> {
    let is_known = transaction
        .prepare_cached("SELECT 1 FROM palm WHERE document = ?1 AND NOT is_confirmed")?
        .exists([document.0])?;
    if !is_known {
        return Ok(Vec::new());
    }
    let deletions = if matched {
        let old = remove(
            transaction,
            "is_confirmed AND (subject, scanner) IN
                (SELECT subject, scanner FROM palm WHERE document = ?1 AND NOT is_confirmed)",
            [document.0],
        )?;
        transaction
            .prepare_cached("UPDATE palm SET is_confirmed = TRUE WHERE document = ?1 AND NOT is_confirmed")?
            .execute([document.0])?;
        old
    } else {
        remove(transaction, "document = ?1 AND NOT is_confirmed", [document.0])?
    };
    log::append(transaction, now, None, &settle_event(document, matched))?;
    Ok(deletions)
}

/// Settles proposals whose session was cut off before its document was here: nobody will ever answer them.
pub(super) fn abandon(transaction: &Transaction<'_>, now: UtcMs) -> Result<(), OutboxError> {
    let abandoned: Vec<DocumentId> = transaction
        .prepare(
            "SELECT DISTINCT document FROM palm WHERE NOT is_confirmed
             AND document NOT IN (SELECT id FROM entry) AND document NOT IN (SELECT id FROM awaiting)",
        )?
        .query_map([], |row| row.get(0).map(DocumentId))?
        .collect::<Result<_, _>>()?;
    for document in abandoned {
        settle(transaction, document, false, now)?;
    }
    Ok(())
}

pub(super) fn reference(
    connection: &Connection,
    subject: &Iin,
    scanner: &str,
) -> Result<Option<PalmReference>, OutboxError> {
    let digits = Zeroizing::new(subject.expose());
    Ok(connection
        .prepare_cached("SELECT reference FROM palm WHERE subject = ?1 AND scanner = ?2 AND is_confirmed")?
        .query_row(params![digits.as_str(), scanner], |row| {
            row.get(0).map(PalmReference)
        })
        .optional()?)
}

pub(super) fn forget(
    transaction: &Transaction<'_>,
    subject: &Iin,
    now: UtcMs,
) -> Result<Vec<(String, PalmReference)>, OutboxError> {
    let digits = Zeroizing::new(subject.expose());
    let deletions = remove(transaction, "subject = ?1", [digits.as_str()])?;
    if !deletions.is_empty() {
        log::append(transaction, now, None, FORGOTTEN_EVENT)?;
    }
    Ok(deletions)
}

pub(super) fn deletions(connection: &Connection, scanner: &str) -> Result<Vec<PalmReference>, OutboxError> {
    let mut query = connection
        .prepare_cached("SELECT reference FROM palm_deletion WHERE scanner = ?1 ORDER BY position")?;
    let references = query
        .query_map([scanner], |row| row.get(0).map(PalmReference))?
        .collect::<Result<_, _>>()?;
    Ok(references)
}

pub(super) fn deleted(
    transaction: &Transaction<'_>,
    scanner: &str,
    reference: PalmReference,
    now: UtcMs,
) -> Result<bool, OutboxError> {
    let deleted = transaction
        .prepare_cached("DELETE FROM palm_deletion WHERE scanner = ?1 AND reference = ?2")?
        .execute(params![scanner, reference.0])?
        > 0;
    if deleted {
        enrolment::release(transaction, scanner, reference)?;
        log::append(transaction, now, None, DELETED_EVENT)?;
    }
    Ok(deleted)
}

/// Takes rows out; what they name is to be deleted.
fn remove(
    transaction: &Transaction<'_>,
    which: &str,
    params: impl Params + Clone,
) -> Result<Vec<(String, PalmReference)>, OutboxError> {
    let removed: Vec<(String, PalmReference)> = transaction
        .prepare_cached(&format!(
            "SELECT scanner, reference FROM palm WHERE {which} ORDER BY position"
        ))?
        .query_map(params.clone(), |row| {
            Ok((row.get(0)?, PalmReference(row.get(1)?)))
        })?
        .collect::<Result<_, _>>()?;
    transaction
        .prepare_cached(&format!("DELETE FROM palm WHERE {which}"))?
        .execute(params)?;
    for (scanner, reference) in &removed {
        transaction
            .prepare_cached("INSERT INTO palm_deletion (scanner, reference) VALUES (?1, ?2)")?
            .execute(params![scanner, reference.0])?;
    }
    Ok(removed)
}
