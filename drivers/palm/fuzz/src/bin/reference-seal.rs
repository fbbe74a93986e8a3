//! The seal of a capture: of all that comes, only what the scanner has signed for this very capture is right.
//! The input is a statement and a signature; what they have to fit is the first capture among the examples of
//! docs/palm-protocol.md.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palm::reference::fields::Text;
use palm::reference::report::Report;
use palm::reference::seal::{Chain, Expected, Head, Sealed, Statement, check, key_id};
use verification::palm::SealState;

/// Public key of the examples.
const KEY: [u8; 33] = [
    0x02, 0x51, 0x5C, 0x3D, 0x6E, 0xB9, 0xE3, 0x96, 0xB9, 0x04, 0xD3, 0xFE, 0xCA, 0x7F, 0x54, 0xFD, 0xCD,
    0x0C, 0xC1, 0xE9, 0x97, 0xBF, 0x37, 0x5D, 0xCA, 0x51, 0x5A, 0xD0, 0xA6, 0xC3, 0xB4, 0x03, 0x5F,
];
/// Report of the first capture.
const REPORT: Report = Report([
    0x01, 0x1F, 0x00, 0x00, 0x07, 0x00, 0x00, 0x00, 0x9C, 0x01, 0x11, 0x0D, 0xA2, 0x08, 0x66, 0x03, 0xA2,
    0x03,
]);

fuzz_target!(|input: &[u8]| {
    let Some((statement, rest)) = input.split_first_chunk() else {
        return;
    };
    let Some(signature) = rest.first_chunk() else {
        return;
    };
    let sealed = Sealed {
        statement: Statement(*statement),
        signature: *signature,
    };
    let challenge = std::array::from_fn(|at| 0xA0 + at as u8);
    let serial = Text::new("VEX-000042");
    let mut chain = Chain::default();
    chain.resume(Head {
        counter: 0,
        hash: [0; 32],
    });
    let expected = Expected {
        key: &KEY,
        pinned: Some(&KEY),
        serial: &serial,
        challenge: &challenge,
        report: &REPORT,
    };
    if matches!(check(Some(&sealed), &expected, &mut chain), SealState::Valid(_)) {
        let content = sealed.statement.content().expect("it was right");
        assert_eq!(
            (
                content.challenge,
                content.report,
                content.counter,
                content.previous
            ),
            (challenge, REPORT, 1, [0; 32])
        );
        assert_eq!((content.serial, content.key_id), (serial, key_id(&KEY)));
    }
});
