//! The audit logs in PostgreSQL.

use async_trait::async_trait;
use tokio_postgres::{Error, Row};
use verification::audit::{AuditHead, AuditRecord, LogId};
use verification::evidence::SessionId;
use verification::time::UtcMs;

use super::PostgresStore;
use super::row::{bytes, head, maybe_bytes, number};
use super::writer::Note;
use crate::store::rules::signed;
use crate::store::{AuditLog, StoreError, Trail};

#[async_trait]
impl Trail for PostgresStore {
    async fn append_audit(
        &self,
        event: &str,
        session: Option<SessionId>,
        now: UtcMs,
    ) -> Result<AuditHead, StoreError> {
        let event = event.to_owned();
        self.writer.note(Note { event, session, now }).await
    }

    async fn audit_head(&self) -> Result<AuditHead, StoreError> {
        let select = "SELECT log, number, hash FROM audit_log WHERE gateway = $1";
        let row = self.one(select, &[&self.gateway]).await?;
        head(&row, 0).map_err(|error| self.link.fault(error))
    }

    async fn audit_logs(&self) -> Result<Vec<AuditLog>, StoreError> {
        let select = "SELECT gateway, log, number, hash FROM audit_log ORDER BY gateway";
        self.all(select, &[], |row| {
            Ok(AuditLog {
                gateway: row.try_get(0)?,
                head: head(row, 1)?,
            })
        })
        .await
    }

    async fn audit_records(
        &self,
        log: LogId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<AuditRecord>, StoreError> {
        let select =
            "SELECT number, at, session, event, hash FROM audit_record WHERE log = $1 AND number > $2
             ORDER BY number LIMIT $3";
        self.all(select, &[&&log.0[..], &signed(after), &i64::from(limit)], record)
            .await
    }
}

fn record(row: &Row) -> Result<AuditRecord, Error> {
    Ok(AuditRecord {
        number: number(row, 0)?,
        at: UtcMs(row.try_get(1)?),
        session: maybe_bytes(row, 2)?.map(SessionId),
        event: row.try_get(3)?,
        hash: bytes(row, 4)?,
    })
}
