//! What is done with a frame of the EF-AA family once it is whole: notes and replies, and the reply parser of every
//! command. The input is one frame from its message id on: id, then data.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palm::efaa::commands::{
    Command, DeleteUser, EnrolSingle, ListIds, Reset, SerialNumber, Status, Verify, Version,
};
use palm::efaa::inbound::{self, Inbound, ResultCode};
use palm::efaa::protocol::Frame;

fuzz_target!(|input: &[u8]| {
    let Some((&message, data)) = input.split_first() else {
        return;
    };
    let Some(frame) = Frame::from_data(message, data.to_vec()) else {
        return;
    };
    let read = inbound::read(&frame);
    // What can be said about it in a log must not be what it holds.
    assert!(format!("{read:?}").len() < 80);
    if let Inbound::Reply { result, payload, .. } = read {
        survive(&Reset, result, &payload);
        survive(&Status, result, &payload);
        survive(&Version, result, &payload);
        survive(&SerialNumber, result, &payload);
        survive(&Verify { limit_s: 3 }, result, &payload);
        let tag = "t";
        survive(
            &EnrolSingle {
                tag,
                admin: false,
                limit_s: 3,
            },
            result,
            &payload,
        );
        survive(&DeleteUser { id: 1 }, result, &payload);
        survive(&ListIds, result, &payload);
    }
});

fn survive<C: Command>(command: &C, result: ResultCode, payload: &[u8]) {
    let _ = command.parse_reply(result, payload);
}
