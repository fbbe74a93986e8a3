//! Quality of a face as a sample, with the component names of ISO/IEC 29794-5.

use opencv::core::{self, Mat, Rect, Scalar, Size};
use opencv::imgproc;
use opencv::prelude::*;
use verification::capture::{FaceQuality, RectPx};

use crate::FaceError;
use crate::image::inside;
use crate::occlusion::Occlusion;

/// Every face is measured at this width, so that sharpness does not depend on the distance.
const WIDTH_PX: i32 = 128;
/// The limits of ISO/IEC 29794-5 for under- and over-exposed pixels: the lowest tenth and the top of 8 bits.
const DARK_MAX: f64 = 25.0;
const BRIGHT_MIN: f64 = 247.0;

/// Measures the pixels of the face; `None` if the box lies outside the frame.
pub(crate) fn quality(
    bgr: &Mat,
    face: RectPx,
    inter_eye_distance_px: f32,
    occlusion: Occlusion,
) -> Result<Option<FaceQuality>, FaceError> {
    let Some(cut) = inside(face, bgr.cols(), bgr.rows()) else {
        return Ok(None);
    };
    let height = (WIDTH_PX * cut.height / cut.width).clamp(2, 4 * WIDTH_PX);
    let mut small = Mat::default();
    imgproc::resize(
        &bgr.roi(cut)?,
        &mut small,
        Size::new(WIDTH_PX, height),
        0.0,
        0.0,
        if cut.width > WIDTH_PX {
            imgproc::INTER_AREA
        } else {
            imgproc::INTER_LINEAR
        },
    )?;
    let mut grey = Mat::default();
    imgproc::cvt_color_def(&small, &mut grey, imgproc::COLOR_BGR2GRAY)?;
    let half = |x: i32| -> Result<f64, FaceError> {
        let side = grey.roi(Rect::new(x, 0, WIDTH_PX / 2, height))?;
        Ok(core::mean_def(&side)?[0])
    };
    let (one, other) = (half(0)?, half(WIDTH_PX / 2)?);
    let mut edges = Mat::default();
    imgproc::laplacian_def(&grey, &mut edges, core::CV_32F)?;
    let (mut mean, mut deviation) = (Scalar::default(), Scalar::default());
    core::mean_std_dev_def(&edges, &mut mean, &mut deviation)?;
    let brighter = one.max(other);
    let pixels = f64::from(WIDTH_PX * height);
    let part = |from: f64, to: f64| -> Result<f32, FaceError> {
        let mut within = Mat::default();
        core::in_range(&grey, &Scalar::all(from), &Scalar::all(to), &mut within)?;
        Ok((f64::from(core::count_non_zero(&within)?) / pixels) as f32)
    };
    Ok(Some(FaceQuality {
        inter_eye_distance_px,
        sharpness: (deviation[0] * deviation[0]) as f32,
        luminance_mean: ((one + other) / 2.0) as f32,
        illumination_uniformity: if brighter > 0.0 {
            (one.min(other) / brighter) as f32
        } else {
            1.0
        },
        under_exposure: part(0.0, DARK_MAX)?,
        over_exposure: part(BRIGHT_MIN, 255.0)?,
        mouth_occlusion: occlusion.mouth,
        eyes_occlusion: occlusion.eyes,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use opencv::core::CV_8UC3;

    const FACE: RectPx = RectPx {
        x: 10.0,
        y: 10.0,
        width: 200.0,
        height: 240.0,
    };

    #[test]
    fn light_from_one_side_shows() {
        let mut frame = Mat::new_rows_cols_with_default(300, 300, CV_8UC3, Scalar::all(200.0)).unwrap();
        imgproc::rectangle(
            &mut frame,
            Rect::new(0, 0, 110, 300),
            Scalar::all(100.0),
            -1,
            8,
            0,
        )
        .unwrap();
        let got = quality(&frame, FACE, 60.0, Occlusion::default())
            .unwrap()
            .unwrap();
        assert!((got.illumination_uniformity - 0.5).abs() < 0.02, "{got:?}");
        assert!((got.luminance_mean - 150.0).abs() < 2.0, "{got:?}");
        assert_eq!(got.inter_eye_distance_px, 60.0);
    }

    #[test]
    fn blur_lowers_sharpness() {
        let mut frame = Mat::new_rows_cols_with_default(300, 300, CV_8UC3, Scalar::all(90.0)).unwrap();
        for at in (0..300).step_by(20) {
            imgproc::rectangle(
                &mut frame,
                Rect::new(at, 0, 10, 300),
                Scalar::all(180.0),
                -1,
                8,
                0,
            )
            .unwrap();
        }
        let mut blurred = Mat::default();
        imgproc::gaussian_blur_def(&frame, &mut blurred, Size::new(15, 15), 5.0).unwrap();
        let sharp = quality(&frame, FACE, 60.0, Occlusion::default())
            .unwrap()
            .unwrap()
            .sharpness;
        let soft = quality(&blurred, FACE, 60.0, Occlusion::default())
            .unwrap()
            .unwrap()
            .sharpness;
        assert!(sharp > 10.0 * soft, "{sharp} against {soft}");
    }

    #[test]
    fn a_box_outside_the_frame_has_no_quality() {
        let frame = Mat::new_rows_cols_with_default(30, 30, CV_8UC3, Scalar::all(0.0)).unwrap();
        let away = RectPx {
            x: 40.0,
            y: 40.0,
            width: 9.0,
            height: 9.0,
        };
        assert_eq!(quality(&frame, away, 0.0, Occlusion::default()).unwrap(), None);
    }
}
