//! The two programs as a person uses them.
#![cfg(unix)]
// The configuration of clippy lets `unwrap` pass in tests, but not in what tests share.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use expect_test::expect;

const PALM: &str = env!("CARGO_BIN_EXE_alaqan-palm");
const SIM: &str = env!("CARGO_BIN_EXE_alaqan-palm-sim");
/// The user `nobody` on Linux.
const NOBODY: u32 = 65534;

fn start_sim(arguments: &[&str]) -> Child {
    let mut sim = Command::new(SIM)
        .args(arguments)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(sim.stdout.as_mut().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert!(line.starts_with("dfrobot-ai10 listens on "), "{line}");
    sim
}

fn end(mut sim: Child) {
    assert!(
        Command::new("kill")
            .arg(sim.id().to_string())
            .status()
            .unwrap()
            .success()
    );
    assert!(sim.wait().unwrap().success());
}

fn info(port: &Path) -> Output {
    Command::new(PALM)
        .args(["info", "--json", "--port"])
        .arg(port)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn a_technician_sees_the_module_and_the_link_goes_away() {
    let folder = tempfile::tempdir().unwrap();
    let (link, ready) = (folder.path().join("palm"), folder.path().join("ready"));
    // A link left behind by a simulator that was killed is in nobody's way.
    std::os::unix::fs::symlink("/nowhere", &link).unwrap();
    let sim = start_sim(&[
        "--link",
        link.to_str().unwrap(),
        "--ready-file",
        ready.to_str().unwrap(),
    ]);
    let answer = info(&link);
    assert_eq!(answer.status.code(), Some(0), "{}", text(&answer.stderr));
    let report = text(&answer.stdout).replace(link.to_str().unwrap(), "PORT");
    expect![[r#"
        {"capabilities":{"geometry":false,"temperature":false,"vascular":true},"driver":"dfrobot-ai10","firmware":"AI10-SIM 1.0.0","port":"PORT","serial":"SIM-0000-0001","status":"standby"}
    "#]].assert_eq(&report);
    end(sim);
    assert_eq!(fs::read_to_string(&ready).unwrap().trim(), link.to_str().unwrap());
    assert!(fs::symlink_metadata(&link).is_err());
}

#[test]
fn a_file_is_never_replaced_by_a_link() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let answer = Command::new(SIM).arg("--link").arg(file.path()).output().unwrap();
    assert_eq!(answer.status.code(), Some(1));
    assert!(text(&answer.stderr).contains("exists and is no link"));
    assert!(file.path().is_file());
}

fn check_fault(fault: &str, expect: i32) {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("palm");
    let sim = start_sim(&["--fault", fault, "--link", link.to_str().unwrap()]);
    assert_eq!(info(&link).status.code(), Some(expect), "{fault}");
    end(sim);
}

#[test]
fn exit_codes_tell_faults_apart() {
    check_fault("silence", 6);
    check_fault("bad-check", 7);
    assert_eq!(info(Path::new("/dev/no-such-port")).status.code(), Some(3));
    assert_eq!(
        Command::new(PALM).arg("nonsense").output().unwrap().status.code(),
        Some(2)
    );
    let unknown = Command::new(SIM).args(["--fault", "nonsense"]).output().unwrap();
    assert!(text(&unknown.stderr).contains("bad-check"));
}

/// The root user may open everything, so the program then runs as `nobody`, from a place that `nobody` can read.
#[test]
fn no_permission_is_not_absence() {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let (port, program) = (folder.path().join("port"), folder.path().join("alaqan-palm"));
    fs::write(&port, "").unwrap();
    fs::set_permissions(&port, fs::Permissions::from_mode(0o000)).unwrap();
    fs::copy(PALM, &program).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = Command::new(&program);
    command.args(["info", "--port"]).arg(&port).current_dir("/");
    if fs::metadata(folder.path()).unwrap().uid() == 0 {
        command.uid(NOBODY).gid(NOBODY);
    }
    let answer = command.output().unwrap();
    assert_eq!(answer.status.code(), Some(4), "{}", text(&answer.stderr));
}

#[test]
fn list_prints_json() {
    let answer = Command::new(PALM).args(["list", "--json"]).output().unwrap();
    assert_eq!(answer.status.code(), Some(0));
    assert!(
        serde_json::from_slice::<serde_json::Value>(&answer.stdout)
            .unwrap()
            .is_array()
    );
}
