//! Attacks on the stream of frames itself: it stands still, or goes on with somebody else.

use opencv::core::{CV_64FC1, Mat, Scalar, Size};
use opencv::imgproc;
use opencv::prelude::*;

use super::donor::{Donor, Frames};
use crate::play::PlayError;

/// How long the stream stands still.
const FREEZE_S: f64 = 1.5;
/// Something is to be seen before and after.
const BEFORE_S: f64 = 1.8;

/// A stream that stands still for a while and then goes on where it stood.
pub struct Freeze {
    frames: Frames,
    index: u32,
    from: u32,
    to: u32,
    held: Option<Mat>,
}

impl Freeze {
    /// Freezes a donor's clip in its middle.
    pub fn new(donor: &Donor) -> Result<Self, PlayError> {
        let from = middle(donor);
        Ok(Self {
            frames: donor.frames()?,
            index: 0,
            from,
            to: from + (FREEZE_S * donor.fps()) as u32,
            held: None,
        })
    }

    /// The next frame; `None` at the end of the clip.
    pub fn next_frame(&mut self) -> Result<Option<Mat>, PlayError> {
        let still = (self.from..self.to).contains(&self.index);
        self.index += 1;
        if still && let Some(held) = &self.held {
            return Ok(Some(held.try_clone()?));
        }
        let frame = self.frames.next_frame()?;
        self.held = frame.as_ref().map(Mat::try_clone).transpose()?;
        Ok(frame)
    }
}

/// A stream that is cut in its middle to another person, whose face stands exactly where the first one was.
pub struct Switch {
    first: Frames,
    second: Frames,
    size: Size,
    cut: u32,
    index: u32,
    fit: Mat,
}

impl Switch {
    /// Goes on with `second` in the middle of `first`.
    pub fn new(first: &Donor, second: &Donor) -> Result<Self, PlayError> {
        let scale = f64::from(first.face.width / second.face.width.max(1.0));
        let centre = |donor: &Donor| {
            (
                f64::from(donor.face.x + donor.face.width / 2.0),
                f64::from(donor.face.y + donor.face.height / 2.0),
            )
        };
        let ((x0, y0), (x1, y1)) = (centre(first), centre(second));
        let mut fit = Mat::new_rows_cols_with_default(2, 3, CV_64FC1, Scalar::all(0.0))?;
        let values = [scale, 0.0, x0 - scale * x1, 0.0, scale, y0 - scale * y1];
        for (to, value) in fit.data_typed_mut::<f64>()?.iter_mut().zip(values) {
            *to = value;
        }
        Ok(Self {
            first: first.frames()?,
            second: second.frames()?,
            size: first.size(),
            cut: middle(first),
            index: 0,
            fit,
        })
    }

    /// The next frame; `None` at the end of the second clip.
    pub fn next_frame(&mut self) -> Result<Option<Mat>, PlayError> {
        self.index += 1;
        if self.index <= self.cut {
            return self.first.next_frame();
        }
        let Some(frame) = self.second.next_frame()? else {
            return Ok(None);
        };
        let mut fitted = Mat::default();
        imgproc::warp_affine(
            &frame,
            &mut fitted,
            &self.fit,
            self.size,
            imgproc::INTER_LINEAR,
            opencv::core::BORDER_REPLICATE,
            Scalar::all(0.0),
        )?;
        Ok(Some(fitted))
    }
}

/// The middle of a clip, but never later than needed.
fn middle(donor: &Donor) -> u32 {
    (donor.clip.frames / 2).min((BEFORE_S * donor.fps()) as u32)
}
