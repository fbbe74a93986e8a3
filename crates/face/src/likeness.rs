//! Whether the face is still the same one: against the frame before and against the first frontal frames.
//!
//! A face is brought to the layout of the canonical face, and the directions of its edges are counted in a grid of
//! cells (histograms of oriented gradients; Dalal and Triggs, 2005), each cell relative to its surroundings, so that
//! light counts little. Two faces are as like as the correlation of their counts.
//!
//! This tells a swap within one session: same camera, same light, a few minutes. It is no recognition of persons
//! and says nothing about another day.

mod edges;

use std::sync::LazyLock;

use opencv::core::Mat;

use self::edges::{CELLS, Edges, SIDE, correlation, edges};
use crate::FaceError;
use crate::mesh::{POINTS, Point3};
use crate::pose::{Head, MIDDLE, PAIRS};
use crate::relief::{least_squares, place, sampling::sample};

/// The part of the canonical face that is compared, centimetres: left, top and side of a square, x to the right and
/// y down in a frontal picture. From the forehead to the mouth: hair and chin move.
const SQUARE_CM: (f32, f32, f32) = (-6.5, -8.6, 13.0);
/// Depth between the points is that of the points within this many centimetres.
const DEPTH_REACH_CM: f32 = 1.2;
/// The side of a nose is hidden beyond this, and eyes are seen under other lids.
const COMPARABLE_DEG: f32 = 15.0;
/// An opened mouth pulls the cheeks along; as a part of its width.
const MOUTH_CLOSED_MAX: f32 = 0.2;
/// A lid that has sunk below this part of the widest eye of the first frames hides what is compared.
const EYE_OPEN_PART: f32 = 0.75;
/// The mean of so many frames is the reference: the noise of one fit is halved.
const REFERENCE_FRAMES: u8 = 5;

/// Corners of either eye, two pairs of lids of each, inner lips and corners of the mouth.
const EYES: [(usize, usize); 2] = [(33, 133), (362, 263)];
const LIDS: [(usize, usize); 4] = [(160, 144), (158, 153), (385, 380), (387, 373)];
const LIPS: (usize, usize) = (13, 14);
const MOUTH_CORNERS: (usize, usize) = (61, 291);

/// Keeps the face of the frame before and the reference face.
#[derive(Default)]
pub(crate) struct Likeness {
    before: Option<Box<Edges>>,
    reference: Option<Reference>,
}

struct Reference {
    edges: Box<Edges>,
    frames: u8,
    eye: f32,
}

/// As the fields of the same names of [`verification::capture::FaceMeasures`].
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct FaceContinuity {
    pub(crate) likeness: Option<f32>,
    pub(crate) face_change: Option<f32>,
}

impl Likeness {
    /// Compares a face with the one before and with the reference.
    pub(crate) fn measure(
        &mut self,
        bgr: &Mat,
        points: &[Point3; POINTS],
        head: &Head,
    ) -> Result<FaceContinuity, FaceError> {
        let Some(now) = face_edges(bgr, points)? else {
            return Ok(FaceContinuity::default());
        };
        let face_change = self
            .before
            .as_ref()
            .map(|before| (1.0 - correlation(before, &now)).clamp(0.0, 1.0));
        let likeness = if comparable(points, head) {
            self.compare(&now, points)
        } else {
            None
        };
        self.before = Some(now);
        Ok(FaceContinuity {
            likeness,
            face_change,
        })
    }

    fn compare(&mut self, now: &Edges, points: &[Point3; POINTS]) -> Option<f32> {
        let distance = |(a, b): (usize, usize)| (points[a].x - points[b].x).hypot(points[a].y - points[b].y);
        // In comparable poses foreshortening is small, and nothing needs to be freed of it.
        let lids: f32 = LIDS.into_iter().map(distance).sum();
        let eye = lids / EYES.into_iter().map(distance).sum::<f32>();
        if distance(LIPS) > MOUTH_CLOSED_MAX * distance(MOUTH_CORNERS) {
            return None;
        }
        let reference = self.reference.get_or_insert_with(|| Reference {
            edges: Box::new([0.0; CELLS]),
            frames: 0,
            eye: 0.0,
        });
        if eye < EYE_OPEN_PART * reference.eye {
            return None;
        }
        if reference.frames < REFERENCE_FRAMES {
            for (sum, value) in reference.edges.iter_mut().zip(now) {
                *sum += value;
            }
            reference.frames += 1;
            reference.eye = reference.eye.max(eye);
            return None;
        }
        Some(correlation(&reference.edges, now))
    }
}

fn comparable(points: &[Point3; POINTS], head: &Head) -> bool {
    // A face that lies across the picture is turned upright by the layout, so roll does not matter.
    let finite = points
        .iter()
        .all(|point| point.x.is_finite() && point.y.is_finite());
    finite && head.pose.yaw_deg.abs() < COMPARABLE_DEG && head.pose.pitch_deg.abs() < COMPARABLE_DEG
}

/// A point or pixel of the canonical face: one, x, y, depth.
type Row = [f32; 4];

/// The canonical face.
struct Layout {
    /// Its steady points.
    known: Vec<(usize, Row)>,
    /// Its pixels, row by row.
    pixels: Vec<Row>,
}

static LAYOUT: LazyLock<Layout> = LazyLock::new(|| {
    let mut known: Vec<(usize, Row)> = Vec::new();
    let mut add = |at, x: f64, y: f64, z: f64| known.push((at, [1.0, x as f32, -y as f32, -z as f32]));
    for (at, y, z) in MIDDLE {
        add(at, 0.0, y, z);
    }
    for (right, left, x, y, z) in PAIRS {
        add(right, -x, y, z);
        add(left, x, y, z);
    }
    let (left, top, side_cm) = SQUARE_CM;
    let step = side_cm / SIDE as f32;
    let pixels = (0..SIDE * SIDE)
        .map(|pixel| {
            let x = left + ((pixel % SIDE) as f32 + 0.5) * step;
            let y = top + ((pixel / SIDE) as f32 + 0.5) * step;
            let (mut depths, mut weights) = (0.0, 0.0);
            for (_, [_, at_x, at_y, depth]) in &known {
                let distance = ((x - at_x).powi(2) + (y - at_y).powi(2)) / (2.0 * DEPTH_REACH_CM.powi(2));
                let weight = (-distance).exp() + 1e-9;
                depths += weight * depth;
                weights += weight;
            }
            [1.0, x, y, depths / weights]
        })
        .collect();
    Layout { known, pixels }
});

/// The edges of a face in the canonical layout; `None` where the mesh is no face or lies outside of the frame.
fn face_edges(bgr: &Mat, points: &[Point3; POINTS]) -> Result<Option<Box<Edges>>, FaceError> {
    let Layout { known, pixels } = &*LAYOUT;
    let rows: Vec<Row> = known.iter().map(|(_, row)| *row).collect();
    let targets: Vec<[f32; 2]> = known
        .iter()
        .map(|(at, _)| [points[*at].x, points[*at].y])
        .collect();
    let Some(coefficients) = least_squares(&rows, &targets, &vec![1.0; rows.len()])? else {
        return Ok(None);
    };
    let places: Vec<[f32; 2]> = pixels.iter().map(|row| place(row, &coefficients)).collect();
    let Some(grey) = sample(bgr, &places, SIDE)? else {
        return Ok(None);
    };
    Ok(Some(Box::new(edges(&grey)?)))
}

#[cfg(test)]
mod tests;
