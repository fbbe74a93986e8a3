use proptest::prelude::*;

use super::*;
use crate::palm::{CaptureSeal, SealFault};

const ALL: PalmCapabilities = PalmCapabilities {
    vascular: true,
    volume: true,
    temperature: true,
    liveness: true,
    seal: false,
};
const MINE: PalmReference = PalmReference(7);

fn good() -> PalmScan {
    PalmScan {
        readings: PalmReadings {
            volume_ml: Some(380.0),
            surface_temperature_celsius: Some(32.5),
            ambient_temperature_celsius: Some(23.0),
            vascular_quality: Some(0.8),
            liveness: Some(0.9),
        },
        ..PalmScan::of(ScanResult::Identified(MINE))
    }
}

fn check(change: impl FnOnce(&mut PalmScan), expect: Result<(), PalmFailure>) {
    let mut scan = good();
    change(&mut scan);
    let (_, verdict) = decide(&scan, ALL, MINE, &PalmPolicy::default());
    assert_eq!(verdict, expect, "{scan:?}");
}

#[test]
fn a_warm_hand_of_the_right_person_passes() {
    check(|_| {}, Ok(()));
    // A scanner without scores stands for veins and life by having compared.
    check(
        |scan| {
            scan.readings.vascular_quality = None;
            scan.readings.liveness = None;
        },
        Ok(()),
    );
    check(|scan| scan.readings.ambient_temperature_celsius = None, Ok(()));
}

#[test]
fn readings_outside_of_physiology_are_refused_with_their_part() {
    use PalmFailure::Implausible;
    let temperature =
        |value| move |scan: &mut PalmScan| scan.readings.surface_temperature_celsius = Some(value);
    check(temperature(19.9), Err(Implausible(PalmPart::Temperature)));
    check(temperature(41.1), Err(Implausible(PalmPart::Temperature)));
    check(temperature(f32::NAN), Err(Implausible(PalmPart::Temperature)));
    check(temperature(23.2), Err(Implausible(PalmPart::Warmth)));
    let volume = |value| move |scan: &mut PalmScan| scan.readings.volume_ml = Some(value);
    check(volume(149.0), Err(Implausible(PalmPart::Volume)));
    check(volume(751.0), Err(Implausible(PalmPart::Volume)));
    check(volume(f32::INFINITY), Err(Implausible(PalmPart::Volume)));
    check(
        |scan| scan.readings.vascular_quality = Some(0.49),
        Err(Implausible(PalmPart::Vascular)),
    );
    check(
        |scan| scan.readings.liveness = Some(1.01),
        Err(Implausible(PalmPart::Liveness)),
    );
    check(
        |scan| scan.seal = SealState::Invalid(SealFault::Challenge),
        Err(Implausible(PalmPart::Seal)),
    );
}

#[test]
fn what_the_policy_requires_must_be_measured() {
    check(
        |scan| scan.readings.volume_ml = None,
        Err(PalmFailure::Missing(PalmPart::Volume)),
    );
    check(
        |scan| scan.readings.surface_temperature_celsius = None,
        Err(PalmFailure::Missing(PalmPart::Temperature)),
    );
    let mut scan = good();
    scan.readings.volume_ml = None;
    let policy = PalmPolicy {
        volume: Demand::WhereMeasured,
        ..PalmPolicy::default()
    };
    assert_eq!(decide(&scan, ALL, MINE, &policy).1, Ok(()));
    let policy = PalmPolicy {
        seal: Demand::Required,
        ..PalmPolicy::default()
    };
    assert_eq!(
        decide(&good(), ALL, MINE, &policy).1,
        Err(PalmFailure::Missing(PalmPart::Seal))
    );
}

#[test]
fn what_a_scanner_does_not_claim_is_not_measured() {
    let modest = PalmCapabilities { volume: false, ..ALL };
    let verdict = decide(&good(), modest, MINE, &PalmPolicy::default()).1;
    assert_eq!(verdict, Err(PalmFailure::Missing(PalmPart::Volume)));
}

#[test]
fn a_comparison_is_no_proof_of_the_claim() {
    check(
        |scan| scan.result = ScanResult::Identified(PalmReference(8)),
        Err(PalmFailure::AnotherPerson),
    );
    check(
        |scan| scan.result = ScanResult::NoMatch,
        Err(PalmFailure::NoMatch),
    );
    check(
        |scan| scan.result = ScanResult::NotLive,
        Err(PalmFailure::NotLive),
    );
    check(
        |scan| scan.result = ScanResult::NotAPalm,
        Err(PalmFailure::NotAPalm),
    );
    check(
        |scan| scan.result = ScanResult::NothingPresented,
        Err(PalmFailure::NothingPresented),
    );
}

#[test]
fn a_scanner_that_signs_cannot_stop_signing() {
    let capabilities = PalmCapabilities { seal: true, ..ALL };
    let verdict = decide(&good(), capabilities, MINE, &PalmPolicy::default()).1;
    assert_eq!(verdict, Err(PalmFailure::Implausible(PalmPart::Seal)));
    let seal = CaptureSeal {
        statement: vec![1],
        signature: vec![2],
        key: vec![3],
    };
    let sealed = PalmScan {
        seal: SealState::Valid(seal),
        ..good()
    };
    assert_eq!(
        decide(&sealed, capabilities, MINE, &PalmPolicy::default()).1,
        Ok(())
    );
}

#[test]
fn what_a_scanner_cannot_do_is_known_beforehand() {
    let policy = PalmPolicy::default();
    let scanner = |capabilities, serial: &str| ScannerIdentity {
        driver: "test".into(),
        model: String::new(),
        firmware: String::new(),
        serial: serial.into(),
        thermometer: None,
        capabilities,
    };
    assert_eq!(fitness(&scanner(ALL, "P-1"), &policy), Ok(()));
    assert_eq!(fitness(&scanner(ALL, ""), &policy), Err(Unfit::Nameless));
    let module = scanner(
        PalmCapabilities {
            volume: false,
            temperature: false,
            ..ALL
        },
        "P-1",
    );
    assert_eq!(fitness(&module, &policy), Err(Unfit::Lacks(PalmPart::Volume)));
    let lenient = PalmPolicy {
        volume: Demand::WhereMeasured,
        temperature: Demand::WhereMeasured,
        ..policy
    };
    assert_eq!(fitness(&module, &lenient), Ok(()));
}

fn reading() -> impl Strategy<Value = Option<f32>> {
    prop_oneof![
        Just(None),
        any::<f32>().prop_map(Some),
        (0.0f32..800.0).prop_map(Some),
        (0.0f32..1.0).prop_map(Some),
    ]
}

proptest! {
    /// Whatever the readings are: who passes was identified as the claimed person, every required part said so, and
    /// none spoke against it.
    #[test]
    fn nobody_passes_without_all_that_is_required(
        (volume_ml, surface, ambient, vascular_quality, liveness) in
            (reading(), reading(), reading(), reading(), reading()),
        found in 6u32..9,
        (vascular, volume, temperature) in (any::<bool>(), any::<bool>(), any::<bool>()),
    ) {
        let scan = PalmScan {
            readings: PalmReadings {
                volume_ml,
                surface_temperature_celsius: surface,
                ambient_temperature_celsius: ambient,
                vascular_quality,
                liveness,
            },
            ..PalmScan::of(ScanResult::Identified(PalmReference(found)))
        };
        let capabilities = PalmCapabilities { vascular, volume, temperature, ..ALL };
        let (parts, verdict) = decide(&scan, capabilities, MINE, &PalmPolicy::default());
        if verdict.is_ok() {
            prop_assert_eq!(PalmReference(found), MINE);
            for part in parts {
                prop_assert_ne!(part.finding, Finding::Against);
                let may_be_silent = matches!(part.part, PalmPart::Warmth | PalmPart::Seal);
                prop_assert!(part.finding == Finding::For || may_be_silent);
            }
        }
    }
}
