//! The tables in PostgreSQL, and how they are made.

use tokio_postgres::{Client, Error, Transaction};

use super::steps::STEPS;
use crate::store::StoreError;

/// Version of the tables below.
const BASE_VERSION: i64 = 1;

/// Version of the tables with all steps.
const SCHEMA_VERSION: i64 = BASE_VERSION + STEPS.len() as i64;

/// `next_try_at` of a document that is not asked about again by itself.
pub(super) const NEVER: i64 = i64::MAX;

/// Held while tables are made, so that several gateways may start at once. A number that is nobody else's.
const MIGRATION_LOCK: i64 = 0x616c_6171_616e_0001;

/// What is encrypted says so. All else is for lists and for the order of things.
const SCHEMA: &str = "
CREATE TABLE alaqan_meta (name TEXT PRIMARY KEY, value BYTEA NOT NULL);

CREATE TABLE document (
    number         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- order of arrival
    id             BYTEA   NOT NULL UNIQUE,
    kiosk_id       TEXT    NOT NULL,
    outcome        TEXT    NOT NULL,
    received_at    BIGINT  NOT NULL,             -- UTC, ms
    signed_at      BIGINT  NOT NULL,             -- UTC, ms, by the clock of the kiosk
    sha256         BYTEA   NOT NULL,             -- of the signed bytes before their encryption
    kiosk_log      BYTEA,                        -- where the kiosk's audit log stood
    kiosk_number   BIGINT,
    kiosk_hash     BYTEA,
    audit_log      BYTEA   NOT NULL,             -- the record of the gateway that stored the document
    audit_number   BIGINT  NOT NULL,
    audit_hash     BYTEA   NOT NULL,
    asks           BOOLEAN NOT NULL,             -- whether the centre is to be asked
    attempts       INTEGER NOT NULL DEFAULT 0,   -- failed questions
    next_try_at    BIGINT  NOT NULL,             -- UTC, ms
    leased_by      TEXT,                         -- the gateway that asks now
    leased_until   BIGINT  NOT NULL DEFAULT 0,   -- UTC, ms, by the clock of the database
    fault          TEXT,                         -- why the last question failed
    answered_at    BIGINT,
    seen           BOOLEAN NOT NULL DEFAULT FALSE, -- whether the kiosk has stored the answer
    signed         BYTEA   NOT NULL,             -- encrypted
    answer         BYTEA                         -- encrypted
);
-- Ciphertext cannot be compressed.
ALTER TABLE document ALTER COLUMN signed SET STORAGE EXTERNAL, ALTER COLUMN answer SET STORAGE EXTERNAL;
CREATE INDEX document_unanswered ON document (next_try_at, number) WHERE asks AND answered_at IS NULL;
CREATE INDEX document_leased ON document (leased_until) WHERE asks AND answered_at IS NULL AND leased_until > 0;
CREATE INDEX document_unseen ON document (kiosk_id, number) WHERE answered_at IS NOT NULL AND NOT seen;
CREATE INDEX document_kiosk ON document (kiosk_id, number);
CREATE INDEX document_received ON document (received_at);
CREATE INDEX document_head ON document (kiosk_id, kiosk_log, kiosk_number) WHERE kiosk_log IS NOT NULL;

CREATE TABLE resend (
    number   BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kiosk_id TEXT  NOT NULL,
    id       BYTEA NOT NULL UNIQUE
);
CREATE INDEX resend_kiosk ON resend (kiosk_id, number);

CREATE TABLE audit_log (
    gateway TEXT   PRIMARY KEY,
    log     BYTEA  NOT NULL UNIQUE,
    number  BIGINT NOT NULL,
    hash    BYTEA  NOT NULL
);
CREATE TABLE audit_record (
    log     BYTEA  NOT NULL,
    number  BIGINT NOT NULL,
    at      BIGINT NOT NULL,                     -- UTC, ms
    session BYTEA,
    event   TEXT   NOT NULL,
    hash    BYTEA  NOT NULL,
    PRIMARY KEY (log, number)
);

CREATE TABLE kiosk (
    kiosk_id        TEXT   PRIMARY KEY,
    known_since     BIGINT NOT NULL,
    blocked_at      BIGINT,
    blocked_reason  TEXT,
    greeted_at      BIGINT,
    skew_ms         BIGINT,
    software        TEXT,
    software_sha256 BYTEA,
    gateway         TEXT
);
CREATE TABLE kiosk_log (
    kiosk_id      TEXT   NOT NULL,
    log           BYTEA  NOT NULL,
    number        BIGINT NOT NULL,
    hash          BYTEA  NOT NULL,
    first_seen_at BIGINT NOT NULL,
    seen_at       BIGINT NOT NULL,
    PRIMARY KEY (kiosk_id, log)
);
-- Who is connected is asked anew after a crash anyway.
CREATE UNLOGGED TABLE presence (
    kiosk_id   TEXT   PRIMARY KEY,
    connection BYTEA  NOT NULL,
    gateway    TEXT   NOT NULL,
    since      BIGINT NOT NULL
);
CREATE TABLE code (
    kiosk_id      TEXT    PRIMARY KEY,
    code_sha256   BYTEA   NOT NULL,
    expires_at    BIGINT  NOT NULL,
    used_by       BYTEA                          -- SHA-256 of a public key
);
CREATE TABLE certificate (
    number      BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    serial      BYTEA  NOT NULL UNIQUE,
    kiosk_id    TEXT   NOT NULL,
    not_before  BIGINT NOT NULL,
    not_after   BIGINT NOT NULL,
    fingerprint BYTEA  NOT NULL,
    key_sha256  BYTEA  NOT NULL,
    der         BYTEA  NOT NULL
);
CREATE INDEX certificate_kiosk ON certificate (kiosk_id, number);
CREATE TABLE request (
    number       BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kiosk_id     TEXT   NOT NULL,
    key_sha256   BYTEA  NOT NULL,
    der          BYTEA  NOT NULL,
    requested_at BIGINT NOT NULL,
    UNIQUE (kiosk_id, key_sha256)
);
CREATE TABLE revocation (
    number     BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    serial     BYTEA    NOT NULL UNIQUE,
    reason     SMALLINT NOT NULL,
    revoked_at BIGINT   NOT NULL
);
CREATE TABLE series (name TEXT PRIMARY KEY, number BIGINT NOT NULL);
";

/// Makes the tables or brings them up to date. Whoever comes at the same time waits.
pub(super) async fn migrate(client: &mut Client, store: &str) -> Result<(), MigrateError> {
    let transaction = client.transaction().await?;
    transaction
        .batch_execute("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0;")
        .await?;
    transaction
        .execute("SELECT pg_advisory_xact_lock($1)", &[&MIGRATION_LOCK])
        .await?;
    transaction
        .batch_execute("CREATE TABLE IF NOT EXISTS alaqan_schema (version BIGINT NOT NULL)")
        .await?;
    match version(&transaction).await? {
        0 => {
            transaction.batch_execute(SCHEMA).await?;
            step_up(&transaction, BASE_VERSION).await?;
            transaction
                .execute(
                    "INSERT INTO alaqan_schema (version) VALUES ($1)",
                    &[&SCHEMA_VERSION],
                )
                .await?;
        }
        SCHEMA_VERSION => {}
        version @ BASE_VERSION..SCHEMA_VERSION => {
            step_up(&transaction, version).await?;
            transaction
                .execute("UPDATE alaqan_schema SET version = $1", &[&SCHEMA_VERSION])
                .await?;
        }
        version => {
            return Err(MigrateError::Store(StoreError::Version {
                store: store.to_owned(),
                version,
                known: SCHEMA_VERSION,
            }));
        }
    }
    transaction.commit().await?;
    Ok(())
}

/// Adds what has come after this version.
async fn step_up(transaction: &Transaction<'_>, version: i64) -> Result<(), Error> {
    for (step, from) in STEPS.iter().zip(BASE_VERSION..) {
        if from >= version {
            transaction.batch_execute(step).await?;
        }
    }
    Ok(())
}

/// Version 0 has no tables.
async fn version(transaction: &Transaction<'_>) -> Result<i64, Error> {
    let row = transaction
        .query_one("SELECT coalesce(max(version), 0) FROM alaqan_schema", &[])
        .await?;
    row.try_get(0)
}

/// Why there are no tables.
pub(super) enum MigrateError {
    Database(Error),
    Store(StoreError),
}

impl From<Error> for MigrateError {
    fn from(error: Error) -> Self {
        Self::Database(error)
    }
}
