//! A capture from its command to its one reply.

use std::collections::VecDeque;
use std::time::Duration;

use super::tables::*;
use super::{EfAa, RESTART};
use crate::sim::fault::{FaultKind, Verb};
use crate::sim::store::{Seen, User};

pub(super) enum Purpose {
    Verify { again: bool },
    Enrol(Enrolment),
}

pub(super) struct Enrolment {
    pub user: User,
    /// Chosen by the host.
    pub id: Option<u32>,
    /// How many bytes the id of the reply has.
    pub id_bytes: usize,
    pub direction: u8,
    pub refuse_same: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sight {
    Nobody,
    Face,
    Hand,
}

/// A capture under way. A new command drops it without a word, as the hardware does.
pub(super) struct Job {
    purpose: Purpose,
    pub command: u8,
    limit: Duration,
    pub ends_at: Duration,
    sight: Sight,
    states: VecDeque<i16>,
    pub next_note_at: Duration,
    reboots: bool,
    tells_progress: bool,
}

impl EfAa {
    pub(super) fn begin(&mut self, command: u8, limit_s: u8, purpose: Purpose) {
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
    pub(super) fn work(&mut self) {
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
}
