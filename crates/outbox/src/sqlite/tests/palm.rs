//! Whose palm a reference in a scanner is, in the file.

use proptest::prelude::*;

use super::*;
use crate::memory::MemoryOutbox;

pub(super) fn person() -> Iin {
    TEST_IIN.parse().unwrap()
}

pub(super) fn propose(outbox: &mut dyn Outbox, reference: u32, number: u8) {
    outbox
        .propose_palm(
            &person(),
            "AP-1",
            PalmReference(reference),
            document(number).id,
            NOW,
        )
        .unwrap();
}

#[test]
fn palms_survive_a_restart() {
    let folder = folder();
    let mut outbox = reopen(&path(&folder));
    for number in 1..=3 {
        outbox.put(&document(number), &[], NOW).unwrap();
        propose(&mut outbox, u32::MAX - u32::from(number), number);
        if number < 3 {
            outbox.settle_palm(document(number).id, true, NOW).unwrap();
        }
    }
    outbox.receipt(document(3).id, RECEIPT, NOW, NOW).unwrap();
    // One document was delivered, one was not; the answer to either is still to come.
    outbox.put(&document(4), &[], NOW).unwrap();
    outbox
        .propose_palm(&person(), "AP-2", PalmReference(4), document(4).id, NOW)
        .unwrap();
    drop(outbox);

    let mut outbox = reopen(&path(&folder));
    let reference = |outbox: &SqliteOutbox| outbox.palm_reference(&person(), "AP-1").unwrap();
    assert_eq!(reference(&outbox), Some(PalmReference(u32::MAX - 2)));
    assert_eq!(
        outbox.palm_deletions("AP-1").unwrap(),
        [PalmReference(u32::MAX - 1)]
    );
    outbox.settle_palm(document(3).id, true, NOW).unwrap();
    assert_eq!(reference(&outbox), Some(PalmReference(u32::MAX - 3)));
    outbox.settle_palm(document(4).id, true, NOW).unwrap();
    assert_eq!(
        outbox.palm_reference(&person(), "AP-2").unwrap(),
        Some(PalmReference(4))
    );
}

/// Between the enrolment and the document of its session the kiosk may die.
#[test]
fn a_proposal_without_its_document_is_deleted_at_the_next_start() {
    let folder = folder();
    let mut outbox = reopen(&path(&folder));
    propose(&mut outbox, 7, 1);
    let records = outbox.verify_audit().unwrap();
    drop(outbox);
    for _ in 0..2 {
        let mut outbox = reopen(&path(&folder));
        assert_eq!(outbox.palm_deletions("AP-1").unwrap(), [PalmReference(7)]);
        assert_eq!(outbox.settle_palm(document(1).id, true, NOW).unwrap(), []);
        assert_eq!(outbox.palm_reference(&person(), "AP-1").unwrap(), None);
        assert_eq!(outbox.verify_audit().unwrap(), records + 1);
    }
}

/// Between the order of an enrolment and its answer the kiosk may die, or just after it.
#[test]
fn an_enrolment_that_was_cut_off_is_open_at_the_next_start() {
    let held = [PalmReference(u32::MAX), PalmReference(1)];
    for is_proposed in [false, true] {
        let folder = folder();
        let mut outbox = reopen(&path(&folder));
        outbox.begin_palm_enrolment("AP-1", &held, NOW).unwrap();
        if is_proposed {
            propose(&mut outbox, 7, 1);
        }
        drop(outbox);

        let mut outbox = reopen(&path(&folder));
        assert_eq!(outbox.open_palm_enrolment("AP-1").unwrap(), Some(held.to_vec()));
        assert_eq!(outbox.open_palm_enrolment("AP-2").unwrap(), None);
        let found = [PalmReference(1), PalmReference(7)];
        let orphans = outbox.end_palm_enrolment("AP-1", &found, NOW).unwrap();
        assert_eq!(orphans, [PalmReference(7)]);
        drop(outbox);

        let mut outbox = reopen(&path(&folder));
        assert_eq!(outbox.open_palm_enrolment("AP-1").unwrap(), None);
        assert_eq!(outbox.palm_deletions("AP-1").unwrap(), [PalmReference(7)]);
        // Nothing is left of the list that was closed.
        outbox.begin_palm_enrolment("AP-1", &[], NOW).unwrap();
        assert_eq!(outbox.open_palm_enrolment("AP-1").unwrap(), Some(vec![]));
    }
}

/// One thing that may happen to palms; numbers name persons, scanners, references and documents.
#[derive(Debug, Clone)]
enum Step {
    Begin(usize, Vec<u32>),
    End(usize, Vec<u32>),
    Propose(usize, usize, u32, u8),
    Settle(u8, bool),
    Forget(usize),
    Deleted(usize, u32),
}

const PERSONS: [&str; 2] = [TEST_IIN, "991231500006"];
const SCANNERS: [&str; 2] = ["AP-1", ""];

fn step() -> impl Strategy<Value = Step> {
    let references = || prop::collection::vec(0..4_u32, 0..4);
    prop_oneof![
        2 => (0..2_usize, references()).prop_map(|(scanner, held)| Step::Begin(scanner, held)),
        2 => (0..2_usize, references()).prop_map(|(scanner, found)| Step::End(scanner, found)),
        4 => (0..2_usize, 0..2_usize, 0..4_u32, 0..6_u8)
            .prop_map(|(person, scanner, reference, number)| Step::Propose(person, scanner, reference, number)),
        4 => (0..6_u8, any::<bool>()).prop_map(|(number, matched)| Step::Settle(number, matched)),
        1 => (0..2_usize).prop_map(Step::Forget),
        1 => (0..2_usize, 0..4_u32).prop_map(|(scanner, reference)| Step::Deleted(scanner, reference)),
    ]
}

/// Does it, and gives all that can be seen from outside.
fn perform(outbox: &mut dyn Outbox, step: &Step) -> String {
    let iin = |person: usize| PERSONS[person].parse::<Iin>().unwrap();
    let references = |numbers: &[u32]| numbers.iter().copied().map(PalmReference).collect::<Vec<_>>();
    let result = match *step {
        Step::Begin(scanner, ref held) => {
            let held = references(held);
            outbox
                .begin_palm_enrolment(SCANNERS[scanner], &held, NOW)
                .unwrap();
            String::new()
        }
        Step::End(scanner, ref found) => {
            format!(
                "{:?}",
                outbox.end_palm_enrolment(SCANNERS[scanner], &references(found), NOW)
            )
        }
        Step::Propose(person, scanner, reference, number) => {
            let reference = PalmReference(reference);
            outbox
                .propose_palm(
                    &iin(person),
                    SCANNERS[scanner],
                    reference,
                    document(number).id,
                    NOW,
                )
                .unwrap();
            String::new()
        }
        Step::Settle(number, matched) => {
            format!("{:?}", outbox.settle_palm(document(number).id, matched, NOW))
        }
        Step::Forget(person) => format!("{:?}", outbox.forget_palm(&iin(person), NOW)),
        Step::Deleted(scanner, reference) => {
            format!(
                "{:?}",
                outbox.palm_deleted(SCANNERS[scanner], PalmReference(reference), NOW)
            )
        }
    };
    let references = PERSONS.map(|person| {
        SCANNERS.map(|scanner| outbox.palm_reference(&person.parse().unwrap(), scanner).unwrap())
    });
    let deletions = SCANNERS.map(|scanner| outbox.palm_deletions(scanner).unwrap());
    let enrolments = SCANNERS.map(|scanner| outbox.open_palm_enrolment(scanner).unwrap());
    format!(
        "{result} {references:?} {deletions:?} {enrolments:?} {:?}",
        outbox.audit_head()
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever happens, nothing that a live row names is to be deleted, nothing that was enrolled is lost, and both
    /// outboxes agree in all that can be seen.
    #[test]
    fn no_live_palm_is_ever_deleted(steps in prop::collection::vec(step(), 0..40)) {
        let folder = folder();
        let mut file = reopen(&path(&folder));
        let mut memory = MemoryOutbox::new();
        let mut enrolled = std::collections::BTreeSet::new();
        for step in &steps {
            let seen = perform(&mut file, step);
            prop_assert_eq!(&seen, &perform(&mut memory, step), "{:?}", step);
            let count = |sql: &str| -> i64 { file.store.connection.query_row(sql, [], |row| row.get(0)).unwrap() };
            let both = count("SELECT count(*) FROM palm JOIN palm_deletion USING (scanner, reference)");
            prop_assert_eq!(both, 0, "{:?}", step);
            match step {
                Step::Propose(_, scanner, reference, _) => {
                    enrolled.insert((*scanner, *reference));
                }
                // What nobody names is known from now on.
                Step::End(scanner, _) => {
                    let deletions = memory.palm_deletions(SCANNERS[*scanner]).unwrap();
                    enrolled.extend(deletions.into_iter().map(|reference| (*scanner, reference.0)));
                }
                Step::Deleted(scanner, reference) if seen.starts_with("Ok(true)") => {
                    enrolled.remove(&(*scanner, *reference));
                }
                _ => {}
            }
            let known = count("SELECT (SELECT count(*) FROM palm) + (SELECT count(*) FROM palm_deletion)");
            prop_assert_eq!(known, i64::try_from(enrolled.len()).unwrap(), "{:?}", step);
            let stray = count("SELECT count(*) FROM palm_held WHERE scanner NOT IN (SELECT scanner FROM palm_enrolment)");
            prop_assert_eq!(stray, 0, "{:?}", step);
        }
    }
}
