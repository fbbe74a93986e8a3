//! The store and its keys: `store-1`, `store-2` and so on, of which the newest one counts.

use std::sync::Arc;

use keys::{KeyError, KeyStore};

use outbox::sqlite::{KeyRing, Opened, SqliteOutbox};
use verification::Sensitive;
use verification::audit::LogId;
use verification::time::UtcMs;

use crate::{CustodyError, Settings};

/// Names of the store's keys.
const STORE: &str = "store";

/// The place of this kiosk's keys.
///
/// # Errors
/// When it cannot be reached. There is no other place to fall back to.
pub fn open_keys(settings: &Settings) -> Result<Arc<dyn KeyStore>, CustodyError> {
    Ok(keys::open(&settings.keys)?)
}

/// Opens the kiosk's store with the keys of this machine; makes folder, key and store where there are none.
///
/// # Errors
/// When the place of the keys or the store fails. A key that is gone does not delete anything: the store that it opened is
/// put aside under the id of its key, and a new one begins.
pub fn open_store(
    settings: &Settings,
    keys: &Arc<dyn KeyStore>,
    now: UtcMs,
) -> Result<Opened, CustodyError> {
    std::fs::create_dir_all(&settings.data).map_err(|source| CustodyError::Data {
        path: settings.data.clone(),
        source,
    })?;
    let ring = key_ring(&**keys)?;
    let log = LogId(random()?);
    Ok(SqliteOutbox::open(&settings.store(), &ring, log, now)?)
}

/// Gives the store a new key and forgets the old ones; gives the number of the new one.
///
/// The new key is kept before the store is changed, and the old ones are forgotten after it, so that at any moment the keys
/// that are kept open the store.
///
/// # Errors
/// When the place of the keys or the store fails. To be repeated then.
pub fn rotate(outbox: &mut SqliteOutbox, keys: &dyn KeyStore) -> Result<u32, CustodyError> {
    let number = numbers(keys)?.first().map_or(1, |number| number + 1);
    let key = Sensitive::new(random()?);
    keys.keep_secret(&name(number), &key)?;
    outbox.rekey(&key)?;
    for older in numbers(keys)?.into_iter().filter(|older| *older != number) {
        keys.forget(&name(older))?;
    }
    Ok(number)
}

/// Makes a key for a new store, where the newest one cannot be had any more; gives its number. At the next opening the old
/// store is put aside under the id of its key.
///
/// # Errors
/// When the place of the keys fails.
pub fn give_up_key(keys: &dyn KeyStore) -> Result<u32, CustodyError> {
    let number = numbers(keys)?.first().map_or(1, |number| number + 1);
    keys.keep_secret(&name(number), &Sensitive::new(random()?))?;
    Ok(number)
}

fn key_ring(keys: &dyn KeyStore) -> Result<KeyRing, CustodyError> {
    let mut ring = Vec::new();
    for number in numbers(keys)? {
        match keys.secret(&name(number)) {
            Ok(Some(key)) => ring.push(key),
            Ok(None) => {}
            // A key that came after it counts; what this one locked stays until somebody has mended the place.
            Err(KeyError::Unusable { .. }) if !ring.is_empty() => {
                tracing::error!(number, "an older key of the store cannot be had");
            }
            Err(error) => return Err(error.into()),
        }
    }
    if ring.is_empty() {
        let key = Sensitive::new(random()?);
        keys.keep_secret(&name(1), &key)?;
        ring.push(key);
    }
    let current = ring.remove(0);
    Ok(KeyRing { current, older: ring })
}

/// Newest first.
fn numbers(keys: &dyn KeyStore) -> Result<Vec<u32>, CustodyError> {
    let mut numbers: Vec<u32> = keys
        .names()?
        .iter()
        .filter_map(|name| name.strip_prefix(STORE)?.strip_prefix('-')?.parse().ok())
        .collect();
    numbers.sort_unstable_by(|a, b| b.cmp(a));
    Ok(numbers)
}

fn name(number: u32) -> String {
    format!("{STORE}-{number}")
}

pub(crate) fn random<const N: usize>() -> Result<[u8; N], CustodyError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(CustodyError::Randomness)?;
    Ok(bytes)
}
