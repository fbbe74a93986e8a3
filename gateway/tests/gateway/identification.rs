//! Questions to the centre and their answers.

use crate::bank::{Bank, IIN, Kiosk, PATIENCE, evidence, palm_evidence};
use document::identification::Verdict;
use gateway::config::Scripted;
use gateway::store::AnswerState;
use verification::evidence::DocumentId;

#[test]
fn every_verdict_reaches_the_kiosk() {
    let mut bank = Bank::new();
    let simulator = bank.simulator();
    let gateway = bank.gateway();
    let papers = bank.enrol("kiosk-1");
    let mut kiosk = Kiosk::start(papers.client(gateway.address()));
    let mut number = 0;
    let mut check = |scripted, verdict, score| {
        number += 1;
        simulator.set_script(IIN, scripted);
        let (id, signed) = papers.document(number, IIN);
        kiosk.put((id, signed));
        let answer = bank.read_answer(&kiosk.identified(id));
        assert_eq!((answer.verdict, answer.score), (verdict, score));
    };
    check(Scripted::Match, Verdict::Match, Some(0.987));
    check(Scripted::NoMatch, Verdict::NonMatch, Some(0.312));
    check(Scripted::PersonNotFound, Verdict::PersonNotFound, None);
    check(Scripted::NoReference, Verdict::NoReference, None);
    check(
        Scripted::DocumentTypeNotAccepted,
        Verdict::DocumentTypeNotAccepted,
        None,
    );
}

#[test]
fn a_match_below_the_threshold_is_none() {
    let mut bank = Bank::new();
    bank.sim_config.score = 0.96;
    let _simulator = bank.simulator();
    let gateway = bank.gateway();
    let papers = bank.enrol("kiosk-1");
    let mut kiosk = Kiosk::start(papers.client(gateway.address()));
    let mut check = |number, comparison_min, expect| {
        let mut evidence = evidence("kiosk-1", number, IIN);
        evidence.policy.comparison_min = comparison_min;
        let (id, signed) = papers.sign(&evidence);
        kiosk.put((id, signed));
        let answer = bank.read_answer(&kiosk.identified(id));
        assert_eq!((answer.verdict, answer.threshold), expect);
    };
    check(1, 0.96, (Verdict::Match, Some(0.96)));
    check(2, 0.97, (Verdict::NonMatch, Some(0.97)));
    // A lax kiosk does not lower what the institution asks for.
    check(3, 0.1, (Verdict::Match, Some(0.95)));
}

/// Waits until the store says so; the store is the only witness of a failure that the kiosk is not told of.
pub fn failed_at_least_once(bank: &Bank, id: DocumentId) {
    let end = std::time::Instant::now() + PATIENCE;
    while bank.document(id).is_none_or(|stored| stored.attempts == 0) {
        assert!(std::time::Instant::now() < end, "waited in vain for a failure");
        std::thread::yield_now();
    }
}

#[test]
fn faults_of_the_centre_only_delay_the_answer() {
    let mut bank = Bank::new();
    bank.sim_config.retry_after_s = 0;
    let simulator = bank.simulator();
    let gateway = bank.gateway();
    let papers = bank.enrol("kiosk-1");
    let mut kiosk = Kiosk::start(papers.client(gateway.address()));
    for (number, fault) in [
        (1, Scripted::StateServiceError),
        (2, Scripted::Overload),
        (3, Scripted::Malformed),
    ] {
        simulator.set_script(IIN, fault);
        let (id, signed) = papers.document(number, IIN);
        kiosk.put((id, signed));
        kiosk.delivered(id);
        failed_at_least_once(&bank, id);
        simulator.set_script(IIN, Scripted::Match);
        assert_eq!(bank.read_answer(&kiosk.identified(id)).verdict, Verdict::Match);
    }
    assert_eq!(simulator.comparisons(), 3);
}

#[test]
fn an_answer_that_came_too_late_is_not_paid_for_twice() {
    let mut bank = Bank::new();
    bank.config.idec.deadline_ms = 300;
    let simulator = bank.simulator();
    simulator.set_script(IIN, Scripted::Timeout);
    let gateway = bank.gateway();
    let papers = bank.enrol("kiosk-1");
    let mut kiosk = Kiosk::start(papers.client(gateway.address()));
    let (id, signed) = papers.document(1, IIN);
    kiosk.put((id, signed));
    assert_eq!(bank.read_answer(&kiosk.identified(id)).verdict, Verdict::Match);
    assert_eq!(simulator.comparisons(), 1);
    assert!(bank.document(id).unwrap().attempts >= 1);
}

#[test]
fn a_centre_that_is_away_is_asked_when_it_is_back_even_by_the_next_gateway() {
    let mut bank = Bank::new();
    // The address is known, and nobody is there.
    drop(bank.simulator());
    let gateway = bank.gateway();
    let papers = bank.enrol("kiosk-1");
    let mut kiosk = Kiosk::start(papers.client(gateway.address()));
    let (first, signed) = papers.document(1, IIN);
    kiosk.put((first, signed));
    kiosk.delivered(first);
    failed_at_least_once(&bank, first);
    bank.kill(gateway);
    let _gateway = bank.gateway();
    let (second, signed) = papers.document(2, IIN);
    kiosk.put((second, signed));
    kiosk.delivered(second);
    failed_at_least_once(&bank, second);

    let simulator = bank.simulator();
    let mut missing = vec![first, second];
    kiosk.wait("both answers", |event| {
        if let sync::Event::Identified { id, .. } = event {
            missing.retain(|missing| missing != id);
        }
        missing.is_empty().then_some(())
    });
    assert_eq!(simulator.comparisons(), 2);
}

#[test]
fn a_rejected_question_is_not_asked_again_and_blocks_nothing() {
    let mut bank = Bank::new();
    let simulator = bank.simulator();
    let gateway = bank.gateway();
    let papers = bank.enrol("kiosk-1");
    let mut kiosk = Kiosk::start(papers.client(gateway.address()));
    let mut broken = palm_evidence("kiosk-1", 1, IIN);
    let attempt = broken.palm.as_mut().unwrap().attempts.last_mut().unwrap();
    attempt.scan.as_mut().unwrap().readings.volume_ml = Some(5000.0);
    let (id, signed) = papers.sign(&broken);
    kiosk.put((id, signed));
    kiosk.delivered(id);
    failed_at_least_once(&bank, id);
    let (good, signed) = papers.document(2, IIN);
    kiosk.put((good, signed));
    kiosk.identified(good);
    let listed = bank.list();
    assert_eq!(
        listed[0].answer,
        AnswerState::Rejected {
            fault: "the centre rejects the request (status 400)".into()
        }
    );
    assert_eq!(simulator.comparisons(), 1);
}

#[test]
fn an_answer_comes_again_until_it_was_seen() {
    let mut bank = Bank::new();
    let simulator = bank.simulator();
    let gateway = bank.gateway();
    let papers = bank.enrol("kiosk-1");
    let (id, signed) = papers.document(1, IIN);
    let mut kiosk = Kiosk::start(papers.client(gateway.address()));
    kiosk.put((id, signed));
    let answer = kiosk.identified(id);
    drop(kiosk);

    let mut kiosk = Kiosk::start(papers.client(gateway.address()));
    assert_eq!(kiosk.identified(id), answer);
    kiosk.handle.seen(id);
    // The receipt of the next document comes after the notice was taken.
    let (next, signed) = papers.document(2, IIN);
    kiosk.put((next, signed));
    kiosk.identified(next);
    assert_eq!(bank.list()[0].answer, AnswerState::Answered { seen: true });
    drop(kiosk);

    // Only the one that was not seen comes; the other one if it is asked for.
    let mut kiosk = Kiosk::start(papers.client(gateway.address()));
    let first = kiosk.wait("an answer", |event| match event {
        sync::Event::Identified { id, .. } => Some(*id),
        _ => None,
    });
    assert_eq!(first, next);
    drop(kiosk);
    let mut kiosk = Kiosk::start(papers.client(gateway.address()));
    kiosk.handle.set_awaiting(vec![id]);
    bank.kill(gateway);
    let _gateway = bank.gateway();
    kiosk.identified(id);
    assert_eq!(simulator.comparisons(), 2);
}
