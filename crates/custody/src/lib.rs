//! The kiosk's custody of documents: from the evidence of a finished session to the gateway's receipt.
//!
//! ```text
//!   Evidence ─> record: sign, put ─> Outbox ─ offer ─> line ══ gateway
//!                                      ^                 │
//!                                      └── handle <──────┘  receipt, refusal, answer, re-send, new certificate
//! ```
//!
//! It composes the store, the keys, the signature and the line, decides nothing that [`verification::custody`] or the gateway
//! decides, and is the same in the kiosk's window and in the programs that test it without one.
//!
//! **Architecture Invariant:** an entry leaves the store only by a receipt that the gateway signed for just these bytes.
//!
//! **Architecture Invariant:** every document carries the head of the audit log; what came before it can neither be changed
//! nor cut off without being noticed by whoever has the document.

pub mod audit;
mod custody;
mod disk;
mod enrolment;
mod error;
pub mod export;
pub mod identity;
pub mod settings;
mod store;

pub use custody::{Custody, Happened, Software};
pub use enrolment::{EnrolError, enrol};
pub use error::{CustodyError, DoubtError};
pub use keys::KeyStore;
pub use settings::{Settings, SettingsError};
pub use store::{give_up_key, key_ring, open_keys, open_store, rotate};
pub use sync::Trust;

/// Under this name the store remembers to whom packages of pending documents are sealed.
pub const EXPORT_RECIPIENT: &str = "export-recipient";

/// What the line has to say; to be given to [`Custody::handle`].
#[derive(Debug)]
pub struct Event(sync::Event);

/// An error and its causes in one line.
pub fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
