//! Why an evaluation could not be made.

use std::path::PathBuf;

use camera::CameraError;
use face::FaceError;

use crate::play::PlayError;

/// What could not be done. A single clip that cannot be played is no error of the evaluation but a line of it.
#[derive(Debug, thiserror::Error)]
pub enum EvalError {
    /// The list of the folder.
    #[error("the folder cannot be evaluated")]
    List(#[from] CameraError),
    /// The models.
    #[error("the models cannot be used")]
    Models(#[from] FaceError),
    /// The list names no clip.
    #[error("{} lists no clip", folder.display())]
    NoClip {
        /// The folder.
        folder: PathBuf,
    },
    /// Rendered attacks show real people, so they are not written where they might be committed.
    #[error("{} lies in a checkout; give a folder outside of it", folder.display())]
    DumpInCheckout {
        /// The folder.
        folder: PathBuf,
    },
    /// Attacks cannot be rendered.
    #[error("attacks cannot be rendered")]
    Synthetic(#[from] PlayError),
    /// A report cannot be written.
    #[error("{} cannot be written", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}
