//! Whether the picture goes on from the one before.

use opencv::core::{CV_32F, Mat, Size};
use opencv::imgproc;
use opencv::prelude::*;

use crate::FaceError;

/// Side of the sketch. A head at the kiosk is some eight of its pixels wide, so that noise and small movements are
/// averaged away.
const SIDE: i32 = 32;
/// A pixel of the sketch is the mean of so many pixels of the frame in a row and in a column.
const THINNED: i32 = 5;
/// Variance of a sketch, squared grey levels, below which it shows nothing: noise of one level.
const VARIANCE_MIN: f32 = 1.0;

/// Keeps a sketch of the frame before.
#[derive(Default)]
pub(crate) struct Scene {
    before: Option<Vec<f32>>,
}

impl Scene {
    /// [`verification::capture::FaceObservation::luminance_mean`] and
    /// [`verification::capture::FaceObservation::scene_change`]: one less the correlation of two sketches, which a
    /// change of exposure or of gain leaves alone.
    pub(crate) fn look(&mut self, bgr: &Mat) -> Result<(f32, Option<f32>), FaceError> {
        // Every pixel is not needed for a mean, and reading them all takes longer than the rest.
        let mut thinned = Mat::default();
        let size = Size::new(SIDE * THINNED, SIDE * THINNED);
        imgproc::resize(bgr, &mut thinned, size, 0.0, 0.0, imgproc::INTER_NEAREST)?;
        let mut small = Mat::default();
        let size = Size::new(SIDE, SIDE);
        imgproc::resize(&thinned, &mut small, size, 0.0, 0.0, imgproc::INTER_AREA)?;
        let mut grey = Mat::default();
        imgproc::cvt_color_def(&small, &mut grey, imgproc::COLOR_BGR2GRAY)?;
        let mut sketch = Mat::default();
        grey.convert_to(&mut sketch, CV_32F, 1.0, 0.0)?;
        let mut now = sketch.data_typed::<f32>()?.to_vec();
        let mean = now.iter().sum::<f32>() / now.len() as f32;
        now.iter_mut().for_each(|value| *value -= mean);
        let change = self.before.as_ref().map(|before| change(before, &now));
        self.before = Some(now);
        Ok((mean, change))
    }
}

fn change(before: &[f32], now: &[f32]) -> f32 {
    let variance =
        |values: &[f32]| values.iter().map(|value| value * value).sum::<f32>() / values.len() as f32;
    let (was, is) = (variance(before), variance(now));
    match (was < VARIANCE_MIN, is < VARIANCE_MIN) {
        // From blank to blank nothing changes, and between a blank and a picture everything does.
        (true, true) => 0.0,
        (true, false) | (false, true) => 1.0,
        (false, false) => {
            let common = before.iter().zip(now).map(|(was, is)| was * is).sum::<f32>() / now.len() as f32;
            (1.0 - common / (was * is).sqrt()).clamp(0.0, 1.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use opencv::core::{CV_8UC3, Rect, Scalar};

    use super::*;

    /// A bright square on a dark ground.
    fn picture(left: i32, gain: f64, offset: f64) -> Mat {
        let mut mat = Mat::new_rows_cols_with_default(120, 160, CV_8UC3, Scalar::all(40.0)).unwrap();
        let square = Rect::new(left, 30, 50, 60);
        imgproc::rectangle(
            &mut mat,
            square,
            Scalar::all(140.0),
            imgproc::FILLED,
            imgproc::LINE_8,
            0,
        )
        .unwrap();
        let mut lit = Mat::default();
        mat.convert_to(&mut lit, -1, gain, offset).unwrap();
        lit
    }

    fn check(frames: &[Mat], expect: std::ops::RangeInclusive<f32>) {
        let mut scene = Scene::default();
        assert_eq!(scene.look(&frames[0]).unwrap().1, None);
        for frame in &frames[1..] {
            let change = scene.look(frame).unwrap().1.unwrap();
            assert!(expect.contains(&change), "{change} is not in {expect:?}");
        }
    }

    #[test]
    fn another_picture_is_a_change_and_another_exposure_is_none() {
        let seen = || picture(50, 1.0, 0.0);
        check(&[seen(), seen()], 0.0..=1e-4);
        check(
            &[seen(), picture(50, 1.5, 20.0), picture(50, 0.5, 0.0)],
            0.0..=0.01,
        );
        check(&[seen(), picture(54, 1.0, 0.0)], 0.0..=0.15);
        check(&[seen(), picture(110, 1.0, 0.0)], 0.5..=1.0);
    }

    #[test]
    fn a_blank_picture_has_nothing_in_common_with_a_scene() {
        let blank = || picture(50, 0.0, 0.0);
        check(&[blank(), blank()], 0.0..=0.0);
        check(&[blank(), picture(50, 1.0, 0.0), blank()], 1.0..=1.0);
    }
}
