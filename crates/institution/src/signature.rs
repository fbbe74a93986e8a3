//! The signature of a notice: how the receiver knows that it is ours, whole and new.
//!
//! ```text
//!   Alaqan-Id:        4be1…                          the id of the notice, for who routes before parsing
//!   Alaqan-Timestamp: 1795373999                     when this try began, seconds since 1970
//!   Alaqan-Signature: k1=9f86…, k2=60303ae…          one for each key: HMAC-SHA256 over timestamp "." body, hexadecimal
//! ```
//!
//! While keys change there are two in the file: the receiver takes a notice if the signature of a key that it knows fits.

use verification::Sensitive;
use verification::time::UtcMs;

use crate::identity::hmac;
use crate::keys::{self, KeyError};

/// Header with the id of the notice.
pub const ID_HEADER: &str = "Alaqan-Id";

/// Header with the time of the try, whole seconds since 1970 in UTC.
pub const TIMESTAMP_HEADER: &str = "Alaqan-Timestamp";

/// Header with the signatures.
pub const SIGNATURE_HEADER: &str = "Alaqan-Signature";

/// How many keys sign at once.
pub const KEYS_MAX: usize = 4;

/// The shortest key: that of the hash itself.
const KEY_MIN_BYTES: usize = 32;

/// The longest key: a longer one would be hashed first.
const KEY_MAX_BYTES: usize = 64;

#[derive(Debug, Clone)]
struct Key {
    name: String,
    secret: Sensitive<Vec<u8>>,
}

/// The keys that sign notices.
#[derive(Debug, Clone)]
pub struct SigningKeys(Vec<Key>);

impl SigningKeys {
    /// Reads keys: in each line a name, white space, and 64 to 128 hexadecimal digits. Empty lines and those that begin
    /// with `#` count for nothing.
    ///
    /// # Errors
    /// Names the line, and nothing of what stands in it.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let mut all: Vec<Key> = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (name, digits) = line
                .split_once(char::is_whitespace)
                .ok_or(KeyError::Line(number))?;
            let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            if name.len() > 16 || !name.bytes().all(good) {
                return Err(KeyError::Name(number));
            }
            if all.iter().any(|key| key.name == name) {
                return Err(KeyError::Twice(number));
            }
            all.push(Key {
                name: name.to_owned(),
                secret: keys::from_hex(digits.trim(), KEY_MIN_BYTES, KEY_MAX_BYTES)?,
            });
        }
        if !(1..=KEYS_MAX).contains(&all.len()) {
            return Err(KeyError::Count {
                found: all.len(),
                max: KEYS_MAX,
            });
        }
        Ok(Self(all))
    }

    /// Names of the keys, in their order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|key| key.name.as_str())
    }

    /// The header with one signature for each key.
    pub fn header(&self, timestamp: &str, body: &[u8]) -> String {
        let signed = self.0.iter().map(|key| {
            let tag = hmac(key.secret.expose(), &[timestamp.as_bytes(), b".", body]);
            format!("{}={}", key.name, keys::hex(&tag))
        });
        signed.collect::<Vec<_>>().join(", ")
    }
}

/// The header with the time of the try.
pub fn timestamp(now: UtcMs) -> String {
    now.0.div_euclid(1000).to_string()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_signature_is_what_openssl_makes() {
        let text = format!(
            "# of the bank\n\nk1 {}\nk-2\t{}\n",
            "0b".repeat(32),
            "0C".repeat(64)
        );
        let keys = SigningKeys::parse(&text).unwrap();
        assert_eq!(keys.names().collect::<Vec<_>>(), ["k1", "k-2"]);
        assert_eq!(timestamp(UtcMs(1_795_373_999_999)), "1795373999");
        // printf '1795373999.{"a":1}' | openssl dgst -sha256 -mac HMAC -macopt hexkey:0b0b…
        assert_eq!(
            keys.header("1795373999", br#"{"a":1}"#),
            "k1=c9066ccd751c13c228f02942ff6a58e1347d2c8abeb8092e92c7f5c36cb1bf60, k-2=a5784df0d64896ea6dffdab1066b1a95ac7a8c084c551517a8dbad5170dd6e78"
        );
        let said = format!("{keys:?}");
        assert!(!said.contains("0b") && !said.contains("11, 11"), "{said}");
    }

    #[test]
    fn what_is_no_list_of_keys_is_refused() {
        let key = "0b".repeat(32);
        let check = |text: &str, expect| assert_eq!(SigningKeys::parse(text).err(), Some(expect), "{text}");
        check("", KeyError::Count { found: 0, max: 4 });
        check(&key, KeyError::Line(1));
        check(&format!("\nK {key}"), KeyError::Name(2));
        check(&format!("a {key}\na {key}"), KeyError::Twice(2));
        check(&format!("{} {key}", "a".repeat(17)), KeyError::Name(1));
        let digits = KeyError::Digits { min: 64, max: 128 };
        check("a 0b", digits);
        check(&format!("a {key}0"), digits);
        check(&format!("a {}", "0b".repeat(65)), digits);
        let many: String = (0..5).map(|number| format!("k{number} {key}\n")).collect();
        check(&many, KeyError::Count { found: 5, max: 4 });
    }

    proptest! {
        #[test]
        fn foreign_files_never_panic(text: String, lines in prop::collection::vec("[a-zA-Z0-9 #\\-\u{430}]{0,80}", 0..6)) {
            let _ = SigningKeys::parse(&text);
            let _ = SigningKeys::parse(&lines.join("\n"));
        }
    }
}
