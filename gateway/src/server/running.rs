//! The work of a gateway, from its start to its end.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::{Id, JoinSet};

use crate::connection::{self, Shared};
use crate::following::Follower;
use crate::identification::{self, Identifier};
use crate::institution::delivery::Delivery;
use crate::ops::{Condition, Endpoint};
use crate::presence;
use crate::review::{Listener, Office};

/// How long it waits after a connection could not be accepted, for example for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// What is at work.
pub struct Parts {
    pub listener: TcpListener,
    pub shared: Arc<Shared>,
    pub identifier: Arc<Identifier>,
    pub follower: Follower,
    pub deliveries: Vec<Delivery>,
    pub ops: Option<(Endpoint, Arc<Condition>)>,
    pub reviewers: Option<(Listener, Arc<Office>)>,
    /// Says that the gateway is not ready any more.
    pub leaving: watch::Sender<bool>,
}

/// A part without which a gateway is none has come to its end by a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a part of the gateway has ended by a fault of this program: {0}")]
pub struct Fallen(pub &'static str);

/// The parts that live as long as the gateway.
#[derive(Default)]
struct Vital(JoinSet<()>, HashMap<Id, &'static str>);

impl Vital {
    fn spawn(&mut self, name: &'static str, part: impl Future<Output = ()> + Send + 'static) {
        let id = self.0.spawn(part).id();
        self.1.insert(id, name);
    }

    /// Waits for the first that ends, which none of them does before the gateway is to stop.
    async fn fallen(&mut self) -> Fallen {
        let id = match self.0.join_next_with_id().await {
            Some(Ok((id, ()))) => id,
            Some(Err(error)) => error.id(),
            None => return std::future::pending().await,
        };
        Fallen(self.1.get(&id).copied().unwrap_or_default())
    }
}

/// Runs until `stop` becomes true, and then as long as connections take to end, within the limit.
///
/// # Errors
/// When one of its vital parts has ended before.
pub async fn run(parts: Parts, mut stop: watch::Receiver<bool>) -> Result<(), Fallen> {
    let Parts {
        listener,
        shared,
        identifier,
        follower,
        deliveries,
        ops,
        reviewers,
        leaving,
    } = parts;
    // Answers until the very end: it is while a gateway stops that it is asked whether it is ready.
    let mut asked = JoinSet::new();
    if let Some((endpoint, condition)) = ops {
        asked.spawn(endpoint.serve(condition));
    }
    let mut tasks = JoinSet::new();
    let mut vital = Vital::default();
    // Connections and vital parts end when this ends, whether it was told to or not.
    let (end, stopped) = watch::channel(false);
    let pages = identification::show_pages(
        Arc::clone(&identifier),
        Arc::clone(&shared.presence),
        stopped.clone(),
    );
    vital.spawn("pages of the centre", pages);
    vital.spawn("identification", identification::run(identifier, stopped.clone()));
    vital.spawn("what follows the changes", follower.run(stopped.clone()));
    for delivery in deliveries {
        vital.spawn(delivery.name(), delivery.run(stopped.clone()));
    }
    if let Some((listener, office)) = reviewers {
        let mut until = stopped.clone();
        vital.spawn("the desk of examiners", async move {
            tokio::select! {
                () = listener.serve(office) => {}
                () = crate::stopped(&mut until) => {}
            }
        });
    }
    let (presence, store) = (Arc::clone(&shared.presence), Arc::clone(&shared.store));
    vital.spawn("presence", presence::follow(presence, store, stopped.clone()));
    let (store, mut until) = (Arc::clone(&shared.store), stopped.clone());
    vital.spawn("the store", async move {
        tokio::select! {
            () = store.ended() => {}
            () = crate::stopped(&mut until) => {}
        }
    });
    let most = usize::try_from(shared.limits.connections_max).unwrap_or(Semaphore::MAX_PERMITS);
    let places = Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS)));
    let outcome = loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((tcp, peer)) => {
                    let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
                        shared.metrics.turned_away("full");
                        tracing::warn!(%peer, "too many connections");
                        continue;
                    };
                    let (shared, stop) = (Arc::clone(&shared), stopped.clone());
                    tasks.spawn(async move {
                        let _open = shared.metrics.open();
                        connection::serve(Arc::clone(&shared), tcp, peer, stop).await;
                        drop(place);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
            Some(done) = tasks.join_next() => if let Err(error) = done {
                tracing::error!(%error, "a task ended by a fault of this program");
            },
            fallen = vital.fallen() => {
                tracing::error!(part = fallen.0, "a part ended by a fault of this program; the gateway ends");
                leaving.send_replace(true);
                break Err(fallen);
            }
            () = crate::stopped(&mut stop) => break Ok(()),
        }
    };
    end.send_replace(true);
    drop(listener);
    let limit = Duration::from_millis(shared.limits.stop_limit_ms);
    let all = async {
        while tasks.join_next().await.is_some() {}
        while vital.0.join_next().await.is_some() {}
    };
    if tokio::time::timeout(limit, all).await.is_err() {
        tracing::warn!("not all connections ended in time");
    }
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_part_that_ends_or_panics_is_named() {
        let mut vital = Vital::default();
        vital.spawn("lives", std::future::pending());
        vital.spawn("panics", async { panic!("a fault of the test") });
        assert_eq!(vital.fallen().await, Fallen("panics"));
        vital.spawn("ends", async {});
        assert_eq!(vital.fallen().await, Fallen("ends"));
        assert!(futures_util::poll!(std::pin::pin!(vital.fallen())).is_pending());
    }
}
