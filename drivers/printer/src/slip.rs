//! What is printed.

use std::fmt;

/// A slip for the person. All texts come from the caller, in the person's language; a slip has no place for a sample
/// or a score.
///
/// Its `Debug` says only how much there is: a slip lies in the hand of one person, and not in a log.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Slip {
    /// The language of the texts by its BCP 47 tag, such as `kk`: readers of the PDF are told.
    pub language: String,
    /// Who gives the slip.
    pub institution: String,
    /// What the slip is.
    pub title: String,
    /// What is listed, in order.
    pub lines: Vec<SlipLine>,
    /// What is said below, in order.
    pub paragraphs: Vec<String>,
    /// What the QR code holds, such as the id of the document.
    pub qr: Option<String>,
    /// What stands at the very end, in small letters.
    pub footer: String,
}

/// One line of a slip.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct SlipLine {
    /// What it is.
    pub label: String,
    /// Its value.
    pub value: String,
}

impl fmt::Debug for Slip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slip")
            .field("language", &self.language)
            .field("lines", &self.lines.len())
            .field("paragraphs", &self.paragraphs.len())
            .field("qr", &self.qr.is_some())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for SlipLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SlipLine")
    }
}
