//! Documents, what the centre is asked about them, and its answers.

use async_trait::async_trait;
use verification::Sensitive;
use verification::audit::AuditHead;
use verification::evidence::{DocumentId, SessionId};
use verification::time::UtcMs;

use super::notices::NewNotice;
use super::requests::NewRequest;
use super::reviews::NewReview;
use super::{Change, StoreError};
use crate::idec::tariff::BankDay;

/// A document on its way into the store.
#[derive(Debug, Clone)]
pub struct NewDocument {
    /// Its id.
    pub id: DocumentId,
    /// The kiosk that signed it.
    pub kiosk_id: String,
    /// The session that it is about, for the audit log.
    pub session: Option<SessionId>,
    /// How the session ended, for lists.
    pub outcome: String,
    /// The signed bytes, exactly as they came.
    pub signed: Sensitive<Vec<u8>>,
    /// SHA-256 of the signed bytes.
    pub sha256: [u8; 32],
    /// When the kiosk says that it signed.
    pub signed_at: UtcMs,
    /// Where the kiosk's audit log stood, as the document says.
    pub audit: Option<AuditHead>,
    /// Whether the centre is to be asked about it.
    pub asks: bool,
    /// What is to be noted beside the document in the audit log, for example that the kiosk's clock is wrong. Nothing
    /// personal.
    pub notes: Vec<String>,
    /// The request of a data subject in it, for the register.
    pub request: Option<NewRequest>,
    /// What examiners of the institution are to do with it; then the centre is not asked.
    pub review: Option<NewReview>,
    /// What the institution's systems are told of it.
    pub notices: Vec<NewNotice>,
}

/// What became of a document that was put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// It is stored now.
    New,
    /// It was stored before, with the same bytes.
    Known,
    /// Another one is stored under its id.
    Conflict,
    /// At the same place of the kiosk's audit log something else was seen before. It is not stored.
    AuditFork,
}

/// The answer to [`Documents::put`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stored {
    /// What became of it.
    pub put: Put,
    /// When the document under this id came first; now, where none is stored.
    pub received_at: UtcMs,
    /// Where the audit log of the gateway that stored it stood after it had noted the document. After a conflict or a
    /// fork: where the log of this gateway stood after it had noted that.
    pub audit: AuditHead,
}

/// A stored document.
#[derive(Debug, Clone)]
pub struct StoredDocument {
    /// The kiosk that signed it.
    pub kiosk_id: String,
    /// When it came.
    pub received_at: UtcMs,
    /// When the kiosk says that it signed; `None` for documents that an older gateway stored.
    pub signed_at: Option<UtcMs>,
    /// The signed bytes.
    pub signed: Sensitive<Vec<u8>>,
    /// SHA-256 of the signed bytes.
    pub sha256: [u8; 32],
    /// Where the kiosk's audit log stood, as the document says.
    pub kiosk_audit: Option<AuditHead>,
    /// Where the audit log of the gateway that stored it stood after it had noted the document.
    pub audit: AuditHead,
    /// How often the centre was asked in vain.
    pub attempts: u32,
}

/// One line of a list. No personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its place in the order of arrival; a list goes on behind it.
    pub number: u64,
    /// The document.
    pub id: DocumentId,
    /// The kiosk that signed it.
    pub kiosk_id: String,
    /// How the session ended.
    pub outcome: String,
    /// When it came.
    pub received_at: UtcMs,
    /// When the kiosk says that it signed; `None` for documents that an older gateway stored.
    pub signed_at: Option<UtcMs>,
    /// Where it stands with the centre.
    pub answer: AnswerState,
}

/// Where a document stands with the centre.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnswerState {
    /// There is nothing to ask.
    NotAsked,
    /// To be asked, or asked in vain so far.
    Awaited {
        /// How often.
        attempts: u32,
        /// Why it failed last.
        fault: Option<String>,
    },
    /// The centre rejects the question.
    Rejected {
        /// Why.
        fault: String,
    },
    /// Answered.
    Answered {
        /// Whether the kiosk has the answer.
        seen: bool,
    },
}

impl AnswerState {
    /// From what the tables say; `seen` of the answer, if there is one.
    pub(super) fn of(
        asks: bool,
        seen: Option<bool>,
        attempts: u32,
        never_again: bool,
        fault: Option<String>,
    ) -> Self {
        match (seen, asks) {
            (Some(seen), _) => Self::Answered { seen },
            (None, false) => Self::NotAsked,
            (None, true) if never_again => Self::Rejected {
                fault: fault.unwrap_or_default(),
            },
            (None, true) => Self::Awaited { attempts, fault },
        }
    }
}

/// Which documents a list holds; the default is all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Behind this place in the order of arrival.
    pub after: u64,
    /// Of this kiosk alone.
    pub kiosk_id: Option<String>,
    /// That came at or after this time.
    pub since: Option<UtcMs>,
    /// That came before this time.
    pub before: Option<UtcMs>,
    /// To which the centre still owes an answer.
    pub unanswered: bool,
}

/// What was claimed to be asked about, and when there may be more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// The documents; they are this gateway's until the lease ends.
    pub ids: Vec<DocumentId>,
    /// When the next document is due that nobody asks about; `None` if there is none.
    pub next_at: Option<UtcMs>,
}

/// How full the store is. Counts end at [`COUNT_MAX`](super::COUNT_MAX), which keeps this cheap.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    /// About how many documents have arrived since the store was made.
    pub arrived: u64,
    /// How many wait for an answer of the centre, without those that it rejects.
    pub unanswered: u64,
    /// How many questions the centre rejects.
    pub rejected: u64,
    /// How many answers their kiosks have not stored yet.
    pub unseen: u64,
}

/// Documents, questions and answers.
#[async_trait]
pub trait Documents {
    /// Stores a document. It is on the disk, together with its record in the audit log, when this returns.
    ///
    /// # Errors
    /// When the disk or the database fails. Nothing is stored then, unless the database was lost at the very moment of
    /// its answer; who puts the document again learns it.
    async fn put(&self, document: NewDocument, now: UtcMs) -> Result<Stored, StoreError>;

    /// A stored document.
    ///
    /// # Errors
    /// When the database fails.
    async fn document(&self, id: DocumentId) -> Result<Option<StoredDocument>, StoreError>;

    /// At most `limit` documents in the order of arrival.
    ///
    /// # Errors
    /// When the database fails.
    async fn list(&self, filter: &Filter, limit: u32) -> Result<Vec<Listed>, StoreError>;

    /// How full the store is.
    ///
    /// # Errors
    /// When the database fails.
    async fn standing(&self) -> Result<Standing, StoreError>;

    /// Takes at most `limit` documents that the centre is to be asked about now, the longest due first. No other
    /// gateway gets them until they are answered, failed or released, or `lease_ms` milliseconds have passed.
    ///
    /// # Errors
    /// When the disk or the database fails.
    async fn claim(&self, limit: u32, lease_ms: u64, now: UtcMs) -> Result<Claimed, StoreError>;

    /// Gives back what was claimed, so that others may ask at once.
    ///
    /// # Errors
    /// When the disk or the database fails.
    async fn release(&self, ids: &[DocumentId]) -> Result<(), StoreError>;

    /// Stores the signed answer for which the centre was not paid, noted in the audit log. It is on the disk when this
    /// returns. An answer that is there already stays; says whether this one is kept.
    ///
    /// # Errors
    /// When the disk or the database fails.
    async fn answered(&self, id: DocumentId, answer: &[u8], now: UtcMs) -> Result<bool, StoreError> {
        self.keep_answer(id, answer, false, Vec::new(), now).await
    }

    /// As [`answered`](Documents::answered), with what the institution's systems are told of it. Where the answer is not
    /// kept, nor are they.
    ///
    /// # Errors
    /// When the disk or the database fails.
    async fn answered_with(
        &self,
        id: DocumentId,
        answer: &[u8],
        notices: Vec<NewNotice>,
        now: UtcMs,
    ) -> Result<bool, StoreError> {
        self.keep_answer(id, answer, false, notices, now).await
    }

    /// As [`answered`](Documents::answered), of an answer that the centre has given.
    ///
    /// # Errors
    /// When the disk or the database fails.
    async fn compared(&self, id: DocumentId, answer: &[u8], now: UtcMs) -> Result<bool, StoreError> {
        self.keep_answer(id, answer, true, Vec::new(), now).await
    }

    /// As [`answered`](Documents::answered), with all that goes into the same transaction where the answer is kept: for
    /// an answer of the centre, `is_comparison`, the comparison is counted for the day of `now`; and what the
    /// institution's systems are told.
    ///
    /// # Errors
    /// When the disk or the database fails.
    async fn keep_answer(
        &self,
        id: DocumentId,
        answer: &[u8],
        is_comparison: bool,
        notices: Vec<NewNotice>,
        now: UtcMs,
    ) -> Result<bool, StoreError>;

    /// How many comparisons of all gateways were counted on each day from this one on, in the order of the days. Days
    /// without any are left out.
    ///
    /// # Errors
    /// When the database fails.
    async fn comparisons(&self, from: BankDay) -> Result<Vec<(BankDay, u64)>, StoreError>;

    /// Gives back what was claimed, to be asked about at this time. Unlike [`failed`](Documents::failed) it is nobody's
    /// failure, and not counted as one.
    ///
    /// # Errors
    /// When the disk or the database fails.
    async fn postponed(&self, id: DocumentId, next_try_at: UtcMs) -> Result<(), StoreError>;

    /// Tells all gateways, this one included, of something that does not stand in the store. It may get lost.
    ///
    /// # Errors
    /// When the database fails.
    async fn announce(&self, change: Change) -> Result<(), StoreError>;

    /// Notes that the centre was asked in vain, and when to ask again; `None` for not by itself.
    ///
    /// # Errors
    /// When the disk or the database fails.
    async fn failed(&self, id: DocumentId, fault: &str, next_try_at: Option<UtcMs>)
    -> Result<(), StoreError>;

    /// For the start of a gateway: gives back what it claimed in its former life, and makes everything unanswered due
    /// now, also what was rejected; the reason may be gone.
    ///
    /// # Errors
    /// When the disk or the database fails.
    async fn retry_all(&self, now: UtcMs) -> Result<(), StoreError>;

    /// The signed answer about a document, if there is one.
    ///
    /// # Errors
    /// When the database fails.
    async fn answer(&self, id: DocumentId) -> Result<Option<Vec<u8>>, StoreError>;

    /// Answered documents of this kiosk whose answer it has not stored yet, and those of `awaiting` that are its own
    /// and answered, in the order of arrival.
    ///
    /// # Errors
    /// When the database fails.
    async fn owed(&self, kiosk_id: &str, awaiting: &[DocumentId]) -> Result<Vec<DocumentId>, StoreError>;

    /// Notes that the kiosk has stored the answer.
    ///
    /// # Errors
    /// When the disk or the database fails.
    async fn seen(&self, kiosk_id: &str, id: DocumentId, now: UtcMs) -> Result<(), StoreError>;

    /// Notes, also in the audit log, that the kiosk is to send these documents again, though it has a receipt. The wish
    /// ends with the next [`put`](Documents::put) of the document.
    ///
    /// # Errors
    /// When the disk or the database fails.
    async fn request_resend(&self, kiosk_id: &str, ids: &[DocumentId], now: UtcMs) -> Result<(), StoreError>;

    /// The documents that this kiosk is to send again, in the order of the wishes.
    ///
    /// # Errors
    /// When the database fails.
    async fn resends(&self, kiosk_id: &str) -> Result<Vec<DocumentId>, StoreError>;
}
