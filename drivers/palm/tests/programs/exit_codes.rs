//! Every exit code, and that the manual page tells of them all.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use palm::sim::Protocol;

use super::{AI10, PALM, check_code, palm, simulate, text};

/// The user `nobody` on Linux.
const NOBODY: u32 = 65534;

#[test]
fn exit_codes_tell_outcomes_apart() {
    let verify = |faults: &[&str], code| check_code(AI10, faults, "verify --limit-s 3", code);
    verify(&["no-match"], 10);
    verify(&["liveness"], 11);
    verify(&["nobody"], 12);
    verify(&["face"], 13);
    let enrol = |faults: &[&str], code| check_code(AI10, faults, "enrol --tag s-2 --limit-s 3", code);
    enrol(&["liveness"], 11);
    enrol(&["nobody"], 12);
    enrol(&["face"], 13);
    enrol(&["result=10"], 14);
    enrol(&["full"], 15);
    enrol(&["result=1"], 16);
}

#[test]
fn a_wrong_seal_has_a_code_of_its_own() {
    let reference = |faults: &[&str], verb, code| check_code(Protocol::Reference, faults, verb, code);
    reference(&["bad-signature"], "verify", 18);
    reference(&["missing-seal", "no-match"], "verify", 18);
    reference(&["no-match"], "verify", 10);
    // The key of the examples in the page of the protocol, which no simulator has.
    let other_key = "verify --device-key 02515C3D6EB9E396B904D3FECA7F54FDCD0CC1E997BF375DCA515AD0A6C3B4035F";
    reference(&[], other_key, 18);
}

#[test]
fn exit_codes_tell_faults_apart() {
    let info = |faults: &[&str], code| check_code(AI10, faults, "info", code);
    info(&["broken"], 9);
    info(&["silence"], 6);
    info(&["bad-check"], 7);
    info(&["garbage"], 7);
    check_code(AI10, &["hang-up"], "verify", 8);
    check_code(AI10, &["reboot"], "verify", 8);
    check_code(AI10, &["broken"], "self-test", 17);
    let run = |arguments: &[&str]| Command::new(PALM).args(arguments).output().unwrap().status.code();
    assert_eq!(run(&["info", "--port", "/dev/no-such-port"]), Some(3));
    assert_eq!(run(&["watch", "--port", "usb:10c4"]), Some(2));
    assert_eq!(run(&["enrol", "--port", "COM3", "--tag", "Айгерім"]), Some(2));
    assert_eq!(run(&["nonsense"]), Some(2));
}

#[test]
fn a_port_in_use_is_named() {
    let simulator = simulate(AI10, &[], &[]);
    let _holder = serialport::new(simulator.port().to_str().unwrap(), 115_200)
        .open()
        .unwrap();
    let answer = palm(&simulator, AI10, "info").output().unwrap();
    assert_eq!(answer.status.code(), Some(5), "{}", text(&answer.stderr));
}

/// The root user may open everything, so the program then runs as `nobody`, from a place that `nobody` can read.
#[test]
fn no_permission_is_not_absence() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("alaqan-palm");
    fs::copy(PALM, &program).unwrap();
    for path in [folder.path(), &program] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let simulator = simulate(AI10, &[], &[]);
    fs::set_permissions(simulator.port(), fs::Permissions::from_mode(0o000)).unwrap();
    let mut command = Command::new(&program);
    command
        .args(["info", "--port"])
        .arg(simulator.port())
        .current_dir("/");
    if fs::metadata(folder.path()).unwrap().uid() == 0 {
        command.uid(NOBODY).gid(NOBODY);
    }
    let answer = command.output().unwrap();
    assert_eq!(answer.status.code(), Some(4), "{}", text(&answer.stderr));
}

/// `--help` and the manual page name the same verbs, options and exit codes.
#[test]
fn the_manual_page_tells_what_the_program_does() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/alaqan-palm.1");
    // Roff escapes hyphens.
    let page = fs::read_to_string(path).unwrap().replace("\\-", "-");
    let help = |arguments: &[&str]| text(&Command::new(PALM).args(arguments).output().unwrap().stdout);
    let whole = help(&["--help"]);
    let codes = whole.split_once("Exit codes:\n").unwrap().1;
    for line in codes.lines() {
        let (code, meaning) = line.trim().split_once("  ").unwrap();
        assert!(
            page.contains(&format!(".TP\n.B {code}\n{meaning}\n")),
            "{code} {meaning}"
        );
    }
    let verbs = whole
        .split_once("Commands:\n")
        .unwrap()
        .1
        .split_once("\n\n")
        .unwrap()
        .0;
    for verb in verbs.lines().filter_map(|line| line.split_whitespace().next()) {
        if verb != "help" {
            assert!(page.contains(&format!(".B alaqan-palm {verb}")), "{verb}");
            for word in help(&[verb, "--help"]).split(|sign: char| !(sign.is_alphanumeric() || sign == '-')) {
                assert!(!word.starts_with("--") || page.contains(word), "{verb} {word}");
            }
        }
    }
    for number in page
        .lines()
        .filter_map(|line| line.strip_prefix(".B ")?.parse::<u8>().ok())
    {
        assert!(
            codes
                .lines()
                .any(|line| line.trim().starts_with(&format!("{number}  "))),
            "{number}"
        );
    }
}
