//! Commands of the family, one file each. A command is pure: it names its time limit and turns into a frame,
//! and a reply into a value. [`super::serial::Line::exchange`] is the one place that performs it.
//!
//! The commands that skip the comparison (FE), burn a permanent key (52) or import templates (F9, C3) are left
//! out on purpose.

mod delete_user;
mod enrol_single;
mod list_ids;
mod reset;
mod serial_number;
mod status;
mod verify;
mod version;

pub use delete_user::DeleteUser;
pub use enrol_single::{EnrolSingle, Enrolled};
pub use list_ids::ListIds;
pub use reset::Reset;
pub use serial_number::SerialNumber;
pub use status::Status;
pub use verify::{Identified, Verify};
pub use version::Version;

use std::time::Duration;

use super::inbound::ResultCode;
use super::protocol::Frame;

/// Time limit of commands that only look something up.
const QUICK: Duration = Duration::from_secs(2);
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
    /// What a successful reply says.
    type Reply;

    /// How long to wait for the reply.
    fn timeout(&self) -> Duration;

    /// The request.
    fn to_frame(&self) -> Frame;

    /// Reads the reply. A result that a person can cause is part of [`Self::Reply`]; any other one is
    /// [`ReplyFault::Refused`].
    fn parse_reply(&self, result: ResultCode, payload: &[u8]) -> Result<Self::Reply, ReplyFault>;
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

fn accepted(result: ResultCode) -> Result<(), ReplyFault> {
    if result == ResultCode::OK {
        Ok(())
    } else {
        Err(ReplyFault::Refused(result))
    }
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

    /// Vectors of the protocol notes: from vendors' sources or seen from independent clients.
    #[test]
    fn requests_equal_the_known_vectors() {
        assert_eq!(wire(&Reset), "EF AA 10 00 00 10");
        assert_eq!(wire(&Status), "EF AA 11 00 00 11");
        assert_eq!(wire(&Verify { limit_s: 10 }), "EF AA 12 00 02 00 0A 1A");
        assert_eq!(wire(&Verify { limit_s: 3 }), "EF AA 12 00 02 00 03 13");
        assert_eq!(wire(&ListIds), "EF AA 24 00 01 00 25");
        assert_eq!(wire(&DeleteUser { id: 1001 }), "EF AA 20 00 02 03 E9 C8");
        let name = "61 69 67 65 72 69 6D".to_owned() + &" 00".repeat(25);
        let enrol = EnrolSingle {
            tag: "aigerim",
            admin: false,
            limit_s: 5,
        };
        assert_eq!(wire(&enrol), format!("EF AA 1D 00 23 00 {name} 00 05 47"));
        let name = "77 61 74 65 72".to_owned() + &" 00".repeat(27);
        let enrol = EnrolSingle {
            tag: "water",
            admin: true,
            limit_s: 10,
        };
        assert_eq!(wire(&enrol), format!("EF AA 1D 00 23 01 {name} 00 0A 40"));
        assert_eq!(wire(&Version), "EF AA 30 00 00 30");
        assert_eq!(wire(&SerialNumber), "EF AA 93 00 00 93");
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

    fn survives<C: Command>(command: &C, result: u8, payload: &[u8]) {
        let _ = command.parse_reply(ResultCode(result), payload);
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
            survives(&EnrolSingle { tag: "t", admin: false, limit_s: 3 }, result, &payload);
            survives(&DeleteUser { id: 1 }, result, &payload);
            survives(&ListIds, result, &payload);
        }
    }
}
