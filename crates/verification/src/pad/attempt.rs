//! One attempt in front of the camera: positioning, then each prompted action from neutral to neutral.

use std::time::Duration;

use super::continuity::Continuity;
use super::decision::decide;
use super::parts::{Measures, quantile};
use super::plan::PlannedChallenge;
use super::positioning::{self, FacePrompt, Hint};
use super::{AttemptFailure, AttemptRecord, ChallengeRecord, PadChallenge, PadDecision};
use crate::capture::{FaceMeasures, FaceObservation, StreamMeasures};
use crate::evidence::StillPurpose;
use crate::policy::{PassivePad, Policy};
use crate::time::Now;

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
    hint: Hint,
    opened_at: Duration,
    started: Option<Now>,
    baseline: Baseline,
    records: Vec<ChallengeRecord>,
    measures: Measures,
    continuity: Continuity,
    stream: Option<StreamMeasures>,
    comparison_merit: f32,
    last_frame: Duration,
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
/// So long may the camera give no frame. A machine that is slow for a moment is not a face that is gone; that is
/// judged by the frames alone.
const SILENCE_LIMIT: Duration = Duration::from_secs(2);
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
            hint: Hint::new(FacePrompt::ShowFace, now.monotonic),
            opened_at: now.monotonic,
            started: None,
            baseline: Baseline::default(),
            records: Vec::new(),
            measures: Measures::default(),
            continuity: Continuity::default(),
            stream: None,
            comparison_merit: 0.0,
            last_frame: now.monotonic,
        }
    }

    /// 1 for the first.
    pub fn number(&self) -> u8 {
        self.number
    }

    /// What the subject is asked to do now.
    pub fn prompt(&self) -> FacePrompt {
        self.hint.shown()
    }

    /// The colour with which the screen is to light the face now; `None` for its normal look.
    pub fn light(&self) -> Option<[u8; 3]> {
        None
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
                    self.fail(AttemptFailure::FaceLost, policy)
                } else if now.monotonic >= since + policy.challenge_window {
                    self.current().map_or_else(Vec::new, |planned| {
                        self.fail(AttemptFailure::NotPerformed(planned.challenge), policy)
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
        self.last_frame = seen.at;
        self.stream = seen.stream.or(self.stream);
        if self.started.is_some()
            && let Some(failure) = self.continuity.observe(seen, policy)
        {
            return self.fail(failure, policy);
        }
        let time = Now {
            monotonic: seen.at,
            utc: now.utc,
        };
        let mut events = self.tick(time, policy);
        if matches!(self.phase, Phase::Over) {
            return events;
        }
        let face = match (seen.faces, &seen.face) {
            (1, Some(face)) => face,
            _ => {
                if let Some(prompt) = positioning::wrong(seen, policy) {
                    self.not_right(prompt, seen.at);
                }
                return events;
            }
        };
        if self.started.is_some() {
            self.measures.add(face);
        }
        events.extend(self.advance(seen, face, now, policy));
        events
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
                if let Some(prompt) = positioning::wrong(seen, policy) {
                    self.not_right(prompt, at);
                    return events;
                }
                self.hint.ask(FacePrompt::HoldStill, at);
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
                    self.hint.ask(FacePrompt::LookStraight, at);
                    return events;
                }
                self.hint.set(FacePrompt::HoldStill, at);
                let neutral_since = *neutral_since.get_or_insert(at);
                if at.saturating_sub(*since) >= planned.pause
                    && at.saturating_sub(neutral_since) >= policy.neutral_hold
                {
                    self.hint.set(FacePrompt::Act(planned.challenge), at);
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
                        events.extend(self.fail(AttemptFailure::WrongAction(challenge), policy));
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
            self.hint.set(FacePrompt::HoldStill, at);
            return Vec::new();
        }
        let turned = self.records.iter().any(|record| record.challenge.is_turn());
        let failure = match decide(&self.measures.parts(policy), turned, policy) {
            PadDecision::BonaFide => None,
            PadDecision::Attack(sign) => Some(AttemptFailure::Attack(sign)),
        };
        self.end(failure, policy)
            .map(AttemptEvent::Ended)
            .into_iter()
            .collect()
    }

    /// Ends the attempt from outside. `None` if it had not begun to count, or is over already.
    pub fn interrupt(&mut self, policy: &Policy) -> Option<AttemptRecord> {
        self.end(Some(AttemptFailure::Interrupted), policy)
    }

    fn fail(&mut self, failure: AttemptFailure, policy: &Policy) -> Vec<AttemptEvent> {
        self.end(Some(failure), policy)
            .map(AttemptEvent::Ended)
            .into_iter()
            .collect()
    }

    fn end(&mut self, failure: Option<AttemptFailure>, policy: &Policy) -> Option<AttemptRecord> {
        self.phase = Phase::Over;
        self.hint.set(FacePrompt::HoldStill, self.last_frame);
        let started = self.started.take()?;
        Some(AttemptRecord {
            number: self.number,
            started_at: started.utc,
            challenges: std::mem::take(&mut self.records),
            parts: std::mem::take(&mut self.measures).parts(policy),
            stream: self.stream,
            failure,
        })
    }

    /// The subject does not stand right: what was gathered for the baseline is void.
    fn not_right(&mut self, prompt: FacePrompt, at: Duration) {
        match &mut self.phase {
            Phase::Positioning { gathered, since } => {
                gathered.clear();
                *since = at;
                self.hint.ask(prompt, at);
            }
            Phase::Pausing { neutral_since, .. } => {
                *neutral_since = None;
                self.hint.ask(prompt, at);
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
            None => self.measures.passive_real().is_none() && policy.passive == PassivePad::WhereInstalled,
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

impl Baseline {
    fn over(faces: &[FaceMeasures]) -> Self {
        let middle = |measure: fn(&FaceMeasures) -> f32| {
            let values: Vec<f32> = faces.iter().map(measure).collect();
            quantile(&values, 0.5).unwrap_or(0.0)
        };
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
