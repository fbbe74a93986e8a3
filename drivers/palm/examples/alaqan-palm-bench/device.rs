//! The other end of the line.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

use palm::sim::{Protocol, SimSettings, Simulator};

use crate::Outcome;

/// Is a simulator until standard input is closed.
pub fn simulate(protocol: Protocol) -> Outcome<()> {
    let simulator = Simulator::start(SimSettings {
        protocol,
        enrolled: vec!["s-1".to_owned()],
        ..SimSettings::default()
    })?;
    println!("{}", simulator.port().display());
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

/// A simulator in a process of its own, until it is dropped.
pub struct Device {
    process: Child,
    /// Its port.
    pub port: String,
}

impl Device {
    pub fn start(protocol: &str) -> Outcome<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(["simulate", protocol])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut port = String::new();
        let output = process.stdout.take().ok_or("the simulator has no output")?;
        BufReader::new(output).read_line(&mut port)?;
        let port = port.trim().to_owned();
        Ok(Self { process, port })
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        // It ends by itself now; how does not matter any more.
        let _ = self.process.wait();
    }
}
