//! The conversation with one module, as a pure machine: bytes and time in, frames and results out.
//!
//! ```text
//!                  Begin, module may be busy            reply to RESET
//!        ┌──────────────────────────────────▶ Settling ────────────────▶ Resting
//!        │                                      ▲   │                       │ READY, or 300 ms
//!      Idle ─── Begin, module is idle ──────────┼───┼────────────────────▶ Waiting
//!        ▲                                 Stop │   │ reply to RESET        │
//!        │                                      └───┼───────────────────────┤
//!        └──────────────────────────────────────────┴───────────────────────┘ reply, fault
//! ```
//!
//! One command is under way at a time, and it is answered by the reply that names it. Where the module may still be
//! busy with something older it is reset first: it answers in order, so that after its reply to the reset nothing old
//! can come any more but what is waited for by name here. A module that knows no reset is settled when its status says
//! that it is at standby.
//!
//! The module may say READY some time after its reply to a reset, and says it too when it has rebooted. So that one
//! is not taken for the other, no command goes out until the first has come or will not come any more. Where it comes
//! later than that, within a moment of the reset, and nothing was heard of the capture that is under way, the same capture
//! is ordered once more. It remains one order for whoever counts attempts: there is one answer.

mod exchange;
mod resets;

use std::time::Duration;

use super::commands::{Command, EnrolProgress, QUICK, Reset, Status};
use super::inbound::{self, Inbound, Purpose, Reply, ResultCode};
use super::protocol::{DATA_CAP, Decoder};
use crate::noise::Noise;
use crate::{ModuleStatus, Notice};
use resets::Resets;

pub use exchange::{Ended, Failure, Input, Output, Request};

/// Silence after which the rest of a half frame will not come any more.
const FRAME_GAP: Duration = Duration::from_millis(200);
/// Rubbish without one valid frame for so long is no module of this family at this speed.
const NOISE_LIMIT: Duration = Duration::from_secs(1);
/// Silence that divides one rubbish from the next.
const NOISE_GAP: Duration = Duration::from_millis(500);
/// How long a module may take to be brought to standby.
const SETTLE_LIMIT: Duration = Duration::from_millis(1700);
/// When a reset has had no answer: then the module is asked for its status, which one that knows no reset may know, and
/// after as long again it is reset once more, for one that is still starting loses what comes in.
const RESEND: Duration = Duration::from_millis(800);
/// How much longer than its limit an answer may take whose bytes keep coming.
const SLIP_MAX: Duration = Duration::from_secs(3);

enum State {
    Idle,
    Settling {
        until: Duration,
        resend_at: Duration,
        /// How many resets have been sent.
        sent: u32,
        /// Whether it was asked for its status.
        asked: bool,
        /// With what it refused to be reset, as firmware does that knows no reset.
        refused: Option<ResultCode>,
        garbled: bool,
        then: Then,
    },
    Resting {
        request: Request,
    },
    Waiting {
        request: Request,
        until: Duration,
        garbled: bool,
        /// Whether the module has said anything of this capture.
        heard: bool,
        /// When it was sent for the second time.
        sent_again_at: Option<Duration>,
    },
}

/// What follows when the module is at standby.
enum Then {
    Standby,
    Begin(Request),
    Stopped {
        answers: Vec<u8>,
        crossed: Option<Reply>,
    },
}

/// The machine.
pub struct Session {
    purpose: Purpose,
    decoder: Decoder,
    state: State,
    /// Whether the module is known to be idle, with no late reply under way.
    settled: bool,
    resets: Resets,
    /// Message ids of the command that was sent and has not been answered.
    unanswered: Vec<u8>,
    /// Message ids of optional questions that were given up, and when they were sent.
    given_up: Vec<(u8, Duration)>,
    /// When the command or the first reset was sent that was sent last.
    sent_at: Duration,
    /// The longest that a question took to be answered, be it too late.
    slowest: Duration,
    /// Whether resets are in vain, and the module was found at standby by its status.
    knows_no_reset: bool,
    heard_at: Duration,
    noise_since: Option<Duration>,
    /// What comes in while nothing is asked.
    idle_noise: Noise,
}

/// What was found in the bytes that came in.
#[derive(Default)]
struct Taken {
    valid: bool,
    invalid: bool,
}

impl Session {
    /// A conversation that has not begun, with a module of this kind.
    pub fn new(purpose: Purpose) -> Self {
        Self {
            purpose,
            decoder: Decoder::default(),
            state: State::Idle,
            settled: false,
            resets: Resets::default(),
            unanswered: Vec::new(),
            given_up: Vec::new(),
            sent_at: Duration::ZERO,
            slowest: Duration::ZERO,
            knows_no_reset: false,
            heard_at: Duration::ZERO,
            noise_since: None,
            idle_noise: Noise::default(),
        }
    }

    /// Whether the module is known to be at standby, so that the next command goes out without a reset.
    pub fn is_settled(&self) -> bool {
        self.settled
    }

    /// The longest that the module took so far to answer what it answers at once.
    pub fn slowest(&self) -> Duration {
        self.slowest
    }

    /// Takes in what happened at `now`, the time since any moment that stays the same, and answers what follows.
    pub fn handle(&mut self, now: Duration, input: Input<'_>) -> Vec<Output> {
        let mut outputs = Vec::new();
        match input {
            Input::Begin(request) => {
                self.interrupt(&mut outputs);
                if !self.settled {
                    self.settle(now, request.by, Then::Begin(request), &mut outputs);
                } else if self.resets.ready_may_come(now) {
                    self.state = State::Resting { request };
                } else {
                    self.send(now, request, &mut outputs);
                }
            }
            Input::Reset => {
                self.interrupt(&mut outputs);
                self.settle(now, None, Then::Standby, &mut outputs);
            }
            Input::Stop => self.stop(now, &mut outputs),
            Input::Bytes(bytes) => self.receive(now, bytes, &mut outputs),
        }
        self.pass_time(now, &mut outputs);
        outputs
    }

    /// The line is gone: nothing is under way any more, and what the module does is unknown.
    pub fn lose(&mut self) {
        self.state = State::Idle;
        self.settled = false;
        self.decoder.clear();
        self.decoder.set_cap(DATA_CAP);
    }

    fn interrupt(&mut self, outputs: &mut Vec<Output>) {
        if !matches!(self.state, State::Idle) {
            self.end(Ended::Stopped(None), outputs);
        }
        self.decoder.clear();
        self.noise_since = None;
        self.idle_noise.clear();
    }

    fn settle(&mut self, now: Duration, by: Option<Duration>, then: Then, outputs: &mut Vec<Output>) {
        let until = now.saturating_add(SETTLE_LIMIT);
        self.settled = false;
        self.sent_at = now;
        self.state = State::Settling {
            until: by.map_or(until, |by| until.min(by)),
            resend_at: now.saturating_add(RESEND),
            sent: 1,
            asked: self.knows_no_reset,
            refused: None,
            garbled: false,
            then,
        };
        outputs.push(Output::Send(Reset.to_frame()));
        if self.knows_no_reset {
            outputs.push(Output::Send(Status.to_frame()));
        }
    }

    fn send(&mut self, now: Duration, request: Request, outputs: &mut Vec<Output>) {
        self.settled = false;
        self.unanswered.clone_from(&request.answers);
        self.sent_at = now;
        self.decoder.set_cap(request.cap);
        self.given_up
            .retain(|(message, _)| !request.answers.contains(message));
        outputs.push(Output::Send(request.frame.clone()));
        self.state = State::Waiting {
            until: request.until(now),
            request,
            garbled: false,
            heard: false,
            sent_again_at: None,
        };
    }

    fn stop(&mut self, now: Duration, outputs: &mut Vec<Output>) {
        match std::mem::replace(&mut self.state, State::Idle) {
            State::Idle => {}
            // Nothing was sent that a reset would have to end.
            State::Resting { .. } => self.end(Ended::Stopped(None), outputs),
            State::Waiting { request, .. } => {
                let then = Then::Stopped {
                    answers: request.answers,
                    crossed: None,
                };
                self.settle(now, None, then, outputs);
            }
            mut settling @ State::Settling { .. } => {
                if let State::Settling { then, .. } = &mut settling
                    && matches!(then, Then::Begin(_))
                {
                    *then = Then::Stopped {
                        answers: Vec::new(),
                        crossed: None,
                    };
                }
                self.state = settling;
            }
        }
    }

    fn receive(&mut self, now: Duration, bytes: &[u8], outputs: &mut Vec<Output>) {
        let silence = now.saturating_sub(self.heard_at);
        while silence > FRAME_GAP && self.decoder.is_mid_frame() {
            self.decoder.abandon_half_frame();
            self.hear_rubbish(now);
            self.take_frames(now, outputs);
        }
        if silence > NOISE_GAP {
            self.noise_since = None;
        }
        if bytes.is_empty() {
            return;
        }
        self.heard_at = now;
        self.decoder.push(bytes);
        let taken = self.take_frames(now, outputs);
        if !taken.valid && !taken.invalid && !self.decoder.is_mid_frame() {
            self.hear_rubbish(now);
        }
        if taken.valid {
            self.idle_noise.clear();
        } else if matches!(self.state, State::Idle) {
            outputs.extend(self.idle_noise.add(bytes.len()).map(Output::Notice));
        }
    }

    fn take_frames(&mut self, now: Duration, outputs: &mut Vec<Output>) -> Taken {
        let mut taken = Taken::default();
        while let Some(found) = self.decoder.next_frame() {
            match found {
                Ok(frame) => {
                    tracing::trace!(?frame, "received");
                    taken.valid = true;
                    self.noise_since = None;
                    self.hear(now, inbound::read(&frame, self.purpose), outputs);
                }
                Err(_) => {
                    taken.invalid = true;
                    self.hear_rubbish(now);
                }
            }
        }
        taken
    }

    fn hear_rubbish(&mut self, now: Duration) {
        self.noise_since.get_or_insert(now);
        self.mark_garbled();
    }

    fn mark_garbled(&mut self) {
        if let State::Settling { garbled, .. } | State::Waiting { garbled, .. } = &mut self.state {
            *garbled = true;
        }
    }

    fn hear(&mut self, now: Duration, said: Inbound, outputs: &mut Vec<Output>) {
        match said {
            Inbound::Reply(reply) => self.hear_reply(now, reply, outputs),
            Inbound::Ready => self.hear_ready(now, outputs),
            Inbound::State(position) => match self.state {
                State::Waiting { ref mut heard, .. } => {
                    *heard = true;
                    outputs.push(Output::Hand(position));
                }
                State::Idle => outputs.push(Output::Notice(Notice::Hand(position))),
                State::Settling { .. } | State::Resting { .. } => {}
            },
            // The command goes on: if the trouble is its own, its reply will say so.
            Inbound::Trouble(trouble) => outputs.push(Output::Notice(Notice::Fault(trouble.to_string()))),
            Inbound::Other => {}
        }
    }

    fn hear_reply(&mut self, now: Duration, reply: Reply, outputs: &mut Vec<Output>) {
        if reply.result == ResultCode::ABORTED && self.resets.take_abort(reply.message, now) {
            return;
        }
        let took = now.saturating_sub(self.sent_at);
        match &mut self.state {
            State::Settling { asked, then, .. } => {
                let may_be_asked = *asked && reply.message == Status::MESSAGE;
                if reply.message == Reset::MESSAGE {
                    self.slowest = self.slowest.max(took);
                    self.hear_reset(now, reply.result, outputs);
                } else if may_be_asked && !self.unanswered.contains(&reply.message) {
                    self.hear_status(now, &reply, outputs);
                } else if let Then::Stopped { answers, crossed } = then
                    && answers.contains(&reply.message)
                {
                    crossed.get_or_insert(reply);
                } else if self.unanswered.contains(&reply.message) {
                    // It was late. The next of this kind is another's.
                    self.unanswered.retain(|message| *message != reply.message);
                } else {
                    self.mark_stray(now, &reply);
                }
            }
            State::Waiting {
                request,
                heard,
                sent_again_at,
                ..
            } => {
                if request.answers.contains(&reply.message) {
                    let is_capture = request.timeout > QUICK;
                    if is_capture && !*heard && reply.result == ResultCode::ABORTED {
                        // What an earlier process left under way ends like this, and so does the first of two orders.
                        let again = sent_again_at.is_some_and(|at| resets::is_recent(at, now));
                        if self.resets.take_abort_of_others(now) || again {
                            *heard = true;
                            return;
                        }
                    }
                    if !is_capture {
                        self.slowest = self.slowest.max(took);
                    }
                    // Where it was ordered twice, the other one may still be under way.
                    self.settled = sent_again_at.is_none();
                    if self.settled {
                        self.unanswered.clear();
                    }
                    self.end(Ended::Reply(reply), outputs);
                } else {
                    *heard |= reply.message == EnrolProgress::MESSAGE;
                    self.mark_stray(now, &reply);
                }
            }
            State::Resting { .. } if reply.message == Reset::MESSAGE => self.resets.answered_again(now),
            State::Idle | State::Resting { .. } => self.mark_stray(now, &reply),
        }
    }

    /// A reply to another command is no answer. Progress is pushed unasked, and a second reply to a reset that was sent
    /// twice is nothing strange.
    fn mark_stray(&mut self, now: Duration, reply: &Reply) {
        if let Some(at) = self
            .given_up
            .iter()
            .position(|(message, _)| *message == reply.message)
        {
            let (_, sent_at) = self.given_up.swap_remove(at);
            self.slowest = self.slowest.max(now.saturating_sub(sent_at));
        } else if ![EnrolProgress::MESSAGE, Reset::MESSAGE, Status::MESSAGE].contains(&reply.message) {
            self.mark_garbled();
        }
    }

    fn hear_reset(&mut self, now: Duration, result: ResultCode, outputs: &mut Vec<Output>) {
        let State::Settling {
            sent, asked, refused, ..
        } = &mut self.state
        else {
            return;
        };
        match result {
            ResultCode::OK => {
                let sent = *sent;
                self.knows_no_reset = false;
                self.stand_by(now, sent, outputs);
            }
            // It may not know the command: it is at standby where its status says so.
            ResultCode::REJECTED | ResultCode::BAD_PARAMETER => {
                *refused = Some(result);
                if !std::mem::replace(asked, true) {
                    outputs.push(Output::Send(Status.to_frame()));
                }
            }
            _ => self.fail(Failure::Refused(result), outputs),
        }
    }

    /// As good as the answer to a reset that does not come.
    fn hear_status(&mut self, now: Duration, reply: &Reply, outputs: &mut Vec<Output>) {
        let State::Settling { sent, .. } = self.state else {
            return;
        };
        if Status.parse_reply(reply.result, &reply.payload) == Ok(ModuleStatus::Standby) {
            self.knows_no_reset = true;
            self.stand_by(now, sent.saturating_add(1), outputs);
        }
    }

    /// The module is at standby. It has answered one of so many resets; a READY is as good as the answer to one more.
    fn stand_by(&mut self, now: Duration, sent: u32, outputs: &mut Vec<Output>) {
        self.settled = true;
        let cut = std::mem::take(&mut self.unanswered);
        self.resets.answered(now, sent, cut);
        match std::mem::replace(&mut self.state, State::Idle) {
            State::Settling { then, .. } => match then {
                Then::Standby => self.end(Ended::Standby, outputs),
                Then::Stopped { crossed, .. } => self.end(Ended::Stopped(crossed), outputs),
                Then::Begin(request) => self.state = State::Resting { request },
            },
            other => self.state = other,
        }
    }

    fn hear_ready(&mut self, now: Duration, outputs: &mut Vec<Output>) {
        match &mut self.state {
            State::Idle => {
                if self.resets.ready_may_come(now) {
                    self.resets.absorb_ready();
                } else {
                    self.settled = true;
                    self.unanswered.clear();
                    outputs.push(Output::Notice(Notice::Restarted));
                }
            }
            // It was only now starting: it does nothing, and has lost the reset, or will answer it in a moment. While
            // something is being ended, its answer may still come before that to the reset.
            State::Settling {
                then: Then::Begin(_),
                sent,
                ..
            } => {
                let sent = sent.saturating_add(1);
                self.stand_by(now, sent, outputs);
            }
            State::Settling { .. } => {}
            State::Resting { .. } => self.resets.absorb_ready(),
            State::Waiting {
                request,
                until,
                heard,
                sent_again_at,
                ..
            } => {
                if self.resets.ready_surprised(now) {
                    // A question can bear the doubt which of the two it was: it ends soon.
                    if request.timeout <= QUICK {
                        return self.resets.absorb_ready();
                    }
                    // A capture of which nothing was heard may have been lost: it is ordered once more.
                    if !*heard && sent_again_at.is_none() {
                        *sent_again_at = Some(now);
                        *until = request.until(now);
                        outputs.push(Output::Send(request.frame.clone()));
                        return self.resets.absorb_ready();
                    }
                }
                self.unanswered.clear();
                self.fail(Failure::Restarted, outputs);
            }
        }
    }

    fn pass_time(&mut self, now: Duration, outputs: &mut Vec<Output>) {
        let noisy = self
            .noise_since
            .is_some_and(|since| now.saturating_sub(since) >= NOISE_LIMIT);
        // An answer whose bytes keep coming is waited for.
        let half = self.decoder.is_mid_frame();
        let comes = half && now.saturating_sub(self.heard_at) <= FRAME_GAP;
        let slip = if comes { SLIP_MAX } else { Duration::ZERO };
        match &mut self.state {
            State::Idle => {}
            State::Settling { .. } | State::Waiting { .. } if noisy => self.fail(Failure::Garbled, outputs),
            State::Settling {
                until,
                garbled,
                refused,
                ..
            } if now >= until.saturating_add(slip) => {
                let failure = match refused {
                    Some(result) => Failure::Refused(*result),
                    None if *garbled || half => Failure::Garbled,
                    None => Failure::Silent,
                };
                self.fail(failure, outputs);
            }
            State::Waiting {
                request,
                until,
                garbled,
                ..
            } if now >= until.saturating_add(slip) => {
                let failure = if *garbled || half {
                    Failure::Garbled
                } else {
                    Failure::Silent
                };
                let is_no_fault = request.is_optional && failure == Failure::Silent;
                let sent_at = self.sent_at;
                if is_no_fault {
                    let given_up = request.answers.iter().map(|message| (*message, sent_at));
                    self.given_up.extend(given_up);
                }
                self.fail(failure, outputs);
                if is_no_fault {
                    self.unanswered.clear();
                    self.settled = true;
                }
            }
            State::Settling {
                resend_at,
                sent,
                asked,
                ..
            } => {
                if now >= *resend_at {
                    *resend_at = now.saturating_add(RESEND);
                    // One that is slow answers all that it was sent, one after the other: no more than is needed.
                    if !std::mem::replace(asked, true) {
                        outputs.push(Output::Send(Status.to_frame()));
                    } else {
                        *sent = sent.saturating_add(1);
                        outputs.push(Output::Send(Reset.to_frame()));
                    }
                }
            }
            State::Resting { .. } => {
                if !self.resets.ready_may_come(now)
                    && let State::Resting { request } = std::mem::replace(&mut self.state, State::Idle)
                {
                    self.send(now, request, outputs);
                }
            }
            State::Waiting { .. } => {}
        }
    }

    fn fail(&mut self, failure: Failure, outputs: &mut Vec<Output>) {
        let command = match &self.state {
            State::Waiting { request, .. } => request.name,
            State::Idle | State::Settling { .. } | State::Resting { .. } => Reset::NAME,
        };
        self.settled = false;
        self.noise_since = None;
        self.end(Ended::Failed { command, failure }, outputs);
    }

    fn end(&mut self, ended: Ended, outputs: &mut Vec<Output>) {
        self.state = State::Idle;
        self.decoder.set_cap(DATA_CAP);
        outputs.push(Output::Ended(ended));
    }
}

#[cfg(test)]
mod tests;
