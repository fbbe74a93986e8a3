//! The printer itself: bytes come in, answers and paper go out. Pure: the shell says when it may go on.

use std::collections::VecDeque;

use super::fault::Fault;
use super::paper::Page;

/// How much it takes before it is printed, in bytes: what small printers have.
const BUFFER_MAX: usize = 4 * 1024;
/// Paper longer than this is torn off by somebody.
const ROWS_MAX: usize = 20_000;

/// `DLE DC4 8` and what must follow it.
const CLEAR: [u8; 10] = [16, 20, 8, 1, 3, 20, 1, 6, 2, 8];

/// A receipt printer.
#[derive(Default)]
pub struct Machine {
    faults: Vec<Fault>,
    /// The beginning of what may be a real-time command.
    real_time: Vec<u8>,
    buffer: VecDeque<u8>,
    picture: Option<Picture>,
    page: Page,
    cut: Vec<Page>,
    printed_rows: u64,
    cutter_stuck: bool,
    strange: u64,
    dropped: u64,
}

/// A picture that is coming in.
struct Picture {
    row_bytes: usize,
    rows_left: usize,
}

impl Machine {
    /// Sets what goes wrong from now on. Rows are counted anew, and a cutter that was stuck is free.
    pub fn set_faults(&mut self, faults: Vec<Fault>) {
        self.faults = faults;
        self.printed_rows = 0;
        self.cutter_stuck = false;
    }

    /// What goes wrong.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// How many bytes meant nothing to it.
    pub fn strange(&self) -> u64 {
        self.strange
    }

    /// How many bytes and rows a host has dropped before they were cut off.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Whether it hangs.
    pub fn hangs(&self) -> bool {
        self.any(|fault, rows| matches!(fault, Fault::Hang(at) if rows >= *at))
    }

    /// Whether the plug has been pulled.
    pub fn is_unplugged(&self) -> bool {
        self.any(|fault, rows| matches!(fault, Fault::Unplug(at) if rows >= *at))
    }

    /// How many bytes a second it takes, if it is slow.
    pub fn bytes_a_second(&self) -> Option<u32> {
        self.faults.iter().find_map(|fault| match fault {
            Fault::Slow(bytes) => Some(*bytes),
            _ => None,
        })
    }

    /// How many bytes it can take now.
    pub fn room(&self) -> usize {
        BUFFER_MAX.saturating_sub(self.buffer.len())
    }

    /// Pieces of paper that were cut off since the last call.
    pub fn take_pages(&mut self) -> Vec<Page> {
        std::mem::take(&mut self.cut)
    }

    /// Forgets all that a plug that was pulled takes with it.
    pub fn power_off(&mut self) {
        self.forget();
        self.real_time.clear();
    }

    /// Takes bytes from the line, and answers what is to be answered at once.
    pub fn receive(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut answers = Vec::new();
        for byte in bytes {
            self.real_time.push(*byte);
            match self.real_time.as_slice() {
                [16, 4, number @ 1..=4] => {
                    answers.extend(self.answer(*number));
                    self.real_time.clear();
                }
                done if done == CLEAR => {
                    self.real_time.clear();
                    self.forget();
                    answers.extend([0x37, 0x25, 0]);
                }
                [16] | [16, 4] => {}
                begun if CLEAR.starts_with(begun) => {}
                _ => {
                    // What was no command is data; but its last byte may begin one.
                    let begins = *byte == 16;
                    let data = self.real_time.len() - usize::from(begins);
                    self.buffer.extend(self.real_time.drain(..data));
                }
            }
        }
        answers
    }

    /// Prints what is there, at most so many rows, and answers what is answered in its turn.
    pub fn work(&mut self, rows_max: usize) -> Vec<u8> {
        let mut answers = Vec::new();
        let mut rows = 0;
        while rows < rows_max && !self.is_offline() && !self.hangs() && !self.is_unplugged() {
            match self.picture.take() {
                Some(picture) => {
                    if self.buffer.len() < picture.row_bytes {
                        self.picture = Some(picture);
                        break;
                    }
                    let row = self.buffer.drain(..picture.row_bytes).collect();
                    self.print_row(row);
                    rows += 1;
                    self.picture = (picture.rows_left > 1).then_some(Picture {
                        rows_left: picture.rows_left - 1,
                        ..picture
                    });
                }
                None => {
                    if !self.command(&mut answers) {
                        break;
                    }
                }
            }
        }
        answers
    }

    /// Performs the next command; `false` if there is none that is complete.
    fn command(&mut self, answers: &mut Vec<u8>) -> bool {
        let head: Vec<u8> = self.buffer.iter().take(8).copied().collect();
        let used = match head.as_slice() {
            [] | [27 | 29] | [27, 74] | [29, 86 | 114] | [29, 86, 66] => return false,
            [29, 118, ..] if head.len() < 8 => return false,
            [27, 64, ..] => 2,
            [27, 74, dots, ..] => {
                for _ in 0..*dots {
                    self.print_row(Vec::new());
                }
                3
            }
            [29, 86, 66, dots, ..] => {
                for _ in 0..*dots {
                    self.print_row(Vec::new());
                }
                if self.faults.contains(&Fault::Cutter) {
                    self.cutter_stuck = true;
                } else {
                    self.cut.push(std::mem::take(&mut self.page));
                }
                4
            }
            [29, 114, 1, ..] => {
                if !self.faults.contains(&Fault::Silent) {
                    answers.push(if self.faults.contains(&Fault::PaperLow) {
                        3
                    } else {
                        0
                    });
                }
                3
            }
            [29, 118, 48, 0, width_low, width_high, rows_low, rows_high] => {
                let row_bytes = usize::from(u16::from_le_bytes([*width_low, *width_high]));
                let rows_left = usize::from(u16::from_le_bytes([*rows_low, *rows_high]));
                if row_bytes > 0 && rows_left > 0 {
                    self.picture = Some(Picture { row_bytes, rows_left });
                }
                8
            }
            _ => {
                self.strange += 1;
                1
            }
        };
        self.buffer.drain(..used);
        true
    }

    fn print_row(&mut self, row: Vec<u8>) {
        if self.page.rows.len() >= ROWS_MAX {
            self.cut.push(std::mem::take(&mut self.page));
        }
        self.page.rows.push(row);
        self.printed_rows += 1;
    }

    fn forget(&mut self) {
        let rows = std::mem::take(&mut self.page).rows.len();
        self.dropped += u64::try_from(self.buffer.len() + rows).unwrap_or(u64::MAX);
        self.buffer.clear();
        self.picture = None;
    }

    fn answer(&self, number: u8) -> Option<u8> {
        if self.faults.contains(&Fault::Silent) {
            return None;
        }
        if self.faults.contains(&Fault::Garbage) {
            return Some(0xff);
        }
        let bit = |set: bool, bits: u8| if set { bits } else { 0 };
        let fixed = 2 + 16;
        Some(match number {
            1 => fixed + bit(self.is_offline(), 8),
            2 => fixed + bit(self.is_open(), 4) + bit(self.is_empty(), 32) + bit(self.cutter_stuck, 64),
            3 => fixed + bit(self.cutter_stuck, 8),
            _ => {
                let low = self.is_empty() || self.faults.contains(&Fault::PaperLow);
                fixed + bit(low, 4 + 8) + bit(self.is_empty(), 32 + 64)
            }
        })
    }

    fn is_empty(&self) -> bool {
        self.any(|fault, rows| matches!(fault, Fault::PaperOut(at) if rows >= *at))
    }

    fn is_open(&self) -> bool {
        self.any(|fault, rows| matches!(fault, Fault::CoverOpen(at) if rows >= *at))
    }

    fn is_offline(&self) -> bool {
        self.is_empty() || self.is_open() || self.cutter_stuck
    }

    fn any(&self, fits: impl Fn(&Fault, u64) -> bool) -> bool {
        self.faults.iter().any(|fault| fits(fault, self.printed_rows))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::escpos::codec;
    use crate::raster::Bitmap;

    fn print(machine: &mut Machine, pieces: &[Vec<u8>]) -> Vec<u8> {
        let mut answers = Vec::new();
        for piece in pieces {
            answers.extend(machine.receive(piece));
            answers.extend(machine.work(usize::MAX));
        }
        answers
    }

    proptest! {
        /// What the driver encodes, the simulator decodes: every black dot, and nothing besides.
        #[test]
        fn a_picture_arrives(
            width in 1u16..600, height in 1usize..100,
            dots in prop::collection::vec((0usize..600, 0usize..100), 0..200),
        ) {
            let mut bitmap = Bitmap::new(width, height);
            for (x, y) in dots {
                bitmap.blacken(x, y);
            }
            let mut machine = Machine::default();
            let answers = print(&mut machine, &codec::slip(&bitmap));
            // One answer for each piece.
            let pieces = codec::slip(&bitmap).len();
            prop_assert_eq!((answers, machine.strange()), (vec![0; pieces], 0));
            let pages = machine.take_pages();
            prop_assert_eq!(pages.len(), 1);
            let page = &pages[0];
            prop_assert_eq!(page.rows.len(), height + 16);
            let mut more = 0;
            for y in 0..page.rows.len() {
                for x in 0..page.width().max(600) {
                    prop_assert!(!bitmap.is_black(x, y) || page.is_black(x, y));
                    more += usize::from(page.is_black(x, y) && !bitmap.is_black(x, y));
                }
            }
            // Only a dot beside what looked like a command.
            prop_assert!(more <= 20);
        }

        #[test]
        fn any_bytes_are_taken(
            bytes in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(vec![16u8, 4, 20, 27, 29, 64, 86, 118, 48])], 0..400),
            split in 1usize..50,
        ) {
            let mut whole = Machine::default();
            let mut parts = Machine::default();
            let mut answers = whole.receive(&bytes);
            answers.extend(whole.work(1000));
            let mut others: Vec<u8> = bytes.chunks(split).flat_map(|part| parts.receive(part)).collect();
            others.extend(parts.work(1000));
            prop_assert_eq!(answers, others);
        }
    }

    #[test]
    fn the_driver_reads_what_the_simulator_says() {
        let check = |fault: &str, expect: &str| {
            let mut machine = Machine::default();
            machine.set_faults(fault.parse().into_iter().collect());
            let mut status = codec::Status::default();
            for question in codec::Question::ALL {
                let answers = machine.receive(&question.bytes());
                assert_eq!(answers.len(), 1);
                status.take(question, answers[0]).unwrap();
            }
            let word = status.ready().map_or_else(|fault| fault.word(), |()| "ready");
            assert_eq!(word, expect, "{fault}");
        };
        check("none", "ready");
        check("paper-out", "out-of-paper");
        check("paper-low", "ready");
        check("cover-open", "cover-open");
    }

    #[test]
    fn what_was_dropped_is_not_printed_later() {
        let mut bitmap = Bitmap::new(384, 400);
        bitmap.blacken(1, 1);
        let mut machine = Machine::default();
        machine.set_faults(vec![Fault::PaperOut(100)]);
        print(&mut machine, &codec::slip(&bitmap));
        assert!(machine.take_pages().is_empty());
        machine.receive(&codec::CLEAR);
        machine.set_faults(Vec::new());
        let next = Bitmap::new(384, 10);
        print(&mut machine, &codec::slip(&next));
        let pages = machine.take_pages();
        assert_eq!(pages.iter().map(|page| page.rows.len()).collect::<Vec<_>>(), [26]);
        assert!(machine.dropped() > 0);
    }
}
