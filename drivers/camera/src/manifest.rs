//! The list of clips beside a folder of recordings: `manifest.toml`.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::CameraError;

/// A day at 30 frames a second.
const FRAMES_MAX: u32 = 30 * 24 * 3600;

/// One clip of a folder. Fields of the list that are not needed here are not read.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ClipEntry {
    /// Name of the file within the folder.
    pub file: String,
    /// What the presentation is: `bona_fide`, `attack_print`, `attack_replay` or `no_face`; empty if nobody says.
    #[serde(default)]
    pub label: String,
    /// Which person, as a pseudonym.
    #[serde(default)]
    pub subject: String,
    /// What is to be seen.
    #[serde(default)]
    pub shows: String,
    /// Count of frames; 1 for a picture, 0 if nobody says.
    #[serde(default)]
    pub frames: u32,
    /// Frames a second; 0 for a picture.
    #[serde(default)]
    pub fps: f64,
    /// Whether it was rendered and not recorded.
    #[serde(default)]
    pub synthetic: bool,
    /// What happens when, in the order of the list.
    #[serde(default, rename = "event")]
    pub events: Vec<ClipEvent>,
}

/// Something that is to be seen in a range of frames.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ClipEvent {
    /// What it is, such as `frontal`, `turn_image_left` or `blink`.
    #[serde(rename = "type")]
    pub kind: String,
    /// First frame.
    pub first: u32,
    /// Last frame.
    pub last: u32,
    /// Where it is most marked.
    pub peak: Option<u32>,
    /// Remark for people. The words *slight*, *small* and *half* mark an event too weak to be shown on a prompt.
    #[serde(default)]
    pub note: String,
}

impl ClipEvent {
    /// Whether the remark calls the event too weak to be shown on a prompt.
    pub fn is_called_weak(&self) -> bool {
        ["slight", "small", "half"]
            .iter()
            .any(|word| self.note.contains(word))
    }
}

#[derive(Deserialize)]
struct Manifest {
    #[serde(default)]
    clip: Vec<ClipEntry>,
}

/// The clips listed in `manifest.toml` of a folder, checked for contradictions.
///
/// # Errors
/// [`CameraError::FileUnreadable`], [`CameraError::ManifestInvalid`], [`CameraError::ManifestContradiction`].
pub fn clips(folder: impl AsRef<Path>) -> Result<Vec<ClipEntry>, CameraError> {
    listed(folder)?
        .into_iter()
        .map(|listed| listed.contradiction.map_or(Ok(listed.entry), Err))
        .collect()
}

/// A clip as a list has it, right or wrong.
#[derive(Debug)]
pub struct Listed {
    /// What the list says.
    pub entry: ClipEntry,
    /// Why it cannot be so, if it cannot: [`CameraError::ManifestContradiction`].
    pub contradiction: Option<CameraError>,
}

/// As [`clips`], for who goes on with the others where one clip is listed wrong.
///
/// # Errors
/// [`CameraError::FileUnreadable`], [`CameraError::ManifestInvalid`].
pub fn listed(folder: impl AsRef<Path>) -> Result<Vec<Listed>, CameraError> {
    let path = path(folder.as_ref());
    let text = std::fs::read_to_string(&path).map_err(|source| CameraError::FileUnreadable {
        path: path.clone(),
        source,
    })?;
    parse(&text, &path)
}

/// Where the list of a folder is.
pub(crate) fn path(folder: &Path) -> PathBuf {
    folder.join("manifest.toml")
}

fn parse(text: &str, path: &Path) -> Result<Vec<Listed>, CameraError> {
    let manifest: Manifest = toml::from_str(text).map_err(|source| CameraError::ManifestInvalid {
        path: path.to_owned(),
        source,
    })?;
    let check = |entry: ClipEntry| Listed {
        contradiction: contradiction(&entry).map(|reason| CameraError::ManifestContradiction {
            path: path.to_owned(),
            clip: entry.file.clone(),
            reason,
        }),
        entry,
    };
    Ok(manifest.clip.into_iter().map(check).collect())
}

fn contradiction(clip: &ClipEntry) -> Option<&'static str> {
    let plain_name = Path::new(&clip.file).file_name() == Some(clip.file.as_ref());
    let in_order =
        |event: &ClipEvent| event.first <= event.last && (clip.frames == 0 || event.last < clip.frames);
    let peaked = |event: &ClipEvent| {
        event
            .peak
            .is_none_or(|peak| (event.first..=event.last).contains(&peak))
    };
    if !plain_name {
        Some("the file is not a plain name within the folder")
    } else if clip.frames > FRAMES_MAX {
        Some("there are more frames than in a day of video")
    } else if !(0.0..=1000.0).contains(&clip.fps) {
        Some("the frame rate is no number up to 1000")
    } else if !clip.events.iter().all(in_order) {
        Some("an event ends before it begins or after the clip")
    } else if !clip.events.iter().all(peaked) {
        Some("the peak of an event lies outside it")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(event: &str, expect: &str) {
        let text =
            format!("[[clip]]\nfile = \"a.avi\"\nlabel = \"bona_fide\"\nframes = 90\nfps = 30.0\n{event}");
        let got = match parse(&text, Path::new("manifest.toml")) {
            Ok(clips) => match clips.iter().find_map(|listed| listed.contradiction.as_ref()) {
                None => format!("{} events", clips[0].entry.events.len()),
                Some(error) => error.to_string(),
            },
            Err(error) => error.to_string(),
        };
        assert!(got.contains(expect), "{got}");
    }

    #[test]
    fn reads_what_it_needs_and_refuses_contradictions() {
        check("bytes = 4\n", "0 events");
        check(
            "[[clip.event]]\ntype = \"blink\"\nfirst = 3\nlast = 9\npeak = 5\n",
            "1 events",
        );
        check(
            "[[clip.event]]\ntype = \"blink\"\nfirst = 9\nlast = 3\n",
            "ends before it begins",
        );
        check(
            "[[clip.event]]\ntype = \"blink\"\nfirst = 9\nlast = 90\n",
            "after the clip",
        );
        check(
            "[[clip.event]]\ntype = \"blink\"\nfirst = 3\nlast = 9\npeak = 2\n",
            "peak",
        );
        check("[[clip.event]]\nfirst = 3\nlast = 9\n", "no list of clips");
        check(
            "[[clip]]\nfile = \"../b\"\nlabel = \"no_face\"\nframes = 1\n",
            "plain name",
        );
        check(
            "[[clip]]\nfile = \"b\"\nlabel = \"no_face\"\nframes = 1\nfps = nan\n",
            "frame rate",
        );
        check(
            "[[clip]]\nfile = \"b\"\nlabel = \"no_face\"\nframes = 4000000000\n",
            "a day of video",
        );
        check(
            "[[clip]]\nfile = \"b\"\nlabel = \"no_face\"\nframes = -1\n",
            "no list of clips",
        );
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(?s).{0,80}") {
            let _ = parse(&text, Path::new("manifest.toml"));
        }
    }
}
