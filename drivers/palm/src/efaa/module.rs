//! A module of the family as a palm scanner: what all dialects do alike.

use std::time::Duration;

use verification::palm::{
    EnrolOutcome, PalmCapabilities, PalmReference, PalmScan, ScanOrder, ScanResult, ScannerIdentity,
    SubjectTag,
};

use super::commands::{
    Command, CountPalms, DeletePalm, DeleteTyped, DeleteUser, EnrolPalm, EnrolSingle, Enrolled, Enrolment,
    ListIds, SerialNumber, Status, UserInfo, UserType, Verify, Version,
};
use super::dialect::{DeleteBy, Dialect, EnrolBy, Found, ListBy};
use super::inbound::{Reply, ResultCode};
use super::line::{Answer, Line, read};
use crate::{Check, ModuleStatus, Notice, Opening, PalmError, PalmScanner, ReplyFault, ScannerInfo, Watch};

/// Within so much of time a scanner says what it is, or what is wrong with it.
const INFO_LIMIT: Duration = Duration::from_millis(1800);

/// Within so much of time a module that is still there says what an enrolment that failed has left in it.
const LEFT_LIMIT: Duration = Duration::from_millis(800);

/// An open module.
pub struct Module {
    line: Line,
    dialect: &'static Dialect,
    /// Whether it has been asked for its serial number in vain. It is not asked again: every question costs time.
    serial_is_mute: bool,
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
            serial_is_mute: false,
        })
    }

    /// Not every module has a serial number to tell.
    fn serial(&mut self, by: Duration) -> Result<String, PalmError> {
        if self.serial_is_mute {
            return Ok(String::new());
        }
        match self.line.exchange_by(&SerialNumber, by) {
            Err(PalmError::Timeout { command }) if command == SerialNumber::NAME => {
                self.serial_is_mute = true;
                Ok(String::new())
            }
            other => or_nothing(other),
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

    fn is_stored(&mut self, id: u16) -> Result<bool, PalmError> {
        match self.stored()? {
            Stored::Palms(ids) => Ok(ids.contains(&id)),
            Stored::Unnamed(_) => self.line.exchange(&UserInfo { id }),
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

    fn delete_palm(&mut self, id: u16) -> Result<(), PalmError> {
        match self.dialect.deletion {
            DeleteBy::Id => self.line.exchange(&DeleteUser { id }),
            DeleteBy::IdAndType => match self.line.exchange(&DeletePalm { id }) {
                // Other firmware of the same line has one command for both types.
                Err(PalmError::Reply {
                    source: ReplyFault::Refused(ResultCode::REJECTED | ResultCode::BAD_PARAMETER),
                    ..
                }) => self.line.exchange(&DeleteTyped {
                    id,
                    of: UserType::Palm,
                }),
                done => done,
            },
        }
    }

    fn delete_any(&mut self, id: u16) -> Result<(), PalmError> {
        if self.dialect.palms.contains(&id) {
            self.delete_palm(id)
        } else {
            self.delete_other(id)
        }
    }

    /// Deletes what was stored though it is no palm. Nobody agreed to leave a face here.
    fn delete_other(&mut self, id: u16) -> Result<(), PalmError> {
        match self.dialect.deletion {
            DeleteBy::Id => self.line.exchange(&DeleteUser { id }),
            DeleteBy::IdAndType => self.line.exchange(&DeleteTyped {
                id,
                of: UserType::Face,
            }),
        }
    }

    fn enrol_by<'a, C: Command<Reply = Enrolled>>(
        &mut self,
        command: &C,
        watch: &mut Watch<'a>,
    ) -> Result<Option<EnrolOutcome>, PalmError> {
        let reply = match self.line.capture(command, &[], watch)? {
            Answer::Reply(reply) => reply,
            Answer::Stopped(crossed) => {
                // The palm was stored in the moment in which the person left: it does not stay.
                if let Some(stored) = crossed.and_then(|reply| read(command, &reply).ok()) {
                    self.delete_any(stored.id)?;
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
            _ if self.dialect.other_finds.contains(&reply.message) => ScanResult::NotAPalm,
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
        let by = self.line.after(INFO_LIMIT);
        Ok(ScannerInfo {
            status: self.line.exchange_by(&Status, by)?,
            identity: ScannerIdentity {
                driver: self.dialect.name.to_owned(),
                model: String::new(),
                firmware: or_nothing(self.line.exchange_by(&Version, by))?,
                serial: self.serial(by)?,
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
        let by = self.line.after(INFO_LIMIT);
        self.line.settle()?;
        let line = check("line", Ok((true, "the module answers".to_owned())))?;
        let status = self.line.exchange_by(&Status, by).map(|status| {
            let works = matches!(status, ModuleStatus::Standby | ModuleStatus::Busy);
            (works, format!("{status:?}"))
        });
        let status = check("status", status)?;
        let version = self
            .line
            .exchange_by(&Version, by)
            .map(|text| (!text.is_empty(), text));
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
            // It will not say, and is asked to enrol all the same.
            Err(PalmError::Reply { .. }) => None,
            Err(error) => return Err(error),
        };
        let outcome = match self.dialect.enrolment {
            EnrolBy::Single => self.enrol_by(&EnrolSingle(enrolment), watch),
            EnrolBy::Palm => self.enrol_by(&EnrolPalm(enrolment), watch),
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
        self.delete_palm(id)?;
        if self.is_stored(id)? {
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
        self.line.listen()
    }
}

/// A text that the module refuses to tell is empty.
fn or_nothing(told: Result<String, PalmError>) -> Result<String, PalmError> {
    match told {
        Err(PalmError::Reply {
            source: ReplyFault::Refused(_),
            ..
        }) => Ok(String::new()),
        other => other,
    }
}

/// What is no use in an answer is a check that failed; a module that gives no answer cannot be tested.
fn check(name: &str, found: Result<(bool, String), PalmError>) -> Result<Check, PalmError> {
    let (passed, detail) = match found {
        Ok(found) => found,
        Err(PalmError::Reply { source, .. }) => (false, source.to_string()),
        Err(error) => return Err(error),
    };
    Ok(Check {
        name: name.to_owned(),
        passed,
        detail,
    })
}
