//! A member of the staff or the technician enters the own code.

use ::ipc::{Entered, Intent, Screen};
use leptos::prelude::*;

use crate::app::Kiosk;
use crate::components::entry::{Alphabet, Entry};
use crate::components::heading::Heading;
use crate::components::icon::{Glyph, Icon};
use crate::components::keypad::Keypad;
use crate::components::keys::{Stroke, on_stroke};
use crate::ipc;
use crate::locale::Key;

/// Longest code.
const LONGEST: usize = 16;

/// The code behind dots, a keypad, and how long to wait after wrong ones.
#[component]
pub fn TechnicianLogin() -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let entry = RwSignal::new(Entry::new(LONGEST));
    let changed = RwSignal::new(false);
    let shown = Memo::new(move |_| {
        kiosk
            .view
            .with(|view| match view.as_ref().map(|view| &view.screen) {
                Some(Screen::TechnicianLogin { wrong, locked_s }) => (*wrong, *locked_s),
                _ => (false, None),
            })
    });
    let locked = Memo::new(move |_| shown.get().1);
    let wrong = Memo::new(move |_| shown.get().0 && !changed.get() && locked.get().is_none());
    let press = move |digit: char| {
        entry.update(|entry| entry.push(digit));
        changed.set(true);
    };
    let delete = move || {
        entry.update(Entry::pop);
        changed.set(true);
    };
    let submit = move || {
        if entry.with_untracked(Entry::is_empty) || locked.get_untracked().is_some() {
            return;
        }
        let code = Entered(entry.with_untracked(Entry::text));
        // Whether it was right or not, nobody else is to find it here.
        entry.update(|entry| entry.truncate(0));
        changed.set(false);
        ipc::send(Intent::EnterStaffCode { code });
    };
    on_stroke(kiosk, move |stroke| match stroke {
        Stroke::Delete => delete(),
        Stroke::Enter => submit(),
        Stroke::Character { .. } => {
            if let Some(digit) = stroke.character(Alphabet::Digits) {
                press(digit);
            }
        }
    });
    view! {
        <section
            class="screen"
            data-screen="technician-login"
            data-locked=move || locked.get().is_some().to_string()
        >
            <Heading>{kiosk.say(Key("staff-title"))}</Heading>
            <div class="screen__body claim">
                <div class="claim__entry">
                    <p class="claim__hint">{kiosk.say(Key("staff-hint"))}</p>
                    <p
                        class="typed"
                        class:typed--wrong=move || wrong.get()
                        role="img"
                        aria-label=kiosk.say_with(
                            Key("staff-entered"),
                            move || vec![("count", entry.with(|entry| u32::try_from(entry.len()).unwrap_or(u32::MAX)).into())],
                        )
                        data-testid="staff-digits"
                        data-entered=move || entry.with(Entry::len)
                    >
                        <span class="typed__masked">{move || "•".repeat(entry.with(Entry::len))}</span>
                        <span class="typed__caret"></span>
                    </p>
                    <div class="claim__error-place" role="alert" data-testid="staff-error">
                        <Show when=move || wrong.get()>
                            <p class="error">
                                <Icon glyph=Glyph::Exclamation />
                                <span>{kiosk.say(Key("staff-wrong"))}</span>
                            </p>
                        </Show>
                    </div>
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
                </div>
                <Keypad press=Callback::new(press) delete=Callback::new(move |()| delete()) />
            </div>
            <div class="actions">
                <button type="button" class="button" data-testid="staff-leave" on:click=|_| ipc::send(Intent::Back)>
                    <Icon glyph=Glyph::Leave />
                    <span>{kiosk.say(Key("staff-leave"))}</span>
                </button>
                <button
                    type="button"
                    class="button button--main"
                    data-testid="staff-next"
                    disabled=move || entry.with(Entry::is_empty) || locked.get().is_some()
                    on:click=move |_| submit()
                >
                    <span>{kiosk.say(Key("continue"))}</span>
                    <Icon glyph=Glyph::Next />
                </button>
            </div>
        </section>
    }
}
