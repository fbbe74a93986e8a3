use std::time::Duration;

use super::{Command, ReplyFault};
use crate::efaa::inbound::ResultCode;
use crate::efaa::protocol::Frame;

/// Deleting writes to the module's flash.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Deletes one reference from the module. That it is gone is proven by reading the list afterwards.
#[derive(Debug, Clone, Copy)]
pub struct DeleteUser {
    /// Id in the module.
    pub id: u16,
    /// What the reference is made of, for modules that want to be told.
    pub of: Option<UserType>,
}

/// What a reference is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserType {
    /// A face.
    Face = 0,
    /// A palm.
    Palm = 1,
}

/// Deletes one palm, by the command that some modules have for palms alone.
#[derive(Debug, Clone, Copy)]
pub struct DeletePalm {
    /// Id in the module.
    pub id: u16,
}

/// A user that was not there is as good as deleted.
fn refused(result: ResultCode) -> Result<bool, ReplyFault> {
    match result {
        ResultCode::UNKNOWN_USER | ResultCode::UNKNOWN_HAND => Ok(false),
        _ => Err(ReplyFault::Refused(result)),
    }
}

fn typed(message: u8, id: u16, of: UserType) -> Frame {
    let [high, low] = id.to_be_bytes();
    Frame::new(message, [high, low, of as u8])
}

impl Command for DeleteUser {
    const NAME: &'static str = "delete";
    const MESSAGE: u8 = 0x20;
    const REPLY_LEN: usize = 0;
    /// Whether it was there.
    type Reply = bool;

    fn timeout(&self) -> Duration {
        TIMEOUT
    }

    fn to_frame(&self) -> Frame {
        match self.of {
            Some(of) => typed(Self::MESSAGE, self.id, of),
            None => Frame::new(Self::MESSAGE, self.id.to_be_bytes()),
        }
    }

    fn read(&self, _payload: &[u8]) -> Result<bool, ReplyFault> {
        Ok(true)
    }

    fn refused(&self, result: ResultCode) -> Result<bool, ReplyFault> {
        refused(result)
    }
}

impl Command for DeletePalm {
    const NAME: &'static str = "delete";
    const MESSAGE: u8 = 0x80;
    const REPLY_LEN: usize = 0;
    /// Whether it was there.
    type Reply = bool;

    fn timeout(&self) -> Duration {
        TIMEOUT
    }

    fn to_frame(&self) -> Frame {
        typed(Self::MESSAGE, self.id, UserType::Palm)
    }

    fn read(&self, _payload: &[u8]) -> Result<bool, ReplyFault> {
        Ok(true)
    }

    fn refused(&self, result: ResultCode) -> Result<bool, ReplyFault> {
        refused(result)
    }
}
