//! What stands in a certificate that somebody issued.

use std::fmt;
use std::time::Duration;

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::{
    ID_CE_BASIC_CONSTRAINTS, ID_CE_EXT_KEY_USAGE, ID_CE_KEY_USAGE, ID_KP_CLIENT_AUTH,
};
use const_oid::db::rfc5912::ECDSA_WITH_SHA_256;
use der::asn1::{PrintableStringRef, Utf8StringRef};
use der::referenced::OwnedToRef;
use der::{Decode, Encode, Tag, Tagged};
use p256::ecdsa::signature::Verifier;
use p256::ecdsa::{DerSignature, VerifyingKey};
use sha2::{Digest, Sha256};
use verification::time::UtcMs;
use x509_cert::Certificate;
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage};
use x509_cert::name::Name;

use crate::validity::Validity;

const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");

/// The largest certificate that is read, in bytes.
const CERTIFICATE_MAX_BYTES: usize = 64 * 1024;

/// Why a certificate is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// No X.509 structure, or a part of it cannot be read.
    #[error("the certificate cannot be read")]
    Malformed(#[source] der::Error),
    /// Larger than any certificate of a kiosk; holds how many bytes.
    #[error("a certificate of {0} bytes is too large")]
    TooLarge(usize),
    /// It names nobody, or several.
    #[error("the certificate has no single common name")]
    CommonName,
    /// The key is not on the curve P-256.
    #[error("the certificate is not for a key on the curve P-256")]
    Key,
    /// Another authority issued it.
    #[error("the certificate was issued by another authority")]
    Issuer,
    /// It cannot be used by a kiosk: a certificate of an authority, or not for clients.
    #[error("the certificate is not one for a client of TLS")]
    Purpose,
    /// It is not for digital signatures, without which nothing that its key signs counts.
    #[error("the certificate is not one for digital signatures")]
    Usage,
    /// It has a critical extension that readers of documents do not know.
    #[error("the certificate has a critical extension {0} that is not understood")]
    CriticalExtension(ObjectIdentifier),
}

/// The number of a certificate: big endian, without leading zeros. Shown in hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Serial(Vec<u8>);

impl Serial {
    /// A new one from 128 random bits of the operating system. A leading 1 makes all of them equally long.
    pub fn from_random(bytes: [u8; 16]) -> Self {
        let mut serial = vec![1];
        serial.extend(bytes);
        Self(serial)
    }

    /// As it stands in a certificate or in a store.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        Self(bytes[zeros..].to_vec())
    }

    /// Reads what [`Serial`] shows, in either case, with or without colons between the bytes.
    pub fn parse(text: &str) -> Option<Self> {
        let digits: String = text.chars().filter(|character| *character != ':').collect();
        if digits.is_empty()
            || !digits.len().is_multiple_of(2)
            || digits.len() > 64
            || !digits.bytes().all(|byte| byte.is_ascii_hexdigit())
        {
            return None;
        }
        let bytes: Option<Vec<u8>> = (0..digits.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).ok())
            .collect();
        bytes.map(|bytes| Self::from_bytes(&bytes))
    }

    /// Big endian, without leading zeros.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// SHA-256 of a certificate in DER: names it whoever issued it. Shown in hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub [u8; 32]);

impl Fingerprint {
    /// Of a certificate in DER.
    pub fn of(certificate_der: &[u8]) -> Self {
        Self(Sha256::digest(certificate_der).into())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// What stands in a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// Whom it names.
    pub common_name: String,
    /// Its number.
    pub serial: Serial,
    /// From when to when it counts.
    pub validity: Validity,
    /// Its SHA-256.
    pub fingerprint: Fingerprint,
    /// Its key, as `SubjectPublicKeyInfo` in DER.
    pub public_key_der: Vec<u8>,
}

impl Leaf {
    /// Reads a certificate in DER. Nothing is checked but that it can be read; TLS has checked it, or
    /// [`Leaf::check`] does.
    ///
    /// # Errors
    /// [`CertificateError::Malformed`], [`CertificateError::TooLarge`] or [`CertificateError::CommonName`].
    pub fn from_der(bytes: &[u8]) -> Result<Self, CertificateError> {
        Self::of(&parse(bytes)?, bytes)
    }

    /// Reads a certificate and checks that it is one for a kiosk: issued by this authority (a certificate in DER,
    /// with a key on P-256), for a client, for digital signatures, for a key on P-256, and with no critical extension
    /// that the readers of its documents would refuse. Whether it counts now is not looked at.
    ///
    /// # Errors
    /// See [`CertificateError`].
    pub fn check(bytes: &[u8], authority_der: &[u8]) -> Result<Self, CertificateError> {
        let certificate = parse(bytes)?;
        let leaf = Self::of(&certificate, bytes)?;
        let authority = parse(authority_der)?;
        let tbs = &certificate.tbs_certificate;
        if VerifyingKey::try_from(tbs.subject_public_key_info.owned_to_ref()).is_err() {
            return Err(CertificateError::Key);
        }
        let signature = certificate.signature.as_bytes().unwrap_or_default();
        let issued = tbs.issuer == authority.tbs_certificate.subject
            && certificate.signature_algorithm.oid == ECDSA_WITH_SHA_256
            && signed_by(
                &authority,
                &tbs.to_der().map_err(CertificateError::Malformed)?,
                signature,
            );
        if !issued {
            return Err(CertificateError::Issuer);
        }
        for extension in tbs.extensions.iter().flatten() {
            let known = [ID_CE_KEY_USAGE, ID_CE_BASIC_CONSTRAINTS, ID_CE_EXT_KEY_USAGE];
            if extension.critical && !known.contains(&extension.extn_id) {
                return Err(CertificateError::CriticalExtension(extension.extn_id));
            }
        }
        let constraints = tbs
            .get::<BasicConstraints>()
            .map_err(CertificateError::Malformed)?;
        let purposes = tbs
            .get::<ExtendedKeyUsage>()
            .map_err(CertificateError::Malformed)?;
        let authority = constraints.is_some_and(|(_, constraints)| constraints.ca);
        let client = purposes.is_none_or(|(_, purposes)| purposes.0.contains(&ID_KP_CLIENT_AUTH));
        if authority || !client {
            return Err(CertificateError::Purpose);
        }
        let usage = tbs.get::<KeyUsage>().map_err(CertificateError::Malformed)?;
        if !usage.is_some_and(|(_, usage)| usage.digital_signature()) {
            return Err(CertificateError::Usage);
        }
        Ok(leaf)
    }

    fn of(certificate: &Certificate, bytes: &[u8]) -> Result<Self, CertificateError> {
        let tbs = &certificate.tbs_certificate;
        Ok(Self {
            common_name: common_name(&tbs.subject).ok_or(CertificateError::CommonName)?,
            serial: Serial::from_bytes(tbs.serial_number.as_bytes()),
            validity: Validity {
                not_before: utc(tbs.validity.not_before.to_unix_duration()),
                not_after: utc(tbs.validity.not_after.to_unix_duration()),
            },
            fingerprint: Fingerprint::of(bytes),
            public_key_der: tbs
                .subject_public_key_info
                .to_der()
                .map_err(CertificateError::Malformed)?,
        })
    }
}

pub(crate) fn parse(bytes: &[u8]) -> Result<Certificate, CertificateError> {
    if bytes.len() > CERTIFICATE_MAX_BYTES {
        return Err(CertificateError::TooLarge(bytes.len()));
    }
    Certificate::from_der(bytes).map_err(CertificateError::Malformed)
}

/// Whether the holder of this certificate has signed the message, by ECDSA on P-256 with SHA-256.
pub(crate) fn signed_by(signer: &Certificate, message: &[u8], signature: &[u8]) -> bool {
    let key = VerifyingKey::try_from(signer.tbs_certificate.subject_public_key_info.owned_to_ref());
    let (Ok(key), Ok(signature)) = (key, DerSignature::from_bytes(signature)) else {
        return false;
    };
    key.verify(message, &signature).is_ok()
}

pub(crate) fn utc(since_1970: Duration) -> UtcMs {
    UtcMs(i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX))
}

/// The one common name, if there is exactly one.
fn common_name(name: &Name) -> Option<String> {
    let mut names = name
        .0
        .iter()
        .flat_map(|set| set.0.iter())
        .filter(|part| part.oid == COMMON_NAME);
    let (Some(name), None) = (names.next(), names.next()) else {
        return None;
    };
    let text = match name.value.tag() {
        Tag::Utf8String => name
            .value
            .decode_as::<Utf8StringRef<'_>>()
            .ok()?
            .as_str()
            .to_owned(),
        _ => name
            .value
            .decode_as::<PrintableStringRef<'_>>()
            .ok()?
            .as_str()
            .to_owned(),
    };
    Some(text)
}
