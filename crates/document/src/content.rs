//! The canonical, versioned bytes of one session.
//!
//! The form is CBOR (RFC 8949) with definite lengths and shortest integers: maps whose keys are the numbers
//! below in rising order, absent values left out, times in milliseconds of UTC, durations in nanoseconds,
//! measures as single precision floats. Key 0 of the outer map is the version of the format.

mod attempt;
mod palm;
mod policy;
mod procedure;

use std::time::Duration;

use minicbor::{Decode, Encode};
use thiserror::Error;
use verification::Sensitive;
use verification::capture::{CameraIdentity, CapturedSample};
use verification::evidence::{
    ConsentRecord, DocumentId, Evidence, KioskIdentity, Organisation, SessionId, Still, StillPurpose,
};
use verification::identifier::{Iin, IinError};
use verification::service::ServiceId;
use verification::time::UtcMs;

use self::attempt::AttemptWire;
use self::palm::PalmWire;
use self::policy::PolicyWire;
use self::procedure::{
    EntryWire, IntegrityWire, PageQualityWire, ProfileWire, ReadDocumentWire, RequestWire, StillQualityWire,
};
use crate::codes::{
    AuditHeadWire, ChallengeCode, LanguageCode, ModalityCode, OutcomeCode, RouteCode, RouteReasonCode,
    from_bytes, to_bytes,
};

/// Version of the format that [`encode`] writes. Version 1 knew of attack detection the passive probability alone,
/// version 2 knew no palm, version 3 no audit log, version 4 nothing of the institution's profile,
/// version 5 no pictures for examiners and no calling back.
pub const VERSION: u32 = 6;

/// No document is longer than this.
pub const CONTENT_MAX_BYTES: usize = 8 * 1024 * 1024;

/// What a document says: the very [`Evidence`] that was encoded. `Debug` hides the identification number and
/// the pictures.
pub type Content = Evidence;

/// Why bytes are no document of this room.
#[derive(Debug, Error)]
pub enum DecodeError {
    /// Longer than [`CONTENT_MAX_BYTES`]; holds the length.
    #[error("a document has at most {CONTENT_MAX_BYTES} bytes, this one has {0}")]
    TooLarge(usize),
    /// The first entry is not the version.
    #[error("the document does not start with its version")]
    NoVersion,
    /// Another version of the format; holds which.
    #[error("version {0} of the document format is not known here")]
    UnknownVersion(u32),
    /// The structure is not that of a document.
    #[error("the document cannot be read{}", .at.map(|at| format!(", from byte {at} on")).unwrap_or_default())]
    Malformed {
        /// Offset from the start of the document, where the decoder knows it.
        at: Option<usize>,
    },
    /// More bytes follow after the document.
    #[error("bytes follow after the document")]
    TrailingBytes,
    /// The same content has another, the canonical, byte form.
    #[error("the document is not in canonical form")]
    NotCanonical,
    /// The claimed identity is no identification number.
    #[error("the claimed identity of the document is not an IIN")]
    Claim(#[source] IinError),
}

impl From<minicbor::decode::Error> for DecodeError {
    // The decoder's own error is dropped: its message may quote what it read.
    fn from(error: minicbor::decode::Error) -> Self {
        Self::Malformed { at: error.position() }
    }
}

/// The canonical bytes of a session: what the kiosk signs.
///
/// Values that the format cannot hold exactly are brought to the nearest one it can: a duration ends at 2^64
/// nanoseconds, and there is a single "not a number".
pub fn encode(evidence: &Evidence) -> Vec<u8> {
    let claim = evidence.claim.as_ref().map(|iin| Sensitive::new(iin.expose()));
    to_bytes(&ContentWire {
        version: VERSION,
        document_id: evidence.document_id.0,
        session_id: evidence.session_id.0,
        organisation: OrganisationWire {
            name: &evidence.organisation.name,
            bin: &evidence.organisation.bin,
        },
        kiosk: KioskWire {
            kiosk_id: &evidence.kiosk.kiosk_id,
            software: &evidence.kiosk.software,
        },
        language: evidence.language.into(),
        service: evidence.service.as_ref().map(|service| service.0.as_str()),
        consents: evidence.consents.iter().map(ConsentWire::from).collect(),
        claim: claim.as_ref().map(|digits| digits.expose().as_str()),
        modality: evidence.modality.map(Into::into),
        started_at_ms: evidence.started_at.0,
        ended_at_ms: evidence.ended_at.0,
        outcome: evidence.outcome.into(),
        camera: evidence.camera.as_ref().map(CameraWire::from),
        attempts: evidence.attempts.iter().map(AttemptWire::from).collect(),
        stills: evidence.stills.iter().map(StillWire::from).collect(),
        policy: PolicyWire::from(&evidence.policy),
        attempts_before: evidence.attempts_before,
        palm: evidence.palm.as_ref().map(PalmWire::from),
        audit: evidence.audit.map(Into::into),
        profile: (&evidence.profile).into(),
        legal_basis: evidence.legal_basis.iter().map(String::as_str).collect(),
        entries: evidence.entries.iter().map(Into::into).collect(),
        identity_document: evidence.identity_document.as_ref().map(Into::into),
        request: evidence.request.as_ref().map(Into::into),
        asks_request_state: evidence.asks_request_state,
        suspicions: evidence.suspicions.iter().map(String::as_str).collect(),
        operator: evidence.operator.as_deref(),
        route: evidence.route.into(),
        integrity: evidence.integrity.as_ref().map(Into::into),
        route_reason: evidence.route_reason.map(Into::into),
        call_back: evidence.call_back.as_ref().map(|number| number.expose().as_str()),
    })
}

/// Reads what [`encode`] wrote, and nothing else.
///
/// # Errors
/// Names why the bytes are refused; see [`DecodeError`]. Never panics.
pub fn decode(bytes: &[u8]) -> Result<Content, DecodeError> {
    let wire: ContentWire<'_> = from_bytes(bytes, VERSION)?;
    let content = Content {
        document_id: DocumentId(wire.document_id),
        session_id: SessionId(wire.session_id),
        organisation: Organisation {
            name: wire.organisation.name.to_owned(),
            bin: wire.organisation.bin.to_owned(),
        },
        kiosk: KioskIdentity {
            kiosk_id: wire.kiosk.kiosk_id.to_owned(),
            software: wire.kiosk.software.to_owned(),
        },
        language: wire.language.into(),
        service: wire.service.map(|service| ServiceId(service.to_owned())),
        consents: wire.consents.into_iter().map(Into::into).collect(),
        claim: wire
            .claim
            .map(str::parse::<Iin>)
            .transpose()
            .map_err(DecodeError::Claim)?,
        modality: wire.modality.map(Into::into),
        started_at: UtcMs(wire.started_at_ms),
        ended_at: UtcMs(wire.ended_at_ms),
        outcome: wire.outcome.into(),
        camera: wire.camera.map(Into::into),
        attempts: wire.attempts.into_iter().map(Into::into).collect(),
        stills: wire.stills.into_iter().map(Into::into).collect(),
        policy: wire.policy.into(),
        attempts_before: wire.attempts_before,
        palm: wire.palm.map(Into::into),
        audit: wire.audit.map(Into::into),
        profile: wire.profile.into(),
        legal_basis: owned(&wire.legal_basis),
        entries: wire.entries.into_iter().map(Into::into).collect(),
        identity_document: wire.identity_document.map(TryInto::try_into).transpose()?,
        request: wire.request.map(TryInto::try_into).transpose()?,
        asks_request_state: wire.asks_request_state,
        suspicions: owned(&wire.suspicions),
        operator: wire.operator.map(str::to_owned),
        route: wire.route.into(),
        integrity: wire.integrity.map(Into::into),
        route_reason: wire.route_reason.map(Into::into),
        call_back: wire.call_back.map(|number| Sensitive::new(number.to_owned())),
    };
    if encode(&content) != bytes {
        return Err(DecodeError::NotCanonical);
    }
    Ok(content)
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct ContentWire<'a> {
    #[n(0)]
    version: u32,
    #[cbor(n(1), with = "minicbor::bytes")]
    document_id: [u8; 16],
    #[cbor(n(2), with = "minicbor::bytes")]
    session_id: [u8; 16],
    #[b(3)]
    organisation: OrganisationWire<'a>,
    #[b(4)]
    kiosk: KioskWire<'a>,
    #[n(5)]
    language: LanguageCode,
    #[b(6)]
    service: Option<&'a str>,
    #[b(7)]
    consents: Vec<ConsentWire<'a>>,
    #[b(8)]
    claim: Option<&'a str>,
    #[n(9)]
    modality: Option<ModalityCode>,
    #[n(10)]
    started_at_ms: i64,
    #[n(11)]
    ended_at_ms: i64,
    #[n(12)]
    outcome: OutcomeCode,
    #[b(13)]
    camera: Option<CameraWire<'a>>,
    #[n(14)]
    attempts: Vec<AttemptWire>,
    #[b(15)]
    stills: Vec<StillWire<'a>>,
    #[n(16)]
    policy: PolicyWire,
    #[n(17)]
    attempts_before: u8,
    #[b(18)]
    palm: Option<PalmWire<'a>>,
    #[n(19)]
    audit: Option<AuditHeadWire>,
    #[b(20)]
    profile: ProfileWire<'a>,
    #[b(21)]
    legal_basis: Vec<&'a str>,
    #[b(22)]
    entries: Vec<EntryWire<'a>>,
    #[b(23)]
    identity_document: Option<ReadDocumentWire<'a>>,
    #[b(24)]
    request: Option<RequestWire<'a>>,
    #[n(25)]
    asks_request_state: bool,
    #[b(26)]
    suspicions: Vec<&'a str>,
    #[b(27)]
    operator: Option<&'a str>,
    #[n(28)]
    route: RouteCode,
    #[b(29)]
    integrity: Option<IntegrityWire<'a>>,
    #[n(30)]
    route_reason: Option<RouteReasonCode>,
    #[b(31)]
    call_back: Option<&'a str>,
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct OrganisationWire<'a> {
    #[b(0)]
    name: &'a str,
    #[b(1)]
    bin: &'a str,
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct KioskWire<'a> {
    #[b(0)]
    kiosk_id: &'a str,
    #[b(1)]
    software: &'a str,
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct ConsentWire<'a> {
    #[b(0)]
    text: &'a str,
    #[n(1)]
    version: u32,
    #[n(2)]
    language: LanguageCode,
    #[n(3)]
    answered_at_ms: i64,
    #[n(4)]
    given: bool,
}

impl<'a> From<&'a ConsentRecord> for ConsentWire<'a> {
    fn from(record: &'a ConsentRecord) -> Self {
        Self {
            text: &record.text,
            version: record.version,
            language: record.language.into(),
            answered_at_ms: record.answered_at.0,
            given: record.given,
        }
    }
}

impl From<ConsentWire<'_>> for ConsentRecord {
    fn from(wire: ConsentWire<'_>) -> Self {
        Self {
            text: wire.text.to_owned(),
            version: wire.version,
            language: wire.language.into(),
            given: wire.given,
            answered_at: UtcMs(wire.answered_at_ms),
        }
    }
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct CameraWire<'a> {
    #[b(0)]
    name: &'a str,
    #[b(1)]
    bus_id: &'a str,
    #[n(2)]
    replay: bool,
}

impl<'a> From<&'a CameraIdentity> for CameraWire<'a> {
    fn from(camera: &'a CameraIdentity) -> Self {
        Self {
            name: &camera.name,
            bus_id: &camera.bus_id,
            replay: camera.replay,
        }
    }
}

impl From<CameraWire<'_>> for CameraIdentity {
    fn from(wire: CameraWire<'_>) -> Self {
        Self {
            name: wire.name.to_owned(),
            bus_id: wire.bus_id.to_owned(),
            replay: wire.replay,
        }
    }
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct StillWire<'a> {
    #[n(0)]
    purpose: PurposeWire,
    #[n(1)]
    frame: u64,
    #[n(2)]
    width_px: u32,
    #[n(3)]
    height_px: u32,
    #[cbor(b(4), with = "minicbor::bytes")]
    jpeg: &'a [u8],
    #[n(5)]
    quality: Option<StillQualityWire>,
    #[n(6)]
    page: Option<PageQualityWire>,
}

impl<'a> From<&'a Still> for StillWire<'a> {
    fn from(still: &'a Still) -> Self {
        Self {
            purpose: still.purpose.into(),
            frame: still.sample.frame,
            width_px: still.sample.width_px,
            height_px: still.sample.height_px,
            jpeg: still.sample.jpeg.expose(),
            quality: still.quality.map(Into::into),
            page: still.page.map(Into::into),
        }
    }
}

impl From<StillWire<'_>> for Still {
    fn from(wire: StillWire<'_>) -> Self {
        Self {
            purpose: wire.purpose.into(),
            sample: CapturedSample {
                frame: wire.frame,
                width_px: wire.width_px,
                height_px: wire.height_px,
                jpeg: Sensitive::new(wire.jpeg.to_vec()),
            },
            quality: wire.quality.map(Into::into),
            page: wire.page.map(Into::into),
        }
    }
}

#[derive(Encode, Decode)]
#[cbor(flat)]
enum PurposeWire {
    #[n(1)]
    Comparison,
    #[n(2)]
    Challenge(#[n(0)] ChallengeCode),
    #[n(3)]
    Portrait,
    #[n(4)]
    IdentityDocumentFront,
    #[n(5)]
    IdentityDocumentBack,
}

impl From<StillPurpose> for PurposeWire {
    fn from(purpose: StillPurpose) -> Self {
        match purpose {
            StillPurpose::Comparison => Self::Comparison,
            StillPurpose::Challenge(challenge) => Self::Challenge(challenge.into()),
            StillPurpose::Portrait => Self::Portrait,
            StillPurpose::IdentityDocumentFront => Self::IdentityDocumentFront,
            StillPurpose::IdentityDocumentBack => Self::IdentityDocumentBack,
        }
    }
}

impl From<PurposeWire> for StillPurpose {
    fn from(wire: PurposeWire) -> Self {
        match wire {
            PurposeWire::Comparison => Self::Comparison,
            PurposeWire::Challenge(challenge) => Self::Challenge(challenge.into()),
            PurposeWire::Portrait => Self::Portrait,
            PurposeWire::IdentityDocumentFront => Self::IdentityDocumentFront,
            PurposeWire::IdentityDocumentBack => Self::IdentityDocumentBack,
        }
    }
}

fn to_ns(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
