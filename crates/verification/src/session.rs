//! One session: one person, one service request, from the choice of the service to the outcome.
//!
//! The session is a machine without IO. The shell hands it an [`Input`] and performs the [`Effect`]s that come
//! back; **every effect is answered by at most one kind of input, and no effect asks back.** Time, identifiers
//! and randomness are arguments.

mod audit;
mod form;
mod hosted;
mod images;
mod operator;
mod palm;

use std::time::Duration;

use crate::Sensitive;
use crate::calendar::WorkCalendar;
use crate::capture::{CameraIdentity, CapturedSample, DeviceFault, FaceObservation};
use crate::date::Date;
use crate::evidence::{
    ConsentRecord, DocumentId, Evidence, IntegrityRecord, KioskIdentity, Language, Modality, Organisation,
    Outcome, ProfileIdentity, ReadDocument, RefusalReason, RequestStanding, Route, RouteReason, SessionId,
    Source, Still, StillPurpose, StillQuality, Verdict,
};
use crate::identifier::{Iin, IinError, PhoneError};
use crate::mrz::MrzError;
use crate::pad::attempt::{AttemptEvent, FaceAttempt};
use crate::pad::light::{LightMode, LightPlan};
use crate::pad::positioning::FacePrompt;
use crate::pad::{AttemptFailure, AttemptRecord, plan};
use crate::page::{PageKind, PageObservation};
use crate::palm::decision::PalmFailure;
use crate::palm::{
    EnrolOutcome, HandPosition, PalmReference, PalmScan, ScanOrder, ScannerIdentity, SubjectTag,
};
use crate::policy::Policy;
use crate::service::{
    AssistedRoute, ConsentDemand, ConsentText, Entry, Field, FieldError, Refusal, Service, ServiceId,
};
use crate::time::{Now, UtcMs};
pub use audit::AuditEvent;
use images::{ImagesFacts, ImagesState};
pub use images::{ImagesStage, PictureHint, Subject};
pub use operator::{CodeRefusal, OperatorCheck};
use palm::{PalmFacts, PalmState};

/// So long before a session ends for want of a touch the person is told: WCAG 2.2.1 asks for 20 seconds.
pub const IDLE_WARNING: Duration = Duration::from_secs(20);

/// What a session starts from.
#[derive(Debug, Clone)]
pub struct Opening {
    /// Names the session.
    pub session_id: SessionId,
    /// Names the document it will leave.
    pub document_id: DocumentId,
    /// Who orders the verification.
    pub organisation: Organisation,
    /// Where it runs.
    pub kiosk: KioskIdentity,
    /// The language of the welcome screen when it was left.
    pub language: Language,
    /// Whether the colours of the screen are to change slowly and faintly.
    pub calm: bool,
    /// The services on offer.
    pub catalogue: Vec<Service>,
    /// The policy in force; stays the same for the session.
    pub policy: Policy,
    /// The profile of the institution from which catalogue and policy come.
    pub profile: ProfileIdentity,
    /// The consent that the palm needs, as the profile words it.
    pub palm_consent: ConsentDemand,
    /// The consent that pictures for an examiner need, as the profile words it.
    pub images_consent: ConsentDemand,
    /// The working days that deadlines count by.
    pub calendar: WorkCalendar,
    /// What the kiosk found about its own integrity, if it looked.
    pub integrity: Option<IntegrityRecord>,
}

/// What happened.
#[derive(Debug, Clone)]
pub enum Input {
    /// Another language was chosen; allowed at any time.
    LanguageChosen(Language),
    /// Colours that change slowly and faintly are wanted, or no longer; allowed at any time, and holds from the next
    /// attempt on.
    CalmChosen(bool),
    /// A service was chosen.
    ServiceChosen(ServiceId),
    /// A consent was given or refused.
    ConsentAnswered {
        /// Name of the text that was answered; an answer to another than the one shown is none.
        text: String,
        /// Whether it was given.
        given: bool,
    },
    /// Something was entered into a field, right or wrong; nothing, where it may be left empty.
    FieldEntered {
        /// The field; an entry for another than the one shown is none.
        field: String,
        /// What.
        value: Sensitive<String>,
    },
    /// An IIN was entered, right or wrong.
    ClaimEntered(Sensitive<String>),
    /// The machine-readable zone of an identity document was typed or scanned, right or wrong.
    ZoneEntered(Sensitive<String>),
    /// A person of the institution entered the own code.
    OperatorEntered(Sensitive<String>),
    /// Answers [`Effect::CheckOperator`].
    OperatorChecked(OperatorCheck),
    /// A method was chosen.
    MethodChosen(Modality),
    /// The centre's own page, on the person's phone, was chosen.
    HostedPageChosen,
    /// A way that needs other people was chosen.
    AssistedChosen(AssistedRoute),
    /// The person cannot do what the device asks for; see [`Session::may_stand_aside`].
    CannotPerform,
    /// Which identity document the person is going to show.
    PageKindChosen(PageKind),
    /// The picture is to be taken as soon as it is good, also of a hand that trembles.
    PictureWanted,
    /// The picture on the screen is good, or all of them are.
    PictureAccepted,
    /// A picture is to be taken again: the one on the screen, or from the review this one.
    PictureAgain(Option<StillPurpose>),
    /// A mobile number to call was entered, right or wrong.
    CallBackEntered(Sensitive<String>),
    /// The number to call is the one that was given for the service.
    CallBackOnGiven,
    /// The centre's page for a document is open at this address.
    HostedPageOpened {
        /// Which document.
        document_id: DocumentId,
        /// The address; whoever has it can take the person's place.
        url: Sensitive<String>,
    },
    /// Another attempt is wanted.
    Retry,
    /// One step back.
    Back,
    /// The person ends the session.
    Cancel,
    /// The outcome was read.
    Finish,
    /// A touch that changes nothing.
    Touched,
    /// Answers [`Effect::CountAttempts`]: attempts of this person that no finished session accounts for.
    AttemptsCounted(u8),
    /// Answers [`Effect::OpenCamera`].
    CameraOpened(Result<CameraIdentity, DeviceFault>),
    /// Answers [`Effect::DrawRandom`].
    RandomDrawn([u8; plan::RANDOM_BYTES]),
    /// The camera failed while it was open.
    CameraFailed(DeviceFault),
    /// A frame was measured.
    Observed(FaceObservation),
    /// A frame was measured for an identity document.
    PageSeen(PageObservation),
    /// Answers [`Effect::KeepStill`].
    StillKept {
        /// For what it was to be kept.
        purpose: StillPurpose,
        /// The picture; `None` if the frame was gone already or could not be encoded.
        sample: Option<CapturedSample>,
    },
    /// Answers [`Effect::PersistAttempt`].
    AttemptPersisted,
    /// Answers [`Effect::Record`]: the document is signed and in the outbox, or could not be put there.
    Recorded(Result<(), RecordFailed>),
    /// The store failed at something that the session cannot go on without.
    StoreFailed,
    /// The centre answered. May come long after, or for a document of another session.
    Identified {
        /// Which document.
        document_id: DocumentId,
        /// What it found, at the threshold in force.
        verdict: Verdict,
        /// Who decided; pictures for an examiner are decided by one, and nothing else is.
        decided_by: Source,
        /// How the request stands that was asked about, if one was.
        request: Option<RequestStanding>,
        /// Why an examiner refused the pictures, if one did.
        reason: Option<RefusalReason>,
    },
    /// Answers [`Effect::AskScanner`], and is given whenever the palm scanner comes or goes.
    Scanner(Result<ScannerIdentity, DeviceFault>),
    /// Answers [`Effect::FindPalmReference`].
    PalmReferenceFound(Option<PalmReference>),
    /// The palm scanner sees this.
    HandSeen(HandPosition),
    /// Answers [`Effect::Scan`]; nothing if it was cancelled.
    Scanned(Result<Option<PalmScan>, DeviceFault>),
    /// Answers [`Effect::EnrolPalm`]; nothing if it was cancelled.
    Enrolled(Result<Option<EnrolOutcome>, DeviceFault>),
    /// Answers [`Effect::ProposePalm`].
    PalmProposed,
    /// Time passed; see [`Session::deadline`].
    Tick,
}

/// The document could not be put into the outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordFailed;

/// What the shell has to do.
#[derive(Debug, Clone)]
pub enum Effect {
    /// Count attempts of this person that no finished session accounts for.
    CountAttempts {
        /// The person.
        subject: Iin,
        /// Attempts of this kind.
        modality: Modality,
    },
    /// Find out whose code this is.
    CheckOperator(Sensitive<String>),
    /// Open the camera and measure every frame for a face.
    OpenCamera,
    /// Measure every frame for this from now on. Not answered.
    LookFor(Subject),
    /// Show these pictures (JPEG) where else the camera's is, and none of them any longer where there are none. Not
    /// answered.
    ShowPictures(Vec<Sensitive<Vec<u8>>>),
    /// Close the camera.
    CloseCamera,
    /// An attempt begins to count with the face that is before the camera: forget all that was measured before. Not
    /// answered.
    BeginMeasuring,
    /// Draw the random bytes of [`Input::RandomDrawn`].
    DrawRandom,
    /// Encode this frame.
    KeepStill {
        /// Number of the frame.
        frame: u64,
        /// For what.
        purpose: StillPurpose,
    },
    /// Write down, durably, that an attempt was begun.
    PersistAttempt {
        /// The person.
        subject: Iin,
        /// Of this kind.
        modality: Modality,
    },
    /// The newest attempt written down for this person was cut off by a device and does not count. Not answered.
    ForgiveAttempt {
        /// The person.
        subject: Iin,
        /// Of this kind.
        modality: Modality,
    },
    /// Say how the palm scanner stands.
    AskScanner,
    /// Find the reference of this person in this scanner.
    FindPalmReference {
        /// The person.
        subject: Iin,
        /// Serial number of the scanner.
        scanner: String,
    },
    /// Capture a palm and compare it.
    Scan(ScanOrder),
    /// Capture a palm and keep a reference in the scanner.
    EnrolPalm {
        /// The name of the reference.
        tag: SubjectTag,
        /// How long the scanner may look for a palm.
        limit: Duration,
    },
    /// End what the scanner was told to do. Not answered; what it was told to do is, and nobody listens.
    CancelScan,
    /// Write down, durably, whose reference this is, until the centre has confirmed the person of this session. Answered
    /// by [`Input::PalmProposed`].
    ProposePalm {
        /// The person.
        subject: Iin,
        /// Serial number of the scanner.
        scanner: String,
        /// The reference.
        reference: PalmReference,
    },
    /// Make the document, sign it, put it into the outbox.
    Record {
        /// What the document says.
        evidence: Box<Evidence>,
        /// Of these kinds the counted attempts of the claimed person are accounted for by the document; with it they go.
        accounts_for: Vec<Modality>,
    },
    /// Write an audit record. Not answered.
    Audit(AuditEvent),
}

/// Why an attempt did not pass, whichever way it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// With the face.
    Face(AttemptFailure),
    /// With the palm.
    Palm {
        /// Why.
        failure: PalmFailure,
        /// The hand was colder than the policy accepts.
        cold: bool,
    },
    /// Earlier sessions have used up the attempts with the face.
    FaceUsedUp,
    /// Earlier sessions, or devices that failed too often, have used up the attempts with the palm.
    PalmUsedUp,
    /// The palm could not be enrolled.
    Enrolment(EnrolOutcome),
}

/// What is wrong with a claimed identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimFault {
    /// The IIN.
    Iin(IinError),
    /// The machine-readable zone.
    Zone(MrzError),
    /// The identity document is no longer valid.
    Expired,
    /// The identity document bears no IIN.
    NoIin,
    /// Nobody with this IIN can be alive, or is born.
    Implausible,
}

/// What a screen needs to know of the session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Showing {
    /// Choice of the service.
    Service,
    /// A consent text.
    Consent {
        /// Name of the text.
        text: String,
        /// Its version.
        version: u32,
        /// The institution's own wording, if it has one.
        wording: Option<ConsentText>,
        /// What follows from refusing it.
        refusal: Refusal,
        /// From 1.
        number: usize,
        /// How many.
        of: usize,
    },
    /// Entry into a field of the service.
    Field {
        /// The field.
        field: Field,
        /// From 1.
        number: usize,
        /// How many there are at most.
        of: usize,
        /// What was wrong with the last entry.
        error: Option<FieldError>,
    },
    /// Entry of the IIN, or of the zone of an identity document.
    Claim {
        /// What was wrong with the last one.
        error: Option<ClaimFault>,
    },
    /// Entry of the code of a person of the institution.
    Operator {
        /// Why the last one did not do.
        refused: Option<CodeRefusal>,
    },
    /// Choice of the method for this service.
    Method {
        /// The service allows the face.
        face: bool,
        /// The service allows the palm.
        palm: bool,
        /// The palm was chosen, and none of this person is enrolled.
        not_enrolled: bool,
        /// The service allows the centre's own page.
        hosted_page: bool,
        /// The ways with other people that the service allows.
        assisted: Vec<AssistedRoute>,
    },
    /// Choice of a way with other people, by a person who cannot do what a device asks for.
    Assisted {
        /// The ways.
        routes: Vec<AssistedRoute>,
        /// How many attempts with the device are left; without any it may not be tried again.
        left: u8,
        /// Standing aside used up an attempt, since no more of them are forgiven.
        spent: bool,
    },
    /// Entry of the mobile number that the institution is to call.
    CallBack {
        /// What was wrong with the last entry.
        error: Option<PhoneError>,
        /// A number was given for the service, and need not be entered anew.
        given: bool,
    },
    /// Pictures for an examiner.
    Images {
        /// Where they stand.
        stage: ImagesStage,
        /// The picture.
        picture: StillPurpose,
        /// The identity document, once it was chosen.
        kind: Option<PageKind>,
        /// Which picture this is, from 1.
        number: usize,
        /// How many there are.
        of: usize,
        /// How often it may be taken again.
        left: u8,
    },
    /// The centre's own page is open for the person's phone, or about to be.
    HostedPage {
        /// Its address, once it is known.
        url: Option<Sensitive<String>>,
    },
    /// The camera is being opened.
    OpeningCamera,
    /// The camera cannot be used just now; the session goes on by itself once it can.
    CameraTrouble {
        /// Why.
        fault: DeviceFault,
    },
    /// An attempt is under way.
    Face {
        /// What to do.
        prompt: FacePrompt,
        /// Actions done.
        done: usize,
        /// Actions asked for.
        of: usize,
        /// From 1.
        attempt: u8,
        /// Attempts allowed.
        attempts: u8,
        /// The colour with which the screen is to light the face, red, green, blue; `None` for its normal look.
        light: Option<[u8; 3]>,
    },
    /// The palm scanner is being asked for.
    OpeningScanner,
    /// The palm scanner cannot be used just now; the session goes on by itself once it can.
    ScannerTrouble {
        /// Why.
        fault: DeviceFault,
    },
    /// The palm scanner looks.
    Palm {
        /// To enrol the palm, and not to verify with it.
        enrolling: bool,
        /// Where it sees the hand.
        position: HandPosition,
        /// From 1.
        attempt: u8,
        /// Attempts allowed.
        attempts: u8,
    },
    /// An attempt did not pass, and something is left.
    AttemptFailed {
        /// Why.
        failure: Failure,
        /// How many are left this way.
        left: u8,
        /// This way is used up and [`Input::Retry`] goes on with the face.
        face_next: bool,
    },
    /// The document is made, signed and stored.
    Recording,
    /// The centre is asked.
    Identifying,
    /// The end.
    Outcome {
        /// How it ended.
        outcome: Outcome,
        /// The document, if one was recorded.
        document_id: Option<DocumentId>,
        /// Whether a palm was enrolled, which can be used once this is [`Outcome::Verified`].
        enrolled_palm: bool,
        /// The request that was made, if one was: the day up to which it is to be answered.
        request_due: Option<Date>,
        /// What the centre said, once it has.
        verdict: Option<Verdict>,
        /// How the earlier request stands that was asked about.
        request: Option<RequestStanding>,
        /// Why an examiner refused the pictures, if one did.
        reason: Option<RefusalReason>,
    },
    /// The document could not be stored: this kiosk must not serve.
    StoreFailed,
    /// Nothing is left of the session; the shell drops it.
    Closed,
}

/// One session.
///
/// ```text
/// ChoosingService ─> Consenting ─> Filling ─> Claiming ─> Operator ─> ChoosingMethod ─> CountingAttempts
///                                     │                                    │           │
///              no verification is ────┴──> Recording <─ AtCentre's page <──┘           v
///              required                                                           OpeningCamera
///                                                                                      │
///         ┌────────────────────────────────── another attempt ────────────┐            v
///         │                                                      AttemptFailed <── Capturing <─┐
///         v                                                          │                │        │
///   Drawing ───────────────────────────────────────────────────────────────────────────────────┘
///                                                         last one   │                │ passed
///                                                                    v                v
///                                                                 Recording (one document, whatever the outcome)
///                                                                    │
///                                            captured: Identifying ──┴──> Ended ─> Closed
/// ```
/// A camera that fails after it was asked for leads to `CameraLost`, which opens it again and begins a new attempt;
/// the one that was cut off does not count. The way of the palm is drawn in `session/palm.rs`, the ways with people in
/// `session/images.rs`. Before the capture,
/// refusing, cancelling or waiting too long leads to `Ended` with an audit record and no document. From
/// `OpeningCamera` on, every way out leads through `Recording`.
#[derive(Debug)]
pub struct Session {
    opening: Opening,
    started_at: UtcMs,
    touched_at: Duration,
    /// Since when a device or the store owes an answer; meaningful in the states that wait for one.
    asked_at: Duration,
    /// Codes that were nobody's: whoever goes back does not begin to guess anew.
    wrong_codes: u8,
    state: State,
    facts: Facts,
    /// Whether the recorded document speaks of a palm that was enrolled.
    enrolled_palm: bool,
    /// Up to when the request of the recorded document is to be answered.
    request_due: Option<Date>,
    /// When the capture ended.
    ended_at: UtcMs,
    /// By which way the recorded document came about.
    recorded_route: Route,
    /// What was said of the recorded document by who was to decide.
    answer: Option<Answer>,
}

#[derive(Debug, Clone, Copy)]
struct Answer {
    verdict: Verdict,
    request: Option<RequestStanding>,
    reason: Option<RefusalReason>,
}

/// What is known so far; goes into the document.
#[derive(Debug, Default)]
struct Facts {
    service: Option<Service>,
    consents: Vec<ConsentRecord>,
    entries: Vec<Entry>,
    /// Fields that were left empty.
    skipped: Vec<String>,
    claim: Option<Iin>,
    identity_document: Option<ReadDocument>,
    operator: Option<String>,
    route: Route,
    route_reason: Option<RouteReason>,
    call_back: Option<Sensitive<String>>,
    /// With which device the attempts are made, also while people are about to go on.
    modality: Option<Modality>,
    camera: Option<CameraIdentity>,
    device_failures: u8,
    /// Attempts that a device cut off and that do not count.
    forgiven: u8,
    /// Attempts that the person cannot perform and that do not count.
    forgiven_aside: u8,
    images: ImagesFacts,
    attempts: Vec<AttemptRecord>,
    attempts_before: u8,
    palm: PalmFacts,
    stills: Vec<Still>,
    /// What was measured on the frames that were to be kept, by their numbers.
    qualities: Vec<(u64, StillQuality)>,
}

#[derive(Debug)]
enum State {
    ChoosingService,
    Consenting {
        next: usize,
    },
    Filling {
        field: String,
        error: Option<FieldError>,
    },
    Claiming {
        error: Option<ClaimFault>,
    },
    /// A person of the institution is to enter the own code; why the last one did not do.
    Operator {
        refused: Option<CodeRefusal>,
        checking: bool,
    },
    ChoosingMethod,
    /// The person cannot do what a device asks for.
    ChoosingAssisted,
    CallBack {
        error: Option<PhoneError>,
    },
    Images(ImagesState),
    CountingAttempts,
    OpeningCamera,
    /// The camera failed and is opened again and again.
    CameraLost {
        fault: DeviceFault,
        /// When it was lost, and when it was last told to open, if the answer is still due.
        since: Duration,
        opening: bool,
    },
    Drawing {
        number: u8,
    },
    Capturing {
        attempt: Box<FaceAttempt>,
        persisted: bool,
        ended: Option<AttemptRecord>,
        stills_due: u32,
    },
    Palm(PalmState),
    AttemptFailed {
        failure: Failure,
    },
    Recording {
        outcome: Outcome,
    },
    Identifying {
        since: Duration,
    },
    /// The person is at the centre's own page.
    AtHostedPage {
        since: Duration,
        url: Option<Sensitive<String>>,
    },
    Ended {
        outcome: Outcome,
        recorded: bool,
        since: Duration,
    },
    StoreFailed,
    Closed,
}

/// How long a device may take to answer. Opening a camera takes one or two seconds.
const ANSWER_LIMIT: Duration = Duration::from_secs(15);
/// A device that fails is asked for again after this pause, and given up after this time.
const DEVICE_RETRY: Duration = Duration::from_secs(1);
const DEVICE_PATIENCE: Duration = Duration::from_secs(60);
/// Devices that fail this often in one session are not going to serve it.
const DEVICE_FAILURES_MAX: u8 = 5;
/// So many attempts of a session with one modality that a device cut off do not count.
const FORGIVEN_MAX: u8 = 3;
/// How long an outcome stays on the screen when nobody touches it: long enough to be read before the warning comes.
const OUTCOME_STAYS: Duration = Duration::from_secs(60);

impl Session {
    /// Opens a session.
    pub fn open(opening: Opening, now: Now) -> (Self, Vec<Effect>) {
        let session = Self {
            opening,
            started_at: now.utc,
            touched_at: now.monotonic,
            asked_at: now.monotonic,
            wrong_codes: 0,
            state: State::ChoosingService,
            facts: Facts::default(),
            enrolled_palm: false,
            request_due: None,
            ended_at: now.utc,
            recorded_route: Route::Kiosk,
            answer: None,
        };
        (session, vec![Effect::Audit(AuditEvent::SessionOpened)])
    }

    /// Names the session.
    pub fn id(&self) -> SessionId {
        self.opening.session_id
    }

    /// Names the document the session will leave, or has left.
    pub fn document_id(&self) -> DocumentId {
        self.opening.document_id
    }

    /// The end of the capture, once there is a document; the day of its request is counted from it.
    pub fn ended_at(&self) -> UtcMs {
        self.ended_at
    }

    /// The services on offer.
    pub fn catalogue(&self) -> &[Service] {
        &self.opening.catalogue
    }

    /// When [`Input::Tick`] is due, on the monotonic clock.
    pub fn deadline(&self) -> Option<Duration> {
        match &self.state {
            State::Closed | State::StoreFailed | State::Recording { .. } => None,
            State::Identifying { since } => Some(*since + self.opening.policy.identification_patience),
            State::AtHostedPage { since, .. } => Some(*since + hosted::PATIENCE),
            State::Ended { .. } => self.idle_end(),
            State::CameraLost { opening: false, .. } => Some(self.asked_at + DEVICE_RETRY),
            State::Palm(state) => Some(self.palm_deadline(state)),
            State::Images(state) => Some(self.images_deadline(state)),
            State::Capturing { ended: Some(_), .. }
            | State::CameraLost { .. }
            | State::OpeningCamera
            | State::Drawing { .. }
            | State::Operator { checking: true, .. }
            | State::CountingAttempts => Some(self.asked_at + ANSWER_LIMIT),
            State::Capturing { attempt, .. } => attempt.deadline(&self.opening.policy),
            _ => Some(self.touched_at + self.opening.policy.idle_limit),
        }
    }

    /// When the session will end for want of a touch, where it can; and when its outcome will go.
    pub fn idle_end(&self) -> Option<Duration> {
        match &self.state {
            State::ChoosingService
            | State::Consenting { .. }
            | State::Filling { .. }
            | State::Claiming { .. }
            | State::Operator { .. }
            | State::ChoosingMethod
            | State::ChoosingAssisted
            | State::CallBack { .. }
            | State::Images(
                ImagesState::Consenting
                | ImagesState::Intro
                | ImagesState::Shown { .. }
                | ImagesState::Failed { .. }
                | ImagesState::Review,
            )
            | State::Palm(PalmState::Consenting)
            | State::AttemptFailed { .. } => Some(self.touched_at + self.opening.policy.idle_limit),
            State::Ended { since, .. } => Some((*since).max(self.touched_at) + OUTCOME_STAYS),
            // To stand right, or to hold a page right, may take somebody long. What is timed once they do is what is measured.
            State::Capturing {
                attempt, ended: None, ..
            } => attempt.positioning_end(&self.opening.policy),
            State::Images(ImagesState::Taking(taking)) => Some(taking.end(&self.opening.policy.assisted)),
            _ => None,
        }
    }

    /// From when on the person is told of that end.
    pub fn idle_warned_from(&self) -> Option<Duration> {
        self.idle_end().map(|end| end.saturating_sub(IDLE_WARNING))
    }

    /// What a screen needs to know.
    pub fn showing(&self) -> Showing {
        let attempts = self.opening.policy.attempts;
        match &self.state {
            State::ChoosingService => Showing::Service,
            State::Consenting { next } => {
                let consents = asked(self.facts.service.as_ref());
                match consents.get(*next) {
                    Some(consent) => Showing::Consent {
                        text: consent.text.clone(),
                        version: consent.version,
                        wording: consent.wording.clone(),
                        refusal: consent.refusal,
                        number: next + 1,
                        of: consents.len(),
                    },
                    None => Showing::Claim { error: None },
                }
            }
            State::Filling { field, error } => self.form_showing(field, *error),
            State::Claiming { error } => Showing::Claim { error: *error },
            State::Operator { refused, .. } => Showing::Operator { refused: *refused },
            State::ChoosingMethod | State::CountingAttempts => {
                let service = self.facts.service.as_ref();
                Showing::Method {
                    face: service.is_some_and(|service| service.face),
                    palm: service.is_some_and(|service| service.palm),
                    not_enrolled: self.facts.palm.not_enrolled,
                    hosted_page: service.is_some_and(|service| service.hosted_page),
                    assisted: service
                        .filter(|_| self.has_assisted_routes())
                        .map(|service| service.assisted.clone())
                        .unwrap_or_default(),
                }
            }
            State::AtHostedPage { url, .. } => Showing::HostedPage { url: url.clone() },
            State::Palm(state) => self.palm_showing(state),
            State::Images(state) => self.images_showing(state),
            State::CallBack { error } => Showing::CallBack {
                error: *error,
                given: self.given_phone().is_some(),
            },
            State::ChoosingAssisted => Showing::Assisted {
                routes: self
                    .facts
                    .service
                    .as_ref()
                    .map(|service| service.assisted.clone())
                    .unwrap_or_default(),
                left: attempts.saturating_sub(self.attempts_used()),
                spent: self.facts.images.spent,
            },
            State::OpeningCamera | State::Drawing { .. } => Showing::OpeningCamera,
            State::CameraLost { fault, .. } => Showing::CameraTrouble { fault: *fault },
            State::Capturing { attempt, .. } => {
                let (done, of) = attempt.progress();
                Showing::Face {
                    prompt: attempt.prompt(),
                    done,
                    of,
                    attempt: attempt.number(),
                    attempts,
                    light: attempt.light(),
                }
            }
            State::AttemptFailed { failure } => Showing::AttemptFailed {
                failure: *failure,
                left: match failure {
                    Failure::Enrolment(_) => self.enrolments_left(),
                    Failure::Face(_) | Failure::FaceUsedUp | Failure::Palm { .. } | Failure::PalmUsedUp => {
                        attempts.saturating_sub(self.attempts_used())
                    }
                },
                face_next: self.face_follows(),
            },
            State::Recording { .. } => Showing::Recording,
            State::Identifying { .. } => Showing::Identifying,
            State::Ended {
                outcome, recorded, ..
            } => Showing::Outcome {
                outcome: *outcome,
                document_id: recorded.then_some(self.opening.document_id),
                enrolled_palm: self.enrolled_palm,
                request_due: self.request_due,
                verdict: self.answer.map(|answer| answer.verdict),
                request: self.answer.and_then(|answer| answer.request),
                reason: self.answer.and_then(|answer| answer.reason),
            },
            State::StoreFailed => Showing::StoreFailed,
            State::Closed => Showing::Closed,
        }
    }

    /// By which way the recorded document came about; the kiosk's own while nothing is recorded.
    pub fn recorded_route(&self) -> Route {
        self.recorded_route
    }

    /// Takes one input; what has to be done comes back.
    pub fn step(&mut self, now: Now, input: Input) -> Vec<Effect> {
        match input {
            Input::LanguageChosen(language) => {
                self.touched_at = now.monotonic;
                self.opening.language = language;
                self.noted(AuditEvent::LanguageChosen(language))
            }
            Input::CalmChosen(calm) => {
                self.touched_at = now.monotonic;
                self.opening.calm = calm;
                self.noted(AuditEvent::CalmChosen(calm))
            }
            Input::Touched => {
                self.touched_at = now.monotonic;
                match &mut self.state {
                    State::Capturing { attempt, .. } => attempt.stay(now),
                    State::Images(ImagesState::Taking(taking)) => taking.stay(now),
                    _ => {}
                }
                Vec::new()
            }
            Input::ServiceChosen(id) => self.choose_service(now, &id),
            Input::ConsentAnswered { text, given } => self.answer_consent(now, &text, given),
            Input::FieldEntered { field, value } => self.fill(now, &field, &value),
            Input::ClaimEntered(text) => self.claim(now, &text),
            Input::ZoneEntered(text) => self.claim_by_zone(now, &text),
            Input::OperatorEntered(code) => self.enter_operator(now, code),
            Input::OperatorChecked(check) => self.operator_checked(now, check),
            Input::MethodChosen(modality) => self.choose_method(now, modality),
            Input::HostedPageChosen => self.choose_hosted_page(now),
            Input::AssistedChosen(route) => self.choose_assisted(now, route),
            Input::CannotPerform => self.cannot_perform(now),
            Input::PageKindChosen(kind) => self.choose_page_kind(now, kind),
            Input::PictureWanted => self.want_picture(now),
            Input::PictureAccepted => self.accept_picture(now),
            Input::PictureAgain(which) => self.picture_again(now, which),
            Input::CallBackEntered(number) => self.call_back(now, &number),
            Input::CallBackOnGiven => match self.given_phone() {
                Some(number) => self.call_back(now, &number),
                None => Vec::new(),
            },
            Input::PageSeen(seen) => self.page_seen(now, &seen),
            Input::HostedPageOpened { document_id, url } => self.hosted_page_opened(document_id, url),
            Input::Retry => self.retry(now),
            Input::Back => self.back(now),
            Input::Cancel => self.cancel(now),
            Input::Finish => self.finish(),
            Input::AttemptsCounted(used) => self.attempts_counted(now, used),
            Input::CameraOpened(Ok(camera)) if self.is_before_examiner() => {
                self.images_camera_opened(now, camera)
            }
            Input::CameraOpened(Err(fault)) | Input::CameraFailed(fault) if self.is_before_examiner() => {
                self.images_camera_failed(now, fault)
            }
            Input::CameraOpened(Ok(camera)) => self.camera_opened(now, camera),
            Input::CameraOpened(Err(fault)) | Input::CameraFailed(fault) => self.camera_failed(now, fault),
            Input::RandomDrawn(random) if self.is_before_scanner() => self.palm_random_drawn(now, random),
            Input::RandomDrawn(random) => self.open_attempt(now, random),
            Input::Observed(seen) if self.is_before_examiner() => self.images_observe(now, &seen),
            Input::Observed(seen) => self.observe(now, &seen),
            Input::StillKept { purpose, sample } if self.is_before_examiner() => {
                self.picture_kept(now, purpose, sample)
            }
            Input::StillKept { purpose, sample } => self.keep(now, purpose, sample),
            Input::AttemptPersisted if self.is_before_scanner() => self.palm_attempt_persisted(now),
            Input::AttemptPersisted => self.attempt_persisted(now),
            Input::Scanner(found) => self.scanner(now, found),
            Input::PalmReferenceFound(reference) => self.palm_reference_found(now, reference),
            Input::HandSeen(position) => self.hand_seen(position),
            Input::Scanned(scan) => self.scanned(now, scan),
            Input::Enrolled(enrolled) => self.enrolled(now, enrolled),
            Input::PalmProposed => self.palm_proposed(now),
            Input::Recorded(result) => self.recorded(now, result),
            Input::Identified {
                document_id,
                verdict,
                decided_by,
                request,
                reason,
            } if (decided_by == Source::Examiner) == self.recorded_route.is_assisted() => {
                // The centre refuses no pictures, and who is confirmed was not refused.
                let refused = decided_by == Source::Examiner && verdict != Verdict::Match;
                let answer = Answer {
                    verdict,
                    request,
                    reason: reason.filter(|_| refused),
                };
                self.identified(now, document_id, answer)
            }
            // Whoever is not to decide about this document has not decided.
            Input::Identified { .. } => Vec::new(),
            Input::StoreFailed => self.store_failed(),
            Input::Tick => self.tick(now),
        }
    }

    fn choose_service(&mut self, now: Now, id: &ServiceId) -> Vec<Effect> {
        if !matches!(self.state, State::ChoosingService) {
            return Vec::new();
        }
        let Some(service) = self.opening.catalogue.iter().find(|service| service.id == *id) else {
            return Vec::new();
        };
        self.touched_at = now.monotonic;
        let asks = !service.consents.is_empty();
        self.facts.service = Some(service.clone());
        let mut effects = vec![Effect::Audit(AuditEvent::ServiceChosen(id.clone()))];
        if asks {
            self.state = State::Consenting { next: 0 };
        } else {
            effects.extend(self.next_field(now));
        }
        effects
    }

    fn enrols_palm(&self) -> bool {
        let service = self.facts.service.as_ref();
        service.is_some_and(|service| service.enrols_palm)
    }

    fn is_before_scanner(&self) -> bool {
        matches!(self.state, State::Palm(_))
    }

    fn is_before_examiner(&self) -> bool {
        matches!(self.state, State::Images(_))
    }

    fn answer_consent(&mut self, now: Now, answered: &str, given: bool) -> Vec<Effect> {
        if matches!(self.state, State::Palm(PalmState::Consenting)) {
            return self.answer_palm_consent(now, answered, given);
        }
        if matches!(self.state, State::Images(ImagesState::Consenting)) {
            return self.answer_images_consent(now, answered, given);
        }
        let State::Consenting { next } = self.state else {
            return Vec::new();
        };
        let consents = asked(self.facts.service.as_ref());
        let (Some(consent), of) = (consents.get(next).cloned(), consents.len()) else {
            return Vec::new();
        };
        if consent.text != answered {
            return Vec::new();
        }
        let mut effects = vec![self.note_consent(now, &consent.text, consent.version, given)];
        effects.extend(match consent.refusal {
            Refusal::Ends if !given => self.end_before_capture(now, Outcome::Withdrawn),
            Refusal::Refers if !given => self.record(now, Outcome::Referred),
            Refusal::Ends | Refusal::Refers | Refusal::Continues if next + 1 < of => {
                self.state = State::Consenting { next: next + 1 };
                Vec::new()
            }
            Refusal::Ends | Refusal::Refers | Refusal::Continues => self.next_field(now),
        });
        effects
    }

    /// Keeps what was answered to a text of this version, and says so.
    fn note_consent(&mut self, now: Now, text: &str, version: u32, given: bool) -> Effect {
        self.touched_at = now.monotonic;
        let text = text.to_owned();
        self.facts.consents.push(ConsentRecord {
            text: text.clone(),
            version,
            language: self.opening.language,
            given,
            answered_at: now.utc,
        });
        Effect::Audit(if given {
            AuditEvent::ConsentGiven { text, version }
        } else {
            AuditEvent::ConsentRefused { text, version }
        })
    }

    fn choose_method(&mut self, now: Now, modality: Modality) -> Vec<Effect> {
        let service = self.facts.service.as_ref();
        let allowed = match modality {
            Modality::Face => service.is_some_and(|service| service.face),
            Modality::Palm => service.is_some_and(|service| service.palm) && !self.facts.palm.not_enrolled,
        };
        if !matches!(self.state, State::ChoosingMethod) || !allowed {
            return Vec::new();
        }
        self.touched_at = now.monotonic;
        let mut effects = vec![Effect::Audit(AuditEvent::MethodChosen(modality))];
        effects.extend(match modality {
            Modality::Face => self.count_attempts(now, modality),
            Modality::Palm => self.choose_palm(now),
        });
        effects
    }

    fn count_attempts(&mut self, now: Now, modality: Modality) -> Vec<Effect> {
        let Some(subject) = self.facts.claim.clone() else {
            return Vec::new();
        };
        self.facts.modality = Some(modality);
        self.asked_at = now.monotonic;
        self.state = State::CountingAttempts;
        vec![Effect::CountAttempts { subject, modality }]
    }

    fn attempts_counted(&mut self, now: Now, used: u8) -> Vec<Effect> {
        if !matches!(self.state, State::CountingAttempts) {
            return Vec::new();
        }
        let mut effects = vec![Effect::Audit(AuditEvent::AttemptsFound(used))];
        effects.extend(if self.facts.modality == Some(Modality::Palm) {
            self.palm_attempts_counted(now, used)
        } else {
            self.face_attempts_counted(now, used)
        });
        effects
    }

    fn face_attempts_counted(&mut self, now: Now, used: u8) -> Vec<Effect> {
        self.facts.attempts_before = used;
        if used >= self.opening.policy.attempts {
            return self.device_is_used_up(now, Failure::FaceUsedUp);
        }
        // Whoever comes to enrol a palm is not sent to the camera for nothing.
        if self.enrols_palm() {
            return self.ask_scanner(now);
        }
        vec![self.open_camera(now)]
    }

    fn open_camera(&mut self, now: Now) -> Effect {
        self.asked_at = now.monotonic;
        self.state = State::OpeningCamera;
        Effect::OpenCamera
    }

    fn camera_opened(&mut self, now: Now, camera: CameraIdentity) -> Vec<Effect> {
        if !matches!(
            self.state,
            State::OpeningCamera | State::CameraLost { opening: true, .. }
        ) {
            return Vec::new();
        }
        if self.facts.camera.as_ref().is_some_and(|known| *known != camera) {
            let mut effects = vec![Effect::Audit(AuditEvent::CameraChanged)];
            effects.extend(self.record(now, Outcome::DeviceUnavailable));
            return effects;
        }
        self.facts.camera = Some(camera);
        vec![Effect::Audit(AuditEvent::CameraOpened), self.draw(now)]
    }

    /// A fault of the device burns no attempt. Where the camera may come back it is waited for.
    fn camera_failed(&mut self, now: Now, fault: DeviceFault) -> Vec<Effect> {
        let mut effects = Vec::new();
        let since = match &mut self.state {
            State::CameraLost { since, .. } => *since,
            State::Capturing { attempt, ended, .. } => {
                let ended = ended.take().or_else(|| attempt.interrupt(&self.opening.policy));
                if let Some(mut record) = ended {
                    // One that passed is nothing without its pictures, which went with the camera.
                    let failure = *record.failure.get_or_insert(AttemptFailure::Interrupted);
                    self.facts.attempts.push(record);
                    effects.extend(self.forgive(failure));
                }
                now.monotonic
            }
            State::OpeningCamera
            | State::Drawing { .. }
            | State::AttemptFailed {
                failure: Failure::Face(_),
            } => now.monotonic,
            _ => return Vec::new(),
        };
        if !matches!(self.state, State::CameraLost { .. }) {
            self.facts.stills.clear();
            self.facts.device_failures = self.facts.device_failures.saturating_add(1);
            effects.push(Effect::Audit(AuditEvent::CameraFailed(fault)));
        }
        if self.attempts_used() >= self.opening.policy.attempts {
            effects.extend(self.record(now, Outcome::NotVerified));
            return effects;
        }
        let given_up = now.monotonic.saturating_sub(since) >= DEVICE_PATIENCE
            || self.facts.device_failures >= DEVICE_FAILURES_MAX;
        if given_up || !may_come_back(fault) {
            effects.extend(self.record(now, Outcome::DeviceUnavailable));
            return effects;
        }
        effects.push(Effect::CloseCamera);
        self.asked_at = now.monotonic;
        self.state = State::CameraLost {
            fault,
            since,
            opening: false,
        };
        effects
    }

    fn open_attempt(&mut self, now: Now, random: [u8; plan::RANDOM_BYTES]) -> Vec<Effect> {
        let State::Drawing { number } = self.state else {
            return Vec::new();
        };
        let policy = &self.opening.policy;
        let plan = plan::draw(&policy.challenge_set, policy.challenges_per_attempt, random);
        let mode = if self.opening.calm {
            LightMode::Calm
        } else {
            LightMode::Normal
        };
        let light = LightPlan::of_attempt(policy.light, mode, &random);
        self.facts.stills.clear();
        self.facts.qualities.clear();
        let attempt = Box::new(FaceAttempt::new(number, plan, light, now));
        self.state = State::Capturing {
            attempt,
            persisted: false,
            ended: None,
            stills_due: 0,
        };
        Vec::new()
    }

    fn observe(&mut self, now: Now, seen: &FaceObservation) -> Vec<Effect> {
        let State::Capturing { attempt, .. } = &mut self.state else {
            return Vec::new();
        };
        let events = attempt.observe(seen, now, &self.opening.policy);
        self.follow(now, events)
    }

    fn follow(&mut self, now: Now, events: Vec<AttemptEvent>) -> Vec<Effect> {
        let mut effects = Vec::new();
        for event in events {
            match event {
                AttemptEvent::Started => {
                    effects.push(Effect::BeginMeasuring);
                    effects.push(Effect::Audit(AuditEvent::AttemptStarted));
                    if let (Some(subject), Some(modality)) = (self.facts.claim.clone(), self.facts.modality) {
                        effects.push(Effect::PersistAttempt { subject, modality });
                    }
                }
                AttemptEvent::KeepStill {
                    frame,
                    purpose,
                    quality,
                } => {
                    if let State::Capturing { stills_due, .. } = &mut self.state {
                        *stills_due += 1;
                    }
                    self.facts.qualities.push((frame, quality));
                    effects.push(Effect::KeepStill { frame, purpose });
                }
                AttemptEvent::NotPositioned => effects.extend(self.record(now, Outcome::FailureToAcquire)),
                AttemptEvent::Ended(record) => {
                    self.asked_at = now.monotonic;
                    if let State::Capturing { ended, .. } = &mut self.state {
                        *ended = Some(record);
                    }
                    effects.extend(self.conclude_attempt(now));
                }
            }
        }
        effects
    }

    fn attempt_persisted(&mut self, now: Now) -> Vec<Effect> {
        if let State::Capturing { persisted, .. } = &mut self.state {
            *persisted = true;
        }
        self.conclude_attempt(now)
    }

    /// The result of an attempt is acted on only when the attempt is counted durably, and all its pictures are
    /// there.
    fn conclude_attempt(&mut self, now: Now) -> Vec<Effect> {
        let State::Capturing {
            persisted: true,
            ended,
            stills_due: 0,
            ..
        } = &mut self.state
        else {
            return Vec::new();
        };
        let Some(record) = ended.take() else {
            return Vec::new();
        };
        let failure = record.failure;
        self.facts.attempts.push(record);
        let Some(failure) = failure else {
            let mut effects = vec![Effect::Audit(AuditEvent::AttemptPassed)];
            let comparable = self
                .facts
                .stills
                .iter()
                .any(|still| still.purpose == StillPurpose::Comparison);
            effects.extend(match (comparable, self.enrols_palm()) {
                (true, true) => self.begin_enrolment(now),
                (true, false) => self.record(now, Outcome::AwaitingIdentification),
                (false, _) => self.record(now, Outcome::FailureToAcquire),
            });
            return effects;
        };
        let mut effects = vec![Effect::Audit(AuditEvent::AttemptFailed(Failure::Face(failure)))];
        self.facts.stills.clear();
        if failure.is_of_device() {
            effects.extend(self.forgive(failure));
            self.facts.device_failures = self.facts.device_failures.saturating_add(1);
            if self.facts.device_failures >= DEVICE_FAILURES_MAX {
                effects.extend(self.record(now, Outcome::DeviceUnavailable));
                return effects;
            }
        }
        let failure = Failure::Face(failure);
        if self.is_used_up() {
            effects.extend(self.device_is_used_up(now, failure));
        } else {
            self.touched_at = now.monotonic;
            self.state = State::AttemptFailed { failure };
        }
        effects
    }

    /// Without an attempt left with a device there may still be the face, or people.
    fn device_is_used_up(&mut self, now: Now, failure: Failure) -> Vec<Effect> {
        if !self.face_follows() && !self.people_follow() {
            return self.record(now, Outcome::NotVerified);
        }
        self.touched_at = now.monotonic;
        self.state = State::AttemptFailed { failure };
        Vec::new()
    }

    fn keep(&mut self, now: Now, purpose: StillPurpose, sample: Option<CapturedSample>) -> Vec<Effect> {
        let State::Capturing { stills_due, .. } = &mut self.state else {
            return Vec::new();
        };
        *stills_due = stills_due.saturating_sub(1);
        if let Some(sample) = sample {
            let measured = self
                .facts
                .qualities
                .iter()
                .find(|(frame, _)| *frame == sample.frame);
            let quality = measured.map(|(_, quality)| *quality);
            self.facts.stills.retain(|kept| kept.purpose != purpose);
            self.facts.stills.push(Still {
                page: None,
                purpose,
                sample,
                quality,
            });
        }
        self.conclude_attempt(now)
    }

    fn retry(&mut self, now: Now) -> Vec<Effect> {
        let State::AttemptFailed { failure } = self.state else {
            return Vec::new();
        };
        if self.is_last(failure) && !self.face_follows() {
            return Vec::new();
        }
        self.touched_at = now.monotonic;
        let mut effects = vec![Effect::Audit(AuditEvent::RetryChosen)];
        match failure {
            Failure::Face(_) | Failure::FaceUsedUp => effects.push(self.draw(now)),
            Failure::Palm { .. } | Failure::PalmUsedUp | Failure::Enrolment(_) => {
                effects.extend(self.retry_palm(now, failure));
            }
        }
        effects
    }

    /// The next attempt begins with a draw.
    fn draw(&mut self, now: Now) -> Effect {
        self.asked_at = now.monotonic;
        self.state = State::Drawing {
            number: self.attempts_used() + 1,
        };
        Effect::DrawRandom
    }

    fn back(&mut self, now: Now) -> Vec<Effect> {
        self.touched_at = now.monotonic;
        match &self.state {
            State::Consenting { .. } => self.back_to_services(),
            State::Filling { .. } | State::Claiming { .. } => self.back_in_form(),
            State::Operator { checking: false, .. } | State::ChoosingMethod => {
                self.facts.claim = None;
                self.facts.identity_document = None;
                self.facts.operator = None;
                self.facts.palm = PalmFacts::default();
                self.state = State::Claiming { error: None };
            }
            State::Palm(PalmState::Consenting) => self.state = State::ChoosingMethod,
            State::CallBack { .. } | State::Images(ImagesState::Consenting | ImagesState::Intro) => {
                self.back_from_assisted();
            }
            State::ChoosingAssisted => return self.back_to_device(now),
            _ => return Vec::new(),
        }
        vec![Effect::Audit(AuditEvent::BackChosen)]
    }

    fn cancel(&mut self, now: Now) -> Vec<Effect> {
        let effects = self.withdraw(now);
        if effects.is_empty() {
            return effects;
        }
        let mut all = vec![Effect::Audit(AuditEvent::CancelChosen)];
        all.extend(effects);
        all
    }

    fn withdraw(&mut self, now: Now) -> Vec<Effect> {
        match &self.state {
            State::ChoosingService
            | State::Consenting { .. }
            | State::Filling { .. }
            | State::Claiming { .. }
            | State::Operator { .. }
            | State::ChoosingMethod
            | State::Palm(PalmState::Consenting) => self.end_before_capture(now, Outcome::Withdrawn),
            State::CountingAttempts if self.facts.palm.attempts_used() == 0 => {
                self.end_before_capture(now, Outcome::Withdrawn)
            }
            State::ChoosingAssisted | State::CallBack { .. } | State::Images(_) => {
                self.leave_assisted(now, Outcome::Withdrawn)
            }
            // The devices have said no for the last time, whoever else may be asked.
            State::AttemptFailed { failure } if self.is_last(*failure) => {
                self.record(now, Outcome::NotVerified)
            }
            State::OpeningCamera
            | State::CameraLost { .. }
            | State::Drawing { .. }
            | State::Capturing { .. }
            | State::CountingAttempts
            | State::Palm(_)
            | State::AttemptFailed { .. } => self.record(now, Outcome::Withdrawn),
            // What is captured is captured: the record must be made, and the answer is not in our hands.
            State::Recording { .. } | State::Identifying { .. } => Vec::new(),
            // The answer may still come; nobody waits for it here.
            State::AtHostedPage { .. } => self.stop_waiting(now),
            State::Ended { .. } => self.close(),
            State::StoreFailed | State::Closed => Vec::new(),
        }
    }

    fn finish(&mut self) -> Vec<Effect> {
        if matches!(self.state, State::Ended { .. }) {
            self.close()
        } else {
            Vec::new()
        }
    }

    fn close(&mut self) -> Vec<Effect> {
        self.facts = Facts::default();
        self.state = State::Closed;
        vec![Effect::Audit(AuditEvent::SessionClosed)]
    }

    fn end_before_capture(&mut self, now: Now, outcome: Outcome) -> Vec<Effect> {
        self.facts = Facts::default();
        self.state = State::Ended {
            outcome,
            recorded: false,
            since: now.monotonic,
        };
        vec![Effect::Audit(AuditEvent::EndedBeforeCapture(outcome))]
    }

    /// Every way out of the capture leads here: one document, whatever the outcome.
    fn record(&mut self, now: Now, outcome: Outcome) -> Vec<Effect> {
        let mut effects = self.leave_devices();
        self.interrupt_scan(now);
        if let State::Capturing { attempt, ended, .. } = &mut self.state {
            self.facts
                .attempts
                .extend(ended.take().or_else(|| attempt.interrupt(&self.opening.policy)));
        }
        let suspected = self.is_suspected();
        // Who was suspected once does not get rid of it by sitting still, leaving, standing aside or waiting afterwards.
        let outcome = match outcome {
            Outcome::NotVerified | Outcome::Withdrawn | Outcome::TimedOut | Outcome::FailureToAcquire
                if suspected =>
            {
                Outcome::AttackSuspected
            }
            outcome => outcome,
        };
        // A face that passed is no failure, whatever came to nothing after it.
        let passed = self
            .facts
            .attempts
            .last()
            .is_some_and(|attempt| attempt.failure.is_none());
        if let (true, Some(subject)) = (
            passed && outcome != Outcome::AwaitingIdentification,
            &self.facts.claim,
        ) {
            effects.push(Effect::ForgiveAttempt {
                subject: subject.clone(),
                modality: Modality::Face,
            });
        }
        let captured = outcome == Outcome::AwaitingIdentification;
        let service = self.facts.service.take().unwrap_or_default();
        let request = match self.request(&service, outcome, now) {
            Ok(request) => request,
            Err(error) => {
                effects.push(Effect::Audit(AuditEvent::CalendarTooShort(error)));
                None
            }
        };
        self.ended_at = now.utc;
        self.request_due = request.as_ref().map(|request| request.due);
        let suspicions = self.suspicions(&service, outcome);
        let evidence = Evidence {
            document_id: self.opening.document_id,
            session_id: self.opening.session_id,
            organisation: self.opening.organisation.clone(),
            kiosk: self.opening.kiosk.clone(),
            language: self.opening.language,
            legal_basis: service.legal_basis.iter().map(|basis| basis.id.clone()).collect(),
            asks_request_state: captured && service.asks_request_state,
            // Whoever is recorded has chosen one.
            service: Some(service.id),
            profile: self.opening.profile.clone(),
            consents: self.facts.consents.clone(),
            entries: std::mem::take(&mut self.facts.entries),
            identity_document: self.facts.identity_document.take(),
            request,
            suspicions,
            operator: self.facts.operator.take(),
            route: self.facts.route,
            route_reason: self.facts.route_reason,
            call_back: self.facts.call_back.take(),
            integrity: self.opening.integrity.clone(),
            claim: self.facts.claim.clone(),
            modality: match self.facts.route {
                Route::Images => Some(Modality::Face),
                Route::Kiosk | Route::HostedPage | Route::CallBack => self.facts.modality,
            },
            started_at: self.started_at,
            ended_at: now.utc,
            outcome,
            camera: self.facts.camera.clone(),
            attempts: self.facts.attempts.clone(),
            attempts_before: self.facts.attempts_before,
            palm: self.facts.palm.evidence(),
            stills: if captured && self.facts.route == Route::Images {
                self.facts.images.take()
            } else if captured {
                std::mem::take(&mut self.facts.stills)
            } else {
                Vec::new()
            },
            policy: self.opening.policy.clone(),
            audit: None,
        };
        self.state = State::Recording { outcome };
        effects.push(Effect::Record {
            evidence: Box::new(evidence),
            accounts_for: self.accounted_for(outcome),
        });
        effects
    }

    /// Attempts do not come back by leaving and beginning anew, nor by pulling a plug.
    fn accounted_for(&self, outcome: Outcome) -> Vec<Modality> {
        let left = matches!(
            outcome,
            Outcome::Withdrawn | Outcome::TimedOut | Outcome::DeviceUnavailable
        );
        if left {
            return Vec::new();
        }
        // At the centre's page the centre counts.
        let face = self.facts.modality == Some(Modality::Face) && self.facts.route == Route::Kiosk;
        // Pictures for people give no attempt with a device back.
        let palm = !self.facts.route.is_assisted()
            && (self.facts.modality == Some(Modality::Palm) || self.facts.palm.attempts_used() > 0);
        [(face, Modality::Face), (palm, Modality::Palm)]
            .into_iter()
            .filter_map(|(used, modality)| used.then_some(modality))
            .collect()
    }

    fn recorded(&mut self, now: Now, result: Result<(), RecordFailed>) -> Vec<Effect> {
        let State::Recording { outcome } = self.state else {
            return Vec::new();
        };
        if let Err(RecordFailed) = result {
            return self.store_failed();
        }
        self.enrolled_palm = self.facts.palm.has_enrolled();
        let route = self.facts.route;
        self.recorded_route = route;
        self.facts = Facts::default();
        self.touched_at = now.monotonic;
        self.state = if outcome == Outcome::AwaitingIdentification {
            match route {
                Route::Kiosk | Route::Images | Route::CallBack => State::Identifying { since: now.monotonic },
                Route::HostedPage => State::AtHostedPage {
                    since: now.monotonic,
                    url: None,
                },
            }
        } else {
            State::Ended {
                outcome,
                recorded: true,
                since: now.monotonic,
            }
        };
        vec![Effect::Audit(AuditEvent::Recorded(outcome))]
    }

    /// The answer has not come while the person waited.
    fn stop_waiting(&mut self, now: Now) -> Vec<Effect> {
        self.state = State::Ended {
            outcome: Outcome::AwaitingIdentification,
            recorded: true,
            since: now.monotonic,
        };
        vec![Effect::Audit(AuditEvent::AnswerNotAwaited)]
    }

    /// What ends the work of whichever device is at work.
    fn leave_devices(&self) -> Vec<Effect> {
        let mut effects = vec![Effect::CloseCamera];
        if matches!(&self.state, State::Palm(state) if state.has_order()) {
            effects.push(Effect::CancelScan);
        }
        effects
    }

    fn store_failed(&mut self) -> Vec<Effect> {
        if matches!(
            self.state,
            State::Ended { .. } | State::Closed | State::StoreFailed
        ) {
            return Vec::new();
        }
        let mut effects = self.leave_devices();
        effects.push(Effect::Audit(AuditEvent::StoreFailed));
        self.facts = Facts::default();
        self.state = State::StoreFailed;
        effects
    }

    fn identified(&mut self, now: Now, document_id: DocumentId, answer: Answer) -> Vec<Effect> {
        let waiting = matches!(
            self.state,
            State::Identifying { .. }
                | State::AtHostedPage { .. }
                | State::Ended {
                    outcome: Outcome::AwaitingIdentification,
                    ..
                }
        );
        if waiting && document_id == self.opening.document_id {
            let outcome = match answer.verdict {
                Verdict::Match => Outcome::Verified,
                _ => Outcome::NotVerified,
            };
            self.answer = Some(answer);
            self.state = State::Ended {
                outcome,
                recorded: true,
                since: now.monotonic,
            };
            return vec![Effect::Audit(AuditEvent::AnswerShown)];
        }
        Vec::new()
    }

    /// Notes a choice that may be made at any time, while there is a session.
    fn noted(&self, event: AuditEvent) -> Vec<Effect> {
        match self.state {
            State::Closed | State::StoreFailed => Vec::new(),
            _ => vec![Effect::Audit(event)],
        }
    }

    fn tick(&mut self, now: Now) -> Vec<Effect> {
        // An attempt knows better than a single deadline what is due; and its silence is an answer.
        if let State::Capturing {
            attempt, ended: None, ..
        } = &mut self.state
        {
            let events = attempt.tick(now, &self.opening.policy);
            return self.follow(now, events);
        }
        if self.deadline().is_none_or(|deadline| now.monotonic < deadline) {
            return Vec::new();
        }
        match &self.state {
            State::Identifying { .. } | State::AtHostedPage { .. } => self.stop_waiting(now),
            State::Ended { .. } => self.close(),
            State::Operator { checking: true, .. } => self.store_failed(),
            State::AttemptFailed { failure } if self.is_last(*failure) => {
                self.record(now, Outcome::NotVerified)
            }
            State::AttemptFailed { .. } => self.record(now, Outcome::TimedOut),
            State::ChoosingAssisted | State::CallBack { .. } => self.leave_assisted(now, Outcome::TimedOut),
            State::Images(_) => self.images_tick(now),
            State::Palm(_) => self.palm_tick(now),
            State::CountingAttempts => self.store_failed(),
            State::CameraLost {
                fault,
                since,
                opening: false,
            } => {
                let (fault, since) = (*fault, *since);
                self.asked_at = now.monotonic;
                self.state = State::CameraLost {
                    fault,
                    since,
                    opening: true,
                };
                vec![Effect::OpenCamera]
            }
            State::OpeningCamera
            | State::CameraLost { .. }
            | State::Drawing { .. }
            | State::Capturing { .. } => self.camera_failed(now, DeviceFault::Timeout),
            _ => self.end_before_capture(now, Outcome::TimedOut),
        }
    }

    /// Gives back an attempt that a device cut off. Not without end: who covers the lens after seeing a prompt gets
    /// another prompt by it.
    fn forgive(&mut self, failure: AttemptFailure) -> Option<Effect> {
        let of_device = failure.is_of_device() || failure == AttemptFailure::Interrupted;
        let (subject, modality) = self.facts.claim.clone().zip(self.facts.modality)?;
        if !of_device || self.facts.forgiven >= FORGIVEN_MAX {
            return None;
        }
        self.facts.forgiven += 1;
        Some(Effect::ForgiveAttempt { subject, modality })
    }

    fn attempts_used(&self) -> u8 {
        if self.facts.modality == Some(Modality::Palm) {
            return self.facts.palm.attempts_used();
        }
        let here = u8::try_from(self.facts.attempts.len()).unwrap_or(u8::MAX);
        self.facts.attempts_before.saturating_add(
            here.saturating_sub(self.facts.forgiven.saturating_add(self.facts.forgiven_aside)),
        )
    }

    /// Whether no attempt with the device is left behind this one. An enrolment follows a face that passed.
    fn is_last(&self, failure: Failure) -> bool {
        !matches!(failure, Failure::Enrolment(_)) && self.is_used_up()
    }

    /// Whether no attempt is left with the device of this session.
    fn is_used_up(&self) -> bool {
        self.facts.modality.is_some() && self.attempts_used() >= self.opening.policy.attempts
    }
}

/// Whether waiting may help. A camera that is virtual, that is not the configured one, gives another format or may
/// not be opened wants somebody who changes that.
fn may_come_back(fault: DeviceFault) -> bool {
    match fault {
        DeviceFault::NotFound
        | DeviceFault::Busy
        | DeviceFault::Timeout
        | DeviceFault::Protocol
        | DeviceFault::Disconnected
        | DeviceFault::Black
        | DeviceFault::Frozen => true,
        DeviceFault::NoPermission | DeviceFault::Format | DeviceFault::Identity | DeviceFault::Virtual => {
            false
        }
    }
}

/// The consents that a service asks for.
fn asked(service: Option<&Service>) -> &[ConsentDemand] {
    service.map_or(&[], |service| &service.consents)
}

#[cfg(test)]
mod tests;
