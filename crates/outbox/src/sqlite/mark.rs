//! How far the store was committed, in a small file beside it.
//!
//! SQLite cannot tell a journal whose last commit was damaged from one whose last commit never ended. So after each commit
//! that was promised to survive, this file is told where the journal and the audit log stand; at the next opening they must
//! stand there or further. It is written without waiting for the disk, which is enough against anything but a loss of
//! power: then it may be behind, and is still right.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;

use sha2::{Digest, Sha256};
use verification::audit::{AuditHead, LogId};

use super::file::beside;

const SUFFIX: &str = ".mark";
const BYTES: usize = 8 + 4 + 16 + 8 + 32 + 1;
const CHECK_BYTES: usize = 8;

/// Where journal and audit log stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    /// Of the journal.
    pub(super) salts: [u8; 8],
    /// Committed in this run of the journal.
    pub(super) frames: u32,
    pub(super) head: AuditHead,
    /// Something could not be read: the whole file is to be looked through at the next opening.
    pub(super) is_suspect: bool,
}

/// What the file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    Nothing,
    /// It is damaged itself.
    Damaged,
    Mark(Mark),
}

impl Mark {
    /// Promises nothing.
    pub(super) fn nothing() -> Self {
        Self {
            salts: [0; 8],
            frames: 0,
            head: AuditHead::empty(LogId::default()),
            is_suspect: false,
        }
    }

    pub(super) fn read(path: &Path) -> io::Result<Found> {
        match fs::read(beside(path, SUFFIX)) {
            Ok(bytes) if bytes.is_empty() => Ok(Found::Nothing),
            Ok(bytes) => Ok(Self::decode(&bytes).map_or(Found::Damaged, Found::Mark)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Found::Nothing),
            Err(error) => Err(error),
        }
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (said, check) = bytes.split_at_checked(BYTES)?;
        if *check != Sha256::digest(said)[..CHECK_BYTES] {
            return None;
        }
        let (salts, rest) = said.split_first_chunk()?;
        let (frames, rest) = rest.split_first_chunk()?;
        let (log, rest) = rest.split_first_chunk()?;
        let (number, rest) = rest.split_first_chunk()?;
        let (hash, rest) = rest.split_first_chunk()?;
        Some(Self {
            salts: *salts,
            frames: u32::from_be_bytes(*frames),
            head: AuditHead {
                log: LogId(*log),
                number: u64::from_be_bytes(*number),
                hash: *hash,
            },
            is_suspect: *rest != [0],
        })
    }

    fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(BYTES + CHECK_BYTES);
        bytes.extend(self.salts);
        bytes.extend(self.frames.to_be_bytes());
        bytes.extend(self.head.log.0);
        bytes.extend(self.head.number.to_be_bytes());
        bytes.extend(self.head.hash);
        bytes.push(u8::from(self.is_suspect));
        let check = Sha256::digest(&bytes);
        bytes.extend(&check[..CHECK_BYTES]);
        bytes
    }
}

/// The open file.
#[derive(Debug)]
pub(super) struct MarkFile(File);

impl MarkFile {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(beside(path, SUFFIX)).map(Self)
    }

    pub(super) fn write(&self, mark: &Mark) -> io::Result<()> {
        let mut file = &self.0;
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&mark.encode())
    }

    pub(super) fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }
}
