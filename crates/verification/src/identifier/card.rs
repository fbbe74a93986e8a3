//! Number of an identity card.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;
use zeroize::Zeroize;

use super::text_of;

/// Number of an identity card of Kazakhstan: nine digits, without a check digit of its own.
///
/// The value is personal: `Debug` hides it and it is wiped on drop.
#[derive(Clone, PartialEq, Eq, Zeroize)]
#[zeroize(drop)]
pub struct CardNumber([u8; 9]);

/// Why a text is no card number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CardNumberError {
    /// Something other than a digit, or not nine of them.
    #[error("the number of an identity card has exactly 9 digits")]
    Shape,
}

impl CardNumber {
    /// The nine digits as text. The caller answers for where they go.
    pub fn expose(&self) -> String {
        text_of(&self.0)
    }
}

impl fmt::Debug for CardNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CardNumber(sensitive)")
    }
}

impl FromStr for CardNumber {
    type Err = CardNumberError;

    fn from_str(text: &str) -> Result<Self, CardNumberError> {
        let bytes: &[u8; 9] = text.as_bytes().try_into().map_err(|_| CardNumberError::Shape)?;
        if !bytes.iter().all(u8::is_ascii_digit) {
            return Err(CardNumberError::Shape);
        }
        Ok(Self(bytes.map(|byte| byte - b'0')))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn has_nine_digits() {
        let check = |text: &str, expect: bool| {
            assert_eq!(text.parse::<CardNumber>().is_ok(), expect, "{text}");
        };
        check("041236587", true);
        check("04123658", false);
        check("0412365878", false);
        check("04123658O", false);
        check("٠٤١٢٣٦٥٨٧", false);
        check(" 41236587", false);
        check("", false);
    }

    #[test]
    fn debug_hides_the_number() {
        let number: CardNumber = "041236587".parse().unwrap();
        assert_eq!(format!("{number:?}"), "CardNumber(sensitive)");
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC{0,12}") {
            let _ = text.parse::<CardNumber>();
        }

        #[test]
        fn what_is_read_is_what_was_typed(text in "[0-9]{9}") {
            prop_assert_eq!(text.parse::<CardNumber>().unwrap().expose(), text);
        }
    }
}
