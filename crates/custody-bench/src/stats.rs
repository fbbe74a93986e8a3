//! Quantiles and ratios. Pure.

/// What a list of measured times comes to.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Spread {
    /// How many there were.
    pub count: usize,
    /// The median, in the unit of the values.
    pub p50: f64,
    /// The 99th percentile, by the nearest rank.
    pub p99: f64,
    /// The mean.
    pub mean: f64,
}

impl Spread {
    /// Of values in any order; noughts without values.
    pub fn of(values: &[f64]) -> Self {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        Self {
            count: sorted.len(),
            p50: quantile(&sorted, 0.5),
            p99: quantile(&sorted, 0.99),
            mean: sorted.iter().sum::<f64>() / sorted.len().max(1) as f64,
        }
    }
}

/// A quantile of sorted values, by the nearest rank; nought without values.
pub fn quantile(sorted: &[f64], part: f64) -> f64 {
    let rank = (part * sorted.len() as f64).ceil().max(1.0) as usize;
    sorted
        .get(rank.min(sorted.len()).saturating_sub(1))
        .copied()
        .unwrap_or(0.0)
}

/// How many times quicker the side of `ours` is, where both are times: more is better.
pub fn quicker(ours: f64, theirs: f64) -> f64 {
    if ours > 0.0 { theirs / ours } else { f64::NAN }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_nearest_ranks() {
        let check = |values: &[f64], expect: (usize, f64, f64, f64)| {
            let Spread {
                count,
                p50,
                p99,
                mean,
            } = Spread::of(values);
            assert_eq!((count, p50, p99, mean), expect, "{values:?}");
        };
        check(&[], (0, 0.0, 0.0, 0.0));
        check(&[7.0], (1, 7.0, 7.0, 7.0));
        check(&[3.0, 1.0, 2.0], (3, 2.0, 3.0, 2.0));
        check(&[4.0, 1.0, 2.0, 3.0], (4, 2.0, 4.0, 2.5));
        let hundred: Vec<f64> = (1..=100).map(f64::from).collect();
        check(&hundred, (100, 50.0, 99.0, 50.5));
    }

    #[test]
    fn half_the_time_is_twice_as_quick() {
        assert_eq!(quicker(2.0, 4.0), 2.0);
        assert!(quicker(0.0, 4.0).is_nan());
    }
}
