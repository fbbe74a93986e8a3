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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_packet() -> impl Strategy<Value = Packet> {
        let known = prop_oneof![
            0x01..=0x05u8,
            0x10..=0x12u8,
            0x20..=0x21u8,
            0x40..=0x43u8,
            0xFE..=0xFFu8
        ];
        let kind = prop_oneof![known.clone(), known.prop_map(|kind| kind | ANSWER), any::<u8>()];
        // Flags and counts are small numbers, and stand at the front as well as behind long fields.
        let byte = prop_oneof![Just(0u8), Just(1), any::<u8>()];
        let payload = prop::collection::vec(byte, 0..=PAYLOAD_MAX);
        (0..=2u8, kind, any::<u16>(), payload)
            .prop_map(|(version, kind, id, payload)| Packet::new(version, kind, id, payload).unwrap())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        /// Whatever is understood says the same when it is sent again, but for what a later revision appended.
        #[test]
        fn what_is_understood_can_be_said(packet in any_packet()) {
            if let Ok(reply) = Reply::from_packet(&packet) {
                let again = reply.to_packet(packet.id());
                prop_assert!(packet.payload().starts_with(again.payload()));
                prop_assert_eq!((again.version(), again.kind()), (packet.version(), packet.kind()));
                prop_assert_eq!(Reply::from_packet(&again), Ok(reply));
            }
            if let Ok(request) = Request::from_packet(&packet) {
                let again = request.to_packet(packet.id());
                prop_assert!(packet.payload().starts_with(again.payload()));
                prop_assert_eq!((again.version(), again.kind()), (packet.version(), packet.kind()));
                prop_assert_eq!(Request::from_packet(&again), Ok(request));
            }
        }

        /// No payload that is shorter than its table is taken.
        #[test]
        fn a_short_payload_is_refused(packet in any_packet(), cut in 1..8usize) {
            if let Ok(reply) = Reply::from_packet(&packet) {
                let whole = reply.to_packet(packet.id());
                let length = whole.payload().len().saturating_sub(cut);
                let short = whole.payload()[..length].to_vec();
                let short = Packet::new(whole.version(), whole.kind(), whole.id(), short).unwrap();
                prop_assert!(whole.payload().is_empty() || Reply::from_packet(&short) == Err(MessageFault::Short));
            }
        }
    }

    #[test]
    fn another_version_in_the_header_is_refused() {
        let check = |version, kind, expect| {
            let packet = Packet::new(version, kind, 1, vec![0; 7]).unwrap();
            assert_eq!(
                Reply::from_packet(&packet).is_ok(),
                expect,
                "{version} {kind:02x}"
            );
        };
        check(0, kind::HELLO | ANSWER, true);
        check(1, kind::HELLO | ANSWER, false);
        check(1, kind::ACCEPTED, true);
        check(0, kind::ACCEPTED, false);
        check(2, kind::ACCEPTED, false);
        check(0, kind::REFUSED, true);
        check(1, kind::REFUSED, false);
    }
}
