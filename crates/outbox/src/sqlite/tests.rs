//! What only the file can do: survive, stay secret, be damaged, be locked.

mod aside;
mod fault;
mod flat;
mod journal;
mod migration;
mod model;
mod palm;
mod rekey;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use rusqlite::Connection;
use verification::Sensitive;
use verification::audit::AuditBreak;

use super::file::{beside, unlock};
use super::*;
use crate::conformance::{LOG, RECEIPT, document, drain};

const NOW: UtcMs = UtcMs(1_780_315_200_000);
const LATE: UtcMs = UtcMs(i64::MAX);
const SECRET: &[u8] = b"a secret that is seen nowhere";
/// The public test card of the state, not a person.
const TEST_IIN: &str = "880412401006";

fn key(byte: u8) -> Sensitive<[u8; 32]> {
    Sensitive::new([byte; 32])
}

fn ring(byte: u8) -> KeyRing {
    KeyRing::of(key(byte))
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn path(folder: &TempDir) -> PathBuf {
    folder.path().join("outbox.db")
}

fn open(path: &Path) -> Opened {
    SqliteOutbox::open(path, &ring(1), LOG, NOW).unwrap()
}

/// Opens a file that must be good.
fn reopen(path: &Path) -> SqliteOutbox {
    let opened = open(path);
    assert_eq!(opened.quarantined, None, "{:?}", opened.opened_in);
    opened.outbox
}

/// Names and contents of a folder.
fn contents(folder: &TempDir) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| {
            (
                entry.file_name().into_string().unwrap(),
                fs::read(entry.path()).unwrap(),
            )
        })
        .collect();
    files.sort();
    files
}

#[test]
fn conforms() {
    let folder = folder();
    let number = std::cell::Cell::new(0);
    crate::conformance::run(|| {
        number.set(number.get() + 1);
        Box::new(reopen(&folder.path().join(format!("outbox-{}.db", number.get()))))
    });
}

#[test]
fn everything_survives_a_restart() {
    let folder = folder();
    let subject: Iin = TEST_IIN.parse().unwrap();
    let mut outbox = reopen(&path(&folder));
    for number in 1..=5 {
        outbox.put(&document(number), &[], NOW).unwrap();
    }
    outbox.next(NOW).unwrap();
    outbox.next(NOW).unwrap();
    outbox.postpone(document(2).id, LATE).unwrap();
    outbox.wedge(document(3).id, WedgeReason::TooLarge, NOW).unwrap();
    outbox.receipt(document(4).id, RECEIPT, NOW, NOW).unwrap();
    outbox.record_attempt(&subject, Modality::Palm, NOW).unwrap();
    let head = outbox.append_audit(NOW, None, "KioskStopped").unwrap();
    drop(outbox);

    let mut outbox = reopen(&path(&folder));
    assert_eq!(
        outbox.counts().unwrap(),
        Counts {
            pending: 3,
            in_flight: 0,
            wedged: 1,
            awaiting: 1,
            retained: 1
        }
    );
    assert_eq!(outbox.awaiting(usize::MAX).unwrap(), [document(4).id]);
    assert_eq!(outbox.attempts_used(&subject, Modality::Palm, NOW).unwrap(), 1);
    assert_eq!(outbox.audit_head().unwrap(), head);
    assert_eq!(outbox.verify_audit().unwrap(), head.number);
    assert_eq!(drain(&mut outbox, NOW), [1, 2, 5]);
}

/// Entry of the child processes of the tests below; for itself it does nothing.
#[test]
fn child() {
    let Some(folder) = std::env::var_os("OUTBOX_CHILD_FOLDER") else {
        return;
    };
    let path = Path::new(&folder).join("outbox.db");
    let opened = SqliteOutbox::open(&path, &ring(1), LOG, NOW);
    if std::env::var_os("OUTBOX_CHILD_REFUSED").is_some() {
        println!("refused: {}", opened.unwrap_err());
        return;
    }
    let mut outbox = opened.unwrap().outbox;
    outbox.put(&document(1), &[], NOW).unwrap();
    outbox.put(&document(2), &[], NOW).unwrap();
    outbox.next(NOW).unwrap();
    println!("put");
    loop {
        std::thread::park();
    }
}

fn child_command(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .args([
            "sqlite::tests::child",
            "--exact",
            "--nocapture",
            "--test-threads=1",
        ])
        .env("OUTBOX_CHILD_FOLDER", folder)
        .stdout(Stdio::piped());
    command
}

#[test]
fn a_kill_between_put_and_receipt_loses_nothing() {
    use std::io::{BufRead, BufReader};

    let folder = folder();
    let mut child = child_command(&std::env::current_exe().unwrap(), folder.path())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().ends_with("put")));
    child.kill().unwrap();
    child.wait().unwrap();

    let mut outbox = reopen(&path(&folder));
    assert_eq!(drain(&mut outbox, NOW), [1, 2]);
    assert_eq!(outbox.verify_audit().unwrap(), 2);
}

#[test]
fn nothing_is_in_the_clear() {
    let folder = folder();
    let check = || {
        for (name, bytes) in contents(&folder) {
            assert!(!bytes.starts_with(b"SQLite format 3"), "{name}");
            for secret in [
                SECRET,
                TEST_IIN.as_bytes(),
                b"CREATE TABLE",
                b"DocumentStored",
                b"AP-123456",
                b"PalmProposed",
            ] {
                assert!(
                    !bytes.windows(secret.len()).any(|window| window == secret),
                    "{name}"
                );
            }
        }
    };
    let mut outbox = reopen(&path(&folder));
    let bytes = SECRET.repeat(1000);
    outbox
        .put(
            &SignedDocument {
                id: document(1).id,
                bytes,
            },
            &[],
            NOW,
        )
        .unwrap();
    outbox
        .record_attempt(&TEST_IIN.parse().unwrap(), Modality::Face, NOW)
        .unwrap();
    let subject = TEST_IIN.parse().unwrap();
    outbox
        .propose_palm(
            &subject,
            "scanner AP-123456",
            PalmReference(1),
            document(1).id,
            NOW,
        )
        .unwrap();
    outbox.append_audit(NOW, None, "InTheJournal").unwrap();
    assert!(
        contents(&folder)
            .iter()
            .any(|(name, bytes)| name.ends_with("-wal") && !bytes.is_empty())
    );
    check();
    drop(outbox);
    assert!(fs::metadata(path(&folder)).unwrap().len() > 29_000);
    check();
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_the_file() {
    use std::os::unix::fs::PermissionsExt;

    let folder = folder();
    let _outbox = reopen(&path(&folder));
    for entry in fs::read_dir(folder.path()).unwrap() {
        assert_eq!(
            entry.unwrap().metadata().unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
}

#[test]
fn tampering_with_the_audit_log_is_noticed() {
    let check = |sql: &str, expect: AuditBreak| {
        let folder = folder();
        let mut outbox = reopen(&path(&folder));
        for event in ["one", "two", "three"] {
            outbox.append_audit(NOW, Some(SessionId([1; 16])), event).unwrap();
        }
        outbox.store.connection.execute_batch(sql).unwrap();
        let result = outbox.verify_audit();
        assert!(
            matches!(result, Err(OutboxError::AuditBroken(found)) if found == expect),
            "{sql}: {result:?}"
        );
    };
    let edited = |at| AuditBreak::Edited { at };
    let removed = |first, last| AuditBreak::Removed { first, last };
    check("UPDATE audit SET event = 'other' WHERE number = 2", edited(2));
    check("UPDATE audit SET at_ms = at_ms + 1 WHERE number = 1", edited(1));
    check("UPDATE audit SET session = NULL WHERE number = 3", edited(3));
    check("UPDATE audit SET hash = zeroblob(32) WHERE number = 2", edited(2));
    check("DELETE FROM audit WHERE number = 1", removed(1, 1));
    check("DELETE FROM audit WHERE number = 2", removed(2, 2));
    check("DELETE FROM audit WHERE number < 3", removed(1, 2));
    check(
        "UPDATE audit SET number = 10 - number WHERE number <> 2",
        removed(1, 1),
    );
}

#[test]
fn debug_and_errors_hide_the_key_and_the_content() {
    let folder = folder();
    let mut outbox = reopen(&path(&folder));
    let secret = SignedDocument {
        bytes: SECRET.to_vec(),
        ..document(1)
    };
    outbox.put(&secret, &[], NOW).unwrap();
    let conflict = outbox.put(&document(1), &[], NOW).unwrap_err();
    let text = format!("{secret:?} {outbox:?} {conflict:?} {conflict}");
    assert!(
        !text.contains("a secret") && !text.contains("97, 32, 115") && !text.contains(&"01".repeat(32)),
        "{text}"
    );
    assert_eq!(
        format!("{secret:?}"),
        "SignedDocument(01010101010101010101010101010101, 29 bytes)"
    );
}
