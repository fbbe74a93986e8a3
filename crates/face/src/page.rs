//! The picture of an identity document: where the page is, and whether its pixels can be read.
//!
//! A page is the largest convex shape with four corners whose sides are those of a card or of the data page of a passport, seen
//! from somewhere in front of it. Nothing is read from it.

use opencv::core::{self, Mat, Point, Point2f, Scalar, Size, Vector};
use opencv::imgproc;
use opencv::prelude::*;
use verification::page::{Corner, PageKind, PageMeasures, PageObservation};

use crate::FaceError;
use crate::image::as_bgr;

/// Edges are looked for at this width: what lies on the page then makes few of them.
const SEARCH_WIDTH_PX: i32 = 480;
/// Every page is measured at this width, so that sharpness does not depend on the distance. Letters of 2 mm on a card of
/// 85.6 mm are then 11 pixels high.
const PAGE_WIDTH_PX: i32 = 480;
/// Part of the straightened page that is left out at each edge: the edge itself is sharp whatever is printed.
const EDGE_PART: f32 = 0.04;
/// A page fills at least this part of the picture: a card whose long side is a fifth of the width.
const AREA_PART_MIN: f64 = 0.02;
/// Corners of a polygon are found within this part of its circumference; the round corners of a card are 3.2 mm of 279.
const CORNER_PART: f64 = 0.02;
/// Long side in short sides that a page may have when it is tilted: a fifth around those of the two kinds.
const ASPECTS: std::ops::RangeInclusive<f32> = 1.15..=1.95;
/// Opposite sides of a page that is tilted by 35 degrees before a wide lens differ by a third.
const SIDES_PART_MIN: f32 = 0.65;
/// The top of 8 bits, as [`crate::quality`] has it, in all three colours: a reflection has none.
const BRIGHT_MIN: f64 = 247.0;
/// Weak and strong edges for Canny: of a card on a table, and of one on a background of nearly its own grey.
const EDGES: [(f64, f64); 2] = [(40.0, 120.0), (12.0, 36.0)];

/// Measures one frame for an identity document.
///
/// # Errors
/// [`FaceError::UnusableFrame`] for a frame that is no picture.
pub fn observe_page(bgr: &Mat, frame: u64) -> Result<PageObservation, FaceError> {
    let bgr = as_bgr(bgr)?;
    let page = match corners(&bgr)? {
        Some(corners) => measure(&bgr, corners)?,
        None => None,
    };
    Ok(PageObservation { frame, page })
}

/// The corners of the page in pixels of the frame, clockwise from the one nearest to the top left.
fn corners(bgr: &Mat) -> Result<Option<[Point2f; 4]>, FaceError> {
    let scale = (SEARCH_WIDTH_PX as f32 / bgr.cols() as f32).min(1.0);
    let size = Size::new(
        ((bgr.cols() as f32 * scale) as i32).max(1),
        ((bgr.rows() as f32 * scale) as i32).max(1),
    );
    let mut small = Mat::default();
    imgproc::resize(bgr, &mut small, size, 0.0, 0.0, imgproc::INTER_AREA)?;
    let mut grey = Mat::default();
    imgproc::cvt_color_def(&small, &mut grey, imgproc::COLOR_BGR2GRAY)?;
    let mut smooth = Mat::default();
    imgproc::gaussian_blur_def(&grey, &mut smooth, Size::new(5, 5), 0.0)?;
    let area_min = AREA_PART_MIN * f64::from(size.area());
    let mut best: Option<(f64, [Point2f; 4])> = None;
    for (weak, strong) in EDGES {
        let mut edges = Mat::default();
        imgproc::canny_def(&smooth, &mut edges, weak, strong)?;
        // An edge that is broken somewhere closes again.
        let kernel = imgproc::get_structuring_element_def(imgproc::MORPH_RECT, Size::new(3, 3))?;
        let mut closed = Mat::default();
        imgproc::dilate(
            &edges,
            &mut closed,
            &kernel,
            Point::new(-1, -1),
            1,
            core::BORDER_CONSTANT,
            Scalar::all(0.0),
        )?;
        let mut contours: Vector<Vector<Point>> = Vector::new();
        imgproc::find_contours_def(
            &closed,
            &mut contours,
            imgproc::RETR_LIST,
            imgproc::CHAIN_APPROX_SIMPLE,
        )?;
        for contour in contours {
            let Some((area, found)) = quadrilateral(&contour)? else {
                continue;
            };
            if area >= area_min && best.is_none_or(|(most, _)| area > most) && is_page(&found) {
                best = Some((area, found));
            }
        }
    }
    Ok(best.map(|(_, found)| found.map(|corner| Point2f::new(corner.x / scale, corner.y / scale))))
}

/// The four corners of a contour that has four, and its area.
fn quadrilateral(contour: &Vector<Point>) -> Result<Option<(f64, [Point2f; 4])>, FaceError> {
    let length = imgproc::arc_length(contour, true)?;
    let mut polygon: Vector<Point> = Vector::new();
    imgproc::approx_poly_dp(contour, &mut polygon, CORNER_PART * length, true)?;
    if polygon.len() != 4 || !imgproc::is_contour_convex(&polygon)? {
        return Ok(None);
    }
    let area = imgproc::contour_area_def(&polygon)?;
    let mut found = [Point2f::default(); 4];
    for (place, corner) in found.iter_mut().zip(polygon) {
        *place = Point2f::new(corner.x as f32, corner.y as f32);
    }
    // On the screen y goes down, so that a positive turn is clockwise.
    let turn = (found[1].x - found[0].x) * (found[2].y - found[1].y)
        - (found[1].y - found[0].y) * (found[2].x - found[1].x);
    if turn < 0.0 {
        found.reverse();
    }
    let first = (0..4).min_by(|a, b| {
        let from_corner = |at: &usize| found[*at].x + found[*at].y;
        from_corner(a).total_cmp(&from_corner(b))
    });
    found.rotate_left(first.unwrap_or(0));
    Ok(Some((area, found)))
}

/// Lengths of the sides: top, right, bottom, left.
fn sides(corners: &[Point2f; 4]) -> [f32; 4] {
    std::array::from_fn(|at| {
        let (from, to) = (corners[at], corners[(at + 1) % 4]);
        (to.x - from.x).hypot(to.y - from.y)
    })
}

/// The means of the opposite sides.
fn extent(corners: &[Point2f; 4]) -> (f32, f32) {
    let [top, right, bottom, left] = sides(corners);
    (f32::midpoint(top, bottom), f32::midpoint(left, right))
}

fn is_page(corners: &[Point2f; 4]) -> bool {
    let [top, right, bottom, left] = sides(corners);
    let alike = |one: f32, other: f32| one.min(other) >= SIDES_PART_MIN * one.max(other);
    let (width, height) = extent(corners);
    let aspect = width.max(height) / width.min(height).max(1.0);
    alike(top, bottom) && alike(left, right) && ASPECTS.contains(&aspect)
}

fn measure(bgr: &Mat, corners: [Point2f; 4]) -> Result<Option<PageMeasures>, FaceError> {
    let (width, height) = extent(&corners);
    let (long, short) = (width.max(height), width.min(height));
    if short < 1.0 {
        return Ok(None);
    }
    let straight = straightened(bgr, corners, width >= height)?;
    let margin = |length: i32| (length as f32 * EDGE_PART) as i32;
    let (across, down) = (margin(straight.cols()), margin(straight.rows()));
    let inner = core::Rect::new(
        across,
        down,
        straight.cols() - 2 * across,
        straight.rows() - 2 * down,
    );
    let page = straight.roi(inner)?;
    let mut grey = Mat::default();
    imgproc::cvt_color_def(&page, &mut grey, imgproc::COLOR_BGR2GRAY)?;
    let (mean, variance) = spread(&grey)?;
    let mut edges = Mat::default();
    imgproc::laplacian_def(&grey, &mut edges, core::CV_32F)?;
    let (_, sharp) = spread(&edges)?;
    let mut bright = Mat::default();
    core::in_range(&page, &Scalar::all(BRIGHT_MIN), &Scalar::all(255.0), &mut bright)?;
    let glare = core::count_non_zero(&bright)? as f32 / inner.area().max(1) as f32;
    Ok(Some(PageMeasures {
        corners: corners.map(|corner| Corner {
            x: corner.x / bgr.cols() as f32,
            y: corner.y / bgr.rows() as f32,
        }),
        long_side_px: long,
        aspect: long / short,
        // An even surface has neither letters nor sharpness.
        sharpness: if variance > 1.0 {
            (sharp / variance) as f32
        } else {
            0.0
        },
        glare_part: glare,
        luminance_mean: mean as f32,
    }))
}

/// The page as seen from right in front of it.
fn straightened(bgr: &Mat, corners: [Point2f; 4], lies: bool) -> Result<Mat, FaceError> {
    let short = (PAGE_WIDTH_PX as f32 / PageKind::Card.aspect()).round() as i32;
    let (width, height) = if lies {
        (PAGE_WIDTH_PX, short)
    } else {
        (short, PAGE_WIDTH_PX)
    };
    let (right, bottom) = ((width - 1) as f32, (height - 1) as f32);
    let from = Vector::<Point2f>::from_slice(&corners);
    let to = Vector::<Point2f>::from_slice(&[
        Point2f::new(0.0, 0.0),
        Point2f::new(right, 0.0),
        Point2f::new(right, bottom),
        Point2f::new(0.0, bottom),
    ]);
    let how = imgproc::get_perspective_transform_def(&from, &to)?;
    let mut straight = Mat::default();
    imgproc::warp_perspective(
        bgr,
        &mut straight,
        &how,
        Size::new(width, height),
        imgproc::INTER_LINEAR,
        core::BORDER_REPLICATE,
        Scalar::all(0.0),
    )?;
    Ok(straight)
}

/// Mean and variance.
fn spread(values: &Mat) -> Result<(f64, f64), FaceError> {
    let (mut mean, mut deviation) = (Scalar::default(), Scalar::default());
    core::mean_std_dev_def(values, &mut mean, &mut deviation)?;
    Ok((mean[0], deviation[0] * deviation[0]))
}

#[cfg(test)]
mod tests;
