//! The camera looks, the person acts.

use ::ipc::{Prompt, Screen};
use leptos::html;
use leptos::prelude::*;

use crate::app::Kiosk;
use crate::components::aside::CannotPerform;
use crate::components::attempt::AttemptTitle;
use crate::components::light;
use crate::components::pictogram::Pictogram;
use crate::ipc;
use crate::locale::Key;

/// What the screen shows besides the picture.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Shown {
    prompt: Prompt,
    done: u32,
    of: u32,
    attempt: u32,
    attempts: u32,
    light: Option<[u8; 3]>,
}

/// While the next screen is already here and this one not yet gone, there is nothing to show.
const NOTHING: Shown = Shown {
    prompt: Prompt::LookStraight,
    done: 0,
    of: 0,
    attempt: 0,
    attempts: 0,
    light: None,
};

/// Mirrored preview under an oval, the prompt in words and as a drawing, and how far it is.
#[component]
pub fn Face() -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let shown = Memo::new(move |last: Option<&Shown>| {
        kiosk
            .view
            .with(|view| match view.as_ref().map(|view| &view.screen) {
                Some(&Screen::Face {
                    prompt,
                    done,
                    of,
                    attempt,
                    attempts,
                    light,
                }) => Shown {
                    prompt,
                    done,
                    of,
                    attempt,
                    attempts,
                    light,
                },
                _ => last.copied().unwrap_or(NOTHING),
            })
    });
    let prompt = Memo::new(move |_| shown.get().prompt);
    let light = Memo::new(move |_| shown.get().light);
    let beside = Memo::new(move |_| {
        if light.get().is_some() {
            Some(Key("face-light"))
        } else {
            words(prompt.get()).beside
        }
    });
    let canvas = NodeRef::<html::Canvas>::new();
    canvas.on_load(ipc::show_preview_on);
    on_cleanup(ipc::hide_preview);

    let dots = move || {
        let Shown { done, of, .. } = shown.get();
        (0..of)
            .map(|at| view! { <span class="dot" class:dot--done=at < done></span> })
            .collect_view()
    };
    view! {
        <section
            class="screen"
            data-screen="face"
            data-prompt=move || words(prompt.get()).name
            data-light=move || light::attribute(light.get())
        >
            <div class="screen__body capture">
                <div class="face__picture" class:face__picture--acts=move || words(prompt.get()).acts>
                    <canvas
                        class="face__canvas"
                        data-testid="preview"
                        role="img"
                        aria-label=kiosk.say(Key("face-preview"))
                        node_ref=canvas
                    ></canvas>
                    <svg
                        class="face__guide"
                        viewBox="0 0 300 360"
                        preserveAspectRatio="xMidYMid slice"
                        aria-hidden="true"
                        focusable="false"
                    >
                        <path
                            class="face__shade"
                            d="M-400-400H700V760H-400ZM150 45a98 130 0 1 0 0 260a98 130 0 1 0 0-260"
                        ></path>
                        <ellipse class="face__oval" cx="150" cy="175" rx="98" ry="130"></ellipse>
                    </svg>
                </div>
                <div class="capture__words">
                    <AttemptTitle
                        title=Key("face-title")
                        attempt=Signal::derive(move || shown.get().attempt)
                        attempts=Signal::derive(move || shown.get().attempts)
                    />
                    <div class="capture__prompt">
                        <div class="capture__plate">
                            <Pictogram prompt />
                            <div aria-live="assertive" aria-atomic="true">
                                <p class="capture__command" data-testid="prompt">
                                    {move || kiosk.say(words(prompt.get()).key)()}
                                </p>
                                <p class="capture__beside" data-testid="beside">
                                    {move || beside.get().map(|key| kiosk.say(key)())}
                                </p>
                            </div>
                        </div>
                    </div>
                    <div class="face__progress" role="status">
                        <span class="dots" aria-hidden="true">
                            {dots}
                        </span>
                        <span data-testid="actions">
                            {kiosk.say_with(
                                Key("face-actions"),
                                move || {
                                    let Shown { done, of, .. } = shown.get();
                                    vec![("done", done.into()), ("of", of.into())]
                                },
                            )}
                        </span>
                    </div>
                    <p class="capture__help">{kiosk.say(Key("face-help"))}</p>
                    <div class="actions">
                        <CannotPerform />
                    </div>
                </div>
            </div>
        </section>
    }
}

/// A prompt by its name in JSON.
pub fn name(prompt: Prompt) -> &'static str {
    words(prompt).name
}

/// A prompt in words.
pub fn key(prompt: Prompt) -> Key {
    words(prompt).key
}

struct Words {
    /// As in JSON.
    name: &'static str,
    key: Key,
    /// Said in smaller words: what for, or how.
    beside: Option<Key>,
    /// Whether it is one of the actions that are counted.
    acts: bool,
}

fn words(prompt: Prompt) -> Words {
    let hint = |name, key, beside| Words {
        name,
        key,
        beside,
        acts: false,
    };
    let action = |name, key| Words {
        name,
        key,
        beside: Some(Key("face-return")),
        acts: true,
    };
    match prompt {
        Prompt::ShowFace => hint("show-face", Key("prompt-show-face"), None),
        Prompt::Closer => hint("closer", Key("prompt-closer"), None),
        Prompt::StepBack => hint("step-back", Key("prompt-step-back"), None),
        Prompt::StepLeft => hint("step-left", Key("prompt-step-left"), None),
        Prompt::StepRight => hint("step-right", Key("prompt-step-right"), None),
        Prompt::MoreLight => hint(
            "more-light",
            Key("prompt-more-light"),
            Some(Key("prompt-more-light-beside")),
        ),
        Prompt::LessLight => hint(
            "less-light",
            Key("prompt-less-light"),
            Some(Key("prompt-less-light-beside")),
        ),
        Prompt::RemoveMask => hint(
            "remove-mask",
            Key("prompt-remove-mask"),
            Some(Key("prompt-remove-mask-beside")),
        ),
        Prompt::UncoverEyes => hint(
            "uncover-eyes",
            Key("prompt-uncover-eyes"),
            Some(Key("prompt-uncover-eyes-beside")),
        ),
        Prompt::OnePersonOnly => hint(
            "one-person-only",
            Key("prompt-one-person-only"),
            Some(Key("prompt-one-person-only-beside")),
        ),
        Prompt::LookStraight => hint("look-straight", Key("prompt-look-straight"), None),
        Prompt::HoldStill => hint("hold-still", Key("prompt-hold-still"), None),
        Prompt::TurnLeft => action("turn-left", Key("prompt-turn-left")),
        Prompt::TurnRight => action("turn-right", Key("prompt-turn-right")),
        Prompt::LookUp => action("look-up", Key("prompt-look-up")),
        Prompt::LookDown => action("look-down", Key("prompt-look-down")),
        Prompt::Blink => action("blink", Key("prompt-blink")),
        Prompt::OpenMouth => action("open-mouth", Key("prompt-open-mouth")),
        Prompt::Smile => action("smile", Key("prompt-smile")),
    }
}

/// All prompts, for tests.
#[cfg(test)]
pub const PROMPTS: [Prompt; 19] = [
    Prompt::ShowFace,
    Prompt::Closer,
    Prompt::StepBack,
    Prompt::StepLeft,
    Prompt::StepRight,
    Prompt::MoreLight,
    Prompt::LessLight,
    Prompt::RemoveMask,
    Prompt::UncoverEyes,
    Prompt::OnePersonOnly,
    Prompt::LookStraight,
    Prompt::HoldStill,
    Prompt::TurnLeft,
    Prompt::TurnRight,
    Prompt::LookUp,
    Prompt::LookDown,
    Prompt::Blink,
    Prompt::OpenMouth,
    Prompt::Smile,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::locale::{self, LANGUAGES};

    #[test]
    fn names_are_those_of_the_shell() {
        for prompt in PROMPTS {
            assert_eq!(serde_json::json!(words(prompt).name), serde_json::json!(prompt));
        }
    }

    /// A person is told what to do, never how far they are from it.
    #[test]
    fn prompts_hold_no_number() {
        for language in LANGUAGES {
            for prompt in PROMPTS {
                let Words { key, beside, .. } = words(prompt);
                for key in [Some(key), beside].into_iter().flatten() {
                    let said = locale::text(language, key, vec![]);
                    assert!(!said.contains(|letter: char| letter.is_numeric()), "{said}");
                    assert!(!said.contains('%'), "{said}");
                }
            }
        }
    }
}
