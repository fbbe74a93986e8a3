//! What a gateway hears: a frame that is understood is written again so that it is understood as the same, and `Debug`
//! shows no code and no document.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sync::wire::{AWAITING_MAX, CAPABILITIES_MAX, KioskFrame, REQUEST_MAX_BYTES};

fuzz_target!(|input: &[u8]| {
    let Ok(frame) = KioskFrame::decode(input) else {
        return;
    };
    assert_eq!(KioskFrame::decode(&frame.encode()).as_ref(), Ok(&frame));
    let shown = format!("{frame:?}");
    match &frame {
        KioskFrame::Hello {
            awaiting,
            capabilities,
            ..
        } => {
            assert!(awaiting.len() <= AWAITING_MAX && capabilities.len() <= CAPABILITIES_MAX);
        }
        KioskFrame::Renew { csr } => assert!(csr.0.len() <= REQUEST_MAX_BYTES),
        KioskFrame::Enrol { code, csr, .. } => {
            assert!(csr.0.len() <= REQUEST_MAX_BYTES);
            assert!(code.0.is_empty() || shown.contains("(a code)"));
        }
        KioskFrame::Submit { document, .. } => {
            assert!(shown.contains(&format!("({} bytes)", document.0.len())));
        }
        KioskFrame::ResultSeen { .. } => {}
    }
});
