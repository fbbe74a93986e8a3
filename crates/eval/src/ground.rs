//! What a list of clips says is true of a clip: what it presents, and which actions are to be found in it.
//!
//! Pure. Words that this file does not know are reported and never fatal, so that a folder may be richer than the
//! evaluation.

use std::ops::RangeInclusive;

use camera::{ClipEntry, ClipEvent, challenge_of};
use verification::pad::PadChallenge;

/// The rate for which the tolerances are stated; also taken for a clip that does not say its rate.
pub const RATE_HZ: f64 = 30.0;

/// Frames a second of a clip.
pub fn rate_hz(clip: &ClipEntry) -> f64 {
    if clip.fps > 0.0 { clip.fps } else { RATE_HZ }
}

/// What a presentation is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Label {
    /// A living person.
    BonaFide,
    /// An attack presentation, with the name of its species: what follows `attack_` in the list.
    Attack(String),
    /// Nobody.
    NoFace,
    /// A word that is not known. Such a clip is played and shown, and counts nowhere.
    Unknown(String),
}

impl Label {
    /// Reads the word of a list.
    pub fn parse(word: &str) -> Self {
        match word {
            "bona_fide" => Self::BonaFide,
            "no_face" => Self::NoFace,
            word => match word.strip_prefix("attack_") {
                Some(species) if !species.is_empty() => Self::Attack(species.to_owned()),
                _ => Self::Unknown(word.to_owned()),
            },
        }
    }
}

/// An event as far as it asks for an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// The action.
    pub challenge: PadChallenge,
    /// The word of the list.
    pub kind: String,
    /// First and last frame, as listed.
    pub frames: RangeInclusive<u64>,
    /// By how many frames an action may miss the event.
    pub tolerance: u64,
}

impl Expected {
    /// Whether an action from `first` to `last` meets the event within the tolerance.
    pub fn meets(&self, first: u64, last: u64) -> bool {
        first <= self.frames.end().saturating_add(self.tolerance)
            && last >= self.frames.start().saturating_sub(self.tolerance)
    }
}

/// What is true of one clip.
#[derive(Debug, Clone, PartialEq)]
pub struct GroundTruth {
    /// What it presents.
    pub label: Label,
    /// Whether it shows, over nine in ten of its frames and more, no face, too small a face or several: then it
    /// should not be acquired.
    pub not_acquirable: bool,
    /// Actions that must be found.
    pub required: Vec<Expected>,
    /// Events in which an action of the same kind is neither right nor false.
    pub optional: Vec<Expected>,
    /// Words of the list that are not known.
    pub unknown_kinds: Vec<String>,
}

/// Kinds that ask for no action and excuse none: an action spotted in one of them is false.
const SILENT: &[&str] = &[
    "frontal",
    "wink_image_left",
    "wink_image_right",
    "squint",
    "eyes_lowered",
    "head_sway",
    "head_tilt",
    "plane_yaw",
    "plane_pitch",
    "plane_roll",
];

/// Kinds that keep a face from being acquired.
const OBSTACLES: &[&str] = &["no_face", "too_small", "multi_face"];

/// The action that an event shows, also where it is too little of it to answer a prompt.
pub(crate) fn challenge(event: &ClipEvent) -> Option<PadChallenge> {
    challenge_of(event).or_else(|| (event.kind == "partial_blink").then_some(PadChallenge::Blink))
}

/// Tolerances of the list at 30 frames a second: a blink takes a tenth of a second and its ends are sharp, a head
/// takes a second and its ends are a matter of taste.
fn tolerance(challenge: PadChallenge, fps: f64) -> u64 {
    let frames = match challenge {
        PadChallenge::Blink => 2.0,
        PadChallenge::Smile | PadChallenge::OpenMouth => 5.0,
        PadChallenge::TurnLeft | PadChallenge::TurnRight | PadChallenge::LookUp | PadChallenge::LookDown => {
            6.0
        }
    };
    (frames * fps / RATE_HZ).round().max(1.0) as u64
}

/// Events that are to be seen but too weak to be asked for, and those that show an action in another way.
fn is_optional(event: &ClipEvent) -> bool {
    event.is_called_weak() || matches!(event.kind.as_str(), "partial_blink" | "eyes_closed")
}

/// Reads the truth from an entry of the list.
pub fn truth(clip: &ClipEntry) -> GroundTruth {
    let fps = rate_hz(clip);
    let mut truth = GroundTruth {
        label: Label::parse(&clip.label),
        not_acquirable: clip.frames > 0 && obstructed(clip) * 10 >= u64::from(clip.frames) * 9,
        required: Vec::new(),
        optional: Vec::new(),
        unknown_kinds: Vec::new(),
    };
    truth.not_acquirable |= truth.label == Label::NoFace;
    for event in &clip.events {
        let kind = event.kind.as_str();
        match challenge(event) {
            Some(challenge) => {
                let expected = Expected {
                    challenge,
                    kind: kind.to_owned(),
                    frames: u64::from(event.first)..=u64::from(event.last),
                    tolerance: tolerance(challenge, fps),
                };
                if is_optional(event) {
                    truth.optional.push(expected);
                } else {
                    truth.required.push(expected);
                }
            }
            None if SILENT.contains(&kind) || OBSTACLES.contains(&kind) => {}
            None => {
                if !truth.unknown_kinds.iter().any(|known| known == kind) {
                    truth.unknown_kinds.push(kind.to_owned());
                }
            }
        }
    }
    truth
}

/// Frames in which the face cannot be acquired.
fn obstructed(clip: &ClipEntry) -> u64 {
    let mut ranges: Vec<(u64, u64)> = clip
        .events
        .iter()
        .filter(|event| OBSTACLES.contains(&event.kind.as_str()))
        .map(|event| (u64::from(event.first), u64::from(event.last)))
        .collect();
    ranges.sort_unstable();
    let (mut count, mut covered_to) = (0, 0);
    for (first, last) in ranges {
        let first = first.max(covered_to);
        if last >= first {
            count += last - first + 1;
            covered_to = last + 1;
        }
    }
    count
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn clip(fps: f64, frames: u32, events: &[(&str, u32, u32, &str)]) -> ClipEntry {
        ClipEntry {
            file: "a.avi".into(),
            label: "bona_fide".into(),
            subject: "A".into(),
            shows: String::new(),
            frames,
            fps,
            synthetic: false,
            events: events
                .iter()
                .map(|(kind, first, last, note)| ClipEvent {
                    kind: (*kind).into(),
                    first: *first,
                    last: *last,
                    peak: None,
                    note: (*note).into(),
                })
                .collect(),
        }
    }

    #[test]
    fn labels_are_read_and_unknown_ones_kept() {
        let check = |word: &str, expect| assert_eq!(Label::parse(word), expect, "{word}");
        check("bona_fide", Label::BonaFide);
        check("no_face", Label::NoFace);
        check("attack_print", Label::Attack("print".into()));
        check("attack_silicone_mask", Label::Attack("silicone_mask".into()));
        check("attack_", Label::Unknown("attack_".into()));
        check("", Label::Unknown(String::new()));
        check("spoof", Label::Unknown("spoof".into()));
    }

    #[test]
    fn events_become_expected_actions() {
        let truth = truth(&clip(
            30.0,
            400,
            &[
                ("frontal", 0, 9, ""),
                ("turn_image_right", 10, 40, ""),
                ("turn_image_left", 50, 60, "slight"),
                ("blink", 70, 75, "half closed"),
                ("blink", 80, 85, ""),
                ("eyes_closed", 90, 120, ""),
                ("partial_blink", 130, 133, ""),
                ("wink_image_left", 140, 150, ""),
                ("juggling", 160, 170, ""),
                ("juggling", 180, 190, ""),
            ],
        ));
        let list = |events: &[Expected]| {
            events
                .iter()
                .map(|event| (event.challenge, *event.frames.start()))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            list(&truth.required),
            [(PadChallenge::TurnLeft, 10), (PadChallenge::Blink, 80)]
        );
        assert_eq!(
            list(&truth.optional),
            [
                (PadChallenge::TurnRight, 50),
                (PadChallenge::Blink, 70),
                (PadChallenge::Blink, 90),
                (PadChallenge::Blink, 130)
            ]
        );
        assert_eq!(truth.unknown_kinds, ["juggling"]);
        assert!(!truth.not_acquirable);
    }

    #[test]
    fn tolerances_follow_the_rate() {
        let check = |kind, fps, expect| {
            let truth = truth(&clip(fps, 100, &[(kind, 10, 20, "")]));
            assert_eq!(truth.required[0].tolerance, expect, "{kind} at {fps}");
        };
        check("blink", 30.0, 2);
        check("blink", 60.0, 4);
        check("blink", 12.0, 1);
        check("blink", 5.0, 1);
        check("smile", 30.0, 5);
        check("mouth_open", 12.0, 2);
        check("turn_image_left", 25.0, 5);
        check("head_down", 0.0, 6);
    }

    #[test]
    fn a_clip_is_not_acquirable_if_most_of_it_is_obstructed() {
        let check = |events: &[(&str, u32, u32, &str)], expect| {
            assert_eq!(
                truth(&clip(30.0, 100, events)).not_acquirable,
                expect,
                "{events:?}"
            );
        };
        check(&[], false);
        check(&[("no_face", 0, 88, "")], false);
        check(&[("no_face", 0, 89, "")], true);
        // Overlapping ranges are counted once.
        check(&[("too_small", 0, 40, ""), ("multi_face", 10, 45, "")], false);
        check(&[("too_small", 0, 45, ""), ("multi_face", 50, 99, "")], true);
        check(&[("blink", 0, 99, "")], false);
    }
}
