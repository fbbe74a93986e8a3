use std::time::Duration;

use super::{Command, ReplyFault, accepted};
use crate::efaa::inbound::ResultCode;
use crate::efaa::protocol::Frame;

/// Deletes one reference from the module. That it is gone is proven by reading the list afterwards.
#[derive(Debug, Clone, Copy)]
pub struct DeleteUser {
    /// Id in the module.
    pub id: u16,
}

impl Command for DeleteUser {
    const NAME: &'static str = "delete";
    const MESSAGE: u8 = 0x20;
    type Reply = ();

    fn timeout(&self) -> Duration {
        Duration::from_secs(10)
    }

    fn to_frame(&self) -> Frame {
        Frame::new(Self::MESSAGE, self.id.to_be_bytes())
    }

    /// A user that was not there is as good as deleted.
    fn parse_reply(&self, result: ResultCode, _payload: &[u8]) -> Result<(), ReplyFault> {
        match result {
            ResultCode::UNKNOWN_USER | ResultCode::UNKNOWN_HAND => Ok(()),
            _ => accepted(result),
        }
    }
}
