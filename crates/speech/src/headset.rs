//! Whether a headset is plugged.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

/// From where it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// From the jack, which Linux reports as a switch of an input device.
    Jack,
    /// It always is: a handset is fixed to the kiosk.
    Always,
    /// It never is: there is no jack, or nobody knows of it.
    Never,
    /// From the first character of a file, `1` or not: for demonstrations and tests.
    File(PathBuf),
}

/// What is no source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is `jack`, `always`, `never` or, in a demonstration, `file:` and a path")]
pub struct SourceError;

impl FromStr for Source {
    type Err = SourceError;

    fn from_str(text: &str) -> Result<Self, SourceError> {
        match text {
            "jack" => Ok(Self::Jack),
            "always" => Ok(Self::Always),
            "never" => Ok(Self::Never),
            _ => match text.strip_prefix("file:") {
                Some(path) if !path.is_empty() => Ok(Self::File(path.into())),
                _ => Err(SourceError),
            },
        }
    }
}

/// How often it is asked. A plug takes a hand longer.
pub(crate) const EVERY: Duration = Duration::from_millis(250);

/// Asks a source again and again.
pub(crate) struct Watch {
    source: Source,
    #[cfg(target_os = "linux")]
    jacks: Vec<evdev::Device>,
    /// Turns until devices are looked for again, while there is no jack.
    search_in: u32,
}

/// Devices are looked for this seldom: each look opens all of them.
const SEARCH_EVERY: u32 = 20;

impl Watch {
    pub(crate) fn new(source: Source) -> Self {
        Self {
            source,
            #[cfg(target_os = "linux")]
            jacks: Vec::new(),
            search_in: 0,
        }
    }

    /// Whether the answer can change.
    pub(crate) fn is_fixed(&self) -> bool {
        matches!(self.source, Source::Always | Source::Never)
    }

    /// Whether a headset is plugged now. What cannot be asked is not plugged.
    pub(crate) fn is_plugged(&mut self) -> bool {
        match &self.source {
            Source::Always => true,
            Source::Never => false,
            Source::File(path) => says_one(path),
            Source::Jack => self.is_jack_plugged(),
        }
    }

    #[cfg(target_os = "linux")]
    fn is_jack_plugged(&mut self) -> bool {
        if self.jacks.is_empty() {
            if self.search_in > 0 {
                self.search_in -= 1;
                return false;
            }
            self.search_in = SEARCH_EVERY;
            self.jacks = evdev::enumerate()
                .map(|(_, device)| device)
                .filter(|device| {
                    let has = |switches: &evdev::AttributeSetRef<evdev::SwitchCode>| {
                        switches.contains(evdev::SwitchCode::SW_HEADPHONE_INSERT)
                    };
                    device.supported_switches().is_some_and(has)
                })
                .collect();
        }
        let states: Result<Vec<bool>, std::io::Error> = self
            .jacks
            .iter()
            .map(|jack| {
                Ok(jack
                    .get_switch_state()?
                    .contains(evdev::SwitchCode::SW_HEADPHONE_INSERT))
            })
            .collect();
        states.map_or_else(
            |_| {
                // A sound card that went; another may come.
                self.jacks.clear();
                false
            },
            |states| states.contains(&true),
        )
    }

    #[cfg(not(target_os = "linux"))]
    fn is_jack_plugged(&mut self) -> bool {
        self.search_in = SEARCH_EVERY;
        false
    }
}

fn says_one(path: &Path) -> bool {
    std::fs::read(path).is_ok_and(|bytes| bytes.first() == Some(&b'1'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_named() {
        let check = |text: &str, expect| assert_eq!(text.parse::<Source>(), expect, "{text}");
        check("jack", Ok(Source::Jack));
        check("always", Ok(Source::Always));
        check("never", Ok(Source::Never));
        check("file:/run/plug", Ok(Source::File("/run/plug".into())));
        for wrong in ["", "Jack", "file:", "/dev/input/event0"] {
            check(wrong, Err(SourceError));
        }
    }

    #[test]
    fn a_file_says_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plug");
        let mut watch = Watch::new(Source::File(path.clone()));
        assert!(!watch.is_plugged());
        std::fs::write(&path, "1\n").unwrap();
        assert!(watch.is_plugged());
        std::fs::write(&path, "0\n").unwrap();
        assert!(!watch.is_plugged());
        assert!(Watch::new(Source::Always).is_plugged());
        assert!(!Watch::new(Source::Never).is_plugged());
    }
}
