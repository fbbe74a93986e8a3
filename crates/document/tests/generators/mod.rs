//! Any document, any answer and any receipt.

use std::time::Duration;

use document::identification::{Identification, Nbas, Verdict};
use document::receipt::Receipt;
use proptest::prelude::*;
use verification::Sensitive;
use verification::audit::{AuditHead, LogId};
use verification::capture::{CameraIdentity, CapturedSample, StreamMeasures, StreamState};
use verification::date::Date;
use verification::evidence::{
    ConsentRecord, DocumentId, Evidence, IntegrityRecord, KioskIdentity, Language, Modality, Organisation,
    Outcome, PageQuality, ProfileIdentity, ReadDocument, RefusalReason, RequestStanding, Route, RouteReason,
    SessionId, Source, Still, StillPurpose, StillQuality,
};
use verification::identifier::Iin;
use verification::integrity::{self, IntegrityPolicy};
use verification::pad::parts::{Finding, PadPart, PartRecord};
use verification::pad::{AttackSign, AttemptFailure, AttemptRecord, ChallengeRecord, PadChallenge};
use verification::policy::{
    AssistedPolicy, Demand, OperatorPresence, PalmPolicy, PassivePad, Policy, ScreenLight,
};
use verification::service::{Entry, RequestRecord, ServiceId};
use verification::time::UtcMs;

use crate::TEST_IIN;

mod palm;

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

pub fn some_evidence() -> impl Strategy<Value = Evidence> {
    let session = (
        any::<[u8; 16]>(),
        any::<[u8; 16]>(),
        (".{0,20}", ".{0,12}", ".{0,20}", ".{0,9}"),
        language(),
        prop::option::of("[a-z-]{0,20}"),
        prop::collection::vec(consent(), 0..3),
        prop::option::of(Just(TEST_IIN)),
        prop::option::of(modality()),
    );
    let ends = (utc(), utc(), outcome());
    let capture = (
        prop::option::of((".{0,20}", ".{0,20}", any::<bool>())),
        prop::collection::vec(attempt(), 0..4),
        prop::collection::vec(still(), 0..4),
        policy(),
        prop::option::of(palm::evidence()),
        prop::option::of(audit_head()),
    );
    (session, ends, capture, procedure()).prop_map(
        |(session, (started_at, ended_at, outcome), capture, procedure)| {
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
            let (camera, attempts, stills, policy, palm, audit) = capture;
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
                palm,
                stills,
                policy,
                audit,
                ..procedure
            }
        },
    )
}

/// What the institution's profile adds, in a document that says nothing else.
fn procedure() -> impl Strategy<Value = Evidence> {
    let text = || Just(()).prop_flat_map(|()| ".{0,12}");
    let entry = (text(), text(), any::<bool>()).prop_map(|(field, value, look_alike)| Entry {
        field,
        value: Sensitive::new(value),
        look_alike,
    });
    let read =
        (text(), text(), text(), text(), date()).prop_map(|(kind, number, surname, given_names, expires)| {
            ReadDocument {
                kind,
                number: Sensitive::new(number),
                surname: Sensitive::new(surname),
                given_names: Sensitive::new(given_names),
                expires,
            }
        });
    let integrity = (prop::collection::vec(text(), 0..4), utc())
        .prop_map(|(codes, checked_at)| IntegrityRecord { codes, checked_at });
    (
        (text(), any::<[u8; 32]>()),
        prop::collection::vec(text(), 0..3),
        prop::collection::vec(entry, 0..4),
        prop::option::of(read),
        prop::option::of((text(), date()).prop_map(|(kind, due)| RequestRecord { kind, due })),
        any::<bool>(),
        prop::collection::vec(text(), 0..3),
        prop::option::of(text()),
        (
            any_of([Route::Kiosk, Route::HostedPage, Route::Images, Route::CallBack]),
            prop::option::of(any_of([RouteReason::Chosen, RouteReason::CannotPerform])),
            prop::option::of(text()),
        ),
        prop::option::of(integrity),
    )
        .prop_map(
            |(
                (name, sha256),
                legal_basis,
                entries,
                identity_document,
                request,
                asks_request_state,
                suspicions,
                operator,
                (route, route_reason, call_back),
                integrity,
            )| Evidence {
                profile: ProfileIdentity { name, sha256 },
                legal_basis,
                entries,
                identity_document,
                request,
                asks_request_state,
                suspicions,
                operator,
                route,
                route_reason,
                call_back: call_back.map(Sensitive::new),
                integrity,
                ..Evidence::blank()
            },
        )
}

fn date() -> impl Strategy<Value = Date> {
    (1900..2200_i32, 1..=12_u8, 1..=28_u8).prop_map(|(year, month, day)| Date::new(year, month, day).unwrap())
}

pub fn audit_head() -> impl Strategy<Value = AuditHead> {
    (any::<[u8; 16]>(), any::<u64>(), any::<[u8; 32]>()).prop_map(|(log, number, hash)| AuditHead {
        log: LogId(log),
        number,
        hash,
    })
}

pub fn some_receipt() -> impl Strategy<Value = Receipt> {
    (
        any::<[u8; 16]>(),
        any::<[u8; 32]>(),
        ".{0,20}",
        prop::option::of(audit_head()),
        audit_head(),
        utc(),
    )
        .prop_map(
            |(document_id, document_sha256, kiosk_id, kiosk_audit, gateway_audit, received_at)| Receipt {
                document_id: DocumentId(document_id),
                document_sha256,
                kiosk_id,
                kiosk_audit,
                gateway_audit,
                received_at,
            },
        )
}

fn consent() -> impl Strategy<Value = ConsentRecord> {
    (".{0,9}", any::<u32>(), language(), any::<bool>(), utc()).prop_map(
        |(text, version, language, given, answered_at)| ConsentRecord {
            text,
            version,
            language,
            given,
            answered_at,
        },
    )
}

fn modality() -> impl Strategy<Value = Modality> {
    any_of([Modality::Face, Modality::Palm])
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
        Outcome::NotRequired,
        Outcome::Referred,
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
        challenge().prop_map(StillPurpose::Challenge),
        Just(StillPurpose::Portrait),
        Just(StillPurpose::IdentityDocumentFront),
        Just(StillPurpose::IdentityDocumentBack),
    ];
    let jpeg = prop::collection::vec(any::<u8>(), 0..300);
    let quality = prop::collection::vec(number(), 5).prop_map(|numbers| StillQuality {
        inter_eye_distance_px: numbers[0],
        sharpness: numbers[1],
        luminance_mean: numbers[2],
        yaw_deg: numbers[3],
        pitch_deg: numbers[4],
    });
    let page = prop::collection::vec(number(), 5).prop_map(|numbers| PageQuality {
        long_side_px: numbers[0],
        aspect: numbers[1],
        sharpness: numbers[2],
        glare_part: numbers[3],
        luminance_mean: numbers[4],
    });
    (
        purpose,
        any::<u64>(),
        any::<u32>(),
        any::<u32>(),
        jpeg,
        prop::option::of(quality),
        prop::option::of(page),
    )
        .prop_map(
            |(purpose, frame, width_px, height_px, jpeg, quality, page)| Still {
                page,
                purpose,
                sample: CapturedSample {
                    frame,
                    width_px,
                    height_px,
                    jpeg: Sensitive::new(jpeg),
                },
                quality,
            },
        )
}

fn integrity_policy() -> impl Strategy<Value = IntegrityPolicy> {
    let demand = || any_of([integrity::Demand::Required, integrity::Demand::Reported]);
    (demand(), demand(), demand(), demand()).prop_map(
        |(files, debugger, injected_libraries, virtual_environment)| IntegrityPolicy {
            files,
            debugger,
            injected_libraries,
            virtual_environment,
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
        palm_policy(),
        (
            any_of([OperatorPresence::Required, OperatorPresence::NotRequired]),
            any::<u16>(),
            integrity_policy(),
            assisted_policy(),
        ),
    )
        .prop_map(
            |(
                counts,
                challenge_set,
                durations,
                numbers,
                passive,
                light,
                palm,
                (operator, retention_years, integrity, assisted),
            )| {
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
                    nbas_enrolment_min: next(),
                    operator,
                    retention_years,
                    integrity,
                    palm,
                    assisted,
                }
            },
        )
}

fn palm_policy() -> impl Strategy<Value = PalmPolicy> {
    (
        prop::collection::vec(any_of([Demand::Required, Demand::WhereMeasured]), 5),
        prop::collection::vec(number(), 7),
        duration(),
        any::<[bool; 2]>(),
    )
        .prop_map(|(demands, numbers, scan_limit, flags)| PalmPolicy {
            vascular: demands[0],
            volume: demands[1],
            temperature: demands[2],
            liveness: demands[3],
            seal: demands[4],
            volume_min_ml: numbers[0],
            volume_max_ml: numbers[1],
            temperature_min_celsius: numbers[2],
            temperature_max_celsius: numbers[3],
            warmth_min_celsius: numbers[4],
            vascular_quality_min: numbers[5],
            liveness_min: numbers[6],
            scan_limit,
            nothing_presented_counts: flags[0],
            fallback_to_face: flags[1],
        })
}

fn assisted_policy() -> impl Strategy<Value = AssistedPolicy> {
    (
        any::<[u8; 2]>(),
        prop::collection::vec(number(), 6),
        [duration(), duration()],
    )
        .prop_map(
            |(counts, numbers, [picture_hold, picture_limit])| AssistedPolicy {
                cannot_perform_max: counts[0],
                page_long_side_min_px: numbers[0],
                page_sharpness_min: numbers[1],
                page_glare_max: numbers[2],
                page_luminance_min: numbers[3],
                page_luminance_max: numbers[4],
                page_movement_max: numbers[5],
                picture_hold,
                picture_limit,
                pictures_max: counts[1],
            },
        )
}

pub fn some_identification() -> impl Strategy<Value = Identification> {
    let verdict = prop::sample::select(vec![
        Verdict::Match,
        Verdict::NonMatch,
        Verdict::PersonNotFound,
        Verdict::NoReference,
        Verdict::DocumentTypeNotAccepted,
        Verdict::QualityInsufficient,
        Verdict::NotCompleted,
    ]);
    let texts = (
        ".{0,20}",
        prop::option::of(".{0,20}"),
        ".{0,20}",
        prop::option::of(".{0,20}"),
    );
    let standing = any_of([
        RequestStanding::Received,
        RequestStanding::InProgress,
        RequestStanding::Ready,
        RequestStanding::Answered,
        RequestStanding::Refused,
        RequestStanding::Unknown,
    ]);
    let nbas = prop::option::of(any_of([
        Nbas::NoConsent,
        Nbas::BelowThreshold,
        Nbas::Marked,
        Nbas::Failed,
    ]));
    (
        (any::<[u8; 16]>(), modality()),
        verdict,
        prop::option::of(number()),
        prop::option::of(number()),
        texts,
        (utc(), nbas, prop::option::of(standing)),
        (
            any_of([Source::Centre, Source::Examiner]),
            prop::option::of(".{0,20}"),
            prop::option::of(any_of([
                RefusalReason::FaceNotOfDocument,
                RefusalReason::DocumentNotOfClaim,
                RefusalReason::DocumentUnreadable,
                RefusalReason::DocumentExpired,
                RefusalReason::DocumentAltered,
                RefusalReason::PictureUnusable,
            ])),
        ),
    )
        .prop_map(
            |(
                (document_id, modality),
                verdict,
                score,
                threshold,
                texts,
                (answered_at, nbas, request),
                (decided_by, examiner, reason),
            )| {
                Identification {
                    decided_by,
                    examiner,
                    reason,
                    document_id: DocumentId(document_id),
                    modality,
                    verdict,
                    score,
                    threshold,
                    reference_source: texts.0,
                    reference_date: texts.1,
                    centre_request_id: texts.2,
                    answered_at,
                    centre_answer_id: texts.3,
                    nbas,
                    request,
                }
            },
        )
}
