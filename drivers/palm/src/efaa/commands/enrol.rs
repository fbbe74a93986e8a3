use std::time::Duration;

use super::{CAPTURE_GRACE, Command, NAME_LEN, ReplyFault, head, is_user_id, name_field};
use crate::efaa::protocol::Frame;

/// Name and limit of an enrolment, whichever command performs it.
#[derive(Clone, Copy)]
pub struct Enrolment<'a> {
    /// Name of the reference; what is beyond 31 bytes is cut off.
    pub tag: &'a str,
    /// Whether the module's own administrator menu accepts this reference.
    pub admin: bool,
    /// How long the module may look for a hand, in seconds.
    pub limit_s: u8,
}

/// What was stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Enrolled {
    /// Id in the module; never 0 or FFFF.
    pub id: u16,
}

/// Captures once and stores a reference under the next free id.
#[derive(Clone, Copy)]
pub struct EnrolSingle<'a>(pub Enrolment<'a>);

/// Captures once and stores a reference under an id that the host chooses. The dialect of XST has it; the driver lets
/// the module choose, which knows what is free.
#[derive(Clone, Copy)]
pub struct EnrolWithId<'a> {
    /// The id; 0 and FFFF are none.
    pub id: u16,
    /// Name and limit.
    pub enrolment: Enrolment<'a>,
}

/// Captures a palm once, and nothing but a palm, and stores a reference; a palm that is stored already is refused.
#[derive(Clone, Copy)]
pub struct EnrolPalm<'a>(pub Enrolment<'a>);

/// Of the directions in which a face can look, none.
const NO_DIRECTION: u8 = 0x00;
/// Stands where a face would have a direction, and asks for a palm.
const DIRECTION_PALM: u8 = 0xFD;
/// One capture is enough.
const TYPE_SINGLE: u8 = 1;
/// The same palm is not stored a second time.
const REFUSE_DUPLICATE: u8 = 0;

impl Enrolment<'_> {
    fn timeout(&self) -> Duration {
        Duration::from_secs(self.limit_s.into()) + CAPTURE_GRACE
    }

    fn head(&self) -> [u8; 1 + NAME_LEN] {
        let mut data = [0; 1 + NAME_LEN];
        data[0] = self.admin.into();
        data[1..].copy_from_slice(&name_field(self.tag));
        data
    }
}

impl Command for EnrolSingle<'_> {
    const NAME: &'static str = "enrol";
    const MESSAGE: u8 = 0x1D;
    const REPLY_LEN: usize = 2;
    type Reply = Enrolled;

    fn timeout(&self) -> Duration {
        self.0.timeout()
    }

    /// admin (1), name (32), direction (1), limit in seconds (1).
    fn to_frame(&self) -> Frame {
        let mut data = [0; 35];
        data[..33].copy_from_slice(&self.0.head());
        data[33..].copy_from_slice(&[NO_DIRECTION, self.0.limit_s]);
        Frame::new(Self::MESSAGE, data)
    }

    fn read(&self, payload: &[u8]) -> Result<Enrolled, ReplyFault> {
        enrolled(payload)
    }
}

impl Command for EnrolWithId<'_> {
    const NAME: &'static str = "enrol with id";
    const MESSAGE: u8 = 0x1E;
    const REPLY_LEN: usize = 2;
    type Reply = Enrolled;

    fn timeout(&self) -> Duration {
        self.enrolment.timeout()
    }

    /// admin (1), id (2), name (32), direction (1), limit in seconds (1).
    fn to_frame(&self) -> Frame {
        let [admin, name @ ..] = self.enrolment.head();
        let mut data = [0; 37];
        data[0] = admin;
        data[1..3].copy_from_slice(&self.id.to_be_bytes());
        data[3..35].copy_from_slice(&name);
        data[35..].copy_from_slice(&[NO_DIRECTION, self.enrolment.limit_s]);
        Frame::new(Self::MESSAGE, data)
    }

    fn read(&self, payload: &[u8]) -> Result<Enrolled, ReplyFault> {
        let stored = enrolled(payload)?;
        if stored.id == self.id {
            Ok(stored)
        } else {
            Err(ReplyFault::Impossible("user id"))
        }
    }
}

impl Command for EnrolPalm<'_> {
    const NAME: &'static str = "enrol";
    const MESSAGE: u8 = 0x26;
    const REPLY_LEN: usize = 2;
    type Reply = Enrolled;

    fn timeout(&self) -> Duration {
        self.0.timeout()
    }

    /// admin (1), name (32), direction (1), type (1), duplicates (1), limit in seconds (1), reserved (3).
    fn to_frame(&self) -> Frame {
        let mut data = [0; 40];
        data[..33].copy_from_slice(&self.0.head());
        data[33..37].copy_from_slice(&[DIRECTION_PALM, TYPE_SINGLE, REFUSE_DUPLICATE, self.0.limit_s]);
        Frame::new(Self::MESSAGE, data)
    }

    fn read(&self, payload: &[u8]) -> Result<Enrolled, ReplyFault> {
        enrolled(payload)
    }
}

/// id (2), and a direction mask (1) that some firmware leaves out and nobody needs. The id FFFF would mean that more
/// captures are needed, which none of these asks for.
fn enrolled(payload: &[u8]) -> Result<Enrolled, ReplyFault> {
    let [high, low] = *head::<2>(payload)?;
    let id = u16::from_be_bytes([high, low]);
    if is_user_id(id) {
        Ok(Enrolled { id })
    } else {
        Err(ReplyFault::Impossible("user id"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::efaa::inbound::ResultCode;

    const ENROLMENT: Enrolment<'_> = Enrolment {
        tag: "t",
        admin: false,
        limit_s: 5,
    };

    fn check(payload: &[u8], expect: Result<u16, ReplyFault>) {
        let id = |reply: Result<Enrolled, ReplyFault>| reply.map(|stored| stored.id);
        assert_eq!(
            id(EnrolSingle(ENROLMENT).parse_reply(ResultCode::OK, payload)),
            expect
        );
        assert_eq!(
            id(EnrolPalm(ENROLMENT).parse_reply(ResultCode::OK, payload)),
            expect
        );
    }

    #[test]
    fn an_id_is_needed() {
        check(&[0x03, 0xE9, 0], Ok(1001));
        check(&[0x03, 0xE9], Ok(1001));
        check(&[0x03], Err(ReplyFault::Short { needed: 2, got: 1 }));
        check(&[0xFF, 0xFF, 0], Err(ReplyFault::Impossible("user id")));
        check(&[0, 0, 0], Err(ReplyFault::Impossible("user id")));
    }

    #[test]
    fn a_chosen_id_is_the_one_that_comes_back() {
        let command = EnrolWithId {
            id: 7,
            enrolment: ENROLMENT,
        };
        let check = |payload: &[u8], expect: Result<Enrolled, ReplyFault>| {
            assert_eq!(command.parse_reply(ResultCode::OK, payload), expect);
        };
        check(&[0, 7, 0], Ok(Enrolled { id: 7 }));
        check(&[0, 8, 0], Err(ReplyFault::Impossible("user id")));
    }
}
