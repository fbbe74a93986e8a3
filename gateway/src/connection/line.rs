//! Frames over the WebSocket.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use sync::wire::{ByeReason, GatewayFrame, KioskFrame, WireError};
use tokio::io::AsyncReadExt;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{self, Message};

use super::measured::Measured;

/// How long a frame may take to be taken over by the line.
const WRITE_LIMIT: Duration = Duration::from_secs(60);

/// How long the farewell may take.
pub const FAREWELL_LIMIT: Duration = Duration::from_secs(2);

/// A connection to a kiosk, or to somebody who wants to be one.
pub type Line = WebSocketStream<Measured>;

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The kiosk left, or the line is gone.
    Gone,
    /// The gateway ends it.
    Bye(ByeReason),
}

/// The next sign of the kiosk: a frame, or something below frames. Can be dropped and called again without losing
/// anything.
pub async fn heard(line: &mut Line) -> Result<Option<KioskFrame>, End> {
    match line.next().await {
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
        Some(Err(_)) if line.get_ref().is_spent() => {
            tracing::warn!("somebody sent too much before it was let in");
            Err(End::Bye(ByeReason::Malformed))
        }
        Some(Err(error)) => {
            tracing::debug!(%error, "a connection is gone");
            Err(End::Gone)
        }
    }
}

/// The first frame, within a time.
pub async fn first_frame(line: &mut Line, limit: Duration) -> Result<KioskFrame, End> {
    let first = async {
        loop {
            if let Some(frame) = heard(line).await? {
                return Ok(frame);
            }
        }
    };
    tokio::time::timeout(limit, first).await.unwrap_or(Err(End::Gone))
}

/// Sends a frame.
pub async fn send(line: &mut Line, frame: &GatewayFrame) -> Result<(), End> {
    match tokio::time::timeout(WRITE_LIMIT, line.send(binary(frame))).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(End::Gone),
    }
}

/// Says why, and closes the connection from both sides.
pub async fn farewell(mut line: Box<Line>, end: End) {
    let farewell = async {
        if let End::Bye(reason) = end {
            line.send(binary(&GatewayFrame::Bye { reason })).await?;
        }
        WebSocketStream::close(&mut line, None).await?;
        // Until the other side has closed too: bytes that nobody has read would turn the farewell into a reset.
        while let Some(Ok(_)) = line.next().await {}
        let (mut rest, wire) = ([0; 4096], line.get_mut());
        wire.lift();
        while wire.read(&mut rest).await? > 0 {}
        Ok::<(), tungstenite::Error>(())
    };
    let _ = tokio::time::timeout(FAREWELL_LIMIT, farewell).await;
}

fn binary(frame: &GatewayFrame) -> Message {
    Message::Binary(frame.encode().into())
}
