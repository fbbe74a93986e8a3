//! What a person in front of the camera is asked to do, and what is wrong with where they stand.

use std::time::Duration;

use super::PadChallenge;
use crate::capture::{FaceMeasures, FaceObservation};
use crate::policy::Policy;

/// What the subject is asked to do. Sides are those of the subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FacePrompt {
    /// Come into the picture.
    ShowFace,
    /// Come closer.
    Closer,
    /// Step back.
    StepBack,
    /// Step to one's own left.
    StepLeft,
    /// Step to one's own right.
    StepRight,
    /// Too little light on the face.
    MoreLight,
    /// Too much light on the face.
    LessLight,
    /// One person only.
    OnePersonOnly,
    /// Take off what covers mouth and nose.
    RemoveMask,
    /// Take off what covers the eyes.
    UncoverEyes,
    /// Look straight into the camera, eyes open, mouth closed.
    LookStraight,
    /// Keep still.
    HoldStill,
    /// Perform this action.
    Act(PadChallenge),
}

/// A face whose middle is within this part of the width from the edge leaves the picture when it turns.
const EDGE_PART: f32 = 0.18;
/// A face wider than this part of the picture leaves it when it turns.
const WIDTH_PART_MAX: f32 = 0.75;
/// From here on something more likely than not covers the mouth or the eyes.
const OCCLUSION_MAX: f32 = 0.5;
/// Too many pixels without any drawing to tell features: half of a face in the dark, a third of it burnt out.
const UNDER_EXPOSURE_MAX: f32 = 0.5;
const OVER_EXPOSURE_MAX: f32 = 0.33;
/// Nobody can follow hints that change faster than this, and a screen reader cannot speak them.
const HINT_STAYS: Duration = Duration::from_millis(700);

/// What is wrong with how a person stands, if anything: the one thing to mend first.
pub fn wrong(seen: &FaceObservation, policy: &Policy) -> Option<FacePrompt> {
    let face = match (seen.faces, &seen.face) {
        (0, _) | (_, None) => return Some(FacePrompt::ShowFace),
        (1, Some(face)) => face,
        _ => return Some(FacePrompt::OnePersonOnly),
    };
    let quality = &face.quality;
    let width = seen.frame_width_px as f32;
    let middle = (face.box_px.x + face.box_px.width / 2.0) / width.max(1.0);
    let too_wide = face.box_px.width > WIDTH_PART_MAX * width || face.distance_mm < policy.distance_min_mm;
    // Relief and likeness are measured against a face that faces the camera. Who cannot, because the camera hangs too
    // high, must not begin an attempt that cannot pass.
    let straight = face.yaw_deg.hypot(face.pitch_deg) <= policy.neutral_max_deg;
    let bright = quality.luminance_mean > policy.luminance_max || quality.over_exposure > OVER_EXPOSURE_MAX;
    let checks = [
        (is_too_far(face, policy), FacePrompt::Closer),
        (too_wide, FacePrompt::StepBack),
        // The picture is not mirrored: what stands at its left side has to move to its right, which is the left
        // of the person.
        (middle < EDGE_PART, FacePrompt::StepLeft),
        (middle > 1.0 - EDGE_PART, FacePrompt::StepRight),
        (is_dark(face, policy), FacePrompt::MoreLight),
        (bright, FacePrompt::LessLight),
        (quality.mouth_occlusion > OCCLUSION_MAX, FacePrompt::RemoveMask),
        (quality.eyes_occlusion > OCCLUSION_MAX, FacePrompt::UncoverEyes),
        (!straight, FacePrompt::LookStraight),
    ];
    checks
        .into_iter()
        .find_map(|(is_wrong, prompt)| is_wrong.then_some(prompt))
}

/// Whether the face is too small to be measured and compared.
pub fn is_too_far(face: &FaceMeasures, policy: &Policy) -> bool {
    let distance = face.quality.inter_eye_distance_px;
    distance.is_nan() || distance < policy.inter_eye_distance_min_px
}

/// Whether the face is too dark to be measured and compared.
pub fn is_dark(face: &FaceMeasures, policy: &Policy) -> bool {
    let luminance = face.quality.luminance_mean;
    luminance.is_nan() || luminance < policy.luminance_min || face.quality.under_exposure > UNDER_EXPOSURE_MAX
}

/// Keeps a hint on the screen long enough to be followed.
#[derive(Debug, Clone, Copy)]
pub struct Hint {
    shown: FacePrompt,
    since: Duration,
}

impl Hint {
    /// Shows a first hint.
    pub fn new(shown: FacePrompt, at: Duration) -> Self {
        Self { shown, since: at }
    }

    /// The hint on the screen.
    pub fn shown(&self) -> FacePrompt {
        self.shown
    }

    /// Asks for another hint, which comes when the present one has stood long enough.
    pub fn ask(&mut self, prompt: FacePrompt, at: Duration) {
        if prompt != self.shown && at.saturating_sub(self.since) >= HINT_STAYS {
            self.set(prompt, at);
        }
    }

    /// Shows another hint at once.
    pub fn set(&mut self, prompt: FacePrompt, at: Duration) {
        if prompt != self.shown {
            *self = Self::new(prompt, at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pad::testing::{neutral, seen};

    #[test]
    fn the_one_thing_to_mend_first_is_said() {
        let policy = Policy::default();
        let check = |change: &dyn Fn(&mut FaceMeasures), expect| {
            let mut face = neutral();
            change(&mut face);
            assert_eq!(wrong(&seen(0, 0, Some(face)), &policy), expect, "{face:?}");
        };
        check(&|_| {}, None);
        check(
            &|face| face.quality.inter_eye_distance_px = 40.0,
            Some(FacePrompt::Closer),
        );
        check(
            &|face| face.quality.inter_eye_distance_px = f32::NAN,
            Some(FacePrompt::Closer),
        );
        check(&|face| face.distance_mm = 180.0, Some(FacePrompt::StepBack));
        check(&|face| face.box_px.width = 600.0, Some(FacePrompt::StepBack));
        check(&|face| face.box_px.x = -60.0, Some(FacePrompt::StepLeft));
        check(&|face| face.box_px.x = 520.0, Some(FacePrompt::StepRight));
        check(
            &|face| face.quality.luminance_mean = 20.0,
            Some(FacePrompt::MoreLight),
        );
        check(
            &|face| face.quality.over_exposure = 0.5,
            Some(FacePrompt::LessLight),
        );
        check(
            &|face| face.quality.mouth_occlusion = 0.9,
            Some(FacePrompt::RemoveMask),
        );
        check(
            &|face| face.quality.eyes_occlusion = 0.9,
            Some(FacePrompt::UncoverEyes),
        );
        check(&|face| face.yaw_deg = 25.0, Some(FacePrompt::LookStraight));

        let mut two = seen(0, 0, Some(neutral()));
        two.faces = 2;
        assert_eq!(wrong(&two, &policy), Some(FacePrompt::OnePersonOnly));
        assert_eq!(wrong(&seen(0, 0, None), &policy), Some(FacePrompt::ShowFace));
    }

    #[test]
    fn a_hint_stays_long_enough_to_be_followed() {
        let at = Duration::from_millis;
        let mut hint = Hint::new(FacePrompt::ShowFace, at(0));
        hint.ask(FacePrompt::Closer, at(100));
        assert_eq!(hint.shown(), FacePrompt::ShowFace);
        hint.ask(FacePrompt::Closer, at(700));
        assert_eq!(hint.shown(), FacePrompt::Closer);
        hint.ask(FacePrompt::MoreLight, at(1000));
        assert_eq!(hint.shown(), FacePrompt::Closer);
        hint.set(FacePrompt::HoldStill, at(1001));
        assert_eq!(hint.shown(), FacePrompt::HoldStill);
    }
}
