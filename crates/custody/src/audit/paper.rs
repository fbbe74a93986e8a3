//! Documents and receipts, as far as they have seen an audit log.

use document::content;
use document::identification::SIGNER_COMMON_NAME;
use document::receipt::{self, bundle};
use verification::audit::AuditHead;

use super::{Signed, signed};
use crate::chain;

/// Which kind of paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaperKind {
    /// A signed document of a kiosk.
    Document,
    /// A signed receipt of a gateway.
    Receipt,
}

/// A paper and the heads in it. Nothing personal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paper {
    /// How it is called here: its file, and its place there if there are several.
    pub name: String,
    /// Which kind.
    pub kind: PaperKind,
    /// Whose signature it is, or why it does not count.
    pub signed: Result<Signed, String>,
    /// Where logs stood, as it says; nothing where it does not count.
    pub heads: Vec<AuditHead>,
}

impl Paper {
    /// Reads a signed document. `anchors` are the authority's certificates in DER.
    pub fn document(name: &str, bytes: &[u8], anchors: Option<&[Vec<u8>]>) -> Self {
        let read = || -> Result<(Signed, Vec<AuditHead>), String> {
            let (verified, by) = signed(bytes, anchors).map_err(|error| chain(&error))?;
            let content = content::decode(verified.content.expose()).map_err(|error| chain(&error))?;
            if content.kiosk.kiosk_id != verified.signer_common_name {
                return Err("another than the kiosk that it names has signed it".to_owned());
            }
            Ok((by, content.audit.into_iter().collect()))
        };
        Self::of(name.to_owned(), PaperKind::Document, read())
    }

    /// Reads a signed receipt, or a file of several as `alaqan-gateway import` writes it.
    pub fn receipts(name: &str, bytes: &[u8], anchors: Option<&[Vec<u8>]>) -> Vec<Self> {
        match bundle::decode(bytes) {
            Ok(several) => (1..)
                .zip(several)
                .map(|(place, bytes): (usize, _)| Self::receipt(format!("{name}, {place}"), bytes, anchors))
                .collect(),
            Err(_) => vec![Self::receipt(name.to_owned(), bytes, anchors)],
        }
    }

    fn receipt(name: String, bytes: &[u8], anchors: Option<&[Vec<u8>]>) -> Self {
        let read = || -> Result<(Signed, Vec<AuditHead>), String> {
            let (verified, by) = signed(bytes, anchors).map_err(|error| chain(&error))?;
            if verified.signer_common_name != SIGNER_COMMON_NAME {
                return Err("somebody else than a gateway has signed it".to_owned());
            }
            let receipt = receipt::decode(verified.content.expose()).map_err(|error| chain(&error))?;
            let heads = receipt.kiosk_audit.into_iter().chain([receipt.gateway_audit]);
            Ok((by, heads.collect()))
        };
        Self::of(name, PaperKind::Receipt, read())
    }

    fn of(name: String, kind: PaperKind, read: Result<(Signed, Vec<AuditHead>), String>) -> Self {
        let (signed, heads) = match read {
            Ok((by, heads)) => (Ok(by), heads),
            Err(why) => (Err(why), Vec::new()),
        };
        Self {
            name,
            kind,
            signed,
            heads,
        }
    }
}
