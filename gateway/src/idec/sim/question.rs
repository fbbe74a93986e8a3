//! What the simulator takes for a question. It is written from the description of the interface and shares no type with
//! the adapter, so that a fault of one shows.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use verification::identifier::Iin;

/// No `Debug`: it holds an identifier and what was captured.
#[derive(Deserialize)]
pub(super) struct Question {
    pub(super) request_id: String,
    pub(super) iin: String,
    /// Absent in questions of a time when there were only faces.
    #[serde(default)]
    modality: Subject,
    image: Option<String>,
    palm: Option<Palm>,
}

/// What is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Subject {
    #[default]
    Face,
    Palm,
}

/// What a scanner found. A field that is not known here could be a template, which must not leave the scanner.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Palm {
    scanner: Scanner,
    captured_at_ms: i64,
    biometric_types: u32,
    result: String,
    #[serde(default)]
    readings: Readings,
    #[serde(default)]
    parts: Vec<Part>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "it is there so that nothing else may be")]
struct Scanner {
    driver: String,
    model: String,
    firmware: String,
    serial: String,
    thermometer: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Readings {
    volume_ml: Option<f32>,
    surface_temperature_celsius: Option<f32>,
    ambient_temperature_celsius: Option<f32>,
    vascular_quality: Option<f32>,
    liveness: Option<f32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "it is there so that nothing else may be")]
struct Part {
    part: String,
    value: Option<f32>,
    min: Option<f32>,
    max: Option<f32>,
    finding: String,
}

impl Question {
    /// Checks the form; gives what is asked about, or what is wrong.
    pub(super) fn check(&self) -> Result<Subject, &'static str> {
        if !is_request_id(&self.request_id) {
            return Err("not a request id");
        }
        if self.iin.parse::<Iin>().is_err() {
            return Err("not an IIN");
        }
        match (self.modality, &self.image, &self.palm) {
            (Subject::Face, Some(image), None) => {
                let is_jpeg = STANDARD.decode(image).is_ok_and(|image| is_jpeg(&image));
                if !is_jpeg {
                    return Err("not a JPEG picture");
                }
            }
            (Subject::Palm, None, Some(palm)) => palm.check()?,
            _ => return Err("not what belongs to the modality"),
        }
        Ok(self.modality)
    }
}

impl Palm {
    fn check(&self) -> Result<(), &'static str> {
        if self.scanner.driver.is_empty() || self.captured_at_ms <= 0 {
            return Err("no scanner or no time");
        }
        if self.result != "identified" {
            return Err("a palm that did not pass");
        }
        if self.parts.iter().any(|part| part.finding == "against") {
            return Err("a palm that is suspected");
        }
        let Readings {
            volume_ml,
            surface_temperature_celsius,
            ambient_temperature_celsius,
            vascular_quality,
            liveness,
        } = self.readings;
        let in_range = |value: Option<f32>, least: f32, most: f32| {
            value.is_none_or(|value| (least..=most).contains(&value))
        };
        let plausible = in_range(volume_ml, 0.0, 2000.0)
            && in_range(surface_temperature_celsius, -50.0, 100.0)
            && in_range(ambient_temperature_celsius, -50.0, 100.0)
            && in_range(vascular_quality, 0.0, 1.0)
            && in_range(liveness, 0.0, 1.0);
        // What is said to be captured must have been: geometry by the volume, warmth by the temperature.
        let claims = |bit| self.biometric_types & bit != 0;
        let honest = claims(0x40) == volume_ml.is_some()
            && claims(0x800) == surface_temperature_celsius.is_some()
            && self.biometric_types & !0x4_0840 == 0;
        if plausible && honest {
            Ok(())
        } else {
            Err("readings that make no sense")
        }
    }
}

/// It is logged and kept, so it must be what it says and not a place for something else.
pub(super) fn is_request_id(id: &str) -> bool {
    (1..=64).contains(&id.len())
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn is_jpeg(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0xff, 0xd8, 0xff]) && bytes.ends_with(&[0xff, 0xd9])
}

#[cfg(test)]
mod tests {
    use super::*;

    const PALM: &str = r#"{"scanner":{"driver":"xst","model":"","firmware":"","serial":"9"},"captured_at_ms":1,
        "biometric_types":262144,"result":"identified"}"#;

    /// `rest` follows after an id and the IIN of the public test card.
    fn check(rest: &str, expect: Result<Subject, &str>) {
        let text = format!(r#"{{"request_id":"1","iin":"880412401006"{rest}}}"#);
        let found = serde_json::from_str::<Question>(&text)
            .map_err(|_| "not the agreed JSON")
            .and_then(|question| question.check());
        assert_eq!(found, expect, "{text}");
    }

    fn palm(change: (&str, &str), expect: Result<Subject, &str>) {
        let palm = PALM.replace(change.0, change.1);
        assert!(change.0 == change.1 || palm != PALM, "{change:?}");
        check(&format!(r#","modality":"palm","palm":{palm}"#), expect);
    }

    #[test]
    fn questions_have_one_form() {
        let jpeg = STANDARD.encode(b"\xff\xd8\xff picture \xff\xd9");
        let image = format!(r#","image":"{jpeg}""#);
        check(&image, Ok(Subject::Face));
        check(&format!(r#"{image},"modality":"face""#), Ok(Subject::Face));
        let mixed = Err("not what belongs to the modality");
        check(&format!(r#"{image},"modality":"palm""#), mixed);
        check("", mixed);
        check(r#","modality":"palm""#, mixed);
        check(&format!(r#","palm":{PALM}"#), mixed);
        check(&format!(r#"{image},"modality":"palm","palm":{PALM}"#), mixed);
        check(r#","image":"cGljdHVyZQ==""#, Err("not a JPEG picture"));
        check(
            &format!(r#"{image},"modality":"voice""#),
            Err("not the agreed JSON"),
        );
    }

    #[test]
    fn palms_are_looked_through() {
        let good = Ok(Subject::Palm);
        palm(("", ""), good);
        let measured = r#""biometric_types":262208,"readings":{"volume_ml":412.5}"#;
        palm((r#""biometric_types":262144"#, measured), good);
        let parts = |finding| format!(r#""parts":[{{"part":"volume","finding":"{finding}"}}],"result""#);
        palm((r#""result""#, &parts("silent")), good);

        let suspected = Err("a palm that is suspected");
        palm((r#""result""#, &parts("against")), suspected);
        palm(("identified", "no_match"), Err("a palm that did not pass"));
        palm(("xst", ""), Err("no scanner or no time"));
        palm(
            (r#""captured_at_ms":1"#, r#""captured_at_ms":0"#),
            Err("no scanner or no time"),
        );
        let nonsense = Err("readings that make no sense");
        palm(("262144", "262208"), nonsense);
        palm(("262144", "393216"), nonsense);
        palm((r#""result""#, r#""readings":{"liveness":2},"result""#), nonsense);
        let strange = Err("not the agreed JSON");
        palm((r#""result""#, r#""template":"AAAA","result""#), strange);
        palm((r#""serial""#, r#""secret":"","serial""#), strange);
        palm(
            (r#""result""#, r#""readings":{"vein_image":1},"result""#),
            strange,
        );
    }
}
