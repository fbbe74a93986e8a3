//! A drawn head and a drawn sheet, turned before the camera, under a mesh that always believes in a head.

use opencv::core::{CV_8UC1, CV_8UC3, Mat, Scalar};

use super::*;
use crate::testing::head;

const WIDTH_PX: f32 = 200.0;
const MIDDLE: [f32; 2] = [320.0, 240.0];

/// How far a surface stands out at a place; both in widths of the face.
type Surface = fn(f32, f32) -> f32;

/// A round head with a nose, of about the measures of the canonical face.
fn head_surface(x: f32, y: f32) -> f32 {
    let nose = 0.18 * (-(x * x) / 0.006 - (y - 0.1).powi(2) / 0.02).exp();
    nose - 1.0 * x * x - 0.2 * y * y
}

fn flat_surface(_x: f32, _y: f32) -> f32 {
    0.0
}

/// Paper held in a bow of a radius of half a face's width and more.
fn bent_surface(x: f32, _y: f32) -> f32 {
    -0.8 * x * x
}

/// Where a place on a surface is seen after a turn; far from the camera, where perspective is nothing.
fn seen(surface: Surface, x: f32, y: f32, yaw_deg: f32) -> [f32; 2] {
    let (sin, cos) = yaw_deg.to_radians().sin_cos();
    [
        MIDDLE[0] + WIDTH_PX * (x * cos + surface(x, y) * sin),
        MIDDLE[1] + WIDTH_PX * y,
    ]
}

/// Skin, brows and pores: something to see at every place.
fn paint(x: f32, y: f32) -> f32 {
    let (x, y) = (x * WIDTH_PX, y * WIDTH_PX);
    128.0
        + 22.0 * (x * 0.23 + (y * 0.11).sin()).sin()
        + 22.0 * (y * 0.26 + (x * 0.13).cos()).cos()
        + 15.0 * (x * 0.41 + y * 0.37).sin()
}

fn picture(surface: Surface, yaw_deg: f32) -> Mat {
    let (sin, cos) = yaw_deg.to_radians().sin_cos();
    let grey: Vec<u8> = (0..480 * 640)
        .map(|pixel| {
            let across = ((pixel % 640) as f32 - MIDDLE[0]) / WIDTH_PX;
            let y = ((pixel / 640) as f32 - MIDDLE[1]) / WIDTH_PX;
            // The place that is seen here: it lies where the turned surface comes to this column.
            let mut x = across / cos;
            for _ in 0..30 {
                x = 0.5 * x + 0.5 * (across - surface(x, y) * sin) / cos;
            }
            paint(x, y).clamp(0.0, 255.0) as u8
        })
        .collect();
    let grey = Mat::from_slice(&grey)
        .unwrap()
        .reshape(1, 480)
        .unwrap()
        .try_clone()
        .unwrap();
    assert_eq!(grey.typ(), CV_8UC1);
    let mut bgr = Mat::default();
    imgproc::cvt_color_def(&grey, &mut bgr, imgproc::COLOR_GRAY2BGR).unwrap();
    bgr
}

/// The mesh of a head that is turned so far, whatever the picture shows.
fn mesh(yaw_deg: f32) -> [Point3; POINTS] {
    let mut points = [Point3 {
        x: 0.0,
        y: 0.0,
        z: 0.0,
    }; POINTS];
    let mut put = |at: usize, x: f32, y: f32| {
        let [px, py] = seen(head_surface, x, y, yaw_deg);
        let depth = head_surface(x, y) * yaw_deg.to_radians().cos() - x * yaw_deg.to_radians().sin();
        points[at] = Point3 {
            x: px,
            y: py,
            z: -WIDTH_PX * depth,
        };
    };
    for at in 0..POINTS {
        // A golden spiral covers the face evenly.
        let (radius, angle) = ((at as f32 / POINTS as f32).sqrt() * 0.42, at as f32 * 2.399_963);
        put(at, radius * angle.cos(), radius * angle.sin());
    }
    put(TEMPLES.0, -0.5, 0.0);
    put(TEMPLES.1, 0.5, 0.0);
    points
}

/// The relief after a frontal face, where the mesh believes in one turn and the surface makes another.
fn turned(surface: Surface, mesh_deg: f32, surface_deg: f32) -> Option<ReliefMeasures> {
    let mut meter = ReliefMeter::default();
    // As many as a small turn waits for.
    for _ in 0..EVERY_OF_A_SWAY {
        let frontal = meter
            .measure(&picture(surface, 0.0), &mesh(0.0), &head(0.0))
            .unwrap();
        assert_eq!(frontal, None, "a face that did not turn");
    }
    meter
        .measure(&picture(surface, surface_deg), &mesh(mesh_deg), &head(mesh_deg))
        .unwrap()
}

#[test]
fn a_head_has_a_relief() {
    for yaw_deg in [-25.0, -15.0, 15.0, 25.0] {
        let relief = turned(head_surface, yaw_deg, yaw_deg).and_then(|seen| seen.part());
        assert!(
            relief.is_some_and(|relief| relief > 0.6),
            "{relief:?} at {yaw_deg}"
        );
    }
}

#[test]
fn a_sheet_has_none_though_the_mesh_believes_in_a_head() {
    for surface in [flat_surface as Surface, bent_surface] {
        for (mesh_deg, surface_deg) in [(15.0, 15.0), (15.0, 25.0), (-13.0, -20.0)] {
            let relief = turned(surface, mesh_deg, surface_deg).and_then(|seen| seen.part());
            assert!(
                relief.is_some_and(|relief| relief < 0.2),
                "{relief:?} at {surface_deg}, by the mesh {mesh_deg}"
            );
        }
    }
}

#[test]
fn a_small_turn_tells_nothing_by_itself_and_something_with_others() {
    let check = |surface: Surface, range: std::ops::Range<f32>| {
        let [left, right] = [-7.0, 7.0].map(|yaw_deg| turned(surface, yaw_deg, yaw_deg).unwrap());
        assert_eq!((left.part(), right.part()), (None, None));
        let slope = (right.parallax[0] - left.parallax[0]) / (right.turn[0] - left.turn[0]);
        assert!(range.contains(&slope), "{left:?} and {right:?}");
    };
    check(head_surface, 0.6..1.2);
    check(flat_surface, -0.2..0.2);
    check(bent_surface, -0.2..0.2);
}

#[test]
fn a_face_that_never_faced_the_camera_has_no_reference() {
    let mut meter = ReliefMeter::default();
    for yaw_deg in [30.0, 30.0, 45.0, 45.0, 20.0, 20.0] {
        let relief = meter
            .measure(&picture(head_surface, yaw_deg), &mesh(yaw_deg), &head(yaw_deg))
            .unwrap();
        assert_eq!(relief, None);
    }
}

#[test]
fn no_mesh_is_a_panic() {
    let blank = Mat::new_rows_cols_with_default(48, 64, CV_8UC3, Scalar::all(90.0)).unwrap();
    let spot = |value: f32| {
        [Point3 {
            x: value,
            y: value,
            z: value,
        }; POINTS]
    };
    for value in [0.0, -1e9, 1e9, 20.0] {
        let mut meter = ReliefMeter::default();
        for yaw_deg in [0.0, 0.0, 20.0, 20.0] {
            assert_eq!(meter.measure(&blank, &spot(value), &head(yaw_deg)).unwrap(), None);
            // A mesh far larger than the frame.
            let _ = meter.measure(&blank, &mesh(yaw_deg), &head(yaw_deg)).unwrap();
        }
    }
}

#[test]
fn a_plane_tells_how_far_it_is_tilted() {
    let check = |across, down, scale: f32, foreshortening: f32| {
        let plane = Plane::of(across, down).unwrap();
        assert!((plane.scale - scale).abs() < 1e-4 && (plane.foreshortening - foreshortening).abs() < 1e-3);
    };
    check([2.0, 0.0], [0.0, 2.0], 2.0, 0.0);
    check([0.0, 3.0], [-3.0, 0.0], 3.0, 0.0);
    check([0.8, 0.0], [0.0, 1.0], 1.0, 0.6);
    assert!(Plane::of([0.0, 0.0], [0.0, 0.0]).is_none());
}
