//! Asks the centre about stored documents, again and again until it answers.
//!
//! ```text
//!   claim ─> question ─┬─ Compare ─> quality gate ─> door ─> compare ─> NBAS ─┬─> sign ─> store ─> kiosk
//!                      │                 └─ below: answered here ────────────┤
//!                      └─ Hosted ──> door ─> open, say so ─> poll ─┬─ done ──┤
//!                                               ^                  └─ left, or too late: answered here
//!                                               └── pending: postponed to the next look
//! ```
//!
//! A page of the centre takes minutes, so no task waits for it: the document is claimed for each look, and given back.

mod door;
pub(crate) mod earlier;
mod pages;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use document::content::{self, Content};
use document::identification::{self, Identification, Nbas, Verdict};
use document::signature::{self, ExternalSigner};
use sync::machine::FailureClass;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use verification::evidence::{DocumentId, Modality, Source};
use verification::time::UtcMs;

use crate::config::Idec;
use crate::idec::breaker::Standing;
use crate::idec::quality::{self, QualityFault};
use crate::idec::{Answer, Centre, CentreError, HostedRequest, HostedSession, HostedState, Request};
use crate::institution::Outlet;
use crate::intake::{self, Capture};
use crate::metrics::Metrics;
use crate::store::{Change, NewNotice, Store, StoreError};
use crate::utc_now;

use self::door::CallError;
pub use self::door::Door;
use self::earlier::EarlierError;
pub use self::pages::{Sessions, show_pages};

/// The pause after the store failed.
const STORE_PAUSE: Duration = Duration::from_secs(5);

/// How long it sleeps when nothing is due. A document that comes here wakes it; one that came to another gateway, which
/// has died since, is found by looking again.
const IDLE_PAUSE: Duration = Duration::from_secs(10);

/// How often the centre is told of a picture for the NBAS before the answer goes out without it.
const ENROLMENT_TRIES: u32 = 3;

/// The longest pause between them: a person is waiting for the answer.
const ENROLMENT_PAUSE_MAX: Duration = Duration::from_secs(1);

/// How often it looks whether a call that is under way elsewhere in this gateway has found the centre at work.
const PROBE_PAUSE: Duration = Duration::from_millis(500);

/// Everything that answering needs.
pub struct Identifier {
    pub store: Arc<dyn Store>,
    pub centre: Arc<dyn Centre>,
    /// Every call to the centre goes through it.
    pub door: Arc<Door>,
    /// Open pages of the centre.
    pub sessions: Sessions,
    pub metrics: Arc<Metrics>,
    pub signer: Arc<Mutex<ExternalSigner>>,
    pub anchors: Vec<Vec<u8>>,
    pub settings: Idec,
    /// Notified when a document was stored.
    pub stored: Arc<Notify>,
    /// Tells the institution's systems.
    pub outlet: Option<Arc<Outlet>>,
}

/// What is asked about one document.
struct Open {
    asked: Asked,
    kiosk_id: String,
    /// When the document came.
    received_at: UtcMs,
    /// The score that the policy of the session asks for.
    comparison_min: f32,
    /// What the document says, without its pictures.
    content: Content,
    /// Whether the person consented to the NBAS.
    consents_to_nbas: bool,
    /// The score that the policy of the session asks for before the NBAS.
    nbas_enrolment_min: f32,
}

/// In which way the centre is asked.
enum Asked {
    /// About what the kiosk captured.
    Compare(Request),
    /// Not at all: the picture is below the gate. Holds the name of the request and why.
    Nothing(String, QualityFault),
    /// For a page on which it captures by itself.
    Hosted(HostedRequest),
}

impl Open {
    fn request_id(&self) -> &str {
        match &self.asked {
            Asked::Compare(request) => &request.request_id,
            Asked::Nothing(request_id, _) => request_id,
            Asked::Hosted(request) => &request.request_id,
        }
    }

    fn modality(&self) -> Modality {
        match &self.asked {
            Asked::Compare(request) => request.probe.modality(),
            Asked::Nothing(..) | Asked::Hosted(_) => Modality::Face,
        }
    }
}

/// What became of a question that has not failed.
enum Became {
    /// There is an answer, now or since before.
    Answered,
    /// There is none yet, and that is nobody's failure. To be looked at again after this time.
    Pending(Duration),
}

/// Why one document has no answer yet.
#[derive(Debug, thiserror::Error)]
enum AskError {
    #[error(transparent)]
    Centre(#[from] CentreError),
    /// The centre does not work, and was not asked.
    #[error("the centre is not asked now")]
    Held,
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A stored document cannot be read any more. Nothing but the name of the fault is kept.
    #[error("the stored document cannot be read: {0}")]
    Document(String),
    #[error("the answer cannot be signed")]
    Sign(#[from] signature::SignError),
    #[error("a blocking task was lost")]
    Lost,
}

impl From<EarlierError> for AskError {
    fn from(error: EarlierError) -> Self {
        match error {
            EarlierError::Store(error) => Self::Store(error),
            EarlierError::Lost => Self::Lost,
        }
    }
}

impl From<CallError> for AskError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Held => Self::Held,
            CallError::Centre(error) => Self::Centre(error),
        }
    }
}

/// Runs until `stop` becomes true. Questions under way are dropped then, and given back so that another gateway may
/// ask at once; the centre knows them by their id.
pub async fn run(identifier: Arc<Identifier>, mut stop: watch::Receiver<bool>) {
    let mut asking: HashMap<tokio::task::Id, DocumentId> = HashMap::new();
    let mut questions = JoinSet::new();
    let parallel = usize::from(identifier.settings.parallel);
    loop {
        let places = u32::try_from(parallel - asking.len().min(parallel)).unwrap_or(u32::MAX);
        let places = identifier.allowed(places, asking.is_empty());
        let now = utc_now();
        let pause = match identifier.store.claim(places, identifier.lease_ms(), now).await {
            Ok(claimed) => {
                for id in claimed.ids {
                    let identifier = Arc::clone(&identifier);
                    let task = questions.spawn(async move { identifier.answer(id).await });
                    asking.insert(task.id(), id);
                }
                let due = claimed.next_at.map(|at| at.0.saturating_sub(now.0));
                match due.map(|wait_ms| Duration::from_millis(u64::try_from(wait_ms).unwrap_or(0))) {
                    // With all places taken the next one waits for a place, not for its time.
                    Some(wait) if asking.len() < parallel && places > 0 => wait.min(IDLE_PAUSE),
                    // It waits for the centre: until it may be asked, or somebody else's call tells that it works.
                    _ if places == 0 && asking.len() < parallel => {
                        identifier.door.opens_in().unwrap_or(PROBE_PAUSE).min(IDLE_PAUSE)
                    }
                    _ => IDLE_PAUSE,
                }
            }
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "unanswered documents cannot be read"
                );
                STORE_PAUSE
            }
        };
        tokio::select! {
            () = crate::stopped(&mut stop) => break,
            Some(done) = questions.join_next_with_id(), if !questions.is_empty() => match done {
                Ok((task, ())) => {
                    asking.remove(&task);
                }
                Err(error) => {
                    tracing::error!(%error, "a question ended by a fault of this program");
                    if let Some(id) = asking.remove(&error.id()) {
                        identifier.give_up_for_long(id).await;
                    }
                }
            },
            () = identifier.stored.notified() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
    questions.shutdown().await;
    let ids: Vec<_> = asking.into_values().collect();
    if let Err(error) = identifier.store.release(&ids).await {
        tracing::warn!(%error, "questions could not be given back; others wait until the lease ends");
    }
}

impl Identifier {
    /// How many of so many places may be used, as the centre works or does not.
    fn allowed(&self, places: u32, is_idle: bool) -> u32 {
        match self.door.standing() {
            Standing::Closed => places,
            // One after the other, so that none is claimed in vain.
            Standing::HalfOpen if is_idle => places.min(self.door.room()),
            Standing::HalfOpen | Standing::Open => 0,
        }
    }

    /// Asks about one document and stores and sends the answer, or notes when to ask again.
    async fn answer(self: &Arc<Self>, id: DocumentId) {
        let error = match self.ask(id).await {
            Ok(Became::Answered) => return,
            Ok(Became::Pending(pause)) => return self.postpone(id, pause).await,
            Err(AskError::Held) => {
                // It waits for the centre, which is no failure of its own.
                let least = Duration::from_millis(self.settings.retry_min_ms);
                let pause = self.door.opens_in().unwrap_or_default().max(least);
                return self.postpone(id, pause).await;
            }
            Err(error) => error,
        };
        let stored = self.store.document(id).await.ok().flatten();
        let attempts = stored.map_or(0, |stored| stored.attempts);
        let pause = self.pause(attempts, &error);
        let next_try_at = pause.map(|pause| UtcMs(utc_now().0.saturating_add(millis(pause))));
        let fault = error.to_string();
        match pause {
            Some(pause) => tracing::warn!(document = %id, fault, pause_ms = millis(pause), "no answer yet"),
            None => {
                tracing::error!(document = %id, fault, "no answer is possible; tried again at the next start")
            }
        }
        if let Err(error) = self.store.failed(id, &fault, next_try_at).await {
            tracing::error!(document = %id, %error, "the failure could not be noted");
            // Without the note it is due at once; without a pause it would be asked in a tight loop.
            tokio::time::sleep(STORE_PAUSE).await;
        }
    }

    /// Gives a document back, to be looked at again after this time.
    async fn postpone(&self, id: DocumentId, pause: Duration) {
        let at = UtcMs(utc_now().0.saturating_add(millis(pause)));
        if let Err(error) = self.store.postponed(id, at).await {
            tracing::error!(document = %id, %error, "a document could not be given back; it waits until the lease ends");
            tokio::time::sleep(STORE_PAUSE).await;
        }
    }

    /// Keeps a document that brings this program down from doing so in a loop.
    async fn give_up_for_long(&self, id: DocumentId) {
        let at = UtcMs(utc_now().0.saturating_add_unsigned(self.settings.retry_max_ms));
        let noted = self.store.failed(id, "a fault of the gateway", Some(at)).await;
        if let Err(error) = noted {
            tracing::error!(document = %id, %error, "the failure could not be noted");
            tokio::time::sleep(STORE_PAUSE).await;
        }
    }

    /// Asks the centre and stores its answer. The store says so to the gateway to which the kiosk is connected.
    async fn ask(self: &Arc<Self>, id: DocumentId) -> Result<Became, AskError> {
        let Some(open) = self.question(id).await? else {
            return Ok(Became::Answered);
        };
        match &open.asked {
            Asked::Compare(request) => {
                let answer = self.door.call(self.centre.compare(request)).await?;
                self.keep(id, &open, answer).await?;
            }
            Asked::Nothing(_, fault) => {
                self.metrics.picture_held_back(fault.name());
                tracing::warn!(document = %id, %fault, "the picture is not sent to the centre");
                self.keep_own(id, &open, Verdict::QualityInsufficient).await?;
            }
            Asked::Hosted(request) => return self.look_at_page(id, &open, request).await,
        }
        Ok(Became::Answered)
    }

    /// Opens a page of the centre, or looks how the one stands that is open.
    async fn look_at_page(
        &self,
        id: DocumentId,
        open: &Open,
        request: &HostedRequest,
    ) -> Result<Became, AskError> {
        let waited_ms = utc_now().0.saturating_sub(open.received_at.0);
        let waited = Duration::from_millis(u64::try_from(waited_ms).unwrap_or(0));
        let pause = self.settings.hosted.pause(waited);
        let session = match self.sessions.get(id) {
            Some(session) => session,
            None => {
                let session = self.open_page(id, open, request).await?;
                if let Some(pause) = pause {
                    return Ok(Became::Pending(pause));
                }
                // Before this gateway knew of it the person may have come to an end: it is looked once.
                session
            }
        };
        let state = self.door.call(self.centre.poll(&session)).await?;
        let became = match (state, pause) {
            (HostedState::Done(answer), _) => {
                self.keep(id, open, answer).await?;
                "answered"
            }
            (HostedState::Pending, Some(pause)) => return Ok(Became::Pending(pause)),
            (HostedState::Gone, Some(pause)) => {
                tracing::warn!(document = %id, "the centre does not know its page any more; another one is opened");
                self.sessions.remove(id);
                return Ok(Became::Pending(
                    pause.min(Duration::from_millis(self.settings.retry_min_ms)),
                ));
            }
            (HostedState::NotCompleted, _) => {
                self.keep_own(id, open, Verdict::NotCompleted).await?;
                "not-completed"
            }
            (HostedState::Pending | HostedState::Gone, None) => {
                self.keep_own(id, open, Verdict::NotCompleted).await?;
                "expired"
            }
        };
        self.metrics.page(became);
        self.sessions.remove(id);
        Ok(Became::Answered)
    }

    /// Has the centre open a page, or gives the one that it has open for this document, and says so to all gateways.
    async fn open_page(
        &self,
        id: DocumentId,
        open: &Open,
        request: &HostedRequest,
    ) -> Result<HostedSession, AskError> {
        let session = self.door.call(self.centre.open(request)).await?;
        tracing::info!(document = %id, "the centre has opened a page");
        self.metrics.page("opened");
        self.sessions.put(id, &open.kiosk_id, session.clone(), utc_now());
        let kiosk_id = open.kiosk_id.clone();
        self.store.announce(Change::HostedOpened { id, kiosk_id }).await?;
        Ok(session)
    }

    /// What the centre is asked about a stored document; `None` where it has answered.
    async fn question(self: &Arc<Self>, id: DocumentId) -> Result<Option<Open>, AskError> {
        let stored = self.store.document(id).await?;
        let stored = stored.ok_or_else(|| AskError::Document("it is gone".into()))?;
        if self.store.answer(id).await?.is_some() {
            return Ok(None);
        }
        let this = Arc::clone(self);
        let open = tokio::task::spawn_blocking(move || {
            this.read(id, &stored.kiosk_id, stored.signed.expose(), stored.received_at)
        });
        open.await.map_err(|_| AskError::Lost)?.map(Some)
    }

    /// The question in a signed document.
    fn read(
        &self,
        id: DocumentId,
        kiosk_id: &str,
        signed: &[u8],
        received_at: UtcMs,
    ) -> Result<Open, AskError> {
        // As it was let in: the certificate of the kiosk may have expired since.
        let (verified, _) = intake::verify(signed, &self.anchors, None, received_at)
            .map_err(|error| AskError::Document(error.to_string()))?;
        let mut content = content::decode(verified.content.expose())
            .map_err(|error| AskError::Document(error.to_string()))?;
        let question =
            intake::question(&content).ok_or_else(|| AskError::Document("it asks nothing".into()))?;
        let (request_id, claim) = (id.to_string(), question.claim.clone());
        let quality =
            intake::probe_quality(&content).map(|probe| quality::check(&probe, &self.settings.quality));
        let asked = match (question.capture, quality) {
            (Capture::HostedPage, _) => {
                let window_ms = self.settings.hosted.window_ms;
                Asked::Hosted(HostedRequest {
                    request_id,
                    claim,
                    return_url: self.settings.hosted.return_url.clone(),
                    expires_at: UtcMs(received_at.0.saturating_add_unsigned(window_ms)),
                })
            }
            (Capture::Probe(_), Some(Err(fault))) => Asked::Nothing(request_id, fault),
            (Capture::Probe(probe), _) => Asked::Compare(Request {
                request_id,
                claim,
                probe,
            }),
        };
        let (comparison_min, consents_to_nbas) = (question.comparison_min, question.consents_to_nbas);
        let nbas_enrolment_min = question.nbas_enrolment_min;
        content.stills.clear();
        Ok(Open {
            asked,
            kiosk_id: kiosk_id.to_owned(),
            received_at,
            comparison_min,
            consents_to_nbas,
            nbas_enrolment_min,
            content,
        })
    }

    /// Stores an answer, with what the institution's systems are told of it; says whether it is kept.
    async fn store_answer(
        &self,
        open: &Open,
        identification: &Identification,
        signed: &[u8],
        is_comparison: bool,
    ) -> Result<bool, StoreError> {
        let (id, now) = (identification.document_id, identification.answered_at);
        let outlet = self.outlet.as_ref();
        let notices: Vec<NewNotice> = outlet.map_or_else(Vec::new, |outlet| {
            outlet.tell_of(&open.content, Some(identification), now)
        });
        let kept = self
            .store
            .keep_answer(id, signed, is_comparison, notices, now)
            .await?;
        if let Some(outlet) = outlet {
            outlet.wake();
        }
        Ok(kept)
    }

    /// Signs and stores what the centre has answered.
    async fn keep(&self, id: DocumentId, open: &Open, answer: Answer) -> Result<(), AskError> {
        let modality = open.modality();
        let threshold = match modality {
            // The stricter of the two; a damaged number in the document counts for nothing.
            Modality::Face => Some(open.comparison_min.max(self.settings.comparison_min)),
            Modality::Palm => None,
        };
        let below = |threshold| answer.score.is_none_or(|score| score < threshold);
        let verdict = match answer.verdict {
            Verdict::Match if threshold.is_some_and(below) => Verdict::NonMatch,
            verdict => verdict,
        };
        let nbas = match (verdict, modality, answer.score) {
            (Verdict::Match, Modality::Face, Some(score)) => Some(self.nbas(id, open, score).await),
            _ => None,
        };
        let identification = Identification {
            document_id: id,
            modality,
            verdict,
            score: answer.score,
            threshold,
            reference_source: answer.reference_source,
            reference_date: answer.reference_date,
            centre_request_id: open.request_id().to_owned(),
            answered_at: utc_now(),
            centre_answer_id: answer.answer_id,
            nbas,
            request: match verdict {
                Verdict::Match => earlier::standing(&*self.store, &self.anchors, &open.content).await?,
                // How somebody's request stands is told to nobody else.
                _ => None,
            },
            decided_by: Source::Centre,
            examiner: None,
            reason: None,
        };
        let signed = self.sign(&identification)?;
        // Where another gateway was quicker, its answer counts for all, and the comparison was counted there.
        if self.store_answer(open, &identification, &signed, true).await? {
            tracing::info!(document = %id, ?verdict, ?nbas, "the centre has answered");
        }
        Ok(())
    }

    /// Signs and stores an answer for which the centre was not asked, or that it did not give.
    async fn keep_own(&self, id: DocumentId, open: &Open, verdict: Verdict) -> Result<(), AskError> {
        let identification = Identification {
            document_id: id,
            modality: open.modality(),
            verdict,
            score: None,
            threshold: None,
            reference_source: String::new(),
            reference_date: None,
            centre_request_id: open.request_id().to_owned(),
            answered_at: utc_now(),
            centre_answer_id: None,
            nbas: None,
            request: None,
            decided_by: Source::Centre,
            examiner: None,
            reason: None,
        };
        let signed = self.sign(&identification)?;
        if self.store_answer(open, &identification, &signed, false).await? {
            tracing::info!(document = %id, ?verdict, "answered without a comparison");
        }
        Ok(())
    }

    fn sign(&self, identification: &Identification) -> Result<Vec<u8>, AskError> {
        let bytes = identification::encode(identification);
        let signer = self.signer.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(signature::sign(&bytes, &*signer, identification.answered_at)?)
    }

    /// What becomes of the NBAS after a match with this score. It never costs the answer.
    async fn nbas(&self, id: DocumentId, open: &Open, score: f32) -> Nbas {
        let nbas = if !open.consents_to_nbas {
            Nbas::NoConsent
        } else if score < open.nbas_enrolment_min.max(self.settings.nbas_enrolment_min) {
            Nbas::BelowThreshold
        } else {
            self.mark(id, open.request_id()).await
        };
        self.metrics.nbas(match nbas {
            Nbas::NoConsent => "no-consent",
            Nbas::BelowThreshold => "below-threshold",
            Nbas::Marked => "marked",
            Nbas::Failed => "failed",
        });
        nbas
    }

    /// Has the centre add the picture of a request to the NBAS.
    async fn mark(&self, id: DocumentId, request_id: &str) -> Nbas {
        let pause = Duration::from_millis(self.settings.retry_min_ms).min(ENROLMENT_PAUSE_MAX);
        for number in 1..=ENROLMENT_TRIES {
            match self.door.call(self.centre.enrol(request_id)).await {
                Ok(()) => return Nbas::Marked,
                Err(error) => {
                    tracing::warn!(document = %id, %error, number, "the centre does not confirm the NBAS");
                    if matches!(error, CallError::Centre(CentreError::Rejected { .. })) {
                        break;
                    }
                }
            }
            if number < ENROLMENT_TRIES {
                tokio::time::sleep(pause).await;
            }
        }
        Nbas::Failed
    }

    /// How long a question is this gateway's: longer than any question takes.
    fn lease_ms(&self) -> u64 {
        let calls = u64::from(ENROLMENT_TRIES) + 2;
        self.settings
            .deadline_ms
            .saturating_mul(calls)
            .saturating_add(30_000)
    }

    /// How long to wait after the failure number `attempts` + 1; `None` for an error that stays.
    fn pause(&self, attempts: u32, error: &AskError) -> Option<Duration> {
        let class = match error {
            AskError::Centre(error) => error.class(),
            AskError::Held | AskError::Store(_) | AskError::Sign(_) | AskError::Lost => {
                FailureClass::Transient { retry_after: None }
            }
            AskError::Document(_) => FailureClass::Permanent,
        };
        let least = match class {
            FailureClass::Permanent => return None,
            FailureClass::Transient {
                retry_after: Some(after),
            } => after,
            FailureClass::Transient { retry_after: None } | FailureClass::Network => Duration::ZERO,
        };
        let doubled = self
            .settings
            .retry_min_ms
            .saturating_mul(2_u64.saturating_pow(attempts));
        let most = doubled.min(self.settings.retry_max_ms);
        // Between half and all of it, so that many documents do not come back at once.
        let part = getrandom::u64().unwrap_or(0) % (most / 2 + 1);
        Some(least.max(Duration::from_millis(most / 2 + part)))
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
