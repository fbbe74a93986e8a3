//! The gateway as a whole: starts, accepts connections, stops.

mod running;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use ::authority::{Authority, Leaf, Lifetime};
use document::identification::SIGNER_COMMON_NAME;
use document::signature::{ExternalSigner, P256Signer, SignError, Signer as _};
use rustls::SignatureScheme;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use tokio::net::TcpListener;
use tokio::sync::{Notify, Semaphore, watch};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use verification::Sensitive;

pub use self::running::Fallen;
use crate::config::{self, AuthorityKind, ConfigError, GatewayConfig};
use crate::connection::Shared;
use crate::enrolment::{Issuer, Registrar};
use crate::following::{Follower, RevocationFile, RevocationFileError};
use crate::idec::Centre;
use crate::idec::https::{HttpsCentre, HttpsError};
use crate::identification::{Door, Identifier, Sessions};
use crate::import::{KeyError, PackageKey};
use crate::institution::delivery::Delivery;
use crate::institution::{Outlet, OutletError};
use crate::metrics::{Counted, Metrics};
use crate::ops::{Condition, Endpoint};
use crate::presence::Presence;
use crate::registry::{Bell, ShutOut};
use crate::review::{Desk, HashError, Listener, Office};
use crate::storage::{self, OpenError};
use crate::store::{Store, StoreError};
use crate::tls::{self, Clients, TlsError};
use crate::utc_now;

/// Why the gateway cannot start.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// A file that the configuration names cannot be read.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Certificate, key or authority cannot be used.
    #[error("the TLS files of the gateway cannot be used")]
    Tls(#[from] TlsError),
    /// The key of the embedded authority cannot be used.
    #[error("the key of the authority cannot be used")]
    Authority(#[from] ::authority::AuthorityError),
    /// A certificate of the gateway cannot be read.
    #[error("a certificate of the gateway cannot be read")]
    Certificate(#[from] ::authority::CertificateError),
    /// The list of revoked certificates cannot be used.
    #[error(transparent)]
    Revocations(#[from] RevocationFileError),
    /// The key that signs answers cannot be used.
    #[error("the key that signs answers cannot be used")]
    Signing(#[from] SignError),
    /// The key of packages cannot be used.
    #[error(transparent)]
    Packages(#[from] KeyError),
    /// A PEM file of a key holds something other than text.
    #[error("{0} is not a PEM text")]
    Text(&'static str),
    /// The certificate that signs answers has another name than the kiosks expect.
    #[error(
        "the certificate that signs answers does not have the common name {}",
        SIGNER_COMMON_NAME
    )]
    SignerName,
    /// The store cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The client of the centre cannot be made.
    #[error(transparent)]
    Centre(#[from] HttpsError),
    /// The institution's systems cannot be told.
    #[error(transparent)]
    Institution(#[from] OutletError),
    /// The secrets of examiners cannot be checked.
    #[error("nobody can decide about pictures")]
    Review(#[from] HashError),
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
    ops_address: Option<SocketAddr>,
    review_address: Option<SocketAddr>,
    /// It is about to stop, and says so when it is asked whether it is ready.
    leaving: watch::Sender<bool>,
    stop: watch::Sender<bool>,
    stop_delay: Duration,
    task: JoinHandle<Result<(), Fallen>>,
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
    pub async fn start_with(config: &GatewayConfig, centre: Arc<dyn Centre>) -> Result<Self, GatewayError> {
        let papers = Papers::read(config)?;
        let signer = Arc::new(Mutex::new(papers.signer));
        let outlet = Outlet::read(config)?;
        let store = storage::open(config).await?;
        // Before anything that another gateway of this name, or with this file, would be harmed by.
        store.run_alone().await?;
        store.retry_all(utc_now()).await?;
        store.reclaim_notices().await?;
        let revocations = match &config.authority.revocations {
            Some(file) => Some(RevocationFile::read(file, &papers.authority_der, &*store).await?),
            None => None,
        };

        let (listener, address) = listen(config.listen).await?;
        let endpoint = match &config.ops {
            Some(ops) => Some(
                Endpoint::bind(ops.listen)
                    .await
                    .map_err(|source| GatewayError::Listen {
                        address: ops.listen,
                        source,
                    })?,
            ),
            None => None,
        };
        let ops_address = endpoint.as_ref().map(|endpoint| endpoint.address);

        let reviewers = reviewers(config).await?;
        let review_address = reviewers.as_ref().map(|listener| listener.address);

        let alive = Arc::downgrade(&store);
        let metrics = Arc::new(Metrics::new());
        let deliveries = Delivery::of(config, outlet.as_deref(), &store, &metrics)?;
        let presence = Arc::new(Presence::default());
        let stored = Arc::new(Notify::new());
        let (shut_out, shut_out_now) = watch::channel(Arc::new(ShutOut::look_up(&*store).await?));
        let (leaving, left) = watch::channel(false);
        let (stop, stopped) = watch::channel(false);
        let door = Arc::new(Door::new((&config.idec.breaker).into(), Arc::clone(&metrics)));
        let identifier = Arc::new(Identifier {
            store: Arc::clone(&store),
            centre: Arc::new(Counted::new(centre, Arc::clone(&metrics))),
            door: Arc::clone(&door),
            sessions: Sessions::default(),
            metrics: Arc::clone(&metrics),
            signer: Arc::clone(&signer),
            anchors: papers.anchors.clone(),
            settings: config.idec.clone(),
            stored: Arc::clone(&stored),
            outlet: outlet.clone(),
        });
        let reviewers = match (reviewers, &config.review) {
            (Some(listener), Some(settings)) => {
                let desk = Desk {
                    store: Arc::clone(&store),
                    signer: Arc::clone(&signer),
                    anchors: papers.anchors.clone(),
                    outlet: outlet.clone(),
                    metrics: Arc::clone(&metrics),
                    lease_ms: settings.lease_ms,
                };
                let office = Office::new(desk, settings, config.examiners.clone())?;
                Some((listener, Arc::new(office)))
            }
            _ => None,
        };
        let condition = Condition::new(
            Arc::clone(&store),
            Arc::clone(&metrics),
            papers.certificates,
            door,
            config.idec.tariff.clone(),
            left,
        );
        let registrar = Registrar::new(
            Arc::clone(&store),
            papers.issuer,
            papers.authority_der,
            Lifetime::days(config.authority.certificate_days),
            config.authority.enrolments_per_minute,
            Arc::clone(&metrics),
        );
        let handshakes = usize::try_from(config.limits.handshakes_max).unwrap_or(Semaphore::MAX_PERMITS);
        let shared = Arc::new(Shared {
            acceptor: TlsAcceptor::from(Arc::new(papers.tls)),
            anchors: papers.anchors,
            store,
            presence,
            registrar,
            signer,
            stored,
            metrics,
            outlet,
            limits: config.limits.clone(),
            handshakes: Semaphore::new(handshakes.min(Semaphore::MAX_PERMITS)),
            export_recipient: papers.export_recipient,
            shut_out: shut_out_now,
            awaiting_certificate: Mutex::new(HashMap::new()),
            noted: Mutex::new(HashMap::new()),
        });
        let follower = Follower {
            shared: Arc::clone(&shared),
            shut_out,
            bell: Bell::of(&config.store.file).listen(),
            revocations,
        };
        let parts = running::Parts {
            listener,
            shared,
            identifier,
            follower,
            deliveries,
            ops: endpoint.map(|endpoint| (endpoint, Arc::new(condition))),
            reviewers,
            leaving: leaving.clone(),
        };
        let task = tokio::spawn(running::run(parts, stopped));
        Ok(Self {
            address,
            ops_address,
            review_address,
            leaving,
            stop,
            stop_delay: Duration::from_millis(config.limits.stop_delay_ms),
            task,
            store: alive,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it answers operators, if it does.
    pub fn ops_address(&self) -> Option<SocketAddr> {
        self.ops_address
    }

    /// Where examiners decide, if they do.
    pub fn review_address(&self) -> Option<SocketAddr> {
        self.review_address
    }

    /// Waits until it has ended by a fault, which it does not do by itself otherwise.
    pub async fn fallen(&mut self) -> Fallen {
        match (&mut self.task).await {
            Ok(Err(fallen)) => fallen,
            Ok(Ok(())) | Err(_) => Fallen("the gateway itself"),
        }
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

    /// Is not ready any more, waits as the configuration says, answers what has come, says goodbye to all kiosks and
    /// ends.
    pub async fn stop(mut self) {
        let _ = self.leaving.send(true);
        tokio::time::sleep(self.stop_delay).await;
        let _ = self.stop.send(true);
        let _ = (&mut self.task).await;
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The listener of examiners, where there is to be one.
async fn reviewers(config: &GatewayConfig) -> Result<Option<Listener>, GatewayError> {
    let Some(review) = &config.review else {
        return Ok(None);
    };
    let certificate = config::read(&review.certificate)?;
    let key = Sensitive::new(config::read(&review.key)?);
    let tls = tls::server_config(&certificate, &key, Clients::Anybody)?;
    let listener = Listener::bind(review.listen, tls).await;
    listener.map(Some).map_err(|source| GatewayError::Listen {
        address: review.listen,
        source,
    })
}

async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), GatewayError> {
    let fault = |source| GatewayError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(fault)?;
    let address = listener.local_addr().map_err(fault)?;
    Ok((listener, address))
}

/// Everything that stands in files of keys and certificates.
struct Papers {
    tls: rustls::ServerConfig,
    anchors: Vec<Vec<u8>>,
    authority_der: Vec<u8>,
    issuer: Issuer,
    signer: ExternalSigner,
    certificates: Vec<(&'static str, Leaf)>,
    export_recipient: Option<String>,
}

impl Papers {
    fn read(config: &GatewayConfig) -> Result<Self, GatewayError> {
        let authority_pem = config::read(&config.tls.authority)?;
        let anchors = anchors(config)?;
        let authority_der = authority_der(config)?;
        let server_pem = config::read(&config.tls.certificate)?;
        let key = Sensitive::new(config::read(&config.tls.key)?);
        let tls = tls::server_config(&server_pem, &key, Clients::Of(&authority_pem))?;
        let signer_pem = config::read(&config.signing.certificate)?;
        let mut certificates = Vec::new();
        for (name, pem) in [
            ("gateway", &server_pem),
            ("answers", &signer_pem),
            ("authority", &authority_pem),
        ] {
            if let Some(der) = tls::certificates(pem)?.first() {
                certificates.push((name, Leaf::from_der(der)?));
            }
        }
        let key = config
            .packages
            .as_ref()
            .map(|packages| PackageKey::read(&packages.key));
        let export_recipient = key.transpose()?.map(|key| key.recipient());
        Ok(Self {
            tls,
            issuer: issuer(config)?,
            signer: signer(config)?,
            anchors,
            authority_der,
            certificates,
            export_recipient,
        })
    }
}

fn issuer(config: &GatewayConfig) -> Result<Issuer, GatewayError> {
    match config.authority.kind {
        AuthorityKind::External => Ok(Issuer::External),
        AuthorityKind::Embedded if !config.authority.key.exists() => {
            tracing::info!("the key of the authority is not here: no kiosk is enrolled, and none is renewed");
            Ok(Issuer::None)
        }
        AuthorityKind::Embedded => Ok(Issuer::Embedded(Box::new(embedded_authority(config)?))),
    }
}

/// The embedded authority of a configuration.
///
/// # Errors
/// When its files cannot be read, or do not belong together.
pub fn embedded_authority(config: &GatewayConfig) -> Result<Authority, GatewayError> {
    let key = Sensitive::new(config::read(&config.authority.key)?);
    let text = std::str::from_utf8(key.expose());
    let text = text.map_err(|_| GatewayError::Text("the key of the authority"))?;
    let certificate = tls::to_pem(&authority_der(config)?).ok_or(GatewayError::Text("the authority"))?;
    Ok(Authority::load(&Sensitive::new(text.to_owned()), &certificate)?)
}

/// The authorities of a configuration whose signers count, in DER.
///
/// # Errors
/// When the file cannot be read.
pub fn anchors(config: &GatewayConfig) -> Result<Vec<Vec<u8>>, GatewayError> {
    let authority_pem = config::read(&config.tls.authority)?;
    let certificates = tls::certificates(&authority_pem)?;
    Ok(certificates
        .iter()
        .map(|certificate| certificate.to_vec())
        .collect())
}

/// The authority that issues certificates of kiosks, in DER: the first one of the file.
///
/// # Errors
/// When the file cannot be read.
pub fn authority_der(config: &GatewayConfig) -> Result<Vec<u8>, GatewayError> {
    // There is at least one, or the reading has failed.
    Ok(anchors(config)?.into_iter().next().unwrap_or_default())
}

/// A certificate in DER, from a file that holds it in PEM or DER.
pub fn certificate_der(bytes: &[u8]) -> Option<Vec<u8>> {
    if bytes.trim_ascii_start().starts_with(b"-----") {
        return tls::certificates(bytes)
            .ok()?
            .first()
            .map(|certificate| certificate.to_vec());
    }
    (!bytes.is_empty()).then(|| bytes.to_vec())
}

/// The key that signs answers, receipts and the audit log.
///
/// # Errors
/// When its files cannot be used, or the certificate has another name than the kiosks expect.
///
/// `ring` signs, through the TLS library, with a key that stays in memory: each receipt costs a signature.
pub fn signer(config: &GatewayConfig) -> Result<ExternalSigner, GatewayError> {
    const WHAT: GatewayError = GatewayError::Text("the key that signs answers");
    let certificate = config::read(&config.signing.certificate)?;
    if tls::common_name_of_pem(&certificate).as_deref() != Some(SIGNER_COMMON_NAME) {
        return Err(GatewayError::SignerName);
    }
    let key = Sensitive::new(config::read(&config.signing.key)?);
    let text = std::str::from_utf8(key.expose()).map_err(|_| WHAT)?;
    let certificate = std::str::from_utf8(&certificate).map_err(|_| WHAT)?;
    // It says more of what is wrong with key and certificate than `ring` does.
    let checked = P256Signer::from_pkcs8_pem(text, certificate)?;
    let key = PrivateKeyDer::from_pem_slice(key.expose()).map_err(|_| WHAT)?;
    let key = rustls::crypto::ring::sign::any_ecdsa_type(&key).map_err(|_| WHAT)?;
    let raw = move |message: &[u8]| {
        let signer = key.choose_scheme(&[SignatureScheme::ECDSA_NISTP256_SHA256]);
        let signer = signer.ok_or("the key is not on P-256")?;
        signer.sign(message).map_err(Into::into)
    };
    let signer = ExternalSigner::new(checked.certificate_der().to_vec(), Arc::new(raw))?;
    Ok(signer.proven())
}
