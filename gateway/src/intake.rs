//! The checks that a document passes before it is stored.

use document::content::{self, Content};
use document::signature::{self, VerifyError};
use sync::wire::RefusalCode;
use verification::evidence::{DocumentId, Modality, Outcome, StillPurpose};
use verification::identifier::Iin;
use verification::palm::ScanResult;
use verification::time::UtcMs;

use crate::idec::{PalmRecord, Probe};
use crate::store::{NewDocument, Put, Store};

/// When a kiosk is to try again after the store failed.
const RETRY_AFTER_MS: u64 = 30_000;

/// Who sends, and what proves it.
#[derive(Debug)]
pub struct Sender<'a> {
    /// The name in the certificate of the connection.
    pub kiosk_id: &'a str,
    /// Authorities in DER whose signers are accepted.
    pub anchors: &'a [Vec<u8>],
}

/// Checks a document and stores it. `Ok` means that it is on the disk, now or since before.
///
/// # Errors
/// The refusal that the kiosk is to hear.
pub fn accept(
    store: &Store,
    sender: &Sender<'_>,
    id: DocumentId,
    signed: &[u8],
    now: UtcMs,
) -> Result<(), RefusalCode> {
    let verified = signature::verify(signed, sender.anchors, now).map_err(|error| {
        tracing::warn!(document = %id, kiosk = sender.kiosk_id, %error, "a document was refused");
        refusal(&error)
    })?;
    let content = content::decode(verified.content.expose()).map_err(|error| {
        tracing::warn!(document = %id, kiosk = sender.kiosk_id, %error, "a document was refused");
        RefusalCode::Malformed
    })?;
    let names = [
        verified.signer_common_name.as_str(),
        content.kiosk.kiosk_id.as_str(),
    ];
    if names.iter().any(|name| *name != sender.kiosk_id) {
        tracing::warn!(document = %id, kiosk = sender.kiosk_id, "a document of another kiosk was refused");
        return Err(RefusalCode::WrongKiosk);
    }
    if content.document_id != id {
        tracing::warn!(document = %id, kiosk = sender.kiosk_id, "a document under another id was refused");
        return Err(RefusalCode::IdConflict);
    }
    let document = NewDocument {
        id,
        kiosk_id: sender.kiosk_id,
        outcome: outcome_name(content.outcome),
        signed,
        asks: question(&content).is_some(),
    };
    match store.put(&document, now) {
        Ok(Put::New) => {
            tracing::info!(document = %id, kiosk = sender.kiosk_id, outcome = document.outcome, "a document was stored");
            Ok(())
        }
        Ok(Put::Known) => Ok(()),
        Ok(Put::Conflict) => {
            tracing::warn!(document = %id, kiosk = sender.kiosk_id, "another document under a known id was refused");
            Err(RefusalCode::IdConflict)
        }
        Err(error) => {
            tracing::error!(document = %id, error = &error as &dyn std::error::Error, "a document could not be stored");
            Err(RefusalCode::Unavailable {
                retry_after_ms: RETRY_AFTER_MS,
            })
        }
    }
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
        VerifyError::Anchor(_) => RefusalCode::Unavailable {
            retry_after_ms: RETRY_AFTER_MS,
        },
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
