//! The twin of the store in memory, for tests of those who use an outbox.

mod palm;

use std::collections::BTreeMap;

use verification::audit::{AuditEntry, AuditHead, AuditRecord, AuditTrail, LogId};
use verification::evidence::{DocumentId, Modality, SessionId};
use verification::identifier::Iin;
use verification::palm::PalmReference;
use verification::time::UtcMs;

use self::palm::Palms;
use crate::event::{
    DELETED_EVENT, FORGOTTEN_EVENT, ORPHANED_EVENT, OVERWRITTEN_EVENT, forget_event, identified_event,
    propose_event, put_event, receipt_event, resend_event, settle_event, unwedge_event, wedge_event,
};
use crate::{Counts, EntryState, FORGET_AT_ONCE, Outbox, OutboxError, SignedDocument, Standing, WedgeReason};

/// Behaves as [`crate::sqlite::SqliteOutbox`], but forgets everything when it is dropped.
#[derive(Debug, Default)]
pub struct MemoryOutbox {
    log: LogId,
    puts: u64,
    /// By their places.
    entries: BTreeMap<u64, Row>,
    /// In the order of their receipts.
    retained: Vec<Retained>,
    awaiting: Vec<DocumentId>,
    asked_at: Option<UtcMs>,
    contact: Option<UtcMs>,
    newest_receipt: Option<UtcMs>,
    attempts: Vec<(Iin, Modality, UtcMs)>,
    palms: Palms,
    audit: Vec<AuditRecord>,
}

#[derive(Debug)]
struct Row {
    document: SignedDocument,
    is_final: bool,
    put_at: UtcMs,
    state: EntryState,
    retry_at: Option<UtcMs>,
}

#[derive(Debug)]
struct Retained {
    place: u64,
    row: Row,
    receipt: Vec<u8>,
    received_at: UtcMs,
}

impl MemoryOutbox {
    /// An empty one, whose audit log has no name.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty one.
    pub fn with_log(log: LogId) -> Self {
        Self {
            log,
            ..Self::default()
        }
    }

    fn commit(
        &mut self,
        document: &SignedDocument,
        is_final: bool,
        accounts_for: &[(Iin, Modality)],
        now: UtcMs,
    ) -> Result<(), OutboxError> {
        let retained = self.retained.iter().map(|retained| &retained.row.document);
        let mut known = self.entries.values().map(|row| &row.document).chain(retained);
        let same = known
            .find(|known| known.id == document.id)
            .map(|known| known.bytes == document.bytes);
        if same == Some(false) {
            return Err(OutboxError::Conflict(document.id));
        }
        for (subject, modality) in accounts_for {
            self.clear_attempts(subject, *modality)?;
        }
        if same == Some(true) {
            return Ok(());
        }
        self.puts += 1;
        let row = Row {
            document: document.clone(),
            is_final,
            put_at: now,
            state: EntryState::Pending,
            retry_at: None,
        };
        self.entries.insert(self.puts, row);
        self.append(now, &put_event(document.id));
        Ok(())
    }

    fn row(&mut self, id: DocumentId) -> Option<&mut Row> {
        self.entries.values_mut().find(|row| row.document.id == id)
    }

    fn place(&self, id: DocumentId) -> Option<u64> {
        let mut entries = self.entries.iter();
        entries
            .find(|(_, row)| row.document.id == id)
            .map(|(place, _)| *place)
    }

    fn append(&mut self, at: UtcMs, event: &str) {
        self.follow(AuditEntry {
            at,
            session: None,
            event,
        });
    }

    fn follow(&mut self, entry: AuditEntry<'_>) -> AuditHead {
        let head = self.head().follow(&entry);
        self.audit.push(AuditRecord {
            number: head.number,
            at: entry.at,
            session: entry.session,
            event: entry.event.to_owned(),
            hash: head.hash,
        });
        head
    }

    fn head(&self) -> AuditHead {
        self.audit
            .last()
            .map_or(AuditHead::empty(self.log), |record| AuditHead {
                log: self.log,
                number: record.number,
                hash: record.hash,
            })
    }
}

impl Outbox for MemoryOutbox {
    fn put(
        &mut self,
        document: &SignedDocument,
        accounts_for: &[(Iin, Modality)],
        now: UtcMs,
    ) -> Result<(), OutboxError> {
        self.commit(document, false, accounts_for, now)
    }

    fn put_final(
        &mut self,
        document: &SignedDocument,
        accounts_for: &[(Iin, Modality)],
        now: UtcMs,
    ) -> Result<(), OutboxError> {
        self.commit(document, true, accounts_for, now)
    }

    fn next(&mut self, now: UtcMs) -> Result<Option<SignedDocument>, OutboxError> {
        let is_set_back = self.asked_at.replace(now).is_some_and(|before| now < before);
        for row in self.entries.values_mut() {
            row.retry_at = row.retry_at.filter(|retry_at| *retry_at > now && !is_set_back);
        }
        let mut rows = self.entries.values_mut();
        let due = rows.find(|row| row.state == EntryState::Pending && row.retry_at.is_none());
        Ok(due.map(|row| {
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
        for row in self.entries.values_mut() {
            row.retry_at = None;
            if row.state == EntryState::InFlight {
                row.state = EntryState::Pending;
            }
        }
        Ok(())
    }

    fn wedge(&mut self, id: DocumentId, reason: WedgeReason, now: UtcMs) -> Result<bool, OutboxError> {
        let event = wedge_event(id, &reason);
        let state = EntryState::Wedged(reason);
        let Some(row) = self.row(id).filter(|row| row.state != state) else {
            return Ok(false);
        };
        row.state = state;
        row.retry_at = None;
        self.append(now, &event);
        Ok(true)
    }

    fn unwedge(&mut self, id: DocumentId, now: UtcMs) -> Result<bool, OutboxError> {
        let is_wedged = |row: &&mut Row| matches!(row.state, EntryState::Wedged(_));
        let Some(row) = self.row(id).filter(is_wedged) else {
            return Ok(false);
        };
        row.state = EntryState::Pending;
        self.append(now, &unwedge_event(id));
        Ok(true)
    }

    fn receipt(
        &mut self,
        id: DocumentId,
        signed_receipt: &[u8],
        received_at: UtcMs,
        now: UtcMs,
    ) -> Result<bool, OutboxError> {
        let Some((place, row)) = self
            .place(id)
            .and_then(|place| Some((place, self.entries.remove(&place)?)))
        else {
            return Ok(false);
        };
        if !row.is_final && !self.awaiting.contains(&id) {
            self.awaiting.push(id);
        }
        self.retained.push(Retained {
            place,
            row,
            receipt: signed_receipt.to_vec(),
            received_at,
        });
        self.newest_receipt = Some(now);
        self.contact = Some(now);
        self.append(now, &receipt_event(id));
        Ok(true)
    }

    fn retained_receipt(&self, id: DocumentId) -> Result<Option<Vec<u8>>, OutboxError> {
        let mut retained = self.retained.iter();
        Ok(retained
            .find(|retained| retained.row.document.id == id)
            .map(|retained| retained.receipt.clone()))
    }

    fn resend(&mut self, id: DocumentId, now: UtcMs) -> Result<bool, OutboxError> {
        let is_it = |retained: &Retained| retained.row.document.id == id;
        let Some(at) = self.retained.iter().position(is_it) else {
            return Ok(false);
        };
        let Retained { place, mut row, .. } = self.retained.remove(at);
        row.is_final = !self.awaiting.contains(&id);
        row.state = EntryState::Pending;
        row.retry_at = None;
        self.entries.insert(place, row);
        self.append(now, &resend_event(id));
        Ok(true)
    }

    fn forget_delivered(&mut self, before: UtcMs, now: UtcMs) -> Result<u64, OutboxError> {
        let mut old: Vec<_> = self
            .retained
            .iter()
            .map(|retained| (retained.received_at, retained.place))
            .filter(|(received_at, _)| *received_at < before)
            .collect();
        old.sort_unstable();
        old.truncate(usize::try_from(FORGET_AT_ONCE).unwrap_or(usize::MAX));
        self.retained
            .retain(|retained| !old.contains(&(retained.received_at, retained.place)));
        let number = old.len() as u64;
        if number > 0 {
            self.append(now, &forget_event(number));
        }
        Ok(number)
    }

    fn export(
        &mut self,
        after: Option<u64>,
    ) -> Result<Option<(u64, SignedDocument, EntryState)>, OutboxError> {
        let mut rest = self
            .entries
            .range(after.map_or(0, |after| after.saturating_add(1))..);
        Ok(rest
            .next()
            .map(|(place, row)| (*place, row.document.clone(), row.state.clone())))
    }

    fn identified(&mut self, id: DocumentId, now: UtcMs) -> Result<bool, OutboxError> {
        let before = self.awaiting.len();
        self.awaiting.retain(|awaiting| *awaiting != id);
        let was_awaited = self.awaiting.len() < before;
        if was_awaited {
            self.append(now, &identified_event(id));
        }
        Ok(was_awaited)
    }

    fn state(&self, id: DocumentId) -> Result<Option<EntryState>, OutboxError> {
        let mut rows = self.entries.values();
        if let Some(row) = rows.find(|row| row.document.id == id) {
            return Ok(Some(row.state.clone()));
        }
        if self.awaiting.contains(&id) {
            return Ok(Some(EntryState::AwaitingIdentification));
        }
        let is_retained = self
            .retained
            .iter()
            .any(|retained| retained.row.document.id == id);
        Ok(is_retained.then_some(EntryState::Delivered))
    }

    fn awaiting(&self, limit: usize) -> Result<Vec<DocumentId>, OutboxError> {
        Ok(self.awaiting.iter().take(limit).copied().collect())
    }

    fn counts(&self) -> Result<Counts, OutboxError> {
        let mut counts = Counts {
            awaiting: self.awaiting.len() as u64,
            retained: self.retained.len() as u64,
            ..Counts::default()
        };
        for row in self.entries.values() {
            match row.state {
                EntryState::InFlight => counts.in_flight += 1,
                EntryState::Wedged(_) => counts.wedged += 1,
                _ => counts.pending += 1,
            }
        }
        Ok(counts)
    }

    fn standing(&self) -> Result<Standing, OutboxError> {
        let is_wedged = |row: &&Row| matches!(row.state, EntryState::Wedged(_));
        let waiting = || self.entries.values().filter(|row| !is_wedged(row));
        Ok(Standing {
            counts: self.counts()?,
            pending_bytes: waiting().map(|row| row.document.bytes.len() as u64).sum(),
            oldest_pending_put_at: waiting().next().map(|row| row.put_at),
            last_contact_at: self.contact,
            newest_receipt_at: self.newest_receipt,
        })
    }

    fn contact(&mut self, now: UtcMs) -> Result<(), OutboxError> {
        self.contact = Some(now);
        Ok(())
    }

    fn settle(&mut self) -> Result<(), OutboxError> {
        Ok(())
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
            self.append(now, ORPHANED_EVENT);
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
            self.append(now, OVERWRITTEN_EVENT);
        }
        self.append(now, &propose_event(document));
        Ok(())
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
        self.append(now, &settle_event(document, matched));
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
            self.append(now, FORGOTTEN_EVENT);
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
            self.append(now, DELETED_EVENT);
        }
        Ok(deleted)
    }

    fn append_audit(
        &mut self,
        now: UtcMs,
        session: Option<SessionId>,
        event: &str,
    ) -> Result<AuditHead, OutboxError> {
        Ok(self.follow(AuditEntry {
            at: now,
            session,
            event,
        }))
    }

    fn audit_head(&self) -> Result<AuditHead, OutboxError> {
        Ok(self.head())
    }

    fn audit_tip(&self) -> Result<AuditHead, OutboxError> {
        Ok(self.head())
    }

    fn audit_records(&self, after: u64, limit: usize) -> Result<Vec<AuditRecord>, OutboxError> {
        let records = self.audit.iter().filter(|record| record.number > after);
        Ok(records.take(limit).cloned().collect())
    }

    fn verify_audit(&self) -> Result<u64, OutboxError> {
        let mut trail = AuditTrail::from(AuditHead::empty(self.log));
        for record in &self.audit {
            trail.follow(record).map_err(OutboxError::AuditBroken)?;
        }
        Ok(trail.head().number)
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
