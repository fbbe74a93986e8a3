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

/// Everything that `docs/kiosk.toml` can name: the group that may use it, if it has one, and its kinds of device.
const DEVICES: &[(&str, &str, &[&str])] = &[
    ("camera", "video", &["char-video4linux"]),
    ("display", "render", &["char-drm"]),
    ("keys, and the socket of the headset", "input", &["char-input"]),
    ("terminal", "", &["char-tty"]),
    (
        "palm scanner, thermometer, printer",
        "dialout",
        &["char-ttyUSB", "char-ttyACM"],
    ),
    ("TPM", "tss", &["char-tpm", "/dev/tpmrm0"]),
    ("sound", "audio", &["char-alsa"]),
    ("printer without a queue", "lp", &["char-usb"]),
];

/// The values of a key, in its lines.
fn values(key: &str) -> Vec<&'static str> {
    let start = format!("{key}=");
    let lines = CONFIGURATION.lines().filter_map(|line| line.strip_prefix(&start));
    lines.flat_map(str::split_whitespace).collect()
}

#[test]
fn every_device_of_the_configuration_can_be_used_and_no_other() {
    let (mut groups, mut kinds) = (Vec::new(), Vec::new());
    for (_, group, of_device) in DEVICES {
        groups.extend((!group.is_empty()).then_some(*group));
        kinds.extend_from_slice(of_device);
    }
    let mut allowed = values("DeviceAllow");
    allowed.retain(|word| !["r", "rw"].contains(word));
    for list in [&mut groups, &mut kinds, &mut allowed] {
        list.sort_unstable();
    }
    let mut given = values("SupplementaryGroups");
    given.sort_unstable();
    assert_eq!(given, groups);
    assert_eq!(allowed, kinds);
    assert_eq!(values("DevicePolicy"), ["closed"]);
    assert_eq!(values("ReadWritePaths"), ["-/media/alaqan"]);
}

#[test]
fn what_was_entered_reaches_no_disk() {
    for line in [
        "LimitCORE=0",
        "MemorySwapMax=0",
        "ProtectSystem=strict",
        "ProtectHome=yes",
        "UMask=0077",
    ] {
        assert!(CONFIGURATION.lines().any(|found| found == line), "{line}");
    }
    let temporary = values("TemporaryFileSystem").join(" ");
    for folder in ["/tmp:", "/var/tmp:"] {
        assert!(temporary.contains(folder), "{folder}");
    }
    let environment = values("Environment");
    for variable in ["HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"] {
        let start = format!("{variable}=/run/alaqan");
        assert!(
            environment.iter().any(|set| set.starts_with(&start)),
            "{variable}"
        );
    }
}
