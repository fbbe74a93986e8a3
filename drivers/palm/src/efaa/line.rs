//! Moves bytes between a serial port and the machine of the conversation.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use super::commands::{BRIEF, Command, QUICK, Reset};
use super::inbound::{Purpose, Reply};
use super::machine::{Ended, Failure, Input, Output, Request, Session};
use super::protocol::Frame;
use crate::port::Port;
use crate::{CaptureEvent, Notice, Opening, PalmError, ReplyFault, Watch};

/// As many notices are kept for somebody who does not listen; the oldest go first.
const NOTICES_MAX: usize = 16;
/// How much longer than twice the slowest answer until now another one may take.
const PATIENCE_MARGIN: Duration = Duration::from_millis(200);

/// An open line to a module of the family.
pub(super) struct Line {
    port: Port,
    session: Session,
    origin: Instant,
    notices: VecDeque<Notice>,
}

/// How a capture ended.
pub(super) enum Answer {
    /// The module answered.
    Reply(Reply),
    /// The watch ended it. A reply that crossed the end is there.
    Stopped(Option<Reply>),
}

impl Line {
    /// Opens the port for this process alone. Nothing is sent yet.
    pub fn open(opening: &Opening, purpose: Purpose) -> Result<Self, PalmError> {
        Ok(Self {
            port: Port::open(&opening.port, opening.baud)?,
            session: Session::new(purpose),
            origin: Instant::now(),
            notices: VecDeque::new(),
        })
    }

    /// A moment on the clock of this line, for [`Self::exchange_by`].
    pub fn after(&self, pause: Duration) -> Duration {
        self.origin.elapsed() + pause
    }

    /// Performs a command that is not a capture.
    pub fn exchange<C: Command>(&mut self, command: &C) -> Result<C::Reply, PalmError> {
        self.perform(command, Request::new(command, &[], None))
    }

    /// The same, ending at the given moment at the latest.
    pub fn exchange_by<C: Command>(&mut self, command: &C, by: Duration) -> Result<C::Reply, PalmError> {
        self.perform(command, Request::new(command, &[], Some(by)))
    }

    /// Asks what not every module answers. One that was at standby is still taken to be so when it says nothing.
    pub fn exchange_optional<C: Command>(
        &mut self,
        command: &C,
        timeout: Duration,
    ) -> Result<C::Reply, PalmError> {
        self.perform(command, Request::optional(command, timeout))
    }

    /// How long to wait for an answer that may not come, after what the module took for others.
    pub fn patience(&self) -> Duration {
        let twice = self.session.slowest().saturating_mul(2);
        twice.saturating_add(PATIENCE_MARGIN).clamp(BRIEF, QUICK)
    }

    fn perform<C: Command>(&mut self, command: &C, request: Request) -> Result<C::Reply, PalmError> {
        match self.converse(C::NAME, Input::Begin(request), &mut |_| ControlFlow::Continue(()))? {
            Ended::Reply(reply) => read(command, &reply),
            // The watch never stops it, and standby is not what was asked for.
            Ended::Stopped(_) | Ended::Standby => Err(PalmError::Timeout { command: C::NAME }),
            Ended::Failed { command, failure } => Err(error(command, failure)),
        }
    }

    /// Performs a command and lets the watch see and stop it. A reply to one of `also` answers it as well.
    pub fn capture<C: Command>(
        &mut self,
        command: &C,
        also: &[u8],
        watch: &mut Watch<'_>,
    ) -> Result<Answer, PalmError> {
        let request = Request::new(command, also, None);
        match self.converse(C::NAME, Input::Begin(request), watch)? {
            Ended::Reply(reply) => {
                // Ordered twice and answered once: the other one must not go on. The answer counts all the same, and if
                // this fails, the next command begins with a reset anyway.
                if !self.session.is_settled()
                    && let Err(error) = self.settle()
                {
                    tracing::warn!(%error, "the module could not be brought to standby");
                }
                Ok(Answer::Reply(reply))
            }
            Ended::Stopped(crossed) => Ok(Answer::Stopped(crossed)),
            Ended::Standby => Ok(Answer::Stopped(None)),
            Ended::Failed { command, failure } => Err(error(command, failure)),
        }
    }

    /// Brings the module to standby.
    pub fn settle(&mut self) -> Result<(), PalmError> {
        match self.converse(Reset::NAME, Input::Reset, &mut |_| ControlFlow::Continue(()))? {
            Ended::Failed { command, failure } => Err(error(command, failure)),
            Ended::Reply(_) | Ended::Standby | Ended::Stopped(_) => Ok(()),
        }
    }

    /// What the module said while no command was under way.
    pub fn listen(&mut self) -> Result<Option<Notice>, PalmError> {
        if self.notices.is_empty() {
            let mut buffer = [0; 512];
            let received = self.port.receive(&mut buffer).map_err(|source| PalmError::Line {
                command: "listen",
                source,
            })?;
            for output in self.session.handle(self.origin.elapsed(), Input::Bytes(received)) {
                if let Output::Notice(notice) = output {
                    self.keep(notice);
                }
            }
        }
        Ok(self.notices.pop_front())
    }

    fn converse(
        &mut self,
        name: &'static str,
        begin: Input<'_>,
        watch: &mut Watch<'_>,
    ) -> Result<Ended, PalmError> {
        self.pump(begin, watch).map_err(|source| {
            self.session.lose();
            PalmError::Line {
                command: name,
                source,
            }
        })
    }

    fn pump(&mut self, begin: Input<'_>, watch: &mut Watch<'_>) -> std::io::Result<Ended> {
        // What came in until now belongs to the past. Only if it says that the module has just started is it of use.
        if !self.session.is_settled() {
            let mut buffer = [0; 512];
            let received = self.port.receive(&mut buffer)?;
            self.session.handle(self.origin.elapsed(), Input::Bytes(received));
        }
        self.port.discard_input()?;
        let mut outputs = self.session.handle(self.origin.elapsed(), begin);
        let mut stopped = false;
        loop {
            let mut ended = None;
            let mut broken = false;
            for output in outputs {
                match output {
                    Output::Send(frame) => self.send(&frame)?,
                    Output::Hand(position) => broken |= watch(CaptureEvent::Hand(position)).is_break(),
                    Output::Notice(notice) => self.keep(notice),
                    Output::Ended(how) => ended = Some(how),
                }
            }
            match ended {
                // The watch had said so before it saw the reply.
                Some(Ended::Reply(reply)) if broken => return Ok(Ended::Stopped(Some(reply))),
                Some(ended) => return Ok(ended),
                None => {}
            }
            if !stopped && (broken || watch(CaptureEvent::Waiting).is_break()) {
                stopped = true;
                outputs = self.session.handle(self.origin.elapsed(), Input::Stop);
                continue;
            }
            let mut buffer = [0; 512];
            let received = self.port.receive(&mut buffer)?;
            outputs = self.session.handle(self.origin.elapsed(), Input::Bytes(received));
        }
    }

    fn send(&mut self, frame: &Frame) -> std::io::Result<()> {
        tracing::trace!(?frame, "sent");
        self.port.send(&frame.encode())
    }

    fn keep(&mut self, notice: Notice) {
        if self.notices.len() == NOTICES_MAX {
            self.notices.pop_front();
        }
        self.notices.push_back(notice);
    }
}

/// Reads a reply as that of this command.
pub(super) fn read<C: Command>(command: &C, reply: &Reply) -> Result<C::Reply, PalmError> {
    command
        .parse_reply(reply.result, &reply.payload)
        .map_err(|source| PalmError::Reply {
            command: C::NAME,
            source,
        })
}

fn error(command: &'static str, failure: Failure) -> PalmError {
    match failure {
        Failure::Silent => PalmError::Timeout { command },
        Failure::Garbled => PalmError::Garbled { command },
        Failure::Restarted => PalmError::Restarted { command },
        Failure::Refused(result) => PalmError::Reply {
            command,
            source: ReplyFault::Refused(result),
        },
    }
}
