//! What the scanner answers at once.

use super::job::Task;
use super::tables::*;
use super::{CAPACITY, PAGE, Reference, Request, UNKNOWN_VERSIONS, VERSIONS, number, text};
use crate::sim::fault::{FaultKind, Verb};

impl Reference {
    pub(super) fn greet(&mut self, request: &Request) {
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
        // It breaks just after a session has begun: what was broken before that is told by STATUS alone.
        if self.wire.faults.strike(FaultKind::Broken, Verb::Unasked) && !self.broken {
            self.broken = true;
            self.send(self.now, Verb::Unasked, 0, FAULT, &[IMAGE_SENSOR, 1, 0, 0], false);
        }
    }

    pub(super) fn capabilities(&self) -> u16 {
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

    pub(super) fn identity(&self) -> Vec<u8> {
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

    pub(super) fn status(&self) -> Vec<u8> {
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

    pub(super) fn cancel(&mut self, request: &Request) {
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

    pub(super) fn list(&mut self, request: &Request) {
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

    pub(super) fn self_test(&self) -> Vec<u8> {
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
}
