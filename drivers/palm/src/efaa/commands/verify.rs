use std::time::Duration;

use verification::Sensitive;

use super::{CAPTURE_GRACE, Command, NAME_LEN, ReplyFault, accepted, head, is_user_id, text};
use crate::efaa::inbound::ResultCode;
use crate::efaa::protocol::Frame;

/// Captures and compares with all references in the module (1:N).
///
/// Only success is parsed here; what the other results mean for an attempt is the dialect's to say.
#[derive(Debug, Clone, Copy)]
pub struct Verify {
    /// How long the module may look for a hand, in seconds; 3 to 20.
    pub limit_s: u8,
}

/// Whom the module found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identified {
    /// Id in the module; never 0 or FFFF.
    pub id: u16,
    /// The name under which the reference was enrolled.
    pub tag: Sensitive<String>,
}

impl Command for Verify {
    const NAME: &'static str = "verify";
    const MESSAGE: u8 = 0x12;
    type Reply = Identified;

    fn timeout(&self) -> Duration {
        Duration::from_secs(self.limit_s.into()) + CAPTURE_GRACE
    }

    fn to_frame(&self) -> Frame {
        // The first byte asks the module to power down afterwards: never, the next person comes.
        Frame::new(Self::MESSAGE, [0, self.limit_s])
    }

    /// id (2), name (32), admin (1), type (1). A shorter success proves nothing and is refused.
    fn parse_reply(&self, result: ResultCode, payload: &[u8]) -> Result<Identified, ReplyFault> {
        accepted(result)?;
        let whole = head::<{ 2 + NAME_LEN + 2 }>(payload)?;
        let (id, rest) = whole.split_at(2);
        let id = id.iter().fold(0, |id, byte| id << 8 | u16::from(*byte));
        if !is_user_id(id) {
            return Err(ReplyFault::Impossible("user id"));
        }
        Ok(Identified {
            id,
            tag: Sensitive::new(text(rest.get(..NAME_LEN).unwrap_or_default())),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let found = Verify { limit_s: 3 }
            .parse_reply(ResultCode::OK, &success(1001))
            .unwrap();
        assert_eq!(found.tag.expose(), "aigerim");
    }
}
