//! Keys that a hand strikes twice where it meant to once. With the switch on, the same key or control is not taken again
//! for half a second, and a key that is held does nothing more: EN 301 549, 5.7 and 5.8.

use std::hash::{DefaultHasher, Hash, Hasher};

/// So long after a stroke the same one is not taken.
const DELAY_MS: f64 = 500.0;
/// No hand strikes a key twice within this time. A scanner of codes, which types like a keyboard, does.
const SCANNER_MS: f64 = 35.0;

/// What was struck.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Struck<'a> {
    /// A key of a keyboard or keypad, by the name of its place.
    Key {
        /// As the browser names it.
        code: &'a str,
        /// Whether shift is held: then the same key means something else.
        shift: bool,
    },
    /// A control on the screen, by its name.
    Control(&'a str),
}

impl Struck<'_> {
    /// Keys that do nothing by themselves, and stand between two strokes of a keypad whose key for "back" is shift and tab.
    fn is_modifier(self) -> bool {
        let Self::Key { code, .. } = self else {
            return false;
        };
        ["Shift", "Control", "Alt", "Meta"]
            .iter()
            .any(|name| code.starts_with(name))
    }
}

/// What was struck last. Only a number made of it is kept, for it may be a part of what a person types.
#[derive(Debug, Default)]
pub struct Strikes {
    last: Option<(u64, f64)>,
}

impl Strikes {
    /// Whether a stroke at this time is to be taken, where the switch is `on`; what was struck counts in either case, so
    /// that the stroke that turns the switch on is not taken twice.
    pub fn takes(&mut self, struck: Struck<'_>, held: bool, at_ms: f64, on: bool) -> bool {
        if struck.is_modifier() {
            return true;
        }
        if held {
            return !on;
        }
        let mut hasher = DefaultHasher::new();
        struck.hash(&mut hasher);
        let what = hasher.finish();
        let before = self.last.replace((what, at_ms));
        let Some((last, last_ms)) = before.filter(|_| on) else {
            return true;
        };
        let gap_ms = at_ms - last_ms;
        let scanned = matches!(struck, Struck::Key { .. }) && gap_ms < SCANNER_MS;
        last != what || gap_ms >= DELAY_MS || scanned
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(code: &str) -> Struck<'_> {
        Struck::Key { code, shift: false }
    }

    /// Which of these strokes are taken.
    fn check(on: bool, strokes: &[(Struck<'_>, f64)], expect: &[bool]) {
        let mut strikes = Strikes::default();
        let taken: Vec<bool> = strokes
            .iter()
            .map(|(struck, at_ms)| strikes.takes(*struck, false, *at_ms, on))
            .collect();
        assert_eq!(taken, expect, "{strokes:?}");
    }

    #[test]
    fn the_same_key_is_not_taken_twice_within_half_a_second() {
        let eight = key("Digit8");
        check(true, &[(eight, 0.0), (eight, 120.0)], &[true, false]);
        check(true, &[(eight, 0.0), (eight, 499.0)], &[true, false]);
        check(true, &[(eight, 0.0), (eight, 500.0)], &[true, true]);
        // Each stroke begins the delay anew, whether it was taken or not.
        check(
            true,
            &[(eight, 0.0), (eight, 300.0), (eight, 600.0), (eight, 1100.0)],
            &[true, false, false, true],
        );
        check(false, &[(eight, 0.0), (eight, 120.0)], &[true, true]);
    }

    #[test]
    fn another_key_is_taken_at_once() {
        let (one, two, tab) = (key("Digit1"), key("Digit2"), key("Tab"));
        check(true, &[(one, 0.0), (two, 50.0), (one, 100.0)], &[true; 3]);
        let back = Struck::Key {
            code: "Tab",
            shift: true,
        };
        check(true, &[(tab, 0.0), (back, 100.0)], &[true; 2]);
        // A key of the keypad that is shift and tab together is one key, too.
        let shift = key("ShiftLeft");
        check(
            true,
            &[(shift, 0.0), (back, 1.0), (shift, 150.0), (back, 151.0)],
            &[true, true, true, false],
        );
    }

    #[test]
    fn a_control_of_the_screen_is_no_other_thing() {
        let agree = Struck::Control("consent-agree");
        check(true, &[(agree, 0.0), (agree, 200.0)], &[true, false]);
        // A finger that leaves the glass for a moment is no scanner.
        check(true, &[(agree, 0.0), (agree, 20.0)], &[true, false]);
        check(
            true,
            &[(agree, 0.0), (Struck::Control("back"), 200.0)],
            &[true; 2],
        );
    }

    #[test]
    fn a_scanner_types_equal_digits_as_ever() {
        let typed: Vec<(Struck<'_>, f64)> = [
            ("Digit8", 0.0),
            ("Digit8", 8.0),
            ("Digit0", 16.0),
            ("Digit0", 24.0),
        ]
        .map(|(code, at_ms)| (key(code), at_ms))
        .to_vec();
        check(true, &typed, &[true; 4]);
    }

    /// Also deletion, which repeats otherwise.
    #[test]
    fn a_key_that_is_held_does_nothing_more() {
        let mut strikes = Strikes::default();
        let delete = key("Backspace");
        assert!(strikes.takes(delete, false, 0.0, true));
        assert!(!strikes.takes(delete, true, 600.0, true));
        assert!(!strikes.takes(delete, true, 5_000.0, true));
        assert!(strikes.takes(delete, true, 5_030.0, false));
        // Holding is no stroke: the next one is taken.
        assert!(strikes.takes(delete, false, 5_100.0, true));
    }

    #[test]
    fn the_stroke_that_turns_it_on_does_not_turn_it_off() {
        let mut strikes = Strikes::default();
        let switch = Struck::Control("once");
        assert!(strikes.takes(switch, false, 0.0, false));
        assert!(!strikes.takes(switch, false, 150.0, true));
    }
}
