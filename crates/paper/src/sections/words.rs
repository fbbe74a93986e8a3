//! The word for each value of the vocabulary.

use document::identification::{Nbas, Verdict};
use verification::capture::StreamState;
use verification::evidence::{
    Language, Modality, Outcome, RefusalReason, RequestStanding, Route, RouteReason, Source,
};
use verification::integrity;
use verification::pad::parts::{Finding, PadPart};
use verification::pad::{AttackSign, AttemptFailure, PadChallenge};
use verification::palm::decision::{PalmFailure, PalmPart};
use verification::palm::{EnrolOutcome, PalmQuality, ScanResult, SealFault, SealState};
use verification::policy::{Demand, OperatorPresence, PassivePad, ScreenLight};

use crate::texts::{Key, Texts};

pub(super) fn outcome(outcome: Outcome) -> Key {
    match outcome {
        Outcome::Verified => Key("paper-outcome-verified"),
        Outcome::NotVerified => Key("paper-outcome-not-verified"),
        Outcome::AttackSuspected => Key("paper-outcome-attack-suspected"),
        Outcome::FailureToAcquire => Key("paper-outcome-failure-to-acquire"),
        Outcome::Withdrawn => Key("paper-outcome-withdrawn"),
        Outcome::TimedOut => Key("paper-outcome-timed-out"),
        Outcome::DeviceUnavailable => Key("paper-outcome-device-unavailable"),
        Outcome::AwaitingIdentification => Key("paper-outcome-awaiting-identification"),
        Outcome::NotRequired => Key("paper-outcome-not-required"),
        Outcome::Referred => Key("paper-outcome-referred"),
    }
}

pub(super) fn verdict(verdict: Verdict) -> Key {
    match verdict {
        Verdict::Match => Key("paper-verdict-match"),
        Verdict::NonMatch => Key("paper-verdict-non-match"),
        Verdict::PersonNotFound => Key("paper-verdict-person-not-found"),
        Verdict::NoReference => Key("paper-verdict-no-reference"),
        Verdict::DocumentTypeNotAccepted => Key("paper-verdict-document-type"),
        Verdict::QualityInsufficient => Key("paper-verdict-quality"),
        Verdict::NotCompleted => Key("paper-verdict-not-completed"),
    }
}

pub(super) fn nbas(nbas: Nbas) -> Key {
    match nbas {
        Nbas::NoConsent => Key("paper-nbas-no-consent"),
        Nbas::BelowThreshold => Key("paper-nbas-below-threshold"),
        Nbas::Marked => Key("paper-nbas-marked"),
        Nbas::Failed => Key("paper-nbas-failed"),
    }
}

pub(super) fn standing(standing: RequestStanding) -> Key {
    match standing {
        RequestStanding::Received => Key("paper-standing-received"),
        RequestStanding::InProgress => Key("paper-standing-in-progress"),
        RequestStanding::Ready => Key("paper-standing-ready"),
        RequestStanding::Answered => Key("paper-standing-answered"),
        RequestStanding::Refused => Key("paper-standing-refused"),
        RequestStanding::Unknown => Key("paper-standing-unknown"),
    }
}

pub(super) fn route(route: Route) -> Key {
    match route {
        Route::Kiosk => Key("paper-route-kiosk"),
        Route::HostedPage => Key("paper-route-hosted-page"),
        Route::Images => Key("paper-route-images"),
        Route::CallBack => Key("paper-route-call-back"),
    }
}

pub(super) fn route_reason(reason: RouteReason) -> Key {
    match reason {
        RouteReason::Chosen => Key("paper-route-reason-chosen"),
        RouteReason::CannotPerform => Key("paper-route-reason-cannot-perform"),
    }
}

pub(super) fn source(source: Source) -> Key {
    match source {
        Source::Centre => Key("paper-decided-by-centre"),
        Source::Examiner => Key("paper-decided-by-examiner"),
    }
}

pub(super) fn refusal(reason: RefusalReason) -> Key {
    match reason {
        RefusalReason::FaceNotOfDocument => Key("paper-refusal-face-not-of-document"),
        RefusalReason::DocumentNotOfClaim => Key("paper-refusal-document-not-of-claim"),
        RefusalReason::DocumentUnreadable => Key("paper-refusal-document-unreadable"),
        RefusalReason::DocumentExpired => Key("paper-refusal-document-expired"),
        RefusalReason::DocumentAltered => Key("paper-refusal-document-altered"),
        RefusalReason::PictureUnusable => Key("paper-refusal-picture-unusable"),
    }
}

pub(super) fn modality(modality: Modality) -> Key {
    match modality {
        Modality::Face => Key("paper-modality-face"),
        Modality::Palm => Key("paper-modality-palm"),
    }
}

pub(super) fn language(language: Language) -> Key {
    match language {
        Language::Kk => Key("paper-language-kk"),
        Language::Ru => Key("paper-language-ru"),
        Language::En => Key("paper-language-en"),
    }
}

pub(super) fn challenge(challenge: PadChallenge) -> Key {
    match challenge {
        PadChallenge::TurnLeft => Key("paper-challenge-turn-left"),
        PadChallenge::TurnRight => Key("paper-challenge-turn-right"),
        PadChallenge::LookUp => Key("paper-challenge-look-up"),
        PadChallenge::LookDown => Key("paper-challenge-look-down"),
        PadChallenge::Blink => Key("paper-challenge-blink"),
        PadChallenge::OpenMouth => Key("paper-challenge-open-mouth"),
        PadChallenge::Smile => Key("paper-challenge-smile"),
    }
}

pub(super) fn pad_part(part: PadPart) -> Key {
    match part {
        PadPart::Passive => Key("paper-part-passive"),
        PadPart::Relief => Key("paper-part-relief"),
        PadPart::CutOut => Key("paper-part-cut-out"),
        PadPart::Moire => Key("paper-part-moire"),
        PadPart::Bezel => Key("paper-part-bezel"),
        PadPart::Glare => Key("paper-part-glare"),
        PadPart::Flicker => Key("paper-part-flicker"),
        PadPart::Light => Key("paper-part-light"),
        PadPart::Likeness => Key("paper-part-likeness"),
    }
}

/// Whether more than the threshold speaks against the presentation, and not less.
pub(super) fn is_trace(part: PadPart) -> bool {
    match part {
        PadPart::CutOut | PadPart::Moire | PadPart::Bezel | PadPart::Glare | PadPart::Flicker => true,
        PadPart::Passive | PadPart::Relief | PadPart::Light | PadPart::Likeness => false,
    }
}

pub(super) fn finding(finding: Finding) -> Key {
    match finding {
        Finding::For => Key("paper-finding-for"),
        Finding::Against => Key("paper-finding-against"),
        Finding::Silent => Key("paper-finding-silent"),
    }
}

pub(super) fn stream(state: StreamState) -> Key {
    match state {
        StreamState::Good => Key("paper-stream-good"),
        StreamState::Black => Key("paper-stream-black"),
        StreamState::Frozen => Key("paper-stream-frozen"),
        StreamState::Repeating => Key("paper-stream-repeating"),
        StreamState::TooSlow => Key("paper-stream-too-slow"),
    }
}

fn sign(sign: AttackSign) -> Key {
    match sign {
        AttackSign::Passive => Key("paper-sign-passive"),
        AttackSign::PassiveMissing => Key("paper-sign-passive-missing"),
        AttackSign::Flat => Key("paper-sign-flat"),
        AttackSign::ReliefMissing => Key("paper-sign-relief-missing"),
        AttackSign::CutOut => Key("paper-sign-cut-out"),
        AttackSign::Screen => Key("paper-sign-screen"),
        AttackSign::LightIgnored => Key("paper-sign-light-ignored"),
        AttackSign::LightMissing => Key("paper-sign-light-missing"),
        AttackSign::Injected => Key("paper-sign-injected"),
        AttackSign::LikenessMissing => Key("paper-sign-likeness-missing"),
    }
}

pub(super) fn failure(failure: AttemptFailure, texts: &Texts) -> String {
    let with = |key, action| texts.say_with(key, [("action", &texts.say(challenge(action)))]);
    match failure {
        AttemptFailure::NotPerformed(action) => with(Key("paper-failure-not-performed"), action),
        AttemptFailure::WrongAction(action) => with(Key("paper-failure-wrong-action"), action),
        AttemptFailure::FaceLost => texts.say(Key("paper-failure-face-lost")),
        AttemptFailure::SeveralFaces => texts.say(Key("paper-failure-several-faces")),
        AttemptFailure::Jump => texts.say(Key("paper-failure-jump")),
        AttemptFailure::Attack(found) => {
            texts.say_with(Key("paper-failure-attack"), [("sign", &texts.say(sign(found)))])
        }
        AttemptFailure::Interrupted => texts.say(Key("paper-failure-interrupted")),
        AttemptFailure::Cut => texts.say(Key("paper-failure-cut")),
        AttemptFailure::AnotherPerson => texts.say(Key("paper-failure-another-person")),
        AttemptFailure::Frozen => texts.say(Key("paper-failure-frozen")),
    }
}

pub(super) fn palm_part(part: PalmPart) -> Key {
    match part {
        PalmPart::Vascular => Key("paper-palm-vascular"),
        PalmPart::Volume => Key("paper-palm-volume"),
        PalmPart::Temperature => Key("paper-palm-temperature"),
        PalmPart::Warmth => Key("paper-palm-warmth"),
        PalmPart::Liveness => Key("paper-palm-liveness"),
        PalmPart::Seal => Key("paper-palm-seal"),
    }
}

pub(super) fn palm_failure(failure: PalmFailure, texts: &Texts) -> String {
    let with = |key, part| texts.say_with(key, [("part", &texts.say(palm_part(part)))]);
    match failure {
        PalmFailure::NoMatch => texts.say(Key("paper-palm-no-match")),
        PalmFailure::AnotherPerson => texts.say(Key("paper-palm-another-person")),
        PalmFailure::NotLive => texts.say(Key("paper-palm-not-live")),
        PalmFailure::NotAPalm => texts.say(Key("paper-palm-not-a-palm")),
        PalmFailure::NothingPresented => texts.say(Key("paper-palm-nothing-presented")),
        PalmFailure::Implausible(part) => with(Key("paper-palm-implausible"), part),
        PalmFailure::Missing(part) => with(Key("paper-palm-missing"), part),
        PalmFailure::Interrupted => texts.say(Key("paper-failure-interrupted")),
    }
}

pub(super) fn scan(result: ScanResult, texts: &Texts) -> String {
    match result {
        ScanResult::Identified(reference) => {
            let reference = reference.0.to_string();
            texts.say_with(Key("paper-scan-identified"), [("reference", &reference)])
        }
        ScanResult::NoMatch => texts.say(Key("paper-palm-no-match")),
        ScanResult::NotLive => texts.say(Key("paper-palm-not-live")),
        ScanResult::NotAPalm => texts.say(Key("paper-palm-not-a-palm")),
        ScanResult::NothingPresented => texts.say(Key("paper-palm-nothing-presented")),
    }
}

pub(super) fn quality(quality: PalmQuality) -> Key {
    match quality {
        PalmQuality::Moving => Key("paper-quality-moving"),
        PalmQuality::Tilted => Key("paper-quality-tilted"),
        PalmQuality::Partial => Key("paper-quality-partial"),
        PalmQuality::FingersClosed => Key("paper-quality-fingers-closed"),
        PalmQuality::Covered => Key("paper-quality-covered"),
        PalmQuality::Dirty => Key("paper-quality-dirty"),
        PalmQuality::AmbientLight => Key("paper-quality-ambient-light"),
        PalmQuality::Cold => Key("paper-quality-cold"),
    }
}

pub(super) fn seal(seal: &SealState) -> Key {
    match seal {
        SealState::Absent => Key("paper-seal-absent"),
        SealState::Valid(_) => Key("paper-seal-valid"),
        SealState::Invalid(SealFault::Missing) => Key("paper-seal-missing"),
        SealState::Invalid(SealFault::Signature) => Key("paper-seal-signature"),
        SealState::Invalid(SealFault::Key) => Key("paper-seal-key"),
        SealState::Invalid(SealFault::Challenge) => Key("paper-seal-challenge"),
        SealState::Invalid(SealFault::Chain) => Key("paper-seal-chain"),
        SealState::Invalid(SealFault::Content) => Key("paper-seal-content"),
    }
}

pub(super) fn enrolment(outcome: EnrolOutcome, texts: &Texts) -> String {
    match outcome {
        EnrolOutcome::Enrolled(reference) => {
            let reference = reference.0.to_string();
            texts.say_with(Key("paper-enrol-enrolled"), [("reference", &reference)])
        }
        EnrolOutcome::AlreadyEnrolled => texts.say(Key("paper-enrol-already")),
        EnrolOutcome::Full => texts.say(Key("paper-enrol-full")),
        EnrolOutcome::Rejected => texts.say(Key("paper-enrol-rejected")),
        EnrolOutcome::NotLive => texts.say(Key("paper-palm-not-live")),
        EnrolOutcome::NotAPalm => texts.say(Key("paper-palm-not-a-palm")),
        EnrolOutcome::NothingPresented => texts.say(Key("paper-palm-nothing-presented")),
    }
}

pub(super) fn demand(demand: Demand) -> Key {
    match demand {
        Demand::Required => Key("paper-demand-required"),
        Demand::WhereMeasured => Key("paper-demand-where-measured"),
    }
}

pub(super) fn passive(passive: PassivePad) -> Key {
    match passive {
        PassivePad::Required => Key("paper-demand-required"),
        PassivePad::WhereInstalled => Key("paper-demand-where-installed"),
    }
}

pub(super) fn light(light: ScreenLight) -> Key {
    match light {
        ScreenLight::Required => Key("paper-demand-required"),
        ScreenLight::Supporting => Key("paper-demand-supporting"),
        ScreenLight::Off => Key("paper-demand-off"),
    }
}

pub(super) fn presence(presence: OperatorPresence) -> Key {
    match presence {
        OperatorPresence::Required => Key("paper-demand-required"),
        OperatorPresence::NotRequired => Key("paper-demand-not-required"),
    }
}

pub(super) fn integrity_demand(demand: integrity::Demand) -> Key {
    match demand {
        integrity::Demand::Required => Key("paper-demand-required"),
        integrity::Demand::Reported => Key("paper-demand-reported"),
    }
}
