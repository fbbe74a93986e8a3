//! Hears what has changed in the store, here or at another gateway, and does to the open connections what follows.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use authority::{RevocationError, RevocationList};
use sync::wire::{GatewayFrame, RESEND_MAX};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use crate::config::{self, ConfigError};
use crate::connection::Shared;
use crate::registry::{Listening, ShutOut};
use crate::store::{Change, Revocation, Store, StoreError};
use crate::utc_now;

/// How often it is looked whether an external authority has a new list of revocations.
const FILE_INTERVAL: Duration = Duration::from_secs(5);

/// How often everything is looked up though nothing was heard: a line may be deaf, and what is revoked must not wait
/// for it.
const ALL_INTERVAL: Duration = Duration::from_secs(30);

/// Everything that is needed to follow.
pub struct Follower {
    pub shared: Arc<Shared>,
    /// Where connections look.
    pub shut_out: watch::Sender<Arc<ShutOut>>,
    pub bell: Listening,
    pub revocations: Option<RevocationFile>,
}

impl Follower {
    /// Follows until `stop` becomes true.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut changes = self.shared.store.changes();
        let mut files = tokio::time::interval(FILE_INTERVAL);
        files.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut everything = tokio::time::interval(ALL_INTERVAL);
        everything.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // The first time is now: something may have changed between the start and this line.
        loop {
            tokio::select! {
                change = changes.recv() => match change {
                    Ok(change) => self.follow(change).await,
                    Err(RecvError::Lagged(_)) => self.all().await,
                    Err(RecvError::Closed) => return,
                },
                () = self.bell.rung() => self.all().await,
                _ = everything.tick() => self.all().await,
                _ = files.tick(), if self.revocations.is_some() => self.read_again().await,
                () = crate::stopped(&mut stop) => return,
            }
        }
    }

    async fn follow(&mut self, change: Change) {
        match change {
            Change::TrustChanged => self.look_up().await,
            Change::ResendRequested { kiosk_id } => self.resend(&kiosk_id).await,
            Change::Certified { kiosk_id } => self.certified(&kiosk_id).await,
            Change::Missed => self.all().await,
            // Heard elsewhere.
            Change::Answered { .. } | Change::Arrived { .. } | Change::HostedOpened { .. } => {}
        }
    }

    /// Looks everything up.
    async fn all(&mut self) {
        if let Some(outlet) = &self.shared.outlet {
            outlet.wake();
        }
        self.look_up().await;
        for kiosk_id in self.shared.presence.here() {
            self.resend(&kiosk_id).await;
        }
        for kiosk_id in self.shared.awaiting_certificates() {
            self.certified(&kiosk_id).await;
        }
    }

    async fn look_up(&mut self) {
        let found = ShutOut::look_up(&*self.shared.store).await;
        if let Some(found) = self.shared.logged(found) {
            // Everybody who is connected looks, and leaves or stays.
            self.shut_out.send_replace(Arc::new(found));
        }
    }

    /// Asks a kiosk that is connected here for the documents that it is to send again.
    async fn resend(&self, kiosk_id: &str) {
        let ids = self.shared.logged(self.shared.store.resends(kiosk_id).await);
        for ids in ids.unwrap_or_default().chunks(RESEND_MAX) {
            let frame = GatewayFrame::Resend { ids: ids.to_vec() };
            self.shared.presence.send(kiosk_id, frame);
        }
    }

    /// Gives a kiosk that is connected here the certificate for which it waits, if it is there.
    async fn certified(&self, kiosk_id: &str) {
        let Some(key) = self.shared.awaited_key(kiosk_id) else {
            return;
        };
        let found = self.shared.registrar.imported(kiosk_id, &key, utc_now()).await;
        if let Some(chain) = self.shared.logged(found).flatten() {
            self.shared.awaits_no_more(kiosk_id);
            self.shared
                .presence
                .send(kiosk_id, GatewayFrame::Certificates { chain });
        }
    }

    async fn read_again(&mut self) {
        if let Some(file) = &mut self.revocations
            && let Err(error) = file.read_again(&*self.shared.store).await
        {
            // What was revoked stays revoked.
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "the list of revocations cannot be used; the one before still counts"
            );
        }
    }
}

/// The list of revoked certificates of an external authority, in a file.
pub struct RevocationFile {
    file: PathBuf,
    authority_der: Vec<u8>,
    changed_at: Option<SystemTime>,
}

/// Why the list cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RevocationFileError {
    /// The file cannot be read.
    #[error(transparent)]
    Read(#[from] ConfigError),
    /// It holds no list of this authority.
    #[error("{} cannot be used", file.display())]
    List {
        /// Which file.
        file: PathBuf,
        /// Why.
        source: RevocationError,
    },
    /// The registry cannot take it over.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl RevocationFile {
    /// Reads the list and takes it over into the registry.
    pub async fn read(
        file: &Path,
        authority_der: &[u8],
        store: &dyn Store,
    ) -> Result<Self, RevocationFileError> {
        let mut read = Self {
            file: file.to_owned(),
            authority_der: authority_der.to_vec(),
            changed_at: None,
        };
        read.read_again(store).await?;
        Ok(read)
    }

    /// As [`RevocationFile::read`], where the file has changed since.
    pub async fn read_again(&mut self, store: &dyn Store) -> Result<(), RevocationFileError> {
        let changed_at = std::fs::metadata(&self.file)
            .and_then(|file| file.modified())
            .ok();
        if changed_at.is_some() && changed_at == self.changed_at {
            return Ok(());
        }
        let bytes = config::read(&self.file)?;
        let list = RevocationList::read(&bytes, &self.authority_der).map_err(|source| {
            RevocationFileError::List {
                file: self.file.clone(),
                source,
            }
        })?;
        let now = utc_now();
        if list.stale(now) {
            tracing::warn!(file = %self.file.display(), "a newer list of revocations should be here by now");
        }
        let revocations: Vec<Revocation> = list
            .all()
            .map(|revoked| Revocation {
                serial: revoked.serial.as_bytes().to_vec(),
                reason: revoked.reason,
                revoked_at: revoked.at,
            })
            .collect();
        let new = store.revoke_all(&revocations, now).await?;
        tracing::info!(number = list.number(), new, "the list of revocations was read");
        self.changed_at = changed_at;
        Ok(())
    }
}
