//! One conversation at a time over the port: moves the bytes between it and the session.

use std::io;
use std::ops::ControlFlow;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::message::{Reply, Request};
use super::session::{AnswerFault, Fault, Output, Session};
use crate::port::Port;
use crate::{CaptureEvent, Notice, Opening, PalmError, Watch};

/// An open line to a scanner.
pub(super) struct Line {
    port: Port,
    session: Session,
    origin: Instant,
    /// The most that a request gets, where it is less than usual.
    patience: Option<Duration>,
}

/// Why a conversation ended without an answer.
pub(super) enum Broken {
    /// The port is gone.
    Line(io::Error),
    /// The scanner has none.
    Fault(Fault),
}

/// How a conversation ended.
pub(super) enum Told {
    /// By its answer.
    Answer(Reply),
    /// By the watch. The job may have been quicker, and have ended by itself with this.
    Stopped(Option<Reply>),
}

impl Line {
    /// Opens the port for this process alone. Nothing is sent yet.
    pub fn open(opening: &Opening) -> Result<Self, PalmError> {
        // Ids that differ from those of the program before keep its late answers apart.
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let [_, _, high, low] = since.subsec_micros().to_be_bytes();
        Ok(Self {
            port: Port::open(&opening.port, opening.baud)?,
            session: Session::new(u16::from_be_bytes([high, low])),
            origin: Instant::now(),
            patience: None,
        })
    }

    /// Whether there is a session, as far as is known here.
    pub fn is_greeted(&self) -> bool {
        self.session.is_greeted()
    }

    /// Forgets the session.
    pub fn forget(&mut self) {
        self.session.forget();
    }

    /// Gives each request from now on no longer than this; `None` for what the page says.
    pub fn set_patience(&mut self, patience: Option<Duration>) {
        self.patience = patience;
    }

    /// Forgets what has come in and was not read.
    pub fn discard_input(&mut self) -> Result<(), Broken> {
        Ok(self.port.discard_input()?)
    }

    /// Sends a request and waits for its answer.
    pub fn ask(&mut self, request: &Request) -> Result<Reply, Broken> {
        match self.perform(request, &mut |_| ControlFlow::Continue(()))? {
            Told::Answer(reply) => Ok(reply),
            // This watch never breaks.
            Told::Stopped(_) => Err(Broken::Fault(Fault::Silent)),
        }
    }

    /// Sends a request and waits for its end. After a fault that is not the scanner's own word the session is over.
    pub fn perform(&mut self, request: &Request, watch: &mut Watch<'_>) -> Result<Told, Broken> {
        let told = self.converse(request, watch);
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

    fn converse(&mut self, request: &Request, watch: &mut Watch<'_>) -> Result<Told, Broken> {
        let now = self.origin.elapsed();
        let bytes = self.session.begin(now, request.clone());
        if let Some(patience) = self.patience {
            self.session.hurry(now + patience);
        }
        self.port.send(&bytes)?;
        let mut cancelled = false;
        let mut late = None;
        let mut buffer = [0; 512];
        loop {
            let received = self.port.receive(&mut buffer)?;
            let mut stops = false;
            for output in self.session.step(self.origin.elapsed(), received) {
                match output {
                    Output::Send(bytes) => self.port.send(&bytes)?,
                    Output::Hand(position) if !cancelled && !stops => {
                        stops = watch(CaptureEvent::Hand(position)).is_break();
                    }
                    Output::Hand(_) => {}
                    Output::Late(reply) => late = Some(reply),
                    Output::Answer(_) if cancelled => return Ok(Told::Stopped(late)),
                    Output::Answer(reply) if stops => return Ok(Told::Stopped(Some(reply))),
                    Output::Answer(reply) => return Ok(Told::Answer(reply)),
                    // What is to be cancelled is gone already.
                    Output::Fault(Fault::NoSession | Fault::Restarted) if cancelled => {
                        self.session.forget();
                        return Ok(Told::Stopped(late));
                    }
                    Output::Fault(fault) => return Err(Broken::Fault(fault)),
                }
            }
            if !cancelled && (stops || watch(CaptureEvent::Waiting).is_break()) {
                cancelled = true;
                match self.session.cancel(self.origin.elapsed()) {
                    Some(bytes) => self.port.send(&bytes)?,
                    None => return Ok(Told::Stopped(None)),
                }
            }
        }
    }

    /// What the scanner said while it was not asked; waits for at most one slice of silence.
    pub fn listen(&mut self) -> io::Result<Option<Notice>> {
        if let Some(notice) = self.session.notice() {
            return Ok(Some(notice));
        }
        let mut buffer = [0; 512];
        let received = self.port.receive(&mut buffer)?;
        self.session.step(self.origin.elapsed(), received);
        Ok(self.session.notice())
    }
}

impl Broken {
    /// The same as an error of this request.
    pub fn during(self, request: &Request) -> PalmError {
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

impl From<io::Error> for Broken {
    fn from(source: io::Error) -> Self {
        Self::Line(source)
    }
}
