//! Stories of the whole kiosk without its window: real clip, real models, real store, real line, real gateway.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

mod common;

use alaqan::config::Config;
use alaqan::kiosk::Kiosk;
use camera::{Fault, FaultHandle};
use common::secrets::{Log, folder_keeps};
use common::{Institution, alone, attack, clip, offered, sitting_still};
use ipc::{CameraTrouble, Intent, Link, Outcome, Prompt, Screen};
use verification::capture::CameraIdentity;
use verification::evidence::{Outcome as Recorded, StillPurpose};
use verification::pad::AttemptFailure;
use verification::pad::parts::{Finding, PadPart};

#[test]
fn a_person_is_captured_delivered_and_verified() {
    let _alone = alone();
    let clip = clip();
    let mut institution = Institution::found();
    institution.open_gateway();
    let mut person = institution.kiosk(&clip, &offered(&clip));
    person.goes_to_the_camera();
    let (_, record) = person.sees_outcome(&[Outcome::Verified]);
    person.sees("an empty outbox", |view| view.pending == 0);
    person.wants(Intent::Finish);
    person.sees("welcome", |view| view.screen == Screen::Welcome);
    drop(person);

    assert_eq!(institution.comparisons(), 1);
    let [document] = &institution.documents()[..] else {
        panic!("one document")
    };
    assert_eq!(document.document_id.to_string(), record);
    assert_eq!(document.outcome, Recorded::AwaitingIdentification);
    assert_eq!(document.claim.as_ref().unwrap().expose(), common::IIN);
    let passed = document.attempts.last().unwrap();
    assert_eq!(passed.failure, None);
    assert_eq!(passed.challenges.len(), 3);
    assert!(
        passed
            .challenges
            .iter()
            .all(|challenge| challenge.completed_at.is_some())
    );
    assert!(
        document
            .stills
            .iter()
            .any(|still| still.purpose == StillPurpose::Comparison)
    );
    assert_eq!(document.stills.len(), 4);
    assert!(
        document
            .stills
            .iter()
            .all(|still| still.sample.jpeg.expose().starts_with(&[0xff, 0xd8]))
    );
    assert!(document.camera.as_ref().unwrap().replay);
}

#[test]
fn the_third_failed_attempt_ends_it() {
    let _alone = alone();
    let (_folder, sitting) = sitting_still(&clip());
    let mut institution = Institution::found();
    institution.open_gateway();
    let mut person = institution.kiosk(&sitting, "challenge_window_ms = 1500");
    person.goes_to_the_camera();
    for left in [2, 1] {
        let offers_another = |view: &ipc::View| matches!(view.screen, Screen::AttemptFailed { left: shown, .. } if shown == left);
        person.sees("another attempt", offers_another);
        person.wants(Intent::Retry);
    }
    // No attempt is left, but people are; whoever does not want them is at the end.
    person.sees("the way to people", |view| {
        matches!(
            view.screen,
            Screen::AttemptFailed {
                left: 0,
                next: ipc::NextAttempt::People,
                ..
            }
        ) && view.may_stand_aside
    });
    person.wants(Intent::Cancel);
    person.sees_outcome(&[Outcome::NotVerified]);
    person.sees("an empty outbox", |view| view.pending == 0);
    drop(person);

    assert_eq!(
        institution.comparisons(),
        0,
        "nothing is compared that did not pass"
    );
    let [document] = &institution.documents()[..] else {
        panic!("one document")
    };
    assert_eq!(document.outcome, Recorded::NotVerified);
    assert!(document.stills.is_empty());
    let failures: Vec<_> = document.attempts.iter().map(|attempt| attempt.failure).collect();
    assert_eq!(failures.len(), 3);
    assert!(
        failures
            .iter()
            .all(|failure| matches!(failure, Some(AttemptFailure::NotPerformed(_)))),
        "{failures:?}"
    );
}

/// A screen that shows a person who moves as asked. Whether all actions are seen or not, what speaks against the
/// presentation is said.
#[test]
fn a_replayed_person_is_refused_and_never_compared() {
    let _alone = alone();
    let Some(attack) = attack() else {
        println!("not told: this story needs ALAQAN_FOOTAGE with a replay attack, and the passive models");
        return;
    };
    let mut institution = Institution::found();
    institution.open_gateway();
    let mut person = institution.kiosk(&attack, &format!("{}\nattempts = 1", offered(&attack)));
    person.goes_to_the_camera();
    person.sees_outcome(&[Outcome::AttackSuspected]);
    person.sees("an empty outbox", |view| view.pending == 0);
    drop(person);
    assert_eq!(institution.comparisons(), 0);
    let [document] = &institution.documents()[..] else {
        panic!("one document")
    };
    let [attempt] = &document.attempts[..] else {
        panic!("one attempt")
    };
    let passive = attempt
        .parts
        .iter()
        .find(|record| record.part == PadPart::Passive);
    let passive = passive.unwrap();
    assert_eq!(passive.finding, Finding::Against);
    assert!(passive.value.unwrap() < document.policy.passive_min);
    assert!(document.stills.is_empty());
}

#[test]
fn without_a_line_it_is_recorded_and_delivered_later() {
    let _alone = alone();
    let clip = clip();
    let mut institution = Institution::found();
    let policy = format!("{}\nidentification_patience_ms = 500", offered(&clip));
    let mut person = institution.kiosk(&clip, &policy);
    person.goes_to_the_camera();
    let (_, record) = person.sees_outcome(&[Outcome::AwaitingIdentification]);
    assert!(!record.is_empty());
    assert_eq!((person.seen.link, person.seen.pending), (Link::Offline, 1));

    institution.open_gateway();
    person.sees_outcome(&[Outcome::Verified]);
    person.sees("an empty outbox", |view| {
        view.pending == 0 && view.link == Link::Online
    });
    drop(person);
    assert_eq!(institution.documents().len(), 1);
    assert_eq!(institution.comparisons(), 1);
}

#[test]
fn a_kiosk_that_is_stopped_leaves_the_record_of_its_session() {
    let _alone = alone();
    let clip = clip();
    let mut institution = Institution::found();
    let mut person = institution.kiosk(&clip, &offered(&clip));
    person.goes_to_the_camera();
    person.sees("the camera", |view| matches!(view.screen, Screen::Face { .. }));
    drop(person);

    institution.open_gateway();
    let mut next = institution.kiosk(&clip, &offered(&clip));
    next.sees("an empty outbox", |view| {
        view.link == Link::Online && view.pending == 0
    });
    drop(next);
    let [document] = &institution.documents()[..] else {
        panic!("one document")
    };
    assert_eq!(document.outcome, Recorded::Withdrawn);
}

#[test]
fn a_clip_that_cannot_be_read_is_a_missing_device_and_burns_no_attempt() {
    let _alone = alone();
    let (folder, broken) = sitting_still(&clip());
    std::fs::write(folder.path().join(&broken.file), b"this is no film").unwrap();
    let mut institution = Institution::found();
    institution.open_gateway();
    let mut person = institution.kiosk(&broken, "");
    person.goes_to_the_camera();
    person.sees("what is wrong", |view| {
        view.screen
            == Screen::CameraTrouble {
                trouble: CameraTrouble::Missing,
            }
    });
    person.wants(Intent::Cancel);
    let (_, record) = person.sees_outcome(&[Outcome::Withdrawn]);
    assert!(!record.is_empty());
    person.sees("an empty outbox", |view| view.pending == 0);
    drop(person);
    assert!(institution.documents()[0].attempts.is_empty());
}

/// The camera hangs, is unplugged, is covered and stands still in the middle of attempts; each time the screen says
/// so and the session goes on when the camera is back.
#[test]
fn a_camera_that_fails_in_the_middle_burns_no_attempt() {
    let _alone = alone();
    let clip = clip();
    let mut institution = Institution::found();
    institution.open_gateway();
    let plug = FaultHandle::new(CameraIdentity {
        name: "simulated".into(),
        bus_id: "usb 1234:5678 1-1:1.0".into(),
        replay: false,
    });
    let mut person = institution.kiosk_with_plug(&clip, &offered(&clip), &plug);
    person.goes_to_the_camera();
    for (fault, trouble) in [
        (Fault::Blocks, CameraTrouble::Silent),
        (Fault::Disconnected, CameraTrouble::Missing),
        (Fault::Black, CameraTrouble::Black),
    ] {
        person.sees("the first attempt", |view| {
            matches!(
                view.screen,
                Screen::Face {
                    attempt: 1,
                    prompt: Prompt::TurnLeft
                        | Prompt::TurnRight
                        | Prompt::LookUp
                        | Prompt::LookDown
                        | Prompt::Blink
                        | Prompt::OpenMouth
                        | Prompt::Smile,
                    ..
                }
            )
        });
        plug.set(fault);
        person.sees("what is wrong", |view| {
            view.screen == Screen::CameraTrouble { trouble }
        });
        plug.set(Fault::None);
    }
    person.sees_outcome(&[Outcome::Verified]);
    person.sees("an empty outbox", |view| view.pending == 0);
    drop(person);
    let documents = institution.documents();
    let failures: Vec<_> = documents[0]
        .attempts
        .iter()
        .map(|attempt| attempt.failure)
        .collect();
    let interrupted = Some(AttemptFailure::Interrupted);
    assert_eq!(failures, [interrupted, interrupted, interrupted, None]);
    assert!(!documents[0].camera.as_ref().unwrap().replay);
}

#[test]
fn a_missing_model_is_named_with_the_command_that_gets_it() {
    let institution = Institution::found();
    let (_folder, sitting) = sitting_still(&clip());
    let path = institution.kiosk_config(&sitting, "", (1080, 1920));
    let empty = institution.folder.path().join("no-models");
    std::fs::create_dir(&empty).unwrap();
    let config = Config {
        models: empty,
        ..Config::load(&path).unwrap()
    };
    let error = Kiosk::start(config).err().expect("there are no models");
    let message = alaqan::chain(&error);
    assert!(
        message.contains("mediapipe_face_detection_short_range.onnx"),
        "{message}"
    );
    assert!(message.contains("cargo xtask models"), "{message}");
}

#[test]
fn nothing_personal_is_readable() {
    let _alone = alone();
    let log = Log::listen();
    let clip = clip();
    let mut institution = Institution::found();
    institution.open_gateway();
    let mut person = institution.kiosk(&clip, &offered(&clip));
    person.goes_to_the_camera();
    person.sees_outcome(&[Outcome::Verified]);
    drop(person);
    let documents = institution.documents();

    let mut secrets: Vec<Vec<u8>> = vec![common::IIN.as_bytes().to_vec()];
    for still in documents.iter().flat_map(|document| &document.stills) {
        let jpeg = still.sample.jpeg.expose();
        secrets.push(jpeg[jpeg.len() / 2..][..24].to_vec());
    }
    assert!(secrets.len() > 1);
    log.keeps(&secrets);
    folder_keeps(institution.folder.path(), &secrets);
}
