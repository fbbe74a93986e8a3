//! What the store could not do.

use std::path::PathBuf;

use rusqlite::ErrorCode;
use thiserror::Error;
use verification::audit::AuditBreak;
use verification::evidence::DocumentId;

/// What the store could not do.
#[derive(Debug, Error)]
pub enum OutboxError {
    /// Another program has the store.
    #[error("the store is used by another program")]
    Locked(#[source] rusqlite::Error),
    /// The file or its folder cannot be opened for writing.
    #[error("the store cannot be opened for writing")]
    Unwritable(#[source] rusqlite::Error),
    /// The disk is full. What was stored before is untouched, and once there is room the store works again.
    #[error("the disk of the store is full")]
    Full(#[source] rusqlite::Error),
    /// The disk failed.
    #[error("the disk of the store failed")]
    Disk(#[source] rusqlite::Error),
    /// A file of the store cannot be prepared, or not be moved aside.
    #[error("the file {path} cannot be prepared or moved aside")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The store is damaged or was written with another key. Other documents may still be stored and read; it is to be
    /// opened anew as soon as nobody is waiting, and is quarantined then, with what can be read in a new store.
    #[error("the store cannot be read with this key")]
    Unreadable(#[source] Option<rusqlite::Error>),
    /// A later version of this program wrote the store, in a way that this version does not know.
    #[error("the store has the schema {found}, this program knows {known}")]
    NewerSchema {
        /// Of the file.
        found: i64,
        /// Of this program.
        known: i64,
    },
    /// This program was built without the cipher.
    #[error("this program was built without SQLCipher")]
    CipherMissing,
    /// The key was not taken. The cause is left out: it would quote the key.
    #[error("the key of the store was not taken")]
    Key,
    /// The id is taken by other bytes.
    #[error("document {0} is stored already with other content")]
    Conflict(DocumentId),
    /// The audit log was tampered with or damaged.
    #[error("the audit log is broken")]
    AuditBroken(#[source] AuditBreak),
    /// Anything else that the database reports.
    #[error("the store failed")]
    Database(#[source] rusqlite::Error),
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
            // SQLCipher says "out of memory" where it cannot go on after a damaged page.
            Some(Code::NotADatabase | Code::DatabaseCorrupt | Code::OutOfMemory) => {
                Self::Unreadable(Some(error))
            }
            _ => Self::Database(error),
        }
    }
}
