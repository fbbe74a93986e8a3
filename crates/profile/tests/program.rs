//! `alaqan-profile`, as it is called.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::path::Path;
use std::process::Command;

fn run(arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_alaqan-profile"))
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))
        .args(arguments)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn each_verb_does_what_it_says() {
    let bank = "profiles/bank.toml";
    let loaded = profile::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(bank)).unwrap();
    let check = |arguments: &[&str], code: i32, says: &str| {
        let (found, out, err) = run(arguments);
        assert_eq!(found, code, "{arguments:?}: {out}{err}");
        assert!(format!("{out}{err}").contains(says), "{arguments:?}: {out}{err}");
        assert_eq!(out.is_empty(), code != 0, "{arguments:?}: {out}{err}");
    };
    let hash = profile::hex(&loaded.sha256);
    check(&["check", bank], 0, &format!("bank, 9 services, sha256 {hash}"));
    check(
        &["check", bank, "not-there.toml", bank],
        1,
        "not-there.toml cannot be read: ",
    );
    check(&["show", bank], 0, &loaded.effective());
    check(&["hash", bank], 0, &format!("{hash}\n"));
    check(
        &["services", bank],
        0,
        "verification  when amount is above 100000",
    );
    check(
        &["services", bank, "--format", "markdown"],
        0,
        "### `account-opening`",
    );
    check(&["schema"], 0, "\"title\": \"Alaqan profile\"");
    check(&["hash", "docs/kiosk.toml"], 1, "docs/kiosk.toml: ");
    check(&["check"], 3, "required");
    check(&["forge"], 3, "unrecognized");
    check(&["--help"], 0, "Exit codes");
}

/// The manual names each verb and each option that the program has, and no verb besides.
#[test]
fn the_manual_is_of_this_program() {
    let manual = include_str!("../../../docs/alaqan-profile.1");
    let (_, help, _) = run(&["--help"]);
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
    let mut verbs: Vec<_> = verbs.filter_map(|line| line.split_whitespace().next()).collect();
    verbs.retain(|verb| *verb != "help");
    let synopsis = manual
        .split(".SH SYNOPSIS")
        .nth(1)
        .unwrap()
        .split(".SH")
        .next()
        .unwrap();
    let told: Vec<_> = synopsis
        .lines()
        .filter_map(|line| line.strip_prefix(".B alaqan-profile "))
        .collect();
    assert_eq!(told, verbs);
    for verb in verbs {
        let (_, help, _) = run(&[verb, "--help"]);
        for option in help.split_whitespace().filter(|word| word.starts_with("--")) {
            let option = option.trim_end_matches(|letter: char| !letter.is_ascii_alphanumeric());
            let written = option.replace("--", "\\-\\-");
            assert!(option == "--help" || manual.contains(&written), "{verb} {option}");
        }
        let described =
            manual.contains(&format!(".TP\n.B {verb}\n")) || manual.contains(&format!(".TP\n.BI {verb} "));
        assert!(described, "{verb} is not described");
    }
    let (_, help, _) = run(&["--help"]);
    let codes = help.split("Exit codes:").nth(1).unwrap();
    for code in ["0", "1", "2", "3"] {
        assert!(
            codes.contains(code) && manual.contains(&format!(".TP\n.B {code}\n")),
            "{code}"
        );
    }
}
