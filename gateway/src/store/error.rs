//! Why the store cannot be used.

use std::path::PathBuf;
use std::sync::Arc;

/// Why the store cannot be used.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The database reports a fault.
    #[error("the store {} cannot be used", file.display())]
    Database {
        /// Which file.
        file: PathBuf,
        /// What.
        source: Arc<rusqlite::Error>,
    },
    /// The key is not the one with which the store was made, or it is damaged.
    #[error("the store {store} cannot be read with this key, or is damaged")]
    Key {
        /// Which store.
        store: String,
    },
    /// The database was built without encryption.
    #[error("this program was built without encryption of the store")]
    NoCipher,
    /// A newer program made the store.
    #[error("the store {store} has version {version}, this program knows {known}")]
    Version {
        /// Which store.
        store: String,
        /// Its version.
        version: i64,
        /// The newest version that this program knows.
        known: i64,
    },
    /// The system gives no random numbers.
    #[error("the system gives no random numbers")]
    Random(#[source] getrandom::Error),
    /// What stands in the store cannot be what was written there. Says where.
    #[error("the store holds something unreadable: {0}")]
    Damaged(&'static str),
    /// The store is being closed.
    #[error("the store is being closed")]
    Closed,
}
