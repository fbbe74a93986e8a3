//! Notices as JSON. The published schemas are `docs/schemas/notice-*.json`.

use jiff::Timestamp;
use serde::Serialize;
use verification::Sensitive;
use verification::identifier::Iin;
use verification::time::UtcMs;

use crate::identity::IdentityRule;
use crate::notice::{Body, Notice, modality_name, outcome_name, refusal_name, source_name, verdict_name};

/// Version of the envelope and of what is in it. Version 1 did not say who decided.
pub const VERSION: u32 = 2;

/// Writes notices as the institution has configured it.
#[derive(Debug, Clone, Default)]
pub struct Writer {
    /// Whether and how results name the person.
    pub identity: IdentityRule,
}

impl Writer {
    /// The bytes that are stored, signed and sent. They may be personal.
    pub fn write(&self, notice: &Notice, created_at: UtcMs) -> Sensitive<Vec<u8>> {
        let body = match &notice.body {
            Body::Result(result) => BodyWire::Result(ResultWire {
                document_id: result.document_id.to_string(),
                kiosk_id: &result.kiosk_id,
                service: result.service.as_deref(),
                profile: result.profile.as_deref(),
                modality: result.modality.map(modality_name),
                outcome: outcome_name(result.outcome),
                started_at: time(result.started_at),
                ended_at: time(result.ended_at),
                subject: result.claim.as_ref().and_then(|claim| self.subject(claim)),
                answer: result.answer.as_ref().map(|answer| AnswerWire {
                    verdict: verdict_name(answer.verdict),
                    score: answer.score.filter(|score| score.is_finite()),
                    threshold: answer.threshold.filter(|threshold| threshold.is_finite()),
                    decided_by: source_name(answer.decided_by),
                    reason: answer.reason.map(refusal_name),
                    answered_at: time(answer.answered_at),
                }),
            }),
            Body::Suspicion(suspicion) => BodyWire::Suspicion(SuspicionWire {
                code: suspicion.code.as_str(),
                document_id: suspicion.document_id.to_string(),
                kiosk_id: &suspicion.kiosk_id,
                at: time(suspicion.at),
            }),
            Body::Request(request) => BodyWire::Request(RequestWire {
                document_id: request.document_id.to_string(),
                number: &request.number,
                kind: &request.kind,
                received_at: time(request.received_at),
                due_at: time(request.due_at),
                state: request.state,
                version: request.version,
            }),
        };
        let envelope = EnvelopeWire {
            version: VERSION,
            id: notice.id.to_string(),
            kind: notice.kind().name(),
            created_at: time(created_at),
            institution_bin: &notice.institution_bin,
            body,
        };
        // Maps with text for keys and finite numbers always have a JSON.
        Sensitive::new(serde_json::to_vec(&envelope).unwrap_or_default())
    }

    fn subject(&self, claim: &Iin) -> Option<SubjectWire> {
        let (form, value) = match &self.identity {
            IdentityRule::None => return None,
            IdentityRule::Iin => ("iin", claim.expose()),
            IdentityRule::Hash(key) => ("hmac-sha256", key.hash(claim)),
        };
        Some(SubjectWire {
            form,
            value: Secret(Sensitive::new(value)),
        })
    }
}

/// RFC 3339 in UTC, to the millisecond. What a kiosk's clock can never have shown becomes the nearest it could have.
fn time(at: UtcMs) -> String {
    let within = at.0.clamp(0, Timestamp::MAX.as_millisecond());
    let timestamp = Timestamp::from_millisecond(within).unwrap_or_default();
    format!("{timestamp:.3}")
}

#[derive(Serialize)]
struct EnvelopeWire<'a> {
    version: u32,
    id: String,
    kind: &'static str,
    created_at: String,
    institution_bin: &'a str,
    body: BodyWire<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum BodyWire<'a> {
    Result(ResultWire<'a>),
    Suspicion(SuspicionWire<'a>),
    Request(RequestWire<'a>),
}

#[derive(Serialize)]
struct ResultWire<'a> {
    document_id: String,
    kiosk_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    modality: Option<&'static str>,
    outcome: &'static str,
    started_at: String,
    ended_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<SubjectWire>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<AnswerWire>,
}

#[derive(Serialize)]
struct AnswerWire {
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    threshold: Option<f32>,
    decided_by: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    answered_at: String,
}

#[derive(Serialize)]
struct SubjectWire {
    form: &'static str,
    value: Secret,
}

/// What may be personal; wiped when the notice is written.
struct Secret(Sensitive<String>);

impl Serialize for Secret {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose())
    }
}

#[derive(Serialize)]
struct SuspicionWire<'a> {
    code: &'a str,
    document_id: String,
    kiosk_id: &'a str,
    at: String,
}

#[derive(Serialize)]
struct RequestWire<'a> {
    document_id: String,
    number: &'a str,
    kind: &'a str,
    received_at: String,
    due_at: String,
    state: &'static str,
    version: u32,
}
