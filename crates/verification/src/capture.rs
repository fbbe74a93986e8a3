//! What the devices measured. Nothing here decides.

use std::time::Duration;

use crate::Sensitive;

/// An axis-parallel rectangle in pixels of the frame, origin in the top left corner.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RectPx {
    /// Left edge.
    pub x: f32,
    /// Top edge.
    pub y: f32,
    /// Width.
    pub width: f32,
    /// Height.
    pub height: f32,
}

/// What was measured in one frame of the camera.
///
/// Frames are those of the camera, never mirrored; the mirror of the preview is a matter of the screen alone.
#[derive(Debug, Clone, PartialEq)]
pub struct FaceObservation {
    /// Number of the frame since the camera was opened, from 0.
    pub frame: u64,
    /// When the frame was captured, on the same clock as [`crate::time::Now::monotonic`].
    pub at: Duration,
    /// Width of the frame.
    pub frame_width_px: u32,
    /// Height of the frame.
    pub frame_height_px: u32,
    /// How many faces stand in the frame.
    pub faces: u32,
    /// Measures of the largest face, if there is one.
    pub face: Option<FaceMeasures>,
}

/// Measures of one face in one frame.
///
/// *Left* and *right* are those of the capture subject, as in ISO/IEC 19794-5.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FaceMeasures {
    /// Box around the face.
    pub box_px: RectPx,
    /// How sure the mesh is that a face is there, 0 to 1.
    pub presence: f32,
    /// Turn of the head about the vertical axis, 0 facing the camera, positive to the subject's own left
    /// (towards the right side of the unmirrored picture).
    pub yaw_deg: f32,
    /// Nod of the head, 0 facing the camera, positive when looking up.
    pub pitch_deg: f32,
    /// Tilt of the head in the picture plane, positive clockwise in the picture.
    pub roll_deg: f32,
    /// Eye aspect ratio of the left eye: lid distance over eye width (Soukupová and Čech, 2016).
    pub eye_left_ratio: f32,
    /// Eye aspect ratio of the right eye.
    pub eye_right_ratio: f32,
    /// Distance of the inner lips over the distance of the mouth corners.
    pub mouth_opening_ratio: f32,
    /// Distance of the mouth corners over the distance of the outer eye corners.
    pub mouth_width_ratio: f32,
    /// Quality of the face as a sample.
    pub quality: FaceQuality,
    /// Probability "real" of the passive model pair, where the models are installed and this frame was given
    /// to them. A part of the decision, never the decision.
    pub passive_real: Option<f32>,
}

/// Quality components, named after ISO/IEC 29794-5.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FaceQuality {
    /// Distance of the eye centres.
    pub inter_eye_distance_px: f32,
    /// Variance of the Laplacian of the face, resized to a width of 128 px, in squared grey levels.
    pub sharpness: f32,
    /// Mean luminance of the face, 0 to 255.
    pub luminance_mean: f32,
    /// Mean luminance of the darker half of the face (left against right) over that of the brighter, 0 to 1.
    pub illumination_uniformity: f32,
}

/// One still picture of the capture subject.
#[derive(Debug, Clone, PartialEq)]
pub struct CapturedSample {
    /// Number of the frame it was taken from.
    pub frame: u64,
    /// Width in pixels.
    pub width_px: u32,
    /// Height in pixels.
    pub height_px: u32,
    /// The picture as JPEG.
    pub jpeg: Sensitive<Vec<u8>>,
}

/// Where frames come from; recorded with every capture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CameraIdentity {
    /// Name for people, such as the product name or the name of the replayed clip.
    pub name: String,
    /// What distinguishes this camera on its bus, or the digest of a replayed clip.
    pub bus_id: String,
    /// Whether the frames are a replay. A replay is never hidden.
    pub replay: bool,
}

/// Why a device cannot be used. The same words for cameras and scanners.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DeviceFault {
    /// It is not there.
    #[error("the device was not found")]
    NotFound,
    /// It is there, but this program may not open it.
    #[error("no permission to open the device")]
    NoPermission,
    /// Another program has it.
    #[error("the device is used by another program")]
    Busy,
    /// It did not answer in time.
    #[error("the device did not answer in time")]
    Timeout,
    /// It answered something that its protocol does not know.
    #[error("the device answered something unexpected")]
    Protocol,
    /// It went away while it was used.
    #[error("the device was disconnected")]
    Disconnected,
}
