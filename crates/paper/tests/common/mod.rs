//! A session in which much happened, and those who sign papers about it.

#![allow(dead_code, reason = "not every test uses all of it")]

use std::time::Duration;

use document::content;
use document::identification::{self, Identification, Nbas, SIGNER_COMMON_NAME, Verdict};
use document::receipt::{self, Receipt};
use document::signature::{P256Signer, sign};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DnType, IsCa,
    KeyIdMethod, KeyPair, KeyUsagePurpose, RevocationReason, RevokedCertParams, SerialNumber, date_time_ymd,
};
use sha2::{Digest, Sha256};
use verification::Sensitive;
use verification::audit::{AuditHead, LogId};
use verification::capture::{CameraIdentity, CapturedSample, StreamMeasures, StreamState};
use verification::date::Date;
use verification::evidence::{
    ConsentRecord, DocumentId, Evidence, IntegrityRecord, KioskIdentity, Language, Modality, Organisation,
    Outcome, PalmEvidence, ProfileIdentity, ReadDocument, RequestStanding, Route, SessionId, Source, Still,
    StillPurpose, StillQuality,
};
use verification::pad::parts::{Finding, PadPart, PartRecord};
use verification::pad::{AttackSign, AttemptFailure, AttemptRecord, ChallengeRecord, PadChallenge};
use verification::palm::decision::{PalmFailure, PalmPart, PalmPartRecord};
use verification::palm::{
    EnrolOutcome, PalmAttemptRecord, PalmCapabilities, PalmQuality, PalmReadings, PalmReference, PalmScan,
    ScanResult, ScannerIdentity, SealFault, SealState,
};
use verification::policy::Policy;
use verification::service::{Entry, RequestRecord, ServiceId};
use verification::time::UtcMs;

/// The public test card of the state, not a person.
pub const TEST_IIN: &str = "880412401006";
/// What was entered, and what was read from an identity document of nobody.
pub const ENTERED: [&str; 5] = [
    "+77010000000",
    "Аcан Серікұлы",
    "001234567",
    "SPECIMENOVA",
    "AISHA MARIA",
];
/// 2026-06-01T12:00:00Z.
pub const SIGNED_AT: UtcMs = UtcMs(1_780_315_200_000);

pub const FACE: &[u8] = include_bytes!("../pictures/face.jpg");

pub fn evidence() -> Evidence {
    let second = |number: i64| UtcMs(SIGNED_AT.0 - 120_000 + number * 1000);
    let prompt = |challenge, at, done: Option<u64>| ChallengeRecord {
        challenge,
        prompted_at: Duration::from_millis(at),
        completed_at: done.map(Duration::from_millis),
    };
    let part = |part, value, threshold, samples, finding| PartRecord {
        part,
        value,
        threshold,
        samples,
        finding,
    };
    let actions = [PadChallenge::TurnLeft, PadChallenge::Smile, PadChallenge::Blink];
    let still = |purpose| Still {
        page: None,
        purpose,
        sample: CapturedSample {
            frame: 300,
            width_px: 160,
            height_px: 200,
            jpeg: Sensitive::new(FACE.to_vec()),
        },
        quality: (purpose != StillPurpose::Challenge(PadChallenge::Blink)).then_some(StillQuality {
            inter_eye_distance_px: 96.5,
            sharpness: 0.8125,
            luminance_mean: 141.25,
            yaw_deg: -2.5,
            pitch_deg: 3.75,
        }),
    };
    let entry = |field: &str, value: &str, look_alike| Entry {
        field: field.to_owned(),
        value: Sensitive::new(value.to_owned()),
        look_alike,
    };
    let stills = std::iter::once(StillPurpose::Comparison)
        .chain(actions.map(StillPurpose::Challenge))
        .map(still);
    Evidence {
        document_id: DocumentId([0xd0; 16]),
        session_id: SessionId([0x5e; 16]),
        organisation: Organisation {
            name: "«Алақан» <банкі> & серіктестері".to_owned(),
            bin: "000140000002".to_owned(),
        },
        kiosk: KioskIdentity {
            kiosk_id: "kiosk-7".to_owned(),
            software: "0.1.0".to_owned(),
        },
        language: Language::Kk,
        service: Some(ServiceId("account-opening".to_owned())),
        consents: vec![
            ConsentRecord {
                text: "processing".to_owned(),
                version: 2,
                language: Language::Kk,
                given: true,
                answered_at: second(5),
            },
            ConsentRecord {
                text: "nbas-enrolment".to_owned(),
                version: 1,
                language: Language::Kk,
                given: false,
                answered_at: second(7),
            },
            ConsentRecord {
                text: "a-text-of-a-newer-catalogue".to_owned(),
                version: 1,
                language: Language::Ru,
                given: true,
                answered_at: second(9),
            },
        ],
        profile: ProfileIdentity {
            name: "bank".to_owned(),
            sha256: [0xf0; 32],
        },
        legal_basis: vec!["kz-law-94-v".to_owned(), "kz-law-191-iv".to_owned()],
        entries: vec![
            entry("phone", ENTERED[0], false),
            entry("full-name", ENTERED[1], true),
            entry("what-text", "бірінші жол\nсоңғы жол", false),
        ],
        identity_document: Some(ReadDocument {
            kind: "ID KAZ".to_owned(),
            number: Sensitive::new(ENTERED[2].to_owned()),
            surname: Sensitive::new(ENTERED[3].to_owned()),
            given_names: Sensitive::new(ENTERED[4].to_owned()),
            expires: Date::new(2031, 12, 5).unwrap(),
        }),
        request: Some(RequestRecord {
            kind: "erasure".to_owned(),
            due: Date::new(2026, 6, 22).unwrap(),
        }),
        asks_request_state: true,
        suspicions: vec!["numbers-above-cap".to_owned(), "pressure".to_owned()],
        operator: Some("Б. Қызметкер".to_owned()),
        route: Route::Kiosk,
        route_reason: None,
        call_back: None,
        integrity: Some(IntegrityRecord {
            codes: vec![
                format!("manifest:{}", "a5".repeat(32)),
                "files:intact".to_owned(),
                "debugger:no".to_owned(),
                "injected:unknown".to_owned(),
                "virtual:kvm".to_owned(),
            ],
            checked_at: second(-30),
        }),
        claim: Some(TEST_IIN.parse().unwrap()),
        modality: Some(Modality::Face),
        started_at: second(0),
        ended_at: second(119),
        outcome: Outcome::AwaitingIdentification,
        camera: Some(CameraIdentity {
            name: "Camera \u{202e}of the\nkiosk".to_owned(),
            bus_id: "usb-0000:00:14.0-1".to_owned(),
            replay: false,
        }),
        attempts_before: 1,
        attempts: vec![
            AttemptRecord {
                number: 1,
                started_at: second(20),
                challenges: vec![prompt(PadChallenge::LookUp, 400, None)],
                parts: vec![part(PadPart::Moire, Some(0.75), 0.5, 40, Finding::Against)],
                stream: None,
                failure: Some(AttemptFailure::Attack(AttackSign::Screen)),
            },
            AttemptRecord {
                number: 2,
                started_at: second(60),
                challenges: vec![
                    prompt(actions[0], 400, Some(2600)),
                    prompt(actions[1], 3100, Some(5250)),
                    prompt(actions[2], 6000, Some(7300)),
                ],
                parts: vec![
                    part(PadPart::Passive, Some(0.875), 0.5, 120, Finding::For),
                    part(PadPart::Relief, Some(0.5), 0.3, 64, Finding::For),
                    part(PadPart::Glare, None, 0.5, 0, Finding::Silent),
                    part(PadPart::Likeness, Some(0.9), 0.7, 24, Finding::For),
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
        palm: Some(palm(second(90))),
        stills: stills.collect(),
        policy: Policy::default(),
        audit: Some(AuditHead {
            log: LogId([0xa0; 16]),
            number: 41,
            hash: [0xa1; 32],
        }),
    }
}

fn palm(started_at: UtcMs) -> PalmEvidence {
    PalmEvidence {
        scanner: Some(ScannerIdentity {
            driver: "alaqan-reference".to_owned(),
            model: "simulator".to_owned(),
            firmware: "1.0".to_owned(),
            serial: "AP-1".to_owned(),
            thermometer: None,
            capabilities: PalmCapabilities {
                vascular: true,
                volume: true,
                temperature: true,
                liveness: true,
                seal: true,
            },
        }),
        expected: Some(PalmReference(1001)),
        attempts: vec![PalmAttemptRecord {
            number: 1,
            started_at,
            took: Duration::from_millis(1250),
            scan: Some(PalmScan {
                result: ScanResult::Identified(PalmReference(1001)),
                readings: PalmReadings {
                    volume_ml: Some(412.5),
                    surface_temperature_celsius: Some(31.25),
                    ambient_temperature_celsius: None,
                    vascular_quality: Some(0.75),
                    liveness: Some(0.875),
                },
                quality: vec![PalmQuality::Moving, PalmQuality::Cold],
                seal: SealState::Invalid(SealFault::Chain),
            }),
            parts: vec![
                PalmPartRecord {
                    part: PalmPart::Volume,
                    value: Some(412.5),
                    min: Some(150.0),
                    max: Some(750.0),
                    finding: Finding::For,
                },
                PalmPartRecord {
                    part: PalmPart::Seal,
                    value: None,
                    min: None,
                    max: None,
                    finding: Finding::Against,
                },
            ],
            failure: Some(PalmFailure::Implausible(PalmPart::Seal)),
        }],
        attempts_before: 0,
        enrolments: vec![
            EnrolOutcome::Enrolled(PalmReference(1001)),
            EnrolOutcome::AlreadyEnrolled,
        ],
    }
}

pub fn answer() -> Identification {
    Identification {
        document_id: DocumentId([0xd0; 16]),
        modality: Modality::Face,
        verdict: Verdict::Match,
        score: Some(0.975),
        threshold: Some(0.9),
        reference_source: "мемлекеттік база".to_owned(),
        reference_date: Some("2024-02-29".to_owned()),
        centre_request_id: "d0d0".to_owned(),
        answered_at: UtcMs(SIGNED_AT.0 + 2000),
        centre_answer_id: Some("idec-77".to_owned()),
        nbas: Some(Nbas::NoConsent),
        request: Some(RequestStanding::InProgress),
        decided_by: Source::Centre,
        examiner: None,
        reason: None,
    }
}

/// The institution.
pub struct Institution {
    pub issuer: CertifiedIssuer<'static, KeyPair>,
    kiosk: P256Signer,
    gateway: P256Signer,
}

pub const KIOSK_SERIAL: u64 = 7;

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.remove(DnType::CommonName);
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2090, 1, 1);
    params
}

impl Institution {
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    /// `change` is made to the kiosk's certificate.
    pub fn with(change: impl FnOnce(&mut CertificateParams)) -> Self {
        let mut authority = params("institution");
        authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let issuer = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
        let signer = |mut params: CertificateParams, serial: u64| {
            params.serial_number = Some(SerialNumber::from(serial));
            params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
            let key = KeyPair::generate().unwrap();
            let certificate = params.signed_by(&key, &issuer).unwrap();
            P256Signer::from_pkcs8_pem(&key.serialize_pem(), &certificate.pem()).unwrap()
        };
        let mut of_kiosk = params("kiosk-7");
        change(&mut of_kiosk);
        let kiosk = signer(of_kiosk, KIOSK_SERIAL);
        let gateway = signer(params(SIGNER_COMMON_NAME), 8);
        Self {
            issuer,
            kiosk,
            gateway,
        }
    }

    pub fn anchors(&self) -> Vec<Vec<u8>> {
        vec![self.issuer.der().to_vec()]
    }

    pub fn document(&self) -> Vec<u8> {
        self.document_of(&evidence())
    }

    pub fn document_of(&self, evidence: &Evidence) -> Vec<u8> {
        sign(&content::encode(evidence), &self.kiosk, SIGNED_AT).unwrap()
    }

    pub fn answer(&self, answer: &Identification) -> Vec<u8> {
        sign(&identification::encode(answer), &self.gateway, SIGNED_AT).unwrap()
    }

    pub fn answer_by_kiosk(&self) -> Vec<u8> {
        sign(&identification::encode(&answer()), &self.kiosk, SIGNED_AT).unwrap()
    }

    pub fn receipt(&self, document: &[u8]) -> Vec<u8> {
        let receipt = Receipt {
            document_id: DocumentId([0xd0; 16]),
            document_sha256: Sha256::digest(document).into(),
            kiosk_id: "kiosk-7".to_owned(),
            kiosk_audit: evidence().audit,
            gateway_audit: AuditHead {
                log: LogId([0xb0; 16]),
                number: 7,
                hash: [0xb1; 32],
            },
            received_at: UtcMs(SIGNED_AT.0 + 1000),
        };
        sign(&receipt::encode(&receipt), &self.gateway, SIGNED_AT).unwrap()
    }

    /// A list of revocations, good until the end of this year; it revokes the kiosk on the first of January of that one.
    pub fn list(&self, until: i32, revoked: Option<i32>) -> Vec<u8> {
        let revoked = revoked.map(|year| RevokedCertParams {
            serial_number: SerialNumber::from(KIOSK_SERIAL),
            revocation_time: date_time_ymd(year, 1, 1),
            reason_code: Some(RevocationReason::KeyCompromise),
            invalidity_date: None,
        });
        let list = CertificateRevocationListParams {
            this_update: date_time_ymd(2021, 1, 1),
            next_update: date_time_ymd(until, 12, 31),
            crl_number: SerialNumber::from(1_u64),
            issuing_distribution_point: None,
            revoked_certs: revoked.into_iter().collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        list.signed_by(&self.issuer).unwrap().der().to_vec()
    }
}
