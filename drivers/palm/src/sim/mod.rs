//! Simulated palm modules on a pseudo-terminal, for a bench without hardware and for tests.
//!
//! **Architecture Invariant:** nothing here uses the driver's code. The simulator is written from the tables of
//! the protocol, so that a mistake in the driver's codec does not hide in a copy of itself.

mod ai10;
mod fault;
mod pty;
mod trace;

pub use fault::{Fault, UnknownFault};
pub use pty::{SimError, SimSettings, Simulator};
