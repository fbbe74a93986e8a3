//! Small helps around `Mat`.

use std::borrow::Cow;

use opencv::core::{self, CV_8U, Mat, Point2f, Rect, Scalar, Size, ToInputArray};
use opencv::imgproc;
use opencv::prelude::*;
use verification::capture::RectPx;

use crate::FaceError;

/// The frame with three channels of 8 bits in one piece of memory, converted or copied only where that is needed.
pub(crate) fn as_bgr(frame: &Mat) -> Result<Cow<'_, Mat>, FaceError> {
    if frame.empty() || frame.dims() != 2 || frame.depth() != CV_8U {
        return Err(FaceError::UnusableFrame);
    }
    let code = match frame.channels() {
        3 if frame.is_continuous() => return Ok(Cow::Borrowed(frame)),
        3 => return Ok(Cow::Owned(frame.try_clone()?)),
        1 => imgproc::COLOR_GRAY2BGR,
        4 => imgproc::COLOR_BGRA2BGR,
        _ => return Err(FaceError::UnusableFrame),
    };
    let mut bgr = Mat::default();
    imgproc::cvt_color_def(frame, &mut bgr, code)?;
    Ok(Cow::Owned(bgr))
}

/// The whole pixels of a rectangle that lie inside a frame; `None` if there are none.
pub(crate) fn inside(rect: RectPx, frame_width_px: i32, frame_height_px: i32) -> Option<Rect> {
    // Casts from float to integer saturate, and NaN becomes 0, so wild rectangles stay harmless.
    let left = (rect.x.floor() as i32).clamp(0, frame_width_px);
    let top = (rect.y.floor() as i32).clamp(0, frame_height_px);
    let right = ((rect.x + rect.width).ceil() as i32).clamp(0, frame_width_px);
    let bottom = ((rect.y + rect.height).ceil() as i32).clamp(0, frame_height_px);
    (right > left && bottom > top).then(|| Rect::new(left, top, right - left, bottom - top))
}

/// Intersection over union of two rectangles, 0 to 1.
pub(crate) fn overlap(a: RectPx, b: RectPx) -> f32 {
    let width = (a.x + a.width).min(b.x + b.width) - a.x.max(b.x);
    let height = (a.y + a.height).min(b.y + b.height) - a.y.max(b.y);
    if width <= 0.0 || height <= 0.0 {
        return 0.0;
    }
    let common = width * height;
    common / (area(a) + area(b) - common)
}

/// A picture made smaller to `size`, about as the mean of the pixels that each new one covers.
///
/// The exact mean of odd numbers of pixels is slow in OpenCV. So the picture is first sampled at a whole multiple of
/// the size, no more than two pixels apart, and of those samples the mean is exact and quick.
pub(crate) fn reduced(picture: &impl ToInputArray, from: Size, size: Size) -> Result<Mat, FaceError> {
    let ratio = (f64::from(from.width) / f64::from(size.width.max(1)))
        .max(f64::from(from.height) / f64::from(size.height.max(1)));
    let steps = ((ratio / 2.0).ceil() as i32).clamp(1, 16);
    let mut sampled = Mat::default();
    let finer = Size::new(size.width * steps, size.height * steps);
    imgproc::resize(picture, &mut sampled, finer, 0.0, 0.0, imgproc::INTER_LINEAR)?;
    if steps == 1 {
        return Ok(sampled);
    }
    let mut small = Mat::default();
    imgproc::resize(&sampled, &mut small, size, 0.0, 0.0, imgproc::INTER_AREA)?;
    Ok(small)
}

/// The square of `side` x `side` pixels that is cut out of a frame, black where the frame ends. `at` tells where a
/// place of the square lies in the frame, in parts of the side; it must be linear.
///
/// Linear sampling alone would skip pixels of a large square and make what is found in it tremble. So the part of the
/// frame around it is halved, the mean of each four pixels, until no more than two pixels lie between two samples.
pub(crate) fn warped(bgr: &Mat, side: usize, at: impl Fn(f32, f32) -> Point2f) -> Result<Mat, FaceError> {
    let side = i32::try_from(side).unwrap_or(i32::MAX);
    let corners = [at(0.0, 0.0), at(1.0, 0.0), at(0.0, 1.0), at(1.0, 1.0)];
    let side_px = (corners[1] - corners[0]).norm() as f32;
    let mut halves = 0;
    while side_px > (2 << halves) as f32 * side as f32 && halves < 6 {
        halves += 1;
    }
    let factor = 1 << halves;
    let span = |value: fn(&Point2f) -> f32| {
        let values = corners.iter().map(value);
        values.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), value| {
            (low.min(value), high.max(value))
        })
    };
    let ((left, right), (top, bottom)) = (span(|corner| corner.x), span(|corner| corner.y));
    let margin = (2 * factor) as f32;
    let around = RectPx {
        x: left - margin,
        y: top - margin,
        width: right - left + 2.0 * margin,
        height: bottom - top + 2.0 * margin,
    };
    let black = || Mat::new_rows_cols_with_default(side, side, bgr.typ(), Scalar::all(0.0));
    let Some(mut part) = inside(around, bgr.cols(), bgr.rows()) else {
        return Ok(black()?);
    };
    // Of what cannot be halved, less than two pixels of the square are lost at the edge of the frame.
    part.width -= part.width % factor;
    part.height -= part.height % factor;
    if part.width == 0 || part.height == 0 {
        return Ok(black()?);
    }
    let mut small = Mat::roi(bgr, part)?.clone_pointee();
    for half in 1..=halves {
        let mut halved = Mat::default();
        let size = Size::new(part.width >> half, part.height >> half);
        imgproc::resize(&small, &mut halved, size, 0.0, 0.0, imgproc::INTER_AREA)?;
        small = halved;
    }
    // The middle of a pixel has whole coordinates, before and after. A sample stands for those that it replaces, the
    // first of which lies where the only one would.
    let inner = |place: f32, start: i32| (place - start as f32 + 0.5) / factor as f32 - 0.5;
    let middle = (factor - 1) as f32 / (2 * factor) as f32 / side as f32;
    let places = [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0)]
        .map(|(u, v)| at(u + middle, v + middle))
        .map(|corner| Point2f::new(inner(corner.x, part.x), inner(corner.y, part.y)));
    let end = side as f32;
    let square = [
        Point2f::new(0.0, 0.0),
        Point2f::new(end, 0.0),
        Point2f::new(0.0, end),
    ];
    let mut warped = Mat::default();
    imgproc::warp_affine(
        &small,
        &mut warped,
        &imgproc::get_affine_transform_slice(places, square)?,
        Size::new(side, side),
        imgproc::INTER_LINEAR,
        core::BORDER_CONSTANT,
        Scalar::all(0.0),
    )?;
    Ok(warped)
}

/// Area in square pixels.
pub(crate) fn area(rect: RectPx) -> f32 {
    rect.width * rect.height
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rect(x: f32, y: f32, width: f32, height: f32) -> RectPx {
        RectPx { x, y, width, height }
    }

    #[test]
    fn overlap_is_a_part_of_the_union() {
        let check = |a, b, expect: f32| assert!((overlap(a, b) - expect).abs() < 1e-6);
        check(rect(0.0, 0.0, 2.0, 2.0), rect(0.0, 0.0, 2.0, 2.0), 1.0);
        check(rect(0.0, 0.0, 2.0, 2.0), rect(1.0, 0.0, 2.0, 2.0), 1.0 / 3.0);
        check(rect(0.0, 0.0, 2.0, 2.0), rect(2.0, 0.0, 2.0, 2.0), 0.0);
    }

    /// A picture that becomes brighter to the right by `step` a pixel, and darker below row 200.
    fn slope(step: f64) -> Mat {
        let mut mat = Mat::new_rows_cols_with_default(400, 500, core::CV_8UC3, Scalar::all(0.0)).unwrap();
        for y in 0..400 {
            for x in 0..500 {
                let level = (f64::from(x) * step) as u8 / if y < 200 { 1 } else { 2 };
                *mat.at_2d_mut::<core::Vec3b>(y, x).unwrap() = core::Vec3b::from([level; 3]);
            }
        }
        mat
    }

    fn level(mat: &Mat, x: i32, y: i32) -> f32 {
        f32::from(mat.at_2d::<core::Vec3b>(y, x).unwrap()[1])
    }

    #[test]
    fn a_smaller_picture_shows_the_same() {
        let frame = slope(0.5);
        for (width, height) in [(500, 400), (250, 200), (128, 102), (37, 31), (1, 1)] {
            let small = reduced(&frame, Size::new(500, 400), Size::new(width, height)).unwrap();
            assert_eq!((small.cols(), small.rows()), (width, height));
            let expect = 0.5 * 250.0;
            let got = level(&small, width / 2, height / 4);
            let pixel = 0.5 * 500.0 / width as f32;
            assert!(width == 1 || (got - expect).abs() < pixel + 2.0, "{width}: {got}");
        }
    }

    #[test]
    fn a_square_is_cut_out_where_it_lies_at_every_size() {
        let frame = slope(0.5);
        for side_px in [20.0_f32, 60.0, 130.0, 190.0, 300.0] {
            let left = 250.0 - side_px / 2.0;
            let upper = 100.0 - side_px / 4.0;
            let at = |u: f32, v: f32| Point2f::new(left + u * side_px, upper + v * side_px / 2.0);
            let cut = warped(&frame, 32, at).unwrap();
            // A level is two pixels wide.
            let near = 1.5 + 0.5 * side_px / 32.0;
            assert!(
                (level(&cut, 16, 16) - 125.0).abs() < near,
                "{side_px}: {}",
                level(&cut, 16, 16)
            );
            let expect = 0.5 * (left + side_px / 4.0);
            assert!(
                (level(&cut, 8, 16) - expect).abs() < near,
                "{side_px}: {}",
                level(&cut, 8, 16)
            );
        }
    }

    #[test]
    fn what_lies_outside_of_the_frame_is_black() {
        let frame = slope(0.5);
        let away = warped(&frame, 16, |u, v| Point2f::new(900.0 + u * 50.0, v * 50.0)).unwrap();
        assert_eq!(level(&away, 8, 8), 0.0);
        let half = warped(&frame, 16, |u, v| {
            Point2f::new(450.0 + u * 100.0, 50.0 + v * 100.0)
        })
        .unwrap();
        assert!(level(&half, 4, 8) > 200.0);
        assert_eq!(level(&half, 12, 8), 0.0);
    }

    proptest! {
        #[test]
        fn whatever_the_square_it_is_cut_without_a_panic(
            x in any::<f32>(), y in any::<f32>(), across in -2e4_f32..2e4, along in -2e4_f32..2e4,
        ) {
            let frame = Mat::new_rows_cols_with_default(30, 40, core::CV_8UC3, Scalar::all(9.0)).unwrap();
            let at = |u: f32, v: f32| Point2f::new(x + u * across - v * along, y + u * along + v * across);
            if let Ok(cut) = warped(&frame, 8, at) {
                prop_assert_eq!((cut.cols(), cut.rows()), (8, 8));
            }
        }

        #[test]
        fn whatever_the_rectangle_its_inside_is_inside(
            x in any::<f32>(), y in any::<f32>(), width in any::<f32>(), height in any::<f32>(),
        ) {
            if let Some(cut) = inside(rect(x, y, width, height), 40, 30) {
                prop_assert!(cut.x >= 0 && cut.y >= 0 && cut.width > 0 && cut.height > 0);
                prop_assert!(cut.x + cut.width <= 40 && cut.y + cut.height <= 30);
            }
        }
    }
}
