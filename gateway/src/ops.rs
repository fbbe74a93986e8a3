//! What operators and their programs ask a running gateway, by plain HTTP: `/health`, `/ready`, `/metrics`.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use authority::Leaf;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::config::Tariff;
use crate::idec::breaker;
use crate::idec::tariff::BankDay;
use crate::identification::Door;
use crate::metrics::Metrics;
use crate::store::Store;
use crate::utc_now;

/// How long it is believed that the store can be written, so that questions do not wear the disk.
const PROBE_AGE: Duration = Duration::from_secs(5);

/// How long the store may take to be written before the gateway calls itself not ready.
const PROBE_LIMIT: Duration = Duration::from_secs(5);

/// The name of the series that is counted up to see whether the store can be written.
const PROBE_SERIES: &str = "readiness";

/// What the answers are made of.
pub struct Condition {
    store: Arc<dyn Store>,
    metrics: Arc<Metrics>,
    /// Certificates of the gateway that must count, with their names.
    certificates: Vec<(&'static str, Leaf)>,
    door: Arc<Door>,
    tariff: Tariff,
    stop: watch::Receiver<bool>,
    /// When the store was last asked, and why it could not be written then.
    probed: Mutex<Option<(Instant, Option<String>)>>,
}

impl Condition {
    /// Of a gateway with this store and these certificates, until `stop` becomes true.
    pub fn new(
        store: Arc<dyn Store>,
        metrics: Arc<Metrics>,
        certificates: Vec<(&'static str, Leaf)>,
        door: Arc<Door>,
        tariff: Tariff,
        stop: watch::Receiver<bool>,
    ) -> Self {
        Self {
            store,
            metrics,
            certificates,
            door,
            tariff,
            stop,
            probed: Mutex::new(None),
        }
    }

    /// Why kiosks are not welcome now; empty if they are.
    pub async fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if *self.stop.borrow() {
            faults.push("the gateway stops".to_owned());
        }
        let now = utc_now();
        for (name, leaf) in &self.certificates {
            self.metrics
                .certificate_days_left(name, leaf.validity.days_left(now));
            if !leaf.validity.contains(now) {
                faults.push(format!("the certificate of {name} is not valid now"));
            }
        }
        faults.extend(self.store_fault().await);
        self.metrics.ready(faults.is_empty());
        faults
    }

    /// What does not work as it should, though kiosks are welcome: their documents are safe here and wait.
    pub fn degradations(&self) -> Vec<&'static str> {
        let standing = self.door.standing();
        self.metrics.breaker(standing);
        match standing {
            breaker::Standing::Closed => Vec::new(),
            breaker::Standing::HalfOpen => vec!["degraded: the centre is asked whether it works again"],
            breaker::Standing::Open => vec!["degraded: the centre does not work; questions wait"],
        }
    }

    /// Brings the costs of today up to date.
    async fn count(&self) -> Option<()> {
        let today = BankDay::of(utc_now());
        let counted = tokio::time::timeout(PROBE_LIMIT, self.store.comparisons(today)).await;
        let days = counted.ok()?.ok()?;
        let found = days.into_iter().find(|(day, _)| *day == today);
        let comparisons = found.map_or(0, |(_, count)| count);
        self.metrics
            .comparisons(comparisons, self.tariff.tenge(comparisons));
        Some(())
    }

    async fn store_fault(&self) -> Option<String> {
        if let Some((at, fault)) = &*self.probed.lock().unwrap_or_else(PoisonError::into_inner)
            && at.elapsed() < PROBE_AGE
        {
            return fault.clone();
        }
        let fault = match tokio::time::timeout(PROBE_LIMIT, self.store.next_number(PROBE_SERIES)).await {
            Ok(Ok(_)) => None,
            Ok(Err(error)) => Some(format!("the store cannot be written: {error}")),
            Err(_) => Some("the store does not answer in time".to_owned()),
        };
        if fault.is_some() {
            self.metrics.store_failed();
        } else if let Ok(Ok(standing)) = tokio::time::timeout(PROBE_LIMIT, self.store.standing()).await {
            self.metrics.standing(&standing);
            let all = async {
                (
                    self.store.notice_standing().await,
                    self.store.request_standing(utc_now()).await,
                    self.store.review_standing().await,
                )
            };
            if let Ok((Ok(notices), Ok(requests), Ok(reviews))) = tokio::time::timeout(PROBE_LIMIT, all).await
            {
                self.metrics.institution(&notices, &requests);
                self.metrics.reviews_waiting(&reviews, utc_now());
            }
        }
        let probed = Some((Instant::now(), fault.clone()));
        *self.probed.lock().unwrap_or_else(PoisonError::into_inner) = probed;
        fault
    }
}

/// Where the endpoint listens, and what serves it.
pub struct Endpoint {
    /// The address.
    pub address: SocketAddr,
    listener: TcpListener,
}

impl Endpoint {
    /// Listens; nothing is answered yet.
    ///
    /// # Errors
    /// When the address is taken.
    pub async fn bind(address: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        Ok(Self {
            address: listener.local_addr()?,
            listener,
        })
    }

    /// Answers until it is dropped: also while the gateway stops, for that is when it is asked whether it is ready.
    pub async fn serve(self, condition: Arc<Condition>) {
        let router = Router::new()
            .route("/health", get(health))
            .route("/ready", get(ready))
            .route("/metrics", get(metrics))
            .with_state(condition);
        if let Err(error) = axum::serve(self.listener, router).await {
            tracing::error!(%error, "health, readiness and metrics are not answered any more");
        }
    }
}

async fn health(State(condition): State<Arc<Condition>>) -> String {
    with_degradations("alive\n", &condition)
}

fn with_degradations(first: &str, condition: &Condition) -> String {
    let mut text = first.to_owned();
    for degradation in condition.degradations() {
        text += degradation;
        text.push('\n');
    }
    text
}

async fn ready(State(condition): State<Arc<Condition>>) -> Response {
    let faults = condition.faults().await;
    if faults.is_empty() {
        with_degradations("ready\n", &condition).into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, faults.join("\n") + "\n").into_response()
    }
}

async fn metrics(State(condition): State<Arc<Condition>>) -> Response {
    // Brings the days of the certificates, the readiness, the breaker and the costs up to date.
    condition.faults().await;
    condition.degradations();
    // Where the store fails, the numbers of before stand.
    let _: Option<()> = condition.count().await;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], condition.metrics.to_text()).into_response()
}
