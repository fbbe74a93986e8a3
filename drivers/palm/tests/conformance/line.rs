//! What happens to the line: unplugged, taken, or another device on it.

use std::io::Write;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use palm::CaptureEvent;
use palm::sim::{Protocol, SimSettings, Simulator};
use serialport::{SerialPort, TTYPort};
use verification::capture::DeviceFault;

use super::*;

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
