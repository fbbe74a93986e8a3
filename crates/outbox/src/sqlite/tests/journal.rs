//! What a damaged journal loses is noticed.

use proptest::prelude::*;

use verification::audit::LogId;

use super::super::journal::{Journal, scan};
use super::super::mark::{Found, Mark};
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
    let outbox = three(&folder);
    // The last commit, which nothing stands behind.
    let copy = killed(&folder, &|name, bytes| {
        if name.ends_with("-wal") {
            let last = bytes.len() - 100;
            bytes[last] ^= 1;
        }
    });
    let promised = outbox.audit_head().unwrap();
    let other = LogId([9; 16]);
    let open = || SqliteOutbox::open(&path(&copy), &ring(1), other, NOW).unwrap();
    let outbox = open().outbox;
    assert_eq!(outbox.counts().unwrap().pending, 2);
    let said = |outbox: &SqliteOutbox| -> Vec<String> {
        let records = outbox.audit_records(0, 9).unwrap();
        records.into_iter().map(|record| record.event).collect()
    };
    let first = said(&outbox);
    // The gateway may have seen record 3 of the old log: nothing is ever written under its number and name again.
    assert_eq!(
        first[..2],
        [
            format!("LogContinues after=2 log={}", promised.log),
            "RecordsMissing first=3 last=3".to_owned(),
        ]
    );
    assert_eq!(
        first[2..],
        ["StoreQuarantined key=72cd6e84 cause=JournalDamaged documents=0 lost=unknown"]
    );
    assert_eq!(outbox.audit_head().unwrap().log, other);
    assert_eq!(outbox.verify_audit().unwrap(), 3);
    // What is left of the old log can be read and follows from its beginning.
    let left = outbox.earlier_records(promised.log, 0, 9).unwrap();
    let mut trail = verification::audit::AuditTrail::from(AuditHead::empty(promised.log));
    left.iter().for_each(|record| trail.follow(record).unwrap());
    assert_eq!(outbox.earlier_logs().unwrap(), [trail.head()]);
    assert_eq!(trail.head().number, 2);
    drop(outbox);
    let opened = open();
    assert_eq!(opened.quarantined, None);
    assert_eq!(said(&opened.outbox), first, "it begins anew once");
    let [kept] = &quarantined(&path(&copy))[..] else {
        panic!("the copy of the journal is listed");
    };
    assert!(!kept.taken_over, "nobody can say what was lost");
}

/// The program ends after the log was begun anew and before the mark says so.
#[test]
fn a_log_begins_anew_once() {
    let folder = folder();
    let outbox = three(&folder);
    let mark = fs::read(beside(&path(&folder), ".mark")).unwrap();
    drop(outbox);
    let mut connection = Connection::open(path(&folder)).unwrap();
    unlock(&connection, &key(1)).unwrap();
    let loss = super::super::log::Loss {
        missing: Some((4, 5)),
    };
    schema::prepare(&mut connection, LogId([9; 16]), Some(loss), NOW).unwrap();
    drop(connection);
    fs::write(beside(&path(&folder), ".mark"), mark).unwrap();
    assert_eq!(reopen(&path(&folder)).earlier_logs().unwrap().len(), 1);
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
    outbox.receipt(document(1).id, RECEIPT, NOW, NOW).unwrap();
    let tip = outbox.audit_tip().unwrap();
    assert!(outbox.store.is_dirty());
    let before = (journal(&folder), fs::read(path(&folder)).unwrap());
    assert_eq!(outbox.audit_head().unwrap(), tip);
    assert!(!outbox.store.is_dirty(), "what is told to others is on the disk");
    assert!(
        before == (journal(&folder), fs::read(path(&folder)).unwrap()),
        "by one step, and nothing is moved while somebody waits"
    );
}

/// SQLite does not go to the disk for a commit that changes nothing, but the promise is the same.
#[test]
fn a_put_of_known_bytes_brings_all_to_the_disk() {
    let folder = folder();
    let mut outbox = three(&folder);
    outbox.receipt(document(1).id, RECEIPT, NOW, NOW).unwrap();
    outbox.put(&document(1), &[], NOW).unwrap();
    assert!(!outbox.store.is_dirty());
}

/// What was only committed lazily may be gone after a loss of power: it is not promised, however things go wrong.
#[test]
fn a_suspicion_promises_nothing_new() {
    let folder = folder();
    let mut outbox = three(&folder);
    let promised = |folder: &TempDir| match Mark::read(&path(folder)).unwrap() {
        Found::Mark(mark) => mark,
        other => panic!("{other:?}"),
    };
    let before = promised(&folder);
    outbox.receipt(document(1).id, RECEIPT, NOW, NOW).unwrap();
    outbox.store.suspect();
    let expected = Mark {
        is_suspect: true,
        ..before
    };
    assert_eq!(promised(&folder), expected);
    assert_eq!(before.head.number, 3);
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
