//! The person's own neutral face, and how a face differs from it.

use std::collections::VecDeque;
use std::time::Duration;

use super::{ACT_LONGEST, EYE_OPEN_PART, OVER_BELOW};
use crate::capture::FaceMeasures;
use crate::pad::PadChallenge;
use crate::pad::parts::quantile;
use crate::policy::Policy;

/// Eyes are open most of the time, and lids only come down: an eye's own opening is near its largest. Not the
/// largest, which is an outlier.
const OPEN_QUANTILE: f32 = 0.9;
/// Lips are closed more often than not, also in speech, and only part.
const LIPS_QUANTILE: f32 = 0.35;
const MIDDLE: f32 = 0.5;
/// Eyes and lips read differently in another pose: level is within this part of a nod.
const LEVEL_PART: f32 = 0.8;
/// How far back the neutral face reaches: longer than a lowered gaze, shorter than it takes to move the chair.
const WINDOW: Duration = Duration::from_secs(6);
/// Frames nearer than this to the one before teach nothing new.
const SPACING: Duration = Duration::from_millis(30);
/// So much must be known before anything is judged.
const KNOWN_AFTER: Duration = Duration::from_millis(100);
const KNOWN_SAMPLES: usize = 3;
/// No measure of an open eye or a mouth is smaller; below, a part of it means nothing.
const RATIO_MIN: f32 = 0.05;

/// The person's own neutral face.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Neutral {
    yaw_deg: f32,
    pitch_deg: f32,
    eye_left: f32,
    eye_right: f32,
    mouth_opening: f32,
    mouth_width: f32,
    mouth_corner: f32,
}

/// How a face differs from its own neutral.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Deviation {
    /// Turn away from neutral, positive to the subject's own left.
    pub yaw_deg: f32,
    /// Nod away from neutral, positive when looking up.
    pub pitch_deg: f32,
    /// The more open eye, as a part of its own open state: both lids must fall for this to fall.
    pub eyes_open_part: f32,
    /// How much further the lips are parted, over the width of the mouth. What a smile widens is taken out: lips
    /// that part because they are drawn apart show teeth, and are no open mouth.
    pub mouth_rise: f32,
    /// How far the mouth corners moved outwards and up, halfway between the two, over the distance of the outer eye
    /// corners: the pull of the zygomatic muscle. A spread or a pursed mouth moves them sideways only.
    pub smile_rise: f32,
}

impl Neutral {
    /// From the frames in which the head, the eyes and the mouth were neutral.
    fn of(head: &[FaceMeasures], eyes: &[FaceMeasures], mouth: &[FaceMeasures]) -> Self {
        let at = |faces: &[FaceMeasures], part, measure: fn(&FaceMeasures) -> f32| {
            let values: Vec<f32> = faces.iter().map(measure).collect();
            quantile(&values, part).unwrap_or(0.0)
        };
        Self {
            yaw_deg: at(head, MIDDLE, |face| face.yaw_deg),
            pitch_deg: at(head, MIDDLE, |face| face.pitch_deg),
            eye_left: at(eyes, OPEN_QUANTILE, |face| face.eye_left_ratio),
            eye_right: at(eyes, OPEN_QUANTILE, |face| face.eye_right_ratio),
            mouth_opening: at(mouth, LIPS_QUANTILE, |face| face.mouth_opening_ratio),
            mouth_width: at(mouth, MIDDLE, |face| face.mouth_width_ratio),
            mouth_corner: at(mouth, MIDDLE, |face| face.mouth_corner_ratio),
        }
    }

    /// How a face differs.
    pub fn deviation(&self, face: &FaceMeasures) -> Deviation {
        let part = |value: f32, of: f32| value / of.max(RATIO_MIN);
        let widening = part(face.mouth_width_ratio, self.mouth_width).max(1.0);
        let out = (face.mouth_width_ratio - self.mouth_width) / 2.0;
        let up = self.mouth_corner - face.mouth_corner_ratio;
        Deviation {
            yaw_deg: face.yaw_deg - self.yaw_deg,
            pitch_deg: face.pitch_deg - self.pitch_deg,
            eyes_open_part: part(face.eye_left_ratio, self.eye_left)
                .max(part(face.eye_right_ratio, self.eye_right)),
            mouth_rise: (face.mouth_opening_ratio - self.mouth_opening) / widening,
            smile_rise: (out + up) * std::f32::consts::FRAC_1_SQRT_2,
        }
    }
}

impl Deviation {
    /// How much of the action there is; 1 and above is the action. `None` where the pose of the head does not let it
    /// be judged, or where a measure is no number.
    pub fn strength(&self, challenge: PadChallenge, policy: &Policy) -> Option<f32> {
        let straight = self.yaw_deg.abs() < policy.turn_min_deg;
        let strength = match challenge {
            PadChallenge::TurnLeft => self.yaw_deg / policy.turn_min_deg,
            PadChallenge::TurnRight => -self.yaw_deg / policy.turn_min_deg,
            PadChallenge::LookUp if straight => self.pitch_deg / policy.nod_min_deg,
            PadChallenge::LookDown if straight => -self.pitch_deg / policy.nod_min_deg,
            // Lids that come down because the head goes down are no blink.
            PadChallenge::Blink if straight && self.is_level(policy) => {
                policy.eye_closed_part / self.eyes_open_part.max(RATIO_MIN)
            }
            PadChallenge::OpenMouth => self.mouth_rise / policy.mouth_open_rise,
            PadChallenge::Smile if straight && self.is_level(policy) => self.smile_rise / policy.smile_rise,
            _ => return None,
        };
        strength.is_finite().then_some(strength)
    }

    /// Whether nothing of the action is left.
    pub(super) fn is_over(&self, challenge: PadChallenge, policy: &Policy) -> bool {
        match challenge {
            PadChallenge::Blink => self.eyes_open_part >= EYE_OPEN_PART,
            _ => self
                .strength(challenge, policy)
                .is_some_and(|strength| strength < OVER_BELOW),
        }
    }

    /// Whether nothing of any action is left.
    pub fn is_neutral(&self, policy: &Policy) -> bool {
        PadChallenge::ALL
            .into_iter()
            .all(|challenge| self.is_over(challenge, policy))
    }

    /// Whether this is a head movement that was not asked for, where nothing or something else was asked for.
    pub fn is_wrong(&self, asked: PadChallenge, policy: &Policy) -> bool {
        let turned = self.yaw_deg / policy.turn_min_deg;
        let nodded = self.pitch_deg / policy.nod_min_deg;
        match asked {
            PadChallenge::TurnLeft => turned <= -1.0,
            PadChallenge::TurnRight => turned >= 1.0,
            PadChallenge::LookUp => nodded <= -1.0 || turned.abs() >= 1.25,
            PadChallenge::LookDown => nodded >= 1.0 || turned.abs() >= 1.25,
            PadChallenge::Blink | PadChallenge::OpenMouth | PadChallenge::Smile => turned.abs() >= 1.25,
        }
    }

    fn is_level(&self, policy: &Policy) -> bool {
        self.pitch_deg.abs() < policy.nod_min_deg * LEVEL_PART
    }
}

/// Learns the neutral face from the last seconds, without being told when the person is neutral.
#[derive(Debug, Clone, Default)]
pub(super) struct OwnNeutral {
    samples: VecDeque<Sample>,
}

#[derive(Debug, Clone, Copy)]
struct Sample {
    at: Duration,
    face: FaceMeasures,
    head_acts: bool,
    mouth_acts: bool,
    straight: bool,
}

impl OwnNeutral {
    /// What is neutral now; `None` while too little was seen.
    pub(super) fn known(&self, at: Duration, policy: &Policy) -> Option<Neutral> {
        let first = self.samples.front()?;
        if self.samples.len() < KNOWN_SAMPLES || at.saturating_sub(first.at) < KNOWN_AFTER {
            return None;
        }
        let those = |wanted: fn(&Sample) -> bool| -> Vec<FaceMeasures> {
            let kept = self.samples.iter().filter(|sample| wanted(sample));
            kept.map(|sample| sample.face).collect()
        };
        let or = |faces: Vec<FaceMeasures>, others: &[FaceMeasures]| {
            if faces.is_empty() { others.to_vec() } else { faces }
        };
        let all = those(|_| true);
        let head = or(those(|sample| !sample.head_acts), &all);
        let eyes = or(those(|sample| sample.straight), &all);
        let mouth = or(those(|sample| sample.straight && !sample.mouth_acts), &eyes);
        let neutral = Neutral::of(&head, &eyes, &mouth);
        // Who is first seen turned away is turned away. A camera may be mounted well above or below the eyes.
        let (yaw, pitch) = (policy.neutral_max_deg, 2.0 * policy.neutral_max_deg);
        Some(Neutral {
            yaw_deg: neutral.yaw_deg.clamp(-yaw, yaw),
            pitch_deg: neutral.pitch_deg.clamp(-pitch, pitch),
            ..neutral
        })
    }

    /// Takes a frame. `acts` says whether an action is under way.
    pub(super) fn learn(
        &mut self,
        at: Duration,
        face: &FaceMeasures,
        deviation: Option<&Deviation>,
        policy: &Policy,
        acts: impl Fn(PadChallenge) -> bool,
    ) {
        let last = self.samples.back().map(|sample| sample.at);
        if last.is_none_or(|last| at.saturating_sub(last) >= SPACING) {
            let straight = |deviation: &Deviation| {
                deviation.is_level(policy) && deviation.yaw_deg.abs() < policy.turn_min_deg
            };
            self.samples.push_back(Sample {
                at,
                face: *face,
                head_acts: [
                    PadChallenge::TurnLeft,
                    PadChallenge::TurnRight,
                    PadChallenge::LookUp,
                    PadChallenge::LookDown,
                ]
                .into_iter()
                .any(&acts),
                mouth_acts: acts(PadChallenge::OpenMouth) || acts(PadChallenge::Smile),
                straight: deviation.is_none_or(straight),
            });
        }
        // While an action is under way, what was neutral before it stays known.
        let window = if PadChallenge::ALL.into_iter().any(&acts) {
            WINDOW + ACT_LONGEST
        } else {
            WINDOW
        };
        while self
            .samples
            .front()
            .is_some_and(|first| at.saturating_sub(first.at) > window)
        {
            self.samples.pop_front();
        }
    }
}
