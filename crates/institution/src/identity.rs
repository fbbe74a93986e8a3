//! Whether and how results name the person.

use hmac::{Hmac, Mac};
use sha2::Sha256;
use verification::Sensitive;
use verification::identifier::Iin;

use crate::keys::{self, KeyError};

/// Shorter keys could be guessed together with the number.
const KEY_MIN_BYTES: usize = 32;

/// Longer ones are no key.
const KEY_MAX_BYTES: usize = 128;

/// How results name the person.
#[derive(Debug, Clone, Default)]
pub enum IdentityRule {
    /// Not at all: the institution finds the person by the document.
    #[default]
    None,
    /// By the identification number itself.
    Iin,
    /// By a keyed hash of the number: the same person has the same one, and without the key nobody gets back.
    Hash(HashKey),
}

/// The key of the hash of numbers. A hash without one would be no protection: all numbers can be tried in a minute.
#[derive(Debug, Clone)]
pub struct HashKey(Sensitive<Vec<u8>>);

impl HashKey {
    /// Reads a key: 64 to 256 hexadecimal digits.
    ///
    /// # Errors
    /// When the text is something else.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        keys::from_hex(text.trim(), KEY_MIN_BYTES, KEY_MAX_BYTES).map(Self)
    }

    /// HMAC-SHA256 over the twelve digits, as 64 small hexadecimal digits.
    pub fn hash(&self, iin: &Iin) -> String {
        let digits = Sensitive::new(iin.expose());
        keys::hex(&hmac(self.0.expose(), &[digits.expose().as_bytes()]))
    }
}

/// HMAC-SHA256 over all parts, one after the other.
pub(crate) fn hmac(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    // A key of any length is taken, so the error cannot be; an empty tag fits nothing.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return Vec::new();
    };
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_hmac_with_the_key_and_of_the_digits() {
        let key = HashKey::parse(&"0b".repeat(32)).unwrap();
        let iin = "880412401006".parse().unwrap();
        // printf 880412401006 | openssl dgst -sha256 -mac HMAC -macopt hexkey:0b0b…
        assert_eq!(
            key.hash(&iin),
            "3702040abd334727c4b6ad340ce0a7e0b78c878008053d09b60a5ecdcf6831a6"
        );
        let other = HashKey::parse(&"0c".repeat(32)).unwrap();
        assert_ne!(key.hash(&iin), other.hash(&iin));
        assert!(!format!("{key:?}").contains("0b"));
    }

    #[test]
    fn short_keys_are_none() {
        for text in ["", "0b", &"0b".repeat(31), &"zz".repeat(32), &"0b".repeat(129)] {
            assert!(HashKey::parse(text).is_err(), "{text}");
        }
        assert!(HashKey::parse(&("0b".repeat(32) + "\n")).is_ok());
    }
}
