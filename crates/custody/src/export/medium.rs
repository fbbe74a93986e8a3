//! Files on a medium that may be full, be pulled out, or lie.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use thiserror::Error;

/// Why a file is not on the medium. What had been begun is removed where that is still possible.
#[derive(Debug, Error)]
pub enum MediumError {
    /// There is no room for it.
    #[error("there is no room for {} on the medium: {bytes} bytes are needed", file.display())]
    Full {
        /// The file.
        file: PathBuf,
        /// How many bytes it has.
        bytes: u64,
        /// What the system says.
        source: io::Error,
    },
    /// It cannot be written or read back: the medium was pulled out, is read-only, or broken.
    #[error("{} cannot be written to the medium", file.display())]
    Failed {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// What was read back is not what was written.
    #[error("{} was read back from the medium, and is not what was written: the medium is broken", file.display())]
    Different {
        /// The file.
        file: PathBuf,
    },
}

/// Writes a new file: under another name first, to the medium itself, and read back, before it gets its name.
pub(super) fn write_whole(file: &Path, bytes: &[u8]) -> Result<(), MediumError> {
    let mut name = file.as_os_str().to_owned();
    name.push(".part");
    let part = PathBuf::from(name);
    let written = write_part(&part, bytes)
        .and_then(|()| digest(&part))
        .map_err(|source| refusal(file, bytes, source))
        .and_then(|found| {
            if found == (bytes.len() as u64, Sha256::digest(bytes).into()) {
                Ok(())
            } else {
                Err(MediumError::Different {
                    file: file.to_owned(),
                })
            }
        })
        .and_then(|()| name_it(&part, file).map_err(|source| refusal(file, bytes, source)));
    if written.is_err() {
        // A medium that is gone has nothing to remove.
        let _ = fs::remove_file(&part);
    }
    written
}

fn write_part(part: &Path, bytes: &[u8]) -> io::Result<()> {
    // Never through what somebody has laid there, such as a link to elsewhere.
    let mut open = OpenOptions::new().write(true).create_new(true).open(part)?;
    open.write_all(bytes)?;
    open.sync_all()
}

/// Length and SHA-256 of what the medium gives back.
fn digest(part: &Path) -> io::Result<(u64, [u8; 32])> {
    let mut open = File::open(part)?;
    forget_cached(&open);
    let (mut hash, mut length) = (Sha256::new(), 0_u64);
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match open.read(&mut buffer)? {
            0 => return Ok((length, hash.finalize().into())),
            count => {
                length += count as u64;
                hash.update(&buffer[..count]);
            }
        }
    }
}

/// Otherwise what is read back comes from memory and says nothing of the medium.
#[cfg(target_os = "linux")]
fn forget_cached(open: &File) {
    // A file system that cannot do so is only read back less strictly.
    let _ = rustix::fs::fadvise(open, 0, None, rustix::fs::Advice::DontNeed);
}

#[cfg(not(target_os = "linux"))]
fn forget_cached(_: &File) {}

fn name_it(part: &Path, file: &Path) -> io::Result<()> {
    if fs::exists(file)? {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    fs::rename(part, file)?;
    #[cfg(unix)]
    if let Some(folder) = file.parent() {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

fn refusal(file: &Path, bytes: &[u8], source: io::Error) -> MediumError {
    let file = file.to_owned();
    match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            MediumError::Full {
                file,
                bytes: bytes.len() as u64,
                source,
            }
        }
        _ => MediumError::Failed { file, source },
    }
}
