//! Where documents, answers, audit logs and the trust in kiosks are kept: SQLite inside the gateway, or PostgreSQL.
//!
//! ```text
//!   Documents   put ─> claim ─> answered ─> owed ─> seen           resend
//!   Trail       one hash chain for each gateway, written in the transaction that it speaks of
//!   Notices     claim ─> delivered, or failed and tried again      created with what they speak of
//!   Requests    the register of requests of data subjects; each change a version that stays
//!   Reviews     waiting ─> taken ─> accepted, refused, called           what examiners decide
//!   Trust       kiosks, one-time codes, certificates, revocations, heads of the kiosks' audit logs
//! ```
//!
//! **Architecture Invariant:** what a call has acknowledged is on the disk, together with its record in the audit log.
//!
//! **Architecture Invariant:** documents and answers are never on the disk in the clear. SQLite encrypts its whole file;
//! into PostgreSQL they go encrypted already, so that neither its files nor its dumps show them.

mod change;
mod documents;
mod error;
mod notices;
pub mod postgres;
mod requests;
mod reviews;
mod rules;
mod sealed;
pub mod sqlite;
mod trail;
mod trust;

use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::broadcast;
use verification::audit::LogId;

pub use change::Change;
pub use documents::{
    AnswerState, Claimed, Documents, Filter, Listed, NewDocument, Put, Standing, Stored, StoredDocument,
};
pub use error::StoreError;
pub use notices::{
    ClaimedNotice, ClaimedNotices, ListedNotice, NewNotice, NoticeFilter, NoticeStanding, NoticeState,
    Notices, Route,
};
pub use requests::{
    NewRequest, RequestChange, RequestFilter, RequestSet, RequestStanding, RequestVersion, Requests,
    SubjectRequest,
};
pub use reviews::{
    NewReview, Review, ReviewDecision, ReviewEnd, ReviewFilter, ReviewKind, ReviewStanding, ReviewState,
    ReviewStep, Reviews,
};
pub use trail::{AuditLog, Trail};
pub use trust::{
    COMPROMISES, CertificateRequest, CodeCheck, ConnectionId, Greeting, HeadCheck, IssuedCertificate, Kiosk,
    KnownCode, LastGreeting, NewCode, Redeemed, Registered, Revocation, SeenHead, Trust,
};

/// Up to where counts go, so that they are quick however many there are.
pub const COUNT_MAX: u64 = 100_000;

/// How many changes wait for a listener before it misses some.
const CHANGES_WAITING: usize = 1024;

/// How long a gateway that starts waits for a former one of the same name, or with the same file, to be gone.
const NAME_LIMIT: Duration = Duration::from_secs(5);

/// The whole store.
#[async_trait]
pub trait Store:
    Documents + Notices + Requests + Reviews + Trail + Trust + std::fmt::Debug + Send + Sync
{
    /// The name of this gateway, which names its audit log.
    fn gateway(&self) -> &str;

    /// The audit log of this gateway.
    fn log(&self) -> LogId;

    /// The changes from now on. A listener that lags behind has to look everything up, as after [`Change::Missed`].
    fn changes(&self) -> broadcast::Receiver<Change>;

    /// Makes sure that no other gateway runs under this name, or with this file, as long as this store is open. Tools
    /// of the operator do without.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when another one does; others when the store cannot be asked.
    async fn run_alone(&self) -> Result<(), StoreError>;

    /// Waits until the store has come to an end by a fault and stays useless, or cannot be relied upon any more: its
    /// writer has panicked, its name was taken, or the server does not flush any more.
    async fn ended(&self);
}
