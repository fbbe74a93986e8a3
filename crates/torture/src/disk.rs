//! What is done to a kiosk's disk and to the files on it.
//!
//! Whoever may mount gives each kiosk a small disk of its own in memory (tmpfs), which can be made too small and read-only while
//! the kiosk works. Otherwise a limit on the size of files stands for the full disk, and the rights of folder and files for the
//! read-only one.

use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::TortureError;
use crate::programs::output;

/// More than a kiosk ever writes here.
const SIZE_BYTES: u64 = 1024 * 1024 * 1024;

/// The disk of a kiosk.
#[derive(Debug, Clone)]
pub struct Disk {
    folder: PathBuf,
    mounted: bool,
}

impl Disk {
    /// Makes a disk at this folder. Without `mount` it is an ordinary folder.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn make(folder: &Path, mount: bool) -> Result<Self, TortureError> {
        std::fs::create_dir_all(folder).map_err(TortureError::file(folder, "created"))?;
        if mount {
            let options = format!("size={SIZE_BYTES},mode=0700");
            output(
                Command::new("mount")
                    .args(["-t", "tmpfs", "-o", &options, "alaqan-torture"])
                    .arg(folder),
            )?;
        }
        Ok(Self {
            folder: folder.to_owned(),
            mounted: mount,
        })
    }

    /// Takes a mounted disk away, with all that is on it.
    ///
    /// # Errors
    /// When somebody still works on it.
    pub fn unmake(&self) -> Result<(), TortureError> {
        if self.mounted {
            output(Command::new("umount").arg(&self.folder))?;
        }
        Ok(())
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn remount(&self, options: &str) -> Result<(), TortureError> {
        output(
            Command::new("mount")
                .args(["-o", &format!("remount,{options}")])
                .arg(&self.folder),
        )?;
        Ok(())
    }

    /// Leaves so much room. `pid` is the kiosk that works on the disk.
    ///
    /// # Errors
    /// When the system does not let it.
    pub fn fill(&self, left_bytes: u64, pid: Option<u32>) -> Result<(), TortureError> {
        if self.mounted {
            let fill = || {
                let used = used_bytes(&self.folder).map_err(TortureError::file(&self.folder, "asked"))?;
                self.remount(&format!("size={}", used + left_bytes.max(4096)))
            };
            // It fails where the kiosk has written more than that since it was asked.
            return (1..FILL_TRIES).find_map(|_| fill().ok()).map_or_else(fill, Ok);
        }
        let Some(pid) = pid else { return Ok(()) };
        // The largest file is the one that grows.
        let largest = files(&self.folder)?.iter().map(|(_, bytes)| *bytes).max();
        limit_files(pid, Some(largest.unwrap_or(0) + left_bytes))
    }

    /// Gives all room back.
    ///
    /// # Errors
    /// When the system does not let it.
    pub fn empty(&self, pid: Option<u32>) -> Result<(), TortureError> {
        if self.mounted {
            return self.remount(&format!("size={SIZE_BYTES}"));
        }
        pid.map_or(Ok(()), |pid| limit_files(pid, None))
    }

    /// Lets it be read only, or written again. Nobody may have a file open for writing.
    ///
    /// # Errors
    /// When the system does not let it.
    pub fn set_read_only(&self, read_only: bool) -> Result<(), TortureError> {
        use std::os::unix::fs::PermissionsExt;
        if self.mounted {
            return self.remount(if read_only { "ro" } else { "rw" });
        }
        let set = |path: &Path, mode| {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
                .map_err(TortureError::file(path, "given other rights"))
        };
        if !read_only {
            set(&self.folder, 0o700)?;
        }
        for (path, _) in files(&self.folder)? {
            set(&path, if read_only { 0o400 } else { 0o600 })?;
        }
        if read_only {
            set(&self.folder, 0o500)?;
        }
        Ok(())
    }
}

/// How often it is tried to fill a disk on which a kiosk works.
const FILL_TRIES: u32 = 20;

fn used_bytes(folder: &Path) -> std::io::Result<u64> {
    let told = rustix::fs::statvfs(folder)?;
    Ok((told.f_blocks - told.f_bfree) * told.f_frsize)
}

fn limit_files(pid: u32, bytes: Option<u64>) -> Result<(), TortureError> {
    let limit = rustix::process::Rlimit {
        current: bytes,
        maximum: None,
    };
    let process = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw);
    rustix::process::prlimit(process, rustix::process::Resource::Fsize, limit)
        .map(drop)
        .map_err(|error| TortureError::Late(format!("the size of files cannot be limited: {error}")))
}

/// The files of a folder and their sizes, sorted; not those of folders in it.
///
/// # Errors
/// When it cannot be read.
pub fn files(folder: &Path) -> Result<Vec<(PathBuf, u64)>, TortureError> {
    let read = || -> std::io::Result<Vec<(PathBuf, u64)>> {
        let mut files = Vec::new();
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let metadata = entry.metadata()?;
            if metadata.is_file() {
                files.push((entry.path(), metadata.len()));
            }
        }
        files.sort();
        Ok(files)
    };
    read().map_err(TortureError::file(folder, "read"))
}

/// A bit that was flipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flip {
    /// Of which byte.
    pub offset: u64,
    /// Which bits.
    pub mask: u8,
}

/// Flips so many bits of a file, at places that follow from `at` and the size of the file. Nothing happens to an empty file.
///
/// # Errors
/// When the file cannot be changed.
pub fn flip(path: &Path, bits: u8, at: u64) -> Result<Vec<Flip>, TortureError> {
    let length = std::fs::metadata(path)
        .map_err(TortureError::file(path, "read"))?
        .len();
    if length == 0 {
        return Ok(Vec::new());
    }
    let mut random = fastrand::Rng::with_seed(at);
    let flips: Vec<Flip> = (0..bits)
        .map(|_| Flip {
            offset: random.u64(0..length),
            mask: 1 << random.u8(0..8),
        })
        .collect();
    apply(path, &flips)?;
    Ok(flips)
}

/// Flips these bits; a second time flips them back.
///
/// # Errors
/// When the file cannot be changed.
pub fn apply(path: &Path, flips: &[Flip]) -> Result<(), TortureError> {
    let act = || -> std::io::Result<()> {
        let file = std::fs::OpenOptions::new().read(true).write(true).open(path)?;
        for flip in flips {
            let mut byte = [0];
            file.read_exact_at(&mut byte, flip.offset)?;
            byte[0] ^= flip.mask;
            file.write_all_at(&byte, flip.offset)?;
        }
        Ok(())
    };
    act().map_err(TortureError::file(path, "changed"))
}

/// Copies a folder with all that is in it.
///
/// # Errors
/// When something cannot be read or written.
pub fn copy(from: &Path, to: &Path) -> Result<(), TortureError> {
    std::fs::create_dir_all(to).map_err(TortureError::file(to, "created"))?;
    let entries = std::fs::read_dir(from).map_err(TortureError::file(from, "read"))?;
    for entry in entries {
        let entry = entry.map_err(TortureError::file(from, "read"))?;
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), &target).map_err(TortureError::file(&target, "written"))?;
        }
    }
    // Keys may lie only in folders that nobody else may enter.
    let rights = std::fs::metadata(from)
        .map_err(TortureError::file(from, "read"))?
        .permissions();
    std::fs::set_permissions(to, rights).map_err(TortureError::file(to, "given other rights"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_flipped_twice_is_as_before() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("f");
        std::fs::write(&file, [7; 1_000]).unwrap();
        let flips = flip(&file, 5, 99).unwrap();
        let harmed = std::fs::read(&file).unwrap();
        assert_ne!(harmed, [7; 1_000]);
        apply(&file, &flips).unwrap();
        assert_eq!(std::fs::read(&file).unwrap(), [7; 1_000]);
        assert_eq!(flip(&file, 5, 99).unwrap(), flips);
        std::fs::write(&file, []).unwrap();
        assert_eq!(flip(&file, 5, 99).unwrap(), []);
    }

    #[test]
    fn a_copy_holds_everything() {
        let folder = tempfile::tempdir().unwrap();
        let from = folder.path().join("from");
        std::fs::create_dir_all(from.join("deep")).unwrap();
        std::fs::write(from.join("deep/file"), b"x").unwrap();
        copy(&from, &folder.path().join("to")).unwrap();
        assert_eq!(std::fs::read(folder.path().join("to/deep/file")).unwrap(), b"x");
    }
}
