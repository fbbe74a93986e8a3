//! What the modules of the family are, and what the numbers of their protocol mean.

use crate::sim::fault::Verb;

/// What one module does differently from its relatives.
pub(in crate::sim) struct Dialect {
    pub version: &'static str,
    pub serial: &'static str,
    /// Where ids of palms and of faces begin, and how many there are of each.
    pub palms: Range,
    pub faces: Range,
    /// How many bytes the count of a list has.
    pub count_bytes: usize,
    /// Number of the note that tells the state of a palm.
    pub palm_note: u8,
    /// The commands that it knows.
    pub commands: &'static [u8],
    /// Those of them that the maker's public client uses; all where there is none.
    pub client_commands: &'static [u8],
    /// Whether the first byte of VERIFY asks for one verification after the other.
    pub continuous: bool,
}

/// Ids from `first` on.
pub(in crate::sim) struct Range {
    pub first: u32,
    pub count: u32,
}

impl Range {
    pub fn contains(&self, id: u32) -> bool {
        (self.first..self.first + self.count).contains(&id)
    }
}

pub(in crate::sim) const AI10: Dialect = Dialect {
    version: "AI10-SIM 1.0.0",
    serial: "SIM-0000-0001",
    palms: Range {
        first: 1001,
        count: 100,
    },
    faces: Range { first: 1, count: 100 },
    count_bytes: 1,
    palm_note: 1,
    commands: &[
        0x10, 0x11, 0x12, 0x1D, 0x20, 0x21, 0x22, 0x23, 0x24, 0x30, 0x93, 0xB5, 0xD4, 0xED,
    ],
    client_commands: &[0x10, 0x12, 0x1D, 0x20, 0x21, 0x22, 0x24, 0xB5],
    continuous: true,
};

const XST_COMMANDS: &[u8] = &[
    0x10, 0x11, 0x12, 0x14, 0x1D, 0x1E, 0x1F, 0x20, 0x21, 0x22, 0x23, 0x24, 0x30, 0x93, 0xD4, 0xED,
];

pub(in crate::sim) const XST: Dialect = Dialect {
    version: "XST-SIM V1.1",
    serial: "SIM-0000-0002",
    palms: Range { first: 1, count: 50 },
    faces: Range { first: 1, count: 0 },
    count_bytes: 1,
    palm_note: 4,
    commands: XST_COMMANDS,
    client_commands: XST_COMMANDS,
    continuous: false,
};

pub(in crate::sim) const FP: Dialect = Dialect {
    version: "FP-SIM 1.0.0",
    serial: "SIM-0000-0003",
    palms: Range {
        first: 501,
        count: 300,
    },
    faces: Range { first: 1, count: 500 },
    count_bytes: 2,
    palm_note: 1,
    commands: &[
        0x10, 0x11, 0x12, 0x20, 0x21, 0x22, 0x23, 0x24, 0x26, 0x30, 0x80, 0x90, 0x93, 0xD4, 0xED,
    ],
    client_commands: &[0x11, 0x12, 0x20, 0x21, 0x24, 0x26, 0x80, 0x90],
    continuous: false,
};

/// Commands that a production host must never send: they skip the comparison, fix a key for ever, bring in
/// templates, or take new firmware. They are refused, and the trace says so.
pub(super) const FORBIDDEN: &[u8] = &[0x40, 0x41, 0x42, 0x43, 0x44, 0x52, 0xC1, 0xC3, 0xF9, 0xFE];

/// The byte of a verification that says what was recognised.
pub(super) const TYPE_PALM: u8 = 0xFA;
pub(super) const TYPE_FACE: u8 = 0xC8;

pub(super) const OK: u8 = 0;
pub(super) const REJECTED: u8 = 1;
pub(super) const ABORTED: u8 = 2;
pub(super) const BAD_PARAMETER: u8 = 6;
pub(super) const UNKNOWN_USER: u8 = 8;
pub(super) const STORE_FULL: u8 = 9;
pub(super) const ALREADY_ENROLLED: u8 = 10;
pub(super) const NOT_LIVE: u8 = 12;
pub(super) const TIMEOUT: u8 = 13;

/// States of a note.
pub(super) const FACE_OK: i16 = 0;
pub(super) const NOTHING_SEEN: i16 = 1;
pub(super) const FACE_FAR: i16 = 6;
pub(super) const HAND_OK: i16 = 128;
pub(super) const HAND_FAR: i16 = 129;
pub(super) const HAND_UP: i16 = 131;

/// The command of a message.
pub(super) fn verb(command: u8) -> Verb {
    match command {
        0x10 => Verb::Reset,
        0x11 => Verb::Status,
        0x12 => Verb::Verify,
        0x13 | 0x1D | 0x1E | 0x1F | 0x26 => Verb::Enrol,
        0x20 | 0x21 | 0x80 => Verb::Delete,
        0x22 => Verb::Info,
        0x24 => Verb::List,
        0x30 | 0x93 => Verb::Identity,
        _ => Verb::Other,
    }
}

/// What people call a command.
pub(super) fn command_name(command: u8) -> &'static str {
    match command {
        0x10 => "reset",
        0x11 => "status",
        0x12 => "verify",
        0x13 => "enrol",
        0x14 => "enrol progress",
        0x1D => "enrol single",
        0x1E => "enrol with id",
        0x1F => "enrol with long id",
        0x20 => "delete user",
        0x21 => "delete all",
        0x22 => "user info",
        0x23 => "drop enrolment",
        0x24 => "list ids",
        0x26 => "enrol",
        0x30 => "version",
        0x80 => "delete palm user",
        0x90 => "light",
        0x93 => "serial number",
        0xB5 => "report boxes",
        0xD4 => "thresholds",
        0xED => "prepare power-down",
        _ => "unknown command",
    }
}

/// What people call a result.
pub(super) fn result_name(result: u8) -> &'static str {
    match result {
        0 => "ok",
        1 => "rejected",
        2 => "aborted",
        4 => "camera fault",
        5 => "unknown fault",
        6 => "bad parameter",
        7 => "out of memory",
        8 => "unknown user",
        9 => "store full",
        10 => "already enrolled",
        12 => "not live",
        13 => "timed out",
        14 => "no licence",
        19 => "read fault",
        20 => "write fault",
        21 => "wants encryption",
        23..=25 => "photo fault",
        26 => "QR code",
        239 => "unknown hand user",
        241 => "hand already enrolled",
        _ => "unknown result",
    }
}

/// What people call a state.
pub(super) fn state_name(state: i16) -> &'static str {
    match state {
        0 => "face in place",
        1 => "nothing seen",
        2..=14 => "face not in place",
        128 => "hand in place",
        129 => "hand too far",
        130 => "hand too close",
        131 => "hand too high",
        132 => "hand too low",
        133 => "hand too far left",
        134 => "hand too far right",
        _ => "unknown state",
    }
}
