//! What is particular to SQLite.

use std::path::Path;

use gateway::idec::tariff::BankDay;
use gateway::store::sqlite::SqliteStore;
use gateway::store::{
    AnswerState, Documents, Filter, NewDocument, NewRequest, NewReview, Notices, Put, ReviewDecision,
    ReviewEnd, ReviewKind, ReviewStep, Reviews, Route, Store, StoreError, Trail,
};
use rusqlite::{Connection, params};
use verification::Sensitive;
use verification::audit::{AuditHead, AuditTrail};
use verification::time::UtcMs;

use crate::bed::{document, id};
use crate::suite::notices::notice;

const SECRET: &[u8] = b"a sample that must not be readable";

/// The tables of the first version, word for word.
const VERSION_1: &str = "
CREATE TABLE document (
    number       INTEGER PRIMARY KEY,            -- order of arrival
    id           BLOB    NOT NULL UNIQUE,
    kiosk_id     TEXT    NOT NULL,
    outcome      TEXT    NOT NULL,
    received_at  INTEGER NOT NULL,               -- UTC, ms
    signed       BLOB    NOT NULL,
    asks         INTEGER NOT NULL,               -- 1 if the centre is to be asked
    attempts     INTEGER NOT NULL DEFAULT 0,     -- failed questions
    next_try_at  INTEGER NOT NULL,               -- UTC, ms
    fault        TEXT,                           -- why the last question failed
    answer       BLOB,
    answered_at  INTEGER,
    seen         INTEGER NOT NULL DEFAULT 0      -- 1 once the kiosk has stored the answer
) STRICT;
CREATE INDEX document_unanswered ON document (next_try_at) WHERE asks = 1 AND answer IS NULL;
CREATE INDEX document_unseen ON document (kiosk_id) WHERE answer IS NOT NULL AND seen = 0;
PRAGMA user_version = 1;
";

fn key(number: u8) -> Sensitive<[u8; 32]> {
    Sensitive::new([number; 32])
}

fn open(file: &Path, number: u8) -> Result<SqliteStore, StoreError> {
    SqliteStore::open(file, &key(number), "a", UtcMs(90))
}

fn raw(file: &Path) -> Connection {
    let connection = Connection::open(file).unwrap();
    let digits = "01".repeat(32);
    connection
        .execute_batch(&format!(
            "PRAGMA key = \"x'{digits}'\"; PRAGMA journal_mode = WAL;"
        ))
        .unwrap();
    connection
}

#[tokio::test]
async fn a_file_of_the_first_version_is_taken_over() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("g.db");
    let old = raw(&file);
    old.execute_batch(VERSION_1).unwrap();
    let insert = "INSERT INTO document (id, kiosk_id, outcome, received_at, signed, asks, attempts, next_try_at, fault,
        answer, answered_at, seen) VALUES (?1, 'k', 'verified', ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    let never = i64::MAX;
    let none: Option<i64> = None;
    let rows = [
        (1_u8, true, 0, 10, None, Some(b"answer".to_vec()), Some(12), true),
        (2, true, 3, never, Some("rejected"), None, none, false),
        (3, true, 1, 50, Some("down"), None, None, false),
        (4, false, 0, 40, None, None, None, false),
    ];
    for (number, asks, attempts, next, fault, answer, answered_at, seen) in rows {
        let values = params![
            id(number).0,
            i64::from(number),
            [number; 3],
            asks,
            attempts,
            next,
            fault,
            answer,
            answered_at,
            seen
        ];
        old.execute(insert, values).unwrap();
    }
    drop(old);

    let store = open(&file, 1).unwrap();
    let states: Vec<_> = store.list(&Filter::default(), 9).await.unwrap();
    let states: Vec<_> = states
        .into_iter()
        .map(|listed| (listed.id, listed.signed_at, listed.answer))
        .collect();
    assert_eq!(
        states,
        [
            (id(1), None, AnswerState::Answered { seen: true }),
            (
                id(2),
                None,
                AnswerState::Rejected {
                    fault: "rejected".into()
                }
            ),
            (
                id(3),
                None,
                AnswerState::Awaited {
                    attempts: 1,
                    fault: Some("down".into())
                }
            ),
            (id(4), None, AnswerState::NotAsked),
        ]
    );
    assert_eq!(
        store.answer(id(1)).await.unwrap().as_deref(),
        Some(&b"answer"[..])
    );
    let kept = store.document(id(3)).await.unwrap().unwrap();
    assert_eq!(
        (kept.signed.expose().as_slice(), kept.received_at),
        (&[3, 3, 3][..], UtcMs(3))
    );
    // What comes again is known, and its receipt has a place in the audit log.
    let again = store.put(document(3, &[3; 3]), UtcMs(99)).await.unwrap();
    assert_eq!(
        (again.put, again.received_at, again.audit.number),
        (Put::Known, UtcMs(3), 3)
    );
    assert_eq!(
        store.put(document(3, b"other"), UtcMs(99)).await.unwrap().put,
        Put::Conflict
    );
    assert_eq!(
        store.put(document(5, b"new"), UtcMs(99)).await.unwrap().put,
        Put::New
    );
    let mut trail = AuditTrail::from(AuditHead::empty(store.log()));
    let records = store.audit_records(store.log(), 0, 99).await.unwrap();
    for record in &records {
        trail.follow(record).unwrap();
    }
    assert_eq!(records[2].event, format!("document-taken-over {}", id(3)));
    drop(store);
    // Once is enough.
    assert_eq!(
        open(&file, 1)
            .unwrap()
            .list(&Filter::default(), 9)
            .await
            .unwrap()
            .len(),
        5
    );
}

#[tokio::test]
async fn a_file_of_the_third_version_gets_what_was_added() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("g.db");
    let store = open(&file, 1).unwrap();
    store.put(document(1, b"x"), UtcMs(5)).await.unwrap();
    drop(store);
    raw(&file)
        .execute_batch(
            "DROP TABLE notice; DROP TABLE subject_request; DROP TABLE subject_request_version; DROP TABLE review;
             PRAGMA user_version = 3;",
        )
        .unwrap();
    let store = open(&file, 1).unwrap();
    assert!(store.document(id(1)).await.unwrap().is_some());
    let new = NewDocument {
        notices: vec![notice(1, Route::Drop)],
        ..document(2, b"x")
    };
    store.put(new, UtcMs(6)).await.unwrap();
    assert_eq!(store.notice_standing().await.unwrap().waiting, 1);
}

#[tokio::test]
async fn a_file_of_the_fourth_version_gets_the_queue_of_examiners() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("g.db");
    let store = open(&file, 1).unwrap();
    store.put(document(1, b"x"), UtcMs(5)).await.unwrap();
    drop(store);
    raw(&file)
        .execute_batch("DROP TABLE review; PRAGMA user_version = 4;")
        .unwrap();
    let store = open(&file, 1).unwrap();
    let new = NewDocument {
        review: Some(NewReview::of(ReviewKind::Images, None)),
        ..document(2, b"x")
    };
    store.put(new, UtcMs(6)).await.unwrap();
    assert_eq!(store.review_standing().await.unwrap().images, 1);
    assert_eq!(store.review(id(1), UtcMs(7)).await.unwrap(), None);
}

#[tokio::test]
async fn no_hand_changes_a_decision() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("g.db");
    let store = open(&file, 1).unwrap();
    let new = NewDocument {
        review: Some(NewReview::of(ReviewKind::CallBack, None)),
        ..document(1, b"x")
    };
    store.put(new, UtcMs(5)).await.unwrap();
    store.take_review(id(1), "a", 100, UtcMs(6)).await.unwrap();
    let decision = ReviewDecision {
        document_id: id(1),
        examiner: "a".into(),
        end: ReviewEnd::Called,
        answer: None,
        notices: Vec::new(),
    };
    assert_eq!(
        store.decide_review(decision, UtcMs(7)).await.unwrap(),
        ReviewStep::Done
    );
    for change in ["DELETE FROM review", "UPDATE review SET ended = NULL"] {
        let error = raw(&file).execute_batch(change).unwrap_err().to_string();
        assert!(error.contains("kept"), "{error}");
    }
}

#[tokio::test]
async fn no_hand_takes_a_request_out_of_the_register() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("g.db");
    let store = open(&file, 1).unwrap();
    let new = NewDocument {
        request: Some(NewRequest::of(id(1), "access", UtcMs(1), UtcMs(2), "")),
        ..document(1, b"x")
    };
    store.put(new, UtcMs(5)).await.unwrap();
    for change in [
        "DELETE FROM subject_request_version",
        "UPDATE subject_request_version SET state = 'answered'",
        "DELETE FROM subject_request",
    ] {
        let error = raw(&file).execute_batch(change).unwrap_err().to_string();
        assert!(error.contains("kept"), "{error}");
    }
}

#[tokio::test]
async fn a_file_of_the_second_version_learns_to_count() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("g.db");
    let store = open(&file, 1).unwrap();
    store.put(document(1, b"x"), UtcMs(5)).await.unwrap();
    drop(store);
    let old = raw(&file);
    old.execute_batch(
        "DROP TABLE comparison; DROP TABLE notice; DROP TABLE subject_request;
         DROP TABLE subject_request_version; DROP TABLE review; PRAGMA user_version = 2;",
    )
    .unwrap();
    drop(old);
    let store = open(&file, 1).unwrap();
    assert!(store.compared(id(1), b"answer", UtcMs(6)).await.unwrap());
    let days = store.comparisons(BankDay::FIRST).await.unwrap();
    assert_eq!(days, [(BankDay(0), 1)]);
}

#[tokio::test]
async fn no_file_shows_a_person_and_a_wrong_key_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("g.db");
    let store = open(&file, 1).unwrap();
    store.put(document(1, SECRET), UtcMs(5)).await.unwrap();
    store.answered(id(1), SECRET, UtcMs(6)).await.unwrap();
    let look = || {
        for entry in std::fs::read_dir(folder.path()).unwrap() {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap();
            assert!(!bytes.windows(SECRET.len()).any(|window| window == SECRET));
            assert!(!bytes.starts_with(b"SQLite format 3"));
        }
    };
    // With the journal that a running gateway has, and without.
    look();
    drop(store);
    look();
    let before = std::fs::read(&file).unwrap();
    assert!(matches!(open(&file, 2), Err(StoreError::Key { .. })));
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

#[test]
fn what_a_newer_program_made_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("g.db");
    drop(open(&file, 1).unwrap());
    raw(&file).pragma_update(None, "user_version", 99).unwrap();
    assert!(matches!(
        open(&file, 1),
        Err(StoreError::Version { version: 99, .. })
    ));
}

#[tokio::test]
async fn a_tool_of_the_operator_may_write_beside_the_gateway() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("g.db");
    let (gateway, tool) = (open(&file, 1).unwrap(), open(&file, 1).unwrap());
    for number in 1..=20 {
        gateway.put(document(number, b"x"), UtcMs(5)).await.unwrap();
        tool.append_audit("code-made", None, UtcMs(5)).await.unwrap();
    }
    let mut trail = AuditTrail::from(AuditHead::empty(gateway.log()));
    for record in gateway.audit_records(tool.log(), 0, 99).await.unwrap() {
        trail.follow(&record).unwrap();
    }
    assert_eq!(trail.head().number, 40);
}
