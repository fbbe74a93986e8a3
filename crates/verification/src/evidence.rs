//! What a session leaves behind: the facts from which the electronic document is made.

use crate::audit::AuditHead;
use crate::capture::{CameraIdentity, CapturedSample};
use crate::identifier::Iin;
use crate::pad::{AttemptRecord, PadChallenge};
use crate::palm::{EnrolOutcome, PalmAttemptRecord, PalmReference, ScannerIdentity};
use crate::policy::Policy;
use crate::service::ServiceId;
use crate::time::UtcMs;

/// Names a document, and makes its delivery idempotent: the gateway may see it twice, never zero times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocumentId(pub [u8; 16]);

/// Names a session in the audit log and in the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub [u8; 16]);

macro_rules! hex_display {
    ($($name:ident),*) => {$(
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }
    )*};
}
hex_display!(DocumentId, SessionId);

/// Language of the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Language {
    /// Kazakh.
    Kk,
    /// Russian.
    Ru,
    /// English.
    En,
}

impl Language {
    /// BCP 47 tag.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Kk => "kk",
            Self::Ru => "ru",
            Self::En => "en",
        }
    }
}

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Modality {
    /// Image of the face.
    Face,
    /// Palm of the hand.
    Palm,
}

/// The organisation that orders the verification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organisation {
    /// Name as registered.
    pub name: String,
    /// Business identification number (БСН / БИН), 12 digits.
    pub bin: String,
}

/// The machine on which the session ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KioskIdentity {
    /// Name given at enrolment; the common name of its certificate.
    pub kiosk_id: String,
    /// Version of the software.
    pub software: String,
}

/// A consent that was shown and given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentRecord {
    /// Which text, such as `processing`.
    pub text: String,
    /// Version of that text.
    pub version: u32,
    /// The language in which it was read.
    pub language: Language,
    /// When it was given.
    pub given_at: UtcMs,
}

/// How a session ended. Each is a result, none is an error, and each yields a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The centre answered with a match.
    Verified,
    /// The centre answered with no match, or the attempts are used up.
    NotVerified,
    /// Presentation attack detection did not find the presentation bona fide.
    AttackSuspected,
    /// No usable sample could be captured.
    FailureToAcquire,
    /// The capture subject ended the session or refused a consent.
    Withdrawn,
    /// Nothing happened for too long.
    TimedOut,
    /// A device that is needed cannot be used.
    DeviceUnavailable,
    /// Captured and recorded; the centre has not answered yet. Never a success.
    AwaitingIdentification,
}

/// For what a still was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StillPurpose {
    /// The frontal picture that the centre compares.
    Comparison,
    /// The picture that shows this action.
    Challenge(PadChallenge),
}

/// What was done with the palm in one session.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PalmEvidence {
    /// The scanner, once it was opened.
    pub scanner: Option<ScannerIdentity>,
    /// The reference of the claimed person in this scanner, where one is enrolled.
    pub expected: Option<PalmReference>,
    /// All attempts with the palm, in order.
    pub attempts: Vec<PalmAttemptRecord>,
    /// As [`Evidence::attempts_before`], with the palm.
    pub attempts_before: u8,
    /// All enrolments that were tried, in order.
    pub enrolments: Vec<EnrolOutcome>,
}

impl PalmEvidence {
    /// The reference that was enrolled in this session; it may be used only once the centre has confirmed the person.
    pub fn enrolled(&self) -> Option<PalmReference> {
        self.enrolments.iter().find_map(|outcome| match outcome {
            EnrolOutcome::Enrolled(reference) => Some(*reference),
            _ => None,
        })
    }
}

/// A still and its purpose.
#[derive(Debug, Clone, PartialEq)]
pub struct Still {
    /// For what it was kept.
    pub purpose: StillPurpose,
    /// The picture.
    pub sample: CapturedSample,
}

/// Everything that the document says about one session.
///
/// The outcome is the one at the end of the capture: [`Outcome::AwaitingIdentification`] where all went well,
/// for the centre has yet to answer. The answer is a document of its own, signed by the gateway.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// Names the document.
    pub document_id: DocumentId,
    /// Names the session.
    pub session_id: SessionId,
    /// Who orders the verification.
    pub organisation: Organisation,
    /// Where it ran.
    pub kiosk: KioskIdentity,
    /// In which language.
    pub language: Language,
    /// What was asked for; absent if the session ended before that.
    pub service: Option<ServiceId>,
    /// Consents given.
    pub consents: Vec<ConsentRecord>,
    /// The claimed identity; absent if the session ended before that.
    pub claim: Option<Iin>,
    /// What was to be compared; absent if the session ended before that.
    pub modality: Option<Modality>,
    /// Start of the session.
    pub started_at: UtcMs,
    /// End of the capture.
    pub ended_at: UtcMs,
    /// How it ended.
    pub outcome: Outcome,
    /// The camera, once it was opened.
    pub camera: Option<CameraIdentity>,
    /// All attempts, in order.
    pub attempts: Vec<AttemptRecord>,
    /// Attempts of this person before this session that no final document accounts for; they count too.
    pub attempts_before: u8,
    /// What was done with the palm; absent if the palm scanner was not asked for.
    pub palm: Option<PalmEvidence>,
    /// Stills of the attempt that passed; none otherwise.
    pub stills: Vec<Still>,
    /// The policy in force.
    pub policy: Policy,
    /// Where the kiosk's audit log stood when the document was signed. Whoever signs knows it, the session does not.
    pub audit: Option<AuditHead>,
}
