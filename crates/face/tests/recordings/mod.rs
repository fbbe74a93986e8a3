//! The recordings of real people and what their list says of them, for the tests that have them at hand.
#![allow(dead_code, reason = "each test uses a part of it")]

use std::path::PathBuf;

use face::{Analyzer, ModelFolder};
use serde::Deserialize;

#[derive(Deserialize)]
struct Manifest {
    clip: Vec<Clip>,
}

#[derive(Deserialize)]
pub struct Clip {
    pub file: String,
    pub label: String,
    #[serde(default)]
    pub subject: String,
    pub frames: usize,
    #[serde(default)]
    pub face_px: f32,
    #[serde(default)]
    pub event: Vec<Event>,
}

#[derive(Deserialize)]
pub struct Event {
    pub r#type: String,
    pub first: usize,
    pub last: usize,
    #[serde(default)]
    pub note: String,
}

fn folder(variable: &str) -> Option<PathBuf> {
    let folder = std::env::var_os(variable).map(PathBuf::from);
    if folder.is_none() {
        println!("{variable} is not set: this test did not run on real faces");
    }
    folder
}

pub fn analyzer() -> Option<Analyzer> {
    let models = ModelFolder::open(folder("ALAQAN_MODELS")?).expect("the models");
    Some(Analyzer::new(&models).expect("good models"))
}

/// The folder, its clips and an analyzer; `None`, which is said, where they are not at hand.
pub fn material() -> Option<(PathBuf, Vec<Clip>, Analyzer)> {
    let footage = folder("ALAQAN_FOOTAGE")?;
    let text = std::fs::read_to_string(footage.join("manifest.toml")).expect("the list");
    let clips = toml::from_str::<Manifest>(&text).expect("a good list").clip;
    Some((footage, clips, analyzer()?))
}
