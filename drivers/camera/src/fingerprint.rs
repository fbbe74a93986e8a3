//! What is kept of a frame to compare it with others.

use opencv::core::{self, Mat, Scalar, Size};
use opencv::imgproc;
use opencv::prelude::*;
use xxhash_rust::xxh3::xxh3_64;

use crate::CameraError;

/// Side of the picture on which light is measured; each of its pixels is one of the frame's.
const SKETCH_PX: Size = Size {
    width: 160,
    height: 90,
};

/// What is kept of a frame to compare it with others. No picture can be made from it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fingerprint {
    /// XXH3 of all pixels. It need not withstand an attacker: who makes two different frames look equal only harms
    /// himself, and to make two equal frames look different he changes a pixel, whatever the digest. By chance two
    /// of the 900 frames of 30 s look equal once in 10^13 such spans.
    pub digest: u64,
    /// Mean luminance, 0 to 255.
    pub luminance_mean: f64,
    /// Its standard deviation over the frame, in levels.
    pub luminance_spread: f64,
}

impl Fingerprint {
    /// Takes the fingerprint of a frame.
    ///
    /// # Errors
    /// [`CameraError::OpenCv`] if it is empty or has another depth than 8 bits.
    pub fn of(bgr: &Mat) -> Result<Self, CameraError> {
        let digest = if bgr.is_continuous() {
            xxh3_64(bgr.data_bytes()?)
        } else {
            xxh3_64(bgr.try_clone()?.data_bytes()?)
        };
        let (mut small, mut grey) = (Mat::default(), Mat::default());
        imgproc::resize(bgr, &mut small, SKETCH_PX, 0.0, 0.0, imgproc::INTER_NEAREST)?;
        imgproc::cvt_color_def(&small, &mut grey, imgproc::COLOR_BGR2GRAY)?;
        let (mut mean, mut spread) = (Scalar::default(), Scalar::default());
        core::mean_std_dev_def(&grey, &mut mean, &mut spread)?;
        Ok(Self {
            digest,
            luminance_mean: mean[0],
            luminance_spread: spread[0],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use opencv::core::CV_8UC3;

    #[test]
    fn one_changed_pixel_is_another_frame() {
        let frame = Mat::new_rows_cols_with_default(720, 1280, CV_8UC3, Scalar::all(90.0)).unwrap();
        let mut other = frame.clone();
        other.at_2d_mut::<core::Vec3b>(719, 1279).unwrap()[2] += 1;
        let (one, two) = (Fingerprint::of(&frame).unwrap(), Fingerprint::of(&other).unwrap());
        assert_eq!(one, Fingerprint::of(&frame.clone()).unwrap());
        assert_ne!(one.digest, two.digest);
        assert!((one.luminance_mean - 90.0).abs() < 1.0 && one.luminance_spread < 0.1);
        // A part of a picture has gaps between its rows.
        let part = Mat::roi(&frame, core::Rect::new(9, 9, 640, 480))
            .unwrap()
            .clone_pointee();
        assert!(Fingerprint::of(&part).is_ok());
        assert!(Fingerprint::of(&Mat::default()).is_err());
    }
}
