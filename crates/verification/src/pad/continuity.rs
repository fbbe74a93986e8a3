//! One and the same face, throughout, in one uncut stream.

use std::collections::VecDeque;
use std::time::Duration;

use super::{AttackSign, AttemptFailure};
use crate::capture::{FaceMeasures, FaceObservation, StreamState};
use crate::pad::parts::quantile;
use crate::policy::Policy;

/// A head moves less than this part of its width from one frame to the next: at 12 frames a second this is about
/// 1 m/s.
const JUMP_WIDTHS: f32 = 0.6;
/// The pose of a face is measured with an error of this size; it is added to what a head can turn between two
/// frames.
const POSE_ERROR_DEG: f32 = 12.0;
/// A second face must stay this long, so that a passer-by ends nothing. Longer than two rounds of the detector,
/// which looks for further faces only now and then while it follows one.
const SEVERAL_FACES_HOLD: Duration = Duration::from_millis(1200);
/// So much slower is several faces forgotten than noticed.
const SEVERAL_FACES_FADE: u32 = 4;
/// A picture with no more luminance than this has no light: black of video is 16, and sensors add some noise.
const DARK_BELOW: f32 = 20.0;
/// The likeness is judged by the median of so many measures: one bad fit is not another person.
const LIKENESS_WINDOW: usize = 5;

/// Watches over the frames of one presentation.
#[derive(Debug, Clone, Default)]
pub struct Continuity {
    last_face: Option<(Duration, FaceMeasures)>,
    /// A frame without a face came since then. A machine that is slow for a moment is no face that is gone.
    gone: bool,
    last_frame: Option<Duration>,
    /// Time with several faces. Time with one face makes it less, but slowly: a face that comes and goes is there.
    several: Duration,
    likeness: VecDeque<f32>,
}

impl Continuity {
    /// Another presentation begins, which must be of the same face.
    pub fn begin_anew(&mut self) {
        self.last_face = None;
        self.gone = false;
        self.several = Duration::ZERO;
    }

    /// Takes one frame and says what broke with it, if anything.
    pub fn observe(&mut self, seen: &FaceObservation, policy: &Policy) -> Option<AttemptFailure> {
        match seen.stream.map(|stream| stream.state) {
            Some(StreamState::Frozen) => return Some(AttemptFailure::Frozen),
            Some(StreamState::Repeating) => return Some(AttemptFailure::Attack(AttackSign::Injected)),
            Some(StreamState::Good | StreamState::Black | StreamState::TooSlow) | None => {}
        }
        let passed = seen
            .at
            .saturating_sub(self.last_frame.replace(seen.at).unwrap_or(seen.at));
        if seen.faces > 1 {
            self.several += passed;
            if self.several >= SEVERAL_FACES_HOLD {
                return Some(AttemptFailure::SeveralFaces);
            }
        } else {
            self.several = self.several.saturating_sub(passed / SEVERAL_FACES_FADE);
        }
        let Some(face) = &seen.face else {
            self.gone = true;
            // Where no light comes, nobody can tell whether the face is there. Either the camera fails, and that is
            // told by the stream, or the light comes back, and then the face was away for too long.
            if seen.luminance_mean < DARK_BELOW {
                return None;
            }
            let since = self.last_face.map_or(seen.at, |(at, _)| at);
            return (seen.at.saturating_sub(since) >= policy.face_lost_limit)
                .then_some(AttemptFailure::FaceLost);
        };
        let before = self.last_face.replace((seen.at, *face));
        let was_gone = std::mem::take(&mut self.gone);
        if let Some((at, _)) = before
            && was_gone
            && seen.at.saturating_sub(at) >= policy.face_lost_limit
        {
            return Some(AttemptFailure::FaceLost);
        }
        if let Some((at, before)) = before
            && jumped(&before, face, seen.at.saturating_sub(at), policy)
        {
            return Some(AttemptFailure::Jump);
        }
        let cut = face
            .face_change
            .is_some_and(|change| change > policy.face_change_max)
            && seen
                .scene_change
                .is_some_and(|change| change > policy.scene_change_max);
        if cut {
            return Some(AttemptFailure::Cut);
        }
        if let Some(likeness) = face.likeness {
            self.likeness.push_back(likeness);
            if self.likeness.len() > LIKENESS_WINDOW {
                self.likeness.pop_front();
            }
            let recent: Vec<f32> = self.likeness.iter().copied().collect();
            let other = quantile(&recent, 0.5)
                .is_some_and(|likeness| !(likeness.is_finite() && likeness >= policy.likeness_min));
            if recent.len() == LIKENESS_WINDOW && other {
                return Some(AttemptFailure::AnotherPerson);
            }
        }
        None
    }
}

/// Whether a head cannot have come from there in this time.
fn jumped(before: &FaceMeasures, after: &FaceMeasures, within: Duration, policy: &Policy) -> bool {
    let centre = |face: &FaceMeasures| {
        (
            face.box_px.x + face.box_px.width / 2.0,
            face.box_px.y + face.box_px.height / 2.0,
        )
    };
    let ((x0, y0), (x1, y1)) = (centre(before), centre(after));
    let width = before.box_px.width.max(after.box_px.width).max(1.0);
    let turned_deg = (after.yaw_deg - before.yaw_deg)
        .abs()
        .max((after.pitch_deg - before.pitch_deg).abs());
    (x1 - x0).hypot(y1 - y0) > JUMP_WIDTHS * width
        || turned_deg > POSE_ERROR_DEG + policy.head_speed_max_deg_s * within.as_secs_f32()
}
