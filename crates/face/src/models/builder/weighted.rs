//! The operations that have weights.

use super::super::kernels::{Dense, Depthwise, Finish, LANES, Lanes, Size, Window};
use super::super::network::Operation;
use super::super::onnx::{Node, Reason};
use super::{Builder, Value};

impl<'a> Builder<'a> {
    pub(super) fn convolution(&mut self, node: &'a Node) -> Result<Value, Reason> {
        let weights = self.weights(node, 1)?;
        let [outs, ins, side, other_side] = weights.sides[..] else {
            return Err("the weights have not four sides".into());
        };
        let mut bias = vec![0.0; outs];
        if node.inputs.len() > 2 {
            bias.clone_from(&self.constant(node, 2)?.floats);
        }
        let (from, size) = match self.value(node, 0)? {
            Value::Input => (None, self.input),
            _ => {
                let from = self.picture(node, 0)?;
                (Some(from), self.sizes[from])
            }
        };
        let text = node
            .attribute("auto_pad")
            .map_or(&b"NOTSET"[..], |attribute| &attribute.text);
        if text != b"NOTSET" || node.integers("dilations").iter().any(|dilation| *dilation != 1) {
            return Err("neither automatic padding nor dilation is known".into());
        }
        let small = |name: &str, otherwise: [i64; 4]| -> Result<[usize; 4], Reason> {
            let given = node.integers(name);
            let given = if given.is_empty() { &otherwise[..] } else { given };
            let mut small = [0; 4];
            for (to, value) in small.iter_mut().zip(given) {
                *to = usize::try_from(*value)
                    .ok()
                    .filter(|value| *value < 64)
                    .ok_or("a wild attribute")?;
            }
            Ok(small)
        };
        let [stride, stride_x, ..] = small("strides", [1; 4])?;
        let [top, left, bottom, right] = small("pads", [0; 4])?;
        let odd = side != other_side || stride != stride_x || top != left || bottom != right;
        if odd || stride == 0 || side == 0 || side > 16 || outs != bias.len() || top >= side.max(1) {
            return Err("a window of this kind is not known".into());
        }
        let window = Window {
            side,
            stride,
            before: top,
        };
        let length = |length: usize| {
            let room = (length + top + bottom).checked_sub(side);
            room.map_or(0, |room| room / stride + 1)
        };
        let out = Size {
            height: length(size.height),
            width: length(size.width),
            channels: outs,
        };
        let finish = finish(&bias);
        let group = node.integer("group", 1);
        if ins == 1 && outs == size.channels && usize::try_from(group) == Ok(outs) && outs > 1 {
            let from = from.ok_or("the input has too few channels")?;
            let weights = packed(outs, side * side, |channel, tap| {
                weights.floats[channel * side * side + tap]
            });
            let depthwise = Depthwise {
                window,
                weights,
                finish,
            };
            return self.step(Operation::Depthwise { from, depthwise }, out);
        }
        if group != 1 || ins != size.channels {
            return Err("the channels do not fit".into());
        }
        let weights = packed(outs, side * side * ins, |channel, at| {
            let (tap, from) = (at / ins, at % ins);
            weights.floats[(channel * ins + from) * side * side + tap]
        });
        let dense = Dense {
            runs: side,
            depth: side * ins,
            weights,
            finish,
        };
        let single = Window {
            side: 1,
            stride: 1,
            before: 0,
        };
        match from {
            Some(from) if window == single && bottom == 0 => self.step(
                Operation::Pixelwise {
                    from,
                    dense,
                    residual: None,
                },
                out,
            ),
            None => {
                // The input is given with the zeros around it, so that no window needs a check.
                let padded = |length: usize| length + top + bottom;
                if self.border.replace(top).is_some() {
                    return Err("the input is read more than once".into());
                }
                self.input = Size {
                    height: padded(size.height),
                    width: padded(size.width),
                    ..size
                };
                self.step(Operation::Convolution { from, stride, dense }, out)
            }
            Some(_) if top + bottom == 0 && size.channels.is_multiple_of(LANES) => {
                self.step(Operation::Convolution { from, stride, dense }, out)
            }
            Some(_) => Err("a full convolution with zeros around is not known".into()),
        }
    }

    pub(super) fn product(&mut self, node: &'a Node) -> Result<Value, Reason> {
        let from = self.picture(node, 0)?;
        let size = self.sizes[from];
        let weights = self.weights(node, 1)?;
        let [ins, outs] = weights.sides[..] else {
            return Err("the weights have not two sides".into());
        };
        if size.height * size.width != 1 || ins != size.channels {
            return Err("the sides do not fit".into());
        }
        let weights = packed(outs, ins, |to, from| weights.floats[from * outs + to]);
        let dense = Dense {
            runs: 1,
            depth: ins,
            weights,
            finish: finish(&vec![0.0; outs]),
        };
        let out = Size {
            channels: outs,
            ..size
        };
        self.step(
            Operation::Pixelwise {
                from,
                dense,
                residual: None,
            },
            out,
        )
    }

    /// Scales and shifts each channel.
    pub(super) fn normalization(&mut self, node: &'a Node) -> Result<Value, Reason> {
        let from = self.picture(node, 0)?;
        let size = self.sizes[from];
        let epsilon = node
            .attribute("epsilon")
            .map_or(1e-5, |attribute| attribute.float);
        let mut columns = Vec::new();
        for at in 1..5 {
            let column = &self.constant(node, at)?.floats;
            if column.len() != size.channels {
                return Err("the channels do not fit".into());
            }
            columns.push(column);
        }
        let [scale, shift, mean, variance] = columns[..] else {
            return Err("an input is missing".into());
        };
        let factors: Vec<f32> = scale
            .iter()
            .zip(variance)
            .map(|(scale, v)| scale / (v + epsilon).sqrt())
            .collect();
        let bias: Vec<f32> = (0..size.channels)
            .map(|at| shift[at] - mean[at] * factors[at])
            .collect();
        let depthwise = Depthwise {
            window: Window {
                side: 1,
                stride: 1,
                before: 0,
            },
            weights: packed(size.channels, 1, |channel, _| factors[channel]),
            finish: finish(&bias),
        };
        self.step(Operation::Depthwise { from, depthwise }, size)
    }
}

/// A bias, and negative values as they are.
pub(super) fn finish(bias: &[f32]) -> Finish {
    Finish {
        bias: packed(bias.len(), 1, |channel, _| bias[channel]),
        slope: vec![[1.0; LANES]; bias.len().div_ceil(LANES)],
    }
}

/// Weights in the order of the kernels: for each group of channels, for each of `depth` inputs, one value a channel.
pub(super) fn packed(channels: usize, depth: usize, value: impl Fn(usize, usize) -> f32) -> Vec<Lanes> {
    let mut packed = vec![[0.0; LANES]; channels.div_ceil(LANES) * depth];
    for channel in 0..channels {
        for at in 0..depth {
            packed[channel / LANES * depth + at][channel % LANES] = value(channel, at);
        }
    }
    packed
}
