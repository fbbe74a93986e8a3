//! When a kiosk must not begin another session: what it holds cannot leave it, or what it would hold could not be kept.
//!
//! Each concern first warns, so that somebody can act, and then closes the kiosk with a reason. A session that is under way is
//! never cut off by it.

use std::time::Duration;

use thiserror::Error;

use crate::time::UtcMs;

/// From where on a kiosk is worried, and from where on it is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustodyLimits {
    /// Documents that the gateway does not have.
    pub pending: Bounds<u64>,
    /// Their size in bytes.
    pub pending_bytes: Bounds<u64>,
    /// Time since the gateway was last heard, or since the oldest document has been waiting for it.
    pub unsynced: Bounds<Duration>,
    /// Bytes that are free on the disk of the store. Here less is worse.
    pub disk_free_bytes: Bounds<u64>,
    /// Difference between the kiosk's clock and the gateway's.
    pub clock_skew: Bounds<Duration>,
    /// Time until the kiosk's certificate expires. Here less is worse.
    pub certificate_left: Bounds<Duration>,
    /// How long documents and their receipts are kept after the gateway has confirmed them, for a gateway that loses what it
    /// had confirmed.
    pub retained: Duration,
}

/// Two bounds of one quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds<T> {
    /// Reaching it warns.
    pub warn: T,
    /// Reaching it closes the kiosk.
    pub stop: T,
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const MIB: u64 = 1024 * 1024;

impl Default for CustodyLimits {
    /// A long weekend without a line warns and does not close; the sizes fit an ordinary kiosk's disk many times over.
    fn default() -> Self {
        Self {
            pending: Bounds {
                warn: 200,
                stop: 2_000,
            },
            pending_bytes: Bounds {
                warn: 256 * MIB,
                stop: 2_048 * MIB,
            },
            unsynced: Bounds {
                warn: DAY,
                stop: 7 * DAY,
            },
            disk_free_bytes: Bounds {
                warn: 2_048 * MIB,
                stop: 512 * MIB,
            },
            clock_skew: Bounds {
                warn: Duration::from_secs(5 * 60),
                stop: Duration::from_secs(60 * 60),
            },
            certificate_left: Bounds {
                warn: 14 * DAY,
                stop: Duration::ZERO,
            },
            // Longer than institutions leave between two backups.
            retained: 7 * DAY,
        }
    }
}

/// Limits that make no sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the limit {0} closes the kiosk before it warns")]
pub struct LimitsError(pub &'static str);

impl CustodyLimits {
    /// Whether each limit warns before it closes.
    ///
    /// # Errors
    /// Names the first one that does not.
    pub fn check(&self) -> Result<(), LimitsError> {
        let rising = [
            (
                "pending",
                self.pending.warn <= self.pending.stop && self.pending.stop > 0,
            ),
            (
                "pending_bytes",
                self.pending_bytes.warn <= self.pending_bytes.stop,
            ),
            ("unsynced", self.unsynced.warn <= self.unsynced.stop),
            (
                "disk_free_bytes",
                self.disk_free_bytes.warn >= self.disk_free_bytes.stop,
            ),
            ("clock_skew", self.clock_skew.warn <= self.clock_skew.stop),
            (
                "certificate_left",
                self.certificate_left.warn >= self.certificate_left.stop,
            ),
        ];
        match rising.into_iter().find(|(_, right)| !right) {
            Some((name, _)) => Err(LimitsError(name)),
            None => Ok(()),
        }
    }
}

/// How the custody of documents stands. What is not known does not worry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CustodyState {
    /// Documents that the gateway does not have.
    pub pending: u64,
    /// Their size in bytes.
    pub pending_bytes: u64,
    /// When the oldest of them was put.
    pub oldest_pending_at: Option<UtcMs>,
    /// When the gateway was last heard.
    pub heard_at: Option<UtcMs>,
    /// Bytes that are free on the disk of the store.
    pub disk_free_bytes: Option<u64>,
    /// The gateway's clock minus the kiosk's, in milliseconds, as of the last greeting.
    pub clock_skew_ms: Option<i64>,
    /// The latest time that this kiosk has written down: no clock that is right shows less.
    pub latest_written_at: Option<UtcMs>,
    /// When the kiosk's certificate expires; `None` for a kiosk that has none.
    pub certificate_expires_at: Option<UtcMs>,
    /// The kiosk has a key and a certificate to sign with.
    pub is_enrolled: bool,
    /// The gateway does not serve this kiosk: it is unknown there, or was revoked.
    pub is_refused: bool,
    /// Documents that the gateway refused, or whose receipts do not count.
    pub set_aside: u64,
    /// Stores that were put aside and not wholly taken over.
    pub stores_aside: u64,
    /// The gateway's certificate is not valid at the time that the kiosk's clock shows.
    pub is_clock_doubted: bool,
}

/// What is worrying.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Concern {
    /// There is nothing to sign with.
    NotEnrolled,
    /// The gateway does not serve this kiosk.
    Refused,
    /// The certificate expires.
    Certificate,
    /// Too many documents wait, or they are too large together.
    Pending,
    /// The gateway was not heard for too long, or does not take a document.
    Unsynced,
    /// The disk is nearly full.
    DiskFree,
    /// The clock is wrong.
    Clock,
    /// Documents were set aside, or a store was: somebody has to look at them.
    SetAside,
}

/// How much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Somebody should act.
    Warn,
    /// No session may begin.
    Stop,
}

/// All that is worrying now; nothing where all is well. Those that close the kiosk come first.
pub fn concerns(state: &CustodyState, limits: &CustodyLimits, now: UtcMs) -> Vec<(Severity, Concern)> {
    let mut found: Vec<(Severity, Concern)> = Vec::new();
    if !state.is_enrolled {
        found.push((Severity::Stop, Concern::NotEnrolled));
    }
    if state.is_refused {
        found.push((Severity::Stop, Concern::Refused));
    }
    let certificate = state
        .certificate_expires_at
        .and_then(|at| sinking(between(now, at), limits.certificate_left));
    let pending =
        rising(state.pending, limits.pending).max(rising(state.pending_bytes, limits.pending_bytes));
    let unsynced = [state.heard_at, state.oldest_pending_at]
        .into_iter()
        .flatten()
        .map(|at| rising(between(at, now), limits.unsynced))
        .max()
        .flatten();
    let disk = state
        .disk_free_bytes
        .and_then(|free| sinking(free, limits.disk_free_bytes));
    let skew = state
        .clock_skew_ms
        .map(|skew_ms| Duration::from_millis(skew_ms.unsigned_abs()));
    let behind = state.latest_written_at.map(|at| between(now, at));
    let doubted = state.is_clock_doubted.then_some(Severity::Warn);
    let clock = skew
        .max(behind)
        .and_then(|off| rising(off, limits.clock_skew))
        .max(doubted);
    let judged = [
        (certificate, Concern::Certificate),
        (pending, Concern::Pending),
        (unsynced, Concern::Unsynced),
        (disk, Concern::DiskFree),
        (clock, Concern::Clock),
        (
            (state.set_aside > 0 || state.stores_aside > 0).then_some(Severity::Warn),
            Concern::SetAside,
        ),
    ];
    found.extend(
        judged
            .into_iter()
            .filter_map(|(severity, concern)| Some((severity?, concern))),
    );
    found.sort_by_key(|(severity, concern)| (std::cmp::Reverse(*severity), *concern));
    found
}

fn rising<T: PartialOrd>(value: T, bounds: Bounds<T>) -> Option<Severity> {
    if value >= bounds.stop {
        Some(Severity::Stop)
    } else if value >= bounds.warn {
        Some(Severity::Warn)
    } else {
        None
    }
}

fn sinking<T: PartialOrd>(value: T, bounds: Bounds<T>) -> Option<Severity> {
    if value <= bounds.stop {
        Some(Severity::Stop)
    } else if value <= bounds.warn {
        Some(Severity::Warn)
    } else {
        None
    }
}

/// Zero where the second time is the earlier one.
fn between(earlier: UtcMs, later: UtcMs) -> Duration {
    Duration::from_millis(u64::try_from(later.0.saturating_sub(earlier.0)).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use Concern::{Certificate, Clock, DiskFree, NotEnrolled, Pending, Refused, SetAside, Unsynced};
    use Severity::{Stop, Warn};

    const DAY_MS: i64 = 24 * 60 * 60 * 1000;
    const NOW: UtcMs = UtcMs(1_000 * DAY_MS);

    fn well() -> CustodyState {
        CustodyState {
            heard_at: Some(NOW),
            disk_free_bytes: Some(100_000 * MIB),
            clock_skew_ms: Some(-1_000),
            latest_written_at: Some(NOW),
            certificate_expires_at: Some(UtcMs(NOW.0 + 60 * DAY_MS)),
            is_enrolled: true,
            ..CustodyState::default()
        }
    }

    #[test]
    fn each_quantity_warns_and_then_closes() {
        let check = |change: &dyn Fn(&mut CustodyState), expect: &[(Severity, Concern)]| {
            let mut state = well();
            change(&mut state);
            assert_eq!(concerns(&state, &CustodyLimits::default(), NOW), expect);
        };
        check(&|_| {}, &[]);
        check(&|state| state.pending = 199, &[]);
        check(&|state| state.pending = 200, &[(Warn, Pending)]);
        check(&|state| state.pending = 2_000, &[(Stop, Pending)]);
        check(&|state| state.pending_bytes = 300 * MIB, &[(Warn, Pending)]);
        check(
            &|state| state.heard_at = Some(UtcMs(NOW.0 - DAY_MS)),
            &[(Warn, Unsynced)],
        );
        check(
            &|state| state.heard_at = Some(UtcMs(NOW.0 - 7 * DAY_MS)),
            &[(Stop, Unsynced)],
        );
        check(
            &|state| state.oldest_pending_at = Some(UtcMs(NOW.0 - 8 * DAY_MS)),
            &[(Stop, Unsynced)],
        );
        check(&|state| state.disk_free_bytes = Some(MIB), &[(Stop, DiskFree)]);
        check(
            &|state| state.disk_free_bytes = Some(1_000 * MIB),
            &[(Warn, DiskFree)],
        );
        check(&|state| state.clock_skew_ms = Some(-600_000), &[(Warn, Clock)]);
        check(&|state| state.clock_skew_ms = Some(i64::MIN), &[(Stop, Clock)]);
        check(
            &|state| state.latest_written_at = Some(UtcMs(NOW.0 + DAY_MS)),
            &[(Stop, Clock)],
        );
        check(
            &|state| state.certificate_expires_at = Some(UtcMs(NOW.0 + DAY_MS)),
            &[(Warn, Certificate)],
        );
        check(
            &|state| state.certificate_expires_at = Some(NOW),
            &[(Stop, Certificate)],
        );
        check(&|state| state.is_enrolled = false, &[(Stop, NotEnrolled)]);
        check(&|state| state.is_refused = true, &[(Stop, Refused)]);
        check(&|state| state.set_aside = 1, &[(Warn, SetAside)]);
        check(&|state| state.stores_aside = 1, &[(Warn, SetAside)]);
        check(&|state| state.is_clock_doubted = true, &[(Warn, Clock)]);
        check(
            &|state| {
                state.pending = 500;
                state.disk_free_bytes = Some(0);
                state.clock_skew_ms = Some(400_000);
            },
            &[(Stop, DiskFree), (Warn, Pending), (Warn, Clock)],
        );
    }

    #[test]
    fn what_is_not_known_does_not_worry() {
        let state = CustodyState {
            is_enrolled: true,
            ..CustodyState::default()
        };
        assert_eq!(concerns(&state, &CustodyLimits::default(), NOW), []);
    }

    #[test]
    fn limits_that_close_before_they_warn_are_refused() {
        assert_eq!(CustodyLimits::default().check(), Ok(()));
        let mut limits = CustodyLimits::default();
        limits.disk_free_bytes.stop = limits.disk_free_bytes.warn + 1;
        assert_eq!(limits.check(), Err(LimitsError("disk_free_bytes")));
        limits = CustodyLimits::default();
        limits.pending.stop = 100;
        assert_eq!(limits.check(), Err(LimitsError("pending")));
    }
}
