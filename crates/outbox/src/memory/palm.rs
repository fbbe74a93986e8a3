//! Whose palm a reference in a scanner is.

use std::collections::{BTreeMap, BTreeSet};

use verification::evidence::DocumentId;
use verification::identifier::Iin;
use verification::palm::PalmReference;

#[derive(Debug, Default)]
pub(super) struct Palms {
    rows: Vec<Row>,
    deletions: Vec<(String, PalmReference)>,
    /// What each scanner held before the enrolment that is open.
    enrolments: BTreeMap<String, Vec<PalmReference>>,
}

#[derive(Debug)]
struct Row {
    subject: Iin,
    scanner: String,
    reference: PalmReference,
    document: DocumentId,
    is_confirmed: bool,
}

impl Row {
    fn belongs_to(&self, subject: &Iin, scanner: &str) -> bool {
        self.subject == *subject && self.scanner == scanner
    }
}

impl Palms {
    pub(super) fn begin(&mut self, scanner: &str, held: &[PalmReference]) {
        self.enrolments.entry(scanner.to_owned()).or_insert_with(|| {
            let mut once = BTreeSet::new();
            held.iter()
                .copied()
                .filter(|reference| once.insert(*reference))
                .collect()
        });
    }

    pub(super) fn held(&self, scanner: &str) -> Option<Vec<PalmReference>> {
        self.enrolments.get(scanner).cloned()
    }

    /// Gives what nobody names, and how many of them were not to be deleted before.
    pub(super) fn end(&mut self, scanner: &str, found: &[PalmReference]) -> (Vec<PalmReference>, usize) {
        let Some(held) = self.enrolments.remove(scanner) else {
            return (Vec::new(), 0);
        };
        let mut orphans = Vec::new();
        let before = self.deletions.len();
        for reference in found {
            let is_named = |row: &Row| row.scanner == scanner && row.reference == *reference;
            if held.contains(reference) || orphans.contains(reference) || self.rows.iter().any(is_named) {
                continue;
            }
            orphans.push(*reference);
            let deletion = (scanner.to_owned(), *reference);
            if !self.deletions.contains(&deletion) {
                self.deletions.push(deletion);
            }
        }
        (orphans, self.deletions.len() - before)
    }

    /// Gives whether the reference was in use before.
    pub(super) fn propose(
        &mut self,
        subject: &Iin,
        scanner: &str,
        reference: PalmReference,
        document: DocumentId,
    ) -> bool {
        let is_it = |row: &Row| row.scanner == scanner && row.reference == reference;
        let mut was_in_use = false;
        self.rows.retain(|row| {
            let again = is_it(row) && row.document == document && row.belongs_to(subject, scanner);
            was_in_use |= is_it(row) && !again;
            !is_it(row)
        });
        self.deletions
            .retain(|(at, deletion)| at != scanner || *deletion != reference);
        self.remove(|row| row.belongs_to(subject, scanner) && !row.is_confirmed);
        self.rows.push(Row {
            subject: subject.clone(),
            scanner: scanner.to_owned(),
            reference,
            document,
            is_confirmed: false,
        });
        was_in_use
    }

    /// Nothing if the document has no proposal.
    pub(super) fn settle(
        &mut self,
        document: DocumentId,
        matched: bool,
    ) -> Option<Vec<(String, PalmReference)>> {
        let proposed = |row: &Row| row.document == document && !row.is_confirmed;
        let of: Vec<_> = self
            .rows
            .iter()
            .filter(|row| proposed(row))
            .map(|row| (row.subject.clone(), row.scanner.clone()))
            .collect();
        if of.is_empty() {
            return None;
        }
        if !matched {
            return Some(self.remove(proposed));
        }
        let old = self.remove(|row| {
            row.is_confirmed
                && of
                    .iter()
                    .any(|(subject, scanner)| row.belongs_to(subject, scanner))
        });
        for row in self.rows.iter_mut().filter(|row| proposed(row)) {
            row.is_confirmed = true;
        }
        Some(old)
    }

    pub(super) fn reference(&self, subject: &Iin, scanner: &str) -> Option<PalmReference> {
        let row = self
            .rows
            .iter()
            .find(|row| row.is_confirmed && row.belongs_to(subject, scanner));
        row.map(|row| row.reference)
    }

    pub(super) fn forget(&mut self, subject: &Iin) -> Vec<(String, PalmReference)> {
        self.remove(|row| row.subject == *subject)
    }

    pub(super) fn deletions(&self, scanner: &str) -> Vec<PalmReference> {
        let of_scanner = self.deletions.iter().filter(|(at, _)| at == scanner);
        of_scanner.map(|(_, reference)| *reference).collect()
    }

    pub(super) fn deleted(&mut self, scanner: &str, reference: PalmReference) -> bool {
        let before = self.deletions.len();
        self.deletions
            .retain(|(at, deletion)| at != scanner || *deletion != reference);
        let deleted = self.deletions.len() < before;
        if deleted && let Some(held) = self.enrolments.get_mut(scanner) {
            held.retain(|held| *held != reference);
        }
        deleted
    }

    /// Takes rows out; what they name is to be deleted.
    fn remove(&mut self, which: impl Fn(&Row) -> bool) -> Vec<(String, PalmReference)> {
        let removed: Vec<_> = self
            .rows
            .extract_if(.., |row| which(row))
            .map(|row| (row.scanner, row.reference))
            .collect();
        self.deletions.extend(removed.iter().cloned());
        removed
    }
}
