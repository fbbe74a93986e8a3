//! What a module answers to each command.

use std::time::Duration;

use super::capture::{Enrolment, Purpose};
use super::tables::*;
use super::{EfAa, LATE_ABORT};
use crate::sim::fault::{FaultKind, Verb};
use crate::sim::store::User;

impl EfAa {
    pub(super) fn obey(&mut self, command: u8, data: &[u8]) {
        let now = self.now;
        if !self.dialect.client_commands.contains(&command)
            && self
                .wire
                .faults
                .strike(FaultKind::OnlyClientCommands, verb(command))
        {
            return;
        }
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
                let later = self
                    .wire
                    .faults
                    .find(Verb::Reset, |kind| matches!(kind, FaultKind::ReadyAfterMs(_)));
                if let Some(FaultKind::ReadyAfterMs(ms)) = later {
                    self.late_ready_at = Some(at + Duration::from_millis(ms.into()));
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
}
