use std::time::Duration;

use super::{Command, ReplyFault};
use crate::efaa::protocol::Frame;

/// Cancels the running job and brings the module to standby. A READY note may follow the reply.
///
/// The limit is short because a command sent before the module has started is lost, and is then sent again.
#[derive(Debug, Clone, Copy)]
pub struct Reset;

impl Command for Reset {
    const NAME: &'static str = "reset";
    const MESSAGE: u8 = 0x10;
    const REPLY_LEN: usize = 0;
    type Reply = ();

    fn timeout(&self) -> Duration {
        Duration::from_millis(600)
    }

    fn to_frame(&self) -> Frame {
        Frame::new(Self::MESSAGE, [])
    }

    fn read(&self, _payload: &[u8]) -> Result<(), ReplyFault> {
        Ok(())
    }
}
