//! Rotation under crashes at every point: whatever is locked can be opened with a secret that is kept.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::cell::Cell;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use keys::file::FileStore;
use keys::{DeviceKey, KeyError, KeyStore, Place, Trouble, rotation};
use proptest::prelude::*;
use verification::Sensitive;

const ROW: &str = "store";

/// When the power fails: at the step of this number, before or after it was done.
#[derive(Debug, Clone, Copy)]
struct Crash {
    step: u32,
    done: bool,
}

fn crashed() -> KeyError {
    KeyError::Unreachable {
        place: Place::File,
        trouble: Trouble::Failed,
        message: "crash".into(),
    }
}

/// Counts what is written and fails once.
#[derive(Debug)]
struct Power {
    crash: Crash,
    step: AtomicU32,
}

impl Power {
    fn new(crash: Crash) -> Self {
        Self {
            crash,
            step: AtomicU32::new(0),
        }
    }

    fn step<T>(&self, write: impl FnOnce() -> Result<T, KeyError>) -> Result<T, KeyError> {
        let step = self.step.fetch_add(1, Ordering::Relaxed);
        if step == self.crash.step && !self.crash.done {
            return Err(crashed());
        }
        let done = write()?;
        if step == self.crash.step {
            return Err(crashed());
        }
        Ok(done)
    }
}

/// A place on a machine whose power fails.
#[derive(Debug)]
struct Failing<'a> {
    keys: FileStore,
    power: &'a Power,
}

impl KeyStore for Failing<'_> {
    fn place(&self) -> Place {
        self.keys.place()
    }
    fn secret(&self, name: &str) -> Result<Option<Sensitive<[u8; 32]>>, KeyError> {
        self.keys.secret(name)
    }
    fn keep_secret(&self, name: &str, secret: &Sensitive<[u8; 32]>) -> Result<(), KeyError> {
        self.power.step(|| self.keys.keep_secret(name, secret))
    }
    fn device_key(&self, name: &str) -> Result<Option<Arc<dyn DeviceKey>>, KeyError> {
        self.keys.device_key(name)
    }
    fn make_device_key(&self, name: &str) -> Result<Arc<dyn DeviceKey>, KeyError> {
        self.power.step(|| self.keys.make_device_key(name))
    }
    fn names(&self) -> Result<Vec<String>, KeyError> {
        self.keys.names()
    }
    fn forget(&self, name: &str) -> Result<bool, KeyError> {
        self.power.step(|| self.keys.forget(name))
    }
}

/// What is locked: the store, and stores that were put aside.
struct Locked {
    store: Cell<[u8; 32]>,
    aside: Vec<[u8; 32]>,
}

impl Locked {
    fn is_needed(&self, secret: &Sensitive<[u8; 32]>) -> bool {
        self.aside.contains(secret.expose())
    }

    fn rekey(&self, power: &Power, secret: &Sensitive<[u8; 32]>) -> Result<(), KeyError> {
        power.step(|| {
            self.store.set(*secret.expose());
            Ok(())
        })
    }

    /// Everything that is locked opens with something that is kept.
    fn check(&self, folder: &Path) {
        let ring = rotation::ring(&FileStore::open(folder).unwrap(), ROW)
            .unwrap()
            .unwrap();
        assert!(ring.lost.is_empty());
        let kept: Vec<[u8; 32]> = std::iter::once(&ring.current)
            .chain(&ring.older)
            .map(|one| *one.secret.expose())
            .collect();
        assert!(kept.contains(&self.store.get()));
        assert!(self.aside.iter().all(|key| kept.contains(key)));
    }
}

fn crash() -> impl Strategy<Value = Crash> {
    (0u32..6, any::<bool>()).prop_map(|(step, done)| Crash { step, done })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// Each round is a rotation that is interrupted, a start that is interrupted, or a store that is put aside.
    #[test]
    fn nothing_is_ever_locked_out(rounds in proptest::collection::vec((crash(), 0u8..3), 1..12)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        let first = rotation::add_secret(&FileStore::open(&path).unwrap(), ROW).unwrap();
        let mut locked = Locked { store: Cell::new(*first.secret.expose()), aside: Vec::new() };
        for (crash, what) in rounds {
            let power = Power::new(crash);
            let keys = Failing { keys: FileStore::open(&path).unwrap(), power: &power };
            let rekey = |secret: &Sensitive<[u8; 32]>| locked.rekey(&power, secret);
            let is_needed = |secret: &Sensitive<[u8; 32]>| locked.is_needed(secret);
            match what {
                0 => drop(rotation::rotate_secret(&keys, ROW, rekey, is_needed)),
                1 => drop(rotation::settle(&keys, ROW, rekey, is_needed)),
                _ => {
                    let put_aside = locked.store.get();
                    locked.aside.push(put_aside);
                    drop(rotation::add_secret(&keys, ROW));
                }
            }
            locked.check(&path);
        }
        // Once the power stays, one start brings everything in order.
        let power = Power::new(Crash { step: u32::MAX, done: false });
        let keys = FileStore::open(&path).unwrap();
        rotation::settle(&keys, ROW, |secret| locked.rekey(&power, secret), |secret| locked.is_needed(secret)).unwrap();
        locked.check(&path);
        let ring = rotation::ring(&keys, ROW).unwrap().unwrap();
        prop_assert!(*ring.current.secret.expose() == locked.store.get());
        prop_assert!(ring.older.iter().all(|older| locked.is_needed(&older.secret)));
    }
}

#[test]
fn a_rotation_leaves_one_secret() {
    let folder = tempfile::tempdir().unwrap();
    let keys = FileStore::open(&folder.path().join("keys")).unwrap();
    assert!(rotation::ring(&keys, ROW).unwrap().is_none());
    assert_eq!(rotation::add_secret(&keys, ROW).unwrap().number, 1);
    let store = Cell::new([0; 32]);
    let rekey = |secret: &Sensitive<[u8; 32]>| -> Result<(), KeyError> {
        store.set(*secret.expose());
        Ok(())
    };
    assert_eq!(rotation::rotate_secret(&keys, ROW, rekey, |_| false).unwrap(), 2);
    assert_eq!(keys.names().unwrap(), ["store-2"]);
    assert!(keys.secret("store-2").unwrap() == Some(Sensitive::new(store.get())));
}

#[test]
fn a_lost_secret_is_neither_replaced_nor_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys");
    let keys = FileStore::open(&path).unwrap();
    rotation::add_secret(&keys, ROW).unwrap();
    std::fs::write(path.join("store-1.pem"), "damaged").unwrap();
    // The newest one is lost: nothing begins by itself.
    assert!(matches!(rotation::ring(&keys, ROW), Err(KeyError::Unusable { name, .. }) if name == "store-1"));
    let settled = rotation::settle::<KeyError>(&keys, ROW, |_| panic!("nothing to lock with"), |_| false);
    assert!(matches!(settled, Err(KeyError::Unusable { .. })));
    // Somebody decides to begin anew.
    assert_eq!(rotation::add_secret(&keys, ROW).unwrap().number, 2);
    let ring = rotation::ring(&keys, ROW).unwrap().unwrap();
    assert_eq!(
        (ring.current.number, ring.older.len(), ring.lost.len()),
        (2, 0, 1)
    );
    assert_eq!(
        rotation::rotate_secret::<KeyError>(&keys, ROW, |_| Ok(()), |_| false).unwrap(),
        3
    );
    assert_eq!(keys.names().unwrap(), ["store-1", "store-3"]);
    assert_eq!(std::fs::read(path.join("store-1.pem")).unwrap(), b"damaged");
}
