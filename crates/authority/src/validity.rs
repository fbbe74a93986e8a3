//! From when to when a certificate counts, and when it is renewed.

use verification::time::UtcMs;

const HOUR_MS: i64 = 60 * 60 * 1000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// How far back a new certificate counts, for a kiosk whose clock is behind.
const BACK_MS: i64 = HOUR_MS;

/// How long certificates are issued for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetime {
    days: u32,
}

impl Lifetime {
    /// That many days, at least one.
    pub fn days(days: u32) -> Self {
        Self { days: days.max(1) }
    }

    /// From an hour before `now` on.
    pub(crate) fn from(self, now: UtcMs) -> Validity {
        Validity {
            not_before: UtcMs(now.0.saturating_sub(BACK_MS)),
            not_after: UtcMs(now.0.saturating_add(i64::from(self.days) * DAY_MS)),
        }
    }
}

impl Default for Lifetime {
    /// 90 days: a kiosk that is off for a month still renews in time.
    fn default() -> Self {
        Self::days(90)
    }
}

/// From when to when a certificate counts, to the second, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// The first moment.
    pub not_before: UtcMs,
    /// The last one.
    pub not_after: UtcMs,
}

impl Validity {
    /// Whether it counts at this time.
    pub fn contains(&self, now: UtcMs) -> bool {
        self.not_before <= now && now.0 < self.not_after.0.saturating_add(1000)
    }

    /// From when on it may be renewed: after two thirds of its life. A kiosk then has a third of it left for trying.
    pub fn renewable_from(&self) -> UtcMs {
        let life = self.not_after.0.saturating_sub(self.not_before.0).max(0);
        UtcMs(self.not_after.0.saturating_sub(life / 3))
    }

    /// Whether it may be renewed now: it counts, and two thirds of its life are over.
    pub fn renewable(&self, now: UtcMs) -> bool {
        self.contains(now) && self.renewable_from() <= now
    }

    /// Whole days until it ends; negative once it has ended.
    pub fn days_left(&self, now: UtcMs) -> i64 {
        self.not_after.0.saturating_sub(now.0).div_euclid(DAY_MS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_renewed_in_its_last_third() {
        let validity = Validity {
            not_before: UtcMs(0),
            not_after: UtcMs(90 * DAY_MS),
        };
        let check = |day: i64, counts: bool, renewable: bool| {
            let now = UtcMs(day * DAY_MS);
            assert_eq!(
                (validity.contains(now), validity.renewable(now)),
                (counts, renewable),
                "{day}"
            );
        };
        check(-1, false, false);
        check(0, true, false);
        check(59, true, false);
        check(60, true, true);
        check(90, true, true);
        check(91, false, false);
        assert_eq!(validity.days_left(UtcMs(DAY_MS / 2)), 89);
        assert_eq!(validity.days_left(UtcMs(90 * DAY_MS + 1)), -1);
    }

    #[test]
    fn times_beyond_all_calendars_do_no_harm() {
        for ms in [i64::MIN, i64::MIN + 1, -1, 0, i64::MAX] {
            let validity = Lifetime::default().from(UtcMs(ms));
            validity.renewable(UtcMs(i64::MAX));
            validity.days_left(UtcMs(i64::MIN));
        }
    }
}
