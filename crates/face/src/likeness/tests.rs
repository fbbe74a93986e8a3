//! Drawn faces in the canonical layout.

use opencv::core::{CV_8UC3, Mat, Point, Scalar};
use opencv::imgproc;
use opencv::prelude::*;

use super::*;
use crate::testing::head;

const PX_PER_CM: f32 = 14.0;

fn at_px(x_cm: f32, y_cm: f32, left_px: f32) -> (f32, f32) {
    (320.0 + left_px + x_cm * PX_PER_CM, 240.0 + y_cm * PX_PER_CM)
}

fn mesh(left_px: f32, lips_px: f32, lids_px: f32) -> [Point3; POINTS] {
    let mut points = [Point3 {
        x: 0.0,
        y: 0.0,
        z: 0.0,
    }; POINTS];
    let mut put = |at: usize, x: f32, y: f32| points[at] = Point3 { x, y, z: 0.0 };
    for (at, [_, x, y, _]) in &LAYOUT.known {
        let (x, y) = at_px(*x, *y, left_px);
        put(*at, x, y);
    }
    for ((upper, lower), x) in LIDS.into_iter().zip([-50.0, -40.0, 40.0, 50.0]) {
        put(upper, 320.0 + x, 200.0);
        put(lower, 320.0 + x, 200.0 + lids_px);
    }
    put(LIPS.0, 320.0, 300.0);
    put(LIPS.1, 320.0, 300.0 + lips_px);
    put(MOUTH_CORNERS.0, 290.0, 300.0);
    put(MOUTH_CORNERS.1, 350.0, 300.0);
    points
}

/// A person: where brows, eyes and mouth are, in centimetres.
struct Person {
    brows: f32,
    eyes: f32,
    nose: f32,
}

const FIRST: Person = Person {
    brows: -4.2,
    eyes: 3.0,
    nose: 1.4,
};
const SECOND: Person = Person {
    brows: -5.6,
    eyes: 3.9,
    nose: 2.6,
};

fn picture(person: &Person, left_px: f32, gain: f64) -> Mat {
    let mut mat = Mat::new_rows_cols_with_default(480, 640, CV_8UC3, Scalar::all(120.0)).unwrap();
    let mut line = |from: (f32, f32), to: (f32, f32), thick: i32| {
        let point = |(x, y): (f32, f32)| {
            let (x, y) = at_px(x, y, left_px);
            Point::new(x as i32, y as i32)
        };
        let colour = Scalar::all(40.0);
        imgproc::line(
            &mut mat,
            point(from),
            point(to),
            colour,
            thick,
            imgproc::LINE_AA,
            0,
        )
        .unwrap();
    };
    for side in [-1.0, 1.0] {
        line((side * 1.5, person.brows), (side * 4.5, person.brows - 0.4), 7);
        line((side * person.eyes, -2.6), (side * (person.eyes + 1.0), -2.4), 12);
        line((side * 0.8, -2.0), (side * person.nose, 1.4), 4);
    }
    line((-person.nose, 1.6), (person.nose, 1.6), 5);
    line((-2.4, 4.0), (2.4, 4.0), 6);
    let mut lit = Mat::default();
    mat.convert_to(&mut lit, -1, gain, 0.0).unwrap();
    lit
}

/// Has seen the first person often enough to know them.
fn acquainted() -> Likeness {
    let mut likeness = Likeness::default();
    for _ in 0..REFERENCE_FRAMES {
        let seen = likeness
            .measure(&picture(&FIRST, 0.0, 1.0), &mesh(0.0, 0.0, 10.0), &head(0.0))
            .unwrap();
        assert_eq!(seen.likeness, None, "not before the reference is whole");
    }
    likeness
}

fn check(person: &Person, left_px: f32, gain: f64, alike: bool) {
    let seen = acquainted()
        .measure(
            &picture(person, left_px, gain),
            &mesh(left_px, 0.0, 10.0),
            &head(0.0),
        )
        .unwrap();
    let (likeness, change) = (seen.likeness.unwrap(), seen.face_change.unwrap());
    if alike {
        assert!(likeness > 0.9 && change < 0.1, "{likeness} {change}");
    } else {
        assert!(likeness < 0.7 && change > 0.3, "{likeness} {change}");
    }
}

#[test]
fn the_same_face_is_alike_where_it_moves_and_as_the_light_changes() {
    check(&FIRST, 0.0, 1.0, true);
    check(&FIRST, 37.0, 1.0, true);
    check(&FIRST, 0.0, 0.6, true);
    check(&FIRST, -21.0, 1.5, true);
}

#[test]
fn another_face_is_not() {
    check(&SECOND, 0.0, 1.0, false);
    check(&SECOND, 30.0, 0.7, false);
}

#[test]
fn only_comparable_moments_are_compared() {
    let check = |mesh: [Point3; POINTS], yaw_deg: f32, expect: bool| {
        let seen = acquainted()
            .measure(&picture(&FIRST, 0.0, 1.0), &mesh, &head(yaw_deg))
            .unwrap();
        assert_eq!(seen.likeness.is_some(), expect);
        assert!(seen.face_change.is_some());
    };
    check(mesh(0.0, 0.0, 10.0), 10.0, true);
    check(mesh(0.0, 0.0, 10.0), -20.0, false);
    check(mesh(0.0, 30.0, 10.0), 0.0, false);
    check(mesh(0.0, 0.0, 4.0), 0.0, false);
}

#[test]
fn the_first_face_has_none_before_it_and_no_mesh_is_a_panic() {
    let blank = Mat::new_rows_cols_with_default(48, 64, CV_8UC3, Scalar::all(90.0)).unwrap();
    let first = Likeness::default()
        .measure(&blank, &mesh(0.0, 0.0, 10.0), &head(0.0))
        .unwrap();
    assert_eq!(first.face_change, None);
    for value in [0.0, -1e9, 1e9, f32::NAN] {
        let spot = [Point3 {
            x: value,
            y: value,
            z: value,
        }; POINTS];
        let mut likeness = Likeness::default();
        for _ in 0..7 {
            let seen = likeness.measure(&blank, &spot, &head(0.0)).unwrap();
            assert!(seen.likeness.is_none_or(|likeness| likeness.abs() <= 1.0));
        }
    }
}
