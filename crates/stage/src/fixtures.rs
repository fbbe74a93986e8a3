//! Every screen, with everything on it that looks different: one function for each kind of [`Screen`].
//!
//! A new kind of screen does not compile here before it has a row in `kinds!`, and the tests fail before it has a
//! fixture; a new value of what a screen shows does not compile before it stands in its `every!`.

mod texts;

use ipc::{
    AttemptReason, Availability, CameraTrouble, ClaimError, CodeRefusal, Day, ErrorCode, FieldError,
    FieldInput, HandPrompt, ImagesStage, Link, Method, NextAttempt, Outcome, PageKind, PagePrompt,
    PalmPurpose, Picture, PictureHint, PicturesRefused, Prompt, Refusal, RequestState, ScannerTrouble,
    Screen, Slip, Stage, View, Wording,
};

use crate::Look;
use texts::institution;

/// One screen as it is shown.
#[derive(Debug, Clone)]
pub struct Fixture {
    /// Name of its pictures: that of the screen first.
    pub name: String,
    view: View,
}

impl Fixture {
    fn new(name: impl Into<String>, screen: Screen) -> Self {
        Self {
            name: name.into(),
            view: View {
                language: ipc::Language::Kk,
                screen,
                link: Link::Online,
                pending: 0,
                attention: Vec::new(),
                replay: None,
                demo: false,
                idle_warning_s: None,
                calm: false,
                may_stand_aside: false,
            },
        }
    }

    /// The same, with something else beside the screen.
    fn with(mut self, change: impl FnOnce(&mut View)) -> Self {
        change(&mut self.view);
        self
    }

    /// The view in the language of this look.
    pub fn view(&self, look: Look) -> View {
        View {
            language: look.language,
            ..self.view.clone()
        }
    }

    /// The screen.
    pub fn screen(&self) -> &Screen {
        &self.view.screen
    }

    /// The kind of the screen, as `data-screen` says it.
    pub fn kind(&self) -> &'static str {
        kind(&self.view.screen)
    }

    /// Whether the warning of an idle session covers it.
    pub fn is_covered(&self) -> bool {
        self.view.idle_warning_s.is_some()
    }
}

/// All fixtures, in the order of a session.
pub fn all() -> Vec<Fixture> {
    [
        attract(),
        welcome(),
        service(),
        consent(),
        field(),
        claim(),
        operator(),
        method(),
        phone(),
        assisted(),
        call_back(),
        images(),
        progress(),
        face(),
        camera_trouble(),
        palm(),
        scanner_trouble(),
        attempt_failed(),
        outcome(),
        closed(),
        out_of_service(),
        staff::technician_login(),
        staff::health(),
        staff::status(),
        beside(),
    ]
    .concat()
}

/// One of each kind, and those that differ most from it: where looking at all would take too long.
pub fn telling() -> Vec<Fixture> {
    const TELLING: &[&str] = &[
        "service-many",
        "consent-long",
        "field-choice",
        "field-amount",
        "field-text",
        "field-request-number-wrong",
        "claim-wrong",
        "method-all",
        "face-remove-mask",
        "face-lit",
        "attempt-failed-palm-not-measured",
        "outcome-awaiting-identification",
        "outcome-awaiting-examiner",
        "outcome-call-back-requested",
        "outcome-request",
        "outcome-request-state-refused",
        "welcome-offline",
        "assisted-spent",
        "call-back-wrong",
        "images-intro",
        "images-taking-document-front-glare",
        "images-shown-document-back",
        "images-review",
        "health-camera",
        "health-sound",
        "health-actions",
        "idle",
    ];
    let mut kinds = Vec::new();
    all()
        .into_iter()
        .filter(|fixture| {
            let first = !kinds.contains(&fixture.kind());
            kinds.push(fixture.kind());
            first || TELLING.contains(&fixture.name.as_str())
        })
        .collect()
}

/// The fixture of this name.
pub fn named(name: &str) -> Option<Fixture> {
    all().into_iter().find(|fixture| fixture.name == name)
}

/// Names every kind of screen. The match is exhaustive, and the list is the same rows.
macro_rules! kinds {
    ($($kind:pat => $name:literal,)+) => {
        /// The kind of a screen, as `data-screen` says it.
        pub fn kind(screen: &Screen) -> &'static str {
            match screen { $($kind => $name,)+ }
        }

        /// Every kind of screen.
        pub const KINDS: &[&str] = &[$($name),+];
    };
}

kinds! {
    Screen::Attract => "attract",
    Screen::Welcome => "welcome",
    Screen::Service { .. } => "service",
    Screen::Consent { .. } => "consent",
    Screen::Field { .. } => "field",
    Screen::Claim { .. } => "claim",
    Screen::Operator { .. } => "operator",
    Screen::Phone { .. } => "phone",
    Screen::Method { .. } => "method",
    Screen::Assisted { .. } => "assisted",
    Screen::CallBack { .. } => "call-back",
    Screen::Images { .. } => "images",
    Screen::Face { .. } => "face",
    Screen::CameraTrouble { .. } => "camera-trouble",
    Screen::Palm { .. } => "palm",
    Screen::ScannerTrouble { .. } => "scanner-trouble",
    Screen::AttemptFailed { .. } => "attempt-failed",
    Screen::Progress { .. } => "progress",
    Screen::Outcome { .. } => "outcome",
    Screen::Closed { .. } => "closed",
    Screen::OutOfService { .. } => "out-of-service",
    Screen::TechnicianLogin { .. } => "technician-login",
    Screen::Health { .. } => "health",
    Screen::Status { .. } => "status",
}

/// All values of an enumeration without contents. The function is never called: it does not compile once there is a value
/// that does not stand here.
macro_rules! every {
    ($name:ident: $kind:ident { $($value:ident)+ }) => {
        const $name: &[$kind] = {
            const fn _all(value: $kind) {
                match value { $($kind::$value => {})+ }
            }
            &[$($kind::$value),+]
        };
    };
}

// Below the macro, which it uses.
mod staff;

every!(PROMPTS: Prompt {
    ShowFace Closer StepBack StepLeft StepRight MoreLight LessLight RemoveMask UncoverEyes OnePersonOnly LookStraight
    HoldStill TurnLeft TurnRight LookUp LookDown Blink OpenMouth Smile
});
every!(HAND_PROMPTS: HandPrompt {
    ShowHand Closer Farther Higher Lower Left Right HoldStill PalmOnly
});
every!(CAMERA_TROUBLES: CameraTrouble { Missing Busy Silent Black Frozen });
every!(SCANNER_TROUBLES: ScannerTrouble { Missing Busy Silent });
every!(REASONS: AttemptReason {
    NotPerformed WrongAction FaceLost SeveralFaces Jump AnotherPerson Frozen NotBonaFide PalmNotRecognised PalmNotBonaFide
    NotAPalm NoPalmShown HandTooCold HandTooWarm PalmNotMeasured PalmNotEnrolled PalmAlreadyEnrolled FaceUsedUp PalmUsedUp
});
every!(STAGES: Stage { Camera Scanner Recording Identifying Examining });
every!(OUTCOMES: Outcome {
    Verified NotVerified AttackSuspected FailureToAcquire Withdrawn TimedOut DeviceUnavailable AwaitingIdentification
    AwaitingExaminer NotRequired Referred CallBackRequested PersonNotFound NoReference DocumentTypeNotAccepted QualityInsufficient NotCompleted
});
every!(PICTURES_REFUSED: PicturesRefused {
    FaceNotOfDocument DocumentNotOfClaim DocumentUnreadable DocumentExpired DocumentAltered PictureUnusable
});
every!(SLIPS: Slip { None Ready Printing Printed Failed NoPaper });
every!(REQUEST_STATES: RequestState { Received InProgress Ready Answered Refused Unknown });
every!(CODES: ErrorCode {
    Store Internal NotEnrolled Refused Certificate Pending Unsynced Disk Clock SetAside Integrity
    Devices Maintenance
});
every!(CLAIM_ERRORS: ClaimError {
    Shape BirthDate Century CheckDigit Implausible ZoneShape ZoneCheckDigit Expired NoIin
});
every!(REFUSALS: Refusal { Ends Continues Refers });
every!(AVAILABILITIES: Availability { Ready DeviceUnavailable NotForThisService NotEnrolled Offline });
every!(NEXT: NextAttempt { Again Face People });
every!(IMAGES_STAGES: ImagesStage { Intro Taking Shown Failed Review });
every!(PAGE_PROMPTS: PagePrompt {
    Show OtherKind Whole Closer Brighter Darker Glare Still Sharper Hold
});
every!(PICTURES: Picture { Portrait DocumentFront DocumentBack });

/// A value as it is written in JSON.
fn name_of(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name,
        Ok(serde_json::Value::Object(of)) => of
            .get("kind")
            .and_then(serde_json::Value::as_str)
            .unwrap_or_default()
            .to_owned(),
        _ => String::new(),
    }
}

fn attract() -> Vec<Fixture> {
    vec![Fixture::new("attract", Screen::Attract)]
}

fn welcome() -> Vec<Fixture> {
    vec![
        Fixture::new("welcome", Screen::Welcome),
        Fixture::new("welcome-offline", Screen::Welcome).with(|view| {
            view.link = Link::Offline;
            view.pending = 12;
            view.demo = true;
            view.replay = Some("bona-fide-01.mp4".to_owned());
            view.attention = vec![ErrorCode::Disk, ErrorCode::Certificate];
        }),
    ]
}

fn service() -> Vec<Fixture> {
    let services = |count: usize| Screen::Service {
        services: institution::services().into_iter().take(count).collect(),
    };
    vec![
        Fixture::new("service", services(4)),
        Fixture::new("service-many", services(usize::MAX)),
    ]
}

fn consent() -> Vec<Fixture> {
    let consent = |text: &str, wording: Option<Wording>, refusal| Screen::Consent {
        text: text.to_owned(),
        version: 2,
        wording,
        refusal,
        number: 1,
        of: 3,
    };
    let mut fixtures: Vec<Fixture> = ["processing", "automated-decision", "nbas-enrolment", "palm"]
        .iter()
        .map(|text| Fixture::new(format!("consent-{text}"), consent(text, None, Refusal::Ends)))
        .collect();
    fixtures.extend(
        REFUSALS
            .iter()
            .filter(|refusal| **refusal != Refusal::Ends)
            .map(|refusal| {
                let name = format!("consent-{}", name_of(refusal));
                Fixture::new(name, consent("automated-decision", None, *refusal))
            }),
    );
    let long = Some(institution::long_consent());
    fixtures.push(Fixture::new(
        "consent-long",
        consent("own", long, Refusal::Refers),
    ));
    fixtures
}

fn field() -> Vec<Fixture> {
    let field = |input: FieldInput, error| {
        let (label, hint) = institution::question(&input);
        Screen::Field {
            field: name_of(&input),
            input,
            required: false,
            label,
            hint,
            number: 2,
            of: 5,
            error,
        }
    };
    // Exhaustive: what can be entered, and for each an error that can follow.
    let error_of = |input: &FieldInput| match input {
        FieldInput::Amount => FieldError::TooLarge { max: 50_000_000 },
        FieldInput::Count => FieldError::TooSmall { min: 1 },
        FieldInput::Phone => FieldError::NotMobile,
        FieldInput::Bin => FieldError::CheckDigit,
        FieldInput::CardNumber | FieldInput::RequestNumber => FieldError::Shape,
        FieldInput::Name => FieldError::Letters,
        FieldInput::Text { .. } => FieldError::TooLong { max: 500 },
        FieldInput::Choice { .. } => FieldError::Missing,
    };
    let inputs = [
        FieldInput::Choice {
            options: institution::choices(3),
        },
        FieldInput::Amount,
        FieldInput::Count,
        FieldInput::Phone,
        FieldInput::Bin,
        FieldInput::CardNumber,
        FieldInput::Name,
        FieldInput::Text { max_chars: 500 },
        FieldInput::RequestNumber,
    ];
    let mut fixtures = Vec::new();
    for input in inputs {
        let name = format!("field-{}", name_of(&input));
        let error = error_of(&input);
        fixtures.push(Fixture::new(name.clone(), field(input.clone(), None)));
        fixtures.push(Fixture::new(format!("{name}-wrong"), field(input, Some(error))));
    }
    let many = FieldInput::Choice {
        options: institution::choices(usize::MAX),
    };
    fixtures.push(Fixture::new("field-choice-many", field(many, None)));
    for error in [FieldError::Missing, FieldError::Country] {
        let name = format!("field-phone-{}", name_of(&error));
        fixtures.push(Fixture::new(name, field(FieldInput::Phone, Some(error))));
    }
    fixtures
}

fn claim() -> Vec<Fixture> {
    let mut fixtures = vec![Fixture::new("claim", Screen::Claim { error: None })];
    fixtures.extend(CLAIM_ERRORS.iter().map(|error| {
        let name = if *error == ClaimError::CheckDigit {
            "claim-wrong".to_owned()
        } else {
            format!("claim-{}", name_of(error))
        };
        Fixture::new(name, Screen::Claim { error: Some(*error) })
    }));
    fixtures
}

fn operator() -> Vec<Fixture> {
    let operator = |name: &str, refused| Fixture::new(name, Screen::Operator { refused });
    vec![
        operator("operator", None),
        operator("operator-wrong", Some(CodeRefusal::Wrong)),
        operator("operator-paused", Some(CodeRefusal::Paused { minutes: 15 })),
    ]
}

fn phone() -> Vec<Fixture> {
    let url = "https://idec.example.kz/verify/4f1c2a9e7b3d4c58a1f0";
    vec![
        Fixture::new("phone-opening", Screen::Phone { url: None }),
        Fixture::new(
            "phone",
            Screen::Phone {
                url: Some(url.to_owned()),
            },
        ),
    ]
}

fn method() -> Vec<Fixture> {
    let ways = [
        Method::Face,
        Method::Palm,
        Method::Phone,
        Method::Video,
        Method::Images,
    ];
    let all_of = |availability| Screen::Method {
        methods: ways.iter().map(|way| (*way, availability)).collect(),
    };
    let usual = Screen::Method {
        methods: vec![
            (Method::Face, Availability::Ready),
            (Method::Palm, Availability::NotEnrolled),
        ],
    };
    let mut fixtures = vec![
        Fixture::new("method", usual),
        Fixture::new("method-all", all_of(Availability::Ready)),
    ];
    fixtures.extend(
        AVAILABILITIES
            .iter()
            .filter(|availability| **availability != Availability::Ready)
            .map(|availability| {
                Fixture::new(format!("method-{}", name_of(availability)), all_of(*availability))
            }),
    );
    fixtures
}

fn assisted() -> Vec<Fixture> {
    let assisted = |methods: &[Method], left, spent| Screen::Assisted {
        methods: methods.to_vec(),
        left,
        spent,
    };
    let both = [Method::Images, Method::Video];
    vec![
        Fixture::new("assisted", assisted(&both, 3, false)),
        Fixture::new("assisted-spent", assisted(&both, 2, true)),
        Fixture::new("assisted-last", assisted(&[Method::Video], 0, true)),
    ]
}

fn call_back() -> Vec<Fixture> {
    let screen = |error, given| Screen::CallBack { error, given };
    vec![
        Fixture::new("call-back", screen(None, false)),
        Fixture::new("call-back-given", screen(None, true)),
        Fixture::new("call-back-wrong", screen(Some(FieldError::NotMobile), false)),
    ]
}

fn images() -> Vec<Fixture> {
    let screen = |stage, picture, hint| Screen::Images {
        stage,
        picture,
        page: (stage != ImagesStage::Intro).then_some(PageKind::Card),
        hint,
        number: 2,
        of: 3,
        left: 2,
    };
    let mut fixtures = Vec::new();
    for stage in IMAGES_STAGES {
        let pictures = match stage {
            ImagesStage::Shown | ImagesStage::Failed => PICTURES,
            _ => &PICTURES[..1],
        };
        for picture in pictures {
            let name = match stage {
                ImagesStage::Shown | ImagesStage::Failed => {
                    format!("images-{}-{}", name_of(stage), name_of(picture))
                }
                _ => format!("images-{}", name_of(stage)),
            };
            // The session says what to do as soon as the camera looks.
            let hint = (*stage == ImagesStage::Taking).then_some(PictureHint::Face(Prompt::ShowFace));
            fixtures.push(Fixture::new(name, screen(*stage, *picture, hint)));
        }
    }
    fixtures.extend(PAGE_PROMPTS.iter().map(|prompt| {
        let hint = Some(PictureHint::Page(*prompt));
        Fixture::new(
            format!("images-taking-document-front-{}", name_of(prompt)),
            screen(ImagesStage::Taking, Picture::DocumentFront, hint),
        )
    }));
    fixtures.push(Fixture::new(
        "images-taking-document-back",
        screen(
            ImagesStage::Taking,
            Picture::DocumentBack,
            Some(PictureHint::Page(PagePrompt::Show)),
        ),
    ));
    let hint = Some(PictureHint::Face(Prompt::LookStraight));
    fixtures.push(Fixture::new(
        "images-taking-portrait",
        screen(ImagesStage::Taking, Picture::Portrait, hint),
    ));
    fixtures
}

fn face() -> Vec<Fixture> {
    let face = |prompt, light| Screen::Face {
        prompt,
        done: 1,
        of: 3,
        attempt: 2,
        attempts: 3,
        light,
    };
    let mut fixtures: Vec<Fixture> = PROMPTS
        .iter()
        .map(|prompt| Fixture::new(format!("face-{}", name_of(prompt)), face(*prompt, None)))
        .collect();
    for (name, light) in [("face-lit", [0, 96, 255]), ("face-lit-white", [255, 255, 255])] {
        fixtures.push(Fixture::new(name, face(Prompt::HoldStill, Some(light))));
    }
    fixtures.push(
        Fixture::new("face-lit-calm", face(Prompt::HoldStill, Some([255, 170, 150])))
            .with(|view| view.calm = true),
    );
    fixtures.push(
        Fixture::new("face-may-stand-aside", face(Prompt::TurnLeft, None))
            .with(|view| view.may_stand_aside = true),
    );
    fixtures
}

fn camera_trouble() -> Vec<Fixture> {
    CAMERA_TROUBLES
        .iter()
        .map(|trouble| {
            Fixture::new(
                format!("camera-trouble-{}", name_of(trouble)),
                Screen::CameraTrouble { trouble: *trouble },
            )
        })
        .collect()
}

fn palm() -> Vec<Fixture> {
    let palm = |purpose, prompt| Screen::Palm {
        purpose,
        prompt,
        attempt: 1,
        attempts: 3,
    };
    let mut fixtures: Vec<Fixture> = HAND_PROMPTS
        .iter()
        .map(|prompt| {
            Fixture::new(
                format!("palm-{}", name_of(prompt)),
                palm(PalmPurpose::Verify, *prompt),
            )
        })
        .collect();
    fixtures.push(Fixture::new(
        "palm-enrol",
        palm(PalmPurpose::Enrol, HandPrompt::ShowHand),
    ));
    fixtures
}

fn scanner_trouble() -> Vec<Fixture> {
    SCANNER_TROUBLES
        .iter()
        .map(|trouble| {
            Fixture::new(
                format!("scanner-trouble-{}", name_of(trouble)),
                Screen::ScannerTrouble { trouble: *trouble },
            )
        })
        .collect()
}

fn attempt_failed() -> Vec<Fixture> {
    let failed = |reason, next| Screen::AttemptFailed {
        reason,
        left: if next == NextAttempt::Again { 2 } else { 0 },
        next,
    };
    let mut fixtures: Vec<Fixture> = REASONS
        .iter()
        .map(|reason| {
            let next = match reason {
                AttemptReason::PalmUsedUp => NextAttempt::Face,
                AttemptReason::FaceUsedUp => NextAttempt::People,
                _ => NextAttempt::Again,
            };
            let name = format!("attempt-failed-{}", name_of(reason));
            Fixture::new(name, failed(*reason, next))
                .with(|view| view.may_stand_aside = next == NextAttempt::People)
        })
        .collect();
    fixtures.push(
        Fixture::new(
            "attempt-failed-palm-used-up-without-face",
            failed(AttemptReason::PalmUsedUp, NextAttempt::People),
        )
        .with(|view| view.may_stand_aside = true),
    );
    fixtures.extend(
        NEXT.iter()
            .filter(|next| **next != NextAttempt::Again)
            .map(|next| {
                let name = format!("attempt-failed-next-{}", name_of(next));
                Fixture::new(name, failed(AttemptReason::NotPerformed, *next))
                    .with(|view| view.may_stand_aside = *next == NextAttempt::People)
            }),
    );
    // Who cannot do what is asked may say so.
    fixtures.push(
        Fixture::new(
            "attempt-failed-may-stand-aside",
            failed(AttemptReason::NotPerformed, NextAttempt::Again),
        )
        .with(|view| view.may_stand_aside = true),
    );
    fixtures
}

fn progress() -> Vec<Fixture> {
    STAGES
        .iter()
        .map(|stage| {
            Fixture::new(
                format!("progress-{}", name_of(stage)),
                Screen::Progress { stage: *stage },
            )
        })
        .collect()
}

fn outcome() -> Vec<Fixture> {
    let record = "0af3c81e5b9d4e7296a1d02f4c7b8e15";
    let outcome = |outcome, slip| Screen::Outcome {
        outcome,
        record: record.to_owned(),
        enrolled_palm: false,
        request: None,
        request_state: None,
        refused: None,
        slip,
    };
    let mut fixtures: Vec<Fixture> = OUTCOMES
        .iter()
        .map(|ended| {
            Fixture::new(
                format!("outcome-{}", name_of(ended)),
                outcome(*ended, Slip::Ready),
            )
        })
        .collect();
    fixtures.extend(SLIPS.iter().filter(|slip| **slip != Slip::Ready).map(|slip| {
        let name = format!("outcome-slip-{}", name_of(slip));
        Fixture::new(name, outcome(Outcome::Verified, *slip))
    }));
    let day = Day {
        year: 2026,
        month: 12,
        day: 14,
    };
    let ending = |name: &str, change: &dyn Fn(&mut Screen)| {
        let mut screen = outcome(Outcome::Verified, Slip::Ready);
        change(&mut screen);
        Fixture::new(name.to_owned(), screen)
    };
    fixtures.push(ending("outcome-palm-enrolled", &|screen| {
        if let Screen::Outcome { enrolled_palm, .. } = screen {
            *enrolled_palm = true;
        }
    }));
    fixtures.push(ending("outcome-request", &|screen| {
        if let Screen::Outcome { request, .. } = screen {
            *request = Some(("261123-4821-0937".to_owned(), day));
        }
    }));
    for state in REQUEST_STATES {
        let name = format!("outcome-request-state-{}", name_of(state));
        fixtures.push(ending(&name, &|screen| {
            if let Screen::Outcome { request_state, .. } = screen {
                *request_state = Some(*state);
            }
        }));
    }
    for reason in PICTURES_REFUSED {
        let name = format!("outcome-refused-{}", name_of(reason));
        fixtures.push(ending(&name, &|screen| {
            if let Screen::Outcome { outcome, refused, .. } = screen {
                *outcome = match reason {
                    PicturesRefused::DocumentUnreadable | PicturesRefused::PictureUnusable => {
                        Outcome::QualityInsufficient
                    }
                    _ => Outcome::NotVerified,
                };
                *refused = Some(*reason);
            }
        }));
    }
    fixtures.push(ending("outcome-nothing-recorded", &|screen| {
        if let Screen::Outcome {
            outcome,
            record,
            slip,
            ..
        } = screen
        {
            (*outcome, *slip) = (Outcome::Withdrawn, Slip::None);
            record.clear();
        }
    }));
    fixtures
}

fn closed() -> Vec<Fixture> {
    let monday = Day {
        year: 2026,
        month: 11,
        day: 30,
    };
    vec![
        Fixture::new(
            "closed",
            Screen::Closed {
                opens: Some((monday, 9, 0)),
            },
        ),
        Fixture::new("closed-unknown", Screen::Closed { opens: None }),
    ]
}

fn out_of_service() -> Vec<Fixture> {
    CODES
        .iter()
        .map(|code| {
            Fixture::new(
                format!("out-of-service-{}", name_of(code)),
                Screen::OutOfService { code: *code },
            )
        })
        .collect()
}

/// What may stand on any screen.
fn beside() -> Vec<Fixture> {
    let claim = Screen::Claim { error: None };
    vec![
        Fixture::new("idle", claim.clone()).with(|view| view.idle_warning_s = Some(20)),
        Fixture::new("calm", claim).with(|view| {
            view.calm = true;
            view.demo = true;
            view.link = Link::Offline;
            view.pending = 1;
        }),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::texts::own_texts;
    use super::*;

    #[test]
    fn no_kind_of_screen_is_forgotten() {
        let shown: BTreeSet<&str> = all().iter().map(Fixture::kind).collect();
        assert_eq!(shown, KINDS.iter().copied().collect());
        let telling: BTreeSet<&str> = telling().iter().map(Fixture::kind).collect();
        assert_eq!(telling, shown);
    }

    #[test]
    fn every_name_is_one_picture() {
        let mut names = BTreeSet::new();
        for fixture in all() {
            assert!(
                names.insert(fixture.name.clone()),
                "{} is there twice",
                fixture.name
            );
            let plain = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '-';
            assert!(
                fixture.name.chars().all(plain),
                "{} is no file name",
                fixture.name
            );
        }
    }

    #[test]
    fn the_texts_are_there_in_each_language() {
        for texts in own_texts() {
            assert!(!texts.kk.is_empty() && !texts.ru.is_empty() && !texts.en.is_empty());
        }
    }
}
