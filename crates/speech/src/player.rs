//! Plays what the machine orders: finds clips, has the rest synthesised, and says when it is done.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rodio::cpal::traits::{DeviceTrait, HostTrait};
use serde::Serialize;

use crate::builder::Phrases;
use crate::clip::Clip;
use crate::engine::{Program, Synthesiser};
use crate::machine::{Private, VOLUME_MAX};
use crate::pack::Pack;
use crate::phrase::{Segment, key, segments};
use crate::stock::{self, Found, PackStock, Stock};
use crate::{Language, SpeechError, Words};

/// How much one step of volume changes.
const STEP_DB: f32 = 3.0;

/// Where sound goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// To the sound device that the system prefers.
    Default,
    /// To the device with this name.
    Named(String),
    /// To no device: what would be said is written down, one JSON object a line, in the time that it would take.
    Log(PathBuf),
}

#[derive(Serialize)]
struct Begun<'a> {
    n: u64,
    language: &'a str,
    /// Never there for private words.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    found: Found,
    #[serde(skip_serializing_if = "Option::is_none")]
    private: Option<&'a str>,
    volume: u8,
}

#[derive(Serialize)]
struct Ended {
    n: u64,
    interrupted: bool,
}

struct Playing {
    id: u64,
    until: Instant,
}

/// The player. It belongs to one thread.
pub(crate) struct Player {
    pack: Option<Pack>,
    /// There is to be a pack, whether or not it can be used.
    is_packed: bool,
    engine: Option<Program>,
    device: Option<Device>,
    log: Option<(PathBuf, File)>,
    volume: u8,
    playing: Option<Playing>,
}

struct Device {
    /// Sound ends with it.
    _stream: rodio::MixerDeviceSink,
    player: rodio::Player,
}

impl Player {
    /// What of pack, engine and device cannot be used is said and left out: a kiosk without a sound card works.
    pub(crate) fn open(pack: Option<&Path>, engine: Option<Program>, output: &Output, volume: u8) -> Self {
        let is_packed = pack.is_some();
        let pack = pack.and_then(|path| {
            Pack::open(path)
                .map_err(|error| tracing::error!(%error, "there are no rendered phrases; all is synthesised"))
                .ok()
        });
        let device = match output {
            Output::Log(_) => None,
            Output::Default => said(open_device(None)),
            Output::Named(name) => said(open_device(Some(name))),
        };
        let log = match output {
            Output::Log(path) => said(
                File::create(path)
                    .map(|file| (path.clone(), file))
                    .map_err(SpeechError::file(path, "written")),
            ),
            _ => None,
        };
        let mut player = Self {
            pack,
            is_packed,
            engine,
            device,
            log,
            volume,
            playing: None,
        };
        player.set_volume(volume);
        player
    }

    /// Whether anything can be heard.
    pub(crate) fn has_sound(&self) -> bool {
        self.device.is_some()
    }

    pub(crate) fn set_volume(&mut self, step: u8) {
        self.volume = step;
        if let Some(device) = &self.device {
            device.player.set_volume(gain(step));
        }
    }

    /// What there is to speak with, held against the present texts.
    pub(crate) fn stock(&mut self, wanted: &Phrases) -> Stock {
        let digit = Words::new("7");
        let engine = &mut self.engine;
        let mut speaks = |language| {
            let said = engine.as_mut().map(|engine| engine.say(language, &digit));
            matches!(said, Some(Ok(_)))
        };
        Stock {
            pack: match &self.pack {
                Some(pack) => PackStock::Holds(pack.index().len()),
                None if self.is_packed => PackStock::Unusable,
                None => PackStock::None,
            },
            languages: stock::languages(self.pack.as_ref().map(Pack::index), wanted, &mut speaks),
            engine: self.engine.as_ref().map(|engine| engine.program().to_owned()),
        }
    }

    /// Begins to play; gives what was found of the words. Nothing else is played now.
    pub(crate) fn play(
        &mut self,
        id: u64,
        language: Language,
        words: &Words,
        private: Option<Private>,
    ) -> Found {
        let (clips, found) = self.clips(language, words);
        let duration: Duration = clips.iter().map(Clip::duration).sum();
        if let Some(device) = &self.device {
            for clip in &clips {
                device.player.append(clip.source());
            }
            device.player.play();
        }
        self.write(&Begun {
            n: id,
            language: language.tag(),
            text: private.is_none().then_some(words.expose()),
            found,
            private: private.map(|kind| match kind {
                Private::Typed => "typed",
                Private::Shown => "shown",
            }),
            volume: self.volume,
        });
        self.playing = Some(Playing {
            id,
            until: Instant::now() + duration,
        });
        found
    }

    /// Silence at once.
    pub(crate) fn silence(&mut self) {
        if let Some(device) = &self.device {
            device.player.clear();
        }
        if let Some(playing) = self.playing.take() {
            self.write(&Ended {
                n: playing.id,
                interrupted: true,
            });
        }
    }

    /// In what time [`Player::finished`] is to be asked.
    pub(crate) fn wait(&self) -> Option<Duration> {
        const ASK_AGAIN: Duration = Duration::from_millis(10);
        let playing = self.playing.as_ref()?;
        Some(
            playing
                .until
                .saturating_duration_since(Instant::now())
                .max(ASK_AGAIN),
        )
    }

    /// What has been played to its end since it was asked the last time.
    pub(crate) fn finished(&mut self) -> Option<u64> {
        let empty = self.device.as_ref().is_none_or(|device| device.player.empty());
        let done = self
            .playing
            .take_if(|playing| empty && Instant::now() >= playing.until)?;
        self.write(&Ended {
            n: done.id,
            interrupted: false,
        });
        Some(done.id)
    }

    fn clips(&mut self, language: Language, words: &Words) -> (Vec<Clip>, Found) {
        let index = self.pack.as_ref().map(Pack::index);
        let cut = segments(words.expose(), |phrase| {
            index.is_some_and(|index| index.contains(&key(language, phrase)))
        });
        let (mut clips, mut packed, mut made, mut missing) = (Vec::new(), false, false, false);
        for segment in cut {
            let clip = match segment {
                Segment::Phrase(phrase) => {
                    packed = true;
                    self.packed_clip(language, &phrase)
                }
                Segment::Rest(rest) => {
                    made = true;
                    self.made_clip(language, &Words::new(rest))
                }
            };
            missing |= clip.is_none();
            clips.extend(clip);
        }
        let found = match (missing, packed, made) {
            (true, ..) => Found::Missing,
            (false, true, true) => Found::Mixed,
            (false, false, true) => Found::Engine,
            (false, ..) => Found::Pack,
        };
        (clips, found)
    }

    fn packed_clip(&mut self, language: Language, phrase: &str) -> Option<Clip> {
        match self.pack.as_mut()?.clip(&key(language, phrase)) {
            Ok(clip) => clip,
            Err(error) => {
                tracing::error!(%error, "a rendered phrase cannot be used; it is synthesised");
                self.made_clip(language, &Words::new(phrase))
            }
        }
    }

    fn made_clip(&mut self, language: Language, words: &Words) -> Option<Clip> {
        // What was said is not in the error.
        let clip = self.engine.as_mut()?.say(language, words);
        said(clip.and_then(|clip| clip.levelled()))
    }

    fn write(&mut self, line: &impl Serialize) {
        let Some((path, file)) = &mut self.log else { return };
        let written = serde_json::to_vec(line)
            .map_err(std::io::Error::other)
            .and_then(|mut bytes| {
                bytes.push(b'\n');
                file.write_all(&bytes)
            });
        said(written.map_err(SpeechError::file(path.as_path(), "written")));
    }
}

/// A fault of speech ends nothing: the words stand on the screen too.
fn said<T>(result: Result<T, SpeechError>) -> Option<T> {
    result.map_err(|error| tracing::error!(%error, "speech")).ok()
}

fn gain(step: u8) -> f32 {
    let below = f32::from(VOLUME_MAX.saturating_sub(step));
    10_f32.powf(-below * STEP_DB / 20.0)
}

fn open_device(name: Option<&str>) -> Result<Device, SpeechError> {
    let failed = |error: &dyn std::fmt::Display| SpeechError::Device(error.to_string());
    let builder = match name {
        None => rodio::DeviceSinkBuilder::from_default_device().map_err(|error| failed(&error))?,
        Some(name) => {
            let mut devices = rodio::cpal::default_host()
                .output_devices()
                .map_err(|error| failed(&error))?;
            let is_it = |device: &rodio::Device| {
                let described = device.description().is_ok_and(|about| about.name() == name);
                described || device.id().is_ok_and(|id| id.to_string() == name)
            };
            let device = devices
                .find(is_it)
                .ok_or_else(|| SpeechError::Device(format!("there is no {name}")))?;
            rodio::DeviceSinkBuilder::from_device(device).map_err(|error| failed(&error))?
        }
    };
    let mut stream = builder.open_stream().map_err(|error| failed(&error))?;
    stream.log_on_drop(false);
    let player = rodio::Player::connect_new(stream.mixer());
    Ok(Device {
        _stream: stream,
        player,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_is_three_decibels() {
        assert!((gain(VOLUME_MAX) - 1.0).abs() < 1e-6);
        let ratio = gain(6) / gain(5);
        assert!((20.0 * ratio.log10() - STEP_DB).abs() < 1e-3);
    }
}
