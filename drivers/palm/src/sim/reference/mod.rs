//! A simulated scanner of Alaqan's own protocol, written from its page (`docs/palm-protocol.md`) alone.

mod frame;
mod seal;
mod tables;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::time::Duration;

use super::fault::{Fault, FaultKind, Faults, Verb};
use super::machine::{Machine, Output};
use super::settings::{Presented, Readings, SimSettings};
use super::store::{Seen, Store, User};
use super::trace::{Listing, Trace};
use super::wire::{Outgoing, Wire};
use seal::{Flaws, Seal};
use tables::*;

const RESTART: Duration = Duration::from_millis(500);
const SELF_TEST_TIME: Duration = Duration::from_millis(300);
/// Progress comes at most 20 times and at least once a second.
const PROGRESS_MIN: Duration = Duration::from_millis(50);
const PROGRESS_MAX: Duration = Duration::from_millis(900);
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

enum Task {
    SelfTest,
    Capture([u8; 32]),
    Enrol(Vec<u8>),
}

struct Job {
    task: Task,
    kind: u8,
    id: u16,
    ends_at: Duration,
    hand: Seen,
    face: bool,
    positions: VecDeque<u8>,
    next_at: Duration,
    reboots: bool,
}

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

    fn greet(&mut self, request: &Request) {
        self.job = None;
        let (lowest, highest) = if self.wire.faults.strike(FaultKind::UnknownVersion, Verb::Hello) {
            UNKNOWN_VERSIONS
        } else {
            VERSIONS
        };
        let (host_lowest, host_highest) = (request.payload[0], request.payload[1]);
        let version = highest.min(host_highest);
        if version < lowest.max(host_lowest) {
            self.greeted = false;
            return self.refuse(request, NO_VERSION, u16::from_le_bytes([lowest, highest]));
        }
        self.greeted = true;
        let answer = [&[version, lowest, highest][..], &self.boot_id.to_le_bytes()].concat();
        self.answer(request.id, HELLO, HELLO + ANSWER, &answer);
        if self.wire.faults.strike(FaultKind::Broken, Verb::Unasked) && !self.broken {
            self.broken = true;
            self.send(self.now, Verb::Unasked, 0, FAULT, &[IMAGE_SENSOR, 1, 0, 0], false);
        }
    }

    fn capabilities(&self) -> u16 {
        let without = [
            (FaultKind::NoVascular, VASCULAR),
            (FaultKind::NoVolume, VOLUME),
            (FaultKind::NoTemperature, SURFACE),
            (FaultKind::NoLiveness, LIVENESS),
            (FaultKind::NoSeal, SEAL),
        ];
        let lacking = without
            .into_iter()
            .filter(|(kind, _)| self.wire.faults.always(*kind))
            .fold(0, |mask, (_, bit)| mask | bit);
        (VASCULAR | VOLUME | SURFACE | AMBIENT | LIVENESS | SEAL) & !lacking
    }

    fn identity(&self) -> Vec<u8> {
        let capabilities = self.capabilities();
        let key = if capabilities & SEAL == 0 {
            vec![0; 33]
        } else {
            self.seal.public_key()
        };
        [
            &text("Alaqan simulator")[..],
            &text("1.0.0"),
            &text(&self.serial),
            &capabilities.to_le_bytes(),
            &CAPACITY.to_le_bytes(),
            &key,
        ]
        .concat()
    }

    fn status(&self) -> Vec<u8> {
        let state = match &self.job {
            _ if self.broken => 4,
            None => 0,
            Some(job) => match job.task {
                Task::Capture(_) => 1,
                Task::Enrol(_) => 2,
                Task::SelfTest => 3,
            },
        };
        let up_s = self.now.saturating_sub(self.started_at).as_secs() as u32;
        let fault = if self.broken { IMAGE_SENSOR } else { 0 };
        let mut status = self.boot_id.to_le_bytes().to_vec();
        status.extend(up_s.to_le_bytes());
        status.extend((self.store.len() as u32).to_le_bytes());
        status.extend([state, fault, 0, 0]);
        status
    }

    fn cancel(&mut self, request: &Request) {
        let wanted = u16::from_le_bytes([request.payload[0], request.payload[1]]);
        let ended = self.job.take_if(|job| wanted == 0 || job.id == wanted).is_some();
        let kind = CANCEL + ANSWER;
        self.send(
            self.now + self.cancel_answer,
            Verb::Reset,
            request.id,
            kind,
            &[u8::from(ended)],
            true,
        );
    }

    fn list(&mut self, request: &Request) {
        let after = number(&request.payload);
        let rest: Vec<(u32, [u8; 32])> = self
            .store
            .users()
            .filter(|(id, _)| *id > after)
            .map(|(id, user)| (id, user.padded_name()))
            .collect();
        let mut page = (self.store.len() as u32).to_le_bytes().to_vec();
        page.push(u8::from(rest.len() > PAGE));
        page.push(rest.len().min(PAGE) as u8);
        for (id, tag) in rest.into_iter().take(PAGE) {
            page.extend(id.to_le_bytes());
            page.extend(tag);
        }
        self.answer(request.id, LIST, LIST + ANSWER, &page);
    }

    fn begin_capture(&mut self, request: &Request) {
        let limit_ms = number(&request.payload);
        if !LIMIT_MS.contains(&limit_ms) {
            return self.refuse(request, OUT_OF_RANGE, 0);
        }
        let field: [u8; 32] = std::array::from_fn(|index| request.payload[4 + index]);
        let task = if request.kind == CAPTURE {
            Task::Capture(field)
        } else {
            match tag(&field) {
                Some(tag) => Task::Enrol(tag),
                None => return self.refuse(request, OUT_OF_RANGE, 4),
            }
        };
        if self.broken {
            let failed = [request.kind, IMAGE_SENSOR, 0, 0];
            return self.answer(request.id, request.kind, FAILED, &failed);
        }
        self.begin(request, Duration::from_millis(limit_ms.into()), task);
    }

    fn begin(&mut self, request: &Request, limit: Duration, task: Task) {
        let verb = verb(request.kind);
        let faults = &mut self.wire.faults;
        let face = faults.strike(FaultKind::Face, verb);
        let hand = match &task {
            _ if faults.strike(FaultKind::Nobody, verb) => Seen::Nobody,
            Task::Enrol(_) => self.store.seen_newly(),
            _ => self.store.seen(),
        };
        let reboots = faults.strike(FaultKind::Reboot, verb);
        let positions = match (&task, hand, face) {
            (Task::SelfTest, ..) => VecDeque::from([AT_WORK]),
            (_, Seen::Nobody, _) => VecDeque::new(),
            (_, _, true) => VecDeque::from([NOT_A_HAND, NOT_A_HAND]),
            // The hand comes in too far away and off to one side, then lies right.
            _ => VecDeque::from([TOO_FAR, TOO_HIGH + (self.wire.random() % 4) as u8, IN_PLACE]),
        };
        self.send(self.now, verb, request.id, ACCEPTED, &[], false);
        self.job = Some(Job {
            task,
            kind: request.kind,
            id: request.id,
            ends_at: self.now + limit,
            hand,
            face,
            positions,
            next_at: self.now + self.step_interval,
            reboots,
        });
    }

    /// Goes on with the job: progress when it is due, and in the end one answer.
    fn work(&mut self) {
        while let Some(mut job) = self.job.take() {
            let verb = verb(job.kind);
            let looks_on = job.hand == Seen::Nobody && !matches!(job.task, Task::SelfTest);
            if self.now >= job.ends_at {
                // A hand that was not in place until then was none that it could use.
                if !job.positions.is_empty() {
                    job.hand = Seen::Nobody;
                }
                self.finish(job);
                return;
            }
            if self.now < job.next_at {
                self.job = Some(job);
                return;
            }
            let position = if looks_on {
                Some(NOT_SEEN)
            } else {
                job.positions.pop_front()
            };
            let Some(position) = position else {
                self.finish(job);
                continue;
            };
            self.send(job.next_at, verb, job.id, PROGRESS, &[position], false);
            if job.reboots {
                self.wire.trace.remark(self.now, "restarts");
                self.restart(RESTART, 3);
                return;
            }
            job.next_at += self.step_interval;
            self.job = Some(job);
        }
    }

    fn finish(&mut self, job: Job) {
        let verb = verb(job.kind);
        let faults = &mut self.wire.faults;
        if let Some(FaultKind::Failed(fault)) =
            faults.find_in_capture(verb, |kind| matches!(kind, FaultKind::Failed(_)))
        {
            return self.answer(job.id, job.kind, FAILED, &[job.kind, fault, 0, 0]);
        }
        let forced = match faults.find_in_capture(verb, |kind| matches!(kind, FaultKind::Result(_))) {
            Some(FaultKind::Result(code)) => Some(code),
            _ => None,
        };
        let dummy = faults.strike(FaultKind::Liveness, verb);
        let payload = match &job.task {
            Task::SelfTest => self.self_test(),
            Task::Capture(challenge) => self.capture(&job, challenge, forced, dummy),
            Task::Enrol(tag) => self.enrol(&job, tag, forced, dummy),
        };
        self.answer(job.id, job.kind, job.kind + ANSWER, &payload);
    }

    fn self_test(&self) -> Vec<u8> {
        let capabilities = self.capabilities();
        let parts = [
            (0x01, true),
            (0x02, true),
            (0x03, capabilities & SURFACE != 0),
            (0x04, capabilities & AMBIENT != 0),
            (0x05, capabilities & VOLUME != 0),
            (0x06, capabilities & LIVENESS != 0),
            (0x07, true),
            (0x08, capabilities & SEAL != 0),
            (0x09, true),
            (0x0A, true),
        ];
        let entries: Vec<[u8; 4]> = parts
            .into_iter()
            .filter(|(_, there)| *there)
            .map(|(part, _)| [part, u8::from(!(self.broken && part == IMAGE_SENSOR)), 0, 0])
            .collect();
        [&[entries.len() as u8][..], &entries.concat()].concat()
    }

    fn capture(&mut self, job: &Job, challenge: &[u8; 32], forced: Option<u8>, dummy: bool) -> Vec<u8> {
        let stranger = self.wire.faults.strike(FaultKind::NoMatch, Verb::Verify);
        let (result, reference) = match (forced, job.hand) {
            (Some(code), _) => (code, NO_REFERENCE),
            (_, Seen::Nobody) => (NOTHING_PRESENTED, NO_REFERENCE),
            _ if job.face => (NOT_A_PALM, NO_REFERENCE),
            _ if dummy => (NOT_LIVE, NO_REFERENCE),
            (_, Seen::User(id)) if !stranger && self.store.get(id).is_some() => (IDENTIFIED, id),
            _ => (NO_MATCH, NO_REFERENCE),
        };
        let hand = job.hand != Seen::Nobody && !job.face;
        let report = self.report(result, reference, hand, dummy);
        let faults = &mut self.wire.faults;
        let missing = faults.strike(FaultKind::MissingSeal, Verb::Verify);
        let flaws = Flaws {
            bad_signature: faults.strike(FaultKind::BadSignature, Verb::Verify),
            other_key: faults.strike(FaultKind::OtherKey, Verb::Verify),
            stale_nonce: faults.strike(FaultKind::StaleNonce, Verb::Verify),
            broken_chain: faults.strike(FaultKind::BrokenChain, Verb::Verify),
            other_content: faults.strike(FaultKind::OtherContent, Verb::Verify),
        };
        if missing || self.capabilities() & SEAL == 0 {
            return [&report[..], &[0]].concat();
        }
        let seal = self.seal.sign(challenge, &report, flaws);
        [&report[..], &[1], &seal].concat()
    }

    /// Result, mask of readings, quality, reference and the five readings.
    fn report(&mut self, result: u8, reference: u32, hand: bool, dummy: bool) -> Vec<u8> {
        let capabilities = self.capabilities();
        let faults = &mut self.wire.faults;
        let mut value = |is: fn(FaultKind) -> Option<f32>, usual: f32| {
            let struck = faults.find(Verb::Verify, |kind| is(kind).is_some());
            struck.and_then(is).unwrap_or(usual)
        };
        let volume = value(
            |kind| match kind {
                FaultKind::Volume(ml) => Some(ml),
                _ => None,
            },
            self.readings.volume_ml,
        );
        let surface = value(
            |kind| match kind {
                FaultKind::Temperature(celsius) => Some(celsius),
                _ => None,
            },
            self.readings.surface_celsius,
        );
        let ambient = value(
            |kind| match kind {
                FaultKind::Ambient(celsius) => Some(celsius),
                _ => None,
            },
            self.readings.ambient_celsius,
        );
        let (vascular, liveness) = if dummy { DUMMY } else { GOOD };
        let mut measures = |bit: u16, fault: Option<FaultKind>| {
            let lacking = fault.is_some_and(|fault| faults.strike(fault, Verb::Verify));
            capabilities & bit != 0 && !lacking && (hand || bit == AMBIENT)
        };
        // A conversion from a float stops at the ends of the range; 8000 says that nothing was measured.
        let celsius = |value: f32| ((value * 100.0).round() as i16).max(-i16::MAX).to_le_bytes();
        let ml = (volume.round() as i16).max(0).to_le_bytes();
        let readings = [
            (measures(VOLUME, Some(FaultKind::NoVolume)), ml),
            (
                measures(SURFACE, Some(FaultKind::NoTemperature)),
                celsius(surface),
            ),
            (measures(AMBIENT, None), celsius(ambient)),
            (
                measures(VASCULAR, Some(FaultKind::NoVascular)),
                vascular.to_le_bytes(),
            ),
            (
                measures(LIVENESS, Some(FaultKind::NoLiveness)),
                liveness.to_le_bytes(),
            ),
        ];
        let mut mask = 0;
        let mut fields = Vec::new();
        for (bit, (measured, field)) in readings.into_iter().enumerate() {
            mask |= u8::from(measured) << bit;
            fields.extend(if measured { field } else { NOT_MEASURED });
        }
        [&[result, mask, 0, 0][..], &reference.to_le_bytes(), &fields].concat()
    }

    fn enrol(&mut self, job: &Job, tag: &[u8], forced: Option<u8>, dummy: bool) -> Vec<u8> {
        let full =
            self.wire.faults.strike(FaultKind::Full, Verb::Enrol) || self.store.len() >= CAPACITY as usize;
        let outcome = match (forced, job.hand) {
            (Some(code), _) => code,
            _ if full => NO_ROOM,
            (_, Seen::Nobody) => ENROL_NOTHING,
            _ if job.face => ENROL_NOT_A_PALM,
            _ if dummy => ENROL_NOT_LIVE,
            (_, Seen::User(_)) => ALREADY_ENROLLED,
            (_, Seen::Stranger) => ENROLLED,
        };
        let mut reference = NO_REFERENCE;
        if outcome == ENROLLED && forced.is_none() {
            reference = self.next_reference;
            self.next_reference += 1;
            let name = tag.to_vec();
            self.store.insert(reference, User { name, admin: 0 });
        }
        [&reference.to_le_bytes()[..], &[0, 0, outcome]].concat()
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

/// The tag in its field, if it is one.
fn tag(field: &[u8; 32]) -> Option<Vec<u8>> {
    let end = field.iter().position(|byte| *byte == 0)?;
    let (tag, rest) = field.split_at(end);
    let fits = !tag.is_empty() && tag.iter().all(u8::is_ascii_graphic) && rest.iter().all(|byte| *byte == 0);
    fits.then(|| tag.to_vec())
}
