//! One-time codes: what the operator reads out to the technician at the new kiosk.

use std::fmt;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use verification::Sensitive;

/// Characters of a code: 20 of 5 bits, 100 bits in all. They cannot be guessed, also without a limit of attempts.
pub const CODE_CHARACTERS: usize = 20;

/// How many random bytes make a code.
pub const CODE_RANDOM_BYTES: usize = CODE_CHARACTERS;

/// Crockford's digits: none of them looks like another one.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The longest text that is looked at: a code with separators, and no more.
const TEXT_MAX_BYTES: usize = 64;

/// A one-time code. It is shown once and kept nowhere: only its digest is.
pub struct OneTimeCode(Sensitive<String>);

/// SHA-256 of a code: what is stored.
#[derive(Clone, Copy)]
pub struct CodeDigest([u8; 32]);

impl OneTimeCode {
    /// A new code from random bytes of the operating system.
    pub fn from_random(bytes: &Sensitive<[u8; CODE_RANDOM_BYTES]>) -> Self {
        // A digit has five bits, so five of each byte are used, and each digit is as likely as any other.
        let digit = |byte: &u8| char::from(DIGITS[usize::from(byte & 31)]);
        Self(Sensitive::new(bytes.expose().iter().map(digit).collect()))
    }

    /// Reads a code as somebody typed it: in either case, with spaces and hyphens anywhere, O for 0, I and L for 1.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > TEXT_MAX_BYTES {
            return None;
        }
        let mut code = Sensitive::new(String::with_capacity(CODE_CHARACTERS));
        for character in text.chars() {
            let digit = match character.to_ascii_uppercase() {
                '-' | ' ' => continue,
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            };
            if !u8::try_from(digit).is_ok_and(|byte| DIGITS.contains(&byte)) {
                return None;
            }
            let mut longer = String::with_capacity(CODE_CHARACTERS);
            longer.push_str(code.expose());
            longer.push(digit);
            code = Sensitive::new(longer);
        }
        (code.expose().len() == CODE_CHARACTERS).then_some(Self(code))
    }

    /// The code for reading out: four groups of five.
    pub fn reveal(&self) -> Sensitive<String> {
        let mut text = String::with_capacity(CODE_CHARACTERS + 3);
        for (at, character) in self.0.expose().chars().enumerate() {
            if at > 0 && at % 5 == 0 {
                text.push('-');
            }
            text.push(character);
        }
        Sensitive::new(text)
    }

    /// What is stored of it. A code has 100 bits, so a plain hash is enough: nobody can try them all.
    pub fn digest(&self) -> CodeDigest {
        CodeDigest(Sha256::digest(self.0.expose().as_bytes()).into())
    }
}

impl fmt::Debug for OneTimeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OneTimeCode(sensitive)")
    }
}

impl CodeDigest {
    /// A digest from the store.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// For the store.
    pub fn to_bytes(self) -> [u8; 32] {
        self.0
    }

    /// Whether both are of the same code. Takes the same time wherever they differ.
    pub fn same(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Debug for CodeDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeDigest(sensitive)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn code(byte: u8) -> OneTimeCode {
        OneTimeCode::from_random(&Sensitive::new([byte; CODE_RANDOM_BYTES]))
    }

    #[test]
    fn is_read_as_people_type_it() {
        let shown = code(1).reveal();
        assert_eq!(shown.expose(), "11111-11111-11111-11111");
        let check = |text: &str, good: bool| {
            let read = OneTimeCode::parse(text);
            assert_eq!(read.is_some(), good, "{text:?}");
            if let Some(read) = read {
                assert!(read.digest().same(&code(1).digest()), "{text:?}");
            }
        };
        check(shown.expose(), true);
        check("IIIIILLLLLiiiiilllll", true);
        check(" 11111 11111 11111 11111 ", true);
        check("1111111111111111111", false);
        check("111111111111111111111", false);
        check("1111111111111111111U", false);
        check("1111111111111111111ә", false);
        check("", false);
        check(&"-".repeat(5000), false);
    }

    #[test]
    fn nothing_of_it_is_seen_in_a_log() {
        let code = code(7);
        assert_eq!(
            format!("{code:?} {:?} {:?}", code.digest(), code.reveal())
                .matches('7')
                .count(),
            0
        );
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read(bytes: [u8; CODE_RANDOM_BYTES], other: [u8; CODE_RANDOM_BYTES]) {
            let one = OneTimeCode::from_random(&Sensitive::new(bytes));
            let read = OneTimeCode::parse(one.reveal().expose()).unwrap();
            prop_assert!(read.digest().same(&one.digest()));
            let differ = bytes.iter().zip(&other).any(|(a, b)| a & 31 != b & 31);
            let other = OneTimeCode::from_random(&Sensitive::new(other));
            prop_assert_eq!(differ, !other.digest().same(&one.digest()));
        }

        #[test]
        fn no_text_does_harm(text in any::<String>()) {
            OneTimeCode::parse(&text);
        }
    }
}
