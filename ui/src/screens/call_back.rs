//! The mobile number that the institution is to call: the one that was given for the service, or another.

use ::ipc::{Entered, FieldError, Intent, Screen};
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

/// Digits behind `+7`.
const DIGITS: usize = 10;

/// The number that was given for the service, so that nobody has to enter it twice, and the door to another; or the entry.
#[component]
pub fn CallBack(
    /// A number was given for the service.
    given: bool,
) -> impl IntoView {
    let enters = RwSignal::new(!given);
    move || match enters.get() {
        true => view! { <AnyNumber /> }.into_any(),
        false => view! { <GivenNumber enters /> }.into_any(),
    }
}

/// What is going to happen, said as it is.
#[component]
fn GivenNumber(
    /// Whether another number is entered.
    enters: RwSignal<bool>,
) -> impl IntoView {
    let kiosk = Kiosk::of_context();
    view! {
        <section class="screen" data-screen="call-back" data-number="given">
            <Heading step=5>{kiosk.say(Key("call-back-title"))}</Heading>
            <div class="screen__body claim">
                <p class="panel">{kiosk.say(Key("call-back-words-given"))}</p>
            </div>
            <div class="actions">
                <BackButton />
                <button
                    type="button"
                    class="button"
                    data-testid="call-back-other"
                    on:click=move |_| enters.set(true)
                >
                    <span>{kiosk.say(Key("call-back-other"))}</span>
                </button>
                <button
                    type="button"
                    class="button button--main"
                    data-testid="call-back-given"
                    on:click=|_| ipc::send(Intent::CallBackOnGiven)
                >
                    <span>{kiosk.say(Key("call-back-send"))}</span>
                    <Icon glyph=Glyph::Next />
                </button>
            </div>
        </section>
    }
}

/// What is going to happen, said as it is, and the number.
#[component]
fn AnyNumber() -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let entry = RwSignal::new(Entry::new(DIGITS));
    let changed = RwSignal::new(false);
    let error = Memo::new(move |_| {
        let error = kiosk
            .view
            .with(|view| match view.as_ref().map(|view| &view.screen) {
                Some(Screen::CallBack { error, .. }) => *error,
                _ => None,
            });
        error.filter(|_| !changed.get())
    });
    let press = move |character: char| {
        if let Some(character) = Alphabet::Digits.accept(character) {
            entry.update(|entry| entry.push(character));
            changed.set(true);
        }
    };
    let delete = move || {
        entry.update(Entry::pop);
        changed.set(true);
    };
    let submit = move || {
        if entry.with_untracked(Entry::is_full) {
            changed.set(false);
            let number = Entered(entry.with_untracked(|entry| format!("+7{}", digits(entry))));
            ipc::send(Intent::CallBack { number });
        }
    };
    on_stroke(kiosk, move |stroke| match stroke {
        Stroke::Delete => delete(),
        Stroke::Enter => submit(),
        Stroke::Character { .. } => {
            if let Some(character) = stroke.character(Alphabet::Digits) {
                press(character);
            }
        }
    });
    let press = Callback::new(press);
    let delete = Callback::new(move |()| delete());
    view! {
        <section class="screen" data-screen="call-back" data-number="any">
            <Heading step=5>{kiosk.say(Key("call-back-title"))}</Heading>
            <div class="screen__body claim">
                <div class="claim__entry">
                    <p class="panel">{kiosk.say(Key("call-back-words"))}</p>
                    <p class="claim__hint">{kiosk.say(Key("call-back-hint"))}</p>
                    <p
                        class="typed"
                        class:typed--wrong=move || error.get().is_some()
                        role="textbox"
                        aria-readonly="true"
                        aria-label=kiosk.say(Key("call-back-hint"))
                        data-testid="call-back-value"
                        data-entered=move || entry.with(Entry::len)
                    >
                        {move || {
                            view! {
                                <span class="typed__line">
                                    {format!("+7 {}", entry.with(digits))} <span class="typed__caret"></span>
                                </span>
                            }
                        }}
                    </p>
                    <div class="claim__error-place" role="alert" data-testid="call-back-error">
                        {move || {
                            error
                                .get()
                                .map(|error| {
                                    view! {
                                        <p class="error">
                                            <Icon glyph=Glyph::Exclamation />
                                            <span>{kiosk.say(wrong(error))}</span>
                                        </p>
                                    }
                                })
                        }}
                    </div>
                </div>
                <Keypad press delete />
            </div>
            <div class="actions">
                <BackButton />
                <button
                    type="button"
                    class="button button--main"
                    data-testid="call-back-send"
                    disabled=move || !entry.with(Entry::is_full)
                    on:click=move |_| submit()
                >
                    <span>{kiosk.say(Key("call-back-send"))}</span>
                    <Icon glyph=Glyph::Next />
                </button>
            </div>
        </section>
    }
}

fn digits(entry: &Entry) -> String {
    (0..entry.len()).filter_map(|at| entry.at(at)).collect()
}

fn wrong(error: FieldError) -> Key {
    match error {
        FieldError::Country => Key("call-back-wrong-country"),
        FieldError::NotMobile => Key("call-back-wrong-not-mobile"),
        _ => Key("call-back-wrong"),
    }
}
