//! The arrows between rooms, and between rooms and the libraries that only some of them may know.
//!
//! A new arrow is a change of its own, with its reason in ARCHITECTURE.md; then it is added here.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::error::XtaskError;
use crate::paths::Paths;
use crate::process;

/// Each room and the rooms that it may depend on.
const ROOMS: &[(&str, &[&str])] = &[
    ("verification", &[]),
    ("ipc", &[]),
    ("document", &["verification"]),
    ("face", &["verification"]),
    ("outbox", &["verification"]),
    ("profile", &["verification"]),
    ("sync", &["verification", "document"]),
    ("camera", &["verification"]),
    ("palm", &["verification"]),
    ("printer", &[]),
    ("speech", &[]),
    ("ui", &["ipc"]),
    ("puppet", &["face", "verification"]),
    ("eval", &["camera", "face", "verification"]),
    ("authority", &["verification"]),
    ("keys", &["verification"]),
    ("institution", &["document", "verification"]),
    ("integrity", &["verification"]),
    (
        "gateway",
        &["authority", "document", "institution", "sync", "verification"],
    ),
    ("paper", &["authority", "document", "verification"]),
    ("custody", &["document", "keys", "outbox", "sync", "verification"]),
    (
        "torture",
        &["custody", "document", "keys", "outbox", "verification"],
    ),
    (
        "custody-bench",
        &["custody", "document", "outbox", "sync", "verification"],
    ),
    (
        "alaqan",
        &[
            "camera",
            "custody",
            "document",
            "face",
            "integrity",
            "ipc",
            "outbox",
            "palm",
            "printer",
            "profile",
            "speech",
            "sync",
            "verification",
        ],
    ),
    ("walk", &[]),
    ("stage", &["alaqan", "ipc", "walk"]),
    ("xtask", &[]),
];

/// Rooms that tests may know besides.
const ROOMS_OF_TESTS: &[(&str, &[&str])] = &[
    ("alaqan", &["gateway", "puppet", "walk"]),
    ("gateway", &["outbox"]),
    ("sync", &["document"]),
    ("puppet", &["camera"]),
];

/// Libraries that only these rooms may name, in code and in tests.
const LIBRARIES: &[(&str, &[&str])] = &[
    ("opencv", &["camera", "eval", "face", "puppet"]),
    ("rusqlite", &["custody-bench", "gateway", "outbox"]),
    ("serialport", &["palm", "printer"]),
    ("tauri", &["alaqan"]),
    ("tauri-build", &["alaqan"]),
    ("webkit2gtk", &["alaqan"]),
    ("leptos", &["ui"]),
    ("web-sys", &["ui"]),
    ("cms", &["document", "gateway", "alaqan"]),
    (
        "tokio",
        &[
            "alaqan",
            "custody-bench",
            "gateway",
            "paper",
            "stage",
            "sync",
            "torture",
            "walk",
        ],
    ),
    (
        "tokio-tungstenite",
        &["alaqan", "custody-bench", "gateway", "sync"],
    ),
    ("fantoccini", &["gateway", "walk"]),
    ("axum", &["gateway"]),
    ("krilla", &["paper", "printer"]),
    ("rodio", &["speech"]),
    ("evdev", &["speech"]),
    ("reqwest", &["gateway", "paper"]),
    ("wasm-bindgen-cli-support", &["xtask"]),
];

#[derive(Debug, Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    dependencies: Vec<Dependency>,
}

#[derive(Debug, Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
}

/// Arrows that are not allowed, one line each.
pub fn broken(paths: &Paths) -> Result<Vec<String>, XtaskError> {
    let mut cargo = process::cargo();
    cargo
        .current_dir(&paths.root)
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"]);
    let text = process::output(&mut cargo)?;
    let metadata: Metadata = serde_json::from_slice(&text).map_err(|error| XtaskError::Form {
        path: "cargo metadata".into(),
        message: error.to_string(),
    })?;
    Ok(broken_in(&metadata))
}

fn broken_in(metadata: &Metadata) -> Vec<String> {
    let rooms: BTreeSet<&str> = metadata
        .packages
        .iter()
        .map(|package| package.name.as_str())
        .collect();
    let mut broken = Vec::new();
    for package in &metadata.packages {
        let room = package.name.as_str();
        let Some(allowed) = entry(ROOMS, room) else {
            broken.push(format!("{room}: a room that xtask/src/arrows.rs does not know"));
            continue;
        };
        for Dependency { name, kind } in &package.dependencies {
            let in_tests = kind.as_deref() == Some("dev");
            let known = allowed.contains(&name.as_str())
                || (in_tests
                    && entry(ROOMS_OF_TESTS, room).is_some_and(|more| more.contains(&name.as_str())));
            if rooms.contains(name.as_str()) && !known {
                broken.push(format!(
                    "{room} -> {name}: this arrow between rooms is not allowed"
                ));
            }
            if entry(LIBRARIES, name).is_some_and(|users| !users.contains(&room)) {
                broken.push(format!("{room} -> {name}: this room must not know that library"));
            }
        }
    }
    broken
}

fn entry<'a>(table: &[(&str, &'a [&'a str])], key: &str) -> Option<&'a [&'a str]> {
    table
        .iter()
        .find(|(name, _)| *name == key)
        .map(|(_, values)| *values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forbidden_arrows_are_found() {
        let check = |from: &str, to: &str, kind: Option<&str>, expect: usize| {
            let package = |name: &str, dependencies| Package {
                name: name.into(),
                dependencies,
            };
            let arrow = Dependency {
                name: to.into(),
                kind: kind.map(Into::into),
            };
            let others = ["gateway", "outbox", "verification"]
                .into_iter()
                .filter(|name| *name != from);
            let mut packages: Vec<_> = others.map(|name| package(name, vec![])).collect();
            packages.push(package(from, vec![arrow]));
            assert_eq!(broken_in(&Metadata { packages }).len(), expect, "{from} -> {to}");
        };
        check("outbox", "verification", None, 0);
        check("outbox", "gateway", None, 1);
        check("alaqan", "gateway", None, 1);
        check("alaqan", "gateway", Some("dev"), 0);
        check("verification", "tokio", None, 1);
        check("verification", "opencv", Some("dev"), 1);
        check("face", "serde", None, 0);
        check("attic", "serde", None, 1);
    }
}
