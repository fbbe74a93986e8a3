//! Measures of a person who does nothing, or what is asked, for tests to start from.

use std::time::Duration;

use super::PadChallenge;
use super::positioning::FacePrompt;
use crate::capture::{FaceMeasures, FaceObservation, FaceQuality, RectPx, ReliefMeasures};

/// A neutral face in a frame of 640 x 480 px.
pub fn neutral() -> FaceMeasures {
    FaceMeasures {
        box_px: RectPx {
            x: 200.0,
            y: 100.0,
            width: 200.0,
            height: 260.0,
        },
        presence: 0.99,
        yaw_deg: 0.0,
        pitch_deg: 0.0,
        roll_deg: 0.0,
        eye_left_ratio: 0.3,
        eye_right_ratio: 0.28,
        mouth_opening_ratio: 0.02,
        mouth_width_ratio: 0.55,
        mouth_corner_ratio: 0.24,
        distance_mm: 600.0,
        quality: FaceQuality {
            inter_eye_distance_px: 90.0,
            sharpness: 100.0,
            luminance_mean: 120.0,
            illumination_uniformity: 0.9,
            under_exposure: 0.0,
            over_exposure: 0.0,
            mouth_occlusion: 0.0,
            eyes_occlusion: 0.0,
        },
        passive_real: Some(0.9),
        relief: None,
        likeness: Some(0.95),
        face_change: None,
        cut_out: None,
        screen: None,
        light: None,
    }
}

/// A real turn to a side that shows this part of a head's relief.
pub fn turned(part: f32) -> ReliefMeasures {
    ReliefMeasures {
        reference: 0,
        turn: [0.4, 0.0],
        parallax: [0.4 * part, 0.0],
        residual_mm: 0.8,
    }
}

/// A frame with at most one face.
pub fn seen(frame: u64, at_ms: u64, face: Option<FaceMeasures>) -> FaceObservation {
    FaceObservation {
        frame,
        at: Duration::from_millis(at_ms),
        frame_width_px: 640,
        frame_height_px: 480,
        faces: u32::from(face.is_some()),
        luminance_mean: 110.0,
        scene_change: None,
        stream: None,
        face,
    }
}

/// A living person who follows the prompt: half of the frames show the action, the other half the return to neutral.
pub fn obeying(prompt: FacePrompt, frame: u64) -> FaceMeasures {
    let mut face = FaceMeasures {
        relief: Some(turned(1.0)),
        ..neutral()
    };
    if let (FacePrompt::Act(challenge), true) = (prompt, frame % 20 < 10) {
        match challenge {
            PadChallenge::TurnLeft => face.yaw_deg = 30.0,
            PadChallenge::TurnRight => face.yaw_deg = -30.0,
            PadChallenge::LookUp => face.pitch_deg = 20.0,
            PadChallenge::LookDown => face.pitch_deg = -20.0,
            PadChallenge::Blink => (face.eye_left_ratio, face.eye_right_ratio) = (0.05, 0.05),
            PadChallenge::OpenMouth => face.mouth_opening_ratio = 0.6,
            PadChallenge::Smile => {
                face.mouth_width_ratio += 0.15;
                face.mouth_corner_ratio -= 0.1;
            }
        }
    }
    face
}
