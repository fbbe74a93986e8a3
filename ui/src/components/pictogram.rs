//! The head that shows what to do in front of the camera.

use ::ipc::Prompt;
use leptos::prelude::*;

use crate::components::arrow::Arrow;

/// How the head is drawn, in a square of 120. The preview is a mirror, so one's own left is the left of the
/// screen.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Drawing {
    /// How far the features move with the turn, positive to the right of the screen and down.
    gaze: (f32, f32),
    eyes: Eyes,
    mouth: Mouth,
    /// Where the head is and how large, against that of [`STRAIGHT`].
    place: Place,
    /// Where the head is to come from, drawn in dashes.
    ghost: Option<Place>,
    arrows: &'static [Arrow],
    /// What is drawn around the head besides arrows.
    around: &'static str,
    /// What the head wears and should not.
    worn: Option<Worn>,
    /// Whether a second head stands behind, crossed out.
    second: bool,
    /// What moves, if anything does.
    motion: Option<Motion>,
}

/// What of a drawing moves for a moment, by its class in `motion.css`. Where it ends is the drawing as it stands, which alone
/// says what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Motion {
    /// The features, from the middle to where they look.
    Features(&'static str),
    /// The eyes close and open.
    Eyes,
    /// The mouth becomes what it is.
    Mouth(&'static str),
    /// The whole head.
    Head(&'static str),
    /// What it wears.
    Worn(&'static str),
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Eyes {
    Open,
    Closed,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Mouth {
    Neutral,
    Open,
    Smile,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Worn {
    Mask,
    DarkGlasses,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Place {
    /// To the right of the screen and down.
    shift: (f32, f32),
    scale: f32,
}

const CENTRE: Place = Place {
    shift: (0.0, 0.0),
    scale: 1.0,
};

const STRAIGHT: Drawing = Drawing {
    gaze: (0.0, 0.0),
    eyes: Eyes::Open,
    mouth: Mouth::Neutral,
    place: CENTRE,
    ghost: None,
    arrows: &[],
    around: "",
    worn: None,
    second: false,
    motion: None,
};

const LEFT: Arrow = Arrow::new((26.0, 60.0), (5.0, 60.0));
const RIGHT: Arrow = Arrow::new((94.0, 60.0), (115.0, 60.0));
const UP: Arrow = Arrow::new((60.0, 20.0), (60.0, 4.0));
const DOWN: Arrow = Arrow::new((60.0, 100.0), (60.0, 116.0));
/// Under the head, as long as its step.
const STEP_LEFT: Arrow = Arrow::new((84.0, 107.0), (36.0, 107.0));
const STEP_RIGHT: Arrow = Arrow::new((36.0, 107.0), (84.0, 107.0));
/// Away from the head: it fills more of the picture.
const OUTWARDS: [Arrow; 4] = [
    Arrow::new((30.0, 30.0), (10.0, 10.0)),
    Arrow::new((90.0, 30.0), (110.0, 10.0)),
    Arrow::new((30.0, 90.0), (10.0, 110.0)),
    Arrow::new((90.0, 90.0), (110.0, 110.0)),
];
/// Towards the head: it fills less of the picture.
const INWARDS: [Arrow; 4] = [
    Arrow::new((10.0, 10.0), (34.0, 34.0)),
    Arrow::new((110.0, 10.0), (86.0, 34.0)),
    Arrow::new((10.0, 110.0), (34.0, 86.0)),
    Arrow::new((110.0, 110.0), (86.0, 86.0)),
];
const CORNERS: &str = "M10 32V12H30M90 12H110V32M110 88V108H90M30 108H10V88";
const STILL: &str = "M12 46V74M20 46V74M100 46V74M108 46V74";
const SUN_PLUS: &str = "M97 15a10 10 0 1 0 0 20a10 10 0 1 0 0-20M97 5V4M97 45V46M77 25H76M115 25H116M83 11 82 10M111 11 112 10\
                        M83 39 82 40M111 39 112 40M97 66V90M85 78H109";
const SUN_MINUS: &str = "M97 15a10 10 0 1 0 0 20a10 10 0 1 0 0-20M97 5V4M97 45V46M77 25H76M115 25H116M83 11 82 10M111 11 112 10\
                         M83 39 82 40M111 39 112 40M85 78H109";
const BESIDE_SIGN: Place = Place {
    shift: (-24.0, 4.0),
    scale: 1.0,
};

fn drawing(prompt: Prompt) -> Drawing {
    match prompt {
        Prompt::ShowFace => Drawing {
            around: CORNERS,
            ..STRAIGHT
        },
        Prompt::Closer => Drawing {
            place: scaled(0.72),
            arrows: &OUTWARDS,
            motion: Some(Motion::Head("moves--grow")),
            ..STRAIGHT
        },
        Prompt::StepBack => Drawing {
            place: scaled(0.6),
            ghost: Some(scaled(1.4)),
            arrows: &INWARDS,
            motion: Some(Motion::Head("moves--shrink")),
            ..STRAIGHT
        },
        Prompt::StepLeft => Drawing {
            place: shifted(-18.0),
            ghost: Some(shifted(18.0)),
            arrows: &[STEP_LEFT],
            motion: Some(Motion::Head("moves--step-left")),
            ..STRAIGHT
        },
        Prompt::StepRight => Drawing {
            place: shifted(18.0),
            ghost: Some(shifted(-18.0)),
            arrows: &[STEP_RIGHT],
            motion: Some(Motion::Head("moves--step-right")),
            ..STRAIGHT
        },
        Prompt::MoreLight => Drawing {
            place: BESIDE_SIGN,
            around: SUN_PLUS,
            ..STRAIGHT
        },
        Prompt::LessLight => Drawing {
            place: BESIDE_SIGN,
            around: SUN_MINUS,
            ..STRAIGHT
        },
        Prompt::RemoveMask => Drawing {
            worn: Some(Worn::Mask),
            arrows: &[DOWN],
            motion: Some(Motion::Worn("moves--off-down")),
            ..STRAIGHT
        },
        Prompt::UncoverEyes => Drawing {
            worn: Some(Worn::DarkGlasses),
            arrows: &[UP],
            motion: Some(Motion::Worn("moves--off-up")),
            ..STRAIGHT
        },
        Prompt::OnePersonOnly => Drawing {
            place: shifted(-22.0),
            second: true,
            ..STRAIGHT
        },
        Prompt::LookStraight => STRAIGHT,
        Prompt::HoldStill => Drawing {
            around: STILL,
            ..STRAIGHT
        },
        Prompt::TurnLeft => Drawing {
            gaze: (-10.0, 0.0),
            arrows: &[LEFT],
            motion: Some(Motion::Features("moves--left")),
            ..STRAIGHT
        },
        Prompt::TurnRight => Drawing {
            gaze: (10.0, 0.0),
            arrows: &[RIGHT],
            motion: Some(Motion::Features("moves--right")),
            ..STRAIGHT
        },
        Prompt::LookUp => Drawing {
            gaze: (0.0, -10.0),
            arrows: &[UP],
            motion: Some(Motion::Features("moves--up")),
            ..STRAIGHT
        },
        Prompt::LookDown => Drawing {
            gaze: (0.0, 8.0),
            arrows: &[DOWN],
            motion: Some(Motion::Features("moves--down")),
            ..STRAIGHT
        },
        Prompt::Blink => Drawing {
            eyes: Eyes::Closed,
            motion: Some(Motion::Eyes),
            ..STRAIGHT
        },
        Prompt::OpenMouth => Drawing {
            mouth: Mouth::Open,
            motion: Some(Motion::Mouth("moves--open")),
            ..STRAIGHT
        },
        Prompt::Smile => Drawing {
            mouth: Mouth::Smile,
            motion: Some(Motion::Mouth("moves--smile")),
            ..STRAIGHT
        },
    }
}

fn shifted(shift: f32) -> Place {
    Place {
        shift: (shift, -8.0),
        ..CENTRE
    }
}

fn scaled(scale: f32) -> Place {
    Place { scale, ..CENTRE }
}

impl Place {
    /// The value of a `transform` attribute. Scaling is about the middle of the head.
    fn transform(self) -> String {
        let Self { shift: (x, y), scale } = self;
        format!(
            "translate({} {}) scale({scale}) translate(-60 -60)",
            60.0 + x,
            60.0 + y
        )
    }
}

/// A drawing of the prompted action. Hidden from screen readers: the prompt itself stands beside it in words.
#[component]
pub fn Pictogram(
    /// What to do.
    #[prop(into)]
    prompt: Signal<Prompt>,
) -> impl IntoView {
    // The drawing is made anew, and moves again, only for another prompt.
    let prompt = Memo::new(move |_| prompt.get());
    view! {
        <svg class="pictogram" viewBox="0 0 120 120" aria-hidden="true" focusable="false">
            {move || drawn(drawing(prompt.get()))}
        </svg>
    }
}

/// The classes of a part that moves so, and of one that does not.
pub fn moves(how: Option<&'static str>) -> String {
    how.map(|how| format!("moves {how}")).unwrap_or_default()
}

fn drawn(drawing: Drawing) -> impl IntoView {
    let (x, y) = drawing.gaze;
    let eye = |centre: f32| format!("M{} {}v5", centre + x, 52.0 + y);
    let open = format!("{}{}", eye(49.0), eye(71.0));
    let lid = |left: f32| format!("M{} {}q5.5 6 11 0", left + x, 53.0 + y);
    let closed = format!("{}{}", lid(43.5), lid(65.5));
    let eyes = match (drawing.eyes, drawing.motion) {
        (Eyes::Open, _) => view! { <path class="pictogram__line" d=open></path> }.into_any(),
        (Eyes::Closed, Some(Motion::Eyes)) => view! {
            <path class="pictogram__line moves moves--lids" d=closed></path>
            <path class="pictogram__line moves moves--eyes" d=open></path>
        }
        .into_any(),
        (Eyes::Closed, _) => view! { <path class="pictogram__line" d=closed></path> }.into_any(),
    };
    let nose = format!(
        "M{} {}v10h{}",
        60.0 + x * 1.25,
        56.0 + y * 1.15,
        if x > 0.0 { 4 } else { -4 }
    );
    let mouth = match drawing.mouth {
        Mouth::Neutral => format!("M{} {}h14", 53.0 + x, 77.0 + y),
        Mouth::Open => format!("M{} {}a8 9 0 1 0 16 0a8 9 0 1 0-16 0", 52.0 + x, 79.0 + y),
        Mouth::Smile => format!("M{} {}q15 17 30 0z", 45.0 + x, 74.0 + y),
    };
    let acts = drawing.mouth != Mouth::Neutral;
    let worn = drawing.worn.map(|worn| {
        let (class, outline) = match worn {
            Worn::Mask => (
                "pictogram__mask",
                "M31 60 40 66M89 60 80 66M40 66Q50 65 60 61Q70 65 80 66V80Q74 93 60 94Q46 93 40 80ZM48 74H72M48 82H72",
            ),
            Worn::DarkGlasses => (
                "pictogram__glasses",
                "M30 52H90M39 52H57V55A9 9 0 0 1 39 55ZM63 52H81V55A9 9 0 0 1 63 55Z",
            ),
        };
        let moves = moves(match drawing.motion {
            Some(Motion::Worn(how)) => Some(how),
            _ => None,
        });
        view! { <path class=format!("{class} {moves}") d=outline></path> }
    });
    let ghost = drawing.ghost.map(|place| {
        view! {
            <g transform=place.transform()>
                <ellipse class="pictogram__ghost" cx="60" cy="60" rx="29" ry="36"></ellipse>
            </g>
        }
    });
    let second = drawing.second.then(|| {
        view! {
            <path class="pictogram__second" d="M92 40a17 21 0 1 1 0 42a17 21 0 1 1 0-42"></path>
            <path class="pictogram__sign" d="M82 51 102 71M102 51 82 71"></path>
        }
    });
    let arrows: String = drawing.arrows.iter().map(|arrow| arrow.outline()).collect();
    let (head_moves, features_move, mouth_moves) = match drawing.motion {
        Some(Motion::Head(how)) => (Some(how), None, None),
        Some(Motion::Features(how)) => (None, Some(how), None),
        Some(Motion::Mouth(how)) => (None, None, Some(how)),
        Some(Motion::Eyes | Motion::Worn(_)) | None => (None, None, None),
    };
    let acts = if acts { "pictogram__mouth--acts" } else { "" };
    view! {
        {second}
        {ghost}
        <g class=moves(head_moves)>
            <g transform=drawing.place.transform()>
                <ellipse class="pictogram__head" cx="60" cy="60" rx="29" ry="36"></ellipse>
                <g class=moves(features_move)>
                    {eyes}
                    <path class="pictogram__line" d=nose></path>
                    <path class=format!("pictogram__mouth {acts} {}", moves(mouth_moves)) d=mouth></path>
                </g>
                {worn}
            </g>
        </g>
        <path class="pictogram__sign" d=format!("{arrows}{}", drawing.around)></path>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which way everything in the drawing points, across the screen: -1 is to its left.
    fn check(prompt: Prompt, expect: f32) {
        let drawing = drawing(prompt);
        assert!(!drawing.arrows.is_empty(), "{prompt:?}");
        for arrow in drawing.arrows {
            assert_eq!(arrow.direction().0.signum(), expect, "{prompt:?}: {arrow:?}");
        }
        let moved = drawing.gaze.0 + drawing.place.shift.0;
        assert_eq!(moved.signum(), expect, "{prompt:?}: the head");
        let (Some(Motion::Features(how)) | Some(Motion::Head(how))) = drawing.motion else {
            panic!("{prompt:?}: nothing moves");
        };
        let side = if expect < 0.0 { "left" } else { "right" };
        assert!(how.ends_with(side), "{prompt:?}: {how}");
        if let Some(ghost) = drawing.ghost {
            assert_eq!(ghost.shift.0.signum(), -expect, "{prompt:?}: where it comes from");
        }
    }

    /// Shell and screen both show a mirror: what is at one's left hand is at the left of the screen.
    #[test]
    fn left_and_right_are_those_of_the_person_in_the_mirror() {
        check(Prompt::TurnLeft, -1.0);
        check(Prompt::StepLeft, -1.0);
        check(Prompt::TurnRight, 1.0);
        check(Prompt::StepRight, 1.0);
    }

    /// Each action is shown as a movement; who is to be still sees nothing move.
    #[test]
    fn every_action_moves_and_stillness_does_not() {
        use Prompt::{
            Blink, HoldStill, LookDown, LookStraight, LookUp, OpenMouth, ShowFace, Smile, TurnLeft, TurnRight,
        };
        for prompt in [TurnLeft, TurnRight, LookUp, LookDown, Blink, OpenMouth, Smile] {
            assert!(drawing(prompt).motion.is_some(), "{prompt:?}");
        }
        for prompt in [HoldStill, LookStraight, ShowFace] {
            assert_eq!(drawing(prompt).motion, None, "{prompt:?}");
        }
    }

    #[test]
    fn every_prompt_has_a_drawing_of_its_own() {
        let prompts = crate::screens::face::PROMPTS;
        for (at, prompt) in prompts.into_iter().enumerate() {
            for other in prompts.into_iter().skip(at + 1) {
                assert_ne!(drawing(prompt), drawing(other), "{prompt:?} and {other:?}");
            }
        }
    }
}
