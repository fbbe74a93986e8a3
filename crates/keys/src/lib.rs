//! Where the kiosk's secrets and its signing key are kept.
//!
//! A *secret* is 32 bytes that only this machine can get back, such as the key of the store. The *device key* is a P-256
//! key that signs for this kiosk: documents, and its side of TLS. Both have names, so that a new one can stand beside an old
//! one until nothing needs the old one any more: [`rotation`].
//!
//! **Architecture Invariant:** nothing here ever falls back to a weaker place. A TPM that fails is an error, not a file.
//!
//! **Architecture Invariant:** nothing is overwritten. A key that is gone is an error for its owner to handle; whatever it
//! locked stays.

use std::fmt::Debug;
use std::sync::Arc;

use verification::Sensitive;

mod choice;
mod error;
pub mod file;
mod folder;
mod name;
pub mod rotation;
mod soft;
#[cfg(any(target_os = "linux", windows))]
pub mod system;
#[cfg(target_os = "linux")]
pub mod tpm;

pub use choice::{KeyChoice, open};
pub use error::{KeyError, Trouble};

/// What a place is, for logs, documents and the rule that production wants better than a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// A TPM 2.0 of this machine: secrets are sealed to it, the device key never leaves it.
    Tpm,
    /// The key store of the operating system.
    System,
    /// Files that only their owner may read. For demonstrations.
    File,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Tpm => "TPM",
            Self::System => "key store of the system",
            Self::File => "folder of key files",
        })
    }
}

/// A place for secrets and device keys. Calls may block.
///
/// A secret and a device key never have the same name. A name is 1 to 64 of the characters `a`-`z`, `0`-`9` and `-`;
/// every other one is [`KeyError::Name`].
pub trait KeyStore: Debug + Send + Sync {
    /// What it is.
    fn place(&self) -> Place;

    /// The secret of this name; `None` if there never was one.
    ///
    /// # Errors
    /// When the place cannot be reached, or the secret is there and cannot be had.
    fn secret(&self, name: &str) -> Result<Option<Sensitive<[u8; 32]>>, KeyError>;

    /// Keeps a new secret.
    ///
    /// # Errors
    /// [`KeyError::Exists`] if the name is taken.
    fn keep_secret(&self, name: &str, secret: &Sensitive<[u8; 32]>) -> Result<(), KeyError>;

    /// The device key of this name; `None` if there never was one.
    ///
    /// # Errors
    /// When the place cannot be reached, or the key is there and cannot be used.
    fn device_key(&self, name: &str) -> Result<Option<Arc<dyn DeviceKey>>, KeyError>;

    /// Makes a new device key.
    ///
    /// # Errors
    /// [`KeyError::Exists`] if the name is taken.
    fn make_device_key(&self, name: &str) -> Result<Arc<dyn DeviceKey>, KeyError>;

    /// All names in use, sorted. A name is in use even if its key cannot be had any more.
    ///
    /// # Errors
    /// When the place cannot be reached.
    fn names(&self) -> Result<Vec<String>, KeyError>;

    /// Forgets a secret or a device key for good. `false` if there was none.
    ///
    /// # Errors
    /// When the place cannot be reached.
    fn forget(&self, name: &str) -> Result<bool, KeyError>;
}

/// A P-256 key that signs for its owner.
pub trait DeviceKey: Debug + Send + Sync {
    /// The public point, uncompressed: 65 bytes (SEC 1, 2.3.3).
    fn public_key(&self) -> [u8; 65];

    /// ECDSA over SHA-256 of the message; DER (RFC 3279, 2.2.3).
    ///
    /// # Errors
    /// When the place cannot be reached.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError>;
}
