//! What a kiosk may be called.

use std::fmt;
use std::str::FromStr;

/// Names that begin so, in either case, are the gateway's own: whoever had one could sign answers of the centre.
pub const RESERVED_PREFIX: &str = "alaqan-";

/// The longest name, in characters: what X.509 allows for a common name.
const LENGTH_MAX: usize = 64;

/// The name of a kiosk: the common name of its certificate.
///
/// It is also used in file names and in lines of logs, so it holds nothing that means something there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KioskName(String);

/// Why a text names no kiosk.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Empty, too long, or with characters that a name does not have.
    #[error(
        "{0:?} cannot name a kiosk: 1 to 64 of the characters a-z A-Z 0-9 . _ - with a letter or digit first"
    )]
    Form(String),
    /// Such names are the gateway's own.
    #[error("{0:?} cannot name a kiosk: names that begin with {RESERVED_PREFIX} are the gateway's own")]
    Reserved(String),
}

impl KioskName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for KioskName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        let first = text
            .bytes()
            .next()
            .is_some_and(|byte| byte.is_ascii_alphanumeric());
        if !first || text.len() > LENGTH_MAX || !text.bytes().all(allowed) {
            // The text came from outside: no more of it is repeated than a name has.
            return Err(NameError::Form(text.chars().take(LENGTH_MAX + 1).collect()));
        }
        if text.to_ascii_lowercase().starts_with(RESERVED_PREFIX) {
            return Err(NameError::Reserved(text.to_owned()));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for KioskName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_which_texts_name_a_kiosk() {
        let check = |text: &str, good: bool| assert_eq!(text.parse::<KioskName>().is_ok(), good, "{text:?}");
        check("kiosk-0001", true);
        check("K", true);
        check("almaty.main_hall-2", true);
        check(&"x".repeat(64), true);
        check(&"x".repeat(65), false);
        check("", false);
        check("a b", false);
        check("../x", false);
        check(".hidden", false);
        check("-flag", false);
        check("a\n", false);
        check("ә", false);
        check("alaqan-gateway", false);
        check("Alaqan-Gateway-Answers", false);
        check("alaqan", true);
    }
}
