//! Certificates for kiosks: the first one for a one-time code, the next one over the connection of the last.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use authority::{
    Authority, CertificateRequest, CodeDigest, KioskName, Leaf, Lifetime, OneTimeCode, Profile, Serial,
};
use sha2::{Digest, Sha256};
use sync::wire::{ByeReason, Payload};
use verification::time::UtcMs;

use crate::metrics::Metrics;
use crate::pace::Paces;
use crate::registry;
use crate::store::{self, CodeCheck, IssuedCertificate, Redeemed, Store, StoreError};

/// Who signs certificates.
#[derive(Debug)]
pub enum Issuer {
    /// This gateway.
    Embedded(Box<Authority>),
    /// Somebody else: requests are kept for the operator.
    External,
    /// Nobody: the key of the embedded authority is not on this machine.
    None,
}

/// Answers requests for certificates.
pub struct Registrar {
    store: Arc<dyn Store>,
    issuer: Issuer,
    authority_der: Vec<u8>,
    lifetime: Lifetime,
    metrics: Arc<Metrics>,
    paces: Paces,
}

/// Why there is no certificate.
#[derive(Debug)]
pub enum NoCertificate {
    /// It is refused.
    Refused {
        /// What the kiosk is told.
        reason: ByeReason,
        /// What stands in the audit log.
        why: &'static str,
    },
    /// The request is kept; the certificate follows when the operator has imported it.
    Pending,
    /// The gateway cannot answer now. The kiosk asks again.
    Unavailable,
}

impl NoCertificate {
    const fn enrolment(why: &'static str) -> Self {
        let reason = ByeReason::EnrolmentRefused;
        Self::Refused { reason, why }
    }

    const fn expired(why: &'static str) -> Self {
        let reason = ByeReason::EnrolmentExpired;
        Self::Refused { reason, why }
    }

    const fn renewal(why: &'static str) -> Self {
        let reason = ByeReason::RenewalRefused;
        Self::Refused { reason, why }
    }
}

impl From<StoreError> for NoCertificate {
    fn from(error: StoreError) -> Self {
        tracing::error!(error = &error as &dyn std::error::Error, "the store failed");
        Self::Unavailable
    }
}

impl Registrar {
    /// For the kiosks of this store; `per_minute` requests of one address for a first certificate are looked at in a
    /// minute.
    pub fn new(
        store: Arc<dyn Store>,
        issuer: Issuer,
        authority_der: Vec<u8>,
        lifetime: Lifetime,
        per_minute: u32,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            store,
            issuer,
            authority_der,
            lifetime,
            metrics,
            paces: Paces::new(per_minute),
        }
    }

    /// The first certificate of a kiosk, for a one-time code. Gives the chain, the authority last.
    pub async fn enrol(
        &self,
        code: &str,
        kiosk_id: &str,
        csr: &[u8],
        peer: IpAddr,
        now: UtcMs,
    ) -> Result<Vec<Payload>, NoCertificate> {
        let done = if self.paces.allows(peer, Instant::now()) {
            self.try_enrol(code, kiosk_id, csr, now).await
        } else {
            // Nothing is said of the code, for nobody has looked at it.
            tracing::warn!(%peer, "an enrolment was not looked at: there are too many of this address in this minute");
            Err(NoCertificate::Unavailable)
        };
        self.metrics.enrolment(match &done {
            Ok(_) => "issued",
            Err(NoCertificate::Refused {
                reason: ByeReason::EnrolmentExpired,
                ..
            }) => "expired",
            Err(NoCertificate::Refused { .. }) => "refused",
            Err(NoCertificate::Pending) => "pending",
            Err(NoCertificate::Unavailable) => "unavailable",
        });
        done
    }

    async fn try_enrol(
        &self,
        code: &str,
        kiosk_id: &str,
        csr: &[u8],
        now: UtcMs,
    ) -> Result<Vec<Payload>, NoCertificate> {
        // What does not even look right costs nothing but a line; nobody learns which part it was.
        let name: KioskName = kiosk_id.parse().map_err(|error| {
            tracing::warn!(%error, "an enrolment was refused");
            NoCertificate::enrolment("no-name")
        })?;
        let request = CertificateRequest::from_der(csr).map_err(|error| {
            tracing::warn!(kiosk = %name, %error, "an enrolment was refused");
            NoCertificate::enrolment("no-request")
        })?;
        let Some(code) = OneTimeCode::parse(code) else {
            return Err(NoCertificate::enrolment("no-code"));
        };
        let digest = code.digest();
        let key = key_sha256(&request);
        let check = self
            .store
            .check_code(name.as_str(), &digest.to_bytes(), &key, now)
            .await?;
        match check {
            CodeCheck::Good => self.redeem(&name, &digest, &request, csr, now).await,
            CodeCheck::UsedBySameKey => self.shown_again(&name, &key, now).await,
            check => Err(refused(&check)),
        }
    }

    async fn redeem(
        &self,
        name: &KioskName,
        digest: &CodeDigest,
        request: &CertificateRequest,
        csr: &[u8],
        now: UtcMs,
    ) -> Result<Vec<Payload>, NoCertificate> {
        let key = key_sha256(request);
        let redeemed = match &self.issuer {
            Issuer::Embedded(_) => Redeemed::Certificate(self.issue(name, request, now)?),
            Issuer::External => Redeemed::Request(store::CertificateRequest {
                kiosk_id: name.as_str().to_owned(),
                key_sha256: key,
                der: csr.to_vec(),
                requested_at: now,
            }),
            Issuer::None => {
                tracing::error!(kiosk = %name, "an enrolment was refused: the key of the authority is not here");
                return Err(NoCertificate::Unavailable);
            }
        };
        let check = self
            .store
            .redeem_code(name.as_str(), &digest.to_bytes(), &key, &redeemed, now)
            .await?;
        match (check, redeemed) {
            (CodeCheck::Good, Redeemed::Certificate(certificate)) => {
                tracing::info!(kiosk = %name, serial = %Serial::from_bytes(&certificate.serial), "a kiosk was enrolled");
                Ok(self.chain(certificate.der))
            }
            (CodeCheck::Good, Redeemed::Request(_)) => {
                tracing::info!(kiosk = %name, "a kiosk asks for a certificate of the external authority");
                Err(NoCertificate::Pending)
            }
            // Two at once with one code: the first one has it.
            (CodeCheck::UsedBySameKey, _) => self.shown_again(name, &key, now).await,
            (check, _) => Err(refused(&check)),
        }
    }

    /// The answer was lost on its way, or the operator had to import the certificate first.
    async fn shown_again(
        &self,
        name: &KioskName,
        key: &[u8; 32],
        now: UtcMs,
    ) -> Result<Vec<Payload>, NoCertificate> {
        match self.certificate_for(name.as_str(), key, now).await? {
            Some(der) => Ok(self.chain(der)),
            None if matches!(self.issuer, Issuer::External) => Err(NoCertificate::Pending),
            None => Err(NoCertificate::expired("code-used")),
        }
    }

    /// The next certificate of a kiosk that has shown this one.
    pub async fn renew(&self, shown: &Leaf, csr: &[u8], now: UtcMs) -> Result<Vec<Payload>, NoCertificate> {
        let done = self.try_renew(shown, csr, now).await;
        self.metrics.renewal(match &done {
            Ok(_) => "issued",
            Err(NoCertificate::Refused { .. }) => "refused",
            Err(NoCertificate::Pending) => "pending",
            Err(NoCertificate::Unavailable) => "unavailable",
        });
        done
    }

    async fn try_renew(&self, shown: &Leaf, csr: &[u8], now: UtcMs) -> Result<Vec<Payload>, NoCertificate> {
        // Somebody may have been shut out since the connection was made.
        if registry::refusal(&*self.store, shown).await?.is_some() {
            return Err(NoCertificate::renewal("shut-out"));
        }
        let request = CertificateRequest::from_der(csr).map_err(|error| {
            tracing::warn!(kiosk = shown.common_name, %error, "a renewal was refused");
            NoCertificate::renewal("no-request")
        })?;
        let name: KioskName = shown
            .common_name
            .parse()
            .map_err(|_| NoCertificate::renewal("no-name"))?;
        let key = key_sha256(&request);
        // One that was issued before, and lost on its way. The certificate that is shown is not the next one.
        let known = self.store.certificates(Some(name.as_str())).await?;
        let next = known.into_iter().find(|certificate| {
            certificate.key_sha256 == key
                && certificate.fingerprint != shown.fingerprint.0
                && certificate.not_after > shown.validity.not_after
        });
        if let Some(next) = next
            && self.store.revocation(&next.serial).await?.is_none()
        {
            return Ok(self.chain(next.der));
        }
        if !shown.validity.renewable(now) {
            // Two thirds of the certificate's life are not over.
            return Err(NoCertificate::renewal("too-early"));
        }
        let (kiosk_id, serial) = (name.as_str(), shown.serial.as_bytes());
        match &self.issuer {
            Issuer::Embedded(_) => {
                let certificate = self.issue(&name, &request, now)?;
                let renewed = Redeemed::Certificate(certificate.clone());
                if !self.store.renew(kiosk_id, serial, &renewed, now).await? {
                    return Err(NoCertificate::renewal("shut-out"));
                }
                tracing::info!(kiosk = %name, serial = %Serial::from_bytes(&certificate.serial), "a certificate was renewed");
                Ok(self.chain(certificate.der))
            }
            Issuer::External => {
                let request = store::CertificateRequest {
                    kiosk_id: name.as_str().to_owned(),
                    key_sha256: key,
                    der: csr.to_vec(),
                    requested_at: now,
                };
                let renewed = Redeemed::Request(request);
                if !self.store.renew(kiosk_id, serial, &renewed, now).await? {
                    return Err(NoCertificate::renewal("shut-out"));
                }
                Err(NoCertificate::Pending)
            }
            Issuer::None => Err(NoCertificate::Unavailable),
        }
    }

    /// The chain for the newest certificate of this kiosk and key that counts, if there is one.
    pub async fn imported(
        &self,
        kiosk_id: &str,
        key_sha256: &[u8; 32],
        now: UtcMs,
    ) -> Result<Option<Vec<Payload>>, StoreError> {
        let der = self.certificate_for(kiosk_id, key_sha256, now).await?;
        Ok(der.map(|der| self.chain(der)))
    }

    async fn certificate_for(
        &self,
        kiosk_id: &str,
        key: &[u8; 32],
        now: UtcMs,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        for certificate in self.store.certificates(Some(kiosk_id)).await? {
            if certificate.key_sha256 == *key
                && certificate.not_after > now
                && self.store.revocation(&certificate.serial).await?.is_none()
            {
                return Ok(Some(certificate.der));
            }
        }
        Ok(None)
    }

    fn issue(
        &self,
        name: &KioskName,
        request: &CertificateRequest,
        now: UtcMs,
    ) -> Result<IssuedCertificate, NoCertificate> {
        let Issuer::Embedded(authority) = &self.issuer else {
            return Err(NoCertificate::Unavailable);
        };
        let unavailable = |error: &(dyn std::error::Error + 'static)| {
            tracing::error!(error, kiosk = %name, "a certificate could not be issued");
            NoCertificate::Unavailable
        };
        let serial = new_serial().map_err(|error| unavailable(&error))?;
        let profile = Profile::Kiosk(name.clone());
        let der = authority
            .issue(request, &profile, self.lifetime, &serial, now)
            .map_err(|error| unavailable(&error))?;
        issued(&der).map_err(|error| unavailable(&error))
    }

    fn chain(&self, der: Vec<u8>) -> Vec<Payload> {
        vec![Payload(der), Payload(self.authority_der.clone())]
    }
}

impl std::fmt::Debug for Registrar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Registrar({:?})", self.issuer)
    }
}

/// What the kiosk hears of a code that is not good, and what the audit log says.
fn refused(check: &CodeCheck) -> NoCertificate {
    match check {
        CodeCheck::Blocked => NoCertificate::enrolment("shut-out"),
        CodeCheck::Unknown => NoCertificate::enrolment("code-unknown"),
        CodeCheck::Wrong => NoCertificate::enrolment("code-wrong"),
        CodeCheck::Expired => NoCertificate::expired("code-expired"),
        // The last two are good; here they cannot come.
        CodeCheck::Used | CodeCheck::Good | CodeCheck::UsedBySameKey => NoCertificate::expired("code-used"),
    }
}

/// A new number for a certificate.
///
/// # Errors
/// When the system gives no random numbers.
pub fn new_serial() -> Result<Serial, getrandom::Error> {
    let mut random = [0; 16];
    getrandom::fill(&mut random)?;
    Ok(Serial::from_random(random))
}

/// What the registry keeps of a certificate.
///
/// # Errors
/// When it cannot be read.
pub fn issued(der: &[u8]) -> Result<IssuedCertificate, authority::CertificateError> {
    let leaf = Leaf::from_der(der)?;
    Ok(IssuedCertificate {
        serial: leaf.serial.as_bytes().to_vec(),
        kiosk_id: leaf.common_name,
        not_before: leaf.validity.not_before,
        not_after: leaf.validity.not_after,
        fingerprint: leaf.fingerprint.0,
        key_sha256: Sha256::digest(&leaf.public_key_der).into(),
        der: der.to_vec(),
    })
}

/// SHA-256 of the key of a request.
pub fn key_sha256(request: &CertificateRequest) -> [u8; 32] {
    Sha256::digest(request.public_key_der()).into()
}
