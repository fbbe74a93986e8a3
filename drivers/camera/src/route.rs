//! Which frames of a clip show an action, and how to come there and back without a visible jump.
//!
//! An action is played from a *neutral* range to a neutral range, one frame after the other, forwards or
//! backwards:
//! - through: neutral, the whole event, the next neutral;
//! - there and back: neutral, the event to its peak, and the same frames backwards, where only one neutral range
//!   can be reached.
//!
//! A neutral range is a `frontal` event, or a gap between events, shortened at both ends since a movement begins
//! before it is annotated. A head that moves from one side to the other rests less than one that blinks, so the
//! shortening depends on the neighbours.
//!
//! Left out are events that share a frame of their route with any other event, so that a prompt is answered by
//! one action alone; events whose note calls them slight, small or half; and those too short to be seen.

use std::ops::RangeInclusive;

use verification::pad::PadChallenge;

use crate::manifest::{ClipEntry, ClipEvent};

/// Frames of rest that are needed for a range to count as neutral.
const NEUTRAL_MIN: u32 = 5;
/// A range shorter than this is taken for the first rest only where there is no longer one.
const REST_MIN: u32 = 15;
/// Frames cut off a gap beside an eye or mouth event, a head movement, and between two head movements.
const MARGIN: u32 = 3;
const MARGIN_HEAD: u32 = 5;
const MARGIN_BETWEEN_HEADS: u32 = 10;
/// A route must leave time to return within the window of a challenge.
const LENGTH_MAX_S: f64 = 8.0;
/// The actor rests within so many frames of where the last action ended or the next may begin.
const REST_FRAMES: u32 = 30;
/// Shorter head movements are twitches.
const HEAD_MIN_S: f64 = 0.4;

/// A range of frames in which nothing happens.
pub(crate) type Neutral = RangeInclusive<u32>;

/// The way through one action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) challenge: PadChallenge,
    /// Neutral range from which it starts, and the frame of it that is beside the way.
    pub(crate) from: Neutral,
    pub(crate) start: u32,
    /// Frames to play, each the neighbour of the one before.
    pub(crate) frames: Vec<u32>,
    /// Neutral range in which it ends, and the frame of it that is beside the way.
    pub(crate) to: Neutral,
    pub(crate) end: u32,
}

/// What an actor can do with a clip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Repertoire {
    /// Where it rests before the first prompt.
    pub(crate) rest: Neutral,
    /// At most one for each challenge: the shortest.
    pub(crate) routes: Vec<Route>,
}

impl Route {
    /// The same route in a numbering that begins later.
    pub(crate) fn moved(self, by: u32) -> Self {
        let moved = |range: Neutral| range.start().saturating_add(by)..=range.end().saturating_add(by);
        Self {
            challenge: self.challenge,
            from: moved(self.from),
            start: self.start.saturating_add(by),
            frames: self
                .frames
                .into_iter()
                .map(|frame| frame.saturating_add(by))
                .collect(),
            to: moved(self.to),
            end: self.end.saturating_add(by),
        }
    }
}

impl Repertoire {
    /// Takes a route, unless a shorter one for the same challenge is known.
    pub(crate) fn add(&mut self, route: Route) {
        let known = self
            .routes
            .iter_mut()
            .find(|known| known.challenge == route.challenge);
        match known {
            Some(known) if route.frames.len() < known.frames.len() => *known = route,
            Some(_) => {}
            None => self.routes.push(route),
        }
        self.routes.sort_by_key(|route| route.challenge);
    }
}

/// The challenge that an event of a list of clips answers; `None` for what is no action, such as `frontal` or
/// `squint`. Left and right of the picture are the other way round for the subject.
pub fn challenge_of(event: &ClipEvent) -> Option<PadChallenge> {
    Some(match event.kind.as_str() {
        "turn_image_right" => PadChallenge::TurnLeft,
        "turn_image_left" => PadChallenge::TurnRight,
        "look_up" => PadChallenge::LookUp,
        "head_down" => PadChallenge::LookDown,
        "blink" | "eyes_closed" => PadChallenge::Blink,
        "mouth_open" => PadChallenge::OpenMouth,
        "smile" => PadChallenge::Smile,
        _ => return None,
    })
}

/// Whether the head moves in an event, whether or not it answers a challenge.
fn is_head_movement(event: &ClipEvent) -> bool {
    matches!(
        event.kind.as_str(),
        "turn_image_right" | "turn_image_left" | "look_up" | "head_down" | "head_sway"
    )
}

fn is_frontal(event: &ClipEvent) -> bool {
    event.kind == "frontal"
}

/// Plans all actions of a clip.
pub(crate) fn repertoire(clip: &ClipEntry) -> Repertoire {
    let neutrals = neutrals(clip);
    let long = |neutral: &&Neutral| neutral.end() - neutral.start() >= REST_MIN;
    let rest = neutrals.iter().find(long).or(neutrals.first()).cloned();
    let mut repertoire = Repertoire {
        // Where nothing is neutral, any part of the clip is as good as another.
        rest: rest.unwrap_or(0..=clip.frames.saturating_sub(1)),
        routes: Vec::new(),
    };
    for event in clip.events.iter().filter(|event| !is_weak(event, clip.fps)) {
        let Some(route) = challenge_of(event).and_then(|challenge| route(challenge, event, clip, &neutrals))
        else {
            continue;
        };
        repertoire.add(route);
    }
    repertoire
}

/// Whether an event is too weak to answer a prompt: its note calls it slight, small or half; it is over in one
/// frame; or it is a head movement that is shorter than a deliberate one. `fps` is the rate of its clip.
fn is_weak(event: &ClipEvent, fps: f64) -> bool {
    let frames = u64::from(event.last.saturating_sub(event.first)) + 1;
    let length_s = frames as f64 / fps.max(1.0);
    event.is_called_weak() || frames < 2 || (is_head_movement(event) && length_s < HEAD_MIN_S)
}

/// The part of a range that begins or ends with one of its ends.
pub(crate) fn near(range: &Neutral, end: u32) -> Neutral {
    end.saturating_sub(REST_FRAMES).max(*range.start())..=end.saturating_add(REST_FRAMES).min(*range.end())
}

/// Neutral ranges in their order.
fn neutrals(clip: &ClipEntry) -> Vec<Neutral> {
    let mut events: Vec<&ClipEvent> = clip.events.iter().collect();
    events.sort_by_key(|event| (event.first, event.last));
    let mut neutrals: Vec<Neutral> = events
        .iter()
        .filter(|event| is_frontal(event))
        .map(|event| event.first..=event.last)
        .collect();
    // A gap lies between the event that reaches farthest so far and the next one that begins after it.
    let mut before: Option<&ClipEvent> = None;
    for after in events.iter().map(|event| Some(*event)).chain([None]) {
        let first = before.map_or(0, |event| event.last + 1);
        let end = after.map_or(clip.frames, |event| event.first);
        if end > first {
            let margin = |one: Option<&ClipEvent>, other: Option<&ClipEvent>| match (one, other) {
                (None, _) => 0,
                (Some(one), _) if is_frontal(one) => 0,
                (Some(one), Some(other)) if is_head_movement(one) && is_head_movement(other) => {
                    MARGIN_BETWEEN_HEADS
                }
                (Some(one), _) if is_head_movement(one) => MARGIN_HEAD,
                _ => MARGIN,
            };
            let (first, end) = (
                first + margin(before, after),
                end.saturating_sub(margin(after, before)),
            );
            // The frames beside a frontal event are the start of a movement, not rest.
            let beside_frontal = before.is_some_and(is_frontal) || after.is_some_and(is_frontal);
            if !beside_frontal && end >= first + NEUTRAL_MIN {
                neutrals.push(first..=end - 1);
            }
        }
        if let Some(after) = after
            && before.is_none_or(|before| after.last > before.last)
        {
            before = Some(after);
        }
    }
    neutrals.sort_by_key(|neutral| *neutral.start());
    neutrals
}

fn route(
    challenge: PadChallenge,
    event: &ClipEvent,
    clip: &ClipEntry,
    neutrals: &[Neutral],
) -> Option<Route> {
    let peak = event.peak.unwrap_or(event.first.midpoint(event.last));
    let before = neutrals.iter().rfind(|neutral| *neutral.end() < event.first);
    let after = neutrals.iter().find(|neutral| *neutral.start() > event.last);
    let through = before.zip(after).map(|(before, after)| Route {
        challenge,
        from: before.clone(),
        start: *before.end(),
        frames: (before.end() + 1..*after.start()).collect(),
        to: after.clone(),
        end: *after.start(),
    });
    let from_before = before.map(|before| {
        let there = before.end() + 1..=peak;
        Route {
            challenge,
            from: before.clone(),
            start: *before.end(),
            frames: there.clone().chain(there.rev().skip(1)).collect(),
            to: before.clone(),
            end: *before.end(),
        }
    });
    let from_after = after.map(|after| {
        let back = peak..=after.start() - 1;
        Route {
            challenge,
            from: after.clone(),
            start: *after.start(),
            frames: back.clone().rev().chain(back.skip(1)).collect(),
            to: after.clone(),
            end: *after.start(),
        }
    });
    let length_max = (LENGTH_MAX_S * clip.fps.max(1.0)) as usize;
    let clean = |route: &Route| {
        let mut others = clip
            .events
            .iter()
            .filter(|other| *other != event && !is_frontal(other));
        route.frames.len() <= length_max
            && others.all(|other| {
                !route
                    .frames
                    .iter()
                    .any(|frame| (other.first..=other.last).contains(frame))
            })
    };
    [through, from_before, from_after]
        .into_iter()
        .flatten()
        .find(clean)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn event(kind: &str, first: u32, last: u32) -> ClipEvent {
        ClipEvent {
            kind: kind.into(),
            first,
            last,
            peak: None,
            note: String::new(),
        }
    }

    fn clip(frames: u32, events: Vec<ClipEvent>) -> ClipEntry {
        ClipEntry {
            file: "a.avi".into(),
            label: "bona_fide".into(),
            subject: String::new(),
            shows: String::new(),
            frames,
            fps: 30.0,
            synthetic: true,
            events,
        }
    }

    fn check(frames: u32, events: &[(&str, u32, u32)], expect: &[(PadChallenge, u32, u32, u32)]) {
        let events = events
            .iter()
            .map(|(kind, first, last)| event(kind, *first, *last))
            .collect();
        let got: Vec<_> = repertoire(&clip(frames, events))
            .routes
            .iter()
            .map(|route| {
                (
                    route.challenge,
                    route.start,
                    route.frames.iter().copied().max().unwrap(),
                    route.end,
                )
            })
            .collect();
        assert_eq!(got, expect);
    }

    #[test]
    fn actions_are_played_from_neutral_to_neutral() {
        // Through, from one frontal range to the next; and the left of the picture is the subject's right.
        check(
            200,
            &[
                ("frontal", 0, 20),
                ("turn_image_left", 30, 90),
                ("frontal", 100, 199),
            ],
            &[(PadChallenge::TurnRight, 20, 99, 100)],
        );
        // There and back to the peak, where another event follows at once.
        check(
            200,
            &[
                ("frontal", 0, 20),
                ("head_down", 30, 90),
                ("look_up", 95, 140),
                ("frontal", 150, 199),
            ],
            &[
                (PadChallenge::LookUp, 150, 149, 150),
                (PadChallenge::LookDown, 20, 60, 20),
            ],
        );
        // Gaps are neutral where nothing is annotated as frontal.
        check(60, &[("blink", 20, 27)], &[(PadChallenge::Blink, 16, 30, 31)]);
    }

    #[test]
    fn unclear_actions_are_left_out() {
        check(100, &[("smile", 20, 60), ("blink", 38, 42)], &[]);
        check(100, &[("blink", 30, 30)], &[]);
        check(100, &[("head_down", 30, 37)], &[]);
        check(100, &[("multi_face", 0, 99), ("blink", 30, 37)], &[]);
        let slight = ClipEvent {
            note: "slight".into(),
            ..event("turn_image_left", 30, 60)
        };
        assert_eq!(repertoire(&clip(100, vec![slight])).routes, []);
    }

    #[test]
    fn without_rest_the_whole_clip_is_the_rest() {
        assert_eq!(repertoire(&clip(100, vec![event("no_face", 0, 99)])).rest, 0..=99);
        assert_eq!(repertoire(&clip(1, vec![])).rest, 0..=0);
    }

    fn any_event() -> impl Strategy<Value = ClipEvent> {
        let kinds = [
            "frontal",
            "blink",
            "smile",
            "head_down",
            "turn_image_left",
            "squint",
        ];
        (proptest::sample::select(kinds.to_vec()), 0u32..150, 0u32..40).prop_map(|(kind, first, length)| {
            ClipEvent {
                peak: (length % 2 == 0).then_some(first + length / 3),
                ..event(kind, first, first + length)
            }
        })
    }

    proptest! {
        #[test]
        fn a_route_never_jumps_and_stays_in_the_clip(events in proptest::collection::vec(any_event(), 0..8)) {
            let repertoire = repertoire(&clip(190, events));
            prop_assert!(*repertoire.rest.end() < 190);
            for route in repertoire.routes {
                let all: Vec<u32> =
                    [route.start].into_iter().chain(route.frames.iter().copied()).chain([route.end]).collect();
                prop_assert!(all.windows(2).all(|pair| pair[0].abs_diff(pair[1]) <= 1), "{all:?}");
                prop_assert!(all.iter().all(|frame| *frame < 190));
                prop_assert!(route.from.contains(&route.start) && route.to.contains(&route.end));
            }
        }
    }
}
