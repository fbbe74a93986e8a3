//! Writes notices into a folder, where the institution fetches them.
//!
//! A file appears whole, under its name, or not at all; what is there is never overwritten. Whoever fetches a file may delete
//! it: the gateway does not look at it again.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use ::institution::courier::{Class, Failure};
use ::institution::notice::NoticeId;
use tempfile::TempPath;

/// The folder.
#[derive(Debug, Clone)]
pub struct Folder {
    folder: PathBuf,
    /// Part of the names of unfinished files, so that gateways that share the folder do not meet.
    gateway: String,
}

impl Folder {
    /// A folder into which the gateway of this name writes. What it left unfinished in a former life is removed.
    pub fn open(folder: &Path, gateway: &str) -> Self {
        let this = Self {
            folder: folder.to_owned(),
            gateway: gateway.to_owned(),
        };
        if let Err(error) = this.clean() {
            // Notices say it again, and wait.
            tracing::warn!(folder = %folder.display(), %error, "the folder for the institution cannot be read");
        }
        this
    }

    fn clean(&self) -> io::Result<()> {
        let ending = format!(".{}.part", self.gateway);
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.starts_with('.') && name.ends_with(&ending) && name.len() == 33 + ending.len() {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }

    /// Writes one notice. It is on the disk when this returns.
    ///
    /// # Errors
    /// A disk that is full, or a folder that is away or closed, passes; another file of this name does not.
    pub fn put(&self, id: NoticeId, body: &[u8]) -> Result<(), Failure> {
        let target = self.folder.join(format!("{id}.json"));
        match self.write(id, &target, body) {
            Ok(()) => Ok(()),
            // It was written before, and only the note of it was lost; or another gateway was quicker.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => match fs::read(&target) {
                Ok(there) if there == body => self.sync().map_err(passing),
                Ok(_) => Err(Failure {
                    class: Class::Permanent,
                    reason: "another file of this name is in the folder".into(),
                }),
                Err(error) => Err(passing(error)),
            },
            Err(error) => Err(passing(error)),
        }
    }

    fn write(&self, id: NoticeId, target: &Path, body: &[u8]) -> io::Result<()> {
        if target.try_exists()? {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let unfinished = self.folder.join(format!(".{id}.{}.part", self.gateway));
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        // For the institution's program, which shares the group.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o640);
        let mut file = options.open(&unfinished)?;
        // Removed again, unless it gets its name.
        let unfinished = TempPath::try_from_path(unfinished)?;
        file.write_all(body)?;
        file.sync_all()?;
        drop(file);
        unfinished
            .persist_noclobber(target)
            .map_err(|error| error.error)?;
        self.sync()
    }

    /// The name is on the disk too.
    fn sync(&self) -> io::Result<()> {
        if cfg!(unix) {
            File::open(&self.folder)?.sync_all()?;
        }
        Ok(())
    }
}

/// What would befall any other notice too.
fn passing(error: io::Error) -> Failure {
    Failure {
        class: Class::Network,
        reason: format!("the folder cannot be written: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: NoticeId = NoticeId([7; 16]);

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn nothing_is_overwritten_and_nothing_half_is_left() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path(), "a");
        folder.put(ID, b"one").unwrap();
        // Again, as after a lost note.
        folder.put(ID, b"one").unwrap();
        let refused = folder.put(ID, b"other").unwrap_err();
        assert_eq!(refused.class, Class::Permanent);
        assert_eq!(fs::read(place.path().join(format!("{ID}.json"))).unwrap(), b"one");
        assert_eq!(names(place.path()), [format!("{ID}.json")]);
    }

    #[test]
    fn what_a_former_life_left_is_removed_and_others_are_left_alone() {
        let place = tempfile::tempdir().unwrap();
        for name in [
            format!(".{ID}.a.part"),
            format!(".{ID}.b.part"),
            ".x.a.part".into(),
            "y".into(),
        ] {
            fs::write(place.path().join(name), "half").unwrap();
        }
        let folder = Folder::open(place.path(), "a");
        let others = [format!(".{ID}.b.part"), ".x.a.part".into(), "y".into()];
        assert_eq!(names(place.path()), others);
        folder.put(ID, b"one").unwrap();
        assert_eq!(names(place.path()).len(), 4);
    }

    #[test]
    fn a_folder_that_is_away_or_closed_passes() {
        let place = tempfile::tempdir().unwrap();
        let away = Folder::open(&place.path().join("away"), "a");
        assert_eq!(away.put(ID, b"one").unwrap_err().class, Class::Network);
        fs::create_dir(place.path().join("away")).unwrap();
        away.put(ID, b"one").unwrap();
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_read_only_folder_passes() {
        use std::os::unix::fs::PermissionsExt;
        let place = tempfile::tempdir().unwrap();
        fs::set_permissions(place.path(), fs::Permissions::from_mode(0o555)).unwrap();
        // For the superuser no folder of its own is closed; that of the kernel is.
        let closed = if rustix::process::geteuid().is_root() {
            Path::new("/sys")
        } else {
            place.path()
        };
        let refused = Folder::open(closed, "a").put(ID, b"one").unwrap_err();
        assert_eq!(refused.class, Class::Network, "{}", refused.reason);
        fs::set_permissions(place.path(), fs::Permissions::from_mode(0o755)).unwrap();
        Folder::open(place.path(), "a").put(ID, b"one").unwrap();
    }
}
