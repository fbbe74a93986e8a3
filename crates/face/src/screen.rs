//! Traces of a display.

use opencv::core::Mat;
use verification::capture::{RectPx, ScreenSigns};

use crate::FaceError;
use crate::mesh::{POINTS, Point3};

/// Looks for traces of a display, over several frames where that is needed.
#[derive(Default)]
pub(crate) struct ScreenWatch {}

impl ScreenWatch {
    /// As [`verification::capture::FaceMeasures::screen`].
    pub(crate) fn measure(
        &mut self,
        _bgr: &Mat,
        _points: &[Point3; POINTS],
        _face: RectPx,
    ) -> Result<Option<ScreenSigns>, FaceError> {
        Ok(None)
    }
}
