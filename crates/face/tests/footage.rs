//! Observations on the recordings of real people, against what their list says.
//!
//! `ALAQAN_FOOTAGE` names the folder of the recordings and `ALAQAN_MODELS` that of the models. Without them only
//! what needs neither is tested, and that is said.

mod recordings;

use std::path::Path;
use std::time::Duration;

use face::{Analyzer, FaceError, ModelFolder};
use opencv::core::{CV_8UC1, CV_8UC3, CV_8UC4, CV_32FC3, Mat, Scalar};
use opencv::imgcodecs;
use opencv::prelude::*;
use opencv::videoio::{self, VideoCapture};
use recordings::{Event, analyzer, material};
use verification::capture::{FaceMeasures, FaceObservation};

fn observe_clip(analyzer: &mut Analyzer, path: &Path) -> Vec<FaceObservation> {
    analyzer.reset();
    let picture = imgcodecs::imread_def(path).unwrap_or_default();
    if !picture.empty() {
        return vec![
            analyzer
                .observe(&picture, 0, Duration::ZERO)
                .expect("an observation"),
        ];
    }
    let mut video = VideoCapture::from_file(path, videoio::CAP_ANY).expect("a clip");
    let mut seen = Vec::new();
    let mut bgr = Mat::default();
    while video.read(&mut bgr).expect("a frame") && !bgr.empty() {
        seen.push(
            analyzer
                .observe(&bgr, seen.len() as u64, Duration::ZERO)
                .expect("an observation"),
        );
    }
    seen
}

/// One value of all faces in a range of frames, sorted.
fn values(seen: &[FaceObservation], value: fn(&FaceMeasures) -> f32) -> Vec<f32> {
    let mut values: Vec<f32> = seen
        .iter()
        .filter_map(|one| one.face.as_ref())
        .map(value)
        .collect();
    values.sort_by(f32::total_cmp);
    values
}

fn lowest(values: &[f32]) -> f32 {
    values.first().copied().unwrap_or(f32::NAN)
}

fn median(values: &[f32]) -> f32 {
    values.get(values.len() / 2).copied().unwrap_or(f32::NAN)
}

fn highest(values: &[f32]) -> f32 {
    values.last().copied().unwrap_or(f32::NAN)
}

/// How far the more open eye is open in each frame, as a part of what is nearly the largest in the clip.
fn open_parts(seen: &[FaceObservation], whole: &[FaceObservation]) -> Vec<f32> {
    let own = |eye: fn(&FaceMeasures) -> f32| {
        let all = values(whole, eye);
        all.get(all.len() * 9 / 10).copied().unwrap_or(f32::NAN)
    };
    let (left, right) = (own(|face| face.eye_left_ratio), own(|face| face.eye_right_ratio));
    let faces = seen.iter().filter_map(|one| one.face.as_ref());
    faces
        .map(|face| (face.eye_left_ratio / left).max(face.eye_right_ratio / right))
        .collect()
}

/// Whether an event is seen as it must be; `whole` is the whole clip. `None` if it says nothing measurable.
fn is_seen(event: &Event, seen: &[FaceObservation], whole: &[FaceObservation]) -> Option<bool> {
    let noted = |word: &str| event.note.contains(word);
    let yaw = values(seen, |face| face.yaw_deg);
    let pitch = values(seen, |face| face.pitch_deg);
    let opening = highest(&values(seen, |face| face.mouth_opening_ratio));
    Some(match event.r#type.as_str() {
        "no_face" => {
            // Two frames of tolerance at either end.
            let inner = seen.get(2..seen.len().saturating_sub(2)).unwrap_or_default();
            inner.iter().all(|one| one.faces == 0 && one.face.is_none())
        }
        "multi_face" => seen.iter().filter(|one| one.faces == 2).count() * 10 >= seen.len() * 9,
        "too_small" => median(&values(seen, |face| face.quality.inter_eye_distance_px)) < 40.0,
        "frontal" => median(&yaw).abs() < 12.0 && median(&pitch).abs() < 12.0,
        "turn_image_right" => highest(&yaw) > if noted("slight") { 10.0 } else { 20.0 },
        "turn_image_left" => lowest(&yaw) < if noted("slight") { -9.0 } else { -20.0 },
        "head_down" => lowest(&pitch) < if noted("brows") { -3.0 } else { -20.0 },
        "look_up" => highest(&pitch) > 20.0,
        "plane_yaw" | "plane_pitch" => highest(&yaw) < 15.0 && lowest(&yaw) > -15.0,
        "mouth_open" => opening > if noted("small") { 0.2 } else { 0.35 },
        "blink" | "eyes_closed" if !noted("half") => open_parts(seen, whole).iter().any(|part| *part < 0.5),
        // One eye stays open, and so does a squint.
        "wink_image_left" | "wink_image_right" | "squint" => {
            open_parts(seen, whole).iter().all(|part| *part > 0.55)
        }
        _ => return None,
    })
}

#[test]
fn observations_agree_with_the_list_of_the_recordings() {
    let Some((footage, clips, mut analyzer)) = material() else {
        return;
    };
    let mut wrong = Vec::new();
    let mut checked = 0;
    for clip in &clips {
        let seen = observe_clip(&mut analyzer, &footage.join(&clip.file));
        assert_eq!(seen.len(), clip.frames, "{}", clip.file);
        for event in &clip.event {
            match is_seen(event, &seen[event.first..=event.last], &seen) {
                Some(true) => checked += 1,
                Some(false) => {
                    wrong.push(format!(
                        "{} {} {}-{}",
                        clip.file, event.r#type, event.first, event.last
                    ));
                }
                None => {}
            }
        }
        let width = median(&values(&seen, |face| face.box_px.width));
        if clip.face_px > 0.0 && !(0.75..1.25).contains(&(width / clip.face_px)) {
            wrong.push(format!(
                "{} has a face of {width} px, not {}",
                clip.file, clip.face_px
            ));
        }
        let mut passive: Vec<f32> = seen.iter().filter_map(|one| one.face?.passive_real).collect();
        passive.sort_by(f32::total_cmp);
        // Smaller faces are outside what the passive models were made for.
        let judged = analyzer.has_passive() && clip.face_px >= 100.0;
        if judged && (median(&passive) > 0.5) != (clip.label == "bona_fide") {
            wrong.push(format!(
                "{}: {} has the passive median {}",
                clip.file,
                clip.label,
                median(&passive)
            ));
        }
    }
    println!("{checked} events agree");
    assert_eq!(wrong, [""; 0]);
    assert!(checked > 50);
}

#[test]
fn a_drawn_frame_of_any_shape_is_an_observation_or_an_error() {
    let Some(mut analyzer) = analyzer() else { return };
    let mut check = |frame: Mat, expect: Option<(u32, u32)>| {
        let got = analyzer.observe(&frame, 3, Duration::from_millis(40));
        let size = got
            .as_ref()
            .ok()
            .map(|seen| (seen.frame_width_px, seen.frame_height_px));
        assert_eq!(size, expect);
        assert!(match got {
            Ok(seen) => seen.faces == 0 && seen.face.is_none() && seen.frame == 3,
            Err(error) => matches!(error, FaceError::UnusableFrame),
        });
    };
    let plain = |rows, columns, kind| {
        Mat::new_rows_cols_with_default(rows, columns, kind, Scalar::all(128.0)).expect("a frame")
    };
    check(Mat::default(), None);
    check(plain(48, 64, CV_32FC3), None);
    for (rows, columns) in [(1, 1), (1, 500), (500, 1), (3, 2), (481, 641)] {
        for kind in [CV_8UC1, CV_8UC3, CV_8UC4] {
            check(plain(rows, columns, kind), Some((columns as u32, rows as u32)));
        }
    }
}

#[test]
fn nothing_is_remembered_after_a_reset() {
    let Some((footage, _, mut analyzer)) = material() else {
        return;
    };
    let picture = footage.join("img_bona_fide_selfie.jpg");
    let first = observe_clip(&mut analyzer, &picture);
    assert_eq!(first[0].faces, 1);
    assert_eq!(first, observe_clip(&mut analyzer, &picture));
}

#[test]
fn a_missing_or_damaged_model_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let error = || match ModelFolder::open(folder.path()).and_then(|models| Analyzer::new(&models)) {
        Ok(_) => panic!("such models were accepted"),
        Err(error) => error.to_string(),
    };
    let detector = "mediapipe_face_detection_short_range.onnx";
    let got = error();
    assert!(
        got.contains(detector) && got.contains("cargo xtask models"),
        "{got}"
    );
    std::fs::write(folder.path().join(detector), b"no model").unwrap();
    for file in ["mediapipe_face_landmark_468.onnx", "mediapipe_iris_landmark.onnx"] {
        let got = error();
        assert!(got.contains(&format!("{file} is not in")), "{got}");
        std::fs::write(folder.path().join(file), b"no model").unwrap();
    }
    let got = error();
    assert!(got.contains(detector) && got.contains("damaged"), "{got}");
}
