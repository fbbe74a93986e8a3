//! Linear fits of places in a picture, plain and robust.

use opencv::core::{self, Mat};
use opencv::prelude::*;

use crate::FaceError;

/// Rounds of reweighting. The weights stand still after the third.
const ROUNDS: usize = 4;

/// `N` coefficients for x and for y.
pub(crate) type Coefficients<const N: usize> = [[f32; 2]; N];

/// The coefficients that bring the rows nearest to the targets, each row with its weight. `None` where the rows
/// do not determine them.
pub(crate) fn least_squares<const N: usize>(
    rows: &[[f32; N]],
    targets: &[[f32; 2]],
    weights: &[f32],
) -> Result<Option<Coefficients<N>>, FaceError> {
    let mut normal = [[0.0_f64; N]; N];
    let mut right = [[0.0_f64; 2]; N];
    for ((row, target), weight) in rows.iter().zip(targets).zip(weights) {
        for (at, value) in row.iter().enumerate() {
            let scaled = f64::from(value * weight);
            for (sum, other) in normal[at].iter_mut().zip(row) {
                *sum += scaled * f64::from(*other);
            }
            for (sum, target) in right[at].iter_mut().zip(target) {
                *sum += scaled * f64::from(*target);
            }
        }
    }
    let mut solution = Mat::default();
    let solved = core::solve(
        &Mat::from_slice_2d(&normal)?,
        &Mat::from_slice_2d(&right)?,
        &mut solution,
        core::DECOMP_CHOLESKY,
    )?;
    if !solved {
        return Ok(None);
    }
    let mut coefficients = [[0.0; 2]; N];
    for (row, pair) in (0..).zip(&mut coefficients) {
        for (column, value) in (0..).zip(pair) {
            *value = *solution.at_2d::<f64>(row, column)? as f32;
        }
    }
    let finite = coefficients.iter().flatten().all(|value| value.is_finite());
    Ok(finite.then_some(coefficients))
}

/// The place that a row is brought to.
pub(crate) fn place<const N: usize>(row: &[f32; N], coefficients: &Coefficients<N>) -> [f32; 2] {
    row.iter()
        .zip(coefficients)
        .fold([0.0, 0.0], |[x, y], (value, [cx, cy])| {
            [x + value * cx, y + value * cy]
        })
}

/// A fit that a minority of wrong targets moves little.
pub(crate) struct RobustFit<const N: usize> {
    pub(crate) coefficients: Coefficients<N>,
    /// Standard deviation of what remains, from its median, in the unit of the targets.
    pub(crate) residual: f32,
}

/// Least squares with Cauchy weights. `noise` is the least residual that can be, in the unit of the targets.
pub(crate) fn robust<const N: usize>(
    rows: &[[f32; N]],
    targets: &[[f32; 2]],
    weights: &[f32],
    noise: f32,
) -> Result<Option<RobustFit<N>>, FaceError> {
    let mut current = weights.to_vec();
    let mut fit = None;
    for _ in 0..ROUNDS {
        let Some(coefficients) = least_squares(rows, targets, &current)? else {
            return Ok(None);
        };
        let errors: Vec<f32> = rows
            .iter()
            .zip(targets)
            .map(|(row, target)| {
                let [x, y] = place(row, &coefficients);
                (x - target[0]).hypot(y - target[1])
            })
            .collect();
        // For normal noise the median of absolute errors is the standard deviation over 1.4826.
        let residual = (1.4826 * median(&errors)).max(noise);
        for ((current, weight), error) in current.iter_mut().zip(weights).zip(&errors) {
            *current = weight / (1.0 + (error / (2.0 * residual)).powi(2));
        }
        fit = Some(RobustFit {
            coefficients,
            residual,
        });
    }
    Ok(fit)
}

/// The middle one; 0 of nothing.
pub(crate) fn median(values: &[f32]) -> f32 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f32::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<[f32; 3]> {
        (0..40)
            .map(|at| [1.0, f32::from(at as u8 % 7) - 3.0, f32::from(at as u8 / 7) - 3.0])
            .collect()
    }

    const TRUE: Coefficients<3> = [[5.0, -2.0], [1.5, 0.25], [-0.5, 2.0]];

    #[test]
    fn a_minority_of_wrong_targets_is_outvoted() {
        let rows = rows();
        let mut targets: Vec<[f32; 2]> = rows.iter().map(|row| place(row, &TRUE)).collect();
        for target in targets.iter_mut().step_by(6) {
            target[0] += 30.0;
        }
        let fit = robust(&rows, &targets, &vec![1.0; rows.len()], 0.01)
            .unwrap()
            .unwrap();
        for (got, expect) in fit.coefficients.iter().flatten().zip(TRUE.iter().flatten()) {
            assert!((got - expect).abs() < 0.05, "{got} is not {expect}");
        }
    }

    #[test]
    fn rows_that_determine_nothing_are_none() {
        let rows = [[1.0, 2.0, 2.0]; 9];
        assert_eq!(least_squares(&rows, &[[1.0, 1.0]; 9], &[1.0; 9]).unwrap(), None);
        assert_eq!(least_squares::<3>(&[], &[], &[]).unwrap(), None);
    }
}
