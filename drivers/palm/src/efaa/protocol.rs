//! Frames of the EF-AA family, as pure bytes.
//!
//! ```text
//! offset  0   1   2     3   4    5 .. 5+N-1   5+N
//!         EF  AA  id    N (BE)   data         XOR of bytes 2 ..= 4+N
//! ```
//!
//! The sync bytes may also stand inside the data and nothing is escaped. A frame that turns out wrong is
//! therefore given up by one byte only, and the search goes on from the byte after: a true frame hidden in the
//! claimed length of a false one is still found.

use std::fmt;

/// The two bytes with which every frame starts.
const SYNC: [u8; 2] = [0xEF, 0xAA];
/// Sync, message id and length.
const HEADER_LEN: usize = 5;
/// Header and check byte.
const OVERHEAD_LEN: usize = HEADER_LEN + 1;

/// Longest data that a frame may claim in ordinary use, in bytes.
pub const DATA_CAP: usize = 256;
/// Longest data that a frame may claim while a file is transferred, in bytes.
pub const TRANSFER_DATA_CAP: usize = 4096;

/// One frame, in either direction. `Debug` shows the header only: the data may be biometric.
#[derive(Clone, PartialEq, Eq)]
pub struct Frame {
    message: u8,
    data: Vec<u8>,
}

/// Why bytes that started like a frame were given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameFault {
    /// The header claims more than the cap of this phase.
    #[error("a frame claims {claimed} bytes of data, more than the {cap} that are allowed now")]
    TooLong {
        /// Claimed length of the data in bytes.
        claimed: usize,
        /// The cap in force, in bytes.
        cap: usize,
    },
    /// The check byte is not the XOR of the frame.
    #[error("the check byte of a frame is wrong")]
    BadCheck,
}

impl Frame {
    /// A frame of data whose length is known at compile time.
    pub fn new<const N: usize>(message: u8, data: [u8; N]) -> Self {
        const { assert!(N <= TRANSFER_DATA_CAP) };
        Self {
            message,
            data: data.to_vec(),
        }
    }

    /// A frame of any data; `None` above [`TRANSFER_DATA_CAP`].
    pub fn from_data(message: u8, data: Vec<u8>) -> Option<Self> {
        (data.len() <= TRANSFER_DATA_CAP).then_some(Self { message, data })
    }

    /// Message id.
    pub fn message(&self) -> u8 {
        self.message
    }

    /// The data between length and check byte.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// The bytes on the wire.
    pub fn encode(&self) -> Vec<u8> {
        // Both constructors and the decoder keep the data far below 65536 bytes.
        let length = self.data.len() as u16;
        let mut bytes = Vec::with_capacity(self.data.len() + OVERHEAD_LEN);
        bytes.extend(SYNC);
        bytes.push(self.message);
        bytes.extend(length.to_be_bytes());
        bytes.extend(&self.data);
        let check = xor(&bytes[SYNC.len()..]);
        bytes.push(check);
        bytes
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Frame({:02x}, {} bytes)", self.message, self.data.len())
    }
}

fn xor(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, byte| sum ^ byte)
}

/// Finds frames in a stream of bytes, however the stream is cut.
///
/// Call [`Self::next_frame`] after every [`Self::push`] until it answers `None`; then no more than one frame's
/// bytes are kept.
#[derive(Debug)]
pub struct Decoder {
    pending: Pending,
    cap: usize,
}

/// Bytes that are not yet judged; `Debug` shows their number only.
#[derive(Default)]
struct Pending {
    bytes: Vec<u8>,
    /// How many of them are judged. They are moved out of the way once for each push and not for each frame.
    judged: usize,
}

impl Pending {
    fn push(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.judged);
        self.judged = 0;
        self.bytes.extend_from_slice(bytes);
    }

    fn rest(&self) -> &[u8] {
        self.bytes.get(self.judged..).unwrap_or_default()
    }

    fn skip(&mut self, count: usize) {
        self.judged = self.bytes.len().min(self.judged + count);
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.judged = 0;
    }
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.rest().len())
    }
}

impl Default for Decoder {
    fn default() -> Self {
        Self {
            pending: Pending::default(),
            cap: DATA_CAP,
        }
    }
}

impl Decoder {
    /// Sets the longest data a frame may claim from now on, in bytes, at most [`TRANSFER_DATA_CAP`].
    pub fn set_cap(&mut self, cap: usize) {
        self.cap = cap.min(TRANSFER_DATA_CAP);
    }

    /// Takes bytes off the wire.
    pub fn push(&mut self, bytes: &[u8]) {
        self.pending.push(bytes);
    }

    /// Whether the start of a frame is waiting for its rest.
    pub fn is_mid_frame(&self) -> bool {
        !self.pending.rest().is_empty()
    }

    /// Gives up the half frame that is waiting, because the line has been silent too long for it to go on.
    /// A whole frame that it hid comes out of the following calls of [`Self::next_frame`].
    pub fn abandon_half_frame(&mut self) {
        self.pending.skip(1);
    }

    /// Forgets everything that was pushed.
    pub fn clear(&mut self) {
        self.pending.clear();
    }

    /// The next frame or the next reason for giving one up; `None` when more bytes are needed.
    pub fn next_frame(&mut self) -> Option<Result<Frame, FrameFault>> {
        self.skip_to_sync();
        let bytes = self.pending.rest();
        let &[_, _, message, high, low, ..] = bytes else {
            return None;
        };
        let claimed = usize::from(u16::from_be_bytes([high, low]));
        if claimed > self.cap {
            self.pending.skip(1);
            return Some(Err(FrameFault::TooLong {
                claimed,
                cap: self.cap,
            }));
        }
        let whole = bytes.get(..claimed + OVERHEAD_LEN)?;
        // The XOR over content and check byte is zero exactly when the check byte is right.
        if xor(&whole[SYNC.len()..]) != 0 {
            self.pending.skip(1);
            return Some(Err(FrameFault::BadCheck));
        }
        let data = whole[HEADER_LEN..HEADER_LEN + claimed].to_vec();
        self.pending.skip(claimed + OVERHEAD_LEN);
        Some(Ok(Frame { message, data }))
    }

    /// Drops what cannot start a frame. A last lone EF stays: its AA may still come.
    fn skip_to_sync(&mut self) {
        let bytes = self.pending.rest();
        let start = bytes
            .windows(SYNC.len())
            .position(|pair| pair == SYNC)
            .unwrap_or_else(|| bytes.len() - usize::from(bytes.last() == Some(&SYNC[0])));
        self.pending.skip(start);
    }
}

#[cfg(test)]
mod tests;
