//! Asks the centre about stored documents, again and again until it answers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use document::content::{self, Content};
use document::identification::{self, Identification, Verdict};
use document::signature::{self, ExternalSigner};
use sync::machine::FailureClass;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use verification::evidence::{DocumentId, Modality};
use verification::time::UtcMs;

use crate::config::Idec;
use crate::idec::{Answer, CentreError, IdentificationCentre, Request};
use crate::institution::Outlet;
use crate::intake;
use crate::store::{Store, StoreError};
use crate::utc_now;

/// The pause after the store failed.
const STORE_PAUSE: Duration = Duration::from_secs(5);

/// How long it sleeps when nothing is due. A document that comes here wakes it; one that came to another gateway, which
/// has died since, is found by looking again.
const IDLE_PAUSE: Duration = Duration::from_secs(10);

/// Everything that answering needs.
pub struct Identifier {
    pub store: Arc<dyn Store>,
    pub centre: Arc<dyn IdentificationCentre>,
    pub signer: Arc<Mutex<ExternalSigner>>,
    pub anchors: Vec<Vec<u8>>,
    pub settings: Idec,
    /// Notified when a document was stored.
    pub stored: Arc<Notify>,
    /// Tells the institution's systems.
    pub outlet: Option<Arc<Outlet>>,
}

/// What the centre is asked.
struct Open {
    request: Request,
    /// The score that the policy of the session asks for.
    comparison_min: f32,
    /// What the document says, without its pictures.
    content: Content,
}

/// Why one document has no answer yet.
#[derive(Debug, thiserror::Error)]
enum AskError {
    #[error(transparent)]
    Centre(#[from] CentreError),
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

/// Runs until `stop` becomes true. Questions under way are dropped then, and given back so that another gateway may
/// ask at once; the centre knows them by their id.
pub async fn run(identifier: Arc<Identifier>, mut stop: watch::Receiver<bool>) {
    let mut asking: HashMap<tokio::task::Id, DocumentId> = HashMap::new();
    let mut questions = JoinSet::new();
    let parallel = usize::from(identifier.settings.parallel);
    loop {
        let places = u32::try_from(parallel - asking.len().min(parallel)).unwrap_or(u32::MAX);
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
                    Some(wait) if asking.len() < parallel => wait.min(IDLE_PAUSE),
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
    /// Asks about one document and stores and sends the answer, or notes when to ask again.
    async fn answer(self: &Arc<Self>, id: DocumentId) {
        let error = match self.ask(id).await {
            Ok(()) => return,
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
    async fn ask(self: &Arc<Self>, id: DocumentId) -> Result<(), AskError> {
        let Some(open) = self.question(id).await? else {
            return Ok(());
        };
        let answer = self.centre.compare(&open.request).await?;
        self.keep(id, open, answer).await
    }

    /// What the centre is asked about a stored document; `None` where it has answered.
    async fn question(self: &Arc<Self>, id: DocumentId) -> Result<Option<Open>, AskError> {
        let stored = self.store.document(id).await?;
        let stored = stored.ok_or_else(|| AskError::Document("it is gone".into()))?;
        if self.store.answer(id).await?.is_some() {
            return Ok(None);
        }
        let this = Arc::clone(self);
        let open =
            tokio::task::spawn_blocking(move || this.read(id, stored.signed.expose(), stored.received_at));
        open.await.map_err(|_| AskError::Lost)?.map(Some)
    }

    /// The question in a signed document.
    fn read(&self, id: DocumentId, signed: &[u8], received_at: UtcMs) -> Result<Open, AskError> {
        // As it was let in: the certificate of the kiosk may have expired since.
        let (verified, _) = intake::verify(signed, &self.anchors, None, received_at)
            .map_err(|error| AskError::Document(error.to_string()))?;
        let mut content = content::decode(verified.content.expose())
            .map_err(|error| AskError::Document(error.to_string()))?;
        let question =
            intake::question(&content).ok_or_else(|| AskError::Document("it asks nothing".into()))?;
        let comparison_min = question.comparison_min;
        let request = Request {
            request_id: id.to_string(),
            claim: question.claim.clone(),
            probe: question.probe,
        };
        content.stills.clear();
        Ok(Open {
            request,
            comparison_min,
            content,
        })
    }

    /// Signs and stores the answer.
    async fn keep(&self, id: DocumentId, open: Open, answer: Answer) -> Result<(), AskError> {
        let now = utc_now();
        let modality = open.request.probe.modality();
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
        let identification = Identification {
            document_id: id,
            modality,
            verdict,
            score: answer.score,
            threshold,
            reference_source: answer.reference_source,
            reference_date: answer.reference_date,
            centre_request_id: open.request.request_id,
            answered_at: now,
        };
        let bytes = identification::encode(&identification);
        let told = self.outlet.as_ref();
        let notices = told.map_or_else(Vec::new, |outlet| {
            outlet.tell_of(&open.content, Some(&identification), now)
        });
        let signed = {
            let signer = self.signer.lock().unwrap_or_else(PoisonError::into_inner);
            signature::sign(&bytes, &*signer, now)?
        };
        // Where another gateway was quicker, its answer counts for all.
        if self.store.answered_with(id, &signed, notices, now).await? {
            if let Some(outlet) = &self.outlet {
                outlet.wake();
            }
            tracing::info!(document = %id, ?verdict, "the centre has answered");
        }
        Ok(())
    }

    /// How long a question is this gateway's: longer than any question takes.
    fn lease_ms(&self) -> u64 {
        self.settings.deadline_ms.saturating_mul(2).saturating_add(30_000)
    }

    /// How long to wait after the failure number `attempts` + 1; `None` for an error that stays.
    fn pause(&self, attempts: u32, error: &AskError) -> Option<Duration> {
        let class = match error {
            AskError::Centre(error) => error.class(),
            AskError::Store(_) | AskError::Sign(_) | AskError::Lost => {
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
