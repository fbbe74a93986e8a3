//! What can go wrong with a source of frames.

use std::path::PathBuf;

use verification::capture::DeviceFault;

use crate::VirtualReason;

/// Why there are no frames.
#[derive(Debug, thiserror::Error)]
pub enum CameraError {
    /// A camera cannot be used: it is missing, busy, not permitted, unplugged, silent, black or frozen.
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
    /// A clip ends long before the end that it or its list of clips tells.
    #[error("{} ends after {frames} of {told} frames; it is cut off or damaged", path.display())]
    ClipTruncated {
        /// The file.
        path: PathBuf,
        /// Frames that could be decoded.
        frames: u64,
        /// Frames that there should be.
        told: u64,
    },
    /// Another camera than the one that was pinned.
    #[error("the camera {camera} is \"{found}\", and \"{expected}\" is pinned")]
    PinMismatch {
        /// Which one.
        camera: String,
        /// What the configuration says.
        expected: String,
        /// What is there.
        found: String,
    },
    /// A camera is pinned, and the system does not tell which one this is.
    #[error("\"{expected}\" is pinned, and this system does not tell what the camera {camera} is")]
    PinUnconfirmed {
        /// Which one.
        camera: String,
        /// What the configuration says.
        expected: String,
    },
    /// The camera became another one while it was open.
    #[error("the camera \"{expected}\" has become \"{found}\"")]
    IdentityChanged {
        /// What it was when it was opened.
        expected: String,
        /// What it is now.
        found: String,
    },
    /// A camera behind which no sensor stands.
    #[error("the camera {camera} is virtual and is refused: {reason}")]
    Virtual {
        /// Which one.
        camera: String,
        /// By what it is known.
        reason: VirtualReason,
    },
    /// A camera that does not take the configured format.
    #[error("the camera {camera} gives {given} and not {asked}, as configured")]
    FormatRefused {
        /// Which one.
        camera: String,
        /// What was asked for.
        asked: String,
        /// What it gives.
        given: String,
    },
    /// A frame of another size than agreed.
    #[error("a frame of {found} came where {agreed} was agreed")]
    FormatChanged {
        /// Size that was agreed.
        agreed: String,
        /// Size of the frame.
        found: String,
    },
    /// A frame that no camera gives: empty, tiny, huge, or not of three channels of eight bits.
    #[error("a frame of {found} cannot be measured")]
    FrameUnusable {
        /// What it is.
        found: String,
    },
    /// OpenCV refused an operation.
    #[error("OpenCV could not decode a frame")]
    OpenCv(#[from] opencv::Error),
}

impl CameraError {
    /// A camera with a fault that needs no more words.
    pub(crate) fn device(camera: &str, fault: DeviceFault) -> Self {
        Self::Device {
            camera: camera.to_owned(),
            fault,
        }
    }

    /// The fault of the device, if a device is at fault. A clip that cannot be used counts as not found.
    pub fn fault(&self) -> DeviceFault {
        match self {
            Self::Device { fault, .. } => *fault,
            Self::FileUnreadable { source, .. } if source.kind() == std::io::ErrorKind::PermissionDenied => {
                DeviceFault::NoPermission
            }
            Self::PinMismatch { .. } | Self::PinUnconfirmed { .. } | Self::IdentityChanged { .. } => {
                DeviceFault::Identity
            }
            Self::Virtual { .. } => DeviceFault::Virtual,
            Self::FormatRefused { .. } | Self::FormatChanged { .. } | Self::FrameUnusable { .. } => {
                DeviceFault::Format
            }
            Self::OpenCv(_) => DeviceFault::Protocol,
            _ => DeviceFault::NotFound,
        }
    }
}
