//! Parts that several screens share.

pub mod back;
pub mod heading;
pub mod icon;
pub mod idle;
pub mod pictogram;
pub mod status;
pub mod toolbar;
