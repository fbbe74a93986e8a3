//! What a session writes into the audit log. Nothing of it is personal.

use std::fmt;

use super::Failure;
use crate::calendar::NotCovered;
use crate::capture::DeviceFault;
use crate::evidence::{Language, Modality, Outcome, StillPurpose};
use crate::service::{AssistedRoute, ServiceId};

/// What the audit log is to say. `Display` is the form in the log: a name, and `key=value` where there is something to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuditEvent {
    /// A session was opened.
    SessionOpened,
    /// Another language was chosen.
    LanguageChosen(Language),
    /// Slow and faint colours were chosen, or no longer.
    CalmChosen(bool),
    /// A service was chosen.
    ServiceChosen(ServiceId),
    /// A consent was given.
    ConsentGiven {
        /// Name of the text.
        text: String,
        /// Its version.
        version: u32,
    },
    /// A consent was refused.
    ConsentRefused {
        /// Name of the text.
        text: String,
        /// Its version.
        version: u32,
    },
    /// Something was entered into a field, or it was left empty.
    FieldEntered {
        /// The field.
        field: String,
        /// Whether something was entered.
        filled: bool,
    },
    /// What was entered into this field was not accepted.
    FieldRefused(String),
    /// The calendar of working days does not reach to the deadline of a request.
    CalendarTooShort(NotCovered),
    /// A person of the institution was present.
    OperatorPresent(String),
    /// A code was entered that belongs to nobody.
    OperatorRefused,
    /// A code was entered while none is taken for the number that it begins with.
    OperatorPaused,
    /// The centre's own page was chosen.
    HostedPageChosen,
    /// The address of the centre's page was shown.
    HostedPageOpened,
    /// A way that needs other people was chosen.
    AssistedChosen(AssistedRoute),
    /// The person cannot do what a device asks for.
    CannotPerform,
    /// No attempt is left with a device, and people are to go on.
    PeopleChosen,
    /// A picture for an examiner was taken.
    PictureTaken(StillPurpose),
    /// A picture for an examiner is taken again.
    PictureAgain(StillPurpose),
    /// A well-formed identity was claimed.
    ClaimEntered,
    /// A number was entered that is no identification number.
    ClaimRefused,
    /// A method was chosen.
    MethodChosen(Modality),
    /// So many attempts of earlier sessions count.
    AttemptsFound(u8),
    /// The person wants another attempt.
    RetryChosen,
    /// The person goes a step back.
    BackChosen,
    /// The person ends the session.
    CancelChosen,
    /// The camera was opened.
    CameraOpened,
    /// The camera could not be used.
    CameraFailed(DeviceFault),
    /// Another camera answered than the one the session began with.
    CameraChanged,
    /// The palm scanner is ready.
    ScannerOpened,
    /// The palm scanner could not be used.
    ScannerFailed(DeviceFault),
    /// Another palm scanner answered than the one the session began with.
    ScannerChanged,
    /// The claimed person has no reference in this palm scanner.
    PalmNotEnrolled,
    /// The palm of somebody else than the claimed person was shown.
    AnotherPalm,
    /// A palm was enrolled.
    PalmEnrolled,
    /// A palm was to be enrolled, and was not.
    EnrolmentFailed,
    /// An attempt was begun.
    AttemptStarted,
    /// An attempt passed.
    AttemptPassed,
    /// An attempt did not pass.
    AttemptFailed(Failure),
    /// The session ended in this way without a document, because nobody was captured.
    EndedBeforeCapture(Outcome),
    /// The session's document was recorded with this outcome.
    Recorded(Outcome),
    /// The centre's answer was shown.
    AnswerShown,
    /// The centre's answer did not come while the person waited.
    AnswerNotAwaited,
    /// The store failed, and the session with it.
    StoreFailed,
    /// The session is over and its data are gone.
    SessionClosed,
}

impl fmt::Display for AuditEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LanguageChosen(language) => write!(f, "LanguageChosen language={language:?}"),
            Self::CalmChosen(calm) => write!(f, "CalmChosen calm={calm}"),
            Self::ServiceChosen(service) => write!(f, "ServiceChosen service={}", service.0),
            Self::ConsentGiven { text, version } => write!(f, "ConsentGiven text={text} version={version}"),
            Self::ConsentRefused { text, version } => {
                write!(f, "ConsentRefused text={text} version={version}")
            }
            Self::FieldEntered { field, filled } => write!(f, "FieldEntered field={field} filled={filled}"),
            Self::FieldRefused(field) => write!(f, "FieldRefused field={field}"),
            Self::CalendarTooShort(gap) => write!(f, "CalendarTooShort year={}", gap.year),
            Self::OperatorPresent(operator) => write!(f, "OperatorPresent operator={operator}"),
            Self::AssistedChosen(route) => write!(f, "AssistedChosen route={route:?}"),
            Self::PictureTaken(picture) => write!(f, "PictureTaken picture={picture:?}"),
            Self::PictureAgain(picture) => write!(f, "PictureAgain picture={picture:?}"),
            Self::MethodChosen(modality) => write!(f, "MethodChosen modality={modality:?}"),
            Self::AttemptsFound(before) => write!(f, "AttemptsFound before={before}"),
            Self::CameraFailed(fault) => write!(f, "CameraFailed fault={fault:?}"),
            Self::ScannerFailed(fault) => write!(f, "ScannerFailed fault={fault:?}"),
            Self::AttemptFailed(Failure::Face(failure)) => {
                write!(f, "AttemptFailed modality=Face reason={failure:?}")
            }
            Self::AttemptFailed(Failure::Palm { failure, .. }) => {
                write!(f, "AttemptFailed modality=Palm reason={failure:?}")
            }
            Self::AttemptFailed(failure) => write!(f, "AttemptFailed reason={failure:?}"),
            Self::EndedBeforeCapture(outcome) => write!(f, "EndedBeforeCapture outcome={outcome:?}"),
            Self::Recorded(outcome) => write!(f, "Recorded outcome={outcome:?}"),
            // The others are no more than their names.
            other => write!(f, "{other:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pad::{AttackSign, AttemptFailure};
    use crate::palm::decision::{PalmFailure, PalmPart};

    #[test]
    fn the_form_in_the_log() {
        let check = |event: AuditEvent, expect: &str| assert_eq!(event.to_string(), expect);
        check(AuditEvent::SessionOpened, "SessionOpened");
        check(
            AuditEvent::LanguageChosen(Language::Kk),
            "LanguageChosen language=Kk",
        );
        check(
            AuditEvent::ConsentGiven {
                text: "processing".into(),
                version: 2,
            },
            "ConsentGiven text=processing version=2",
        );
        check(
            AuditEvent::AttemptFailed(Failure::Face(AttemptFailure::Attack(AttackSign::Flat))),
            "AttemptFailed modality=Face reason=Attack(Flat)",
        );
        check(
            AuditEvent::AttemptFailed(Failure::Palm {
                failure: PalmFailure::Missing(PalmPart::Volume),
                cold: false,
            }),
            "AttemptFailed modality=Palm reason=Missing(Volume)",
        );
        check(
            AuditEvent::CameraFailed(DeviceFault::Disconnected),
            "CameraFailed fault=Disconnected",
        );
        check(
            AuditEvent::Recorded(Outcome::Withdrawn),
            "Recorded outcome=Withdrawn",
        );
    }
}
