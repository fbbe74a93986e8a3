//! What is done with a frame of the EF-AA family once it is whole: notes and replies, and the reply parser of every
//! command. The input is one frame from its message id on: id, then data.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palm::efaa::commands::{
    Command, CountPalms, DeletePalm, DeleteUser, DropEnrolment, EnrolPalm, EnrolProgress, EnrolSingle,
    EnrolWithId, Enrolment, ListIds, Reset, SerialNumber, Status, UserInfo, UserType, Verify, Version,
};
use palm::efaa::inbound::{self, Inbound, Purpose, Reply};
use palm::efaa::protocol::Frame;

fuzz_target!(|input: &[u8]| {
    let Some((&message, data)) = input.split_first() else {
        return;
    };
    let Some(frame) = Frame::from_data(message, data.to_vec()) else {
        return;
    };
    for purpose in [Purpose::FacesAndPalms, Purpose::Palms] {
        let read = inbound::read(&frame, purpose);
        // What can be said about it in a log is never what it holds.
        assert!(format!("{read:?}").len() < 80);
        if let Inbound::Reply(reply) = read {
            survive(&reply);
        }
    }
});

fn survive(reply: &Reply) {
    let id = 1;
    let enrolment = Enrolment {
        tag: "t",
        admin: false,
        limit_s: 3,
    };
    parse(&CountPalms, reply);
    parse(&DeletePalm { id }, reply);
    parse(
        &DeleteUser {
            id,
            of: Some(UserType::Palm),
        },
        reply,
    );
    parse(&DeleteUser { id, of: None }, reply);
    parse(&DropEnrolment, reply);
    parse(&EnrolPalm(enrolment), reply);
    parse(&EnrolProgress, reply);
    parse(&EnrolSingle(enrolment), reply);
    parse(&EnrolWithId { id, enrolment }, reply);
    parse(&ListIds::Plain, reply);
    parse(&Reset, reply);
    parse(&SerialNumber, reply);
    parse(&Status, reply);
    parse(&UserInfo { id }, reply);
    parse(&Verify { limit_s: 3 }, reply);
    parse(&Version, reply);
}

fn parse<C: Command>(command: &C, reply: &Reply) {
    let _ = command.parse_reply(reply.result, &reply.payload);
}
