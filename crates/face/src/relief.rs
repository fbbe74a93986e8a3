//! Non-planarity: how the tracked points move apart from the best plane while the head turns.

use crate::FaceError;
use crate::mesh::{POINTS, Point3};
use crate::pose::Head;

/// Compares every pose with a reference pose.
#[derive(Default)]
pub(crate) struct ReliefMeter {}

impl ReliefMeter {
    /// As [`verification::capture::FaceMeasures::relief`].
    pub(crate) fn measure(
        &mut self,
        _points: &[Point3; POINTS],
        _head: &Head,
    ) -> Result<Option<f32>, FaceError> {
        Ok(None)
    }
}
