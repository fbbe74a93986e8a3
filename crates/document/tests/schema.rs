//! The published schema says what is written, and nothing else.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

/// Both are published, and both must be changed together with the format.
const SCHEMA: &str = include_str!("../../../docs/document.cddl");
const MANUAL: &str = include_str!("../../../docs/document.md");

/// An IIN of public test material.
const TEST_IIN: &str = "880412401006";

mod generators;

use std::collections::BTreeMap;

use cddl_cat::validate_cbor_bytes;
use document::{content, identification, receipt};
use generators::{some_evidence, some_identification, some_receipt};
use minicbor::Decoder;
use minicbor::data::Type;
use proptest::prelude::*;

/// The entries of the outer map that stand in the schema under a rule.
fn entries(rule: &str) -> BTreeMap<u64, bool> {
    let opening = format!("\n{rule} = {{\n");
    let body = SCHEMA
        .split(&opening)
        .nth(1)
        .unwrap()
        .split("\n}")
        .next()
        .unwrap();
    body.lines()
        .map(|line| {
            let line = line.trim();
            let optional = line.starts_with("? ");
            let key = line.trim_start_matches("? ").split(':').next().unwrap();
            (key.parse().unwrap(), optional)
        })
        .collect()
}

fn keys(bytes: &[u8]) -> Vec<u64> {
    let mut decoder = Decoder::new(bytes);
    let count = decoder.map().unwrap().unwrap();
    (0..count)
        .map(|_| {
            let key = decoder.u64().unwrap();
            decoder.skip().unwrap();
            key
        })
        .collect()
}

#[test]
fn the_schema_names_the_versions_that_are_written() {
    let version = |rule: &str| -> u32 {
        let opening = format!("\n{rule} = {{\n  0: ");
        let rest = SCHEMA.split(&opening).nth(1).unwrap();
        rest.split(',').next().unwrap().parse().unwrap()
    };
    assert_eq!(version("document"), content::VERSION);
    assert_eq!(version("answer"), identification::VERSION);
    assert_eq!(version("receipt"), receipt::VERSION);
    let heading = format!("| {} |", content::VERSION);
    assert!(
        MANUAL.lines().any(|line| line.starts_with(&heading)),
        "the history of versions in docs/document.md ends before version {}",
        content::VERSION
    );
}

/// Every entry of the three papers has its line in the manual, and the manual has no other lines.
#[test]
fn every_field_stands_in_the_manual() {
    for rule in ["document", "answer", "receipt"] {
        let heading = format!("\n### `{rule}`\n");
        let part = MANUAL.split(&heading).nth(1).unwrap();
        let part = part.split("\n#").next().unwrap();
        let told: BTreeMap<u64, bool> = part
            .lines()
            .filter_map(|line| {
                let mut cells = line.strip_prefix("| ")?.split(" | ");
                let key = cells.next()?.parse().ok()?;
                Some((key, cells.nth(1)?.starts_with('?')))
            })
            .collect();
        assert_eq!(told, entries(rule), "{rule}");
    }
}

fn check(rule: &str, bytes: &[u8]) {
    if let Err(error) = validate_cbor_bytes(rule, SCHEMA, bytes) {
        panic!("{rule}: {error}\n{}", minicbor::display(bytes));
    }
    let known = entries(rule);
    for key in keys(bytes) {
        assert!(known.contains_key(&key), "{rule} has no entry {key}");
    }
}

proptest! {
    // The validator reads the schema anew for each of them.
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn documents_conform(evidence in some_evidence()) {
        check("document", &content::encode(&evidence));
    }

    #[test]
    fn answers_conform(answer in some_identification()) {
        check("answer", &identification::encode(&answer));
    }

    #[test]
    fn receipts_conform(some in some_receipt()) {
        check("receipt", &receipt::encode(&some));
    }

    /// A schema that took everything would prove nothing: another type, and an entry that is not there, are refused.
    #[test]
    fn what_does_not_conform_is_refused(evidence in some_evidence(), which in any::<prop::sample::Index>()) {
        let bytes = content::encode(&evidence);
        let mut decoder = Decoder::new(&bytes);
        let count = decoder.map().unwrap().unwrap();
        let wanted = which.index(usize::try_from(count).unwrap());
        for _ in 0..wanted {
            decoder.skip().unwrap();
            decoder.skip().unwrap();
        }
        decoder.skip().unwrap();
        let from = decoder.position();
        let kind = decoder.datatype().unwrap();
        decoder.skip().unwrap();
        // No entry of a document is `undefined`.
        prop_assert_ne!(kind, Type::Undefined);
        let changed = [&bytes[..from], &[0xf7], &bytes[decoder.position()..]].concat();
        prop_assert!(validate_cbor_bytes("document", SCHEMA, &changed).is_err());
    }

    #[test]
    fn an_entry_too_many_is_refused(evidence in some_evidence()) {
        let bytes = content::encode(&evidence);
        // The outer map has fewer than 24 entries: its count stands in the first byte.
        let more = [&[bytes[0] + 1], &bytes[1..], &[0x18, 0x63, 0x00]].concat();
        prop_assert!(validate_cbor_bytes("document", SCHEMA, &more).is_err());
    }
}
