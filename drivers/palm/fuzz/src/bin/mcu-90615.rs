//! The frame parser of the thermometer: however a stream is cut, the same reading is the last one, and a reading is a
//! frame that stands in the stream.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palm::thermometer::Reading;
use palm::thermometer::mcu_90615::Parser;

fuzz_target!(|input: &[u8]| {
    let chunks = palm_fuzz::chunks(input);
    let stream = chunks.concat();
    let mut parser = Parser::default();
    let cut = chunks
        .iter()
        .fold(None, |last, chunk| parser.push(chunk).or(last));
    let whole = Parser::default().push(&stream);
    assert_eq!(cut, whole, "the cuts matter");
    if let Some(Reading {
        object_celsius,
        ambient_celsius,
    }) = whole
    {
        let stands_there = stream.windows(9).any(|frame| {
            let sum = frame[..8].iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
            let celsius = |at: usize| f32::from(i16::from_be_bytes([frame[at], frame[at + 1]])) / 100.0;
            frame.starts_with(&[0x5A, 0x5A, 0x45, 0x04])
                && sum == frame[8]
                && (celsius(4), celsius(6)) == (object_celsius, ambient_celsius)
        });
        assert!(stands_there);
    }
});
