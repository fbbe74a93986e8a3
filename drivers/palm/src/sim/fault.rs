use std::fmt;
use std::mem::discriminant;
use std::str::FromStr;

use super::settings::Protocol;

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

/// What goes wrong, or what the device sees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FaultKind {
    /// Starting takes a second longer; bytes before that are lost.
    BootDelay,
    /// It says nothing.
    Silence,
    /// It sends single bytes with pauses.
    Drip,
    /// Frames come two in one piece.
    Sticky,
    /// Junk comes before a frame.
    Junk,
    /// Noise without end, and nothing else.
    Garbage,
    /// The check bytes of a frame are wrong.
    BadCheck,
    /// A reply breaks off in the middle, and the rest never comes.
    Stall,
    /// A reply breaks off in the middle, and the line goes away.
    HangUp,
    /// A reply comes so late that the host has given up.
    Late,
    /// A capture is cut short by a restart.
    Reboot,
    /// A reply names another command.
    WrongId,
    /// The sync bytes stand inside state notes.
    SyncInData,
    /// State notes have two more bytes, for a user.
    LongNote,
    /// Progress is pushed as unasked replies during captures.
    Progress,
    /// A READY note follows the reply to a reset.
    ReadyAfterReset,
    /// A capture that another command ends says "aborted" shortly afterwards, instead of nothing.
    LateAbort,
    /// Lists are always full tables of 203 bytes, whatever the count.
    LongList,
    /// Lists count in one byte.
    CountU8,
    /// Lists count in two bytes.
    CountU16,
    /// A reply says success and has none of the fields that belong to it.
    Short,
    /// Success names the reference 0.
    ZeroId,
    /// The device says by a note that its licence is invalid, when it has started.
    Licence,
    /// The device says by a note that it has failed, when it has started.
    Broken,
    /// Commands end with this result.
    Result(u8),
    /// Commands end with "failed" for this reason.
    Failed(u8),
    /// Commands are refused for this reason.
    Refused(u8),
    /// The store is full.
    Full,
    /// The liveness check fails.
    Liveness,
    /// The palm is unknown.
    NoMatch,
    /// A face is presented instead of a palm.
    Face,
    /// Nobody is there.
    Nobody,
    /// The skin has this temperature in degrees Celsius.
    Temperature(f32),
    /// The air has this temperature in degrees Celsius.
    Ambient(f32),
    /// The hand has this volume in millilitres.
    Volume(f32),
    /// The device does not measure volume.
    NoVolume,
    /// The device does not measure temperature.
    NoTemperature,
    /// The device does not measure the pattern of the veins.
    NoVascular,
    /// The device has no liveness check.
    NoLiveness,
    /// The device does not sign.
    NoSeal,
    /// It says that it signs, and leaves the signature out.
    MissingSeal,
    /// The signature is wrong.
    BadSignature,
    /// Captures are signed by another key than the one that the device has named.
    OtherKey,
    /// A capture answers another challenge.
    StaleNonce,
    /// A capture does not follow the one before it.
    BrokenChain,
    /// What is signed is not what is reported.
    OtherContent,
    /// The device speaks a version of the protocol that nobody knows.
    UnknownVersion,
}

/// One line of the list of faults.
#[derive(Debug, Clone, Copy)]
pub struct FaultEntry {
    /// What is written before `=`, `:` and `@`.
    pub name: &'static str,
    /// The kind; its value is an example.
    pub kind: FaultKind,
    /// What stands after `=`, where a value belongs to it.
    pub value: Option<&'static str>,
    /// Who can have it.
    pub whose: Whose,
    /// What it does, and what is counted by `@`.
    pub what: &'static str,
}

/// Which protocols know a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// All.
    All,
    /// All that capture palms.
    Scanners,
    /// Those of the EF-AA family.
    EfAa,
    /// The reference protocol alone.
    Reference,
    /// The reference protocol and the thermometer.
    Readings,
}

impl Whose {
    /// Whether this protocol knows it.
    pub fn has(self, protocol: Protocol) -> bool {
        let reference = protocol == Protocol::Reference;
        let thermometer = protocol == Protocol::Mcu90615;
        match self {
            Self::All => true,
            Self::Scanners => !thermometer,
            Self::EfAa => !thermometer && !reference,
            Self::Reference => reference,
            Self::Readings => reference || thermometer,
        }
    }
}

const fn entry(name: &'static str, kind: FaultKind, whose: Whose, what: &'static str) -> FaultEntry {
    FaultEntry {
        name,
        kind,
        value: None,
        whose,
        what,
    }
}

impl FaultEntry {
    const fn with_value(mut self, value: &'static str) -> Self {
        self.value = Some(value);
        self
    }
}

/// Every fault.
#[rustfmt::skip]
pub const FAULTS: &[FaultEntry] = &[
    entry("boot-delay", FaultKind::BootDelay, Whose::All, "a start takes 1 s longer; what is sent before is lost"),
    entry("silence", FaultKind::Silence, Whose::All, "a frame is not sent"),
    entry("drip", FaultKind::Drip, Whose::All, "a frame goes out in single bytes with pauses of 1 ms"),
    entry("sticky", FaultKind::Sticky, Whose::All, "what is told on the way waits, and goes out in one piece with the next frame"),
    entry("junk", FaultKind::Junk, Whose::All, "junk and false starts of a frame come before a frame"),
    entry("garbage", FaultKind::Garbage, Whose::All, "noise without end and nothing else, as of another speed"),
    entry("bad-check", FaultKind::BadCheck, Whose::All, "the check bytes of a frame are wrong"),
    entry("stall", FaultKind::Stall, Whose::All, "a reply breaks off in the middle, and the rest never comes"),
    entry("hang-up", FaultKind::HangUp, Whose::All, "a reply (to a capture, unless another command is named) breaks off in the middle, and the line goes away"),
    entry("late", FaultKind::Late, Whose::Scanners, "a reply comes after 2.5 s, and all that follow wait behind it"),
    entry("reboot", FaultKind::Reboot, Whose::Scanners, "a capture is cut short by a restart"),
    entry("wrong-id", FaultKind::WrongId, Whose::Scanners, "a reply names another command"),
    entry("result", FaultKind::Result(5), Whose::Scanners, "a capture (or the named command) ends with this result; success comes without its fields").with_value("0..255"),
    entry("failed", FaultKind::Failed(1), Whose::Reference, "a capture (or the named command) ends with FAILED for this reason").with_value("0..255"),
    entry("refused", FaultKind::Refused(4), Whose::Reference, "a capture (or the named command) is refused for this reason").with_value("0..255"),
    entry("short", FaultKind::Short, Whose::EfAa, "a success comes without the fields that belong to it"),
    entry("zero-id", FaultKind::ZeroId, Whose::EfAa, "a success of a capture names the reference 0"),
    entry("full", FaultKind::Full, Whose::Scanners, "an enrolment finds the store full"),
    entry("liveness", FaultKind::Liveness, Whose::Scanners, "the liveness check of a capture fails"),
    entry("no-match", FaultKind::NoMatch, Whose::Scanners, "a verification finds nobody"),
    entry("face", FaultKind::Face, Whose::Scanners, "a face is presented to a capture instead of a palm"),
    entry("nobody", FaultKind::Nobody, Whose::Scanners, "nobody is there in a capture"),
    entry("sync-in-data", FaultKind::SyncInData, Whose::EfAa, "the bytes EF AA stand inside a state note"),
    entry("long-note", FaultKind::LongNote, Whose::EfAa, "a state note has 19 bytes instead of 17"),
    entry("progress", FaultKind::Progress, Whose::EfAa, "a capture pushes progress as unasked replies of command 14"),
    entry("ready-after-reset", FaultKind::ReadyAfterReset, Whose::EfAa, "READY follows the reply to a reset"),
    entry("late-abort", FaultKind::LateAbort, Whose::EfAa, "a capture that another command ends says \"aborted\" 40 ms later, instead of nothing"),
    entry("long-list", FaultKind::LongList, Whose::EfAa, "a list is a full table of 203 bytes whatever the count"),
    entry("count-u8", FaultKind::CountU8, Whose::EfAa, "a list counts in one byte, whatever the module usually does"),
    entry("count-u16", FaultKind::CountU16, Whose::EfAa, "a list counts in two bytes, whatever the module usually does"),
    entry("licence", FaultKind::Licence, Whose::EfAa, "a note after the start says that the licence is invalid"),
    entry("broken", FaultKind::Broken, Whose::Scanners, "a note after the start says that the module has failed"),
    entry("temperature", FaultKind::Temperature(12.5), Whose::Readings, "the skin has this temperature").with_value("CELSIUS"),
    entry("ambient", FaultKind::Ambient(12.5), Whose::Readings, "the air has this temperature").with_value("CELSIUS"),
    entry("volume", FaultKind::Volume(900.0), Whose::Reference, "the hand has this volume").with_value("ML"),
    entry("no-volume", FaultKind::NoVolume, Whose::Reference, "the device does not measure volume"),
    entry("no-temperature", FaultKind::NoTemperature, Whose::Reference, "the device does not measure temperature"),
    entry("no-vascular", FaultKind::NoVascular, Whose::Reference, "the device does not measure the pattern of the veins"),
    entry("no-liveness", FaultKind::NoLiveness, Whose::Reference, "the device has no liveness check"),
    entry("no-seal", FaultKind::NoSeal, Whose::Reference, "the device does not sign"),
    entry("missing-seal", FaultKind::MissingSeal, Whose::Reference, "a capture is not signed, though the device says that it signs"),
    entry("bad-signature", FaultKind::BadSignature, Whose::Reference, "the signature of a capture is wrong"),
    entry("other-key", FaultKind::OtherKey, Whose::Reference, "a capture is signed with another key"),
    entry("stale-nonce", FaultKind::StaleNonce, Whose::Reference, "a capture answers another challenge"),
    entry("broken-chain", FaultKind::BrokenChain, Whose::Reference, "a capture does not follow the one before it"),
    entry("other-content", FaultKind::OtherContent, Whose::Reference, "a capture is reported otherwise than it is signed"),
    entry("unknown-version", FaultKind::UnknownVersion, Whose::Reference, "the device speaks a version that nobody knows"),
];

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

impl FaultKind {
    /// Its line in [`FAULTS`].
    pub fn entry(self) -> Option<&'static FaultEntry> {
        FAULTS
            .iter()
            .find(|entry| discriminant(&entry.kind) == discriminant(&self))
    }
}

/// The faults of a device, each with the number of times at which it could have happened.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<(Fault, u32)>);

impl Faults {
    pub fn new(faults: &[Fault]) -> Self {
        Self(faults.iter().map(|fault| (*fault, 0)).collect())
    }

    /// Whether this kind of fault happens now, with this command. To be asked once each time that it could.
    pub fn strike(&mut self, kind: FaultKind, verb: Verb) -> bool {
        self.find(verb, |found| discriminant(&found) == discriminant(&kind))
            .is_some()
    }

    /// The first kind that happens now, of those for which `is` says so.
    pub fn find(&mut self, verb: Verb, is: impl Fn(FaultKind) -> bool) -> Option<FaultKind> {
        let mut struck = None;
        for (fault, count) in &mut self.0 {
            if !is(fault.kind) || fault.verb.is_some_and(|wanted| wanted != verb) {
                continue;
            }
            *count = count.saturating_add(1);
            if fault.nth.is_none_or(|nth| nth == *count) && struck.is_none() {
                struck = Some(fault.kind);
            }
        }
        struck
    }

    /// Like [`Self::find`], for faults that mean captures alone unless they name a command.
    pub fn find_in_capture(&mut self, verb: Verb, is: impl Fn(FaultKind) -> bool) -> Option<FaultKind> {
        if verb.measures() {
            return self.find(verb, is);
        }
        let mut struck = None;
        for (fault, count) in &mut self.0 {
            if is(fault.kind) && fault.verb == Some(verb) {
                *count = count.saturating_add(1);
                if fault.nth.is_none_or(|nth| nth == *count) && struck.is_none() {
                    struck = Some(fault.kind);
                }
            }
        }
        struck
    }

    /// Whether this kind of fault is there for ever and with every command.
    pub fn always(&self, kind: FaultKind) -> bool {
        self.0.iter().any(|(fault, _)| *fault == Fault::from(kind))
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

    #[test]
    fn strikes_when_it_is_told_to() {
        let check = |text: &str, expect: [bool; 4]| {
            let fault: Fault = text.parse().unwrap();
            let mut faults = Faults::new(&[fault]);
            let verbs = [Verb::List, Verb::Verify, Verb::List, Verb::List];
            assert_eq!(
                verbs.map(|verb| faults.strike(FaultKind::Late, verb)),
                expect,
                "{text}"
            );
        };
        check("late", [true; 4]);
        check("late@2", [false, true, false, false]);
        check("late:list", [true, false, true, true]);
        check("late:list@2", [false, false, true, false]);
        check("drip", [false; 4]);
    }

    proptest! {
        #[test]
        fn survives_any_text(text in "\\PC{0,40}", tail in "[:@=a-z0-9.-]{0,12}") {
            let _ = text.parse::<Fault>();
            let _ = format!("result{tail}").parse::<Fault>();
        }
    }
}
