//! Which kiosks are let in, and which open connections are ended because that has changed.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use authority::Leaf;
use sync::wire::ByeReason;
use tokio::time::{Interval, MissedTickBehavior};

use crate::store::{Store, StoreError};

/// Who is shut out, as of the newest look into the store.
#[derive(Debug, Default)]
pub struct ShutOut {
    /// Serial numbers of revoked certificates.
    revoked: HashSet<Vec<u8>>,
    /// Names of kiosks.
    blocked: HashSet<String>,
}

impl ShutOut {
    /// Looks it up.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn look_up(store: &dyn Store) -> Result<Self, StoreError> {
        let revoked = store.revocations().await?;
        let kiosks = store.kiosks().await?;
        Ok(Self {
            revoked: revoked.into_iter().map(|revocation| revocation.serial).collect(),
            blocked: kiosks
                .into_iter()
                .filter(|kiosk| kiosk.blocked.is_some())
                .map(|kiosk| kiosk.kiosk_id)
                .collect(),
        })
    }

    /// Whether the holder of this certificate is to go.
    pub fn contains(&self, leaf: &Leaf) -> bool {
        self.revoked.contains(leaf.serial.as_bytes()) || self.blocked.contains(&leaf.common_name)
    }
}

/// Why the holder of a certificate of our authority is not let in; `None` if it is.
///
/// # Errors
/// When the database fails.
pub async fn refusal(store: &dyn Store, leaf: &Leaf) -> Result<Option<ByeReason>, StoreError> {
    let Some(kiosk) = store.kiosk(&leaf.common_name).await? else {
        return Ok(Some(ByeReason::Unknown));
    };
    let serial = leaf.serial.as_bytes();
    if kiosk.blocked.is_some() || store.revocation(serial).await?.is_some() {
        return Ok(Some(ByeReason::Revoked));
    }
    // A certificate that nobody has noted was issued behind our back, or is one of the institution's others.
    let known = store
        .certificate(serial)
        .await?
        .is_some_and(|known| known.fingerprint == leaf.fingerprint.0 && known.kiosk_id == leaf.common_name);
    Ok((!known).then_some(ByeReason::Unknown))
}

/// How often a running gateway looks whether a tool of the operator has called it.
const CALL_INTERVAL: Duration = Duration::from_millis(500);

/// A file beside an SQLite store by which the operator's tools tell the running gateway to look. PostgreSQL tells
/// it by itself.
#[derive(Debug, Clone)]
pub struct Bell(Arc<PathBuf>);

impl Bell {
    /// The bell of the store in this file.
    pub fn of(store: &Path) -> Self {
        let mut name = store.as_os_str().to_owned();
        name.push(".changed");
        Self(Arc::new(PathBuf::from(name)))
    }

    /// Calls the gateway, if it runs.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn ring(&self) -> std::io::Result<()> {
        // Written anew each time, for what counts is when it was written, and how long it is.
        let before = std::fs::metadata(&*self.0).map_or(0, |file| file.len());
        std::fs::write(
            &*self.0,
            ".".repeat(usize::try_from(before % 64).unwrap_or(0) + 1),
        )
    }

    fn mark(&self) -> Option<(SystemTime, u64)> {
        let file = std::fs::metadata(&*self.0).ok()?;
        Some((file.modified().ok()?, file.len()))
    }

    /// Begins to listen: what is rung from now on is heard. Needs a tokio runtime.
    pub fn listen(&self) -> Listening {
        let mut looks = tokio::time::interval(CALL_INTERVAL);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Listening {
            bell: self.clone(),
            mark: self.mark(),
            looks,
        }
    }
}

/// What the bell said last.
#[derive(Debug)]
pub struct Listening {
    bell: Bell,
    mark: Option<(SystemTime, u64)>,
    /// Goes on while nobody waits, so that much else to do does not keep the bell from being heard.
    looks: Interval,
}

impl Listening {
    /// Waits until the bell is rung. Can be dropped and called again without missing it.
    pub async fn rung(&mut self) {
        loop {
            self.looks.tick().await;
            let mark = self.bell.mark();
            if mark != self.mark {
                self.mark = mark;
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_bell_is_heard_by_who_has_much_else_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let bell = Bell::of(&folder.path().join("gateway.db"));
        let mut listening = bell.listen();
        for _ in 0..2 {
            bell.ring().unwrap();
            let end = std::time::Instant::now() + Duration::from_secs(30);
            loop {
                tokio::select! {
                    () = listening.rung() => break,
                    // Always something, and far more often than the bell is looked at.
                    () = tokio::time::sleep(Duration::from_millis(5)) => {}
                }
                assert!(std::time::Instant::now() < end);
            }
        }
    }
}
