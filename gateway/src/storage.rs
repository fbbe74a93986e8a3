//! Opens the store that the configuration names.

use std::sync::Arc;

use crate::config::{self, ConfigError, GatewayConfig, StoreKind};
use crate::store::sqlite::SqliteStore;
use crate::store::{Store, StoreError};
use crate::utc_now;

/// Why the store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A file that the configuration names cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The store itself.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Opens the store; makes it where it is not there yet.
///
/// # Errors
/// When a file or the server cannot be used.
pub async fn open(config: &GatewayConfig) -> Result<Arc<dyn Store>, OpenError> {
    let key = config::read_store_key(&config.store.key)?;
    let name = &config.gateway.name;
    match config.store.kind {
        StoreKind::Sqlite => Ok(Arc::new(SqliteStore::open(
            &config.store.file,
            &key,
            name,
            utc_now(),
        )?)),
        StoreKind::Postgres => Err(StoreError::Closed.into()),
    }
}
