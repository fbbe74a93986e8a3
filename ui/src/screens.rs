//! One file for each screen.

pub mod assisted;
pub mod attempt_failed;
pub mod attract;
pub mod call_back;
pub mod camera_trouble;
pub mod claim;
pub mod closed;
pub mod consent;
pub mod face;
pub mod field;
pub mod health;
pub mod images;
pub mod method;
pub mod operator;
pub mod out_of_service;
pub mod outcome;
pub mod palm;
pub mod phone;
pub mod progress;
pub mod scanner_trouble;
pub mod service;
pub mod status;
pub mod technician_login;
pub mod welcome;
