//! Measures what the analysis of each frame costs, for `cargo xtask bench face`, which asks by lines:
//!
//! `whole PATH` answers with one line of JSON, the milliseconds of `Analyzer::observe` for each frame of a clip;
//! `stages PATH` with those of each stage. Decoding is left out.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{BufRead, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Parser;
use face::{Analyzer, ModelFolder};
use opencv::core::{self, Mat};
use opencv::prelude::*;
use opencv::videoio::{self, VideoCapture};

/// Answers questions about the cost of analysis.
#[derive(Parser)]
struct Arguments {
    /// Folder of the models.
    #[arg(long)]
    models: PathBuf,
    /// Threads that OpenCV may use.
    #[arg(long, default_value_t = 1)]
    threads: i32,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    core::set_num_threads(arguments.threads)?;
    let models = ModelFolder::open(&arguments.models)?;
    let mut analyzer = Analyzer::new(&models)?;
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let (what, path) = line.split_once(' ').ok_or("a question has two words")?;
        let answer = match what {
            "whole" => {
                analyzer.reset();
                let mut costs = Vec::new();
                each_frame(path, |frame, bgr| {
                    let start = Instant::now();
                    analyzer.observe(bgr, frame, moment(frame)?)?;
                    costs.push(ms(start.elapsed()));
                    Ok(())
                })?;
                format!("{costs:?}")
            }
            "stages" => {
                analyzer.reset();
                let mut costs: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
                each_frame(path, |frame, bgr| {
                    let (_, stages) = analyzer.observe_by_stages(bgr, frame, moment(frame)?)?;
                    for (stage, cost) in stages {
                        costs.entry(stage).or_default().push(ms(cost));
                    }
                    Ok(())
                })?;
                format!("{costs:?}")
            }
            _ => return Err(format!("{what} is no question").into()),
        };
        println!("{answer}");
        std::io::stdout().flush()?;
    }
    Ok(())
}

/// When a frame was taken.
fn moment(frame: u64) -> Result<Duration, Box<dyn Error>> {
    Ok(Duration::from_millis(33) * u32::try_from(frame)?)
}

fn ms(cost: Duration) -> f64 {
    cost.as_secs_f64() * 1000.0
}

fn each_frame(
    path: &str,
    mut then: impl FnMut(u64, &Mat) -> Result<(), Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let mut capture = VideoCapture::from_file(path, videoio::CAP_ANY)?;
    if !capture.is_opened()? {
        return Err(format!("{path} cannot be read").into());
    }
    let mut bgr = Mat::default();
    for frame in 0.. {
        if !capture.read(&mut bgr)? || bgr.empty() {
            break;
        }
        then(frame, &bgr)?;
    }
    Ok(())
}
