//! The queue of signed documents that the gateway does not have yet, and what must survive a restart beside
//! it: counted attempts, whose palm a reference in a scanner is, and the audit log.
//!
//! [`Outbox::put`] is the commit point of a session: only after it may a person be told "recorded". From then
//! on an entry leaves by a receipt of the gateway and by nothing else.
//!
//! ```text
//!            put          next             receipt
//!          ───────> Pending ───────> InFlight ───────> AwaitingIdentification ───────> (gone)
//!                    ^  ^  <─────────  │                                     identified
//!                    │    postpone, release_in_flight, a restart
//!             unwedge│                 │ wedge
//!                    └──── Wedged <────┘
//! ```
//!
//! A wedged or postponed entry keeps its place in the order and never blocks those behind it.
//!
//! Of the palm only the number of a reference is kept, never a template:
//!
//! ```text
//!      propose_palm            settle_palm, matched
//!     ─────────────> proposed ────────────────────> confirmed
//!                       │                               │ forget_palm, or another one is confirmed in its place
//!                       │ settle_palm, not matched;     v
//!                       └─ replaced; forget_palm ─> to be deleted ── palm_deleted ──> (gone)
//! ```
//!
//! A scanner stores a palm before anybody here hears of it. So an enrolment is written down before it is ordered, with
//! what the scanner holds then; whatever appeared since and is named by nobody goes as well:
//!
//! ```text
//!     begin_palm_enrolment        end_palm_enrolment
//!     ────────────────────> open ────────────────────> (gone); what nobody names is to be deleted
//! ```
//!
//! A reference in a scanner is one template, so it stands in one place here: who enrols under its number takes it from
//! whoever had it.
//!
//! **Architecture Invariant:** this room stores and never decides: it does not look into a document, and the
//! time comes in as an argument.

mod audit;
#[cfg(test)]
mod conformance;
mod event;
pub mod memory;
pub mod sqlite;

use std::path::PathBuf;

use thiserror::Error;
use verification::evidence::{DocumentId, Modality, SessionId};
use verification::identifier::Iin;
use verification::palm::PalmReference;
use verification::time::UtcMs;

pub use audit::AuditHead;

/// A queue of signed documents, with the attempts and the audit log. One owner at a time.
pub trait Outbox: Send {
    /// Takes a document for which the centre's answer will come. The commit point: after `Ok` the document
    /// survives a loss of power. Putting the same bytes again changes nothing.
    ///
    /// # Errors
    /// [`OutboxError::Conflict`] if the id is taken by other bytes.
    fn put(&mut self, document: &SignedDocument, now: UtcMs) -> Result<(), OutboxError>;

    /// As [`put`](Outbox::put), for a document that nobody answers, such as that of a session that was
    /// withdrawn: it leaves whole with its receipt.
    ///
    /// # Errors
    /// As [`put`](Outbox::put).
    fn put_final(&mut self, document: &SignedDocument, now: UtcMs) -> Result<(), OutboxError>;

    /// The oldest pending document whose time has come; it is in flight from now on.
    ///
    /// # Errors
    /// If the store fails.
    fn next(&mut self, now: UtcMs) -> Result<Option<SignedDocument>, OutboxError>;

    /// Puts a document in flight back to its place, not to be sent before `until`. Others are left alone.
    ///
    /// # Errors
    /// If the store fails.
    fn postpone(&mut self, id: DocumentId, until: UtcMs) -> Result<(), OutboxError>;

    /// The line was lost: all that is in flight is pending again, each in its old place.
    ///
    /// # Errors
    /// If the store fails.
    fn release_in_flight(&mut self) -> Result<(), OutboxError>;

    /// Sets a document aside that cannot be delivered as things are. It stays until someone acts.
    ///
    /// # Errors
    /// If the store fails.
    fn wedge(&mut self, id: DocumentId, reason: WedgeReason) -> Result<(), OutboxError>;

    /// Makes a wedged document pending again, in its old place.
    ///
    /// # Errors
    /// If the store fails.
    fn unwedge(&mut self, id: DocumentId) -> Result<(), OutboxError>;

    /// The gateway has the document: the entry leaves. Its id stays until [`identified`](Outbox::identified)
    /// if an answer will come. `false` if there is no such entry; receipts may come twice.
    ///
    /// # Errors
    /// If the store fails.
    fn receipt(&mut self, id: DocumentId, now: UtcMs) -> Result<bool, OutboxError>;

    /// The centre has answered. `false` if no answer was awaited; answers may come twice.
    ///
    /// # Errors
    /// If the store fails.
    fn identified(&mut self, id: DocumentId, now: UtcMs) -> Result<bool, OutboxError>;

    /// Where a document stands; `None` if nothing is known of it.
    ///
    /// # Errors
    /// If the store fails.
    fn state(&self, id: DocumentId) -> Result<Option<EntryState>, OutboxError>;

    /// Delivered documents without an answer, in the order of their receipts.
    ///
    /// # Errors
    /// If the store fails.
    fn awaiting(&self) -> Result<Vec<DocumentId>, OutboxError>;

    /// How many entries are in each state.
    ///
    /// # Errors
    /// If the store fails.
    fn counts(&self) -> Result<Counts, OutboxError>;

    /// Counts one attempt of a person; it survives a restart. Gives how many are counted now, without a limit
    /// in time, 255 at most.
    ///
    /// # Errors
    /// If the store fails; then the attempt is not counted.
    fn record_attempt(&mut self, subject: &Iin, modality: Modality, now: UtcMs) -> Result<u8, OutboxError>;

    /// Attempts of a person since then, 255 at most.
    ///
    /// # Errors
    /// If the store fails.
    fn attempts_used(&self, subject: &Iin, modality: Modality, since: UtcMs) -> Result<u8, OutboxError>;

    /// Takes back the newest attempt of a person, which a device cut off; nothing happens where there is none.
    ///
    /// # Errors
    /// If the store fails; then the attempt still counts.
    fn forgive_attempt(&mut self, subject: &Iin, modality: Modality) -> Result<(), OutboxError>;

    /// Forgets the attempts of a person.
    ///
    /// # Errors
    /// If the store fails.
    fn clear_attempts(&mut self, subject: &Iin, modality: Modality) -> Result<(), OutboxError>;

    /// Forgets everybody's attempts before that time: an identification number is not kept longer than the
    /// rules need it.
    ///
    /// # Errors
    /// If the store fails.
    fn forget_attempts(&mut self, before: UtcMs) -> Result<(), OutboxError>;

    /// An enrolment is about to be ordered from this scanner, which holds these references now. After `Ok` that survives
    /// a loss of power. Where an older enrolment is still open, what was held before that one still counts: what has
    /// appeared since then is unaccounted for.
    ///
    /// # Errors
    /// If the store fails; then nothing may be ordered.
    fn begin_palm_enrolment(
        &mut self,
        scanner: &str,
        held: &[PalmReference],
        now: UtcMs,
    ) -> Result<(), OutboxError>;

    /// What the scanner held before the enrolment that is still open, without what it has been shown to delete since
    /// then; `None` if none is open.
    ///
    /// # Errors
    /// If the store fails.
    fn open_palm_enrolment(&self, scanner: &str) -> Result<Option<Vec<PalmReference>>, OutboxError>;

    /// Closes the open enrolment; `found` is all that the scanner holds now, also what was enrolled meanwhile. To be
    /// called after [`propose_palm`](Outbox::propose_palm), which does not close it: what is neither held since before
    /// nor named by anybody here is to be deleted from now on. Gives just that; nothing if no enrolment is open.
    ///
    /// # Errors
    /// If the store fails; then the enrolment is still open and nothing has changed.
    fn end_palm_enrolment(
        &mut self,
        scanner: &str,
        found: &[PalmReference],
        now: UtcMs,
    ) -> Result<Vec<PalmReference>, OutboxError>;

    /// Notes a reference that was enrolled in a session; `scanner` is the serial number of the scanner. It serves
    /// nobody before the centre's answer to the document of that session has come by
    /// [`settle_palm`](Outbox::settle_palm). It replaces an older proposal of the person in this scanner, which is to be
    /// deleted then, and leaves a confirmed reference alone.
    ///
    /// # Errors
    /// If the store fails; then the scanner holds a reference of which nothing is known here.
    fn propose_palm(
        &mut self,
        subject: &Iin,
        scanner: &str,
        reference: PalmReference,
        document: DocumentId,
        now: UtcMs,
    ) -> Result<(), OutboxError>;

    /// The centre has answered the document of a session, or never will: then it did not match. A match confirms what
    /// was proposed there, in place of what was confirmed before; otherwise the proposal goes. Gives what is to be
    /// deleted from which scanner. To be called before [`identified`](Outbox::identified), so that an answer that
    /// was handled by half comes again; twice is harmless.
    ///
    /// # Errors
    /// If the store fails; then nothing has changed.
    fn settle_palm(
        &mut self,
        document: DocumentId,
        matched: bool,
        now: UtcMs,
    ) -> Result<Vec<(String, PalmReference)>, OutboxError>;

    /// The confirmed reference of a person in this scanner.
    ///
    /// # Errors
    /// If the store fails.
    fn palm_reference(&self, subject: &Iin, scanner: &str) -> Result<Option<PalmReference>, OutboxError>;

    /// The person has withdrawn the consent: every reference goes, in every scanner. Gives what is to be deleted from
    /// which scanner.
    ///
    /// # Errors
    /// If the store fails; then nothing has changed.
    fn forget_palm(&mut self, subject: &Iin, now: UtcMs)
    -> Result<Vec<(String, PalmReference)>, OutboxError>;

    /// What is still to be deleted from this scanner, the oldest first.
    ///
    /// # Errors
    /// If the store fails.
    fn palm_deletions(&self, scanner: &str) -> Result<Vec<PalmReference>, OutboxError>;

    /// The scanner has shown that it no longer holds the reference. `false` if it was not to be deleted.
    ///
    /// # Errors
    /// If the store fails; then it is still to be deleted.
    fn palm_deleted(
        &mut self,
        scanner: &str,
        reference: PalmReference,
        now: UtcMs,
    ) -> Result<bool, OutboxError>;

    /// Adds a record to the audit log. `event` holds nothing personal.
    ///
    /// # Errors
    /// If the store fails.
    fn append_audit(
        &mut self,
        now: UtcMs,
        session: Option<SessionId>,
        event: &str,
    ) -> Result<AuditHead, OutboxError>;

    /// The newest record of the audit log.
    ///
    /// # Errors
    /// If the store fails.
    fn audit_head(&self) -> Result<AuditHead, OutboxError>;

    /// Follows the chain of the audit log from its beginning; gives the number of its records. Records cut off
    /// at the end are noticed only by somebody who kept a later head.
    ///
    /// # Errors
    /// [`OutboxError::AuditBroken`] names the first record that does not follow from the one before it.
    fn verify_audit(&self) -> Result<u64, OutboxError>;
}

/// A document as it was signed: its bytes are stored, sent and acknowledged, never made again.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedDocument {
    /// Its name.
    pub id: DocumentId,
    /// DER of the CMS structure.
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for SignedDocument {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SignedDocument({}, {} bytes)", self.id, self.bytes.len())
    }
}

/// Where a document stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryState {
    /// Waits for the line or for its time.
    Pending,
    /// Was handed out to be sent; no receipt yet.
    InFlight,
    /// Cannot be delivered as things are.
    Wedged(WedgeReason),
    /// The gateway has it; the centre has not answered.
    AwaitingIdentification,
}

/// Why a document cannot be delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WedgeReason {
    /// The gateway refused it; holds the code of the refusal.
    Refused(String),
    /// It is longer than a frame may be.
    TooLarge,
}

/// How many entries are in each state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// [`EntryState::Pending`].
    pub pending: u64,
    /// [`EntryState::InFlight`].
    pub in_flight: u64,
    /// [`EntryState::Wedged`].
    pub wedged: u64,
    /// [`EntryState::AwaitingIdentification`].
    pub awaiting: u64,
}

/// What the store could not do.
#[derive(Debug, Error)]
pub enum OutboxError {
    /// Another program has the store.
    #[error("the store is used by another program")]
    Locked(#[source] rusqlite::Error),
    /// The file or its folder cannot be opened for writing.
    #[error("the store cannot be opened for writing")]
    Unwritable(#[source] rusqlite::Error),
    /// The disk is full. What was stored before is untouched.
    #[error("the disk of the store is full")]
    Full(#[source] rusqlite::Error),
    /// The disk failed.
    #[error("the disk of the store failed")]
    Disk(#[source] rusqlite::Error),
    /// The file of the store cannot be prepared, or not be moved aside.
    #[error("the file {path} cannot be prepared or moved aside")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The store is damaged or was written with another key. At the next start it is quarantined.
    #[error("the store cannot be read with this key")]
    Unreadable(#[source] Option<rusqlite::Error>),
    /// A later version of this program wrote the store, in a way that this version does not know.
    #[error("the store has the schema {found}, this program knows {known}")]
    NewerSchema {
        /// Of the file.
        found: i64,
        /// Of this program.
        known: i64,
    },
    /// This program was built without the cipher.
    #[error("this program was built without SQLCipher")]
    CipherMissing,
    /// The key was not taken. The cause is left out: it would quote the key.
    #[error("the key of the store was not taken")]
    Key,
    /// The id is taken by other bytes.
    #[error("document {0} is stored already with other content")]
    Conflict(DocumentId),
    /// The audit log was tampered with or damaged.
    #[error("the audit log is broken")]
    AuditBroken(#[source] AuditBreak),
    /// Anything else that the database reports.
    #[error("the store failed")]
    Database(#[source] rusqlite::Error),
}

/// Where the chain of the audit log breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("record {at} of the audit log does not follow from the one before it")]
pub struct AuditBreak {
    /// Number of the first record that does not follow; the first of all is 1.
    pub at: u64,
}
