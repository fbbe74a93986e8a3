//! The audit log of this gateway inside one transaction.

use deadpool_postgres::Transaction;
use futures_util::future::try_join;
use tokio_postgres::Error;
use tokio_postgres::types::ToSql;
use verification::audit::{AuditEntry, AuditHead, AuditRecord, LogId};
use verification::evidence::SessionId;
use verification::time::UtcMs;

use super::row::{bytes, number};
use crate::store::rules::signed;

/// The log, held by this transaction alone, and what is to be appended to it.
///
/// The lock comes before every other lock of the transaction, so that no two wait for each other.
#[derive(Debug)]
pub(super) struct Chain {
    head: AuditHead,
    records: Vec<AuditRecord>,
}

impl Chain {
    /// Takes the log of this gateway.
    pub(super) async fn lock(transaction: &Transaction<'_>, gateway: &str) -> Result<Self, Error> {
        let statement = "SELECT log, number, hash FROM audit_log WHERE gateway = $1 FOR UPDATE";
        let statement = transaction.prepare_cached(statement).await?;
        let row = transaction.query_one(&statement, &[&gateway]).await?;
        let head = AuditHead {
            log: LogId(bytes(&row, 0)?),
            number: number(&row, 1)?,
            hash: bytes(&row, 2)?,
        };
        Ok(Self {
            head,
            records: Vec::new(),
        })
    }

    /// Appends a record. It is written by [`write`](Self::write).
    pub(super) fn note(&mut self, event: &str, session: Option<SessionId>, at: UtcMs) -> AuditHead {
        // PostgreSQL keeps no texts with a zero in them, and the record must read back as it was hashed.
        let event = event.replace('\0', "?");
        self.head = self.head.follow(&AuditEntry {
            at,
            session,
            event: &event,
        });
        self.records.push(AuditRecord {
            number: self.head.number,
            at,
            session,
            event,
            hash: self.head.hash,
        });
        self.head
    }

    /// Writes what was appended.
    pub(super) async fn write(self, transaction: &Transaction<'_>) -> Result<(), Error> {
        if self.records.is_empty() {
            return Ok(());
        }
        let numbers: Vec<i64> = self.records.iter().map(|record| signed(record.number)).collect();
        let times: Vec<i64> = self.records.iter().map(|record| record.at.0).collect();
        let sessions: Vec<Option<&[u8]>> = self
            .records
            .iter()
            .map(|record| record.session.as_ref().map(|session| &session.0[..]))
            .collect();
        let events: Vec<&str> = self.records.iter().map(|record| record.event.as_str()).collect();
        let hashes: Vec<&[u8]> = self.records.iter().map(|record| &record.hash[..]).collect();
        let log = &self.head.log.0[..];
        let insert = "INSERT INTO audit_record (log, number, at, session, event, hash)
            SELECT $1::bytea, t.* FROM unnest($2::bigint[], $3::bigint[], $4::bytea[], $5::text[], $6::bytea[]) t";
        let update = "UPDATE audit_log SET number = $2, hash = $3 WHERE log = $1";
        let insert = transaction.prepare_cached(insert).await?;
        let update = transaction.prepare_cached(update).await?;
        let (number, hash) = (signed(self.head.number), &self.head.hash[..]);
        let values: [&(dyn ToSql + Sync); 6] = [&log, &numbers, &times, &sessions, &events, &hashes];
        try_join(
            transaction.execute(&insert, &values),
            transaction.execute(&update, &[&log, &number, &hash]),
        )
        .await?;
        Ok(())
    }
}
