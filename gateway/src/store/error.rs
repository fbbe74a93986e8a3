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
    /// PostgreSQL reports a fault that does not pass by itself.
    #[error("the store {store} cannot be used")]
    Postgres {
        /// Which store.
        store: String,
        /// What.
        source: Arc<tokio_postgres::Error>,
    },
    /// The database is away, restarts, is full or busy. The same may succeed later.
    #[error("the store {store} is not available")]
    Unavailable {
        /// Which store.
        store: String,
        /// Why.
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
    /// The server says that something is stored before it is on its disk.
    #[error("the store {store} is not durable: the server has `{setting}` switched off")]
    Unsafe {
        /// Which store.
        store: String,
        /// Name of the setting that is off.
        setting: String,
    },
    /// Another gateway runs with the same name, or with the same file.
    #[error(
        "another gateway named {gateway} runs with the store {store}; each needs a name, and a file, of its own"
    )]
    Taken {
        /// Which store.
        store: String,
        /// The name of the gateway.
        gateway: String,
    },
    /// The file that shows that a gateway runs cannot be used.
    #[error("{} cannot be locked", file.display())]
    Lock {
        /// Which file.
        file: PathBuf,
        /// Why.
        source: Arc<std::io::Error>,
    },
    /// The server cannot be checked by its certificate.
    #[error("the authority of the store {store} cannot be used")]
    Tls {
        /// Which store.
        store: String,
        /// Why.
        source: Arc<crate::tls::TlsError>,
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
