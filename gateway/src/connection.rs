//! One kiosk on one connection.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use document::signature::P256Signer;
use futures_util::{SinkExt, StreamExt};
use sync::wire::{
    ByeReason, FRAME_MAX_BYTES, GatewayFrame, KioskFrame, Payload, SUBPROTOCOL, VERSION, WireError,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Notify, watch};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::header::SEC_WEBSOCKET_PROTOCOL;
use tokio_tungstenite::tungstenite::http::{HeaderValue, StatusCode};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async_with_config};
use verification::evidence::DocumentId;

use crate::intake::{self, Sender};
use crate::presence::Presence;
use crate::store::{Store, StoreError};
use crate::{tls, utc_now};

/// How long a kiosk may take for each step until its greeting.
const GREETING_LIMIT: Duration = Duration::from_secs(15);

/// How long a connection may be silent. A kiosk asks for a sign every few seconds, but not while a document is
/// under way on a slow line; this is the time that the largest document takes at 8 KiB a second.
const SILENCE_LIMIT: Duration = Duration::from_secs(18 * 60);

/// How long a frame may take to be taken over by the line.
const WRITE_LIMIT: Duration = Duration::from_secs(60);

/// How long the farewell may take.
const FAREWELL_LIMIT: Duration = Duration::from_secs(2);

/// What all connections share.
pub struct Shared {
    pub acceptor: TlsAcceptor,
    pub anchors: Vec<Vec<u8>>,
    pub store: Arc<dyn Store>,
    pub presence: Arc<Presence>,
    /// Signs receipts.
    pub signer: Arc<Mutex<P256Signer>>,
    /// Notified when a document was stored.
    pub stored: Arc<Notify>,
}

type Socket = WebSocketStream<TlsStream<TcpStream>>;

/// How a connection ended.
enum End {
    /// The kiosk left, or the line is gone.
    Gone,
    /// The gateway ends it.
    Bye(ByeReason),
}

/// Serves one connection to its end.
pub async fn serve(shared: Arc<Shared>, tcp: TcpStream, peer: SocketAddr, mut stop: watch::Receiver<bool>) {
    let opened = tokio::select! {
        opened = tokio::time::timeout(GREETING_LIMIT, open(&shared, tcp)) => opened,
        () = crate::stopped(&mut stop) => return,
    };
    let (mut socket, kiosk_id) = match opened {
        Ok(Ok(opened)) => opened,
        Ok(Err(reason)) => {
            tracing::warn!(%peer, reason, "a connection was refused");
            return;
        }
        Err(_) => {
            tracing::warn!(%peer, "a connection was not made in time");
            return;
        }
    };
    let end = greet(&shared, &mut socket, &kiosk_id, &mut stop).await;
    match &end {
        End::Gone => tracing::info!(kiosk = kiosk_id, "a kiosk has left"),
        End::Bye(reason) => tracing::info!(kiosk = kiosk_id, ?reason, "a connection was ended"),
    }
    let farewell = async {
        if let End::Bye(reason) = end {
            socket.send(binary(&GatewayFrame::Bye { reason })).await?;
        }
        socket.close(None).await?;
        // Until the other side has closed too: bytes that nobody has read would turn the farewell into a reset.
        while let Some(Ok(_)) = socket.next().await {}
        Ok::<(), tungstenite::Error>(())
    };
    let _ = tokio::time::timeout(FAREWELL_LIMIT, farewell).await;
}

/// TLS and WebSocket. Gives the name in the kiosk's certificate, or why there is no connection.
async fn open(shared: &Shared, tcp: TcpStream) -> Result<(Socket, String), String> {
    // Frames are written whole; waiting for more to send would only delay them.
    let _ = tcp.set_nodelay(true);
    let tls = match shared.acceptor.accept(tcp).into_fallible().await {
        Ok(tls) => tls,
        Err((error, mut tcp)) => {
            // The alert is on its way. It arrives only if what the other side still sends is read.
            let linger = async {
                tcp.shutdown().await?;
                let mut rest = [0; 1024];
                while tcp.read(&mut rest).await? > 0 {}
                Ok::<(), std::io::Error>(())
            };
            let _ = tokio::time::timeout(FAREWELL_LIMIT, linger).await;
            return Err(error.to_string());
        }
    };
    let certificate = tls
        .get_ref()
        .1
        .peer_certificates()
        .and_then(|chain| chain.first());
    let kiosk_id = certificate
        .and_then(|certificate| tls::common_name(certificate))
        .ok_or("the certificate names no kiosk")?;
    let limits = WebSocketConfig::default()
        .max_message_size(Some(FRAME_MAX_BYTES))
        .max_frame_size(Some(FRAME_MAX_BYTES));
    let socket = accept_hdr_async_with_config(tls, agree, Some(limits))
        .await
        .map_err(|error| error.to_string())?;
    Ok((socket, kiosk_id))
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

/// The greeting, and if it is good, all that follows.
async fn greet(
    shared: &Shared,
    socket: &mut Socket,
    kiosk_id: &str,
    stop: &mut watch::Receiver<bool>,
) -> End {
    let first = tokio::select! {
        first = tokio::time::timeout(GREETING_LIMIT, first_frame(socket)) => first.unwrap_or(Err(End::Gone)),
        () = crate::stopped(stop) => return End::Bye(ByeReason::ShuttingDown),
    };
    let awaiting = match first {
        Ok(KioskFrame::Hello {
            protocol: VERSION,
            kiosk_id: named,
            software,
            awaiting,
            ..
        }) => {
            if named != kiosk_id {
                tracing::warn!(
                    kiosk = kiosk_id,
                    named,
                    "a greeting names another kiosk than the certificate"
                );
                return End::Bye(ByeReason::KioskMismatch);
            }
            tracing::info!(
                kiosk = kiosk_id,
                software,
                awaiting = awaiting.len(),
                "a kiosk has come"
            );
            awaiting
        }
        Ok(KioskFrame::Hello { protocol, .. }) => {
            tracing::warn!(kiosk = kiosk_id, protocol, "a greeting in another version");
            return End::Bye(ByeReason::Version);
        }
        Ok(_) => return End::Bye(ByeReason::Malformed),
        Err(end) => return end,
    };
    // From here on answers come by the queue, so that none falls between the list below and the next one.
    let (connection, mut queue) = shared.presence.arrive(kiosk_id);
    let end = attend(shared, socket, kiosk_id, awaiting, &mut queue, stop).await;
    shared.presence.leave(kiosk_id, connection);
    end
}

async fn attend(
    shared: &Shared,
    socket: &mut Socket,
    kiosk_id: &str,
    awaiting: Vec<DocumentId>,
    queue: &mut tokio::sync::mpsc::Receiver<GatewayFrame>,
    stop: &mut watch::Receiver<bool>,
) -> End {
    let gateway = concat!("alaqan-gateway ", env!("CARGO_PKG_VERSION")).to_owned();
    if let Err(end) = send(
        socket,
        &GatewayFrame::Welcome {
            protocol: VERSION,
            gateway,
            window_documents: 1,
            window_bytes: 0,
            at: utc_now(),
            export_recipient: None,
        },
    )
    .await
    {
        return end;
    }
    if let Err(end) = send_owed(shared, socket, kiosk_id, awaiting).await {
        return end;
    }
    loop {
        let done = tokio::select! {
            frame = tokio::time::timeout(SILENCE_LIMIT, heard(socket)) => match frame {
                Ok(Ok(None)) => Ok(()),
                Ok(Ok(Some(frame))) => take(shared, socket, kiosk_id, frame).await,
                Ok(Err(end)) => Err(end),
                Err(_) => Err(End::Gone),
            },
            frame = queue.recv() => match frame {
                Some(frame) => send(socket, &frame).await,
                None => Err(End::Bye(shared.presence.why_ended(kiosk_id))),
            },
            () = crate::stopped(stop) => Err(End::Bye(ByeReason::ShuttingDown)),
        };
        if let Err(end) = done {
            return end;
        }
    }
}

/// Sends the answers that the kiosk has not stored yet.
async fn send_owed(
    shared: &Shared,
    socket: &mut Socket,
    kiosk_id: &str,
    awaiting: Vec<DocumentId>,
) -> Result<(), End> {
    let owed = logged(shared.store.owed(kiosk_id, &awaiting).await).unwrap_or_default();
    for id in owed {
        if let Some(document) = logged(shared.store.answer(id).await).flatten() {
            send(
                socket,
                &GatewayFrame::Identified {
                    id,
                    document: Payload(document),
                },
            )
            .await?;
        }
    }
    Ok(())
}

async fn take(shared: &Shared, socket: &mut Socket, kiosk_id: &str, frame: KioskFrame) -> Result<(), End> {
    match frame {
        KioskFrame::Hello { .. } | KioskFrame::Enrol { .. } => Err(End::Bye(ByeReason::Malformed)),
        KioskFrame::Renew { .. } => Err(End::Bye(ByeReason::RenewalRefused)),
        KioskFrame::Submit { id, document } => {
            let sender = Sender {
                kiosk_id,
                anchors: &shared.anchors,
            };
            match intake::accept(&*shared.store, &sender, id, document.0, utc_now()).await {
                Ok(receipt) => {
                    // Also for one that was known: whoever stored it may have ended before saying so.
                    shared.stored.notify_one();
                    let frame = match intake::sign(&receipt, &*shared.signer, utc_now()) {
                        Ok(receipt) => GatewayFrame::Receipt {
                            id,
                            receipt: Payload(receipt),
                        },
                        Err(code) => GatewayFrame::Refused { id, code },
                    };
                    send(socket, &frame).await
                }
                Err(code) => send(socket, &GatewayFrame::Refused { id, code }).await,
            }
        }
        KioskFrame::ResultSeen { id } => {
            logged(shared.store.seen(kiosk_id, id, utc_now()).await);
            Ok(())
        }
    }
}

/// The first frame of the kiosk.
async fn first_frame(socket: &mut Socket) -> Result<KioskFrame, End> {
    loop {
        if let Some(frame) = heard(socket).await? {
            return Ok(frame);
        }
    }
}

/// The next sign of the kiosk: a frame, or something below frames. Can be dropped and called again without losing
/// anything.
async fn heard(socket: &mut Socket) -> Result<Option<KioskFrame>, End> {
    match socket.next().await {
        Some(Ok(Message::Binary(bytes))) => KioskFrame::decode(&bytes).map(Some).map_err(|error| {
            tracing::warn!(%error, "a kiosk sent something that makes no sense");
            match error {
                WireError::Version(_) => End::Bye(ByeReason::Version),
                WireError::TooLarge(_) | WireError::Malformed(_) => End::Bye(ByeReason::Malformed),
            }
        }),
        Some(Ok(Message::Text(_))) => Err(End::Bye(ByeReason::Malformed)),
        // The library has queued the answer to a ping; it goes out with the next reading.
        Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => Ok(None),
        Some(Ok(Message::Close(_))) | None => Err(End::Gone),
        Some(Err(tungstenite::Error::Capacity(error))) => {
            tracing::warn!(%error, "a kiosk sent too much");
            Err(End::Bye(ByeReason::Malformed))
        }
        Some(Err(error)) => {
            tracing::debug!(%error, "a connection is gone");
            Err(End::Gone)
        }
    }
}

async fn send(socket: &mut Socket, frame: &GatewayFrame) -> Result<(), End> {
    match tokio::time::timeout(WRITE_LIMIT, socket.send(binary(frame))).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(End::Gone),
    }
}

fn binary(frame: &GatewayFrame) -> Message {
    Message::Binary(frame.encode().into())
}

/// What the store gives; its failure is logged.
fn logged<T>(outcome: Result<T, StoreError>) -> Option<T> {
    outcome
        .inspect_err(|error| tracing::error!(error = error as &dyn std::error::Error, "the store failed"))
        .ok()
}
