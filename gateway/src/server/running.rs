//! The work of a gateway, from its start to its end.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use crate::connection::{self, Shared};
use crate::following::Follower;
use crate::identification::{self, Identifier};
use crate::ops::{Condition, Endpoint};
use crate::presence;

/// How long it waits after a connection could not be accepted, for example for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// What is at work.
pub struct Parts {
    pub listener: TcpListener,
    pub shared: Arc<Shared>,
    pub identifier: Arc<Identifier>,
    pub follower: Follower,
    pub ops: Option<(Endpoint, Arc<Condition>)>,
}

/// Runs until `stop` becomes true, and then as long as connections take to end, within the limit.
pub async fn run(parts: Parts, mut stop: watch::Receiver<bool>) {
    let Parts {
        listener,
        shared,
        identifier,
        follower,
        ops,
    } = parts;
    // Answers until the very end: it is while a gateway stops that it is asked whether it is ready.
    let mut asked = JoinSet::new();
    if let Some((endpoint, condition)) = ops {
        asked.spawn(endpoint.serve(condition));
    }
    let mut tasks = JoinSet::new();
    tasks.spawn(identification::run(identifier, stop.clone()));
    tasks.spawn(follower.run(stop.clone()));
    let (presence, store) = (Arc::clone(&shared.presence), Arc::clone(&shared.store));
    tasks.spawn(presence::follow(presence, store, stop.clone()));
    let most = usize::try_from(shared.limits.connections_max).unwrap_or(Semaphore::MAX_PERMITS);
    let places = Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS)));
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((tcp, peer)) => {
                    let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
                        shared.metrics.turned_away("full");
                        tracing::warn!(%peer, "too many connections");
                        continue;
                    };
                    let (shared, stop) = (Arc::clone(&shared), stop.clone());
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
            () = crate::stopped(&mut stop) => break,
        }
    }
    drop(listener);
    let limit = Duration::from_millis(shared.limits.stop_limit_ms);
    let all = async { while tasks.join_next().await.is_some() {} };
    if tokio::time::timeout(limit, all).await.is_err() {
        tracing::warn!("not all connections ended in time");
    }
}
