//! Frames of the reference protocol: however a stream is cut, the same packets come out, and each is what its own frame
//! decodes to.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palm::reference::frame::{Decoder, Packet};

fuzz_target!(|input: &[u8]| {
    let chunks = palm_fuzz::chunks(input);
    let cut = decode(&chunks);
    assert_eq!(cut, decode(&[&chunks.concat()]), "the cuts matter");
    for packet in &cut {
        assert_eq!(decode(&[&packet.to_frame()]), std::slice::from_ref(packet));
        assert_eq!(Packet::from_bytes(&packet.to_bytes()).as_ref(), Ok(packet));
    }
    // A packet in the raw, without a frame: nearly always refused, never more.
    if let Ok(packet) = Packet::from_bytes(input) {
        assert_eq!(packet.to_bytes(), input);
    }
});

fn decode(chunks: &[&[u8]]) -> Vec<Packet> {
    let mut decoder = Decoder::default();
    let mut found = Vec::new();
    for chunk in chunks {
        let mut rest = *chunk;
        found.extend(std::iter::from_fn(|| decoder.next_packet(&mut rest)).flatten());
    }
    found
}
