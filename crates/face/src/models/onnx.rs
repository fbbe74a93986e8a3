//! Reads a model file: ONNX, as far as the face models need it.
//!
//! Whatever the file holds, the result is a network whose steps fit each other, or a reason in words.

use std::collections::HashMap;

use prost::Message;

use super::builder::{Builder, Value};
use super::kernels::Size;
use super::network::{Input, Program};

/// Larger pictures and weights are not in any of the models; a damaged file must not ask for all memory.
pub(crate) const VALUES_MAX: usize = 1 << 24;

#[derive(Message)]
pub(crate) struct Model {
    #[prost(message, optional, tag = "7")]
    pub(crate) graph: Option<Graph>,
}

#[derive(Message)]
pub(crate) struct Graph {
    #[prost(message, repeated, tag = "1")]
    pub(crate) nodes: Vec<Node>,
    #[prost(message, repeated, tag = "5")]
    pub(crate) constants: Vec<Tensor>,
    #[prost(message, repeated, tag = "11")]
    pub(crate) inputs: Vec<Named>,
}

#[derive(Message)]
pub(crate) struct Named {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
}

#[derive(Message)]
pub(crate) struct Node {
    #[prost(string, repeated, tag = "1")]
    pub(crate) inputs: Vec<String>,
    #[prost(string, repeated, tag = "2")]
    pub(crate) outputs: Vec<String>,
    #[prost(string, tag = "4")]
    pub(crate) kind: String,
    #[prost(message, repeated, tag = "5")]
    pub(crate) attributes: Vec<Attribute>,
}

#[derive(Message)]
pub(crate) struct Attribute {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(float, tag = "2")]
    pub(crate) float: f32,
    #[prost(int64, tag = "3")]
    pub(crate) integer: i64,
    #[prost(bytes = "vec", tag = "4")]
    pub(crate) text: Vec<u8>,
    #[prost(int64, repeated, packed = "false", tag = "8")]
    pub(crate) integers: Vec<i64>,
}

#[derive(Message)]
pub(crate) struct Tensor {
    #[prost(int64, repeated, packed = "false", tag = "1")]
    pub(crate) sides: Vec<i64>,
    #[prost(int32, tag = "2")]
    pub(crate) kind: i32,
    #[prost(float, repeated, tag = "4")]
    pub(crate) floats: Vec<f32>,
    #[prost(int64, repeated, tag = "7")]
    pub(crate) integers: Vec<i64>,
    #[prost(string, tag = "8")]
    pub(crate) name: String,
    #[prost(bytes = "vec", tag = "9")]
    pub(crate) raw: Vec<u8>,
}

const FLOAT: i32 = 1;
const INT64: i32 = 7;

/// Numbers that stand in the file.
#[derive(Default)]
pub(crate) struct Constant {
    pub(crate) sides: Vec<usize>,
    pub(crate) floats: Vec<f32>,
    pub(crate) integers: Vec<i64>,
}

/// Why a file is not usable.
pub(crate) type Reason = String;

/// Builds the network; `outputs` are names of the file.
pub(crate) fn read(bytes: &[u8], side_px: usize, outputs: &[&str]) -> Result<Program, Reason> {
    let model = Model::decode(bytes).map_err(|error| error.to_string())?;
    let graph = model.graph.ok_or("it holds no graph")?;
    let mut uses: HashMap<&str, usize> = HashMap::new();
    for name in graph.nodes.iter().flat_map(|node| &node.inputs) {
        *uses.entry(name).or_default() += 1;
    }
    for name in outputs {
        *uses.entry(name).or_default() += 1;
    }
    let mut constants = HashMap::new();
    for tensor in &graph.constants {
        constants.insert(tensor.name.as_str(), constant(tensor)?);
    }
    let input = graph
        .inputs
        .iter()
        .find(|input| !constants.contains_key(input.name.as_str()))
        .ok_or("it has no input")?;
    let mut builder = Builder {
        constants,
        uses,
        values: HashMap::from([(input.name.as_str(), Value::Input)]),
        input: Size {
            height: side_px,
            width: side_px,
            channels: 3,
        },
        border: None,
        steps: Vec::new(),
        sizes: Vec::new(),
        writers: Vec::new(),
    };
    for node in &graph.nodes {
        builder
            .add(node)
            .map_err(|reason| format!("{} {}: {reason}", node.kind, node.outputs.join(" ")))?;
    }
    let places = |name: &&str| match builder.values.get(*name) {
        Some(Value::Picture { place, .. }) => Ok(vec![*place]),
        Some(Value::List(places)) => Ok(places.clone()),
        _ => Err(format!("it has no output {name}")),
    };
    let outputs = outputs.iter().map(places).collect::<Result<_, _>>()?;
    let before = builder.border.ok_or("nothing reads its input")?;
    let input = Input {
        side_px,
        before,
        padded: builder.input,
    };
    Ok(Program::new(input, builder.steps, builder.sizes, outputs))
}

fn constant(tensor: &Tensor) -> Result<Constant, Reason> {
    let side = |side: &i64| usize::try_from(*side).ok().filter(|side| *side <= VALUES_MAX);
    let sides: Vec<usize> = tensor
        .sides
        .iter()
        .map(|length| side(length).ok_or_else(|| format!("{} has a side of {length}", tensor.name)))
        .collect::<Result<_, _>>()?;
    let (words, _) = tensor.raw.as_chunks::<4>();
    let (long_words, _) = tensor.raw.as_chunks::<8>();
    let mut constant = Constant {
        sides,
        ..Constant::default()
    };
    match tensor.kind {
        FLOAT if tensor.raw.is_empty() => constant.floats.clone_from(&tensor.floats),
        FLOAT => constant.floats = words.iter().map(|word| f32::from_le_bytes(*word)).collect(),
        INT64 if tensor.raw.is_empty() => constant.integers.clone_from(&tensor.integers),
        INT64 => constant.integers = long_words.iter().map(|word| i64::from_le_bytes(*word)).collect(),
        kind => return Err(format!("{} has numbers of kind {kind}", tensor.name)),
    }
    let expected = constant
        .sides
        .iter()
        .try_fold(1_usize, |product, side| product.checked_mul(*side));
    let found = constant.floats.len() + constant.integers.len();
    if expected != Some(found) {
        return Err(format!(
            "{} has {found} numbers for the sides {:?}",
            tensor.name, constant.sides
        ));
    }
    if constant.floats.iter().any(|value| !value.is_finite()) {
        return Err(format!("{} has a number that is not finite", tensor.name));
    }
    Ok(constant)
}

impl Node {
    pub(crate) fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }

    pub(crate) fn integers(&self, name: &str) -> &[i64] {
        self.attribute(name).map_or(&[], |attribute| &attribute.integers)
    }

    pub(crate) fn integer(&self, name: &str, otherwise: i64) -> i64 {
        self.attribute(name)
            .map_or(otherwise, |attribute| attribute.integer)
    }
}
