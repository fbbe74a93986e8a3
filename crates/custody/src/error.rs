//! What custody could not do.

use document::signature::{SignError, VerifyError};
use keys::KeyError;
use outbox::OutboxError;
use thiserror::Error;
use verification::evidence::DocumentId;

use crate::identity::IdentityError;

/// What custody could not do.
#[derive(Debug, Error)]
pub enum CustodyError {
    /// The encrypted store fails.
    #[error("the encrypted store fails")]
    Store(#[from] OutboxError),
    /// The folder of the kiosk's data cannot be used.
    #[error("the folder {path} cannot be used")]
    Data {
        /// The folder.
        path: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The place of the keys fails.
    #[error("the key of the store cannot be had; the store that it opens is untouched")]
    Keys(#[from] KeyError),
    /// There is a store, and no key.
    #[error(
        "there is a store and no key for it here; whoever gives the key up for good says so with `alaqan-custody \
         give-up-key`, and the store is put aside"
    )]
    KeyGone,
    /// There is nothing to sign with, or it cannot be used.
    #[error("the kiosk's identity cannot be used")]
    Identity(#[from] IdentityError),
    /// The kiosk was never enrolled.
    #[error("the kiosk is not enrolled")]
    NotEnrolled,
    /// The device key does not sign, or not rightly.
    #[error("the document cannot be signed")]
    Sign(#[from] SignError),
    /// The line to the gateway cannot be set up.
    #[error("the line to the gateway cannot be set up")]
    Line(#[from] sync::ConfigError),
    /// What is pending cannot be written to a medium.
    #[error("what is pending cannot be written to the medium")]
    Export(#[from] crate::export::ExportError),
    /// The operating system gives no randomness.
    #[error("the operating system gives no randomness")]
    Randomness(#[source] getrandom::Error),
}

impl CustodyError {
    /// Whether the store, its folder or its key is the cause, and not what the kiosk was configured with.
    pub fn is_of_store(&self) -> bool {
        matches!(
            self,
            Self::Store(_) | Self::Data { .. } | Self::Keys(_) | Self::KeyGone
        )
    }
}

/// Why something that the gateway sent does not count.
#[derive(Debug, Error)]
pub enum DoubtError {
    /// Its signature.
    #[error("its signature does not count")]
    Signature(#[from] VerifyError),
    /// Somebody else signed it.
    #[error("{0:?} signed it, who is not the gateway")]
    Signer(String),
    /// It cannot be read.
    #[error("it cannot be read")]
    Unreadable(#[from] document::content::DecodeError),
    /// It is about another document, another kiosk, or other bytes.
    #[error("it is not about what document {0} says")]
    Other(DocumentId),
}
