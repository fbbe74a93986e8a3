//! A device key that this program holds itself, for places that keep bytes and cannot sign.

use std::fmt;

use p256::ecdsa::signature::Signer;
use p256::ecdsa::{DerSignature, SigningKey};
use p256::pkcs8::der::pem;
use p256::pkcs8::{DecodePrivateKey, EncodePrivateKey, LineEnding};
use verification::Sensitive;
use zeroize::{Zeroize, Zeroizing};

use crate::DeviceKey;

/// A P-256 key in memory, wiped when it is dropped.
pub(crate) struct SoftKey(SigningKey);

impl SoftKey {
    /// A new key from the randomness of the operating system.
    pub(crate) fn generate() -> Result<Self, getrandom::Error> {
        let mut scalar = Zeroizing::new([0; 32]);
        loop {
            getrandom::fill(scalar.as_mut())?;
            // Zero and numbers above the group's order are no keys: 1 of 2^32 draws, and then the next one is taken.
            if let Ok(key) = SigningKey::from_slice(scalar.as_ref()) {
                return Ok(Self(key));
            }
        }
    }

    /// Reads PKCS#8 in PEM.
    pub(crate) fn from_pem(pem: &str) -> Option<Self> {
        SigningKey::from_pkcs8_pem(pem).ok().map(Self)
    }

    /// PKCS#8 in PEM.
    pub(crate) fn to_pem(&self) -> Zeroizing<String> {
        self.0
            .to_pkcs8_pem(LineEnding::LF)
            .expect("a P-256 key always has a PKCS#8 form")
    }

    /// The public point, uncompressed.
    fn point(&self) -> [u8; 65] {
        let mut bytes = [0; 65];
        let point = self.0.verifying_key().to_encoded_point(false);
        bytes.copy_from_slice(point.as_bytes());
        bytes
    }
}

impl fmt::Debug for SoftKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SoftKey(sensitive)")
    }
}

impl DeviceKey for SoftKey {
    fn public_key(&self) -> [u8; 65] {
        self.point()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, crate::KeyError> {
        let signature: DerSignature = self.0.sign(message);
        Ok(signature.as_bytes().to_vec())
    }
}

const SECRET_LABEL: &str = "ALAQAN SECRET";

/// A secret as PEM (RFC 7468) of its 32 bytes, so that one look at a file tells what it is.
pub(crate) fn secret_to_pem(secret: &Sensitive<[u8; 32]>) -> Zeroizing<String> {
    Zeroizing::new(
        pem::encode_string(SECRET_LABEL, LineEnding::LF, secret.expose())
            .expect("32 bytes always have a PEM form"),
    )
}

/// What a text of this room is.
pub(crate) enum Kept {
    Secret(Sensitive<[u8; 32]>),
    Device(SoftKey),
}

impl Kept {
    /// Reads either kind. `None` if it is damaged.
    pub(crate) fn from_pem(text: &str) -> Option<Self> {
        if let Some(key) = SoftKey::from_pem(text) {
            return Some(Self::Device(key));
        }
        let mut bytes = [0; 32];
        let mut buffer = Zeroizing::new([0; 64]);
        let (label, decoded) = pem::decode(text.as_bytes(), buffer.as_mut()).ok()?;
        if label != SECRET_LABEL || decoded.len() != bytes.len() {
            return None;
        }
        bytes.copy_from_slice(decoded);
        let secret = Sensitive::new(bytes);
        bytes.zeroize();
        Some(Self::Secret(secret))
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_secret_keeps_its_form() {
        let mut bytes = [0; 32];
        bytes[31] = 0xff;
        expect![[r#"
            -----BEGIN ALAQAN SECRET-----
            AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAP8=
            -----END ALAQAN SECRET-----
        "#]]
        .assert_eq(&secret_to_pem(&Sensitive::new(bytes)));
    }

    proptest! {
        #[test]
        fn every_secret_comes_back(bytes: [u8; 32]) {
            match Kept::from_pem(&secret_to_pem(&Sensitive::new(bytes))) {
                Some(Kept::Secret(secret)) => prop_assert!(*secret.expose() == bytes),
                _ => prop_assert!(false),
            }
        }

        #[test]
        fn no_text_panics(text: String, der: Vec<u8>) {
            Kept::from_pem(&text);
            for label in [SECRET_LABEL, "PRIVATE KEY"] {
                Kept::from_pem(&pem::encode_string(label, LineEnding::LF, &der).unwrap());
            }
        }
    }

    #[test]
    fn debug_says_nothing() {
        assert_eq!(
            format!("{:?}", SoftKey::generate().unwrap()),
            "SoftKey(sensitive)"
        );
    }
}
