//! Where to connect, and how: TCP, TLS and WebSocket, and what a failure of each means.

use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::header::SEC_WEBSOCKET_PROTOCOL;
use tokio_tungstenite::tungstenite::http::{HeaderValue, Uri};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use super::ConfigError;
use crate::machine::LinkDownReason;
use crate::wire::{FRAME_MAX_BYTES, SUBPROTOCOL};

/// How much is read from the line at once. The frames of a gateway are small; the default of the library, 128 KiB,
/// would be kept for as long as the connection lasts.
const READ_BUFFER_BYTES: usize = 8 * 1024;

/// After how long without traffic the system asks whether the other side is still there, and how often. The
/// kiosk's own ping does the same above TLS; this one also ends a connection whose program has stopped reading.
const KEEPALIVE: Duration = Duration::from_secs(20);

/// For how long sent bytes may stay unconfirmed before the system gives the connection up.
#[cfg(target_os = "linux")]
const UNCONFIRMED_LIMIT: Duration = Duration::from_secs(60);

pub type Socket = WebSocketStream<TlsStream<TcpStream>>;

/// Where to connect, and how.
#[derive(Clone)]
pub struct Target {
    url: String,
    host: String,
    port: u16,
    server_name: ServerName<'static>,
    tls: TlsConnector,
}

impl Target {
    pub fn new(url_text: &str, tls: rustls::ClientConfig) -> Result<Self, ConfigError> {
        let url = || ConfigError::Url(url_text.to_owned());
        let uri: Uri = url_text.parse().map_err(|_| url())?;
        if uri.scheme_str() != Some("wss") {
            return Err(url());
        }
        let host = uri.host().ok_or_else(url)?.trim_matches(['[', ']']).to_owned();
        let server_name = ServerName::try_from(host.clone()).map_err(|_| url())?;

        Ok(Self {
            url: url_text.to_owned(),
            host,
            port: uri.port_u16().unwrap_or(443),
            server_name,
            tls: TlsConnector::from(Arc::new(tls)),
        })
    }

    pub async fn dial(self) -> Result<Socket, LinkDownReason> {
        let tcp = TcpStream::connect((self.host.as_str(), self.port))
            .await
            .map_err(|error| LinkDownReason::Unreachable(error.to_string()))?;
        tune(&tcp);
        let tls = self
            .tls
            .connect(self.server_name, tcp)
            .await
            .map_err(|error| tls_reason(&error))?;
        let limits = WebSocketConfig::default()
            .max_message_size(Some(FRAME_MAX_BYTES))
            .max_frame_size(Some(FRAME_MAX_BYTES))
            .read_buffer_size(READ_BUFFER_BYTES);
        let mut request = self
            .url
            .into_client_request()
            .map_err(|error| LinkDownReason::NotAGateway(error.to_string()))?;
        request
            .headers_mut()
            .insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
        let (socket, _) = client_async_with_config(request, tls, Some(limits))
            .await
            .map_err(handshake_reason)?;
        Ok(socket)
    }
}

/// Makes a connection notice soon that the other side is gone. What the system does not know is left out: the
/// kiosk's own ping does not depend on it.
fn tune(tcp: &TcpStream) {
    // Frames are written whole; waiting for more to send would only delay them.
    let _ = tcp.set_nodelay(true);
    let socket = SockRef::from(tcp);
    let keepalive = TcpKeepalive::new()
        .with_time(KEEPALIVE)
        .with_interval(KEEPALIVE / 2);
    let _ = socket.set_tcp_keepalive(&keepalive);
    #[cfg(target_os = "linux")]
    let _ = socket.set_tcp_user_timeout(Some(UNCONFIRMED_LIMIT));
}

/// The certificates of a PEM text; at least one.
pub fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let all: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|error| error.to_string())?;
    if all.is_empty() {
        Err("no certificate in it".into())
    } else {
        Ok(all)
    }
}

/// What a failure of the transport means. The TLS library hands its errors out inside those of the transport.
fn tls_reason(error: &std::io::Error) -> LinkDownReason {
    use rustls::{AlertDescription as Alert, CertificateError, Error};
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        Some(Error::InvalidCertificate(
            fault @ (CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. }),
        )) => LinkDownReason::ClockOrValidity(fault.to_string()),
        Some(Error::AlertReceived(Alert::CertificateExpired)) => LinkDownReason::KioskExpired,
        Some(Error::InvalidCertificate(fault)) => LinkDownReason::GatewayUntrusted(format!("{fault:?}")),
        Some(Error::AlertReceived(
            alert @ (Alert::UnknownCA
            | Alert::BadCertificate
            | Alert::CertificateRequired
            | Alert::CertificateRevoked
            | Alert::CertificateUnknown
            | Alert::UnsupportedCertificate
            | Alert::DecryptError
            | Alert::AccessDenied),
        )) => LinkDownReason::KioskRefused(format!("{alert:?}")),
        Some(fault) => LinkDownReason::NotAGateway(fault.to_string()),
        None => match error.kind() {
            std::io::ErrorKind::UnexpectedEof
            | std::io::ErrorKind::ConnectionReset
            | std::io::ErrorKind::ConnectionAborted
            | std::io::ErrorKind::BrokenPipe => LinkDownReason::Closed,
            _ => LinkDownReason::Unreachable(error.to_string()),
        },
    }
}

/// What a failure before the first frame means.
fn handshake_reason(error: tungstenite::Error) -> LinkDownReason {
    match error {
        tungstenite::Error::Io(error) => tls_reason(&error),
        tungstenite::Error::ConnectionClosed | tungstenite::Error::AlreadyClosed => LinkDownReason::Closed,
        tungstenite::Error::Protocol(tungstenite::error::ProtocolError::HandshakeIncomplete) => {
            LinkDownReason::Closed
        }
        error => LinkDownReason::NotAGateway(error.to_string()),
    }
}

/// What a failure between frames means.
pub fn socket_reason(error: tungstenite::Error) -> LinkDownReason {
    match error {
        tungstenite::Error::Io(error) => tls_reason(&error),
        tungstenite::Error::ConnectionClosed
        | tungstenite::Error::AlreadyClosed
        | tungstenite::Error::Protocol(tungstenite::error::ProtocolError::ResetWithoutClosingHandshake) => {
            LinkDownReason::Closed
        }
        error => LinkDownReason::Nonsense(error.to_string()),
    }
}

/// The certificates of a PEM text in DER, in their order; what [`ClientConfig`](super::ClientConfig) takes.
///
/// # Errors
/// When there is none, or one cannot be read.
pub fn chain_from_pem(pem: &[u8]) -> Result<Vec<Vec<u8>>, ConfigError> {
    let all = certificates(pem).map_err(ConfigError::Certificate)?;
    Ok(all.iter().map(|certificate| certificate.to_vec()).collect())
}
