//! What the host says.

use super::super::fields::{Fields, MessageFault, Text};
use super::super::frame::Packet;
use super::{UNVERSIONED, VERSION, kind, packet, versioned};

/// What the host asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Begins a session.
    Hello {
        /// Lowest version that the host speaks.
        lowest: u8,
        /// Highest version that the host speaks.
        highest: u8,
    },
    /// What the scanner is.
    Identity,
    /// How it does.
    Status,
    /// Checks its parts.
    SelfTest,
    /// The newest link of its chain.
    Head,
    /// Looks for a palm and compares it.
    Capture {
        /// How long it may look, in ms.
        limit_ms: u32,
        /// What it has to repeat in its seal.
        challenge: [u8; 32],
    },
    /// Looks for a palm and stores it.
    Enrol {
        /// How long it may look, in ms.
        limit_ms: u32,
        /// An opaque name.
        tag: Text,
    },
    /// Ends a job.
    Cancel {
        /// The id of the job; 0 for any.
        job: u16,
    },
    /// A page of the references.
    List {
        /// Those with greater numbers.
        after: u32,
    },
    /// Deletes a reference.
    Delete {
        /// Which.
        reference: u32,
    },
}

impl Request {
    /// The kind of the message.
    pub fn kind(&self) -> u8 {
        match self {
            Self::Hello { .. } => kind::HELLO,
            Self::Identity => kind::IDENTITY,
            Self::Status => kind::STATUS,
            Self::SelfTest => kind::SELF_TEST,
            Self::Head => kind::HEAD,
            Self::Capture { .. } => kind::CAPTURE,
            Self::Enrol { .. } => kind::ENROL,
            Self::Cancel { .. } => kind::CANCEL,
            Self::List { .. } => kind::LIST,
            Self::Delete { .. } => kind::DELETE,
        }
    }

    /// For messages to people.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Hello { .. } => "hello",
            Self::Identity => "identity",
            Self::Status => "status",
            Self::SelfTest => "self-test",
            Self::Head => "head",
            Self::Capture { .. } => "capture",
            Self::Enrol { .. } => "enrol",
            Self::Cancel { .. } => "cancel",
            Self::List { .. } => "list",
            Self::Delete { .. } => "delete",
        }
    }

    /// Whether it takes time, and is answered twice.
    pub fn is_job(&self) -> bool {
        matches!(self, Self::SelfTest | Self::Capture { .. } | Self::Enrol { .. })
    }

    fn payload(&self) -> Vec<u8> {
        match self {
            Self::Hello { lowest, highest } => vec![*lowest, *highest],
            Self::Identity | Self::Status | Self::SelfTest | Self::Head => Vec::new(),
            Self::Capture { limit_ms, challenge } => [&limit_ms.to_le_bytes()[..], challenge].concat(),
            Self::Enrol { limit_ms, tag } => [&limit_ms.to_le_bytes()[..], &tag.0].concat(),
            Self::Cancel { job } => job.to_le_bytes().to_vec(),
            Self::List { after } => after.to_le_bytes().to_vec(),
            Self::Delete { reference } => reference.to_le_bytes().to_vec(),
        }
    }

    /// The packet with this id.
    pub fn to_packet(&self, id: u16) -> Packet {
        let kind = self.kind();
        let version = if kind == kind::HELLO { UNVERSIONED } else { VERSION };
        packet(version, kind, id, self.payload())
    }

    /// Reads a request, as a scanner would.
    pub fn from_packet(packet: &Packet) -> Result<Self, MessageFault> {
        let mut fields = Fields(packet.payload());
        let request = match packet.kind() {
            kind::HELLO => Self::Hello {
                lowest: fields.u8()?,
                highest: fields.u8()?,
            },
            kind::IDENTITY => Self::Identity,
            kind::STATUS => Self::Status,
            kind::SELF_TEST => Self::SelfTest,
            kind::HEAD => Self::Head,
            kind::CAPTURE => Self::Capture {
                limit_ms: fields.u32()?,
                challenge: fields.array()?,
            },
            kind::ENROL => Self::Enrol {
                limit_ms: fields.u32()?,
                tag: fields.text()?,
            },
            kind::CANCEL => Self::Cancel { job: fields.u16()? },
            kind::LIST => Self::List { after: fields.u32()? },
            kind::DELETE => Self::Delete {
                reference: fields.u32()?,
            },
            unknown => return Err(MessageFault::UnknownKind(unknown)),
        };
        versioned(packet, request.to_packet(0).version())?;
        Ok(request)
    }
}
