//! Why a signature is not accepted.

use const_oid::ObjectIdentifier;
use thiserror::Error;

use super::SIGNED_MAX_BYTES;

/// Why a signed document is not accepted.
#[derive(Debug, Error)]
pub enum VerifyError {
    /// Longer than [`SIGNED_MAX_BYTES`]; holds the length.
    #[error("a signed document has at most {SIGNED_MAX_BYTES} bytes, this one has {0}")]
    TooLarge(usize),
    /// No CMS structure.
    #[error("the signed document cannot be read")]
    Malformed(#[source] der::Error),
    /// The same structure has another, the canonical, byte form.
    #[error("the signed document is not in DER")]
    NotDer,
    /// CMS, but something else than `SignedData`.
    #[error("the CMS structure is no SignedData")]
    NotSignedData,
    /// A version, list or option differs from what [`sign`](super::sign) writes; holds which.
    #[error("the signed document is outside the profile: {0}")]
    Profile(&'static str),
    /// The content is not attached.
    #[error("the signed document has no content")]
    NoContent,
    /// None or several.
    #[error("the signed document has {0} signers, not one")]
    Signers(usize),
    /// None or several.
    #[error("the signed document has {0} certificates, not one")]
    Certificates(usize),
    /// The signer is not the holder of the certificate.
    #[error("the certificate is not that of the signer")]
    SignerIdentifier,
    /// An algorithm that is not known here; holds which.
    #[error("the algorithm {0} is not known here")]
    Algorithm(ObjectIdentifier),
    /// A signed attribute is missing, doubled, or cannot be read; holds which.
    #[error("the signed attribute {0} is not there exactly once")]
    Attribute(&'static str),
    /// The signed content type is not that of the content.
    #[error("the signed content type is not that of the content")]
    ContentType,
    /// The content was changed.
    #[error("the content is not the one that was signed")]
    Digest,
    /// The signature was made for another certificate.
    #[error("the signature was made for another certificate")]
    SigningCertificate,
    /// The certificate has no key for this algorithm.
    #[error("the certificate has no usable public key")]
    PublicKey,
    /// The signature is wrong.
    #[error("the signature is wrong")]
    Signature,
    /// An anchor cannot be read.
    #[error("a trust anchor cannot be read")]
    Anchor(#[source] der::Error),
    /// No anchor has the name of the issuer.
    #[error("the certificate of the signer was issued by an unknown authority")]
    UnknownIssuer,
    /// The anchor may not issue certificates.
    #[error("the trust anchor is no certification authority")]
    NotAuthority,
    /// The anchor did not sign the certificate.
    #[error("the certificate of the signer was not signed by its issuer")]
    CertificateSignature,
    /// A certificate of the chain is not valid now.
    #[error("a certificate of the chain is not valid now")]
    ExpiredNow,
    /// A certificate of the chain was not valid at the time of signing.
    #[error("a certificate of the chain was not valid at the time of signing")]
    ExpiredAtSigning,
    /// The certificate may not be used for signatures, or its extensions cannot be read.
    #[error("the certificate of the signer may not be used to sign documents")]
    KeyUsage,
    /// The certificate has a critical extension that is not known here; holds which.
    #[error("the certificate of the signer has the unknown critical extension {0}")]
    CriticalExtension(ObjectIdentifier),
    /// The certificate names nobody, or several.
    #[error("the certificate of the signer has no single common name")]
    CommonName,
}
