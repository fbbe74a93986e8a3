//! The way in for those who look after the kiosk: nobody comes upon it by chance, and a keyboard has it too.

use std::time::Duration;

use ::ipc::Intent;
use leptos::ev;
use leptos::prelude::*;

use crate::components::icon::{Glyph, Icon};
use crate::ipc;

/// So long the name of the kiosk has to be held.
const HELD: Duration = Duration::from_secs(5);

/// The name of the kiosk in the corner. Held for five seconds it asks for the code of the staff; on a keyboard that is
/// Ctrl, Alt and S. It is no button, for it is nothing to the public.
#[component]
pub fn Brand(
    /// The name.
    children: Children,
) -> impl IntoView {
    let pending = StoredValue::new(None::<TimeoutHandle>);
    let release = move || {
        if let Some(timer) = pending.try_update_value(Option::take).flatten() {
            timer.clear();
        }
    };
    let hold = move || {
        release();
        let timer = set_timeout_with_handle(|| ipc::send(Intent::CallStaff), HELD);
        pending.set_value(timer.ok());
    };
    let keys = window_event_listener(ev::keydown, |event| {
        if event.ctrl_key() && event.alt_key() && event.code() == "KeyS" && !event.repeat() {
            event.prevent_default();
            ipc::send(Intent::CallStaff);
        }
    });
    on_cleanup(move || {
        keys.remove();
        release();
    });
    view! {
        <span
            class="toolbar__brand"
            data-testid="brand"
            on:pointerdown=move |_| hold()
            on:pointerup=move |_| release()
            on:pointerleave=move |_| release()
            on:pointercancel=move |_| release()
        >
            <Icon glyph=Glyph::Palm />
            <span>{children()}</span>
        </span>
    }
}
