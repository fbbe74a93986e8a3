use std::time::Duration;

use super::{Command, QUICK, ReplyFault, head};
use crate::efaa::protocol::Frame;

/// Asks how far an enrolment is, in percent. Some firmware pushes the same reply without being asked, so one that
/// comes during another command ends nothing. The driver does not ask: what it shows a person is where the hand is.
#[derive(Debug, Clone, Copy)]
pub struct EnrolProgress;

impl Command for EnrolProgress {
    const NAME: &'static str = "enrol progress";
    const MESSAGE: u8 = 0x14;
    const REPLY_LEN: usize = 1;
    type Reply = u8;

    fn timeout(&self) -> Duration {
        QUICK
    }

    fn to_frame(&self) -> Frame {
        Frame::new(Self::MESSAGE, [])
    }

    fn read(&self, payload: &[u8]) -> Result<u8, ReplyFault> {
        match head::<1>(payload)? {
            [percent @ 0..=100] => Ok(*percent),
            _ => Err(ReplyFault::Impossible("percentage")),
        }
    }
}
