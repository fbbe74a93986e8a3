//! Paper with holes before a living face.
//!
//! What lives in the holes passes for a face, and so does what is printed around them. Two things tell on paper: the
//! chin that stays when the mouth opens ([`mouth`]), and the cut edge around both eyes ([`eyes`]).

mod eyes;
mod mouth;

use opencv::core::Mat;

use self::eyes::RimMeter;
use self::mouth::JawMeter;
use crate::FaceError;
use crate::mesh::{POINTS, Point3};
use crate::pose::Head;
use crate::ratios::ratios;

/// Outside of these angles chin and far eye are not seen well enough.
const POSE_MAX_DEG: f32 = 25.0;

/// Looks for both signs.
#[derive(Default)]
pub(crate) struct CutOutMeter {
    mouth: JawMeter,
    eyes: RimMeter,
}

impl CutOutMeter {
    /// As [`verification::capture::FaceMeasures::cut_out`]: the larger of both signs. Each is silent where it sees
    /// nothing to compare, so that the silence of one does not speak against the other.
    pub(crate) fn measure(
        &mut self,
        bgr: &Mat,
        points: &[Point3; POINTS],
        head: &Head,
    ) -> Result<Option<f32>, FaceError> {
        let pose = head.pose;
        if pose.yaw_deg.abs() > POSE_MAX_DEG || pose.pitch_deg.abs() > POSE_MAX_DEG {
            return Ok(None);
        }
        let ratios = ratios(points, head);
        let mouth = self.mouth.measure(bgr, points, pose, &ratios)?;
        let eyes = self.eyes.measure(bgr, points, ratios.eyes)?;
        Ok(mouth.into_iter().chain(eyes).reduce(f32::max))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pose::HeadPose;
    use crate::testing::{drawn_face, face_points};
    use opencv::core::{self, CV_8UC3, Rect, Scalar, Size};
    use opencv::imgproc;
    use opencv::prelude::*;

    const LEVEL: Head = Head {
        pose: HeadPose {
            yaw_deg: 0.0,
            pitch_deg: 0.0,
            roll_deg: 0.0,
        },
        rotation: [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        distance_cm: 60.0,
    };

    /// A face with pores, hairs and spots.
    fn skin() -> Mat {
        let plain = drawn_face([90, 90, 90], [110, 140, 200]);
        let mut spots = plain.clone();
        core::set_rng_seed(11).unwrap();
        core::randn(&mut spots, &Scalar::all(60.0), &Scalar::all(40.0)).unwrap();
        let (mut soft, mut face) = (Mat::default(), Mat::default());
        imgproc::gaussian_blur_def(&spots, &mut soft, Size::new(0, 0), 3.0).unwrap();
        core::add_def(&plain, &soft, &mut face).unwrap();
        face
    }

    fn opened_by(part: f32) -> [Point3; POINTS] {
        let mut points = face_points();
        let width = points[291].x - points[61].x;
        points[14].y += part * width;
        points[17].y += part * width;
        points[152].y += part * width;
        points
    }

    /// What is measured once the mouth has opened, if everything below the lips goes down by so many pixels.
    fn measured(part: f32, chin_down_px: i32) -> Option<f32> {
        let mut meter = CutOutMeter::default();
        let closed = skin();
        assert_eq!(meter.measure(&closed, &face_points(), &LEVEL).unwrap(), None);
        let mut open = closed.clone();
        let lips = face_points()[14].y as i32;
        let (from, to) = (
            Rect::new(200, lips, 240, 100),
            Rect::new(200, lips + chin_down_px, 240, 100),
        );
        let lower = closed.roi(from).unwrap().try_clone().unwrap();
        lower.copy_to(&mut open.roi_mut(to).unwrap()).unwrap();
        // Another frame has other noise.
        let mut noise = Mat::new_rows_cols_with_default(480, 640, CV_8UC3, Scalar::all(0.0)).unwrap();
        core::randn(&mut noise, &Scalar::all(4.0), &Scalar::all(3.0)).unwrap();
        let mut frame = Mat::default();
        core::add_def(&open, &noise, &mut frame).unwrap();
        meter.measure(&frame, &opened_by(part), &LEVEL).unwrap()
    }

    #[test]
    fn a_chin_that_stays_while_the_mouth_opens_is_paper() {
        let paper = measured(0.5, 0).unwrap();
        assert!(paper > 0.6, "{paper}");
        let skin = measured(0.5, 25).unwrap();
        assert!(skin < 0.5, "{skin}");
    }

    #[test]
    fn without_an_open_mouth_or_a_good_view_nothing_is_told() {
        assert_eq!(measured(0.2, 0), None);
        let mut meter = CutOutMeter::default();
        let turned = Head {
            pose: HeadPose {
                yaw_deg: 40.0,
                ..LEVEL.pose
            },
            ..LEVEL
        };
        assert_eq!(meter.measure(&skin(), &face_points(), &turned).unwrap(), None);
        assert_eq!(meter.measure(&skin(), &opened_by(0.5), &turned).unwrap(), None);
        // All points on one spot.
        let spot = [face_points()[0]; POINTS];
        assert_eq!(meter.measure(&skin(), &spot, &LEVEL).unwrap(), None);
    }
}
