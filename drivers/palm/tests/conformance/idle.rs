//! What a scanner says while nobody asks.

use std::time::Instant;

use palm::{ModuleStatus, Notice};

use super::*;

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
