//! A recorded person who answers prompts.
//!
//! A kiosk asks for actions in a random order, which no recording follows. The actor takes a clip whose events
//! are known, rests in its neutral frames, played to and fro, and on a cue goes through the event that was asked
//! for. Everything that is seen was recorded; only the order is the actor's.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use opencv::core::{self, Mat, Size, Vector};
use opencv::prelude::*;
use opencv::{imgcodecs, imgproc};
use verification::capture::CameraIdentity;
use verification::pad::PadChallenge;

use crate::replay::{Clock, identity, open_video};
use crate::route::{Neutral, Repertoire, Route, repertoire};
use crate::{CameraError, Frame, FrameSource, Pace, clips, manifest};

/// Frames are kept compressed, since a clip of 20 seconds has half a gigabyte of pixels. At this quality the
/// passive models see no difference.
const KEPT_QUALITY: i32 = 97;
/// The actor rests within so many frames of where the last action ended or the next may begin.
const REST_FRAMES: u32 = 30;
/// Side of the small grey pictures by which frames are compared.
const SKETCH_PX: i32 = 48;

/// Plays a clip in the order in which actions are asked for. It never ends.
pub struct Actor {
    identity: CameraIdentity,
    frames: BTreeMap<u32, Kept>,
    repertoire: Repertoire,
    clock: Clock,
    prompt: Option<PadChallenge>,
    wanted: Option<PadChallenge>,
    position: u32,
    doing: Doing,
}

/// A frame as it is kept.
struct Kept {
    jpeg: Vector<u8>,
    sketch: Mat,
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
    /// [`CameraError::ClipUnknown`], [`CameraError::ClipUnreadable`] and those of [`clips`].
    pub fn open(
        folder: impl AsRef<Path>,
        clip: &str,
        pace: Pace,
        origin: Instant,
    ) -> Result<Self, CameraError> {
        let folder = folder.as_ref();
        let unknown = || CameraError::ClipUnknown {
            clip: clip.to_owned(),
            path: manifest::path(folder),
        };
        let entry = clips(folder)?
            .into_iter()
            .find(|entry| entry.file == clip)
            .ok_or_else(unknown)?;
        let path = folder.join(&entry.file);
        let identity = identity(&path)?;
        let repertoire = repertoire(&entry);
        let frames = read(&path, &repertoire)?;
        let Some(position) = frames
            .range(repertoire.rest.clone())
            .map(|(at, _)| *at)
            .next_back()
        else {
            return Err(CameraError::ClipUnreadable { path });
        };
        let within = near(&repertoire.rest, position);
        Ok(Self {
            identity,
            frames,
            repertoire,
            clock: Clock::new(pace, entry.fps, origin),
            prompt: None,
            wanted: None,
            position,
            doing: Doing::Resting {
                within,
                forwards: true,
            },
        })
    }

    /// The actions that this clip can answer a prompt with.
    pub fn offers(&self) -> Vec<PadChallenge> {
        self.repertoire
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
            .repertoire
            .routes
            .iter()
            .find(|route| Some(route.challenge) == wanted)
        {
            let route = route.clone();
            if !(route.from.contains(&self.position) && self.can_walk(route.start)) {
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
        self.frames.range(low..=high).count() as u64 == u64::from(high - low) + 1
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
        let Some(present) = self.frames.get(&self.position) else {
            return *range.start();
        };
        let difference =
            |kept: &Kept| core::norm2_def(&kept.sketch, &present.sketch).unwrap_or(f64::INFINITY);
        self.frames
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

    fn next_frame(&mut self) -> Result<Option<Frame>, CameraError> {
        let (skipped, index, at) = self.clock.tick();
        for _ in 0..=skipped {
            self.advance();
        }
        let Some(kept) = self.frames.get(&self.position) else {
            return Ok(None);
        };
        let bgr = imgcodecs::imdecode(&kept.jpeg, imgcodecs::IMREAD_COLOR)?;
        Ok(Some(Frame { index, at, bgr }))
    }

    /// A cue counts when it changes. A prompt that the clip cannot answer is left unanswered.
    fn cue(&mut self, prompt: Option<PadChallenge>) {
        if prompt != self.prompt {
            self.prompt = prompt;
            self.wanted = prompt;
        }
    }
}

fn step(from: u32, to: u32) -> u32 {
    match from.cmp(&to) {
        std::cmp::Ordering::Less => from + 1,
        std::cmp::Ordering::Equal => from,
        std::cmp::Ordering::Greater => from - 1,
    }
}

/// The part of a range that begins or ends with one of its ends.
fn near(range: &Neutral, end: u32) -> Neutral {
    end.saturating_sub(REST_FRAMES).max(*range.start())..=(end + REST_FRAMES).min(*range.end())
}

fn read(path: &Path, repertoire: &Repertoire) -> Result<BTreeMap<u32, Kept>, CameraError> {
    let mut needed: Vec<Neutral> = vec![near(&repertoire.rest, *repertoire.rest.end())];
    for route in &repertoire.routes {
        needed.push(near(&route.from, route.start));
        needed.push(near(&route.to, route.end));
        let spread = route.frames.iter().copied();
        needed.push(spread.clone().min().unwrap_or(route.start)..=spread.max().unwrap_or(route.start));
    }
    let picture = imgcodecs::imread(path, imgcodecs::IMREAD_COLOR).unwrap_or_default();
    if !picture.empty() {
        return Ok(BTreeMap::from([(0, keep(&picture)?)]));
    }
    let last = needed.iter().map(|range| *range.end()).max().unwrap_or(0);
    let mut frames = BTreeMap::new();
    let mut video = open_video(path)?;
    for at in 0..=last {
        if !video.grab()? {
            break;
        }
        let mut bgr = Mat::default();
        if needed.iter().any(|range| range.contains(&at)) && video.retrieve_def(&mut bgr)? && !bgr.empty() {
            frames.insert(at, keep(&bgr)?);
        }
    }
    let short = |route: &Route| route.frames.iter().any(|frame| !frames.contains_key(frame));
    if repertoire.routes.iter().any(short) {
        return Err(CameraError::ClipUnreadable {
            path: path.to_owned(),
        });
    }
    Ok(frames)
}

fn keep(bgr: &Mat) -> Result<Kept, CameraError> {
    let mut jpeg = Vector::new();
    let options = Vector::from_slice(&[imgcodecs::IMWRITE_JPEG_QUALITY, KEPT_QUALITY]);
    imgcodecs::imencode(".jpg", bgr, &mut jpeg, &options)?;
    let mut grey = Mat::default();
    imgproc::cvt_color_def(bgr, &mut grey, imgproc::COLOR_BGR2GRAY)?;
    let mut sketch = Mat::default();
    let side = Size::new(SKETCH_PX, SKETCH_PX);
    imgproc::resize(&grey, &mut sketch, side, 0.0, 0.0, imgproc::INTER_AREA)?;
    Ok(Kept { jpeg, sketch })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{drawn_clip, number_of};
    use PadChallenge::{Blink, OpenMouth, Smile, TurnLeft};

    const MANIFEST: &str = r#"
        [[clip]]
        file = "drawn.avi"
        label = "bona_fide"
        frames = 120
        fps = 30.0
        [[clip.event]]
        type = "frontal"
        first = 0
        last = 20
        [[clip.event]]
        type = "turn_image_right"
        first = 25
        last = 45
        [[clip.event]]
        type = "frontal"
        first = 50
        last = 70
        [[clip.event]]
        type = "frontal"
        first = 80
        last = 95
        [[clip.event]]
        type = "blink"
        first = 100
        last = 104
        [[clip.event]]
        type = "smile"
        first = 105
        last = 119
    "#;

    fn actor(folder: &Path) -> Actor {
        drawn_clip(folder, "drawn.avi", 120, 30.0);
        std::fs::write(folder.join("manifest.toml"), MANIFEST).unwrap();
        Actor::open(folder, "drawn.avi", Pace::Free, Instant::now()).unwrap()
    }

    /// Numbers of the recorded frames, as they are played.
    fn play(actor: &mut Actor, frames: usize) -> Vec<u32> {
        (0..frames)
            .map(|_| number_of(&actor.next_frame().unwrap().unwrap().bgr))
            .collect()
    }

    #[test]
    fn rests_until_it_is_asked_and_after_it_has_acted() {
        let folder = tempfile::tempdir().unwrap();
        let mut actor = actor(folder.path());
        assert_eq!(actor.offers(), [TurnLeft, Blink]);
        assert!(play(&mut actor, 100).iter().all(|at| *at <= 20));

        actor.cue(Some(TurnLeft));
        let played = play(&mut actor, 80);
        let turn: Vec<u32> = played
            .iter()
            .copied()
            .filter(|at| (21..=49).contains(at))
            .collect();
        assert_eq!(turn, (21..=49).collect::<Vec<_>>());
        assert!(
            played.windows(2).all(|pair| pair[0].abs_diff(pair[1]) <= 1),
            "a jump in {played:?}"
        );
        assert!((50..=70).contains(played.last().unwrap()));

        // The same prompt once more is no new cue, and one that cannot be answered is not answered.
        for prompt in [Some(TurnLeft), Some(Smile), Some(OpenMouth), None] {
            actor.cue(prompt);
            assert!(play(&mut actor, 60).iter().all(|at| (50..=70).contains(at)));
        }
    }

    #[test]
    fn goes_back_where_there_is_no_way_on() {
        let folder = tempfile::tempdir().unwrap();
        let mut actor = actor(folder.path());
        actor.cue(Some(Blink));
        let played = play(&mut actor, 60);
        let cuts = played
            .windows(2)
            .filter(|pair| pair[0].abs_diff(pair[1]) > 1)
            .count();
        assert!(cuts <= 1, "more than the one cut to the other part in {played:?}");
        let blink: Vec<u32> = played
            .iter()
            .copied()
            .filter(|at| (96..=119).contains(at))
            .collect();
        assert_eq!(blink, [96, 97, 98, 99, 100, 101, 102, 101, 100, 99, 98, 97, 96]);
        assert!((80..=95).contains(played.last().unwrap()));
    }

    #[test]
    fn frames_are_numbered_and_timed_as_those_of_a_camera() {
        let folder = tempfile::tempdir().unwrap();
        let mut actor = actor(folder.path());
        assert!(actor.identity().replay);
        for expect in 0..40 {
            let frame = actor.next_frame().unwrap().unwrap();
            assert_eq!(frame.index, expect);
            assert!((frame.at.as_secs_f64() - expect as f64 / 30.0).abs() < 1e-6);
        }
    }

    #[test]
    fn a_clip_that_is_not_listed_or_shorter_than_listed_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = |clip: &str| {
            Actor::open(folder.path(), clip, Pace::Free, Instant::now())
                .err()
                .unwrap()
                .to_string()
        };
        assert!(error("drawn.avi").contains("manifest.toml"));
        std::fs::write(folder.path().join("manifest.toml"), MANIFEST).unwrap();
        assert!(error("other.avi").contains("other.avi is not listed"));
        drawn_clip(folder.path(), "drawn.avi", 30, 30.0);
        assert!(error("drawn.avi").contains("drawn.avi"));
    }

    /// The recordings of real people, where they are at hand; the other tests use drawn clips.
    #[test]
    fn recorded_people_act_without_a_visible_jump() {
        let Some(folder) = std::env::var_os("ALAQAN_FOOTAGE") else {
            println!("ALAQAN_FOOTAGE is not set: only drawn clips were used");
            return;
        };
        let mut acted = 0;
        for entry in clips(&folder).unwrap() {
            let mut actor = Actor::open(&folder, &entry.file, Pace::Free, Instant::now()).unwrap();
            let offers = actor.offers();
            println!("{} offers {offers:?}", entry.file);
            for challenge in offers {
                actor.cue(Some(challenge));
                let mut before = actor.position;
                let mut cuts = 0;
                let mut frames = 0;
                loop {
                    assert!(actor.next_frame().unwrap().is_some());
                    cuts += u32::from(actor.position.abs_diff(before) > 1);
                    before = actor.position;
                    frames += 1;
                    if matches!(actor.doing, Doing::Resting { .. }) {
                        break;
                    }
                    assert!(frames < 400, "{}: {challenge:?} does not end", entry.file);
                }
                println!("  {challenge:?} in {frames} frames with {cuts} cuts");
                assert!(cuts <= 1);
                acted += 1;
            }
        }
        assert!(acted > 0, "no clip offers an action");
    }
}
