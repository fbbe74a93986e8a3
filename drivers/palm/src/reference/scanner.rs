//! A scanner that speaks the protocol, in the words of all scanners.

use std::ops::ControlFlow;
use std::time::Duration;

use verification::palm::{
    EnrolOutcome, PalmReference, PalmScan, ScanOrder, ScannerIdentity, SealFault, SealState, SubjectTag,
};

use super::checks::{check, key, part, state};
use super::fields::{MessageFault, Text};
use super::line::{Broken, Line, Told};
use super::message::{Identity, Reply, Request, Status, VERSION};
use super::report::{self, NO_REFERENCE};
use super::seal::{self, Chain, Expected, Head};
use super::session::{AnswerFault, Fault};
use crate::{Check, ModuleStatus, Notice, Opening, PalmError, PalmScanner, ScannerInfo, Watch};

/// Name of the driver.
pub const NAME: &str = "reference";

/// What a scanner accepts as its limit, in ms.
const LIMIT_MS: std::ops::RangeInclusive<u128> = 1_000..=60_000;

/// The outcome of an enrolment that stored something.
const ENROLLED: u8 = 1;

/// Within so much of time a scanner that is still there answers a greeting.
const GREETING_MAX: Duration = Duration::from_millis(400);

/// An open scanner.
pub struct Reference {
    line: Line,
    pinned: Option<Vec<u8>>,
    /// What the scanner of this session is.
    identity: Option<Identity>,
    chain: Chain,
}

impl Reference {
    /// Opens the port; see [`crate::Driver::open`].
    pub fn open(opening: &Opening) -> Result<Self, PalmError> {
        Ok(Self {
            line: Line::open(opening)?,
            pinned: opening.device_key.clone(),
            identity: None,
            chain: Chain::default(),
        })
    }

    /// Performs a request that is no job. Where the scanner has lost the session, once more in a new one.
    fn ask(&mut self, request: &Request) -> Result<Reply, PalmError> {
        self.greet()?;
        let mut asked = self.line.ask(request);
        if let Err(Broken::Fault(Fault::NoSession | Fault::Restarted)) = asked {
            self.line.forget();
            self.greet()?;
            asked = self.line.ask(request);
        }
        asked.map_err(|broken| broken.during(request))
    }

    /// Performs a job. It is begun again only where the scanner had not begun with it.
    fn perform(&mut self, request: &Request, watch: &mut Watch<'_>) -> Result<Told, PalmError> {
        self.greet()?;
        let mut performed = self.line.perform(request, watch);
        if let Err(Broken::Fault(Fault::NoSession)) = performed {
            self.line.forget();
            self.greet()?;
            performed = self.line.perform(request, watch);
        }
        if !matches!(performed, Ok(Told::Answer(_))) {
            self.chain.lose_sight();
        }
        performed.map_err(|broken| broken.during(request))
    }

    /// Begins a session if there is none, and learns what the scanner is and where its chain stands.
    fn greet(&mut self) -> Result<(), PalmError> {
        if !self.line.is_greeted() {
            self.identity = None;
            self.chain.lose_sight();
            let hello = Request::Hello {
                lowest: VERSION,
                highest: VERSION,
            };
            self.line
                .discard_input()
                .map_err(|broken| broken.during(&hello))?;
            self.learn(&hello)?;
        }
        if self.identity.is_none() {
            match self.learn(&Request::Identity)? {
                Reply::Identity(identity) => self.identity = Some(*identity),
                other => return Err(misfit("identity", &other)),
            }
        }
        if self.signs() && self.chain.must_ask() {
            match self.learn(&Request::Head)? {
                Reply::Head { counter, hash, .. } => {
                    let unseen = self.chain.resume(Head { counter, hash });
                    if unseen > 0 {
                        tracing::warn!(unseen, "the scanner signed captures that were not seen here");
                    }
                    if self.chain.is_broken() {
                        tracing::error!("the chain of the scanner's captures went backwards");
                    }
                }
                other => return Err(misfit("head", &other)),
            }
        }
        Ok(())
    }

    fn learn(&mut self, request: &Request) -> Result<Reply, PalmError> {
        self.line.ask(request).map_err(|broken| broken.during(request))
    }

    /// Whether the scanner says of itself that it signs.
    fn signs(&self) -> bool {
        self.identity
            .as_ref()
            .is_some_and(|identity| report::capabilities(identity.capabilities).seal)
    }

    fn status(&mut self) -> Result<Status, PalmError> {
        match self.ask(&Request::Status)? {
            Reply::Status(status) => Ok(status),
            other => Err(misfit("status", &other)),
        }
    }

    /// One page of the references after this number, and whether more follow.
    fn page(&mut self, after: u32) -> Result<(Vec<(u32, Text)>, bool), PalmError> {
        let request = Request::List { after };
        match self.ask(&request)? {
            Reply::List { more, entries, .. } => {
                let ascends = entries.first().is_none_or(|(first, _)| *first > after)
                    && entries.is_sorted_by(|(lower, _), (higher, _)| lower < higher)
                    && entries.last().is_none_or(|(last, _)| *last != NO_REFERENCE)
                    && !(more && entries.is_empty());
                if ascends {
                    Ok((entries, more))
                } else {
                    Err(malformed(&request, "list"))
                }
            }
            other => Err(misfit("list", &other)),
        }
    }

    /// All references with their tags, in the order in which they were stored.
    fn entries(&mut self) -> Result<Vec<(u32, Text)>, PalmError> {
        let mut entries: Vec<(u32, Text)> = Vec::new();
        loop {
            let after = entries.last().map_or(0, |(last, _)| *last);
            let (page, more) = self.page(after)?;
            entries.extend(page);
            // A list that goes on for ever is none.
            let capacity = self.identity.as_ref().map_or(0, |identity| identity.capacity);
            if u32::try_from(entries.len()).is_ok_and(|count| count > capacity) {
                return Err(malformed(&Request::List { after }, "list"));
            }
            if !more {
                return Ok(entries);
            }
        }
    }

    /// Deletes what an enrolment has left whose answer was lost or no use: nobody would know of it. Numbers only ever
    /// rise, so that what has been stored since is what comes after so many. A scanner that is gone is not waited for.
    fn clear_left(&mut self, stored: u32, tag: &Text) -> Result<(), PalmError> {
        self.line.set_patience(Some(GREETING_MAX));
        let greeted = self.greet();
        self.line.set_patience(None);
        greeted?;
        let since = self.entries()?.into_iter().skip(stored as usize);
        for (number, _) in since.filter(|(_, found)| found == tag) {
            self.delete(PalmReference(number))?;
        }
        Ok(())
    }

    fn enrol_as(
        &mut self,
        tag: Text,
        limit: Duration,
        watch: &mut Watch<'_>,
    ) -> Result<Option<EnrolOutcome>, PalmError> {
        let request = Request::Enrol {
            limit_ms: limit_ms(limit),
            tag,
        };
        let (reference, outcome) = match self.perform(&request, watch)? {
            Told::Answer(Reply::Enrol {
                reference, outcome, ..
            }) => (reference, outcome),
            Told::Answer(other) => return Err(misfit(request.name(), &other)),
            Told::Stopped(Some(Reply::Enrol {
                reference,
                outcome: ENROLLED,
                ..
            })) => {
                // The scanner was quicker than the person who changed their mind. Nothing of them stays behind.
                self.delete(PalmReference(reference))?;
                return Ok(None);
            }
            Told::Stopped(_) => return Ok(None),
        };
        let stored = outcome == ENROLLED;
        if stored != (reference != NO_REFERENCE) || reference == 0 {
            return Err(malformed(&request, "reference"));
        }
        Ok(Some(match outcome {
            ENROLLED => EnrolOutcome::Enrolled(PalmReference(reference)),
            2 => EnrolOutcome::AlreadyEnrolled,
            3 => EnrolOutcome::Full,
            4 => EnrolOutcome::Rejected,
            5 => EnrolOutcome::NotLive,
            6 => EnrolOutcome::NotAPalm,
            7 => EnrolOutcome::NothingPresented,
            _ => return Err(malformed(&request, "outcome")),
        }))
    }

    fn seal_state(
        &mut self,
        seal: Option<&seal::Sealed>,
        challenge: &[u8; 32],
        report: &report::Report,
    ) -> SealState {
        match &self.identity {
            Some(identity) if report::capabilities(identity.capabilities).seal => {
                let expected = Expected {
                    key: &identity.key,
                    pinned: self.pinned.as_deref(),
                    serial: &identity.serial,
                    challenge,
                    report,
                };
                seal::check(seal, &expected, &mut self.chain)
            }
            // The configured scanner signs. One that says it cannot is another one.
            _ if self.pinned.is_some() => SealState::Invalid(SealFault::Missing),
            _ => SealState::Absent,
        }
    }
}

impl PalmScanner for Reference {
    fn info(&mut self) -> Result<ScannerInfo, PalmError> {
        let status = self.status()?;
        let identity = self.identity.as_ref().ok_or(PalmError::Restarted {
            command: Request::Status.name(),
        })?;
        Ok(ScannerInfo {
            identity: ScannerIdentity {
                driver: NAME.to_owned(),
                model: identity.model.read(),
                firmware: identity.firmware.read(),
                serial: identity.serial.read(),
                thermometer: None,
                capabilities: report::capabilities(identity.capabilities),
            },
            status: match status.state {
                0 => ModuleStatus::Standby,
                4 => ModuleStatus::Error,
                _ => ModuleStatus::Busy,
            },
        })
    }

    fn self_test(&mut self) -> Result<Vec<Check>, PalmError> {
        let status = self.status()?;
        let mut checks = vec![
            check("line", true, format!("protocol version {VERSION}")),
            check("state", status.fault == 0 && status.state != 4, state(&status)),
        ];
        match self.perform(&Request::SelfTest, &mut |_| ControlFlow::Continue(()))? {
            Told::Answer(Reply::SelfTest(parts)) => checks.extend(parts.iter().filter_map(part)),
            Told::Answer(other) => return Err(misfit("self-test", &other)),
            Told::Stopped(_) => {}
        }
        if let Some(identity) = self.identity.clone() {
            let signs = self.signs();
            if signs || self.pinned.is_some() {
                checks.push(key(signs, &identity.key, self.pinned.as_deref()));
                let broken = self.chain.is_broken();
                let detail = if broken {
                    "went backwards"
                } else {
                    "unbroken since it was opened"
                };
                checks.push(check("chain", !broken, detail.to_owned()));
            }
        }
        Ok(checks)
    }

    fn verify(&mut self, order: &ScanOrder, watch: &mut Watch<'_>) -> Result<Option<PalmScan>, PalmError> {
        let request = Request::Capture {
            limit_ms: limit_ms(order.limit),
            challenge: order.challenge,
        };
        let (report, seal) = match self.perform(&request, watch)? {
            Told::Answer(Reply::Capture { report, seal }) => (report, seal),
            Told::Answer(other) => return Err(misfit(request.name(), &other)),
            Told::Stopped(_) => return Ok(None),
        };
        let mask = self.identity.as_ref().map_or(0, |identity| identity.capabilities);
        // The seal first: the chain goes on also where the report is no use.
        let seal = self.seal_state(seal.as_deref(), &order.challenge, &report);
        let measured = report
            .read(mask)
            .map_err(|fault| Broken::Fault(Fault::Answer(fault.into())).during(&request))?;
        Ok(Some(PalmScan {
            result: measured.result,
            readings: measured.readings,
            quality: measured.quality,
            seal,
        }))
    }

    fn enrol(
        &mut self,
        tag: &SubjectTag,
        limit: Duration,
        watch: &mut Watch<'_>,
    ) -> Result<Option<EnrolOutcome>, PalmError> {
        let tag = Text::new(tag.expose());
        let stored = self.status()?.stored;
        let enrolled = self.enrol_as(tag, limit, watch);
        let may_have_stored = match &enrolled {
            Ok(_) => false,
            Err(PalmError::Answer { source, .. }) => matches!(source, AnswerFault::Malformed(_)),
            // Nobody is there to be asked.
            Err(PalmError::Line { .. }) => false,
            Err(_) => true,
        };
        if may_have_stored && let Err(error) = self.clear_left(stored, &tag) {
            tracing::warn!(%error, "a failed enrolment may have left a reference in the scanner");
        }
        enrolled
    }

    fn delete(&mut self, reference: PalmReference) -> Result<(), PalmError> {
        let PalmReference(number) = reference;
        // These are never a reference's.
        let Some(before) = number.checked_sub(1).filter(|_| number != NO_REFERENCE) else {
            return Ok(());
        };
        self.ask(&Request::Delete { reference: number })?;
        let (page, _) = self.page(before)?;
        if page.iter().any(|(found, _)| *found == number) {
            Err(PalmError::StillStored)
        } else {
            Ok(())
        }
    }

    fn list(&mut self) -> Result<Vec<PalmReference>, PalmError> {
        let entries = self.entries()?;
        Ok(entries
            .into_iter()
            .map(|(number, _)| PalmReference(number))
            .collect())
    }

    fn cancel(&mut self) -> Result<(), PalmError> {
        self.ask(&Request::Cancel { job: 0 })?;
        self.chain.lose_sight();
        Ok(())
    }

    fn listen(&mut self) -> Result<Option<Notice>, PalmError> {
        self.line.listen().map_err(|source| PalmError::Line {
            command: "listen",
            source,
        })
    }
}

fn malformed(request: &Request, what: &'static str) -> PalmError {
    Broken::Fault(Fault::Answer(MessageFault::Impossible(what).into())).during(request)
}

/// The session answers a request with nothing but its own answer; should it ever, that is named.
fn misfit(command: &'static str, reply: &Reply) -> PalmError {
    let source = MessageFault::UnknownKind(reply.kind()).into();
    PalmError::Answer { command, source }
}

/// Whole milliseconds, rounded up, within what a scanner accepts.
fn limit_ms(limit: Duration) -> u32 {
    let ms = limit.as_micros().div_ceil(1000);
    u32::try_from(ms.clamp(*LIMIT_MS.start(), *LIMIT_MS.end())).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_rounded_up_and_kept_in_range() {
        assert_eq!(limit_ms(Duration::ZERO), 1000);
        assert_eq!(limit_ms(Duration::from_micros(1_500_001)), 1501);
        assert_eq!(limit_ms(Duration::from_secs(10)), 10_000);
        assert_eq!(limit_ms(Duration::MAX), 60_000);
    }
}
