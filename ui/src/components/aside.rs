//! The way out for who cannot do what a device asks for.

use ::ipc::Intent;
use leptos::prelude::*;

use crate::app::Kiosk;
use crate::components::icon::{Glyph, Icon};
use crate::ipc;
use crate::locale::Key;

/// "I cannot do this", where the shell offers it; where nothing else is left, the way on to people.
#[component]
pub fn CannotPerform(
    /// Whether nothing else is left.
    #[prop(optional)]
    people: bool,
) -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let (class, label) = if people {
        ("button button--main", Key("continue-with-people"))
    } else {
        ("button", Key("cannot-perform"))
    };
    let offered = Memo::new(move |_| {
        kiosk
            .view
            .with(|view| view.as_ref().is_some_and(|view| view.may_stand_aside))
    });
    view! {
        <Show when=move || offered.get()>
            <button
                type="button"
                class=class
                data-testid="cannot-perform"
                on:click=|_| ipc::send(Intent::CannotPerform)
            >
                <Icon glyph=Glyph::Staff />
                <span>{kiosk.say(label)}</span>
            </button>
        </Show>
    }
}
