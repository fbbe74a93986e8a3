//! Frames between kiosk and gateway.
//!
//! One frame is one binary WebSocket message: a CBOR array of the frame version and the frame itself, which is an
//! array of its number and its fields. `docs/wire-protocol.md` says it all for those who write the other end.
//!
//! A reader skips fields that it does not know behind those that it knows, and takes a number of a refusal or
//! farewell that it does not know for one of no further meaning; so either may be added without a new version. A new
//! kind of frame is sent only to an end that has named the capability to which it belongs; a changed meaning is a new
//! version.

mod fields;
mod reasons;
#[cfg(test)]
mod tests;

use minicbor::{Decode, Encode};
use verification::audit::AuditHead;
use verification::evidence::DocumentId;
use verification::time::UtcMs;

pub use reasons::{ByeReason, RefusalCode};

/// Version of the frames, first in every one of them.
pub const VERSION: u8 = 2;

/// What kiosk and gateway speak inside the WebSocket: the kiosk asks for it and the gateway confirms it while the
/// WebSocket is made.
pub const SUBPROTOCOL: &str = "alaqan.kiosk.v2";

/// The largest signed document, in bytes: 8 MiB of content, and the signature around it.
pub const DOCUMENT_MAX_BYTES: usize = 8 * 1024 * 1024 + 64 * 1024;

/// The largest frame, in bytes: a document and what stands around it.
pub const FRAME_MAX_BYTES: usize = DOCUMENT_MAX_BYTES + 64 * 1024;

/// How many awaited documents a greeting may name. More are not needed: the gateway knows what each kiosk has not
/// seen, and the list only covers a gateway that lost its own memory of that.
pub const AWAITING_MAX: usize = 1000;

/// How many documents one frame may ask for again.
pub const RESEND_MAX: usize = 1000;

/// The largest greeting, in bytes: the lists at their longest, and room to grow.
pub const HELLO_MAX_BYTES: usize = 64 * 1024;

/// How many capabilities a greeting may name.
pub const CAPABILITIES_MAX: usize = 64;

/// The longest text in a frame, in bytes of UTF-8.
pub const TEXT_MAX_BYTES: usize = 256;

/// The largest certificate request, in bytes.
pub const REQUEST_MAX_BYTES: usize = 16 * 1024;

/// How many certificates a chain may have, the kiosk's own one counted.
pub const CHAIN_MAX: usize = 8;

/// The longest link in a frame, in bytes.
pub const LINK_MAX_BYTES: usize = 2048;

/// Who names this capability in its greeting is sent [`GatewayFrame::HostedPage`].
pub const HOSTED_PAGE: &str = "hosted-page";

/// Who names this capability in its greeting is sent [`GatewayFrame::CallBacks`].
pub const CALL_BACKS: &str = "call-backs";

/// From the kiosk to the gateway.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(flat)]
pub enum KioskFrame {
    /// The first frame of a connection with a certificate.
    #[n(0)]
    Hello {
        /// The version of the frames that the kiosk speaks.
        #[n(0)]
        protocol: u8,
        /// The name in the kiosk's certificate.
        #[n(1)]
        kiosk_id: String,
        /// Version of the kiosk's software.
        #[n(2)]
        software: String,
        /// Delivered documents whose answer has not been seen, at most [`AWAITING_MAX`].
        #[cbor(n(3), with = "fields::ids")]
        awaiting: Vec<DocumentId>,
        /// SHA-256 of the program that runs; zeros where it is not known.
        #[cbor(n(4), with = "minicbor::bytes")]
        software_sha256: [u8; 32],
        /// What the kiosk has and can do, as names; at most [`CAPABILITIES_MAX`].
        #[cbor(n(5), with = "fields::names")]
        capabilities: Vec<String>,
        /// Where the kiosk's audit log stands.
        #[cbor(n(6), with = "fields::head")]
        audit: AuditHead,
        /// The kiosk's clock.
        #[cbor(n(7), with = "fields::utc")]
        at: UtcMs,
        /// How many documents wait to be delivered.
        #[n(8)]
        pending: u64,
    },
    /// A document to keep. Answered by a receipt or a refusal.
    #[n(1)]
    Submit {
        /// Its id.
        #[cbor(n(0), with = "fields::id")]
        id: DocumentId,
        /// The signed document.
        #[n(1)]
        document: Payload,
    },
    /// The answer about this document is stored in the kiosk and need not be sent again.
    #[n(2)]
    ResultSeen {
        /// The document.
        #[cbor(n(0), with = "fields::id")]
        id: DocumentId,
    },
    /// A new certificate is asked for before the present one expires. Answered by certificates or a farewell; or
    /// later, where somebody has to agree.
    #[n(3)]
    Renew {
        /// The certificate request: PKCS#10 in DER, at most [`REQUEST_MAX_BYTES`].
        #[n(0)]
        csr: Payload,
    },
    /// The first certificate is asked for: the first frame, and the only one, of a connection without a
    /// certificate. Answered by certificates or a farewell.
    #[n(4)]
    Enrol {
        /// The version of the frames that the kiosk speaks.
        #[n(0)]
        protocol: u8,
        /// The one-time code.
        #[n(1)]
        code: Code,
        /// The name that the kiosk is to have.
        #[n(2)]
        kiosk_id: String,
        /// The certificate request: PKCS#10 in DER, at most [`REQUEST_MAX_BYTES`].
        #[n(3)]
        csr: Payload,
        /// Version of the kiosk's software.
        #[n(4)]
        software: String,
    },
}

/// From the gateway to the kiosk.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(flat)]
pub enum GatewayFrame {
    /// The answer to a greeting.
    #[n(0)]
    Welcome {
        /// The version of the frames that the gateway speaks.
        #[n(0)]
        protocol: u8,
        /// Name and software version of the gateway, for the log.
        #[n(1)]
        gateway: String,
        /// How many documents may be unanswered at once; 0 counts as 1.
        #[n(2)]
        window_documents: u16,
        /// How many bytes of signed documents may be unanswered at once. One that is larger may go alone.
        #[n(3)]
        window_bytes: u32,
        /// The gateway's clock.
        #[cbor(n(4), with = "fields::utc")]
        at: UtcMs,
        /// For whom packages of documents are sealed that go by another way than this line: an age recipient.
        #[n(5)]
        export_recipient: Option<String>,
    },
    /// The document is stored durably.
    #[n(1)]
    Receipt {
        /// The document.
        #[cbor(n(0), with = "fields::id")]
        id: DocumentId,
        /// The proof: a `document::receipt::Receipt`, signed by the gateway.
        #[n(1)]
        receipt: Payload,
    },
    /// The document is not stored.
    #[n(2)]
    Refused {
        /// The document.
        #[cbor(n(0), with = "fields::id")]
        id: DocumentId,
        /// Why.
        #[n(1)]
        code: RefusalCode,
    },
    /// The centre has answered about a document.
    #[n(3)]
    Identified {
        /// The document.
        #[cbor(n(0), with = "fields::id")]
        id: DocumentId,
        /// The answer, signed by the gateway.
        #[n(1)]
        document: Payload,
    },
    /// The gateway ends the connection.
    #[n(4)]
    Bye {
        /// Why.
        #[n(0)]
        reason: ByeReason,
    },
    /// The institution wants these delivered documents once more; at most [`RESEND_MAX`].
    #[n(5)]
    Resend {
        /// Which.
        #[cbor(n(0), with = "fields::ids")]
        ids: Vec<DocumentId>,
    },
    /// The answer to a certificate request.
    #[n(6)]
    Certificates {
        /// In DER: the kiosk's own certificate first, then those that lead to the authority; the authority's own
        /// one is the last where the kiosk enrols, and may be missing elsewhere. At most [`CHAIN_MAX`].
        #[n(0)]
        chain: Vec<Payload>,
    },
    /// The centre has opened a page on which the person of this document is to be identified. Sent only to a kiosk that
    /// has named [`HOSTED_PAGE`]; perhaps more than once, and the newest counts.
    #[n(7)]
    HostedPage {
        /// The document.
        #[cbor(n(0), with = "fields::id")]
        id: DocumentId,
        /// Where the page is: `https://…`, at most [`LINK_MAX_BYTES`].
        #[n(1)]
        url: Link,
        /// Until when the page can be used, by the clock of the gateway.
        #[cbor(n(2), with = "fields::utc")]
        expires_at: UtcMs,
    },
    /// How many persons wait for a call of the institution, for the staff of the branch. Sent only to a kiosk that has named
    /// [`CALL_BACKS`]: after the greeting, and when the number has changed. Nobody's name or number is in it.
    #[n(8)]
    CallBacks {
        /// How many, at all kiosks together.
        #[n(0)]
        waiting: u64,
    },
}

/// A link to a page that is meant for one person; `Debug` does not show it, for whoever has it can open the page.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct Link(#[n(0)] pub String);

impl Link {
    /// Whether it is one that may be opened: over TLS, not too long, and without anything but visible ASCII.
    pub fn is_sound(&self) -> bool {
        let host = self.0.strip_prefix("https://");
        let visible = self.0.bytes().all(|byte| byte.is_ascii_graphic());
        host.is_some_and(|host| !host.is_empty()) && visible && self.0.len() <= LINK_MAX_BYTES
    }
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(a link)")
    }
}

/// Bytes that `Debug` does not show.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct Payload(#[cbor(n(0), with = "minicbor::bytes")] pub Vec<u8>);

impl std::fmt::Debug for Payload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "({} bytes)", self.0.len())
    }
}

/// A one-time code, which `Debug` does not show.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct Code(#[n(0)] pub String);

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(a code)")
    }
}

/// Why bytes are no frame.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// More than [`FRAME_MAX_BYTES`].
    #[error("a frame of {0} bytes is too large")]
    TooLarge(usize),
    /// A version that this program does not speak.
    #[error("frames of version {0} are not understood")]
    Version(u64),
    /// Not the CBOR that was expected. The text names the place, never the content.
    #[error("a frame could not be read: {0}")]
    Malformed(String),
}

impl KioskFrame {
    /// The bytes of the frame.
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    /// Reads a frame.
    ///
    /// # Errors
    /// Any bytes that are not exactly one frame of this version, and one that exceeds a limit of this module.
    pub fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        let frame: Self = decode(bytes)?;
        match &frame {
            // Its lists were held to their limits while they were read.
            Self::Hello {
                kiosk_id, software, ..
            } => {
                text(kiosk_id)?;
                text(software)?;
            }
            // A document that is too large is the intake's to refuse, for it can name it.
            Self::Submit { .. } | Self::ResultSeen { .. } => {}
            Self::Renew { csr } => at_most("bytes of a request", csr.0.len(), REQUEST_MAX_BYTES)?,
            Self::Enrol {
                code,
                kiosk_id,
                csr,
                software,
                ..
            } => {
                at_most("bytes of a request", csr.0.len(), REQUEST_MAX_BYTES)?;
                text(&code.0)?;
                text(kiosk_id)?;
                text(software)?;
            }
        }
        Ok(frame)
    }
}

impl GatewayFrame {
    /// The bytes of the frame.
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    /// Reads a frame.
    ///
    /// # Errors
    /// Any bytes that are not exactly one frame of this version, and one that exceeds a limit of this module.
    pub fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        let frame: Self = decode(bytes)?;
        match &frame {
            Self::Welcome {
                gateway,
                export_recipient,
                ..
            } => {
                text(gateway)?;
                export_recipient.as_deref().map_or(Ok(()), text)?;
            }
            Self::Certificates { chain } => at_most("certificates", chain.len(), CHAIN_MAX)?,
            Self::HostedPage { url, .. } if !url.is_sound() => {
                return Err(WireError::Malformed("not a link over TLS".into()));
            }
            // The list of the first was held to its limit while it was read.
            Self::Resend { .. }
            | Self::Receipt { .. }
            | Self::Refused { .. }
            | Self::Identified { .. }
            | Self::Bye { .. }
            | Self::HostedPage { .. }
            | Self::CallBacks { .. } => {}
        }
        Ok(frame)
    }
}

fn text(text: &str) -> Result<(), WireError> {
    at_most("bytes of a text", text.len(), TEXT_MAX_BYTES)
}

fn at_most(what: &str, found: usize, most: usize) -> Result<(), WireError> {
    if found > most {
        Err(WireError::Malformed(format!("{found} {what}")))
    } else {
        Ok(())
    }
}

fn encode<T: Encode<()>>(frame: &T) -> Vec<u8> {
    let mut encoder = minicbor::Encoder::new(Vec::new());
    // Writing to a vector cannot fail, and no type of this file refuses to be encoded; should that ever change,
    // an empty message is what the other side refuses as malformed.
    match encoder
        .array(2)
        .and_then(|e| e.u8(VERSION))
        .and_then(|e| e.encode(frame))
    {
        Ok(_) => encoder.into_writer(),
        Err(_) => Vec::new(),
    }
}

fn decode<'b, T: Decode<'b, ()>>(bytes: &'b [u8]) -> Result<T, WireError> {
    if bytes.len() > FRAME_MAX_BYTES {
        return Err(WireError::TooLarge(bytes.len()));
    }
    let malformed = |error: minicbor::decode::Error| WireError::Malformed(error.to_string());
    let mut decoder = minicbor::Decoder::new(bytes);
    if decoder.array().map_err(malformed)? != Some(2) {
        return Err(WireError::Malformed("not a version and a frame".into()));
    }
    let version = decoder.u64().map_err(malformed)?;
    if version != u64::from(VERSION) {
        return Err(WireError::Version(version));
    }
    let frame = decoder.decode().map_err(malformed)?;
    if decoder.position() != bytes.len() {
        return Err(WireError::Malformed("bytes after the frame".into()));
    }
    Ok(frame)
}
