//! What takes time: a test of itself, a capture, an enrolment.

use std::collections::VecDeque;
use std::time::Duration;

use super::seal::Flaws;
use super::tables::*;
use super::{CAPACITY, DUMMY, GOOD, LIMIT_MS, RESTART, Reference, Request, number};
use crate::sim::fault::{FaultKind, Verb};
use crate::sim::store::{Seen, User};

pub(super) enum Task {
    SelfTest,
    Capture([u8; 32]),
    Enrol(Vec<u8>),
}

pub(super) struct Job {
    pub task: Task,
    pub kind: u8,
    pub id: u16,
    pub ends_at: Duration,
    hand: Seen,
    face: bool,
    positions: VecDeque<u8>,
    pub next_at: Duration,
    reboots: bool,
}

impl Reference {
    pub(super) fn begin_capture(&mut self, request: &Request) {
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

    pub(super) fn begin(&mut self, request: &Request, limit: Duration, task: Task) {
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
    pub(super) fn work(&mut self) {
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
        let palm = !matches!(result, NOT_A_PALM | NOTHING_PRESENTED);
        let hand = palm && job.hand != Seen::Nobody && !job.face;
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
}

/// The tag in its field, if it is one.
fn tag(field: &[u8; 32]) -> Option<Vec<u8>> {
    let end = field.iter().position(|byte| *byte == 0)?;
    let (tag, rest) = field.split_at(end);
    let fits = !tag.is_empty() && tag.iter().all(u8::is_ascii_graphic) && rest.iter().all(|byte| *byte == 0);
    fits.then(|| tag.to_vec())
}
