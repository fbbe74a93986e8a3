//! The switch for those whom changing colours disturb.

use ::ipc::Intent;
use leptos::prelude::*;

use crate::app::Kiosk;
use crate::components::icon::{Glyph, Icon};
use crate::ipc;
use crate::locale::Key;

/// In the toolbar: name and state.
#[component]
pub fn CalmChip() -> impl IntoView {
    let kiosk = Kiosk::of_context();
    view! {
        <button
            type="button"
            class="chip chip--calm"
            data-testid="calm"
            aria-pressed=move || kiosk.calm.get().to_string()
            on:click=move |_| toggle(kiosk)
        >
            <Icon glyph=Glyph::Waves />
            <span>{kiosk.say(Key("calm"))}</span>
        </button>
    }
}

/// On the screen before the capture: also for whom it is.
#[component]
pub fn CalmCard() -> impl IntoView {
    let kiosk = Kiosk::of_context();
    view! {
        <button
            type="button"
            class="switch"
            data-testid="calm"
            aria-pressed=move || kiosk.calm.get().to_string()
            on:click=move |_| toggle(kiosk)
        >
            <span class="switch__box" aria-hidden="true">
                <Icon glyph=Glyph::Check />
            </span>
            <span class="switch__words">
                <span class="switch__title">{kiosk.say(Key("calm"))}</span>
                <span class="switch__hint">{kiosk.say(Key("calm-hint"))}</span>
            </span>
        </button>
    }
}

fn toggle(kiosk: Kiosk) {
    ipc::send(Intent::SetCalm {
        calm: !kiosk.calm.get_untracked(),
    });
}
