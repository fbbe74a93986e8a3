//! The EF-AA family of palm modules: one wire format, several dialects.
//!
//! [`protocol`], [`commands`], [`inbound`] and [`machine`] are pure; the line moves the bytes; [`module`] is what all
//! dialects do alike, and each dialect is a file with what it does differently.

pub mod commands;
pub mod dfrobot_ai10;
pub mod dfrobot_fp;
pub mod dialect;
pub mod inbound;
mod line;
pub mod machine;
pub mod module;
pub mod protocol;
pub mod xst;

/// Speed of the line of all dialects, in baud.
pub const BAUD: u32 = 115_200;
