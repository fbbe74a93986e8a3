//! The keypad of digits.

use leptos::prelude::*;

use crate::app::Kiosk;
use crate::components::icon::{Glyph, Icon};
use crate::locale::Key;

/// Ten digits and deletion.
#[component]
pub fn Keypad(
    /// A digit was touched.
    press: Callback<char>,
    /// The last one is to go.
    delete: Callback<()>,
) -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let key = move |digit: char| {
        view! {
            <button
                type="button"
                class="key"
                data-testid=format!("key-{digit}")
                // A touch leaves the focus where it is, so that Enter of a keyboard or scanner presses no digit.
                on:mousedown=|event| event.prevent_default()
                on:click=move |_| press.run(digit)
            >
                {digit}
            </button>
        }
    };
    view! {
        <div class="keypad" role="group" aria-label=kiosk.say(Key("keypad"))>
            {('1'..='9').map(key).collect_view()}
            <span></span>
            {key('0')}
            <button
                type="button"
                class="key key--delete"
                data-testid="key-delete"
                aria-label=kiosk.say(Key("key-delete"))
                on:mousedown=|event| event.prevent_default()
                on:click=move |_| delete.run(())
            >
                <Icon glyph=Glyph::Backspace />
            </button>
        </div>
    }
}
