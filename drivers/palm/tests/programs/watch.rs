//! The verb that watches.

use std::io::{BufRead, BufReader};
use std::process::Command;

use expect_test::expect;
use palm::sim::{SimSettings, Simulator};

use super::{AI10, PALM, finish, interrupt, palm, simulate, start};

/// The next line that `watch` prints, without its time.
fn event(out: &mut impl BufRead) -> String {
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    let (time, event) = line.split_once(" s ").unwrap();
    time.trim().parse::<f64>().unwrap();
    event.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn watch_tells_of_each_coming_and_going() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("palm");
    let settings = SimSettings {
        link: Some(link.clone()),
        ..SimSettings::default()
    };
    let simulator = Simulator::start(settings).unwrap();
    let (mut child, _stderr) = start(palm(&simulator, AI10, "watch"), "Watching");
    let mut out = BufReader::new(child.stdout.take().unwrap());
    assert_eq!(
        event(&mut out),
        "present dfrobot-ai10 AI10-SIM 1.0.0 SIM-0000-0001"
    );
    simulator.handle().unplug();
    assert!(event(&mut out).starts_with("absent "));
    simulator.handle().replug().unwrap();
    let mut next = event(&mut out);
    // Why it is absent may change while the plug comes out.
    while next.starts_with("absent ") {
        next = event(&mut out);
    }
    assert_eq!(next, "present dfrobot-ai10 AI10-SIM 1.0.0 SIM-0000-0001");
    simulator.handle().reboot();
    assert_eq!(
        event(&mut out),
        "restarted dfrobot-ai10 AI10-SIM 1.0.0 SIM-0000-0001"
    );
    interrupt(&child);
    assert_eq!(finish(child).status.code(), Some(0));
}

#[test]
fn watch_prints_one_object_a_line() {
    let simulator = simulate(AI10, &[], &[]);
    let (mut child, _stderr) = start(palm(&simulator, AI10, "watch --json"), "Watching");
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let mut event: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert!(event["at_ms"].take().as_u64().is_some());
    expect![[r#"{"at_ms":null,"driver":"dfrobot-ai10","event":"present","firmware":"AI10-SIM 1.0.0","model":"","serial":"SIM-0000-0001","thermometer":null}"#]].assert_eq(&event.to_string());
    interrupt(&child);
    assert_eq!(finish(child).status.code(), Some(0));
}

#[test]
fn a_port_that_never_was_is_waited_for() {
    let mut command = Command::new(PALM);
    command.args(["watch", "--port", "/dev/no-such-port"]);
    let (mut child, _stderr) = start(command, "Watching");
    let mut out = BufReader::new(child.stdout.take().unwrap());
    assert_eq!(event(&mut out), "absent the device was not found");
    interrupt(&child);
    assert_eq!(finish(child).status.code(), Some(0));
}
