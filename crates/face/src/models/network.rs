//! A small convolutional network, ready to run.

use std::collections::HashSet;

use fearless_simd::{Level, dispatch};

use super::kernels::{self, Dense, Depthwise, Finish, LANES, Lanes, Layout, Residual, Size};

/// Where a step reads or writes: the number of a picture in [`Program::sizes`].
pub(crate) type Place = usize;

/// One step; every one writes one picture.
pub(crate) enum Operation {
    /// A full convolution of the network's input or of a picture, all of whose windows lie inside.
    Convolution {
        from: Option<Place>,
        stride: usize,
        dense: Dense,
    },
    /// A convolution of single pixels, with another picture added.
    Pixelwise {
        from: Place,
        dense: Dense,
        residual: Option<Place>,
    },
    Depthwise {
        from: Place,
        depthwise: Depthwise,
    },
    MaxPool {
        from: Place,
    },
    Add {
        from: [Place; 2],
        finish: Finish,
    },
    /// Mean of each channel.
    Mean {
        from: Place,
    },
    Sigmoid {
        from: Place,
    },
    /// Each channel times one number.
    Scale {
        from: Place,
        by: Place,
    },
}

impl Operation {
    /// All pictures that are read.
    pub(crate) fn reads(&self) -> Vec<Place> {
        match self {
            Self::Convolution { from, .. } => from.iter().copied().collect(),
            Self::Pixelwise { from, residual, .. } => std::iter::once(*from).chain(*residual).collect(),
            Self::Depthwise { from, .. }
            | Self::MaxPool { from }
            | Self::Mean { from }
            | Self::Sigmoid { from } => {
                vec![*from]
            }
            Self::Add { from, .. } => from.to_vec(),
            Self::Scale { from, by } => vec![*from, *by],
        }
    }
}

/// An operation and the picture it writes.
pub(crate) struct Step {
    pub(crate) operation: Operation,
    pub(crate) to: Place,
}

/// The picture that a network is given.
#[derive(Clone, Copy)]
pub(crate) struct Input {
    pub(crate) side_px: usize,
    /// Rows and columns of zeros before it.
    pub(crate) before: usize,
    /// Its size with all zeros around it.
    pub(crate) padded: Size,
}

/// The steps of a network, with a place for everything that they write.
pub(crate) struct Program {
    level: Level,
    input: Input,
    padded: Vec<f32>,
    steps: Vec<Step>,
    sizes: Vec<Size>,
    outputs: Vec<Vec<Place>>,
    /// Which buffer holds each picture; buffers are used again as soon as their picture was read for the last time,
    /// so that they stay in the cache.
    buffer_of: Vec<usize>,
    buffers: Vec<Vec<Lanes>>,
}

impl Program {
    /// `sizes` has the size of every picture; `outputs` names the pictures of which each output consists. The steps
    /// must be such that each reads only what an earlier one wrote, in sizes that fit.
    pub(crate) fn new(input: Input, steps: Vec<Step>, sizes: Vec<Size>, outputs: Vec<Vec<Place>>) -> Self {
        let steps = needed(steps, outputs.iter().flatten().copied());
        let mut last_read = vec![0; sizes.len()];
        for (at, step) in steps.iter().enumerate() {
            for place in step.operation.reads() {
                last_read[place] = at;
            }
        }
        for place in outputs.iter().flatten() {
            last_read[*place] = steps.len();
        }
        let mut lens: Vec<usize> = Vec::new();
        let mut free: Vec<usize> = Vec::new();
        let mut buffer_of = vec![0; sizes.len()];
        for (at, step) in steps.iter().enumerate() {
            let buffer = free.pop().unwrap_or_else(|| {
                lens.push(0);
                lens.len() - 1
            });
            buffer_of[step.to] = buffer;
            lens[buffer] = lens[buffer].max(sizes[step.to].len());
            let mut done = step.operation.reads();
            done.sort_unstable();
            done.dedup();
            free.extend(
                done.into_iter()
                    .filter(|place| last_read[*place] == at)
                    .map(|place| buffer_of[place]),
            );
        }
        Self {
            level: Level::new(),
            input,
            padded: vec![0.0; input.padded.height * input.padded.width * input.padded.channels],
            steps,
            sizes,
            outputs,
            buffer_of,
            buffers: lens.into_iter().map(|len| vec![[0.0; LANES]; len]).collect(),
        }
    }

    /// Computes with other instructions than the best of the machine, to test them.
    #[cfg(test)]
    pub(crate) fn set_level(&mut self, level: Level) {
        self.level = level;
    }

    /// Values of each output.
    pub(crate) fn output_lens(&self) -> Vec<usize> {
        let len = |place: &Place| {
            let size = self.sizes[*place];
            size.height * size.width * size.channels
        };
        self.outputs
            .iter()
            .map(|places| places.iter().map(len).sum())
            .collect()
    }

    /// Runs the network on a square picture of three channels, all of a pixel together; `value` makes the values of a
    /// pixel as the network wants them. `None` if the picture has another size than the one it was built for.
    pub(crate) fn run(
        &mut self,
        picture: &[u8],
        value: impl Fn([u8; 3]) -> [f32; 3],
    ) -> Option<Vec<Vec<f32>>> {
        let Input {
            side_px,
            before,
            padded,
        } = self.input;
        let (pixels, rest) = picture.as_chunks::<3>();
        if pixels.len() != side_px * side_px || !rest.is_empty() {
            return None;
        }
        let (places, _) = self.padded.as_chunks_mut::<3>();
        let rows = places.chunks_exact_mut(padded.width).skip(before);
        for (to, from) in rows.zip(pixels.chunks_exact(side_px)) {
            for (to, pixel) in to[before..].iter_mut().zip(from) {
                *to = value(*pixel);
            }
        }
        for at in 0..self.steps.len() {
            self.perform(at);
        }
        let values = |place: &Place| {
            let (size, data) = (self.sizes[*place], &self.buffers[self.buffer_of[*place]]);
            let pixels = data[..size.len()].chunks_exact(size.groups());
            pixels
                .flat_map(move |pixel| pixel.as_flattened()[..size.channels].to_vec())
                .collect::<Vec<f32>>()
        };
        Some(
            self.outputs
                .iter()
                .map(|places| places.iter().flat_map(values).collect())
                .collect(),
        )
    }

    fn perform(&mut self, at: usize) {
        let Self {
            level,
            input,
            padded,
            steps,
            sizes,
            buffer_of,
            buffers,
            ..
        } = self;
        let (level, step) = (*level, &steps[at]);
        let out = sizes[step.to];
        let mut written = std::mem::take(&mut buffers[buffer_of[step.to]]);
        let to = &mut written[..out.len()];
        let picture = |place: Place| &buffers[buffer_of[place]][..sizes[place].len()];
        match &step.operation {
            Operation::Convolution { from, stride, dense } => {
                let (values, size) = match from {
                    None => (padded.as_slice(), input.padded),
                    Some(from) => (picture(*from).as_flattened(), sizes[*from]),
                };
                let layout = Layout {
                    pixel: stride * size.channels,
                    run: size.width * size.channels,
                };
                for (y, row) in to.chunks_exact_mut(out.width * out.groups()).enumerate() {
                    let values = &values[y * stride * layout.run..];
                    dispatch!(level, simd => dense.run(simd, values, layout, None, row));
                }
            }
            Operation::Pixelwise {
                from,
                dense,
                residual,
            } => {
                let layout = Layout {
                    pixel: sizes[*from].groups() * LANES,
                    run: 0,
                };
                let residual = residual.map(|place| Residual {
                    data: picture(place),
                    groups: sizes[place].groups(),
                });
                let from = picture(*from).as_flattened();
                dispatch!(level, simd => dense.run(simd, from, layout, residual, to));
            }
            Operation::Depthwise { from, depthwise } => {
                let (from, size) = (picture(*from), sizes[*from]);
                dispatch!(level, simd => depthwise.run(simd, from, size, to, out));
            }
            Operation::MaxPool { from } => {
                let (from, size) = (picture(*from), sizes[*from]);
                dispatch!(level, simd => kernels::max_pool(simd, from, size, to));
            }
            Operation::Add { from: [a, b], finish } => {
                let (a, b) = (picture(*a), picture(*b));
                dispatch!(level, simd => kernels::add(simd, finish, a, b, to));
            }
            Operation::Mean { from } => {
                let pixels = (sizes[*from].height * sizes[*from].width) as f32;
                to.fill([0.0; LANES]);
                for pixel in picture(*from).chunks_exact(out.groups()) {
                    each(to, pixel, |sum, value| sum + value);
                }
                to.as_flattened_mut().iter_mut().for_each(|sum| *sum /= pixels);
            }
            Operation::Sigmoid { from } => {
                to.copy_from_slice(picture(*from));
                for pixel in to.chunks_exact_mut(out.groups()) {
                    for value in &mut pixel.as_flattened_mut()[..out.channels] {
                        *value = 1.0 / (1.0 + (-*value).exp());
                    }
                }
            }
            Operation::Scale { from, by } => {
                to.copy_from_slice(picture(*from));
                for pixel in to.chunks_exact_mut(out.groups()) {
                    each(pixel, picture(*by), |value, factor| value * factor);
                }
            }
        }
        buffers[buffer_of[step.to]] = written;
    }
}

/// The steps without those whose pictures nobody wants.
fn needed(mut steps: Vec<Step>, outputs: impl Iterator<Item = Place>) -> Vec<Step> {
    let mut wanted: HashSet<Place> = outputs.collect();
    for step in steps.iter().rev() {
        if wanted.contains(&step.to) {
            wanted.extend(step.operation.reads());
        }
    }
    steps.retain(|step| wanted.contains(&step.to));
    steps
}

fn each(to: &mut [Lanes], other: &[Lanes], operation: fn(f32, f32) -> f32) {
    for (to, other) in to.as_flattened_mut().iter_mut().zip(other.as_flattened()) {
        *to = operation(*to, *other);
    }
}
