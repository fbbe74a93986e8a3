//! The audit logs of the gateways: one chain for each gateway name.

use async_trait::async_trait;
use verification::audit::{AuditHead, AuditRecord, LogId};
use verification::evidence::SessionId;
use verification::time::UtcMs;

use super::StoreError;

/// One of the audit logs in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditLog {
    /// The gateway that keeps it.
    pub gateway: String,
    /// Its newest record.
    pub head: AuditHead,
}

/// The audit logs.
#[async_trait]
pub trait Trail {
    /// Appends a record to the log of this gateway. It is on the disk when this returns.
    ///
    /// # Errors
    /// When the disk or the database fails.
    async fn append_audit(
        &self,
        event: &str,
        session: Option<SessionId>,
        now: UtcMs,
    ) -> Result<AuditHead, StoreError>;

    /// Where the log of this gateway stands.
    ///
    /// # Errors
    /// When the database fails.
    async fn audit_head(&self) -> Result<AuditHead, StoreError>;

    /// All logs in this store, by the name of the gateway.
    ///
    /// # Errors
    /// When the database fails.
    async fn audit_logs(&self) -> Result<Vec<AuditLog>, StoreError>;

    /// At most `limit` records of a log, those behind `after`, in their order.
    ///
    /// # Errors
    /// When the database fails.
    async fn audit_records(&self, log: LogId, after: u64, limit: u32)
    -> Result<Vec<AuditRecord>, StoreError>;
}
