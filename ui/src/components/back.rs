//! The way back.

use ::ipc::Intent;
use leptos::prelude::*;

use crate::app::Kiosk;
use crate::components::icon::{Glyph, Icon};
use crate::ipc;
use crate::locale::Key;

/// One step back.
#[component]
pub fn BackButton() -> impl IntoView {
    let kiosk = Kiosk::of_context();
    view! {
        <button type="button" class="button" data-testid="back" on:click=|_| ipc::send(Intent::Back)>
            <Icon glyph=Glyph::Back />
            <span>{kiosk.say(Key("back"))}</span>
        </button>
    }
}
