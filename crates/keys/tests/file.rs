//! Key files.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;

use keys::file::FileStore;
use keys::{KeyError, KeyStore, Trouble};
use p256::ecdsa::SigningKey;
use p256::pkcs8::DecodePrivateKey;

fn store() -> (tempfile::TempDir, PathBuf, FileStore) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep").join("keys");
    let keys = FileStore::open(&path).unwrap();
    (folder, path, keys)
}

#[test]
fn a_device_key_is_pkcs_8() {
    let (_folder, path, keys) = store();
    let key = keys.make_device_key("device-1").unwrap();
    let file = path.join("device-1.pem");
    let read = SigningKey::read_pkcs8_pem_file(&file).unwrap();
    assert_eq!(
        read.verifying_key().to_encoded_point(false).as_bytes(),
        key.public_key()
    );
    let openssl = Command::new("openssl")
        .args(["pkey", "-noout", "-check", "-in"])
        .arg(&file)
        .output()
        .unwrap();
    assert!(
        openssl.status.success(),
        "{}",
        String::from_utf8_lossy(&openssl.stderr)
    );
}

#[test]
fn what_a_crash_left_behind_is_swept_and_is_no_key() {
    let (_folder, path, keys) = store();
    keys.keep_secret("store-1", &common::secret(1)).unwrap();
    std::fs::write(path.join(".unfinished-abc"), "half a k").unwrap();
    std::fs::write(path.join("README"), "not ours").unwrap();
    assert_eq!(keys.names().unwrap(), ["store-1"]);
    let keys = FileStore::open(&path).unwrap();
    assert!(!path.join(".unfinished-abc").exists());
    assert!(path.join("README").exists());
    assert!(keys.secret("store-1").unwrap() == Some(common::secret(1)));
}

#[test]
fn a_damaged_file_is_unusable_and_stays() {
    let check = |content: &[u8]| {
        let (_folder, path, keys) = store();
        let file = path.join("store-1.pem");
        write_private(&file, content);
        assert!(matches!(keys.secret("store-1"), Err(KeyError::Unusable { .. })));
        assert!(matches!(
            keys.device_key("store-1"),
            Err(KeyError::Unusable { .. })
        ));
        assert!(matches!(
            keys.keep_secret("store-1", &common::secret(1)),
            Err(KeyError::Exists(_))
        ));
        assert!(matches!(
            keys.make_device_key("store-1"),
            Err(KeyError::Exists(_))
        ));
        assert_eq!(keys.names().unwrap(), ["store-1"]);
        assert_eq!(std::fs::read(&file).unwrap(), content);
    };
    check(b"");
    check(b"-----BEGIN ALAQAN SECRET-----\nAAAA\n-----END ALAQAN SECRET-----\n");
    check(b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    check(&[0xff; 100]);
    check(&vec![b'a'; 70_000]);
}

#[cfg(unix)]
#[test]
fn files_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let (_folder, path, keys) = store();
    keys.keep_secret("store-1", &common::secret(1)).unwrap();
    keys.make_device_key("device-1").unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode(&path), 0o700);
    assert_eq!(mode(&path.join("store-1.pem")), 0o600);
    assert_eq!(mode(&path.join("device-1.pem")), 0o600);
}

#[cfg(unix)]
#[test]
fn what_others_may_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let (_folder, path, keys) = store();
    keys.keep_secret("store-1", &common::secret(1)).unwrap();
    let set =
        |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    for mode in [0o640, 0o604, 0o660, 0o777] {
        set(&path.join("store-1.pem"), mode);
        assert!(matches!(keys.secret("store-1"), Err(KeyError::Exposed { mode: is, .. }) if is == mode));
        assert!(path.join("store-1.pem").exists());
    }
    set(&path.join("store-1.pem"), 0o400);
    assert!(keys.secret("store-1").unwrap() == Some(common::secret(1)));
    set(&path, 0o750);
    assert!(matches!(
        FileStore::open(&path),
        Err(KeyError::Exposed { mode: 0o750, .. })
    ));
}

#[test]
fn a_folder_that_cannot_be_is_unreachable() {
    let (_folder, path, keys) = store();
    keys.keep_secret("store-1", &common::secret(1)).unwrap();
    let opened = FileStore::open(&path.join("store-1.pem").join("keys"));
    assert!(matches!(
        opened,
        Err(KeyError::Unreachable {
            trouble: Trouble::Failed,
            ..
        })
    ));
    std::fs::remove_dir_all(&path).unwrap();
    assert!(matches!(
        keys.names(),
        Err(KeyError::Unreachable {
            trouble: Trouble::Absent,
            ..
        })
    ));
    assert!(matches!(
        keys.keep_secret("store-1", &common::secret(1)),
        Err(KeyError::Unreachable {
            trouble: Trouble::Absent,
            ..
        })
    ));
}

fn write_private(path: &Path, content: &[u8]) {
    let mut options = std::fs::File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    std::io::Write::write_all(&mut options.open(path).unwrap(), content).unwrap();
}
