//! What only the file can do: survive, stay secret, be damaged, be locked.

mod palm;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use proptest::prelude::*;
use tempfile::TempDir;

use rusqlite::Connection;
use verification::Sensitive;
use verification::audit::AuditBreak;

use super::file::{beside, unlock};
use super::*;
use crate::conformance::{LOG, RECEIPT, document, drain};
use crate::memory::MemoryOutbox;

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
    outbox.receipt(document(4).id, RECEIPT, NOW).unwrap();
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

/// Even the superuser's tests must meet a folder without the right to write, so the child is somebody else.
#[cfg(unix)]
#[test]
fn a_read_only_folder_is_an_error() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;

    let programs = folder();
    let program = programs.path().join("child");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let rights = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    rights(programs.path(), 0o755);

    let refused = |file_mode, prepare: &dyn Fn(&TempDir)| {
        let folder = folder();
        prepare(&folder);
        for (name, _) in contents(&folder) {
            rights(&folder.path().join(name), file_mode);
        }
        rights(folder.path(), 0o555);
        let before = contents(&folder);
        let mut command = child_command(&program, folder.path());
        command.env("OUTBOX_CHILD_REFUSED", "1");
        if fs::metadata(folder.path()).unwrap().uid() == 0 {
            command.uid(65534).gid(65534);
        }
        let output = command.output().unwrap();
        assert!(contents(&folder) == before, "nothing was moved or changed");
        rights(folder.path(), 0o755);
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines()
            .find_map(|line| line.split("refused: ").nth(1))
            .unwrap_or(&text)
            .to_owned()
    };
    let empty = refused(0o666, &|_| {});
    assert!(
        empty.ends_with("outbox.db cannot be prepared or moved aside"),
        "{empty}"
    );
    let filled = |folder: &TempDir| reopen(&path(folder)).put(&document(1), &[], NOW).unwrap();
    for file_mode in [0o444, 0o666, 0o000] {
        let text = refused(file_mode, &filled);
        assert_eq!(text, "the store cannot be opened for writing", "{file_mode:o}");
    }
    // Damaged or under another key, and it cannot be moved aside either.
    let damaged = refused(0o666, &|folder| fs::write(path(folder), [7; 9000]).unwrap());
    assert!(
        damaged.ends_with("outbox.db cannot be prepared or moved aside"),
        "{damaged}"
    );
}

#[test]
fn a_second_user_is_an_error() {
    let folder = folder();
    let mut outbox = reopen(&path(&folder));
    outbox.put(&document(1), &[], NOW).unwrap();
    for byte in [1, 2] {
        let second = SqliteOutbox::open(&path(&folder), &ring(byte), LOG, NOW);
        assert!(matches!(second, Err(OutboxError::Locked(_))), "{second:?}");
    }
    assert_eq!(drain(&mut outbox, NOW), [1]);
}

#[test]
fn a_full_disk_is_an_error() {
    let folder = folder();
    let mut outbox = reopen(&path(&folder));
    outbox.put(&document(1), &[], NOW).unwrap();
    let pages: i64 = outbox
        .store
        .connection
        .query_row("PRAGMA page_count", [], |row| row.get(0))
        .unwrap();
    outbox
        .store
        .connection
        .query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))
        .unwrap();
    let large = SignedDocument {
        bytes: vec![7; 1_000_000],
        ..document(2)
    };
    let result = outbox.put(&large, &[], NOW);
    assert!(matches!(result, Err(OutboxError::Full(_))), "{result:?}");
    assert_eq!(drain(&mut outbox, NOW), [1]);
    assert_eq!(outbox.verify_audit().unwrap(), 1);
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
fn a_wrong_key_moves_the_store_aside() {
    let folder = folder();
    reopen(&path(&folder)).put(&document(1), &[], NOW).unwrap();
    let before = fs::read(path(&folder)).unwrap();

    let opened = SqliteOutbox::open(&path(&folder), &ring(2), LOG, NOW).unwrap();
    let quarantined = opened.quarantined.unwrap();
    assert_eq!(
        (quarantined.cause, quarantined.salvage),
        (QuarantineCause::WrongKey, None)
    );
    let kept = quarantined.path;
    // SHA-256 of 32 bytes of 1, the key of the file, made outside this program.
    assert_eq!(
        kept,
        folder.path().join("outbox.db.quarantine-1780315200000-72cd6e84")
    );
    assert!(fs::read(&kept).unwrap() == before);
    let mut outbox = opened.outbox;
    assert_eq!(outbox.counts().unwrap(), Counts::default());
    assert_eq!(outbox.audit_head().unwrap().number, 1);
    outbox.put(&document(2), &[], NOW).unwrap();
    drop(outbox);

    assert_eq!(
        drain(&mut reopen(&kept), NOW),
        [1],
        "with its own key it is whole"
    );

    // Another wrong key at the same millisecond: the older quarantine stays.
    let third = SqliteOutbox::open(&path(&folder), &ring(1), LOG, NOW)
        .unwrap()
        .quarantined
        .unwrap()
        .path;
    let fourth = SqliteOutbox::open(&path(&folder), &ring(2), LOG, NOW)
        .unwrap()
        .quarantined
        .unwrap()
        .path;
    assert!(kept != third && kept != fourth && third != fourth);
    assert_eq!(drain(&mut reopen(&kept), NOW), [1]);
    assert_eq!(
        drain(
            &mut SqliteOutbox::open(&third, &ring(2), LOG, NOW).unwrap().outbox,
            NOW
        ),
        [2]
    );
}

/// After a kill the newest records are in the journal: it is moved aside with the file.
#[test]
fn a_wrong_key_keeps_the_journal() {
    let folder = folder();
    let copy = self::folder();
    let mut outbox = reopen(&path(&folder));
    outbox.put(&document(1), &[], NOW).unwrap();
    outbox.append_audit(NOW, None, "OnlyInTheJournal").unwrap();
    for (name, bytes) in contents(&folder) {
        fs::write(copy.path().join(name), bytes).unwrap();
    }
    assert!(fs::metadata(beside(&path(&copy), "-wal")).unwrap().len() > 0);
    let kept = SqliteOutbox::open(&path(&copy), &ring(2), LOG, NOW)
        .unwrap()
        .quarantined
        .unwrap()
        .path;
    assert_eq!(reopen(&kept).audit_head().unwrap(), outbox.audit_head().unwrap());

    // The journal alone, without its file.
    fs::write(beside(&path(&copy), "-wal"), "journal").unwrap();
    fs::remove_file(path(&copy)).unwrap();
    let kept = open(&path(&copy)).quarantined.unwrap().path;
    assert_eq!(fs::read(beside(&kept, "-wal")).unwrap(), b"journal");
}

#[test]
fn damage_moves_the_store_aside() {
    let folder = folder();
    let mut outbox = reopen(&path(&folder));
    for number in 1..=3 {
        outbox
            .put(
                &SignedDocument {
                    bytes: vec![number; 20_000],
                    ..document(number)
                },
                &[],
                NOW,
            )
            .unwrap();
    }
    drop(outbox);
    let good = fs::read(path(&folder)).unwrap();
    let total = std::cell::Cell::new(0);
    let damaged = |change: &dyn Fn(&mut Vec<u8>)| {
        let folder = self::folder();
        let mut bytes = good.clone();
        change(&mut bytes);
        fs::write(path(&folder), &bytes).unwrap();
        let opened = open(&path(&folder));
        let quarantined = opened.quarantined.expect("the damage is noticed");
        assert!(fs::read(quarantined.path).unwrap() == bytes);
        // What is not here any more is counted as lost, or nobody can say how much is.
        let salvage = quarantined.salvage.unwrap_or_default();
        assert_eq!(opened.outbox.counts().unwrap().pending, salvage.documents);
        assert!(
            salvage.lost.is_none_or(|lost| salvage.documents + lost == 3),
            "{salvage:?}"
        );
        assert!(salvage.documents == 3 || salvage.lost != Some(0), "{salvage:?}");
        total.set(total.get() + salvage.documents);
    };
    assert!(good.len() > 16 * 4096);
    for at in (0..good.len()).step_by(5003) {
        damaged(&|bytes| bytes[at] ^= 1 << (at % 8));
    }
    let tried = good.len().div_ceil(5003) as u64;
    assert!(
        total.get() > tried * 2,
        "one page of many costs one document, not all: {} of {}",
        total.get(),
        3 * tried
    );
    damaged(&|bytes| bytes.truncate(bytes.len() - 4096));
    damaged(&|bytes| bytes.truncate(5000));
    damaged(&|bytes| bytes.truncate(100));
    damaged(&|bytes| bytes.fill(0));
    damaged(&|bytes| *bytes = b"this is a text".repeat(1000));
}

#[test]
fn a_later_schema_is_an_error() {
    let folder = folder();
    let mut outbox = reopen(&path(&folder));
    outbox.put(&document(1), &[], NOW).unwrap();
    // One of the same generation has only added something.
    outbox
        .store
        .connection
        .pragma_update(None, "user_version", schema::VERSION + 1)
        .unwrap();
    drop(outbox);
    let outbox = reopen(&path(&folder));
    outbox
        .store
        .connection
        .pragma_update(None, "user_version", 200)
        .unwrap();
    drop(outbox);
    let before = fs::read(path(&folder)).unwrap();
    let result = SqliteOutbox::open(&path(&folder), &ring(1), LOG, NOW);
    assert!(
        matches!(
            result,
            Err(OutboxError::NewerSchema {
                found: 200,
                known: schema::VERSION
            })
        ),
        "{result:?}"
    );
    assert!(fs::read(path(&folder)).unwrap() == before);
}

#[test]
fn a_folder_must_exist() {
    let folder = folder();
    let result = SqliteOutbox::open(&folder.path().join("missing/outbox.db"), &ring(1), LOG, NOW);
    assert!(matches!(result, Err(OutboxError::File { .. })), "{result:?}");
    let result = SqliteOutbox::open(folder.path(), &ring(1), LOG, NOW);
    assert!(matches!(result, Err(OutboxError::Unwritable(_))), "{result:?}");
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

/// One thing that may happen to an outbox; numbers name documents.
#[derive(Debug, Clone)]
enum Step {
    Put(u8),
    PutFinal(u8),
    Next(i64),
    Postpone(u8, i64),
    Release,
    Receipt(u8),
    Identified(u8),
    Wedge(u8),
    Unwedge(u8),
    Resend(u8),
    Forget,
    Contact(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let number = || 0..6_u8;
    prop_oneof![
        3 => number().prop_map(Step::Put),
        1 => number().prop_map(Step::PutFinal),
        4 => (0..100_i64).prop_map(Step::Next),
        1 => (number(), 0..100_i64).prop_map(|(number, until)| Step::Postpone(number, until)),
        1 => Just(Step::Release),
        2 => number().prop_map(Step::Receipt),
        1 => number().prop_map(Step::Identified),
        1 => number().prop_map(Step::Wedge),
        1 => number().prop_map(Step::Unwedge),
        2 => number().prop_map(Step::Resend),
        1 => Just(Step::Forget),
        1 => (0..100_i64).prop_map(Step::Contact),
    ]
}

/// Does it, and gives all that can be seen from outside.
fn perform(outbox: &mut dyn Outbox, step: &Step) -> String {
    let id = |number: &u8| document(*number).id;
    let result = match step {
        Step::Put(number) => format!("{:?}", outbox.put(&document(*number), &[], NOW).unwrap()),
        Step::PutFinal(number) => format!("{:?}", outbox.put_final(&document(*number), &[], NOW).unwrap()),
        Step::Next(at) => format!("{:?}", outbox.next(UtcMs(*at)).unwrap()),
        Step::Postpone(number, until) => format!("{:?}", outbox.postpone(id(number), UtcMs(*until)).unwrap()),
        Step::Release => format!("{:?}", outbox.release_in_flight().unwrap()),
        Step::Receipt(number) => format!("{:?}", outbox.receipt(id(number), RECEIPT, NOW).unwrap()),
        Step::Identified(number) => format!("{:?}", outbox.identified(id(number), NOW).unwrap()),
        Step::Wedge(number) => format!(
            "{:?}",
            outbox.wedge(id(number), WedgeReason::TooLarge, NOW).unwrap()
        ),
        Step::Unwedge(number) => format!("{:?}", outbox.unwedge(id(number), NOW).unwrap()),
        Step::Resend(number) => format!("{:?}", outbox.resend(id(number), NOW).unwrap()),
        Step::Forget => format!("{:?}", outbox.forget_delivered(LATE, NOW).unwrap()),
        Step::Contact(at) => format!("{:?}", outbox.contact(UtcMs(*at)).unwrap()),
    };
    let states: Vec<_> = (0..6).map(|number| outbox.state(id(&number)).unwrap()).collect();
    format!(
        "{result} {states:?} {:?} {:?} {:?}",
        outbox.standing().unwrap(),
        outbox.awaiting(usize::MAX).unwrap(),
        outbox.audit_head().unwrap()
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever happens, a document without a receipt is there exactly once, in the order of the puts; and
    /// both outboxes agree in all that can be seen.
    #[test]
    fn any_interleaving_keeps_every_document(steps in prop::collection::vec(step(), 0..40)) {
        let folder = folder();
        let mut file = reopen(&path(&folder));
        let mut memory = MemoryOutbox::new();
        let mut expected: Vec<u8> = Vec::new();
        // Those that are retained, and the order of all that was ever put and is not forgotten.
        let (mut retained, mut order): (Vec<u8>, Vec<u8>) = Default::default();
        for step in &steps {
            let seen = perform(&mut file, step);
            prop_assert_eq!(&seen, &perform(&mut memory, step), "{:?}", step);
            match step {
                Step::Put(number) | Step::PutFinal(number) if !order.contains(number) => order.push(*number),
                Step::Receipt(number) if order.contains(number) && !retained.contains(number) => retained.push(*number),
                Step::Resend(number) => retained.retain(|other| other != number),
                Step::Forget => {
                    order.retain(|number| !retained.contains(number));
                    retained.clear();
                }
                _ => {}
            }
            expected = order.iter().copied().filter(|number| !retained.contains(number)).collect();
            let counts = file.counts().unwrap();
            prop_assert_eq!(counts.pending + counts.in_flight + counts.wedged, expected.len() as u64);
        }
        drop(file);
        let mut file = reopen(&path(&folder));
        memory.release_in_flight().unwrap();
        prop_assert_eq!(file.awaiting(9).unwrap(), memory.awaiting(9).unwrap());
        for outbox in [&mut file as &mut dyn Outbox, &mut memory] {
            let mut exported = Vec::new();
            let mut after = None;
            while let Some((place, document, _)) = outbox.export(after).unwrap() {
                exported.push(document.id.0[0]);
                after = Some(place);
            }
            prop_assert_eq!(&exported, &expected);
            for number in 0..6 {
                outbox.unwedge(document(number).id, NOW).unwrap();
            }
            prop_assert_eq!(&drain(outbox, LATE), &expected);
        }
        prop_assert_eq!(file.verify_audit().unwrap(), memory.verify_audit().unwrap());
    }
}
