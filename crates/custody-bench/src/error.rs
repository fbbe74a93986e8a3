//! Why nothing could be measured.

use std::path::PathBuf;

use thiserror::Error;

/// Why nothing could be measured.
#[derive(Debug, Error)]
pub enum BenchError {
    /// A file or folder cannot be used.
    #[error("{} cannot be used", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The store that is measured failed.
    #[error("the outbox failed")]
    Outbox(#[from] outbox::OutboxError),
    /// The database that is compared with failed.
    #[error("the database beside the outbox failed")]
    Database(#[from] rusqlite::Error),
    /// A program cannot be started, or ended too early.
    #[error("{program} does not run: {message}")]
    Program {
        /// Which.
        program: String,
        /// What it said.
        message: String,
    },
    /// A key or certificate cannot be made.
    #[error("a key or certificate cannot be made")]
    Certificate(#[from] rcgen::Error),
    /// TLS cannot be prepared.
    #[error("TLS cannot be prepared")]
    Tls(#[from] rustls::Error),
    /// A socket, a thread or a runtime fails.
    #[error("the system fails")]
    System(#[from] std::io::Error),
    /// The other side does not do what it must.
    #[error("{0}")]
    Peer(String),
    /// It did not end within its bound.
    #[error("{0} took too long")]
    Bound(String),
}

impl BenchError {
    /// For `map_err`, about a file.
    pub fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }
}
