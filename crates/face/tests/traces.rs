//! Traces of displays, covers, light and quality on the recordings of real people.
//!
//! `ALAQAN_FOOTAGE` names the folder of the recordings and `ALAQAN_MODELS` that of the models; without them these
//! tests say so and pass. What is asserted holds for every bona fide recording, of whomever.

mod recordings;

use std::path::Path;
use std::time::{Duration, Instant};

use face::MeshPoints;
use opencv::core::{self, Mat, Point, Scalar, Vector};
use opencv::prelude::*;
use opencv::videoio::{self, VideoCapture};
use opencv::{imgcodecs, imgproc};
use recordings::material;
use verification::capture::FaceMeasures;

/// A few seconds show what a recording leaves of these traces.
const FRAMES: usize = 120;

/// Every frame of a clip or a picture, at most so many.
fn frames(path: &Path, most: usize) -> Vec<Mat> {
    let picture = imgcodecs::imread_def(path).unwrap_or_default();
    if !picture.empty() {
        return vec![picture];
    }
    let mut capture = VideoCapture::from_file(path, videoio::CAP_ANY).expect("a clip");
    let mut frames = Vec::new();
    let mut bgr = Mat::default();
    while frames.len() < most && capture.read(&mut bgr).expect("a frame or the end") && !bgr.empty() {
        frames.push(bgr.clone());
    }
    frames
}

fn quantile(mut values: Vec<f32>, part: f32) -> f32 {
    values.sort_by(f32::total_cmp);
    let at = (values.len() as f32 * part) as usize;
    values
        .get(at.min(values.len().saturating_sub(1)))
        .copied()
        .unwrap_or(f32::NAN)
}

#[test]
fn bona_fide_recordings_show_no_trace_of_a_display_and_no_cover() {
    let Some((footage, clips, mut analyzer)) = material() else {
        return;
    };
    for clip in &clips {
        analyzer.reset();
        let mut faces: Vec<FaceMeasures> = Vec::new();
        let start = Instant::now();
        let all = frames(&footage.join(&clip.file), FRAMES);
        for (number, bgr) in (0..).zip(&all) {
            let seen = analyzer
                .observe(bgr, number, Duration::from_millis(33 * number))
                .unwrap();
            faces.extend(seen.face);
        }
        if faces.is_empty() {
            continue;
        }
        let of =
            |value: fn(&FaceMeasures) -> Option<f32>| faces.iter().filter_map(value).collect::<Vec<f32>>();
        let traces = [
            ("moire", of(|face| Some(face.screen?.moire))),
            ("bezel", of(|face| Some(face.screen?.bezel))),
            ("glare", of(|face| Some(face.screen?.glare))),
            ("flicker", of(|face| Some(face.screen?.flicker))),
            ("cut-out", of(|face| face.cut_out)),
            ("mouth", of(|face| Some(face.quality.mouth_occlusion))),
            ("eyes", of(|face| Some(face.quality.eyes_occlusion))),
            (
                "uniformity",
                of(|face| Some(face.quality.illumination_uniformity)),
            ),
            ("sharpness", of(|face| Some(face.quality.sharpness))),
            ("light", of(|face| Some(face.light?.face_rgb[1]))),
        ];
        print!(
            "{:30} {:4.1} ms",
            clip.file,
            start.elapsed().as_secs_f64() * 1000.0 / all.len() as f64
        );
        for (name, values) in traces {
            let [p5, p50, p95] = [0.05, 0.5, 0.95].map(|part| quantile(values.clone(), part));
            print!(" | {name} {} {p5:.2} {p50:.2} {p95:.2}", values.len());
            let trace = !["uniformity", "sharpness", "light"].contains(&name);
            if clip.label == "bona_fide" && trace && !values.is_empty() {
                assert!(p50 < 0.5, "{name} of {}: {p50}", clip.file);
            }
        }
        println!();
    }
}

/// Jaw from ear to ear and back over the root of the nose: what a mask covers.
const MASK: [usize; 24] = [
    234, 93, 132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288, 361, 323, 454,
    346, 197, 117,
];
/// Around each eye, from the brow to the cheek: what a lens covers.
const LENSES: [[usize; 8]; 2] = [
    [46, 52, 55, 245, 120, 118, 117, 35],
    [276, 282, 285, 465, 349, 347, 346, 265],
];

fn outline(points: &MeshPoints, numbers: &[usize]) -> Vector<Point> {
    let place = |at: &usize| Point::new(points[*at].x as i32, points[*at].y as i32);
    numbers.iter().map(place).collect()
}

#[test]
fn masks_and_dark_glasses_are_seen_and_clear_glasses_are_not() {
    let Some((footage, clips, mut analyzer)) = material() else {
        return;
    };
    let (mut mask_seen, mut masks, mut dark_seen, mut lenses) = (0, 0, 0, 0);
    for clip in clips.iter().filter(|clip| clip.label == "bona_fide") {
        let Some(frame) = frames(&footage.join(&clip.file), 1).pop() else {
            continue;
        };
        let Some(points) = analyzer.mesh_of(&frame).unwrap() else {
            continue;
        };
        // Faces that are too far away are not asked to take off anything.
        if points[454].x - points[234].x < 110.0 {
            continue;
        }
        let mut measured = |painted: &Mat| {
            analyzer.reset();
            let face = analyzer.observe(painted, 0, Duration::ZERO).unwrap().face;
            face.map(|face| (face.quality.mouth_occlusion, face.quality.eyes_occlusion))
        };
        // A medical mask in blue and in white, and cloth in black and in green, a little shaded by the face's light.
        for cloth in [
            [200.0, 160.0, 110.0],
            [225.0, 225.0, 225.0],
            [35.0, 35.0, 35.0],
            [70.0, 120.0, 60.0],
        ] {
            let mut plain = frame.clone();
            let cloth = Scalar::new(cloth[0], cloth[1], cloth[2], 0.0);
            imgproc::fill_poly_def(&mut plain, &outline(&points, &MASK), cloth).unwrap();
            let mut painted = Mat::default();
            core::add_weighted_def(&plain, 0.9, &frame, 0.1, 0.0, &mut painted).unwrap();
            // Only the mask is mixed; what is equal in both stays equal.
            let got = measured(&painted);
            println!("{} mask {cloth:?} {got:?}", clip.file);
            masks += 1;
            mask_seen += u32::from(got.is_none_or(|(mouth, _)| mouth > 0.5));
        }
        for through in [0.05, 0.7] {
            let mut dimmed = Mat::default();
            // In encoded values, for what is said in linear light.
            let part = f64::powf(through, 1.0 / 2.2);
            frame.convert_to(&mut dimmed, -1, part, 0.0).unwrap();
            let mut painted = frame.clone();
            for lens in &LENSES {
                let mut mask =
                    Mat::new_size_with_default(frame.size().unwrap(), core::CV_8UC1, Scalar::all(0.0))
                        .unwrap();
                imgproc::fill_poly_def(&mut mask, &outline(&points, lens), Scalar::all(255.0)).unwrap();
                dimmed.copy_to_masked(&mut painted, &mask).unwrap();
            }
            let got = measured(&painted);
            println!("{} lenses {through} {got:?}", clip.file);
            if through < 0.1 {
                lenses += 1;
                dark_seen += u32::from(got.is_none_or(|(_, eyes)| eyes > 0.5));
            } else {
                assert!(
                    got.is_none_or(|(_, eyes)| eyes < 0.5),
                    "clear lenses of {}",
                    clip.file
                );
            }
        }
    }
    println!("masks seen {mask_seen} of {masks}, dark lenses {dark_seen} of {lenses}");
    assert!(10 * mask_seen >= 8 * masks, "masks seen {mask_seen} of {masks}");
    assert!(
        10 * dark_seen >= 8 * lenses,
        "dark lenses seen {dark_seen} of {lenses}"
    );
}
