//! Frames of the MCU-90615: pure.
//!
//! | offset | size | field |
//! |---|---|---|
//! | 0 | 4 | 5A 5A 45 04: start, kind "temperature", four bytes of data |
//! | 4 | 2 | object, hundredths of a degree Celsius, signed, big-endian |
//! | 6 | 2 | the thermometer itself, the same |
//! | 8 | 1 | low byte of the sum of the first eight |
//!
//! The start may also occur inside a frame, so what does not check is searched again from its second byte.

use super::Reading;

/// Lets the thermometer send continuously.
pub const START_STREAMING: [u8; 3] = [0xA5, 0x45, 0xEA];

const START: [u8; 4] = [0x5A, 0x5A, 0x45, 0x04];
const LEN: usize = 9;

/// Collects bytes and finds frames in them.
#[derive(Debug, Default)]
pub struct Parser {
    /// Shorter than a frame between two calls.
    buffer: Vec<u8>,
}

impl Parser {
    /// Takes bytes in; answers the newest reading that they complete.
    pub fn push(&mut self, bytes: &[u8]) -> Option<Reading> {
        self.buffer.extend_from_slice(bytes);
        let mut newest = None;
        let mut at = 0;
        while let Some(window) = self.buffer.get(at..).and_then(|rest| rest.first_chunk::<LEN>()) {
            let found = frame(window);
            at += if found.is_some() { LEN } else { 1 };
            newest = found.or(newest);
        }
        self.buffer.drain(..at);
        newest
    }

    /// Forgets a frame that has begun.
    pub fn clear(&mut self) {
        self.buffer.clear();
    }
}

fn frame(bytes: &[u8; LEN]) -> Option<Reading> {
    let [
        a,
        b,
        c,
        d,
        object_high,
        object_low,
        ambient_high,
        ambient_low,
        check,
    ] = *bytes;
    let sum = bytes
        .iter()
        .take(LEN - 1)
        .fold(0, |sum: u8, byte| sum.wrapping_add(*byte));
    ([a, b, c, d] == START && sum == check).then(|| Reading {
        object_celsius: celsius([object_high, object_low]),
        ambient_celsius: celsius([ambient_high, ambient_low]),
    })
}

fn celsius(hundredths: [u8; 2]) -> f32 {
    f32::from(i16::from_be_bytes(hundredths)) / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A frame by the table above, made without the parser.
    fn encode(object: i16, ambient: i16) -> Vec<u8> {
        let mut frame = vec![0x5A, 0x5A, 0x45, 0x04];
        frame.extend(object.to_be_bytes());
        frame.extend(ambient.to_be_bytes());
        let sum: u32 = frame.iter().map(|byte| u32::from(*byte)).sum();
        frame.push(sum.to_le_bytes()[0]);
        frame
    }

    fn reading(object: i16, ambient: i16) -> Reading {
        Reading {
            object_celsius: f32::from(object) / 100.0,
            ambient_celsius: f32::from(ambient) / 100.0,
        }
    }

    #[test]
    fn the_newest_whole_frame_counts() {
        let check = |bytes: &[u8], expect: Option<(i16, i16)>| {
            let expect = expect.map(|(object, ambient)| reading(object, ambient));
            assert_eq!(Parser::default().push(bytes), expect, "{bytes:02X?}");
        };
        // 33.45 and 21.50 degrees: 0D11 and 0866; the sum of the first eight is 189.
        let warm = [0x5A, 0x5A, 0x45, 0x04, 0x0D, 0x11, 0x08, 0x66, 0x89];
        check(&warm, Some((3345, 2150)));
        check(&warm[..8], None);
        check(&[], None);
        // Minus five degrees outside.
        check(&encode(-500, -450), Some((-500, -450)));
        // A wrong check byte, another kind, another length.
        check(&[0x5A, 0x5A, 0x45, 0x04, 0x0D, 0x11, 0x08, 0x66, 0x8A], None);
        check(&[0x5A, 0x5A, 0x25, 0x04, 0x0D, 0x11, 0x08, 0x66, 0x69], None);
        // Two frames, and the start of one before a whole one.
        check(&[warm.to_vec(), encode(3400, 2150)].concat(), Some((3400, 2150)));
        check(&[&[0x5A][..], &warm].concat(), Some((3345, 2150)));
        check(&[&warm[..4], &warm].concat(), Some((3345, 2150)));
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_found_behind_any_junk(
            junk in proptest::collection::vec(any::<u8>(), 0..40), object in any::<i16>(), ambient in any::<i16>(),
            cuts in proptest::collection::vec(1_usize..5, 0..60),
        ) {
            // Enough that no frame which junk seems to begin can swallow the last one.
            let mut bytes = junk;
            bytes.extend(std::iter::repeat_n(0, LEN));
            bytes.extend(encode(object, ambient));
            let (mut parser, mut last, mut rest) = (Parser::default(), None, bytes.as_slice());
            for cut in cuts.into_iter().chain(std::iter::repeat(7)) {
                if rest.is_empty() {
                    break;
                }
                let (piece, after) = rest.split_at(cut.min(rest.len()));
                last = parser.push(piece).or(last);
                rest = after;
                prop_assert!(parser.buffer.len() < LEN);
            }
            prop_assert_eq!(last, Some(reading(object, ambient)));
        }

        #[test]
        fn one_wrong_bit_is_no_reading(object in any::<i16>(), ambient in any::<i16>(), bit in 0_usize..LEN * 8) {
            let mut bytes = encode(object, ambient);
            bytes[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(Parser::default().push(&bytes), None);
        }
    }
}
