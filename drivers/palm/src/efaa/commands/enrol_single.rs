use std::time::Duration;

use super::{CAPTURE_GRACE, Command, ReplyFault, accepted, head, is_user_id, name_field};
use crate::efaa::inbound::ResultCode;
use crate::efaa::protocol::Frame;

/// Captures once and stores a reference in the module.
#[derive(Clone, Copy)]
pub struct EnrolSingle<'a> {
    /// Name of the reference; what is beyond 31 bytes is cut off.
    pub tag: &'a str,
    /// Whether the module's own administrator menu accepts this reference.
    pub admin: bool,
    /// How long the module may look for a hand, in seconds; 3 to 20.
    pub limit_s: u8,
}

/// What was stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Enrolled {
    /// Id in the module; never 0 or FFFF.
    pub id: u16,
}

impl Command for EnrolSingle<'_> {
    const NAME: &'static str = "enrol";
    const MESSAGE: u8 = 0x1D;
    type Reply = Enrolled;

    fn timeout(&self) -> Duration {
        Duration::from_secs(self.limit_s.into()) + CAPTURE_GRACE
    }

    /// admin (1), name (32), direction (1), limit in seconds (1).
    fn to_frame(&self) -> Frame {
        let mut data = [0; 35];
        data[0] = self.admin.into();
        data[1..33].copy_from_slice(&name_field(self.tag));
        data[34] = self.limit_s;
        Frame::new(Self::MESSAGE, data)
    }

    /// id (2), direction mask (1).
    fn parse_reply(&self, result: ResultCode, payload: &[u8]) -> Result<Enrolled, ReplyFault> {
        accepted(result)?;
        let [high, low, _direction] = *head::<3>(payload)?;
        let id = u16::from_be_bytes([high, low]);
        if is_user_id(id) {
            Ok(Enrolled { id })
        } else {
            Err(ReplyFault::Impossible("user id"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(payload: &[u8], expect: Result<u16, ReplyFault>) {
        let command = EnrolSingle {
            tag: "t",
            admin: false,
            limit_s: 5,
        };
        assert_eq!(
            command.parse_reply(ResultCode::OK, payload).map(|done| done.id),
            expect
        );
    }

    #[test]
    fn an_id_is_needed() {
        check(&[0x03, 0xE9, 0], Ok(1001));
        check(&[0x03, 0xE9], Err(ReplyFault::Short { needed: 3, got: 2 }));
        check(&[0xFF, 0xFF, 0], Err(ReplyFault::Impossible("user id")));
        check(&[0, 0, 0], Err(ReplyFault::Impossible("user id")));
    }
}
