//! Bona fide presentations that attacks are rendered from.

use std::path::{Path, PathBuf};
use std::time::Instant;

use camera::{ClipEntry, FrameSource, Pace, Replay};
use face::{Analyzer, MeshPoints};
use opencv::core::{Mat, Size};
use opencv::imgproc;
use opencv::prelude::*;
use verification::capture::RectPx;

use crate::ground::{Label, rate_hz, truth};
use crate::play::PlayError;

/// Clips shorter than this show too little to be attacked with.
const LENGTH_MIN_S: f64 = 2.0;
/// So many frames of a clip are looked at for a neutral one.
const LOOKS: u32 = 24;
/// Frames are brought down to this, since a kiosk looks at no more and rendering takes time by the pixel.
const SIDE_MAX_PX: i32 = 720;

/// A bona fide presentation with a neutral picture of the person.
pub struct Donor {
    /// Its entry in the list.
    pub clip: ClipEntry,
    path: PathBuf,
    /// A frame in which the person looks straight ahead.
    pub neutral: Mat,
    /// The mesh of the face in it.
    pub mesh: MeshPoints,
    /// The box around the face in it.
    pub face: RectPx,
}

impl Donor {
    /// Frames a second.
    pub fn fps(&self) -> f64 {
        rate_hz(&self.clip)
    }

    /// Size of its frames.
    pub fn size(&self) -> Size {
        Size::new(self.neutral.cols(), self.neutral.rows())
    }

    /// Plays it from the beginning.
    pub fn frames(&self) -> Result<Frames, PlayError> {
        Frames::open(&self.path)
    }
}

/// The frames of a clip, brought to a size that can be worked on.
pub struct Frames {
    replay: Replay,
}

impl Frames {
    fn open(path: &Path) -> Result<Self, PlayError> {
        Ok(Self {
            replay: Replay::open(path, Pace::Free, Instant::now())?,
        })
    }

    /// The next frame; `None` at the end.
    pub fn next_frame(&mut self) -> Result<Option<Mat>, PlayError> {
        let Some(frame) = self.replay.next_frame()? else {
            return Ok(None);
        };
        let longer = frame.bgr.cols().max(frame.bgr.rows());
        if longer <= SIDE_MAX_PX {
            return Ok(Some(frame.bgr));
        }
        let scale = f64::from(SIDE_MAX_PX) / f64::from(longer);
        let mut small = Mat::default();
        imgproc::resize(
            &frame.bgr,
            &mut small,
            Size::default(),
            scale,
            scale,
            imgproc::INTER_AREA,
        )?;
        Ok(Some(small))
    }
}

/// One donor for each subject: the longest of their clips that can be acquired. Clips that cannot be played are
/// passed over; the table of the recorded ones names them.
pub fn donors(folder: &Path, clips: &[ClipEntry], analyzer: &mut Analyzer) -> Result<Vec<Donor>, PlayError> {
    let mut chosen: Vec<&ClipEntry> = Vec::new();
    for clip in clips {
        let truth = truth(clip);
        let long = f64::from(clip.frames) >= LENGTH_MIN_S * rate_hz(clip);
        if truth.label != Label::BonaFide || truth.not_acquirable || clip.synthetic || !long {
            continue;
        }
        let same = |known: &&mut &ClipEntry| !clip.subject.is_empty() && known.subject == clip.subject;
        match chosen.iter_mut().find(same) {
            Some(known) if known.frames < clip.frames => *known = clip,
            Some(_) => {}
            None => chosen.push(clip),
        }
    }
    let mut donors = Vec::new();
    for clip in chosen {
        match donor(folder, clip, analyzer) {
            Ok(donor) => donors.extend(donor),
            Err(PlayError::Camera(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(donors)
}

fn donor(folder: &Path, clip: &ClipEntry, analyzer: &mut Analyzer) -> Result<Option<Donor>, PlayError> {
    let path = folder.join(&clip.file);
    let mut frames = Frames::open(&path)?;
    let every = (clip.frames / LOOKS).max(1);
    let mut best: Option<(f32, Mat, RectPx)> = None;
    let mut index = 0;
    while let Some(frame) = frames.next_frame()? {
        if index % every == 0 {
            analyzer.reset();
            let seen = analyzer.observe(&frame, u64::from(index), std::time::Duration::ZERO)?;
            if let Some(face) = seen.face {
                // Straight, eyes open and mouth closed: what somebody would print.
                let eyes = face.eye_left_ratio.min(face.eye_right_ratio);
                let off = face.yaw_deg.abs() + face.pitch_deg.abs() - 100.0 * eyes
                    + 60.0 * face.mouth_opening_ratio;
                if best.as_ref().is_none_or(|(least, _, _)| off < *least) {
                    best = Some((off, frame, face.box_px));
                }
            }
        }
        index += 1;
    }
    let Some((_, neutral, face)) = best else {
        return Ok(None);
    };
    let mesh = analyzer.mesh_of(&neutral)?;
    Ok(mesh.map(|mesh| Donor {
        clip: clip.clone(),
        path,
        neutral,
        mesh,
        face,
    }))
}

/// A donor who is only drawn: its face is said to be in the middle.
#[cfg(test)]
pub(crate) fn drawn_donor(path: PathBuf, neutral: Mat, frames: u32, fps: f64) -> Donor {
    let (width, height) = (neutral.cols() as f32, neutral.rows() as f32);
    Donor {
        clip: ClipEntry {
            file: "drawn".into(),
            label: "bona_fide".into(),
            subject: "A".into(),
            shows: String::new(),
            frames,
            fps,
            synthetic: false,
            events: Vec::new(),
        },
        path,
        mesh: [face::Point3 {
            x: width / 2.0,
            y: height / 2.0,
            z: 0.0,
        }; 468],
        face: RectPx {
            x: width * 0.3,
            y: height * 0.2,
            width: width * 0.4,
            height: height * 0.6,
        },
        neutral,
    }
}
