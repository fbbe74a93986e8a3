//! The institution's server: keeps the documents of its kiosks, asks the Identification Data Exchange Center
//! (IDEC) for the comparison, and signs and returns the answer.
//!
//! ```text
//!   kiosk ══ WebSocket, mutual TLS ══ connection ─> intake ─> store <─ identification ─> idec ══ HTTPS ══ centre
//!                                         ^                                  │
//!                                         └────────── presence <─────────────┘
//! ```
//!
//! **Architecture Invariant:** a receipt is sent only after the document is on the disk, and an answer only after
//! it is. A gateway that is killed at any moment repeats itself, but loses nothing.
//!
//! **Architecture Invariant:** the centre's tariff is per comparison. A document is compared once; the document id
//! is the centre's idempotency key, so that even a lost answer is not paid for twice.

pub mod authority;
pub mod config;
mod connection;
pub mod enrolment;
mod following;
pub mod idec;
mod identification;
pub mod import;
pub mod institution;
pub mod intake;
pub mod invitation;
mod metrics;
pub mod ops;
mod pace;
mod presence;
pub mod process;
pub mod registry;
pub mod review;
pub mod server;
pub mod storage;
pub mod store;
mod tls;

use std::time::{SystemTime, UNIX_EPOCH};

use verification::time::UtcMs;

/// The wall clock.
pub fn utc_now() -> UtcMs {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UtcMs(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Waits until the gateway is to stop.
async fn stopped(stop: &mut tokio::sync::watch::Receiver<bool>) {
    // An error means that nobody is left who could say so, which means the same.
    let _ = stop.wait_for(|stop| *stop).await;
}
