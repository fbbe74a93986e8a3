//! What keeps a verb from being performed.

use std::error::Error;
use std::io;

use palm::PalmError;
use serde_json::json;
use verification::capture::DeviceFault;

use crate::exit::Exit;
use crate::report::Report;
use crate::words;

/// Why a verb could not be performed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The scanner, its port or its thermometer.
    #[error(transparent)]
    Palm(#[from] PalmError),
    /// This program's own machine.
    #[error("this system did not give what is needed")]
    System(#[source] io::Error),
    /// Standard output is closed.
    #[error("standard output is closed")]
    Output(#[source] io::Error),
}

impl Failure {
    /// How the program ends.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Palm(error) => Exit::Fault(error.fault()),
            Self::System(_) => Exit::System,
            Self::Output(_) => Exit::Output,
        }
    }

    /// The same as an object, where there is somebody to read it.
    pub fn report(&self) -> Option<Report> {
        let word = match self {
            Self::Palm(error) => words::fault(error.fault()),
            Self::System(_) => "system",
            Self::Output(_) => return None,
        };
        Some(Report {
            json: json!({ "fault": word, "message": self.to_string() }),
            text: String::new(),
            exit: self.exit(),
        })
    }

    /// Says to a person what happened, why, and what can be done.
    pub fn explain(&self) {
        if matches!(self, Self::Output(_)) {
            return;
        }
        eprintln!("alaqan-palm: {self}");
        let mut cause = self.source();
        while let Some(error) = cause {
            eprintln!("  because: {error}");
            cause = error.source();
        }
        if let Self::Palm(error) = self
            && let Some(advice) = advice(error.fault())
        {
            eprintln!("  {advice}");
        }
    }
}

fn advice(fault: DeviceFault) -> Option<&'static str> {
    match fault {
        DeviceFault::NotFound => Some("`alaqan-palm list` shows the ports of this machine."),
        DeviceFault::NoPermission if cfg!(unix) => {
            Some("Serial ports usually belong to the group `dialout`: add the user to it and log in again.")
        }
        DeviceFault::Busy => {
            Some("End the program that uses it: a kiosk, a terminal program, or ModemManager.")
        }
        DeviceFault::Timeout => {
            Some("Check power and cable, and that a scanner of this kind is on the port.")
        }
        DeviceFault::Protocol
        | DeviceFault::Black
        | DeviceFault::Frozen
        | DeviceFault::Format
        | DeviceFault::Identity
        | DeviceFault::Virtual => Some("Check that the speed and the kind of scanner are right."),
        DeviceFault::Disconnected => Some("Check plug and cable."),
        DeviceFault::NoPermission => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_has_a_code_and_an_object() {
        let check = |failure: Failure, code: u8, expect: Option<&str>| {
            let json = failure.report().map(|report| report.json.to_string());
            assert_eq!((failure.exit().code(), json.as_deref()), (code, expect));
        };
        let refused = || io::Error::from(io::ErrorKind::WouldBlock);
        check(
            Failure::System(refused()),
            19,
            Some(r#"{"fault":"system","message":"this system did not give what is needed"}"#),
        );
        check(Failure::Output(refused()), 1, None);
        let timeout = PalmError::Timeout { command: "status" };
        let said = json!({ "fault": "timeout", "message": timeout.to_string() }).to_string();
        check(Failure::Palm(timeout), 6, Some(&said));
    }
}
