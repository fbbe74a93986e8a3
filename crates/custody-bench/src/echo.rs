//! A bare echo: tokio-tungstenite behind the same TLS as the gateway, and nothing else.

use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use futures_util::{SinkExt, StreamExt};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::accept_async_with_config;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use crate::error::BenchError;

/// Buffers of the library where they are to be small, in bytes.
const SMALL_BYTES: usize = 4 << 10;

/// Serves until it is killed; prints its address first. Certificate, key and authority are those in the gateway's folder.
///
/// # Errors
/// When it cannot begin.
pub fn serve(papers: &Path, small: bool) -> Result<(), BenchError> {
    let acceptor = TlsAcceptor::from(Arc::new(tls(papers)?));
    let settings = settings(small);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
        let mut out = std::io::stdout();
        writeln!(out, "{}", listener.local_addr()?)?;
        out.flush()?;
        loop {
            let (tcp, _) = listener.accept().await?;
            tokio::spawn(echo(acceptor.clone(), tcp, settings));
        }
    })
}

/// How the library is set up, on both sides of the comparison with small buffers.
pub fn settings(small: bool) -> WebSocketConfig {
    let settings = WebSocketConfig::default();
    if !small {
        return settings;
    }
    settings.read_buffer_size(SMALL_BYTES).write_buffer_size(0)
}

/// Whatever goes wrong on a line is the end of that line.
async fn echo(acceptor: TlsAcceptor, tcp: TcpStream, settings: WebSocketConfig) {
    let _ = tcp.set_nodelay(true);
    let Ok(tls) = acceptor.accept(tcp).await else {
        return;
    };
    let Ok(mut socket) = accept_async_with_config(tls, Some(settings)).await else {
        return;
    };
    while let Some(Ok(message)) = socket.next().await {
        let done = if message.is_binary() {
            socket.send(message).await
        } else {
            // The answer to a ping waits for the next writing.
            socket.flush().await
        };
        if done.is_err() {
            return;
        }
    }
}

fn tls(papers: &Path) -> Result<ServerConfig, BenchError> {
    let mut roots = RootCertStore::empty();
    for authority in certificates(&papers.join("ca.pem"))? {
        roots.add(authority)?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let clients = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
        .build()
        .map_err(|error| BenchError::Peer(error.to_string()))?;
    let key_file = papers.join("gateway.key");
    let key = PrivateKeyDer::from_pem_file(&key_file).map_err(|error| pem(&key_file, &error))?;
    let tls = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_client_cert_verifier(clients)
        .with_single_cert(certificates(&papers.join("gateway.pem"))?, key)?;
    Ok(tls)
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, BenchError> {
    let certificates = CertificateDer::pem_file_iter(file).map_err(|error| pem(file, &error))?;
    certificates
        .collect::<Result<_, _>>()
        .map_err(|error| pem(file, &error))
}

fn pem(file: &Path, error: &rustls::pki_types::pem::Error) -> BenchError {
    BenchError::Peer(format!("{}: {error}", file.display()))
}
