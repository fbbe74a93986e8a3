//! A member of the staff or the technician enters the own code.

use ::ipc::{Intent, Screen};
use leptos::prelude::*;

use crate::app::Kiosk;
use crate::components::code::{Code, CodeEntry};
use crate::components::heading::Heading;
use crate::components::icon::{Glyph, Icon};
use crate::ipc;
use crate::locale::Key;

/// Longest code.
const LONGEST: usize = 16;

/// The code behind dots, a keypad, and how long to wait after wrong ones.
#[component]
pub fn TechnicianLogin() -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let code = CodeEntry::new(LONGEST);
    let shown = Memo::new(move |_| {
        kiosk
            .view
            .with(|view| match view.as_ref().map(|view| &view.screen) {
                Some(Screen::TechnicianLogin { wrong, locked_s }) => (*wrong, *locked_s),
                _ => (false, None),
            })
    });
    let locked = Memo::new(move |_| shown.get().1);
    let wrong = Signal::derive(move || {
        let is_wrong = shown.get().0 && !code.is_changed() && locked.get().is_none();
        is_wrong.then(|| kiosk.say(Key("staff-wrong"))())
    });
    let submit = move || {
        if locked.get_untracked().is_some() {
            return;
        }
        if let Some(code) = code.take() {
            ipc::send(Intent::EnterStaffCode { code });
        }
    };
    code.listen(kiosk, submit);
    view! {
        <section
            class="screen"
            data-screen="technician-login"
            data-locked=move || locked.get().is_some().to_string()
        >
            <Heading>{kiosk.say(Key("staff-title"))}</Heading>
            <Code
                code
                name="staff"
                hint=Key("staff-hint")
                entered=Key("staff-entered")
                wrong
            >
                // A clock is read out once, not each second.
                <Show when=move || locked.get().is_some()>
                    <p class="error" data-testid="staff-locked" role="timer">
                        <Icon glyph=Glyph::Hourglass />
                        <span>
                            {kiosk.say_with(
                                Key("staff-locked"),
                                move || vec![("seconds", locked.get().unwrap_or_default().into())],
                            )}
                        </span>
                    </p>
                </Show>
            </Code>
            <div class="actions">
                <button type="button" class="button" data-testid="staff-leave" on:click=|_| ipc::send(Intent::Back)>
                    <Icon glyph=Glyph::Leave />
                    <span>{kiosk.say(Key("staff-leave"))}</span>
                </button>
                <button
                    type="button"
                    class="button button--main"
                    data-testid="staff-next"
                    disabled=move || code.is_empty() || locked.get().is_some()
                    on:click=move |_| submit()
                >
                    <span>{kiosk.say(Key("continue"))}</span>
                    <Icon glyph=Glyph::Next />
                </button>
            </div>
        </section>
    }
}
