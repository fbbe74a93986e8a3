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
const PICTURE_FRAMES: usize = 30;

/// Measures frames as the kiosk does: face and stream.
pub struct Meter {
    analyzer: Analyzer,
    regularity: Option<Regularity>,
    passive: bool,
}

impl Meter {
    /// A meter of its own for each presentation, so that none knows of another.
    ///
    /// The stream is watched at the rate that is given; a picture has no stream, and no rate. `passive` says whether
    /// what the passive pair says is kept.
    ///
    /// # Errors
    /// [`PlayError::Face`] if a model is damaged.
    pub fn new(models: &ModelFolder, rate_hz: Option<f64>, passive: bool) -> Result<Self, PlayError> {
        Ok(Self {
            analyzer: Analyzer::new(models)?,
            regularity: rate_hz.map(|rate_hz| Regularity::new(Some(rate_hz))),
            passive,
        })
    }

    /// An attempt begins with the face that is seen now.
    pub fn begin(&mut self) {
        self.analyzer.begin();
    }

    /// Measures the next frame.
    ///
    /// # Errors
    /// [`PlayError`] if the frame has no pixels that can be measured.
    pub fn measure(&mut self, frame: &Frame) -> Result<FaceObservation, PlayError> {
        let mut seen = self.analyzer.observe(&frame.bgr, frame.index, frame.at)?;
        if let Some(face) = seen.face.as_mut().filter(|_| !self.passive) {
            face.passive_real = None;
        }
        if let Some(regularity) = &mut self.regularity {
            let fingerprint = Fingerprint::of(&frame.bgr)?;
            seen.stream = Some(regularity.see(frame.index, frame.at, &fingerprint));
        }
        Ok(seen)
    }
}

/// Measures every frame of a presentation. `next` gives the frames, and `None` at the end. Of a picture, that is
/// without a rate, as many are taken as show all that it has.
///
/// # Errors
/// [`PlayError`]; a source that fails in the middle is as unreadable as one that fails at once.
pub fn observe(
    mut next: impl FnMut() -> Result<Option<Frame>, PlayError>,
    rate_hz: Option<f64>,
    models: &ModelFolder,
    passive: bool,
) -> Result<Vec<FaceObservation>, PlayError> {
    let mut meter = Meter::new(models, rate_hz, passive)?;
    let mut observations = Vec::new();
    while let Some(frame) = next()? {
        observations.push(meter.measure(&frame)?);
        if rate_hz.is_none() && observations.len() == PICTURE_FRAMES {
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
