//! The EF-AA family of palm modules: one wire format, several dialects.
//!
//! [`protocol`], [`commands`] and [`inbound`] are pure; [`serial`] moves the bytes; [`dfrobot_ai10`] is the one
//! dialect spoken today.

pub mod commands;
pub mod dfrobot_ai10;
pub mod inbound;
pub mod protocol;
pub mod serial;
