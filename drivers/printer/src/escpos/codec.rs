//! The few commands of ESC/POS that a slip needs, and the answers to them.
//!
//! Source of the codes: Epson's *ESC/POS Command Reference* (TM printers), which makers of other printers follow.

use crate::PrintError;
use crate::raster::Bitmap;

/// `ESC @`: forgets what an earlier program has set.
pub const INIT: [u8; 2] = [0x1b, b'@'];
/// `GS r 1`: asks for the paper sensor in its turn, so that the answer says that everything before it was worked off.
pub const MARK: [u8; 3] = [0x1d, b'r', 1];
/// `DLE DC4 8`: drops at once what has been sent and is not printed. Without it a printer whose paper is replaced would
/// go on with the slip of a person who has gone.
pub const CLEAR: [u8; 10] = [0x10, 0x14, 8, 1, 3, 20, 1, 6, 2, 8];
/// The answer to [`CLEAR`].
pub const CLEARED: [u8; 3] = [0x37, 0x25, 0];

/// Rows of a band: two of them fit into the 4 KB that small printers take ahead.
pub const BAND_ROWS: usize = 24;

/// `ESC J n`: feeds so many dots.
pub fn feed(dots: u8) -> [u8; 3] {
    [0x1b, b'J', dots]
}

/// `GS V 66 n`: feeds to the cutter and so many dots further, and cuts but for a point in the middle. A printer
/// without a cutter only feeds.
pub fn cut(dots: u8) -> [u8; 4] {
    [0x1d, b'V', 66, dots]
}

/// `GS v 0`: one band of a picture. Rows are of one length; a band of more than 65,535 rows is cut off there.
pub fn band(rows: &[Vec<u8>]) -> Vec<u8> {
    let width = rows.first().map_or(0, Vec::len);
    let [width_low, width_high] = u16::try_from(width).unwrap_or(u16::MAX).to_le_bytes();
    let [rows_low, rows_high] = u16::try_from(rows.len()).unwrap_or(u16::MAX).to_le_bytes();
    let head = [0x1d, b'v', b'0', 0, width_low, width_high, rows_low, rows_high];
    let mut dots: Vec<u8> = rows.concat();
    defuse(&mut dots);
    [head.as_slice(), &dots].concat()
}

/// A printer looks for real-time commands in everything that comes, pictures included. Where dots look like one, a
/// neighbouring dot is made black: nobody sees it, and no slip empties the buffer or opens the drawer.
fn defuse(dots: &mut [u8]) {
    for at in 0..dots.len() {
        if let Some([0x10, kind @ (0x04 | 0x05 | 0x14)]) = dots.get_mut(at..at + 2) {
            *kind |= 0x02;
        }
    }
}

/// All bytes of a slip, in the pieces in which they are sent: begin, bands, feed and cut. Each ends with a mark.
pub fn slip(bitmap: &Bitmap) -> Vec<Vec<u8>> {
    let mut pieces = vec![[INIT.as_slice(), &MARK].concat()];
    let bands = bitmap.rows().chunks(BAND_ROWS);
    pieces.extend(bands.map(|rows| [band(rows).as_slice(), &MARK].concat()));
    pieces.push([feed(16).as_slice(), &cut(0), &MARK].concat());
    pieces
}

/// What `DLE EOT n` asks. It is answered at once, also by a printer that is offline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// 1: whether it is online.
    Printer,
    /// 2: why it is offline.
    Offline,
    /// 3: what has failed.
    Error,
    /// 4: the paper sensors.
    Paper,
}

impl Question {
    /// All, in the order in which they are asked.
    pub const ALL: [Self; 4] = [Self::Printer, Self::Offline, Self::Error, Self::Paper];

    /// The command.
    pub fn bytes(self) -> [u8; 3] {
        let number = match self {
            Self::Printer => 1,
            Self::Offline => 2,
            Self::Error => 3,
            Self::Paper => 4,
        };
        [0x10, 0x04, number]
    }
}

/// How much paper there is, so far as the sensors tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PaperLevel {
    /// Enough.
    #[default]
    Enough,
    /// The roll is nearly at its end. Printers without that sensor never say so.
    Low,
    /// None.
    Out,
}

/// How a printer does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Status {
    /// It does not take work.
    pub offline: bool,
    /// Its cover is open.
    pub cover_open: bool,
    /// How much paper there is.
    pub paper: PaperLevel,
    /// The cutter is stuck.
    pub cutter_error: bool,
    /// Anything else has failed, such as a head that is too hot.
    pub failed: bool,
}

impl Status {
    /// What keeps it from printing.
    ///
    /// # Errors
    /// The first that a person should mend: cover, paper, cutter, anything else.
    pub fn ready(&self) -> Result<(), PrintError> {
        let failed = |why: &str| Err(PrintError::Failed(why.to_owned()));
        match self {
            Self { cover_open: true, .. } => Err(PrintError::CoverOpen),
            Self {
                paper: PaperLevel::Out,
                ..
            } => Err(PrintError::OutOfPaper),
            Self {
                cutter_error: true, ..
            } => failed("the cutter is stuck"),
            Self { failed: true, .. } => failed("the printer says that it has failed"),
            Self { offline: true, .. } => failed("the printer is offline"),
            _ => Ok(()),
        }
    }

    /// Takes what an answer to a question says into the status.
    ///
    /// # Errors
    /// [`PrintError::Protocol`] if the byte is no answer to it.
    pub fn take(&mut self, question: Question, answer: u8) -> Result<(), PrintError> {
        // Bits 0 and 7 are never set, 1 and 4 always.
        if answer & 0b1001_0011 != 0b0001_0010 {
            return Err(PrintError::Protocol("no answer to a question for its status"));
        }
        let is_set = |bit: u8| answer & (1 << bit) != 0;
        match question {
            Question::Printer => self.offline = is_set(3),
            Question::Offline => {
                self.cover_open = is_set(2);
                if is_set(5) {
                    self.paper = PaperLevel::Out;
                }
                self.failed |= is_set(6);
            }
            Question::Error => {
                self.cutter_error = is_set(3);
                self.failed |= is_set(5) || is_set(6);
            }
            // Two bits each, for two sensors; a printer with one may set only one of them.
            Question::Paper if is_set(5) || is_set(6) => self.paper = PaperLevel::Out,
            Question::Paper if (is_set(2) || is_set(3)) && self.paper == PaperLevel::Enough => {
                self.paper = PaperLevel::Low;
            }
            Question::Paper => {}
        }
        Ok(())
    }
}

/// What a byte from a printer may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inbound {
    /// Flow control of the line, which means nothing here.
    Flow,
    /// An answer to a [`Question`].
    Answer(u8),
    /// The answer to [`MARK`].
    Mark,
    /// Nothing that we know.
    Unknown,
}

impl Inbound {
    /// Tells them apart by the bits that are fixed.
    pub fn of(byte: u8) -> Self {
        match byte {
            0x11 | 0x13 => Self::Flow,
            _ if byte & 0b1001_0011 == 0b0001_0010 => Self::Answer(byte),
            _ if byte & 0b1001_0000 == 0 => Self::Mark,
            _ => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn commands_have_the_bytes_of_the_reference() {
        assert_eq!(
            band(&[vec![1, 2], vec![3, 4]]),
            [0x1d, 0x76, 0x30, 0, 2, 0, 2, 0, 1, 2, 3, 4]
        );
        assert_eq!(cut(3), [0x1d, 0x56, 0x42, 3]);
        assert_eq!(feed(16), [0x1b, 0x4a, 16]);
        assert_eq!(Question::Paper.bytes(), [0x10, 0x04, 4]);
    }

    #[test]
    fn answers_say_what_is_wrong() {
        let check = |question, answer: u8, expect: Result<(), PrintError>| {
            let mut status = Status::default();
            let taken = status.take(question, answer);
            assert_eq!(
                taken.and_then(|()| status.ready()),
                expect,
                "{question:?} {answer:#x}"
            );
        };
        let failed = |why: &str| Err(PrintError::Failed(why.to_owned()));
        check(Question::Printer, 0x12, Ok(()));
        check(Question::Printer, 0x16, Ok(()));
        check(Question::Printer, 0x1a, failed("the printer is offline"));
        check(Question::Offline, 0x16, Err(PrintError::CoverOpen));
        check(Question::Offline, 0x32, Err(PrintError::OutOfPaper));
        check(
            Question::Offline,
            0x52,
            failed("the printer says that it has failed"),
        );
        check(Question::Error, 0x1a, failed("the cutter is stuck"));
        check(
            Question::Error,
            0x32,
            failed("the printer says that it has failed"),
        );
        check(Question::Paper, 0x1e, Ok(()));
        check(Question::Paper, 0x72, Err(PrintError::OutOfPaper));
        let protocol = || Err(PrintError::Protocol("no answer to a question for its status"));
        for wrong in [0x00, 0x02, 0x10, 0x13, 0x92, 0xff] {
            check(Question::Paper, wrong, protocol());
        }
    }

    proptest! {
        #[test]
        fn no_picture_holds_a_real_time_command(rows in prop::collection::vec(
            prop::collection::vec(prop::sample::select(vec![0u8, 1, 2, 4, 5, 8, 0x10, 0x14, 0xff]), 6), 0..40,
        )) {
            let sent = band(&rows);
            for window in sent.windows(2) {
                prop_assert!(!(window[0] == 0x10 && [4, 5, 0x14].contains(&window[1])));
            }
            // Dots are added at most, and few.
            for (before, after) in rows.concat().iter().zip(&sent[8..]) {
                prop_assert!(before == after || before | 2 == *after);
            }
        }

        #[test]
        fn any_byte_is_heard(byte: u8, question in prop::sample::select(Question::ALL.to_vec())) {
            let mut status = Status::default();
            let fits = status.take(question, byte).is_ok();
            prop_assert_eq!(fits, matches!(Inbound::of(byte), Inbound::Answer(_)));
            if !fits {
                prop_assert_eq!(status, Status::default());
            }
        }
    }
}
