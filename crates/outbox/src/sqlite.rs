//! The store as one encrypted file: SQLite with SQLCipher.
//!
//! The file and what SQLite lays beside it (`-wal`, `-shm`, `-journal`) hold nothing in the clear. A store that
//! cannot be read is moved aside, never deleted: whoever has the key of that time can still get at it.

mod aside;
mod attempt;
mod delivery;
mod enrolment;
mod file;
mod journal;
mod keys;
mod log;
mod mark;
mod note;
mod open;
mod palm;
mod queue;
mod rekey;
mod salvage;
mod schema;
mod store;

use verification::audit::{AuditHead, AuditRecord};
use verification::evidence::{DocumentId, Modality, SessionId};
use verification::identifier::Iin;
use verification::palm::PalmReference;
use verification::time::UtcMs;

use self::queue::Queue;
use self::store::{Durability, Store};
use crate::event::{
    forget_event, identified_event, put_event, receipt_event, resend_event, unwedge_event, wedge_event,
};
use crate::{Counts, EntryState, Outbox, OutboxError, SignedDocument, Standing, WedgeReason};

pub use self::aside::{QuarantineFile, quarantined};
pub use self::keys::{KeyRing, key_id};
pub use self::open::{Opened, QuarantineCause, Quarantined};
pub use self::salvage::Salvage;

/// How long contacts may pass before one is written down.
const CONTACT_EVERY_MS: u64 = 60_000;

/// The store in an encrypted file. It is the only user of the file while it is open.
#[derive(Debug)]
pub struct SqliteOutbox {
    store: Store,
    queue: Queue,
    contact: Option<UtcMs>,
    stored_contact: Option<UtcMs>,
}

impl SqliteOutbox {
    /// Does something that writes. Where it meets a damaged page it fails, and the connection, which is of no use after
    /// that, is made anew: what does not need this page goes on.
    fn healed<T>(&mut self, act: impl FnOnce(&mut Self) -> Result<T, OutboxError>) -> Result<T, OutboxError> {
        let done = act(self);
        if matches!(done, Err(OutboxError::Unreadable(_))) {
            self.queue.set_damaged();
            // If this fails, so does the next step, and says why.
            let _ = self.store.reopen();
        }
        done
    }

    fn commit(
        &mut self,
        document: &SignedDocument,
        is_final: bool,
        accounts_for: &[(Iin, Modality)],
        now: UtcMs,
    ) -> Result<(), OutboxError> {
        let transaction = self.store.begin(Durability::Full)?;
        let position = queue::insert(&transaction, document, is_final, now)?;
        for (subject, modality) in accounts_for {
            attempt::clear(&transaction, subject, *modality)?;
        }
        if position.is_some() {
            log::append(&transaction, now, None, &put_event(document.id))?;
        }
        self.store.commit(transaction)?;
        if let Some(position) = position {
            self.queue.put(position);
        }
        Ok(())
    }
}

impl Outbox for SqliteOutbox {
    fn put(
        &mut self,
        document: &SignedDocument,
        accounts_for: &[(Iin, Modality)],
        now: UtcMs,
    ) -> Result<(), OutboxError> {
        self.healed(|outbox| outbox.commit(document, false, accounts_for, now))
    }

    fn put_final(
        &mut self,
        document: &SignedDocument,
        accounts_for: &[(Iin, Modality)],
        now: UtcMs,
    ) -> Result<(), OutboxError> {
        self.healed(|outbox| outbox.commit(document, true, accounts_for, now))
    }

    fn next(&mut self, now: UtcMs) -> Result<Option<SignedDocument>, OutboxError> {
        self.queue.next(&mut self.store, now)
    }

    fn postpone(&mut self, id: DocumentId, until: UtcMs) -> Result<(), OutboxError> {
        self.queue.postpone(id, until);
        Ok(())
    }

    fn release_in_flight(&mut self) -> Result<(), OutboxError> {
        self.queue.release_in_flight();
        Ok(())
    }

    fn wedge(&mut self, id: DocumentId, reason: WedgeReason, now: UtcMs) -> Result<bool, OutboxError> {
        self.healed(|outbox| {
            let event = wedge_event(id, &reason);
            let transaction = outbox.store.begin(Durability::Full)?;
            let Some((position, _)) = queue::find(&transaction, id)?
                .filter(|(_, state)| *state != EntryState::Wedged(reason.clone()))
            else {
                return Ok(false);
            };
            queue::wedge(&transaction, position, &reason)?;
            log::append(&transaction, now, None, &event)?;
            outbox.store.commit(transaction)?;
            outbox.queue.take_out(id, position);
            Ok(true)
        })
    }

    fn unwedge(&mut self, id: DocumentId, now: UtcMs) -> Result<bool, OutboxError> {
        self.healed(|outbox| {
            let transaction = outbox.store.begin(Durability::Full)?;
            let Some((position, EntryState::Wedged(_))) = queue::find(&transaction, id)? else {
                return Ok(false);
            };
            queue::unwedge(&transaction, position)?;
            log::append(&transaction, now, None, &unwedge_event(id))?;
            outbox.store.commit(transaction)?;
            outbox.queue.give_back(position);
            Ok(true)
        })
    }

    fn receipt(
        &mut self,
        id: DocumentId,
        signed_receipt: &[u8],
        received_at: UtcMs,
        now: UtcMs,
    ) -> Result<bool, OutboxError> {
        self.healed(|outbox| {
            let transaction = outbox.store.begin(Durability::Lazy)?;
            let Some(position) = delivery::receipt(&transaction, id, signed_receipt, received_at, now)?
            else {
                return Ok(false);
            };
            log::append(&transaction, now, None, &receipt_event(id))?;
            outbox.store.commit(transaction)?;
            outbox.queue.take_out(id, position);
            outbox.contact = Some(now);
            outbox.stored_contact = Some(now);
            Ok(true)
        })
    }

    fn retained_receipt(&self, id: DocumentId) -> Result<Option<Vec<u8>>, OutboxError> {
        store::read(&self.store.connection, |connection| {
            delivery::retained_receipt(connection, id)
        })
    }

    fn resend(&mut self, id: DocumentId, now: UtcMs) -> Result<bool, OutboxError> {
        self.healed(|outbox| {
            let transaction = outbox.store.begin(Durability::Full)?;
            let Some(position) = delivery::resend(&transaction, id)? else {
                return Ok(false);
            };
            log::append(&transaction, now, None, &resend_event(id))?;
            outbox.store.commit(transaction)?;
            outbox.queue.give_back(position);
            Ok(true)
        })
    }

    fn forget_delivered(&mut self, before: UtcMs, now: UtcMs) -> Result<u64, OutboxError> {
        self.healed(|outbox| {
            let transaction = outbox.store.begin(Durability::Lazy)?;
            let number = delivery::forget(&transaction, before)?;
            if number > 0 {
                log::append(&transaction, now, None, &forget_event(number))?;
            }
            outbox.store.commit(transaction)?;
            Ok(number)
        })
    }

    fn export(
        &mut self,
        after: Option<u64>,
    ) -> Result<Option<(u64, SignedDocument, EntryState)>, OutboxError> {
        let mut after = after.map_or(0, |after| i64::try_from(after).unwrap_or(i64::MAX));
        loop {
            match store::read(&self.store.connection, |connection| {
                queue::export(connection, after)
            }) {
                Ok(Some((position, document, stored))) => {
                    let state = self.queue.state(document.id, stored);
                    return Ok(Some((position.cast_unsigned(), document, state)));
                }
                Err(OutboxError::Unreadable(_)) if after < self.queue.newest() => {
                    self.store.reopen()?;
                    after += 1;
                }
                Ok(None) => return Ok(None),
                Err(error) => return Err(error),
            }
        }
    }

    fn identified(&mut self, id: DocumentId, now: UtcMs) -> Result<bool, OutboxError> {
        self.healed(|outbox| {
            let transaction = outbox.store.begin(Durability::Lazy)?;
            if !delivery::identified(&transaction, id)? {
                return Ok(false);
            }
            log::append(&transaction, now, None, &identified_event(id))?;
            outbox.store.commit(transaction)?;
            Ok(true)
        })
    }

    fn state(&self, id: DocumentId) -> Result<Option<EntryState>, OutboxError> {
        let connection = &self.store.connection;
        if let Some((_, stored)) = queue::find(connection, id)? {
            return Ok(Some(self.queue.state(id, stored)));
        }
        if delivery::is_awaited(connection, id)? {
            return Ok(Some(EntryState::AwaitingIdentification));
        }
        Ok(delivery::is_retained(connection, id)?.then_some(EntryState::Delivered))
    }

    fn awaiting(&self, limit: usize) -> Result<Vec<DocumentId>, OutboxError> {
        delivery::awaiting(&self.store.connection, limit)
    }

    fn counts(&self) -> Result<Counts, OutboxError> {
        Ok(self.queue.counts(&self.store.connection)?.0)
    }

    fn standing(&self) -> Result<Standing, OutboxError> {
        let (_, newest_receipt_at) = delivery::contacts(&self.store.connection)?;
        Ok(Standing {
            last_contact_at: self.contact,
            newest_receipt_at,
            ..self.queue.standing(&self.store.connection)?
        })
    }

    fn contact(&mut self, now: UtcMs) -> Result<(), OutboxError> {
        self.contact = Some(now);
        let is_recent = |stored: UtcMs| stored.0.abs_diff(now.0) < CONTACT_EVERY_MS;
        if self.stored_contact.is_some_and(is_recent) {
            return Ok(());
        }
        let transaction = self.store.begin(Durability::Lazy)?;
        delivery::contact(&transaction, now)?;
        self.store.commit(transaction)?;
        self.stored_contact = Some(now);
        Ok(())
    }

    fn settle(&mut self) -> Result<(), OutboxError> {
        self.store.settle()?;
        self.queue.look_through(&mut self.store)?;
        if self.queue.is_damaged() {
            return Err(OutboxError::Unreadable(None));
        }
        Ok(())
    }

    fn record_attempt(&mut self, subject: &Iin, modality: Modality, now: UtcMs) -> Result<u8, OutboxError> {
        self.healed(|outbox| {
            let transaction = outbox.store.begin(Durability::Full)?;
            let used = attempt::record(&transaction, subject, modality, now)?;
            outbox.store.commit(transaction)?;
            Ok(used)
        })
    }

    fn attempts_used(&self, subject: &Iin, modality: Modality, since: UtcMs) -> Result<u8, OutboxError> {
        attempt::count(&self.store.connection, subject, modality, since)
    }

    fn forgive_attempt(&mut self, subject: &Iin, modality: Modality) -> Result<(), OutboxError> {
        let transaction = self.store.begin(Durability::Full)?;
        attempt::forgive(&transaction, subject, modality)?;
        self.store.commit(transaction)
    }

    fn clear_attempts(&mut self, subject: &Iin, modality: Modality) -> Result<(), OutboxError> {
        let transaction = self.store.begin(Durability::Full)?;
        attempt::clear(&transaction, subject, modality)?;
        self.store.commit(transaction)
    }

    fn forget_attempts(&mut self, before: UtcMs) -> Result<(), OutboxError> {
        let transaction = self.store.begin(Durability::Full)?;
        attempt::forget(&transaction, before)?;
        self.store.commit(transaction)
    }

    fn begin_palm_enrolment(
        &mut self,
        scanner: &str,
        held: &[PalmReference],
        now: UtcMs,
    ) -> Result<(), OutboxError> {
        let transaction = self.store.begin(Durability::Full)?;
        enrolment::begin(&transaction, scanner, held, now)?;
        self.store.commit(transaction)?;
        Ok(())
    }

    fn open_palm_enrolment(&self, scanner: &str) -> Result<Option<Vec<PalmReference>>, OutboxError> {
        enrolment::held(&self.store.connection, scanner)
    }

    fn end_palm_enrolment(
        &mut self,
        scanner: &str,
        found: &[PalmReference],
        now: UtcMs,
    ) -> Result<Vec<PalmReference>, OutboxError> {
        let transaction = self.store.begin(Durability::Full)?;
        let orphans = enrolment::end(&transaction, scanner, found, now)?;
        self.store.commit(transaction)?;
        Ok(orphans)
    }

    fn propose_palm(
        &mut self,
        subject: &Iin,
        scanner: &str,
        reference: PalmReference,
        document: DocumentId,
        now: UtcMs,
    ) -> Result<(), OutboxError> {
        let transaction = self.store.begin(Durability::Full)?;
        palm::propose(&transaction, subject, scanner, reference, document, now)?;
        self.store.commit(transaction)?;
        Ok(())
    }

    fn settle_palm(
        &mut self,
        document: DocumentId,
        matched: bool,
        now: UtcMs,
    ) -> Result<Vec<(String, PalmReference)>, OutboxError> {
        let transaction = self.store.begin(Durability::Full)?;
        let deletions = palm::settle(&transaction, document, matched, now)?;
        self.store.commit(transaction)?;
        Ok(deletions)
    }

    fn palm_reference(&self, subject: &Iin, scanner: &str) -> Result<Option<PalmReference>, OutboxError> {
        palm::reference(&self.store.connection, subject, scanner)
    }

    fn forget_palm(
        &mut self,
        subject: &Iin,
        now: UtcMs,
    ) -> Result<Vec<(String, PalmReference)>, OutboxError> {
        let transaction = self.store.begin(Durability::Full)?;
        let deletions = palm::forget(&transaction, subject, now)?;
        self.store.commit(transaction)?;
        Ok(deletions)
    }

    fn palm_deletions(&self, scanner: &str) -> Result<Vec<PalmReference>, OutboxError> {
        palm::deletions(&self.store.connection, scanner)
    }

    fn palm_deleted(
        &mut self,
        scanner: &str,
        reference: PalmReference,
        now: UtcMs,
    ) -> Result<bool, OutboxError> {
        let transaction = self.store.begin(Durability::Full)?;
        let deleted = palm::deleted(&transaction, scanner, reference, now)?;
        self.store.commit(transaction)?;
        Ok(deleted)
    }

    fn append_audit(
        &mut self,
        now: UtcMs,
        session: Option<SessionId>,
        event: &str,
    ) -> Result<AuditHead, OutboxError> {
        self.healed(|outbox| {
            let transaction = outbox.store.begin(Durability::Full)?;
            let head = log::append(&transaction, now, session, event)?;
            outbox.store.commit(transaction)?;
            Ok(head)
        })
    }

    fn audit_head(&self) -> Result<AuditHead, OutboxError> {
        self.store.flush()?;
        log::tip(&self.store.connection)
    }

    fn audit_tip(&self) -> Result<AuditHead, OutboxError> {
        log::tip(&self.store.connection)
    }

    fn audit_records(&self, after: u64, limit: usize) -> Result<Vec<AuditRecord>, OutboxError> {
        log::records(&self.store.connection, after, limit)
    }

    fn verify_audit(&self) -> Result<u64, OutboxError> {
        log::verify(&self.store.connection)
    }
}

#[cfg(test)]
mod tests;
