//! The hand that shows what to do before the palm scanner.

use ::ipc::HandPrompt;
use leptos::prelude::*;

use crate::components::arrow::Arrow;
use crate::components::pictogram::moves;

/// How it is drawn, in a square of 120. The person looks along their own arm: their left is the left of the screen,
/// and away from them is up.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Drawing {
    /// As the scanner looks at the palm.
    Plane {
        /// How far the hand is from its place, to the right of the screen and down, and how large.
        shift: (f32, f32),
        scale: f32,
        mark: Mark,
        arrow: Option<Arrow>,
        around: &'static str,
        /// Whether a head stands beside, crossed out.
        head: bool,
    },
    /// From the side: the scanner below, the right distance between two lines, the hand.
    Side {
        /// Where the hand is, down.
        height: f32,
        arrow: Arrow,
    },
}

/// Where the hand should be.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Mark {
    Missing,
    /// A ring of dashes: the hand is not in it.
    Awaits,
    /// A whole ring: the hand is in it.
    Holds,
}

/// Middle of the drawing, and of the ring.
const MIDDLE: f32 = 60.0;
const RING_RADIUS: f32 = 34.0;
/// The right distance from the scanner, in the drawing from the side.
const BAND: (f32, f32) = (46.0, 70.0);
const LEFT: Arrow = Arrow::new((66.0, 60.0), (34.0, 60.0));
const RIGHT: Arrow = Arrow::new((54.0, 60.0), (86.0, 60.0));
const UP: Arrow = Arrow::new((60.0, 60.0), (60.0, 32.0));
const DOWN: Arrow = Arrow::new((60.0, 60.0), (60.0, 88.0));
const TOWARDS_SCANNER: Arrow = Arrow::new((60.0, 33.0), (60.0, 60.0));
const FROM_SCANNER: Arrow = Arrow::new((60.0, 74.0), (60.0, 50.0));
const CORNERS: &str = "M8 32V8H32M88 8H112V32M112 88V112H88M32 112H8V88";
const STILL: &str = "M8 46V74M16 46V74M104 46V74M112 46V74";

const FINGERS: &str =
    "M52 58 47 31M59 56 58 25M66 57 69 28M73 61 80 38M50 77 34 61M52 58 73 61 73 84Q64 92 54 86L50 77Z";
const VEINS: &str = "M62 88 61 73 54 63M61 73 66 61M63 80 71 68";
/// A flat hand from its side, and its thumb; the middle is at 0.
const SIDE: &str = "M28 0H94M66 2 54 7";
const SCANNER: &str = "M28 102H92A4 4 0 0 1 96 106V114H24V106A4 4 0 0 1 28 102ZM48 102A12 7 0 0 1 72 102";

fn drawing(prompt: HandPrompt) -> Drawing {
    let shown = |around| Drawing::Plane {
        shift: (0.0, 0.0),
        scale: 1.1,
        mark: Mark::Missing,
        arrow: None,
        around,
        head: false,
    };
    let beside = |shift, arrow| Drawing::Plane {
        shift,
        scale: 0.64,
        mark: Mark::Awaits,
        arrow: Some(arrow),
        around: "",
        head: false,
    };
    match prompt {
        HandPrompt::ShowHand => shown(CORNERS),
        HandPrompt::Closer => Drawing::Side {
            height: 22.0,
            arrow: TOWARDS_SCANNER,
        },
        HandPrompt::Farther => Drawing::Side {
            height: 86.0,
            arrow: FROM_SCANNER,
        },
        HandPrompt::Higher => beside((0.0, 30.0), UP),
        HandPrompt::Lower => beside((0.0, -30.0), DOWN),
        HandPrompt::Left => beside((34.0, 0.0), LEFT),
        HandPrompt::Right => beside((-34.0, 0.0), RIGHT),
        HandPrompt::HoldStill => Drawing::Plane {
            shift: (0.0, 0.0),
            scale: 0.8,
            mark: Mark::Holds,
            arrow: None,
            around: STILL,
            head: false,
        },
        HandPrompt::PalmOnly => Drawing::Plane {
            shift: (-22.0, 0.0),
            scale: 0.9,
            mark: Mark::Missing,
            arrow: None,
            around: "",
            head: true,
        },
    }
}

/// How the hand moves for a moment, by its class in `motion.css`; the drawing as it stands says the same.
fn motion(prompt: HandPrompt) -> Option<&'static str> {
    match prompt {
        HandPrompt::ShowHand => Some("moves--place"),
        HandPrompt::Closer => Some("moves--hand-closer"),
        HandPrompt::Farther => Some("moves--hand-farther"),
        HandPrompt::Higher => Some("moves--hand-higher"),
        HandPrompt::Lower => Some("moves--hand-lower"),
        HandPrompt::Left => Some("moves--hand-left"),
        HandPrompt::Right => Some("moves--hand-right"),
        HandPrompt::HoldStill | HandPrompt::PalmOnly => None,
    }
}

/// A drawing of what is asked for. Hidden from screen readers: the prompt itself stands beside it in words.
#[component]
pub fn Hand(
    /// What to do.
    #[prop(into)]
    prompt: Signal<HandPrompt>,
) -> impl IntoView {
    // The drawing is made anew, and moves again, only for another prompt.
    let prompt = Memo::new(move |_| prompt.get());
    view! {
        <svg class="hand" viewBox="0 0 120 120" aria-hidden="true" focusable="false">
            {move || drawn(drawing(prompt.get()), motion(prompt.get()))}
        </svg>
    }
}

fn drawn(drawing: Drawing, motion: Option<&'static str>) -> AnyView {
    let moves = moves(motion);
    match drawing {
        Drawing::Plane {
            shift: (x, y),
            scale,
            mark,
            arrow,
            around,
            head,
        } => {
            let ring = match mark {
                Mark::Missing => None,
                Mark::Awaits => Some("hand__ring hand__ring--awaits"),
                Mark::Holds => Some("hand__ring"),
            };
            let ring = ring.map(|class| {
                view! { <circle class=class cx=MIDDLE cy=MIDDLE r=RING_RADIUS></circle> }
            });
            let head = head.then(|| {
                view! {
                    <path class="pictogram__second" d="M94 40a16 20 0 1 1 0 40a16 20 0 1 1 0-40"></path>
                    <path class="pictogram__sign" d="M84 50 104 70M104 50 84 70"></path>
                }
            });
            let arrow = arrow.map(Arrow::outline).unwrap_or_default();
            // The middle of the drawn hand is at 57, 60.
            let place = format!(
                "translate({} {}) scale({scale}) translate(-57 -60)",
                MIDDLE + x,
                MIDDLE + y
            );
            view! {
                {ring}
                {head}
                <g class=moves>
                    <g transform=place>
                        <path class="hand__edge" d=FINGERS></path>
                        <path class="hand__skin" d=FINGERS></path>
                        <path class="hand__veins" d=VEINS></path>
                    </g>
                </g>
                <path class="pictogram__sign" d=format!("{arrow}{around}")></path>
            }
            .into_any()
        }
        Drawing::Side { height, arrow } => {
            let (top, bottom) = BAND;
            let band = format!("M10 {top}H110M10 {bottom}H110");
            view! {
                <path class="hand__band" d=band></path>
                <path class="pictogram__head" d=SCANNER></path>
                <g class=moves>
                    <g transform=format!("translate(0 {height})")>
                        <path class="hand__edge" d=SIDE></path>
                        <path class="hand__skin" d=SIDE></path>
                    </g>
                </g>
                <path class="pictogram__sign" d=arrow.outline()></path>
            }
            .into_any()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screens::palm::PROMPTS;

    /// Which way the hand has to go, to the right of the screen and down.
    fn check(prompt: HandPrompt, expect: (f32, f32)) {
        let (arrow, off) = match drawing(prompt) {
            Drawing::Plane { shift, arrow, .. } => (arrow.expect("an arrow"), shift),
            Drawing::Side { height, arrow } => (arrow, (0.0, height - (BAND.0 + BAND.1) / 2.0)),
        };
        assert_eq!(arrow.direction(), expect, "{prompt:?}: the arrow");
        let way = |off: f32| if off == 0.0 { 0.0 } else { -off.signum() };
        assert_eq!((way(off.0), way(off.1)), expect, "{prompt:?}: the hand");
    }

    #[test]
    fn arrow_and_hand_show_the_same_way() {
        check(HandPrompt::Left, (-1.0, 0.0));
        check(HandPrompt::Right, (1.0, 0.0));
        check(HandPrompt::Higher, (0.0, -1.0));
        check(HandPrompt::Lower, (0.0, 1.0));
        // The scanner is drawn below the hand.
        check(HandPrompt::Closer, (0.0, 1.0));
        check(HandPrompt::Farther, (0.0, -1.0));
    }

    #[test]
    fn a_hand_that_is_to_be_still_does_not_move() {
        for prompt in PROMPTS {
            let still = matches!(prompt, HandPrompt::HoldStill | HandPrompt::PalmOnly);
            assert_eq!(motion(prompt).is_none(), still, "{prompt:?}");
        }
    }

    #[test]
    fn a_hand_is_outside_of_its_distance_until_it_is_right() {
        for prompt in PROMPTS {
            if let Drawing::Side { height, .. } = drawing(prompt) {
                assert!(!(BAND.0..=BAND.1).contains(&height), "{prompt:?}");
            }
        }
    }

    #[test]
    fn every_prompt_has_a_drawing_of_its_own() {
        for (at, prompt) in PROMPTS.into_iter().enumerate() {
            for other in PROMPTS.into_iter().skip(at + 1) {
                assert_ne!(drawing(prompt), drawing(other), "{prompt:?} and {other:?}");
            }
        }
    }
}
