//! The warning before an idle session ends.

use ::ipc::Intent;
use leptos::html;
use leptos::prelude::*;

use crate::app::Kiosk;
use crate::components::icon::{Glyph, Icon};
use crate::ipc;
use crate::locale::Key;

/// Covers the screen until somebody touches it anywhere or presses any key.
#[component]
pub fn IdleWarning(
    /// Seconds until the session ends.
    #[prop(into)]
    seconds: Signal<u32>,
) -> impl IntoView {
    let kiosk = Kiosk::of_context();
    ipc::remember_focus();
    on_cleanup(|| {
        // The page below takes focus again only once it is drawn without the warning.
        request_animation_frame(ipc::restore_focus);
    });
    let button = NodeRef::<html::Button>::new();
    button.on_load(|button| {
        // Any key is enough even without focus.
        let _ = button.focus();
    });
    view! {
        <div
            class="idle"
            role="alertdialog"
            aria-modal="true"
            aria-labelledby="idle-title"
            aria-describedby="idle-body"
            data-testid="idle-warning"
            on:click=|_| ipc::send(Intent::StayAlive)
        >
            <div class="idle__card">
                <span class="badge badge--wait">
                    <Icon glyph=Glyph::Clock />
                </span>
                <h2 id="idle-title">{kiosk.say(Key("idle-title"))}</h2>
                <p id="idle-body">
                    {kiosk.say_with(Key("idle-body"), move || vec![("seconds", seconds.get().into())])}
                </p>
                <button type="button" class="button button--main" data-testid="stay-alive" node_ref=button>
                    {kiosk.say(Key("stay-alive"))}
                </button>
            </div>
        </div>
    }
}
