//! The programs, as an operator uses them.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::bank::{Enrolled, IIN, Kiosk, settings};

fn gateway(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_alaqan-gateway"))
        .current_dir(folder)
        .args(arguments)
        .output()
        .unwrap()
}

fn good(folder: &Path, arguments: &[&str]) -> String {
    let output = gateway(folder, arguments);
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

fn bad(folder: &Path, arguments: &[&str], expect: &str) {
    let output = gateway(folder, arguments);
    assert!(!output.status.success(), "{arguments:?}");
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(message.contains(expect), "{message}");
}

#[test]
fn says_what_it_cannot_do() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    bad(
        folder,
        &["run", "--config", "none.toml"],
        "none.toml cannot be read",
    );
    bad(
        folder,
        &["enrol", "--dir", "D", "--kiosk", "k", "--out", "K"],
        "ca.pem cannot be read",
    );
    good(folder, &["init", "--dir", "D"]);
    bad(
        folder,
        &["enrol", "--dir", "D", "--kiosk", "a b", "--out", "K"],
        "cannot name a kiosk",
    );
    bad(
        folder,
        &[
            "export",
            "--config",
            "D/gateway.toml",
            "--document",
            "xyz",
            "--out",
            "o",
        ],
        "32 hexadecimal",
    );
    let unknown = "0".repeat(32);
    let export = [
        "export",
        "--config",
        "D/gateway.toml",
        "--document",
        &unknown,
        "--out",
        "o",
    ];
    bad(folder, &export, "there is no document");
    std::fs::write(folder.join("D/gateway.db.key"), "0f".repeat(32)).unwrap();
    bad(
        folder,
        &["list", "--config", "D/gateway.toml"],
        "cannot be read with this key",
    );
    std::fs::write(folder.join("D/gateway.pem"), "nothing").unwrap();
    bad(
        folder,
        &["run", "--config", "D/gateway.toml"],
        "holds no certificate",
    );
    std::fs::write(folder.join("D/gateway.toml"), "listen = 1").unwrap();
    bad(folder, &["config", "--config", "D/gateway.toml"], "line 1");
}

#[cfg(unix)]
#[test]
fn serves_lists_exports_and_stops() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let address = "127.0.0.1:0";
    good(
        folder,
        &["init", "--dir", "D", "--listen", address, "--idec", address],
    );
    good(
        folder,
        &["enrol", "--dir", "D", "--kiosk", "kiosk-1", "--out", "K"],
    );
    assert!(good(folder, &["config", "--config", "D/gateway.toml"]).contains("comparison_min = 0.95"));

    let mut running = Command::new(env!("CARGO_BIN_EXE_alaqan-gateway"))
        .current_dir(folder)
        .args(["run", "--config", "D/gateway.toml", "--ready-file", "ready"])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(running.stderr.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let line = log.find(|line| line.contains("the gateway listens")).unwrap();
    let address = line.split("address=").nth(1).unwrap().trim().parse().unwrap();

    let papers = Enrolled {
        name: "kiosk-1".into(),
        folder: folder.join("K"),
        settings: settings(),
    };
    let mut kiosk = Kiosk::start(papers.client(address));
    let (id, signed) = papers.document(1, IIN);
    kiosk.put((id, signed.clone()));
    kiosk.delivered(id);
    assert_eq!(
        std::fs::read_to_string(folder.join("ready")).unwrap(),
        format!("{address}\n")
    );
    let id = id.to_string();
    let list = good(folder, &["list", "--config", "D/gateway.toml"]);
    assert!(
        list.contains(&id) && list.contains("awaiting-identification"),
        "{list}"
    );
    good(
        folder,
        &[
            "export",
            "--config",
            "D/gateway.toml",
            "--document",
            &id,
            "--out",
            "d.cms",
        ],
    );
    assert_eq!(std::fs::read(folder.join("d.cms")).unwrap(), signed);
    let answer = [
        "export",
        "--config",
        "D/gateway.toml",
        "--document",
        &id,
        "--out",
        "a.cms",
        "--answer",
    ];
    bad(folder, &answer, "there is no answer");

    assert!(
        Command::new("kill")
            .arg(running.id().to_string())
            .status()
            .unwrap()
            .success()
    );
    assert!(running.wait().unwrap().success());
    assert!(log.any(|line| line.contains("the gateway stops")));
    drop(kiosk);
}
