//! One attempt in front of the camera: positioning, then each prompted action from neutral to neutral.

use std::time::Duration;

use super::decision::{PadEvidence, decide};
use super::plan::PlannedChallenge;
use super::{AttemptFailure, AttemptRecord, ChallengeRecord, PadChallenge, PadDecision};
use crate::capture::{FaceMeasures, FaceObservation};
use crate::evidence::StillPurpose;
use crate::policy::{PassivePad, Policy};
use crate::time::Now;

/// What the subject is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FacePrompt {
    /// Come into the picture.
    ShowFace,
    /// Come closer.
    Closer,
    /// One person only.
    OnePersonOnly,
    /// Look straight into the camera, eyes open, mouth closed.
    LookStraight,
    /// Keep still.
    HoldStill,
    /// Perform this action.
    Act(PadChallenge),
}

/// What follows from one step of the attempt.
#[derive(Debug, Clone, PartialEq)]
pub enum AttemptEvent {
    /// The subject stands right and the actions begin: from here on the attempt counts.
    Started,
    /// Keep this frame; a later one for the same purpose replaces it.
    KeepStill {
        /// Number of the frame.
        frame: u64,
        /// For what.
        purpose: StillPurpose,
    },
    /// The attempt is over.
    Ended(AttemptRecord),
    /// The subject never stood right; no attempt was used.
    NotPositioned,
}

/// An attempt under way.
///
/// ```text
///               one frontal face held          pause over, neutral          neutral again, last action
/// Positioning ─────────────────────────> Pausing ────────────────> Acting ─────────────────────────────> Over
///      │                                  │   ^                      │ │                                   ^
///      │ positioning limit                │   └──────────────────────┘ │                                   │
///      └──────────────────────────────────┼──── action seen, neutral again                                 │
///                                         └──── face lost, several faces, jump, wrong action, window over ─┘
/// ```
#[derive(Debug)]
pub struct FaceAttempt {
    number: u8,
    plan: Vec<PlannedChallenge>,
    phase: Phase,
    prompt: FacePrompt,
    opened_at: Duration,
    started: Option<Now>,
    baseline: Baseline,
    records: Vec<ChallengeRecord>,
    passive: Vec<f32>,
    comparison_merit: f32,
    last_face: Option<FaceMeasures>,
    /// Time of the last frame, and of the last one with a face.
    last_frame: Duration,
    last_single: Duration,
    several_since: Option<Duration>,
}

#[derive(Debug)]
enum Phase {
    Positioning {
        gathered: Vec<FaceMeasures>,
        since: Duration,
    },
    Pausing {
        since: Duration,
        neutral_since: Option<Duration>,
    },
    Acting {
        since: Duration,
        frames_seen: u32,
        best: f32,
    },
    Over,
}

/// The subject's own neutral face: medians over the time of positioning.
#[derive(Debug, Clone, Copy, Default)]
struct Baseline {
    yaw_deg: f32,
    pitch_deg: f32,
    eye_left: f32,
    eye_right: f32,
    mouth_opening: f32,
    mouth_width: f32,
}

/// How a face differs from its own neutral.
#[derive(Debug, Clone, Copy)]
struct Deviation {
    yaw_deg: f32,
    pitch_deg: f32,
    /// The more open eye, as a part of its own open state: both lids must fall for this to fall.
    eyes_open_part: f32,
    mouth_rise: f32,
    mouth_widening: f32,
}

/// By how much above the closed state the eyes count as open again, so that one lid at the limit is not many
/// blinks.
const EYES_REOPEN: f32 = 0.08;
/// A head moves less than this part of its width from one frame to the next: at 12 frames a second this is
/// about 1 m/s.
const JUMP_WIDTHS: f32 = 0.6;
/// So long may the camera give no frame. A machine that is slow for a moment is not a face that is gone; that is
/// judged by the frames alone.
const SILENCE_LIMIT: Duration = Duration::from_secs(2);
/// A second face must stay this long, so that a passer-by ends nothing. Longer than two rounds of the detector,
/// which looks for further faces only now and then while it follows one.
const SEVERAL_FACES_HOLD: Duration = Duration::from_millis(1200);

impl FaceAttempt {
    /// Opens attempt `number` (1 for the first) with a drawn plan.
    pub fn new(number: u8, plan: Vec<PlannedChallenge>, now: Now) -> Self {
        Self {
            number,
            plan,
            phase: Phase::Positioning {
                gathered: Vec::new(),
                since: now.monotonic,
            },
            prompt: FacePrompt::ShowFace,
            opened_at: now.monotonic,
            started: None,
            baseline: Baseline::default(),
            records: Vec::new(),
            passive: Vec::new(),
            comparison_merit: 0.0,
            last_face: None,
            last_frame: now.monotonic,
            last_single: now.monotonic,
            several_since: None,
        }
    }

    /// 1 for the first.
    pub fn number(&self) -> u8 {
        self.number
    }

    /// What the subject is asked to do now.
    pub fn prompt(&self) -> FacePrompt {
        self.prompt
    }

    /// How many actions were performed, and how many are asked for.
    pub fn progress(&self) -> (usize, usize) {
        (
            self.records
                .iter()
                .filter(|record| record.completed_at.is_some())
                .count(),
            self.plan.len(),
        )
    }

    /// When [`tick`](Self::tick) wants to be called if no frame comes.
    pub fn deadline(&self, policy: &Policy) -> Option<Duration> {
        match self.phase {
            Phase::Positioning { .. } => Some(self.opened_at + policy.positioning_limit),
            Phase::Pausing { since, .. } | Phase::Acting { since, .. } => {
                Some((since + policy.challenge_window).min(self.last_frame + SILENCE_LIMIT))
            }
            Phase::Over => None,
        }
    }

    /// Time passed.
    pub fn tick(&mut self, now: Now, policy: &Policy) -> Vec<AttemptEvent> {
        match self.phase {
            Phase::Positioning { .. } if now.monotonic >= self.opened_at + policy.positioning_limit => {
                self.phase = Phase::Over;
                vec![AttemptEvent::NotPositioned]
            }
            Phase::Pausing { since, .. } | Phase::Acting { since, .. } => {
                if now.monotonic >= self.last_frame + SILENCE_LIMIT {
                    self.fail(AttemptFailure::FaceLost)
                } else if now.monotonic >= since + policy.challenge_window {
                    self.current().map_or_else(Vec::new, |planned| {
                        self.fail(AttemptFailure::NotPerformed(planned.challenge))
                    })
                } else {
                    Vec::new()
                }
            }
            Phase::Positioning { .. } | Phase::Over => Vec::new(),
        }
    }

    /// A frame was measured. Its time is that of the frame, not of the call.
    pub fn observe(&mut self, seen: &FaceObservation, now: Now, policy: &Policy) -> Vec<AttemptEvent> {
        if matches!(self.phase, Phase::Over) {
            return Vec::new();
        }
        let mut events = self.watch_presence(seen, policy);
        if events.is_empty() {
            events = self.tick(
                Now {
                    monotonic: seen.at,
                    utc: now.utc,
                },
                policy,
            );
        }
        if matches!(self.phase, Phase::Over) {
            return events;
        }
        let face = match (seen.faces, &seen.face) {
            (1, Some(face)) => face,
            (0, _) | (_, None) => {
                self.not_right(FacePrompt::ShowFace, seen.at);
                return events;
            }
            _ => {
                self.not_right(FacePrompt::OnePersonOnly, seen.at);
                return events;
            }
        };
        if self.started.is_some() {
            self.passive.extend(face.passive_real);
        }
        events.extend(self.advance(seen, face, now, policy));
        events
    }

    /// Sees to it that one and the same face is there.
    fn watch_presence(&mut self, seen: &FaceObservation, policy: &Policy) -> Vec<AttemptEvent> {
        self.last_frame = seen.at;
        let counting = self.started.is_some();
        if seen.faces > 1 {
            let since = *self.several_since.get_or_insert(seen.at);
            if counting && seen.at.saturating_sub(since) >= SEVERAL_FACES_HOLD {
                return self.fail(AttemptFailure::SeveralFaces);
            }
        } else {
            self.several_since = None;
        }
        let Some(face) = &seen.face else {
            let gone = seen.at.saturating_sub(self.last_single) >= policy.face_lost_limit;
            return if counting && gone {
                self.fail(AttemptFailure::FaceLost)
            } else {
                Vec::new()
            };
        };
        self.last_single = seen.at;
        let before = self.last_face.replace(*face);
        match before {
            Some(before) if counting && jumped(&before, face) => self.fail(AttemptFailure::Jump),
            _ => Vec::new(),
        }
    }

    fn advance(
        &mut self,
        seen: &FaceObservation,
        face: &FaceMeasures,
        now: Now,
        policy: &Policy,
    ) -> Vec<AttemptEvent> {
        let at = seen.at;
        let mut events = Vec::new();
        match &mut self.phase {
            Phase::Positioning { gathered, since } => {
                if let Some(prompt) = stands_wrong(face, policy) {
                    self.not_right(prompt, at);
                    return events;
                }
                self.prompt = FacePrompt::HoldStill;
                gathered.push(*face);
                if at.saturating_sub(*since) >= policy.neutral_hold && gathered.len() >= 5 {
                    self.baseline = Baseline::over(gathered);
                    self.started = Some(Now {
                        monotonic: at,
                        utc: now.utc,
                    });
                    self.phase = Phase::Pausing {
                        since: at,
                        neutral_since: None,
                    };
                    events.push(AttemptEvent::Started);
                }
            }
            Phase::Pausing { since, neutral_since } => {
                let Some(planned) = self.plan.get(self.records.len()).copied() else {
                    return events;
                };
                if !self.baseline.deviation(face).is_neutral(policy) {
                    *neutral_since = None;
                    self.prompt = FacePrompt::LookStraight;
                    return events;
                }
                self.prompt = FacePrompt::HoldStill;
                let neutral_since = *neutral_since.get_or_insert(at);
                if at.saturating_sub(*since) >= planned.pause
                    && at.saturating_sub(neutral_since) >= policy.neutral_hold
                {
                    self.prompt = FacePrompt::Act(planned.challenge);
                    self.records.push(ChallengeRecord {
                        challenge: planned.challenge,
                        prompted_at: self.since_start(at),
                        completed_at: None,
                    });
                    self.phase = Phase::Acting {
                        since: at,
                        frames_seen: 0,
                        best: 0.0,
                    };
                }
                events.extend(self.keep_comparison(seen.frame, face, policy));
            }
            Phase::Acting {
                frames_seen, best, ..
            } => {
                let Some(challenge) = self.records.last().map(|record| record.challenge) else {
                    return events;
                };
                let deviation = self.baseline.deviation(face);
                let strength = deviation.strength(challenge, policy);
                if strength >= 1.0 {
                    *frames_seen += 1;
                    let enough = *frames_seen >= frames_needed(challenge);
                    if enough && strength > *best * 1.25 {
                        *best = strength;
                        events.push(AttemptEvent::KeepStill {
                            frame: seen.frame,
                            purpose: StillPurpose::Challenge(challenge),
                        });
                    }
                } else if *best > 0.0 && deviation.is_neutral(policy) {
                    events.extend(self.complete(at, policy));
                } else if *best == 0.0 {
                    *frames_seen = 0;
                    if deviation.is_wrong(challenge, policy) {
                        events.extend(self.fail(AttemptFailure::WrongAction(challenge)));
                    }
                }
            }
            Phase::Over => {}
        }
        events
    }

    /// The action is done and the subject is neutral again.
    fn complete(&mut self, at: Duration, policy: &Policy) -> Vec<AttemptEvent> {
        let completed_at = self.since_start(at);
        if let Some(record) = self.records.last_mut() {
            record.completed_at = Some(completed_at);
        }
        if self.records.len() < self.plan.len() {
            self.phase = Phase::Pausing {
                since: at,
                neutral_since: Some(at),
            };
            self.prompt = FacePrompt::HoldStill;
            return Vec::new();
        }
        let passive_real = median(self.passive.clone());
        let failure = match decide(PadEvidence { passive_real }, policy) {
            PadDecision::BonaFide => None,
            PadDecision::Attack(sign) => Some(AttemptFailure::Attack(sign)),
        };
        self.end(failure).map(AttemptEvent::Ended).into_iter().collect()
    }

    /// Ends the attempt from outside. `None` if it had not begun to count, or is over already.
    pub fn interrupt(&mut self) -> Option<AttemptRecord> {
        self.end(Some(AttemptFailure::Interrupted))
    }

    fn fail(&mut self, failure: AttemptFailure) -> Vec<AttemptEvent> {
        self.end(Some(failure))
            .map(AttemptEvent::Ended)
            .into_iter()
            .collect()
    }

    fn end(&mut self, failure: Option<AttemptFailure>) -> Option<AttemptRecord> {
        self.phase = Phase::Over;
        self.prompt = FacePrompt::HoldStill;
        let started = self.started.take()?;
        Some(AttemptRecord {
            number: self.number,
            started_at: started.utc,
            challenges: std::mem::take(&mut self.records),
            passive_real: median(std::mem::take(&mut self.passive)),
            failure,
        })
    }

    /// The subject does not stand right: what was gathered for the baseline is void.
    fn not_right(&mut self, prompt: FacePrompt, at: Duration) {
        match &mut self.phase {
            Phase::Positioning { gathered, since } => {
                gathered.clear();
                *since = at;
                self.prompt = prompt;
            }
            Phase::Pausing { neutral_since, .. } => {
                *neutral_since = None;
                self.prompt = prompt;
            }
            Phase::Acting { .. } | Phase::Over => {}
        }
    }

    /// The best frontal frame is the one for comparison: the sharper and the straighter, the better. It is taken
    /// between the actions, from the face that performs them, and where the passive models are installed only
    /// from a frame that they find real.
    fn keep_comparison(&mut self, frame: u64, face: &FaceMeasures, policy: &Policy) -> Option<AttemptEvent> {
        let found_real = match face.passive_real {
            Some(real) => real >= policy.passive_min,
            None => self.passive.is_empty() && policy.passive == PassivePad::WhereInstalled,
        };
        let off_deg = face.yaw_deg.abs() + face.pitch_deg.abs();
        let merit = face.quality.sharpness / (10.0 + off_deg);
        (found_real && merit > self.comparison_merit * 1.2).then(|| {
            self.comparison_merit = merit;
            AttemptEvent::KeepStill {
                frame,
                purpose: StillPurpose::Comparison,
            }
        })
    }

    fn current(&self) -> Option<PlannedChallenge> {
        match self.phase {
            Phase::Acting { .. } => self.plan.get(self.records.len().saturating_sub(1)).copied(),
            _ => self.plan.get(self.records.len()).copied(),
        }
    }

    fn since_start(&self, at: Duration) -> Duration {
        at.saturating_sub(self.started.map_or(at, |started| started.monotonic))
    }
}

/// A lid closes for as little as one frame; everything else must be seen twice, so that one bad measure is no
/// action.
fn frames_needed(challenge: PadChallenge) -> u32 {
    if challenge == PadChallenge::Blink { 1 } else { 2 }
}

/// What is wrong with a face that is being positioned, if anything.
fn stands_wrong(face: &FaceMeasures, policy: &Policy) -> Option<FacePrompt> {
    let near = face.quality.inter_eye_distance_px >= policy.inter_eye_distance_min_px;
    // The camera may be mounted well above or below the eyes; the angle that results is the same for the whole
    // session and goes into the baseline.
    let straight =
        face.yaw_deg.abs() <= policy.neutral_max_deg && face.pitch_deg.abs() <= 2.0 * policy.neutral_max_deg;
    if !near {
        Some(FacePrompt::Closer)
    } else if !straight {
        Some(FacePrompt::LookStraight)
    } else {
        None
    }
}

fn jumped(before: &FaceMeasures, after: &FaceMeasures) -> bool {
    let centre = |face: &FaceMeasures| {
        (
            face.box_px.x + face.box_px.width / 2.0,
            face.box_px.y + face.box_px.height / 2.0,
        )
    };
    let ((x0, y0), (x1, y1)) = (centre(before), centre(after));
    let width = before.box_px.width.max(after.box_px.width).max(1.0);
    (x1 - x0).hypot(y1 - y0) > JUMP_WIDTHS * width
}

/// The middle value; the upper one of two.
fn median(mut values: Vec<f32>) -> Option<f32> {
    values.sort_unstable_by(f32::total_cmp);
    values.get(values.len() / 2).copied()
}

impl Baseline {
    fn over(faces: &[FaceMeasures]) -> Self {
        let middle =
            |measure: fn(&FaceMeasures) -> f32| median(faces.iter().map(measure).collect()).unwrap_or(0.0);
        Self {
            yaw_deg: middle(|face| face.yaw_deg),
            pitch_deg: middle(|face| face.pitch_deg),
            eye_left: middle(|face| face.eye_left_ratio),
            eye_right: middle(|face| face.eye_right_ratio),
            mouth_opening: middle(|face| face.mouth_opening_ratio),
            mouth_width: middle(|face| face.mouth_width_ratio),
        }
    }

    fn deviation(&self, face: &FaceMeasures) -> Deviation {
        let part = |value: f32, of: f32| if of > 0.0 { value / of } else { 1.0 };
        Deviation {
            yaw_deg: face.yaw_deg - self.yaw_deg,
            pitch_deg: face.pitch_deg - self.pitch_deg,
            eyes_open_part: part(face.eye_left_ratio, self.eye_left)
                .max(part(face.eye_right_ratio, self.eye_right)),
            mouth_rise: face.mouth_opening_ratio - self.mouth_opening,
            mouth_widening: part(face.mouth_width_ratio, self.mouth_width),
        }
    }
}

impl Deviation {
    /// How much of the action there is; 1 and above is the action.
    fn strength(&self, challenge: PadChallenge, policy: &Policy) -> f32 {
        let straight = self.yaw_deg.abs() < policy.turn_min_deg;
        let level = self.pitch_deg.abs() < policy.nod_min_deg;
        let only_if = |holds: bool, value: f32| if holds { value } else { 0.0 };
        match challenge {
            PadChallenge::TurnLeft => self.yaw_deg / policy.turn_min_deg,
            PadChallenge::TurnRight => -self.yaw_deg / policy.turn_min_deg,
            PadChallenge::LookUp => only_if(straight, self.pitch_deg / policy.nod_min_deg),
            PadChallenge::LookDown => only_if(straight, -self.pitch_deg / policy.nod_min_deg),
            // Lids that come down because the head or the gaze goes down are no blink.
            PadChallenge::Blink => only_if(
                straight && level,
                policy.eye_closed_part / self.eyes_open_part.max(0.05),
            ),
            PadChallenge::OpenMouth => self.mouth_rise / policy.mouth_open_rise,
            PadChallenge::Smile => (self.mouth_widening - 1.0) / (policy.smile_widening - 1.0).max(0.01),
        }
    }

    /// A head movement that was not asked for, where a head movement was asked for.
    fn is_wrong(&self, asked: PadChallenge, policy: &Policy) -> bool {
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

    fn is_neutral(&self, policy: &Policy) -> bool {
        self.yaw_deg.abs() <= policy.neutral_max_deg
            && self.pitch_deg.abs() <= policy.nod_min_deg * 0.8
            && self.eyes_open_part >= policy.eye_closed_part + EYES_REOPEN
            && self.mouth_rise <= policy.mouth_open_rise * 0.6
            && self.mouth_widening <= 1.0 + (policy.smile_widening - 1.0) * 0.6
    }
}

#[cfg(test)]
mod tests;
