//! A simulated scanner of Alaqan's own protocol, written from its page (`docs/palm-protocol.md`) alone.

mod answers;
mod frame;
mod job;
mod seal;
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
use job::{Job, Task};
use seal::Seal;
use tables::*;

const RESTART: Duration = Duration::from_millis(500);
const SELF_TEST_TIME: Duration = Duration::from_millis(300);
/// Progress comes at most 20 times and at least twice a second.
const PROGRESS_MIN: Duration = Duration::from_millis(50);
const PROGRESS_MAX: Duration = Duration::from_millis(500);
const LIMIT_MS: std::ops::RangeInclusive<u32> = 1000..=60_000;
const CAPACITY: u32 = 500;
const PAGE: usize = 12;
/// The first and the last version that it speaks.
const VERSIONS: (u8, u8) = (1, 1);
const UNKNOWN_VERSIONS: (u8, u8) = (7, 7);
/// Scores in thousandths of a good hand, and of a dummy.
const GOOD: (u16, u16) = (870, 930);
const DUMMY: (u16, u16) = (150, 120);

const LURES: &[&[u8]] = &[
    &[0x00],
    &[0x00, 0x05, 0x01],
    &[0xFF, 0x01],
    &[0x00, 0x02, 0x43, 0x01, 0x02, 0x2A],
];

/// A request, as its header and payload say.
struct Request {
    kind: u8,
    id: u16,
    payload: Vec<u8>,
}

pub(super) struct Reference {
    wire: Wire,
    store: Store,
    readings: Readings,
    boot: Duration,
    step_interval: Duration,
    cancel_answer: Duration,
    serial: String,
    seal: Seal,
    /// Never used twice, and never lost.
    next_reference: u32,
    boot_id: u32,
    boot_reason: u8,
    starts_at: Option<Duration>,
    started_at: Duration,
    /// Whether a session stands.
    greeted: bool,
    broken: bool,
    /// What has come in since the last delimiter; `None` once that is too long to be a frame.
    inbox: Option<Vec<u8>>,
    job: Option<Job>,
    now: Duration,
}

impl Reference {
    pub fn new(settings: &SimSettings) -> Self {
        let trace = Trace::new(settings.trace, settings.show_payload);
        let serial = format!("SIM-{:04}", settings.seed);
        Self {
            wire: Wire::new(Faults::new(&settings.faults), trace, settings.seed, LURES),
            store: Store::new(&settings.enrolled, 1, settings.presented.clone()),
            readings: settings.readings(),
            boot: settings.boot,
            step_interval: settings.note_interval.clamp(PROGRESS_MIN, PROGRESS_MAX),
            cancel_answer: settings.reset_reply,
            seal: Seal::new(settings.seed, text(&serial)),
            serial,
            next_reference: 1 + settings.enrolled.len() as u32,
            boot_id: (settings.seed as u32).wrapping_mul(1000),
            boot_reason: 1,
            starts_at: None,
            started_at: Duration::ZERO,
            greeted: false,
            broken: false,
            inbox: Some(Vec::new()),
            job: None,
            now: Duration::ZERO,
        }
    }

    fn hear(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if *byte != 0 {
                if self
                    .inbox
                    .as_ref()
                    .is_some_and(|inbox| inbox.len() >= frame::ENCODED_MAX)
                {
                    self.inbox = None;
                }
                if let Some(inbox) = &mut self.inbox {
                    inbox.push(*byte);
                }
                continue;
            }
            let encoded = self.inbox.replace(Vec::new());
            match encoded
                .as_deref()
                .map(|encoded| (encoded.len(), frame::decode(encoded)))
            {
                Some((0, _)) => {}
                Some((_, Some(packet))) => self.take(&packet),
                Some((count, None)) => self.wire.trace.noise(self.now, count),
                None => self.wire.trace.noise(self.now, frame::ENCODED_MAX + 1),
            }
        }
    }

    fn take(&mut self, packet: &[u8]) {
        let &[version, kind, low, high, ref payload @ ..] = packet else {
            return;
        };
        let request = Request {
            kind,
            id: u16::from_le_bytes([low, high]),
            payload: payload.to_vec(),
        };
        let is_request = kind < 0x40 && request.id != 0;
        let listing = Listing {
            name: name(kind, payload),
            header: vec![version, kind, low, high],
            payload: payload.to_vec(),
            check: Vec::new(),
            remark: if is_request { "" } else { "is no request: dropped" },
        };
        self.wire.trace.frame(self.now, ">", &listing);
        if is_request {
            self.obey(version, &request);
        }
    }

    fn obey(&mut self, version: u8, request: &Request) {
        let kind = request.kind;
        let wanted = if kind == HELLO { 0 } else { VERSIONS.0 };
        if version != wanted || (kind != HELLO && !self.greeted) {
            return self.refuse(request, NO_SESSION, 0);
        }
        let Some(length) = payload_min(kind) else {
            return self.refuse(request, UNKNOWN_KIND, 0);
        };
        if request.payload.len() < length {
            return self.refuse(request, TOO_SHORT, 0);
        }
        let waits = matches!(kind, SELF_TEST | CAPTURE | ENROL | LIST | DELETE);
        if waits && self.job.is_some() {
            return self.refuse(request, BUSY, 0);
        }
        if kind == HEAD && self.capabilities() & SEAL == 0 {
            return self.refuse(request, NO_CAPABILITY, 0);
        }
        let is_job = matches!(kind, SELF_TEST | CAPTURE | ENROL);
        let forced = |kind| match kind {
            FaultKind::Refused(_) => true,
            // A job fails at its end.
            FaultKind::Failed(_) => !is_job,
            _ => false,
        };
        match self.wire.faults.find_in_capture(verb(kind), forced) {
            Some(FaultKind::Refused(code)) => return self.refuse(request, code, 0),
            Some(FaultKind::Failed(fault)) => {
                return self.answer(request.id, kind, FAILED, &[kind, fault, 0, 0]);
            }
            _ => {}
        }
        match kind {
            HELLO => self.greet(request),
            IDENTITY => {
                let identity = self.identity();
                self.answer(request.id, kind, kind + ANSWER, &identity);
            }
            STATUS => {
                let status = self.status();
                self.answer(request.id, kind, kind + ANSWER, &status);
            }
            HEAD => {
                let head = self.seal.head();
                self.answer(request.id, kind, kind + ANSWER, &head);
            }
            SELF_TEST => self.begin(request, SELF_TEST_TIME, Task::SelfTest),
            CAPTURE | ENROL => self.begin_capture(request),
            CANCEL => self.cancel(request),
            LIST => self.list(request),
            _ => {
                let reference = number(&request.payload);
                let deleted = self.store.remove(reference);
                self.answer(request.id, kind, kind + ANSWER, &[u8::from(deleted)]);
            }
        }
    }

    fn refuse(&mut self, request: &Request, code: u8, detail: u16) {
        let payload = [&[request.kind, code][..], &detail.to_le_bytes()].concat();
        self.answer(request.id, request.kind, REFUSED, &payload);
    }

    fn answer(&mut self, id: u16, request: u8, kind: u8, payload: &[u8]) {
        self.send(self.now, verb(request), id, kind, payload, true);
    }

    fn send(&mut self, at: Duration, verb: Verb, id: u16, kind: u8, payload: &[u8], answer: bool) {
        let faults = &mut self.wire.faults;
        let id = if answer && faults.strike(FaultKind::WrongId, verb) {
            id ^ 0x4000
        } else {
            id
        };
        let spoilt = faults.strike(FaultKind::BadCheck, verb);
        let version = match kind {
            READY | REFUSED => 0,
            _ if kind == HELLO + ANSWER => 0,
            _ => VERSIONS.0,
        };
        let [low, high] = id.to_le_bytes();
        let header = vec![version, kind, low, high];
        let packet = [header.as_slice(), payload].concat();
        self.wire.send(Outgoing {
            at,
            verb,
            breaks: answer,
            waits: matches!(kind, PROGRESS | READY | FAULT),
            bytes: frame::encode(&packet, spoilt),
            listing: Listing {
                name: name(kind, payload),
                header,
                payload: payload.to_vec(),
                check: Vec::new(),
                remark: if spoilt { "wrong check" } else { "" },
            },
        });
    }

    fn restart(&mut self, boot: Duration, reason: u8) {
        self.job = None;
        self.inbox = Some(Vec::new());
        self.greeted = false;
        self.broken = false;
        self.boot_id = self.boot_id.wrapping_add(1);
        self.boot_reason = reason;
        self.starts_at = Some(self.wire.start(self.now, boot));
    }
}

impl Machine for Reference {
    fn start(&mut self, now: Duration) {
        self.now = now;
        self.wire.cut();
        self.restart(self.boot, 1);
    }

    fn step(&mut self, now: Duration, bytes: &[u8]) -> Vec<Output> {
        self.now = now;
        if let Some(at) = self.starts_at {
            // What comes in before that is lost.
            if now < at {
                return self.wire.due(now);
            }
            self.starts_at = None;
            self.started_at = at;
            let ready = [&self.boot_id.to_le_bytes()[..], &[self.boot_reason]].concat();
            self.send(at, Verb::Unasked, 0, READY, &ready, false);
        }
        self.work();
        self.hear(bytes);
        self.wire.due(now)
    }

    fn deadline(&self) -> Option<Duration> {
        let job = self.job.as_ref().map(|job| job.next_at.min(job.ends_at));
        let all = [job, self.starts_at, self.wire.deadline()];
        all.into_iter().flatten().min()
    }

    fn set_faults(&mut self, faults: &[Fault]) {
        self.wire.set_faults(self.now, Faults::new(faults));
    }

    fn present(&mut self, presented: Presented) {
        self.store.present(presented);
    }

    fn set_readings(&mut self, readings: Readings) {
        self.readings = readings;
    }

    fn enrolled(&self) -> Vec<(u32, String)> {
        self.store.listing()
    }

    fn introduction(&self) -> Vec<String> {
        let key: String = self
            .seal
            .public_key()
            .iter()
            .map(|byte| format!("{byte:02X}"))
            .collect();
        vec![
            "115200 baud, 8N1; any other speed does too.".to_owned(),
            format!("Serial number {}.", self.serial),
            format!("Public key {key}."),
        ]
    }

    fn take_trace(&mut self) -> Vec<String> {
        self.wire.trace.take()
    }
}

/// The first four bytes, of which the caller knows that they are there.
fn number(payload: &[u8]) -> u32 {
    u32::from_le_bytes(std::array::from_fn(|index| payload[index]))
}

/// A text field.
fn text(text: &str) -> [u8; 32] {
    let mut field = [0; 32];
    for (to, from) in field.iter_mut().zip(text.bytes().take(31)) {
        *to = from;
    }
    field
}
