//! What the stages of an analysis cost, for `cargo xtask bench face`.

use std::time::{Duration, Instant};

/// A stage of one frame, and what it took.
pub type Cost = (&'static str, Duration);

/// Keeps costs, or nothing.
#[derive(Default)]
pub(crate) struct Costs(Option<Vec<Cost>>);

impl Costs {
    /// Costs that are kept.
    pub(crate) fn kept() -> Self {
        Self(Some(Vec::new()))
    }

    /// Does the work.
    pub(crate) fn time<T>(&mut self, stage: &'static str, work: impl FnOnce() -> T) -> T {
        let Some(costs) = &mut self.0 else {
            return work();
        };
        let start = Instant::now();
        let done = work();
        costs.push((stage, start.elapsed()));
        done
    }

    /// All that were kept, in their order.
    pub(crate) fn into_list(self) -> Vec<Cost> {
        self.0.unwrap_or_default()
    }
}
