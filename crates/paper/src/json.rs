//! A document for other programs.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use document::content::Content;
use serde_json::{Value, json};
use verification::audit::AuditHead;
use verification::date::Date;
use verification::evidence::{Language, Still, StillPurpose};
use verification::pad::AttemptRecord;
use verification::palm::PalmAttemptRecord;
use verification::policy::Policy;
use verification::request;

use crate::judge::{Shown, Signed, State, reason_text};
use crate::texts::hex;

/// What the document says, under English names. Times are milliseconds of UTC, days `YYYY-MM-DD`, values of the vocabulary are spelt as in the
/// schema, stills are base64. It says who the person is
/// and what was entered.
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
            "centre_answer_id": answer.centre_answer_id,
            "answered_at_ms": answer.answered_at.0,
            "nbas": answer.nbas.map(name),
            "request": answer.request.map(name),
            "decided_by": name(answer.decided_by),
            "examiner": answer.examiner,
            "reason": answer.reason.map(name),
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
        "profile": { "name": content.profile.name, "sha256": hex(&content.profile.sha256) },
        "legal_basis": content.legal_basis,
        "consents": content.consents.iter().map(|consent| json!({
            "text": consent.text,
            "version": consent.version,
            "language": consent.language.tag(),
            "given": consent.given,
            "answered_at_ms": consent.answered_at.0,
        })).collect::<Vec<_>>(),
        "entries": content.entries.iter().map(|entry| json!({
            "field": entry.field,
            "value": entry.value.expose(),
            "look_alike": entry.look_alike,
        })).collect::<Vec<_>>(),
        "identity_document": content.identity_document.as_ref().map(|read| json!({
            "kind": read.kind,
            "number": read.number.expose(),
            "surname": read.surname.expose(),
            "given_names": read.given_names.expose(),
            "expires": read.expires.to_string(),
        })),
        "request": content.request.as_ref().map(|made| json!({
            "kind": made.kind,
            "number": request::number(content.document_id, Date::from_utc(content.ended_at)),
            "due": made.due.to_string(),
        })),
        "asks_request_state": content.asks_request_state,
        "suspicions": content.suspicions,
        "operator": content.operator,
        "route": name(content.route),
        "route_reason": content.route_reason.map(name),
        "call_back": content.call_back.as_ref().map(|number| number.expose()),
        "integrity": content.integrity.as_ref().map(|record| json!({
            "codes": record.codes,
            "checked_at_ms": record.checked_at.0,
        })),
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
        "stills": content.stills.iter().map(still).collect::<Vec<_>>(),
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
        "policy": policy(&content.policy),
        "audit": content.audit.as_ref().map(head),
    })
}

/// What a program may have to act on; the rest of the numbers is for people and stands in the other forms.
fn policy(policy: &Policy) -> Value {
    json!({
        "comparison_min": policy.comparison_min,
        "nbas_enrolment_min": policy.nbas_enrolment_min,
        "operator": name(policy.operator),
        "retention_years": policy.retention_years,
        "integrity": {
            "files": name(policy.integrity.files),
            "debugger": name(policy.integrity.debugger),
            "injected_libraries": name(policy.integrity.injected_libraries),
            "virtual_environment": name(policy.integrity.virtual_environment),
        },
    })
}

fn still(still: &Still) -> Value {
    json!({
        "purpose": match still.purpose {
            StillPurpose::Challenge(challenge) => name(challenge),
            purpose => name(purpose),
        },
        "frame": still.sample.frame,
        "width_px": still.sample.width_px,
        "height_px": still.sample.height_px,
        "jpeg": BASE64.encode(still.sample.jpeg.expose()),
        "quality": still.quality.map(|quality| json!({
            "inter_eye_distance_px": quality.inter_eye_distance_px,
            "sharpness": quality.sharpness,
            "luminance_mean": quality.luminance_mean,
            "yaw_deg": quality.yaw_deg,
            "pitch_deg": quality.pitch_deg,
        })),
        "page": still.page.map(|page| json!({
            "long_side_px": page.long_side_px,
            "aspect": page.aspect,
            "sharpness": page.sharpness,
            "glare_part": page.glare_part,
            "luminance_mean": page.luminance_mean,
        })),
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
