use std::time::Duration;

use super::{Command, QUICK, ReplyFault};
use crate::efaa::protocol::{Frame, TRANSFER_DATA_CAP};

/// Lists the ids of all stored references.
#[derive(Debug, Clone, Copy)]
pub enum ListIds {
    /// As modules understand it that know one format only.
    Plain,
    /// With the number of the format that lists ids.
    Numbered,
}

/// Counts the palms of a module that tells palms from faces.
#[derive(Debug, Clone, Copy)]
pub struct CountPalms;

impl Command for ListIds {
    const NAME: &'static str = "list";
    const MESSAGE: u8 = 0x24;
    const REPLY_LEN: usize = 1;
    const DATA_CAP: usize = TRANSFER_DATA_CAP;
    type Reply = Vec<u16>;

    fn timeout(&self) -> Duration {
        QUICK
    }

    fn to_frame(&self) -> Frame {
        match self {
            Self::Plain => Frame::new(Self::MESSAGE, []),
            Self::Numbered => Frame::new(Self::MESSAGE, [0]),
        }
    }

    /// A count, then ids of two bytes. Some firmware always sends a full table: only as many ids as are counted are
    /// taken.
    fn read(&self, payload: &[u8]) -> Result<Vec<u16>, ReplyFault> {
        let (count, rest) = counted(payload)?;
        ids(count, rest).ok_or(ReplyFault::Short {
            needed: 2 * usize::from(count),
            got: rest.len(),
        })
    }
}

/// How many palms there are, and which, where the module says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountedPalms {
    /// How many.
    pub count: u16,
    /// What follows the count, read as ids. The same place may hold a map of bits instead, of which no source says
    /// which bit is which: whoever reads this must know the ids that there can be.
    pub ids: Option<Vec<u16>>,
}

impl Command for CountPalms {
    const NAME: &'static str = "count palms";
    const MESSAGE: u8 = 0x24;
    const REPLY_LEN: usize = 1;
    const DATA_CAP: usize = TRANSFER_DATA_CAP;
    type Reply = CountedPalms;

    fn timeout(&self) -> Duration {
        QUICK
    }

    fn to_frame(&self) -> Frame {
        Frame::new(Self::MESSAGE, [2])
    }

    /// A count of two bytes, or of one that stands alone or before just as many ids. What follows is not always ids, so
    /// that its parity says nothing of the width of the count; but no module holds so many palms that the first of two
    /// bytes could be taken for the number of ids behind it.
    fn read(&self, payload: &[u8]) -> Result<CountedPalms, ReplyFault> {
        let (count, rest) = match payload {
            [count] => (u16::from(*count), &[][..]),
            [count, rest @ ..] if *count > 0 && rest.len() == 2 * usize::from(*count) => {
                (u16::from(*count), rest)
            }
            [high, low, rest @ ..] => (u16::from_be_bytes([*high, *low]), rest),
            [] => return Err(ReplyFault::Short { needed: 1, got: 0 }),
        };
        let are_ids = rest.len() == 2 * usize::from(count);
        Ok(CountedPalms {
            count,
            ids: are_ids.then(|| ids(count, rest)).flatten(),
        })
    }
}

/// Splits off the count of a list of ids. It has one byte in some firmware and two in other; as ids have an even number
/// of bytes, the parity of the whole tells which.
fn counted(payload: &[u8]) -> Result<(u16, &[u8]), ReplyFault> {
    match (payload.len() % 2, payload) {
        (1, [count, rest @ ..]) => Ok((u16::from(*count), rest)),
        (_, [high, low, rest @ ..]) => Ok((u16::from_be_bytes([*high, *low]), rest)),
        _ => Err(ReplyFault::Short {
            needed: 1,
            got: payload.len(),
        }),
    }
}

fn ids(count: u16, bytes: &[u8]) -> Option<Vec<u16>> {
    let listed = bytes.get(..2 * usize::from(count))?;
    Some(
        listed
            .as_chunks::<2>()
            .0
            .iter()
            .map(|id| u16::from_be_bytes(*id))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::efaa::inbound::ResultCode;

    #[test]
    fn either_width_of_the_count_is_read() {
        let check = |payload: &[u8], expect: Result<Vec<u16>, ReplyFault>| {
            assert_eq!(ListIds::Plain.parse_reply(ResultCode::OK, payload), expect);
        };
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

    #[test]
    fn a_count_of_palms_may_come_with_ids() {
        let check = |payload: &[u8], count: u16, ids: Option<&[u16]>| {
            let ids = ids.map(<[u16]>::to_vec);
            let found = CountPalms.parse_reply(ResultCode::OK, payload);
            assert_eq!(found, Ok(CountedPalms { count, ids }));
        };
        check(&[0, 0], 0, Some(&[]));
        check(&[0, 2], 2, None);
        check(&[3], 3, None);
        check(&[0, 1, 0x01, 0xF5], 1, Some(&[501]));
        check(&[1, 0x01, 0xF5], 1, Some(&[501]));
        // A map of bits behind the count, of any length: the count stays what it is.
        check(&[0, 1, 0x80], 1, None);
        check(&[0, 1, 0x01, 0xF5, 0], 1, None);
        check(&[0, 1, 0x01, 0xF5, 0, 0], 1, None);
        check(&[[0, 2].as_slice(), &[0xFF; 37]].concat(), 2, None);
    }
}
