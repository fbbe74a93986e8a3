//! A person of the institution enters the own code.

use ::ipc::{Entered, Intent, Screen};
use leptos::prelude::*;

use crate::app::Kiosk;
use crate::components::back::BackButton;
use crate::components::entry::{Alphabet, Entry};
use crate::components::heading::Heading;
use crate::components::icon::{Glyph, Icon};
use crate::components::keypad::Keypad;
use crate::components::keys::{Stroke, on_stroke};
use crate::ipc;
use crate::locale::Key;

/// Longest code of a member of the staff.
const LONGEST: usize = 12;

/// Whom to ask, the code behind dots, and a keypad.
#[component]
pub fn Operator() -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let entry = RwSignal::new(Entry::new(LONGEST));
    // The message is about what was sent, so it goes as soon as the next code is begun.
    let changed = RwSignal::new(false);
    let wrong = Memo::new(move |_| {
        let wrong = kiosk.view.with(|view| {
            matches!(
                view.as_ref().map(|view| &view.screen),
                Some(Screen::Operator { wrong: true })
            )
        });
        wrong && !changed.get()
    });
    let press = move |digit: char| {
        entry.update(|entry| entry.push(digit));
        changed.set(true);
    };
    let delete = move || {
        entry.update(Entry::pop);
        changed.set(true);
    };
    let submit = move || {
        if entry.with_untracked(Entry::is_empty) {
            return;
        }
        let code = Entered(entry.with_untracked(Entry::text));
        // Whether it was right or not, nobody else is to find it here.
        entry.update(|entry| entry.truncate(0));
        changed.set(false);
        ipc::send(Intent::EnterOperator { code });
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
        <section class="screen" data-screen="operator">
            <Heading>{kiosk.say(Key("operator-title"))}</Heading>
            <div class="screen__body claim">
                <div class="claim__entry">
                    <p class="claim__hint">{kiosk.say(Key("operator-hint"))}</p>
                    <p
                        class="typed"
                        class:typed--wrong=move || wrong.get()
                        role="img"
                        aria-label=kiosk.say_with(
                            Key("operator-entered"),
                            move || vec![("count", entry.with(|entry| u32::try_from(entry.len()).unwrap_or(u32::MAX)).into())],
                        )
                        data-testid="operator-digits"
                        data-entered=move || entry.with(Entry::len)
                    >
                        <span class="typed__masked">{move || "•".repeat(entry.with(Entry::len))}</span>
                        <span class="typed__caret"></span>
                    </p>
                    <div class="claim__error-place" role="alert" data-testid="operator-error">
                        {move || {
                            wrong
                                .get()
                                .then(|| {
                                    view! {
                                        <p class="error">
                                            <Icon glyph=Glyph::Exclamation />
                                            <span>{kiosk.say(Key("operator-wrong"))}</span>
                                        </p>
                                    }
                                })
                        }}
                    </div>
                </div>
                <Keypad press=Callback::new(press) delete=Callback::new(move |()| delete()) />
            </div>
            <div class="actions">
                <BackButton />
                <button
                    type="button"
                    class="button button--main"
                    data-testid="operator-next"
                    disabled=move || entry.with(Entry::is_empty)
                    on:click=move |_| submit()
                >
                    <span>{kiosk.say(Key("continue"))}</span>
                    <Icon glyph=Glyph::Next />
                </button>
            </div>
        </section>
    }
}
