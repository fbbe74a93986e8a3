//! The files of the demo authority.

use std::fs;

use super::*;
use crate::config::{GatewayConfig, SimConfig, read_store_key};

fn address(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut all: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        // The registry keeps its own time.
        .filter(|path| {
            let name = path.file_name().unwrap().to_str().unwrap();
            name.ends_with(".key") || !name.contains(".db")
        })
        .map(|path| (path.clone(), fs::read(&path).unwrap()))
        .collect();
    all.sort();
    all
}

#[test]
fn a_second_time_changes_nothing_and_the_files_are_good() {
    let folder = tempfile::tempdir().unwrap();
    let (ca, kiosk) = (folder.path().join("a"), folder.path().join("k"));
    init(&ca, address(1), address(2)).unwrap();
    enrol(&ca, "kiosk-1", &kiosk).unwrap();
    let before = (contents(&ca), contents(&kiosk));
    init(&ca, address(3), address(4)).unwrap();
    enrol(&ca, "kiosk-1", &kiosk).unwrap();
    assert_eq!(before, (contents(&ca), contents(&kiosk)));

    let config = GatewayConfig::load(&ca.join("gateway.toml")).unwrap();
    read_store_key(&config.store.key).unwrap();
    let sim = SimConfig::load(&ca.join("idec.toml")).unwrap();
    for iin in sim.script.keys() {
        iin.parse::<verification::identifier::Iin>().unwrap();
    }
}

#[cfg(unix)]
#[test]
fn keys_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let (ca, kiosk) = (folder.path().join("a"), folder.path().join("k"));
    init(&ca, address(1), address(2)).unwrap();
    enrol(&ca, "kiosk-1", &kiosk).unwrap();
    let keys: Vec<_> = contents(&ca)
        .into_iter()
        .chain(contents(&kiosk))
        .map(|(path, _)| path)
        .filter(|path| path.extension().is_some_and(|extension| extension == "key"))
        .collect();
    assert_eq!(keys.len(), 7);
    for key in keys {
        assert_eq!(
            fs::metadata(&key).unwrap().permissions().mode() & 0o777,
            0o600,
            "{}",
            key.display()
        );
    }
}

#[test]
fn an_interrupted_start_is_completed() {
    let folder = tempfile::tempdir().unwrap();
    init(folder.path(), address(1), address(2)).unwrap();
    let key = fs::read(folder.path().join("gateway.key")).unwrap();
    fs::remove_file(folder.path().join("gateway.pem")).unwrap();
    init(folder.path(), address(1), address(2)).unwrap();
    assert!(folder.path().join("gateway.pem").exists());
    assert_eq!(fs::read(folder.path().join("gateway.key")).unwrap(), key);
}

#[test]
fn names_are_checked() {
    let folder = tempfile::tempdir().unwrap();
    let (ca, kiosk) = (folder.path().join("a"), folder.path().join("k"));
    init(&ca, address(1), address(2)).unwrap();
    for name in ["", "a b", "../x", "ә", SIGNER_COMMON_NAME, &"x".repeat(65)] {
        assert!(
            matches!(enrol(&ca, name, &kiosk), Err(AuthorityError::Name(_))),
            "{name}"
        );
    }
    enrol(&ca, "kiosk-1", &kiosk).unwrap();
    assert!(matches!(
        enrol(&ca, "kiosk-2", &kiosk),
        Err(AuthorityError::OtherKiosk { .. })
    ));
}

#[cfg(unix)]
#[test]
fn what_a_former_try_left_behind_lends_its_rights_to_no_key() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let left_behind = folder.path().join("ca.key.new");
    fs::write(
        &left_behind,
        "half a key, and more than the whole one is long".repeat(99),
    )
    .unwrap();
    fs::set_permissions(&left_behind, fs::Permissions::from_mode(0o666)).unwrap();
    init(folder.path(), address(1), address(2)).unwrap();
    let key = fs::metadata(folder.path().join("ca.key")).unwrap();
    assert_eq!(key.permissions().mode() & 0o777, 0o600);
    assert!(!left_behind.exists());
}
