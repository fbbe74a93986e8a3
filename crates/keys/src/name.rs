//! Names of keys: they become file names and entries of the system's key store.

use crate::KeyError;

const CHARS_MAX: usize = 64;

/// Refuses a name that is not 1 to 64 of the characters a-z, 0-9 and -.
pub(crate) fn check(name: &str) -> Result<(), KeyError> {
    if is_name(name) {
        Ok(())
    } else {
        Err(KeyError::Name(name.to_owned()))
    }
}

/// Whether a key can have this name.
pub(crate) fn is_name(name: &str) -> bool {
    (1..=CHARS_MAX).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let check = |name: &str, expect: bool| assert_eq!(is_name(name), expect, "{name:?}");
        check("store-1", true);
        check("-", true);
        check(&"a".repeat(64), true);
        check(&"a".repeat(65), false);
        check("", false);
        check("Store", false);
        check("..", false);
        check("a/b", false);
        check("a\0", false);
        check("қ", false);
    }
}
