//! A scanner that speaks the protocol: moves the bytes between the session and the port.

use std::ops::ControlFlow;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use verification::palm::{
    EnrolOutcome, PalmReference, PalmScan, ScanOrder, ScannerIdentity, SealFault, SealState, SubjectTag,
};

use super::codes;
use super::fields::{MessageFault, Text};
use super::message::{Identity, Part, Reply, Request, Status, VERSION};
use super::report::{self, NO_REFERENCE};
use super::seal::{self, Chain, Expected, Head};
use super::session::{AnswerFault, Fault, Output, Session};
use crate::port::Port;
use crate::{CaptureEvent, Check, ModuleStatus, Notice, Opening, PalmError, PalmScanner, ScannerInfo, Watch};

/// Name of the driver.
pub const NAME: &str = "reference";

/// What a scanner accepts as its limit, in ms.
const LIMIT_MS: std::ops::RangeInclusive<u128> = 1_000..=60_000;

/// An open scanner.
pub struct Reference {
    port: Port,
    session: Session,
    origin: Instant,
    pinned: Option<Vec<u8>>,
    /// What the scanner of this session is.
    identity: Option<Identity>,
    chain: Chain,
}

/// Why a conversation ended without an answer.
enum Broken {
    Line(std::io::Error),
    Fault(Fault),
}

impl Reference {
    /// Opens the port; see [`crate::Driver::open`].
    pub fn open(opening: &Opening) -> Result<Self, PalmError> {
        // Ids that differ from those of the program before keep its late answers apart.
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let [_, _, low, high] = since.subsec_micros().to_be_bytes();
        Ok(Self {
            port: Port::open(&opening.port, opening.baud)?,
            session: Session::new(u16::from_be_bytes([high, low])),
            origin: Instant::now(),
            pinned: opening.device_key.clone(),
            identity: None,
            chain: Chain::default(),
        })
    }

    /// Performs a request that is no job. Where the scanner has lost the session, once more in a new one.
    fn ask(&mut self, request: &Request) -> Result<Reply, PalmError> {
        self.greet()?;
        let mut asked = self.converse(request.clone());
        if let Err(Broken::Fault(Fault::NoSession | Fault::Restarted)) = asked {
            self.session.forget();
            self.greet()?;
            asked = self.converse(request.clone());
        }
        asked.map_err(|broken| broken.during(request))
    }

    fn converse(&mut self, request: Request) -> Result<Reply, Broken> {
        match self.watched(request, &mut |_| ControlFlow::Continue(()))? {
            Some(reply) => Ok(reply),
            // This watch never breaks.
            None => Err(Broken::Fault(Fault::Silent)),
        }
    }

    /// Performs a job; `None` if the watch ended it. It is begun again only where the scanner had not begun with it.
    fn perform(&mut self, request: &Request, watch: &mut Watch<'_>) -> Result<Option<Reply>, PalmError> {
        self.greet()?;
        let mut performed = self.watched(request.clone(), watch);
        if let Err(Broken::Fault(Fault::NoSession)) = performed {
            self.session.forget();
            self.greet()?;
            performed = self.watched(request.clone(), watch);
        }
        performed.map_err(|broken| broken.during(request))
    }

    /// Begins a session if there is none, and learns what the scanner is and where its chain stands.
    fn greet(&mut self) -> Result<(), PalmError> {
        if !self.session.is_greeted() {
            self.identity = None;
            self.chain.lose_sight();
            let hello = Request::Hello {
                lowest: VERSION,
                highest: VERSION,
            };
            self.port.discard_input().map_err(|source| PalmError::Line {
                command: hello.name(),
                source,
            })?;
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
        self.converse(request.clone())
            .map_err(|broken| broken.during(request))
    }

    /// Whether the scanner says of itself that it signs.
    fn signs(&self) -> bool {
        self.identity
            .as_ref()
            .is_some_and(|identity| report::capabilities(identity.capabilities).seal)
    }

    /// Sends a request and waits for its end. After a fault that is not the scanner's own word the session is over.
    fn watched(&mut self, request: Request, watch: &mut Watch<'_>) -> Result<Option<Reply>, Broken> {
        let is_job = request.is_job();
        let told = self.converse_watched(request, watch);
        if is_job && !matches!(told, Ok(Some(_))) {
            self.chain.lose_sight();
        }
        let own_word = matches!(
            told,
            Err(Broken::Fault(Fault::Answer(
                AnswerFault::Refused { .. } | AnswerFault::Failed { .. }
            )))
        );
        if told.is_err() && !own_word {
            self.session.forget();
        }
        told
    }

    fn converse_watched(&mut self, request: Request, watch: &mut Watch<'_>) -> Result<Option<Reply>, Broken> {
        let bytes = self.session.begin(self.origin.elapsed(), request);
        self.port.send(&bytes)?;
        let mut cancelled = false;
        let mut buffer = [0; 512];
        loop {
            let received = self.port.receive(&mut buffer)?;
            for output in self.session.step(self.origin.elapsed(), received) {
                match output {
                    Output::Send(bytes) => self.port.send(&bytes)?,
                    Output::Hand(position) if !cancelled => {
                        cancelled = watch(CaptureEvent::Hand(position)).is_break();
                        if cancelled && !self.send_cancel()? {
                            return Ok(None);
                        }
                    }
                    Output::Hand(_) => {}
                    Output::Answer(_) if cancelled => return Ok(None),
                    Output::Answer(reply) => return Ok(Some(reply)),
                    // What is to be cancelled is gone already.
                    Output::Fault(Fault::NoSession | Fault::Restarted) if cancelled => {
                        self.session.forget();
                        return Ok(None);
                    }
                    Output::Fault(fault) => return Err(Broken::Fault(fault)),
                }
            }
            if !cancelled && watch(CaptureEvent::Waiting).is_break() {
                cancelled = true;
                if !self.send_cancel()? {
                    return Ok(None);
                }
            }
        }
    }

    /// Whether there was a job to cancel, so that an answer is due.
    fn send_cancel(&mut self) -> Result<bool, Broken> {
        match self.session.cancel(self.origin.elapsed()) {
            Some(bytes) => {
                self.port.send(&bytes)?;
                Ok(true)
            }
            None => Ok(false),
        }
    }

    fn status(&mut self) -> Result<Status, PalmError> {
        match self.ask(&Request::Status)? {
            Reply::Status(status) => Ok(status),
            other => Err(misfit("status", &other)),
        }
    }

    /// One page of the references after this number, and whether more follow.
    fn page(&mut self, after: u32) -> Result<(Vec<u32>, bool), PalmError> {
        let request = Request::List { after };
        match self.ask(&request)? {
            Reply::List { more, entries, .. } => {
                let page: Vec<u32> = entries.into_iter().map(|(reference, _)| reference).collect();
                let ascends = page.first().is_none_or(|first| *first > after)
                    && page.is_sorted_by(|lower, higher| lower < higher)
                    && !page.contains(&NO_REFERENCE)
                    && !(more && page.is_empty());
                if ascends {
                    Ok((page, more))
                } else {
                    Err(malformed(&request, "list"))
                }
            }
            other => Err(misfit("list", &other)),
        }
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
            Some(Reply::SelfTest(parts)) => checks.extend(parts.iter().map(part)),
            Some(other) => return Err(misfit("self-test", &other)),
            None => {}
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
            Some(Reply::Capture { report, seal }) => (report, seal),
            Some(other) => return Err(misfit(request.name(), &other)),
            None => return Ok(None),
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
        let request = Request::Enrol {
            limit_ms: limit_ms(limit),
            tag: Text::new(tag.expose()),
        };
        let (reference, outcome) = match self.perform(&request, watch)? {
            Some(Reply::Enrol {
                reference, outcome, ..
            }) => (reference, outcome),
            Some(other) => return Err(misfit(request.name(), &other)),
            None => return Ok(None),
        };
        let stored = outcome == 1;
        if stored != (reference != NO_REFERENCE) || reference == 0 {
            return Err(malformed(&request, "reference"));
        }
        Ok(Some(match outcome {
            1 => EnrolOutcome::Enrolled(PalmReference(reference)),
            2 => EnrolOutcome::AlreadyEnrolled,
            3 => EnrolOutcome::Full,
            4 => EnrolOutcome::Rejected,
            5 => EnrolOutcome::NotLive,
            6 => EnrolOutcome::NotAPalm,
            7 => EnrolOutcome::NothingPresented,
            _ => return Err(malformed(&request, "outcome")),
        }))
    }

    fn delete(&mut self, reference: PalmReference) -> Result<(), PalmError> {
        let PalmReference(number) = reference;
        // These are never a reference's.
        let Some(before) = number.checked_sub(1).filter(|_| number != NO_REFERENCE) else {
            return Ok(());
        };
        self.ask(&Request::Delete { reference: number })?;
        let (page, _) = self.page(before)?;
        if page.contains(&number) {
            Err(PalmError::StillStored)
        } else {
            Ok(())
        }
    }

    fn list(&mut self) -> Result<Vec<PalmReference>, PalmError> {
        let mut references = Vec::new();
        loop {
            let after = references.last().map_or(0, |PalmReference(last)| *last);
            let (page, more) = self.page(after)?;
            references.extend(page.into_iter().map(PalmReference));
            // A list that goes on for ever is none.
            let capacity = self.identity.as_ref().map_or(0, |identity| identity.capacity);
            if u32::try_from(references.len()).is_ok_and(|count| count > capacity) {
                return Err(malformed(&Request::List { after }, "list"));
            }
            if !more {
                return Ok(references);
            }
        }
    }

    fn cancel(&mut self) -> Result<(), PalmError> {
        self.ask(&Request::Cancel { job: 0 })?;
        self.chain.lose_sight();
        Ok(())
    }

    fn listen(&mut self) -> Result<Option<Notice>, PalmError> {
        if let Some(notice) = self.session.notice() {
            return Ok(Some(notice));
        }
        let mut buffer = [0; 512];
        let received = self.port.receive(&mut buffer).map_err(|source| PalmError::Line {
            command: "listen",
            source,
        })?;
        self.session.step(self.origin.elapsed(), received);
        Ok(self.session.notice())
    }
}

impl Broken {
    fn during(self, request: &Request) -> PalmError {
        let command = request.name();
        match self {
            Self::Line(source) => PalmError::Line { command, source },
            Self::Fault(Fault::Silent) => PalmError::Timeout { command },
            Self::Fault(Fault::Garbled) => PalmError::Garbled { command },
            Self::Fault(Fault::Restarted | Fault::NoSession) => PalmError::Restarted { command },
            Self::Fault(Fault::Answer(source)) => PalmError::Answer { command, source },
        }
    }
}

impl From<std::io::Error> for Broken {
    fn from(source: std::io::Error) -> Self {
        Self::Line(source)
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

fn check(name: &str, passed: bool, detail: String) -> Check {
    Check {
        name: name.to_owned(),
        passed,
        detail,
    }
}

fn state(status: &Status) -> String {
    let Status {
        uptime_s,
        stored,
        fault,
        detail,
        ..
    } = status;
    let said = format!("up for {uptime_s} s, {stored} references stored");
    match fault {
        0 => said,
        _ => format!("{} (detail {detail:04x}), {said}", codes::fault(*fault)),
    }
}

fn part(part: &Part) -> Check {
    let found = match part.verdict {
        0 => format!("broken (detail {:04x})", part.detail),
        1 => "works".to_owned(),
        2 => "not tested".to_owned(),
        other => format!("verdict {other:02x}"),
    };
    check(&codes::part(part.part), matches!(part.verdict, 1 | 2), found)
}

/// Says which key the scanner has, so that a technician can compare and configure it. A public key is no secret.
fn key(signs: bool, key: &[u8; 33], pinned: Option<&[u8]>) -> Check {
    let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    let (passed, detail) = match pinned {
        _ if !signs => (false, "it does not sign, and a key is configured".to_owned()),
        None => (true, format!("not configured; the scanner says {hex}")),
        Some(pinned) if pinned == key => (true, format!("the configured one, {hex}")),
        Some(_) => (false, format!("another one than configured, {hex}")),
    };
    check("key", passed, detail)
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

    #[test]
    fn a_pinned_key_is_compared() {
        let check = |signs, pinned: Option<&[u8]>, expect| {
            assert_eq!(key(signs, &[2; 33], pinned).passed, expect);
        };
        check(true, None, true);
        check(true, Some(&[2; 33]), true);
        check(true, Some(&[3; 33]), false);
        check(false, Some(&[2; 33]), false);
    }
}
