//! A photo of somebody, held before the camera: flat, or bent about its upright axis.
//!
//! Each pixel's ray is cut with the sheet, so that perspective is exact. The sheet is a cylinder whose edges bend
//! away from the camera; without a bend it is a plane.

use opencv::core::{CV_8UC1, CV_32FC1, Mat, Rect, Scalar, Size};
use opencv::imgproc;
use opencv::prelude::*;

use super::donor::Donor;
use super::paint::{Grain, background, lay, printed};
use crate::play::PlayError;

/// The print shows the face and so much around it, in widths of the face.
const AROUND: f32 = 0.75;
/// White paper around the picture, in widths of the face.
const MARGIN: f32 = 0.06;
/// A bent print has this radius, in widths of the face: about that of a head.
const RADIUS: f32 = 0.75;
/// Each movement and each rest between takes so long.
const MOVE_S: f64 = 0.6;
const HOLD_S: f64 = 0.2;
const REST_S: f64 = 0.5;
/// Turns and nods of the sheet, one after the other: yaw and pitch in degrees.
const POSES: &[(f64, f64)] = &[(35.0, 0.0), (-35.0, 0.0), (0.0, 20.0), (0.0, -20.0)];

/// A print that is moved.
pub struct Print {
    sheet: Mat,
    background: Mat,
    bend: f32,
    face_px: f32,
    fps: f64,
    index: u32,
    sway: [f64; 6],
    grain: Grain,
}

impl Print {
    /// Prints a donor. `behind` lends its blurred surroundings.
    pub fn new(donor: &Donor, behind: &Donor, bent: bool, seed: u64) -> Result<Self, PlayError> {
        let face = donor.face;
        let around = AROUND * face.width;
        let left = (face.x - around).max(0.0) as i32;
        let top = (face.y - around).max(0.0) as i32;
        let right = ((face.x + face.width + around) as i32).min(donor.neutral.cols());
        let bottom = ((face.y + face.height + around) as i32).min(donor.neutral.rows());
        let cut = Rect::new(left, top, (right - left).max(1), (bottom - top).max(1));
        let margin = (MARGIN * face.width) as i32;
        let mut sheet = Mat::default();
        opencv::core::copy_make_border(
            &printed(&donor.neutral.roi(cut)?.try_clone()?)?,
            &mut sheet,
            margin,
            margin,
            margin,
            margin,
            opencv::core::BORDER_CONSTANT,
            Scalar::all(226.0),
        )?;
        let mut random = fastrand::Rng::with_seed(seed);
        Ok(Self {
            sheet,
            background: background(&behind.neutral, donor.size())?,
            bend: if bent { 1.0 / (RADIUS * face.width) } else { 0.0 },
            face_px: face.width,
            fps: donor.fps(),
            index: 0,
            sway: std::array::from_fn(|_| random.f64() * std::f64::consts::TAU),
            grain: Grain::new(seed),
        })
    }

    /// The next frame; `None` when all movements are done.
    pub fn next_frame(&mut self) -> Result<Option<Mat>, PlayError> {
        let at_s = f64::from(self.index) / self.fps;
        let Some((yaw_deg, pitch_deg)) = pose(at_s) else {
            return Ok(None);
        };
        self.index += 1;
        let size = Size::new(self.background.cols(), self.background.rows());
        // A hand never holds still.
        let sway = |hz: f64, at: usize| (std::f64::consts::TAU * hz * at_s + self.sway[at]).sin();
        let place = Place {
            yaw_deg: yaw_deg + 1.5 * sway(0.31, 0) + 0.4 * sway(1.7, 1),
            pitch_deg: pitch_deg + 1.2 * sway(0.27, 2),
            roll_deg: 1.5 * sway(0.19, 3),
            x_px: f64::from(self.face_px) * 0.03 * sway(0.23, 4),
            y_px: f64::from(self.face_px) * 0.02 * sway(0.37, 5),
        };
        let (map_x, map_y, light) = self.rays(size, &place)?;
        let (mut layer, mut alpha) = (Mat::default(), Mat::default());
        let zero = Scalar::all(0.0);
        let constant = opencv::core::BORDER_CONSTANT;
        imgproc::remap(
            &self.sheet,
            &mut layer,
            &map_x,
            &map_y,
            imgproc::INTER_LINEAR,
            constant,
            zero,
        )?;
        let whole = Mat::new_rows_cols_with_default(
            self.sheet.rows(),
            self.sheet.cols(),
            CV_8UC1,
            Scalar::all(255.0),
        )?;
        imgproc::remap(
            &whole,
            &mut alpha,
            &map_x,
            &map_y,
            imgproc::INTER_LINEAR,
            constant,
            zero,
        )?;
        let mut frame = self.background.try_clone()?;
        lay(&mut frame, &layer, &alpha, [light; 3])?;
        let mut soft = Mat::default();
        imgproc::gaussian_blur_def(&frame, &mut soft, Size::new(3, 3), 0.6)?;
        self.grain.add(&mut soft)?;
        Ok(Some(soft))
    }

    /// For each pixel of the frame the pixel of the sheet, or one outside it; and how much light the sheet gives
    /// back.
    fn rays(&self, size: Size, place: &Place) -> Result<(Mat, Mat, f32), PlayError> {
        let rotation = place.rotation();
        let focal = size.width.max(size.height) as f32;
        let (x0, y0) = (size.width as f32 / 2.0, size.height as f32 / 2.0);
        let (u0, v0) = (self.sheet.cols() as f32 / 2.0, self.sheet.rows() as f32 / 2.0);
        // The camera, seen from the sheet: at this distance a pixel of the sheet is as large as one of the frame.
        let away = [-(place.x_px as f32), -(place.y_px as f32), -focal];
        let eye = turned_back(&rotation, away);
        let nowhere = -10.0f32;
        let plane = |value| Mat::new_rows_cols_with_default(size.height, size.width, CV_32FC1, value);
        let (mut map_x, mut map_y) = (
            plane(Scalar::all(f64::from(nowhere)))?,
            plane(Scalar::all(f64::from(nowhere)))?,
        );
        let width = size.width.max(1) as usize;
        let (xs, ys) = (map_x.data_typed_mut::<f32>()?, map_y.data_typed_mut::<f32>()?);
        for (at, (to_x, to_y)) in xs.iter_mut().zip(ys).enumerate() {
            let (column, row) = ((at % width) as f32, (at / width) as f32);
            let ray = turned_back(&rotation, [column - x0, row - y0, focal]);
            if let Some((u, v)) = self.hit(eye, ray) {
                (*to_x, *to_y) = (u + u0, v + v0);
            }
        }
        let light = (rotation[2][2].max(0.0) * 0.35 + 0.65).min(1.0);
        Ok((map_x, map_y, light))
    }

    /// Where a ray meets the sheet, in pixels from its centre.
    fn hit(&self, eye: [f32; 3], ray: [f32; 3]) -> Option<(f32, f32)> {
        if self.bend == 0.0 {
            let along = -eye[2] / ray[2];
            return (along > 0.0).then(|| (eye[0] + along * ray[0], eye[1] + along * ray[1]));
        }
        let radius = 1.0 / self.bend;
        // x^2 + (z - radius)^2 = radius^2, the nearer of both cuts.
        let z = eye[2] - radius;
        let a = ray[0] * ray[0] + ray[2] * ray[2];
        let b = eye[0] * ray[0] + z * ray[2];
        let c = eye[0] * eye[0] + z * z - radius * radius;
        let root = b * b - a * c;
        if root < 0.0 || a == 0.0 {
            return None;
        }
        let along = (-b - root.sqrt()) / a;
        let (x, y, z) = (
            eye[0] + along * ray[0],
            eye[1] + along * ray[1],
            eye[2] + along * ray[2],
        );
        (along > 0.0).then(|| (radius * x.atan2(radius - z), y))
    }
}

/// Where the sheet is.
struct Place {
    yaw_deg: f64,
    pitch_deg: f64,
    roll_deg: f64,
    x_px: f64,
    y_px: f64,
}

impl Place {
    fn rotation(&self) -> [[f32; 3]; 3] {
        let (yaw, pitch, roll) = (
            self.yaw_deg.to_radians() as f32,
            self.pitch_deg.to_radians() as f32,
            self.roll_deg.to_radians() as f32,
        );
        let about_y = [
            [yaw.cos(), 0.0, yaw.sin()],
            [0.0, 1.0, 0.0],
            [-yaw.sin(), 0.0, yaw.cos()],
        ];
        let about_x = [
            [1.0, 0.0, 0.0],
            [0.0, pitch.cos(), -pitch.sin()],
            [0.0, pitch.sin(), pitch.cos()],
        ];
        let about_z = [
            [roll.cos(), -roll.sin(), 0.0],
            [roll.sin(), roll.cos(), 0.0],
            [0.0, 0.0, 1.0],
        ];
        product(&product(&about_z, &about_x), &about_y)
    }
}

fn product(a: &[[f32; 3]; 3], b: &[[f32; 3]; 3]) -> [[f32; 3]; 3] {
    std::array::from_fn(|row| std::array::from_fn(|column| (0..3).map(|at| a[row][at] * b[at][column]).sum()))
}

/// The direction as the turned sheet sees it.
fn turned_back(rotation: &[[f32; 3]; 3], direction: [f32; 3]) -> [f32; 3] {
    std::array::from_fn(|column| (0..3).map(|row| rotation[row][column] * direction[row]).sum())
}

/// Yaw and pitch at a time; `None` after the last rest.
fn pose(at_s: f64) -> Option<(f64, f64)> {
    let period_s = REST_S + 2.0 * MOVE_S + HOLD_S;
    let number = (at_s / period_s) as usize;
    let within_s = at_s - number as f64 * period_s - REST_S;
    let Some((yaw_deg, pitch_deg)) = POSES.get(number) else {
        return (number == POSES.len() && within_s < 0.0).then_some((0.0, 0.0));
    };
    // A movement starts and ends softly.
    let soft = |part: f64| (1.0 - (std::f64::consts::PI * part.clamp(0.0, 1.0)).cos()) / 2.0;
    let out = soft(within_s / MOVE_S);
    let back = soft((within_s - MOVE_S - HOLD_S) / MOVE_S);
    Some((yaw_deg * (out - back), pitch_deg * (out - back)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ray_meets_the_sheet_where_it_should() {
        let mut print = Print {
            sheet: Mat::default(),
            background: Mat::default(),
            bend: 0.0,
            face_px: 100.0,
            fps: 30.0,
            index: 0,
            sway: [0.0; 6],
            grain: Grain::new(0),
        };
        let eye = [0.0, 0.0, -640.0];
        let mut check = |bend: f32, ray: [f32; 3], expect: Option<(f32, f32)>| {
            print.bend = bend;
            let got = print.hit(eye, ray);
            let close = match (got, expect) {
                (Some(got), Some(expect)) => (got.0 - expect.0).hypot(got.1 - expect.1) < 0.01,
                (got, expect) => got.is_none() && expect.is_none(),
            };
            assert!(close, "{bend} {ray:?}: {got:?}");
        };
        check(0.0, [50.0, -20.0, 640.0], Some((50.0, -20.0)));
        check(0.0, [0.0, 0.0, -640.0], None);
        // The middle of a bent sheet is where a flat one is; 45 degrees round the bend the paper is longer than the
        // way across, and farther away.
        check(0.01, [0.0, 10.0, 640.0], Some((0.0, 10.0)));
        let (across, deep) = (
            100.0 * std::f32::consts::FRAC_1_SQRT_2,
            100.0 * (1.0 - std::f32::consts::FRAC_1_SQRT_2),
        );
        check(
            0.01,
            [across, 0.0, 640.0 + deep],
            Some((100.0 * std::f32::consts::FRAC_PI_4, 0.0)),
        );
        check(0.01, [200.0, 0.0, 640.0], None);
    }

    #[test]
    fn the_sheet_rests_moves_and_ends() {
        let check = |at_s: f64, expect: Option<(f64, f64)>| {
            let got = pose(at_s);
            let close = match (got, expect) {
                (Some(got), Some(expect)) => {
                    (got.0 - expect.0).abs() < 1e-6 && (got.1 - expect.1).abs() < 1e-6
                }
                (got, expect) => got.is_none() && expect.is_none(),
            };
            assert!(close, "{at_s}: {got:?}");
        };
        check(0.0, Some((0.0, 0.0)));
        check(REST_S + MOVE_S, Some((35.0, 0.0)));
        check(REST_S + 2.0 * MOVE_S + HOLD_S, Some((0.0, 0.0)));
        let period_s = REST_S + 2.0 * MOVE_S + HOLD_S;
        check(period_s + REST_S + MOVE_S, Some((-35.0, 0.0)));
        check(4.0 * period_s + 0.1, Some((0.0, 0.0)));
        check(4.0 * period_s + REST_S + 0.1, None);
    }
}
