//! What was done with the palm.

use std::time::Duration;

use minicbor::{Decode, Encode};
use verification::evidence::PalmEvidence;
use verification::palm::decision::{PalmFailure, PalmPartRecord};
use verification::palm::{
    CaptureSeal, EnrolOutcome, PalmAttemptRecord, PalmCapabilities, PalmReadings, PalmReference, PalmScan,
    ScanResult, ScannerIdentity, SealState,
};
use verification::time::UtcMs;

use super::to_ns;
use crate::codes::{FindingCode, PalmPartCode, PalmQualityCode, SealFaultCode, canonical};

#[derive(Encode, Decode)]
#[cbor(map)]
pub(super) struct PalmWire<'a> {
    #[b(0)]
    scanner: Option<ScannerWire<'a>>,
    #[n(1)]
    expected: Option<u32>,
    #[b(2)]
    attempts: Vec<PalmAttemptWire<'a>>,
    #[n(3)]
    attempts_before: u8,
    #[n(4)]
    enrolments: Vec<EnrolmentWire>,
}

impl<'a> From<&'a PalmEvidence> for PalmWire<'a> {
    fn from(palm: &'a PalmEvidence) -> Self {
        Self {
            scanner: palm.scanner.as_ref().map(ScannerWire::from),
            expected: palm.expected.map(|reference| reference.0),
            attempts: palm.attempts.iter().map(PalmAttemptWire::from).collect(),
            attempts_before: palm.attempts_before,
            enrolments: palm.enrolments.iter().copied().map(Into::into).collect(),
        }
    }
}

impl From<PalmWire<'_>> for PalmEvidence {
    fn from(wire: PalmWire<'_>) -> Self {
        Self {
            scanner: wire.scanner.map(Into::into),
            expected: wire.expected.map(PalmReference),
            attempts: wire.attempts.into_iter().map(Into::into).collect(),
            attempts_before: wire.attempts_before,
            enrolments: wire.enrolments.into_iter().map(Into::into).collect(),
        }
    }
}

#[derive(Encode, Decode)]
#[cbor(flat)]
enum EnrolmentWire {
    #[n(1)]
    Enrolled(#[n(0)] u32),
    #[n(2)]
    AlreadyEnrolled,
    #[n(3)]
    Full,
    #[n(4)]
    Rejected,
    #[n(5)]
    NotLive,
    #[n(6)]
    NotAPalm,
    #[n(7)]
    NothingPresented,
}

impl From<EnrolOutcome> for EnrolmentWire {
    fn from(outcome: EnrolOutcome) -> Self {
        match outcome {
            EnrolOutcome::Enrolled(reference) => Self::Enrolled(reference.0),
            EnrolOutcome::AlreadyEnrolled => Self::AlreadyEnrolled,
            EnrolOutcome::Full => Self::Full,
            EnrolOutcome::Rejected => Self::Rejected,
            EnrolOutcome::NotLive => Self::NotLive,
            EnrolOutcome::NotAPalm => Self::NotAPalm,
            EnrolOutcome::NothingPresented => Self::NothingPresented,
        }
    }
}

impl From<EnrolmentWire> for EnrolOutcome {
    fn from(wire: EnrolmentWire) -> Self {
        match wire {
            EnrolmentWire::Enrolled(reference) => Self::Enrolled(PalmReference(reference)),
            EnrolmentWire::AlreadyEnrolled => Self::AlreadyEnrolled,
            EnrolmentWire::Full => Self::Full,
            EnrolmentWire::Rejected => Self::Rejected,
            EnrolmentWire::NotLive => Self::NotLive,
            EnrolmentWire::NotAPalm => Self::NotAPalm,
            EnrolmentWire::NothingPresented => Self::NothingPresented,
        }
    }
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct ScannerWire<'a> {
    #[b(0)]
    driver: &'a str,
    #[b(1)]
    model: &'a str,
    #[b(2)]
    firmware: &'a str,
    #[b(3)]
    serial: &'a str,
    #[b(4)]
    thermometer: Option<&'a str>,
    #[n(5)]
    capabilities: CapabilitiesWire,
}

impl<'a> From<&'a ScannerIdentity> for ScannerWire<'a> {
    fn from(scanner: &'a ScannerIdentity) -> Self {
        Self {
            driver: &scanner.driver,
            model: &scanner.model,
            firmware: &scanner.firmware,
            serial: &scanner.serial,
            thermometer: scanner.thermometer.as_deref(),
            capabilities: scanner.capabilities.into(),
        }
    }
}

impl From<ScannerWire<'_>> for ScannerIdentity {
    fn from(wire: ScannerWire<'_>) -> Self {
        Self {
            driver: wire.driver.to_owned(),
            model: wire.model.to_owned(),
            firmware: wire.firmware.to_owned(),
            serial: wire.serial.to_owned(),
            thermometer: wire.thermometer.map(str::to_owned),
            capabilities: wire.capabilities.into(),
        }
    }
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct CapabilitiesWire {
    #[n(0)]
    vascular: bool,
    #[n(1)]
    volume: bool,
    #[n(2)]
    temperature: bool,
    #[n(3)]
    liveness: bool,
    #[n(4)]
    seal: bool,
}

impl From<PalmCapabilities> for CapabilitiesWire {
    fn from(capabilities: PalmCapabilities) -> Self {
        Self {
            vascular: capabilities.vascular,
            volume: capabilities.volume,
            temperature: capabilities.temperature,
            liveness: capabilities.liveness,
            seal: capabilities.seal,
        }
    }
}

impl From<CapabilitiesWire> for PalmCapabilities {
    fn from(wire: CapabilitiesWire) -> Self {
        Self {
            vascular: wire.vascular,
            volume: wire.volume,
            temperature: wire.temperature,
            liveness: wire.liveness,
            seal: wire.seal,
        }
    }
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct PalmAttemptWire<'a> {
    #[n(0)]
    number: u8,
    #[n(1)]
    started_at_ms: i64,
    #[n(2)]
    took_ns: u64,
    #[b(3)]
    scan: Option<ScanWire<'a>>,
    #[n(4)]
    parts: Vec<PalmPartWire>,
    #[n(5)]
    failure: Option<PalmFailureWire>,
}

impl<'a> From<&'a PalmAttemptRecord> for PalmAttemptWire<'a> {
    fn from(record: &'a PalmAttemptRecord) -> Self {
        Self {
            number: record.number,
            started_at_ms: record.started_at.0,
            took_ns: to_ns(record.took),
            scan: record.scan.as_ref().map(ScanWire::from),
            parts: record.parts.iter().map(PalmPartWire::from).collect(),
            failure: record.failure.map(PalmFailureWire::from),
        }
    }
}

impl From<PalmAttemptWire<'_>> for PalmAttemptRecord {
    fn from(wire: PalmAttemptWire<'_>) -> Self {
        Self {
            number: wire.number,
            started_at: UtcMs(wire.started_at_ms),
            took: Duration::from_nanos(wire.took_ns),
            scan: wire.scan.map(Into::into),
            parts: wire.parts.into_iter().map(Into::into).collect(),
            failure: wire.failure.map(Into::into),
        }
    }
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct ScanWire<'a> {
    #[n(0)]
    result: ResultWire,
    #[n(1)]
    readings: ReadingsWire,
    #[n(2)]
    quality: Vec<PalmQualityCode>,
    #[b(3)]
    seal: SealStateWire<'a>,
}

impl<'a> From<&'a PalmScan> for ScanWire<'a> {
    fn from(scan: &'a PalmScan) -> Self {
        Self {
            result: scan.result.into(),
            readings: scan.readings.into(),
            quality: scan.quality.iter().copied().map(Into::into).collect(),
            seal: (&scan.seal).into(),
        }
    }
}

impl From<ScanWire<'_>> for PalmScan {
    fn from(wire: ScanWire<'_>) -> Self {
        Self {
            result: wire.result.into(),
            readings: wire.readings.into(),
            quality: wire.quality.into_iter().map(Into::into).collect(),
            seal: wire.seal.into(),
        }
    }
}

#[derive(Encode, Decode)]
#[cbor(flat)]
enum ResultWire {
    #[n(1)]
    Identified(#[n(0)] u32),
    #[n(2)]
    NoMatch,
    #[n(3)]
    NotLive,
    #[n(4)]
    NotAPalm,
    #[n(5)]
    NothingPresented,
}

impl From<ScanResult> for ResultWire {
    fn from(result: ScanResult) -> Self {
        match result {
            ScanResult::Identified(reference) => Self::Identified(reference.0),
            ScanResult::NoMatch => Self::NoMatch,
            ScanResult::NotLive => Self::NotLive,
            ScanResult::NotAPalm => Self::NotAPalm,
            ScanResult::NothingPresented => Self::NothingPresented,
        }
    }
}

impl From<ResultWire> for ScanResult {
    fn from(wire: ResultWire) -> Self {
        match wire {
            ResultWire::Identified(reference) => Self::Identified(PalmReference(reference)),
            ResultWire::NoMatch => Self::NoMatch,
            ResultWire::NotLive => Self::NotLive,
            ResultWire::NotAPalm => Self::NotAPalm,
            ResultWire::NothingPresented => Self::NothingPresented,
        }
    }
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct ReadingsWire {
    #[n(0)]
    volume_ml: Option<f32>,
    #[n(1)]
    surface_temperature_celsius: Option<f32>,
    #[n(2)]
    ambient_temperature_celsius: Option<f32>,
    #[n(3)]
    vascular_quality: Option<f32>,
    #[n(4)]
    liveness: Option<f32>,
}

impl From<PalmReadings> for ReadingsWire {
    fn from(readings: PalmReadings) -> Self {
        Self {
            volume_ml: readings.volume_ml.map(canonical),
            surface_temperature_celsius: readings.surface_temperature_celsius.map(canonical),
            ambient_temperature_celsius: readings.ambient_temperature_celsius.map(canonical),
            vascular_quality: readings.vascular_quality.map(canonical),
            liveness: readings.liveness.map(canonical),
        }
    }
}

impl From<ReadingsWire> for PalmReadings {
    fn from(wire: ReadingsWire) -> Self {
        Self {
            volume_ml: wire.volume_ml,
            surface_temperature_celsius: wire.surface_temperature_celsius,
            ambient_temperature_celsius: wire.ambient_temperature_celsius,
            vascular_quality: wire.vascular_quality,
            liveness: wire.liveness,
        }
    }
}

#[derive(Encode, Decode)]
#[cbor(flat)]
enum SealStateWire<'a> {
    #[n(1)]
    Absent,
    #[n(2)]
    Valid(#[b(0)] SealWire<'a>),
    #[n(3)]
    Invalid(#[n(0)] SealFaultCode),
}

impl<'a> From<&'a SealState> for SealStateWire<'a> {
    fn from(seal: &'a SealState) -> Self {
        match seal {
            SealState::Absent => Self::Absent,
            SealState::Valid(seal) => Self::Valid(seal.into()),
            SealState::Invalid(fault) => Self::Invalid((*fault).into()),
        }
    }
}

impl From<SealStateWire<'_>> for SealState {
    fn from(wire: SealStateWire<'_>) -> Self {
        match wire {
            SealStateWire::Absent => Self::Absent,
            SealStateWire::Valid(seal) => Self::Valid(seal.into()),
            SealStateWire::Invalid(fault) => Self::Invalid(fault.into()),
        }
    }
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct SealWire<'a> {
    #[cbor(b(0), with = "minicbor::bytes")]
    statement: &'a [u8],
    #[cbor(b(1), with = "minicbor::bytes")]
    signature: &'a [u8],
    #[cbor(b(2), with = "minicbor::bytes")]
    key: &'a [u8],
}

impl<'a> From<&'a CaptureSeal> for SealWire<'a> {
    fn from(seal: &'a CaptureSeal) -> Self {
        Self {
            statement: &seal.statement,
            signature: &seal.signature,
            key: &seal.key,
        }
    }
}

impl From<SealWire<'_>> for CaptureSeal {
    fn from(wire: SealWire<'_>) -> Self {
        Self {
            statement: wire.statement.to_vec(),
            signature: wire.signature.to_vec(),
            key: wire.key.to_vec(),
        }
    }
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct PalmPartWire {
    #[n(0)]
    part: PalmPartCode,
    #[n(1)]
    value: Option<f32>,
    #[n(2)]
    min: Option<f32>,
    #[n(3)]
    max: Option<f32>,
    #[n(4)]
    finding: FindingCode,
}

impl From<&PalmPartRecord> for PalmPartWire {
    fn from(record: &PalmPartRecord) -> Self {
        Self {
            part: record.part.into(),
            value: record.value.map(canonical),
            min: record.min.map(canonical),
            max: record.max.map(canonical),
            finding: record.finding.into(),
        }
    }
}

impl From<PalmPartWire> for PalmPartRecord {
    fn from(wire: PalmPartWire) -> Self {
        Self {
            part: wire.part.into(),
            value: wire.value,
            min: wire.min,
            max: wire.max,
            finding: wire.finding.into(),
        }
    }
}

#[derive(Encode, Decode)]
#[cbor(flat)]
enum PalmFailureWire {
    #[n(1)]
    NoMatch,
    #[n(2)]
    AnotherPerson,
    #[n(3)]
    NotLive,
    #[n(4)]
    NotAPalm,
    #[n(5)]
    NothingPresented,
    #[n(6)]
    Implausible(#[n(0)] PalmPartCode),
    #[n(7)]
    Missing(#[n(0)] PalmPartCode),
    #[n(8)]
    Interrupted,
}

impl From<PalmFailure> for PalmFailureWire {
    fn from(failure: PalmFailure) -> Self {
        match failure {
            PalmFailure::NoMatch => Self::NoMatch,
            PalmFailure::AnotherPerson => Self::AnotherPerson,
            PalmFailure::NotLive => Self::NotLive,
            PalmFailure::NotAPalm => Self::NotAPalm,
            PalmFailure::NothingPresented => Self::NothingPresented,
            PalmFailure::Implausible(part) => Self::Implausible(part.into()),
            PalmFailure::Missing(part) => Self::Missing(part.into()),
            PalmFailure::Interrupted => Self::Interrupted,
        }
    }
}

impl From<PalmFailureWire> for PalmFailure {
    fn from(wire: PalmFailureWire) -> Self {
        match wire {
            PalmFailureWire::NoMatch => Self::NoMatch,
            PalmFailureWire::AnotherPerson => Self::AnotherPerson,
            PalmFailureWire::NotLive => Self::NotLive,
            PalmFailureWire::NotAPalm => Self::NotAPalm,
            PalmFailureWire::NothingPresented => Self::NothingPresented,
            PalmFailureWire::Implausible(part) => Self::Implausible(part.into()),
            PalmFailureWire::Missing(part) => Self::Missing(part.into()),
            PalmFailureWire::Interrupted => Self::Interrupted,
        }
    }
}
