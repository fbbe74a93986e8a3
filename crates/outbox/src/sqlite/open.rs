//! From a path to a store.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use verification::Sensitive;
use verification::audit::LogId;
use verification::time::UtcMs;

use super::file::{check_file, create_private, is_orphaned, quarantine, unlock};
use super::keys::KeyRing;
use super::queue::Queue;
use super::store::Store;
use super::{SqliteOutbox, delivery, schema};
use crate::{Outbox, OutboxError};

/// How long another program may hold the file before it counts as locked.
const LOCK_PATIENCE: Duration = Duration::from_millis(500);

/// What [`SqliteOutbox::open`] gives.
#[derive(Debug)]
pub struct Opened {
    /// The store.
    pub outbox: SqliteOutbox,
    /// Where the file was moved that could not be read; the store is new then.
    pub quarantined: Option<PathBuf>,
    /// How long it took.
    pub opened_in: Duration,
}

impl SqliteOutbox {
    /// Opens the file, or makes it where there is none; its folder must exist. What was in flight is pending
    /// again, and what was postponed may go at once. A palm that was proposed in a session whose document never came
    /// here is to be deleted.
    ///
    /// A file that is damaged or was written with another key is renamed beside itself, to
    /// `<file>.quarantine-<now in ms>-<key id>`, together with its journals, and a new store begins.
    ///
    /// `log` names the audit log if one begins now; give a random name each time.
    ///
    /// # Errors
    /// A file that is locked, cannot be written, lies on a full or failing disk, or was written by a later
    /// version stays where it is, and the error says so.
    pub fn open(path: &Path, keys: &KeyRing, log: LogId, now: UtcMs) -> Result<Opened, OutboxError> {
        let began = Instant::now();
        let (outbox, quarantined) = Self::open_or_begin(path, keys, log, now)?;
        Ok(Opened {
            outbox,
            quarantined,
            opened_in: began.elapsed(),
        })
    }

    fn open_or_begin(
        path: &Path,
        keys: &KeyRing,
        log: LogId,
        now: UtcMs,
    ) -> Result<(Self, Option<PathBuf>), OutboxError> {
        if !is_orphaned(path) {
            match Self::open_readable(path, &keys.current, log, now) {
                Err(OutboxError::Unreadable(_)) => {}
                opened => return Ok((opened?, None)),
            }
        }
        let quarantined = quarantine(path, &keys.current, now)?;
        let mut outbox = Self::open_readable(path, &keys.current, log, now)?;
        outbox.append_audit(now, None, "StoreQuarantined")?;
        Ok((outbox, Some(quarantined)))
    }

    fn open_readable(
        path: &Path,
        key: &Sensitive<[u8; 32]>,
        log: LogId,
        now: UtcMs,
    ) -> Result<Self, OutboxError> {
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
        schema::prepare(&mut connection, log, now)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
        connection.set_prepared_statement_cache_capacity(64);
        let queue = Queue::load(&connection)?;
        let (contact, _) = delivery::contacts(&connection)?;
        let outbox = Self {
            store: Store::new(connection),
            queue,
            contact,
            stored_contact: contact,
        };
        outbox.store.settle()?;
        Ok(outbox)
    }
}
