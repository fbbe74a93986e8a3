//! The store and its keys: `store-1`, `store-2` and so on, of which the newest one counts.

use std::sync::Arc;

use keys::{KeyStore, rotation};
use outbox::sqlite::{KeyRing, Opened, SqliteOutbox, key_id, quarantined};
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
pub fn open_store(settings: &Settings, keys: &Arc<dyn KeyStore>, now: UtcMs) -> Result<Opened, CustodyError> {
    std::fs::create_dir_all(&settings.data).map_err(|source| CustodyError::Data {
        path: settings.data.clone(),
        source,
    })?;
    let ring = match rotation::ring(&**keys, STORE)? {
        // Whoever runs this under another account, or has lost the keys, must not put a good store aside.
        None if settings.store().exists() => return Err(CustodyError::KeyGone),
        None => KeyRing::of(rotation::add_secret(&**keys, STORE)?.secret),
        Some(ring) => keys_of(ring),
    };
    let log = LogId(random()?);
    let mut opened = SqliteOutbox::open(&settings.store(), &ring, log, now)?;
    if opened.has_older_key {
        // A rotation was cut off.
        rotation::settle(
            &**keys,
            STORE,
            |key| Ok::<_, CustodyError>(opened.outbox.rekey(key)?),
            |key| is_needed(settings, key),
        )?;
    }
    Ok(opened)
}

/// Gives the store a new key and forgets the old ones, but for those that a store which was put aside still needs; gives the
/// number of the new one.
///
/// The new key is kept before the store is changed, and the old ones are forgotten after it, so that at any moment the keys
/// that are kept open the store.
///
/// # Errors
/// When the place of the keys or the store fails. To be repeated then.
pub fn rotate(
    settings: &Settings,
    outbox: &mut SqliteOutbox,
    keys: &dyn KeyStore,
) -> Result<u32, CustodyError> {
    rotation::rotate_secret(
        keys,
        STORE,
        |key| Ok(outbox.rekey(key)?),
        |key| is_needed(settings, key),
    )
}

/// Makes a key for a new store, where the newest one cannot be had any more; gives its number. At the next opening the old
/// store is put aside under the id of its key.
///
/// # Errors
/// When the place of the keys fails.
pub fn give_up_key(keys: &dyn KeyStore) -> Result<u32, CustodyError> {
    Ok(rotation::add_secret(keys, STORE)?.number)
}

/// Whether a store that was put aside was locked with this key, or whether nobody can tell.
fn is_needed(settings: &Settings, key: &Sensitive<[u8; 32]>) -> bool {
    let id = key_id(key);
    quarantined(&settings.store())
        .iter()
        .any(|file| file.key_id.as_ref().is_none_or(|of_file| *of_file == id))
}

/// The keys of the store, of which those that cannot be had are left out.
///
/// # Errors
/// When the place of the keys cannot be reached, the newest key cannot be had, or there is none.
pub fn key_ring(keys: &dyn KeyStore) -> Result<KeyRing, CustodyError> {
    rotation::ring(keys, STORE)?
        .map(keys_of)
        .ok_or(CustodyError::KeyGone)
}

fn keys_of(ring: rotation::Ring) -> KeyRing {
    for lost in &ring.lost {
        tracing::error!(
            error = crate::chain(lost),
            "an older key of the store cannot be had"
        );
    }
    KeyRing {
        current: ring.current.secret,
        older: ring.older.into_iter().map(|older| older.secret).collect(),
    }
}

pub(crate) fn random<const N: usize>() -> Result<[u8; N], CustodyError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(CustodyError::Randomness)?;
    Ok(bytes)
}
