//! The embedded authority: one key, one certificate, and what they issue.

use std::fmt;

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, PublicKeyData,
    RevocationReason, RevokedCertParams, SerialNumber, SubjectPublicKeyInfo,
};
use time::OffsetDateTime;
use verification::Sensitive;
use verification::time::UtcMs;

use crate::certificate::{Fingerprint, Leaf, Serial};
use crate::name::KioskName;
use crate::request::CertificateRequest;
use crate::revocation::Revocation;
use crate::validity::{Lifetime, Validity};

/// Until when a list of revocations counts after it was made. Readers fetch a newer one each day; a week lets them
/// through a weekend on which nobody answers.
const LIST_DAYS: u32 = 7;

/// The last second that X.509 can write: the end of the year 9999.
const LAST_SECOND: i64 = 253_402_300_799;

/// Why the authority cannot do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// The key or the certificate of the authority cannot be used.
    #[error("the authority's key or certificate cannot be used")]
    Files(#[source] rcgen::Error),
    /// They are of two authorities.
    #[error("the authority's key does not belong to its certificate")]
    KeyMismatch,
    /// The certificate may not issue certificates.
    #[error("the authority's certificate may not issue certificates")]
    NotAuthority,
    /// The certificate of the authority does not count now.
    #[error("the authority's certificate is not valid now")]
    Expired,
    /// The request is for the authority's own key.
    #[error("the certificate request is for the authority's own key")]
    OwnKey,
    /// A certificate or list could not be made.
    #[error("the certificate or list could not be made")]
    Make(#[source] rcgen::Error),
}

/// What a certificate is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Profile {
    /// A client of TLS that signs documents: a kiosk.
    Kiosk(KioskName),
    /// A server of TLS under these names or addresses.
    Server {
        /// Common name.
        common_name: String,
        /// Host names and IP addresses.
        hosts: Vec<String>,
    },
    /// Signs documents and does nothing else.
    Signer {
        /// Common name.
        common_name: String,
    },
}

/// An authority that can issue.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate_pem: String,
    certificate_der: Vec<u8>,
    validity: Validity,
    public_key_der: Vec<u8>,
}

/// A new authority: what is to be kept in files.
#[derive(Debug)]
pub struct Created {
    /// The private key, PKCS #8 PEM.
    pub key_pem: Sensitive<String>,
    /// The certificate, PEM.
    pub certificate_pem: String,
}

impl Authority {
    /// Makes a key and a self-signed certificate. The path is one step long: it issues certificates and no further
    /// authorities.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn create(
        common_name: &str,
        lifetime: Lifetime,
        serial: &Serial,
        now: UtcMs,
    ) -> Result<Created, AuthorityError> {
        let key_pem = new_key()?;
        let certificate_pem = Self::certify(common_name, lifetime, serial, now, &key_pem)?;
        Ok(Created {
            key_pem,
            certificate_pem,
        })
    }

    /// As [`Authority::create`], for a key that is there already. Gives the certificate.
    ///
    /// # Errors
    /// When the key cannot be used.
    pub fn certify(
        common_name: &str,
        lifetime: Lifetime,
        serial: &Serial,
        now: UtcMs,
        key_pem: &Sensitive<String>,
    ) -> Result<String, AuthorityError> {
        let key = KeyPair::from_pem(key_pem.expose()).map_err(AuthorityError::Files)?;
        let mut params = params(common_name, &[], lifetime.from(now), serial)?;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        Ok(params.self_signed(&key).map_err(AuthorityError::Make)?.pem())
    }

    /// Takes a private key (PKCS #8) and its certificate, both as PEM.
    ///
    /// # Errors
    /// When they cannot be used, do not belong together, or are not an authority's.
    pub fn load(key_pem: &Sensitive<String>, certificate_pem: &str) -> Result<Self, AuthorityError> {
        let key = KeyPair::from_pem(key_pem.expose()).map_err(AuthorityError::Files)?;
        let public_key_der = key.subject_public_key_info();
        let issuer = Issuer::from_ca_cert_pem(certificate_pem, key).map_err(AuthorityError::Files)?;
        let certificate_der = der_of_pem(certificate_pem).ok_or(AuthorityError::NotAuthority)?;
        let leaf = Leaf::from_der(&certificate_der).map_err(|_| AuthorityError::NotAuthority)?;
        if leaf.public_key_der != public_key_der {
            return Err(AuthorityError::KeyMismatch);
        }
        if !issuer.key_usages().contains(&KeyUsagePurpose::KeyCertSign) {
            return Err(AuthorityError::NotAuthority);
        }
        Ok(Self {
            issuer,
            certificate_pem: certificate_pem.to_owned(),
            certificate_der,
            validity: leaf.validity,
            public_key_der,
        })
    }

    /// The authority's own certificate, PEM.
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// The authority's own certificate, DER.
    pub fn certificate_der(&self) -> &[u8] {
        &self.certificate_der
    }

    /// What a technician compares.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.certificate_der)
    }

    /// From when to when the authority itself counts.
    pub fn validity(&self) -> Validity {
        self.validity
    }

    /// Issues a certificate (DER) for the key of a request, under a name of ours and for as long as we say; not
    /// beyond the authority's own end.
    ///
    /// # Errors
    /// When the authority does not count now, or the certificate cannot be made.
    pub fn issue(
        &self,
        request: &CertificateRequest,
        profile: &Profile,
        lifetime: Lifetime,
        serial: &Serial,
        now: UtcMs,
    ) -> Result<Vec<u8>, AuthorityError> {
        if !self.validity.contains(now) {
            return Err(AuthorityError::Expired);
        }
        if request.public_key_der() == self.public_key_der {
            return Err(AuthorityError::OwnKey);
        }
        let key = SubjectPublicKeyInfo::from_der(request.public_key_der()).map_err(AuthorityError::Make)?;
        let mut validity = lifetime.from(now);
        validity.not_after = validity.not_after.min(self.validity.not_after);
        let (common_name, hosts, purposes) = match profile {
            Profile::Kiosk(name) => (name.as_str(), &[][..], vec![ExtendedKeyUsagePurpose::ClientAuth]),
            Profile::Server { common_name, hosts } => (
                common_name.as_str(),
                &hosts[..],
                vec![ExtendedKeyUsagePurpose::ServerAuth],
            ),
            Profile::Signer { common_name } => (common_name.as_str(), &[][..], Vec::new()),
        };
        let mut params = params(common_name, hosts, validity, serial)?;
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = purposes;
        params.use_authority_key_identifier_extension = true;
        let certificate = params
            .signed_by(&key, &self.issuer)
            .map_err(AuthorityError::Make)?;
        Ok(certificate.der().to_vec())
    }

    /// The signed list (DER) of what is revoked, for readers other than this gateway, which has its own registry.
    /// `number` must grow from list to list.
    ///
    /// # Errors
    /// When the list cannot be made.
    pub fn revocation_list(
        &self,
        revoked: &[Revocation],
        number: u64,
        now: UtcMs,
    ) -> Result<Vec<u8>, AuthorityError> {
        let validity = Lifetime::days(LIST_DAYS).from(now);
        let list = CertificateRevocationListParams {
            this_update: time(now),
            next_update: time(validity.not_after),
            crl_number: SerialNumber::from_slice(&number.to_be_bytes()),
            issuing_distribution_point: None,
            revoked_certs: revoked
                .iter()
                .map(|revocation| RevokedCertParams {
                    serial_number: SerialNumber::from_slice(revocation.serial.as_bytes()),
                    revocation_time: time(revocation.at),
                    reason_code: reason_code(revocation.reason),
                    invalidity_date: None,
                })
                .collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let list = list.signed_by(&self.issuer).map_err(AuthorityError::Make)?;
        Ok(list.der().to_vec())
    }
}

/// RFC 5280: where there is no reason to tell, none is told.
fn reason_code(reason: u8) -> Option<RevocationReason> {
    Some(match reason {
        1 => RevocationReason::KeyCompromise,
        2 => RevocationReason::CaCompromise,
        3 => RevocationReason::AffiliationChanged,
        4 => RevocationReason::Superseded,
        5 => RevocationReason::CessationOfOperation,
        6 => RevocationReason::CertificateHold,
        9 => RevocationReason::PrivilegeWithdrawn,
        10 => RevocationReason::AaCompromise,
        _ => return None,
    })
}

/// Makes a private key on P-256, PKCS #8 PEM.
///
/// # Errors
/// When the system gives no random numbers.
pub fn new_key() -> Result<Sensitive<String>, AuthorityError> {
    let key = KeyPair::generate().map_err(AuthorityError::Make)?;
    Ok(Sensitive::new(key.serialize_pem()))
}

/// Makes a request for a certificate (PKCS #10 in DER) with a private key in PKCS #8 PEM.
///
/// # Errors
/// When the key cannot be used.
pub fn request_for(key_pem: &Sensitive<String>) -> Result<Vec<u8>, AuthorityError> {
    let key = KeyPair::from_pem(key_pem.expose()).map_err(AuthorityError::Files)?;
    let params = CertificateParams::new([]).map_err(AuthorityError::Make)?;
    let request = params.serialize_request(&key).map_err(AuthorityError::Make)?;
    Ok(request.der().to_vec())
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authority({})", self.fingerprint())
    }
}

fn params(
    common_name: &str,
    hosts: &[String],
    validity: Validity,
    serial: &Serial,
) -> Result<CertificateParams, AuthorityError> {
    let mut params = CertificateParams::new(hosts).map_err(AuthorityError::Make)?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.not_before = time(validity.not_before);
    params.not_after = time(validity.not_after);
    params.serial_number = Some(SerialNumber::from_slice(serial.as_bytes()));
    Ok(params)
}

/// To the second, which is all that X.509 writes; never before 1970 nor after 9999.
fn time(at: UtcMs) -> OffsetDateTime {
    let seconds = at.0.div_euclid(1000).clamp(0, LAST_SECOND);
    OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

fn der_of_pem(pem: &str) -> Option<Vec<u8>> {
    use der::{DecodePem, Encode};
    x509_cert::Certificate::from_pem(pem).ok()?.to_der().ok()
}
