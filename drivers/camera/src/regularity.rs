//! Whether frames come as those of a working camera do: regularly, each another one, with light in them.
//!
//! A stream that is fed from a file, a loop or a screen grab betrays itself here: it repeats frames, pixel for
//! pixel. A real sensor cannot. The photons that fall on a pixel are counted with Poisson noise, and the reading
//! adds its own, so that two frames of the same scene differ in most pixels by a level or two. Compression does not
//! take this away: a JPEG of 1280 x 720 keeps the mean of each of 14 400 blocks, and it is hopeless that all of
//! them are rounded to the same number twice. An attacker who adds noise of his own passes here; the other checks
//! must catch him.
//!
//! Pure: no clock; the time of each frame is an argument. It measures, and whoever reads the measures decides. The
//! frames of a replay are measured like all others.

use std::collections::VecDeque;
use std::time::Duration;

use verification::capture::{StreamMeasures, StreamState};

use crate::Fingerprint;

/// Studio black is 16 in BT.601 and BT.709, and some drivers hand it on as it is; four levels above it for the
/// noise of a sensor at full gain.
const BLACK_MEAN_MAX: f64 = 20.0;
/// A covered sensor shows its noise and nothing else: some 5 levels at full gain, after the camera's own smoothing.
/// A dark room in which a face can be made out has more.
const BLACK_SPREAD_MAX: f64 = 6.0;
/// A camera that starts gives dark frames until its exposure has settled, which takes up to some 20 frames.
const BLACK_AFTER: Duration = Duration::from_secs(1);

/// A sensor has noise in every frame. Cameras in the dim send each exposure twice or, at 7.5 a second on a bus of
/// 30, four times, and a driver repeats a frame in place of one that came damaged; that is 133 ms of standstill.
/// Half a second leaves room for both at once, and is shorter than any action but a blink.
const FROZEN_AFTER: Duration = Duration::from_millis(500);

/// Longer than a prompted action with its pause, so that a loop that holds one comes around.
const MEMORY: Duration = Duration::from_secs(30);
/// The memory at 60 frames a second, with room.
const MEMORY_MAX: usize = 2048;
/// A driver with a ring of buffers may hand out an old one when the bus stalls; that is one frame, seldom. A loop
/// repeats frame after frame, and has three in a tenth of a second.
const REPEATS_ALLOWED: usize = 2;
/// A picture with less spread is clipped white or black all over. It has no noise, and all such pictures are alike.
const FLAT_SPREAD_MAX: f64 = 1.0;

/// Intervals are taken over this time: long enough for 30 of them at the slowest rate allowed, and short enough to
/// see a camera slow down while a person acts.
const WINDOW: Duration = Duration::from_secs(3);
/// Fewer intervals say nothing about a rate.
const INTERVALS_MIN: usize = 5;
/// A blink takes 100 to 400 ms (Schiffman, Sensation and Perception, 2001). At this rate at least one frame falls
/// into the shortest.
const RATE_MIN_HZ: f64 = 10.0;
/// Dim light makes cameras double their exposure, and double it again. What is slower than a quarter of the agreed
/// rate has another cause.
const RATE_PART_MIN: f64 = 0.25;
/// A gap of this length can hide a whole action, or a change of persons.
const GAP_MAX: Duration = Duration::from_millis(500);

/// Watches one stream. What it remembers is bounded.
#[derive(Debug)]
pub struct Regularity {
    rate_min_hz: f64,
    newest: Option<Newest>,
    black_since: Option<Duration>,
    /// Digests of the last 30 seconds and their times.
    memory: VecDeque<(Duration, u64)>,
    /// When earlier frames came again.
    repeated: VecDeque<Duration>,
    /// Ends of the last intervals, each with the interval from one frame to the next that differs.
    intervals: VecDeque<(Duration, Duration)>,
    duplicates: u32,
    repeats: u32,
}

#[derive(Debug, Clone, Copy)]
struct Newest {
    /// Number and time of the frame that was the first to look so.
    index: u64,
    at: Duration,
    digest: u64,
    /// How many equal frames came after it.
    followers: u64,
}

impl Regularity {
    /// Watches a stream on which this rate was agreed, in frames a second; `None` where there is no agreement.
    pub fn new(agreed_hz: Option<f64>) -> Self {
        let agreed_hz = agreed_hz.filter(|rate| rate.is_finite()).unwrap_or(0.0);
        Self {
            rate_min_hz: (agreed_hz * RATE_PART_MIN).max(RATE_MIN_HZ),
            newest: None,
            black_since: None,
            memory: VecDeque::new(),
            repeated: VecDeque::new(),
            intervals: VecDeque::new(),
            duplicates: 0,
            repeats: 0,
        }
    }

    /// Takes the next frame and says how the stream looks up to it. `index` may leave out frames that nobody
    /// looked at; `at` does not go back.
    pub fn see(&mut self, index: u64, at: Duration, fingerprint: &Fingerprint) -> StreamMeasures {
        self.forget(at);
        self.black_since = is_black(fingerprint).then(|| self.black_since.unwrap_or(at));
        match &mut self.newest {
            Some(newest) if newest.digest == fingerprint.digest => {
                newest.followers += 1;
                self.duplicates = self.duplicates.saturating_add(1);
            }
            _ => self.note(index, at, fingerprint),
        }
        self.measures(at)
    }

    /// The largest gap between two frames within the last three seconds.
    pub fn gap_max(&self) -> Duration {
        self.intervals
            .iter()
            .map(|(_, gap)| *gap)
            .max()
            .unwrap_or_default()
    }

    /// Takes a frame that differs from the one before.
    fn note(&mut self, index: u64, at: Duration, fingerprint: &Fingerprint) {
        if let Some(newest) = self.newest {
            // Frames left out by the reader are no gap of the camera.
            let steps = index
                .saturating_sub(newest.index)
                .saturating_sub(newest.followers);
            let steps = u32::try_from(steps.max(1)).unwrap_or(u32::MAX);
            let gap = at.saturating_sub(newest.at) / steps;
            self.intervals.push_back((at, gap));
        }
        if !is_flat(fingerprint) {
            if self.memory.iter().any(|(_, known)| *known == fingerprint.digest) {
                self.repeats = self.repeats.saturating_add(1);
                self.repeated.push_back(at);
            }
            self.memory.push_back((at, fingerprint.digest));
        }
        self.newest = Some(Newest {
            index,
            at,
            digest: fingerprint.digest,
            followers: 0,
        });
    }

    fn forget(&mut self, now: Duration) {
        let old = |at: Duration, span: Duration| now.saturating_sub(at) > span;
        while self.memory.len() >= MEMORY_MAX || self.memory.front().is_some_and(|(at, _)| old(*at, MEMORY)) {
            self.memory.pop_front();
        }
        while self.repeated.len() >= MEMORY_MAX || self.repeated.front().is_some_and(|at| old(*at, MEMORY)) {
            self.repeated.pop_front();
        }
        while self.intervals.len() >= MEMORY_MAX
            || self.intervals.front().is_some_and(|(at, _)| old(*at, WINDOW))
        {
            self.intervals.pop_front();
        }
    }

    fn measures(&self, now: Duration) -> StreamMeasures {
        let mut gaps: Vec<Duration> = self.intervals.iter().map(|(_, gap)| *gap).collect();
        gaps.sort_unstable();
        let quantile = |part: f64| {
            // The part is below 1, so the product is a place in the list.
            let place = (gaps.len() as f64 * part) as usize;
            gaps.get(place).copied().unwrap_or_default()
        };
        let (median, p95) = (quantile(0.5).as_secs_f64(), quantile(0.95).as_secs_f64());
        let rate_hz = if median > 0.0 { 1.0 / median } else { 0.0 };
        let slow = gaps.len() >= INTERVALS_MIN && median > 0.0 && rate_hz < self.rate_min_hz;
        let since = |at: Duration| now.saturating_sub(at);
        let state = if self.black_since.is_some_and(|at| since(at) >= BLACK_AFTER) {
            StreamState::Black
        } else if self.newest.is_some_and(|newest| since(newest.at) >= FROZEN_AFTER) {
            StreamState::Frozen
        } else if self.repeated.len() > REPEATS_ALLOWED {
            StreamState::Repeating
        } else if slow || self.gap_max() > GAP_MAX {
            StreamState::TooSlow
        } else {
            StreamState::Good
        };
        StreamMeasures {
            state,
            rate_hz: rate_hz as f32,
            interval_p95_ms: (p95 * 1000.0) as f32,
            duplicates: self.duplicates,
            repeats: self.repeats,
        }
    }
}

fn is_black(fingerprint: &Fingerprint) -> bool {
    fingerprint.luminance_mean <= BLACK_MEAN_MAX && fingerprint.luminance_spread <= BLACK_SPREAD_MAX
}

fn is_flat(fingerprint: &Fingerprint) -> bool {
    fingerprint.luminance_spread <= FLAT_SPREAD_MAX
}

#[cfg(test)]
mod tests {
    use super::*;
    use StreamState::{Black, Frozen, Good, Repeating, TooSlow};
    use proptest::prelude::*;

    fn bright(digest: u64) -> Fingerprint {
        Fingerprint {
            digest,
            luminance_mean: 110.0,
            luminance_spread: 40.0,
        }
    }

    /// Frames at a rate, and the state after the last one.
    fn watch(rate_hz: f64, frames: impl IntoIterator<Item = Fingerprint>) -> StreamMeasures {
        let mut regularity = Regularity::new(Some(30.0));
        let mut last = None;
        for (index, frame) in frames.into_iter().enumerate() {
            let at = Duration::from_secs_f64(index as f64 / rate_hz);
            last = Some(regularity.see(index as u64, at, &frame));
        }
        last.unwrap()
    }

    fn check(
        rate_hz: f64,
        frames: impl IntoIterator<Item = Fingerprint>,
        expect: StreamState,
    ) -> StreamMeasures {
        let got = watch(rate_hz, frames);
        assert_eq!(got.state, expect, "{got:?}");
        got
    }

    #[test]
    fn a_camera_is_good_also_in_dim_light_and_with_a_frame_repeated() {
        let got = check(30.0, (0..300).map(bright), Good);
        assert!((got.rate_hz - 30.0).abs() < 0.1 && (got.interval_p95_ms - 33.3).abs() < 0.1);
        check(15.0, (0..150).map(bright), Good);
        check(10.1, (0..150).map(bright), Good);
        // Every exposure twice, and twice again.
        let got = check(30.0, (0..300).map(|at| bright(at / 2)), Good);
        assert!((got.rate_hz - 15.0).abs() < 0.1, "{got:?}");
        assert_eq!(got.duplicates, 150);
        // The driver puts an old buffer in place of a lost frame, twice in ten seconds.
        let stale = |at: u64| bright(if at % 120 == 100 { at - 4 } else { at });
        assert_eq!(check(30.0, (0..300).map(stale), Good).repeats, 2);
        // A single frame is no stream yet.
        check(30.0, [bright(0)], Good);
    }

    #[test]
    fn what_no_camera_does_is_told() {
        let black = |at: u64| Fingerprint {
            digest: at,
            luminance_mean: 17.0,
            luminance_spread: 3.0,
        };
        check(30.0, (0..29).map(black), Good);
        check(30.0, (0..40).map(black), Black);
        check(30.0, (0..40).map(black).chain((40..50).map(bright)), Good);
        // A covered lens without noise is black, and not frozen.
        check(30.0, (0..40).map(|_| black(1)), Black);

        check(30.0, (0..14).map(|_| bright(1)), Good);
        check(30.0, (0..20).map(|_| bright(1)), Frozen);
        check(30.0, (0..60).map(|_| bright(1)).chain([bright(2)]), TooSlow);

        let looped = check(30.0, (0..120).map(|at| bright(at % 100)), Repeating);
        assert_eq!(looped.repeats, 20);
        let to_and_fro = |at: u64| bright(if at < 60 { at } else { 120 - at });
        check(30.0, (0..100).map(to_and_fro), Repeating);
        // Thirty seconds after the last of three repeats it is forgiven, not forgotten.
        let thrice = |at: u64| bright(if (100..103).contains(&at) { at - 50 } else { at });
        assert_eq!(check(30.0, (0..1100).map(thrice), Good).repeats, 3);

        check(9.0, (0..60).map(bright), TooSlow);
        check(30.0, (0..600).map(|at| bright(at / 4)), TooSlow);
    }

    #[test]
    fn a_gap_of_the_camera_counts_and_a_slow_reader_does_not() {
        let at = Duration::from_millis;
        let mut regularity = Regularity::new(None);
        for index in 0..30 {
            regularity.see(index, at(33 * index), &bright(index));
        }
        // Twenty frames that the reader had no time for.
        let got = regularity.see(50, at(33 * 50), &bright(50));
        assert_eq!(got.state, Good);
        assert_eq!(regularity.gap_max(), at(33));
        let got = regularity.see(51, at(33 * 50 + 700), &bright(51));
        assert_eq!(got.state, TooSlow);
        assert_eq!(regularity.gap_max(), at(700));
    }

    #[test]
    fn white_frames_are_no_repeats_and_the_memory_is_bounded() {
        let white = Fingerprint {
            digest: 7,
            luminance_mean: 255.0,
            luminance_spread: 0.0,
        };
        let flashing = |at: u64| if at.is_multiple_of(8) { white } else { bright(at) };
        assert_eq!(check(30.0, (0..300).map(flashing), Good).repeats, 0);
        let mut regularity = Regularity::new(Some(f64::NAN));
        for index in 0..10_000 {
            regularity.see(index, Duration::ZERO, &bright(index % 3));
        }
        assert!(regularity.memory.len() <= MEMORY_MAX && regularity.repeated.len() <= MEMORY_MAX);
        assert!(regularity.intervals.len() <= MEMORY_MAX);
    }

    proptest! {
        #[test]
        fn no_stream_makes_it_panic_or_grow(
            frames in proptest::collection::vec((0u64..50, 0u64..100_000, 0u64..6, -1.0f64..300.0), 0..200)
        ) {
            let mut regularity = Regularity::new(Some(30.0));
            let mut before = (0, 0);
            for (index, at_ms, digest, luminance) in frames {
                let fingerprint = Fingerprint {
                    digest,
                    luminance_mean: if luminance < 0.0 { f64::NAN } else { luminance },
                    luminance_spread: luminance / 4.0,
                };
                let seen = regularity.see(index, Duration::from_millis(at_ms), &fingerprint);
                prop_assert!(seen.rate_hz.is_finite() && seen.interval_p95_ms.is_finite());
                prop_assert!(seen.duplicates >= before.0 && seen.repeats >= before.1);
                before = (seen.duplicates, seen.repeats);
            }
            prop_assert!(regularity.memory.len() <= 200 && regularity.intervals.len() <= 200);
        }
    }
}
