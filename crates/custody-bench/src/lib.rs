//! Measures the custody of documents against others, and says so. Never shipped.
//!
//! Each part measures two things in one run, in turns, on the same disk or the same line, and has a bound in time. It reports
//! and asserts nothing.

pub mod bank;
pub mod deliver;
pub mod echo;
pub mod error;
pub mod idle;
pub mod nats;
pub mod paper;
pub mod postgres;
pub mod process;
pub mod put;
pub mod report;
pub mod stats;
