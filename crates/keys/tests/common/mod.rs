//! What the tests of all places share.
#![allow(dead_code, reason = "each test program uses its part")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;

use keys::{DeviceKey, KeyError, KeyStore};
use p256::ecdsa::signature::Verifier;
use p256::ecdsa::{DerSignature, VerifyingKey};
use verification::Sensitive;

#[cfg(target_os = "linux")]
pub mod desktop;
#[cfg(target_os = "linux")]
pub mod swtpm;
#[cfg(target_os = "linux")]
pub mod tap;

/// A secret that is easy to find wherever it leaked to.
pub fn secret(fill: u8) -> Sensitive<[u8; 32]> {
    Sensitive::new([fill; 32])
}

/// Whether the key signs what its public point verifies, and nothing else.
pub fn check_signs(key: &dyn DeviceKey) {
    let public = VerifyingKey::from_sec1_bytes(&key.public_key()).unwrap();
    for message in [&b""[..], b"document", &[0xa5; 5000]] {
        let signature = DerSignature::from_bytes(&key.sign(message).unwrap()).unwrap();
        public.verify(message, &signature).unwrap();
        public.verify(b"another", &signature).unwrap_err();
    }
}

/// What every place keeps to. `open` opens the same place again, as a restarted program would.
pub fn conform(open: &dyn Fn() -> Arc<dyn KeyStore>) {
    let keys = open();
    assert_eq!(open().place(), keys.place());
    empty(&*keys);
    secrets(&*keys, open);
    device_keys(&*keys, open);
    kinds(&*keys);
    names(&*keys);
    threads(&keys);
    forgetting(&*keys, open);
}

fn empty(keys: &dyn KeyStore) {
    assert_eq!(keys.names().unwrap(), Vec::<String>::new());
    assert!(keys.secret("store-1").unwrap().is_none());
    assert!(keys.device_key("device-1").unwrap().is_none());
    assert!(!keys.forget("store-1").unwrap());
}

fn secrets(keys: &dyn KeyStore, open: &dyn Fn() -> Arc<dyn KeyStore>) {
    // Zeros at either end, and bytes that are no text.
    let mut bytes = [0xff; 32];
    bytes[0] = 0;
    bytes[31] = 0;
    let first = Sensitive::new(bytes);
    keys.keep_secret("store-1", &first).unwrap();
    keys.keep_secret("store-2", &secret(2)).unwrap();
    assert!(
        matches!(keys.keep_secret("store-1", &secret(3)), Err(KeyError::Exists(name)) if name == "store-1")
    );
    for keys in [keys, &*open()] {
        assert!(keys.secret("store-1").unwrap() == Some(first.clone()));
        assert!(keys.secret("store-2").unwrap() == Some(secret(2)));
        assert!(keys.secret("store-3").unwrap().is_none());
    }
}

fn device_keys(keys: &dyn KeyStore, open: &dyn Fn() -> Arc<dyn KeyStore>) {
    let made = keys.make_device_key("device-1").unwrap();
    let other = keys.make_device_key("device-2").unwrap();
    assert_ne!(made.public_key(), other.public_key());
    assert!(matches!(keys.make_device_key("device-1"), Err(KeyError::Exists(name)) if name == "device-1"));
    for keys in [keys, &*open()] {
        let key = keys.device_key("device-1").unwrap().unwrap();
        assert_eq!(key.public_key(), made.public_key());
        check_signs(&*key);
    }
    check_signs(&*made);
    let debug = format!("{keys:?} {made:?}");
    assert!(debug.len() < 1000, "{debug}");
}

fn kinds(keys: &dyn KeyStore) {
    assert!(matches!(keys.secret("device-1"), Err(KeyError::Kind(_))));
    assert!(matches!(keys.device_key("store-1"), Err(KeyError::Kind(_))));
    assert!(matches!(
        keys.keep_secret("device-1", &secret(9)),
        Err(KeyError::Exists(_))
    ));
    assert!(matches!(
        keys.make_device_key("store-1"),
        Err(KeyError::Exists(_))
    ));
}

fn names(keys: &dyn KeyStore) {
    assert_eq!(
        keys.names().unwrap(),
        ["device-1", "device-2", "store-1", "store-2"]
    );
    for name in ["", "..", "a/b", "Store-1", "store_1", "ключ", &"a".repeat(65)] {
        assert!(matches!(keys.secret(name), Err(KeyError::Name(_))), "{name}");
        assert!(
            matches!(keys.keep_secret(name, &secret(1)), Err(KeyError::Name(_))),
            "{name}"
        );
        assert!(matches!(keys.device_key(name), Err(KeyError::Name(_))), "{name}");
        assert!(
            matches!(keys.make_device_key(name), Err(KeyError::Name(_))),
            "{name}"
        );
        assert!(matches!(keys.forget(name), Err(KeyError::Name(_))), "{name}");
    }
    let longest = "z".repeat(64);
    keys.keep_secret(&longest, &secret(7)).unwrap();
    assert!(keys.secret(&longest).unwrap() == Some(secret(7)));
    assert!(keys.forget(&longest).unwrap());
}

/// TLS signs on its own thread while the store is opened on another.
fn threads(keys: &Arc<dyn KeyStore>) {
    let key = keys.device_key("device-1").unwrap().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| check_signs(&*key));
            scope.spawn(|| assert!(keys.secret("store-2").unwrap() == Some(secret(2))));
        }
    });
    // Whoever comes first has the name; nobody else takes it away.
    let won = std::thread::scope(|scope| {
        let tries: Vec<_> = (10..14)
            .map(|fill| {
                scope.spawn(move || {
                    keys.keep_secret("contested", &secret(fill))
                        .is_ok()
                        .then_some(fill)
                })
            })
            .collect();
        tries
            .into_iter()
            .filter_map(|one| one.join().unwrap())
            .collect::<Vec<u8>>()
    });
    assert_eq!(won.len(), 1);
    assert!(keys.secret("contested").unwrap() == Some(secret(won[0])));
    assert!(keys.forget("contested").unwrap());
}

fn forgetting(keys: &dyn KeyStore, open: &dyn Fn() -> Arc<dyn KeyStore>) {
    assert!(keys.forget("store-1").unwrap());
    assert!(!keys.forget("store-1").unwrap());
    assert!(keys.forget("device-2").unwrap());
    for keys in [keys, &*open()] {
        assert_eq!(keys.names().unwrap(), ["device-1", "store-2"]);
        assert!(keys.secret("store-1").unwrap().is_none());
        assert!(keys.device_key("device-2").unwrap().is_none());
    }
    keys.keep_secret("store-1", &secret(5)).unwrap();
    assert!(keys.secret("store-1").unwrap() == Some(secret(5)));
}
