use std::time::Duration;

use super::{Command, QUICK, ReplyFault, accepted, text};
use crate::efaa::inbound::ResultCode;
use crate::efaa::protocol::Frame;

/// Asks for the serial number, a text of up to 32 bytes padded with junk.
#[derive(Debug, Clone, Copy)]
pub struct SerialNumber;

impl Command for SerialNumber {
    const NAME: &'static str = "serial number";
    const MESSAGE: u8 = 0x93;
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
