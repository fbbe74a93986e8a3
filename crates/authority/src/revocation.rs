//! Lists of revoked certificates (CRL, RFC 5280) of an authority elsewhere.

use std::collections::HashMap;

use const_oid::db::rfc5280::ID_CE_CRL_REASONS;
use const_oid::db::rfc5912::{ECDSA_WITH_SHA_256, ID_CE_CRL_NUMBER};
use der::asn1::Uint;
use der::{Decode, Encode, pem};
use verification::time::UtcMs;
use x509_cert::crl::{CertificateList, RevokedCert};
use x509_cert::ext::pkix::CrlReason;

use crate::certificate::{CertificateError, Serial, parse, signed_by, utc};

/// The largest list that is read, in bytes: about a hundred thousand certificates.
pub const REVOCATIONS_MAX_BYTES: usize = 8 * 1024 * 1024;

/// One revoked certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revocation {
    /// Its number.
    pub serial: Serial,
    /// From when on it does not count.
    pub at: UtcMs,
    /// Why, as RFC 5280 numbers the reasons; 0 where none is told.
    pub reason: u8,
}

/// A list of revocations that the authority has signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevocationList {
    revoked: HashMap<Serial, (UtcMs, u8)>,
    this_update: UtcMs,
    next_update: Option<UtcMs>,
    number: Option<u64>,
}

/// Why a list is not believed.
#[derive(Debug, thiserror::Error)]
pub enum RevocationError {
    /// More than [`REVOCATIONS_MAX_BYTES`]; holds how many.
    #[error("a list of revocations of {0} bytes is too large")]
    TooLarge(usize),
    /// No list.
    #[error("the list of revocations cannot be read")]
    Malformed(#[source] der::Error),
    /// The authority's certificate cannot be read.
    #[error("the authority of the list of revocations cannot be read")]
    Authority(#[source] CertificateError),
    /// Another authority made it, or it was changed.
    #[error("the list of revocations was not signed by the authority")]
    Issuer,
    /// It is not a plain list of all revocations: a part, a difference, or one for several authorities.
    #[error("the list of revocations is not a plain one: it has critical extensions")]
    Partial,
}

impl RevocationList {
    /// Reads a list, DER or PEM, and checks that this authority (a certificate in DER, with a key on P-256) signed it.
    ///
    /// # Errors
    /// See [`RevocationError`]. No bytes panic.
    pub fn read(bytes: &[u8], authority_der: &[u8]) -> Result<Self, RevocationError> {
        if bytes.len() > REVOCATIONS_MAX_BYTES {
            return Err(RevocationError::TooLarge(bytes.len()));
        }
        let from_pem;
        let der = if bytes.trim_ascii_start().starts_with(b"-----") {
            let (_, decoded) = pem::decode_vec(bytes.trim_ascii())
                .map_err(|error| RevocationError::Malformed(error.into()))?;
            from_pem = decoded;
            &from_pem[..]
        } else {
            bytes
        };
        let list = CertificateList::from_der(der).map_err(RevocationError::Malformed)?;
        let authority = parse(authority_der).map_err(RevocationError::Authority)?;
        let signed = list.tbs_cert_list.to_der().map_err(RevocationError::Malformed)?;
        let signature = list.signature.as_bytes().unwrap_or_default();
        if list.tbs_cert_list.issuer != authority.tbs_certificate.subject
            || list.signature_algorithm.oid != ECDSA_WITH_SHA_256
            || !signed_by(&authority, &signed, signature)
        {
            return Err(RevocationError::Issuer);
        }
        Self::of(list)
    }

    fn of(list: CertificateList) -> Result<Self, RevocationError> {
        let list = list.tbs_cert_list;
        let mut number = None;
        for extension in list.crl_extensions.iter().flatten() {
            if extension.critical {
                return Err(RevocationError::Partial);
            }
            if extension.extn_id == ID_CE_CRL_NUMBER {
                let value =
                    Uint::from_der(extension.extn_value.as_bytes()).map_err(RevocationError::Malformed)?;
                number = value.as_bytes().iter().try_fold(0_u64, |sum, byte| {
                    sum.checked_mul(256)?.checked_add(u64::from(*byte))
                });
            }
        }
        let mut revoked = HashMap::new();
        for entry in list.revoked_certificates.into_iter().flatten() {
            if entry
                .crl_entry_extensions
                .iter()
                .flatten()
                .any(|extension| extension.critical)
            {
                return Err(RevocationError::Partial);
            }
            revoked.insert(
                Serial::from_bytes(entry.serial_number.as_bytes()),
                (utc(entry.revocation_date.to_unix_duration()), reason(&entry)),
            );
        }
        Ok(Self {
            revoked,
            this_update: utc(list.this_update.to_unix_duration()),
            next_update: list.next_update.map(|time| utc(time.to_unix_duration())),
            number,
        })
    }

    /// Since when a certificate is revoked, if it is.
    pub fn revoked_at(&self, serial: &Serial) -> Option<UtcMs> {
        self.revoked.get(serial).map(|(at, _)| *at)
    }

    /// All of them, in no order.
    pub fn all(&self) -> impl Iterator<Item = Revocation> + '_ {
        self.revoked.iter().map(|(serial, (at, reason))| Revocation {
            serial: serial.clone(),
            at: *at,
            reason: *reason,
        })
    }

    /// When it was made.
    pub fn this_update(&self) -> UtcMs {
        self.this_update
    }

    /// Whether a newer list should be there by now. What it revokes stays revoked all the same.
    pub fn stale(&self, now: UtcMs) -> bool {
        self.next_update.is_some_and(|next| next < now)
    }

    /// Its number, where it has one.
    pub fn number(&self) -> Option<u64> {
        self.number
    }
}

/// The reason of an entry. One that is not understood revokes all the same, and says no more than that.
fn reason(entry: &RevokedCert) -> u8 {
    let extension = entry
        .crl_entry_extensions
        .iter()
        .flatten()
        .find(|extension| extension.extn_id == ID_CE_CRL_REASONS);
    extension
        .and_then(|extension| CrlReason::from_der(extension.extn_value.as_bytes()).ok())
        .map_or(0, |reason| reason as u8)
}
