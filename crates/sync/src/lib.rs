//! Delivery of documents from a kiosk to its gateway, and of the answers back.
//!
//! - [`wire`] (pure): the frames that travel.
//! - [`machine`] (pure): when to connect, what to send next, when to give up on a silent line.
//! - [`client`]: the thin shell that owns the socket and performs what the machine asks for.
//! - [`enrol`](mod@enrol): how a kiosk without a certificate gets its first one.
//!
//! **Architecture Invariant:** this room keeps no document. It asks the owner for the next one, and forgets it on
//! the gateway's receipt or when the line is lost; what is stored, and for how long, is the owner's business.
//! Therefore a fault here can delay a document, but cannot lose one.
//!
//! **Architecture Invariant:** the gateway may see a document twice, never zero times. The document id makes the
//! second time harmless.
//!
//! **Architecture Invariant:** one authority is trusted, the one that the owner names. The authorities of the system do not
//! count, and TLS is never older than 1.3.

pub mod client;
pub mod enrol;
pub mod machine;
pub mod wire;

pub use client::{ClientConfig, ClientKey, ConfigError, Handle, PemKey, chain_from_pem, spawn};
pub use enrol::{EnrolError, Enrolled, Trust, enrol};
pub use machine::{Event, LinkDownReason, Settings, Standing};
pub use wire::RefusalCode;
