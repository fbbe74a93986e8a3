//! Traces of displays, covers, light and quality on the recordings of real people.
//!
//! `ALAQAN_FOOTAGE` names the folder of the recordings and `ALAQAN_MODELS` that of the models; without them these
//! tests say so and pass. What is asserted holds for every bona fide recording, of whomever.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use face::{Analyzer, ModelFolder};
use opencv::core::Mat;
use opencv::imgcodecs;
use opencv::prelude::*;
use opencv::videoio::{self, VideoCapture};
use serde::Deserialize;
use verification::capture::FaceMeasures;

#[derive(Deserialize)]
struct Manifest {
    clip: Vec<Clip>,
}

#[derive(Deserialize)]
struct Clip {
    file: String,
    label: String,
}

fn folder(variable: &str) -> Option<PathBuf> {
    let folder = std::env::var_os(variable).map(PathBuf::from);
    if folder.is_none() {
        println!("{variable} is not set: this test did not run on real faces");
    }
    folder
}

/// Every frame of a clip or a picture, at most so many.
fn frames(path: &Path, most: usize) -> Vec<Mat> {
    let picture = imgcodecs::imread_def(path).unwrap_or_default();
    if !picture.empty() {
        return vec![picture];
    }
    let mut capture = VideoCapture::from_file(path, videoio::CAP_ANY).unwrap();
    let mut frames = Vec::new();
    let mut bgr = Mat::default();
    while frames.len() < most && capture.read(&mut bgr).unwrap() && !bgr.empty() {
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
    let (Some(footage), Some(models)) = (folder("ALAQAN_FOOTAGE"), folder("ALAQAN_MODELS")) else {
        return;
    };
    let mut analyzer = Analyzer::new(&ModelFolder::open(&models).unwrap()).unwrap();
    let manifest: Manifest =
        toml::from_str(&std::fs::read_to_string(footage.join("manifest.toml")).unwrap()).unwrap();
    for clip in &manifest.clip {
        analyzer.reset();
        let mut faces: Vec<FaceMeasures> = Vec::new();
        let start = Instant::now();
        let all = frames(&footage.join(&clip.file), 1000);
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
            // The cut-out has a threshold of its own.
            let limit = if name == "cut-out" { 0.8 } else { 0.5 };
            if clip.label == "bona_fide" && trace && !values.is_empty() {
                assert!(p50 < limit, "{name} of {}: {p50}", clip.file);
            }
        }
        println!();
    }
}
