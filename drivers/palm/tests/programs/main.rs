//! `alaqan-palm` as a technician uses it: the real program, a simulated scanner, and a pseudo-terminal between them.
#![cfg(unix)]
// The configuration of clippy lets `unwrap` pass in tests, but not in what tests share.
#![allow(clippy::unwrap_used)]

mod capture;
mod exit_codes;
mod look;
mod watch;

use std::io::{BufRead, BufReader};
use std::ops::{Deref, DerefMut};
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::time::Duration;

use expect_test::Expect;
use palm::sim::{Protocol, SimSettings, Simulator};

const PALM: &str = env!("CARGO_BIN_EXE_alaqan-palm");
const AI10: Protocol = Protocol::DfrobotAi10;

fn simulate(protocol: Protocol, enrolled: &[&str], faults: &[&str]) -> Simulator {
    let settings = SimSettings {
        protocol,
        enrolled: enrolled.iter().map(|tag| (*tag).to_owned()).collect(),
        faults: faults.iter().map(|fault| fault.parse().unwrap()).collect(),
        note_interval: Duration::from_millis(20),
        ..SimSettings::default()
    };
    Simulator::start(settings).unwrap()
}

/// The program with the words of a verb, and the port and the driver of this simulator.
fn palm(simulator: &Simulator, protocol: Protocol, verb: &str) -> Command {
    let mut command = Command::new(PALM);
    command
        .args(verb.split_whitespace())
        .arg("--port")
        .arg(simulator.port())
        .args(["--driver", protocol.name()]);
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Output without the name of the pseudo-terminal, which is another one each time.
fn said(bytes: &[u8], simulator: &Simulator) -> String {
    text(bytes).replace(simulator.port().to_str().unwrap(), "PORT")
}

/// Runs a verb on a scanner in which two palms are stored, the second of which lies on the sensor, and compares
/// exit code and standard output.
fn check(verb: &str, code: i32, expect: &Expect) {
    let simulator = simulate(AI10, &["s-1", "s-2"], &[]);
    let answer = palm(&simulator, AI10, verb).output().unwrap();
    assert_eq!(
        answer.status.code(),
        Some(code),
        "{verb}: {}",
        text(&answer.stderr)
    );
    expect.assert_eq(&said(&answer.stdout, &simulator));
}

/// Runs a verb under a fault and compares the exit code alone.
fn check_code(protocol: Protocol, faults: &[&str], verb: &str, code: i32) {
    let simulator = simulate(protocol, &["s-1"], faults);
    let answer = palm(&simulator, protocol, verb).output().unwrap();
    let said = text(&answer.stderr) + &text(&answer.stdout);
    assert_eq!(answer.status.code(), Some(code), "{verb} with {faults:?}: {said}");
}

/// A program that does not outlive a test, not even one that fails.
struct Running(Option<Child>);

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Deref for Running {
    type Target = Child;

    fn deref(&self) -> &Child {
        self.0.as_ref().unwrap()
    }
}

impl DerefMut for Running {
    fn deref_mut(&mut self) -> &mut Child {
        self.0.as_mut().unwrap()
    }
}

/// Starts a verb that goes on until it is told to end, and waits for a line on standard error that holds `sign`.
fn start(mut command: Command, sign: &str) -> (Running, BufReader<ChildStderr>) {
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = Running(Some(child.unwrap()));
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains(sign) {
        line.clear();
        assert_ne!(stderr.read_line(&mut line).unwrap(), 0, "{sign} was not said");
    }
    (child, stderr)
}

/// What Ctrl-C sends.
fn interrupt(child: &Child) {
    let kill = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(kill.unwrap().success());
}

fn finish(mut child: Running) -> Output {
    child.0.take().unwrap().wait_with_output().unwrap()
}
