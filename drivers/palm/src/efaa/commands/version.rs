use std::time::Duration;

use super::{BRIEF, Command, ReplyFault, text};
use crate::efaa::protocol::Frame;

/// Asks for the firmware version, a text of up to 32 bytes.
#[derive(Debug, Clone, Copy)]
pub struct Version;

impl Command for Version {
    const NAME: &'static str = "version";
    const MESSAGE: u8 = 0x30;
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
