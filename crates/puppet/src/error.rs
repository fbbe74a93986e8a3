//! What can go wrong while a puppet is made.

use std::path::PathBuf;

/// Why there is no clip.
#[derive(Debug, thiserror::Error)]
pub enum PuppetError {
    /// The portrait cannot be decoded.
    #[error("{} holds no picture that can be decoded", path.display())]
    PortraitUnreadable {
        /// The file.
        path: PathBuf,
    },
    /// A clip cannot be read as far as it is needed.
    #[error("{} is no clip of enough frames", path.display())]
    ClipUnreadable {
        /// The file.
        path: PathBuf,
    },
    /// The detector sees no face in the portrait.
    #[error("no face was found in the portrait")]
    NoFace,
    /// A file of the clip cannot be written.
    #[error("{} cannot be written", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// Why, where the system says so.
        source: Option<std::io::Error>,
    },
    /// The face room failed.
    #[error("the face of the portrait could not be measured")]
    Face(#[from] face::FaceError),
    /// OpenCV refused an operation.
    #[error("OpenCV could not render a frame")]
    OpenCv(#[from] opencv::Error),
}
