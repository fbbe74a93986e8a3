use std::time::Duration;

use super::fault::Fault;
use super::settings::{Presented, Readings};

/// What a machine wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Send these bytes.
    Bytes(Vec<u8>),
    /// Close the line.
    HangUp,
}

/// A simulated device: time and bytes in, bytes out. It has no clock; `now` is the time since the simulator began.
pub trait Machine: Send {
    /// Power comes on. What it had not sent is gone; references are kept.
    fn start(&mut self, now: Duration);

    /// Takes what has come in, and answers what is due.
    fn step(&mut self, now: Duration, bytes: &[u8]) -> Vec<Output>;

    /// When `step` is needed again though nothing has come in.
    fn deadline(&self) -> Option<Duration>;

    /// Other faults from now on, counted anew.
    fn set_faults(&mut self, faults: &[Fault]);

    /// Another hand from the next capture on.
    fn present(&mut self, presented: Presented);

    /// Other readings from now on.
    fn set_readings(&mut self, readings: Readings);

    /// All references with their tags.
    fn enrolled(&self) -> Vec<(u32, String)>;

    /// What a person who plugs it in may want to know of it, one thing a line.
    fn introduction(&self) -> Vec<String>;

    /// Takes the lines of the trace.
    fn take_trace(&mut self) -> Vec<String>;
}
