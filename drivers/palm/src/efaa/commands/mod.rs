//! Commands of the family, one file each. A command is pure: it names its time limit and turns into a frame,
//! and a reply into a value. `line.rs` is the one place that performs it.
//!
//! The commands that skip the comparison (FE), burn a permanent key (52) or import templates (F9, C3) are left
//! out on purpose.

mod delete_user;
mod drop_enrolment;
mod enrol;
mod enrol_progress;
mod list_ids;
mod reset;
mod serial_number;
mod status;
mod user_info;
mod verify;
mod version;

pub use delete_user::{DeletePalm, DeleteUser, UserType};
pub use drop_enrolment::DropEnrolment;
pub use enrol::{EnrolPalm, EnrolSingle, EnrolWithId, Enrolled, Enrolment};
pub use enrol_progress::EnrolProgress;
pub use list_ids::{CountPalms, CountedPalms, ListIds};
pub use reset::Reset;
pub use serial_number::SerialNumber;
pub use status::Status;
pub use user_info::UserInfo;
pub use verify::{Identified, UnlockKind, Verify};
pub use version::Version;

use std::time::Duration;

use super::inbound::ResultCode;
use super::protocol::{self, Frame};

/// Time limit of commands that only look something up.
pub(super) const QUICK: Duration = Duration::from_secs(2);
/// Time limit of what not every module answers, where nothing shows that it is slow.
pub(super) const BRIEF: Duration = Duration::from_millis(500);
/// What a capture may take beyond the module's own time limit.
const CAPTURE_GRACE: Duration = Duration::from_secs(5);
/// Bytes of the name field, NUL-padded.
const NAME_LEN: usize = 32;

/// One command and its reply.
pub trait Command {
    /// For messages to people.
    const NAME: &'static str;
    /// Message id.
    const MESSAGE: u8;
    /// Bytes that follow the result byte of a success, at least. Firmware that adds some of its own is understood.
    const REPLY_LEN: usize;
    /// Longest data that a frame may claim while this is under way, in bytes.
    const DATA_CAP: usize = protocol::DATA_CAP;
    /// What a successful reply says.
    type Reply;

    /// How long to wait for the reply.
    fn timeout(&self) -> Duration;

    /// The request.
    fn to_frame(&self) -> Frame;

    /// Reads what follows the result byte of a success, at least [`Self::REPLY_LEN`] bytes.
    fn read(&self, payload: &[u8]) -> Result<Self::Reply, ReplyFault>;

    /// What a result other than success means, where it means anything but a failure.
    fn refused(&self, result: ResultCode) -> Result<Self::Reply, ReplyFault> {
        Err(ReplyFault::Refused(result))
    }

    /// Reads the reply.
    fn parse_reply(&self, result: ResultCode, payload: &[u8]) -> Result<Self::Reply, ReplyFault> {
        if result != ResultCode::OK {
            return self.refused(result);
        }
        if payload.len() < Self::REPLY_LEN {
            return Err(ReplyFault::Short {
                needed: Self::REPLY_LEN,
                got: payload.len(),
            });
        }
        self.read(payload)
    }
}

/// Why a reply is no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReplyFault {
    /// The module says no.
    #[error("the module refused: {0}")]
    Refused(ResultCode),
    /// The payload ends too early.
    #[error("the reply has {got} bytes of payload where {needed} are needed")]
    Short {
        /// Bytes needed.
        needed: usize,
        /// Bytes received.
        got: usize,
    },
    /// A field holds a value that the protocol does not know.
    #[error("the reply holds an impossible {0}")]
    Impossible(&'static str),
}

/// The first `N` bytes of the payload.
fn head<const N: usize>(payload: &[u8]) -> Result<&[u8; N], ReplyFault> {
    payload.first_chunk().ok_or(ReplyFault::Short {
        needed: N,
        got: payload.len(),
    })
}

/// Text up to the first byte that is not printable ASCII: fields are padded with NUL or FF and not always ended.
fn text(payload: &[u8]) -> String {
    payload
        .iter()
        .take_while(|byte| matches!(byte, 0x20..=0x7E))
        .map(|byte| char::from(*byte))
        .collect()
}

/// A tag as the name field wants it: padded with NUL, and with one NUL left even when the tag is longer.
fn name_field(tag: &str) -> [u8; NAME_LEN] {
    let mut field = [0; NAME_LEN];
    for (to, from) in field.iter_mut().zip(tag.bytes().take(NAME_LEN - 1)) {
        *to = from;
    }
    field
}

/// Whether an id can name a stored user.
fn is_user_id(id: u16) -> bool {
    id != 0 && id != 0xFFFF
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::efaa::inbound;
    use crate::efaa::protocol::Decoder;
    use proptest::prelude::*;

    fn wire(command: &impl Command) -> String {
        let bytes: Vec<String> = command
            .to_frame()
            .encode()
            .iter()
            .map(|byte| format!("{byte:02X}"))
            .collect();
        bytes.join(" ")
    }

    fn enrolment(tag: &str, admin: bool, limit_s: u8) -> Enrolment<'_> {
        Enrolment { tag, admin, limit_s }
    }

    /// Vectors of the protocol notes: from vendors' sources or seen from independent clients.
    #[test]
    fn requests_equal_the_known_vectors() {
        assert_eq!(wire(&Reset), "EF AA 10 00 00 10");
        assert_eq!(wire(&Status), "EF AA 11 00 00 11");
        assert_eq!(wire(&Verify { limit_s: 10 }), "EF AA 12 00 02 00 0A 1A");
        assert_eq!(wire(&Verify { limit_s: 3 }), "EF AA 12 00 02 00 03 13");
        assert_eq!(wire(&ListIds::Numbered), "EF AA 24 00 01 00 25");
        assert_eq!(wire(&CountPalms), "EF AA 24 00 01 02 27");
        assert_eq!(wire(&UserInfo { id: 1001 }), "EF AA 22 00 02 03 E9 CA");
        assert_eq!(
            wire(&DeleteUser { id: 1001, of: None }),
            "EF AA 20 00 02 03 E9 C8"
        );
        assert_eq!(wire(&DeletePalm { id: 501 }), "EF AA 80 00 03 01 F5 01 76");
        let name = "61 69 67 65 72 69 6D".to_owned() + &" 00".repeat(25);
        assert_eq!(
            wire(&EnrolSingle(enrolment("aigerim", false, 5))),
            format!("EF AA 1D 00 23 00 {name} 00 05 47")
        );
        assert_eq!(
            wire(&EnrolPalm(enrolment("aigerim", false, 10))),
            format!("EF AA 26 00 28 00 {name} FD 01 00 0A 00 00 00 84")
        );
        let name = "77 61 74 65 72".to_owned() + &" 00".repeat(27);
        assert_eq!(
            wire(&EnrolSingle(enrolment("water", true, 10))),
            format!("EF AA 1D 00 23 01 {name} 00 0A 40")
        );
    }

    /// Worked out from the tables by hand.
    #[test]
    fn requests_follow_the_tables() {
        assert_eq!(wire(&Version), "EF AA 30 00 00 30");
        assert_eq!(wire(&SerialNumber), "EF AA 93 00 00 93");
        assert_eq!(wire(&ListIds::Plain), "EF AA 24 00 00 24");
        assert_eq!(wire(&EnrolProgress), "EF AA 14 00 00 14");
        assert_eq!(wire(&DropEnrolment), "EF AA 23 00 00 23");
        let typed = DeleteUser {
            id: 3,
            of: Some(UserType::Face),
        };
        assert_eq!(wire(&typed), "EF AA 20 00 03 00 03 00 20");
        let typed = DeleteUser {
            id: 501,
            of: Some(UserType::Palm),
        };
        assert_eq!(wire(&typed), "EF AA 20 00 03 01 F5 01 D6");
        let chosen = EnrolWithId {
            id: 7,
            enrolment: enrolment("t", false, 10),
        };
        let name = "74".to_owned() + &" 00".repeat(31);
        assert_eq!(wire(&chosen), format!("EF AA 1E 00 25 00 00 07 {name} 00 0A 42"));
    }

    /// What the module says in the vectors of the protocol notes, read as the answer to the command.
    fn said<C: Command>(command: &C, wire: &str) -> Result<C::Reply, ReplyFault> {
        let bytes: Vec<u8> = wire
            .split_whitespace()
            .map(|byte| u8::from_str_radix(byte, 16).unwrap())
            .collect();
        let mut decoder = Decoder::default();
        decoder.push(&bytes);
        let frame = decoder.next_frame().unwrap().unwrap();
        assert!(!decoder.is_mid_frame());
        match inbound::read(&frame, inbound::Purpose::FacesAndPalms) {
            inbound::Inbound::Reply(reply) => {
                assert_eq!(reply.message, C::MESSAGE);
                command.parse_reply(reply.result, &reply.payload)
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn replies_of_the_known_vectors_are_read() {
        assert_eq!(said(&Reset, "EF AA 00 00 02 10 00 12"), Ok(()));
        let name = "61 69 67 65 72 69 6D".to_owned() + &" 00".repeat(25);
        let found = said(
            &Verify { limit_s: 10 },
            &format!("EF AA 00 00 26 12 00 03 E9 {name} 00 FA 58"),
        );
        assert_eq!(
            found,
            Ok(Identified {
                id: 1001,
                kind: UnlockKind::Palm
            })
        );
        assert_eq!(
            said(&ListIds::Numbered, "EF AA 00 00 05 24 00 01 03 E9 CA"),
            Ok(vec![1001])
        );
        for (wire, code) in [
            ("EF AA 00 00 02 12 08 18", 8),
            ("EF AA 00 00 02 12 0C 1C", 12),
            ("EF AA 00 00 02 12 0D 1D", 13),
            ("EF AA 00 00 02 12 01 11", 1),
        ] {
            let refused = Err(ReplyFault::Refused(ResultCode(code)));
            assert_eq!(said(&Verify { limit_s: 10 }, wire), refused, "{wire}");
        }
    }

    #[test]
    fn text_ends_where_the_padding_starts() {
        assert_eq!(text(b"AI10-1\0\0junk"), "AI10-1");
        assert_eq!(text(b"SN42\xFF\xFF"), "SN42");
        assert_eq!(text(b"\xD0\x90"), "");
        assert_eq!(text(b""), "");
    }

    #[test]
    fn the_name_field_keeps_one_nul() {
        assert_eq!(name_field(&"x".repeat(40))[30..], [b'x', 0]);
    }

    /// Whatever comes, a success is at least as long as it has to be and none is one by its result alone.
    fn survives<C: Command>(command: &C, result: u8, payload: &[u8]) {
        let read = command.parse_reply(ResultCode(result), payload);
        assert!(read.is_err() || result != 0 || payload.len() >= C::REPLY_LEN);
    }

    proptest! {
        #[test]
        fn no_reply_panics(result in prop_oneof![Just(0u8), any::<u8>()],
                           payload in prop::collection::vec(any::<u8>(), 0..260)) {
            survives(&Reset, result, &payload);
            survives(&Status, result, &payload);
            survives(&Version, result, &payload);
            survives(&SerialNumber, result, &payload);
            survives(&Verify { limit_s: 3 }, result, &payload);
            survives(&EnrolSingle(enrolment("t", false, 3)), result, &payload);
            survives(&EnrolPalm(enrolment("t", false, 3)), result, &payload);
            survives(&EnrolWithId { id: 1, enrolment: enrolment("t", false, 3) }, result, &payload);
            survives(&EnrolProgress, result, &payload);
            survives(&DropEnrolment, result, &payload);
            survives(&DeleteUser { id: 1, of: None }, result, &payload);
            survives(&DeleteUser { id: 1, of: Some(UserType::Palm) }, result, &payload);
            survives(&DeletePalm { id: 1 }, result, &payload);
            survives(&UserInfo { id: 1 }, result, &payload);
            survives(&ListIds::Plain, result, &payload);
            survives(&CountPalms, result, &payload);
        }
    }
}
