//! What goes wrong.

use std::fmt;
use std::str::FromStr;

/// A fault. A number of rows says after how many printed rows it comes; 0 is at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The roll ends.
    PaperOut(u64),
    /// The roll is nearly at its end.
    PaperLow,
    /// The cover is opened.
    CoverOpen(u64),
    /// The cutter is stuck.
    Cutter,
    /// It does nothing more, and does not even read.
    Hang(u64),
    /// It takes everything and answers nothing.
    Silent,
    /// Its answers are nonsense.
    Garbage,
    /// The plug is pulled.
    Unplug(u64),
    /// It takes so many bytes a second.
    Slow(u32),
}

/// All faults as they are written, and what they do.
pub const FAULTS: &[(&str, &str)] = &[
    (
        "paper-out[@ROWS]",
        "the roll ends, at once or after so many printed rows",
    ),
    ("paper-low", "the roll is nearly at its end"),
    ("cover-open[@ROWS]", "the cover is opened"),
    ("cutter", "the cutter is stuck"),
    ("hang[@ROWS]", "it does nothing more, and does not even read"),
    ("silent", "it takes everything and answers nothing"),
    ("garbage", "its answers are nonsense"),
    ("unplug[@ROWS]", "the plug is pulled"),
    ("slow=BYTES", "it takes so many bytes a second"),
];

/// What is no fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownFault(String);

impl fmt::Display for UnknownFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown fault \"{}\"; \"help\" lists all", self.0)
    }
}

impl std::error::Error for UnknownFault {}

impl FromStr for Fault {
    type Err = UnknownFault;

    fn from_str(text: &str) -> Result<Self, UnknownFault> {
        let unknown = || UnknownFault(text.to_owned());
        if let Some(speed) = text.strip_prefix("slow=") {
            let speed = speed.parse().ok().filter(|speed| *speed > 0);
            return speed.map(Self::Slow).ok_or_else(unknown);
        }
        let (name, rows) = match text.split_once('@') {
            Some((name, rows)) => (name, Some(rows.parse().map_err(|_| unknown())?)),
            None => (text, None),
        };
        let at = rows.unwrap_or(0);
        Ok(match (name, rows) {
            ("paper-out", _) => Self::PaperOut(at),
            ("cover-open", _) => Self::CoverOpen(at),
            ("hang", _) => Self::Hang(at),
            ("unplug", _) => Self::Unplug(at),
            ("paper-low", None) => Self::PaperLow,
            ("cutter", None) => Self::Cutter,
            ("silent", None) => Self::Silent,
            ("garbage", None) => Self::Garbage,
            _ => return Err(unknown()),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_fault_of_the_list_is_read() {
        for (form, _) in FAULTS {
            let plain = form.split_once('[').map_or(*form, |(name, _)| name);
            let written = plain.replace("BYTES", "2000");
            assert!(written.parse::<Fault>().is_ok(), "{written}");
            assert_eq!(
                form.contains('@'),
                format!("{plain}@5").parse::<Fault>().is_ok(),
                "{form}"
            );
        }
        assert!("slow=0".parse::<Fault>().is_err());
        assert!("paper".parse::<Fault>().is_err());
    }

    proptest! {
        #[test]
        fn any_words_are_read(words in "\\PC{0,30}|(slow=|hang@|cutter)[0-9]{0,25}") {
            let _ = words.parse::<Fault>();
        }
    }
}
