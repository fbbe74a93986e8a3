use std::path::PathBuf;

use thiserror::Error;

/// What can go wrong with speech. No variant holds what was to be said.
#[derive(Debug, Error)]
pub enum SpeechError {
    /// A file cannot be read or written.
    #[error("{path} cannot be {what}")]
    File {
        /// The file.
        path: PathBuf,
        /// What was to be done with it.
        what: &'static str,
        /// Why.
        source: std::io::Error,
    },
    /// A text file has not the form that it should have.
    #[error("{path} is not valid: {message}")]
    Form {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// A pack of phrases is damaged, or is none.
    #[error("the pack of phrases is damaged: {0}")]
    Pack(&'static str),
    /// A clip is no sound that can be played.
    #[error("a clip cannot be used: {0}")]
    Clip(&'static str),
    /// The synthesiser cannot be started.
    #[error("the synthesiser {program} cannot be started")]
    Start {
        /// The program.
        program: String,
        /// Why.
        source: std::io::Error,
    },
    /// The synthesiser does not say what it was given.
    #[error("the synthesiser {program} failed: {what}")]
    Engine {
        /// The program.
        program: String,
        /// What it did.
        what: &'static str,
    },
    /// A sound device cannot be used.
    #[error("the sound device cannot be used: {0}")]
    Device(String),
    /// A thread cannot be started.
    #[error("a thread cannot be started")]
    Thread(#[source] std::io::Error),
}

impl SpeechError {
    /// For `map_err` of what is done with a file.
    pub(crate) fn file(path: impl Into<PathBuf>, what: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, what, source }
    }
}
