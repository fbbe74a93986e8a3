//! The format of frames: what is asked of a camera, and what every frame is checked against.

use std::fmt;

use opencv::core::{CV_8UC3, Mat, Size};
use opencv::prelude::*;

use crate::CameraError;

/// No camera gives less (QQVGA is 160 x 120), and in a smaller picture no mesh finds a face.
const SIDE_MIN_PX: i32 = 64;
/// Twice the longer side of full HD, and what sensors of "4K" give. A frame of this size takes 50 MB; what is
/// larger is a broken header or an attempt to fill the memory.
const SIDE_MAX_PX: i32 = 4096;

/// How pixels come over the bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PixelFormat {
    /// Each frame a JPEG. The only one that fits USB 2 at 1280 x 720 and 30 frames a second.
    Mjpeg,
    /// Plain pixels, two bytes each (YUY2).
    Yuyv,
}

impl PixelFormat {
    /// The four letters by which drivers know it.
    pub fn fourcc(self) -> [char; 4] {
        match self {
            Self::Mjpeg => ['M', 'J', 'P', 'G'],
            Self::Yuyv => ['Y', 'U', 'Y', 'V'],
        }
    }
}

/// What is asked of a camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Format {
    /// Width of a frame. Taken exactly, or the camera is refused.
    pub width_px: u32,
    /// Height of a frame. Taken exactly, or the camera is refused.
    pub height_px: u32,
    /// How pixels come over the bus. Taken exactly where the system tells what it gives.
    pub pixels: PixelFormat,
    /// Frames a second. A wish: drivers round it, and cameras lower it in the dim.
    pub rate_hz: u32,
}

impl Default for Format {
    /// HD at 30 frames a second: a face at arm's length is then some 300 px wide, and nothing measures more.
    fn default() -> Self {
        Self {
            width_px: 1280,
            height_px: 720,
            pixels: PixelFormat::Mjpeg,
            rate_hz: 30,
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letters: String = self.pixels.fourcc().iter().collect();
        write!(
            f,
            "{} x {} {letters} at {} Hz",
            self.width_px, self.height_px, self.rate_hz
        )
    }
}

/// Whether a frame can be measured, and has the agreed size if there is one.
///
/// # Errors
/// [`CameraError::FrameUnusable`], [`CameraError::FormatChanged`].
pub(crate) fn check(bgr: &Mat, agreed: Option<Size>) -> Result<(), CameraError> {
    let size = Size::new(bgr.cols(), bgr.rows());
    let side = SIDE_MIN_PX..=SIDE_MAX_PX;
    let usable =
        bgr.dims() == 2 && bgr.typ() == CV_8UC3 && side.contains(&size.width) && side.contains(&size.height);
    if !usable {
        return Err(CameraError::FrameUnusable {
            found: format!(
                "{} with {} channels of {} bits",
                told(size),
                bgr.channels(),
                8 * bgr.elem_size1()
            ),
        });
    }
    match agreed {
        Some(agreed) if agreed != size => Err(CameraError::FormatChanged {
            agreed: told(agreed),
            found: told(size),
        }),
        _ => Ok(()),
    }
}

fn told(size: Size) -> String {
    format!("{} x {} px", size.width, size.height)
}

#[cfg(test)]
mod tests {
    use super::*;
    use opencv::core::{CV_8UC1, CV_8UC4, CV_16UC3, Scalar};

    #[test]
    fn only_frames_of_the_agreed_format_pass() {
        let check = |width: i32, height: i32, typ: i32, agreed: Option<Size>, expect: &str| {
            let frame = Mat::new_size_with_default(Size::new(width, height), typ, Scalar::all(9.0)).unwrap();
            let got = check(&frame, agreed);
            let got = got.map_or_else(|error| error.to_string(), |()| "good".to_owned());
            assert!(got.contains(expect), "{width} x {height}: {got}");
        };
        let agreed = Some(Size::new(640, 480));
        check(640, 480, CV_8UC3, agreed, "good");
        check(641, 479, CV_8UC3, None, "good");
        check(
            480,
            640,
            CV_8UC3,
            agreed,
            "a frame of 480 x 640 px came where 640 x 480 px",
        );
        check(0, 0, CV_8UC3, None, "0 x 0 px");
        check(1, 1, CV_8UC3, None, "cannot be measured");
        check(1, 4000, CV_8UC3, None, "cannot be measured");
        check(20_000, 80, CV_8UC3, None, "20000 x 80 px");
        check(640, 480, CV_8UC1, agreed, "1 channels");
        check(640, 480, CV_8UC4, agreed, "4 channels");
        check(640, 480, CV_16UC3, agreed, "16 bits");
        assert!(super::check(&Mat::default(), None).is_err());
    }
}
