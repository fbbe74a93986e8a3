//! The file of a key that only its TPM opens: `TSS2 PRIVATE KEY`, the PEM that the TPM engines of OpenSSL, GnuTLS and
//! the Linux kernel read (J. Bottomley, "ASN.1 Specification for TPM 2.0 Key Files").
//!
//! Nothing in it is secret: the private part was encrypted by the TPM, for itself.

use der::asn1::{ObjectIdentifier, OctetStringRef, Utf8StringRef};
use der::{Decode, Encode, Sequence, pem};

const LABEL: &str = "TSS2 PRIVATE KEY";
/// A key that is loaded and then used inside.
const LOADABLE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.23.133.10.1.3");
/// Data that is loaded and then handed out.
const SEALED: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.23.133.10.1.5");
/// `TPM_RH_OWNER` as a parent stands for the P-256 storage key that this hierarchy makes from the TCG's template.
const OWNER: u32 = 0x4000_0001;
/// Before the name of that storage key in the description.
const STORAGE_KEY: &str = "Alaqan; storage key ";

/// What a blob is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// 32 sealed bytes.
    Secret,
    /// A signing key.
    Device,
}

/// Both parts of an object of a TPM, and the name of the storage key above it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Blob {
    pub(crate) kind: Kind,
    /// `TPM2B_PUBLIC`.
    pub(crate) public: Vec<u8>,
    /// `TPM2B_PRIVATE`.
    pub(crate) private: Vec<u8>,
    /// The name (TPM 2.0 part 1, 16) of the storage key, in hex. It tells another TPM from a damaged file.
    pub(crate) storage_key: String,
}

#[derive(Sequence)]
struct TpmKey<'a> {
    kind: ObjectIdentifier,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    empty_auth: Option<bool>,
    #[asn1(context_specific = "4", tag_mode = "EXPLICIT", optional = "true")]
    description: Option<Utf8StringRef<'a>>,
    parent: u32,
    public: OctetStringRef<'a>,
    private: OctetStringRef<'a>,
}

impl Blob {
    /// The text of the file.
    pub(crate) fn to_pem(&self) -> der::Result<String> {
        let description = format!("{STORAGE_KEY}{}", self.storage_key);
        let key = TpmKey {
            kind: match self.kind {
                Kind::Secret => SEALED,
                Kind::Device => LOADABLE,
            },
            empty_auth: Some(true),
            description: Some(Utf8StringRef::new(&description)?),
            parent: OWNER,
            public: OctetStringRef::new(&self.public)?,
            private: OctetStringRef::new(&self.private)?,
        };
        Ok(pem::encode_string(LABEL, pem::LineEnding::LF, &key.to_der()?)?)
    }

    /// Reads the text of a file. `None` if it is damaged or not ours.
    pub(crate) fn from_pem(text: &str) -> Option<Self> {
        let (label, bytes) = pem::decode_vec(text.as_bytes()).ok()?;
        let key = TpmKey::from_der(&bytes).ok()?;
        let kind = match key.kind {
            SEALED => Kind::Secret,
            LOADABLE => Kind::Device,
            _ => return None,
        };
        if label != LABEL || key.empty_auth != Some(true) || key.parent != OWNER {
            return None;
        }
        Some(Self {
            kind,
            public: key.public.as_bytes().to_vec(),
            private: key.private.as_bytes().to_vec(),
            storage_key: key.description?.as_str().strip_prefix(STORAGE_KEY)?.to_owned(),
        })
    }
}
