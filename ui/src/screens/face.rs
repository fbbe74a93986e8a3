//! The camera looks, the person acts.

use ::ipc::{Prompt, Screen};
use leptos::html;
use leptos::prelude::*;

use crate::app::Kiosk;
use crate::components::heading::Heading;
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
}

/// While the next screen is already here and this one not yet gone, there is nothing to show.
const NOTHING: Shown = Shown {
    prompt: Prompt::LookStraight,
    done: 0,
    of: 0,
    attempt: 0,
    attempts: 0,
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
                }) => Shown {
                    prompt,
                    done,
                    of,
                    attempt,
                    attempts,
                },
                _ => last.copied().unwrap_or(NOTHING),
            })
    });
    let prompt = Memo::new(move |_| shown.get().prompt);
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
        <section class="screen" data-screen="face" data-prompt=move || words(prompt.get()).name>
            <div class="screen__body face">
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
                <div class="face__words">
                    <div class="face__title">
                        <Heading>{kiosk.say(Key("face-title"))}</Heading>
                        <p class="face__attempt" data-testid="attempt">
                            {kiosk.say_with(
                                Key("face-attempt"),
                                move || {
                                    let Shown { attempt, attempts, .. } = shown.get();
                                    vec![("attempt", attempt.into()), ("attempts", attempts.into())]
                                },
                            )}
                        </p>
                    </div>
                    <div class="face__prompt">
                        <Pictogram prompt />
                        <div aria-live="assertive" aria-atomic="true">
                            <p class="face__command" data-testid="prompt">
                                {move || kiosk.say(words(prompt.get()).key)()}
                            </p>
                            <p class="face__return">
                                {move || words(prompt.get()).acts.then(|| kiosk.say(Key("face-return"))())}
                            </p>
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
                    <p class="face__help">{kiosk.say(Key("face-help"))}</p>
                </div>
            </div>
        </section>
    }
}

struct Words {
    /// As in JSON.
    name: &'static str,
    key: Key,
    /// Whether it is one of the actions that are counted, after which one looks straight again.
    acts: bool,
}

fn words(prompt: Prompt) -> Words {
    let positioning = |name, key| Words {
        name,
        key,
        acts: false,
    };
    let action = |name, key| Words {
        name,
        key,
        acts: true,
    };
    match prompt {
        Prompt::ShowFace => positioning("show-face", Key("prompt-show-face")),
        Prompt::Closer => positioning("closer", Key("prompt-closer")),
        Prompt::OnePersonOnly => positioning("one-person-only", Key("prompt-one-person-only")),
        Prompt::LookStraight => positioning("look-straight", Key("prompt-look-straight")),
        Prompt::HoldStill => positioning("hold-still", Key("prompt-hold-still")),
        Prompt::TurnLeft => action("turn-left", Key("prompt-turn-left")),
        Prompt::TurnRight => action("turn-right", Key("prompt-turn-right")),
        Prompt::LookUp => action("look-up", Key("prompt-look-up")),
        Prompt::LookDown => action("look-down", Key("prompt-look-down")),
        Prompt::Blink => action("blink", Key("prompt-blink")),
        Prompt::OpenMouth => action("open-mouth", Key("prompt-open-mouth")),
        Prompt::Smile => action("smile", Key("prompt-smile")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_shell() {
        let prompts = [
            Prompt::ShowFace,
            Prompt::Closer,
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
        for prompt in prompts {
            assert_eq!(serde_json::json!(words(prompt).name), serde_json::json!(prompt));
        }
    }
}
