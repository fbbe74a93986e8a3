//! The kiosk's custody of documents: from the evidence of a finished session to the gateway's receipt.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use document::identification::{self, Identification};
use document::receipt;
use document::signature::{self, ExternalSigner};
use keys::{DeviceKey, KeyStore};
use outbox::sqlite::{SqliteOutbox, quarantined};
use outbox::{Outbox, OutboxError, SignedDocument, WedgeReason};
use sha2::{Digest, Sha256};
use sync::LinkDownReason;
use sync::wire::{AWAITING_MAX, ByeReason};
use verification::Sensitive;
use verification::custody::{Concern, CustodyState, Severity, concerns};
use verification::evidence::{DocumentId, Evidence, Modality, Outcome, SessionId};
use verification::time::UtcMs;

use crate::disk;
use crate::export;
use crate::identity::{self, Applicant, Identity};
use crate::store::open_store;
use crate::{CustodyError, DoubtError, Event, Settings};

/// After a refused certificate, or a receipt that does not count, a document is offered again after this time.
const DOUBT_PAUSE_MS: i64 = 15 * 60 * 1000;
/// So often a document may be doubted before it is set aside, so that it does not wait for ever in silence.
const DOUBTS_MAX: u8 = 8;
/// So many documents are taken up again at once where the gateway asks; a person may be waiting.
const RESEND_MAX: usize = 100;
/// How often it is noted that the gateway is there.
const CONTACT_EVERY_MS: i64 = 10 * 60 * 1000;
/// The pause after the first application for a new certificate; it doubles up to a day.
const RENEWAL_PAUSE_MS: i64 = 60 * 1000;
const RENEWAL_PAUSE_MAX_MS: i64 = 24 * 60 * 60 * 1000;
/// How often a kiosk whose clock is in doubt greets the gateway anew: only a greeting compares the clocks.
const GREET_EVERY_MS: i64 = 60 * 1000;
/// Under this name the store remembers that the gateway refuses this kiosk, until it no longer does.
const REFUSED: &str = "refused";

/// Which program this is, as the gateway is told.
#[derive(Debug, Clone)]
pub struct Software {
    /// Its version.
    pub version: String,
    /// SHA-256 of its file; zeros where it cannot be read.
    pub sha256: [u8; 32],
    /// What this kiosk can do, such as `face` and `palm`.
    pub capabilities: Vec<String>,
}

impl Software {
    /// The program that runs.
    pub fn running(version: &str, capabilities: Vec<String>) -> Self {
        let file = std::env::current_exe().and_then(std::fs::read);
        Self {
            version: version.to_owned(),
            sha256: file.map_or([0; 32], |bytes| Sha256::digest(bytes).into()),
            capabilities,
        }
    }
}

/// What [`Custody::handle`] tells its owner.
#[derive(Debug, Clone, PartialEq)]
pub enum Happened {
    /// Nothing that the owner has to do anything about.
    Nothing,
    /// The centre's answer, signed by the gateway. It comes again until [`Custody::answer_is_stored`] was called.
    Answered(Box<Identification>),
    /// The person of this document, whose answer is awaited, is to be identified on this page of the centre. It may come
    /// again, and the newest counts. The link is that person's alone.
    HostedPage {
        /// The document.
        document_id: DocumentId,
        /// Where the page is: `https://…`.
        url: Sensitive<String>,
        /// Until when the page can be used, by the clock of the gateway.
        expires_at: UtcMs,
    },
}

type Sink = Arc<dyn Fn(Event) + Send + Sync>;

/// The kiosk's custody of documents, as this room describes it. One owner, on one thread.
pub struct Custody {
    settings: Settings,
    software: Software,
    keys: Arc<dyn KeyStore>,
    outbox: SqliteOutbox,
    identity: Option<Enrolled>,
    /// SHA-256 of the documents that are on their way.
    sent: HashMap<DocumentId, [u8; 32]>,
    doubts: HashMap<DocumentId, u8>,
    /// Stores in quarantine that were not wholly taken over, as of the last look.
    stores_aside: u64,
    renewal: Option<Applicant>,
    applications: u32,
    worries: Vec<(Severity, Concern)>,
    online: bool,
    waiting: u64,
    /// How many persons wait for a call of the institution, as long as the gateway says so.
    call_backs: Option<u64>,
    clock_skew_ms: Option<i64>,
    latest_written_at: Option<UtcMs>,
    contact_noted_at: Option<UtcMs>,
    tried_at: Option<UtcMs>,
    greeted_at: Option<UtcMs>,
    /// How the line was last written down to be down.
    down: Option<String>,
    /// Why the identity could not be used, as it was last said.
    unfit: Option<String>,
    /// What the store has committed is not yet in its file; see [`Outbox::settle`].
    unsettled: bool,
    is_refused: bool,
    is_clock_doubted: bool,
    sink: Sink,
}

/// The kiosk with its key and certificate, and the line that they open.
struct Enrolled {
    identity: Identity,
    signer: ExternalSigner,
    authority_der: Vec<Vec<u8>>,
    line: sync::Handle,
}

impl Custody {
    /// Opens the store and, for a kiosk that is enrolled, the line to the gateway. `events` is called on the line's thread
    /// with what is to be given to [`Custody::handle`]; it must not block.
    ///
    /// # Errors
    /// When the store, the place of the keys, or what the configuration names cannot be used. A gateway that cannot be
    /// reached is no error, and a kiosk that is not enrolled is none either: its [`Custody::closed`] says so.
    pub fn open(
        settings: Settings,
        software: Software,
        keys: Arc<dyn KeyStore>,
        now: UtcMs,
        events: impl Fn(Event) + Send + Sync + 'static,
    ) -> Result<Self, CustodyError> {
        let opened = open_store(&settings, &keys, now)?;
        if let Some(kept) = &opened.quarantined {
            tracing::error!(
                kept = %kept.path.display(), cause = kept.cause.name(),
                "the store could not be read; it is kept aside and a new one is begun"
            );
        }
        tracing::info!(took = ?opened.opened_in, "the store is open");
        let mut custody = Self {
            settings,
            software,
            keys,
            outbox: opened.outbox,
            identity: None,
            sent: HashMap::new(),
            doubts: HashMap::new(),
            stores_aside: 0,
            renewal: None,
            applications: 0,
            worries: Vec::new(),
            online: false,
            waiting: 0,
            call_backs: None,
            clock_skew_ms: None,
            latest_written_at: None,
            contact_noted_at: None,
            tried_at: None,
            greeted_at: None,
            down: None,
            unfit: None,
            unsettled: true,
            is_refused: false,
            is_clock_doubted: false,
            sink: Arc::new(events),
        };
        let head = custody.outbox.audit_head()?;
        let newest = custody.outbox.audit_records(head.number.saturating_sub(1), 1)?;
        custody.latest_written_at = newest.first().map(|record| record.at);
        let started = format!(
            "KioskStarted version={} software={}",
            custody.software.version,
            hex(&custody.software.sha256)
        );
        custody.audit(None, &started, now)?;
        custody.is_refused = custody.outbox.remembered(REFUSED)?.as_deref() == Some("yes");
        custody.look_aside();
        custody.enrolled(now)?;
        custody.count()?;
        custody.judge(now)?;
        Ok(custody)
    }

    /// Takes up the identity, if there is one by now, and opens the line.
    fn enrolled(&mut self, now: UtcMs) -> Result<(), CustodyError> {
        match self.take_up() {
            Ok(Some(enrolled)) => {
                enrolled.line.set_awaiting(self.awaiting()?);
                enrolled.line.wake();
                let event = format!("IdentityLoaded key={}", enrolled.identity.name);
                self.identity = Some(enrolled);
                self.unfit = None;
                self.greeted_at = Some(now);
                self.audit(None, &event, now)
            }
            Ok(None) => Ok(()),
            Err(CustodyError::Store(error)) => Err(error.into()),
            // Without it no session may begin; the store is kept in order all the same.
            Err(error) => {
                let text = crate::chain(&error);
                if self.unfit.as_ref() != Some(&text) {
                    tracing::error!(error = text, "the kiosk's identity cannot be used");
                }
                self.unfit = Some(text);
                Ok(())
            }
        }
    }

    fn take_up(&self) -> Result<Option<Enrolled>, CustodyError> {
        let Some(identity) = Identity::load(&*self.keys, &self.settings.identity())? else {
            return Ok(None);
        };
        let line = self.line(&identity)?;
        Ok(Some(Enrolled {
            signer: identity.signer()?,
            authority_der: signature::anchors_from_pem(&identity.authority_pem)?,
            identity,
            line,
        }))
    }

    /// Ends the line and begins another one with the newest identity.
    fn greet_anew(&mut self, now: UtcMs) -> Result<(), CustodyError> {
        self.identity = None;
        self.online = false;
        self.sent.clear();
        self.outbox.release_in_flight()?;
        self.enrolled(now)
    }

    fn line(&self, identity: &Identity) -> Result<sync::Handle, CustodyError> {
        let sink = Arc::clone(&self.sink);
        let config = sync::ClientConfig {
            url: self.settings.url.clone(),
            authority_pem: identity.authority_pem.clone(),
            pins: self.settings.pins.clone(),
            chain: identity.chain.clone(),
            key: Arc::new(LineKey(Arc::clone(&identity.key))),
            kiosk_id: self.settings.kiosk_id.clone(),
            software: self.software.version.clone(),
            software_sha256: self.software.sha256,
            capabilities: self.software.capabilities.clone(),
            standing: self.standing()?,
            settings: self.settings.line.clone(),
        };
        Ok(sync::spawn(config, move |event| sink(Event(event)))?)
    }

    /// Why no session may begin now; looks at everything anew.
    ///
    /// # Errors
    /// When the store fails.
    pub fn closed(&mut self, now: UtcMs) -> Result<Option<Concern>, CustodyError> {
        self.judge(now)?;
        Ok(self.worst())
    }

    /// All that is worrying, as of the last look; what closes the kiosk comes first.
    pub fn worries(&self) -> &[(Severity, Concern)] {
        &self.worries
    }

    /// Documents that the gateway does not have yet.
    pub fn waiting(&self) -> u64 {
        self.waiting
    }

    /// Whether the gateway is connected.
    pub fn is_online(&self) -> bool {
        self.online
    }

    /// How many persons wait for a call of the institution, at all its kiosks; not known without a line, and where the gateway
    /// does not tell.
    pub fn call_backs(&self) -> Option<u64> {
        self.call_backs
    }

    /// The store, for what is not custody's own: attempts and palms.
    pub fn outbox(&mut self) -> &mut SqliteOutbox {
        &mut self.outbox
    }

    /// The commit point of a session: signed, and on the disk, or failed. The document carries the head of the audit log.
    ///
    /// # Errors
    /// When the kiosk is not enrolled, does not sign, or the store fails; nothing is recorded then.
    pub fn record(
        &mut self,
        mut evidence: Evidence,
        accounts_for: &[Modality],
        now: UtcMs,
    ) -> Result<(), CustodyError> {
        let enrolled = self.identity.as_ref().ok_or(CustodyError::NotEnrolled)?;
        evidence.audit = Some(self.outbox.audit_tip()?);
        let content = Sensitive::new(document::content::encode(&evidence));
        let document = SignedDocument {
            id: evidence.document_id,
            bytes: signature::sign(content.expose(), &enrolled.signer, now)?,
        };
        let accounted: Vec<_> = evidence
            .claim
            .iter()
            .flat_map(|person| accounts_for.iter().map(|modality| (person.clone(), *modality)))
            .collect();
        // Only a capture is answered by the centre; nothing is awaited for the others.
        if evidence.outcome == Outcome::AwaitingIdentification {
            self.outbox.put(&document, &accounted, now)?;
        } else {
            self.outbox.put_final(&document, &accounted, now)?;
        }
        self.unsettled = true;
        enrolled.line.wake();
        self.count()
    }

    /// Adds a record to the audit log. `event` holds nothing personal.
    ///
    /// # Errors
    /// When the store fails.
    pub fn audit(&mut self, session: Option<SessionId>, event: &str, now: UtcMs) -> Result<(), CustodyError> {
        self.outbox.append_audit(now, session, event)?;
        self.latest_written_at = self.latest_written_at.max(Some(now));
        self.unsettled = true;
        Ok(())
    }

    /// Takes what the line says.
    ///
    /// # Errors
    /// When the store fails.
    pub fn handle(&mut self, event: Event, now: UtcMs) -> Result<Happened, CustodyError> {
        use sync::Event as Line;
        tracing::debug!(event = ?event.0, "line");
        match event.0 {
            Line::Welcome {
                gateway,
                skew_ms,
                export_recipient,
            } => self.welcome(&gateway, skew_ms, export_recipient, now)?,
            Line::LinkDown { reason } => {
                // Nobody says any more when it changes.
                self.call_backs = None;
                self.link_down(&reason, now)?;
            }
            Line::WantNext => self.offer(now)?,
            Line::Delivered { id, receipt } => self.delivered(id, &receipt, now)?,
            Line::Refused { id, code } => self.refused(id, code, now)?,
            Line::Postponed { id, retry_after_ms } => {
                let later = i64::try_from(retry_after_ms).unwrap_or(i64::MAX);
                self.outbox.postpone(id, UtcMs(now.0.saturating_add(later)))?;
            }
            Line::Identified { id, document } => return self.answered(id, &document, now),
            Line::Resend { ids } => {
                for id in ids.into_iter().take(RESEND_MAX) {
                    let again = self.outbox.resend(id, now)?;
                    tracing::warn!(document = %id, again, "the gateway asks for a document that it had confirmed");
                    if !again {
                        self.audit(None, &format!("ResendImpossible document={id}"), now)?;
                    }
                }
                self.wake();
            }
            Line::Certificates { chain } => self.renewed(chain, now)?,
            Line::HostedPage { id, url, expires_at } => {
                return self.hosted_page(id, Sensitive::new(url.0), expires_at);
            }
            Line::CallBacks { waiting } => self.call_backs = Some(waiting),
        }
        self.count()?;
        Ok(Happened::Nothing)
    }

    /// The owner has dealt with the centre's answer about this document: it need not come again.
    ///
    /// # Errors
    /// When the store fails; then it comes again.
    pub fn answer_is_stored(&mut self, id: DocumentId, now: UtcMs) -> Result<(), CustodyError> {
        self.outbox.identified(id, now)?;
        self.unsettled = true;
        if let Some(enrolled) = &self.identity {
            enrolled.line.set_awaiting(self.awaiting()?);
            enrolled.line.seen(id);
        }
        Ok(())
    }

    /// What is to be done now and then, while nobody waits for it: at least once a minute, and after each session.
    ///
    /// # Errors
    /// When the store fails.
    pub fn tick(&mut self, now: UtcMs) -> Result<(), CustodyError> {
        if self.online && is_due(self.contact_noted_at, CONTACT_EVERY_MS, now) {
            self.contact_noted_at = Some(now);
            self.outbox.contact(now)?;
            self.unsettled = true;
        }
        self.look_aside();
        self.look_at_identity(now)?;
        self.forget_delivered(now)?;
        self.judge(now)?;
        if std::mem::take(&mut self.unsettled) {
            self.outbox.settle()?;
        }
        Ok(())
    }

    fn look_aside(&mut self) {
        let aside = quarantined(&self.settings.store());
        let left = aside.iter().filter(|file| !file.taken_over).count();
        self.stores_aside = u64::try_from(left).unwrap_or(u64::MAX);
    }

    fn look_at_identity(&mut self, now: UtcMs) -> Result<(), CustodyError> {
        let Some(enrolled) = &self.identity else {
            return self.enrolled(now);
        };
        // Somebody has enrolled the kiosk anew.
        let newest = identity::newest(&self.settings.identity());
        if newest.is_some_and(|newest| newest != enrolled.identity.name) && self.renewal.is_none() {
            return self.greet_anew(now);
        }
        if !self.online {
            return Ok(());
        }
        let is_clock_doubted = self.worries.iter().any(|(_, concern)| *concern == Concern::Clock);
        if is_clock_doubted && is_due(self.greeted_at, GREET_EVERY_MS, now) {
            return self.greet_anew(now);
        }
        // The gateway judges by its own clock whether it is time.
        let there = UtcMs(now.0.saturating_add(self.clock_skew_ms.unwrap_or(0)));
        let pause = RENEWAL_PAUSE_MS.saturating_mul(1 << self.applications.min(20));
        if enrolled.identity.is_to_be_renewed(there)
            && is_due(self.tried_at, pause.min(RENEWAL_PAUSE_MAX_MS), now)
        {
            return self.renew(now);
        }
        Ok(())
    }

    /// Only with a clock that the gateway has agreed to: a wrong one would forget what a gateway may still ask for.
    fn forget_delivered(&mut self, now: UtcMs) -> Result<(), CustodyError> {
        let off = self
            .clock_skew_ms
            .map(|skew_ms| Duration::from_millis(skew_ms.unsigned_abs()));
        let agrees = off.is_some_and(|off| off < self.settings.limits.clock_skew.warn);
        if !agrees || self.worries.iter().any(|(_, concern)| *concern == Concern::Clock) {
            return Ok(());
        }
        let retained_ms = i64::try_from(self.settings.limits.retained.as_millis()).unwrap_or(i64::MAX);
        let before = UtcMs(now.0.saturating_sub(retained_ms));
        let forgotten = self.outbox.forget_delivered(before, now)?;
        self.unsettled |= forgotten > 0;
        Ok(())
    }

    fn wake(&self) {
        if let Some(enrolled) = &self.identity {
            enrolled.line.wake();
        }
    }

    fn welcome(
        &mut self,
        gateway: &str,
        skew_ms: i64,
        export_recipient: Option<String>,
        now: UtcMs,
    ) -> Result<(), CustodyError> {
        tracing::info!(gateway, skew_ms, "the gateway is connected");
        self.online = true;
        self.is_clock_doubted = false;
        self.down = None;
        self.refused_by_gateway(false)?;
        // From here on the newest identity is known to work.
        if let Some(enrolled) = &self.identity
            && let Err(error) = enrolled
                .identity
                .forget_older(&*self.keys, &self.settings.identity())
        {
            tracing::warn!(
                error = crate::chain(&error),
                "an old device key cannot be forgotten yet"
            );
        }
        self.clock_skew_ms = Some(skew_ms);
        // Where the gateway agrees with the clock, what an earlier, wrong clock wrote down is no measure any more.
        if Duration::from_millis(skew_ms.unsigned_abs()) < self.settings.limits.clock_skew.warn {
            self.latest_written_at = Some(now);
        }
        self.contact_noted_at = Some(now);
        self.outbox.contact(now)?;
        if let Some(recipient) = export_recipient {
            self.outbox.remember(crate::EXPORT_RECIPIENT, &recipient)?;
        }
        self.audit(None, &format!("LinkUp skew_ms={skew_ms}"), now)?;
        self.judge(now)
    }

    fn link_down(&mut self, reason: &LinkDownReason, now: UtcMs) -> Result<(), CustodyError> {
        tracing::warn!(%reason, "no line to the gateway; documents wait");
        self.sent.clear();
        self.outbox.release_in_flight()?;
        // What TLS says before the handshake is over, anybody on the line may have said.
        if matches!(
            reason,
            LinkDownReason::Bye(ByeReason::Unknown | ByeReason::Revoked | ByeReason::AuditRegressed)
        ) {
            self.refused_by_gateway(true)?;
        }
        self.is_clock_doubted = matches!(
            reason,
            LinkDownReason::ClockOrValidity(_) | LinkDownReason::Bye(ByeReason::ClockSkew)
        );
        if let Some(enrolled) = &self.identity {
            // What the next greeting says must not stand behind what a document has shown.
            let standing = self.standing()?;
            enrolled.line.set_standing(standing.audit, standing.pending);
        }
        self.online = false;
        // A line that cannot be made is tried again for days; it is written down when the reason is another one.
        let kind = short(reason);
        if self.down.as_ref() != Some(&kind) {
            self.audit(None, &format!("LinkDown reason={kind}"), now)?;
            self.down = Some(kind);
            self.judge(now)?;
        }
        Ok(())
    }

    /// Remembered over a restart, so that pulling the cable does not open a kiosk that was shut out.
    fn refused_by_gateway(&mut self, is_refused: bool) -> Result<(), CustodyError> {
        self.is_refused = is_refused;
        let text = if is_refused { "yes" } else { "no" };
        self.outbox.remember(REFUSED, text)?;
        Ok(())
    }

    /// Documents whose answer is awaited, as many as a greeting may name.
    fn awaiting(&self) -> Result<Vec<DocumentId>, OutboxError> {
        self.outbox.awaiting(AWAITING_MAX)
    }

    fn standing(&self) -> Result<sync::Standing, OutboxError> {
        Ok(sync::Standing {
            audit: self.outbox.audit_head()?,
            pending: self.waiting,
        })
    }

    fn offer(&mut self, now: UtcMs) -> Result<(), CustodyError> {
        let next = self.outbox.next(now)?;
        let standing = self.standing()?;
        if let Some(document) = &next {
            self.sent
                .insert(document.id, Sha256::digest(&document.bytes).into());
        }
        if let Some(enrolled) = &self.identity {
            // What the next greeting says must not stand behind what the document shows.
            enrolled.line.set_standing(standing.audit, standing.pending);
            enrolled
                .line
                .offer(next.map(|document| (document.id, document.bytes)));
        }
        Ok(())
    }

    /// A receipt counts only if the gateway signed it, and for just these bytes.
    fn delivered(&mut self, id: DocumentId, signed: &[u8], now: UtcMs) -> Result<(), CustodyError> {
        let Some(sha256) = self.sent.remove(&id) else {
            return Ok(());
        };
        match self.check_receipt(id, &sha256, signed) {
            Ok(received_at) => {
                self.outbox.receipt(id, signed, received_at, now)?;
                self.doubts.remove(&id);
                self.unsettled = true;
                tracing::info!(document = %id, "the gateway keeps the document");
                if let Some(enrolled) = &self.identity {
                    enrolled.line.set_awaiting(self.awaiting()?);
                }
            }
            Err(doubt) => {
                tracing::error!(document = %id, error = crate::chain(&doubt), "the gateway's receipt does not count");
                self.doubt(id, WedgeReason::Receipt, now)?;
                self.audit(None, &format!("ReceiptDoubted document={id}"), now)?;
            }
        }
        Ok(())
    }

    /// Gives the time at which the gateway has stored the document.
    fn check_receipt(&self, id: DocumentId, sha256: &[u8; 32], signed: &[u8]) -> Result<UtcMs, DoubtError> {
        let receipt = receipt::decode(self.signed_by_gateway(signed)?.expose())?;
        let about_it = receipt.document_id == id
            && receipt.document_sha256 == *sha256
            && receipt.kiosk_id == self.settings.kiosk_id;
        if about_it {
            Ok(receipt.received_at)
        } else {
            Err(DoubtError::Other(id))
        }
    }

    /// What the gateway signed with the key that signs answers. A signature counts as of its own time: neither a wrong clock
    /// nor a certificate that has expired since makes it worse.
    fn signed_by_gateway(&self, signed: &[u8]) -> Result<Sensitive<Vec<u8>>, DoubtError> {
        let anchors = self.identity.as_ref().map(|enrolled| &enrolled.authority_der[..]);
        let verified = signature::verify_as_signed(signed, anchors.unwrap_or_default())?;
        if verified.signer_common_name != identification::SIGNER_COMMON_NAME {
            return Err(DoubtError::Signer(verified.signer_common_name));
        }
        Ok(verified.content)
    }

    fn refused(&mut self, id: DocumentId, code: sync::RefusalCode, now: UtcMs) -> Result<(), CustodyError> {
        use sync::RefusalCode as Code;
        self.sent.remove(&id);
        let reason = match code {
            // The gateway may learn of a certificate that it does not know yet; the document keeps the one it has.
            Code::Certificate => {
                tracing::error!(document = %id, "the gateway does not accept this kiosk's certificate; tried again later");
                self.doubt(id, WedgeReason::Certificate, now)?;
                return self.audit(None, &format!("CertificateRefused document={id}"), now);
            }
            Code::Unavailable { retry_after_ms } => {
                let later = i64::try_from(retry_after_ms).unwrap_or(i64::MAX);
                return Ok(self.outbox.postpone(id, UtcMs(now.0.saturating_add(later)))?);
            }
            Code::Signature => WedgeReason::Signature,
            Code::Malformed => WedgeReason::Malformed,
            Code::TooLarge => WedgeReason::TooLarge,
            Code::WrongKiosk => WedgeReason::WrongKiosk,
            Code::IdConflict => WedgeReason::IdConflict,
            Code::AuditFork => WedgeReason::AuditFork,
            Code::Other(number) => WedgeReason::Other(number.to_string()),
        };
        tracing::error!(document = %id, code = code.name(), "the gateway refuses the document");
        self.outbox.wedge(id, reason, now)?;
        Ok(())
    }

    /// Offers a document again later, and sets it aside when that has not helped often enough.
    fn doubt(&mut self, id: DocumentId, reason: WedgeReason, now: UtcMs) -> Result<(), OutboxError> {
        let doubts = self.doubts.entry(id).or_default();
        *doubts = doubts.saturating_add(1);
        if *doubts < DOUBTS_MAX {
            return self
                .outbox
                .postpone(id, UtcMs(now.0.saturating_add(DOUBT_PAUSE_MS)));
        }
        self.doubts.remove(&id);
        self.outbox.wedge(id, reason, now)?;
        Ok(())
    }

    /// A page of the centre counts only for a document whose answer is awaited here.
    fn hosted_page(
        &self,
        id: DocumentId,
        url: Sensitive<String>,
        expires_at: UtcMs,
    ) -> Result<Happened, CustodyError> {
        if !self.awaiting()?.contains(&id) {
            tracing::warn!(document = %id, "a page of the centre is for no document that awaits its answer");
            return Ok(Happened::Nothing);
        }
        Ok(Happened::HostedPage {
            document_id: id,
            url,
            expires_at,
        })
    }

    /// The centre has answered: the answer counts only with the gateway's signature.
    fn answered(&mut self, id: DocumentId, signed: &[u8], now: UtcMs) -> Result<Happened, CustodyError> {
        let read = |this: &Self| -> Result<Identification, DoubtError> {
            let answer = identification::decode(this.signed_by_gateway(signed)?.expose())?;
            if answer.document_id == id {
                Ok(answer)
            } else {
                Err(DoubtError::Other(id))
            }
        };
        match read(self) {
            Ok(answer) => Ok(Happened::Answered(Box::new(answer))),
            Err(doubt) => {
                tracing::error!(document = %id, error = crate::chain(&doubt), "the centre's answer does not count");
                self.audit(None, &format!("AnswerDoubted document={id}"), now)?;
                Ok(Happened::Nothing)
            }
        }
    }

    /// Applies for a new certificate with a new key.
    fn renew(&mut self, now: UtcMs) -> Result<(), CustodyError> {
        self.tried_at = Some(now);
        self.applications = self.applications.saturating_add(1);
        let applied = Applicant::new(&*self.keys, &self.settings.identity(), &self.settings.kiosk_id);
        match (applied, &self.identity) {
            (Ok(applicant), Some(enrolled)) => {
                enrolled.line.renew(applicant.request.clone());
                let is_first = self.applications == 1;
                let event = format!("RenewalRequested key={}", applicant.name);
                self.renewal = Some(applicant);
                if is_first {
                    self.audit(None, &event, now)?;
                }
            }
            (Ok(_), None) => {}
            // The certificate at hand still serves; the guard closes the kiosk when it no longer does.
            (Err(error), _) => {
                tracing::error!(
                    error = crate::chain(&error),
                    "no new certificate can be applied for"
                );
            }
        }
        Ok(())
    }

    fn renewed(&mut self, chain: Vec<Vec<u8>>, now: UtcMs) -> Result<(), CustodyError> {
        let (Some(applicant), Some(enrolled)) = (self.renewal.take(), &self.identity) else {
            return Ok(());
        };
        let authority_pem = enrolled.identity.authority_pem.clone();
        let admitted = applicant.admit(
            &self.settings.identity(),
            chain,
            &authority_pem,
            &self.settings.kiosk_id,
            now,
        );
        match admitted {
            Ok(identity) => {
                tracing::info!(key = identity.name, "the kiosk has a new certificate");
                self.applications = 0;
                self.audit(None, &format!("CertificateRenewed key={}", identity.name), now)?;
                // The line ends with the old certificate and begins with the new one.
                self.greet_anew(now)
            }
            Err(error) => {
                tracing::error!(error = crate::chain(&error), "the new certificate cannot be used");
                self.audit(None, "RenewalFailed", now)
            }
        }
    }

    fn count(&mut self) -> Result<(), CustodyError> {
        let counts = self.outbox.counts()?;
        self.waiting = counts.pending + counts.in_flight + counts.wedged;
        Ok(())
    }

    fn worst(&self) -> Option<Concern> {
        match self.worries.first() {
            Some((Severity::Stop, concern)) => Some(*concern),
            _ => None,
        }
    }

    /// How the custody of documents stands now, for whoever looks after the kiosk.
    ///
    /// # Errors
    /// When the store fails.
    pub fn state(&self) -> Result<CustodyState, CustodyError> {
        let standing = self.outbox.standing()?;
        Ok(CustodyState {
            pending: self.waiting,
            pending_bytes: standing.pending_bytes,
            oldest_pending_at: standing.oldest_pending_put_at,
            heard_at: standing.last_contact_at,
            disk_free_bytes: disk::free_bytes(&self.settings.data),
            clock_skew_ms: self.clock_skew_ms,
            latest_written_at: self.latest_written_at,
            certificate_expires_at: self
                .identity
                .as_ref()
                .map(|enrolled| enrolled.identity.expires_at),
            is_enrolled: self.identity.is_some(),
            is_refused: self.is_refused,
            set_aside: standing.counts.wedged,
            stores_aside: self.stores_aside,
            is_clock_doubted: self.is_clock_doubted,
        })
    }

    /// Writes what the gateway does not have yet into a folder of a medium, sealed to the institution; see
    /// [`export::write`].
    ///
    /// # Errors
    /// When the kiosk is not enrolled, nobody is known to seal to, or the store or the medium fails. Nothing is lost.
    pub fn export(&mut self, folder: &Path, now: UtcMs) -> Result<export::Report, CustodyError> {
        let enrolled = self.identity.as_ref().ok_or(CustodyError::NotEnrolled)?;
        let recipient = export::recipient(&self.outbox, None)?;
        let kiosk_id = &self.settings.kiosk_id;
        let outbox = &mut self.outbox;
        let report = export::write(outbox, folder, &recipient, kiosk_id, &enrolled.signer, now)?;
        self.unsettled = true;
        Ok(report)
    }

    fn judge(&mut self, now: UtcMs) -> Result<(), CustodyError> {
        let state = self.state()?;
        let found = concerns(&state, &self.settings.limits, now);
        if found == self.worries {
            return Ok(());
        }
        for (severity, concern) in &found {
            match severity {
                Severity::Warn => tracing::warn!(?concern, "custody"),
                Severity::Stop => tracing::error!(?concern, "no session may begin"),
            }
        }
        let said: Vec<String> = found
            .iter()
            .map(|(severity, concern)| format!("{severity:?}:{concern:?}"))
            .collect();
        self.worries = found;
        self.audit(None, &format!("Concerns now={}", said.join(",")), now)
    }
}

impl Drop for Custody {
    fn drop(&mut self) {
        // Best effort: what is promised is on the disk already.
        let _: Result<(), OutboxError> = self.outbox.settle();
    }
}

/// The name of a reason, without what a library or the other side says about it.
fn short(reason: &LinkDownReason) -> String {
    let whole = format!("{reason:?}");
    match reason {
        LinkDownReason::Bye(_) => whole.replace(['(', ')'], "-").trim_end_matches('-').to_owned(),
        _ => whole.split('(').next().unwrap_or_default().to_owned(),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn is_due(last: Option<UtcMs>, every_ms: i64, now: UtcMs) -> bool {
    // A clock that was set back must not stop anything for years.
    last.is_none_or(|last| now.0 < last.0 || now.0.saturating_sub(last.0) >= every_ms)
}

/// The device key on the kiosk's side of TLS.
#[derive(Debug)]
struct LineKey(Arc<dyn DeviceKey>);

impl sync::ClientKey for LineKey {
    fn public_key(&self) -> [u8; 65] {
        self.0.public_key()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, String> {
        self.0.sign(message).map_err(|error| crate::chain(&error))
    }
}

#[cfg(test)]
mod tests;
