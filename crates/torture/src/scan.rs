//! Looks through files for what must not be readable in them.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use aho_corasick::{AhoCorasick, AhoCorasickKind, BuildError};

use crate::material::{IINS, JPEG_HEADER, ORGANISATION, STILL_MARK};

/// Something that must not be readable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needle {
    /// What it is, for reports.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The files that may hold it, since they are its place.
    pub homes: Vec<PathBuf>,
}

impl Needle {
    fn new(name: &str, bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            name: name.to_owned(),
            bytes: bytes.into(),
            homes: Vec::new(),
        }
    }
}

/// What may be readable nowhere: numbers of persons, what every document says, pictures, databases.
///
/// In a gigabyte of encrypted bytes the three bytes with which a JPEG begins stand sixty times by chance. So a picture is looked
/// for by the whole header of the JFIF form, which all stills of the torture have, and by what stands behind it.
pub fn needles() -> Vec<Needle> {
    let mut needles: Vec<Needle> = IINS.iter().map(|iin| Needle::new("an IIN", *iin)).collect();
    needles.extend([
        Needle::new("the organisation that stands in every document", ORGANISATION),
        Needle::new("the header of a JPEG", &JPEG_HEADER[..]),
        Needle::new("the header of a JPEG in base64", "/9j/4AAQSkZJRg"),
        Needle::new("the content of a still", STILL_MARK),
        Needle::new("the header of an SQLite file", "SQLite format 3\0"),
    ]);
    needles
}

/// What may be readable nowhere but in that file: the key that it holds, as bytes, digits or PEM.
///
/// # Errors
/// When the file cannot be read.
pub fn keys_of(file: &Path) -> io::Result<Vec<Needle>> {
    let bytes = std::fs::read(file)?;
    let mut found = Vec::new();
    let text = String::from_utf8_lossy(&bytes);
    let digits = text.trim();
    if let Some(key) = crate::ledger::bytes::<32>(digits) {
        found.push(key.to_vec());
        found.push(digits.to_ascii_lowercase().into_bytes());
        found.push(digits.to_ascii_uppercase().into_bytes());
    } else if let Some(key) = secret_of_pem(&text) {
        found.push(key.to_vec());
        found.push(crate::ledger::Hex(&key).to_string().into_bytes());
        found.extend(text.lines().nth(1).map(|line| line.as_bytes().to_vec()));
    } else if text.contains("PRIVATE KEY") {
        // The first line of every key of a kind is the same but for its end; the second one is the key's own.
        found.extend(text.lines().skip(2).take(1).map(|line| line.as_bytes().to_vec()));
    }
    found.retain(|needle| needle.len() >= 16);
    let name = file
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    Ok(found
        .into_iter()
        .map(|bytes| Needle {
            name: format!("the key of {name}"),
            bytes,
            homes: vec![file.to_owned()],
        })
        .collect())
}

/// The 32 bytes of a secret in PEM; `None` for anything else.
pub fn secret_of_pem(text: &str) -> Option<[u8; 32]> {
    use base64::Engine;
    let mut lines = text.lines();
    lines.next()?.strip_prefix("-----BEGIN ")?;
    let body: String = lines.take_while(|line| !line.starts_with("-----")).collect();
    let bytes = base64::engine::general_purpose::STANDARD.decode(body).ok()?;
    bytes.try_into().ok()
}

/// What was looked through, and what was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scan {
    /// How many files.
    pub files: u64,
    /// How many bytes.
    pub bytes: u64,
    /// What was found where.
    pub found: Vec<(PathBuf, String)>,
}

/// Why files cannot be looked through.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// The needles are too many.
    #[error("the needles cannot be looked for")]
    Needles(#[from] BuildError),
    /// A file or folder cannot be read.
    #[error("{} cannot be read", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Looks through all files under the folders.
///
/// # Errors
/// When one cannot be read.
pub fn scan(folders: &[PathBuf], needles: &[Needle]) -> Result<Scan, ScanError> {
    let search = AhoCorasick::builder()
        .kind(Some(AhoCorasickKind::DFA))
        .build(needles.iter().map(|needle| &needle.bytes))?;
    let mut scan = Scan::default();
    let mut left: Vec<PathBuf> = folders.to_vec();
    while let Some(path) = left.pop() {
        let read = |source| ScanError::Read {
            path: path.clone(),
            source,
        };
        // A socket of a server, for example, holds nothing.
        let kind = std::fs::symlink_metadata(&path).map_err(read)?.file_type();
        if kind.is_dir() {
            for entry in std::fs::read_dir(&path).map_err(read)? {
                left.push(entry.map_err(read)?.path());
            }
        } else if kind.is_file() {
            let file = File::open(&path).map_err(read)?;
            scan.files += 1;
            scan.bytes += file.metadata().map_err(read)?.len();
            let mut names: Vec<&str> = Vec::new();
            for found in search.stream_find_iter(file) {
                let found = found.map_err(read)?;
                let Some(needle) = needles.get(found.pattern().as_usize()) else {
                    continue;
                };
                if !needle.homes.contains(&path) && !names.contains(&needle.name.as_str()) {
                    names.push(&needle.name);
                }
            }
            let found = names.into_iter().map(|name| (path.clone(), name.to_owned()));
            scan.found.extend(found);
        }
    }
    scan.found.sort();
    Ok(scan)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_needle_is_found_wherever_it_lies() {
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("store.key");
        std::fs::write(&key, "0f".repeat(32) + "\n").unwrap();
        let secret = folder.path().join("store-1.pem");
        let pem =
            "-----BEGIN SECRET-----\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n-----END SECRET-----\n";
        std::fs::write(&secret, pem).unwrap();
        let all: Vec<Needle> = needles()
            .into_iter()
            .chain(keys_of(&key).unwrap())
            .chain(keys_of(&secret).unwrap())
            .collect();
        assert_eq!(all.len(), 9 + 3 + 3);
        let clean = scan(&[folder.path().into()], &all).unwrap();
        assert_eq!((clean.files, clean.found.len()), (2, 0));
        std::fs::create_dir(folder.path().join("deep")).unwrap();
        for (number, needle) in all.iter().enumerate() {
            let file = folder.path().join("deep").join(number.to_string());
            // Across the border of whatever is read at once, too.
            let mut bytes = vec![b'x'; 65_530 + number];
            bytes.extend_from_slice(&needle.bytes);
            std::fs::write(&file, &bytes).unwrap();
        }
        let scanned = scan(&[folder.path().into()], &all).unwrap();
        let files: std::collections::BTreeSet<_> = scanned.found.iter().map(|(file, _)| file).collect();
        assert_eq!(files.len(), all.len(), "{:?}", scanned.found);
    }

    #[test]
    fn noise_holds_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut noise = vec![0; 3_000_000];
        fastrand::Rng::with_seed(3).fill(&mut noise);
        std::fs::write(folder.path().join("noise"), noise).unwrap();
        let scanned = scan(&[folder.path().into()], &needles()).unwrap();
        assert_eq!((scanned.bytes, scanned.found), (3_000_000, vec![]));
    }
}
