//! The canonical, versioned bytes of one session.
//!
//! The form is CBOR (RFC 8949) with definite lengths and shortest integers: maps whose keys are the numbers
//! below in rising order, absent values left out, times in milliseconds of UTC, durations in nanoseconds,
//! measures as single precision floats. Key 0 of the outer map is the version of the format.

use std::time::Duration;

use minicbor::{Decode, Encode};
use thiserror::Error;
use verification::Sensitive;
use verification::capture::{CameraIdentity, CapturedSample, StreamMeasures};
use verification::evidence::{
    ConsentRecord, DocumentId, Evidence, KioskIdentity, Organisation, SessionId, Still, StillPurpose,
};
use verification::identifier::{Iin, IinError};
use verification::pad::parts::PartRecord;
use verification::pad::{AttemptFailure, AttemptRecord, ChallengeRecord};
use verification::policy::Policy;
use verification::service::ServiceId;
use verification::time::UtcMs;

use crate::codes::{
    AttackSignCode, ChallengeCode, FindingCode, LanguageCode, ModalityCode, OutcomeCode, PadPartCode,
    PassivePadCode, ScreenLightCode, StreamStateCode, canonical, from_bytes, to_bytes,
};

/// Version of the format that [`encode`] writes. Version 1 knew of attack detection the passive probability alone.
pub const VERSION: u32 = 2;

/// No document is longer than this.
pub const CONTENT_MAX_BYTES: usize = 8 * 1024 * 1024;

/// What a document says: the very [`Evidence`] that was encoded. `Debug` hides the identification number and
/// the pictures.
pub type Content = Evidence;

/// Why bytes are no document of this room.
#[derive(Debug, Error)]
pub enum DecodeError {
    /// Longer than [`CONTENT_MAX_BYTES`]; holds the length.
    #[error("a document has at most {CONTENT_MAX_BYTES} bytes, this one has {0}")]
    TooLarge(usize),
    /// The first entry is not the version.
    #[error("the document does not start with its version")]
    NoVersion,
    /// Another version of the format; holds which.
    #[error("version {0} of the document format is not known here")]
    UnknownVersion(u32),
    /// The structure is not that of a document.
    #[error("the document cannot be read{}", .at.map(|at| format!(", from byte {at} on")).unwrap_or_default())]
    Malformed {
        /// Offset from the start of the document, where the decoder knows it.
        at: Option<usize>,
    },
    /// More bytes follow after the document.
    #[error("bytes follow after the document")]
    TrailingBytes,
    /// The same content has another, the canonical, byte form.
    #[error("the document is not in canonical form")]
    NotCanonical,
    /// The claimed identity is no identification number.
    #[error("the claimed identity of the document is not an IIN")]
    Claim(#[source] IinError),
}

impl From<minicbor::decode::Error> for DecodeError {
    // The decoder's own error is dropped: its message may quote what it read.
    fn from(error: minicbor::decode::Error) -> Self {
        Self::Malformed { at: error.position() }
    }
}

/// The canonical bytes of a session: what the kiosk signs.
///
/// Values that the format cannot hold exactly are brought to the nearest one it can: a duration ends at 2^64
/// nanoseconds, and there is a single "not a number".
pub fn encode(evidence: &Evidence) -> Vec<u8> {
    let claim = evidence.claim.as_ref().map(|iin| Sensitive::new(iin.expose()));
    to_bytes(&ContentWire {
        version: VERSION,
        document_id: evidence.document_id.0,
        session_id: evidence.session_id.0,
        organisation: OrganisationWire {
            name: &evidence.organisation.name,
            bin: &evidence.organisation.bin,
        },
        kiosk: KioskWire {
            kiosk_id: &evidence.kiosk.kiosk_id,
            software: &evidence.kiosk.software,
        },
        language: evidence.language.into(),
        service: evidence.service.as_ref().map(|service| service.0.as_str()),
        consents: evidence.consents.iter().map(ConsentWire::from).collect(),
        claim: claim.as_ref().map(|digits| digits.expose().as_str()),
        modality: evidence.modality.map(Into::into),
        started_at_ms: evidence.started_at.0,
        ended_at_ms: evidence.ended_at.0,
        outcome: evidence.outcome.into(),
        camera: evidence.camera.as_ref().map(CameraWire::from),
        attempts: evidence.attempts.iter().map(AttemptWire::from).collect(),
        stills: evidence.stills.iter().map(StillWire::from).collect(),
        policy: PolicyWire::from(&evidence.policy),
        attempts_before: evidence.attempts_before,
    })
}

/// Reads what [`encode`] wrote, and nothing else.
///
/// # Errors
/// Names why the bytes are refused; see [`DecodeError`]. Never panics.
pub fn decode(bytes: &[u8]) -> Result<Content, DecodeError> {
    let wire: ContentWire<'_> = from_bytes(bytes, VERSION)?;
    let content = Content {
        document_id: DocumentId(wire.document_id),
        session_id: SessionId(wire.session_id),
        organisation: Organisation {
            name: wire.organisation.name.to_owned(),
            bin: wire.organisation.bin.to_owned(),
        },
        kiosk: KioskIdentity {
            kiosk_id: wire.kiosk.kiosk_id.to_owned(),
            software: wire.kiosk.software.to_owned(),
        },
        language: wire.language.into(),
        service: wire.service.map(|service| ServiceId(service.to_owned())),
        consents: wire.consents.into_iter().map(Into::into).collect(),
        claim: wire
            .claim
            .map(str::parse::<Iin>)
            .transpose()
            .map_err(DecodeError::Claim)?,
        modality: wire.modality.map(Into::into),
        started_at: UtcMs(wire.started_at_ms),
        ended_at: UtcMs(wire.ended_at_ms),
        outcome: wire.outcome.into(),
        camera: wire.camera.map(Into::into),
        attempts: wire.attempts.into_iter().map(Into::into).collect(),
        stills: wire.stills.into_iter().map(Into::into).collect(),
        policy: wire.policy.into(),
        attempts_before: wire.attempts_before,
    };
    if encode(&content) != bytes {
        return Err(DecodeError::NotCanonical);
    }
    Ok(content)
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct ContentWire<'a> {
    #[n(0)]
    version: u32,
    #[cbor(n(1), with = "minicbor::bytes")]
    document_id: [u8; 16],
    #[cbor(n(2), with = "minicbor::bytes")]
    session_id: [u8; 16],
    #[b(3)]
    organisation: OrganisationWire<'a>,
    #[b(4)]
    kiosk: KioskWire<'a>,
    #[n(5)]
    language: LanguageCode,
    #[b(6)]
    service: Option<&'a str>,
    #[b(7)]
    consents: Vec<ConsentWire<'a>>,
    #[b(8)]
    claim: Option<&'a str>,
    #[n(9)]
    modality: Option<ModalityCode>,
    #[n(10)]
    started_at_ms: i64,
    #[n(11)]
    ended_at_ms: i64,
    #[n(12)]
    outcome: OutcomeCode,
    #[b(13)]
    camera: Option<CameraWire<'a>>,
    #[n(14)]
    attempts: Vec<AttemptWire>,
    #[b(15)]
    stills: Vec<StillWire<'a>>,
    #[n(16)]
    policy: PolicyWire,
    #[n(17)]
    attempts_before: u8,
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct OrganisationWire<'a> {
    #[b(0)]
    name: &'a str,
    #[b(1)]
    bin: &'a str,
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct KioskWire<'a> {
    #[b(0)]
    kiosk_id: &'a str,
    #[b(1)]
    software: &'a str,
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct ConsentWire<'a> {
    #[b(0)]
    text: &'a str,
    #[n(1)]
    version: u32,
    #[n(2)]
    language: LanguageCode,
    #[n(3)]
    given_at_ms: i64,
}

impl<'a> From<&'a ConsentRecord> for ConsentWire<'a> {
    fn from(record: &'a ConsentRecord) -> Self {
        Self {
            text: &record.text,
            version: record.version,
            language: record.language.into(),
            given_at_ms: record.given_at.0,
        }
    }
}

impl From<ConsentWire<'_>> for ConsentRecord {
    fn from(wire: ConsentWire<'_>) -> Self {
        Self {
            text: wire.text.to_owned(),
            version: wire.version,
            language: wire.language.into(),
            given_at: UtcMs(wire.given_at_ms),
        }
    }
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct CameraWire<'a> {
    #[b(0)]
    name: &'a str,
    #[b(1)]
    bus_id: &'a str,
    #[n(2)]
    replay: bool,
}

impl<'a> From<&'a CameraIdentity> for CameraWire<'a> {
    fn from(camera: &'a CameraIdentity) -> Self {
        Self {
            name: &camera.name,
            bus_id: &camera.bus_id,
            replay: camera.replay,
        }
    }
}

impl From<CameraWire<'_>> for CameraIdentity {
    fn from(wire: CameraWire<'_>) -> Self {
        Self {
            name: wire.name.to_owned(),
            bus_id: wire.bus_id.to_owned(),
            replay: wire.replay,
        }
    }
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct AttemptWire {
    #[n(0)]
    number: u8,
    #[n(1)]
    started_at_ms: i64,
    #[n(2)]
    challenges: Vec<ChallengeWire>,
    #[n(4)]
    failure: Option<FailureWire>,
    #[n(5)]
    parts: Vec<PartWire>,
    #[n(6)]
    stream: Option<StreamWire>,
}

impl From<&AttemptRecord> for AttemptWire {
    fn from(record: &AttemptRecord) -> Self {
        Self {
            number: record.number,
            started_at_ms: record.started_at.0,
            challenges: record.challenges.iter().map(ChallengeWire::from).collect(),
            failure: record.failure.map(FailureWire::from),
            parts: record.parts.iter().map(PartWire::from).collect(),
            stream: record.stream.as_ref().map(StreamWire::from),
        }
    }
}

impl From<AttemptWire> for AttemptRecord {
    fn from(wire: AttemptWire) -> Self {
        Self {
            number: wire.number,
            started_at: UtcMs(wire.started_at_ms),
            challenges: wire.challenges.into_iter().map(Into::into).collect(),
            parts: wire.parts.into_iter().map(Into::into).collect(),
            stream: wire.stream.map(Into::into),
            failure: wire.failure.map(Into::into),
        }
    }
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct PartWire {
    #[n(0)]
    part: PadPartCode,
    #[n(1)]
    value: Option<f32>,
    #[n(2)]
    threshold: f32,
    #[n(3)]
    samples: u32,
    #[n(4)]
    finding: FindingCode,
}

impl From<&PartRecord> for PartWire {
    fn from(record: &PartRecord) -> Self {
        Self {
            part: record.part.into(),
            value: record.value.map(canonical),
            threshold: canonical(record.threshold),
            samples: record.samples,
            finding: record.finding.into(),
        }
    }
}

impl From<PartWire> for PartRecord {
    fn from(wire: PartWire) -> Self {
        Self {
            part: wire.part.into(),
            value: wire.value,
            threshold: wire.threshold,
            samples: wire.samples,
            finding: wire.finding.into(),
        }
    }
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct StreamWire {
    #[n(0)]
    state: StreamStateCode,
    #[n(1)]
    rate_hz: f32,
    #[n(2)]
    interval_p95_ms: f32,
    #[n(3)]
    duplicates: u32,
    #[n(4)]
    repeats: u32,
}

impl From<&StreamMeasures> for StreamWire {
    fn from(stream: &StreamMeasures) -> Self {
        Self {
            state: stream.state.into(),
            rate_hz: canonical(stream.rate_hz),
            interval_p95_ms: canonical(stream.interval_p95_ms),
            duplicates: stream.duplicates,
            repeats: stream.repeats,
        }
    }
}

impl From<StreamWire> for StreamMeasures {
    fn from(wire: StreamWire) -> Self {
        Self {
            state: wire.state.into(),
            rate_hz: wire.rate_hz,
            interval_p95_ms: wire.interval_p95_ms,
            duplicates: wire.duplicates,
            repeats: wire.repeats,
        }
    }
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct ChallengeWire {
    #[n(0)]
    challenge: ChallengeCode,
    #[n(1)]
    prompted_at_ns: u64,
    #[n(2)]
    completed_at_ns: Option<u64>,
}

impl From<&ChallengeRecord> for ChallengeWire {
    fn from(record: &ChallengeRecord) -> Self {
        Self {
            challenge: record.challenge.into(),
            prompted_at_ns: to_ns(record.prompted_at),
            completed_at_ns: record.completed_at.map(to_ns),
        }
    }
}

impl From<ChallengeWire> for ChallengeRecord {
    fn from(wire: ChallengeWire) -> Self {
        Self {
            challenge: wire.challenge.into(),
            prompted_at: Duration::from_nanos(wire.prompted_at_ns),
            completed_at: wire.completed_at_ns.map(Duration::from_nanos),
        }
    }
}

#[derive(Encode, Decode)]
#[cbor(flat)]
enum FailureWire {
    #[n(1)]
    NotPerformed(#[n(0)] ChallengeCode),
    #[n(2)]
    WrongAction(#[n(0)] ChallengeCode),
    #[n(3)]
    FaceLost,
    #[n(4)]
    SeveralFaces,
    #[n(5)]
    Jump,
    #[n(6)]
    Attack(#[n(0)] AttackSignCode),
    #[n(7)]
    Interrupted,
    #[n(8)]
    Cut,
    #[n(9)]
    AnotherPerson,
    #[n(10)]
    Frozen,
}

impl From<AttemptFailure> for FailureWire {
    fn from(failure: AttemptFailure) -> Self {
        match failure {
            AttemptFailure::NotPerformed(challenge) => Self::NotPerformed(challenge.into()),
            AttemptFailure::WrongAction(challenge) => Self::WrongAction(challenge.into()),
            AttemptFailure::FaceLost => Self::FaceLost,
            AttemptFailure::SeveralFaces => Self::SeveralFaces,
            AttemptFailure::Jump => Self::Jump,
            AttemptFailure::Attack(sign) => Self::Attack(sign.into()),
            AttemptFailure::Interrupted => Self::Interrupted,
            AttemptFailure::Cut => Self::Cut,
            AttemptFailure::AnotherPerson => Self::AnotherPerson,
            AttemptFailure::Frozen => Self::Frozen,
        }
    }
}

impl From<FailureWire> for AttemptFailure {
    fn from(wire: FailureWire) -> Self {
        match wire {
            FailureWire::NotPerformed(challenge) => Self::NotPerformed(challenge.into()),
            FailureWire::WrongAction(challenge) => Self::WrongAction(challenge.into()),
            FailureWire::FaceLost => Self::FaceLost,
            FailureWire::SeveralFaces => Self::SeveralFaces,
            FailureWire::Jump => Self::Jump,
            FailureWire::Attack(sign) => Self::Attack(sign.into()),
            FailureWire::Interrupted => Self::Interrupted,
            FailureWire::Cut => Self::Cut,
            FailureWire::AnotherPerson => Self::AnotherPerson,
            FailureWire::Frozen => Self::Frozen,
        }
    }
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct StillWire<'a> {
    #[n(0)]
    purpose: PurposeWire,
    #[n(1)]
    frame: u64,
    #[n(2)]
    width_px: u32,
    #[n(3)]
    height_px: u32,
    #[cbor(b(4), with = "minicbor::bytes")]
    jpeg: &'a [u8],
}

impl<'a> From<&'a Still> for StillWire<'a> {
    fn from(still: &'a Still) -> Self {
        Self {
            purpose: still.purpose.into(),
            frame: still.sample.frame,
            width_px: still.sample.width_px,
            height_px: still.sample.height_px,
            jpeg: still.sample.jpeg.expose(),
        }
    }
}

impl From<StillWire<'_>> for Still {
    fn from(wire: StillWire<'_>) -> Self {
        Self {
            purpose: wire.purpose.into(),
            sample: CapturedSample {
                frame: wire.frame,
                width_px: wire.width_px,
                height_px: wire.height_px,
                jpeg: Sensitive::new(wire.jpeg.to_vec()),
            },
        }
    }
}

#[derive(Encode, Decode)]
#[cbor(flat)]
enum PurposeWire {
    #[n(1)]
    Comparison,
    #[n(2)]
    Challenge(#[n(0)] ChallengeCode),
}

impl From<StillPurpose> for PurposeWire {
    fn from(purpose: StillPurpose) -> Self {
        match purpose {
            StillPurpose::Comparison => Self::Comparison,
            StillPurpose::Challenge(challenge) => Self::Challenge(challenge.into()),
        }
    }
}

impl From<PurposeWire> for StillPurpose {
    fn from(wire: PurposeWire) -> Self {
        match wire {
            PurposeWire::Comparison => Self::Comparison,
            PurposeWire::Challenge(challenge) => Self::Challenge(challenge.into()),
        }
    }
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct PolicyWire {
    #[n(0)]
    attempts: u8,
    #[n(1)]
    challenges_per_attempt: u8,
    #[n(2)]
    challenge_set: Vec<ChallengeCode>,
    #[n(3)]
    challenge_window_ns: u64,
    #[n(4)]
    positioning_limit_ns: u64,
    #[n(5)]
    neutral_hold_ns: u64,
    #[n(6)]
    face_lost_limit_ns: u64,
    #[n(7)]
    idle_limit_ns: u64,
    #[n(8)]
    identification_patience_ns: u64,
    #[n(9)]
    inter_eye_distance_min_px: f32,
    #[n(10)]
    turn_min_deg: f32,
    #[n(11)]
    nod_min_deg: f32,
    #[n(12)]
    neutral_max_deg: f32,
    #[n(13)]
    eye_closed_part: f32,
    #[n(14)]
    mouth_open_rise: f32,
    #[n(16)]
    passive: PassivePadCode,
    #[n(17)]
    passive_min: f32,
    #[n(18)]
    comparison_min: f32,
    #[n(19)]
    light: ScreenLightCode,
    #[n(20)]
    relief_min: f32,
    #[n(21)]
    cut_out_max: f32,
    #[n(22)]
    screen_max: f32,
    #[n(23)]
    likeness_min: f32,
    #[n(24)]
    face_change_max: f32,
    #[n(25)]
    scene_change_max: f32,
    #[n(26)]
    head_speed_max_deg_s: f32,
    #[n(27)]
    luminance_min: f32,
    #[n(28)]
    luminance_max: f32,
    #[n(29)]
    distance_min_mm: f32,
    #[n(30)]
    light_gain_min: f32,
    #[n(31)]
    smile_rise: f32,
}

impl From<&Policy> for PolicyWire {
    fn from(policy: &Policy) -> Self {
        Self {
            attempts: policy.attempts,
            challenges_per_attempt: policy.challenges_per_attempt,
            challenge_set: policy.challenge_set.iter().copied().map(Into::into).collect(),
            challenge_window_ns: to_ns(policy.challenge_window),
            positioning_limit_ns: to_ns(policy.positioning_limit),
            neutral_hold_ns: to_ns(policy.neutral_hold),
            face_lost_limit_ns: to_ns(policy.face_lost_limit),
            idle_limit_ns: to_ns(policy.idle_limit),
            identification_patience_ns: to_ns(policy.identification_patience),
            inter_eye_distance_min_px: canonical(policy.inter_eye_distance_min_px),
            turn_min_deg: canonical(policy.turn_min_deg),
            nod_min_deg: canonical(policy.nod_min_deg),
            neutral_max_deg: canonical(policy.neutral_max_deg),
            eye_closed_part: canonical(policy.eye_closed_part),
            mouth_open_rise: canonical(policy.mouth_open_rise),
            passive: policy.passive.into(),
            passive_min: canonical(policy.passive_min),
            comparison_min: canonical(policy.comparison_min),
            light: policy.light.into(),
            relief_min: canonical(policy.relief_min),
            cut_out_max: canonical(policy.cut_out_max),
            screen_max: canonical(policy.screen_max),
            likeness_min: canonical(policy.likeness_min),
            face_change_max: canonical(policy.face_change_max),
            scene_change_max: canonical(policy.scene_change_max),
            head_speed_max_deg_s: canonical(policy.head_speed_max_deg_s),
            luminance_min: canonical(policy.luminance_min),
            luminance_max: canonical(policy.luminance_max),
            distance_min_mm: canonical(policy.distance_min_mm),
            light_gain_min: canonical(policy.light_gain_min),
            smile_rise: canonical(policy.smile_rise),
        }
    }
}

impl From<PolicyWire> for Policy {
    fn from(wire: PolicyWire) -> Self {
        Self {
            attempts: wire.attempts,
            challenges_per_attempt: wire.challenges_per_attempt,
            challenge_set: wire.challenge_set.into_iter().map(Into::into).collect(),
            challenge_window: Duration::from_nanos(wire.challenge_window_ns),
            positioning_limit: Duration::from_nanos(wire.positioning_limit_ns),
            neutral_hold: Duration::from_nanos(wire.neutral_hold_ns),
            face_lost_limit: Duration::from_nanos(wire.face_lost_limit_ns),
            idle_limit: Duration::from_nanos(wire.idle_limit_ns),
            identification_patience: Duration::from_nanos(wire.identification_patience_ns),
            inter_eye_distance_min_px: wire.inter_eye_distance_min_px,
            turn_min_deg: wire.turn_min_deg,
            nod_min_deg: wire.nod_min_deg,
            neutral_max_deg: wire.neutral_max_deg,
            eye_closed_part: wire.eye_closed_part,
            mouth_open_rise: wire.mouth_open_rise,
            passive: wire.passive.into(),
            passive_min: wire.passive_min,
            comparison_min: wire.comparison_min,
            light: wire.light.into(),
            relief_min: wire.relief_min,
            cut_out_max: wire.cut_out_max,
            screen_max: wire.screen_max,
            likeness_min: wire.likeness_min,
            face_change_max: wire.face_change_max,
            scene_change_max: wire.scene_change_max,
            head_speed_max_deg_s: wire.head_speed_max_deg_s,
            luminance_min: wire.luminance_min,
            luminance_max: wire.luminance_max,
            distance_min_mm: wire.distance_min_mm,
            light_gain_min: wire.light_gain_min,
            smile_rise: wire.smile_rise,
        }
    }
}

fn to_ns(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
