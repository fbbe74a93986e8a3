//! The gateway as a whole: starts, accepts connections, stops.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use document::identification::SIGNER_COMMON_NAME;
use document::signature::{P256Signer, SignError};
use tokio::net::TcpListener;
use tokio::sync::{Notify, Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;
use verification::Sensitive;

use crate::config::{self, ConfigError, GatewayConfig};
use crate::connection::{self, Shared};
use crate::idec::IdentificationCentre;
use crate::idec::https::{HttpsCentre, HttpsError};
use crate::identification::{self, Identifier};
use crate::presence::Presence;
use crate::store::sqlite::SqliteStore;
use crate::store::{Store, StoreError};
use crate::tls::{self, TlsError};
use crate::utc_now;

/// Names the audit log of a gateway that is alone.
pub const GATEWAY_NAME: &str = "gateway";

/// How many connections are served at once.
const CONNECTIONS_MAX: usize = 4096;

/// How long connections may take to end when the gateway stops.
const STOP_LIMIT: Duration = Duration::from_secs(5);

/// How long it waits after a connection could not be accepted, for example for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// Why the gateway cannot start.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// A file that the configuration names cannot be read.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Certificate, key or authority cannot be used.
    #[error("the TLS files of the gateway cannot be used")]
    Tls(#[from] TlsError),
    /// The key that signs answers cannot be used.
    #[error("the key that signs answers cannot be used")]
    Signing(#[from] SignError),
    /// A PEM file of the signing key holds something other than text.
    #[error("the key that signs answers is not a PEM text")]
    SigningText,
    /// The certificate that signs answers has another name than the kiosks expect.
    #[error(
        "the certificate that signs answers does not have the common name {}",
        SIGNER_COMMON_NAME
    )]
    SignerName,
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The client of the centre cannot be made.
    #[error(transparent)]
    Centre(#[from] HttpsError),
    /// The address cannot be listened on.
    #[error("{address} cannot be listened on")]
    Listen {
        /// Which address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
}

/// A running gateway. Dropping it kills it where it stands; [`Gateway::stop`] ends it in an orderly way.
#[derive(Debug)]
pub struct Gateway {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
    /// Alive as long as any part of the gateway is at work.
    store: Weak<dyn Store>,
}

impl Gateway {
    /// Starts a gateway that asks the centre of its configuration, on the current tokio runtime. When this
    /// returns, it listens.
    ///
    /// # Errors
    /// When a file cannot be used, the store cannot be opened or the address is taken.
    pub async fn start(config: &GatewayConfig) -> Result<Self, GatewayError> {
        let authority = config::read(&config.idec.authority)?;
        let centre = HttpsCentre::new(&config.idec.url, &authority, config.idec.deadline())?;
        Self::start_with(config, Arc::new(centre)).await
    }

    /// As [`Gateway::start`], with another centre.
    ///
    /// # Errors
    /// As [`Gateway::start`].
    pub async fn start_with(
        config: &GatewayConfig,
        centre: Arc<dyn IdentificationCentre>,
    ) -> Result<Self, GatewayError> {
        let authority = config::read(&config.tls.authority)?;
        let anchors: Vec<Vec<u8>> = tls::certificates(&authority)?
            .iter()
            .map(|certificate| certificate.to_vec())
            .collect();
        let key = Sensitive::new(config::read(&config.tls.key)?);
        let tls = tls::server_config(&config::read(&config.tls.certificate)?, &key, Some(&authority))?;
        let signer = Arc::new(Mutex::new(signer(config)?));
        let store_key = config::read_store_key(&config.store.key)?;
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(
            &config.store.file,
            &store_key,
            GATEWAY_NAME,
            utc_now(),
        )?);
        store.retry_all(utc_now()).await?;

        let listen = |source| GatewayError::Listen {
            address: config.listen,
            source,
        };
        let listener = TcpListener::bind(config.listen).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;

        let alive = Arc::downgrade(&store);
        let presence = Arc::new(Presence::default());
        let stored = Arc::new(Notify::new());
        let identifier = Arc::new(Identifier {
            store: Arc::clone(&store),
            presence: Arc::clone(&presence),
            centre,
            signer: Arc::clone(&signer),
            anchors: anchors.clone(),
            settings: config.idec.clone(),
            stored: Arc::clone(&stored),
        });
        let shared = Arc::new(Shared {
            acceptor: TlsAcceptor::from(Arc::new(tls)),
            anchors,
            store,
            signer,
            presence,
            stored,
        });
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(run(listener, shared, identifier, stopped));
        Ok(Self {
            address,
            stop,
            task,
            store: alive,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends it where it stands. As after the end of a process, nothing of it is at work any more when this
    /// returns; a call of the disk that was under way has come to its end.
    pub async fn kill(mut self) {
        self.task.abort();
        let _ = (&mut self.task).await;
        while self.store.strong_count() > 0 {
            tokio::task::yield_now().await;
        }
    }

    /// Says goodbye to all kiosks and ends.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        let _ = (&mut self.task).await;
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn signer(config: &GatewayConfig) -> Result<P256Signer, GatewayError> {
    let certificate = config::read(&config.signing.certificate)?;
    if tls::common_name_of_pem(&certificate).as_deref() != Some(SIGNER_COMMON_NAME) {
        return Err(GatewayError::SignerName);
    }
    let key = Sensitive::new(config::read(&config.signing.key)?);
    let key = std::str::from_utf8(key.expose()).map_err(|_| GatewayError::SigningText)?;
    let certificate = std::str::from_utf8(&certificate).map_err(|_| GatewayError::SigningText)?;
    Ok(P256Signer::from_pkcs8_pem(key, certificate)?)
}

async fn run(
    listener: TcpListener,
    shared: Arc<Shared>,
    identifier: Arc<Identifier>,
    mut stop: watch::Receiver<bool>,
) {
    let mut tasks = JoinSet::new();
    tasks.spawn(identification::run(identifier, stop.clone()));
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((tcp, peer)) => {
                    let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
                        tracing::warn!(%peer, "too many connections");
                        continue;
                    };
                    let (shared, stop) = (Arc::clone(&shared), stop.clone());
                    tasks.spawn(async move {
                        connection::serve(shared, tcp, peer, stop).await;
                        drop(place);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
            Some(done) = tasks.join_next() => if let Err(error) = done {
                tracing::error!(%error, "a task ended by a fault of this program");
            },
            () = crate::stopped(&mut stop) => break,
        }
    }
    drop(listener);
    let all = async { while tasks.join_next().await.is_some() {} };
    if tokio::time::timeout(STOP_LIMIT, all).await.is_err() {
        tracing::warn!("not all connections ended in time");
    }
}
