//! What a module says: replies to commands, and notes that nobody asked for.

use std::fmt;

use verification::palm::HandPosition;

use super::protocol::Frame;

const REPLY: u8 = 0x00;
const NOTE: u8 = 0x01;
const NOTE_READY: u8 = 0x00;
const NOTE_STATE: u8 = 0x01;
const NOTE_UNKNOWN_ERROR: u8 = 0x02;
/// State of the palm on modules for palms alone; on others the same number is about eyes.
const NOTE_PALM_STATE: u8 = 0x04;
const NOTE_LICENCE: u8 = 0x08;

/// What a module is made for; it decides what a state note speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Faces and palms: the low states are about a face.
    FacesAndPalms,
    /// Palms alone: all states are about the palm.
    Palms,
}

/// The reply to a command. `Debug` shows no payload.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    /// Message id of the command.
    pub message: u8,
    /// How it went.
    pub result: ResultCode,
    /// What follows the result byte.
    pub payload: Vec<u8>,
}

/// One frame of the module, told apart. `Debug` shows no payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inbound {
    /// The reply to a command.
    Reply(Reply),
    /// The module has started. In mid-session: it has rebooted and forgotten its job.
    Ready,
    /// What the module sees right now.
    State(HandPosition),
    /// The module says that something is wrong with it.
    Trouble(Trouble),
    /// Something this driver has no use for.
    Other,
}

/// What a module says is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// It does not know itself.
    #[error("the module reports an unknown error")]
    Unknown,
    /// Its licence, or its authorisation chip, was not accepted.
    #[error("the licence of the module was not accepted")]
    Licence,
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Reply({:02x}, {}, {} bytes)",
            self.message,
            self.result,
            self.payload.len()
        )
    }
}

/// The position that a state number stands for.
fn position(code: i16, purpose: Purpose) -> Option<HandPosition> {
    Some(match (code, purpose) {
        (128, _) | (0, Purpose::Palms) => HandPosition::InPlace,
        (1, _) => HandPosition::NotSeen,
        (6 | 129, _) => HandPosition::TooFar,
        (7 | 130, _) => HandPosition::TooClose,
        (2 | 131, _) => HandPosition::TooHigh,
        (3 | 132, _) => HandPosition::TooLow,
        (4 | 133, _) => HandPosition::TooLeft,
        (5 | 134, _) => HandPosition::TooRight,
        // 0 is a face in place, the others are about directions, cover and eyes of a face.
        (0 | 8..=14, Purpose::FacesAndPalms) => HandPosition::NotAHand,
        _ => return None,
    })
}

/// Result byte of a reply.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ResultCode(pub u8);

impl ResultCode {
    /// Done.
    pub const OK: Self = Self(0);
    /// Rejected; one firmware says so of an unknown person.
    pub const REJECTED: Self = Self(1);
    /// Aborted by another command.
    pub const ABORTED: Self = Self(2);
    /// A parameter of the command is none.
    pub const BAD_PARAMETER: Self = Self(6);
    /// No such user.
    pub const UNKNOWN_USER: Self = Self(8);
    /// The store is full.
    pub const FULL: Self = Self(9);
    /// The person is enrolled already.
    pub const ALREADY_ENROLLED: Self = Self(10);
    /// The liveness check failed.
    pub const LIVENESS: Self = Self(12);
    /// Nothing usable was presented in time.
    pub const TIMEOUT: Self = Self(13);
    /// A QR code was shown.
    pub const QR: Self = Self(26);
    /// No such hand, from firmware that tells hands from faces.
    pub const UNKNOWN_HAND: Self = Self(239);
    /// The hand is enrolled already, from firmware that tells hands from faces.
    pub const HAND_ALREADY_ENROLLED: Self = Self(241);

    /// Whether a 1:N comparison found nobody. Sources disagree on the code, so all three count.
    pub fn is_no_match(self) -> bool {
        matches!(self, Self::REJECTED | Self::UNKNOWN_USER | Self::UNKNOWN_HAND)
    }
}

impl fmt::Display for ResultCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.0 {
            0 => "ok",
            1 => "rejected",
            2 => "aborted",
            4 => "camera failed",
            5 => "unknown error",
            6 => "bad parameter",
            7 => "out of memory",
            8 => "unknown user",
            9 => "store full",
            10 => "already enrolled",
            12 => "liveness check failed",
            13 => "timed out",
            14 => "not authorised",
            19 => "could not read a file",
            20 => "could not write a file",
            21 => "encryption required",
            26 => "QR code shown",
            239 => "unknown hand",
            241 => "hand already enrolled",
            code => return write!(f, "result {code}"),
        };
        f.write_str(word)
    }
}

impl fmt::Debug for ResultCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ResultCode({}: {self})", self.0)
    }
}

/// Tells a frame of the module apart. Nothing is an error here: what is cut short is [`Inbound::Other`], and
/// the command that waits will say that no answer came.
pub fn read(frame: &Frame, purpose: Purpose) -> Inbound {
    match (frame.message(), frame.data()) {
        (REPLY, &[message, result, ref payload @ ..]) => Inbound::Reply(Reply {
            message,
            result: ResultCode(result),
            payload: payload.to_vec(),
        }),
        (NOTE, &[NOTE_READY, ..]) => Inbound::Ready,
        // Unlike every other number of the family, those of the state note are little-endian. What follows the
        // state (box, angles, in one firmware a user id) is no measurement of the hand and is not read.
        (NOTE, &[note, low, high, ..])
            if note == NOTE_STATE || (note == NOTE_PALM_STATE && purpose == Purpose::Palms) =>
        {
            position(i16::from_le_bytes([low, high]), purpose).map_or(Inbound::Other, Inbound::State)
        }
        (NOTE, &[NOTE_UNKNOWN_ERROR, ..]) => Inbound::Trouble(Trouble::Unknown),
        (NOTE, &[NOTE_LICENCE, ..]) => Inbound::Trouble(Trouble::Licence),
        _ => Inbound::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check<const N: usize>(message: u8, data: [u8; N], expect: Inbound) {
        assert_eq!(read(&Frame::new(message, data), Purpose::FacesAndPalms), expect);
    }

    fn reply(message: u8, result: u8, payload: &[u8]) -> Inbound {
        Inbound::Reply(Reply {
            message,
            result: ResultCode(result),
            payload: payload.to_vec(),
        })
    }

    #[test]
    fn tells_frames_apart() {
        check(0x00, [0x12, 8], reply(0x12, 8, &[]));
        check(0x00, [0x11, 0, 1], reply(0x11, 0, &[1]));
        check(0x00, [0x14, 0, 50], reply(0x14, 0, &[50]));
        check(0x00, [0x12], Inbound::Other);
        check(0x00, [], Inbound::Other);
        check(0x01, [], Inbound::Other);
        check(0x01, [0], Inbound::Ready);
        check(0x01, [1, 0x80, 0], Inbound::State(HandPosition::InPlace));
        check(0x01, [1, 0x80], Inbound::Other);
        check(0x01, [1, 0, 0x80], Inbound::Other);
        check(0x01, [2], Inbound::Trouble(Trouble::Unknown));
        check(0x01, [8], Inbound::Trouble(Trouble::Licence));
        check(0x01, [3, 0], Inbound::Other);
        check(0x02, [1, 2, 3], Inbound::Other);
    }

    #[test]
    fn a_state_speaks_of_what_the_module_is_made_for() {
        let check = |note: u8, code: u8, mixed: Option<HandPosition>, palms: Option<HandPosition>| {
            let frame = Frame::new(0x01, [note, code, 0]);
            for (purpose, expect) in [(Purpose::FacesAndPalms, mixed), (Purpose::Palms, palms)] {
                let expect = expect.map_or(Inbound::Other, Inbound::State);
                assert_eq!(read(&frame, purpose), expect, "{note} {code} {purpose:?}");
            }
        };
        use HandPosition::{
            InPlace, NotAHand, NotSeen, TooClose, TooFar, TooHigh, TooLeft, TooLow, TooRight,
        };
        check(1, 0, Some(NotAHand), Some(InPlace));
        check(1, 1, Some(NotSeen), Some(NotSeen));
        for code in 8..=14 {
            check(1, code, Some(NotAHand), None);
        }
        for (code, position) in (2..).zip([TooHigh, TooLow, TooLeft, TooRight, TooFar, TooClose]) {
            check(1, code, Some(position), Some(position));
            check(4, code, None, Some(position));
        }
        let hand = [InPlace, TooFar, TooClose, TooHigh, TooLow, TooLeft, TooRight];
        for (code, position) in (128..).zip(hand) {
            check(1, code, Some(position), Some(position));
        }
        check(4, 0, None, Some(InPlace));
        check(1, 15, None, None);
        check(1, 135, None, None);
    }

    #[test]
    fn a_state_note_of_either_length_is_read() {
        let mut data = vec![1, 0x82, 0];
        for length in [17, 19] {
            data.resize(length, 0xEE);
            let frame = Frame::from_data(0x01, data.clone()).unwrap();
            let found = read(&frame, Purpose::FacesAndPalms);
            assert_eq!(found, Inbound::State(HandPosition::TooClose));
        }
    }

    #[test]
    fn three_codes_mean_no_match() {
        let codes: Vec<u8> = (0..=255).filter(|code| ResultCode(*code).is_no_match()).collect();
        assert_eq!(codes, [1, 8, 239]);
    }

    #[test]
    fn debug_hides_the_payload() {
        let frame = Frame::new(0x00, [0x12, 0, 97, 105]);
        let found = read(&frame, Purpose::Palms);
        assert_eq!(format!("{found:?}"), "Reply(Reply(12, ok, 2 bytes))");
    }

    proptest! {
        #[test]
        fn never_panics(message in prop_oneof![Just(0u8), Just(1u8), any::<u8>()],
                        data in prop::collection::vec(any::<u8>(), 0..300)) {
            let frame = Frame::from_data(message, data).unwrap();
            for purpose in [Purpose::FacesAndPalms, Purpose::Palms] {
                let _ = read(&frame, purpose);
            }
        }
    }
}
