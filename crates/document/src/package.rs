//! What a kiosk without a line puts on a medium: its pending documents, whole, under one signed header.
//!
//! ```text
//!   package  ::= { 0: version, 1: "alaqan-package", 2: signed header (CMS), 3: [* signed document (CMS)] }   CBOR
//!   header   ::= { 0: version, 1: "alaqan-package-header", 2: kiosk, 3: package id, 4: part, 5: parts, 6: made at,
//!                  7: head of the audit log, 8: [* { 0: document id, 1: SHA-256 of the signed document }] }
//! ```
//!
//! The header says which documents there are and in which order, and its signature covers that: a document that is
//! missing, added or moved is noticed. Each document carries its own signature besides. The package itself is in the
//! clear; who writes it to a medium encrypts it to the institution.

use minicbor::bytes::ByteSlice;
use minicbor::{Decode, Decoder, Encode};
use sha2::{Digest, Sha256};
use thiserror::Error;
use verification::audit::AuditHead;
use verification::evidence::DocumentId;
use verification::time::UtcMs;

use crate::codes::{AuditHeadWire, from_bytes, to_bytes};
use crate::content::DecodeError;
use crate::signature::SIGNED_MAX_BYTES;

/// Version of package and header.
pub const VERSION: u32 = 1;

/// No package is longer than this: a kiosk builds it in memory. What does not fit goes into a further part.
pub const PACKAGE_MAX_BYTES: usize = 32 * 1024 * 1024;

/// No package holds more documents.
pub const DOCUMENTS_MAX: usize = 4096;

const KIND: &str = "alaqan-package";
const HEADER_KIND: &str = "alaqan-package-header";

/// What the header takes at most beside its list, with its signature.
const HEADER_FRAME_BYTES: usize = 64 * 1024;
/// What a document takes at most beside its own bytes: its line in the header, and its length.
const PER_DOCUMENT_BYTES: usize = 64;

/// What a package says of itself. The kiosk signs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Which kiosk made it.
    pub kiosk_id: String,
    /// Names the export; its parts share it.
    pub package_id: [u8; 16],
    /// Which part this is, from 1.
    pub part: u32,
    /// How many parts there are.
    pub parts: u32,
    /// When it was made.
    pub created_at: UtcMs,
    /// Where the kiosk's audit log stood.
    pub audit: AuditHead,
    /// What it holds, in this order.
    pub documents: Vec<Listed>,
}

/// A document in the list of a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub id: DocumentId,
    /// SHA-256 of the signed document.
    pub sha256: [u8; 32],
}

impl Listed {
    /// The line of a signed document.
    pub fn of(id: DocumentId, signed: &[u8]) -> Self {
        Self {
            id,
            sha256: Sha256::digest(signed).into(),
        }
    }
}

/// Why bytes are no package, or its documents not those of its header.
#[derive(Debug, Error)]
pub enum PackageError {
    /// Longer than [`PACKAGE_MAX_BYTES`]; holds the length.
    #[error("a package has at most {PACKAGE_MAX_BYTES} bytes, this one has {0}")]
    TooLarge(usize),
    /// The structure is not that of a package.
    #[error("the package cannot be read{}", .at.map(|at| format!(", from byte {at} on")).unwrap_or_default())]
    Malformed {
        /// Offset from the start, where the decoder knows it.
        at: Option<usize>,
    },
    /// Another version; holds which.
    #[error("version {0} of the package format is not known here")]
    UnknownVersion(u32),
    /// Something else than a package.
    #[error("this is no package of documents")]
    OtherKind,
    /// Bytes follow, or the same content has another byte form.
    #[error("the package is not in canonical form")]
    NotCanonical,
    /// The part is none of the parts.
    #[error("the package says that it is part {part} of {parts}")]
    Part {
        /// As the header says.
        part: u32,
        /// As the header says.
        parts: u32,
    },
    /// Documents were added or taken away.
    #[error("the package holds {found} documents, its header names {named}")]
    Count {
        /// In the header.
        named: usize,
        /// In the package.
        found: usize,
    },
    /// A document is not the one that stands in its place in the header.
    #[error("in place {place} of the package, counted from 1, stands another document than its header names")]
    Other {
        /// The place, from 1.
        place: usize,
    },
}

impl From<minicbor::decode::Error> for PackageError {
    // The decoder's own error is dropped: its message may quote what it read.
    fn from(error: minicbor::decode::Error) -> Self {
        Self::Malformed { at: error.position() }
    }
}

/// The canonical bytes of a header: what the kiosk signs.
pub fn encode_header(header: &Header) -> Vec<u8> {
    to_bytes(&HeaderWire {
        version: VERSION,
        kind: HEADER_KIND,
        kiosk_id: &header.kiosk_id,
        package_id: header.package_id,
        part: header.part,
        parts: header.parts,
        created_at_ms: header.created_at.0,
        audit: header.audit.into(),
        documents: header
            .documents
            .iter()
            .map(|listed| ListedWire {
                id: listed.id.0,
                sha256: listed.sha256,
            })
            .collect(),
    })
}

/// Reads what [`encode_header`] wrote.
///
/// # Errors
/// As [`crate::content::decode`].
pub fn decode_header(bytes: &[u8]) -> Result<Header, DecodeError> {
    let wire: HeaderWire<'_> = from_bytes(bytes, VERSION)?;
    let header = Header {
        kiosk_id: wire.kiosk_id.to_owned(),
        package_id: wire.package_id,
        part: wire.part,
        parts: wire.parts,
        created_at: UtcMs(wire.created_at_ms),
        audit: wire.audit.into(),
        documents: wire
            .documents
            .iter()
            .map(|listed| Listed {
                id: DocumentId(listed.id),
                sha256: listed.sha256,
            })
            .collect(),
    };
    // The kind is compared with it.
    if encode_header(&header) != bytes {
        return Err(DecodeError::NotCanonical);
    }
    Ok(header)
}

/// The bytes of a package.
pub fn enclose(signed_header: &[u8], documents: &[Vec<u8>]) -> Vec<u8> {
    to_bytes(&PackageWire {
        version: VERSION,
        kind: KIND,
        signed_header,
        documents: documents.iter().map(|signed| signed.as_slice().into()).collect(),
    })
}

/// A package as it was read; nothing in it has been verified. `Debug` shows no document.
#[derive(Clone, PartialEq, Eq)]
pub struct Package<'a> {
    /// The header in the kiosk's signature.
    pub signed_header: &'a [u8],
    /// The signed documents.
    pub documents: Vec<&'a [u8]>,
}

impl std::fmt::Debug for Package<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Package({} documents)", self.documents.len())
    }
}

/// Reads what [`enclose`] wrote.
///
/// # Errors
/// Names why the bytes are refused. Never panics.
pub fn unfold(bytes: &[u8]) -> Result<Package<'_>, PackageError> {
    if bytes.len() > PACKAGE_MAX_BYTES {
        return Err(PackageError::TooLarge(bytes.len()));
    }
    let mut decoder = Decoder::new(bytes);
    decoder.map()?;
    let key = decoder.u32()?;
    let version = decoder.u32()?;
    if key != 0 {
        return Err(PackageError::OtherKind);
    }
    if version != VERSION {
        return Err(PackageError::UnknownVersion(version));
    }
    decoder.set_position(0);
    let wire: PackageWire<'_> = decoder.decode()?;
    if wire.kind != KIND {
        return Err(PackageError::OtherKind);
    }
    if to_bytes(&wire) != bytes {
        return Err(PackageError::NotCanonical);
    }
    Ok(Package {
        signed_header: wire.signed_header,
        documents: wire.documents.into_iter().map(|signed| &**signed).collect(),
    })
}

impl Package<'_> {
    /// Holds the documents against the header, whose signature the caller has verified.
    ///
    /// # Errors
    /// Says what is missing, added or out of its place.
    pub fn check(&self, header: &Header) -> Result<(), PackageError> {
        if header.part == 0 || header.part > header.parts {
            return Err(PackageError::Part {
                part: header.part,
                parts: header.parts,
            });
        }
        if header.documents.len() != self.documents.len() {
            return Err(PackageError::Count {
                named: header.documents.len(),
                found: self.documents.len(),
            });
        }
        for (place, (listed, signed)) in header.documents.iter().zip(&self.documents).enumerate() {
            if *listed != Listed::of(listed.id, signed) {
                return Err(PackageError::Other { place: place + 1 });
            }
        }
        Ok(())
    }
}

/// Which documents go into which part, given the sizes of the signed documents in bytes: gives how many each part holds,
/// in their order. No part is empty, and none is too large as long as no document exceeds
/// [`SIGNED_MAX_BYTES`].
pub fn parts(sizes: impl IntoIterator<Item = usize>) -> Vec<usize> {
    const {
        assert!(SIGNED_MAX_BYTES + HEADER_FRAME_BYTES + PER_DOCUMENT_BYTES < PACKAGE_MAX_BYTES);
    }
    let mut parts: Vec<usize> = Vec::new();
    let mut left = 0;
    for size in sizes {
        let takes = size.saturating_add(PER_DOCUMENT_BYTES);
        match parts.last_mut() {
            Some(count) if takes <= left && *count < DOCUMENTS_MAX => {
                *count += 1;
                left -= takes;
            }
            _ => {
                parts.push(1);
                left = (PACKAGE_MAX_BYTES - HEADER_FRAME_BYTES).saturating_sub(takes);
            }
        }
    }
    parts
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct PackageWire<'a> {
    #[n(0)]
    version: u32,
    #[b(1)]
    kind: &'a str,
    #[cbor(b(2), with = "minicbor::bytes")]
    signed_header: &'a [u8],
    #[b(3)]
    documents: Vec<&'a ByteSlice>,
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct HeaderWire<'a> {
    #[n(0)]
    version: u32,
    #[b(1)]
    kind: &'a str,
    #[b(2)]
    kiosk_id: &'a str,
    #[cbor(n(3), with = "minicbor::bytes")]
    package_id: [u8; 16],
    #[n(4)]
    part: u32,
    #[n(5)]
    parts: u32,
    #[n(6)]
    created_at_ms: i64,
    #[n(7)]
    audit: AuditHeadWire,
    #[n(8)]
    documents: Vec<ListedWire>,
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct ListedWire {
    #[cbor(n(0), with = "minicbor::bytes")]
    id: [u8; 16],
    #[cbor(n(1), with = "minicbor::bytes")]
    sha256: [u8; 32],
}
