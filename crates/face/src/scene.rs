//! Whether the picture goes on from the one before.

use opencv::core::Mat;

use crate::FaceError;

/// Keeps a sketch of the frame before.
#[derive(Default)]
pub(crate) struct Scene {}

impl Scene {
    /// As [`verification::capture::FaceObservation::scene_change`].
    pub(crate) fn change(&mut self, _bgr: &Mat) -> Result<Option<f32>, FaceError> {
        Ok(None)
    }
}
