//! What cannot work ends the program with a message and a code, also where it turns out while the window opens.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

mod common;

use std::process::{Command, Stdio};

use common::{Institution, clip};

#[test]
fn a_kiosk_without_models_ends_and_says_why() {
    let institution = Institution::found();
    let config = institution.kiosk_config(&clip(), "", (640, 480));
    let empty = institution.folder.path().join("no-models");
    std::fs::create_dir(&empty).unwrap();
    let text = std::fs::read_to_string(&config).unwrap();
    let models = format!("models = {:?}", common::models());
    assert!(text.contains(&models));
    std::fs::write(&config, text.replace(&models, &format!("models = {empty:?}"))).unwrap();

    let ended = Command::new(env!("CARGO_BIN_EXE_alaqan"))
        .arg("--config")
        .arg(&config)
        .stdin(Stdio::null())
        .output()
        .unwrap();

    let said = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(1), "{said}");
    assert!(
        said.contains("alaqan: the kiosk cannot start: the face models cannot be used"),
        "{said}"
    );
}
