//! What the shell and the screens say to each other: [`Intent`] goes in, [`View`] comes out.
//!
//! **API Boundary.** No sample, template, score or identifier is ever part of a [`View`]; the one identifier in
//! an [`Intent`], the entered IIN, has a `Debug` that hides it. Preview frames are not here: they go by a
//! channel of raw bytes.

use serde::{Deserialize, Serialize};

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
    /// Claim this identity.
    Claim {
        /// The digits as entered.
        iin: EnteredIin,
    },
    /// Be verified this way.
    ChooseMethod {
        /// The way.
        method: Method,
    },
    /// Try again after an attempt that did not pass.
    Retry,
    /// One step back, before the capture.
    Back,
    /// End the session.
    Cancel,
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
}

/// An IIN as it was typed, right or wrong. `Debug` hides it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EnteredIin(pub String);

impl std::fmt::Debug for EnteredIin {
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
    /// With a person, by video.
    Video,
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
    /// Greeting, languages, start.
    Welcome,
    /// Choice of the service.
    Service {
        /// Names of the services; their texts are in the locales under `service-<name>`.
        services: Vec<String>,
    },
    /// One consent text.
    Consent {
        /// Name of the text; in the locales under `consent-<name>`.
        text: String,
        /// Its version.
        version: u32,
        /// Which of how many, from 1.
        number: u32,
        /// How many.
        of: u32,
    },
    /// Entry of the IIN.
    Claim {
        /// What was wrong with the last entry.
        error: Option<ClaimError>,
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
    },
    /// The kiosk cannot serve.
    OutOfService {
        /// For the technician.
        code: ErrorCode,
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
    /// This version does not have it yet.
    NotYet,
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
        };
        check(
            &view,
            expect![[
                r#"{"language":"kk","screen":{"kind":"face","prompt":"turn-left","done":1,"of":3,"attempt":1,"attempts":3,"light":[0,96,255]},"link":"offline","pending":2,"attention":["disk"],"replay":"clip.mp4","demo":true,"idle_warning_s":null,"calm":false}"#
            ]],
        );
        let methods = vec![
            (Method::Face, Availability::Ready),
            (Method::Palm, Availability::NotYet),
        ];
        check(
            &Screen::Method { methods },
            expect![[r#"{"kind":"method","methods":[["face","ready"],["palm","not-yet"]]}"#]],
        );
        check(
            &Screen::OutOfService {
                code: ErrorCode::Store,
            },
            expect![[r#"{"kind":"out-of-service","code":"store"}"#]],
        );
    }

    #[test]
    fn the_wire_form_of_an_intent() {
        check(&Intent::Begin, expect![[r#"{"kind":"begin"}"#]]);
        let iin = EnteredIin("880412401006".into());
        check(
            &Intent::Claim { iin: iin.clone() },
            expect![[r#"{"kind":"claim","iin":"880412401006"}"#]],
        );
        assert!(!format!("{:?}", Intent::Claim { iin }).contains("88"));
    }
}
