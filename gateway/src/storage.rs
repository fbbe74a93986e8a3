//! Opens the store that the configuration names.

use std::sync::Arc;

use crate::config::{self, ConfigError, GatewayConfig, Postgres, StoreKind};
use crate::store::postgres::{PostgresSettings, PostgresStore};
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
    match (config.store.kind, &config.store.postgres) {
        (StoreKind::Postgres, Some(server)) => {
            let store = PostgresStore::open(&settings(server)?, &key, name).await?;
            Ok(Arc::new(store))
        }
        // Postgres without a table is what reading the configuration has refused.
        (StoreKind::Sqlite | StoreKind::Postgres, _) => {
            let store = SqliteStore::open(&config.store.file, &key, name, utc_now())?;
            Ok(Arc::new(store))
        }
    }
}

fn settings(server: &Postgres) -> Result<PostgresSettings, ConfigError> {
    let password = server.password_file.as_deref().map(config::read_password);
    let authority_pem = server.authority.as_deref().map(config::read);
    Ok(PostgresSettings {
        host: server.host.clone(),
        port: server.port,
        database: server.database.clone(),
        user: server.user.clone(),
        password: password.transpose()?,
        authority_pem: authority_pem.transpose()?,
        connections: server.connections,
    })
}
