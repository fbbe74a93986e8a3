//! Whether the write-ahead journal was damaged.
//!
//! SQLite takes a journal for one that ends where a checksum no longer fits, as it would after a loss of power in the
//! middle of a write. So a single bit that turned over hides all that was committed behind it, and SQLite would go on
//! writing over it. What stands behind the break tells the two apart: each frame carries a checksum that goes on from the
//! one stored in the frame before it, so that frames behind a damaged one still prove themselves. What the *last* commit
//! lost leaves no such trace; for that there is the [mark](super::mark).
//!
//! The format is that of <https://www.sqlite.org/fileformat2.html#the_write_ahead_log>.

use std::io::{self, Read};

const HEADER_BYTES: usize = 32;
const FRAME_HEADER_BYTES: usize = 24;

/// What a journal holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Journal {
    /// Names this run of the journal; zeros where there is none.
    pub(super) salts: [u8; 8],
    /// How many frames SQLite will take: all up to the last commit before the first break.
    pub(super) frames: u32,
    /// Behind the break something is committed; or the header is damaged.
    pub(super) is_damaged: bool,
    /// How long it is.
    pub(super) bytes: u64,
}

/// Reads a journal to its end.
pub(super) fn scan(mut source: impl Read) -> io::Result<Journal> {
    let mut journal = Journal::default();
    let mut header = [0; HEADER_BYTES];
    let length = fill(&mut source, &mut header)?;
    journal.bytes = length as u64;
    if length < HEADER_BYTES {
        return Ok(journal);
    }
    let Some(format) = Format::of(&header) else {
        // A header alone holds nothing.
        journal.bytes += io::copy(&mut source, &mut io::sink())?;
        journal.is_damaged = journal.bytes > HEADER_BYTES as u64;
        return Ok(journal);
    };
    journal.salts.copy_from_slice(&header[16..24]);
    let mut frame = vec![0; FRAME_HEADER_BYTES + format.page_bytes];
    let mut sum = format.sum;
    let mut is_broken = false;
    for number in 1.. {
        let length = fill(&mut source, &mut frame)?;
        journal.bytes += length as u64;
        if length < frame.len() {
            break;
        }
        let is_good = format.follows(sum, &frame);
        sum = (word(&frame[16..]), word(&frame[20..]));
        is_broken |= !is_good;
        let is_commit = word(&frame[4..]) != 0;
        if is_good && is_commit {
            if is_broken {
                journal.is_damaged = true;
            } else {
                journal.frames = number;
            }
        }
    }
    Ok(journal)
}

struct Format {
    is_big_endian: bool,
    page_bytes: usize,
    salts: [u8; 8],
    sum: (u32, u32),
}

impl Format {
    fn of(header: &[u8; HEADER_BYTES]) -> Option<Self> {
        let is_big_endian = match word(header) {
            0x377f_0682 => false,
            0x377f_0683 => true,
            _ => return None,
        };
        let page_bytes = word(&header[8..]) as usize;
        let mut format = Self {
            is_big_endian,
            page_bytes,
            salts: [0; 8],
            sum: (word(&header[24..]), word(&header[28..])),
        };
        format.salts.copy_from_slice(&header[16..24]);
        let is_whole = format.add((0, 0), &header[..24]) == format.sum;
        let is_page = page_bytes.is_power_of_two() && (512..=65_536).contains(&page_bytes);
        (is_whole && is_page).then_some(format)
    }

    /// Whether the frame belongs to this run and goes on from that checksum.
    fn follows(&self, sum: (u32, u32), frame: &[u8]) -> bool {
        let head = self.add(sum, &frame[..8]);
        frame[8..16] == self.salts
            && self.add(head, &frame[FRAME_HEADER_BYTES..]) == (word(&frame[16..]), word(&frame[20..]))
    }

    fn add(&self, (mut first, mut second): (u32, u32), bytes: &[u8]) -> (u32, u32) {
        let native = |bytes: &[u8]| {
            let word = word(bytes);
            if self.is_big_endian {
                word
            } else {
                word.swap_bytes()
            }
        };
        for pair in bytes.chunks_exact(8) {
            first = first.wrapping_add(native(pair)).wrapping_add(second);
            second = second.wrapping_add(native(&pair[4..])).wrapping_add(first);
        }
        (first, second)
    }
}

/// The first four bytes, big endian; zero where there are fewer.
fn word(bytes: &[u8]) -> u32 {
    bytes.first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes))
}

/// Fills the buffer as far as there is something; gives how far.
fn fill(source: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match source.read(rest) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
