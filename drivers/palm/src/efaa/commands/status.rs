use std::time::Duration;

use super::{Command, ReplyFault, head};
use crate::ModuleStatus;
use crate::efaa::protocol::Frame;

/// A module that has died has a name for it within two seconds.
const TIMEOUT: Duration = Duration::from_millis(1800);

/// Asks what the module is doing.
#[derive(Debug, Clone, Copy)]
pub struct Status;

impl Command for Status {
    const NAME: &'static str = "status";
    const MESSAGE: u8 = 0x11;
    const REPLY_LEN: usize = 1;
    type Reply = ModuleStatus;

    fn timeout(&self) -> Duration {
        TIMEOUT
    }

    fn to_frame(&self) -> Frame {
        Frame::new(Self::MESSAGE, [])
    }

    fn read(&self, payload: &[u8]) -> Result<ModuleStatus, ReplyFault> {
        match head::<1>(payload)? {
            [0] => Ok(ModuleStatus::Standby),
            [1] => Ok(ModuleStatus::Busy),
            [2] => Ok(ModuleStatus::Error),
            [3] => Ok(ModuleStatus::NotInitialised),
            [4] => Ok(ModuleStatus::Updating),
            _ => Err(ReplyFault::Impossible("status")),
        }
    }
}
