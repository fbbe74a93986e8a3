//! Parts that several screens share.

pub mod arrow;
pub mod back;
pub mod calm;
pub mod heading;
pub mod icon;
pub mod idle;
pub mod light;
pub mod pictogram;
pub mod status;
pub mod toolbar;
