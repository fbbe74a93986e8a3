//! The byte forms: what is written is read back, nothing else is, and neither form changes unnoticed.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::time::Duration;

use document::auditlog;
use document::content::{self, CONTENT_MAX_BYTES, DecodeError};
use document::identification::{self, Identification, Nbas, Verdict};
use document::package;
use document::receipt::{self, Receipt};
use expect_test::{Expect, expect};
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use verification::Sensitive;
use verification::audit::{AuditHead, LogId};
use verification::capture::{CameraIdentity, CapturedSample, StreamMeasures, StreamState};
use verification::date::Date;
use verification::evidence::{
    ConsentRecord, DocumentId, Evidence, IntegrityRecord, KioskIdentity, Language, Modality, Organisation,
    Outcome, PageQuality, PalmEvidence, ProfileIdentity, ReadDocument, RefusalReason, Route, RouteReason,
    SessionId, Source, Still, StillPurpose, StillQuality,
};
use verification::pad::parts::{Finding, PadPart, PartRecord};
use verification::pad::{AttemptFailure, AttemptRecord, ChallengeRecord, PadChallenge};
use verification::palm::decision::{PalmFailure, PalmPart, PalmPartRecord};
use verification::palm::{
    CaptureSeal, PalmAttemptRecord, PalmCapabilities, PalmQuality, PalmReadings, PalmReference, PalmScan,
    ScanResult, ScannerIdentity, SealFault, SealState,
};
use verification::policy::Policy;
use verification::service::{Entry, RequestRecord, ServiceId};
use verification::time::UtcMs;

mod generators;

use generators::{some_evidence, some_identification, some_receipt};

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
            given: true,
            answered_at: UtcMs(1_780_315_200_000),
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
        palm: None,
        stills: vec![
            Still {
                page: None,
                purpose: StillPurpose::Comparison,
                sample: sample(b"jpeg of the face"),
                quality: Some(StillQuality {
                    inter_eye_distance_px: 120.0,
                    sharpness: 0.5,
                    luminance_mean: 128.0,
                    yaw_deg: -2.0,
                    pitch_deg: 1.5,
                }),
            },
            Still {
                page: None,
                purpose: StillPurpose::Challenge(PadChallenge::Smile),
                sample: sample(b"jpeg"),
                quality: None,
            },
        ],
        policy: Policy::default(),
        audit: Some(AuditHead {
            log: LogId([0xa0; 16]),
            number: 41,
            hash: [0xa1; 32],
        }),
        profile: ProfileIdentity {
            name: "bank".to_owned(),
            sha256: [0xb2; 32],
        },
        legal_basis: vec!["kz-law-94-v".to_owned()],
        entries: vec![Entry {
            field: "amount".to_owned(),
            value: Sensitive::new("150000".to_owned()),
            look_alike: false,
        }],
        identity_document: Some(ReadDocument {
            kind: "ID KAZ".to_owned(),
            number: Sensitive::new("041236587".to_owned()),
            surname: Sensitive::new("SYNAQ".to_owned()),
            given_names: Sensitive::new("ALMA".to_owned()),
            expires: Date::new(2031, 4, 11).unwrap(),
        }),
        request: Some(RequestRecord {
            kind: "erasure".to_owned(),
            due: Date::new(2026, 6, 2).unwrap(),
        }),
        asks_request_state: false,
        suspicions: vec!["numbers-above-cap".to_owned()],
        operator: Some("operator-7".to_owned()),
        route: Route::Kiosk,
        route_reason: None,
        call_back: None,
        integrity: Some(IntegrityRecord {
            codes: vec!["files:intact".to_owned(), "debugger:no".to_owned()],
            checked_at: UtcMs(1_780_300_000_000),
        }),
    }
}

/// The same person with pictures for an examiner, who cannot perform the actions.
fn images_evidence() -> Evidence {
    let page = |purpose| Still {
        page: Some(PageQuality {
            long_side_px: 612.5,
            aspect: 1.5625,
            sharpness: 0.125,
            glare_part: 0.0,
            luminance_mean: 141.0,
        }),
        purpose,
        sample: sample(b"jpeg of a card"),
        quality: None,
    };
    Evidence {
        attempts: Vec::new(),
        route: Route::Images,
        route_reason: Some(RouteReason::CannotPerform),
        stills: vec![
            Still {
                purpose: StillPurpose::Portrait,
                ..evidence().stills[0].clone()
            },
            page(StillPurpose::IdentityDocumentFront),
            page(StillPurpose::IdentityDocumentBack),
        ],
        ..evidence()
    }
}

/// The same person who wants to be called.
fn call_back_evidence() -> Evidence {
    Evidence {
        outcome: Outcome::Referred,
        attempts: Vec::new(),
        camera: None,
        stills: Vec::new(),
        route: Route::CallBack,
        route_reason: Some(RouteReason::Chosen),
        call_back: Some(Sensitive::new("+77010000000".to_owned())),
        ..evidence()
    }
}

/// The same session with the palm.
fn palm_evidence() -> Evidence {
    let seal = CaptureSeal {
        statement: b"statement of the scanner".to_vec(),
        signature: vec![0x51; 3],
        key: vec![0x02; 3],
    };
    let part = |part, value, min, max, finding| PalmPartRecord {
        part,
        value,
        min,
        max,
        finding,
    };
    Evidence {
        modality: Some(Modality::Palm),
        camera: None,
        attempts_before: 0,
        attempts: Vec::new(),
        stills: Vec::new(),
        palm: Some(PalmEvidence {
            scanner: Some(ScannerIdentity {
                driver: "alaqan-reference".to_owned(),
                model: "simulator".to_owned(),
                firmware: "1.0".to_owned(),
                serial: "AP-1".to_owned(),
                thermometer: Some("mcu-90615".to_owned()),
                capabilities: PalmCapabilities {
                    vascular: true,
                    volume: true,
                    temperature: true,
                    liveness: true,
                    seal: true,
                },
            }),
            expected: Some(PalmReference(1001)),
            attempts: vec![
                PalmAttemptRecord {
                    number: 1,
                    started_at: UtcMs(1_780_315_210_000),
                    took: Duration::from_millis(900),
                    scan: Some(PalmScan {
                        result: ScanResult::NoMatch,
                        readings: PalmReadings::default(),
                        quality: vec![PalmQuality::Moving, PalmQuality::Cold],
                        seal: SealState::Invalid(SealFault::Chain),
                    }),
                    parts: vec![part(PalmPart::Seal, None, None, None, Finding::Against)],
                    failure: Some(PalmFailure::Implausible(PalmPart::Seal)),
                },
                PalmAttemptRecord {
                    number: 2,
                    started_at: UtcMs(1_780_315_230_000),
                    took: Duration::from_millis(1250),
                    scan: Some(PalmScan {
                        result: ScanResult::Identified(PalmReference(1001)),
                        readings: PalmReadings {
                            volume_ml: Some(412.5),
                            surface_temperature_celsius: Some(31.25),
                            ambient_temperature_celsius: Some(22.5),
                            vascular_quality: Some(0.75),
                            liveness: Some(0.875),
                        },
                        quality: Vec::new(),
                        seal: SealState::Valid(seal),
                    }),
                    parts: vec![part(
                        PalmPart::Volume,
                        Some(412.5),
                        Some(150.0),
                        Some(750.0),
                        Finding::For,
                    )],
                    failure: None,
                },
            ],
            attempts_before: 1,
            enrolments: Vec::new(),
        }),
        ..evidence()
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
        modality: Modality::Face,
        verdict: Verdict::Match,
        score: Some(0.5),
        threshold: Some(0.25),
        reference_source: "passport register".to_owned(),
        reference_date: Some("2024-02-29".to_owned()),
        centre_request_id: "d0d0".to_owned(),
        answered_at: UtcMs(1_780_315_262_000),
        centre_answer_id: Some("a-1".to_owned()),
        nbas: Some(Nbas::Marked),
        request: Some(verification::evidence::RequestStanding::InProgress),
        decided_by: Source::Centre,
        examiner: None,
        reason: None,
    }
}

fn some_head(byte: u8) -> AuditHead {
    AuditHead {
        log: LogId([byte; 16]),
        number: 41,
        hash: [byte + 1; 32],
    }
}

fn receipt() -> Receipt {
    Receipt {
        document_id: DocumentId([0xd0; 16]),
        document_sha256: [0x5a; 32],
        kiosk_id: "kiosk-7".to_owned(),
        kiosk_audit: Some(some_head(0xa0)),
        gateway_audit: some_head(0xb0),
        received_at: UtcMs(1_780_315_261_000),
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
            {0: 6, 1: h'd0 d0 d0 d0 d0 d0 d0 d0 d0 d0 d0 d0 d0 d0 d0 d0', 2: h'5e 5e 5e 5e 5e 5e 5e 5e 5e 5e 5e 5e 5e 5e 5e 5e', 3: {0: "«Алақан» банкі", 1: "000140000002"}, 4: {0: "kiosk-7", 1: "0.1.0"}, 5: 1, 6: "account-opening", 7: [{0: "processing", 1: 2, 2: 2, 3: 1780315200000, 4: true}], 8: "880412401006", 9: 1, 10: 1780315190000, 11: 1780315260500, 12: 8, 13: {0: "clip", 1: "sha256:00", 2: true}, 14: [{0: 1, 1: 1780315210000, 2: [{0: 1, 1: 400000000}], 4: [1, 1], 5: []}, {0: 2, 1: 1780315230000, 2: [{0: 7, 1: 400001000, 2: 3000000000}], 5: [{0: 1, 1: 7.5e-1, 2: 5e-1, 3: 12, 4: 1}, {0: 8, 2: 2.5e-1, 3: 0, 4: 3}], 6: {0: 1, 1: 3e1, 2: 3.45e1, 3: 1, 4: 0}}], 15: [{0: [1], 1: 300, 2: 1280, 3: 720, 4: h'6a 70 65 67 20 6f 66 20 74 68 65 20 66 61 63 65', 5: {0: 1.2e2, 1: 5e-1, 2: 1.28e2, 3: -2e0, 4: 1.5e0}}, {0: [2, 7], 1: 300, 2: 1280, 3: 720, 4: h'6a 70 65 67'}], 16: {0: 3, 1: 3, 2: [1, 2, 3, 4, 5, 6, 7], 3: 10000000000, 4: 60000000000, 5: 400000000, 6: 400000000, 7: 120000000000, 8: 8000000000, 9: 6e1, 10: 1.8e1, 11: 1.5e1, 12: 1.5e1, 13: 5e-1, 14: 2e-1, 16: 1, 17: 5e-1, 18: 9.5e-1, 19: 2, 20: 3e-1, 21: 5e-1, 22: 5e-1, 23: 7e-1, 24: 2.5e-1, 25: 1.5e-1, 26: 6e2, 27: 4e1, 28: 2.25e2, 29: 2.5e2, 30: 3e-2, 31: 8.5e-2, 32: {0: 1, 1: 1, 2: 1, 3: 1, 4: 2, 5: 1.5e2, 6: 7.5e2, 7: 2e1, 8: 4.1e1, 9: 5e-1, 10: 5e-1, 11: 5e-1, 12: 10000000000, 13: false, 14: true}, 33: 9.5e-1, 34: 2, 35: 5, 36: {0: 1, 1: 1, 2: 2, 3: 2}, 37: {0: 3, 1: 4.8e2, 2: 5e-2, 3: 2e-2, 4: 6e1, 5: 2.15e2, 6: 1e-2, 7: 600000000, 8: 120000000000, 9: 5}}, 17: 1, 19: {0: h'a0 a0 a0 a0 a0 a0 a0 a0 a0 a0 a0 a0 a0 a0 a0 a0', 1: 41, 2: h'a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1'}, 20: {0: "bank", 1: h'b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2'}, 21: ["kz-law-94-v"], 22: [{0: "amount", 1: "150000", 2: false}], 23: {0: "ID KAZ", 1: "041236587", 2: "SYNAQ", 3: "ALMA", 4: {0: 2031, 1: 4, 2: 11}}, 24: {0: "erasure", 1: {0: 2026, 1: 6, 2: 2}}, 25: false, 26: ["numbers-above-cap"], 27: "operator-7", 28: 1, 29: {0: ["files:intact", "debugger:no"], 1: 1780300000000}}
            87d972be9491a8b3b8f0fdf1c566b2f2cf58b74837cb8dd71345ca58ddd7146a"#]],
    );
}

#[test]
fn the_format_of_a_palm_is_kept() {
    check_snapshot(
        &content::encode(&palm_evidence()),
        expect![[r#"
            {0: 6, 1: h'd0 d0 d0 d0 d0 d0 d0 d0 d0 d0 d0 d0 d0 d0 d0 d0', 2: h'5e 5e 5e 5e 5e 5e 5e 5e 5e 5e 5e 5e 5e 5e 5e 5e', 3: {0: "«Алақан» банкі", 1: "000140000002"}, 4: {0: "kiosk-7", 1: "0.1.0"}, 5: 1, 6: "account-opening", 7: [{0: "processing", 1: 2, 2: 2, 3: 1780315200000, 4: true}], 8: "880412401006", 9: 2, 10: 1780315190000, 11: 1780315260500, 12: 8, 14: [], 15: [], 16: {0: 3, 1: 3, 2: [1, 2, 3, 4, 5, 6, 7], 3: 10000000000, 4: 60000000000, 5: 400000000, 6: 400000000, 7: 120000000000, 8: 8000000000, 9: 6e1, 10: 1.8e1, 11: 1.5e1, 12: 1.5e1, 13: 5e-1, 14: 2e-1, 16: 1, 17: 5e-1, 18: 9.5e-1, 19: 2, 20: 3e-1, 21: 5e-1, 22: 5e-1, 23: 7e-1, 24: 2.5e-1, 25: 1.5e-1, 26: 6e2, 27: 4e1, 28: 2.25e2, 29: 2.5e2, 30: 3e-2, 31: 8.5e-2, 32: {0: 1, 1: 1, 2: 1, 3: 1, 4: 2, 5: 1.5e2, 6: 7.5e2, 7: 2e1, 8: 4.1e1, 9: 5e-1, 10: 5e-1, 11: 5e-1, 12: 10000000000, 13: false, 14: true}, 33: 9.5e-1, 34: 2, 35: 5, 36: {0: 1, 1: 1, 2: 2, 3: 2}, 37: {0: 3, 1: 4.8e2, 2: 5e-2, 3: 2e-2, 4: 6e1, 5: 2.15e2, 6: 1e-2, 7: 600000000, 8: 120000000000, 9: 5}}, 17: 0, 18: {0: {0: "alaqan-reference", 1: "simulator", 2: "1.0", 3: "AP-1", 4: "mcu-90615", 5: {0: true, 1: true, 2: true, 3: true, 4: true}}, 1: 1001, 2: [{0: 1, 1: 1780315210000, 2: 900000000, 3: {0: [2], 1: {}, 2: [1, 8], 3: [3, 5]}, 4: [{0: 6, 4: 2}], 5: [6, 6]}, {0: 2, 1: 1780315230000, 2: 1250000000, 3: {0: [1, 1001], 1: {0: 4.125e2, 1: 3.125e1, 2: 2.25e1, 3: 7.5e-1, 4: 8.75e-1}, 2: [], 3: [2, {0: h'73 74 61 74 65 6d 65 6e 74 20 6f 66 20 74 68 65 20 73 63 61 6e 6e 65 72', 1: h'51 51 51', 2: h'02 02 02'}]}, 4: [{0: 2, 1: 4.125e2, 2: 1.5e2, 3: 7.5e2, 4: 1}]}], 3: 1, 4: []}, 19: {0: h'a0 a0 a0 a0 a0 a0 a0 a0 a0 a0 a0 a0 a0 a0 a0 a0', 1: 41, 2: h'a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1'}, 20: {0: "bank", 1: h'b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2'}, 21: ["kz-law-94-v"], 22: [{0: "amount", 1: "150000", 2: false}], 23: {0: "ID KAZ", 1: "041236587", 2: "SYNAQ", 3: "ALMA", 4: {0: 2031, 1: 4, 2: 11}}, 24: {0: "erasure", 1: {0: 2026, 1: 6, 2: 2}}, 25: false, 26: ["numbers-above-cap"], 27: "operator-7", 28: 1, 29: {0: ["files:intact", "debugger:no"], 1: 1780300000000}}
            638fc6d610a6a4422dff32e0a4c9a65d6cdc57a9c117510897b618086a88c127"#]],
    );
}

#[test]
fn the_format_of_pictures_for_an_examiner_is_kept() {
    check_snapshot(
        &content::encode(&images_evidence()),
        expect![[r#"
        {0: 6, 1: h'd0 d0 d0 d0 d0 d0 d0 d0 d0 d0 d0 d0 d0 d0 d0 d0', 2: h'5e 5e 5e 5e 5e 5e 5e 5e 5e 5e 5e 5e 5e 5e 5e 5e', 3: {0: "«Алақан» банкі", 1: "000140000002"}, 4: {0: "kiosk-7", 1: "0.1.0"}, 5: 1, 6: "account-opening", 7: [{0: "processing", 1: 2, 2: 2, 3: 1780315200000, 4: true}], 8: "880412401006", 9: 1, 10: 1780315190000, 11: 1780315260500, 12: 8, 13: {0: "clip", 1: "sha256:00", 2: true}, 14: [], 15: [{0: [3], 1: 300, 2: 1280, 3: 720, 4: h'6a 70 65 67 20 6f 66 20 74 68 65 20 66 61 63 65', 5: {0: 1.2e2, 1: 5e-1, 2: 1.28e2, 3: -2e0, 4: 1.5e0}}, {0: [4], 1: 300, 2: 1280, 3: 720, 4: h'6a 70 65 67 20 6f 66 20 61 20 63 61 72 64', 6: {0: 6.125e2, 1: 1.5625e0, 2: 1.25e-1, 3: 0e0, 4: 1.41e2}}, {0: [5], 1: 300, 2: 1280, 3: 720, 4: h'6a 70 65 67 20 6f 66 20 61 20 63 61 72 64', 6: {0: 6.125e2, 1: 1.5625e0, 2: 1.25e-1, 3: 0e0, 4: 1.41e2}}], 16: {0: 3, 1: 3, 2: [1, 2, 3, 4, 5, 6, 7], 3: 10000000000, 4: 60000000000, 5: 400000000, 6: 400000000, 7: 120000000000, 8: 8000000000, 9: 6e1, 10: 1.8e1, 11: 1.5e1, 12: 1.5e1, 13: 5e-1, 14: 2e-1, 16: 1, 17: 5e-1, 18: 9.5e-1, 19: 2, 20: 3e-1, 21: 5e-1, 22: 5e-1, 23: 7e-1, 24: 2.5e-1, 25: 1.5e-1, 26: 6e2, 27: 4e1, 28: 2.25e2, 29: 2.5e2, 30: 3e-2, 31: 8.5e-2, 32: {0: 1, 1: 1, 2: 1, 3: 1, 4: 2, 5: 1.5e2, 6: 7.5e2, 7: 2e1, 8: 4.1e1, 9: 5e-1, 10: 5e-1, 11: 5e-1, 12: 10000000000, 13: false, 14: true}, 33: 9.5e-1, 34: 2, 35: 5, 36: {0: 1, 1: 1, 2: 2, 3: 2}, 37: {0: 3, 1: 4.8e2, 2: 5e-2, 3: 2e-2, 4: 6e1, 5: 2.15e2, 6: 1e-2, 7: 600000000, 8: 120000000000, 9: 5}}, 17: 1, 19: {0: h'a0 a0 a0 a0 a0 a0 a0 a0 a0 a0 a0 a0 a0 a0 a0 a0', 1: 41, 2: h'a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1'}, 20: {0: "bank", 1: h'b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2'}, 21: ["kz-law-94-v"], 22: [{0: "amount", 1: "150000", 2: false}], 23: {0: "ID KAZ", 1: "041236587", 2: "SYNAQ", 3: "ALMA", 4: {0: 2031, 1: 4, 2: 11}}, 24: {0: "erasure", 1: {0: 2026, 1: 6, 2: 2}}, 25: false, 26: ["numbers-above-cap"], 27: "operator-7", 28: 3, 29: {0: ["files:intact", "debugger:no"], 1: 1780300000000}, 30: 2}
        a3635adc9a39d36e672e11d594b2c91ff27a042de989ddd103dbdb74089123f5"#]],
    );
}

#[test]
fn the_format_of_calling_back_is_kept() {
    check_snapshot(
        &content::encode(&call_back_evidence()),
        expect![[r#"
        {0: 6, 1: h'd0 d0 d0 d0 d0 d0 d0 d0 d0 d0 d0 d0 d0 d0 d0 d0', 2: h'5e 5e 5e 5e 5e 5e 5e 5e 5e 5e 5e 5e 5e 5e 5e 5e', 3: {0: "«Алақан» банкі", 1: "000140000002"}, 4: {0: "kiosk-7", 1: "0.1.0"}, 5: 1, 6: "account-opening", 7: [{0: "processing", 1: 2, 2: 2, 3: 1780315200000, 4: true}], 8: "880412401006", 9: 1, 10: 1780315190000, 11: 1780315260500, 12: 10, 14: [], 15: [], 16: {0: 3, 1: 3, 2: [1, 2, 3, 4, 5, 6, 7], 3: 10000000000, 4: 60000000000, 5: 400000000, 6: 400000000, 7: 120000000000, 8: 8000000000, 9: 6e1, 10: 1.8e1, 11: 1.5e1, 12: 1.5e1, 13: 5e-1, 14: 2e-1, 16: 1, 17: 5e-1, 18: 9.5e-1, 19: 2, 20: 3e-1, 21: 5e-1, 22: 5e-1, 23: 7e-1, 24: 2.5e-1, 25: 1.5e-1, 26: 6e2, 27: 4e1, 28: 2.25e2, 29: 2.5e2, 30: 3e-2, 31: 8.5e-2, 32: {0: 1, 1: 1, 2: 1, 3: 1, 4: 2, 5: 1.5e2, 6: 7.5e2, 7: 2e1, 8: 4.1e1, 9: 5e-1, 10: 5e-1, 11: 5e-1, 12: 10000000000, 13: false, 14: true}, 33: 9.5e-1, 34: 2, 35: 5, 36: {0: 1, 1: 1, 2: 2, 3: 2}, 37: {0: 3, 1: 4.8e2, 2: 5e-2, 3: 2e-2, 4: 6e1, 5: 2.15e2, 6: 1e-2, 7: 600000000, 8: 120000000000, 9: 5}}, 17: 1, 19: {0: h'a0 a0 a0 a0 a0 a0 a0 a0 a0 a0 a0 a0 a0 a0 a0 a0', 1: 41, 2: h'a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1'}, 20: {0: "bank", 1: h'b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2 b2'}, 21: ["kz-law-94-v"], 22: [{0: "amount", 1: "150000", 2: false}], 23: {0: "ID KAZ", 1: "041236587", 2: "SYNAQ", 3: "ALMA", 4: {0: 2031, 1: 4, 2: 11}}, 24: {0: "erasure", 1: {0: 2026, 1: 6, 2: 2}}, 25: false, 26: ["numbers-above-cap"], 27: "operator-7", 28: 4, 29: {0: ["files:intact", "debugger:no"], 1: 1780300000000}, 30: 1, 31: "+77010000000"}
        ae366626ba3c801628968f90b35adae81667181f7cb0d5d6ff90c9045e796c44"#]],
    );
}

#[test]
fn the_format_of_an_examiners_answer_is_kept() {
    let answer = Identification {
        verdict: Verdict::NonMatch,
        score: None,
        threshold: None,
        reference_source: String::new(),
        reference_date: None,
        centre_answer_id: None,
        nbas: None,
        request: None,
        decided_by: Source::Examiner,
        examiner: Some("examiner-3".to_owned()),
        reason: Some(RefusalReason::FaceNotOfDocument),
        ..identification()
    };
    check_snapshot(
        &identification::encode(&answer),
        expect![[r#"
        {0: 4, 1: h'd0 d0 d0 d0 d0 d0 d0 d0 d0 d0 d0 d0 d0 d0 d0 d0', 2: 2, 5: "", 7: "d0d0", 8: 1780315262000, 9: 1, 13: 2, 14: "examiner-3", 15: 1}
        5365da00c303de62045419256bf84972d714f3f584c2cbe672f8fcd66e9cd9da"#]],
    );
}

#[test]
fn the_format_of_the_answer_is_kept() {
    check_snapshot(
        &identification::encode(&identification()),
        expect![[r#"
            {0: 4, 1: h'd0 d0 d0 d0 d0 d0 d0 d0 d0 d0 d0 d0 d0 d0 d0 d0', 2: 1, 3: 5e-1, 4: 2.5e-1, 5: "passport register", 6: "2024-02-29", 7: "d0d0", 8: 1780315262000, 9: 1, 10: "a-1", 11: 3, 12: 2, 13: 1}
            5dba536d360cd904c4cfce6696d578da54dde4cb2f70d71a148a9a07106ef3da"#]],
    );
}

#[test]
fn the_format_of_the_receipt_is_kept() {
    check_snapshot(
        &receipt::encode(&receipt()),
        expect![[r#"
        {0: 1, 1: h'd0 d0 d0 d0 d0 d0 d0 d0 d0 d0 d0 d0 d0 d0 d0 d0', 2: h'5a 5a 5a 5a 5a 5a 5a 5a 5a 5a 5a 5a 5a 5a 5a 5a 5a 5a 5a 5a 5a 5a 5a 5a 5a 5a 5a 5a 5a 5a 5a 5a', 3: "kiosk-7", 4: {0: h'a0 a0 a0 a0 a0 a0 a0 a0 a0 a0 a0 a0 a0 a0 a0 a0', 1: 41, 2: h'a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1'}, 5: {0: h'b0 b0 b0 b0 b0 b0 b0 b0 b0 b0 b0 b0 b0 b0 b0 b0', 1: 41, 2: h'b1 b1 b1 b1 b1 b1 b1 b1 b1 b1 b1 b1 b1 b1 b1 b1 b1 b1 b1 b1 b1 b1 b1 b1 b1 b1 b1 b1 b1 b1 b1 b1'}, 6: 1780315261000}
        0ceb4f1e8f3f823bd58e2c6fff32d1b363aa03f0c3d11c1868aca90491946acd"#]],
    );
}

/// All are signed, most by one key: what is one of them must not be read as another, whatever its version says.
#[test]
fn no_paper_is_read_as_another() {
    let header = package::Header {
        kiosk_id: "kiosk-7".to_owned(),
        package_id: [0x9a; 16],
        part: 1,
        parts: 1,
        created_at: UtcMs(1),
        audit: some_head(0xa0),
        documents: Vec::new(),
    };
    let statement = auditlog::Statement {
        keeper: "kiosk-7".to_owned(),
        head: some_head(0xa0),
        at: UtcMs(1),
    };
    let papers = [
        content::encode(&evidence()),
        identification::encode(&identification()),
        receipt::encode(&receipt()),
        package::encode_header(&header),
        auditlog::encode_statement(&statement),
        receipt::bundle::encode(&[]),
        package::enclose(&[], &[]),
    ];
    for (which, paper) in papers.iter().enumerate() {
        for version in 0..24 {
            let mut paper = paper.clone();
            // The version stands third, as a small number.
            let own = paper[2] == version;
            paper[2] = version;
            let read = [
                content::decode(&paper).is_ok(),
                identification::decode(&paper).is_ok(),
                receipt::decode(&paper).is_ok(),
                package::decode_header(&paper).is_ok(),
                auditlog::decode_statement(&paper).is_ok(),
                receipt::bundle::decode(&paper).is_ok(),
                package::unfold(&paper).is_ok(),
            ];
            let expect: [bool; 7] = std::array::from_fn(|reader| own && reader == which);
            assert_eq!(read, expect, "paper {which} as version {version}");
        }
    }
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
    let text = format!(
        "{:?}",
        content::decode(&content::encode(&palm_evidence())).unwrap()
    );
    assert!(text.contains("AP-1"), "{text}");
    let to_call = format!(
        "{:?}",
        content::decode(&content::encode(&call_back_evidence())).unwrap()
    );
    assert!(
        to_call.contains("CallBack") && !to_call.contains("7701"),
        "{to_call}"
    );
    assert!(
        !text.contains("statement of") && !text.contains("115, 116, 97, 116") && !text.contains(TEST_IIN),
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
        good[..4],
        [0xb8, 0x1d, 0x00, 0x06],
        "twenty-nine entries, the first says version 6"
    );

    check(&[], "the document cannot be read");
    check(&[0x80], "the document cannot be read, from byte 0 on");
    check(&[&good[..], &[0]].concat(), "bytes follow after the document");
    check(
        &[&[0xb8, 0x1d, 0x00, 0x05], &good[4..]].concat(),
        "version 5 of the document format is not known here",
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
    check(
        &[&[0xb8, 0x1d, 0x00, 0x18, 0x06], &good[4..]].concat(),
        not_canonical,
    );
    check(&[&[0xbf], &good[2..], &[0xff]].concat(), not_canonical);
    // An entry that this version does not have.
    check(
        &[&[0xb8, 0x1e], &good[2..], &[0x18, 0x63, 0x00]].concat(),
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
        &[&[0xb8, 0x1d], &bytes[2..at], &[0x06, 0xf6], &bytes[at..]].concat(),
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
            threshold: Some(threshold),
            ..identification()
        })
    };
    let bytes = answer(f32::NAN);
    assert_eq!(bytes, answer(f32::from_bits(0xffc0_1234)));
    assert!(
        identification::decode(&bytes)
            .unwrap()
            .threshold
            .unwrap()
            .is_nan()
    );
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
    fn receipts_come_back(some in some_receipt()) {
        let bytes = receipt::encode(&some);
        prop_assert_eq!(receipt::decode(&bytes).unwrap(), some);
        prop_assert!(identification::decode(&bytes).is_err());
        prop_assert!(content::decode(&bytes).is_err());
    }

    #[test]
    fn an_answer_is_no_receipt(answer in some_identification()) {
        prop_assert!(receipt::decode(&identification::encode(&answer)).is_err());
    }

    #[test]
    fn one_receipt_has_one_form(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in any::<prop::sample::Index>(),
    ) {
        let good = receipt::encode(&receipt());
        prop_assert!(receipt::decode(&good[..cut.index(good.len())]).is_err());
        let mut bytes = good;
        for (at, byte) in &changes {
            let length = bytes.len();
            bytes[at.index(length)] = *byte;
        }
        if let Ok(read) = receipt::decode(&bytes) {
            prop_assert_eq!(receipt::encode(&read), bytes);
        }
    }

    #[test]
    fn garbage_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(content::decode(&bytes).is_err());
        prop_assert!(identification::decode(&bytes).is_err());
        prop_assert!(receipt::decode(&bytes).is_err());
    }

    /// What is read from changed bytes is written as these very bytes.
    #[test]
    fn one_document_has_one_form(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        for evidence in [evidence(), palm_evidence(), images_evidence(), call_back_evidence()] {
        let mut bytes = content::encode(&evidence);
        for (at, byte) in &changes {
            let length = bytes.len();
            bytes[at.index(length)] = *byte;
        }
        if let Ok(content) = content::decode(&bytes) {
            prop_assert_eq!(content::encode(&content), bytes);
        }
        }
    }
}
