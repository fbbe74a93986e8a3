//! Whether a scan of a palm is bona fide and belongs to the person who is claimed.
//!
//! The rule asks for the volume of the hand, its temperature and its vascular pattern against spoofing. Each is a part
//! that says *for*, *against* or *silent*; any *against* ends it, and each part that the policy requires must say *for*.

use super::{
    PalmCapabilities, PalmReadings, PalmReference, PalmScan, ScanResult, ScannerIdentity, SealState,
};
use crate::pad::parts::Finding;
use crate::policy::{Demand, PalmPolicy};

/// One part of the decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PalmPart {
    /// Pattern of the veins.
    Vascular,
    /// Volume of the hand.
    Volume,
    /// Temperature of the skin.
    Temperature,
    /// Skin against the air around it.
    Warmth,
    /// The scanner's own liveness check.
    Liveness,
    /// The scanner's signature.
    Seal,
}

/// What one part found, as it stands in the document.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PalmPartRecord {
    /// Which part.
    pub part: PalmPart,
    /// What was measured, in the unit of the part: 0 to 1, millilitres, degrees Celsius; `None` without a number.
    pub value: Option<f32>,
    /// The least that is accepted, where there is such a bound.
    pub min: Option<f32>,
    /// The most that is accepted, where there is such a bound.
    pub max: Option<f32>,
    /// What follows.
    pub finding: Finding,
}

/// Why an attempt with the palm did not pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PalmFailure {
    /// The palm belongs to no reference in the scanner.
    NoMatch,
    /// The palm belongs to somebody else than the person who is claimed.
    AnotherPerson,
    /// The scanner's liveness check failed.
    NotLive,
    /// Something other than a palm was presented.
    NotAPalm,
    /// Nothing usable was presented in time.
    NothingPresented,
    /// A reading is outside of what a living hand gives.
    Implausible(PalmPart),
    /// The policy requires a part that was not measured.
    Missing(PalmPart),
    /// It was ended by the person or by the device, not by its result.
    Interrupted,
}

impl PalmFailure {
    /// Whether it speaks for an attack. A cold hand comes in from the winter, and a stranger's palm may be a mistake
    /// in the number that was entered: neither is one.
    pub fn is_suspicious(self) -> bool {
        matches!(
            self,
            Self::NotLive
                | Self::Implausible(
                    PalmPart::Vascular | PalmPart::Volume | PalmPart::Liveness | PalmPart::Seal
                )
        )
    }
}

/// Judges one scan of a scanner that can do so much, against the reference of the claimed person.
///
/// What speaks against the presentation comes first, so that a stranger with a dummy is recorded as what it is; then
/// what the scanner says it saw, then what is missing, then whose palm it is.
pub fn decide(
    scan: &PalmScan,
    capabilities: PalmCapabilities,
    expected: PalmReference,
    policy: &PalmPolicy,
) -> (Vec<PalmPartRecord>, Result<(), PalmFailure>) {
    let parts = judge(scan, capabilities, policy);
    let verdict = verdict(scan.result, &parts, expected, policy);
    (parts, verdict)
}

fn verdict(
    result: ScanResult,
    parts: &[PalmPartRecord],
    expected: PalmReference,
    policy: &PalmPolicy,
) -> Result<(), PalmFailure> {
    match result {
        // Nothing was before the scanner that could be measured.
        ScanResult::NothingPresented => return Err(PalmFailure::NothingPresented),
        ScanResult::NotLive => return Err(PalmFailure::NotLive),
        ScanResult::NotAPalm => return Err(PalmFailure::NotAPalm),
        ScanResult::NoMatch | ScanResult::Identified(_) => {}
    }
    if let Some(part) = parts.iter().find(|part| part.finding == Finding::Against) {
        return Err(PalmFailure::Implausible(part.part));
    }
    let found = match result {
        ScanResult::Identified(found) => found,
        _ => return Err(PalmFailure::NoMatch),
    };
    if found != expected {
        return Err(PalmFailure::AnotherPerson);
    }
    let missing = parts
        .iter()
        .find(|part| part.finding == Finding::Silent && demand(part.part, policy) == Demand::Required);
    missing.map_or(Ok(()), |part| Err(PalmFailure::Missing(part.part)))
}

/// What the policy asks of a part. The warmth of the hand against the air stands or falls with its temperature, but needs
/// a second thermometer: it is judged where there is one.
fn demand(part: PalmPart, policy: &PalmPolicy) -> Demand {
    match part {
        PalmPart::Vascular => policy.vascular,
        PalmPart::Volume => policy.volume,
        PalmPart::Temperature => policy.temperature,
        PalmPart::Warmth => Demand::WhereMeasured,
        PalmPart::Liveness => policy.liveness,
        PalmPart::Seal => policy.seal,
    }
}

/// Why a scanner cannot serve, however well it works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unfit {
    /// It has no serial number. References are kept by that: of two nameless scanners the one would be asked about the
    /// people of the other.
    Nameless,
    /// It can never measure a part that the policy requires.
    Lacks(PalmPart),
}

/// Whether a scanner can serve under this policy.
///
/// # Errors
/// If it cannot; says why.
pub fn fitness(scanner: &ScannerIdentity, policy: &PalmPolicy) -> Result<(), Unfit> {
    if scanner.serial.is_empty() {
        return Err(Unfit::Nameless);
    }
    let capabilities = scanner.capabilities;
    let has = [
        (PalmPart::Vascular, capabilities.vascular),
        (PalmPart::Volume, capabilities.volume),
        (PalmPart::Temperature, capabilities.temperature),
        (PalmPart::Liveness, capabilities.liveness),
        (PalmPart::Seal, capabilities.seal),
    ];
    let lacks = has
        .into_iter()
        .find(|(part, has)| !has && demand(*part, policy) == Demand::Required);
    lacks.map_or(Ok(()), |(part, _)| Err(Unfit::Lacks(part)))
}

fn judge(scan: &PalmScan, capabilities: PalmCapabilities, policy: &PalmPolicy) -> Vec<PalmPartRecord> {
    let PalmReadings {
        volume_ml,
        surface_temperature_celsius: surface,
        ambient_temperature_celsius: ambient,
        vascular_quality,
        liveness,
    } = scan.readings;
    // What a scanner does not claim to measure is no measurement, whatever it says.
    let volume_ml = volume_ml.filter(|_| capabilities.volume);
    let surface = surface.filter(|_| capabilities.temperature);
    let vascular_quality = vascular_quality.filter(|_| capabilities.vascular);
    let liveness = liveness.filter(|_| capabilities.liveness);
    // A scanner that compares veins, or checks for life, without giving a number says so by a comparison that took place.
    let compared = matches!(scan.result, ScanResult::Identified(_) | ScanResult::NoMatch);
    let warmth = surface.zip(ambient).map(|(surface, ambient)| surface - ambient);
    let seal = match &scan.seal {
        SealState::Absent if capabilities.seal => Finding::Against,
        SealState::Absent => Finding::Silent,
        SealState::Valid(_) => Finding::For,
        SealState::Invalid(_) => Finding::Against,
    };
    vec![
        PalmPartRecord::without_number_too(
            PalmPart::Vascular,
            vascular_quality,
            policy.vascular_quality_min,
            capabilities.vascular && compared,
        ),
        PalmPartRecord::between(
            PalmPart::Volume,
            volume_ml,
            Some(policy.volume_min_ml),
            Some(policy.volume_max_ml),
        ),
        PalmPartRecord::between(
            PalmPart::Temperature,
            surface,
            Some(policy.temperature_min_celsius),
            Some(policy.temperature_max_celsius),
        ),
        PalmPartRecord::between(PalmPart::Warmth, warmth, Some(policy.warmth_min_celsius), None),
        PalmPartRecord::without_number_too(
            PalmPart::Liveness,
            liveness,
            policy.liveness_min,
            capabilities.liveness && compared,
        ),
        PalmPartRecord {
            part: PalmPart::Seal,
            value: None,
            min: None,
            max: None,
            finding: seal,
        },
    ]
}

impl PalmPartRecord {
    /// A reading that is not a number lies outside of every range.
    fn between(part: PalmPart, value: Option<f32>, min: Option<f32>, max: Option<f32>) -> Self {
        let inside = |value: f32| {
            value.is_finite() && min.is_none_or(|min| value >= min) && max.is_none_or(|max| value <= max)
        };
        let finding = match value {
            None => Finding::Silent,
            Some(value) if inside(value) => Finding::For,
            Some(_) => Finding::Against,
        };
        Self {
            part,
            value,
            min,
            max,
            finding,
        }
    }

    /// As [`Self::between`] up to 1, where the scanner may also say so without a number.
    fn without_number_too(part: PalmPart, value: Option<f32>, min: f32, said_so: bool) -> Self {
        let mut record = Self::between(part, value, Some(min), Some(1.0));
        if value.is_none() && said_so {
            record.finding = Finding::For;
        }
        record
    }
}

#[cfg(test)]
mod tests;
