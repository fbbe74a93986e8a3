//! Real notices against the published schemas, and what follows from a document.

#![allow(clippy::unwrap_used, missing_docs)]

use std::path::Path;
use std::time::Duration;

use document::identification::{Identification, Verdict};
use institution::envelope::Writer;
use institution::identity::{HashKey, IdentityRule};
use institution::notice::{
    Body, Kind, Notice, RequestBody, SuspicionCode, notice_of_request, notices_of, refusal_name,
};
use jsonschema::Validator;
use proptest::prelude::*;
use serde_json::{Value, json};
use verification::date::Date;
use verification::evidence::{
    DocumentId, Evidence, KioskIdentity, Modality, Organisation, Outcome, PalmEvidence, ProfileIdentity,
    RefusalReason, Source,
};
use verification::palm::PalmAttemptRecord;
use verification::palm::decision::PalmFailure;
use verification::request::{RequestState, number};
use verification::service::ServiceId;
use verification::time::UtcMs;

const IIN: &str = "880412401006";

const OUTCOMES: [Outcome; 10] = [
    Outcome::Verified,
    Outcome::NotVerified,
    Outcome::AttackSuspected,
    Outcome::FailureToAcquire,
    Outcome::Withdrawn,
    Outcome::TimedOut,
    Outcome::DeviceUnavailable,
    Outcome::AwaitingIdentification,
    Outcome::NotRequired,
    Outcome::Referred,
];

fn schema(kind: Kind) -> Value {
    let file = format!("../../docs/schemas/notice-{}.json", kind.name());
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

fn validator(kind: Kind) -> Validator {
    let schema = schema(kind);
    jsonschema::draft202012::meta::validate(&schema).unwrap();
    jsonschema::draft202012::options()
        .should_validate_formats(true)
        .build(&schema)
        .unwrap()
}

fn written(writer: &Writer, notice: &Notice) -> Value {
    serde_json::from_slice(writer.write(notice, UtcMs(1_795_373_999_999)).expose()).unwrap()
}

#[track_caller]
fn holds(notice: &Notice, value: &Value) {
    let validator = validator(notice.kind());
    let faults: Vec<String> = validator
        .iter_errors(value)
        .map(|fault| fault.to_string())
        .collect();
    assert!(faults.is_empty(), "{faults:?}\n{value:#}");
    // A schema that lets everything in would prove nothing.
    for kind in Kind::ALL {
        assert_eq!(validator_takes(kind, value), kind == notice.kind());
    }
}

fn validator_takes(kind: Kind, value: &Value) -> bool {
    validator(kind).is_valid(value)
}

fn evidence(outcome: Outcome) -> Evidence {
    Evidence {
        document_id: DocumentId([7; 16]),
        organisation: Organisation {
            name: "Demo Bank".into(),
            bin: "050140000000".into(),
        },
        kiosk: KioskIdentity {
            kiosk_id: "kiosk-1".into(),
            software: "test".into(),
        },
        service: Some(ServiceId("account-opening".into())),
        claim: Some(IIN.parse().unwrap()),
        modality: Some(Modality::Face),
        started_at: UtcMs(1_790_000_000_000),
        ended_at: UtcMs(1_790_000_030_500),
        outcome,
        ..Evidence::blank()
    }
}

fn answer(verdict: Verdict, score: Option<f32>) -> Identification {
    Identification {
        document_id: DocumentId([7; 16]),
        modality: Modality::Face,
        verdict,
        score,
        threshold: Some(0.95),
        reference_source: "a secret of the centre".into(),
        reference_date: None,
        centre_request_id: "07".into(),
        answered_at: UtcMs(1_790_000_031_000),
        centre_answer_id: None,
        nbas: None,
        request: None,
        decided_by: Source::Centre,
        examiner: None,
        reason: None,
    }
}

fn request(version: u32, state: &RequestState) -> Notice {
    let received_at = UtcMs(1_790_000_030_500);
    let body = RequestBody {
        document_id: DocumentId([7; 16]),
        number: number(DocumentId([7; 16]), Date::from_utc(received_at)),
        kind: "consent-withdrawal".into(),
        received_at,
        due_at: UtcMs(1_791_000_000_000),
        state: state.name(),
        version,
    };
    notice_of_request("050140000000".into(), body)
}

fn codes(notices: &[Notice]) -> Vec<&str> {
    let codes = notices.iter().filter_map(|notice| match &notice.body {
        Body::Suspicion(suspicion) => Some(suspicion.code.as_str()),
        _ => None,
    });
    codes.collect()
}

#[test]
fn every_kind_is_pinned_to_the_letter() {
    // Receivers have been written against these: a change is a new version of the envelope.
    let writer = Writer::default();
    let notices = notices_of(&evidence(Outcome::AttackSuspected), None);
    let check = |notice: &Notice, expect: Value| {
        assert_eq!(written(&writer, notice), expect);
        holds(notice, &expect);
    };
    check(
        &notices[0],
        json!({
            "version": 2, "id": "16a5f28b08d3c3f56aa0072c486189f0", "kind": "result",
            "created_at": "2026-11-22T18:59:59.999Z", "institution_bin": "050140000000",
            "body": {
                "document_id": "07".repeat(16), "kiosk_id": "kiosk-1", "service": "account-opening",
                "modality": "face", "outcome": "attack-suspected",
                "started_at": "2026-09-21T14:13:20.000Z", "ended_at": "2026-09-21T14:13:50.500Z",
            },
        }),
    );
    check(
        &notices[1],
        json!({
            "version": 2, "id": "291d516d3ed08f63a3fd7b259c53bb11", "kind": "suspicion",
            "created_at": "2026-11-22T18:59:59.999Z", "institution_bin": "050140000000",
            "body": {
                "code": "attack-suspected", "document_id": "07".repeat(16), "kiosk_id": "kiosk-1",
                "at": "2026-09-21T14:13:50.500Z",
            },
        }),
    );
    let evidence = evidence(Outcome::AwaitingIdentification);
    let notices = notices_of(&evidence, Some(&answer(Verdict::Match, Some(0.987))));
    assert_eq!(notices.len(), 1);
    let value = written(&writer, &notices[0]);
    holds(&notices[0], &value);
    assert_eq!(value["id"], "3b1bda3f72a155f61d288a15e3071819");
    assert_eq!(
        value["body"]["answer"].to_string(),
        r#"{"answered_at":"2026-09-21T14:13:51.000Z","decided_by":"centre","score":0.987,"threshold":0.95,"verdict":"match"}"#
    );
    assert!(!value.to_string().contains("secret"));
    check(
        &request(1, &RequestState::Received),
        json!({
            "version": 2, "id": "b63280e67d7baf04e9da1782d713f9d7", "kind": "request",
            "created_at": "2026-11-22T18:59:59.999Z", "institution_bin": "050140000000",
            "body": {
                "document_id": "07".repeat(16), "number": "260921-PK7B-PKG7", "kind": "consent-withdrawal",
                "received_at": "2026-09-21T14:13:50.500Z", "due_at": "2026-10-03T04:00:00.000Z",
                "state": "received", "version": 1,
            },
        }),
    );
}

#[test]
fn every_reason_of_an_examiner_has_a_name_in_the_schema() {
    let evidence = evidence(Outcome::AwaitingIdentification);
    for reason in [
        RefusalReason::FaceNotOfDocument,
        RefusalReason::DocumentNotOfClaim,
        RefusalReason::DocumentUnreadable,
        RefusalReason::DocumentExpired,
        RefusalReason::DocumentAltered,
        RefusalReason::PictureUnusable,
    ] {
        let refused = Identification {
            decided_by: Source::Examiner,
            examiner: Some("staff-7".into()),
            reason: Some(reason),
            ..answer(Verdict::NonMatch, None)
        };
        let notices = notices_of(&evidence, Some(&refused));
        let value = written(&Writer::default(), &notices[0]);
        holds(&notices[0], &value);
        assert_eq!(value["body"]["answer"]["decided_by"], "examiner");
        assert_eq!(value["body"]["answer"]["reason"], refusal_name(reason));
        // Which examiner it was stays with the gateway.
        assert!(!value.to_string().contains("staff-7"));
    }
}

#[test]
fn every_verdict_has_a_name_in_the_schema() {
    for verdict in [
        Verdict::Match,
        Verdict::NonMatch,
        Verdict::PersonNotFound,
        Verdict::NoReference,
        Verdict::DocumentTypeNotAccepted,
        Verdict::QualityInsufficient,
        Verdict::NotCompleted,
    ] {
        let evidence = evidence(Outcome::AwaitingIdentification);
        let notices = notices_of(&evidence, Some(&answer(verdict, None)));
        holds(&notices[0], &written(&Writer::default(), &notices[0]));
    }
}

#[test]
fn a_person_is_named_only_as_configured() {
    let hash = || IdentityRule::Hash(HashKey::parse(&"0b".repeat(32)).unwrap());
    for outcome in OUTCOMES {
        let evidence = evidence(outcome);
        let mut all = notices_of(&evidence, None);
        all.extend(notices_of(&evidence, Some(&answer(Verdict::NonMatch, None))));
        for notice in &all {
            let text = |identity| {
                let value = written(&Writer { identity }, notice);
                holds(notice, &value);
                value.to_string()
            };
            assert!(!text(IdentityRule::None).contains("subject"));
            assert!(!text(hash()).contains(IIN));
            let named = text(IdentityRule::Iin).contains(IIN);
            assert_eq!(named, notice.kind() == Kind::Result, "{outcome:?}");
        }
    }
    let notice = &notices_of(&evidence(Outcome::Withdrawn), None)[0];
    let value = written(&Writer { identity: hash() }, notice);
    assert_eq!(value["body"]["subject"]["form"], "hmac-sha256");
    assert!(!format!("{notice:?}").contains(IIN));
}

#[test]
fn a_schema_refuses_what_a_notice_may_not_hold() {
    let notices = notices_of(&evidence(Outcome::AttackSuspected), None);
    for notice in &notices {
        let good = written(&Writer::default(), notice);
        let check = |change: &dyn Fn(&mut Value)| {
            let mut bad = good.clone();
            change(&mut bad);
            assert_ne!(bad, good);
            assert!(!validator_takes(notice.kind(), &bad), "{bad:#}");
        };
        check(&|value| value["body"]["iin"] = json!(IIN));
        check(&|value| value["name"] = json!("x"));
        check(&|value| value["version"] = json!(1));
        check(&|value| value["id"] = json!("x"));
        check(&|value| value["created_at"] = json!("2026-13-22T18:59:59.999Z"));
        check(&|value| drop(value["body"].as_object_mut().unwrap().remove("document_id")));
    }
}

#[test]
fn suspicions_follow_from_the_document() {
    let check = |evidence: &Evidence, expect: &[&str]| {
        let notices = notices_of(evidence, None);
        assert_eq!(codes(&notices), expect);
        assert_eq!(notices.len(), 1 + expect.len());
        // The answer says nothing new about them.
        let answered = notices_of(evidence, Some(&answer(Verdict::Match, None)));
        assert_eq!(codes(&answered), [""; 0]);
    };
    for outcome in OUTCOMES {
        let expect: &[&str] = match outcome {
            Outcome::AttackSuspected => &[SuspicionCode::ATTACK],
            Outcome::NotVerified => &[SuspicionCode::REPEATED],
            _ => &[],
        };
        check(&evidence(outcome), expect);
    }
    let attempt = |failure| PalmAttemptRecord {
        number: 1,
        started_at: UtcMs(1),
        took: Duration::from_millis(1),
        scan: None,
        parts: Vec::new(),
        failure,
    };
    let with_palm = |outcome, failures: &[Option<PalmFailure>]| Evidence {
        palm: Some(PalmEvidence {
            attempts: failures.iter().map(|failure| attempt(*failure)).collect(),
            ..PalmEvidence::default()
        }),
        ..evidence(outcome)
    };
    let another = Some(PalmFailure::AnotherPerson);
    check(
        &with_palm(Outcome::AwaitingIdentification, &[another, another, None]),
        &[SuspicionCode::PALM_OF_ANOTHER],
    );
    check(
        &with_palm(Outcome::NotVerified, &[another, Some(PalmFailure::NoMatch)]),
        &[SuspicionCode::PALM_OF_ANOTHER, SuspicionCode::REPEATED],
    );
    check(&with_palm(Outcome::Withdrawn, &[Some(PalmFailure::NoMatch)]), &[]);
}

#[test]
fn what_the_kiosk_has_noticed_is_told_once_and_never_lost() {
    let noticed = Evidence {
        suspicions: ["numbers-above-cap", "attack-suspected", "No Code", "integrity"]
            .map(String::from)
            .to_vec(),
        profile: ProfileIdentity {
            name: "bank".into(),
            sha256: [0; 32],
        },
        ..evidence(Outcome::AttackSuspected)
    };
    let notices = notices_of(&noticed, None);
    let expect = ["attack-suspected", "integrity", "numbers-above-cap", "other"];
    assert_eq!(codes(&notices), expect);
    for notice in &notices {
        holds(notice, &written(&Writer::default(), notice));
    }
    assert_eq!(
        written(&Writer::default(), &notices[0])["body"]["profile"],
        "bank"
    );
}

#[test]
fn the_same_fact_has_the_same_id_and_no_other() {
    let ids = |evidence: &Evidence| {
        let mut notices = notices_of(evidence, None);
        notices.extend(notices_of(evidence, Some(&answer(Verdict::Match, None))));
        notices.into_iter().map(|notice| notice.id).collect::<Vec<_>>()
    };
    let first = ids(&evidence(Outcome::AttackSuspected));
    assert_eq!(first, ids(&evidence(Outcome::AttackSuspected)));
    let other = Evidence {
        document_id: DocumentId([9; 16]),
        ..evidence(Outcome::AttackSuspected)
    };
    let mut all = [first, ids(&other)].concat();
    all.extend([1, 2].map(|version| request(version, &RequestState::Ready).id));
    let count = all.len();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), count);
}

#[test]
fn codes_have_a_form() {
    let most = "a".repeat(64);
    for good in ["integrity", "name-look-alike", "a1", &most] {
        assert!(SuspicionCode::new(good).is_some(), "{good}");
    }
    for bad in [
        "",
        "-a",
        "1a",
        "Integrity",
        "a b",
        "880412401006",
        &(most.clone() + "a"),
    ] {
        assert!(SuspicionCode::new(bad).is_none(), "{bad}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn whatever_a_document_says_its_notices_hold(
        outcome in 0_usize..10, started: i64, ended: i64, created: i64, service: Option<String>, kiosk: String,
        bin: String, score: Option<f32>, version in 1_u32.., state in 0_usize..4,
    ) {
        let evidence = Evidence {
            started_at: UtcMs(started),
            ended_at: UtcMs(ended),
            service: service.map(ServiceId),
            kiosk: KioskIdentity { kiosk_id: kiosk, software: String::new() },
            organisation: Organisation { name: String::new(), bin },
            ..evidence(OUTCOMES[outcome])
        };
        let state = RequestState::from_name(RequestState::NAMES[state], None).unwrap();
        let mut notices = notices_of(&evidence, None);
        notices.extend(notices_of(&evidence, Some(&answer(Verdict::NonMatch, score))));
        notices.push(request(version, &state));
        for notice in notices {
            let writer = Writer { identity: IdentityRule::Iin };
            let value: Value = serde_json::from_slice(writer.write(&notice, UtcMs(created)).expose()).unwrap();
            prop_assert!(validator_takes(notice.kind(), &value), "{:#}", value);
        }
    }
}
