use std::mem::discriminant;

use crate::sim::settings::Protocol;

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
    /// A reply comes so many milliseconds late.
    ReplyMs(u32),
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
    /// A READY note follows the reply to a reset after so many milliseconds.
    ReadyAfterMs(u32),
    /// Commands that its maker's public client does not use are not answered at all.
    OnlyClientCommands,
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
    /// Those of the EF-AA family that have a public client.
    Dfrobot,
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
            Self::Dfrobot => matches!(protocol, Protocol::DfrobotAi10 | Protocol::DfrobotFp),
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
    entry("reply-ms", FaultKind::ReplyMs(700), Whose::Scanners, "a reply (to a capture only if it is named) comes so many milliseconds late").with_value("MS"),
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
    entry("ready-after-ms", FaultKind::ReadyAfterMs(600), Whose::EfAa, "READY follows the reply to a reset so many milliseconds later, whatever was begun meanwhile").with_value("MS"),
    entry("only-client-commands", FaultKind::OnlyClientCommands, Whose::Dfrobot, "a command that the maker's public client does not use is not answered at all"),
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

impl FaultKind {
    /// Its line in [`FAULTS`].
    pub fn entry(self) -> Option<&'static FaultEntry> {
        FAULTS
            .iter()
            .find(|entry| discriminant(&entry.kind) == discriminant(&self))
    }
}
