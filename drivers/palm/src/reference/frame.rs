//! Packets and frames, as pure bytes.
//!
//! ```text
//! packet = version | kind | id (LE) | payload | CRC-32/ISCSI (LE)      8 to 512 bytes
//! frame  = 00 | COBS(packet) | 00
//! ```
//!
//! A byte 00 stands nowhere but around frames: whatever went wrong before it, the next frame is found.

use std::fmt;

use crc::{CRC_32_ISCSI, Crc};

/// Bytes before the payload.
const HEADER_LEN: usize = 4;
/// Bytes after the payload.
const CRC_LEN: usize = 4;
/// The longest payload, in bytes.
pub const PAYLOAD_MAX: usize = 504;
/// The longest packet, in bytes.
const PACKET_MAX: usize = HEADER_LEN + PAYLOAD_MAX + CRC_LEN;
/// The most that stands between two delimiters, in bytes: one byte of COBS for each 254.
const STUFFED_MAX: usize = PACKET_MAX + PACKET_MAX.div_ceil(254);
/// Stands around every frame.
const DELIMITER: u8 = 0;

const CHECKSUM: Crc<u32> = Crc::<u32>::new(&CRC_32_ISCSI);

/// One packet, in either direction. `Debug` shows the header only: the payload is biometric.
#[derive(Clone, PartialEq, Eq)]
pub struct Packet {
    version: u8,
    kind: u8,
    id: u16,
    payload: Vec<u8>,
}

/// Why what stood between two delimiters was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameFault {
    /// More bytes than any frame has.
    #[error("more bytes without a delimiter than a frame has")]
    TooLong,
    /// It is not COBS.
    #[error("the bytes between two delimiters are not COBS")]
    Stuffing,
    /// Too few or too many bytes for a packet.
    #[error("a packet of {0} bytes is none")]
    Length(usize),
    /// The CRC is not that of the packet.
    #[error("the checksum of a packet is wrong")]
    BadCheck,
}

impl Packet {
    /// A packet; `None` if the payload is longer than [`PAYLOAD_MAX`].
    pub fn new(version: u8, kind: u8, id: u16, payload: Vec<u8>) -> Option<Self> {
        (payload.len() <= PAYLOAD_MAX).then_some(Self {
            version,
            kind,
            id,
            payload,
        })
    }

    /// Version of the protocol; 0 where it is not agreed upon.
    pub fn version(&self) -> u8 {
        self.version
    }

    /// What the message is.
    pub fn kind(&self) -> u8 {
        self.kind
    }

    /// What it belongs to; 0 for what the scanner says by itself.
    pub fn id(&self) -> u16 {
        self.id
    }

    /// The bytes between header and CRC.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The packet with its CRC.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER_LEN + self.payload.len() + CRC_LEN);
        bytes.extend([self.version, self.kind]);
        bytes.extend(self.id.to_le_bytes());
        bytes.extend(&self.payload);
        let check = CHECKSUM.checksum(&bytes);
        bytes.extend(check.to_le_bytes());
        bytes
    }

    /// The frame as it goes over the wire.
    pub fn to_frame(&self) -> Vec<u8> {
        let stuffed = cobs::encode_vec(&self.to_bytes());
        let mut frame = Vec::with_capacity(stuffed.len() + 2);
        frame.push(DELIMITER);
        frame.extend(stuffed);
        frame.push(DELIMITER);
        frame
    }

    /// Reads a packet with its CRC.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FrameFault> {
        let fault = FrameFault::Length(bytes.len());
        if bytes.len() > PACKET_MAX {
            return Err(fault);
        }
        let (content, check) = bytes.split_last_chunk().ok_or(fault)?;
        let ([version, kind, low, high], payload) = content.split_first_chunk().ok_or(fault)?;
        if CHECKSUM.checksum(content) != u32::from_le_bytes(*check) {
            return Err(FrameFault::BadCheck);
        }
        Ok(Self {
            version: *version,
            kind: *kind,
            id: u16::from_le_bytes([*low, *high]),
            payload: payload.to_vec(),
        })
    }
}

impl fmt::Debug for Packet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Packet({:02x} id {:04x}, {} bytes)",
            self.kind,
            self.id,
            self.payload.len()
        )
    }
}

/// Finds packets in a stream of bytes, however the stream is cut. Keeps at most one frame.
#[derive(Default)]
pub struct Decoder {
    stuffed: Vec<u8>,
    overlong: bool,
}

/// The bytes that wait for their end are biometric: `Debug` shows their number.
impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Decoder({} bytes)", self.stuffed.len())
    }
}

impl Decoder {
    /// Takes from the front of `bytes` up to the next packet or the next reason for dropping something. `None` when
    /// all bytes are taken.
    pub fn next_packet(&mut self, bytes: &mut &[u8]) -> Option<Result<Packet, FrameFault>> {
        while let Some(end) = bytes.iter().position(|byte| *byte == DELIMITER) {
            let (part, rest) = bytes.split_at(end);
            *bytes = rest.get(1..).unwrap_or_default();
            self.take(part);
            let overlong = std::mem::take(&mut self.overlong);
            let mut stuffed = std::mem::take(&mut self.stuffed);
            if overlong {
                return Some(Err(FrameFault::TooLong));
            }
            if !stuffed.is_empty() {
                let unstuffed = cobs::decode_in_place(&mut stuffed).map_err(|_| FrameFault::Stuffing);
                return Some(
                    unstuffed
                        .and_then(|length| Packet::from_bytes(stuffed.get(..length).unwrap_or_default())),
                );
            }
        }
        let rest = std::mem::take(bytes);
        self.take(rest);
        None
    }

    fn take(&mut self, part: &[u8]) {
        if self.stuffed.len() + part.len() > STUFFED_MAX {
            self.overlong = true;
        }
        if self.overlong {
            self.stuffed.clear();
        } else {
            self.stuffed.extend(part);
        }
    }

    /// Whether bytes wait for their end.
    pub fn is_mid_frame(&self) -> bool {
        self.overlong || !self.stuffed.is_empty()
    }

    /// Forgets what waits for its end.
    pub fn clear(&mut self) {
        self.stuffed.clear();
        self.overlong = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn packet() -> impl Strategy<Value = Packet> {
        // Bytes that are often 00, so that COBS has work, and long runs without any.
        let sparse = prop::collection::vec(prop_oneof![Just(0u8), any::<u8>()], 0..=PAYLOAD_MAX);
        let dense = prop::collection::vec(1..=255u8, 0..=PAYLOAD_MAX);
        (any::<(u8, u8, u16)>(), prop_oneof![sparse, dense])
            .prop_map(|((version, kind, id), payload)| Packet::new(version, kind, id, payload).unwrap())
    }

    fn decode(decoder: &mut Decoder, mut bytes: &[u8]) -> Vec<Result<Packet, FrameFault>> {
        std::iter::from_fn(|| decoder.next_packet(&mut bytes)).collect()
    }

    #[test]
    fn the_checksum_is_the_one_of_the_page() {
        assert_eq!(CHECKSUM.checksum(b"123456789"), 0xE306_9283);
        assert_eq!(STUFFED_MAX, 515);
    }

    #[test]
    fn a_payload_has_its_cap() {
        assert!(Packet::new(1, 2, 3, vec![7; PAYLOAD_MAX]).is_some());
        assert!(Packet::new(1, 2, 3, vec![7; PAYLOAD_MAX + 1]).is_none());
    }

    #[test]
    fn what_is_wrong_is_dropped_and_the_next_frame_found() {
        let good = Packet::new(1, 0x83, 5, vec![0, 1, 0, 2]).unwrap();
        let frame = good.to_frame();
        let mut flipped = frame.clone();
        flipped[4] ^= 0x40;
        let check = |before: &[u8], expect: &[FrameFault]| {
            let mut bytes = before.to_vec();
            bytes.extend(&frame);
            let mut expected: Vec<_> = expect.iter().copied().map(Err).collect();
            expected.push(Ok(good.clone()));
            assert_eq!(decode(&mut Decoder::default(), &bytes), expected, "{before:02X?}");
        };
        check(&[], &[]);
        check(&[0, 0, 0], &[]);
        check(&flipped, &[FrameFault::BadCheck]);
        check(&frame[..7], &[FrameFault::Stuffing]);
        check(&[5, 1], &[FrameFault::Stuffing]);
        check(&[0, 1, 0], &[FrameFault::Length(0)]);
        check(&[0, 8, 1, 2, 3, 4, 5, 6, 7, 0], &[FrameFault::Length(7)]);
        check(&[1; STUFFED_MAX + 1], &[FrameFault::TooLong]);
        check(&[1; 4000], &[FrameFault::TooLong]);
        // 515 bytes that hold more than 512.
        check(&[1; STUFFED_MAX], &[FrameFault::Length(514)]);
    }

    #[test]
    fn a_group_of_254_ends_either_way() {
        // Header, payload and CRC of 254 bytes without any 00.
        let payload = (0..=u16::MAX).find_map(|seed| {
            let mut payload = vec![0xA5; 246];
            payload[..2].copy_from_slice(&seed.to_le_bytes());
            let packet = Packet::new(1, 2, 0x0303, payload)?;
            (!packet.to_bytes().contains(&0)).then_some(packet)
        });
        let packet = payload.unwrap();
        let mut long = vec![0, 0xFF];
        long.extend(packet.to_bytes());
        let short = [long.as_slice(), &[0]].concat();
        long.extend([1, 0]);
        for frame in [short, long] {
            assert_eq!(decode(&mut Decoder::default(), &frame), [Ok(packet.clone())]);
        }
    }

    proptest! {
        #[test]
        fn a_frame_gives_its_packet_however_it_is_cut(packet in packet(), cut in any::<prop::sample::Index>()) {
            let frame = packet.to_frame();
            prop_assert!(frame.len() <= STUFFED_MAX + 2);
            prop_assert_eq!(frame.iter().filter(|byte| **byte == 0).count(), 2);
            let (first, second) = frame.split_at(cut.index(frame.len()));
            let mut decoder = Decoder::default();
            let mut found = decode(&mut decoder, first);
            found.extend(decode(&mut decoder, second));
            prop_assert_eq!(found, [Ok(packet)]);
            prop_assert!(!decoder.is_mid_frame());
        }

        #[test]
        fn any_bytes_are_taken(chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..600), 0..8)) {
            let mut decoder = Decoder::default();
            for chunk in chunks {
                decode(&mut decoder, &chunk);
                prop_assert!(decoder.stuffed.len() <= STUFFED_MAX);
            }
        }

        /// One to five flipped bits are always noticed, as are up to 32 in a row.
        #[test]
        fn a_damaged_packet_is_none(
            packet in packet(),
            flips in prop::collection::vec(any::<prop::sample::Index>(), 1..=5),
        ) {
            let whole = packet.to_bytes();
            let mut bytes = whole.clone();
            let bits = bytes.len() * 8;
            for flip in flips {
                let bit = flip.index(bits);
                bytes[bit / 8] ^= 1 << (bit % 8);
            }
            // Two flips may have undone each other.
            prop_assume!(bytes != whole);
            prop_assert_eq!(Packet::from_bytes(&bytes), Err(FrameFault::BadCheck));
        }

        #[test]
        fn a_damaged_frame_never_gives_another_packet(packet in packet(), at in any::<prop::sample::Index>(), to in any::<u8>()) {
            let mut frame = packet.to_frame();
            let at = at.index(frame.len());
            frame[at] = to;
            for found in decode(&mut Decoder::default(), &frame).into_iter().flatten() {
                prop_assert_eq!(&found, &packet);
            }
        }
    }
}
