//! What is kept of a document on its way, and what is said of all of them together.

use std::fmt;

use verification::evidence::DocumentId;
use verification::time::UtcMs;

/// A document as it was signed: its bytes are stored, sent and acknowledged, never made again.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedDocument {
    /// Its name.
    pub id: DocumentId,
    /// DER of the CMS structure.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for SignedDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignedDocument({}, {} bytes)", self.id, self.bytes.len())
    }
}

/// Where a document stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryState {
    /// Waits for the line or for its time.
    Pending,
    /// Was handed out to be sent; no receipt yet.
    InFlight,
    /// Cannot be delivered as things are.
    Wedged(WedgeReason),
    /// The gateway has it; the centre has not answered.
    AwaitingIdentification,
    /// The gateway has it and no answer is awaited; it is retained here with its receipt for a while.
    Delivered,
}

/// Why a document cannot be delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WedgeReason {
    /// The gateway: the signature does not fit the document.
    Signature,
    /// The gateway: the signer's certificate is not trusted, or was not valid.
    Certificate,
    /// The gateway: the bytes are no document.
    Malformed,
    /// It is longer than a frame may be, or than the gateway takes.
    TooLarge,
    /// The gateway: it names another kiosk than the one that signed or sent it.
    WrongKiosk,
    /// The gateway: another document is stored under this id.
    IdConflict,
    /// The gateway: the audit head in it contradicts one that it has seen before.
    AuditFork,
    /// The gateway's receipts for it do not verify.
    Receipt,
    /// Its bytes cannot be read from the disk any more.
    Unreadable,
    /// Another code of a gateway.
    Other(String),
}

impl WedgeReason {
    /// Its name in stores and logs.
    pub fn code(&self) -> &str {
        match self {
            Self::Signature => "signature",
            Self::Certificate => "certificate",
            Self::Malformed => "malformed",
            Self::TooLarge => "too-large",
            Self::WrongKiosk => "wrong-kiosk",
            Self::IdConflict => "id-conflict",
            Self::AuditFork => "audit-fork",
            Self::Receipt => "receipt",
            Self::Unreadable => "unreadable",
            Self::Other(code) => code,
        }
    }

    /// The reason of that name.
    pub fn of_code(code: &str) -> Self {
        match code {
            "signature" => Self::Signature,
            "certificate" => Self::Certificate,
            "malformed" => Self::Malformed,
            "too-large" => Self::TooLarge,
            "wrong-kiosk" => Self::WrongKiosk,
            "id-conflict" => Self::IdConflict,
            "audit-fork" => Self::AuditFork,
            "receipt" => Self::Receipt,
            "unreadable" => Self::Unreadable,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl fmt::Display for WedgeReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// How many entries are in each state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// [`EntryState::Pending`].
    pub pending: u64,
    /// [`EntryState::InFlight`].
    pub in_flight: u64,
    /// [`EntryState::Wedged`].
    pub wedged: u64,
    /// Delivered documents whose answer is awaited; also one that was made pending again meanwhile.
    pub awaiting: u64,
    /// Delivered documents that are retained, whether an answer is awaited or not.
    pub retained: u64,
}

/// How things stand; for the guards that warn and stop, and for screens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    /// How many entries are in each state.
    pub counts: Counts,
    /// Length of all documents that are pending or in flight.
    pub pending_bytes: u64,
    /// When the oldest of these was put.
    pub oldest_pending_put_at: Option<UtcMs>,
    /// When the gateway was last heard.
    pub last_contact_at: Option<UtcMs>,
    /// When the last receipt came.
    pub newest_receipt_at: Option<UtcMs>,
}
