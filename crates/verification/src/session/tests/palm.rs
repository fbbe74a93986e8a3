use super::*;
use crate::evidence::PalmEvidence;
use crate::palm::decision::PalmPart;
use crate::palm::{PalmCapabilities, PalmReadings, ScanResult};
use crate::service::PALM_CONSENT;

pub const MINE: PalmReference = PalmReference(1001);

pub fn scanner() -> ScannerIdentity {
    ScannerIdentity {
        driver: "reference".into(),
        model: "test".into(),
        firmware: "1".into(),
        serial: "P-1".into(),
        thermometer: None,
        capabilities: PalmCapabilities {
            vascular: true,
            volume: true,
            temperature: true,
            liveness: true,
            seal: false,
        },
    }
}

fn scan(result: ScanResult) -> PalmScan {
    PalmScan {
        readings: PalmReadings {
            volume_ml: Some(380.0),
            surface_temperature_celsius: Some(32.0),
            ambient_temperature_celsius: Some(22.0),
            vascular_quality: Some(0.8),
            liveness: Some(0.9),
        },
        ..PalmScan::of(result)
    }
}

pub fn no_match() -> PalmScan {
    scan(ScanResult::NoMatch)
}

fn of_mine() -> PalmScan {
    scan(ScanResult::Identified(MINE))
}

pub fn any_scan() -> impl Strategy<Value = Result<Option<PalmScan>, DeviceFault>> {
    prop_oneof![
        Just(Ok(Some(of_mine()))),
        Just(Ok(Some(scan(ScanResult::NoMatch)))),
        Just(Ok(Some(scan(ScanResult::NotLive)))),
        Just(Ok(Some(PalmScan::of(ScanResult::NothingPresented)))),
        Just(Ok(None)),
        Just(Err(DeviceFault::Disconnected)),
    ]
}

impl Kiosk {
    /// As a kiosk whose one service enrols palms.
    pub fn enrols(&mut self) -> &mut Self {
        self.session.opening.catalogue[0].enrols_palm = true;
        self
    }

    pub fn reach_scanner(&mut self) -> &mut Self {
        self.reach_method()
            .give(Input::MethodChosen(Modality::Palm))
            .give(consents(PALM_CONSENT.0))
    }

    fn scan(&mut self, scan: PalmScan) -> &mut Self {
        self.give(Input::Scanned(Ok(Some(scan))))
    }

    fn palm(&self) -> &PalmEvidence {
        self.documents[0].palm.as_ref().unwrap()
    }

    fn failures(&self) -> Vec<Option<PalmFailure>> {
        self.palm()
            .attempts
            .iter()
            .map(|attempt| attempt.failure)
            .collect()
    }
}

fn failed(left: u8, failure: PalmFailure) -> Showing {
    Showing::AttemptFailed {
        failure: Failure::Palm { failure, cold: false },
        left,
        face_next: left == 0,
    }
}

#[test]
fn a_palm_is_captured_and_only_the_centre_verifies() {
    let mut kiosk = Kiosk::new();
    kiosk.reach_method().give(Input::MethodChosen(Modality::Palm));
    assert!(matches!(kiosk.session.showing(), Showing::Consent { text, .. } if text == "palm"));
    kiosk.give(consents("palm"));
    assert!(matches!(
        kiosk.session.showing(),
        Showing::Palm {
            position: HandPosition::NotSeen,
            attempt: 1,
            ..
        }
    ));
    assert_eq!(
        (kiosk.persisted, kiosk.scans_ordered),
        (1, 1),
        "counted, then ordered"
    );
    kiosk.give(Input::HandSeen(HandPosition::TooHigh));
    assert!(matches!(
        kiosk.session.showing(),
        Showing::Palm {
            position: HandPosition::TooHigh,
            ..
        }
    ));
    kiosk.scan(of_mine());
    assert_eq!(kiosk.session.showing(), Showing::Identifying);
    let document = &kiosk.documents[0];
    assert_eq!(document.outcome, Outcome::AwaitingIdentification);
    assert_eq!(document.modality, Some(Modality::Palm));
    assert!(document.consents.iter().any(|consent| consent.text == "palm"));
    assert!(document.stills.is_empty());
    let palm = kiosk.palm();
    assert_eq!(
        (palm.scanner.clone(), palm.expected),
        (Some(scanner()), Some(MINE))
    );
    assert_eq!(palm.attempts[0].scan, Some(of_mine()));
    assert_eq!(palm.attempts[0].parts.len(), 6);
    assert!(kiosk.cleared);
    kiosk.give(Input::Identified {
        document_id: DOCUMENT,
        decided_by: Source::Centre,
        verdict: Verdict::Match,
        request: None,
        reason: None,
    });
    assert_eq!(kiosk.outcome(), Some(Outcome::Verified));
}

#[test]
fn who_refuses_the_palm_still_has_the_face() {
    let mut kiosk = Kiosk::new();
    kiosk
        .reach_method()
        .give(Input::MethodChosen(Modality::Palm))
        .give(Input::ConsentAnswered {
            text: "palm".into(),
            given: false,
        });
    assert!(matches!(kiosk.session.showing(), Showing::Method { .. }));
    kiosk.give(Input::MethodChosen(Modality::Face)).act(true);
    assert_eq!(kiosk.session.showing(), Showing::Identifying);
    assert_eq!(kiosk.documents[0].palm, None);
    let given = kiosk.documents[0].consents.iter().map(|consent| consent.given);
    assert_eq!(given.collect::<Vec<_>>(), [true, true, false]);
}

#[test]
fn the_third_failed_scan_closes_the_palm_and_leaves_the_face() {
    let mut kiosk = Kiosk::new();
    kiosk.reach_scanner();
    for left in [2, 1, 0] {
        kiosk.scan(scan(ScanResult::NoMatch));
        assert_eq!(kiosk.session.showing(), failed(left, PalmFailure::NoMatch));
        assert_eq!(kiosk.persisted, 3 - left);
        if left > 0 {
            kiosk.give(Input::Retry);
        }
    }
    kiosk.give(Input::Retry);
    assert!(matches!(
        kiosk.session.showing(),
        Showing::Face { attempt: 1, .. }
    ));
    kiosk.act(true);
    assert_eq!(kiosk.session.showing(), Showing::Identifying);
    assert_eq!(kiosk.documents[0].modality, Some(Modality::Face));
    assert_eq!(kiosk.failures(), [Some(PalmFailure::NoMatch); 3]);
}

#[test]
fn without_the_face_to_fall_back_on_the_third_failure_is_final() {
    let mut kiosk = Kiosk::new();
    kiosk.session.opening.policy.palm.fallback_to_face = false;
    kiosk.reach_scanner();
    for _ in 0..3 {
        kiosk.scan(scan(ScanResult::NoMatch)).give(Input::Retry);
    }
    assert_eq!(kiosk.outcome(), Some(Outcome::NotVerified));

    let mut kiosk = Kiosk::new();
    kiosk.reach_scanner();
    for _ in 0..2 {
        kiosk.scan(scan(ScanResult::NoMatch)).give(Input::Retry);
    }
    kiosk.scan(scan(ScanResult::NoMatch)).give(Input::Cancel);
    assert_eq!(
        kiosk.outcome(),
        Some(Outcome::NotVerified),
        "the palm has said no"
    );
}

#[test]
fn scans_of_sessions_before_count() {
    let mut kiosk = Kiosk::new();
    kiosk.used_before = 2;
    kiosk.reach_scanner();
    assert!(matches!(
        kiosk.session.showing(),
        Showing::Palm { attempt: 3, .. }
    ));
    kiosk.scan(scan(ScanResult::NoMatch));
    assert_eq!(kiosk.session.showing(), failed(0, PalmFailure::NoMatch));

    let mut kiosk = Kiosk::new();
    kiosk.used_before = 3;
    kiosk.reach_scanner();
    assert_eq!(kiosk.scans_ordered, 0);
    assert_eq!(
        kiosk.session.showing(),
        Showing::AttemptFailed {
            failure: Failure::PalmUsedUp,
            left: 0,
            face_next: true,
        }
    );
}

#[test]
fn one_order_is_one_attempt_however_often_the_scanner_answers() {
    let mut kiosk = Kiosk::new();
    kiosk
        .reach_scanner()
        .scan(scan(ScanResult::NoMatch))
        .scan(scan(ScanResult::NoMatch))
        .scan(of_mine());
    assert_eq!(kiosk.session.showing(), failed(2, PalmFailure::NoMatch));
    assert_eq!(kiosk.persisted, 1);
}

#[test]
fn the_palm_of_somebody_else_is_no_match_and_an_alert() {
    let mut kiosk = Kiosk::new();
    kiosk
        .reach_scanner()
        .scan(scan(ScanResult::Identified(PalmReference(1002))));
    assert_eq!(kiosk.session.showing(), failed(2, PalmFailure::AnotherPerson));
    assert!(kiosk.audit.contains(&AuditEvent::AnotherPalm));
}

#[test]
fn who_is_not_enrolled_is_told_before_any_scan() {
    let mut kiosk = Kiosk::new();
    kiosk.reference = None;
    kiosk.reach_scanner();
    let not_enrolled = Showing::Method {
        face: true,
        palm: true,
        not_enrolled: true,
        hosted_page: false,
        assisted: Vec::new(),
    };
    assert_eq!(kiosk.session.showing(), not_enrolled);
    assert_eq!((kiosk.persisted, kiosk.scans_ordered), (0, 0));
    kiosk.give(Input::MethodChosen(Modality::Palm));
    assert_eq!(kiosk.session.showing(), not_enrolled);
    kiosk.give(Input::MethodChosen(Modality::Face)).act(true);
    assert_eq!(kiosk.session.showing(), Showing::Identifying);
}

#[test]
fn a_reading_outside_of_physiology_is_refused_with_its_reason() {
    let mut cold = of_mine();
    cold.readings.surface_temperature_celsius = Some(12.0);
    let mut kiosk = Kiosk::new();
    kiosk.reach_scanner().scan(cold);
    let failure = PalmFailure::Implausible(PalmPart::Temperature);
    assert_eq!(
        kiosk.session.showing(),
        Showing::AttemptFailed {
            failure: Failure::Palm { failure, cold: true },
            left: 2,
            face_next: false,
        }
    );
    kiosk.give(Input::Cancel);
    assert_eq!(
        kiosk.outcome(),
        Some(Outcome::Withdrawn),
        "a cold hand is no attack"
    );

    let mut stuffed = of_mine();
    stuffed.readings.volume_ml = Some(900.0);
    let mut kiosk = Kiosk::new();
    kiosk.reach_scanner().scan(stuffed).give(Input::Cancel);
    assert_eq!(kiosk.outcome(), Some(Outcome::AttackSuspected));
    assert_eq!(
        kiosk.failures(),
        [Some(PalmFailure::Implausible(PalmPart::Volume))]
    );
}

#[test]
fn a_scan_without_a_hand_is_borne_three_times() {
    let nothing = || PalmScan::of(ScanResult::NothingPresented);
    let mut kiosk = Kiosk::new();
    kiosk.reach_scanner();
    for left in [3, 3, 3, 2, 1] {
        kiosk.scan(nothing());
        assert_eq!(
            kiosk.session.showing(),
            failed(left, PalmFailure::NothingPresented)
        );
        kiosk.give(Input::Retry);
    }
    let mut kiosk = Kiosk::new();
    kiosk.session.opening.policy.palm.nothing_presented_counts = true;
    kiosk.reach_scanner().scan(nothing());
    assert_eq!(kiosk.session.showing(), failed(2, PalmFailure::NothingPresented));
}

#[test]
fn a_scanner_that_goes_and_comes_burns_no_attempt() {
    let mut kiosk = Kiosk::new();
    kiosk.reach_scanner();
    kiosk.scanner = Err(DeviceFault::NotFound);
    kiosk.give(Input::Scanned(Err(DeviceFault::Disconnected)));
    let trouble = |fault| Showing::ScannerTrouble { fault };
    assert_eq!(kiosk.session.showing(), trouble(DeviceFault::Disconnected));
    assert_eq!(kiosk.persisted, 0);
    kiosk.at = kiosk.session.deadline().unwrap();
    kiosk.give(Input::Tick);
    assert_eq!(kiosk.session.showing(), trouble(DeviceFault::NotFound));
    kiosk.give(Input::Scanner(Ok(scanner())));
    assert!(matches!(
        kiosk.session.showing(),
        Showing::Palm { attempt: 1, .. }
    ));
    kiosk.scan(of_mine());
    assert_eq!(kiosk.session.showing(), Showing::Identifying);
    assert_eq!(kiosk.failures(), [Some(PalmFailure::Interrupted), None]);
}

#[test]
fn a_scanner_that_stays_away_ends_the_session() {
    let mut kiosk = Kiosk::new();
    kiosk.scanner = Err(DeviceFault::NotFound);
    kiosk.reach_scanner().wait(is_outcome);
    assert_eq!(kiosk.outcome(), Some(Outcome::DeviceUnavailable));
    assert!(!kiosk.cleared);

    let mut kiosk = Kiosk::new();
    kiosk
        .reach_scanner()
        .wait(|showing| matches!(showing, Showing::ScannerTrouble { .. }));
    assert_eq!(kiosk.scans_cancelled, 1, "a scan that never ends is ended");
    assert_eq!(kiosk.persisted, 0);
}

#[test]
fn another_scanner_in_mid_session_ends_it() {
    let mut kiosk = Kiosk::new();
    kiosk
        .reach_scanner()
        .give(Input::Scanned(Err(DeviceFault::Disconnected)));
    let other = ScannerIdentity {
        serial: "P-2".into(),
        ..scanner()
    };
    kiosk.give(Input::Scanner(Ok(other.clone())));
    assert_eq!(kiosk.outcome(), Some(Outcome::DeviceUnavailable));
    assert!(kiosk.audit.contains(&AuditEvent::ScannerChanged));

    // Exchanged so quickly that the order reached the other one.
    let mut kiosk = Kiosk::new();
    kiosk
        .reach_scanner()
        .give(Input::Scanner(Ok(scanner())))
        .give(Input::Scanner(Ok(other)))
        .scan(of_mine());
    assert_eq!(kiosk.outcome(), Some(Outcome::DeviceUnavailable));
    assert_eq!(kiosk.scans_cancelled, 1);
}

#[test]
fn a_scanner_that_cannot_measure_enough_never_scans() {
    let mut kiosk = Kiosk::new();
    let mut module = scanner();
    module.capabilities.volume = false;
    kiosk.scanner = Ok(module);
    kiosk.reach_scanner();
    assert_eq!(kiosk.outcome(), Some(Outcome::DeviceUnavailable));
    assert_eq!((kiosk.persisted, kiosk.scans_ordered), (0, 0));
}

#[test]
fn leaving_ends_the_scan() {
    let mut kiosk = Kiosk::new();
    kiosk.reach_scanner().give(Input::Cancel);
    assert_eq!(kiosk.outcome(), Some(Outcome::Withdrawn));
    assert_eq!((kiosk.scans_cancelled, kiosk.persisted), (1, 1));
    assert_eq!(kiosk.failures(), [Some(PalmFailure::Interrupted)]);
    assert!(!kiosk.cleared, "who leaves does not get the attempt back");
    kiosk.give(Input::Scanned(Ok(None)));
    assert_eq!(kiosk.outcome(), Some(Outcome::Withdrawn));
}

#[test]
fn a_palm_is_enrolled_after_the_face_and_belongs_to_nobody_until_the_centre_says_so() {
    let mut kiosk = Kiosk::new();
    kiosk.enrols().reach_camera().act(true);
    assert!(matches!(
        kiosk.session.showing(),
        Showing::Palm {
            enrolling: true,
            attempt: 1,
            ..
        }
    ));
    kiosk.give(Input::Enrolled(Ok(Some(EnrolOutcome::Rejected))));
    assert_eq!(
        kiosk.session.showing(),
        Showing::AttemptFailed {
            failure: Failure::Enrolment(EnrolOutcome::Rejected),
            left: 2,
            face_next: false,
        }
    );
    kiosk
        .give(Input::Retry)
        .give(Input::Enrolled(Ok(Some(EnrolOutcome::Enrolled(MINE)))));
    assert_eq!(kiosk.session.showing(), Showing::Identifying);
    assert_eq!(
        (kiosk.proposed, kiosk.palm().enrolled()),
        (Some(MINE), Some(MINE))
    );
    assert_eq!(kiosk.documents[0].stills.len(), 4);
    let document_id = kiosk.session.document_id();
    kiosk.give(Input::Identified {
        document_id,
        decided_by: Source::Centre,
        verdict: Verdict::Match,
        request: None,
        reason: None,
    });
    assert_eq!(
        kiosk.session.showing(),
        Showing::Outcome {
            outcome: Outcome::Verified,
            document_id: Some(document_id),
            enrolled_palm: true,
            request_due: None,
            reason: None,
            verdict: Some(Verdict::Match),
            request: None,
        }
    );

    let mut kiosk = Kiosk::new();
    kiosk.enrols().reach_camera().act(true);
    for _ in 0..3 {
        kiosk
            .give(Input::Enrolled(Ok(Some(EnrolOutcome::NotLive))))
            .give(Input::Retry);
    }
    assert_eq!(kiosk.outcome(), Some(Outcome::AttackSuspected));
    assert_eq!(kiosk.proposed, None);
    assert_eq!(kiosk.palm().enrolments, [EnrolOutcome::NotLive; 3]);
    assert_eq!(kiosk.written, [0, 0], "the face had passed");
}

#[test]
fn nobody_is_sent_to_the_camera_for_a_scanner_that_is_not_there() {
    let mut kiosk = Kiosk::new();
    kiosk.scanner = Err(DeviceFault::NotFound);
    kiosk.enrols().reach_camera();
    assert!(matches!(kiosk.session.showing(), Showing::ScannerTrouble { .. }));
    kiosk.scanner = Ok(scanner());
    kiosk.give(Input::Scanner(Ok(scanner()))).act(true);
    assert!(matches!(
        kiosk.session.showing(),
        Showing::Palm { enrolling: true, .. }
    ));
    // It goes away for good after the face has passed: the face is not to blame.
    kiosk.scanner = Err(DeviceFault::NotFound);
    kiosk
        .give(Input::Enrolled(Err(DeviceFault::Disconnected)))
        .wait(is_outcome);
    assert_eq!(kiosk.outcome(), Some(Outcome::DeviceUnavailable));
    assert_eq!(kiosk.written, [0, 0]);
}

#[test]
fn suspicion_does_not_end_with_the_palm() {
    let mut kiosk = Kiosk::new();
    kiosk.reach_scanner();
    for _ in 0..3 {
        kiosk.scan(scan(ScanResult::NotLive)).give(Input::Retry);
    }
    // Nobody stands before the camera.
    kiosk.wait(is_outcome);
    assert_eq!(kiosk.outcome(), Some(Outcome::AttackSuspected));
}

#[test]
fn a_late_camera_is_nothing_to_a_session_with_the_palm() {
    let mut kiosk = Kiosk::new();
    kiosk.reach_scanner().scan(scan(ScanResult::NoMatch));
    kiosk.give(Input::CameraOpened(Err(DeviceFault::Timeout)));
    assert_eq!(kiosk.session.showing(), failed(2, PalmFailure::NoMatch));
}
