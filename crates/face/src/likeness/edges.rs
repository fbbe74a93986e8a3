//! Histograms of the directions of edges in a grid of cells.

use opencv::core::{self, CV_32F, Mat, Size};
use opencv::imgproc;
use opencv::prelude::*;

use crate::FaceError;

/// Side of the picture, pixels.
pub(crate) const SIDE: usize = 64;
const CELL: usize = 8;
const GRID: usize = SIDE / CELL;
/// Over the whole circle: a light edge beside a dark one is not a dark one beside a light one.
const BINS: usize = 8;
/// Values of all cells.
pub(crate) const CELLS: usize = GRID * GRID * BINS;
/// Below this strength (grey levels, summed over a cell as the Sobel operator gives them) an edge is noise.
const STRENGTH_MIN: f32 = 64.0;

/// Square roots of the part that each direction has in each cell, relative to the cells around.
pub(crate) type Edges = [f32; CELLS];

/// Counts the directions of a picture of [`SIDE`] x [`SIDE`] floating-point grey values.
pub(crate) fn edges(grey: &Mat) -> Result<Edges, FaceError> {
    let mut smooth = Mat::default();
    imgproc::gaussian_blur_def(grey, &mut smooth, Size::new(0, 0), 1.0)?;
    let (mut across, mut down) = (Mat::default(), Mat::default());
    imgproc::sobel_def(&smooth, &mut across, CV_32F, 1, 0)?;
    imgproc::sobel_def(&smooth, &mut down, CV_32F, 0, 1)?;
    let (mut strength, mut angle) = (Mat::default(), Mat::default());
    core::cart_to_polar_def(&across, &down, &mut strength, &mut angle)?;
    let pixels = strength
        .data_typed::<f32>()?
        .iter()
        .zip(angle.data_typed::<f32>()?);
    let mut counts = [0.0; CELLS];
    for (pixel, (strength, angle)) in pixels.enumerate() {
        let cell = (pixel / SIDE / CELL) * GRID + pixel % SIDE / CELL;
        // Each edge counts for the two nearest directions, by how near they are.
        let turn = angle / std::f32::consts::TAU * BINS as f32;
        let (low, part) = (turn.floor(), turn - turn.floor());
        let low = low as usize % BINS;
        let mut count = |bin: usize, value: f32| {
            if let Some(count) = counts.get_mut(cell * BINS + bin) {
                *count += value;
            }
        };
        count(low, strength * (1.0 - part));
        count((low + 1) % BINS, strength * part);
    }
    Ok(relative(&counts))
}

/// Relative to the mean strength of the cell and the eight around it.
fn relative(counts: &Edges) -> Edges {
    let mut strengths = [0.0; GRID * GRID];
    for (strength, cell) in strengths.iter_mut().zip(counts.chunks_exact(BINS)) {
        *strength = cell.iter().sum::<f32>();
    }
    let mut relative = *counts;
    for (at, cell) in relative.chunks_exact_mut(BINS).enumerate() {
        let (row, column) = (at / GRID, at % GRID);
        let (mut sum, mut cells) = (0.0, 0.0);
        for near_row in row.saturating_sub(1)..=(row + 1).min(GRID - 1) {
            for near_column in column.saturating_sub(1)..=(column + 1).min(GRID - 1) {
                sum += strengths
                    .get(near_row * GRID + near_column)
                    .copied()
                    .unwrap_or(0.0);
                cells += 1.0;
            }
        }
        for value in cell {
            *value = (*value / (sum / cells + STRENGTH_MIN)).sqrt();
        }
    }
    relative
}

/// Correlation, -1 to 1; 0 where one of the two shows no edge.
pub(crate) fn correlation(a: &Edges, b: &Edges) -> f32 {
    let mean = |values: &Edges| values.iter().sum::<f32>() / CELLS as f32;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let (mut product, mut square_a, mut square_b) = (0.0, 0.0, 0.0);
    for (a, b) in a.iter().zip(b) {
        let (a, b) = (a - mean_a, b - mean_b);
        product += a * b;
        square_a += a * a;
        square_b += b * b;
    }
    let length = (square_a * square_b).sqrt();
    if length > f32::EPSILON {
        (product / length).clamp(-1.0, 1.0)
    } else {
        0.0
    }
}
