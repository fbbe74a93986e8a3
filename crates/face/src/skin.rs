//! Colour of places on the face, in linear light.

use std::sync::LazyLock;

use opencv::core::Mat;
use opencv::prelude::*;

use crate::FaceError;
use crate::mesh::{POINTS, Point3};

/// Four points of the mesh around a place, in turn.
pub(crate) type Quad = [usize; 4];

/// Between the brows and above: the one place that neither hair, beard, headscarf, mask nor glasses cover.
pub(crate) const FOREHEAD: Quad = [108, 337, 336, 107];
/// Cheek below the subject's right eye, and below the left one.
pub(crate) const CHEEKS: [Quad; 2] = [[117, 120, 36, 187], [346, 349, 266, 411]];

/// A pixel with a channel from here on is clipped or near it, and has lost its colour.
const CLIPPED: u8 = 250;
/// This part is left out at the dark end (hairs, moles) and at the bright one (highlights).
const TRIMMED: usize = 5;
/// Fewer pixels than this say nothing.
const PIXELS_MIN: usize = 24;

/// IEC 61966-2-1, of 8 bits.
pub(crate) static LINEAR: LazyLock<[f32; 256]> = LazyLock::new(|| {
    std::array::from_fn(|value| {
        let encoded = value as f32 / 255.0;
        if encoded <= 0.04045 {
            encoded / 12.92
        } else {
            ((encoded + 0.055) / 1.055).powf(2.4)
        }
    })
});

/// A mean colour, linear light.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Colour {
    /// Red, green, blue, each 0 to 1.
    pub(crate) rgb: [f32; 3],
}

impl Colour {
    /// Relative luminance (ITU-R BT.709 primaries).
    pub(crate) fn luminance(&self) -> f32 {
        let [r, g, b] = self.rgb;
        0.2126 * r + 0.7152 * g + 0.0722 * b
    }

    /// Logarithm of red over green. Blood takes green away and leaves red, in skin of every shade.
    pub(crate) fn redness(&self) -> f32 {
        // The offset is half of the first step of 8 bits in linear light, so that black has no colour.
        let offset = 0.002;
        ((self.rgb[0] + offset) / (self.rgb[1] + offset)).ln()
    }
}

/// Gathers pixels of one frame.
pub(crate) struct Gatherer<'a> {
    /// All pixels of the frame, row by row.
    frame: &'a [[u8; 3]],
    columns: i32,
    rows: i32,
    pixels: Vec<([f32; 3], f32)>,
    clipped: usize,
}

impl<'a> Gatherer<'a> {
    /// # Errors
    /// [`FaceError::OpenCv`] for a frame that does not lie in memory in one piece.
    pub(crate) fn new(bgr: &'a Mat) -> Result<Self, FaceError> {
        Ok(Self {
            frame: bgr.data_bytes()?.as_chunks().0,
            columns: bgr.cols(),
            rows: bgr.rows(),
            pixels: Vec::new(),
            clipped: 0,
        })
    }

    /// Adds the pixel at a place of the frame; places outside are passed over.
    pub(crate) fn add(&mut self, x: f32, y: f32) {
        let (x, y) = (x.round() as i32, y.round() as i32);
        if x < 0 || y < 0 || x >= self.columns || y >= self.rows {
            return;
        }
        let Some(pixel) = self.frame.get(y as usize * self.columns as usize + x as usize) else {
            return;
        };
        if pixel.iter().any(|channel| *channel >= CLIPPED) {
            self.clipped += 1;
            return;
        }
        let [b, g, r] = pixel.map(|channel| LINEAR[usize::from(channel)]);
        let colour = Colour { rgb: [r, g, b] };
        self.pixels.push((colour.rgb, colour.luminance()));
    }

    /// Adds `side` x `side` pixels of a place on the face.
    pub(crate) fn add_quad(&mut self, points: &[Point3; POINTS], quad: Quad, side: usize) {
        let [a, b, c, d] = quad.map(|at| (points[at].x, points[at].y));
        let step = |at: usize| (at as f32 + 0.5) / side as f32;
        for (u, v) in (0..side).flat_map(|row| (0..side).map(move |column| (step(column), step(row)))) {
            let mix = |a: f32, b: f32, c: f32, d: f32| {
                (a * (1.0 - u) + b * u) * (1.0 - v) + (d * (1.0 - u) + c * u) * v
            };
            self.add(mix(a.0, b.0, c.0, d.0), mix(a.1, b.1, c.1, d.1));
        }
    }

    /// How many pixels were gathered and not clipped.
    pub(crate) fn len(&self) -> usize {
        self.pixels.len()
    }

    /// The mean without the darkest and the brightest fifth; `None` of too few, or if most were clipped.
    pub(crate) fn colour(mut self) -> Option<Colour> {
        if self.pixels.len() < PIXELS_MIN || self.clipped > 3 * self.pixels.len() {
            return None;
        }
        let trim = self.pixels.len() / TRIMMED;
        // The fifths are set apart, and nothing else is put in order.
        let darker = |a: &([f32; 3], f32), b: &([f32; 3], f32)| a.1.total_cmp(&b.1);
        let (_, _, rest) = self.pixels.select_nth_unstable_by(trim, darker);
        let brightest = rest.len().checked_sub(trim)?;
        rest.select_nth_unstable_by(brightest, darker);
        let kept = self.pixels.get(trim..self.pixels.len() - trim)?;
        let mut rgb = [0.0_f32; 3];
        for (pixel, _) in kept {
            for (sum, channel) in rgb.iter_mut().zip(pixel) {
                *sum += channel;
            }
        }
        Some(Colour {
            rgb: rgb.map(|sum| sum / kept.len() as f32),
        })
    }
}

/// The colour of one place on the face.
pub(crate) fn colour_of(
    bgr: &Mat,
    points: &[Point3; POINTS],
    quad: Quad,
) -> Result<Option<Colour>, FaceError> {
    let mut pixels = Gatherer::new(bgr)?;
    pixels.add_quad(points, quad, 12);
    Ok(pixels.colour())
}
