//! Who signs: a key in memory, or one that lies elsewhere.

use std::error::Error as StdError;
use std::sync::Arc;

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5912;
use der::{Decode, DecodePem, Encode};
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{DerSignature, SigningKey};
use p256::pkcs8::DecodePrivateKey;
use sha2::{Digest, Sha256};
use thiserror::Error;
use x509_cert::Certificate;

use super::public_key;
use crate::content::CONTENT_MAX_BYTES;

/// Holds a private key, in memory or in a device, and signs with it.
///
/// The algorithms are the signer's own, so that the state's GOST signers fit in. [`verify`](super::verify) knows those
/// of [`P256Signer`] and [`ExternalSigner`].
pub trait Signer: Send {
    /// The certificate that belongs to the key, in DER.
    fn certificate_der(&self) -> &[u8];
    /// Name of the algorithm of [`digest`](Signer::digest).
    fn digest_algorithm(&self) -> ObjectIdentifier;
    /// Name of the algorithm of [`sign`](Signer::sign).
    fn signature_algorithm(&self) -> ObjectIdentifier;
    /// The digest of a message of any length.
    fn digest(&self, message: &[u8]) -> Vec<u8>;
    /// The signature over a message, in the form that CMS prescribes for the algorithm.
    ///
    /// # Errors
    /// [`SignError::Key`] where the key cannot be used.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError>;
    /// Whether its signatures may be given out without being verified first: the key is in memory, and was seen to belong to
    /// the certificate.
    fn is_proven(&self) -> bool {
        false
    }
}

/// Why there is no signature.
#[derive(Debug, Error)]
pub enum SignError {
    /// The private key cannot be read or used.
    #[error("the private key cannot be used")]
    Key(#[source] Box<dyn StdError + Send + Sync>),
    /// The certificate of the signer cannot be read.
    #[error("the certificate of the signer cannot be read")]
    Certificate(#[source] der::Error),
    /// The certificate is for another key.
    #[error("the certificate is for another key")]
    KeyMismatch,
    /// The key gave something that is no signature of the certificate's holder; nobody could ever verify it.
    #[error("the signature that the key gave is wrong")]
    Unverifiable,
    /// The content is longer than [`CONTENT_MAX_BYTES`]; holds its length.
    #[error("a document has at most {CONTENT_MAX_BYTES} bytes, this one has {0}")]
    TooLarge(usize),
    /// The time is before 1970 or after 9999.
    #[error("the time of signing cannot be written")]
    Time,
    /// The signed document cannot be written.
    #[error("the signed document cannot be written")]
    Encoding(#[source] der::Error),
}

/// Signs by ECDSA on the curve P-256 with SHA-256; the key is in memory.
pub struct P256Signer {
    key: SigningKey,
    certificate_der: Vec<u8>,
}

impl P256Signer {
    /// Takes a private key (PKCS #8) and its certificate (X.509), both as PEM.
    ///
    /// # Errors
    /// [`SignError::Key`], [`SignError::Certificate`], or [`SignError::KeyMismatch`] if they do not belong
    /// together.
    pub fn from_pkcs8_pem(key_pem: &str, certificate_pem: &str) -> Result<Self, SignError> {
        let key = SigningKey::from_pkcs8_pem(key_pem).map_err(|error| SignError::Key(error.into()))?;
        let certificate = Certificate::from_pem(certificate_pem).map_err(SignError::Certificate)?;
        if public_key(&certificate.tbs_certificate.subject_public_key_info) != Some(*key.verifying_key()) {
            return Err(SignError::KeyMismatch);
        }
        let certificate_der = certificate.to_der().map_err(SignError::Certificate)?;
        Ok(Self { key, certificate_der })
    }
}

impl std::fmt::Debug for P256Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("P256Signer(sensitive)")
    }
}

impl Signer for P256Signer {
    fn certificate_der(&self) -> &[u8] {
        &self.certificate_der
    }

    fn digest_algorithm(&self) -> ObjectIdentifier {
        rfc5912::ID_SHA_256
    }

    fn signature_algorithm(&self) -> ObjectIdentifier {
        rfc5912::ECDSA_WITH_SHA_256
    }

    fn digest(&self, message: &[u8]) -> Vec<u8> {
        Sha256::digest(message).to_vec()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let signature: DerSignature = self
            .key
            .try_sign(message)
            .map_err(|error| SignError::Key(error.into()))?;
        Ok(signature.as_bytes().to_vec())
    }
}

/// What an [`ExternalSigner`] calls: takes a message and gives its ECDSA signature (P-256, SHA-256 of the message) in DER,
/// or says why there is none.
pub type RawSign = dyn Fn(&[u8]) -> Result<Vec<u8>, Box<dyn StdError + Send + Sync>> + Send + Sync;

/// Signs by ECDSA on the curve P-256 with SHA-256, with a key that lies elsewhere, such as in a TPM. It may fail, and it
/// need not give the same signature twice.
#[derive(Clone)]
pub struct ExternalSigner {
    certificate_der: Vec<u8>,
    raw: Arc<RawSign>,
    is_proven: bool,
}

impl ExternalSigner {
    /// Takes the certificate (X.509, DER) and what signs for it. Whether the two belong together shows with each
    /// signature.
    ///
    /// # Errors
    /// [`SignError::Certificate`] where the certificate cannot be read, [`SignError::KeyMismatch`] where it is for no key
    /// of this kind.
    pub fn new(certificate_der: Vec<u8>, raw: Arc<RawSign>) -> Result<Self, SignError> {
        let certificate = Certificate::from_der(&certificate_der).map_err(SignError::Certificate)?;
        if public_key(&certificate.tbs_certificate.subject_public_key_info).is_none() {
            return Err(SignError::KeyMismatch);
        }
        Ok(Self {
            certificate_der,
            raw,
            is_proven: false,
        })
    }

    /// The same, proven: `raw` has the key in memory, and the caller has seen that it belongs to the certificate.
    #[must_use]
    pub fn proven(self) -> Self {
        Self {
            is_proven: true,
            ..self
        }
    }
}

impl std::fmt::Debug for ExternalSigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ExternalSigner(sensitive)")
    }
}

impl Signer for ExternalSigner {
    fn certificate_der(&self) -> &[u8] {
        &self.certificate_der
    }

    fn digest_algorithm(&self) -> ObjectIdentifier {
        rfc5912::ID_SHA_256
    }

    fn signature_algorithm(&self) -> ObjectIdentifier {
        rfc5912::ECDSA_WITH_SHA_256
    }

    fn digest(&self, message: &[u8]) -> Vec<u8> {
        Sha256::digest(message).to_vec()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        (self.raw)(message).map_err(SignError::Key)
    }

    fn is_proven(&self) -> bool {
        self.is_proven
    }
}
