//! `alaqan-integrity` as a program, beside `openssl`, under a tracer, and as a user who may not read everything.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const PROGRAM: &str = env!("CARGO_BIN_EXE_alaqan-integrity");

fn said(output: &Output) -> (i32, String) {
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code().unwrap_or(-1), text)
}

/// A folder with an installation, a key pair, and nothing signed yet.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        fs::create_dir_all(place.path("app/bin")).unwrap();
        fs::write(place.path("app/bin/alaqan"), "the program").unwrap();
        fs::write(place.path("app/model file.onnx"), "numbers").unwrap();
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, line: &str) -> (i32, String) {
        said(&self.command(PROGRAM, line).output().unwrap())
    }

    fn openssl(&self, line: &str) -> (i32, String) {
        said(&self.command("openssl", line).output().unwrap())
    }

    fn command(&self, program: &str, line: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.0.path()).args(line.split(' '));
        command
    }

    /// Runs a line and wants this exit code, and this text in what is said.
    fn check(&self, line: &str, code: i32, says: &str) {
        let (found, text) = self.run(line);
        assert_eq!(found, code, "{line}: {text}");
        assert!(text.contains(says), "{line}: {text}");
    }
}

const MAKE: &str = "make --folder app --key release.key --out app/alaqan.manifest";
const CHECK: &str = "check --folder app --public-key release.pub";
const KEYGEN: &str = "keygen --out release.key --public release.pub";

#[test]
fn a_release_is_made_and_checked() {
    let place = Place::new();
    place.check(KEYGEN, 0, "0");
    let mode = fs::metadata(place.path("release.key"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    place.check(KEYGEN, 2, "cannot be written");
    place.check(CHECK, 2, "there is no manifest");
    place.check(MAKE, 0, "2 files of");
    place.check(CHECK, 0, "intact: 2 files");
    // Made once more, it is the same to the byte, and does not list itself.
    let read = || {
        let manifest = fs::read(place.path("app/alaqan.manifest")).unwrap();
        (manifest, fs::read(place.path("app/alaqan.manifest.sig")).unwrap())
    };
    let first = read();
    place.check(MAKE, 0, "2 files of");
    assert_eq!(read(), first);

    fs::write(place.path("app/bin/alaqan"), "the Program").unwrap();
    fs::write(place.path("app/evil\nintact: 2 files"), "").unwrap();
    let (code, text) = place.run(CHECK);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("bin/alaqan: altered: another content"), "{text}");
    assert!(text.contains("evil\\nintact: 2 files: extra"), "{text}");
    assert!(
        text.contains("1 altered, 0 missing, 0 unreadable; 1 extra"),
        "{text}"
    );
    assert!(!text.lines().any(|line| line.starts_with("intact")), "{text}");
}

#[test]
fn each_exit_has_its_code() {
    let place = Place::new();
    place.check("--help", 0, "Exit codes");
    place.check("check", 3, "required");
    place.check("forge", 3, "unrecognized");
    place.check("check --folder app --public-key not-there", 2, "cannot be read");
    place.check(KEYGEN, 0, "");
    place.check("check --folder app --public-key release.key", 2, "no public key");
    place.check("make --folder app --key release.pub --out m", 2, "no private key");
    place.check("make --folder not-there --out m", 2, "not-there cannot be read");
    place.check(
        "make --folder app --out m --release 1/2",
        2,
        "cannot be a version",
    );
    place.check("make --folder app --out m --exclusive ../x", 2, "is not taken");
    assert!(!place.path("m").exists());
    place.check(&format!("{CHECK} --release 1"), 3, "--target");
    place.check(&format!("{MAKE} --release 1 --target a"), 0, "2 files of 1 for a");
    place.check(&format!("{CHECK} --release 1 --target a"), 0, "intact");
    place.check(
        &format!("{CHECK} --release 2 --target a"),
        1,
        "another release: 1 for a",
    );
    // A folder that others use too.
    place.check(&format!("{MAKE} --shared"), 0, "");
    fs::write(place.path("app/other"), "x").unwrap();
    place.check(CHECK, 0, "intact");
}

#[test]
fn openssl_takes_our_signature_and_we_take_its() {
    let place = Place::new();
    place.check(KEYGEN, 0, "");
    place.check(MAKE, 0, "signed by");
    let verify = "dgst -sha256 -verify release.pub -signature app/alaqan.manifest.sig app/alaqan.manifest";
    let (code, text) = place.openssl(verify);
    assert!(code == 0 && text.contains("Verified OK"), "{text}");

    // The other way round, with a key that openssl made; several times, for the two forms that its random signatures have.
    let openssl = |line: &str| {
        let (code, text) = place.openssl(line);
        assert_eq!(code, 0, "{line}: {text}");
    };
    openssl("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out other.key");
    openssl("pkey -in other.key -pubout -out other.pub");
    let check = "check --folder app --public-key release.pub --public-key other.pub";
    for _ in 0..8 {
        place.check("make --folder app --out app/alaqan.manifest", 0, "not signed");
        place.check(check, 2, "no signature beside it");
        openssl("dgst -sha256 -sign other.key -out app/alaqan.manifest.sig app/alaqan.manifest");
        place.check(check, 0, "intact");
        place.check(CHECK, 1, "no release key that was given");
    }
    place.check(
        "make --folder app --key other.key --out app/alaqan.manifest",
        0,
        "signed by",
    );
    place.check(check, 0, "intact");
    // A key of another curve is none.
    openssl("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out p384.key");
    openssl("pkey -in p384.key -pubout -out p384.pub");
    place.check("check --folder app --public-key p384.pub", 2, "curve P-256");
    place.check("make --folder app --key p384.key --out m", 2, "curve P-256");
}

/// The lines that `docs/integrity.md` gives to an auditor who has no program of ours.
#[test]
fn the_page_for_auditors_says_how_to_check_without_this_program() {
    let place = Place::new();
    place.check(KEYGEN, 0, "");
    place.check(MAKE, 0, "");
    let page = include_str!("../../../docs/integrity.md");
    let line = page
        .lines()
        .find(|line| line.starts_with("sed -n "))
        .expect("the page has the line");
    let run = || {
        let mut shell = Command::new("sh");
        shell.current_dir(place.path("app")).args(["-c", line]);
        said(&shell.output().unwrap())
    };
    let (code, text) = run();
    assert!(code == 0 && text.contains("model file.onnx: OK"), "{text}");
    fs::write(place.path("app/model file.onnx"), "nvmbers").unwrap();
    let (code, text) = run();
    assert!(code != 0 && text.contains("model file.onnx: FAILED"), "{text}");
    assert!(
        page.contains(
            "openssl dgst -sha256 -verify release.pub -signature alaqan.manifest.sig alaqan.manifest"
        )
    );
}

/// Root may read everything; for the test it becomes somebody else.
#[test]
fn what_cannot_be_read_is_not_called_altered() {
    let place = Place::new();
    place.check(KEYGEN, 0, "");
    place.check(MAKE, 0, "");
    let open = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let program = place.path("alaqan-integrity");
    fs::copy(PROGRAM, &program).unwrap();
    open(place.0.path(), 0o755);
    open(&program, 0o755);
    let run = || {
        let mut command = place.command(program.to_str().unwrap(), CHECK);
        if rustix::process::geteuid().is_root() {
            use std::os::unix::process::CommandExt;
            command.uid(65_534).gid(65_534);
        }
        said(&command.output().unwrap())
    };
    let (code, text) = run();
    assert!(code == 0 && text.contains("intact: 2 files"), "{text}");
    open(&place.path("app/bin/alaqan"), 0o000);
    let (code, text) = run();
    assert_eq!(code, 2, "{text}");
    assert!(
        text.contains("bin/alaqan: unreadable: Permission denied"),
        "{text}"
    );
    assert!(text.contains("0 altered, 0 missing, 1 unreadable"), "{text}");
    // A folder that cannot be listed, and one that cannot be entered.
    open(&place.path("app/bin/alaqan"), 0o644);
    open(&place.path("app/bin"), 0o311);
    let (code, text) = run();
    assert!(code == 2 && text.contains("bin: unreadable"), "{text}");
    open(&place.path("app/bin"), 0o644);
    let (code, text) = run();
    assert!(code == 2 && text.contains("bin/alaqan: unreadable"), "{text}");
    open(&place.path("app/bin"), 0o755);
    open(&place.path("app/alaqan.manifest"), 0o000);
    let (code, text) = run();
    assert!(code == 2 && text.contains("cannot be read"), "{text}");
}

#[test]
fn the_environment_is_printed() {
    let place = Place::new();
    let (code, text) = place.run("environment");
    assert_eq!(code, 0, "{text}");
    let codes = text.lines().last().unwrap();
    for topic in ["codes: ", "debugger:", " injected:", " virtual:"] {
        assert!(codes.contains(topic), "{text}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_library_that_is_loaded_before_the_program_is_seen() {
    let place = Place::new();
    let mut command = place.command(PROGRAM, "environment");
    // The loader complains about one that is not there, and goes on.
    command.env("LD_PRELOAD", "/nowhere/hook.so");
    let (code, text) = said(&command.output().unwrap());
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("ld-preload: LD_PRELOAD=/nowhere/hook.so"), "{text}");
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let libc = maps
        .split_whitespace()
        .find(|word| word.contains("/libc.so") || word.contains("/libc-") || word.contains("/ld-musl"))
        .expect("the test itself has a C library");
    // A genuine library from a place that is none of the system's.
    let library = place.path("hook.so");
    fs::copy(libc, &library).unwrap();
    let mut command = place.command(PROGRAM, "environment");
    command.env("LD_PRELOAD", &library);
    let (_, text) = said(&command.output().unwrap());
    assert!(
        text.contains(&format!("library: {}", library.display())),
        "{text}"
    );
}

/// A real tracer: the test itself. The child waits until it is traced, and then becomes the program.
#[cfg(target_os = "linux")]
#[test]
fn a_tracer_is_seen() {
    use std::io::Write;

    use nix::sys::ptrace;
    use nix::unistd::Pid;

    let run = |is_traced: bool| {
        let mut child = Command::new("sh")
            .args(["-c", "read go && exec \"$0\" environment", PROGRAM])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        if is_traced {
            let pid = Pid::from_raw(i32::try_from(child.id()).unwrap());
            ptrace::seize(pid, ptrace::Options::empty()).unwrap();
        }
        let mut go = child.stdin.take().unwrap();
        go.write_all(b"go\n").unwrap();
        drop(go);
        said(&child.wait_with_output().unwrap())
    };
    let (code, text) = run(false);
    assert_eq!(code, 0, "{text}");
    assert!(!text.contains("TracerPid"), "{text}");
    let (code, text) = run(true);
    assert_eq!(code, 0, "{text}");
    // Linux names the thread that traces, which is this one.
    let thread = fs::read_link("/proc/thread-self").unwrap();
    let thread = thread.file_name().unwrap().to_str().unwrap();
    let sign = format!("tracer: TracerPid {thread} (");
    assert!(text.contains(&sign) && text.contains("debugger:tracer"), "{text}");
}

#[test]
fn the_manual_is_that_of_the_program() {
    let manual = include_str!("../../../docs/alaqan-integrity.1").replace("\\-", "-");
    let place = Place::new();
    let (_, help) = place.run("--help");
    let verbs = help
        .split("Commands:")
        .nth(1)
        .unwrap()
        .split("Options:")
        .next()
        .unwrap();
    let verbs: Vec<&str> = verbs
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|verb| *verb != "help")
        .collect();
    assert_eq!(verbs, ["make", "check", "environment", "keygen"]);
    for verb in verbs {
        let is_in_synopsis = manual
            .lines()
            .any(|line| line.starts_with(&format!(".B alaqan-integrity {verb}")));
        assert!(is_in_synopsis, "{verb}");
        let (_, help) = place.run(&format!("{verb} --help"));
        for option in help
            .split_whitespace()
            .filter(|word| word.starts_with("--") && *word != "--help")
        {
            let option = option.trim_end_matches(|letter: char| !letter.is_ascii_alphanumeric());
            let entry = manual.lines().any(|line| {
                line.strip_prefix(".BI ")
                    .or(line.strip_prefix(".B "))
                    .is_some_and(|rest| rest.split([' ', '"']).next() == Some(option))
            });
            assert!(entry, "{verb} {option}");
        }
    }
    // And nothing in the manual that the program has not.
    for option in manual.lines().filter_map(|line| line.strip_prefix(".BI --")) {
        let option = option.split([' ', '"']).next().unwrap();
        let verbs = ["make", "check", "environment", "keygen"];
        let is_there = verbs.iter().any(|verb| {
            place
                .run(&format!("{verb} --help"))
                .1
                .contains(&format!("--{option} "))
        });
        assert!(is_there, "--{option}");
    }
    let (_, long) = place.run("--help");
    let codes = long.split("Exit codes:").nth(1).unwrap();
    for code in 0..4 {
        assert!(codes.contains(&format!("{code} ")));
        assert!(manual.lines().any(|line| line == format!(".B {code}")), "{code}");
    }
}
