//! Delivers the notices of one way, again and again until the receiver has them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use ::institution::courier::{Class, Courier, Failure, Settings, Verdict};
use ::institution::notice::NoticeId;
use tokio::sync::{Notify, watch};
use tokio::task::{Id, JoinSet};

use super::folder::Folder;
use super::webhook::Webhook;
use super::{Outlet, OutletError};
use crate::config::GatewayConfig;
use crate::metrics::Metrics;
use crate::store::{ClaimedNotice, Route, Store};
use crate::utc_now;

/// The pause after the store failed.
const STORE_PAUSE: Duration = Duration::from_secs(5);

/// How long it sleeps when nothing is due. What comes here wakes it; what came to another gateway, which has died since, or
/// by a tool of the operator, is found by looking again.
const IDLE_PAUSE: Duration = Duration::from_secs(10);

/// How long writing a file may take.
const FOLDER_DEADLINE_MS: u64 = 60_000;

#[derive(Debug)]
enum Transport {
    Webhook(Webhook),
    Folder(Folder),
}

impl Transport {
    async fn deliver(&self, id: NoticeId, body: &[u8]) -> Result<(), Failure> {
        match self {
            Self::Webhook(webhook) => webhook.post(id, body, utc_now()).await,
            Self::Folder(folder) => {
                let (folder, body) = (folder.clone(), verification::Sensitive::new(body.to_vec()));
                let put = tokio::task::spawn_blocking(move || folder.put(id, body.expose()));
                put.await.unwrap_or_else(|_| Err(fallen()))
            }
        }
    }
}

/// The delivery of one way.
pub struct Delivery {
    store: Arc<dyn Store>,
    metrics: Arc<Metrics>,
    route: Route,
    transport: Arc<Transport>,
    settings: Settings,
    /// How long one try may take.
    deadline_ms: u64,
    wake: Arc<Notify>,
}

impl Delivery {
    /// The deliveries that the configuration asks for.
    ///
    /// # Errors
    /// When a key or an authority cannot be used.
    pub fn of(
        config: &GatewayConfig,
        outlet: Option<&Outlet>,
        store: &Arc<dyn Store>,
        metrics: &Arc<Metrics>,
    ) -> Result<Vec<Self>, OutletError> {
        let mut all = Vec::new();
        let (Some(institution), Some(outlet)) = (&config.institution, outlet) else {
            return Ok(all);
        };
        let delivery = |route, transport, settings, deadline_ms| Self {
            store: Arc::clone(store),
            metrics: Arc::clone(metrics),
            route,
            transport: Arc::new(transport),
            settings,
            deadline_ms,
            wake: outlet.waker(route),
        };
        if let Some(webhook) = &institution.webhook {
            let settings = Settings {
                parallel: webhook.parallel,
                retry_min_ms: webhook.retry_min_ms,
                retry_max_ms: webhook.retry_max_ms,
            };
            let transport = Transport::Webhook(Webhook::open(webhook)?);
            all.push(delivery(Route::Webhook, transport, settings, webhook.deadline_ms));
        }
        if let Some(drop) = &institution.drop {
            let settings = Settings {
                parallel: 1,
                retry_min_ms: drop.retry_min_ms,
                retry_max_ms: drop.retry_max_ms,
            };
            let transport = Transport::Folder(Folder::open(&drop.folder, &config.gateway.name));
            all.push(delivery(Route::Drop, transport, settings, FOLDER_DEADLINE_MS));
        }
        Ok(all)
    }

    /// Names it among the parts of the gateway.
    pub fn name(&self) -> &'static str {
        match self.route {
            Route::Webhook => "the webhook of the institution",
            Route::Drop => "the folder of the institution",
        }
    }

    /// How long a notice is this gateway's: longer than any try takes.
    fn lease_ms(&self) -> u64 {
        self.deadline_ms.saturating_mul(2).saturating_add(30_000)
    }

    /// Runs until `stop` becomes true. What is under way then is given back; the receiver knows it by its id.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut courier = Courier::new(self.settings);
        let mut under_way: HashMap<Id, (NoticeId, u32)> = HashMap::new();
        let mut tries = JoinSet::new();
        loop {
            let now = utc_now();
            let pause = match courier.places(now) {
                0 => courier
                    .quiet_until(now)
                    .map_or(IDLE_PAUSE, |at| until(at.0, now.0)),
                places => match self.claim(places).await {
                    Some((notices, next)) => {
                        courier.taken(u16::try_from(notices.len()).unwrap_or(u16::MAX));
                        for notice in notices {
                            let (id, attempts) = (notice.id, notice.attempts);
                            let transport = Arc::clone(&self.transport);
                            let task =
                                tries.spawn(async move { transport.deliver(id, notice.body.expose()).await });
                            under_way.insert(task.id(), (id, attempts));
                        }
                        // With all places taken the next one waits for a place, not for its time.
                        if courier.places(now) == 0 {
                            IDLE_PAUSE
                        } else {
                            next
                        }
                    }
                    None => STORE_PAUSE,
                },
            };
            tokio::select! {
                () = crate::stopped(&mut stop) => break,
                Some(done) = tries.join_next_with_id(), if !tries.is_empty() => {
                    let (task, outcome) = match done {
                        Ok(done) => done,
                        Err(error) => {
                            tracing::error!(%error, "a delivery ended by a fault of this program");
                            (error.id(), Err(fallen()))
                        }
                    };
                    if let Some((id, attempts)) = under_way.remove(&task) {
                        self.finish(&mut courier, id, attempts, outcome).await;
                    }
                }
                () = self.wake.notified() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
        tries.shutdown().await;
        let ids: Vec<_> = under_way.into_values().map(|(id, _)| id).collect();
        if !ids.is_empty()
            && let Err(error) = self.store.release_notices(self.route, &ids).await
        {
            tracing::warn!(%error, "notices could not be given back; others wait until the lease ends");
        }
    }

    async fn claim(&self, places: u16) -> Option<(Vec<ClaimedNotice>, Duration)> {
        let now = utc_now();
        let claimed = self
            .store
            .claim_notices(self.route, u32::from(places), self.lease_ms(), now);
        match claimed.await {
            Ok(claimed) => {
                let next = claimed.next_at.map_or(IDLE_PAUSE, |at| until(at.0, now.0));
                Some((claimed.notices, next))
            }
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "notices cannot be read");
                self.metrics.store_failed();
                None
            }
        }
    }

    async fn finish(&self, courier: &mut Courier, id: NoticeId, attempts: u32, outcome: Result<(), Failure>) {
        let route = self.route.name();
        let result = match &outcome {
            Ok(()) => "delivered",
            Err(failure) => match failure.class {
                Class::Network => "network",
                Class::Transient { .. } => "transient",
                Class::Permanent => "rejected",
            },
        };
        self.metrics.notice(route, result);
        let now = utc_now();
        let random = getrandom::u64().unwrap_or(0);
        let noted = match courier.finished(attempts, outcome, now, random) {
            Verdict::Delivered => self.store.notice_delivered(self.route, id, now).await,
            Verdict::Retry { at, reason } => {
                tracing::warn!(notice = %id, route, reason, "a notice is not delivered yet");
                self.store.notice_failed(self.route, id, &reason, Some(at)).await
            }
            Verdict::Rejected { reason } => {
                tracing::error!(notice = %id, route, reason, "a notice is refused; `notice retry` tries it again");
                self.store.notice_failed(self.route, id, &reason, None).await
            }
        };
        if let Err(error) = noted {
            // It stays this gateway's until the lease ends, and is tried again then.
            tracing::error!(notice = %id, %error, "what became of a notice could not be noted");
            self.metrics.store_failed();
        }
    }
}

/// A fault of this program is no word of the receiver.
fn fallen() -> Failure {
    Failure {
        class: Class::Transient { retry_after_ms: None },
        reason: "a fault of the gateway".into(),
    }
}

/// From `now` to `at`, in milliseconds of UTC; not longer than the pause at rest.
fn until(at: i64, now: i64) -> Duration {
    let wait_ms = u64::try_from(at.saturating_sub(now)).unwrap_or(0);
    Duration::from_millis(wait_ms).min(IDLE_PAUSE)
}
