//! Pages of the centre: which are open, and how their links come to the kiosks.
//!
//! The gateway that asks the centre about a document may be another one than that to which its kiosk is connected. So a
//! link travels in no database: the one says to all that a page is open, and the other, to which the kiosk is
//! connected, asks the centre for the same session by the same id. When a kiosk comes back, it is said again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sync::wire::GatewayFrame;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;
use verification::evidence::DocumentId;
use verification::time::UtcMs;

use super::{AskError, Asked, Identifier};
use crate::idec::HostedSession;
use crate::presence::Presence;
use crate::store::Change;
use crate::utc_now;

/// The sessions that this gateway knows to be open. What it does not know it asks the centre for again.
#[derive(Debug, Default)]
pub struct Sessions(Mutex<HashMap<DocumentId, Entry>>);

#[derive(Debug)]
struct Entry {
    kiosk_id: String,
    session: HostedSession,
}

impl Sessions {
    pub(super) fn get(&self, id: DocumentId) -> Option<HostedSession> {
        self.lock().get(&id).map(|entry| entry.session.clone())
    }

    pub(super) fn put(&self, id: DocumentId, kiosk_id: &str, session: HostedSession, now: UtcMs) {
        let kiosk_id = kiosk_id.to_owned();
        let mut entries = self.lock();
        // Another gateway may have got the answer.
        entries.retain(|_, entry| entry.session.expires_at > now);
        entries.insert(id, Entry { kiosk_id, session });
    }

    pub(super) fn remove(&self, id: DocumentId) {
        self.lock().remove(&id);
    }

    /// Those of a kiosk that can still be used.
    fn of(&self, kiosk_id: &str, now: UtcMs) -> Vec<DocumentId> {
        let entries = self.lock();
        let open = entries
            .iter()
            .filter(|(_, entry)| entry.kiosk_id == kiosk_id && entry.session.expires_at > now);
        open.map(|(id, _)| *id).collect()
    }

    /// The map is whole between any two statements.
    fn lock(&self) -> MutexGuard<'_, HashMap<DocumentId, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Brings links to the kiosks that are connected here, until `stop` becomes true.
pub async fn show_pages(
    identifier: Arc<Identifier>,
    presence: Arc<Presence>,
    mut stop: watch::Receiver<bool>,
) {
    let mut changes = identifier.store.changes();
    loop {
        let shown = tokio::select! {
            change = changes.recv() => match change {
                Ok(Change::HostedOpened { id, kiosk_id }) => show(&identifier, &presence, id, &kiosk_id).await,
                Ok(Change::Arrived { kiosk_id, .. }) => say_again(&identifier, &kiosk_id).await,
                Ok(Change::Answered { id, .. }) => {
                    identifier.sessions.remove(id);
                    Ok(())
                }
                Ok(Change::Missed) | Err(RecvError::Lagged(_)) => {
                    let mut said = Ok(());
                    for kiosk_id in presence.here() {
                        said = said.and(say_again(&identifier, &kiosk_id).await);
                    }
                    said
                }
                Ok(Change::ResendRequested { .. } | Change::Certified { .. } | Change::TrustChanged) => Ok(()),
                Err(RecvError::Closed) => return,
            },
            () = crate::stopped(&mut stop) => return,
        };
        if let Err(error) = shown {
            // The page is said to be open again when the kiosk comes back, or another gateway asks how it stands.
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "a page of the centre cannot be shown"
            );
        }
    }
}

/// Sends the link of a page to its kiosk, if that is here.
async fn show(
    identifier: &Arc<Identifier>,
    presence: &Presence,
    id: DocumentId,
    kiosk_id: &str,
) -> Result<(), AskError> {
    if !presence.takes_pages(kiosk_id) {
        return Ok(());
    }
    let session = match identifier.sessions.get(id) {
        Some(session) => session,
        None => {
            let Some(open) = identifier.question(id).await? else {
                return Ok(());
            };
            let Asked::Hosted(request) = &open.asked else {
                return Ok(());
            };
            if open.kiosk_id != kiosk_id || request.expires_at <= utc_now() {
                return Ok(());
            }
            let session = identifier.door.call(identifier.centre.open(request)).await?;
            identifier.sessions.put(id, kiosk_id, session.clone(), utc_now());
            session
        }
    };
    let (url, expires_at) = (session.url, session.expires_at);
    presence.send(kiosk_id, GatewayFrame::HostedPage { id, url, expires_at });
    Ok(())
}

/// Says of all pages of a kiosk that are known here that they are open.
async fn say_again(identifier: &Identifier, kiosk_id: &str) -> Result<(), AskError> {
    for id in identifier.sessions.of(kiosk_id, utc_now()) {
        let kiosk_id = kiosk_id.to_owned();
        identifier
            .store
            .announce(Change::HostedOpened { id, kiosk_id })
            .await?;
    }
    Ok(())
}
