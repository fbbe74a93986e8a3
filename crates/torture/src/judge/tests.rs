use super::*;
use crate::ledger::Report;

fn id(number: u8) -> DocumentId {
    DocumentId([number; 16])
}

fn stored(number: u8) -> Stored {
    Stored {
        id: id(number),
        sha256: [number; 32],
        content: Ok(Said {
            id: id(number),
            stills: Some([number; 32]),
        }),
    }
}

fn asked(compared: u64, again: u64) -> Asked {
    Asked { compared, again }
}

/// Three documents, put and stored, and asked about once.
fn good() -> Facts {
    let mut facts = Facts::default();
    for number in 1..=3 {
        facts.ledger.note(0, &Report::Intended(id(number), [number; 32]));
        facts.ledger.note(0, &Report::Recorded(id(number), [number; 32]));
        facts.stored.push(stored(number));
    }
    // Also about those that are put in some of the tests.
    for number in 1..=9 {
        facts.compared.insert(id(number).to_string(), asked(1, 0));
    }
    facts.ledger.note(0, &Report::Receipt(id(1), "good".into()));
    facts
}

fn check(change: impl FnOnce(&mut Facts), expect: &[Violation]) -> Verdict {
    let mut facts = good();
    change(&mut facts);
    let verdict = judge(&facts);
    assert_eq!(verdict.violations, expect);
    verdict
}

#[test]
fn finds_nothing_where_all_is_well() {
    assert_eq!(check(|_| {}, &[]).kept, 3);
}

#[test]
fn finds_what_is_lost_and_why_it_may_be() {
    let lost = |epoch| Violation::Lost {
        id: id(2),
        epoch,
        wedged: None,
    };
    let lose = |facts: &mut Facts| drop(facts.stored.remove(1));
    check(lose, &[lost((0, 0))]);
    let report = |facts: &mut Facts| {
        facts
            .ledger
            .note(0, &Report::Alert("StoreQuarantined".into(), "f".into()));
    };
    // Harmed, but nobody said so.
    check(
        |facts| {
            lose(facts);
            facts.harmed.insert((0, 0));
        },
        &[lost((0, 0))],
    );
    // Said, but nobody had harmed it.
    check(
        |facts| {
            lose(facts);
            report(facts);
        },
        &[
            lost((0, 0)),
            Violation::DamagedUnharmed((0, 0), "StoreQuarantined: f".into()),
        ],
    );
    // Harmed and said.
    let verdict = check(
        |facts| {
            lose(facts);
            report(facts);
            facts.harmed.insert((0, 0));
        },
        &[],
    );
    assert_eq!((verdict.quarantined, verdict.kept), (1, 2));
    // Said, because its key was taken away: then nothing may be lost.
    check(
        |facts| {
            lose(facts);
            report(facts);
            facts.locked.insert((0, 0));
        },
        &[lost((0, 0))],
    );
    // Put into the store after the one that was harmed.
    check(
        |facts| {
            facts.harmed.insert((0, 0));
            report(facts);
            facts.ledger.note(0, &Report::Recorded(id(2), [2; 32]));
            lose(facts);
        },
        &[lost((0, 1))],
    );
    check(
        |facts| {
            lose(facts);
            facts.ledger.note(0, &Report::Wedged(id(2), "AuditFork".into()));
        },
        &[Violation::Lost {
            id: id(2),
            epoch: (0, 0),
            wedged: Some("AuditFork".into()),
        }],
    );
}

#[test]
fn finds_what_is_doubled() {
    check(|facts| facts.stored.push(stored(1)), &[Violation::Doubled(id(1))]);
    // The same session under another id.
    check(
        |facts| {
            facts.ledger.note(0, &Report::Intended(id(9), [1; 32]));
            facts.stored.push(Stored {
                content: Ok(Said {
                    id: id(9),
                    stills: Some([1; 32]),
                }),
                ..stored(9)
            });
        },
        &[Violation::Doubled(id(9))],
    );
    check(
        |facts| {
            facts.compared.insert("x".into(), asked(2, 0));
        },
        &[Violation::ComparedAgain("x".into(), 2)],
    );
}

#[test]
fn what_is_confirmed_is_not_excused() {
    let lose = |facts: &mut Facts| {
        facts.stored.remove(1);
        facts.ledger.note(0, &Report::Delivered(id(2)));
        facts
            .ledger
            .note(0, &Report::Alert("StoreQuarantined".into(), "f".into()));
        facts.harmed.insert((0, 0));
    };
    let lost = Violation::Lost {
        id: id(2),
        epoch: (0, 0),
        wedged: None,
    };
    check(lose, &[lost]);
    // But for an older copy that took it from the gateway before the store was harmed.
    let verdict = check(
        |facts| {
            lose(facts);
            facts.rolled_back.insert(id(2));
        },
        &[],
    );
    assert_eq!(verdict.quarantined, 1);
    // What was gone before healing is lost, though it is there at the end.
    check(
        |facts| {
            facts.ledger.note(0, &Report::Delivered(id(2)));
            facts.vanished.insert(id(2));
        },
        &[Violation::ReceiptOfNothing(id(2))],
    );
    // A receipt, and the kiosk was killed before it could say that the document was put.
    check(
        |facts| {
            facts.ledger.note(0, &Report::Intended(id(4), [4; 32]));
            facts.ledger.note(0, &Report::Delivered(id(4)));
        },
        &[Violation::ReceiptOfNothing(id(4))],
    );
}

#[test]
fn finds_questions_that_nothing_explains() {
    let ask = |compared, again, interruptions, taken| {
        move |facts: &mut Facts| {
            facts.compared.insert(id(1).to_string(), asked(compared, again));
            facts.interruptions = interruptions;
            facts.taken = taken;
        }
    };
    check(ask(1, 1, 1, 0), &[]);
    check(
        ask(1, 1, 0, 0),
        &[
            Violation::AskedTooOften(id(1).to_string(), 2, 0),
            Violation::RepeatedTooOften(1, 0),
        ],
    );
    check(
        ask(1, 3, 2, 0),
        &[Violation::AskedTooOften(id(1).to_string(), 4, 2)],
    );
    check(ask(0, 0, 0, 0), &[Violation::NeverAsked(id(1))]);
    check(
        |facts| {
            facts.compared.remove(&id(3).to_string());
        },
        &[Violation::NeverAsked(id(3))],
    );
    // Each of them seldom enough, and all of them too often.
    check(
        |facts| {
            for number in 1..=3 {
                facts.compared.insert(id(number).to_string(), asked(1, 2));
            }
            facts.interruptions = 2;
            facts.compared.insert(id(1).to_string(), asked(1, 2));
            facts.compared.insert(id(4).to_string(), asked(1, 2));
            facts.compared.insert(id(5).to_string(), asked(1, 2));
        },
        &[Violation::RepeatedTooOften(10, 8)],
    );
}

#[test]
fn a_torture_in_vain_is_not_passed() {
    let verdict = judge(&Facts::default());
    assert_eq!(
        verdict.violations,
        [
            Violation::InVain("no document was put and stored"),
            Violation::InVain("no receipt was checked and found good"),
        ]
    );
    check(
        |facts| facts.ledger.good_receipts = 0,
        &[Violation::InVain("no receipt was checked and found good")],
    );
}

#[test]
fn finds_what_is_altered_invented_or_unreadable() {
    check(
        |facts| facts.stored[0].sha256 = [9; 32],
        &[Violation::Altered(id(1))],
    );
    check(
        |facts| facts.stored.push(stored(7)),
        &[Violation::Unintended(id(7))],
    );
    check(
        |facts| facts.stored[0].content = Err("bad signature".into()),
        &[Violation::Unreadable(id(1), "bad signature".into())],
    );
    for said in [(2, 1), (1, 8)] {
        let mut facts = good();
        facts.stored[0].content = Ok(Said {
            id: id(said.0),
            stills: Some([said.1; 32]),
        });
        assert!(matches!(
            judge(&facts).violations[..],
            [Violation::Unreadable(found, _)] if found == id(1)
        ));
    }
}

#[test]
fn passes_on_what_others_found() {
    check(
        |facts| {
            facts
                .ledger
                .note(0, &Report::Receipt(id(1), "another digest".into()));
            facts.others.push("the chain of the gateway is broken".into());
        },
        &[
            Violation::Receipt(id(1), "another digest".into()),
            Violation::Other("the chain of the gateway is broken".into()),
        ],
    );
}

#[test]
fn what_was_put_before_a_kiosk_could_say_so_is_no_fault() {
    let verdict = check(
        |facts| {
            facts.ledger.note(0, &Report::Intended(id(4), [4; 32]));
            facts.ledger.note(0, &Report::Intended(id(5), [5; 32]));
            facts.stored.push(stored(4));
        },
        &[],
    );
    assert_eq!((verdict.kept, verdict.unsaid), (3, 1));
}
