//! Kiosks, and what the gateway trusts of them: codes, certificates, revocations, heads of their audit logs.
//!
//! Every change here is noted in the audit log of the gateway, in the same transaction.

use async_trait::async_trait;
use verification::audit::{AuditHead, LogId};
use verification::time::UtcMs;

use super::StoreError;

/// Names one connection of a kiosk among all gateways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ConnectionId(pub [u8; 16]);

impl std::fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A kiosk that the institution knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kiosk {
    /// Its name.
    pub kiosk_id: String,
    /// When it was made known.
    pub known_since: UtcMs,
    /// Since when it is shut out, if it is, and why.
    pub blocked: Option<(UtcMs, String)>,
    /// What it said when it came last; `None` if it never came.
    pub last_greeting: Option<LastGreeting>,
}

/// What a kiosk said of itself when it came last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastGreeting {
    /// When, by the clock of the gateway.
    pub at: UtcMs,
    /// Its clock minus that of the gateway.
    pub skew_ms: i64,
    /// Name and version of its software.
    pub software: String,
    /// SHA-256 of its program.
    pub software_sha256: [u8; 32],
    /// The gateway to which it came.
    pub gateway: String,
}

/// What a kiosk says when it comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Greeting {
    /// Its name, as in its certificate.
    pub kiosk_id: String,
    /// Name and version of its software.
    pub software: String,
    /// SHA-256 of its program.
    pub software_sha256: [u8; 32],
    /// Where its audit log stands.
    pub audit: AuditHead,
    /// Its clock.
    pub at: UtcMs,
}

/// How the head of a kiosk's audit log fits what was seen before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeadCheck {
    /// The first log of this kiosk.
    First,
    /// A log of which nothing was seen, though others of this kiosk were.
    NewLog,
    /// As before, or further.
    Fits,
    /// The log stands before where it stood already: records were cut off, or an old copy is running.
    Regressed {
        /// Where it stood.
        seen: AuditHead,
    },
    /// At the same place something else was seen: two copies of one log went apart.
    Fork,
}

/// The highest head that was seen of a kiosk's audit log, in greetings and documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeenHead {
    /// The head.
    pub head: AuditHead,
    /// When the log was seen first.
    pub first_seen_at: UtcMs,
    /// When this head was seen.
    pub seen_at: UtcMs,
}

/// A one-time code with which a kiosk may enrol. The code itself is kept nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCode {
    /// The kiosk that it is for. A former code of this kiosk is void.
    pub kiosk_id: String,
    /// SHA-256 of the code.
    pub code_sha256: [u8; 32],
    /// When it becomes void.
    pub expires_at: UtcMs,
}

/// A one-time code as far as it is told: which one it is, nobody can.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownCode {
    /// The kiosk that it is for.
    pub kiosk_id: String,
    /// When it becomes void.
    pub expires_at: UtcMs,
    /// Whether a kiosk has enrolled with it.
    pub used: bool,
}

/// What a code that was shown is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CodeCheck {
    /// It is good and unused.
    Good,
    /// It was used before by the same key: the answer to the first request was lost on its way.
    UsedBySameKey,
    /// The kiosk is shut out; whatever was made for it before does not count.
    Blocked,
    /// There is no code for this kiosk.
    Unknown,
    /// It is another one. That voids nothing: whoever does not know 100 random bits does not guess them, and must not be
    /// able to spoil the code of somebody else.
    Wrong,
    /// Its time has passed, and nobody has used it.
    Expired,
    /// Another key has used it.
    Used,
}

/// A certificate that the institution's authority issued to a kiosk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedCertificate {
    /// Its serial number: big endian, without leading zeros.
    pub serial: Vec<u8>,
    /// The kiosk.
    pub kiosk_id: String,
    /// From when it is valid.
    pub not_before: UtcMs,
    /// Until when it is valid.
    pub not_after: UtcMs,
    /// SHA-256 of the certificate.
    pub fingerprint: [u8; 32],
    /// SHA-256 of its public key (`SubjectPublicKeyInfo` in DER).
    pub key_sha256: [u8; 32],
    /// The certificate in DER.
    pub der: Vec<u8>,
}

/// A request for a certificate that waits for an authority outside of the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateRequest {
    /// The kiosk.
    pub kiosk_id: String,
    /// SHA-256 of its public key (`SubjectPublicKeyInfo` in DER).
    pub key_sha256: [u8; 32],
    /// The request: PKCS #10 in DER.
    pub der: Vec<u8>,
    /// When it came.
    pub requested_at: UtcMs,
}

/// What a code is used for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Redeemed {
    /// A certificate that was issued at once.
    Certificate(IssuedCertificate),
    /// A request that waits for an authority outside of the gateway.
    Request(CertificateRequest),
}

/// Reasons of RFC 5280 by which the key itself is in doubt: the kiosk's, the authority's, that of an attribute authority.
/// Nothing that such a key has signed counts, whatever time it bears.
pub const COMPROMISES: [u8; 3] = [1, 2, 10];

/// A certificate that is not trusted any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revocation {
    /// Its serial number: big endian, without leading zeros.
    pub serial: Vec<u8>,
    /// Why, as RFC 5280 numbers the reasons.
    pub reason: u8,
    /// Since when.
    pub revoked_at: UtcMs,
}

impl Revocation {
    /// Whether the key is in other hands, so that no time that it has signed is believed.
    pub fn compromised(&self) -> bool {
        COMPROMISES.contains(&self.reason)
    }
}

/// What the registry says of a certificate whose kiosk it knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// The kiosk to which it was issued.
    pub kiosk_id: String,
    /// SHA-256 of the certificate.
    pub fingerprint: [u8; 32],
    /// Since when the kiosk is shut out, if it is.
    pub blocked_since: Option<UtcMs>,
    /// Its revocation, if it is revoked.
    pub revocation: Option<Revocation>,
}

/// Kiosks and their certificates.
#[async_trait]
pub trait Trust {
    /// Makes a kiosk known; nothing happens if it is.
    ///
    /// # Errors
    /// When the disk or the database fails.
    async fn add_kiosk(&self, kiosk_id: &str, now: UtcMs) -> Result<(), StoreError>;

    /// Shuts a kiosk out, or lets it in again (`None`). Says whether it is known.
    ///
    /// # Errors
    /// When the disk or the database fails.
    async fn block_kiosk(&self, kiosk_id: &str, reason: Option<&str>, now: UtcMs)
    -> Result<bool, StoreError>;

    /// Shuts a kiosk out for good: blocks it, revokes all of its certificates for this reason of RFC 5280, and deletes its
    /// code and its requests, all at once. Where it was shut out before, it stays so since then, and a compromise
    /// overrides a weaker reason. Says whether it is known.
    ///
    /// # Errors
    /// When the disk or the database fails.
    async fn shut_out(&self, kiosk_id: &str, why: &str, reason: u8, now: UtcMs) -> Result<bool, StoreError>;

    /// A kiosk, if it is known.
    ///
    /// # Errors
    /// When the database fails.
    async fn kiosk(&self, kiosk_id: &str) -> Result<Option<Kiosk>, StoreError>;

    /// All kiosks by name.
    ///
    /// # Errors
    /// When the database fails.
    async fn kiosks(&self) -> Result<Vec<Kiosk>, StoreError>;

    /// Notes what a kiosk says of itself, and checks the head of its audit log against all that was seen of it. A head
    /// that does not fit changes nothing but the audit log.
    ///
    /// # Errors
    /// When the disk or the database fails.
    async fn greeted(&self, greeting: &Greeting, now: UtcMs) -> Result<HeadCheck, StoreError>;

    /// The highest heads that were seen of the audit logs of a kiosk, the oldest log first.
    ///
    /// # Errors
    /// When the database fails.
    async fn heads(&self, kiosk_id: &str) -> Result<Vec<SeenHead>, StoreError>;

    /// The highest head that was seen of one audit log.
    ///
    /// # Errors
    /// When the database fails.
    async fn head(&self, kiosk_id: &str, log: LogId) -> Result<Option<SeenHead>, StoreError>;

    /// Notes that the kiosk is connected here and nowhere else; all gateways hear it.
    ///
    /// # Errors
    /// When the disk or the database fails.
    async fn arrive(&self, kiosk_id: &str, connection: ConnectionId, now: UtcMs) -> Result<(), StoreError>;

    /// Notes that a connection is gone, unless a newer one has replaced it.
    ///
    /// # Errors
    /// When the disk or the database fails.
    async fn leave(&self, kiosk_id: &str, connection: ConnectionId) -> Result<(), StoreError>;

    /// Those of `kiosk_ids` that are connected, and by which connection.
    ///
    /// # Errors
    /// When the database fails.
    async fn connected(&self, kiosk_ids: &[String]) -> Result<Vec<(String, ConnectionId)>, StoreError>;

    /// Keeps a one-time code.
    ///
    /// # Errors
    /// When the disk or the database fails.
    async fn add_code(&self, code: &NewCode, now: UtcMs) -> Result<(), StoreError>;

    /// The newest code of each kiosk that has had one, by name.
    ///
    /// # Errors
    /// When the database fails.
    async fn codes(&self) -> Result<Vec<KnownCode>, StoreError>;

    /// What a code is worth that a kiosk shows. Changes nothing.
    ///
    /// # Errors
    /// When the database fails.
    async fn check_code(
        &self,
        kiosk_id: &str,
        code_sha256: &[u8; 32],
        key_sha256: &[u8; 32],
        now: UtcMs,
    ) -> Result<CodeCheck, StoreError>;

    /// As [`check_code`](Trust::check_code), and where it is [`CodeCheck::Good`] the code is used up, the kiosk known,
    /// and what it was used for kept, all at once.
    ///
    /// # Errors
    /// When the disk or the database fails.
    async fn redeem_code(
        &self,
        kiosk_id: &str,
        code_sha256: &[u8; 32],
        key_sha256: &[u8; 32],
        redeemed: &Redeemed,
        now: UtcMs,
    ) -> Result<CodeCheck, StoreError>;

    /// Keeps a certificate that was issued. A request of the same kiosk and key waits no more. Says whether that was
    /// done: it is not where the kiosk is shut out.
    ///
    /// # Errors
    /// When the disk or the database fails.
    async fn add_certificate(&self, certificate: &IssuedCertificate, now: UtcMs) -> Result<bool, StoreError>;

    /// Keeps what a kiosk gets, or asks for, over a connection that the certificate `shown` has opened. Says whether
    /// that was done: it is not where the registry does not know that certificate as one of this kiosk, or has it
    /// revoked, or the kiosk is shut out.
    ///
    /// # Errors
    /// When the disk or the database fails.
    async fn renew(
        &self,
        kiosk_id: &str,
        shown: &[u8],
        renewed: &Redeemed,
        now: UtcMs,
    ) -> Result<bool, StoreError>;

    /// What the registry says of a certificate, by its serial number; `None` where it, or its kiosk, is not known.
    ///
    /// # Errors
    /// When the database fails.
    async fn registered(&self, serial: &[u8]) -> Result<Option<Registered>, StoreError>;

    /// The certificates of a kiosk, or of all (`None`), the newest first.
    ///
    /// # Errors
    /// When the database fails.
    async fn certificates(&self, kiosk_id: Option<&str>) -> Result<Vec<IssuedCertificate>, StoreError>;

    /// A certificate by its serial number.
    ///
    /// # Errors
    /// When the database fails.
    async fn certificate(&self, serial: &[u8]) -> Result<Option<IssuedCertificate>, StoreError>;

    /// Keeps a request for an authority outside of the gateway. One of the same kiosk and key is replaced.
    ///
    /// # Errors
    /// When the disk or the database fails.
    async fn add_request(&self, request: &CertificateRequest) -> Result<(), StoreError>;

    /// The requests that wait, the oldest first.
    ///
    /// # Errors
    /// When the database fails.
    async fn requests(&self) -> Result<Vec<CertificateRequest>, StoreError>;

    /// Revokes a certificate; all gateways hear it. The first revocation of a certificate counts, until one by which its
    /// key is compromised: that one overrides a weaker reason, and the earlier time stays. Says whether this one counts.
    ///
    /// # Errors
    /// When the disk or the database fails.
    async fn revoke(&self, revocation: &Revocation, now: UtcMs) -> Result<bool, StoreError> {
        let changed = self.revoke_all(std::slice::from_ref(revocation), now).await?;
        Ok(changed == 1)
    }

    /// As [`Trust::revoke`], many in one transaction. Gives how many of them changed something.
    ///
    /// # Errors
    /// When the disk or the database fails.
    async fn revoke_all(&self, revocations: &[Revocation], now: UtcMs) -> Result<u64, StoreError>;

    /// The revocation of a certificate, if it is revoked.
    ///
    /// # Errors
    /// When the database fails.
    async fn revocation(&self, serial: &[u8]) -> Result<Option<Revocation>, StoreError>;

    /// All revocations, the oldest first.
    ///
    /// # Errors
    /// When the database fails.
    async fn revocations(&self) -> Result<Vec<Revocation>, StoreError>;

    /// The next number of a series that only goes up, from 1; for revocation lists.
    ///
    /// # Errors
    /// When the disk or the database fails.
    async fn next_number(&self, series: &str) -> Result<u64, StoreError>;
}
