//! Pictures as JPEG: the still that is kept and the preview that is shown.

use opencv::core::{self, Mat, Size, Vector};
use opencv::prelude::*;
use opencv::{imgcodecs, imgproc};
use verification::Sensitive;
use verification::capture::CapturedSample;

use crate::FaceError;
use crate::image::as_bgr;

const STILL_QUALITY_BEST: i32 = 95;
const STILL_QUALITY_WORST: i32 = 60;
const STILL_WIDTH_MIN_PX: i32 = 64;
/// A face that fills half of this has 300 px between the eyes; ISO/IEC 39794-5 asks for 90, and more tells nobody more.
const STILL_SIDE_MAX_PX: i32 = 1920;
const PREVIEW_QUALITY: i32 = 75;

/// Makes a still of at most `max_bytes` and at most 1920 px on its longer side, as JPEG. To fit the bytes, first the
/// JPEG quality is lowered from 95 to 60, then the width, to no less than 64 px. A picture is never enlarged.
///
/// # Errors
/// [`FaceError::StillTooLarge`] if even a width of 64 px does not fit, [`FaceError::UnusableFrame`].
pub fn encode_still(bgr: &Mat, frame: u64, max_bytes: usize) -> Result<CapturedSample, FaceError> {
    let bgr = as_bgr(bgr)?;
    let longer = bgr.cols().max(bgr.rows());
    let mut picture = if longer > STILL_SIDE_MAX_PX {
        let width = i64::from(bgr.cols()) * i64::from(STILL_SIDE_MAX_PX) / i64::from(longer);
        resized(&bgr, i32::try_from(width).unwrap_or(1).max(1))?
    } else {
        bgr.as_ref().clone()
    };
    loop {
        for quality in (STILL_QUALITY_WORST..=STILL_QUALITY_BEST).rev().step_by(5) {
            let bytes = jpeg(&picture, quality)?;
            if bytes.len() <= max_bytes {
                return Ok(CapturedSample {
                    frame,
                    width_px: u32::try_from(picture.cols()).unwrap_or(0),
                    height_px: u32::try_from(picture.rows()).unwrap_or(0),
                    jpeg: Sensitive::new(bytes),
                });
            }
        }
        let width = picture.cols() * 4 / 5;
        if width < STILL_WIDTH_MIN_PX {
            return Err(FaceError::StillTooLarge { max_bytes });
        }
        picture = resized(&bgr, width)?;
    }
}

/// Makes one frame of the preview, `width_px` wide (never wider than the frame), as JPEG.
///
/// # Errors
/// [`FaceError::UnusableFrame`].
pub fn encode_preview(bgr: &Mat, width_px: u32, mirrored: bool) -> Result<Vec<u8>, FaceError> {
    let bgr = as_bgr(bgr)?;
    let width = i32::try_from(width_px).unwrap_or(i32::MAX).clamp(1, bgr.cols());
    let small = resized(&bgr, width)?;
    if !mirrored {
        return jpeg(&small, PREVIEW_QUALITY);
    }
    let mut flipped = Mat::default();
    core::flip(&small, &mut flipped, 1)?;
    jpeg(&flipped, PREVIEW_QUALITY)
}

/// Puts pictures that were kept side by side, unmirrored, each as high as the others, as JPEG for the screen. A picture that
/// cannot be read is left out.
///
/// # Errors
/// [`FaceError::UnusableFrame`] where none can be read.
pub fn contact_sheet(jpegs: &[&[u8]], height_px: u32) -> Result<Vec<u8>, FaceError> {
    let height = i32::try_from(height_px)
        .unwrap_or(i32::MAX)
        .clamp(1, STILL_SIDE_MAX_PX);
    let mut row: Vector<Mat> = Vector::new();
    for bytes in jpegs {
        let bytes = Vector::<u8>::from_slice(bytes);
        let picture = imgcodecs::imdecode(&bytes, imgcodecs::IMREAD_COLOR)?;
        if picture.empty() {
            continue;
        }
        let width = i64::from(picture.cols()) * i64::from(height) / i64::from(picture.rows().max(1));
        let width = width.clamp(1, i64::from(STILL_SIDE_MAX_PX)) as i32;
        let mut small = Mat::default();
        let size = Size::new(width, height);
        imgproc::resize(&picture, &mut small, size, 0.0, 0.0, imgproc::INTER_AREA)?;
        row.push(small);
    }
    if row.is_empty() {
        return Err(FaceError::UnusableFrame);
    }
    let mut sheet = Mat::default();
    core::hconcat(&row, &mut sheet)?;
    jpeg(&sheet, PREVIEW_QUALITY)
}

fn resized(bgr: &Mat, width: i32) -> Result<Mat, FaceError> {
    let height = i64::from(bgr.rows()) * i64::from(width) / i64::from(bgr.cols().max(1));
    // Only of a picture one pixel wide does the limit change the shape.
    let height = height.clamp(1, i64::from(STILL_SIDE_MAX_PX)) as i32;
    let size = Size::new(width, height);
    let mut small = Mat::default();
    imgproc::resize(bgr, &mut small, size, 0.0, 0.0, imgproc::INTER_AREA)?;
    Ok(small)
}

fn jpeg(bgr: &Mat, quality: i32) -> Result<Vec<u8>, FaceError> {
    let mut bytes: Vector<u8> = Vector::new();
    let options = Vector::from_slice(&[imgcodecs::IMWRITE_JPEG_QUALITY, quality]);
    imgcodecs::imencode(".jpg", bgr, &mut bytes, &options)?;
    Ok(bytes.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use opencv::core::{CV_8UC1, CV_8UC3, Scalar};

    /// Noise is what JPEG compresses worst.
    fn noise(width: i32, height: i32) -> Mat {
        let mut frame = Mat::new_rows_cols_with_default(height, width, CV_8UC3, Scalar::all(0.0)).unwrap();
        core::randu(&mut frame, &Scalar::all(0.0), &Scalar::all(256.0)).unwrap();
        frame
    }

    fn size_of(jpeg: &[u8]) -> (i32, i32) {
        let picture = imgcodecs::imdecode(&Vector::from_slice(jpeg), imgcodecs::IMREAD_COLOR).unwrap();
        (picture.cols(), picture.rows())
    }

    #[test]
    fn a_still_fits_and_says_its_size() {
        let frame = noise(640, 480);
        for max_bytes in [1_000_000, 300_000, 60_000, 20_000] {
            let still = encode_still(&frame, 7, max_bytes).unwrap();
            assert!(still.jpeg.expose().len() <= max_bytes);
            let (width, height) = size_of(still.jpeg.expose());
            assert_eq!((width as u32, height as u32), (still.width_px, still.height_px));
            assert_eq!(still.frame, 7);
            assert_eq!(still.width_px == 640, max_bytes >= 300_000);
        }
    }

    #[test]
    fn a_large_still_is_made_smaller_and_a_small_one_stays() {
        let check = |size: (i32, i32), expect: (u32, u32)| {
            let frame = Mat::new_rows_cols_with_default(size.1, size.0, CV_8UC3, Scalar::all(90.0)).unwrap();
            let still = encode_still(&frame, 0, 1_000_000).unwrap();
            assert_eq!((still.width_px, still.height_px), expect);
        };
        check((3840, 2160), (1920, 1080));
        check((1080, 3840), (540, 1920));
        check((1920, 1080), (1920, 1080));
        check((50, 40), (50, 40));
        check((1, 4000), (1, 1920));
    }

    #[test]
    fn a_still_that_cannot_fit_is_refused() {
        let got = encode_still(&noise(640, 480), 0, 100);
        assert!(matches!(got, Err(FaceError::StillTooLarge { max_bytes: 100 })));
    }

    #[test]
    fn a_preview_is_small_and_mirrored_on_request() {
        let mut frame = Mat::new_rows_cols_with_default(60, 80, CV_8UC3, Scalar::all(0.0)).unwrap();
        let left = core::Rect::new(0, 0, 40, 60);
        imgproc::rectangle(&mut frame, left, Scalar::all(255.0), -1, 8, 0).unwrap();
        let left_is_bright = |mirrored| {
            let jpeg = encode_preview(&frame, 40, mirrored).unwrap();
            assert_eq!(size_of(&jpeg), (40, 30));
            let grey = imgcodecs::imdecode(&Vector::from_slice(&jpeg), imgcodecs::IMREAD_GRAYSCALE).unwrap();
            *grey.at_2d::<u8>(15, 5).unwrap() > 128
        };
        assert!(left_is_bright(false));
        assert!(!left_is_bright(true));
    }

    #[test]
    fn odd_frames_are_encoded_or_refused() {
        let grey = Mat::new_rows_cols_with_default(1, 1, CV_8UC1, Scalar::all(9.0)).unwrap();
        assert!(encode_preview(&grey, 0, true).is_ok());
        assert!(encode_still(&grey, 0, 10_000).is_ok());
        assert!(matches!(
            encode_preview(&Mat::default(), 40, false),
            Err(FaceError::UnusableFrame)
        ));
    }
}
