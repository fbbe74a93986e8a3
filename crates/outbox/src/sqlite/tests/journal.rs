//! What a damaged journal loses is noticed.

use proptest::prelude::*;

use super::super::journal::{Journal, scan};
use super::*;

/// As after a kill: the files of a store that is still open, in another folder.
fn killed(folder: &TempDir, change: &dyn Fn(&str, &mut Vec<u8>)) -> TempDir {
    let copy = self::folder();
    for (name, mut bytes) in contents(folder) {
        change(&name, &mut bytes);
        fs::write(copy.path().join(name), bytes).unwrap();
    }
    copy
}

fn journal(folder: &TempDir) -> Vec<u8> {
    fs::read(beside(&path(folder), "-wal")).unwrap()
}

/// An open store with three documents in its journal alone.
fn three(folder: &TempDir) -> SqliteOutbox {
    let mut outbox = reopen(&path(folder));
    for number in 1..=3 {
        outbox.put(&document(number), &[], NOW).unwrap();
    }
    outbox
}

/// Which documents are there, and what was reported.
fn after(copy: &TempDir) -> (Vec<u8>, Option<QuarantineCause>) {
    let opened = open(&path(copy));
    let mut outbox = opened.outbox;
    outbox.verify_audit().unwrap();
    (
        drain(&mut outbox, NOW),
        opened.quarantined.map(|quarantined| quarantined.cause),
    )
}

#[test]
fn every_turned_bit_of_the_journal_is_harmless_or_reported() {
    let folder = folder();
    let _outbox = three(&folder);
    let whole = journal(&folder);
    assert!(whole.len() > 4 * 4096);
    assert_eq!(after(&killed(&folder, &|_, _| {})), (vec![1, 2, 3], None));
    for at in (0..whole.len())
        .step_by(997)
        .chain(0..32)
        .chain([whole.len() - 1])
    {
        let copy = killed(&folder, &|name, bytes| {
            if name.ends_with("-wal") {
                bytes[at] ^= 1 << (at % 8);
            }
        });
        let damaged = journal(&copy);
        let opened = open(&path(&copy));
        let quarantined = opened.quarantined.expect("it is noticed");
        assert_eq!(quarantined.cause, QuarantineCause::JournalDamaged, "byte {at}");
        assert_eq!(quarantined.key_id, Some(key_id(&key(1))));
        assert!(fs::read(quarantined.path).unwrap() == damaged);
        drop(opened.outbox);
        assert_eq!(after(&copy).1, None, "it is reported once");
    }
}

#[test]
fn what_is_missing_is_said_in_the_log() {
    let folder = folder();
    let _outbox = three(&folder);
    // The last commit, which nothing stands behind.
    let copy = killed(&folder, &|name, bytes| {
        if name.ends_with("-wal") {
            let last = bytes.len() - 100;
            bytes[last] ^= 1;
        }
    });
    let outbox = open(&path(&copy)).outbox;
    assert_eq!(outbox.counts().unwrap().pending, 2);
    let said: Vec<String> = outbox
        .audit_records(2, 9)
        .unwrap()
        .into_iter()
        .map(|record| record.event)
        .collect();
    assert_eq!(said[0], "RecordsMissing 3 3");
    assert!(said[1].starts_with("StoreQuarantined JournalDamaged"), "{said:?}");
}

#[test]
fn a_journal_that_is_gone_or_shorter_is_noticed() {
    let folder = folder();
    let _outbox = three(&folder);
    let cut = |length: usize| {
        after(&killed(&folder, &|name, bytes| {
            if name.ends_with("-wal") {
                bytes.truncate(length.min(bytes.len()));
            }
        }))
    };
    assert_eq!(cut(usize::MAX), (vec![1, 2, 3], None));
    for length in [0, 32, 5000, journal(&folder).len() - 1] {
        assert_eq!(cut(length).1, Some(QuarantineCause::JournalDamaged), "{length}");
    }
}

/// A loss of power in the middle of a write leaves a commit that never ended, and that was never promised.
#[test]
fn a_torn_write_is_not_damage() {
    let folder = folder();
    let mut outbox = three(&folder);
    let mark = fs::read(beside(&path(&folder), ".mark")).unwrap();
    outbox.put(&document(4), &[], NOW).unwrap();
    let copy = killed(&folder, &|name, bytes| match name {
        _ if name.ends_with("-wal") => bytes.truncate(bytes.len() - 100),
        _ if name.ends_with(".mark") => *bytes = mark.clone(),
        _ => {}
    });
    assert_eq!(after(&copy), (vec![1, 2, 3], None));
}

/// A loss of power may leave an old mark, or none: what stands behind the break still tells.
#[test]
fn damage_before_the_last_commit_is_noticed_without_a_mark() {
    let folder = folder();
    let _outbox = three(&folder);
    let copy = killed(&folder, &|name, bytes| {
        if name.ends_with("-wal") {
            bytes[32 + 24 + 4096 + 50] ^= 4;
        } else if name.ends_with(".mark") {
            bytes.clear();
        }
    });
    assert_eq!(after(&copy).1, Some(QuarantineCause::JournalDamaged));
    // A mark that is damaged itself cannot tell whether something is missing: that is said as well.
    let copy = killed(&folder, &|name, bytes| {
        if name.ends_with(".mark") {
            bytes[20] ^= 4;
        }
    });
    assert_eq!(
        after(&copy),
        (vec![1, 2, 3], Some(QuarantineCause::JournalDamaged))
    );
}

/// An older copy of the store in its place: what was promised since is missing.
#[test]
fn a_store_that_was_set_back_is_noticed() {
    let folder = folder();
    let mut outbox = three(&folder);
    outbox.settle().unwrap();
    let old = fs::read(path(&folder)).unwrap();
    outbox.put(&document(4), &[], NOW).unwrap();
    outbox.settle().unwrap();
    let copy = killed(&folder, &|name, bytes| {
        if name == "outbox.db" {
            *bytes = old.clone();
        }
    });
    assert_eq!(
        after(&copy),
        (vec![1, 2, 3], Some(QuarantineCause::JournalDamaged))
    );
}

#[test]
fn settling_empties_the_journal() {
    let folder = folder();
    let mut outbox = three(&folder);
    assert!(!journal(&folder).is_empty());
    outbox.settle().unwrap();
    assert!(journal(&folder).is_empty());
    let before = contents(&folder);
    outbox.settle().unwrap();
    assert!(contents(&folder) == before, "there is nothing to do");
    outbox.receipt(document(1).id, RECEIPT, NOW).unwrap();
    let tip = outbox.audit_tip().unwrap();
    assert!(!journal(&folder).is_empty());
    assert_eq!(outbox.audit_head().unwrap(), tip);
    assert!(
        journal(&folder).is_empty(),
        "what is told to others is on the disk"
    );
}

/// A burst of puts without anybody who settles.
#[test]
fn the_journal_does_not_grow_for_ever() {
    let folder = folder();
    let mut outbox = reopen(&path(&folder));
    let large = |number: u32| SignedDocument {
        id: DocumentId(u128::from(number).to_be_bytes()),
        bytes: vec![1; 400_000],
    };
    for number in 0..60 {
        outbox.put(&large(number), &[], NOW).unwrap();
    }
    assert!(journal(&folder).len() < 12_000_000, "{}", journal(&folder).len());
    let copy = killed(&folder, &|_, _| {});
    assert_eq!(reopen(&path(&copy)).counts().unwrap().pending, 60);
    assert_eq!(outbox.counts().unwrap().pending, 60);
}

#[test]
fn the_scan_agrees_with_sqlite() {
    let folder = folder();
    let outbox = three(&folder);
    let scanned = scan(&journal(&folder)[..]).unwrap();
    let (log, _): (i64, i64) = outbox
        .store
        .connection
        .query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| {
            Ok((row.get(1)?, row.get(2)?))
        })
        .unwrap();
    assert_eq!(i64::from(scanned.frames), log);
    assert!(!scanned.is_damaged);
    assert_eq!(scanned.bytes, journal(&folder).len() as u64);
    assert_eq!(scan(&[][..]).unwrap(), Journal::default());
}

proptest! {
    #[test]
    fn no_bytes_break_the_scan(bytes in prop::collection::vec(any::<u8>(), 0..9000)) {
        let scanned = scan(&bytes[..]).unwrap();
        prop_assert_eq!(scanned.bytes, bytes.len() as u64);
        prop_assert_eq!(scanned.frames, 0);
    }
}
