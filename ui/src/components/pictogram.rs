//! The head that shows what to do in front of the camera.

use ::ipc::Prompt;
use leptos::prelude::*;

/// How the head is drawn, in a square of 120. The preview is a mirror, so one's own left is the left of the
/// screen.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Head {
    /// How far the features move with the turn, positive to the right of the screen and down.
    gaze: (f32, f32),
    eyes: Eyes,
    mouth: Mouth,
    /// What is drawn around the head.
    around: &'static str,
    /// Whether a second head stands behind, crossed out.
    second: bool,
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

const STRAIGHT: Head = Head {
    gaze: (0.0, 0.0),
    eyes: Eyes::Open,
    mouth: Mouth::Neutral,
    around: "",
    second: false,
};

const ARROW_LEFT: &str = "M26 60H6M15 50 5 60 15 70";
const ARROW_RIGHT: &str = "M94 60H114M105 50 115 60 105 70";
const ARROW_UP: &str = "M60 20V4M51 13 60 4 69 13";
const ARROW_DOWN: &str = "M60 100V116M51 107 60 116 69 107";
const CORNERS: &str = "M10 32V12H30M90 12H110V32M110 88V108H90M30 108H10V88";
const INWARDS: &str =
    "M8 8 24 24M24 12V24H12M112 8 96 24M96 12V24H108M8 112 24 96M12 96H24V108M112 112 96 96M108 96H96V108";
const STILL: &str = "M12 46V74M20 46V74M100 46V74M108 46V74";

fn head(prompt: Prompt) -> Head {
    match prompt {
        Prompt::ShowFace => Head {
            around: CORNERS,
            ..STRAIGHT
        },
        Prompt::Closer => Head {
            around: INWARDS,
            ..STRAIGHT
        },
        Prompt::OnePersonOnly => Head {
            second: true,
            ..STRAIGHT
        },
        Prompt::LookStraight => STRAIGHT,
        Prompt::HoldStill => Head {
            around: STILL,
            ..STRAIGHT
        },
        Prompt::TurnLeft => Head {
            gaze: (-10.0, 0.0),
            around: ARROW_LEFT,
            ..STRAIGHT
        },
        Prompt::TurnRight => Head {
            gaze: (10.0, 0.0),
            around: ARROW_RIGHT,
            ..STRAIGHT
        },
        Prompt::LookUp => Head {
            gaze: (0.0, -10.0),
            around: ARROW_UP,
            ..STRAIGHT
        },
        Prompt::LookDown => Head {
            gaze: (0.0, 8.0),
            around: ARROW_DOWN,
            ..STRAIGHT
        },
        Prompt::Blink => Head {
            eyes: Eyes::Closed,
            ..STRAIGHT
        },
        Prompt::OpenMouth => Head {
            mouth: Mouth::Open,
            ..STRAIGHT
        },
        Prompt::Smile => Head {
            mouth: Mouth::Smile,
            ..STRAIGHT
        },
    }
}

/// A drawing of the prompted action. Hidden from screen readers: the prompt itself stands beside it in words.
#[component]
pub fn Pictogram(
    /// What to do.
    #[prop(into)]
    prompt: Signal<Prompt>,
) -> impl IntoView {
    view! {
        <svg class="pictogram" viewBox="0 0 120 120" aria-hidden="true" focusable="false">
            {move || drawing(head(prompt.get()))}
        </svg>
    }
}

fn drawing(head: Head) -> impl IntoView {
    let (x, y) = head.gaze;
    let eyes = match head.eyes {
        Eyes::Open => {
            let eye = |centre: f32| format!("M{} {}v5", centre + x, 52.0 + y);
            format!("{}{}", eye(49.0), eye(71.0))
        }
        Eyes::Closed => {
            let lid = |left: f32| format!("M{} {}q5.5 6 11 0", left + x, 53.0 + y);
            format!("{}{}", lid(43.5), lid(65.5))
        }
    };
    let nose = format!(
        "M{} {}v10h{}",
        60.0 + x * 1.25,
        56.0 + y * 1.15,
        if x > 0.0 { 4 } else { -4 }
    );
    let mouth = match head.mouth {
        Mouth::Neutral => format!("M{} {}h14", 53.0 + x, 77.0 + y),
        Mouth::Open => format!("M{} {}a8 9 0 1 0 16 0a8 9 0 1 0-16 0", 52.0 + x, 79.0 + y),
        Mouth::Smile => format!("M{} {}q15 17 30 0z", 45.0 + x, 74.0 + y),
    };
    let acts = head.mouth != Mouth::Neutral;
    let second = head.second.then(|| {
        view! {
            <path class="pictogram__second" d="M92 40a17 21 0 1 1 0 42a17 21 0 1 1 0-42"></path>
            <path class="pictogram__sign" d="M82 51 102 71M102 51 82 71"></path>
        }
    });
    view! {
        {second}
        <g transform=head.second.then_some("translate(-22 0)")>
            <ellipse class="pictogram__head" cx="60" cy="60" rx="29" ry="36"></ellipse>
            <path class="pictogram__line" d=format!("{eyes}{nose}")></path>
            <path class="pictogram__mouth" class:pictogram__mouth--acts=acts d=mouth></path>
        </g>
        <path class="pictogram__sign" d=head.around></path>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn left_is_left_in_the_mirror() {
        assert!(head(Prompt::TurnLeft).gaze.0 < 0.0);
        assert!(head(Prompt::TurnRight).gaze.0 > 0.0);
    }
}
