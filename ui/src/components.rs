//! Parts that several screens share.

pub mod arrow;
pub mod aside;
pub mod attempt;
pub mod back;
pub mod calm;
pub mod entry;
pub mod hand;
pub mod heading;
pub mod health;
pub mod icon;
pub mod idle;
pub mod keyboard;
pub mod keypad;
pub mod keys;
pub mod light;
pub mod page_pictogram;
pub mod pictogram;
pub mod qr;
pub mod scroll;
pub mod scrolled;
pub mod sight;
pub mod speech;
pub mod staff;
pub mod status;
pub mod toolbar;
pub mod trouble;
