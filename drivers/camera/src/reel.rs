//! The frames of one or more clips that an actor needs, under one numbering and at one rate and size.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use opencv::core::{self, BORDER_REPLICATE, Mat, Size, Vector};
use opencv::prelude::*;
use opencv::{imgcodecs, imgproc};

use crate::CameraError;
use crate::manifest::{ClipEntry, ClipEvent};
use crate::replay::open_video;
use crate::route::{Neutral, Repertoire, Route, near, repertoire};

/// Frames are kept compressed, since a clip of 20 seconds has half a gigabyte of pixels. At this quality the
/// passive models see no difference.
const KEPT_QUALITY: i32 = 97;
/// Side of the small grey pictures by which frames are compared.
const SKETCH_PX: i32 = 48;
/// For pictures, and for lists that do not tell the rate.
const RATE_DEFAULT_HZ: f64 = 30.0;

/// A frame as it is kept.
pub(crate) struct Kept {
    jpeg: Vector<u8>,
    sketch: Mat,
}

impl Kept {
    pub(crate) fn decode(&self) -> Result<Mat, CameraError> {
        Ok(imgcodecs::imdecode(&self.jpeg, imgcodecs::IMREAD_COLOR)?)
    }

    /// How little two frames are alike.
    pub(crate) fn difference(&self, other: &Self) -> f64 {
        core::norm2_def(&self.sketch, &other.sketch).unwrap_or(f64::INFINITY)
    }
}

/// Frames by number. Where numbers are left out, there is no way from one part to the next but a cut.
pub(crate) struct Reel {
    pub(crate) frames: BTreeMap<u32, Kept>,
    pub(crate) repertoire: Repertoire,
    pub(crate) rate_hz: f64,
}

impl Reel {
    /// Reads clips of a folder, one behind the other. Of two that show the same action, the shorter one is taken.
    ///
    /// All are brought to the highest rate among them and to the size of the first.
    pub(crate) fn read(folder: &Path, clips: &[ClipEntry]) -> Result<Self, CameraError> {
        let rate = |clip: &ClipEntry| {
            if clip.fps >= 1.0 {
                clip.fps
            } else {
                RATE_DEFAULT_HZ
            }
        };
        let rate_hz = clips.iter().map(rate).fold(1.0, f64::max);
        let mut reel = Self {
            frames: BTreeMap::new(),
            repertoire: Repertoire {
                rest: 0..=0,
                routes: Vec::new(),
            },
            rate_hz,
        };
        let (mut begin, mut size) = (0_u32, None);
        for (number, clip) in clips.iter().enumerate() {
            let path = folder.join(&clip.file);
            let stretch = rate_hz / rate(clip);
            let clip = stretched(clip, stretch, rate_hz);
            let own = repertoire(&clip);
            for (at, kept) in read(&path, &own, &clip, stretch, &mut size)? {
                reel.frames.insert(begin.saturating_add(at), kept);
            }
            if number == 0 {
                reel.repertoire.rest = own.rest;
            }
            for route in own.routes {
                reel.repertoire.add(route.moved(begin));
            }
            // One number is left out, so that there is no way from one clip into the next.
            begin = begin.saturating_add(clip.frames).saturating_add(1);
        }
        Ok(reel)
    }
}

/// The clip as it is at another rate.
fn stretched(clip: &ClipEntry, stretch: f64, rate_hz: f64) -> ClipEntry {
    // A conversion of a float saturates; a clip of that many frames cannot be read anyway.
    let frames = ((f64::from(clip.frames) * stretch).round() as u32).max(1);
    let moved = |frame: u32| ((f64::from(frame) * stretch).round() as u32).min(frames - 1);
    let event = |event: &ClipEvent| ClipEvent {
        first: moved(event.first),
        last: moved(event.last),
        peak: event.peak.map(moved),
        ..event.clone()
    };
    ClipEntry {
        frames,
        fps: rate_hz,
        events: clip.events.iter().map(event).collect(),
        ..clip.clone()
    }
}

fn read(
    path: &PathBuf,
    repertoire: &Repertoire,
    clip: &ClipEntry,
    stretch: f64,
    size: &mut Option<Size>,
) -> Result<BTreeMap<u32, Kept>, CameraError> {
    let rest = &repertoire.rest;
    let mut needed: Vec<Neutral> = vec![near(rest, *rest.end())];
    for route in &repertoire.routes {
        needed.push(near(&route.from, route.start));
        needed.push(near(&route.to, route.end));
        let spread = route.frames.iter().copied();
        needed.push(spread.clone().min().unwrap_or(route.start)..=spread.max().unwrap_or(route.start));
    }
    let mut frames = BTreeMap::new();
    let picture = imgcodecs::imread(path, imgcodecs::IMREAD_COLOR).unwrap_or_default();
    if !picture.empty() {
        frames.insert(0, keep(&picture, size)?);
        return Ok(frames);
    }
    let last = needed.iter().map(|range| *range.end()).max().unwrap_or(0);
    let mut video = open_video(path)?;
    let mut decoded = 0_u32;
    let mut at = 0_u32;
    while at <= last && video.grab()? {
        decoded += 1;
        // At a higher rate one recorded frame stands for several.
        let until = (f64::from(decoded) * stretch - 0.5).ceil() as u32;
        let is_needed = (at..until.max(at)).any(|at| needed.iter().any(|range| range.contains(&at)));
        let mut bgr = Mat::default();
        if is_needed && video.retrieve_def(&mut bgr)? && !bgr.empty() {
            for at in at..until {
                frames.insert(at, keep(&bgr, size)?);
            }
        }
        at = until.max(at);
    }
    if decoded == 0 {
        return Err(CameraError::ClipUnreadable { path: path.clone() });
    }
    let short = |route: &Route| route.frames.iter().any(|frame| !frames.contains_key(frame));
    if repertoire.routes.iter().any(short) || !frames.keys().any(|at| repertoire.rest.contains(at)) {
        return Err(CameraError::ClipTruncated {
            path: path.clone(),
            frames: u64::from(decoded),
            told: (f64::from(clip.frames) / stretch).round() as u64,
        });
    }
    Ok(frames)
}

/// Keeps a frame; the first one sets the size.
fn keep(bgr: &Mat, size: &mut Option<Size>) -> Result<Kept, CameraError> {
    let size = *size.get_or_insert(bgr.size()?);
    let bgr = if bgr.size()? == size {
        bgr.clone()
    } else {
        fitted(bgr, size)?
    };
    let mut jpeg = Vector::new();
    let options = Vector::from_slice(&[imgcodecs::IMWRITE_JPEG_QUALITY, KEPT_QUALITY]);
    imgcodecs::imencode(".jpg", &bgr, &mut jpeg, &options)?;
    let mut grey = Mat::default();
    imgproc::cvt_color_def(&bgr, &mut grey, imgproc::COLOR_BGR2GRAY)?;
    let mut sketch = Mat::default();
    let side = Size::new(SKETCH_PX, SKETCH_PX);
    imgproc::resize(&grey, &mut sketch, side, 0.0, 0.0, imgproc::INTER_AREA)?;
    Ok(Kept { jpeg, sketch })
}

/// The whole picture in another size, not stretched; where it leaves room, its border goes on.
fn fitted(bgr: &Mat, size: Size) -> Result<Mat, CameraError> {
    let scale =
        (f64::from(size.width) / f64::from(bgr.cols())).min(f64::from(size.height) / f64::from(bgr.rows()));
    let side = |length: i32, most: i32| ((f64::from(length) * scale).round() as i32).clamp(1, most);
    let inner = Size::new(side(bgr.cols(), size.width), side(bgr.rows(), size.height));
    let how = if scale < 1.0 {
        imgproc::INTER_AREA
    } else {
        imgproc::INTER_LINEAR
    };
    let (mut small, mut fitted) = (Mat::default(), Mat::default());
    imgproc::resize(bgr, &mut small, inner, 0.0, 0.0, how)?;
    let (left, top) = ((size.width - inner.width) / 2, (size.height - inner.height) / 2);
    let (right, bottom) = (size.width - inner.width - left, size.height - inner.height - top);
    core::copy_make_border_def(&small, &mut fitted, top, bottom, left, right, BORDER_REPLICATE)?;
    Ok(fitted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use opencv::core::{CV_8UC3, Scalar, Vec3b};

    #[test]
    fn a_picture_is_fitted_and_not_stretched() {
        // A white square in the middle of a grey field stays a square.
        let mut wide = Mat::new_rows_cols_with_default(100, 200, CV_8UC3, Scalar::all(60.0)).unwrap();
        imgproc::rectangle(
            &mut wide,
            core::Rect::new(80, 30, 40, 40),
            Scalar::all(255.0),
            -1,
            8,
            0,
        )
        .unwrap();
        let got = fitted(&wide, Size::new(100, 100)).unwrap();
        assert_eq!(got.size().unwrap(), Size::new(100, 100));
        let white = |x: i32, y: i32| got.at_2d::<Vec3b>(y, x).unwrap()[0] > 150;
        let width = (0..100).filter(|x| white(*x, 50)).count();
        let height = (0..100).filter(|y| white(50, *y)).count();
        assert_eq!((width, height), (20, 20));
    }

    #[test]
    fn a_clip_keeps_its_events_in_their_place_at_another_rate() {
        let event = ClipEvent {
            kind: "blink".into(),
            first: 10,
            last: 49,
            peak: Some(12),
            note: String::new(),
        };
        let clip = ClipEntry {
            file: "a.avi".into(),
            label: "bona_fide".into(),
            subject: String::new(),
            shows: String::new(),
            frames: 50,
            fps: 15.0,
            synthetic: true,
            events: vec![event],
        };
        let got = stretched(&clip, 2.0, 30.0);
        let event = &got.events[0];
        assert_eq!(
            (got.frames, event.first, event.last, event.peak),
            (100, 20, 98, Some(24))
        );
        assert_eq!(stretched(&clip, 1.0, 15.0), clip);
    }
}
