//! What goes into the machine and what comes out of it.

use std::time::Duration;

use verification::audit::AuditHead;
use verification::evidence::DocumentId;
use verification::time::UtcMs;

use crate::wire::{ByeReason, GatewayFrame, KioskFrame, Link, RefusalCode, WireError};

/// The shortest pause of a kiosk that was replaced.
const REPLACED_PAUSE: Duration = Duration::from_secs(2);

/// Times of the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Upper bound of the first pause after a failure.
    pub backoff_min: Duration,
    /// Upper bound of every pause, unless the gateway asks for a longer one.
    pub backoff_max: Duration,
    /// How long a connection may take to be made, and a greeting to be answered.
    pub connect_limit: Duration,
    /// After how long without a sign of the gateway it is asked for one.
    pub ping_after: Duration,
    /// After how long without a sign of the gateway the line is given up.
    pub silence_limit: Duration,
    /// After how long an owner that had nothing to send is asked again unwoken. Documents that the owner holds
    /// back until a time of its own, also from before a restart, are found this way.
    pub recheck_after: Duration,
    /// How slow a line may be. A document under way is given the time that it takes at this rate, since neither
    /// a receipt nor an answer to a ping can come before it has passed.
    pub slowest_bytes_per_s: u32,
    /// The most documents that may be under way, also where the gateway would allow more.
    pub window_documents_max: u16,
    /// The most bytes of documents that may be under way, also where the gateway would allow more. A document
    /// that is larger goes alone.
    pub window_bytes_max: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            backoff_min: Duration::from_millis(500),
            backoff_max: Duration::from_secs(60),
            connect_limit: Duration::from_secs(15),
            ping_after: Duration::from_secs(10),
            silence_limit: Duration::from_secs(30),
            recheck_after: Duration::from_secs(30),
            slowest_bytes_per_s: 8 * 1024,
            window_documents_max: 64,
            window_bytes_max: 16 * 1024 * 1024,
        }
    }
}

/// Who greets the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Greeting {
    /// The name in the kiosk's certificate.
    pub kiosk_id: String,
    /// Version of the kiosk's software.
    pub software: String,
    /// SHA-256 of the program that runs; zeros where it is not known.
    pub software_sha256: [u8; 32],
    /// What the kiosk has and can do, as names.
    pub capabilities: Vec<String>,
}

/// Where the owner's store stands. A greeting says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Where the kiosk's audit log stands. The gateway refuses one that stands behind what a document has shown it,
    /// so the owner says it before it offers a document that shows it.
    pub audit: AuditHead,
    /// How many documents wait to be delivered.
    pub pending: u64,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// The connection that [`Effect::Connect`] asked for is there.
    Connected {
        /// The wall clock.
        at: UtcMs,
    },
    /// It is not.
    ConnectFailed(LinkDownReason),
    /// A binary message came.
    Frame(Result<GatewayFrame, WireError>),
    /// Another sign of the gateway came, such as the answer to a ping.
    Alive,
    /// The connection is gone.
    Closed(LinkDownReason),
    /// The owner has put a document.
    Wake,
    /// The answer to [`Effect::Load`].
    Loaded(Option<(DocumentId, Vec<u8>)>),
    /// The documents whose answers the owner has not seen; replaces the former list.
    Awaiting(Vec<DocumentId>),
    /// Where the owner's store stands; replaces what was said before.
    Standing(Standing),
    /// The owner has stored the answer about this document.
    Seen(DocumentId),
    /// The owner wants a new certificate: PKCS#10 in DER. Asked for on every connection until it is answered.
    Renew(Vec<u8>),
    /// The [deadline](super::Sync::deadline) may have come.
    Tick,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Make a connection. Answered by [`Input::Connected`] or [`Input::ConnectFailed`].
    Connect,
    /// Send this.
    Send(KioskFrame),
    /// Send a WebSocket ping.
    Ping,
    /// Drop the connection, or the attempt at one. Not answered.
    Close,
    /// Ask the owner for the next document. Answered by [`Input::Loaded`].
    Load,
    /// Tell the owner.
    Report(Event),
}

/// What the owner is told.
#[derive(Clone, PartialEq, Eq)]
pub enum Event {
    /// The gateway has welcomed the kiosk: the line is up.
    Welcome {
        /// Name and software version of the gateway, for the log.
        gateway: String,
        /// By how many milliseconds the gateway's clock is ahead of the kiosk's, as far as the line lets one tell.
        skew_ms: i64,
        /// For whom packages of documents are sealed that go by another way: an age recipient.
        export_recipient: Option<String>,
    },
    /// The line is down, or could not be made. Of all that was offered and not answered, the owner does not know
    /// whether the gateway has it; it is to be offered again.
    LinkDown {
        /// Why.
        reason: LinkDownReason,
    },
    /// The next document is wanted; answered by an offer, even if there is none.
    WantNext,
    /// The gateway says that it keeps this document. At most once for each time that it was offered.
    Delivered {
        /// The document.
        id: DocumentId,
        /// The signed receipt; the owner checks it.
        receipt: Vec<u8>,
    },
    /// The gateway will never take this document as it is.
    Refused {
        /// The document.
        id: DocumentId,
        /// Why.
        code: RefusalCode,
    },
    /// The gateway does not take this document now. It is asked for again after this time.
    Postponed {
        /// The document.
        id: DocumentId,
        /// After how long.
        retry_after_ms: u64,
    },
    /// The answer of the centre about a document, signed by the gateway. May come more than once.
    Identified {
        /// The document.
        id: DocumentId,
        /// The signed answer.
        document: Vec<u8>,
    },
    /// The institution wants these delivered documents once more.
    Resend {
        /// Which.
        ids: Vec<DocumentId>,
    },
    /// The answer to a certificate request: certificates in DER, the kiosk's own one first. The owner checks that
    /// it fits its key.
    Certificates {
        /// The certificates.
        chain: Vec<Vec<u8>>,
    },
    /// The centre has opened a page on which the person of this document is to be identified. Comes only where the
    /// greeting named [`HOSTED_PAGE`](crate::wire::HOSTED_PAGE); perhaps more than once, and the newest counts.
    HostedPage {
        /// The document.
        id: DocumentId,
        /// Where the page is: `https://…`.
        url: Link,
        /// Until when the page can be used, by the clock of the gateway.
        expires_at: UtcMs,
    },
    /// How many persons wait for a call of the institution. Comes only where the greeting named
    /// [`CALL_BACKS`](crate::wire::CALL_BACKS).
    CallBacks {
        /// How many, at all kiosks together.
        waiting: u64,
    },
}

impl std::fmt::Debug for Event {
    /// Says everything but the content of documents.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Welcome { gateway, skew_ms, .. } => write!(f, "Welcome({gateway}, skew {skew_ms} ms)"),
            Self::LinkDown { reason } => write!(f, "LinkDown({reason:?})"),
            Self::WantNext => f.write_str("WantNext"),
            Self::Delivered { id, .. } => write!(f, "Delivered({id})"),
            Self::Refused { id, code } => write!(f, "Refused({id}, {})", code.name()),
            Self::Postponed { id, retry_after_ms } => write!(f, "Postponed({id}, {retry_after_ms} ms)"),
            Self::Identified { id, document } => write!(f, "Identified({id}, {} bytes)", document.len()),
            Self::Resend { ids } => write!(f, "Resend({} documents)", ids.len()),
            Self::Certificates { chain } => write!(f, "Certificates({})", chain.len()),
            Self::HostedPage { id, expires_at, .. } => write!(f, "HostedPage({id}, until {})", expires_at.0),
            Self::CallBacks { waiting } => write!(f, "CallBacks({waiting})"),
        }
    }
}

/// Why the line is down.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinkDownReason {
    /// The address does not answer.
    #[error("the gateway cannot be reached: {0}")]
    Unreachable(String),
    /// No sign of the gateway for too long.
    #[error("the gateway does not answer in time")]
    TimedOut,
    /// The connection ended without a word.
    #[error("the connection to the gateway was closed")]
    Closed,
    /// The certificate of the gateway is not one of the expected authority, or not for this address.
    #[error("the certificate of the gateway is not trusted: {0}")]
    GatewayUntrusted(String),
    /// The certificate of the gateway is not valid at the time that the kiosk's clock shows. Most likely the clock
    /// is wrong.
    #[error("the certificate of the gateway is not valid at the time of this kiosk's clock: {0}")]
    ClockOrValidity(String),
    /// The certificate of this kiosk has expired, by the clock of the gateway.
    #[error("the certificate of this kiosk has expired")]
    KioskExpired,
    /// The gateway does not accept the certificate of this kiosk.
    #[error("the gateway does not accept the certificate of this kiosk: {0}")]
    KioskRefused(String),
    /// Something that is not a gateway answers at the address.
    #[error("what answers at the address is not a gateway: {0}")]
    NotAGateway(String),
    /// The gateway sent something that makes no sense.
    #[error("the gateway sent something that makes no sense: {0}")]
    Nonsense(String),
    /// The gateway ended the connection with a reason.
    #[error("the gateway ended the connection: {0:?}")]
    Bye(ByeReason),
}

/// What a failure says about the next try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureClass {
    /// The line; it may come back at any time.
    Network,
    /// The gateway asks for a pause.
    Transient {
        /// At least this long, if it said so.
        retry_after: Option<Duration>,
    },
    /// It will not change by itself; tried again all the same, but seldom.
    Permanent,
}

impl LinkDownReason {
    /// What this failure says about the next try.
    pub fn class(&self) -> FailureClass {
        match self {
            Self::Unreachable(_) | Self::TimedOut | Self::Closed => FailureClass::Network,
            Self::Nonsense(_) => FailureClass::Transient { retry_after: None },
            Self::Bye(reason) => match reason {
                ByeReason::ShuttingDown
                | ByeReason::Malformed
                | ByeReason::Overrun
                | ByeReason::RenewalRefused
                | ByeReason::Other(_) => FailureClass::Transient { retry_after: None },
                // On a bad line it may have been a connection of this kiosk's own that had been given up. If it was
                // another machine with the same key, the two must not take turns too fast.
                ByeReason::Replaced => FailureClass::Transient {
                    retry_after: Some(REPLACED_PAUSE),
                },
                ByeReason::Version
                | ByeReason::KioskMismatch
                | ByeReason::Unknown
                | ByeReason::Revoked
                | ByeReason::EnrolmentRefused
                | ByeReason::EnrolmentExpired
                | ByeReason::EnrolmentPending
                | ByeReason::ClockSkew
                | ByeReason::AuditRegressed => FailureClass::Permanent,
            },
            Self::GatewayUntrusted(_)
            | Self::ClockOrValidity(_)
            | Self::KioskExpired
            | Self::KioskRefused(_)
            | Self::NotAGateway(_) => FailureClass::Permanent,
        }
    }
}
