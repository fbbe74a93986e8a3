//! Light on the face and beside it.

use std::f32::consts::PI;

use opencv::core::Mat;
use verification::capture::LightMeasures;

use crate::FaceError;
use crate::mesh::{POINTS, Point3};
use crate::skin::{CHEEKS, FOREHEAD, Gatherer};

/// Pixels along each side of a place on the skin: 3 x 576 of them bring the noise of a sensor (2 to 4 of 255 a
/// pixel) below a thousandth of the mean.
const SIDE: usize = 24;
/// The ring of the surround begins and ends here, in half widths and half heights of the face. Hair reaches 1.5.
const RING: (f32, f32) = (1.8, 2.6);
const RING_ANGLES: usize = 48;
const RING_RADII: usize = 8;
/// With less of the ring than this in the picture, what is left is no surround.
const RING_PART_MIN: usize = 4;
/// Top and bottom of the face, and its sides.
const FACE_ENDS: (usize, usize) = (10, 152);
const FACE_SIDES: (usize, usize) = (127, 356);
/// Width over height of a face that is seen from before; a turned one looks narrower, but its head is not.
const FACE_ASPECT_MIN: f32 = 0.7;

/// As [`verification::capture::FaceMeasures::light`].
pub(crate) fn light(bgr: &Mat, points: &[Point3; POINTS]) -> Result<Option<LightMeasures>, FaceError> {
    let mut skin = Gatherer::new(bgr)?;
    for quad in [FOREHEAD, CHEEKS[0], CHEEKS[1]] {
        skin.add_quad(points, quad, SIDE);
    }
    let mut surround = Gatherer::new(bgr)?;
    let place = |at: usize| (points[at].x, points[at].y);
    let ((top_x, top_y), (bottom_x, bottom_y)) = (place(FACE_ENDS.0), place(FACE_ENDS.1));
    let ((right_x, right_y), (left_x, left_y)) = (place(FACE_SIDES.0), place(FACE_SIDES.1));
    let (middle_x, middle_y) = ((top_x + bottom_x) / 2.0, (top_y + bottom_y) / 2.0);
    let (up_x, up_y) = ((top_x - bottom_x) / 2.0, (top_y - bottom_y) / 2.0);
    let half_height = up_x.hypot(up_y);
    let half_width = ((left_x - right_x).hypot(left_y - right_y) / 2.0).max(FACE_ASPECT_MIN * half_height);
    let aspect = half_width / half_height.max(1.0);
    for angle in 0..RING_ANGLES {
        // From one side over the top to the other: below, there is the body.
        let (sin, cos) = (PI * angle as f32 / (RING_ANGLES - 1) as f32).sin_cos();
        for radius in 0..RING_RADII {
            let part = radius as f32 / (RING_RADII - 1) as f32;
            let radius = RING.0 + (RING.1 - RING.0) * part;
            let (across, up) = (radius * cos * aspect, radius * sin);
            surround.add(
                middle_x + up * up_x - across * up_y,
                middle_y + up * up_y + across * up_x,
            );
        }
    }
    if surround.len() < RING_ANGLES * RING_RADII / RING_PART_MIN {
        return Ok(None);
    }
    Ok(match (skin.colour(), surround.colour()) {
        (Some(face), Some(surround)) => Some(LightMeasures {
            face_rgb: face.rgb,
            surround_rgb: surround.rgb,
        }),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{FACE_CENTRE, drawn_face, face_points};

    #[test]
    fn skin_and_surround_are_told_apart() {
        let frame = drawn_face([200, 80, 40], [60, 120, 180]);
        let got = light(&frame, &face_points()).unwrap().unwrap();
        let near =
            |got: [f32; 3], expect: [f32; 3]| got.iter().zip(expect).all(|(a, b)| (a - b).abs() < 0.005);
        // 60, 120 and 180 of 255 decode to these.
        assert!(near(got.face_rgb, [0.4564, 0.1878, 0.0452]), "{got:?}");
        assert!(near(got.surround_rgb, [0.0212, 0.0802, 0.5776]), "{got:?}");
    }

    #[test]
    fn a_clipped_face_or_a_face_that_fills_the_picture_has_no_light() {
        let clipped = drawn_face([200, 80, 40], [255, 255, 255]);
        assert_eq!(light(&clipped, &face_points()).unwrap(), None);
        let frame = drawn_face([200, 80, 40], [60, 120, 180]);
        let large = face_points().map(|point| Point3 {
            x: (point.x - FACE_CENTRE.0) * 4.0 + FACE_CENTRE.0,
            y: (point.y - FACE_CENTRE.1) * 4.0 + FACE_CENTRE.1,
            z: 0.0,
        });
        assert_eq!(light(&frame, &large).unwrap(), None);
    }
}
