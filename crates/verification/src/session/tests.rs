mod images;
mod palm;
mod procedure;
mod time;

use std::collections::VecDeque;

use proptest::prelude::*;

use super::*;
use crate::capture::{CapturedSample, FaceMeasures, StreamMeasures, StreamState};
use crate::lockout::Locked;
use crate::pad::testing::{neutral, obeying, seen};

const IIN: &str = "880412401006";
/// 12 July 2026, noon in Kazakhstan.
const SOME_DAY_MS: i64 = 1_783_839_600_000;
/// What is left of the pause after wrong codes.
const PAUSE: Locked = Locked { left_ms: 59_000 };
const DOCUMENT: DocumentId = DocumentId([7; 16]);

fn opening() -> Opening {
    Opening {
        session_id: SessionId([1; 16]),
        document_id: DOCUMENT,
        organisation: Organisation {
            name: "Demo Bank".into(),
            bin: "050140000000".into(),
        },
        kiosk: KioskIdentity {
            kiosk_id: "kiosk-0001".into(),
            software: "0.1.0".into(),
        },
        language: Language::Kk,
        calm: false,
        catalogue: vec![Service {
            id: ServiceId("account-opening".into()),
            consents: vec![
                ConsentDemand::required("processing", 1),
                ConsentDemand::required("automated-decision", 1),
            ],
            face: true,
            palm: true,
            ..Service::default()
        }],
        policy: Policy::default(),
        profile: ProfileIdentity::default(),
        palm_consent: ConsentDemand::required("palm", 1),
        images_consent: ConsentDemand::required("images", 1),
        calendar: WorkCalendar {
            holidays: std::collections::BTreeSet::new(),
            working_weekends: std::collections::BTreeSet::new(),
            covers: 2026..=2027,
        },
        integrity: None,
    }
}

fn consents(text: &str) -> Input {
    Input::ConsentAnswered {
        text: text.into(),
        given: true,
    }
}

fn camera() -> CameraIdentity {
    CameraIdentity {
        name: "test".into(),
        bus_id: "test".into(),
        replay: true,
    }
}

/// A shell that answers effects the way the real one does, on a clock of its own.
struct Kiosk {
    session: Session,
    at: Duration,
    frame: u64,
    camera: Result<CameraIdentity, DeviceFault>,
    store: Result<(), RecordFailed>,
    used_before: u8,
    /// Attempts written down, of each modality.
    written: [u8; 2],
    passive_real: f32,
    cleared: bool,
    /// A camera that is stuck: it answers nothing.
    stuck: bool,
    persisted: u8,
    scanner: Result<ScannerIdentity, DeviceFault>,
    /// The reference of the claimed person.
    reference: Option<PalmReference>,
    /// What the scanner is going to say; while it has nothing to say it looks.
    scans: VecDeque<Result<Option<PalmScan>, DeviceFault>>,
    enrolments: VecDeque<Result<Option<EnrolOutcome>, DeviceFault>>,
    scans_ordered: u8,
    scans_cancelled: u8,
    proposed: Option<PalmReference>,
    /// How many pictures are on the screen, and what the camera looks for.
    pictures: usize,
    looks_for: Subject,
    documents: Vec<Evidence>,
    audit: Vec<AuditEvent>,
}

impl Kiosk {
    fn new() -> Self {
        let now = Now {
            monotonic: Duration::ZERO,
            utc: UtcMs(0),
        };
        let (session, effects) = Session::open(opening(), now);
        let mut kiosk = Self {
            session,
            at: Duration::ZERO,
            frame: 0,
            camera: Ok(camera()),
            store: Ok(()),
            used_before: 0,
            written: [0; 2],
            passive_real: 0.95,
            cleared: false,
            stuck: false,
            persisted: 0,
            scanner: Ok(palm::scanner()),
            reference: Some(palm::MINE),
            scans: VecDeque::new(),
            enrolments: VecDeque::new(),
            scans_ordered: 0,
            scans_cancelled: 0,
            proposed: None,
            pictures: 0,
            looks_for: Subject::Face,
            documents: Vec::new(),
            audit: Vec::new(),
        };
        kiosk.perform(effects);
        kiosk
    }

    fn now(&self) -> Now {
        Now {
            monotonic: self.at,
            utc: UtcMs(SOME_DAY_MS + i64::try_from(self.at.as_millis()).unwrap()),
        }
    }

    fn give(&mut self, input: Input) -> &mut Self {
        let effects = self.session.step(self.now(), input);
        self.perform(effects);
        self
    }

    fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            if self.stuck
                && matches!(
                    effect,
                    Effect::OpenCamera | Effect::KeepStill { .. } | Effect::AskScanner
                )
            {
                continue;
            }
            let answer = match effect {
                Effect::CountAttempts { .. } => Input::AttemptsCounted(self.used_before),
                Effect::CheckOperator(code) => Input::OperatorChecked(match code.expose().as_str() {
                    "1234" => OperatorCheck::Present("operator-7".to_owned()),
                    "9999" => OperatorCheck::Paused(PAUSE),
                    _ => OperatorCheck::Nobody,
                }),
                Effect::OpenCamera => Input::CameraOpened(self.camera.clone()),
                Effect::DrawRandom => {
                    Input::RandomDrawn([self.persisted.wrapping_mul(83).wrapping_add(29); plan::RANDOM_BYTES])
                }
                Effect::KeepStill { frame, purpose } => {
                    let jpeg = Sensitive::new(vec![0xff]);
                    let sample = CapturedSample {
                        frame,
                        width_px: 1,
                        height_px: 1,
                        jpeg,
                    };
                    Input::StillKept {
                        purpose,
                        sample: Some(sample),
                    }
                }
                Effect::PersistAttempt { modality, .. } => {
                    self.persisted += 1;
                    self.written[modality as usize] += 1;
                    Input::AttemptPersisted
                }
                Effect::AskScanner => Input::Scanner(self.scanner.clone()),
                Effect::FindPalmReference { .. } => Input::PalmReferenceFound(self.reference),
                Effect::Scan(_) => {
                    self.scans_ordered += 1;
                    match self.scans.pop_front() {
                        Some(scan) => Input::Scanned(scan),
                        None => continue,
                    }
                }
                Effect::EnrolPalm { .. } => match self.enrolments.pop_front() {
                    Some(enrolled) => Input::Enrolled(enrolled),
                    None => continue,
                },
                Effect::CancelScan => {
                    self.scans_cancelled += 1;
                    continue;
                }
                Effect::ProposePalm { reference, .. } => {
                    self.proposed = Some(reference);
                    Input::PalmProposed
                }
                Effect::Record {
                    evidence,
                    accounts_for,
                } => {
                    self.documents.push(*evidence);
                    self.cleared |= self.store.is_ok() && !accounts_for.is_empty();
                    Input::Recorded(self.store)
                }
                Effect::Audit(event) => {
                    self.audit.push(event);
                    continue;
                }
                Effect::ForgiveAttempt { modality, .. } => {
                    self.persisted -= 1;
                    self.written[modality as usize] -= 1;
                    continue;
                }
                Effect::ShowPictures(pictures) => {
                    self.pictures = pictures.len();
                    continue;
                }
                Effect::LookFor(subject) => {
                    self.looks_for = subject;
                    continue;
                }
                Effect::CloseCamera | Effect::BeginMeasuring => continue,
            };
            self.give(answer);
        }
    }

    fn reach_method(&mut self) -> &mut Self {
        self.give(Input::ServiceChosen(ServiceId("account-opening".into())))
            .give(consents("processing"))
            .give(consents("automated-decision"))
            .give(Input::ClaimEntered(Sensitive::new(IIN.into())))
    }

    fn reach_camera(&mut self) -> &mut Self {
        self.reach_method().give(Input::MethodChosen(Modality::Face))
    }

    /// One frame, 33 ms after the last one.
    fn frame(&mut self, face: Option<FaceMeasures>) -> &mut Self {
        self.at += Duration::from_millis(33);
        self.frame += 1;
        let at_ms = u64::try_from(self.at.as_millis()).unwrap();
        self.give(Input::Observed(seen(self.frame, at_ms, face)))
    }

    /// Acts like a person who does what the screen says (or who only sits there) until the attempt is over.
    fn act(&mut self, obeys: bool) -> &mut Self {
        for _ in 0..2_000 {
            let Showing::Face { prompt, .. } = self.session.showing() else {
                return self;
            };

            let asked = if obeys { prompt } else { FacePrompt::HoldStill };
            let face = FaceMeasures {
                passive_real: Some(self.passive_real),
                ..obeying(asked, self.frame)
            };
            self.frame(Some(face));
        }
        assert!(self.stuck, "the attempt has no end");
        self
    }

    fn outcome(&self) -> Option<Outcome> {
        match self.session.showing() {
            Showing::Outcome { outcome, .. } => Some(outcome),
            _ => None,
        }
    }
}

#[test]
fn a_person_who_acts_is_captured_and_only_the_centre_verifies() {
    let mut kiosk = Kiosk::new();
    kiosk.reach_camera().act(true);
    assert_eq!(kiosk.session.showing(), Showing::Identifying);
    let [document] = &kiosk.documents[..] else {
        panic!("one document")
    };
    assert_eq!(
        document.outcome,
        Outcome::AwaitingIdentification,
        "captured is not identified"
    );
    assert_eq!(document.consents.len(), 2);
    assert_eq!(
        document.stills.len(),
        4,
        "one for comparison and one for each action"
    );
    assert_eq!(document.attempts.len(), 1);
    assert!(
        document.attempts[0]
            .challenges
            .iter()
            .all(|record| record.completed_at.is_some())
    );

    kiosk.give(Input::Identified {
        document_id: DocumentId([9; 16]),
        decided_by: Source::Centre,
        verdict: Verdict::Match,
        request: None,
        reason: None,
    });
    assert_eq!(
        kiosk.outcome(),
        None,
        "the answer to another document changes nothing"
    );
    kiosk.give(Input::Identified {
        document_id: DOCUMENT,
        decided_by: Source::Centre,
        verdict: Verdict::Match,
        request: None,
        reason: None,
    });
    assert_eq!(kiosk.outcome(), Some(Outcome::Verified));
    kiosk.give(Input::Finish);
    assert_eq!(kiosk.session.showing(), Showing::Closed);
    assert_eq!(
        kiosk.audit.iter().map(ToString::to_string).collect::<Vec<_>>(),
        [
            "SessionOpened",
            "ServiceChosen service=account-opening",
            "ConsentGiven text=processing version=1",
            "ConsentGiven text=automated-decision version=1",
            "ClaimEntered",
            "MethodChosen modality=Face",
            "AttemptsFound before=0",
            "CameraOpened",
            "AttemptStarted",
            "AttemptPassed",
            "Recorded outcome=AwaitingIdentification",
            "AnswerShown",
            "SessionClosed",
        ]
    );
}

#[test]
fn a_late_answer_still_reaches_the_screen() {
    let mut kiosk = Kiosk::new();
    kiosk.reach_camera().act(true);
    kiosk.at += Duration::from_secs(8);
    kiosk.give(Input::Tick);
    assert_eq!(kiosk.outcome(), Some(Outcome::AwaitingIdentification));
    kiosk.give(Input::Identified {
        document_id: DOCUMENT,
        decided_by: Source::Centre,
        verdict: Verdict::NonMatch,
        request: None,
        reason: None,
    });
    assert_eq!(kiosk.outcome(), Some(Outcome::NotVerified));
}

#[test]
fn the_third_failed_attempt_is_final() {
    let mut kiosk = Kiosk::new();
    kiosk.reach_camera();
    for left in [2, 1] {
        kiosk.act(false);
        assert!(
            matches!(kiosk.session.showing(), Showing::AttemptFailed { left: shown, .. } if shown == left)
        );
        kiosk.give(Input::Retry);
    }
    kiosk.act(false);
    assert_eq!(kiosk.outcome(), Some(Outcome::NotVerified));
    assert_eq!(kiosk.persisted, 3);
    assert_eq!(kiosk.documents[0].attempts.len(), 3);
    assert!(kiosk.documents[0].stills.is_empty());
    kiosk.give(Input::Retry);
    assert_eq!(kiosk.outcome(), Some(Outcome::NotVerified));
}

#[test]
fn attempts_of_a_session_that_was_cut_off_still_count() {
    let mut kiosk = Kiosk::new();
    kiosk.used_before = 2;
    kiosk.reach_camera();
    assert!(matches!(
        kiosk.session.showing(),
        Showing::Face { attempt: 3, .. }
    ));
    kiosk.act(false);
    assert_eq!(kiosk.outcome(), Some(Outcome::NotVerified));

    let mut kiosk = Kiosk::new();
    kiosk.used_before = 3;
    kiosk.reach_camera();
    assert_eq!(kiosk.outcome(), Some(Outcome::NotVerified));
    assert_eq!(kiosk.documents[0].attempts_before, 3, "the document says why");
    assert_eq!(kiosk.persisted, 0);
}

impl Kiosk {
    /// Lets time pass until the session is over, or gives up waiting for the camera.
    fn wait(&mut self, until: impl Fn(&Showing) -> bool) -> &mut Self {
        for _ in 0..200 {
            if until(&self.session.showing()) {
                return self;
            }
            self.at = self.at.max(self.session.deadline().unwrap());
            self.give(Input::Tick);
        }
        panic!("nothing comes after {:?}", self.session.showing());
    }

    /// Stays neutral until an action is asked for.
    fn reach_prompt(&mut self) -> &mut Self {
        let acts = |showing| {
            matches!(
                showing,
                Showing::Face {
                    prompt: FacePrompt::Act(_),
                    ..
                }
            )
        };
        while !acts(self.session.showing()) {
            self.frame(Some(FaceMeasures {
                passive_real: Some(self.passive_real),
                ..neutral()
            }));
        }
        self
    }
}

fn is_outcome(showing: &Showing) -> bool {
    matches!(showing, Showing::Outcome { .. })
}

#[test]
fn a_camera_that_does_not_come_is_waited_for_and_leaves_a_document() {
    let mut kiosk = Kiosk::new();
    kiosk.camera = Err(DeviceFault::NotFound);
    kiosk.reach_camera();
    let trouble = Showing::CameraTrouble {
        fault: DeviceFault::NotFound,
    };
    assert_eq!(kiosk.session.showing(), trouble);
    let began = kiosk.at;
    kiosk.wait(is_outcome);
    assert_eq!(kiosk.outcome(), Some(Outcome::DeviceUnavailable));
    assert_eq!((kiosk.at - began).as_secs(), 60);
    assert_eq!((kiosk.persisted, kiosk.documents.len()), (0, 1));

    // It comes late.
    let mut kiosk = Kiosk::new();
    kiosk.camera = Err(DeviceFault::Busy);
    kiosk.reach_camera();
    kiosk.camera = Ok(camera());
    kiosk
        .wait(|showing| matches!(showing, Showing::Face { .. }))
        .act(true);
    assert_eq!(kiosk.session.showing(), Showing::Identifying);

    // Waiting is of no use.
    for fault in [
        DeviceFault::NoPermission,
        DeviceFault::Virtual,
        DeviceFault::Identity,
        DeviceFault::Format,
    ] {
        let mut kiosk = Kiosk::new();
        kiosk.camera = Err(fault);
        kiosk.reach_camera();
        assert_eq!(kiosk.outcome(), Some(Outcome::DeviceUnavailable));
    }
}

#[test]
fn a_camera_that_is_unplugged_burns_no_attempt_and_the_session_goes_on_when_it_is_back() {
    for fault in [DeviceFault::Disconnected, DeviceFault::Black, DeviceFault::Frozen] {
        let mut kiosk = Kiosk::new();
        kiosk.reach_camera().reach_prompt();
        assert_eq!(kiosk.persisted, 1);
        kiosk.camera = Err(DeviceFault::NotFound);
        kiosk.give(Input::CameraFailed(fault));
        assert_eq!(kiosk.session.showing(), Showing::CameraTrouble { fault });
        assert_eq!(kiosk.persisted, 0);
        kiosk.wait(|showing| {
            *showing
                == Showing::CameraTrouble {
                    fault: DeviceFault::NotFound,
                }
        });
        kiosk.camera = Ok(camera());
        kiosk.wait(|showing| matches!(showing, Showing::Face { attempt: 1, .. }));
        kiosk.act(true);
        assert_eq!(kiosk.session.showing(), Showing::Identifying);
        let failures: Vec<_> = kiosk.documents[0]
            .attempts
            .iter()
            .map(|attempt| attempt.failure)
            .collect();
        assert_eq!(failures, [Some(AttemptFailure::Interrupted), None]);
    }
}

#[test]
fn another_camera_than_the_one_of_the_beginning_ends_the_session() {
    let mut kiosk = Kiosk::new();
    kiosk.reach_camera().reach_prompt();
    kiosk.camera = Ok(CameraIdentity {
        bus_id: "usb 1-2".into(),
        ..camera()
    });
    kiosk
        .give(Input::CameraFailed(DeviceFault::Disconnected))
        .wait(is_outcome);
    assert_eq!(kiosk.outcome(), Some(Outcome::DeviceUnavailable));
    assert!(kiosk.audit.contains(&AuditEvent::CameraChanged));
}

#[test]
fn who_covers_the_lens_again_and_again_gets_no_attempts_back() {
    let mut kiosk = Kiosk::new();
    kiosk.reach_camera().act(false).give(Input::Retry);
    assert_eq!(kiosk.persisted, 1);
    for _ in 0..5 {
        kiosk
            .wait(|showing| matches!(showing, Showing::Face { .. }))
            .reach_prompt()
            .give(Input::CameraFailed(DeviceFault::Disconnected));
    }
    // One that failed, and two that were cut off after three had been forgiven.
    assert_eq!(kiosk.persisted, 3);
    assert_eq!(kiosk.outcome(), Some(Outcome::NotVerified));
}

#[test]
fn a_hand_over_the_lens_does_not_wash_off_a_suspicion() {
    let mut kiosk = Kiosk::new();
    kiosk.passive_real = 0.1;
    kiosk.reach_camera().reach_prompt();
    for _ in 0..10 {
        kiosk.frame(Some(FaceMeasures {
            passive_real: Some(0.1),
            ..neutral()
        }));
    }
    kiosk.give(Input::CameraFailed(DeviceFault::Black));
    assert_eq!(kiosk.persisted, 1, "it counts");
    kiosk.give(Input::Cancel);
    assert_eq!(kiosk.outcome(), Some(Outcome::AttackSuspected));
}

#[test]
fn a_picture_that_stands_still_for_a_moment_voids_the_attempt_and_burns_none() {
    let mut kiosk = Kiosk::new();
    kiosk.reach_camera().reach_prompt();
    let mut frozen = seen(9_999, 0, Some(neutral()));
    frozen.at = kiosk.at + Duration::from_millis(33);
    frozen.stream = Some(StreamMeasures {
        state: StreamState::Frozen,
        rate_hz: 30.0,
        interval_p95_ms: 34.0,
        duplicates: 15,
        repeats: 0,
    });
    kiosk.give(Input::Observed(frozen));
    assert_eq!(
        kiosk.session.showing(),
        Showing::AttemptFailed {
            failure: Failure::Face(AttemptFailure::Frozen),
            left: 3,
            face_next: false
        }
    );
    assert_eq!(kiosk.persisted, 0);
}

#[test]
fn a_camera_that_is_stuck_is_a_device_fault() {
    let mut kiosk = Kiosk::new();
    kiosk.stuck = true;
    kiosk.reach_camera();
    assert_eq!(kiosk.session.showing(), Showing::OpeningCamera);
    kiosk.wait(is_outcome);
    assert_eq!(kiosk.outcome(), Some(Outcome::DeviceUnavailable));

    let mut kiosk = Kiosk::new();
    kiosk.reach_camera();
    kiosk.stuck = true;
    kiosk.act(true).wait(is_outcome);
    assert_eq!(
        kiosk.outcome(),
        Some(Outcome::DeviceUnavailable),
        "the pictures never came"
    );
    let passed = |attempt: &AttemptRecord| attempt.failure.is_none();
    assert!(!kiosk.documents[0].attempts.iter().any(passed));
}

#[test]
fn an_attack_is_not_forgotten_by_leaving() {
    let mut kiosk = Kiosk::new();
    kiosk.passive_real = 0.1;
    kiosk.reach_camera().act(true);
    assert!(matches!(kiosk.session.showing(), Showing::AttemptFailed { .. }));
    kiosk.give(Input::Cancel);
    assert_eq!(kiosk.outcome(), Some(Outcome::AttackSuspected));
}

#[test]
fn attempts_do_not_come_back_by_leaving() {
    let mut kiosk = Kiosk::new();
    kiosk.reach_camera().act(false).give(Input::Cancel);
    assert_eq!(kiosk.outcome(), Some(Outcome::Withdrawn));
    assert!(!kiosk.cleared);

    let mut kiosk = Kiosk::new();
    kiosk.reach_camera().act(true);
    assert!(kiosk.cleared);
}

#[test]
fn leaving_before_the_capture_leaves_an_audit_record_and_no_document() {
    let check = |play: fn(&mut Kiosk), expect| {
        let mut kiosk = Kiosk::new();
        play(&mut kiosk);
        assert_eq!(kiosk.outcome(), Some(expect));
        assert!(kiosk.documents.is_empty());
        assert_eq!(kiosk.audit.last(), Some(&AuditEvent::EndedBeforeCapture(expect)));
    };
    check(
        |kiosk| {
            kiosk.give(Input::Cancel);
        },
        Outcome::Withdrawn,
    );
    check(
        |kiosk| {
            kiosk
                .give(Input::ServiceChosen(ServiceId("account-opening".into())))
                .give(Input::ConsentAnswered {
                    text: "processing".into(),
                    given: false,
                });
        },
        Outcome::Withdrawn,
    );
    check(
        |kiosk| {
            kiosk.at = kiosk.session.idle_end().unwrap();
            kiosk.give(Input::Tick);
        },
        Outcome::TimedOut,
    );
}

#[test]
fn a_wrong_iin_is_named_and_nothing_is_lost() {
    let mut kiosk = Kiosk::new();
    kiosk
        .give(Input::ServiceChosen(ServiceId("account-opening".into())))
        .give(consents("processing"))
        .give(consents("processing"))
        .give(consents("automated-decision"))
        .give(Input::ClaimEntered(Sensitive::new("880412401007".into())));
    assert_eq!(
        kiosk.session.showing(),
        Showing::Claim {
            error: Some(ClaimFault::Iin(IinError::CheckDigit))
        }
    );
    kiosk.give(Input::ClaimEntered(Sensitive::new(IIN.into())));
    assert_eq!(
        kiosk.session.showing(),
        Showing::Method {
            face: true,
            palm: true,
            not_enrolled: false,
            hosted_page: false,
            assisted: Vec::new(),
        }
    );
}

#[test]
fn a_store_that_fails_stops_the_kiosk() {
    let mut kiosk = Kiosk::new();
    kiosk.store = Err(RecordFailed);
    kiosk.reach_camera().act(true);
    assert_eq!(kiosk.session.showing(), Showing::StoreFailed);
}

fn any_input() -> impl Strategy<Value = Input> {
    prop_oneof![
        images::any_images_input(),
        Just(Input::LanguageChosen(Language::En)),
        Just(Input::ServiceChosen(ServiceId("account-opening".into()))),
        Just(Input::ServiceChosen(ServiceId("loan".into()))),
        Just(Input::ServiceChosen(ServiceId("unknown".into()))),
        (
            prop_oneof![Just("amount"), Just("numbers"), Just("purposes"), Just("comment")],
            "[0-9]{0,7}"
        )
            .prop_map(|(field, value)| Input::FieldEntered {
                field: field.into(),
                value: Sensitive::new(value)
            }),
        "[A-Z0-9<\n]{0,95}".prop_map(|zone| Input::ZoneEntered(Sensitive::new(zone))),
        "[0-9]{4}".prop_map(|code| Input::OperatorEntered(Sensitive::new(code))),
        prop_oneof![
            "[a-z]{3}".prop_map(OperatorCheck::Present),
            Just(OperatorCheck::Nobody),
            (1..3_600_000_i64).prop_map(|left_ms| OperatorCheck::Paused(Locked { left_ms })),
        ]
        .prop_map(Input::OperatorChecked),
        Just(Input::HostedPageChosen),
        Just(Input::HostedPageOpened {
            document_id: DOCUMENT,
            url: Sensitive::new("https://centre.example".into())
        }),
        (
            any::<bool>(),
            prop_oneof![
                Just("processing"),
                Just("automated-decision"),
                Just("nbas-enrolment"),
                Just("palm"),
                Just("images")
            ]
        )
            .prop_map(|(given, text)| Input::ConsentAnswered {
                text: text.into(),
                given
            }),
        Just(Input::StoreFailed),
        prop_oneof![Just(IIN.to_owned()), "[0-9]{0,13}"]
            .prop_map(|text| Input::ClaimEntered(Sensitive::new(text))),
        prop_oneof![Just(Modality::Face), Just(Modality::Palm)].prop_map(Input::MethodChosen),
        Just(Input::Retry),
        Just(Input::Back),
        Just(Input::Cancel),
        Just(Input::Finish),
        Just(Input::Tick),
        Just(Input::CameraFailed(DeviceFault::Timeout)),
        Just(Input::CameraFailed(DeviceFault::Virtual)),
        any::<u8>().prop_map(Input::AttemptsCounted),
        Just(Input::CameraOpened(Ok(camera()))),
        Just(Input::RandomDrawn([5; plan::RANDOM_BYTES])),
        Just(Input::AttemptPersisted),
        Just(Input::Recorded(Ok(()))),
        prop_oneof![
            Just(Ok(palm::scanner())),
            Just(Err(DeviceFault::Disconnected)),
            Just(Err(DeviceFault::NoPermission)),
        ]
        .prop_map(Input::Scanner),
        prop_oneof![Just(None), Just(Some(palm::MINE))].prop_map(Input::PalmReferenceFound),
        Just(Input::HandSeen(HandPosition::InPlace)),
        palm::any_scan().prop_map(Input::Scanned),
        Just(Input::Enrolled(Ok(Some(EnrolOutcome::Enrolled(palm::MINE))))),
        Just(Input::Enrolled(Ok(Some(EnrolOutcome::Rejected)))),
        Just(Input::Enrolled(Err(DeviceFault::Timeout))),
        Just(Input::PalmProposed),
        (any::<bool>(), any::<bool>()).prop_map(|(matched, centre)| Input::Identified {
            document_id: DOCUMENT,
            decided_by: if centre { Source::Centre } else { Source::Examiner },
            verdict: if matched {
                Verdict::Match
            } else {
                Verdict::NonMatch
            },
            request: None,
            reason: None,
        }),
    ]
}

/// What a person or a fault may do, mixed with stretches of acting.
#[derive(Debug, Clone)]
enum Turn {
    Give(Box<Input>),
    Act(bool),
    Wait(u64),
    Pose(PageKind),
}

proptest! {
    /// Whatever happens, in whatever order: nothing panics, at most one document comes of it, a capture is
    /// recorded only after an attempt that passed, and left alone every session comes to an end.
    #[test]
    fn every_session_ends_honestly(turns in prop::collection::vec(
        prop_oneof![
            8 => any_input().prop_map(|input| Turn::Give(Box::new(input))),
            2 => any::<bool>().prop_map(Turn::Act),
            1 => (0u64..200).prop_map(Turn::Wait),
            2 => prop_oneof![Just(PageKind::Card), Just(PageKind::Passport)].prop_map(Turn::Pose),
        ], 0..60), begun in 0..7, stuck in any::<bool>(), operator in any::<bool>())
    {
        let mut kiosk = Kiosk::new();
        kiosk.session.opening.catalogue.push(procedure::loan());
        if operator {
            kiosk.session.opening.policy.operator = crate::policy::OperatorPresence::Required;
        }
        match begun {
            1 => { kiosk.reach_camera(); },
            2 => { kiosk.reach_scanner(); },
            4 => { kiosk.give(Input::ServiceChosen(ServiceId("loan".into()))); },
            5 => { kiosk.reach_pictures(PageKind::Card); },
            6 => { kiosk.reach_assisted_method().give(Input::MethodChosen(Modality::Face)); },
            3 => { kiosk.enrols().reach_camera().act(true); },
            _ => {}
        }
        let half = turns.len() / 2;
        for (number, turn) in turns.into_iter().enumerate() {
            kiosk.stuck = stuck && number >= half;
            match turn {
                Turn::Give(input) => { kiosk.give(*input); },
                Turn::Act(obeys) => { kiosk.act(obeys); },
                Turn::Pose(kind) => { kiosk.pose(kind).give(Input::PictureAccepted); },
                Turn::Wait(seconds) => {
                    kiosk.at += Duration::from_secs(seconds);
                    kiosk.give(Input::Tick);
                }
            }
        }
        for _ in 0..200 {
            if let Some(deadline) = kiosk.session.deadline() {
                kiosk.at = kiosk.at.max(deadline);
                kiosk.give(Input::Tick);
            }
        }
        let end = kiosk.session.showing();
        prop_assert!(matches!(end, Showing::Closed | Showing::StoreFailed), "{:?}", end);
        prop_assert!(kiosk.documents.len() <= 1);
        for document in &kiosk.documents {
            let palms = document.palm.as_ref().map_or(&[][..], |palm| &palm.attempts);
            let face_passed = document.attempts.iter().any(|attempt| attempt.failure.is_none());
            let palm_passed = palms.iter().any(|attempt| attempt.failure.is_none());
            let captured = document.outcome == Outcome::AwaitingIdentification;
            let posed = document.stills.iter().any(|still| still.purpose == StillPurpose::Portrait)
                && document.stills.iter().any(|still| still.purpose == StillPurpose::IdentityDocumentFront);
            let passed = match document.modality {
                _ if document.route == Route::Images => posed,
                Some(Modality::Face) if document.route == Route::HostedPage => true,
                Some(Modality::Face) => face_passed,
                Some(Modality::Palm) => palm_passed,
                None => false,
            };
            prop_assert!(passed || !captured);
            let elsewhere = document.route == Route::HostedPage;
            let by_palm = palm_passed && document.route == Route::Kiosk;
            prop_assert_eq!(document.stills.is_empty(), !captured || by_palm || elsewhere);
            prop_assert_eq!(document.call_back.is_some(), document.route == Route::CallBack);
            prop_assert!(document.route != Route::Images || !face_passed, "a face that passed needs no examiner");
            prop_assert!(!(face_passed && palm_passed), "one of them is enough");
            for attempts in [document.attempts.len(), palms.len()] {
                let forgiven = FORGIVEN_MAX + kiosk.session.opening.policy.assisted.cannot_perform_max;
                prop_assert!(attempts <= 3 + usize::from(forgiven));
            }
            let bound = kiosk.proposed.is_some();
            prop_assert!(!bound || captured, "a reference without a capture that somebody will judge");
        }
    }
}
