//! Judges a folder of recorded presentations with the rules of the kiosk, and counts the errors in the words of
//! ISO/IEC 30107-3.
//!
//! **Architecture Invariant:** this room holds no threshold. It plays, asks `face` to measure and `verification`
//! to decide, and compares with what the list of the folder says.
//!
//! **Architecture Invariant:** no clip is named in code, and no frame leaves this program, unless a person asks for
//! rendered attacks to be written to a folder of theirs.

pub mod actions;
pub mod error;
pub mod ground;
pub mod judge;
pub mod measures;
pub mod page;
pub mod play;
pub mod rates;
pub mod report;
pub mod run;
pub mod script;
pub mod synthetic;
pub mod text;
pub mod words;
