//! What every store must do.

pub mod documents;
pub mod notices;
pub mod questions;
pub mod requests;
pub mod reviews;
pub mod stress;
pub mod trail;
pub mod trust;
