//! The judgement of a presentation that nobody prompted, as a recorded clip is: the same parts and the same
//! decision as an attempt, and what a clip lacks said by name.

use super::continuity::Continuity;
use super::decision::decide;
use super::parts::{Finding, Measures, PadPart, PartRecord};
use super::positioning::{self, FacePrompt};
use super::{AttackSign, AttemptFailure, PadChallenge, PadDecision};
use crate::capture::{FaceMeasures, FaceObservation};
use crate::policy::Policy;

/// What is to be said of a presentation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Judgement {
    /// It shows a living person.
    BonaFide,
    /// A part speaks against it.
    Attack(AttackSign),
    /// It is not one face in one uncut stream.
    Voided(AttemptFailure),
    /// Nothing speaks against it, and too little for it: no sign of life was seen, or a part that the policy asks for
    /// is missing.
    Insufficient(Missing),
    /// No face could be measured in it; the reason is what the person would have been asked to mend.
    NotAcquired(FacePrompt),
}

/// What a presentation lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// Neither a turn that shows relief nor an action of the face.
    SignOfLife,
    /// A part that the policy asks for.
    Part(AttackSign),
}

/// A judged presentation.
#[derive(Debug, Clone, PartialEq)]
pub struct Assessment {
    /// What is to be said of it.
    pub judgement: Judgement,
    /// What each part found.
    pub parts: Vec<PartRecord>,
}

/// Fewer usable frames than this of a longer clip are passing chances.
const USABLE_MIN: usize = 5;

impl Assessment {
    /// Judges a presentation from the observations of all its frames, in their order. `performed` are the actions
    /// that were seen in it.
    ///
    /// A face that goes and comes again ends one presentation and begins another, which must be of the same face.
    pub fn over(observations: &[FaceObservation], performed: &[PadChallenge], policy: &Policy) -> Self {
        let mut measures = Measures::default();
        let mut continuity = Continuity::default();
        let mut voided = None;
        let mut usable = 0;
        for seen in observations {
            match usable_face(seen, policy) {
                Some(face) => {
                    usable += 1;
                    measures.add(face, false);
                }
                None if seen.face.is_some() => continue,
                None => {}
            }
            match continuity.observe(seen, policy) {
                Some(AttemptFailure::FaceLost) => continuity.begin_anew(),
                failure => voided = voided.or(failure),
            }
        }
        let parts = measures.parts(policy);
        let turned = performed.iter().any(|challenge| challenge.is_turn());
        let judgement = if usable < USABLE_MIN.min(observations.len()).max(1) {
            Judgement::NotAcquired(reason(observations, policy))
        } else {
            judge(&parts, voided, performed, turned, policy)
        };
        Self { judgement, parts }
    }
}

fn judge(
    parts: &[PartRecord],
    voided: Option<AttemptFailure>,
    performed: &[PadChallenge],
    turned: bool,
    policy: &Policy,
) -> Judgement {
    let decision = decide(parts, turned, policy);
    match (decision, voided) {
        (PadDecision::Attack(sign), _) if !sign.is_missing() => return Judgement::Attack(sign),
        (_, Some(AttemptFailure::Attack(sign))) => return Judgement::Attack(sign),
        (_, Some(failure)) => return Judgement::Voided(failure),
        (PadDecision::Attack(sign), None) => return Judgement::Insufficient(Missing::Part(sign)),
        (PadDecision::BonaFide, None) => {}
    }
    let relief = parts
        .iter()
        .any(|record| record.part == PadPart::Relief && record.finding == Finding::For);
    let acted = performed.iter().any(|challenge| {
        matches!(
            challenge,
            PadChallenge::Blink | PadChallenge::OpenMouth | PadChallenge::Smile
        )
    });
    if relief || acted {
        Judgement::BonaFide
    } else {
        Judgement::Insufficient(Missing::SignOfLife)
    }
}

/// The one face of a frame, where it is near and lit enough to be measured. Its pose does not matter.
pub fn usable_face<'o>(seen: &'o FaceObservation, policy: &Policy) -> Option<&'o FaceMeasures> {
    let face = seen.face.as_ref().filter(|_| seen.faces == 1)?;
    (!positioning::is_too_far(face, policy) && !positioning::is_dark(face, policy)).then_some(face)
}

/// What was most often wrong.
fn reason(observations: &[FaceObservation], policy: &Policy) -> FacePrompt {
    let mut counted: Vec<(FacePrompt, usize)> = Vec::new();
    for prompt in observations
        .iter()
        .filter_map(|seen| positioning::wrong(seen, policy))
    {
        match counted.iter_mut().find(|(known, _)| *known == prompt) {
            Some((_, times)) => *times += 1,
            None => counted.push((prompt, 1)),
        }
    }
    counted
        .into_iter()
        .max_by_key(|(_, times)| *times)
        .map_or(FacePrompt::ShowFace, |(prompt, _)| prompt)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pad::testing::{neutral, seen, turned};

    fn clip(frames: u64, shown: impl Fn(u64) -> Option<FaceMeasures>) -> Vec<FaceObservation> {
        (0..frames).map(|at| seen(at, at * 33, shown(at))).collect()
    }

    fn check(clip: &[FaceObservation], performed: &[PadChallenge], expect: Judgement) {
        let got = Assessment::over(clip, performed, &Policy::default());
        assert_eq!(got.judgement, expect, "{got:?}");
    }

    #[test]
    fn nobody_is_bona_fide_without_a_sign_of_life() {
        let still = clip(60, |_| Some(neutral()));
        let missing = Judgement::Insufficient(Missing::SignOfLife);
        check(&still, &[], missing);
        check(&still, &[PadChallenge::LookUp], missing);
        check(&still, &[PadChallenge::Blink], Judgement::BonaFide);
        let relief = Judgement::Insufficient(Missing::Part(AttackSign::ReliefMissing));
        check(&still, &[PadChallenge::Blink, PadChallenge::TurnLeft], relief);

        let with_relief = |relief| {
            clip(60, move |_| {
                Some(FaceMeasures {
                    relief: Some(turned(relief)),
                    ..neutral()
                })
            })
        };
        check(&with_relief(1.0), &[], Judgement::BonaFide);
        check(
            &with_relief(0.0),
            &[PadChallenge::Blink],
            Judgement::Attack(AttackSign::Flat),
        );
    }

    #[test]
    fn a_clip_without_a_usable_face_is_not_acquired() {
        check(
            &clip(30, |_| None),
            &[],
            Judgement::NotAcquired(FacePrompt::ShowFace),
        );
        let far = clip(30, |_| {
            let mut face = neutral();
            face.quality.inter_eye_distance_px = 30.0;
            Some(face)
        });
        check(&far, &[], Judgement::NotAcquired(FacePrompt::Closer));
        check(&[], &[], Judgement::NotAcquired(FacePrompt::ShowFace));
    }

    #[test]
    fn a_face_may_go_and_come_again_and_must_be_the_same() {
        let goes = clip(90, |at| (!(30..60).contains(&at)).then(neutral));
        check(&goes, &[PadChallenge::Blink], Judgement::BonaFide);
        let comes_as_another = clip(90, |at| {
            (!(30..60).contains(&at)).then(|| FaceMeasures {
                likeness: Some(if at < 30 { 0.99 } else { -0.5 }),
                ..neutral()
            })
        });
        check(
            &comes_as_another,
            &[PadChallenge::Blink],
            Judgement::Voided(AttemptFailure::AnotherPerson),
        );
    }

    #[test]
    fn a_part_that_speaks_against_it_weighs_more_than_a_cut() {
        let cut_print = clip(60, |at| {
            Some(FaceMeasures {
                passive_real: Some(0.1),
                yaw_deg: if at == 30 { 60.0 } else { 0.0 },
                ..neutral()
            })
        });
        check(&cut_print, &[], Judgement::Attack(AttackSign::Passive));
    }
}
