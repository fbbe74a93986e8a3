//! What can go wrong with a source of frames.

use std::path::PathBuf;

use verification::capture::DeviceFault;

/// Why there are no frames.
#[derive(Debug, thiserror::Error)]
pub enum CameraError {
    /// A camera cannot be used.
    #[error("the camera {camera} cannot be used")]
    Device {
        /// Which one.
        camera: String,
        /// Why, in the words shared by all devices.
        #[source]
        fault: DeviceFault,
    },
    /// A clip or a list of clips is there and cannot be read.
    #[error("{} cannot be read", path.display())]
    FileUnreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file holds neither a video nor a picture that OpenCV can decode.
    #[error("{} holds no video or picture that can be decoded", path.display())]
    ClipUnreadable {
        /// The file.
        path: PathBuf,
    },
    /// A list of clips does not have the form of one.
    #[error("{} is no list of clips", path.display())]
    ManifestInvalid {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: toml::de::Error,
    },
    /// A list of clips says something that cannot be.
    #[error("{} says of {clip} what cannot be: {reason}", path.display())]
    ManifestContradiction {
        /// The list.
        path: PathBuf,
        /// The clip.
        clip: String,
        /// What cannot be.
        reason: &'static str,
    },
    /// A clip is not in the list.
    #[error("the clip {clip} is not listed in {}", path.display())]
    ClipUnknown {
        /// The clip.
        clip: String,
        /// The list.
        path: PathBuf,
    },
    /// OpenCV refused an operation.
    #[error("OpenCV could not decode a frame")]
    OpenCv(#[from] opencv::Error),
}

impl CameraError {
    /// The fault of the device, if a device is at fault. A clip that cannot be used counts as not found.
    pub fn fault(&self) -> DeviceFault {
        match self {
            Self::Device { fault, .. } => *fault,
            Self::FileUnreadable { source, .. } if source.kind() == std::io::ErrorKind::PermissionDenied => {
                DeviceFault::NoPermission
            }
            Self::OpenCv(_) => DeviceFault::Protocol,
            _ => DeviceFault::NotFound,
        }
    }
}
