//! The relief over a whole presentation.
//!
//! A real turn shows in a few frames whether there is a head. Someone who only sways turns by a few degrees, of which
//! one frame tells nothing but a hundred may: there the relief is the slope of the parallax over the turn. What is
//! wrong with a reference is the same in all frames that are compared with it and stays out of the slope.
//!
//! Small turns are known well enough only of a face that keeps its expression: a smile moves cheeks and brows by
//! more than a turn of 3 degrees moves the nose, and looks to the mesh like a nod. A sheet keeps its expression, so
//! it is caught all the same.

use super::parts::{Finding, quantile};
use crate::capture::ReliefMeasures;

/// Fewer frames of a real turn than this are a chance.
const TURNED_MIN: usize = 3;
/// Skin that acts moves over the bone by millimetres. Half a millimetre is what is left of a stiff surface in a small or
/// compressed picture, from the error of following points. In a dim one more is left, and nothing is said.
const STIFF_MM: f32 = 0.5;
/// The pose of a head at rest strays by this, the root of the mean square: 0.6 degrees.
const POSE_ERROR: f32 = 0.01;
/// Where more than half of the turns' mean square may be such errors, nothing turned.
const KEPT_MIN: f32 = 0.5;
/// The slope's error is itself not known from fewer independent frames.
const INDEPENDENT_MIN: f32 = 5.0;
/// The slope is known to within so many standard errors, in 19 of 20 presentations.
const ERRORS: f32 = 2.0;
/// Each reference takes a mean of its own, which tells nothing from fewer frames.
const COMPARED_MIN: usize = 3;

/// The relief, from how many frames, and what it says.
pub(super) fn relief(seen: &[ReliefMeasures], relief_min: f32) -> (Option<f32>, usize, Finding) {
    let turned: Vec<f32> = seen.iter().filter_map(ReliefMeasures::part).collect();
    if turned.len() >= TURNED_MIN {
        let value = quantile(&turned, 0.5);
        let finding = match value {
            Some(value) if value.is_finite() && value >= relief_min => Finding::For,
            _ => Finding::Against,
        };
        return (value, turned.len(), finding);
    }
    let stiff: Vec<ReliefMeasures> = seen.iter().filter(|one| is_stiff(one)).copied().collect();
    let compared: Vec<&[ReliefMeasures]> = stiff
        .chunk_by(|one, next| one.reference == next.reference)
        .filter(|frames| frames.len() >= COMPARED_MIN)
        .collect();
    let samples = compared.iter().map(|frames| frames.len()).sum();
    let Some(slope) = Slope::of(&compared) else {
        return (None, samples, Finding::Silent);
    };
    // Errors of the pose make the turns larger than they were, and the slope of a head as much smaller (regression
    // dilution); where that may be what makes it small, it does not speak against a head.
    let kept = 1.0 - (POSE_ERROR / slope.swing).powi(2);
    let known = 2 * stiff.len() >= seen.len() && slope.independent >= INDEPENDENT_MIN && kept >= KEPT_MIN;
    let finding = if known && slope.value - ERRORS * slope.error >= relief_min {
        Finding::For
    } else if known && (slope.value + ERRORS * slope.error) / kept < relief_min {
        Finding::Against
    } else {
        Finding::Silent
    };
    (Some(slope.value), samples, finding)
}

fn is_stiff(one: &ReliefMeasures) -> bool {
    one.residual_mm <= STIFF_MM
        && one
            .turn
            .iter()
            .chain(&one.parallax)
            .all(|value| value.is_finite())
}

/// The parallax over the turn.
struct Slope {
    value: f32,
    /// Its standard error.
    error: f32,
    /// The root of the mean square of the turns about their means.
    swing: f32,
    /// As many frames that know nothing of each other tell as much.
    independent: f32,
}

/// A frame's deviations from the means over all that have its reference.
struct Deviation {
    turn: [f32; 2],
    parallax: [f32; 2],
    /// Whether the frame before has the same reference.
    follows: bool,
}

impl Slope {
    /// A straight line for each reference, all of one slope, by least squares with Huber's weights. `None` where nothing
    /// turned.
    fn of(compared: &[&[ReliefMeasures]]) -> Option<Self> {
        /// The weights stand still after the third.
        const ROUNDS: usize = 4;
        /// Huber's, in standard deviations: of normal errors 19 of 20 parts of what they tell are kept.
        const USUAL: f32 = 1.345;
        /// The median length of a vector whose two parts have a standard deviation of one.
        const MEDIAN_LENGTH: f32 = 1.177;
        let frames: usize = compared.iter().map(|frames| frames.len()).sum();
        let mut weights = vec![1.0; frames];
        let mut slope = None;
        for _ in 0..ROUNDS {
            let deviations = deviations(compared, &weights);
            let sum = |of: &dyn Fn(&Deviation) -> f32| -> f32 {
                deviations
                    .iter()
                    .zip(&weights)
                    .map(|(one, weight)| weight * of(one))
                    .sum()
            };
            let turns = sum(&|one| dot(one.turn, one.turn));
            let value = sum(&|one| dot(one.turn, one.parallax)) / turns;
            let weight = sum(&|_| 1.0);
            if !value.is_finite() || weight <= 0.0 {
                return None;
            }
            let left: Vec<[f32; 2]> = deviations
                .iter()
                .map(|one| [0, 1].map(|axis| one.parallax[axis] - value * one.turn[axis]))
                .collect();
            let squares: f32 = left
                .iter()
                .zip(&weights)
                .map(|(one, w)| w * dot(*one, *one))
                .sum();
            let products: f32 = left
                .windows(2)
                .zip(deviations.iter().skip(1))
                .zip(weights.windows(2))
                .map(|((pair, next), w)| match pair {
                    [one, other] if next.follows => (w[0] * w[1]).sqrt() * dot(*one, *other),
                    _ => 0.0,
                })
                .sum();
            // What the neighbours have in common; of errors that go on like this (an autoregression of first order)
            // so much less is independent.
            let common = (products / squares.max(f32::MIN_POSITIVE)).clamp(0.0, 0.95);
            let dependence = (1.0 + common) / (1.0 - common);
            // Two numbers a frame, less two for each mean and one for the slope.
            let free = 2.0 * (weight - compared.len() as f32) - 1.0;
            let error = (squares / free.max(1.0) / turns * dependence).sqrt();
            let lengths: Vec<f32> = left.iter().map(|one| dot(*one, *one).sqrt()).collect();
            let spread = quantile(&lengths, 0.5).unwrap_or(0.0) / MEDIAN_LENGTH;
            for (weight, length) in weights.iter_mut().zip(&lengths) {
                // Where there is no error at all (0 / 0) the weight is one.
                *weight = (USUAL * spread / length).min(1.0);
            }
            slope = Some(Self {
                value,
                error,
                swing: (turns / weight).sqrt(),
                independent: weight / dependence,
            });
        }
        slope
    }
}

fn deviations(compared: &[&[ReliefMeasures]], weights: &[f32]) -> Vec<Deviation> {
    let mut deviations = Vec::with_capacity(weights.len());
    for frames in compared {
        let weights = weights.iter().skip(deviations.len());
        let (mut turn, mut parallax, mut total) = ([0.0; 2], [0.0; 2], f32::MIN_POSITIVE);
        for (one, weight) in frames.iter().zip(weights) {
            for axis in 0..2 {
                turn[axis] += weight * one.turn[axis];
                parallax[axis] += weight * one.parallax[axis];
            }
            total += weight;
        }
        deviations.extend(frames.iter().enumerate().map(|(at, one)| Deviation {
            turn: [0, 1].map(|axis| one.turn[axis] - turn[axis] / total),
            parallax: [0, 1].map(|axis| one.parallax[axis] - parallax[axis] / total),
            follows: at > 0,
        }));
    }
    deviations
}

fn dot(one: [f32; 2], other: [f32; 2]) -> f32 {
    one[0] * other[0] + one[1] * other[1]
}

#[cfg(test)]
mod tests;
