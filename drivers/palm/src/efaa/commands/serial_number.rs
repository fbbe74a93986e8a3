use std::time::Duration;

use super::{BRIEF, Command, ReplyFault, text};
use crate::efaa::protocol::Frame;

/// Asks for the serial number, a text of up to 32 bytes padded with junk.
#[derive(Debug, Clone, Copy)]
pub struct SerialNumber;

impl Command for SerialNumber {
    const NAME: &'static str = "serial number";
    const MESSAGE: u8 = 0x93;
    const REPLY_LEN: usize = 0;
    type Reply = String;

    fn timeout(&self) -> Duration {
        BRIEF
    }

    fn to_frame(&self) -> Frame {
        Frame::new(Self::MESSAGE, [])
    }

    fn read(&self, payload: &[u8]) -> Result<String, ReplyFault> {
        Ok(text(payload.get(..32).unwrap_or(payload)))
    }
}
