//! The tables in SQLite, and how an older file becomes a new one.

use rusqlite::{Connection, Transaction, params};
use sha2::{Digest, Sha256};
use verification::audit::{AuditHead, LogId};
use verification::evidence::DocumentId;
use verification::time::UtcMs;

use super::steps::STEPS;
use super::writer::Work;

/// Version of the tables below. Version 1 had the one table `document`.
pub(super) const BASE_VERSION: i64 = 2;

/// Version of the tables with all steps.
pub(super) const SCHEMA_VERSION: i64 = BASE_VERSION + STEPS.len() as i64;

/// `next_try_at` of a document that is not asked about again by itself.
pub(super) const NEVER: i64 = i64::MAX;

/// The bytes stand apart from what changes, so that noting an answer does not write a whole document again.
const SCHEMA: &str = "
CREATE TABLE document (
    number         INTEGER PRIMARY KEY,          -- order of arrival
    id             BLOB    NOT NULL UNIQUE,
    kiosk_id       TEXT    NOT NULL,
    outcome        TEXT    NOT NULL,
    received_at    INTEGER NOT NULL,             -- UTC, ms
    signed_at      INTEGER,                      -- UTC, ms, by the clock of the kiosk
    sha256         BLOB    NOT NULL,             -- of the signed bytes
    kiosk_log      BLOB,                         -- where the kiosk's audit log stood
    kiosk_number   INTEGER,
    kiosk_hash     BLOB,
    audit_log      BLOB    NOT NULL,             -- the gateway's record of the document
    audit_number   INTEGER NOT NULL,
    audit_hash     BLOB    NOT NULL,
    asks           INTEGER NOT NULL,             -- 1 if the centre is to be asked
    attempts       INTEGER NOT NULL DEFAULT 0,   -- failed questions
    next_try_at    INTEGER NOT NULL,             -- UTC, ms
    leased_until   INTEGER NOT NULL DEFAULT 0,   -- UTC, ms
    fault          TEXT,                         -- why the last question failed
    answered_at    INTEGER,
    seen           INTEGER NOT NULL DEFAULT 0    -- 1 once the kiosk has stored the answer
) STRICT;
CREATE TABLE signed (number INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
CREATE TABLE answer (number INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
CREATE INDEX document_unanswered ON document (next_try_at, number) WHERE asks = 1 AND answered_at IS NULL;
CREATE INDEX document_leased ON document (leased_until) WHERE asks = 1 AND answered_at IS NULL AND leased_until > 0;
CREATE INDEX document_unseen ON document (kiosk_id, number) WHERE answered_at IS NOT NULL AND seen = 0;
CREATE INDEX document_kiosk ON document (kiosk_id, number);
CREATE INDEX document_received ON document (received_at);
CREATE INDEX document_head ON document (kiosk_id, kiosk_log, kiosk_number) WHERE kiosk_log IS NOT NULL;

CREATE TABLE resend (
    number   INTEGER PRIMARY KEY,
    kiosk_id TEXT NOT NULL,
    id       BLOB NOT NULL UNIQUE
) STRICT;
CREATE INDEX resend_kiosk ON resend (kiosk_id, number);

CREATE TABLE audit_log (
    gateway TEXT PRIMARY KEY,
    log     BLOB    NOT NULL UNIQUE,
    number  INTEGER NOT NULL,
    hash    BLOB    NOT NULL
) STRICT;
CREATE TABLE audit_record (
    log     BLOB    NOT NULL,
    number  INTEGER NOT NULL,
    at      INTEGER NOT NULL,                    -- UTC, ms
    session BLOB,
    event   TEXT    NOT NULL,
    hash    BLOB    NOT NULL,
    PRIMARY KEY (log, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE kiosk (
    kiosk_id        TEXT PRIMARY KEY,
    known_since     INTEGER NOT NULL,
    blocked_at      INTEGER,
    blocked_reason  TEXT,
    greeted_at      INTEGER,
    skew_ms         INTEGER,
    software        TEXT,
    software_sha256 BLOB,
    gateway         TEXT
) STRICT;
CREATE TABLE kiosk_log (
    kiosk_id      TEXT    NOT NULL,
    log           BLOB    NOT NULL,
    number        INTEGER NOT NULL,
    hash          BLOB    NOT NULL,
    first_seen_at INTEGER NOT NULL,
    seen_at       INTEGER NOT NULL,
    PRIMARY KEY (kiosk_id, log)
) STRICT, WITHOUT ROWID;
CREATE TABLE code (
    kiosk_id      TEXT PRIMARY KEY,
    code_sha256   BLOB    NOT NULL,
    expires_at    INTEGER NOT NULL,
    used_by       BLOB                           -- SHA-256 of a public key
) STRICT;
CREATE TABLE certificate (
    number      INTEGER PRIMARY KEY,
    serial      BLOB    NOT NULL UNIQUE,
    kiosk_id    TEXT    NOT NULL,
    not_before  INTEGER NOT NULL,
    not_after   INTEGER NOT NULL,
    fingerprint BLOB    NOT NULL,
    key_sha256  BLOB    NOT NULL,
    der         BLOB    NOT NULL
) STRICT;
CREATE INDEX certificate_kiosk ON certificate (kiosk_id, number);
CREATE TABLE request (
    number       INTEGER PRIMARY KEY,
    kiosk_id     TEXT    NOT NULL,
    key_sha256   BLOB    NOT NULL,
    der          BLOB    NOT NULL,
    requested_at INTEGER NOT NULL,
    UNIQUE (kiosk_id, key_sha256)
) STRICT;
CREATE TABLE revocation (
    number     INTEGER PRIMARY KEY,
    serial     BLOB    NOT NULL UNIQUE,
    reason     INTEGER NOT NULL,
    revoked_at INTEGER NOT NULL
) STRICT;
CREATE TABLE series (name TEXT PRIMARY KEY, number INTEGER NOT NULL) STRICT;
";

/// Makes the tables in a new file.
pub(super) fn create(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    transaction.execute_batch(SCHEMA)?;
    step_up(transaction, BASE_VERSION)
}

/// Adds what has come after this version, which is [`BASE_VERSION`] or a later one.
pub(super) fn step_up(transaction: &Transaction<'_>, version: i64) -> rusqlite::Result<()> {
    for (step, from) in STEPS.iter().zip(BASE_VERSION..) {
        if from >= version {
            transaction.execute_batch(step)?;
        }
    }
    transaction.pragma_update(None, "user_version", SCHEMA_VERSION)
}

/// Turns a file of version 1 into one of this version. Each document of before gets a record in the audit log, so that
/// a receipt can be given for it too.
pub(super) fn from_version_1(
    transaction: &Transaction<'_>,
    gateway: &str,
    log: LogId,
    now: UtcMs,
) -> rusqlite::Result<()> {
    transaction.execute_batch(
        "ALTER TABLE document RENAME TO old; DROP INDEX document_unanswered; DROP INDEX document_unseen;",
    )?;
    create(transaction)?;
    begin_log(transaction, gateway, log)?;
    let work = Work::new(transaction, gateway, log);
    let mut numbers = transaction.prepare("SELECT number, id, signed FROM old ORDER BY number")?;
    let mut rows = numbers.query([])?;
    while let Some(row) = rows.next()? {
        let (number, id, signed): (i64, [u8; 16], Vec<u8>) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let head = work.note(&format!("document-taken-over {}", DocumentId(id)), None, now)?;
        let sha256: [u8; 32] = Sha256::digest(&signed).into();
        transaction
            .prepare_cached("INSERT INTO signed (number, bytes) VALUES (?1, ?2)")?
            .execute(params![number, signed])?;
        transaction
            .prepare_cached(
                "INSERT INTO document (number, id, kiosk_id, outcome, received_at, sha256, audit_log, audit_number,
                     audit_hash, asks, attempts, next_try_at, fault, answered_at, seen)
                 SELECT number, id, kiosk_id, outcome, received_at, ?2, ?3, ?4, ?5, asks, attempts, next_try_at, fault,
                     answered_at, seen
                 FROM old WHERE number = ?1",
            )?
            .execute(params![number, sha256, head.log.0, super::signed(head.number), head.hash])?;
    }
    drop(rows);
    drop(numbers);
    transaction.execute_batch(
        "INSERT INTO answer (number, bytes) SELECT number, answer FROM old WHERE answer IS NOT NULL;
         DROP TABLE old;",
    )
}

/// Begins the audit log of a gateway, unless it has one. Gives its name.
pub(super) fn begin_log(connection: &Connection, gateway: &str, log: LogId) -> rusqlite::Result<LogId> {
    let head = AuditHead::empty(log);
    connection.execute(
        "INSERT INTO audit_log (gateway, log, number, hash) VALUES (?1, ?2, 0, ?3) ON CONFLICT (gateway) DO NOTHING",
        params![gateway, log.0, head.hash],
    )?;
    connection.query_row(
        "SELECT log FROM audit_log WHERE gateway = ?1",
        params![gateway],
        |row| row.get(0).map(LogId),
    )
}
