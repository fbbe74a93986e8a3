//! The thermometer, alone and beside a palm scanner, over real pseudo-terminals with bytes made here.
#![cfg(unix)]
// The configuration of clippy lets `unwrap` pass in tests, but not in what tests share.
#![allow(clippy::unwrap_used)]

use std::io::{Read, Write};
use std::ops::ControlFlow;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use palm::sim::{Presented, SimSettings, Simulator};
use palm::thermometer::{Reading, Thermometer};
use palm::{CaptureEvent, Combined, Opening, PalmError, PalmScanner};
use serialport::{SerialPort, TTYPort};
use verification::capture::DeviceFault;
use verification::palm::{PalmReadings, ScanOrder, ScanResult};

/// A frame by the table of the maker.
fn frame(object_hundredths: i16, ambient_hundredths: i16) -> Vec<u8> {
    let mut frame = vec![0x5A, 0x5A, 0x45, 0x04];
    frame.extend(object_hundredths.to_be_bytes());
    frame.extend(ambient_hundredths.to_be_bytes());
    frame.push(frame.iter().fold(0, |sum: u8, byte| sum.wrapping_add(*byte)));
    frame
}

/// What stands on the far end: once it was told to stream, it sends `bytes` again and again.
struct Streamer {
    port: String,
    bytes: Option<Sender<Vec<u8>>>,
    thread: Option<JoinHandle<()>>,
}

impl Streamer {
    /// `stale` waits on the line before anybody opens it.
    fn start(stale: &[u8], bytes: &[u8]) -> Self {
        let (mut master, slave) = TTYPort::pair().unwrap();
        let port = slave.name().unwrap();
        master.write_all(stale).unwrap();
        let (sender, changes) = mpsc::channel();
        sender.send(bytes.to_vec()).unwrap();
        let thread = std::thread::spawn(move || stream(&mut master, slave, &changes));
        Self {
            port,
            bytes: Some(sender),
            thread: Some(thread),
        }
    }

    fn send(&self, bytes: &[u8]) {
        self.bytes.as_ref().unwrap().send(bytes.to_vec()).unwrap();
    }

    fn unplug(&mut self) {
        self.bytes = None;
        self.thread.take().unwrap().join().unwrap();
    }

    fn open(&self) -> Box<dyn Thermometer> {
        let driver = palm::thermometer::thermometer("mcu-90615").unwrap();
        (driver.open)(&self.port, driver.baud).unwrap()
    }
}

fn stream(master: &mut TTYPort, _slave: TTYPort, changes: &Receiver<Vec<u8>>) {
    master.set_timeout(Duration::from_millis(5)).unwrap();
    let (mut heard, mut bytes) = (Vec::new(), Vec::new());
    loop {
        match changes.recv_timeout(Duration::from_millis(5)) {
            Ok(changed) => bytes = changed,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        let mut buffer = [0; 64];
        let count = master.read(&mut buffer).unwrap_or(0);
        heard.extend_from_slice(&buffer[..count]);
        if heard.windows(3).any(|window| window == [0xA5, 0x45, 0xEA]) {
            // A host that does not read loses bytes.
            let _ = master.write_all(&bytes);
        }
    }
}

const WARM: Reading = Reading {
    object_celsius: 33.45,
    ambient_celsius: 21.5,
};

fn warm() -> Vec<u8> {
    frame(3345, 2150)
}

#[test]
fn a_thermometer_is_known_by_a_fresh_reading() {
    let streamer = Streamer::start(&frame(1000, 1000), &warm());
    let mut thermometer = streamer.open();
    assert_eq!(thermometer.info().unwrap(), WARM);
    let newest = next(thermometer.as_mut()).unwrap();
    assert_eq!(newest, WARM);
    streamer.send(&frame(-550, 2100));
    while next(thermometer.as_mut()).unwrap().object_celsius != -5.5 {}
}

/// The next reading, or why there is none any more.
fn next(thermometer: &mut dyn Thermometer) -> Result<Reading, PalmError> {
    loop {
        if let Some(reading) = thermometer.read()? {
            return Ok(reading);
        }
        std::thread::yield_now();
    }
}

#[test]
fn what_is_no_thermometer_has_a_name() {
    let check = |bytes: &[u8], expect: DeviceFault| {
        let streamer = Streamer::start(&[], bytes);
        let mut thermometer = streamer.open();
        let began = Instant::now();
        assert_eq!(thermometer.info().unwrap_err().fault(), expect);
        // The rule says two seconds; a machine that has much else to do is given more.
        assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    };
    check(&[], DeviceFault::Timeout);
    check(&[0xFF, 0x00, 0x5A, 0x5A, 0x45, 0x04], DeviceFault::Protocol);
    // A palm module on the thermometer's port.
    check(&[0xEF, 0xAA, 0x01, 0x00, 0x01, 0x00, 0x00], DeviceFault::Protocol);
    let mut wrong = warm();
    wrong[8] ^= 1;
    check(&wrong, DeviceFault::Protocol);
}

#[test]
fn a_thermometer_that_stops_has_a_name() {
    let check = |change: fn(&mut Streamer), expect: DeviceFault| {
        let mut streamer = Streamer::start(&[], &warm());
        let mut thermometer = streamer.open();
        thermometer.info().unwrap();
        change(&mut streamer);
        let fault = loop {
            if let Err(error) = next(thermometer.as_mut()) {
                break error.fault();
            }
        };
        assert_eq!(fault, expect);
    };
    check(|streamer| streamer.send(&[]), DeviceFault::Timeout);
    check(|streamer| streamer.send(&[0x55]), DeviceFault::Protocol);
    check(Streamer::unplug, DeviceFault::Disconnected);
}

struct Bench {
    simulator: Simulator,
    streamer: Streamer,
    scanner: Combined,
}

/// An AI10, which measures no temperature, and a thermometer beside it.
fn bench(presented: Presented) -> Bench {
    let simulator = Simulator::start(SimSettings {
        note_interval: Duration::from_millis(100),
        enrolled: vec!["s-1".to_owned()],
        presented,
        ..SimSettings::default()
    })
    .unwrap();
    let streamer = Streamer::start(&[], &warm());
    let driver = palm::driver("dfrobot-ai10").unwrap();
    let module = (driver.open)(&Opening {
        port: simulator.port().to_str().unwrap().to_owned(),
        baud: driver.baud,
        device_key: None,
    });
    Bench {
        scanner: Combined::new(module.unwrap(), "mcu-90615", streamer.open()),
        simulator,
        streamer,
    }
}

fn order() -> ScanOrder {
    ScanOrder {
        limit: Duration::from_secs(3),
        challenge: [7; 32],
    }
}

fn go_on(_: CaptureEvent) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

#[test]
fn together_they_are_one_scanner() {
    let mut bench = bench(Presented::LastEnrolled);
    let identity = bench.scanner.info().unwrap().identity;
    assert_eq!(identity.thermometer.as_deref(), Some("mcu-90615"));
    assert!(identity.capabilities.temperature && !identity.capabilities.volume);
    let scan = bench.scanner.verify(&order(), &mut go_on).unwrap().unwrap();
    assert!(matches!(scan.result, ScanResult::Identified(_)), "{scan:?}");
    assert_eq!(scan.readings.surface_temperature_celsius, Some(33.45));
    assert_eq!(scan.readings.ambient_temperature_celsius, Some(21.5));
    let checks = bench.scanner.self_test().unwrap();
    let line = checks.iter().find(|check| check.name == "thermometer").unwrap();
    assert!(line.passed);
    assert_eq!(line.detail, "mcu-90615: 33.5 °C before it, 21.5 °C around it");
    assert_eq!(bench.scanner.list().unwrap().len(), 1);
}

#[test]
fn a_cold_dummy_is_measured_and_an_empty_place_is_not() {
    let mut bench = bench(Presented::Stranger);
    bench.scanner.info().unwrap();
    bench.streamer.send(&frame(2160, 2150));
    let scan = bench.scanner.verify(&order(), &mut go_on).unwrap().unwrap();
    assert_eq!(scan.result, ScanResult::NoMatch);
    assert_eq!(scan.readings.surface_temperature_celsius, Some(21.6));
    bench.simulator.handle().present(Presented::Nobody);
    let scan = bench.scanner.verify(&order(), &mut go_on).unwrap().unwrap();
    assert_eq!(
        (scan.result, scan.readings),
        (ScanResult::NothingPresented, PalmReadings::default())
    );
}

#[test]
fn a_thermometer_that_fails_in_mid_scan_is_a_fault_and_no_result() {
    let check = |change: fn(&mut Streamer), expect: DeviceFault| {
        // Nobody is there: the scan would go on for its three seconds.
        let mut bench = bench(Presented::Nobody);
        bench.scanner.info().unwrap();
        let streamer = &mut bench.streamer;
        let mut change = Some(change);
        let scan = bench.scanner.verify(&order(), &mut |_| {
            if let Some(change) = change.take() {
                change(streamer);
            }
            ControlFlow::Continue(())
        });
        assert_eq!(scan.unwrap_err().fault(), expect);
        // The module was not left in the middle of its job.
        assert_eq!(bench.scanner.list().unwrap().len(), 1);
    };
    check(Streamer::unplug, DeviceFault::Disconnected);
    check(|streamer| streamer.send(&[]), DeviceFault::Timeout);
    check(|streamer| streamer.send(&[0x55]), DeviceFault::Protocol);
}

#[test]
fn a_broken_thermometer_is_seen_before_anybody_scans() {
    let mut bench = bench(Presented::LastEnrolled);
    bench.streamer.unplug();
    assert_eq!(
        bench.scanner.info().unwrap_err().fault(),
        DeviceFault::Disconnected
    );
    assert_eq!(
        bench.scanner.listen().unwrap_err().fault(),
        DeviceFault::Disconnected
    );
    let checks = bench.scanner.self_test().unwrap();
    let broken: Vec<_> = checks
        .iter()
        .filter(|check| !check.passed)
        .map(|check| check.name.as_str())
        .collect();
    assert_eq!(broken, ["thermometer"]);
}
