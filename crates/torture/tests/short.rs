//! A short torture with a fixed plan: what `cargo xtask torture` does a thousand times.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::path::{Path, PathBuf};
use std::process::Command;

/// Programs of other packages lie beside this one's; `cargo xtask test` builds them first.
fn folder_of_programs() -> PathBuf {
    let kiosk = Path::new(env!("CARGO_BIN_EXE_alaqan-torture-kiosk"));
    let folder = kiosk.parent().unwrap();
    for program in ["alaqan-gateway", "alaqan-audit"] {
        assert!(
            folder.join(program).is_file(),
            "{program} is not in {}: cargo build --bins --package gateway --package custody",
            folder.display()
        );
    }
    folder.to_owned()
}

#[test]
fn nothing_is_lost_doubled_or_readable() {
    let folder = tempfile::tempdir().unwrap().keep();
    let output = Command::new(env!("CARGO_BIN_EXE_alaqan-torture"))
        .arg("--programs")
        .arg(folder_of_programs())
        .arg("--work")
        .arg(folder.join("work"))
        .args(["--seed", "5", "--rounds", "20"])
        .output()
        .unwrap();
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{}\n{said}", folder.display());
    assert!(said.contains("| rounds | 20 |"), "{said}");
    std::fs::remove_dir_all(folder).unwrap();
}
