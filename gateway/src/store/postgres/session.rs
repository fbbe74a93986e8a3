//! Connections to the server.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use tokio_postgres::config::SslMode;
use tokio_postgres::{Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;
use verification::Sensitive;

use crate::store::StoreError;

/// How long the server may take to accept a connection.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// How long a call waits for a connection to become free, and for a new one.
const POOL_LIMIT: Duration = Duration::from_secs(10);

/// From when on a silent line is asked whether it is still there, how often, and how many silent answers end it.
const KEEPALIVE: Duration = Duration::from_secs(5);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);
const KEEPALIVE_RETRIES: u32 = 3;

/// How long what was sent may stay unconfirmed before the system ends the line.
const UNCONFIRMED_LIMIT: Duration = Duration::from_secs(20);

/// How long one call may take, whatever the system believes of the line: something between here and the server may
/// confirm what it does not pass on.
pub(super) const CALL_LIMIT: Duration = Duration::from_secs(20);

/// What holds for every connection, whatever the defaults of the server, the database or the role are. A gateway that
/// hangs in the middle of a transaction loses it, so that the others can go on; and the server, too, notices soon when
/// a gateway is gone with its machine, and frees what it held. `remote_apply` stays, since it asks for more than `on`.
pub(super) const SESSION: &str = "
SELECT set_config('synchronous_commit', 'on', false)
    WHERE current_setting('synchronous_commit') NOT IN ('on', 'remote_apply');
SET tcp_keepalives_idle = 5;
SET tcp_keepalives_interval = 5;
SET tcp_keepalives_count = 3;
SET tcp_user_timeout = '20s';
SET statement_timeout = '30s';
SET lock_timeout = '15s';
SET idle_in_transaction_session_timeout = '15s';
SET client_min_messages = warning;
";

/// Where the server is.
#[derive(Debug, Clone)]
pub struct PostgresSettings {
    /// Host name or address, or the folder of the server's socket.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The database, which must be there, and in whose schema the role may make tables.
    pub database: String,
    /// The role.
    pub user: String,
    /// Its password, where the server asks for one.
    pub password: Option<Sensitive<String>>,
    /// The authority that issued the server's certificate, PEM: the connection is encrypted, and no other server is
    /// believed. `None`: it is in the clear.
    pub authority_pem: Option<Vec<u8>>,
    /// How many connections are kept open, apart from the one that listens.
    pub connections: u16,
}

impl PostgresSettings {
    /// Names the store in errors and logs.
    pub(super) fn name(&self) -> String {
        format!("{} on {}:{}", self.database, self.host, self.port)
    }

    /// Parameters of one connection.
    pub(super) fn config(&self) -> Config {
        let mut config = Config::new();
        config
            .dbname(&self.database)
            .user(&self.user)
            .port(self.port)
            .application_name("alaqan-gateway")
            .connect_timeout(CONNECT_LIMIT)
            .keepalives_idle(KEEPALIVE)
            .keepalives_interval(KEEPALIVE_INTERVAL)
            .keepalives_retries(KEEPALIVE_RETRIES)
            .tcp_user_timeout(UNCONFIRMED_LIMIT)
            .ssl_mode(match self.authority_pem {
                Some(_) => SslMode::Require,
                None => SslMode::Disable,
            });
        #[cfg(unix)]
        if self.host.starts_with('/') {
            config.host_path(Path::new(&self.host));
        } else {
            config.host(&self.host);
        }
        #[cfg(not(unix))]
        config.host(&self.host);
        if let Some(password) = &self.password {
            config.password(password.expose());
        }
        config
    }

    /// TLS, where the server is to prove itself.
    ///
    /// # Errors
    /// When the authority cannot be used.
    pub(super) fn tls(&self) -> Result<Option<MakeRustlsConnect>, StoreError> {
        let Some(pem) = &self.authority_pem else {
            return Ok(None);
        };
        let config = crate::tls::client_config(pem).map_err(|source| StoreError::Tls {
            store: self.name(),
            source: Arc::new(source),
        })?;
        Ok(Some(MakeRustlsConnect::new(config)))
    }

    pub(super) fn pool(&self) -> Result<Pool, StoreError> {
        // A connection that the server has closed is noticed by its task; no question is needed.
        let manager = ManagerConfig {
            recycling_method: RecyclingMethod::Fast,
        };
        let manager = match self.tls()? {
            Some(tls) => Manager::from_config(self.config(), tls, manager),
            None => Manager::from_config(self.config(), NoTls, manager),
        };
        let session = Hook::async_fn(|client, _| {
            Box::pin(async move { client.batch_execute(SESSION).await.map_err(HookError::Backend) })
        });
        Pool::builder(manager)
            .max_size(usize::from(self.connections.max(2)))
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(POOL_LIMIT))
            .create_timeout(Some(POOL_LIMIT))
            .recycle_timeout(Some(POOL_LIMIT))
            .post_create(session)
            .build()
            .map_err(|_| StoreError::Closed)
    }
}
