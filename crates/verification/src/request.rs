//! Requests of data subjects: the number that a person takes home, and the states through which a request goes.
//!
//! ```text
//!   261122-7KMQ-2RTX
//!   └─┬──┘ └──┬───┘└ check symbol
//!   day    seven symbols that follow from the document
//! ```
//!
//! Kiosk and gateway compute the number from the same document, so the person has it before any line is up.

use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::Sensitive;
use crate::date::Date;
use crate::evidence::DocumentId;

/// What the symbols behind the day are taken from: no `0`, `I`, `L`, `O` and `U`, which are read as something else.
/// Their number is a prime, so that the check symbol finds every wrong symbol and every exchange of two.
const ALPHABET: &[u8; 31] = b"123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Digits of the day.
const DATE_SYMBOLS: usize = 6;

/// Symbols that follow from the document: 31^7, so that two requests of one day hardly ever share them.
const ID_SYMBOLS: usize = 7;

/// Binds the symbols to this use of the document's id.
const LABEL: &[u8] = b"alaqan request number 1\0";

/// Why a text is no number of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NumberError {
    /// Too short, too long, or with symbols that no number has.
    #[error("a number of a request looks like 261122-7KMQ-2RTX")]
    Shape,
    /// The first six digits are no day.
    #[error("the number of the request does not start with a day")]
    Date,
    /// The last symbol does not follow from the others: it was misread or mistyped.
    #[error("the number of the request is mistyped")]
    Check,
}

/// The number of the request that this document holds, made on this day: `YYMMDD-XXXX-XXXC`.
pub fn number(document_id: DocumentId, date: Date) -> String {
    let mut values = [0; DATE_SYMBOLS + ID_SYMBOLS];
    let parts = [
        u8::try_from(date.year().rem_euclid(100)).unwrap_or(0),
        date.month(),
        date.day(),
    ];
    for (pair, part) in values.chunks_exact_mut(2).zip(parts) {
        pair.copy_from_slice(&[part / 10, part % 10]);
    }
    let digest = Sha256::new_with_prefix(LABEL)
        .chain_update(document_id.0)
        .finalize();
    let mut left = digest
        .iter()
        .take(8)
        .fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
    for value in &mut values[DATE_SYMBOLS..] {
        *value = u8::try_from(left % 31).unwrap_or(0);
        left /= 31;
    }
    spell(&values)
}

/// A number as [`number`] writes it, from what a person typed: small letters, spaces and missing hyphens are well, `O` in
/// the day is a zero, and `I` and `L` behind it a one.
///
/// # Errors
/// Says what is wrong. Never panics.
pub fn parse(text: &str) -> Result<String, NumberError> {
    let symbols = text
        .chars()
        .filter(|symbol| !symbol.is_whitespace() && *symbol != '-');
    let mut values = [0; DATE_SYMBOLS + ID_SYMBOLS + 1];
    let mut count = 0;
    for symbol in symbols {
        let place = values.get_mut(count).ok_or(NumberError::Shape)?;
        let symbol = symbol.to_ascii_uppercase();
        let value = if count < DATE_SYMBOLS {
            if symbol == 'O' {
                Some(0)
            } else {
                symbol.to_digit(10)
            }
        } else {
            let symbol = if matches!(symbol, 'I' | 'L') { '1' } else { symbol };
            let found = ALPHABET.iter().position(|known| char::from(*known) == symbol);
            found.and_then(|found| u32::try_from(found).ok())
        };
        *place = value
            .and_then(|value| u8::try_from(value).ok())
            .ok_or(NumberError::Shape)?;
        count += 1;
    }
    if count != values.len() {
        return Err(NumberError::Shape);
    }
    let (body, check) = values.split_at(DATE_SYMBOLS + ID_SYMBOLS);
    if check != [check_of(body)] {
        return Err(NumberError::Check);
    }
    let pair = |at: usize| values[at] * 10 + values[at + 1];
    if !(1..=12).contains(&pair(2)) || !(1..=31).contains(&pair(4)) {
        return Err(NumberError::Date);
    }
    Ok(spell(body))
}

/// The sum of all values, each as often as its place says, modulo 31.
fn check_of(values: &[u8]) -> u8 {
    let sum = (1_u32..)
        .zip(values)
        .fold(0, |sum, (weight, value)| (sum + weight * u32::from(*value)) % 31);
    u8::try_from(sum).unwrap_or(0)
}

fn spell(values: &[u8]) -> String {
    let mut text = String::with_capacity(16);
    for (at, value) in values.iter().chain([&check_of(values)]).enumerate() {
        if at == DATE_SYMBOLS || at == DATE_SYMBOLS + 4 {
            text.push('-');
        }
        let digits: &[u8] = if at < DATE_SYMBOLS {
            b"0123456789"
        } else {
            ALPHABET
        };
        text.extend(digits.get(usize::from(*value)).map(|symbol| char::from(*symbol)));
    }
    text
}

/// How far the institution is with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestState {
    /// It has come.
    Received,
    /// Somebody works on it.
    InProgress,
    /// The answer lies ready for the person.
    Ready,
    /// The person has the answer.
    Answered,
    /// It was refused.
    Refused {
        /// What the person was told. May be personal.
        reason: Sensitive<String>,
    },
}

impl RequestState {
    /// All names, in the order in which a request goes through them.
    pub const NAMES: [&'static str; 5] = ["received", "in-progress", "ready", "answered", "refused"];

    /// Its name in lists, files and notices.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::InProgress => "in-progress",
            Self::Ready => "ready",
            Self::Answered => "answered",
            Self::Refused { .. } => "refused",
        }
    }

    /// The state of this name; `None` if there is none, or a reason is missing or too much.
    pub fn from_name(name: &str, reason: Option<Sensitive<String>>) -> Option<Self> {
        match (name, reason) {
            ("received", None) => Some(Self::Received),
            ("in-progress", None) => Some(Self::InProgress),
            ("ready", None) => Some(Self::Ready),
            ("answered", None) => Some(Self::Answered),
            ("refused", Some(reason)) => Some(Self::Refused { reason }),
            _ => None,
        }
    }

    /// The reason of the refusal, if it is one.
    pub fn reason(&self) -> Option<&Sensitive<String>> {
        match self {
            Self::Refused { reason } => Some(reason),
            _ => None,
        }
    }

    /// Whether the person still waits: such a request can be overdue.
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Received | Self::InProgress | Self::Ready)
    }

    /// Whether a request in this state may be brought into the other one. None is ever received again, and what has an end
    /// can only be taken up again; the same state with another note is well.
    pub fn may_become(&self, next: &Self) -> bool {
        match next {
            Self::Received => false,
            Self::InProgress => true,
            _ => self.is_open() || self.name() == next.name(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::time::UtcMs;

    fn day(year: i32, month: u8, day: u8) -> Date {
        Date::new(year, month, day).unwrap()
    }

    #[test]
    fn a_number_is_the_same_for_ever() {
        // Numbers are printed: another one for the same document would be a number of nothing.
        let check = |id, expect: &str| assert_eq!(number(DocumentId([id; 16]), day(2026, 11, 22)), expect);
        check(1, "261122-6WVB-XBQA");
        check(2, "261122-Y73H-F9ER");
    }

    #[test]
    fn what_people_type_is_understood() {
        let printed = number(DocumentId([1; 16]), day(2026, 10, 2));
        for typed in [
            printed.clone(),
            printed.to_lowercase(),
            printed.replace('-', ""),
            printed.replace('-', " "),
            format!("  {}\t", printed.replacen('0', "o", 2)),
        ] {
            assert_eq!(parse(&typed), Ok(printed.clone()), "{typed}");
        }
        for id in 0..99 {
            let printed = number(DocumentId([id; 16]), day(2026, 10, 2));
            let (date, symbols) = printed.split_at(7);
            for letter in ["i", "L"] {
                assert_eq!(
                    parse(&(date.to_owned() + &symbols.replace('1', letter))),
                    Ok(printed.clone())
                );
            }
        }
        assert_eq!(parse(""), Err(NumberError::Shape));
        assert_eq!(parse(&printed[1..]), Err(NumberError::Shape));
        assert_eq!(parse(&(printed.clone() + "1")), Err(NumberError::Shape));
        let nowhere = spell(&[2, 6, 1, 3, 0, 2, 1, 1, 1, 1, 1, 1, 1]);
        assert_eq!(parse(&nowhere), Err(NumberError::Date));
    }

    #[test]
    fn states_have_names_and_an_order() {
        let reason = || Some(Sensitive::new("no".to_owned()));
        for name in RequestState::NAMES {
            let reason = (name == "refused").then(reason).flatten();
            assert_eq!(RequestState::from_name(name, reason).unwrap().name(), name);
        }
        assert_eq!(RequestState::from_name("refused", None), None);
        assert_eq!(RequestState::from_name("ready", reason()), None);
        assert_eq!(RequestState::from_name("lost", None), None);
        let refused = RequestState::from_name("refused", reason()).unwrap();
        let check = |from: &RequestState, to: &RequestState, expect| {
            assert_eq!(from.may_become(to), expect, "{from:?} {to:?}");
        };
        check(&RequestState::Received, &RequestState::Answered, true);
        check(&RequestState::Ready, &refused, true);
        check(&RequestState::Ready, &RequestState::Received, false);
        check(&RequestState::Answered, &refused, false);
        check(&RequestState::Answered, &RequestState::Answered, true);
        check(&refused, &RequestState::InProgress, true);
        assert!(!format!("{refused:?}").contains("no\""));
    }

    proptest! {
        #[test]
        fn every_number_reads_back(id: [u8; 16], at in 0_i64..4_000_000_000_000) {
            let printed = number(DocumentId(id), Date::from_utc(UtcMs(at)));
            prop_assert_eq!(parse(&printed), Ok(printed.clone()));
            prop_assert_eq!(printed.len(), 16);
        }

        #[test]
        fn one_wrong_symbol_is_noticed(id: [u8; 16], at in 0_usize..14, by in 1_u8..31) {
            let printed = number(DocumentId(id), day(2026, 11, 22)).replace('-', "");
            let mut bytes = printed.into_bytes();
            let alphabet: &[u8] = if at < DATE_SYMBOLS { b"0123456789" } else { ALPHABET };
            let old = alphabet.iter().position(|symbol| *symbol == bytes[at]).unwrap();
            let new = alphabet[(old + usize::from(by)) % alphabet.len()];
            prop_assume!(new != bytes[at]);
            bytes[at] = new;
            prop_assert_eq!(parse(&String::from_utf8(bytes).unwrap()), Err(NumberError::Check));
        }

        #[test]
        fn two_exchanged_symbols_are_noticed(id: [u8; 16], first in 0_usize..14, second in 0_usize..14) {
            let printed = number(DocumentId(id), day(2026, 11, 22)).replace('-', "");
            let mut bytes = printed.clone().into_bytes();
            bytes.swap(first, second);
            let text = String::from_utf8(bytes).unwrap();
            prop_assert_eq!(parse(&text).is_ok(), text == printed);
        }

        #[test]
        fn foreign_text_never_panics(text in ".{0,40}") {
            let _ = parse(&text);
        }
    }
}
