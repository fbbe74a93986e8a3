//! The keys of the store and their names.

use sha2::{Digest, Sha256};
use verification::Sensitive;

/// The keys that may open the store.
///
/// While the store changes from one key to another, both are here until that is done.
#[derive(Debug, Clone)]
pub struct KeyRing {
    /// What a new store is locked with.
    pub current: Sensitive<[u8; 32]>,
    /// What the store may still be locked with.
    pub older: Vec<Sensitive<[u8; 32]>>,
}

impl KeyRing {
    /// Of one key.
    pub fn of(current: Sensitive<[u8; 32]>) -> Self {
        Self {
            current,
            older: Vec::new(),
        }
    }

    /// The current one first.
    pub(super) fn keys(&self) -> impl Iterator<Item = &Sensitive<[u8; 32]>> {
        std::iter::once(&self.current).chain(&self.older)
    }
}

/// Names a key without telling it: the first 8 hexadecimal digits of its SHA-256.
pub fn key_id(key: &Sensitive<[u8; 32]>) -> String {
    hex(&Sha256::digest(key.expose())).chars().take(8).collect()
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
