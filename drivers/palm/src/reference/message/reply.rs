//! What the scanner says.

use super::super::fields::{Fields, MessageFault, Text};
use super::super::frame::Packet;
use super::super::report::Report;
use super::super::seal::{Sealed, Statement};
use super::{ANSWER, Identity, Part, Status, UNVERSIONED, VERSION, flag, kind, packet, versioned};

/// What the scanner says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// A session has begun.
    Hello {
        /// Version of the session.
        version: u8,
        /// Lowest version that the scanner speaks.
        lowest: u8,
        /// Highest version that the scanner speaks.
        highest: u8,
        /// Another number after each start.
        boot: u32,
    },
    /// What it is.
    Identity(Box<Identity>),
    /// How it does.
    Status(Status),
    /// What its parts do.
    SelfTest(Vec<Part>),
    /// The newest link of its chain.
    Head {
        /// Of the newest capture.
        counter: u64,
        /// The first bytes of the hash of the public key.
        key_id: [u8; 8],
        /// SHA-256 of the newest statement.
        hash: [u8; 32],
    },
    /// The end of a capture.
    Capture {
        /// What was captured.
        report: Report,
        /// That the scanner stands for it.
        seal: Option<Box<Sealed>>,
    },
    /// The end of an enrolment.
    Enrol {
        /// What was stored.
        reference: u32,
        /// What was wrong with the capture.
        quality: u16,
        /// How it ended.
        outcome: u8,
    },
    /// Whether a job was ended.
    Cancel {
        /// It was running, and is no longer.
        ended: bool,
    },
    /// A page of the references.
    List {
        /// How many there are in all.
        total: u32,
        /// Whether more follow.
        more: bool,
        /// Number and tag.
        entries: Vec<(u32, Text)>,
    },
    /// A reference is not there any more.
    Delete {
        /// It was there.
        existed: bool,
    },
    /// A job has begun.
    Accepted,
    /// A job goes on.
    Progress {
        /// Where the hand is.
        position: u8,
    },
    /// A fault has come or gone.
    Fault {
        /// Which.
        fault: u8,
        /// It has come.
        present: bool,
        /// The maker's own.
        detail: u16,
    },
    /// The scanner has started.
    Ready {
        /// Another number after each start.
        boot: u32,
        /// Why it started.
        cause: u8,
    },
    /// A request was begun and could not be completed.
    Failed {
        /// Its kind.
        request: u8,
        /// What failed.
        fault: u8,
        /// The maker's own.
        detail: u16,
    },
    /// A request was not begun.
    Refused {
        /// Its kind.
        request: u8,
        /// Why.
        code: u8,
        /// Depends on the code.
        detail: u16,
    },
}

impl Reply {
    /// The kind of the message.
    pub fn kind(&self) -> u8 {
        match self {
            Self::Hello { .. } => kind::HELLO | ANSWER,
            Self::Identity(_) => kind::IDENTITY | ANSWER,
            Self::Status(_) => kind::STATUS | ANSWER,
            Self::SelfTest(_) => kind::SELF_TEST | ANSWER,
            Self::Head { .. } => kind::HEAD | ANSWER,
            Self::Capture { .. } => kind::CAPTURE | ANSWER,
            Self::Enrol { .. } => kind::ENROL | ANSWER,
            Self::Cancel { .. } => kind::CANCEL | ANSWER,
            Self::List { .. } => kind::LIST | ANSWER,
            Self::Delete { .. } => kind::DELETE | ANSWER,
            Self::Accepted => kind::ACCEPTED,
            Self::Progress { .. } => kind::PROGRESS,
            Self::Fault { .. } => kind::FAULT,
            Self::Ready { .. } => kind::READY,
            Self::Failed { .. } => kind::FAILED,
            Self::Refused { .. } => kind::REFUSED,
        }
    }

    /// Whether it is what a request of this kind is answered with at its end, when all goes well.
    pub fn answers(&self, request: u8) -> bool {
        self.kind() == request | ANSWER && request < kind::ACCEPTED
    }

    fn version(&self) -> u8 {
        match self {
            Self::Hello { .. } | Self::Ready { .. } | Self::Refused { .. } => UNVERSIONED,
            _ => VERSION,
        }
    }

    fn payload(&self) -> Vec<u8> {
        match self {
            Self::Hello {
                version,
                lowest,
                highest,
                boot,
            } => [&[*version, *lowest, *highest], &boot.to_le_bytes()[..]].concat(),
            Self::Identity(identity) => identity.payload(),
            Self::Status(status) => status.payload(),
            Self::SelfTest(parts) => {
                let mut payload = vec![parts.len() as u8];
                payload.extend(parts.iter().flat_map(|part| part.payload()));
                payload
            }
            Self::Head {
                counter,
                key_id,
                hash,
            } => [&counter.to_le_bytes()[..], key_id, hash].concat(),
            Self::Capture { report, seal: None } => [&report.0[..], &[0]].concat(),
            Self::Capture {
                report,
                seal: Some(seal),
            } => [&report.0[..], &[1], &seal.statement.0, &seal.signature].concat(),
            Self::Enrol {
                reference,
                quality,
                outcome,
            } => [&reference.to_le_bytes()[..], &quality.to_le_bytes(), &[*outcome]].concat(),
            Self::Cancel { ended: flag } | Self::Delete { existed: flag } => vec![u8::from(*flag)],
            Self::List { total, more, entries } => {
                let mut payload = total.to_le_bytes().to_vec();
                payload.extend([u8::from(*more), entries.len() as u8]);
                for (reference, tag) in entries {
                    payload.extend(reference.to_le_bytes());
                    payload.extend(tag.0);
                }
                payload
            }
            Self::Accepted => Vec::new(),
            Self::Progress { position } => vec![*position],
            Self::Ready { boot, cause } => [&boot.to_le_bytes()[..], &[*cause]].concat(),
            Self::Fault {
                fault,
                present,
                detail,
            } => three(*fault, u8::from(*present), *detail),
            Self::Failed {
                request,
                fault: code,
                detail,
            }
            | Self::Refused {
                request,
                code,
                detail,
            } => three(*request, *code, *detail),
        }
    }

    /// The packet with this id, as a scanner would send it.
    pub fn to_packet(&self, id: u16) -> Packet {
        packet(self.version(), self.kind(), id, self.payload())
    }

    /// Reads what a scanner said. A payload that is longer than this version knows is as good.
    pub fn from_packet(packet: &Packet) -> Result<Self, MessageFault> {
        let mut fields = Fields(packet.payload());
        let reply = match packet.kind() {
            kind::ACCEPTED => Self::Accepted,
            kind::PROGRESS => Self::Progress {
                position: fields.u8()?,
            },
            kind::FAULT => Self::Fault {
                fault: fields.u8()?,
                present: flag(&mut fields)?,
                detail: fields.u16()?,
            },
            kind::READY => Self::Ready {
                boot: fields.u32()?,
                cause: fields.u8()?,
            },
            kind::FAILED => Self::Failed {
                request: fields.u8()?,
                fault: fields.u8()?,
                detail: fields.u16()?,
            },
            kind::REFUSED => Self::Refused {
                request: fields.u8()?,
                code: fields.u8()?,
                detail: fields.u16()?,
            },
            answer if answer & ANSWER != 0 => Self::answer(answer & !ANSWER, fields)?,
            unknown => return Err(MessageFault::UnknownKind(unknown)),
        };
        versioned(packet, reply.version())?;
        Ok(reply)
    }

    fn answer(request: u8, mut fields: Fields<'_>) -> Result<Self, MessageFault> {
        Ok(match request {
            kind::HELLO => Self::Hello {
                version: fields.u8()?,
                lowest: fields.u8()?,
                highest: fields.u8()?,
                boot: fields.u32()?,
            },
            kind::IDENTITY => Self::Identity(Box::new(Identity::read(&mut fields)?)),
            kind::STATUS => Self::Status(Status::read(&mut fields)?),
            kind::SELF_TEST => {
                let count = fields.u8()?;
                let parts = (0..count).map(|_| Part::read(&mut fields));
                Self::SelfTest(parts.collect::<Result<_, _>>()?)
            }
            kind::HEAD => Self::Head {
                counter: fields.u64()?,
                key_id: fields.array()?,
                hash: fields.array()?,
            },
            kind::CAPTURE => {
                let report = Report(fields.array()?);
                let seal = if flag(&mut fields)? {
                    let statement = Statement(fields.array()?);
                    let signature = fields.array()?;
                    Some(Box::new(Sealed { statement, signature }))
                } else {
                    None
                };
                Self::Capture { report, seal }
            }
            kind::ENROL => Self::Enrol {
                reference: fields.u32()?,
                quality: fields.u16()?,
                outcome: fields.u8()?,
            },
            kind::CANCEL => Self::Cancel {
                ended: flag(&mut fields)?,
            },
            kind::LIST => {
                let total = fields.u32()?;
                let more = flag(&mut fields)?;
                let count = fields.u8()?;
                let entries = (0..count).map(|_| Ok((fields.u32()?, fields.text()?)));
                Self::List {
                    total,
                    more,
                    entries: entries.collect::<Result<_, _>>()?,
                }
            }
            kind::DELETE => Self::Delete {
                existed: flag(&mut fields)?,
            },
            unknown => return Err(MessageFault::UnknownKind(unknown | ANSWER)),
        })
    }
}

/// The layout that three messages share.
fn three(first: u8, second: u8, detail: u16) -> Vec<u8> {
    [&[first, second], &detail.to_le_bytes()[..]].concat()
}
