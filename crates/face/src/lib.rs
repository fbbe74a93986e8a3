//! A frame becomes a [`FaceObservation`](verification::capture::FaceObservation).
//!
//! BlazeFace finds faces, a 468-point mesh follows the largest one, and pose, eye and mouth ratios, quality and
//! the passive probability are measured on it. Identity documents are measured in `page.rs`. The networks run in a small engine of this room, for its speed.
//!
//! **Architecture Invariant:** this room measures and never decides. It knows no challenge, no threshold of the
//! policy and no outcome; it knows no camera either, only a `Mat`.
//!
//! **Architecture Invariant:** a frame of any size and channel count yields an observation or an error, never a
//! panic, and nothing of it reaches a log or an error message.

mod analyzer;
mod costs;
mod cut_out;
mod detector;
mod encode;
mod error;
mod eyes;
mod image;
mod light;
mod likeness;
mod mesh;
mod models;
mod occlusion;
mod page;
mod passive;
mod pose;
mod quality;
mod ratios;
mod relief;
mod scene;
mod screen;
mod skin;
#[cfg(test)]
mod testing;

pub use analyzer::{Analyzer, MeshPoints};
#[doc(hidden)]
pub use costs::Cost;
pub use encode::{contact_sheet, encode_preview, encode_still};
pub use error::FaceError;
pub use mesh::Point3;
pub use models::ModelFolder;
pub use page::observe_page;
pub use pose::HeadPose;
