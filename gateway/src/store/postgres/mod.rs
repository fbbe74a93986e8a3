//! The store in a PostgreSQL server, which several gateways may share.
//!
//! `tokio-postgres` and not `sqlx`, because a batch of documents needs arrays, pipelined statements and notifications,
//! and nothing of what `sqlx` adds; `deadpool` is the smaller of the two pools that are alive.
//!
//! Balancers that hand out a server connection for a transaction only (`pgbouncer` in that mode) do not work: settings
//! of a session and notifications would be lost.

mod chain;
mod documents;
mod listener;
mod notices;
mod requests;
mod reviews;
mod row;
mod schema;
mod session;
mod steps;
mod trail;
mod trust;
mod writer;

use std::sync::Arc;

use async_trait::async_trait;
use deadpool_postgres::{Object, Pool};
use tokio::sync::broadcast;
use tokio_postgres::Row;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use verification::Sensitive;
use verification::audit::{AuditHead, LogId};

use self::listener::{Hold, Listener};
use self::schema::MigrateError;
use self::session::CALL_LIMIT;
pub use self::session::PostgresSettings;
use self::writer::Writer;
use super::sealed::{Label, Seal};
use super::{CHANGES_WAITING, Change, NAME_LIMIT, Store, StoreError};

/// What the key check encrypts.
const KEY_CHECK: &[u8] = b"alaqan";

/// The store in a PostgreSQL server.
#[derive(Debug)]
pub struct PostgresStore {
    gateway: String,
    log: LogId,
    seal: Seal,
    link: Link,
    writer: Writer,
    changes: broadcast::Sender<Change>,
    listener: Listener,
}

impl PostgresStore {
    /// Connects, makes the tables or brings them up to date, and begins the audit log of this gateway if there is none.
    /// Needs a tokio runtime, also later.
    ///
    /// # Errors
    /// When the server cannot be reached, does not flush what it has committed, holds what another key has encrypted, or
    /// a newer program has made the tables.
    pub async fn open(
        settings: &PostgresSettings,
        key: &Sensitive<[u8; 32]>,
        gateway: &str,
    ) -> Result<Self, StoreError> {
        let link = Link {
            store: settings.name(),
            pool: settings.pool()?,
        };
        let seal = Seal::new(key);
        let mut client = link.limited(link.client()).await?;
        link.check_durability(&client).await?;
        schema::migrate(&mut client, &link.store)
            .await
            .map_err(|error| match error {
                MigrateError::Database(error) => link.fault(error),
                MigrateError::Store(error) => error,
            })?;
        link.check_key(&client, &seal).await?;
        let log = link.begin_log(&client, gateway).await?;
        drop(client);
        let (changes, _) = broadcast::channel(CHANGES_WAITING);
        let listener = Listener::start(settings.clone(), gateway.to_owned(), changes.clone());
        Ok(Self {
            gateway: gateway.to_owned(),
            log,
            seal,
            writer: Writer::start(link.clone(), gateway.to_owned()),
            link,
            changes,
            listener,
        })
    }
}

#[async_trait]
impl Store for PostgresStore {
    fn gateway(&self) -> &str {
        &self.gateway
    }

    fn log(&self) -> LogId {
        self.log
    }

    fn changes(&self) -> broadcast::Receiver<Change> {
        self.changes.subscribe()
    }

    async fn run_alone(&self) -> Result<(), StoreError> {
        let store = || self.link.store.clone();
        match self.listener.hold_name(NAME_LIMIT).await {
            Hold::Held => Ok(()),
            Hold::Elsewhere => Err(StoreError::Taken {
                store: store(),
                gateway: self.gateway.clone(),
            }),
            Hold::Unknown => Err(StoreError::Unavailable {
                store: store(),
                source: Arc::new(std::io::Error::from(std::io::ErrorKind::TimedOut)),
            }),
        }
    }

    async fn ended(&self) {
        tokio::select! {
            () = self.writer.ended() => {}
            () = self.listener.ended() => {}
        }
    }
}

/// The way to the server.
#[derive(Debug, Clone)]
struct Link {
    /// Names the store in errors.
    store: String,
    pool: Pool,
}

impl Link {
    /// Gives up a call that takes too long, and all connections that lie idle: they are likely to be as dead as that of
    /// the call.
    async fn limited<T>(&self, call: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        // By the next line the connection of the call is back in the pool.
        let done = tokio::time::timeout(CALL_LIMIT, call).await;
        done.unwrap_or_else(|late| {
            self.pool.retain(|_, _| false);
            Err(StoreError::Unavailable {
                store: self.store.clone(),
                source: Arc::new(late),
            })
        })
    }

    async fn client(&self) -> Result<Object, StoreError> {
        self.pool.get().await.map_err(|error| match error {
            deadpool_postgres::PoolError::Backend(error) => self.fault(error),
            error => StoreError::Unavailable {
                store: self.store.clone(),
                source: Arc::new(error),
            },
        })
    }

    fn fault(&self, error: tokio_postgres::Error) -> StoreError {
        let store = self.store.clone();
        if is_passing(&error) {
            let source = Arc::new(error);
            return StoreError::Unavailable { store, source };
        }
        StoreError::Postgres {
            store,
            source: Arc::new(error),
        }
    }

    /// A server that acknowledges what is not on its disk would make every receipt a lie.
    async fn check_durability(&self, client: &Object) -> Result<(), StoreError> {
        let rows = client
            .query(listener::UNSAFE, &[])
            .await
            .map_err(|error| self.fault(error))?;
        match rows.first() {
            None => Ok(()),
            Some(row) => Err(StoreError::Unsafe {
                store: self.store.clone(),
                setting: row.try_get(0).map_err(|error| self.fault(error))?,
            }),
        }
    }

    /// Tells a wrong key before anything is written with it.
    async fn check_key(&self, client: &Object, seal: &Seal) -> Result<(), StoreError> {
        let check = seal.seal(Label::KeyCheck, KEY_CHECK)?;
        let insert =
            "INSERT INTO alaqan_meta (name, value) VALUES ('key_check', $1) ON CONFLICT (name) DO NOTHING";
        let fault = |error| self.fault(error);
        client.execute(insert, &[&check]).await.map_err(fault)?;
        let select = "SELECT value FROM alaqan_meta WHERE name = 'key_check'";
        let row = client.query_one(select, &[]).await.map_err(fault)?;
        let kept: &[u8] = row.try_get(0).map_err(fault)?;
        seal.open(Label::KeyCheck, kept).map_err(|_| StoreError::Key {
            store: self.store.clone(),
        })?;
        Ok(())
    }

    async fn begin_log(&self, client: &Object, gateway: &str) -> Result<LogId, StoreError> {
        let mut log = [0; 16];
        getrandom::fill(&mut log).map_err(StoreError::Random)?;
        let head = AuditHead::empty(LogId(log));
        let fault = |error| self.fault(error);
        client
            .execute(
                "INSERT INTO audit_log (gateway, log, number, hash) VALUES ($1, $2, 0, $3)
                 ON CONFLICT (gateway) DO NOTHING",
                &[&gateway, &&log[..], &&head.hash[..]],
            )
            .await
            .map_err(fault)?;
        let select = "SELECT log FROM audit_log WHERE gateway = $1";
        let row = client.query_one(select, &[&gateway]).await.map_err(fault)?;
        row::bytes(&row, 0).map(LogId).map_err(fault)
    }
}

/// Whether the same may succeed later: the server is away, restarts, is full or busy.
fn is_passing(error: &tokio_postgres::Error) -> bool {
    let Some(state) = error.code() else {
        // No answer of the server.
        let source = std::error::Error::source(error);
        return error.is_closed() || source.is_some_and(|source| source.is::<std::io::Error>());
    };
    let classes = ["08", "40", "53", "55", "57", "58"];
    *state == SqlState::READ_ONLY_SQL_TRANSACTION
        || classes.iter().any(|class| state.code().starts_with(class))
}

/// Reads, each on a connection of the pool.
impl PostgresStore {
    async fn maybe<T>(
        &self,
        sql: &str,
        params: &[&(dyn ToSql + Sync)],
        read: impl Fn(&Row) -> Result<T, tokio_postgres::Error> + Send,
    ) -> Result<Option<T>, StoreError> {
        Ok(self.all(sql, params, read).await?.pop())
    }

    async fn one(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<Row, StoreError> {
        let mut rows = self.rows(sql, params).await?;
        rows.pop().ok_or(StoreError::Damaged("a row is missing"))
    }

    async fn all<T>(
        &self,
        sql: &str,
        params: &[&(dyn ToSql + Sync)],
        read: impl Fn(&Row) -> Result<T, tokio_postgres::Error> + Send,
    ) -> Result<Vec<T>, StoreError> {
        let rows = self.rows(sql, params).await?;
        let values: Result<Vec<T>, _> = rows.iter().map(read).collect();
        values.map_err(|error| self.link.fault(error))
    }

    async fn rows(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, StoreError> {
        let call = async {
            let client = self.link.client().await?;
            let fault = |error| self.link.fault(error);
            let statement = client.prepare_cached(sql).await.map_err(fault)?;
            client.query(&statement, params).await.map_err(fault)
        };
        self.link.limited(call).await
    }

    /// Changes what needs no record in the audit log.
    async fn execute(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<u64, StoreError> {
        let call = async {
            let client = self.link.client().await?;
            let fault = |error| self.link.fault(error);
            let statement = client.prepare_cached(sql).await.map_err(fault)?;
            client.execute(&statement, params).await.map_err(fault)
        };
        self.link.limited(call).await
    }
}
