use std::collections::BTreeMap;

use p256::ecdsa::signature::Verifier;
use p256::ecdsa::{Signature, SigningKey, VerifyingKey};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::seal::Flaws;
use super::*;

const PAGE_TEXT: &str = include_str!("../../../../../docs/palm-protocol.md");
const TICK: Duration = Duration::from_millis(50);

fn hex(text: &str) -> Vec<u8> {
    text.split_whitespace()
        .map(|byte| u8::from_str_radix(byte, 16).unwrap())
        .collect()
}

/// Name, packet and wire of each example of the page.
fn examples() -> BTreeMap<&'static str, (Vec<u8>, Vec<u8>)> {
    let blocks = PAGE_TEXT.split("```example\n").skip(1);
    let parse = |block: &'static str| {
        let (name, rest) = block
            .split("```")
            .next()
            .unwrap()
            .split_once("\npacket:\n")
            .unwrap();
        let (packet, wire) = rest.split_once("wire:\n").unwrap();
        (name.trim(), (hex(packet), hex(wire)))
    };
    blocks.map(parse).collect()
}

#[test]
fn frames_are_those_of_the_page() {
    let examples = examples();
    assert!(examples.len() > 20, "{}", examples.len());
    for (name, (packet, wire)) in examples {
        let body = &packet[..packet.len() - 4];
        assert_eq!(frame::encode(body, false), wire, "{name}");
        assert_eq!(
            frame::decode(&wire[1..wire.len() - 1]).as_deref(),
            Some(body),
            "{name}"
        );
    }
}

#[test]
fn the_seal_is_that_of_the_page() {
    let examples = examples();
    let secret: [u8; 32] = std::array::from_fn(|index| index as u8 + 1);
    let key = SigningKey::from_bytes(&secret.into()).unwrap();
    let mut seal = Seal::with_key(key, text("VEX-000042"));
    let head = &examples["HEAD answer"].0;
    assert_eq!(seal.head(), head[4..head.len() - 4]);
    let mut check = |name: &str, first: u8| {
        let packet = &examples[name].0;
        let payload = &packet[4..packet.len() - 4];
        let challenge = std::array::from_fn(|index| first + index as u8);
        let signed = seal.sign(&challenge, &payload[..18], Flaws::default());
        assert_eq!(signed, payload[19..], "{name}");
    };
    check("CAPTURE answer, identified", 0xA0);
    check("CAPTURE answer, no match", 0x40);
}

struct Talk(Reference);

impl Talk {
    fn start(faults: &[&str]) -> Self {
        let mut device = Reference::new(&SimSettings {
            faults: faults.iter().map(|name| name.parse().unwrap()).collect(),
            enrolled: vec!["s-1".to_owned(), "s-2".to_owned()],
            note_interval: TICK,
            ..SimSettings::default()
        });
        device.start(Duration::ZERO);
        let mut talk = Self(device);
        assert_eq!(talk.hear(&[]).len(), 1, "READY");
        talk
    }

    fn greeted(faults: &[&str]) -> Self {
        let mut talk = Self::start(faults);
        talk.ask(0, HELLO, 1, &[1, 1]);
        talk
    }

    /// The packets that it sends, until it has nothing more to do.
    fn hear(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut outputs = self.0.step(self.0.now, bytes);
        while let Some(next) = self.0.deadline() {
            outputs.extend(self.0.step(next, &[]));
        }
        let packet = |output| match output {
            Output::Bytes(bytes) => frame::decode(bytes.get(1..bytes.len() - 1)?),
            Output::HangUp => None,
        };
        outputs.into_iter().filter_map(packet).collect()
    }

    /// The last packet that answers this.
    fn ask(&mut self, version: u8, kind: u8, id: u16, payload: &[u8]) -> Vec<u8> {
        let [low, high] = id.to_le_bytes();
        let packet = [&[version, kind, low, high], payload].concat();
        self.hear(&frame::encode(&packet, false))
            .pop()
            .unwrap_or_default()
    }

    fn capture(&mut self, challenge: u8) -> Vec<u8> {
        let order = [&10_000u32.to_le_bytes()[..], &[challenge; 32]].concat();
        self.ask(1, CAPTURE, 9, &order)
    }

    fn enrol(&mut self, field: &[u8]) -> Vec<u8> {
        let mut order = 10_000u32.to_le_bytes().to_vec();
        order.extend(field);
        order.resize(36, 0);
        self.ask(1, ENROL, 10, &order)
    }
}

#[test]
fn greets_before_anything_else() {
    let mut talk = Talk::start(&[]);
    assert_eq!(
        talk.ask(1, STATUS, 3, &[]),
        [0, REFUSED, 3, 0, STATUS, NO_SESSION, 0, 0]
    );
    assert_eq!(
        talk.ask(0, HELLO, 4, &[2, 9]),
        [0, REFUSED, 4, 0, HELLO, NO_VERSION, 1, 1]
    );
    assert_eq!(
        talk.ask(0, HELLO, 5, &[0, 9]),
        [0, 0x81, 5, 0, 1, 1, 1, 0xE9, 3, 0, 0]
    );
    assert_eq!(talk.ask(1, STATUS, 6, &[]).len(), 20);
    assert_eq!(
        talk.ask(2, STATUS, 7, &[]),
        [0, REFUSED, 7, 0, STATUS, NO_SESSION, 0, 0]
    );
}

#[test]
fn refuses_with_a_reason() {
    let mut talk = Talk::greeted(&[]);
    let mut check = |kind: u8, payload: &[u8], code: u8, detail: u8| {
        assert_eq!(
            talk.ask(1, kind, 7, payload),
            [0, REFUSED, 7, 0, kind, code, detail, 0]
        );
    };
    check(0x33, &[], UNKNOWN_KIND, 0);
    check(LIST, &[0, 0, 0], TOO_SHORT, 0);
    check(CAPTURE, &[0; 36], OUT_OF_RANGE, 0);
    let order = |tag: &[u8]| {
        let mut order = 10_000u32.to_le_bytes().to_vec();
        order.extend(tag);
        order.resize(36, 0);
        order
    };
    check(ENROL, &order(&[]), OUT_OF_RANGE, 4);
    check(ENROL, &order(b"a b"), OUT_OF_RANGE, 4);
    check(ENROL, &order(b"a\0b"), OUT_OF_RANGE, 4);
    check(ENROL, &order(&[b'x'; 32]), OUT_OF_RANGE, 4);
    assert!(talk.ask(1, 0x90, 7, &[]).is_empty(), "no request");
    assert!(talk.ask(1, STATUS, 0, &[]).is_empty(), "no request");
}

#[test]
fn enrols_lists_and_deletes() {
    let mut talk = Talk::greeted(&[]);
    assert_eq!(talk.enrol(b"s-3"), [1, 0x91, 10, 0, 3, 0, 0, 0, 0, 0, ENROLLED]);
    assert_eq!(talk.ask(1, DELETE, 7, &[3, 0, 0, 0]), [1, 0xA1, 7, 0, 1]);
    assert_eq!(talk.ask(1, DELETE, 7, &[3, 0, 0, 0]), [1, 0xA1, 7, 0, 0]);
    // A number is never used twice, also not after a loss of power.
    talk.0.start(Duration::from_secs(99));
    talk.ask(0, HELLO, 1, &[1, 1]);
    assert_eq!(talk.enrol(b"s-4")[4], 4);
    let list = talk.ask(1, LIST, 8, &[1, 0, 0, 0]);
    assert_eq!(list[4..14], [3, 0, 0, 0, 0, 2, 2, 0, 0, 0]);
    for _ in 0..12 {
        talk.enrol(b"s-x");
    }
    let list = talk.ask(1, LIST, 8, &[0, 0, 0, 0]);
    assert_eq!((list.len(), list[8], list[9]), (4 + 6 + 12 * 36, 1, 12));
}

/// Whether each capture is signed as the page says, and what is reported.
fn sealed(faults: &[&str]) -> Vec<(bool, Vec<u8>)> {
    let mut talk = Talk::greeted(faults);
    let identity = talk.ask(1, IDENTITY, 2, &[]);
    // A device that does not sign has no key.
    let key = VerifyingKey::from_sec1_bytes(&identity[106..139]).ok();
    let mut before = [0u8; 32];
    let mut count = 0u64;
    let mut check = |number: u8| {
        let answer = talk.capture(number);
        let payload = &answer[4..];
        let (report, seal) = payload.split_at(18);
        if seal.len() != 213 {
            return (false, report.to_vec());
        }
        let key = key.unwrap();
        count += 1;
        let (statement, signature) = seal[1..].split_at(148);
        let expect = [
            b"ALAQAN-PALM-SEAL",
            &[1, 0x10][..],
            &identity[68..100],
            &Sha256::digest(key.to_encoded_point(true).as_bytes())[..8],
            &count.to_le_bytes(),
            &[number; 32],
            report,
            &before,
        ]
        .concat();
        before = Sha256::digest(statement).into();
        let signature = Signature::from_slice(signature).unwrap();
        let fits = statement == expect && key.verify(statement, &signature).is_ok();
        (fits, report.to_vec())
    };
    vec![check(1), check(2), check(3)]
}

#[test]
fn seals_and_breaks_the_seal_when_told_to() {
    let check = |faults: &[&str], expect: [bool; 3]| {
        let fits: Vec<bool> = sealed(faults).into_iter().map(|(fits, _)| fits).collect();
        assert_eq!(fits, expect, "{faults:?}");
    };
    check(&[], [true, true, true]);
    for fault in [
        "bad-signature",
        "other-key",
        "stale-nonce",
        "broken-chain",
        "other-content",
        "missing-seal",
    ] {
        check(&[&format!("{fault}@2")], [true, false, true]);
    }
    check(&["no-seal"], [false, false, false]);
}

#[test]
fn reports_what_it_measures() {
    let check = |faults: &[&str], expect: &str| {
        assert_eq!(sealed(faults)[0].1, hex(expect), "{faults:?}");
    };
    check(&[], "01 1F 00 00 02 00 00 00 68 01 0C 0D 2E 09 66 03 A2 03");
    check(
        &["no-match"],
        "02 1F 00 00 FF FF FF FF 68 01 0C 0D 2E 09 66 03 A2 03",
    );
    check(
        &["liveness"],
        "03 1F 00 00 FF FF FF FF 68 01 0C 0D 2E 09 96 00 78 00",
    );
    check(&["face"], "04 04 00 00 FF FF FF FF 00 80 00 80 2E 09 00 80 00 80");
    check(
        &["result=4"],
        "04 04 00 00 FF FF FF FF 00 80 00 80 2E 09 00 80 00 80",
    );
    check(
        &["nobody"],
        "05 04 00 00 FF FF FF FF 00 80 00 80 2E 09 00 80 00 80",
    );
    check(
        &["no-volume", "no-temperature"],
        "01 1C 00 00 02 00 00 00 00 80 00 80 2E 09 66 03 A2 03",
    );
    check(
        &["temperature=12.5", "volume=900"],
        "01 1F 00 00 02 00 00 00 84 03 E2 04 2E 09 66 03 A2 03",
    );
    check(
        &["temperature=-999999"],
        "01 1F 00 00 02 00 00 00 68 01 01 80 2E 09 66 03 A2 03",
    );
    check(
        &["result=99"],
        "63 1F 00 00 FF FF FF FF 68 01 0C 0D 2E 09 66 03 A2 03",
    );
}

#[test]
fn a_second_job_is_refused_and_a_cancelled_one_ends() {
    let mut talk = Talk::greeted(&["nobody"]);
    let order = [&10_000u32.to_le_bytes()[..], &[1; 32]].concat();
    let frame =
        |kind: u8, id: u8, payload: &[u8]| frame::encode(&[&[1, kind, id, 0], payload].concat(), false);
    let bytes = [
        frame(CAPTURE, 20, &order),
        frame(CAPTURE, 21, &order),
        frame(LIST, 22, &[0; 4]),
        frame(STATUS, 23, &[]),
        frame(CANCEL, 24, &[99, 0]),
        frame(CANCEL, 25, &[20, 0]),
        frame(CANCEL, 26, &[0, 0]),
    ]
    .concat();
    let said = talk.hear(&bytes);
    let heads: Vec<Vec<u8>> = said.iter().map(|packet| packet[1..3].to_vec()).collect();
    assert_eq!(
        heads,
        [
            [0x40, 20],
            [0xFF, 21],
            [0xFF, 22],
            [0x83, 23],
            [0x92, 24],
            [0x92, 25],
            [0x92, 26]
        ]
    );
    assert_eq!((said[3][16], said[4][4], said[5][4], said[6][4]), (1, 0, 1, 0));
}

#[test]
fn a_greeting_ends_the_job_in_silence() {
    let mut talk = Talk::greeted(&["nobody"]);
    let order = [&10_000u32.to_le_bytes()[..], &[1; 32]].concat();
    let capture = frame::encode(&[&[1, CAPTURE, 20, 0], order.as_slice()].concat(), false);
    let hello = frame::encode(&[0, HELLO, 21, 0, 1, 1], false);
    let said = talk.hear(&[capture, hello].concat());
    assert_eq!(said.len(), 2);
}

/// What the page says of a HELLO that is none, in the middle of a job: kind and detail of each packet after ACCEPTED.
#[test]
fn a_bad_greeting_leaves_the_job_and_an_impossible_one_ends_it() {
    let status = [1, STATUS, 22, 0];
    let check = |hello: &[u8], expect: [&[u8]; 2]| {
        let mut talk = Talk::greeted(&["nobody"]);
        let order = [&1000u32.to_le_bytes()[..], &[1; 32]].concat();
        let capture = [&[1, CAPTURE, 20, 0], order.as_slice()].concat();
        let frames = [&capture, hello, &status].map(|packet| frame::encode(packet, false));
        let said = talk.hear(&frames.concat());
        assert_eq!(said[0], [1, ACCEPTED, 20, 0]);
        for (packet, expect) in said[1..].iter().zip(expect) {
            assert!(packet.starts_with(expect), "{hello:02X?}: {packet:02X?}");
        }
        said.len() > 3
    };
    let no_session: &[u8] = &[0, REFUSED, 22, 0, STATUS, NO_SESSION];
    let in_job: &[u8] = &[1, STATUS + ANSWER, 22, 0];
    // Header of the session; too short.
    let refused: &[u8] = &[0, REFUSED, 21, 0, HELLO, NO_SESSION, 0, 0];
    assert!(check(&[1, HELLO, 21, 0, 1, 1], [refused, in_job]));
    let refused: &[u8] = &[0, REFUSED, 21, 0, HELLO, TOO_SHORT, 0, 0];
    assert!(check(&[0, HELLO, 21, 0, 1], [refused, in_job]));
    // No version in common; lowest above highest.
    let refused: &[u8] = &[0, REFUSED, 21, 0, HELLO, NO_VERSION, 1, 1];
    assert!(!check(&[0, HELLO, 21, 0, 2, 3], [refused, no_session]));
    assert!(!check(&[0, HELLO, 21, 0, 2, 1], [refused, no_session]));
}

#[test]
fn an_id_that_is_in_use_is_no_reason() {
    let mut talk = Talk::greeted(&["nobody"]);
    let order = [&1000u32.to_le_bytes()[..], &[1; 32]].concat();
    let frame = |kind: u8, payload: &[u8]| frame::encode(&[&[1, kind, 20, 0], payload].concat(), false);
    let bytes = [
        frame(CAPTURE, &order),
        frame(STATUS, &[]),
        frame(CANCEL, &[20, 0]),
    ]
    .concat();
    let said = talk.hear(&bytes);
    let kinds: Vec<u8> = said.iter().map(|packet| packet[1]).collect();
    assert_eq!(kinds, [ACCEPTED, STATUS + ANSWER, CANCEL + ANSWER]);
    assert_eq!((said[1][16], said[2][4]), (1, 1));
}

#[test]
fn a_restart_changes_the_boot_id() {
    let mut talk = Talk::greeted(&["reboot@1"]);
    let boot_id = |talk: &mut Talk| talk.ask(0, HELLO, 1, &[1, 1])[7..11].to_vec();
    let before = boot_id(&mut talk);
    let ready = talk.capture(1);
    assert_eq!((ready[1], ready[8]), (READY, 3));
    assert_eq!(talk.ask(1, STATUS, 3, &[])[5], NO_SESSION);
    assert_ne!(boot_id(&mut talk), before);
    assert_eq!(talk.capture(1)[4], IDENTIFIED);
}

#[test]
fn tests_itself() {
    let mut talk = Talk::greeted(&["broken"]);
    let answer = talk.ask(1, SELF_TEST, 3, &[]);
    assert_eq!(answer[4..13], [10, 1, 0, 0, 0, 2, 1, 0, 0]);
    assert_eq!(talk.capture(1), [1, FAILED, 9, 0, CAPTURE, IMAGE_SENSOR, 0, 0]);
    // What is wrong with the request comes first.
    assert_eq!(
        talk.ask(1, CAPTURE, 9, &[0; 36]),
        [0, REFUSED, 9, 0, CAPTURE, OUT_OF_RANGE, 0, 0]
    );
    // A fault that is there already is not sent again.
    assert_eq!(talk.ask(0, HELLO, 1, &[1, 1])[1], HELLO + ANSWER);
    assert_eq!(talk.ask(1, STATUS, 3, &[])[16..18], [4, IMAGE_SENSOR]);
}

#[test]
fn one_fault_does_not_hide_another() {
    let mut talk = Talk::greeted(&["failed=8@1", "refused=4:list", "result=7:enrol"]);
    assert_eq!(talk.capture(1), [1, FAILED, 9, 0, CAPTURE, 8, 0, 0]);
    assert_eq!(talk.capture(1)[4], IDENTIFIED);
    assert_eq!(talk.ask(1, LIST, 3, &[0; 4])[4..6], [LIST, 4]);
    assert_eq!(talk.enrol(b"s-9")[10], 7);
}

proptest! {
    #[test]
    fn survives_any_host(
        noise in prop::collection::vec(any::<u8>(), 0..1200),
        kind in any::<u8>(),
        payload in prop::collection::vec(any::<u8>(), 0..80),
    ) {
        let mut talk = Talk::greeted(&["junk:verify", "stall:list"]);
        talk.hear(&noise);
        talk.ask(0, HELLO, 1, &[1, 1]);
        talk.ask(1, kind, 2, &payload);
    }
}
