//! The page `docs/wire-protocol.md` against the code: every example, every number, every limit.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;

use document::content::{self, CONTENT_MAX_BYTES};
use document::identification::SIGNER_COMMON_NAME;
use document::receipt;
use minicbor::Decoder;
use minicbor::data::Type;
use sync::wire::{
    AWAITING_MAX, ByeReason, CAPABILITIES_MAX, CHAIN_MAX, DOCUMENT_MAX_BYTES, FRAME_MAX_BYTES, GatewayFrame,
    KioskFrame, LINK_MAX_BYTES, REQUEST_MAX_BYTES, RESEND_MAX, RefusalCode, SUBPROTOCOL, TEXT_MAX_BYTES,
    VERSION,
};
use verification::evidence::{
    DocumentId, Evidence, KioskIdentity, Language, Organisation, Outcome, SessionId,
};
use verification::pad::parts::Finding;
use verification::pad::{AttemptFailure, PadChallenge};
use verification::palm::decision::{PalmFailure, PalmPart};
use verification::palm::{PalmQuality, PalmReference, ScanResult, SealFault, SealState};
use verification::policy::Policy;
use verification::time::UtcMs;

const PAGE: &str = include_str!("../../../docs/wire-protocol.md");

fn hex(text: &str) -> Vec<u8> {
    let digits = text.split_whitespace();
    digits.map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect()
}

/// Without the breaks of its lines.
fn joined(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The examples of a kind: name, diagnostic notation, bytes.
fn examples(kind: &str) -> Vec<(&'static str, String, Vec<u8>)> {
    let mut found = Vec::new();
    for block in PAGE.split(&format!("```{kind} ")).skip(1) {
        let (block, _) = block.split_once("\n```").unwrap();
        let (name, rest) = block.split_once('\n').unwrap();
        let (notation, bytes) = rest.split_once("\n=\n").unwrap();
        found.push((name, joined(notation), hex(bytes)));
    }
    found
}

/// The next item in diagnostic notation.
fn diagnostic(decoder: &mut Decoder<'_>) -> String {
    let list = |items: Vec<String>| items.join(", ");
    match decoder.datatype().unwrap() {
        Type::Array => {
            let length = decoder.array().unwrap().unwrap();
            format!("[{}]", list((0..length).map(|_| diagnostic(decoder)).collect()))
        }
        Type::Map => {
            let length = decoder.map().unwrap().unwrap();
            let mut entry = || format!("{}: {}", diagnostic(decoder), diagnostic(decoder));
            format!("{{{}}}", list((0..length).map(|_| entry()).collect()))
        }
        Type::Bytes => {
            let bytes = decoder.bytes().unwrap().iter();
            let digits: String = bytes.map(|byte| format!("{byte:02x}")).collect();
            format!("h'{digits}'")
        }
        Type::String => format!("{:?}", decoder.str().unwrap()),
        _ => decoder.i64().unwrap().to_string(),
    }
}

fn check_notation(name: &str, notation: &str, bytes: &[u8]) {
    let shown = diagnostic(&mut Decoder::new(bytes));
    assert_eq!(shown, notation, "the notation of {name}");
}

/// The name of a frame as `Debug` begins it.
fn kind(frame: &impl std::fmt::Debug) -> String {
    let text = format!("{frame:?}");
    text.split([' ', '{', '(']).next().unwrap().to_owned()
}

#[test]
fn every_frame_is_shown_as_it_is() {
    let mut kinds = BTreeMap::new();
    for (name, notation, bytes) in examples("kiosk") {
        let frame = KioskFrame::decode(&bytes).unwrap();
        assert_eq!(frame.encode(), bytes, "{name}");
        check_notation(name, &notation, &bytes);
        assert!(name.starts_with(&kind(&frame)), "{name}");
        kinds.insert(name.split('-').next().unwrap(), "kiosk");
    }
    for (name, notation, bytes) in examples("gateway") {
        let frame = GatewayFrame::decode(&bytes).unwrap();
        assert_eq!(frame.encode(), bytes, "{name}");
        check_notation(name, &notation, &bytes);
        assert!(name.starts_with(&kind(&frame)), "{name}");
        kinds.insert(name.split('-').next().unwrap(), "gateway");
    }
    assert_eq!(kinds.len(), 14, "{kinds:?}");
}

#[test]
fn a_receipt_is_shown_as_it_is() {
    let [(name, notation, bytes)] = examples("receipt").try_into().unwrap();
    check_notation(name, &notation, &bytes);
    assert_eq!(receipt::encode(&receipt::decode(&bytes).unwrap()), bytes);
    assert!(PAGE.contains(&format!("`{SIGNER_COMMON_NAME}`")));
}

fn somebody_who_left() -> Evidence {
    Evidence {
        document_id: DocumentId([0xa1; 16]),
        session_id: SessionId([0xb1; 16]),
        organisation: Organisation {
            name: "Demo Bank".into(),
            bin: "050140000000".into(),
        },
        kiosk: KioskIdentity {
            kiosk_id: "k-1".into(),
            software: "0.1.0".into(),
        },
        language: Language::Kk,
        service: None,
        consents: Vec::new(),
        claim: None,
        modality: None,
        started_at: UtcMs(1_790_000_000_000),
        ended_at: UtcMs(1_790_000_030_000),
        outcome: Outcome::Withdrawn,
        camera: None,
        attempts: Vec::new(),
        attempts_before: 0,
        palm: None,
        stills: Vec::new(),
        policy: Policy::default(),
        audit: None,
        ..Evidence::blank()
    }
}

#[test]
fn a_content_is_shown_as_it_is() {
    let (_, after) = PAGE.split_once("```content\n").unwrap();
    let (shown, _) = after.split_once("\n```").unwrap();
    let expect = content::encode(&somebody_who_left());
    let digits: Vec<String> = expect.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(joined(shown), digits.join(" "));
    // From the key of the policy to the key behind it, both of which the text names.
    let policy = expect.len() - expect.iter().rev().position(|byte| *byte == 0x11).unwrap() - 1;
    let start = expect
        .windows(3)
        .position(|bytes| bytes == [0x10, 0xb8, 0x25])
        .unwrap();
    assert!(joined(PAGE).contains(&format!("the {} bytes of the example", policy - start)));
}

/// The bytes of the one block of a kind.
fn block(kind: &str) -> Vec<u8> {
    let (_, after) = PAGE.split_once(&format!("```{kind}\n")).unwrap();
    hex(after.split_once("\n```").unwrap().0)
}

#[test]
fn attempts_are_shown_as_they_are() {
    // As the page has it: face under 14, palm under 18, in the content of the page.
    let whole = block("content");
    let none = [0x0e, 0x80, 0x0f, 0x80];
    let at = whole.windows(4).position(|bytes| bytes == none).unwrap();
    let behind = [0x11, 0x00, 0x14];
    let end = whole
        .windows(3)
        .collect::<Vec<_>>()
        .iter()
        .rposition(|bytes| *bytes == behind)
        .unwrap()
        + 2;
    let content = [
        &[0xb5][..],
        &whole[1..at],
        &[0x0e, 0x81],
        &block("attempt"),
        &whole[at + 2..end],
        &[0x12],
        &block("palm"),
        &whole[end..],
    ]
    .concat();
    // Nothing but the canonical form of this very content is read.
    let read = content::decode(&content).unwrap();
    let face = &read.attempts[0];
    assert_eq!(
        face.failure,
        Some(AttemptFailure::WrongAction(PadChallenge::Smile))
    );
    assert_eq!(face.challenges[0].challenge, PadChallenge::TurnLeft);
    assert_eq!(face.challenges[1].completed_at, None);
    assert_eq!((face.parts[0].finding, face.parts[1].value), (Finding::For, None));
    let palm = &read.palm.unwrap().attempts[0];
    assert_eq!(palm.failure, Some(PalmFailure::Missing(PalmPart::Temperature)));
    let scan = palm.scan.as_ref().unwrap();
    assert_eq!(scan.result, ScanResult::Identified(PalmReference(7)));
    assert_eq!(scan.quality, [PalmQuality::Moving, PalmQuality::Cold]);
    assert_eq!(scan.seal, SealState::Invalid(SealFault::Signature));
}

/// The rows of the table under a heading.
fn rows(heading: &str) -> Vec<Vec<&'static str>> {
    let (_, after) = PAGE.split_once(&format!("\n## {heading}\n")).unwrap();
    let section = after.split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| "));
    rows.map(|row| row.trim_matches('|').split(" | ").map(str::trim).collect())
        .collect()
}

#[test]
fn every_reason_has_its_row() {
    let refusals = [
        RefusalCode::Signature,
        RefusalCode::Certificate,
        RefusalCode::Malformed,
        RefusalCode::TooLarge,
        RefusalCode::WrongKiosk,
        RefusalCode::IdConflict,
        RefusalCode::Unavailable { retry_after_ms: 0 },
        RefusalCode::AuditFork,
    ];
    let table = rows("Refusals");
    assert_eq!(table.len(), refusals.len() + 1);
    for (row, code) in table[1..].iter().zip(refusals) {
        assert_eq!(row[0], code.number().to_string());
        assert_eq!(row[1], code.name().replace('-', " "));
    }
    let table = rows("Farewells");
    for (row, number) in table[1..].iter().zip(0..) {
        let reason = ByeReason::from(number);
        let name: String = row[1]
            .split(' ')
            .flat_map(|word| {
                let (first, rest) = word.split_at(1);
                first
                    .to_uppercase()
                    .chars()
                    .chain(rest.chars())
                    .collect::<Vec<_>>()
            })
            .collect();
        assert_eq!(
            (row[0], name),
            (number.to_string().as_str(), format!("{reason:?}"))
        );
    }
    assert!(matches!(
        ByeReason::from(u32::try_from(table.len()).unwrap() - 1),
        ByeReason::Other(_)
    ));
}

#[test]
fn every_limit_is_named() {
    let spaced = |number: usize| {
        let digits = number.to_string();
        let mut text = String::new();
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && digits.len() > 4 && (digits.len() - at).is_multiple_of(3) {
                text.push(' ');
            }
            text.push(digit);
        }
        text
    };
    let limits = [
        ("frame", FRAME_MAX_BYTES),
        ("signed document", DOCUMENT_MAX_BYTES),
        ("content of a document", CONTENT_MAX_BYTES),
        ("certificate request", REQUEST_MAX_BYTES),
        ("text in a frame", TEXT_MAX_BYTES),
        ("link", LINK_MAX_BYTES),
        ("awaiting", AWAITING_MAX),
        ("awaiting", RESEND_MAX),
        ("capabilities", CAPABILITIES_MAX),
        ("certificates in a chain", CHAIN_MAX),
    ];
    let table = rows("Limits");
    for (what, limit) in limits {
        let row = table.iter().find(|row| row[0].starts_with(what)).unwrap();
        assert!(row[1].starts_with(&spaced(limit)), "{what}: {}", spaced(limit));
    }
    assert!(PAGE.contains(&format!("Sec-WebSocket-Protocol: {SUBPROTOCOL}")));
    assert!(PAGE.starts_with(&format!(
        "# The wire between kiosk and gateway, version {VERSION}\n"
    )));
}
