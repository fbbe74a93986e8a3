//! An attempt with the face.

use std::time::Duration;

use minicbor::{Decode, Encode};
use verification::capture::StreamMeasures;
use verification::pad::parts::PartRecord;
use verification::pad::{AttemptFailure, AttemptRecord, ChallengeRecord};
use verification::time::UtcMs;

use super::to_ns;
use crate::codes::{AttackSignCode, ChallengeCode, FindingCode, PadPartCode, StreamStateCode, canonical};

#[derive(Encode, Decode)]
#[cbor(map)]
pub(super) struct AttemptWire {
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
