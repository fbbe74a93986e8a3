//! The queue of signed documents that the gateway does not have yet, and what must survive a restart beside
//! it: counted attempts, whose palm a reference in a scanner is, and the audit log.
//!
//! [`Outbox::put`] is the commit point of a session: only after it may a person be told "recorded". From then
//! on an entry leaves by a receipt of the gateway and by nothing else.
//!
//! ```text
//!            put          next             receipt                            identified
//!          ───────> Pending ───────> InFlight ───────> AwaitingIdentification ──────────> Delivered ───> (gone)
//!                   ^  ^  ^  <─────────  │                      │                           │ ^ forget_delivered
//!                   │  │   postpone,     │ wedge                │          (final ones: receipt leads here at once)
//!                   │  │   release_in_flight, a restart         │                           │
//!             unwedge  └────────────── resend ──────────────────┴───────────────────────────┘
//!                   │                    │
//!                   └───── Wedged <──────┘
//! ```
//!
//! A wedged or postponed entry keeps its place in the order and never blocks those behind it. A delivered document is
//! retained with its receipt until it is forgotten; whether an answer to it is awaited does not depend on that.
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
//! ```text
//!   lib          the trait                     memory       its twin for tests
//!   entry        what is kept and counted      sqlite       the encrypted file
//!   error        what can go wrong               open       from a path to a store: unlock, check, quarantine
//!   event        names in the audit log          schema     tables, their versions and triggers
//!   conformance  what both must do               store      transactions, when they reach the disk, a new connection
//!                                                queue      what waits, in which order, and what is in flight
//!                                                delivery   receipts, retention, answers
//!                                                attempt, palm, enrolment, log, note: the other tables
//!                                                journal    whether the write-ahead journal was damaged (PURE)
//!                                                mark       how far the store was committed, beside the file
//!                                                keys, file, rekey: key ring, key id, names, rights
//!                                                aside    what lies in quarantine, and what is due about it
//!                                                salvage    what can still be read from a damaged file
//! ```
//!
//! **Architecture Invariant:** this room stores and never decides: it does not look into a document, and the
//! time comes in as an argument.

#[cfg(test)]
mod conformance;
mod entry;
mod error;
mod event;
pub mod memory;
pub mod sqlite;

use verification::audit::{AuditHead, AuditRecord};
use verification::evidence::{DocumentId, Modality, SessionId};
use verification::identifier::Iin;
use verification::palm::PalmReference;
use verification::time::UtcMs;

pub use entry::{Counts, EntryState, SignedDocument, Standing, WedgeReason};
pub use error::OutboxError;

/// How many retained documents [`Outbox::forget_delivered`] forgets at once.
pub const FORGET_AT_ONCE: u64 = 256;

/// A queue of signed documents, with the attempts and the audit log. One owner at a time.
pub trait Outbox: Send {
    /// Takes a document for which the centre's answer will come. The commit point: after `Ok` the document
    /// survives a loss of power. Putting the same bytes again changes nothing, also when they were delivered and are
    /// retained. In the same transaction the attempts are cleared that this document accounts for.
    ///
    /// # Errors
    /// [`OutboxError::Conflict`] if the id is taken by other bytes. After an error nothing has changed.
    fn put(
        &mut self,
        document: &SignedDocument,
        accounts_for: &[(Iin, Modality)],
        now: UtcMs,
    ) -> Result<(), OutboxError>;

    /// As [`put`](Outbox::put), for a document that nobody answers, such as that of a session that was
    /// withdrawn: no answer is awaited after its receipt.
    ///
    /// # Errors
    /// As [`put`](Outbox::put).
    fn put_final(
        &mut self,
        document: &SignedDocument,
        accounts_for: &[(Iin, Modality)],
        now: UtcMs,
    ) -> Result<(), OutboxError>;

    /// The oldest pending document whose time has come; it is in flight from now on. Once its time has come it stays
    /// so, even if the clock is set back. A document whose bytes cannot be read any more is wedged and passed over.
    ///
    /// # Errors
    /// If the store fails.
    fn next(&mut self, now: UtcMs) -> Result<Option<SignedDocument>, OutboxError>;

    /// Puts a document in flight back to its place, not to be sent before `until`. Others are left alone. A clock that is
    /// set back, and a lost line, end the waiting.
    ///
    /// # Errors
    /// If the store fails.
    fn postpone(&mut self, id: DocumentId, until: UtcMs) -> Result<(), OutboxError>;

    /// The line was lost: all that is in flight or postponed is pending again, each in its old place.
    ///
    /// # Errors
    /// If the store fails.
    fn release_in_flight(&mut self) -> Result<(), OutboxError>;

    /// Sets a document aside that cannot be delivered as things are. It stays until someone acts. `false` if there is
    /// no such entry, or it is wedged for this reason already.
    ///
    /// # Errors
    /// If the store fails.
    fn wedge(&mut self, id: DocumentId, reason: WedgeReason, now: UtcMs) -> Result<bool, OutboxError>;

    /// Makes a wedged document pending again, in its old place. `false` if it was not wedged.
    ///
    /// # Errors
    /// If the store fails.
    fn unwedge(&mut self, id: DocumentId, now: UtcMs) -> Result<bool, OutboxError>;

    /// The gateway has the document, and this is its signed receipt (DER of the CMS structure), which the caller has
    /// verified. The entry leaves the queue; document and receipt are retained. Its id is awaited until
    /// [`identified`](Outbox::identified) if an answer will come. `false` if there is no such entry; receipts may come
    /// twice.
    ///
    /// `received_at` is when the gateway has stored it, by the gateway's clock, from which on it is retained: the kiosk's may
    /// have been wrong.
    ///
    /// A loss of power may undo this, and nothing is lost by that: the document is sent again, and the gateway gives the
    /// same receipt.
    ///
    /// # Errors
    /// If the store fails.
    fn receipt(
        &mut self,
        id: DocumentId,
        signed_receipt: &[u8],
        received_at: UtcMs,
        now: UtcMs,
    ) -> Result<bool, OutboxError>;

    /// The signed receipt of a retained document.
    ///
    /// # Errors
    /// If the store fails.
    fn retained_receipt(&self, id: DocumentId) -> Result<Option<Vec<u8>>, OutboxError>;

    /// Makes a retained document pending again, in its old place, because the gateway has lost it. `false` if it is not
    /// retained. Its answer is awaited after the next receipt only if it is awaited now.
    ///
    /// # Errors
    /// If the store fails.
    fn resend(&mut self, id: DocumentId, now: UtcMs) -> Result<bool, OutboxError>;

    /// Forgets retained documents whose receipts came before that time, with their receipts, the oldest first and at
    /// most [`FORGET_AT_ONCE`]: a person may be waiting. Gives how many. Their bytes are overwritten. Ids whose answer is
    /// awaited stay awaited.
    ///
    /// # Errors
    /// If the store fails.
    fn forget_delivered(&mut self, before: UtcMs, now: UtcMs) -> Result<u64, OutboxError>;

    /// What is not delivered yet, one by one from the oldest on, in whatever state; nothing changes by that. Gives the
    /// place of the entry too, which is the argument for the next one. An entry whose bytes cannot be read is passed over.
    ///
    /// # Errors
    /// If the store fails.
    fn export(
        &mut self,
        after: Option<u64>,
    ) -> Result<Option<(u64, SignedDocument, EntryState)>, OutboxError>;

    /// The centre has answered. `false` if no answer was awaited; answers may come twice.
    ///
    /// As [`receipt`](Outbox::receipt), a loss of power may undo this; the gateway gives the answer again.
    ///
    /// # Errors
    /// If the store fails.
    fn identified(&mut self, id: DocumentId, now: UtcMs) -> Result<bool, OutboxError>;

    /// Where a document stands; `None` if nothing is known of it.
    ///
    /// # Errors
    /// If the store fails.
    fn state(&self, id: DocumentId) -> Result<Option<EntryState>, OutboxError>;

    /// Delivered documents without an answer, in the order of their receipts, the first `limit` of them.
    ///
    /// # Errors
    /// If the store fails.
    fn awaiting(&self, limit: usize) -> Result<Vec<DocumentId>, OutboxError>;

    /// How many entries are in each state; as cheap with a million of them as with one.
    ///
    /// # Errors
    /// If the store fails.
    fn counts(&self) -> Result<Counts, OutboxError>;

    /// How things stand; as cheap with a million entries as with one.
    ///
    /// # Errors
    /// If the store fails.
    fn standing(&self) -> Result<Standing, OutboxError>;

    /// The gateway was heard. A restart may forget the last minute of this.
    ///
    /// # Errors
    /// If the store fails.
    fn contact(&mut self, now: UtcMs) -> Result<(), OutboxError>;

    /// Housekeeping that nobody should wait for; to be called when nobody does: after a session, and when the line is
    /// idle. Moves what is only in the journal into the file, where its damage is noticed page by page, and looks through
    /// a part of a large file for damage. Cheap if there is nothing to do.
    ///
    /// # Errors
    /// If the store fails; then nothing is lost that was promised.
    fn settle(&mut self) -> Result<(), OutboxError>;

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

    /// Adds a record to the audit log; after `Ok` it survives a loss of power. `event` holds nothing personal.
    ///
    /// # Errors
    /// If the store fails.
    fn append_audit(
        &mut self,
        now: UtcMs,
        session: Option<SessionId>,
        event: &str,
    ) -> Result<AuditHead, OutboxError>;

    /// The newest record of the audit log. It survives a loss of power, so that it may be told to anybody: what was
    /// not on the disk yet is brought there first.
    ///
    /// # Errors
    /// If the store fails.
    fn audit_head(&self) -> Result<AuditHead, OutboxError>;

    /// As [`audit_head`](Outbox::audit_head), without the disk: for a document that is put here before anybody sees it,
    /// since that [`put`](Outbox::put) brings to the disk all that was before it.
    ///
    /// # Errors
    /// If the store fails.
    fn audit_tip(&self) -> Result<AuditHead, OutboxError>;

    /// Records of the audit log behind that number, in their order, at most `limit`.
    ///
    /// # Errors
    /// If the store fails.
    fn audit_records(&self, after: u64, limit: usize) -> Result<Vec<AuditRecord>, OutboxError>;

    /// Follows the chain of the audit log from its beginning; gives the number of its records. Records cut off
    /// at the end are noticed only by somebody who kept a later head.
    ///
    /// # Errors
    /// [`OutboxError::AuditBroken`] names the first record that does not follow from the one before it.
    fn verify_audit(&self) -> Result<u64, OutboxError>;
}
