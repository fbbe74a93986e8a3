//! Vocabulary and rules of one verification: what is asked of a capture subject, what was measured, and what
//! follows from it.
//!
//! **Architecture Invariant:** this room is pure. It has no clock, no random source, no file, no socket, no
//! thread and no device crate; time, identifiers and randomness come in as arguments. Therefore everything
//! here can be tested by plain calls, faster than real time.
//!
//! **Architecture Invariant:** rules live here and nowhere else. Cameras and scanners *measure*
//! ([`capture::FaceObservation`]); [`pad`] and [`session`] *decide*.
//!
//! Names follow ISO/IEC 2382-37 (vocabulary of biometrics) and ISO/IEC 30107-3 (presentation attack detection).

pub mod amount;
pub mod audit;
pub mod calendar;
pub mod capture;
pub mod custody;
pub mod date;
pub mod evidence;
pub mod health;
pub mod hours;
pub mod identifier;
pub mod integrity;
pub mod lockout;
pub mod mrz;
pub mod name;
pub mod pad;
pub mod page;
pub mod palm;
pub mod policy;
pub mod request;
pub mod sensitive;
pub mod service;
pub mod session;
pub mod time;

pub use sensitive::Sensitive;
