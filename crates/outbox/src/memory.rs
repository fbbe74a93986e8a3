//! The twin of the store in memory, for tests of those who use an outbox.

mod palm;

use verification::evidence::{DocumentId, Modality, SessionId};
use verification::identifier::Iin;
use verification::palm::PalmReference;
use verification::time::UtcMs;

use self::palm::Palms;
use crate::audit::{AuditHead, Entry, check, follow};
use crate::event::{
    DELETED_EVENT, FORGOTTEN_EVENT, ORPHANED_EVENT, OVERWRITTEN_EVENT, propose_event, put_event,
    receipt_event, settle_event,
};
use crate::{Counts, EntryState, Outbox, OutboxError, SignedDocument, WedgeReason};

/// Behaves as [`crate::sqlite::SqliteOutbox`], but forgets everything when it is dropped.
#[derive(Debug, Default)]
pub struct MemoryOutbox {
    entries: Vec<Row>,
    awaiting: Vec<DocumentId>,
    attempts: Vec<(Iin, Modality, UtcMs)>,
    palms: Palms,
    audit: Vec<AuditRow>,
}

#[derive(Debug)]
struct Row {
    document: SignedDocument,
    is_final: bool,
    state: EntryState,
    retry_at: Option<UtcMs>,
}

#[derive(Debug)]
struct AuditRow {
    at: UtcMs,
    session: Option<SessionId>,
    event: String,
    head: AuditHead,
}

impl MemoryOutbox {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    fn commit(&mut self, document: &SignedDocument, is_final: bool, now: UtcMs) -> Result<(), OutboxError> {
        if let Some(row) = self.entries.iter().find(|row| row.document.id == document.id) {
            let same = row.document.bytes == document.bytes;
            return if same {
                Ok(())
            } else {
                Err(OutboxError::Conflict(document.id))
            };
        }
        self.entries.push(Row {
            document: document.clone(),
            is_final,
            state: EntryState::Pending,
            retry_at: None,
        });
        self.append_audit(now, None, &put_event(document.id)).map(|_| ())
    }

    fn row(&mut self, id: DocumentId) -> Option<&mut Row> {
        self.entries.iter_mut().find(|row| row.document.id == id)
    }
}

impl Outbox for MemoryOutbox {
    fn put(&mut self, document: &SignedDocument, now: UtcMs) -> Result<(), OutboxError> {
        self.commit(document, false, now)
    }

    fn put_final(&mut self, document: &SignedDocument, now: UtcMs) -> Result<(), OutboxError> {
        self.commit(document, true, now)
    }

    fn next(&mut self, now: UtcMs) -> Result<Option<SignedDocument>, OutboxError> {
        let due = |row: &&mut Row| {
            row.state == EntryState::Pending && row.retry_at.is_none_or(|retry_at| retry_at <= now)
        };
        Ok(self.entries.iter_mut().find(due).map(|row| {
            row.state = EntryState::InFlight;
            row.document.clone()
        }))
    }

    fn postpone(&mut self, id: DocumentId, until: UtcMs) -> Result<(), OutboxError> {
        if let Some(row) = self.row(id).filter(|row| row.state == EntryState::InFlight) {
            row.state = EntryState::Pending;
            row.retry_at = Some(until);
        }
        Ok(())
    }

    fn release_in_flight(&mut self) -> Result<(), OutboxError> {
        for row in self
            .entries
            .iter_mut()
            .filter(|row| row.state == EntryState::InFlight)
        {
            row.state = EntryState::Pending;
            row.retry_at = None;
        }
        Ok(())
    }

    fn wedge(&mut self, id: DocumentId, reason: WedgeReason) -> Result<(), OutboxError> {
        if let Some(row) = self.row(id) {
            row.state = EntryState::Wedged(reason);
        }
        Ok(())
    }

    fn unwedge(&mut self, id: DocumentId) -> Result<(), OutboxError> {
        if let Some(row) = self
            .row(id)
            .filter(|row| matches!(row.state, EntryState::Wedged(_)))
        {
            row.state = EntryState::Pending;
            row.retry_at = None;
        }
        Ok(())
    }

    fn receipt(&mut self, id: DocumentId, now: UtcMs) -> Result<bool, OutboxError> {
        let Some(at) = self.entries.iter().position(|row| row.document.id == id) else {
            return Ok(false);
        };
        let row = self.entries.remove(at);
        if !row.is_final && !self.awaiting.contains(&id) {
            self.awaiting.push(id);
        }
        self.append_audit(now, None, &receipt_event(id))?;
        Ok(true)
    }

    fn identified(&mut self, id: DocumentId, _now: UtcMs) -> Result<bool, OutboxError> {
        let before = self.awaiting.len();
        self.awaiting.retain(|awaiting| *awaiting != id);
        Ok(self.awaiting.len() < before)
    }

    fn state(&self, id: DocumentId) -> Result<Option<EntryState>, OutboxError> {
        let entry = self
            .entries
            .iter()
            .find(|row| row.document.id == id)
            .map(|row| row.state.clone());
        let awaiting = || {
            self.awaiting
                .contains(&id)
                .then_some(EntryState::AwaitingIdentification)
        };
        Ok(entry.or_else(awaiting))
    }

    fn awaiting(&self) -> Result<Vec<DocumentId>, OutboxError> {
        Ok(self.awaiting.clone())
    }

    fn counts(&self) -> Result<Counts, OutboxError> {
        let mut counts = Counts {
            awaiting: self.awaiting.len() as u64,
            ..Counts::default()
        };
        for row in &self.entries {
            match row.state {
                EntryState::Pending => counts.pending += 1,
                EntryState::InFlight => counts.in_flight += 1,
                EntryState::Wedged(_) => counts.wedged += 1,
                EntryState::AwaitingIdentification => counts.awaiting += 1,
            }
        }
        Ok(counts)
    }

    fn record_attempt(&mut self, subject: &Iin, modality: Modality, now: UtcMs) -> Result<u8, OutboxError> {
        self.attempts.push((subject.clone(), modality, now));
        self.attempts_used(subject, modality, UtcMs(i64::MIN))
    }

    fn attempts_used(&self, subject: &Iin, modality: Modality, since: UtcMs) -> Result<u8, OutboxError> {
        let counts = |row: &&(Iin, Modality, UtcMs)| row.0 == *subject && row.1 == modality && row.2 >= since;
        Ok(u8::try_from(self.attempts.iter().filter(counts).count()).unwrap_or(u8::MAX))
    }

    fn forgive_attempt(&mut self, subject: &Iin, modality: Modality) -> Result<(), OutboxError> {
        let of_person = |row: &(Iin, Modality, UtcMs)| row.0 == *subject && row.1 == modality;
        if let Some(newest) = self.attempts.iter().rposition(of_person) {
            self.attempts.remove(newest);
        }
        Ok(())
    }

    fn clear_attempts(&mut self, subject: &Iin, modality: Modality) -> Result<(), OutboxError> {
        self.attempts.retain(|row| row.0 != *subject || row.1 != modality);
        Ok(())
    }

    fn forget_attempts(&mut self, before: UtcMs) -> Result<(), OutboxError> {
        self.attempts.retain(|row| row.2 >= before);
        Ok(())
    }

    fn begin_palm_enrolment(
        &mut self,
        scanner: &str,
        held: &[PalmReference],
        _now: UtcMs,
    ) -> Result<(), OutboxError> {
        self.palms.begin(scanner, held);
        Ok(())
    }

    fn open_palm_enrolment(&self, scanner: &str) -> Result<Option<Vec<PalmReference>>, OutboxError> {
        Ok(self.palms.held(scanner))
    }

    fn end_palm_enrolment(
        &mut self,
        scanner: &str,
        found: &[PalmReference],
        now: UtcMs,
    ) -> Result<Vec<PalmReference>, OutboxError> {
        let (orphans, new) = self.palms.end(scanner, found);
        for _ in 0..new {
            self.append_audit(now, None, ORPHANED_EVENT)?;
        }
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
        if self.palms.propose(subject, scanner, reference, document) {
            self.append_audit(now, None, OVERWRITTEN_EVENT)?;
        }
        self.append_audit(now, None, &propose_event(document)).map(|_| ())
    }

    fn settle_palm(
        &mut self,
        document: DocumentId,
        matched: bool,
        now: UtcMs,
    ) -> Result<Vec<(String, PalmReference)>, OutboxError> {
        let Some(deletions) = self.palms.settle(document, matched) else {
            return Ok(Vec::new());
        };
        self.append_audit(now, None, &settle_event(document, matched))?;
        Ok(deletions)
    }

    fn palm_reference(&self, subject: &Iin, scanner: &str) -> Result<Option<PalmReference>, OutboxError> {
        Ok(self.palms.reference(subject, scanner))
    }

    fn forget_palm(
        &mut self,
        subject: &Iin,
        now: UtcMs,
    ) -> Result<Vec<(String, PalmReference)>, OutboxError> {
        let deletions = self.palms.forget(subject);
        if !deletions.is_empty() {
            self.append_audit(now, None, FORGOTTEN_EVENT)?;
        }
        Ok(deletions)
    }

    fn palm_deletions(&self, scanner: &str) -> Result<Vec<PalmReference>, OutboxError> {
        Ok(self.palms.deletions(scanner))
    }

    fn palm_deleted(
        &mut self,
        scanner: &str,
        reference: PalmReference,
        now: UtcMs,
    ) -> Result<bool, OutboxError> {
        let deleted = self.palms.deleted(scanner, reference);
        if deleted {
            self.append_audit(now, None, DELETED_EVENT)?;
        }
        Ok(deleted)
    }

    fn append_audit(
        &mut self,
        now: UtcMs,
        session: Option<SessionId>,
        event: &str,
    ) -> Result<AuditHead, OutboxError> {
        let head = follow(
            self.audit_head()?,
            &Entry {
                at: now,
                session,
                event,
            },
        );
        self.audit.push(AuditRow {
            at: now,
            session,
            event: event.to_owned(),
            head,
        });
        Ok(head)
    }

    fn audit_head(&self) -> Result<AuditHead, OutboxError> {
        Ok(self.audit.last().map_or(AuditHead::EMPTY, |row| row.head))
    }

    fn verify_audit(&self) -> Result<u64, OutboxError> {
        let mut head = AuditHead::EMPTY;
        for row in &self.audit {
            let entry = Entry {
                at: row.at,
                session: row.session,
                event: &row.event,
            };
            head = check(head, &entry, row.head).map_err(OutboxError::AuditBroken)?;
        }
        Ok(head.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conforms() {
        crate::conformance::run(|| Box::new(MemoryOutbox::new()));
    }
}
