//! Identifiers issued by the state.

mod iin;

pub use iin::{Iin, IinError};
