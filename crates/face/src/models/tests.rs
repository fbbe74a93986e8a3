//! Networks against the definition of their operations, and damaged files.

use std::path::PathBuf;

use fearless_simd::Level;
use proptest::prelude::*;
use prost::Message;

use super::onnx::{self, Attribute, Graph, Model, Named, Node, Tensor};

const SIDE: usize = 9;

/// A picture, channel by channel.
#[derive(Clone)]
struct Picture {
    channels: usize,
    side: usize,
    values: Vec<f32>,
}

/// Numbers without a pattern, the same every time.
fn numbers(count: usize, seed: usize) -> Vec<f32> {
    let number = |at: usize| ((at * 7919 + seed * 104_729 + at * at % 31) % 211) as f32 / 105.5 - 1.0;
    (0..count).map(number).collect()
}

fn node(kind: &str, inputs: &[&str], output: &str, attributes: &[(&str, &[i64])]) -> Node {
    let attribute = |(name, integers): &(&str, &[i64])| Attribute {
        name: (*name).into(),
        integer: integers.first().copied().unwrap_or(0),
        integers: integers.to_vec(),
        ..Attribute::default()
    };
    Node {
        kind: kind.into(),
        inputs: inputs.iter().map(|name| (*name).into()).collect(),
        outputs: vec![output.into()],
        attributes: attributes.iter().map(attribute).collect(),
    }
}

fn tensor(name: &str, sides: &[usize], floats: &[f32]) -> Tensor {
    Tensor {
        name: name.into(),
        kind: 1,
        sides: sides.iter().map(|side| *side as i64).collect(),
        raw: floats.iter().flat_map(|value| value.to_le_bytes()).collect(),
        ..Tensor::default()
    }
}

/// The definition of a convolution.
fn convolution(
    from: &Picture,
    weights: &[f32],
    bias: &[f32],
    side: usize,
    stride: usize,
    pads: (usize, usize),
    depthwise: bool,
) -> Picture {
    let out = (from.side + pads.0 + pads.1 - side) / stride + 1;
    let ins = if depthwise { 1 } else { from.channels };
    let mut values = Vec::new();
    for (channel, bias) in bias.iter().enumerate() {
        for place in 0..out * out {
            let mut sum = *bias;
            for input in 0..ins {
                for tap in 0..side * side {
                    let row = (place / out * stride + tap / side).wrapping_sub(pads.0);
                    let column = (place % out * stride + tap % side).wrapping_sub(pads.0);
                    if row < from.side && column < from.side {
                        let source = if depthwise { channel } else { input };
                        let at = (source * from.side + row) * from.side + column;
                        sum += from.values[at] * weights[(channel * ins + input) * side * side + tap];
                    }
                }
            }
            values.push(sum);
        }
    }
    Picture {
        channels: bias.len(),
        side: out,
        values,
    }
}

/// All of the mesh's operations: a strided convolution, depthwise ones, sums with more channels, pooling.
fn model() -> (Vec<u8>, impl Fn(&Picture) -> Picture) {
    let (w1, b1) = (numbers(20 * 3 * 9, 1), numbers(20, 2));
    let slope = numbers(20, 3);
    let (w2, b2) = (numbers(20 * 9, 4), numbers(20, 5));
    let (w3, b3) = (numbers(33 * 20, 6), numbers(33, 7));
    let graph = Graph {
        nodes: vec![
            node(
                "Conv",
                &["in", "w1", "b1"],
                "a",
                &[("strides", &[2, 2]), ("pads", &[0, 0, 1, 1])],
            ),
            node("PRelu", &["a", "slope"], "b", &[]),
            node(
                "Conv",
                &["b", "w2", "b2"],
                "c",
                &[("group", &[20]), ("pads", &[1, 1, 1, 1])],
            ),
            node("Pad", &["b"], "d", &[("pads", &[0, 0, 0, 0, 0, 13, 0, 0])]),
            node("Conv", &["c", "w3", "b3"], "e", &[]),
            node("Add", &["e", "d"], "f", &[]),
            node("Relu", &["f"], "g", &[]),
            node(
                "MaxPool",
                &["g"],
                "h",
                &[("kernel_shape", &[2, 2]), ("strides", &[2, 2])],
            ),
            node("Transpose", &["h"], "out", &[("perm", &[0, 2, 3, 1])]),
        ],
        constants: vec![
            tensor("w1", &[20, 3, 3, 3], &w1),
            tensor("b1", &[20], &b1),
            tensor("slope", &[20, 1, 1], &slope),
            tensor("w2", &[20, 1, 3, 3], &w2),
            tensor("b2", &[20], &b2),
            tensor("w3", &[33, 20, 1, 1], &w3),
            tensor("b3", &[33], &b3),
        ],
        inputs: vec![Named { name: "in".into() }],
    };
    let bytes = Model { graph: Some(graph) }.encode_to_vec();
    let definition = move |picture: &Picture| {
        let mut b = convolution(picture, &w1, &b1, 3, 2, (0, 1), false);
        let pixels = b.side * b.side;
        for (at, value) in b.values.iter_mut().enumerate() {
            *value = value.max(0.0) + slope[at / pixels] * value.min(0.0);
        }
        let c = convolution(&b, &w2, &b2, 3, 1, (1, 1), true);
        let mut e = convolution(&c, &w3, &b3, 1, 1, (0, 0), false);
        for (at, value) in e.values.iter_mut().enumerate() {
            *value = (*value + b.values.get(at).copied().unwrap_or(0.0)).max(0.0);
        }
        let side = e.side / 2;
        let mut values = Vec::new();
        for place in 0..side * side {
            for channel in 0..e.channels {
                let at = |down, right| {
                    e.values[(channel * e.side + place / side * 2 + down) * e.side + place % side * 2 + right]
                };
                values.push(at(0, 0).max(at(0, 1)).max(at(1, 0)).max(at(1, 1)));
            }
        }
        Picture {
            channels: e.channels,
            side,
            values,
        }
    };
    (bytes, definition)
}

/// Every set of instructions that this machine has; all the same what the best of them is.
fn levels() -> Vec<Level> {
    let best = Level::new();
    #[cfg(target_arch = "x86_64")]
    let lower = [
        best.as_sse2().map(Level::Sse2),
        best.as_sse4_2().map(Level::Sse4_2),
        best.as_avx2().map(Level::Avx2),
        best.as_avx512().map(Level::Avx512),
    ];
    #[cfg(not(target_arch = "x86_64"))]
    let lower = [];
    lower.into_iter().flatten().chain([best]).collect()
}

#[test]
fn a_network_computes_what_its_operations_say_with_every_set_of_instructions() {
    let (bytes, definition) = model();
    let mut program = onnx::read(&bytes, SIDE, &["out"]).expect("a network");
    let pixels: Vec<u8> = (0..SIDE * SIDE * 3).map(|at| (at * 53 % 256) as u8).collect();
    let value = |part: u8| f32::from(part) / 127.5 - 1.0;
    let channel = |channel: usize| pixels.iter().skip(channel).step_by(3).map(|part| value(*part));
    let picture = Picture {
        channels: 3,
        side: SIDE,
        values: (0..3).flat_map(channel).collect(),
    };
    let expected = definition(&picture);
    // Twice each, for buffers are used again.
    for level in levels().into_iter().flat_map(|level| [level, level]) {
        println!("{level:?}");
        program.set_level(level);
        let outputs = program.run(&pixels, |pixel| pixel.map(value)).expect("outputs");
        assert_eq!(outputs[0].len(), expected.values.len());
        for (got, expected) in outputs[0].iter().zip(&expected.values) {
            assert!((got - expected).abs() < 1e-4, "{got} is not {expected}");
        }
    }
    assert!(program.run(&pixels[3..], |pixel| pixel.map(value)).is_none());
}

/// Whatever was read, it either says why it is no network or runs.
fn check(bytes: &[u8], side: usize, outputs: &[&str]) {
    if let Ok(mut program) = onnx::read(bytes, side, outputs) {
        assert!(
            program
                .run(&vec![0; side * side * 3], |pixel| pixel.map(f32::from))
                .is_some()
        );
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        check(&bytes, SIDE, &["out"]);
    }

    #[test]
    fn a_damaged_model_is_an_error_or_a_network(at in any::<prop::sample::Index>(), to in any::<u8>(), cut in any::<bool>()) {
        let (mut bytes, _) = model();
        let at = at.index(bytes.len());
        bytes[at] = to;
        if cut {
            bytes.truncate(at);
        }
        check(&bytes, SIDE, &["out"]);
    }
}

#[test]
fn the_real_models_may_be_damaged_anywhere() {
    let Some(folder) = std::env::var_os("ALAQAN_MODELS").map(PathBuf::from) else {
        println!("ALAQAN_MODELS is not set: no real model was damaged");
        return;
    };
    for (file, side, output) in [
        (super::MESH, 192, "conv2d_21"),
        (super::DETECTOR, 128, "regressors"),
    ] {
        let bytes = std::fs::read(folder.join(file)).expect("a model");
        onnx::read(&bytes, side, &[output]).expect("a network");
        assert!(onnx::read(&bytes[..bytes.len() / 2], side, &[output]).is_err());
        for step in 1..40 {
            let mut damaged = bytes.clone();
            let at = bytes.len() / 40 * step + step;
            damaged[at..at + 4].fill(0xff);
            check(&damaged, side, &[output]);
        }
    }
}
