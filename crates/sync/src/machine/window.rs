//! The documents that are under way: how many there may be, and by when each has to be answered.
//!
//! A line carries bytes in their order. What was sent after a document cannot have delayed it, and what was sent
//! before it has arrived when it is answered. So the time that a document may take is that of the bytes before it
//! and of its own at the slowest rate that is borne, and then the time that the gateway may take.

use std::collections::VecDeque;
use std::time::Duration;

use verification::evidence::DocumentId;

/// A document that the gateway owes an answer about.
#[derive(Debug)]
struct Flight {
    id: DocumentId,
    bytes: u64,
    give_up_at: Duration,
}

/// See the [module](self).
#[derive(Debug)]
pub struct Window {
    documents: usize,
    bytes: u64,
    /// The slowest line that is borne.
    bytes_per_s: u64,
    /// How long an answer may take after a document has arrived.
    answer_limit: Duration,
    /// In the order in which they were sent.
    flights: VecDeque<Flight>,
    /// A document that the owner has handed out and that does not fit yet. It goes next.
    held: Option<(DocumentId, Vec<u8>)>,
}

impl Window {
    /// For at least one document, whatever the numbers.
    pub fn new(documents: u16, bytes: u32, bytes_per_s: u32, answer_limit: Duration) -> Self {
        Self {
            documents: usize::from(documents.max(1)),
            bytes: u64::from(bytes),
            bytes_per_s: u64::from(bytes_per_s.max(1)),
            answer_limit,
            flights: VecDeque::new(),
            held: None,
        }
    }

    /// Nothing is under way.
    pub fn is_idle(&self) -> bool {
        self.flights.is_empty()
    }

    /// The owner may be asked for one more.
    pub fn has_room(&self) -> bool {
        self.held.is_none() && self.fits(1)
    }

    /// It is under way, or waits here to be sent.
    pub fn has(&self, id: DocumentId) -> bool {
        self.flights.iter().any(|flight| flight.id == id)
            || self.held.as_ref().is_some_and(|(held, _)| *held == id)
    }

    /// One more document may be kept here.
    pub fn can_hold(&self) -> bool {
        self.held.is_none()
    }

    /// Keeps a document until it fits.
    pub fn hold(&mut self, id: DocumentId, document: Vec<u8>) {
        self.held = Some((id, document));
    }

    /// The kept document, if it fits by now. It counts as sent.
    pub fn send(&mut self, now: Duration) -> Option<(DocumentId, Vec<u8>)> {
        let bytes = self.held.as_ref()?.1.len() as u64;
        if !self.fits(bytes) {
            return None;
        }
        let (id, document) = self.held.take()?;
        let before = self.flights.iter().map(|flight| flight.bytes).sum();
        self.flights.push_back(Flight {
            id,
            bytes,
            give_up_at: self.give_up_at(now, bytes.saturating_add(before)),
        });
        Some((id, document))
    }

    /// The gateway has answered about this document: it is not under way any more. False if it was not.
    pub fn answered(&mut self, now: Duration, id: DocumentId) -> bool {
        let Some(place) = self.flights.iter().position(|flight| flight.id == id) else {
            return false;
        };
        self.flights.remove(place);
        let mut travelling = 0_u64;
        for at in 0..self.flights.len() {
            if at >= place {
                travelling = travelling.saturating_add(self.flights[at].bytes);
            }
            let sooner = self.give_up_at(now, travelling);
            let flight = &mut self.flights[at];
            flight.give_up_at = flight.give_up_at.min(sooner);
        }
        true
    }

    /// By when the next answer has to be there, if one is owed.
    pub fn deadline(&self) -> Option<Duration> {
        self.flights.iter().map(|flight| flight.give_up_at).min()
    }

    /// All that is under way, in order.
    pub fn ids(&self) -> impl Iterator<Item = DocumentId> {
        self.flights.iter().map(|flight| flight.id)
    }

    fn fits(&self, bytes: u64) -> bool {
        let under_way: u64 = self.flights.iter().map(|flight| flight.bytes).sum();
        self.flights.is_empty()
            || self.flights.len() < self.documents && under_way.saturating_add(bytes) <= self.bytes
    }

    fn give_up_at(&self, now: Duration, travelling: u64) -> Duration {
        let travel = Duration::from_secs(travelling / self.bytes_per_s);
        now.saturating_add(travel).saturating_add(self.answer_limit)
    }
}
