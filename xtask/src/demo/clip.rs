//! What stands in front of the kiosk: a real camera, a recorded person, or an animated portrait.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use crate::error::XtaskError;
use crate::models::{self, sha256};
use crate::paths::{self, Paths};
use crate::process;
use crate::steps::{note, step};

/// Where frames come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Camera {
    /// A camera of this machine.
    Device {
        /// Its number, as in /dev/video0.
        number: u32,
    },
    /// A clip whose person does what the kiosk asks for.
    Replay {
        /// Folder with a manifest.toml.
        folder: PathBuf,
        /// File in that folder.
        clip: String,
        /// The actions that it contains, as the kiosk's configuration names them.
        offers: Vec<&'static str>,
        /// Whether the clip was made from a portrait.
        made: bool,
    },
}

/// Names of events in a manifest and of the prompted actions that they answer. A turn to the right side of the
/// picture is a turn to the person's own left.
const ACTIONS: &[(&str, &str)] = &[
    ("turn_image_right", "turn-left"),
    ("turn_image_left", "turn-right"),
    ("look_up", "look-up"),
    ("head_down", "look-down"),
    ("look_down", "look-down"),
    ("blink", "blink"),
    ("eyes_closed", "blink"),
    ("mouth_open", "open-mouth"),
    ("smile", "smile"),
];

/// The rules ask for this many different actions.
const ACTIONS_MIN: usize = 3;

#[derive(Debug, Deserialize)]
struct Manifest {
    #[serde(default)]
    clip: Vec<Clip>,
}

#[derive(Debug, Deserialize)]
struct Clip {
    file: String,
    label: String,
    #[serde(default)]
    event: Vec<Event>,
}

#[derive(Debug, Deserialize)]
struct Event {
    r#type: String,
}

impl Camera {
    /// A camera if there is one and a person is there to use it, else a recorded clip, else one made from a
    /// portrait. Nobody sits before the camera while a script drives the window, and whoever names clips wants them.
    pub fn choose(
        paths: &Paths,
        clips: Option<&Path>,
        clip: Option<&str>,
        scripted: bool,
    ) -> Result<Self, XtaskError> {
        let clips = clips
            .map(Path::to_path_buf)
            .or_else(|| paths::folder("ALAQAN_FOOTAGE"));
        if !scripted
            && clips.is_none()
            && clip.is_none()
            && let Some(number) = capture_device(Path::new("/sys/class/video4linux"))
        {
            return Ok(Self::Device { number });
        }
        let here = std::env::current_dir().map_err(XtaskError::file(".", "found"))?;
        match clips {
            Some(folder) => Self::recorded(here.join(folder), clip, false),
            None => Self::recorded(puppet(paths)?, clip, true),
        }
    }

    /// What a person should know about it.
    pub fn statement(&self) -> String {
        match self {
            Self::Device { number } => format!("camera /dev/video{number}"),
            Self::Replay {
                clip, made: false, ..
            } => format!("no camera is used: the clip {clip} is replayed"),
            Self::Replay { clip, made: true, .. } => format!(
                "neither a camera nor a clip folder: an animated portrait ({clip}) is replayed. This proves the \
                 plumbing, not the biometrics"
            ),
        }
    }

    fn recorded(folder: PathBuf, clip: Option<&str>, made: bool) -> Result<Self, XtaskError> {
        let path = folder.join("manifest.toml");
        let (clip, offers) = choose_clip(&paths::read_text(&path)?, clip)
            .map_err(|message| XtaskError::Form { path, message })?;
        Ok(Self::Replay {
            folder,
            clip,
            offers,
            made,
        })
    }
}

/// The clip of this name, or else the first of a real person with enough different actions; and its actions.
fn choose_clip(manifest: &str, name: Option<&str>) -> Result<(String, Vec<&'static str>), String> {
    let manifest: Manifest = toml::from_str(manifest).map_err(|error| error.to_string())?;
    let suits = |clip: &Clip| clip.label == "bona_fide" && offers(clip).len() >= ACTIONS_MIN;
    let clip = match name {
        Some(name) => {
            let clip = manifest.clip.iter().find(|clip| clip.file == name);
            clip.ok_or_else(|| format!("it names no clip {name}"))?
        }
        None => manifest
            .clip
            .iter()
            .find(|clip| suits(clip))
            .ok_or_else(|| format!("no bona fide clip has {ACTIONS_MIN} different actions"))?,
    };
    let offers = offers(clip);
    if offers.len() < ACTIONS_MIN {
        return Err(format!(
            "{} has {} different actions; the rules ask for {ACTIONS_MIN}",
            clip.file,
            offers.len()
        ));
    }
    Ok((clip.file.clone(), offers))
}

fn offers(clip: &Clip) -> Vec<&'static str> {
    let mut offers = Vec::new();
    for event in &clip.event {
        let action = ACTIONS
            .iter()
            .find(|(name, _)| *name == event.r#type)
            .map(|(_, action)| *action);
        if let Some(action) = action.filter(|action| !offers.contains(action)) {
            offers.push(action);
        }
    }
    offers
}

/// The lowest number of a device node that gives pictures. A camera has further nodes for its metadata, whose
/// index is not 0.
fn capture_device(class: &Path) -> Option<u32> {
    let entries = std::fs::read_dir(class).ok()?;
    let number = |entry: std::fs::DirEntry| {
        let index = std::fs::read_to_string(entry.path().join("index")).ok()?;
        let number = entry.file_name().to_str()?.strip_prefix("video")?.parse().ok()?;
        (index.trim() == "0").then_some(number)
    };
    entries.filter_map(Result::ok).filter_map(number).min()
}

/// Folder with a clip made from the portrait; made anew when the program that makes it has changed.
fn puppet(paths: &Paths) -> Result<PathBuf, XtaskError> {
    let portrait = models::portrait(paths)?;
    let program = paths.binary("alaqan-puppet");
    let bytes = std::fs::read(&program).map_err(XtaskError::file(&program, "read"))?;
    let folder = paths.target.join("puppet");
    let stamp_file = folder.join("stamp");
    let stamp = sha256(&bytes);
    if std::fs::read_to_string(&stamp_file).is_ok_and(|old| old == stamp) {
        note(format!("animated portrait: {}", folder.display()));
        return Ok(folder);
    }
    step("Animating the portrait", || {
        paths::create_folder(&folder)?;
        let mut command = Command::new(&program);
        command
            .arg("--portrait")
            .arg(&portrait)
            .arg("--models")
            .arg(&paths.models)
            .arg("--out")
            .arg(&folder);
        process::run(&mut command)?;
        paths::write(&stamp_file, &stamp)
    })?;
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = r#"
        [[clip]]
        file = "attack.mp4"
        label = "attack_replay"
        [[clip.event]]
        type = "blink"
        [[clip.event]]
        type = "smile"
        [[clip.event]]
        type = "look_up"
        [[clip]]
        file = "still.mp4"
        label = "bona_fide"
        [[clip]]
        file = "good.mp4"
        label = "bona_fide"
        fps = 30.0
        [[clip.event]]
        type = "frontal"
        first = 1
        [[clip.event]]
        type = "turn_image_right"
        [[clip.event]]
        type = "blink"
        [[clip.event]]
        type = "eyes_closed"
        [[clip.event]]
        type = "head_down"
    "#;

    #[test]
    fn a_clip_is_chosen() {
        let check = |manifest: &str, name: Option<&str>, expect: Result<(&str, &[&str]), &str>| match (
            choose_clip(manifest, name),
            expect,
        ) {
            (Ok((clip, offers)), Ok(expect)) => assert_eq!((clip.as_str(), offers.as_slice()), expect),
            (Err(error), Err(expect)) => assert!(error.contains(expect), "{error}"),
            (found, expect) => panic!("{found:?} instead of {expect:?}"),
        };
        check(
            MANIFEST,
            None,
            Ok(("good.mp4", &["turn-left", "blink", "look-down"])),
        );
        check(
            MANIFEST,
            Some("attack.mp4"),
            Ok(("attack.mp4", &["blink", "smile", "look-up"])),
        );
        check(MANIFEST, Some("still.mp4"), Err("0 different actions"));
        check(MANIFEST, Some("none.mp4"), Err("no clip none.mp4"));
        check("", None, Err("no bona fide clip"));
        check("clip = 1", None, Err("clip"));
    }

    #[test]
    fn only_capture_nodes_are_cameras() {
        let class = tempfile::tempdir().unwrap();
        let check = |expect: Option<u32>| assert_eq!(capture_device(class.path()), expect);
        check(None);
        let add = |name: &str, index: &str| {
            std::fs::create_dir(class.path().join(name)).unwrap();
            std::fs::write(class.path().join(name).join("index"), index).unwrap();
        };
        add("video1", "1\n");
        check(None);
        add("video4", "0\n");
        add("video2", "0\n");
        check(Some(2));
    }
}
