//! Signed receipts on a medium: what the gateway gives back for a package of documents.
//!
//! `{ 0: version, 1: "alaqan-receipts", 2: [* signed receipt (CMS)] }` in CBOR. Each receipt is signed by itself, and none
//! holds anything personal, so that the file is neither signed nor encrypted.

use minicbor::bytes::ByteSlice;
use minicbor::{Decode, Encode};

use crate::codes::{from_bytes, to_bytes};
use crate::content::DecodeError;

/// Version of the format.
pub const VERSION: u32 = 1;

/// No file holds more receipts: as many as a package has documents.
pub const RECEIPTS_MAX: usize = crate::package::DOCUMENTS_MAX;

const KIND: &str = "alaqan-receipts";

/// The bytes of a file of receipts.
pub fn encode(signed_receipts: &[Vec<u8>]) -> Vec<u8> {
    to_bytes(&BundleWire {
        version: VERSION,
        kind: KIND,
        receipts: signed_receipts
            .iter()
            .map(|signed| signed.as_slice().into())
            .collect(),
    })
}

/// Reads what [`encode`] wrote. No receipt has been verified.
///
/// # Errors
/// As [`crate::content::decode`].
pub fn decode(bytes: &[u8]) -> Result<Vec<&[u8]>, DecodeError> {
    let wire: BundleWire<'_> = from_bytes(bytes, VERSION)?;
    if wire.kind != KIND || wire.receipts.len() > RECEIPTS_MAX || to_bytes(&wire) != bytes {
        return Err(DecodeError::NotCanonical);
    }
    Ok(wire.receipts.into_iter().map(|signed| &**signed).collect())
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct BundleWire<'a> {
    #[n(0)]
    version: u32,
    #[b(1)]
    kind: &'a str,
    #[b(2)]
    receipts: Vec<&'a ByteSlice>,
}
