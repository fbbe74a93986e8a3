use std::time::Duration;

use super::{Command, QUICK, ReplyFault, accepted};
use crate::efaa::inbound::ResultCode;
use crate::efaa::protocol::Frame;

/// Lists the ids of all stored references.
#[derive(Debug, Clone, Copy)]
pub struct ListIds;

impl Command for ListIds {
    const NAME: &'static str = "list";
    const MESSAGE: u8 = 0x24;
    type Reply = Vec<u16>;

    fn timeout(&self) -> Duration {
        QUICK
    }

    fn to_frame(&self) -> Frame {
        Frame::new(Self::MESSAGE, [0])
    }

    /// A count, then ids of two bytes. The count has one byte in some firmware and two in other; as ids are
    /// even, the parity of the whole tells which. Some firmware always sends a full table: only as many ids as
    /// are counted are taken.
    fn parse_reply(&self, result: ResultCode, payload: &[u8]) -> Result<Vec<u16>, ReplyFault> {
        accepted(result)?;
        let (count, ids) = match (payload.len() % 2, payload) {
            (1, [count, ids @ ..]) => (usize::from(*count), ids),
            (_, [high, low, ids @ ..]) => (usize::from(u16::from_be_bytes([*high, *low])), ids),
            _ => {
                return Err(ReplyFault::Short {
                    needed: 1,
                    got: payload.len(),
                });
            }
        };
        if ids.len() < 2 * count {
            return Err(ReplyFault::Short {
                needed: 2 * count,
                got: ids.len(),
            });
        }
        Ok(ids
            .as_chunks::<2>()
            .0
            .iter()
            .take(count)
            .map(|id| u16::from_be_bytes(*id))
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(payload: &[u8], expect: Result<Vec<u16>, ReplyFault>) {
        assert_eq!(ListIds.parse_reply(ResultCode::OK, payload), expect);
    }

    #[test]
    fn either_width_of_the_count_is_read() {
        check(&[0], Ok(vec![]));
        check(&[0, 0], Ok(vec![]));
        check(&[1, 0x03, 0xE9], Ok(vec![1001]));
        check(&[0, 1, 0x03, 0xE9], Ok(vec![1001]));
        check(&[2, 0x03, 0xE9], Err(ReplyFault::Short { needed: 4, got: 2 }));
        check(
            &[0xFF, 0xFF],
            Err(ReplyFault::Short {
                needed: 131_070,
                got: 0,
            }),
        );
        check(&[], Err(ReplyFault::Short { needed: 1, got: 0 }));
        let mut full_table = vec![1, 0x03, 0xE9];
        full_table.resize(201, 0);
        check(&full_table, Ok(vec![1001]));
    }
}
