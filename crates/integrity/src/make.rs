//! What a packager does: lists a folder, and makes a key.

use std::fs;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::check::{digest, open_file};
use crate::manifest::{Entry, Manifest};
use crate::{IntegrityError, ReleaseSigner};

/// A manifest of all files of a folder, but for those that are `left_out`: the manifest itself and its signature.
///
/// # Errors
/// When something cannot be read, when something else than files and folders is there, and see [`Manifest::new`].
pub fn list(
    folder: &Path,
    version: &str,
    target: &str,
    exclusive: &[String],
    left_out: &[PathBuf],
) -> Result<Manifest, IntegrityError> {
    let left_out: Vec<PathBuf> = left_out
        .iter()
        .filter_map(|path| fs::canonicalize(path).ok())
        .collect();
    let mut files = Vec::new();
    let root = fs::canonicalize(folder).map_err(|source| read(folder, source))?;
    let mut open = vec![(root, String::new())];
    while let Some((folder, prefix)) = open.pop() {
        for entry in fs::read_dir(&folder).map_err(|source| read(&folder, source))? {
            let entry = entry.map_err(|source| read(&folder, source))?;
            let path = entry.path();
            let odd = |what| IntegrityError::Odd {
                path: path.clone(),
                what,
            };
            let kind = entry.file_type().map_err(|source| read(&path, source))?;
            let name = entry.file_name();
            let name = name
                .to_str()
                .ok_or_else(|| odd("called by a name that is no text"))?;
            if kind.is_dir() {
                open.push((path, format!("{prefix}{name}/")));
            } else if kind.is_symlink() {
                return Err(odd("a link"));
            } else if !kind.is_file() {
                return Err(odd("neither file nor folder"));
            } else if !left_out.contains(&path) {
                let hashed = open_file(&path, false).and_then(|mut file| digest(&mut file));
                let (size, sha256) = hashed.map_err(|source| read(&path, source))?;
                files.push((format!("{prefix}{name}"), Entry { size, sha256 }));
            }
        }
    }
    Manifest::new(version, target, exclusive.iter().cloned(), files)
}

/// A new key from the randomness of the operating system.
///
/// # Errors
/// [`IntegrityError::Randomness`]
pub fn make_key() -> Result<ReleaseSigner, IntegrityError> {
    let mut scalar = Zeroizing::new([0; 32]);
    loop {
        getrandom::fill(scalar.as_mut()).map_err(IntegrityError::Randomness)?;
        if let Some(key) = ReleaseSigner::from_scalar(&scalar) {
            return Ok(key);
        }
    }
}

fn read(path: &Path, source: std::io::Error) -> IntegrityError {
    IntegrityError::Read {
        path: path.to_owned(),
        source,
    }
}
