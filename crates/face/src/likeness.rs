//! Whether the face is still the same one: against the frame before and against the first frontal frame.

use opencv::core::Mat;

use crate::FaceError;
use crate::mesh::{POINTS, Point3};
use crate::pose::Head;

/// Keeps the face of the frame before and the reference face.
#[derive(Default)]
pub(crate) struct Likeness {}

/// As the fields of the same names of [`verification::capture::FaceMeasures`].
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct FaceContinuity {
    pub(crate) likeness: Option<f32>,
    pub(crate) face_change: Option<f32>,
}

impl Likeness {
    pub(crate) fn measure(
        &mut self,
        _bgr: &Mat,
        _points: &[Point3; POINTS],
        _head: &Head,
    ) -> Result<FaceContinuity, FaceError> {
        Ok(FaceContinuity::default())
    }
}
