//! Frames from a camera, from a replayed clip, or from a recorded person who answers prompts.
//!
//! **API Boundary.** All three are a [`FrameSource`]; who reads frames does not know which it has, except by the
//! [`CameraIdentity`], in which a replay is never hidden. A kiosk reads any of them through [`Watched`], which
//! checks and measures every frame and answers in time whatever happens.
//!
//! **Architecture Invariant:** this room gives frames and says what they are; it looks at no face and decides
//! nothing.

mod actor;
mod device;
mod error;
mod fingerprint;
mod format;
mod grain;
mod manifest;
mod node;
mod reel;
mod regularity;
mod replay;
mod route;
mod screen_light;
#[cfg(any(test, feature = "simulator"))]
mod simulator;
#[cfg(test)]
mod testing;
mod virtual_camera;
mod watched;

use std::fmt;
use std::time::Duration;

use opencv::core::Mat;
use opencv::prelude::*;
use verification::capture::{CameraIdentity, StreamMeasures};
use verification::pad::PadChallenge;

pub use actor::Actor;
pub use device::{CameraChoice, CameraPin, Device, list};
pub use error::CameraError;
pub use fingerprint::Fingerprint;
pub use format::{Format, PixelFormat};
pub use manifest::{ClipEntry, ClipEvent, Listed, clips, listed};
pub use node::CameraEntry;
pub use regularity::Regularity;
pub use replay::{Pace, Replay};
pub use route::challenge_of;
#[cfg(any(test, feature = "simulator"))]
pub use simulator::{Fault, FaultHandle, FaultySource};
pub use virtual_camera::VirtualReason;
pub use watched::{Limits, Watched};

/// One frame, as the camera gave it: BGR, 8 bits, never mirrored.
pub struct Frame {
    /// Number of the frame since the camera was opened, from 0; a gap means frames that came too late.
    pub index: u64,
    /// When it was captured, since the origin given when the camera was opened.
    pub at: Duration,
    /// The pixels.
    pub bgr: Mat,
    /// What the stream looks like up to this frame; `None` where nobody watches it, as only [`Watched`] does.
    pub stream: Option<StreamMeasures>,
}

/// Says nothing of the pixels, which are personal.
impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = (self.bgr.cols(), self.bgr.rows());
        f.debug_struct("Frame")
            .field("index", &self.index)
            .field("at", &self.at)
            .field("size", &size)
            .finish()
    }
}

/// Something that gives frames. It is read by one thread, which it may block for the length of a frame.
pub trait FrameSource: Send {
    /// What the frames come from.
    fn identity(&self) -> &CameraIdentity;

    /// Waits for the next frame. `None` means that a replay has ended; a camera never ends.
    ///
    /// # Errors
    /// [`CameraError::Device`] with `Disconnected` if the camera is gone, [`CameraError::IdentityChanged`],
    /// [`CameraError::FormatChanged`], [`CameraError::ClipUnreadable`], [`CameraError::ClipTruncated`].
    fn next_frame(&mut self) -> Result<Option<Frame>, CameraError>;

    /// The rate that was agreed or recorded, in frames a second, if it is known.
    fn rate_hz(&self) -> Option<f64> {
        None
    }

    /// Tells what the screen asks the capture subject for now. A camera takes no notice; an [`Actor`] acts.
    fn cue(&mut self, _prompt: Option<PadChallenge>) {}

    /// Tells which colour fills the screen now (red, green, blue), or that it looks as usual. A camera takes no
    /// notice and sees the light on the face; an [`Actor`] shows what would be seen.
    fn light(&mut self, _screen: Option<[u8; 3]>) {}
}
