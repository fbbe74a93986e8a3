//! A paper mask: the printed face of somebody else with holes for eyes and mouth, worn by a living person.
//!
//! What is seen through the holes lives; what is around them moves as one stiff sheet, since the sheet is laid over
//! the points of the living face by the best affine map.

use face::{Analyzer, MeshPoints, Point3};
use opencv::calib3d;
use opencv::core::{Mat, Point2f, Scalar, Size, Vector};
use opencv::imgproc;
use opencv::prelude::*;

use super::donor::{Donor, Frames};
use super::paint::{Grain, grown, lay, outline, polygon_mask, printed};
use crate::play::PlayError;

/// Outlines in the mesh, by MediaPipe number.
const OVAL: &[usize] = &[
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176,
    149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
];
const EYE_RIGHT: &[usize] = &[
    33, 246, 161, 160, 159, 158, 157, 173, 133, 155, 154, 153, 145, 144, 163, 7,
];
const EYE_LEFT: &[usize] = &[
    263, 466, 388, 387, 386, 385, 384, 398, 362, 382, 381, 380, 374, 373, 390, 249,
];
const LIPS: &[usize] = &[
    61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146,
];
/// Points at about the depth of a mask that lids and lips hardly move: corners of the eyes and of the mouth, wings of
/// the nose, forehead and chin.
const STEADY: &[usize] = &[33, 133, 263, 362, 61, 291, 98, 327, 10, 152];

/// By how much a hole is cut larger than the printed eye or mouth.
const HOLE: f32 = 1.45;
const HOLE_MOUTH: f32 = 1.25;
/// Paper under lamps: a little red and little blue, in blue, green, red.
const CAST: [f32; 3] = [0.92, 0.98, 1.05];
/// The cut edge of white paper.
const EDGE: f64 = 228.0;

/// A living person who wears the mask.
pub struct CutOutMask {
    wearer: Frames,
    analyzer: Analyzer,
    sheet: Mat,
    alpha: Mat,
    print: MeshPoints,
    grain: Grain,
}

impl CutOutMask {
    /// Prints `victim` for `wearer`.
    pub fn new(wearer: &Donor, victim: &Donor, analyzer: Analyzer, seed: u64) -> Result<Self, PlayError> {
        let mut sheet = printed(&victim.neutral)?;
        let line = |points: &[usize]| -> Vec<(f32, f32)> {
            points
                .iter()
                .map(|at| (victim.mesh[*at].x, victim.mesh[*at].y))
                .collect()
        };
        let oval = grown(&line(OVAL), 1.03);
        let holes = [
            grown(&line(EYE_RIGHT), HOLE),
            grown(&line(EYE_LEFT), HOLE),
            grown(&line(LIPS), HOLE_MOUTH),
        ];
        let alpha = polygon_mask(victim.size(), &oval, &holes)?;
        let edge_px = ((victim.face.width / 90.0).round() as i32).max(1);
        for line in holes.iter().chain([&oval]) {
            outline(&mut sheet, line, Scalar::all(EDGE), 2 * edge_px)?;
        }
        Ok(Self {
            wearer: wearer.frames()?,
            analyzer,
            sheet,
            alpha,
            print: victim.mesh,
            grain: Grain::new(seed),
        })
    }

    /// The next frame; `None` at the end of the wearer's clip. Without a face there is no mask.
    pub fn next_frame(&mut self) -> Result<Option<Mat>, PlayError> {
        let Some(mut frame) = self.wearer.next_frame()? else {
            return Ok(None);
        };
        if let Some(live) = self.analyzer.mesh_of(&frame)?
            && let Some(place) = laid(&self.print, &live)?
        {
            let size = Size::new(frame.cols(), frame.rows());
            let moved = |sheet: &Mat| -> Result<Mat, PlayError> {
                let mut moved = Mat::default();
                imgproc::warp_affine_def(sheet, &mut moved, &place, size)?;
                Ok(moved)
            };
            let (sheet, alpha) = (moved(&self.sheet)?, moved(&self.alpha)?);
            lay(&mut frame, &sheet, &alpha, CAST)?;
        }
        self.grain.add(&mut frame)?;
        Ok(Some(frame))
    }
}

/// Where a stiff sheet in front of the face is: far from the camera a plane moves affinely, and the best affine map
/// of the points at the depth of the mask is steadier than a homography.
fn laid(from: &MeshPoints, to: &MeshPoints) -> Result<Option<Mat>, PlayError> {
    let points = |mesh: &MeshPoints| -> Vector<Point2f> {
        STEADY
            .iter()
            .map(|at| {
                let Point3 { x, y, .. } = mesh[*at];
                Point2f::new(x, y)
            })
            .collect()
    };
    let mut inliers = Mat::default();
    let found = calib3d::estimate_affine_2d(
        &points(from),
        &points(to),
        &mut inliers,
        calib3d::RANSAC,
        // Every point counts, however far off.
        1e4,
        100,
        0.99,
        20,
    )?;
    Ok((found.rows() == 2 && found.cols() == 3).then_some(found))
}
