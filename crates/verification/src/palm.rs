//! The palm: what a scanner is and measures. [`decision`] says whether it is enough.

pub mod decision;

use std::time::Duration;

use crate::Sensitive;
use crate::time::UtcMs;

/// Names a reference inside one scanner. It means nothing in another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PalmReference(pub u32);

/// What a scanner measures. What it does not measure is never claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct PalmCapabilities {
    /// It compares the pattern of the veins.
    pub vascular: bool,
    /// It measures the volume of the hand. The box around a hand in a picture is no volume.
    pub volume: bool,
    /// It, or a thermometer beside it, measures the temperature of the skin.
    pub temperature: bool,
    /// It tells a living hand from something else, with a score or within its own decision.
    pub liveness: bool,
    /// It signs what it captured together with a challenge.
    pub seal: bool,
}

/// Which scanner; recorded with every capture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScannerIdentity {
    /// The driver that speaks to it.
    pub driver: String,
    /// What the maker calls it; empty where the protocol does not say.
    pub model: String,
    /// Version of its firmware, as it says itself.
    pub firmware: String,
    /// Its serial number, as it says itself.
    pub serial: String,
    /// The driver of the thermometer beside it, if there is one.
    pub thermometer: Option<String>,
    /// What it measures, its thermometer included.
    pub capabilities: PalmCapabilities,
}

/// Where the scanner sees the hand: the place where the hand *is*, not where it should go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HandPosition {
    /// In place: hold still.
    InPlace,
    /// No hand is seen.
    NotSeen,
    /// Too far from the sensor.
    TooFar,
    /// Too close to the sensor.
    TooClose,
    /// Too high in the picture.
    TooHigh,
    /// Too low in the picture.
    TooLow,
    /// Too far left in the picture.
    TooLeft,
    /// Too far right in the picture.
    TooRight,
    /// Something else than a hand, such as a face.
    NotAHand,
}

/// How a scan ended, in the words of the scanner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ScanResult {
    /// The palm was compared with all references in the scanner (1:N) and belongs to this one. That is no proof of
    /// the claim until it is compared with the reference of the claimed person.
    Identified(PalmReference),
    /// The palm was compared and belongs to no reference.
    NoMatch,
    /// The scanner's own liveness check failed.
    NotLive,
    /// Something other than a palm was presented.
    NotAPalm,
    /// Nothing usable was presented within the limit.
    NothingPresented,
}

/// Numbers measured during a scan; `None` is "not measured", never a default.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct PalmReadings {
    /// Volume of the hand.
    pub volume_ml: Option<f32>,
    /// Temperature of the skin of the palm.
    pub surface_temperature_celsius: Option<f32>,
    /// Temperature of the air or of the device.
    pub ambient_temperature_celsius: Option<f32>,
    /// Quality of the vascular pattern, 0 to 1.
    pub vascular_quality: Option<f32>,
    /// Score of the scanner's own liveness check, 0 to 1, 1 is a living hand.
    pub liveness: Option<f32>,
}

/// Why a capture is worse than it could be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PalmQuality {
    /// The hand moved.
    Moving,
    /// The hand was tilted.
    Tilted,
    /// Only a part of the hand was seen.
    Partial,
    /// The fingers were closed.
    FingersClosed,
    /// A glove, a bandage or jewellery covers the palm.
    Covered,
    /// The sensor or the hand is dirty or wet.
    Dirty,
    /// Other light disturbs the sensor.
    AmbientLight,
    /// The hand is too cold for its veins to show.
    Cold,
}

/// What a scanner signed, kept as it was so that anybody can check it later. `Debug` hides the bytes: they hold the
/// measures of a person.
#[derive(Clone, PartialEq, Eq)]
pub struct CaptureSeal {
    /// The signed bytes.
    pub statement: Vec<u8>,
    /// ECDSA P-256 with SHA-256 over the statement, r and s, 64 bytes.
    pub signature: Vec<u8>,
    /// Public key of the scanner, SEC1 compressed, 33 bytes.
    pub key: Vec<u8>,
}

impl std::fmt::Debug for CaptureSeal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CaptureSeal({} bytes)", self.statement.len())
    }
}

/// Whether the scanner signed a capture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SealState {
    /// It does not sign.
    Absent,
    /// Signature, challenge, key and chain are right.
    Valid(CaptureSeal),
    /// One of them is not.
    Invalid(SealFault),
}

/// What is wrong with the seal of a capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SealFault {
    /// The scanner signs, and there was no signature.
    Missing,
    /// The signature does not fit.
    Signature,
    /// Another key than the configured one.
    Key,
    /// It answers another challenge.
    Challenge,
    /// It does not follow the capture before it.
    Chain,
    /// What was signed is not what was reported.
    Content,
}

/// What a scan gave.
#[derive(Debug, Clone, PartialEq)]
pub struct PalmScan {
    /// How it ended.
    pub result: ScanResult,
    /// Numbers.
    pub readings: PalmReadings,
    /// What was wrong with the capture.
    pub quality: Vec<PalmQuality>,
    /// Whether the scanner stands for it.
    pub seal: SealState,
}

impl PalmScan {
    /// A scan of which the result is all that is known.
    pub fn of(result: ScanResult) -> Self {
        Self {
            result,
            readings: PalmReadings::default(),
            quality: Vec::new(),
            seal: SealState::Absent,
        }
    }
}

/// What a scanner is ordered to do in one scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanOrder {
    /// How long it may look for a palm.
    pub limit: Duration,
    /// Fresh randomness that a scanner which signs has to repeat.
    pub challenge: [u8; 32],
}

/// An opaque name under which a reference is stored in the scanner: never a person's name or number, for the
/// scanner shows it to anyone who asks over the cable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubjectTag(Sensitive<String>);

impl SubjectTag {
    /// 1 to 31 printable ASCII characters; `None` otherwise.
    pub fn new(tag: &str) -> Option<Self> {
        let fits = (1..=31).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_graphic());
        fits.then(|| Self(Sensitive::new(tag.to_owned())))
    }

    /// The tag itself.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

/// How an enrolment ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EnrolOutcome {
    /// A reference is stored.
    Enrolled(PalmReference),
    /// The palm is enrolled already.
    AlreadyEnrolled,
    /// The scanner has no room.
    Full,
    /// The scanner did not accept the capture.
    Rejected,
    /// The liveness check of the scanner failed.
    NotLive,
    /// Something other than a palm was presented; nothing is stored.
    NotAPalm,
    /// Nothing usable was presented within the limit.
    NothingPresented,
}

/// One attempt: one scan that was ordered, whole.
#[derive(Debug, Clone, PartialEq)]
pub struct PalmAttemptRecord {
    /// 1 for the first.
    pub number: u8,
    /// When the scan was ordered.
    pub started_at: UtcMs,
    /// From the order to its end.
    pub took: Duration,
    /// What the scan gave; absent if it did not end by itself.
    pub scan: Option<PalmScan>,
    /// What each part of the decision found.
    pub parts: Vec<decision::PalmPartRecord>,
    /// `None` if it passed.
    pub failure: Option<decision::PalmFailure>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_fits_the_scanner() {
        let check = |tag: &str, expect: bool| assert_eq!(SubjectTag::new(tag).is_some(), expect, "{tag}");
        check("s-81f2", true);
        check(&"x".repeat(31), true);
        check(&"x".repeat(32), false);
        check("", false);
        check("a b", false);
        check("Айгерім", false);
    }

    #[test]
    fn debug_hides_the_tag() {
        let tag = SubjectTag::new("s-81f2").unwrap();
        assert!(!format!("{tag:?}").contains("81f2"));
    }
}
