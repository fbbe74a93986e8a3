use std::collections::VecDeque;
use std::time::Duration;

use super::fault::{FaultKind, Faults, Verb};
use super::machine::Output;
use super::trace::{Listing, Trace};

/// Longer than a host waits for the answer to a question.
const LATE: Duration = Duration::from_millis(2500);
const DRIP_PAUSE: Duration = Duration::from_millis(1);
/// Noise comes at about the speed of the line.
const NOISE_PAUSE: Duration = Duration::from_millis(10);
const NOISE_BYTES: usize = 64;
/// No honest exchange has more waiting; a host that asks without end and takes no answer gets no more.
const QUEUE_MAX: usize = 4096;

/// A frame on its way out.
pub(super) struct Outgoing {
    /// When.
    pub at: Duration,
    /// The command that it belongs to.
    pub verb: Verb,
    /// Whether it may come late or break off: it is what the host waits for.
    pub breaks: bool,
    /// Whether it may wait for the next one: it is told on the way.
    pub waits: bool,
    /// All bytes.
    pub bytes: Vec<u8>,
    /// What people read of it.
    pub listing: Listing,
}

/// Everything that a device sends goes through here, in order, and may go wrong here.
pub(super) struct Wire {
    /// What goes wrong, here and elsewhere.
    pub faults: Faults,
    /// Lines for people.
    pub trace: Trace,
    random: Random,
    queue: VecDeque<(Duration, Output)>,
    /// A frame that waits for the next one, with the fault "sticky".
    held: Vec<u8>,
    /// When noise comes next, once it has begun.
    noise_at: Option<Duration>,
    /// What false starts of a frame look like in this protocol.
    lures: &'static [&'static [u8]],
}

impl Wire {
    pub fn new(faults: Faults, trace: Trace, seed: u64, lures: &'static [&'static [u8]]) -> Self {
        Self {
            faults,
            trace,
            random: Random(seed),
            queue: VecDeque::new(),
            held: Vec::new(),
            noise_at: None,
            lures,
        }
    }

    /// Power has been off: what had not gone out never will.
    pub fn cut(&mut self) {
        self.queue.clear();
    }

    /// The device starts: what it had not said by now it never will. Gives the time at which it listens.
    pub fn start(&mut self, now: Duration, boot: Duration) -> Duration {
        self.queue.retain(|(at, _)| *at <= now);
        self.held.clear();
        self.noise_at = self.faults.always(FaultKind::Garbage).then_some(now);
        let delay = if self.faults.strike(FaultKind::BootDelay, Verb::Unasked) {
            Duration::from_secs(1)
        } else {
            Duration::ZERO
        };
        now + boot + delay
    }

    /// Other faults from now on.
    pub fn set_faults(&mut self, now: Duration, faults: Faults) {
        self.noise_at = faults.always(FaultKind::Garbage).then_some(now);
        self.faults = faults;
    }

    pub fn send(&mut self, mut frame: Outgoing) {
        let verb = frame.verb;
        if self.faults.strike(FaultKind::Garbage, verb) {
            self.noise_at.get_or_insert(frame.at);
        }
        if self.noise_at.is_some() || self.queue.len() >= QUEUE_MAX {
            return;
        }
        if self.faults.strike(FaultKind::Silence, verb) {
            frame.listing.remark = "not sent: silence";
            self.trace.frame(frame.at, "<", &frame.listing);
            return;
        }
        // Nothing overtakes what is still waiting to go out.
        let mut at = self
            .queue
            .back()
            .map_or(frame.at, |(last, _)| frame.at.max(*last));
        let mut bytes = frame.bytes;
        let mut hangs_up = false;
        if frame.breaks {
            if self.faults.strike(FaultKind::Late, verb) {
                at += LATE;
                frame.listing.remark = "late";
            }
            let late = self
                .faults
                .find_outside_captures(verb, |kind| matches!(kind, FaultKind::ReplyMs(_)));
            if let Some(FaultKind::ReplyMs(ms)) = late {
                at += Duration::from_millis(ms.into());
            }
            hangs_up = self
                .faults
                .find_in_capture(verb, |kind| kind == FaultKind::HangUp)
                .is_some();
            if hangs_up || self.faults.strike(FaultKind::Stall, verb) {
                bytes.truncate(bytes.len() / 2);
                frame.listing.remark = "breaks off in the middle";
            }
        }
        if self.faults.strike(FaultKind::Junk, verb) {
            bytes.splice(0..0, self.junk());
            frame.listing.remark = "junk before it";
        }
        self.trace.frame(at, "<", &frame.listing);
        if self.faults.strike(FaultKind::Sticky, verb) && frame.waits && self.held.is_empty() {
            self.held = bytes;
            return;
        }
        bytes.splice(0..0, std::mem::take(&mut self.held));
        if self.faults.strike(FaultKind::Drip, verb) {
            for (count, byte) in (1..).zip(bytes) {
                self.queue
                    .push_back((at + DRIP_PAUSE * count, Output::Bytes(vec![byte])));
            }
        } else {
            self.queue.push_back((at, Output::Bytes(bytes)));
        }
        if hangs_up {
            self.queue.push_back((at, Output::HangUp));
        }
    }

    /// What is to go out by now.
    pub fn due(&mut self, now: Duration) -> Vec<Output> {
        let mut due = Vec::new();
        while self.queue.front().is_some_and(|(at, _)| *at <= now) {
            due.extend(self.queue.pop_front().map(|(_, output)| output));
        }
        if self.noise_at.is_some_and(|at| at <= now) {
            self.noise_at = Some(now + NOISE_PAUSE);
            due.push(Output::Bytes(
                (0..NOISE_BYTES).map(|_| self.random.byte()).collect(),
            ));
        }
        due
    }

    pub fn deadline(&self) -> Option<Duration> {
        let next = self.queue.front().map(|(at, _)| *at);
        next.into_iter().chain(self.noise_at).min()
    }

    pub fn random(&mut self) -> u64 {
        self.random.next()
    }

    /// Bytes before a frame: noise, and what looks like the start of a frame but is none.
    fn junk(&mut self) -> Vec<u8> {
        let mut junk: Vec<u8> = (0..1 + self.random.next() % 8)
            .map(|_| self.random.byte())
            .collect();
        let pick = self.random.next() % self.lures.len().max(1) as u64;
        junk.extend(self.lures.get(pick as usize).copied().unwrap_or_default());
        junk
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): the same seed gives the same run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn byte(&mut self) -> u8 {
        (self.next() >> 8) as u8
    }
}
