//! The codecs.

use std::hint::black_box;
use std::time::Instant;

use palm::efaa::protocol::{Decoder, Frame};
use palm::reference::frame::{Decoder as PacketDecoder, Packet};
use palm::reference::message::Reply;
use palm::reference::report::Report;
use palm::reference::seal::{Sealed, Statement};
use serde_json::{Value, json};

use crate::{READ_LEN, quantile};

/// So many bytes pass through a codec in each round.
const STREAM_LEN: usize = 16 << 20;
/// Rounds of which the median counts.
const ROUNDS: usize = 9;

/// Goes over a stream once, and answers something that depends on all of it.
type Pass = dyn Fn(&[u8]) -> usize;

/// Megabytes a second of each codec, and of a copy and an XOR pass over the same bytes, in turns.
pub fn codec() -> Value {
    let stream = efaa_stream();
    let mut passes: Vec<(&str, Box<Pass>)> = vec![
        ("copy (memcpy)", Box::new(copy)),
        ("XOR of all bytes", Box::new(xor)),
        ("EF-AA decode", Box::new(efaa_decode)),
    ];
    let frames = efaa_frames(&stream);
    passes.push((
        "EF-AA encode",
        Box::new(move |_| frames.iter().map(|frame| black_box(frame.encode()).len()).sum()),
    ));
    let packets = reference_packets();
    let wire: Vec<u8> = packets.iter().flat_map(Packet::to_frame).collect();
    let reference_len = wire.len();
    passes.push(("reference decode", Box::new(move |_| reference_decode(&wire))));
    passes.push((
        "reference encode",
        Box::new(move |_| {
            let lengths = packets.iter().map(|packet| black_box(packet.to_frame()).len());
            lengths.sum()
        }),
    ));
    let mut took = vec![Vec::new(); passes.len()];
    for _ in 0..ROUNDS {
        for ((_, pass), took) in passes.iter().zip(&mut took) {
            let start = Instant::now();
            black_box(pass(black_box(&stream)));
            took.push(start.elapsed().as_secs_f64());
        }
    }
    let row = |((name, _), took): (&(&str, Box<Pass>), &mut Vec<f64>)| {
        let length = if name.starts_with("reference") {
            reference_len
        } else {
            stream.len()
        };
        json!({ "name": name, "mb_per_s": length as f64 / quantile(took, 0.5) / 1e6 })
    };
    passes.iter().zip(&mut took).map(row).collect()
}

/// What a module says in a verification, again and again: notes, then a reply of 38 bytes, now and then a full list.
fn efaa_stream() -> Vec<u8> {
    let mut stream = Vec::with_capacity(STREAM_LEN + 1024);
    let mut at = 0_u8;
    while stream.len() < STREAM_LEN {
        at = at.wrapping_add(1);
        let note = [1, 128, 0, at, 0, 20, 0, 110, 0, 120, 0, 0, 0, 0, 0, 0, 0];
        for _ in 0..3 {
            stream.extend(Frame::new(1, note).encode());
        }
        let mut found = [at; 38];
        found[..2].copy_from_slice(&[0x12, 0]);
        stream.extend(Frame::new(0, found).encode());
        if at.is_multiple_of(16) {
            stream.extend(Frame::new(0, [at; 203]).encode());
        }
    }
    stream
}

fn efaa_frames(stream: &[u8]) -> Vec<Frame> {
    let mut decoder = Decoder::default();
    let mut frames = Vec::new();
    for read in stream.chunks(READ_LEN) {
        decoder.push(read);
        frames.extend(std::iter::from_fn(|| decoder.next_frame()).flatten());
    }
    frames
}

fn efaa_decode(stream: &[u8]) -> usize {
    let mut decoder = Decoder::default();
    let mut frames = 0;
    for read in stream.chunks(READ_LEN) {
        decoder.push(read);
        while let Some(frame) = decoder.next_frame() {
            frames += usize::from(black_box(frame).is_ok());
        }
    }
    frames
}

/// What a scanner of the reference protocol says in a capture, again and again: where the hand is, then an answer
/// with a seal.
fn reference_packets() -> Vec<Packet> {
    let mut packets = Vec::new();
    let (mut length, mut id) = (0, 0_u16);
    while length < STREAM_LEN {
        id = id.wrapping_add(1);
        let progress = Reply::Progress { position: 1 };
        packets.extend((0..3).map(|_| progress.to_packet(id)));
        packets.push(
            Reply::Capture {
                report: Report([7; 18]),
                seal: Some(Box::new(Sealed {
                    statement: Statement(std::array::from_fn(|at| at as u8)),
                    signature: [9; 64],
                })),
            }
            .to_packet(id),
        );
        length += 300;
    }
    packets
}

fn reference_decode(wire: &[u8]) -> usize {
    let mut decoder = PacketDecoder::default();
    let mut packets = 0;
    for mut read in wire.chunks(READ_LEN) {
        while let Some(packet) = decoder.next_packet(&mut read) {
            packets += usize::from(black_box(packet).is_ok());
        }
    }
    packets
}

fn copy(stream: &[u8]) -> usize {
    let mut to = vec![0; READ_LEN];
    for read in stream.chunks(READ_LEN) {
        to[..read.len()].copy_from_slice(read);
        black_box(&mut to);
    }
    to.len()
}

fn xor(stream: &[u8]) -> usize {
    usize::from(stream.iter().fold(0, |sum, byte| sum ^ byte))
}
