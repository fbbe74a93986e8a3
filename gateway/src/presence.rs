//! Which kiosks are connected, and the way to each of them.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use sync::wire::GatewayFrame;
use tokio::sync::mpsc;

/// How many frames may wait for one kiosk. What does not fit is sent after the next greeting.
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
        if let Some(entry) = self.lock().1.get(kiosk_id) {
            let _ = entry.frames.try_send(frame);
        }
    }

    /// The map is whole between any two statements, so a panic elsewhere spoils nothing.
    fn lock(&self) -> MutexGuard<'_, (u64, HashMap<String, Entry>)> {
        self.kiosks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
