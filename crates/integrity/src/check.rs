//! The files of an installation against its manifest.

use std::fmt;
use std::fs::{self, File, FileType};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use verification::integrity::{Deviations, FilesState};

use crate::manifest::{self, Entry, MANIFEST_MAX_BYTES, Manifest};
use crate::release::{ReleaseKey, SIGNATURE_MAX_BYTES};

/// What the manifest of an installation is called, where nothing else is configured. It lies in the installation's folder.
pub const MANIFEST_NAME: &str = "alaqan.manifest";

/// More than so many things too many are not looked for.
const EXTRA_MAX: u64 = 10_000;
/// Files are read in pieces of this size.
const PIECE_BYTES: usize = 64 * 1024;

/// Where the signature of a manifest lies: beside it, with `.sig` behind its name.
pub fn signature_of(manifest: &Path) -> PathBuf {
    let mut name = manifest.as_os_str().to_owned();
    name.push(".sig");
    name.into()
}

/// What is installed where, and who may have made it.
#[derive(Debug, Clone)]
pub struct Installation {
    /// The folder in which the listed paths begin. It may itself be reached by a link; nothing below it may.
    pub folder: PathBuf,
    /// The manifest; its signature lies [beside it](signature_of).
    pub manifest: PathBuf,
    /// The keys of releases: one of them must have signed. Name the next one before it is used.
    pub keys: Vec<ReleaseKey>,
    /// The program that runs, which must be one of the listed files.
    pub program: Option<PathBuf>,
    /// The release that must be installed: that of the program.
    pub release: Option<Release>,
}

/// Which release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Version of the software.
    pub version: String,
    /// What it was built for: [`this_target`](crate::this_target).
    pub target: String,
}

/// What [`Installation::check`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// SHA-256 of the manifest, if its signature counts.
    pub manifest_sha256: Option<[u8; 32]>,
    /// The files.
    pub files: FilesState,
}

/// One thing that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deviation {
    /// Where, below the installation's folder, and as it is called there.
    pub path: String,
    /// What.
    pub what: What,
}

/// What differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// The file is not there.
    Missing,
    /// It has another size.
    Size {
        /// Bytes that it should have.
        expected: u64,
        /// Bytes that it has, at least.
        found: u64,
    },
    /// It has the right size and another content.
    Content,
    /// It, or a folder above it, is a link. Links are not followed.
    Link,
    /// It is no file, or what should be a folder above it is none.
    Kind,
    /// It is not listed and stands in a folder in which nothing else may stand.
    Extra,
    /// It cannot be read, for this reason.
    Unreadable(String),
    /// The program that runs is not one of the listed files.
    Program,
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("missing"),
            Self::Size { expected, found } => write!(f, "altered: {found} bytes, not {expected}"),
            Self::Content => f.write_str("altered: another content of the same size"),
            Self::Link => f.write_str("altered: a link stands there or above it"),
            Self::Kind => f.write_str("altered: no file, or below something that is no folder"),
            Self::Extra => f.write_str("extra: not of this release"),
            Self::Unreadable(why) => write!(f, "unreadable: {why}"),
            Self::Program => f.write_str("the program that runs is not one of the listed files"),
        }
    }
}

impl Installation {
    /// Checks every listed file, and looks for others where there must be none. Each thing that differs is told once, as it
    /// is found; [`FilesState`] names only some of them.
    ///
    /// A file is read as it is at that moment. Who can write into the folder can exchange files before and after.
    pub fn check(&self, tell: &mut dyn FnMut(&Deviation)) -> Checked {
        let unproven = |files| Checked {
            manifest_sha256: None,
            files,
        };
        if self.keys.is_empty() {
            return unproven(FilesState::NoKey);
        }
        let read = read_at_most(&self.manifest, MANIFEST_MAX_BYTES).and_then(|text| {
            let signature = read_at_most(&signature_of(&self.manifest), SIGNATURE_MAX_BYTES)?;
            Ok((text, signature))
        });
        let (text, signature) = match read {
            Ok(both) => both,
            Err(error) if error.kind() == ErrorKind::NotFound => return unproven(FilesState::NoManifest),
            // No signature is that long.
            Err(error) if error.kind() == ErrorKind::FileTooLarge => {
                return unproven(FilesState::BadSignature);
            }
            Err(_) => return unproven(FilesState::UnreadableManifest),
        };
        if !self.keys.iter().any(|key| key.has_signed(&text, &signature)) {
            return unproven(FilesState::BadSignature);
        }
        let files = match Manifest::parse(&text) {
            Err(_) => FilesState::BadManifest,
            Ok(manifest) if !self.is_of_release(&manifest) => FilesState::OtherRelease {
                version: manifest.version().to_owned(),
                target: manifest.target().to_owned(),
            },
            Ok(manifest) => self.compare(&manifest, tell),
        };
        Checked {
            manifest_sha256: Some(manifest::sha256(&text)),
            files,
        }
    }

    /// Folders and files from which code of the release may come into the program, for
    /// [`Signs::from_sources`](crate::Signs::from_sources).
    pub(crate) fn own_code(&self) -> Vec<String> {
        let own = [Some(&self.folder), self.program.as_ref()];
        let real = own
            .into_iter()
            .flatten()
            .map(|path| fs::canonicalize(path).unwrap_or_else(|_| path.clone()));
        real.map(|path| path.to_string_lossy().into_owned()).collect()
    }

    fn is_of_release(&self, manifest: &Manifest) -> bool {
        self.release.as_ref().is_none_or(|release| {
            release.version == manifest.version() && release.target == manifest.target()
        })
    }

    fn compare(&self, manifest: &Manifest, tell: &mut dyn FnMut(&Deviation)) -> FilesState {
        let root = fs::canonicalize(&self.folder).unwrap_or_else(|_| self.folder.clone());
        let files = manifest.files().len() as u64;
        let mut deviations = Deviations {
            files,
            ..Deviations::default()
        };
        let mut note = |path: &str, what: What| {
            match &what {
                What::Missing => deviations.missing.add(path),
                What::Size { .. } | What::Content | What::Link | What::Kind => deviations.altered.add(path),
                What::Extra => deviations.extra.add(path),
                What::Unreadable(_) => deviations.unreadable.add(path),
                What::Program => deviations.is_program_elsewhere = true,
            }
            tell(&Deviation {
                path: path.to_owned(),
                what,
            });
        };
        for (path, entry) in manifest.files() {
            if let Err(what) = check_file(&root, path, entry) {
                note(path, what);
            }
        }
        self.look_for_others(&root, manifest, &mut note);
        if let Some(program) = &self.program {
            let is_listed = place_in(&root, program).is_some_and(|path| manifest.file(&path).is_some());
            if !is_listed {
                note(&program.to_string_lossy(), What::Program);
            }
        }
        if deviations.is_empty() {
            FilesState::Intact { files }
        } else {
            FilesState::Deviating(deviations)
        }
    }

    fn look_for_others(&self, root: &Path, manifest: &Manifest, note: &mut dyn FnMut(&str, What)) {
        // Manifest and signature cannot be listed in themselves.
        let own: Vec<String> = [self.manifest.clone(), signature_of(&self.manifest)]
            .iter()
            .filter_map(|path| {
                let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
                let folder = place_in(root, folder.unwrap_or(Path::new(".")))?;
                Some(join(&folder, path.file_name()?.to_str()?))
            })
            .collect();
        let folders = manifest.closed_folders();
        let mut extra = 0;
        for folder in &folders {
            let entries =
                match check_folders(root, folder).and_then(|path| fs::read_dir(path).map_err(what_of)) {
                    Ok(entries) => entries,
                    // The files that should be in it are missing, and were told.
                    Err(What::Missing) => continue,
                    Err(what) => {
                        note(folder, what);
                        continue;
                    }
                };
            for entry in entries {
                let (name, kind) = match entry.and_then(|entry| Ok((entry.file_name(), entry.file_type()?))) {
                    Ok(entry) => entry,
                    // It was removed in this moment.
                    Err(error) if error.kind() == ErrorKind::NotFound => continue,
                    Err(error) => {
                        note(folder, what_of(error));
                        break;
                    }
                };
                let path = name.to_str().map(|name| join(folder, name));
                let is_known = path.as_deref().is_some_and(|path| {
                    // What else stands at the place of a file or of such a folder is told as altered, not as extra.
                    manifest.file(path).is_some()
                        || folders.contains(path)
                        || kind.is_file() && own.iter().any(|own| own == path)
                });
                if is_known {
                    continue;
                }
                // One of no readable name is never listed.
                let path = path.unwrap_or_else(|| join(folder, &name.to_string_lossy()));
                note(&path, What::Extra);
                extra += 1;
                if extra == EXTRA_MAX {
                    return;
                }
            }
        }
    }
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    }
}

/// The path below the root, as a manifest writes it. `None` for one that lies elsewhere, or is not there.
fn place_in(root: &Path, path: &Path) -> Option<String> {
    let real = fs::canonicalize(path).ok()?;
    let parts: Option<Vec<&str>> = real
        .strip_prefix(root)
        .ok()?
        .iter()
        .map(|part| part.to_str())
        .collect();
    Some(parts?.join("/"))
}

/// Goes down to a folder below the root and refuses each link on the way.
fn check_folders(root: &Path, folder: &str) -> Result<PathBuf, What> {
    let mut at = root.to_owned();
    for part in folder.split('/').filter(|part| !part.is_empty()) {
        at.push(part);
        let kind = fs::symlink_metadata(&at).map_err(what_of)?.file_type();
        if !kind.is_dir() {
            return Err(what_kind(kind));
        }
    }
    Ok(at)
}

fn check_file(root: &Path, path: &str, entry: &Entry) -> Result<(), What> {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let path = check_folders(root, folder)?.join(name);
    // A pipe would never open, and a device may do anything then: they are told apart before.
    let kind = fs::symlink_metadata(&path).map_err(what_of)?.file_type();
    if !kind.is_file() {
        return Err(what_kind(kind));
    }
    let file = open_file(&path, false).map_err(what_of)?;
    let found = file.metadata().map_err(what_of)?;
    if !found.is_file() {
        return Err(What::Kind);
    }
    if found.len() != entry.size {
        return Err(What::Size {
            expected: entry.size,
            found: found.len(),
        });
    }
    // One byte more, for a file that grows meanwhile.
    let (read, sha256) = digest(&mut file.take(entry.size.saturating_add(1))).map_err(what_of)?;
    if read != entry.size {
        return Err(What::Size {
            expected: entry.size,
            found: read,
        });
    }
    if sha256 == entry.sha256 {
        Ok(())
    } else {
        Err(What::Content)
    }
}

/// Length and SHA-256 of all that a reader gives.
pub(crate) fn digest(reader: &mut dyn Read) -> io::Result<(u64, [u8; 32])> {
    let mut hash = Sha256::new();
    let mut piece = vec![0; PIECE_BYTES];
    let mut read = 0;
    loop {
        match reader.read(&mut piece) {
            Ok(0) => return Ok((read, hash.finalize().into())),
            Ok(length) => {
                hash.update(piece.get(..length).unwrap_or_default());
                read += length as u64;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Opens a file for reading. What was exchanged for a pipe in this moment does not block, and where links are not followed,
/// what was exchanged for a link is not opened.
pub(crate) fn open_file(path: &Path, follow: bool) -> io::Result<File> {
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt;
        let flags = if follow {
            OFlags::NONBLOCK
        } else {
            OFlags::NONBLOCK | OFlags::NOFOLLOW
        };
        options.custom_flags(flags.bits().cast_signed());
    }
    #[cfg(not(unix))]
    let _ = follow;
    options.open(path)
}

/// A whole file of at most so many bytes; one that is longer is [`ErrorKind::FileTooLarge`].
fn read_at_most(path: &Path, bytes_max: usize) -> io::Result<Vec<u8>> {
    let file = open_file(path, true)?;
    if !file.metadata()?.is_file() {
        return Err(ErrorKind::InvalidInput.into());
    }
    let mut bytes = Vec::new();
    file.take(bytes_max as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > bytes_max {
        return Err(ErrorKind::FileTooLarge.into());
    }
    Ok(bytes)
}

fn what_kind(kind: FileType) -> What {
    if kind.is_symlink() { What::Link } else { What::Kind }
}

fn what_of(error: io::Error) -> What {
    match error.kind() {
        ErrorKind::NotFound => What::Missing,
        ErrorKind::NotADirectory | ErrorKind::IsADirectory => What::Kind,
        _ => What::Unreadable(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Broken;

    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk does not answer"))
        }
    }

    #[test]
    fn a_disk_that_fails_in_the_middle_is_unreadable_and_not_altered() {
        let error = digest(&mut b"begin".chain(Broken)).unwrap_err();
        assert_eq!(
            what_of(error),
            What::Unreadable("the disk does not answer".into())
        );
        let (read, sha256) = digest(&mut b"abc".chain(&b""[..])).unwrap();
        assert_eq!((read, sha256), (3, manifest::sha256(b"abc")));
        assert_eq!(
            manifest::hex(&sha256),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    /// The look before cannot help where somebody exchanges a file for a link in between.
    #[cfg(unix)]
    #[test]
    fn a_link_that_came_in_between_is_not_opened() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink("file", &link).unwrap();
        fs::write(folder.path().join("file"), "x").unwrap();
        assert!(open_file(&link, true).is_ok());
        let error = open_file(&link, false).unwrap_err();
        assert!(matches!(what_of(error), What::Unreadable(_)));
    }
}
