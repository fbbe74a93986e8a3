//! The key of releases: ECDSA on P-256 over SHA-256 of the manifest, the signature in DER (RFC 3279, 2.2.3) in a file of its
//! own. `openssl dgst -sha256 -verify release.pub -signature alaqan.manifest.sig alaqan.manifest` says the same.

use std::fmt;

use p256::ecdsa::signature::{Signer, Verifier};
use p256::ecdsa::{DerSignature, SigningKey, VerifyingKey};
use p256::pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey, LineEnding};
use zeroize::Zeroizing;

use crate::IntegrityError;
use crate::manifest::{bytes_of_hex, hex};

/// No signature has more bytes.
pub(crate) const SIGNATURE_MAX_BYTES: usize = 72;

/// The public half: what a kiosk is configured with.
#[derive(Clone, PartialEq, Eq)]
pub struct ReleaseKey(VerifyingKey);

impl ReleaseKey {
    /// Reads a key: `BEGIN PUBLIC KEY` in PEM, or its point compressed (SEC 1, 2.3.3) in 66 hexadecimal digits.
    ///
    /// # Errors
    /// [`IntegrityError::Key`]
    pub fn parse(text: &str) -> Result<Self, IntegrityError> {
        let text = text.trim();
        let key = match bytes_of_hex::<33>(text) {
            Some(point) => VerifyingKey::from_sec1_bytes(&point).ok(),
            None => VerifyingKey::from_public_key_pem(text).ok(),
        };
        key.map(Self).ok_or(IntegrityError::Key("public key"))
    }

    /// The compressed point in hexadecimal digits: one word for a configuration.
    pub fn to_hex(&self) -> String {
        hex(self.0.to_encoded_point(true).as_bytes())
    }

    /// SubjectPublicKeyInfo in PEM, for other tools.
    pub fn to_pem(&self) -> String {
        self.0
            .to_public_key_pem(LineEnding::LF)
            .expect("a P-256 key always has this form")
    }

    /// Whether this key made the signature for this message.
    pub fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        DerSignature::from_bytes(signature).is_ok_and(|signature| self.0.verify(message, &signature).is_ok())
    }
}

impl fmt::Debug for ReleaseKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReleaseKey({})", self.to_hex())
    }
}

/// The private half, wiped when it is dropped.
pub struct ReleaseSigner(SigningKey);

impl ReleaseSigner {
    /// The key of this number. `None` for zero and for numbers above the group's order: 1 of 2^32 draws.
    pub(crate) fn from_scalar(scalar: &[u8; 32]) -> Option<Self> {
        SigningKey::from_slice(scalar).ok().map(Self)
    }

    /// Reads PKCS#8 in PEM, as `openssl genpkey` writes it.
    ///
    /// # Errors
    /// [`IntegrityError::Key`], also for a key that a password protects.
    pub fn from_pem(pem: &str) -> Result<Self, IntegrityError> {
        SigningKey::from_pkcs8_pem(pem.trim())
            .map(Self)
            .map_err(|_| IntegrityError::Key("private key (BEGIN PRIVATE KEY, without a password)"))
    }

    /// PKCS#8 in PEM.
    pub fn to_pem(&self) -> Zeroizing<String> {
        self.0
            .to_pkcs8_pem(LineEnding::LF)
            .expect("a P-256 key always has a PKCS#8 form")
    }

    /// The public half.
    pub fn public_key(&self) -> ReleaseKey {
        ReleaseKey(*self.0.verifying_key())
    }

    /// Signs; DER. The same message gives the same signature (RFC 6979).
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        let signature: DerSignature = self.0.sign(message);
        signature.as_bytes().to_vec()
    }
}

impl fmt::Debug for ReleaseSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReleaseSigner(sensitive)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn signer(number: u8) -> ReleaseSigner {
        ReleaseSigner::from_scalar(&[number; 32]).unwrap()
    }

    #[test]
    fn a_key_comes_back_from_both_forms() {
        let signer = signer(7);
        let key = signer.public_key();
        assert_eq!(ReleaseKey::parse(&key.to_hex()).unwrap(), key);
        assert_eq!(ReleaseKey::parse(&key.to_pem()).unwrap(), key);
        assert_eq!(ReleaseKey::parse(&format!("\n{}\n", key.to_hex())).unwrap(), key);
        let again = ReleaseSigner::from_pem(&signer.to_pem()).unwrap();
        assert_eq!(again.public_key(), key);
        assert_eq!(format!("{signer:?}"), "ReleaseSigner(sensitive)");
        // x = 2^256 - 1 is above the field's order.
        assert!(ReleaseKey::parse(&format!("02{}", "ff".repeat(32))).is_err());
        assert!(ReleaseKey::parse("").is_err());
        assert!(ReleaseSigner::from_scalar(&[0; 32]).is_none());
    }

    #[test]
    fn a_signature_counts_for_one_message_and_one_key() {
        let (signer, other) = (signer(7), signer(8));
        let signature = signer.sign(b"message");
        assert!(signature.len() <= SIGNATURE_MAX_BYTES);
        assert!(signer.public_key().has_signed(b"message", &signature));
        assert!(!signer.public_key().has_signed(b"massage", &signature));
        assert!(!other.public_key().has_signed(b"message", &signature));
        for at in 0..signature.len() {
            let mut changed = signature.clone();
            changed[at] ^= 1;
            assert!(!signer.public_key().has_signed(b"message", &changed), "{at}");
            assert!(
                !signer.public_key().has_signed(b"message", &signature[..at]),
                "{at}"
            );
        }
        let mut longer = signature;
        longer.push(0);
        assert!(!signer.public_key().has_signed(b"message", &longer));
    }

    proptest! {
        #[test]
        fn nothing_panics(text: String, bytes: Vec<u8>) {
            prop_assert!(!signer(7).public_key().has_signed(b"message", &bytes));
            let _ = ReleaseKey::parse(&text);
            let _ = ReleaseSigner::from_pem(&text);
        }
    }
}
