//! Entry of the IIN, or of the machine-readable zone of an identity card.

use ::ipc::{ClaimError, Entered, Intent, Screen};
use leptos::prelude::*;

use crate::app::Kiosk;
use crate::components::back::BackButton;
use crate::components::entry::{Alphabet, Entry};
use crate::components::heading::Heading;
use crate::components::icon::{Glyph, Icon};
use crate::components::keyboard::{Keyboard, Keys};
use crate::components::keypad::Keypad;
use crate::components::keys::{Stroke, on_stroke};
use crate::ipc;
use crate::locale::Key;

/// Digits of an IIN.
const IIN_LENGTH: usize = 12;

/// Lines of the zone of an identity card, and characters of each: TD1 of ICAO 9303.
const ZONE_LINES: usize = 3;
const ZONE_LINE_LENGTH: usize = 30;

/// How a person says who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Iin,
    Zone,
}

/// One way and the door to the other.
#[component]
pub fn Claim() -> impl IntoView {
    let way = RwSignal::new(Way::Iin);
    // What was wrong on the way that was left is no error of the other.
    let turned = StoredValue::new(false);
    let turn = Callback::new(move |to: Way| {
        turned.set_value(true);
        way.set(to);
    });
    move || {
        let changed = RwSignal::new(turned.get_value());
        match way.get() {
            Way::Iin => view! { <ClaimByIin changed turn /> }.into_any(),
            Way::Zone => view! { <ClaimByZone changed turn /> }.into_any(),
        }
    }
}

/// What was wrong with what was sent; it goes as soon as the entry changes.
fn error_until(kiosk: Kiosk, changed: RwSignal<bool>) -> Memo<Option<ClaimError>> {
    Memo::new(move |_| {
        let error = kiosk
            .view
            .with(|view| match view.as_ref().map(|view| &view.screen) {
                Some(Screen::Claim { error }) => *error,
                _ => None,
            });
        error.filter(|_| !changed.get())
    })
}

#[component]
fn ErrorPlace(error: Memo<Option<ClaimError>>) -> impl IntoView {
    let kiosk = Kiosk::of_context();
    view! {
        <div class="claim__error-place" role="alert" data-testid="claim-error">
            {move || {
                error
                    .get()
                    .map(|error| {
                        let (name, words) = words(error);
                        view! {
                            <p class="error" data-error=name>
                                <Icon glyph=Glyph::Exclamation />
                                <span>{kiosk.say(words)}</span>
                            </p>
                        }
                    })
            }}
        </div>
    }
}

/// Twelve boxes, a keypad, and a physical keyboard where there is one.
#[component]
fn ClaimByIin(changed: RwSignal<bool>, turn: Callback<Way>) -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let entry = RwSignal::new(Entry::new(IIN_LENGTH));
    let error = error_until(kiosk, changed);
    let press = move |digit: char| {
        entry.update(|entry| entry.push(digit));
        changed.set(true);
    };
    let delete = move || {
        entry.update(Entry::pop);
        changed.set(true);
    };
    let submit = move || {
        if entry.with_untracked(Entry::is_full) {
            changed.set(false);
            let iin = Entered(entry.with_untracked(Entry::text));
            ipc::send(Intent::Claim { iin });
        }
    };
    on_stroke(kiosk, move |stroke| match stroke {
        Stroke::Delete => delete(),
        // A scanner may end a line twice.
        Stroke::Enter if !changed.get_untracked() => {}
        Stroke::Enter => submit(),
        Stroke::Character { .. } => {
            if let Some(digit) = stroke.character(Alphabet::Digits) {
                press(digit);
            }
        }
    });
    let boxes = (0..IIN_LENGTH)
        .map(|at| {
            view! {
                <span
                    class="digit"
                    class:digit--next=move || entry.with(|entry| entry.len() == at)
                    class:digit--filled=move || entry.with(|entry| entry.len() > at)
                >
                    {move || entry.with(|entry| entry.at(at))}
                </span>
            }
        })
        .collect_view();
    view! {
        <section class="screen" data-screen="claim" data-way="iin">
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
                                vec![("count", count.into()), ("of", IIN_LENGTH.into())]
                            },
                        )}
                    </p>
                    <ErrorPlace error />
                    <button
                        type="button"
                        class="button claim__other"
                        data-testid="claim-by-zone"
                        on:click=move |_| turn.run(Way::Zone)
                    >
                        <Icon glyph=Glyph::Card />
                        <span>{kiosk.say(Key("claim-by-zone"))}</span>
                    </button>
                </div>
                <Keypad press=Callback::new(press) delete=Callback::new(move |()| delete()) />
            </div>
            <div class="actions">
                <BackButton />
                <button
                    type="button"
                    class="button button--main"
                    data-testid="claim-next"
                    disabled=move || !entry.with(Entry::is_full)
                    on:click=move |_| submit()
                >
                    <span>{kiosk.say(Key("continue"))}</span>
                    <Icon glyph=Glyph::Next />
                </button>
            </div>
        </section>
    }
}

/// Three lines, a Latin keyboard, and a scanner that types.
#[component]
fn ClaimByZone(changed: RwSignal<bool>, turn: Callback<Way>) -> impl IntoView {
    let kiosk = Kiosk::of_context();
    let entry = RwSignal::new(Entry::new(ZONE_LINES * ZONE_LINE_LENGTH));
    let error = error_until(kiosk, changed);
    let press = move |character: char| {
        if let Some(character) = Alphabet::Zone.accept(character) {
            entry.update(|entry| entry.push(character));
            changed.set(true);
        }
    };
    let delete = move || {
        entry.update(Entry::pop);
        changed.set(true);
    };
    let delete_line = move |_| {
        entry.update(|entry| entry.truncate(line_start(entry.len())));
        changed.set(true);
    };
    let submit = move || {
        if entry.with_untracked(Entry::is_full) {
            changed.set(false);
            let zone = Entered(entry.with_untracked(zone_text));
            ipc::send(Intent::ClaimByZone { zone });
        }
    };
    on_stroke(kiosk, move |stroke| match stroke {
        Stroke::Delete => delete(),
        // A scanner ends every line, or the last one alone; only behind the last there is something to send.
        Stroke::Enter if !changed.get_untracked() => {}
        Stroke::Enter => submit(),
        Stroke::Character { .. } => {
            if let Some(character) = stroke.character(Alphabet::Zone) {
                // The card is held before the scanner a second time.
                if !changed.get_untracked() && entry.with_untracked(Entry::is_full) {
                    entry.update(|entry| entry.truncate(0));
                }
                press(character);
            }
        }
    });
    let lines = (0..ZONE_LINES)
        .map(|line| {
            let cells = move || {
                (0..ZONE_LINE_LENGTH)
                    .map(|at| {
                        let place = line * ZONE_LINE_LENGTH + at;
                        let next = entry.with(|entry| entry.len() == place);
                        let shown = entry.with(|entry| entry.at(place));
                        view! { <span class="zone__cell" class:zone__cell--next=next>{shown}</span> }
                    })
                    .collect_view()
            };
            view! {
                <div class="zone__line" class:zone__line--now=move || entry.with(|entry| place(entry.len()).0 == line)>
                    <span class="zone__number">{line + 1}</span>
                    {cells}
                </div>
            }
        })
        .collect_view();
    view! {
        <section class="screen" data-screen="claim" data-way="zone">
            <Heading step=3>{kiosk.say(Key("zone-title"))}</Heading>
            <div class="screen__body typing">
                <p class="claim__hint">{kiosk.say(Key("zone-hint"))}</p>
                <div
                    class="zone"
                    class:zone--wrong=move || error.get().is_some()
                    aria-hidden="true"
                    data-testid="zone"
                    data-entered=move || entry.with(Entry::len)
                >
                    {lines}
                </div>
                <p class="claim__count" role="status" data-testid="zone-place">
                    {kiosk.say_with(
                        Key("zone-entered"),
                        move || {
                            let (line, count) = entry.with(|entry| place(entry.len()));
                            vec![
                                ("line", (line + 1).into()),
                                ("lines", ZONE_LINES.into()),
                                ("count", count.into()),
                                ("of", ZONE_LINE_LENGTH.into()),
                            ]
                        },
                    )}
                </p>
                <ErrorPlace error />
                <Keyboard
                    keys=Keys::Zone
                    capital=false
                    press=Callback::new(press)
                    delete=Callback::new(move |()| delete())
                />
            </div>
            <div class="actions">
                <button
                    type="button"
                    class="button"
                    data-testid="claim-by-iin"
                    on:click=move |_| turn.run(Way::Iin)
                >
                    <Icon glyph=Glyph::Keypad />
                    <span>{kiosk.say(Key("claim-by-iin"))}</span>
                </button>
                <button
                    type="button"
                    class="button"
                    data-testid="zone-delete-line"
                    disabled=move || entry.with(Entry::is_empty)
                    on:mousedown=|event| event.prevent_default()
                    on:click=delete_line
                >
                    <Icon glyph=Glyph::Backspace />
                    <span>{kiosk.say(Key("zone-delete-line"))}</span>
                </button>
                <button
                    type="button"
                    class="button button--main"
                    data-testid="claim-next"
                    disabled=move || !entry.with(Entry::is_full)
                    on:click=move |_| submit()
                >
                    <span>{kiosk.say(Key("continue"))}</span>
                    <Icon glyph=Glyph::Next />
                </button>
            </div>
        </section>
    }
}

/// The line that is being typed, from 0, and how many characters it has.
fn place(entered: usize) -> (usize, usize) {
    let line = (entered / ZONE_LINE_LENGTH).min(ZONE_LINES - 1);
    (line, entered - line * ZONE_LINE_LENGTH)
}

/// Where the line of the last character begins.
fn line_start(entered: usize) -> usize {
    entered.saturating_sub(1) / ZONE_LINE_LENGTH * ZONE_LINE_LENGTH
}

/// The three lines, one below the other.
fn zone_text(entry: &Entry) -> String {
    let mut text = String::with_capacity(entry.len() + ZONE_LINES);
    for at in 0..entry.len() {
        if at > 0 && at.is_multiple_of(ZONE_LINE_LENGTH) {
            text.push('\n');
        }
        text.extend(entry.at(at));
    }
    text
}

/// The name as in JSON, and the words.
fn words(error: ClaimError) -> (&'static str, Key) {
    match error {
        ClaimError::Shape => ("shape", Key("claim-error-shape")),
        ClaimError::BirthDate => ("birth-date", Key("claim-error-birth-date")),
        ClaimError::Century => ("century", Key("claim-error-century")),
        ClaimError::CheckDigit => ("check-digit", Key("claim-error-check-digit")),
        ClaimError::Implausible => ("implausible", Key("claim-error-implausible")),
        ClaimError::ZoneShape => ("zone-shape", Key("claim-error-zone-shape")),
        ClaimError::ZoneCheckDigit => ("zone-check-digit", Key("claim-error-zone-check-digit")),
        ClaimError::Expired => ("expired", Key("claim-error-expired")),
        ClaimError::NoIin => ("no-iin", Key("claim-error-no-iin")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_has_its_own_words() {
        let errors = [
            ClaimError::Shape,
            ClaimError::BirthDate,
            ClaimError::Century,
            ClaimError::CheckDigit,
            ClaimError::Implausible,
            ClaimError::ZoneShape,
            ClaimError::ZoneCheckDigit,
            ClaimError::Expired,
            ClaimError::NoIin,
        ];
        for (at, error) in errors.into_iter().enumerate() {
            assert_eq!(serde_json::json!(words(error).0), serde_json::json!(error));
            for other in errors.into_iter().skip(at + 1) {
                assert_ne!(words(error).1, words(other).1);
            }
        }
    }

    #[test]
    fn the_place_in_the_zone() {
        let check = |entered, expect, start| {
            assert_eq!(place(entered), expect, "{entered}");
            assert_eq!(line_start(entered), start, "{entered}");
        };
        check(0, (0, 0), 0);
        check(1, (0, 1), 0);
        check(29, (0, 29), 0);
        check(30, (1, 0), 0);
        check(31, (1, 1), 30);
        check(60, (2, 0), 30);
        check(61, (2, 1), 60);
        check(90, (2, 30), 60);
    }

    /// The card of a public test, as a scanner sends it: with line ends, or without.
    #[test]
    fn a_zone_is_sent_in_three_lines() {
        let card =
            "IDKAZ0412365878880412401006<<<\n8804123F3104116KAZ<<<<<<<<<<<2\nTESTOVA<<TEST<<<<<<<<<<<<<<<<<";
        for scanned in [card.to_owned(), card.replace('\n', ""), card.to_lowercase()] {
            let mut entry = Entry::new(ZONE_LINES * ZONE_LINE_LENGTH);
            scanned
                .chars()
                .filter_map(|character| Alphabet::Zone.accept(character))
                .for_each(|character| entry.push(character));
            assert!(entry.is_full());
            assert_eq!(zone_text(&entry), card);
        }
        assert_eq!(zone_text(&Entry::new(90)), "");
    }
}
