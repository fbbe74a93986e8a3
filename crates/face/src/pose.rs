//! Where the head is turned.

use opencv::calib3d;
use opencv::core::{Mat, Point2d, Point3d, Vector};
use opencv::prelude::*;

use crate::FaceError;
use crate::mesh::{POINTS, Point3};

/// Turn of the head in degrees, with the signs of [`verification::capture::FaceMeasures`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HeadPose {
    /// Positive to the subject's own left.
    pub yaw_deg: f32,
    /// Positive when looking up.
    pub pitch_deg: f32,
    /// Positive clockwise in the picture.
    pub roll_deg: f32,
}

/// A solved head.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Head {
    pub(crate) pose: HeadPose,
    /// Rows of the rotation from the head to the camera, both with x to the right of a frontal picture, y down
    /// and z away from the camera.
    pub(crate) rotation: [[f32; 3]; 3],
    /// Distance of the canonical face's origin from the camera, in its centimetres.
    pub(crate) distance_cm: f32,
}

/// Points that neither speech nor the lids move, with their place in centimetres on the canonical face of
/// MediaPipe (`mediapipe/modules/face_geometry/data/canonical_face_model.obj`, Apache-2.0): x to the subject's
/// left, y up, z out of the face. A pair shares one line, the right side's `x` being negative.
///
/// The chin and the lower jaw are left out on purpose: with them an opened mouth reads as a nod.
pub(crate) const MIDDLE: [(usize, f64, f64); 9] = [
    (1, -1.126865, 7.475604),
    (4, -0.463170, 7.586580),
    (5, 0.365669, 7.242870),
    (195, 1.059413, 6.774605),
    (197, 1.728369, 6.316750),
    (6, 2.473255, 5.788627),
    (168, 3.271027, 5.236015),
    (151, 6.545390, 5.027311),
    (10, 8.261778, 4.481535),
];
/// Right point, left point, then x of the left one, y, z.
pub(crate) const PAIRS: [(usize, usize, f64, f64, f64); 9] = [
    (33, 263, 4.445859, 2.663991, 3.173422),
    (133, 362, 1.856432, 2.585245, 3.757904),
    (67, 297, 3.523964, 8.005976, 3.729163),
    (54, 284, 6.279331, 6.615427, 1.425850),
    (127, 356, 7.743095, 2.364999, -2.005167),
    (234, 454, 7.664182, 0.673132, -2.435867),
    (93, 323, 7.542244, -1.049282, -2.431321),
    (117, 346, 5.258659, 0.945811, 2.974312),
    (50, 280, 4.765501, -0.701554, 3.534632),
];
/// Width of the canonical face between the temples, centimetres.
const CANONICAL_WIDTH: f64 = 2.0 * 7.743095;

/// Solves the pose from the picture alone; the mesh's own depth is not used, since it follows a turn only in
/// part. `focal_px` is the focal length, which need not be exact: it matters for the perspective only.
///
/// The principal point is put between the eyes, so that a head that faces the camera from the edge of the picture
/// reads as facing it. The eyes lie before the axis of a turn, which therefore reads about a tenth too large; the
/// mesh, measured on turned faces, stays behind the head by more than that.
pub(crate) fn head(points: &[Point3; POINTS], focal_px: f64) -> Result<Option<Head>, FaceError> {
    let mut object: Vector<Point3d> = Vector::new();
    let mut image: Vector<Point2d> = Vector::new();
    let mut add = |at: usize, x: f64, y: f64, z: f64| {
        // OpenCV's camera has y down and z into the picture.
        object.push(Point3d::new(x, -y, -z));
        image.push(Point2d::new(f64::from(points[at].x), f64::from(points[at].y)));
    };
    for (at, y, z) in MIDDLE {
        add(at, 0.0, y, z);
    }
    for (right, left, x, y, z) in PAIRS {
        add(right, -x, y, z);
        add(left, x, y, z);
    }
    let place = |at: usize| (f64::from(points[at].x), f64::from(points[at].y));
    let ((right_x, right_y), (left_x, left_y)) = (place(127), place(356));
    let ((eye_right_x, eye_right_y), (eye_left_x, eye_left_y)) = (place(33), place(263));
    let (middle_x, middle_y) = ((eye_right_x + eye_left_x) / 2.0, (eye_right_y + eye_left_y) / 2.0);
    let width = (left_x - right_x).hypot(left_y - right_y).max(1.0);
    let camera = Mat::from_slice_2d(&[
        [focal_px, 0.0, middle_x],
        [0.0, focal_px, middle_y],
        [0.0, 0.0, 1.0],
    ])?;
    // The first guess is a level face at a likely distance; it keeps the solver off the mirrored solution.
    let mut rotation = Mat::from_slice_2d(&[[0.0], [0.0], [(left_y - right_y).atan2(left_x - right_x)]])?;
    let mut translation = Mat::from_slice_2d(&[[0.0], [0.0], [focal_px * CANONICAL_WIDTH / width]])?;
    let solved = calib3d::solve_pnp(
        &object,
        &image,
        &camera,
        &opencv::core::no_array(),
        &mut rotation,
        &mut translation,
        true,
        calib3d::SOLVEPNP_ITERATIVE,
    )?;
    if !solved {
        return Ok(None);
    }
    let mut matrix = Mat::default();
    calib3d::rodrigues_def(&rotation, &mut matrix)?;
    let mut r = [[0.0_f64; 3]; 3];
    for (row, values) in (0..).zip(&mut r) {
        for (column, value) in (0..).zip(values) {
            *value = *matrix.at_2d::<f64>(row, column)?;
        }
    }
    // The way the nose points is the third column turned round, and the way from the right ear to the left is
    // the first one.
    let (forward_x, forward_y, forward_z) = (-r[0][2], -r[1][2], -r[2][2]);
    let (across_x, across_y) = (r[0][0], r[1][0]);
    let degrees = |radians: f64| radians.to_degrees() as f32;
    let pose = HeadPose {
        yaw_deg: degrees(forward_x.atan2(-forward_z)),
        pitch_deg: degrees((-forward_y).clamp(-1.0, 1.0).asin()),
        roll_deg: degrees(across_y.atan2(across_x)),
    };
    let finite = pose.yaw_deg.is_finite() && pose.pitch_deg.is_finite() && pose.roll_deg.is_finite();
    let distance_cm = *translation.at_2d::<f64>(2, 0)? as f32;
    Ok(finite.then_some(Head {
        pose,
        rotation: r.map(|row| row.map(|value| value as f32)),
        distance_cm,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The canonical face, turned and seen by a camera at 60 cm.
    fn seen(yaw_deg: f64, pitch_deg: f64, roll_deg: f64, x_cm: f64) -> [Point3; POINTS] {
        let (yaw, pitch, roll) = (
            yaw_deg.to_radians(),
            pitch_deg.to_radians(),
            roll_deg.to_radians(),
        );
        let mut points = [Point3 {
            x: 0.0,
            y: 0.0,
            z: 0.0,
        }; POINTS];
        let mut put = |at: usize, x: f64, y: f64, z: f64| {
            let (y, z) = (
                y * pitch.cos() + z * pitch.sin(),
                z * pitch.cos() - y * pitch.sin(),
            );
            let (x, z) = (x * yaw.cos() + z * yaw.sin(), z * yaw.cos() - x * yaw.sin());
            let (x, y) = (x * roll.cos() + y * roll.sin(), y * roll.cos() - x * roll.sin());
            let depth = 60.0 - z;
            points[at] = Point3 {
                x: (320.0 + 600.0 * (x + x_cm) / depth) as f32,
                y: (240.0 - 600.0 * y / depth) as f32,
                z: 0.0,
            };
        };
        for (at, y, z) in MIDDLE {
            put(at, 0.0, y, z);
        }
        for (right, left, x, y, z) in PAIRS {
            put(right, -x, y, z);
            put(left, x, y, z);
        }
        points
    }

    fn check(yaw: f64, pitch: f64, roll: f64) {
        let pose = head(&seen(yaw, pitch, roll, 0.0), 600.0).unwrap().unwrap().pose;
        let near = |got: f32, expect: f64| (f64::from(got) - expect).abs() < 4.0_f64.max(expect.abs() / 10.0);
        assert!(
            near(pose.yaw_deg, yaw) && near(pose.pitch_deg, pitch),
            "yaw {yaw}, pitch {pitch}, roll {roll} came back as {pose:?}"
        );
        if yaw.abs() * pitch.abs() < 100.0 {
            assert!(
                near(pose.roll_deg, roll),
                "yaw {yaw}, pitch {pitch}, roll {roll} came back as {pose:?}"
            );
        }
    }

    #[test]
    fn a_drawn_head_comes_back_with_its_angles_and_signs() {
        for angle in [-50.0, -20.0, 0.0, 20.0, 50.0] {
            check(angle, 0.0, 0.0);
            check(0.0, angle * 0.7, 0.0);
            check(0.0, 0.0, angle);
        }
        check(30.0, -15.0, 0.0);
        check(-30.0, 15.0, 0.0);
    }

    #[test]
    fn a_wrong_focal_length_matters_little() {
        for focal_px in [450.0, 900.0] {
            let pose = head(&seen(30.0, 0.0, 0.0, 0.0), focal_px).unwrap().unwrap().pose;
            assert!((pose.yaw_deg - 30.0).abs() < 5.0, "focal {focal_px}: {pose:?}");
        }
    }

    #[test]
    fn a_head_that_faces_the_camera_from_the_side_of_the_picture_faces_the_camera() {
        // 12 cm off the axis at 60 cm; facing the lens means being turned back by the same angle.
        let turned_back = -(12.0_f64 / 60.0).atan().to_degrees();
        let pose = head(&seen(turned_back, 0.0, 0.0, 12.0), 600.0)
            .unwrap()
            .unwrap()
            .pose;
        assert!(pose.yaw_deg.abs() < 2.0, "{pose:?}");
    }

    #[test]
    fn points_on_one_spot_are_no_panic() {
        let _ = head(
            &[Point3 {
                x: 5.0,
                y: 5.0,
                z: 0.0,
            }; POINTS],
            600.0,
        );
    }
}
