//! The checks that a document passes before it is stored.
//!
//! **A wrong clock loses nothing.** A document counts if the certificate of its signer was valid at the time of signing.
//! Where that time is outside the certificate's validity, it still counts if the certificate is valid by the clock of the
//! gateway; that is noted. A time of signing that is far from the gateway's clock is noted, and no more.
//!
//! **The registry.** The certificate of the signer must stand in it, as one of this kiosk. What the authority issued and
//! nobody noted does not count.
//!
//! **Revocation.** What was signed before the certificate was revoked is still accepted: it may have waited at the kiosk,
//! or come in a package. The time is the signer's own word, so this ends where the key is in other hands: after a
//! revocation for the compromise of a key nothing that it has signed is accepted any more, whatever time it bears.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use authority::Leaf;
use document::content::{self, Content};
use document::receipt::{self, Receipt};
use document::signature::{self, Signer, Verified, VerifyError};
use institution::notice::outcome_name;
use sha2::{Digest, Sha256};
use sync::wire::RefusalCode;
use tokio::sync::oneshot;
use verification::Sensitive;
use verification::evidence::{DocumentId, Modality, Outcome, Route, Still, StillPurpose, StillQuality};
use verification::identifier::Iin;
use verification::palm::ScanResult;
use verification::service::NBAS_CONSENT;
use verification::time::UtcMs;

use crate::idec::quality::ProbeQuality;
use crate::idec::{PalmRecord, Probe};
use crate::institution::Outlet;
use crate::store::{NewDocument, NewRequest, NewReview, Put, ReviewKind, Store, StoreError};

/// When a kiosk is to try again after the store failed.
const RETRY_AFTER_MS: u64 = 30_000;

/// From which difference on between the time of signing and the gateway's clock it is noted that a document was signed
/// in the future. Within it clocks differ.
const AHEAD_MS: i64 = 5 * 60 * 1000;

/// As [`AHEAD_MS`], for the past: kiosks keep documents for as long as they have no line.
const LONG_AGO_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// Numbers of records go as far as the stores can keep them.
pub(crate) const AUDIT_NUMBER_MAX: u64 = i64::MAX as u64;

const UNAVAILABLE: RefusalCode = RefusalCode::Unavailable {
    retry_after_ms: RETRY_AFTER_MS,
};

/// Who sends, and what proves it.
#[derive(Debug)]
pub struct Sender<'a> {
    /// The name in the certificate of the connection.
    pub kiosk_id: &'a str,
    /// Authorities in DER whose signers are accepted.
    pub anchors: &'a [Vec<u8>],
    /// SHA-256 of the certificate (DER) of the connection: TLS has seen that it is of one of these authorities.
    pub certificate_sha256: Option<[u8; 32]>,
    /// The kiosk's clock minus ours, where it is wrong.
    pub skew_ms: Option<i64>,
    /// Tells the institution's systems; none where nothing is configured.
    pub outlet: Option<&'a Arc<Outlet>>,
}

/// The place of a document in the queue before the store. Documents of one connection are checked at once, but reach
/// the store in the order in which they came.
#[derive(Debug, Default)]
pub struct Turn {
    /// Ends when the document before has gone to the store, or is refused.
    before: Option<oneshot::Receiver<()>>,
    /// Dropped when this one has.
    after: Option<oneshot::Sender<()>>,
}

impl Turn {
    /// The turn behind `last`, which becomes this one.
    pub fn after(last: &mut Option<oneshot::Receiver<()>>) -> Self {
        let (after, next) = oneshot::channel();
        Self {
            before: last.replace(next),
            after: Some(after),
        }
    }

    async fn come(&mut self) {
        if let Some(before) = self.before.take() {
            // The sender is only ever dropped.
            let _ = before.await;
        }
    }
}

/// Signs a receipt, with the key that signs answers.
///
/// # Errors
/// Asks the kiosk to try again later: the document is stored, and only the proof of it is missing.
pub fn sign(receipt: &Receipt, signer: &Mutex<dyn Signer>, now: UtcMs) -> Result<Vec<u8>, RefusalCode> {
    let signer = signer.lock().unwrap_or_else(PoisonError::into_inner);
    signature::sign(&receipt::encode(receipt), &*signer, now).map_err(|error| {
        tracing::error!(document = %receipt.document_id, error = &error as &dyn std::error::Error, "a receipt could not be signed");
        UNAVAILABLE
    })
}

/// Checks a document and stores it. `Ok` means that it is on the disk, now or since before; holds what is to be signed
/// as its receipt.
///
/// # Errors
/// The refusal that the kiosk is to hear.
pub async fn accept(
    store: &dyn Store,
    sender: &Sender<'_>,
    id: DocumentId,
    signed: Vec<u8>,
    now: UtcMs,
) -> Result<Receipt, RefusalCode> {
    accept_in_turn(store, sender, id, signed, Turn::default(), now).await
}

/// As [`accept`], for one of many documents.
///
/// # Errors
/// As [`accept`].
pub async fn accept_in_turn(
    store: &dyn Store,
    sender: &Sender<'_>,
    id: DocumentId,
    signed: Vec<u8>,
    mut turn: Turn,
    now: UtcMs,
) -> Result<Receipt, RefusalCode> {
    let signed = Sensitive::new(signed);
    let (kiosk_id, anchors) = (sender.kiosk_id.to_owned(), sender.anchors.to_vec());
    let known = sender.certificate_sha256;
    let outlet = sender.outlet.cloned();
    // Signatures take long enough to hold up others.
    let checked = tokio::task::spawn_blocking(move || {
        let verified = verify(signed.expose(), &anchors, known.as_ref(), now);
        check(&kiosk_id, id, signed, verified, outlet.as_deref(), now)
    });
    let checked = match checked.await {
        Ok(Ok(checked)) => registered(store, checked).await,
        Ok(Err(code)) => Err(code),
        Err(error) => {
            tracing::error!(document = %id, %error, "a check ended by a fault of this program");
            Err(UNAVAILABLE)
        }
    };
    turn.come().await;
    let mut document = checked?;
    document
        .notes
        .extend(sender.skew_ms.map(|skew_ms| format!("clock-skew-ms={skew_ms}")));
    let (outcome, document_sha256, kiosk_audit) = (document.outcome.clone(), document.sha256, document.audit);
    let mut put = store.put(document, now);
    // Once it was polled it stands in the queue of the store, and the next one may follow.
    let at_once = std::future::poll_fn(|context| Poll::Ready(put.as_mut().poll(context))).await;
    turn.after.take();
    let stored = match at_once {
        Poll::Ready(stored) => stored,
        Poll::Pending => put.await,
    };
    let stored = stored.map_err(|error| {
        tracing::error!(document = %id, error = &error as &dyn std::error::Error, "a document could not be stored");
        UNAVAILABLE
    })?;
    match stored.put {
        Put::New => {
            if let Some(outlet) = sender.outlet {
                outlet.wake();
            }
            tracing::info!(document = %id, kiosk = sender.kiosk_id, outcome, "a document was stored");
        }
        Put::Known => {}
        Put::Conflict => {
            tracing::warn!(document = %id, kiosk = sender.kiosk_id, "another document under a known id was refused");
            return Err(RefusalCode::IdConflict);
        }
        Put::AuditFork => {
            tracing::warn!(document = %id, kiosk = sender.kiosk_id, "a document of a forked audit log was refused");
            return Err(RefusalCode::AuditFork);
        }
    }
    Ok(Receipt {
        document_id: id,
        document_sha256,
        kiosk_id: sender.kiosk_id.to_owned(),
        kiosk_audit,
        gateway_audit: stored.audit,
        received_at: stored.received_at,
    })
}

/// A document that is good if its signer's certificate counts.
struct Checked {
    document: NewDocument,
    leaf: Leaf,
}

/// What a certificate of our authority is worth for a paper that was signed then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It counts.
    Counts,
    /// It counts, for the paper was signed before the certificate was revoked or the kiosk was shut out.
    CountsSinceBefore,
    /// The kiosk was shut out, or the certificate revoked, when it was signed; or its key is compromised.
    ShutOut,
    /// The registry knows no such certificate of this kiosk.
    Unknown,
}

/// What the registry makes of a signer, on the line and in packages alike.
pub(crate) async fn standing(
    store: &dyn Store,
    leaf: &Leaf,
    kiosk_id: &str,
    signed_at: UtcMs,
) -> Result<Standing, StoreError> {
    let found = store.registered(leaf.serial.as_bytes()).await?;
    let ours = found.filter(|found| found.fingerprint == leaf.fingerprint.0 && found.kiosk_id == kiosk_id);
    let Some(registered) = ours else {
        return Ok(Standing::Unknown);
    };
    let revoked_at = registered
        .revocation
        .as_ref()
        .map(|revocation| revocation.revoked_at);
    let compromised = registered
        .revocation
        .is_some_and(|revocation| revocation.compromised());
    let ends: Vec<UtcMs> = [registered.blocked_since, revoked_at]
        .into_iter()
        .flatten()
        .collect();
    Ok(if compromised || ends.iter().any(|end| signed_at >= *end) {
        Standing::ShutOut
    } else if ends.is_empty() {
        Standing::Counts
    } else {
        Standing::CountsSinceBefore
    })
}

/// The document, unless the registry has something against its signer.
async fn registered(store: &dyn Store, checked: Checked) -> Result<NewDocument, RefusalCode> {
    let Checked { mut document, leaf } = checked;
    let standing = standing(store, &leaf, &document.kiosk_id, document.signed_at).await;
    let standing = standing.map_err(|error| {
        tracing::error!(document = %document.id, error = &error as &dyn std::error::Error, "the registry cannot be read");
        UNAVAILABLE
    })?;
    match standing {
        Standing::Counts => {}
        Standing::CountsSinceBefore => document.notes.push("signed-before-revocation".into()),
        Standing::ShutOut | Standing::Unknown => {
            tracing::warn!(document = %document.id, kiosk = document.kiosk_id, ?standing, "a document was refused for its certificate");
            return Err(RefusalCode::Certificate);
        }
    }
    Ok(document)
}

/// A signed document as it counts, and what is to be noted about its time. `known` is the SHA-256 of a certificate whose
/// issuer was checked already.
///
/// # Errors
/// See [`VerifyError`].
pub(crate) fn verify(
    signed: &[u8],
    anchors: &[Vec<u8>],
    known: Option<&[u8; 32]>,
    now: UtcMs,
) -> Result<(Verified, Vec<String>), VerifyError> {
    // As of its signature: it may have waited at the kiosk for longer than its certificate counts. Whether the kiosk
    // counts now is a matter of its connection.
    let mut notes = Vec::new();
    let as_signed = match known.map(|sha256| signature::verify_of_known(signed, sha256)) {
        // The kiosk may have had another certificate when it signed.
        None | Some(Err(VerifyError::UnknownIssuer)) => signature::verify_as_signed(signed, anchors),
        Some(verified) => verified,
    };
    let verified = match as_signed {
        Err(VerifyError::ExpiredAtSigning) => {
            notes.push("signed-outside-certificate".into());
            signature::verify_at(signed, anchors, now)?
        }
        verified => verified?,
    };
    let ahead_ms = verified.signing_time.0.saturating_sub(now.0);
    if ahead_ms > AHEAD_MS {
        notes.push(format!("signed-ahead-ms={ahead_ms}"));
    } else if ahead_ms < -LONG_AGO_MS {
        notes.push(format!("signed-long-ago-ms={}", ahead_ms.saturating_neg()));
    }
    Ok((verified, notes))
}

/// All checks that need nothing but the document.
fn check(
    kiosk_id: &str,
    id: DocumentId,
    signed: Sensitive<Vec<u8>>,
    verified: Result<(Verified, Vec<String>), VerifyError>,
    outlet: Option<&Outlet>,
    now: UtcMs,
) -> Result<Checked, RefusalCode> {
    let (verified, notes) = verified.map_err(|error| {
        tracing::warn!(document = %id, kiosk = kiosk_id, %error, "a document was refused");
        refusal(&error)
    })?;
    let leaf = Leaf::from_der(&verified.certificate_der).map_err(|error| {
        tracing::warn!(document = %id, kiosk = kiosk_id, %error, "a document was refused");
        RefusalCode::Certificate
    })?;
    let content = content::decode(verified.content.expose()).map_err(|error| {
        tracing::warn!(document = %id, kiosk = kiosk_id, %error, "a document was refused");
        RefusalCode::Malformed
    })?;
    let names = [
        verified.signer_common_name.as_str(),
        content.kiosk.kiosk_id.as_str(),
    ];
    if names.iter().any(|name| *name != kiosk_id) {
        tracing::warn!(document = %id, kiosk = kiosk_id, "a document of another kiosk was refused");
        return Err(RefusalCode::WrongKiosk);
    }
    if content.document_id != id {
        tracing::warn!(document = %id, kiosk = kiosk_id, "a document under another id was refused");
        return Err(RefusalCode::IdConflict);
    }
    if content.audit.is_some_and(|head| head.number > AUDIT_NUMBER_MAX) {
        tracing::warn!(document = %id, kiosk = kiosk_id, "a document with an impossible audit head was refused");
        return Err(RefusalCode::Malformed);
    }
    let request = request_of(&content);
    let review = review_of(&content);
    let mut notices = Vec::new();
    if let Some(outlet) = outlet {
        notices = outlet.tell_of(&content, None, now);
        let told = request
            .iter()
            .flat_map(|request| outlet.tell_of_new_request(id, request, now));
        notices.extend(told);
    }
    let document = NewDocument {
        id,
        kiosk_id: kiosk_id.to_owned(),
        session: Some(content.session_id),
        outcome: outcome_name(content.outcome).to_owned(),
        sha256: Sha256::digest(signed.expose()).into(),
        signed,
        signed_at: verified.signing_time,
        audit: content.audit,
        asks: question(&content).is_some(),
        notes,
        request,
        review,
        notices,
    };
    Ok(Checked { document, leaf })
}

/// The request of a data subject in a document, for the register.
fn request_of(content: &Content) -> Option<NewRequest> {
    let request = content.request.as_ref()?;
    // Up to the end of that day in Kazakhstan.
    let end = request.due.plus_days(1).unwrap_or(request.due).start_utc();
    Some(NewRequest::of(
        content.document_id,
        &request.kind,
        content.ended_at,
        UtcMs(end.0.saturating_sub(1)),
        &content.organisation.bin,
    ))
}

/// What examiners are to do with a document. One in which no picture is, is for them too: the person waits for an answer,
/// and nobody else gives one.
fn review_of(content: &Content) -> Option<NewReview> {
    let kind = match (content.route, content.outcome) {
        (Route::Images, Outcome::AwaitingIdentification) => ReviewKind::Images,
        (Route::CallBack, Outcome::Referred) => ReviewKind::CallBack,
        _ => return None,
    };
    let service = content.service.as_ref().map(|service| service.0.as_str());
    Some(NewReview::of(kind, service))
}

/// What the centre is asked about a document.
#[derive(Debug)]
pub struct Question<'a> {
    /// The claimed identity.
    pub claim: &'a Iin,
    /// What was captured, or that the centre is to capture by itself.
    pub capture: Capture,
    /// The score that the policy of the session asks for.
    pub comparison_min: f32,
    /// Whether the person consented to the NBAS.
    pub consents_to_nbas: bool,
    /// The score that the policy of the session asks for before the NBAS.
    pub nbas_enrolment_min: f32,
}

/// Who captures.
#[derive(Debug)]
pub enum Capture {
    /// The kiosk has: this.
    Probe(Probe),
    /// The centre does, on a page of its own.
    HostedPage,
}

impl Question<'_> {
    /// Whether the centre captures on a page of its own.
    pub fn hosted(&self) -> bool {
        matches!(self.capture, Capture::HostedPage)
    }
}

/// The question that follows from a document, if any does.
pub fn question(content: &Content) -> Option<Question<'_>> {
    if content.outcome != Outcome::AwaitingIdentification || content.route.is_assisted() {
        return None;
    }
    let capture = match content.modality {
        _ if is_hosted(content) => Capture::HostedPage,
        Some(Modality::Palm) => Capture::Probe(Probe::Palm(Box::new(passed_palm(content)?))),
        Some(Modality::Face) | None => Capture::Probe(Probe::Face(probe_still(content)?.sample.jpeg.clone())),
    };
    let mut consents = content.consents.iter();
    Some(Question {
        claim: content.claim.as_ref()?,
        capture,
        comparison_min: content.policy.comparison_min,
        consents_to_nbas: consents.any(|consent| consent.given && consent.text == NBAS_CONSENT),
        nbas_enrolment_min: content.policy.nbas_enrolment_min,
    })
}

/// Whether the person of this document is to be identified on a page of the centre. Whoever was captured at the kiosk is
/// not.
pub fn is_hosted(content: &Content) -> bool {
    content.outcome == Outcome::AwaitingIdentification
        && content.route == Route::HostedPage
        && content.modality == Some(Modality::Face)
        && content.attempts.is_empty()
        && content.stills.is_empty()
}

/// What is known of the picture that the centre would compare; `None` where there is none. The measures that documents
/// carry are added here.
pub fn probe_quality(content: &Content) -> Option<ProbeQuality<'_>> {
    if content.modality == Some(Modality::Palm) {
        return None;
    }
    let still = probe_still(content)?;
    Some(ProbeQuality {
        jpeg: still.sample.jpeg.expose(),
        said_px: (still.sample.width_px, still.sample.height_px),
        measures: still.quality.map(measures).unwrap_or_default(),
    })
}

/// What was measured on a picture, by the names in the configuration of the gate.
fn measures(quality: StillQuality) -> BTreeMap<&'static str, f32> {
    BTreeMap::from([
        ("inter_eye_distance_px", quality.inter_eye_distance_px),
        ("sharpness", quality.sharpness),
        ("luminance_mean", quality.luminance_mean),
    ])
}

/// The picture that the centre would compare.
fn probe_still(content: &Content) -> Option<&Still> {
    let mut stills = content.stills.iter();
    stills.find(|still| still.purpose == StillPurpose::Comparison)
}

/// The attempt with the palm that passed: there is none where a document contradicts itself.
fn passed_palm(content: &Content) -> Option<PalmRecord> {
    let palm = content.palm.as_ref()?;
    let attempt = palm.attempts.last()?;
    let scan = attempt.scan.as_ref()?;
    let passed = attempt.failure.is_none() && scan.result == ScanResult::Identified(palm.expected?);
    passed.then_some(PalmRecord {
        scanner: palm.scanner.clone()?,
        started_at: attempt.started_at,
        readings: scan.readings,
        parts: attempt.parts.clone(),
    })
}

fn refusal(error: &VerifyError) -> RefusalCode {
    match error {
        VerifyError::TooLarge(_) => RefusalCode::TooLarge,
        VerifyError::Digest
        | VerifyError::Signature
        | VerifyError::SigningCertificate
        | VerifyError::ContentType => RefusalCode::Signature,
        VerifyError::SignerIdentifier
        | VerifyError::PublicKey
        | VerifyError::UnknownIssuer
        | VerifyError::NotAuthority
        | VerifyError::CertificateSignature
        | VerifyError::ExpiredNow
        | VerifyError::ExpiredAtSigning
        | VerifyError::KeyUsage
        | VerifyError::CriticalExtension(_)
        | VerifyError::CommonName => RefusalCode::Certificate,
        // The fault is the gateway's own.
        VerifyError::Anchor(_) => UNAVAILABLE,
        VerifyError::Malformed(_)
        | VerifyError::NotDer
        | VerifyError::NotSignedData
        | VerifyError::Profile(_)
        | VerifyError::NoContent
        | VerifyError::Signers(_)
        | VerifyError::Certificates(_)
        | VerifyError::Algorithm(_)
        | VerifyError::Attribute(_) => RefusalCode::Malformed,
    }
}
