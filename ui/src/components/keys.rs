//! Keys of a physical keyboard, or of a scanner that types like one.

use leptos::ev;
use leptos::prelude::*;

use crate::app::Kiosk;
use crate::components::entry::Alphabet;
use crate::ipc;

/// What a key means on a screen with an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stroke {
    /// A character.
    Character {
        /// In the layout of the keyboard.
        typed: char,
        /// What the same key gives in the Latin layout. A scanner thinks in that one, whichever is set.
        latin: Option<char>,
    },
    /// Takes the last character back.
    Delete,
    /// Goes on.
    Enter,
}

impl Stroke {
    /// The character for an entry of this alphabet.
    pub fn character(self, alphabet: Alphabet) -> Option<char> {
        match self {
            Self::Character { typed, latin } => alphabet
                .accept(typed)
                .or_else(|| latin.and_then(|latin| alphabet.accept(latin))),
            Self::Delete | Self::Enter => None,
        }
    }

    /// Whether a key that is held goes on. A hand that stays on a key too long types once.
    fn repeats(self) -> bool {
        self == Self::Delete
    }
}

/// Gives every stroke to `handle` while the screen is there.
pub fn on_stroke(kiosk: Kiosk, handle: impl Fn(Stroke) + 'static) {
    let keys = window_event_listener(ev::keydown, move |event| {
        let shortcut = event.ctrl_key() || event.alt_key() || event.meta_key();
        // A key that answers the idle warning is no entry.
        if shortcut || kiosk.is_idle_warned() {
            return;
        }
        let Some(stroke) = stroke(&event.key(), &event.code(), event.shift_key()) else {
            return;
        };
        if event.repeat() && !stroke.repeats() {
            event.prevent_default();
            return;
        }
        // Where a button has the focus these two press it.
        let presses = match stroke {
            Stroke::Enter => true,
            Stroke::Character { typed, .. } => typed == ' ',
            Stroke::Delete => false,
        };
        if presses && ipc::is_on_button(&event) {
            return;
        }
        event.prevent_default();
        handle(stroke);
    });
    on_cleanup(move || keys.remove());
}

/// Reads `key`, `code` and the shift of a keyboard event.
fn stroke(key: &str, code: &str, shift: bool) -> Option<Stroke> {
    match key {
        "Backspace" | "Delete" => return Some(Stroke::Delete),
        "Enter" => return Some(Stroke::Enter),
        _ => {}
    }
    // Keys with names, such as F1, have several characters.
    let mut characters = key.chars();
    match (characters.next(), characters.next()) {
        (Some(typed), None) => Some(Stroke::Character {
            typed,
            latin: latin(code, shift),
        }),
        _ => None,
    }
}

/// What a key at this place gives in the Latin layout, as far as numbers and zones need it.
fn latin(code: &str, shift: bool) -> Option<char> {
    if let Some(letter) = code.strip_prefix("Key") {
        return letter.chars().next();
    }
    if let (Some(digit), false) = (code.strip_prefix("Digit"), shift) {
        return digit.chars().next();
    }
    (code == "Comma" && shift || code == "IntlBackslash" && !shift).then_some('<')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_deletion_and_enter_are_read_from_a_keyboard() {
        let check = |key: &str, expect: Option<Stroke>| assert_eq!(stroke(key, "", false), expect, "{key}");
        let typed = |typed| Some(Stroke::Character { typed, latin: None });
        check("0", typed('0'));
        check("ң", typed('ң'));
        check(" ", typed(' '));
        check("Backspace", Some(Stroke::Delete));
        check("Delete", Some(Stroke::Delete));
        check("Enter", Some(Stroke::Enter));
        for key in ["", "F1", "Tab", "Shift", "Dead", "Unidentified"] {
            check(key, None);
        }
    }

    #[test]
    fn a_key_that_is_held_types_once() {
        for (key, expect) in [
            ("8", false),
            ("ң", false),
            (" ", false),
            ("Enter", false),
            ("Backspace", true),
        ] {
            assert_eq!(stroke(key, "", false).map(Stroke::repeats), Some(expect), "{key}");
        }
    }

    /// The row of digits gives letters in the Kazakh layout, and a scanner types into whichever layout is set.
    #[test]
    fn a_scanner_is_understood_in_every_layout() {
        let check = |key: &str, code: &str, shift: bool, alphabet: Alphabet, expect: Option<char>| {
            let found = stroke(key, code, shift).and_then(|stroke| stroke.character(alphabet));
            assert_eq!(found, expect, "{key} {code}");
        };
        check("ә", "Digit2", false, Alphabet::Digits, Some('2'));
        check("ә", "Digit2", false, Alphabet::Name, Some('ә'));
        check("Л", "KeyK", true, Alphabet::Zone, Some('K'));
        check("Б", "Comma", true, Alphabet::Zone, Some('<'));
        check("<", "IntlBackslash", false, Alphabet::Zone, Some('<'));
        check("k", "KeyK", false, Alphabet::Zone, Some('K'));
        check("ж", "Semicolon", false, Alphabet::Zone, None);
        check("й", "KeyQ", false, Alphabet::Digits, None);
    }
}
