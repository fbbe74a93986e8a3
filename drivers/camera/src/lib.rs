//! Frames from a camera, from a replayed clip, or from a recorded person who answers prompts.
//!
//! **API Boundary.** All three are a [`FrameSource`]; who reads frames does not know which it has, except by the
//! [`CameraIdentity`], in which a replay is never hidden.
//!
//! **Architecture Invariant:** this room gives frames and says what they are; it looks at no face and decides
//! nothing.

mod actor;
mod device;
mod error;
mod manifest;
mod replay;
mod route;
#[cfg(test)]
mod testing;

use std::fmt;
use std::time::Duration;

use opencv::core::Mat;
use opencv::prelude::*;
use verification::capture::CameraIdentity;
use verification::pad::PadChallenge;

pub use actor::Actor;
pub use device::{CameraChoice, CameraEntry, Device, list};
pub use error::CameraError;
pub use manifest::{ClipEntry, ClipEvent, clips};
pub use replay::{Pace, Replay};

/// One frame, as the camera gave it: BGR, 8 bits, never mirrored.
pub struct Frame {
    /// Number of the frame since the camera was opened, from 0; a gap means frames that came too late.
    pub index: u64,
    /// When it was captured, since the origin given when the camera was opened.
    pub at: Duration,
    /// The pixels.
    pub bgr: Mat,
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
    /// [`CameraError::Device`] with `Disconnected` if the camera is gone, [`CameraError::ClipUnreadable`].
    fn next_frame(&mut self) -> Result<Option<Frame>, CameraError>;

    /// Tells what the screen asks the capture subject for now. A camera takes no notice; an [`Actor`] acts.
    fn cue(&mut self, _prompt: Option<PadChallenge>) {}
}
