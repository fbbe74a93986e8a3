//! Which kiosks are connected, and the way to each of them.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use sync::wire::{ByeReason, GatewayFrame};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

/// How many frames may wait for one kiosk. When they do not fit, its connection is ended: the next one starts with
/// all that it has missed.
const WAITING_MAX: usize = 64;

/// The kiosks that are connected.
#[derive(Debug, Default)]
pub struct Presence {
    kiosks: Mutex<(u64, HashMap<String, Entry>)>,
}

#[derive(Debug)]
struct Entry {
    connection: u64,
    frames: mpsc::Sender<GatewayFrame>,
}

impl Presence {
    /// Notes a connection and gives its number and the frames for it. A former connection of the same kiosk is
    /// replaced: its frames end.
    pub fn arrive(&self, kiosk_id: &str) -> (u64, mpsc::Receiver<GatewayFrame>) {
        let (frames, inbox) = mpsc::channel(WAITING_MAX);
        let mut kiosks = self.lock();
        kiosks.0 += 1;
        let connection = kiosks.0;
        kiosks.1.insert(kiosk_id.to_owned(), Entry { connection, frames });
        (connection, inbox)
    }

    /// Forgets a connection, unless a newer one has replaced it.
    pub fn leave(&self, kiosk_id: &str, connection: u64) {
        let mut kiosks = self.lock();
        if kiosks
            .1
            .get(kiosk_id)
            .is_some_and(|entry| entry.connection == connection)
        {
            kiosks.1.remove(kiosk_id);
        }
    }

    /// Sends a frame to a kiosk if it is connected. It may get lost; what matters is sent again after the next
    /// greeting.
    pub fn send(&self, kiosk_id: &str, frame: GatewayFrame) {
        let mut kiosks = self.lock();
        let Some(entry) = kiosks.1.get(kiosk_id) else {
            return;
        };
        if let Err(TrySendError::Full(_)) = entry.frames.try_send(frame) {
            kiosks.1.remove(kiosk_id);
        }
    }

    /// The kiosks that are connected here.
    pub fn here(&self) -> Vec<String> {
        self.lock().1.keys().cloned().collect()
    }

    /// Why the frames of a connection have ended.
    pub fn why_ended(&self, kiosk_id: &str) -> ByeReason {
        if self.lock().1.contains_key(kiosk_id) {
            ByeReason::Replaced
        } else {
            ByeReason::Overrun
        }
    }

    /// The map is whole between any two statements, so a panic elsewhere spoils nothing.
    fn lock(&self) -> MutexGuard<'_, (u64, HashMap<String, Entry>)> {
        self.kiosks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use verification::evidence::DocumentId;

    fn receipt() -> GatewayFrame {
        GatewayFrame::Receipt {
            id: DocumentId([1; 16]),
            receipt: sync::wire::Payload(Vec::new()),
        }
    }

    #[test]
    fn the_newest_connection_counts() {
        let presence = Presence::default();
        let (first, mut first_frames) = presence.arrive("k");
        let (_, mut second_frames) = presence.arrive("k");
        presence.leave("k", first);
        presence.send("k", receipt());
        presence.send("other", receipt());
        assert_eq!(
            first_frames.try_recv(),
            Err(mpsc::error::TryRecvError::Disconnected)
        );
        assert_eq!(presence.why_ended("k"), ByeReason::Replaced);
        assert_eq!(second_frames.try_recv(), Ok(receipt()));
    }

    #[test]
    fn a_kiosk_that_does_not_listen_is_let_go() {
        let presence = Presence::default();
        let (_, mut frames) = presence.arrive("k");
        for _ in 0..=WAITING_MAX {
            presence.send("k", receipt());
        }
        for _ in 0..WAITING_MAX {
            assert_eq!(frames.try_recv(), Ok(receipt()));
        }
        assert_eq!(frames.try_recv(), Err(mpsc::error::TryRecvError::Disconnected));
        assert_eq!(presence.why_ended("k"), ByeReason::Overrun);
    }
}
