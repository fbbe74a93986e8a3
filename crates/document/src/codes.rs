//! The number that each value of the vocabulary has in the documents, and what both formats share.

use minicbor::{Decode, Encode};
use verification::audit::{AuditHead, LogId};
use verification::capture;
use verification::evidence;
use verification::integrity;
use verification::pad;
use verification::palm;
use verification::policy;

use crate::content::{CONTENT_MAX_BYTES, DecodeError};

/// Writes a wire enum beside an enum of the vocabulary. A number is never given to another meaning: documents
/// are kept for years.
macro_rules! codes {
    ($($code:ident for $vocabulary:path { $($number:tt $variant:ident),* $(,)? })*) => {$(
        #[derive(Clone, Copy, Encode, Decode)]
        #[cbor(index_only)]
        pub(crate) enum $code {
            $(#[n($number)] $variant,)*
        }

        impl From<$vocabulary> for $code {
            fn from(value: $vocabulary) -> Self {
                use $vocabulary as Vocabulary;
                match value {
                    $(Vocabulary::$variant => Self::$variant,)*
                }
            }
        }

        impl From<$code> for $vocabulary {
            fn from(code: $code) -> Self {
                use $vocabulary as Vocabulary;
                match code {
                    $($code::$variant => Vocabulary::$variant,)*
                }
            }
        }
    )*};
}

codes! {
    LanguageCode for evidence::Language { 1 Kk, 2 Ru, 3 En }
    ModalityCode for evidence::Modality { 1 Face, 2 Palm }
    OutcomeCode for evidence::Outcome {
        1 Verified,
        2 NotVerified,
        3 AttackSuspected,
        4 FailureToAcquire,
        5 Withdrawn,
        6 TimedOut,
        7 DeviceUnavailable,
        8 AwaitingIdentification,
        9 NotRequired,
        10 Referred,
    }
    RequestStandingCode for evidence::RequestStanding {
        1 Received,
        2 InProgress,
        3 Ready,
        4 Answered,
        5 Refused,
        6 Unknown,
    }
    RouteCode for evidence::Route { 1 Kiosk, 2 HostedPage, 3 Images, 4 CallBack }
    RouteReasonCode for evidence::RouteReason { 1 Chosen, 2 CannotPerform }
    SourceCode for evidence::Source { 1 Centre, 2 Examiner }
    RefusalReasonCode for evidence::RefusalReason {
        1 FaceNotOfDocument,
        2 DocumentNotOfClaim,
        3 DocumentUnreadable,
        4 DocumentExpired,
        5 DocumentAltered,
        6 PictureUnusable,
    }
    IntegrityDemandCode for integrity::Demand { 1 Required, 2 Reported }
    OperatorPresenceCode for policy::OperatorPresence { 1 Required, 2 NotRequired }
    ChallengeCode for pad::PadChallenge {
        1 TurnLeft,
        2 TurnRight,
        3 LookUp,
        4 LookDown,
        5 Blink,
        6 OpenMouth,
        7 Smile,
    }
    AttackSignCode for pad::AttackSign {
        1 Passive,
        2 PassiveMissing,
        3 Flat,
        4 ReliefMissing,
        5 CutOut,
        6 Screen,
        7 LightIgnored,
        8 LightMissing,
        9 Injected,
        10 LikenessMissing,
    }
    PadPartCode for pad::parts::PadPart {
        1 Passive,
        2 Relief,
        3 CutOut,
        4 Moire,
        5 Bezel,
        6 Glare,
        7 Flicker,
        8 Light,
        9 Likeness,
    }
    FindingCode for pad::parts::Finding { 1 For, 2 Against, 3 Silent }
    StreamStateCode for capture::StreamState { 1 Good, 2 Black, 3 Frozen, 4 Repeating, 5 TooSlow }
    PassivePadCode for policy::PassivePad { 1 Required, 2 WhereInstalled }
    ScreenLightCode for policy::ScreenLight { 1 Required, 2 Supporting, 3 Off }
    DemandCode for policy::Demand { 1 Required, 2 WhereMeasured }
    PalmPartCode for palm::decision::PalmPart {
        1 Vascular,
        2 Volume,
        3 Temperature,
        4 Warmth,
        5 Liveness,
        6 Seal,
    }
    PalmQualityCode for palm::PalmQuality {
        1 Moving,
        2 Tilted,
        3 Partial,
        4 FingersClosed,
        5 Covered,
        6 Dirty,
        7 AmbientLight,
        8 Cold,
    }
    SealFaultCode for palm::SealFault { 1 Missing, 2 Signature, 3 Key, 4 Challenge, 5 Chain, 6 Content }
    VerdictCode for evidence::Verdict {
        1 Match,
        2 NonMatch,
        3 PersonNotFound,
        4 NoReference,
        5 DocumentTypeNotAccepted,
        6 QualityInsufficient,
        7 NotCompleted,
    }
    NbasCode for crate::identification::Nbas { 1 NoConsent, 2 BelowThreshold, 3 Marked, 4 Failed }
}

/// Where an audit log stands.
#[derive(Clone, Copy, Encode, Decode)]
#[cbor(map)]
pub(crate) struct AuditHeadWire {
    #[cbor(n(0), with = "minicbor::bytes")]
    log: [u8; 16],
    #[n(1)]
    number: u64,
    #[cbor(n(2), with = "minicbor::bytes")]
    hash: [u8; 32],
}

impl From<AuditHead> for AuditHeadWire {
    fn from(head: AuditHead) -> Self {
        Self {
            log: head.log.0,
            number: head.number,
            hash: head.hash,
        }
    }
}

impl From<AuditHeadWire> for AuditHead {
    fn from(wire: AuditHeadWire) -> Self {
        Self {
            log: LogId(wire.log),
            number: wire.number,
            hash: wire.hash,
        }
    }
}

/// One bit pattern for all that is not a number, so that equal documents are equal bytes.
pub(crate) fn canonical(value: f32) -> f32 {
    if value.is_nan() {
        f32::from_bits(0x7fc0_0000)
    } else {
        value
    }
}

/// The bytes of a wire struct.
pub(crate) fn to_bytes<T: Encode<()>>(wire: &T) -> Vec<u8> {
    match minicbor::to_vec(wire) {
        Ok(bytes) => bytes,
        // A vector takes every write, and no encoder of this room reports an error of its own.
        Err(error) => unreachable!("encoding into memory: {error}"),
    }
}

/// Reads a wire struct of this version: a map that starts with its version under the key 0, and nothing after
/// it. The caller still has to compare the canonical bytes of the result.
pub(crate) fn from_bytes<'b, T>(bytes: &'b [u8], version: u32) -> Result<T, DecodeError>
where
    T: Decode<'b, ()>,
{
    if bytes.len() > CONTENT_MAX_BYTES {
        return Err(DecodeError::TooLarge(bytes.len()));
    }
    let mut decoder = minicbor::Decoder::new(bytes);
    decoder.map()?;
    if decoder.u32()? != 0 {
        return Err(DecodeError::NoVersion);
    }
    let found = decoder.u32()?;
    if found != version {
        return Err(DecodeError::UnknownVersion(found));
    }
    decoder.set_position(0);
    let wire: T = decoder.decode()?;
    if decoder.position() != bytes.len() {
        return Err(DecodeError::TrailingBytes);
    }
    Ok(wire)
}
