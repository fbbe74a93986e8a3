//! Entry of the IIN.

use ::ipc::{ClaimError, EnteredIin, Intent, Screen};
use leptos::ev;
use leptos::prelude::*;

use crate::app::Kiosk;
use crate::components::back::BackButton;
use crate::components::heading::Heading;
use crate::components::icon::{Glyph, Icon};
use crate::ipc;
use crate::locale::Key;

/// Twelve boxes, a keypad, and a physical keyboard where there is one.
#[component]
pub fn Claim() -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let entry = RwSignal::new(Entry::default());
    // The error is about what was sent, so it goes as soon as the entry changes.
    let changed = RwSignal::new(false);
    let error = Memo::new(move |_| {
        let error = kiosk
            .view
            .with(|view| match view.as_ref().map(|view| &view.screen) {
                Some(Screen::Claim { error }) => *error,
                _ => None,
            });
        error.filter(|_| !changed.get())
    });

    let press = move |digit: u8| {
        entry.update(|entry| entry.push(digit));
        changed.set(true);
    };
    let delete = move || {
        entry.update(Entry::pop);
        changed.set(true);
    };
    let submit = move || {
        if entry.with_untracked(Entry::is_complete) {
            changed.set(false);
            let iin = EnteredIin(entry.with_untracked(Entry::text));
            ipc::send(Intent::Claim { iin });
        }
    };
    let keys = window_event_listener(ev::keydown, move |event| {
        let shortcut = event.ctrl_key() || event.alt_key() || event.meta_key();
        // A key that answers the idle warning is no digit.
        if shortcut || kiosk.is_idle_warned() {
            return;
        }
        match keystroke(&event.key()) {
            Some(Keystroke::Digit(digit)) => press(digit),
            Some(Keystroke::Delete) => delete(),
            None => {}
        }
    });
    on_cleanup(move || keys.remove());

    let boxes = (0..Entry::LENGTH)
        .map(|at| {
            view! {
                <span
                    class="digit"
                    class:digit--next=move || entry.with(|entry| entry.len() == at)
                    class:digit--filled=move || entry.with(|entry| entry.len() > at)
                >
                    {move || entry.with(|entry| entry.digit(at).map(char::from))}
                </span>
            }
        })
        .collect_view();
    let key = move |digit: u8| {
        let name = char::from(digit);
        view! {
            <button type="button" class="key" data-testid=format!("key-{name}") on:click=move |_| press(digit)>
                {name}
            </button>
        }
    };

    view! {
        <section class="screen" data-screen="claim">
            <Heading step=3>{kiosk.say(Key("claim-title"))}</Heading>
            <div class="screen__body claim">
                <div class="claim__entry">
                    <p class="claim__hint">{kiosk.say(Key("claim-hint"))}</p>
                    <div
                        class="digits"
                        class:digits--wrong=move || error.get().is_some()
                        aria-hidden="true"
                        data-testid="claim-digits"
                        data-entered=move || entry.with(Entry::len)
                    >
                        {boxes}
                    </div>
                    <p class="claim__count" role="status">
                        {kiosk.say_with(
                            Key("claim-entered"),
                            move || {
                                let count = entry.with(|entry| u32::try_from(entry.len()).unwrap_or(u32::MAX));
                                vec![("count", count.into()), ("of", Entry::LENGTH.into())]
                            },
                        )}
                    </p>
                    <div class="claim__error-place" role="alert" data-testid="claim-error">
                        {move || {
                            error
                                .get()
                                .map(|error| {
                                    view! {
                                        <p class="error">
                                            <Icon glyph=Glyph::Exclamation />
                                            <span>{kiosk.say(words(error))}</span>
                                        </p>
                                    }
                                })
                        }}
                    </div>
                </div>
                <div class="keypad" role="group" aria-label=kiosk.say(Key("claim-keypad"))>
                    {(b'1'..=b'9').map(key).collect_view()}
                    <span></span>
                    {key(b'0')}
                    <button
                        type="button"
                        class="key key--delete"
                        data-testid="key-delete"
                        aria-label=kiosk.say(Key("claim-delete"))
                        on:click=move |_| delete()
                    >
                        <Icon glyph=Glyph::Backspace />
                    </button>
                </div>
            </div>
            <div class="actions">
                <BackButton />
                <button
                    type="button"
                    class="button button--main"
                    data-testid="claim-next"
                    disabled=move || !entry.with(Entry::is_complete)
                    on:click=move |_| submit()
                >
                    <span>{kiosk.say(Key("claim-next"))}</span>
                    <Icon glyph=Glyph::Next />
                </button>
            </div>
        </section>
    }
}

fn words(error: ClaimError) -> Key {
    match error {
        ClaimError::Shape => Key("claim-error-shape"),
        ClaimError::BirthDate => Key("claim-error-birth-date"),
        ClaimError::Century => Key("claim-error-century"),
        ClaimError::CheckDigit => Key("claim-error-check-digit"),
    }
}

/// What a key of a physical keyboard means here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keystroke {
    Digit(u8),
    Delete,
}

/// Reads the `key` of a keyboard event. Enter is not here: it presses the button that has the focus.
fn keystroke(key: &str) -> Option<Keystroke> {
    match key.as_bytes() {
        [digit] if digit.is_ascii_digit() => Some(Keystroke::Digit(*digit)),
        b"Backspace" | b"Delete" => Some(Keystroke::Delete),
        _ => None,
    }
}

/// The digits entered so far. It has no `Debug`: they are personal. They are overwritten when it goes.
#[derive(Default)]
struct Entry {
    digits: [u8; Entry::LENGTH],
    entered: usize,
}

impl Entry {
    /// Digits of an IIN.
    const LENGTH: usize = 12;

    /// Adds an ASCII digit; a thirteenth is ignored.
    fn push(&mut self, digit: u8) {
        if let Some(place) = self.digits.get_mut(self.entered) {
            *place = digit;
            self.entered += 1;
        }
    }

    /// Takes the last digit back.
    fn pop(&mut self) {
        if let Some(last) = self.entered.checked_sub(1) {
            self.entered = last;
            self.digits[last] = 0;
        }
    }

    fn len(&self) -> usize {
        self.entered
    }

    fn is_complete(&self) -> bool {
        self.entered == Self::LENGTH
    }

    /// The ASCII digit at a place that was entered.
    fn digit(&self, at: usize) -> Option<u8> {
        self.digits.get(at).copied().filter(|_| at < self.entered)
    }

    fn text(&self) -> String {
        self.digits
            .iter()
            .take(self.entered)
            .copied()
            .map(char::from)
            .collect()
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.digits = [0; Self::LENGTH];
        std::hint::black_box(&self.digits);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `<` takes the last digit back.
    fn check(strokes: &str, expect: &str, complete: bool) {
        let mut entry = Entry::default();
        for stroke in strokes.bytes() {
            match stroke {
                b'<' => entry.pop(),
                digit => entry.push(digit),
            }
        }
        assert_eq!(
            (entry.text().as_str(), entry.is_complete()),
            (expect, complete),
            "{strokes}"
        );
        assert_eq!(entry.len(), expect.len());
        let shown: Vec<Option<u8>> = (0..=Entry::LENGTH).map(|at| entry.digit(at)).collect();
        let wanted: Vec<Option<u8>> = (0..=Entry::LENGTH)
            .map(|at| expect.as_bytes().get(at).copied())
            .collect();
        assert_eq!(shown, wanted, "{strokes}");
    }

    #[test]
    fn entry_takes_twelve_digits() {
        check("", "", false);
        check("<", "", false);
        check("12<3", "13", false);
        check("1<<<2", "2", false);
        check("880412401006", "880412401006", true);
        check("8804124010069", "880412401006", true);
        check("880412401006<", "88041240100", false);
        check("000000000000", "000000000000", true);
    }

    #[test]
    fn only_digits_and_deletion_are_read_from_a_keyboard() {
        assert_eq!(keystroke("0"), Some(Keystroke::Digit(b'0')));
        assert_eq!(keystroke("9"), Some(Keystroke::Digit(b'9')));
        assert_eq!(keystroke("Backspace"), Some(Keystroke::Delete));
        for key in ["", "a", "F1", "٣", "Enter", "Tab", " "] {
            assert_eq!(keystroke(key), None, "{key}");
        }
    }
}
