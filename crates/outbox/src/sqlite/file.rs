//! The file of the store: made private, unlocked, checked, moved aside.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension};
use verification::Sensitive;
use verification::time::UtcMs;
use zeroize::Zeroizing;

use super::keys::{hex, key_id};
use super::schema;
use crate::OutboxError;

/// What SQLite may lay beside the file. The journals come first where files are moved: a new file must never
/// find the journal of an old one.
const COMPANIONS: [&str; 3] = ["-wal", "-journal", "-shm"];

/// A journal without its file: SQLite would throw it away.
pub(super) fn is_orphaned(path: &Path) -> bool {
    let length = |path: &Path| fs::metadata(path).map_or(0, |metadata| metadata.len());
    length(path) == 0
        && COMPANIONS[..2]
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
    let digits = Zeroizing::new(hex(key.expose()));
    let sql = Zeroizing::new(format!("PRAGMA key = \"x'{}'\"", digits.as_str()));
    connection.execute_batch(&sql).map_err(|_| OutboxError::Key)
}

/// Whether the file is whole and was written with this key.
pub(super) fn check_file(connection: &Connection) -> Result<(), OutboxError> {
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if version / 100 > schema::VERSION / 100 {
        return Err(OutboxError::NewerSchema {
            found: version,
            known: schema::VERSION,
        });
    }
    // This reads every page that holds something, and SQLCipher checks the authentication code of each.
    let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if verdict != "ok" {
        return Err(OutboxError::Unreadable(None));
    }
    Ok(())
}

/// Moves the file and its journals aside; gives the new name of the file.
pub(super) fn quarantine(path: &Path, key: &Sensitive<[u8; 32]>, now: UtcMs) -> Result<PathBuf, OutboxError> {
    let name = format!(".quarantine-{}-{}", now.0, key_id(key));
    let taken = |target: &Path| {
        COMPANIONS
            .iter()
            .chain(&[""])
            .any(|suffix| beside(target, suffix).exists())
    };
    // Renaming would replace an older quarantine of the same name.
    let target = (1..)
        .map(|number| {
            beside(
                path,
                &if number == 1 {
                    name.clone()
                } else {
                    format!("{name}-{number}")
                },
            )
        })
        .find(|target| !taken(target))
        .unwrap_or_else(|| beside(path, &name));
    for suffix in COMPANIONS.iter().chain(&[""]) {
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

/// The path with something added to its last part.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
