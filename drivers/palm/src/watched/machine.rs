//! When to open, ask, listen and perform: no clock, no port, no thread.
//!
//! ```text
//!             opened                  listen fails, three asks fail, one ask in doubt fails
//!  Absent ─────────────> Present ───────────────────────────────────────────────> Absent
//!  (each order is        (one order after the other; asks every 5 s, and at once where it is in doubt: the
//!   refused at once)      scanner restarted, an order failed, or a capture follows upon a silence)
//! ```

use std::collections::VecDeque;
use std::time::Duration;

use verification::capture::DeviceFault;
use verification::palm::ScannerIdentity;

use super::{Order, Report};
use crate::backoff::Backoff;
use crate::{ModuleStatus, Notice, ScannerInfo};

/// How often an idle scanner is asked how it does: a broken wire looks like silence.
const ASK_INTERVAL: Duration = Duration::from_secs(5);
/// After how much silence it is asked before a capture: a mute one would otherwise keep a person waiting for the whole
/// limit of the scan.
const SILENCE_MAX: Duration = Duration::from_secs(1);
/// How often in a row it may leave that unanswered. Silence in between means nothing.
const MISSES_MAX: u8 = 3;
/// How often to look for a port that is not there, or not yet ours. Looking opens nothing, so it need not be slowed
/// down.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);
/// For how long another reason must be the only one before it is told. While a scanner is looked for, attempts may fail for two
/// reasons by turns: a port that comes and goes, a module that now says that it is busy and now nothing. Whoever reads the
/// reason wants one.
const SETTLED: Duration = Duration::from_secs(3);

/// Decides; the thread that owns the port does as it says.
#[derive(Debug)]
pub struct Machine {
    state: State,
    queue: VecDeque<Order>,
    /// What is under way, if anything is.
    running: Option<Running>,
}

#[derive(Debug)]
enum State {
    Absent {
        /// Why, as it was told; `None` until the first attempt to open it.
        told: Option<DeviceFault>,
        /// Another reason since then, and no other one.
        other: Option<(DeviceFault, Duration)>,
        backoff: Backoff,
        retry_at: Duration,
    },
    Present {
        identity: Box<ScannerIdentity>,
        /// When it last said something of use.
        heard_at: Duration,
        ask_at: Duration,
        misses: u8,
        doubt: Option<Doubt>,
        /// Until when a fault that an idle scanner reports raises no further question.
        calm_until: Duration,
    },
}

/// Why a scanner must be asked before anything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doubt {
    /// An order failed, and somebody was told.
    Failed,
    /// Something is wrong, says the idle line; nobody was told.
    Noise,
    /// It started anew.
    Restarted,
    /// It has said nothing for a while, and a person waits.
    Silent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Running {
    Capture { cancelled: bool },
    Other,
}

/// What to do next.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// Find the port, open it and ask who is there; then call [`Machine::opened`].
    Open,
    /// Ask who is there; then call [`Machine::asked`].
    Ask,
    /// Perform it; then call [`Machine::performed`].
    Perform(Order),
    /// Wait for an order, but for no longer than this, and hear what the scanner says; then call [`Machine::heard`].
    Listen(Duration),
    /// Wait for an order, but for no longer than this.
    Wait(Duration),
}

impl Default for Machine {
    fn default() -> Self {
        Self {
            state: State::Absent {
                told: None,
                other: None,
                backoff: Backoff::default(),
                retry_at: Duration::ZERO,
            },
            queue: VecDeque::new(),
            running: None,
        }
    }
}

impl Machine {
    /// Whether a scanner is there. Where it is not, its port is to be closed.
    pub fn is_present(&self) -> bool {
        matches!(self.state, State::Present { .. })
    }

    /// Whether the capture that is under way is to end.
    pub fn is_cancelled(&self) -> bool {
        self.running == Some(Running::Capture { cancelled: true })
    }

    /// Takes an order, also while another one is performed.
    pub fn order(&mut self, order: Order) -> Vec<Report> {
        match (&self.state, order) {
            (_, Order::Cancel) => {
                if let Some(Running::Capture { cancelled }) = &mut self.running {
                    *cancelled = true;
                }
                self.end_queued(cancellation)
            }
            (
                State::Absent {
                    told: Some(fault), ..
                },
                order,
            ) => refusal(&order, *fault).into_iter().collect(),
            (State::Present { identity, .. }, order) if is_for_another(&order, identity) => {
                refusal(&order, DeviceFault::Identity).into_iter().collect()
            }
            (_, order) => {
                self.queue.push_back(order);
                Vec::new()
            }
        }
    }

    /// Ends everything: answers what waits and cancels what runs.
    pub fn stop(&mut self) -> Vec<Report> {
        if let Some(Running::Capture { cancelled }) = &mut self.running {
            *cancelled = true;
        }
        self.end_queued(|order| cancellation(order).or_else(|| refusal(order, DeviceFault::Disconnected)))
    }

    /// What to do now.
    pub fn next(&mut self, now: Duration) -> Next {
        match &mut self.state {
            State::Absent { retry_at, .. } if now >= *retry_at => Next::Open,
            State::Absent { retry_at, .. } => Next::Wait(retry_at.saturating_sub(now)),
            State::Present { doubt: Some(_), .. } => Next::Ask,
            State::Present { doubt, heard_at, .. }
                if self.queue.front().is_some_and(is_capture)
                    && now.saturating_sub(*heard_at) > SILENCE_MAX =>
            {
                *doubt = Some(Doubt::Silent);
                Next::Ask
            }
            State::Present { ask_at, .. } => match self.queue.pop_front() {
                Some(order) => {
                    self.running = Some(if is_capture(&order) {
                        Running::Capture { cancelled: false }
                    } else {
                        Running::Other
                    });
                    Next::Perform(order)
                }
                None if now >= *ask_at => Next::Ask,
                None => Next::Listen(ask_at.saturating_sub(now)),
            },
        }
    }

    /// How an attempt to open the scanner ended.
    pub fn opened(&mut self, now: Duration, opened: Result<ScannerInfo, DeviceFault>) -> Vec<Report> {
        match opened.and_then(usable) {
            Ok(identity) => self.come(now, identity),
            Err(fault) => self.go(now, fault),
        }
    }

    /// What the scanner said about itself.
    pub fn asked(&mut self, now: Duration, answer: Result<ScannerInfo, DeviceFault>) -> Vec<Report> {
        let State::Present {
            identity,
            heard_at,
            ask_at,
            misses,
            doubt,
            ..
        } = &mut self.state
        else {
            return Vec::new();
        };
        let doubted = doubt.take();
        match answer.and_then(usable) {
            Ok(found) if found != **identity => {
                // What was ordered was meant for the scanner before.
                let mut reports = self.end_queued(|order| refusal(order, DeviceFault::Disconnected));
                reports.extend(self.come(now, found));
                reports
            }
            // Whoever heard of the failure is told that it is over.
            Ok(found) if matches!(doubted, Some(Doubt::Restarted | Doubt::Failed)) => self.come(now, found),
            Ok(_) => {
                *heard_at = now;
                *ask_at = now + ASK_INTERVAL;
                *misses = 0;
                Vec::new()
            }
            Err(DeviceFault::Timeout) if doubted.is_none() && *misses + 1 < MISSES_MAX => {
                *ask_at = now + ASK_INTERVAL;
                *misses += 1;
                Vec::new()
            }
            Err(fault) => self.go(now, fault),
        }
    }

    /// What an idle scanner said.
    pub fn heard(&mut self, now: Duration, heard: Result<Option<Notice>, DeviceFault>) -> Vec<Report> {
        let State::Present {
            doubt, calm_until, ..
        } = &mut self.state
        else {
            return Vec::new();
        };
        match heard {
            Ok(Some(Notice::Restarted)) => *doubt = Some(Doubt::Restarted),
            // A line that is never still would otherwise be asked without end.
            Ok(Some(Notice::Fault(_))) if doubt.is_none() && now >= *calm_until => {
                *doubt = Some(Doubt::Noise);
                *calm_until = now + ASK_INTERVAL;
            }
            Ok(Some(Notice::Fault(_))) => {}
            // Nobody asked for a hand.
            Ok(Some(Notice::Hand(_)) | None) => {}
            Err(fault) => return self.go(now, fault),
        }
        Vec::new()
    }

    /// That an order was performed; its answer, which the caller made, comes first in what is to be told.
    pub fn performed(&mut self, now: Duration, answer: Report) -> Vec<Report> {
        self.running = None;
        let State::Present {
            heard_at,
            ask_at,
            misses,
            doubt,
            ..
        } = &mut self.state
        else {
            return vec![answer];
        };
        match fault_of(&answer) {
            // A module that started anew in the middle of a job is, in the driver's words, disconnected.
            Some(DeviceFault::Disconnected) => *doubt = Some(Doubt::Restarted),
            Some(_) => *doubt = Some(Doubt::Failed),
            None => {
                *heard_at = now;
                *ask_at = now + ASK_INTERVAL;
                *misses = 0;
            }
        }
        vec![answer]
    }

    fn come(&mut self, now: Duration, identity: ScannerIdentity) -> Vec<Report> {
        self.state = State::Present {
            identity: Box::new(identity.clone()),
            heard_at: now,
            ask_at: now + ASK_INTERVAL,
            misses: 0,
            doubt: None,
            calm_until: Duration::ZERO,
        };
        let mut reports = vec![Report::Present(identity.clone())];
        reports.extend(self.end_queued(|order| {
            is_for_another(order, &identity)
                .then(|| refusal(order, DeviceFault::Identity))
                .flatten()
        }));
        reports
    }

    fn go(&mut self, now: Duration, fault: DeviceFault) -> Vec<Report> {
        let (told, other, mut backoff) = match &self.state {
            State::Absent {
                told, other, backoff, ..
            } => (*told, *other, *backoff),
            State::Present { .. } => (None, None, Backoff::default()),
        };
        let pause = match fault {
            DeviceFault::NotFound | DeviceFault::NoPermission => {
                backoff.reset();
                LOOK_INTERVAL
            }
            _ => backoff.pause(),
        };
        let (reason, other) = still(told, other, fault, now);
        self.state = State::Absent {
            told: Some(reason),
            other,
            backoff,
            retry_at: now + pause,
        };
        let mut reports = Vec::new();
        if told != Some(reason) {
            reports.push(Report::Absent(reason));
        }
        reports.extend(self.end_queued(|order| refusal(order, reason)));
        reports
    }

    /// Answers those queued orders that have an answer by `end`, and keeps the others.
    fn end_queued(&mut self, end: impl Fn(&Order) -> Option<Report>) -> Vec<Report> {
        let mut answers = Vec::new();
        self.queue.retain(|order| match end(order) {
            Some(answer) => {
                answers.push(answer);
                false
            }
            None => true,
        });
        answers
    }
}

/// The reason to be told, and another one that is not yet: the first is told at once, and another only once it has been the only
/// one for long enough.
fn still(
    told: Option<DeviceFault>,
    other: Option<(DeviceFault, Duration)>,
    fault: DeviceFault,
    now: Duration,
) -> (DeviceFault, Option<(DeviceFault, Duration)>) {
    match (told, other) {
        (None, _) => (fault, None),
        (Some(told), _) if told == fault => (told, None),
        (Some(_), Some((other, since))) if other == fault && now.saturating_sub(since) >= SETTLED => {
            (fault, None)
        }
        (Some(told), Some((other, since))) if other == fault => (told, Some((other, since))),
        (Some(told), _) => (told, Some((fault, now))),
    }
}

fn is_capture(order: &Order) -> bool {
    matches!(order, Order::Verify(_) | Order::Enrol { .. })
}

/// What a scanner is that can be used now. One that has not started yet is waited for.
fn usable(info: ScannerInfo) -> Result<ScannerIdentity, DeviceFault> {
    match info.status {
        ModuleStatus::Standby | ModuleStatus::Busy => Ok(info.identity),
        ModuleStatus::NotInitialised => Err(DeviceFault::Timeout),
        ModuleStatus::Error | ModuleStatus::Updating => Err(DeviceFault::Protocol),
    }
}

/// Whether an order is about the people of another scanner than this one.
fn is_for_another(order: &Order, identity: &ScannerIdentity) -> bool {
    matches!(order, Order::Delete { scanner, .. } if *scanner != identity.serial)
}

/// The answer to an order that cannot be performed.
fn refusal(order: &Order, fault: DeviceFault) -> Option<Report> {
    match order {
        Order::Verify(_) => Some(Report::Scanned(Err(fault))),
        Order::Enrol { .. } => Some(Report::Enrolled(Err(fault))),
        Order::Delete { scanner, reference } => Some(Report::Deleted {
            scanner: scanner.clone(),
            reference: *reference,
            result: Err(fault),
        }),
        Order::List => Some(Report::Listed(Err(fault))),
        Order::Cancel => None,
    }
}

/// The answer to a capture that is cancelled before it begins.
fn cancellation(order: &Order) -> Option<Report> {
    match order {
        Order::Verify(_) => Some(Report::Scanned(Ok(None))),
        Order::Enrol { .. } => Some(Report::Enrolled(Ok(None))),
        Order::Delete { .. } | Order::List | Order::Cancel => None,
    }
}

fn fault_of(answer: &Report) -> Option<DeviceFault> {
    match answer {
        Report::Scanned(result) => result.as_ref().err().copied(),
        Report::Enrolled(result) => result.as_ref().err().copied(),
        Report::Deleted { result, .. } => result.as_ref().err().copied(),
        Report::Listed(result) => result.as_ref().err().copied(),
        Report::Present(_) | Report::Absent(_) | Report::Hand(_) => None,
    }
}

#[cfg(test)]
mod tests;
