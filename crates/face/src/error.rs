//! What can go wrong while measuring a face.

use std::path::PathBuf;

/// Why a face could not be measured. None of the variants says anything about the person.
#[derive(Debug, thiserror::Error)]
pub enum FaceError {
    /// A model file is not in the folder.
    #[error("the model {file} is not in {}; get it with `cargo xtask models`", folder.display())]
    ModelMissing {
        /// Name of the file.
        file: &'static str,
        /// Where it was looked for.
        folder: PathBuf,
    },
    /// A model file is there and cannot be read.
    #[error("the model {} cannot be read", path.display())]
    ModelUnreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A model file was read and is not the model it should be.
    #[error(
        "the model {file} is damaged or of another kind ({reason}); get it again with `cargo xtask models`"
    )]
    ModelCorrupt {
        /// Name of the file.
        file: &'static str,
        /// What was noticed.
        reason: String,
    },
    /// The frame has no pixels, or pixels of a kind no camera gives.
    #[error("the frame has no 8-bit pixels in one, three or four channels")]
    UnusableFrame,
    /// A still cannot be made small enough.
    #[error("the still does not fit into {max_bytes} bytes")]
    StillTooLarge {
        /// What was allowed.
        max_bytes: usize,
    },
    /// OpenCV refused an operation.
    #[error("OpenCV could not process the frame")]
    OpenCv(#[from] opencv::Error),
}
