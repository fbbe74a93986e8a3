//! The register of requests of data subjects.
//!
//! A request comes with the document that holds it. What the institution does about it is a new version; versions are never
//! changed and never deleted.

use async_trait::async_trait;
use verification::Sensitive;
use verification::date::Date;
use verification::evidence::DocumentId;
use verification::request::{RequestState, number};
use verification::time::UtcMs;

use super::StoreError;
use super::notices::NewNotice;

/// No kind is longer, and no number of an organisation.
const TOKEN_MAX: usize = 64;

/// A request on its way into the register, with its document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRequest {
    /// The number that the person has.
    pub number: String,
    /// What is asked for, a word such as `consent-withdrawal`.
    pub kind: String,
    /// When it was made, by the clock of the kiosk.
    pub received_at: UtcMs,
    /// Until when it must be answered.
    pub due_at: UtcMs,
    /// Business identification number of the organisation, for notices.
    pub institution_bin: String,
}

impl NewRequest {
    /// The request in this document, which was made at this time. A kind that is no word becomes one.
    pub fn of(
        document_id: DocumentId,
        kind: &str,
        received_at: UtcMs,
        due_at: UtcMs,
        institution_bin: &str,
    ) -> Self {
        let word = |letter: char| match letter {
            'a'..='z' | '0'..='9' | '-' => letter,
            _ => '-',
        };
        let kind: String = kind.chars().map(word).take(TOKEN_MAX).collect();
        let digits = institution_bin.chars().filter(char::is_ascii_alphanumeric);
        Self {
            number: number(document_id, Date::from_utc(received_at)),
            kind: if kind.is_empty() { "unknown".into() } else { kind },
            received_at,
            due_at,
            institution_bin: digits.take(TOKEN_MAX).collect(),
        }
    }
}

/// A request as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubjectRequest {
    /// Its place in the order of coming; a list goes on behind it.
    pub place: u64,
    /// The document that holds it.
    pub document_id: DocumentId,
    /// The number that the person has.
    pub number: String,
    /// What is asked for.
    pub kind: String,
    /// Where it was made.
    pub kiosk_id: String,
    /// Business identification number of the organisation.
    pub institution_bin: String,
    /// When it was made, by the clock of the kiosk.
    pub received_at: UtcMs,
    /// Until when it must be answered.
    pub due_at: UtcMs,
    /// Name of its state, see [`RequestState::name`].
    pub state: &'static str,
    /// The newest version, from 1.
    pub version: u32,
}

impl SubjectRequest {
    /// Whether the person waits for longer than may be.
    pub fn is_overdue(&self, now: UtcMs) -> bool {
        self.is_open() && self.due_at < now
    }

    /// Whether the person still waits.
    pub fn is_open(&self) -> bool {
        !matches!(self.state, "answered" | "refused")
    }
}

/// One version of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestVersion {
    /// From 1.
    pub version: u32,
    /// The state that it was brought into.
    pub state: RequestState,
    /// What the operator noted. May be personal.
    pub note: Option<Sensitive<String>>,
    /// When.
    pub at: UtcMs,
    /// The gateway whose operator did it.
    pub gateway: String,
}

/// A change of a request.
#[derive(Debug, Clone)]
pub struct RequestChange {
    /// The document that holds the request.
    pub document_id: DocumentId,
    /// The version that the operator has seen; another one in the store means that somebody else was quicker.
    pub seen_version: u32,
    /// The new state.
    pub state: RequestState,
    /// What the operator notes. May be personal.
    pub note: Option<Sensitive<String>>,
    /// What the institution's systems are told.
    pub notices: Vec<NewNotice>,
}

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestSet {
    /// It is made, and noted in the audit log.
    Changed,
    /// Somebody else was quicker.
    Stale,
    /// There is no such request.
    Unknown,
}

/// Which requests are listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RequestFilter {
    /// Those behind this place.
    pub after: u64,
    /// Only those for which the person still waits.
    pub open: bool,
    /// Only those that are overdue at this time.
    pub overdue_at: Option<UtcMs>,
}

/// How many requests are open. Counts end at [`COUNT_MAX`](super::COUNT_MAX).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RequestStanding {
    /// The person still waits.
    pub open: u64,
    /// And waits for longer than may be.
    pub overdue: u64,
}

/// The register of requests. They come into it with their documents.
#[async_trait]
pub trait Requests {
    /// At most `limit` requests in the order of their coming.
    ///
    /// # Errors
    /// When the database fails.
    async fn subject_requests(
        &self,
        filter: &RequestFilter,
        limit: u32,
    ) -> Result<Vec<SubjectRequest>, StoreError>;

    /// The request of this number. Two of one day may share it, once in a great many years.
    ///
    /// # Errors
    /// When the database fails.
    async fn requests_numbered(&self, number: &str) -> Result<Vec<SubjectRequest>, StoreError>;

    /// All versions of a request, the oldest first.
    ///
    /// # Errors
    /// When the database fails.
    async fn request_history(&self, document_id: DocumentId) -> Result<Vec<RequestVersion>, StoreError>;

    /// Adds a version, noted in the audit log. It is on the disk when this returns, and so are its notices.
    ///
    /// # Errors
    /// When the disk or the database fails.
    async fn set_request(&self, change: RequestChange, now: UtcMs) -> Result<RequestSet, StoreError>;

    /// How many are open and overdue.
    ///
    /// # Errors
    /// When the database fails.
    async fn request_standing(&self, now: UtcMs) -> Result<RequestStanding, StoreError>;
}

/// In both databases: whether the person still waits.
pub(super) const OPEN: &str = "state IN ('received', 'in-progress', 'ready')";

/// The state of this name as lists have it.
pub(super) fn state_name(name: &str) -> Option<&'static str> {
    RequestState::NAMES.into_iter().find(|known| *known == name)
}

/// What the audit log says about a request that has come. Nothing personal: the number follows from the document.
pub(super) fn received_event(document_id: DocumentId, request: &NewRequest) -> String {
    format!(
        "request-received {document_id} {} {}",
        request.number, request.kind
    )
}

/// What the audit log says about a change.
pub(super) fn changed_event(change: &RequestChange) -> String {
    format!("request-{} {}", change.state.name(), change.document_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_document_says_becomes_words() {
        let check = |kind: &str, bin: &str, expect: (&str, &str)| {
            let request = NewRequest::of(DocumentId([1; 16]), kind, UtcMs(1), UtcMs(2), bin);
            assert_eq!((&*request.kind, &*request.institution_bin), expect);
        };
        check(
            "consent-withdrawal",
            "050140000000",
            ("consent-withdrawal", "050140000000"),
        );
        check("A b\0\u{430}", "05\0 \u{660}1", ("--b--", "051"));
        check("", "", ("unknown", ""));
        assert_eq!(
            NewRequest::of(DocumentId([1; 16]), &"x".repeat(99), UtcMs(1), UtcMs(2), "")
                .kind
                .len(),
            TOKEN_MAX
        );
    }
}
