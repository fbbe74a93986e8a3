//! Flicker: brightness of the face that swings against that of its surround.
//!
//! Mains lamps swing too, at 100 Hz in a net of 50 Hz, but over the whole picture; a window behind the person does
//! not. What a camera of 30, 24, 20 or 15 frames a second sees of 100 and 120 Hz is therefore left out, and so is
//! what is slower than four swings a second, for people move, breathe and have a pulse.

use std::collections::VecDeque;
use std::f32::consts::TAU;

use verification::capture::LightMeasures;

use crate::skin::Colour;

/// Frames that are looked at together, about two seconds.
const FRAMES: usize = 64;
/// Frequencies from here on, in steps of one swing in [`FRAMES`]: 4.2 Hz at 30 frames a second.
const STEP_MIN: usize = 9;
/// What is seen of 100 and 120 Hz: a third and a sixth of the frame rate, and half of it, in the same steps.
const MAINS_STEPS: [f32; 3] = [64.0 / 3.0, 64.0 / 6.0, 32.0];
const MAINS_WIDTH: f32 = 1.5;
/// Fisher's test for a hidden period, for three neighbouring frequencies together, as the window spreads a period over
/// them: of 16 frequencies of noise three neighbours hold more than four fifths of the power once in a million
/// times (a beta distribution of 3 and 13); neighbours are not quite independent, hence a little more.
const CHANCE_MAX: f32 = 0.85;
/// A swing below this part of the mean is rounding.
const SWING_MIN: f32 = 0.005;

/// Keeps the brightness of the last frames.
#[derive(Default)]
pub(super) struct Flicker {
    brightness: VecDeque<f32>,
}

impl Flicker {
    /// Adds a frame. A frame without light measures begins anew, for time must be even.
    pub(super) fn add(&mut self, light: Option<&LightMeasures>) {
        let Some(light) = light else {
            self.brightness.clear();
            return;
        };
        let level = |rgb| Colour { rgb }.luminance() + 0.002;
        self.push((level(light.face_rgb) / level(light.surround_rgb)).ln());
    }

    fn push(&mut self, brightness: f32) {
        self.brightness.push_back(brightness);
        if self.brightness.len() > FRAMES {
            self.brightness.pop_front();
        }
    }

    /// 0 no swing, 0.5 a swing that chance gives once in a million times.
    pub(super) fn measure(&self) -> f32 {
        if self.brightness.len() < FRAMES {
            return 0.0;
        }
        let mean = self.brightness.iter().sum::<f32>() / FRAMES as f32;
        let mut powers = [0.0_f32; FRAMES / 2 + 2];
        for (step, power) in powers.iter_mut().enumerate().take(FRAMES / 2 + 1).skip(STEP_MIN) {
            if MAINS_STEPS
                .iter()
                .any(|mains| (step as f32 - mains).abs() < MAINS_WIDTH)
            {
                continue;
            }
            let (mut along, mut across) = (0.0, 0.0);
            for (at, value) in self.brightness.iter().enumerate() {
                // The window keeps slow movements out of the faster frequencies.
                let window = 0.5 - 0.5 * (TAU * at as f32 / FRAMES as f32).cos();
                let (sin, cos) = (TAU * ((step * at) % FRAMES) as f32 / FRAMES as f32).sin_cos();
                along += (value - mean) * window * cos;
                across += (value - mean) * window * sin;
            }
            // Amplitude of a swing under this window, which keeps half of it.
            let amplitude = along.hypot(across) * 4.0 / FRAMES as f32;
            *power = amplitude * amplitude;
        }
        let highest = powers.iter().copied().fold(0.0, f32::max);
        if highest.sqrt() < SWING_MIN {
            return 0.0;
        }
        let together = powers
            .windows(3)
            .map(|three| three.iter().sum::<f32>())
            .fold(0.0, f32::max);
        (together / powers.iter().sum::<f32>() / (2.0 * CHANCE_MAX)).clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(brightness: impl Fn(f32) -> f32, seen: bool) {
        let mut flicker = Flicker::default();
        let mut noise = 1_u32;
        for at in 0..100_u16 {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = (noise >> 16) as f32 / 65_536.0 - 0.5;
            flicker.push(brightness(f32::from(at)) + 0.004 * noise);
        }
        let got = flicker.measure();
        assert_eq!(got > 0.5, seen, "{got}");
    }

    #[test]
    fn a_fast_swing_is_seen_and_people_have_none() {
        check(|at| 0.02 * (at * TAU * 0.25).sin(), true);
        check(|_| 0.0, false);
        // Breath and pulse.
        check(
            |at| 0.05 * (at * TAU * 0.01).sin() + 0.02 * (at * TAU * 0.04).sin(),
            false,
        );
        // A lamp of a net of 50 Hz.
        check(|at| 0.02 * (at * TAU / 3.0).sin(), false);
        // A step, such as a lamp that is switched on.
        check(|at| if at > 70.0 { 0.3 } else { 0.0 }, false);
    }

    #[test]
    fn a_short_time_says_nothing() {
        let mut flicker = Flicker::default();
        for at in 0..63 {
            flicker.push(if at % 4 < 2 { 0.1 } else { -0.1 });
        }
        assert_eq!(flicker.measure(), 0.0);
    }
}
