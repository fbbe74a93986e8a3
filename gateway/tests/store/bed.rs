//! Where a store lies during a test.

use std::sync::Arc;
use std::time::Duration;

use gateway::store::sqlite::SqliteStore;
use gateway::store::{NewDocument, Store, StoreError};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use verification::Sensitive;
use verification::audit::{AuditHead, LogId};
use verification::evidence::{DocumentId, SessionId};
use verification::time::UtcMs;

/// How long a test waits for what must happen.
pub const PATIENCE: Duration = Duration::from_secs(30);

pub enum Bed {
    Sqlite(TempDir),
    #[cfg(unix)]
    Postgres(crate::server::Database),
}

impl Bed {
    pub fn sqlite() -> Self {
        Self::Sqlite(tempfile::tempdir().unwrap())
    }

    #[cfg(unix)]
    pub fn postgres() -> Self {
        Self::Postgres(crate::server::shared().database())
    }

    pub async fn open(&self, gateway: &str) -> Arc<dyn Store> {
        self.open_with(gateway, 1).await.unwrap()
    }

    pub async fn open_with(&self, gateway: &str, key: u8) -> Result<Arc<dyn Store>, StoreError> {
        let key = Sensitive::new([key; 32]);
        Ok(match self {
            Self::Sqlite(folder) => {
                let file = folder.path().join("g.db");
                Arc::new(SqliteStore::open(&file, &key, gateway, UtcMs(1))?)
            }
            #[cfg(unix)]
            Self::Postgres(database) => Arc::new(
                gateway::store::postgres::PostgresStore::open(&database.settings(), &key, gateway).await?,
            ),
        })
    }

    /// Two gateways, where the store is for several; otherwise the same one twice.
    pub async fn two(&self) -> (Arc<dyn Store>, Arc<dyn Store>) {
        let first = self.open("a").await;
        let second = match self {
            Self::Sqlite(_) => Arc::clone(&first),
            #[cfg(unix)]
            Self::Postgres(_) => self.open("b").await,
        };
        (first, second)
    }
}

pub fn run<F: Future<Output = ()>>(bed: impl FnOnce() -> Bed, test: impl FnOnce(Bed) -> F) {
    let bed = bed();
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(test(bed));
}

pub fn now() -> UtcMs {
    gateway::utc_now()
}

pub fn id(number: u8) -> DocumentId {
    DocumentId([number; 16])
}

/// A document of kiosk `k` that asks.
pub fn document(number: u8, signed: &[u8]) -> NewDocument {
    NewDocument {
        id: id(number),
        kiosk_id: "k".into(),
        session: Some(SessionId([number; 16])),
        outcome: "awaiting-identification".into(),
        signed: Sensitive::new(signed.to_vec()),
        sha256: Sha256::digest(signed).into(),
        signed_at: UtcMs(3),
        audit: None,
        asks: true,
        notes: Vec::new(),
        request: None,
        review: None,
        notices: Vec::new(),
    }
}

pub fn head(log: u8, number: u64, hash: u8) -> AuditHead {
    AuditHead {
        log: LogId([log; 16]),
        number,
        hash: [hash; 32],
    }
}

/// Waits until something is so.
pub async fn until<F: Future<Output = bool>>(what: &str, mut so: impl FnMut() -> F) {
    let end = std::time::Instant::now() + PATIENCE;
    while !so().await {
        assert!(std::time::Instant::now() < end, "waited in vain: {what}");
        tokio::task::yield_now().await;
    }
}
