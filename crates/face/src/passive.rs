//! The passive pair: MiniFASNet V2 and V1SE of minivision's Silent-Face-Anti-Spoofing.

use opencv::core::{Mat, Rect, Size};
use opencv::imgproc;
use opencv::prelude::*;
use verification::capture::RectPx;

use crate::FaceError;
use crate::models::{ModelFile, Network, Order, Pixels};

const SIDE_PX: i32 = 80;
/// Which of the three classes is "real".
const REAL: usize = 1;

/// The pair is slow beside the mesh and changes little from frame to frame, so it judges once in so many frames.
const EVERY: u64 = 5;
/// On which of these frames each network runs: on different ones, and not on the one on which the detector looks
/// again, so that no frame waits for two of them.
const V2_AT: u64 = 1;
const V1SE_AT: u64 = 3;

pub(crate) struct PassivePair {
    v2: Network,
    v1se: Network,
    /// What the first network said, until the second one has run.
    waiting: Option<f32>,
}

impl PassivePair {
    pub(crate) fn new([v2, v1se]: &[ModelFile; 2]) -> Result<Self, FaceError> {
        let pixels = Pixels {
            order: Order::Bgr,
            scale: 1.0,
            shift: 0.0,
        };
        Ok(Self {
            v2: Network::new(v2, SIDE_PX, pixels, &[("523", 3)])?,
            v1se: Network::new(v1se, SIDE_PX, pixels, &[("583", 3)])?,
            waiting: None,
        })
    }

    /// Mean probability "real" of both on one frame, 0 to 1; `None` for a degenerate box.
    pub(crate) fn real(&mut self, bgr: &Mat, face: RectPx) -> Result<Option<f32>, FaceError> {
        let one = self.by_v2(bgr, face)?;
        let other = self.by_v1se(bgr, face)?;
        Ok(mean(one, other))
    }

    /// As [`Self::real`], once in [`EVERY`] frames of a face, else `None`: on the face's first frame (`frame` is 0)
    /// by both networks at once, so that a single picture is judged too, and later by the second one two frames
    /// after the first.
    pub(crate) fn real_in_turns(
        &mut self,
        bgr: &Mat,
        face: RectPx,
        frame: u64,
    ) -> Result<Option<f32>, FaceError> {
        if frame == 0 {
            self.waiting = None;
            return self.real(bgr, face);
        }
        match frame % EVERY {
            V2_AT => {
                self.waiting = self.by_v2(bgr, face)?;
                Ok(None)
            }
            V1SE_AT => {
                let other = self.by_v1se(bgr, face)?;
                Ok(mean(self.waiting.take(), other))
            }
            _ => Ok(None),
        }
    }

    fn by_v2(&mut self, bgr: &Mat, face: RectPx) -> Result<Option<f32>, FaceError> {
        probability(&mut self.v2, bgr, face, 2.7)
    }

    fn by_v1se(&mut self, bgr: &Mat, face: RectPx) -> Result<Option<f32>, FaceError> {
        probability(&mut self.v1se, bgr, face, 4.0)
    }
}

fn mean(one: Option<f32>, other: Option<f32>) -> Option<f32> {
    one.zip(other).map(|(one, other)| (one + other) / 2.0)
}

fn probability(net: &mut Network, bgr: &Mat, face: RectPx, scale: f32) -> Result<Option<f32>, FaceError> {
    let Some(cut) = enlarged(face, scale, bgr.cols(), bgr.rows()) else {
        return Ok(None);
    };
    let side = Size::new(SIDE_PX, SIDE_PX);
    let mut small = Mat::default();
    imgproc::resize(&bgr.roi(cut)?, &mut small, side, 0.0, 0.0, imgproc::INTER_LINEAR)?;
    let outputs = net.run(&small)?;
    Ok(outputs.first().and_then(|logits| softmax(logits, REAL)))
}

/// The face box enlarged about its centre, made smaller and shifted where that is needed to stay in the frame.
fn enlarged(face: RectPx, scale: f32, frame_width_px: i32, frame_height_px: i32) -> Option<Rect> {
    let (frame_width, frame_height) = (frame_width_px as f32, frame_height_px as f32);
    if !(face.width >= 1.0 && face.height >= 1.0 && face.x.is_finite() && face.y.is_finite()) {
        return None;
    }
    let scale = scale
        .min(frame_width / face.width)
        .min(frame_height / face.height);
    let (width, height) = (face.width * scale, face.height * scale);
    let shift = |centre: f32, length: f32, frame: f32| (centre - length / 2.0).min(frame - length).max(0.0);
    let left = shift(face.x + face.width / 2.0, width, frame_width) as i32;
    let top = shift(face.y + face.height / 2.0, height, frame_height) as i32;
    let width = (width as i32).min(frame_width_px - left);
    let height = (height as i32).min(frame_height_px - top);
    (width > 0 && height > 0).then(|| Rect::new(left, top, width, height))
}

fn softmax(logits: &[f32], class: usize) -> Option<f32> {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f32 = logits.iter().map(|logit| (logit - largest).exp()).sum();
    logits
        .get(class)
        .map(|logit| (logit - largest).exp() / sum)
        .filter(|real| real.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn softmax_sums_to_one() {
        let logits = [0.3, -2.0, 900.0];
        let sum: f32 = (0..3).filter_map(|class| softmax(&logits, class)).sum();
        assert!((sum - 1.0).abs() < 1e-6);
        assert_eq!(softmax(&[f32::NAN, 0.0, 0.0], 1), None);
        assert_eq!(softmax(&[], 1), None);
    }

    #[test]
    fn a_box_in_the_middle_grows_about_its_centre() {
        let face = RectPx {
            x: 300.0,
            y: 200.0,
            width: 40.0,
            height: 50.0,
        };
        assert_eq!(enlarged(face, 2.0, 640, 480), Some(Rect::new(280, 175, 80, 100)));
    }

    proptest! {
        #[test]
        fn the_cut_stays_in_the_frame(
            x in -900f32..900.0, y in -900f32..900.0, width in 0f32..900.0, height in 0f32..900.0, scale in 1f32..5.0,
        ) {
            if let Some(cut) = enlarged(RectPx { x, y, width, height }, scale, 320, 240) {
                prop_assert!(cut.x >= 0 && cut.y >= 0 && cut.width > 0 && cut.height > 0);
                prop_assert!(cut.x + cut.width <= 320 && cut.y + cut.height <= 240);
            }
        }
    }
}
