//! Simulated modules of the EF-AA family, as one pure machine with a table for each dialect.

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

enum Purpose {
    Verify { again: bool },
    Enrol(Enrolment),
}

struct Enrolment {
    user: User,
    /// Chosen by the host.
    id: Option<u32>,
    /// How many bytes the id of the reply has.
    id_bytes: usize,
    direction: u8,
    refuse_same: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sight {
    Nobody,
    Face,
    Hand,
}

/// A capture under way. A new command drops it without a word, as the hardware does.
struct Job {
    purpose: Purpose,
    command: u8,
    limit: Duration,
    ends_at: Duration,
    sight: Sight,
    states: VecDeque<i16>,
    next_note_at: Duration,
    reboots: bool,
    tells_progress: bool,
}

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

    fn obey(&mut self, command: u8, data: &[u8]) {
        let now = self.now;
        if command != 0x11
            && let Some(job) = self.job.take()
            && self.wire.faults.strike(FaultKind::LateAbort, verb(job.command))
        {
            self.late_abort = Some((now + LATE_ABORT, job.command));
        }
        if !self.dialect.commands.contains(&command) {
            return self.reply(now, command, REJECTED, &[]);
        }
        match (command, data) {
            (0x10, []) => {
                let at = now + self.reset_reply;
                self.reply(at, command, OK, &[]);
                if self.wire.faults.strike(FaultKind::ReadyAfterReset, Verb::Reset) {
                    self.send_note(at, Verb::Unasked, &[0], "note: ready");
                }
            }
            (0x11, []) => {
                let state = match &self.job {
                    _ if self.failed => 2,
                    Some(_) => 1,
                    None => 0,
                };
                self.reply(now, command, OK, &[state]);
            }
            (0x12, [first, limit_s]) => {
                let again = self.dialect.continuous && *first == 1;
                self.begin(command, *limit_s, Purpose::Verify { again });
            }
            (0x14, []) => self.reply(now, command, OK, &[self.progress_percent]),
            (0x1D, [admin, fields @ ..]) if fields.len() == 34 => {
                self.enrol(
                    command,
                    *admin,
                    &fields[..32],
                    fields[32],
                    fields[33],
                    None,
                    2,
                    true,
                );
            }
            (0x1E, [admin, high, low, fields @ ..]) if fields.len() == 34 => {
                let id = u32::from(u16::from_be_bytes([*high, *low]));
                self.enrol(
                    command,
                    *admin,
                    &fields[..32],
                    fields[32],
                    fields[33],
                    Some(id),
                    2,
                    true,
                );
            }
            (0x1F, [admin, a, b, c, d, fields @ ..]) if fields.len() == 34 => {
                let id = u32::from_be_bytes([*a, *b, *c, *d]);
                self.enrol(
                    command,
                    *admin,
                    &fields[..32],
                    fields[32],
                    fields[33],
                    Some(id),
                    4,
                    true,
                );
            }
            // Admin, name, direction, kind of enrolment, policy for doubles, limit, three reserved bytes.
            (0x26, [admin, fields @ ..]) if fields.len() == 39 => {
                let refuse_same = fields[34] == 0;
                self.enrol(
                    command,
                    *admin,
                    &fields[..32],
                    fields[32],
                    fields[35],
                    None,
                    2,
                    refuse_same,
                );
            }
            (0x20, [high, low] | [high, low, 0 | 1]) | (0x80, [high, low, 1]) => {
                let id = u32::from(u16::from_be_bytes([*high, *low]));
                let result = if self.store.remove(id) { OK } else { UNKNOWN_USER };
                self.reply(now, command, result, &[]);
            }
            (0x21, []) => self.delete_all(command, |_| true),
            (0x21, [kind, begin_high, begin_low, end_high, end_low]) => {
                let range = u32::from(u16::from_be_bytes([*begin_high, *begin_low]))
                    ..=u32::from(u16::from_be_bytes([*end_high, *end_low]));
                let dialect = self.dialect;
                match kind {
                    0 => self.delete_all(command, |_| true),
                    1 | 3 => self.delete_all(command, |id| dialect.faces.contains(id)),
                    2 => self.delete_all(command, |id| dialect.palms.contains(id)),
                    4 => self.delete_all(command, |id| range.contains(&id)),
                    _ => self.reply(now, command, BAD_PARAMETER, &[]),
                }
            }
            (0x22, [high, low]) => {
                let id = u16::from_be_bytes([*high, *low]);
                match self.store.get(id.into()) {
                    Some(user) => {
                        let info = [&[*high, *low][..], &user.padded_name(), &[user.admin]].concat();
                        self.reply(now, command, OK, &info);
                    }
                    None => self.reply(now, command, UNKNOWN_USER, &[]),
                }
            }
            (0x23, []) | (0x90, [_, _]) | (0xB5, [_]) | (0xD4, [_] | [_, _]) | (0xED, []) => {
                self.reply(now, command, OK, &[]);
            }
            (0x24, []) => self.list(command, 0),
            (0x24, [format]) => self.list(command, *format),
            (0x30, []) => self.reply(now, command, OK, self.dialect.version.as_bytes()),
            (0x93, []) => {
                let mut serial = self.dialect.serial.as_bytes().to_vec();
                serial.resize(32, 0xFF);
                self.reply(now, command, OK, &serial);
            }
            // Fields that do not fit.
            _ => self.reply(now, command, BAD_PARAMETER, &[]),
        }
    }

    #[expect(clippy::too_many_arguments, reason = "these are the fields of the command")]
    fn enrol(
        &mut self,
        command: u8,
        admin: u8,
        name: &[u8],
        direction: u8,
        limit_s: u8,
        id: Option<u32>,
        id_bytes: usize,
        refuse_same: bool,
    ) {
        if id.is_some_and(|id| !self.dialect.palms.contains(id)) {
            return self.reply(self.now, command, BAD_PARAMETER, &[]);
        }
        let end = name.iter().position(|byte| *byte == 0).unwrap_or(name.len());
        let name = name[..end].to_vec();
        let enrolment = Enrolment {
            user: User { name, admin },
            id,
            id_bytes,
            direction,
            refuse_same,
        };
        self.begin(command, limit_s, Purpose::Enrol(enrolment));
    }

    fn delete_all(&mut self, command: u8, which: impl Fn(u32) -> bool) {
        let ids: Vec<u32> = self.store.ids().filter(|id| which(*id)).collect();
        for id in ids {
            self.store.remove(id);
        }
        self.reply(self.now, command, OK, &[]);
    }

    /// Format 1 asks for the faces and 2 for the palms, where the module tells them apart; all others for all.
    fn list(&mut self, command: u8, format: u8) {
        let dialect = self.dialect;
        let ids: Vec<u32> = self
            .store
            .ids()
            .filter(|id| match format {
                1 => dialect.faces.contains(*id),
                2 => dialect.palms.contains(*id),
                _ => true,
            })
            .collect();
        let count_bytes = if self.wire.faults.strike(FaultKind::CountU8, Verb::List) {
            1
        } else if self.wire.faults.strike(FaultKind::CountU16, Verb::List) {
            2
        } else {
            dialect.count_bytes
        };
        let count = (ids.len() as u16).to_be_bytes();
        let mut list = count[2 - count_bytes..].to_vec();
        for id in ids {
            list.extend((id as u16).to_be_bytes());
        }
        if self.wire.faults.strike(FaultKind::LongList, Verb::List) {
            // A hundred ids; with one byte of count, 203 data bytes in all.
            list.resize(count_bytes + 200, 0);
        }
        self.reply(self.now, command, OK, &list);
    }

    fn begin(&mut self, command: u8, limit_s: u8, purpose: Purpose) {
        let verb = verb(command);
        let palm_wanted = match &purpose {
            // Where one command enrols faces and palms, its direction says which.
            Purpose::Enrol(enrolment) => command != 0x26 || enrolment.direction == 0xFD,
            Purpose::Verify { .. } => true,
        };
        let hand = match &purpose {
            Purpose::Verify { .. } => self.store.seen(),
            Purpose::Enrol(_) => self.store.seen_newly(),
        };
        let known_face = matches!(hand, Seen::User(id) if self.dialect.faces.contains(id));
        let face = self.wire.faults.strike(FaultKind::Face, verb) || !palm_wanted || known_face;
        let nobody = self.wire.faults.strike(FaultKind::Nobody, verb) || hand == Seen::Nobody;
        let sight = match (nobody, face) {
            (true, _) => Sight::Nobody,
            // A module that knows palms alone does not see a face.
            (_, true) if self.dialect.faces.count == 0 => Sight::Nobody,
            (_, true) => Sight::Face,
            _ => Sight::Hand,
        };
        let limit = Duration::from_secs(if limit_s == 0 { 10 } else { limit_s.into() });
        self.job = Some(Job {
            purpose,
            command,
            limit,
            ends_at: self.now + limit,
            sight,
            states: self.path(sight),
            next_note_at: self.now + self.note_interval,
            reboots: self.wire.faults.strike(FaultKind::Reboot, verb),
            tells_progress: self.wire.faults.strike(FaultKind::Progress, verb),
        });
    }

    /// What the notes of a capture say one after the other.
    fn path(&mut self, sight: Sight) -> VecDeque<i16> {
        match sight {
            Sight::Nobody => VecDeque::new(),
            Sight::Face => VecDeque::from([FACE_FAR, FACE_OK]),
            // The hand comes in too far away and off to one side, then lies right.
            Sight::Hand => {
                let side = HAND_UP + (self.wire.random() % 4) as i16;
                VecDeque::from([HAND_FAR, side, HAND_OK])
            }
        }
    }

    /// Goes on with the capture: a note when one is due, and in the end one reply.
    fn work(&mut self) {
        while let Some(mut job) = self.job.take() {
            let verb = verb(job.command);
            if self.now >= job.ends_at {
                self.reply(job.ends_at, job.command, TIMEOUT, &[]);
                return;
            }
            if self.now < job.next_note_at {
                self.job = Some(job);
                return;
            }
            let state = match job.sight {
                Sight::Nobody => Some(NOTHING_SEEN),
                _ => job.states.pop_front(),
            };
            let Some(state) = state else {
                self.finish(job);
                continue;
            };
            self.send_state(job.next_note_at, verb, state);
            if job.tells_progress {
                self.progress_percent = 50;
                self.send(
                    job.next_note_at,
                    verb,
                    false,
                    0,
                    &[0x14, OK, 50],
                    "pushed progress",
                );
            }
            if job.reboots {
                self.wire.trace.remark(self.now, "restarts");
                self.starts_at = Some(self.wire.start(self.now, RESTART));
                self.inbox.clear();
                return;
            }
            job.next_note_at += self.note_interval;
            self.job = Some(job);
        }
    }

    fn finish(&mut self, job: Job) {
        let (at, command) = (job.next_note_at, job.command);
        let verb = verb(command);
        let faults = &mut self.wire.faults;
        let liveness = faults.strike(FaultKind::Liveness, verb);
        let forced = match &job.purpose {
            _ if liveness => Some(NOT_LIVE),
            Purpose::Verify { .. } => faults.strike(FaultKind::NoMatch, verb).then_some(UNKNOWN_USER),
            Purpose::Enrol(_) => faults.strike(FaultKind::Full, verb).then_some(STORE_FULL),
        };
        match (forced, &job.purpose) {
            (Some(result), _) => self.reply(at, command, result, &[]),
            (None, Purpose::Verify { .. }) => self.identify(at, command, job.sight),
            (None, Purpose::Enrol(enrolment)) => self.store_new(at, command, job.sight, enrolment),
        }
        if let Purpose::Verify { again: true } = job.purpose {
            let states = self.path(job.sight);
            self.job = Some(Job {
                ends_at: at + job.limit,
                states,
                next_note_at: at + self.note_interval,
                ..job
            });
        }
    }

    fn identify(&mut self, at: Duration, command: u8, sight: Sight) {
        let Seen::User(palm) = self.store.seen() else {
            return self.reply(at, command, UNKNOWN_USER, &[]);
        };
        let Some(user) = self.store.get(palm) else {
            return self.reply(at, command, UNKNOWN_USER, &[]);
        };
        // The face of somebody whose palm is enrolled is known too.
        let (id, kind) = if self.dialect.faces.contains(palm) {
            (palm, TYPE_FACE)
        } else if sight == Sight::Face {
            (self.dialect.faces.first, TYPE_FACE)
        } else {
            (palm, TYPE_PALM)
        };
        let id = if self.wire.faults.strike(FaultKind::ZeroId, Verb::Verify) {
            0
        } else {
            id as u16
        };
        let found = [&id.to_be_bytes()[..], &user.padded_name(), &[user.admin, kind]].concat();
        self.reply(at, command, OK, &found);
    }

    fn store_new(&mut self, at: Duration, command: u8, sight: Sight, enrolment: &Enrolment) {
        let palm = sight == Sight::Hand;
        if palm && enrolment.refuse_same && matches!(self.store.seen_newly(), Seen::User(_)) {
            return self.reply(at, command, ALREADY_ENROLLED, &[]);
        }
        let range = if palm {
            &self.dialect.palms
        } else {
            &self.dialect.faces
        };
        let mut ids = range.first..range.first + range.count;
        let free = match enrolment.id {
            Some(id) if self.store.get(id).is_some() => {
                return self.reply(at, command, ALREADY_ENROLLED, &[]);
            }
            Some(id) => Some(id),
            None => ids.find(|id| self.store.get(*id).is_none()),
        };
        let Some(id) = free else {
            return self.reply(at, command, STORE_FULL, &[]);
        };
        self.store.insert(id, enrolment.user.clone());
        self.progress_percent = 100;
        let told = if self.wire.faults.strike(FaultKind::ZeroId, Verb::Enrol) {
            0
        } else {
            id
        };
        let id = &told.to_be_bytes()[4 - enrolment.id_bytes..];
        self.reply(at, command, OK, &[id, &[enrolment.direction]].concat());
    }

    /// State, box and angles: eight numbers of two bytes, low byte first.
    fn send_state(&mut self, at: Duration, verb: Verb, state: i16) {
        let left = if self.wire.faults.strike(FaultKind::SyncInData, verb) {
            i16::from_le_bytes([0xEF, 0xAA])
        } else {
            10
        };
        let note = if state >= HAND_OK || self.dialect.faces.count == 0 {
            self.dialect.palm_note
        } else {
            1
        };
        let mut data = vec![note];
        for number in [state, left, 20, 110, 120] {
            data.extend(number.to_le_bytes());
        }
        if self.wire.faults.strike(FaultKind::LongNote, verb) {
            data.extend([0, 0]);
        }
        // Yaw, pitch and roll.
        data.extend([0; 6]);
        self.send_note(at, verb, &data, &format!("note: {}", state_name(state)));
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
        let all = [job, abort, self.starts_at, self.wire.deadline()];
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

    fn take_trace(&mut self) -> Vec<String> {
        self.wire.trace.take()
    }
}

fn check_byte(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, byte| sum ^ byte)
}
