//! The store as one encrypted file: SQLite with SQLCipher.
//!
//! The file and what SQLite lays beside it (`-wal`, `-shm`, `-journal`) hold nothing in the clear. A store that
//! cannot be read is moved aside, never deleted: whoever has the key of that time can still get at it.

mod enrolment;
mod file;
mod palm;

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::types::Type;
use rusqlite::{
    Connection, ErrorCode, OpenFlags, OptionalExtension, Row, Transaction, TransactionBehavior, params,
};
use verification::Sensitive;
use verification::evidence::{DocumentId, Modality, SessionId};
use verification::identifier::Iin;
use verification::palm::PalmReference;
use verification::time::UtcMs;
use zeroize::Zeroizing;

use self::file::{check_file, create_private, is_orphaned, quarantine, unlock};
use crate::audit::{AuditHead, Entry, check, follow};
use crate::event::{put_event, receipt_event};
use crate::{Counts, EntryState, Outbox, OutboxError, SignedDocument, WedgeReason};

/// Written into the file as `user_version`. The hundreds are a generation: a store of another generation is
/// not understood. Within one, a later version has only added what an earlier one may leave alone.
const SCHEMA_VERSION: i64 = 101;

/// How long another program may hold the file before it counts as locked.
const LOCK_PATIENCE: Duration = Duration::from_millis(500);

// The bytes stand last in `entry`, so that walking along the queue does not read them.
const SCHEMA: &str = "
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

/// What came with the schema 101.
const PALM_SCHEMA: &str = "
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

/// Values of `entry.state`.
mod state {
    pub(super) const PENDING: i64 = 0;
    pub(super) const IN_FLIGHT: i64 = 1;
    pub(super) const WEDGED_REFUSED: i64 = 2;
    pub(super) const WEDGED_TOO_LARGE: i64 = 3;
}

/// The store in an encrypted file. It is the only user of the file while it is open.
#[derive(Debug)]
pub struct SqliteOutbox {
    connection: Connection,
}

/// What [`SqliteOutbox::open`] gives.
#[derive(Debug)]
pub struct Opened {
    /// The store.
    pub outbox: SqliteOutbox,
    /// Where the file was moved that could not be read; the store is new then.
    pub quarantined: Option<PathBuf>,
}

impl SqliteOutbox {
    /// Opens the file, or makes it where there is none; its folder must exist. What was in flight is pending
    /// again, and what was postponed may go at once. A palm that was proposed in a session whose document never came
    /// here is to be deleted.
    ///
    /// A file that is damaged or was written with another key is renamed beside itself, to
    /// `<file>.quarantine-<now in ms>-<key id>`, together with its journals, and a new store begins.
    ///
    /// # Errors
    /// A file that is locked, cannot be written, lies on a full or failing disk, or was written by a later
    /// version stays where it is, and the error says so.
    pub fn open(path: &Path, key: &Sensitive<[u8; 32]>, now: UtcMs) -> Result<Opened, OutboxError> {
        if is_orphaned(path) {
            return Self::begin_anew(path, key, now);
        }
        match Self::open_readable(path, key, now) {
            Ok(outbox) => Ok(Opened {
                outbox,
                quarantined: None,
            }),
            Err(OutboxError::Unreadable(_)) => Self::begin_anew(path, key, now),
            Err(error) => Err(error),
        }
    }

    fn begin_anew(path: &Path, key: &Sensitive<[u8; 32]>, now: UtcMs) -> Result<Opened, OutboxError> {
        let quarantined = quarantine(path, key, now)?;
        let mut outbox = Self::open_readable(path, key, now)?;
        outbox.append_audit(now, None, "StoreQuarantined")?;
        Ok(Opened {
            outbox,
            quarantined: Some(quarantined),
        })
    }

    fn open_readable(path: &Path, key: &Sensitive<[u8; 32]>, now: UtcMs) -> Result<Self, OutboxError> {
        create_private(path)?;
        // No URI names: a path is a path. No mutex: the connection is used by one thread at a time.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(LOCK_PATIENCE)?;
        // Until the file is known to be good, nothing of it may be moved from one file to another.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        unlock(&connection, key)?;
        check_file(&connection)?;
        connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "secure_delete", true)?;
        prepare(&mut connection, now)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
        let outbox = Self { connection };
        outbox.checkpoint();
        Ok(outbox)
    }

    fn commit(&mut self, document: &SignedDocument, is_final: bool, now: UtcMs) -> Result<(), OutboxError> {
        let transaction = self.transaction()?;
        let known: Option<bool> = transaction
            .prepare_cached("SELECT bytes = ?2 FROM entry WHERE id = ?1")?
            .query_row(params![document.id.0, document.bytes], |row| row.get(0))
            .optional()?;
        match known {
            Some(true) => return Ok(()),
            Some(false) => return Err(OutboxError::Conflict(document.id)),
            None => {}
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
        append(&transaction, now, None, &put_event(document.id))?;
        transaction.commit()?;
        self.checkpoint();
        Ok(())
    }

    /// Moves the journal into the file.
    ///
    /// What is committed is safe in the journal; but SQLite takes a damaged journal for one that ends early,
    /// whereas each page of the file has a message authentication code and its damage is noticed. So
    /// documents do not stay in the journal. A failure here changes nothing that was promised: SQLite tries
    /// again by itself.
    fn checkpoint(&self) {
        let _ = self
            .connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    }

    fn transaction(&mut self) -> Result<Transaction<'_>, OutboxError> {
        Ok(self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?)
    }

    fn set_state(
        &mut self,
        id: DocumentId,
        state: i64,
        wedge_code: Option<&str>,
        from: &str,
    ) -> Result<(), OutboxError> {
        let sql = format!(
            "UPDATE entry SET state = ?2, wedge_code = ?3, retry_at_ms = NULL WHERE id = ?1 AND {from}"
        );
        self.connection
            .prepare_cached(&sql)?
            .execute(params![id.0, state, wedge_code])?;
        Ok(())
    }
}

impl Outbox for SqliteOutbox {
    fn put(&mut self, document: &SignedDocument, now: UtcMs) -> Result<(), OutboxError> {
        self.commit(document, false, now)
    }

    fn put_final(&mut self, document: &SignedDocument, now: UtcMs) -> Result<(), OutboxError> {
        self.commit(document, true, now)
    }

    fn next(&mut self, now: UtcMs) -> Result<Option<SignedDocument>, OutboxError> {
        let transaction = self.transaction()?;
        let next = transaction
            .prepare_cached(
                "SELECT position, id, bytes FROM entry
                 WHERE state = ?1 AND (retry_at_ms IS NULL OR retry_at_ms <= ?2) ORDER BY position LIMIT 1",
            )?
            .query_row(params![state::PENDING, now.0], |row| {
                let document = SignedDocument {
                    id: DocumentId(row.get(1)?),
                    bytes: row.get(2)?,
                };
                Ok((row.get::<_, i64>(0)?, document))
            })
            .optional()?;
        let Some((position, document)) = next else {
            return Ok(None);
        };
        transaction
            .prepare_cached("UPDATE entry SET state = ?2 WHERE position = ?1")?
            .execute(params![position, state::IN_FLIGHT])?;
        transaction.commit()?;
        Ok(Some(document))
    }

    fn postpone(&mut self, id: DocumentId, until: UtcMs) -> Result<(), OutboxError> {
        self.connection
            .prepare_cached("UPDATE entry SET state = ?3, retry_at_ms = ?2 WHERE id = ?1 AND state = ?4")?
            .execute(params![id.0, until.0, state::PENDING, state::IN_FLIGHT])?;
        Ok(())
    }

    fn release_in_flight(&mut self) -> Result<(), OutboxError> {
        self.connection
            .prepare_cached("UPDATE entry SET state = ?1, retry_at_ms = NULL WHERE state = ?2")?
            .execute([state::PENDING, state::IN_FLIGHT])?;
        Ok(())
    }

    fn wedge(&mut self, id: DocumentId, reason: WedgeReason) -> Result<(), OutboxError> {
        match reason {
            WedgeReason::Refused(code) => self.set_state(id, state::WEDGED_REFUSED, Some(&code), "TRUE"),
            WedgeReason::TooLarge => self.set_state(id, state::WEDGED_TOO_LARGE, None, "TRUE"),
        }
    }

    fn unwedge(&mut self, id: DocumentId) -> Result<(), OutboxError> {
        self.set_state(id, state::PENDING, None, "state >= 2")
    }

    fn receipt(&mut self, id: DocumentId, now: UtcMs) -> Result<bool, OutboxError> {
        let transaction = self.transaction()?;
        let gone: Option<(bool, i64)> = transaction
            .prepare_cached("DELETE FROM entry WHERE id = ?1 RETURNING is_final, put_at_ms")?
            .query_row([id.0], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((is_final, put_at_ms)) = gone else {
            return Ok(false);
        };
        if !is_final {
            transaction
                .prepare_cached(
                    "INSERT INTO awaiting (id, put_at_ms, received_at_ms) VALUES (?1, ?2, ?3)
                     ON CONFLICT (id) DO NOTHING",
                )?
                .execute(params![id.0, put_at_ms, now.0])?;
        }
        append(&transaction, now, None, &receipt_event(id))?;
        transaction.commit()?;
        Ok(true)
    }

    fn identified(&mut self, id: DocumentId, _now: UtcMs) -> Result<bool, OutboxError> {
        Ok(self
            .connection
            .prepare_cached("DELETE FROM awaiting WHERE id = ?1")?
            .execute([id.0])?
            > 0)
    }

    fn state(&self, id: DocumentId) -> Result<Option<EntryState>, OutboxError> {
        let entry = self
            .connection
            .prepare_cached("SELECT state, wedge_code FROM entry WHERE id = ?1")?
            .query_row([id.0], read_state)
            .optional()?;
        if entry.is_some() {
            return Ok(entry);
        }
        let awaiting = self
            .connection
            .prepare_cached("SELECT 1 FROM awaiting WHERE id = ?1")?
            .exists([id.0])?;
        Ok(awaiting.then_some(EntryState::AwaitingIdentification))
    }

    fn awaiting(&self) -> Result<Vec<DocumentId>, OutboxError> {
        let mut query = self
            .connection
            .prepare_cached("SELECT id FROM awaiting ORDER BY position")?;
        let ids = query
            .query_map([], |row| row.get(0).map(DocumentId))?
            .collect::<Result<_, _>>()?;
        Ok(ids)
    }

    fn counts(&self) -> Result<Counts, OutboxError> {
        let mut query = self.connection.prepare_cached(
            "SELECT (SELECT count(*) FROM entry WHERE state = 0),
                    (SELECT count(*) FROM entry WHERE state = 1),
                    (SELECT count(*) FROM entry WHERE state >= 2),
                    (SELECT count(*) FROM awaiting)",
        )?;
        let [pending, in_flight, wedged, awaiting] = query.query_row([], |row| {
            Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?].map(i64::unsigned_abs))
        })?;
        Ok(Counts {
            pending,
            in_flight,
            wedged,
            awaiting,
        })
    }

    fn record_attempt(&mut self, subject: &Iin, modality: Modality, now: UtcMs) -> Result<u8, OutboxError> {
        let digits = Zeroizing::new(subject.expose());
        let transaction = self.transaction()?;
        transaction
            .prepare_cached("INSERT INTO attempt (subject, modality, at_ms) VALUES (?1, ?2, ?3)")?
            .execute(params![digits.as_str(), modality_code(modality), now.0])?;
        let used = count_attempts(&transaction, subject, modality, UtcMs(i64::MIN))?;
        transaction.commit()?;
        Ok(used)
    }

    fn attempts_used(&self, subject: &Iin, modality: Modality, since: UtcMs) -> Result<u8, OutboxError> {
        count_attempts(&self.connection, subject, modality, since)
    }

    fn forgive_attempt(&mut self, subject: &Iin, modality: Modality) -> Result<(), OutboxError> {
        let digits = Zeroizing::new(subject.expose());
        self.connection
            .prepare_cached(
                "DELETE FROM attempt WHERE position =
                    (SELECT max(position) FROM attempt WHERE subject = ?1 AND modality = ?2)",
            )?
            .execute(params![digits.as_str(), modality_code(modality)])?;
        Ok(())
    }

    fn clear_attempts(&mut self, subject: &Iin, modality: Modality) -> Result<(), OutboxError> {
        let digits = Zeroizing::new(subject.expose());
        self.connection
            .prepare_cached("DELETE FROM attempt WHERE subject = ?1 AND modality = ?2")?
            .execute(params![digits.as_str(), modality_code(modality)])?;
        Ok(())
    }

    fn forget_attempts(&mut self, before: UtcMs) -> Result<(), OutboxError> {
        self.connection
            .prepare_cached("DELETE FROM attempt WHERE at_ms < ?1")?
            .execute([before.0])?;
        Ok(())
    }

    fn begin_palm_enrolment(
        &mut self,
        scanner: &str,
        held: &[PalmReference],
        now: UtcMs,
    ) -> Result<(), OutboxError> {
        let transaction = self.transaction()?;
        enrolment::begin(&transaction, scanner, held, now)?;
        transaction.commit()?;
        self.checkpoint();
        Ok(())
    }

    fn open_palm_enrolment(&self, scanner: &str) -> Result<Option<Vec<PalmReference>>, OutboxError> {
        enrolment::held(&self.connection, scanner)
    }

    fn end_palm_enrolment(
        &mut self,
        scanner: &str,
        found: &[PalmReference],
        now: UtcMs,
    ) -> Result<Vec<PalmReference>, OutboxError> {
        let transaction = self.transaction()?;
        let orphans = enrolment::end(&transaction, scanner, found, now)?;
        transaction.commit()?;
        self.checkpoint();
        Ok(orphans)
    }

    fn propose_palm(
        &mut self,
        subject: &Iin,
        scanner: &str,
        reference: PalmReference,
        document: DocumentId,
        now: UtcMs,
    ) -> Result<(), OutboxError> {
        let transaction = self.transaction()?;
        palm::propose(&transaction, subject, scanner, reference, document, now)?;
        transaction.commit()?;
        self.checkpoint();
        Ok(())
    }

    fn settle_palm(
        &mut self,
        document: DocumentId,
        matched: bool,
        now: UtcMs,
    ) -> Result<Vec<(String, PalmReference)>, OutboxError> {
        let transaction = self.transaction()?;
        let deletions = palm::settle(&transaction, document, matched, now)?;
        transaction.commit()?;
        self.checkpoint();
        Ok(deletions)
    }

    fn palm_reference(&self, subject: &Iin, scanner: &str) -> Result<Option<PalmReference>, OutboxError> {
        palm::reference(&self.connection, subject, scanner)
    }

    fn forget_palm(
        &mut self,
        subject: &Iin,
        now: UtcMs,
    ) -> Result<Vec<(String, PalmReference)>, OutboxError> {
        let transaction = self.transaction()?;
        let deletions = palm::forget(&transaction, subject, now)?;
        transaction.commit()?;
        self.checkpoint();
        Ok(deletions)
    }

    fn palm_deletions(&self, scanner: &str) -> Result<Vec<PalmReference>, OutboxError> {
        palm::deletions(&self.connection, scanner)
    }

    fn palm_deleted(
        &mut self,
        scanner: &str,
        reference: PalmReference,
        now: UtcMs,
    ) -> Result<bool, OutboxError> {
        let transaction = self.transaction()?;
        let deleted = palm::deleted(&transaction, scanner, reference, now)?;
        transaction.commit()?;
        Ok(deleted)
    }

    fn append_audit(
        &mut self,
        now: UtcMs,
        session: Option<SessionId>,
        event: &str,
    ) -> Result<AuditHead, OutboxError> {
        let transaction = self.transaction()?;
        let head = append(&transaction, now, session, event)?;
        transaction.commit()?;
        Ok(head)
    }

    fn audit_head(&self) -> Result<AuditHead, OutboxError> {
        head(&self.connection)
    }

    fn verify_audit(&self) -> Result<u64, OutboxError> {
        let mut query = self
            .connection
            .prepare_cached("SELECT number, hash, at_ms, session, event FROM audit ORDER BY number")?;
        let mut rows = query.query([])?;
        let mut head = AuditHead::EMPTY;
        while let Some(row) = rows.next()? {
            let event: String = row.get(4)?;
            let session: Option<[u8; 16]> = row.get(3)?;
            let entry = Entry {
                at: UtcMs(row.get(2)?),
                session: session.map(SessionId),
                event: &event,
            };
            head = check(head, &entry, read_head(row)?).map_err(OutboxError::AuditBroken)?;
        }
        Ok(head.number)
    }
}

/// Makes the tables where they are missing, and takes back what was in flight or cut off. Writes in any case, so that a
/// store that cannot be written is noticed before a person trusts it.
fn prepare(connection: &mut Connection, now: UtcMs) -> Result<(), OutboxError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if version == 0 {
        transaction.execute_batch(SCHEMA)?;
    }
    if version < 101 {
        transaction.execute_batch(PALM_SCHEMA)?;
    }
    transaction.execute(
        "UPDATE entry SET state = CASE state WHEN ?2 THEN ?1 ELSE state END, retry_at_ms = NULL",
        [state::PENDING, state::IN_FLIGHT],
    )?;
    palm::abandon(&transaction, now)?;
    transaction.pragma_update(None, "user_version", version.max(SCHEMA_VERSION))?;
    transaction.commit()?;
    Ok(())
}

fn append(
    transaction: &Transaction<'_>,
    now: UtcMs,
    session: Option<SessionId>,
    event: &str,
) -> Result<AuditHead, OutboxError> {
    let next = follow(
        head(transaction)?,
        &Entry {
            at: now,
            session,
            event,
        },
    );
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

fn head(connection: &Connection) -> Result<AuditHead, OutboxError> {
    let head = connection
        .prepare_cached("SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1")?
        .query_row([], read_head)
        .optional()?;
    Ok(head.unwrap_or(AuditHead::EMPTY))
}

fn read_head(row: &Row<'_>) -> rusqlite::Result<AuditHead> {
    Ok(AuditHead {
        number: row.get::<_, i64>(0)?.cast_unsigned(),
        hash: row.get(1)?,
    })
}

fn read_state(row: &Row<'_>) -> rusqlite::Result<EntryState> {
    match row.get(0)? {
        state::PENDING => Ok(EntryState::Pending),
        state::IN_FLIGHT => Ok(EntryState::InFlight),
        state::WEDGED_REFUSED => Ok(EntryState::Wedged(WedgeReason::Refused(row.get(1)?))),
        state::WEDGED_TOO_LARGE => Ok(EntryState::Wedged(WedgeReason::TooLarge)),
        _ => Err(rusqlite::Error::InvalidColumnType(
            0,
            "state".to_owned(),
            Type::Integer,
        )),
    }
}

fn count_attempts(
    connection: &Connection,
    subject: &Iin,
    modality: Modality,
    since: UtcMs,
) -> Result<u8, OutboxError> {
    let digits = Zeroizing::new(subject.expose());
    let used: i64 = connection
        .prepare_cached("SELECT count(*) FROM attempt WHERE subject = ?1 AND modality = ?2 AND at_ms >= ?3")?
        .query_row(
            params![digits.as_str(), modality_code(modality), since.0],
            |row| row.get(0),
        )?;
    Ok(u8::try_from(used).unwrap_or(u8::MAX))
}

fn modality_code(modality: Modality) -> i64 {
    match modality {
        Modality::Face => 1,
        Modality::Palm => 2,
    }
}

impl From<rusqlite::Error> for OutboxError {
    fn from(error: rusqlite::Error) -> Self {
        use ErrorCode as Code;
        match error.sqlite_error_code() {
            Some(Code::DatabaseBusy | Code::DatabaseLocked | Code::FileLockingProtocolFailed) => {
                Self::Locked(error)
            }
            Some(Code::ReadOnly | Code::PermissionDenied | Code::CannotOpen) => Self::Unwritable(error),
            Some(Code::DiskFull) => Self::Full(error),
            Some(Code::SystemIoFailure) => Self::Disk(error),
            Some(Code::NotADatabase | Code::DatabaseCorrupt) => Self::Unreadable(Some(error)),
            _ => Self::Database(error),
        }
    }
}

#[cfg(test)]
mod tests;
