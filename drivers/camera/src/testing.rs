//! Clips for tests: drawn, with the number of each frame in the picture.

use std::path::{Path, PathBuf};

use opencv::core::{CV_8UC3, Mat, Rect, Scalar, Size};
use opencv::imgproc;
use opencv::prelude::*;
use opencv::videoio::VideoWriter;

const BITS: i32 = 8;
const BAR_PX: i32 = 16;

/// A picture that carries a number up to 255 as black and white bars, which survive compression.
pub(crate) fn drawn(number: u32) -> Mat {
    let mut frame =
        Mat::new_rows_cols_with_default(64, BITS * BAR_PX, CV_8UC3, Scalar::new(60.0, 90.0, 120.0, 0.0))
            .unwrap();
    for bit in 0..BITS {
        let shade = Scalar::all(if number >> bit & 1 == 1 { 255.0 } else { 0.0 });
        imgproc::rectangle(
            &mut frame,
            Rect::new(bit * BAR_PX, 16, BAR_PX, 32),
            shade,
            -1,
            8,
            0,
        )
        .unwrap();
    }
    frame
}

/// The number in a drawn picture.
pub(crate) fn number_of(frame: &Mat) -> u32 {
    (0..BITS)
        .map(|bit| {
            let pixel = frame
                .at_2d::<opencv::core::Vec3b>(32, bit * BAR_PX + BAR_PX / 2)
                .unwrap();
            u32::from(pixel[1] > 128) << bit
        })
        .sum()
}

/// A clip of numbered frames.
pub(crate) fn drawn_clip(folder: &Path, name: &str, frames: u32, fps: f64) -> PathBuf {
    let path = folder.join(name);
    let fourcc = VideoWriter::fourcc('M', 'J', 'P', 'G').unwrap();
    let size = Size::new(BITS * BAR_PX, 64);
    let mut writer = VideoWriter::new(&path, fourcc, fps, size, true).unwrap();
    assert!(writer.is_opened().unwrap());
    for number in 0..frames {
        writer.write(&drawn(number)).unwrap();
    }
    writer.release().unwrap();
    path
}
