//! BlazeFace, the short-range model of MediaPipe: finds the faces of a frame.

use opencv::core::{self, Mat, Point2f, Rect, Scalar, Size};
use opencv::prelude::*;
use verification::capture::RectPx;

use crate::FaceError;
use crate::image::{overlap, reduced};
use crate::models::{ModelFile, Network, Order, Pixels};

const SIDE_PX: i32 = 128;
const ANCHORS: usize = 896;
const VALUES_PER_ANCHOR: usize = 16;
/// Faces score 0.92 and more on the footage, and plants and lettering up to 0.66; MediaPipe's own graph has 0.5.
const SCORE_MIN: f32 = 0.75;
/// A face that lies on its side is no capture subject standing at a kiosk; lettering is found that way.
const TILT_MAX_DEG: f32 = 60.0;
/// As MediaPipe's own graph for this model.
const OVERLAP_MAX: f32 = 0.3;

/// A face as the detector sees it, in pixels of the frame.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Detection {
    pub(crate) box_px: RectPx,
    /// Eye on the left side of the picture, which is the subject's right one.
    pub(crate) eye_right: Point2f,
    pub(crate) eye_left: Point2f,
    score: f32,
}

pub(crate) struct Detector {
    network: Network,
    anchors: Vec<Point2f>,
}

impl Detector {
    pub(crate) fn new(model: &ModelFile) -> Result<Self, FaceError> {
        let outputs = [
            ("regressors", ANCHORS * VALUES_PER_ANCHOR),
            ("classificators", ANCHORS),
        ];
        let pixels = Pixels {
            order: Order::Rgb,
            scale: 1.0 / 127.5,
            shift: -1.0,
        };
        Ok(Self {
            network: Network::new(model, SIDE_PX, pixels, &outputs)?,
            anchors: anchors(),
        })
    }

    /// All faces, the largest first.
    ///
    /// The model sees only faces wider than about a tenth of its input, so a frame that is not square is also
    /// looked at in two overlapping squares, in which a face is larger than in the whole.
    pub(crate) fn detect(&mut self, bgr: &Mat) -> Result<Vec<Detection>, FaceError> {
        let mut found = Vec::new();
        for view in views(bgr.cols(), bgr.rows()) {
            self.detect_in(bgr, view, &mut found)?;
        }
        Ok(distinct(found))
    }

    /// The faces of one view: with `turn` counting up by one, [`VIEWS`] turns show all that [`Self::detect`] sees,
    /// and none of the frames waits for more than one run of the network.
    pub(crate) fn detect_view(&mut self, bgr: &Mat, turn: usize) -> Result<Vec<Detection>, FaceError> {
        let mut found = Vec::new();
        let views = views(bgr.cols(), bgr.rows());
        if let Some(view) = views.get(turn % views.len()) {
            self.detect_in(bgr, *view, &mut found)?;
        }
        Ok(distinct(found))
    }

    fn detect_in(&mut self, bgr: &Mat, view: Rect, found: &mut Vec<Detection>) -> Result<(), FaceError> {
        let scale = SIDE_PX as f32 / view.width.max(view.height) as f32;
        let fit = |length: i32| ((length as f32 * scale).round() as i32).clamp(1, SIDE_PX);
        let size = Size::new(fit(view.width), fit(view.height));
        let small = reduced(&bgr.roi(view)?, view.size(), size)?;
        let (left, top) = ((SIDE_PX - size.width) / 2, (SIDE_PX - size.height) / 2);
        let mut square = Mat::default();
        core::copy_make_border(
            &small,
            &mut square,
            top,
            SIDE_PX - size.height - top,
            left,
            SIDE_PX - size.width - left,
            core::BORDER_CONSTANT,
            Scalar::all(0.0),
        )?;
        let outputs = self.network.run(&square)?;
        let [regressors, scores] = outputs.as_slice() else {
            return Ok(());
        };
        let rows = regressors.chunks_exact(VALUES_PER_ANCHOR);
        for ((anchor, row), logit) in self.anchors.iter().zip(rows).zip(scores) {
            let score = sigmoid(*logit);
            let [dx, dy, width, height, right_x, right_y, left_x, left_y, ..] = *row else {
                continue;
            };
            if score < SCORE_MIN || !row.iter().all(|value| value.is_finite()) {
                continue;
            }
            let to_frame = |x: f32, y: f32| {
                let side = SIDE_PX as f32;
                Point2f::new(
                    (x + anchor.x * side - left as f32) / scale + view.x as f32,
                    (y + anchor.y * side - top as f32) / scale + view.y as f32,
                )
            };
            let (eye_right, eye_left) = (to_frame(right_x, right_y), to_frame(left_x, left_y));
            let tilt = (eye_left.y - eye_right.y).atan2(eye_left.x - eye_right.x);
            if tilt.abs() > TILT_MAX_DEG.to_radians() {
                continue;
            }
            let centre = to_frame(dx, dy);
            let (width, height) = (width / scale, height / scale);
            found.push(Detection {
                box_px: RectPx {
                    x: centre.x - width / 2.0,
                    y: centre.y - height / 2.0,
                    width,
                    height,
                },
                eye_right,
                eye_left,
                score,
            });
        }
        Ok(())
    }
}

/// Each face once, the largest first.
fn distinct(mut found: Vec<Detection>) -> Vec<Detection> {
    let mut kept: Vec<Detection> = Vec::new();
    found.sort_by(|a, b| b.score.total_cmp(&a.score));
    for detection in found {
        if kept
            .iter()
            .all(|other| overlap(other.box_px, detection.box_px) < OVERLAP_MAX)
        {
            kept.push(detection);
        }
    }
    kept.sort_by(|a, b| b.box_px.width.total_cmp(&a.box_px.width));
    kept
}

/// The most views that a frame can have.
pub(crate) const VIEWS: usize = 3;

/// The whole frame, and for one that is clearly not square a square at either end.
fn views(width: i32, height: i32) -> Vec<Rect> {
    let mut views = vec![Rect::new(0, 0, width, height)];
    let side = width.min(height);
    if f64::from(width.max(height)) > 1.2 * f64::from(side) {
        views.push(Rect::new(0, 0, side, side));
        views.push(Rect::new(width - side, height - side, side, side));
    }
    views
}

/// Anchor centres in parts of the input: two for each cell of 8 px, then six for each cell of 16 px.
fn anchors() -> Vec<Point2f> {
    let grid = |cells: u8, each: usize| {
        let centre = move |cell: u8| (f32::from(cell) + 0.5) / f32::from(cells);
        (0..cells).flat_map(move |y| {
            (0..cells).flat_map(move |x| std::iter::repeat_n(Point2f::new(centre(x), centre(y)), each))
        })
    };
    grid(16, 2).chain(grid(8, 6)).collect()
}

/// The logistic function.
pub(crate) fn sigmoid(logit: f32) -> f32 {
    1.0 / (1.0 + (-logit).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchors_cover_the_input_evenly() {
        let anchors = anchors();
        assert_eq!(anchors.len(), ANCHORS);
        let mean = anchors.iter().map(|anchor| anchor.x + anchor.y).sum::<f32>() / ANCHORS as f32;
        assert!((mean - 1.0).abs() < 1e-4);
        assert_eq!(anchors[0], Point2f::new(1.0 / 32.0, 1.0 / 32.0));
        assert_eq!(anchors[ANCHORS - 1], Point2f::new(15.0 / 16.0, 15.0 / 16.0));
    }

    #[test]
    fn every_view_lies_in_the_frame() {
        for (width, height) in [(1, 1), (640, 480), (480, 640), (500, 480), (1, 900)] {
            for view in views(width, height) {
                assert!(view.x >= 0 && view.y >= 0 && view.width > 0 && view.height > 0);
                assert!(view.x + view.width <= width && view.y + view.height <= height);
            }
        }
    }
}
