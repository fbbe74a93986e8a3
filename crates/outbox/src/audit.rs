//! The hash chain of the audit log: each record is bound to all before it.

use sha2::{Digest, Sha256};
use verification::evidence::SessionId;
use verification::time::UtcMs;

use crate::AuditBreak;

/// The newest record of the audit log; stands for the whole log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditHead {
    /// How many records there are.
    pub number: u64,
    /// SHA-256 of the newest record and the hash before it; zeros where there is no record.
    pub hash: [u8; 32],
}

impl AuditHead {
    /// Of an empty log.
    pub(crate) const EMPTY: Self = Self {
        number: 0,
        hash: [0; 32],
    };
}

/// What a record says.
pub(crate) struct Entry<'a> {
    pub(crate) at: UtcMs,
    pub(crate) session: Option<SessionId>,
    pub(crate) event: &'a str,
}

/// The head after one more record.
///
/// The hash covers, in this order: the hash before (32 bytes), the number and the time (8 bytes each, big
/// endian), 1 and the session id (17 bytes) or 0 where there is none, the event in UTF-8.
pub(crate) fn follow(head: AuditHead, entry: &Entry<'_>) -> AuditHead {
    let number = head.number + 1;
    let mut hash = Sha256::new()
        .chain_update(head.hash)
        .chain_update(number.to_be_bytes())
        .chain_update(entry.at.0.to_be_bytes());
    match entry.session {
        Some(session) => {
            hash.update([1]);
            hash.update(session.0);
        }
        None => hash.update([0]),
    }
    hash.update(entry.event.as_bytes());
    AuditHead {
        number,
        hash: hash.finalize().into(),
    }
}

/// The head after a record that was read back, if it says the same.
pub(crate) fn check(head: AuditHead, entry: &Entry<'_>, stored: AuditHead) -> Result<AuditHead, AuditBreak> {
    let next = follow(head, entry);
    if next == stored {
        Ok(next)
    } else {
        Err(AuditBreak { at: next.number })
    }
}
