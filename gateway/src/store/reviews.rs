//! What people of the institution decide: the queue of documents with pictures, and the list of persons to be called.
//!
//! ```text
//!              take                    decide
//!   waiting ────────> taken{by,until} ───────> accepted | refused      pictures; with the signed answer
//!      ^                │                      called                  call-backs; nothing is answered
//!      └────────────────┘
//!        release, the end of the lease, not reached
//! ```
//!
//! An entry comes in the transaction of its document. It holds nothing personal: who the person is, the pictures and the
//! number to call stand in the document alone, which is encrypted. An examiner stands here as the code that the
//! configuration gives them.

use async_trait::async_trait;
use verification::Sensitive;
use verification::evidence::DocumentId;
use verification::time::UtcMs;

use super::StoreError;
use super::notices::NewNotice;

/// No service has a longer name, and no examiner a longer code.
const NAME_MAX: usize = 64;

/// What is wanted of an examiner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReviewKind {
    /// To compare the picture of the face with that of the identity document.
    Images,
    /// To call the person back.
    CallBack,
}

impl ReviewKind {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Images, Self::CallBack];

    /// Its name in tables, lists and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Images => "images",
            Self::CallBack => "call-back",
        }
    }

    /// The one of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// An entry on its way into the queue, with its document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewReview {
    /// What is wanted.
    pub kind: ReviewKind,
    /// What the person asked for; a name of the institution's profile.
    pub service: Option<String>,
}

impl NewReview {
    /// An entry; what is no name becomes one.
    pub fn of(kind: ReviewKind, service: Option<&str>) -> Self {
        let letter = |letter: char| match letter {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' | '.' => letter,
            _ => '-',
        };
        Self {
            kind,
            service: service.map(|name| name.chars().map(letter).take(NAME_MAX).collect()),
        }
    }
}

/// What was decided, or found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReviewEnd {
    /// The person of the pictures is the person of the document.
    Accepted,
    /// No; holds the name of the reason, which the signed answer gives too.
    Refused(&'static str),
    /// The person was called and reached.
    Called,
}

impl ReviewEnd {
    /// Its name in tables, lists, metrics and the audit log.
    pub fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused(_) => "refused",
            Self::Called => "called",
        }
    }

    /// For which entries it is.
    pub fn kind(self) -> ReviewKind {
        match self {
            Self::Accepted | Self::Refused(_) => ReviewKind::Images,
            Self::Called => ReviewKind::CallBack,
        }
    }
}

/// Where an entry stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReviewState {
    /// For the next examiner.
    Waiting,
    /// Somebody has it, until this time.
    Taken {
        /// Their code.
        by: String,
        /// The end of the lease.
        until: UtcMs,
    },
    /// It has come to its end.
    Ended {
        /// Name of the end, see [`ReviewEnd::name`].
        end: String,
        /// Name of the reason, after a refusal.
        reason: Option<String>,
        /// Code of the examiner.
        by: String,
        /// When.
        at: UtcMs,
    },
}

impl ReviewState {
    /// From what the tables say, at this time.
    pub(super) fn of(row: ReviewRow, now: UtcMs) -> Self {
        match (row.end, row.by) {
            (Some(end), by) => Self::Ended {
                end,
                reason: row.reason,
                by: by.unwrap_or_default(),
                at: UtcMs(row.ended_at.unwrap_or_default()),
            },
            (None, Some(by)) if now.0 < row.taken_until => Self::Taken {
                by,
                until: UtcMs(row.taken_until),
            },
            (None, _) => Self::Waiting,
        }
    }

    /// Its name in lists.
    pub fn name(&self) -> &str {
        match self {
            Self::Waiting => "waiting",
            Self::Taken { .. } => "taken",
            Self::Ended { end, .. } => end,
        }
    }

    /// Whether nobody has ended it.
    pub fn is_open(&self) -> bool {
        !matches!(self, Self::Ended { .. })
    }

    /// Whether this examiner, and nobody else, may act on it.
    pub fn is_held_by(&self, examiner: &str) -> bool {
        matches!(self, Self::Taken { by, .. } if by == examiner)
    }
}

/// The columns of which a state is made.
pub(super) struct ReviewRow {
    pub by: Option<String>,
    pub taken_until: i64,
    pub end: Option<String>,
    pub reason: Option<String>,
    pub ended_at: Option<i64>,
}

/// One line of the queue. Nothing personal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// Its place in the order of coming; a list goes on behind it.
    pub place: u64,
    /// The document.
    pub document_id: DocumentId,
    /// What is wanted.
    pub kind: ReviewKind,
    /// Where the person was.
    pub kiosk_id: String,
    /// What the person asked for.
    pub service: Option<String>,
    /// When the document came.
    pub received_at: UtcMs,
    /// Where it stands.
    pub state: ReviewState,
    /// How often the person was called in vain.
    pub calls_in_vain: u32,
}

/// Which entries are listed; the default is all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReviewFilter {
    /// Those behind this place.
    pub after: u64,
    /// Of this kind alone.
    pub kind: Option<ReviewKind>,
    /// Only those that have not come to their end.
    pub open: bool,
}

/// What became of a step of an examiner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReviewStep {
    /// It is made, and noted in the audit log.
    Done,
    /// There is no such entry, or it is not one of this kind.
    Unknown,
    /// Somebody else has it.
    HeldByOther,
    /// The examiner does not have it, or not any more.
    NotHeld,
    /// It has come to its end before.
    Ended,
}

/// What an examiner decides.
#[derive(Debug, Clone)]
pub struct ReviewDecision {
    /// The document.
    pub document_id: DocumentId,
    /// Code of the examiner.
    pub examiner: String,
    /// What was decided.
    pub end: ReviewEnd,
    /// The signed answer about the document; for pictures always, for a call-back never.
    pub answer: Option<Sensitive<Vec<u8>>>,
    /// What the institution's systems are told.
    pub notices: Vec<NewNotice>,
}

/// How many wait. Counts end at [`COUNT_MAX`](super::COUNT_MAX).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReviewStanding {
    /// Pictures that nobody has decided about.
    pub images: u64,
    /// Persons that nobody has reached.
    pub call_backs: u64,
    /// Since when the first of all of them waits.
    pub oldest_at: Option<UtcMs>,
}

/// The queue. Entries come into it with their documents.
///
/// Leases are counted by the clock of the gateways: they last for minutes, and clocks of servers differ by less.
#[async_trait]
pub trait Reviews {
    /// At most `limit` entries in the order of their coming.
    ///
    /// # Errors
    /// When the database fails.
    async fn reviews(&self, filter: &ReviewFilter, limit: u32, now: UtcMs)
    -> Result<Vec<Review>, StoreError>;

    /// The entry of a document.
    ///
    /// # Errors
    /// When the database fails.
    async fn review(&self, document_id: DocumentId, now: UtcMs) -> Result<Option<Review>, StoreError>;

    /// Gives an entry to an examiner, noted in the audit log; to who has it already, for longer.
    ///
    /// # Errors
    /// When the disk or the database fails.
    async fn take_review(
        &self,
        document_id: DocumentId,
        examiner: &str,
        lease_ms: u64,
        now: UtcMs,
    ) -> Result<ReviewStep, StoreError>;

    /// Gives an entry back that this examiner has, noted in the audit log. `in_vain`: the person was called and not
    /// reached, which is counted.
    ///
    /// # Errors
    /// When the disk or the database fails.
    async fn release_review(
        &self,
        document_id: DocumentId,
        examiner: &str,
        in_vain: bool,
        now: UtcMs,
    ) -> Result<ReviewStep, StoreError>;

    /// Ends an entry that this examiner has. Its answer, its notices and its record in the audit log are on the disk
    /// when this returns, or none of them is.
    ///
    /// # Errors
    /// When the disk or the database fails.
    async fn decide_review(&self, decision: ReviewDecision, now: UtcMs) -> Result<ReviewStep, StoreError>;

    /// How many wait.
    ///
    /// # Errors
    /// When the database fails.
    async fn review_standing(&self) -> Result<ReviewStanding, StoreError>;
}

/// What an entry allows, before something is done with it: the same in both databases.
pub(super) fn may_take(state: &ReviewState, examiner: &str) -> Result<(), ReviewStep> {
    match state {
        ReviewState::Ended { .. } => Err(ReviewStep::Ended),
        ReviewState::Taken { by, .. } if by != examiner => Err(ReviewStep::HeldByOther),
        ReviewState::Taken { .. } | ReviewState::Waiting => Ok(()),
    }
}

/// As [`may_take`], of what only the holder may do.
pub(super) fn may_act(state: &ReviewState, examiner: &str) -> Result<(), ReviewStep> {
    may_take(state, examiner)?;
    match state {
        ReviewState::Waiting => Err(ReviewStep::NotHeld),
        _ => Ok(()),
    }
}

/// What the audit log says about an entry that was taken.
pub(super) fn taken_event(document_id: DocumentId, examiner: &str) -> String {
    format!("review-taken {document_id} {examiner}")
}

/// What the audit log says about one that was given back.
pub(super) fn released_event(document_id: DocumentId, examiner: &str, in_vain: bool) -> String {
    let what = if in_vain {
        "review-not-reached"
    } else {
        "review-released"
    };
    format!("{what} {document_id} {examiner}")
}

/// What the audit log says about a decision.
pub(super) fn ended_event(decision: &ReviewDecision) -> String {
    let (end, id, examiner) = (decision.end.name(), decision.document_id, &decision.examiner);
    match decision.end {
        ReviewEnd::Refused(reason) => format!("review-{end} {id} {examiner} {reason}"),
        ReviewEnd::Accepted | ReviewEnd::Called => format!("review-{end} {id} {examiner}"),
    }
}

/// What the audit log says about an entry that has come.
pub(super) fn queued_event(document_id: DocumentId, review: &NewReview) -> String {
    format!("review-queued {document_id} {}", review.kind.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(by: Option<&str>, taken_until: i64, end: Option<&str>) -> ReviewRow {
        ReviewRow {
            by: by.map(str::to_owned),
            taken_until,
            end: end.map(str::to_owned),
            reason: None,
            ended_at: end.map(|_| 7),
        }
    }

    #[test]
    fn who_holds_an_entry_acts_and_nobody_else() {
        let check = |row: ReviewRow, take: Result<(), ReviewStep>, act: Result<(), ReviewStep>| {
            let state = ReviewState::of(row, UtcMs(100));
            assert_eq!(may_take(&state, "a"), take, "{state:?}");
            assert_eq!(may_act(&state, "a"), act, "{state:?}");
        };
        check(row(None, 0, None), Ok(()), Err(ReviewStep::NotHeld));
        check(row(Some("a"), 101, None), Ok(()), Ok(()));
        // The lease has ended.
        check(row(Some("a"), 100, None), Ok(()), Err(ReviewStep::NotHeld));
        let held = Err(ReviewStep::HeldByOther);
        check(row(Some("b"), 101, None), held, held);
        check(row(Some("b"), 100, None), Ok(()), Err(ReviewStep::NotHeld));
        let ended = Err(ReviewStep::Ended);
        check(row(Some("a"), 101, Some("accepted")), ended, ended);
    }

    #[test]
    fn a_service_is_a_name_whatever_the_document_says() {
        let name = |text: &str| NewReview::of(ReviewKind::Images, Some(text)).service.unwrap();
        assert_eq!(name("account-opening"), "account-opening");
        assert_eq!(name("a b\0<\u{430}"), "a-b---");
        assert_eq!(name(&"x".repeat(99)).len(), NAME_MAX);
    }
}
