//! One file for each screen.

pub mod attempt_failed;
pub mod camera_trouble;
pub mod claim;
pub mod closed;
pub mod consent;
pub mod face;
pub mod field;
pub mod method;
pub mod operator;
pub mod out_of_service;
pub mod outcome;
pub mod palm;
pub mod phone;
pub mod progress;
pub mod scanner_trouble;
pub mod service;
pub mod welcome;
