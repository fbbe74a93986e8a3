//! From one key to another, and what a death in between leaves.

use std::io::{BufRead, BufReader};

use super::*;

fn with_older(current: u8, older: u8) -> KeyRing {
    KeyRing {
        current: key(current),
        older: vec![key(older)],
    }
}

fn key_id_file(folder: &TempDir) -> String {
    fs::read_to_string(beside(&path(folder), ".key-id")).unwrap()
}

#[test]
fn a_store_changes_its_key() {
    let folder = folder();
    let mut outbox = reopen(&path(&folder));
    outbox.put(&document(1), &[], NOW).unwrap();
    assert_eq!(key_id_file(&folder).trim_end(), key_id(&key(1)));
    drop(outbox);

    let opened = SqliteOutbox::open(&path(&folder), &with_older(2, 1), LOG, NOW).unwrap();
    assert_eq!((opened.has_older_key, opened.quarantined), (true, None));
    let mut outbox = opened.outbox;
    outbox.rekey(&key(2)).unwrap();
    outbox.put(&document(2), &[], NOW).unwrap();
    assert_eq!(key_id_file(&folder).trim_end(), key_id(&key(2)));
    drop(outbox);

    let opened = SqliteOutbox::open(&path(&folder), &ring(2), LOG, NOW).unwrap();
    assert_eq!((opened.has_older_key, opened.quarantined), (false, None));
    let mut outbox = opened.outbox;
    assert_eq!(drain(&mut outbox, NOW), [1, 2]);
    assert_eq!(outbox.verify_audit().unwrap(), 2);
    drop(outbox);

    // The old key alone is a wrong one now, and the file says which one it wants.
    let opened = SqliteOutbox::open(&path(&folder), &ring(1), LOG, NOW).unwrap();
    let quarantined = opened.quarantined.unwrap();
    assert_eq!(quarantined.cause, QuarantineCause::WrongKey);
    assert_eq!(quarantined.key_id, Some(key_id(&key(2))));
    let mut outbox = opened.outbox;
    outbox.put(&document(3), &[], NOW).unwrap();
    outbox.put(&document(2), &[], NOW).unwrap();
    let wrong = outbox.salvage(&quarantined.path, &ring(3), NOW);
    assert!(matches!(wrong, Err(OutboxError::Unreadable(_))), "{wrong:?}");
    // The key is found again; what is here already is not doubled.
    for documents in [1, 0] {
        let salvage = outbox.salvage(&quarantined.path, &with_older(3, 2), NOW).unwrap();
        assert_eq!(
            salvage,
            Salvage {
                documents,
                lost: Some(0)
            }
        );
    }
    assert_eq!(drain(&mut outbox, NOW), [3, 2, 1]);
    assert_eq!(outbox.counts().unwrap().in_flight, 3);
}

/// A wrong name beside the file misleads nobody.
#[test]
fn the_name_of_the_key_is_only_a_hint() {
    let folder = folder();
    reopen(&path(&folder)).put(&document(1), &[], NOW).unwrap();
    for said in ["75877bb4\n", "", "not a name", "\u{0}"] {
        fs::write(beside(&path(&folder), ".key-id"), said).unwrap();
        assert_eq!(drain(&mut reopen(&path(&folder)), NOW), [1]);
        assert_eq!(key_id_file(&folder).trim_end(), key_id(&key(1)));
    }
}

/// Entry of the child process of the test below; for itself it does nothing.
#[test]
fn rekey_child() {
    let Some(folder) = std::env::var_os("OUTBOX_REKEY_FOLDER") else {
        return;
    };
    let path = Path::new(&folder).join("outbox.db");
    let mut outbox = SqliteOutbox::open(&path, &ring(1), LOG, NOW).unwrap().outbox;
    println!("rekeying");
    outbox.rekey(&key(2)).unwrap();
    println!("rekeyed");
    loop {
        std::thread::park();
    }
}

#[test]
fn a_kill_while_the_key_is_changed_loses_nothing() {
    const DOCUMENTS: u8 = 40;
    // Killed when the journal has this many bytes; at last when all is done.
    for killed_at in [0, 40_000, 400_000, u64::MAX] {
        let folder = folder();
        let mut outbox = reopen(&path(&folder));
        for number in 0..DOCUMENTS {
            let document = SignedDocument {
                bytes: vec![number; 30_000],
                ..document(number)
            };
            outbox.put(&document, &[], NOW).unwrap();
        }
        drop(outbox);
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "sqlite::tests::rekey::rekey_child",
                "--exact",
                "--nocapture",
                "--test-threads=1",
            ])
            .env("OUTBOX_REKEY_FOLDER", folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().ends_with("rekeying")));
        let journal = beside(&path(&folder), "-wal");
        let length = || fs::metadata(&journal).map_or(0, |metadata| metadata.len());
        if killed_at == u64::MAX {
            assert!(lines.any(|line| line.unwrap().ends_with("rekeyed")));
        }
        // It is over too if the name of the new key stands there.
        let is_done = || key_id_file(&folder).trim_end() == key_id(&key(2));
        while length() < killed_at && !is_done() {
            std::thread::yield_now();
        }
        child.kill().unwrap();
        child.wait().unwrap();

        let opened = SqliteOutbox::open(&path(&folder), &with_older(2, 1), LOG, NOW).unwrap();
        assert_eq!(opened.quarantined, None, "{killed_at}");
        let mut outbox = opened.outbox;
        assert_eq!(outbox.counts().unwrap().pending, u64::from(DOCUMENTS));
        for number in 0..DOCUMENTS {
            let document = outbox.next(NOW).unwrap().unwrap();
            assert_eq!((document.id.0[0], document.bytes.len()), (number, 30_000));
            assert!(document.bytes.iter().all(|byte| *byte == number));
        }
        if opened.has_older_key {
            outbox.rekey(&key(2)).unwrap();
        }
        drop(outbox);
        let opened = SqliteOutbox::open(&path(&folder), &ring(2), LOG, NOW).unwrap();
        assert_eq!(opened.quarantined, None, "{killed_at}");
    }
}
