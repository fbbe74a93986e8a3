//! A living person's recording, replayed on a display that is held before the camera.
//!
//! The grid of the display is sampled by the grid of the camera at a rate that does not fit: the beat of both is the
//! moire, and it comes about here by sampling, as it does there.

use std::f32::consts::TAU;

use opencv::core::{Mat, Rect, Scalar, Size, Vec3b};
use opencv::imgproc;
use opencv::prelude::*;

use super::donor::{Donor, Frames};
use super::paint::{Grain, plain};
use crate::play::PlayError;

/// The display fills so much of the frame.
const FILLS: f32 = 0.86;
/// Width of its border, in parts of its own width.
const BEZEL: f32 = 0.045;
/// Lines of the display for each pixel of the camera: a little less than one, so that the beat is wide.
const GRID: f32 = 0.93;
/// What is left of the grid after the camera's pixel has averaged over its own width.
const GRID_DEPTH: f32 = 0.07;
/// The display is not held quite level.
const TILT: f32 = 0.05;
/// The backlight changes by so much at this beat with the camera.
const FLICKER: f32 = 0.025;
const FLICKER_HZ: f32 = 3.7;
/// How bright the reflection of a lamp is, in grey levels.
const GLARE: f32 = 90.0;

/// A display with somebody's recording.
pub struct ScreenReplay {
    recording: Frames,
    room: Mat,
    place: Rect,
    fps: f64,
    index: u32,
    glare_at: (f32, f32),
    grain: Grain,
}

impl ScreenReplay {
    /// Replays a donor's clip.
    pub fn new(donor: &Donor, seed: u64) -> Result<Self, PlayError> {
        let size = donor.size();
        let mut random = fastrand::Rng::with_seed(seed);
        let mut room = plain(size, Vec3b::from([74, 82, 88]))?;
        let (width, height) = (size.width as f32 * FILLS, size.height as f32 * FILLS);
        let place = Rect::new(
            ((size.width as f32 - width) / 2.0) as i32,
            ((size.height as f32 - height) / 2.0) as i32,
            (width as i32).max(1),
            (height as i32).max(1),
        );
        let border = (width * BEZEL) as i32;
        let around = Rect::new(
            place.x - border,
            place.y - border,
            place.width + 2 * border,
            place.height + 2 * border,
        );
        imgproc::rectangle(&mut room, around, Scalar::all(18.0), -1, imgproc::LINE_8, 0)?;
        Ok(Self {
            recording: donor.frames()?,
            room,
            place,
            fps: donor.fps(),
            index: 0,
            glare_at: (0.2 + 0.6 * random.f32(), 0.15 + 0.3 * random.f32()),
            grain: Grain::new(seed),
        })
    }

    /// The next frame; `None` at the end of the recording.
    pub fn next_frame(&mut self) -> Result<Option<Mat>, PlayError> {
        let Some(shown) = self.recording.next_frame()? else {
            return Ok(None);
        };
        let at_s = f64::from(self.index) / self.fps;
        self.index += 1;
        let size = Size::new(self.place.width, self.place.height);
        let mut small = Mat::default();
        imgproc::resize(&shown, &mut small, size, 0.0, 0.0, imgproc::INTER_AREA)?;
        self.light(&mut small, at_s as f32)?;
        let mut frame = self.room.try_clone()?;
        small.copy_to(&mut frame.roi_mut(self.place)?)?;
        self.grain.add(&mut frame)?;
        Ok(Some(frame))
    }

    /// What a backlight, a grid of coloured stripes and a shiny surface make of the picture.
    fn light(&self, picture: &mut Mat, at_s: f32) -> Result<(), PlayError> {
        // A display is steeper than a scene and bluer than a lamp.
        let curve: Vec<f32> = (0..=255)
            .map(|value| (value as f32 / 255.0).powf(1.15) * 255.0)
            .collect();
        let tint = [1.08, 1.0, 0.95];
        let backlight = 1.0 + FLICKER * (TAU * FLICKER_HZ * at_s).sin();
        let width = picture.cols().max(1) as usize;
        let (glare_x, glare_y) = (
            self.glare_at.0 * width as f32,
            self.glare_at.1 * picture.rows() as f32,
        );
        let spread = 0.14 * width as f32;
        for (at, pixel) in picture.data_bytes_mut()?.chunks_exact_mut(3).enumerate() {
            let (x, y) = ((at % width) as f32, (at / width) as f32);
            let away = ((x - glare_x) / spread).powi(2) + ((y - glare_y) / (1.6 * spread)).powi(2);
            let glare = if away < 9.0 { GLARE * (-away).exp() } else { 0.0 };
            for (channel, value) in pixel.iter_mut().enumerate() {
                // Stripes of the three colours lie a third of a period apart; the rows have a grid of their own.
                let column = TAU * (GRID * (x + TILT * y) + channel as f32 / 3.0);
                let row = TAU * GRID * 1.02 * (y - TILT * x);
                let grid = 1.0 + GRID_DEPTH * (column.cos() + 0.6 * row.cos());
                let lit = curve[usize::from(*value)] * tint[channel] * grid * backlight + glare;
                *value = lit.clamp(0.0, 255.0) as u8;
            }
        }
        Ok(())
    }
}
