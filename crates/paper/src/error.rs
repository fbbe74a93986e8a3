//! Why a view cannot be made.

use document::signature::timestamp::StampError;
use thiserror::Error;

/// Why a view, or a time stamp, cannot be made.
#[derive(Debug, Error)]
pub enum PaperError {
    /// The PDF cannot be written; says which part of it the library refused.
    #[error("the PDF cannot be written: {0} is refused")]
    Pdf(String),
    /// The authority of time cannot be reached, or did not answer in time.
    #[error("the authority of time cannot be reached")]
    Http(#[source] reqwest::Error),
    /// It answered something else than a time stamp; holds the HTTP status.
    #[error("the authority of time answered with status {0}")]
    Status(u16),
    /// Its answer is longer than any.
    #[error("the answer of the authority of time is too long")]
    TooLong,
    /// Its answer is no good.
    #[error("the answer of the authority of time does not count")]
    Stamp(#[source] StampError),
    /// TLS cannot be set up.
    #[error("TLS cannot be set up")]
    Tls(#[source] rustls::Error),
}
