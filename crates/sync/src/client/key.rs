//! The kiosk's key, as far as TLS needs it.

use std::fmt::Debug;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{PrivateKeyDer, SubjectPublicKeyInfoDer};
use rustls::sign::{Signer, SigningKey};
use rustls::{SignatureAlgorithm, SignatureScheme};
use verification::Sensitive;

use super::ConfigError;

/// What stands before the point in the SubjectPublicKeyInfo of a key on P-256 (RFC 5480): the sequence, the names
/// of the algorithm and the curve, and the head of the bit string.
const P256_SPKI_HEAD: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
    0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// Where the bytes of the point begin in a SubjectPublicKeyInfo.
const POINT_BYTES: usize = 65;

/// A private key on P-256 that never leaves its place.
pub trait ClientKey: Debug + Send + Sync {
    /// The public point, uncompressed: 65 bytes (SEC 1, 2.3.3).
    fn public_key(&self) -> [u8; POINT_BYTES];

    /// ECDSA over SHA-256 of the message; DER (RFC 3279, 2.2.3).
    ///
    /// # Errors
    /// When the place cannot be reached, in words for the log.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, String>;
}

/// A key that lies open in a PEM text: for the demo mode and for tests.
#[derive(Debug)]
pub struct PemKey {
    key: Arc<dyn SigningKey>,
    point: [u8; POINT_BYTES],
}

impl PemKey {
    /// Reads a private key on P-256.
    ///
    /// # Errors
    /// When it cannot be read, or is of another kind. Nothing of it is said.
    pub fn new(pem: &Sensitive<Vec<u8>>) -> Result<Self, ConfigError> {
        let key = PrivateKeyDer::from_pem_slice(pem.expose()).map_err(|_| ConfigError::Key)?;
        let key = rustls::crypto::ring::sign::any_ecdsa_type(&key).map_err(|_| ConfigError::Key)?;
        let spki = key.public_key().ok_or(ConfigError::Key)?;
        let point = spki
            .strip_prefix(&P256_SPKI_HEAD)
            .and_then(|point| point.try_into().ok())
            .ok_or(ConfigError::Key)?;
        Ok(Self { key, point })
    }
}

impl ClientKey for PemKey {
    fn public_key(&self) -> [u8; POINT_BYTES] {
        self.point
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, String> {
        let signer = self.key.choose_scheme(&[SignatureScheme::ECDSA_NISTP256_SHA256]);
        let signer = signer.ok_or("the key is not on P-256")?;
        signer.sign(message).map_err(|error| error.to_string())
    }
}

/// A [`ClientKey`] as TLS wants it.
#[derive(Debug, Clone)]
pub struct TlsKey(pub Arc<dyn ClientKey>);

impl SigningKey for TlsKey {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        offered
            .contains(&SignatureScheme::ECDSA_NISTP256_SHA256)
            .then(|| Box::new(self.clone()) as Box<dyn Signer>)
    }

    fn public_key(&self) -> Option<SubjectPublicKeyInfoDer<'_>> {
        let spki: Vec<u8> = [&P256_SPKI_HEAD[..], &self.0.public_key()].concat();
        Some(spki.into())
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::ECDSA
    }
}

impl Signer for TlsKey {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rustls::Error> {
        self.0.sign(message).map_err(rustls::Error::General)
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::ECDSA_NISTP256_SHA256
    }
}
