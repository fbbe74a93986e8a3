//! CMS signatures (RFC 5652) in the profile CAdES-BES (ETSI EN 319 122-1): the content is attached, the
//! signer's certificate is included, and the signed attributes are contentType, messageDigest, signingTime and
//! signingCertificateV2 (RFC 5035).
//!
//! A signature can be checked without this program, for instance by
//! `openssl cms -verify -inform DER -in document.p7m -CAfile ca.pem -purpose any -out content`.

mod chain;
mod error;
mod signer;
pub mod timestamp;
mod verify;

use std::time::Duration;

use cms::cert::{CertificateChoices, IssuerAndSerialNumber};
use cms::content_info::{CmsVersion, ContentInfo};
use cms::signed_data::{EncapsulatedContentInfo, SignedData, SignerIdentifier, SignerInfo};
use const_oid::ObjectIdentifier;
use const_oid::db::{rfc5911, rfc5912};
use der::asn1::{Any, GeneralizedTime, OctetString, OctetStringRef, SetOfVec, UtcTime};
use der::referenced::OwnedToRef;
use der::{Decode, Encode, Sequence};
use p256::ecdsa::VerifyingKey;
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use sha2::{Digest, Sha256};
use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use verification::time::UtcMs;
use x509_cert::Certificate;
use x509_cert::attr::Attribute;
use x509_cert::time::Time;

use crate::content::CONTENT_MAX_BYTES;

pub use self::chain::anchors_from_pem;
pub use self::error::VerifyError;
pub use self::signer::{ExternalSigner, P256Signer, RawSign, SignError, Signer};
pub use self::verify::{Verified, verify, verify_as_signed, verify_at, verify_of_known, verify_unanchored};

/// No signed document is longer than this: the largest content and 64 KiB for the signature around it.
pub const SIGNED_MAX_BYTES: usize = CONTENT_MAX_BYTES + 64 * 1024;

/// Signs a content: gives the DER of a CMS `ContentInfo` that holds the content, the certificate and the
/// signature. The time of signing is kept to the second.
///
/// What the key gave is verified before it is returned: a broken TPM, or a certificate of another key, must not make
/// documents that nobody can verify. Not so for a signer that [is proven](Signer::is_proven); and one of another algorithm
/// than ours has to see to that itself.
///
/// # Errors
/// See [`SignError`].
pub fn sign(content: &[u8], signer: &dyn Signer, at: UtcMs) -> Result<Vec<u8>, SignError> {
    if content.len() > CONTENT_MAX_BYTES {
        return Err(SignError::TooLarge(content.len()));
    }
    let certificate = Certificate::from_der(signer.certificate_der()).map_err(SignError::Certificate)?;
    let attributes = signed_attributes(
        &signer.digest(content),
        signing_time(at)?,
        signer.certificate_der(),
    )
    .map_err(SignError::Encoding)?;
    let message = attributes.to_der().map_err(SignError::Encoding)?;
    let signature = signer.sign(&message)?;
    check_own(&message, &signature, &certificate, signer)?;
    enclose(content, certificate, attributes, signature, signer).map_err(SignError::Encoding)
}

fn check_own(
    message: &[u8],
    signature: &[u8],
    certificate: &Certificate,
    signer: &dyn Signer,
) -> Result<(), SignError> {
    if signer.is_proven() || signer.signature_algorithm() != rfc5912::ECDSA_WITH_SHA_256 {
        return Ok(());
    }
    let key =
        public_key(&certificate.tbs_certificate.subject_public_key_info).ok_or(SignError::KeyMismatch)?;
    if is_signed(&key, message, signature) {
        Ok(())
    } else {
        Err(SignError::Unverifiable)
    }
}

fn signed_attributes(
    digest: &[u8],
    signing_time: Time,
    certificate_der: &[u8],
) -> der::Result<SetOfVec<Attribute>> {
    let attribute = |oid, value: Any| -> der::Result<Attribute> {
        Ok(Attribute {
            oid,
            values: SetOfVec::try_from(vec![value])?,
        })
    };
    let signing_certificate = SigningCertificateV2 {
        certs: vec![EssCertIdV2 {
            hash_algorithm: None,
            cert_hash: OctetString::new(Sha256::digest(certificate_der).as_slice())?,
            issuer_serial: None,
        }],
    };
    SetOfVec::try_from(vec![
        attribute(rfc5911::ID_CONTENT_TYPE, Any::encode_from(&rfc5911::ID_DATA)?)?,
        attribute(
            rfc5911::ID_MESSAGE_DIGEST,
            Any::encode_from(&OctetStringRef::new(digest)?)?,
        )?,
        attribute(rfc5911::ID_SIGNING_TIME, Any::encode_from(&signing_time)?)?,
        attribute(
            rfc5911::ID_AA_SIGNING_CERTIFICATE_V_2,
            Any::encode_from(&signing_certificate)?,
        )?,
    ])
}

fn enclose(
    content: &[u8],
    certificate: Certificate,
    attributes: SetOfVec<Attribute>,
    signature: Vec<u8>,
    signer: &dyn Signer,
) -> der::Result<Vec<u8>> {
    let digest_algorithm = algorithm(signer.digest_algorithm());
    let signer_info = SignerInfo {
        version: CmsVersion::V1,
        sid: signer_identifier(&certificate),
        digest_alg: digest_algorithm.clone(),
        signed_attrs: Some(attributes),
        signature_algorithm: algorithm(signer.signature_algorithm()),
        signature: OctetString::new(signature)?,
        unsigned_attrs: None,
    };
    let signed_data = SignedData {
        version: CmsVersion::V1,
        digest_algorithms: SetOfVec::try_from(vec![digest_algorithm])?,
        encap_content_info: EncapsulatedContentInfo {
            econtent_type: rfc5911::ID_DATA,
            econtent: Some(Any::encode_from(&OctetStringRef::new(content)?)?),
        },
        certificates: Some(vec![CertificateChoices::Certificate(certificate)].try_into()?),
        crls: None,
        signer_infos: vec![signer_info].try_into()?,
    };
    content_info(&signed_data)
}

/// ```text
/// SigningCertificateV2 ::= SEQUENCE {
///     certs     SEQUENCE OF ESSCertIDv2,
///     policies  SEQUENCE OF PolicyInformation OPTIONAL }  -- not in this profile
/// ```
#[derive(Sequence)]
struct SigningCertificateV2 {
    certs: Vec<EssCertIdV2>,
}

/// ```text
/// ESSCertIDv2 ::= SEQUENCE {
///     hashAlgorithm  AlgorithmIdentifier DEFAULT { algorithm id-sha256 },
///     certHash       OCTET STRING,
///     issuerSerial   IssuerSerial OPTIONAL }              -- never written; read past, for the hash says it all
/// ```
#[derive(Sequence)]
struct EssCertIdV2 {
    #[asn1(optional = "true")]
    hash_algorithm: Option<AlgorithmIdentifierOwned>,
    cert_hash: OctetString,
    #[asn1(optional = "true")]
    issuer_serial: Option<Any>,
}

fn content_info(signed_data: &SignedData) -> der::Result<Vec<u8>> {
    ContentInfo {
        content_type: rfc5911::ID_SIGNED_DATA,
        content: Any::encode_from(signed_data)?,
    }
    .to_der()
}

/// RFC 5754 and RFC 5758: the parameters of these algorithms are absent.
fn algorithm(oid: ObjectIdentifier) -> AlgorithmIdentifierOwned {
    AlgorithmIdentifierOwned {
        oid,
        parameters: None,
    }
}

fn signer_identifier(certificate: &Certificate) -> SignerIdentifier {
    SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
        issuer: certificate.tbs_certificate.issuer.clone(),
        serial_number: certificate.tbs_certificate.serial_number.clone(),
    })
}

/// Whether this is the key's signature (ECDSA on P-256 with SHA-256, DER) of the message. `ring` judges it in a fifth of the
/// time that the crate of the curve takes; a gateway does nothing else as often.
fn is_signed(key: &VerifyingKey, message: &[u8], signature: &[u8]) -> bool {
    let point = key.to_encoded_point(false);
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point.as_bytes())
        .verify(message, signature)
        .is_ok()
}

fn public_key(info: &SubjectPublicKeyInfoOwned) -> Option<VerifyingKey> {
    VerifyingKey::try_from(info.owned_to_ref()).ok()
}

/// RFC 5652, section 11.3: UTCTime through 2049, GeneralizedTime after.
fn signing_time(at: UtcMs) -> Result<Time, SignError> {
    let seconds = u64::try_from(at.0.div_euclid(1000)).map_err(|_| SignError::Time)?;
    let since_1970 = Duration::from_secs(seconds);
    UtcTime::from_unix_duration(since_1970)
        .map(Time::UtcTime)
        .or_else(|_| GeneralizedTime::from_unix_duration(since_1970).map(Time::GeneralTime))
        .map_err(|_| SignError::Time)
}

fn to_utc(time: Time) -> Option<UtcMs> {
    i64::try_from(time.to_unix_duration().as_millis()).ok().map(UtcMs)
}
