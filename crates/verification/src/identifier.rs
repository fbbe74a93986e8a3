//! Identifiers issued by the state or by a network: of a person, an organisation, a card, a telephone.
//!
//! What a person typed becomes a value of one of these types once, at the border; behind it nobody asks again
//! whether it is well formed. Well formed is not *real*: only a register knows whether a number was ever issued.

mod bin;
mod card;
mod iin;
mod phone;

pub use bin::{Bin, BinError, BinHolder, BinPart};
pub use card::{CardNumber, CardNumberError};
pub use iin::{BirthDate, Iin, IinError};
pub use phone::{Phone, PhoneError};

/// The twelve digits of a text that is nothing else.
fn twelve_digits(text: &str) -> Option<[u8; 12]> {
    let bytes: &[u8; 12] = text.as_bytes().try_into().ok()?;
    bytes
        .iter()
        .all(u8::is_ascii_digit)
        .then(|| bytes.map(|byte| byte - b'0'))
}

/// The check digit that IIN and BIN share, from their first eleven digits; `None` where no number with these
/// digits is issued.
fn check_digit(digits: &[u8; 12]) -> Option<u8> {
    let weigh = |weights: [u32; 11]| -> u32 {
        weights
            .iter()
            .zip(digits)
            .map(|(weight, digit)| weight * u32::from(*digit))
            .sum::<u32>()
            % 11
    };
    let first = weigh([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    let sum = if first == 10 {
        weigh([3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2])
    } else {
        first
    };
    u8::try_from(sum).ok().filter(|digit| *digit < 10)
}

/// Digits as text.
fn text_of(digits: &[u8]) -> String {
    digits.iter().map(|digit| char::from(b'0' + digit)).collect()
}
