//! One key after another: `store-1`, `store-2` and so on; `device-1`, `device-2` and so on. The highest number is the
//! current one.
//!
//! # The order, and why a crash does not matter
//! A secret that locks something is replaced so:
//! 1. the new secret is kept, and read back: [`add_secret`];
//! 2. what the old one locked is locked with the new one (`rekey`, which is the caller's and a transaction of its own);
//! 3. older ones that nothing needs any more are forgotten.
//!
//! At any moment a secret that is kept opens the store: before 2 an older one, afterwards the current one. After a crash
//! the store is opened with any of [`ring`], and [`settle`] does the steps that are left. Repeating them is harmless.
//!
//! A device key is replaced in the same order: the new key is made, a certificate for it is asked for and kept, and only
//! then is the older key forgotten. Until then both are usable, and the certificate says which of them counts.
//!
//! A key that cannot be had any more ([`KeyError::Unusable`]) is never forgotten here: what it locked may still lie
//! somewhere, and somebody may mend the place.

use verification::Sensitive;
use zeroize::Zeroize;

use crate::{KeyError, KeyStore, Trouble};

/// One of a row of secrets.
#[derive(Debug, Clone)]
pub struct Numbered {
    /// Its number in the row, from 1.
    pub number: u32,
    /// The secret.
    pub secret: Sensitive<[u8; 32]>,
}

/// The secrets of a row that can be had.
#[derive(Debug)]
pub struct Ring {
    /// The newest.
    pub current: Numbered,
    /// The others, newest first. They are here because a rotation was interrupted, or because something else than the
    /// store still needs them.
    pub older: Vec<Numbered>,
    /// What became of older ones that cannot be had any more.
    pub lost: Vec<KeyError>,
}

/// The name of a key: `name("store", 2)` is `store-2`.
pub fn name(row: &str, number: u32) -> String {
    format!("{row}-{number}")
}

/// The numbers of a row among these names, newest first. Names of other rows and odd ones (`store-01`) are left out.
pub fn numbers(names: &[String], row: &str) -> Vec<u32> {
    let mut numbers: Vec<u32> = names.iter().filter_map(|name| number(name, row)).collect();
    numbers.sort_unstable_by(|a, b| b.cmp(a));
    numbers
}

/// The number for the next key of a row, 1 if there is none yet. Keys that cannot be had any more count: no number is
/// given twice while its key stands there. `None` after 4,294,967,295 keys.
pub fn next(names: &[String], row: &str) -> Option<u32> {
    numbers(names, row).first().copied().unwrap_or(0).checked_add(1)
}

fn number(name: &str, row: &str) -> Option<u32> {
    let digits = name.strip_prefix(row)?.strip_prefix('-')?;
    let number: u32 = digits.parse().ok().filter(|number| *number > 0)?;
    (number.to_string() == digits).then_some(number)
}

/// The secrets of a row. `None` if there never was one.
///
/// # Errors
/// When the place cannot be reached, and when the newest secret cannot be had: nothing may then be begun in silence with
/// an older one. To begin with a new one all the same is a decision: [`add_secret`].
pub fn ring(keys: &dyn KeyStore, row: &str) -> Result<Option<Ring>, KeyError> {
    let mut newest_first = numbers(&keys.names()?, row).into_iter();
    let Some(number) = newest_first.next() else {
        return Ok(None);
    };
    let Some(secret) = keys.secret(&name(row, number))? else {
        return Ok(None);
    };
    let mut ring = Ring {
        current: Numbered { number, secret },
        older: Vec::new(),
        lost: Vec::new(),
    };
    for number in newest_first {
        match keys.secret(&name(row, number)) {
            Ok(Some(secret)) => ring.older.push(Numbered { number, secret }),
            Ok(None) => {}
            Err(error @ (KeyError::Unusable { .. } | KeyError::Kind(_))) => ring.lost.push(error),
            Err(error) => return Err(error),
        }
    }
    Ok(Some(ring))
}

/// Keeps a new random secret as the current one of its row, and proves that the place gives it back.
///
/// # Errors
/// When the place cannot be reached, or gives something else back: the name is then taken, and nothing was locked with it.
pub fn add_secret(keys: &dyn KeyStore, row: &str) -> Result<Numbered, KeyError> {
    let number = next(&keys.names()?, row).ok_or_else(|| KeyError::Name(name(row, u32::MAX)))?;
    let name = name(row, number);
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| KeyError::Unreachable {
        place: keys.place(),
        trouble: Trouble::Failed,
        message: format!("the operating system gives no randomness: {error}"),
    })?;
    let secret = Sensitive::new(bytes);
    bytes.zeroize();
    keys.keep_secret(&name, &secret)?;
    if keys.secret(&name)?.as_ref() == Some(&secret) {
        return Ok(Numbered { number, secret });
    }
    Err(KeyError::Unusable {
        name,
        place: keys.place(),
        message: "the place gave something else back than it was given".into(),
    })
}

/// Replaces the current secret of a row; gives the number of the new one.
///
/// `rekey` locks the store with the secret that it is given. `is_needed` tells of an older secret whether something else
/// is still locked with it, such as a store that was put aside.
///
/// # Errors
/// When the place cannot be reached, or `rekey` fails. The next [`settle`] does what is left then.
pub fn rotate_secret<E: From<KeyError>>(
    keys: &dyn KeyStore,
    row: &str,
    rekey: impl FnOnce(&Sensitive<[u8; 32]>) -> Result<(), E>,
    is_needed: impl Fn(&Sensitive<[u8; 32]>) -> bool,
) -> Result<u32, E> {
    let number = add_secret(keys, row)?.number;
    settle(keys, row, rekey, is_needed)?;
    Ok(number)
}

/// Finishes a rotation that was interrupted. Does nothing where there is one secret or none.
///
/// `rekey` and `is_needed` are those of [`rotate_secret`]; `rekey` may be given the secret that the store has already.
///
/// # Errors
/// When the place cannot be reached, or `rekey` fails.
pub fn settle<E: From<KeyError>>(
    keys: &dyn KeyStore,
    row: &str,
    rekey: impl FnOnce(&Sensitive<[u8; 32]>) -> Result<(), E>,
    is_needed: impl Fn(&Sensitive<[u8; 32]>) -> bool,
) -> Result<(), E> {
    let Some(ring) = ring(keys, row)?.filter(|ring| !ring.older.is_empty()) else {
        return Ok(());
    };
    rekey(&ring.current.secret)?;
    for older in ring.older {
        if !is_needed(&older.secret) {
            keys.forget(&name(row, older.number))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_number_is_the_current_one() {
        let check = |names: &[&str], expect: &[u32], expect_next: Option<u32>| {
            let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
            assert_eq!(numbers(&names, "store"), expect, "{names:?}");
            assert_eq!(next(&names, "store"), expect_next, "{names:?}");
        };
        check(&[], &[], Some(1));
        check(&["store-1"], &[1], Some(2));
        check(&["store-10", "store-9", "store-2"], &[10, 9, 2], Some(11));
        check(&["device-7", "store-3", "storehouse-8"], &[3], Some(4));
        check(
            &[
                "store", "store-", "store-0", "store-01", "store-x", "store-+1", "store--1",
            ],
            &[],
            Some(1),
        );
        check(&["store-4294967295", "store-4294967296"], &[u32::MAX], None);
    }
}
