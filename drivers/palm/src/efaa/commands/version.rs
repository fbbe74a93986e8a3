use std::time::Duration;

use super::{Command, QUICK, ReplyFault, accepted, text};
use crate::efaa::inbound::ResultCode;
use crate::efaa::protocol::Frame;

/// Asks for the firmware version, a text of up to 32 bytes.
#[derive(Debug, Clone, Copy)]
pub struct Version;

impl Command for Version {
    const NAME: &'static str = "version";
    const MESSAGE: u8 = 0x30;
    type Reply = String;

    fn timeout(&self) -> Duration {
        QUICK
    }

    fn to_frame(&self) -> Frame {
        Frame::new(Self::MESSAGE, [])
    }

    fn parse_reply(&self, result: ResultCode, payload: &[u8]) -> Result<String, ReplyFault> {
        accepted(result)?;
        Ok(text(payload.get(..32).unwrap_or(payload)))
    }
}
