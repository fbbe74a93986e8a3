//! TLS and WebSocket: who is it, by the certificate alone?

use std::time::Duration;

use authority::Leaf;
use sync::wire::{FRAME_MAX_BYTES, HELLO_MAX_BYTES, SUBPROTOCOL};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;
use tokio_tungstenite::accept_hdr_async_with_config;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::header::SEC_WEBSOCKET_PROTOCOL;
use tokio_tungstenite::tungstenite::http::{HeaderValue, StatusCode};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use super::Shared;
use super::line::{FAREWELL_LIMIT, Line};
use super::measured::Measured;

/// How long TLS and WebSocket may take together.
const OPENING_LIMIT: Duration = Duration::from_secs(15);

/// How long a connection may wait for its turn, when many come at once.
const TURN_LIMIT: Duration = Duration::from_secs(30);

/// The largest message of somebody without a certificate.
const STRANGER_MAX_BYTES: usize = 16 * 1024;

/// What the request for a WebSocket may take beside the first frame.
const REQUEST_MAX_BYTES: usize = 16 * 1024;

/// How much is read at once. The library keeps a buffer of this size for each connection, and kiosks are idle most of
/// the time.
const READ_BYTES: usize = 4 * 1024;

/// What the other side has shown.
pub enum Papers {
    /// No certificate: it may enrol, and nothing else.
    None,
    /// A certificate of the authority that is valid now.
    Kiosk(Box<Leaf>),
}

/// At which step a connection failed, and why.
pub struct Failed {
    pub step: &'static str,
    pub reason: String,
}

/// Makes the connection.
pub async fn open(shared: &Shared, tcp: TcpStream) -> Result<(Box<Line>, Papers), Failed> {
    let late = |step| {
        move |_| Failed {
            step,
            reason: "not in time".to_owned(),
        }
    };
    // Whoever only connects and says nothing holds no place from those who have something to say.
    let mut byte = [0];
    let first = tokio::time::timeout(OPENING_LIMIT, tcp.peek(&mut byte));
    match first.await.map_err(late("time"))? {
        Ok(1..) => {}
        Ok(0) | Err(_) => {
            return Err(Failed {
                step: "tls",
                reason: "it left without a word".to_owned(),
            });
        }
    }
    let turn = tokio::time::timeout(TURN_LIMIT, shared.handshakes.acquire());
    let _turn = turn.await.map_err(late("turn"))?;
    tokio::time::timeout(OPENING_LIMIT, in_turn(shared, tcp))
        .await
        .map_err(late("time"))?
}

async fn in_turn(shared: &Shared, tcp: TcpStream) -> Result<(Box<Line>, Papers), Failed> {
    // Frames are written whole; waiting for more to send would only delay them.
    let _ = tcp.set_nodelay(true);
    let tls = handshake(shared, tcp)
        .await
        .map_err(|reason| Failed { step: "tls", reason })?;
    let shown = tls
        .get_ref()
        .1
        .peer_certificates()
        .and_then(|chain| chain.first());
    let (papers, largest) = match shown {
        None => (Papers::None, STRANGER_MAX_BYTES),
        Some(certificate) => match Leaf::from_der(certificate) {
            Ok(leaf) => (Papers::Kiosk(Box::new(leaf)), FRAME_MAX_BYTES),
            Err(error) => {
                return Err(Failed {
                    step: "certificate",
                    reason: error.to_string(),
                });
            }
        },
    };
    let limits = WebSocketConfig::default()
        .read_buffer_size(READ_BYTES)
        .max_message_size(Some(largest))
        .max_frame_size(Some(largest));
    let measured = Measured::new(tls, HELLO_MAX_BYTES + REQUEST_MAX_BYTES);
    let line = accept_hdr_async_with_config(measured, agree, Some(limits)).await;
    let line = line.map_err(|error| Failed {
        step: "websocket",
        reason: error.to_string(),
    })?;
    Ok((Box::new(line), papers))
}

async fn handshake(shared: &Shared, tcp: TcpStream) -> Result<TlsStream<TcpStream>, String> {
    match shared.acceptor.accept(tcp).into_fallible().await {
        Ok(tls) => Ok(tls),
        Err((error, mut tcp)) => {
            // The alert is on its way. It arrives only if what the other side still sends is read.
            let linger = async {
                tcp.shutdown().await?;
                let mut rest = [0; 1024];
                while tcp.read(&mut rest).await? > 0 {}
                Ok::<(), std::io::Error>(())
            };
            let _ = tokio::time::timeout(FAREWELL_LIMIT, linger).await;
            if let Some(fault) = certificate_fault(&error) {
                shared.refused_by_tls(fault).await;
            }
            Err(error.to_string())
        }
    }
}

/// What TLS has against the certificate of a kiosk, if that is what it has something against.
fn certificate_fault(error: &std::io::Error) -> Option<&'static str> {
    use rustls::CertificateError as Fault;
    match error.get_ref()?.downcast_ref()? {
        rustls::Error::InvalidCertificate(Fault::Expired | Fault::ExpiredContext { .. }) => Some("expired"),
        rustls::Error::InvalidCertificate(Fault::NotValidYet | Fault::NotValidYetContext { .. }) => {
            Some("not-valid-yet")
        }
        rustls::Error::InvalidCertificate(Fault::UnknownIssuer | Fault::BadSignature) => {
            Some("other-authority")
        }
        rustls::Error::InvalidCertificate(_) => Some("invalid"),
        _ => None,
    }
}

/// Agrees to what is to be spoken inside the WebSocket, if that is what is spoken here.
#[allow(clippy::result_large_err, reason = "the library's own type")]
fn agree(request: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
    let asked = request.headers().get_all(SEC_WEBSOCKET_PROTOCOL);
    let mut names = asked.iter().filter_map(|value| value.to_str().ok());
    if names.any(|list| list.split(',').any(|name| name.trim() == SUBPROTOCOL)) {
        let confirmed = HeaderValue::from_static(SUBPROTOCOL);
        response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, confirmed);
        return Ok(response);
    }
    let mut refusal = ErrorResponse::new(Some(format!("only {SUBPROTOCOL} is spoken here")));
    *refusal.status_mut() = StatusCode::BAD_REQUEST;
    Err(refusal)
}
