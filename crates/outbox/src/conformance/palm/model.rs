//! A scanner beside an outbox, and a kiosk that is cut off wherever it can be.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::memory::MemoryOutbox;

/// Where an enrolment is cut off.
#[derive(Debug, Clone, Copy)]
enum Cut {
    BeforeTheOrder,
    BeforeTheProposal,
    BeforeTheEnd,
    Nowhere,
}

#[derive(Debug, Clone)]
enum Step {
    /// Of that person, in the session of that document.
    Enrol(bool, u8, Cut),
    /// A restart, or the line is back: the scanner is asked what it holds.
    Reconcile,
    Settle(u8, bool),
    Forget(bool),
    /// Works off the list of deletions; the kiosk hears of it, or dies just then.
    Delete(bool),
}

fn step() -> impl Strategy<Value = Step> {
    let cut = prop_oneof![
        Just(Cut::BeforeTheOrder),
        Just(Cut::BeforeTheProposal),
        Just(Cut::BeforeTheEnd),
        Just(Cut::Nowhere)
    ];
    prop_oneof![
        4 => (any::<bool>(), 0..6_u8, cut).prop_map(|(is_other, number, cut)| Step::Enrol(is_other, number, cut)),
        1 => Just(Step::Reconcile),
        2 => (0..6_u8, any::<bool>()).prop_map(|(number, matched)| Step::Settle(number, matched)),
        1 => any::<bool>().prop_map(Step::Forget),
        2 => any::<bool>().prop_map(Step::Delete),
    ]
}

fn subject(is_other: bool) -> Iin {
    if is_other { other() } else { person() }
}

/// Templates of somebody else's, which were in the scanner before and are none of our business.
const FOREIGN: [u32; 2] = [0, 3];

struct Bench {
    outbox: MemoryOutbox,
    scanner: BTreeSet<u32>,
}

impl Bench {
    fn held(&self) -> Vec<PalmReference> {
        self.scanner.iter().copied().map(PalmReference).collect()
    }

    fn reconcile(&mut self) {
        self.outbox.end_palm_enrolment(ONE, &self.held(), NOW).unwrap();
    }

    fn delete(&mut self, is_heard: bool) {
        for reference in self.outbox.palm_deletions(ONE).unwrap() {
            self.scanner.remove(&reference.0);
            if is_heard {
                self.outbox.palm_deleted(ONE, reference, NOW).unwrap();
            }
        }
    }

    fn enrol(&mut self, subject: &Iin, number: u8, cut: Cut) {
        self.outbox.begin_palm_enrolment(ONE, &self.held(), NOW).unwrap();
        if matches!(cut, Cut::BeforeTheOrder) {
            return;
        }
        // The lowest number that is free, as scanners do it.
        let stored = (0..).find(|free| !self.scanner.contains(free)).unwrap();
        self.scanner.insert(stored);
        if matches!(cut, Cut::BeforeTheProposal) {
            return;
        }
        propose(&mut self.outbox, subject, ONE, stored, number);
        if matches!(cut, Cut::Nowhere) {
            self.reconcile();
        }
    }
}

proptest! {
    /// Wherever enrolments were cut off: once everybody has withdrawn the consent and the list is worked off, the
    /// scanner holds exactly what it held before the first of them. And a live reference is there at any time.
    #[test]
    fn a_scanner_keeps_nothing_of_ours_and_loses_nothing_of_others(steps in prop::collection::vec(step(), 0..40)) {
        let mut bench = Bench { outbox: MemoryOutbox::new(), scanner: FOREIGN.into() };
        for step in &steps {
            match *step {
                Step::Enrol(is_other, number, cut) => bench.enrol(&subject(is_other), number, cut),
                Step::Reconcile => bench.reconcile(),
                Step::Settle(number, matched) => {
                    settle(&mut bench.outbox, number, matched);
                }
                Step::Forget(is_other) => {
                    bench.outbox.forget_palm(&subject(is_other), NOW).unwrap();
                }
                Step::Delete(is_heard) => bench.delete(is_heard),
            }
            for is_other in [false, true] {
                let live = reference(&bench.outbox, &subject(is_other), ONE);
                prop_assert!(live.is_none_or(|live| bench.scanner.contains(&live)), "{:?}", step);
            }
        }
        bench.reconcile();
        for is_other in [false, true] {
            bench.outbox.forget_palm(&subject(is_other), NOW).unwrap();
        }
        bench.delete(true);
        prop_assert_eq!(bench.scanner, BTreeSet::from(FOREIGN));
    }
}
