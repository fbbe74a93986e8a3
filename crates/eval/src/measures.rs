//! Every measure of an observation, under the name that it has in the reports.

use verification::capture::{FaceMeasures, FaceObservation};

/// One measure.
pub struct Measure {
    /// Its name.
    pub name: &'static str,
    /// Its value in one frame, where it was measured.
    pub of: fn(&FaceObservation) -> Option<f32>,
}

macro_rules! of_face {
    ($name:literal, $measure:expr) => {
        Measure {
            name: $name,
            of: |seen| {
                let measure: fn(&FaceMeasures) -> Option<f32> = $measure;
                seen.face.as_ref().and_then(measure)
            },
        }
    };
}

/// All of them.
pub const MEASURES: &[Measure] = &[
    of_face!("yaw_deg", |face| Some(face.yaw_deg)),
    of_face!("pitch_deg", |face| Some(face.pitch_deg)),
    of_face!("roll_deg", |face| Some(face.roll_deg)),
    of_face!("eye_left_ratio", |face| Some(face.eye_left_ratio)),
    of_face!("eye_right_ratio", |face| Some(face.eye_right_ratio)),
    of_face!("mouth_opening_ratio", |face| Some(face.mouth_opening_ratio)),
    of_face!("mouth_width_ratio", |face| Some(face.mouth_width_ratio)),
    of_face!("mouth_corner_ratio", |face| Some(face.mouth_corner_ratio)),
    of_face!("passive_real", |face| face.passive_real),
    of_face!("relief", |face| face.relief.and_then(|seen| seen.part())),
    of_face!("likeness", |face| face.likeness),
    of_face!("cut_out", |face| face.cut_out),
    of_face!("screen_moire", |face| face.screen.map(|signs| signs.moire)),
    of_face!("screen_bezel", |face| face.screen.map(|signs| signs.bezel)),
    of_face!("screen_glare", |face| face.screen.map(|signs| signs.glare)),
    of_face!("screen_flicker", |face| face.screen.map(|signs| signs.flicker)),
    of_face!("face_change", |face| face.face_change),
    Measure {
        name: "scene_change",
        of: |seen| seen.scene_change,
    },
    of_face!("light_face_red", |face| face.light.map(|light| light.face_rgb[0])),
    of_face!("light_face_green", |face| face
        .light
        .map(|light| light.face_rgb[1])),
    of_face!("light_face_blue", |face| face
        .light
        .map(|light| light.face_rgb[2])),
    of_face!("presence", |face| Some(face.presence)),
    Measure {
        name: "faces",
        of: |seen| Some(seen.faces as f32),
    },
    of_face!("face_width_px", |face| Some(face.box_px.width)),
    of_face!("inter_eye_distance_px", |face| Some(
        face.quality.inter_eye_distance_px
    )),
    of_face!("distance_mm", |face| Some(face.distance_mm)),
    of_face!("sharpness", |face| Some(face.quality.sharpness)),
    of_face!("luminance_mean", |face| Some(face.quality.luminance_mean)),
    of_face!("illumination_uniformity", |face| Some(
        face.quality.illumination_uniformity
    )),
    of_face!("under_exposure", |face| Some(face.quality.under_exposure)),
    of_face!("over_exposure", |face| Some(face.quality.over_exposure)),
    of_face!("mouth_occlusion", |face| Some(face.quality.mouth_occlusion)),
    of_face!("eyes_occlusion", |face| Some(face.quality.eyes_occlusion)),
];

/// The middle value of what was measured; the upper one of two.
pub fn median(values: impl Iterator<Item = f32>) -> Option<f32> {
    let mut values: Vec<f32> = values.filter(|value| value.is_finite()).collect();
    values.sort_unstable_by(f32::total_cmp);
    values.get(values.len() / 2).copied()
}
