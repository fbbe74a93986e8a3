//! Notices for the institution's own systems, until they are delivered.

use async_trait::async_trait;
use institution::notice::{Kind, NoticeId};
use verification::Sensitive;
use verification::time::UtcMs;

use super::StoreError;

/// By which way a notice goes. Each way has its own copy of a notice, and its own tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Route {
    /// Posted by HTTPS.
    Webhook,
    /// Written as a file.
    Drop,
}

impl Route {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Webhook, Self::Drop];

    /// Its name in tables, lists and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Drop => "drop",
        }
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|route| route.name() == name)
    }
}

/// A notice on its way into the store. It is stored in the transaction of what it speaks of: with the document, the answer
/// or the change of a request, or not at all.
#[derive(Debug, Clone)]
pub struct NewNotice {
    /// Its id; one that is there already by the same way stays as it is.
    pub id: NoticeId,
    /// By which way it goes.
    pub route: Route,
    /// What it is about.
    pub kind: Kind,
    /// The envelope, exactly as it is sent.
    pub body: Sensitive<Vec<u8>>,
}

/// A notice to be delivered now.
#[derive(Debug, Clone)]
pub struct ClaimedNotice {
    /// Its id.
    pub id: NoticeId,
    /// How often it was tried in vain.
    pub attempts: u32,
    /// The envelope.
    pub body: Sensitive<Vec<u8>>,
}

/// What was claimed, and when there may be more.
#[derive(Debug, Clone)]
pub struct ClaimedNotices {
    /// They are this gateway's until the lease ends.
    pub notices: Vec<ClaimedNotice>,
    /// When the next one is due that nobody delivers; `None` if there is none.
    pub next_at: Option<UtcMs>,
}

/// Which notices are listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NoticeFilter {
    /// Those behind this place in the order of their coming.
    pub after: u64,
    /// Only those that are not delivered.
    pub undelivered: bool,
    /// Only those that the receiver refuses for good.
    pub rejected: bool,
}

/// One line of a list. No personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedNotice {
    /// Its place in the order of coming.
    pub number: u64,
    /// Its id.
    pub id: NoticeId,
    /// By which way it goes.
    pub route: Route,
    /// Name of what it is about.
    pub kind: String,
    /// When it came.
    pub created_at: UtcMs,
    /// Where it stands.
    pub state: NoticeState,
}

/// Where a notice stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoticeState {
    /// To be delivered, or tried in vain so far.
    Waiting {
        /// How often.
        attempts: u32,
        /// Why it failed last.
        fault: Option<String>,
    },
    /// The receiver refuses it for good.
    Rejected {
        /// Why.
        fault: String,
    },
    /// Delivered. Its body is gone from the store.
    Delivered {
        /// When.
        at: UtcMs,
    },
}

impl NoticeState {
    /// From what the tables say.
    pub(super) fn of(
        attempts: u32,
        rejected: bool,
        fault: Option<String>,
        delivered_at: Option<UtcMs>,
    ) -> Self {
        match delivered_at {
            Some(at) => Self::Delivered { at },
            None if rejected => Self::Rejected {
                fault: fault.unwrap_or_default(),
            },
            None => Self::Waiting { attempts, fault },
        }
    }
}

/// How many notices wait. Counts end at [`COUNT_MAX`](super::COUNT_MAX).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NoticeStanding {
    /// Not delivered, without those that are rejected.
    pub waiting: u64,
    /// Refused for good.
    pub rejected: u64,
}

/// The queue of notices. They come into it with what they speak of.
#[async_trait]
pub trait Notices {
    /// Takes at most `limit` notices of one way that are to be delivered now, the longest due first. No other gateway gets
    /// them until they are delivered, failed or released, or `lease_ms` milliseconds have passed.
    ///
    /// # Errors
    /// When the disk or the database fails.
    async fn claim_notices(
        &self,
        route: Route,
        limit: u32,
        lease_ms: u64,
        now: UtcMs,
    ) -> Result<ClaimedNotices, StoreError>;

    /// Gives back what was claimed, so that others may deliver at once.
    ///
    /// # Errors
    /// When the disk or the database fails.
    async fn release_notices(&self, route: Route, ids: &[NoticeId]) -> Result<(), StoreError>;

    /// Notes that the receiver has it, and forgets its body.
    ///
    /// # Errors
    /// When the disk or the database fails.
    async fn notice_delivered(&self, route: Route, id: NoticeId, now: UtcMs) -> Result<(), StoreError>;

    /// Notes that it was tried in vain, and when to try again; `None` for not by itself.
    ///
    /// # Errors
    /// When the disk or the database fails.
    async fn notice_failed(
        &self,
        route: Route,
        id: NoticeId,
        fault: &str,
        next_try_at: Option<UtcMs>,
    ) -> Result<(), StoreError>;

    /// For the start of a gateway: gives back what it claimed in its former life.
    ///
    /// # Errors
    /// When the disk or the database fails.
    async fn reclaim_notices(&self) -> Result<(), StoreError>;

    /// Makes everything that was refused for good due now, noted in the audit log; gives how many that are.
    ///
    /// # Errors
    /// When the disk or the database fails.
    async fn retry_notices(&self, now: UtcMs) -> Result<u64, StoreError>;

    /// At most `limit` notices in the order of their coming.
    ///
    /// # Errors
    /// When the database fails.
    async fn notices(&self, filter: &NoticeFilter, limit: u32) -> Result<Vec<ListedNotice>, StoreError>;

    /// How many wait.
    ///
    /// # Errors
    /// When the database fails.
    async fn notice_standing(&self) -> Result<NoticeStanding, StoreError>;
}
