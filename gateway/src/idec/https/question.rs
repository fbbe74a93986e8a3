//! The JSON of a question.
//!
//! A face goes as `image`; a palm as `palm`, for which there is nothing but what the scanner said. Either is absent
//! where the other is there, and what was not measured is absent as well.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Serialize, Serializer};
use verification::Sensitive;
use verification::pad::parts::Finding;
use verification::palm::PalmReadings;
use verification::palm::decision::{PalmPart, PalmPartRecord};

use crate::idec::{PalmRecord, Probe, Request};

/// No `Debug`: it holds an identifier and what was captured.
#[derive(Serialize)]
pub(super) struct Question<'a> {
    request_id: &'a str,
    #[serde(serialize_with = "exposed")]
    iin: Sensitive<String>,
    modality: &'static str,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "exposed_if_any")]
    image: Option<Sensitive<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    palm: Option<Palm<'a>>,
}

impl<'a> From<&'a Request> for Question<'a> {
    fn from(request: &'a Request) -> Self {
        let (modality, image, palm) = match &request.probe {
            Probe::Face(jpeg) => ("face", Some(Sensitive::new(STANDARD.encode(jpeg.expose()))), None),
            Probe::Palm(record) => ("palm", None, Some(Palm::from(&**record))),
        };
        Self {
            request_id: &request.request_id,
            iin: Sensitive::new(request.claim.expose()),
            modality,
            image,
            palm,
        }
    }
}

#[derive(Serialize)]
struct Palm<'a> {
    scanner: Scanner<'a>,
    captured_at_ms: i64,
    /// What was captured, as the types of the Common Biometric Exchange Formats Framework, one bit each.
    biometric_types: u32,
    result: &'static str,
    readings: Readings,
    parts: Vec<Part>,
}

#[derive(Serialize)]
struct Scanner<'a> {
    driver: &'a str,
    model: &'a str,
    firmware: &'a str,
    serial: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    thermometer: Option<&'a str>,
}

#[derive(Serialize)]
struct Readings {
    #[serde(skip_serializing_if = "Option::is_none")]
    volume_ml: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    surface_temperature_celsius: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ambient_temperature_celsius: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vascular_quality: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    liveness: Option<f32>,
}

#[derive(Serialize)]
struct Part {
    part: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    min: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max: Option<f32>,
    finding: &'static str,
}

impl<'a> From<&'a PalmRecord> for Palm<'a> {
    fn from(record: &'a PalmRecord) -> Self {
        let scanner = &record.scanner;
        Self {
            scanner: Scanner {
                driver: &scanner.driver,
                model: &scanner.model,
                firmware: &scanner.firmware,
                serial: &scanner.serial,
                thermometer: scanner.thermometer.as_deref(),
            },
            captured_at_ms: record.started_at.0,
            biometric_types: biometric_types(record),
            // A palm that the scanner does not take for the claimed person's is not asked about.
            result: "identified",
            readings: record.readings.into(),
            parts: record.parts.iter().map(Part::from).collect(),
        }
    }
}

impl From<PalmReadings> for Readings {
    fn from(readings: PalmReadings) -> Self {
        Self {
            volume_ml: readings.volume_ml,
            surface_temperature_celsius: readings.surface_temperature_celsius,
            ambient_temperature_celsius: readings.ambient_temperature_celsius,
            vascular_quality: readings.vascular_quality,
            liveness: readings.liveness,
        }
    }
}

impl From<&PalmPartRecord> for Part {
    fn from(record: &PalmPartRecord) -> Self {
        let part = match record.part {
            PalmPart::Vascular => "vascular",
            PalmPart::Volume => "volume",
            PalmPart::Temperature => "temperature",
            PalmPart::Warmth => "warmth",
            PalmPart::Liveness => "liveness",
            PalmPart::Seal => "seal",
        };
        let finding = match record.finding {
            Finding::For => "for",
            Finding::Against => "against",
            Finding::Silent => "silent",
        };
        Self {
            part,
            value: record.value,
            min: record.min,
            max: record.max,
            finding,
        }
    }
}

/// Only of what was measured: hand geometry 0x40, thermal image of the hand 0x800, vein pattern 0x40000.
fn biometric_types(record: &PalmRecord) -> u32 {
    let is_compared =
        |part: &PalmPartRecord| part.part == PalmPart::Vascular && part.finding != Finding::Silent;
    let types = [
        (record.readings.volume_ml.is_some(), 0x40),
        (record.readings.surface_temperature_celsius.is_some(), 0x800),
        (record.parts.iter().any(is_compared), 0x40000),
    ];
    let measured = types.into_iter().filter(|(is_measured, _)| *is_measured);
    measured.fold(0, |all, (_, one)| all | one)
}

fn exposed<S: Serializer>(text: &Sensitive<String>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(text.expose())
}

fn exposed_if_any<S: Serializer>(text: &Option<Sensitive<String>>, serializer: S) -> Result<S::Ok, S::Error> {
    text.as_ref().map(Sensitive::expose).serialize(serializer)
}

#[cfg(test)]
mod tests {
    use verification::palm::{PalmCapabilities, ScannerIdentity};
    use verification::time::UtcMs;

    use super::*;

    fn check(probe: Probe, expect: &str) {
        let request = Request {
            request_id: "d0d0".into(),
            claim: "880412401006".parse().unwrap(),
            probe,
        };
        assert_eq!(serde_json::to_string(&Question::from(&request)).unwrap(), expect);
    }

    fn scanner(thermometer: Option<&str>) -> ScannerIdentity {
        ScannerIdentity {
            driver: "xst".into(),
            model: String::new(),
            firmware: "1.1".into(),
            serial: "X-9".into(),
            thermometer: thermometer.map(str::to_owned),
            capabilities: PalmCapabilities::default(),
        }
    }

    fn part(part: PalmPart, value: Option<f32>, min: Option<f32>, finding: Finding) -> PalmPartRecord {
        PalmPartRecord {
            part,
            value,
            min,
            max: None,
            finding,
        }
    }

    #[test]
    fn a_face_goes_as_a_picture() {
        check(
            Probe::Face(Sensitive::new(b"picture".to_vec())),
            r#"{"request_id":"d0d0","iin":"880412401006","modality":"face","image":"cGljdHVyZQ=="}"#,
        );
    }

    #[test]
    fn a_palm_goes_as_what_was_measured_and_nothing_else() {
        check(
            Probe::Palm(Box::new(PalmRecord {
                scanner: scanner(Some("mcu-90615")),
                started_at: UtcMs(17),
                readings: PalmReadings {
                    surface_temperature_celsius: Some(31.5),
                    ambient_temperature_celsius: Some(22.0),
                    ..PalmReadings::default()
                },
                parts: vec![
                    part(PalmPart::Vascular, None, Some(0.5), Finding::For),
                    part(PalmPart::Volume, None, Some(150.0), Finding::Silent),
                    part(PalmPart::Temperature, Some(31.5), Some(20.0), Finding::For),
                ],
            })),
            concat!(
                r#"{"request_id":"d0d0","iin":"880412401006","modality":"palm","palm":{"#,
                r#""scanner":{"driver":"xst","model":"","firmware":"1.1","serial":"X-9","thermometer":"mcu-90615"},"#,
                r#""captured_at_ms":17,"biometric_types":264192,"result":"identified","#,
                r#""readings":{"surface_temperature_celsius":31.5,"ambient_temperature_celsius":22.0},"#,
                r#""parts":[{"part":"vascular","min":0.5,"finding":"for"},"#,
                r#"{"part":"volume","min":150.0,"finding":"silent"},"#,
                r#"{"part":"temperature","value":31.5,"min":20.0,"finding":"for"}]}}"#,
            ),
        );
    }
}
