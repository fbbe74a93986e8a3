//! The palm scanner looks, the person holds a hand before it.

use ::ipc::{HandPrompt, Intent, PalmPurpose, Screen};
use leptos::prelude::*;

use crate::app::Kiosk;
use crate::components::aside::CannotPerform;
use crate::components::attempt::AttemptTitle;
use crate::components::hand::Hand;
use crate::components::icon::{Glyph, Icon};
use crate::ipc;
use crate::locale::Key;

/// What the screen shows.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Shown {
    purpose: PalmPurpose,
    prompt: HandPrompt,
    attempt: u32,
    attempts: u32,
}

/// While the next screen is already here and this one not yet gone, there is nothing to show.
const NOTHING: Shown = Shown {
    purpose: PalmPurpose::Verify,
    prompt: HandPrompt::HoldStill,
    attempt: 0,
    attempts: 0,
};

/// A drawing of what to do with the hand, and the same in words.
#[component]
pub fn Palm() -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let shown = Memo::new(move |last: Option<&Shown>| {
        kiosk
            .view
            .with(|view| match view.as_ref().map(|view| &view.screen) {
                Some(&Screen::Palm {
                    purpose,
                    prompt,
                    attempt,
                    attempts,
                }) => Shown {
                    purpose,
                    prompt,
                    attempt,
                    attempts,
                },
                _ => last.copied().unwrap_or(NOTHING),
            })
    });
    let prompt = Memo::new(move |_| shown.get().prompt);
    let purpose = Memo::new(move |_| purpose_words(shown.get().purpose));
    view! {
        <section
            class="screen"
            data-screen="palm"
            data-purpose=move || purpose.get().name
            data-prompt=move || words(prompt.get()).name
        >
            <div class="screen__body capture">
                <div class="palm__picture" class:palm__picture--right=move || prompt.get() == HandPrompt::HoldStill>
                    <Hand prompt />
                </div>
                <div class="capture__words">
                    <AttemptTitle
                        title=Signal::derive(move || purpose.get().title)
                        attempt=Signal::derive(move || shown.get().attempt)
                        attempts=Signal::derive(move || shown.get().attempts)
                    />
                    <div class="capture__prompt">
                        <div class="capture__plate" aria-live="assertive" aria-atomic="true">
                            <div>
                                <p class="capture__command" data-testid="prompt">
                                    {move || kiosk.say(words(prompt.get()).key)()}
                                </p>
                                <p class="capture__beside" data-testid="beside">
                                    {move || kiosk.say(words(prompt.get()).beside)()}
                                </p>
                            </div>
                        </div>
                    </div>
                    <p class="capture__help">{move || kiosk.say(purpose.get().help)()}</p>
                    <div class="actions">
                        <CannotPerform />
                        <button
                            type="button"
                            class="button button--end button--alone"
                            data-testid="palm-end"
                            on:click=|_| ipc::send(Intent::Cancel)
                        >
                            <Icon glyph=Glyph::Cross />
                            <span>{kiosk.say(Key("cancel"))}</span>
                        </button>
                    </div>
                </div>
            </div>
        </section>
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct PurposeWords {
    /// As in JSON.
    name: &'static str,
    title: Key,
    help: Key,
}

fn purpose_words(purpose: PalmPurpose) -> PurposeWords {
    match purpose {
        PalmPurpose::Verify => PurposeWords {
            name: "verify",
            title: Key("palm-title"),
            help: Key("palm-help"),
        },
        PalmPurpose::Enrol => PurposeWords {
            name: "enrol",
            title: Key("palm-title-enrol"),
            help: Key("palm-help-enrol"),
        },
    }
}

struct Words {
    /// As in JSON.
    name: &'static str,
    key: Key,
    /// Said in smaller words: how.
    beside: Key,
}

/// What to do with the hand, in a few words.
pub fn command(prompt: HandPrompt) -> Key {
    words(prompt).key
}

fn words(prompt: HandPrompt) -> Words {
    let (name, key, beside) = match prompt {
        HandPrompt::ShowHand => ("show-hand", Key("hand-show-hand"), Key("hand-show-hand-beside")),
        HandPrompt::Closer => ("closer", Key("hand-closer"), Key("hand-closer-beside")),
        HandPrompt::Farther => ("farther", Key("hand-farther"), Key("hand-farther-beside")),
        HandPrompt::Higher => ("higher", Key("hand-higher"), Key("hand-higher-beside")),
        HandPrompt::Lower => ("lower", Key("hand-lower"), Key("hand-lower-beside")),
        HandPrompt::Left => ("left", Key("hand-left"), Key("hand-sideways-beside")),
        HandPrompt::Right => ("right", Key("hand-right"), Key("hand-sideways-beside")),
        HandPrompt::HoldStill => (
            "hold-still",
            Key("hand-hold-still"),
            Key("hand-hold-still-beside"),
        ),
        HandPrompt::PalmOnly => ("palm-only", Key("hand-palm-only"), Key("hand-palm-only-beside")),
    };
    Words { name, key, beside }
}

/// All prompts, for tests.
#[cfg(test)]
pub const PROMPTS: [HandPrompt; 9] = [
    HandPrompt::ShowHand,
    HandPrompt::Closer,
    HandPrompt::Farther,
    HandPrompt::Higher,
    HandPrompt::Lower,
    HandPrompt::Left,
    HandPrompt::Right,
    HandPrompt::HoldStill,
    HandPrompt::PalmOnly,
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
        for purpose in [PalmPurpose::Verify, PalmPurpose::Enrol] {
            assert_eq!(
                serde_json::json!(purpose_words(purpose).name),
                serde_json::json!(purpose)
            );
        }
    }

    /// Each prompt says something else, and never how far the hand is from its place.
    #[test]
    fn prompts_differ_and_hold_no_number() {
        for language in LANGUAGES {
            let said = PROMPTS.map(|prompt| locale::text(language, words(prompt).key, vec![]));
            for (at, text) in said.iter().enumerate() {
                assert!(!said[..at].contains(text), "{text}");
            }
            let beside = PROMPTS.map(|prompt| locale::text(language, words(prompt).beside, vec![]));
            for text in said.iter().chain(&beside) {
                assert!(!text.contains(|letter: char| letter.is_numeric()), "{text}");
            }
        }
    }
}
