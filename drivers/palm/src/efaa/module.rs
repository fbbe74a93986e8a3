//! A module of the family as a palm scanner: what all dialects do alike.

use std::time::Duration;

use verification::palm::{
    EnrolOutcome, PalmCapabilities, PalmReference, PalmScan, ScanOrder, ScanResult, ScannerIdentity,
    SubjectTag,
};

use super::commands::{
    Command, CountPalms, DeletePalm, DeleteUser, EnrolPalm, EnrolSingle, Enrolled, Enrolment, ListIds, Reset,
    SerialNumber, Status, UserInfo, UserType, Verify, Version,
};
use super::dialect::{DeleteBy, Dialect, EnrolBy, Found, ListBy};
use super::inbound::{Reply, ResultCode};
use super::line::{Answer, Line, read};
use crate::{Check, ModuleStatus, Notice, Opening, PalmError, PalmScanner, ReplyFault, ScannerInfo, Watch};

/// Within so much of time a module that is still there says what an enrolment that failed has left in it.
const LEFT_LIMIT: Duration = Duration::from_millis(800);

/// Said in a self-test of what the module does not tell.
const NOT_TOLD: &str = ", not told by the module";

/// An open module.
pub struct Module {
    line: Line,
    dialect: &'static Dialect,
    told: Told,
}

/// What the module has told in this conversation. Some know no more than the commands of their maker's own client, and
/// what they are asked in vain they are not asked again: every question costs time.
#[derive(Default)]
struct Told {
    /// Whether it has told its status.
    status: bool,
    status_is_mute: bool,
    version: Text,
    serial: Text,
}

/// A text that not every module tells. One that was told once stays, whatever is not told later.
#[derive(Default)]
struct Text {
    known: Option<String>,
    is_mute: bool,
}

/// Which palms are in the module, so far as its lists say.
enum Stored {
    Palms(Vec<u16>),
    /// There are so many, of which the lists do not name all.
    Unnamed(u16),
}

impl Module {
    /// Opens the port; see [`crate::Driver::open`].
    pub fn open(dialect: &'static Dialect, opening: &Opening) -> Result<Self, PalmError> {
        Ok(Self {
            line: Line::open(opening, dialect.purpose)?,
            dialect,
            told: Told::default(),
        })
    }

    /// What the module is doing. That a module which tells no status is there shows in its answer to a reset, which
    /// leaves it at standby.
    fn status(&mut self) -> Result<ModuleStatus, PalmError> {
        if self.told.status {
            return self.line.exchange(&Status);
        }
        self.line.settle()?;
        if self.told.status_is_mute {
            return Ok(ModuleStatus::Standby);
        }
        match self.ask(&Status)? {
            Asked::Told(status) => {
                self.told.status = true;
                Ok(status)
            }
            Asked::Nothing => Ok(ModuleStatus::Standby),
            Asked::Mute => {
                self.told.status_is_mute = true;
                Ok(ModuleStatus::Standby)
            }
        }
    }

    fn version(&mut self) -> Result<String, PalmError> {
        if self.told.version.is_mute {
            return Ok(self.told.version.text());
        }
        let asked = self.ask(&Version)?;
        Ok(self.told.version.learn(asked))
    }

    fn serial(&mut self) -> Result<String, PalmError> {
        if self.told.serial.is_mute {
            return Ok(self.told.serial.text());
        }
        let asked = self.ask(&SerialNumber)?;
        Ok(self.told.serial.learn(asked))
    }

    /// Asks what not every module answers, and once more where it turns out in the meantime that the module is slow.
    fn ask<C: Command>(&mut self, command: &C) -> Result<Asked<C::Reply>, PalmError> {
        loop {
            let patience = self.line.patience();
            match self.line.exchange_optional(command, patience) {
                Ok(reply) => return Ok(Asked::Told(reply)),
                Err(PalmError::Timeout { command }) if command == C::NAME => {
                    // What it says after all comes before its answer to this.
                    self.line.settle()?;
                    if self.line.patience() <= patience {
                        return Ok(Asked::Mute);
                    }
                }
                Err(PalmError::Reply {
                    source: ReplyFault::Refused(_),
                    ..
                }) => return Ok(Asked::Mute),
                Err(PalmError::Garbled { command }) if command == C::NAME => return Ok(Asked::Nothing),
                Err(error) => return Err(error),
            }
        }
    }

    /// All that the list names, faces too. Ends at the given moment, if there is one.
    fn listed(&mut self, by: Option<Duration>) -> Result<Vec<u16>, PalmError> {
        let command = match self.dialect.listing {
            ListBy::Plain => ListIds::Plain,
            ListBy::Numbered | ListBy::NumberedAndCounted => ListIds::Numbered,
        };
        match by {
            Some(by) => self.line.exchange_by(&command, by),
            None => self.line.exchange(&command),
        }
    }

    fn stored(&mut self) -> Result<Stored, PalmError> {
        let mut ids = self.listed(None)?;
        ids.retain(|id| self.dialect.palms.contains(id));
        if self.dialect.listing != ListBy::NumberedAndCounted {
            return Ok(Stored::Palms(ids));
        }
        let counted = match self.line.exchange(&CountPalms) {
            Ok(counted) => counted,
            // Firmware without that format lists all in one.
            Err(PalmError::Reply {
                source: ReplyFault::Refused(_),
                ..
            }) => return Ok(Stored::Palms(ids)),
            Err(error) => return Err(error),
        };
        let all_are_palms = |ids: &Vec<u16>| ids.iter().all(|id| self.dialect.palms.contains(id));
        if usize::from(counted.count) == ids.len() {
            Ok(Stored::Palms(ids))
        } else {
            let named = counted.ids.filter(all_are_palms);
            Ok(named.map_or(Stored::Unnamed(counted.count), Stored::Palms))
        }
    }

    /// Whether the reference is still there after it was deleted, and `was_there` until then. Where the module neither
    /// lists it nor answers for the one, the number of palms has to have become less.
    fn is_left(&mut self, id: u16, was_there: bool, before: Option<&Stored>) -> Result<bool, PalmError> {
        let now = match self.stored()? {
            Stored::Palms(ids) => return Ok(ids.contains(&id)),
            Stored::Unnamed(now) => now,
        };
        match self
            .line
            .exchange_optional(&UserInfo { id }, self.line.patience())
        {
            Err(PalmError::Timeout { .. } | PalmError::Reply { .. }) if !was_there => Ok(false),
            Err(error @ (PalmError::Timeout { .. } | PalmError::Reply { .. })) => match before {
                Some(Stored::Unnamed(before)) => Ok(now >= *before),
                _ => Err(error),
            },
            told => told,
        }
    }

    /// Asks for one id after the other until so many are found. They are given out from the first on, so that it does
    /// not take long.
    fn find_unnamed(&mut self, count: u16) -> Result<Vec<u16>, PalmError> {
        let mut found = Vec::new();
        for id in self.dialect.palms.clone() {
            if found.len() == usize::from(count) {
                break;
            }
            if self.line.exchange(&UserInfo { id })? {
                found.push(id);
            }
        }
        if found.len() == usize::from(count) {
            Ok(found)
        } else {
            Err(PalmError::Reply {
                command: ListIds::NAME,
                source: ReplyFault::Impossible("count of palms"),
            })
        }
    }

    /// Whether it was there.
    fn delete_palm(&mut self, id: u16) -> Result<bool, PalmError> {
        match self.dialect.deletion {
            DeleteBy::Id => self.line.exchange(&DeleteUser { id, of: None }),
            DeleteBy::IdAndType => match self.line.exchange(&DeletePalm { id }) {
                // Other firmware of the same line has one command for both types.
                Err(PalmError::Reply {
                    source: ReplyFault::Refused(ResultCode::REJECTED | ResultCode::BAD_PARAMETER),
                    ..
                }) => self.line.exchange(&DeleteUser {
                    id,
                    of: Some(UserType::Palm),
                }),
                done => done,
            },
        }
    }

    fn delete_any(&mut self, id: u16) -> Result<bool, PalmError> {
        if self.dialect.palms.contains(&id) {
            self.delete_palm(id)
        } else {
            self.delete_other(id)
        }
    }

    /// Deletes what was stored though it is no palm. Nobody agreed to leave a face here.
    fn delete_other(&mut self, id: u16) -> Result<bool, PalmError> {
        match self.dialect.deletion {
            DeleteBy::Id => self.line.exchange(&DeleteUser { id, of: None }),
            DeleteBy::IdAndType => self.line.exchange(&DeleteUser {
                id,
                of: Some(UserType::Face),
            }),
        }
    }

    fn enrol_by<'a, C: Command<Reply = Enrolled>>(
        &mut self,
        command: &C,
        before: Option<&[u16]>,
        watch: &mut Watch<'a>,
    ) -> Result<Option<EnrolOutcome>, PalmError> {
        let reply = match self.line.capture(command, &[], watch)? {
            Answer::Reply(reply) => reply,
            Answer::Stopped(crossed) => {
                // The palm was stored in the moment in which the person left: it does not stay.
                match (crossed.map(|reply| read(command, &reply)), before) {
                    (Some(Ok(stored)), _) => {
                        self.delete_any(stored.id)?;
                    }
                    (
                        Some(Err(PalmError::Reply {
                            source: ReplyFault::Refused(_),
                            ..
                        })),
                        _,
                    )
                    | (_, None) => {}
                    // The answer may have been damaged on the way.
                    (Some(Err(_)) | None, Some(before)) => self.clear_left(before),
                }
                return Ok(None);
            }
        };
        let outcome = match reply.result {
            ResultCode::REJECTED => EnrolOutcome::Rejected,
            ResultCode::FULL => EnrolOutcome::Full,
            ResultCode::ALREADY_ENROLLED | ResultCode::HAND_ALREADY_ENROLLED => EnrolOutcome::AlreadyEnrolled,
            ResultCode::LIVENESS => EnrolOutcome::NotLive,
            ResultCode::TIMEOUT => EnrolOutcome::NothingPresented,
            _ => {
                let Enrolled { id } = read(command, &reply)?;
                if self.dialect.palms.contains(&id) {
                    EnrolOutcome::Enrolled(PalmReference(id.into()))
                } else {
                    self.delete_other(id)?;
                    EnrolOutcome::NotAPalm
                }
            }
        };
        Ok(Some(outcome))
    }

    /// Deletes what an enrolment has left whose answer was lost or no use: nobody would know of it. Where the module
    /// does not answer any more, the fault that is reported already is all that can be said.
    fn clear_left(&mut self, before: &[u16]) {
        let by = self.line.after(LEFT_LIMIT);
        let now = self.listed(Some(by)).unwrap_or_default();
        for id in now.into_iter().filter(|id| !before.contains(id)) {
            if let Err(error) = self.delete_any(id) {
                tracing::warn!(%error, "a failed enrolment has left a reference in the scanner");
            }
        }
    }

    fn scan_result(&self, command: &Verify, reply: &Reply) -> Result<ScanResult, PalmError> {
        Ok(match reply.result {
            ResultCode::OK if self.dialect.other_finds.contains(&reply.message) => ScanResult::NotAPalm,
            ResultCode::QR => ScanResult::NotAPalm,
            ResultCode::LIVENESS => ScanResult::NotLive,
            ResultCode::TIMEOUT => ScanResult::NothingPresented,
            result if result.is_no_match() => ScanResult::NoMatch,
            _ => match self.dialect.found(read(command, reply)?) {
                Found::Palm(id) => ScanResult::Identified(PalmReference(id.into())),
                Found::SomethingElse => ScanResult::NotAPalm,
                Found::Contradiction => {
                    return Err(PalmError::Reply {
                        command: Verify::NAME,
                        source: ReplyFault::Impossible("user id"),
                    });
                }
            },
        })
    }
}

impl PalmScanner for Module {
    fn info(&mut self) -> Result<ScannerInfo, PalmError> {
        Ok(ScannerInfo {
            status: self.status()?,
            identity: ScannerIdentity {
                driver: self.dialect.name.to_owned(),
                model: String::new(),
                firmware: self.version()?,
                serial: self.serial()?,
                thermometer: None,
                // The box of the state note is where the hand stands in the picture, not a measure of the hand.
                capabilities: PalmCapabilities {
                    vascular: true,
                    liveness: true,
                    ..PalmCapabilities::default()
                },
            },
        })
    }

    fn self_test(&mut self) -> Result<Vec<Check>, PalmError> {
        self.line.settle()?;
        let line = check("line", Ok((true, "the module answers".to_owned())))?;
        let status = self.status().map(|status| {
            let works = matches!(status, ModuleStatus::Standby | ModuleStatus::Busy);
            let told = if self.told.status { "" } else { NOT_TOLD };
            (works, format!("{status:?}{told}"))
        });
        let status = check("status", status)?;
        let version = self.version().map(|text| match text.as_str() {
            "" if self.told.version.is_mute => (true, NOT_TOLD.trim_start_matches(", ").to_owned()),
            _ => (!text.is_empty(), text),
        });
        let version = check("version", version)?;
        let list = self.list().map(|palms| (true, format!("{} palms", palms.len())));
        Ok(vec![line, status, version, check("list", list)?])
    }

    fn verify(&mut self, order: &ScanOrder, watch: &mut Watch<'_>) -> Result<Option<PalmScan>, PalmError> {
        let command = Verify {
            limit_s: self.dialect.limit_s(order.limit),
        };
        match self.line.capture(&command, self.dialect.other_finds, watch)? {
            Answer::Reply(reply) => Ok(Some(PalmScan::of(self.scan_result(&command, &reply)?))),
            Answer::Stopped(_) => Ok(None),
        }
    }

    fn enrol(
        &mut self,
        tag: &SubjectTag,
        limit: Duration,
        watch: &mut Watch<'_>,
    ) -> Result<Option<EnrolOutcome>, PalmError> {
        let enrolment = Enrolment {
            tag: tag.expose(),
            admin: false,
            limit_s: self.dialect.limit_s(limit),
        };
        let before = match self.listed(None) {
            Ok(ids) => Some(ids),
            // It will not say, or not so that it can be read, and is asked to enrol all the same.
            Err(PalmError::Reply { .. }) => None,
            Err(PalmError::Timeout { command } | PalmError::Garbled { command })
                if command == ListIds::NAME =>
            {
                None
            }
            Err(error) => return Err(error),
        };
        let outcome = match self.dialect.enrolment {
            EnrolBy::Single => self.enrol_by(&EnrolSingle(enrolment), before.as_deref(), watch),
            EnrolBy::Palm => self.enrol_by(&EnrolPalm(enrolment), before.as_deref(), watch),
        };
        match (&outcome, before) {
            // Nobody is there to be asked.
            (Ok(_) | Err(PalmError::Line { .. }), _) | (_, None) => {}
            (Err(_), Some(before)) => self.clear_left(&before),
        }
        outcome
    }

    fn delete(&mut self, reference: PalmReference) -> Result<(), PalmError> {
        // What cannot be a palm of this module is not there.
        let id = match u16::try_from(reference.0) {
            Ok(id) if self.dialect.palms.contains(&id) => id,
            _ => return Ok(()),
        };
        let before = match self.dialect.listing {
            ListBy::NumberedAndCounted => self.stored().ok(),
            ListBy::Plain | ListBy::Numbered => None,
        };
        let was_there = self.delete_palm(id)?;
        if self.is_left(id, was_there, before.as_ref())? {
            Err(PalmError::StillStored)
        } else {
            Ok(())
        }
    }

    fn list(&mut self) -> Result<Vec<PalmReference>, PalmError> {
        let ids = match self.stored()? {
            Stored::Palms(ids) => ids,
            Stored::Unnamed(count) => self.find_unnamed(count)?,
        };
        Ok(ids.into_iter().map(|id| PalmReference(id.into())).collect())
    }

    fn cancel(&mut self) -> Result<(), PalmError> {
        self.line.settle()
    }

    fn listen(&mut self) -> Result<Option<Notice>, PalmError> {
        let notice = self.line.listen()?;
        if notice == Some(Notice::Restarted) {
            // What it would not tell while it was starting it may tell now.
            self.told.status_is_mute = false;
            self.told.version.is_mute = false;
            self.told.serial.is_mute = false;
        }
        Ok(notice)
    }
}

impl Text {
    fn text(&self) -> String {
        self.known.clone().unwrap_or_default()
    }

    fn learn(&mut self, asked: Asked<String>) -> String {
        match asked {
            Asked::Told(text) => self.known = Some(text),
            Asked::Nothing => {}
            Asked::Mute => self.is_mute = self.known.is_none(),
        }
        self.text()
    }
}

/// What came of a question that not every module answers.
enum Asked<T> {
    Told(T),
    /// Nothing that could be read.
    Nothing,
    /// The module will not say.
    Mute,
}

/// What is no use in an answer is a check that failed; a module that gives no answer cannot be tested.
fn check(name: &str, found: Result<(bool, String), PalmError>) -> Result<Check, PalmError> {
    let (passed, detail) = match found {
        Ok(found) => found,
        Err(PalmError::Reply { source, .. }) => (false, source.to_string()),
        // It has answered the reset.
        Err(error @ (PalmError::Timeout { command } | PalmError::Garbled { command }))
            if command != Reset::NAME =>
        {
            (false, error.to_string())
        }
        Err(error) => return Err(error),
    };
    Ok(Check {
        name: name.to_owned(),
        passed,
        detail,
    })
}
