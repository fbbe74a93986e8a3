//! Drawn material for the tests of this room.

use opencv::core::{CV_8UC3, Mat, Point, Scalar, Vector};
use opencv::imgproc;

use crate::mesh::{POINTS, Point3};
use crate::pose::{Head, HeadPose};
use crate::skin::Quad;

/// Middle of the drawn face in its frame of 640 x 480.
pub(crate) const FACE_CENTRE: (f32, f32) = (320.0, 230.0);

/// Places of the points that the tests need, in hundredths of the distance of the outer eye corners, from the
/// middle between them: x to the right, y down.
const PLACES: &[(usize, f32, f32)] = &[
    (33, -50.0, 0.0),
    (263, 50.0, 0.0),
    (133, -20.0, 0.0),
    (362, 20.0, 0.0),
    (168, 0.0, 0.0),
    (6, 0.0, 8.0),
    (197, 0.0, 18.0),
    (195, 0.0, 27.0),
    (5, 0.0, 35.0),
    (61, -28.0, 81.0),
    (291, 28.0, 81.0),
    (13, 0.0, 81.0),
    (14, 0.0, 81.0),
    (17, 0.0, 91.0),
    (10, 0.0, -58.0),
    (152, 0.0, 131.0),
    (127, -78.0, 3.0),
    (356, 78.0, 3.0),
    (108, -18.0, -39.0),
    (337, 18.0, -39.0),
    (336, 15.0, -18.0),
    (107, -15.0, -18.0),
    (117, -59.0, 18.0),
    (120, -27.0, 18.0),
    (36, -35.0, 39.0),
    (187, -62.0, 53.0),
    (346, 59.0, 18.0),
    (349, 27.0, 18.0),
    (266, 35.0, 39.0),
    (411, 62.0, 53.0),
    (45, -8.0, 44.0),
    (275, 8.0, 44.0),
    (274, 8.0, 54.0),
    (44, -8.0, 54.0),
    (37, -10.0, 73.0),
    (267, 10.0, 73.0),
    (314, 10.0, 90.0),
    (84, -10.0, 90.0),
    (204, -30.0, 98.0),
    (424, 30.0, 98.0),
    (377, 15.0, 126.0),
    (148, -15.0, 126.0),
    (206, -38.0, 57.0),
    (212, -45.0, 80.0),
    (214, -58.0, 74.0),
    (426, 38.0, 57.0),
    (432, 45.0, 80.0),
    (434, 58.0, 74.0),
    (228, -50.0, 12.0),
    (231, -27.0, 12.0),
    (118, -48.0, 22.0),
    (448, 50.0, 12.0),
    (451, 27.0, 12.0),
    (347, 48.0, 22.0),
];

/// The points of the drawn face; those that no test needs lie in its middle.
pub(crate) fn face_points() -> [Point3; POINTS] {
    let at = |x: f32, y: f32| Point3 {
        x: FACE_CENTRE.0 + x,
        y: FACE_CENTRE.1 + y - 36.0,
        z: 0.0,
    };
    let mut points = [at(0.0, 36.0); POINTS];
    for (number, x, y) in PLACES {
        points[*number] = at(*x, *y);
    }
    points
}

/// An even oval of one colour before another, blue, green, red.
pub(crate) fn drawn_face(surround: [u8; 3], skin: [u8; 3]) -> Mat {
    let mut frame = Mat::new_rows_cols_with_default(480, 640, CV_8UC3, colour(surround)).unwrap();
    let centre = Point::new(FACE_CENTRE.0 as i32, FACE_CENTRE.1 as i32);
    imgproc::ellipse(
        &mut frame,
        centre,
        opencv::core::Size::new(80, 100),
        0.0,
        0.0,
        360.0,
        colour(skin),
        -1,
        8,
        0,
    )
    .unwrap();
    frame
}

/// Paints a place on the face and a little around it.
pub(crate) fn paint(frame: &mut Mat, points: &[Point3; POINTS], quad: Quad, bgr: [u8; 3]) {
    let corners = quad.map(|at| (points[at].x, points[at].y));
    let (x, y) = corners.iter().fold((0.0, 0.0), |sum, corner| {
        (sum.0 + corner.0 / 4.0, sum.1 + corner.1 / 4.0)
    });
    let polygon: Vector<Point> = corners
        .iter()
        .map(|corner| {
            let grown = |value: f32, middle: f32| ((value - middle) * 1.15 + middle).round() as i32;
            Point::new(grown(corner.0, x), grown(corner.1, y))
        })
        .collect();
    imgproc::fill_convex_poly(frame, &polygon, colour(bgr), 8, 0).unwrap();
}

fn colour(bgr: [u8; 3]) -> Scalar {
    let [b, g, r] = bgr.map(f64::from);
    Scalar::new(b, g, r, 0.0)
}

/// A head of which only the yaw is known; its rotation stays level.
pub(crate) fn head(yaw_deg: f32) -> Head {
    Head {
        pose: HeadPose {
            yaw_deg,
            pitch_deg: 0.0,
            roll_deg: 0.0,
        },
        rotation: [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        distance_cm: 60.0,
    }
}
