//! Stories of the palm on the whole kiosk without its window: a simulated scanner on a real pseudo-terminal, real
//! store, real line, real gateway.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

mod common;

use std::path::PathBuf;
use std::time::Duration;

use common::secrets::{Log, folder_keeps};
use common::{IIN, Institution, Person, alone, clip, offered};
use gateway::config::Scripted;
use ipc::{
    AttemptReason, Availability, HandPrompt, Intent, Method, NextAttempt, Outcome, PalmPurpose,
    ScannerTrouble, Screen, View,
};
use outbox::Outbox as _;
use palm::sim::{Fault, Handle, Presented, Protocol, Readings, SimSettings, Simulator};
use verification::evidence::{DocumentId, Evidence, Modality, Outcome as Recorded, PalmEvidence};
use verification::pad::parts::Finding;
use verification::palm::decision::{PalmFailure, PalmPart};
use verification::palm::{PalmReference, ScanResult, SealState};

/// A bank whose kiosk has a palm scanner. The person of the stories is enrolled in it.
struct Bank {
    institution: Institution,
    simulators: Vec<Simulator>,
    kiosk: Option<Person>,
    config: String,
}

impl Bank {
    /// With a scanner of this protocol, and beside it, for those that do not measure all, a thermometer.
    fn open(protocol: Protocol, policy: &str) -> Self {
        let mut institution = Institution::found();
        institution.open_gateway();
        let link = |name: &str| Some(institution.folder.path().join(name));
        let palm = Simulator::start(SimSettings {
            protocol,
            link: link("scanner"),
            note_interval: Duration::from_millis(100),
            enrolled: vec!["somebody".into(), MY_TAG.into()],
            ..SimSettings::default()
        })
        .unwrap();
        let mut config = format!(
            "{policy}\n[palm]\nport = {:?}\ndriver = {:?}\n",
            palm.port(),
            protocol.name()
        );
        let mut simulators = vec![palm];
        if protocol != Protocol::Reference {
            let thermometer = Simulator::start(SimSettings {
                protocol: Protocol::Mcu90615,
                link: link("thermometer"),
                ..SimSettings::default()
            })
            .unwrap();
            config += &format!(
                "thermometer = {{ port = {:?}, driver = \"mcu-90615\" }}\n",
                thermometer.port()
            );
            simulators.push(thermometer);
        }
        Self {
            institution,
            simulators,
            kiosk: None,
            config,
        }
    }

    fn scanner(&self) -> Handle {
        self.simulators[0].handle()
    }

    /// Starts the kiosk, with this person's reference confirmed before.
    fn enrolled(mut self, reference: u32, serial: &str) -> Self {
        let settings = self.institution.custody();
        let now = common::now();
        let keys = custody::open_keys(&settings).unwrap();
        let mut outbox = custody::open_store(&settings, &keys, now).unwrap().outbox;
        let document = DocumentId([9; 16]);
        outbox
            .propose_palm(
                &IIN.parse().unwrap(),
                serial,
                PalmReference(reference),
                document,
                now,
            )
            .unwrap();
        outbox.settle_palm(document, true, now).unwrap();
        drop(outbox);
        self.start();
        self
    }

    fn start(&mut self) {
        self.kiosk = None;
        self.kiosk = Some(self.institution.kiosk(&clip(), &self.config));
    }

    fn person(&mut self) -> &mut Person {
        self.kiosk.as_mut().unwrap()
    }

    fn sees(&mut self, what: &str, right: impl Fn(&Screen) -> bool) {
        self.person().sees(what, |view| right(&view.screen));
    }

    fn sees_failure(&mut self, reason: AttemptReason, left: u32) {
        let next = if left == 0 {
            NextAttempt::Face
        } else {
            NextAttempt::Again
        };
        let expect = Screen::AttemptFailed { reason, left, next };
        self.sees(&format!("{expect:?}"), |screen| *screen == expect);
    }

    /// From the welcome to the scanner, once it is there.
    fn goes_to_the_scanner(&mut self) {
        let person = self.person();
        person.goes_to_the_methods("account-opening", &["processing", "automated-decision"]);
        person.sees("a palm scanner that is ready", palm_is(Availability::Ready));
        person.wants(Intent::ChooseMethod { method: Method::Palm });
        person.consents("palm");
    }

    /// Ends the kiosk and the gateway; what the gateway keeps.
    fn documents(mut self) -> Vec<Evidence> {
        self.person().sees("an empty outbox", |view| view.pending == 0);
        self.kiosk = None;
        self.institution.documents()
    }

    fn document(self) -> Evidence {
        let mut documents = self.documents();
        assert_eq!(documents.len(), 1);
        documents.remove(0)
    }
}

fn palm_is(availability: Availability) -> impl Fn(&View) -> bool {
    move |view| matches!(&view.screen, Screen::Method { methods } if methods.contains(&(Method::Palm, availability)))
}

fn looks(screen: &Screen) -> bool {
    matches!(screen, Screen::Palm { .. })
}

fn failures(palm: &PalmEvidence) -> Vec<Option<PalmFailure>> {
    palm.attempts.iter().map(|attempt| attempt.failure).collect()
}

fn faults(names: &[&str]) -> Vec<Fault> {
    names.iter().map(|name| name.parse().unwrap()).collect()
}

/// First palm of the simulated reference scanner, and the second, who is the person of the stories.
const SOMEBODY: u32 = 1;
const MINE: u32 = 2;
/// The name under which the scanner keeps that person.
const MY_TAG: &str = "s-7f3a9c21";

fn reference_bank() -> Bank {
    let serial = serial_of(Protocol::Reference);
    Bank::open(Protocol::Reference, "").enrolled(MINE, &serial)
}

/// What a simulated scanner says its serial number is.
fn serial_of(protocol: Protocol) -> String {
    let simulator = Simulator::start(SimSettings {
        protocol,
        ..SimSettings::default()
    })
    .unwrap();
    let driver = palm::driver(protocol.name()).unwrap();
    let opening = palm::Opening {
        port: simulator.port().to_str().unwrap().to_owned(),
        baud: driver.baud,
        device_key: None,
    };
    (driver.open)(&opening).unwrap().info().unwrap().identity.serial
}

#[test]
fn a_palm_is_captured_delivered_and_verified() {
    let _alone = alone();
    let mut bank = reference_bank();
    bank.goes_to_the_scanner();
    bank.sees("the hand held still", |screen| {
        *screen
            == Screen::Palm {
                purpose: PalmPurpose::Verify,
                prompt: HandPrompt::HoldStill,
                attempt: 1,
                attempts: 3,
            }
    });
    bank.person().sees_outcome(&[Outcome::Verified]);
    assert_eq!(bank.institution.comparisons(), 1);
    let document = bank.document();
    assert_eq!(document.outcome, Recorded::AwaitingIdentification);
    assert_eq!(document.modality, Some(Modality::Palm));
    assert!(document.consents.iter().any(|consent| consent.text == "palm"));
    assert!(document.stills.is_empty() && document.camera.is_none());
    let palm = document.palm.unwrap();
    assert_eq!(palm.expected, Some(PalmReference(MINE)));
    let scanner = palm.scanner.unwrap();
    assert_eq!(scanner.driver, "reference");
    assert!(scanner.capabilities.volume && scanner.capabilities.temperature && scanner.capabilities.vascular);
    let [attempt] = &palm.attempts[..] else {
        panic!("one attempt")
    };
    let scan = attempt.scan.as_ref().unwrap();
    assert_eq!(scan.result, ScanResult::Identified(PalmReference(MINE)));
    assert!(matches!(scan.seal, SealState::Valid(_)), "{:?}", scan.seal);
    assert!(
        attempt.parts.iter().all(|part| part.finding == Finding::For),
        "{:?}",
        attempt.parts
    );
}

#[test]
fn three_failures_leave_the_face() {
    let _alone = alone();
    let clip = clip();
    let serial = serial_of(Protocol::Reference);
    let mut bank = Bank::open(Protocol::Reference, &offered(&clip)).enrolled(MINE, &serial);
    bank.scanner().present(Presented::Stranger);
    bank.goes_to_the_scanner();
    bank.sees_failure(AttemptReason::PalmNotRecognised, 2);
    // The palm of another customer is told apart from no palm at all only in the records.
    bank.scanner().present(Presented::Tag("somebody".into()));
    bank.person().wants(Intent::Retry);
    bank.sees_failure(AttemptReason::PalmNotRecognised, 1);
    bank.scanner().set_faults(faults(&["liveness"]));
    bank.person().wants(Intent::Retry);
    bank.sees_failure(AttemptReason::PalmNotBonaFide, 0);
    bank.person().wants(Intent::Retry);
    bank.person().sees_outcome(&[Outcome::Verified]);
    let document = bank.document();
    assert_eq!(document.modality, Some(Modality::Face));
    let palm = document.palm.unwrap();
    let expect = [
        PalmFailure::NoMatch,
        PalmFailure::AnotherPerson,
        PalmFailure::NotLive,
    ];
    assert_eq!(failures(&palm), expect.map(Some));
    assert_eq!(
        palm.attempts[1].scan.as_ref().unwrap().result,
        ScanResult::Identified(PalmReference(SOMEBODY))
    );
}

#[test]
fn attempts_survive_a_restart_and_behind_the_last_one_there_are_people() {
    let _alone = alone();
    let serial = serial_of(Protocol::Reference);
    let policy = "[policy.palm]\nfallback_to_face = false";
    let mut bank = Bank::open(Protocol::Reference, policy).enrolled(MINE, &serial);
    bank.scanner().present(Presented::Stranger);
    bank.goes_to_the_scanner();
    bank.sees_failure(AttemptReason::PalmNotRecognised, 2);
    bank.start();
    bank.goes_to_the_scanner();
    bank.sees_failure(AttemptReason::PalmNotRecognised, 1);
    // The last one is under way when the plug is pulled.
    bank.scanner().present(Presented::Nobody);
    bank.person().wants(Intent::Retry);
    bank.sees("the scanner at work", looks);
    bank.start();
    // Whoever comes again is not scanned, and is not sent away either.
    bank.goes_to_the_scanner();
    let used_up = Screen::AttemptFailed {
        reason: AttemptReason::PalmUsedUp,
        left: 0,
        next: NextAttempt::People,
    };
    bank.sees("that the attempts were used up", |screen| *screen == used_up);
    bank.person().wants(Intent::CannotPerform);
    bank.sees(
        "the ways with people",
        |screen| matches!(screen, Screen::Assisted { left: 0, methods, .. } if methods.len() == 2),
    );
    bank.person().wants(Intent::ChooseMethod {
        method: Method::Video,
    });
    bank.sees("the number", |screen| matches!(screen, Screen::CallBack { .. }));
    bank.person().wants(Intent::CallBack {
        number: ipc::Entered("+77010000001".into()),
    });
    bank.person().sees_outcome(&[Outcome::CallBackRequested]);
    assert_eq!(bank.institution.comparisons(), 0);
    let documents = bank.documents();
    let before: Vec<_> = documents
        .iter()
        .map(|document| document.palm.as_ref().unwrap().attempts_before)
        .collect();
    assert_eq!(before, [0, 1, 3]);
    assert!(documents[2].palm.as_ref().unwrap().attempts.is_empty());
}

#[test]
fn a_scanner_that_is_unplugged_or_restarts_burns_no_attempt() {
    let _alone = alone();
    let mut bank = reference_bank();
    bank.scanner().present(Presented::Nobody);
    bank.goes_to_the_scanner();
    bank.sees("the scanner at work", looks);
    bank.scanner().unplug();
    bank.sees("that the scanner is gone", |screen| {
        *screen
            == Screen::ScannerTrouble {
                trouble: ScannerTrouble::Missing,
            }
    });
    bank.scanner().present(Presented::Tag(MY_TAG.into()));
    // The first scan after it is back is cut short by a restart.
    bank.scanner().set_faults(faults(&["reboot@1"]));
    bank.scanner().replug().unwrap();
    bank.sees("the scanner at work", looks);
    bank.sees("trouble", |screen| {
        matches!(screen, Screen::ScannerTrouble { .. })
    });
    bank.person().sees_outcome(&[Outcome::Verified]);
    let palm = bank.document().palm.unwrap();
    let interrupted = Some(PalmFailure::Interrupted);
    assert_eq!(failures(&palm), [interrupted, interrupted, None]);
}

#[test]
fn a_hand_outside_of_physiology_is_refused_with_the_reason() {
    let _alone = alone();
    let mut bank = reference_bank();
    let readings = |surface_celsius, volume_ml| Readings {
        surface_celsius,
        volume_ml,
        ..Readings::default()
    };
    bank.scanner().set_readings(readings(12.5, 360.0));
    bank.goes_to_the_scanner();
    bank.sees_failure(AttemptReason::HandTooCold, 2);
    bank.scanner().set_readings(readings(33.0, 900.0));
    bank.person().wants(Intent::Retry);
    bank.sees_failure(AttemptReason::PalmNotBonaFide, 1);
    bank.scanner().set_readings(readings(33.0, 360.0));
    bank.person().wants(Intent::Retry);
    bank.person().sees_outcome(&[Outcome::Verified]);
    let palm = bank.document().palm.unwrap();
    let implausible = |part| Some(PalmFailure::Implausible(part));
    assert_eq!(
        failures(&palm),
        [
            implausible(PalmPart::Temperature),
            implausible(PalmPart::Volume),
            None
        ]
    );
}

/// A module that compares veins, and a thermometer beside it, are one measurement; the volume nobody measures, and the
/// policy of this bank says so.
#[test]
fn a_module_and_a_thermometer_are_one_scanner() {
    let _alone = alone();
    let serial = serial_of(Protocol::DfrobotAi10);
    let policy = "[policy.palm]\nvolume = \"where-measured\"";
    let mut bank = Bank::open(Protocol::DfrobotAi10, policy).enrolled(1002, &serial);
    bank.goes_to_the_scanner();
    bank.person().sees_outcome(&[Outcome::Verified]);
    let palm = bank.document().palm.unwrap();
    let scanner = palm.scanner.unwrap();
    assert_eq!(scanner.thermometer.as_deref(), Some("mcu-90615"));
    assert!(scanner.capabilities.temperature && !scanner.capabilities.volume);
    let readings = palm.attempts[0].scan.as_ref().unwrap().readings;
    let near = |value: Option<f32>, expect: f32| value.is_some_and(|value| (value - expect).abs() < 0.05);
    assert!(near(readings.surface_temperature_celsius, 33.4), "{readings:?}");
    assert!(near(readings.ambient_temperature_celsius, 23.5), "{readings:?}");
    assert_eq!(readings.volume_ml, None, "what nobody measures is not claimed");
}

#[test]
fn a_scanner_that_measures_too_little_is_not_offered() {
    let _alone = alone();
    let mut bank = Bank::open(Protocol::DfrobotAi10, "");
    bank.start();
    let person = bank.person();
    person.goes_to_the_methods("account-opening", &["processing", "automated-decision"]);
    person.sees("no palm", palm_is(Availability::DeviceUnavailable));
    person.wants(Intent::ChooseMethod { method: Method::Palm });
    person.consents("palm");
    person.sees_outcome(&[Outcome::DeviceUnavailable]);
}

#[test]
fn who_is_not_enrolled_is_told_and_goes_on_with_the_face() {
    let _alone = alone();
    let mut bank = Bank::open(Protocol::Reference, &offered(&clip()));
    bank.start();
    bank.goes_to_the_scanner();
    let person = bank.person();
    person.sees("that no palm is enrolled", palm_is(Availability::NotEnrolled));
    person.wants(Intent::ChooseMethod { method: Method::Face });
    person.sees_outcome(&[Outcome::Verified]);
}

/// From the face to a palm that may be used: the whole way of a new customer.
#[test]
fn a_palm_is_enrolled_behind_the_face_and_then_verified() {
    let _alone = alone();
    let mut bank = Bank::open(Protocol::Reference, &offered(&clip()));
    bank.start();
    let person = bank.person();
    person.goes_to_the_methods("palm-enrolment", &["processing", "automated-decision", "palm"]);
    person.wants(Intent::ChooseMethod { method: Method::Face });
    person.sees("the scanner, to enrol", |view| {
        matches!(
            view.screen,
            Screen::Palm {
                purpose: PalmPurpose::Enrol,
                ..
            }
        )
    });
    person.sees_outcome(&[Outcome::Verified]);
    person.wants(Intent::Finish);
    bank.goes_to_the_scanner();
    bank.person().sees_outcome(&[Outcome::Verified]);
    let documents = bank.documents();
    let enrolled = documents
        .iter()
        .find_map(|document| document.palm.as_ref()?.enrolled());
    assert!(enrolled.is_some());
    let verified = documents
        .iter()
        .find_map(|document| document.palm.as_ref()?.expected);
    assert_eq!(verified, enrolled);
}

/// A scanner in the hands of another program, a path where nothing is, and a device of another kind: each is said, and
/// the face stays open.
#[test]
fn a_scanner_that_cannot_be_used_costs_nobody_the_face() {
    let _alone = alone();
    let clip = clip();
    let mut institution = Institution::found();
    institution.open_gateway();
    let other = Simulator::start(SimSettings {
        protocol: Protocol::Mcu90615,
        ..SimSettings::default()
    })
    .unwrap();
    for port in [
        PathBuf::from("/dev/serial/by-id/nothing"),
        other.port().to_owned(),
    ] {
        let config = format!(
            "{}\n[palm]\nport = {port:?}\ndriver = \"reference\"\n",
            offered(&clip)
        );
        let mut person = institution.kiosk(&clip, &config);
        person.goes_to_the_methods("account-opening", &["processing", "automated-decision"]);
        person.sees("no palm", palm_is(Availability::DeviceUnavailable));
        person.wants(Intent::Cancel);
    }
}

#[test]
fn a_palm_that_the_centre_does_not_confirm_is_deleted() {
    let _alone = alone();
    let mut bank = Bank::open(Protocol::Reference, &offered(&clip()));
    bank.institution.centre_says(Scripted::NoMatch);
    bank.start();
    let scanner = bank.scanner();
    let held = move || scanner.enrolled().len();
    assert_eq!(held(), 2);
    let person = bank.person();
    person.goes_to_the_methods("palm-enrolment", &["processing", "automated-decision", "palm"]);
    person.wants(Intent::ChooseMethod { method: Method::Face });
    person.sees_outcome(&[Outcome::NotVerified]);
    person.waits("the deletion", || held() == 2);
    person.wants(Intent::Finish);
    bank.goes_to_the_scanner();
    bank.person()
        .sees("that no palm is enrolled", palm_is(Availability::NotEnrolled));
    let document = bank.document();
    assert!(
        document.palm.unwrap().enrolled().is_some(),
        "it had been enrolled"
    );
}

/// The plug is pulled just when the scanner has stored the palm, so that nobody hears of it.
#[test]
fn an_enrolment_that_is_cut_off_leaves_nothing_in_the_scanner() {
    let _alone = alone();
    let mut bank = Bank::open(Protocol::Reference, &offered(&clip()));
    bank.scanner().set_faults(faults(&["hang-up:enrol"]));
    bank.start();
    let person = bank.person();
    person.goes_to_the_methods("palm-enrolment", &["processing", "automated-decision", "palm"]);
    person.wants(Intent::ChooseMethod { method: Method::Face });
    // The kiosk may still be looking for the scanner when it is asked for first.
    person.sees("the scanner, to enrol", |view| looks(&view.screen));
    person.sees("trouble", |view| {
        matches!(view.screen, Screen::ScannerTrouble { .. })
    });
    person.wants(Intent::Cancel);
    person.sees_outcome(&[Outcome::Withdrawn]);
    let scanner = bank.scanner();
    assert_eq!(scanner.enrolled().len(), 3, "the scanner has stored it");
    scanner.set_faults(Vec::new());
    scanner.replug().unwrap();
    bank.person()
        .waits("the deletion", || scanner.enrolled().len() == 2);
}

#[test]
fn who_withdraws_the_consent_is_deleted_from_the_scanner() {
    let _alone = alone();
    let mut bank = reference_bank();
    bank.kiosk = None;
    let config = bank.institution.folder.path().join("kiosk.toml");
    assert_eq!(alaqan::forget_palm(&config, IIN).unwrap(), 1);
    assert_eq!(alaqan::forget_palm(&config, IIN).unwrap(), 0);
    assert!(alaqan::forget_palm(&config, "880412401007").is_err());
    bank.start();
    let scanner = bank.scanner();
    let holds_mine = || scanner.enrolled().iter().any(|(_, tag)| tag == MY_TAG);
    bank.person().waits("the deletion", || !holds_mine());
    assert_eq!(scanner.enrolled().len(), 1, "nobody else is");
}

#[test]
fn nothing_personal_is_readable() {
    let _alone = alone();
    let log = Log::listen();
    let mut bank = reference_bank();
    bank.goes_to_the_scanner();
    bank.person().sees_outcome(&[Outcome::Verified]);
    bank.kiosk = None;
    let documents = bank.institution.documents();
    let attempt = &documents[0].palm.as_ref().unwrap().attempts[0];
    let SealState::Valid(seal) = &attempt.scan.as_ref().unwrap().seal else {
        panic!("a scan that was signed")
    };
    let secrets = [IIN.as_bytes(), MY_TAG.as_bytes(), &seal.statement].map(<[u8]>::to_vec);
    log.keeps(&secrets);
    folder_keeps(bank.institution.folder.path(), &secrets);
}
