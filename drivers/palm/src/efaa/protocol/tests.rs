use super::*;
use proptest::prelude::*;

fn drain(decoder: &mut Decoder) -> Vec<Result<Frame, FrameFault>> {
    std::iter::from_fn(|| decoder.next_frame()).collect()
}

fn decode(chunks: &[&[u8]]) -> Vec<Result<Frame, FrameFault>> {
    let mut decoder = Decoder::default();
    let mut found = Vec::new();
    for chunk in chunks {
        decoder.push(chunk);
        found.extend(drain(&mut decoder));
    }
    while decoder.is_mid_frame() {
        decoder.abandon_half_frame();
        found.extend(drain(&mut decoder));
    }
    found
}

fn hex(text: &str) -> Vec<u8> {
    text.split_whitespace()
        .map(|byte| u8::from_str_radix(byte, 16).unwrap())
        .collect()
}

fn ready() -> Frame {
    Frame::new(0x01, [0])
}

fn check(wire: &str, expect: &[Result<Frame, FrameFault>]) {
    assert_eq!(decode(&[&hex(wire)]), expect, "{wire}");
}

#[test]
fn resyncs_from_the_byte_after() {
    let bad = Err(FrameFault::BadCheck);
    check("EF AA 01 00 01 00 00", &[Ok(ready())]);
    check("EF EF AA 01 00 01 00 00", &[Ok(ready())]);
    check("00 FF EF AA 01 00 01 00 00 EF", &[Ok(ready())]);
    check(
        "EF AA 01 00 01 00 55 EF AA 01 00 01 00 00",
        &[bad.clone(), Ok(ready())],
    );
    // The length of the first header reaches into the frame that follows it.
    check("EF AA 01 00 03 EF AA 01 00 01 00 00", &[bad, Ok(ready())]);
    check("EF AA 01 00 20 EF AA 01 00 01 00 00", &[Ok(ready())]);
    check(
        "EF AA 12 01 01 EF AA 01 00 01 00 00",
        &[
            Err(FrameFault::TooLong {
                claimed: 257,
                cap: 256,
            }),
            Ok(ready()),
        ],
    );
    check("EF AA 00 00 02 EF AA 47", &[Ok(Frame::new(0x00, [0xEF, 0xAA]))]);
    check("EF AA 10 00 00 10", &[Ok(Frame::new(0x10, []))]);
    check("", &[]);
}

/// Vectors of the protocol notes, of both directions: message id and length, and the same bytes again.
#[test]
fn known_frames_are_read_and_written() {
    let check = |wire: &str, message: u8, length: usize| {
        let found = decode(&[&hex(wire)]);
        let [Ok(frame)] = found.as_slice() else {
            panic!("{wire}: {found:?}");
        };
        assert_eq!((frame.message(), frame.data().len()), (message, length), "{wire}");
        assert_eq!(frame.encode(), hex(wire), "{wire}");
    };
    let name = "61 69 67 65 72 69 6D".to_owned() + &" 00".repeat(25);
    check("EF AA 01 00 01 00 00", 0x01, 1);
    check("EF AA 10 00 00 10", 0x10, 0);
    check("EF AA 11 00 00 11", 0x11, 0);
    check("EF AA 12 00 02 00 0A 1A", 0x12, 2);
    check("EF AA 24 00 01 01 24", 0x24, 1);
    check("EF AA 24 00 01 02 27", 0x24, 1);
    check("EF AA 21 00 05 00 00 00 00 00 24", 0x21, 5);
    check("EF AA 80 00 03 01 F5 01 76", 0x80, 3);
    check(
        &format!("EF AA 26 00 28 00 {name} FD 01 00 0A 00 00 00 84"),
        0x26,
        40,
    );
    check("EF AA 00 00 05 13 00 00 03 1F 0A", 0x00, 5);
    check("EF AA 00 00 02 10 00 12", 0x00, 2);
    check("EF AA 00 00 05 24 00 01 03 E9 CA", 0x00, 5);
    check(&format!("EF AA 00 00 26 12 00 03 E9 {name} 00 FA 58"), 0x00, 38);
    check(
        "EF AA 01 00 11 01 80 00 0A 00 14 00 6E 00 78 00 00 00 00 00 00 00 99",
        0x01,
        17,
    );
}

#[test]
fn the_cap_follows_the_phase() {
    let long = Frame::from_data(0x04, vec![7; 4000]).unwrap();
    let mut decoder = Decoder::default();
    decoder.set_cap(TRANSFER_DATA_CAP);
    decoder.push(&long.encode());
    assert_eq!(decoder.next_frame(), Some(Ok(long)));
    assert_eq!(Frame::from_data(0x04, vec![0; 4097]), None);
}

#[test]
fn debug_hides_the_data() {
    let frame = Frame::new(0x12, *b"aigerim");
    assert_eq!(format!("{frame:?}"), "Frame(12, 7 bytes)");
    let mut decoder = Decoder::default();
    decoder.push(&[0xEF, 0xAA, 97, 105]);
    assert!(!format!("{decoder:?}").contains("97"));
}

/// What the frames in a whole stream are, said in the plainest way: for each place, is there one?
fn frames_in(stream: &[u8]) -> Vec<Frame> {
    let mut found = Vec::new();
    let mut at = 0;
    while at + 6 <= stream.len() {
        let length = usize::from(stream[at + 3]) * 256 + usize::from(stream[at + 4]);
        let end = at + 6 + length;
        let is_frame = stream[at] == 0xEF && stream[at + 1] == 0xAA && length <= 256 && end <= stream.len();
        if is_frame && stream[at + 2..end].iter().fold(0, |sum, byte| sum ^ byte) == 0 {
            found.push(Frame {
                message: stream[at + 2],
                data: stream[at + 5..end - 1].to_vec(),
            });
            at = end;
        } else {
            at += 1;
        }
    }
    found
}

fn frame() -> impl Strategy<Value = Frame> {
    let byte = prop_oneof![Just(0xEF), Just(0xAA), any::<u8>()];
    (any::<u8>(), prop::collection::vec(byte, 0..=256)).prop_map(|(message, data)| Frame { message, data })
}

/// Bytes that love to look like the start of a frame.
fn nasty() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        any::<u8>().prop_map(|byte| vec![byte]),
        Just(vec![0xEF]),
        Just(vec![0xEF, 0xAA]),
        any::<[u8; 2]>().prop_map(|[message, length]| vec![0xEF, 0xAA, message, 0, length % 12]),
        (frame(), any::<prop::sample::Index>()).prop_map(|(frame, cut)| {
            let bytes = frame.encode();
            bytes[..cut.index(bytes.len())].to_vec()
        }),
        frame().prop_map(|frame| frame.encode()),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

fn cut(stream: &[u8], sizes: &[usize]) -> Vec<Vec<u8>> {
    let mut rest = stream;
    let mut chunks = Vec::new();
    for size in sizes.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (chunk, after) = rest.split_at((*size).min(rest.len()));
        chunks.push(chunk.to_vec());
        rest = after;
    }
    chunks
}

proptest! {
    #[test]
    fn decode_of_encode_is_the_frame(frame in frame()) {
        prop_assert_eq!(decode(&[&frame.encode()]), vec![Ok(frame)]);
    }

    #[test]
    fn chunking_does_not_matter(stream in nasty(), sizes in prop::collection::vec(1usize..40, 1..8)) {
        let chunks = cut(&stream, &sizes);
        let chunks: Vec<&[u8]> = chunks.iter().map(Vec::as_slice).collect();
        let found: Vec<Frame> = decode(&chunks).into_iter().flatten().collect();
        prop_assert_eq!(found, frames_in(&stream));
    }

    #[test]
    fn frames_between_junk_are_all_found(
        parts in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..40), frame()), 0..6)
    ) {
        let mut stream = Vec::new();
        for (junk, frame) in &parts {
            // Junk with the sync pair in it can form a valid frame of its own with the bytes that follow;
            // `chunking_does_not_matter` covers that case.
            stream.extend(junk.iter().map(|byte| if *byte == 0xAA { 0xAB } else { *byte }));
            stream.extend(frame.encode());
        }
        let expect: Vec<_> = parts.into_iter().map(|(_, frame)| Ok(frame)).collect();
        prop_assert_eq!(decode(&[&stream]), expect);
    }

    #[test]
    fn any_bytes_are_survived_and_let_go(stream in prop::collection::vec(any::<u8>(), 0..2000)) {
        let mut decoder = Decoder::default();
        decoder.push(&stream);
        drain(&mut decoder);
        prop_assert!(decoder.pending.rest().len() < DATA_CAP + OVERHEAD_LEN);
    }
}
