//! Moves the frames of the family over a serial line: one command at a time, with a deadline.

use std::io;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use super::commands::{Command, Reset};
use super::inbound::{self, Inbound, ResultCode};
use super::protocol::{Decoder, Frame};
use crate::port::Port;
use crate::{CaptureEvent, Notice, Opening, PalmError, Watch};

/// Silence after which the rest of a half frame will not come any more.
const FRAME_GAP: Duration = Duration::from_millis(200);
/// How long after a reset a READY note still belongs to it. No module restarts as quickly as this.
const READY_GRACE: Duration = Duration::from_millis(300);
/// How long after a reset the capture that it ended may still say that it was aborted.
const ABORT_GRACE: Duration = Duration::from_millis(500);
/// How often a reset is sent before the module counts as mute: one may be lost while the module starts.
const RESET_TRIES: u32 = 3;

/// An open line to a module of the family.
pub struct Line {
    port: Port,
    decoder: Decoder,
    /// Whether the module is known to be idle, with no late reply under way.
    settled: bool,
    reset_at: Option<Instant>,
    /// The command that has not been answered.
    unanswered: Option<u8>,
    /// The command that the last reset cut short, until it has said so.
    cut: Option<u8>,
    /// Whether the READY note that a reset may cause has not been seen.
    ready_is_due: bool,
}

/// The reply to a command, or that the watch ended it.
pub(super) enum Answer {
    Reply {
        message: u8,
        result: ResultCode,
        payload: Vec<u8>,
    },
    Stopped,
}

impl Line {
    /// Opens the port for this process alone. Nothing is sent yet.
    pub fn open(opening: &Opening) -> Result<Self, PalmError> {
        Ok(Self {
            port: Port::open(&opening.port, opening.baud)?,
            decoder: Decoder::default(),
            settled: false,
            reset_at: None,
            unanswered: None,
            cut: None,
            ready_is_due: false,
        })
    }

    /// Performs a command that is not a capture.
    pub fn exchange<C: Command>(&mut self, command: &C) -> Result<C::Reply, PalmError> {
        match self.capture(command, &[], &mut |_| ControlFlow::Continue(()))? {
            Answer::Reply { result, payload, .. } => {
                command
                    .parse_reply(result, &payload)
                    .map_err(|source| PalmError::Reply {
                        command: C::NAME,
                        source,
                    })
            }
            // This watch never breaks.
            Answer::Stopped => Err(PalmError::Timeout { command: C::NAME }),
        }
    }

    /// Performs a command and lets the watch see and stop it. A reply to one of `also` answers it as well.
    ///
    /// Where the module may still be busy with something older, it is reset first: then no late reply to an
    /// older command can be taken for the answer to this one.
    pub(super) fn capture<C: Command>(
        &mut self,
        command: &C,
        also: &[u8],
        watch: &mut Watch<'_>,
    ) -> Result<Answer, PalmError> {
        if !self.settled {
            self.settle()?;
        }
        self.settled = false;
        self.unanswered = Some(C::MESSAGE);
        let answer = self.converse(command, also, watch)?;
        match answer {
            Answer::Reply { .. } => {
                self.settled = true;
                self.unanswered = None;
            }
            Answer::Stopped => self.settle()?,
        }
        Ok(answer)
    }

    /// Brings the module to standby.
    pub fn settle(&mut self) -> Result<(), PalmError> {
        self.settled = false;
        let mut tries = 1;
        loop {
            match self.converse(&Reset, &[], &mut |_| ControlFlow::Continue(())) {
                Ok(Answer::Reply { result, payload, .. }) => {
                    Reset
                        .parse_reply(result, &payload)
                        .map_err(|source| PalmError::Reply {
                            command: Reset::NAME,
                            source,
                        })?;
                    self.reset_at = Some(Instant::now());
                    self.ready_is_due = true;
                    self.cut = self.unanswered.take();
                    self.settled = true;
                    return Ok(());
                }
                // A READY in answer to a reset means that the module was only now starting.
                Ok(Answer::Stopped)
                | Err(PalmError::Timeout { .. } | PalmError::Garbled { .. } | PalmError::Restarted { .. })
                    if tries < RESET_TRIES =>
                {
                    tries += 1;
                }
                Ok(Answer::Stopped) => return Err(PalmError::Timeout { command: Reset::NAME }),
                Err(error) => return Err(error),
            }
        }
    }

    fn converse<C: Command>(
        &mut self,
        command: &C,
        also: &[u8],
        watch: &mut Watch<'_>,
    ) -> Result<Answer, PalmError> {
        let line = |source| PalmError::Line {
            command: C::NAME,
            source,
        };
        self.discard_stale().map_err(line)?;
        self.send(&command.to_frame()).map_err(line)?;
        let deadline = Instant::now() + command.timeout();
        let mut garbled = false;
        let mut heard_at = Instant::now();
        loop {
            let (count, now) = (self.receive().map_err(line)?, Instant::now());
            if count > 0 {
                heard_at = now;
            } else if self.decoder.is_mid_frame() && now - heard_at > FRAME_GAP {
                self.decoder.abandon_half_frame();
                garbled = true;
            }
            let mut frames = 0;
            while let Some(found) = self.decoder.next_frame() {
                frames += 1;
                let Ok(frame) = found else {
                    garbled = true;
                    continue;
                };
                tracing::trace!(?frame, "received");
                match inbound::read(&frame) {
                    Inbound::Reply {
                        message,
                        result: ResultCode::ABORTED,
                        ..
                    } if self.reset_caused_abort(message, now) => {}
                    Inbound::Reply {
                        message,
                        result,
                        payload,
                    } if message == C::MESSAGE || also.contains(&message) => {
                        return Ok(Answer::Reply {
                            message,
                            result,
                            payload,
                        });
                    }
                    Inbound::Reply { .. } => garbled = true,
                    Inbound::Ready if self.reset_caused_ready(now) => {}
                    Inbound::Ready => return Err(PalmError::Restarted { command: C::NAME }),
                    Inbound::State(state) => {
                        if watch(CaptureEvent::Hand(state)).is_break() {
                            return Ok(Answer::Stopped);
                        }
                    }
                    Inbound::Progress | Inbound::Other => {}
                }
            }
            garbled |= count > 0 && frames == 0 && !self.decoder.is_mid_frame();
            if watch(CaptureEvent::Waiting).is_break() {
                return Ok(Answer::Stopped);
            }
            if now >= deadline {
                let command = C::NAME;
                let garbled = garbled || self.decoder.is_mid_frame();
                return Err(if garbled {
                    PalmError::Garbled { command }
                } else {
                    PalmError::Timeout { command }
                });
            }
        }
    }

    /// Whether a READY note is the one that a reset may cause; there is at most one for each reset.
    fn reset_caused_ready(&mut self, now: Instant) -> bool {
        std::mem::take(&mut self.ready_is_due) && self.reset_within(READY_GRACE, now)
    }

    /// Whether an "aborted" speaks of the command that the reset cut short, and not of one that came later.
    fn reset_caused_abort(&mut self, message: u8, now: Instant) -> bool {
        self.cut.take_if(|cut| *cut == message).is_some() && self.reset_within(ABORT_GRACE, now)
    }

    fn reset_within(&self, grace: Duration, now: Instant) -> bool {
        self.reset_at
            .is_some_and(|reset_at| now.saturating_duration_since(reset_at) < grace)
    }

    fn discard_stale(&mut self) -> io::Result<()> {
        self.decoder.clear();
        self.port.discard_input()
    }

    fn send(&mut self, frame: &Frame) -> io::Result<()> {
        tracing::trace!(?frame, "sent");
        self.port.send(&frame.encode())
    }

    /// Hands what has come in to the decoder; answers how many bytes that were.
    fn receive(&mut self) -> io::Result<usize> {
        let mut buffer = [0; 512];
        let received = self.port.receive(&mut buffer)?;
        self.decoder.push(received);
        Ok(received.len())
    }

    /// What the module said while no command was under way.
    pub fn listen(&mut self) -> Result<Option<Notice>, PalmError> {
        self.receive().map_err(|source| PalmError::Line {
            command: "listen",
            source,
        })?;
        while let Some(found) = self.decoder.next_frame() {
            let Ok(frame) = found else { continue };
            match inbound::read(&frame) {
                Inbound::Ready => return Ok(Some(Notice::Restarted)),
                Inbound::State(position) => return Ok(Some(Notice::Hand(position))),
                _ => {}
            }
        }
        Ok(None)
    }
}
