//! When a kiosk looks at itself again.
//!
//! ```text
//! start ──> whole check ──Checked──> idle ──(after `every`, or `again` where it was unfit)──> whole check
//!                                     │ ^
//!                        SessionBegins│ │SessionEnded
//!                                     v │
//!                                   session      (a whole check that falls due here waits for its end)
//! ```

use std::time::Duration;

const HOUR: Duration = Duration::from_secs(60 * 60);

/// How often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// Between two whole checks.
    pub every: Duration,
    /// After a check with which the kiosk must not serve, so that one that was repaired opens by itself.
    pub again: Duration,
}

impl Default for Plan {
    /// Every six hours, and after five minutes where something was wrong.
    fn default() -> Self {
        Self {
            every: 6 * HOUR,
            again: Duration::from_secs(5 * 60),
        }
    }
}

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// Time has passed: [`Watch::next_at`] is reached.
    Time,
    /// Somebody begins a session.
    SessionBegins,
    /// It is over.
    SessionEnded,
    /// The check that [`Effect::CheckAll`] ordered is done.
    Checked {
        /// The kiosk may serve with what was found.
        is_fit: bool,
    },
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// [Look](crate::look) at everything, on a thread on which nobody waits. Answered by [`Input::Checked`], once.
    CheckAll,
    /// Look for a [debugger](crate::debugger_now) at once, before the session goes on. Not answered.
    CheckDebugger,
}

/// Says when to look again. Time is monotonic, since any origin.
#[derive(Debug)]
pub struct Watch {
    plan: Plan,
    in_session: bool,
    /// When the next whole check is due; `None` while one is under way.
    due_at: Option<Duration>,
}

impl Watch {
    /// A watch that wants the first check at once.
    pub fn new(plan: Plan, now: Duration) -> Self {
        Self {
            plan,
            in_session: false,
            due_at: Some(now),
        }
    }

    /// When to give [`Input::Time`]; `None` while that would change nothing.
    pub fn next_at(&self) -> Option<Duration> {
        self.due_at.filter(|_| !self.in_session)
    }

    /// Takes what happened. At most one whole check is under way.
    pub fn step(&mut self, input: Input, now: Duration) -> Vec<Effect> {
        let mut effects = Vec::new();
        match input {
            Input::Time => {}
            Input::SessionBegins => {
                self.in_session = true;
                effects.push(Effect::CheckDebugger);
            }
            Input::SessionEnded => self.in_session = false,
            Input::Checked { is_fit } => {
                let pause = if is_fit { self.plan.every } else { self.plan.again };
                // A plan that never comes round again in time means never.
                self.due_at = Some(now.saturating_add(pause));
                return effects;
            }
        }
        if !self.in_session && self.due_at.is_some_and(|at| at <= now) {
            self.due_at = None;
            effects.push(Effect::CheckAll);
        }
        effects
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use Effect::{CheckAll, CheckDebugger};
    use Input::{Checked, SessionBegins, SessionEnded, Time};

    const fn minutes(number: u64) -> Duration {
        Duration::from_secs(60 * number)
    }

    #[test]
    fn a_day_of_a_kiosk() {
        let mut watch = Watch::new(Plan::default(), minutes(0));
        let mut check = |input, at: u64, expect: &[Effect], next: Option<u64>| {
            assert_eq!(watch.step(input, minutes(at)), expect, "{input:?} at {at}");
            assert_eq!(watch.next_at(), next.map(minutes), "{input:?} at {at}");
        };
        check(Time, 0, &[CheckAll], None);
        // Sessions may begin while it lasts.
        check(SessionBegins, 1, &[CheckDebugger], None);
        check(Checked { is_fit: true }, 2, &[], None);
        check(SessionEnded, 3, &[], Some(362));
        check(Time, 361, &[], Some(362));
        check(SessionBegins, 361, &[CheckDebugger], None);
        check(Time, 362, &[], None);
        check(SessionEnded, 370, &[CheckAll], None);
        check(Time, 371, &[], None);
        check(Checked { is_fit: false }, 372, &[], Some(377));
        check(Time, 377, &[CheckAll], None);
        check(Checked { is_fit: true }, 378, &[], Some(738));
    }

    proptest! {
        #[test]
        fn one_check_at_a_time_and_none_in_a_session(steps in proptest::collection::vec((0..5u8, 0..400u64), 0..60)) {
            let mut watch = Watch::new(Plan::default(), Duration::ZERO);
            let (mut now, mut under_way, mut in_session) = (0, false, false);
            for (step, later) in steps {
                now += later;
                let input = match step {
                    0 => SessionBegins,
                    1 => SessionEnded,
                    2 if under_way => Checked { is_fit: true },
                    3 if under_way => Checked { is_fit: false },
                    _ => Time,
                };
                match input {
                    SessionBegins => in_session = true,
                    SessionEnded => in_session = false,
                    Checked { .. } => under_way = false,
                    Time => {}
                }
                let due = watch.next_at().is_some_and(|at| at <= minutes(now));
                let effects = watch.step(input, minutes(now));
                prop_assert_eq!(effects.contains(&CheckDebugger), input == SessionBegins);
                if effects.contains(&CheckAll) {
                    prop_assert!(!under_way && !in_session);
                    under_way = true;
                }
                if due && input == Time {
                    prop_assert!(effects.contains(&CheckAll));
                }
                // Left alone, it always checks again.
                prop_assert!(under_way || in_session || watch.next_at().is_some());
            }
        }
    }
}
