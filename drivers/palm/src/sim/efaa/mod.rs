//! Simulated modules of the EF-AA family, as one pure machine with a table for each dialect.

mod capture;
mod commands;
mod tables;
#[cfg(test)]
mod tests;

use std::time::Duration;

use super::fault::{Fault, FaultKind, Faults, Verb};
use super::machine::{Machine, Output};
use super::settings::{Presented, Readings, SimSettings};
use super::store::Store;
use super::trace::{Listing, Trace};
use super::wire::{Outgoing, Wire};
use capture::Job;
use tables::*;

pub(super) use tables::{AI10, Dialect, FP, XST};

const RESTART: Duration = Duration::from_millis(500);
const LATE_ABORT: Duration = Duration::from_millis(40);
/// After such a silence a half frame is given up.
const HALF_FRAME_LIMIT: Duration = Duration::from_millis(200);
/// The longest command has 40 bytes.
const DATA_MAX: usize = 64;

const LURES: &[&[u8]] = &[
    &[0xEF],
    &[0xEF, 0xEF],
    &[0xEF, 0xAA, 0xFF],
    &[0xEF, 0xAA, 0x00, 0x00, 0xF0],
    &[0xEF, 0xAA, 0x00, 0x00, 0x02, 0x55],
];

pub(super) struct EfAa {
    dialect: &'static Dialect,
    wire: Wire,
    store: Store,
    boot: Duration,
    note_interval: Duration,
    reset_reply: Duration,
    inbox: Vec<u8>,
    heard_at: Duration,
    job: Option<Job>,
    /// When a capture that was ended will say so, and its command.
    late_abort: Option<(Duration, u8)>,
    /// When it says READY because it was reset.
    late_ready_at: Option<Duration>,
    /// When it will have started, while it is starting.
    starts_at: Option<Duration>,
    failed: bool,
    progress_percent: u8,
    now: Duration,
}

impl EfAa {
    pub fn new(dialect: &'static Dialect, settings: &SimSettings) -> Self {
        let trace = Trace::new(settings.trace, settings.show_payload);
        Self {
            dialect,
            wire: Wire::new(Faults::new(&settings.faults), trace, settings.seed, LURES),
            store: Store::new(
                &settings.enrolled,
                dialect.palms.first,
                settings.presented.clone(),
            ),
            boot: settings.boot,
            // Without any pause a capture would never end.
            note_interval: settings.note_interval.max(Duration::from_millis(1)),
            reset_reply: settings.reset_reply,
            inbox: Vec::new(),
            heard_at: Duration::ZERO,
            job: None,
            late_abort: None,
            late_ready_at: None,
            starts_at: None,
            failed: false,
            progress_percent: 0,
            now: Duration::ZERO,
        }
    }

    /// The next whole frame of the host. A frame with a wrong check is ignored, and so is everything that is none.
    fn take_frame(&mut self) -> Option<Vec<u8>> {
        let mut skipped = 0;
        let frame = loop {
            match self.inbox.as_slice() {
                [] | [0xEF] => break None,
                [0xEF, 0xAA, ..] => {}
                _ => {
                    self.inbox.remove(0);
                    skipped += 1;
                    continue;
                }
            }
            let &[_, _, _, high, low, ..] = self.inbox.as_slice() else {
                break None;
            };
            let end = 5 + (usize::from(high) << 8) + usize::from(low);
            if end > 5 + DATA_MAX {
                self.inbox.remove(0);
                skipped += 1;
                continue;
            }
            let Some(check) = self.inbox.get(end).copied() else {
                break None;
            };
            if check_byte(&self.inbox[2..end]) == check {
                break Some(self.inbox.drain(..=end).collect());
            }
            self.inbox.remove(0);
            skipped += 1;
        };
        if skipped > 0 {
            self.wire.trace.noise(self.now, skipped);
        }
        frame
    }

    fn hear(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        if !self.inbox.is_empty() && self.now.saturating_sub(self.heard_at) > HALF_FRAME_LIMIT {
            self.wire.trace.noise(self.now, self.inbox.len());
            self.inbox.clear();
        }
        self.heard_at = self.now;
        self.inbox.extend(bytes);
        while let Some(frame) = self.take_frame() {
            let (command, data) = (frame[2], &frame[5..frame.len() - 1]);
            let listing = Listing {
                name: command_name(command).to_owned(),
                header: frame[..5].to_vec(),
                payload: data.to_vec(),
                check: frame[frame.len() - 1..].to_vec(),
                remark: if FORBIDDEN.contains(&command) {
                    "never to be sent by a kiosk: refused"
                } else {
                    ""
                },
            };
            self.wire.trace.frame(self.now, ">", &listing);
            self.obey(command, data);
        }
    }

    fn send_note(&mut self, at: Duration, verb: Verb, data: &[u8], name: &str) {
        self.send(at, verb, false, 1, data, name);
    }

    fn reply(&mut self, at: Duration, command: u8, result: u8, payload: &[u8]) {
        let verb = verb(command);
        let faults = &mut self.wire.faults;
        let forced = faults.find_in_capture(verb, |kind| matches!(kind, FaultKind::Result(_)));
        let (result, mut payload) = match forced {
            Some(FaultKind::Result(code)) => (code, &[][..]),
            _ => (result, payload),
        };
        if result == OK && faults.strike(FaultKind::Short, verb) {
            payload = &payload[..payload.len() / 2];
        }
        let named = if faults.strike(FaultKind::WrongId, verb) {
            command ^ 0x40
        } else {
            command
        };
        let name = format!("reply to {}: {}", command_name(command), result_name(result));
        self.send(at, verb, true, 0, &[&[named, result], payload].concat(), &name);
    }

    fn send(&mut self, at: Duration, verb: Verb, reply: bool, message: u8, data: &[u8], name: &str) {
        let length = (data.len() as u16).to_be_bytes();
        let mut bytes = vec![0xEF, 0xAA, message, length[0], length[1]];
        let header = bytes.clone();
        bytes.extend(data);
        let mut check = check_byte(&bytes[2..]);
        let mut remark = "";
        if self.wire.faults.strike(FaultKind::BadCheck, verb) {
            check ^= 0x5A;
            remark = "wrong check byte";
        }
        bytes.push(check);
        self.wire.send(Outgoing {
            at,
            verb,
            breaks: reply,
            waits: !reply,
            bytes,
            listing: Listing {
                name: name.to_owned(),
                header,
                payload: data.to_vec(),
                check: vec![check],
                remark,
            },
        });
    }
}

impl Machine for EfAa {
    fn start(&mut self, now: Duration) {
        self.now = now;
        self.wire.cut();
        self.inbox.clear();
        self.job = None;
        self.late_abort = None;
        self.late_ready_at = None;
        self.failed = false;
        self.starts_at = Some(self.wire.start(now, self.boot));
    }

    fn step(&mut self, now: Duration, bytes: &[u8]) -> Vec<Output> {
        self.now = now;
        if let Some(at) = self.starts_at {
            // What comes in before that is lost.
            if now < at {
                return self.wire.due(now);
            }
            self.starts_at = None;
            self.send_note(at, Verb::Unasked, &[0], "note: ready");
            if self.wire.faults.strike(FaultKind::Licence, Verb::Unasked) {
                self.send_note(at, Verb::Unasked, &[8], "note: no licence");
            }
            if self.wire.faults.strike(FaultKind::Broken, Verb::Unasked) {
                self.failed = true;
                self.send_note(at, Verb::Unasked, &[2], "note: unknown fault");
            }
        }
        if let Some(at) = self.late_ready_at.take_if(|at| *at <= now) {
            self.send_note(at, Verb::Unasked, &[0], "note: ready");
        }
        self.hear(bytes);
        self.work();
        if let Some((at, command)) = self.late_abort.take_if(|(at, _)| *at <= now) {
            self.reply(at, command, ABORTED, &[]);
        }
        self.wire.due(now)
    }

    fn deadline(&self) -> Option<Duration> {
        let job = self.job.as_ref().map(|job| job.next_note_at.min(job.ends_at));
        let abort = self.late_abort.as_ref().map(|(at, _)| *at);
        let all = [
            job,
            abort,
            self.late_ready_at,
            self.starts_at,
            self.wire.deadline(),
        ];
        all.into_iter().flatten().min()
    }

    fn set_faults(&mut self, faults: &[Fault]) {
        self.wire.set_faults(self.now, Faults::new(faults));
    }

    fn present(&mut self, presented: Presented) {
        self.store.present(presented);
    }

    fn set_readings(&mut self, _: Readings) {
        // These modules measure neither temperature nor volume.
    }

    fn enrolled(&self) -> Vec<(u32, String)> {
        self.store.listing()
    }

    fn introduction(&self) -> Vec<String> {
        let Range { first, count } = self.dialect.palms;
        vec![
            "115200 baud, 8N1; any other speed does too.".to_owned(),
            format!("Palms get the ids {first} to {}.", first + count - 1),
        ]
    }

    fn take_trace(&mut self) -> Vec<String> {
        self.wire.trace.take()
    }
}

fn check_byte(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, byte| sum ^ byte)
}
