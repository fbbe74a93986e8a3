//! Choice of a way with people, by a person who cannot do what a device asks for.

use ::ipc::{Intent, Method};
use leptos::prelude::*;

use crate::app::Kiosk;
use crate::components::back::BackButton;
use crate::components::heading::Heading;
use crate::components::icon::{Glyph, Icon};
use crate::components::scroll::{ScrollButtons, scrolled};
use crate::ipc;
use crate::locale::Key;
use crate::screens::method;

/// One card for each way.
#[component]
pub fn Assisted(
    /// The ways.
    methods: Vec<Method>,
    /// How many attempts with the device are left.
    left: u32,
    /// Standing aside used up an attempt.
    spent: bool,
) -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let may_return = left > 0;
    let (told, words) = told(left, spent);
    let remains = (may_return && spent).then(|| {
        view! {
            <p class="images__lead" data-testid="left" data-left=left>
                {kiosk.say_with(Key("attempt-failed-left"), move || vec![("left", left.into())])}
            </p>
        }
    });
    let cards = methods
        .into_iter()
        .map(|method| {
            let shown = method::words(method);
            view! {
                <div class="card-group">
                    <button
                        type="button"
                        class="card"
                        data-testid=shown.testid
                        on:click=move |_| ipc::send(Intent::ChooseMethod { method })
                    >
                        <span class="card__sign">
                            <Icon glyph=shown.glyph />
                        </span>
                        <span class="card__words">
                            <span class="card__title">{kiosk.say(shown.title)}</span>
                            <span class="card__hint">{kiosk.say(shown.hint)}</span>
                        </span>
                        <span class="card__go">
                            <Icon glyph=Glyph::Next />
                        </span>
                    </button>
                </div>
            }
        })
        .collect_view();
    let (scroll, area) = scrolled();
    view! {
        <section class="screen" data-screen="assisted" data-told=told>
            <Heading step=5>{kiosk.say(Key("assisted-title"))}</Heading>
            <div class="screen__body images__choice" node_ref=area>
                <p class="images__lead">{kiosk.say(words)}</p>
                {remains}
                <div class="cards cards--few">{cards}</div>
            </div>
            <div class="actions">
                // Whoever wants neither ends the session above.
                {may_return.then(|| view! { <BackButton /> })} <ScrollButtons scroll testid="cards-scroll" />
            </div>
        </section>
    }
}

/// What is said of the attempts, for tests and in words: what was spent is told as it is.
fn told(left: u32, spent: bool) -> (&'static str, Key) {
    match (left, spent) {
        (0, _) => ("used-up", Key("assisted-words-used-up")),
        (_, true) => ("spent", Key("assisted-words-spent")),
        (_, false) => ("none-spent", Key("assisted-words")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_told_that_nothing_was_spent_who_has_spent_an_attempt() {
        assert_eq!(told(3, false).1, Key("assisted-words"));
        for (left, spent) in [(2, true), (1, true), (0, true), (0, false)] {
            assert_ne!(told(left, spent).1, Key("assisted-words"), "{left} {spent}");
        }
        // Only who has none left is told so.
        assert_ne!(told(1, true).1, told(0, true).1);
    }
}
