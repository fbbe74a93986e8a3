//! Business identification number.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;
use zeroize::Zeroize;

use super::{check_digit, text_of, twelve_digits};

/// Business identification number (БСН / БИН): year and month of registration, who holds it, which part of the
/// holder, a serial of five digits and the check digit of an IIN.
///
/// It is public for organisations, but that of an entrepreneur leads to a person: `Debug` hides it and it is
/// wiped on drop.
#[derive(Clone, PartialEq, Eq, Zeroize)]
#[zeroize(drop)]
pub struct Bin([u8; 12]);

/// Who holds a BIN: its fifth digit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BinHolder {
    /// An organisation of Kazakhstan (4).
    Resident,
    /// An organisation of another country (5).
    NonResident,
    /// An entrepreneur (6).
    Entrepreneur,
}

/// Which part of the holder a BIN stands for: its sixth digit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BinPart {
    /// The head (0).
    Head,
    /// A branch (1).
    Branch,
    /// A representation (2).
    Representation,
    /// A farm (3).
    Farm,
}

/// Why a text is no BIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BinError {
    /// Something other than a digit, or not twelve of them.
    #[error("a BIN has exactly 12 digits")]
    Shape,
    /// The third and fourth digits are no month.
    #[error("the BIN does not start with year and month of registration")]
    Month,
    /// The fifth digit is none of 4, 5 and 6. In an IIN it belongs to the birthday and is 0 to 3: then the
    /// number of a person was typed.
    #[error("the fifth digit of the BIN names no kind of holder")]
    Holder,
    /// The sixth digit is above 3.
    #[error("the sixth digit of the BIN names no part of a holder")]
    Part,
    /// The last digit does not follow from the others.
    #[error("the check digit of the BIN is wrong")]
    CheckDigit,
}

impl Bin {
    /// The twelve digits as text. The caller answers for where they go.
    pub fn expose(&self) -> String {
        text_of(&self.0)
    }

    /// Who holds it.
    pub fn holder(&self) -> BinHolder {
        match self.0[4] {
            5 => BinHolder::NonResident,
            6 => BinHolder::Entrepreneur,
            // The parser lets nothing else than 4 to 6 pass.
            _ => BinHolder::Resident,
        }
    }

    /// Which part of the holder it stands for.
    pub fn part(&self) -> BinPart {
        match self.0[5] {
            1 => BinPart::Branch,
            2 => BinPart::Representation,
            3 => BinPart::Farm,
            // The parser lets nothing else than 0 to 3 pass.
            _ => BinPart::Head,
        }
    }

    /// The last two digits of the year of registration, and its month (1 to 12). Organisations registered
    /// before BINs existed have the month of then, so the century does not follow.
    pub fn registered(&self) -> (u8, u8) {
        (self.0[0] * 10 + self.0[1], self.0[2] * 10 + self.0[3])
    }
}

impl fmt::Debug for Bin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bin(sensitive)")
    }
}

impl FromStr for Bin {
    type Err = BinError;

    fn from_str(text: &str) -> Result<Self, BinError> {
        let digits = twelve_digits(text).ok_or(BinError::Shape)?;
        if !(1..=12).contains(&(digits[2] * 10 + digits[3])) {
            return Err(BinError::Month);
        }
        if !(4..=6).contains(&digits[4]) {
            return Err(BinError::Holder);
        }
        if digits[5] > 3 {
            return Err(BinError::Part);
        }
        if check_digit(&digits) != Some(digits[11]) {
            return Err(BinError::CheckDigit);
        }
        Ok(Self(digits))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, expect: Result<(BinHolder, BinPart), BinError>) {
        let found = text.parse::<Bin>().map(|bin| (bin.holder(), bin.part()));
        assert_eq!(found, expect, "{text}");
    }

    // The numbers are made up; their check digits were reckoned apart from this code.
    #[test]
    fn tells_what_is_wrong() {
        check("150440000013", Ok((BinHolder::Resident, BinPart::Head)));
        check("150441000019", Ok((BinHolder::Resident, BinPart::Branch)));
        check(
            "150552000012",
            Ok((BinHolder::NonResident, BinPart::Representation)),
        );
        check("151263000014", Ok((BinHolder::Entrepreneur, BinPart::Farm)));
        check("150440000402", Ok((BinHolder::Resident, BinPart::Head))); // by the second row of weights
        check("150440000014", Err(BinError::CheckDigit));
        check("151340000018", Err(BinError::Month));
        check("150040000018", Err(BinError::Month));
        check("150444000018", Err(BinError::Part));
        check("880412401006", Err(BinError::Holder)); // an IIN
        check("150469000018", Err(BinError::Part));
        check("150790000018", Err(BinError::Holder));
        check("15044000001", Err(BinError::Shape));
        check("1504400000188", Err(BinError::Shape));
        check("15044000001８", Err(BinError::Shape));
        check("", Err(BinError::Shape));
    }

    #[test]
    fn debug_hides_the_number() {
        let bin: Bin = "150440000013".parse().unwrap();
        assert_eq!(format!("{bin:?}"), "Bin(sensitive)");
        assert_eq!(bin.registered(), (15, 4));
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC{0,20}") {
            let _ = text.parse::<Bin>();
        }

        /// But for the eleventh, whose weight is 0 modulo 11.
        #[test]
        fn a_single_wrong_digit_is_noticed(
            eleven in "[0-9]{2}(0[1-9]|1[0-2])[4-6][0-3][0-9]{5}",
            at in (0_usize..12).prop_filter("blind there", |at| *at != 10),
            add in 1_u8..10,
        ) {
            let found = (0..10).find_map(|last| format!("{eleven}{last}").parse::<Bin>().ok());
            let Some(bin) = found else { return Ok(()) };
            prop_assert_eq!(&bin.expose()[..11], eleven.as_str());
            let mut digits = bin.0;
            digits[at] = (digits[at] + add) % 10;
            // The second row of weights may, for one digit in a hundred or so, agree by chance with the first.
            let noticed = text_of(&digits).parse::<Bin>().is_err();
            let weights = |digits: &[u8; 12]| (1..12_u32).zip(digits).map(|(w, d)| w * u32::from(*d)).sum::<u32>() % 11;
            let rows_differ = (weights(&bin.0) == 10) != (weights(&digits) == 10);
            prop_assert!(noticed || rows_differ);
        }
    }
}
