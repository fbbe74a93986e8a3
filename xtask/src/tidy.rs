//! House rules that a compiler does not know. They are tests of this package too.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::arrows;
use crate::docs;
use crate::error::XtaskError;
use crate::paths::{self, Paths};
use crate::process;
use crate::steps::step;

/// Files without a clock, a random source, a file, a socket or a thread. A folder stands for all in it.
const PURE: &[&str] = &[
    "crates/verification/src",
    "crates/authority/src",
    "crates/document/src",
    "crates/institution/src",
    "crates/integrity/src/manifest.rs",
    "crates/integrity/src/release.rs",
    "crates/integrity/src/signs.rs",
    "crates/integrity/src/watch.rs",
    "crates/keys/src/name.rs",
    "crates/keys/src/tpm/blob.rs",
    "crates/keys/src/tpm/fault.rs",
    "crates/outbox/src/sqlite/journal.rs",
    "crates/profile/src/calendar.rs",
    "crates/profile/src/effective.rs",
    "crates/profile/src/error.rs",
    "crates/profile/src/file.rs",
    "crates/profile/src/hours.rs",
    "crates/profile/src/parse.rs",
    "crates/profile/src/policy.rs",
    "crates/profile/src/table.rs",
    "crates/paper/src/html.rs",
    "crates/paper/src/json.rs",
    "crates/paper/src/judge.rs",
    "crates/paper/src/pdf.rs",
    "crates/paper/src/pdf",
    "crates/paper/src/section.rs",
    "crates/paper/src/sections.rs",
    "crates/paper/src/sections",
    "crates/paper/src/text.rs",
    "crates/paper/src/texts.rs",
    "crates/speech/src/machine.rs",
    "crates/speech/src/machine",
    "crates/speech/src/phrase.rs",
    "crates/sync/src/wire.rs",
    "crates/sync/src/wire",
    "crates/sync/src/machine.rs",
    "crates/sync/src/machine",
    "gateway/src/idec/breaker.rs",
    "gateway/src/idec/hosted.rs",
    "gateway/src/idec/quality.rs",
    "gateway/src/idec/tariff.rs",
    "gateway/src/review/lockout.rs",
    "gateway/src/review/reasons.rs",
    "gateway/src/review/sessions.rs",
    "drivers/camera/src/regularity.rs",
    "drivers/palm/src/efaa/protocol.rs",
    "drivers/palm/src/efaa/commands",
    "drivers/palm/src/backoff.rs",
    "drivers/palm/src/noise.rs",
    "drivers/palm/src/thermometer/mcu_90615.rs",
    "drivers/palm/src/watched/machine.rs",
    "drivers/palm/src/efaa/dialect.rs",
    "drivers/palm/src/efaa/inbound.rs",
    "drivers/palm/src/efaa/machine",
    "drivers/palm/src/efaa/machine.rs",
    "drivers/palm/src/reference/codes.rs",
    "drivers/palm/src/reference/fields.rs",
    "drivers/palm/src/reference/frame.rs",
    "drivers/palm/src/reference/message.rs",
    "drivers/palm/src/reference/message",
    "drivers/palm/src/reference/report.rs",
    "drivers/palm/src/reference/seal.rs",
    "drivers/palm/src/reference/session.rs",
    "drivers/palm/src/sim/efaa",
    "drivers/palm/src/sim/fault",
    "drivers/palm/src/sim/machine.rs",
    "drivers/palm/src/sim/reference",
    "drivers/palm/src/sim/script.rs",
    "drivers/palm/src/sim/settings.rs",
    "drivers/palm/src/sim/store.rs",
    "drivers/palm/src/sim/thermometer.rs",
    "drivers/palm/src/sim/trace.rs",
    "drivers/palm/src/sim/wire.rs",
    "drivers/printer/src/escpos/codec.rs",
    "drivers/printer/src/escpos/job.rs",
    "drivers/printer/src/font.rs",
    "drivers/printer/src/layout.rs",
    "drivers/printer/src/pdf.rs",
    "drivers/printer/src/raster.rs",
    "drivers/printer/src/sim/fault.rs",
    "drivers/printer/src/sim/machine.rs",
    "drivers/printer/src/sim/paper.rs",
    "drivers/printer/src/slip.rs",
    "src-tauri/src/pages/machine.rs",
];

/// What a pure file does not contain outside of its tests and comments.
const IMPURE: &[&str] = &[
    "now(",
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "tokio",
    "thread::",
    "SystemTime",
    "rand::",
    "getrandom",
];

/// The simulated devices, and the only code of their room that they may know: a mistake that they shared with the
/// drivers would hide.
const SIMULATORS: &[(&str, &str)] = &[
    ("drivers/palm/src/sim", "crate::sim"),
    ("drivers/printer/src/sim", "crate::sim"),
];

/// What shipped code does not contain outside of its tests and comments.
const UNFINISHED: &[&str] = &["todo!(", "unimplemented!(", "dbg!(", ".unwrap()"];

/// No file of the repository is larger.
const BYTES_MAX: u64 = 500_000;

/// Checks all rules and lists what breaks them.
pub fn perform(paths: &Paths) -> Result<(), XtaskError> {
    step("Checking the house rules", || {
        let broken = broken(paths)?;
        if broken.is_empty() {
            return Ok(());
        }
        Err(XtaskError::Rules {
            count: broken.len(),
            list: broken.join("\n"),
        })
    })
}

fn broken(paths: &Paths) -> Result<Vec<String>, XtaskError> {
    let mut broken = Vec::new();
    let mut sources = Vec::new();
    for file in tracked(paths)? {
        let path = paths.root.join(&file);
        // A file that was removed but not yet committed is still listed.
        let Ok(metadata) = std::fs::metadata(&path) else {
            continue;
        };
        if metadata.len() > BYTES_MAX && !file.ends_with("Cargo.lock") {
            broken.push(format!("{}: larger than {BYTES_MAX} bytes", file.display()));
        }
        if file.extension().is_some_and(|extension| extension == "rs") {
            let text = paths::read_text(&path)?;
            sources.push((file, text));
        }
    }
    let tests: Vec<PathBuf> = sources
        .iter()
        .flat_map(|(file, text)| test_modules(file, text))
        .collect();
    for (file, text) in &sources {
        let test = is_test_file(file)
            || tests
                .iter()
                .any(|module| file.starts_with(module) || *file == module.with_extension("rs"));
        broken.extend(broken_in_source(file, test, text));
    }
    for pure in PURE {
        if !paths.root.join(pure).exists() {
            broken.push(format!(
                "{pure}: named as pure in xtask/src/tidy.rs, but it is not there"
            ));
        }
    }
    broken.extend(dependencies_without_reason(&paths::read_text(
        &paths.root.join("Cargo.toml"),
    )?));
    broken.extend(arrows::broken(paths)?);
    broken.extend(docs::broken(paths)?);
    Ok(broken)
}

/// Files of the repository, relative to it: those that git knows, and the new ones that it does not ignore.
fn tracked(paths: &Paths) -> Result<Vec<PathBuf>, XtaskError> {
    let mut git = Command::new("git");
    git.current_dir(&paths.root)
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let listed = process::output(&mut git)?;
    let names = listed.split(|byte| *byte == 0).filter(|name| !name.is_empty());
    let mut files: Vec<PathBuf> = names
        .map(|name| PathBuf::from(String::from_utf8_lossy(name).as_ref()))
        .collect();
    files.sort();
    files.dedup();
    Ok(files)
}

fn broken_in_source(file: &Path, test: bool, text: &str) -> Vec<String> {
    let pure = PURE.iter().any(|pure| file.starts_with(pure)) && !test;
    // The checks themselves must name what they look for.
    let shipped = !file.starts_with("xtask") && !test;
    let screens = file.starts_with("ui/src");
    let simulator = SIMULATORS.iter().find(|(folder, _)| file.starts_with(folder));
    let mut broken = Vec::new();
    let mut tell = |number: usize, what: &str| broken.push(format!("{}:{number}: {what}", file.display()));
    for (number, line) in code_lines(text) {
        if pure && let Some(word) = IMPURE.iter().find(|word| contains_word(line, word)) {
            tell(number, &format!("`{word}` in a pure file"));
        }
        if shipped && let Some(word) = UNFINISHED.iter().find(|word| line.contains(**word)) {
            tell(number, &format!("`{word}` outside of tests"));
        }
        if simulator.is_some_and(|(_, own)| line.replace(own, "").contains("crate::")) {
            tell(number, "the simulator uses code of the drivers");
        }
        if screens && literals(line).any(|literal| literal.chars().any(is_cyrillic)) {
            tell(number, "a text that belongs into locales/");
        }
    }
    if !file.starts_with("xtask") {
        for (number, line) in text.lines().enumerate() {
            if line.trim_start().starts_with("#[ignore") {
                tell(number + 1, "an ignored test");
            }
        }
    }
    broken
}

/// Numbered lines of code above the tests of a file; comments are blank.
fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_tests = |at: &usize| {
        let rest = text[*at..].lines().nth(1).unwrap_or_default();
        rest.contains("mod ") && rest.contains('{')
    };
    let mut gates = text.match_indices("#[cfg(test)]\n").map(|(at, _)| at);
    let own_tests = gates.find(is_tests).unwrap_or(text.len());
    text[..own_tests].lines().enumerate().map(|(at, line)| {
        (
            at + 1,
            if line.trim_start().starts_with("//") {
                ""
            } else {
                line
            },
        )
    })
}

/// Modules of a file that exist in tests only and have files of their own, as paths without an ending.
fn test_modules(file: &Path, text: &str) -> Vec<PathBuf> {
    let folder = match file.file_stem().and_then(|stem| stem.to_str()) {
        Some("lib" | "main" | "mod") => file.parent().unwrap_or(file).to_path_buf(),
        _ => file.with_extension(""),
    };
    text.split("#[cfg(test)]\n")
        .skip(1)
        .filter_map(|rest| rest.lines().next()?.trim().strip_suffix(';')?.rsplit_once("mod "))
        .map(|(_, name)| folder.join(name))
        .collect()
}

fn is_test_file(file: &Path) -> bool {
    let folders = ["tests", "benches", "examples"];
    file.components()
        .any(|part| folders.iter().any(|name| part.as_os_str() == *name))
}

/// Whether the word stands there and is not the end of a longer one, such as `unknown(`.
fn contains_word(line: &str, word: &str) -> bool {
    line.match_indices(word)
        .any(|(at, _)| !line[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_'))
}

/// String literals of one line, roughly: what stands between quotation marks.
fn literals(line: &str) -> impl Iterator<Item = &str> {
    line.split('"').skip(1).step_by(2)
}

fn is_cyrillic(letter: char) -> bool {
    ('\u{400}'..='\u{52f}').contains(&letter)
}

/// Every library in the workspace's list says on its line why it is there. Rooms need no reason.
fn dependencies_without_reason(manifest: &str) -> Vec<String> {
    manifest
        .lines()
        .skip_while(|line| *line != "[workspace.dependencies]")
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter(|line| line.contains('=') && !line.starts_with('#') && !line.contains("path ="))
        .filter(|line| {
            line.rsplit_once(" # ")
                .is_none_or(|(_, reason)| reason.trim().len() < 4)
        })
        .map(|line| {
            format!(
                "Cargo.toml: no reason for `{}`",
                line.split('=').next().unwrap_or(line).trim()
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_project_keeps_its_rules() {
        let broken = broken(&Paths::find().unwrap()).unwrap();
        assert!(broken.is_empty(), "{}", broken.join("\n"));
    }

    #[test]
    fn breaches_are_found() {
        let check = |file: &str, text: &str, expect: &[&str]| {
            let file = Path::new(file);
            let found = broken_in_source(file, is_test_file(file), text);
            assert_eq!(found, expect, "{}: {text}", file.display());
        };
        let pure = "crates/verification/src/session.rs";
        check(
            pure,
            "let at = Instant::now();",
            &["crates/verification/src/session.rs:1: `now(` in a pure file"],
        );
        check(pure, "// not now()\nlet x = unknown(1);", &[]);
        check(
            pure,
            "fn f() {}\n#[cfg(test)]\nmod tests { std::fs::read(x).unwrap(); }",
            &[],
        );
        check("gateway/src/lib.rs", "std::fs::read(x)?;", &[]);
        check(
            "gateway/src/lib.rs",
            "\nread(x).unwrap();",
            &["gateway/src/lib.rs:2: `.unwrap()` outside of tests"],
        );
        check("gateway/tests/a.rs", "read(x).unwrap();", &[]);
        check(
            "gateway/tests/a.rs",
            "#[ignore]",
            &["gateway/tests/a.rs:1: an ignored test"],
        );
        check(
            "ui/src/app.rs",
            "view!{ \"Сәлем\" }",
            &["ui/src/app.rs:1: a text that belongs into locales/"],
        );
        check("ui/src/app.rs", "view!{ \"data-kk\" } // Сәлем", &[]);
        let simulator = "drivers/palm/src/sim/mod.rs";
        check(simulator, "use crate::sim::fault::Fault;", &[]);
        check(
            simulator,
            "use crate::efaa::protocol::Frame;",
            &["drivers/palm/src/sim/mod.rs:1: the simulator uses code of the drivers"],
        );
    }

    #[test]
    fn modules_of_tests_are_found() {
        let check = |file: &str, text: &str, expect: &[&str]| {
            let expect: Vec<PathBuf> = expect.iter().map(PathBuf::from).collect();
            assert_eq!(test_modules(Path::new(file), text), expect, "{file}");
        };
        check(
            "a/src/lib.rs",
            "mod x;\n#[cfg(test)]\nmod conformance;\nmod y;\n",
            &["a/src/conformance"],
        );
        check(
            "a/src/store.rs",
            "#[cfg(test)]\npub(crate) mod faults;\n",
            &["a/src/store/faults"],
        );
        check("a/src/store.rs", "#[cfg(test)]\nmod tests {\n}\n", &[]);
        check("a/src/store.rs", "mod faults;\n", &[]);
    }

    #[test]
    fn a_dependency_needs_a_reason() {
        let check = |line: &str, expect: usize| {
            let manifest = format!("[workspace.dependencies]\n{line}\n[profile.dev]\nopt = 1\n");
            assert_eq!(dependencies_without_reason(&manifest).len(), expect, "{line}");
        };
        check("serde = \"1\" # configuration and IPC", 0);
        check("serde = \"1\"", 1);
        check("serde = \"1\" # x", 1);
        check("face = { path = \"crates/face\" }", 0);
        check("# Rooms", 0);
    }
}
