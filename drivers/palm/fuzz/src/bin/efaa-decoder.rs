//! The frame decoder of the EF-AA family: however a stream is cut, the same frames come out, each is what its own
//! encoding decodes to, and no more than one frame's bytes are kept.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palm::efaa::protocol::{Decoder, Frame};

fuzz_target!(|input: &[u8]| {
    let chunks = palm_fuzz::chunks(input);
    let cut = decode(&chunks);
    let whole = decode(&[&chunks.concat()]);
    assert_eq!(cut, whole, "the cuts matter");
    for frame in &whole {
        assert_eq!(decode(&[&frame.encode()]), std::slice::from_ref(frame));
    }
});

fn decode(chunks: &[&[u8]]) -> Vec<Frame> {
    let mut decoder = Decoder::default();
    let mut found = Vec::new();
    for chunk in chunks {
        decoder.push(chunk);
        found.extend(std::iter::from_fn(|| decoder.next_frame()).flatten());
    }
    while decoder.is_mid_frame() {
        decoder.abandon_half_frame();
        found.extend(std::iter::from_fn(|| decoder.next_frame()).flatten());
    }
    found
}
