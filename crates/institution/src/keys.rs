//! Keys as they stand in files.

use thiserror::Error;
use verification::Sensitive;

/// Why a text holds no key. Nothing of it is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum KeyError {
    /// Not hexadecimal digits, too few or too many of them.
    #[error("a key has {min} to {max} hexadecimal digits")]
    Digits {
        /// The fewest digits.
        min: usize,
        /// The most digits.
        max: usize,
    },
    /// A line is not a name and a key.
    #[error("line {0} is not a name, a space and a key")]
    Line(usize),
    /// A name is not one.
    #[error("line {0}: a name has 1 to 16 of the characters a-z 0-9 -")]
    Name(usize),
    /// A name stands there twice.
    #[error("line {0}: the name stands there before")]
    Twice(usize),
    /// No key, or too many.
    #[error("there are {found} keys; 1 to {max} may be")]
    Count {
        /// How many.
        found: usize,
        /// The most.
        max: usize,
    },
}

/// Bytes from hexadecimal digits.
pub(crate) fn from_hex(text: &str, min: usize, max: usize) -> Result<Sensitive<Vec<u8>>, KeyError> {
    let wrong = KeyError::Digits {
        min: min * 2,
        max: max * 2,
    };
    let digit = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) || !(min * 2..=max * 2).contains(&digits.len()) {
        return Err(wrong);
    }
    let mut bytes = Vec::with_capacity(digits.len() / 2);
    for pair in digits.chunks_exact(2) {
        let (Some(high), Some(low)) = (digit(pair[0]), digit(pair[1])) else {
            // What was read so far is part of somebody's key.
            drop(Sensitive::new(bytes));
            return Err(wrong);
        };
        bytes.push(high << 4 | low);
    }
    Ok(Sensitive::new(bytes))
}

/// Small hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
