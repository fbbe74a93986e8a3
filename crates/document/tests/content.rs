//! The byte forms: what is written is read back, nothing else is, and neither form changes unnoticed.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::time::Duration;

use document::content::{self, CONTENT_MAX_BYTES, DecodeError};
use document::identification::{self, Identification, Verdict};
use expect_test::{Expect, expect};
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use verification::Sensitive;
use verification::capture::{CameraIdentity, CapturedSample, StreamMeasures, StreamState};
use verification::evidence::{
    ConsentRecord, DocumentId, Evidence, KioskIdentity, Language, Modality, Organisation, Outcome, SessionId,
    Still, StillPurpose,
};
use verification::identifier::Iin;
use verification::pad::parts::{Finding, PadPart, PartRecord};
use verification::pad::{AttackSign, AttemptFailure, AttemptRecord, ChallengeRecord, PadChallenge};
use verification::policy::{PassivePad, Policy, ScreenLight};
use verification::service::ServiceId;
use verification::time::UtcMs;

/// The public test card of the state, not a person.
const TEST_IIN: &str = "880412401006";

fn evidence() -> Evidence {
    Evidence {
        document_id: DocumentId([0xd0; 16]),
        session_id: SessionId([0x5e; 16]),
        organisation: Organisation {
            name: "«Алақан» банкі".to_owned(),
            bin: "000140000002".to_owned(),
        },
        kiosk: KioskIdentity {
            kiosk_id: "kiosk-7".to_owned(),
            software: "0.1.0".to_owned(),
        },
        language: Language::Kk,
        service: Some(ServiceId("account-opening".to_owned())),
        consents: vec![ConsentRecord {
            text: "processing".to_owned(),
            version: 2,
            language: Language::Ru,
            given_at: UtcMs(1_780_315_200_000),
        }],
        claim: Some(TEST_IIN.parse().unwrap()),
        modality: Some(Modality::Face),
        started_at: UtcMs(1_780_315_190_000),
        ended_at: UtcMs(1_780_315_260_500),
        outcome: Outcome::AwaitingIdentification,
        camera: Some(CameraIdentity {
            name: "clip".to_owned(),
            bus_id: "sha256:00".to_owned(),
            replay: true,
        }),
        attempts_before: 1,
        attempts: vec![
            AttemptRecord {
                number: 1,
                started_at: UtcMs(1_780_315_210_000),
                challenges: vec![ChallengeRecord {
                    challenge: PadChallenge::TurnLeft,
                    prompted_at: Duration::from_millis(400),
                    completed_at: None,
                }],
                parts: Vec::new(),
                stream: None,
                failure: Some(AttemptFailure::NotPerformed(PadChallenge::TurnLeft)),
            },
            AttemptRecord {
                number: 2,
                started_at: UtcMs(1_780_315_230_000),
                challenges: vec![ChallengeRecord {
                    challenge: PadChallenge::Smile,
                    prompted_at: Duration::from_micros(400_001),
                    completed_at: Some(Duration::from_secs(3)),
                }],
                parts: vec![
                    PartRecord {
                        part: PadPart::Passive,
                        value: Some(0.75),
                        threshold: 0.5,
                        samples: 12,
                        finding: Finding::For,
                    },
                    PartRecord {
                        part: PadPart::Light,
                        value: None,
                        threshold: 0.25,
                        samples: 0,
                        finding: Finding::Silent,
                    },
                ],
                stream: Some(StreamMeasures {
                    state: StreamState::Good,
                    rate_hz: 30.0,
                    interval_p95_ms: 34.5,
                    duplicates: 1,
                    repeats: 0,
                }),
                failure: None,
            },
        ],
        stills: vec![
            Still {
                purpose: StillPurpose::Comparison,
                sample: sample(b"jpeg of the face"),
            },
            Still {
                purpose: StillPurpose::Challenge(PadChallenge::Smile),
                sample: sample(b"jpeg"),
            },
        ],
        policy: Policy::default(),
    }
}

fn sample(jpeg: &[u8]) -> CapturedSample {
    CapturedSample {
        frame: 300,
        width_px: 1280,
        height_px: 720,
        jpeg: Sensitive::new(jpeg.to_vec()),
    }
}

fn identification() -> Identification {
    Identification {
        document_id: DocumentId([0xd0; 16]),
        verdict: Verdict::Match,
        score: Some(0.5),
        threshold: 0.25,
        reference_source: "passport register".to_owned(),
        reference_date: Some("2024-02-29".to_owned()),
        centre_request_id: "d0d0".to_owned(),
        answered_at: UtcMs(1_780_315_262_000),
    }
}

/// The diagnostic notation shows what changed, the digest that nothing else did.
fn check_snapshot(bytes: &[u8], expect: Expect) {
    let diagnostic = minicbor::display(bytes).to_string();
    let digest: String = Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    expect.assert_eq(&format!("{diagnostic}\n{digest}"));
}

#[test]
fn the_format_of_the_document_is_kept() {
    check_snapshot(
        &content::encode(&evidence()),
        expect![[r#"
            {0: 2, 1: h'd0 d0 d0 d0 d0 d0 d0 d0 d0 d0 d0 d0 d0 d0 d0 d0', 2: h'5e 5e 5e 5e 5e 5e 5e 5e 5e 5e 5e 5e 5e 5e 5e 5e', 3: {0: "«Алақан» банкі", 1: "000140000002"}, 4: {0: "kiosk-7", 1: "0.1.0"}, 5: 1, 6: "account-opening", 7: [{0: "processing", 1: 2, 2: 2, 3: 1780315200000}], 8: "880412401006", 9: 1, 10: 1780315190000, 11: 1780315260500, 12: 8, 13: {0: "clip", 1: "sha256:00", 2: true}, 14: [{0: 1, 1: 1780315210000, 2: [{0: 1, 1: 400000000}], 4: [1, 1], 5: []}, {0: 2, 1: 1780315230000, 2: [{0: 7, 1: 400001000, 2: 3000000000}], 5: [{0: 1, 1: 7.5e-1, 2: 5e-1, 3: 12, 4: 1}, {0: 8, 2: 2.5e-1, 3: 0, 4: 3}], 6: {0: 1, 1: 3e1, 2: 3.45e1, 3: 1, 4: 0}}], 15: [{0: [1], 1: 300, 2: 1280, 3: 720, 4: h'6a 70 65 67 20 6f 66 20 74 68 65 20 66 61 63 65'}, {0: [2, 7], 1: 300, 2: 1280, 3: 720, 4: h'6a 70 65 67'}], 16: {0: 3, 1: 3, 2: [1, 2, 3, 4, 5, 6, 7], 3: 10000000000, 4: 60000000000, 5: 400000000, 6: 400000000, 7: 120000000000, 8: 8000000000, 9: 6e1, 10: 1.8e1, 11: 1.5e1, 12: 1.5e1, 13: 5e-1, 14: 2e-1, 16: 1, 17: 5e-1, 18: 9.5e-1, 19: 2, 20: 3e-1, 21: 5e-1, 22: 5e-1, 23: 7e-1, 24: 2.5e-1, 25: 1.5e-1, 26: 6e2, 27: 4e1, 28: 2.25e2, 29: 2.5e2, 30: 3e-2, 31: 8.5e-2}, 17: 1}
            d7cca0e76cb036fe62419d8a4eaf9e1427cb6458dcffd72c475abdc6ed946fb5"#]],
    );
}

#[test]
fn the_format_of_the_answer_is_kept() {
    check_snapshot(
        &identification::encode(&identification()),
        expect![[r#"
        {0: 1, 1: h'd0 d0 d0 d0 d0 d0 d0 d0 d0 d0 d0 d0 d0 d0 d0 d0', 2: 1, 3: 5e-1, 4: 2.5e-1, 5: "passport register", 6: "2024-02-29", 7: "d0d0", 8: 1780315262000}
        072b1db8b8fa6fdbdf4bff6c590b9d9da6a95386d931a57caa657f3b4760d425"#]],
    );
}

#[test]
fn debug_hides_the_person() {
    let text = format!("{:?}", content::decode(&content::encode(&evidence())).unwrap());
    assert!(text.contains("kiosk-7"), "{text}");
    assert!(!text.contains(TEST_IIN) && !text.contains("8, 8, 0, 4"), "{text}");
    assert!(
        !text.contains("jpeg of") && !text.contains("106, 112, 101, 103"),
        "{text}"
    );
}

fn check(bytes: &[u8], expect: &str) {
    let result = content::decode(bytes);
    assert_eq!(
        result.err().map_or("good".to_owned(), |error| error.to_string()),
        expect
    );
}

#[test]
fn each_refusal_has_its_name() {
    let good = content::encode(&evidence());
    check(&good, "good");
    assert_eq!(
        good[..3],
        [0xb2, 0x00, 0x02],
        "eighteen entries, the first says version 2"
    );

    check(&[], "the document cannot be read");
    check(&[0x80], "the document cannot be read, from byte 0 on");
    check(&[&good[..], &[0]].concat(), "bytes follow after the document");
    check(
        &[&[0xb2, 0x00, 0x03], &good[3..]].concat(),
        "version 3 of the document format is not known here",
    );
    check(
        &[0xa1, 0x01, 0x01],
        "the document does not start with its version",
    );
    check(
        &vec![0; CONTENT_MAX_BYTES + 1],
        "a document has at most 8388608 bytes, this one has 8388609",
    );

    let not_canonical = "the document is not in canonical form";
    check(&[&[0xb2, 0x00, 0x18, 0x02], &good[3..]].concat(), not_canonical);
    check(&[&[0xbf], &good[1..], &[0xff]].concat(), not_canonical);
    // An entry that this version does not have.
    check(
        &[&[0xb3], &good[1..], &[0x18, 0x63, 0x00]].concat(),
        not_canonical,
    );

    let nowhere = Evidence {
        service: None,
        ..evidence()
    };
    let bytes = content::encode(&nowhere);
    check(&bytes, "good");
    // The absent service written out as null, between the language and the consents.
    let at = bytes
        .windows(4)
        .position(|window| window == [0x05, 0x01, 0x07, 0x81])
        .unwrap()
        + 2;
    check(
        &[&[0xb2], &bytes[1..at], &[0x06, 0xf6], &bytes[at..]].concat(),
        not_canonical,
    );
}

#[test]
fn a_claim_must_be_an_iin() {
    let mut bytes = content::encode(&evidence());
    let at = bytes
        .windows(12)
        .position(|window| window == TEST_IIN.as_bytes())
        .unwrap();
    bytes[at + 11] = b'7';
    assert!(matches!(content::decode(&bytes), Err(DecodeError::Claim(_))));
}

/// There are many bit patterns of "not a number"; one of them is canonical.
#[test]
fn not_a_number_has_one_form() {
    let answer = |threshold| {
        identification::encode(&Identification {
            threshold,
            ..identification()
        })
    };
    let bytes = answer(f32::NAN);
    assert_eq!(bytes, answer(f32::from_bits(0xffc0_1234)));
    assert!(identification::decode(&bytes).unwrap().threshold.is_nan());
    let mut other = bytes.clone();
    let at = other
        .windows(5)
        .position(|window| window == [0xfa, 0x7f, 0xc0, 0x00, 0x00])
        .unwrap();
    other[at + 4] = 1;
    assert!(matches!(
        identification::decode(&other),
        Err(DecodeError::NotCanonical)
    ));
}

fn challenge() -> impl Strategy<Value = PadChallenge> {
    prop::sample::select(PadChallenge::ALL.to_vec())
}

fn language() -> impl Strategy<Value = Language> {
    prop_oneof![Just(Language::Kk), Just(Language::Ru), Just(Language::En)]
}

fn utc() -> impl Strategy<Value = UtcMs> {
    any::<i64>().prop_map(UtcMs)
}

fn duration() -> impl Strategy<Value = Duration> {
    any::<u64>().prop_map(Duration::from_nanos)
}

fn number() -> impl Strategy<Value = f32> {
    prop::num::f32::ANY.prop_filter("equals itself", |value| !value.is_nan())
}

fn some_evidence() -> impl Strategy<Value = Evidence> {
    let session = (
        any::<[u8; 16]>(),
        any::<[u8; 16]>(),
        (".{0,20}", ".{0,12}", ".{0,20}", ".{0,9}"),
        language(),
        prop::option::of("[a-z-]{0,20}"),
        prop::collection::vec(consent(), 0..3),
        prop::option::of(Just(TEST_IIN)),
        prop::option::of(prop_oneof![Just(Modality::Face), Just(Modality::Palm)]),
    );
    let ends = (utc(), utc(), outcome());
    let capture = (
        prop::option::of((".{0,20}", ".{0,20}", any::<bool>())),
        prop::collection::vec(attempt(), 0..4),
        prop::collection::vec(still(), 0..4),
        policy(),
    );
    (session, ends, capture).prop_map(|(session, (started_at, ended_at, outcome), capture)| {
        let (
            document_id,
            session_id,
            (name, bin, kiosk_id, software),
            language,
            service,
            consents,
            claim,
            modality,
        ) = session;
        let (camera, attempts, stills, policy) = capture;
        Evidence {
            document_id: DocumentId(document_id),
            session_id: SessionId(session_id),
            organisation: Organisation { name, bin },
            kiosk: KioskIdentity { kiosk_id, software },
            language,
            service: service.map(ServiceId),
            consents,
            claim: claim.map(|digits| digits.parse::<Iin>().unwrap()),
            modality,
            started_at,
            ended_at,
            outcome,
            camera: camera.map(|(name, bus_id, replay)| CameraIdentity { name, bus_id, replay }),
            attempts_before: u8::try_from(attempts.len()).unwrap(),
            attempts,
            stills,
            policy,
        }
    })
}

fn consent() -> impl Strategy<Value = ConsentRecord> {
    (".{0,9}", any::<u32>(), language(), utc()).prop_map(|(text, version, language, given_at)| {
        ConsentRecord {
            text,
            version,
            language,
            given_at,
        }
    })
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop::sample::select(vec![
        Outcome::Verified,
        Outcome::NotVerified,
        Outcome::AttackSuspected,
        Outcome::FailureToAcquire,
        Outcome::Withdrawn,
        Outcome::TimedOut,
        Outcome::DeviceUnavailable,
        Outcome::AwaitingIdentification,
    ])
}

fn any_of<T: Clone + std::fmt::Debug + 'static>(values: impl Into<Vec<T>>) -> impl Strategy<Value = T> {
    prop::sample::select(values.into())
}

fn attempt() -> impl Strategy<Value = AttemptRecord> {
    let record = (challenge(), duration(), prop::option::of(duration())).prop_map(
        |(challenge, prompted_at, completed_at)| ChallengeRecord {
            challenge,
            prompted_at,
            completed_at,
        },
    );
    let failure = prop_oneof![
        challenge().prop_map(AttemptFailure::NotPerformed),
        challenge().prop_map(AttemptFailure::WrongAction),
        Just(AttemptFailure::FaceLost),
        Just(AttemptFailure::SeveralFaces),
        Just(AttemptFailure::Jump),
        Just(AttemptFailure::Cut),
        Just(AttemptFailure::AnotherPerson),
        Just(AttemptFailure::Frozen),
        any_of([
            AttackSign::Passive,
            AttackSign::PassiveMissing,
            AttackSign::Flat,
            AttackSign::ReliefMissing,
            AttackSign::CutOut,
            AttackSign::Screen,
            AttackSign::LightIgnored,
            AttackSign::LightMissing,
            AttackSign::Injected,
            AttackSign::LikenessMissing,
        ])
        .prop_map(AttemptFailure::Attack),
        Just(AttemptFailure::Interrupted),
    ];
    let part = (
        any_of([
            PadPart::Passive,
            PadPart::Relief,
            PadPart::CutOut,
            PadPart::Moire,
            PadPart::Bezel,
            PadPart::Glare,
            PadPart::Flicker,
            PadPart::Light,
            PadPart::Likeness,
        ]),
        prop::option::of(number()),
        number(),
        any::<u32>(),
        any_of([Finding::For, Finding::Against, Finding::Silent]),
    )
        .prop_map(|(part, value, threshold, samples, finding)| PartRecord {
            part,
            value,
            threshold,
            samples,
            finding,
        });
    let state = any_of([
        StreamState::Good,
        StreamState::Black,
        StreamState::Frozen,
        StreamState::Repeating,
        StreamState::TooSlow,
    ]);
    let stream = (state, number(), number(), any::<[u32; 2]>()).prop_map(
        |(state, rate_hz, interval_p95_ms, [duplicates, repeats])| StreamMeasures {
            state,
            rate_hz,
            interval_p95_ms,
            duplicates,
            repeats,
        },
    );
    (
        any::<u8>(),
        utc(),
        prop::collection::vec(record, 0..5),
        prop::collection::vec(part, 0..9),
        prop::option::of(stream),
        prop::option::of(failure),
    )
        .prop_map(
            |(number, started_at, challenges, parts, stream, failure)| AttemptRecord {
                number,
                started_at,
                challenges,
                parts,
                stream,
                failure,
            },
        )
}

fn still() -> impl Strategy<Value = Still> {
    let purpose = prop_oneof![
        Just(StillPurpose::Comparison),
        challenge().prop_map(StillPurpose::Challenge)
    ];
    let jpeg = prop::collection::vec(any::<u8>(), 0..300);
    (purpose, any::<u64>(), any::<u32>(), any::<u32>(), jpeg).prop_map(
        |(purpose, frame, width_px, height_px, jpeg)| Still {
            purpose,
            sample: CapturedSample {
                frame,
                width_px,
                height_px,
                jpeg: Sensitive::new(jpeg),
            },
        },
    )
}

fn policy() -> impl Strategy<Value = Policy> {
    (
        any::<[u8; 2]>(),
        prop::collection::vec(challenge(), 0..9),
        prop::collection::vec(duration(), 6),
        prop::collection::vec(number(), 40),
        any_of([PassivePad::Required, PassivePad::WhereInstalled]),
        any_of([ScreenLight::Required, ScreenLight::Supporting, ScreenLight::Off]),
    )
        .prop_map(|(counts, challenge_set, durations, numbers, passive, light)| {
            let [attempts, challenges_per_attempt] = counts;
            let mut numbers = numbers.into_iter();
            let mut next = || numbers.next().unwrap();
            Policy {
                attempts,
                challenges_per_attempt,
                challenge_set,
                challenge_window: durations[0],
                positioning_limit: durations[1],
                neutral_hold: durations[2],
                face_lost_limit: durations[3],
                idle_limit: durations[4],
                identification_patience: durations[5],
                passive,
                light,
                inter_eye_distance_min_px: next(),
                turn_min_deg: next(),
                nod_min_deg: next(),
                neutral_max_deg: next(),
                eye_closed_part: next(),
                mouth_open_rise: next(),
                smile_rise: next(),
                passive_min: next(),
                relief_min: next(),
                cut_out_max: next(),
                screen_max: next(),
                likeness_min: next(),
                face_change_max: next(),
                scene_change_max: next(),
                head_speed_max_deg_s: next(),
                luminance_min: next(),
                luminance_max: next(),
                distance_min_mm: next(),
                light_gain_min: next(),
                comparison_min: next(),
            }
        })
}

fn some_identification() -> impl Strategy<Value = Identification> {
    let verdict = prop::sample::select(vec![
        Verdict::Match,
        Verdict::NonMatch,
        Verdict::PersonNotFound,
        Verdict::NoReference,
    ]);
    let texts = (".{0,20}", prop::option::of(".{0,20}"), ".{0,20}");
    (
        any::<[u8; 16]>(),
        verdict,
        prop::option::of(number()),
        number(),
        texts,
        utc(),
    )
        .prop_map(
            |(document_id, verdict, score, threshold, texts, answered_at)| Identification {
                document_id: DocumentId(document_id),
                verdict,
                score,
                threshold,
                reference_source: texts.0,
                reference_date: texts.1,
                centre_request_id: texts.2,
                answered_at,
            },
        )
}

proptest! {
    #[test]
    fn documents_come_back(evidence in some_evidence()) {
        prop_assert_eq!(content::decode(&content::encode(&evidence)).unwrap(), evidence);
    }

    #[test]
    fn answers_come_back(answer in some_identification()) {
        prop_assert_eq!(identification::decode(&identification::encode(&answer)).unwrap(), answer);
    }

    #[test]
    fn garbage_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(content::decode(&bytes).is_err());
        prop_assert!(identification::decode(&bytes).is_err());
    }

    /// What is read from changed bytes is written as these very bytes.
    #[test]
    fn one_document_has_one_form(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = content::encode(&evidence());
        for (at, byte) in changes {
            let length = bytes.len();
            bytes[at.index(length)] = byte;
        }
        if let Ok(content) = content::decode(&bytes) {
            prop_assert_eq!(content::encode(&content), bytes);
        }
    }
}
