//! The checks that a document passes before it is stored.

use std::sync::{Mutex, PoisonError};
use std::task::Poll;

use document::content::{self, Content};
use document::receipt::{self, Receipt};
use document::signature::{self, Signer, VerifyError};
use sha2::{Digest, Sha256};
use sync::wire::RefusalCode;
use tokio::sync::oneshot;
use verification::Sensitive;
use verification::evidence::{DocumentId, Modality, Outcome, StillPurpose};
use verification::identifier::Iin;
use verification::palm::ScanResult;
use verification::time::UtcMs;

use crate::idec::{PalmRecord, Probe};
use crate::store::{NewDocument, Put, Store};

/// When a kiosk is to try again after the store failed.
const RETRY_AFTER_MS: u64 = 30_000;

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
    /// The kiosk's clock minus ours, where it is wrong.
    pub skew_ms: Option<i64>,
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
    // Signatures take long enough to hold up others.
    let checked = tokio::task::spawn_blocking(move || check(&kiosk_id, &anchors, id, signed));
    let checked = checked.await;
    turn.come().await;
    let mut document = checked.map_err(|error| {
        tracing::error!(document = %id, %error, "a check ended by a fault of this program");
        UNAVAILABLE
    })??;
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

/// All checks that need nothing but the document.
fn check(
    kiosk_id: &str,
    anchors: &[Vec<u8>],
    id: DocumentId,
    signed: Sensitive<Vec<u8>>,
) -> Result<NewDocument, RefusalCode> {
    // As of its signature: it may have waited at the kiosk for longer than its certificate counts. Whether the kiosk
    // counts now is a matter of its connection.
    let verified = signature::verify_as_signed(signed.expose(), anchors).map_err(|error| {
        tracing::warn!(document = %id, kiosk = kiosk_id, %error, "a document was refused");
        refusal(&error)
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
    Ok(NewDocument {
        id,
        kiosk_id: kiosk_id.to_owned(),
        session: Some(content.session_id),
        outcome: outcome_name(content.outcome).to_owned(),
        sha256: Sha256::digest(signed.expose()).into(),
        signed,
        signed_at: verified.signing_time,
        audit: content.audit,
        asks: question(&content).is_some(),
        notes: Vec::new(),
    })
}

/// What the centre is asked about a document.
#[derive(Debug)]
pub struct Question<'a> {
    /// The claimed identity.
    pub claim: &'a Iin,
    /// What was captured.
    pub probe: Probe,
    /// The score that the policy of the session asks for.
    pub comparison_min: f32,
}

/// The question that follows from a document, if any does.
pub fn question(content: &Content) -> Option<Question<'_>> {
    if content.outcome != Outcome::AwaitingIdentification {
        return None;
    }
    let probe = match content.modality {
        Some(Modality::Palm) => Probe::Palm(Box::new(passed_palm(content)?)),
        Some(Modality::Face) | None => {
            let mut stills = content.stills.iter();
            let still = stills.find(|still| still.purpose == StillPurpose::Comparison)?;
            Probe::Face(still.sample.jpeg.clone())
        }
    };
    Some(Question {
        claim: content.claim.as_ref()?,
        probe,
        comparison_min: content.policy.comparison_min,
    })
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

/// The name of an outcome in lists and logs.
fn outcome_name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Verified => "verified",
        Outcome::NotVerified => "not-verified",
        Outcome::AttackSuspected => "attack-suspected",
        Outcome::FailureToAcquire => "failure-to-acquire",
        Outcome::Withdrawn => "withdrawn",
        Outcome::TimedOut => "timed-out",
        Outcome::DeviceUnavailable => "device-unavailable",
        Outcome::AwaitingIdentification => "awaiting-identification",
    }
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
