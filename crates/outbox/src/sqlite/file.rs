//! The files of the store: made private, unlocked, checked, moved aside.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension};
use verification::Sensitive;
use verification::time::UtcMs;
use zeroize::Zeroizing;

use super::keys::{hex, read_key_id};
use super::schema;
use crate::OutboxError;

/// What lies beside the file. The journals come first where files are moved: a new file must never find the journal of
/// an old one. The mark comes last: as long as it is there, it is noticed that the journal is not.
const COMPANIONS: [&str; 6] = ["-wal", "-journal", "-shm", "", ".mark", ".key-id"];

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

/// A name beside the file that nothing has yet.
fn quarantine_name(path: &Path, now: UtcMs) -> PathBuf {
    let key_id = read_key_id(path).unwrap_or_else(|| "unknown".to_owned());
    let name = format!(".quarantine-{}-{key_id}", now.0);
    let is_free = |target: &PathBuf| COMPANIONS.iter().all(|suffix| !beside(target, suffix).exists());
    // Renaming would replace an older quarantine of the same name.
    std::iter::once(name.clone())
        .chain((2..).map(|number| format!("{name}-{number}")))
        .map(|name| beside(path, &name))
        .find(is_free)
        .unwrap_or_else(|| beside(path, &name))
}

/// Moves the file and what lies beside it aside; gives the new name of the file.
pub(super) fn quarantine(path: &Path, now: UtcMs) -> Result<PathBuf, OutboxError> {
    let target = quarantine_name(path, now);
    for suffix in COMPANIONS {
        let from = beside(path, suffix);
        match fs::rename(&from, beside(&target, suffix)) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(OutboxError::File { path: from, source });
            }
            _ => {}
        }
    }
    Ok(target)
}

/// Copies the journal and the mark aside, before SQLite writes over what it does not take for a part of the journal;
/// gives the name of the copy of the journal.
pub(super) fn keep_journal(path: &Path, now: UtcMs) -> Result<PathBuf, OutboxError> {
    let target = quarantine_name(path, now);
    for suffix in ["-wal", ".mark"] {
        let from = beside(path, suffix);
        match fs::copy(&from, beside(&target, suffix)) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(OutboxError::File { path: from, source });
            }
            _ => {}
        }
    }
    Ok(beside(&target, "-wal"))
}

/// The path with something added to its last part.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
