//! Anything that may be done with a palm.

use super::*;
use verification::evidence::PalmEvidence;
use verification::palm::decision::{PalmFailure, PalmPart, PalmPartRecord};
use verification::palm::{
    CaptureSeal, EnrolOutcome, PalmAttemptRecord, PalmCapabilities, PalmQuality, PalmReadings, PalmReference,
    PalmScan, ScanResult, ScannerIdentity, SealFault, SealState,
};

pub fn evidence() -> impl Strategy<Value = PalmEvidence> {
    (
        prop::option::of(scanner()),
        prop::option::of(reference()),
        prop::collection::vec(attempt(), 0..4),
        any::<u8>(),
        prop::collection::vec(enrolment(), 0..4),
    )
        .prop_map(
            |(scanner, expected, attempts, attempts_before, enrolments)| PalmEvidence {
                scanner,
                expected,
                attempts,
                attempts_before,
                enrolments,
            },
        )
}

fn enrolment() -> impl Strategy<Value = EnrolOutcome> {
    prop_oneof![
        reference().prop_map(EnrolOutcome::Enrolled),
        Just(EnrolOutcome::AlreadyEnrolled),
        Just(EnrolOutcome::Full),
        Just(EnrolOutcome::Rejected),
        Just(EnrolOutcome::NotLive),
        Just(EnrolOutcome::NotAPalm),
        Just(EnrolOutcome::NothingPresented),
    ]
}

fn reference() -> impl Strategy<Value = PalmReference> {
    any::<u32>().prop_map(PalmReference)
}

fn scanner() -> impl Strategy<Value = ScannerIdentity> {
    let names = (
        ".{0,20}",
        ".{0,20}",
        ".{0,20}",
        ".{0,32}",
        prop::option::of(".{0,20}"),
    );
    (names, any::<[bool; 5]>()).prop_map(
        |(
            (driver, model, firmware, serial, thermometer),
            [vascular, volume, temperature, liveness, seal],
        )| {
            ScannerIdentity {
                driver,
                model,
                firmware,
                serial,
                thermometer,
                capabilities: PalmCapabilities {
                    vascular,
                    volume,
                    temperature,
                    liveness,
                    seal,
                },
            }
        },
    )
}

fn attempt() -> impl Strategy<Value = PalmAttemptRecord> {
    let bound = || prop::option::of(number());
    let finding = any_of([Finding::For, Finding::Against, Finding::Silent]);
    let record = (part(), bound(), bound(), bound(), finding).prop_map(|(part, value, min, max, finding)| {
        PalmPartRecord {
            part,
            value,
            min,
            max,
            finding,
        }
    });
    let failure = prop_oneof![
        any_of([
            PalmFailure::NoMatch,
            PalmFailure::AnotherPerson,
            PalmFailure::NotLive,
            PalmFailure::NotAPalm,
            PalmFailure::NothingPresented,
            PalmFailure::Interrupted,
        ]),
        part().prop_map(PalmFailure::Implausible),
        part().prop_map(PalmFailure::Missing),
    ];
    (
        any::<u8>(),
        utc(),
        duration(),
        prop::option::of(scan()),
        prop::collection::vec(record, 0..7),
        prop::option::of(failure),
    )
        .prop_map(
            |(number, started_at, took, scan, parts, failure)| PalmAttemptRecord {
                number,
                started_at,
                took,
                scan,
                parts,
                failure,
            },
        )
}

fn part() -> impl Strategy<Value = PalmPart> {
    any_of([
        PalmPart::Vascular,
        PalmPart::Volume,
        PalmPart::Temperature,
        PalmPart::Warmth,
        PalmPart::Liveness,
        PalmPart::Seal,
    ])
}

fn scan() -> impl Strategy<Value = PalmScan> {
    let result = prop_oneof![
        reference().prop_map(ScanResult::Identified),
        any_of([
            ScanResult::NoMatch,
            ScanResult::NotLive,
            ScanResult::NotAPalm,
            ScanResult::NothingPresented,
        ]),
    ];
    let readings = prop::collection::vec(prop::option::of(number()), 5).prop_map(|numbers| PalmReadings {
        volume_ml: numbers[0],
        surface_temperature_celsius: numbers[1],
        ambient_temperature_celsius: numbers[2],
        vascular_quality: numbers[3],
        liveness: numbers[4],
    });
    let quality = any_of([
        PalmQuality::Moving,
        PalmQuality::Tilted,
        PalmQuality::Partial,
        PalmQuality::FingersClosed,
        PalmQuality::Covered,
        PalmQuality::Dirty,
        PalmQuality::AmbientLight,
        PalmQuality::Cold,
    ]);
    (result, readings, prop::collection::vec(quality, 0..5), seal()).prop_map(
        |(result, readings, quality, seal)| PalmScan {
            result,
            readings,
            quality,
            seal,
        },
    )
}

fn seal() -> impl Strategy<Value = SealState> {
    let bytes = || prop::collection::vec(any::<u8>(), 0..80);
    prop_oneof![
        Just(SealState::Absent),
        (bytes(), bytes(), bytes()).prop_map(|(statement, signature, key)| SealState::Valid(CaptureSeal {
            statement,
            signature,
            key
        })),
        any_of([
            SealFault::Missing,
            SealFault::Signature,
            SealFault::Key,
            SealFault::Challenge,
            SealFault::Chain,
            SealFault::Content,
        ])
        .prop_map(SealState::Invalid),
    ]
}
