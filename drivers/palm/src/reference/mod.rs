//! Alaqan's own protocol for palm scanners, as `docs/palm-protocol.md` writes it down.
//!
//! [`frame`], [`message`], [`report`], [`seal`] and [`session`] are pure; `line` moves the bytes, and [`scanner`] says
//! what they mean.

mod checks;
pub mod codes;
pub mod fields;
pub mod frame;
mod line;
pub mod message;
pub mod report;
pub mod scanner;
pub mod seal;
pub mod session;

pub use scanner::{NAME, Reference};
pub use session::AnswerFault;
