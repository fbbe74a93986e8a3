//! Paper with holes: eyes and mouth that do not belong to the face around them.

use opencv::core::Mat;

use crate::FaceError;
use crate::mesh::{POINTS, Point3};
use crate::pose::Head;

/// Compares eyes and mouth with the rest of the face.
#[derive(Default)]
pub(crate) struct CutOutMeter {}

impl CutOutMeter {
    /// As [`verification::capture::FaceMeasures::cut_out`].
    pub(crate) fn measure(
        &mut self,
        _bgr: &Mat,
        _points: &[Point3; POINTS],
        _head: &Head,
    ) -> Result<Option<f32>, FaceError> {
        Ok(None)
    }
}
