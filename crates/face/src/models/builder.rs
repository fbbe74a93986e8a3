//! Makes steps of the operations in a model file.

mod weighted;

use std::collections::HashMap;

use self::weighted::{finish, packed};
use super::kernels::{Finish, LANES, Size};
use super::network::{Operation, Place, Step};
use super::onnx::{Constant, Node, Reason, VALUES_MAX};

/// What a name of the file stands for.
#[derive(Clone)]
pub(crate) enum Value {
    /// The picture that the network is given.
    Input,
    Picture {
        place: Place,
        /// Whether this very name is what the step writes; then a following step may be merged into it.
        written: bool,
    },
    /// The values of pictures, pixel by pixel, one picture after the other.
    List(Vec<Place>),
}

/// What is known of a network while its file is read.
pub(crate) struct Builder<'a> {
    pub(crate) constants: HashMap<&'a str, Constant>,
    /// How many operations and outputs read each name.
    pub(crate) uses: HashMap<&'a str, usize>,
    pub(crate) values: HashMap<&'a str, Value>,
    /// The network's input, with the zeros around it once they are known.
    pub(crate) input: Size,
    /// Rows and columns of zeros before the input, once a convolution has said how many.
    pub(crate) border: Option<usize>,
    pub(crate) steps: Vec<Step>,
    /// Of each picture: its size, and the step that writes it.
    pub(crate) sizes: Vec<Size>,
    pub(crate) writers: Vec<usize>,
}

impl<'a> Builder<'a> {
    /// Adds an operation; those before it must have been added.
    pub(crate) fn add(&mut self, node: &'a Node) -> Result<(), Reason> {
        let output = node.outputs.first().ok_or("no output")?;
        let value = match node.kind.as_str() {
            "Conv" => self.convolution(node)?,
            "MatMul" => self.product(node)?,
            "BatchNormalization" => self.normalization(node)?,
            "Add" => self.sum(node)?,
            "Relu" => self.activation(node, &[0.0])?,
            "PRelu" => {
                let slope = self.constant(node, 1)?.floats.clone();
                self.activation(node, &slope)?
            }
            "MaxPool" => {
                let from = self.picture(node, 0)?;
                let Size {
                    height,
                    width,
                    channels,
                } = self.sizes[from];
                let padded = node.integers("pads").iter().any(|pad| *pad != 0);
                if node.integers("kernel_shape") != [2, 2] || node.integers("strides") != [2, 2] || padded {
                    return Err("only squares of two by two pixels are known".into());
                }
                let size = Size {
                    height: height / 2,
                    width: width / 2,
                    channels,
                };
                self.step(Operation::MaxPool { from }, size)?
            }
            "GlobalAveragePool" => {
                let from = self.picture(node, 0)?;
                let size = Size {
                    height: 1,
                    width: 1,
                    ..self.sizes[from]
                };
                self.step(Operation::Mean { from }, size)?
            }
            "Sigmoid" => {
                let from = self.picture(node, 0)?;
                self.step(Operation::Sigmoid { from }, self.sizes[from])?
            }
            "Mul" => {
                let (from, by) = (self.picture(node, 0)?, self.picture(node, 1)?);
                if self.sizes[by]
                    != (Size {
                        height: 1,
                        width: 1,
                        ..self.sizes[from]
                    })
                {
                    return Err("only a factor for each channel is known".into());
                }
                self.step(Operation::Scale { from, by }, self.sizes[from])?
            }
            "Pad" => self.more_channels(node)?,
            "Transpose" => {
                if node.integers("perm") != [0, 2, 3, 1] {
                    return Err("only channels are moved to the end".into());
                }
                Value::List(vec![self.picture(node, 0)?])
            }
            "Reshape" => match self.value(node, 0)? {
                Value::List(places) => Value::List(places),
                _ => {
                    let place = self.picture(node, 0)?;
                    if self.sizes[place].height * self.sizes[place].width != 1 {
                        return Err("only one pixel can be reshaped".into());
                    }
                    Value::Picture {
                        place,
                        written: false,
                    }
                }
            },
            "Concat" => {
                if node.integer("axis", 0) != 1 {
                    return Err("only lists can be joined".into());
                }
                let mut all = Vec::new();
                for at in 0..node.inputs.len() {
                    match self.value(node, at)? {
                        Value::List(places) => all.extend(places),
                        _ => return Err("only lists can be joined".into()),
                    }
                }
                Value::List(all)
            }
            _ => return Err("this operation is not known".into()),
        };
        self.values.insert(output, value);
        Ok(())
    }

    fn value(&self, node: &'a Node, at: usize) -> Result<Value, Reason> {
        let name = node.inputs.get(at).ok_or("an input is missing")?;
        let value = self.values.get(name.as_str()).cloned();
        value.ok_or_else(|| format!("the input {name} is not known"))
    }

    fn picture(&self, node: &'a Node, at: usize) -> Result<Place, Reason> {
        match self.value(node, at)? {
            Value::Picture { place, .. } => Ok(place),
            // One pixel is the same in every order.
            Value::List(places) => match places[..] {
                [place] if self.sizes[place].height * self.sizes[place].width == 1 => Ok(place),
                _ => Err("a list is no picture".into()),
            },
            Value::Input => Err("only a convolution can read the input".into()),
        }
    }

    fn constant(&self, node: &'a Node, at: usize) -> Result<&Constant, Reason> {
        let name = node.inputs.get(at).ok_or("an input is missing")?;
        let constant = self.constants.get(name.as_str());
        constant.ok_or_else(|| format!("{name} is no constant"))
    }

    fn weights(&self, node: &'a Node, at: usize) -> Result<&Constant, Reason> {
        let weights = self.constant(node, at)?;
        let some = !weights.floats.is_empty();
        some.then_some(weights)
            .ok_or_else(|| "there are no weights".into())
    }

    fn step(&mut self, operation: Operation, size: Size) -> Result<Value, Reason> {
        let values = size
            .height
            .saturating_mul(size.width)
            .saturating_mul(size.channels + LANES);
        if size.height == 0 || size.width == 0 || size.channels == 0 || values > VALUES_MAX {
            return Err(format!("the size {size:?} is not usable"));
        }
        let to = self.sizes.len();
        self.writers.push(self.steps.len());
        self.sizes.push(size);
        self.steps.push(Step { operation, to });
        Ok(Value::Picture {
            place: to,
            written: true,
        })
    }

    /// The sum of two pictures; the later one does it itself if it is a convolution that nothing else reads.
    fn sum(&mut self, node: &'a Node) -> Result<Value, Reason> {
        let (a, b) = (self.picture(node, 0)?, self.picture(node, 1)?);
        let (early, late, at) = if self.writers[a] < self.writers[b] {
            (a, b, 1)
        } else {
            (b, a, 0)
        };
        let (early_size, size) = (self.sizes[early], self.sizes[late]);
        let fits = early_size.height == size.height && early_size.width == size.width;
        let alone = self.alone(node, at)?;
        if let Operation::Pixelwise {
            residual: residual @ None,
            dense,
            ..
        } = &mut self.steps[self.writers[late]].operation
            && alone
            && fits
            && early != late
            && early_size.channels <= size.channels
            && dense.finish.is_plain()
        {
            *residual = Some(early);
            return Ok(Value::Picture {
                place: late,
                written: true,
            });
        }
        if early_size != size {
            return Err("the sizes do not fit".into());
        }
        let finish = finish(&vec![0.0; size.channels]);
        self.step(Operation::Add { from: [a, b], finish }, size)
    }

    /// Whether an input of this node is read by it alone and can be merged with it.
    fn alone(&self, node: &'a Node, at: usize) -> Result<bool, Reason> {
        let written = matches!(self.value(node, at)?, Value::Picture { written: true, .. });
        let name = node.inputs.get(at).ok_or("an input is missing")?;
        Ok(written && self.uses.get(name.as_str()) == Some(&1))
    }

    fn activation(&mut self, node: &'a Node, slope: &[f32]) -> Result<Value, Reason> {
        let place = self.picture(node, 0)?;
        let alone = self.alone(node, 0)?;
        let channels = self.sizes[place].channels;
        let finish = match &mut self.steps[self.writers[place]].operation {
            Operation::Convolution { dense, .. } | Operation::Pixelwise { dense, .. } => &mut dense.finish,
            Operation::Depthwise { depthwise, .. } => &mut depthwise.finish,
            Operation::Add { finish, .. } => finish,
            _ => return Err("it does not follow a convolution or a sum".into()),
        };
        if !alone || !finish.is_plain() || ![1, channels].contains(&slope.len()) {
            return Err("it cannot be merged into the step before".into());
        }
        finish.slope = packed(channels, 1, |channel, _| slope[channel % slope.len()]);
        Ok(Value::Picture { place, written: true })
    }

    /// Channels of zeros at the end: pictures are filled up with them anyway, so only a sum may read them.
    fn more_channels(&mut self, node: &'a Node) -> Result<Value, Reason> {
        let place = self.picture(node, 0)?;
        let pads = match node.inputs.len() {
            1 => node.integers("pads"),
            _ => &self.constant(node, 1)?.integers,
        };
        match pads {
            [0, 0, 0, 0, 0, more, 0, 0] if *more >= 0 => Ok(Value::Picture {
                place,
                written: false,
            }),
            _ => Err("only channels can be added".into()),
        }
    }
}

impl Finish {
    /// Whether nothing is done to negative values yet.
    fn is_plain(&self) -> bool {
        self.slope.iter().flatten().all(|slope| *slope == 1.0)
    }
}
