//! The page `docs/palm-protocol.md` against the code: every example frame, and every table of kinds.
// The configuration of clippy lets `unwrap` pass in tests, but not in what tests share.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use p256::ecdsa::SigningKey;
use p256::ecdsa::signature::Signer as _;
use palm::reference::fields::Text;
use palm::reference::frame::{Decoder, Packet};
use palm::reference::message::{Identity, Part, Reply, Request, Status, kind};
use palm::reference::report::{NO_REFERENCE, Report};
use palm::reference::seal::{Chain, Content, Expected, Head, Sealed, Statement, check, key_id};
use verification::palm::{PalmQuality, PalmReadings, PalmReference, ScanResult, SealState};

const PAGE: &str = include_str!("../../../docs/palm-protocol.md");

/// One example: packet and frame.
type Example = (Vec<u8>, Vec<u8>);

fn hex(line: &str) -> Vec<u8> {
    let digits = line.split_whitespace();
    digits.map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect()
}

/// All examples of the page by their names.
fn examples() -> BTreeMap<&'static str, Example> {
    let mut examples = BTreeMap::new();
    for block in PAGE.split("```example\n").skip(1) {
        let (name, rest) = block.split_once("\npacket:\n").unwrap();
        let (packet, rest) = rest.split_once("\nwire:\n").unwrap();
        let (wire, _) = rest.split_once("\n```").unwrap();
        assert!(
            examples.insert(name, (hex(packet), hex(wire))).is_none(),
            "{name} twice"
        );
    }
    examples
}

/// Bytes that the text of the page names, wherever its lines break.
fn named(before: &str, bytes: usize) -> Vec<u8> {
    let text = PAGE.split("Key pair of the examples").nth(1).unwrap();
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let after = words.split(before).nth(1).unwrap().split(' ').take(bytes);
    after
        .map(|byte| u8::from_str_radix(byte.trim_end_matches([';', '.']), 16).unwrap())
        .collect()
}

fn signing_key() -> SigningKey {
    SigningKey::from_slice(&named("private key ", 32)).unwrap()
}

fn public_key() -> [u8; 33] {
    let point = signing_key().verifying_key().to_encoded_point(true);
    point.as_bytes().try_into().unwrap()
}

/// 0xA0, 0xA1 and so on.
fn counting(first: u8) -> [u8; 32] {
    let mut challenge = [first; 32];
    for (byte, plus) in challenge.iter_mut().zip(0..) {
        *byte += plus;
    }
    challenge
}

fn report(hex_of_report: &str) -> Report {
    Report(hex(hex_of_report).try_into().unwrap())
}

fn first_report() -> Report {
    report("01 1F 00 00 07 00 00 00 9C 01 11 0D A2 08 66 03 A2 03")
}

fn second_report() -> Report {
    report("02 1F 81 00 FF FF FF FF 95 01 BA 09 9D 08 62 02 89 03")
}

fn sealed(counter: u64, challenge: [u8; 32], report: Report, previous: [u8; 32]) -> Sealed {
    let content = Content {
        serial: Text::new("VEX-000042"),
        key_id: key_id(&public_key()),
        counter,
        challenge,
        report,
        previous,
    };
    let statement = content.to_statement();
    let signature: p256::ecdsa::Signature = signing_key().sign(&statement.0);
    Sealed {
        statement,
        signature: signature.to_bytes().into(),
    }
}

fn first_seal() -> Sealed {
    sealed(1, counting(0xA0), first_report(), [0; 32])
}

fn second_seal() -> Sealed {
    sealed(2, counting(0x40), second_report(), first_seal().statement.hash())
}

fn requests() -> Vec<(&'static str, u16, Request)> {
    let tag = Text::new("s-81f2");
    vec![
        (
            "HELLO",
            0x101,
            Request::Hello {
                lowest: 1,
                highest: 1,
            },
        ),
        ("IDENTITY", 0x103, Request::Identity),
        ("STATUS", 0x104, Request::Status),
        ("SELF_TEST", 0x105, Request::SelfTest),
        ("HEAD", 0x106, Request::Head),
        (
            "CAPTURE",
            0x107,
            Request::Capture {
                limit_ms: 10_000,
                challenge: counting(0xA0),
            },
        ),
        (
            "ENROL",
            0x10C,
            Request::Enrol {
                limit_ms: 15_000,
                tag,
            },
        ),
        ("CANCEL", 0x10E, Request::Cancel { job: 0x10D }),
        ("LIST", 0x10F, Request::List { after: 0 }),
        ("DELETE", 0x110, Request::Delete { reference: 7 }),
    ]
}

fn replies() -> Vec<(&'static str, u16, Reply)> {
    let identity = Identity {
        model: Text::new("Example V1"),
        firmware: Text::new("1.4.2"),
        serial: Text::new("VEX-000042"),
        capabilities: 0x3F,
        capacity: 500,
        key: public_key(),
    };
    let status = Status {
        boot: 42,
        uptime_s: 3600,
        stored: 12,
        state: 0,
        fault: 0,
        detail: 0,
    };
    let part = |part, verdict, detail| Part {
        part,
        verdict,
        detail,
    };
    let capture = |report, seal: Option<Sealed>| Reply::Capture {
        report,
        seal: seal.map(Box::new),
    };
    let hello = Reply::Hello {
        version: 1,
        lowest: 1,
        highest: 1,
        boot: 42,
    };
    let refused = |request, code, detail| Reply::Refused {
        request,
        code,
        detail,
    };
    let unseen = report("05 00 00 00 FF FF FF FF 00 80 00 80 00 80 00 80 00 80");
    vec![
        ("READY", 0, Reply::Ready { boot: 42, cause: 1 }),
        ("HELLO answer", 0x101, hello),
        ("HELLO refused", 0x102, refused(kind::HELLO, 6, 0x0302)),
        ("IDENTITY answer", 0x103, Reply::Identity(Box::new(identity))),
        ("STATUS answer", 0x104, Reply::Status(status)),
        (
            "SELF_TEST answer",
            0x105,
            Reply::SelfTest(vec![part(1, 1, 0), part(4, 0, 0x11), part(8, 2, 0)]),
        ),
        (
            "HEAD answer",
            0x106,
            Reply::Head {
                counter: 0,
                key_id: key_id(&public_key()),
                hash: [0; 32],
            },
        ),
        ("ACCEPTED", 0x107, Reply::Accepted),
        ("PROGRESS", 0x107, Reply::Progress { position: 3 }),
        (
            "CAPTURE answer, identified",
            0x107,
            capture(first_report(), Some(first_seal())),
        ),
        (
            "CAPTURE answer, no match",
            0x108,
            capture(second_report(), Some(second_seal())),
        ),
        ("CAPTURE answer, without a seal", 0x109, capture(unseen, None)),
        ("CAPTURE refused", 0x10A, refused(kind::CAPTURE, 4, 0)),
        (
            "CAPTURE failed",
            0x10B,
            Reply::Failed {
                request: kind::CAPTURE,
                fault: 1,
                detail: 0x0203,
            },
        ),
        (
            "ENROL answer",
            0x10C,
            Reply::Enrol {
                reference: 8,
                quality: 0,
                outcome: 1,
            },
        ),
        ("CANCEL answer", 0x10E, Reply::Cancel { ended: true }),
        (
            "LIST answer",
            0x10F,
            Reply::List {
                total: 2,
                more: false,
                entries: vec![(7, Text::new("s-4d10")), (8, Text::new("s-81f2"))],
            },
        ),
        ("DELETE answer", 0x110, Reply::Delete { existed: true }),
        (
            "FAULT",
            0,
            Reply::Fault {
                fault: 3,
                present: true,
                detail: 0x11,
            },
        ),
    ]
}

/// Both directions: what the code sends is what the page shows, and what the page shows is understood.
#[test]
fn every_example_is_what_the_code_says() {
    let mut examples = examples();
    let mut compare = |name: &str, packet: Packet, read: &dyn Fn(&Packet) -> bool| {
        let (bytes, wire) = examples
            .remove(name)
            .unwrap_or_else(|| panic!("no example {name}"));
        assert_eq!(packet.to_bytes(), bytes, "{name}: packet");
        assert_eq!(packet.to_frame(), wire, "{name}: wire");
        let found = Decoder::default()
            .next_packet(&mut wire.as_slice())
            .unwrap()
            .unwrap();
        assert_eq!(found, packet, "{name}: decoded");
        assert!(read(&found), "{name}: understood");
    };
    for (name, id, request) in requests() {
        compare(name, request.to_packet(id), &|packet| {
            Request::from_packet(packet).as_ref() == Ok(&request)
        });
    }
    for (name, id, reply) in replies() {
        compare(name, reply.to_packet(id), &|packet| {
            Reply::from_packet(packet).as_ref() == Ok(&reply)
        });
    }
    assert!(examples.is_empty(), "examples that nobody checks: {examples:?}");
}

#[test]
fn the_reports_of_the_examples_say_what_the_text_says() {
    let first = first_report().read(0x3F).unwrap();
    assert_eq!(first.result, ScanResult::Identified(PalmReference(7)));
    assert_eq!(
        first.readings,
        PalmReadings {
            volume_ml: Some(412.0),
            surface_temperature_celsius: Some(33.45),
            ambient_temperature_celsius: Some(22.1),
            vascular_quality: Some(0.87),
            liveness: Some(0.93),
        }
    );
    assert_eq!(first.quality, []);
    let second = second_report().read(0x3F).unwrap();
    assert_eq!(second.result, ScanResult::NoMatch);
    assert_eq!(second.quality, [PalmQuality::Moving, PalmQuality::Cold]);
}

/// The signatures of the page were made by another library.
#[test]
fn the_seals_of_the_examples_are_a_chain() {
    let key = public_key();
    assert_eq!(named("public key ", 33), key);
    assert_eq!(named("key id ", 8), key_id(&key));
    let examples = examples();
    let mut chain = Chain::default();
    let Ok(Reply::Head { counter, hash, .. }) =
        Reply::from_packet(&Packet::from_bytes(&examples["HEAD answer"].0).unwrap())
    else {
        panic!("no head");
    };
    chain.resume(Head { counter, hash });
    let hashes: Vec<_> = PAGE.split("SHA-256 of its statement is").skip(1).collect();
    for (at, (name, challenge)) in [
        ("CAPTURE answer, identified", counting(0xA0)),
        ("CAPTURE answer, no match", counting(0x40)),
    ]
    .into_iter()
    .enumerate()
    {
        let packet = Packet::from_bytes(&examples[name].0).unwrap();
        let Ok(Reply::Capture { report, seal }) = Reply::from_packet(&packet) else {
            panic!("{name} is no capture");
        };
        let expected = Expected {
            key: &key,
            pinned: Some(&key),
            serial: &Text::new("VEX-000042"),
            challenge: &challenge,
            report: &report,
        };
        let state = check(seal.as_deref(), &expected, &mut chain);
        let SealState::Valid(seal) = state else {
            panic!("{name}: {state:?}");
        };
        let words = hashes[at].split_whitespace().take(32);
        let hash: Vec<u8> = words
            .map(|byte| u8::from_str_radix(byte.trim_end_matches('.'), 16).unwrap())
            .collect();
        assert_eq!(
            Statement(seal.statement.try_into().unwrap()).hash(),
            *hash,
            "{name}"
        );
    }
}

/// The table of kinds, with the lengths that it gives.
#[test]
fn the_table_of_kinds_is_that_of_the_code() {
    let table = PAGE.split("| kind | name | from |").nth(1).unwrap();
    let rows: BTreeMap<u8, Vec<&str>> = table
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .map(|line| {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            (u8::from_str_radix(cells[1], 16).unwrap(), cells)
        })
        .collect();
    let mut seen = Vec::new();
    for (name, _, request) in requests() {
        let row = &rows[&request.kind()];
        assert_eq!(row[2], name);
        assert_eq!(row[4], request.to_packet(1).payload().len().to_string(), "{name}");
        seen.push(request.kind());
    }
    for (name, _, reply) in replies() {
        let length = reply.to_packet(1).payload().len();
        match reply.kind() {
            event if !(0x80..0xFE).contains(&event) => {
                assert_eq!(rows[&event][4], length.to_string(), "{name}");
                seen.push(event);
            }
            answer => {
                let row = &rows[&(answer & 0x7F)];
                assert!(row[5].contains(&format!("{answer:02X}")), "{name}: {row:?}");
                let variable = row[5].contains(" n ");
                assert!(
                    variable || row[5].contains(&length.to_string()),
                    "{name}: {row:?}"
                );
            }
        }
    }
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen, rows.keys().copied().collect::<Vec<_>>());
    assert_eq!(NO_REFERENCE, 0xFFFF_FFFF);
}
