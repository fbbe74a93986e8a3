//! Light on the face and beside it.

use opencv::core::Mat;
use verification::capture::LightMeasures;

use crate::FaceError;
use crate::mesh::{POINTS, Point3};

/// As [`verification::capture::FaceMeasures::light`].
pub(crate) fn light(_bgr: &Mat, _points: &[Point3; POINTS]) -> Result<Option<LightMeasures>, FaceError> {
    Ok(None)
}
