//! One suite over all places.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::sync::Arc;

use keys::file::FileStore;
use keys::{KeyChoice, Place};

#[test]
fn files_conform() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys");
    common::conform(&|| Arc::new(FileStore::open(&path).unwrap()));
    assert_eq!(FileStore::open(&path).map(|_| ()).ok(), Some(()));
    let choice = KeyChoice::File { folder: path };
    assert_eq!(keys::open(&choice).unwrap().place(), Place::File);
}

#[cfg(target_os = "linux")]
#[test]
fn a_tpm_conforms() {
    let tpm = common::swtpm::Swtpm::start();
    let folder = tempfile::tempdir().unwrap();
    let choice = KeyChoice::Tpm {
        tcti: tpm.tcti(),
        folder: folder.path().join("keys"),
    };
    common::conform(&|| keys::open(&choice).unwrap());
    assert_eq!(keys::open(&choice).unwrap().place(), Place::Tpm);
}

/// GNOME Keyring on a D-Bus of its own: this test starts itself again in there.
#[cfg(target_os = "linux")]
#[test]
fn the_key_store_of_the_system_conforms() {
    common::desktop::inside("the_key_store_of_the_system_conforms", || {
        let choice = KeyChoice::System {
            service: "alaqan-test".into(),
        };
        common::conform(&|| keys::open(&choice).unwrap());
        assert_eq!(keys::open(&choice).unwrap().place(), Place::System);
    });
}
