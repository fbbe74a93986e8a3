//! The systemd unit of the kiosk: that systemd takes it, and that it gives away little.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

use std::process::Command;

const UNIT: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/packaging/linux/alaqan-kiosk.service"
);
const CONFIGURATION: &str = include_str!("../packaging/linux/alaqan-kiosk.service");

fn analyze(arguments: &[&str]) {
    let output = Command::new("systemd-analyze")
        .args(arguments)
        .arg(UNIT)
        .output()
        .expect("systemd-analyze (Debian package systemd)");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(output.status.success(), "{said}");
    assert!(
        !said.contains("Unknown") && !said.contains("Failed to parse"),
        "{said}"
    );
}

#[test]
fn systemd_takes_the_unit() {
    // The programs are not installed where this runs; what is judged is the unit.
    let folder = tempfile::TempDir::new().unwrap();
    let unit = folder.path().join("alaqan-kiosk.service");
    let text = CONFIGURATION.replace("/usr/bin/cage -d -- /usr/bin/alaqan", "/bin/true");
    assert_ne!(text, CONFIGURATION);
    std::fs::write(&unit, text).unwrap();
    let output = Command::new("systemd-analyze").arg("verify").arg(&unit).output();
    let output = output.expect("systemd-analyze (Debian package systemd)");
    let said = String::from_utf8_lossy(&output.stderr);
    // What is wrong with other units of this machine is not ours.
    let ours: Vec<_> = said
        .lines()
        .filter(|line| line.contains("alaqan-kiosk"))
        .collect();
    assert_eq!(ours, [""; 0]);
}

/// The scale of systemd goes from 0 to 100; above 30 it says "medium". A kiosk needs devices, a display and a line.
#[test]
fn the_unit_gives_away_little() {
    analyze(&["security", "--offline=true", "--threshold=30", "--no-pager"]);
}

#[test]
fn a_kiosk_that_ends_or_hangs_comes_back() {
    for line in [
        "Restart=always",
        "WatchdogSec=90",
        "StartLimitIntervalSec=0",
        "NotifyAccess=all",
    ] {
        assert!(CONFIGURATION.lines().any(|found| found == line), "{line}");
    }
    // `-s` would allow to switch terminals.
    let start = CONFIGURATION.lines().find(|line| line.starts_with("ExecStart="));
    assert!(start.unwrap().starts_with("ExecStart=/usr/bin/cage -d -- "));
}
