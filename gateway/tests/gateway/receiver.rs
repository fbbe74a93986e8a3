//! The institution's receiver of notices, with faults that a test switches on. It checks signatures with a library of its
//! own.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use ring::hmac;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::{AbortHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use crate::bank::{Bank, PATIENCE};

/// What the receiver does with a notice.
#[derive(Debug, Clone)]
pub enum Fault {
    /// Takes it.
    None,
    /// Answers with this status.
    Status(u16),
    /// Answers with this status and `Retry-After`.
    RetryAfter(u16, &'static str),
    /// Sends elsewhere.
    Redirect,
    /// Reads it and never answers.
    Hang,
    /// Takes it, with an answer that has no end.
    Endless,
}

/// A notice that has come.
#[derive(Debug, Clone, PartialEq)]
pub struct Got {
    pub path: String,
    pub id: String,
    pub body: Vec<u8>,
    /// Names of the keys whose signature fits.
    pub keys: Vec<String>,
    /// Whether it was taken.
    pub taken: bool,
}

impl Got {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

type Choice = Arc<dyn Fn(&Value) -> Fault + Send + Sync>;

struct Shared {
    keys: Vec<(String, hmac::Key)>,
    choice: Mutex<Choice>,
    got: Mutex<Vec<Got>>,
}

pub struct Receiver {
    pub address: SocketAddr,
    shared: Arc<Shared>,
    task: AbortHandle,
}

impl Receiver {
    /// Starts one with the certificate `gateway.pem` of this folder. It knows these keys.
    pub fn start(bank: &Bank, folder: &Path, address: SocketAddr, keys: &[(&str, [u8; 32])]) -> Self {
        let pem = |file: &str| std::fs::read(folder.join(file)).unwrap();
        let chain = CertificateDer::pem_slice_iter(&pem("gateway.pem"))
            .collect::<Result<Vec<_>, _>>()
            .unwrap();
        let key = PrivateKeyDer::from_pem_slice(&pem("gateway.key")).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        let keys = keys
            .iter()
            .map(|(name, key)| ((*name).to_owned(), hmac::Key::new(hmac::HMAC_SHA256, key)));
        let shared = Arc::new(Shared {
            keys: keys.collect(),
            choice: Mutex::new(Arc::new(|_| Fault::None)),
            got: Mutex::default(),
        });
        let router = Router::new().fallback(receive).with_state(Arc::clone(&shared));
        let end = Instant::now() + PATIENCE;
        let listener = loop {
            match bank.runtime.block_on(TcpListener::bind(address)) {
                Ok(listener) => break listener,
                // The former one is not quite gone.
                Err(_) if Instant::now() < end => std::thread::yield_now(),
                Err(error) => panic!("{error}"),
            }
        };
        let address = listener.local_addr().unwrap();
        let task = bank
            .runtime
            .spawn(serve(listener, TlsAcceptor::from(Arc::new(tls)), router));
        Self {
            address,
            shared,
            task: task.abort_handle(),
        }
    }

    /// From now on all notices meet this.
    pub fn set(&self, fault: Fault) {
        self.choose(move |_| fault.clone());
    }

    /// From now on each notice meets what this says.
    pub fn choose(&self, choice: impl Fn(&Value) -> Fault + Send + Sync + 'static) {
        *self.shared.choice.lock().unwrap() = Arc::new(choice);
    }

    /// All that have come, in their order, those included that were not taken.
    pub fn got(&self) -> Vec<Got> {
        self.shared.got.lock().unwrap().clone()
    }

    /// Those that were taken, each id once.
    pub fn taken(&self) -> Vec<Got> {
        let mut seen = BTreeSet::new();
        let mut taken = self.got();
        taken.retain(|got| got.taken && seen.insert(got.id.clone()));
        taken
    }

    /// Waits until so many have been taken.
    pub fn wait(&self, count: usize) -> Vec<Got> {
        crate::raw::until(&format!("{count} notices"), || self.taken().len() >= count);
        let taken = self.taken();
        assert_eq!(taken.len(), count, "{taken:?}");
        taken
    }

    /// Waits until so many have come, taken or not.
    pub fn wait_for_tries(&self, count: usize) {
        crate::raw::until(&format!("{count} tries"), || self.got().len() >= count);
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: TcpListener, acceptor: TlsAcceptor, router: Router) {
    let mut connections = JoinSet::new();
    while let Ok((tcp, _)) = listener.accept().await {
        let (acceptor, router) = (acceptor.clone(), router.clone());
        connections.spawn(async move {
            if let Ok(tls) = acceptor.accept(tcp).await {
                let service = TowerToHyperService::new(router);
                let _ = http1::Builder::new()
                    .serve_connection(TokioIo::new(tls), service)
                    .await;
            }
        });
    }
}

async fn receive(State(shared): State<Arc<Shared>>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let text = |name: &str| headers.get(name).unwrap().to_str().unwrap().to_owned();
    let id = text("alaqan-id");
    let json: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(json["id"], *id);
    let signed = [text("alaqan-timestamp").as_bytes(), b".", &body].concat();
    let mut keys = Vec::new();
    for part in text("alaqan-signature").split(", ") {
        let (name, digits) = part.split_once('=').unwrap();
        let tag: Vec<u8> = (0..digits.len() / 2)
            .map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).unwrap())
            .collect();
        let known = shared.keys.iter().find(|(known, _)| known == name);
        if known.is_some_and(|(_, key)| hmac::verify(key, &signed, &tag).is_ok()) {
            keys.push(name.to_owned());
        }
    }
    let choice = Arc::clone(&*shared.choice.lock().unwrap());
    let fault = choice(&json);
    let taken = !keys.is_empty() && matches!(fault, Fault::None | Fault::Endless);
    let good = !keys.is_empty();
    shared.got.lock().unwrap().push(Got {
        path: uri.path().to_owned(),
        id,
        body: body.to_vec(),
        keys,
        taken,
    });
    match fault {
        _ if !good => StatusCode::UNAUTHORIZED.into_response(),
        Fault::None => StatusCode::NO_CONTENT.into_response(),
        Fault::Status(status) => {
            (StatusCode::from_u16(status).unwrap(), "a secret of the bank").into_response()
        }
        Fault::RetryAfter(status, after) => (
            StatusCode::from_u16(status).unwrap(),
            [(header::RETRY_AFTER, after)],
        )
            .into_response(),
        Fault::Redirect => {
            (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, "/elsewhere")]).into_response()
        }
        Fault::Hang => std::future::pending().await,
        Fault::Endless => {
            let chunk = || Ok::<_, std::convert::Infallible>(Bytes::from_static(&[b'x'; 4096]));
            let endless = futures_util::stream::repeat_with(chunk);
            Body::from_stream(endless).into_response()
        }
    }
}
