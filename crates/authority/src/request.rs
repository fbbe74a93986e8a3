//! Requests for a certificate: PKCS #10 (RFC 2986).

use const_oid::db::rfc5912::ECDSA_WITH_SHA_256;
use der::referenced::OwnedToRef;
use der::{Decode, Encode};
use p256::ecdsa::signature::Verifier;
use p256::ecdsa::{DerSignature, VerifyingKey};
use x509_cert::request::CertReq;

/// The largest request, in bytes. One with a P-256 key and a name has about 250.
pub const REQUEST_MAX_BYTES: usize = 8 * 1024;

/// Why a request is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// More than [`REQUEST_MAX_BYTES`]; holds how many.
    #[error("a certificate request of {0} bytes is too large")]
    TooLarge(usize),
    /// No PKCS #10 structure.
    #[error("the certificate request cannot be read")]
    Malformed(#[source] der::Error),
    /// The same structure has another, the canonical, byte form.
    #[error("the certificate request is not in DER")]
    NotDer,
    /// The key is not on the curve P-256, or is no key at all.
    #[error("the certificate request is not for a key on the curve P-256")]
    Key,
    /// Signed with another algorithm than ECDSA with SHA-256.
    #[error("the certificate request is not signed by ECDSA with SHA-256")]
    Algorithm,
    /// Whoever made the request does not hold the key.
    #[error("the signature of the certificate request is wrong")]
    Signature,
}

/// A request whose maker has proved to hold the key. Its name, and whatever else it asks for, is not even kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateRequest {
    public_key_der: Vec<u8>,
}

impl CertificateRequest {
    /// Reads a request in DER and checks its signature.
    ///
    /// # Errors
    /// See [`RequestError`]. No bytes panic.
    pub fn from_der(bytes: &[u8]) -> Result<Self, RequestError> {
        if bytes.len() > REQUEST_MAX_BYTES {
            return Err(RequestError::TooLarge(bytes.len()));
        }
        let request = CertReq::from_der(bytes).map_err(RequestError::Malformed)?;
        if request.to_der().map_err(RequestError::Malformed)? != bytes {
            return Err(RequestError::NotDer);
        }
        let key =
            VerifyingKey::try_from(request.info.public_key.owned_to_ref()).map_err(|_| RequestError::Key)?;
        if request.algorithm.oid != ECDSA_WITH_SHA_256 || request.algorithm.parameters.is_some() {
            return Err(RequestError::Algorithm);
        }
        let signature = request
            .signature
            .as_bytes()
            .and_then(|bytes| DerSignature::from_bytes(bytes).ok())
            .ok_or(RequestError::Signature)?;
        let signed = request.info.to_der().map_err(RequestError::Malformed)?;
        key.verify(&signed, &signature)
            .map_err(|_| RequestError::Signature)?;
        let public_key_der = request
            .info
            .public_key
            .to_der()
            .map_err(RequestError::Malformed)?;
        Ok(Self { public_key_der })
    }

    /// The key, as `SubjectPublicKeyInfo` in DER.
    pub fn public_key_der(&self) -> &[u8] {
        &self.public_key_der
    }
}
