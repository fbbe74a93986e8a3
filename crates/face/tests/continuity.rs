//! Relief, likeness and change on recordings of real people and of a tilted print, by what their list says.
//!
//! `ALAQAN_FOOTAGE` names the folder of the recordings and `ALAQAN_MODELS` that of the models. Without them nothing
//! is tested, and that is said.

mod recordings;

use std::path::Path;
use std::time::Duration;

use face::Analyzer;
use opencv::core::Mat;
use opencv::prelude::*;
use opencv::videoio::{self, VideoCapture};
use recordings::{Clip, material};
use verification::capture::FaceObservation;
use verification::pad::parts::{Finding, Measures, PadPart};
use verification::policy::Policy;

fn shows(clip: &Clip, start: &str) -> bool {
    clip.event.iter().any(|event| event.r#type.starts_with(start))
}

/// Between the sheets, whose medians end at 0.2, and the heads, whose medians begin at 0.4.
const RELIEF: f32 = 0.3;
/// Between other persons, whose medians end at 0.7, and the same one, whose medians begin at 0.74.
const LIKENESS: f32 = 0.7;
/// Between what goes on and what was cut.
const FACE_CHANGE: f32 = 0.25;
const SCENE_CHANGE: f32 = 0.15;
/// Faces that are large enough for a kiosk.
const FACE_PX_MIN: f32 = 150.0;

/// Up to `frames` frames of a clip, from the first.
fn observe(analyzer: &mut Analyzer, path: &Path, frames: usize) -> Vec<FaceObservation> {
    let mut video = VideoCapture::from_file(path, videoio::CAP_ANY).expect("a clip");
    let mut seen = Vec::new();
    let mut bgr = Mat::default();
    while seen.len() < frames && video.read(&mut bgr).expect("a frame") && !bgr.empty() {
        let number = seen.len() as u64;
        seen.push(
            analyzer
                .observe(&bgr, number, Duration::ZERO)
                .expect("an observation"),
        );
    }
    seen
}

fn median(mut values: Vec<f32>) -> Option<f32> {
    values.sort_by(f32::total_cmp);
    values.get(values.len() / 2).copied()
}

#[test]
fn heads_that_turn_have_a_relief_and_prints_that_are_tilted_have_none() {
    let Some((footage, clips, mut analyzer)) = material() else {
        return;
    };
    let mut checked = [0, 0];
    for clip in clips.iter().filter(|clip| clip.face_px >= FACE_PX_MIN) {
        // A turning head that is shown on a display has a relief in the picture; other parts must catch it.
        let sheet = shows(clip, "plane_");
        if !sheet && !shows(clip, "turn_image_") {
            continue;
        }
        analyzer.reset();
        let seen = observe(&mut analyzer, &footage.join(&clip.file), usize::MAX);
        let reliefs: Vec<f32> = seen.iter().filter_map(|one| one.face?.relief?.part()).collect();
        let relief = median(reliefs).expect("a turn is enough to tell");
        assert_eq!(relief < RELIEF, sheet, "{}: relief {relief}", clip.file);
        checked[usize::from(sheet)] += 1;
    }
    assert!(
        checked.iter().all(|count| *count > 0),
        "heads and sheets: {checked:?}"
    );
}

/// What the relief says where the head never turned far enough for one frame to tell.
fn of_small_turns(seen: &[FaceObservation]) -> Finding {
    let mut measures = Measures::default();
    for mut face in seen.iter().filter_map(|one| one.face) {
        face.relief = face.relief.filter(|relief| relief.part().is_none());
        measures.add(&face, false);
    }
    let parts = measures.parts(&Policy::default());
    let relief = parts.iter().find(|record| record.part == PadPart::Relief);
    relief.expect("the part is always there").finding
}

#[test]
fn small_turns_accuse_sheets_and_nobody_else() {
    let Some((footage, clips, mut analyzer)) = material() else {
        return;
    };
    let mut checked = [0, 0];
    for clip in clips.iter().filter(|clip| clip.face_px >= FACE_PX_MIN) {
        let sheet = shows(clip, "plane_");
        if !sheet && clip.label != "bona_fide" {
            continue;
        }
        analyzer.reset();
        let seen = observe(&mut analyzer, &footage.join(&clip.file), usize::MAX);
        let finding = of_small_turns(&seen);
        assert_eq!(finding == Finding::Against, sheet, "{}: {finding:?}", clip.file);
        checked[usize::from(sheet)] += 1;
    }
    assert!(
        checked.iter().all(|count| *count > 0),
        "heads and sheets: {checked:?}"
    );
}

#[test]
fn a_person_stays_alike_and_another_one_in_their_place_is_noticed() {
    let Some((footage, clips, mut analyzer)) = material() else {
        return;
    };
    let frontal =
        |clip: &&Clip| clip.label == "bona_fide" && clip.face_px >= FACE_PX_MIN && shows(clip, "frontal");
    let people: Vec<&Clip> = clips.iter().filter(frontal).collect();
    let mut swaps = 0;
    for (first, second) in people.iter().zip(people.iter().cycle().skip(1)) {
        if first.subject == second.subject {
            continue;
        }
        analyzer.reset();
        let before = observe(&mut analyzer, &footage.join(&first.file), 16);
        let after = observe(&mut analyzer, &footage.join(&second.file), 16);
        let alike =
            |seen: &[FaceObservation]| median(seen.iter().filter_map(|one| one.face?.likeness).collect());
        let cut = |one: &FaceObservation| {
            let face = one.face.and_then(|face| face.face_change).unwrap_or(1.0);
            face > FACE_CHANGE && one.scene_change.unwrap_or(0.0) > SCENE_CHANGE
        };
        assert!(!before.iter().any(cut), "{} was never cut", first.file);
        assert!(after.iter().any(cut), "{} was cut in", second.file);
        if let (Some(same), Some(other)) = (alike(&before), alike(&after)) {
            assert!(same >= LIKENESS, "{}: {same}", first.file);
            assert!(other < LIKENESS, "{} after {}: {other}", second.file, first.file);
            swaps += 1;
        }
    }
    assert!(swaps > 0, "no two people could be compared");
}
