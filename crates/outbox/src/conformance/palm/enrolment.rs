//! Enrolments that were ordered from a scanner and may have been cut off.

use super::*;

pub(in crate::conformance) const CASES: [fn(&mut dyn Outbox); 6] = [
    what_an_enrolment_left_behind_is_deleted,
    without_an_open_enrolment_nothing_happens,
    a_second_beginning_keeps_what_was_held_before_the_first,
    what_a_live_row_names_is_never_deleted,
    what_is_to_be_deleted_already_is_not_listed_twice,
    a_number_that_became_free_accounts_for_nothing,
];

fn references(numbers: &[u32]) -> Vec<PalmReference> {
    numbers.iter().copied().map(PalmReference).collect()
}

fn begin(outbox: &mut dyn Outbox, scanner: &str, held: &[u32]) {
    outbox
        .begin_palm_enrolment(scanner, &references(held), NOW)
        .unwrap();
}

fn open(outbox: &dyn Outbox, scanner: &str) -> Option<Vec<u32>> {
    let held = outbox.open_palm_enrolment(scanner).unwrap()?;
    Some(held.into_iter().map(|reference| reference.0).collect())
}

/// What nobody names.
fn end(outbox: &mut dyn Outbox, scanner: &str, found: &[u32]) -> Vec<u32> {
    let orphans = outbox
        .end_palm_enrolment(scanner, &references(found), NOW)
        .unwrap();
    orphans.into_iter().map(|reference| reference.0).collect()
}

fn what_an_enrolment_left_behind_is_deleted(outbox: &mut dyn Outbox) {
    begin(outbox, ONE, &[7, 3, 7]);
    begin(outbox, TWO, &[]);
    assert_eq!(open(outbox, ONE), Some(vec![7, 3]));
    assert_eq!(open(outbox, TWO), Some(vec![]));

    let before = records(outbox);
    assert_eq!(end(outbox, ONE, &[7, u32::MAX, 0, u32::MAX]), [u32::MAX, 0]);
    assert_eq!(deletions(outbox, ONE), [u32::MAX, 0]);
    assert_eq!(
        records(outbox),
        before + 2,
        "one for each; none for a number that is gone"
    );
    assert_eq!(open(outbox, ONE), None);
    assert_eq!(
        open(outbox, TWO),
        Some(vec![]),
        "the other scanner's is still open"
    );
    assert_eq!(deletions(outbox, TWO), []);

    assert_eq!(end(outbox, TWO, &[7]), [7]);
    assert_eq!(open(outbox, TWO), None);
    assert_eq!(outbox.verify_audit().unwrap(), before + 3);
}

fn without_an_open_enrolment_nothing_happens(outbox: &mut dyn Outbox) {
    assert_eq!(open(outbox, ONE), None);
    assert_eq!(end(outbox, ONE, &[1, 2]), []);
    begin(outbox, ONE, &[1]);
    assert_eq!(end(outbox, TWO, &[1, 2]), []);
    assert_eq!(end(outbox, ONE, &[1]), []);
    assert_eq!(end(outbox, ONE, &[1, 2]), [], "it is closed");
    for scanner in [ONE, TWO] {
        assert_eq!(deletions(outbox, scanner), []);
    }
    assert_eq!(records(outbox), 0);
}

fn a_second_beginning_keeps_what_was_held_before_the_first(outbox: &mut dyn Outbox) {
    begin(outbox, ONE, &[1]);
    begin(outbox, ONE, &[1, 2]);
    assert_eq!(open(outbox, ONE), Some(vec![1]));
    assert_eq!(end(outbox, ONE, &[1, 2, 3]), [2, 3]);
    // Once it is closed, the next one begins with what is there.
    begin(outbox, ONE, &[1, 2, 3]);
    assert_eq!(open(outbox, ONE), Some(vec![1, 2, 3]));
    assert_eq!(end(outbox, ONE, &[1, 2, 3]), []);
}

fn what_a_live_row_names_is_never_deleted(outbox: &mut dyn Outbox) {
    propose(outbox, &other(), ONE, 1, 1);
    settle(outbox, 1, true);
    // The number 2 is named in the other scanner only.
    propose(outbox, &other(), TWO, 2, 2);
    begin(outbox, ONE, &[]);
    propose(outbox, &person(), ONE, 3, 3);
    assert_eq!(open(outbox, ONE), Some(vec![]), "a proposal closes nothing");
    assert_eq!(end(outbox, ONE, &[1, 2, 3]), [2]);
    assert_eq!(deletions(outbox, ONE), [2]);
    assert_eq!(settle(outbox, 3, true), at(ONE, &[]));
    assert_eq!(reference(outbox, &person(), ONE), Some(3));
    assert_eq!(reference(outbox, &other(), ONE), Some(1));
}

/// The session was over, and its proposal refused, before the scanner could be asked what it holds.
fn what_is_to_be_deleted_already_is_not_listed_twice(outbox: &mut dyn Outbox) {
    begin(outbox, ONE, &[]);
    propose(outbox, &person(), ONE, 1, 1);
    settle(outbox, 1, false);
    let before = records(outbox);
    assert_eq!(end(outbox, ONE, &[1, 2]), [1, 2]);
    assert_eq!(deletions(outbox, ONE), [1, 2]);
    assert_eq!(
        records(outbox),
        before + 1,
        "that it was refused is written down already"
    );
}

/// Scanners give a number again that has become free.
fn a_number_that_became_free_accounts_for_nothing(outbox: &mut dyn Outbox) {
    propose(outbox, &person(), ONE, 1, 1);
    settle(outbox, 1, true);
    begin(outbox, ONE, &[1, 2]);
    begin(outbox, TWO, &[1]);
    outbox.forget_palm(&person(), NOW).unwrap();
    assert_eq!(
        open(outbox, ONE),
        Some(vec![1, 2]),
        "the scanner has not shown it yet"
    );
    assert!(outbox.palm_deleted(ONE, PalmReference(1), NOW).unwrap());
    // What nobody asked to be deleted is not shown to be gone.
    assert!(!outbox.palm_deleted(ONE, PalmReference(2), NOW).unwrap());
    assert_eq!(open(outbox, ONE), Some(vec![2]));
    assert_eq!(open(outbox, TWO), Some(vec![1]));
    assert_eq!(end(outbox, ONE, &[1, 2]), [1]);
    assert_eq!(end(outbox, TWO, &[1]), []);
}
