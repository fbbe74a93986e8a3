//! A puppet: one portrait, animated through the face mesh with its depth; and a drawn identity document for its hand.
//!
//! With neither a camera nor recordings a kiosk can still be shown on such a clip. It proves that frames flow,
//! that actions are seen and documents delivered; it proves nothing about biometrics, and the list of clips
//! written beside it says so.
//!
//! **Architecture Invariant:** test material only. Nothing that is shipped depends on this room.

pub mod card;
mod error;
mod motion;
mod render;
pub mod visit;
mod warp;

pub use error::PuppetError;
pub use render::{render, render_file};
