//! The puppet must be seen to do what its list of clips says.

use std::path::Path;
use std::time::Instant;

use camera::{Actor, FrameSource, Pace};
use face::{Analyzer, ModelFolder};
use opencv::core::{CV_8UC3, Mat, Scalar, Size};
use opencv::imgcodecs;
use puppet::PuppetError;
use verification::capture::FaceMeasures;
use verification::pad::PadChallenge;

/// Frames in which an action and the return from it must have been seen.
const WINDOW_FRAMES: u32 = 300;

fn models() -> Option<ModelFolder> {
    let folder = std::env::var_os("ALAQAN_MODELS");
    if folder.is_none() {
        println!("ALAQAN_MODELS is not set: only the parts without models were tested");
    }
    folder.map(|folder| ModelFolder::open(folder).expect("the models of ALAQAN_MODELS"))
}

/// A portrait: that of `ALAQAN_PORTRAIT`, or else one from the recordings.
fn portrait() -> Option<Mat> {
    let path = std::env::var("ALAQAN_PORTRAIT").ok().or_else(|| {
        let folder = std::env::var("ALAQAN_FOOTAGE").ok()?;
        Some(format!("{folder}/img_bona_fide_selfie.jpg"))
    });
    let Some(path) = path else {
        println!("neither ALAQAN_PORTRAIT nor ALAQAN_FOOTAGE is set: no puppet was made");
        return None;
    };
    Some(imgcodecs::imread_def(&path).expect("a portrait"))
}

fn observe(analyzer: &mut Analyzer, actor: &mut Actor) -> FaceMeasures {
    let frame = actor.next_frame().expect("a frame").expect("an actor never ends");
    let seen = analyzer
        .observe(&frame.bgr, frame.index, frame.at)
        .expect("an observation");
    assert_eq!(seen.faces, 1);
    seen.face.expect("the puppet's face")
}

/// How marked an action is, against the neutral face: 1 where the usual policy counts it.
fn marked(challenge: PadChallenge, now: &FaceMeasures, neutral: &FaceMeasures) -> f32 {
    let eyes = |face: &FaceMeasures| (face.eye_left_ratio + face.eye_right_ratio) / 2.0;
    match challenge {
        PadChallenge::TurnLeft => (now.yaw_deg - neutral.yaw_deg) / 20.0,
        PadChallenge::TurnRight => (neutral.yaw_deg - now.yaw_deg) / 20.0,
        PadChallenge::LookUp => (now.pitch_deg - neutral.pitch_deg) / 12.0,
        PadChallenge::LookDown => (neutral.pitch_deg - now.pitch_deg) / 12.0,
        // The mesh keeps even closed lids apart by more than half of their opening.
        PadChallenge::Blink => (1.0 - eyes(now) / eyes(neutral)) / (1.0 - 0.75),
        PadChallenge::OpenMouth => (now.mouth_opening_ratio - neutral.mouth_opening_ratio) / 0.25,
        PadChallenge::Smile => (now.mouth_width_ratio / neutral.mouth_width_ratio - 1.0) / (1.12 - 1.0),
    }
}

#[test]
fn every_action_is_seen_and_ended() {
    let (Some(models), Some(portrait)) = (models(), portrait()) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let clip = puppet::render(&portrait, &models, folder.path()).unwrap();
    let entry = &camera::clips(folder.path()).unwrap()[0];
    assert!(entry.synthetic && entry.shows.contains("plumbing"));
    let name = clip.file_name().unwrap().to_str().unwrap();
    let mut actor = Actor::open(folder.path(), name, Pace::Free, Instant::now()).unwrap();
    assert_eq!(actor.offers(), PadChallenge::ALL);

    let mut analyzer = Analyzer::new(&models).unwrap();
    let neutral = observe(&mut analyzer, &mut actor);
    assert!(neutral.quality.inter_eye_distance_px >= 60.0);
    // An order that is not the recorded one.
    for challenge in PadChallenge::ALL.into_iter().rev() {
        actor.cue(Some(challenge));
        let mut strongest = 0.0_f32;
        let mut before = neutral.box_px;
        let done = (0..WINDOW_FRAMES).any(|frame| {
            let now = observe(&mut analyzer, &mut actor);
            if frame > 0 {
                let moved = (now.box_px.x - before.x).hypot(now.box_px.y - before.y);
                assert!(
                    moved < 0.1 * now.box_px.width,
                    "the face jumps by {moved} px during {challenge:?}"
                );
            }
            before = now.box_px;
            let strength = marked(challenge, &now, &neutral);
            strongest = strongest.max(strength);
            strongest > 1.0 && strength < 0.3
        });
        println!("{challenge:?}: {strongest:.2} of what is needed");
        assert!(
            done,
            "{challenge:?} was seen at {strongest} of what is needed, or did not end"
        );
    }
}

#[test]
fn a_picture_without_a_face_is_refused() {
    let Some(models) = models() else { return };
    let blank = Mat::new_size_with_default(Size::new(320, 240), CV_8UC3, Scalar::all(90.0)).unwrap();
    let refused = puppet::render(&blank, &models, Path::new("/nonexistent"));
    assert!(matches!(refused, Err(PuppetError::NoFace)), "{refused:?}");
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let (Some(models), Some(portrait)) = (models(), portrait()) else {
        return;
    };
    let file = tempfile::NamedTempFile::new().unwrap();
    let error = puppet::render(&portrait, &models, &file.path().join("clip")).unwrap_err();
    assert!(error.to_string().contains("clip"), "{error}");
}
