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

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use proptest::prelude::*;

    use super::*;

    fn blob(kind: Kind) -> Blob {
        Blob {
            kind,
            public: vec![0, 2, 0xaa, 0xab],
            private: vec![0, 3, 1, 2, 3],
            storage_key: "000b01ff".into(),
        }
    }

    #[test]
    fn a_file_keeps_its_form() {
        let check = |kind: Kind, expected: expect_test::Expect| {
            let text = blob(kind).to_pem().unwrap();
            expected.assert_eq(&text);
            assert_eq!(Blob::from_pem(&text), Some(blob(kind)));
        };
        check(
            Kind::Secret,
            expect![[r#"
            -----BEGIN TSS2 PRIVATE KEY-----
            MEAGBmeBBQoBBaADAQH/pB4MHEFsYXFhbjsgc3RvcmFnZSBrZXkgMDAwYjAxZmYC
            BEAAAAEEBAACqqsEBQADAQID
            -----END TSS2 PRIVATE KEY-----
        "#]],
        );
        check(
            Kind::Device,
            expect![[r#"
            -----BEGIN TSS2 PRIVATE KEY-----
            MEAGBmeBBQoBA6ADAQH/pB4MHEFsYXFhbjsgc3RvcmFnZSBrZXkgMDAwYjAxZmYC
            BEAAAAEEBAACqqsEBQADAQID
            -----END TSS2 PRIVATE KEY-----
        "#]],
        );
    }

    #[test]
    fn other_files_are_refused() {
        let good = pem::decode_vec(blob(Kind::Secret).to_pem().unwrap().as_bytes())
            .unwrap()
            .1;
        let check = |label: &str, from: &[u8], to: &[u8]| {
            let mut der = good.clone();
            let at = der.windows(from.len()).position(|bytes| bytes == from).unwrap();
            der[at..at + to.len()].copy_from_slice(to);
            let text = pem::encode_string(label, pem::LineEnding::LF, &der).unwrap();
            assert_eq!(Blob::from_pem(&text), None, "{label} {from:?} {to:?}");
        };
        check("PRIVATE KEY", b"Alaqan", b"Alaqan");
        // An importable key: its private part is not encrypted by this TPM.
        check(LABEL, &[0x0a, 1, 5], &[0x0a, 1, 4]);
        // One that has a password.
        check(LABEL, &[0xa0, 3, 1, 1, 0xff], &[0xa0, 3, 1, 1, 0]);
        // One under a persistent parent.
        check(LABEL, &[0x40, 0, 0, 1], &[0x41, 0, 0, 1]);
        // One that another program made.
        check(LABEL, b"Alaqan", b"openss");
        assert_eq!(Blob::from_pem(""), None);
    }

    proptest! {
        #[test]
        fn every_blob_comes_back(public: Vec<u8>, private: Vec<u8>, storage_key in "[0-9a-f]{68}") {
            let blob = Blob { kind: Kind::Device, public, private, storage_key };
            prop_assert_eq!(Blob::from_pem(&blob.to_pem().unwrap()), Some(blob));
        }

        #[test]
        fn no_text_panics(text: String, der: Vec<u8>) {
            Blob::from_pem(&text);
            Blob::from_pem(&pem::encode_string(LABEL, pem::LineEnding::LF, &der).unwrap());
        }
    }
}
