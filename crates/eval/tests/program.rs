//! The program as it is typed.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::path::Path;
use std::process::{Command, Output};

use opencv::core::{CV_8UC3, Mat, Point, Scalar, Size};
use opencv::imgproc;
use opencv::prelude::*;
use opencv::videoio::VideoWriter;
use serde_json::Value;

/// A clip of a disc that wanders: no face, and each frame another one.
fn drawn_clip(folder: &Path, name: &str, frames: i32, size: Size) {
    let fourcc = VideoWriter::fourcc('M', 'J', 'P', 'G').unwrap();
    let mut writer = VideoWriter::new(folder.join(name), fourcc, 12.5, size, true).unwrap();
    for at in 0..frames {
        let mut frame =
            Mat::new_rows_cols_with_default(size.height, size.width, CV_8UC3, Scalar::all(120.0)).unwrap();
        let place = Point::new(20 + 3 * at, size.height / 2);
        imgproc::circle_def(&mut frame, place, 15, Scalar::new(40.0, 200.0, 90.0, 0.0)).unwrap();
        writer.write(&frame).unwrap();
    }
    writer.release().unwrap();
}

fn eval(folder: &Path, models: &Path, more: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_alaqan-eval"))
        .arg(folder)
        .arg("--models")
        .arg(models)
        .arg("--json")
        .arg(folder.join("out/eval.json"))
        .arg("--html")
        .arg(folder.join("out/eval.html"))
        .args(more)
        .output()
        .unwrap()
}

#[test]
fn a_folder_without_clips_is_named() {
    let check = |manifest: Option<&str>, expect: &str| {
        let folder = tempfile::tempdir().unwrap();
        if let Some(manifest) = manifest {
            std::fs::write(folder.path().join("manifest.toml"), manifest).unwrap();
        }
        let output = eval(folder.path(), folder.path(), &[]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(expect), "{said}");
    };
    check(None, "manifest.toml cannot be read");
    check(Some(""), "lists no clip");
    check(Some("[[clip]]\nfile = 3\n"), "no list of clips");
    // A good list, and no model in the folder.
    let list = "[[clip]]\nfile = \"a.avi\"\nlabel = \"bona_fide\"\nframes = 9\n";
    check(Some(list), "the models cannot be used");
}

const MANIFEST: &str = r#"
[[clip]]
file = "broken.mp4"
label = "attack_print"
frames = 50
fps = 30.0

[[clip]]
file = "disc.avi"
label = "no_face"
frames = 40
fps = 12.5

[[clip]]
file = "person.avi"
label = "bona_fide"
subject = "A"
frames = 40
fps = 12.5
unknown_field = "is left alone"
[[clip.event]]
type = "blink"
first = 5
last = 9
[[clip.event]]
type = "juggling"
first = 20
last = 30

[[clip]]
file = "puzzle.avi"
label = "hologram"
frames = 40
"#;

#[test]
fn a_folder_with_drawn_and_broken_clips_is_judged_to_its_end() {
    let Some(models) = std::env::var_os("ALAQAN_MODELS").filter(|models| !models.is_empty()) else {
        println!("ALAQAN_MODELS is not set: nothing was judged");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("manifest.toml"), MANIFEST).unwrap();
    std::fs::write(folder.path().join("broken.mp4"), "no video").unwrap();
    drawn_clip(folder.path(), "disc.avi", 40, Size::new(320, 240));
    drawn_clip(folder.path(), "person.avi", 40, Size::new(318, 250));
    drawn_clip(folder.path(), "puzzle.avi", 40, Size::new(64, 48));

    let output = eval(
        folder.path(),
        models.as_ref(),
        &["--script", "--synthetic", "--markdown"],
    );
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    // Every clip is judged, and the one that cannot be played is not forgotten.
    assert_eq!(output.status.code(), Some(1), "{said}");

    let json = std::fs::read_to_string(folder.path().join("out/eval.json")).unwrap();
    let report: Value = serde_json::from_str(&json).unwrap();
    let words: Vec<&str> = report["clips"]
        .as_array()
        .unwrap()
        .iter()
        .map(|clip| clip["decision"]["word"].as_str().unwrap())
        .collect();
    assert_eq!(
        words,
        ["unreadable", "not_acquired", "not_acquired", "not_acquired"]
    );
    assert_eq!(report["version"], 1);
    assert_eq!(report["clips"][0]["wrong"], true);
    assert_eq!(report["clips"][1]["wrong"], false);
    assert_eq!(report["clips"][2]["wrong"], true);
    assert_eq!(report["clips"][2]["frames"], 40);
    assert_eq!(report["clips"][2]["width_px"], 318);
    assert_eq!(report["clips"][2]["events"][0]["found"], false);
    assert!(report["clips"][2]["curves"]["faces"].as_array().unwrap().len() == 40);
    assert_eq!(report["pad"]["failure_to_acquire"]["of"], 1);
    assert_eq!(report["pad"]["failure_to_acquire"]["all"], 1);
    assert_eq!(report["pad"]["expected_not_acquired"]["of"], 1);
    // What was not acquired does not lower the recall, and is not forgotten either.
    let actions = &report["actions_bona_fide"];
    assert_eq!(actions["recall"]["all"], 0);
    assert_eq!(actions["recall_with_not_acquired"]["all"], 1);
    assert_eq!(actions["left_out"][0], "person.avi");
    let remarks = report["remarks"].to_string();
    assert!(
        remarks.contains("hologram") && remarks.contains("juggling"),
        "{remarks}"
    );
    assert_eq!(report["script"]["bona_fide_passed"]["all"], 0);
    assert_eq!(report["synthetic"]["clips"].as_array().unwrap().len(), 0);

    let html = std::fs::read_to_string(folder.path().join("out/eval.html")).unwrap();
    assert!(html.contains("person.avi") && html.contains("<svg"));
    assert!(
        !html.contains("http") && !html.contains("<img"),
        "the page needs no network"
    );
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        text.contains("BPCER") && text.contains("| person.avi |"),
        "{text}"
    );
}
