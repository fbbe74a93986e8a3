//! Small grey pictures of a face in a layout of its own, freed of the light on it.

use opencv::core::{self, CV_32F, Mat, Rect, Scalar, Size};
use opencv::imgproc;
use opencv::prelude::*;

use crate::FaceError;
use crate::image::inside;
use verification::capture::RectPx;

/// A contrast below this many grey levels is noise of the sensor, and is not raised to full contrast.
const CONTRAST_MIN: f64 = 6.0;

/// A square picture of one channel.
#[derive(Debug, Clone, Default)]
pub(crate) struct Square {
    pub(crate) side: usize,
    pub(crate) values: Vec<f32>,
}

impl Square {
    pub(crate) fn of(mat: &Mat) -> Result<Self, FaceError> {
        Ok(Self {
            side: usize::try_from(mat.cols()).unwrap_or(0),
            values: mat.data_typed::<f32>()?.to_vec(),
        })
    }

    pub(crate) fn mat(&self) -> Result<Mat, FaceError> {
        let rows = i32::try_from(self.side).unwrap_or(0);
        Ok(Mat::from_slice(&self.values)?.reshape(1, rows)?.try_clone()?)
    }

    /// Half as large, the mean of each four pixels.
    pub(crate) fn halved(&self) -> Self {
        let side = self.side / 2;
        let at = |x: usize, y: usize| self.values.get(y * self.side + x).copied().unwrap_or(0.0);
        let values = (0..side * side)
            .map(|pixel| {
                let (x, y) = (2 * (pixel % side), 2 * (pixel / side));
                (at(x, y) + at(x + 1, y) + at(x, y + 1) + at(x + 1, y + 1)) / 4.0
            })
            .collect();
        Self { side, values }
    }
}

/// Fetches the grey value of the frame at each of `side` x `side` places, given in rows. `None` where no place
/// lies in the frame. Where the places are further apart than the pixels, pixels are averaged first, so that
/// nothing flickers.
pub(crate) fn sample(bgr: &Mat, places: &[[f32; 2]], side: usize) -> Result<Option<Mat>, FaceError> {
    let (mut low, mut high) = ([f32::INFINITY; 2], [f32::NEG_INFINITY; 2]);
    for place in places {
        for axis in 0..2 {
            low[axis] = low[axis].min(place[axis]);
            high[axis] = high[axis].max(place[axis]);
        }
    }
    let margin = 2.0;
    let around = RectPx {
        x: low[0] - margin,
        y: low[1] - margin,
        width: high[0] - low[0] + 2.0 * margin,
        height: high[1] - low[1] + 2.0 * margin,
    };
    let Some(cut) = inside(around, bgr.cols(), bgr.rows()) else {
        return Ok(None);
    };
    if places.len() != side * side || side == 0 {
        return Ok(None);
    }
    let mut grey = Mat::default();
    imgproc::cvt_color_def(&bgr.roi(cut)?, &mut grey, imgproc::COLOR_BGR2GRAY)?;
    let step = (around.width.min(around.height) / side as f32).floor().max(1.0);
    let (shrunk, scale) = shrink(grey, cut, step)?;
    let flat: Vec<core::Vec2f> = places
        .iter()
        .map(|[x, y]| {
            core::Vec2f::from([
                (x - cut.x as f32 + 0.5) * scale[0] - 0.5,
                (y - cut.y as f32 + 0.5) * scale[1] - 0.5,
            ])
        })
        .collect();
    let map = Mat::from_slice(&flat)?
        .reshape(2, i32::try_from(side).unwrap_or(0))?
        .try_clone()?;
    let mut sampled = Mat::default();
    imgproc::remap(
        &shrunk,
        &mut sampled,
        &map,
        &Mat::default(),
        imgproc::INTER_LINEAR,
        core::BORDER_REPLICATE,
        Scalar::all(0.0),
    )?;
    let mut values = Mat::default();
    sampled.convert_to(&mut values, CV_32F, 1.0, 0.0)?;
    Ok(Some(values))
}

fn shrink(grey: Mat, cut: Rect, step: f32) -> Result<(Mat, [f32; 2]), FaceError> {
    if step < 2.0 {
        return Ok((grey, [1.0, 1.0]));
    }
    let fit = |length: i32| ((length as f32 / step).round() as i32).max(1);
    let size = Size::new(fit(cut.width), fit(cut.height));
    let mut small = Mat::default();
    imgproc::resize(&grey, &mut small, size, 0.0, 0.0, imgproc::INTER_AREA)?;
    let scale = [
        size.width as f32 / cut.width as f32,
        size.height as f32 / cut.height as f32,
    ];
    Ok((small, scale))
}

/// Takes the mean of the surroundings away and divides by their contrast, so that light and shade count little.
pub(crate) fn even_out(values: &Mat, surround_px: i32) -> Result<Mat, FaceError> {
    let size = Size::new(surround_px, surround_px);
    let mut mean = Mat::default();
    imgproc::blur_def(values, &mut mean, size)?;
    let mut detail = Mat::default();
    core::subtract_def(values, &mean, &mut detail)?;
    let mut square = Mat::default();
    core::multiply_def(&detail, &detail, &mut square)?;
    let mut variance = Mat::default();
    imgproc::blur_def(&square, &mut variance, size)?;
    let mut contrast = Mat::default();
    core::sqrt(&variance, &mut contrast)?;
    let mut raised = Mat::default();
    core::add_def(&contrast, &Scalar::all(CONTRAST_MIN), &mut raised)?;
    let mut even = Mat::default();
    core::divide2_def(&detail, &raised, &mut even)?;
    Ok(even)
}
