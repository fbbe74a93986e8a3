//! CMS signatures (RFC 5652) in the profile CAdES-BES (ETSI EN 319 122-1): the content is attached, the
//! signer's certificate is included, and the signed attributes are contentType, messageDigest, signingTime and
//! signingCertificateV2 (RFC 5035).
//!
//! A signature can be checked without this program, for instance by
//! `openssl cms -verify -inform DER -in document.p7m -CAfile ca.pem -purpose any -out content`.

use std::error::Error as StdError;
use std::time::Duration;

use cms::cert::{CertificateChoices, IssuerAndSerialNumber};
use cms::content_info::{CmsVersion, ContentInfo};
use cms::signed_data::{EncapsulatedContentInfo, SignedData, SignerIdentifier, SignerInfo};
use const_oid::ObjectIdentifier;
use const_oid::db::{rfc4519, rfc5911, rfc5912};
use der::asn1::{
    Any, GeneralizedTime, OctetString, OctetStringRef, PrintableStringRef, SetOfVec, UtcTime, Utf8StringRef,
};
use der::pem::Error as PemError;
use der::referenced::OwnedToRef;
use der::{Decode, DecodePem, Encode, Sequence, Tag, Tagged};
use p256::ecdsa::signature::{Signer as _, Verifier as _};
use p256::ecdsa::{DerSignature, SigningKey, VerifyingKey};
use p256::pkcs8::DecodePrivateKey;
use sha2::{Digest, Sha256};
use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use thiserror::Error;
use verification::Sensitive;
use verification::time::UtcMs;
use x509_cert::Certificate;
use x509_cert::attr::Attribute;
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage};
use x509_cert::name::Name;
use x509_cert::time::{Time, Validity};

use crate::content::CONTENT_MAX_BYTES;

/// No signed document is longer than this: the largest content and 64 KiB for the signature around it.
pub const SIGNED_MAX_BYTES: usize = CONTENT_MAX_BYTES + 64 * 1024;

const ID_CE_EXT_KEY_USAGE: ObjectIdentifier = rfc5912::ID_CE_EXT_KEY_USAGE;
const ID_CE_KEY_USAGE: ObjectIdentifier = rfc5912::ID_CE_KEY_USAGE;
const ID_CE_BASIC_CONSTRAINTS: ObjectIdentifier = rfc5912::ID_CE_BASIC_CONSTRAINTS;

/// Holds a private key, in memory or in a device, and signs with it.
///
/// The algorithms are the signer's own, so that the state's GOST signers fit in. [`verify`] knows those of
/// [`P256Signer`].
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

/// Signs a content: gives the DER of a CMS `ContentInfo` that holds the content, the certificate and the
/// signature. The time of signing is kept to the second.
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
    let signature = signer.sign(&attributes.to_der().map_err(SignError::Encoding)?)?;
    enclose(content, certificate, attributes, signature, signer).map_err(SignError::Encoding)
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

/// What a good signature says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The signed content.
    pub content: Sensitive<Vec<u8>>,
    /// Common name of the signer: the kiosk or the gateway.
    pub signer_common_name: String,
    /// When the signer says it was signed; to the second.
    pub signing_time: UtcMs,
}

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
    /// A version, list or option differs from what [`sign`] writes; holds which.
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

/// Checks a signed document whole: its structure, its content, its signature, and that the certificate of its
/// one signer was issued by one of the anchors (certificates in DER) and valid at the time of signing and now.
///
/// Revocation is not looked at here: it needs a network.
///
/// # Errors
/// Each failure has its own variant of [`VerifyError`]. Never panics.
pub fn verify(cms: &[u8], anchors: &[Vec<u8>], now: UtcMs) -> Result<Verified, VerifyError> {
    let signed_data = parse(cms)?;
    let content = attached_content(&signed_data)?;
    let certificate = only_certificate(&signed_data)?;
    let signer = only_signer(&signed_data, certificate)?;
    let signing_time = check_attributes(signer, content, certificate)?;
    check_signature(signer, certificate)?;
    check_leaf(certificate)?;
    check_chain(certificate, anchors, signing_time, now)?;
    Ok(Verified {
        content: Sensitive::new(content.to_vec()),
        signer_common_name: common_name(&certificate.tbs_certificate.subject)?,
        signing_time,
    })
}

/// The certificates of a PEM text, each as DER, for [`verify`].
///
/// # Errors
/// [`SignError::Certificate`] where the text holds no certificate, or anything else.
pub fn anchors_from_pem(pem: &[u8]) -> Result<Vec<Vec<u8>>, SignError> {
    let nothing = || SignError::Certificate(PemError::PreEncapsulationBoundary.into());
    // The reader of chains must not meet an empty text: it counts back from its end.
    let text = Some(pem.trim_ascii())
        .filter(|text| !text.is_empty())
        .ok_or_else(nothing)?;
    let chain = Certificate::load_pem_chain(text).map_err(SignError::Certificate)?;
    if chain.is_empty() {
        return Err(nothing());
    }
    chain
        .iter()
        .map(Encode::to_der)
        .collect::<Result<_, _>>()
        .map_err(SignError::Certificate)
}

fn parse(cms: &[u8]) -> Result<SignedData, VerifyError> {
    if cms.len() > SIGNED_MAX_BYTES {
        return Err(VerifyError::TooLarge(cms.len()));
    }
    let info = ContentInfo::from_der(cms).map_err(VerifyError::Malformed)?;
    if info.content_type != rfc5911::ID_SIGNED_DATA {
        return Err(VerifyError::NotSignedData);
    }
    let signed_data: SignedData = info.content.decode_as().map_err(VerifyError::Malformed)?;
    // The parser is lenient in places, for one in the order of sets. One structure has one byte form here,
    // which also makes sure that what is checked below is what was sent.
    if content_info(&signed_data).map_err(VerifyError::Malformed)? != cms {
        return Err(VerifyError::NotDer);
    }
    Ok(signed_data)
}

fn attached_content(signed_data: &SignedData) -> Result<&[u8], VerifyError> {
    if signed_data.version != CmsVersion::V1 {
        return Err(VerifyError::Profile("version"));
    }
    if signed_data.digest_algorithms.as_slice() != [algorithm(rfc5912::ID_SHA_256)] {
        return Err(VerifyError::Profile("digest algorithms"));
    }
    if signed_data.crls.is_some() {
        return Err(VerifyError::Profile("revocation lists"));
    }
    if signed_data.encap_content_info.econtent_type != rfc5911::ID_DATA {
        return Err(VerifyError::Profile("content type"));
    }
    let content = signed_data
        .encap_content_info
        .econtent
        .as_ref()
        .ok_or(VerifyError::NoContent)?;
    if content.tag() != Tag::OctetString {
        return Err(VerifyError::NoContent);
    }
    Ok(content.value())
}

fn only_certificate(signed_data: &SignedData) -> Result<&Certificate, VerifyError> {
    let certificates = signed_data
        .certificates
        .as_ref()
        .map_or(&[][..], |set| set.0.as_slice());
    match certificates {
        [CertificateChoices::Certificate(certificate)] => Ok(certificate),
        [CertificateChoices::Other(_)] => Err(VerifyError::Profile("certificate format")),
        several => Err(VerifyError::Certificates(several.len())),
    }
}

fn only_signer<'a>(
    signed_data: &'a SignedData,
    certificate: &Certificate,
) -> Result<&'a SignerInfo, VerifyError> {
    let [signer] = signed_data.signer_infos.0.as_slice() else {
        return Err(VerifyError::Signers(signed_data.signer_infos.0.len()));
    };
    if signer.version != CmsVersion::V1 {
        return Err(VerifyError::Profile("version of the signer"));
    }
    if signer.unsigned_attrs.is_some() {
        return Err(VerifyError::Profile("unsigned attributes"));
    }
    if signer.sid != signer_identifier(certificate) {
        return Err(VerifyError::SignerIdentifier);
    }
    if signer.digest_alg != algorithm(rfc5912::ID_SHA_256) {
        return Err(VerifyError::Algorithm(signer.digest_alg.oid));
    }
    if signer.signature_algorithm != algorithm(rfc5912::ECDSA_WITH_SHA_256) {
        return Err(VerifyError::Algorithm(signer.signature_algorithm.oid));
    }
    Ok(signer)
}

/// Gives the time of signing.
fn check_attributes(
    signer: &SignerInfo,
    content: &[u8],
    certificate: &Certificate,
) -> Result<UtcMs, VerifyError> {
    let content_type: ObjectIdentifier = attribute(signer, rfc5911::ID_CONTENT_TYPE, "contentType")?;
    if content_type != rfc5911::ID_DATA {
        return Err(VerifyError::ContentType);
    }
    let digest: OctetString = attribute(signer, rfc5911::ID_MESSAGE_DIGEST, "messageDigest")?;
    if digest.as_bytes() != Sha256::digest(content).as_slice() {
        return Err(VerifyError::Digest);
    }
    let named: SigningCertificateV2 = attribute(
        signer,
        rfc5911::ID_AA_SIGNING_CERTIFICATE_V_2,
        "signingCertificateV2",
    )?;
    let certificate_der = certificate.to_der().map_err(VerifyError::Malformed)?;
    match named.certs.as_slice() {
        // An absent algorithm means SHA-256 (RFC 5035, section 4), and DER leaves defaults out.
        [
            EssCertIdV2 {
                hash_algorithm: None,
                cert_hash,
            },
        ] if cert_hash.as_bytes() == Sha256::digest(&certificate_der).as_slice() => {}
        _ => return Err(VerifyError::SigningCertificate),
    }
    let time: Time = attribute(signer, rfc5911::ID_SIGNING_TIME, "signingTime")?;
    to_utc(time).ok_or(VerifyError::Attribute("signingTime"))
}

fn attribute<T>(signer: &SignerInfo, oid: ObjectIdentifier, name: &'static str) -> Result<T, VerifyError>
where
    T: for<'a> Decode<'a>,
{
    let mut found = signer
        .signed_attrs
        .iter()
        .flat_map(|set| set.iter())
        .filter(|attribute| attribute.oid == oid);
    let (Some(attribute), None) = (found.next(), found.next()) else {
        return Err(VerifyError::Attribute(name));
    };
    let [value] = attribute.values.as_slice() else {
        return Err(VerifyError::Attribute(name));
    };
    value
        .to_der()
        .and_then(|bytes| T::from_der(&bytes))
        .map_err(|_| VerifyError::Attribute(name))
}

fn check_signature(signer: &SignerInfo, certificate: &Certificate) -> Result<(), VerifyError> {
    let key =
        public_key(&certificate.tbs_certificate.subject_public_key_info).ok_or(VerifyError::PublicKey)?;
    let attributes = signer
        .signed_attrs
        .as_ref()
        .ok_or(VerifyError::Attribute("contentType"))?;
    // What is signed is the attributes as a SET, not in the implicit tag in which they are sent
    // (RFC 5652, section 5.4).
    let signed = attributes.to_der().map_err(VerifyError::Malformed)?;
    let signature =
        DerSignature::from_bytes(signer.signature.as_bytes()).map_err(|_| VerifyError::Signature)?;
    key.verify(&signed, &signature)
        .map_err(|_| VerifyError::Signature)
}

fn check_leaf(certificate: &Certificate) -> Result<(), VerifyError> {
    let tbs = &certificate.tbs_certificate;
    for extension in tbs.extensions.iter().flatten() {
        let known = [ID_CE_KEY_USAGE, ID_CE_BASIC_CONSTRAINTS, ID_CE_EXT_KEY_USAGE];
        if extension.critical && !known.contains(&extension.extn_id) {
            return Err(VerifyError::CriticalExtension(extension.extn_id));
        }
    }
    let authority = tbs.get::<BasicConstraints>().map_err(|_| VerifyError::KeyUsage)?;
    let usage = tbs.get::<KeyUsage>().map_err(|_| VerifyError::KeyUsage)?;
    let signs = usage.is_some_and(|(_, usage)| usage.digital_signature());
    if !signs || authority.is_some_and(|(_, constraints)| constraints.ca) {
        return Err(VerifyError::KeyUsage);
    }
    Ok(())
}

fn check_chain(
    certificate: &Certificate,
    anchors: &[Vec<u8>],
    signing_time: UtcMs,
    now: UtcMs,
) -> Result<(), VerifyError> {
    let mut refusal = VerifyError::UnknownIssuer;
    for anchor in anchors {
        let anchor = Certificate::from_der(anchor).map_err(VerifyError::Anchor)?;
        if anchor.tbs_certificate.subject != certificate.tbs_certificate.issuer {
            continue;
        }
        // An authority that renewed its key has two anchors of one name: all are tried.
        match check_issued(certificate, &anchor, signing_time, now) {
            Ok(()) => return Ok(()),
            Err(error) => refusal = error,
        }
    }
    Err(refusal)
}

fn check_issued(
    certificate: &Certificate,
    anchor: &Certificate,
    signing_time: UtcMs,
    now: UtcMs,
) -> Result<(), VerifyError> {
    let tbs = &anchor.tbs_certificate;
    let authority = tbs.get::<BasicConstraints>().map_err(VerifyError::Anchor)?;
    let usage = tbs.get::<KeyUsage>().map_err(VerifyError::Anchor)?;
    if !authority.is_some_and(|(_, constraints)| constraints.ca)
        || usage.is_some_and(|(_, usage)| !usage.key_cert_sign())
    {
        return Err(VerifyError::NotAuthority);
    }
    let ecdsa = algorithm(rfc5912::ECDSA_WITH_SHA_256);
    if certificate.signature_algorithm != ecdsa || certificate.tbs_certificate.signature != ecdsa {
        return Err(VerifyError::Algorithm(certificate.signature_algorithm.oid));
    }
    let key = public_key(&tbs.subject_public_key_info).ok_or(VerifyError::PublicKey)?;
    let signed = certificate
        .tbs_certificate
        .to_der()
        .map_err(VerifyError::Malformed)?;
    let signature = certificate
        .signature
        .as_bytes()
        .and_then(|bytes| DerSignature::from_bytes(bytes).ok())
        .ok_or(VerifyError::CertificateSignature)?;
    key.verify(&signed, &signature)
        .map_err(|_| VerifyError::CertificateSignature)?;
    for validity in [&tbs.validity, &certificate.tbs_certificate.validity] {
        if !covers(validity, now) {
            return Err(VerifyError::ExpiredNow);
        }
        if !covers(validity, signing_time) {
            return Err(VerifyError::ExpiredAtSigning);
        }
    }
    Ok(())
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
///     issuerSerial   IssuerSerial OPTIONAL }              -- not in this profile
/// ```
#[derive(Sequence)]
struct EssCertIdV2 {
    #[asn1(optional = "true")]
    hash_algorithm: Option<AlgorithmIdentifierOwned>,
    cert_hash: OctetString,
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

fn covers(validity: &Validity, at: UtcMs) -> bool {
    let not_before = to_utc(validity.not_before);
    // The last second is valid to its end.
    let not_after = to_utc(validity.not_after).map(|time| UtcMs(time.0.saturating_add(999)));
    not_before.is_some_and(|time| time <= at) && not_after.is_some_and(|time| at <= time)
}

fn common_name(name: &Name) -> Result<String, VerifyError> {
    let mut found = name
        .0
        .iter()
        .flat_map(|part| part.0.iter())
        .filter(|part| part.oid == rfc4519::COMMON_NAME);
    let (Some(part), None) = (found.next(), found.next()) else {
        return Err(VerifyError::CommonName);
    };
    let text = match part.value.tag() {
        Tag::Utf8String => part
            .value
            .decode_as::<Utf8StringRef<'_>>()
            .map(|text| text.as_str().to_owned()),
        _ => part
            .value
            .decode_as::<PrintableStringRef<'_>>()
            .map(|text| text.as_str().to_owned()),
    };
    text.map_err(|_| VerifyError::CommonName)
}
