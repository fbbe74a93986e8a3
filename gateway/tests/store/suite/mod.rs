//! What every store must do.

pub mod documents;
pub mod questions;
pub mod stress;
pub mod trail;
pub mod trust;
