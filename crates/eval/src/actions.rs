//! Spotted actions against the events of a list: recall and precision. Pure.
//!
//! - An event is *found* if an action of its kind meets its frames, widened by the tolerance.
//! - An action is *right* if it meets a required event of its kind. It is *neither* right nor false if it meets an
//!   optional event of its kind (a weak one, closed eyes for a blink), or if it is a smile where the mouth is open
//!   or an open mouth where somebody smiles: a wide mouth with teeth is both, and a list names only one of them.
//! - Every other action is *false*; also a blink in a wink, a squint or a lowered gaze, a turn in a sway or in the
//!   turn of a flat picture.

use serde::Serialize;
use verification::pad::{PadChallenge, action};

use crate::ground::{Expected, GroundTruth};
use crate::words::challenge_word;

/// An action that the rules spotted.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spotted {
    /// Which.
    #[serde(serialize_with = "challenge_name")]
    pub challenge: PadChallenge,
    /// First frame.
    pub first: u64,
    /// Where it is most marked.
    pub peak: u64,
    /// Last frame.
    pub last: u64,
    /// How strong it was; 1 is the least that counts.
    pub strength: f32,
    /// Whether the face became neutral again.
    pub completed: bool,
}

impl From<&action::Spotted> for Spotted {
    fn from(spotted: &action::Spotted) -> Self {
        Self {
            challenge: spotted.challenge,
            first: spotted.first,
            peak: spotted.peak,
            last: spotted.last,
            strength: spotted.strength,
            completed: spotted.completed,
        }
    }
}

fn challenge_name<S: serde::Serializer>(challenge: &PadChallenge, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(challenge_word(*challenge))
}

/// How a spotted action is to be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// A required event of this kind is there.
    Right,
    /// It counts for nothing.
    Neither,
    /// No such event is there.
    False,
}

/// The result of one clip.
#[derive(Debug, Clone, PartialEq)]
pub struct ActionScore {
    /// Each required event, and whether it was found.
    pub events: Vec<(Expected, bool)>,
    /// Each spotted action, and how it counts.
    pub actions: Vec<(Spotted, Finding)>,
}

/// Scores one clip.
pub fn score(truth: &GroundTruth, spotted: &[Spotted]) -> ActionScore {
    let answers = |event: &Expected, action: &Spotted| {
        event.challenge == action.challenge && event.meets(action.first, action.last)
    };
    let events = truth
        .required
        .iter()
        .map(|event| (event.clone(), spotted.iter().any(|action| answers(event, action))))
        .collect();
    let finding = |action: &Spotted| {
        let mouth = |event: &&Expected| {
            matches!(
                (event.challenge, action.challenge),
                (PadChallenge::OpenMouth, PadChallenge::Smile)
                    | (PadChallenge::Smile, PadChallenge::OpenMouth)
            ) && event.meets(action.first, action.last)
        };
        if truth.required.iter().any(|event| answers(event, action)) {
            Finding::Right
        } else if truth.optional.iter().any(|event| answers(event, action))
            || truth
                .required
                .iter()
                .chain(&truth.optional)
                .any(|event| mouth(&event))
        {
            Finding::Neither
        } else {
            Finding::False
        }
    };
    ActionScore {
        events,
        actions: spotted.iter().map(|action| (*action, finding(action))).collect(),
    }
}

impl ActionScore {
    /// Required events.
    pub fn expected(&self) -> u64 {
        self.events.len() as u64
    }

    /// Required events that were found.
    pub fn found(&self) -> u64 {
        self.events.iter().filter(|(_, found)| *found).count() as u64
    }

    /// Required events that were not found.
    pub fn missed(&self) -> u64 {
        self.expected() - self.found()
    }

    /// Spotted actions that count so.
    pub fn count(&self, finding: Finding) -> u64 {
        self.actions.iter().filter(|(_, its)| *its == finding).count() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ground::{tests::clip, truth};
    use Finding::{False, Neither, Right};
    use PadChallenge::{Blink, LookDown, LookUp, OpenMouth, Smile, TurnLeft, TurnRight};

    fn check(
        events: &[(&str, u32, u32, &str)],
        spotted: &[(PadChallenge, u64, u64)],
        expect_found: &[bool],
        expect: &[Finding],
    ) {
        let spotted: Vec<Spotted> = spotted
            .iter()
            .map(|(challenge, first, last)| Spotted {
                challenge: *challenge,
                first: *first,
                peak: first.midpoint(*last),
                last: *last,
                strength: 1.0,
                completed: true,
            })
            .collect();
        let score = score(&truth(&clip(30.0, 400, events)), &spotted);
        let found: Vec<bool> = score.events.iter().map(|(_, found)| *found).collect();
        let findings: Vec<Finding> = score.actions.iter().map(|(_, finding)| *finding).collect();
        assert_eq!(found, expect_found, "{events:?} {spotted:?}");
        assert_eq!(findings, expect, "{events:?} {spotted:?}");
    }

    #[test]
    fn an_event_is_found_within_its_tolerance() {
        let blink = [("blink", 100, 105, "")];
        check(&blink, &[(Blink, 101, 104)], &[true], &[Right]);
        check(&blink, &[(Blink, 107, 109)], &[true], &[Right]);
        check(&blink, &[(Blink, 108, 109)], &[false], &[False]);
        check(&blink, &[(Blink, 90, 98)], &[true], &[Right]);
        check(&blink, &[(Blink, 90, 97)], &[false], &[False]);
        check(&blink, &[], &[false], &[]);
        check(&blink, &[(Smile, 101, 104)], &[false], &[False]);
        let turn = [("turn_image_right", 100, 150, "")];
        check(&turn, &[(TurnLeft, 156, 170)], &[true], &[Right]);
        check(&turn, &[(TurnLeft, 157, 170)], &[false], &[False]);
        check(&turn, &[(TurnRight, 110, 140)], &[false], &[False]);
        // Near the first frame nothing wraps.
        check(&[("blink", 0, 1, "")], &[(Blink, 0, 2)], &[true], &[Right]);
    }

    #[test]
    fn weak_events_ask_for_nothing_and_excuse_their_own_kind() {
        check(
            &[("turn_image_left", 50, 80, "slight")],
            &[(TurnRight, 60, 70)],
            &[],
            &[Neither],
        );
        check(
            &[("turn_image_left", 50, 80, "slight")],
            &[(TurnLeft, 60, 70)],
            &[],
            &[False],
        );
        check(
            &[("eyes_closed", 50, 80, "")],
            &[(Blink, 60, 70)],
            &[],
            &[Neither],
        );
        check(&[("eyes_closed", 50, 80, "")], &[], &[], &[]);
        check(
            &[("partial_blink", 50, 53, "")],
            &[(Blink, 51, 52)],
            &[],
            &[Neither],
        );
    }

    #[test]
    fn what_looks_alike_is_false() {
        for kind in [
            "wink_image_left",
            "wink_image_right",
            "squint",
            "eyes_lowered",
            "frontal",
        ] {
            check(&[(kind, 50, 80, "")], &[(Blink, 60, 62)], &[], &[False]);
        }
        check(&[("head_sway", 50, 80, "")], &[(TurnLeft, 60, 70)], &[], &[False]);
        check(&[("plane_yaw", 50, 80, "")], &[(TurnLeft, 60, 70)], &[], &[False]);
        check(
            &[("plane_pitch", 50, 80, "")],
            &[(LookUp, 60, 70), (LookDown, 60, 70)],
            &[],
            &[False, False],
        );
        check(&[], &[(Blink, 60, 62)], &[], &[False]);
    }

    #[test]
    fn a_wide_mouth_may_be_a_smile() {
        check(
            &[("mouth_open", 50, 80, "")],
            &[(Smile, 60, 70), (OpenMouth, 55, 75)],
            &[true],
            &[Neither, Right],
        );
        check(
            &[("smile", 50, 80, "")],
            &[(OpenMouth, 60, 70)],
            &[false],
            &[Neither],
        );
        check(
            &[("smile", 50, 80, "")],
            &[(OpenMouth, 90, 95)],
            &[false],
            &[False],
        );
    }
}
