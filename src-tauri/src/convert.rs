//! Between the vocabulary of `verification` and that of the screens. Converts, decides nothing.

use ipc::{AttemptReason, Availability, HandPrompt};
use verification::capture::DeviceFault;
use verification::custody::Concern;
use verification::date::Date;
use verification::evidence::{
    DocumentId, Language, Modality, Outcome, RefusalReason, RequestStanding, Route, StillPurpose, Verdict,
};
use verification::health::{Cause, Finding, Part};
use verification::hours::OpeningHours;
use verification::identifier::IinError;
use verification::lockout::Locked;
use verification::mrz::MrzError;
use verification::pad::positioning::FacePrompt;
use verification::pad::{AttemptFailure, PadChallenge};
use verification::page::{PageKind, PagePrompt};
use verification::palm::decision::{PalmFailure, PalmPart};
use verification::palm::{EnrolOutcome, HandPosition};
use verification::request;
use verification::service::{AssistedRoute, Field, FieldError, FieldKind, Group, Refusal, Service, Texts};
use verification::session::{
    ClaimFault, CodeRefusal, Failure, ImagesStage, Input, PictureHint, Session, Showing,
};
use verification::time::UtcMs;

/// What the methods' devices can do now.
#[derive(Debug, Clone, Copy)]
pub struct Devices {
    /// A palm scanner answers that measures what the policy requires.
    pub palm: bool,
    /// There is a line to the gateway.
    pub online: bool,
    /// How the slip of this session stands.
    pub slip: ipc::Slip,
}

/// The code under which the staff hear of a concern.
pub fn concern(concern: Concern) -> ipc::ErrorCode {
    match concern {
        Concern::NotEnrolled => ipc::ErrorCode::NotEnrolled,
        Concern::Refused => ipc::ErrorCode::Refused,
        Concern::Certificate => ipc::ErrorCode::Certificate,
        Concern::Pending => ipc::ErrorCode::Pending,
        Concern::Unsynced => ipc::ErrorCode::Unsynced,
        Concern::DiskFree => ipc::ErrorCode::Disk,
        Concern::Clock => ipc::ErrorCode::Clock,
        Concern::SetAside => ipc::ErrorCode::SetAside,
    }
}

/// A part of the kiosk.
pub fn part(part: Part) -> ipc::Part {
    match part {
        Part::Store => ipc::Part::Store,
        Part::Keys => ipc::Part::Keys,
        Part::Certificate => ipc::Part::Certificate,
        Part::Gateway => ipc::Part::Gateway,
        Part::Camera => ipc::Part::Camera,
        Part::FaceModels => ipc::Part::FaceModels,
        Part::PalmScanner => ipc::Part::PalmScanner,
        Part::Thermometer => ipc::Part::Thermometer,
        Part::Printer => ipc::Part::Printer,
        Part::Sound => ipc::Part::Sound,
        Part::Disk => ipc::Part::Disk,
        Part::Clock => ipc::Part::Clock,
        Part::Integrity => ipc::Part::Integrity,
        Part::Display => ipc::Part::Display,
    }
}

/// What the self-test found of a part.
pub fn finding(finding: Finding) -> ipc::PartState {
    match finding {
        Finding::Unknown => ipc::PartState::Unknown,
        Finding::Works => ipc::PartState::Works,
        Finding::NotFitted => ipc::PartState::NotFitted,
        Finding::Attention(cause) => ipc::PartState::Attention { why: why(cause) },
        Finding::Fails(cause) => ipc::PartState::Fails { why: why(cause) },
    }
}

/// What is wrong with a part.
pub fn why(cause: Cause) -> ipc::Why {
    match cause {
        Cause::Device(fault) => match fault {
            DeviceFault::NotFound => ipc::Why::NotFound,
            DeviceFault::NoPermission => ipc::Why::NoPermission,
            DeviceFault::Busy => ipc::Why::Busy,
            DeviceFault::Timeout => ipc::Why::Silent,
            DeviceFault::Protocol => ipc::Why::Unexpected,
            DeviceFault::Disconnected => ipc::Why::Unplugged,
            DeviceFault::Black => ipc::Why::Black,
            DeviceFault::Frozen => ipc::Why::Frozen,
            DeviceFault::Format => ipc::Why::Format,
            DeviceFault::Identity => ipc::Why::AnotherDevice,
            DeviceFault::Virtual => ipc::Why::Virtual,
        },
        Cause::Unfit => ipc::Why::Unfit,
        Cause::NoPaper => ipc::Why::NoPaper,
        Cause::Offline => ipc::Why::Offline,
        Cause::Unsynced => ipc::Why::Unsynced,
        Cause::Refused => ipc::Why::Refused,
        Cause::NotEnrolled => ipc::Why::NotEnrolled,
        Cause::Expires => ipc::Why::Expires,
        Cause::Short => ipc::Why::Short,
        Cause::Pending => ipc::Why::Pending,
        Cause::SetAside => ipc::Why::SetAside,
        Cause::Wrong => ipc::Why::Wrong,
        Cause::Incomplete => ipc::Why::Incomplete,
    }
}

/// The screen for a session; `None` once nothing is left of it.
pub fn screen(session: &Session, devices: Devices) -> Option<ipc::Screen> {
    Some(match session.showing() {
        Showing::Service => ipc::Screen::Service {
            services: session.catalogue().iter().map(offer).collect(),
        },
        Showing::Consent {
            text,
            version,
            wording,
            refusal: follows,
            number,
            of,
        } => ipc::Screen::Consent {
            text,
            version,
            wording: wording.map(|wording| ipc::Wording {
                title: texts(&wording.title),
                body: texts(&wording.body),
            }),
            refusal: refusal(follows),
            number: count(number),
            of: count(of),
        },
        Showing::Field {
            field,
            number,
            of,
            error,
        } => ipc::Screen::Field {
            input: field_input(&field),
            field: field.name,
            required: field.required,
            label: texts(&field.label),
            hint: texts(&field.hint),
            number: count(number),
            of: count(of),
            error: error.map(field_error),
        },
        Showing::Operator { refused } => ipc::Screen::Operator {
            refused: refused.map(code_refusal),
        },
        Showing::HostedPage { url } => ipc::Screen::Phone {
            url: url.map(|url| url.expose().clone()),
        },
        Showing::Claim { error } => ipc::Screen::Claim {
            error: error.map(claim_error),
        },
        Showing::Method {
            face,
            palm,
            not_enrolled,
            hosted_page,
            assisted,
        } => ipc::Screen::Method {
            methods: methods(face, palm, not_enrolled, hosted_page, &assisted, devices),
        },
        Showing::Assisted { routes, left, spent } => ipc::Screen::Assisted {
            methods: routes.into_iter().map(assisted).collect(),
            left: left.into(),
            spent,
        },
        Showing::CallBack { error, given } => ipc::Screen::CallBack {
            error: error.map(|error| field_error(error.into())),
            given,
        },
        Showing::Images {
            stage,
            picture: which,
            kind,
            number,
            of,
            left,
        } => ipc::Screen::Images {
            stage: images_stage(stage),
            picture: picture(which),
            page: kind.map(page),
            hint: match stage {
                ImagesStage::Taking(hint) => Some(picture_hint(hint)),
                _ => None,
            },
            number: count(number),
            of: count(of),
            left: left.into(),
        },
        Showing::OpeningCamera => ipc::Screen::Progress {
            stage: ipc::Stage::Camera,
        },
        Showing::Face {
            prompt,
            done,
            of,
            attempt,
            attempts,
            light,
        } => ipc::Screen::Face {
            prompt: face_prompt(prompt),
            done: count(done),
            of: count(of),
            attempt: attempt.into(),
            attempts: attempts.into(),
            light,
        },
        Showing::CameraTrouble { fault } => ipc::Screen::CameraTrouble {
            trouble: camera_trouble(fault),
        },
        Showing::OpeningScanner => ipc::Screen::Progress {
            stage: ipc::Stage::Scanner,
        },
        Showing::Palm {
            enrolling,
            position,
            attempt,
            attempts,
        } => ipc::Screen::Palm {
            purpose: if enrolling {
                ipc::PalmPurpose::Enrol
            } else {
                ipc::PalmPurpose::Verify
            },
            prompt: hand_prompt(position),
            attempt: attempt.into(),
            attempts: attempts.into(),
        },
        Showing::ScannerTrouble { fault } => ipc::Screen::ScannerTrouble {
            trouble: scanner_trouble(fault),
        },
        Showing::AttemptFailed {
            failure,
            left,
            face_next,
        } => ipc::Screen::AttemptFailed {
            reason: match failure {
                Failure::Face(failure) => attempt_reason(failure),
                Failure::Palm { failure, cold } => palm_reason(failure, cold),
                Failure::FaceUsedUp => AttemptReason::FaceUsedUp,
                Failure::PalmUsedUp => AttemptReason::PalmUsedUp,
                Failure::Enrolment(outcome) => enrolment_reason(outcome),
            },
            left: left.into(),
            next: if face_next {
                ipc::NextAttempt::Face
            } else if left == 0 {
                ipc::NextAttempt::People
            } else {
                ipc::NextAttempt::Again
            },
        },
        Showing::Recording => ipc::Screen::Progress {
            stage: ipc::Stage::Recording,
        },
        Showing::Identifying => ipc::Screen::Progress {
            stage: if session.recorded_route().is_assisted() {
                ipc::Stage::Examining
            } else {
                ipc::Stage::Identifying
            },
        },
        Showing::Outcome {
            outcome: how,
            document_id,
            enrolled_palm,
            request_due,
            verdict,
            request,
            reason,
        } => ipc::Screen::Outcome {
            outcome: outcome(how, verdict, session.recorded_route()),
            record: document_id.map(|id| id.to_string()).unwrap_or_default(),
            enrolled_palm,
            request: document_id
                .zip(request_due)
                .map(|(id, due)| (request_number(id, session.ended_at()), day(due))),
            request_state: request.map(request_state),
            refused: reason.map(refused),
            slip: if document_id.is_some() {
                devices.slip
            } else {
                ipc::Slip::None
            },
        },
        Showing::StoreFailed => ipc::Screen::OutOfService {
            code: ipc::ErrorCode::Store,
        },
        Showing::Closed => return None,
    })
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// A service as it is offered.
fn offer(service: &Service) -> ipc::Offer {
    ipc::Offer {
        id: service.id.0.clone(),
        title: texts(&service.title),
        summary: texts(&service.summary),
        own_data: service.group == Group::OwnData,
    }
}

fn texts(texts: &Texts) -> ipc::Texts {
    ipc::Texts {
        kk: texts.kk.clone(),
        ru: texts.ru.clone(),
        en: texts.en.clone(),
    }
}

fn refusal(refusal: Refusal) -> ipc::Refusal {
    match refusal {
        Refusal::Ends => ipc::Refusal::Ends,
        Refusal::Continues => ipc::Refusal::Continues,
        Refusal::Refers => ipc::Refusal::Refers,
    }
}

fn field_input(field: &Field) -> ipc::FieldInput {
    match &field.kind {
        FieldKind::Amount { .. } => ipc::FieldInput::Amount,
        FieldKind::Count { .. } => ipc::FieldInput::Count,
        FieldKind::Phone { .. } => ipc::FieldInput::Phone,
        FieldKind::Bin => ipc::FieldInput::Bin,
        FieldKind::CardNumber => ipc::FieldInput::CardNumber,
        FieldKind::Name => ipc::FieldInput::Name,
        FieldKind::Text { max_chars } => ipc::FieldInput::Text {
            max_chars: u32::from(*max_chars),
        },
        FieldKind::Choice(options) => ipc::FieldInput::Choice {
            options: options
                .iter()
                .map(|option| (option.name.clone(), texts(&option.title)))
                .collect(),
        },
        FieldKind::RequestNumber => ipc::FieldInput::RequestNumber,
    }
}

fn code_refusal(refused: CodeRefusal) -> ipc::CodeRefusal {
    match refused {
        CodeRefusal::Wrong => ipc::CodeRefusal::Wrong,
        CodeRefusal::Paused(Locked { left_ms }) => ipc::CodeRefusal::Paused {
            minutes: u32::try_from(left_ms.saturating_add(59_999) / 60_000).unwrap_or(u32::MAX),
        },
    }
}

fn field_error(error: FieldError) -> ipc::FieldError {
    match error {
        FieldError::Missing => ipc::FieldError::Missing,
        // A choice that is not on offer was never on the screen.
        FieldError::Shape | FieldError::NotOffered => ipc::FieldError::Shape,
        FieldError::TooSmall(min) => ipc::FieldError::TooSmall { min },
        FieldError::TooLarge(max) => ipc::FieldError::TooLarge { max },
        FieldError::TooLong(max) => ipc::FieldError::TooLong { max: u32::from(max) },
        FieldError::Country => ipc::FieldError::Country,
        FieldError::NotMobile => ipc::FieldError::NotMobile,
        FieldError::CheckDigit => ipc::FieldError::CheckDigit,
        FieldError::Letters => ipc::FieldError::Letters,
    }
}

fn request_state(standing: RequestStanding) -> ipc::RequestState {
    match standing {
        RequestStanding::Received => ipc::RequestState::Received,
        RequestStanding::InProgress => ipc::RequestState::InProgress,
        RequestStanding::Ready => ipc::RequestState::Ready,
        RequestStanding::Answered => ipc::RequestState::Answered,
        RequestStanding::Refused => ipc::RequestState::Refused,
        RequestStanding::Unknown => ipc::RequestState::Unknown,
    }
}

/// The number under which a request is asked about later.
pub fn request_number(document_id: DocumentId, recorded_at: UtcMs) -> String {
    request::number(document_id, Date::from_utc(recorded_at))
}

/// A day, for the screens.
pub fn day(date: Date) -> ipc::Day {
    ipc::Day {
        year: date.year(),
        month: date.month(),
        day: date.day(),
    }
}

/// The screen outside the opening hours; `None` within them.
pub fn closed(hours: &OpeningHours, now: UtcMs) -> Option<ipc::Screen> {
    if hours.is_open(now) {
        return None;
    }
    let opens = hours.opens_next(now).map(|at| {
        let date = Date::from_utc(at);
        let minutes = (at.0 - date.start_utc().0) / 60_000;
        let part = |value: i64| u8::try_from(value).unwrap_or(0);
        (day(date), part(minutes / 60), part(minutes % 60))
    });
    Some(ipc::Screen::Closed { opens })
}

fn methods(
    face: bool,
    palm: bool,
    not_enrolled: bool,
    hosted_page: bool,
    assisted: &[AssistedRoute],
    devices: Devices,
) -> Vec<(ipc::Method, Availability)> {
    use Availability::{DeviceUnavailable, NotEnrolled, NotForThisService, Offline, Ready};
    let palm = match (palm, devices.palm) {
        (false, _) => NotForThisService,
        (true, _) if not_enrolled => NotEnrolled,
        (true, false) => DeviceUnavailable,
        (true, true) => Ready,
    };
    let phone = match (hosted_page, devices.online) {
        (false, _) => NotForThisService,
        (true, false) => Offline,
        (true, true) => Ready,
    };
    let with_people = |route| {
        if assisted.contains(&route) {
            Ready
        } else {
            NotForThisService
        }
    };
    vec![
        (ipc::Method::Face, if face { Ready } else { NotForThisService }),
        (ipc::Method::Palm, palm),
        (ipc::Method::Phone, phone),
        (ipc::Method::Video, with_people(AssistedRoute::Video)),
        (ipc::Method::Images, with_people(AssistedRoute::ImageBased)),
    ]
}

/// What a choice of the method says to the session.
pub fn method(method: ipc::Method) -> Input {
    match method {
        ipc::Method::Face => Input::MethodChosen(Modality::Face),
        ipc::Method::Palm => Input::MethodChosen(Modality::Palm),
        ipc::Method::Phone => Input::HostedPageChosen,
        ipc::Method::Video => Input::AssistedChosen(AssistedRoute::Video),
        ipc::Method::Images => Input::AssistedChosen(AssistedRoute::ImageBased),
    }
}

fn assisted(route: AssistedRoute) -> ipc::Method {
    match route {
        AssistedRoute::Video => ipc::Method::Video,
        AssistedRoute::ImageBased => ipc::Method::Images,
    }
}

/// What the choice of the identity document says to the session.
pub fn page_kind(page: ipc::PageKind) -> Input {
    Input::PageKindChosen(match page {
        ipc::PageKind::Card => PageKind::Card,
        ipc::PageKind::Passport => PageKind::Passport,
    })
}

/// What the wish for another picture says to the session.
pub fn picture_again(picture: Option<ipc::Picture>) -> Input {
    Input::PictureAgain(picture.map(|picture| match picture {
        ipc::Picture::Portrait => StillPurpose::Portrait,
        ipc::Picture::DocumentFront => StillPurpose::IdentityDocumentFront,
        ipc::Picture::DocumentBack => StillPurpose::IdentityDocumentBack,
    }))
}

fn page(kind: PageKind) -> ipc::PageKind {
    match kind {
        PageKind::Card => ipc::PageKind::Card,
        PageKind::Passport => ipc::PageKind::Passport,
    }
}

fn picture(purpose: StillPurpose) -> ipc::Picture {
    match purpose {
        StillPurpose::IdentityDocumentFront => ipc::Picture::DocumentFront,
        StillPurpose::IdentityDocumentBack => ipc::Picture::DocumentBack,
        // The other two are no pictures for an examiner.
        StillPurpose::Portrait | StillPurpose::Comparison | StillPurpose::Challenge(_) => {
            ipc::Picture::Portrait
        }
    }
}

fn images_stage(stage: ImagesStage) -> ipc::ImagesStage {
    match stage {
        ImagesStage::Intro => ipc::ImagesStage::Intro,
        ImagesStage::Taking(_) => ipc::ImagesStage::Taking,
        ImagesStage::Shown => ipc::ImagesStage::Shown,
        ImagesStage::Failed => ipc::ImagesStage::Failed,
        ImagesStage::Review => ipc::ImagesStage::Review,
    }
}

fn picture_hint(hint: PictureHint) -> ipc::PictureHint {
    match hint {
        PictureHint::Face(prompt) => ipc::PictureHint::Face(face_prompt(prompt)),
        PictureHint::Page(prompt) => ipc::PictureHint::Page(match prompt {
            PagePrompt::Show => ipc::PagePrompt::Show,
            PagePrompt::OtherKind => ipc::PagePrompt::OtherKind,
            PagePrompt::Whole => ipc::PagePrompt::Whole,
            PagePrompt::Closer => ipc::PagePrompt::Closer,
            PagePrompt::Brighter => ipc::PagePrompt::Brighter,
            PagePrompt::Darker => ipc::PagePrompt::Darker,
            PagePrompt::Glare => ipc::PagePrompt::Glare,
            PagePrompt::Still => ipc::PagePrompt::Still,
            PagePrompt::Sharper => ipc::PagePrompt::Sharper,
            PagePrompt::Hold => ipc::PagePrompt::Hold,
        }),
    }
}

/// The language of a session.
pub fn language(language: ipc::Language) -> Language {
    match language {
        ipc::Language::Kk => Language::Kk,
        ipc::Language::Ru => Language::Ru,
        ipc::Language::En => Language::En,
    }
}

fn claim_error(fault: ClaimFault) -> ipc::ClaimError {
    match fault {
        ClaimFault::Iin(IinError::Shape) => ipc::ClaimError::Shape,
        ClaimFault::Iin(IinError::BirthDate) => ipc::ClaimError::BirthDate,
        ClaimFault::Iin(IinError::Century) => ipc::ClaimError::Century,
        ClaimFault::Iin(IinError::CheckDigit) => ipc::ClaimError::CheckDigit,
        ClaimFault::Zone(MrzError::CheckDigit(_)) => ipc::ClaimError::ZoneCheckDigit,
        ClaimFault::Zone(_) => ipc::ClaimError::ZoneShape,
        ClaimFault::Expired => ipc::ClaimError::Expired,
        ClaimFault::NoIin => ipc::ClaimError::NoIin,
        ClaimFault::Implausible => ipc::ClaimError::Implausible,
    }
}

fn face_prompt(prompt: FacePrompt) -> ipc::Prompt {
    match prompt {
        FacePrompt::ShowFace => ipc::Prompt::ShowFace,
        FacePrompt::Closer => ipc::Prompt::Closer,
        FacePrompt::StepBack => ipc::Prompt::StepBack,
        FacePrompt::StepLeft => ipc::Prompt::StepLeft,
        FacePrompt::StepRight => ipc::Prompt::StepRight,
        FacePrompt::MoreLight => ipc::Prompt::MoreLight,
        FacePrompt::LessLight => ipc::Prompt::LessLight,
        FacePrompt::RemoveMask => ipc::Prompt::RemoveMask,
        FacePrompt::UncoverEyes => ipc::Prompt::UncoverEyes,
        FacePrompt::OnePersonOnly => ipc::Prompt::OnePersonOnly,
        FacePrompt::LookStraight => ipc::Prompt::LookStraight,
        FacePrompt::HoldStill => ipc::Prompt::HoldStill,
        FacePrompt::Act(PadChallenge::TurnLeft) => ipc::Prompt::TurnLeft,
        FacePrompt::Act(PadChallenge::TurnRight) => ipc::Prompt::TurnRight,
        FacePrompt::Act(PadChallenge::LookUp) => ipc::Prompt::LookUp,
        FacePrompt::Act(PadChallenge::LookDown) => ipc::Prompt::LookDown,
        FacePrompt::Act(PadChallenge::Blink) => ipc::Prompt::Blink,
        FacePrompt::Act(PadChallenge::OpenMouth) => ipc::Prompt::OpenMouth,
        FacePrompt::Act(PadChallenge::Smile) => ipc::Prompt::Smile,
    }
}

/// What a person can do something about, or only wait for, has a word of its own.
fn camera_trouble(fault: DeviceFault) -> ipc::CameraTrouble {
    match fault {
        DeviceFault::NotFound | DeviceFault::Disconnected => ipc::CameraTrouble::Missing,
        DeviceFault::Busy => ipc::CameraTrouble::Busy,
        DeviceFault::Black => ipc::CameraTrouble::Black,
        DeviceFault::Frozen => ipc::CameraTrouble::Frozen,
        // The last four end the session and never come to this screen.
        DeviceFault::Timeout
        | DeviceFault::Protocol
        | DeviceFault::NoPermission
        | DeviceFault::Format
        | DeviceFault::Identity
        | DeviceFault::Virtual => ipc::CameraTrouble::Silent,
    }
}

/// Where the hand is to go: the other way than where it is.
pub fn hand_prompt(position: HandPosition) -> HandPrompt {
    match position {
        HandPosition::InPlace => HandPrompt::HoldStill,
        HandPosition::NotSeen => HandPrompt::ShowHand,
        HandPosition::TooFar => HandPrompt::Closer,
        HandPosition::TooClose => HandPrompt::Farther,
        HandPosition::TooHigh => HandPrompt::Lower,
        HandPosition::TooLow => HandPrompt::Higher,
        HandPosition::TooLeft => HandPrompt::Right,
        HandPosition::TooRight => HandPrompt::Left,
        HandPosition::NotAHand => HandPrompt::PalmOnly,
    }
}

fn scanner_trouble(fault: DeviceFault) -> ipc::ScannerTrouble {
    match fault {
        DeviceFault::NotFound | DeviceFault::Disconnected => ipc::ScannerTrouble::Missing,
        DeviceFault::Busy => ipc::ScannerTrouble::Busy,
        // Of the others only the first two come to this screen.
        DeviceFault::Timeout
        | DeviceFault::Protocol
        | DeviceFault::NoPermission
        | DeviceFault::Black
        | DeviceFault::Frozen
        | DeviceFault::Format
        | DeviceFault::Identity
        | DeviceFault::Virtual => ipc::ScannerTrouble::Silent,
    }
}

/// That the palm belongs to somebody else is said to nobody before the screen.
fn palm_reason(failure: PalmFailure, cold: bool) -> AttemptReason {
    match failure {
        PalmFailure::NoMatch | PalmFailure::AnotherPerson => AttemptReason::PalmNotRecognised,
        PalmFailure::NotAPalm => AttemptReason::NotAPalm,
        PalmFailure::NothingPresented => AttemptReason::NoPalmShown,
        PalmFailure::Implausible(PalmPart::Temperature | PalmPart::Warmth) if cold => {
            AttemptReason::HandTooCold
        }
        PalmFailure::Implausible(PalmPart::Temperature | PalmPart::Warmth) => AttemptReason::HandTooWarm,
        PalmFailure::NotLive | PalmFailure::Implausible(_) => AttemptReason::PalmNotBonaFide,
        PalmFailure::Missing(_) | PalmFailure::Interrupted => AttemptReason::PalmNotMeasured,
    }
}

fn enrolment_reason(outcome: EnrolOutcome) -> AttemptReason {
    match outcome {
        EnrolOutcome::NotLive => AttemptReason::PalmNotBonaFide,
        EnrolOutcome::NotAPalm => AttemptReason::NotAPalm,
        EnrolOutcome::NothingPresented => AttemptReason::NoPalmShown,
        // A full scanner ends the session, and one that enrolled does not fail.
        EnrolOutcome::AlreadyEnrolled => AttemptReason::PalmAlreadyEnrolled,
        EnrolOutcome::Rejected | EnrolOutcome::Full | EnrolOutcome::Enrolled(_) => {
            AttemptReason::PalmNotEnrolled
        }
    }
}

fn attempt_reason(failure: AttemptFailure) -> AttemptReason {
    match failure {
        // An interrupted attempt does not come to this screen.
        AttemptFailure::NotPerformed(_) | AttemptFailure::Interrupted => AttemptReason::NotPerformed,
        AttemptFailure::WrongAction(_) => AttemptReason::WrongAction,
        AttemptFailure::FaceLost => AttemptReason::FaceLost,
        AttemptFailure::SeveralFaces => AttemptReason::SeveralFaces,
        AttemptFailure::Jump | AttemptFailure::Cut => AttemptReason::Jump,
        AttemptFailure::AnotherPerson => AttemptReason::AnotherPerson,
        AttemptFailure::Frozen => AttemptReason::Frozen,
        AttemptFailure::Attack(_) => AttemptReason::NotBonaFide,
    }
}

fn refused(reason: RefusalReason) -> ipc::PicturesRefused {
    use ipc::PicturesRefused as Shown;
    match reason {
        RefusalReason::FaceNotOfDocument => Shown::FaceNotOfDocument,
        RefusalReason::DocumentNotOfClaim => Shown::DocumentNotOfClaim,
        RefusalReason::DocumentUnreadable => Shown::DocumentUnreadable,
        RefusalReason::DocumentExpired => Shown::DocumentExpired,
        RefusalReason::DocumentAltered => Shown::DocumentAltered,
        RefusalReason::PictureUnusable => Shown::PictureUnusable,
    }
}

/// Where the centre said why there is no match, that is what is shown; and who is waited for depends on the way.
fn outcome(outcome: Outcome, verdict: Option<Verdict>, route: Route) -> ipc::Outcome {
    match verdict {
        Some(Verdict::PersonNotFound) => return ipc::Outcome::PersonNotFound,
        Some(Verdict::NoReference) => return ipc::Outcome::NoReference,
        Some(Verdict::DocumentTypeNotAccepted) => return ipc::Outcome::DocumentTypeNotAccepted,
        Some(Verdict::QualityInsufficient) => return ipc::Outcome::QualityInsufficient,
        Some(Verdict::NotCompleted) => return ipc::Outcome::NotCompleted,
        Some(Verdict::Match | Verdict::NonMatch) | None => {}
    }
    match outcome {
        Outcome::NotRequired => ipc::Outcome::NotRequired,
        Outcome::Referred if route == Route::CallBack => ipc::Outcome::CallBackRequested,
        Outcome::Referred => ipc::Outcome::Referred,
        Outcome::Verified => ipc::Outcome::Verified,
        Outcome::NotVerified => ipc::Outcome::NotVerified,
        Outcome::AttackSuspected => ipc::Outcome::AttackSuspected,
        Outcome::FailureToAcquire => ipc::Outcome::FailureToAcquire,
        Outcome::Withdrawn => ipc::Outcome::Withdrawn,
        Outcome::TimedOut => ipc::Outcome::TimedOut,
        Outcome::DeviceUnavailable => ipc::Outcome::DeviceUnavailable,
        Outcome::AwaitingIdentification if route == Route::Images => ipc::Outcome::AwaitingExaminer,
        Outcome::AwaitingIdentification => ipc::Outcome::AwaitingIdentification,
    }
}
