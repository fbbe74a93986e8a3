//! Whole attempts with recorded people: random plans, each answered by the clips of one person.
//!
//! A person does what they are asked to as far as their clips show it. Bona fide ones should pass. An attack that
//! performs everything it is asked for should still fail: here it has the best luck that an attacker can have. The
//! answer to the light of the screen is painted on by the actor, for attacks too, so that it is never the light that
//! tells them apart here.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use camera::{Actor, ClipEntry, FrameSource, Pace};
use face::ModelFolder;
use serde::Serialize;
use verification::pad::attempt::{AttemptEvent, FaceAttempt};
use verification::pad::light::{LightMode, LightPlan};
use verification::pad::plan::{RANDOM_BYTES, draw};
use verification::pad::positioning::FacePrompt;
use verification::pad::{AttemptRecord, PadChallenge};
use verification::policy::{PassivePad, Policy};
use verification::time::{Now, UtcMs};

use crate::ground::{GroundTruth, Label, RATE_HZ, truth};
use crate::judge::{Part, words};
use crate::play::{Meter, PlayError, chain};
use crate::rates::Rate;
use crate::words::challenge_word;

/// Attempts of each person.
const ATTEMPTS: u64 = 3;

/// All attempts of a folder.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ScriptReport {
    /// Who took part.
    pub people: Vec<PersonReport>,
    /// Attempts of bona fide people that passed.
    pub bona_fide_passed: Rate,
    /// Attempts of attacks that passed.
    pub attacks_passed: Rate,
    /// Why attempts of bona fide people failed.
    pub bona_fide_failures: BTreeMap<String, u64>,
    /// Why attempts of attacks failed.
    pub attack_failures: BTreeMap<String, u64>,
}

/// One person, or one attack.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PersonReport {
    /// The pseudonym, or the file where there is none.
    pub subject: String,
    /// The label of the clips.
    pub label: String,
    /// The clips that were chained.
    pub files: Vec<String>,
    /// The actions that they offer.
    pub offers: Vec<&'static str>,
    /// Why there is no attempt, if there is none.
    pub not_counted: Option<String>,
    /// The attempts.
    pub attempts: Vec<AttemptReport>,
}

/// One attempt.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AttemptReport {
    /// The actions asked for.
    pub plan: Vec<&'static str>,
    /// Whether it passed.
    pub passed: bool,
    /// Why not.
    pub failure: String,
    /// How long it took, in seconds of the clip.
    pub seconds: f32,
    /// What each part of attack detection found.
    pub parts: Vec<Part>,
}

/// The clips of one person.
struct Person<'a> {
    subject: String,
    label: Label,
    clips: Vec<&'a ClipEntry>,
}

/// Runs all attempts. `progress` is told of each person.
pub fn run(
    folder: &Path,
    clips: &[ClipEntry],
    models: &ModelFolder,
    policy: &Policy,
    seed: u64,
    mut progress: impl FnMut(&PersonReport),
) -> ScriptReport {
    let mut report = ScriptReport::default();
    let mut random = fastrand::Rng::with_seed(seed);
    for person in people(clips) {
        let one = attempts(folder, &person, models, policy, &mut random);
        progress(&one);
        report.count(&person.label, one);
    }
    report
}

impl ScriptReport {
    fn count(&mut self, label: &Label, person: PersonReport) {
        let (passed, failures) = match label {
            Label::Attack(_) => (&mut self.attacks_passed, &mut self.attack_failures),
            _ => (&mut self.bona_fide_passed, &mut self.bona_fide_failures),
        };
        for attempt in &person.attempts {
            passed.count(attempt.passed);
            if !attempt.passed {
                *failures.entry(attempt.failure.clone()).or_default() += 1;
            }
        }
        self.people.push(person);
    }
}

/// The bona fide clips of each subject together, and each attack alone: an attacker has one medium.
fn people(clips: &[ClipEntry]) -> Vec<Person<'_>> {
    let mut people: Vec<Person<'_>> = Vec::new();
    for clip in clips.iter().filter(|clip| clip.frames > 1) {
        let GroundTruth {
            label,
            not_acquirable,
            ..
        } = truth(clip);
        let known = people.iter_mut().find(|person| {
            person.label == Label::BonaFide && label == Label::BonaFide && person.subject == clip.subject
        });
        match (&label, known) {
            (Label::BonaFide, _) if not_acquirable => {}
            (Label::BonaFide, Some(person)) if !clip.subject.is_empty() => person.clips.push(clip),
            (Label::BonaFide, _) => people.push(Person {
                subject: clip.subject.clone(),
                label,
                clips: vec![clip],
            }),
            (Label::Attack(_), _) => people.push(Person {
                subject: clip.subject.clone(),
                label,
                clips: vec![clip],
            }),
            (Label::NoFace | Label::Unknown(_), _) => {}
        }
    }
    people
}

fn attempts(
    folder: &Path,
    person: &Person<'_>,
    models: &ModelFolder,
    policy: &Policy,
    random: &mut fastrand::Rng,
) -> PersonReport {
    let files: Vec<&str> = person.clips.iter().map(|clip| clip.file.as_str()).collect();
    let mut report = PersonReport {
        subject: if person.subject.is_empty() {
            files.join(", ")
        } else {
            person.subject.clone()
        },
        label: match &person.label {
            Label::Attack(species) => format!("attack_{species}"),
            _ => "bona_fide".into(),
        },
        files: files.iter().map(|file| (*file).to_owned()).collect(),
        offers: Vec::new(),
        not_counted: None,
        attempts: Vec::new(),
    };
    for _ in 0..ATTEMPTS {
        let bytes: [u8; RANDOM_BYTES] = std::array::from_fn(|_| random.u8(..));
        let attempt = Actor::open_chain(folder, &files, Pace::Free, Instant::now())
            .map_err(PlayError::from)
            .and_then(|mut actor| {
                let offers: Vec<PadChallenge> = actor
                    .offers()
                    .into_iter()
                    .filter(|offer| policy.challenge_set.contains(offer))
                    .collect();
                report.offers = offers.iter().map(|offer| challenge_word(*offer)).collect();
                if offers.len() < usize::from(policy.challenges_per_attempt) {
                    return Ok(None);
                }
                attempt(&mut actor, &offers, models, policy, bytes).map(Some)
            });
        match attempt {
            Ok(Some(attempt)) => report.attempts.push(attempt),
            Ok(None) => {
                report.not_counted = Some(format!("offers only {} action(s)", report.offers.len()));
                break;
            }
            Err(error) => {
                report.not_counted = Some(chain(&error));
                break;
            }
        }
    }
    report
}

/// Runs one attempt to its end.
fn attempt(
    actor: &mut Actor,
    offers: &[PadChallenge],
    models: &ModelFolder,
    policy: &Policy,
    random: [u8; RANDOM_BYTES],
) -> Result<AttemptReport, PlayError> {
    let now = |monotonic| Now {
        monotonic,
        utc: UtcMs(0),
    };
    let plan = draw(offers, policy.challenges_per_attempt, random);
    let asked = plan
        .iter()
        .map(|planned| challenge_word(planned.challenge))
        .collect();
    let rate_hz = actor.rate_hz().unwrap_or(RATE_HZ);
    let mut meter = Meter::new(models, Some(rate_hz), policy.passive == PassivePad::Required)?;
    let light = LightPlan::of_attempt(policy.light, LightMode::Normal, &random);
    let mut attempt = FaceAttempt::new(1, plan, light, now(std::time::Duration::ZERO));
    let mut seconds = 0.0;
    let (mut failure, mut parts) = (None, Vec::new());
    // Every phase of an attempt has a limit, so that it ends.
    'attempt: while let Some(frame) = actor.next_frame()? {
        let seen = meter.measure(&frame)?;
        if let Some(face) = &seen.face {
            actor.lights_face(face.box_px);
        }
        seconds = frame.at.as_secs_f32();
        for event in attempt.observe(&seen, now(frame.at), policy) {
            match event {
                AttemptEvent::Ended(AttemptRecord {
                    failure: why,
                    parts: found,
                    ..
                }) => {
                    failure = Some(why.map_or_else(String::new, words));
                    parts = found.iter().map(Part::from).collect();
                    break 'attempt;
                }
                AttemptEvent::NotPositioned => {
                    failure = Some(format!("not positioned: {}", words(attempt.prompt())));
                    break 'attempt;
                }
                AttemptEvent::Started => meter.begin(),
                AttemptEvent::KeepStill { .. } => {}
            }
        }
        actor.cue(match attempt.prompt() {
            FacePrompt::Act(challenge) => Some(challenge),
            _ => None,
        });
        actor.light(attempt.light());
    }
    Ok(AttemptReport {
        plan: asked,
        passed: failure.as_deref() == Some(""),
        failure: failure.unwrap_or_else(|| "the clip ended".into()),
        seconds,
        parts,
    })
}
