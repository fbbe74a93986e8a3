//! Carries the bytes of one connection, and does to them what its fate says.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::timeout;

use super::fate::{Fate, Way};

/// So much of what a kiosk says is kept for a replay.
pub const RECORDED_MAX_BYTES: usize = 256 * 1024;

/// Pieces in which bytes are carried; small, so that cuts and delays fall between many of them.
const PIECE_BYTES: usize = 4 * 1024;

/// Carries both directions until one of them ends. Gives the beginning of what the kiosk said.
pub(super) async fn run(
    kiosk: TcpStream,
    gateway: TcpStream,
    echo: Option<TcpStream>,
    fate: Fate,
    replay: Vec<u8>,
    silence_max: Duration,
) -> Vec<u8> {
    // The line is the bad one here, not the waiting of the system for more bytes.
    let _ = kiosk.set_nodelay(true);
    let _ = gateway.set_nodelay(true);
    let (from_kiosk, to_kiosk) = kiosk.into_split();
    let (from_gateway, to_gateway) = gateway.into_split();
    let mut told = Vec::new();
    let mut second = None;
    if let Some(echo) = echo {
        let (mut unheard, mut writer) = echo.into_split();
        if fate == Fate::Replayed {
            // Whether the gateway takes it or closes is what is to be found out; nothing here depends on it.
            tokio::spawn(async move {
                let _ = writer.write_all(&replay).await;
                drain(&mut unheard, silence_max).await;
            });
        } else {
            tokio::spawn(async move { drain(&mut unheard, silence_max).await });
            second = Some(writer);
        }
    }
    let up = carry(
        Way::Up,
        from_kiosk,
        to_gateway,
        second,
        fate,
        silence_max,
        Some(&mut told),
    );
    let down = carry(Way::Down, from_gateway, to_kiosk, None, fate, silence_max, None);
    tokio::select! {
        () = up => {}
        () = down => {}
    }
    told
}

async fn drain(reader: &mut OwnedReadHalf, silence_max: Duration) {
    let mut piece = [0; PIECE_BYTES];
    while matches!(timeout(silence_max, reader.read(&mut piece)).await, Ok(Ok(bytes)) if bytes > 0) {}
}

async fn carry(
    way: Way,
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut second: Option<OwnedWriteHalf>,
    fate: Fate,
    silence_max: Duration,
    mut told: Option<&mut Vec<u8>>,
) {
    let mut buffer = [0; PIECE_BYTES];
    let mut carried: u64 = 0;
    loop {
        let Ok(Ok(bytes @ 1..)) = timeout(silence_max, from.read(&mut buffer)).await else {
            return;
        };
        let mut piece = buffer.get(..bytes).unwrap_or_default();
        let mut last = false;
        let before = carried;
        carried += bytes as u64;
        match fate {
            Fate::Cut {
                way: cut,
                after_bytes,
            } if cut == way && carried > u64::from(after_bytes) => {
                let rest = u64::from(after_bytes).saturating_sub(before);
                piece = piece
                    .get(..usize::try_from(rest).unwrap_or(0))
                    .unwrap_or_default();
                last = true;
            }
            Fate::HalfDead {
                way: dead,
                after_bytes,
            } if dead == way && carried > u64::from(after_bytes) => continue,
            Fate::Delayed { by } => tokio::time::sleep(by).await,
            Fate::Slow { bytes_per_s } => {
                let pause_us = bytes as u64 * 1_000_000 / u64::from(bytes_per_s.max(1));
                tokio::time::sleep(Duration::from_micros(pause_us)).await;
            }
            _ => {}
        }
        if let Some(told) = told.as_deref_mut()
            && told.len() < RECORDED_MAX_BYTES
        {
            told.extend_from_slice(piece);
        }
        if let Some(writer) = &mut second
            && writer.write_all(piece).await.is_err()
        {
            second = None;
        }
        if to.write_all(piece).await.is_err() || last {
            return;
        }
    }
}
