mod kinds;
mod strikes;

use std::fmt;
use std::str::FromStr;

use super::settings::Protocol;

pub use kinds::{FAULTS, FaultEntry, FaultKind, Whose};
pub(super) use strikes::Faults;

/// What goes wrong with a simulated device, and when.
///
/// As text: `KIND`, for ever; `KIND@2`, only the second time that it could happen; `KIND:list`, only with the
/// command that lists; `KIND:list@1`, both.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fault {
    /// What goes wrong.
    pub kind: FaultKind,
    /// The only command with which it does.
    pub verb: Option<Verb>,
    /// The only time that it does, of all at which it could; 1 is the first. Counted anew for every new list of
    /// faults.
    pub nth: Option<u32>,
}

impl From<FaultKind> for Fault {
    fn from(kind: FaultKind) -> Self {
        Self {
            kind,
            verb: None,
            nth: None,
        }
    }
}

/// A command of a host, whatever the protocol calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verb {
    /// Whatever it says unasked, such as that it is ready.
    Unasked,
    /// The first greeting of the reference protocol.
    Hello,
    /// Reset; in the reference protocol, cancel.
    Reset,
    /// Ask for the state.
    Status,
    /// Ask who it is: version, serial number, identity.
    Identity,
    /// Test itself.
    SelfTest,
    /// Capture and compare.
    Verify,
    /// Capture and store.
    Enrol,
    /// Delete one or all.
    Delete,
    /// List references.
    List,
    /// Ask for one user.
    Info,
    /// Ask for the newest link of the chain of signed captures.
    Head,
    /// Start to measure the temperature.
    Start,
    /// Anything else.
    Other,
}

const VERBS: [(&str, Verb); 14] = [
    ("unasked", Verb::Unasked),
    ("hello", Verb::Hello),
    ("reset", Verb::Reset),
    ("status", Verb::Status),
    ("identity", Verb::Identity),
    ("self-test", Verb::SelfTest),
    ("verify", Verb::Verify),
    ("enrol", Verb::Enrol),
    ("delete", Verb::Delete),
    ("list", Verb::List),
    ("info", Verb::Info),
    ("head", Verb::Head),
    ("start", Verb::Start),
    ("other", Verb::Other),
];

impl Verb {
    /// Whether something is measured.
    fn measures(self) -> bool {
        matches!(self, Self::Verify | Self::Enrol | Self::Start)
    }
}

/// A text that is no fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// Nobody knows this kind.
    #[error("unknown fault \"{name}\"; there are: {known}", known = FAULTS.iter().map(|entry| entry.name).collect::<Vec<_>>().join(", "))]
    Unknown {
        /// What was written.
        name: String,
    },
    /// The value is missing, not wanted, or not of its kind.
    #[error("write {name}{}", value.map_or(" without a value".to_owned(), |value| format!("={value}")))]
    Value {
        /// The fault.
        name: &'static str,
        /// What its value is, if it has one.
        value: Option<&'static str>,
    },
    /// Nobody knows this command.
    #[error("unknown command \"{name}\" after the colon; there are: {known}", known = VERBS.map(|(name, _)| name).join(", "))]
    Verb {
        /// What was written.
        name: String,
    },
    /// The number after `@` is none.
    #[error("\"{text}\" after the @ is no number; 1 is the first time")]
    Count {
        /// What was written.
        text: String,
    },
}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let (text, nth) = match text.split_once('@') {
            None => (text, None),
            Some((text, count)) => match count.parse() {
                Ok(nth) if nth > 0 => (text, Some(nth)),
                _ => {
                    return Err(FaultError::Count {
                        text: count.to_owned(),
                    });
                }
            },
        };
        let (text, verb) = match text.split_once(':') {
            None => (text, None),
            Some((text, name)) => match VERBS.iter().find(|(known, _)| *known == name) {
                Some((_, verb)) => (text, Some(*verb)),
                None => {
                    return Err(FaultError::Verb {
                        name: name.to_owned(),
                    });
                }
            },
        };
        let (name, value) = match text.split_once('=') {
            None => (text, None),
            Some((name, value)) => (name, Some(value)),
        };
        let Some(entry) = FAULTS.iter().find(|entry| entry.name == name) else {
            return Err(FaultError::Unknown {
                name: name.to_owned(),
            });
        };
        let wrong = || FaultError::Value {
            name: entry.name,
            value: entry.value,
        };
        let number = |value: &str| match value.parse::<f32>() {
            Ok(number) if number.is_finite() => Ok(number),
            _ => Err(wrong()),
        };
        let kind = match (entry.kind, value) {
            (FaultKind::Result(_), Some(value)) => FaultKind::Result(value.parse().map_err(|_| wrong())?),
            (FaultKind::Failed(_), Some(value)) => FaultKind::Failed(value.parse().map_err(|_| wrong())?),
            (FaultKind::Refused(_), Some(value)) => FaultKind::Refused(value.parse().map_err(|_| wrong())?),
            (FaultKind::ReplyMs(_), Some(value)) => FaultKind::ReplyMs(value.parse().map_err(|_| wrong())?),
            (FaultKind::ReadyAfterMs(_), Some(value)) => {
                FaultKind::ReadyAfterMs(value.parse().map_err(|_| wrong())?)
            }
            (FaultKind::Temperature(_), Some(value)) => FaultKind::Temperature(number(value)?),
            (FaultKind::Ambient(_), Some(value)) => FaultKind::Ambient(number(value)?),
            (FaultKind::Volume(_), Some(value)) => FaultKind::Volume(number(value)?),
            (kind, None) if entry.value.is_none() => kind,
            _ => return Err(wrong()),
        };
        Ok(Self { kind, verb, nth })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entry = self.kind.entry();
        formatter.write_str(entry.map_or("", |entry| entry.name))?;
        match self.kind {
            FaultKind::Result(code) | FaultKind::Failed(code) | FaultKind::Refused(code) => {
                write!(formatter, "={code}")?
            }
            FaultKind::ReplyMs(ms) | FaultKind::ReadyAfterMs(ms) => write!(formatter, "={ms}")?,
            FaultKind::Temperature(value) | FaultKind::Ambient(value) | FaultKind::Volume(value) => {
                write!(formatter, "={value}")?;
            }
            _ => {}
        }
        if let Some((name, _)) = VERBS.iter().find(|(_, verb)| Some(*verb) == self.verb) {
            write!(formatter, ":{name}")?;
        }
        match self.nth {
            Some(nth) => write!(formatter, "@{nth}"),
            None => Ok(()),
        }
    }
}

impl Fault {
    /// Whether this protocol knows it.
    pub fn fits(&self, protocol: Protocol) -> bool {
        self.kind.entry().is_some_and(|entry| entry.whose.has(protocol))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_fault_reads_as_it_is_written() {
        for entry in FAULTS {
            for (verb, nth) in [(None, None), (Some(Verb::List), Some(3)), (None, Some(1))] {
                let kind = entry.kind;
                let fault = Fault { kind, verb, nth };
                assert_eq!(fault.to_string().parse(), Ok(fault));
            }
            assert!(entry.kind.entry().is_some_and(|found| found.name == entry.name));
        }
    }

    #[test]
    fn says_what_is_wrong() {
        let check = |text: &str, expect: &str| {
            let error = text.parse::<Fault>().unwrap_err().to_string();
            assert!(error.starts_with(expect), "{text}: {error}");
        };
        check("rain", "unknown fault \"rain\"; there are: boot-delay, silence, ");
        check("result", "write result=0..255");
        check("result=256", "write result=0..255");
        check("volume=NaN", "write volume=ML");
        check("drip=3", "write drip without a value");
        check(
            "late:jump",
            "unknown command \"jump\" after the colon; there are: unasked, ",
        );
        check("late@0", "\"0\" after the @ is no number; 1 is the first time");
        check("late@", "\"\" after the @ is no number; 1 is the first time");
    }

    proptest! {
        #[test]
        fn survives_any_text(text in "\\PC{0,40}", tail in "[:@=a-z0-9.-]{0,12}") {
            let _ = text.parse::<Fault>();
            let _ = format!("result{tail}").parse::<Fault>();
        }
    }
}
