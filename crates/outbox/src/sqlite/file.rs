//! The files of the store: made private, unlocked, checked.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension};
use verification::Sensitive;
use zeroize::Zeroizing;

use super::keys::hex;
use super::schema;
use crate::OutboxError;

/// A journal without its file: SQLite would throw it away.
pub(super) fn is_orphaned(path: &Path) -> bool {
    let length = |path: &Path| fs::metadata(path).map_or(0, |metadata| metadata.len());
    length(path) == 0
        && ["-wal", "-journal"]
            .iter()
            .any(|suffix| length(&beside(path, suffix)) > 0)
}

/// Makes an empty file that only its owner may read; SQLite gives its journals the same rights.
pub(super) fn create_private(path: &Path) -> Result<(), OutboxError> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(source) => Err(OutboxError::File {
            path: path.to_owned(),
            source,
        }),
    }
}

pub(super) fn unlock(connection: &Connection, key: &Sensitive<[u8; 32]>) -> Result<(), OutboxError> {
    let cipher: Option<String> = connection
        .query_row("PRAGMA cipher_version", [], |row| row.get(0))
        .optional()?;
    if cipher.is_none() {
        return Err(OutboxError::CipherMissing);
    }
    // What goes wrong comes back as an error and is logged by whoever handles it; SQLCipher would write to the
    // standard error besides.
    connection
        .query_row("PRAGMA cipher_log_level = NONE", [], |_| Ok(()))
        .optional()?;
    set_key(connection, "key", key).map_err(|_| OutboxError::Key)
}

/// Gives the key to `PRAGMA key` or `PRAGMA rekey`. The error does not quote it.
pub(super) fn set_key(
    connection: &Connection,
    pragma: &str,
    key: &Sensitive<[u8; 32]>,
) -> Result<(), OutboxError> {
    let digits = Zeroizing::new(hex(key.expose()));
    let sql = Zeroizing::new(format!("PRAGMA {pragma} = \"x'{}'\"", digits.as_str()));
    connection
        .execute_batch(&sql)
        .map_err(|error| match error.sqlite_error() {
            Some(code) => rusqlite::Error::SqliteFailure(*code, None).into(),
            None => OutboxError::Key,
        })
}

/// Whether it is a store of this generation.
pub(super) fn check_schema(connection: &Connection) -> Result<(), OutboxError> {
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if version / 100 > schema::VERSION / 100 {
        return Err(OutboxError::NewerSchema {
            found: version,
            known: schema::VERSION,
        });
    }
    Ok(())
}

/// Whether the file is whole. This reads every page that holds something, and SQLCipher checks the authentication code
/// of each.
pub(super) fn check_pages(connection: &Connection) -> Result<(), OutboxError> {
    let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if verdict != "ok" {
        return Err(OutboxError::Unreadable(None));
    }
    Ok(())
}

/// The path with something added to its last part.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
