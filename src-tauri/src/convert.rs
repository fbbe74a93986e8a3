//! Between the vocabulary of `verification` and that of the screens. Converts, decides nothing.

use ipc::{AttemptReason, Availability, HandPrompt};
use verification::capture::DeviceFault;
use verification::custody::Concern;
use verification::evidence::{Language, Modality, Outcome};
use verification::identifier::IinError;
use verification::pad::positioning::FacePrompt;
use verification::pad::{AttemptFailure, PadChallenge};
use verification::palm::decision::{PalmFailure, PalmPart};
use verification::palm::{EnrolOutcome, HandPosition};
use verification::session::{Failure, Session, Showing};

/// What the methods' devices can do now.
#[derive(Debug, Clone, Copy)]
pub struct Devices {
    /// A palm scanner answers that measures what the policy requires.
    pub palm: bool,
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

/// The screen for a session; `None` once nothing is left of it.
pub fn screen(session: &Session, devices: Devices) -> Option<ipc::Screen> {
    Some(match session.showing() {
        Showing::Service => ipc::Screen::Service {
            services: session
                .catalogue()
                .iter()
                .map(|service| service.id.0.clone())
                .collect(),
        },
        Showing::Consent {
            text,
            version,
            number,
            of,
        } => ipc::Screen::Consent {
            text,
            version,
            number: count(number),
            of: count(of),
        },
        Showing::Claim { error } => ipc::Screen::Claim {
            error: error.map(claim_error),
        },
        Showing::Method {
            face,
            palm,
            not_enrolled,
        } => ipc::Screen::Method {
            methods: methods(face, palm, not_enrolled, devices),
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
                Failure::PalmUsedUp => AttemptReason::PalmUsedUp,
                Failure::Enrolment(outcome) => enrolment_reason(outcome),
            },
            left: left.into(),
            next: if face_next {
                ipc::NextAttempt::Face
            } else {
                ipc::NextAttempt::Again
            },
        },
        Showing::Recording => ipc::Screen::Progress {
            stage: ipc::Stage::Recording,
        },
        Showing::Identifying => ipc::Screen::Progress {
            stage: ipc::Stage::Identifying,
        },
        Showing::Outcome {
            outcome: how,
            document_id,
            enrolled_palm,
        } => ipc::Screen::Outcome {
            outcome: outcome(how),
            record: document_id.map(|id| id.to_string()).unwrap_or_default(),
            enrolled_palm,
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

fn methods(face: bool, palm: bool, not_enrolled: bool, devices: Devices) -> Vec<(ipc::Method, Availability)> {
    use Availability::{DeviceUnavailable, NotEnrolled, NotForThisService, NotYet, Ready};
    let palm = match (palm, devices.palm) {
        (false, _) => NotForThisService,
        (true, _) if not_enrolled => NotEnrolled,
        (true, false) => DeviceUnavailable,
        (true, true) => Ready,
    };
    vec![
        (ipc::Method::Face, if face { Ready } else { NotForThisService }),
        (ipc::Method::Palm, palm),
        (ipc::Method::Video, NotYet),
    ]
}

/// The modality behind a method; a video call has none.
pub fn modality(method: ipc::Method) -> Option<Modality> {
    match method {
        ipc::Method::Face => Some(Modality::Face),
        ipc::Method::Palm => Some(Modality::Palm),
        ipc::Method::Video => None,
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

fn claim_error(error: IinError) -> ipc::ClaimError {
    match error {
        IinError::Shape => ipc::ClaimError::Shape,
        IinError::BirthDate => ipc::ClaimError::BirthDate,
        IinError::Century => ipc::ClaimError::Century,
        IinError::CheckDigit => ipc::ClaimError::CheckDigit,
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
fn hand_prompt(position: HandPosition) -> HandPrompt {
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

fn outcome(outcome: Outcome) -> ipc::Outcome {
    match outcome {
        Outcome::Verified => ipc::Outcome::Verified,
        Outcome::NotVerified => ipc::Outcome::NotVerified,
        Outcome::AttackSuspected => ipc::Outcome::AttackSuspected,
        Outcome::FailureToAcquire => ipc::Outcome::FailureToAcquire,
        Outcome::Withdrawn => ipc::Outcome::Withdrawn,
        Outcome::TimedOut => ipc::Outcome::TimedOut,
        Outcome::DeviceUnavailable => ipc::Outcome::DeviceUnavailable,
        Outcome::AwaitingIdentification => ipc::Outcome::AwaitingIdentification,
    }
}
