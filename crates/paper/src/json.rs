//! A document for other programs.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use document::content::Content;
use serde_json::{Value, json};
use verification::audit::AuditHead;
use verification::evidence::{Language, StillPurpose};
use verification::pad::AttemptRecord;
use verification::palm::PalmAttemptRecord;

use crate::judge::{Shown, Signed, State, reason_text};
use crate::texts::hex;

/// What the document says, under English names. Times are milliseconds of UTC, values of the vocabulary are spelt as in the
/// schema, stills are base64. It says who the person is.
pub fn json(shown: &Shown) -> Value {
    let content = &shown.content;
    json!({
        "state": state(shown.judged.state()),
        "reasons": shown.judged.reasons.iter().map(|(kind, reason)| json!({
            "state": state(reason.state()),
            "text": reason_text(*kind, reason, Language::En),
        })).collect::<Vec<_>>(),
        "document_sha256": hex(&shown.document_sha256),
        "document": document(content),
        "signature": signed(&shown.signature),
        "answer": shown.answer.as_ref().map(|(answer, by)| json!({
            "modality": name(answer.modality),
            "verdict": name(answer.verdict),
            "score": answer.score,
            "threshold": answer.threshold,
            "reference_source": answer.reference_source,
            "reference_date": answer.reference_date,
            "centre_request_id": answer.centre_request_id,
            "answered_at_ms": answer.answered_at.0,
            "signature": signed(by),
        })),
        "receipt": shown.receipt.as_ref().map(|(receipt, by)| json!({
            "received_at_ms": receipt.received_at.0,
            "kiosk_audit": receipt.kiosk_audit.as_ref().map(head),
            "gateway_audit": head(&receipt.gateway_audit),
            "signature": signed(by),
        })),
    })
}

fn document(content: &Content) -> Value {
    json!({
        "document_id": content.document_id.to_string(),
        "session_id": content.session_id.to_string(),
        "organisation": { "name": content.organisation.name, "bin": content.organisation.bin },
        "kiosk": { "kiosk_id": content.kiosk.kiosk_id, "software": content.kiosk.software },
        "language": content.language.tag(),
        "service": content.service.as_ref().map(|service| &service.0),
        "consents": content.consents.iter().map(|consent| json!({
            "text": consent.text,
            "version": consent.version,
            "language": consent.language.tag(),
            "given_at_ms": consent.given_at.0,
        })).collect::<Vec<_>>(),
        "claim": content.claim.as_ref().map(|iin| iin.expose()),
        "modality": content.modality.map(name),
        "started_at_ms": content.started_at.0,
        "ended_at_ms": content.ended_at.0,
        "outcome": name(content.outcome),
        "camera": content.camera.as_ref().map(|camera| json!({
            "name": camera.name, "bus_id": camera.bus_id, "replay": camera.replay,
        })),
        "attempts_before": content.attempts_before,
        "attempts": content.attempts.iter().map(attempt).collect::<Vec<_>>(),
        "stills": content.stills.iter().map(|still| json!({
            "purpose": match still.purpose {
                StillPurpose::Comparison => "Comparison".to_owned(),
                StillPurpose::Challenge(challenge) => name(challenge),
            },
            "frame": still.sample.frame,
            "width_px": still.sample.width_px,
            "height_px": still.sample.height_px,
            "jpeg": BASE64.encode(still.sample.jpeg.expose()),
        })).collect::<Vec<_>>(),
        "palm": content.palm.as_ref().map(|palm| json!({
            "scanner": palm.scanner.as_ref().map(|scanner| json!({
                "driver": scanner.driver,
                "model": scanner.model,
                "firmware": scanner.firmware,
                "serial": scanner.serial,
                "thermometer": scanner.thermometer,
            })),
            "expected": palm.expected.map(|reference| reference.0),
            "attempts_before": palm.attempts_before,
            "attempts": palm.attempts.iter().map(palm_attempt).collect::<Vec<_>>(),
            "enrolments": palm.enrolments.iter().map(name).collect::<Vec<_>>(),
        })),
        "comparison_min": content.policy.comparison_min,
        "audit": content.audit.as_ref().map(head),
    })
}

fn attempt(attempt: &AttemptRecord) -> Value {
    json!({
        "number": attempt.number,
        "started_at_ms": attempt.started_at.0,
        "failure": attempt.failure.map(name),
        "challenges": attempt.challenges.iter().map(|record| json!({
            "challenge": name(record.challenge),
            "prompted_at_s": record.prompted_at.as_secs_f64(),
            "completed_at_s": record.completed_at.map(|at| at.as_secs_f64()),
        })).collect::<Vec<_>>(),
        "parts": attempt.parts.iter().map(|part| json!({
            "part": name(part.part),
            "value": part.value,
            "threshold": part.threshold,
            "samples": part.samples,
            "finding": name(part.finding),
        })).collect::<Vec<_>>(),
        "stream": attempt.stream.as_ref().map(|stream| json!({
            "state": name(stream.state),
            "rate_hz": stream.rate_hz,
            "interval_p95_ms": stream.interval_p95_ms,
            "duplicates": stream.duplicates,
            "repeats": stream.repeats,
        })),
    })
}

fn palm_attempt(attempt: &PalmAttemptRecord) -> Value {
    json!({
        "number": attempt.number,
        "started_at_ms": attempt.started_at.0,
        "took_s": attempt.took.as_secs_f64(),
        "failure": attempt.failure.map(name),
        "scan": attempt.scan.as_ref().map(|scan| json!({
            "result": name(scan.result),
            "volume_ml": scan.readings.volume_ml,
            "surface_temperature_celsius": scan.readings.surface_temperature_celsius,
            "ambient_temperature_celsius": scan.readings.ambient_temperature_celsius,
            "vascular_quality": scan.readings.vascular_quality,
            "liveness": scan.readings.liveness,
            "quality": scan.quality.iter().map(name).collect::<Vec<_>>(),
        })),
        "parts": attempt.parts.iter().map(|part| json!({
            "part": name(part.part),
            "value": part.value,
            "min": part.min,
            "max": part.max,
            "finding": name(part.finding),
        })).collect::<Vec<_>>(),
    })
}

fn head(head: &AuditHead) -> Value {
    json!({ "log": head.log.to_string(), "number": head.number, "hash": hex(&head.hash) })
}

fn signed(signed: &Signed) -> Value {
    json!({
        "signer": signed.signer,
        "signing_time_ms": signed.signing_time.0,
        "certificate_serial": hex(signed.certificate.serial.as_bytes()),
        "certificate_sha256": hex(&signed.certificate.fingerprint.0),
        "certificate_not_before_ms": signed.certificate.validity.not_before.0,
        "certificate_not_after_ms": signed.certificate.validity.not_after.0,
        "stamp": signed.stamp.as_ref().map(|stamp| json!({
            "at_ms": stamp.at.0,
            "authority": stamp.authority,
            "serial": hex(&stamp.serial),
            "policy": stamp.policy.to_string(),
        })),
    })
}

/// `valid`, `cannot tell now` or `invalid`.
fn state(state: State) -> &'static str {
    match state {
        State::Valid => "valid",
        State::CannotTell => "cannot tell now",
        State::Invalid => "invalid",
    }
}

/// The name of a value of the vocabulary, which is what its `Debug` says.
fn name(value: impl std::fmt::Debug) -> String {
    format!("{value:?}")
}
