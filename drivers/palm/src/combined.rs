//! A palm scanner and a thermometer beside it, as one scanner that measures temperature.
//!
//! - A reading counts if it was taken while the module said that the hand is in place; where the module gives no
//!   positions, if it was taken in the last second before the result; where there was none, the first one after the
//!   result. The median of them is recorded, so that one reading of the air beside the hand changes nothing.
//! - A module that measures temperature itself keeps its own: it measured what it captured, and may have signed it. The
//!   thermometer beside it is then neither named nor read, so that every record has one source.
//! - A thermometer that fails during a scan ends it as a fault of the device: no attempt.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use verification::palm::{
    EnrolOutcome, HandPosition, PalmReference, PalmScan, ScanOrder, ScanResult, SubjectTag,
};

use crate::thermometer::{Reading, Thermometer};
use crate::{CaptureEvent, Check, Notice, PalmError, PalmScanner, ScannerInfo, Watch};

/// How old a reading may be when the result comes, where the module does not say when the hand is in place.
const AGE_MAX: Duration = Duration::from_secs(1);

/// A scanner with a thermometer beside it.
pub struct Combined {
    scanner: Box<dyn PalmScanner>,
    thermometer: Box<dyn Thermometer>,
    /// Name of the thermometer's driver.
    name: &'static str,
    /// The module measures temperature itself, as it said when it was last asked.
    module_measures: bool,
}

impl Combined {
    /// Combines them. `name` is that of the thermometer's driver.
    pub fn new(scanner: Box<dyn PalmScanner>, name: &'static str, thermometer: Box<dyn Thermometer>) -> Self {
        Self {
            scanner,
            thermometer,
            name,
            module_measures: false,
        }
    }
}

impl PalmScanner for Combined {
    fn info(&mut self) -> Result<ScannerInfo, PalmError> {
        let mut info = self.scanner.info()?;
        self.module_measures = info.identity.capabilities.temperature;
        if self.module_measures {
            tracing::debug!(
                "the palm module measures temperature itself: the thermometer beside it is not used"
            );
        } else {
            self.thermometer.info()?;
            info.identity.thermometer = Some(self.name.to_owned());
            info.identity.capabilities.temperature = true;
        }
        Ok(info)
    }

    fn self_test(&mut self) -> Result<Vec<Check>, PalmError> {
        let mut checks = self.scanner.self_test()?;
        let tested = self.thermometer.info();
        checks.push(Check {
            name: "thermometer".to_owned(),
            passed: tested.is_ok(),
            detail: match tested {
                Ok(reading) => format!(
                    "{}: {:.1} °C before it, {:.1} °C around it",
                    self.name, reading.object_celsius, reading.ambient_celsius
                ),
                Err(error) => error.to_string(),
            },
        });
        Ok(checks)
    }

    fn verify(&mut self, order: &ScanOrder, watch: &mut Watch<'_>) -> Result<Option<PalmScan>, PalmError> {
        if self.module_measures {
            return self.scanner.verify(order, watch);
        }
        let Self {
            scanner, thermometer, ..
        } = self;
        // What was measured before the scan is of no use.
        thermometer.read()?;
        let origin = Instant::now();
        let mut samples = Samples::default();
        let mut broken = None;
        let scan = scanner.verify(order, &mut |event| {
            if let CaptureEvent::Hand(position) = event {
                samples.hand(position);
            }
            match thermometer.read() {
                Ok(reading) => samples.add(origin.elapsed(), reading),
                Err(error) => {
                    broken = Some(error);
                    return ControlFlow::Break(());
                }
            }
            watch(event)
        });
        if let Some(error) = broken {
            return Err(error);
        }
        let Some(mut scan) = scan? else {
            return Ok(None);
        };
        // What stood before the thermometer in a scan that saw no hand is the room.
        if scan.result != ScanResult::NothingPresented {
            let reading = match samples.median(origin.elapsed()) {
                Some(reading) => reading,
                // A quick module: the hand is still there for one fresh reading.
                None => thermometer.info()?,
            };
            scan.readings.surface_temperature_celsius = Some(reading.object_celsius);
            scan.readings.ambient_temperature_celsius = Some(reading.ambient_celsius);
        }
        Ok(Some(scan))
    }

    fn enrol(
        &mut self,
        tag: &SubjectTag,
        limit: Duration,
        watch: &mut Watch<'_>,
    ) -> Result<Option<EnrolOutcome>, PalmError> {
        self.scanner.enrol(tag, limit, watch)
    }

    fn delete(&mut self, reference: PalmReference) -> Result<(), PalmError> {
        self.scanner.delete(reference)
    }

    fn list(&mut self) -> Result<Vec<PalmReference>, PalmError> {
        self.scanner.list()
    }

    fn cancel(&mut self) -> Result<(), PalmError> {
        self.scanner.cancel()
    }

    fn listen(&mut self) -> Result<Option<Notice>, PalmError> {
        if !self.module_measures {
            self.thermometer.read()?;
        }
        self.scanner.listen()
    }
}

/// Readings of one scan.
#[derive(Debug, Default)]
struct Samples {
    /// Whether the module says where the hand is.
    positions: bool,
    in_place: bool,
    /// With the hand in place, where the module says so; otherwise all of the last second.
    kept: Vec<(Duration, Reading)>,
}

impl Samples {
    fn hand(&mut self, position: HandPosition) {
        if !self.positions {
            self.positions = true;
            self.kept.clear();
        }
        self.in_place = position == HandPosition::InPlace;
    }

    fn add(&mut self, at: Duration, reading: Option<Reading>) {
        if !self.positions {
            self.forget_old(at);
        }
        if self.in_place || !self.positions {
            self.kept.extend(reading.map(|reading| (at, reading)));
        }
    }

    fn forget_old(&mut self, now: Duration) {
        self.kept.retain(|(at, _)| now.saturating_sub(*at) <= AGE_MAX);
    }

    /// The median of either temperature.
    fn median(mut self, now: Duration) -> Option<Reading> {
        if !self.positions {
            self.forget_old(now);
        }
        let median = |of: fn(&Reading) -> f32| {
            let mut values: Vec<f32> = self.kept.iter().map(|(_, reading)| of(reading)).collect();
            values.sort_by(f32::total_cmp);
            values.get(values.len() / 2).copied()
        };
        Some(Reading {
            object_celsius: median(|reading| reading.object_celsius)?,
            ambient_celsius: median(|reading| reading.ambient_celsius)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Copy)]
    enum Step {
        Hand(HandPosition),
        Read(u64, f32),
    }
    use HandPosition::{InPlace, NotSeen, TooFar};
    use Step::{Hand, Read};

    #[test]
    fn the_median_is_of_the_hand_and_not_of_the_air() {
        let check = |script: &[Step], end_ms: u64, expect: Option<f32>| {
            let mut samples = Samples::default();
            for step in script {
                match *step {
                    Hand(position) => samples.hand(position),
                    Read(at_ms, object_celsius) => samples.add(
                        Duration::from_millis(at_ms),
                        Some(Reading {
                            object_celsius,
                            ambient_celsius: 21.0,
                        }),
                    ),
                }
            }
            let median = samples.median(Duration::from_millis(end_ms));
            assert_eq!(median.map(|reading| reading.object_celsius), expect);
        };
        check(&[], 0, None);
        // No positions: the last second alone.
        check(
            &[Read(0, 21.0), Read(900, 33.0), Read(1500, 33.4)],
            1600,
            Some(33.4),
        );
        check(&[Read(0, 21.0)], 1001, None);
        // Positions: what was read in place, however long ago, and nothing else.
        let hand = [
            Read(0, 21.0),
            Hand(TooFar),
            Read(100, 22.0),
            Hand(InPlace),
            Read(200, 33.0),
            Read(300, 10.0),
            Read(400, 33.2),
        ];
        check(&hand, 5000, Some(33.0));
        check(
            &[&hand[..], &[Hand(NotSeen), Read(500, 21.0)]].concat(),
            5000,
            Some(33.0),
        );
        check(&[Read(0, 33.0), Hand(NotSeen), Read(100, 21.0)], 100, None);
    }
}
