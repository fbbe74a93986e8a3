//! Traces of a display.
//!
//! Each trace has a scale of its own, on which 0.5 is where chance and bona fide scenes end; the reasons stand in the
//! rooms below. A trace that is missing says nothing: good displays, good cameras and compression leave few of them.

mod bezel;
mod flicker;
mod glare;
mod moire;

use opencv::core::Mat;
use verification::capture::{LightMeasures, RectPx, ScreenSigns};

use crate::FaceError;
use crate::mesh::{POINTS, Point3};

use bezel::bezel;
use flicker::Flicker;
use glare::Glare;
use moire::Moire;

/// Each trace is looked for once in so many frames, as often as the detector looks again and as each network of the
/// passive pair runs, and on frames on which these do little or nothing: the detector's is the first of them, the
/// pair's are the second and the fourth.
const TURNS: u32 = 5;
const FLICKER_AT: u32 = 0;
const GLARE_AT: u32 = 1;
const MOIRE_AT: u32 = 2;
const BEZEL_AT: u32 = 4;

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
        light: Option<&LightMeasures>,
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
        self.flicker.add(light);
        if first || turn == MOIRE_AT {
            found.moire = self.moire.measure(bgr, points, face)?;
        }
        if first || turn == BEZEL_AT {
            found.bezel = bezel(bgr, points, face)?;
        }
        if first || turn == GLARE_AT {
            found.glare = self.glare.measure(bgr, face)?;
        }
        if turn == FLICKER_AT {
            found.flicker = self.flicker.measure();
        }
        Ok(self.found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cut_out::CutOutMeter;
    use crate::light::light;
    use crate::mesh::bounding_box;
    use crate::occlusion::{Occlusion, occlusion};
    use crate::pose::{Head, HeadPose};
    use crate::quality::quality;
    use crate::testing::face_points;
    use opencv::core::{CV_8UC3, Scalar};
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        /// Points may lie anywhere, and a frame may have any size.
        #[test]
        fn whatever_the_frame_and_the_points_something_is_measured_and_nothing_panics(
            width in 1..300_i32, height in 1..300_i32, level in 0..=255_u8,
            x in -3e4_f32..3e4, y in -3e4_f32..3e4, scale in prop_oneof![Just(0.0_f32), 0.0_f32..2.0, 0.0_f32..200.0],
        ) {
            let frame =
                Mat::new_rows_cols_with_default(height, width, CV_8UC3, Scalar::all(f64::from(level))).unwrap();
            let at = |points: [Point3; POINTS], x: f32, y: f32| points.map(|point| Point3 {
                x: point.x * scale + x,
                y: point.y * scale + y,
                z: point.z,
            });
            let head = Head {
                pose: HeadPose { yaw_deg: 0.0, pitch_deg: 0.0, roll_deg: 0.0 },
                rotation: [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
                distance_cm: 60.0,
            };
            let (mut watch, mut cut_out) = (ScreenWatch::default(), CutOutMeter::default());
            // In the frame, and anywhere.
            for points in [at(face_points(), x % 300.0, y % 300.0), at(face_points(), x, y)] {
                let face = bounding_box(&points);
                for _ in 0..TURNS + 1 {
                    let lit = light(&frame, &points).unwrap();
                    let found = watch.measure(&frame, &points, face, lit.as_ref()).unwrap().unwrap();
                    for sign in [found.moire, found.bezel, found.glare, found.flicker] {
                        prop_assert!((0.0..=1.0).contains(&sign));
                    }
                }
                let covered = occlusion(&frame, &points).unwrap();
                prop_assert!((0.0..=1.0).contains(&covered.mouth) && (0.0..=1.0).contains(&covered.eyes));
                prop_assert!(cut_out.measure(&frame, &points, &head).is_ok());
                prop_assert!(quality(&frame, &points, face, 60.0, Occlusion::default()).is_ok());
            }
        }
    }
}
