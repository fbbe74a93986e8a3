//! Prints what the analyzer measures in every frame of a clip, as comma-separated values.
//!
//! `cargo run --release -p face --example alaqan-face-curves -- --models FOLDER CLIP`

use std::error::Error;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Parser;
use face::{Analyzer, ModelFolder};
use opencv::core::Mat;
use opencv::imgcodecs;
use opencv::prelude::*;
use opencv::videoio::{self, VideoCapture};

/// Measures every frame of a clip.
#[derive(Parser)]
struct Arguments {
    /// Folder of the models.
    #[arg(long)]
    models: PathBuf,
    /// Video or picture.
    clip: PathBuf,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let mut analyzer = Analyzer::new(&ModelFolder::open(&arguments.models)?)?;
    let mut capture = VideoCapture::from_file(&arguments.clip, videoio::CAP_ANY)?;
    if !capture.is_opened()? {
        return Err(format!("{} cannot be read", arguments.clip.display()).into());
    }
    println!(
        "frame,faces,presence,yaw_deg,pitch_deg,roll_deg,eye_left,eye_right,mouth_opening,mouth_width,mouth_corner,passive_real,\
         eye_distance_px,sharpness,luminance,uniformity,x,y,width,height,cost_ms"
    );
    // A picture is read as such, since only then its orientation mark is obeyed.
    let picture = imgcodecs::imread_def(&arguments.clip)?;
    let mut bgr = Mat::default();
    for frame in 0.. {
        if !capture.read(&mut bgr)? || bgr.empty() {
            break;
        }
        if !picture.empty() {
            bgr = picture.clone();
        }
        let start = Instant::now();
        let seen = analyzer.observe(&bgr, frame, Duration::ZERO)?;
        let cost_ms = start.elapsed().as_secs_f64() * 1000.0;
        let Some(face) = seen.face else {
            println!("{frame},{},,,,,,,,,,,,,,,,,,,{cost_ms:.1}", seen.faces);
            continue;
        };
        let passive = face
            .passive_real
            .map(|real| format!("{real:.3}"))
            .unwrap_or_default();
        println!(
            "{frame},{},{:.3},{:.1},{:.1},{:.1},{:.3},{:.3},{:.3},{:.3},{:.3},{passive},{:.1},{:.0},{:.0},{:.2},\
             {:.0},{:.0},{:.0},{:.0},{cost_ms:.1}",
            seen.faces,
            face.presence,
            face.yaw_deg,
            face.pitch_deg,
            face.roll_deg,
            face.eye_left_ratio,
            face.eye_right_ratio,
            face.mouth_opening_ratio,
            face.mouth_width_ratio,
            face.mouth_corner_ratio,
            face.quality.inter_eye_distance_px,
            face.quality.sharpness,
            face.quality.luminance_mean,
            face.quality.illumination_uniformity,
            face.box_px.x,
            face.box_px.y,
            face.box_px.width,
            face.box_px.height,
        );
    }
    Ok(())
}
