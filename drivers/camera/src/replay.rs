//! Plays a file as if it came from a camera.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use opencv::core::Mat;
use opencv::imgcodecs;
use opencv::prelude::*;
use opencv::videoio::{self, VideoCapture};
use sha2::{Digest, Sha256};
use verification::capture::CameraIdentity;

use crate::{CameraError, Frame, FrameSource};

/// For files that do not say their rate, and for pictures.
const FPS_DEFAULT: f64 = 30.0;
/// Some containers only estimate how many frames they have, from their length and a mean rate. A clip with less
/// than half of them was cut off, for instance by a full disk or a broken copy.
const COMPLETE_PART_MIN: f64 = 0.5;
/// A picture is played as a clip of five seconds.
const STILL_FRAMES: u64 = 150;

/// How fast a replay runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// As recorded: a frame is given when it is due, and frames that the reader was too slow for are left out, as
    /// a camera does. `at` is the time at which the frame was due.
    RealTime,
    /// As fast as it is read. `at` follows from the number of the frame, the first being at 0.
    Free,
}

/// A clip or picture that plays once.
pub struct Replay {
    identity: CameraIdentity,
    path: PathBuf,
    pictures: Pictures,
    clock: Clock,
    /// Frames that were decoded or skipped.
    decoded: u64,
}

enum Pictures {
    Video(VideoCapture),
    Still(Mat),
}

impl Replay {
    /// Opens a video or a picture. `origin` is the instant from which [`Frame::at`] is counted.
    ///
    /// # Errors
    /// [`CameraError::FileUnreadable`] and [`CameraError::ClipUnreadable`], both naming the file.
    pub fn open(path: impl AsRef<Path>, pace: Pace, origin: Instant) -> Result<Self, CameraError> {
        let path = path.as_ref().to_owned();
        let identity = identity(&path)?;
        let picture = imgcodecs::imread(&path, imgcodecs::IMREAD_COLOR).unwrap_or_default();
        let (pictures, fps) = if picture.empty() {
            let video = open_video(&path)?;
            let fps = video.get(videoio::CAP_PROP_FPS)?;
            (Pictures::Video(video), fps)
        } else {
            (Pictures::Still(picture), FPS_DEFAULT)
        };
        Ok(Self {
            identity,
            path,
            pictures,
            clock: Clock::new(pace, fps, origin),
            decoded: 0,
        })
    }
}

/// The end of a video: it is over, or it is damaged.
fn end(path: &Path, video: &VideoCapture, decoded: u64) -> Result<Option<Frame>, CameraError> {
    let path = path.to_owned();
    let told = video.get(videoio::CAP_PROP_FRAME_COUNT).unwrap_or(0.0);
    if decoded == 0 {
        // A file that opens but has no frame at all is no clip.
        Err(CameraError::ClipUnreadable { path })
    } else if (decoded as f64) < told * COMPLETE_PART_MIN {
        Err(CameraError::ClipTruncated {
            path,
            frames: decoded,
            told: told as u64,
        })
    } else {
        Ok(None)
    }
}

impl FrameSource for Replay {
    fn identity(&self) -> &CameraIdentity {
        &self.identity
    }

    fn rate_hz(&self) -> Option<f64> {
        Some(self.clock.rate_hz())
    }

    fn next_frame(&mut self) -> Result<Option<Frame>, CameraError> {
        let (skipped, index, at) = self.clock.tick();
        let bgr = match &mut self.pictures {
            Pictures::Still(picture) if index < STILL_FRAMES => picture.clone(),
            Pictures::Still(_) => return Ok(None),
            Pictures::Video(video) => {
                let mut bgr = Mat::default();
                let mut more = true;
                for _ in 0..skipped {
                    more = more && video.grab()?;
                    self.decoded += u64::from(more);
                }
                if !more || !video.read(&mut bgr)? || bgr.empty() {
                    return end(&self.path, video, self.decoded);
                }
                self.decoded += 1;
                bgr
            }
        };
        Ok(Some(Frame {
            index,
            at,
            bgr,
            stream: None,
        }))
    }
}

/// Opens a video, with a clear error where that fails.
pub(crate) fn open_video(path: &Path) -> Result<VideoCapture, CameraError> {
    // The other backends that would be tried take a name for a pattern of names, and leave pipelines behind.
    let backend = if videoio::has_backend(videoio::VideoCaptureAPIs::CAP_FFMPEG)? {
        videoio::CAP_FFMPEG
    } else {
        videoio::CAP_ANY
    };
    match VideoCapture::from_file(path, backend) {
        Ok(video) if video.is_opened()? => Ok(video),
        _ => Err(CameraError::ClipUnreadable {
            path: path.to_owned(),
        }),
    }
}

/// The identity of a replayed file: its name and its SHA-256.
pub(crate) fn identity(path: &Path) -> Result<CameraIdentity, CameraError> {
    identity_of_all(&[path])
}

/// The identity of files that are replayed together: their names, and one SHA-256 of all.
pub(crate) fn identity_of_all(paths: &[&Path]) -> Result<CameraIdentity, CameraError> {
    let mut digest = Sha256::new();
    let mut names = Vec::new();
    for path in paths {
        add_to(&mut digest, path)?;
        names.push(path.file_name().unwrap_or(path.as_os_str()).to_string_lossy());
    }
    let hex: String = digest
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Ok(CameraIdentity {
        name: names.join(" + "),
        bus_id: format!("sha256:{hex}"),
        replay: true,
    })
}

fn add_to(digest: &mut Sha256, path: &Path) -> Result<(), CameraError> {
    let unreadable = |source| CameraError::FileUnreadable {
        path: path.to_owned(),
        source,
    };
    let mut file = File::open(path).map_err(unreadable)?;
    let mut chunk = vec![0; 1 << 16];
    loop {
        match file.read(&mut chunk).map_err(unreadable)? {
            0 => return Ok(()),
            count => digest.update(&chunk[..count]),
        }
    }
}

/// Says which frame is due, and waits for it where the pace asks for that.
pub(crate) struct Clock {
    pace: Pace,
    rate_hz: f64,
    frame_length: Duration,
    origin: Instant,
    started: Option<Instant>,
    next: u64,
}

impl Clock {
    pub(crate) fn new(pace: Pace, fps: f64, origin: Instant) -> Self {
        // A file may say any number, or none.
        let fps = if (1.0..=240.0).contains(&fps) {
            fps
        } else {
            FPS_DEFAULT
        };
        Self {
            pace,
            rate_hz: fps,
            frame_length: Duration::from_secs_f64(1.0 / fps),
            origin,
            started: None,
            next: 0,
        }
    }

    /// How many frames to leave out, the number of the frame after them, and its time.
    pub(crate) fn tick(&mut self) -> (u64, u64, Duration) {
        match self.pace {
            Pace::Free => {
                let index = self.next;
                self.next += 1;
                (0, index, self.since_start(index))
            }
            Pace::RealTime => {
                let started = *self.started.get_or_insert_with(Instant::now);
                let elapsed = started.elapsed();
                let current = (elapsed.as_nanos() / self.frame_length.as_nanos().max(1)) as u64;
                let skipped = current.saturating_sub(self.next);
                let index = self.next + skipped;
                self.next = index + 1;
                let due = self.since_start(index);
                std::thread::sleep(due.saturating_sub(elapsed));
                (
                    skipped,
                    index,
                    started.saturating_duration_since(self.origin) + due,
                )
            }
        }
    }

    pub(crate) fn rate_hz(&self) -> f64 {
        self.rate_hz
    }

    fn since_start(&self, index: u64) -> Duration {
        self.frame_length.mul_f64(index as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{drawn_clip, number_of};

    #[test]
    fn a_clip_is_played_frame_by_frame_and_then_ends() {
        let folder = tempfile::tempdir().unwrap();
        let path = drawn_clip(folder.path(), "drawn.avi", 12, 25.0);
        let mut replay = Replay::open(&path, Pace::Free, Instant::now()).unwrap();
        let identity = replay.identity().clone();
        assert!(identity.replay);
        assert_eq!(identity.name, "drawn.avi");
        assert_eq!(identity.bus_id.len(), "sha256:".len() + 64);
        for expect in 0..12 {
            let frame = replay.next_frame().unwrap().unwrap();
            assert_eq!(frame.index, expect);
            assert_eq!(number_of(&frame.bgr), expect as u32);
            assert_eq!(frame.at, Duration::from_millis(40 * expect));
        }
        assert!(replay.next_frame().unwrap().is_none());
        assert!(replay.next_frame().unwrap().is_none());
    }

    #[test]
    fn real_time_takes_its_time_and_numbers_what_it_leaves_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = drawn_clip(folder.path(), "drawn.avi", 10, 100.0);
        let origin = Instant::now();
        let mut replay = Replay::open(&path, Pace::RealTime, origin).unwrap();
        let mut last = None;
        while let Some(frame) = replay.next_frame().unwrap() {
            assert!(origin.elapsed() >= frame.at, "a frame came before its time");
            assert!(last.is_none_or(|(index, at)| index < frame.index && at < frame.at));
            assert_eq!(u64::from(number_of(&frame.bgr)), frame.index);
            last = Some((frame.index, frame.at));
        }
        assert!(last.is_some());
    }

    #[test]
    fn a_picture_is_a_clip_that_stands_still() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("still.png");
        let picture = crate::testing::drawn(7);
        imgcodecs::imwrite(&path, &picture, &opencv::core::Vector::new()).unwrap();
        let mut replay = Replay::open(&path, Pace::Free, Instant::now()).unwrap();
        let mut count = 0;
        while let Some(frame) = replay.next_frame().unwrap() {
            assert_eq!(number_of(&frame.bgr), 7);
            count += 1;
        }
        assert_eq!(count, STILL_FRAMES);
    }

    #[test]
    fn a_bad_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let check = |name: &str, expect: &str| {
            let error = Replay::open(folder.path().join(name), Pace::Free, Instant::now())
                .and_then(|mut replay| {
                    while replay.next_frame()?.is_some() {}
                    Ok(())
                })
                .unwrap_err();
            assert!(
                error.to_string().contains(name) && error.to_string().contains(expect),
                "{error}"
            );
        };
        std::fs::write(folder.path().join("text.mp4"), "no video").unwrap();
        std::fs::write(folder.path().join("empty.avi"), "").unwrap();
        check("absent.mp4", "cannot be read");
        check("text.mp4", "no video or picture");
        check("empty.avi", "no video or picture");
        // Cut off in the middle of its frames, and before the first of them.
        let whole = std::fs::read(drawn_clip(folder.path(), "whole.avi", 60, 30.0)).unwrap();
        std::fs::write(folder.path().join("cut.avi"), &whole[..whole.len() / 2]).unwrap();
        std::fs::write(folder.path().join("head.avi"), &whole[..64]).unwrap();
        check("cut.avi", "of 60 frames");
        check("head.avi", "no video or picture");
    }

    #[test]
    fn a_damaged_clip_ends_or_is_named_wherever_the_damage_is() {
        const PLACES: usize = 24;
        let folder = tempfile::tempdir().unwrap();
        let whole = std::fs::read(drawn_clip(folder.path(), "whole.avi", 60, 30.0)).unwrap();
        let path = folder.path().join("damaged.avi");
        let mut played = 0;
        for place in 0..PLACES {
            let mut damaged = whole.clone();
            let from = place * whole.len() / PLACES;
            let length = (whole.len() - from).min(96);
            damaged[from..from + length].fill(0xff);
            std::fs::write(&path, damaged).unwrap();
            let frames = Replay::open(&path, Pace::Free, Instant::now()).and_then(|mut replay| {
                let mut frames = 0;
                while replay.next_frame()?.is_some() {
                    frames += 1;
                }
                Ok(frames)
            });
            match frames {
                Ok(frames) => {
                    assert!(frames <= 60, "{frames} frames");
                    played += 1;
                }
                Err(error) => assert!(error.to_string().contains("damaged.avi"), "{error}"),
            }
        }
        assert!((1..PLACES).contains(&played), "{played} of {PLACES} were played");
    }
}
