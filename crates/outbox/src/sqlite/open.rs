//! From a path to a store.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, MAIN_DB, OpenFlags};
use verification::Sensitive;
use verification::audit::LogId;
use verification::time::UtcMs;

use super::aside::{self, Aside, Note, Stage, keep_journal, list, quarantine, step};
use super::file::{beside, check_pages, check_schema, create_private, is_orphaned, unlock};
use super::journal::{self, Journal};
use super::keys::{KeyRing, key_id, read_key_id, write_key_id};
use super::mark::{Found, Mark, MarkFile};
use super::queue::Queue;
use super::salvage::Salvage;
use super::store::Store;
use super::{SqliteOutbox, delivery, log, schema, store};
use crate::event::quarantine_event;
use crate::{Outbox, OutboxError};

/// How long another program may hold the file before it counts as locked.
const LOCK_PATIENCE: Duration = Duration::from_millis(500);

/// Up to this length a file is looked through, page by page, before anything is done with it. A longer one would let
/// people wait: it is looked through when damage was met or could be, and piece by piece by
/// [`settle`](crate::Outbox::settle).
const CHECK_WHOLE_MAX_BYTES: u64 = 64 * 1024 * 1024;

/// What [`SqliteOutbox::open`] gives.
#[derive(Debug)]
pub struct Opened {
    /// The store.
    pub outbox: SqliteOutbox,
    /// What was put aside, and why. Somebody must hear of it. Where the program ended in the middle of that, the next
    /// opening goes on and tells of it; [`quarantined`](super::quarantined) lists what needs attention at any time.
    pub quarantined: Option<Quarantined>,
    /// The store is locked with an older key of the ring: [`SqliteOutbox::rekey`] is wanted.
    pub has_older_key: bool,
    /// How long it took.
    pub opened_in: Duration,
}

/// A file that was put aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantined {
    /// Where it is now; of a journal without its file, where the journal is.
    pub path: PathBuf,
    /// The [name](key_id) of its key, if that is known.
    pub key_id: Option<String>,
    /// Why.
    pub cause: QuarantineCause,
    /// What was read out of it into the new store; `None` where nothing can be read without its key.
    pub salvage: Option<Salvage>,
}

/// Why a file was put aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuarantineCause {
    /// No key of the ring opens it. A new store has begun; with the right key [`SqliteOutbox::salvage`], or the next
    /// opening, gets everything back.
    WrongKey,
    /// It is damaged. A new store has begun, with all that could be read.
    Damaged,
    /// There is a journal and no file. A new store has begun.
    FileMissing,
    /// Its journal was damaged, or records are missing that were promised: what was committed last may be lost. `path` is
    /// a copy of the journal; the store goes on with the rest.
    JournalDamaged,
}

impl QuarantineCause {
    /// Its name in logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::WrongKey => "WrongKey",
            Self::Damaged => "Damaged",
            Self::FileMissing => "FileMissing",
            Self::JournalDamaged => "JournalDamaged",
        }
    }

    pub(super) fn of_name(name: &str) -> Option<Self> {
        let all = [
            Self::WrongKey,
            Self::Damaged,
            Self::FileMissing,
            Self::JournalDamaged,
        ];
        all.into_iter().find(|cause| cause.name() == name)
    }
}

impl SqliteOutbox {
    /// Opens the file, or makes it where there is none; its folder must exist. What was in flight is pending
    /// again, and what was postponed may go at once. A palm that was proposed in a session whose document never came
    /// here is to be deleted.
    ///
    /// A file that is damaged or was written with another key is renamed beside itself, to
    /// `<file>.quarantine-<now in ms>-<key id>`, together with its companions, and a new store begins; what can still be
    /// read is in it. Nothing is ever deleted. If this is stopped at any moment, the next opening goes on with it.
    ///
    /// `log` names the audit log if one begins now; give a random name each time. One begins with a new store, and where
    /// records were lost that others may have seen: the first record then says which log it continues, and
    /// [`earlier_logs`](SqliteOutbox::earlier_logs) has what is left of that.
    ///
    /// # Errors
    /// A file that is locked, cannot be written, lies on a full or failing disk, or was written by a later
    /// version stays where it is, and the error says so.
    pub fn open(path: &Path, keys: &KeyRing, log: LogId, now: UtcMs) -> Result<Opened, OutboxError> {
        Self::open_checked(path, keys, log, now, CHECK_WHOLE_MAX_BYTES)
    }

    /// As [`SqliteOutbox::open`], looking through files up to that length.
    pub(super) fn open_checked(
        path: &Path,
        keys: &KeyRing,
        log: LogId,
        now: UtcMs,
        check_max_bytes: u64,
    ) -> Result<Opened, OutboxError> {
        let began = Instant::now();
        aside::resume(path)?;
        let mut fresh = None;
        if is_orphaned(path) {
            fresh = Some(put_aside(path, None, QuarantineCause::FileMissing, now)?);
        }
        create_private(path)?;
        let (mut outbox, has_older_key) = match unlocked(path, keys)? {
            Some((connection, key)) => {
                let is_older = *key != keys.current;
                match Self::begin(path, connection, key, log, now, check_max_bytes) {
                    Ok((outbox, kept)) => {
                        fresh = fresh.or(kept);
                        (outbox, is_older)
                    }
                    Err(OutboxError::Unreadable(_)) => {
                        fresh = Some(put_aside(path, Some(key), QuarantineCause::Damaged, now)?);
                        (Self::anew(path, keys, log, now)?, false)
                    }
                    Err(error) => return Err(error),
                }
            }
            None => {
                let key = read_key_id(path).and_then(|id| keys.keys().find(|key| key_id(key) == id));
                let cause = key.map_or(QuarantineCause::WrongKey, |_| QuarantineCause::Damaged);
                fresh = Some(put_aside(path, key, cause, now)?);
                (Self::anew(path, keys, log, now)?, false)
            }
        };
        let quarantined = outbox.take_over(path, fresh.as_deref(), keys, now)?;
        Ok(Opened {
            outbox,
            quarantined,
            has_older_key,
            opened_in: began.elapsed(),
        })
    }

    /// Reads out what lies beside the store and was not read out yet. Gives what somebody must hear of: what was put aside
    /// just now, else the first of those of which nobody has heard.
    fn take_over(
        &mut self,
        path: &Path,
        fresh: Option<&Path>,
        keys: &KeyRing,
        now: UtcMs,
    ) -> Result<Option<Quarantined>, OutboxError> {
        let asides = list(path).map_err(|source| file_error(path, source))?;
        let mut told = None;
        for aside in asides {
            if aside.note.stage != Stage::Done {
                let quarantined = self.take_over_one(&aside, keys, now)?;
                if fresh == Some(&*aside.path) || told.is_none() {
                    told = quarantined.or(told);
                }
            }
        }
        Ok(told)
    }

    fn take_over_one(
        &mut self,
        aside: &Aside,
        keys: &KeyRing,
        now: UtcMs,
    ) -> Result<Option<Quarantined>, OutboxError> {
        let Note { cause, stage, lost } = aside.note;
        let has_file = matches!(cause, QuarantineCause::WrongKey | QuarantineCause::Damaged);
        let (salvage, stage_then, lost) = match has_file.then(|| self.salvage_file(&aside.path, keys, now)) {
            None => (None, Stage::Done, lost),
            Some(Ok(salvage)) => (Some(salvage), Stage::Done, salvage.lost),
            Some(Err(OutboxError::Unreadable(_))) => (None, Stage::Waiting, None),
            Some(Err(error @ OutboxError::Full(_))) => return Err(error),
            // A file that cannot be read just now shall not keep the store closed: the next opening tries again, and
            // what this store cannot do is said by the next step.
            Some(Err(_)) => (None, stage, None),
        };
        step();
        let is_new = stage != Stage::Waiting;
        let key_id = aside.key_id();
        if is_new {
            let event = quarantine_event(key_id.as_deref(), cause, salvage);
            self.append_audit(now, None, &event)?;
            step();
        }
        if stage_then != stage {
            let note = Note {
                cause,
                stage: stage_then,
                lost,
            };
            aside::write(&aside.path, note)?;
            step();
        }
        Ok(is_new.then(|| Quarantined {
            path: aside.contents(),
            key_id,
            cause,
            salvage,
        }))
    }

    fn anew(path: &Path, keys: &KeyRing, log: LogId, now: UtcMs) -> Result<Self, OutboxError> {
        create_private(path)?;
        step();
        let connection = connect(path, &keys.current)?;
        let (outbox, _) = Self::begin(path, connection, &keys.current, log, now, 0)?;
        step();
        Ok(outbox)
    }

    /// Checks an unlocked file and makes it ready; nothing is written before it is known to be good.
    fn begin(
        path: &Path,
        mut connection: Connection,
        key: &Sensitive<[u8; 32]>,
        log: LogId,
        now: UtcMs,
        check_max_bytes: u64,
    ) -> Result<(Self, Option<PathBuf>), OutboxError> {
        let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        let is_new = version == 0;
        let found = if is_new {
            Found::Nothing
        } else {
            Mark::read(path).map_err(|source| file_error(&beside(path, ".mark"), source))?
        };
        let journal = scan(path)?;
        let is_journal_damaged = is_journal_damaged(&journal, found);
        // The copy is made before SQLite writes over what it does not take for a part of the journal.
        let mut kept = match is_journal_damaged {
            true => Some(keep_journal(path, now)?),
            false => None,
        };
        let length = fs::metadata(path).map_or(0, |metadata| metadata.len());
        let is_suspect = matches!(found, Found::Mark(Mark { is_suspect: true, .. }));
        if length <= check_max_bytes || is_suspect || is_journal_damaged {
            check_pages(&connection)?;
        }
        store::prepare(&connection)?;
        let missing = if is_new {
            None
        } else {
            missing_records(&connection, found)?
        };
        if missing.is_some() && kept.is_none() {
            kept = Some(keep_journal(path, now)?);
        }
        // Without a mark nobody can say whether others have seen what the journal has lost.
        let is_doubtful = !is_new && is_journal_damaged && !matches!(found, Found::Mark(_));
        let loss = (missing.is_some() || is_doubtful).then_some(log::Loss { missing });
        schema::prepare(&mut connection, log, loss, now)?;
        if let Some(kept) = &kept {
            step();
            let lost = if loss.is_some() { None } else { Some(0) };
            aside::write(kept, Note::due(QuarantineCause::JournalDamaged, lost))?;
            step();
        }
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
        write_key_id(path, key).map_err(|source| file_error(path, source))?;
        let mark = MarkFile::open(path).map_err(|source| file_error(&beside(path, ".mark"), source))?;
        let queue = Queue::load(&connection)?;
        let (contact, _) = delivery::contacts(&connection)?;
        let outbox = Self {
            store: Store::new(connection, path, mark, key)?,
            queue,
            contact,
            stored_contact: contact,
        };
        // SQLite tries again by itself.
        let _ = outbox.store.settle();
        Ok((outbox, kept))
    }
}

/// A connection for which page 1 can be read, and the key that it took.
type Unlocked<'a> = (Connection, &'a Sensitive<[u8; 32]>);

/// `None` if no key fits.
fn unlocked<'a>(path: &Path, keys: &'a KeyRing) -> Result<Option<Unlocked<'a>>, OutboxError> {
    for key in keys.keys() {
        let connection = connect(path, key)?;
        match check_schema(&connection) {
            Ok(()) => return Ok(Some((connection, key))),
            Err(OutboxError::Unreadable(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// Opens without changing anything, not even at the end.
pub(super) fn connect(path: &Path, key: &Sensitive<[u8; 32]>) -> Result<Connection, OutboxError> {
    // No URI names: a path is a path. No mutex: the connection is used by one thread at a time.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    // SQLite is content with reading where it may not write.
    if connection.is_readonly(MAIN_DB)? {
        let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_READONLY);
        return Err(OutboxError::Unwritable(rusqlite::Error::SqliteFailure(
            code, None,
        )));
    }
    connection.busy_timeout(LOCK_PATIENCE)?;
    // Until the file is known to be good, nothing of it may be moved from one file to another.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    unlock(&connection, key)?;
    // Before the first look into the file, so that the index of the journal is kept in memory and not beside it.
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    Ok(connection)
}

fn put_aside(
    path: &Path,
    key: Option<&Sensitive<[u8; 32]>>,
    cause: QuarantineCause,
    now: UtcMs,
) -> Result<PathBuf, OutboxError> {
    if let Some(key) = key {
        // What stands there is a hint, and this is known; the name below tells it as well.
        let _ = write_key_id(path, key);
    }
    quarantine(path, cause, now)
}

fn scan(path: &Path) -> Result<Journal, OutboxError> {
    let path = beside(path, "-wal");
    match File::open(&path).and_then(journal::scan) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Journal::default()),
        scanned => scanned.map_err(|source| file_error(&path, source)),
    }
}

fn is_journal_damaged(journal: &Journal, found: Found) -> bool {
    journal.is_damaged
        || match found {
            Found::Nothing => false,
            // Whether something is missing at the end cannot be told any more.
            Found::Damaged => journal.bytes > 0,
            Found::Mark(mark) => {
                mark.frames > 0 && mark.salts == journal.salts && mark.frames > journal.frames
            }
        }
}

/// Records that were promised and are not there; the last one alone if the log is another one.
fn missing_records(connection: &Connection, found: Found) -> Result<Option<(u64, u64)>, OutboxError> {
    let Found::Mark(Mark { head: promised, .. }) = found else {
        return Ok(None);
    };
    let is_known: bool = connection.query_row(
        "SELECT count(*) FROM sqlite_schema WHERE name = 'store'",
        [],
        |row| row.get(0),
    )?;
    if !is_known || promised.number == 0 {
        return Ok(None);
    }
    let tip = log::tip(connection)?;
    if tip.log != promised.log {
        // One that was continued under another name before the mark was written anew is no loss.
        let is_continued = log::earlier(connection)?
            .iter()
            .any(|head| head.log == promised.log);
        return Ok((!is_continued).then_some((promised.number, promised.number)));
    }
    if tip.number < promised.number {
        return Ok(Some((tip.number + 1, promised.number)));
    }
    let records = log::records(connection, promised.number - 1, 1)?;
    let is_there = records.first().is_some_and(|record| record.hash == promised.hash);
    Ok((!is_there).then_some((promised.number, promised.number)))
}

fn file_error(path: &Path, source: io::Error) -> OutboxError {
    OutboxError::File {
        path: path.to_owned(),
        source,
    }
}
