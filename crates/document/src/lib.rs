//! The canonical electronic document of a session, the signed answer and receipt to it, the package in which documents
//! travel on a medium, the form in which an audit log is given to auditors, and their CMS signatures.
//!
//! A document has one byte form, made once by [`content::encode`]. The signature of [`signature::sign`] covers
//! exactly these bytes and carries them; the result is what is stored, sent and acknowledged. Nobody encodes
//! a document a second time.
//!
//! **Architecture Invariant:** this room is pure. It has no clock, no random source and no file. Signatures
//! of a key in memory are deterministic (RFC 6979), so even they need no randomness.

mod codes;

pub mod auditlog;
pub mod content;
pub mod identification;
pub mod package;
pub mod receipt;
pub mod signature;
