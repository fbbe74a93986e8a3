//! The key store of the system, where it cannot be used.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use keys::system::SystemStore;
use keys::{KeyChoice, KeyError, KeyStore, Place, Trouble};
use secret_service::EncryptionType;
use secret_service::blocking::SecretService;

fn check_unreachable<T>(result: Result<T, KeyError>, expect: Trouble) {
    match result.map(|_| ()) {
        Err(KeyError::Unreachable { place, trouble, .. }) => {
            assert_eq!((place, trouble), (Place::System, expect))
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn without_a_desktop_there_is_none() {
    common::desktop::without("without_a_desktop_there_is_none", || {
        let choice = KeyChoice::System {
            service: "alaqan".into(),
        };
        check_unreachable(keys::open(&choice), Trouble::Absent);
    });
}

#[test]
fn a_locked_store_is_an_error_and_no_question() {
    common::desktop::inside("a_locked_store_is_an_error_and_no_question", || {
        let keys = SystemStore::open("alaqan").unwrap();
        keys.keep_secret("store-1", &common::secret(1)).unwrap();
        let service = SecretService::connect(EncryptionType::Dh).unwrap();
        service.get_default_collection().unwrap().lock().unwrap();

        check_unreachable(keys.secret("store-1"), Trouble::Locked);
        check_unreachable(keys.keep_secret("store-2", &common::secret(2)), Trouble::Locked);
        check_unreachable(keys.make_device_key("device-1"), Trouble::Locked);
        check_unreachable(keys.device_key("device-1"), Trouble::Locked);
        check_unreachable(keys.names(), Trouble::Locked);
        check_unreachable(keys.forget("store-1"), Trouble::Locked);
        check_unreachable(SystemStore::open("alaqan"), Trouble::Locked);
    });
}

#[test]
fn what_is_damaged_or_doubled_stays() {
    common::desktop::inside("what_is_damaged_or_doubled_stays", || {
        let keys = SystemStore::open("alaqan").unwrap();
        let service = SecretService::connect(EncryptionType::Dh).unwrap();
        let collection = service.get_default_collection().unwrap();
        let put = |name: &str, bytes: &[u8]| {
            let attributes = [("service", "alaqan"), ("username", name)].into();
            collection
                .create_item(name, attributes, bytes, false, "text/plain")
                .unwrap();
        };
        put("store-1", b"no key");
        put("store-2", &[0xff, 0xfe]);
        put("store-3", b"");
        put("store-4", b"one");
        put("store-4", b"two");
        for name in ["store-1", "store-2", "store-3", "store-4"] {
            assert!(
                matches!(keys.secret(name), Err(KeyError::Unusable { .. })),
                "{name}"
            );
            assert!(
                matches!(keys.device_key(name), Err(KeyError::Unusable { .. })),
                "{name}"
            );
            let kept = keys.keep_secret(name, &common::secret(1));
            assert!(matches!(kept, Err(KeyError::Exists(_))), "{name}: {kept:?}");
            assert!(
                matches!(keys.make_device_key(name), Err(KeyError::Exists(_))),
                "{name}"
            );
        }
        assert_eq!(
            keys.names().unwrap(),
            ["store-1", "store-2", "store-3", "store-4"]
        );
    });
}

#[test]
fn services_do_not_see_each_other() {
    common::desktop::inside("services_do_not_see_each_other", || {
        for service in ["", "a/b", "a b", "\n", "банк", &"a".repeat(129)] {
            assert!(
                matches!(SystemStore::open(service), Err(KeyError::Name(_))),
                "{service:?}"
            );
        }
        SystemStore::open("alaqan-KIOSK_7.almaty").unwrap();
        let one = SystemStore::open("alaqan").unwrap();
        let other = SystemStore::open("alaqan-2").unwrap();
        one.keep_secret("store-1", &common::secret(1)).unwrap();
        assert!(other.secret("store-1").unwrap().is_none());
        assert_eq!(other.names().unwrap(), Vec::<String>::new());
        assert!(!other.forget("store-1").unwrap());
        assert!(one.secret("store-1").unwrap() == Some(common::secret(1)));
    });
}
