//! Individual identification number.

use std::str::FromStr;

use thiserror::Error;
use zeroize::Zeroize;

use super::{check_digit, text_of, twelve_digits};
use crate::date::{Date, is_day};

/// No person is taken to be older, in full years. The oldest whose age was ever proved reached 122.
const YEARS_MAX: i32 = 125;

/// Individual identification number (ЖСН / ИИН): 12 digits with a birth date, a century-and-sex digit, a
/// serial and a check digit.
///
/// The value is personal: `Debug` hides it and it is wiped on drop.
#[derive(Clone, PartialEq, Eq, Zeroize)]
#[zeroize(drop)]
pub struct Iin([u8; 12]);

/// Why a text is no IIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum IinError {
    /// Something other than a digit, or not twelve of them.
    #[error("an IIN has exactly 12 digits")]
    Shape,
    /// The first six digits are no day of the calendar.
    #[error("the IIN does not start with a birth date")]
    BirthDate,
    /// The seventh digit is above 6.
    #[error("the IIN has no valid century digit")]
    Century,
    /// The last digit does not follow from the others.
    #[error("the check digit of the IIN is wrong")]
    CheckDigit,
}

/// The birth date that an IIN tells. Personal: `Debug` hides it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum BirthDate {
    /// The whole date.
    Known(Date),
    /// The seventh digit is 0, which is reported for some foreigners: the year lacks its century.
    WithoutCentury {
        /// The last two digits of the year.
        year_of_century: u8,
        /// 1 to 12.
        month: u8,
        /// 1 to 31.
        day: u8,
    },
}

impl std::fmt::Debug for BirthDate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BirthDate(sensitive)")
    }
}

impl Iin {
    /// The twelve digits as text. The caller answers for where they go.
    pub fn expose(&self) -> String {
        text_of(&self.0)
    }

    /// Whether the seventh digit tells century and sex. It is 0 in the numbers of some foreigners, as is
    /// reported without a source: a reason to look twice, none to refuse.
    pub fn is_century_known(&self) -> bool {
        self.0[6] != 0
    }

    /// The birth date, as far as the number tells it.
    pub fn birth_date(&self) -> BirthDate {
        let pair = |at: usize| self.0[at] * 10 + self.0[at + 1];
        let without = BirthDate::WithoutCentury {
            year_of_century: pair(0),
            month: pair(2),
            day: pair(4),
        };
        let century = match self.0[6] {
            1 | 2 => 1800,
            3 | 4 => 1900,
            5 | 6 => 2000,
            _ => return without,
        };
        // The parser has let only days of the calendar pass.
        Date::new(century + i32::from(pair(0)), pair(2), pair(4)).map_or(without, BirthDate::Known)
    }

    /// Whether a living person may have this number on that day: born by then, and at most 125 years old.
    /// Where the century is unknown, one that fits is enough.
    pub fn is_plausible_on(&self, today: Date) -> bool {
        let lives = |born: Date| born <= today && born.full_years_until(today) <= YEARS_MAX;
        match self.birth_date() {
            BirthDate::Known(born) => lives(born),
            BirthDate::WithoutCentury {
                year_of_century,
                month,
                day,
            } => [1800, 1900, 2000]
                .into_iter()
                .filter_map(|century| Date::new(century + i32::from(year_of_century), month, day))
                .any(lives),
        }
    }
}

impl std::fmt::Debug for Iin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Iin(sensitive)")
    }
}

impl FromStr for Iin {
    type Err = IinError;

    fn from_str(text: &str) -> Result<Self, IinError> {
        let digits = twelve_digits(text).ok_or(IinError::Shape)?;
        let century = match digits[6] {
            1 | 2 => 1800,
            3 | 4 => 1900,
            // A seventh digit of 0 is reported for some foreigners; the century is then unknown, and a leap
            // year is assumed so that nobody is turned away at 29 February.
            0 | 5 | 6 => 2000,
            _ => return Err(IinError::Century),
        };
        let pair = |at: usize| digits[at] * 10 + digits[at + 1];
        let year = if digits[6] == 0 {
            2000
        } else {
            century + i32::from(pair(0))
        };
        if !is_day(year, pair(2), pair(4)) {
            return Err(IinError::BirthDate);
        }
        if check_digit(&digits) != Some(digits[11]) {
            return Err(IinError::CheckDigit);
        }
        Ok(Self(digits))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, expect: Result<(), IinError>) {
        assert_eq!(text.parse::<Iin>().map(|_| ()), expect, "{text}");
    }

    #[test]
    fn tells_what_is_wrong() {
        check("880412401006", Ok(())); // the public test card of domain notes, section 3
        check("880412401007", Err(IinError::CheckDigit));
        check("880412401703", Ok(())); // by the second row of weights
        check("880412401790", Err(IinError::CheckDigit)); // not issued: both rows give 10
        check("881312401006", Err(IinError::BirthDate));
        check("890229401006", Err(IinError::BirthDate));
        check("880412901006", Err(IinError::Century));
        check("88041240100", Err(IinError::Shape));
        check("8804124010061", Err(IinError::Shape));
        check("88041240100х", Err(IinError::Shape));
        check("", Err(IinError::Shape));
    }

    #[test]
    fn debug_hides_the_number() {
        let iin: Iin = "880412401006".parse().unwrap();
        assert!(!format!("{iin:?}").contains("88"));
    }

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    /// A number with these eleven digits and the check digit that belongs to them.
    fn number(eleven: &str) -> Option<Iin> {
        (0..10).find_map(|last| format!("{eleven}{last}").parse().ok())
    }

    #[test]
    fn tells_the_birth_date() {
        let check = |eleven: &str, expect: BirthDate| {
            let iin = number(eleven).unwrap();
            // The types hide their values in Debug.
            assert!(iin.birth_date() == expect, "{eleven}");
            assert_eq!(
                iin.is_century_known(),
                matches!(expect, BirthDate::Known(_)),
                "{eleven}"
            );
        };
        check("88041240100", BirthDate::Known(date("1988-04-12")));
        check("88041220100", BirthDate::Known(date("1888-04-12")));
        check("04022950100", BirthDate::Known(date("2004-02-29")));
        check(
            "88041200100",
            BirthDate::WithoutCentury {
                year_of_century: 88,
                month: 4,
                day: 12,
            },
        );
    }

    #[test]
    fn tells_whether_somebody_alive_may_have_it() {
        let check = |eleven: &str, today: &str, expect: bool| {
            let iin = number(eleven).unwrap();
            assert_eq!(iin.is_plausible_on(date(today)), expect, "{eleven} {today}");
        };
        check("88041240100", "1988-04-11", false);
        check("88041240100", "1988-04-12", true);
        check("88041240100", "2114-04-11", true); // 125 years old until the next birthday
        check("88041240100", "2114-04-12", false);
        check("88041220100", "2026-11-22", false);
        // 1888 is too long ago and 2088 has not come, but it may be 1988.
        check("88041200100", "2026-11-22", true);
        check("00022900100", "2026-11-22", true);
        check("96022900100", "1890-01-01", false);
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC{0,20}") {
            let _ = text.parse::<Iin>();
        }

        #[test]
        fn what_is_read_is_what_was_typed(text in "[0-9]{2}(0[1-9]|1[0-2])([0-2][0-9]|3[01])[0-6][0-9]{4}") {
            if let Some(iin) = number(&text) {
                prop_assert_eq!(&iin.expose()[..11], text.as_str());
                if let BirthDate::Known(born) = iin.birth_date() {
                    prop_assert_eq!(&born.to_string().replace('-', "")[2..], &text[..6]);
                    prop_assert!(iin.is_plausible_on(born));
                }
            }
        }
    }

    /// The eleventh digit has the weight 11, which is 0 modulo 11: the scheme itself cannot see it mistyped.
    #[test]
    fn a_single_wrong_digit_is_noticed() {
        for at in (0..12).filter(|at| *at != 10) {
            for add in 1..10 {
                let mut digits = *b"880412401006";
                digits[at] = b'0' + (digits[at] - b'0' + add) % 10;
                let text = std::str::from_utf8(&digits).unwrap();
                assert!(text.parse::<Iin>().is_err(), "{text}");
            }
        }
    }
}
