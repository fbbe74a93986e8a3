//! Wherever the program or the power ends while a file is put aside and read out, nothing is stranded.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::OnceLock;

use super::super::aside::AT_STEP;
use super::*;

const DOCUMENTS: u8 = 70;

type Files = Vec<(String, Vec<u8>)>;

fn lay_out(files: &Files) -> TempDir {
    let copy = folder();
    for (name, bytes) in files {
        fs::write(copy.path().join(name), bytes).unwrap();
    }
    copy
}

/// A store with many documents, an attempt, and a damaged page that hides one document, as after a kill: part of it is in
/// the journal.
fn damaged() -> Files {
    static MADE: OnceLock<Files> = OnceLock::new();
    MADE.get_or_init(make_damaged).clone()
}

fn make_damaged() -> Files {
    let folder = folder();
    let mut outbox = reopen(&path(&folder));
    let large = SignedDocument {
        bytes: vec![1; 20_000],
        ..document(1)
    };
    outbox.put(&large, &[], NOW).unwrap();
    for number in 2..DOCUMENTS {
        outbox.put(&document(number), &[], NOW).unwrap();
    }
    let subject: Iin = TEST_IIN.parse().unwrap();
    outbox.record_attempt(&subject, Modality::Palm, NOW).unwrap();
    outbox.settle().unwrap();
    // In the journal alone.
    outbox.put(&document(DOCUMENTS), &[], NOW).unwrap();
    let files = contents(&folder);
    let good = files.iter().find(|(name, _)| name == "outbox.db").unwrap();
    for page in 1..good.1.len() / 4096 {
        let mut files = files.clone();
        let file = files.iter_mut().find(|(name, _)| name == "outbox.db").unwrap();
        file.1[page * 4096 + 100] ^= 1;
        let opened = open(&path(&lay_out(&files)));
        let salvage = opened.quarantined.and_then(|aside| aside.salvage);
        let wanted = Salvage {
            documents: u64::from(DOCUMENTS) - 1,
            lost: Some(1),
        };
        if salvage == Some(wanted) {
            return files;
        }
    }
    panic!("no page held a part of one document only");
}

/// What lies in the folder of the store at each step of an opening.
fn at_each_step(files: &Files, byte: u8) -> Vec<Files> {
    let folder = Rc::new(lay_out(files));
    let seen = Rc::new(RefCell::new(Vec::new()));
    let (of, into) = (Rc::clone(&folder), Rc::clone(&seen));
    let look: Box<dyn FnMut()> = Box::new(move || into.borrow_mut().push(contents(&of)));
    AT_STEP.set(Some(look));
    let opened = SqliteOutbox::open(&path(&folder), &ring(byte), LOG, NOW);
    AT_STEP.set(None);
    drop(opened.unwrap());
    let last = contents(&folder);
    let mut seen = seen.take();
    seen.push(last);
    seen
}

fn told(outbox: &SqliteOutbox) -> usize {
    let records = outbox.audit_records(0, usize::MAX).unwrap();
    let said = |record: &&AuditRecord| record.event.starts_with("StoreQuarantined key=72cd6e84 ");
    records.iter().filter(said).count()
}

#[test]
fn a_salvage_goes_on_wherever_it_was_stopped() {
    let files = damaged();
    let steps = at_each_step(&files, 1);
    assert!(steps.len() > 18, "{}", steps.len());
    let subject: Iin = TEST_IIN.parse().unwrap();
    for (number, step) in steps.iter().enumerate() {
        // And once more in the middle of going on.
        let again = if number % 9 == 3 {
            at_each_step(step, 1)
        } else {
            Vec::new()
        };
        for files in std::iter::once(step).chain(&again) {
            let is_done = files
                .iter()
                .any(|(name, bytes)| name.ends_with(".aside") && bytes.starts_with(b"Damaged done 1"));
            let copy = lay_out(files);
            let opened = open(&path(&copy));
            assert_eq!(opened.quarantined.is_none(), is_done, "step {number}");
            if let Some(aside) = opened.quarantined {
                assert_eq!(aside.cause, QuarantineCause::Damaged);
                assert_eq!(aside.salvage.unwrap().lost, Some(1), "step {number}");
            }
            let mut outbox = opened.outbox;
            assert!(told(&outbox) >= 1, "step {number}");
            outbox.verify_audit().unwrap();
            let used = outbox.attempts_used(&subject, Modality::Palm, UtcMs(0)).unwrap();
            assert_eq!(used, 1, "step {number}");
            let expected: Vec<u8> = (2..=DOCUMENTS).collect();
            assert_eq!(drain(&mut outbox, NOW), expected, "step {number}");
            let [aside] = &quarantined(&path(&copy))[..] else {
                panic!("step {number}: {:?}", quarantined(&path(&copy)));
            };
            assert!(!aside.taken_over, "one document is lost");
            assert_eq!(aside.key_id.as_deref(), Some("72cd6e84"));
            drop(outbox);
            assert_eq!(
                open(&path(&copy)).quarantined,
                None,
                "step {number}: it is told once"
            );
        }
    }
}

#[test]
fn a_foreign_store_is_told_of_and_taken_over_when_its_key_is_there() {
    let folder = folder();
    reopen(&path(&folder)).put(&document(1), &[], NOW).unwrap();
    let steps = at_each_step(&contents(&folder), 2);
    assert!(steps.len() > 8, "{}", steps.len());
    for (number, step) in steps.iter().enumerate() {
        let copy = lay_out(step);
        let outbox = SqliteOutbox::open(&path(&copy), &ring(2), LOG, NOW)
            .unwrap()
            .outbox;
        assert!(told(&outbox) >= 1, "step {number}");
        drop(outbox);
        let taken_over = || quarantined(&path(&copy))[0].taken_over;
        assert!(!taken_over());
        let both = KeyRing {
            current: key(2),
            older: vec![key(1)],
        };
        let mut outbox = SqliteOutbox::open(&path(&copy), &both, LOG, NOW).unwrap().outbox;
        assert_eq!(drain(&mut outbox, NOW), [1], "step {number}");
        assert!(taken_over());
    }
}

/// A loss of power may keep any of the names that were given last.
#[test]
fn a_move_that_was_torn_apart_is_ended() {
    let files = damaged();
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert!(names.contains(&"outbox.db-wal"), "{names:?}");
    for moved in 0..1_u32 << names.len() {
        let place = |number: usize, name: &str| match moved & (1 << number) {
            0 => name.to_owned(),
            _ => name.replace("outbox.db", "outbox.db.quarantine-7-72cd6e84"),
        };
        let torn = files.iter().enumerate();
        let mut torn: Files = torn
            .map(|(number, (name, bytes))| (place(number, name), bytes.clone()))
            .collect();
        let note = b"Damaged moving unknown\n".to_vec();
        torn.push(("outbox.db.quarantine-7-72cd6e84.aside".to_owned(), note));
        let copy = lay_out(&torn);
        let mut outbox = open(&path(&copy)).outbox;
        let there = drain(&mut outbox, NOW);
        assert_eq!(there.len(), usize::from(DOCUMENTS) - 1, "{moved:b}");
        assert!(there.contains(&DOCUMENTS), "the journal is with its file");
        assert_eq!(quarantined(&path(&copy)).len(), 1, "{moved:b}");
    }
}

#[test]
fn a_quarantine_without_a_sound_note_is_read_again() {
    let folder = lay_out(&damaged());
    drop(open(&path(&folder)));
    let (name, _) = contents(&folder)
        .into_iter()
        .find(|(name, _)| name.ends_with(".aside"))
        .unwrap();
    let note = folder.path().join(name);
    for text in [
        None,
        Some(""),
        Some("Damaged"),
        Some("Damaged done"),
        Some("x y z"),
    ] {
        match text {
            Some(text) => fs::write(&note, text).unwrap(),
            None => fs::remove_file(&note).unwrap(),
        }
        let opened = open(&path(&folder));
        let salvage = opened.quarantined.unwrap().salvage.unwrap();
        assert_eq!((salvage.documents, salvage.lost), (0, Some(1)), "{text:?}");
        assert_eq!(opened.outbox.counts().unwrap().pending, u64::from(DOCUMENTS) - 1);
    }
}
