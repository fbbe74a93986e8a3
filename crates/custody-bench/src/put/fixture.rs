//! Stores with many rows, made in bulk, and the plain table beside them.

use std::path::Path;

use outbox::sqlite::{KeyRing, SqliteOutbox};
use outbox::{Outbox, SignedDocument};
use rusqlite::{Connection, OpenFlags, params};
use verification::Sensitive;
use verification::audit::{AuditEntry, AuditHead, LogId};
use verification::evidence::DocumentId;
use verification::time::UtcMs;

use crate::error::BenchError;

/// How long a document of the bulk is. A million of them must fit on a disk.
const SMALL_BYTES: usize = 256;

/// Lets a bulk of rows go into the file quickly. It is lost when the machine fails meanwhile, and then made again.
const BULK: &str = "
    PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000;
";

/// Adds so many entries to the store at `path`, each with its record in the audit log, as if each had been put.
pub(super) fn grow_outbox(path: &Path, key: &[u8; 32], now: UtcMs, more: u64) -> Result<(), BenchError> {
    // The first ones are real: they make the file, and the others are like them.
    let mut outbox = open_outbox(path, key, now)?;
    let mut id = [0; 16];
    fastrand::Rng::new().fill(&mut id);
    let document = SignedDocument {
        id: DocumentId(id),
        bytes: vec![0x5a; SMALL_BYTES],
    };
    outbox.put(&document, &[], now)?;
    let log = outbox.audit_head()?.log;
    drop(outbox);
    let connection = open(path, key)?;
    connection.execute_batch(BULK)?;
    let transaction = connection.unchecked_transaction()?;
    let columns = columns(&transaction, "entry", &["position", "id", "bytes"])?;
    transaction.execute(
        &format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
             INSERT INTO entry (id, bytes, {columns})
             SELECT randomblob(16), randomblob({SMALL_BYTES}), {columns} FROM n JOIN entry ON entry.id = ?2"
        ),
        params![more.cast_signed() - 1, id],
    )?;
    grow_audit(&transaction, log, more - 1)?;
    transaction.commit()?;
    connection.execute_batch("PRAGMA journal_mode = WAL")?;
    connection.close().map_err(|(_, error)| error)?;
    Ok(())
}

/// The store itself.
pub(super) fn open_outbox(path: &Path, key: &[u8; 32], now: UtcMs) -> Result<SqliteOutbox, BenchError> {
    let keys = KeyRing::of(Sensitive::new(*key));
    Ok(SqliteOutbox::open(path, &keys, LogId([7; 16]), now)?.outbox)
}

/// Continues the chain of the audit log.
fn grow_audit(connection: &Connection, log: LogId, more: u64) -> Result<(), BenchError> {
    let (number, hash, event): (i64, [u8; 32], String) = connection.query_row(
        "SELECT number, hash, event FROM audit ORDER BY number DESC LIMIT 1",
        [],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    let mut head = AuditHead {
        log,
        number: number.cast_unsigned(),
        hash,
    };
    let mut insert = connection
        .prepare("INSERT INTO audit (number, hash, at_ms, session, event) VALUES (?1, ?2, ?3, NULL, ?4)")?;
    let at = UtcMs(1_790_000_000_000);
    for _ in 0..more {
        head = head.follow(&AuditEntry {
            at,
            session: None,
            event: &event,
        });
        insert.execute(params![head.number.cast_signed(), head.hash, at.0, event])?;
    }
    Ok(())
}

/// Adds so many rows to the plain table at `path`.
pub(super) fn grow_plain(path: &Path, key: &[u8; 32], with_id: bool, more: u64) -> Result<(), BenchError> {
    let connection = open(path, key)?;
    connection.execute_batch(BULK)?;
    let schema = if with_id {
        "CREATE TABLE IF NOT EXISTS item (position INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, bytes BLOB NOT NULL) STRICT"
    } else {
        "CREATE TABLE IF NOT EXISTS item (position INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT"
    };
    connection.execute_batch(schema)?;
    let (columns, values) = if with_id {
        ("id, bytes", "randomblob(16), randomblob(?2)")
    } else {
        ("bytes", "randomblob(?2)")
    };
    connection.execute(
        &format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
             INSERT INTO item ({columns}) SELECT {values} FROM n"
        ),
        params![more.cast_signed(), SMALL_BYTES.cast_signed()],
    )?;
    connection.execute_batch("PRAGMA journal_mode = WAL")?;
    connection.close().map_err(|(_, error)| error)?;
    Ok(())
}

/// The plain table with the settings of the outbox.
pub(super) fn open_plain(path: &Path, key: &[u8; 32]) -> Result<Connection, BenchError> {
    let connection = open(path, key)?;
    connection.execute_batch(
        "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;",
    )?;
    Ok(connection)
}

/// A plain INSERT, which is a transaction of its own.
pub(super) fn insert_keyed(connection: &Connection, id: &[u8; 16], bytes: &[u8]) -> Result<(), BenchError> {
    connection
        .prepare_cached("INSERT INTO item (id, bytes) VALUES (?1, ?2)")?
        .execute(params![id, bytes])?;
    Ok(())
}

/// The plainest INSERT there is.
pub(super) fn insert_bare(connection: &Connection, bytes: &[u8]) -> Result<(), BenchError> {
    connection
        .prepare_cached("INSERT INTO item (bytes) VALUES (?1)")?
        .execute(params![bytes])?;
    Ok(())
}

fn open(path: &Path, key: &[u8; 32]) -> Result<Connection, BenchError> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    let digits: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    connection.execute_batch(&format!("PRAGMA key = \"x'{digits}'\""))?;
    Ok(connection)
}

/// The columns of a table without these, so that a new column of the store needs nothing here.
fn columns(connection: &Connection, table: &str, without: &[&str]) -> Result<String, BenchError> {
    let mut query = connection.prepare("SELECT name FROM pragma_table_info(?1)")?;
    let names: Vec<String> = query
        .query_map([table], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let wanted: Vec<String> = names
        .into_iter()
        .filter(|name| !without.contains(&name.as_str()))
        .collect();
    Ok(wanted.join(", "))
}
