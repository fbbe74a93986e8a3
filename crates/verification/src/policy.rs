//! The rules' numbers, as one value: loaded from the institution's profile, recorded in every document.

use std::time::Duration;

use crate::evidence::Modality;
use crate::integrity::IntegrityPolicy;
use crate::pad::{PadChallenge, plan};

/// Thresholds and limits in force.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// Attempts per modality; the rules say three.
    pub attempts: u8,
    /// Prompted actions in one attempt; the rules say at least three different ones.
    pub challenges_per_attempt: u8,
    /// The actions from which they are drawn.
    pub challenge_set: Vec<PadChallenge>,
    /// How long a subject has for one action and the return to neutral.
    pub challenge_window: Duration,
    /// How long the subject may take to stand in front of the camera.
    pub positioning_limit: Duration,
    /// How long neutral must hold before a prompt.
    pub neutral_hold: Duration,
    /// How long a face may be missing within an attempt: too short to put another one in its place.
    pub face_lost_limit: Duration,
    /// After how long without a touch a session ends.
    pub idle_limit: Duration,
    /// How long the screen waits for the centre before it says "recorded, awaiting identification".
    pub identification_patience: Duration,
    /// Smallest distance of the eye centres. ISO/IEC 19794-5 asks for 90 px in a full frontal image and 60 px
    /// is the usual floor for comparison.
    pub inter_eye_distance_min_px: f32,
    /// A head turn counts from here, away from the subject's own neutral. People turn 45 degrees and more with ease,
    /// and sway within 13 in talk; half of what they can do when asked is still 20.
    pub turn_min_deg: f32,
    /// A nod counts from here. A neck bends 45 degrees and more either way; heads bob within 8 in talk, and a moved
    /// photograph reads within 4.
    pub nod_min_deg: f32,
    /// A subject who is positioned faces the camera within this.
    pub neutral_max_deg: f32,
    /// Lids count as closed when both eyes are open by less than this part of the subject's own open eye. A closed eye
    /// reads 0 to 0.4, what a camera blurs included; a squint and a lowered gaze 0.6 to 0.7.
    pub eye_closed_part: f32,
    /// A mouth counts as open from this rise of the opening over the subject's own neutral, in widths of the mouth:
    /// 10 mm of 50. Lips part by less in quiet speech, and when a smile bares the teeth.
    pub mouth_open_rise: f32,
    /// A smile counts when the mouth corners are pulled up and outwards by this part of the distance of the outer eye
    /// corners, which is about 90 mm: 7.5 mm. Posed smiles pull them by 7 to 22 mm, 14 on average (Paletz et al.,
    /// 1994); speech and grimaces move them by 5.
    pub smile_rise: f32,
    /// What the absence of the passive models means.
    pub passive: PassivePad,
    /// The median passive probability must be at least this.
    pub passive_min: f32,
    /// The tracked points must move apart from a plane by at least this part of what a head of average relief does;
    /// see [`crate::capture::ReliefMeasures`]. Heads read 0.4 to 0.6, since blur and the smoothness of the mesh take a
    /// half; flat and bent sheets 0.0 to 0.2, where the picture is bad. This lies in the middle, by ratio. The slope over
    /// many small turns is the same measure, and must be clear of this by two standard errors to say anything.
    pub relief_min: f32,
    /// Eyes and mouth may differ by so much from the face around them; see [`crate::capture::FaceMeasures::cut_out`].
    pub cut_out_max: f32,
    /// Each trace of a display may be so strong; see [`crate::capture::ScreenSigns`].
    pub screen_max: f32,
    /// The face must be so much like the one that began; see [`crate::capture::FaceMeasures::likeness`]. Of persons
    /// who stayed the median of five frames was 0.74 and more, grimaces included; of 61 exchanged pairs one window in
    /// forty reached 0.70.
    pub likeness_min: f32,
    /// A face changes by no more than this from one frame to the next; see
    /// [`crate::capture::FaceMeasures::face_change`]. One frame in a thousand of uncut streams exceeds 0.19, cuts
    /// change by 0.3 and more.
    pub face_change_max: f32,
    /// A picture changes by no more than this from one frame to the next; see
    /// [`crate::capture::FaceObservation::scene_change`]. Uncut streams stay below 0.06, cuts to another picture begin
    /// at 0.3.
    pub scene_change_max: f32,
    /// A head turns no faster than this: voluntary turns peak at 500 to 600 degrees a second.
    pub head_speed_max_deg_s: f32,
    /// Whether the face has to answer the light of the kiosk's own screen.
    pub light: ScreenLight,
    /// The least that a face answers to the screen's light, as [`crate::pad::light::expected_gain`] tells it for a
    /// display and a room. A display of 10 inches of which two thirds are lit, in a bright room, gives 0.06; a
    /// recording gives none. This is halfway, and five standard errors from either.
    pub light_gain_min: f32,
    /// The face is lit enough from this mean luminance on, of 255.
    pub luminance_min: f32,
    /// The face is lit too much from this mean luminance on, of 255.
    pub luminance_max: f32,
    /// A face nearer than this is distorted and leaves the picture when it turns.
    pub distance_min_mm: f32,
    /// The centre's comparison score must be at least this, 0 to 1.
    pub comparison_min: f32,
    /// From this comparison score on, the picture is put forward for the national system of biometric authentication, where
    /// the person consents.
    pub nbas_enrolment_min: f32,
    /// Whether a person of the institution has to be there.
    pub operator: OperatorPresence,
    /// For how many years the institution keeps document and pictures. The rules say five at least.
    pub retention_years: u16,
    /// What the kiosk must find about its own integrity.
    pub integrity: IntegrityPolicy,
    /// What holds for the palm.
    pub palm: PalmPolicy,
    /// What holds for the ways that end before people.
    pub assisted: AssistedPolicy,
}

/// The rules' numbers for the ways that end before people of the institution, and for the pictures of identity documents.
///
/// The thresholds of pictures were found on rendered cards alone; see `docs/eval-page.md`.
#[derive(Debug, Clone, PartialEq)]
pub struct AssistedPolicy {
    /// So many attempts under way of a session do not count because the person said that they cannot do what is asked.
    /// Three is what faults of devices have, and one way or another the session leaves the devices with it.
    pub cannot_perform_max: u8,
    /// The long side of an identity document in the picture, in pixels. The numbers on a card are 2 mm high; with 480
    /// pixels on 85.6 mm they are 11 pixels high, and 8 is what readers of letters ask for.
    pub page_long_side_min_px: f32,
    /// See [`crate::page::PageMeasures::sharpness`].
    pub page_sharpness_min: f32,
    /// Part of the document that a reflection may blow out: a fiftieth of a card is an area of 15 by 6 mm, less than
    /// the machine-readable zone or the face.
    pub page_glare_max: f32,
    /// Mean luminance of the document, of 255, from which it can be read.
    pub page_luminance_min: f32,
    /// Mean luminance of the document, of 255, up to which it can be read: paper that is not blown out reflects 80 %.
    pub page_luminance_max: f32,
    /// How far a corner may move from one frame to the next, in parts of the picture. What a hand trembles is a few
    /// thousandths; a hundredth in the 33 ms between frames is 12 pixels of 1280, and blurs.
    pub page_movement_max: f32,
    /// For how long everything must be well before the picture is taken by itself.
    pub picture_hold: Duration,
    /// How long one picture may take before the person is told that it did not succeed.
    pub picture_limit: Duration,
    /// How often each picture may be taken, the first time included.
    pub pictures_max: u8,
}

impl AssistedPolicy {
    fn is_in_range(&self) -> bool {
        let parts = [self.page_glare_max, self.page_movement_max];
        parts.iter().all(|part| *part > 0.0 && *part < 1.0)
            && self.page_sharpness_min > 0.0
            && self.page_sharpness_min <= SHARPNESS_MAX
            && self.page_long_side_min_px > 0.0
            && self.page_long_side_min_px <= LONG_SIDE_MAX_PX
            && self.page_luminance_min > 0.0
            && self.page_luminance_max > self.page_luminance_min
            && self.page_luminance_max <= 255.0
            && (PICTURE_HOLD_MIN..=PICTURE_HOLD_MAX).contains(&self.picture_hold)
            && (PICTURE_LIMIT_MIN..=PICTURE_LIMIT_MAX).contains(&self.picture_limit)
            && (1..=PICTURES_MAX).contains(&self.pictures_max)
            && self.cannot_perform_max <= CANNOT_PERFORM_MAX
    }
}

/// What is sharp has more, and what reads with ease a tenth of it: `docs/eval-page.md`.
const SHARPNESS_MAX: f32 = 1.0;
/// No camera of a kiosk has a longer side.
const LONG_SIDE_MAX_PX: f32 = 3840.0;
/// Less is one frame, which may be any.
const PICTURE_HOLD_MIN: Duration = Duration::from_millis(200);
/// Nobody holds a card steady for longer.
const PICTURE_HOLD_MAX: Duration = Duration::from_secs(5);
/// WCAG 2.2 (2.2.1) gives 20 seconds for an answer to a warning; before it something must be done.
const PICTURE_LIMIT_MIN: Duration = Duration::from_secs(30);
/// Nobody is kept before a camera for longer.
const PICTURE_LIMIT_MAX: Duration = Duration::from_secs(600);
/// Who needs more does not get there by another one.
const PICTURES_MAX: u8 = 10;
/// More would be attempts without number, by another name.
const CANNOT_PERFORM_MAX: u8 = 3;

impl Default for AssistedPolicy {
    fn default() -> Self {
        Self {
            cannot_perform_max: 3,
            page_long_side_min_px: 480.0,
            page_sharpness_min: 0.05,
            page_glare_max: 0.02,
            page_luminance_min: 60.0,
            page_luminance_max: 215.0,
            page_movement_max: 0.01,
            picture_hold: Duration::from_millis(600),
            picture_limit: Duration::from_secs(120),
            pictures_max: 5,
        }
    }
}

/// The rules' numbers for the palm.
#[derive(Debug, Clone, PartialEq)]
pub struct PalmPolicy {
    /// Whether the pattern of the veins must be compared.
    pub vascular: Demand,
    /// Whether the volume of the hand must be measured.
    pub volume: Demand,
    /// Whether the temperature of the hand must be measured.
    pub temperature: Demand,
    /// Whether the scanner must check by itself that the hand lives.
    pub liveness: Demand,
    /// Whether the scanner must sign what it captured.
    pub seal: Demand,
    /// Hands of adults displace 200 to 600 ml, from the wrist on; the bounds leave a quarter either way for the way
    /// a scanner sees them. A glove, a photograph or a hand of wax with its stand lies outside.
    pub volume_min_ml: f32,
    /// See [`Self::volume_min_ml`].
    pub volume_max_ml: f32,
    /// Skin of the palm is 28 to 36 degrees warm indoors, and 20 after a way through the winter.
    pub temperature_min_celsius: f32,
    /// No skin is warmer than the blood, and 41 is a dangerous fever.
    pub temperature_max_celsius: f32,
    /// Skin is warmer than the air by at least this, where both are measured: a hand makes heat, a dummy does not. Air of
    /// 36 degrees and more makes palms unusable, which is the price.
    pub warmth_min_celsius: f32,
    /// Quality of the vascular pattern from which a comparison means something, 0 to 1.
    pub vascular_quality_min: f32,
    /// The scanner's own liveness score must be at least this, 0 to 1.
    pub liveness_min: f32,
    /// How long one scan may look for a palm.
    pub scan_limit: Duration,
    /// Whether a scan in which nothing usable was presented counts as an attempt. Where it does not, the session bears
    /// it three times.
    pub nothing_presented_counts: bool,
    /// Whether a person whose palm failed may go on with the face.
    pub fallback_to_face: bool,
}

/// Whether something must be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Demand {
    /// Without it no presentation is bona fide.
    Required,
    /// It is judged where it is measured; its absence is recorded.
    WhereMeasured,
}

impl PalmPolicy {
    /// No threshold is so low that everything passes, or so high that nothing does.
    fn is_in_range(&self) -> bool {
        let parts = [self.vascular_quality_min, self.liveness_min];
        parts.iter().all(|part| *part > 0.0 && *part <= 1.0)
            && self.volume_min_ml >= VOLUME_BOUNDS_ML.0
            && self.volume_max_ml > self.volume_min_ml
            && self.volume_max_ml <= VOLUME_BOUNDS_ML.1
            && self.temperature_min_celsius >= TEMPERATURE_BOUNDS_CELSIUS.0
            && self.temperature_max_celsius > self.temperature_min_celsius
            && self.temperature_max_celsius <= TEMPERATURE_BOUNDS_CELSIUS.1
            && self.warmth_min_celsius > 0.0
            && self.warmth_min_celsius <= WARMTH_MAX_CELSIUS
            && (SCAN_LIMIT_MIN..=SCAN_LIMIT_MAX).contains(&self.scan_limit)
    }
}

/// No policy goes beyond what hands have: the smallest of a child, the largest with half of the forearm.
const VOLUME_BOUNDS_ML: (f32, f32) = (80.0, 1200.0);
/// Below the first skin freezes to numbness, above the second it burns.
const TEMPERATURE_BOUNDS_CELSIUS: (f32, f32) = (10.0, 43.0);
/// Who asks for more refuses everybody in a warm room.
const WARMTH_MAX_CELSIUS: f32 = 10.0;
/// Nobody brings a hand before a scanner in less.
const SCAN_LIMIT_MIN: Duration = Duration::from_secs(3);
/// The modules can be told no more than this.
const SCAN_LIMIT_MAX: Duration = Duration::from_secs(20);

impl Default for PalmPolicy {
    fn default() -> Self {
        Self {
            vascular: Demand::Required,
            volume: Demand::Required,
            temperature: Demand::Required,
            liveness: Demand::Required,
            seal: Demand::WhereMeasured,
            volume_min_ml: 150.0,
            volume_max_ml: 750.0,
            temperature_min_celsius: 20.0,
            temperature_max_celsius: 41.0,
            warmth_min_celsius: 0.5,
            vascular_quality_min: 0.5,
            liveness_min: 0.5,
            scan_limit: Duration::from_secs(10),
            nothing_presented_counts: false,
            fallback_to_face: true,
        }
    }
}

/// What the absence of the passive models means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PassivePad {
    /// Without them no presentation is bona fide.
    Required,
    /// They are used where they are installed; their absence is recorded.
    WhereInstalled,
}

/// Whether the face has to answer the light of the kiosk's own screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScreenLight {
    /// Without a clear answer no presentation is bona fide.
    Required,
    /// What the face answers is recorded, and the other evidence decides: until somebody has measured on the spot what
    /// this display gives in this room, no answer proves nothing.
    Supporting,
    /// The screen keeps its colours.
    Off,
}

/// Whether a person of the institution has to be there, and say so with the own code, before anybody is captured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperatorPresence {
    /// No capture without one.
    Required,
    /// The kiosk serves alone.
    NotRequired,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            attempts: 3,
            challenges_per_attempt: 3,
            challenge_set: PadChallenge::ALL.to_vec(),
            challenge_window: Duration::from_secs(10),
            positioning_limit: Duration::from_secs(60),
            neutral_hold: Duration::from_millis(400),
            face_lost_limit: Duration::from_millis(400),
            idle_limit: Duration::from_secs(120),
            identification_patience: Duration::from_secs(8),
            inter_eye_distance_min_px: 60.0,
            turn_min_deg: 18.0,
            nod_min_deg: 15.0,
            neutral_max_deg: 15.0,
            eye_closed_part: 0.5,
            mouth_open_rise: 0.2,
            smile_rise: 0.085,
            passive: PassivePad::Required,
            passive_min: 0.5,
            relief_min: 0.3,
            cut_out_max: 0.5,
            screen_max: 0.5,
            likeness_min: 0.7,
            face_change_max: 0.25,
            scene_change_max: 0.15,
            head_speed_max_deg_s: 600.0,
            light: ScreenLight::Supporting,
            light_gain_min: 0.03,
            luminance_min: 40.0,
            luminance_max: 225.0,
            distance_min_mm: 250.0,
            comparison_min: 0.95,
            nbas_enrolment_min: 0.95,
            operator: OperatorPresence::NotRequired,
            retention_years: 5,
            integrity: IntegrityPolicy::default(),
            palm: PalmPolicy::default(),
            assisted: AssistedPolicy::default(),
        }
    }
}

/// The rules of palm identification ask for five years at least, and so does the draft for pictures.
const RETENTION_MIN_YEARS: u16 = 5;

/// Why a policy is against the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// Fewer than three actions, or fewer different ones than are asked for.
    #[error("the rules ask for at least three different prompted actions")]
    TooFewChallenges,
    /// More actions than one draw of randomness serves, and than anybody has patience for.
    #[error("an attempt has at most {} prompted actions", plan::CHALLENGES_MAX)]
    TooManyChallenges,
    /// No attempt, or more than three.
    #[error("the rules allow one to three attempts")]
    Attempts,
    /// A probability outside of 0 to 1, an angle or ratio that is not a positive number, or an action that would
    /// be smaller than what still counts as neutral.
    #[error("a threshold is outside its range")]
    Threshold,
    /// No turn of the head among the actions: without one nobody can tell a head from a sheet.
    #[error("one of the prompted actions must be a turn of the head")]
    NoTurn,
    /// Less than a second for an action.
    #[error("nobody performs an action within less than a second")]
    Window,
    /// Documents would be kept for too short.
    #[error("the rules ask for documents to be kept for five years at least")]
    Retention,
}

impl Policy {
    /// Whether a match of the centre with this comparison score is enough. For a face, a match without a score is not;
    /// of the palm the centre gives no score that anybody has set a threshold for, and its word alone counts.
    pub fn accepts(&self, modality: Modality, score: Option<f32>) -> bool {
        match modality {
            Modality::Face => score.is_some_and(|score| score >= self.comparison_min),
            Modality::Palm => true,
        }
    }

    /// Whether the rules allow this policy.
    pub fn check(&self) -> Result<(), PolicyError> {
        let mut different = self.challenge_set.clone();
        different.sort_unstable();
        different.dedup();
        if self.challenges_per_attempt < 3 || different.len() < usize::from(self.challenges_per_attempt) {
            return Err(PolicyError::TooFewChallenges);
        }
        if self.challenges_per_attempt > plan::CHALLENGES_MAX {
            return Err(PolicyError::TooManyChallenges);
        }
        if !(1..=3).contains(&self.attempts) {
            return Err(PolicyError::Attempts);
        }
        let parts = [
            self.passive_min,
            self.comparison_min,
            self.nbas_enrolment_min,
            self.eye_closed_part,
            self.relief_min,
            self.screen_max,
            self.likeness_min,
            self.face_change_max,
            self.scene_change_max,
        ];
        let positive = [
            self.nod_min_deg,
            self.neutral_max_deg,
            self.inter_eye_distance_min_px,
            self.mouth_open_rise,
            self.smile_rise,
            self.cut_out_max,
            self.head_speed_max_deg_s,
            self.light_gain_min,
            self.luminance_min,
            self.distance_min_mm,
        ];
        let in_range = parts.iter().all(|part| *part > 0.0 && *part <= 1.0)
            && positive.iter().all(|value| *value > 0.0)
            && self.luminance_max > self.luminance_min
            && self.turn_min_deg > self.neutral_max_deg;
        if !in_range {
            return Err(PolicyError::Threshold);
        }
        if !self.palm.is_in_range() || !self.assisted.is_in_range() {
            return Err(PolicyError::Threshold);
        }
        if !different.iter().any(|challenge| challenge.is_turn()) {
            return Err(PolicyError::NoTurn);
        }
        if self.challenge_window < Duration::from_secs(1) {
            return Err(PolicyError::Window);
        }
        if self.retention_years < RETENTION_MIN_YEARS {
            return Err(PolicyError::Retention);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_match_below_the_threshold_is_none() {
        let policy = Policy::default();
        let check = |score, expect| {
            assert_eq!(policy.accepts(Modality::Face, score), expect, "{score:?}");
            assert!(policy.accepts(Modality::Palm, score));
        };
        check(Some(0.95), true);
        check(Some(0.949), false);
        check(Some(f32::NAN), false);
        check(None, false);
    }

    #[test]
    fn the_rules_bound_the_policy() {
        let policy = Policy::default();
        assert_eq!(policy.check(), Ok(()));
        assert_eq!(
            Policy {
                challenges_per_attempt: 2,
                ..policy.clone()
            }
            .check(),
            Err(PolicyError::TooFewChallenges)
        );
        assert_eq!(
            Policy {
                challenges_per_attempt: 5,
                ..policy.clone()
            }
            .check(),
            Err(PolicyError::TooManyChallenges)
        );
        let twice = vec![PadChallenge::Blink, PadChallenge::Blink, PadChallenge::Smile];
        assert_eq!(
            Policy {
                challenge_set: twice,
                ..policy.clone()
            }
            .check(),
            Err(PolicyError::TooFewChallenges)
        );
        assert_eq!(
            Policy {
                attempts: 4,
                ..policy.clone()
            }
            .check(),
            Err(PolicyError::Attempts)
        );
        assert_eq!(
            Policy {
                passive_min: f32::NAN,
                ..policy.clone()
            }
            .check(),
            Err(PolicyError::Threshold)
        );
        let spoils: [fn(&mut Policy); 23] = [
            |policy| policy.turn_min_deg = f32::NAN,
            |policy| policy.relief_min = 0.0,
            |policy| policy.screen_max = 1.5,
            |policy| policy.light_gain_min = -0.1,
            |policy| policy.luminance_max = policy.luminance_min,
            |policy| policy.palm.volume_min_ml = f32::NAN,
            |policy| policy.palm.temperature_max_celsius = f32::INFINITY,
            |policy| policy.palm.warmth_min_celsius = -0.5,
            |policy| policy.palm.warmth_min_celsius = f32::INFINITY,
            |policy| policy.palm.volume_min_ml = 1e-30,
            |policy| policy.palm.volume_max_ml = 1e30,
            |policy| policy.palm.temperature_min_celsius = 1.0,
            |policy| policy.palm.liveness_min = 0.0,
            |policy| policy.palm.scan_limit = Duration::from_secs(60),
            |policy| policy.assisted.page_sharpness_min = f32::NAN,
            |policy| policy.assisted.page_sharpness_min = f32::INFINITY,
            |policy| policy.assisted.page_long_side_min_px = 1e30,
            |policy| policy.assisted.page_luminance_max = policy.assisted.page_luminance_min,
            |policy| policy.assisted.picture_hold = Duration::from_millis(100),
            |policy| policy.assisted.picture_limit = Duration::from_secs(29),
            |policy| policy.assisted.page_glare_max = 1.0,
            |policy| policy.assisted.pictures_max = 0,
            |policy| policy.assisted.cannot_perform_max = 4,
        ];
        for spoil in spoils {
            let mut policy = policy.clone();
            spoil(&mut policy);
            assert_eq!(policy.check(), Err(PolicyError::Threshold), "{policy:?}");
        }
    }
}
