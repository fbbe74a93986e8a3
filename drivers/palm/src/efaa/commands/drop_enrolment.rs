use std::time::Duration;

use super::{Command, QUICK, ReplyFault};
use crate::efaa::protocol::Frame;

/// Forgets what an enrolment of several captures has collected so far. The dialects have it; the driver enrols by one
/// capture, and a reset ends that.
#[derive(Debug, Clone, Copy)]
pub struct DropEnrolment;

impl Command for DropEnrolment {
    const NAME: &'static str = "drop enrolment";
    const MESSAGE: u8 = 0x23;
    const REPLY_LEN: usize = 0;
    type Reply = ();

    fn timeout(&self) -> Duration {
        QUICK
    }

    fn to_frame(&self) -> Frame {
        Frame::new(Self::MESSAGE, [])
    }

    fn read(&self, _payload: &[u8]) -> Result<(), ReplyFault> {
        Ok(())
    }
}
