//! Exit codes. A code keeps its meaning for ever: scripts are written against it.

use std::process::ExitCode;

use verification::capture::DeviceFault;
use verification::palm::{EnrolOutcome, PalmScan, ScanResult, SealState};

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done,
    /// Standard output was closed.
    Output,
    /// Wrong arguments; given by the argument parser itself.
    Arguments,
    /// A fault of the scanner or of its port.
    Fault(DeviceFault),
    /// The scanner answers, and says that it has failed.
    Unhealthy,
    /// Compared, and belongs to nobody who is stored.
    NoMatch,
    /// The liveness check failed.
    NotLive,
    /// Nothing was presented.
    NothingPresented,
    /// Something else than a palm was presented.
    NotAPalm,
    /// Stored already.
    AlreadyEnrolled,
    /// No room.
    Full,
    /// Not accepted.
    Rejected,
    /// A part does not work.
    SelfTest,
    /// The signature of the capture is not right.
    Seal,
    /// This machine gave no thread, no random bytes or no signal handler.
    System,
    /// Ctrl-C.
    Cancelled,
}

/// Every code and what it means, in the order of the manual page.
const TABLE: &[(Exit, &str)] = &[
    (
        Exit::Done,
        "done: the palm was found, is stored, or is deleted; the scanner is in order",
    ),
    (Exit::Output, "standard output was closed"),
    (Exit::Arguments, "wrong arguments"),
    (Exit::Fault(DeviceFault::NotFound), "port not found"),
    (
        Exit::Fault(DeviceFault::NoPermission),
        "no permission to open the port",
    ),
    (Exit::Fault(DeviceFault::Busy), "port used by another program"),
    (Exit::Fault(DeviceFault::Timeout), "no answer"),
    (
        Exit::Fault(DeviceFault::Protocol),
        "an answer that is no use: another device, a wrong speed, a fault",
    ),
    (
        Exit::Fault(DeviceFault::Disconnected),
        "disconnected, or started anew on the way",
    ),
    (
        Exit::Unhealthy,
        "the scanner answers, and says that it has failed",
    ),
    (Exit::NoMatch, "no match: the palm is not stored in the scanner"),
    (Exit::NotLive, "not live: the scanner's liveness check failed"),
    (Exit::NothingPresented, "nothing presented within the limit"),
    (Exit::NotAPalm, "something else than a palm was presented"),
    (Exit::AlreadyEnrolled, "the palm is enrolled already"),
    (Exit::Full, "the scanner has no room for another palm"),
    (Exit::Rejected, "the scanner did not accept the capture"),
    (Exit::SelfTest, "self-test failed"),
    (
        Exit::Seal,
        "the scanner signs its captures, and this signature is not right",
    ),
    (Exit::System, "this machine did not give what is needed"),
    (Exit::Cancelled, "cancelled by Ctrl-C"),
];

impl Exit {
    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Output => 1,
            Self::Arguments => 2,
            Self::Fault(fault) => match fault {
                DeviceFault::NotFound => 3,
                DeviceFault::NoPermission => 4,
                DeviceFault::Busy => 5,
                DeviceFault::Timeout => 6,
                // The last five are faults of cameras alone.
                DeviceFault::Protocol
                | DeviceFault::Black
                | DeviceFault::Frozen
                | DeviceFault::Format
                | DeviceFault::Identity
                | DeviceFault::Virtual => 7,
                DeviceFault::Disconnected => 8,
            },
            Self::Unhealthy => 9,
            Self::NoMatch => 10,
            Self::NotLive => 11,
            Self::NothingPresented => 12,
            Self::NotAPalm => 13,
            Self::AlreadyEnrolled => 14,
            Self::Full => 15,
            Self::Rejected => 16,
            Self::SelfTest => 17,
            Self::Seal => 18,
            Self::System => 19,
            Self::Cancelled => 130,
        }
    }

    /// What a scan comes to. A wrong seal outweighs what was sealed.
    pub fn of_scan(scan: &PalmScan) -> Self {
        if matches!(scan.seal, SealState::Invalid(_)) {
            return Self::Seal;
        }
        match scan.result {
            ScanResult::Identified(_) => Self::Done,
            ScanResult::NoMatch => Self::NoMatch,
            ScanResult::NotLive => Self::NotLive,
            ScanResult::NotAPalm => Self::NotAPalm,
            ScanResult::NothingPresented => Self::NothingPresented,
        }
    }

    /// What an enrolment comes to.
    pub fn of_enrolment(outcome: EnrolOutcome) -> Self {
        match outcome {
            EnrolOutcome::Enrolled(_) => Self::Done,
            EnrolOutcome::AlreadyEnrolled => Self::AlreadyEnrolled,
            EnrolOutcome::Full => Self::Full,
            EnrolOutcome::Rejected => Self::Rejected,
            EnrolOutcome::NotLive => Self::NotLive,
            EnrolOutcome::NotAPalm => Self::NotAPalm,
            EnrolOutcome::NothingPresented => Self::NothingPresented,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// The table for `--help`.
pub fn table() -> String {
    let rows = TABLE
        .iter()
        .map(|(exit, meaning)| format!("\n  {:>3}  {meaning}", exit.code()));
    format!("Exit codes:{}", rows.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_has_one_meaning() {
        let codes: Vec<u8> = TABLE.iter().map(|(exit, _)| exit.code()).collect();
        let expect: Vec<u8> = (0..=19).chain([130]).collect();
        assert_eq!(codes, expect);
    }
}
