//! Mobile telephone number.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;
use zeroize::Zeroize;

use super::text_of;

/// A mobile telephone number of Kazakhstan, kept as the ten digits behind +7.
///
/// +7 is shared with Russia; numbers of Kazakhstan go on with 6 or 7. The mobile ones are
/// `7(?:0[0-25-8]|47|6[0-4]|7[15-8]|85)\d{7}`, from the metadata of libphonenumber. Whose it is, only the base of
/// mobile citizens knows.
///
/// The value is personal: `Debug` hides it and it is wiped on drop.
#[derive(Clone, PartialEq, Eq, Zeroize)]
#[zeroize(drop)]
pub struct Phone([u8; 10]);

/// Why a text is no mobile number of Kazakhstan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PhoneError {
    /// Something that is neither a digit nor a separator, or a plus elsewhere than in front.
    #[error("a telephone number consists of digits; character {position} is none")]
    Character {
        /// Which character of the text, from 0.
        position: usize,
    },
    /// Too few or too many digits.
    #[error("a telephone number has 11 digits with its 8 or +7, not {digits}")]
    Length {
        /// How many digits there are, with the 8 or 7 in front.
        digits: usize,
    },
    /// A number of another country, Russia among them.
    #[error("not a telephone number of Kazakhstan")]
    Country,
    /// A number of Kazakhstan that gets no short messages: a landline, or a prefix that is not given out.
    #[error("not a mobile telephone number")]
    NotMobile,
}

impl Phone {
    /// As E.164 writes it: `+7` and ten digits. The caller answers for where it goes.
    pub fn expose(&self) -> String {
        format!("+7{}", text_of(&self.0))
    }

    /// What may stand on a screen that others can see: the prefix and the last two digits.
    pub fn masked(&self) -> String {
        format!("+7 {} ••• •• {}", text_of(&self.0[..3]), text_of(&self.0[8..]))
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Phone(sensitive)")
    }
}

impl FromStr for Phone {
    type Err = PhoneError;

    /// Reads what people type: `+7 (707) 123-45-67`, `8 707 123 45 67`, `77071234567`.
    ///
    /// Ten digits without 8 or 7 in front are refused: `7 771 234 567`, which lacks a digit, would be read as
    /// the number of somebody else. A screen that shows a fixed `+7` puts it before what was typed.
    fn from_str(text: &str) -> Result<Self, PhoneError> {
        let mut digits = Digits::default();
        let mut international = false;
        for (position, character) in text.chars().enumerate() {
            match character {
                '0'..='9' => digits.push(character as u8 - b'0'),
                '+' if digits.count == 0 && !international => international = true,
                '(' | ')' | '-' | '.' | '\u{2010}'..='\u{2015}' | '\u{2212}' => {}
                _ if character.is_whitespace() => {}
                _ => return Err(PhoneError::Character { position }),
            }
        }
        match digits.first[0] {
            _ if digits.count == 0 => return Err(PhoneError::Length { digits: 0 }),
            7 => {}
            8 if !international => {}
            _ if international || digits.count == 11 => return Err(PhoneError::Country),
            _ => return Err(PhoneError::Length { digits: digits.count }),
        }
        if digits.count != 11 {
            return Err(PhoneError::Length { digits: digits.count });
        }
        let mut national = [0; 10];
        national.copy_from_slice(&digits.first[1..]);
        match national {
            [7, 0, 0..=2 | 5..=8, ..]
            | [7, 4, 7, ..]
            | [7, 6, 0..=4, ..]
            | [7, 7, 1 | 5..=8, ..]
            | [7, 8, 5, ..] => Ok(Self(national)),
            [6 | 7, ..] => Err(PhoneError::NotMobile),
            _ => Err(PhoneError::Country),
        }
    }
}

/// The first eleven digits of a text, and how many there are.
#[derive(Default, Zeroize)]
#[zeroize(drop)]
struct Digits {
    first: [u8; 11],
    count: usize,
}

impl Digits {
    fn push(&mut self, digit: u8) {
        if let Some(free) = self.first.get_mut(self.count) {
            *free = digit;
        }
        self.count += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, expect: Result<&str, PhoneError>) {
        let found = text.parse::<Phone>().map(|phone| phone.expose());
        assert_eq!(found, expect.map(String::from), "{text}");
    }

    #[test]
    fn reads_what_people_type() {
        let good = Ok("+77071234567");
        check("+77071234567", good);
        check("+7 (707) 123-45-67", good);
        check("8 707 123 45 67", good);
        check("8(707)1234567", good);
        check("77071234567", good);
        check(" 8\u{a0}707\u{a0}123\u{2011}45\u{2013}67 ", good);
        check("8.707.123.45.67", good);
    }

    #[test]
    fn tells_what_is_wrong() {
        check("", Err(PhoneError::Length { digits: 0 }));
        check("+", Err(PhoneError::Length { digits: 0 }));
        check("8 707 123 45 6", Err(PhoneError::Length { digits: 10 }));
        check("8 707 123 45 678", Err(PhoneError::Length { digits: 12 }));
        check("+7 707 123 45 6", Err(PhoneError::Length { digits: 10 }));
        check("7071234567", Err(PhoneError::Length { digits: 10 }));
        check("1234", Err(PhoneError::Length { digits: 4 }));
        check("+7 916 123 45 67", Err(PhoneError::Country)); // Russia
        check("8 916 123 45 67", Err(PhoneError::Country));
        check("+998 90 123 45 67", Err(PhoneError::Country));
        check("+1", Err(PhoneError::Country));
        check("+8 707 123 45 67", Err(PhoneError::Country));
        check("99890123456", Err(PhoneError::Country));
        check("8 727 250 00 00", Err(PhoneError::NotMobile)); // a landline of Almaty
        check("8 703 123 45 67", Err(PhoneError::NotMobile));
        check("+7 607 123 45 67", Err(PhoneError::NotMobile));
        check("8 7O7 123 45 67", Err(PhoneError::Character { position: 3 }));
        check("8+7071234567", Err(PhoneError::Character { position: 1 }));
        check("++77071234567", Err(PhoneError::Character { position: 1 }));
        check("٨٧٠٧١٢٣٤٥٦٧", Err(PhoneError::Character { position: 0 }));
    }

    #[test]
    fn hides_what_others_need_not_see() {
        let phone: Phone = "87071234567".parse().unwrap();
        assert_eq!(format!("{phone:?}"), "Phone(sensitive)");
        assert_eq!(phone.masked(), "+7 707 ••• •• 67");
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC{0,30}|[-+0-9() ]{0,30}") {
            let _ = text.parse::<Phone>();
        }

        /// The rule of libphonenumber, as proptest reads it, and the one above agree.
        #[test]
        fn every_mobile_prefix_is_read(national in "7(0[0-25-8]|47|6[0-4]|7[15-8]|85)[0-9]{7}") {
            for text in [format!("+7{national}"), format!("8{national}"), format!("7 {national}")] {
                let phone: Phone = text.parse().unwrap();
                prop_assert_eq!(phone.expose(), format!("+7{}", &national));
                prop_assert_eq!(&phone.expose().parse::<Phone>().unwrap(), &phone);
            }
        }
    }

    /// All thousand prefixes, counted: 7 + 1 + 5 + 5 + 1 are mobile.
    #[test]
    fn no_other_prefix_is_mobile() {
        let mobile = (0..1000).filter(|prefix| format!("+7{prefix:03}1234567").parse::<Phone>().is_ok());
        assert_eq!(mobile.count(), 19);
    }
}
