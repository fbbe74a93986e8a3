//! The keys of the store and their names.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use sha2::{Digest, Sha256};
use verification::Sensitive;

use super::file::beside;

const SUFFIX: &str = ".key-id";

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

/// The name of the key that the store was locked with, as it stands beside the file; `None` if nothing sensible does. It
/// is a hint: what opens the store is decided by the keys.
pub(super) fn read_key_id(path: &Path) -> Option<String> {
    let text = fs::read_to_string(beside(path, SUFFIX)).ok()?;
    let id = text.trim_end();
    is_key_id(id).then(|| id.to_owned())
}

pub(super) fn is_key_id(text: &str) -> bool {
    text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Writes the name of the key beside the file, if it does not stand there.
pub(super) fn write_key_id(path: &Path, key: &Sensitive<[u8; 32]>) -> io::Result<()> {
    let id = key_id(key);
    if read_key_id(path).as_ref() == Some(&id) {
        return Ok(());
    }
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(beside(path, SUFFIX))?;
    writeln!(file, "{id}")?;
    file.sync_data()
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
