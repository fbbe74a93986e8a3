//! What every palm driver does, on a real pseudo-terminal against the simulated device of its protocol.
#![cfg(unix)]
// The configuration of clippy lets `unwrap` pass in tests, but not in what tests share.
#![allow(clippy::unwrap_used)]

mod faults;
mod idle;
mod life;
mod line;
mod outcomes;

use std::fmt::Debug;
use std::ops::ControlFlow;
use std::time::Duration;

use palm::sim::{Handle, Protocol, SimSettings, Simulator};
use palm::{CaptureEvent, Driver, Opening, PalmError, PalmScanner};
use verification::palm::{
    EnrolOutcome, PalmReference, PalmScan, ScanOrder, ScanResult, SealState, SubjectTag,
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
