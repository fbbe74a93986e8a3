//! Amounts of money.

use std::str::FromStr;

use thiserror::Error;

use crate::evidence::Language;

const NO_BREAK_SPACE: char = '\u{a0}';
const TENGE_SIGN: char = '\u{20b8}';

/// An amount in whole tenge. Tiyn (hundredths) are not in use and nothing here deals in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tenge(pub u64);

/// Why a text is no amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TengeError {
    /// No digit.
    #[error("no amount was entered")]
    Empty,
    /// A comma or point with tiyn behind it. Also `,00`: what stands there was meant to count.
    #[error("an amount is in whole tenge, without tiyn")]
    Tiyn,
    /// Something other than digits, spaces between them and a sign of the tenge at the end. A comma or point
    /// between groups is one such: it would mean tiyn in Kazakh and Russian, and thousands in English.
    #[error("an amount consists of digits; character {position} is none")]
    Character {
        /// Which character of the text, from 0.
        position: usize,
    },
    /// Spaces that do not stand before groups of three digits, as in `12 34`: a digit may be missing.
    #[error("the groups of the amount have not three digits each")]
    Groups,
    /// More than fits.
    #[error("the amount is too large")]
    Overflow,
}

impl Tenge {
    /// The amount as CLDR writes it: `1 234 567 ₸` in Kazakh and Russian, `KZT 1,234,567` in English. All spaces
    /// are no-break ones, so that no line ends within an amount.
    pub fn format(self, language: Language) -> String {
        match language {
            Language::Kk | Language::Ru => {
                format!("{}{NO_BREAK_SPACE}{TENGE_SIGN}", self.grouped(NO_BREAK_SPACE))
            }
            Language::En => format!("KZT{NO_BREAK_SPACE}{}", self.grouped(',')),
        }
    }

    fn grouped(self, separator: char) -> String {
        let digits = self.0.to_string();
        let mut grouped = String::new();
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                grouped.push(separator);
            }
            grouped.push(digit);
        }
        grouped
    }
}

impl FromStr for Tenge {
    type Err = TengeError;

    /// Reads what people type: `1234567`, `1 234 567` with spaces of any kind, and a `₸` behind.
    fn from_str(text: &str) -> Result<Self, TengeError> {
        let number = text.trim_end();
        let number = number.strip_suffix(TENGE_SIGN).unwrap_or(number).trim();
        let start = text
            .chars()
            .take_while(|character| character.is_whitespace())
            .count();
        for (at, character) in number.chars().enumerate() {
            if character.is_ascii_digit() || character.is_whitespace() {
                continue;
            }
            return Err(if matches!(character, ',' | '.') && ends_in_tiyn(number) {
                TengeError::Tiyn
            } else {
                TengeError::Character { position: start + at }
            });
        }
        if number.is_empty() {
            return Err(TengeError::Empty);
        }
        let mut groups = number.split_whitespace();
        let first = groups.next().unwrap_or_default();
        let mut rest = groups.peekable();
        if rest.peek().is_some() && first.len() > 3 || rest.any(|group| group.len() != 3) {
            return Err(TengeError::Groups);
        }
        number
            .bytes()
            .filter(u8::is_ascii_digit)
            .try_fold(0_u64, |sum, digit| {
                sum.checked_mul(10)?.checked_add(u64::from(digit - b'0'))
            })
            .map(Self)
            .ok_or(TengeError::Overflow)
    }
}

/// Whether the text ends in a comma or point, or in one with one or two digits behind it.
fn ends_in_tiyn(number: &str) -> bool {
    number
        .rsplit_once([',', '.'])
        .is_some_and(|(_, tiyn)| tiyn.len() <= 2 && tiyn.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, expect: Result<u64, TengeError>) {
        assert_eq!(text.parse::<Tenge>(), expect.map(Tenge), "{text}");
    }

    #[test]
    fn reads_what_people_type() {
        check("1234567", Ok(1_234_567));
        check("1 234 567", Ok(1_234_567));
        check("1\u{a0}234\u{202f}567\u{a0}₸", Ok(1_234_567));
        check(" 500₸ ", Ok(500));
        check("0", Ok(0));
        check("007", Ok(7));
        check("18446744073709551615", Ok(u64::MAX));
    }

    #[test]
    fn tells_what_is_wrong() {
        check("", Err(TengeError::Empty));
        check("  ", Err(TengeError::Empty));
        check("₸", Err(TengeError::Empty));
        check("1234567,50", Err(TengeError::Tiyn));
        check("1234567.5", Err(TengeError::Tiyn));
        check("1 234 567,00 ₸", Err(TengeError::Tiyn));
        check("1234567,", Err(TengeError::Tiyn));
        check("1,234.50", Err(TengeError::Tiyn));
        check("1,234,567", Err(TengeError::Character { position: 1 }));
        check(" 1.234", Err(TengeError::Character { position: 2 }));
        check("-5", Err(TengeError::Character { position: 0 }));
        check("5 тг", Err(TengeError::Character { position: 2 }));
        check("٥٠٠", Err(TengeError::Character { position: 0 }));
        check("12 34", Err(TengeError::Groups));
        check("1234 567", Err(TengeError::Groups));
        check("1 234 56", Err(TengeError::Groups));
        check("18446744073709551616", Err(TengeError::Overflow));
        check("99999999999999999999999", Err(TengeError::Overflow));
    }

    #[test]
    fn writes_as_the_language_does() {
        let check = |tenge: u64, language: Language, expect: &str| {
            assert_eq!(Tenge(tenge).format(language), expect);
        };
        check(1_234_567, Language::Kk, "1\u{a0}234\u{a0}567\u{a0}₸");
        check(1_234_567, Language::Ru, "1\u{a0}234\u{a0}567\u{a0}₸");
        check(1_234_567, Language::En, "KZT\u{a0}1,234,567");
        check(0, Language::Kk, "0\u{a0}₸");
        check(999, Language::En, "KZT\u{a0}999");
        check(1_000, Language::Ru, "1\u{a0}000\u{a0}₸");
        check(u64::MAX, Language::En, "KZT\u{a0}18,446,744,073,709,551,615");
    }

    /// As on the screens: one list for both, which the tests of `ui` write.
    #[test]
    fn writes_as_the_screens_do() {
        let lists = [
            (
                Language::Kk,
                include_str!("../../../locales/expect/amounts-kk.txt"),
            ),
            (
                Language::Ru,
                include_str!("../../../locales/expect/amounts-ru.txt"),
            ),
            (
                Language::En,
                include_str!("../../../locales/expect/amounts-en.txt"),
            ),
        ];
        for (language, expect) in lists {
            let list: String = [0, 7, 999, 1_000, 250_000, 1_234_567]
                .into_iter()
                .map(|tenge| Tenge(tenge).format(language) + "\n")
                .collect();
            assert_eq!(list, expect);
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC{0,30}|[0-9 ,.₸]{0,30}") {
            let _ = text.parse::<Tenge>();
        }

        #[test]
        fn what_is_written_is_read(tenge in any::<u64>()) {
            for text in [tenge.to_string(), Tenge(tenge).format(Language::Kk), Tenge(tenge).format(Language::Ru)] {
                prop_assert_eq!(text.parse::<Tenge>(), Ok(Tenge(tenge)));
            }
        }
    }
}
