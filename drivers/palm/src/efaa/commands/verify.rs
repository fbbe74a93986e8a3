use std::time::Duration;

use super::{CAPTURE_GRACE, Command, NAME_LEN, ReplyFault, head, is_user_id};
use crate::efaa::protocol::Frame;

/// Captures and compares with all references in the module (1:N).
///
/// Only success is parsed here; what the other results mean for an attempt is the dialect's to say.
#[derive(Debug, Clone, Copy)]
pub struct Verify {
    /// How long the module may look for a hand, in seconds.
    pub limit_s: u8,
}

/// What the module found. The name that comes with it is not kept: nobody needs it here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identified {
    /// Id in the module; never 0 or FFFF.
    pub id: u16,
    /// What it took the id from.
    pub kind: UnlockKind,
}

/// What a module says it has recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnlockKind {
    /// A face, with open or with closed eyes.
    Face,
    /// A palm.
    Palm,
    /// It does not say, or in words of its own.
    Other(u8),
}

impl Command for Verify {
    const NAME: &'static str = "verify";
    const MESSAGE: u8 = 0x12;
    const REPLY_LEN: usize = 2 + NAME_LEN + 2;
    type Reply = Identified;

    fn timeout(&self) -> Duration {
        Duration::from_secs(self.limit_s.into()) + CAPTURE_GRACE
    }

    fn to_frame(&self) -> Frame {
        // The first byte asks the module to power down afterwards: never, the next person comes.
        Frame::new(Self::MESSAGE, [0, self.limit_s])
    }

    /// id (2), name (32), admin (1), kind (1). A shorter success proves nothing and is refused.
    fn read(&self, payload: &[u8]) -> Result<Identified, ReplyFault> {
        let [high, low, .., kind] = *head::<{ 2 + NAME_LEN + 2 }>(payload)?;
        let id = u16::from_be_bytes([high, low]);
        if !is_user_id(id) {
            return Err(ReplyFault::Impossible("user id"));
        }
        let kind = match kind {
            200 | 204 => UnlockKind::Face,
            250 => UnlockKind::Palm,
            kind => UnlockKind::Other(kind),
        };
        Ok(Identified { id, kind })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::efaa::inbound::ResultCode;

    fn success(id: u16) -> Vec<u8> {
        let mut payload = id.to_be_bytes().to_vec();
        payload.extend(b"aigerim");
        payload.resize(34, 0);
        payload.extend([0, 0xFA]);
        payload
    }

    fn check(result: u8, payload: &[u8], expect: Result<u16, ReplyFault>) {
        let found = Verify { limit_s: 3 }.parse_reply(ResultCode(result), payload);
        assert_eq!(found.map(|found| found.id), expect);
    }

    #[test]
    fn only_a_whole_success_is_one() {
        check(0, &success(1001), Ok(1001));
        check(
            0,
            &success(1001)[..2],
            Err(ReplyFault::Short { needed: 36, got: 2 }),
        );
        check(
            0,
            &success(1001)[..35],
            Err(ReplyFault::Short { needed: 36, got: 35 }),
        );
        check(0, &success(0), Err(ReplyFault::Impossible("user id")));
        check(0, &success(0xFFFF), Err(ReplyFault::Impossible("user id")));
        check(12, &success(1001), Err(ReplyFault::Refused(ResultCode::LIVENESS)));
    }

    #[test]
    fn the_kind_is_the_last_byte() {
        let check = |kind: u8, expect: UnlockKind| {
            let mut payload = success(1001);
            payload[35] = kind;
            let found = Verify { limit_s: 3 }.parse_reply(ResultCode::OK, &payload);
            assert_eq!(found.map(|found| found.kind), Ok(expect));
        };
        check(0xC8, UnlockKind::Face);
        check(0xCC, UnlockKind::Face);
        check(0xFA, UnlockKind::Palm);
        check(0, UnlockKind::Other(0));
    }
}
