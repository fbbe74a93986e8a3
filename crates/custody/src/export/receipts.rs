//! Receipts that come back on a medium.

use std::collections::HashMap;

use document::content::DecodeError;
use document::identification::SIGNER_COMMON_NAME;
use document::receipt::{self, bundle};
use document::signature;
use outbox::{EntryState, Outbox, OutboxError};
use sha2::{Digest, Sha256};
use thiserror::Error;
use verification::evidence::DocumentId;
use verification::time::UtcMs;

use crate::DoubtError;

/// What became of a file of receipts.
#[derive(Debug, Default)]
pub struct Taken {
    /// Documents that have left the queue by it.
    pub delivered: Vec<DocumentId>,
    /// Documents whose receipt was here before.
    pub known: u64,
    /// Documents of which nothing is kept here any more.
    pub forgotten: u64,
    /// Receipts that do not count.
    pub refused: Vec<Refusal>,
}

/// A receipt that does not count.
#[derive(Debug, Error)]
#[error("receipt {place} of the file does not count")]
pub struct Refusal {
    /// Its place in the file, from 1.
    pub place: usize,
    /// Why.
    #[source]
    pub doubt: DoubtError,
}

/// Why no receipt was taken in.
#[derive(Debug, Error)]
pub enum ReceiptsError {
    /// The bytes are no file of receipts.
    #[error("this is no file of receipts")]
    Unreadable(#[from] DecodeError),
    /// The kiosk's store fails. What was taken in before stays so; the rest can be taken in again.
    #[error("the encrypted store fails")]
    Store(#[from] OutboxError),
}

/// Takes in the receipts that `alaqan-gateway import` wrote: each document leaves the queue whose receipt the gateway
/// signed for just its bytes. `anchors` are the authority's certificates in DER. Twice is harmless.
///
/// # Errors
/// See [`ReceiptsError`]. A receipt that does not count is none: it is in what is given back.
pub fn take_receipts(
    outbox: &mut dyn Outbox,
    file: &[u8],
    kiosk_id: &str,
    anchors: &[Vec<u8>],
    now: UtcMs,
) -> Result<Taken, ReceiptsError> {
    let signed_receipts = bundle::decode(file)?;
    let mut pending: HashMap<DocumentId, [u8; 32]> = HashMap::new();
    let mut after = None;
    while let Some((place, document, _)) = outbox.export(after)? {
        pending.insert(document.id, Sha256::digest(&document.bytes).into());
        after = Some(place);
    }
    let mut taken = Taken::default();
    for (place, signed) in (1..).zip(signed_receipts) {
        match check(signed, kiosk_id, anchors, &pending) {
            Ok((id, received_at)) if pending.contains_key(&id) => {
                if outbox.receipt(id, signed, received_at, now)? {
                    taken.delivered.push(id);
                }
                pending.remove(&id);
            }
            Ok((id, _)) => match outbox.state(id)? {
                Some(EntryState::Delivered | EntryState::AwaitingIdentification) => taken.known += 1,
                _ => taken.forgotten += 1,
            },
            Err(doubt) => taken.refused.push(Refusal { place, doubt }),
        }
    }
    outbox.append_audit(
        now,
        None,
        &format!(
            "ReceiptsTaken delivered={} known={} refused={}",
            taken.delivered.len(),
            taken.known + taken.forgotten,
            taken.refused.len()
        ),
    )?;
    Ok(taken)
}

/// The certificate need not be valid any more: the receipt may have been on its way for long.
fn check(
    signed: &[u8],
    kiosk_id: &str,
    anchors: &[Vec<u8>],
    pending: &HashMap<DocumentId, [u8; 32]>,
) -> Result<(DocumentId, UtcMs), DoubtError> {
    let verified = signature::verify_as_signed(signed, anchors)?;
    if verified.signer_common_name != SIGNER_COMMON_NAME {
        return Err(DoubtError::Signer(verified.signer_common_name));
    }
    let receipt = receipt::decode(verified.content.expose())?;
    let id = receipt.document_id;
    let same = pending
        .get(&id)
        .is_none_or(|sha256| *sha256 == receipt.document_sha256);
    if receipt.kiosk_id == kiosk_id && same {
        Ok((id, receipt.received_at))
    } else {
        Err(DoubtError::Other(id))
    }
}
