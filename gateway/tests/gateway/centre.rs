//! What stands before the centre: the quality gate, the breaker, the counting of costs, and the NBAS behind a match.

use document::identification::{Identification, Nbas, Verdict};
use gateway::config::Scripted;
use gateway::idec::quality::QualityGate;
use gateway::idec::tariff::BankDay;
use gateway::store::Documents;
use verification::Sensitive;
use verification::evidence::{ConsentRecord, Evidence, Language, StillQuality};
use verification::time::UtcMs;

use crate::bank::{Bank, Enrolled, IIN, Kiosk, evidence, now, palm_evidence};
use crate::operation::{get, value};
use crate::raw::until;

fn answered(bank: &Bank, papers: &Enrolled, kiosk: &mut Kiosk, evidence: &Evidence) -> Identification {
    let (id, signed) = papers.sign(evidence);
    kiosk.put((id, signed));
    bank.read_answer(&kiosk.identified(id))
}

/// The comparisons of all days.
fn counted(bank: &Bank) -> u64 {
    let days = async { bank.store().comparisons(BankDay::FIRST).await };
    let days = bank.runtime.block_on(days).unwrap();
    days.into_iter().map(|(_, count)| count).sum()
}

#[test]
fn a_centre_recovers_step_by_step() {
    let mut bank = Bank::new();
    bank.sim_config.retry_after_s = 0;
    let simulator = bank.simulator();
    let faults = [
        Scripted::StateServiceError,
        Scripted::Overload,
        Scripted::Malformed,
    ];
    simulator.set_script(
        IIN,
        [
            faults[0],
            faults[1],
            faults[2],
            Scripted::NoMatch,
            Scripted::Match,
        ],
    );
    let gateway = bank.gateway();
    let papers = bank.enrol("kiosk-1");
    let mut kiosk = Kiosk::start(papers.client(gateway.address()));
    let check = |kiosk: &mut Kiosk, number, verdict, attempts| {
        let evidence = evidence("kiosk-1", number, IIN);
        let answer = answered(&bank, &papers, kiosk, &evidence);
        assert_eq!(answer.verdict, verdict);
        assert_eq!(bank.document(evidence.document_id).unwrap().attempts, attempts);
        assert_eq!(answer.centre_answer_id, Some(format!("sim-{number}")));
    };
    check(&mut kiosk, 1, Verdict::NonMatch, 3);
    check(&mut kiosk, 2, Verdict::Match, 0);
    check(&mut kiosk, 3, Verdict::Match, 0);
    assert_eq!((simulator.comparisons(), counted(&bank)), (3, 3));
}

#[test]
fn a_score_of_one_person_may_be_below_the_threshold() {
    let mut bank = Bank::new();
    bank.sim_config.scores.insert(IIN.into(), 0.94);
    let _simulator = bank.simulator();
    let gateway = bank.gateway();
    let papers = bank.enrol("kiosk-1");
    let mut kiosk = Kiosk::start(papers.client(gateway.address()));
    let answer = answered(&bank, &papers, &mut kiosk, &evidence("kiosk-1", 1, IIN));
    assert_eq!((answer.verdict, answer.score), (Verdict::NonMatch, Some(0.94)));
    let answer = answered(
        &bank,
        &papers,
        &mut kiosk,
        &evidence("kiosk-1", 2, "900101300007"),
    );
    // The demonstration's own script.
    assert_eq!((answer.verdict, answer.score), (Verdict::NonMatch, Some(0.312)));
}

/// The measures of a picture whose eyes are so far apart, in pixels.
fn eyes_apart(inter_eye_distance_px: f32) -> StillQuality {
    StillQuality {
        inter_eye_distance_px,
        sharpness: 0.0,
        luminance_mean: 0.0,
        yaw_deg: 0.0,
        pitch_deg: 0.0,
    }
}

#[test]
fn a_picture_is_held_back_for_a_measure_that_was_taken_and_is_asked_for() {
    let mut bank = Bank::new();
    // Without a word of it in the configuration: the gateway asks for what the kiosk asks for.
    assert_eq!(bank.config.idec.quality, QualityGate::default());
    let simulator = bank.simulator();
    let gateway = bank.gateway();
    let papers = bank.enrol("kiosk-1");
    let mut kiosk = Kiosk::start(papers.client(gateway.address()));
    let mut check = |number, quality, verdict, comparisons| {
        let mut evidence = evidence("kiosk-1", number, IIN);
        evidence.stills[0].quality = quality;
        assert_eq!(answered(&bank, &papers, &mut kiosk, &evidence).verdict, verdict);
        assert_eq!(
            (simulator.questions(), counted(&bank)),
            (comparisons, comparisons)
        );
    };
    check(1, Some(eyes_apart(59.9)), Verdict::QualityInsufficient, 0);
    // Nobody asks for a sharpness here, and this picture has none.
    check(2, Some(eyes_apart(60.0)), Verdict::Match, 1);
    // The kiosk no longer had the frame to measure.
    check(3, None, Verdict::Match, 2);
}

#[test]
fn no_picture_below_the_gate_is_sent() {
    let mut bank = Bank::new();
    let simulator = bank.simulator();
    let gateway = bank.gateway();
    let ops = gateway.ops_address().unwrap();
    let papers = bank.enrol("kiosk-1");
    let mut kiosk = Kiosk::start(papers.client(gateway.address()));
    let mut number = 0;
    let mut check = |change: &dyn Fn(&mut Evidence), reason: &str| {
        number += 1;
        let mut evidence = evidence("kiosk-1", number, IIN);
        change(&mut evidence);
        let answer = answered(&bank, &papers, &mut kiosk, &evidence);
        assert_eq!(
            (answer.verdict, answer.score, answer.threshold, answer.nbas),
            (Verdict::QualityInsufficient, None, None, None)
        );
        assert_eq!(
            (answer.reference_source.as_str(), answer.centre_answer_id),
            ("", None)
        );
        let line = format!("alaqan_gateway_pictures_held_back_total{{reason=\"{reason}\"}}");
        assert_eq!(value(ops, &line), Some(1.0), "{reason}");
    };
    check(
        &|evidence| evidence.stills[0].sample.jpeg = Sensitive::new(b"not a picture".to_vec()),
        "not-jpeg",
    );
    check(
        &|evidence| {
            let sample = &mut evidence.stills[0].sample;
            let mut small = sample.jpeg.expose().clone();
            let at = small
                .windows(2)
                .position(|marker| marker == [0xff, 0xc0])
                .unwrap();
            small[at + 6] = 239;
            sample.jpeg = Sensitive::new(small);
            sample.height_px = 239;
        },
        "too-small",
    );
    check(&|evidence| evidence.stills[0].sample.width_px = 480, "other-size");
    check(
        &|evidence| evidence.stills[0].quality = Some(eyes_apart(59.9)),
        "measure",
    );
    assert_eq!((simulator.questions(), counted(&bank)), (0, 0));
    // A palm has no picture, and is asked about.
    let palm = palm_evidence("kiosk-1", 9, IIN);
    assert_eq!(
        answered(&bank, &papers, &mut kiosk, &palm).verdict,
        Verdict::Match
    );
    assert_eq!((simulator.questions(), counted(&bank)), (1, 1));
}

#[test]
fn while_the_centre_does_not_work_no_question_is_sent() {
    let mut bank = Bank::new();
    bank.config.idec.breaker.failures = 3;
    bank.config.idec.breaker.open_ms = 600_000;
    let simulator = bank.simulator();
    simulator.set_script(IIN, Scripted::StateServiceError);
    let gateway = bank.gateway();
    let ops = gateway.ops_address().unwrap();
    let papers = bank.enrol("kiosk-1");
    let mut kiosk = Kiosk::start(papers.client(gateway.address()));
    assert_eq!(value(ops, "alaqan_gateway_centre_breaker"), Some(0.0));
    let (first, signed) = papers.document(1, IIN);
    kiosk.put((first, signed));
    kiosk.delivered(first);
    until("the breaker", || {
        value(ops, "alaqan_gateway_centre_breaker") == Some(2.0)
    });
    assert_eq!(
        value(ops, "alaqan_gateway_centre_breaker_opened_total"),
        Some(1.0)
    );
    let degraded = "degraded: the centre does not work; questions wait\n";
    assert_eq!(get(ops, "/ready"), (200, format!("ready\n{degraded}")));
    assert_eq!(get(ops, "/health"), (200, format!("alive\n{degraded}")));
    simulator.set_script(IIN, Scripted::Match);
    for number in 2..=4 {
        let (id, signed) = papers.document(number, IIN);
        kiosk.put((id, signed));
        kiosk.delivered(id);
        assert_eq!(bank.document(id).unwrap().attempts, 0);
    }
    assert_eq!(simulator.questions(), 3);
    assert_eq!(bank.document(first).unwrap().attempts, 3);
    // The next life of the gateway begins with a closed one.
    bank.kill(gateway);
    let _gateway = bank.gateway();
    let mut missing = 4;
    kiosk.wait("all answers", |event| {
        missing -= usize::from(matches!(event, sync::Event::Identified { .. }));
        (missing == 0).then_some(())
    });
    assert_eq!(simulator.comparisons(), 4);
}

#[test]
fn a_probe_finds_that_the_centre_works_again() {
    let mut bank = Bank::new();
    bank.config.idec.breaker.failures = 1;
    bank.config.idec.breaker.open_ms = 30;
    let simulator = bank.simulator();
    simulator.set_script(IIN, Scripted::StateServiceError);
    let gateway = bank.gateway();
    let ops = gateway.ops_address().unwrap();
    let papers = bank.enrol("kiosk-1");
    let mut kiosk = Kiosk::start(papers.client(gateway.address()));
    for number in 1..=6 {
        let (id, signed) = papers.document(number, IIN);
        kiosk.put((id, signed));
        kiosk.delivered(id);
    }
    until("some probes", || {
        value(ops, "alaqan_gateway_centre_breaker_opened_total") >= Some(3.0)
    });
    simulator.set_script(IIN, Scripted::Match);
    let mut missing = 6;
    kiosk.wait("all answers", |event| {
        missing -= usize::from(matches!(event, sync::Event::Identified { .. }));
        (missing == 0).then_some(())
    });
    assert_eq!(get(ops, "/ready"), (200, "ready\n".into()));
    assert_eq!((simulator.comparisons(), counted(&bank)), (6, 6));
}

#[test]
fn what_the_centre_is_paid_for_is_counted_once() {
    let mut bank = Bank::new();
    bank.config.idec.tariff.steps[0].up_to = 2;
    let simulator = bank.simulator();
    let gateway = bank.gateway();
    let ops = gateway.ops_address().unwrap();
    let papers = bank.enrol("kiosk-1");
    let mut kiosk = Kiosk::start(papers.client(gateway.address()));
    for number in 1..=3 {
        answered(&bank, &papers, &mut kiosk, &evidence("kiosk-1", number, IIN));
    }
    // The same document again is answered again, and not compared.
    let id = evidence("kiosk-1", 1, IIN).document_id;
    let stored = bank.document(id).unwrap().signed.expose().clone();
    kiosk.put((id, stored));
    kiosk.identified(id);
    assert_eq!((simulator.comparisons(), counted(&bank)), (3, 3));
    // Two at the first step, one at the second. The day may have turned since.
    if BankDay::of(now()) == BankDay::of(UtcMs(now().0 - 60_000)) {
        assert_eq!(value(ops, "alaqan_gateway_comparisons_today"), Some(3.0));
        assert_eq!(
            value(ops, "alaqan_gateway_comparisons_today_tenge"),
            Some(400.0 + 400.0 + 210.0)
        );
    }
    bank.kill(gateway);
    let _gateway = bank.gateway();
    assert_eq!(counted(&bank), 3);
}

fn consenting(number: u8) -> Evidence {
    Evidence {
        consents: vec![ConsentRecord {
            text: "nbas-enrolment".into(),
            version: 1,
            language: Language::Kk,
            given: true,
            answered_at: UtcMs(1_790_000_000_000),
        }],
        ..evidence("kiosk-1", number, IIN)
    }
}

#[test]
fn a_match_is_marked_for_the_nbas_with_consent_and_score() {
    let mut bank = Bank::new();
    bank.config.idec.nbas_enrolment_min = 0.97;
    let simulator = bank.simulator();
    let gateway = bank.gateway();
    let papers = bank.enrol("kiosk-1");
    let mut kiosk = Kiosk::start(papers.client(gateway.address()));
    let mut number = 0;
    let mut check = |evidence: &dyn Fn(u8) -> Evidence, expect: (Verdict, Option<Nbas>), enrolments| {
        number += 1;
        let answer = answered(&bank, &papers, &mut kiosk, &evidence(number));
        assert_eq!((answer.verdict, answer.nbas), expect);
        assert_eq!(simulator.enrolments(), enrolments);
    };
    let plain = |number| evidence("kiosk-1", number, IIN);
    check(&plain, (Verdict::Match, Some(Nbas::NoConsent)), 0);
    check(&consenting, (Verdict::Match, Some(Nbas::Marked)), 1);
    // One that fails twice is confirmed in the end; one that fails for good costs the mark, and not the answer.
    simulator.fail_enrolments(2);
    check(&consenting, (Verdict::Match, Some(Nbas::Marked)), 2);
    simulator.fail_enrolments(3);
    check(&consenting, (Verdict::Match, Some(Nbas::Failed)), 2);
    simulator.fail_enrolments(0);
    simulator.set_script(IIN, Scripted::NoMatch);
    check(&consenting, (Verdict::NonMatch, None), 2);
    simulator.set_script(IIN, Scripted::Match);
    let palm = |number| Evidence {
        consents: consenting(number).consents,
        ..palm_evidence("kiosk-1", number, IIN)
    };
    check(&palm, (Verdict::Match, None), 2);
}

#[test]
fn a_match_below_the_score_of_the_nbas_is_not_marked() {
    let mut bank = Bank::new();
    bank.config.idec.nbas_enrolment_min = 0.99;
    let simulator = bank.simulator();
    let gateway = bank.gateway();
    let papers = bank.enrol("kiosk-1");
    let mut kiosk = Kiosk::start(papers.client(gateway.address()));
    let answer = answered(&bank, &papers, &mut kiosk, &consenting(1));
    assert_eq!(
        (answer.verdict, answer.nbas),
        (Verdict::Match, Some(Nbas::BelowThreshold))
    );
    assert_eq!(simulator.enrolments(), 0);
}
