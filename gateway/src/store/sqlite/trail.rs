//! The audit log in SQLite.

use async_trait::async_trait;
use rusqlite::params;
use verification::audit::{AuditHead, AuditRecord, LogId};
use verification::evidence::SessionId;
use verification::time::UtcMs;

use super::{SqliteStore, signed, unsigned};
use crate::store::{AuditLog, StoreError, Trail};

#[async_trait]
impl Trail for SqliteStore {
    async fn append_audit(
        &self,
        event: &str,
        session: Option<SessionId>,
        now: UtcMs,
    ) -> Result<AuditHead, StoreError> {
        let event = event.to_owned();
        self.write(move |work| work.note(&event, session, now)).await
    }

    async fn audit_head(&self) -> Result<AuditHead, StoreError> {
        let log = self.log;
        self.read(move |connection| {
            connection.query_row(
                "SELECT number, hash FROM audit_log WHERE log = ?1",
                params![log.0],
                |row| {
                    Ok(AuditHead {
                        log,
                        number: unsigned(row.get(0)?),
                        hash: row.get(1)?,
                    })
                },
            )
        })
        .await
    }

    async fn audit_logs(&self) -> Result<Vec<AuditLog>, StoreError> {
        self.read(|connection| {
            connection
                .prepare_cached("SELECT gateway, log, number, hash FROM audit_log ORDER BY gateway")?
                .query_map([], |row| {
                    Ok(AuditLog {
                        gateway: row.get(0)?,
                        head: AuditHead {
                            log: LogId(row.get(1)?),
                            number: unsigned(row.get(2)?),
                            hash: row.get(3)?,
                        },
                    })
                })?
                .collect()
        })
        .await
    }

    async fn audit_records(
        &self,
        log: LogId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<AuditRecord>, StoreError> {
        self.read(move |connection| {
            connection
                .prepare_cached(
                    "SELECT number, at, session, event, hash FROM audit_record WHERE log = ?1 AND number > ?2
                     ORDER BY number LIMIT ?3",
                )?
                .query_map(params![log.0, signed(after), limit], |row| {
                    Ok(AuditRecord {
                        number: unsigned(row.get(0)?),
                        at: UtcMs(row.get(1)?),
                        session: row.get::<_, Option<_>>(2)?.map(SessionId),
                        event: row.get(3)?,
                        hash: row.get(4)?,
                    })
                })?
                .collect()
        })
        .await
    }
}
