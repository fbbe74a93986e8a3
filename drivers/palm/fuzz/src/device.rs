//! A simulated device under any host: no panic, no answer without end, and no busy loop.
//!
//! The input: which of the devices, which fault, then steps, each a byte that says which one (low two bits) and how much.

use std::time::Duration;

use palm::efaa;
use palm::reference;
use palm::sim::{FAULTS, Fault, Machine, Output, Presented, Protocol, SimSettings, machine};

/// What the line carries in a second, in bytes.
const LINE_MAX: f64 = 11_520.0;
/// What a device may say in answer to all that a run can ask of it, in bytes, beside what it says of itself.
const ANSWERS_MAX: f64 = 1e6;
/// A run waits no longer than this.
const LONG: Duration = Duration::from_secs(60);

/// Plays one input to one of the devices.
pub fn play(devices: &[Protocol], input: &[u8]) {
    let &[device, fault, ref steps @ ..] = input else {
        return;
    };
    let protocol = devices[usize::from(device) % devices.len()];
    // One more than there are faults: none.
    let fault = FAULTS.get(usize::from(fault) % (FAULTS.len() + 1));
    let settings = SimSettings {
        protocol,
        faults: fault.iter().map(|entry| Fault::from(entry.kind)).collect(),
        enrolled: vec!["t".to_owned()],
        presented: [Presented::LastEnrolled, Presented::Stranger, Presented::Nobody]
            [usize::from(device >> 6) % 3]
            .clone(),
        ..SimSettings::default()
    };
    let mut host = Host {
        machine: machine(&settings),
        now: Duration::ZERO,
        said: 0,
    };
    host.machine.start(host.now);
    let mut steps = steps;
    while let Some((&step, rest)) = steps.split_first() {
        let size = usize::from(step >> 2);
        steps = rest;
        match step % 4 {
            step @ (0 | 1) => {
                let (bytes, rest) = steps.split_at(size.min(rest.len()));
                steps = rest;
                if step == 0 {
                    host.step(bytes);
                } else {
                    host.step(&framed(protocol, bytes));
                }
            }
            2 if host.now > LONG => {}
            2 => host.wait(Duration::from_millis(20) * u32::from(step >> 2)),
            _ => host.machine.start(host.now),
        }
    }
    host.wait(Duration::from_secs(2));
    assert!((host.said as f64) < ANSWERS_MAX + LINE_MAX * host.now.as_secs_f64());
}

/// The bytes in a valid frame, whose checksum no fuzzer guesses, so that they come further than to the door.
fn framed(protocol: Protocol, bytes: &[u8]) -> Vec<u8> {
    match (protocol, bytes) {
        (Protocol::Reference, &[version, kind, low, high, ref payload @ ..]) => {
            let id = u16::from_le_bytes([low, high]);
            reference::frame::Packet::new(version, kind, id, payload.to_vec())
                .map_or(Vec::new(), |packet| packet.to_frame())
        }
        (Protocol::DfrobotAi10 | Protocol::Xst | Protocol::DfrobotFp, &[message, ref data @ ..]) => {
            efaa::protocol::Frame::from_data(message, data.to_vec())
                .map_or(Vec::new(), |frame| frame.encode())
        }
        _ => bytes.to_vec(),
    }
}

struct Host {
    machine: Box<dyn Machine>,
    now: Duration,
    said: usize,
}

impl Host {
    fn step(&mut self, bytes: &[u8]) {
        for output in self.machine.step(self.now, bytes) {
            if let Output::Bytes(bytes) = output {
                self.said += bytes.len();
            }
        }
        let due = self.machine.deadline();
        assert!(
            due.is_none_or(|due| due > self.now),
            "what is due at once is done at once"
        );
    }

    /// As the shell does: the device is called when it wants to be.
    fn wait(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(due) = self.machine.deadline().filter(|due| *due <= until) {
            self.now = self.now.max(due);
            self.step(&[]);
        }
        self.now = until;
        self.step(&[]);
    }
}
