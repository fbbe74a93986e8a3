//! The tables, and how those of an older version become those of this one.
//!
//! The version is written into the file as `user_version`. The hundreds are a generation: a store of another generation
//! is not understood. Within one, a later version has only added what an earlier one may leave alone:
//!
//! | version | added |
//! |---|---|
//! | 100 | `entry`, `awaiting`, `attempt`, `audit` |
//! | 101 | `palm`, `palm_deletion`, `palm_enrolment`, `palm_held` |
//! | 102 | `retained`, `store`, `note`, `tally` with its triggers, indices |
//!
//! `audit_earlier` is made where it is needed, see [`log`].
//!
//! So a program of version 101 works on a file of version 102: it keeps the tallies right without knowing of them, since
//! the triggers are in the file; it does not retain what is delivered; what it leaves in flight or postponed is taken back
//! at the next opening.

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use verification::audit::{AuditHead, LogId};
use verification::time::UtcMs;

use super::log::Loss;
use super::{log, palm};
use crate::OutboxError;

/// Of this program.
pub(super) const VERSION: i64 = 102;

// The bytes stand last in `entry`, so that walking along the queue does not read them.
const QUEUE: &str = "
    CREATE TABLE entry (
        position   INTEGER PRIMARY KEY AUTOINCREMENT,
        id         BLOB NOT NULL UNIQUE,
        is_final   INTEGER NOT NULL,
        put_at_ms  INTEGER NOT NULL,
        state      INTEGER NOT NULL,
        retry_at_ms INTEGER,
        wedge_code TEXT,
        bytes      BLOB NOT NULL
    ) STRICT;
    CREATE TABLE awaiting (
        position       INTEGER PRIMARY KEY AUTOINCREMENT,
        id             BLOB NOT NULL UNIQUE,
        put_at_ms      INTEGER NOT NULL,
        received_at_ms INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE attempt (
        position INTEGER PRIMARY KEY,
        subject  TEXT NOT NULL,
        modality INTEGER NOT NULL,
        at_ms    INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE audit (
        number  INTEGER PRIMARY KEY,
        at_ms   INTEGER NOT NULL,
        session BLOB,
        event   TEXT NOT NULL,
        hash    BLOB NOT NULL
    ) STRICT;
";

const PALM: &str = "
    CREATE TABLE palm (
        position     INTEGER PRIMARY KEY,
        subject      TEXT NOT NULL,
        scanner      TEXT NOT NULL,
        reference    INTEGER NOT NULL,
        document     BLOB NOT NULL,
        is_confirmed INTEGER NOT NULL,
        proposed_at_ms INTEGER NOT NULL,
        UNIQUE (subject, scanner, is_confirmed),
        UNIQUE (scanner, reference)
    ) STRICT;
    CREATE TABLE palm_deletion (
        position  INTEGER PRIMARY KEY,
        scanner   TEXT NOT NULL,
        reference INTEGER NOT NULL,
        UNIQUE (scanner, reference)
    ) STRICT;
    CREATE TABLE palm_enrolment (
        scanner     TEXT PRIMARY KEY,
        begun_at_ms INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE palm_held (
        position  INTEGER PRIMARY KEY,
        scanner   TEXT NOT NULL REFERENCES palm_enrolment ON DELETE CASCADE,
        reference INTEGER NOT NULL,
        UNIQUE (scanner, reference)
    ) STRICT;
";

// `tally` holds how many there are and how long they are together: 0 entries that are not wedged, 1 wedged entries,
// 2 awaited answers, 3 retained documents.
const CUSTODY: &str = "
    CREATE TABLE retained (
        position       INTEGER PRIMARY KEY,
        id             BLOB NOT NULL UNIQUE,
        is_final       INTEGER NOT NULL,
        put_at_ms      INTEGER NOT NULL,
        received_at_ms INTEGER NOT NULL,
        receipt        BLOB NOT NULL,
        bytes          BLOB NOT NULL
    ) STRICT;
    CREATE INDEX retained_since ON retained (received_at_ms);
    CREATE TABLE store (
        only          INTEGER PRIMARY KEY CHECK (only = 1),
        log           BLOB NOT NULL,
        contact_at_ms INTEGER,
        receipt_at_ms INTEGER
    ) STRICT;
    CREATE TABLE note (
        name TEXT PRIMARY KEY,
        text TEXT NOT NULL
    ) STRICT;
    CREATE TABLE tally (
        kind    INTEGER PRIMARY KEY,
        entries INTEGER NOT NULL,
        bytes   INTEGER NOT NULL
    ) STRICT;
    INSERT INTO tally
        SELECT 0, count(*), coalesce(sum(length(bytes)), 0) FROM entry WHERE state < 2
        UNION ALL SELECT 1, count(*), coalesce(sum(length(bytes)), 0) FROM entry WHERE state >= 2
        UNION ALL SELECT 2, count(*), 0 FROM awaiting
        UNION ALL SELECT 3, 0, 0;
    CREATE TRIGGER entry_put AFTER INSERT ON entry BEGIN
        UPDATE tally SET entries = entries + 1, bytes = bytes + length(new.bytes) WHERE kind = (new.state >= 2);
    END;
    CREATE TRIGGER entry_gone AFTER DELETE ON entry BEGIN
        UPDATE tally SET entries = entries - 1, bytes = bytes - length(old.bytes) WHERE kind = (old.state >= 2);
    END;
    CREATE TRIGGER entry_turned AFTER UPDATE OF state ON entry WHEN (old.state >= 2) <> (new.state >= 2) BEGIN
        UPDATE tally SET entries = entries - 1, bytes = bytes - length(old.bytes) WHERE kind = (old.state >= 2);
        UPDATE tally SET entries = entries + 1, bytes = bytes + length(old.bytes) WHERE kind = (new.state >= 2);
    END;
    CREATE TRIGGER awaiting_put AFTER INSERT ON awaiting BEGIN
        UPDATE tally SET entries = entries + 1 WHERE kind = 2;
    END;
    CREATE TRIGGER awaiting_gone AFTER DELETE ON awaiting BEGIN
        UPDATE tally SET entries = entries - 1 WHERE kind = 2;
    END;
    CREATE TRIGGER retained_put AFTER INSERT ON retained BEGIN
        UPDATE tally SET entries = entries + 1, bytes = bytes + length(new.bytes) WHERE kind = 3;
    END;
    CREATE TRIGGER retained_gone AFTER DELETE ON retained BEGIN
        UPDATE tally SET entries = entries - 1, bytes = bytes - length(old.bytes) WHERE kind = 3;
    END;
    CREATE INDEX entry_taken ON entry (position) WHERE state = 1 OR retry_at_ms IS NOT NULL;
    CREATE INDEX attempt_of ON attempt (subject, modality, at_ms);
    CREATE INDEX attempt_since ON attempt (at_ms);
    CREATE INDEX palm_proposed ON palm (document) WHERE NOT is_confirmed;
";

/// Puts back what an older program left in flight or postponed. This one keeps both in memory.
pub(super) const TAKE_BACK: &str =
    "UPDATE entry SET state = CASE state WHEN 1 THEN 0 ELSE state END, retry_at_ms = NULL
     WHERE state = 1 OR retry_at_ms IS NOT NULL";

/// Makes what is missing, and takes back what was in flight or cut off. Writes in any case, so that a store that cannot be
/// written is noticed before a person trusts it. `log` names the audit log where one begins: in a new store, and after a
/// loss of records.
pub(super) fn prepare(
    connection: &mut Connection,
    log: LogId,
    loss: Option<Loss>,
    now: UtcMs,
) -> Result<(), OutboxError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if version == 0 {
        transaction.execute_batch(QUEUE)?;
    }
    if version < 101 {
        transaction.execute_batch(PALM)?;
    }
    if version < 102 {
        transaction.execute_batch(CUSTODY)?;
        // The logs of older versions have no name.
        let log = if version == 0 { log } else { LogId::default() };
        transaction.execute("INSERT INTO store (only, log) VALUES (1, ?1)", [log.0])?;
    }
    correct_log_name(&transaction)?;
    if let Some(loss) = loss {
        log::begin_anew(&transaction, log, loss, now)?;
    }
    transaction.execute(TAKE_BACK, [])?;
    palm::abandon(&transaction, now)?;
    transaction.pragma_update(None, "user_version", version.max(VERSION))?;
    transaction.commit()?;
    Ok(())
}

/// An older program that was first to write into the log has begun it without its name.
fn correct_log_name(transaction: &Transaction<'_>) -> Result<(), OutboxError> {
    let log = LogId(transaction.query_row("SELECT log FROM store", [], |row| row.get(0))?);
    let first = transaction
        .query_row(
            "SELECT number, at_ms, session, event, hash FROM audit WHERE number = 1",
            [],
            log::read_record,
        )
        .optional()?;
    let nameless = LogId::default();
    let is_nameless =
        first.is_some_and(|first| AuditHead::empty(nameless).follow(&first.entry()).hash == first.hash);
    if log != nameless && is_nameless {
        transaction.execute("UPDATE store SET log = ?1", params![nameless.0])?;
    }
    Ok(())
}
