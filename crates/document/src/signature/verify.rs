//! What is accepted.

use cms::cert::CertificateChoices;
use cms::content_info::{CmsVersion, ContentInfo};
use cms::signed_data::{SignedData, SignerInfo};
use const_oid::ObjectIdentifier;
use const_oid::db::{rfc4519, rfc5911, rfc5912};
use der::asn1::{OctetString, PrintableStringRef, Utf8StringRef};
use der::{Decode, Encode, Tag, Tagged};
use sha2::{Digest, Sha256};
use verification::Sensitive;
use verification::time::UtcMs;
use x509_cert::Certificate;
use x509_cert::name::Name;
use x509_cert::time::Time;

use super::chain::{check_chain, check_known, check_leaf};
use super::{
    EssCertIdV2, SIGNED_MAX_BYTES, SigningCertificateV2, VerifyError, algorithm, content_info, is_signed,
    public_key, signer_identifier, to_utc,
};

/// What a good signature says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The signed content.
    pub content: Sensitive<Vec<u8>>,
    /// Common name of the signer: the kiosk or the gateway.
    pub signer_common_name: String,
    /// When the signer says it was signed; to the second.
    pub signing_time: UtcMs,
    /// The certificate of the signer (X.509, DER).
    pub certificate_der: Vec<u8>,
}

/// Checks a signed document whole: its structure, its content, its signature, and that the certificate of its
/// one signer was issued by one of the anchors (certificates in DER) and valid at the time of signing and now.
///
/// Revocation is not looked at here: it needs a network.
///
/// # Errors
/// Each failure has its own variant of [`VerifyError`]. Never panics.
pub fn verify(cms: &[u8], anchors: &[Vec<u8>], now: UtcMs) -> Result<Verified, VerifyError> {
    verify_whole(cms, Trust::Now { anchors, now })
}

/// As [`verify`], but a certificate that has expired since the time of signing is no fault: papers are read for years.
///
/// The time of signing is the signer's own word. Who took a key before it expired can write any time of its validity.
///
/// # Errors
/// As [`verify`], without [`VerifyError::ExpiredNow`].
pub fn verify_as_signed(cms: &[u8], anchors: &[Vec<u8>]) -> Result<Verified, VerifyError> {
    verify_whole(cms, Trust::Then { anchors })
}

/// As [`verify`], but the certificate has to be valid at this time alone, whatever time the signer says: for signers
/// whose clock is known to be wrong.
///
/// # Errors
/// As [`verify`]; [`VerifyError::ExpiredAtSigning`] where the certificate is not valid at this time.
pub fn verify_at(cms: &[u8], anchors: &[Vec<u8>], at: UtcMs) -> Result<Verified, VerifyError> {
    verify_whole(cms, Trust::At { anchors, at })
}

/// As [`verify_as_signed`], where it was seen before, as in a handshake, that the signer's certificate was issued by an
/// authority that counts. `certificate_sha256` is that of its DER; its issuer is not looked at again.
///
/// # Errors
/// As [`verify_as_signed`]; [`VerifyError::UnknownIssuer`] where the signer has another certificate.
pub fn verify_of_known(cms: &[u8], certificate_sha256: &[u8; 32]) -> Result<Verified, VerifyError> {
    verify_whole(cms, Trust::Known { certificate_sha256 })
}

/// As [`verify`], but any authority will do: it only shows that the holder of the enclosed certificate has signed, and
/// not who that is.
///
/// # Errors
/// As [`verify`], without what concerns the chain.
pub fn verify_unanchored(cms: &[u8]) -> Result<Verified, VerifyError> {
    verify_whole(cms, Trust::Anybody)
}

enum Trust<'a> {
    Now { anchors: &'a [Vec<u8>], now: UtcMs },
    Then { anchors: &'a [Vec<u8>] },
    At { anchors: &'a [Vec<u8>], at: UtcMs },
    Known { certificate_sha256: &'a [u8; 32] },
    Anybody,
}

fn verify_whole(cms: &[u8], trust: Trust<'_>) -> Result<Verified, VerifyError> {
    let signed_data = parse(cms)?;
    let content = attached_content(&signed_data)?;
    let certificate = only_certificate(&signed_data)?;
    let signer = only_signer(&signed_data, certificate)?;
    let signing_time = check_attributes(signer, content, certificate)?;
    check_signature(signer, certificate)?;
    check_leaf(certificate)?;
    match trust {
        Trust::Now { anchors, now } => check_chain(certificate, anchors, signing_time, Some(now))?,
        Trust::Then { anchors } => check_chain(certificate, anchors, signing_time, None)?,
        Trust::At { anchors, at } => check_chain(certificate, anchors, at, None)?,
        Trust::Known { certificate_sha256 } => check_known(certificate, certificate_sha256, signing_time)?,
        Trust::Anybody => {}
    }
    Ok(Verified {
        content: Sensitive::new(content.to_vec()),
        signer_common_name: common_name(&certificate.tbs_certificate.subject)?,
        signing_time,
        certificate_der: certificate.to_der().map_err(VerifyError::Malformed)?,
    })
}

pub(super) fn parse(cms: &[u8]) -> Result<SignedData, VerifyError> {
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
                ..
            },
        ] if cert_hash.as_bytes() == Sha256::digest(&certificate_der).as_slice() => {}
        _ => return Err(VerifyError::SigningCertificate),
    }
    let time: Time = attribute(signer, rfc5911::ID_SIGNING_TIME, "signingTime")?;
    to_utc(time).ok_or(VerifyError::Attribute("signingTime"))
}

pub(super) fn attribute<T>(
    signer: &SignerInfo,
    oid: ObjectIdentifier,
    name: &'static str,
) -> Result<T, VerifyError>
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
    if is_signed(&key, &signed, signer.signature.as_bytes()) {
        Ok(())
    } else {
        Err(VerifyError::Signature)
    }
}

pub(super) fn common_name(name: &Name) -> Result<String, VerifyError> {
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
