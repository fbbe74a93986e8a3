//! Asks the centre about stored documents, again and again until it answers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use document::content;
use document::identification::{self, Identification, Verdict};
use document::signature::{self, P256Signer};
use sync::machine::FailureClass;
use sync::wire::{GatewayFrame, Payload};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use verification::evidence::{DocumentId, Modality};
use verification::time::UtcMs;

use crate::config::Idec;
use crate::idec::{Answer, CentreError, IdentificationCentre, Request};
use crate::intake;
use crate::presence::Presence;
use crate::store::{Store, StoreError};
use crate::utc_now;

/// The pause after the store failed.
const STORE_PAUSE: Duration = Duration::from_secs(5);

/// How long it sleeps when nothing is due. A document that comes wakes it.
const IDLE_PAUSE: Duration = Duration::from_secs(60);

/// Everything that answering needs.
pub struct Identifier {
    pub store: Arc<Store>,
    pub presence: Arc<Presence>,
    pub centre: Arc<dyn IdentificationCentre>,
    pub signer: Mutex<P256Signer>,
    pub anchors: Vec<Vec<u8>>,
    pub settings: Idec,
    /// Notified when a document was stored.
    pub stored: Arc<Notify>,
}

/// Where one document stands.
enum Question {
    /// Answered since it was listed as unanswered.
    Answered(Vec<u8>),
    /// To be asked.
    Open {
        request: Request,
        /// The score that the policy of the session asks for.
        comparison_min: f32,
    },
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

/// Runs until `stop` becomes true. Questions under way are dropped then; they are asked again, under the same
/// id, after the next start.
pub async fn run(identifier: Arc<Identifier>, mut stop: watch::Receiver<bool>) {
    let mut asking: HashMap<tokio::task::Id, DocumentId> = HashMap::new();
    let mut questions = JoinSet::new();
    let parallel = usize::from(identifier.settings.parallel);
    loop {
        let pause = match identifier
            .store_call(move |store| store.unanswered(parallel * 2))
            .await
        {
            Ok(unanswered) => {
                let now = utc_now();
                let mut pause = IDLE_PAUSE;
                for (id, at) in unanswered {
                    if asking.values().any(|asked| *asked == id) {
                        continue;
                    }
                    if at > now {
                        let wait = u64::try_from(at.0.saturating_sub(now.0)).unwrap_or(0);
                        pause = pause.min(Duration::from_millis(wait));
                        break;
                    }
                    if asking.len() < parallel {
                        let identifier = Arc::clone(&identifier);
                        let task = questions.spawn(async move { identifier.answer(id).await });
                        asking.insert(task.id(), id);
                    }
                }
                pause
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
            () = crate::stopped(&mut stop) => return,
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
}

impl Identifier {
    /// Asks about one document and stores and sends the answer, or notes when to ask again.
    async fn answer(self: &Arc<Self>, id: DocumentId) {
        let error = match self.ask(id).await {
            Ok(()) => return,
            Err(error) => error,
        };
        let attempts = self
            .store_call(move |store| Ok(store.document(id)?.map_or(0, |stored| stored.attempts)))
            .await
            .unwrap_or_default();
        let pause = self.pause(attempts, &error);
        let next_try_at = pause.map(|pause| UtcMs(utc_now().0.saturating_add(millis(pause))));
        let fault = error.to_string();
        match pause {
            Some(pause) => tracing::warn!(document = %id, fault, pause_ms = millis(pause), "no answer yet"),
            None => {
                tracing::error!(document = %id, fault, "no answer is possible; tried again at the next start")
            }
        }
        if let Err(error) = self
            .store_call(move |store| store.failed(id, &fault, next_try_at))
            .await
        {
            tracing::error!(document = %id, %error, "the failure could not be noted");
            // Without the note it is due at once; without a pause it would be asked in a tight loop.
            tokio::time::sleep(STORE_PAUSE).await;
        }
    }

    /// Keeps a document that brings this program down from doing so in a loop.
    async fn give_up_for_long(&self, id: DocumentId) {
        let at = UtcMs(utc_now().0.saturating_add_unsigned(self.settings.retry_max_ms));
        let noted = self
            .store_call(move |store| store.failed(id, "a fault of the gateway", Some(at)))
            .await;
        if let Err(error) = noted {
            tracing::error!(document = %id, %error, "the failure could not be noted");
            tokio::time::sleep(STORE_PAUSE).await;
        }
    }

    async fn ask(self: &Arc<Self>, id: DocumentId) -> Result<(), AskError> {
        let this = Arc::clone(self);
        let (kiosk_id, question) = tokio::task::spawn_blocking(move || this.question(id))
            .await
            .map_err(|_| AskError::Lost)??;
        let signed = match question {
            Question::Answered(signed) => signed,
            Question::Open {
                request,
                comparison_min,
            } => {
                let answer = self.centre.compare(&request).await?;
                let this = Arc::clone(self);
                tokio::task::spawn_blocking(move || this.keep(id, request, comparison_min, answer))
                    .await
                    .map_err(|_| AskError::Lost)??
            }
        };
        self.presence.send(
            &kiosk_id,
            GatewayFrame::Identified {
                id,
                document: Payload(signed),
            },
        );
        Ok(())
    }

    /// The kiosk of a stored document, and what the centre is asked about it.
    fn question(&self, id: DocumentId) -> Result<(String, Question), AskError> {
        let stored = self
            .store
            .document(id)?
            .ok_or_else(|| AskError::Document("it is gone".into()))?;
        if let Some(answer) = self.store.answer(id)? {
            return Ok((stored.kiosk_id, Question::Answered(answer)));
        }
        // As of its arrival: the certificate of the kiosk may have expired since.
        let verified = signature::verify(stored.signed.expose(), &self.anchors, stored.received_at)
            .map_err(|error| AskError::Document(error.to_string()))?;
        let content = content::decode(verified.content.expose())
            .map_err(|error| AskError::Document(error.to_string()))?;
        let question =
            intake::question(&content).ok_or_else(|| AskError::Document("it asks nothing".into()))?;
        let request = Request {
            request_id: id.to_string(),
            claim: question.claim.clone(),
            probe: question.probe,
        };
        Ok((
            stored.kiosk_id,
            Question::Open {
                request,
                comparison_min: question.comparison_min,
            },
        ))
    }

    /// Signs and stores the answer; gives the signed bytes.
    fn keep(
        &self,
        id: DocumentId,
        request: Request,
        comparison_min: f32,
        answer: Answer,
    ) -> Result<Vec<u8>, AskError> {
        let now = utc_now();
        let modality = request.probe.modality();
        let threshold = match modality {
            // The stricter of the two; a damaged number in the document counts for nothing.
            Modality::Face => Some(comparison_min.max(self.settings.comparison_min)),
            Modality::Palm => None,
        };
        let below = |threshold| answer.score.is_none_or(|score| score < threshold);
        let verdict = match answer.verdict {
            Verdict::Match if threshold.is_some_and(below) => Verdict::NonMatch,
            verdict => verdict,
        };
        let bytes = identification::encode(&Identification {
            document_id: id,
            modality,
            verdict,
            score: answer.score,
            threshold,
            reference_source: answer.reference_source,
            reference_date: answer.reference_date,
            centre_request_id: request.request_id,
            answered_at: now,
        });
        let signed = {
            let signer = self.signer.lock().unwrap_or_else(PoisonError::into_inner);
            signature::sign(&bytes, &*signer, now)?
        };
        self.store.answered(id, &signed, now)?;
        tracing::info!(document = %id, ?verdict, "the centre has answered");
        Ok(signed)
    }

    async fn store_call<T: Send + 'static>(
        &self,
        call: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, AskError> {
        let store = Arc::clone(&self.store);
        Ok(tokio::task::spawn_blocking(move || call(&store))
            .await
            .map_err(|_| AskError::Lost)??)
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
