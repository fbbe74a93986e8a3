//! Why a torture cannot be carried out. What the torture finds is no error, but a violation.

use std::io;
use std::path::{Path, PathBuf};

/// What could not be done.
#[derive(Debug, thiserror::Error)]
pub enum TortureError {
    /// A program is not where it should be.
    #[error("{} is not there: build it first", .0.display())]
    Program(PathBuf),
    /// A program could not be started.
    #[error("{program} could not be started")]
    Start {
        /// Which.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// A program ended with a failure.
    #[error("`{line}` failed: {said}")]
    Failed {
        /// The command line.
        line: String,
        /// The last that it said.
        said: String,
    },
    /// A program did not come to the point that was awaited.
    #[error("{0}")]
    Late(String),
    /// A file or folder.
    #[error("{} could not be {verb}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// `read`, `written` and so on.
        verb: &'static str,
        /// Why.
        source: io::Error,
    },
    /// The key of a kiosk's store could not be given up.
    #[error("the key of a store could not be given up")]
    Key(#[from] custody::CustodyError),
    /// Files could not be looked through.
    #[error(transparent)]
    Scan(#[from] crate::scan::ScanError),
    /// The line, or the tasks that carry it.
    #[error("the line could not be set up")]
    Line(#[source] io::Error),
}

impl TortureError {
    /// Wraps an error of the file system.
    pub fn file(path: &Path, verb: &'static str) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, verb, source }
    }
}
