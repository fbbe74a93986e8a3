//! The driver of the reference protocol against the simulated scanner, which was written from the page and not from
//! the driver, over real pseudo-terminals.
#![cfg(unix)]
// The configuration of clippy lets `unwrap` pass in tests, but not in what tests share.
#![allow(clippy::unwrap_used)]

use std::fmt::Debug;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use palm::sim::{Fault, Presented, Protocol, SimSettings, Simulator};
use palm::{CaptureEvent, Notice, Opening, PalmError, PalmScanner};
use verification::capture::DeviceFault;
use verification::palm::{
    EnrolOutcome, HandPosition, PalmCapabilities, PalmReference, PalmScan, ScanOrder, ScanResult, SealFault,
    SealState, SubjectTag,
};

/// The shortest that the page allows.
const LIMIT: Duration = Duration::from_secs(1);

fn faults(names: &[&str]) -> Vec<Fault> {
    names.iter().map(|name| name.parse().unwrap()).collect()
}

fn settings(names: &[&str]) -> SimSettings {
    SimSettings {
        protocol: Protocol::Reference,
        faults: faults(names),
        note_interval: Duration::from_millis(50),
        ..SimSettings::default()
    }
}

fn simulate(names: &[&str]) -> Simulator {
    Simulator::start(settings(names)).unwrap()
}

fn open_with(simulator: &Simulator, device_key: Option<Vec<u8>>) -> Box<dyn PalmScanner> {
    let driver = palm::driver("reference").unwrap();
    let opening = Opening {
        port: simulator.port().to_str().unwrap().to_owned(),
        baud: driver.baud,
        device_key,
    };
    (driver.open)(&opening).unwrap()
}

fn open(simulator: &Simulator) -> Box<dyn PalmScanner> {
    open_with(simulator, None)
}

fn go_on(_: CaptureEvent) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn order(seed: u8) -> ScanOrder {
    ScanOrder {
        limit: LIMIT,
        challenge: [seed; 32],
    }
}

fn verify(scanner: &mut dyn PalmScanner) -> Result<PalmScan, PalmError> {
    scanner.verify(&order(7), &mut go_on).map(Option::unwrap)
}

fn enrol(scanner: &mut dyn PalmScanner) -> Result<EnrolOutcome, PalmError> {
    let tag = SubjectTag::new("s-81f2").unwrap();
    scanner.enrol(&tag, LIMIT, &mut go_on).map(Option::unwrap)
}

/// The outcome as text, or the fault with its cause: the one form in which all results of these tests are compared.
fn said<T: Debug>(result: Result<T, PalmError>) -> String {
    match result {
        Ok(value) => format!("{value:?}"),
        Err(error) => {
            let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
            format!("fault {:?}: {error}{}", error.fault(), cause.unwrap_or_default())
        }
    }
}

/// What a valid seal holds of chain and challenge.
fn links(scan: &PalmScan) -> (u64, [u8; 32], Vec<u8>) {
    let SealState::Valid(seal) = &scan.seal else {
        panic!("{:?}", scan.seal);
    };
    let counter = u64::from_le_bytes(seal.statement[58..66].try_into().unwrap());
    let challenge = seal.statement[66..98].try_into().unwrap();
    (counter, challenge, seal.statement[116..].to_vec())
}

#[test]
fn a_reference_lives_and_goes() {
    let simulator = simulate(&[]);
    let mut scanner = open(&simulator);
    let info = scanner.info().unwrap();
    assert_eq!(info.identity.driver, "reference");
    assert!(!info.identity.model.is_empty() && !info.identity.serial.is_empty());
    let all = PalmCapabilities {
        vascular: true,
        volume: true,
        temperature: true,
        liveness: true,
        seal: true,
    };
    assert_eq!(info.identity.capabilities, all);
    let checks = scanner.self_test().unwrap();
    assert!(
        checks.len() > 5 && checks.iter().all(|check| check.passed),
        "{checks:?}"
    );

    assert_eq!(scanner.list().unwrap(), []);
    assert_eq!(verify(&mut *scanner).unwrap().result, ScanResult::NoMatch);
    let EnrolOutcome::Enrolled(reference) = enrol(&mut *scanner).unwrap() else {
        panic!("not enrolled");
    };
    assert_eq!(scanner.list().unwrap(), [reference]);
    let scan = verify(&mut *scanner).unwrap();
    assert_eq!(scan.result, ScanResult::Identified(reference));
    let readings = scan.readings;
    assert_eq!(
        (
            readings.volume_ml,
            readings.surface_temperature_celsius,
            readings.ambient_temperature_celsius
        ),
        (Some(360.0), Some(33.4), Some(23.5))
    );
    assert!(readings.vascular_quality > Some(0.5) && readings.liveness > Some(0.5));
    scanner.delete(reference).unwrap();
    scanner.delete(reference).unwrap();
    scanner.delete(PalmReference(0)).unwrap();
    scanner.delete(PalmReference(u32::MAX)).unwrap();
    assert_eq!(scanner.list().unwrap(), []);
    assert_eq!(verify(&mut *scanner).unwrap().result, ScanResult::NoMatch);
}

#[test]
fn captures_are_a_chain_that_outlives_the_host() {
    let simulator = simulate(&[]);
    let mut counters = Vec::new();
    for _ in 0..2 {
        let mut scanner = open(&simulator);
        for seed in [1, 2] {
            let scan = scanner.verify(&order(seed), &mut go_on).unwrap().unwrap();
            let (counter, challenge, _) = links(&scan);
            assert_eq!(challenge, [seed; 32]);
            counters.push(counter);
        }
    }
    assert_eq!(counters, [1, 2, 3, 4]);
}

#[test]
fn a_long_list_comes_in_pages() {
    let simulator = Simulator::start(SimSettings {
        enrolled: (0..30).map(|number| format!("s-{number}")).collect(),
        ..settings(&[])
    })
    .unwrap();
    let expect: Vec<_> = simulator
        .handle()
        .enrolled()
        .into_iter()
        .map(|(reference, _)| PalmReference(reference))
        .collect();
    let mut scanner = open(&simulator);
    assert_eq!(scanner.list().unwrap(), expect);
    assert_eq!(expect.len(), 30);
    scanner.delete(expect[14]).unwrap();
    assert!(!scanner.list().unwrap().contains(&expect[14]));
}

/// Checks all cases at the same time: most of them wait for a limit to pass.
fn check_all(cases: &[(&[&str], &str, &str)]) {
    std::thread::scope(|scope| {
        for (names, enrolled, verified) in cases {
            scope.spawn(|| check(names, enrolled, verified));
        }
    });
}

/// Enrols and verifies under faults and compares what the two calls say, of the scan its result.
fn check(names: &[&str], enrolled: &str, verified: &str) {
    let simulator = simulate(names);
    let mut scanner = open(&simulator);
    assert_eq!(said(enrol(&mut *scanner)), enrolled, "enrol with {names:?}");
    let scan = verify(&mut *scanner).map(|scan| scan.result);
    assert_eq!(said(scan), verified, "verify with {names:?}");
}

const ENROLLED: &str = "Enrolled(PalmReference(1))";
const IDENTIFIED: &str = "Identified(PalmReference(1))";

#[test]
fn what_a_good_driver_rides_out() {
    check_all(&[
        (&["boot-delay"], ENROLLED, IDENTIFIED),
        (&["drip"], ENROLLED, IDENTIFIED),
        (&["junk"], ENROLLED, IDENTIFIED),
        (&["sticky"], ENROLLED, IDENTIFIED),
        (&["bad-check:identity@1"], ENROLLED, IDENTIFIED),
        (&["wrong-id:head@1"], ENROLLED, IDENTIFIED),
        (&["silence:hello@1"], ENROLLED, IDENTIFIED),
        (&["junk", "drip", "boot-delay"], ENROLLED, IDENTIFIED),
    ]);
}

#[test]
fn what_a_person_causes_is_an_outcome() {
    check_all(&[
        (&["liveness"], "NotLive", "NotLive"),
        (&["no-match"], ENROLLED, "NoMatch"),
        (&["full"], "Full", "NoMatch"),
        (&["nobody"], "NothingPresented", "NothingPresented"),
        (&["face"], "NotAPalm", "NotAPalm"),
        (&["result=4:enrol"], "Rejected", "NoMatch"),
        (&["result=2:enrol"], "AlreadyEnrolled", "NoMatch"),
    ]);
}

#[test]
fn what_the_scanner_causes_is_a_fault() {
    let of = |command: &str, what: &str| format!("fault Protocol: the command \"{command}\" failed: {what}");
    let against = |command: &str, what: &str| {
        of(
            command,
            &format!("the answer is against the protocol: the payload holds an impossible {what}"),
        )
    };
    let version = of(
        "hello",
        "the scanner refused: it speaks versions 7 to 7 of the protocol",
    );
    let mute = |command: &str| format!("fault Timeout: no answer to the command \"{command}\"");
    let garbled = |command: &str| {
        format!("fault Protocol: no valid answer to the command \"{command}\" in what was received")
    };
    let restarted = "fault Disconnected: the module restarted during the command \"capture\"";
    check_all(&[
        (&["result=6:verify"], ENROLLED, &against("capture", "result")),
        (&["result=0:verify"], ENROLLED, &against("capture", "result")),
        // Success without a reference.
        (&["result=1:verify"], ENROLLED, &against("capture", "reference")),
        (&["result=1:enrol"], &against("enrol", "reference"), "NoMatch"),
        (&["result=9:enrol"], &against("enrol", "outcome"), "NoMatch"),
        (
            &["failed=1:verify"],
            ENROLLED,
            &of("capture", "the scanner failed: image sensor (detail 0000)"),
        ),
        (
            &["refused=4:verify"],
            ENROLLED,
            &of("capture", "the scanner refused: it is busy"),
        ),
        (&["unknown-version"], &version, &version),
        (&["reboot:verify"], ENROLLED, restarted),
        (&["silence"], &mute("hello"), &mute("hello")),
        (&["garbage"], &garbled("hello"), &garbled("hello")),
        (&["bad-check"], &garbled("hello"), &garbled("hello")),
        (&["wrong-id"], &garbled("hello"), &garbled("hello")),
        (&["stall:verify"], ENROLLED, &garbled("capture")),
        (&["silence:verify"], ENROLLED, &mute("capture")),
    ]);
}

#[test]
fn what_is_wrong_with_a_seal_is_named() {
    let check = |fault: &str, expect: SealState| {
        let simulator = simulate(&[fault]);
        let mut scanner = open(&simulator);
        // The one before it is right, so that there is a chain to follow.
        simulator.handle().set_faults(Vec::new());
        assert!(matches!(verify(&mut *scanner).unwrap().seal, SealState::Valid(_)));
        simulator.handle().set_faults(faults(&[fault]));
        let scan = scanner.verify(&order(8), &mut go_on).unwrap().unwrap();
        assert_eq!(scan.seal, expect, "{fault}");
        assert_eq!(scan.result, ScanResult::NoMatch, "{fault}");
        // One bad seal is not the end of the scanner.
        simulator.handle().set_faults(Vec::new());
        assert!(
            matches!(verify(&mut *scanner).unwrap().seal, SealState::Valid(_)),
            "{fault}"
        );
    };
    check("missing-seal", SealState::Invalid(SealFault::Missing));
    check("bad-signature", SealState::Invalid(SealFault::Signature));
    check("other-key", SealState::Invalid(SealFault::Key));
    check("stale-nonce", SealState::Invalid(SealFault::Challenge));
    check("other-content", SealState::Invalid(SealFault::Content));
    check("broken-chain", SealState::Invalid(SealFault::Chain));
}

#[test]
fn the_key_is_pinned() {
    let simulator = simulate(&[]);
    let key = {
        let scan = verify(&mut *open(&simulator)).unwrap();
        let SealState::Valid(seal) = scan.seal else {
            panic!("{:?}", scan.seal);
        };
        seal.key
    };
    let check = |simulator: &Simulator, pinned: &[u8], expect: Option<SealFault>| {
        let mut scanner = open_with(simulator, Some(pinned.to_vec()));
        let fault = match verify(&mut *scanner).unwrap().seal {
            SealState::Invalid(fault) => Some(fault),
            SealState::Valid(_) => None,
            SealState::Absent => panic!("absent"),
        };
        assert_eq!(fault, expect);
        let tested = scanner.self_test().unwrap();
        let passed = tested.iter().find(|check| check.name == "key").unwrap().passed;
        assert_eq!(passed, expect.is_none());
    };
    check(&simulator, &key, None);
    check(&simulator, &[2; 33], Some(SealFault::Key));
    // A scanner that says that it cannot sign is not the one that was pinned.
    check(&simulate(&["no-seal"]), &key, Some(SealFault::Missing));
}

#[test]
fn what_is_not_measured_is_absent() {
    let simulator = simulate(&["no-volume", "no-temperature", "no-liveness", "no-seal"]);
    let mut scanner = open(&simulator);
    let capabilities = scanner.info().unwrap().identity.capabilities;
    let expect = PalmCapabilities {
        vascular: true,
        ..PalmCapabilities::default()
    };
    assert_eq!(capabilities, expect);
    let scan = verify(&mut *scanner).unwrap();
    let readings = scan.readings;
    assert_eq!(
        (
            readings.volume_ml,
            readings.surface_temperature_celsius,
            readings.liveness
        ),
        (None, None, None)
    );
    assert!(readings.vascular_quality.is_some());
    assert_eq!(scan.seal, SealState::Absent);
    // A sensor that gives nothing this once.
    let simulator = simulate(&["no-volume@1"]);
    let mut scanner = open(&simulator);
    assert_eq!(verify(&mut *scanner).unwrap().readings.volume_ml, None);
    assert_eq!(verify(&mut *scanner).unwrap().readings.volume_ml, Some(360.0));
}

#[test]
fn readings_outside_of_physiology_are_passed_on() {
    let simulator = simulate(&["temperature=-12.5", "volume=900", "ambient=41.25"]);
    let readings = verify(&mut *open(&simulator)).unwrap().readings;
    assert_eq!(
        (
            readings.surface_temperature_celsius,
            readings.volume_ml,
            readings.ambient_temperature_celsius
        ),
        (Some(-12.5), Some(900.0), Some(41.25))
    );
}

#[test]
fn a_capture_is_watched_and_cancelled() {
    let simulator = simulate(&[]);
    let mut scanner = open(&simulator);
    let mut seen = Vec::new();
    let watched = scanner.verify(&order(1), &mut |event| {
        if let CaptureEvent::Hand(position) = event {
            seen.push(position);
        }
        ControlFlow::Continue(())
    });
    assert_eq!(watched.unwrap().unwrap().result, ScanResult::NoMatch);
    assert_eq!(seen.first(), Some(&HandPosition::TooFar));
    assert_eq!(seen.last(), Some(&HandPosition::InPlace));

    simulator.handle().present(Presented::Nobody);
    // At the first word, and at the first chance.
    for wanted in [CaptureEvent::Hand(HandPosition::NotSeen), CaptureEvent::Waiting] {
        let mut stop = |event| {
            if event == wanted {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        assert_eq!(scanner.verify(&order(2), &mut stop).unwrap(), None);
        let tag = SubjectTag::new("s-81f2").unwrap();
        assert_eq!(scanner.enrol(&tag, LIMIT, &mut stop).unwrap(), None);
    }
    assert_eq!(scanner.list().unwrap(), []);
    scanner.cancel().unwrap();
    simulator.handle().present(Presented::Stranger);
    assert!(matches!(verify(&mut *scanner).unwrap().seal, SealState::Valid(_)));
}

#[test]
fn a_restart_while_idle_costs_nothing() {
    let simulator = simulate(&[]);
    let mut scanner = open(&simulator);
    scanner.info().unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    let mut restarted = || {
        loop {
            assert!(Instant::now() < deadline, "no notice");
            match scanner.listen().unwrap() {
                Some(Notice::Restarted) => break,
                Some(other) => panic!("{other:?}"),
                None => {}
            }
        }
    };
    simulator.handle().reboot();
    restarted();
    assert!(matches!(verify(&mut *scanner).unwrap().seal, SealState::Valid(_)));
    // And one that nobody listened to.
    simulator.handle().reboot();
    assert!(matches!(verify(&mut *scanner).unwrap().seal, SealState::Valid(_)));
    simulator.handle().reboot();
    scanner.info().unwrap();
}

#[test]
fn a_fault_of_the_scanner_is_a_notice() {
    let simulator = simulate(&["broken"]);
    let mut scanner = open(&simulator);
    scanner.info().unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    let notice = std::iter::repeat_with(|| scanner.listen().unwrap())
        .take_while(|_| Instant::now() < deadline)
        .flatten()
        .next();
    assert_eq!(notice, Some(Notice::Fault("image sensor".to_owned())));
    let checks = scanner.self_test().unwrap();
    let broken: Vec<_> = checks
        .iter()
        .filter(|check| !check.passed)
        .map(|check| &check.name)
        .collect();
    assert_eq!(broken, ["state", "image sensor"]);
}

/// Another device on the port, and none: each has its name within 2 s, and a little for a slow machine.
#[test]
fn another_device_has_a_name_in_time() {
    let check = |protocol: Protocol, boot_ms: u64, names: &[&str], expect: &str| {
        let simulator = Simulator::start(SimSettings {
            protocol,
            boot: Duration::from_millis(boot_ms),
            ..settings(names)
        })
        .unwrap();
        let mut scanner = open(&simulator);
        let asked_at = Instant::now();
        assert_eq!(said(scanner.info().map(|_| ())), expect, "{protocol}");
        let took = asked_at.elapsed();
        assert!(took < Duration::from_millis(2500), "{protocol}: {took:?}");
    };
    let mute = "fault Timeout: no answer to the command \"hello\"";
    let garbled = "fault Protocol: no valid answer to the command \"hello\" in what was received";
    check(Protocol::Reference, 0, &["silence"], mute);
    check(Protocol::Reference, 0, &["garbage"], garbled);
    check(Protocol::Reference, 0, &["stall"], garbled);
    // It says that it is ready, here while it is asked, and does not understand the rest.
    check(Protocol::DfrobotAi10, 1000, &[], garbled);
    check(Protocol::Mcu90615, 0, &[], mute);
}

#[test]
fn a_pulled_plug_is_a_line_that_is_gone() {
    let simulator = simulate(&[]);
    let mut scanner = open(&simulator);
    scanner.info().unwrap();
    let handle = simulator.handle();
    let cut = scanner.verify(&order(1), &mut |event| {
        if matches!(event, CaptureEvent::Hand(_)) {
            handle.unplug();
        }
        ControlFlow::Continue(())
    });
    assert_eq!(cut.unwrap_err().fault(), DeviceFault::Disconnected);
    assert!(scanner.listen().is_err());
    assert!(scanner.info().is_err());
}
