//! Which actions a face performs, whether or not it was asked to.
//!
//! An action is *neutral -> act -> neutral*, seen against the person's own neutral face. Size alone is not enough:
//! each action also has its course in time, in milliseconds, so that the rate of the camera does not matter.

mod neutral;

use std::time::Duration;

pub use neutral::{Deviation, Neutral};

use super::PadChallenge;
use super::positioning::is_too_far;
use crate::capture::FaceObservation;
use crate::policy::Policy;
use neutral::OwnNeutral;

/// An action begins at 1 of its strength and is over below this part of it: a measure that trembles about the
/// threshold is one action, not many.
const OVER_BELOW: f32 = 0.6;
/// An eye counts as open from this part of its own opening. A lowered gaze holds the lids at two thirds, and so
/// does a squint; an open eye narrows by less than a fifth.
const EYE_OPEN_PART: f32 = 0.75;
/// From open to closed a lid takes 75 to 150 ms (VanderWerf et al., 2003; spontaneous, reflex and voluntary blinks
/// alike); the rest is the interval of a slow camera. Lids that follow the gaze or the head come down more slowly.
const CLOSING_LONGEST: Duration = Duration::from_millis(250);
/// A blink lasts 100 to 400 ms. Somebody who is asked for one may hold it, up to this; lids that stay down longer
/// are tired or follow a lowered gaze.
const BLINK_LONGEST: Duration = Duration::from_secs(1);
/// What is held longer than any prompt lasts is how this person stands now, and not an action.
const ACT_LONGEST: Duration = Duration::from_secs(10);
/// Head and mouth stay in an action for longer than this, and are seen in two frames of it, so that one bad
/// measure is no action. A lid may be down in one frame only.
const ACT_SHORTEST: Duration = Duration::from_millis(50);
const ACT_FRAMES_MIN: u32 = 2;
/// After so long without a usable face nobody can say what happened in between.
const GAP_LONGEST: Duration = Duration::from_millis(400);
/// After so long it may be another person.
const ABSENCE_LONGEST: Duration = Duration::from_secs(1);

/// An action that was seen. Frames are numbered as in [`FaceObservation::frame`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spotted {
    /// Which action.
    pub challenge: PadChallenge,
    /// The last frame before it in which the face was neutral.
    pub first: u64,
    /// Where it was strongest.
    pub peak: u64,
    /// The first frame in which the face was neutral again; the last one seen, if it never was.
    pub last: u64,
    /// Time of [`first`](Self::first).
    pub began_at: Duration,
    /// How strong it was; 1 is the least that counts.
    pub strength: f32,
    /// Whether the face became neutral again. Who asked for an action must ask for this too; a face that was lost,
    /// or a recording that ended, leaves an action open.
    pub completed: bool,
}

/// Looks for all actions in a stream of observations. Frames may be missing and may come at any rate.
#[derive(Debug, Clone)]
pub struct ActionSpotter {
    neutral: OwnNeutral,
    courses: [Course; PadChallenge::ALL.len()],
    last_usable: Option<(u64, Duration)>,
    deviation: Option<Deviation>,
}

impl Default for ActionSpotter {
    fn default() -> Self {
        Self {
            neutral: OwnNeutral::default(),
            courses: PadChallenge::ALL.map(Course::new),
            last_usable: None,
            deviation: None,
        }
    }
}

impl ActionSpotter {
    /// Takes the next frame; the actions that ended with it, most often none.
    ///
    /// A frame without exactly one face that is near enough says nothing. Actions that were under way when the face
    /// was lost are reported as not completed.
    pub fn observe(&mut self, seen: &FaceObservation, policy: &Policy) -> Vec<Spotted> {
        let mut spotted = Vec::new();
        if let Some((_, last)) = self.last_usable {
            let gap = seen.at.saturating_sub(last);
            if gap > GAP_LONGEST {
                spotted = self.finish();
            }
            if gap > ABSENCE_LONGEST {
                self.neutral = OwnNeutral::default();
            }
        }
        self.deviation = None;
        let face = match (seen.faces, &seen.face) {
            (1, Some(face)) if !is_too_far(face, policy) => face,
            _ => return spotted,
        };
        self.last_usable = Some((seen.frame, seen.at));
        let deviation = self
            .neutral
            .known(seen.at, policy)
            .map(|neutral| neutral.deviation(face));
        if let Some(deviation) = deviation {
            for course in &mut self.courses {
                spotted.extend(course.observe(seen.frame, seen.at, &deviation, policy));
            }
        }
        let acting = |course: &Course| course.strength().is_some();
        self.neutral
            .learn(seen.at, face, deviation.as_ref(), policy, |challenge| {
                self.courses
                    .iter()
                    .any(|course| course.challenge == challenge && acting(course))
            });
        self.deviation = deviation;
        spotted
    }

    /// No more frames come: the actions that are still under way.
    pub fn finish(&mut self) -> Vec<Spotted> {
        let (frame, _) = self.last_usable.unwrap_or_default();
        let open = self
            .courses
            .iter()
            // Lids that were not seen to open again are no blink.
            .filter(|course| course.challenge != PadChallenge::Blink)
            .filter_map(|course| course.open(frame))
            .collect();
        self.courses = PadChallenge::ALL.map(Course::new);
        self.last_usable = None;
        open
    }

    /// How the face of the last frame differs from the person's own neutral; `None` if it was not usable, or if it
    /// is not known yet what is neutral.
    pub fn deviation(&self) -> Option<Deviation> {
        self.deviation
    }

    /// How strong an action that is under way has been so far; `None` if it is not under way.
    pub fn under_way(&self, challenge: PadChallenge) -> Option<f32> {
        self.courses
            .iter()
            .find(|course| course.challenge == challenge)
            .and_then(Course::strength)
    }
}

/// One action in time.
///
/// ```text
///          strength 1                     below 0.6, long enough: spotted
/// Neutral ────────────> Acting ──────────────────────────────────────────> Neutral
///    │                    │ too long, or the head moved under it               ^
///    │ lids too slow      v                     below 0.6                      │
///    └────────────────> Spoiled ───────────────────────────────────────────────┘
/// ```
#[derive(Debug, Clone, Copy)]
struct Course {
    challenge: PadChallenge,
    phase: Phase,
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    /// The last neutral frame and its time, once there was one.
    Neutral(Option<(u64, Duration)>),
    Acting {
        first: u64,
        began_at: Duration,
        /// First and last time at full strength.
        full: (Duration, Duration),
        full_frames: u32,
        peak: u64,
        strength: f32,
    },
    Spoiled,
}

impl Course {
    fn new(challenge: PadChallenge) -> Self {
        Self {
            challenge,
            phase: Phase::Neutral(None),
        }
    }

    fn strength(&self) -> Option<f32> {
        match self.phase {
            Phase::Acting { strength, .. } if self.is_enough() => Some(strength),
            _ => None,
        }
    }

    /// Whether it lasted long enough to be an action.
    fn is_enough(&self) -> bool {
        match self.phase {
            Phase::Acting {
                full: (from, to),
                full_frames,
                ..
            } => {
                self.challenge == PadChallenge::Blink
                    || (full_frames >= ACT_FRAMES_MIN && to.saturating_sub(from) >= ACT_SHORTEST)
            }
            _ => false,
        }
    }

    fn observe(
        &mut self,
        frame: u64,
        at: Duration,
        deviation: &Deviation,
        policy: &Policy,
    ) -> Option<Spotted> {
        let Some(now) = deviation.strength(self.challenge, policy) else {
            // A lid or a nod cannot be told from the turn in which it happens. Mouth and smile wait.
            let is_void = matches!(
                self.challenge,
                PadChallenge::Blink | PadChallenge::LookUp | PadChallenge::LookDown
            );
            if is_void && matches!(self.phase, Phase::Acting { .. }) {
                self.phase = Phase::Spoiled;
            }
            return None;
        };
        if deviation.is_over(self.challenge, policy) {
            let spotted = self.open(frame).map(|open| Spotted {
                completed: true,
                ..open
            });
            self.phase = Phase::Neutral(Some((frame, at)));
            return spotted;
        }
        let is_blink = self.challenge == PadChallenge::Blink;
        match &mut self.phase {
            // What was never seen neutral did not begin here.
            Phase::Neutral(None) if now >= 1.0 => self.phase = Phase::Spoiled,
            Phase::Neutral(Some((first, began_at))) if now >= 1.0 => {
                self.phase = if is_blink && at.saturating_sub(*began_at) > CLOSING_LONGEST {
                    Phase::Spoiled
                } else {
                    Phase::Acting {
                        first: *first,
                        began_at: *began_at,
                        full: (at, at),
                        full_frames: 1,
                        peak: frame,
                        strength: now,
                    }
                };
            }
            Phase::Acting {
                full,
                full_frames,
                peak,
                strength,
                ..
            } => {
                if now >= 1.0 {
                    full.1 = at;
                    *full_frames += 1;
                }
                if now > *strength {
                    (*peak, *strength) = (frame, now);
                }
                let longest = if is_blink { BLINK_LONGEST } else { ACT_LONGEST };
                if at.saturating_sub(full.0) > longest {
                    self.phase = Phase::Spoiled;
                }
            }
            Phase::Neutral(_) | Phase::Spoiled => {}
        }
        None
    }

    /// The action under way, as seen up to this frame.
    fn open(&self, frame: u64) -> Option<Spotted> {
        match self.phase {
            Phase::Acting {
                first,
                began_at,
                peak,
                strength,
                ..
            } if self.is_enough() => Some(Spotted {
                challenge: self.challenge,
                first,
                peak,
                last: frame,
                began_at,
                strength,
                completed: false,
            }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
