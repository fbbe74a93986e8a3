//! Small helps around `Mat`.

use std::borrow::Cow;

use opencv::core::{CV_8U, Mat, Rect};
use opencv::imgproc;
use opencv::prelude::*;
use verification::capture::RectPx;

use crate::FaceError;

/// The frame with three channels of 8 bits, converted only where that is needed.
pub(crate) fn as_bgr(frame: &Mat) -> Result<Cow<'_, Mat>, FaceError> {
    if frame.empty() || frame.dims() != 2 || frame.depth() != CV_8U {
        return Err(FaceError::UnusableFrame);
    }
    let code = match frame.channels() {
        3 => return Ok(Cow::Borrowed(frame)),
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

    proptest! {
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
