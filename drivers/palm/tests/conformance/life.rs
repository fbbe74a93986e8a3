//! What a scanner is, and how its references come and go.

use std::ops::ControlFlow;

use palm::sim::Presented;
use palm::{CaptureEvent, ModuleStatus};
use verification::palm::{HandPosition, PalmReference, SubjectTag};

use super::*;

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
