//! Exported audit logs: their form is kept, and whatever was done to one is said.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use document::auditlog::{
    Examination, Examiner, FAULTS_MAX, Fault, Line, LineError, Statement, decode_statement, encode_statement,
    read_line, write_line,
};
use expect_test::expect;
use proptest::prelude::*;
use verification::audit::{AuditEntry, AuditHead, AuditRecord, LogId};
use verification::evidence::SessionId;
use verification::time::UtcMs;

const LOG: LogId = LogId([0xa0; 16]);

fn log(count: u64) -> Vec<AuditRecord> {
    let mut records = Vec::new();
    for number in 1..=count {
        append(&mut records, &format!("Event{number}"));
    }
    records
}

fn append(records: &mut Vec<AuditRecord>, event: &str) {
    let number = records.last().map_or(0, |record| record.number);
    let entry = AuditEntry {
        at: UtcMs(1_780_315_200_000 + i64::try_from(number).unwrap()),
        session: number.is_multiple_of(3).then_some(SessionId([0x5e; 16])),
        event,
    };
    let head = head_of(records).follow(&entry);
    records.push(AuditRecord {
        number: head.number,
        at: entry.at,
        session: entry.session,
        event: event.to_owned(),
        hash: head.hash,
    });
}

fn head_of(records: &[AuditRecord]) -> AuditHead {
    records.last().map_or(AuditHead::empty(LOG), |record| AuditHead {
        log: LOG,
        number: record.number,
        hash: record.hash,
    })
}

fn examine(records: &[AuditRecord], witnesses: &[AuditHead]) -> Examination {
    let mut examiner = Examiner::new(LOG, witnesses);
    for record in records {
        examiner.take(record);
    }
    examiner.finish()
}

/// Of a log with nine records, after this was done to it.
fn check(change: impl FnOnce(&mut Vec<AuditRecord>), expect: &[&str]) {
    let mut records = log(9);
    change(&mut records);
    let faults = examine(&records, &[]).faults;
    let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert_eq!(faults, expect);
}

/// Makes the hashes anew from this place on, as somebody would who covers something up.
fn make_anew(records: &mut [AuditRecord], from: usize, to: usize) {
    for at in from..to {
        let (before, rest) = records.split_at_mut(at);
        rest[0].hash = head_of(before).follow(&rest[0].entry()).hash;
    }
}

#[test]
fn says_what_was_done_to_which_record() {
    check(|_| {}, &[]);
    check(Vec::clear, &[]);
    check(|all| all[0].event = "x".into(), &["record 1 was changed"]);
    let edited = "record 5 was changed, or record 4 was changed and its hash made anew";
    check(|all| all[4].event = "x".into(), &[edited]);
    check(|all| all[4].at = UtcMs(0), &[edited]);
    check(|all| all[4].session = Some(SessionId([1; 16])), &[edited]);
    check(
        |all| {
            all[3].event = "x".into();
            make_anew(all, 3, 4);
        },
        &[edited],
    );
    check(
        |all| all[8].event = "x".into(),
        &["record 9 was changed, or record 8 was changed and its hash made anew"],
    );
    check(|all| all[4].hash = [0; 32], &["the hash of record 5 was changed"]);
    check(|all| drop(all.drain(2..4)), &["records 3 to 4 were removed"]);
    check(|all| drop(all.remove(0)), &["records 1 to 1 were removed"]);
    check(
        |all| all.swap(3, 4),
        &["record 4 is out of its order: it stands behind record 5"],
    );
    check(
        |all| {
            let first = all.remove(0);
            all.push(first);
        },
        &["record 1 is out of its order: it stands behind record 9"],
    );
    check(
        |all| {
            let copy = all[2].clone();
            all.push(copy);
        },
        &["there are two records 3"],
    );
    let broken = |first: u64, last: u64| {
        format!(
            "records {first} to {last} do not follow from one another: changed, exchanged, or numbered anew after others \
             were removed"
        )
    };
    check(
        |all| {
            all.swap(3, 4);
            (all[3].number, all[4].number) = (4, 5);
        },
        &[&broken(4, 6)],
    );
    check(
        |all| {
            all.remove(3);
            for record in &mut all[3..] {
                record.number -= 1;
            }
        },
        &[&broken(4, 8)],
    );
    check(
        |all| {
            all[1].event = "x".into();
            all.remove(4);
            all.swap(6, 7);
        },
        &[
            "record 2 was changed, or record 1 was changed and its hash made anew",
            "records 5 to 5 were removed",
            "record 8 is out of its order: it stands behind record 9",
        ],
    );
}

/// A log that follows from itself may still not be the one that others have seen.
#[test]
fn papers_know_what_the_chain_does_not() {
    let whole = log(9);
    let at = |count: usize| head_of(&whole[..count]);
    let check = |records: &[AuditRecord], witnesses: &[AuditHead], expect: &[Fault], agreeing: &[usize]| {
        let found = examine(records, witnesses);
        assert_eq!(found.faults, expect);
        assert_eq!(found.agreeing, agreeing);
    };
    check(&whole, &[at(9), at(0), at(4)], &[], &[1, 2, 0]);
    check(
        &whole[..6],
        &[at(4), at(9), at(8)],
        &[Fault::Cut {
            first: 7,
            last: 9,
            witness: 1,
        }],
        &[0],
    );
    check(
        &[],
        &[at(3)],
        &[Fault::Cut {
            first: 1,
            last: 3,
            witness: 0,
        }],
        &[],
    );
    let mut rewritten = whole.clone();
    rewritten[4].event = "x".into();
    make_anew(&mut rewritten, 4, 9);
    check(&rewritten, &[], &[], &[]);
    check(
        &rewritten,
        &[at(2), at(7)],
        &[Fault::Rewritten {
            first: 3,
            last: 7,
            witness: 1,
        }],
        &[0],
    );
    // With a paper about the record before, it is clear which one was changed.
    let mut edited = whole.clone();
    edited[4].event = "x".into();
    check(
        &edited,
        &[at(4), at(5)],
        &[Fault::Edited {
            record: 5,
            is_certain: true,
        }],
        &[0, 1],
    );
    let mut cut_out = whole.clone();
    drop(cut_out.drain(3..6));
    let removed = Fault::Removed { first: 4, last: 6 };
    check(&cut_out, &[at(5)], &[removed], &[]);
    let elsewhere = AuditHead {
        log: LogId([1; 16]),
        ..at(9)
    };
    check(&whole[..3], &[elsewhere], &[], &[]);
}

#[test]
fn a_log_of_nonsense_ends_nothing() {
    let mut records = log(3);
    records[1].number = u64::MAX;
    records[2].number = u64::MAX;
    let found = examine(&records, &[]);
    assert!(
        found.faults.contains(&Fault::Doubled { record: u64::MAX }),
        "{found:?}"
    );
    let alternating: Vec<AuditRecord> = log(1000)
        .into_iter()
        .filter(|record| record.number % 2 == 0)
        .collect();
    let found = examine(&alternating, &[]);
    assert_eq!(found.faults.len(), FAULTS_MAX);
    assert_eq!(found.more_faults, 500 - u64::try_from(FAULTS_MAX).unwrap());
}

#[test]
fn the_form_is_kept() {
    let records = log(2);
    let with_session = &log(4)[3];
    let lines = [
        Line::Opening {
            log: LOG,
            keeper: "kiosk-7".to_owned(),
        },
        Line::Record(records[1].clone()),
        Line::Record(with_session.clone()),
        Line::Closing {
            signed_statement: b"signed".to_vec(),
        },
    ];
    let text: Vec<String> = lines.iter().map(write_line).collect();
    expect![[r#"
        {"format":"alaqan-audit","version":1,"log":"a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0","keeper":"kiosk-7"}
        {"number":2,"at":1780315200001,"event":"Event2","hash":"9092eb64e050b793469e2740463b2f1359611d55732d2bc9e841fc48ae474da3"}
        {"number":4,"at":1780315200003,"session":"5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e","event":"Event4","hash":"da2d457254c5fc1de6bb45e11a093f6eb68c1aefab3f956051fa83a5390bf9fa"}
        {"statement":"c2lnbmVk"}"#]].assert_eq(&text.join("\n"));
    for (line, text) in lines.iter().zip(&text) {
        assert_eq!(read_line(text).unwrap(), *line);
    }
    let statement = Statement {
        keeper: "kiosk-7".to_owned(),
        head: head_of(&records),
        at: UtcMs(1_780_315_300_000),
    };
    expect![[r#"{0: 1, 1: "alaqan-audit-head", 2: "kiosk-7", 3: {0: h'a0 a0 a0 a0 a0 a0 a0 a0 a0 a0 a0 a0 a0 a0 a0 a0', 1: 2, 2: h'90 92 eb 64 e0 50 b7 93 46 9e 27 40 46 3b 2f 13 59 61 1d 55 73 2d 2b c9 e8 41 fc 48 ae 47 4d a3'}, 4: 1780315300000}"#]].assert_eq(&minicbor::display(&encode_statement(&statement)).to_string());
}

#[test]
fn wrong_lines_have_names() {
    let hash = "a0".repeat(32);
    let record = format!(r#"{{"number":1,"at":2,"event":"E","hash":"{hash}"}}"#);
    assert!(read_line(&record).is_ok());
    let check = |text: &str, expect: LineError| assert_eq!(read_line(text), Err(expect), "{text}");
    check("", LineError::Json { column: 0 });
    check("{", LineError::Json { column: 1 });
    check("{}", LineError::Member("format"));
    check(
        &record.replace("\"at\":2,", "\"at\":2,\"note\":1,"),
        LineError::Json { column: 25 },
    );
    check(&record.replace("\"at\":2,", ""), LineError::Member("at"));
    check(&record.replace("a0\"", "A0\""), LineError::Member("hash"));
    check(&record.replace("a0\"", "\""), LineError::Member("hash"));
    check(
        &record.replace("\"event\"", "\"session\":\"5e\",\"event\""),
        LineError::Member("session"),
    );
    check(r#"{"statement":"=="}"#, LineError::Member("statement"));
    let opening = write_line(&Line::Opening {
        log: LOG,
        keeper: "k".into(),
    });
    check(
        &opening.replace("\"version\":1", "\"version\":2"),
        LineError::Version(2),
    );
    check(
        &opening.replace("alaqan-audit", "other"),
        LineError::Member("format"),
    );
    check(&opening.replace("a0\"", "\""), LineError::Member("log"));
    check(&" ".repeat(65 * 1024), LineError::TooLong);
    // A doubled member must not hide another one.
    assert!(read_line(&record.replace("\"at\":2,", "\"at\":2,\"at\":3,")).is_err());
}

fn some_record() -> impl Strategy<Value = AuditRecord> {
    (
        any::<u64>(),
        any::<i64>(),
        prop::option::of(any::<[u8; 16]>()),
        any::<String>(),
        any::<[u8; 32]>(),
    )
        .prop_map(|(number, at, session, event, hash)| AuditRecord {
            number,
            at: UtcMs(at),
            session: session.map(SessionId),
            event,
            hash,
        })
}

proptest! {
    #[test]
    fn records_come_back(record in some_record()) {
        let text = write_line(&Line::Record(record.clone()));
        prop_assert!(!text.contains('\n'));
        prop_assert_eq!(read_line(&text).unwrap(), Line::Record(record));
    }

    #[test]
    fn statements_come_back(keeper in ".{0,20}", log in any::<[u8; 16]>(), number in any::<u64>(), at in any::<i64>()) {
        let statement = Statement {
            keeper,
            head: AuditHead { log: LogId(log), number, hash: [7; 32] },
            at: UtcMs(at),
        };
        prop_assert_eq!(decode_statement(&encode_statement(&statement)).unwrap(), statement);
    }

    #[test]
    fn garbage_never_panics(text in ".{0,200}", bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(read_line(&text).is_err());
        prop_assert!(decode_statement(&bytes).is_err());
    }

    /// Any order, any numbers, any papers: something is said, and nothing panics.
    #[test]
    fn an_untouched_log_alone_is_without_fault(
        picked in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
        witnesses in prop::collection::vec((0_u64..14, any::<bool>()), 0..4),
        number in prop::option::of((any::<prop::sample::Index>(), any::<u64>())),
    ) {
        let whole = log(10);
        let mut records: Vec<AuditRecord> = picked.iter().map(|at| at.get(&whole).clone()).collect();
        if let (Some((at, number)), false) = (number, records.is_empty()) {
            let at = at.index(records.len());
            records[at].number = number;
        }
        let witnesses: Vec<AuditHead> = witnesses
            .into_iter()
            .map(|(number, is_true)| AuditHead {
                log: LOG,
                number,
                hash: if is_true {
                    head_of(&whole[..usize::try_from(number).unwrap().min(10)]).hash
                } else {
                    [1; 32]
                },
            })
            .collect();
        let found = examine(&records, &witnesses);
        let untouched = whole.starts_with(&records);
        if untouched && witnesses.is_empty() {
            prop_assert!(found.faults.is_empty());
        }
        if !untouched {
            prop_assert!(!found.faults.is_empty());
        }
        let contradicted = witnesses.iter().any(|head| {
            let known = usize::try_from(head.number).unwrap();
            known > records.len() || head.hash != head_of(&records[..known]).hash
        });
        if untouched {
            prop_assert_eq!(!found.faults.is_empty(), contradicted);
        }
    }
}
