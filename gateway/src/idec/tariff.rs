//! What comparisons cost. Pure.
//!
//! The centre's published tariff is per comparison, by the number of comparisons of one user in one day: the first
//! thousand cost most. It is read as steps: the comparison with the number 1001 of a day costs what stands for 1001 to
//! 3000, and the thousand before it stay as dear as they were. A day is one of Kazakhstan (UTC+5 in the whole country).

use serde::{Deserialize, Serialize};
use verification::time::UtcMs;

/// Kazakhstan is ahead of UTC by five hours, the whole year and everywhere.
const AHEAD_MS: i64 = 5 * 60 * 60 * 1000;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// A day in Kazakhstan: how many days it is after 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BankDay(pub i64);

impl BankDay {
    /// The earliest day there is.
    pub const FIRST: Self = Self(i64::MIN);

    /// The day at this time.
    pub fn of(at: UtcMs) -> Self {
        Self(at.0.saturating_add(AHEAD_MS).div_euclid(DAY_MS))
    }
}

impl std::fmt::Display for BankDay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let seconds = self.0.checked_mul(DAY_MS / 1000);
        match seconds.map(time::OffsetDateTime::from_unix_timestamp) {
            Some(Ok(at)) => {
                let date = at.date();
                write!(
                    f,
                    "{:04}-{:02}-{:02}",
                    date.year(),
                    u8::from(date.month()),
                    date.day()
                )
            }
            _ => f.write_str("?"),
        }
    }
}

/// One step of a tariff.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// The number of the last comparison of a day to which it applies.
    pub up_to: u64,
    /// What one comparison costs.
    pub tenge: u64,
}

/// What comparisons cost, by their number in a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tariff {
    /// What one comparison costs behind the last step.
    pub above_tenge: u64,
    /// The steps, in rising order.
    pub steps: Vec<Step>,
}

impl Default for Tariff {
    /// The published one: 400 tenge up to 1000, 210 up to 3000, 60 above.
    fn default() -> Self {
        let step = |up_to, tenge| Step { up_to, tenge };
        Self {
            above_tenge: 60,
            steps: vec![step(1000, 400), step(3000, 210)],
        }
    }
}

impl Tariff {
    /// What so many comparisons of one day cost, in tenge.
    pub fn tenge(&self, comparisons: u64) -> u64 {
        let (mut paid, mut total) = (0_u64, 0_u64);
        for step in &self.steps {
            let in_step = comparisons.min(step.up_to).saturating_sub(paid);
            total = total.saturating_add(in_step.saturating_mul(step.tenge));
            paid = paid.saturating_add(in_step);
        }
        let above = comparisons.saturating_sub(paid);
        total.saturating_add(above.saturating_mul(self.above_tenge))
    }

    /// Whether each step ends behind the one before.
    pub fn is_rising(&self) -> bool {
        let mut last = 0;
        self.steps.iter().all(|step| {
            let rises = step.up_to > last;
            last = step.up_to;
            rises
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_steps_have_their_edges() {
        let tariff = Tariff::default();
        for (comparisons, tenge) in [
            (0, 0),
            (1, 400),
            (999, 399_600),
            (1000, 400_000),
            (1001, 400_210),
            (2999, 819_790),
            (3000, 820_000),
            (3001, 820_060),
            (10_000, 1_240_000),
        ] {
            assert_eq!(tariff.tenge(comparisons), tenge, "{comparisons}");
        }
        let flat = Tariff {
            above_tenge: 5,
            steps: Vec::new(),
        };
        assert_eq!(flat.tenge(7), 35);
    }

    #[test]
    fn a_day_begins_at_midnight_in_kazakhstan() {
        // 2026-11-22T18:59:59.999Z and the next millisecond.
        let last = UtcMs(1_795_373_999_999);
        assert_eq!(BankDay::of(last).to_string(), "2026-11-22");
        assert_eq!(BankDay::of(UtcMs(last.0 + 1)).to_string(), "2026-11-23");
        assert_eq!(BankDay::of(UtcMs(-AHEAD_MS - 1)).to_string(), "1969-12-31");
        assert_eq!(BankDay::FIRST.to_string(), "?");
    }

    #[test]
    fn steps_rise() {
        assert!(Tariff::default().is_rising());
        let mut wrong = Tariff::default();
        wrong.steps.swap(0, 1);
        assert!(!wrong.is_rising());
    }

    proptest! {
        /// Each further comparison costs what its own step says, and nothing overflows.
        #[test]
        fn each_comparison_costs_its_step(comparisons in 0_u64..5000) {
            let tariff = Tariff::default();
            let one = match comparisons + 1 {
                0..=1000 => 400,
                1001..=3000 => 210,
                _ => 60,
            };
            prop_assert_eq!(tariff.tenge(comparisons + 1) - tariff.tenge(comparisons), one);
        }

        #[test]
        fn never_panics(at: i64, comparisons: u64, up_to: u64, tenge: u64, above_tenge: u64) {
            let _ = BankDay::of(UtcMs(at)).to_string();
            let _ = BankDay(at).to_string();
            Tariff { above_tenge, steps: vec![Step { up_to, tenge }] }.tenge(comparisons);
        }
    }
}
