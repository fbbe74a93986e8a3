//! The open file: transactions, and when they reach the disk.

use std::cell::Cell;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, MAIN_DB, Transaction, TransactionBehavior};
use verification::Sensitive;

use super::file::beside;
use super::log;
use super::mark::{Mark, MarkFile};
use super::open::connect;
use crate::OutboxError;

/// How long the journal may become before it is moved into the file even though somebody may be waiting. One frame is a
/// page of 4 KiB.
const JOURNAL_FRAMES_MAX: u32 = 2000;

/// Where the salts stand in the header of the journal.
const SALTS_AT: u64 = 16;

/// As much as a row of the audit log holds without going on to another page: on a page are 4096 bytes, of which SQLCipher has 80
/// and SQLite 35, and the other columns take 7.
const LONGEST_ON_PAGE: u32 = 3974;

/// What a transaction promises once it is committed. Either survives the end of the program at any moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Durability {
    /// It survives a loss of power, and so does all that was before it.
    Full,
    /// A loss of power may undo it, whole; for what comes again then.
    Lazy,
}

#[derive(Debug)]
pub(super) struct Store {
    pub(super) connection: Connection,
    pub(super) path: PathBuf,
    durability: Cell<Durability>,
    /// Something was committed lazily and may not be on the disk yet.
    is_dirty: Cell<bool>,
    /// How many frames of the journal are committed.
    frames: Arc<AtomicU32>,
    mark: MarkFile,
    /// How far the disk has it all, as it was written there last.
    marked: Cell<Mark>,
    /// Something could not be read.
    is_suspect: Cell<bool>,
    key: Sensitive<[u8; 32]>,
}

impl Store {
    /// The connection is in WAL mode, with synchronous FULL. From here on the journal is moved into the file by this type
    /// and not by SQLite.
    pub(super) fn new(
        mut connection: Connection,
        path: &Path,
        mark: MarkFile,
        key: &Sensitive<[u8; 32]>,
    ) -> Result<Self, OutboxError> {
        // What was committed until now is in the journal as well.
        let frames = Arc::new(AtomicU32::new(1));
        count_frames(&mut connection, &frames)?;
        Ok(Self {
            connection,
            path: path.to_owned(),
            durability: Cell::new(Durability::Full),
            is_dirty: Cell::new(false),
            frames,
            mark,
            marked: Cell::new(Mark::nothing()),
            is_suspect: Cell::new(false),
            key: key.clone(),
        })
    }

    /// The key was changed.
    pub(super) fn set_key(&mut self, key: &Sensitive<[u8; 32]>) {
        self.key = key.clone();
    }

    /// Begins anew with the same file: SQLCipher reads nothing more once it has met a damaged page. The whole file will
    /// be looked through at the next opening.
    pub(super) fn reopen(&mut self) -> Result<(), OutboxError> {
        self.suspect();
        // Two connections would lock each other out; and the old one shall not touch the file any more.
        self.connection
            .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        self.connection = Connection::open_in_memory()?;
        let mut connection = connect(&self.path, &self.key)?;
        prepare(&connection)?;
        count_frames(&mut connection, &self.frames)?;
        self.connection = connection;
        self.durability.set(Durability::Full);
        Ok(())
    }

    pub(super) fn begin(&self, durability: Durability) -> Result<Transaction<'_>, OutboxError> {
        if self.durability.get() != durability {
            let synchronous = match durability {
                Durability::Full => "FULL",
                Durability::Lazy => "NORMAL",
            };
            self.connection.pragma_update(None, "synchronous", synchronous)?;
            self.durability.set(durability);
        }
        Ok(Transaction::new_unchecked(
            &self.connection,
            TransactionBehavior::Immediate,
        )?)
    }

    /// After this has failed, the transaction is undone; after a failure of the disk it may be there all the same at the
    /// next opening.
    pub(super) fn commit(&self, transaction: Transaction<'_>) -> Result<(), OutboxError> {
        let before = self.frames.load(Ordering::Relaxed);
        transaction.commit()?;
        let has_written = self.frames.load(Ordering::Relaxed) != before;
        if self.durability.get() == Durability::Lazy {
            self.is_dirty.set(self.is_dirty.get() || has_written);
        } else if has_written {
            self.is_dirty.set(false);
            self.write_mark();
        } else {
            // SQLite does not go to the disk for a transaction that changed nothing.
            self.flush()?;
        }
        if self.frames.load(Ordering::Relaxed) >= JOURNAL_FRAMES_MAX {
            // What was promised is kept; if this fails, the next commit tries again.
            let _ = self.checkpoint("PASSIVE");
        }
        self.forget();
        Ok(())
    }

    /// Wipes what SQLite keeps to be quicker: in memory it is plain, and of people who have gone. These are the pages that were
    /// read, and the place in which it puts a row together, which a longer row that is never kept overwrites.
    fn forget(&self) {
        // What fails here the next commit does.
        if let Ok(never_kept) = Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate) {
            let row = "INSERT INTO audit (number, at_ms, event, hash) VALUES (-1, 0, '', zeroblob(?1))";
            let _ = never_kept
                .prepare_cached(row)
                .and_then(|mut insert| insert.execute([LONGEST_ON_PAGE]));
        }
        let _ = self.connection.execute_batch("PRAGMA shrink_memory");
    }

    /// Something is committed that a loss of power may undo.
    #[cfg(test)]
    pub(super) fn is_dirty(&self) -> bool {
        self.is_dirty.get()
    }

    /// Brings to the disk what was committed lazily, in one step: somebody may be waiting.
    pub(super) fn flush(&self) -> Result<(), OutboxError> {
        if !self.is_dirty.get() {
            return Ok(());
        }
        let path = beside(&self.path, "-wal");
        // Another handle of the same file does it as well. Windows wants it to be one that may write.
        let journal = OpenOptions::new().write(true).open(&path);
        journal
            .and_then(|journal| journal.sync_data())
            .map_err(|source| OutboxError::File { path, source })?;
        self.is_dirty.set(false);
        self.write_mark();
        Ok(())
    }

    /// Moves the journal into the file, if there is something in it.
    pub(super) fn settle(&self) -> Result<(), OutboxError> {
        if self.frames.load(Ordering::Relaxed) == 0 {
            return Ok(());
        }
        self.checkpoint("TRUNCATE")?;
        if self.is_dirty.get() {
            return Ok(());
        }
        self.write_mark();
        // It is a second line of defence; without it the store is as good as SQLite makes it.
        let _ = self.mark.sync();
        Ok(())
    }

    /// Something could not be read: the next opening looks through the whole file. Nothing is asked of the connection,
    /// which may give anything from now on.
    pub(super) fn suspect(&self) {
        if !self.is_suspect.replace(true) {
            let _ = self.mark.write(&Mark {
                is_suspect: true,
                ..self.marked.get()
            });
        }
    }

    fn checkpoint(&self, mode: &str) -> Result<(), OutboxError> {
        let sql = format!("PRAGMA wal_checkpoint({mode})");
        let (is_busy, left): (bool, bool) = self.connection.query_row(&sql, [], |row| {
            Ok((row.get(0)?, row.get::<_, i64>(1)? > row.get::<_, i64>(2)?))
        })?;
        if !is_busy && !left {
            self.frames.store(0, Ordering::Relaxed);
            self.is_dirty.set(false);
        }
        Ok(())
    }

    /// Notes that all of this is on the disk.
    fn write_mark(&self) {
        let Ok(head) = log::tip(&self.connection) else {
            return;
        };
        let mark = Mark {
            salts: self.salts().unwrap_or_default(),
            frames: self.frames.load(Ordering::Relaxed),
            head,
            is_suspect: self.is_suspect.get(),
        };
        self.marked.set(mark);
        // Without it the store is as good as SQLite makes it; nobody shall wait or fail for that.
        let _ = self.mark.write(&mark);
    }

    /// Names the present run of the journal.
    fn salts(&self) -> io::Result<[u8; 8]> {
        let mut salts = [0; 8];
        let mut journal = File::open(beside(&self.path, "-wal"))?;
        journal.seek(SeekFrom::Start(SALTS_AT))?;
        journal.read_exact(&mut salts)?;
        Ok(salts)
    }
}

/// How every connection of ours works.
pub(super) fn prepare(connection: &Connection) -> Result<(), OutboxError> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "secure_delete", true)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(())
}

fn count_frames(connection: &mut Connection, frames: &Arc<AtomicU32>) -> Result<(), OutboxError> {
    let seen = Arc::clone(frames);
    connection.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, number: i32| {
        seen.store(number.unsigned_abs(), Ordering::Relaxed);
        Ok(())
    }))?;
    Ok(())
}

/// Reads something, and asks whether SQLCipher has met a page whose authentication code is wrong.
///
/// It gives zeros for such a page, and for each page after it. Where that is the last page of a value, the value is read
/// without an error. But SQLCipher takes the connection for one that may only read from then on, and says so.
pub(super) fn read<T>(
    connection: &Connection,
    reading: impl FnOnce(&Connection) -> Result<T, OutboxError>,
) -> Result<T, OutboxError> {
    let value = reading(connection)?;
    if connection.is_readonly(MAIN_DB)? {
        return Err(OutboxError::Unreadable(None));
    }
    Ok(value)
}

impl Drop for Store {
    fn drop(&mut self) {
        // What fails here is found and said at the next opening.
        let _ = self.settle();
    }
}
