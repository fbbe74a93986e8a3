//! A clip of somebody who holds a drawn identity document before the camera every now and then: for kiosks that are driven
//! from outside, where nobody can hold one in between.

use std::path::{Path, PathBuf};

use opencv::core::{self, Mat, Rect, Scalar, Size};
use opencv::prelude::*;
use opencv::videoio::{self, VideoCapture, VideoWriter};
use opencv::{imgcodecs, imgproc};

use crate::{PuppetError, card};

/// So wide that a card in it can be read.
const SIZE: Size = Size {
    width: 1280,
    height: 960,
};
/// The slowest rate at which a kiosk works: who plays the clip rests in thirty frames of it, which are to be long.
const FPS: i32 = 10;
/// The face for so many frames, then the card for as many: longer than a picture takes.
const TURN: i32 = 15;
/// Each comes twice, so that any thirty frames of the clip have both.
const TURNS: i32 = 4;
const CLIP: &str = "visit.avi";

/// Takes the face of a recorded person from this frame of a clip on, and shows it and a document of this shape by turns: writes
/// a clip and a `manifest.toml` into a folder, and gives the name of the clip within it.
///
/// # Errors
/// [`PuppetError::ClipUnreadable`], [`PuppetError::Unwritable`], [`PuppetError::OpenCv`].
pub fn render(clip: &Path, first: u32, aspect: f32, out_dir: &Path) -> Result<&'static str, PuppetError> {
    let unreadable = || PuppetError::ClipUnreadable {
        path: clip.to_owned(),
    };
    let name = clip.to_str().ok_or_else(unreadable)?;
    let mut film = VideoCapture::from_file(name, videoio::CAP_ANY)?;
    let mut recorded = Mat::default();
    for _ in 0..first {
        film.grab()?;
    }
    let mut faces = Vec::new();
    for _ in 0..TURN {
        if !film.read(&mut recorded)? {
            return Err(unreadable());
        }
        faces.push(fitted(&recorded)?);
    }
    let held = core::Vector::<u8>::from_iter(card::held(aspect, (SIZE.width, SIZE.height))?);
    let held = imgcodecs::imdecode(&held, imgcodecs::IMREAD_COLOR)?;

    let path = out_dir.join(CLIP);
    let unwritable = |path: &PathBuf, source| PuppetError::Unwritable {
        path: path.clone(),
        source,
    };
    let fourcc = VideoWriter::fourcc('M', 'J', 'P', 'G')?;
    let mut writer = VideoWriter::new(&path, fourcc, f64::from(FPS), SIZE, true)?;
    if !writer.is_opened()? {
        return Err(unwritable(&path, None));
    }
    for turn in 0..TURNS {
        for face in &faces {
            writer.write(if turn % 2 == 0 { face } else { &held })?;
        }
    }
    writer.release()?;

    let frames = TURN * TURNS;
    let list = out_dir.join("manifest.toml");
    let text = format!(
        "[[clip]]\nfile = \"{CLIP}\"\nlabel = \"bona_fide\"\nsubject = \"visitor\"\n\
         shows = \"A face and a drawn identity document by turns.\"\n\
         frames = {frames}\nfps = {FPS}.0\nsynthetic = true\n\n  \
         [[clip.event]]\n  type = \"frontal\"\n  first = 0\n  last = {}\n",
        frames - 1
    );
    std::fs::write(&list, text).map_err(|source| unwritable(&list, Some(source)))?;
    Ok(CLIP)
}

/// The picture in the middle of a frame of the clip, as large as it fits, on grey.
fn fitted(picture: &Mat) -> Result<Mat, PuppetError> {
    let (width, height) = (f64::from(picture.cols()), f64::from(picture.rows()));
    let scale = (f64::from(SIZE.width) / width).min(f64::from(SIZE.height) / height);
    let within = |size: f64, most: i32| ((size * scale).round() as i32).clamp(1, most);
    let size = Size::new(within(width, SIZE.width), within(height, SIZE.height));
    let mut scaled = Mat::default();
    imgproc::resize(picture, &mut scaled, size, 0.0, 0.0, imgproc::INTER_CUBIC)?;
    let mut frame = Mat::new_size_with_default(SIZE, core::CV_8UC3, Scalar::all(110.0))?;
    let place = Rect::new(
        (SIZE.width - size.width) / 2,
        (SIZE.height - size.height) / 2,
        size.width,
        size.height,
    );
    let mut middle = Mat::roi_mut(&mut frame, place)?;
    scaled.copy_to(&mut middle)?;
    drop(middle);
    Ok(frame)
}
