//! Receipts, retention, what is sent again, and how things stand.

use super::*;

pub(super) const CASES: [fn(&mut dyn Outbox); 11] = [
    a_receipt_is_retained_until_it_is_forgotten,
    what_is_retained_is_sent_again_in_its_old_place,
    an_answer_is_awaited_once,
    retained_documents_are_forgotten_a_few_at_once,
    a_delivered_document_is_not_put_again,
    a_document_accounts_for_attempts,
    everything_that_is_not_delivered_is_exported,
    it_tells_how_it_stands,
    a_clock_set_back_delays_nothing_twice,
    a_clock_set_back_ends_the_waiting,
    a_lost_line_ends_the_waiting,
];

fn at(ms: i64) -> UtcMs {
    UtcMs(NOW.0 + ms)
}

fn events(outbox: &dyn Outbox, after: u64) -> Vec<String> {
    let records = outbox.audit_records(after, usize::MAX).unwrap();
    records.into_iter().map(|record| record.event).collect()
}

fn a_receipt_is_retained_until_it_is_forgotten(outbox: &mut dyn Outbox) {
    put(outbox, &[1, 2]);
    assert_eq!(outbox.retained_receipt(document(1).id).unwrap(), None);
    outbox.receipt(document(1).id, b"one", at(1), at(-9999)).unwrap();
    outbox.receipt(document(2).id, b"", at(2), at(2)).unwrap();
    assert!(!outbox.receipt(document(1).id, b"other", at(3), at(3)).unwrap());
    let receipt = |outbox: &dyn Outbox, number| outbox.retained_receipt(document(number).id).unwrap();
    assert_eq!(receipt(outbox, 1), Some(b"one".to_vec()), "the first one counts");
    assert_eq!(outbox.forget_delivered(at(1), at(9)).unwrap(), 0);
    assert_eq!(outbox.forget_delivered(at(2), at(9)).unwrap(), 1);
    assert_eq!((receipt(outbox, 1), receipt(outbox, 2)), (None, Some(Vec::new())));
    assert_eq!(
        state(outbox, 1),
        Some(EntryState::AwaitingIdentification),
        "the answer is awaited all the same"
    );
    assert!(!outbox.resend(document(1).id, at(9)).unwrap(), "it is gone");
    outbox.identified(document(1).id, at(9)).unwrap();
    assert_eq!(state(outbox, 1), None);
    assert_eq!(
        events(outbox, 2),
        [
            format!("DocumentReceived document={}", document(1).id),
            format!("DocumentReceived document={}", document(2).id),
            "DocumentsForgotten count=1".to_owned(),
            format!("DocumentIdentified document={}", document(1).id),
        ]
    );
}

fn what_is_retained_is_sent_again_in_its_old_place(outbox: &mut dyn Outbox) {
    put(outbox, &[1, 2, 3]);
    assert!(
        !outbox.resend(document(1).id, NOW).unwrap(),
        "it was not delivered yet"
    );
    for number in [1, 2] {
        outbox.next(NOW).unwrap();
        outbox.receipt(document(number).id, RECEIPT, NOW, NOW).unwrap();
    }
    assert!(outbox.resend(document(2).id, NOW).unwrap());
    assert!(!outbox.resend(document(2).id, NOW).unwrap(), "it waits already");
    assert!(outbox.resend(document(1).id, NOW).unwrap());
    assert_eq!(state(outbox, 1), Some(EntryState::Pending));
    assert_eq!(outbox.counts().unwrap().retained, 0);
    assert_eq!(drain(outbox, NOW), [1, 2, 3]);
    assert!(outbox.receipt(document(2).id, b"again", NOW, NOW).unwrap());
    let receipt = outbox.retained_receipt(document(2).id).unwrap();
    assert_eq!(receipt, Some(b"again".to_vec()));
    outbox.release_in_flight().unwrap();
    assert_eq!(drain(outbox, NOW), [1, 3]);
}

fn an_answer_is_awaited_once(outbox: &mut dyn Outbox) {
    put(outbox, &[1, 2]);
    outbox.put_final(&document(3), &[], NOW).unwrap();
    for number in 1..=3 {
        outbox.receipt(document(number).id, RECEIPT, NOW, NOW).unwrap();
    }
    outbox.identified(document(2).id, NOW).unwrap();
    for number in 1..=3 {
        assert!(outbox.resend(document(number).id, NOW).unwrap());
    }
    assert_eq!(outbox.awaiting(9).unwrap(), [document(1).id]);
    assert_eq!(outbox.counts().unwrap().awaiting, 1);
    for number in 1..=3 {
        outbox.receipt(document(number).id, RECEIPT, NOW, NOW).unwrap();
    }
    assert_eq!(outbox.awaiting(9).unwrap(), [document(1).id]);
    assert_eq!(outbox.awaiting(0).unwrap(), []);
    assert_eq!(state(outbox, 2), Some(EntryState::Delivered));
    assert_eq!(state(outbox, 3), Some(EntryState::Delivered));
}

fn retained_documents_are_forgotten_a_few_at_once(outbox: &mut dyn Outbox) {
    let number = u32::try_from(FORGET_AT_ONCE).unwrap() + 3;
    let id = |number: u32| DocumentId(u128::from(number).to_be_bytes());
    for number in 0..number {
        let document = SignedDocument {
            id: id(number),
            bytes: vec![1],
        };
        outbox.put_final(&document, &[], NOW).unwrap();
        outbox
            .receipt(document.id, RECEIPT, at(i64::from(number)), at(i64::from(number)))
            .unwrap();
    }
    assert_eq!(outbox.forget_delivered(at(9999), NOW).unwrap(), FORGET_AT_ONCE);
    assert!(outbox.retained_receipt(id(number - 3)).unwrap().is_some());
    assert_eq!(outbox.forget_delivered(at(9999), NOW).unwrap(), 3);
    let before = outbox.audit_head().unwrap();
    assert_eq!(outbox.forget_delivered(at(9999), NOW).unwrap(), 0);
    assert_eq!(outbox.audit_head().unwrap(), before);
    assert_eq!(outbox.counts().unwrap(), Counts::default());
}

fn a_delivered_document_is_not_put_again(outbox: &mut dyn Outbox) {
    put(outbox, &[1]);
    outbox.receipt(document(1).id, RECEIPT, NOW, NOW).unwrap();
    put(outbox, &[1]);
    assert_eq!(outbox.next(NOW).unwrap(), None);
    let other = SignedDocument {
        bytes: vec![9],
        ..document(1)
    };
    let conflict = outbox.put(&other, &[], NOW);
    assert!(matches!(conflict, Err(OutboxError::Conflict(_))), "{conflict:?}");
}

fn a_document_accounts_for_attempts(outbox: &mut dyn Outbox) {
    let one: Iin = "880412401006".parse().unwrap();
    let other: Iin = "991231500006".parse().unwrap();
    for subject in [&one, &other] {
        for modality in [Modality::Face, Modality::Palm] {
            outbox.record_attempt(subject, modality, NOW).unwrap();
        }
    }
    let used = |outbox: &dyn Outbox| {
        [&one, &other].map(|subject| {
            [Modality::Face, Modality::Palm]
                .map(|modality| outbox.attempts_used(subject, modality, UtcMs(0)).unwrap())
        })
    };
    let accounts_for = [(one.clone(), Modality::Face), (other.clone(), Modality::Palm)];
    put(outbox, &[1]);
    let conflict = SignedDocument {
        bytes: vec![9],
        ..document(1)
    };
    outbox.put(&conflict, &accounts_for, NOW).unwrap_err();
    assert_eq!(used(outbox), [[1, 1], [1, 1]], "nothing has changed");
    outbox.put(&document(2), &accounts_for, NOW).unwrap();
    assert_eq!(used(outbox), [[0, 1], [1, 0]]);
    let rest = [(one.clone(), Modality::Palm)];
    outbox.put_final(&document(3), &rest, NOW).unwrap();
    assert_eq!(used(outbox), [[0, 0], [1, 0]]);
}

fn everything_that_is_not_delivered_is_exported(outbox: &mut dyn Outbox) {
    put(outbox, &[1, 2, 3, 4, 5]);
    outbox.next(NOW).unwrap();
    outbox.receipt(document(2).id, RECEIPT, NOW, NOW).unwrap();
    outbox.wedge(document(3).id, WedgeReason::AuditFork, NOW).unwrap();
    outbox.next(NOW).unwrap();
    outbox.postpone(document(4).id, UtcMs(i64::MAX)).unwrap();
    let export = |outbox: &mut dyn Outbox| {
        let mut exported = Vec::new();
        let mut after = None;
        while let Some((place, found, state)) = outbox.export(after).unwrap() {
            assert_eq!(found, document(found.id.0[0]));
            exported.push((found.id.0[0], state));
            after = Some(place);
        }
        exported
    };
    let expect = [
        (1, EntryState::InFlight),
        (3, EntryState::Wedged(WedgeReason::AuditFork)),
        (4, EntryState::Pending),
        (5, EntryState::Pending),
    ];
    assert_eq!(export(outbox), expect);
    assert_eq!(export(outbox), expect, "nothing changes by that");
    assert_eq!(outbox.export(Some(u64::MAX)).unwrap(), None);
}

fn it_tells_how_it_stands(outbox: &mut dyn Outbox) {
    assert_eq!(outbox.standing().unwrap(), Standing::default());
    for number in 1..=4 {
        outbox.put(&document(number), &[], at(i64::from(number))).unwrap();
    }
    outbox.next(NOW).unwrap();
    outbox.wedge(document(2).id, WedgeReason::Receipt, NOW).unwrap();
    let standing = outbox.standing().unwrap();
    assert_eq!((standing.counts.pending, standing.counts.in_flight), (2, 1));
    assert_eq!(standing.counts.wedged, 1);
    assert_eq!(standing.pending_bytes, 150);
    assert_eq!(standing.oldest_pending_put_at, Some(at(1)));
    assert_eq!(
        (standing.last_contact_at, standing.newest_receipt_at),
        (None, None)
    );

    outbox.receipt(document(1).id, RECEIPT, at(10), at(10)).unwrap();
    outbox.contact(at(20)).unwrap();
    let standing = outbox.standing().unwrap();
    assert_eq!(standing.pending_bytes, 100);
    assert_eq!(standing.oldest_pending_put_at, Some(at(3)));
    assert_eq!(standing.last_contact_at, Some(at(20)));
    assert_eq!(standing.newest_receipt_at, Some(at(10)));
    outbox.unwedge(document(2).id, NOW).unwrap();
    assert_eq!(outbox.standing().unwrap().oldest_pending_put_at, Some(at(2)));
    outbox.resend(document(1).id, NOW).unwrap();
    assert_eq!(outbox.standing().unwrap().oldest_pending_put_at, Some(at(1)));
    for number in 1..=4 {
        outbox
            .receipt(document(number).id, RECEIPT, at(30), at(30))
            .unwrap();
    }
    let standing = outbox.standing().unwrap();
    assert_eq!(
        (standing.pending_bytes, standing.oldest_pending_put_at),
        (0, None)
    );
    outbox.settle().unwrap();
    assert_eq!(outbox.standing().unwrap(), standing);
}

fn a_clock_set_back_delays_nothing_twice(outbox: &mut dyn Outbox) {
    put(outbox, &[1, 2]);
    assert_eq!(drain(outbox, NOW), [1, 2]);
    outbox.postpone(document(1).id, at(10)).unwrap();
    outbox.postpone(document(2).id, at(10)).unwrap();
    assert_eq!(outbox.next(at(9)).unwrap(), None);
    assert_eq!(outbox.next(at(10)).unwrap().unwrap(), document(1));
    assert_eq!(drain(outbox, UtcMs(0)), [2], "its time has come once");
}

fn a_clock_set_back_ends_the_waiting(outbox: &mut dyn Outbox) {
    put(outbox, &[1, 2, 3]);
    let hour_ms = 3_600_000;
    assert_eq!(drain(outbox, at(hour_ms)), [1, 2, 3]);
    outbox.postpone(document(1).id, at(hour_ms + 10)).unwrap();
    outbox.postpone(document(3).id, at(hour_ms + 20)).unwrap();
    assert_eq!(outbox.next(at(hour_ms)).unwrap(), None);
    assert_eq!(drain(outbox, NOW), [1, 3], "nobody waits for an hour");
    outbox.postpone(document(3).id, at(10)).unwrap();
    assert_eq!(outbox.next(at(5)).unwrap(), None, "by the new clock it waits");
}

fn a_lost_line_ends_the_waiting(outbox: &mut dyn Outbox) {
    put(outbox, &[1, 2]);
    assert_eq!(drain(outbox, NOW), [1, 2]);
    outbox.postpone(document(1).id, at(10)).unwrap();
    outbox.release_in_flight().unwrap();
    assert_eq!(drain(outbox, NOW), [1, 2]);
}
