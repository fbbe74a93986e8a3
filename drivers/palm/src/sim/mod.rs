//! Simulated palm modules on a pseudo-terminal, for a bench without hardware and for tests.
//!
//! **Architecture Invariant:** nothing here uses the driver's code. The simulator is written from the tables of
//! the protocols, so that a mistake in the driver's codec does not hide in a copy of itself.

mod efaa;
mod fault;
mod machine;
mod pty;
mod reference;
mod script;
mod settings;
mod simulator;
mod store;
mod thermometer;
mod trace;
mod wire;

pub use fault::{FAULTS, Fault, FaultEntry, FaultError, FaultKind, Verb, Whose};
pub use machine::{Machine, Output};
pub use script::{INSTRUCTIONS, Instruction, InstructionError, Script, ScriptError, ScriptFault, hand};
pub use settings::{Presented, Protocol, Readings, SimSettings, UnknownProtocol};
pub use simulator::{Handle, SimError, Simulator, machine};
