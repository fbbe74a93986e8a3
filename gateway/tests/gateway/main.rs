//! Tests of the gateway as a whole, and of the kiosk's client against it.

// The lint's exception for tests knows only functions marked as tests, and most of this is what they use.
#![allow(clippy::unwrap_used)]

mod bank;
mod centre;
mod delivery;
mod earlier_request;
mod enrolment;
mod hosted;
mod identification;
mod institution;
mod intake;
mod operation;
mod palm;
mod program;
mod raw;
mod receiver;
mod review;
#[cfg(unix)]
mod review_page;
mod secrets;
mod strangers;
mod trust;
mod verbs;

/// The PostgreSQL server of the tests of the stores.
#[cfg(unix)]
#[path = "../store/server.rs"]
#[allow(dead_code, reason = "those tests use all of it")]
mod server;

/// What the server takes from beside it there.
#[cfg(unix)]
mod bed {
    pub use crate::bank::PATIENCE;
}
