//! A presentation is played and measured, frame by frame.

use camera::{CameraError, Fingerprint, Frame, Regularity};
use face::{Analyzer, FaceError, ModelFolder};
use verification::capture::FaceObservation;

/// Why a presentation could not be measured.
#[derive(Debug, thiserror::Error)]
pub enum PlayError {
    /// The frames could not be got.
    #[error(transparent)]
    Camera(#[from] CameraError),
    /// The frames could not be measured, or the models not be loaded.
    #[error(transparent)]
    Face(#[from] FaceError),
    /// A generator of attacks failed in OpenCV.
    #[error("OpenCV could not make a frame")]
    OpenCv(#[from] opencv::Error),
    /// It ended before its first frame.
    #[error("there is no frame in it")]
    Empty,
}

/// A picture has shown in a second all that it has.
pub const PICTURE_FRAMES: usize = 30;

/// Measures every frame with an analyzer of its own, so that no presentation knows of another. `next` gives the
/// frames, and `None` at the end.
///
/// The stream is watched as in the kiosk, at the rate that is given; a picture has no stream, and no rate.
///
/// `passive` says whether what the passive pair says is kept.
///
/// # Errors
/// [`PlayError`]; a source that fails in the middle is as unreadable as one that fails at once.
pub fn observe(
    mut next: impl FnMut() -> Result<Option<Frame>, PlayError>,
    rate_hz: Option<f64>,
    models: &ModelFolder,
    passive: bool,
) -> Result<Vec<FaceObservation>, PlayError> {
    let mut analyzer = Analyzer::new(models)?;
    let mut regularity = rate_hz.map(|rate_hz| Regularity::new(Some(rate_hz)));
    let mut observations = Vec::new();
    while let Some(frame) = next()? {
        let mut seen = analyzer.observe(&frame.bgr, frame.index, frame.at)?;
        if let Some(face) = seen.face.as_mut().filter(|_| !passive) {
            face.passive_real = None;
        }
        seen.stream = match &mut regularity {
            Some(regularity) => Some(regularity.see(frame.index, frame.at, &Fingerprint::of(&frame.bgr)?)),
            None => None,
        };
        observations.push(seen);
        if regularity.is_none() && observations.len() == PICTURE_FRAMES {
            break;
        }
    }
    if observations.is_empty() {
        return Err(PlayError::Empty);
    }
    Ok(observations)
}

/// An error with its causes, in one line.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        // Parsers answer in several lines; the first says what is wrong.
        text.push_str(cause.to_string().lines().next().unwrap_or_default());
        source = cause.source();
    }
    text
}
