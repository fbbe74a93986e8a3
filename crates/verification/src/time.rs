//! Time as an argument.

use std::time::Duration;

/// The two readings of "now" that a rule may need. The shell reads the clocks; this room never does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Time since an origin that the shell keeps for the life of the process; never goes back.
    pub monotonic: Duration,
    /// Wall clock.
    pub utc: UtcMs,
}

/// Milliseconds since 1970-01-01T00:00:00 UTC, leap seconds not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UtcMs(pub i64);
