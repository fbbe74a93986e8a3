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
    /// Mean luminance of the whole picture, 0 to 255.
    pub luminance_mean: f32,
    /// How little the picture has in common with the one before: 0 the same, 1 nothing. `None` for the first frame.
    pub scene_change: Option<f32>,
    /// What the camera room found about the stream up to this frame; `None` where nobody watches it.
    pub stream: Option<StreamMeasures>,
    /// Measures of the largest face, if there is one.
    pub face: Option<FaceMeasures>,
}

/// What a stream of frames looks like, whatever the frames show.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StreamMeasures {
    /// What is wrong with it, if anything.
    pub state: StreamState,
    /// Frames a second, from the median interval.
    pub rate_hz: f32,
    /// The interval that 95 of 100 frames keep.
    pub interval_p95_ms: f32,
    /// Frames that were exactly the frame before, so far.
    pub duplicates: u32,
    /// Frames that were exactly an earlier one other than the frame before, so far.
    pub repeats: u32,
}

/// Whether frames come as those of a working camera do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StreamState {
    /// Nothing is wrong.
    Good,
    /// No light reaches the sensor, or no sensor stands behind it.
    Black,
    /// No pixel changes.
    Frozen,
    /// Earlier frames come again, pixel for pixel.
    Repeating,
    /// Frames come too seldom to see an action.
    TooSlow,
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
    /// How far the mouth corners stand below the base of the nose, over the distance of the outer eye corners. A
    /// smile lifts them; speech and an open jaw do not.
    pub mouth_corner_ratio: f32,
    /// Distance of the eyes from the camera, estimated from the picture of an average head; right within about
    /// a fifth.
    pub distance_mm: f32,
    /// Quality of the face as a sample.
    pub quality: FaceQuality,
    /// Probability "real" of the passive model pair, where the models are installed and this frame was given
    /// to them. A part of the decision, never the decision.
    pub passive_real: Option<f32>,
    /// How far the tracked points moved apart from the best plane since a frontal frame. `None` before there was one, and
    /// in frames that are left out to save time.
    pub relief: Option<ReliefMeasures>,
    /// How alike this face and the first frontal one since the analyzer began are, -1 to 1; `None` in poses that
    /// cannot be compared.
    pub likeness: Option<f32>,
    /// How little this face has in common with the face of the frame before, both brought to one shape: 0 the
    /// same, 1 nothing.
    pub face_change: Option<f32>,
    /// How much speaks for paper with holes, 0 nothing to 1; the larger of two signs. One is a chin that stays as it was
    /// while the mouth opens: 0.5 where three quarters of the likeness of the resting upper face are kept. The other
    /// is a closed edge around both eyes at which the picture gets darker outwards in one step: 0.5 at a step of a
    /// tenth, in the logarithm. `None` where neither can be told.
    pub cut_out: Option<f32>,
    /// What speaks for a screen.
    pub screen: Option<ScreenSigns>,
    /// Light on the face and beside it.
    pub light: Option<LightMeasures>,
}

/// What a head's relief does between a frontal frame, the reference, and this one: points that stand out move further
/// than the rest of the face, by their depth times the sine of the turn. A flat or evenly bent sheet shows none of
/// it, however far it is tilted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReliefMeasures {
    /// Which frame is the reference, counted since the analyzer began. What is wrong with one is wrong with every frame
    /// that is compared with it.
    pub reference: u32,
    /// How far the head turned since the reference, across and down the picture: the change of the direction of the
    /// nose, a sine.
    pub turn: [f32; 2],
    /// How far a head of average relief would have turned to move the points apart as they did, in the same unit.
    /// Of the turn a sheet shows 0.0 to 0.2, a head 0.3 to 0.8, since a camera's blur takes a half.
    pub parallax: [f32; 2],
    /// How far the points are from where the turn and the relief would put them, in millimetres on an average face;
    /// the median. A face that changes its expression moves by one and more, a stiff sheet not at all.
    pub residual_mm: f32,
}

impl ReliefMeasures {
    /// From this turn on, 12 degrees, one frame tells a relief.
    pub const TURN_MIN: f32 = 0.2;

    /// The relief that this frame alone shows, as a part of what a head of average relief does that is seen without
    /// any blur, 0 to 1. `None` for a turn below [`Self::TURN_MIN`].
    pub fn part(&self) -> Option<f32> {
        let [across, down] = self.turn;
        let turn = across.hypot(down);
        let part = (across * self.parallax[0] + down * self.parallax[1]) / (turn * turn);
        (turn >= Self::TURN_MIN && part.is_finite()).then(|| part.clamp(0.0, 1.0))
    }
}

/// Traces of a display in a picture, each 0 (none) to 1 (strong). 0.5 is where chance and bona fide scenes end. A
/// missing trace says nothing: good displays, good cameras and compression leave few.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScreenSigns {
    /// Periodic pattern from the beat of two pixel grids; 0.5 for a peak of the spectrum that noise gives once in a
    /// million frames.
    pub moire: f32,
    /// Straight border around the face that passes in front of the body; 0.5 for one of which a tenth is hidden.
    pub bezel: f32,
    /// Reflection on a smooth surface before the face, which stays where it is while the face moves; 0.5 for a
    /// hundredth of the face.
    pub glare: f32,
    /// Periodic change of brightness of the face against its surround; 0.5 for one that noise gives once in a million
    /// times.
    pub flicker: f32,
}

/// Mean colour, linear light (IEC 61966-2-1 decoded), red, green, blue, each 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LightMeasures {
    /// Of the skin of cheeks and forehead.
    pub face_rgb: [f32; 3],
    /// Of what surrounds the head.
    pub surround_rgb: [f32; 3],
}

/// Quality components, named after ISO/IEC 29794-5.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FaceQuality {
    /// Distance of the eye centres.
    pub inter_eye_distance_px: f32,
    /// Variance of the Laplacian inside the face, resized to a width of 128 px, in squared grey levels.
    pub sharpness: f32,
    /// Mean luminance of the face, 0 to 255.
    pub luminance_mean: f32,
    /// What the luminance histograms of the left half of the face and of the right one have in common, 0 to 1.
    pub illumination_uniformity: f32,
    /// Part of the face's pixels that are too dark to show anything (below 25 of 255).
    pub under_exposure: f32,
    /// Part of the face's pixels that are too bright to show anything (above 247 of 255).
    pub over_exposure: f32,
    /// How surely something covers the mouth and the chin, 0 to 1.
    pub mouth_occlusion: f32,
    /// How surely something covers the eyes (dark glasses, hair, a hand), 0 to 1.
    pub eyes_occlusion: f32,
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
    /// A camera that gives black frames.
    #[error("the camera gives black frames")]
    Black,
    /// A camera whose picture does not change at all.
    #[error("the picture of the camera stands still")]
    Frozen,
    /// Frames of another size or kind than agreed.
    #[error("the camera gives frames of another format than configured")]
    Format,
    /// Another camera than the configured one, or another than at the start.
    #[error("this is not the configured camera")]
    Identity,
    /// A camera behind which no hardware stands.
    #[error("this is a virtual camera")]
    Virtual,
}
