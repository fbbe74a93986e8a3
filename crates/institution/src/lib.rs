//! What the gateway tells the institution's own systems: results, suspicions and requests of data subjects.
//!
//! ```text
//!   document ─┐
//!   answer ───┼─ notices_of ─> Notice ─ Writer ─> envelope, JSON ─ SigningKeys ─> headers ─> the gateway posts it
//!   request ──┘                  │                                                            │
//!                                └ its id is the receiver's idempotency key      Courier ─────┘ when to try again
//! ```
//!
//! **Architecture Invariant:** this room is pure. Sockets, files, clocks and randomness are the gateway's.
//!
//! **Architecture Invariant:** a notice is written once; the bytes that are stored are the bytes that are signed and sent,
//! however often that is. Its id follows from what it speaks of, so the same fact has the same id for ever.
//!
//! **Architecture Invariant:** suspicions are depersonalised: they hold neither a number nor a name nor a picture. Results
//! name the person only where the institution has configured it, see [`identity::IdentityRule`].

pub mod courier;
pub mod envelope;
pub mod identity;
pub mod keys;
pub mod notice;
pub mod signature;

pub use keys::KeyError;
