//! One request at a time over one line: which answer belongs to it, and how long to wait.
//!
//! ```text
//!           begin                    answer, FAILED, REFUSED, READY, silence
//!   idle ──────────► asked ─────────────────────────────────────────────────► idle
//!                      │ ACCEPTED, PROGRESS                                     ▲
//!                      ▼                                                        │
//!                   running ────────────────────────────────────────────────────┘
//! ```
//!
//! Pure: time is what has passed since some beginning, bytes are arguments and results.

use std::collections::VecDeque;
use std::time::Duration;

use verification::palm::HandPosition;

use super::codes;
use super::fields::MessageFault;
use super::frame::{Decoder, Packet};
use super::message::{Reply, Request, VERSION, kind};
use super::report;
use crate::Notice;
use crate::noise::Noise;

/// After this a request that does no harm is sent once more.
const REPEAT_AFTER: Duration = Duration::from_millis(600);
/// After this a request counts as not answered.
const GIVE_UP_AFTER: Duration = Duration::from_millis(1800);
/// The same for a job, which the scanner only has to accept.
const GIVE_UP_JOB_AFTER: Duration = Duration::from_millis(1500);
/// The same where the scanner has to erase something.
const GIVE_UP_DELETION_AFTER: Duration = Duration::from_millis(1900);
/// The longest time between two valid frames of a running job.
const QUIET_MAX: Duration = Duration::from_millis(1500);
/// How long a self-test may take.
const SELF_TEST_MAX: Duration = Duration::from_secs(7);
/// What a capture may take beyond its limit.
const CAPTURE_GRACE: Duration = Duration::from_secs(3);
/// Notices that nobody has fetched; older ones are forgotten.
const NOTICES_MAX: usize = 16;

/// What follows from bytes and time.
#[derive(Debug, PartialEq)]
pub enum Output {
    /// Bytes for the wire.
    Send(Vec<u8>),
    /// The running job sees this.
    Hand(HandPosition),
    /// The request is answered.
    Answer(Reply),
    /// The job that is being cancelled was quicker.
    Late(Reply),
    /// The request is not going to be answered, or with nothing of use.
    Fault(Fault),
}

/// Why a request has no answer of use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Nothing came.
    Silent,
    /// Something came, and was no answer.
    Garbled,
    /// The scanner has started anew, and the request was lost.
    Restarted,
    /// The scanner knows of no session, and has not begun with the request.
    NoSession,
    /// The scanner says no, or something impossible.
    Answer(AnswerFault),
}

/// What was wrong with an answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnswerFault {
    /// The scanner did not begin with it.
    #[error("the scanner refused: {}", codes::refusal(*.code, *.detail))]
    Refused {
        /// Code of the page.
        code: u8,
        /// Depends on the code.
        detail: u16,
    },
    /// Something in the scanner failed.
    #[error("the scanner failed: {} (detail {detail:04x})", codes::fault(*.fault))]
    Failed {
        /// Code of the page.
        fault: u8,
        /// The maker's own.
        detail: u16,
    },
    /// It is against the protocol.
    #[error("the answer is against the protocol: {0}")]
    Malformed(#[from] MessageFault),
}

/// The host's side of the protocol.
#[derive(Debug)]
pub struct Session {
    decoder: Decoder,
    last_id: u16,
    /// Boot id of the scanner with which a session was agreed upon.
    greeted: Option<u32>,
    pending: Option<Pending>,
    notices: VecDeque<Notice>,
    /// What comes in while nothing is asked.
    noise: Noise,
}

#[derive(Debug)]
struct Pending {
    request: Request,
    /// Of the newest and the one before: an answer to either will do.
    ids: [u16; 2],
    repeat_at: Option<Duration>,
    give_up_at: Duration,
    running: bool,
    /// Id and kind of the job that this request is to cancel.
    cancels: Option<(u16, u8)>,
    heard_at: Duration,
    /// Something came that was no answer.
    noise: bool,
    /// The scanner has started since.
    restarted: bool,
}

impl Session {
    /// A session that is yet to be agreed upon. The first request has the id after this one.
    pub fn new(last_id: u16) -> Self {
        Self {
            decoder: Decoder::default(),
            last_id,
            greeted: None,
            pending: None,
            notices: VecDeque::new(),
            noise: Noise::default(),
        }
    }

    /// Whether there is a session, as far as the host knows.
    pub fn is_greeted(&self) -> bool {
        self.greeted.is_some()
    }

    /// Forgets the session, so that the next one begins with nothing of this one.
    pub fn forget(&mut self) {
        self.greeted = None;
        self.pending = None;
        self.decoder.clear();
    }

    /// The next thing that the scanner said by itself.
    pub fn notice(&mut self) -> Option<Notice> {
        self.notices.pop_front()
    }

    /// Begins a request, in place of any other, and answers the bytes to send.
    pub fn begin(&mut self, now: Duration, request: Request) -> Vec<u8> {
        self.noise.clear();
        let id = self.fresh_id();
        let bytes = send(&request, id);
        let (repeat_at, patience) = match request {
            Request::Delete { .. } => (None, GIVE_UP_DELETION_AFTER),
            _ if request.is_job() => (None, GIVE_UP_JOB_AFTER),
            _ => (Some(now + REPEAT_AFTER), GIVE_UP_AFTER),
        };
        self.pending = Some(Pending {
            request,
            ids: [id, id],
            repeat_at,
            give_up_at: now + patience,
            running: false,
            cancels: None,
            heard_at: now,
            noise: false,
            restarted: false,
        });
        bytes
    }

    /// Gives the request that is under way no longer than this.
    pub fn hurry(&mut self, by: Duration) {
        if let Some(pending) = &mut self.pending {
            pending.give_up_at = pending.give_up_at.min(by);
        }
    }

    /// Begins to cancel the job that is under way; `None` if there is none.
    pub fn cancel(&mut self, now: Duration) -> Option<Vec<u8>> {
        let Pending {
            request,
            ids: [job, _],
            ..
        } = self.pending.take_if(|pending| pending.request.is_job())?;
        let bytes = self.begin(now, Request::Cancel { job });
        if let Some(pending) = &mut self.pending {
            pending.cancels = Some((job, request.kind()));
        }
        Some(bytes)
    }

    fn fresh_id(&mut self) -> u16 {
        self.last_id = self.last_id.checked_add(1).unwrap_or(1);
        self.last_id
    }

    /// Takes what has come in, and the time.
    pub fn step(&mut self, now: Duration, received: &[u8]) -> Vec<Output> {
        let mut outputs = Vec::new();
        let idle = self.pending.is_none();
        let mut rest = received;
        let mut valid = 0;
        while let Some(found) = self.decoder.next_packet(&mut rest) {
            match found {
                Ok(packet) => {
                    tracing::trace!(?packet, "received");
                    valid += 1;
                    outputs.extend(self.hear(now, &packet));
                }
                Err(_) => self.note_noise(),
            }
        }
        // Half a frame is noise until its other half makes it one; delimiters alone are silence.
        let rubbish = received.iter().filter(|byte| **byte != 0).count();
        if valid > 0 {
            self.noise.clear();
        } else if rubbish > 0 {
            self.note_noise();
            if idle && let Some(notice) = self.noise.add(rubbish) {
                self.notify(notice);
            }
        }
        outputs.extend(self.wait(now));
        outputs
    }

    fn note_noise(&mut self) {
        if let Some(pending) = &mut self.pending {
            pending.noise = true;
        }
    }

    fn hear(&mut self, now: Duration, packet: &Packet) -> Option<Output> {
        let reply = Reply::from_packet(packet);
        match reply {
            Ok(Reply::Ready { .. }) => {
                self.hear_ready(now);
                return None;
            }
            Ok(Reply::Fault { fault, present, .. }) => {
                if present {
                    self.notify(Notice::Fault(codes::fault(fault)));
                }
                return None;
            }
            Ok(Reply::Progress { position }) if packet.id() == 0 => {
                if let Some(position) = report::position(position) {
                    self.notify(Notice::Hand(position));
                }
                return None;
            }
            Err(MessageFault::UnknownKind(_)) => return None,
            _ => {}
        }
        let pending = self.pending.as_mut()?;
        pending.heard_at = now;
        if !pending.ids.contains(&packet.id()) {
            return match pending.cancels {
                Some((job, request)) if packet.id() == job => reply
                    .ok()
                    .filter(|reply| reply.answers(request))
                    .map(Output::Late),
                _ => {
                    pending.noise = true;
                    None
                }
            };
        }
        let request = pending.request.kind();
        let is_job = pending.request.is_job();
        let output = match reply {
            Err(fault) => Output::Fault(Fault::Answer(fault.into())),
            Ok(Reply::Accepted) if is_job => {
                pending.run(now);
                return None;
            }
            Ok(Reply::Progress { position }) if is_job => {
                pending.run(now);
                return report::position(position).map(Output::Hand);
            }
            Ok(Reply::Refused {
                request: kind, code, ..
            }) if kind == request && code == 5 => {
                self.greeted = None;
                Output::Fault(Fault::NoSession)
            }
            Ok(Reply::Refused {
                request: kind,
                code,
                detail,
            }) if kind == request => Output::Fault(Fault::Answer(AnswerFault::Refused { code, detail })),
            Ok(Reply::Failed {
                request: kind,
                fault,
                detail,
            }) if kind == request => Output::Fault(Fault::Answer(AnswerFault::Failed { fault, detail })),
            Ok(reply) if reply.answers(request) => self.answered(reply),
            Ok(_) => {
                pending.noise = true;
                return None;
            }
        };
        self.pending = None;
        Some(output)
    }

    fn answered(&mut self, reply: Reply) -> Output {
        match &reply {
            Reply::Hello { version, boot, .. } if *version == VERSION => self.greeted = Some(*boot),
            Reply::Hello { .. } => {
                return Output::Fault(Fault::Answer(MessageFault::Impossible("version").into()));
            }
            // It has started since, and nobody has noticed.
            Reply::Status(status) if self.greeted != Some(status.boot) => {
                self.greeted = None;
                return Output::Fault(Fault::NoSession);
            }
            _ => {}
        }
        Output::Answer(reply)
    }

    fn hear_ready(&mut self, now: Duration) {
        self.greeted = None;
        match &mut self.pending {
            None => self.notify(Notice::Restarted),
            // Now it can hear what it was too early for.
            Some(pending) if pending.request.kind() == kind::HELLO => {
                pending.heard_at = now;
                pending.repeat_at = Some(now);
            }
            // A job that was running is gone. Any other request may have come after the start, and is refused then.
            Some(pending) => {
                pending.restarted = true;
                if pending.running {
                    pending.give_up_at = now;
                }
            }
        }
    }

    fn notify(&mut self, notice: Notice) {
        if self.notices.len() == NOTICES_MAX {
            self.notices.pop_front();
        }
        self.notices.push_back(notice);
    }

    fn wait(&mut self, now: Duration) -> Option<Output> {
        let pending = self.pending.as_mut()?;
        let quiet = pending.running && now.saturating_sub(pending.heard_at) >= QUIET_MAX;
        if quiet || now >= pending.give_up_at {
            let fault = match pending {
                Pending { restarted: true, .. } => Fault::Restarted,
                Pending { noise: true, .. } => Fault::Garbled,
                _ => Fault::Silent,
            };
            self.forget();
            return Some(Output::Fault(fault));
        }
        pending.repeat_at.take_if(|at| now >= *at)?;
        let again = (pending.request.kind() == kind::HELLO).then(|| now + REPEAT_AFTER);
        let id = self.fresh_id();
        let pending = self.pending.as_mut()?;
        let [newest, _] = pending.ids;
        pending.ids = [id, newest];
        pending.repeat_at = again;
        Some(Output::Send(send(&pending.request, id)))
    }
}

impl Pending {
    fn run(&mut self, now: Duration) {
        if !self.running {
            self.running = true;
            self.noise = false;
            let limit = match &self.request {
                Request::Capture { limit_ms, .. } | Request::Enrol { limit_ms, .. } => {
                    Duration::from_millis((*limit_ms).into()) + CAPTURE_GRACE
                }
                _ => SELF_TEST_MAX,
            };
            self.give_up_at = now + limit;
        }
    }
}

fn send(request: &Request, id: u16) -> Vec<u8> {
    let packet = request.to_packet(id);
    tracing::trace!(?packet, "sent");
    packet.to_frame()
}

#[cfg(test)]
mod tests;
