//! Whether something covers the mouth or the eyes.

use opencv::core::Mat;

use crate::FaceError;
use crate::mesh::{POINTS, Point3};

/// As the fields of [`verification::capture::FaceQuality`] that end in `occlusion`.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Occlusion {
    pub(crate) mouth: f32,
    pub(crate) eyes: f32,
}

pub(crate) fn occlusion(_bgr: &Mat, _points: &[Point3; POINTS]) -> Result<Occlusion, FaceError> {
    Ok(Occlusion::default())
}
