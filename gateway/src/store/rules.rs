//! Decisions that are the same whatever database keeps the facts. Pure.

use authority::CodeDigest;
use verification::audit::AuditHead;
use verification::time::UtcMs;

use super::documents::{NewDocument, Put};
use super::trust::{CodeCheck, HeadCheck};

/// How a head fits the highest one that was seen of the same log, and whether other logs of the kiosk were seen.
pub(super) fn check_head(highest: Option<AuditHead>, others_seen: bool, head: AuditHead) -> HeadCheck {
    match highest {
        None if others_seen => HeadCheck::NewLog,
        None => HeadCheck::First,
        Some(seen) if head.number < seen.number => HeadCheck::Regressed { seen },
        Some(seen) if head.number == seen.number && head.hash != seen.hash => HeadCheck::Fork,
        Some(_) => HeadCheck::Fits,
    }
}

/// A one-time code as it is kept.
pub(super) struct CodeRow {
    pub code_sha256: [u8; 32],
    pub expires_at: UtcMs,
    /// SHA-256 of the public key that used it.
    pub used_by: Option<[u8; 32]>,
}

/// In both databases: when a second revocation of a certificate overrides the first one. See
/// [`COMPROMISES`](super::COMPROMISES).
pub(super) const STRONGER: &str = "excluded.reason IN (1, 2, 10) AND revocation.reason NOT IN (1, 2, 10)";

/// What a code is worth.
pub(super) fn check_code(
    blocked: bool,
    row: Option<&CodeRow>,
    code_sha256: &[u8; 32],
    key_sha256: &[u8; 32],
    now: UtcMs,
) -> CodeCheck {
    if blocked {
        return CodeCheck::Blocked;
    }
    let Some(row) = row else {
        return CodeCheck::Unknown;
    };
    // In the same time wherever they differ.
    if !CodeDigest::from_bytes(row.code_sha256).same(&CodeDigest::from_bytes(*code_sha256)) {
        return CodeCheck::Wrong;
    }
    match &row.used_by {
        Some(key) if key != key_sha256 => CodeCheck::Used,
        // Also when it is old by now: an operator may have taken days to agree.
        Some(_) => CodeCheck::UsedBySameKey,
        None if now >= row.expires_at => CodeCheck::Expired,
        None => CodeCheck::Good,
    }
}

/// Lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Numbers of records are kept as signed integers. No log ever gets as long as to make a difference.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The inverse of [`signed`].
pub(super) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// What the audit log says about a document that was put.
pub(super) fn put_event(put: Put, document: &NewDocument) -> String {
    let what = match put {
        Put::New => "document-stored",
        Put::Known => "document-again",
        Put::Conflict => "document-refused-id-conflict",
        Put::AuditFork => "document-refused-audit-fork",
    };
    format!("{what} {} {}", document.id, document.kiosk_id)
}
