use std::io;

use verification::capture::DeviceFault;

use crate::ReplyFault;
use crate::ports::ChoiceFault;
use crate::reference::AnswerFault;

/// Why a scanner cannot do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum PalmError {
    /// The port cannot be opened.
    #[error("could not open {port}: {fault}")]
    Open {
        /// The port.
        port: String,
        /// In the words of all devices.
        fault: DeviceFault,
        /// What the system says.
        source: serialport::Error,
    },
    /// What was named as a port is something else.
    #[error("{path} is no serial port")]
    NoPort {
        /// What was named.
        path: String,
    },
    /// No port fits what was chosen.
    #[error("could not find the port {choice}")]
    Choice {
        /// What was chosen.
        choice: String,
        /// Why none fits.
        source: ChoiceFault,
    },
    /// The ports cannot be listed.
    #[error("could not list the serial ports")]
    Ports(#[source] serialport::Error),
    /// The line broke.
    #[error("could not exchange bytes for the command \"{command}\"")]
    Line {
        /// The command.
        command: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// No answer, and no sign of one.
    #[error("no answer to the command \"{command}\"")]
    Timeout {
        /// The command.
        command: &'static str,
    },
    /// Bytes came, but no valid answer was among them: a wrong speed, a different device, or a bad line.
    #[error("no valid answer to the command \"{command}\" in what was received")]
    Garbled {
        /// The command.
        command: &'static str,
    },
    /// The module started anew while it had a job.
    #[error("the module restarted during the command \"{command}\"")]
    Restarted {
        /// The command.
        command: &'static str,
    },
    /// The answer is no use.
    #[error("the command \"{command}\" failed")]
    Reply {
        /// The command.
        command: &'static str,
        /// Why.
        source: ReplyFault,
    },
    /// The answer of a scanner that speaks the reference protocol is no use.
    #[error("the command \"{command}\" failed")]
    Answer {
        /// The command.
        command: &'static str,
        /// Why.
        source: AnswerFault,
    },
    /// The reference is still there after it was deleted.
    #[error("a deleted reference is still in the module")]
    StillStored,
}

impl PalmError {
    /// The same in the words of all devices.
    pub fn fault(&self) -> DeviceFault {
        match self {
            Self::Open { fault, .. } => *fault,
            Self::Choice { source, .. } => source.fault(),
            Self::NoPort { .. } | Self::Ports(_) => DeviceFault::NotFound,
            Self::Line { source, .. } if source.kind() == io::ErrorKind::TimedOut => DeviceFault::Timeout,
            Self::Line { .. } | Self::Restarted { .. } => DeviceFault::Disconnected,
            Self::Timeout { .. } => DeviceFault::Timeout,
            Self::Garbled { .. } | Self::Reply { .. } | Self::Answer { .. } | Self::StillStored => {
                DeviceFault::Protocol
            }
        }
    }
}
