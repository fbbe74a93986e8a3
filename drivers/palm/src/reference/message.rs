//! Messages: the payloads of packets, as values. Both directions in both ways, so that each can test the other.

mod device;
mod reply;
mod request;

pub use device::{Identity, Part, Status};
pub use reply::Reply;
pub use request::Request;

use super::fields::{Fields, MessageFault};
use super::frame::{PAYLOAD_MAX, Packet};

/// The version of the protocol that is spoken here.
pub const VERSION: u8 = 1;
/// What the version byte holds where no version is agreed upon.
const UNVERSIONED: u8 = 0;
/// The answer to a request has its kind and this bit.
const ANSWER: u8 = 0x80;

/// Kinds of messages.
pub mod kind {
    #![allow(missing_docs)]
    pub const HELLO: u8 = 0x01;
    pub const IDENTITY: u8 = 0x02;
    pub const STATUS: u8 = 0x03;
    pub const SELF_TEST: u8 = 0x04;
    pub const HEAD: u8 = 0x05;
    pub const CAPTURE: u8 = 0x10;
    pub const ENROL: u8 = 0x11;
    pub const CANCEL: u8 = 0x12;
    pub const LIST: u8 = 0x20;
    pub const DELETE: u8 = 0x21;
    pub const ACCEPTED: u8 = 0x40;
    pub const PROGRESS: u8 = 0x41;
    pub const FAULT: u8 = 0x42;
    pub const READY: u8 = 0x43;
    pub const FAILED: u8 = 0xFE;
    pub const REFUSED: u8 = 0xFF;
}

fn flag(fields: &mut Fields<'_>) -> Result<bool, MessageFault> {
    match fields.u8()? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(MessageFault::Impossible("flag")),
    }
}

fn versioned(packet: &Packet, version: u8) -> Result<(), MessageFault> {
    if packet.version() == version {
        Ok(())
    } else {
        Err(MessageFault::Impossible("version"))
    }
}

/// No message is longer than a packet's payload, except one that was made too long on purpose: it is cut.
fn packet(version: u8, kind: u8, id: u16, mut payload: Vec<u8>) -> Packet {
    payload.truncate(PAYLOAD_MAX);
    Packet::new(version, kind, id, payload).unwrap_or_else(|| unreachable!("the payload was cut to its cap"))
}
