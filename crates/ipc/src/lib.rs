//! What the shell and the screens say to each other: [`Intent`] goes in, [`View`] comes out.
//!
//! **API Boundary.** No sample, template, score or identifier is ever part of a [`View`]; what a person enters is part
//! of an [`Intent`] alone, and has a `Debug` that hides it. Preview frames are not here: they go by a
//! channel of raw bytes.

mod technician;

mod images;
pub mod speech;
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

pub use technician::{
    Desk, DeskPage, DeviceOffer, Health, Pack, Part, PartHealth, PartState, Said, Sound, SoundFrom,
    SoundTrial, Trial, VoiceHealth, Why, Wish,
};

pub use images::{ImagesStage, PageKind, PagePrompt, Picture, PictureHint};

/// Language of the screens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Language {
    /// Kazakh, the state language: the default.
    #[default]
    Kk,
    /// Russian.
    Ru,
    /// English.
    En,
}

/// What the person at the kiosk wants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Intent {
    /// Show the screens in this language from now on. Allowed at any time.
    SetLanguage {
        /// The language.
        language: Language,
    },
    /// Start a session, from the welcome screen.
    Begin,
    /// Ask for this service.
    ChooseService {
        /// One of [`Screen::Service`]'s `services`.
        service: String,
    },
    /// Answer a consent.
    AnswerConsent {
        /// Name of the text that was shown, so that a second touch does not answer the next one.
        text: String,
        /// Whether it is given.
        given: bool,
    },
    /// Answer a field of the service; empty text leaves it empty.
    AnswerField {
        /// Name of the field that was shown, so that a second touch does not answer the next one.
        field: String,
        /// What was typed, or the name of the choice.
        value: Entered,
    },
    /// Claim this identity.
    Claim {
        /// The digits as entered.
        iin: Entered,
    },
    /// Claim the identity in the machine-readable zone of an identity document.
    ClaimByZone {
        /// The three lines of the zone, as typed or scanned.
        zone: Entered,
    },
    /// A person of the institution says to be present.
    EnterOperator {
        /// The own code.
        code: Entered,
    },
    /// Be verified this way.
    ChooseMethod {
        /// The way.
        method: Method,
    },
    /// Not to be able to do what the device asks for, and to go on with people.
    CannotPerform,
    /// Show this identity document, for pictures.
    ChoosePage {
        /// Its kind.
        page: PageKind,
    },
    /// Take the picture as soon as it is good, also of a hand that trembles.
    TakePicture,
    /// The picture on the screen is good, or all of them are.
    AcceptPicture,
    /// Take a picture again: the one on the screen, or from the review this one.
    RetakePicture {
        /// Which.
        picture: Option<Picture>,
    },
    /// Be called on this mobile number.
    CallBack {
        /// The number as entered.
        number: Entered,
    },
    /// Be called on the number that was given for the service.
    CallBackOnGiven,
    /// Try again after an attempt that did not pass.
    Retry,
    /// One step back, before the capture.
    Back,
    /// End the session.
    Cancel,
    /// Print the slip of the outcome.
    Print,
    /// Done reading the outcome.
    Finish,
    /// A touch that changes nothing; keeps the session alive.
    StayAlive,
    /// Let the screen change its colours slowly and faintly while the camera looks. Allowed at any time; holds until
    /// the end of the session.
    SetCalm {
        /// Whether it is wanted.
        calm: bool,
    },
    /// A member of the staff or the technician asks for the entry of the own code. Heard while nobody is served.
    CallStaff,
    /// The code of whoever asked for it.
    EnterStaffCode {
        /// The code.
        code: Entered,
    },
    /// What the technician wants, from the own desk.
    Desk {
        /// What.
        wish: Wish,
    },
    /// So large is the page on the display.
    Display {
        /// Width in pixels of the page.
        width_px: u32,
        /// Height in pixels of the page.
        height_px: u32,
    },
}

/// What a person typed, right or wrong. `Debug` hides it, and it is wiped when it is dropped.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Entered(pub String);

impl Entered {
    /// The text, for whoever wipes it in turn.
    pub fn take(mut self) -> String {
        std::mem::take(&mut self.0)
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl std::fmt::Debug for Entered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(sensitive)")
    }
}

/// Ways to be verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// By the face.
    Face,
    /// By the palm.
    Palm,
    /// On the centre's own page, with one's own phone.
    Phone,
    /// With a person, by video.
    Video,
    /// By pictures of the face and of the identity document, at which a person looks.
    Images,
}

/// A text of the institution, in the three languages.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Texts {
    /// Kazakh.
    pub kk: String,
    /// Russian.
    pub ru: String,
    /// English.
    pub en: String,
}

impl Texts {
    /// The text in this language.
    pub fn of(&self, language: Language) -> &str {
        match language {
            Language::Kk => &self.kk,
            Language::Ru => &self.ru,
            Language::En => &self.en,
        }
    }
}

/// A service on offer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Its name, for [`Intent::ChooseService`].
    pub id: String,
    /// As it is offered.
    pub title: Texts,
    /// One sentence about it.
    pub summary: Texts,
    /// Whether it stands under "my data" and not under the services.
    pub own_data: bool,
}

/// The institution's own wording of a consent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wording {
    /// Heading.
    pub title: Texts,
    /// The text. A blank line starts a paragraph, `• ` a line of a list.
    pub body: Texts,
}

/// What follows from refusing a consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Refusal {
    /// The session ends.
    Ends,
    /// The session goes on without what the consent is for.
    Continues,
    /// People of the institution go on.
    Refers,
}

/// What is entered into a field; says which keys are needed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum FieldInput {
    /// Digits of an amount in tenge.
    Amount,
    /// Digits of a count.
    Count,
    /// Digits of a mobile number behind `+7`.
    Phone,
    /// Twelve digits.
    Bin,
    /// Nine digits.
    CardNumber,
    /// A name: letters.
    Name,
    /// Free text.
    Text {
        /// How many characters at most.
        max_chars: u32,
    },
    /// One of these.
    Choice {
        /// Name and title of each.
        options: Vec<(String, Texts)>,
    },
    /// Digits and letters of the number of a request.
    RequestNumber,
}

/// What was wrong with an entry into a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum FieldError {
    /// Nothing was entered.
    Missing,
    /// It has not the form of such a value.
    Shape,
    /// Below the smallest.
    TooSmall {
        /// The smallest.
        min: u64,
    },
    /// Above the largest.
    TooLarge {
        /// The largest.
        max: u64,
    },
    /// Too many characters.
    TooLong {
        /// How many may be.
        max: u32,
    },
    /// A number of another country.
    Country,
    /// Not one of a mobile phone.
    NotMobile,
    /// A digit was mistyped.
    CheckDigit,
    /// Characters that no name has.
    Letters,
}

/// How the slip of the outcome stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Slip {
    /// There is no printer.
    None,
    /// It can be printed.
    Ready,
    /// It is being printed.
    Printing,
    /// It was printed.
    Printed,
    /// It could not be printed; the person can try again, or ask the staff.
    Failed,
    /// The printer has no paper.
    NoPaper,
}

/// How an earlier request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RequestState {
    /// It has arrived.
    Received,
    /// Somebody works on it.
    InProgress,
    /// The answer can be fetched.
    Ready,
    /// It was answered.
    Answered,
    /// It was refused; the reason is told by the institution.
    Refused,
    /// This person made no request of this number.
    Unknown,
}

/// A day, for the screens to write in their language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    /// Year.
    pub year: i32,
    /// Month, from 1.
    pub month: u8,
    /// Day of the month.
    pub day: u8,
}

/// All that the screens need to show. A new one replaces the old one whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// Language of the screens.
    pub language: Language,
    /// What is shown.
    pub screen: Screen,
    /// State of the line to the gateway, for the status strip.
    pub link: Link,
    /// Documents that the gateway does not have yet.
    pub pending: u32,
    /// What the staff should see to; the codes stand in the status strip.
    pub attention: Vec<ErrorCode>,
    /// Name of the replayed clip if the camera is a replay: always shown.
    pub replay: Option<String>,
    /// Whether this is a demonstration: always shown.
    pub demo: bool,
    /// Seconds until an idle session ends, once the warning is due.
    pub idle_warning_s: Option<u32>,
    /// Whether colours change slowly and faintly; see [`Intent::SetCalm`].
    pub calm: bool,
    /// Whether the person may say that they cannot do what is asked; see [`Intent::CannotPerform`].
    pub may_stand_aside: bool,
}

/// The screen on which the page stands, told to each page once, when it subscribes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Display {
    /// Pixels of the screen in a millimetre of it.
    pub px_per_mm: f64,
    /// How high above the floor the lowest pixel is, where that is known.
    pub bottom_edge_mm: Option<f64>,
}

impl Display {
    /// A screen of which nothing is known: 96 pixels an inch, as CSS takes it.
    pub const UNKNOWN: Self = Self {
        px_per_mm: 96.0 / 25.4,
        bottom_edge_mm: None,
    };
}

/// State of the line to the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Link {
    /// Connected.
    Online,
    /// Not connected; documents wait.
    Offline,
}

/// One screen and what is on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Screen {
    /// Nobody is there: greets in all languages, and any touch or key leads to [`Screen::Welcome`].
    Attract,
    /// Greeting, languages, start.
    Welcome,
    /// Choice of the service.
    Service {
        /// The services on offer.
        services: Vec<Offer>,
    },
    /// One consent text.
    Consent {
        /// Name of the text; without an own wording it is in the locales under `consent-<name>`.
        text: String,
        /// Its version.
        version: u32,
        /// The institution's own wording, if it has one.
        wording: Option<Wording>,
        /// What follows from refusing it.
        refusal: Refusal,
        /// Which of how many, from 1.
        number: u32,
        /// How many.
        of: u32,
    },
    /// A question of the service.
    Field {
        /// Its name, for [`Intent::AnswerField`].
        field: String,
        /// What is entered.
        input: FieldInput,
        /// Whether it may not be left empty.
        required: bool,
        /// The question.
        label: Texts,
        /// A sentence below it; may be empty.
        hint: Texts,
        /// Which of how many at most, from 1.
        number: u32,
        /// How many at most.
        of: u32,
        /// What was wrong with the last entry.
        error: Option<FieldError>,
    },
    /// Entry of the IIN, or of the zone of an identity document.
    Claim {
        /// What was wrong with the last entry.
        error: Option<ClaimError>,
    },
    /// A person of the institution is to enter the own code.
    Operator {
        /// Why the last code did not do.
        refused: Option<CodeRefusal>,
    },
    /// Choice of a way with people, by a person who cannot do what a device asks for.
    Assisted {
        /// The ways.
        methods: Vec<Method>,
        /// How many attempts with the device are left; without any it may not be tried once more.
        left: u32,
        /// Standing aside used up an attempt.
        spent: bool,
    },
    /// Entry of the mobile number that the institution is to call.
    CallBack {
        /// What was wrong with the last entry.
        error: Option<FieldError>,
        /// A number was given for the service, and need not be entered anew.
        given: bool,
    },
    /// Pictures for an examiner. They are shown by the channel of the preview.
    Images {
        /// Where they stand.
        stage: ImagesStage,
        /// The picture.
        picture: Picture,
        /// The identity document, once it was chosen.
        page: Option<PageKind>,
        /// What to do, while the camera looks.
        hint: Option<PictureHint>,
        /// Which picture this is, from 1.
        number: u32,
        /// How many there are.
        of: u32,
        /// How often it may be taken again.
        left: u32,
    },
    /// The centre's own page is open for the person's phone.
    Phone {
        /// Its address, to be shown as a QR code; none while it is being opened.
        url: Option<String>,
    },
    /// Choice of the method.
    Method {
        /// Methods and whether each can be used now.
        methods: Vec<(Method, Availability)>,
    },
    /// The camera looks, the person acts.
    Face {
        /// What to do.
        prompt: Prompt,
        /// Actions done.
        done: u32,
        /// Actions asked for.
        of: u32,
        /// This attempt, from 1.
        attempt: u32,
        /// Attempts allowed.
        attempts: u32,
        /// The colour with which the whole screen is to light the face now, red, green, blue; none is the normal
        /// screen.
        light: Option<[u8; 3]>,
    },
    /// The camera cannot be used just now; the kiosk goes on by itself once it can.
    CameraTrouble {
        /// What is wrong.
        trouble: CameraTrouble,
    },
    /// The palm scanner looks, the person holds a hand before it.
    Palm {
        /// For what.
        purpose: PalmPurpose,
        /// What to do.
        prompt: HandPrompt,
        /// This attempt, from 1.
        attempt: u32,
        /// Attempts allowed.
        attempts: u32,
    },
    /// The palm scanner cannot be used just now; the kiosk goes on by itself once it can.
    ScannerTrouble {
        /// What is wrong.
        trouble: ScannerTrouble,
    },
    /// An attempt did not pass, and something is left to be tried.
    AttemptFailed {
        /// Why.
        reason: AttemptReason,
        /// How many attempts are left this way.
        left: u32,
        /// What [`Intent::Retry`] does.
        next: NextAttempt,
    },
    /// The kiosk works.
    Progress {
        /// On what.
        stage: Stage,
    },
    /// The end.
    Outcome {
        /// How it ended.
        outcome: Outcome,
        /// The number under which it is recorded, for questions later; empty if nothing was recorded.
        record: String,
        /// Whether a palm was enrolled, which can be used at this kiosk once the outcome is [`Outcome::Verified`].
        enrolled_palm: bool,
        /// The request that was made, if one was: its number, and up to when it is to be answered.
        request: Option<(String, Day)>,
        /// How an earlier request stands, where that was asked and answered.
        request_state: Option<RequestState>,
        /// Why the pictures were refused, where a member of the staff looked at them and did.
        refused: Option<PicturesRefused>,
        /// How the slip stands.
        slip: Slip,
    },
    /// Outside the opening hours.
    Closed {
        /// When the kiosk opens next: the day, hour and minute in Kazakhstan; none where that is not known.
        opens: Option<(Day, u8, u8)>,
    },
    /// The kiosk cannot serve.
    OutOfService {
        /// For the technician.
        code: ErrorCode,
    },
    /// A member of the staff or the technician enters the own code.
    TechnicianLogin {
        /// The last code was nobody's.
        wrong: bool,
        /// Seconds for which no code is taken, after wrong ones.
        locked_s: Option<u32>,
    },
    /// The technician's desk.
    Health {
        /// What is on it.
        desk: Box<Desk>,
    },
    /// How the kiosk does, for the staff of the branch.
    Status {
        /// How it does.
        health: Box<Health>,
    },
}

impl Screen {
    /// Whether nobody is served while this is shown.
    pub fn is_at_rest(&self) -> bool {
        matches!(
            self,
            Self::Attract | Self::Welcome | Self::Closed { .. } | Self::OutOfService { .. }
        )
    }
}

/// Why the code of a person of the institution did not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CodeRefusal {
    /// It is nobody's.
    Wrong,
    /// It was not looked at, for too many before it were wrong.
    Paused {
        /// Minutes until it is, rounded up.
        minutes: u32,
    },
}

/// What was wrong with an entered IIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClaimError {
    /// Not twelve digits.
    Shape,
    /// No birth date.
    BirthDate,
    /// No valid century digit.
    Century,
    /// A digit was mistyped.
    CheckDigit,
    /// Nobody with this number can be alive, or is born.
    Implausible,
    /// The zone has not the form of an identity document's.
    ZoneShape,
    /// A check digit of the zone is wrong: something was mistyped or misread.
    ZoneCheckDigit,
    /// The identity document is no longer valid.
    Expired,
    /// The identity document bears no IIN.
    NoIin,
}

/// Whether a method can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Availability {
    /// Now.
    Ready,
    /// The device is missing or fails.
    DeviceUnavailable,
    /// The service does not allow it.
    NotForThisService,
    /// No palm of this person is enrolled at this kiosk.
    NotEnrolled,
    /// There is no line to the institution now, which this way needs.
    Offline,
}

/// What the person is asked to do in front of the camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Prompt {
    /// Come into the picture.
    ShowFace,
    /// Come closer.
    Closer,
    /// Step back.
    StepBack,
    /// Step to one's own left.
    StepLeft,
    /// Step to one's own right.
    StepRight,
    /// Too little light on the face.
    MoreLight,
    /// Too much light on the face.
    LessLight,
    /// Take off what covers mouth and nose.
    RemoveMask,
    /// Take off what covers the eyes.
    UncoverEyes,
    /// One person only.
    OnePersonOnly,
    /// Look straight into the camera.
    LookStraight,
    /// Keep still.
    HoldStill,
    /// Turn the head to one's own left.
    TurnLeft,
    /// Turn the head to one's own right.
    TurnRight,
    /// Lift the chin.
    LookUp,
    /// Lower the chin.
    LookDown,
    /// Blink.
    Blink,
    /// Open the mouth.
    OpenMouth,
    /// Smile.
    Smile,
}

/// For what a palm is captured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PalmPurpose {
    /// To be verified with it.
    Verify,
    /// To enrol it, so that it can be used next time.
    Enrol,
}

/// What the person is asked to do before the palm scanner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HandPrompt {
    /// Hold the open palm before the scanner.
    ShowHand,
    /// Bring the hand nearer to the scanner.
    Closer,
    /// Take the hand away from the scanner a little.
    Farther,
    /// Move the hand up, away from the body.
    Higher,
    /// Move the hand down, towards the body.
    Lower,
    /// Move the hand to the left.
    Left,
    /// Move the hand to the right.
    Right,
    /// Keep still.
    HoldStill,
    /// Show a palm; something else is seen.
    PalmOnly,
}

/// Why the palm scanner cannot be used just now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScannerTrouble {
    /// It is not plugged in.
    Missing,
    /// Another program uses it.
    Busy,
    /// It does not answer, or not as it should.
    Silent,
}

/// What another try would be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NextAttempt {
    /// The same way once more.
    Again,
    /// This way is used up; the face is left.
    Face,
    /// No device is left; people are.
    People,
}

/// Why an attempt did not pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AttemptReason {
    /// The action was not seen in time.
    NotPerformed,
    /// A different action was seen.
    WrongAction,
    /// The face left the picture.
    FaceLost,
    /// More than one face.
    SeveralFaces,
    /// The picture jumped.
    Jump,
    /// The face is not that of the person who began.
    AnotherPerson,
    /// The picture stood still, which is the fault of the camera.
    Frozen,
    /// Not found to be a living person. Says no more than that.
    NotBonaFide,
    /// The palm was not recognised. Says no more than that.
    PalmNotRecognised,
    /// The palm was not found to be that of a living person. Says no more than that.
    PalmNotBonaFide,
    /// Something other than a palm was held before the scanner.
    NotAPalm,
    /// No palm was held before the scanner.
    NoPalmShown,
    /// The hand is too cold.
    HandTooCold,
    /// The hand is too warm.
    HandTooWarm,
    /// The scanner could not measure all that the rules ask for.
    PalmNotMeasured,
    /// The palm could not be enrolled.
    PalmNotEnrolled,
    /// This palm is in the scanner already; the other hand may be shown.
    PalmAlreadyEnrolled,
    /// Earlier sessions have used up the attempts with the face; no picture was taken.
    FaceUsedUp,
    /// Earlier sessions have used up the attempts with the palm; nothing was scanned.
    PalmUsedUp,
}

/// Why the camera cannot be used just now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CameraTrouble {
    /// It is not plugged in.
    Missing,
    /// Another program uses it.
    Busy,
    /// It does not answer.
    Silent,
    /// It gives black pictures; it may be covered.
    Black,
    /// Its picture stands still.
    Frozen,
}

/// What the kiosk works on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Opening the camera.
    Camera,
    /// Opening the palm scanner.
    Scanner,
    /// Signing and storing the document.
    Recording,
    /// Waiting for the centre.
    Identifying,
    /// Waiting for an examiner of the pictures.
    Examining,
}

/// How a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The centre answered with a match.
    Verified,
    /// No match, or no attempt left.
    NotVerified,
    /// The presentation was not found bona fide.
    AttackSuspected,
    /// No usable picture.
    FailureToAcquire,
    /// Ended by the person.
    Withdrawn,
    /// Ended by time.
    TimedOut,
    /// A device failed.
    DeviceUnavailable,
    /// Recorded; the centre has not answered yet.
    AwaitingIdentification,
    /// Pictures are recorded; no examiner has decided yet.
    AwaitingExaminer,
    /// What was asked for needs no verification.
    NotRequired,
    /// People of the institution go on.
    Referred,
    /// People of the institution call back.
    CallBackRequested,
    /// The centre does not know the claimed person.
    PersonNotFound,
    /// The centre has no reference of the person to compare with.
    NoReference,
    /// The centre does not accept the person's kind of identity document.
    DocumentTypeNotAccepted,
    /// The picture was not good enough to be compared.
    QualityInsufficient,
    /// The centre's page was left, or used too late.
    NotCompleted,
}

/// Why a member of the staff refused the pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PicturesRefused {
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

/// Why the kiosk cannot serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorCode {
    /// The encrypted store cannot be used.
    Store,
    /// The program met a fault of its own and starts again.
    Internal,
    /// The kiosk was never enrolled with its institution.
    NotEnrolled,
    /// The institution's server does not serve this kiosk.
    Refused,
    /// Its certificate expires, or has expired.
    Certificate,
    /// Too many documents wait for the gateway.
    Pending,
    /// The gateway was not reached for too long.
    Unsynced,
    /// The disk is nearly full.
    Disk,
    /// The clock is wrong.
    Clock,
    /// Documents, or a whole store, were set aside. Only ever for the staff's attention.
    SetAside,
    /// The kiosk's own files, or what runs beside them, are not as the policy wants them.
    Integrity,
    /// No device is left by which anybody could be verified.
    Devices,
    /// The technician has closed the kiosk.
    Maintenance,
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(value: &impl Serialize, expect: Expect) {
        expect.assert_eq(&serde_json::to_string(value).unwrap());
    }

    #[test]
    fn the_wire_form_of_a_view() {
        let view = View {
            language: Language::Kk,
            screen: Screen::Face {
                prompt: Prompt::TurnLeft,
                done: 1,
                of: 3,
                attempt: 1,
                attempts: 3,
                light: Some([0, 96, 255]),
            },
            link: Link::Offline,
            pending: 2,
            attention: vec![ErrorCode::Disk],
            replay: Some("clip.mp4".into()),
            demo: true,
            idle_warning_s: None,
            calm: false,
            may_stand_aside: true,
        };
        check(
            &view,
            expect![[
                r#"{"language":"kk","screen":{"kind":"face","prompt":"turn-left","done":1,"of":3,"attempt":1,"attempts":3,"light":[0,96,255]},"link":"offline","pending":2,"attention":["disk"],"replay":"clip.mp4","demo":true,"idle_warning_s":null,"calm":false,"may_stand_aside":true}"#
            ]],
        );
        let methods = vec![
            (Method::Face, Availability::Ready),
            (Method::Palm, Availability::NotEnrolled),
        ];
        check(
            &Screen::Method { methods },
            expect![[r#"{"kind":"method","methods":[["face","ready"],["palm","not-enrolled"]]}"#]],
        );
        check(
            &Screen::TechnicianLogin {
                wrong: true,
                locked_s: Some(30),
            },
            expect![[r#"{"kind":"technician-login","wrong":true,"locked_s":30}"#]],
        );
        let parts = vec![PartHealth {
            part: Part::PalmScanner,
            state: PartState::Fails { why: Why::NotFound },
            name: String::new(),
        }];
        check(
            &parts,
            expect![[r#"[{"part":"palm-scanner","state":{"kind":"fails","why":"not-found"},"name":""}]"#]],
        );
        check(
            &Screen::OutOfService {
                code: ErrorCode::Store,
            },
            expect![[r#"{"kind":"out-of-service","code":"store"}"#]],
        );
    }

    #[test]
    fn the_wire_form_of_pictures() {
        let images = Screen::Images {
            stage: ImagesStage::Taking,
            picture: Picture::DocumentFront,
            page: Some(PageKind::Card),
            hint: Some(PictureHint::Page(PagePrompt::Glare)),
            number: 2,
            of: 3,
            left: 4,
        };
        check(
            &images,
            expect![[
                r#"{"kind":"images","stage":"taking","picture":"document-front","page":"card","hint":{"of":"page","prompt":"glare"},"number":2,"of":3,"left":4}"#
            ]],
        );
        let number = Entered("+77010000001".into());
        assert!(!format!("{:?}", Intent::CallBack { number }).contains("7701"));
    }

    #[test]
    fn the_wire_form_of_an_intent() {
        check(&Intent::Begin, expect![[r#"{"kind":"begin"}"#]]);
        let iin = Entered("880412401006".into());
        check(
            &Intent::Claim { iin: iin.clone() },
            expect![[r#"{"kind":"claim","iin":"880412401006"}"#]],
        );
        assert!(!format!("{:?}", Intent::Claim { iin }).contains("88"));
        let code = Entered("70707070".into());
        assert!(!format!("{:?}", Intent::EnterStaffCode { code }).contains("70"));
        let wish = Wish::Maintain { closed: true };
        check(
            &Intent::Desk { wish },
            expect![[r#"{"kind":"desk","wish":{"wish":"maintain","closed":true}}"#]],
        );
    }
}
