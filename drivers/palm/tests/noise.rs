//! An idle scanner whose line begins to carry what is no message: it is named without waiting for the next question, and
//! is back when the noise ends.
#![cfg(unix)]
// The configuration of clippy lets `unwrap` pass in tests, but not in what tests share.
#![allow(clippy::unwrap_used)]

use std::sync::mpsc;
use std::time::{Duration, Instant};

use palm::Notice;
use palm::sim::{Fault, Protocol, SimSettings, Simulator};
use palm::watched::{Report, Setup, ThermometerSetup, Watched};
use verification::capture::DeviceFault;

/// A program that never gets there misses it.
const PATIENCE: Duration = Duration::from_secs(20);

fn garbage() -> Vec<Fault> {
    vec!["garbage".parse().unwrap()]
}

fn simulate(protocol: Protocol) -> Simulator {
    Simulator::start(SimSettings {
        protocol,
        ..SimSettings::default()
    })
    .unwrap()
}

fn setup(simulator: &Simulator, protocol: Protocol, thermometer: Option<&Simulator>) -> Setup {
    let choice = |simulator: &Simulator| simulator.port().to_str().unwrap().parse().unwrap();
    Setup {
        choice: choice(simulator),
        driver: palm::driver(protocol.name()).unwrap(),
        baud: None,
        device_key: None,
        thermometer: thermometer.map(|thermometer| ThermometerSetup {
            choice: choice(thermometer),
            driver: palm::thermometer::thermometer("mcu-90615").unwrap(),
        }),
    }
}

fn check_notice(protocol: Protocol, thermometer: Option<&Simulator>) {
    let simulator = simulate(protocol);
    let mut scanner = setup(&simulator, protocol, thermometer).open().unwrap();
    scanner.info().unwrap();
    simulator.handle().set_faults(garbage());
    let deadline = Instant::now() + PATIENCE;
    let notice = std::iter::repeat_with(|| scanner.listen().unwrap())
        .take_while(|_| Instant::now() < deadline)
        .flatten()
        .next();
    assert!(matches!(notice, Some(Notice::Fault(_))), "{protocol}: {notice:?}");
    simulator.handle().set_faults(Vec::new());
    scanner.info().unwrap();
}

fn check_watched(protocol: Protocol) {
    let simulator = simulate(protocol);
    let setup = setup(&simulator, protocol, None);
    let (sender, reports) = mpsc::channel();
    let _watched = Watched::start(setup, move |report| drop(sender.send(report))).unwrap();
    let until = |what: &str, fits: fn(&Report) -> bool| {
        let deadline = Instant::now() + PATIENCE;
        while let Ok(report) = reports.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            if fits(&report) {
                return;
            }
        }
        panic!("{protocol}: never {what}");
    };
    let present: fn(&Report) -> bool = |report| matches!(report, Report::Present(_));
    until("present", present);
    simulator.handle().set_faults(garbage());
    until("absent", |report| {
        *report == Report::Absent(DeviceFault::Protocol)
    });
    simulator.handle().set_faults(Vec::new());
    until("back", present);
}

#[test]
fn noise_is_a_notice() {
    check_notice(Protocol::Reference, None);
    check_notice(Protocol::DfrobotAi10, None);
    // With a thermometer beside it, too.
    check_notice(Protocol::DfrobotAi10, Some(&simulate(Protocol::Mcu90615)));
}

#[test]
fn noise_makes_a_watched_scanner_absent_until_it_ends() {
    check_watched(Protocol::Reference);
    check_watched(Protocol::DfrobotAi10);
}
