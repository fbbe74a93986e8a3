//! A person of the institution enters the own code.

use ::ipc::{CodeRefusal, Intent, Screen};
use leptos::prelude::*;

use crate::app::Kiosk;
use crate::components::back::BackButton;
use crate::components::code::{Code, CodeEntry};
use crate::components::heading::Heading;
use crate::components::icon::{Glyph, Icon};
use crate::ipc;
use crate::locale::{self, Key};

/// Longest code of a member of the staff.
const LONGEST: usize = 12;

/// Whom to ask, the code behind dots, and a keypad.
#[component]
pub fn Operator() -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let code = CodeEntry::new(LONGEST);
    // The message is about what was sent, so it goes as soon as the next code is begun.
    let refused = Memo::new(move |_| {
        let refused = kiosk
            .view
            .with(|view| match view.as_ref().map(|view| &view.screen) {
                Some(Screen::Operator { refused }) => *refused,
                _ => None,
            });
        refused.filter(|_| !code.is_changed())
    });
    let words = Signal::derive(move || {
        let (key, arguments) = match refused.get()? {
            CodeRefusal::Wrong => (Key("operator-wrong"), vec![]),
            CodeRefusal::Paused { minutes } => (Key("operator-paused"), vec![("minutes", minutes.into())]),
        };
        Some(locale::text(kiosk.language.get(), key, arguments))
    });
    let submit = move || {
        if let Some(code) = code.take() {
            ipc::send(Intent::EnterOperator { code });
        }
    };
    code.listen(kiosk, submit);
    view! {
        <section class="screen" data-screen="operator">
            <Heading step=4>{kiosk.say(Key("operator-title"))}</Heading>
            <Code
                code
                name="operator"
                hint=Key("operator-hint")
                entered=Key("operator-entered")
                wrong=words
            />
            <div class="actions">
                <BackButton />
                <button
                    type="button"
                    class="button button--main"
                    data-testid="operator-next"
                    disabled=move || code.is_empty()
                    on:click=move |_| submit()
                >
                    <span>{kiosk.say(Key("continue"))}</span>
                    <Icon glyph=Glyph::Next />
                </button>
            </div>
        </section>
    }
}
