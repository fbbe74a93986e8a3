use std::path::Path;

use opencv::core::{Mat, Size, Vec3b};
use opencv::prelude::*;
use opencv::videoio::VideoWriter;

use super::donor::{Donor, drawn_donor};
use super::paint::{Grain, plain};
use super::*;

const SIZE: Size = Size {
    width: 96,
    height: 64,
};

/// A clip whose frames get brighter one by one, with a donor who is said to be in its middle.
fn donor(folder: &Path, name: &str, first_shade: u8) -> Donor {
    let path = folder.join(name);
    let fourcc = VideoWriter::fourcc('M', 'J', 'P', 'G').unwrap();
    let mut writer = VideoWriter::new(&path, fourcc, 10.0, SIZE, true).unwrap();
    for at in 0..60 {
        let shade = first_shade + at;
        writer
            .write(&plain(SIZE, Vec3b::from([shade; 3])).unwrap())
            .unwrap();
    }
    writer.release().unwrap();
    let neutral = plain(SIZE, Vec3b::from([first_shade; 3])).unwrap();
    drawn_donor(path, neutral, 60, 10.0)
}

/// Mean level of each frame until the end.
fn levels(mut next: impl FnMut() -> Result<Option<Mat>, PlayError>) -> Vec<f64> {
    let mut levels = Vec::new();
    while let Some(frame) = next().unwrap() {
        levels.push(opencv::core::mean_def(&frame).unwrap()[1]);
    }
    levels
}

#[test]
fn a_frozen_stream_stands_still_to_the_pixel_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let donor = donor(folder.path(), "a.avi", 40);
    let mut freeze = stream::Freeze::new(&donor).unwrap();
    let levels = levels(|| freeze.next_frame());
    // 1.5 s at 10 frames a second are added, from 1.8 s on.
    assert_eq!(levels.len(), 60 + 15);
    let same = levels.windows(2).filter(|pair| pair[0] == pair[1]).count();
    assert_eq!(same, 15, "{levels:?}");
    assert!(
        levels[17..33].windows(2).all(|pair| pair[0] == pair[1]),
        "{levels:?}"
    );
}

#[test]
fn a_switched_stream_is_cut_once() {
    let folder = tempfile::tempdir().unwrap();
    let (dark, bright) = (
        donor(folder.path(), "a.avi", 20),
        donor(folder.path(), "b.avi", 150),
    );
    let mut switch = stream::Switch::new(&dark, &bright).unwrap();
    let levels = levels(|| switch.next_frame());
    let cuts: Vec<usize> = (1..levels.len())
        .filter(|at| (levels[*at] - levels[*at - 1]).abs() > 30.0)
        .collect();
    assert_eq!(cuts, [18]);
}

#[test]
fn a_print_and_a_display_are_the_same_for_the_same_seed() {
    let folder = tempfile::tempdir().unwrap();
    let donor = donor(folder.path(), "a.avi", 90);
    let bytes = |frame: Option<Mat>| frame.unwrap().data_bytes().unwrap().to_vec();
    let print = |bent, seed| {
        let mut print = print::Print::new(&donor, &donor, bent, seed).unwrap();
        bytes(print.next_frame().unwrap())
    };
    assert_eq!(print(false, 1), print(false, 1));
    assert_ne!(print(false, 1), print(false, 2));
    assert_ne!(print(false, 1), print(true, 1));
    let display = |seed| {
        let mut display = screen::ScreenReplay::new(&donor, seed).unwrap();
        bytes(display.next_frame().unwrap())
    };
    assert_eq!(display(1), display(1));
    assert_ne!(display(1), display(2));
}

#[test]
fn grain_is_of_the_stated_size() {
    let mut frame = plain(Size::new(400, 300), Vec3b::from([128; 3])).unwrap();
    Grain::new(5).add(&mut frame).unwrap();
    let (mut mean, mut deviation) = (opencv::core::Scalar::default(), opencv::core::Scalar::default());
    opencv::core::mean_std_dev_def(&frame, &mut mean, &mut deviation).unwrap();
    assert!((mean[0] - 128.0).abs() < 0.1, "{mean:?}");
    assert!((deviation[0] - 2.0).abs() < 0.15, "{deviation:?}");
}

#[test]
fn without_a_bona_fide_clip_nothing_is_rendered() {
    let Some(models) = std::env::var_os("ALAQAN_MODELS").filter(|models| !models.is_empty()) else {
        println!("ALAQAN_MODELS is not set: nothing was rendered");
        return;
    };
    let models = ModelFolder::open(models).unwrap();
    let mut count = 0;
    each_rendering(Path::new("."), &[], &models, 1, |_, _| count += 1).unwrap();
    assert_eq!(count, 0);
}
