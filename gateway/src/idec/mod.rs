//! The Identification Data Exchange Center (ЦОИД, IDEC).
//!
//! Its server interface is not public. What the gateway needs of it is the trait here; [`https`] speaks the
//! JSON of the simulator in [`sim`], and the adapter of the real centre takes its place once its description
//! is there.
//!
//! **The palm.** What the real centre expects for a palm is unknown: neither a message nor a score for it is published.
//! Our scanners compare within themselves and give out neither picture nor template, so the only honest thing to send is
//! a [`PalmRecord`]: which scanner found what, and what was measured. The centre's word is then what counts, and no
//! threshold of ours is held against it. Should the centre want something else, [`https`] is the one place to change.
//!
//! **Two ways to ask.** What is published of the real centre is a redirect: the person is sent to a page of the centre,
//! which captures and compares by itself. [`IdentificationCentre`] is the one way, a comparison of what the kiosk has
//! captured; [`HostedPage`] is the other. What stands before both is pure: [`breaker`], [`quality`], [`tariff`],
//! [`hosted`].

pub mod breaker;
pub mod hosted;
pub mod https;
pub mod quality;
pub mod sim;
pub mod tariff;

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use document::identification::Verdict;
use sync::machine::FailureClass;
use sync::wire::Link;
use verification::Sensitive;
use verification::evidence::Modality;
use verification::identifier::Iin;
use verification::palm::decision::PalmPartRecord;
use verification::palm::{PalmReadings, ScannerIdentity};
use verification::time::UtcMs;

/// One comparison that is asked for.
#[derive(Debug, Clone)]
pub struct Request {
    /// The idempotency key: the same id is the same comparison, and is paid for once.
    pub request_id: String,
    /// The claimed identity.
    pub claim: Iin,
    /// What was captured.
    pub probe: Probe,
}

/// What was captured of a person, as far as the centre gets it.
#[derive(Debug, Clone)]
pub enum Probe {
    /// The picture of the face to compare, JPEG.
    Face(Sensitive<Vec<u8>>),
    /// What a scanner found about the palm.
    Palm(Box<PalmRecord>),
}

impl Probe {
    /// What is asked about.
    pub fn modality(&self) -> Modality {
        match self {
            Self::Face(_) => Modality::Face,
            Self::Palm(_) => Modality::Palm,
        }
    }
}

/// The attempt with the palm that passed: the scanner found the claimed person, and nothing spoke against a living
/// hand. It holds no template; `Debug` hides what was measured.
#[derive(Clone, PartialEq)]
pub struct PalmRecord {
    /// The scanner.
    pub scanner: ScannerIdentity,
    /// When the scan was ordered.
    pub started_at: UtcMs,
    /// Numbers.
    pub readings: PalmReadings,
    /// What each part of the decision found.
    pub parts: Vec<PalmPartRecord>,
}

impl std::fmt::Debug for PalmRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PalmRecord({})", self.scanner.driver)
    }
}

/// What the centre answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// What it found.
    pub verdict: Verdict,
    /// Comparison score, 0 to 1; always there for [`Verdict::Match`] of a face.
    pub score: Option<f32>,
    /// Where the reference comes from, in the centre's words.
    pub reference_source: String,
    /// Date of the reference, in the centre's words.
    pub reference_date: Option<String>,
    /// The centre's own name for this answer, where it gives one.
    pub answer_id: Option<String>,
}

/// One page that is asked for.
#[derive(Debug, Clone)]
pub struct HostedRequest {
    /// The idempotency key: the same id is the same session.
    pub request_id: String,
    /// The claimed identity.
    pub claim: Iin,
    /// Where the page leads when it is done, if anywhere.
    pub return_url: Option<String>,
    /// How long the result is waited for.
    pub expires_at: UtcMs,
}

/// A page that the centre has opened for one person. `Debug` does not say which, for whoever knows it can open the page.
#[derive(Clone, PartialEq, Eq)]
pub struct HostedSession {
    /// The centre's name of the session.
    pub session_id: String,
    /// Where the page is.
    pub url: Link,
    /// How long the result is waited for.
    pub expires_at: UtcMs,
}

impl std::fmt::Debug for HostedSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "HostedSession(until {})", self.expires_at.0)
    }
}

/// How a session on a page of the centre stands.
#[derive(Debug, Clone, PartialEq)]
pub enum HostedState {
    /// The person is not done.
    Pending,
    /// The centre has found something.
    Done(Answer),
    /// The person has left the page, or was too late for the centre. Nothing was compared.
    NotCompleted,
    /// The centre knows no such session any more.
    Gone,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum CentreError {
    /// The centre cannot be reached.
    #[error("the centre cannot be reached: {0}")]
    Unreachable(String),
    /// It did not answer within the deadline.
    #[error("the centre does not answer in time")]
    TimedOut,
    /// It says that it, or a state service behind it, cannot answer now.
    #[error("the centre cannot answer now (status {status})")]
    Unavailable {
        /// HTTP status.
        status: u16,
        /// When to ask again, if it says so.
        retry_after: Option<Duration>,
    },
    /// It answered something that makes no sense. Holds what is wrong, never the answer itself.
    #[error("the answer of the centre makes no sense: {0}")]
    Nonsense(String),
    /// It will never answer this request as it is.
    #[error("the centre rejects the request (status {status})")]
    Rejected {
        /// HTTP status.
        status: u16,
    },
}

impl CentreError {
    /// What this failure says about the next try.
    pub fn class(&self) -> FailureClass {
        match self {
            Self::Unreachable(_) | Self::TimedOut => FailureClass::Network,
            Self::Unavailable { retry_after, .. } => FailureClass::Transient {
                retry_after: *retry_after,
            },
            Self::Nonsense(_) => FailureClass::Transient { retry_after: None },
            Self::Rejected { .. } => FailureClass::Permanent,
        }
    }
}

/// What [`IdentificationCentre::compare`] gives.
pub type Comparison<'a> = Pin<Box<dyn Future<Output = Result<Answer, CentreError>> + Send + 'a>>;

/// What [`IdentificationCentre::enrol`] gives.
pub type Confirmation<'a> = Pin<Box<dyn Future<Output = Result<(), CentreError>> + Send + 'a>>;

/// A centre that compares what was captured with the reference of a claimed identity.
pub trait IdentificationCentre: Send + Sync {
    /// Asks for one comparison. Asking again with the same request id costs nothing.
    fn compare<'a>(&'a self, request: &'a Request) -> Comparison<'a>;

    /// Says that the picture of this request, which was a match, is to be added to the national biometric
    /// authentication system (NBAS). Saying it again changes nothing. `Ok` means that the centre has confirmed it.
    fn enrol<'a>(&'a self, request_id: &'a str) -> Confirmation<'a>;
}

/// What [`HostedPage::open`] gives.
pub type Opening<'a> = Pin<Box<dyn Future<Output = Result<HostedSession, CentreError>> + Send + 'a>>;

/// What [`HostedPage::poll`] gives.
pub type Polling<'a> = Pin<Box<dyn Future<Output = Result<HostedState, CentreError>> + Send + 'a>>;

/// A centre that captures and compares on a page of its own, to which the person is sent.
pub trait HostedPage: Send + Sync {
    /// Asks for a page. Asking again with the same request id gives the same session, as long as the centre knows it.
    fn open<'a>(&'a self, request: &'a HostedRequest) -> Opening<'a>;

    /// Asks how a session stands.
    fn poll<'a>(&'a self, session: &'a HostedSession) -> Polling<'a>;
}

/// A centre that can be asked in both ways.
pub trait Centre: IdentificationCentre + HostedPage {}

impl<T: IdentificationCentre + HostedPage> Centre for T {}
