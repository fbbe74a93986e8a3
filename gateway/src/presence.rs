//! Which kiosks are connected, and the way to each of them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sync::wire::{ByeReason, GatewayFrame, Payload};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, watch};
use verification::evidence::DocumentId;

use crate::store::{Change, ConnectionId, Store, StoreError};

/// How many frames may wait for one kiosk. When they do not fit, its connection is ended: the next one starts with
/// all that it has missed.
const WAITING_MAX: usize = 64;

/// How often it is counted how many persons wait for a call. They wait for hours, and the count ends at a limit.
const COUNTED_EVERY: Duration = Duration::from_secs(5);

/// The kiosks that are connected here.
#[derive(Debug, Default)]
pub struct Presence {
    kiosks: Mutex<Here>,
}

#[derive(Debug, Default)]
struct Here {
    /// How many connections have come.
    arrivals: u64,
    by_id: HashMap<String, Entry>,
    /// How many persons wait for a call, once somebody has counted.
    call_backs: Option<u64>,
}

/// What a kiosk takes beside what every kiosk does.
#[derive(Debug, Clone, Copy, Default)]
pub struct Takes {
    /// Links to pages of the centre.
    pub pages: bool,
    /// How many persons wait for a call.
    pub call_backs: bool,
}

#[derive(Debug)]
struct Entry {
    connection: ConnectionId,
    takes: Takes,
    /// `None` once the kiosk is connected to another gateway; the connection is about to end.
    frames: Option<mpsc::Sender<GatewayFrame>>,
}

impl Presence {
    /// Notes a connection and gives its name and the frames for it. A former connection of the same kiosk is
    /// replaced: its frames end. Other gateways hear of it by [`Trust::arrive`](crate::store::Trust::arrive).
    ///
    /// A page of the centre is sent only to a kiosk that takes such pages; one that takes the number of persons who wait for a call
    /// is sent it first of all.
    pub fn arrive(&self, kiosk_id: &str, takes: Takes) -> (ConnectionId, mpsc::Receiver<GatewayFrame>) {
        let (frames, inbox) = mpsc::channel(WAITING_MAX);
        let mut kiosks = self.lock();
        kiosks.arrivals += 1;
        // Told apart here by the number, and from those of other gateways by chance.
        let chance = getrandom::u64().unwrap_or_default();
        let connection = ConnectionId((u128::from(chance) << 64 | u128::from(kiosks.arrivals)).to_be_bytes());
        if let (true, Some(waiting)) = (takes.call_backs, kiosks.call_backs) {
            // There is room: it is the first frame.
            let _ = frames.try_send(GatewayFrame::CallBacks { waiting });
        }
        let entry = Entry {
            connection,
            takes,
            frames: Some(frames),
        };
        kiosks.by_id.insert(kiosk_id.to_owned(), entry);
        (connection, inbox)
    }

    /// Forgets a connection, unless a newer one has replaced it.
    pub fn leave(&self, kiosk_id: &str, connection: ConnectionId) {
        let mut kiosks = self.lock();
        if kiosks
            .by_id
            .get(kiosk_id)
            .is_some_and(|entry| entry.connection == connection)
        {
            kiosks.by_id.remove(kiosk_id);
        }
    }

    /// Sends a frame to a kiosk if it is connected. It may get lost; what matters is sent again after the next
    /// greeting.
    pub fn send(&self, kiosk_id: &str, frame: GatewayFrame) {
        let mut kiosks = self.lock();
        let Some(entry) = kiosks.by_id.get(kiosk_id) else {
            return;
        };
        if matches!(frame, GatewayFrame::HostedPage { .. }) && !entry.takes.pages {
            return;
        }
        let sent = entry.frames.as_ref().map(|frames| frames.try_send(frame));
        if let Some(Err(TrySendError::Full(_))) = sent {
            kiosks.by_id.remove(kiosk_id);
        }
    }

    /// Tells the kiosks that take it how many persons wait for a call, where that has changed.
    fn call_backs(&self, waiting: u64) {
        let mut kiosks = self.lock();
        if kiosks.call_backs.replace(waiting) == Some(waiting) {
            return;
        }
        // Who does not listen is let go, as in `send`.
        kiosks.by_id.retain(|_, entry| {
            let frames = entry.frames.as_ref().filter(|_| entry.takes.call_backs);
            let sent = frames.map(|frames| frames.try_send(GatewayFrame::CallBacks { waiting }));
            !matches!(sent, Some(Err(TrySendError::Full(_))))
        });
    }

    /// The kiosks that are connected here.
    pub fn here(&self) -> Vec<String> {
        let kiosks = self.lock();
        let here = kiosks.by_id.iter().filter(|(_, entry)| entry.frames.is_some());
        here.map(|(kiosk_id, _)| kiosk_id.clone()).collect()
    }

    /// Whether a kiosk is connected here that takes links to pages of the centre.
    pub fn takes_pages(&self, kiosk_id: &str) -> bool {
        let kiosks = self.lock();
        let entry = kiosks.by_id.get(kiosk_id);
        entry.is_some_and(|entry| entry.frames.is_some() && entry.takes.pages)
    }

    /// Ends the frames of a kiosk that is connected to another gateway by now.
    fn gone_elsewhere(&self, kiosk_id: &str, connection: ConnectionId) {
        if let Some(entry) = self.lock().by_id.get_mut(kiosk_id)
            && entry.connection == connection
        {
            entry.frames = None;
        }
    }

    /// By which connection a kiosk is here.
    fn connection(&self, kiosk_id: &str) -> Option<ConnectionId> {
        let kiosks = self.lock();
        let entry = kiosks.by_id.get(kiosk_id)?;
        entry.frames.is_some().then_some(entry.connection)
    }

    /// Why the frames of a connection have ended.
    pub fn why_ended(&self, kiosk_id: &str) -> ByeReason {
        if self.lock().by_id.contains_key(kiosk_id) {
            ByeReason::Replaced
        } else {
            ByeReason::Overrun
        }
    }

    /// The map is whole between any two statements, so a panic elsewhere spoils nothing.
    fn lock(&self) -> MutexGuard<'_, Here> {
        self.kiosks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Brings to the kiosks that are connected here what this gateway or another one has found, until `stop` becomes true.
pub async fn follow(presence: Arc<Presence>, store: Arc<dyn Store>, mut stop: watch::Receiver<bool>) {
    let mut changes = store.changes();
    let mut count = tokio::time::interval(COUNTED_EVERY);
    count.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let followed = tokio::select! {
            _ = count.tick() => store.review_standing().await.map(|standing| presence.call_backs(standing.call_backs)),
            change = changes.recv() => match change {
                Ok(Change::Answered { id, kiosk_id }) => bring(&presence, &*store, &kiosk_id, &[id]).await,
                Ok(Change::Arrived { kiosk_id, .. }) => part(&presence, &*store, vec![kiosk_id]).await,
                Ok(Change::Missed) | Err(RecvError::Lagged(_)) => look_up(&presence, &*store).await,
                // Heard elsewhere.
                Ok(
                    Change::ResendRequested { .. }
                    | Change::Certified { .. }
                    | Change::TrustChanged
                    | Change::HostedOpened { .. },
                ) => Ok(()),
                Err(RecvError::Closed) => return,
            },
            () = crate::stopped(&mut stop) => return,
        };
        if let Err(error) = followed {
            // What matters comes again with the next greeting of the kiosk.
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "a change could not be followed"
            );
        }
    }
}

/// Sends answers to a kiosk, if it is here.
async fn bring(
    presence: &Presence,
    store: &dyn Store,
    kiosk_id: &str,
    ids: &[DocumentId],
) -> Result<(), StoreError> {
    for id in ids {
        if presence.connection(kiosk_id).is_none() {
            return Ok(());
        }
        if let Some(answer) = store.answer(*id).await? {
            let document = Payload(answer);
            presence.send(kiosk_id, GatewayFrame::Identified { id: *id, document });
        }
    }
    Ok(())
}

/// Ends the connections of those of these kiosks that are connected elsewhere by now. The store is asked, and not the
/// news believed: a kiosk may have been elsewhere and be back already.
async fn part(presence: &Presence, store: &dyn Store, kiosk_ids: Vec<String>) -> Result<(), StoreError> {
    let here: Vec<_> = kiosk_ids
        .into_iter()
        .filter_map(|kiosk_id| {
            presence
                .connection(&kiosk_id)
                .map(|connection| (kiosk_id, connection))
        })
        .collect();
    if here.is_empty() {
        return Ok(());
    }
    let asked: Vec<String> = here.iter().map(|(kiosk_id, _)| kiosk_id.clone()).collect();
    let connected: HashMap<_, _> = store.connected(&asked).await?.into_iter().collect();
    for (kiosk_id, connection) in here {
        if connected
            .get(&kiosk_id)
            .is_some_and(|newest| *newest != connection)
        {
            tracing::info!(kiosk = kiosk_id, "a kiosk is connected to another gateway");
            presence.gone_elsewhere(&kiosk_id, connection);
        }
    }
    Ok(())
}

/// After changes may have been missed.
async fn look_up(presence: &Presence, store: &dyn Store) -> Result<(), StoreError> {
    part(presence, store, presence.here()).await?;
    for kiosk_id in presence.here() {
        let owed = store.owed(&kiosk_id, &[]).await?;
        bring(presence, store, &kiosk_id, &owed).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::NewDocument;
    use crate::store::sqlite::SqliteStore;
    use verification::time::UtcMs;

    fn receipt() -> GatewayFrame {
        GatewayFrame::Receipt {
            id: DocumentId([1; 16]),
            receipt: sync::wire::Payload(Vec::new()),
        }
    }

    #[test]
    fn the_newest_connection_counts() {
        let presence = Presence::default();
        let (first, mut first_frames) = presence.arrive("k", Takes::default());
        let (_, mut second_frames) = presence.arrive("k", Takes::default());
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
    fn pages_go_to_those_alone_who_take_them() {
        let page = || GatewayFrame::HostedPage {
            id: DocumentId([1; 16]),
            url: sync::wire::Link("https://c.example/1".into()),
            expires_at: UtcMs(1),
        };
        let presence = Presence::default();
        let (_, mut takes_none) = presence.arrive("k", Takes::default());
        presence.send("k", page());
        assert_eq!(takes_none.try_recv(), Err(mpsc::error::TryRecvError::Empty));
        let (_, mut takes) = presence.arrive(
            "k",
            Takes {
                pages: true,
                ..Takes::default()
            },
        );
        presence.send("k", page());
        assert_eq!(takes.try_recv(), Ok(page()));
    }

    #[test]
    fn how_many_wait_for_a_call_goes_to_those_alone_who_take_it() {
        let takes = Takes {
            call_backs: true,
            ..Takes::default()
        };
        let presence = Presence::default();
        let (_, mut takes_none) = presence.arrive("n", Takes::default());
        let (_, mut before) = presence.arrive("b", takes);
        assert_eq!(
            before.try_recv(),
            Err(mpsc::error::TryRecvError::Empty),
            "nobody has counted"
        );
        presence.call_backs(2);
        // Who comes later is told the same, and the same is said once.
        let (_, mut after) = presence.arrive("a", takes);
        presence.call_backs(2);
        presence.call_backs(1);
        for frames in [&mut before, &mut after] {
            for waiting in [2, 1] {
                assert_eq!(frames.try_recv(), Ok(GatewayFrame::CallBacks { waiting }));
            }
            assert_eq!(frames.try_recv(), Err(mpsc::error::TryRecvError::Empty));
        }
        assert_eq!(takes_none.try_recv(), Err(mpsc::error::TryRecvError::Empty));
        // One that does not listen is let go.
        for waiting in 0..=u64::try_from(WAITING_MAX).unwrap() {
            presence.call_backs(waiting);
        }
        assert_eq!(presence.here(), ["n"]);
    }

    #[test]
    fn a_kiosk_that_does_not_listen_is_let_go() {
        let presence = Presence::default();
        let (_, mut frames) = presence.arrive("k", Takes::default());
        for _ in 0..=WAITING_MAX {
            presence.send("k", receipt());
        }
        for _ in 0..WAITING_MAX {
            assert_eq!(frames.try_recv(), Ok(receipt()));
        }
        assert_eq!(frames.try_recv(), Err(mpsc::error::TryRecvError::Disconnected));
        assert_eq!(presence.why_ended("k"), ByeReason::Overrun);
    }

    /// Two gateways on one store: what one has found reaches the kiosk at the other, and a kiosk that has gone to the
    /// other is let go.
    #[tokio::test]
    async fn what_others_find_is_brought_and_who_has_gone_is_let_go() {
        let folder = tempfile::tempdir().unwrap();
        let key = verification::Sensitive::new([1; 32]);
        let store = SqliteStore::open(&folder.path().join("g.db"), &key, "a", UtcMs(1)).unwrap();
        let store: Arc<dyn Store> = Arc::new(store);
        let (here, elsewhere) = (Arc::new(Presence::default()), Presence::default());
        let (_stop, stopped) = watch::channel(false);
        let (connection, mut frames) = here.arrive("k", Takes::default());
        store.arrive("k", connection, UtcMs(1)).await.unwrap();
        let following = tokio::spawn(follow(Arc::clone(&here), Arc::clone(&store), stopped));
        let id = DocumentId([1; 16]);
        let document = NewDocument {
            id,
            kiosk_id: "k".into(),
            session: None,
            outcome: String::new(),
            signed: verification::Sensitive::new(Vec::new()),
            sha256: [0; 32],
            signed_at: UtcMs(1),
            audit: None,
            asks: true,
            notes: Vec::new(),
            request: None,
            review: None,
            notices: Vec::new(),
        };
        store.put(document, UtcMs(1)).await.unwrap();
        // It listens from some time on.
        tokio::task::yield_now().await;
        store.answered(id, b"answer", UtcMs(2)).await.unwrap();
        let document = Payload(b"answer".to_vec());
        assert_eq!(
            frames.recv().await,
            Some(GatewayFrame::Identified { id, document })
        );

        let (newer, _newer_frames) = elsewhere.arrive("k", Takes::default());
        store.arrive("k", newer, UtcMs(3)).await.unwrap();
        assert_eq!(frames.recv().await, None);
        assert_eq!(here.why_ended("k"), ByeReason::Replaced);
        assert!(here.here().is_empty());
        // Back again: old news about the other gateway end nothing.
        let (back, mut frames) = here.arrive("k", Takes::default());
        store.arrive("k", back, UtcMs(4)).await.unwrap();
        part(&here, &*store, vec!["k".into()]).await.unwrap();
        here.send("k", receipt());
        assert_eq!(frames.recv().await, Some(receipt()));
        following.abort();
    }
}
