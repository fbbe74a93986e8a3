//! What a scanner reports of one capture: the 18 bytes that it also signs.

use verification::palm::{
    HandPosition, PalmCapabilities, PalmQuality, PalmReadings, PalmReference, ScanResult,
};

use super::fields::{Fields, MessageFault};

/// A field of which the reading was not measured.
const ABSENT: u16 = 0x8000;
/// The number of no reference.
pub const NO_REFERENCE: u32 = u32::MAX;
/// The score of certainty.
const SCORE_MAX: u16 = 1000;

/// Capability *ambient temperature*; the others are in [`capabilities`].
const AMBIENT: u16 = 0x0008;

/// A report as it came. `Debug` shows nothing of it: it is biometric.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Report(pub [u8; 18]);

impl std::fmt::Debug for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Report")
    }
}

/// The same in the words of all scanners.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// How the capture ended.
    pub result: ScanResult,
    /// What was measured.
    pub readings: PalmReadings,
    /// What was wrong with the capture.
    pub quality: Vec<PalmQuality>,
}

impl Report {
    /// Reads the report of a scanner with this mask of capabilities.
    ///
    /// # Errors
    /// If it contradicts itself, or claims a reading that the scanner cannot take.
    pub fn read(&self, mask: u16) -> Result<Measured, MessageFault> {
        let mut fields = Fields(&self.0);
        let (result, measured) = (fields.u8()?, fields.u8()?);
        let (quality, reference) = (fields.u16()?, fields.u32()?);
        let result = result_of(result, reference)?;
        let mut bit = 0;
        // Each reading: its bit in the mask of the report, what it needs, its field.
        let mut reading = |name: &'static str, capability: bool| {
            let (present, field) = (measured & 1 << bit != 0, fields.u16()?);
            bit += 1;
            match (present, field) {
                (false, ABSENT) => Ok(None),
                (true, field) if field != ABSENT && capability => Ok(Some(field)),
                _ => Err(MessageFault::Impossible(name)),
            }
        };
        let can = capabilities(mask);
        let volume = reading("volume", can.volume)?;
        let surface = reading("surface temperature", can.temperature)?;
        let ambient = reading("ambient temperature", mask & AMBIENT != 0)?;
        let vascular = reading("vascular quality", can.vascular)?;
        let liveness = reading("liveness", can.liveness)?;
        if volume.is_some_and(|volume| volume > ABSENT) {
            return Err(MessageFault::Impossible("volume"));
        }
        if [vascular, liveness]
            .into_iter()
            .flatten()
            .any(|score| score > SCORE_MAX)
        {
            return Err(MessageFault::Impossible("score"));
        }
        let air = PalmReadings {
            ambient_temperature_celsius: ambient.map(celsius),
            ..PalmReadings::default()
        };
        let readings = match result {
            // Whatever else was measured, it was no palm.
            ScanResult::NotAPalm | ScanResult::NothingPresented => air,
            _ => PalmReadings {
                volume_ml: volume.map(f32::from),
                surface_temperature_celsius: surface.map(celsius),
                vascular_quality: vascular.map(score),
                liveness: liveness.map(score),
                ..air
            },
        };
        Ok(Measured {
            result,
            readings,
            quality: quality_of(quality),
        })
    }
}

fn result_of(code: u8, reference: u32) -> Result<ScanResult, MessageFault> {
    let result = match code {
        1 if reference == 0 || reference == NO_REFERENCE => {
            return Err(MessageFault::Impossible("reference"));
        }
        1 => return Ok(ScanResult::Identified(PalmReference(reference))),
        2 => ScanResult::NoMatch,
        3 => ScanResult::NotLive,
        4 => ScanResult::NotAPalm,
        5 => ScanResult::NothingPresented,
        _ => return Err(MessageFault::Impossible("result")),
    };
    if reference == NO_REFERENCE {
        Ok(result)
    } else {
        Err(MessageFault::Impossible("reference"))
    }
}

/// Hundredths of a degree, two's complement.
fn celsius(field: u16) -> f32 {
    f32::from(field.cast_signed()) / 100.0
}

fn score(field: u16) -> f32 {
    f32::from(field) / f32::from(SCORE_MAX)
}

/// What the bits of the mask of capabilities mean.
pub fn capabilities(mask: u16) -> PalmCapabilities {
    PalmCapabilities {
        vascular: mask & 0x0001 != 0,
        volume: mask & 0x0002 != 0,
        temperature: mask & 0x0004 != 0,
        liveness: mask & 0x0010 != 0,
        seal: mask & 0x0020 != 0,
    }
}

fn quality_of(mask: u16) -> Vec<PalmQuality> {
    let bits = [
        PalmQuality::Moving,
        PalmQuality::Tilted,
        PalmQuality::Partial,
        PalmQuality::FingersClosed,
        PalmQuality::Covered,
        PalmQuality::Dirty,
        PalmQuality::AmbientLight,
        PalmQuality::Cold,
    ];
    let set = bits
        .into_iter()
        .enumerate()
        .filter(|(bit, _)| mask & 1 << bit != 0);
    set.map(|(_, quality)| quality).collect()
}

/// Where the hand is; `None` where the scanner has nothing to say, or says what this version does not know.
pub fn position(code: u8) -> Option<HandPosition> {
    Some(match code {
        1 => HandPosition::InPlace,
        2 => HandPosition::NotSeen,
        3 => HandPosition::TooFar,
        4 => HandPosition::TooClose,
        5 => HandPosition::TooHigh,
        6 => HandPosition::TooLow,
        7 => HandPosition::TooLeft,
        8 => HandPosition::TooRight,
        9 => HandPosition::NotAHand,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALL: u16 = 0x3F;

    fn report(result: u8, measured: u8, quality: u16, reference: u32, readings: [u16; 5]) -> Report {
        let mut bytes = vec![result, measured];
        bytes.extend(quality.to_le_bytes());
        bytes.extend(reference.to_le_bytes());
        bytes.extend(readings.iter().flat_map(|reading| reading.to_le_bytes()));
        Report(bytes.try_into().unwrap())
    }

    #[test]
    fn readings_are_read_and_absent_ones_stay_absent() {
        let check = |measured, fields, expect: PalmReadings| {
            let found = report(2, measured, 0, NO_REFERENCE, fields).read(ALL).unwrap();
            assert_eq!(found.readings, expect, "{measured:02x}");
        };
        check(0, [ABSENT; 5], PalmReadings::default());
        check(
            0x1F,
            [412, 3345, 0xFFFF, 870, 0],
            PalmReadings {
                volume_ml: Some(412.0),
                surface_temperature_celsius: Some(33.45),
                ambient_temperature_celsius: Some(-0.01),
                vascular_quality: Some(0.87),
                liveness: Some(0.0),
            },
        );
        check(
            0x02,
            [ABSENT, 0, ABSENT, ABSENT, ABSENT],
            PalmReadings {
                surface_temperature_celsius: Some(0.0),
                ..PalmReadings::default()
            },
        );
    }

    #[test]
    fn of_what_is_no_palm_only_the_air_counts() {
        let check = |code, expect: PalmReadings| {
            let found = report(code, 0x1F, 0, NO_REFERENCE, [412, 3345, 2210, 870, 930]).read(ALL);
            assert_eq!(found.unwrap().readings, expect, "{code}");
        };
        let air = PalmReadings {
            ambient_temperature_celsius: Some(22.1),
            ..PalmReadings::default()
        };
        let all = PalmReadings {
            volume_ml: Some(412.0),
            surface_temperature_celsius: Some(33.45),
            vascular_quality: Some(0.87),
            liveness: Some(0.93),
            ..air
        };
        check(3, all);
        check(4, air);
        check(5, air);
    }

    #[test]
    fn results_and_their_references() {
        let check = |code, reference, expect: Result<ScanResult, &'static str>| {
            let found = report(code, 0, 0, reference, [ABSENT; 5]).read(ALL);
            let expect = expect.map_err(MessageFault::Impossible);
            assert_eq!(found.map(|found| found.result), expect, "{code} {reference}");
        };
        check(1, 7, Ok(ScanResult::Identified(PalmReference(7))));
        check(1, 0, Err("reference"));
        check(1, NO_REFERENCE, Err("reference"));
        check(2, NO_REFERENCE, Ok(ScanResult::NoMatch));
        check(2, 7, Err("reference"));
        check(3, NO_REFERENCE, Ok(ScanResult::NotLive));
        check(4, NO_REFERENCE, Ok(ScanResult::NotAPalm));
        check(5, NO_REFERENCE, Ok(ScanResult::NothingPresented));
        check(0, NO_REFERENCE, Err("result"));
        check(6, NO_REFERENCE, Err("result"));
    }

    #[test]
    fn a_report_that_contradicts_itself_is_refused() {
        let check = |measured, fields, mask, expect: &'static str| {
            let found = report(2, measured, 0, NO_REFERENCE, fields).read(mask);
            assert_eq!(found, Err(MessageFault::Impossible(expect)));
        };
        check(1, [ABSENT; 5], ALL, "volume");
        check(0, [412, ABSENT, ABSENT, ABSENT, ABSENT], ALL, "volume");
        check(1, [0x8001, ABSENT, ABSENT, ABSENT, ABSENT], ALL, "volume");
        check(1, [412, ABSENT, ABSENT, ABSENT, ABSENT], ALL & !2, "volume");
        check(
            2,
            [ABSENT, 1, ABSENT, ABSENT, ABSENT],
            ALL & !4,
            "surface temperature",
        );
        check(
            4,
            [ABSENT, ABSENT, 1, ABSENT, ABSENT],
            ALL & !8,
            "ambient temperature",
        );
        check(
            8,
            [ABSENT, ABSENT, ABSENT, 1, ABSENT],
            ALL & !1,
            "vascular quality",
        );
        check(16, [ABSENT, ABSENT, ABSENT, ABSENT, 1], ALL & !16, "liveness");
        check(16, [ABSENT, ABSENT, ABSENT, ABSENT, 1001], ALL, "score");
    }

    #[test]
    fn bits_of_quality() {
        let found = |mask| {
            report(2, 0, mask, NO_REFERENCE, [ABSENT; 5])
                .read(ALL)
                .unwrap()
                .quality
        };
        assert_eq!(found(0x0081), [PalmQuality::Moving, PalmQuality::Cold]);
        // Bits that this version does not know are no reason to drop the rest.
        assert_eq!(found(0xFF08), [PalmQuality::FingersClosed]);
    }

    proptest! {
        #[test]
        fn any_report_is_read_or_refused(bytes in any::<[u8; 18]>(), mask in any::<u16>()) {
            if let Ok(found) = Report(bytes).read(mask) {
                let scores = [found.readings.vascular_quality, found.readings.liveness];
                prop_assert!(scores.into_iter().flatten().all(|score| (0.0..=1.0).contains(&score)));
            }
        }
    }
}
