//! How far the eyes are open, from the eye contours of MediaPipe's iris model.
//!
//! The mesh sees a whole face in 192 px and leaves the lids of a closed eye a third to three quarters apart; it also
//! lets the lids of both eyes follow a wink. The iris model sees one eye in 64 px and closes it. It costs as much
//! as the mesh, so it looks again only when the mesh sees the lids move, and now and then.

use opencv::core::{Mat, Point2f};

use crate::FaceError;
use crate::image::warped;
use crate::mesh::{POINTS, Point3};
use crate::models::{ModelFile, Network, Order, Pixels};
use crate::pose::Head;
use crate::ratios::{self, EYE_CORNERS_LEFT, EYE_CORNERS_RIGHT, Plane};

const SIDE_PX: i32 = 64;
/// Points of the contour, lids and brow, and values of each.
const POINTS_EYE: usize = 71;
const VALUES: usize = 3;
const OUTPUT: &str = "output_eyes_contours_and_brows";
/// The crop's side over the width of the eye, as MediaPipe's own graph.
const CROP_MARGIN: f32 = 2.3;
/// The corners, and the middles of the lower and the upper lid, among the points.
const CORNERS: (usize, usize) = (0, 8);
const LOWER: std::ops::RangeInclusive<usize> = 2..=6;
const UPPER: std::ops::RangeInclusive<usize> = 10..=13;
/// The mesh sees at least a fifth of a blink, and trembles by a fiftieth: when its ratio has changed by this part,
/// the lids may have moved.
const MESH_CHANGE: f32 = 0.05;
/// Without a change, each eye is looked at again after so many frames, the two in turn.
const LOOK_EVERY: u32 = 6;

/// Measures both eyes, and remembers what it saw while they stand still.
pub(crate) struct Eyes {
    network: Network,
    looks: Option<[Look; 2]>,
}

/// What was seen when an eye was last looked at.
#[derive(Debug, Clone, Copy)]
struct Look {
    mesh_ratio: f32,
    ratio: f32,
    frames_ago: u32,
}

/// Eye aspect ratios, as in [`verification::capture::FaceMeasures`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Openings {
    pub(crate) left: f32,
    pub(crate) right: f32,
}

/// The model knows eyes as they stand on the right side of the face; those of the left are shown to it mirrored.
struct Side {
    /// From left to right in the picture.
    corners: (usize, usize),
    mirrored: bool,
}

const SIDES: [Side; 2] = [
    Side {
        corners: EYE_CORNERS_LEFT,
        mirrored: true,
    },
    Side {
        corners: EYE_CORNERS_RIGHT,
        mirrored: false,
    },
];

impl Eyes {
    pub(crate) fn new(model: &ModelFile) -> Result<Self, FaceError> {
        let pixels = Pixels {
            order: Order::Rgb,
            scale: 1.0 / 255.0,
            shift: 0.0,
        };
        Ok(Self {
            network: Network::new(model, SIDE_PX, pixels, &[(OUTPUT, POINTS_EYE * VALUES)])?,
            looks: None,
        })
    }

    /// Forgets the eyes, as before another face.
    pub(crate) fn forget(&mut self) {
        self.looks = None;
    }

    /// Measures the eyes of a face whose mesh shows them open by the ratios `mesh`.
    pub(crate) fn measure(
        &mut self,
        bgr: &Mat,
        points: &[Point3; POINTS],
        head: &Head,
        mesh: Openings,
    ) -> Result<Openings, FaceError> {
        let mesh = [mesh.left, mesh.right];
        let moved = self.looks.is_none_or(|looks| {
            let changed =
                |(look, now): (Look, f32)| (now - look.mesh_ratio).abs() > MESH_CHANGE * look.mesh_ratio;
            looks.into_iter().zip(mesh).any(changed)
        });
        let planes = ratios::eye_planes(&head.rotation);
        let mut looks = self.looks.unwrap_or(
            [Look {
                mesh_ratio: 0.0,
                ratio: 0.0,
                frames_ago: 0,
            }; 2],
        );
        for (at, look) in looks.iter_mut().enumerate() {
            look.frames_ago += 1;
            if moved || look.frames_ago >= LOOK_EVERY {
                let (side, plane) = (&SIDES[at], &planes[at]);
                *look = Look {
                    mesh_ratio: mesh[at],
                    ratio: self.look(bgr, points, side, plane)?.unwrap_or(mesh[at]),
                    // One eye is half a round behind the other, so that no frame pays for both.
                    frames_ago: if moved && at == 1 { LOOK_EVERY / 2 } else { 0 },
                };
            }
        }
        self.looks = Some(looks);
        let [left, right] = looks.map(|look| look.ratio);
        Ok(Openings { left, right })
    }

    /// Looks closely at one eye; `None` if there is nothing to look at.
    fn look(
        &mut self,
        bgr: &Mat,
        points: &[Point3; POINTS],
        side: &Side,
        plane: &Plane,
    ) -> Result<Option<f32>, FaceError> {
        let (from, to) = (&points[side.corners.0], &points[side.corners.1]);
        let (x, y) = ((from.x + to.x) / 2.0, (from.y + to.y) / 2.0);
        let side_px = (to.x - from.x).hypot(to.y - from.y) * CROP_MARGIN;
        let (sin, cos) = ratios::roll(points).sin_cos();
        let finite = x.is_finite() && y.is_finite() && sin.is_finite();
        if !finite || !(2.0..10_000.0).contains(&side_px) {
            return Ok(None);
        }
        // Place in the picture of a place of the crop, both being parts of its side.
        let at = |u: f32, v: f32| {
            let u = if side.mirrored { 1.0 - u } else { u };
            let (across, down) = ((u - 0.5) * side_px, (v - 0.5) * side_px);
            Point2f::new(x + across * cos - down * sin, y + across * sin + down * cos)
        };
        let outputs = self.network.run(&warped(bgr, SIDE_PX as usize, at)?)?;
        let Some(values) = outputs.first() else {
            return Ok(None);
        };
        let contour: Vec<(f32, f32)> = values
            .chunks_exact(VALUES)
            .take(POINTS_EYE)
            .map(|value| {
                let place = at(value[0] / SIDE_PX as f32, value[1] / SIDE_PX as f32);
                plane.flat(place.x, place.y)
            })
            .collect();
        Ok(opening(&contour))
    }
}

/// Mean distance of the lids over the width of the eye; 0 where they meet.
fn opening(contour: &[(f32, f32)]) -> Option<f32> {
    let ((from_x, from_y), (to_x, to_y)) = (*contour.get(CORNERS.0)?, *contour.get(CORNERS.1)?);
    let (across_x, across_y) = (to_x - from_x, to_y - from_y);
    let width = across_x.hypot(across_y);
    // How far a lid's middle stands from the line of the corners.
    let height = |lid: &[(f32, f32)]| {
        let sum: f32 = lid
            .iter()
            .map(|(x, y)| (across_x * (y - from_y) - across_y * (x - from_x)) / width)
            .sum();
        sum / lid.len() as f32
    };
    let apart = (height(contour.get(LOWER)?) - height(contour.get(UPPER)?)).abs();
    let ratio = apart / width;
    ratio.is_finite().then_some(ratio)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An eye of a width of 30 whose lids stand so far apart, turned and mirrored.
    fn drawn(apart: f32, angle_deg: f32, mirrored: bool) -> Vec<(f32, f32)> {
        let (sin, cos) = angle_deg.to_radians().sin_cos();
        (0..POINTS_EYE)
            .map(|at| {
                let (x, y) = match at {
                    0 => (0.0, 0.0),
                    8 => (30.0, 0.0),
                    1..=7 => (at as f32 * 3.75, apart * 0.4),
                    9..=14 => ((at - 8) as f32 * 4.3, -apart * 0.6),
                    _ => (99.0, 99.0),
                };
                let x = if mirrored { -x } else { x };
                (x * cos - y * sin, x * sin + y * cos)
            })
            .collect()
    }

    #[test]
    fn the_distance_of_the_lids_is_a_part_of_the_width() {
        for (angle_deg, mirrored) in [(0.0, false), (30.0, false), (-70.0, true), (0.0, true)] {
            let got = opening(&drawn(9.0, angle_deg, mirrored)).unwrap();
            assert!((got - 0.3).abs() < 1e-5, "{got}");
            assert!(opening(&drawn(0.0, angle_deg, mirrored)).unwrap() < 1e-5);
        }
    }

    #[test]
    fn a_contour_that_is_none_has_no_opening() {
        assert_eq!(opening(&[]), None);
        assert_eq!(opening(&[(1.0, 1.0); POINTS_EYE]), None);
        assert_eq!(opening(&[(f32::NAN, 1.0); POINTS_EYE]), None);
    }
}
