//! Parts that several screens share.

pub mod arrow;
pub mod attempt;
pub mod back;
pub mod calm;
pub mod entry;
pub mod hand;
pub mod heading;
pub mod icon;
pub mod idle;
pub mod keyboard;
pub mod keypad;
pub mod keys;
pub mod light;
pub mod pictogram;
pub mod qr;
pub mod status;
pub mod toolbar;
pub mod trouble;
