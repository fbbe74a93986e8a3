//! Stories of custody on the whole kiosk: enrolment, limits, a gateway that forgets, a kiosk that is shut out.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

mod common;

use common::{Institution, LIMIT, Person, alone, clip, offered};
use ipc::{ErrorCode, Intent, Outcome, Screen};
use outbox::Outbox as _;
use verification::audit::{AuditHead, AuditTrail};
use verification::evidence::Outcome as Recorded;

/// A document without a face: somebody who leaves before the camera.
fn leaves(person: &mut Person) {
    person.goes_to_the_camera();
    person.sees("the camera", |view| matches!(view.screen, Screen::Face { .. }));
    person.wants(Intent::Cancel);
    person.sees_outcome(&[Outcome::Withdrawn]);
    person.wants(Intent::Finish);
}

fn is_closed(code: ErrorCode) -> impl Fn(&ipc::View) -> bool {
    move |view| view.screen == Screen::OutOfService { code }
}

#[test]
fn a_kiosk_begins_once_it_is_enrolled() {
    let _alone = alone();
    let clip = clip();
    let mut institution = Institution::stranger();
    let mut person = institution.kiosk(&clip, &offered(&clip));
    person.sees("that nobody knows the kiosk", is_closed(ErrorCode::NotEnrolled));
    institution.enrol();
    person.sees("welcome", |view| view.screen == Screen::Welcome);
}

#[test]
fn too_many_waiting_documents_close_the_kiosk_until_the_gateway_has_them() {
    let _alone = alone();
    let clip = clip();
    let mut institution = Institution::found();
    let limits = "pending_warn = 1\npending_stop = 2";
    let mut person = institution.kiosk_within(&clip, &offered(&clip), limits);
    leaves(&mut person);
    person.sees("a warning for the staff", |view| {
        view.screen == Screen::Welcome && view.attention == [ErrorCode::Pending]
    });
    leaves(&mut person);
    person.sees("that it is closed", is_closed(ErrorCode::Pending));
    institution.open_gateway();
    person.sees("welcome again", |view| {
        view.screen == Screen::Welcome && view.pending == 0 && view.attention.is_empty()
    });
    drop(person);
    assert_eq!(institution.documents().len(), 2);
}

#[test]
fn a_gateway_that_lost_what_it_had_confirmed_gets_it_again() {
    let _alone = alone();
    let clip = clip();
    let mut institution = Institution::found();
    institution.open_gateway();
    let mut person = institution.kiosk(&clip, &offered(&clip));
    leaves(&mut person);
    person.sees("a delivered document", |view| view.pending == 0);
    institution.close_gateway();
    let backup = institution.copy_of_gateway();
    institution.open_gateway();
    leaves(&mut person);
    person.sees("another one", |view| view.pending == 0);
    let ids: Vec<_> = institution
        .documents()
        .iter()
        .map(|document| document.document_id)
        .collect();
    assert_eq!(ids.len(), 2);
    institution.restore_gateway(&backup);
    assert_eq!(institution.documents().len(), 1, "the newer one is lost");
    institution.wants_again(&ids[1..]);
    institution.open_gateway();
    let end = std::time::Instant::now() + LIMIT;
    while institution.count() < 2 {
        assert!(std::time::Instant::now() < end, "it did not come again");
        std::thread::yield_now();
    }
    drop(person);
    let again: Vec<_> = institution
        .documents()
        .iter()
        .map(|document| document.document_id)
        .collect();
    assert_eq!(again, ids);
}

#[test]
fn a_kiosk_that_is_shut_out_closes() {
    let _alone = alone();
    let clip = clip();
    let mut institution = Institution::found();
    institution.open_gateway();
    let mut person = institution.kiosk(&clip, &offered(&clip));
    person.sees("the line", |view| view.link == ipc::Link::Online);
    institution.shut_out();
    person.sees("that it is refused", is_closed(ErrorCode::Refused));
}

#[test]
fn every_document_stands_on_the_chain_of_the_audit_log() {
    let _alone = alone();
    let clip = clip();
    let mut institution = Institution::found();
    institution.open_gateway();
    let mut person = institution.kiosk(&clip, &offered(&clip));
    person.goes_to_the_camera();
    person.sees_outcome(&[Outcome::Verified]);
    person.wants(Intent::Finish);
    leaves(&mut person);
    person.sees("an empty outbox", |view| view.pending == 0);
    drop(person);

    let documents = institution.documents();
    let settings = institution.custody();
    let keys = custody::open_keys(&settings).unwrap();
    let outbox = custody::open_store(&settings, &keys, common::now())
        .unwrap()
        .outbox;
    let records = outbox.audit_records(0, usize::MAX).unwrap();
    let mut trail = AuditTrail::from(AuditHead::empty(outbox.audit_head().unwrap().log));
    let mut heads = Vec::new();
    for record in &records {
        trail.follow(record).unwrap();
        heads.push(trail.head());
    }
    for document in &documents {
        assert!(heads.contains(&document.audit.unwrap()));
    }
    let has = |event: &str| records.iter().any(|record| record.event.starts_with(event));
    for event in [
        "KioskStarted version=",
        "LinkUp ",
        "ServiceChosen service=account-opening",
        "ConsentGiven text=processing",
        "AttemptStarted",
        "DocumentStored ",
        "DocumentReceived ",
        "Recorded outcome=AwaitingIdentification",
        "CancelChosen",
        "KioskStopped",
    ] {
        assert!(has(event), "{event} is not in the log");
    }
    let withdrawn = documents
        .iter()
        .filter(|document| document.outcome == Recorded::Withdrawn);
    assert_eq!(withdrawn.count(), 1);
}
