//! How often somebody may be wrong about who they are. Pure: time is an argument.
//!
//! ```text
//!   begun: counted ──┬─ succeeded ──> forgotten
//!                    └─ N of them ──> locked for a while ──> forgotten
//! ```
//!
//! A try counts when it begins, and not when it has failed: else many at once would all be let in before the first one
//! has failed. Numbers that nobody has share one count, so that no stranger makes this grow.

use std::collections::HashMap;
use std::time::Duration;

/// How strict it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// So many tries without success lock.
    pub failures_max: u32,
    /// For so long, counted from the last of them. Tries that are older are forgotten, too.
    pub locked: Duration,
}

/// What becomes of a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// It may be made. The last one before the lock says so.
    Open {
        /// If it fails, the next one is refused.
        last: bool,
    },
    /// It may not.
    Locked,
}

#[derive(Debug, Clone, Copy)]
struct Tries {
    count: u32,
    last_at: Duration,
}

/// Counts tries by examiner; `None` is for all numbers that nobody has. Times are those of one clock that does not go back.
#[derive(Debug)]
pub struct Lockout {
    rules: Rules,
    tries: HashMap<Option<String>, Tries>,
}

impl Lockout {
    /// Nobody has tried.
    pub fn new(rules: Rules) -> Self {
        Self {
            rules,
            tries: HashMap::new(),
        }
    }

    /// A try begins.
    pub fn begin(&mut self, who: Option<&str>, now: Duration) -> Gate {
        let tries = self.tries.entry(who.map(str::to_owned)).or_insert(Tries {
            count: 0,
            last_at: now,
        });
        if now.saturating_sub(tries.last_at) >= self.rules.locked {
            tries.count = 0;
        }
        if tries.count >= self.rules.failures_max {
            // A try while it is locked makes the lock no longer.
            return Gate::Locked;
        }
        tries.count += 1;
        tries.last_at = now;
        Gate::Open {
            last: tries.count == self.rules.failures_max,
        }
    }

    /// It was right.
    pub fn succeeded(&mut self, who: &str) {
        self.tries.remove(&Some(who.to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RULES: Rules = Rules {
        failures_max: 3,
        locked: Duration::from_secs(60),
    };

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn so_many_wrong_ones_lock_for_a_while() {
        let mut lockout = Lockout::new(RULES);
        let open = |last| Gate::Open { last };
        assert_eq!(lockout.begin(Some("a"), at(0)), open(false));
        assert_eq!(lockout.begin(Some("a"), at(1)), open(false));
        assert_eq!(lockout.begin(Some("a"), at(2)), open(true));
        assert_eq!(lockout.begin(Some("a"), at(3)), Gate::Locked);
        // Nobody else is, and no try makes it longer.
        assert_eq!(lockout.begin(Some("b"), at(3)), open(false));
        assert_eq!(lockout.begin(None, at(3)), open(false));
        assert_eq!(lockout.begin(Some("a"), at(61)), Gate::Locked);
        assert_eq!(lockout.begin(Some("a"), at(62)), open(false));
    }

    #[test]
    fn who_was_right_begins_anew() {
        let mut lockout = Lockout::new(RULES);
        for round in 0..10 {
            lockout.begin(Some("a"), at(round));
            lockout.begin(Some("a"), at(round));
            lockout.succeeded("a");
        }
        assert_eq!(lockout.begin(Some("a"), at(10)), Gate::Open { last: false });
    }

    proptest! {
        /// Whatever the tries are, within one lock no more than so many are let through without success.
        #[test]
        fn no_more_than_so_many_get_through(pauses in prop::collection::vec(0_u64..30, 1..200)) {
            let mut lockout = Lockout::new(RULES);
            let (mut now, mut open) = (0, Vec::new());
            for pause in pauses {
                now += pause;
                if let Gate::Open { .. } = lockout.begin(Some("a"), at(now)) {
                    open.push(now);
                }
            }
            for four in open.windows(4) {
                prop_assert!(four[3] - four[0] >= 60 || four.windows(2).any(|two| two[1] - two[0] >= 60), "{four:?}");
            }
        }
    }
}
