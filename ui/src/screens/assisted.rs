//! Choice of a way with people, by a person who cannot do what a device asks for.

use ::ipc::{Intent, Method};
use leptos::prelude::*;

use crate::app::Kiosk;
use crate::components::back::BackButton;
use crate::components::heading::Heading;
use crate::components::icon::{Glyph, Icon};
use crate::ipc;
use crate::locale::Key;
use crate::screens::method;

/// One card for each way.
#[component]
pub fn Assisted(
    /// The ways.
    methods: Vec<Method>,
    /// Whether the device may be tried once more.
    may_return: bool,
) -> impl IntoView {
    let kiosk = Kiosk::of_context();
    // Who has no attempt left is not told that none was used up.
    let words = if may_return {
        Key("assisted-words")
    } else {
        Key("assisted-words-used-up")
    };
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
    view! {
        <section class="screen" data-screen="assisted">
            <Heading>{kiosk.say(Key("assisted-title"))}</Heading>
            <div class="screen__body images__choice">
                <p class="images__lead">{kiosk.say(words)}</p>
                <div class="cards cards--few">{cards}</div>
            </div>
            // Whoever wants neither ends the session above.
            {may_return
                .then(|| {
                    view! {
                        <div class="actions">
                            <BackButton />
                        </div>
                    }
                })}
        </section>
    }
}
