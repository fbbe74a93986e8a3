//! The store inside the gateway: SQLite with SQLCipher.

mod documents;
mod notices;
mod requests;
mod reviews;
mod schema;
mod steps;
mod trail;
mod trust;
mod writer;

use std::collections::HashMap;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use rusqlite::{Connection, MAIN_DB, OptionalExtension, TransactionBehavior};
use tokio::sync::{Semaphore, broadcast};
use verification::Sensitive;
use verification::audit::LogId;
use verification::time::UtcMs;

use self::schema::SCHEMA_VERSION;
use self::writer::{Work, Writer};
use super::rules::{signed, unsigned};
use super::{CHANGES_WAITING, Change, ConnectionId, NAME_LIMIT, Store, StoreError};

/// How many reads are under way at once.
const READERS: usize = 4;

/// How long a connection waits while a tool of the operator writes.
const BUSY_LIMIT: Duration = Duration::from_secs(10);

/// The store in one encrypted file.
#[derive(Debug)]
pub struct SqliteStore {
    file: PathBuf,
    gateway: String,
    log: LogId,
    writer: Writer,
    readers: Arc<Readers>,
    changes: broadcast::Sender<Change>,
    /// Locked as long as a gateway runs, see [`Store::run_alone`].
    running: Mutex<Option<File>>,
    /// One gateway alone uses the file, so who is connected need not stand in it.
    connected: Mutex<HashMap<String, ConnectionId>>,
}

impl SqliteStore {
    /// Opens the store, or makes a new one. An older one is brought up to date.
    ///
    /// # Errors
    /// When the file cannot be opened, was made with another key, is damaged, or is newer than this program. The
    /// file is left as it is.
    pub fn open(
        file: &Path,
        key: &Sensitive<[u8; 32]>,
        gateway: &str,
        now: UtcMs,
    ) -> Result<Self, StoreError> {
        let database = |source| StoreError::Database {
            file: file.to_owned(),
            source: Arc::new(source),
        };
        let mut connection = connect(file, key)?;
        connection
            .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;")
            .map_err(database)?;
        let log = begin(&mut connection, file, gateway, now)?;
        let (changes, _) = broadcast::channel(CHANGES_WAITING);
        let writer = Writer::start(connection, gateway.to_owned(), log, changes.clone())
            .map_err(|_| StoreError::Closed)?;
        Ok(Self {
            file: file.to_owned(),
            gateway: gateway.to_owned(),
            log,
            writer,
            readers: Arc::new(Readers {
                file: file.to_owned(),
                key: key.clone(),
                places: Semaphore::new(READERS),
                idle: Mutex::default(),
            }),
            changes,
            running: Mutex::default(),
            connected: Mutex::default(),
        })
    }

    /// Runs `call` in the next transaction; answers once that is on the disk.
    async fn write<T: Send + 'static>(
        &self,
        call: impl FnOnce(&Work<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.write_bytes(0, call).await
    }

    /// As [`write`](Self::write), of so many bytes.
    async fn write_bytes<T: Send + 'static>(
        &self,
        bytes: usize,
        call: impl FnOnce(&Work<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let done = self.writer.call(bytes, call).await.ok_or(StoreError::Closed)?;
        done.map_err(|source| StoreError::Database {
            file: self.file.clone(),
            source,
        })
    }

    /// Runs `call` on a connection of its own, on a thread where it may block.
    async fn read<T: Send + 'static>(
        &self,
        call: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let _place = self
            .readers
            .places
            .acquire()
            .await
            .map_err(|_| StoreError::Closed)?;
        let readers = Arc::clone(&self.readers);
        tokio::task::spawn_blocking(move || readers.read(call))
            .await
            .map_err(|_| StoreError::Closed)?
    }
}

#[async_trait]
impl Store for SqliteStore {
    fn gateway(&self) -> &str {
        &self.gateway
    }

    fn log(&self) -> LogId {
        self.log
    }

    fn changes(&self) -> broadcast::Receiver<Change> {
        self.changes.subscribe()
    }

    async fn run_alone(&self) -> Result<(), StoreError> {
        let mut name = self.file.clone().into_os_string();
        name.push(".running");
        let file = PathBuf::from(name);
        let fault = |source| StoreError::Lock {
            file: file.clone(),
            source: Arc::new(source),
        };
        // A file of its own: the database is opened and closed by others, and locks of its own lie on it.
        let lock = File::options()
            .create(true)
            .append(true)
            .open(&file)
            .map_err(fault)?;
        let end = Instant::now() + NAME_LIMIT;
        loop {
            match lock.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if Instant::now() < end => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(StoreError::Taken {
                        store: self.file.display().to_string(),
                        gateway: self.gateway.clone(),
                    });
                }
                Err(TryLockError::Error(error)) => return Err(fault(error)),
            }
        }
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = Some(lock);
        Ok(())
    }

    async fn ended(&self) {
        self.writer.ended().await;
    }
}

/// Connections that only read, kept for the next one.
#[derive(Debug)]
struct Readers {
    file: PathBuf,
    key: Sensitive<[u8; 32]>,
    places: Semaphore,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    fn read<T>(&self, call: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => connect(&self.file, &self.key)?,
        };
        // SQLCipher gives zeros for a page that it cannot authenticate. Where that is the last page of a value there is no
        // error, but the connection passes for one that may only read from then on.
        let read = call(&connection).and_then(|value| match connection.is_readonly(MAIN_DB)? {
            false => Ok(value),
            true => Err(rusqlite::Error::SqliteFailure(
                rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT),
                None,
            )),
        });
        let value = read.map_err(|source| StoreError::Database {
            file: self.file.clone(),
            source: Arc::new(source),
        })?;
        // After a fault it is closed instead: the next one may do better on a new one.
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(connection);
        Ok(value)
    }
}

/// Opens the file and gives it its key.
fn connect(file: &Path, key: &Sensitive<[u8; 32]>) -> Result<Connection, StoreError> {
    let database = |source| StoreError::Database {
        file: file.to_owned(),
        source: Arc::new(source),
    };
    let connection = Connection::open(file).map_err(database)?;
    connection.busy_timeout(BUSY_LIMIT).map_err(database)?;
    connection.set_prepared_statement_cache_capacity(128);
    let digits = Sensitive::new(super::rules::hex(key.expose()));
    let pragma = Sensitive::new(format!("PRAGMA key = \"x'{}'\"", digits.expose()));
    // The error of this statement is not passed on, since it would carry the statement.
    connection
        .execute_batch(pragma.expose())
        .map_err(|_| StoreError::NoCipher)?;
    let cipher: Option<String> = connection
        .query_row("PRAGMA cipher_version", [], |row| row.get(0))
        .optional()
        .map_err(database)?;
    if cipher.is_none_or(|version| version.is_empty()) {
        return Err(StoreError::NoCipher);
    }
    connection
        .query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0))
        .map_err(|error| match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::NotADatabase | rusqlite::ErrorCode::DatabaseCorrupt) => {
                StoreError::Key {
                    store: file.display().to_string(),
                }
            }
            _ => database(error),
        })?;
    Ok(connection)
}

/// Makes the tables or brings them up to date, and finds the audit log of this gateway.
fn begin(connection: &mut Connection, file: &Path, gateway: &str, now: UtcMs) -> Result<LogId, StoreError> {
    let database = |source| StoreError::Database {
        file: file.to_owned(),
        source: Arc::new(source),
    };
    let mut log = [0; 16];
    getrandom::fill(&mut log).map_err(StoreError::Random)?;
    let log = LogId(log);
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(database)?;
    let version: i64 = transaction
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .map_err(database)?;
    match version {
        0 => schema::create(&transaction).map_err(database)?,
        1 => schema::from_version_1(&transaction, gateway, log, now).map_err(database)?,
        SCHEMA_VERSION => {}
        schema::BASE_VERSION..SCHEMA_VERSION => {
            schema::step_up(&transaction, version).map_err(database)?;
        }
        version => {
            return Err(StoreError::Version {
                store: file.display().to_string(),
                version,
                known: SCHEMA_VERSION,
            });
        }
    }
    let log = schema::begin_log(&transaction, gateway, log).map_err(database)?;
    transaction.commit().map_err(database)?;
    Ok(log)
}

#[cfg(test)]
mod tests {
    use verification::evidence::DocumentId;

    use super::*;
    use crate::store::{Documents, NewDocument};

    /// An empty store, and the folder in which it lies.
    pub(super) fn store() -> (tempfile::TempDir, SqliteStore) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("g.db");
        let store = SqliteStore::open(&file, &Sensitive::new([1; 32]), "a", UtcMs(1)).unwrap();
        (folder, store)
    }

    #[tokio::test]
    async fn a_failing_call_spoils_nothing_but_itself() {
        let (_folder, store) = store();
        let good = |number: i64| {
            store.write(move |work| work.execute("INSERT INTO series VALUES (?1, 1)", [number.to_string()]))
        };
        let bad = store.write(|work| {
            work.note("never", None, UtcMs(1))?;
            work.changed(Change::TrustChanged);
            work.execute("INSERT INTO nothing VALUES (1)", [])
        });
        let mut changes = store.changes();
        let (first, bad, second) = tokio::join!(good(1), bad, good(2));
        assert!(first.is_ok() && second.is_ok() && bad.is_err());
        let records = store.read(|connection| {
            connection.query_row("SELECT count(*) FROM audit_record", [], |row| {
                row.get::<_, i64>(0)
            })
        });
        assert_eq!(records.await.unwrap(), 0);
        assert!(changes.try_recv().is_err());
    }

    #[tokio::test]
    async fn the_end_of_the_writer_is_noticed() {
        let (_folder, store) = store();
        let ended = store.ended();
        tokio::pin!(ended);
        assert!(futures_util::poll!(&mut ended).is_pending());
        let fault = store.write(|_| -> rusqlite::Result<()> { panic!("a fault of the test") });
        assert!(matches!(fault.await, Err(StoreError::Closed)));
        tokio::time::timeout(Duration::from_secs(30), ended)
            .await
            .unwrap();
    }

    #[tokio::test]
    async fn no_document_is_read_with_other_bytes() {
        const PAGE: usize = 4096;
        let (folder, store) = store();
        let file = folder.path().join("g.db");
        let id = DocumentId([1; 16]);
        let signed = Sensitive::new(vec![7; 11_139]);
        let document = NewDocument {
            id,
            kiosk_id: "k".into(),
            session: None,
            outcome: "withdrawn".into(),
            sha256: [2; 32],
            signed: signed.clone(),
            signed_at: UtcMs(1),
            audit: None,
            asks: false,
            notes: Vec::new(),
            request: None,
            review: None,
            notices: Vec::new(),
        };
        store.put(document, UtcMs(2)).await.unwrap();
        drop(store);
        let good = std::fs::read(&file).unwrap();
        let open = || SqliteStore::open(&file, &Sensitive::new([1; 32]), "a", UtcMs(3));
        let mut unread = 0;
        for place in (PAGE..good.len()).step_by(PAGE) {
            let mut bad = good.clone();
            bad[place + 1000] ^= 1;
            std::fs::write(&file, bad).unwrap();
            let Ok(store) = open() else {
                continue;
            };
            match store.document(id).await {
                Ok(Some(found)) => assert!(found.signed == signed, "page {}", place / PAGE + 1),
                Ok(None) => panic!("a document is not there"),
                Err(_) => unread += 1,
            }
        }
        assert!(unread > 2, "{unread}");
        std::fs::write(&file, good).unwrap();
        assert!(open().unwrap().document(id).await.unwrap().is_some());
    }
}
