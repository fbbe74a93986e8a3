//! The verbs that look for a palm.

use std::io;
use std::ops::ControlFlow;
use std::time::Duration;

use palm::CaptureEvent;
use serde_json::{Value, json};
use verification::palm::{
    EnrolOutcome, PalmReadings, PalmScan, ScanOrder, ScanResult, SealState, SubjectTag,
};

use crate::arguments::Choice;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::report::{Report, lines};
use crate::{scanner, words};

/// Compares a palm with all that are stored.
pub fn verify(choice: &Choice, limit: Duration) -> Result<Report, Failure> {
    let mut challenge = [0; 32];
    getrandom::fill(&mut challenge).map_err(|error| Failure::System(io::Error::other(error)))?;
    let interrupt = Interrupt::listen().map_err(Failure::System)?;
    let order = ScanOrder { limit, challenge };
    let mut scanner = scanner::open(choice)?;
    let scan = scanner.verify(&order, &mut prompter(&interrupt))?;
    Ok(scan.as_ref().map_or_else(cancelled, scanned))
}

/// Stores a palm.
pub fn enrol(choice: &Choice, tag: &SubjectTag, limit: Duration) -> Result<Report, Failure> {
    let interrupt = Interrupt::listen().map_err(Failure::System)?;
    let mut scanner = scanner::open(choice)?;
    let outcome = scanner.enrol(tag, limit, &mut prompter(&interrupt))?;
    Ok(outcome.map_or_else(cancelled, enrolled))
}

/// Tells the technician what the scanner sees, each time that it changes, until an interrupt comes.
fn prompter(interrupt: &Interrupt) -> impl FnMut(CaptureEvent) -> ControlFlow<()> {
    eprintln!("Hold the palm over the sensor. Ctrl-C cancels.");
    let mut last = None;
    move |event| {
        if let CaptureEvent::Hand(position) = event
            && last.replace(position) != Some(position)
        {
            eprintln!("{}", words::prompt(position));
        }
        if interrupt.came() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}

/// The scanner has been brought to standby by the driver, or this would be a fault.
fn cancelled() -> Report {
    Report {
        json: json!({ "result": "cancelled" }),
        text: "Cancelled; the scanner is in standby again.\n".to_owned(),
        exit: Exit::Cancelled,
    }
}

fn enrolled(outcome: EnrolOutcome) -> Report {
    let reference = match outcome {
        EnrolOutcome::Enrolled(reference) => Some(reference.0),
        _ => None,
    };
    Report {
        json: json!({ "result": words::enrolment(outcome), "reference": reference }),
        text: lines([
            ("result", words::enrolment(outcome).to_owned()),
            ("reference", reference.map_or(String::new(), |id| id.to_string())),
        ]),
        exit: Exit::of_enrolment(outcome),
    }
}

fn scanned(scan: &PalmScan) -> Report {
    let reference = match scan.result {
        ScanResult::Identified(reference) => Some(reference.0),
        _ => None,
    };
    let quality: Vec<&str> = scan
        .quality
        .iter()
        .map(|quality| words::quality(*quality))
        .collect();
    let readings = readings(&scan.readings);
    let result = [
        ("result", words::result(scan.result).to_owned()),
        ("reference", reference.map_or(String::new(), |id| id.to_string())),
    ];
    let measured = readings.iter().map(|(name, unit, value)| {
        let text = value.map_or(String::new(), |value| format!("{value}{unit}"));
        (name.label, text)
    });
    let key = device_key(&scan.seal);
    let rest = [
        ("quality", quality.join(", ")),
        ("seal", words::seal(&scan.seal).to_owned()),
        ("device key", key.clone().unwrap_or_default()),
    ];
    Report {
        json: json!({
            "result": words::result(scan.result),
            "reference": reference,
            "readings": Value::from_iter(readings.iter().map(|(name, _, value)| (name.field, json!(value)))),
            "quality": quality,
            "seal": words::seal(&scan.seal),
            "device_key": key,
        }),
        text: lines(result.into_iter().chain(measured).chain(rest)),
        exit: Exit::of_scan(scan),
    }
}

/// The public key with which the scanner signed, as `--device-key` and the configuration of the kiosk want it.
fn device_key(seal: &SealState) -> Option<String> {
    let SealState::Valid(seal) = seal else {
        return None;
    };
    Some(seal.key.iter().map(|byte| format!("{byte:02x}")).collect())
}

struct Name {
    /// In an object, with its unit.
    field: &'static str,
    /// For a person, beside the unit.
    label: &'static str,
}

/// All numbers, with the digits that they were measured with: an `f32` as such shows digits that mean nothing.
fn readings(readings: &PalmReadings) -> [(Name, &'static str, Option<f64>); 5] {
    let rounded = |value: Option<f32>, digits: i32| {
        let scale = 10_f64.powi(digits);
        value.map(|value| (f64::from(value) * scale).round() / scale)
    };
    let name = |field, label| Name { field, label };
    [
        (name("volume_ml", "volume"), " ml", rounded(readings.volume_ml, 1)),
        (
            name("surface_temperature_celsius", "skin"),
            " °C",
            rounded(readings.surface_temperature_celsius, 2),
        ),
        (
            name("ambient_temperature_celsius", "ambient"),
            " °C",
            rounded(readings.ambient_temperature_celsius, 2),
        ),
        (
            name("vascular_quality", "veins"),
            "",
            rounded(readings.vascular_quality, 3),
        ),
        (name("liveness", "liveness"), "", rounded(readings.liveness, 3)),
    ]
}
