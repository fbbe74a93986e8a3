//! What the gateway counts, for operators. Nothing here names a kiosk or a person: names belong into the log.

use std::time::Duration;

use prometheus_client::encoding::text;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use sync::wire::{ByeReason, RefusalCode};
use verification::time::UtcMs;

use crate::idec::breaker;
use crate::idec::{
    Centre, CentreError, Comparison, Confirmation, HostedPage, HostedRequest, HostedSession, HostedState,
    IdentificationCentre, Opening, Polling, Request,
};
use crate::store::{NoticeStanding, RequestStanding, ReviewKind, ReviewStanding, Standing};

/// One label with values that the program knows beforehand.
type By = Family<[(&'static str, &'static str); 1], Counter>;

/// Everything that is counted.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    documents: Counter,
    documents_refused: By,
    connections: Gauge,
    accepted: Counter,
    turned_away: By,
    refused: By,
    enrolments: By,
    renewals: By,
    questions: By,
    enrolment_calls: By,
    page_calls: By,
    pictures_held_back: By,
    pages: By,
    nbas: By,
    breaker: Gauge,
    breaker_opened: Counter,
    comparisons_today: Gauge,
    tenge_today: Gauge,
    store_errors: Counter,
    audit_forks: Counter,
    clock_skews: Counter,
    skew_max_ms: Gauge,
    receipt: Histogram,
    days_left: Family<[(&'static str, &'static str); 1], Gauge>,
    ready: Gauge,
    unanswered: Gauge,
    rejected: Gauge,
    unseen: Gauge,
    notices: Family<[(&'static str, &'static str); 2], Counter>,
    notices_waiting: Gauge,
    notices_rejected: Gauge,
    requests_open: Gauge,
    requests_overdue: Gauge,
    reviews: By,
    logins: By,
    reviews_waiting: Family<[(&'static str, &'static str); 1], Gauge>,
    review_oldest: Gauge,
}

impl Metrics {
    /// All at zero.
    pub fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("alaqan_gateway"),
            documents: Counter::default(),
            documents_refused: By::default(),
            connections: Gauge::default(),
            accepted: Counter::default(),
            turned_away: By::default(),
            refused: By::default(),
            enrolments: By::default(),
            renewals: By::default(),
            questions: By::default(),
            enrolment_calls: By::default(),
            page_calls: By::default(),
            pictures_held_back: By::default(),
            pages: By::default(),
            nbas: By::default(),
            breaker: Gauge::default(),
            breaker_opened: Counter::default(),
            comparisons_today: Gauge::default(),
            tenge_today: Gauge::default(),
            store_errors: Counter::default(),
            audit_forks: Counter::default(),
            clock_skews: Counter::default(),
            skew_max_ms: Gauge::default(),
            // From half a millisecond to sixteen seconds.
            receipt: Histogram::new(exponential_buckets(0.0005, 2.0, 16)),
            days_left: Family::default(),
            ready: Gauge::default(),
            unanswered: Gauge::default(),
            rejected: Gauge::default(),
            unseen: Gauge::default(),
            notices: Family::default(),
            notices_waiting: Gauge::default(),
            notices_rejected: Gauge::default(),
            requests_open: Gauge::default(),
            requests_overdue: Gauge::default(),
            reviews: By::default(),
            logins: By::default(),
            reviews_waiting: Family::default(),
            review_oldest: Gauge::default(),
        };
        metrics.register();
        metrics
    }

    fn register(&mut self) {
        let r = &mut self.registry;
        r.register(
            "documents",
            "Documents that have their receipt",
            self.documents.clone(),
        );
        r.register(
            "documents_refused",
            "Documents that were refused, by code",
            self.documents_refused.clone(),
        );
        r.register("connections", "Open connections", self.connections.clone());
        r.register(
            "connections_accepted",
            "Connections that were accepted",
            self.accepted.clone(),
        );
        r.register(
            "connections_failed",
            "Connections that ended before a greeting, by step",
            self.turned_away.clone(),
        );
        r.register(
            "byes",
            "Connections that the gateway ended, by reason",
            self.refused.clone(),
        );
        r.register(
            "enrolments",
            "Requests of kiosks for their first certificate, by result",
            self.enrolments.clone(),
        );
        r.register(
            "renewals",
            "Requests of kiosks for their next certificate, by result",
            self.renewals.clone(),
        );
        r.register(
            "questions",
            "Questions to the centre, by result",
            self.questions.clone(),
        );
        self.register_centre();
        let r = &mut self.registry;
        r.register(
            "store_errors",
            "Calls of the store that failed",
            self.store_errors.clone(),
        );
        r.register(
            "audit_forks",
            "Audit logs of kiosks that contradict what was seen before",
            self.audit_forks.clone(),
        );
        r.register(
            "clock_skews",
            "Greetings of kiosks whose clock is wrong",
            self.clock_skews.clone(),
        );
        r.register(
            "clock_skew_newest_milliseconds",
            "The newest wrong clock of a kiosk minus that of the gateway",
            self.skew_max_ms.clone(),
        );
        r.register(
            "receipt_seconds",
            "From the last byte of a document to its receipt",
            self.receipt.clone(),
        );
        r.register(
            "certificate_days_left",
            "Whole days until a certificate of the gateway expires",
            self.days_left.clone(),
        );
        r.register(
            "ready",
            "1 while the gateway is ready for kiosks",
            self.ready.clone(),
        );
        r.register(
            "documents_unanswered",
            "Stored documents to which the centre still owes an answer, up to 100000",
            self.unanswered.clone(),
        );
        r.register(
            "documents_rejected",
            "Stored documents about which no answer is possible, up to 100000",
            self.rejected.clone(),
        );
        r.register(
            "answers_unseen",
            "Answers that their kiosk does not have yet, up to 100000",
            self.unseen.clone(),
        );
        self.register_institution();
        self.register_reviews();
    }

    fn register_reviews(&mut self) {
        let r = &mut self.registry;
        r.register(
            "reviews",
            "What examiners have done, by result",
            self.reviews.clone(),
        );
        r.register(
            "review_logins",
            "Tries of examiners to log in, by result",
            self.logins.clone(),
        );
        r.register(
            "reviews_waiting",
            "Documents that wait for an examiner, by what is wanted, up to 100000",
            self.reviews_waiting.clone(),
        );
        r.register(
            "review_oldest_seconds",
            "For how long the first of them waits",
            self.review_oldest.clone(),
        );
    }

    fn register_institution(&mut self) {
        let r = &mut self.registry;
        r.register(
            "notices",
            "Tries to deliver notices to the institution, by way and result",
            self.notices.clone(),
        );
        r.register(
            "notices_waiting",
            "Notices that the institution does not have yet, up to 100000",
            self.notices_waiting.clone(),
        );
        r.register(
            "notices_rejected",
            "Notices that the institution refuses, up to 100000",
            self.notices_rejected.clone(),
        );
        r.register(
            "requests_open",
            "Requests of data subjects that are not answered, up to 100000",
            self.requests_open.clone(),
        );
        r.register(
            "requests_overdue",
            "Requests of data subjects that should have been answered by now, up to 100000",
            self.requests_overdue.clone(),
        );
    }

    fn register_centre(&mut self) {
        let r = &mut self.registry;
        r.register(
            "enrolment_calls",
            "Requests to the centre to add a picture to the NBAS, by result",
            self.enrolment_calls.clone(),
        );
        r.register(
            "page_calls",
            "Requests to the centre about its pages, by result",
            self.page_calls.clone(),
        );
        r.register(
            "pictures_held_back",
            "Pictures that were not sent to the centre for their quality, by reason",
            self.pictures_held_back.clone(),
        );
        r.register(
            "pages",
            "Pages of the centre, by what became of them",
            self.pages.clone(),
        );
        r.register(
            "nbas",
            "Matches of faces, by what became of the NBAS",
            self.nbas.clone(),
        );
        r.register(
            "centre_breaker",
            "How the breaker before the centre stands: 0 closed, 1 half-open, 2 open",
            self.breaker.clone(),
        );
        r.register(
            "centre_breaker_opened",
            "How often the breaker before the centre has opened",
            self.breaker_opened.clone(),
        );
        r.register(
            "comparisons_today",
            "Comparisons of all gateways for which the centre is paid, today in Kazakhstan",
            self.comparisons_today.clone(),
        );
        r.register(
            "comparisons_today_tenge",
            "What they cost by the tariff of the configuration",
            self.tenge_today.clone(),
        );
    }

    /// All of it as text, in the format OpenMetrics 1.0.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = text::encode(&mut text, &self.registry);
        text
    }

    /// A document is stored, now or since before.
    pub fn stored(&self) {
        self.documents.inc();
    }

    /// A document that is refused.
    pub fn document_refused(&self, code: RefusalCode) {
        self.documents_refused
            .get_or_create(&[("code", code.name())])
            .inc();
        match code {
            RefusalCode::AuditFork => drop(self.audit_forks.inc()),
            RefusalCode::Unavailable { .. } => self.store_failed(),
            _ => {}
        }
    }

    /// How long a kiosk waited for a receipt, counted from the last byte of its document.
    pub fn receipt_after(&self, time: Duration) {
        self.receipt.observe(time.as_secs_f64());
    }

    /// A connection was accepted; it is counted as open until what this gives is dropped.
    pub fn open(&self) -> Open {
        self.accepted.inc();
        self.connections.inc();
        Open(self.connections.clone())
    }

    /// A connection ended before its greeting: `full`, `tls`, `websocket`, `time`.
    pub fn turned_away(&self, step: &'static str) {
        self.turned_away.get_or_create(&[("step", step)]).inc();
    }

    /// The gateway ended a connection.
    pub fn bye(&self, reason: ByeReason) {
        self.refused
            .get_or_create(&[("reason", reason_name(reason))])
            .inc();
        if reason == ByeReason::AuditRegressed {
            self.audit_forks.inc();
        }
    }

    /// A kiosk asked for its first certificate.
    pub fn enrolment(&self, result: &'static str) {
        self.enrolments.get_or_create(&[("result", result)]).inc();
    }

    /// A kiosk asked for its next certificate.
    pub fn renewal(&self, result: &'static str) {
        self.renewals.get_or_create(&[("result", result)]).inc();
    }

    /// A kiosk came with a clock that is wrong by more than is allowed.
    pub fn skewed(&self, skew_ms: i64) {
        self.clock_skews.inc();
        self.skew_max_ms.set(skew_ms);
    }

    /// A call of the store failed.
    pub fn store_failed(&self) {
        self.store_errors.inc();
    }

    /// How long a certificate of the gateway still counts.
    pub fn certificate_days_left(&self, name: &'static str, days: i64) {
        self.days_left.get_or_create(&[("certificate", name)]).set(days);
    }

    /// Whether kiosks are welcome.
    pub fn ready(&self, ready: bool) {
        self.ready.set(i64::from(ready));
    }

    /// What stands in the store.
    pub fn standing(&self, standing: &Standing) {
        let gauges = [
            (&self.unanswered, standing.unanswered),
            (&self.rejected, standing.rejected),
            (&self.unseen, standing.unseen),
        ];
        for (gauge, count) in gauges {
            gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
        }
    }

    /// A notice was tried by this way: `delivered`, `network`, `transient`, `rejected`.
    pub fn notice(&self, route: &'static str, result: &'static str) {
        self.notices
            .get_or_create(&[("route", route), ("result", result)])
            .inc();
    }

    /// What stands in the queue of notices and in the register of requests.
    pub fn institution(&self, notices: &NoticeStanding, requests: &RequestStanding) {
        let gauges = [
            (&self.notices_waiting, notices.waiting),
            (&self.notices_rejected, notices.rejected),
            (&self.requests_open, requests.open),
            (&self.requests_overdue, requests.overdue),
        ];
        for (gauge, count) in gauges {
            gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
        }
    }

    /// An examiner has done something: `accepted`, `refused`, `called`, `not-reached`.
    pub fn review(&self, result: &'static str) {
        self.reviews.get_or_create(&[("result", result)]).inc();
    }

    /// An examiner has tried to log in: `admitted`, `wrong`, `locking`, `locked`, `too-often`.
    pub fn login(&self, result: &'static str) {
        self.logins.get_or_create(&[("result", result)]).inc();
    }

    /// What waits for examiners.
    pub fn reviews_waiting(&self, standing: &ReviewStanding, now: UtcMs) {
        let kinds = [
            (ReviewKind::Images, standing.images),
            (ReviewKind::CallBack, standing.call_backs),
        ];
        for (kind, count) in kinds {
            let gauge = self.reviews_waiting.get_or_create(&[("kind", kind.name())]);
            gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
        }
        let waited_ms = standing.oldest_at.map_or(0, |at| now.0.saturating_sub(at.0));
        self.review_oldest.set(waited_ms.max(0) / 1000);
    }

    /// A picture was not sent to the centre.
    pub fn picture_held_back(&self, reason: &'static str) {
        self.pictures_held_back.get_or_create(&[("reason", reason)]).inc();
    }

    /// Something became of a page of the centre: `opened`, `answered`, `not-completed`, `expired`.
    pub fn page(&self, event: &'static str) {
        self.pages.get_or_create(&[("event", event)]).inc();
    }

    /// What became of the NBAS after a match.
    pub fn nbas(&self, result: &'static str) {
        self.nbas.get_or_create(&[("result", result)]).inc();
    }

    /// How the breaker stands.
    pub fn breaker(&self, standing: breaker::Standing) {
        self.breaker.set(match standing {
            breaker::Standing::Closed => 0,
            breaker::Standing::HalfOpen => 1,
            breaker::Standing::Open => 2,
        });
    }

    /// The breaker has opened.
    pub fn breaker_opened(&self) {
        self.breaker_opened.inc();
    }

    /// What was compared today, and what it costs.
    pub fn comparisons(&self, today: u64, tenge: u64) {
        self.comparisons_today
            .set(i64::try_from(today).unwrap_or(i64::MAX));
        self.tenge_today.set(i64::try_from(tenge).unwrap_or(i64::MAX));
    }

    fn called<T>(calls: &By, result: &Result<T, CentreError>) {
        let name = match result {
            Ok(_) => "answered",
            Err(CentreError::Unreachable(_)) => "unreachable",
            Err(CentreError::TimedOut) => "timed-out",
            Err(CentreError::Unavailable { .. }) => "unavailable",
            Err(CentreError::Nonsense(_)) => "nonsense",
            Err(CentreError::Rejected { .. }) => "rejected",
        };
        calls.get_or_create(&[("result", name)]).inc();
    }
}

/// Stands for an open connection.
#[derive(Debug)]
pub struct Open(Gauge);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

/// The name of a reason in metrics, logs and audit records.
pub fn reason_name(reason: ByeReason) -> &'static str {
    match reason {
        ByeReason::Version => "version",
        ByeReason::KioskMismatch => "kiosk-mismatch",
        ByeReason::Malformed => "malformed",
        ByeReason::ShuttingDown => "shutting-down",
        ByeReason::Replaced => "replaced",
        ByeReason::Overrun => "overrun",
        ByeReason::Unknown => "unknown",
        ByeReason::Revoked => "revoked",
        ByeReason::EnrolmentRefused => "enrolment-refused",
        ByeReason::RenewalRefused => "renewal-refused",
        ByeReason::ClockSkew => "clock-skew",
        ByeReason::AuditRegressed => "audit-regressed",
        ByeReason::EnrolmentExpired => "enrolment-expired",
        ByeReason::EnrolmentPending => "enrolment-pending",
        ByeReason::Other(_) => "other",
    }
}

/// A centre whose answers are counted.
pub struct Counted {
    centre: std::sync::Arc<dyn Centre>,
    metrics: std::sync::Arc<Metrics>,
}

impl Counted {
    /// Counts what this centre answers.
    pub fn new(centre: std::sync::Arc<dyn Centre>, metrics: std::sync::Arc<Metrics>) -> Self {
        Self { centre, metrics }
    }
}

impl IdentificationCentre for Counted {
    fn compare<'a>(&'a self, request: &'a Request) -> Comparison<'a> {
        Box::pin(async move {
            let result = self.centre.compare(request).await;
            Metrics::called(&self.metrics.questions, &result);
            result
        })
    }

    fn enrol<'a>(&'a self, request_id: &'a str) -> Confirmation<'a> {
        Box::pin(async move {
            let result = self.centre.enrol(request_id).await;
            Metrics::called(&self.metrics.enrolment_calls, &result);
            result
        })
    }
}

impl HostedPage for Counted {
    fn open<'a>(&'a self, request: &'a HostedRequest) -> Opening<'a> {
        Box::pin(async move {
            let result: Result<HostedSession, _> = self.centre.open(request).await;
            Metrics::called(&self.metrics.page_calls, &result);
            result
        })
    }

    fn poll<'a>(&'a self, session: &'a HostedSession) -> Polling<'a> {
        Box::pin(async move {
            let result: Result<HostedState, _> = self.centre.poll(session).await;
            Metrics::called(&self.metrics.page_calls, &result);
            result
        })
    }
}
