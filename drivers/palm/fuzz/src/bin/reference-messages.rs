//! Messages of the reference protocol, in both directions: what is understood is written again so that it is understood
//! as the same. The input is a packet without its CRC, which no fuzzer guesses.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palm::reference::frame::Packet;
use palm::reference::message::{Reply, Request};

fuzz_target!(|input: &[u8]| {
    let &[version, kind, low, high, ref payload @ ..] = input else {
        return;
    };
    let id = u16::from_le_bytes([low, high]);
    let Some(packet) = Packet::new(version, kind, id, payload.to_vec()) else {
        return;
    };
    if let Ok(reply) = Reply::from_packet(&packet) {
        assert_eq!(Reply::from_packet(&reply.to_packet(id)).as_ref(), Ok(&reply));
        if let Reply::Capture { report, seal } = &reply {
            for mask in [0, 0x3F, id] {
                let _ = report.read(mask);
            }
            if let Some(seal) = seal
                && let Some(content) = seal.statement.content()
            {
                assert_eq!(content.to_statement(), seal.statement);
            }
        }
    }
    if let Ok(request) = Request::from_packet(&packet) {
        assert_eq!(
            Request::from_packet(&request.to_packet(id)).as_ref(),
            Ok(&request)
        );
    }
});
