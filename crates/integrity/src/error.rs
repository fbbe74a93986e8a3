//! What cannot be made or used.

use std::path::PathBuf;

/// What cannot be made or used. What a *check* finds is no error but a result.
#[derive(Debug, thiserror::Error)]
pub enum IntegrityError {
    /// A manifest is longer than any that is read.
    #[error("a manifest of {0} bytes is too long")]
    TooLong(usize),
    /// A line of a manifest is not what must stand there.
    #[error("line {0} of the manifest cannot be read")]
    Line(usize),
    /// Every line can be read, and it is not the one text that a manifest of this content has.
    #[error(
        "the manifest is not written in its one form: sorted, no line twice, no number with zeros before it"
    )]
    Form,
    /// A version or a target of other characters than letters, digits and `.`, `_`, `+`, `~`, `-`, or too long.
    #[error("{0:?} cannot be a version or a target")]
    Word(String),
    /// A path that is not taken.
    #[error("the path {path:?} is not taken: {why}")]
    Path {
        /// The path.
        path: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Two paths that are one, on some system or on all.
    #[error(
        "the path {0:?} is listed twice, or as a file and as a folder, or twice but for large and small letters"
    )]
    Twice(String),
    /// More files than a manifest lists.
    #[error("more than {0} files")]
    TooMany(usize),
    /// Something that cannot be listed stands in the folder.
    #[error("{path} is {what}, which a manifest cannot list")]
    Odd {
        /// Where.
        path: PathBuf,
        /// What it is.
        what: &'static str,
    },
    /// A key is none that is used here.
    #[error("this is no {0} of the curve P-256")]
    Key(&'static str),
    /// The operating system gives no randomness.
    #[error("the operating system gives no randomness")]
    Randomness(#[source] getrandom::Error),
    /// A file or folder cannot be read.
    #[error("{path} cannot be read")]
    Read {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file cannot be written.
    #[error("{path} cannot be written")]
    Write {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}
