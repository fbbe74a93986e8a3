//! What an examiner may do with a document, and what comes of it.
//!
//! ```text
//!   take ─> look at facts and pictures, each look noted ─┬─> accept, refuse ─> sign ─> one transaction ─> kiosk
//!                                                        ├─> called, not reached
//!                                                        └─> release
//! ```
//!
//! **Architecture Invariant:** an examiner's decision is stored with its signed answer, its notices and its record in the
//! audit log in one transaction, and the centre is not asked.
//!
//! **Architecture Invariant:** nobody sees a picture before the audit log says so, and nobody decides about a document at
//! whose making they were the operator.

use std::sync::{Arc, Mutex, PoisonError};

use document::content::{self, Content};
use document::identification::{self, Identification, Verdict};
use document::signature::{self, ExternalSigner};
use verification::Sensitive;
use verification::evidence::{DocumentId, Modality, RefusalReason, Source, Still, StillPurpose};
use verification::time::UtcMs;

use crate::identification::earlier::{self, EarlierError};
use crate::institution::Outlet;
use crate::intake;
use crate::metrics::Metrics;
use crate::review::reasons;
use crate::store::{
    Review, ReviewDecision, ReviewEnd, ReviewFilter, ReviewKind, ReviewStep, Store, StoreError,
};

/// Why something cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// There is no such entry, or it is not one of this kind.
    #[error("there is nothing under this id to be done")]
    Unknown,
    /// Another examiner has it.
    #[error("another examiner has it")]
    HeldByOther,
    /// The examiner does not have it, or not any more.
    #[error("it was not taken, or the time for it has ended")]
    NotHeld,
    /// It has come to its end before.
    #[error("it was decided before")]
    Ended,
    /// The examiner was the operator in this session.
    #[error("who was present as the operator does not decide")]
    OwnSession,
    /// There is no such picture.
    #[error("the document has no such picture")]
    NoPicture,
    /// What is to be compared is not there.
    #[error("without both pictures nothing can be accepted")]
    NothingToCompare,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A stored document cannot be read any more. Nothing but the name of the fault is kept.
    #[error("the stored document cannot be read: {0}")]
    Document(String),
    /// The answer cannot be signed.
    #[error("the answer cannot be signed")]
    Sign(#[from] signature::SignError),
    /// A blocking task was lost.
    #[error("a blocking task was lost")]
    Lost,
}

impl DeskError {
    /// Its name in answers of the API.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::HeldByOther => "held-by-other",
            Self::NotHeld => "not-held",
            Self::Ended => "ended",
            Self::OwnSession => "own-session",
            Self::NoPicture => "no-picture",
            Self::NothingToCompare => "nothing-to-compare",
            Self::Store(_) | Self::Document(_) | Self::Sign(_) | Self::Lost => "unavailable",
        }
    }
}

impl From<EarlierError> for DeskError {
    fn from(error: EarlierError) -> Self {
        match error {
            EarlierError::Store(error) => Self::Store(error),
            EarlierError::Lost => Self::Lost,
        }
    }
}

/// Which picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Picture {
    /// The face.
    Portrait,
    /// The side of the identity document with the picture.
    Front,
    /// Its other side.
    Back,
}

impl Picture {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Portrait, Self::Front, Self::Back];

    /// Its name in addresses and in the audit log.
    pub fn name(self) -> &'static str {
        match self {
            Self::Portrait => "portrait",
            Self::Front => "front",
            Self::Back => "back",
        }
    }

    /// The one of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|picture| picture.name() == name)
    }

    fn purpose(self) -> StillPurpose {
        match self {
            Self::Portrait => StillPurpose::Portrait,
            Self::Front => StillPurpose::IdentityDocumentFront,
            Self::Back => StillPurpose::IdentityDocumentBack,
        }
    }

    /// It in a document, if it is there.
    pub fn of(self, content: &Content) -> Option<&Still> {
        let mut stills = content.stills.iter();
        stills.find(|still| still.purpose == self.purpose())
    }
}

/// An entry, and the document that it is about.
pub struct Looked {
    /// The entry.
    pub review: Review,
    /// What the document says. Personal.
    pub content: Content,
}

impl Looked {
    /// Whether both pictures are there that are compared.
    pub fn is_complete(&self) -> bool {
        [Picture::Portrait, Picture::Front]
            .iter()
            .all(|picture| picture.of(&self.content).is_some())
    }
}

/// What is decided about pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The person of the portrait is the person of the document, and that is the claimed one.
    Accept,
    /// Not so, or it cannot be told.
    Refuse(RefusalReason),
}

/// Where examiners sit.
pub struct Desk {
    /// The store of the gateway.
    pub store: Arc<dyn Store>,
    /// Signs answers.
    pub signer: Arc<Mutex<ExternalSigner>>,
    /// Authorities in DER whose signers are accepted.
    pub anchors: Vec<Vec<u8>>,
    /// Tells the institution's systems.
    pub outlet: Option<Arc<Outlet>>,
    /// Counts.
    pub metrics: Arc<Metrics>,
    /// How long a document is an examiner's.
    pub lease_ms: u64,
}

impl Desk {
    /// The queue.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn list(
        &self,
        filter: &ReviewFilter,
        limit: u32,
        now: UtcMs,
    ) -> Result<Vec<Review>, DeskError> {
        Ok(self.store.reviews(filter, limit, now).await?)
    }

    /// Takes an entry, or has it for longer.
    ///
    /// # Errors
    /// When somebody else has it, it was decided, or the examiner was the operator.
    pub async fn take(&self, id: DocumentId, examiner: &str, now: UtcMs) -> Result<(), DeskError> {
        let review = self.store.review(id, now).await?.ok_or(DeskError::Unknown)?;
        let content = self.read(id).await?;
        if review.state.is_open() {
            not_own(&content, examiner)?;
        }
        let step = self.store.take_review(id, examiner, self.lease_ms, now).await?;
        done(step)
    }

    /// Gives an entry back.
    ///
    /// # Errors
    /// When the examiner does not have it.
    pub async fn release(&self, id: DocumentId, examiner: &str, now: UtcMs) -> Result<(), DeskError> {
        done(self.store.release_review(id, examiner, false, now).await?)
    }

    /// What the document says. Noted in the audit log before it is shown.
    ///
    /// # Errors
    /// When the examiner does not have it, or what was looked at cannot be noted.
    pub async fn facts(&self, id: DocumentId, examiner: &str, now: UtcMs) -> Result<Looked, DeskError> {
        let looked = self.held(id, examiner, now).await?;
        self.note_look(&looked, examiner, "facts", now).await?;
        Ok(looked)
    }

    /// A picture as JPEG. Noted in the audit log before it is shown.
    ///
    /// # Errors
    /// As [`facts`](Self::facts), and when there is no such picture.
    pub async fn picture(
        &self,
        id: DocumentId,
        examiner: &str,
        picture: Picture,
        now: UtcMs,
    ) -> Result<Sensitive<Vec<u8>>, DeskError> {
        let looked = self.held(id, examiner, now).await?;
        let still = picture.of(&looked.content).ok_or(DeskError::NoPicture)?;
        self.note_look(&looked, examiner, picture.name(), now).await?;
        Ok(still.sample.jpeg.clone())
    }

    /// Decides about pictures: signs the answer, stores it, and has it sent to the kiosk.
    ///
    /// # Errors
    /// When the examiner does not have it or was the operator, when there is nothing to compare, or nothing could be
    /// stored.
    pub async fn decide(
        &self,
        id: DocumentId,
        examiner: &str,
        decision: Decision,
        now: UtcMs,
    ) -> Result<(), DeskError> {
        let looked = self.held(id, examiner, now).await?;
        if looked.review.kind != ReviewKind::Images {
            return Err(DeskError::Unknown);
        }
        let (verdict, reason, end) = match decision {
            Decision::Accept if !looked.is_complete() => return Err(DeskError::NothingToCompare),
            Decision::Accept => (Verdict::Match, None, ReviewEnd::Accepted),
            Decision::Refuse(reason) => (
                reasons::verdict(reason),
                Some(reason),
                ReviewEnd::Refused(reasons::name(reason)),
            ),
        };
        let identification = Identification {
            document_id: id,
            modality: Modality::Face,
            verdict,
            score: None,
            threshold: None,
            reference_source: String::new(),
            reference_date: None,
            centre_request_id: String::new(),
            answered_at: now,
            centre_answer_id: None,
            nbas: None,
            request: match decision {
                Decision::Accept => earlier::standing(&*self.store, &self.anchors, &looked.content).await?,
                Decision::Refuse(_) => None,
            },
            decided_by: Source::Examiner,
            examiner: Some(examiner.to_owned()),
            reason,
        };
        let answer = self.sign(&identification)?;
        let outlet = self.outlet.as_ref();
        let notices = outlet.map_or_else(Vec::new, |outlet| {
            outlet.tell_of(&looked.content, Some(&identification), now)
        });
        self.end(
            ReviewDecision {
                document_id: id,
                examiner: examiner.to_owned(),
                end,
                answer: Some(Sensitive::new(answer)),
                notices,
            },
            now,
        )
        .await
    }

    /// Notes that the person was called: reached, which ends it, or in vain, which is counted and gives it back.
    ///
    /// # Errors
    /// When the examiner does not have it, or it is no call-back.
    pub async fn called(
        &self,
        id: DocumentId,
        examiner: &str,
        reached: bool,
        now: UtcMs,
    ) -> Result<(), DeskError> {
        if !reached {
            done(self.store.release_review(id, examiner, true, now).await?)?;
            self.metrics.review("not-reached");
            return Ok(());
        }
        // Also at the end: the operator of the session does not do it.
        self.held(id, examiner, now).await?;
        self.end(
            ReviewDecision {
                document_id: id,
                examiner: examiner.to_owned(),
                end: ReviewEnd::Called,
                answer: None,
                notices: Vec::new(),
            },
            now,
        )
        .await
    }

    async fn end(&self, decision: ReviewDecision, now: UtcMs) -> Result<(), DeskError> {
        let (id, end) = (decision.document_id, decision.end.name());
        done(self.store.decide_review(decision, now).await?)?;
        self.metrics.review(end);
        if let Some(outlet) = &self.outlet {
            outlet.wake();
        }
        tracing::info!(document = %id, end, "an examiner has decided");
        Ok(())
    }

    /// An entry that this examiner has, and its document.
    async fn held(&self, id: DocumentId, examiner: &str, now: UtcMs) -> Result<Looked, DeskError> {
        let review = self.store.review(id, now).await?.ok_or(DeskError::Unknown)?;
        if !review.state.is_open() {
            return Err(DeskError::Ended);
        }
        if !review.state.is_held_by(examiner) {
            return Err(match review.state.name() {
                "taken" => DeskError::HeldByOther,
                _ => DeskError::NotHeld,
            });
        }
        let content = self.read(id).await?;
        not_own(&content, examiner)?;
        Ok(Looked { review, content })
    }

    async fn note_look(
        &self,
        looked: &Looked,
        examiner: &str,
        at: &'static str,
        now: UtcMs,
    ) -> Result<(), DeskError> {
        let event = format!("review-looked {} {examiner} {at}", looked.review.document_id);
        let session = Some(looked.content.session_id);
        self.store.append_audit(&event, session, now).await?;
        Ok(())
    }

    /// A stored document, as it was let in.
    async fn read(&self, id: DocumentId) -> Result<Content, DeskError> {
        let stored = self.store.document(id).await?;
        let stored = stored.ok_or_else(|| DeskError::Document("it is gone".into()))?;
        let anchors = self.anchors.clone();
        let read = tokio::task::spawn_blocking(move || {
            let verified = intake::verify(stored.signed.expose(), &anchors, None, stored.received_at);
            let (verified, _) = verified.map_err(|error| DeskError::Document(error.to_string()))?;
            content::decode(verified.content.expose()).map_err(|error| DeskError::Document(error.to_string()))
        });
        read.await.map_err(|_| DeskError::Lost)?
    }

    fn sign(&self, identification: &Identification) -> Result<Vec<u8>, DeskError> {
        let bytes = identification::encode(identification);
        let signer = self.signer.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(signature::sign(&bytes, &*signer, identification.answered_at)?)
    }
}

/// Codes are compared as people read them: whoever is the same in small letters is the same.
fn not_own(content: &Content, examiner: &str) -> Result<(), DeskError> {
    let operator = content.operator.as_deref().unwrap_or_default();
    if operator.trim().to_lowercase() == examiner.to_lowercase() {
        return Err(DeskError::OwnSession);
    }
    Ok(())
}

fn done(step: ReviewStep) -> Result<(), DeskError> {
    Err(match step {
        ReviewStep::Done => return Ok(()),
        ReviewStep::Unknown => DeskError::Unknown,
        ReviewStep::HeldByOther => DeskError::HeldByOther,
        ReviewStep::NotHeld => DeskError::NotHeld,
        ReviewStep::Ended => DeskError::Ended,
    })
}
