//! Quality of a face as a sample, with the component names of ISO/IEC 29794-5.
//!
//! Only what lies inside the outline of the face counts, so that the background changes nothing.

use opencv::core::{self, Mat, Point, Scalar, Size, Vector};
use opencv::imgproc;
use opencv::prelude::*;
use verification::capture::{FaceQuality, RectPx};

use crate::FaceError;
use crate::image::inside;
use crate::mesh::{POINTS, Point3};
use crate::occlusion::Occlusion;

/// Every face is measured at this width, so that sharpness does not depend on the distance.
const WIDTH_PX: i32 = 128;
/// The limits of ISO/IEC 29794-5 for under- and over-exposed pixels: the lowest tenth and the top of 8 bits.
const DARK_MAX: usize = 25;
const BRIGHT_MIN: usize = 247;
/// The outline of the mesh, in turn.
const OUTLINE: [usize; 36] = [
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176,
    149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
];
/// The line between the halves of the face: forehead, root and tip of the nose, chin.
const MIDLINE: [usize; 4] = [10, 168, 4, 152];
/// The edge of the outline is the edge of the background too, and would count as sharpness.
const EDGE_PX: i32 = 7;
/// Steps of the histograms that are compared. The standard has one a grey level, for faces of half a million pixels;
/// these have some ten thousand.
const STEPS: usize = 32;

/// Measures the pixels of the face; `None` if the box lies outside the frame.
pub(crate) fn quality(
    bgr: &Mat,
    points: &[Point3; POINTS],
    face: RectPx,
    inter_eye_distance_px: f32,
    occlusion: Occlusion,
) -> Result<Option<FaceQuality>, FaceError> {
    let Some(cut) = inside(face, bgr.cols(), bgr.rows()) else {
        return Ok(None);
    };
    let height = (WIDTH_PX * cut.height / cut.width).clamp(2, 4 * WIDTH_PX);
    let size = Size::new(WIDTH_PX, height);
    let mut whole = Mat::default();
    imgproc::cvt_color_def(&bgr.roi(cut)?, &mut whole, imgproc::COLOR_BGR2GRAY)?;
    let how = if cut.width > WIDTH_PX {
        imgproc::INTER_AREA
    } else {
        imgproc::INTER_LINEAR
    };
    let mut grey = Mat::default();
    imgproc::resize(&whole, &mut grey, size, 0.0, 0.0, how)?;
    let place = |at: &usize| {
        let scale = WIDTH_PX as f32 / cut.width as f32;
        Point::new(
            ((points[*at].x - cut.x as f32) * scale).round() as i32,
            ((points[*at].y - cut.y as f32) * height as f32 / cut.height as f32).round() as i32,
        )
    };
    let filled = |outline: &Vector<Point>| -> Result<Mat, FaceError> {
        let mut mask = Mat::new_size_with_default(size, core::CV_8UC1, Scalar::all(0.0))?;
        imgproc::fill_poly_def(&mut mask, outline, Scalar::all(255.0))?;
        Ok(mask)
    };
    let mask = filled(&OUTLINE.iter().map(place).collect())?;
    let whole = Histogram::of(&grey, &mask)?;
    if whole.pixels == 0 {
        return Ok(None);
    }
    // The half that holds the left edge of the picture of the face.
    let corners = [Point::new(-WIDTH_PX, -height), Point::new(-WIDTH_PX, 2 * height)];
    let mut one_side: Vector<Point> = MIDLINE.iter().map(place).collect();
    one_side.push(corners[1]);
    one_side.push(corners[0]);
    let mut one = Mat::default();
    core::bitwise_and_def(&mask, &filled(&one_side)?, &mut one)?;
    let mut other = Mat::default();
    core::subtract_def(&mask, &one, &mut other)?;
    let (one, other) = (Histogram::of(&grey, &one)?, Histogram::of(&grey, &other)?);
    Ok(Some(FaceQuality {
        inter_eye_distance_px,
        sharpness: sharpness(&grey, &mask)?,
        luminance_mean: whole.mean(),
        illumination_uniformity: one.common(&other),
        under_exposure: whole.part(0, DARK_MAX),
        over_exposure: whole.part(BRIGHT_MIN, 255),
        mouth_occlusion: occlusion.mouth,
        eyes_occlusion: occlusion.eyes,
    }))
}

/// Variance of the Laplacian inside the mask, away from its edge.
fn sharpness(grey: &Mat, mask: &Mat) -> Result<f32, FaceError> {
    let kernel = imgproc::get_structuring_element_def(imgproc::MORPH_RECT, Size::new(EDGE_PX, EDGE_PX))?;
    let mut inner = Mat::default();
    imgproc::erode(
        mask,
        &mut inner,
        &kernel,
        Point::new(-1, -1),
        1,
        core::BORDER_CONSTANT,
        Scalar::all(0.0),
    )?;
    let mut edges = Mat::default();
    imgproc::laplacian_def(grey, &mut edges, core::CV_32F)?;
    let (mut mean, mut deviation) = (Scalar::default(), Scalar::default());
    core::mean_std_dev(&edges, &mut mean, &mut deviation, &inner)?;
    Ok((deviation[0] * deviation[0]) as f32)
}

/// How many pixels have each grey level.
struct Histogram {
    counts: [u32; 256],
    pixels: u32,
}

impl Histogram {
    fn of(grey: &Mat, mask: &Mat) -> Result<Self, FaceError> {
        let mut counts = [0_u32; 256];
        let mut pixels = 0;
        for (level, inside) in grey.data_bytes()?.iter().zip(mask.data_bytes()?) {
            if *inside != 0 {
                counts[usize::from(*level)] += 1;
                pixels += 1;
            }
        }
        Ok(Self { counts, pixels })
    }

    fn mean(&self) -> f32 {
        let sum: u64 = (0..)
            .zip(&self.counts)
            .map(|(level, count)| level * u64::from(*count))
            .sum();
        sum as f32 / self.pixels.max(1) as f32
    }

    /// Part of the pixels with grey levels from one to another, both included.
    fn part(&self, from: usize, to: usize) -> f32 {
        let within = self.counts.iter().skip(from).take(to + 1 - from).sum::<u32>();
        within as f32 / self.pixels.max(1) as f32
    }

    /// What two histograms have in common, 0 to 1.
    fn common(&self, other: &Self) -> f32 {
        let width = 256 / STEPS;
        (0..STEPS)
            .map(|step| {
                let (from, to) = (step * width, (step + 1) * width - 1);
                self.part(from, to).min(other.part(from, to))
            })
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use opencv::core::{CV_8UC3, Rect};

    const FACE: RectPx = RectPx {
        x: 10.0,
        y: 10.0,
        width: 200.0,
        height: 240.0,
    };

    /// An ellipse in the box; what no test needs lies in its middle.
    fn points() -> [Point3; POINTS] {
        let middle = Point3 {
            x: FACE.x + FACE.width / 2.0,
            y: FACE.y + FACE.height / 2.0,
            z: 0.0,
        };
        let mut points = [middle; POINTS];
        for (step, at) in (0_i16..).zip(OUTLINE) {
            let (sin, cos) = (f32::from(step) * std::f32::consts::TAU / 36.0).sin_cos();
            points[at].x += sin * FACE.width / 2.0;
            points[at].y -= cos * FACE.height / 2.0;
        }
        points
    }

    fn measured(frame: &Mat) -> FaceQuality {
        let got = quality(frame, &points(), FACE, 60.0, Occlusion::default());
        got.unwrap().unwrap()
    }

    fn plain(level: f64) -> Mat {
        Mat::new_rows_cols_with_default(300, 300, CV_8UC3, Scalar::all(level)).unwrap()
    }

    fn block(frame: &mut Mat, block: Rect, level: f64) {
        imgproc::rectangle(frame, block, Scalar::all(level), -1, 8, 0).unwrap();
    }

    fn striped() -> Mat {
        let mut frame = plain(90.0);
        for at in (0..300).step_by(20) {
            block(&mut frame, Rect::new(at, 0, 10, 300), 180.0);
        }
        frame
    }

    #[test]
    fn light_from_one_side_shows() {
        let mut frame = plain(200.0);
        let got = measured(&frame);
        assert!((got.illumination_uniformity - 1.0).abs() < 1e-3, "{got:?}");
        block(&mut frame, Rect::new(0, 0, 110, 300), 100.0);
        let got = measured(&frame);
        assert!(got.illumination_uniformity < 0.05, "{got:?}");
        assert!((got.luminance_mean - 150.0).abs() < 2.0, "{got:?}");
        assert_eq!(got.inter_eye_distance_px, 60.0);
    }

    #[test]
    fn blur_lowers_sharpness() {
        let frame = striped();
        let mut blurred = Mat::default();
        imgproc::gaussian_blur_def(&frame, &mut blurred, Size::new(15, 15), 5.0).unwrap();
        let (sharp, soft) = (measured(&frame).sharpness, measured(&blurred).sharpness);
        assert!(sharp > 10.0 * soft, "{sharp} against {soft}");
    }

    #[test]
    fn a_background_changes_nothing() {
        let mut frame = striped();
        let before = measured(&frame);
        // The corners of the box, which the face does not fill.
        for (x, y) in [(0, 0), (190, 0), (0, 225), (190, 225)] {
            block(&mut frame, Rect::new(x, y, 30, 35), 255.0);
        }
        assert_eq!(measured(&frame), before);
    }

    #[test]
    fn exposure_is_counted() {
        let check = |level, under, over| {
            let got = measured(&plain(level));
            assert_eq!((got.under_exposure, got.over_exposure), (under, over), "{level}");
        };
        check(25.0, 1.0, 0.0);
        check(26.0, 0.0, 0.0);
        check(246.0, 0.0, 0.0);
        check(247.0, 0.0, 1.0);
    }

    #[test]
    fn a_box_outside_the_frame_has_no_quality() {
        let away = RectPx { x: 400.0, ..FACE };
        let got = quality(&plain(0.0), &points(), away, 0.0, Occlusion::default());
        assert_eq!(got.unwrap(), None);
    }
}
