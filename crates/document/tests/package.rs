//! Packages: what is written is read back, and what was taken away, added or moved is noticed.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use document::package::{
    DOCUMENTS_MAX, Header, Listed, PACKAGE_MAX_BYTES, PackageError, decode_header, enclose, encode_header,
    parts, unfold,
};
use document::receipt::bundle;
use document::signature::SIGNED_MAX_BYTES;
use expect_test::expect;
use proptest::prelude::*;
use verification::audit::{AuditHead, LogId};
use verification::evidence::DocumentId;
use verification::time::UtcMs;

fn documents() -> Vec<Vec<u8>> {
    vec![b"one".to_vec(), b"two".to_vec(), Vec::new()]
}

fn header(documents: &[Vec<u8>]) -> Header {
    Header {
        kiosk_id: "kiosk-7".to_owned(),
        package_id: [0x9a; 16],
        part: 1,
        parts: 3,
        created_at: UtcMs(1_780_315_300_000),
        audit: AuditHead {
            log: LogId([0xa0; 16]),
            number: 41,
            hash: [0xa1; 32],
        },
        documents: documents
            .iter()
            .zip(1_u128..)
            .map(|(signed, id)| Listed::of(DocumentId(id.to_be_bytes()), signed))
            .collect(),
    }
}

#[test]
fn the_formats_are_kept() {
    expect![[r#"{0: 1, 1: "alaqan-package-header", 2: "kiosk-7", 3: h'9a 9a 9a 9a 9a 9a 9a 9a 9a 9a 9a 9a 9a 9a 9a 9a', 4: 1, 5: 3, 6: 1780315300000, 7: {0: h'a0 a0 a0 a0 a0 a0 a0 a0 a0 a0 a0 a0 a0 a0 a0 a0', 1: 41, 2: h'a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1'}, 8: [{0: h'00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01', 1: h'76 92 c3 ad 35 40 bb 80 3c 02 0b 3a ee 66 cd 88 87 12 32 34 ea 0c 6e 71 43 c0 ad d7 3f f4 31 ed'}, {0: h'00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 02', 1: h'3f c4 cc fe 74 58 70 e2 c0 d9 9f 71 f3 0f f0 65 6c 8d ed d4 1c c1 d7 d3 d3 76 b0 db e6 85 e2 f3'}, {0: h'00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 03', 1: h'e3 b0 c4 42 98 fc 1c 14 9a fb f4 c8 99 6f b9 24 27 ae 41 e4 64 9b 93 4c a4 95 99 1b 78 52 b8 55'}]}"#]].assert_eq(&minicbor::display(&encode_header(&header(&documents()))).to_string());
    expect![[r#"{0: 1, 1: "alaqan-package", 2: h'68 65 61 64 65 72', 3: [h'6f 6e 65', h'74 77 6f', h'']}"#]]
        .assert_eq(&minicbor::display(&enclose(b"header", &documents())).to_string());
    expect![[r#"{0: 1, 1: "alaqan-receipts", 2: [h'6f 6e 65', h'74 77 6f', h'']}"#]]
        .assert_eq(&minicbor::display(&bundle::encode(&documents())).to_string());
}

/// `change` is made to what is in the package, with the header as it was.
fn check(change: impl FnOnce(&mut Vec<Vec<u8>>), expect: &str) {
    let header = header(&documents());
    let mut inside = documents();
    change(&mut inside);
    let bytes = enclose(b"header", &inside);
    let package = unfold(&bytes).unwrap();
    let result = package.check(&header).err();
    assert_eq!(
        result.map_or("good".to_owned(), |error| error.to_string()),
        expect
    );
}

#[test]
fn what_was_done_to_a_package_is_said() {
    let other = |place| {
        format!(
            "in place {place} of the package, counted from 1, stands another document than its header names"
        )
    };
    let count = |found| format!("the package holds {found} documents, its header names 3");
    check(|_| {}, "good");
    check(|inside| inside.swap(0, 1), &other(1));
    check(|inside| inside[1][0] ^= 1, &other(2));
    check(|inside| inside[2].push(0), &other(3));
    check(|inside| drop(inside.pop()), &count(2));
    check(|inside| inside.push(b"three".to_vec()), &count(4));
    check(Vec::clear, &count(0));
}

#[test]
fn a_part_is_one_of_the_parts() {
    let bytes = enclose(b"header", &documents());
    let package = unfold(&bytes).unwrap();
    for (part, parts, good) in [
        (1, 1, true),
        (3, 3, true),
        (0, 3, false),
        (4, 3, false),
        (0, 0, false),
    ] {
        let header = Header {
            part,
            parts,
            ..header(&documents())
        };
        assert_eq!(package.check(&header).is_ok(), good, "{part} of {parts}");
    }
}

#[test]
fn refusals_have_names() {
    let good = enclose(b"header", &documents());
    let fails = |bytes: &[u8]| unfold(bytes).unwrap_err();
    assert!(matches!(fails(&[]), PackageError::Malformed { .. }));
    assert!(matches!(
        fails(&[&good[..], &[0]].concat()),
        PackageError::NotCanonical
    ));
    let mut newer = good.clone();
    newer[2] = 2;
    assert!(matches!(fails(&newer), PackageError::UnknownVersion(2)));
    assert!(matches!(
        fails(&bundle::encode(&documents())),
        PackageError::OtherKind | PackageError::Malformed { .. }
    ));
    assert!(matches!(
        fails(&vec![0; PACKAGE_MAX_BYTES + 1]),
        PackageError::TooLarge(_)
    ));
    assert!(unfold(&encode_header(&header(&documents()))).is_err());
    assert!(decode_header(&good).is_err());
    assert!(bundle::decode(&good).is_err());
    assert!(bundle::decode(&bundle::encode(&vec![Vec::new(); bundle::RECEIPTS_MAX + 1])).is_err());
}

#[test]
fn debug_shows_no_document() {
    let bytes = enclose(b"header", &documents());
    assert_eq!(format!("{:?}", unfold(&bytes).unwrap()), "Package(3 documents)");
}

/// The largest part that `parts` allows is one that `unfold` takes.
#[test]
fn the_largest_parts_are_not_too_large() {
    for sizes in [
        vec![SIGNED_MAX_BYTES; 5],
        vec![1; DOCUMENTS_MAX + 1],
        vec![8_200; DOCUMENTS_MAX],
    ] {
        let first = parts(sizes.iter().copied())[0];
        let inside: Vec<Vec<u8>> = sizes[..first].iter().map(|size| vec![7; *size]).collect();
        // The header at its longest: a signature and a certificate are far below this.
        let header = [encode_header(&header(&inside)), vec![7; 16 * 1024]].concat();
        let bytes = enclose(&header, &inside);
        assert_eq!(unfold(&bytes).unwrap().documents.len(), first);
    }
}

proptest! {
    #[test]
    fn packages_come_back(
        header in prop::collection::vec(any::<u8>(), 0..300),
        documents in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..6),
    ) {
        let bytes = enclose(&header, &documents);
        let package = unfold(&bytes).unwrap();
        prop_assert_eq!(package.signed_header, &header);
        prop_assert_eq!(&package.documents, &documents);
        let bundled = bundle::encode(&documents);
        prop_assert_eq!(bundle::decode(&bundled).unwrap(), documents);
    }

    #[test]
    fn headers_come_back(
        kiosk_id in ".{0,20}",
        numbers in any::<([u8; 16], u32, u32, i64)>(),
        audit in any::<([u8; 16], u64, [u8; 32])>(),
        listed in prop::collection::vec(any::<([u8; 16], [u8; 32])>(), 0..5),
    ) {
        let (package_id, part, parts, created_at) = numbers;
        let (log, number, hash) = audit;
        let header = Header {
            kiosk_id,
            package_id,
            part,
            parts,
            created_at: UtcMs(created_at),
            audit: AuditHead { log: LogId(log), number, hash },
            documents: listed.into_iter().map(|(id, sha256)| Listed { id: DocumentId(id), sha256 }).collect(),
        };
        prop_assert_eq!(decode_header(&encode_header(&header)).unwrap(), header);
    }

    #[test]
    fn every_document_is_in_one_part(sizes in prop::collection::vec(0_usize..=SIGNED_MAX_BYTES, 0..60)) {
        let parts = parts(sizes.iter().copied());
        prop_assert_eq!(parts.iter().sum::<usize>(), sizes.len());
        prop_assert!(parts.iter().all(|count| *count > 0));
        let mut rest = &sizes[..];
        for count in &parts {
            let (part, later) = rest.split_at(*count);
            prop_assert!(part.iter().sum::<usize>() + 128 * part.len() + 16 * 1024 < PACKAGE_MAX_BYTES);
            rest = later;
        }
        // Two parts in a row are more than what fits into one.
        let mut rest = &sizes[..];
        for pair in parts.windows(2) {
            let together: usize = rest[..pair[0] + pair[1]].iter().sum();
            prop_assert!(together > PACKAGE_MAX_BYTES / 2);
            rest = &rest[pair[0]..];
        }
    }

    #[test]
    fn garbage_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(unfold(&bytes).is_err());
        prop_assert!(decode_header(&bytes).is_err());
        prop_assert!(bundle::decode(&bytes).is_err());
    }

    #[test]
    fn no_bit_of_a_document_may_change(
        changes in prop::collection::vec((any::<prop::sample::Index>(), 1_u8..), 1..4),
        cut in any::<prop::sample::Index>(),
    ) {
        let header = header(&documents());
        let good = enclose(b"header", &documents());
        prop_assert!(unfold(&good[..cut.index(good.len())]).is_err());
        let mut bytes = good.clone();
        for (at, flip) in &changes {
            let length = bytes.len();
            bytes[at.index(length)] ^= flip;
        }
        if let Ok(package) = unfold(&bytes) {
            prop_assert_eq!(
                package.check(&header).is_ok() && package.signed_header == b"header",
                bytes == good
            );
        }
    }
}
