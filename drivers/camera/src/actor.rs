//! A recorded person who answers prompts.
//!
//! A kiosk asks for actions in a random order, which no recording follows. The actor takes a clip whose events
//! are known, rests in its neutral frames, played to and fro, and on a cue goes through the event that was asked
//! for. Everything that is seen was recorded; only the order is the actor's.
//!
//! Three niceties make it look like a camera in front of a person, which it is not; its identity says so:
//! - where it must cut from one neutral part to another, it blends over a fifth of a second, since a hard cut is
//!   what a kiosk looks for;
//! - it adds the noise of a sensor, since frames that are played to and fro would come again, pixel for pixel;
//! - it lights the middle of the frame in the colour of the screen, as a screen lights a face.

use std::path::Path;
use std::time::Instant;

use opencv::core::{self, Mat};
use verification::capture::{CameraIdentity, RectPx};
use verification::pad::PadChallenge;

use crate::grain::Grain;
use crate::manifest::ClipEntry;
use crate::reel::{Kept, Reel};
use crate::replay::{Clock, identity_of_all};
use crate::route::{Neutral, Route, near};
use crate::screen_light::ScreenLight;
use crate::{CameraError, Frame, FrameSource, Pace, clips, manifest};

/// A change of the picture within this time passes for a movement.
const BLEND_S: f64 = 0.2;

/// Plays a clip in the order in which actions are asked for. It never ends.
pub struct Actor {
    identity: CameraIdentity,
    reel: Reel,
    clock: Clock,
    prompt: Option<PadChallenge>,
    wanted: Option<PadChallenge>,
    position: u32,
    doing: Doing,
    blend: Blend,
    grain: Grain,
    light: ScreenLight,
    ignores_light: bool,
}

/// What the actor is doing. It moves from one to the next in this order, and from acting back to resting.
enum Doing {
    /// Neutral frames to and fro.
    Resting { within: Neutral, forwards: bool },
    /// On through neutral frames to the one beside the action.
    Approaching { route: Route },
    /// Through the action; the frames still to be played, the next one last.
    Acting { left: Vec<u32>, to: Neutral, end: u32 },
}

impl Actor {
    /// Reads `manifest.toml` of a folder and the frames of one of its clips that are needed. `origin` is the
    /// instant from which [`Frame::at`] is counted; with [`Pace::Free`] the first frame is at 0.
    ///
    /// # Errors
    /// [`CameraError::ClipUnknown`], [`CameraError::ClipUnreadable`], [`CameraError::ClipTruncated`] and those of
    /// [`clips`].
    pub fn open(
        folder: impl AsRef<Path>,
        clip: &str,
        pace: Pace,
        origin: Instant,
    ) -> Result<Self, CameraError> {
        Self::open_chain(folder, &[clip], pace, origin)
    }

    /// As [`Actor::open`], with several clips of one person, who can do what any of them shows and begins in the
    /// first. All are brought to the size of the first and to the highest rate among them. That they show one
    /// person is for the caller to see to.
    ///
    /// # Errors
    /// As [`Actor::open`]; without any clip [`CameraError::ClipUnknown`].
    pub fn open_chain(
        folder: impl AsRef<Path>,
        files: &[&str],
        pace: Pace,
        origin: Instant,
    ) -> Result<Self, CameraError> {
        let folder = folder.as_ref();
        let listed = clips(folder)?;
        let unknown = |file: &str| CameraError::ClipUnknown {
            clip: file.to_owned(),
            path: manifest::path(folder),
        };
        let entries = files
            .iter()
            .map(|file| {
                let entry = listed.iter().find(|entry| entry.file == *file);
                entry.cloned().ok_or_else(|| unknown(file))
            })
            .collect::<Result<Vec<ClipEntry>, _>>()?;
        let Some(first) = entries.first() else {
            return Err(unknown(""));
        };
        let paths: Vec<_> = entries.iter().map(|entry| folder.join(&entry.file)).collect();
        let identity = identity_of_all(&paths.iter().map(AsRef::as_ref).collect::<Vec<_>>())?;
        let reel = Reel::read(folder, &entries)?;
        let Some(position) = reel
            .frames
            .range(reel.repertoire.rest.clone())
            .map(|(at, _)| *at)
            .next_back()
        else {
            let path = folder.join(&first.file);
            return Err(CameraError::ClipUnreadable { path });
        };
        let within = near(&reel.repertoire.rest, position);
        Ok(Self {
            identity,
            clock: Clock::new(pace, reel.rate_hz, origin),
            prompt: None,
            wanted: None,
            position,
            doing: Doing::Resting {
                within,
                forwards: true,
            },
            blend: Blend::new(reel.rate_hz),
            grain: Grain::default(),
            light: ScreenLight::default(),
            ignores_light: false,
            reel,
        })
    }

    /// Where the face is in the frames, for the light of the screen. Without it, the middle of the frame is lit.
    pub fn lights_face(&mut self, face: RectPx) {
        self.light.set_face(face);
    }

    /// Switches the answer to the light of the screen off, as a recording has none, or on again.
    pub fn ignores_light(&mut self, ignores: bool) {
        self.ignores_light = ignores;
    }

    /// The actions that this clip can answer a prompt with.
    pub fn offers(&self) -> Vec<PadChallenge> {
        self.reel
            .repertoire
            .routes
            .iter()
            .map(|route| route.challenge)
            .collect()
    }

    /// One frame on.
    fn advance(&mut self) {
        let resting = matches!(self.doing, Doing::Resting { .. });
        let wanted = if resting { self.wanted.take() } else { None };
        if let Some(route) = self
            .reel
            .repertoire
            .routes
            .iter()
            .find(|route| Some(route.challenge) == wanted)
        {
            let route = route.clone();
            if !(route.from.contains(&self.position) && self.can_walk(route.start)) {
                self.blend.begin(self.reel.frames.get(&self.position));
                self.position = self.most_alike(&near(&route.from, route.start));
            }
            self.doing = Doing::Approaching { route };
        }
        self.doing = match std::mem::replace(
            &mut self.doing,
            Doing::Resting {
                within: 0..=0,
                forwards: true,
            },
        ) {
            Doing::Approaching { route } if self.position == route.start => {
                let left = route.frames.into_iter().rev().collect();
                self.act(left, route.to, route.end)
            }
            Doing::Approaching { route } => {
                self.position = step(self.position, route.start);
                Doing::Approaching { route }
            }
            Doing::Acting { left, to, end } => self.act(left, to, end),
            Doing::Resting { within, forwards } => {
                let turn = if forwards { *within.end() } else { *within.start() };
                let forwards = if self.position == turn {
                    !forwards
                } else {
                    forwards
                };
                let target = if forwards { *within.end() } else { *within.start() };
                self.position = step(self.position, target);
                Doing::Resting { within, forwards }
            }
        };
    }

    /// Whether every frame from here to there was kept.
    fn can_walk(&self, to: u32) -> bool {
        let (low, high) = (self.position.min(to), self.position.max(to));
        self.reel.frames.range(low..=high).count() as u64 == u64::from(high - low) + 1
    }

    fn act(&mut self, mut left: Vec<u32>, to: Neutral, end: u32) -> Doing {
        match left.pop() {
            Some(frame) => {
                self.position = frame;
                Doing::Acting { left, to, end }
            }
            None => {
                self.position = end;
                Doing::Resting {
                    within: near(&to, end),
                    forwards: end == *to.start(),
                }
            }
        }
    }

    /// The frame of a range that looks most like the present one, so that the cut between two parts of a clip is
    /// as small as it can be.
    fn most_alike(&self, range: &Neutral) -> u32 {
        let Some(present) = self.reel.frames.get(&self.position) else {
            return *range.start();
        };
        let difference = |kept: &Kept| kept.difference(present);
        self.reel
            .frames
            .range(range.clone())
            .map(|(at, kept)| (*at, difference(kept)))
            .min_by(|(_, a), (_, b)| a.total_cmp(b))
            .map_or(*range.start(), |(at, _)| at)
    }
}

impl FrameSource for Actor {
    fn identity(&self) -> &CameraIdentity {
        &self.identity
    }

    fn rate_hz(&self) -> Option<f64> {
        Some(self.clock.rate_hz())
    }

    fn next_frame(&mut self) -> Result<Option<Frame>, CameraError> {
        let (skipped, index, at) = self.clock.tick();
        for _ in 0..=skipped {
            self.advance();
        }
        let Some(kept) = self.reel.frames.get(&self.position) else {
            return Ok(None);
        };
        let mut shown = self.blend.next(kept.decode()?)?;
        if !self.ignores_light {
            self.light.add(&mut shown)?;
        }
        let bgr = self.grain.add(&shown)?;
        Ok(Some(Frame {
            index,
            at,
            bgr,
            stream: None,
        }))
    }

    /// A cue counts when it changes. A prompt that the clip cannot answer is left unanswered.
    fn cue(&mut self, prompt: Option<PadChallenge>) {
        if prompt != self.prompt {
            self.prompt = prompt;
            self.wanted = prompt;
        }
    }

    fn light(&mut self, screen: Option<[u8; 3]>) {
        self.light.set_colour(screen);
    }
}

/// Goes over a cut: the last frame before it fades out over those after it.
struct Blend {
    frames: u32,
    /// The frame that fades out, and how many frames it still takes.
    fading: Option<(Mat, u32)>,
}

impl Blend {
    fn new(rate_hz: f64) -> Self {
        Self {
            frames: (rate_hz * BLEND_S).round() as u32,
            fading: None,
        }
    }

    /// The next frame is the first one after a cut.
    fn begin(&mut self, last: Option<&Kept>) {
        // A frame that cannot be decoded leaves the cut as it is.
        self.fading = last
            .and_then(|last| last.decode().ok())
            .map(|from| (from, self.frames));
    }

    fn next(&mut self, frame: Mat) -> Result<Mat, CameraError> {
        let Some((from, left)) = &mut self.fading else {
            return Ok(frame);
        };
        if *left == 0 {
            self.fading = None;
            return Ok(frame);
        }
        let part = f64::from(*left) / f64::from(self.frames + 1);
        *left -= 1;
        let mut blended = Mat::default();
        core::add_weighted_def(from, part, &frame, 1.0 - part, 0.0, &mut blended)?;
        Ok(blended)
    }
}

fn step(from: u32, to: u32) -> u32 {
    match from.cmp(&to) {
        std::cmp::Ordering::Less => from + 1,
        std::cmp::Ordering::Equal => from,
        std::cmp::Ordering::Greater => from - 1,
    }
}

#[cfg(test)]
mod tests;
