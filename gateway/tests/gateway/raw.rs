//! A client that sends whatever a test wants, with any certificate or none.

use std::net::SocketAddr;
use std::sync::Arc;

use authority::{Authority, CertificateRequest, Lifetime, Profile, new_key, request_for};
use futures_util::{SinkExt, StreamExt};
use gateway::enrolment::{issued, new_serial};
use gateway::store::Trust;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use sync::wire::{ByeReason, GatewayFrame, KioskFrame, SUBPROTOCOL, VERSION};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::http::header::SEC_WEBSOCKET_PROTOCOL;
use tokio_tungstenite::tungstenite::{Error, Message};
use verification::Sensitive;
use verification::audit::{AuditEntry, AuditHead, LogId};
use verification::time::UtcMs;

use crate::bank::{Bank, Enrolled, PATIENCE, now, settings};

/// A connection without manners.
pub struct Raw<'a> {
    bank: &'a Bank,
    socket: WebSocketStream<TlsStream<TcpStream>>,
}

impl<'a> Raw<'a> {
    /// Connects with the certificate of these papers, or with none.
    pub fn connect(bank: &'a Bank, address: SocketAddr, papers: Option<&Enrolled>) -> Result<Self, Error> {
        let mut roots = rustls::RootCertStore::empty();
        let authority = std::fs::read(bank.folder.path().join("ca.pem")).unwrap();
        roots
            .add(CertificateDer::from_pem_slice(&authority).unwrap())
            .unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = rustls::ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .with_root_certificates(roots);
        let config = match papers {
            None => builder.with_no_client_auth(),
            Some(papers) => {
                let chain = vec![CertificateDer::from_pem_slice(&papers.read("kiosk.pem")).unwrap()];
                let key = PrivateKeyDer::from_pem_slice(&papers.read("kiosk.key")).unwrap();
                builder.with_client_auth_cert(chain, key).unwrap()
            }
        };
        let socket = bank.runtime.block_on(async {
            let tcp = TcpStream::connect(address).await?;
            let name = ServerName::try_from("localhost").unwrap();
            let tls = TlsConnector::from(Arc::new(config)).connect(name, tcp).await?;
            let mut request = format!("wss://{address}/v1/kiosk").into_client_request()?;
            let spoken = HeaderValue::from_static(SUBPROTOCOL);
            request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, spoken);
            Ok::<_, Error>(tokio_tungstenite::client_async(request, tls).await?.0)
        })?;
        Ok(Self { bank, socket })
    }

    /// Sends a frame. The gateway may have left already.
    pub fn send(&mut self, frame: &KioskFrame) {
        let message = Message::Binary(frame.encode().into());
        let _ = self.bank.runtime.block_on(self.socket.send(message));
    }

    /// The next frame; `None` once the gateway has left.
    pub fn next(&mut self) -> Option<GatewayFrame> {
        let next = async {
            loop {
                match self.socket.next().await? {
                    Ok(Message::Binary(bytes)) => return Some(GatewayFrame::decode(&bytes).unwrap()),
                    Ok(_) => {}
                    Err(_) => return None,
                }
            }
        };
        self.bank
            .runtime
            .block_on(async { tokio::time::timeout(PATIENCE, next).await })
            .expect("the gateway says nothing")
    }

    /// The farewell of the gateway, after nothing else.
    pub fn farewell(&mut self) -> Option<ByeReason> {
        match self.next() {
            Some(GatewayFrame::Bye { reason }) => Some(reason),
            None => None,
            Some(other) => panic!("{other:?}"),
        }
    }

    /// Greets, and gives what the gateway says to it.
    pub fn greet(&mut self, kiosk_id: &str, audit: AuditHead, at: UtcMs) -> Option<GatewayFrame> {
        self.send(&hello(kiosk_id, audit, at));
        self.next()
    }
}

/// A greeting.
pub fn hello(kiosk_id: &str, audit: AuditHead, at: UtcMs) -> KioskFrame {
    KioskFrame::Hello {
        protocol: VERSION,
        kiosk_id: kiosk_id.into(),
        software: "test".into(),
        awaiting: Vec::new(),
        software_sha256: [7; 32],
        capabilities: vec!["face".into()],
        audit,
        at,
        pending: 0,
    }
}

/// The head of an audit log after so many records that say this.
pub fn head(records: u64, event: &str) -> AuditHead {
    let entry = AuditEntry {
        at: UtcMs(1),
        session: None,
        event,
    };
    (0..records).fold(AuditHead::empty(LogId([9; 16])), |head, _| head.follow(&entry))
}

/// A kiosk whose certificate was issued so many days ago for so many days, and is in the registry if `registered`.
pub fn aged(bank: &Bank, name: &str, days_ago: i64, lifetime: u32, registered: bool) -> Enrolled {
    let file = |name: &str| std::fs::read_to_string(bank.folder.path().join(name)).unwrap();
    let authority = Authority::load(&Sensitive::new(file("ca.key")), &file("ca.pem")).unwrap();
    let key = new_key().unwrap();
    let request = CertificateRequest::from_der(&request_for(&key).unwrap()).unwrap();
    let then = UtcMs(now().0 - days_ago * 24 * 60 * 60 * 1000);
    let der = authority
        .issue(
            &request,
            &Profile::Kiosk(name.parse().unwrap()),
            Lifetime::days(lifetime),
            &new_serial().unwrap(),
            then,
        )
        .unwrap();
    if registered {
        let store = bank.store();
        bank.runtime.block_on(async {
            store.add_kiosk(name, now()).await.unwrap();
            store
                .add_certificate(&issued(&der).unwrap(), now())
                .await
                .unwrap();
        });
    }
    papers(bank, name, &der, key.expose())
}

/// Writes papers as a kiosk has them.
pub fn papers(bank: &Bank, name: &str, der: &[u8], key_pem: &str) -> Enrolled {
    let folder = bank.folder.path().join("papers").join(name);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("kiosk.pem"), to_pem(der)).unwrap();
    std::fs::write(folder.join("kiosk.key"), key_pem).unwrap();
    std::fs::copy(bank.folder.path().join("ca.pem"), folder.join("ca.pem")).unwrap();
    Enrolled {
        name: name.into(),
        folder,
        settings: settings(),
    }
}

fn to_pem(der: &[u8]) -> String {
    use x509_cert::der::pem::LineEnding;
    use x509_cert::der::{Decode, EncodePem};
    x509_cert::Certificate::from_der(der)
        .unwrap()
        .to_pem(LineEnding::LF)
        .unwrap()
}

/// What stands in the audit log of the gateway.
pub fn audit_log(bank: &Bank) -> Vec<String> {
    use gateway::store::{Store, Trail};
    let store = bank.store();
    let records = bank
        .runtime
        .block_on(store.audit_records(store.log(), 0, 10_000))
        .unwrap();
    records.into_iter().map(|record| record.event).collect()
}

/// Waits until something is so.
pub fn until(what: &str, mut so: impl FnMut() -> bool) {
    let end = std::time::Instant::now() + PATIENCE;
    while !so() {
        assert!(std::time::Instant::now() < end, "{what} did not come");
        std::thread::yield_now();
    }
}
