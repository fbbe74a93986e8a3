//! A presentation is played and measured, frame by frame.

use camera::{CameraError, FrameSource};
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

/// Measures every frame with an analyzer of its own, so that no presentation knows of another.
///
/// `passive` says whether what the passive pair says is kept.
///
/// # Errors
/// [`PlayError`]; a source that fails in the middle is as unreadable as one that fails at once.
pub fn observe(
    source: &mut dyn FrameSource,
    models: &ModelFolder,
    passive: bool,
) -> Result<Vec<FaceObservation>, PlayError> {
    let mut analyzer = Analyzer::new(models)?;
    let mut observations = Vec::new();
    while let Some(frame) = source.next_frame()? {
        let mut seen = analyzer.observe(&frame.bgr, frame.index, frame.at)?;
        if let Some(face) = seen.face.as_mut().filter(|_| !passive) {
            face.passive_real = None;
        }
        observations.push(seen);
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
