//! Lets the actor of a clip answer every prompt that it offers, and prints what the analyzer sees of it.
//!
//! `cargo run -p puppet --example alaqan-rehearsal -- --models FOLDER FOLDER CLIP`

use std::error::Error;
use std::path::PathBuf;
use std::time::Instant;

use camera::{Actor, FrameSource, Pace};
use clap::Parser;
use face::{Analyzer, ModelFolder};

/// Measures an actor's whole repertoire.
#[derive(Parser)]
struct Arguments {
    /// Folder of the models.
    #[arg(long)]
    models: PathBuf,
    /// Folder of the clips, with its manifest.toml.
    folder: PathBuf,
    /// Name of the clip.
    clip: String,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let mut analyzer = Analyzer::new(&ModelFolder::open(&arguments.models)?)?;
    let start = Instant::now();
    let mut actor = Actor::open(&arguments.folder, &arguments.clip, Pace::Free, start)?;
    println!("opened in {} ms", start.elapsed().as_millis());
    let offers: Vec<_> = actor.offers().into_iter().map(Some).collect();
    for prompt in [None].into_iter().chain(offers) {
        actor.cue(prompt);
        let mut span = [(f32::INFINITY, f32::NEG_INFINITY); 7];
        let (mut missing, mut jump, mut passive, mut before) = (0, 0.0_f32, Vec::new(), None);
        for _ in 0..240 {
            let Some(frame) = actor.next_frame()? else { break };
            let Some(face) = analyzer.observe(&frame.bgr, frame.index, frame.at)?.face else {
                missing += 1;
                continue;
            };
            let values = [
                face.yaw_deg,
                face.pitch_deg,
                face.roll_deg,
                face.eye_left_ratio,
                face.eye_right_ratio,
                face.mouth_opening_ratio,
                face.mouth_width_ratio,
            ];
            for ((low, high), value) in span.iter_mut().zip(values) {
                (*low, *high) = (low.min(value), high.max(value));
            }
            let centre = (
                face.box_px.x + face.box_px.width / 2.0,
                face.box_px.y + face.box_px.height / 2.0,
            );
            if let Some((x, y)) = before.replace(centre) {
                let moved: f32 = f32::hypot(centre.0 - x, centre.1 - y);
                jump = jump.max(moved / face.box_px.width);
            }
            passive.extend(face.passive_real);
        }
        passive.sort_by(f32::total_cmp);
        let median = passive.get(passive.len() / 2);
        println!("{prompt:?}: no face in {missing}, largest jump {jump:.3} widths, passive {median:?}");
        let names = [
            "yaw",
            "pitch",
            "roll",
            "eye left",
            "eye right",
            "mouth opening",
            "mouth width",
        ];
        for (name, (low, high)) in names.into_iter().zip(span) {
            println!("    {name:13} {low:8.2} to {high:8.2}");
        }
    }
    Ok(())
}
