//! Traces of a display.
//!
//! Each trace has a scale of its own, on which 0.5 is where chance and bona fide scenes end; the reasons stand in the
//! rooms below. A trace that is missing says nothing: good displays, good cameras and compression leave few of them.

mod bezel;
mod flicker;
mod glare;
mod moire;

use opencv::core::Mat;
use verification::capture::{RectPx, ScreenSigns};

use crate::FaceError;
use crate::mesh::{POINTS, Point3};

use bezel::bezel;
use flicker::Flicker;
use glare::Glare;
use moire::Moire;

/// One trace is looked for in each frame, in turn.
const TURNS: u32 = 4;

/// Looks for traces of a display, over several frames where that is needed.
#[derive(Default)]
pub(crate) struct ScreenWatch {
    turn: u32,
    found: Option<ScreenSigns>,
    moire: Moire,
    flicker: Flicker,
    glare: Glare,
}

impl ScreenWatch {
    /// As [`verification::capture::FaceMeasures::screen`]; the newest value of each trace.
    pub(crate) fn measure(
        &mut self,
        bgr: &Mat,
        points: &[Point3; POINTS],
        face: RectPx,
    ) -> Result<Option<ScreenSigns>, FaceError> {
        let first = self.found.is_none();
        let found = self.found.get_or_insert(ScreenSigns {
            moire: 0.0,
            bezel: 0.0,
            glare: 0.0,
            flicker: 0.0,
        });
        let turn = self.turn;
        self.turn = (turn + 1) % TURNS;
        self.flicker.add(bgr, points)?;
        if first || turn == 0 {
            found.moire = self.moire.measure(bgr, points, face)?;
        }
        if first || turn == 1 {
            found.bezel = bezel(bgr, points, face)?;
        }
        if first || turn == 2 {
            found.glare = self.glare.measure(bgr, face)?;
        }
        if turn == 3 {
            found.flicker = self.flicker.measure();
        }
        Ok(self.found)
    }
}
