//! What a session leaves behind: the facts from which the electronic document is made.

use crate::Sensitive;
use crate::audit::AuditHead;
use crate::capture::{CameraIdentity, CapturedSample, FaceMeasures};
use crate::date::Date;
use crate::identifier::Iin;
use crate::mrz::{DocumentKind, IdentityDocument};
use crate::pad::{AttemptRecord, PadChallenge};
use crate::palm::{EnrolOutcome, PalmAttemptRecord, PalmReference, ScannerIdentity};
use crate::policy::Policy;
use crate::service::{Entry, RequestRecord, ServiceId};
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

/// A consent that was shown and answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentRecord {
    /// Which text, such as `processing`.
    pub text: String,
    /// Version of that text.
    pub version: u32,
    /// The language in which it was read.
    pub language: Language,
    /// Whether it was given.
    pub given: bool,
    /// When it was answered.
    pub answered_at: UtcMs,
}

/// What a kiosk found when it looked at itself, as the document says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntegrityRecord {
    /// The codes of the report; see [`crate::integrity::IntegrityReport::codes`].
    pub codes: Vec<String>,
    /// When it looked.
    pub checked_at: UtcMs,
}

/// By which way a session went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Route {
    /// The devices of the kiosk.
    #[default]
    Kiosk,
    /// The centre's own page, on the person's phone.
    HostedPage,
    /// Pictures of the face and of the identity document, at which an examiner of the institution looks.
    Images,
    /// People of the institution call the person back, for a video conference.
    CallBack,
}

impl Route {
    /// Whether people of the institution decide, and nobody asks the centre for a comparison.
    pub fn is_assisted(self) -> bool {
        match self {
            Self::Images | Self::CallBack => true,
            Self::Kiosk | Self::HostedPage => false,
        }
    }
}

/// Why a session went another way than the devices of the kiosk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RouteReason {
    /// The person chose it.
    Chosen,
    /// The person said that a device or an action of the kiosk is not possible for them.
    CannotPerform,
}

/// Who decided about a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    /// The Identification Data Exchange Center.
    Centre,
    /// An examiner of the institution.
    Examiner,
}

/// Why an examiner refused the pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefusalReason {
    /// The face is not the one of the identity document.
    FaceNotOfDocument,
    /// The identity document is not that of the claimed person.
    DocumentNotOfClaim,
    /// The identity document cannot be read in the pictures.
    DocumentUnreadable,
    /// The identity document is no longer valid.
    DocumentExpired,
    /// The identity document shows signs of alteration, or is a copy.
    DocumentAltered,
    /// The picture of the face cannot be used.
    PictureUnusable,
}

/// Under which profile of the institution a session ran.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProfileIdentity {
    /// Name of the profile.
    pub name: String,
    /// SHA-256 of the effective policy and catalogue, as `alaqan-profile hash` prints it.
    pub sha256: [u8; 32],
}

/// What was read from the machine-readable zone of an identity document; all of it is personal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadDocument {
    /// Its kind and issuing state, as the zone names them, such as `ID KAZ`.
    pub kind: String,
    /// Its number.
    pub number: Sensitive<String>,
    /// Surname, in Latin letters.
    pub surname: Sensitive<String>,
    /// Given names, in Latin letters.
    pub given_names: Sensitive<String>,
    /// Up to when it is valid.
    pub expires: Date,
}

impl From<IdentityDocument> for ReadDocument {
    fn from(document: IdentityDocument) -> Self {
        let code = match document.kind {
            DocumentKind::IdentityCard => "ID".to_owned(),
            DocumentKind::ResidencePermit => "residence permit".to_owned(),
            DocumentKind::Other(letters) => letters.iter().collect(),
        };
        Self {
            kind: format!("{code} {}", document.issuer),
            number: Sensitive::new(document.number.expose()),
            surname: document.surname,
            given_names: document.given_names,
            expires: document.expires,
        }
    }
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
    /// The rules require no verification for what was asked for.
    NotRequired,
    /// A consent was refused without which people of the institution have to decide.
    Referred,
}

/// What the centre found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The captured sample and the reference are of one person.
    Match,
    /// They are not.
    NonMatch,
    /// No person has the claimed identification number.
    PersonNotFound,
    /// The person is known, but there is no reference to compare with.
    NoReference,
    /// The centre does not accept the kind of identity document that the person has.
    DocumentTypeNotAccepted,
    /// The picture is not good enough to be compared; nothing was spent on it.
    QualityInsufficient,
    /// The person did not finish at the centre's own page, or not in time.
    NotCompleted,
}

/// How an earlier request stands, as the answer tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RequestStanding {
    /// It has arrived.
    Received,
    /// Somebody works on it.
    InProgress,
    /// The answer can be fetched.
    Ready,
    /// It was answered.
    Answered,
    /// It was refused.
    Refused,
    /// This person made no request of this number.
    Unknown,
}

/// For what a still was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StillPurpose {
    /// The frontal picture that the centre compares.
    Comparison,
    /// The picture that shows this action.
    Challenge(PadChallenge),
    /// The face, for the eyes of an examiner.
    Portrait,
    /// The side of the identity document that shows the face.
    IdentityDocumentFront,
    /// The other side of the identity document.
    IdentityDocumentBack,
}

impl StillPurpose {
    /// Whether the picture shows an identity document.
    pub fn is_page(self) -> bool {
        matches!(self, Self::IdentityDocumentFront | Self::IdentityDocumentBack)
    }
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
    /// What was measured on it; absent where the frame was gone already, and of an identity document.
    pub quality: Option<StillQuality>,
    /// What was measured on the picture of an identity document; absent of a face.
    pub page: Option<PageQuality>,
}

/// What was measured on the picture of an identity document; see [`crate::page::PageMeasures`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PageQuality {
    /// Length of its long side in the picture, in pixels.
    pub long_side_px: f32,
    /// Its long side, in its short ones.
    pub aspect: f32,
    /// Sharpness.
    pub sharpness: f32,
    /// Part of it that is blown out by a reflection, 0 to 1.
    pub glare_part: f32,
    /// Mean luminance, 0 to 255.
    pub luminance_mean: f32,
}

/// What was measured on a still; names after ISO/IEC 29794-5.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StillQuality {
    /// Distance of the eye centres, in pixels of the frame.
    pub inter_eye_distance_px: f32,
    /// Sharpness, as [`crate::capture::FaceQuality`] has it.
    pub sharpness: f32,
    /// Mean luminance of the face, 0 to 255.
    pub luminance_mean: f32,
    /// Turn of the head to a side, in degrees.
    pub yaw_deg: f32,
    /// Nod of the head, in degrees.
    pub pitch_deg: f32,
}

impl From<&FaceMeasures> for StillQuality {
    fn from(face: &FaceMeasures) -> Self {
        Self {
            inter_eye_distance_px: face.quality.inter_eye_distance_px,
            sharpness: face.quality.sharpness,
            luminance_mean: face.quality.luminance_mean,
            yaw_deg: face.yaw_deg,
            pitch_deg: face.pitch_deg,
        }
    }
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
    /// The profile of the institution.
    pub profile: ProfileIdentity,
    /// Names of the acts on which the service rests.
    pub legal_basis: Vec<String>,
    /// Consents, given or refused.
    pub consents: Vec<ConsentRecord>,
    /// What was entered, in the order of the fields.
    pub entries: Vec<Entry>,
    /// What was read from the identity document, if it was.
    pub identity_document: Option<ReadDocument>,
    /// The request that was made with the session, if it was one.
    pub request: Option<RequestRecord>,
    /// Whether the answer is to tell how the request stands whose number was entered.
    pub asks_request_state: bool,
    /// Codes of what the institution is to hear of.
    pub suspicions: Vec<String>,
    /// Which person of the institution was present, where the policy wants one.
    pub operator: Option<String>,
    /// By which way.
    pub route: Route,
    /// Why it went this way; absent where it went by the devices of the kiosk.
    pub route_reason: Option<RouteReason>,
    /// The mobile number that the institution is to call, as E.164 writes it; present on [`Route::CallBack`] alone.
    pub call_back: Option<Sensitive<String>>,
    /// What the kiosk found about its own integrity.
    pub integrity: Option<IntegrityRecord>,
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
    /// Stills of the attempt that passed, or the pictures for an examiner; none otherwise.
    pub stills: Vec<Still>,
    /// The policy in force.
    pub policy: Policy,
    /// Where the kiosk's audit log stood when the document was signed. Whoever signs knows it, the session does not.
    pub audit: Option<AuditHead>,
}

impl Evidence {
    /// A session in which nothing happened: what test material starts from.
    pub fn blank() -> Self {
        Self {
            document_id: DocumentId([0; 16]),
            session_id: SessionId([0; 16]),
            organisation: Organisation {
                name: String::new(),
                bin: String::new(),
            },
            kiosk: KioskIdentity {
                kiosk_id: String::new(),
                software: String::new(),
            },
            language: Language::Kk,
            service: None,
            profile: ProfileIdentity::default(),
            legal_basis: Vec::new(),
            consents: Vec::new(),
            entries: Vec::new(),
            identity_document: None,
            request: None,
            asks_request_state: false,
            suspicions: Vec::new(),
            operator: None,
            route: Route::Kiosk,
            route_reason: None,
            call_back: None,
            integrity: None,
            claim: None,
            modality: None,
            started_at: UtcMs(0),
            ended_at: UtcMs(0),
            outcome: Outcome::Withdrawn,
            camera: None,
            attempts: Vec::new(),
            attempts_before: 0,
            palm: None,
            stills: Vec::new(),
            policy: Policy::default(),
            audit: None,
        }
    }
}
