//! The AI10 driver against the simulated module, over a real pseudo-terminal.
#![cfg(unix)]
// The configuration of clippy lets `unwrap` pass in tests, but not in what tests share.
#![allow(clippy::unwrap_used)]

use std::fmt::Debug;
use std::io::Write;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use palm::sim::{Fault, SimSettings, Simulator};
use palm::{
    CaptureEvent, EnrolOutcome, HandState, PalmError, PalmScanner, ReferenceId, SubjectTag, VerifyOutcome,
};
use serialport::{SerialPort, TTYPort};
use verification::capture::DeviceFault;

/// The shortest limit that the module accepts.
const LIMIT: Duration = Duration::from_secs(3);

fn simulate(faults: &[Fault]) -> Simulator {
    let note_interval = Duration::from_millis(20);
    Simulator::start(SimSettings {
        faults: faults.to_vec(),
        note_interval,
        ..SimSettings::default()
    })
    .unwrap()
}

fn open(simulator: &Simulator) -> Box<dyn PalmScanner> {
    let driver = palm::driver("dfrobot-ai10").unwrap();
    (driver.open)(simulator.port().to_str().unwrap(), driver.baud).unwrap()
}

fn tag() -> SubjectTag {
    SubjectTag::new("s-81f2").unwrap()
}

fn go_on(_: CaptureEvent) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// The outcome as text, or the fault: the one form in which all results of these tests are compared.
fn said<T: Debug>(result: Result<T, PalmError>) -> String {
    match result {
        Ok(value) => format!("{value:?}"),
        Err(error) => format!("fault {:?}: {error}", error.fault()),
    }
}

#[test]
fn a_reference_lives_and_goes() {
    let simulator = simulate(&[]);
    let mut scanner = open(&simulator);
    let info = scanner.info().unwrap();
    assert_eq!(
        (info.firmware.as_str(), info.serial.as_str()),
        ("AI10-SIM 1.0.0", "SIM-0000-0001")
    );
    assert!(info.capabilities.vascular && !info.capabilities.geometry && !info.capabilities.temperature);

    assert_eq!(scanner.list().unwrap(), []);
    assert_eq!(scanner.verify(LIMIT, &mut go_on).unwrap(), VerifyOutcome::NoMatch);
    assert_eq!(
        scanner.enrol(&tag(), LIMIT, &mut go_on).unwrap(),
        EnrolOutcome::Enrolled(ReferenceId(1001))
    );
    assert_eq!(
        scanner.enrol(&tag(), LIMIT, &mut go_on).unwrap(),
        EnrolOutcome::Enrolled(ReferenceId(1002))
    );
    assert_eq!(scanner.list().unwrap(), [ReferenceId(1001), ReferenceId(1002)]);
    match scanner.verify(LIMIT, &mut go_on).unwrap() {
        VerifyOutcome::Identified { reference, tag } => {
            assert_eq!((reference, tag.expose().as_str()), (ReferenceId(1002), "s-81f2"));
        }
        other => panic!("{other:?}"),
    }
    scanner.delete(ReferenceId(1001)).unwrap();
    scanner.delete(ReferenceId(1002)).unwrap();
    scanner.delete(ReferenceId(1002)).unwrap();
    assert_eq!(scanner.list().unwrap(), []);
    assert_eq!(scanner.verify(LIMIT, &mut go_on).unwrap(), VerifyOutcome::NoMatch);
}

/// Enrols and verifies under faults and compares what the two calls say.
fn check(faults: &[&str], enrol: &str, verify: &str) {
    let parsed: Vec<Fault> = faults.iter().map(|name| name.parse().unwrap()).collect();
    let simulator = simulate(&parsed);
    let mut scanner = open(&simulator);
    assert_eq!(
        said(scanner.enrol(&tag(), LIMIT, &mut go_on)),
        enrol,
        "enrol with {faults:?}"
    );
    assert_eq!(
        said(scanner.verify(LIMIT, &mut go_on)),
        verify,
        "verify with {faults:?}"
    );
}

const ENROLLED: &str = "Enrolled(ReferenceId(1001))";
const IDENTIFIED: &str = "Identified { reference: ReferenceId(1001), tag: (sensitive) }";

#[test]
fn what_a_good_driver_rides_out() {
    for fault in [
        "boot-delay",
        "drip",
        "junk",
        "progress",
        "sync-in-data",
        "ready-after-reset",
        "long-list",
    ] {
        check(&[fault], ENROLLED, IDENTIFIED);
    }
    check(
        &["junk", "drip", "progress", "sync-in-data", "boot-delay"],
        ENROLLED,
        IDENTIFIED,
    );
}

#[test]
fn what_a_person_causes_is_an_outcome() {
    check(&["liveness"], "NotLive", "NotLive");
    check(&["no-match"], ENROLLED, "NoMatch");
    check(&["full"], "Full", "NoMatch");
    check(&["nobody"], "TimedOut", "TimedOut");
    check(&["face"], "NoPalm", "NoMatch");
    check(&["result=1"], "Rejected", "NoMatch");
    check(
        &["result=10"],
        "AlreadyEnrolled",
        "fault Protocol: the command \"verify\" failed",
    );
    check(
        &["result=26"],
        "fault Protocol: the command \"enrol\" failed",
        "NoPalm",
    );
    check(
        &["result=239"],
        "fault Protocol: the command \"enrol\" failed",
        "NoMatch",
    );
    check(
        &["result=241"],
        "AlreadyEnrolled",
        "fault Protocol: the command \"verify\" failed",
    );
}

#[test]
fn what_the_device_causes_is_a_named_fault() {
    let mute = "fault Timeout: no answer to the command \"reset\"";
    check(&["silence"], mute, mute);
    let garbled = "fault Protocol: no valid answer to the command \"reset\" in what was received";
    check(&["bad-check"], garbled, garbled);
    check(&["wrong-id"], garbled, garbled);
    for code in [2, 4, 5, 7, 14, 19, 20, 21] {
        let failed = |command| format!("fault Protocol: the command \"{command}\" failed");
        check(&[&format!("result={code}")], &failed("enrol"), &failed("verify"));
    }
    // Success without the fields that belong to it.
    check(
        &["result=0"],
        "fault Protocol: the command \"enrol\" failed",
        "fault Protocol: the command \"verify\" failed",
    );
}

#[test]
fn a_restart_ends_the_capture_and_nothing_else() {
    let restarted = "fault Disconnected: the module restarted during the command \"enrol\"";
    check(&["reboot"], restarted, "NoMatch");
}

#[test]
fn what_is_left_of_one_command_never_answers_the_next() {
    let check = |fault: Fault, expect: &str| {
        let simulator = simulate(&[fault]);
        let mut scanner = open(&simulator);
        assert_eq!(said(scanner.list()), expect);
        assert_eq!(said(scanner.enrol(&tag(), LIMIT, &mut go_on)), ENROLLED);
        assert_eq!(scanner.list().unwrap(), [ReferenceId(1001)]);
        assert_eq!(said(scanner.verify(LIMIT, &mut go_on)), IDENTIFIED);
    };
    check(Fault::Late, "fault Timeout: no answer to the command \"list\"");
    check(
        Fault::Stall,
        "fault Protocol: no valid answer to the command \"list\" in what was received",
    );
}

#[test]
fn a_cancelled_capture_does_not_end_the_next() {
    let simulator = simulate(&[Fault::LateAbort]);
    let mut scanner = open(&simulator);
    scanner.enrol(&tag(), LIMIT, &mut go_on).unwrap();
    let mut at_once = |_| ControlFlow::Break(());
    for _ in 0..3 {
        assert_eq!(
            scanner.verify(LIMIT, &mut at_once).unwrap(),
            VerifyOutcome::Cancelled
        );
        assert_eq!(said(scanner.verify(LIMIT, &mut go_on)), IDENTIFIED);
    }
}

/// As from a module of another speed, or another device.
#[test]
fn endless_noise_is_a_protocol_fault_within_two_seconds() {
    let (mut master, slave) = TTYPort::pair().unwrap();
    let port = slave.name().unwrap();
    let enough = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut byte = 1u8;
            while !enough.load(Ordering::Relaxed) {
                byte = byte.wrapping_mul(5).wrapping_add(113);
                // A full buffer only means that the driver has stopped reading.
                let _ = master.write(&[byte]);
            }
        });
        let driver = palm::driver("dfrobot-ai10").unwrap();
        let mut scanner = (driver.open)(&port, driver.baud).unwrap();
        let asked_at = Instant::now();
        let error = scanner.info().map(drop);
        let took = asked_at.elapsed();
        enough.store(true, Ordering::Relaxed);
        assert_eq!(error.unwrap_err().fault(), DeviceFault::Protocol);
        assert!(took < Duration::from_secs(2), "{took:?}");
    });
}

#[test]
fn a_face_does_not_stay_behind() {
    let simulator = simulate(&[Fault::Face]);
    let mut scanner = open(&simulator);
    assert_eq!(
        scanner.enrol(&tag(), LIMIT, &mut go_on).unwrap(),
        EnrolOutcome::NoPalm
    );
    assert_eq!(
        scanner.verify(LIMIT, &mut go_on).unwrap(),
        VerifyOutcome::NoMatch,
        "the store is empty"
    );
}

#[test]
fn the_watch_sees_the_hand_and_may_end_the_capture() {
    let simulator = simulate(&[]);
    let mut scanner = open(&simulator);
    let mut seen = Vec::new();
    let mut watch = |event| {
        if let CaptureEvent::Hand(state) = event {
            seen.push(state);
        }
        ControlFlow::Continue(())
    };
    scanner.enrol(&tag(), LIMIT, &mut watch).unwrap();
    assert_eq!(
        (seen.len(), seen[0], seen[2]),
        (3, HandState::TooFar, HandState::InPlace)
    );

    let mut at_first_hand = |event| match event {
        CaptureEvent::Hand(_) => ControlFlow::Break(()),
        CaptureEvent::Waiting => ControlFlow::Continue(()),
    };
    assert_eq!(
        scanner.verify(LIMIT, &mut at_first_hand).unwrap(),
        VerifyOutcome::Cancelled
    );
    let mut at_once = |_| ControlFlow::Break(());
    assert_eq!(
        scanner.enrol(&tag(), LIMIT, &mut at_once).unwrap(),
        EnrolOutcome::Cancelled
    );
    assert_eq!(scanner.list().unwrap(), [ReferenceId(1001)]);
    scanner.cancel().unwrap();
    assert_eq!(said(scanner.verify(LIMIT, &mut go_on)), IDENTIFIED);
}

#[test]
fn an_unplugged_module_is_noticed_at_once() {
    let simulator = simulate(&[Fault::Nobody]);
    let mut scanner = open(&simulator);
    let mut plugged = Some(simulator);
    let mut unplugged_at = None;
    let mut unplug = |_| {
        if plugged.take().is_some() {
            unplugged_at = Some(Instant::now());
        }
        ControlFlow::Continue(())
    };
    let error = scanner.verify(LIMIT, &mut unplug).unwrap_err();
    assert_eq!(error.fault(), DeviceFault::Disconnected);
    assert!(unplugged_at.unwrap().elapsed() < Duration::from_secs(2));
    assert_eq!(scanner.info().unwrap_err().fault(), DeviceFault::Disconnected);
}

#[test]
fn a_line_that_breaks_inside_a_frame_is_no_answer() {
    check(
        &["hang-up"],
        "fault Disconnected: could not exchange bytes for the command \"enrol\"",
        "fault Disconnected: could not exchange bytes for the command \"reset\"",
    );
}

#[test]
fn a_port_has_one_owner() {
    let simulator = simulate(&[]);
    let port = simulator.port().to_str().unwrap();
    let driver = palm::driver("dfrobot-ai10").unwrap();
    let mut first = open(&simulator);
    let second = (driver.open)(port, driver.baud).err().unwrap();
    assert_eq!(second.fault(), DeviceFault::Busy);
    first.info().unwrap();
    drop(first);
    open(&simulator).info().unwrap();
}
