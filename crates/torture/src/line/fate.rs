//! What may happen to a connection.

use std::time::Duration;

use crate::plan::Weather;

/// A direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// From the kiosk to the gateway.
    Up,
    /// From the gateway to the kiosk.
    Down,
}

/// What happens to one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Nothing.
    Through,
    /// It is closed at once.
    Refused,
    /// It is accepted, and then nothing is ever said.
    Silent,
    /// It is cut after so many bytes of one direction, which may be in the midst of a frame.
    Cut {
        /// Of which direction.
        way: Way,
        /// After how many bytes.
        after_bytes: u32,
    },
    /// From so many bytes on, one direction is dead, and the other one is not.
    HalfDead {
        /// Which direction dies.
        way: Way,
        /// After how many of its bytes.
        after_bytes: u32,
    },
    /// Everything comes later.
    Delayed {
        /// By so much, for each piece.
        by: Duration,
    },
    /// Bytes come slowly.
    Slow {
        /// So many in a second.
        bytes_per_s: u32,
    },
    /// All that the kiosk says is said to the gateway on a second connection too.
    Doubled,
    /// What the kiosk said on an earlier connection is said to the gateway once more, beside this connection.
    Replayed,
}

impl Fate {
    /// The fate of the next connection.
    pub(super) fn draw(weather: Weather, random: &mut fastrand::Rng) -> Self {
        // As many numbers are drawn for every weather, so that a change of the weather changes nothing that follows.
        let luck = random.u8(0..100);
        let kind = random.u8(0..100);
        let way = if random.bool() { Way::Up } else { Way::Down };
        // A handshake has about 2 kB up and 2 kB down: most faults are to come later, among the documents.
        let after_bytes = if random.u8(0..4) == 0 {
            random.u32(0..4_000)
        } else {
            random.u32(4_000..200_000)
        };
        let by = Duration::from_millis(random.u64(1..120));
        let bytes_per_s = random.u32(20_000..400_000);
        let faulty = match weather {
            Weather::Fair => false,
            Weather::Rough => luck < 25,
            Weather::Storm => luck < 75,
            Weather::Down => return Self::Refused,
        };
        if !faulty {
            return Self::Through;
        }
        match kind {
            0..=9 => Self::Refused,
            10..=17 => Self::Silent,
            18..=47 => Self::Cut { way, after_bytes },
            48..=61 => Self::HalfDead { way, after_bytes },
            62..=73 => Self::Delayed { by },
            74..=81 => Self::Slow { bytes_per_s },
            82..=90 => Self::Doubled,
            _ => Self::Replayed,
        }
    }

    /// As it stands in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Through => "untouched",
            Self::Refused => "refused",
            Self::Silent => "accepted, then silent",
            Self::Cut { .. } => "cut in its midst",
            Self::HalfDead { .. } => "one direction dead",
            Self::Delayed { .. } => "delayed",
            Self::Slow { .. } => "slow",
            Self::Doubled => "doubled",
            Self::Replayed => "an earlier one replayed beside it",
        }
    }
}
