//! Why a verb could not be performed.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// What could not be done.
#[derive(Debug, Error)]
pub enum XtaskError {
    /// Something must be installed by a person first.
    #[error("{what}\n\n    {command}\n")]
    ByHand {
        /// What is missing and why this program cannot install it.
        what: String,
        /// The command to type.
        command: String,
    },
    /// This system is not one that the set-up knows.
    #[error("{0}")]
    Unsupported(String),
    /// A program could not be started.
    #[error("`{program}` could not be started")]
    Start {
        /// Name of the program.
        program: String,
        /// What the system said.
        source: io::Error,
    },
    /// A program ended with a failure.
    #[error("`{line}` failed ({status})")]
    Failed {
        /// The command line.
        line: String,
        /// How it ended.
        status: String,
    },
    /// A file or folder could not be read or written.
    #[error("{} could not be {verb}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// `read`, `written`, `created`, ...
        verb: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// A TOML file is not of the form that is expected.
    #[error("{} is not understood: {message}", path.display())]
    Form {
        /// Which file.
        path: PathBuf,
        /// What the parser said, with the line.
        message: String,
    },
    /// A file is not the one that is named in assets/models.toml.
    #[error("{what} has the wrong digest: expected {expected}, found {found}")]
    Digest {
        /// Which file, and from where.
        what: String,
        /// SHA-256 as it should be.
        expected: String,
        /// SHA-256 as it is.
        found: String,
    },
    /// A required model has no source that works.
    #[error("the model {file} could not be got: {reasons}")]
    Model {
        /// Which.
        file: String,
        /// What was tried.
        reasons: String,
    },
    /// The wasm bundle could not be generated.
    #[error("the wasm bundle could not be generated: {0}")]
    Bundle(String),
    /// House rules are broken.
    #[error("{count} broken house rule(s):\n{list}")]
    Rules {
        /// How many.
        count: usize,
        /// One a line.
        list: String,
    },
    /// The demonstration did not come to the end that it must come to.
    #[error("{what}{logs}")]
    Demo {
        /// What went wrong.
        what: String,
        /// Where the logs are, each on a line of its own.
        logs: String,
    },
    /// A person or the system asked to stop.
    #[error("stopped")]
    Stopped,
}

impl XtaskError {
    /// Exit code of the process: 2 where a person has to do something first, 130 after an interrupt, else 1.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::ByHand { .. } | Self::Unsupported(_) => 2,
            Self::Stopped => 130,
            _ => 1,
        }
    }

    /// Wraps an error of the file system.
    pub fn file(path: impl Into<PathBuf>, verb: &'static str) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, verb, source }
    }
}
