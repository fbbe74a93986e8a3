//! The HTTPS listener of examiners.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::guard;
use super::office::Office;

/// How long a client may take for the TLS handshake, and for the head of a request.
const STEP_LIMIT: Duration = Duration::from_secs(10);

/// How long a connection may live: a browser opens the next one by itself.
const CONNECTION_LIMIT: Duration = Duration::from_secs(10 * 60);

/// How many connections are served at once; a browser has some.
const CONNECTIONS_MAX: usize = 256;

/// How long it waits after a connection could not be accepted.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// The address of whoever asks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub IpAddr);

/// Where it listens, and what serves it.
pub struct Listener {
    /// The address.
    pub address: SocketAddr,
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl Listener {
    /// Listens; nothing is answered yet.
    ///
    /// # Errors
    /// When the address is taken.
    pub async fn bind(address: SocketAddr, tls: ServerConfig) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        Ok(Self {
            address: listener.local_addr()?,
            listener,
            acceptor: TlsAcceptor::from(Arc::new(tls)),
        })
    }

    /// Answers until it is dropped. What is under way then is dropped too: a decision is stored whole or not at all.
    pub async fn serve(self, office: Arc<Office>) {
        let router = guard::router(office);
        let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                accepted = self.listener.accept() => match accepted {
                    Ok((tcp, peer)) => {
                        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
                            tracing::warn!(%peer, "too many connections of examiners");
                            continue;
                        };
                        let router = router.clone().layer(Extension(Peer(peer.ip())));
                        let acceptor = self.acceptor.clone();
                        connections.spawn(async move {
                            let served = tokio::time::timeout(CONNECTION_LIMIT, answer(tcp, acceptor, router));
                            if served.await.is_err() {
                                tracing::debug!(%peer, "a connection of an examiner was ended for its age");
                            }
                            drop(place);
                        });
                    }
                    Err(error) => {
                        tracing::warn!(%error, "a connection of an examiner could not be accepted");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                },
                Some(done) = connections.join_next(), if !connections.is_empty() => if let Err(error) = done {
                    tracing::error!(%error, "a request of an examiner ended by a fault of this program");
                },
            }
        }
    }
}

async fn answer(tcp: TcpStream, acceptor: TlsAcceptor, router: axum::Router) {
    let tls = match tokio::time::timeout(STEP_LIMIT, acceptor.accept(tcp)).await {
        Ok(Ok(tls)) => tls,
        Ok(Err(error)) => return tracing::debug!(%error, "an examiner's browser could not connect"),
        Err(_) => return tracing::debug!("an examiner's browser did not finish its handshake"),
    };
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(STEP_LIMIT)
        .serve_connection(TokioIo::new(tls), TowerToHyperService::new(router))
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "a connection of an examiner ended");
    }
}
