//! The institution's certificate authority: what is issued, to whom, and what no longer counts.
//!
//! ```text
//!   one-time code ─┐
//!   request ───────┼─> issue ──> certificate ──> renewal, from two thirds of its life on
//!   name of kiosk ─┘                  └────────> revocation ──> list of revoked certificates (CRL)
//! ```
//!
//! Nothing here reads a clock, a file or the system's random numbers: all of them are arguments. The one exception is
//! the nonce of a signature, which the library that signs draws for itself.
//!
//! **Architecture Invariant:** of a certificate request only the key counts. Name, purpose and validity are the
//! authority's own, so that a request cannot ask for more than it gets.
//!
//! **Architecture Invariant:** a certificate is renewed only over a connection that the valid certificate of the same
//! kiosk has opened. Who has lost it enrols anew, with a new code.

mod authority;
mod certificate;
mod code;
mod name;
mod request;
mod revocation;
mod validity;

pub use authority::{Authority, AuthorityError, Created, Profile, new_key, request_for};
pub use certificate::{CertificateError, Fingerprint, Leaf, Serial};
pub use code::{CODE_CHARACTERS, CODE_RANDOM_BYTES, CodeDigest, OneTimeCode};
pub use name::{KioskName, NameError, RESERVED_PREFIX};
pub use request::{CertificateRequest, REQUEST_MAX_BYTES, RequestError};
pub use revocation::{REVOCATIONS_MAX_BYTES, Revocation, RevocationError, RevocationList};
pub use validity::{Lifetime, Validity};
