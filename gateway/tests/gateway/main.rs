//! Tests of the gateway as a whole, and of the kiosk's client against it.

// The lint's exception for tests knows only functions marked as tests, and most of this is what they use.
#![allow(clippy::unwrap_used)]

mod bank;
mod delivery;
mod enrolment;
mod identification;
mod institution;
mod intake;
mod operation;
mod palm;
mod program;
mod raw;
mod receiver;
mod secrets;
mod strangers;
mod trust;
mod verbs;
