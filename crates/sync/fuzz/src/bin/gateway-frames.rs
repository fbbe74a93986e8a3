//! What a kiosk hears: a frame that is understood is written again so that it is understood as the same, also where it
//! carries a reason that is not known yet.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sync::wire::{ByeReason, CHAIN_MAX, GatewayFrame, RESEND_MAX, RefusalCode};

fuzz_target!(|input: &[u8]| {
    let Ok(frame) = GatewayFrame::decode(input) else {
        return;
    };
    assert_eq!(GatewayFrame::decode(&frame.encode()).as_ref(), Ok(&frame));
    match frame {
        GatewayFrame::Refused {
            code: RefusalCode::Other(number),
            ..
        } => assert!(number > 7),
        GatewayFrame::Bye {
            reason: ByeReason::Other(number),
        } => assert!(number > 13),
        GatewayFrame::Resend { ids } => assert!(ids.len() <= RESEND_MAX),
        GatewayFrame::Certificates { chain } => assert!(chain.len() <= CHAIN_MAX),
        GatewayFrame::HostedPage { url, .. } => assert!(url.is_sound()),
        _ => {}
    }
});
