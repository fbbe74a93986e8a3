//! The encrypted store of documents and answers: SQLite with SQLCipher.
//!
//! Calls block on the disk; asynchronous callers make them on a blocking thread.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};
use verification::Sensitive;
use verification::evidence::DocumentId;
use verification::time::UtcMs;

/// Version of the tables.
const SCHEMA_VERSION: i64 = 1;

/// `next_try_at` of a document that is not asked about again by itself.
const NEVER: i64 = i64::MAX;

const SCHEMA: &str = "
CREATE TABLE document (
    number       INTEGER PRIMARY KEY,            -- order of arrival
    id           BLOB    NOT NULL UNIQUE,
    kiosk_id     TEXT    NOT NULL,
    outcome      TEXT    NOT NULL,
    received_at  INTEGER NOT NULL,               -- UTC, ms
    signed       BLOB    NOT NULL,
    asks         INTEGER NOT NULL,               -- 1 if the centre is to be asked
    attempts     INTEGER NOT NULL DEFAULT 0,     -- failed questions
    next_try_at  INTEGER NOT NULL,               -- UTC, ms
    fault        TEXT,                           -- why the last question failed
    answer       BLOB,
    answered_at  INTEGER,
    seen         INTEGER NOT NULL DEFAULT 0      -- 1 once the kiosk has stored the answer
) STRICT;
CREATE INDEX document_unanswered ON document (next_try_at) WHERE asks = 1 AND answer IS NULL;
CREATE INDEX document_unseen ON document (kiosk_id) WHERE answer IS NOT NULL AND seen = 0;
";

/// Why the store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database reports a fault.
    #[error("the store {} cannot be used", file.display())]
    Database {
        /// Which file.
        file: PathBuf,
        /// What.
        source: rusqlite::Error,
    },
    /// The key is not the one with which the file was made, or the file is damaged.
    #[error("the store {} cannot be read with this key, or is damaged", file.display())]
    Key {
        /// Which file.
        file: PathBuf,
    },
    /// The database was built without encryption.
    #[error("this program was built without encryption of the store")]
    NoCipher,
    /// A newer program made the store.
    #[error("the store {} has version {version}, this program knows {SCHEMA_VERSION}", file.display())]
    Version {
        /// Which file.
        file: PathBuf,
        /// Its version.
        version: i64,
    },
}

/// A document on its way into the store.
#[derive(Debug)]
pub struct NewDocument<'a> {
    /// Its id.
    pub id: DocumentId,
    /// The kiosk that signed it.
    pub kiosk_id: &'a str,
    /// How the session ended, for lists.
    pub outcome: &'a str,
    /// The signed bytes, exactly as they came.
    pub signed: &'a [u8],
    /// Whether the centre is to be asked about it.
    pub asks: bool,
}

/// What became of a document that was put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// It is stored now.
    New,
    /// It was stored before, with the same bytes.
    Known,
    /// Another one is stored under its id.
    Conflict,
}

/// A stored document.
#[derive(Debug)]
pub struct Stored {
    /// The kiosk that signed it.
    pub kiosk_id: String,
    /// When it came.
    pub received_at: UtcMs,
    /// The signed bytes.
    pub signed: Sensitive<Vec<u8>>,
    /// How often the centre was asked in vain.
    pub attempts: u32,
}

/// One line of a list. No personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The document.
    pub id: DocumentId,
    /// The kiosk that signed it.
    pub kiosk_id: String,
    /// How the session ended.
    pub outcome: String,
    /// When it came.
    pub received_at: UtcMs,
    /// Where it stands with the centre.
    pub answer: AnswerState,
}

/// Where a document stands with the centre.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnswerState {
    /// There is nothing to ask.
    NotAsked,
    /// To be asked, or asked in vain so far.
    Awaited {
        /// How often.
        attempts: u32,
        /// Why it failed last.
        fault: Option<String>,
    },
    /// The centre rejects the question.
    Rejected {
        /// Why.
        fault: String,
    },
    /// Answered.
    Answered {
        /// Whether the kiosk has the answer.
        seen: bool,
    },
}

/// The store.
#[derive(Debug)]
pub struct Store {
    file: PathBuf,
    connection: Mutex<Connection>,
}

impl Store {
    /// Opens the store, or makes a new one.
    ///
    /// # Errors
    /// When the file cannot be opened, was made with another key, is damaged, or is newer than this program. The
    /// file is left as it is.
    pub fn open(file: &Path, key: &Sensitive<[u8; 32]>) -> Result<Self, StoreError> {
        let database = |source| StoreError::Database {
            file: file.to_owned(),
            source,
        };
        let mut connection = Connection::open(file).map_err(database)?;
        connection
            .busy_timeout(Duration::from_secs(5))
            .map_err(database)?;
        let digits: String = key.expose().iter().map(|byte| format!("{byte:02x}")).collect();
        let pragma = Sensitive::new(format!("PRAGMA key = \"x'{digits}'\""));
        drop(Sensitive::new(digits));
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
        let version: i64 = connection
            .query_row("PRAGMA user_version", [], |row| row.get(0))
            .map_err(|error| match error.sqlite_error_code() {
                Some(rusqlite::ErrorCode::NotADatabase | rusqlite::ErrorCode::DatabaseCorrupt) => {
                    StoreError::Key {
                        file: file.to_owned(),
                    }
                }
                _ => database(error),
            })?;
        connection
            .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;")
            .map_err(database)?;
        match version {
            0 => {
                let transaction = connection.transaction().map_err(database)?;
                transaction
                    .execute_batch(SCHEMA)
                    .and_then(|()| transaction.pragma_update(None, "user_version", SCHEMA_VERSION))
                    .and_then(|()| transaction.commit())
                    .map_err(database)?;
            }
            SCHEMA_VERSION => {}
            version => {
                return Err(StoreError::Version {
                    file: file.to_owned(),
                    version,
                });
            }
        }
        Ok(Self {
            file: file.to_owned(),
            connection: Mutex::new(connection),
        })
    }

    /// Stores a document. It is on the disk when this returns.
    ///
    /// # Errors
    /// When the disk or the database fails; nothing is stored then.
    pub fn put(&self, document: &NewDocument<'_>, now: UtcMs) -> Result<Put, StoreError> {
        let connection = self.lock();
        let rows = connection
            .execute(
                "INSERT INTO document (id, kiosk_id, outcome, received_at, signed, asks, next_try_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?4) ON CONFLICT (id) DO NOTHING",
                params![
                    document.id.0,
                    document.kiosk_id,
                    document.outcome,
                    now.0,
                    document.signed,
                    document.asks
                ],
            )
            .map_err(|source| self.fault(source))?;
        if rows == 1 {
            return Ok(Put::New);
        }
        let same: bool = connection
            .query_row(
                "SELECT signed = ?2 AND kiosk_id = ?3 FROM document WHERE id = ?1",
                params![document.id.0, document.signed, document.kiosk_id],
                |row| row.get(0),
            )
            .map_err(|source| self.fault(source))?;
        Ok(if same { Put::Known } else { Put::Conflict })
    }

    /// A stored document.
    ///
    /// # Errors
    /// When the database fails.
    pub fn document(&self, id: DocumentId) -> Result<Option<Stored>, StoreError> {
        self.lock()
            .query_row(
                "SELECT kiosk_id, received_at, signed, attempts FROM document WHERE id = ?1",
                params![id.0],
                |row| {
                    Ok(Stored {
                        kiosk_id: row.get(0)?,
                        received_at: UtcMs(row.get(1)?),
                        signed: Sensitive::new(row.get(2)?),
                        attempts: row.get(3)?,
                    })
                },
            )
            .optional()
            .map_err(|source| self.fault(source))
    }

    /// The documents that the centre is still to be asked about, and when, the earliest first.
    ///
    /// # Errors
    /// When the database fails.
    pub fn unanswered(&self, limit: usize) -> Result<Vec<(DocumentId, UtcMs)>, StoreError> {
        self.rows(
            "SELECT id, next_try_at FROM document
             WHERE asks = 1 AND answer IS NULL AND next_try_at < ?1 ORDER BY next_try_at, number LIMIT ?2",
            params![NEVER, i64::try_from(limit).unwrap_or(i64::MAX)],
            |row| Ok((DocumentId(row.get(0)?), UtcMs(row.get(1)?))),
        )
    }

    /// Stores the signed answer. It is on the disk when this returns. An answer that is there already stays.
    ///
    /// # Errors
    /// When the disk or the database fails.
    pub fn answered(&self, id: DocumentId, answer: &[u8], now: UtcMs) -> Result<(), StoreError> {
        self.execute(
            "UPDATE document SET answer = ?2, answered_at = ?3, fault = NULL WHERE id = ?1 AND answer IS NULL",
            params![id.0, answer, now.0],
        )
    }

    /// Notes that the centre was asked in vain, and when to ask again; `None` for not by itself.
    ///
    /// # Errors
    /// When the disk or the database fails.
    pub fn failed(&self, id: DocumentId, fault: &str, next_try_at: Option<UtcMs>) -> Result<(), StoreError> {
        self.execute(
            "UPDATE document SET attempts = attempts + 1, fault = ?2, next_try_at = ?3 WHERE id = ?1",
            params![id.0, fault, next_try_at.map_or(NEVER, |at| at.0)],
        )
    }

    /// Makes everything unanswered due now, also what was rejected: after a start the reason may be gone.
    ///
    /// # Errors
    /// When the disk or the database fails.
    pub fn retry_all(&self, now: UtcMs) -> Result<(), StoreError> {
        self.execute(
            "UPDATE document SET next_try_at = min(next_try_at, ?1) WHERE asks = 1 AND answer IS NULL",
            params![now.0],
        )
    }

    /// The signed answer about a document, if there is one.
    ///
    /// # Errors
    /// When the database fails.
    pub fn answer(&self, id: DocumentId) -> Result<Option<Vec<u8>>, StoreError> {
        let answer = self
            .lock()
            .query_row(
                "SELECT answer FROM document WHERE id = ?1",
                params![id.0],
                |row| row.get(0),
            )
            .optional()
            .map_err(|source| self.fault(source))?;
        Ok(answer.flatten())
    }

    /// Answered documents of this kiosk whose answer it has not stored yet, and those of `awaiting` that are its
    /// own and answered, in the order of arrival.
    ///
    /// # Errors
    /// When the database fails.
    pub fn owed(&self, kiosk_id: &str, awaiting: &[DocumentId]) -> Result<Vec<DocumentId>, StoreError> {
        let mut owed = self.rows(
            "SELECT id FROM document WHERE kiosk_id = ?1 AND answer IS NOT NULL AND seen = 0 ORDER BY number",
            params![kiosk_id],
            |row| row.get(0).map(DocumentId),
        )?;
        for id in awaiting {
            let answered = self.rows(
                "SELECT id FROM document WHERE id = ?1 AND kiosk_id = ?2 AND answer IS NOT NULL",
                params![id.0, kiosk_id],
                |row| row.get(0).map(DocumentId),
            )?;
            owed.extend(
                answered
                    .into_iter()
                    .filter(|id| !owed.contains(id))
                    .collect::<Vec<_>>(),
            );
        }
        Ok(owed)
    }

    /// Notes that the kiosk has stored the answer.
    ///
    /// # Errors
    /// When the disk or the database fails.
    pub fn seen(&self, kiosk_id: &str, id: DocumentId) -> Result<(), StoreError> {
        self.execute(
            "UPDATE document SET seen = 1 WHERE id = ?1 AND kiosk_id = ?2 AND answer IS NOT NULL",
            params![id.0, kiosk_id],
        )
    }

    /// All documents in the order of arrival.
    ///
    /// # Errors
    /// When the database fails.
    pub fn list(&self) -> Result<Vec<Listed>, StoreError> {
        self.rows(
            "SELECT id, kiosk_id, outcome, received_at, asks, attempts, next_try_at, fault, answer IS NOT NULL, seen
             FROM document ORDER BY number",
            [],
            |row| {
                let (asks, attempts, next_try_at): (bool, u32, i64) = (row.get(4)?, row.get(5)?, row.get(6)?);
                let (fault, answered, seen): (Option<String>, bool, bool) = (row.get(7)?, row.get(8)?, row.get(9)?);
                let answer = match (answered, asks) {
                    (true, _) => AnswerState::Answered { seen },
                    (false, false) => AnswerState::NotAsked,
                    (false, true) if next_try_at == NEVER => {
                        AnswerState::Rejected { fault: fault.unwrap_or_default() }
                    }
                    (false, true) => AnswerState::Awaited { attempts, fault },
                };
                Ok(Listed {
                    id: DocumentId(row.get(0)?),
                    kiosk_id: row.get(1)?,
                    outcome: row.get(2)?,
                    received_at: UtcMs(row.get(3)?),
                    answer,
                })
            },
        )
    }

    fn rows<T>(
        &self,
        sql: &str,
        params: impl rusqlite::Params,
        read: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        let connection = self.lock();
        let mut statement = connection
            .prepare_cached(sql)
            .map_err(|source| self.fault(source))?;
        let rows = statement
            .query_map(params, read)
            .map_err(|source| self.fault(source))?;
        rows.collect::<Result<_, _>>()
            .map_err(|source| self.fault(source))
    }

    fn execute(&self, sql: &str, params: impl rusqlite::Params) -> Result<(), StoreError> {
        self.lock()
            .execute(sql, params)
            .map(|_| ())
            .map_err(|source| self.fault(source))
    }

    /// Every method leaves the connection as it found it, so a panic in one of them spoils nothing.
    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fault(&self, source: rusqlite::Error) -> StoreError {
        StoreError::Database {
            file: self.file.clone(),
            source,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"a sample that must not be readable";

    fn id(number: u8) -> DocumentId {
        DocumentId([number; 16])
    }

    fn key(number: u8) -> Sensitive<[u8; 32]> {
        Sensitive::new([number; 32])
    }

    fn document(number: u8, signed: &[u8]) -> NewDocument<'_> {
        NewDocument {
            id: id(number),
            kiosk_id: "k",
            outcome: "awaiting-identification",
            signed,
            asks: true,
        }
    }

    #[test]
    fn putting_twice_is_harmless_and_another_document_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("g.db"), &key(1)).unwrap();
        assert_eq!(store.put(&document(1, b"one"), UtcMs(5)).unwrap(), Put::New);
        assert_eq!(store.put(&document(1, b"one"), UtcMs(6)).unwrap(), Put::Known);
        assert_eq!(store.put(&document(1, b"two"), UtcMs(7)).unwrap(), Put::Conflict);
        let other = NewDocument {
            kiosk_id: "other",
            ..document(1, b"one")
        };
        assert_eq!(store.put(&other, UtcMs(7)).unwrap(), Put::Conflict);
        let stored = store.document(id(1)).unwrap().unwrap();
        assert_eq!(
            (stored.signed.expose().as_slice(), stored.received_at),
            (&b"one"[..], UtcMs(5))
        );
        assert!(store.document(id(2)).unwrap().is_none());
    }

    #[test]
    fn survives_a_restart_and_needs_its_key() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("g.db");
        let store = Store::open(&file, &key(1)).unwrap();
        store.put(&document(1, SECRET), UtcMs(5)).unwrap();
        store.failed(id(1), "down", None).unwrap();
        drop(store);

        for entry in std::fs::read_dir(folder.path()).unwrap() {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap();
            assert!(!bytes.windows(SECRET.len()).any(|window| window == SECRET));
            assert!(!bytes.starts_with(b"SQLite format 3"));
        }
        let before = std::fs::read(&file).unwrap();
        assert!(matches!(Store::open(&file, &key(2)), Err(StoreError::Key { .. })));
        assert_eq!(std::fs::read(&file).unwrap(), before);

        let store = Store::open(&file, &key(1)).unwrap();
        assert_eq!(store.unanswered(9).unwrap(), []);
        store.retry_all(UtcMs(90)).unwrap();
        assert_eq!(store.unanswered(9).unwrap(), [(id(1), UtcMs(90))]);
        let connection = store.lock();
        connection.pragma_update(None, "user_version", 99).unwrap();
        drop(connection);
        drop(store);
        assert!(matches!(
            Store::open(&file, &key(1)),
            Err(StoreError::Version { version: 99, .. })
        ));
    }

    #[test]
    fn answers_are_kept_once_and_owed_until_seen() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("g.db"), &key(1)).unwrap();
        for number in 1..=3 {
            store
                .put(&document(number, b"x"), UtcMs(i64::from(number)))
                .unwrap();
        }
        store.failed(id(1), "down", Some(UtcMs(50))).unwrap();
        assert_eq!(
            store.unanswered(2).unwrap(),
            [(id(2), UtcMs(2)), (id(3), UtcMs(3))]
        );
        assert_eq!(store.unanswered(9).unwrap()[2], (id(1), UtcMs(50)));

        store.answered(id(2), b"first", UtcMs(9)).unwrap();
        store.answered(id(2), b"second", UtcMs(9)).unwrap();
        assert_eq!(store.answer(id(2)).unwrap().as_deref(), Some(&b"first"[..]));
        assert_eq!(store.answer(id(1)).unwrap(), None);
        assert_eq!(store.owed("k", &[id(2), id(1)]).unwrap(), [id(2)]);
        assert_eq!(store.owed("other", &[id(2)]).unwrap(), []);
        store.seen("other", id(2)).unwrap();
        assert_eq!(store.owed("k", &[]).unwrap(), [id(2)]);
        store.seen("k", id(2)).unwrap();
        assert_eq!(store.owed("k", &[]).unwrap(), []);
        assert_eq!(store.owed("k", &[id(2)]).unwrap(), [id(2)]);

        store.failed(id(3), "rejected", None).unwrap();
        let states: Vec<_> = store
            .list()
            .unwrap()
            .into_iter()
            .map(|listed| listed.answer)
            .collect();
        assert_eq!(
            states,
            [
                AnswerState::Awaited {
                    attempts: 1,
                    fault: Some("down".into())
                },
                AnswerState::Answered { seen: true },
                AnswerState::Rejected {
                    fault: "rejected".into()
                },
            ]
        );
    }
}
