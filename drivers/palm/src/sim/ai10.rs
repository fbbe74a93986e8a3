//! A simulated DFRobot AI10 as a pure machine: bytes and time in, bytes out.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::fault::{Fault, FaultKind};
use super::machine::{Machine, Output};
use super::settings::{Presented, Readings, SimSettings};
use super::trace;

const BOOT_DELAY: Duration = Duration::from_secs(1);
const RESTART: Duration = Duration::from_millis(500);
/// Longer than a host waits for the answer to a question.
const LATE: Duration = Duration::from_millis(2500);
const LATE_ABORT: Duration = Duration::from_millis(40);
const DRIP_PAUSE: Duration = Duration::from_millis(1);
/// Palms get ids from here on, faces from 1.
const FIRST_PALM: u16 = 1001;
const CAPACITY: usize = 100;
const TYPE_PALM: u8 = 0xFA;
const STATE_HAND_OK: i16 = 128;

#[derive(Clone)]
struct User {
    name: [u8; 32],
    admin: u8,
}

enum Purpose {
    Verify,
    Enrol(User),
}

/// A capture under way. A new command drops it without a word, as the hardware does.
struct Job {
    purpose: Purpose,
    command: u8,
    ends_at: Duration,
    states: VecDeque<i16>,
    next_note_at: Duration,
}

pub(super) struct Ai10 {
    faults: Vec<Fault>,
    note_interval: Duration,
    random: u64,
    inbox: Vec<u8>,
    outbox: VecDeque<(Duration, Output)>,
    /// An answer that comes late.
    late: Option<(Duration, Output)>,
    /// When a capture that was ended will say so, and its command.
    late_abort: Option<(Duration, u8)>,
    users: BTreeMap<u16, User>,
    /// Whose palm lies on the sensor: the one that was enrolled last.
    presented: Option<u16>,
    job: Option<Job>,
    /// When it will have started, while it is starting.
    starts_at: Option<Duration>,
    /// Whether the fault that happens only once has happened.
    spent: bool,
    /// Lines for people, if they are wanted.
    pub(super) trace: Option<Vec<String>>,
}

impl Ai10 {
    pub(super) fn new(settings: &SimSettings) -> Self {
        let mut module = Self {
            faults: settings.faults.clone(),
            note_interval: settings.note_interval,
            random: settings.seed,
            inbox: Vec::new(),
            outbox: VecDeque::new(),
            late: None,
            late_abort: None,
            users: BTreeMap::new(),
            presented: None,
            job: None,
            starts_at: None,
            spent: false,
            trace: settings.trace.then(Vec::new),
        };
        for (id, tag) in (FIRST_PALM..).zip(&settings.enrolled) {
            let mut name = [0; 32];
            for (to, from) in name.iter_mut().zip(tag.bytes()) {
                *to = from;
            }
            module.users.insert(id, User { name, admin: 0 });
            module.presented = Some(id);
        }
        module
    }

    /// Takes what has come in, and answers what is due at `now` (time since the power came on).
    fn step_inner(&mut self, now: Duration, bytes: &[u8]) -> Vec<Output> {
        if let Some(at) = self.starts_at {
            // What comes in before that is lost.
            if now < at {
                return self.due(now);
            }
            self.starts_at = None;
            self.send(at, 0x01, &[0]);
        }
        self.inbox.extend(bytes);
        if let Some((_, output)) = self.late.take_if(|(at, _)| *at <= now) {
            self.outbox.push_back((now, output));
        }
        while self.late.is_none()
            && let Some(frame) = self.take_frame()
        {
            self.note(now, ">", &frame);
            self.obey(now, frame[2], &frame[5..frame.len() - 1]);
        }
        self.work(now);
        if let Some((at, command)) = self.late_abort.take_if(|(at, _)| *at <= now) {
            self.reply(at, command, 2, &[]);
        }
        self.due(now)
    }

    fn due(&mut self, now: Duration) -> Vec<Output> {
        let mut due = Vec::new();
        while self.outbox.front().is_some_and(|(at, _)| *at <= now) {
            due.extend(self.outbox.pop_front().map(|(_, output)| output));
        }
        due
    }

    /// When `step` is needed again though nothing has come in.
    fn deadline_inner(&self) -> Option<Duration> {
        let job = self.job.as_ref().map(|job| job.next_note_at.min(job.ends_at));
        let late = self.late.as_ref().map(|(at, _)| *at);
        let abort = self.late_abort.as_ref().map(|(at, _)| *at);
        [
            job,
            late,
            abort,
            self.starts_at,
            self.outbox.front().map(|(at, _)| *at),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    fn has(&self, fault: FaultKind) -> bool {
        self.faults.iter().any(|found| found.kind == fault)
    }

    /// The next whole frame of the host: sync, id, length, data, check. A frame with a wrong check is ignored,
    /// and so is everything that is no frame.
    fn take_frame(&mut self) -> Option<Vec<u8>> {
        loop {
            match self.inbox.as_slice() {
                [] | [0xEF] => return None,
                [0xEF, 0xAA, ..] => {}
                _ => {
                    self.inbox.remove(0);
                    continue;
                }
            }
            let length = (usize::from(*self.inbox.get(3)?) << 8) + usize::from(*self.inbox.get(4)?);
            if length > 64 {
                self.inbox.remove(0);
                continue;
            }
            let end = 5 + length;
            let check = *self.inbox.get(end)?;
            if self.inbox[2..end].iter().copied().reduce(|sum, byte| sum ^ byte) != Some(check) {
                self.inbox.remove(0);
                continue;
            }
            return Some(self.inbox.drain(..=end).collect());
        }
    }

    fn obey(&mut self, now: Duration, command: u8, data: &[u8]) {
        if command != 0x11
            && let Some(job) = self.job.take()
            && self.has(FaultKind::LateAbort)
        {
            self.late_abort = Some((now + LATE_ABORT, job.command));
        }
        match (command, data) {
            (0x10, []) => {
                self.reply(now, command, 0, &[]);
                if self.has(FaultKind::ReadyAfterReset) {
                    self.send(now, 0x01, &[0]);
                }
            }
            (0x11, []) => self.reply(now, command, 0, &[u8::from(self.job.is_some())]),
            (0x12, [_, limit_s]) => self.begin(now, command, *limit_s, Purpose::Verify),
            (0x1D, [admin, fields @ ..]) if fields.len() == 34 => {
                let mut name = [0; 32];
                name.copy_from_slice(&fields[..32]);
                self.begin(
                    now,
                    command,
                    fields[33],
                    Purpose::Enrol(User { name, admin: *admin }),
                );
            }
            (0x20, [high, low]) => {
                let id = u16::from(*high) << 8 | u16::from(*low);
                let result = if self.users.remove(&id).is_some() { 0 } else { 8 };
                if self.presented == Some(id) {
                    self.presented = self.users.keys().next_back().copied();
                }
                self.reply(now, command, result, &[]);
            }
            (0x21, _) => {
                self.users.clear();
                self.presented = None;
                self.reply(now, command, 0, &[]);
            }
            (0x22, [high, low]) => {
                let id = u16::from(*high) << 8 | u16::from(*low);
                match self.users.get(&id).cloned() {
                    Some(user) => {
                        let info = [&[*high, *low][..], &user.name, &[user.admin]].concat();
                        self.reply(now, command, 0, &info);
                    }
                    None => self.reply(now, command, 8, &[]),
                }
            }
            // Whether boxes are reported; they always are.
            (0xB5, [_]) => self.reply(now, command, 0, &[]),
            (0x23, []) => self.reply(now, command, 0, &[]),
            (0x24, [] | [_]) => {
                let mut list = vec![self.users.len() as u8];
                for id in self.users.keys() {
                    list.extend([(id >> 8) as u8, (id & 0xFF) as u8]);
                }
                if self.has(FaultKind::LongList) {
                    list.resize(201, 0);
                }
                self.reply(now, command, 0, &list);
            }
            (0x30, []) => self.reply(now, command, 0, b"AI10-SIM 1.0.0"),
            (0x93, []) => {
                let mut serial = b"SIM-0000-0001".to_vec();
                serial.resize(32, 0xFF);
                self.reply(now, command, 0, &serial);
            }
            // Known commands with fields that do not fit, and unknown ones.
            (0x10..=0x12 | 0x1D | 0x20 | 0x22..=0x24 | 0x30 | 0x93, _) => self.reply(now, command, 6, &[]),
            _ => self.reply(now, command, 1, &[]),
        }
    }

    fn begin(&mut self, now: Duration, command: u8, limit_s: u8, purpose: Purpose) {
        let limit = Duration::from_secs(if limit_s == 0 { 10 } else { limit_s.into() });
        let states = if self.has(FaultKind::Nobody) {
            VecDeque::new()
        } else if self.has(FaultKind::Face) {
            VecDeque::from([6, 0])
        } else {
            // The hand comes in too far away and off to one side, then lies right.
            let side = 131 + (self.next_random() % 4) as i16;
            VecDeque::from([129, side, STATE_HAND_OK])
        };
        let next_note_at = now + self.note_interval;
        self.job = Some(Job {
            purpose,
            command,
            ends_at: now + limit,
            states,
            next_note_at,
        });
    }

    /// Goes on with the capture: a note when one is due, and in the end one reply.
    fn work(&mut self, now: Duration) {
        while let Some(mut job) = self.job.take() {
            if now >= job.ends_at {
                self.reply(job.ends_at, job.command, 13, &[]);
            } else if now < job.next_note_at {
                self.job = Some(job);
                return;
            } else if self.has(FaultKind::Nobody) {
                self.send_state(job.next_note_at, 1);
                job.next_note_at += self.note_interval;
                self.job = Some(job);
            } else if let Some(state) = job.states.pop_front() {
                self.send_state(job.next_note_at, state);
                if self.has(FaultKind::Progress) {
                    self.send(job.next_note_at, 0x00, &[0x14, 0, 50]);
                }
                if self.has(FaultKind::Reboot) && !self.spent {
                    self.spent = true;
                    self.starts_at = Some(job.next_note_at + RESTART);
                    return;
                }
                job.next_note_at += self.note_interval;
                self.job = Some(job);
            } else {
                self.finish(job);
            }
        }
    }

    fn finish(&mut self, job: Job) {
        let at = job.next_note_at;
        let forced = self.faults.iter().find_map(|fault| match fault.kind {
            FaultKind::Result(code) => Some(code),
            FaultKind::Liveness => Some(12),
            FaultKind::NoMatch if matches!(job.purpose, Purpose::Verify) => Some(8),
            FaultKind::Full if matches!(job.purpose, Purpose::Enrol(_)) => Some(9),
            _ => None,
        });
        if let Some(code) = forced {
            return self.reply(at, job.command, code, &[]);
        }
        match job.purpose {
            Purpose::Verify => match self
                .presented
                .and_then(|id| Some((id, self.users.get(&id)?.clone())))
            {
                Some((id, user)) => {
                    let id = if self.has(FaultKind::Face) { 1 } else { id };
                    let mut found = vec![(id >> 8) as u8, (id & 0xFF) as u8];
                    found.extend(user.name);
                    found.extend([user.admin, TYPE_PALM]);
                    self.reply(at, job.command, 0, &found);
                }
                None => self.reply(at, job.command, 8, &[]),
            },
            Purpose::Enrol(user) => {
                let first = if self.has(FaultKind::Face) { 1 } else { FIRST_PALM };
                let free = (first..).find(|id| !self.users.contains_key(id));
                match free {
                    Some(id) if self.users.len() < CAPACITY => {
                        self.users.insert(id, user);
                        self.presented = Some(id);
                        self.reply(at, job.command, 0, &[(id >> 8) as u8, (id & 0xFF) as u8, 0]);
                    }
                    _ => self.reply(at, job.command, 9, &[]),
                }
            }
        }
    }

    /// State, box and angles: eight numbers of two bytes, low byte first.
    fn send_state(&mut self, at: Duration, state: i16) {
        let left = if self.has(FaultKind::SyncInData) {
            0xAAEFu16 as i16
        } else {
            10
        };
        let mut data = vec![1];
        for number in [state, left, 20, 110, 120, 0, 0, 0] {
            data.extend(number.to_le_bytes());
        }
        self.send(at, 0x01, &data);
    }

    fn reply(&mut self, at: Duration, command: u8, result: u8, payload: &[u8]) {
        let named = if self.has(FaultKind::WrongId) {
            command ^ 0x40
        } else {
            command
        };
        let data = [&[named, result], payload].concat();
        let half = || {
            let mut bytes = frame(0x00, &data);
            bytes.truncate(bytes.len() / 2);
            Output::Bytes(bytes)
        };
        match command {
            0x12 | 0x1D if self.has(FaultKind::HangUp) => {
                self.outbox.extend([(at, half()), (at, Output::HangUp)]);
            }
            0x11 | 0x24 if self.has(FaultKind::Stall) && !self.spent => {
                self.spent = true;
                self.outbox.push_back((at, half()));
            }
            0x11 | 0x24 if self.has(FaultKind::Late) && !self.spent => {
                self.spent = true;
                self.late = Some((at + LATE, Output::Bytes(frame(0x00, &data))));
            }
            _ => self.send(at, 0x00, &data),
        }
    }

    fn send(&mut self, at: Duration, message: u8, data: &[u8]) {
        if self.has(FaultKind::Silence) {
            return;
        }
        let mut bytes = frame(message, data);
        self.note(at, "<", &bytes);
        if self.has(FaultKind::BadCheck)
            && let Some(check) = bytes.last_mut()
        {
            *check ^= 0x5A;
        }
        if self.has(FaultKind::Junk) {
            let mut junk = self.junk();
            junk.append(&mut bytes);
            bytes = junk;
        }
        // Nothing overtakes what is still waiting to go out.
        let at = self.outbox.back().map_or(at, |(last, _)| at.max(*last));
        if self.has(FaultKind::Drip) {
            for (count, byte) in (1..).zip(bytes) {
                self.outbox
                    .push_back((at + DRIP_PAUSE * count, Output::Bytes(vec![byte])));
            }
        } else {
            self.outbox.push_back((at, Output::Bytes(bytes)));
        }
    }

    /// Bytes before a frame: noise, and what looks like the start of a frame but is none.
    fn junk(&mut self) -> Vec<u8> {
        let noise: Vec<u8> = (0..1 + self.next_random() % 8)
            .map(|_| (self.next_random() >> 8) as u8)
            .collect();
        let lure: &[u8] = match self.next_random() % 5 {
            0 => &[0xEF],
            1 => &[0xEF, 0xEF],
            2 => &[0xEF, 0xAA, 0xFF],
            3 => &[0xEF, 0xAA, 0x00, 0x00, 0xF0],
            _ => &[0xEF, 0xAA, 0x00, 0x00, 0x02, 0x55],
        };
        [&noise, lure].concat()
    }

    /// SplitMix64 (Steele, Lea, Flood 2014): the same seed gives the same run.
    fn next_random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.random ^ (self.random >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn note(&mut self, at: Duration, direction: &str, bytes: &[u8]) {
        if let Some(lines) = &mut self.trace {
            lines.push(trace::line(at, direction, bytes));
        }
    }
}

fn frame(message: u8, data: &[u8]) -> Vec<u8> {
    let mut bytes = vec![
        0xEF,
        0xAA,
        message,
        (data.len() >> 8) as u8,
        (data.len() & 0xFF) as u8,
    ];
    bytes.extend(data);
    let check = bytes[2..].iter().fold(0, |sum, byte| sum ^ byte);
    bytes.push(check);
    bytes
}

impl Machine for Ai10 {
    fn start(&mut self, now: Duration) {
        self.inbox.clear();
        self.outbox.clear();
        self.late = None;
        self.late_abort = None;
        self.job = None;
        let boot = if self.has(FaultKind::BootDelay) {
            BOOT_DELAY
        } else {
            Duration::ZERO
        };
        self.starts_at = Some(now + boot);
    }

    fn step(&mut self, now: Duration, bytes: &[u8]) -> Vec<Output> {
        self.step_inner(now, bytes)
    }

    fn deadline(&self) -> Option<Duration> {
        self.deadline_inner()
    }

    fn set_faults(&mut self, faults: &[Fault]) {
        self.faults = faults.to_vec();
        self.spent = false;
    }

    fn present(&mut self, _: Presented) {}

    fn set_readings(&mut self, _: Readings) {}

    fn enrolled(&self) -> Vec<(u32, String)> {
        self.users
            .iter()
            .map(|(id, user)| (u32::from(*id), String::from_utf8_lossy(&user.name).into_owned()))
            .collect()
    }

    fn take_trace(&mut self) -> Vec<String> {
        self.trace.as_mut().map(std::mem::take).unwrap_or_default()
    }
}
