//! The client on a real line, in front of a small gateway: whom it trusts, and what it shows of itself.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::net::SocketAddr;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, PublicKeyData, date_time_ymd,
};
use rustls::RootCertStore;
use rustls::pki_types::PrivateKeyDer;
use rustls::server::WebPkiClientVerifier;
use sha2::{Digest, Sha256};
use sync::wire::{GatewayFrame, KioskFrame, SUBPROTOCOL, VERSION};
use sync::{
    ClientConfig, ConfigError, EnrolError, Event, Handle, LinkDownReason, PemKey, Settings, Standing, Trust,
};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::accept_hdr_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use verification::Sensitive;
use verification::audit::{AuditHead, LogId};
use verification::time::UtcMs;

/// How long a test waits for what must happen.
const PATIENCE: Duration = Duration::from_secs(30);

struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key.
struct Papers {
    der: Vec<u8>,
    key: KeyPair,
}

fn named(name: &str, years: (i32, i32)) -> CertificateParams {
    let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.not_before = date_time_ymd(years.0, 1, 1);
    params.not_after = date_time_ymd(years.1, 1, 1);
    params
}

impl Authority {
    fn new() -> Self {
        let mut params = named("authority", (2000, 2100));
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn issue(&self, name: &str, purpose: ExtendedKeyUsagePurpose, years: (i32, i32)) -> Papers {
        let mut params = named(name, years);
        params.extended_key_usages = vec![purpose];
        let key = KeyPair::generate().unwrap();
        let der = params.signed_by(&key, &self.0).unwrap().der().to_vec();
        Papers { der, key }
    }

    fn kiosk(&self) -> Papers {
        self.issue("k-1", ExtendedKeyUsagePurpose::ClientAuth, (2000, 2100))
    }
}

impl Papers {
    fn client_key(&self) -> Arc<PemKey> {
        let pem = Sensitive::new(self.key.serialize_pem().into_bytes());
        Arc::new(PemKey::new(&pem).unwrap())
    }
}

/// Welcomes everybody of the authority, and hangs up when it is told that an answer was seen.
struct Gateway {
    address: SocketAddr,
    /// The certificate that each connection has shown.
    shown: mpsc::Receiver<Vec<u8>>,
    key_sha256: [u8; 32],
    authority_pem: Vec<u8>,
    _runtime: tokio::runtime::Runtime,
}

impl Gateway {
    fn start(authority: &Authority, years: (i32, i32)) -> Self {
        let papers = authority.issue("gateway", ExtendedKeyUsagePurpose::ServerAuth, years);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(authority.0.der().clone()).unwrap();
        let clients = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .allow_unauthenticated()
            .build()
            .unwrap();
        let key = PrivateKeyDer::try_from(papers.key.serialize_der()).unwrap();
        let tls = rustls::ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .with_client_cert_verifier(clients)
            .with_single_cert(vec![papers.der.into(), authority.0.der().clone()], key)
            .unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, shown) = mpsc::channel();
        runtime.spawn(accept(listener, TlsAcceptor::from(Arc::new(tls)), sender));
        Self {
            address,
            shown,
            key_sha256: Sha256::digest(papers.key.subject_public_key_info()).into(),
            authority_pem: authority.0.pem().into_bytes(),
            _runtime: runtime,
        }
    }

    fn url(&self) -> String {
        format!("wss://{}/v1/kiosk", self.address)
    }

    fn client(&self, kiosk: &Papers) -> ClientConfig {
        ClientConfig {
            url: self.url(),
            authority_pem: self.authority_pem.clone(),
            pins: Vec::new(),
            chain: vec![kiosk.der.clone()],
            key: kiosk.client_key(),
            kiosk_id: "k-1".into(),
            software: "test".into(),
            software_sha256: [0; 32],
            capabilities: Vec::new(),
            standing: Standing {
                audit: AuditHead::empty(LogId([1; 16])),
                pending: 0,
            },
            settings: Settings {
                backoff_max: Duration::from_millis(50),
                ..Settings::default()
            },
        }
    }
}

async fn accept(listener: TcpListener, acceptor: TlsAcceptor, shown: mpsc::Sender<Vec<u8>>) {
    #[allow(clippy::result_large_err, reason = "the library's own type")]
    fn promise(_: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
        let name = SUBPROTOCOL.parse().unwrap();
        response.headers_mut().insert("Sec-WebSocket-Protocol", name);
        Ok(response)
    }
    loop {
        let (tcp, _) = listener.accept().await.unwrap();
        let Ok(tls) = acceptor.accept(tcp).await else {
            continue;
        };
        let certificate = tls.get_ref().1.peer_certificates();
        let _ = shown.send(certificate.map_or_else(Vec::new, |chain| chain[0].to_vec()));
        let Ok(mut socket) = accept_hdr_async(tls, promise).await else {
            continue;
        };
        while let Some(Ok(message)) = socket.next().await {
            let Message::Binary(bytes) = message else {
                continue;
            };
            match KioskFrame::decode(&bytes).unwrap() {
                KioskFrame::Hello { .. } => {
                    let welcome = GatewayFrame::Welcome {
                        protocol: VERSION,
                        gateway: "g".into(),
                        window_documents: 1,
                        window_bytes: 0,
                        at: UtcMs(0),
                        export_recipient: None,
                    };
                    let _ = socket.send(Message::Binary(welcome.encode().into())).await;
                }
                _ => break,
            }
        }
    }
}

fn start(config: ClientConfig) -> (Handle, mpsc::Receiver<Event>) {
    let (sender, events) = mpsc::channel();
    let handle = sync::spawn(config, move |event| {
        // The test may have ended.
        let _ = sender.send(event);
    });
    (handle.unwrap(), events)
}

/// Whether the line came up, or why it did not.
fn outcome(events: &mpsc::Receiver<Event>) -> Result<(), LinkDownReason> {
    loop {
        match events.recv_timeout(PATIENCE).unwrap() {
            Event::Welcome { .. } => return Ok(()),
            Event::LinkDown { reason } => return Err(reason),
            _ => {}
        }
    }
}

#[test]
fn a_pinned_key_is_the_only_one() {
    let authority = Authority::new();
    let gateway = Gateway::start(&authority, (2000, 2100));
    let check = |pins: Vec<[u8; 32]>| {
        let config = gateway.client(&authority.kiosk());
        let (_handle, events) = start(ClientConfig { pins, ..config });
        outcome(&events)
    };
    assert_eq!(check(Vec::new()), Ok(()));
    assert_eq!(check(vec![[7; 32], gateway.key_sha256]), Ok(()));
    let other = check(vec![[7; 32]]);
    assert!(
        matches!(other, Err(LinkDownReason::GatewayUntrusted(_))),
        "{other:?}"
    );
}

#[test]
fn a_time_that_does_not_fit_has_a_reason_of_its_own() {
    let authority = Authority::new();
    for years in [(2000, 2001), (2090, 2100)] {
        let gateway = Gateway::start(&authority, years);
        let (_handle, events) = start(gateway.client(&authority.kiosk()));
        let found = outcome(&events);
        assert!(
            matches!(found, Err(LinkDownReason::ClockOrValidity(_))),
            "{found:?}"
        );
        let trust = Trust::Authority(gateway.authority_pem.clone());
        let found = sync::enrol(
            &gateway.url(),
            &Sensitive::new("CODE".to_owned()),
            "k-1",
            &[],
            trust,
            "test",
        );
        assert!(matches!(found, Err(EnrolError::Clock(_))), "{found:?}");
    }
    let gateway = Gateway::start(&authority, (2000, 2100));
    let expired = authority.issue("k-1", ExtendedKeyUsagePurpose::ClientAuth, (2000, 2001));
    let (_handle, events) = start(gateway.client(&expired));
    assert_eq!(outcome(&events), Err(LinkDownReason::KioskExpired));
}

#[test]
fn a_certificate_for_another_key_is_not_used() {
    let authority = Authority::new();
    let gateway = Gateway::start(&authority, (2000, 2100));
    let (first, second) = (authority.kiosk(), authority.kiosk());
    let config = ClientConfig {
        chain: vec![second.der],
        ..gateway.client(&first)
    };
    let started = sync::spawn(config, |_| {});
    assert!(matches!(started, Err(ConfigError::OtherKey)), "{started:?}");
}

#[test]
fn a_code_is_told_to_the_right_authority_alone() {
    let authority = Authority::new();
    let gateway = Gateway::start(&authority, (2000, 2100));
    let check = |trust| {
        let code = Sensitive::new("CODE".to_owned());
        sync::enrol(&gateway.url(), &code, "k-1", &[], trust, "test")
    };
    let other = Authority::new();
    for trust in [
        Trust::Fingerprint(Sha256::digest(other.0.der()).into()),
        Trust::Authority(other.0.pem().into_bytes()),
    ] {
        let found = check(trust);
        assert!(matches!(found, Err(EnrolError::OtherAuthority(_))), "{found:?}");
    }
    assert!(gateway.shown.try_recv().is_err(), "no connection was made");
    // This gateway hangs up when it hears the code.
    let found = check(Trust::Fingerprint(Sha256::digest(authority.0.der()).into()));
    assert!(matches!(found, Err(EnrolError::Unreachable(_))), "{found:?}");
    assert_eq!(gateway.shown.recv_timeout(PATIENCE).unwrap(), Vec::<u8>::new());
}
