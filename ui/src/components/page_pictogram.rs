//! The identity document that shows how to hold it before the camera.

use ::ipc::{PageKind, PagePrompt};
use leptos::prelude::*;

use crate::components::arrow::Arrow;
use crate::components::pictogram::moves;

/// How the document is drawn, in a square of 120.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Drawing {
    /// How far it is from the middle, to the right of the screen and down.
    shift: (f32, f32),
    arrows: &'static [Arrow],
    /// What is drawn beside it.
    around: &'static str,
    /// Where it is seen once more, in dashes, and how it is turned there.
    ghost: Option<((f32, f32), f32)>,
}

const PLAIN: Drawing = Drawing {
    shift: (0.0, 0.0),
    arrows: &[],
    around: "",
    ghost: None,
};

const FRAME: &str = "M6 36V20H22M98 20H114V36M114 84V100H98M22 100H6V84";
/// Away from the document: it fills more of the picture.
const OUTWARDS: [Arrow; 4] = [
    Arrow::new((20.0, 28.0), (6.0, 10.0)),
    Arrow::new((100.0, 28.0), (114.0, 10.0)),
    Arrow::new((20.0, 92.0), (6.0, 110.0)),
    Arrow::new((100.0, 92.0), (114.0, 110.0)),
];
const INTO_FRAME: [Arrow; 1] = [Arrow::new((92.0, 107.0), (50.0, 107.0))];
const SUN: &str = "M97 14a9 9 0 1 0 0 18a9 9 0 1 0 0-18M97 6V5M97 40V41M80 23H79M114 23H115M85 11 84 10M109 11 110 10M85 35 84 36M109 35 110 36";
const PLUS: &str = "M54 11V35M42 23H66";
const MINUS: &str = "M42 23H66";
const GLARE: &str = "M92 32V24M92 4V12M78 18H86M98 18H106";
/// The lower edge comes forward.
const TILT: [Arrow; 1] = [Arrow::new((60.0, 94.0), (60.0, 116.0))];
const STILL: &str = "M4 48V72M11 42V78M109 42V78M116 48V72";
const QUESTION: &str = "M50 16C50 2 72 2 72 14C72 22 61 21 61 29M61 36V36.1";
const TICK: &str = "M82 100 94 111 114 88";

fn drawing(prompt: PagePrompt) -> Drawing {
    match prompt {
        PagePrompt::Show => Drawing {
            around: FRAME,
            ..PLAIN
        },
        PagePrompt::OtherKind => Drawing {
            shift: (0.0, 14.0),
            around: QUESTION,
            ..PLAIN
        },
        PagePrompt::Whole => Drawing {
            shift: (18.0, 0.0),
            arrows: &INTO_FRAME,
            around: FRAME,
            ..PLAIN
        },
        PagePrompt::Closer => Drawing {
            arrows: &OUTWARDS,
            ..PLAIN
        },
        PagePrompt::Brighter => Drawing {
            shift: (0.0, 16.0),
            around: PLUS,
            ..PLAIN
        },
        PagePrompt::Darker => Drawing {
            shift: (0.0, 16.0),
            around: MINUS,
            ..PLAIN
        },
        PagePrompt::Glare => Drawing {
            arrows: &TILT,
            around: GLARE,
            ..PLAIN
        },
        PagePrompt::Still => Drawing {
            around: STILL,
            ghost: Some(((0.0, 0.0), -12.0)),
            ..PLAIN
        },
        PagePrompt::Sharper => Drawing {
            ghost: Some(((7.0, 7.0), 0.0)),
            ..PLAIN
        },
        PagePrompt::Hold => Drawing {
            around: TICK,
            ..PLAIN
        },
    }
}

/// Whether the sun shines beside it.
fn has_sun(prompt: PagePrompt) -> bool {
    matches!(prompt, PagePrompt::Brighter | PagePrompt::Darker)
}

/// How the document moves for a moment, by its class in `motion.css`; the drawing as it stands says the same. The other side
/// of a card comes up by a turn, for which a second drawing is needed.
fn motion(prompt: PagePrompt, front: bool) -> Option<&'static str> {
    match (prompt, front) {
        (PagePrompt::Show, true) => Some("moves--place"),
        (PagePrompt::Show, false) => Some("moves--turned-up"),
        (PagePrompt::Whole, _) => Some("moves--page-in"),
        (PagePrompt::Closer, _) => Some("moves--grow"),
        (PagePrompt::Glare, _) => Some("moves--tilt"),
        _ => None,
    }
}

const FRONT: &str = "M39 48a6 6 0 1 0 0 12a6 6 0 1 0 0-12M29 74C30 64 48 64 49 74M60 52H90M60 62H90M60 72H80";
const BACK: &str = "M30 50H66M30 60H90M30 70H90";

/// What to do with the document. The words beside it say the same.
#[component]
pub fn PagePictogram(
    /// What to do.
    prompt: PagePrompt,
    /// Which document.
    page: PageKind,
    /// Whether the side with the photograph is asked for.
    front: bool,
) -> impl IntoView {
    let shown = drawing(prompt);
    let (top, height) = match page {
        PageKind::Card => (36, 48),
        PageKind::Passport => (32, 56),
    };
    let outline = move || {
        view! { <rect x="20" y=top width="80" height=height rx="6"></rect> }
    };
    let (right, down) = shown.shift;
    let side = move |written: &'static str| {
        view! {
            <g class="pictogram__head">{outline()}</g>
            <path class="pictogram__line" d=written></path>
        }
    };
    let how = motion(prompt, front);
    let turned_away = (how == Some("moves--turned-up")).then(|| {
        view! { <g class=moves(Some("moves--turned-away"))>{side(FRONT)}</g> }
    });
    let ghost = shown.ghost.map(|((right, down), turn)| {
        view! {
            <g class="pictogram__ghost" transform=format!("translate({right} {down}) rotate({turn} 60 60)")>
                {outline()}
            </g>
        }
    });
    let arrows: String = shown.arrows.iter().map(|arrow| arrow.outline()).collect();
    let sun = if has_sun(prompt) { SUN } else { "" };
    view! {
        <svg class="pictogram" viewBox="0 0 120 120" aria-hidden="true" focusable="false">
            {ghost}
            <g transform=format!("translate({right} {down})")>
                {turned_away}
                <g class=moves(how)>{side(if front { FRONT } else { BACK })}</g>
            </g>
            <path class="pictogram__sign" d=format!("{arrows}{}{sun}", shown.around)></path>
        </svg>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_are_shown_by_a_movement_and_stillness_by_none() {
        assert_ne!(motion(PagePrompt::Show, true), motion(PagePrompt::Show, false));
        for front in [true, false] {
            assert!(motion(PagePrompt::Show, front).is_some());
            for prompt in [PagePrompt::Still, PagePrompt::Hold] {
                assert_eq!(motion(prompt, front), None, "{prompt:?}");
            }
        }
    }

    #[test]
    fn every_prompt_has_a_drawing_of_its_own() {
        let prompts = crate::screens::images::PAGE_PROMPTS;
        for (at, prompt) in prompts.into_iter().enumerate() {
            for other in prompts.into_iter().skip(at + 1) {
                assert_ne!(drawing(prompt), drawing(other), "{prompt:?} and {other:?}");
            }
        }
    }
}
