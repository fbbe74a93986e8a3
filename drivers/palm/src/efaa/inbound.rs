//! What a module says: replies to commands, and notes that nobody asked for.

use std::fmt;

use verification::palm::HandPosition;

use super::protocol::Frame;

const REPLY: u8 = 0x00;
const NOTE: u8 = 0x01;
const NOTE_READY: u8 = 0x00;
const NOTE_STATE: u8 = 0x01;

/// Message id of the percentage that some firmware pushes as an unasked reply during enrolment.
pub const ENROL_PROGRESS: u8 = 0x14;

/// One frame of the module, told apart. `Debug` shows no payload.
#[derive(Clone, PartialEq, Eq)]
pub enum Inbound {
    /// The reply to a command.
    Reply {
        /// Message id of the command.
        message: u8,
        /// How it went.
        result: ResultCode,
        /// What follows the result byte.
        payload: Vec<u8>,
    },
    /// Progress of an enrolment; ends nothing.
    Progress,
    /// The module has started. In mid-session: it has rebooted and forgotten its job.
    Ready,
    /// What the module sees right now.
    State(HandPosition),
    /// Something this driver has no use for.
    Other,
}

impl fmt::Debug for Inbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reply {
                message,
                result,
                payload,
            } => {
                write!(f, "Reply({message:02x}, {result}, {} bytes)", payload.len())
            }
            Self::Progress => f.write_str("Progress"),
            Self::Ready => f.write_str("Ready"),
            Self::State(state) => write!(f, "State({state:?})"),
            Self::Other => f.write_str("Other"),
        }
    }
}

/// The position that a state number stands for.
fn position(code: i16) -> Option<HandPosition> {
    Some(match code {
        128 => HandPosition::InPlace,
        1 => HandPosition::NotSeen,
        6 | 129 => HandPosition::TooFar,
        7 | 130 => HandPosition::TooClose,
        2 | 131 => HandPosition::TooHigh,
        3 | 132 => HandPosition::TooLow,
        4 | 133 => HandPosition::TooLeft,
        5 | 134 => HandPosition::TooRight,
        // 0 is a face in place, the others are about directions, cover and eyes of a face.
        0 | 8..=14 => HandPosition::NotAHand,
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
pub fn read(frame: &Frame) -> Inbound {
    match (frame.message(), frame.data()) {
        (REPLY, &[ENROL_PROGRESS, ..]) => Inbound::Progress,
        (REPLY, &[message, result, ref payload @ ..]) => Inbound::Reply {
            message,
            result: ResultCode(result),
            payload: payload.to_vec(),
        },
        (NOTE, &[NOTE_READY, ..]) => Inbound::Ready,
        // Unlike every other number of the family, those of the state note are little-endian. What follows the
        // state (box, angles, in one firmware a user id) is no measurement of the hand and is not read.
        (NOTE, &[NOTE_STATE, low, high, ..]) => {
            position(i16::from_le_bytes([low, high])).map_or(Inbound::Other, Inbound::State)
        }
        _ => Inbound::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check<const N: usize>(message: u8, data: [u8; N], expect: Inbound) {
        assert_eq!(read(&Frame::new(message, data)), expect);
    }

    #[test]
    fn tells_frames_apart() {
        check(
            0x00,
            [0x12, 8],
            Inbound::Reply {
                message: 0x12,
                result: ResultCode(8),
                payload: vec![],
            },
        );
        check(
            0x00,
            [0x11, 0, 1],
            Inbound::Reply {
                message: 0x11,
                result: ResultCode::OK,
                payload: vec![1],
            },
        );
        check(0x00, [0x14, 0, 50], Inbound::Progress);
        check(0x00, [0x12], Inbound::Other);
        check(0x00, [], Inbound::Other);
        check(0x01, [0], Inbound::Ready);
        check(0x01, [1, 0x80, 0], Inbound::State(HandPosition::InPlace));
        check(0x01, [1, 0x80], Inbound::Other);
        check(0x01, [1, 0, 0x80], Inbound::Other);
        check(0x01, [8], Inbound::Other);
        check(0x02, [1, 2, 3], Inbound::Other);
    }

    #[test]
    fn a_state_note_of_either_length_is_read() {
        let mut data = vec![1, 0x82, 0];
        for length in [17, 19] {
            data.resize(length, 0xEE);
            let frame = Frame::from_data(0x01, data.clone()).unwrap();
            assert_eq!(read(&frame), Inbound::State(HandPosition::TooClose));
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
        assert_eq!(format!("{:?}", read(&frame)), "Reply(12, ok, 2 bytes)");
    }

    proptest! {
        #[test]
        fn never_panics(message: u8, data in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = read(&Frame::from_data(message, data).unwrap());
        }
    }
}
