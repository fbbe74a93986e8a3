//! Which tokens count.

use cms::cert::CertificateChoices;
use cms::content_info::{CmsVersion, ContentInfo};
use cms::signed_data::{SignedData, SignerIdentifier, SignerInfo};
use const_oid::ObjectIdentifier;
use const_oid::db::{rfc5280, rfc5911, rfc5912};
use der::asn1::{Any, Int, OctetString, Uint};
use der::{DateTime, Decode, Encode, Sequence, Tag, Tagged};
use ring::digest;
use ring::signature::{self as ring_signature, UnparsedPublicKey, VerificationAlgorithm};
use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use verification::time::UtcMs;
use x509_cert::Certificate;
use x509_cert::ext::Extensions;
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectKeyIdentifier};

use super::super::chain::covers;
use super::super::verify::{attribute, common_name};
use super::{ID_TST_INFO, MessageImprint, Stamp, StampError, TOKEN_MAX_BYTES};

/// Between the authority of time and the anchor are no more certificates than this.
const INTERMEDIATE_MAX: usize = 4;

/// Checks a token whole. Without a nonce it is one that was accepted before, and kept.
pub(super) fn check(
    token: &[u8],
    imprint: &[u8; 32],
    nonce: Option<&[u8; 16]>,
    anchors: &[Vec<u8>],
) -> Result<Stamp, StampError> {
    if token.len() > TOKEN_MAX_BYTES {
        return Err(StampError::TooLarge(token.len()));
    }
    let info = ContentInfo::from_der(token).map_err(StampError::Malformed)?;
    if info.content_type != rfc5911::ID_SIGNED_DATA {
        return Err(StampError::Profile("no SignedData"));
    }
    let signed_data: SignedData = info.content.decode_as().map_err(StampError::Malformed)?;
    let content = content(&signed_data)?;
    let certificates = certificates(&signed_data);
    let [signer] = signed_data.signer_infos.0.as_slice() else {
        return Err(StampError::Profile("not one signer"));
    };
    let certificate = signers_own(signer, &certificates)?;
    check_attributes(signer, content, certificate)?;
    check_signature(signer, certificate)?;
    check_purpose(certificate)?;
    let stamped = TstInfo::from_der(content).map_err(StampError::Malformed)?;
    check_info(&stamped, imprint, nonce)?;
    let at = general_time(&stamped.gen_time).ok_or(StampError::Profile("time"))?;
    check_chain(certificate, &certificates, anchors, at)?;
    Ok(Stamp {
        token_der: token.to_vec(),
        at,
        authority: common_name(&certificate.tbs_certificate.subject)
            .map_err(|_| StampError::Profile("name of the signer"))?,
        serial: stamped.serial_number.as_bytes().to_vec(),
        policy: stamped.policy,
    })
}

fn content(signed_data: &SignedData) -> Result<&[u8], StampError> {
    if signed_data.version != CmsVersion::V3 {
        return Err(StampError::Profile("version"));
    }
    let encapsulated = &signed_data.encap_content_info;
    if encapsulated.econtent_type != ID_TST_INFO {
        return Err(StampError::Profile("content type"));
    }
    encapsulated
        .econtent
        .as_ref()
        .filter(|content| content.tag() == Tag::OctetString)
        .map(Any::value)
        .ok_or(StampError::Profile("no content"))
}

fn certificates(signed_data: &SignedData) -> Vec<&Certificate> {
    let set = signed_data.certificates.iter().flat_map(|set| set.0.iter());
    set.filter_map(|choice| match choice {
        CertificateChoices::Certificate(certificate) => Some(certificate),
        CertificateChoices::Other(_) => None,
    })
    .collect()
}

fn signers_own<'a>(
    signer: &SignerInfo,
    certificates: &[&'a Certificate],
) -> Result<&'a Certificate, StampError> {
    let is_signers = |certificate: &&&Certificate| match &signer.sid {
        SignerIdentifier::IssuerAndSerialNumber(named) => {
            named.issuer == certificate.tbs_certificate.issuer
                && named.serial_number == certificate.tbs_certificate.serial_number
        }
        SignerIdentifier::SubjectKeyIdentifier(named) => certificate
            .tbs_certificate
            .get::<SubjectKeyIdentifier>()
            .is_ok_and(|own| own.is_some_and(|(_, own)| own == *named)),
    };
    let found = certificates.iter().find(is_signers);
    found
        .copied()
        .ok_or(StampError::Profile("no certificate of the signer"))
}

fn check_attributes(
    signer: &SignerInfo,
    content: &[u8],
    certificate: &Certificate,
) -> Result<(), StampError> {
    let missing = |what| move |_| StampError::Profile(what);
    let content_type: ObjectIdentifier =
        attribute(signer, rfc5911::ID_CONTENT_TYPE, "contentType").map_err(missing("contentType"))?;
    if content_type != ID_TST_INFO {
        return Err(StampError::Profile("contentType"));
    }
    let digest: OctetString =
        attribute(signer, rfc5911::ID_MESSAGE_DIGEST, "messageDigest").map_err(missing("messageDigest"))?;
    let hash = hash_named(signer.digest_alg.oid)?;
    if digest.as_bytes() != digest::digest(hash, content).as_ref() {
        return Err(StampError::Signature);
    }
    let der = certificate.to_der().map_err(StampError::Malformed)?;
    // RFC 5816: the newer attribute, or the older one, which knows SHA-1 alone. The first certificate named is the signer's.
    let named: Result<SigningCertificateV2, _> = attribute(
        signer,
        rfc5911::ID_AA_SIGNING_CERTIFICATE_V_2,
        "signingCertificateV2",
    );
    let is_named = match named {
        Ok(named) => {
            let first = named.certs.first().ok_or(StampError::SigningCertificate)?;
            let hash = match &first.hash_algorithm {
                Some(algorithm) => hash_named(algorithm.oid)?,
                None => &digest::SHA256,
            };
            digest::digest(hash, &der).as_ref() == first.cert_hash.as_bytes()
        }
        Err(_) => {
            let named: SigningCertificate =
                attribute(signer, rfc5911::ID_AA_SIGNING_CERTIFICATE, "signingCertificate")
                    .map_err(missing("signingCertificate"))?;
            let first = named.certs.first().ok_or(StampError::SigningCertificate)?;
            digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &der).as_ref() == first.cert_hash.as_bytes()
        }
    };
    if is_named {
        Ok(())
    } else {
        Err(StampError::SigningCertificate)
    }
}

fn check_signature(signer: &SignerInfo, certificate: &Certificate) -> Result<(), StampError> {
    let attributes = signer
        .signed_attrs
        .as_ref()
        .ok_or(StampError::Profile("no signed attributes"))?;
    // As in a document: signed is the SET, not the implicit tag (RFC 5652, section 5.4).
    let signed = attributes.to_der().map_err(StampError::Malformed)?;
    let hash = Some(signer.digest_alg.oid);
    let key = &certificate.tbs_certificate.subject_public_key_info;
    if is_signed(
        key,
        signer.signature_algorithm.oid,
        hash,
        &signed,
        signer.signature.as_bytes(),
    )? {
        Ok(())
    } else {
        Err(StampError::Signature)
    }
}

/// RFC 3161, section 2.3: for time stamps, for nothing else, and it has to say so as critical.
fn check_purpose(certificate: &Certificate) -> Result<(), StampError> {
    let tbs = &certificate.tbs_certificate;
    let known = [
        rfc5912::ID_CE_KEY_USAGE,
        rfc5912::ID_CE_BASIC_CONSTRAINTS,
        rfc5912::ID_CE_EXT_KEY_USAGE,
        rfc5280::ID_CE_CERTIFICATE_POLICIES,
    ];
    let unknown =
        |extension: &x509_cert::ext::Extension| extension.critical && !known.contains(&extension.extn_id);
    let purpose = tbs.get::<ExtendedKeyUsage>().map_err(|_| StampError::Purpose)?;
    let usage = tbs.get::<KeyUsage>().map_err(|_| StampError::Purpose)?;
    let is_alone =
        purpose.is_some_and(|(critical, purpose)| critical && purpose.0 == [rfc5280::ID_KP_TIME_STAMPING]);
    let signs = usage.is_none_or(|(_, usage)| usage.digital_signature() || usage.non_repudiation());
    if is_alone && signs && !tbs.extensions.iter().flatten().any(unknown) {
        Ok(())
    } else {
        Err(StampError::Purpose)
    }
}

fn check_info(stamped: &TstInfo, imprint: &[u8; 32], nonce: Option<&[u8; 16]>) -> Result<(), StampError> {
    if stamped.version != 1 {
        return Err(StampError::Profile("version of the content"));
    }
    if stamped
        .extensions
        .iter()
        .flatten()
        .any(|extension| extension.critical)
    {
        return Err(StampError::Profile("unknown critical extension"));
    }
    let over = &stamped.message_imprint;
    if over.hash_algorithm.oid != rfc5912::ID_SHA_256 || over.hashed_message.as_bytes() != imprint {
        return Err(StampError::Imprint);
    }
    if let Some(nonce) = nonce {
        let asked = Uint::new(nonce).map_err(StampError::Malformed)?;
        if stamped.nonce.as_ref() != Some(&asked) {
            return Err(StampError::Nonce);
        }
    }
    Ok(())
}

/// From the signer over certificates of the token to an anchor, all valid at the time that is stamped.
fn check_chain(
    signer: &Certificate,
    pool: &[&Certificate],
    anchors: &[Vec<u8>],
    at: UtcMs,
) -> Result<(), StampError> {
    let anchors = anchors
        .iter()
        .map(|anchor| Certificate::from_der(anchor).map_err(StampError::Anchor))
        .collect::<Result<Vec<_>, _>>()?;
    let mut current = signer;
    for below in 0..=INTERMEDIATE_MAX {
        if !covers(&current.tbs_certificate.validity, at) {
            return Err(StampError::Expired);
        }
        if anchors.contains(current) {
            return Ok(());
        }
        if let Some(anchor) = anchors.iter().find(|anchor| issued(anchor, current, below)) {
            return if covers(&anchor.tbs_certificate.validity, at) {
                Ok(())
            } else {
                Err(StampError::Expired)
            };
        }
        let issuer = pool
            .iter()
            .find(|issuer| **issuer != current && issued(issuer, current, below));
        current = issuer.ok_or(StampError::UnknownIssuer)?;
    }
    Err(StampError::UnknownIssuer)
}

/// Whether this authority, with so many authorities below it, issued the certificate.
fn issued(authority: &Certificate, certificate: &Certificate, below: usize) -> bool {
    let tbs = &authority.tbs_certificate;
    let may = tbs.get::<BasicConstraints>().is_ok_and(|constraints| {
        constraints.is_some_and(|(_, constraints)| {
            constraints.ca
                && constraints
                    .path_len_constraint
                    .is_none_or(|most| below <= usize::from(most))
        })
    }) && tbs
        .get::<KeyUsage>()
        .is_ok_and(|usage| usage.is_none_or(|(_, usage)| usage.key_cert_sign()));
    let inner = &certificate.tbs_certificate;
    may && tbs.subject == inner.issuer
        && certificate.signature_algorithm == inner.signature
        && inner.to_der().is_ok_and(|signed| {
            let signature = certificate.signature.as_bytes().unwrap_or_default();
            let algorithm = certificate.signature_algorithm.oid;
            is_signed(&tbs.subject_public_key_info, algorithm, None, &signed, signature).unwrap_or(false)
        })
}

fn hash_named(oid: ObjectIdentifier) -> Result<&'static digest::Algorithm, StampError> {
    match oid {
        rfc5912::ID_SHA_256 => Ok(&digest::SHA256),
        rfc5912::ID_SHA_384 => Ok(&digest::SHA384),
        rfc5912::ID_SHA_512 => Ok(&digest::SHA512),
        other => Err(StampError::Algorithm(other)),
    }
}

/// `hash` counts where the algorithm of the signature does not name one.
fn is_signed(
    key: &SubjectPublicKeyInfoOwned,
    algorithm: ObjectIdentifier,
    hash: Option<ObjectIdentifier>,
    message: &[u8],
    signature: &[u8],
) -> Result<bool, StampError> {
    let unknown = Err(StampError::Algorithm(algorithm));
    let curve = || -> Option<ObjectIdentifier> { key.algorithm.parameters.as_ref()?.decode_as().ok() };
    let verifier: &'static dyn VerificationAlgorithm = match (algorithm, hash) {
        (rfc5912::SHA_256_WITH_RSA_ENCRYPTION, _) | (rfc5912::RSA_ENCRYPTION, Some(rfc5912::ID_SHA_256)) => {
            &ring_signature::RSA_PKCS1_2048_8192_SHA256
        }
        (rfc5912::SHA_384_WITH_RSA_ENCRYPTION, _) | (rfc5912::RSA_ENCRYPTION, Some(rfc5912::ID_SHA_384)) => {
            &ring_signature::RSA_PKCS1_2048_8192_SHA384
        }
        (rfc5912::SHA_512_WITH_RSA_ENCRYPTION, _) | (rfc5912::RSA_ENCRYPTION, Some(rfc5912::ID_SHA_512)) => {
            &ring_signature::RSA_PKCS1_2048_8192_SHA512
        }
        (rfc5912::ECDSA_WITH_SHA_256, _) => match curve() {
            Some(rfc5912::SECP_256_R_1) => &ring_signature::ECDSA_P256_SHA256_ASN1,
            Some(rfc5912::SECP_384_R_1) => &ring_signature::ECDSA_P384_SHA256_ASN1,
            _ => return unknown,
        },
        (rfc5912::ECDSA_WITH_SHA_384, _) => match curve() {
            Some(rfc5912::SECP_256_R_1) => &ring_signature::ECDSA_P256_SHA384_ASN1,
            Some(rfc5912::SECP_384_R_1) => &ring_signature::ECDSA_P384_SHA384_ASN1,
            _ => return unknown,
        },
        _ => return unknown,
    };
    Ok(
        UnparsedPublicKey::new(verifier, key.subject_public_key.raw_bytes())
            .verify(message, signature)
            .is_ok(),
    )
}

/// `YYYYMMDDhhmmss[.f…]Z`; RFC 3161 allows fractions of a second, which `der` does not read. Milliseconds are kept.
fn general_time(value: &Any) -> Option<UtcMs> {
    if value.tag() != Tag::GeneralizedTime {
        return None;
    }
    let text = std::str::from_utf8(value.value()).ok()?.strip_suffix('Z')?;
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
        Some(_) => return None,
        None => (text, ""),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.len() != 14 || !digits(whole) || !digits(fraction) {
        return None;
    }
    let number = |at: usize, length: usize| whole.get(at..at + length)?.parse::<u8>().ok();
    let year = whole.get(..4)?.parse().ok()?;
    let time = DateTime::new(
        year,
        number(4, 2)?,
        number(6, 2)?,
        number(8, 2)?,
        number(10, 2)?,
        number(12, 2)?,
    )
    .ok()?;
    let ms: String = fraction.chars().chain("000".chars()).take(3).collect();
    let seconds = i64::try_from(time.unix_duration().as_secs()).ok()?;
    seconds
        .checked_mul(1000)?
        .checked_add(ms.parse().ok()?)
        .map(UtcMs)
}

/// ```text
/// TSTInfo ::= SEQUENCE {
///     version         INTEGER { v1(1) },
///     policy          OBJECT IDENTIFIER,
///     messageImprint  MessageImprint,
///     serialNumber    INTEGER,
///     genTime         GeneralizedTime,
///     accuracy        Accuracy OPTIONAL,
///     ordering        BOOLEAN DEFAULT FALSE,
///     nonce           INTEGER OPTIONAL,
///     tsa             [0] GeneralName OPTIONAL,
///     extensions      [1] IMPLICIT Extensions OPTIONAL }
/// ```
#[derive(Sequence)]
struct TstInfo {
    version: u8,
    policy: ObjectIdentifier,
    message_imprint: MessageImprint,
    serial_number: Int,
    gen_time: Any,
    #[asn1(optional = "true")]
    accuracy: Option<Accuracy>,
    #[asn1(default = "Default::default")]
    ordering: bool,
    #[asn1(optional = "true")]
    nonce: Option<Uint>,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    tsa: Option<Any>,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", optional = "true")]
    extensions: Option<Extensions>,
}

/// ```text
/// Accuracy ::= SEQUENCE {
///     seconds  INTEGER OPTIONAL,
///     millis   [0] INTEGER (1..999) OPTIONAL,
///     micros   [1] INTEGER (1..999) OPTIONAL }
/// ```
#[derive(Sequence)]
struct Accuracy {
    #[asn1(optional = "true")]
    seconds: Option<u64>,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT", optional = "true")]
    millis: Option<u16>,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", optional = "true")]
    micros: Option<u16>,
}

/// As [`super::super::SigningCertificateV2`], with the policies that others may write.
#[derive(Sequence)]
struct SigningCertificateV2 {
    certs: Vec<EssCertIdV2>,
    #[asn1(optional = "true")]
    policies: Option<Any>,
}

#[derive(Sequence)]
struct EssCertIdV2 {
    #[asn1(optional = "true")]
    hash_algorithm: Option<AlgorithmIdentifierOwned>,
    cert_hash: OctetString,
    #[asn1(optional = "true")]
    issuer_serial: Option<Any>,
}

/// ```text
/// SigningCertificate ::= SEQUENCE {
///     certs     SEQUENCE OF ESSCertID,
///     policies  SEQUENCE OF PolicyInformation OPTIONAL }
/// ```
#[derive(Sequence)]
struct SigningCertificate {
    certs: Vec<EssCertId>,
    #[asn1(optional = "true")]
    policies: Option<Any>,
}

#[derive(Sequence)]
struct EssCertId {
    cert_hash: OctetString,
    #[asn1(optional = "true")]
    issuer_serial: Option<Any>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_with_and_without_fractions() {
        let check = |text: &str, expect: Option<i64>| {
            let value = Any::new(Tag::GeneralizedTime, text.as_bytes()).expect("a short text");
            assert_eq!(general_time(&value), expect.map(UtcMs), "{text}");
        };
        check("20260601120000Z", Some(1_780_315_200_000));
        check("20260601120000.5Z", Some(1_780_315_200_500));
        check("20260601120000.12345Z", Some(1_780_315_200_123));
        for wrong in [
            "20260601120000",
            "20260601120000.Z",
            "20261301120000Z",
            "202606011200Z",
            "20260601120000+0500",
            "2026060112000éZ",
            "Z",
            "",
        ] {
            check(wrong, None);
        }
    }
}
