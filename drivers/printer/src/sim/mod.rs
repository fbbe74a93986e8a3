//! A receipt printer that is not there: real bytes on a pseudo-terminal, paper as PNG files, and faults by hand.
//!
//! It shares no line with the drivers, so that a mistake in one does not hide in the other.

pub mod fault;
pub mod machine;
pub mod paper;
mod pty;

pub use fault::{FAULTS, Fault};
pub use machine::Machine;
pub use paper::Page;
pub use pty::Pty;
