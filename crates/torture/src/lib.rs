//! Kills, cuts and corrupts the custody of documents, and counts afterwards. Never shipped.
//!
//! Real programs (gateway, simulator of the centre, a kiosk without a window) work on a bad line. A plan that is a function of
//! a seed says what is broken in which round. Afterwards everything is healed, and a judge compares what the kiosks were told
//! with what the gateway has.

pub mod bank;
pub mod campaign;
pub mod disk;
pub mod error;
pub mod judge;
pub mod kiosk;
pub mod ledger;
pub mod line;
pub mod material;
pub mod plan;
pub mod postgres;
pub mod programs;
pub mod report;
pub mod scan;
