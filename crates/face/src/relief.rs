//! Non-planarity: how the tracked points move apart from the best plane while the head turns.
//!
//! A turn moves a point that stands out by `depth` sideways by `depth` times the sine of the turn, over what every
//! map of the plane (shift, scale, foreshortening) and every even bend (terms of second order) explain. So places
//! in the picture now are fitted by places in a frontal reference picture:
//!
//! `now = A * (x, y) + even bend * (xx, xy, yy) + parallax * depth`
//!
//! For a head `parallax` over the scale of `A` is the sine of the turn; for a sheet, flat or bent, it is nought. The
//! turn itself is known from the pose of the mesh and, for a sheet, from the foreshortening in `A`.
//!
//! The mesh knows how heads look when they turn and invents a third of the parallax on a tilted photo. So it is
//! only the guess: the picture is brought back to the reference as if a head had turned as the mesh says, and what
//! is left to move is measured on the picture itself. On a sheet, which keeps its look at every tilt, that undoes the
//! guess to within a tenth. On a head it stays at about half of it, since shadows and the skin behind the nose do
//! not turn with it; therefore a head reads 0.3 to 0.8 and not 1, and a sheet below 0.2, also blurred, dark or small.
//!
//! Small turns are measured as well. One of them tells nothing; what many tell is for `verification::pad` to say.

mod fit;
pub(crate) mod sampling;
mod tracking;

pub(crate) use fit::{least_squares, median, place};

use opencv::core::{self, CV_32F, Mat, Size};
use opencv::imgproc;
use opencv::prelude::*;

use self::fit::{Coefficients, robust};
use self::sampling::{Square, even_out, sample};
use self::tracking::{Pyramid, follow, texture};
use verification::capture::ReliefMeasures;

use crate::FaceError;
use crate::mesh::{POINTS, Point3};
use crate::pose::Head;

/// Side of the small pictures. A nose of average relief moves against them by 1.5 pixels at [`TURN_MIN`].
const SIDE: usize = 128;
/// They show this part of the face's width, from the middle of the temples to each side and up and down: nose, eyes,
/// cheeks and forehead, without the sides, which a turn hides.
const HALF_WIDTHS: f32 = 0.42;
/// Temples of the subject's right and left side.
const TEMPLES: (usize, usize) = (127, 356);
/// Points of the mesh that neither speech nor the lids move: nose, upper cheeks, forehead and corners of the eyes.
const STEADY: [usize; 147] = [
    1, 2, 3, 4, 5, 6, 8, 9, 10, 19, 20, 36, 44, 45, 47, 48, 49, 50, 51, 59, 60, 64, 67, 68, 69, 75, 79, 94,
    97, 98, 99, 100, 101, 102, 103, 104, 108, 109, 114, 115, 117, 118, 119, 120, 121, 122, 125, 126, 128,
    129, 131, 134, 141, 142, 151, 166, 168, 174, 188, 193, 195, 196, 197, 198, 203, 205, 206, 209, 217, 218,
    219, 220, 235, 236, 237, 238, 239, 240, 241, 242, 245, 248, 250, 263, 266, 274, 275, 277, 278, 279, 280,
    281, 289, 290, 294, 297, 299, 305, 309, 326, 327, 328, 329, 330, 331, 333, 337, 338, 343, 344, 346, 347,
    348, 349, 350, 351, 354, 355, 357, 358, 360, 362, 363, 370, 371, 392, 399, 412, 417, 419, 420, 423, 425,
    429, 437, 438, 439, 440, 455, 456, 457, 458, 459, 460, 461, 462, 465,
];
/// From this turn on, 12 degrees, one frame tells a relief. The nose stands out from the evenly bent sheet through the
/// rest by 7 pixels (root of the mean square over the points); points are followed to a pixel; so below this the
/// noise of some twenty independent points is more than a tenth of a head's relief.
const TURN_MIN: f32 = ReliefMeasures::TURN_MIN;
/// From this turn on, 2 degrees, many frames together may tell what one does not. A pose at rest strays by less.
const SWAY_MIN: f32 = 0.035;
/// A sheet that is tilted by 37 degrees and more is foreshortened so strongly (its sine) that no raised brow or
/// smile of a head that faces the camera explains it.
const TILT_MIN: f32 = 0.6;
/// From this foreshortening of the mesh, which sees less than there is, the picture is asked.
const TILT_SUSPECTED: f32 = 0.42;
/// A sheet goes with its fit to within this, in pixels of the small picture: the error of following a point.
const SHEET_RESIDUAL_PX: f32 = 1.0;
/// A fit that leaves more than this has not found the points again.
const RESIDUAL_MAX_PX: f32 = 4.0;
/// The error of following a point in a perfect picture, in pixels.
const NOISE_PX: f32 = 0.15;
/// So many points determine seven numbers well enough.
const POINTS_MIN: usize = 30;
/// A reference faces the camera to within this.
const FRONTAL_DEG: f32 = 15.0;
/// A later frame becomes the reference if it is more frontal by this much, a pose's own noise.
const BETTER_DEG: f32 = 2.0;
/// After so many frames (5 s) light and distance may have changed, and a frame as frontal becomes the reference.
const AGE_MAX_FRAMES: u32 = 150;
/// A head that turns faster than this from frame to frame is blurred, and no reference.
const STILL_DEG: f32 = 1.5;
/// A turn takes many frames; every other one is enough.
const EVERY: u32 = 2;
/// A sway goes on, and neighbouring frames of it err alike: six looks a second tell as much as ten.
const EVERY_OF_A_SWAY: u32 = 5;
/// A head at rest shows where a sway begins; three looks a second are enough.
const EVERY_AT_REST: u32 = 10;
/// Width of an average face between the temples, in millimetres, as that of the canonical face of the mesh.
const WIDTH_MM: f32 = 155.0;
/// Surroundings whose mean and contrast are taken away, in pixels of the small picture: a nose.
const SURROUND_PX: i32 = 15;

/// Terms of the fit: shift, plane, even bend, relief.
type Row = [f32; 7];

/// Compares every pose with a reference pose.
#[derive(Default)]
pub(crate) struct ReliefMeter {
    reference: Option<Reference>,
    before: Option<[f32; 2]>,
    /// References so far.
    references: u32,
    /// Frames since the last one that was measured.
    waited_frames: u32,
}

impl ReliefMeter {
    /// As [`verification::capture::FaceMeasures::relief`]. Of a turned head every other frame is measured, of one that
    /// sways every fifth, of one at rest every tenth.
    pub(crate) fn measure(
        &mut self,
        bgr: &Mat,
        points: &[Point3; POINTS],
        head: &Head,
    ) -> Result<Option<ReliefMeasures>, FaceError> {
        self.renew(bgr, points, head)?;
        let Some(reference) = &mut self.reference else {
            return Ok(None);
        };
        reference.age_frames = reference.age_frames.saturating_add(1);
        let direction = gaze(head);
        let turn = [0, 1].map(|axis| direction[axis] - reference.direction[axis]);
        let size = turn[0].hypot(turn[1]);
        let Some(guess) = reference.guess(points)? else {
            return Ok(None);
        };
        let every = if size >= TURN_MIN || guess.plane.foreshortening >= TILT_SUSPECTED {
            EVERY
        } else if size >= SWAY_MIN {
            EVERY_OF_A_SWAY
        } else {
            EVERY_AT_REST
        };
        self.waited_frames = self.waited_frames.saturating_add(1);
        if self.waited_frames < every {
            return Ok(None);
        }
        self.waited_frames = 0;
        reference.relief(bgr, &guess, turn)
    }

    fn renew(&mut self, bgr: &Mat, points: &[Point3; POINTS], head: &Head) -> Result<(), FaceError> {
        let off = [head.pose.yaw_deg, head.pose.pitch_deg];
        let still = self
            .before
            .replace(off)
            .is_some_and(|[yaw, pitch]| (yaw - off[0]).hypot(pitch - off[1]) < STILL_DEG);
        let off_deg = off[0].hypot(off[1]);
        let wanted = match &self.reference {
            None => true,
            Some(now) => {
                off_deg + BETTER_DEG < now.off_deg
                    || (now.age_frames > AGE_MAX_FRAMES && off_deg < now.off_deg + BETTER_DEG)
            }
        };
        if still
            && wanted
            && off_deg < FRONTAL_DEG
            && let Some(reference) = Reference::new(bgr, points, head, off_deg, self.references)?
        {
            self.references = self.references.wrapping_add(1);
            self.reference = Some(reference);
        }
        Ok(())
    }
}

/// The way the nose points, across and down the picture.
fn gaze(head: &Head) -> [f32; 2] {
    [
        head.pose.yaw_deg.to_radians().sin(),
        -head.pose.pitch_deg.to_radians().sin(),
    ]
}

/// A frontal face.
struct Reference {
    number: u32,
    off_deg: f32,
    age_frames: u32,
    direction: [f32; 2],
    picture: Pyramid,
    /// Of the steady points: the terms of the fit, and how well the picture can be followed there.
    rows: Vec<Row>,
    weights: Vec<f32>,
    /// The terms of the fit for each pixel of the small picture.
    pixels: Vec<Row>,
}

/// A map from the reference to the picture now.
struct Guess {
    coefficients: Coefficients<7>,
    plane: Plane,
}

impl Reference {
    fn new(
        bgr: &Mat,
        points: &[Point3; POINTS],
        head: &Head,
        off_deg: f32,
        number: u32,
    ) -> Result<Option<Self>, FaceError> {
        let (right, left) = (points[TEMPLES.0], points[TEMPLES.1]);
        let middle = [(right.x + left.x) / 2.0, (right.y + left.y) / 2.0];
        let across = [left.x - right.x, left.y - right.y];
        let width = across[0].hypot(across[1]);
        if width < 1.0 {
            return Ok(None);
        }
        let (cos, sin) = (across[0] / width, across[1] / width);
        let side = 2.0 * HALF_WIDTHS * width;
        // Depth is measured from the middle of the steady points, so that parallax does not shift the whole face.
        let depth = STEADY.map(|at| points[at].z);
        let middle_depth = depth.iter().sum::<f32>() / depth.len() as f32;
        let places = points.map(|point| {
            let (x, y) = ((point.x - middle[0]) / side, (point.y - middle[1]) / side);
            [
                x * cos + y * sin,
                y * cos - x * sin,
                (middle_depth - point.z) / side,
            ]
        });
        let rows: Vec<Row> = STEADY.iter().map(|at| row(places[*at])).collect();
        let depths = depth_map(&places)?;
        let pixels: Vec<Row> = depths
            .iter()
            .enumerate()
            .map(|(pixel, depth)| row([part(pixel % SIDE), part(pixel / SIDE), *depth]))
            .collect();
        let seen: Vec<[f32; 2]> = pixels
            .iter()
            .map(|row| {
                let (x, y) = (row[1] * side, row[2] * side);
                [middle[0] + x * cos - y * sin, middle[1] + x * sin + y * cos]
            })
            .collect();
        let Some(values) = sample(bgr, &seen, SIDE)? else {
            return Ok(None);
        };
        let picture = Pyramid::new(Square::of(&even_out(&values, SURROUND_PX)?)?);
        let textures: Vec<f32> = rows.iter().map(|row| texture(&picture, pixel(row))).collect();
        let middle_texture = median(&textures).max(f32::EPSILON);
        Ok(Some(Self {
            number,
            off_deg,
            age_frames: 0,
            direction: gaze(head),
            picture,
            rows,
            // Above the middle more texture is not followed better.
            weights: textures
                .iter()
                .map(|texture| (texture / middle_texture).min(1.0))
                .collect(),
            pixels,
        }))
    }

    /// How the mesh says that the face moved.
    fn guess(&self, points: &[Point3; POINTS]) -> Result<Option<Guess>, FaceError> {
        let targets = STEADY.map(|at| [points[at].x, points[at].y]);
        let weights = [1.0; STEADY.len()];
        Ok(
            least_squares(&self.rows, &targets, &weights)?.and_then(|coefficients| {
                Plane::of(coefficients[1], coefficients[2]).map(|plane| Guess { coefficients, plane })
            }),
        )
    }

    /// How the picture says that it moved, where `turn` is the turn as the mesh says.
    fn relief(&self, bgr: &Mat, guess: &Guess, turn: [f32; 2]) -> Result<Option<ReliefMeasures>, FaceError> {
        let map: Vec<[f32; 2]> = self
            .pixels
            .iter()
            .map(|row| place(row, &guess.coefficients))
            .collect();
        let Some(values) = sample(bgr, &map, SIDE)? else {
            return Ok(None);
        };
        let now = Pyramid::new(Square::of(&even_out(&values, SURROUND_PX)?)?);
        let (mut rows, mut weights, mut targets) = (Vec::new(), Vec::new(), Vec::new());
        for (row, weight) in self.rows.iter().zip(&self.weights) {
            if *weight <= 0.0 {
                continue;
            }
            let Some(found) = follow(&self.picture, &now, pixel(row)) else {
                continue;
            };
            let Some(target) = between(&map, found) else {
                continue;
            };
            rows.push(*row);
            weights.push(*weight);
            targets.push(target);
        }
        if rows.len() < POINTS_MIN {
            return Ok(None);
        }
        // Pixels of the frame for a pixel of the small picture.
        let unit = guess.plane.scale / SIDE as f32;
        let Some(moved) = robust(&rows, &targets, &weights, NOISE_PX * unit)? else {
            return Ok(None);
        };
        let flat: Vec<[f32; 3]> = rows.iter().map(|row| [row[0], row[1], row[2]]).collect();
        let Some(flat) = robust(&flat, &targets, &weights, NOISE_PX * unit)? else {
            return Ok(None);
        };
        let (Some(plane), Some(sheet)) = (
            Plane::of(moved.coefficients[1], moved.coefficients[2]),
            Plane::of(flat.coefficients[1], flat.coefficients[2]),
        ) else {
            return Ok(None);
        };
        let residual_px = moved.residual / unit;
        if residual_px > RESIDUAL_MAX_PX {
            return Ok(None);
        }
        let tilted = sheet.foreshortening >= TILT_MIN && residual_px < SHEET_RESIDUAL_PX;
        let size = turn[0].hypot(turn[1]);
        // A sheet turned further than the mesh says.
        let further = if tilted && size > 0.0 {
            (sheet.foreshortening / size).max(1.0)
        } else {
            1.0
        };
        let measures = ReliefMeasures {
            reference: self.number,
            turn: turn.map(|part| part * further),
            parallax: moved.coefficients[6].map(|part| part / plane.scale),
            residual_mm: residual_px * 2.0 * HALF_WIDTHS * WIDTH_MM / SIDE as f32,
        };
        let finite = measures
            .turn
            .iter()
            .chain(&measures.parallax)
            .all(|part| part.is_finite());
        Ok(finite.then_some(measures))
    }
}

/// What a linear map does to a plane.
struct Plane {
    /// The larger of its two scales.
    scale: f32,
    /// Sine of the tilt that makes the smaller scale of the larger one.
    foreshortening: f32,
}

impl Plane {
    /// From where the map brings a step across and a step down. `None` for a map that leaves nothing.
    fn of(across: [f32; 2], down: [f32; 2]) -> Option<Self> {
        let ([a, b], [c, d]) = (across, down);
        // The singular values of a 2 x 2 matrix from its parts that turn and that shear.
        let (turns, shears) = ((a + d).hypot(b - c), (a - d).hypot(b + c));
        let (scale, smaller) = ((turns + shears) / 2.0, (turns - shears).abs() / 2.0);
        let ratio = smaller / scale;
        (scale.is_finite() && scale > f32::EPSILON).then(|| Self {
            scale,
            foreshortening: (1.0 - ratio * ratio).max(0.0).sqrt(),
        })
    }
}

fn row([x, y, depth]: [f32; 3]) -> Row {
    [1.0, x, y, x * x, x * y, y * y, depth]
}

/// Place of a pixel's middle as a part of the side, from the middle.
fn part(pixel: usize) -> f32 {
    (pixel as f32 + 0.5) / SIDE as f32 - 0.5
}

fn pixel(row: &Row) -> [f32; 2] {
    [row[1], row[2]].map(|part| (part + 0.5) * SIDE as f32 - 0.5)
}

/// The map's value between the pixels.
fn between(map: &[[f32; 2]], at: [f32; 2]) -> Option<[f32; 2]> {
    let last = (SIDE - 2) as f32;
    if !((0.0..=last).contains(&at[0]) && (0.0..=last).contains(&at[1])) {
        return None;
    }
    let (x, y) = (at[0] as usize, at[1] as usize);
    let (part_x, part_y) = (at[0] - x as f32, at[1] - y as f32);
    let start = y * SIDE + x;
    let corners = [
        (map.get(start)?, (1.0 - part_x) * (1.0 - part_y)),
        (map.get(start + 1)?, part_x * (1.0 - part_y)),
        (map.get(start + SIDE)?, (1.0 - part_x) * part_y),
        (map.get(start + SIDE + 1)?, part_x * part_y),
    ];
    Some(
        corners
            .iter()
            .fold([0.0, 0.0], |[sum_x, sum_y], ([x, y], weight)| {
                [sum_x + x * weight, sum_y + y * weight]
            }),
    )
}

/// The depth of every pixel, from that of the points near it.
fn depth_map(places: &[[f32; 3]]) -> Result<Vec<f32>, FaceError> {
    /// The points of the mesh lie about so many pixels apart.
    const REACH_PX: f64 = 4.0;
    let (mut depths, mut counts) = (vec![0.0_f32; SIDE * SIDE], vec![0.0_f32; SIDE * SIDE]);
    for [x, y, depth] in places {
        let [x, y] = [x, y].map(|part| (part + 0.5) * SIDE as f32);
        if !((0.0..SIDE as f32).contains(&x) && (0.0..SIDE as f32).contains(&y)) {
            continue;
        }
        let at = y as usize * SIDE + x as usize;
        if let (Some(sum), Some(count)) = (depths.get_mut(at), counts.get_mut(at)) {
            *sum += depth;
            *count += 1.0;
        }
    }
    let blurred = |values: Vec<f32>| -> Result<Mat, FaceError> {
        let mat = Square { side: SIDE, values }.mat()?;
        let mut blurred = Mat::default();
        imgproc::gaussian_blur_def(&mat, &mut blurred, Size::new(0, 0), REACH_PX)?;
        Ok(blurred)
    };
    let mut floor = Mat::default();
    core::add_def(&blurred(counts)?, &core::Scalar::all(1e-6), &mut floor)?;
    let mut depth = Mat::default();
    core::divide2(&blurred(depths)?, &floor, &mut depth, 1.0, CV_32F)?;
    Ok(depth.data_typed::<f32>()?.to_vec())
}

#[cfg(test)]
mod tests;
