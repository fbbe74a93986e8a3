//! Many kiosks with certificates of their own, and their connections.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt, stream};
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PublicKeyData, SerialNumber,
};
use rusqlite::{Connection, params};
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use sha2::{Digest, Sha256};
use sync::wire::{GatewayFrame, KioskFrame, SUBPROTOCOL, VERSION};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use crate::bank::{Bank, Papers};
use crate::echo;
use crate::error::BenchError;
use crate::paper::{Scribe, now};

/// How many connections are being made at once.
const AT_ONCE: usize = 64;

/// How long one connection may take.
const LIMIT: Duration = Duration::from_secs(60);

/// A connection of a kiosk.
pub type Socket = WebSocketStream<TlsStream<TcpStream>>;

/// A kiosk of the crowd.
#[derive(Debug)]
pub struct Member {
    name: String,
    connector: TlsConnectorOf,
    /// Writes its documents.
    pub scribe: Scribe,
}

/// Says nothing of the key in it.
#[derive(Clone)]
struct TlsConnectorOf(TlsConnector);

impl std::fmt::Debug for TlsConnectorOf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TlsConnector")
    }
}

/// What a kiosk of the crowd connects to.
#[derive(Debug, Clone)]
pub struct Target {
    /// `host:port`.
    pub address: String,
    /// Whether it is the gateway, which wants a greeting, or the echo.
    pub is_gateway: bool,
}

/// Issues certificates to so many kiosks with the key of the demo authority, and writes them into the gateway's registry,
/// which takes `alaqan-gateway enrol` a process for each.
///
/// # Errors
/// When the bank's files are not what they were.
pub fn gather(bank: &Bank, count: usize) -> Result<Vec<Member>, BenchError> {
    // The store is made by the first one.
    bank.enrol("first")?;
    let authority = bank.read("ca.pem")?;
    let issuer = Issuer::from_ca_cert_pem(&authority, KeyPair::from_pem(&bank.read("ca.key")?)?)?;
    let mut roots = RootCertStore::empty();
    let root = CertificateDer::from_pem_slice(authority.as_bytes())
        .map_err(|error| BenchError::Peer(error.to_string()))?;
    roots.add(root)?;
    let roots = Arc::new(roots);
    let registry = open_store(bank)?;
    let transaction = registry.unchecked_transaction()?;
    let mut members = Vec::with_capacity(count);
    for number in 0..count {
        let name = format!("crowd-{number:05}");
        let key = KeyPair::generate()?;
        let certificate = certificate_params(&name, number)?.signed_by(&key, &issuer)?;
        note(&transaction, &name, number, certificate.der(), &key)?;
        let papers = Papers {
            name: name.clone(),
            key: key.serialize_pem(),
            certificate: certificate.pem(),
            authority: authority.clone(),
        };
        members.push(Member {
            name,
            connector: connector(&papers, &roots)?,
            scribe: Scribe::new(&papers, 1_000_000 + number as u64)?,
        });
    }
    transaction.commit()?;
    Ok(members)
}

fn certificate_params(name: &str, number: usize) -> Result<CertificateParams, BenchError> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.serial_number = Some(SerialNumber::from_slice(&serial(number)));
    let since = Duration::from_millis(now().0.unsigned_abs());
    let begin = rcgen::date_time_ymd(1970, 1, 1);
    params.not_before = begin + since.saturating_sub(Duration::from_secs(3600));
    params.not_after = begin + since + Duration::from_secs(30 * 24 * 3600);
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

fn connector(papers: &Papers, roots: &Arc<RootCertStore>) -> Result<TlsConnectorOf, BenchError> {
    let key = PrivateKeyDer::from_pem_slice(papers.key.as_bytes())
        .map_err(|error| BenchError::Peer(error.to_string()))?;
    let certificate = CertificateDer::from_pem_slice(papers.certificate.as_bytes())
        .map_err(|error| BenchError::Peer(error.to_string()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_root_certificates(Arc::clone(roots))
        .with_client_auth_cert(vec![certificate], key)?;
    tls.resumption = rustls::client::Resumption::disabled();
    Ok(TlsConnectorOf(TlsConnector::from(Arc::new(tls))))
}

fn open_store(bank: &Bank) -> Result<Connection, BenchError> {
    let connection = Connection::open(bank.folder().join("gateway.db"))?;
    let key = bank.read("gateway.db.key")?;
    connection.execute_batch(&format!("PRAGMA key = \"x'{}'\"", key.trim()))?;
    Ok(connection)
}

/// What the gateway notes of a kiosk and its certificate.
fn note(
    registry: &Connection,
    name: &str,
    number: usize,
    der: &[u8],
    key: &KeyPair,
) -> Result<(), BenchError> {
    let sha256 = |bytes: &[u8]| Sha256::digest(bytes).to_vec();
    let now = now();
    registry
        .prepare_cached("INSERT INTO kiosk (kiosk_id, known_since) VALUES (?1, ?2)")?
        .execute(params![name, now.0])?;
    registry
        .prepare_cached(
            "INSERT INTO certificate (serial, kiosk_id, not_before, not_after, fingerprint, key_sha256, der)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            serial(number),
            name,
            now.0 - 3_600_000,
            now.0 + 30 * 24 * 3_600_000,
            sha256(der),
            sha256(&key.subject_public_key_info()),
            der
        ])?;
    Ok(())
}

/// The number of the certificate of a kiosk; it begins with a bit that keeps it positive and as long as it is.
fn serial(number: usize) -> [u8; 16] {
    let mut serial = [0x40; 16];
    serial[8..].copy_from_slice(&(number as u64).to_be_bytes());
    serial
}

/// Connects all of them; those that cannot are an error.
///
/// # Errors
/// The first that fails.
pub async fn connect(members: &[Member], target: &Target) -> Result<Vec<Socket>, BenchError> {
    let mut lines = stream::iter(members.iter().map(|member| one(member, target))).buffered(AT_ONCE);
    let mut sockets = Vec::with_capacity(members.len());
    while let Some(line) = lines.next().await {
        sockets.push(line?);
    }
    Ok(sockets)
}

async fn one(member: &Member, target: &Target) -> Result<Socket, BenchError> {
    let name = &member.name;
    let peer = |error: &dyn std::error::Error| BenchError::Peer(format!("{name}: {error}"));
    let making = async {
        let tcp = TcpStream::connect(&target.address)
            .await
            .map_err(|error| peer(&error))?;
        tcp.set_nodelay(true)?;
        let host = ServerName::try_from("127.0.0.1").map_err(|error| peer(&error))?;
        let tls = member
            .connector
            .0
            .connect(host, tcp)
            .await
            .map_err(|error| peer(&error))?;
        let url = format!("wss://{}/v1/kiosk", target.address);
        let mut request = url.into_client_request().map_err(|error| peer(&error))?;
        if target.is_gateway {
            let protocol = HeaderValue::from_static(SUBPROTOCOL);
            request.headers_mut().insert("Sec-WebSocket-Protocol", protocol);
        }
        let (mut socket, _) = client_async_with_config(request, tls, Some(echo::settings(true)))
            .await
            .map_err(|error| peer(&error))?;
        if target.is_gateway {
            greet(member, &mut socket).await?;
        }
        Ok(socket)
    };
    tokio::time::timeout(LIMIT, making)
        .await
        .map_err(|_| BenchError::Bound(format!("the connection of {name}")))?
}

async fn greet(member: &Member, socket: &mut Socket) -> Result<(), BenchError> {
    let peer = |error: &dyn std::fmt::Display| BenchError::Peer(format!("{}: {error}", member.name));
    let hello = KioskFrame::Hello {
        protocol: VERSION,
        kiosk_id: member.name.clone(),
        software: "bench".into(),
        awaiting: Vec::new(),
        software_sha256: [0; 32],
        capabilities: Vec::new(),
        audit: member.scribe.head(),
        at: now(),
        pending: 0,
    };
    let frame = Message::Binary(hello.encode().into());
    socket.send(frame).await.map_err(|error| peer(&error))?;
    loop {
        let message = socket
            .next()
            .await
            .ok_or_else(|| peer(&"the gateway has closed"))?;
        let Message::Binary(bytes) = message.map_err(|error| peer(&error))? else {
            continue;
        };
        return match GatewayFrame::decode(&bytes).map_err(|error| peer(&error))? {
            GatewayFrame::Welcome { .. } => Ok(()),
            other => Err(peer(&format!("no welcome but {other:?}"))),
        };
    }
}
