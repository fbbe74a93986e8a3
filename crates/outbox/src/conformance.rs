//! What every [`Outbox`] must do, as one suite for all of them.

mod delivery;
mod palm;

use verification::audit::LogId;
use verification::evidence::{DocumentId, Modality, SessionId};
use verification::identifier::Iin;
use verification::time::UtcMs;

use crate::{Counts, EntryState, FORGET_AT_ONCE, Outbox, OutboxError, SignedDocument, Standing, WedgeReason};

const NOW: UtcMs = UtcMs(1_000_000);
pub(crate) const LOG: LogId = LogId([0; 16]);
pub(crate) const RECEIPT: &[u8] = b"a signed receipt";

/// Runs the suite; `make` gives a new empty outbox each time.
pub(crate) fn run(make: impl Fn() -> Box<dyn Outbox>) {
    let cases: [fn(&mut dyn Outbox); 11] = [
        order_is_kept,
        putting_twice_is_putting_once,
        a_postponed_entry_blocks_nobody,
        a_wedged_entry_blocks_nobody,
        a_lost_line_keeps_the_order,
        an_entry_leaves_by_its_receipt,
        a_final_entry_leaves_whole,
        unknown_ids_are_harmless,
        attempts_are_counted,
        attempts_with_the_palm_are_their_own,
        the_audit_log_is_a_chain,
    ];
    for case in cases
        .into_iter()
        .chain(delivery::CASES)
        .chain(palm::CASES)
        .chain(palm::enrolment::CASES)
    {
        case(&mut *make());
    }
}

/// The document of a number.
pub(crate) fn document(number: u8) -> SignedDocument {
    SignedDocument {
        id: DocumentId([number; 16]),
        bytes: vec![number; 50],
    }
}

fn put(outbox: &mut dyn Outbox, numbers: &[u8]) {
    for number in numbers {
        outbox.put(&document(*number), &[], NOW).unwrap();
    }
}

/// All that `next` gives at that time.
pub(crate) fn drain(outbox: &mut dyn Outbox, now: UtcMs) -> Vec<u8> {
    let mut numbers = Vec::new();
    while let Some(next) = outbox.next(now).unwrap() {
        assert_eq!(next, document(next.id.0[0]));
        numbers.push(next.id.0[0]);
    }
    numbers
}

fn state(outbox: &dyn Outbox, number: u8) -> Option<EntryState> {
    outbox.state(document(number).id).unwrap()
}

fn order_is_kept(outbox: &mut dyn Outbox) {
    assert_eq!(outbox.next(NOW).unwrap(), None);
    put(outbox, &[3, 1, 2]);
    assert_eq!(state(outbox, 3), Some(EntryState::Pending));
    assert_eq!(drain(outbox, NOW), [3, 1, 2]);
    assert_eq!(state(outbox, 3), Some(EntryState::InFlight));
    assert_eq!(
        drain(outbox, NOW),
        [],
        "what is in flight is not handed out twice"
    );
    assert_eq!(
        outbox.counts().unwrap(),
        Counts {
            in_flight: 3,
            ..Counts::default()
        }
    );
}

fn putting_twice_is_putting_once(outbox: &mut dyn Outbox) {
    put(outbox, &[1, 2, 1]);
    let head = outbox.audit_head().unwrap();
    assert_eq!(head.number, 2);
    let other = SignedDocument {
        bytes: vec![9],
        ..document(1)
    };
    assert!(matches!(outbox.put(&other, &[], NOW), Err(OutboxError::Conflict(id)) if id == other.id));
    assert_eq!(outbox.audit_head().unwrap(), head);
    assert_eq!(drain(outbox, NOW), [1, 2]);
    put(outbox, &[1]);
    assert_eq!(state(outbox, 1), Some(EntryState::InFlight));
}

fn a_postponed_entry_blocks_nobody(outbox: &mut dyn Outbox) {
    put(outbox, &[1, 2]);
    outbox.next(NOW).unwrap();
    outbox.postpone(document(1).id, UtcMs(NOW.0 + 10)).unwrap();
    assert_eq!(state(outbox, 1), Some(EntryState::Pending));
    assert_eq!(drain(outbox, UtcMs(NOW.0 + 9)), [2]);
    assert_eq!(drain(outbox, UtcMs(NOW.0 + 10)), [1]);
    outbox.receipt(document(2).id, RECEIPT, NOW, NOW).unwrap();
    outbox.postpone(document(2).id, NOW).unwrap();
    assert_eq!(state(outbox, 2), Some(EntryState::AwaitingIdentification));
}

fn a_wedged_entry_blocks_nobody(outbox: &mut dyn Outbox) {
    put(outbox, &[1, 2, 3]);
    outbox.next(NOW).unwrap();
    let refused = WedgeReason::Signature;
    outbox.wedge(document(1).id, refused.clone(), NOW).unwrap();
    outbox.wedge(document(2).id, WedgeReason::TooLarge, NOW).unwrap();
    assert_eq!(state(outbox, 1), Some(EntryState::Wedged(refused)));
    assert_eq!(state(outbox, 2), Some(EntryState::Wedged(WedgeReason::TooLarge)));
    assert_eq!(
        outbox.counts().unwrap(),
        Counts {
            pending: 1,
            wedged: 2,
            ..Counts::default()
        }
    );
    outbox.release_in_flight().unwrap();
    assert_eq!(drain(outbox, NOW), [3]);
    outbox.release_in_flight().unwrap();
    outbox.unwedge(document(3).id, NOW).unwrap();
    outbox.unwedge(document(1).id, NOW).unwrap();
    assert_eq!(drain(outbox, NOW), [1, 3], "it is back in its old place");
    assert!(
        outbox.receipt(document(2).id, RECEIPT, NOW, NOW).unwrap(),
        "a late receipt counts"
    );
}

fn a_lost_line_keeps_the_order(outbox: &mut dyn Outbox) {
    put(outbox, &[1, 2, 3]);
    outbox.next(NOW).unwrap();
    outbox.next(NOW).unwrap();
    outbox.release_in_flight().unwrap();
    assert_eq!(
        outbox.counts().unwrap(),
        Counts {
            pending: 3,
            ..Counts::default()
        }
    );
    assert_eq!(drain(outbox, NOW), [1, 2, 3]);
}

fn an_entry_leaves_by_its_receipt(outbox: &mut dyn Outbox) {
    put(outbox, &[1, 2]);
    let id = document(1).id;
    outbox.next(NOW).unwrap();
    assert!(outbox.receipt(id, RECEIPT, NOW, NOW).unwrap());
    assert!(
        !outbox.receipt(id, RECEIPT, NOW, NOW).unwrap(),
        "a second receipt"
    );
    assert_eq!(state(outbox, 1), Some(EntryState::AwaitingIdentification));
    assert!(
        outbox.receipt(document(2).id, RECEIPT, NOW, NOW).unwrap(),
        "even before it was handed out again"
    );
    assert_eq!(outbox.awaiting(usize::MAX).unwrap(), [id, document(2).id]);
    assert_eq!(
        outbox.counts().unwrap(),
        Counts {
            awaiting: 2,
            retained: 2,
            ..Counts::default()
        }
    );
    assert!(outbox.identified(id, NOW).unwrap());
    assert!(!outbox.identified(id, NOW).unwrap(), "a second answer");
    assert_eq!(state(outbox, 1), Some(EntryState::Delivered));
    assert_eq!(outbox.awaiting(usize::MAX).unwrap(), [document(2).id]);
}

fn a_final_entry_leaves_whole(outbox: &mut dyn Outbox) {
    outbox.put_final(&document(1), &[], NOW).unwrap();
    assert_eq!(drain(outbox, NOW), [1]);
    assert!(outbox.receipt(document(1).id, RECEIPT, NOW, NOW).unwrap());
    assert_eq!(state(outbox, 1), Some(EntryState::Delivered));
    assert_eq!(
        outbox.counts().unwrap(),
        Counts {
            retained: 1,
            ..Counts::default()
        }
    );
}

fn unknown_ids_are_harmless(outbox: &mut dyn Outbox) {
    put(outbox, &[1]);
    let unknown = document(9).id;
    outbox.postpone(unknown, NOW).unwrap();
    outbox.wedge(unknown, WedgeReason::TooLarge, NOW).unwrap();
    outbox.unwedge(unknown, NOW).unwrap();
    assert!(!outbox.receipt(unknown, RECEIPT, NOW, NOW).unwrap());
    assert!(!outbox.identified(unknown, NOW).unwrap());
    assert_eq!(state(outbox, 9), None);
    assert_eq!(
        outbox.counts().unwrap(),
        Counts {
            pending: 1,
            ..Counts::default()
        }
    );
    assert_eq!(outbox.audit_head().unwrap().number, 1);
}

fn attempts_are_counted(outbox: &mut dyn Outbox) {
    let one: Iin = "880412401006".parse().unwrap();
    // Somebody who will be born on the last day of 2099.
    let other: Iin = "991231500006".parse().unwrap();
    let used = |outbox: &dyn Outbox, subject: &Iin, modality, since| {
        outbox.attempts_used(subject, modality, UtcMs(since)).unwrap()
    };
    assert_eq!(outbox.record_attempt(&one, Modality::Face, UtcMs(10)).unwrap(), 1);
    assert_eq!(outbox.record_attempt(&one, Modality::Face, UtcMs(20)).unwrap(), 2);
    assert_eq!(outbox.record_attempt(&one, Modality::Palm, UtcMs(20)).unwrap(), 1);
    assert_eq!(
        outbox.record_attempt(&other, Modality::Face, UtcMs(30)).unwrap(),
        1
    );
    assert_eq!(used(outbox, &one, Modality::Face, 10), 2);
    assert_eq!(used(outbox, &one, Modality::Face, 11), 1);
    assert_eq!(used(outbox, &one, Modality::Face, 21), 0);

    outbox.forgive_attempt(&one, Modality::Face).unwrap();
    assert_eq!(used(outbox, &one, Modality::Face, 0), 1);
    assert_eq!(
        used(outbox, &one, Modality::Face, 20),
        0,
        "the newest is forgiven"
    );
    assert_eq!(used(outbox, &other, Modality::Face, 0), 1);
    for _ in 0..2 {
        outbox.forgive_attempt(&one, Modality::Face).unwrap();
        assert_eq!(used(outbox, &one, Modality::Face, 0), 0);
    }
    outbox.record_attempt(&one, Modality::Face, UtcMs(20)).unwrap();
    outbox.clear_attempts(&one, Modality::Face).unwrap();
    assert_eq!(used(outbox, &one, Modality::Face, 0), 0);
    assert_eq!(used(outbox, &one, Modality::Palm, 0), 1);
    assert_eq!(used(outbox, &other, Modality::Face, 0), 1);

    outbox.forget_attempts(UtcMs(30)).unwrap();
    assert_eq!(used(outbox, &one, Modality::Palm, 0), 0);
    assert_eq!(used(outbox, &other, Modality::Face, 0), 1);
}

fn attempts_with_the_palm_are_their_own(outbox: &mut dyn Outbox) {
    let person: Iin = "880412401006".parse().unwrap();
    let used = |outbox: &dyn Outbox, modality| outbox.attempts_used(&person, modality, UtcMs(0)).unwrap();
    let record =
        |outbox: &mut dyn Outbox, modality, at| outbox.record_attempt(&person, modality, UtcMs(at)).unwrap();
    for at in [10, 20, 30] {
        record(outbox, Modality::Palm, at);
    }
    assert_eq!(record(outbox, Modality::Face, 40), 1);

    outbox.forgive_attempt(&person, Modality::Palm).unwrap();
    assert_eq!(
        used(outbox, Modality::Palm),
        2,
        "not the newest of all, the newest with the palm"
    );
    assert_eq!(used(outbox, Modality::Face), 1);
    assert_eq!(record(outbox, Modality::Palm, 50), 3);
    outbox.forget_attempts(UtcMs(20)).unwrap();
    assert_eq!(used(outbox, Modality::Palm), 2);
    outbox.clear_attempts(&person, Modality::Palm).unwrap();
    assert_eq!(used(outbox, Modality::Palm), 0);
    assert_eq!(used(outbox, Modality::Face), 1);
}

fn the_audit_log_is_a_chain(outbox: &mut dyn Outbox) {
    let empty = outbox.audit_head().unwrap();
    assert_eq!((empty.number, empty.hash), (0, [0; 32]));
    assert_eq!(outbox.verify_audit().unwrap(), 0);
    let first = outbox
        .append_audit(NOW, Some(SessionId([5; 16])), "SessionStarted")
        .unwrap();
    assert_eq!(first.number, 1);
    // Made by hand from the description of the chain, outside this program.
    let expected = "f45dac62283033a2de72c4ce65d0a59a201b470201387ef3a341bf60dbc88a12";
    assert_eq!(
        first
            .hash
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>(),
        expected
    );
    put(outbox, &[1]);
    outbox.receipt(document(1).id, RECEIPT, NOW, NOW).unwrap();
    outbox.receipt(document(1).id, RECEIPT, NOW, NOW).unwrap();
    assert_eq!(outbox.audit_head().unwrap().number, 3);
    let last = outbox.append_audit(NOW, None, "SessionStarted").unwrap();
    assert_eq!(outbox.audit_head().unwrap(), last);
    assert_ne!(first.hash, last.hash);
    assert_eq!(outbox.verify_audit().unwrap(), 4);
}
