//! Whose certificate counts.

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5912;
use der::pem::Error as PemError;
use der::{Decode, Encode};
use sha2::{Digest, Sha256};
use verification::time::UtcMs;
use x509_cert::Certificate;
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage};
use x509_cert::time::Validity;

use super::{SignError, VerifyError, algorithm, is_signed, public_key, to_utc};

const ID_CE_EXT_KEY_USAGE: ObjectIdentifier = rfc5912::ID_CE_EXT_KEY_USAGE;
const ID_CE_KEY_USAGE: ObjectIdentifier = rfc5912::ID_CE_KEY_USAGE;
const ID_CE_BASIC_CONSTRAINTS: ObjectIdentifier = rfc5912::ID_CE_BASIC_CONSTRAINTS;

/// The certificates of a PEM text, each as DER, for [`verify`](super::verify).
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

pub(super) fn check_leaf(certificate: &Certificate) -> Result<(), VerifyError> {
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

/// `now` is absent where a certificate that has expired since is no fault.
pub(super) fn check_chain(
    certificate: &Certificate,
    anchors: &[Vec<u8>],
    signing_time: UtcMs,
    now: Option<UtcMs>,
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
    now: Option<UtcMs>,
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
    let signature = certificate.signature.as_bytes().unwrap_or_default();
    if !is_signed(&key, &signed, signature) {
        return Err(VerifyError::CertificateSignature);
    }
    for validity in [&tbs.validity, &certificate.tbs_certificate.validity] {
        if now.is_some_and(|now| !covers(validity, now)) {
            return Err(VerifyError::ExpiredNow);
        }
        if !covers(validity, signing_time) {
            return Err(VerifyError::ExpiredAtSigning);
        }
    }
    Ok(())
}

/// For a certificate whose issuer was checked before.
pub(super) fn check_known(
    certificate: &Certificate,
    certificate_sha256: &[u8; 32],
    signing_time: UtcMs,
) -> Result<(), VerifyError> {
    let der = certificate.to_der().map_err(VerifyError::Malformed)?;
    if Sha256::digest(&der).as_slice() != certificate_sha256 {
        return Err(VerifyError::UnknownIssuer);
    }
    if !covers(&certificate.tbs_certificate.validity, signing_time) {
        return Err(VerifyError::ExpiredAtSigning);
    }
    Ok(())
}

pub(super) fn covers(validity: &Validity, at: UtcMs) -> bool {
    let not_before = to_utc(validity.not_before);
    // The last second is valid to its end.
    let not_after = to_utc(validity.not_after).map(|time| UtcMs(time.0.saturating_add(999)));
    not_before.is_some_and(|time| time <= at) && not_after.is_some_and(|time| at <= time)
}
