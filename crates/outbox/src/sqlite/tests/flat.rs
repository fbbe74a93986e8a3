//! Each step costs the same with many entries as with few: counted in steps of SQLite's machine, not in time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::palm::{person, propose};
use super::*;

/// Fills every table that grows with what a kiosk does.
fn filled(folder: &TempDir, number: u32) -> SqliteOutbox {
    let outbox = reopen(&path(folder));
    let sql = format!(
        "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {number})
         INSERT INTO entry (id, is_final, put_at_ms, state, wedge_code, bytes)
             SELECT randomblob(16), 0, n, CASE n % 4 WHEN 0 THEN 2 ELSE 0 END, 'signature', zeroblob(40) FROM n;
         INSERT INTO awaiting (id, put_at_ms, received_at_ms) SELECT randomblob(16), 1, position FROM entry;
         INSERT INTO retained (position, id, is_final, put_at_ms, received_at_ms, receipt, bytes)
             SELECT 1000000000 + position, randomblob(16), 0, 1, position, x'01', zeroblob(40) FROM entry;
         INSERT INTO attempt (subject, modality, at_ms) SELECT printf('%012d', position), 1, position FROM entry;
         INSERT INTO palm (subject, scanner, reference, document, is_confirmed, proposed_at_ms)
             SELECT printf('%012d', position), 'AP-0', position, randomblob(16), 1, 1 FROM entry;"
    );
    outbox.store.connection.execute_batch(&sql).unwrap();
    // The log is a chain and cannot be filled from within.
    let transaction = outbox.store.begin(Durability::Lazy).unwrap();
    for _ in 0..number {
        log::append(&transaction, NOW, None, "SessionStarted").unwrap();
    }
    outbox.store.commit(transaction).unwrap();
    drop(outbox);
    reopen(&path(folder))
}

fn cost(outbox: &mut SqliteOutbox, operation: fn(&mut SqliteOutbox)) -> u64 {
    let steps = Arc::new(AtomicU64::new(0));
    let seen = Arc::clone(&steps);
    let count = move || {
        seen.fetch_add(1, Ordering::Relaxed);
        false
    };
    outbox.store.connection.progress_handler(1, Some(count)).unwrap();
    operation(outbox);
    outbox
        .store
        .connection
        .progress_handler(0, None::<fn() -> bool>)
        .unwrap();
    steps.load(Ordering::Relaxed)
}

fn oldest(outbox: &SqliteOutbox) -> DocumentId {
    let sql = "SELECT id FROM entry WHERE state = 0 ORDER BY position LIMIT 1";
    let connection = &outbox.store.connection;
    connection
        .query_row(sql, [], |row| row.get(0).map(DocumentId))
        .unwrap()
}

fn oldest_retained(outbox: &SqliteOutbox) -> DocumentId {
    let sql = "SELECT id FROM retained ORDER BY position LIMIT 1";
    let connection = &outbox.store.connection;
    connection
        .query_row(sql, [], |row| row.get(0).map(DocumentId))
        .unwrap()
}

type Operation = (&'static str, fn(&mut SqliteOutbox));

const OPERATIONS: [Operation; 25] = [
    ("put", |outbox| {
        outbox
            .put(&document(1), &[(person(), Modality::Face)], NOW)
            .unwrap()
    }),
    ("next", |outbox| assert!(outbox.next(NOW).unwrap().is_some())),
    ("postpone", |outbox| {
        let next = outbox.next(NOW).unwrap().unwrap();
        outbox.postpone(next.id, LATE).unwrap();
    }),
    ("release", |outbox| {
        outbox.release_in_flight().unwrap();
        outbox.next(NOW).unwrap();
    }),
    ("wedge", |outbox| {
        let id = oldest(outbox);
        assert!(outbox.wedge(id, WedgeReason::Receipt, NOW).unwrap());
    }),
    ("unwedge", |outbox| {
        let sql = "SELECT id FROM entry WHERE state = 2 ORDER BY position LIMIT 1";
        let id = outbox
            .store
            .connection
            .query_row(sql, [], |row| row.get(0).map(DocumentId))
            .unwrap();
        assert!(outbox.unwedge(id, NOW).unwrap());
    }),
    ("receipt", |outbox| {
        let id = oldest(outbox);
        assert!(outbox.receipt(id, RECEIPT, NOW, NOW).unwrap());
    }),
    ("resend", |outbox| {
        let id = oldest_retained(outbox);
        assert!(outbox.resend(id, NOW).unwrap());
    }),
    ("retained receipt", |outbox| {
        let id = oldest_retained(outbox);
        assert!(outbox.retained_receipt(id).unwrap().is_some());
    }),
    ("forget", |outbox| {
        let number = outbox.forget_delivered(UtcMs(11), NOW).unwrap();
        assert!((9..=11).contains(&number), "{number}");
    }),
    ("identified", |outbox| {
        let id = outbox.awaiting(1).unwrap()[0];
        assert!(outbox.identified(id, NOW).unwrap());
    }),
    ("state", |outbox| {
        assert!(outbox.state(document(99).id).unwrap().is_none())
    }),
    ("awaiting", |outbox| {
        assert_eq!(outbox.awaiting(20).unwrap().len(), 20)
    }),
    ("counts", |outbox| assert!(outbox.counts().unwrap().pending > 9)),
    ("standing", |outbox| {
        assert!(outbox.standing().unwrap().pending_bytes > 9)
    }),
    ("contact", |outbox| outbox.contact(LATE).unwrap()),
    ("export", |outbox| assert!(outbox.export(None).unwrap().is_some())),
    ("settle", |outbox| outbox.settle().unwrap()),
    ("record attempt", |outbox| {
        assert_eq!(outbox.record_attempt(&person(), Modality::Palm, NOW).unwrap(), 1);
    }),
    ("attempts", |outbox| {
        outbox
            .attempts_used(&person(), Modality::Palm, UtcMs(0))
            .map(drop)
            .unwrap()
    }),
    ("forgive", |outbox| {
        outbox.forgive_attempt(&person(), Modality::Palm).unwrap()
    }),
    ("forget attempts", |outbox| {
        outbox.forget_attempts(UtcMs(3)).unwrap()
    }),
    ("audit tip", |outbox| {
        assert!(outbox.audit_tip().unwrap().number > 9)
    }),
    ("audit records", |outbox| {
        assert_eq!(outbox.audit_records(99, 9).unwrap().len(), 9)
    }),
    ("palm", |outbox| {
        propose(outbox, 7, 3);
        outbox.settle_palm(document(3).id, true, NOW).unwrap();
        outbox.palm_reference(&person(), "AP-1").unwrap().unwrap();
        assert_eq!(outbox.forget_palm(&person(), NOW).unwrap().len(), 1);
    }),
];

#[test]
fn each_step_costs_the_same_with_many_entries() {
    let (few, many) = (folder(), folder());
    let mut few = filled(&few, 300);
    let mut many = filled(&many, 6000);
    for (name, operation) in OPERATIONS {
        let (few, many) = (cost(&mut few, operation), cost(&mut many, operation));
        assert!(
            few > 0 || name == "release" || name == "settle",
            "{name} was not counted"
        );
        assert!(
            many <= few + few / 10 + 30,
            "{name}: {few} steps with few, {many} with many"
        );
    }
    assert_eq!(many.verify_audit().unwrap(), many.audit_tip().unwrap().number);
}

/// What an opening does beside looking through the file does not grow with it either.
#[test]
fn what_was_taken_by_an_older_program_is_found_by_an_index() {
    let folder = folder();
    let outbox = reopen(&path(&folder));
    let plan: String = outbox
        .store
        .connection
        .query_row(&format!("EXPLAIN QUERY PLAN {}", schema::TAKE_BACK), [], |row| {
            row.get(3)
        })
        .unwrap();
    assert!(plan.contains("entry_taken"), "{plan}");
}
