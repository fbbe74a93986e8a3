//! What goes into the machine and what comes out of it.

use std::time::Duration;

use verification::palm::HandPosition;

use crate::Notice;
use crate::efaa::commands::Command;
use crate::efaa::inbound::{Reply, ResultCode};
use crate::efaa::protocol::Frame;

/// One command for the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// For messages to people.
    pub name: &'static str,
    /// Message ids of the replies that answer it.
    pub answers: Vec<u8>,
    /// What is sent.
    pub frame: Frame,
    /// How long to wait for the reply, from sending.
    pub timeout: Duration,
    /// When the whole of it must have ended, on the clock of the machine.
    pub by: Option<Duration>,
    /// Longest data that a frame may claim meanwhile, in bytes.
    pub cap: usize,
    /// Not every module answers it: silence is no reason to reset a module that was at standby.
    pub is_optional: bool,
}

impl Request {
    /// The request of a command. A reply to one of `also` answers it as well.
    pub fn new<C: Command>(command: &C, also: &[u8], by: Option<Duration>) -> Self {
        Self {
            name: C::NAME,
            answers: [&[C::MESSAGE], also].concat(),
            frame: command.to_frame(),
            timeout: command.timeout(),
            by,
            cap: C::DATA_CAP,
            is_optional: false,
        }
    }

    /// The same for what not every module answers, with so long to wait.
    pub fn optional<C: Command>(command: &C, timeout: Duration) -> Self {
        Self {
            timeout,
            is_optional: true,
            ..Self::new(command, &[], None)
        }
    }

    /// When it has failed, sent now.
    pub(super) fn until(&self, now: Duration) -> Duration {
        let until = now.saturating_add(self.timeout);
        self.by.map_or(until, |by| until.min(by))
    }
}

/// What happens to the machine.
#[derive(Debug)]
pub enum Input<'a> {
    /// Start a command. One that is under way is stopped.
    Begin(Request),
    /// Bring the module to standby, whatever it is doing.
    Reset,
    /// End the command that is under way.
    Stop,
    /// These bytes came in; none if only time has passed. Wanted at least every 50 ms while something is under way.
    Bytes(&'a [u8]),
}

/// What the machine wants done or known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Send this.
    Send(Frame),
    /// The module sees this during the command.
    Hand(HandPosition),
    /// The module said this without being asked.
    Notice(Notice),
    /// What was begun has ended. Exactly one follows every [`Input::Begin`] and every [`Input::Reset`].
    Ended(Ended),
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// This answers it.
    Reply(Reply),
    /// The module is at standby, as was asked for.
    Standby,
    /// It was stopped, and the module is at standby. The reply is there if it crossed the order to stop.
    Stopped(Option<Reply>),
    /// The module is at fault.
    Failed {
        /// Which command was waiting.
        command: &'static str,
        /// In which way.
        failure: Failure,
    },
}

/// What a module does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Failure {
    /// It says nothing.
    Silent,
    /// What it says is no answer.
    Garbled,
    /// It started anew and has forgotten the command.
    Restarted,
    /// It will not go to standby.
    Refused(ResultCode),
}
