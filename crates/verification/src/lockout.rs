//! How often a code of the staff may be tried at a kiosk, and how long to wait after codes that were wrong.
//!
//! ```text
//!   Open ── begin ──> counted as wrong, to be written down ── right ──> Open, from zero
//!    ^                        │ wrong
//!    └── pause is over <── Locked: the pauses grow
//! ```
//!
//! A try is counted before the code is looked at, so that a kiosk that is switched off meanwhile has counted it.

use std::str::FromStr;

use thiserror::Error;

use crate::time::UtcMs;

/// Wrong codes that are borne without a pause: fingers slip.
const FREE: u32 = 2;

/// The pauses after each further wrong code, in milliseconds; the last one stays. With these a code of eight digits takes
/// eleven thousand years to be tried through.
const PAUSES_MS: [i64; 5] = [30_000, 60_000, 5 * 60_000, 15 * 60_000, 60 * 60_000];

/// After a day without a wrong code those before it are forgotten.
const FORGOTTEN_AFTER_MS: i64 = 24 * 60 * 60_000;

/// How the entry of codes stands. It survives a restart as the text of its [`Display`](std::fmt::Display).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Lockout {
    /// Codes in a row that were not right, or not looked at yet.
    failures: u32,
    /// When the last of them was entered.
    failed_at: Option<UtcMs>,
}

/// No code is taken for so long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("no code is taken for {left_ms} ms")]
pub struct Locked {
    /// Milliseconds until the next one is.
    pub left_ms: i64,
}

/// The text is none of a [`Lockout`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("this does not say how the entry of codes stands")]
pub struct LockoutError;

impl Lockout {
    /// As after so many wrong codes that the longest pause is due: for a kiosk that does not know how it stood.
    pub fn longest(now: UtcMs) -> Self {
        Self {
            failures: FREE + u32::try_from(PAUSES_MS.len()).unwrap_or(u32::MAX),
            failed_at: Some(now),
        }
    }

    /// Wrong codes in a row.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// How long no code is taken, if one was wrong too often. A clock that was set back begins the pause anew, and never
    /// makes it longer than it is.
    pub fn locked(&mut self, now: UtcMs) -> Option<Locked> {
        let failed_at = self.failed_at?;
        let pause_ms = self.pause_ms();
        if pause_ms == 0 {
            return None;
        }
        if now < failed_at {
            self.failed_at = Some(now);
            return Some(Locked { left_ms: pause_ms });
        }
        let left_ms = pause_ms.saturating_sub(now.0.saturating_sub(failed_at.0));
        (left_ms > 0).then_some(Locked { left_ms })
    }

    /// Somebody enters a code: counts it as wrong. Only once that is written down may the code be looked at.
    ///
    /// # Errors
    /// [`Locked`] while no code is taken; nothing is counted then.
    pub fn begin(&mut self, now: UtcMs) -> Result<(), Locked> {
        if let Some(locked) = self.locked(now) {
            return Err(locked);
        }
        let quiet_ms = self.failed_at.map_or(0, |at| now.0.saturating_sub(at.0));
        if quiet_ms >= FORGOTTEN_AFTER_MS {
            self.failures = 0;
        }
        self.failures = self.failures.saturating_add(1);
        self.failed_at = Some(now);
        Ok(())
    }

    /// The code was right.
    pub fn right(&mut self) {
        *self = Self::default();
    }

    fn pause_ms(&self) -> i64 {
        let Some(beyond) = self.failures.checked_sub(FREE + 1) else {
            return 0;
        };
        let at = usize::try_from(beyond).unwrap_or(usize::MAX);
        PAUSES_MS[at.min(PAUSES_MS.len() - 1)]
    }
}

impl std::fmt::Display for Lockout {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.failed_at {
            Some(at) => write!(f, "{} {}", self.failures, at.0),
            None => f.write_str("0"),
        }
    }
}

impl FromStr for Lockout {
    type Err = LockoutError;

    fn from_str(text: &str) -> Result<Self, LockoutError> {
        if text == "0" {
            return Ok(Self::default());
        }
        let (failures, at) = text.split_once(' ').ok_or(LockoutError)?;
        let failures = failures.parse().map_err(|_| LockoutError)?;
        let at = at.parse().map_err(|_| LockoutError)?;
        if failures == 0 {
            return Err(LockoutError);
        }
        Ok(Self {
            failures,
            failed_at: Some(UtcMs(at)),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: UtcMs = UtcMs(1_783_839_600_000);

    fn later(ms: i64) -> UtcMs {
        UtcMs(NOW.0 + ms)
    }

    #[test]
    fn pauses_grow_and_a_right_code_ends_them() {
        let mut lockout = Lockout::default();
        let mut now = NOW;
        for pause_ms in [0, 0, 30_000, 60_000, 300_000, 900_000, 3_600_000, 3_600_000] {
            assert_eq!(lockout.begin(now), Ok(()));
            let locked = (pause_ms > 0).then_some(Locked { left_ms: pause_ms });
            assert_eq!(lockout.locked(now), locked);
            if pause_ms > 0 {
                let before = UtcMs(now.0 + pause_ms - 1);
                assert_eq!(lockout.begin(before), Err(Locked { left_ms: 1 }));
            }
            now = UtcMs(now.0 + pause_ms);
        }
        assert_eq!(lockout.begin(now), Ok(()));
        lockout.right();
        assert_eq!(lockout, Lockout::default());
        assert_eq!(lockout.begin(now), Ok(()));
        assert_eq!(lockout.locked(now), None);
    }

    #[test]
    fn slips_of_another_day_are_forgotten() {
        let mut lockout = Lockout::longest(NOW);
        assert_eq!(lockout.begin(later(FORGOTTEN_AFTER_MS - 1)), Ok(()));
        assert_eq!(lockout.failures(), 8);
        assert_eq!(lockout.begin(later(2 * FORGOTTEN_AFTER_MS)), Ok(()));
        assert_eq!(lockout.failures(), 1);
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_lock_for_years() {
        let mut lockout = Lockout::longest(later(365 * 24 * 3_600_000));
        assert_eq!(lockout.locked(NOW), Some(Locked { left_ms: 3_600_000 }));
        assert_eq!(lockout.locked(later(3_600_000 - 1)), Some(Locked { left_ms: 1 }));
        assert_eq!(lockout.locked(later(3_600_000)), None);
    }

    #[test]
    fn its_text_is_read_back() {
        let check = |text: &str, expect: Result<(u32, Option<i64>), LockoutError>| {
            let read = text.parse::<Lockout>();
            let read = read.map(|it| (it.failures, it.failed_at.map(|at| at.0)));
            assert_eq!(read, expect, "{text}");
        };
        check("0", Ok((0, None)));
        check("3 17", Ok((3, Some(17))));
        for wrong in ["", "0 17", "3", "x 17", "3 x", "3  17", "-1 17"] {
            check(wrong, Err(LockoutError));
        }
    }

    proptest! {
        #[test]
        fn no_text_panics_and_every_state_survives_a_restart(text in ".*", failures in 1..u32::MAX, at: i64) {
            let _ = text.parse::<Lockout>();
            let lockout = Lockout { failures, failed_at: Some(UtcMs(at)) };
            prop_assert_eq!(lockout.to_string().parse(), Ok(lockout));
        }

        /// Whatever the clock does, no pause is longer than the longest one, and while one lasts nothing is counted.
        #[test]
        fn a_pause_ends_and_counts_nothing(steps in prop::collection::vec((any::<i64>(), any::<bool>()), 1..40)) {
            let mut lockout = Lockout::default();
            for (at, right) in steps {
                let before = lockout.failures();
                match lockout.begin(UtcMs(at)) {
                    Ok(()) if right => lockout.right(),
                    Ok(()) => prop_assert!([1, before.saturating_add(1)].contains(&lockout.failures())),
                    Err(Locked { left_ms }) => {
                        prop_assert!(left_ms > 0 && left_ms <= PAUSES_MS[4]);
                        prop_assert_eq!(lockout.failures(), before);
                        prop_assert!(before > FREE);
                        let over = at.saturating_add(left_ms);
                        prop_assert!(over == i64::MAX || lockout.locked(UtcMs(over)).is_none());
                    }
                }
            }
        }

        /// So many codes can be tried in an hour at most, however they are spread.
        #[test]
        fn nobody_tries_more_than_the_pauses_let(gaps in prop::collection::vec(0..120_000_i64, 1..400)) {
            let (mut lockout, mut now, mut tried) = (Lockout::default(), NOW, 0);
            for gap in gaps {
                now = UtcMs(now.0 + gap);
                if now.0 - NOW.0 > 3_600_000 {
                    break;
                }
                tried += u32::from(lockout.begin(now).is_ok());
            }
            prop_assert!(tried <= FREE + 5, "{tried}");
        }
    }
}
