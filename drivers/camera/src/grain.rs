//! The noise of a sensor, for recordings whose own noise the compression took away or that show a frame twice.

use opencv::core::{self, CV_8UC3, Mat, RNG, RNG_UNIFORM, Rect, Scalar, Size};
use opencv::prelude::*;

use crate::CameraError;

/// The pattern is larger than a frame by this much, and each frame lies elsewhere on it. Two such places make a
/// frame's noise, so that it comes again after millions of frames.
const ROOM_PX: i32 = 64;
/// Noise is the difference of two draws from 0, 1 and 2: at most two levels, 1.2 on average over the pixels (root
/// mean square), which is what a webcam has in a lit room.
const LEVELS: f64 = 3.0;

/// Adds the same noise to the same frame of each run, and another to each frame.
#[derive(Default)]
pub(crate) struct Grain {
    pattern: Mat,
    /// Kept for its memory, which is as large as a frame.
    raised: Mat,
    frames: u64,
}

impl Grain {
    /// Adds noise to a frame.
    pub(crate) fn add(&mut self, bgr: &Mat) -> Result<Mat, CameraError> {
        let size = bgr.size()?;
        let needed = Size::new(size.width + ROOM_PX, size.height + ROOM_PX);
        if self.pattern.size()? != needed {
            let mut pattern = Mat::new_size_with_default(needed, CV_8UC3, Scalar::all(0.0))?;
            let (low, high) = (Scalar::all(0.0), Scalar::all(LEVELS));
            RNG::new(1)?.fill_def(&mut pattern, RNG_UNIFORM, &low, &high)?;
            self.pattern = pattern;
        }
        let mut draw = scattered(self.frames);
        self.frames += 1;
        let mut place = || {
            let (x, y) = (next(&mut draw), next(&mut draw));
            Mat::roi(&self.pattern, Rect::new(x, y, size.width, size.height))
        };
        let (more, less) = (place()?, place()?);
        let mut noisy = Mat::default();
        core::add_def(bgr, &more, &mut self.raised)?;
        core::subtract_def(&self.raised, &less, &mut noisy)?;
        Ok(noisy)
    }
}

/// Six bits of a number, which loses them: a coordinate below the room.
fn next(bits: &mut u64) -> i32 {
    let coordinate = (*bits % ROOM_PX as u64) as i32;
    *bits /= ROOM_PX as u64;
    coordinate
}

/// SplitMix64 (Steele, Lea and Flood, 2014): neighbouring numbers become unlike ones.
fn scattered(number: u64) -> u64 {
    let mut z = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Fingerprint;

    #[test]
    fn noise_is_small_and_never_the_same() {
        let frame = Mat::new_rows_cols_with_default(90, 160, CV_8UC3, Scalar::all(100.0)).unwrap();
        let run = || {
            let mut grain = Grain::default();
            (0..300)
                .map(|_| {
                    let noisy = grain.add(&frame).unwrap();
                    let largest = core::norm2(&noisy, &frame, core::NORM_INF, &core::no_array()).unwrap();
                    assert!((1.0..=2.0).contains(&largest), "{largest}");
                    Fingerprint::of(&noisy).unwrap().digest
                })
                .collect::<Vec<_>>()
        };
        let digests = run();
        assert_eq!(digests, run());
        let mut different = digests.clone();
        different.sort_unstable();
        different.dedup();
        assert_eq!(different.len(), digests.len());
    }
}
