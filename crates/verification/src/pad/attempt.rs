//! One attempt in front of the camera: positioning, then each prompted action from neutral to neutral.

use std::time::Duration;

use super::action::{ActionSpotter, Spotted};
use super::continuity::Continuity;
use super::decision::decide;
use super::light::{LightFit, LightPlan, LightResponse, LightVerdict};
use super::parts::{Finding, Measures, PadPart, PartRecord};
use super::plan::PlannedChallenge;
use super::positioning::{self, FacePrompt, Hint};
use super::{AttemptFailure, AttemptRecord, ChallengeRecord, PadDecision};
use crate::capture::{FaceMeasures, FaceObservation, StreamMeasures};
use crate::evidence::{StillPurpose, StillQuality};
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
        /// What was measured on it.
        quality: StillQuality,
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
/// Positioning ───────────> Lighting ───> Pausing ────────────────> Acting ─────────────────────────────> Over
///      │                                  │   ^                      │ │                                   ^
///      │ positioning limit                │   └──────────────────────┘ │                                   │
///      └──────────────────────────────────┼──── action seen, neutral again                                 │
///                                         └──── face lost, several faces, jump, wrong action, window over ─┘
/// ```
#[derive(Debug)]
pub struct FaceAttempt {
    number: u8,
    plan: Vec<PlannedChallenge>,
    light: Option<LightPlan>,
    response: LightResponse,
    phase: Phase,
    hint: Hint,
    /// When the attempt was opened, or the subject last said that they are there.
    present_at: Duration,
    started: Option<Now>,
    spotter: ActionSpotter,
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
        since: Duration,
        frames: u32,
    },
    Lighting {
        since: Duration,
    },
    Pausing {
        since: Duration,
        neutral_since: Option<Duration>,
    },
    Acting {
        since: Duration,
        best: f32,
        /// Since when another head movement is seen than the one that was asked for.
        wrong_since: Option<Duration>,
    },
    Over,
}

/// The answer to the last colour is awaited for as long as screen and camera may take together.
const LIGHT_TAIL: Duration = Duration::from_millis(400);
/// So many frames show the subject standing right before the attempt begins to count.
const POSITIONED_FRAMES: u32 = 5;
/// A wrong movement is seen for so long: one bad measure of the pose is none.
const WRONG_STAYS: Duration = Duration::from_millis(100);
/// So long may the camera give no frame. A machine that is slow for a moment is not a face that is gone; that is
/// judged by the frames alone.
const SILENCE_LIMIT: Duration = Duration::from_secs(2);

impl FaceAttempt {
    /// Opens attempt `number` (1 for the first) with a drawn plan of actions, and of colours if the screen is to light
    /// the face.
    pub fn new(number: u8, plan: Vec<PlannedChallenge>, light: Option<LightPlan>, now: Now) -> Self {
        Self {
            number,
            plan,
            light,
            response: LightResponse::default(),
            phase: Phase::Positioning {
                since: now.monotonic,
                frames: 0,
            },
            hint: Hint::new(FacePrompt::ShowFace, now.monotonic),
            present_at: now.monotonic,
            started: None,
            spotter: ActionSpotter::default(),
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
        match self.phase {
            Phase::Lighting { since } => {
                let colour = self
                    .light
                    .as_ref()?
                    .colour_at(self.last_frame.saturating_sub(since))?;
                Some(colour.map(srgb))
            }
            _ => None,
        }
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

    /// When the attempt ends because nobody stands right in front of the camera; `None` once somebody did.
    pub fn positioning_end(&self, policy: &Policy) -> Option<Duration> {
        matches!(self.phase, Phase::Positioning { .. }).then(|| self.present_at + policy.positioning_limit)
    }

    /// The subject says that they are there: they have the whole time again to stand right.
    pub fn stay(&mut self, now: Now) {
        self.present_at = now.monotonic;
    }

    /// When [`tick`](Self::tick) wants to be called if no frame comes.
    pub fn deadline(&self, policy: &Policy) -> Option<Duration> {
        match self.phase {
            Phase::Positioning { .. } => self.positioning_end(policy),
            Phase::Lighting { since } => {
                Some((since + self.lighting_limit()).min(self.last_frame + SILENCE_LIMIT))
            }
            Phase::Pausing { since, .. } | Phase::Acting { since, .. } => {
                Some((since + policy.challenge_window).min(self.last_frame + SILENCE_LIMIT))
            }
            Phase::Over => None,
        }
    }

    /// Time passed.
    pub fn tick(&mut self, now: Now, policy: &Policy) -> Vec<AttemptEvent> {
        match self.phase {
            Phase::Positioning { .. } if now.monotonic >= self.present_at + policy.positioning_limit => {
                self.phase = Phase::Over;
                vec![AttemptEvent::NotPositioned]
            }
            Phase::Lighting { since }
                if now.monotonic >= self.last_frame + SILENCE_LIMIT
                    || now.monotonic >= since + self.lighting_limit() =>
            {
                self.fail(AttemptFailure::FaceLost, policy)
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
            Phase::Positioning { .. } | Phase::Lighting { .. } | Phase::Over => Vec::new(),
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
        let spotted = self.spotter.observe(seen, policy);
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
            let lit = matches!(self.phase, Phase::Lighting { .. });
            self.measures.add(face, lit);
        }
        events.extend(self.advance(seen, face, &spotted, now, policy));
        events
    }

    fn advance(
        &mut self,
        seen: &FaceObservation,
        face: &FaceMeasures,
        spotted: &[Spotted],
        now: Now,
        policy: &Policy,
    ) -> Vec<AttemptEvent> {
        let at = seen.at;
        let mut events = Vec::new();
        let row = self.lighting();
        match &mut self.phase {
            Phase::Positioning { since, frames } => {
                if let Some(prompt) = positioning::wrong(seen, policy) {
                    self.not_right(prompt, at);
                    return events;
                }
                self.hint.ask(FacePrompt::HoldStill, at);
                *frames += 1;
                if at.saturating_sub(*since) >= policy.neutral_hold && *frames >= POSITIONED_FRAMES {
                    self.started = Some(Now {
                        monotonic: at,
                        utc: now.utc,
                    });
                    self.phase = match self.light {
                        Some(_) => Phase::Lighting { since: at },
                        None => Phase::Pausing {
                            since: at,
                            neutral_since: None,
                        },
                    };
                    events.push(AttemptEvent::Started);
                }
            }
            Phase::Lighting { since } => {
                let shone = at.saturating_sub(*since);
                if let Some(light) = &face.light {
                    self.response.add(shone, light);
                }
                self.hint.set(FacePrompt::HoldStill, at);
                if shone >= row + LIGHT_TAIL {
                    self.phase = Phase::Pausing {
                        since: at,
                        neutral_since: None,
                    };
                }
            }
            Phase::Pausing { since, neutral_since } => {
                let Some(planned) = self.plan.get(self.records.len()).copied() else {
                    return events;
                };
                if !self.spotter.deviation().is_some_and(|now| now.is_neutral(policy)) {
                    *neutral_since = None;
                    self.hint.ask(FacePrompt::LookStraight, at);
                    return events;
                }
                self.hint.ask(FacePrompt::HoldStill, at);
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
                        best: 0.0,
                        wrong_since: None,
                    };
                }
                events.extend(self.keep_comparison(seen.frame, face, policy));
            }
            Phase::Acting {
                since,
                best,
                wrong_since,
            } => {
                let Some(challenge) = self.records.last().map(|record| record.challenge) else {
                    return events;
                };
                let strength = self.spotter.under_way(challenge).unwrap_or(0.0);
                let is_wrong = || {
                    let deviation = self.spotter.deviation();
                    deviation.is_some_and(|now| now.is_wrong(challenge, policy))
                };
                // It must have begun after the prompt.
                let performed = |action: &Spotted| {
                    action.challenge == challenge && action.completed && action.began_at >= *since
                };
                if spotted.iter().any(performed) {
                    events.extend(self.complete(at, policy));
                } else if strength > *best * 1.25 {
                    *best = strength;
                    events.push(AttemptEvent::KeepStill {
                        frame: seen.frame,
                        purpose: StillPurpose::Challenge(challenge),
                        quality: StillQuality::from(face),
                    });
                } else if *best == 0.0 && is_wrong() {
                    if at.saturating_sub(*wrong_since.get_or_insert(at)) >= WRONG_STAYS {
                        events.extend(self.fail(AttemptFailure::WrongAction(challenge), policy));
                    }
                } else {
                    *wrong_since = None;
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
        let parts = self.parts(policy);
        let failure = match decide(&parts, turned, policy) {
            PadDecision::BonaFide => None,
            PadDecision::Attack(sign) => Some(AttemptFailure::Attack(sign)),
        };
        self.end(failure, parts)
            .map(AttemptEvent::Ended)
            .into_iter()
            .collect()
    }

    /// Ends the attempt from outside. `None` if it had not begun to count, or is over already.
    pub fn interrupt(&mut self, policy: &Policy) -> Option<AttemptRecord> {
        self.break_off(AttemptFailure::Interrupted, policy)
    }

    fn fail(&mut self, failure: AttemptFailure, policy: &Policy) -> Vec<AttemptEvent> {
        self.break_off(failure, policy)
            .map(AttemptEvent::Ended)
            .into_iter()
            .collect()
    }

    fn break_off(&mut self, failure: AttemptFailure, policy: &Policy) -> Option<AttemptRecord> {
        let parts = self.parts(policy);
        self.end(Some(blamed(failure, &parts, policy)), parts)
    }

    fn end(&mut self, failure: Option<AttemptFailure>, parts: Vec<PartRecord>) -> Option<AttemptRecord> {
        self.phase = Phase::Over;
        self.hint.set(FacePrompt::HoldStill, self.last_frame);
        let started = self.started.take()?;
        Some(AttemptRecord {
            number: self.number,
            started_at: started.utc,
            challenges: std::mem::take(&mut self.records),
            parts,
            stream: self.stream,
            failure,
        })
    }

    /// How long the row of colours takes.
    fn lighting(&self) -> Duration {
        self.light.as_ref().map(LightPlan::duration).unwrap_or_default()
    }

    /// After so long the row of colours is over, whatever is seen.
    fn lighting_limit(&self) -> Duration {
        self.lighting() + LIGHT_TAIL + SILENCE_LIMIT
    }

    /// What each part of attack detection says so far.
    fn parts(&self, policy: &Policy) -> Vec<PartRecord> {
        let mut parts = self.measures.parts(policy);
        parts.extend(
            self.light
                .as_ref()
                .map(|plan| light_part(self.response.fit(plan), policy)),
        );
        parts
    }

    /// The subject does not stand right: what was gathered for the baseline is void.
    fn not_right(&mut self, prompt: FacePrompt, at: Duration) {
        match &mut self.phase {
            Phase::Positioning { since, frames } => {
                (*since, *frames) = (at, 0);
                self.hint.ask(prompt, at);
            }
            Phase::Pausing { neutral_since, .. } => {
                *neutral_since = None;
                self.hint.ask(prompt, at);
            }
            Phase::Lighting { .. } | Phase::Acting { .. } | Phase::Over => {}
        }
    }

    /// The best frontal frame is the one for comparison. It is taken between the actions, from a neutral face that is
    /// on this very frame like the one that began, and where the passive models are installed only from a frame that
    /// they find real. The sharper, the straighter and the more evenly lit, the better.
    fn keep_comparison(&mut self, frame: u64, face: &FaceMeasures, policy: &Policy) -> Option<AttemptEvent> {
        let found_real = match face.passive_real {
            Some(real) => real >= policy.passive_min,
            None => self.measures.passive_real().is_none() && policy.passive == PassivePad::WhereInstalled,
        };
        let is_same = face
            .likeness
            .is_some_and(|likeness| likeness >= policy.likeness_min);
        let quality = &face.quality;
        let off_deg = face.yaw_deg.abs() + face.pitch_deg.abs();
        let exposed = (1.0 - quality.under_exposure - quality.over_exposure).max(0.0);
        let seen = (1.0 - quality.eyes_occlusion.max(quality.mouth_occlusion)).max(0.0);
        let lit = exposed * seen * (0.5 + 0.5 * quality.illumination_uniformity);
        let merit = quality.sharpness * lit / (10.0 + off_deg);
        (found_real && is_same && merit > self.comparison_merit * 1.2).then(|| {
            self.comparison_merit = merit;
            AttemptEvent::KeepStill {
                frame,
                purpose: StillPurpose::Comparison,
                quality: StillQuality::from(face),
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

/// An attempt that was not carried through is an attack where something speaks against it: a display does not become a
/// person by failing to follow the prompts, nor by a hand over the lens.
fn blamed(failure: AttemptFailure, parts: &[PartRecord], policy: &Policy) -> AttemptFailure {
    match decide(parts, false, policy) {
        PadDecision::Attack(sign) if !sign.is_missing() => AttemptFailure::Attack(sign),
        PadDecision::Attack(_) | PadDecision::BonaFide => failure,
    }
}

/// What the answer to the screen's light says.
fn light_part(fit: Option<LightFit>, policy: &Policy) -> PartRecord {
    let finding = match fit.map(|fit| fit.verdict(policy.light_gain_min)) {
        Some(LightVerdict::Responds) => Finding::For,
        Some(LightVerdict::DoesNot) => Finding::Against,
        Some(LightVerdict::Unclear) | None => Finding::Silent,
    };
    PartRecord {
        part: PadPart::Light,
        value: fit.map(|fit| fit.gain),
        threshold: policy.light_gain_min,
        samples: u32::from(fit.is_some()),
        finding,
    }
}

/// The byte that makes a display shine with this part of its light (IEC 61966-2-1).
fn srgb(linear: f32) -> u8 {
    let value = if linear <= 0.003_130_8 {
        12.92 * linear
    } else {
        1.055 * linear.powf(1.0 / 2.4) - 0.055
    };
    (value.clamp(0.0, 1.0) * 255.0).round() as u8
}

#[cfg(test)]
mod tests;
