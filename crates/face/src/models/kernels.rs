//! The arithmetic of a network, sixteen channels at a time.
//!
//! Pictures lie in memory pixel by pixel, all channels of a pixel together, filled up with zeros to whole
//! [`Lanes`]. So a convolution of one pixel is a product of matrices, and one kernel serves almost all of the work.
//! Every function must be inlined into a `dispatch!`, which chooses the instructions of the processor at hand. A
//! closure is not always, so registers are filled in plain loops and not by `array::from_fn`.
//!
//! The processor is asked once: AVX-512 where it has it (Ice Lake and Zen 4 on), else AVX2 with fused multiplication
//! (from 2013 on), else SSE4.2, else SSE2, which every x86-64 has. The test runs all of them that its machine has.

use std::array;

use fearless_simd::{Simd, f32x16, prelude::*};

/// Channels that are worked on at once: one register of AVX-512, two of AVX2, four of SSE2.
pub(crate) const LANES: usize = 16;
/// That many channels of one pixel.
pub(crate) type Lanes = [f32; LANES];
/// Pixels that are worked on at once: with two registers each and the weights they fill the sixteen of AVX2.
const PIXELS: usize = 6;
/// Groups of channels that are worked on at once where there are fewer pixels: enough to hide the latency of a
/// multiplication.
const GROUPS: usize = 4;

/// What is done to a sum before it is stored.
pub(crate) struct Finish {
    /// Added first, for each group of output channels.
    pub(crate) bias: Vec<Lanes>,
    /// Factor for negative values, last: 1 leaves them, 0 is a ReLU, anything else a PReLU.
    pub(crate) slope: Vec<Lanes>,
}

/// A product of matrices: each output channel is a weighted sum of `runs` times `depth` inputs.
pub(crate) struct Dense {
    /// How many rows a window has; one for a convolution of single pixels.
    pub(crate) runs: usize,
    /// Inputs that lie beside each other.
    pub(crate) depth: usize,
    /// For each group of output channels, for each input.
    pub(crate) weights: Vec<Lanes>,
    pub(crate) finish: Finish,
}

/// A convolution that keeps the channels apart.
pub(crate) struct Depthwise {
    pub(crate) window: Window,
    /// For each group of channels, for each place of the window.
    pub(crate) weights: Vec<Lanes>,
    pub(crate) finish: Finish,
}

/// The square that a convolution looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) side: usize,
    pub(crate) stride: usize,
    /// Rows above and columns to the left of the picture that count as zeros.
    pub(crate) before: usize,
}

/// Extent of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) height: usize,
    pub(crate) width: usize,
    pub(crate) channels: usize,
}

impl Size {
    /// Groups of channels in each pixel.
    pub(crate) fn groups(self) -> usize {
        self.channels.div_ceil(LANES)
    }

    /// Groups in the whole picture.
    pub(crate) fn len(self) -> usize {
        self.height * self.width * self.groups()
    }
}

/// Where the inputs of a [`Dense`] lie, in values.
#[derive(Clone, Copy)]
pub(crate) struct Layout {
    /// From one output to the next.
    pub(crate) pixel: usize,
    /// From one run to the next.
    pub(crate) run: usize,
}

/// A second picture that is added to the first; it may have fewer groups of channels.
#[derive(Clone, Copy)]
pub(crate) struct Residual<'a> {
    pub(crate) data: &'a [Lanes],
    pub(crate) groups: usize,
}

impl Finish {
    #[inline(always)]
    fn store<S: Simd>(&self, simd: S, sum: f32x16<S>, group: usize, to: &mut Lanes) {
        let nought = f32x16::splat(simd, 0.0);
        let slope = f32x16::from_slice(simd, &self.slope[group]);
        slope.mul_add(sum.min(nought), sum.max(nought)).store_slice(to);
    }
}

impl Dense {
    /// Computes as many pixels as the output has room for.
    #[inline(always)]
    pub(crate) fn run<S: Simd>(
        &self,
        simd: S,
        input: &[f32],
        layout: Layout,
        residual: Option<Residual<'_>>,
        output: &mut [Lanes],
    ) {
        let groups = self.finish.bias.len();
        let pixels = output.len() / groups;
        if pixels >= PIXELS {
            // The last block laps over the one before instead of being a smaller and slower one.
            for start in (0..pixels)
                .step_by(PIXELS)
                .map(|start| start.min(pixels - PIXELS))
            {
                for group in 0..groups {
                    self.block::<S, PIXELS, 1>(simd, input, layout, residual, output, start, group);
                }
            }
            return;
        }
        for pixel in 0..pixels {
            let whole = groups - groups % GROUPS;
            for group in (0..whole).step_by(GROUPS) {
                self.block::<S, 1, GROUPS>(simd, input, layout, residual, output, pixel, group);
            }
            for group in whole..groups {
                self.block::<S, 1, 1>(simd, input, layout, residual, output, pixel, group);
            }
        }
    }

    #[allow(
        clippy::too_many_arguments,
        reason = "one block of a product has so many coordinates"
    )]
    #[inline(always)]
    fn block<S: Simd, const P: usize, const G: usize>(
        &self,
        simd: S,
        input: &[f32],
        layout: Layout,
        residual: Option<Residual<'_>>,
        output: &mut [Lanes],
        pixel: usize,
        group: usize,
    ) {
        let groups = self.finish.bias.len();
        let mut sums = [[f32x16::splat(simd, 0.0); G]; P];
        for (g, bias) in self.finish.bias[group..][..G].iter().enumerate() {
            for sums in &mut sums {
                sums[g] = f32x16::from_slice(simd, bias);
            }
        }
        for run in 0..self.runs {
            let mut rows = [&input[..0]; P];
            for (p, row) in rows.iter_mut().enumerate() {
                *row = &input[(pixel + p) * layout.pixel + run * layout.run..][..self.depth];
            }
            let mut weights = [&self.weights[..0]; G];
            for (g, weights) in weights.iter_mut().enumerate() {
                *weights = &self.weights[((group + g) * self.runs + run) * self.depth..][..self.depth];
            }
            for at in 0..self.depth {
                let mut loaded = [f32x16::splat(simd, 0.0); G];
                for g in 0..G {
                    loaded[g] = f32x16::from_slice(simd, &weights[g][at]);
                }
                for p in 0..P {
                    let value = f32x16::splat(simd, rows[p][at]);
                    for g in 0..G {
                        sums[p][g] = value.mul_add(loaded[g], sums[p][g]);
                    }
                }
            }
        }
        for (p, sums) in sums.into_iter().enumerate() {
            for (g, mut sum) in sums.into_iter().enumerate() {
                let (pixel, group) = (pixel + p, group + g);
                if let Some(residual) = residual.filter(|residual| group < residual.groups) {
                    sum += f32x16::from_slice(simd, &residual.data[pixel * residual.groups + group]);
                }
                self.finish
                    .store(simd, sum, group, &mut output[pixel * groups + group]);
            }
        }
    }
}

impl Depthwise {
    #[inline(always)]
    pub(crate) fn run<S: Simd>(&self, simd: S, input: &[Lanes], size: Size, output: &mut [Lanes], out: Size) {
        let Window { side, stride, before } = self.window;
        let groups = size.groups();
        // Columns whose window lies wholly inside.
        let first = before.div_ceil(stride).min(out.width);
        let past = (size.width + before + stride)
            .saturating_sub(side)
            .div_euclid(stride);
        let past = past.clamp(first, out.width);
        for (y, to) in output.chunks_exact_mut(out.width * groups).enumerate() {
            let inside = (y * stride >= before && y * stride + side <= size.height + before && side == 3)
                .then_some((y * stride).wrapping_sub(before));
            for group in 0..groups {
                let weights = &self.weights[group * side * side..][..side * side];
                let whole = if inside.is_some() { first..past } else { 0..0 };
                for x in (0..whole.start).chain(whole.end..out.width) {
                    let to = &mut to[x * groups + group];
                    self.one(simd, input, size, (y, x), group, weights, to);
                }
                let Some(top) = inside else {
                    continue;
                };
                let rows: [&[Lanes]; 3] =
                    array::from_fn(|row| &input[(top + row) * size.width * groups..][..size.width * groups]);
                let mut taps = [f32x16::splat(simd, 0.0); 9];
                for (tap, weight) in taps.iter_mut().zip(weights) {
                    *tap = f32x16::from_slice(simd, weight);
                }
                let bias = f32x16::from_slice(simd, &self.finish.bias[group]);
                let nought = f32x16::splat(simd, 0.0);
                if past == first {
                    continue;
                }
                // All nine are of one length, so that one check of the index serves all of them.
                let (step, left) = (stride * groups, (first * stride - before) * groups + group);
                let len = (past - first - 1) * step + 1;
                let places: [&[Lanes]; 9] =
                    array::from_fn(|tap| &rows[tap / 3][left + tap % 3 * groups..][..len]);
                let outputs = to[first * groups + group..].iter_mut().step_by(groups);
                for (at, to) in (0..len).step_by(step).zip(outputs) {
                    let product = |tap: usize, sum: f32x16<S>| {
                        f32x16::from_slice(simd, &places[tap][at]).mul_add(taps[tap], sum)
                    };
                    // Two chains of sums wait less for each other than one.
                    let upper = product(3, product(2, product(1, product(0, bias))));
                    let lower = product(8, product(7, product(6, product(5, product(4, nought)))));
                    self.finish.store(simd, upper + lower, group, to);
                }
            }
        }
    }

    /// One place, whose window may reach over the edge.
    #[allow(
        clippy::too_many_arguments,
        reason = "one place of a picture has so many coordinates"
    )]
    #[inline(always)]
    fn one<S: Simd>(
        &self,
        simd: S,
        input: &[Lanes],
        size: Size,
        (y, x): (usize, usize),
        group: usize,
        weights: &[Lanes],
        to: &mut Lanes,
    ) {
        let Window { side, stride, before } = self.window;
        let mut sum = f32x16::from_slice(simd, &self.finish.bias[group]);
        for (tap, weight) in weights.iter().enumerate() {
            let (row, column) = (y * stride + tap / side, x * stride + tap % side);
            if row < before || column < before || row - before >= size.height || column - before >= size.width
            {
                continue;
            }
            let at = ((row - before) * size.width + column - before) * size.groups() + group;
            sum = f32x16::from_slice(simd, &input[at]).mul_add(f32x16::from_slice(simd, weight), sum);
        }
        self.finish.store(simd, sum, group, to);
    }
}

/// The largest of each square of four pixels.
#[inline(always)]
pub(crate) fn max_pool<S: Simd>(simd: S, input: &[Lanes], size: Size, output: &mut [Lanes]) {
    let groups = size.groups();
    let row_len = size.width * groups;
    for (to, rows) in output
        .chunks_exact_mut(size.width / 2 * groups)
        .zip(input.chunks_exact(2 * row_len))
    {
        let (upper, lower) = rows.split_at(row_len);
        for (x, to) in to.chunks_exact_mut(groups).enumerate() {
            for (group, to) in to.iter_mut().enumerate() {
                let at = 2 * x * groups + group;
                let load = |from: &Lanes| f32x16::from_slice(simd, from);
                let one = load(&upper[at]).max(load(&upper[at + groups]));
                let other = load(&lower[at]).max(load(&lower[at + groups]));
                one.max(other).store_slice(to);
            }
        }
    }
}

/// The sum of two pictures.
#[inline(always)]
pub(crate) fn add<S: Simd>(simd: S, finish: &Finish, a: &[Lanes], b: &[Lanes], output: &mut [Lanes]) {
    let groups = finish.slope.len();
    for (at, ((a, b), to)) in a.iter().zip(b).zip(output).enumerate() {
        let sum = f32x16::from_slice(simd, a) + f32x16::from_slice(simd, b);
        finish.store(simd, sum, at % groups, to);
    }
}
