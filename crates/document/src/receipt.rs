//! What the gateway signs when it has a document: the kiosk's proof that it may let go of it.

pub mod bundle;

use minicbor::{Decode, Encode};
use verification::audit::AuditHead;
use verification::evidence::DocumentId;
use verification::time::UtcMs;

use crate::codes::{AuditHeadWire, from_bytes, to_bytes};
use crate::content::DecodeError;

/// Version of the format that [`encode`] writes.
pub const VERSION: u32 = 1;

/// A receipt. The gateway signs it with the key that signs answers, after the document is on its disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Which document.
    pub document_id: DocumentId,
    /// SHA-256 of the signed document, exactly as it came.
    pub document_sha256: [u8; 32],
    /// Which kiosk sent it.
    pub kiosk_id: String,
    /// Where the kiosk's audit log stood, as the document says.
    pub kiosk_audit: Option<AuditHead>,
    /// Where the gateway's own audit log stood after it had noted the document.
    pub gateway_audit: AuditHead,
    /// When the document was stored. Does not change when the same document comes again.
    pub received_at: UtcMs,
}

/// The canonical bytes of a receipt: what the gateway signs.
pub fn encode(receipt: &Receipt) -> Vec<u8> {
    to_bytes(&ReceiptWire {
        version: VERSION,
        document_id: receipt.document_id.0,
        document_sha256: receipt.document_sha256,
        kiosk_id: &receipt.kiosk_id,
        kiosk_audit: receipt.kiosk_audit.map(Into::into),
        gateway_audit: receipt.gateway_audit.into(),
        received_at_ms: receipt.received_at.0,
    })
}

/// Reads what [`encode`] wrote.
///
/// # Errors
/// As [`crate::content::decode`].
pub fn decode(bytes: &[u8]) -> Result<Receipt, DecodeError> {
    let wire: ReceiptWire<'_> = from_bytes(bytes, VERSION)?;
    let receipt = Receipt {
        document_id: DocumentId(wire.document_id),
        document_sha256: wire.document_sha256,
        kiosk_id: wire.kiosk_id.to_owned(),
        kiosk_audit: wire.kiosk_audit.map(Into::into),
        gateway_audit: wire.gateway_audit.into(),
        received_at: UtcMs(wire.received_at_ms),
    };
    if encode(&receipt) != bytes {
        return Err(DecodeError::NotCanonical);
    }
    Ok(receipt)
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct ReceiptWire<'a> {
    #[n(0)]
    version: u32,
    #[cbor(n(1), with = "minicbor::bytes")]
    document_id: [u8; 16],
    #[cbor(n(2), with = "minicbor::bytes")]
    document_sha256: [u8; 32],
    #[b(3)]
    kiosk_id: &'a str,
    #[n(4)]
    kiosk_audit: Option<AuditHeadWire>,
    #[n(5)]
    gateway_audit: AuditHeadWire,
    #[n(6)]
    received_at_ms: i64,
}
