//! Eye and mouth ratios of the mesh.

use crate::eyes::Openings;
use crate::mesh::{POINTS, Point3};
use crate::pose::Head;

/// Two corners from left to right in the picture, then pairs of upper and lower lid.
struct Eye {
    corners: (usize, usize),
    lids: [(usize, usize); 2],
    /// Direction from the first corner to the second on the canonical face of MediaPipe, whose eyes look a
    /// little sideways, so that each is foreshortened by its own angle.
    across: [f32; 3],
}

/// Corners of the eyes, from left to right in the picture.
pub(crate) const EYE_CORNERS_RIGHT: (usize, usize) = (33, 133);
/// As [`EYE_CORNERS_RIGHT`].
pub(crate) const EYE_CORNERS_LEFT: (usize, usize) = (362, 263);

const EYE_RIGHT: Eye = Eye {
    corners: EYE_CORNERS_RIGHT,
    lids: [(160, 144), (158, 153)],
    across: [0.975, 0.030, -0.220],
};
const EYE_LEFT: Eye = Eye {
    corners: EYE_CORNERS_LEFT,
    lids: [(385, 380), (387, 373)],
    across: [0.975, -0.030, 0.220],
};
/// From the upper lid to the lower one on the canonical face.
const DOWN_EYE: [f32; 3] = [0.0, 0.989, 0.148];
const LIPS_INNER: (usize, usize) = (13, 14);
const MOUTH_CORNERS: (usize, usize) = (61, 291);
/// Where the nose meets the upper lip, in the middle and beside it: it stays where it is in speech, and a nod moves
/// it with the mouth, as it does not move the eyes.
const NOSE_BASE: [usize; 3] = [2, 97, 326];
const EYE_CORNERS_OUTER: (usize, usize) = (33, 263);
const EYE_CORNERS_INNER: (usize, usize) = (133, 362);
/// Middle of the mouth and of the outer eye corners on the canonical face, centimetres: x to the right of a
/// frontal picture, y down, z away from the camera.
const MOUTH: [f32; 3] = [0.0, 4.343, -4.284];
const EYES: [f32; 3] = [0.0, -2.664, -3.173];
const ACROSS: [f32; 3] = [1.0, 0.0, 0.0];
const DOWN: [f32; 3] = [0.0, 1.0, 0.0];
/// Where a plane of the face is seen at less than this part of its area, nothing can be read from it any more.
const FORESHORTENING_MIN: f32 = 0.2;

/// Ratios as in [`verification::capture::FaceMeasures`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Ratios {
    /// As the mesh sees them, which is enough to tell that the lids moved, and not how far; see [`crate::eyes`].
    pub(crate) eyes: Openings,
    pub(crate) mouth_opening: f32,
    pub(crate) mouth_width: f32,
    pub(crate) mouth_corner: f32,
    pub(crate) inter_eye_distance_px: f32,
}

/// Distances are measured in the picture and freed of foreshortening by the rotation of the head, so that a
/// turn or a nod leaves the ratios alone; mouth and eyes are also brought to one distance from the camera, for a
/// chin that is lifted comes nearer and would look wider. The mesh's own depth is of no use here: it keeps closed lids apart.
pub(crate) fn ratios(points: &[Point3; POINTS], head: &Head) -> Ratios {
    let rotation = &head.rotation;
    let eye = |eye: &Eye| {
        let plane = Plane::new(rotation, eye.across, DOWN_EYE);
        let lids: f32 = eye.lids.iter().map(|lids| plane.distance(points, *lids)).sum();
        part(lids, 2.0 * plane.distance(points, eye.corners))
    };
    let plane = Plane::new(rotation, ACROSS, DOWN);
    let mouth = plane.distance(points, MOUTH_CORNERS);
    let centre = |outer: usize, inner: usize| {
        (
            (points[outer].x + points[inner].x) / 2.0,
            (points[outer].y + points[inner].y) / 2.0,
        )
    };
    let corners_y = plane.down(points, MOUTH_CORNERS.0) + plane.down(points, MOUTH_CORNERS.1);
    let nose_y: f32 = NOSE_BASE.iter().map(|at| plane.down(points, *at)).sum();
    let (right_x, right_y) = centre(EYE_CORNERS_OUTER.0, EYE_CORNERS_INNER.0);
    let (left_x, left_y) = centre(EYE_CORNERS_OUTER.1, EYE_CORNERS_INNER.1);
    Ratios {
        eyes: Openings {
            left: eye(&EYE_LEFT),
            right: eye(&EYE_RIGHT),
        },
        mouth_opening: part(plane.distance(points, LIPS_INNER), mouth),
        mouth_width: part(
            mouth * depth(head, MOUTH),
            plane.distance(points, EYE_CORNERS_OUTER) * depth(head, EYES),
        ),
        mouth_corner: part(
            corners_y / 2.0 - nose_y / 3.0,
            plane.distance(points, EYE_CORNERS_OUTER),
        ),
        inter_eye_distance_px: (left_x - right_x).hypot(left_y - right_y),
    }
}

/// The planes in which the eyes lie, the left one first.
pub(crate) fn eye_planes(rotation: &[[f32; 3]; 3]) -> [Plane; 2] {
    [EYE_LEFT, EYE_RIGHT].map(|eye| Plane::new(rotation, eye.across, DOWN_EYE))
}

/// By how much the line of the eyes is turned in the picture, in radians, positive clockwise.
pub(crate) fn roll(points: &[Point3; POINTS]) -> f32 {
    let (from, to) = (points[EYE_CORNERS_OUTER.0], points[EYE_CORNERS_OUTER.1]);
    (to.y - from.y).atan2(to.x - from.x)
}

/// The map from the picture back to a plane of the face: the inverse of how the plane is seen.
pub(crate) struct Plane {
    inverse: [[f32; 2]; 2],
}

impl Plane {
    fn new(rotation: &[[f32; 3]; 3], across: [f32; 3], down: [f32; 3]) -> Self {
        let seen =
            |row: usize, way: [f32; 3]| -> f32 { rotation[row].iter().zip(way).map(|(r, w)| r * w).sum() };
        let (a, b) = (seen(0, across), seen(0, down));
        let (c, d) = (seen(1, across), seen(1, down));
        let area = a * d - b * c;
        let inverse = if area.abs() < FORESHORTENING_MIN {
            [[1.0, 0.0], [0.0, 1.0]]
        } else {
            [[d / area, -b / area], [-c / area, a / area]]
        };
        Self { inverse }
    }

    /// Place in the plane, across and down, of a place in the picture.
    pub(crate) fn flat(&self, x: f32, y: f32) -> (f32, f32) {
        let [[a, b], [c, d]] = self.inverse;
        (a * x + b * y, c * x + d * y)
    }

    /// How far down in the plane a point of the mesh is.
    fn down(&self, points: &[Point3; POINTS], at: usize) -> f32 {
        self.flat(points[at].x, points[at].y).1
    }

    fn distance(&self, points: &[Point3; POINTS], (from, to): (usize, usize)) -> f32 {
        let (across, down) = self.flat(points[to].x - points[from].x, points[to].y - points[from].y);
        across.hypot(down)
    }
}

/// Distance of a place of the head from the camera plane, at least a few centimetres.
fn depth(head: &Head, place: [f32; 3]) -> f32 {
    let [_, _, row] = head.rotation;
    let along: f32 = row.iter().zip(place).map(|(r, p)| r * p).sum();
    (head.distance_cm + along).max(5.0)
}

fn part(length: f32, whole: f32) -> f32 {
    if whole > f32::EPSILON { length / whole } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pose::HeadPose;

    /// Far away, where perspective is nothing.
    fn head(rotation: [[f32; 3]; 3]) -> Head {
        Head {
            pose: HeadPose {
                yaw_deg: 0.0,
                pitch_deg: 0.0,
                roll_deg: 0.0,
            },
            rotation,
            distance_cm: 1e6,
        }
    }

    const LEVEL: [[f32; 3]; 3] = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];

    /// A face with eyes in the planes of the canonical one, turned by a rotation and seen from far away.
    fn face(lids: f32, lips: f32, rotation: &[[f32; 3]; 3]) -> [Point3; POINTS] {
        let mut points = [Point3 {
            x: 0.0,
            y: 0.0,
            z: 0.0,
        }; POINTS];
        let mut put = |at: usize, place: [f32; 3]| {
            let [x, y, z] = [0, 1, 2].map(|row| rotation[row].iter().zip(place).map(|(r, p)| r * p).sum());
            points[at] = Point3 { x, y, z };
        };
        for (eye, middle) in [(&EYE_RIGHT, -30.0), (&EYE_LEFT, 30.0)] {
            let at = |across: f32, down: f32| {
                [0, 1, 2].map(|axis| {
                    let middle = if axis == 0 { middle } else { 0.0 };
                    middle + across * eye.across[axis] + down * DOWN_EYE[axis]
                })
            };
            put(eye.corners.0, at(-15.0, 0.0));
            put(eye.corners.1, at(15.0, 0.0));
            for ((upper, lower), across) in eye.lids.into_iter().zip([-5.0, 5.0]) {
                put(upper, at(across, -lids / 2.0));
                put(lower, at(across, lids / 2.0));
            }
        }
        put(61, [-25.0, 60.0, 0.0]);
        put(291, [25.0, 60.0, 0.0]);
        put(13, [0.0, 60.0 - lips / 2.0, 0.0]);
        put(14, [0.0, 60.0 + lips / 2.0, 0.0]);
        points
    }

    fn turned(yaw_deg: f32, pitch_deg: f32) -> [[f32; 3]; 3] {
        let (ys, yc) = yaw_deg.to_radians().sin_cos();
        let (ps, pc) = pitch_deg.to_radians().sin_cos();
        [[yc, ys * ps, ys * pc], [0.0, pc, -ps], [-ys, yc * ps, yc * pc]]
    }

    #[test]
    fn turn_and_nod_leave_the_ratios_alone() {
        for (yaw, pitch) in [(0.0, 0.0), (25.0, 0.0), (-40.0, 0.0), (0.0, 30.0), (20.0, -20.0)] {
            let rotation = turned(yaw, pitch);
            let got = ratios(&face(9.0, 20.0, &rotation), &head(rotation));
            let near = |a: f32, b: f32| assert!((a - b).abs() < 0.01, "{a} is not {b} at {yaw}, {pitch}");
            near(got.eyes.left, 0.3);
            near(got.eyes.right, 0.3);
            near(got.mouth_opening, 0.4);
            near(got.mouth_width, 50.0 / (60.0 + 30.0 * 0.975));
        }
    }

    #[test]
    fn closed_lids_and_lips_read_nought() {
        let got = ratios(&face(0.0, 0.0, &LEVEL), &head(LEVEL));
        assert_eq!(
            (got.eyes.left, got.eyes.right, got.mouth_opening),
            (0.0, 0.0, 0.0)
        );
        assert!((got.inter_eye_distance_px - 60.0).abs() < 1e-3);
    }

    #[test]
    fn nothing_is_divided_by_zero() {
        for rotation in [LEVEL, turned(90.0, 0.0), [[0.0; 3]; 3]] {
            let got = ratios(
                &[Point3 {
                    x: 1.0,
                    y: 1.0,
                    z: 1.0,
                }; POINTS],
                &head(rotation),
            );
            assert_eq!((got.eyes.left, got.mouth_width), (0.0, 0.0));
            let got = ratios(&face(9.0, 20.0, &rotation), &head(rotation));
            assert!(got.eyes.left.is_finite() && got.mouth_opening.is_finite());
        }
    }
}
