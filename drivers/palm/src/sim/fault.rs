use std::str::FromStr;

/// What goes wrong with a simulated module, or what it sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Starting takes a second; commands before that are lost.
    BootDelay,
    /// It never says anything.
    Silence,
    /// It sends single bytes with pauses.
    Drip,
    /// It sends junk before every frame.
    Junk,
    /// Every check byte is wrong.
    BadCheck,
    /// Every reply names another command.
    WrongId,
    /// The liveness check fails.
    Liveness,
    /// The palm is unknown.
    NoMatch,
    /// The store is full.
    Full,
    /// Nobody is there.
    Nobody,
    /// A face is presented instead of a palm.
    Face,
    /// Captures end with this result byte.
    Result(u8),
    /// Progress is pushed as unasked replies during captures.
    Progress,
    /// The sync bytes stand inside state notes.
    SyncInData,
    /// A READY note follows each reply to a reset.
    ReadyAfterReset,
    /// The first capture is cut short by a restart.
    Reboot,
    /// Lists are always full tables of 203 bytes, whatever the count.
    LongList,
    /// The first answer to a question comes so late that the host has given up; all others wait behind it.
    Late,
    /// The first answer to a question breaks off in the middle.
    Stall,
    /// A capture that another command ends says so shortly afterwards, instead of nothing.
    LateAbort,
    /// The line goes away in the middle of the reply to a capture.
    HangUp,
}

const NAMES: [(&str, Fault); 20] = [
    ("boot-delay", Fault::BootDelay),
    ("silence", Fault::Silence),
    ("drip", Fault::Drip),
    ("junk", Fault::Junk),
    ("bad-check", Fault::BadCheck),
    ("wrong-id", Fault::WrongId),
    ("liveness", Fault::Liveness),
    ("no-match", Fault::NoMatch),
    ("full", Fault::Full),
    ("nobody", Fault::Nobody),
    ("face", Fault::Face),
    ("progress", Fault::Progress),
    ("sync-in-data", Fault::SyncInData),
    ("ready-after-reset", Fault::ReadyAfterReset),
    ("reboot", Fault::Reboot),
    ("long-list", Fault::LongList),
    ("late", Fault::Late),
    ("stall", Fault::Stall),
    ("late-abort", Fault::LateAbort),
    ("hang-up", Fault::HangUp),
];

/// A fault that no simulator knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown fault \"{0}\"; there are: {known}, result=<0..255>", known = NAMES.map(|(name, _)| name).join(", "))]
pub struct UnknownFault(String);

impl FromStr for Fault {
    type Err = UnknownFault;

    fn from_str(text: &str) -> Result<Self, UnknownFault> {
        let unknown = || UnknownFault(text.to_owned());
        if let Some(code) = text.strip_prefix("result=") {
            return code.parse().map(Self::Result).map_err(|_| unknown());
        }
        NAMES
            .iter()
            .find(|(name, _)| *name == text)
            .map(|(_, fault)| *fault)
            .ok_or_else(unknown)
    }
}
