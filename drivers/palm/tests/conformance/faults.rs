//! What the device causes has a name at once, and leaves nothing behind.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use palm::CaptureEvent;
use verification::capture::DeviceFault;
use verification::palm::SubjectTag;

use super::*;

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
        together(["verify", "enrol"], |call| {
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
            let limit = Duration::from_secs(20);
            let tag = SubjectTag::new("s-81f2").unwrap();
            let found = match call {
                "verify" => said(bench.scanner.verify(&ScanOrder { limit, ..order() }, &mut watch)),
                _ => said(bench.scanner.enrol(&tag, limit, &mut watch)),
            };
            let took = begun_at.unwrap().elapsed();
            assert_eq!(found, "fault Protocol", "{call}, {protocol}");
            assert!(took < NAMED_WITHIN, "{call}, {protocol}: {took:?}");
        });
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

/// The answer to the enrolment is lost or no use, but the palm is stored: nobody would know of it.
#[test]
fn a_failed_enrolment_leaves_nothing_behind() {
    each(|protocol| {
        if !is_efaa(protocol) {
            return;
        }
        together(["short:enrol", "zero-id:enrol", "wrong-id:enrol"], |fault| {
            let mut bench = Bench::new(protocol, &[fault]);
            assert_eq!(bench.enrol(), "fault Protocol", "{protocol} with {fault}");
            assert_eq!(bench.device.enrolled(), [], "{protocol} with {fault}");
        });
    });
}
