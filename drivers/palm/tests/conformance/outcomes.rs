//! What a capture ends with, and what is ridden out on the way there.

use palm::ModuleStatus;
use palm::sim::Protocol;

use super::*;

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

/// Modules that are slower than others, or know less: they are present, and work.
#[test]
fn a_module_of_the_family_may_be_slow_or_know_little() {
    each(|protocol| {
        let faults: &[&str] = match protocol {
            Protocol::Reference => return,
            Protocol::Xst => &["reply-ms=700", "reply-ms=1100", "ready-after-ms=600"],
            _ => &[
                "reply-ms=700",
                "reply-ms=1100",
                "ready-after-ms=600",
                "only-client-commands",
            ],
        };
        together(faults, |fault| {
            check(protocol, &[fault], ENROLLED, IDENTIFIED);
            let mut bench = Bench::new(protocol, &[fault]);
            let info = bench.scanner.info().unwrap();
            assert_eq!(info.status, ModuleStatus::Standby, "{protocol} with {fault}");
            let tells = *fault != "only-client-commands";
            assert_eq!(!info.identity.serial.is_empty(), tells, "{protocol} with {fault}");
            assert_eq!(bench.scanner.info().unwrap(), info, "{protocol} with {fault}");
            // Not only after it was asked how it is.
            let mut bench = Bench::new(protocol, &[fault]);
            assert_eq!(bench.verify(), "NoMatch", "{protocol} with {fault}");
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
        let lacking = [
            ("zero-id:enrol", fault, "NoMatch"),
            ("short:enrol", fault, "NoMatch"),
            ("zero-id:verify", ENROLLED, fault),
            ("short:verify", ENROLLED, fault),
        ];
        together(lacking, |(lack, enrol, verify)| {
            check(protocol, &[lack], enrol, verify);
        });
    });
}
