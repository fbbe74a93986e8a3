//! `alaqan-audit` as a program, on the store of a kiosk that was killed while it wrote.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use custody::Settings;
use outbox::Outbox;
use verification::time::UtcMs;

/// Names the configuration to the child, which is this very program.
const CHILD: &str = "ALAQAN_TEST_APPENDS_TO";
/// How often the child is killed.
const ROUNDS: u64 = 5;

fn now() -> UtcMs {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    UtcMs(i64::try_from(since.as_millis()).unwrap())
}

fn configuration(folder: &Path) -> std::path::PathBuf {
    let file = folder.join("kiosk.toml");
    let data = folder.join("data");
    let text = format!(
        "mode = \"demo\"\nkiosk_id = \"kiosk-7\"\ndata = {:?}\n[gateway]\nurl = \"wss://127.0.0.1:1/v1/kiosk\"\n",
        data.display().to_string()
    );
    fs::write(&file, text).unwrap();
    file
}

fn open(config: &Path) -> outbox::sqlite::SqliteOutbox {
    let settings = Settings::load(config).unwrap();
    let keys = custody::open_keys(&settings).unwrap();
    custody::open_store(&settings, &keys, now()).unwrap().outbox
}

fn audit(arguments: &[&str]) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_alaqan-audit"))
        .args(arguments)
        .env("TZ", "Asia/Almaty")
        .output()
        .unwrap();
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code().unwrap(), text)
}

/// Only the child of the test below does anything here: it appends until it is killed, and says how far it is.
#[test]
fn child_that_appends() {
    let Some(config) = std::env::var_os(CHILD) else {
        return;
    };
    let mut outbox = open(Path::new(&config));
    let mut out = std::io::stdout();
    loop {
        let head = outbox.append_audit(now(), None, "Appended").unwrap();
        writeln!(out, "appended {}", head.number).unwrap();
        out.flush().unwrap();
    }
}

#[test]
fn a_log_survives_that_its_writer_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let config = configuration(folder.path());
    drop(open(&config));
    let path = config.to_str().unwrap();
    let mut promised = 0;
    for round in 1..=ROUNDS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child_that_appends", "--nocapture"])
            .env(CHILD, &config)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let wanted = promised + 3 * round;
        while promised < wanted {
            let line = lines
                .next()
                .expect("the child appends until it is killed")
                .unwrap();
            if let Some((_, number)) = line.split_once("appended ") {
                promised = number.trim().parse().unwrap();
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();

        // A copy, as somebody would take it from a kiosk that has lost its power: database, journal and keys.
        let copy = tempfile::tempdir().unwrap();
        let copied = configuration(copy.path());
        copy_folder(&folder.path().join("data"), &copy.path().join("data"));
        let (code, text) = audit(&["verify", "--config", copied.to_str().unwrap(), "--format", "json"]);
        assert_eq!(code, 2, "{text}");
        let found: serde_json::Value = serde_json::from_str(&text).expect(&text);
        assert_eq!(found["wrong"], serde_json::json!([]), "{text}");
        assert!(found["records"].as_u64().unwrap() >= promised, "{text}");
    }
    let (code, text) = audit(&["show", "--config", path]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("+05:00") && text.contains("Appended"), "{text}");
}

/// A store that lost its newest records goes on under another name; what is left of the log before stays readable.
#[test]
fn an_earlier_log_is_shown_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let config = configuration(folder.path());
    // What was closed in order lies in the database, not in the journal.
    let mut outbox = open(&config);
    outbox.append_audit(now(), None, "Kept").unwrap();
    drop(outbox);
    outbox = open(&config);
    outbox.append_audit(now(), None, "Lost").unwrap();
    let copy = tempfile::tempdir().unwrap();
    let copied = configuration(copy.path());
    copy_folder(&folder.path().join("data"), &copy.path().join("data"));
    let log = outbox.audit_head().unwrap().log.to_string();
    drop(outbox);
    // The journal is cut off behind its header.
    let journal = copy.path().join("data").join("outbox.db-wal");
    fs::write(&journal, &fs::read(&journal).unwrap()[..32]).unwrap();

    let path = copied.to_str().unwrap();
    let (code, text) = audit(&["verify", "--config", path]);
    assert_eq!(code, 2, "the first one to open it is told: {text}");
    let status = Command::new(env!("CARGO_BIN_EXE_alaqan-custody"))
        .args(["--config", path, "status"])
        .output()
        .unwrap();
    let status = String::from_utf8(status.stdout).unwrap();
    assert!(status.contains(&format!("earlier log  {log}")), "{status}");
    let (code, text) = audit(&["show", "--config", path]);
    assert!(code == 0 && text.contains("LogContinues"), "{text}");
    let (code, text) = audit(&["verify", "--config", path, "--earlier", &log, "--format", "json"]);
    assert_eq!(code, 2, "{text}");
    assert!(text.contains(&log) && text.contains("\"wrong\": []"), "{text}");
    let (_, text) = audit(&["show", "--config", path, "--earlier", &log]);
    assert!(text.contains("Kept") && !text.contains("Lost"), "{text}");
    let other = "0".repeat(32);
    let (code, text) = audit(&["verify", "--config", path, "--earlier", &other]);
    assert!(code == 2 && text.contains("no earlier log"), "{text}");
}

#[test]
fn each_verb_stands_in_its_manual() {
    let check = |program: &str, manual: &str, least: usize| {
        let output = Command::new(program).arg("--help").output().unwrap();
        let help = String::from_utf8(output.stdout).unwrap();
        let verbs = help
            .split("Commands:")
            .nth(1)
            .unwrap()
            .split("Options:")
            .next()
            .unwrap();
        let verbs = verbs
            .lines()
            .filter(|line| line.starts_with("  ") && !line.starts_with("   "));
        let verbs: Vec<_> = verbs.filter_map(|line| line.split_whitespace().next()).collect();
        for verb in verbs.iter().filter(|verb| **verb != "help") {
            let entry = format!(" {verb}");
            let stands = manual.lines().any(|line| {
                let line = line.trim_start_matches(".B ");
                let verbatim = line
                    .strip_prefix("alaqan-custody")
                    .or(line.strip_prefix("alaqan-audit"));
                verbatim.is_some_and(|rest| rest == entry || rest.starts_with(&format!("{entry} ")))
            });
            assert!(stands, "{program} {verb}");
        }
        assert!(verbs.len() > least, "{verbs:?}");
    };
    let custody = include_str!("../../../docs/alaqan-custody.1");
    check(env!("CARGO_BIN_EXE_alaqan-custody"), custody, 9);
    let audit = include_str!("../../../docs/alaqan-audit.1");
    check(env!("CARGO_BIN_EXE_alaqan-audit"), audit, 3);
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
    // Keys in a folder that others may read are not taken.
    fs::set_permissions(to, fs::metadata(from).unwrap().permissions()).unwrap();
}

#[test]
fn each_exit_has_its_code() {
    let folder = tempfile::tempdir().unwrap();
    let config = configuration(folder.path());
    let check = |arguments: &[&str], code: i32, says: &str| {
        let (found, text) = audit(arguments);
        assert_eq!(found, code, "{arguments:?}: {text}");
        assert!(text.contains(says), "{text}");
    };
    let path = config.to_str().unwrap();
    check(&["--help"], 0, "Exit codes");
    check(&["verify"], 3, "required");
    check(
        &["verify", "--log", "a", "--config", "b"],
        3,
        "cannot be used with",
    );
    check(&["forge"], 3, "unrecognized");
    check(&["verify", "--log", "not-there"], 2, "cannot be read");
    check(&["verify", "--config", path], 2, "there is no store");
    assert!(!folder.path().join("data").join("outbox.db").exists());
    drop(open(&config));
    check(&["verify", "--config", path], 2, "no document and no receipt");
    let out = folder.path().join("log.jsonl");
    let export = ["export", "--config", path, "--out", out.to_str().unwrap()];
    check(&export, 2, "not enrolled");
    assert!(!out.exists());
    let log = folder.path().join("bad.jsonl");
    fs::write(&log, "{}\n").unwrap();
    check(
        &["verify", "--log", log.to_str().unwrap()],
        1,
        "line 1 cannot be read",
    );
}
