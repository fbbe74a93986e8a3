//! The numbers of the reference protocol, and their names for people.

use crate::sim::fault::Verb;

pub(super) const HELLO: u8 = 0x01;
pub(super) const IDENTITY: u8 = 0x02;
pub(super) const STATUS: u8 = 0x03;
pub(super) const SELF_TEST: u8 = 0x04;
pub(super) const HEAD: u8 = 0x05;
pub(super) const CAPTURE: u8 = 0x10;
pub(super) const ENROL: u8 = 0x11;
pub(super) const CANCEL: u8 = 0x12;
pub(super) const LIST: u8 = 0x20;
pub(super) const DELETE: u8 = 0x21;
pub(super) const ACCEPTED: u8 = 0x40;
pub(super) const PROGRESS: u8 = 0x41;
pub(super) const FAULT: u8 = 0x42;
pub(super) const READY: u8 = 0x43;
pub(super) const FAILED: u8 = 0xFE;
pub(super) const REFUSED: u8 = 0xFF;
/// What is added to the kind of a request in its answer.
pub(super) const ANSWER: u8 = 0x80;

pub(super) const UNKNOWN_KIND: u8 = 1;
pub(super) const TOO_SHORT: u8 = 2;
pub(super) const OUT_OF_RANGE: u8 = 3;
pub(super) const BUSY: u8 = 4;
pub(super) const NO_SESSION: u8 = 5;
pub(super) const NO_VERSION: u8 = 6;
pub(super) const NO_CAPABILITY: u8 = 7;

pub(super) const IDENTIFIED: u8 = 1;
pub(super) const NO_MATCH: u8 = 2;
pub(super) const NOT_LIVE: u8 = 3;
pub(super) const NOT_A_PALM: u8 = 4;
pub(super) const NOTHING_PRESENTED: u8 = 5;

pub(super) const ENROLLED: u8 = 1;
pub(super) const ALREADY_ENROLLED: u8 = 2;
pub(super) const NO_ROOM: u8 = 3;
pub(super) const ENROL_NOT_LIVE: u8 = 5;
pub(super) const ENROL_NOT_A_PALM: u8 = 6;
pub(super) const ENROL_NOTHING: u8 = 7;

pub(super) const AT_WORK: u8 = 0;
pub(super) const IN_PLACE: u8 = 1;
pub(super) const NOT_SEEN: u8 = 2;
pub(super) const TOO_FAR: u8 = 3;
pub(super) const TOO_HIGH: u8 = 5;
pub(super) const NOT_A_HAND: u8 = 9;

pub(super) const VASCULAR: u16 = 0x01;
pub(super) const VOLUME: u16 = 0x02;
pub(super) const SURFACE: u16 = 0x04;
pub(super) const AMBIENT: u16 = 0x08;
pub(super) const LIVENESS: u16 = 0x10;
pub(super) const SEAL: u16 = 0x20;

/// The fault that the device has when it is broken.
pub(super) const IMAGE_SENSOR: u8 = 1;

/// What a field holds for "none".
pub(super) const NO_REFERENCE: u32 = u32::MAX;
pub(super) const NOT_MEASURED: [u8; 2] = [0x00, 0x80];

/// How many bytes the payload of a request has at least; `None` for what is no known request.
pub(super) fn payload_min(kind: u8) -> Option<usize> {
    Some(match kind {
        HELLO | CANCEL => 2,
        IDENTITY | STATUS | SELF_TEST | HEAD => 0,
        CAPTURE | ENROL => 36,
        LIST | DELETE => 4,
        _ => return None,
    })
}

pub(super) fn verb(kind: u8) -> Verb {
    match kind {
        HELLO => Verb::Hello,
        IDENTITY => Verb::Identity,
        STATUS => Verb::Status,
        SELF_TEST => Verb::SelfTest,
        HEAD => Verb::Head,
        CAPTURE => Verb::Verify,
        ENROL => Verb::Enrol,
        CANCEL => Verb::Reset,
        LIST => Verb::List,
        DELETE => Verb::Delete,
        _ => Verb::Other,
    }
}

/// What people call a message with this payload.
pub(super) fn name(kind: u8, payload: &[u8]) -> String {
    let first = payload.first().copied().unwrap_or_default();
    let second = payload.get(1).copied().unwrap_or_default();
    match kind {
        ACCEPTED => "ACCEPTED".to_owned(),
        PROGRESS => format!("PROGRESS: {}", position_name(first)),
        FAULT => format!("FAULT {first:02X}"),
        READY => "READY".to_owned(),
        FAILED => format!("FAILED {second:02X}: {}", request_name(first)),
        REFUSED => format!("REFUSED {second:02X}: {}", request_name(first)),
        0x90 => format!("CAPTURE answer: {}", result_name(first)),
        0x91 => format!(
            "ENROL answer: {}",
            outcome_name(payload.get(6).copied().unwrap_or_default())
        ),
        0x80..=0xBF => format!("{} answer", request_name(kind - ANSWER)),
        _ => request_name(kind).to_owned(),
    }
}

fn request_name(kind: u8) -> &'static str {
    match kind {
        HELLO => "HELLO",
        IDENTITY => "IDENTITY",
        STATUS => "STATUS",
        SELF_TEST => "SELF_TEST",
        HEAD => "HEAD",
        CAPTURE => "CAPTURE",
        ENROL => "ENROL",
        CANCEL => "CANCEL",
        LIST => "LIST",
        DELETE => "DELETE",
        _ => "unknown kind",
    }
}

fn position_name(position: u8) -> &'static str {
    match position {
        0 => "at work",
        1 => "hand in place",
        2 => "no hand",
        3 => "too far",
        4 => "too close",
        5 => "too high",
        6 => "too low",
        7 => "too far left",
        8 => "too far right",
        9 => "not a hand",
        _ => "unknown position",
    }
}

fn result_name(result: u8) -> &'static str {
    match result {
        IDENTIFIED => "identified",
        NO_MATCH => "no match",
        NOT_LIVE => "not live",
        NOT_A_PALM => "not a palm",
        NOTHING_PRESENTED => "nothing presented",
        _ => "unknown result",
    }
}

fn outcome_name(outcome: u8) -> &'static str {
    match outcome {
        ENROLLED => "enrolled",
        ALREADY_ENROLLED => "already enrolled",
        NO_ROOM => "no room",
        4 => "rejected",
        ENROL_NOT_LIVE => "not live",
        ENROL_NOT_A_PALM => "not a palm",
        ENROL_NOTHING => "nothing presented",
        _ => "unknown outcome",
    }
}
