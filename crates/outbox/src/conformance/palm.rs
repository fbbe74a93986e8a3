//! Whose palm a reference in a scanner is.

pub(super) mod enrolment;
mod model;

use verification::identifier::Iin;
use verification::palm::PalmReference;

use super::*;

pub(super) const CASES: [fn(&mut dyn Outbox); 7] = [
    a_proposal_serves_nobody_until_the_centre_has_answered,
    a_rejected_proposal_is_deleted,
    a_newer_proposal_replaces_the_older_one,
    a_confirmed_reference_stays_until_another_one_is_confirmed,
    a_withdrawn_consent_takes_everything,
    a_deletion_stays_until_the_scanner_has_shown_it,
    a_number_that_is_used_again_is_not_deleted,
];

const ONE: &str = "AP-1";
const TWO: &str = "AP-2";

fn person() -> Iin {
    "880412401006".parse().unwrap()
}

/// Somebody who will be born on the last day of 2099.
fn other() -> Iin {
    "991231500006".parse().unwrap()
}

fn propose(outbox: &mut dyn Outbox, subject: &Iin, scanner: &str, reference: u32, number: u8) {
    let reference = PalmReference(reference);
    outbox
        .propose_palm(subject, scanner, reference, document(number).id, NOW)
        .unwrap();
}

/// What is to be deleted now, as pairs of scanner and number.
fn settle(outbox: &mut dyn Outbox, number: u8, matched: bool) -> Vec<(String, u32)> {
    numbers(outbox.settle_palm(document(number).id, matched, NOW).unwrap())
}

fn numbers(deletions: Vec<(String, PalmReference)>) -> Vec<(String, u32)> {
    deletions
        .into_iter()
        .map(|(scanner, reference)| (scanner, reference.0))
        .collect()
}

fn at(scanner: &str, references: &[u32]) -> Vec<(String, u32)> {
    references
        .iter()
        .map(|reference| (scanner.to_owned(), *reference))
        .collect()
}

fn reference(outbox: &dyn Outbox, subject: &Iin, scanner: &str) -> Option<u32> {
    let reference = outbox.palm_reference(subject, scanner).unwrap();
    reference.map(|reference| reference.0)
}

fn deletions(outbox: &dyn Outbox, scanner: &str) -> Vec<u32> {
    let deletions = outbox.palm_deletions(scanner).unwrap();
    deletions.into_iter().map(|reference| reference.0).collect()
}

fn records(outbox: &dyn Outbox) -> u64 {
    outbox.audit_head().unwrap().number
}

fn a_proposal_serves_nobody_until_the_centre_has_answered(outbox: &mut dyn Outbox) {
    propose(outbox, &person(), ONE, 1001, 1);
    assert_eq!(reference(outbox, &person(), ONE), None);
    assert_eq!(
        settle(outbox, 2, true),
        at(ONE, &[]),
        "an answer to another document"
    );
    assert_eq!(reference(outbox, &person(), ONE), None);
    assert_eq!(records(outbox), 1);

    assert_eq!(settle(outbox, 1, true), at(ONE, &[]));
    assert_eq!(reference(outbox, &person(), ONE), Some(1001));
    assert_eq!(reference(outbox, &person(), TWO), None);
    assert_eq!(reference(outbox, &other(), ONE), None);
    assert_eq!(records(outbox), 2);
    // A second answer, of whatever kind.
    for matched in [true, false] {
        assert_eq!(settle(outbox, 1, matched), at(ONE, &[]));
        assert_eq!(reference(outbox, &person(), ONE), Some(1001));
    }
    assert_eq!(deletions(outbox, ONE), []);
    assert_eq!(records(outbox), 2);
    assert_eq!(outbox.verify_audit().unwrap(), 2);
}

fn a_rejected_proposal_is_deleted(outbox: &mut dyn Outbox) {
    propose(outbox, &person(), ONE, 1001, 1);
    assert_eq!(settle(outbox, 1, false), at(ONE, &[1001]));
    for matched in [true, false] {
        assert_eq!(settle(outbox, 1, matched), at(ONE, &[]));
        assert_eq!(reference(outbox, &person(), ONE), None);
    }
    assert_eq!(deletions(outbox, ONE), [1001]);
    assert_eq!(records(outbox), 2);
}

fn a_newer_proposal_replaces_the_older_one(outbox: &mut dyn Outbox) {
    propose(outbox, &person(), ONE, 1, 1);
    propose(outbox, &person(), TWO, 1, 2);
    propose(outbox, &other(), ONE, 2, 3);
    propose(outbox, &person(), ONE, 3, 4);
    assert_eq!(deletions(outbox, ONE), [1]);
    assert_eq!(
        settle(outbox, 1, true),
        at(ONE, &[]),
        "the older one is beyond its answer"
    );
    assert_eq!(reference(outbox, &person(), ONE), None);
    for number in 2..=4 {
        assert_eq!(settle(outbox, number, true), at(ONE, &[]));
    }
    assert_eq!(reference(outbox, &person(), ONE), Some(3));
    assert_eq!(reference(outbox, &person(), TWO), Some(1));
    assert_eq!(reference(outbox, &other(), ONE), Some(2));
}

fn a_confirmed_reference_stays_until_another_one_is_confirmed(outbox: &mut dyn Outbox) {
    propose(outbox, &person(), ONE, 1, 1);
    settle(outbox, 1, true);
    propose(outbox, &person(), ONE, 2, 2);
    assert_eq!(reference(outbox, &person(), ONE), Some(1));
    assert_eq!(settle(outbox, 2, false), at(ONE, &[2]));
    assert_eq!(reference(outbox, &person(), ONE), Some(1));

    propose(outbox, &person(), ONE, 3, 3);
    propose(outbox, &other(), ONE, 4, 4);
    settle(outbox, 4, true);
    assert_eq!(settle(outbox, 3, true), at(ONE, &[1]));
    assert_eq!(reference(outbox, &person(), ONE), Some(3));
    assert_eq!(reference(outbox, &other(), ONE), Some(4));
    assert_eq!(deletions(outbox, ONE), [2, 1]);
}

fn a_withdrawn_consent_takes_everything(outbox: &mut dyn Outbox) {
    propose(outbox, &person(), ONE, 1, 1);
    settle(outbox, 1, true);
    propose(outbox, &person(), ONE, 2, 2);
    propose(outbox, &person(), TWO, 1, 3);
    propose(outbox, &other(), ONE, 3, 4);
    settle(outbox, 4, true);
    let before = records(outbox);
    let all = [at(ONE, &[1, 2]), at(TWO, &[1])].concat();
    assert_eq!(numbers(outbox.forget_palm(&person(), NOW).unwrap()), all);
    assert_eq!(numbers(outbox.forget_palm(&person(), NOW).unwrap()), []);
    assert_eq!(records(outbox), before + 1);
    for number in 1..=3 {
        assert_eq!(settle(outbox, number, true), at(ONE, &[]), "a late answer");
    }
    for scanner in [ONE, TWO] {
        assert_eq!(reference(outbox, &person(), scanner), None);
    }
    assert_eq!(reference(outbox, &other(), ONE), Some(3));
    assert_eq!(deletions(outbox, ONE), [1, 2]);
    assert_eq!(deletions(outbox, TWO), [1]);
}

fn a_deletion_stays_until_the_scanner_has_shown_it(outbox: &mut dyn Outbox) {
    propose(outbox, &person(), ONE, 1, 1);
    propose(outbox, &other(), TWO, 1, 2);
    settle(outbox, 1, false);
    settle(outbox, 2, false);
    let before = records(outbox);
    let mut deleted = |scanner: &str, reference| {
        outbox
            .palm_deleted(scanner, PalmReference(reference), NOW)
            .unwrap()
    };
    assert!(!deleted(ONE, 2));
    assert!(!deleted("AP-3", 1));
    assert!(deleted(ONE, 1));
    assert!(!deleted(ONE, 1), "a second proof");
    assert_eq!(records(outbox), before + 1);
    assert_eq!(deletions(outbox, ONE), []);
    assert_eq!(deletions(outbox, TWO), [1]);
}

/// A scanner that was emptied begins its numbers anew.
fn a_number_that_is_used_again_is_not_deleted(outbox: &mut dyn Outbox) {
    propose(outbox, &person(), ONE, 1, 1);
    settle(outbox, 1, false);
    assert_eq!(deletions(outbox, ONE), [1]);
    propose(outbox, &person(), ONE, 1, 2);
    assert_eq!(deletions(outbox, ONE), []);
    settle(outbox, 2, true);
    assert_eq!(reference(outbox, &person(), ONE), Some(1));

    // Whoever had the number before would be taken for its new owner.
    let before = records(outbox);
    propose(outbox, &other(), ONE, 1, 3);
    assert_eq!(records(outbox), before + 2, "that is written down as well");
    assert_eq!(reference(outbox, &person(), ONE), None);
    assert_eq!(settle(outbox, 3, true), at(ONE, &[]));
    assert_eq!(reference(outbox, &other(), ONE), Some(1));
    assert_eq!(deletions(outbox, ONE), []);

    // The same person under the same number: what was confirmed is overwritten, too.
    propose(outbox, &other(), ONE, 1, 4);
    assert_eq!(reference(outbox, &other(), ONE), None);
    assert_eq!(settle(outbox, 4, false), at(ONE, &[1]));
    assert_eq!(deletions(outbox, ONE), [1]);
}
