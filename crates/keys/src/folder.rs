//! A folder of key files: one file a name, written whole or not at all, never overwritten.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::{KeyError, Place, Trouble, name};

/// What every key file's name ends in.
const SUFFIX: &str = ".pem";
/// What the name of a file begins with until it is complete.
const UNFINISHED: &str = ".unfinished-";
/// Far more than any key file has.
const BYTES_MAX: u64 = 65_536;

/// A folder of key files.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    place: Place,
}

impl Folder {
    /// Opens or makes the folder, and removes what a crash in mid-write left behind.
    pub(crate) fn open(path: &Path, place: Place) -> Result<Self, KeyError> {
        let folder = Self {
            path: path.to_owned(),
            place,
        };
        folder.make().map_err(|error| folder.failed(&error))?;
        for entry in folder.list()? {
            if entry.starts_with(UNFINISHED) {
                folder.remove(&path.join(entry))?;
            }
        }
        Ok(folder)
    }

    fn make(&self) -> io::Result<()> {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        let is_new = !self.path.exists();
        builder.create(&self.path)?;
        match self.path.parent() {
            // A folder that a power cut takes back would take its keys with it.
            Some(parent) if is_new && !parent.as_os_str().is_empty() => sync_folder(parent),
            _ => Ok(()),
        }
    }

    /// Refuses a folder that others may enter, or a file of it that others may read.
    #[cfg(unix)]
    pub(crate) fn check_private(&self, name: Option<&str>) -> Result<(), KeyError> {
        use std::os::unix::fs::PermissionsExt;
        let path = name.map_or_else(|| self.path.clone(), |name| self.file(name));
        let mode = match std::fs::metadata(&path) {
            Ok(metadata) => metadata.permissions().mode() & 0o7777,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(self.failed(&error)),
        };
        if mode & 0o077 == 0 {
            return Ok(());
        }
        Err(KeyError::Exposed {
            path: path.display().to_string(),
            mode,
        })
    }

    /// Windows gives a file the rights of its folder; they are the business of whoever chose the folder.
    #[cfg(not(unix))]
    #[expect(
        clippy::unused_self,
        clippy::unnecessary_wraps,
        reason = "the same as on Unix"
    )]
    pub(crate) fn check_private(&self, _name: Option<&str>) -> Result<(), KeyError> {
        Ok(())
    }

    /// The text of a name. `None` if the name is free.
    pub(crate) fn read(&self, name: &str) -> Result<Option<Zeroizing<String>>, KeyError> {
        let file = match File::open(self.file(name)) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.unusable(name, &error.to_string())),
        };
        let size = file.metadata().map_or(0, |metadata| metadata.len());
        if size > BYTES_MAX {
            return Err(self.unusable(name, "its file is far too large"));
        }
        // The whole size at once: a buffer that grows leaves copies behind that nobody wipes.
        let mut text = Zeroizing::new(String::with_capacity(size as usize + 1));
        match file.take(BYTES_MAX).read_to_string(&mut text) {
            Ok(_) => Ok(Some(text)),
            Err(error) => Err(self.unusable(name, &error.to_string())),
        }
    }

    /// Keeps a text under a name that is free.
    pub(crate) fn keep(&self, name: &str, text: &str) -> Result<(), KeyError> {
        let written = || -> io::Result<()> {
            // Its permissions are 0600 from the first moment.
            let mut file = tempfile::Builder::new()
                .prefix(UNFINISHED)
                .tempfile_in(&self.path)?;
            file.write_all(text.as_bytes())?;
            file.as_file().sync_all()?;
            file.persist_noclobber(self.file(name))?;
            sync_folder(&self.path)
        };
        written().map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => KeyError::Exists(name.to_owned()),
            _ => self.failed(&error),
        })
    }

    /// Whether there is a file of this name, readable or not.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.file(name).symlink_metadata().is_ok()
    }

    /// All names, sorted.
    pub(crate) fn names(&self) -> Result<Vec<String>, KeyError> {
        let mut names: Vec<String> = self
            .list()?
            .iter()
            .filter_map(|entry| entry.strip_suffix(SUFFIX))
            .filter(|name| name::is_name(name))
            .map(str::to_owned)
            .collect();
        names.sort();
        Ok(names)
    }

    /// Forgets a name. `false` if it was free.
    pub(crate) fn forget(&self, name: &str) -> Result<bool, KeyError> {
        self.remove(&self.file(name))
    }

    /// An error about this name that says why.
    pub(crate) fn unusable(&self, name: &str, message: &str) -> KeyError {
        KeyError::Unusable {
            name: name.to_owned(),
            place: self.place,
            message: message.to_owned(),
        }
    }

    fn remove(&self, path: &Path) -> Result<bool, KeyError> {
        match std::fs::remove_file(path).and_then(|()| sync_folder(&self.path)) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(self.failed(&error)),
        }
    }

    fn list(&self) -> Result<Vec<String>, KeyError> {
        let listed = || -> io::Result<Vec<String>> {
            let mut names = Vec::new();
            for entry in std::fs::read_dir(&self.path)? {
                names.extend(entry?.file_name().into_string());
            }
            Ok(names)
        };
        listed().map_err(|error| self.failed(&error))
    }

    fn file(&self, name: &str) -> PathBuf {
        self.path.join(format!("{name}{SUFFIX}"))
    }

    fn failed(&self, error: &io::Error) -> KeyError {
        KeyError::Unreachable {
            place: self.place,
            trouble: match error.kind() {
                ErrorKind::NotFound => Trouble::Absent,
                ErrorKind::PermissionDenied => Trouble::Permission,
                _ => Trouble::Failed,
            },
            message: format!("{}: {error}", self.path.display()),
        }
    }
}

#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Windows cannot flush a folder; NTFS keeps its own journal of names.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "the same as on Unix")]
fn sync_folder(_path: &Path) -> io::Result<()> {
    Ok(())
}
