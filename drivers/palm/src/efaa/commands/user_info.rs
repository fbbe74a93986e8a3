use std::time::Duration;

use super::{Command, QUICK, ReplyFault, head};
use crate::efaa::inbound::ResultCode;
use crate::efaa::protocol::Frame;

/// Asks whether an id is in use. The name that comes with the answer is not kept: nobody needs it here.
#[derive(Debug, Clone, Copy)]
pub struct UserInfo {
    /// Id in the module.
    pub id: u16,
}

impl Command for UserInfo {
    const NAME: &'static str = "user info";
    const MESSAGE: u8 = 0x22;
    const REPLY_LEN: usize = 2;
    /// Whether there is such a user.
    type Reply = bool;

    fn timeout(&self) -> Duration {
        QUICK
    }

    fn to_frame(&self) -> Frame {
        Frame::new(Self::MESSAGE, self.id.to_be_bytes())
    }

    /// id (2), name (32), admin (1), of which the id is enough.
    fn read(&self, payload: &[u8]) -> Result<bool, ReplyFault> {
        if head::<2>(payload)? == &self.id.to_be_bytes() {
            Ok(true)
        } else {
            Err(ReplyFault::Impossible("user id"))
        }
    }

    fn refused(&self, result: ResultCode) -> Result<bool, ReplyFault> {
        match result {
            ResultCode::UNKNOWN_USER | ResultCode::UNKNOWN_HAND => Ok(false),
            _ => Err(ReplyFault::Refused(result)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_user_is_an_answer() {
        let check = |result: u8, payload: &[u8], expect: Result<bool, ReplyFault>| {
            let found = UserInfo { id: 1001 }.parse_reply(ResultCode(result), payload);
            assert_eq!(found, expect);
        };
        let mut info = vec![0x03, 0xE9];
        info.resize(35, 0);
        check(0, &info, Ok(true));
        check(8, &[], Ok(false));
        check(239, &[], Ok(false));
        check(5, &[], Err(ReplyFault::Refused(ResultCode(5))));
        check(0, &info[..2], Ok(true));
        check(0, &info[..1], Err(ReplyFault::Short { needed: 2, got: 1 }));
        info[1] = 0xE8;
        check(0, &info, Err(ReplyFault::Impossible("user id")));
    }
}
