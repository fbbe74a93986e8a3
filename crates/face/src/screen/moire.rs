//! Moiré: the beat of the grid of a display with the grid of the sensor.
//!
//! It is a narrow peak in the spectrum of the face. Skin, hair and noise have none: the power of each frequency
//! scatters about that of its neighbours as an exponential distribution, of which the largest of n values exceeds
//! ln(n / p) times the mean with the probability p.

use opencv::core::{self, Mat, Rect, Size};
use opencv::imgproc;
use opencv::prelude::*;
use verification::capture::RectPx;

use crate::FaceError;
use crate::mesh::{POINTS, Point3};

/// Side of the piece of the face, taken as the sensor gave it: a change of size would blur the peak away.
const SIDE: i32 = 128;
/// A smaller face does not fill the piece.
const FACE_WIDTH_MIN_PX: f32 = 110.0;
/// Eyes, nose and mouth are coarser than this, in cycles a pixel.
const COARSE: f32 = 0.08;
/// The blocks of JPEG and H.264 repeat along rows and columns, so that their harmonics lie on the axes, within this
/// many steps of frequency.
const AXIS_STEPS: i32 = 2;
/// The neighbours of a frequency: a square of the larger side without one of the smaller.
const NEIGHBOURS: (i32, i32) = (15, 5);
/// ln(n / p) for the n = 6000 frequencies that are looked at and p = 1e-6, once in hours of frames.
const CHANCE_MAX: f32 = 22.5;
/// Middle of the nose.
const MIDDLE: (usize, usize) = (1, 5);

/// Keeps the window.
#[derive(Default)]
pub(super) struct Moire {
    window: Option<Mat>,
}

impl Moire {
    /// 0 no peak, 0.5 a peak that chance gives once in a million frames, 1 one of twice that height.
    pub(super) fn measure(
        &mut self,
        bgr: &Mat,
        points: &[Point3; POINTS],
        face: RectPx,
    ) -> Result<f32, FaceError> {
        if face.width < FACE_WIDTH_MIN_PX || bgr.cols() < SIDE || bgr.rows() < SIDE {
            return Ok(0.0);
        }
        let left = |middle: f32, end: i32| {
            (middle as i32)
                .clamp(0, end)
                .saturating_sub(SIDE / 2)
                .clamp(0, end - SIDE)
        };
        let (a, b) = (points[MIDDLE.0], points[MIDDLE.1]);
        let piece = Rect::new(
            left((a.x + b.x) / 2.0, bgr.cols()),
            left((a.y + b.y) / 2.0, bgr.rows()),
            SIDE,
            SIDE,
        );
        let (mut grey, mut levels) = (Mat::default(), Mat::default());
        imgproc::cvt_color_def(&bgr.roi(piece)?, &mut grey, imgproc::COLOR_BGR2GRAY)?;
        grey.convert_to_def(&mut levels, core::CV_32F)?;
        let mean = core::mean_def(&levels)?;
        let mut even = Mat::default();
        core::subtract_def(&levels, &mean, &mut even)?;
        let window = match &mut self.window {
            Some(window) => window,
            none => {
                let mut window = Mat::default();
                imgproc::create_hanning_window(&mut window, Size::new(SIDE, SIDE), core::CV_32F)?;
                none.insert(window)
            }
        };
        let mut windowed = Mat::default();
        core::multiply_def(&even, window, &mut windowed)?;
        let mut spectrum = Mat::default();
        core::dft(&windowed, &mut spectrum, core::DFT_COMPLEX_OUTPUT, 0)?;
        Ok((peak(&spectrum)? / (2.0 * CHANCE_MAX)).clamp(0.0, 1.0))
    }
}

/// The highest power of a frequency over the mean of its neighbours.
fn peak(spectrum: &Mat) -> Result<f32, FaceError> {
    let side = SIDE as usize;
    // Frequency 0 is brought to the middle, so that neighbours are neighbours.
    let mut power = vec![0.0_f32; side * side];
    for (at, value) in spectrum.data_typed::<core::Vec2f>()?.iter().enumerate() {
        let (row, column) = ((at / side + side / 2) % side, (at % side + side / 2) % side);
        power[row * side + column] = value[0] * value[0] + value[1] * value[1];
    }
    let flat = Mat::from_slice(&power)?;
    let square = flat.reshape(1, SIDE)?;
    let sum = |side: i32| -> Result<Mat, FaceError> {
        let mut sums = Mat::default();
        let anchor = core::Point::new(-1, -1);
        let size = Size::new(side, side);
        imgproc::box_filter(
            &square,
            &mut sums,
            -1,
            size,
            anchor,
            false,
            core::BORDER_REFLECT_101,
        )?;
        Ok(sums)
    };
    let (around, near) = (sum(NEIGHBOURS.0)?, sum(NEIGHBOURS.1)?);
    let count = (NEIGHBOURS.0 * NEIGHBOURS.0 - NEIGHBOURS.1 * NEIGHBOURS.1) as f32;
    let mut highest = 0.0_f32;
    let values = power
        .iter()
        .zip(around.data_typed::<f32>()?.iter().zip(near.data_typed::<f32>()?));
    // The lower half of the spectrum mirrors the upper one.
    for (at, (power, (around, near))) in values.enumerate().take(side * side / 2) {
        let (row, column) = ((at / side) as i32 - SIDE / 2, (at % side) as i32 - SIDE / 2);
        let frequency = (row as f32).hypot(column as f32) / SIDE as f32;
        if row.abs() < AXIS_STEPS || column.abs() < AXIS_STEPS || !(COARSE..0.5).contains(&frequency) {
            continue;
        }
        // Of rounding, and of a drawn face without any noise, nothing may be made.
        let background = (around - near) / count;
        if background > 1.0 {
            highest = highest.max(power / background);
        }
    }
    Ok(highest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::bounding_box;
    use crate::testing::{drawn_face, face_points};
    use opencv::core::Scalar;

    /// A face with the noise of a sensor and a pattern over it.
    fn face(pattern: impl Fn(f32, f32) -> f32) -> Mat {
        let mut frame = drawn_face([90, 90, 90], [110, 140, 200]);
        let mut random = frame.clone();
        let mut noise = Mat::default();
        core::set_rng_seed(7).unwrap();
        core::randn(&mut random, &Scalar::all(40.0), &Scalar::all(3.0)).unwrap();
        core::add_def(&frame, &random, &mut noise).unwrap();
        frame = noise;
        for y in 0..480 {
            for x in 0..640 {
                let pixel = frame.at_2d_mut::<core::Vec3b>(y, x).unwrap();
                for channel in &mut pixel.0 {
                    *channel = (f32::from(*channel) + pattern(x as f32, y as f32)) as u8;
                }
            }
        }
        frame
    }

    fn check(pattern: impl Fn(f32, f32) -> f32, seen: bool) {
        let points = face_points();
        let got = Moire::default()
            .measure(&face(pattern), &points, bounding_box(&points))
            .unwrap();
        assert_eq!(got > 0.5, seen, "{got}");
    }

    #[test]
    fn a_beat_is_seen_and_skin_has_none() {
        check(|_, _| 0.0, false);
        check(|x, y| 3.0 * (0.9 * x + 0.5 * y).sin(), true);
        check(|x, y| 3.0 * (0.4 * x - 0.8 * y).sin(), true);
    }

    #[test]
    fn shading_and_blocks_are_no_beat() {
        check(|x, y| x / 20.0 - y / 30.0, false);
        check(
            |x, y| 4.0 * ((x / 8.0).floor() % 2.0) + 4.0 * ((y / 8.0).floor() % 2.0),
            false,
        );
    }
}
