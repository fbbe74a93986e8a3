//! Small steps of rendering: grain, blending, geometry.

use opencv::core::{CV_8UC1, CV_8UC3, Mat, Point, Scalar, Size, Vec3b};
use opencv::imgproc;
use opencv::prelude::*;

use crate::play::PlayError;

/// Standard deviation of the grain in grey levels: a webcam in a room.
const GRAIN: f64 = 2.0;

/// Sensor noise that is the same for the same seed.
pub struct Grain {
    table: Vec<i8>,
    random: fastrand::Rng,
}

impl Grain {
    pub fn new(seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        // The sum of twelve even draws is near enough to a normal one for grain.
        let mut normal = || (0..12).map(|_| random.f64()).sum::<f64>() - 6.0;
        let table = (0..1 << 16).map(|_| (GRAIN * normal()).round() as i8).collect();
        Self { table, random }
    }

    /// Adds noise to every value of a frame.
    pub fn add(&mut self, frame: &mut Mat) -> Result<(), PlayError> {
        let row_bytes = frame.cols().max(1) as usize * 3;
        for row in frame.data_bytes_mut()?.chunks_mut(row_bytes) {
            let start = self.random.usize(..self.table.len());
            let noise = self.table[start..].iter().chain(self.table.iter().cycle());
            for (value, noise) in row.iter_mut().zip(noise) {
                *value = value.saturating_add_signed(*noise);
            }
        }
        Ok(())
    }
}

/// Lays a layer over a frame: `alpha` says how much of it covers, `gain` what light makes of it (blue, green, red).
pub fn lay(frame: &mut Mat, layer: &Mat, alpha: &Mat, gain: [f32; 3]) -> Result<(), PlayError> {
    let covers = alpha.data_bytes()?;
    let above = layer.data_bytes()?;
    for ((under, above), alpha) in frame
        .data_bytes_mut()?
        .chunks_exact_mut(3)
        .zip(above.chunks_exact(3))
        .zip(covers)
    {
        if *alpha == 0 {
            continue;
        }
        let part = f32::from(*alpha) / 255.0;
        for channel in 0..3 {
            let lit = (f32::from(above[channel]) * gain[channel]).min(255.0);
            under[channel] = (f32::from(under[channel]) * (1.0 - part) + lit * part) as u8;
        }
    }
    Ok(())
}

/// What a printer makes of a picture: less contrast, and black that is grey.
pub fn printed(picture: &Mat) -> Result<Mat, PlayError> {
    let mut print = Mat::default();
    picture.convert_to(&mut print, -1, 0.86, 16.0)?;
    Ok(print)
}

/// A picture so blurred that nobody is to be recognised in it.
pub fn background(picture: &Mat, size: Size) -> Result<Mat, PlayError> {
    let (mut small, mut wide, mut soft) = (Mat::default(), Mat::default(), Mat::default());
    imgproc::resize(
        picture,
        &mut small,
        Size::new(12, 9),
        0.0,
        0.0,
        imgproc::INTER_AREA,
    )?;
    imgproc::resize(&small, &mut wide, size, 0.0, 0.0, imgproc::INTER_CUBIC)?;
    imgproc::gaussian_blur_def(&wide, &mut soft, Size::new(31, 31), 9.0)?;
    Ok(soft)
}

/// A mask of one polygon less others, its edge softened as a lens would.
pub fn polygon_mask(size: Size, outline: &[(f32, f32)], holes: &[Vec<(f32, f32)>]) -> Result<Mat, PlayError> {
    let mut mask = Mat::new_rows_cols_with_default(size.height, size.width, CV_8UC1, Scalar::all(0.0))?;
    imgproc::fill_poly_def(&mut mask, &points(outline), Scalar::all(255.0))?;
    for hole in holes {
        imgproc::fill_poly_def(&mut mask, &points(hole), Scalar::all(0.0))?;
    }
    Ok(mask)
}

/// Draws a closed line.
pub fn outline(
    frame: &mut Mat,
    line: &[(f32, f32)],
    colour: Scalar,
    thickness_px: i32,
) -> Result<(), PlayError> {
    imgproc::polylines(
        frame,
        &points(line),
        true,
        colour,
        thickness_px,
        imgproc::LINE_AA,
        0,
    )?;
    Ok(())
}

fn points(line: &[(f32, f32)]) -> opencv::core::Vector<Point> {
    line.iter()
        .map(|(x, y)| Point::new(x.round() as i32, y.round() as i32))
        .collect()
}

/// A polygon grown about its own centre.
pub fn grown(line: &[(f32, f32)], by: f32) -> Vec<(f32, f32)> {
    let count = line.len().max(1) as f32;
    let (sum_x, sum_y) = line
        .iter()
        .fold((0.0, 0.0), |(sum_x, sum_y), (x, y)| (sum_x + x, sum_y + y));
    let (x0, y0) = (sum_x / count, sum_y / count);
    line.iter()
        .map(|(x, y)| (x0 + (x - x0) * by, y0 + (y - y0) * by))
        .collect()
}

/// A frame of one colour.
pub fn plain(size: Size, colour: Vec3b) -> Result<Mat, PlayError> {
    let colour = Scalar::new(
        f64::from(colour[0]),
        f64::from(colour[1]),
        f64::from(colour[2]),
        0.0,
    );
    Ok(Mat::new_rows_cols_with_default(
        size.height,
        size.width,
        CV_8UC3,
        colour,
    )?)
}
