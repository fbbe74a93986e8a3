//! Stores of older versions, and programs of older versions.

use rusqlite::{OptionalExtension, Transaction, params};
use verification::audit::{AuditEntry, AuditHead, LogId};

use super::palm::{person, propose};
use super::*;

/// The tables of the schema 100, as that version made them.
const SCHEMA_100: &str = "
    CREATE TABLE entry (
        position   INTEGER PRIMARY KEY AUTOINCREMENT,
        id         BLOB NOT NULL UNIQUE,
        is_final   INTEGER NOT NULL,
        put_at_ms  INTEGER NOT NULL,
        state      INTEGER NOT NULL,
        retry_at_ms INTEGER,
        wedge_code TEXT,
        bytes      BLOB NOT NULL
    ) STRICT;
    CREATE TABLE awaiting (
        position       INTEGER PRIMARY KEY AUTOINCREMENT,
        id             BLOB NOT NULL UNIQUE,
        put_at_ms      INTEGER NOT NULL,
        received_at_ms INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE attempt (
        position INTEGER PRIMARY KEY,
        subject  TEXT NOT NULL,
        modality INTEGER NOT NULL,
        at_ms    INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE audit (
        number  INTEGER PRIMARY KEY,
        at_ms   INTEGER NOT NULL,
        session BLOB,
        event   TEXT NOT NULL,
        hash    BLOB NOT NULL
    ) STRICT;
    INSERT INTO entry (id, is_final, put_at_ms, state, wedge_code, bytes) VALUES
        (x'01010101010101010101010101010101', 0, 5, 1, NULL, zeroblob(50)),
        (x'02020202020202020202020202020202', 1, 6, 2, 'signature', zeroblob(50));
    INSERT INTO awaiting (id, put_at_ms, received_at_ms) VALUES (x'03030303030303030303030303030303', 7, 8);
    INSERT INTO attempt (subject, modality, at_ms) VALUES ('880412401006', 1, 10), ('880412401006', 2, 11);
    INSERT INTO audit VALUES (1, 1000000, x'05050505050505050505050505050505', 'SessionStarted',
        x'f45dac62283033a2de72c4ce65d0a59a201b470201387ef3a341bf60dbc88a12');
    PRAGMA user_version = 100;
";

#[test]
fn a_store_of_the_schema_before_loses_nothing() {
    let folder = folder();
    let old = Connection::open(path(&folder)).unwrap();
    unlock(&old, &key(1)).unwrap();
    old.execute_batch(SCHEMA_100).unwrap();
    drop(old);

    for _ in 0..2 {
        let mut outbox = reopen(&path(&folder));
        let seen: i64 = outbox
            .store
            .connection
            .query_row("PRAGMA user_version", [], |row| row.get(0))
            .unwrap();
        assert_eq!(seen, schema::VERSION);
        assert_eq!(
            outbox.counts().unwrap(),
            Counts {
                pending: 1,
                in_flight: 0,
                wedged: 1,
                awaiting: 1,
                retained: 0
            }
        );
        let refused = WedgeReason::Signature;
        assert_eq!(
            outbox.state(document(2).id).unwrap(),
            Some(EntryState::Wedged(refused))
        );
        assert_eq!(outbox.awaiting(usize::MAX).unwrap(), [document(3).id]);
        for modality in [Modality::Face, Modality::Palm] {
            assert_eq!(outbox.attempts_used(&person(), modality, UtcMs(0)).unwrap(), 1);
        }
        let first = outbox.next(NOW).unwrap().unwrap();
        assert_eq!((first.id, first.bytes), (document(1).id, vec![0; 50]));
        // What is new works, and the chain goes on.
        let before = outbox.verify_audit().unwrap();
        propose(&mut outbox, 1, 1);
        assert_eq!(outbox.verify_audit().unwrap(), before + 1);
        outbox
            .begin_palm_enrolment("AP-1", &[PalmReference(1)], NOW)
            .unwrap();
        let orphans = outbox.end_palm_enrolment("AP-1", &[PalmReference(1), PalmReference(2)], NOW);
        assert_eq!(orphans.unwrap(), [PalmReference(2)]);
    }
}

/// What the schema 101 added.
const SCHEMA_101: &str = "
    CREATE TABLE palm (
        position     INTEGER PRIMARY KEY,
        subject      TEXT NOT NULL,
        scanner      TEXT NOT NULL,
        reference    INTEGER NOT NULL,
        document     BLOB NOT NULL,
        is_confirmed INTEGER NOT NULL,
        proposed_at_ms INTEGER NOT NULL,
        UNIQUE (subject, scanner, is_confirmed),
        UNIQUE (scanner, reference)
    ) STRICT;
    CREATE TABLE palm_deletion (
        position  INTEGER PRIMARY KEY,
        scanner   TEXT NOT NULL,
        reference INTEGER NOT NULL,
        UNIQUE (scanner, reference)
    ) STRICT;
    CREATE TABLE palm_enrolment (
        scanner     TEXT PRIMARY KEY,
        begun_at_ms INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE palm_held (
        position  INTEGER PRIMARY KEY,
        scanner   TEXT NOT NULL REFERENCES palm_enrolment ON DELETE CASCADE,
        reference INTEGER NOT NULL,
        UNIQUE (scanner, reference)
    ) STRICT;
    INSERT INTO palm (subject, scanner, reference, document, is_confirmed, proposed_at_ms) VALUES
        ('880412401006', 'AP-1', 7, x'09090909090909090909090909090909', 1, 3);
    UPDATE entry SET retry_at_ms = 9223372036854775807 WHERE position = 1;
    PRAGMA user_version = 101;
";

#[test]
fn a_store_of_the_schema_101_loses_nothing() {
    let folder = folder();
    let old = Connection::open(path(&folder)).unwrap();
    unlock(&old, &key(1)).unwrap();
    old.execute_batch(SCHEMA_100).unwrap();
    old.execute_batch(SCHEMA_101).unwrap();
    drop(old);

    let mut outbox = reopen(&path(&folder));
    let standing = outbox.standing().unwrap();
    assert_eq!((standing.counts.pending, standing.counts.wedged), (1, 1));
    assert_eq!(standing.counts.awaiting, 1);
    assert_eq!(standing.pending_bytes, 50);
    assert_eq!(standing.oldest_pending_put_at, Some(UtcMs(5)));
    let reference = outbox.palm_reference(&person(), "AP-1").unwrap();
    assert_eq!(reference, Some(PalmReference(7)));
    // Its log has no name, and goes on.
    assert_eq!(outbox.audit_head().unwrap().log, LogId::default());
    assert_eq!(outbox.next(NOW).unwrap().unwrap().id, document(1).id);
    assert!(outbox.receipt(document(1).id, RECEIPT, NOW, NOW).unwrap());
    assert!(outbox.unwedge(document(2).id, NOW).unwrap());
    assert_eq!(outbox.verify_audit().unwrap(), 3);
}

/// A program of the version 101: its statements, as they stood there.
struct Older(Connection);

impl Older {
    fn open(path: &Path) -> Self {
        let mut connection = Connection::open(path).unwrap();
        unlock(&connection, &key(1)).unwrap();
        let verdict: String = connection
            .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
            .unwrap();
        assert_eq!(verdict, "ok");
        connection
            .pragma_update(None, "locking_mode", "EXCLUSIVE")
            .unwrap();
        connection.pragma_update(None, "journal_mode", "WAL").unwrap();
        connection.pragma_update(None, "foreign_keys", true).unwrap();
        connection.pragma_update(None, "secure_delete", true).unwrap();
        let transaction = connection.transaction().unwrap();
        let version: i64 = transaction
            .query_row("PRAGMA user_version", [], |row| row.get(0))
            .unwrap();
        assert!((101..200).contains(&version));
        transaction
            .execute(
                "UPDATE entry SET state = CASE state WHEN 1 THEN 0 ELSE state END, retry_at_ms = NULL",
                [],
            )
            .unwrap();
        transaction
            .pragma_update(None, "user_version", version.max(101))
            .unwrap();
        transaction.commit().unwrap();
        Self(connection)
    }

    fn append(transaction: &Transaction<'_>, event: &str) {
        let head: Option<(i64, [u8; 32])> = transaction
            .query_row(
                "SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1",
                [],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()
            .unwrap();
        let (number, hash) = head.unwrap_or((0, [0; 32]));
        let head = AuditHead {
            log: LogId::default(),
            number: number.cast_unsigned(),
            hash,
        };
        let next = head.follow(&AuditEntry {
            at: NOW,
            session: None,
            event,
        });
        transaction
            .execute(
                "INSERT INTO audit (number, hash, at_ms, session, event) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![
                    next.number.cast_signed(),
                    next.hash,
                    NOW.0,
                    None::<[u8; 16]>,
                    event
                ],
            )
            .unwrap();
    }

    fn put(&mut self, number: u8) {
        let document = document(number);
        let transaction = self.0.transaction().unwrap();
        transaction
            .execute(
                "INSERT INTO entry (id, is_final, put_at_ms, state, bytes) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![document.id.0, false, NOW.0, 0, document.bytes],
            )
            .unwrap();
        Self::append(&transaction, &put_event(document.id));
        transaction.commit().unwrap();
    }

    fn next(&mut self) -> Option<u8> {
        let next: Option<(i64, [u8; 16])> = self
            .0
            .query_row(
                "SELECT position, id, bytes FROM entry
                 WHERE state = ?1 AND (retry_at_ms IS NULL OR retry_at_ms <= ?2) ORDER BY position LIMIT 1",
                params![0, NOW.0],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()
            .unwrap();
        let (position, id) = next?;
        self.0
            .execute("UPDATE entry SET state = ?2 WHERE position = ?1", [position, 1])
            .unwrap();
        Some(id[0])
    }

    fn postpone(&self, number: u8) {
        self.0
            .execute(
                "UPDATE entry SET state = ?3, retry_at_ms = ?2 WHERE id = ?1 AND state = ?4",
                params![document(number).id.0, i64::MAX, 0, 1],
            )
            .unwrap();
    }

    fn wedge(&self, number: u8, state: i64, code: Option<&str>) {
        self.0
            .execute(
                "UPDATE entry SET state = ?2, wedge_code = ?3, retry_at_ms = NULL WHERE id = ?1 AND TRUE",
                params![document(number).id.0, state, code],
            )
            .unwrap();
    }

    fn receipt(&mut self, number: u8) {
        let id = document(number).id;
        let transaction = self.0.transaction().unwrap();
        let (is_final, put_at_ms): (bool, i64) = transaction
            .query_row(
                "DELETE FROM entry WHERE id = ?1 RETURNING is_final, put_at_ms",
                [id.0],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .unwrap();
        if !is_final {
            transaction
                .execute(
                    "INSERT INTO awaiting (id, put_at_ms, received_at_ms) VALUES (?1, ?2, ?3)
                     ON CONFLICT (id) DO NOTHING",
                    params![id.0, put_at_ms, NOW.0],
                )
                .unwrap();
        }
        Self::append(&transaction, &receipt_event(id));
        transaction.commit().unwrap();
    }

    fn counts(&self) -> [i64; 4] {
        let sql = "SELECT (SELECT count(*) FROM entry WHERE state = 0),
                    (SELECT count(*) FROM entry WHERE state = 1),
                    (SELECT count(*) FROM entry WHERE state >= 2),
                    (SELECT count(*) FROM awaiting)";
        self.0
            .query_row(sql, [], |row| {
                Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?])
            })
            .unwrap()
    }
}

#[test]
fn an_older_program_works_on_a_store_of_this_version() {
    let folder = folder();
    let mut outbox = reopen(&path(&folder));
    for number in 1..=6 {
        outbox.put(&document(number), &[], NOW).unwrap();
    }
    outbox.next(NOW).unwrap();
    outbox.receipt(document(1).id, RECEIPT, NOW, NOW).unwrap();
    outbox.wedge(document(2).id, WedgeReason::AuditFork, NOW).unwrap();
    outbox.wedge(document(3).id, WedgeReason::TooLarge, NOW).unwrap();
    drop(outbox);

    let mut older = Older::open(&path(&folder));
    assert_eq!(older.counts(), [3, 0, 2, 1], "it sees what is its business");
    let codes: Vec<Option<String>> = older
        .0
        .prepare("SELECT wedge_code FROM entry WHERE state IN (2, 3) ORDER BY position")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(codes, [Some("audit-fork".to_owned()), None]);
    assert_eq!(older.next(), Some(4));
    older.postpone(4);
    assert_eq!(older.next(), Some(5));
    older.receipt(5);
    assert_eq!(older.next(), Some(6));
    older.put(7);
    older.put(8);
    older.wedge(8, 2, Some("signature"));
    drop(older);

    let mut outbox = reopen(&path(&folder));
    let standing = outbox.standing().unwrap();
    assert_eq!(
        standing.counts,
        Counts {
            pending: 3,
            in_flight: 0,
            wedged: 3,
            awaiting: 2,
            retained: 1
        }
    );
    assert_eq!(standing.pending_bytes, 150);
    assert_eq!(
        state_of(&outbox, 8),
        Some(EntryState::Wedged(WedgeReason::Signature))
    );
    assert_eq!(
        state_of(&outbox, 2),
        Some(EntryState::Wedged(WedgeReason::AuditFork))
    );
    assert_eq!(state_of(&outbox, 5), Some(EntryState::AwaitingIdentification));
    assert_eq!(drain(&mut outbox, NOW), [4, 6, 7]);
    let head = outbox.audit_head().unwrap();
    assert_eq!(outbox.verify_audit().unwrap(), head.number);
    assert_eq!(head.log, LOG);
}

/// Between the beginning of a store and its first record.
#[test]
fn an_older_program_may_begin_the_audit_log() {
    let folder = folder();
    let log = LogId([5; 16]);
    let open = || SqliteOutbox::open(&path(&folder), &ring(1), log, NOW).unwrap();
    assert_eq!(open().outbox.audit_head().unwrap(), AuditHead::empty(log));
    let mut older = Older::open(&path(&folder));
    older.put(1);
    drop(older);
    let opened = open();
    assert_eq!(opened.quarantined, None);
    let mut outbox = opened.outbox;
    assert_eq!(outbox.audit_head().unwrap().log, LogId::default());
    outbox.put(&document(2), &[], NOW).unwrap();
    assert_eq!(outbox.verify_audit().unwrap(), 2);
}

fn state_of(outbox: &SqliteOutbox, number: u8) -> Option<EntryState> {
    outbox.state(document(number).id).unwrap()
}
