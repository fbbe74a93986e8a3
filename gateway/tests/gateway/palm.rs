//! Documents of sessions with the palm.

use document::identification::Verdict;
use gateway::config::Scripted;
use gateway::store::AnswerState;
use verification::evidence::{DocumentId, Evidence, Modality, Outcome};
use verification::palm::decision::{PalmFailure, PalmPart};
use verification::palm::{PalmReference, ScanResult};

use crate::bank::{Bank, IIN, Kiosk, evidence, palm_evidence};
use crate::identification::failed_at_least_once;

#[test]
fn a_palm_is_delivered_kept_and_answered() {
    let mut bank = Bank::new();
    let simulator = bank.simulator();
    let gateway = bank.gateway();
    let papers = bank.enrol("kiosk-1");
    let mut kiosk = Kiosk::start(papers.client(gateway.address()));
    let mut number = 0;
    let mut check = |scripted, verdict| {
        number += 1;
        simulator.set_script(IIN, scripted);
        let (id, signed) = papers.sign(&palm_evidence("kiosk-1", number, IIN));
        kiosk.put((id, signed.clone()));
        kiosk.delivered(id);
        let answer = bank.read_answer(&kiosk.identified(id));
        assert_eq!((answer.document_id, answer.modality), (id, Modality::Palm));
        // The centre was told what the scanner found; there is nothing that could be scored.
        assert_eq!(
            (answer.verdict, answer.score, answer.threshold),
            (verdict, None, None)
        );
        assert_eq!(bank.document(id).unwrap().signed.expose(), &signed);
    };
    check(Scripted::Match, Verdict::Match);
    check(Scripted::NoMatch, Verdict::NonMatch);
    check(Scripted::PersonNotFound, Verdict::PersonNotFound);
    check(Scripted::NoReference, Verdict::NoReference);
    assert_eq!(simulator.comparisons(), 4);
}

#[test]
fn a_fault_of_the_centre_only_delays_the_answer() {
    let mut bank = Bank::new();
    let simulator = bank.simulator();
    let gateway = bank.gateway();
    let papers = bank.enrol("kiosk-1");
    let mut kiosk = Kiosk::start(papers.client(gateway.address()));
    simulator.set_script(IIN, Scripted::StateServiceError);
    let (id, signed) = papers.sign(&palm_evidence("kiosk-1", 1, IIN));
    kiosk.put((id, signed));
    kiosk.delivered(id);
    failed_at_least_once(&bank, id);
    simulator.set_script(IIN, Scripted::Match);
    assert_eq!(bank.read_answer(&kiosk.identified(id)).verdict, Verdict::Match);
    assert_eq!(simulator.comparisons(), 1);
}

#[test]
fn the_centre_is_asked_about_nothing_but_a_palm_that_passed() {
    let mut bank = Bank::new();
    let simulator = bank.simulator();
    let gateway = bank.gateway();
    let papers = bank.enrol("kiosk-1");
    let mut kiosk = Kiosk::start(papers.client(gateway.address()));
    let spoils: [fn(&mut Evidence); 9] = [
        |evidence| evidence.outcome = Outcome::NotVerified,
        |evidence| evidence.claim = None,
        |evidence| evidence.palm = None,
        |evidence| evidence.palm.as_mut().unwrap().scanner = None,
        |evidence| evidence.palm.as_mut().unwrap().attempts.clear(),
        |evidence| evidence.palm.as_mut().unwrap().attempts.truncate(1),
        |evidence| {
            evidence.palm.as_mut().unwrap().attempts[1].failure =
                Some(PalmFailure::Implausible(PalmPart::Temperature));
        },
        |evidence| evidence.palm.as_mut().unwrap().attempts[1].scan = None,
        // What the document says of itself does not fit together.
        |evidence| evidence.palm.as_mut().unwrap().expected = Some(PalmReference(1002)),
    ];
    for (number, spoil) in (1..).zip(spoils) {
        let mut spoilt = palm_evidence("kiosk-1", number, IIN);
        spoil(&mut spoilt);
        // A picture that is there all the same is not what was to be compared.
        spoilt.stills = evidence("kiosk-1", number, IIN).stills;
        let (id, signed) = papers.sign(&spoilt);
        kiosk.put((id, signed));
        kiosk.delivered(id);
    }
    let (id, signed) = papers.sign(&palm_evidence("kiosk-1", 20, IIN));
    kiosk.put((id, signed));
    kiosk.identified(id);
    let listed = bank.list();
    assert_eq!(listed.len(), 10);
    for listed in &listed[..9] {
        assert_eq!(listed.answer, AnswerState::NotAsked, "{}", listed.id);
    }
    assert_eq!(simulator.comparisons(), 1);
}

/// After a palm that failed, the face is asked about, and its threshold counts.
#[test]
fn a_fallback_to_the_face_is_a_question_about_the_face() {
    let mut bank = Bank::new();
    bank.sim_config.score = 0.9;
    let _simulator = bank.simulator();
    let gateway = bank.gateway();
    let papers = bank.enrol("kiosk-1");
    let mut kiosk = Kiosk::start(papers.client(gateway.address()));
    let mut fallen_back = evidence("kiosk-1", 1, IIN);
    fallen_back.palm = palm_evidence("kiosk-1", 1, IIN).palm;
    let palm = fallen_back.palm.as_mut().unwrap();
    palm.attempts.truncate(1);
    assert_eq!(
        palm.attempts[0].scan.as_ref().unwrap().result,
        ScanResult::NoMatch
    );
    let (id, signed) = papers.sign(&fallen_back);
    kiosk.put((id, signed));
    let answer = bank.read_answer(&kiosk.identified(id));
    assert_eq!(
        (answer.document_id, answer.modality),
        (DocumentId([1; 16]), Modality::Face)
    );
    assert_eq!(
        (answer.verdict, answer.score, answer.threshold),
        (Verdict::NonMatch, Some(0.9), Some(0.95))
    );
}
