//! What goes into a database that others administer: encrypted before it leaves the gateway.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use institution::notice::NoticeId;
use sha2::Sha256;
use verification::Sensitive;
use verification::evidence::DocumentId;

use super::StoreError;

/// Before every ciphertext stands its nonce. It is random, and long enough that two are never the same.
const NONCE_BYTES: usize = 24;

/// What is encrypted; bound to the ciphertext, so that one cannot be taken for another.
#[derive(Debug, Clone, Copy)]
pub(super) enum Label {
    /// A known text, by which the right key is told from a wrong one.
    KeyCheck,
    /// The signed bytes of a document.
    Signed(DocumentId),
    /// The signed answer about a document.
    Answer(DocumentId),
    /// The envelope of a notice.
    Notice(NoticeId),
    /// What an operator has written about the request in a document.
    Request(DocumentId),
}

impl Label {
    fn bytes(self) -> Vec<u8> {
        let (name, id): (&[u8], &[u8]) = match &self {
            Self::KeyCheck => (b"key check", b""),
            Self::Signed(id) => (b"signed", &id.0),
            Self::Answer(id) => (b"answer", &id.0),
            Self::Notice(id) => (b"notice", &id.0),
            Self::Request(id) => (b"request", &id.0),
        };
        [name, b"\0", id].concat()
    }
}

/// Encrypts and decrypts what stands in the database (XChaCha20-Poly1305).
pub(super) struct Seal(XChaCha20Poly1305);

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seal(sensitive)")
    }
}

impl Seal {
    /// With a key that is derived from the key of the store, which in SQLite is used as it is.
    pub(super) fn new(store_key: &Sensitive<[u8; 32]>) -> Self {
        let mut key = [0; 32];
        // The output is far shorter than the limit of HKDF, so this cannot fail; zeros would fail the key check.
        let _ = Hkdf::<Sha256>::new(None, store_key.expose()).expand(b"alaqan gateway payload 1", &mut key);
        let key = Sensitive::new(key);
        Self(XChaCha20Poly1305::new(&(*key.expose()).into()))
    }

    /// Encrypts.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub(super) fn seal(&self, label: Label, plain: &[u8]) -> Result<Vec<u8>, StoreError> {
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).map_err(StoreError::Random)?;
        let aad = label.bytes();
        let payload = Payload {
            msg: plain,
            aad: &aad,
        };
        let sealed = self
            .0
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| StoreError::Damaged("nothing of this size can be encrypted"))?;
        Ok([&nonce[..], &sealed].concat())
    }

    /// Decrypts what [`seal`](Self::seal) gave for the same label.
    ///
    /// # Errors
    /// When the bytes are damaged, belong to another label, or were made with another key.
    pub(super) fn open(&self, label: Label, sealed: &[u8]) -> Result<Sensitive<Vec<u8>>, StoreError> {
        let damaged = || StoreError::Damaged("an encrypted document or answer");
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or_else(damaged)?;
        let aad = label.bytes();
        let payload = Payload {
            msg: sealed,
            aad: &aad,
        };
        self.0
            .decrypt(&XNonce::from(*nonce), payload)
            .map(Sensitive::new)
            .map_err(|_| damaged())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn seal(key: u8) -> Seal {
        Seal::new(&Sensitive::new([key; 32]))
    }

    #[test]
    fn opens_under_its_own_label_and_key_alone() {
        let id = DocumentId([1; 16]);
        let sealed = seal(1).seal(Label::Signed(id), b"a secret").unwrap();
        assert_eq!(
            seal(1).open(Label::Signed(id), &sealed).unwrap().expose(),
            b"a secret"
        );
        for (key, label) in [
            (2, Label::Signed(id)),
            (1, Label::Answer(id)),
            (1, Label::Signed(DocumentId([2; 16]))),
            (1, Label::KeyCheck),
            (1, Label::Notice(NoticeId([1; 16]))),
            (1, Label::Request(id)),
        ] {
            assert!(seal(key).open(label, &sealed).is_err());
        }
        assert_ne!(seal(1).seal(Label::Signed(id), b"a secret").unwrap(), sealed);
    }

    proptest! {
        #[test]
        fn foreign_bytes_are_damaged_and_never_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            prop_assert!(seal(1).open(Label::KeyCheck, &bytes).is_err());
        }

        #[test]
        fn any_change_is_noticed(at in 0_usize..56, bit in 0_u8..8) {
            let mut sealed = seal(1).seal(Label::KeyCheck, &[7; 16]).unwrap();
            sealed[at] ^= 1 << bit;
            prop_assert!(seal(1).open(Label::KeyCheck, &sealed).is_err());
        }
    }
}
