//! What every palm driver does, on a real pseudo-terminal against the simulated device of its protocol.
#![cfg(unix)]
// The configuration of clippy lets `unwrap` pass in tests, but not in what tests share.
#![allow(clippy::unwrap_used)]

use std::fmt::Debug;
use std::io::Write;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use palm::sim::{Handle, Presented, Protocol, SimSettings, Simulator};
use palm::{CaptureEvent, Driver, ModuleStatus, Notice, Opening, PalmError, PalmScanner};
use serialport::{SerialPort, TTYPort};
use verification::capture::DeviceFault;
use verification::palm::{
    EnrolOutcome, HandPosition, PalmReference, PalmScan, ScanOrder, ScanResult, SealState, SubjectTag,
};

/// The shortest limit that every scanner accepts.
const LIMIT: Duration = Duration::from_secs(3);
/// Within so much a fault has a name.
const NAMED_WITHIN: Duration = Duration::from_secs(2);

/// The protocols of palm scanners, and what each does differently where that is right.
const PROTOCOLS: [Protocol; 4] = [
    Protocol::DfrobotAi10,
    Protocol::Xst,
    Protocol::DfrobotFp,
    Protocol::Reference,
];

fn is_efaa(protocol: Protocol) -> bool {
    protocol != Protocol::Reference
}

/// A scanner and the device that it speaks to.
struct Bench {
    protocol: Protocol,
    scanner: Box<dyn PalmScanner>,
    device: Handle,
    _simulator: Simulator,
}

impl Bench {
    fn new(protocol: Protocol, faults: &[&str]) -> Self {
        let simulator = Simulator::start(SimSettings {
            protocol,
            faults: faults.iter().map(|fault| fault.parse().unwrap()).collect(),
            note_interval: Duration::from_millis(20),
            ..SimSettings::default()
        })
        .unwrap();
        Self {
            protocol,
            scanner: open(protocol, simulator.port().to_str().unwrap()).unwrap(),
            device: simulator.handle(),
            _simulator: simulator,
        }
    }

    /// The number of a reference among those of the device, from 1; so that what is said is the same for all.
    fn number(&self, reference: PalmReference) -> String {
        let first = match self.protocol {
            Protocol::DfrobotAi10 => 1001,
            Protocol::DfrobotFp => 501,
            _ => 1,
        };
        format!("#{}", i64::from(reference.0) - first + 1)
    }

    fn enrol(&mut self) -> String {
        self.enrol_as("s-81f2")
    }

    fn enrol_as(&mut self, tag: &str) -> String {
        let tag = SubjectTag::new(tag).unwrap();
        match self.scanner.enrol(&tag, LIMIT, &mut go_on) {
            Ok(Some(EnrolOutcome::Enrolled(reference))) => format!("Enrolled {}", self.number(reference)),
            other => said(other),
        }
    }

    fn verify(&mut self) -> String {
        match self.scanner.verify(&order(), &mut go_on) {
            Ok(Some(scan)) => self.told(&scan),
            other => said(other),
        }
    }

    fn told(&self, scan: &PalmScan) -> String {
        assert!(!matches!(scan.seal, SealState::Invalid(_)), "{scan:?}");
        match scan.result {
            ScanResult::Identified(reference) => format!("Identified {}", self.number(reference)),
            other => format!("{other:?}"),
        }
    }

    fn list(&mut self) -> String {
        match self.scanner.list() {
            Ok(all) => {
                let numbers: Vec<String> = all.into_iter().map(|one| self.number(one)).collect();
                numbers.join(" ")
            }
            Err(error) => said::<()>(Err(error)),
        }
    }
}

fn driver(protocol: Protocol) -> Option<&'static Driver> {
    palm::driver(protocol.name())
}

fn open(protocol: Protocol, port: &str) -> Result<Box<dyn PalmScanner>, PalmError> {
    let driver = driver(protocol).unwrap();
    (driver.open)(&Opening {
        port: port.to_owned(),
        baud: driver.baud,
        device_key: None,
    })
}

fn order() -> ScanOrder {
    ScanOrder {
        limit: LIMIT,
        challenge: [7; 32],
    }
}

fn go_on(_: CaptureEvent) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn stop_at_once(_: CaptureEvent) -> ControlFlow<()> {
    ControlFlow::Break(())
}

/// What a call gave, as text: the one form in which all results of these tests are compared.
fn said<T: Debug>(result: Result<Option<T>, PalmError>) -> String {
    match result {
        Ok(Some(value)) => format!("{value:?}"),
        Ok(None) => "stopped".to_owned(),
        Err(error) => format!("fault {:?}", error.fault()),
    }
}

/// Runs a test against each protocol that has a driver, all at the same time: most of it is waiting.
fn each(test: impl Fn(Protocol) + Sync) {
    let test = &test;
    std::thread::scope(|scope| {
        let running: Vec<_> = PROTOCOLS
            .into_iter()
            .filter(|protocol| driver(*protocol).is_some())
            .map(|protocol| (protocol, scope.spawn(move || test(protocol))))
            .collect();
        let broken: Vec<Protocol> = running
            .into_iter()
            .filter_map(|(protocol, thread)| thread.join().is_err().then_some(protocol))
            .collect();
        assert!(broken.is_empty(), "against {broken:?}");
    });
}

#[test]
fn a_scanner_says_what_it_is_and_tests_itself() {
    each(|protocol| {
        let mut bench = Bench::new(protocol, &[]);
        let info = bench.scanner.info().unwrap();
        assert_eq!(info.identity.driver, protocol.name());
        assert!(
            !info.identity.firmware.is_empty() && !info.identity.serial.is_empty(),
            "{info:?}"
        );
        assert_eq!(info.status, ModuleStatus::Standby);
        let can = info.identity.capabilities;
        assert!(can.vascular && can.liveness, "{can:?}");
        // A module of the family has neither scales nor a thermometer nor a key, and never claims to.
        let more = [can.volume, can.temperature, can.seal];
        assert_eq!(more, [!is_efaa(protocol); 3], "{can:?}");
        let checks = bench.scanner.self_test().unwrap();
        assert!(checks.len() >= 3, "{checks:?}");
        assert!(checks.iter().all(|check| check.passed), "{checks:?}");
    });
}

#[test]
fn a_reference_lives_and_goes() {
    each(|protocol| {
        let mut bench = Bench::new(protocol, &[]);
        assert_eq!(bench.list(), "");
        assert_eq!(bench.verify(), "NoMatch");
        assert_eq!(bench.enrol_as("s-1"), "Enrolled #1");
        assert_eq!(bench.enrol_as("s-2"), "Enrolled #2");
        assert_eq!(bench.list(), "#1 #2");
        assert_eq!(bench.verify(), "Identified #2");
        bench.device.present(Presented::Tag("s-1".to_owned()));
        assert_eq!(bench.verify(), "Identified #1");
        // Somebody else's hand.
        bench.device.present(Presented::Stranger);
        assert_eq!(bench.verify(), "NoMatch");
        bench.device.present(Presented::LastEnrolled);
        let all = bench.scanner.list().unwrap();
        for reference in all {
            bench.scanner.delete(reference).unwrap();
            // What is not there is as good as deleted.
            bench.scanner.delete(reference).unwrap();
        }
        assert_eq!(bench.list(), "");
        assert_eq!(bench.device.enrolled(), []);
        assert_eq!(bench.verify(), "NoMatch");
    });
}

#[test]
fn what_cannot_be_in_the_scanner_is_as_good_as_deleted() {
    each(|protocol| {
        let mut bench = Bench::new(protocol, &[]);
        bench.enrol();
        for number in [0, 0xFFFF, 0x1_0000, u32::MAX] {
            bench.scanner.delete(PalmReference(number)).unwrap();
        }
        assert_eq!(bench.list(), "#1");
    });
}

#[test]
fn the_watch_sees_the_hand_and_may_end_the_capture() {
    each(|protocol| {
        let mut bench = Bench::new(protocol, &[]);
        let mut seen = Vec::new();
        let tag = SubjectTag::new("s-81f2").unwrap();
        let mut watch = |event| {
            if let CaptureEvent::Hand(position) = event {
                seen.push(position);
            }
            ControlFlow::Continue(())
        };
        bench.scanner.enrol(&tag, LIMIT, &mut watch).unwrap();
        assert_eq!(seen.first(), Some(&HandPosition::TooFar));
        assert_eq!(seen.last(), Some(&HandPosition::InPlace));

        let mut at_first_hand = |event| match event {
            CaptureEvent::Hand(_) => ControlFlow::Break(()),
            CaptureEvent::Waiting => ControlFlow::Continue(()),
        };
        assert_eq!(
            said(bench.scanner.verify(&order(), &mut at_first_hand)),
            "stopped"
        );
        assert_eq!(said(bench.scanner.verify(&order(), &mut stop_at_once)), "stopped");
        assert_eq!(
            said(bench.scanner.enrol(&tag, LIMIT, &mut at_first_hand)),
            "stopped"
        );
        bench.scanner.cancel().unwrap();
        assert_eq!(bench.list(), "#1");
        assert_eq!(bench.verify(), "Identified #1");
    });
}

#[test]
fn a_stopped_capture_does_not_end_the_next() {
    each(|protocol| {
        let faults: &[&str] = if is_efaa(protocol) { &["late-abort"] } else { &[] };
        let mut bench = Bench::new(protocol, faults);
        bench.enrol();
        let mut at_first_hand = |event| match event {
            CaptureEvent::Hand(_) => ControlFlow::Break(()),
            CaptureEvent::Waiting => ControlFlow::Continue(()),
        };
        for _ in 0..3 {
            assert_eq!(
                said(bench.scanner.verify(&order(), &mut at_first_hand)),
                "stopped"
            );
            assert_eq!(bench.verify(), "Identified #1");
        }
    });
}

/// Cases that have nothing to do with each other run at the same time: most of each is waiting.
fn together<T: Send>(cases: impl IntoIterator<Item = T>, check: impl Fn(T) + Sync) {
    let check = &check;
    std::thread::scope(|scope| {
        for case in cases {
            scope.spawn(move || check(case));
        }
    });
}

/// Enrols and verifies under faults, and compares what the two calls say.
fn check(protocol: Protocol, faults: &[&str], enrol: &str, verify: &str) {
    let mut bench = Bench::new(protocol, faults);
    assert_eq!(bench.enrol(), enrol, "enrol, {protocol} with {faults:?}");
    assert_eq!(bench.verify(), verify, "verify, {protocol} with {faults:?}");
}

const ENROLLED: &str = "Enrolled #1";
const IDENTIFIED: &str = "Identified #1";

#[test]
fn what_a_good_driver_rides_out() {
    const ALL: &[&[&str]] = &[
        &["boot-delay"],
        &["drip"],
        &["sticky"],
        &["junk"],
        &["junk", "drip", "boot-delay"],
    ];
    const FAMILY: &[&[&str]] = &[
        &["progress"],
        &["sync-in-data"],
        &["long-note"],
        &["ready-after-reset"],
        &["long-list"],
        &["count-u8"],
        &["count-u16"],
        &["licence"],
        &["junk", "drip", "progress", "sync-in-data"],
    ];
    each(|protocol| {
        let own = if is_efaa(protocol) { FAMILY } else { &[] };
        together(ALL.iter().chain(own), |faults| {
            check(protocol, faults, ENROLLED, IDENTIFIED);
        });
    });
}

#[test]
fn every_form_of_a_list_is_read() {
    each(|protocol| {
        let forms: &[&str] = match is_efaa(protocol) {
            true => &["count-u8", "count-u16", "long-list", "drip", "junk"],
            false => &["drip", "junk"],
        };
        let mut bench = Bench::new(protocol, &[]);
        for tag in ["s-1", "s-2", "s-3"] {
            bench.enrol_as(tag);
        }
        for form in forms {
            bench.device.set_faults(vec![form.parse().unwrap()]);
            assert_eq!(bench.list(), "#1 #2 #3", "{protocol} with {form}");
        }
    });
}

#[test]
fn what_a_person_causes_is_an_outcome() {
    each(|protocol| {
        let cases = [
            ("liveness", "NotLive", "NotLive"),
            ("no-match", ENROLLED, "NoMatch"),
            ("full", "Full", "NoMatch"),
            ("nobody", "NothingPresented", "NothingPresented"),
        ];
        together(cases, |(fault, enrol, verify)| {
            check(protocol, &[fault], enrol, verify);
        });
    });
}

#[test]
fn a_face_is_no_palm_and_does_not_stay() {
    each(|protocol| {
        let not_a_palm = match protocol {
            // What knows nothing but palms does not see a face.
            Protocol::Xst => "NothingPresented",
            _ => "NotAPalm",
        };
        let mut bench = Bench::new(protocol, &[]);
        bench.enrol();
        bench.device.set_faults(vec!["face".parse().unwrap()]);
        assert_eq!(bench.verify(), not_a_palm);
        assert_eq!(bench.enrol_as("s-2"), not_a_palm);
        assert_eq!(bench.device.enrolled().len(), 1, "{protocol}");
    });
}

#[test]
fn every_result_of_the_family_means_one_thing() {
    each(|protocol| {
        if !is_efaa(protocol) {
            return;
        }
        let fault = "fault Protocol";
        let cases = [
            (1, "Rejected", "NoMatch"),
            (8, fault, "NoMatch"),
            (9, "Full", fault),
            (10, "AlreadyEnrolled", fault),
            (12, "NotLive", "NotLive"),
            (13, "NothingPresented", "NothingPresented"),
            (26, fault, "NotAPalm"),
            (239, fault, "NoMatch"),
            (241, "AlreadyEnrolled", fault),
            // Success without the fields that belong to it.
            (0, fault, fault),
            // What the device causes never counts against a person.
            (2, fault, fault),
            (3, fault, fault),
            (4, fault, fault),
            (5, fault, fault),
            (6, fault, fault),
            (7, fault, fault),
            (11, fault, fault),
            (14, fault, fault),
            (15, fault, fault),
            (19, fault, fault),
            (20, fault, fault),
            (21, fault, fault),
            (23, fault, fault),
            (255, fault, fault),
        ];
        together(cases, |(code, enrol, verify)| {
            check(protocol, &[&format!("result={code}")], enrol, verify);
        });
        check(protocol, &["zero-id"], fault, fault);
        check(protocol, &["short:enrol"], fault, IDENTIFIED);
        check(protocol, &["short:verify"], ENROLLED, fault);
    });
}

#[test]
fn what_the_device_causes_is_a_named_fault_at_once() {
    each(|protocol| {
        let cases = [
            ("silence", DeviceFault::Timeout),
            ("late", DeviceFault::Timeout),
            ("garbage", DeviceFault::Protocol),
            ("bad-check", DeviceFault::Protocol),
            ("wrong-id", DeviceFault::Protocol),
            ("stall", DeviceFault::Protocol),
        ];
        together(cases, |(fault, expect)| {
            let mut bench = Bench::new(protocol, &[fault]);
            let asked_at = Instant::now();
            let found = bench.scanner.info().map(Some);
            let took = asked_at.elapsed();
            assert_eq!(
                said(found),
                format!("fault {expect:?}"),
                "{protocol} with {fault}"
            );
            assert!(took < NAMED_WITHIN, "{protocol} with {fault}: {took:?}");
            let found = bench.verify();
            assert!(
                found.starts_with("fault"),
                "verify, {protocol} with {fault}: {found}"
            );
            // As soon as it works again, so does the driver.
            bench.device.set_faults(Vec::new());
            bench.device.reboot();
            assert_eq!(bench.enrol(), ENROLLED, "{protocol} after {fault}");
        });
    });
}

/// Noise that begins while a hand is looked for must not be waited for until the limit.
#[test]
fn noise_in_mid_capture_is_named_at_once() {
    each(|protocol| {
        let mut bench = Bench::new(protocol, &["nobody"]);
        let device = bench.device.clone();
        let mut begun_at = None;
        let mut watch = |event| {
            if let CaptureEvent::Hand(_) = event
                && begun_at.is_none()
            {
                device.set_faults(vec!["garbage".parse().unwrap()]);
                begun_at = Some(Instant::now());
            }
            ControlFlow::Continue(())
        };
        let tag = SubjectTag::new("s-81f2").unwrap();
        let long = Duration::from_secs(20);
        let found = bench.scanner.enrol(&tag, long, &mut watch);
        let took = begun_at.unwrap().elapsed();
        assert_eq!(said(found), "fault Protocol", "{protocol}");
        assert!(took < NAMED_WITHIN, "{protocol}: {took:?}");
    });
}

#[test]
fn a_restart_ends_the_capture_and_nothing_else() {
    each(|protocol| {
        check(protocol, &["reboot:enrol"], "fault Disconnected", "NoMatch");
        let mut bench = Bench::new(protocol, &["reboot:verify@1"]);
        assert_eq!(bench.enrol(), ENROLLED);
        assert_eq!(bench.verify(), "fault Disconnected");
        assert_eq!(bench.verify(), IDENTIFIED);
    });
}

/// What a scanner says while nobody asks, without the hand, which may come and go.
fn notices(bench: &mut Bench) -> Vec<Notice> {
    let mut notices = Vec::new();
    let began_at = Instant::now();
    while notices.is_empty() && began_at.elapsed() < NAMED_WITHIN {
        notices.extend(bench.scanner.listen().unwrap());
    }
    notices
}

#[test]
fn an_idle_scanner_tells_that_it_has_restarted() {
    each(|protocol| {
        let mut bench = Bench::new(protocol, &[]);
        bench.scanner.info().unwrap();
        while bench.scanner.listen().unwrap().is_some() {}
        // The reset at the beginning is over: a READY now means nothing else.
        assert_eq!(bench.enrol(), ENROLLED);
        assert_eq!(bench.verify(), IDENTIFIED);
        assert_eq!(bench.scanner.listen().unwrap(), None);
        std::thread::scope(|scope| {
            let device = bench.device.clone();
            scope.spawn(move || device.reboot());
            assert_eq!(notices(&mut bench), [Notice::Restarted], "{protocol}");
        });
        assert_eq!(bench.verify(), IDENTIFIED, "{protocol}");
    });
}

#[test]
fn an_idle_scanner_tells_that_it_has_failed() {
    each(|protocol| {
        let mut bench = Bench::new(protocol, &[]);
        bench.enrol();
        bench.verify();
        bench.device.set_faults(vec!["broken".parse().unwrap()]);
        bench.device.reboot();
        assert_eq!(notices(&mut bench), [Notice::Restarted], "{protocol}");
        // The reference protocol tells nothing but that it has started before it is greeted.
        let mut found = Vec::new();
        if is_efaa(protocol) {
            found = notices(&mut bench);
        }
        let info = bench.scanner.info().unwrap();
        assert_eq!(info.status, ModuleStatus::Error, "{protocol}");
        if !is_efaa(protocol) {
            found = notices(&mut bench);
        }
        assert!(
            matches!(found.as_slice(), [Notice::Fault(_)]),
            "{protocol}: {found:?}"
        );
        let checks = bench.scanner.self_test().unwrap();
        assert!(checks.iter().any(|check| !check.passed), "{protocol}: {checks:?}");
    });
}

#[test]
fn what_is_left_of_one_command_never_answers_the_next() {
    each(|protocol| {
        // The reference protocol lets a host ask for the list a second time.
        let cases = [
            ("late:list@1", "fault Timeout", "fault Timeout"),
            ("stall:list@1", "fault Protocol", ""),
            ("silence:list@1", "fault Timeout", ""),
            ("bad-check:list@1", "fault Protocol", ""),
            ("wrong-id:list@1", "fault Protocol", ""),
        ];
        together(cases, |(fault, family, reference)| {
            let mut bench = Bench::new(protocol, &[fault]);
            let expect = if is_efaa(protocol) { family } else { reference };
            assert_eq!(bench.list(), expect, "{protocol} with {fault}");
            assert_eq!(bench.enrol(), ENROLLED, "{protocol} with {fault}");
            assert_eq!(bench.list(), "#1", "{protocol} with {fault}");
            assert_eq!(bench.verify(), IDENTIFIED, "{protocol} with {fault}");
        });
    });
}

#[test]
fn an_unplugged_scanner_is_noticed_at_every_step() {
    each(|protocol| {
        let gone = "fault Disconnected";
        let unplugged = |bench: &mut Bench, found: String, since: Instant| {
            assert_eq!(found, gone, "{protocol}");
            assert!(since.elapsed() < NAMED_WITHIN, "{protocol}");
            // And it stays so: nothing hangs and nothing turns in circles.
            assert_eq!(said(bench.scanner.info().map(Some)), gone, "{protocol}");
            assert_eq!(bench.verify(), gone, "{protocol}");
            assert_eq!(bench.list(), gone, "{protocol}");
            assert_eq!(said(bench.scanner.cancel().map(Some)), gone, "{protocol}");
        };
        // While nobody asks.
        let mut bench = Bench::new(protocol, &[]);
        bench.scanner.info().unwrap();
        bench.device.unplug();
        let since = Instant::now();
        let found = loop {
            match bench.scanner.listen() {
                Ok(_) => assert!(since.elapsed() < NAMED_WITHIN, "{protocol}"),
                Err(error) => break said::<()>(Err(error)),
            }
        };
        unplugged(&mut bench, found, since);
        // Before the first call.
        let mut bench = Bench::new(protocol, &[]);
        bench.device.unplug();
        let since = Instant::now();
        let found = bench.verify();
        unplugged(&mut bench, found, since);
        // In mid-capture.
        let mut bench = Bench::new(protocol, &["nobody"]);
        let device = bench.device.clone();
        let mut since = None;
        let mut watch = |event| {
            if let CaptureEvent::Hand(_) = event
                && since.is_none()
            {
                device.unplug();
                since = Some(Instant::now());
            }
            ControlFlow::Continue(())
        };
        let found = said(bench.scanner.verify(&order(), &mut watch));
        unplugged(&mut bench, found, since.unwrap());
        // In mid-answer.
        for (fault, call) in [
            ("hang-up:list", "list"),
            ("hang-up:delete", "delete"),
            ("hang-up:enrol", "enrol"),
        ] {
            let mut bench = Bench::new(protocol, &[fault]);
            let found = match call {
                "list" => bench.list(),
                "delete" => {
                    bench.enrol();
                    let reference = bench.scanner.list().unwrap()[0];
                    said(bench.scanner.delete(reference).map(Some))
                }
                _ => bench.enrol(),
            };
            unplugged(&mut bench, found, Instant::now());
        }
    });
}

#[test]
fn a_port_has_one_owner() {
    each(|protocol| {
        let mut bench = Bench::new(protocol, &[]);
        let port = bench.device.port().unwrap();
        let second = open(protocol, port.to_str().unwrap()).err().unwrap();
        assert_eq!(second.fault(), DeviceFault::Busy);
        bench.scanner.info().unwrap();
    });
}

/// Another device than the configured one, of a maker whom the driver does not know.
#[test]
fn another_device_is_named_at_once() {
    each(|protocol| {
        let others = [Protocol::DfrobotAi10, Protocol::Reference, Protocol::Mcu90615];
        let others = others
            .into_iter()
            .filter(|other| *other == Protocol::Mcu90615 || is_efaa(*other) != is_efaa(protocol));
        together(others, |other| {
            let simulator = Simulator::start(SimSettings {
                protocol: other,
                ..SimSettings::default()
            })
            .unwrap();
            let mut scanner = open(protocol, simulator.port().to_str().unwrap()).unwrap();
            let asked_at = Instant::now();
            let fault = scanner.info().unwrap_err().fault();
            let took = asked_at.elapsed();
            // A device that does not understand the question may say nothing at all.
            assert!(
                matches!(fault, DeviceFault::Protocol | DeviceFault::Timeout),
                "{protocol} on {other}: {fault:?}"
            );
            assert!(took < NAMED_WITHIN, "{protocol} on {other}: {took:?}");
        });
    });
}

/// A thermometer that sends its measurements without being asked.
#[test]
fn a_device_that_streams_is_named_at_once() {
    each(|protocol| {
        let (mut thermometer, host) = TTYPort::pair().unwrap();
        let port = host.name().unwrap();
        let enough = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let frame = [0x5A, 0x5A, 0x45, 0x04, 0x0D, 0x0C, 0x09, 0x2E, 0x4D];
                while !enough.load(Ordering::Relaxed) {
                    // A full buffer only means that the driver has stopped reading.
                    let _ = thermometer.write_all(&frame);
                    std::thread::park_timeout(Duration::from_millis(50));
                }
            });
            let mut scanner = open(protocol, &port).unwrap();
            let asked_at = Instant::now();
            let info = scanner.info().map(drop);
            let took = asked_at.elapsed();
            enough.store(true, Ordering::Relaxed);
            assert_eq!(info.unwrap_err().fault(), DeviceFault::Protocol, "{protocol}");
            assert!(took < NAMED_WITHIN, "{protocol}: {took:?}");
        });
    });
}
