//! A cut edge around both eyes.
//!
//! Every mask of paper needs holes for the eyes. Around each of them runs an edge at which the picture becomes
//! darker outwards at one step: bare paper, or the paler skin of the wearer, before the print. On a face nothing does.
//! Towards the socket skin darkens inwards. What is painted or worn around the eyes is dark itself, or soft, or on
//! the upper lid only; frames of glasses run further away from the lower lid and have the same skin on both sides.
//!
//! Holes through which darker skin is seen have an edge as well, but lashes, kohl and sockets look the same: they are
//! left to the other parts.

use std::collections::VecDeque;
use std::f32::consts::TAU;
use std::sync::LazyLock;

use opencv::core::{self, Mat, Point2f, Rect, Scalar, Size};
use opencv::imgproc;
use opencv::prelude::*;

use crate::FaceError;
use crate::eyes::Openings;
use crate::mesh::{POINTS, Point3};
use crate::ratios::{EYE_CORNERS_LEFT, EYE_CORNERS_RIGHT};

/// Side of the square around an eye, in its pixels and in widths of the eye. A width is 30 mm on an adult.
const SIDE: usize = 100;
const SIDE_WIDTHS: f32 = 2.5;
/// An edge of a millimetre is less than a pixel of a smaller eye.
const EYE_MIN_PX: f32 = 20.0;
/// Sensor noise, in pixels of the square.
const NOISE_PX: f64 = 0.7;
/// Half of the first step of 8 bits in linear light, twice, so that noise in black is no contrast.
const BLACK: f32 = 0.004;
/// Directions from the middle of the eye in which the edge is looked for.
const DIRECTIONS: usize = 32;
/// Distances from the lids, in widths of the eye: the first, the step, and how many.
const FIRST: f32 = -0.04;
const STEP: f32 = 0.02;
const DISTANCES: usize = 24;
/// Where edges are looked for. What is compared begins at the lids: the white of the eye within them is brighter than
/// dark skin. It ends 8 mm from them, as holes are cut; the lower rim of glasses is beyond that.
const EDGES: std::ops::Range<usize> = 4..15;
/// The face beyond the hole.
const BEYOND: std::ops::Range<usize> = 12..DISTANCES;
/// At the corners the eye is wider than the lids are apart, and a hole of the eye's shape is so too.
const WIDER: f32 = 1.7;
/// Height of the lids above and below the line of the corners, as parts of the eye's ratio, and its least value.
const LID_UPPER: (f32, f32) = (0.7, 0.10);
const LID_LOWER: (f32, f32) = (0.45, 0.08);
const OPENING_MAX: f32 = 0.5;
/// A single strong direction does not carry others.
const STRENGTH_MAX: f32 = 0.3;
/// A brow, the nose or a hole that the turned head has moved over the lid may hide the edge in so many directions. One
/// more, three above and three below the eye, have the dark iris behind them, 12 of the 30 mm of the eye: where
/// these count, the white of the eye before black skin is no edge all around.
const HIDDEN: usize = 5;
/// White paper reflects more than 0.8 of the light, and print and skin at most 0.6: a step of a third in logarithms. Of
/// that an edge of a millimetre leaves this much at a pixel of a millimetre and a half.
const PAPER: f32 = 0.2;
/// An edge stays; one look in so many frames is enough, and so many looks together are some seconds.
const LOOK_EVERY: u32 = 5;
const LOOKS_MIN: usize = 8;
const LOOKS_MAX: usize = 120;
/// A squint, a nod or a slip of the mesh hides an edge for a while, and nothing makes one for a quarter of the time.
const SEEN: f32 = 0.75;

/// Remembers how clear the edge was at each look.
#[derive(Default)]
pub(super) struct RimMeter {
    frames: u32,
    looks: VecDeque<f32>,
}

impl RimMeter {
    /// How clear the edge around the less clear of both eyes is in a quarter of all looks at least: 0.5 as bare
    /// paper after blur, up to 1. `None` without an edge, for masks without one exist.
    pub(super) fn measure(
        &mut self,
        bgr: &Mat,
        points: &[Point3; POINTS],
        openings: Openings,
    ) -> Result<Option<f32>, FaceError> {
        self.frames += 1;
        if self.frames % LOOK_EVERY != 1 {
            return Ok(None);
        }
        let left = edge_around(bgr, points, EYE_CORNERS_LEFT, openings.left)?;
        let right = edge_around(bgr, points, EYE_CORNERS_RIGHT, openings.right)?;
        let (Some(left), Some(right)) = (left, right) else {
            return Ok(None);
        };
        if self.looks.len() == LOOKS_MAX {
            self.looks.pop_front();
        }
        self.looks.push_back(left.min(right));
        let mut looks: Vec<f32> = self.looks.iter().copied().collect();
        let upper = (looks.len() as f32 * SEEN) as usize;
        let clear = *looks.select_nth_unstable_by(upper, f32::total_cmp).1;
        Ok((looks.len() >= LOOKS_MIN && clear > 0.0).then(|| (clear / PAPER).min(1.0)))
    }
}

/// The darkening outwards, in logarithms, that is reached in most directions; `None` where the eye is not seen whole.
fn edge_around(
    bgr: &Mat,
    points: &[Point3; POINTS],
    corners: (usize, usize),
    opening: f32,
) -> Result<Option<f32>, FaceError> {
    let (from, to) = (&points[corners.0], &points[corners.1]);
    let (across, along) = (to.x - from.x, to.y - from.y);
    let width = across.hypot(along);
    if !(EYE_MIN_PX..4000.0).contains(&width) || !opening.is_finite() {
        return Ok(None);
    }
    let (x, y) = ((from.x + to.x) / 2.0, (from.y + to.y) / 2.0);
    let at = |u: f32, v: f32| {
        let (right, down) = ((u - 0.5) * SIDE_WIDTHS, (v - 0.5) * SIDE_WIDTHS);
        (
            x + right * across - down * along,
            y + right * along + down * across,
        )
    };
    let corners = [at(0.0, 0.0), at(1.0, 0.0), at(0.0, 1.0), at(1.0, 1.0)];
    let least = corners.iter().fold((f32::MAX, f32::MAX), |least, at| {
        (least.0.min(at.0), least.1.min(at.1))
    });
    let most = corners.iter().fold((f32::MIN, f32::MIN), |most, at| {
        (most.0.max(at.0), most.1.max(at.1))
    });
    if least.0 < 0.0 || least.1 < 0.0 || most.0 >= bgr.cols() as f32 || most.1 >= bgr.rows() as f32 {
        return Ok(None);
    }
    let (left, top) = (least.0 as i32, least.1 as i32);
    let part = Rect::new(left, top, most.0 as i32 - left + 1, most.1 as i32 - top + 1);
    let mut grey = Mat::default();
    imgproc::cvt_color_def(&bgr.roi(part)?, &mut grey, imgproc::COLOR_BGR2GRAY)?;
    // Linear sampling of every second pixel would take noise for edges.
    let scale = SIDE as f32 / SIDE_WIDTHS / width;
    let blur = |grey: &Mat, sigma: f64| -> opencv::Result<Mat> {
        let mut soft = Mat::default();
        imgproc::gaussian_blur_def(grey, &mut soft, Size::new(0, 0), sigma)?;
        Ok(soft)
    };
    if scale < 0.7 {
        grey = blur(&grey, f64::from(0.4 / scale))?;
    }
    let places =
        [corners[0], corners[1], corners[2]].map(|(x, y)| Point2f::new(x - part.x as f32, y - part.y as f32));
    let end = SIDE as f32;
    let ends = [
        Point2f::new(0.0, 0.0),
        Point2f::new(end, 0.0),
        Point2f::new(0.0, end),
    ];
    let mut square = Mat::default();
    imgproc::warp_affine(
        &grey,
        &mut square,
        &imgproc::get_affine_transform_slice(places, ends)?,
        Size::new(SIDE as i32, SIDE as i32),
        imgproc::INTER_LINEAR,
        core::BORDER_REPLICATE,
        Scalar::all(0.0),
    )?;
    let square = blur(&square, NOISE_PX)?;
    Ok(Some(closed_edge(&Rays::cast(square.data_bytes()?, opening))))
}

/// Logarithms of the light of 256 grey levels, by the exponent of displays.
static LIGHT: LazyLock<[f32; 256]> =
    LazyLock::new(|| std::array::from_fn(|level| ((level as f32 / 255.0).powf(2.2) + BLACK).ln()));

/// Logarithms of the light on rays from the lids outwards.
struct Rays([[f32; DISTANCES]; DIRECTIONS]);

/// Cosine and sine of the directions, clockwise from the right.
static WAYS: LazyLock<[(f32, f32); DIRECTIONS]> = LazyLock::new(|| {
    std::array::from_fn(|at| {
        let (sin, cos) = (at as f32 * TAU / DIRECTIONS as f32).sin_cos();
        (cos, sin)
    })
});

impl Rays {
    fn cast(levels: &[u8], opening: f32) -> Self {
        let opening = opening.clamp(0.0, OPENING_MAX);
        let width_px = SIDE as f32 / SIDE_WIDTHS;
        let middle = SIDE as f32 / 2.0;
        Self(std::array::from_fn(|direction| {
            let (cos, sin) = WAYS[direction];
            let (part, least) = if sin < 0.0 { LID_UPPER } else { LID_LOWER };
            let lid = (part * opening).max(least);
            std::array::from_fn(|at| {
                let distance = FIRST + STEP * at as f32;
                let across = (0.53 + WIDER * distance) * cos;
                let down = (lid + distance) * sin;
                between(levels, middle + across * width_px, middle + down * width_px)
            })
        }))
    }
}

/// The light between four pixels of the square; at its border that of the border.
fn between(levels: &[u8], x: f32, y: f32) -> f32 {
    let end = (SIDE - 2) as f32;
    let (x, y) = (x.clamp(0.0, end), y.clamp(0.0, end));
    let (right, down) = (x.fract(), y.fract());
    let at = y as usize * SIDE + x as usize;
    let level = |at: usize| LIGHT[usize::from(levels.get(at).copied().unwrap_or_default())];
    let upper = level(at) * (1.0 - right) + level(at + 1) * right;
    let lower = level(at + SIDE) * (1.0 - right) + level(at + SIDE + 1) * right;
    upper * (1.0 - down) + lower * down
}

/// How much darker it becomes at each place, and stays beyond. Two distances before and two behind are compared, with
/// one between them for the width of the edge: the smaller of the step and of the difference to the
/// face beyond. A dark line before skin is a step without the second.
fn steps(ray: &[f32; DISTANCES]) -> [f32; EDGES.end - EDGES.start] {
    let mut beyond = [0.0; BEYOND.end - BEYOND.start];
    beyond.copy_from_slice(&ray[BEYOND]);
    let middle = beyond.len() / 2;
    let beyond = *beyond.select_nth_unstable_by(middle, f32::total_cmp).1;
    std::array::from_fn(|step| {
        let at = EDGES.start + step;
        let before = (ray[at - 2] + ray[at - 1]) / 2.0;
        let behind = (ray[at + 1] + ray[at + 2]) / 2.0;
        (before - behind).min(before - beyond)
    })
}

/// The step that most directions of the strongest closed edge reach. From one direction to the next an edge moves by one
/// distance at most; it is found by dynamic programming in two rounds, of which the second meets itself.
fn closed_edge(rays: &Rays) -> f32 {
    const COUNT: usize = EDGES.end - EDGES.start;
    let steps: Vec<[f32; COUNT]> = rays.0.iter().map(steps).collect();
    let mut best = [0.0_f32; COUNT];
    let mut came_from = [[0_usize; COUNT]; 2 * DIRECTIONS];
    for (from, step) in came_from.iter_mut().zip(steps.iter().cycle()) {
        let known = best;
        for at in 0..COUNT {
            let near = at.saturating_sub(1)..=(at + 1).min(COUNT - 1);
            from[at] = near.max_by(|a, b| known[*a].total_cmp(&known[*b])).unwrap_or(at);
            best[at] = known[from[at]] + step[at].clamp(-STRENGTH_MAX, STRENGTH_MAX);
        }
    }
    let mut at = (0..COUNT)
        .max_by(|a, b| best[*a].total_cmp(&best[*b]))
        .unwrap_or(0);
    let mut along = [0.0_f32; DIRECTIONS];
    for (strength, (step, from)) in along
        .iter_mut()
        .zip(steps.iter().zip(&came_from[DIRECTIONS..]).rev())
    {
        *strength = step[at];
        at = from[at];
    }
    *along.select_nth_unstable_by(HIDDEN, f32::total_cmp).1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{drawn_face, face_points};
    use opencv::core::Point;

    const SKIN: [u8; 3] = [110, 140, 200];
    const OPEN: Openings = Openings {
        left: 0.3,
        right: 0.3,
    };

    /// An oval around the middle of each eye, of half axes in parts of the eye's width, filled or a line of so many
    /// pixels.
    struct Oval {
        half: (f32, f32),
        down: f32,
        line_px: Option<i32>,
        bgr: [u8; 3],
    }

    fn oval(half: (f32, f32), line_px: Option<i32>, bgr: [u8; 3]) -> Oval {
        Oval {
            half,
            down: 0.0,
            line_px,
            bgr,
        }
    }

    /// A face with eyes, over which ovals are painted in turn, before the eyes.
    fn face(ovals: &[Oval]) -> Mat {
        let mut face = drawn_face([90, 90, 90], SKIN);
        let points = face_points();
        for (a, b) in [EYE_CORNERS_LEFT, EYE_CORNERS_RIGHT] {
            let width = points[b].x - points[a].x;
            // The upper lid stands further from the line of the corners. Lids end in lashes; an iris is 12 mm wide.
            let eye = [
                (0.5, None, [190, 200, 205]),
                (0.2, None, [30, 40, 60]),
                (0.5, Some(1), [35, 35, 40]),
            ]
            .map(|(half, line_px, bgr)| Oval {
                down: -0.04,
                ..oval((half, 0.17), line_px, bgr)
            });
            for oval in ovals.iter().chain(&eye) {
                let middle = Point::new(
                    ((points[a].x + points[b].x) / 2.0) as i32,
                    (points[a].y + oval.down * width) as i32,
                );
                let half = Size::new((oval.half.0 * width) as i32, (oval.half.1 * width) as i32);
                let [b, g, r] = oval.bgr.map(f64::from);
                let (colour, line) = (Scalar::new(b, g, r, 0.0), oval.line_px.unwrap_or(-1));
                imgproc::ellipse(&mut face, middle, half, 0.0, 0.0, 360.0, colour, line, 16, 0).unwrap();
            }
        }
        face
    }

    /// What is measured after so many frames.
    fn after(frames: u32, face: &Mat) -> Option<f32> {
        let mut meter = RimMeter::default();
        let measured = (0..frames).filter_map(|_| meter.measure(face, &face_points(), OPEN).unwrap());
        measured.last()
    }

    #[test]
    fn a_bright_edge_around_both_eyes_is_paper_and_what_people_wear_is_not() {
        let check = |name: &str, ovals: &[Oval], paper: bool| {
            let got = after(60, &face(ovals));
            assert_eq!(got.is_some_and(|edge| edge > 0.5), paper, "{name}: {got:?}");
        };
        let paper = [235, 235, 235];
        check("skin", &[], false);
        check("cut edge", &[oval((0.75, 0.32), Some(2), paper)], true);
        check("round hole", &[oval((0.8, 0.38), Some(2), paper)], true);
        check("paler wearer", &[oval((0.75, 0.32), None, [170, 190, 235])], true);
        check("black skin", &[oval((1.1, 0.8), None, [40, 55, 80])], false);
        check("kohl", &[oval((0.55, 0.24), None, [25, 25, 25])], false);
        check("dark sockets", &[oval((0.8, 0.4), None, [70, 90, 140])], false);
        let frame = |line_px, bgr| Oval {
            down: 0.1,
            ..oval((0.85, 0.6), Some(line_px), bgr)
        };
        check("dark glasses", &[frame(3, [25, 25, 25])], false);
        check("light glasses", &[frame(2, paper)], false);
        check(
            "lid shadow",
            &[Oval {
                down: -0.15,
                ..oval((0.6, 0.3), None, [130, 80, 120])
            }],
            false,
        );
    }

    #[test]
    fn an_edge_around_one_eye_or_one_glimpse_is_not_enough() {
        let mut one = face(&[]);
        let both = face(&[oval((0.75, 0.32), Some(2), [235, 235, 235])]);
        let half = core::Rect::new(0, 0, 320, 480);
        both.roi(half)
            .unwrap()
            .copy_to(&mut one.roi_mut(half).unwrap())
            .unwrap();
        assert_eq!(after(60, &one), None);
        assert_eq!(after(LOOK_EVERY, &both), None);
        let mut meter = RimMeter::default();
        let wild = face_points().map(|point| Point3 { x: f32::NAN, ..point });
        assert_eq!(meter.measure(&both, &wild, OPEN).unwrap(), None);
    }
}
