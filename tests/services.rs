//! Every service of every profile, from its first screen to the answer of the centre: the real rules, custody, gateway and
//! centre simulator, with a simulated person before simulated devices. The same table without a window; five services are
//! walked in the real window by `window_services.rs`.
#![allow(clippy::unwrap_used, reason = "a walk that cannot go on has failed")]

mod common;

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use alaqan::convert;
use common::{IIN, Institution, LIMIT, alone, now};
use custody::{Custody, Happened, Software};
use document::identification::Identification;
use gateway::config::{Scripted, ScriptedPage};
use outbox::Outbox;
use profile::Profile;
use verification::Sensitive;
use verification::capture::{CameraIdentity, CapturedSample};
use verification::evidence::{
    DocumentId, Evidence, KioskIdentity, Language, Modality, Organisation, Outcome, ProfileIdentity, Route,
    SessionId, Verdict,
};
use verification::pad::positioning::FacePrompt;
use verification::pad::{plan, testing};
use verification::palm::{
    EnrolOutcome, PalmCapabilities, PalmReadings, PalmReference, PalmScan, ScanResult, ScannerIdentity,
};
use verification::policy::{OperatorPresence, PassivePad, Policy};
use verification::request;
use verification::service::{ConsentDemand, Field, FieldKind, Refusal, Requirement, Service};
use verification::session::{Effect, Input, Opening, OperatorCheck, RecordFailed, Session, Showing};
use verification::time::Now;

const PALM: PalmReference = PalmReference(1001);

/// How a service is gone through.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Way {
    Face,
    Palm,
    HostedPage,
}

/// What of the entries makes a verification required, or not.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Size {
    Smallest,
    Largest,
}

/// What a walk left behind.
struct Walked {
    document: Evidence,
    answer: Option<Identification>,
    audit: Vec<String>,
    /// Kinds of the screens, in order.
    screens: Vec<String>,
    last: ipc::Screen,
}

/// A kiosk without window and devices.
struct Kiosk {
    custody: Custody,
    events: Receiver<custody::Event>,
    profile: Profile,
    at: Duration,
    frame: u64,
    /// Whether the person waits for the centre's answer.
    is_patient: bool,
    /// Width and height of the pictures.
    picture_px: (u16, u16),
}

impl Kiosk {
    fn open(institution: &Institution, profile: Profile) -> Self {
        let settings = institution.custody();
        let keys = custody::open_keys(&settings).unwrap();
        let (sender, events) = channel();
        let capabilities = vec!["face".to_owned(), "hosted-page".to_owned()];
        let custody = Custody::open(
            settings,
            Software::running("test", capabilities),
            keys,
            now(),
            move |event| {
                drop(sender.send(event));
            },
        );
        Self {
            custody: custody.unwrap(),
            events,
            profile,
            at: Duration::from_secs(1),
            frame: 0,
            is_patient: true,
            picture_px: (640, 480),
        }
    }

    /// A session up to its outcome.
    fn walk(&mut self, service: &Service, way: Way, size: Size, choice: usize) -> Walked {
        let mut walk = Walk::begin(self, way, size, choice);
        walk.give(Input::ServiceChosen(service.id.clone()));
        walk.go_on()
    }

    fn opening(&self) -> Opening {
        Opening {
            session_id: SessionId(uuid::Uuid::new_v4().into_bytes()),
            document_id: DocumentId(uuid::Uuid::new_v4().into_bytes()),
            organisation: Organisation {
                name: "Test".into(),
                bin: "050140000000".into(),
            },
            kiosk: KioskIdentity {
                kiosk_id: "kiosk-0001".into(),
                software: "test".into(),
            },
            language: Language::Kk,
            calm: false,
            catalogue: self.profile.catalogue.clone(),
            policy: Policy {
                passive: PassivePad::WhereInstalled,
                identification_patience: LIMIT,
                ..self.profile.policy.clone()
            },
            profile: ProfileIdentity {
                name: self.profile.name.clone(),
                sha256: self.profile.sha256,
            },
            palm_consent: ConsentDemand::required("palm", 1),
            images_consent: ConsentDemand::required("images", 1),
            calendar: self.profile.calendar.clone(),
            integrity: None,
        }
    }

    /// Until the gateway has all documents.
    fn deliver(&mut self) {
        while self.custody.waiting() > 0 {
            let event = self
                .events
                .recv_timeout(LIMIT)
                .expect("the gateway says something");
            self.custody.handle(event, now()).unwrap();
        }
    }

    fn now(&self) -> Now {
        Now {
            monotonic: self.at,
            utc: now(),
        }
    }
}

struct Walk<'a> {
    kiosk: &'a mut Kiosk,
    session: Session,
    way: Way,
    size: Size,
    choice: usize,
    document: Option<Evidence>,
    answer: Option<Identification>,
    audit: Vec<String>,
    screens: Vec<String>,
}

impl<'a> Walk<'a> {
    fn begin(kiosk: &'a mut Kiosk, way: Way, size: Size, choice: usize) -> Self {
        let (session, effects) = Session::open(kiosk.opening(), kiosk.now());
        let mut walk = Self {
            kiosk,
            session,
            way,
            size,
            choice,
            document: None,
            answer: None,
            audit: Vec::new(),
            screens: Vec::new(),
        };
        walk.perform_all(effects.into());
        walk
    }

    fn give(&mut self, input: Input) {
        let now = self.kiosk.now();
        let effects = self.session.step(now, input);
        self.perform_all(effects.into());
    }

    fn perform_all(&mut self, mut effects: VecDeque<Effect>) {
        while let Some(effect) = effects.pop_front() {
            if let Some(input) = self.perform(effect) {
                let now = self.kiosk.now();
                effects.extend(self.session.step(now, input));
            }
        }
    }

    fn perform(&mut self, effect: Effect) -> Option<Input> {
        let utc = now();
        Some(match effect {
            Effect::CountAttempts { .. } => Input::AttemptsCounted(0),
            Effect::CheckOperator(_) => Input::OperatorChecked(OperatorCheck::Present("staff-7".into())),
            Effect::OpenCamera => Input::CameraOpened(Ok(CameraIdentity {
                name: "simulated".into(),
                bus_id: "simulated".into(),
                replay: true,
            })),
            Effect::DrawRandom => Input::RandomDrawn([7; plan::RANDOM_BYTES]),
            Effect::KeepStill { frame, purpose } => Input::StillKept {
                purpose,
                sample: Some(CapturedSample {
                    frame,
                    width_px: self.kiosk.picture_px.0.into(),
                    height_px: self.kiosk.picture_px.1.into(),
                    jpeg: Sensitive::new(common::jpeg(self.kiosk.picture_px.0, self.kiosk.picture_px.1)),
                }),
            },
            Effect::PersistAttempt { subject, modality } => {
                self.kiosk
                    .custody
                    .outbox()
                    .record_attempt(&subject, modality, utc)
                    .expect("the store works");
                Input::AttemptPersisted
            }
            Effect::ForgiveAttempt { .. }
            | Effect::CloseCamera
            | Effect::BeginMeasuring
            | Effect::LookFor(_)
            | Effect::ShowPictures(_)
            | Effect::CancelScan => return None,
            Effect::AskScanner => Input::Scanner(Ok(scanner())),
            Effect::FindPalmReference { .. } => Input::PalmReferenceFound(Some(PALM)),
            Effect::Scan(_) => Input::Scanned(Ok(Some(PalmScan {
                readings: PalmReadings {
                    volume_ml: Some(380.0),
                    surface_temperature_celsius: Some(32.0),
                    ambient_temperature_celsius: Some(22.0),
                    vascular_quality: Some(0.8),
                    liveness: Some(0.9),
                },
                ..PalmScan::of(ScanResult::Identified(PALM))
            }))),
            Effect::EnrolPalm { .. } => {
                Input::Enrolled(Ok(Some(EnrolOutcome::Enrolled(PalmReference(1002)))))
            }
            Effect::ProposePalm { .. } => Input::PalmProposed,
            Effect::Record {
                evidence,
                accounts_for,
            } => {
                self.document = Some((*evidence).clone());
                let recorded = self.kiosk.custody.record(*evidence, &accounts_for, utc);
                Input::Recorded(recorded.map_err(|_| RecordFailed))
            }
            Effect::Audit(event) => {
                self.audit.push(event.to_string());
                self.kiosk
                    .custody
                    .audit(Some(self.session.id()), &event.to_string(), utc)
                    .expect("the store works");
                return None;
            }
        })
    }

    fn screen(&self) -> ipc::Screen {
        let devices = convert::Devices {
            palm: true,
            online: true,
            slip: ipc::Slip::Ready,
        };
        convert::screen(&self.session, devices).unwrap()
    }

    /// Does what each screen asks for until the end.
    fn go_on(mut self) -> Walked {
        for _ in 0..5_000 {
            let screen = self.screen();
            let kind = serde_json::to_value(&screen).unwrap()["kind"]
                .as_str()
                .unwrap()
                .to_owned();
            if self.screens.last() != Some(&kind) {
                self.screens.push(kind);
            }
            match self.session.showing() {
                Showing::Consent { text, .. } => self.give(Input::ConsentAnswered { text, given: true }),
                Showing::Field { field, error, .. } => {
                    assert_eq!(error, None, "{}", field.name);
                    let value = Sensitive::new(self.entry(&field));
                    self.give(Input::FieldEntered {
                        field: field.name,
                        value,
                    });
                }
                Showing::Claim { error } => {
                    assert_eq!(error, None);
                    self.give(Input::ClaimEntered(Sensitive::new(IIN.into())));
                }
                Showing::Operator { .. } => self.give(Input::OperatorEntered(Sensitive::new("1".into()))),
                Showing::Method { .. } => self.give(match self.way {
                    Way::Face => Input::MethodChosen(Modality::Face),
                    Way::Palm => Input::MethodChosen(Modality::Palm),
                    Way::HostedPage => Input::HostedPageChosen,
                }),
                Showing::Face { prompt, .. } => self.frame(prompt),
                Showing::Identifying if !self.kiosk.is_patient => {
                    self.kiosk.at += LIMIT;
                    self.give(Input::Tick);
                }
                Showing::Identifying | Showing::HostedPage { .. } => self.wait_for_the_gateway(),
                Showing::Outcome { .. } => break,
                other => panic!("{other:?} after {:?}", self.screens),
            }
        }
        Walked {
            last: self.screen(),
            document: self.document.expect("a document of every outcome"),
            answer: self.answer,
            audit: self.audit,
            screens: self.screens,
        }
    }

    fn frame(&mut self, prompt: FacePrompt) {
        self.kiosk.at += Duration::from_millis(33);
        self.kiosk.frame += 1;
        let face = testing::obeying(prompt, self.kiosk.frame);
        let at_ms = u64::try_from(self.kiosk.at.as_millis()).unwrap();
        self.give(Input::Observed(testing::seen(
            self.kiosk.frame,
            at_ms,
            Some(face),
        )));
    }

    fn wait_for_the_gateway(&mut self) {
        let event = self
            .kiosk
            .events
            .recv_timeout(LIMIT)
            .expect("the gateway says something");
        match self.kiosk.custody.handle(event, now()).unwrap() {
            Happened::Nothing => {}
            Happened::HostedPage { document_id, url, .. } => {
                assert!(url.expose().starts_with("https://"));
                self.give(Input::HostedPageOpened { document_id, url });
            }
            Happened::Answered(answer) => {
                let document_id = answer.document_id;
                self.kiosk.custody.answer_is_stored(document_id, now()).unwrap();
                self.give(Input::Identified {
                    document_id,
                    verdict: answer.verdict,
                    decided_by: answer.decided_by,
                    request: answer.request,
                    reason: answer.reason,
                });
                self.answer = Some(*answer);
            }
        }
    }

    /// Something right for a field.
    fn entry(&self, field: &Field) -> String {
        let within = |min: u64, max: u64| match self.size {
            Size::Smallest => min.to_string(),
            Size::Largest => max.to_string(),
        };
        match &field.kind {
            FieldKind::Amount { min_tenge, max_tenge } => within(*min_tenge, *max_tenge),
            FieldKind::Count { min, max } => within(*min, *max),
            FieldKind::Phone { .. } => "8 701 234 56 78".into(),
            FieldKind::Bin => common::BIN.into(),
            FieldKind::CardNumber => "041236587".into(),
            FieldKind::Name => "Әлия Сынақ".into(),
            FieldKind::Text { .. } => "сынақ".into(),
            FieldKind::Choice(options) => options[self.choice.min(options.len() - 1)].name.clone(),
            FieldKind::RequestNumber => {
                let day = verification::date::Date::from_utc(now());
                request::number(DocumentId([9; 16]), day)
            }
        }
    }
}

fn scanner() -> ScannerIdentity {
    ScannerIdentity {
        driver: "reference".into(),
        model: "simulated".into(),
        firmware: "1".into(),
        serial: "P-1".into(),
        thermometer: None,
        capabilities: PalmCapabilities {
            vascular: true,
            volume: true,
            temperature: true,
            liveness: true,
            seal: false,
        },
    }
}

fn profiles() -> Vec<(PathBuf, Profile)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("profiles");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            let text = std::fs::read_to_string(path).unwrap();
            text.contains("\ncalendar = ")
        })
        .collect();
    files.sort();
    files
        .into_iter()
        .map(|path| {
            let profile = profile::load(&path).unwrap();
            (path, profile)
        })
        .collect()
}

fn ways(service: &Service) -> Vec<Way> {
    [
        (service.face, Way::Face),
        (service.palm, Way::Palm),
        (service.hosted_page, Way::HostedPage),
    ]
    .into_iter()
    .filter_map(|(allowed, way)| allowed.then_some(way))
    .collect()
}

/// As many walks as the choices of a field are, so that each kind of request is made.
fn choices(service: &Service) -> usize {
    let options = service.fields.iter().filter_map(|field| match &field.kind {
        FieldKind::Choice(options) => Some(options.len()),
        _ => None,
    });
    options.max().unwrap_or(1)
}

fn check(name: &str, service: &Service, way: Way, walked: &Walked, profile: &Profile) {
    let Walked {
        document,
        answer,
        audit,
        screens,
        last,
    } = walked;
    let what = format!("{name}, {}, {way:?}: {screens:?}", service.id.0);
    assert_eq!(document.service.as_ref(), Some(&service.id), "{what}");
    assert_eq!(document.profile.name, profile.name, "{what}");
    assert_eq!(document.profile.sha256, profile.sha256, "{what}");
    let acts: Vec<_> = service.legal_basis.iter().map(|basis| basis.id.clone()).collect();
    assert_eq!(document.legal_basis, acts, "{what}");
    let consents: Vec<_> = document
        .consents
        .iter()
        .map(|consent| consent.text.as_str())
        .collect();
    let asked = service.consents.iter().map(|consent| consent.text.as_str());
    let palm = (way == Way::Palm && !consents[..service.consents.len()].contains(&"palm")).then_some("palm");
    assert_eq!(consents, asked.chain(palm).collect::<Vec<_>>(), "{what}");
    assert!(document.consents.iter().all(|consent| consent.given), "{what}");
    let fields: Vec<_> = service
        .fields_asked(&document.entries)
        .map(|field| &field.name)
        .collect();
    assert_eq!(
        document
            .entries
            .iter()
            .map(|entry| &entry.field)
            .collect::<Vec<_>>(),
        fields,
        "{what}"
    );
    assert_eq!(
        document.suspicions,
        service.suspicions_of(&document.entries),
        "{what}"
    );
    assert!(
        audit.iter().any(|event| event.starts_with("Recorded ")),
        "{what}: {audit:?}"
    );
    let ipc::Screen::Outcome {
        outcome,
        record,
        request,
        request_state,
        ..
    } = last
    else {
        panic!("{what}: {last:?}");
    };
    assert_eq!(*record, document.document_id.to_string(), "{what}");
    if !service.requires_verification(&document.entries) {
        assert_eq!(document.outcome, Outcome::NotRequired, "{what}");
        assert_eq!(
            (*outcome, document.claim.as_ref()),
            (ipc::Outcome::NotRequired, None),
            "{what}"
        );
        assert!(answer.is_none(), "{what}");
        return;
    }
    assert_eq!(document.outcome, Outcome::AwaitingIdentification, "{what}");
    assert_eq!(*outcome, ipc::Outcome::Verified, "{what}");
    assert_eq!(answer.as_ref().unwrap().verdict, Verdict::Match, "{what}");
    let (route, pictures) = match way {
        Way::Face => (Route::Kiosk, true),
        Way::Palm => (Route::Kiosk, false),
        Way::HostedPage => (Route::HostedPage, false),
    };
    assert_eq!(
        (document.route, !document.stills.is_empty()),
        (route, pictures),
        "{what}"
    );
    let wanted = document.policy.operator == OperatorPresence::Required;
    assert_eq!(document.operator.is_some(), wanted, "{what}");
    assert_eq!(service.request.is_some(), document.request.is_some(), "{what}");
    if let Some(made) = &document.request {
        let demand = service.request.as_ref().unwrap();
        let kind = demand
            .kinds
            .iter()
            .find(|kind| kind.name == made.kind)
            .expect("a kind of the service");
        let day = verification::date::Date::from_utc(document.ended_at);
        let due = profile.calendar.add_working_days(day, kind.working_days).unwrap();
        assert_eq!(made.due, due, "{what}");
        let number = request::number(document.document_id, day);
        assert_eq!(*request, Some((number, convert::day(due))), "{what}");
    } else {
        assert_eq!(*request, None, "{what}");
    }
    // The number that was asked about is nobody's.
    let state = service.asks_request_state.then_some(ipc::RequestState::Unknown);
    assert_eq!(*request_state, state, "{what}");
    assert_eq!(
        document.palm.is_some(),
        way == Way::Palm || service.enrols_palm,
        "{what}"
    );
}

#[test]
fn every_service_of_every_profile_is_walked_to_its_answer() {
    let _alone = alone();
    let mut institution = Institution::found();
    institution.open_gateway();
    institution.phone_says(ScriptedPage::Match);
    let mut walks = 0;
    let profiles = profiles();
    assert_eq!(profiles.len(), 6, "one for each kind of institution");
    let mut documents = Vec::new();
    for (path, profile) in profiles {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let mut kiosk = Kiosk::open(&institution, profile.clone());
        for service in &profile.catalogue {
            assert_eq!(service.fault(), None);
            for way in ways(service) {
                for choice in 0..choices(service) {
                    let walked = kiosk.walk(service, way, Size::Largest, choice);
                    check(&name, service, way, &walked, &profile);
                    documents.push(walked.document);
                    walks += 1;
                }
            }
            if matches!(service.requirement, Requirement::When(_)) {
                let walked = kiosk.walk(service, ways(service)[0], Size::Smallest, 0);
                check(&name, service, ways(service)[0], &walked, &profile);
                documents.push(walked.document);
                walks += 1;
            }
        }
    }
    eprintln!("{walks} walks");
    // What the gateway keeps is what was recorded, but for where the audit log stood.
    let mut kept = institution.documents();
    kept.iter_mut().for_each(|document| document.audit = None);
    kept.sort_by_key(|document| document.document_id);
    documents.sort_by_key(|document| document.document_id);
    assert_eq!(kept.len(), documents.len());
    for (kept, recorded) in kept.iter().zip(&documents) {
        assert!(kept == recorded, "{:?}", recorded.service);
    }
}

#[test]
fn a_refused_consent_leads_where_the_profile_says() {
    let _alone = alone();
    let mut institution = Institution::found();
    institution.open_gateway();
    for (path, profile) in profiles() {
        let name = path.display();
        let mut kiosk = Kiosk::open(&institution, profile.clone());
        for service in &profile.catalogue {
            for refused in &service.consents {
                let mut walk = Walk::begin(&mut kiosk, Way::Face, Size::Smallest, 0);
                walk.give(Input::ServiceChosen(service.id.clone()));
                for consent in &service.consents {
                    let given = consent.text != refused.text;
                    walk.give(Input::ConsentAnswered {
                        text: consent.text.clone(),
                        given,
                    });
                    if !given {
                        break;
                    }
                }
                let what = format!("{name}, {}, {}", service.id.0, refused.text);
                let end = match walk.session.showing() {
                    Showing::Outcome { outcome, .. } => Some(outcome),
                    _ => None,
                };
                let (expect, has_document) = match refused.refusal {
                    Refusal::Ends => (Some(Outcome::Withdrawn), false),
                    Refusal::Refers => (Some(Outcome::Referred), true),
                    Refusal::Continues => (None, false),
                };
                assert_eq!((end, walk.document.is_some()), (expect, has_document), "{what}");
            }
        }
    }
}

/// What the centre says, and what comes of it on the screen, in the signed answer and in the log.
#[test]
fn every_answer_of_the_centre_leads_to_its_screen() {
    let _alone = alone();
    let mut institution = Institution::found();
    institution.open_gateway();
    let (_, profile) = profiles()
        .into_iter()
        .find(|(_, profile)| profile.name == "bank")
        .unwrap();
    let service = profile
        .catalogue
        .iter()
        .find(|service| service.face && service.hosted_page && service.requirement == Requirement::Always);
    let service = service.unwrap().clone();
    let mut kiosk = Kiosk::open(&institution, profile);
    let check = |kiosk: &mut Kiosk, way: Way, outcome: ipc::Outcome, verdict: Verdict| {
        let walked = kiosk.walk(&service, way, Size::Largest, 0);
        let ipc::Screen::Outcome { outcome: shown, .. } = walked.last else {
            panic!("{:?}", walked.last)
        };
        let answer = walked.answer.unwrap();
        assert_eq!((shown, answer.verdict), (outcome, verdict), "{way:?}");
        assert_eq!(answer.document_id, walked.document.document_id);
        let is_noted = walked.audit.iter().any(|event| event == "AnswerShown");
        assert!(is_noted, "{:?}", walked.audit);
    };
    use ipc::Outcome as Shown;
    let answers = [
        (Scripted::Match, Shown::Verified, Verdict::Match),
        (Scripted::NoMatch, Shown::NotVerified, Verdict::NonMatch),
        (
            Scripted::PersonNotFound,
            Shown::PersonNotFound,
            Verdict::PersonNotFound,
        ),
        (Scripted::NoReference, Shown::NoReference, Verdict::NoReference),
        (
            Scripted::DocumentTypeNotAccepted,
            Shown::DocumentTypeNotAccepted,
            Verdict::DocumentTypeNotAccepted,
        ),
    ];
    for (scripted, outcome, verdict) in answers {
        institution.centre_says(scripted);
        check(&mut kiosk, Way::Face, outcome, verdict);
    }
    let pages = [
        (ScriptedPage::Match, Shown::Verified, Verdict::Match),
        (ScriptedPage::NoMatch, Shown::NotVerified, Verdict::NonMatch),
        (ScriptedPage::Cancel, Shown::NotCompleted, Verdict::NotCompleted),
    ];
    for (scripted, outcome, verdict) in pages {
        institution.phone_says(scripted);
        check(&mut kiosk, Way::HostedPage, outcome, verdict);
    }
    // A picture below the gate costs nothing: the centre is not asked.
    let asked = institution.comparisons();
    kiosk.picture_px = (100, 100);
    check(
        &mut kiosk,
        Way::Face,
        Shown::QualityInsufficient,
        Verdict::QualityInsufficient,
    );
    assert_eq!(institution.comparisons(), asked);
}

/// Where the centre gives no answer now, the person is captured and not identified, until it does.
#[test]
fn a_centre_that_cannot_answer_leaves_the_person_captured_and_not_identified() {
    let _alone = alone();
    for (scripted, reason) in [
        (Scripted::StateServiceError, "cannot answer now (status 503)"),
        (Scripted::Overload, "cannot answer now (status 429)"),
        (Scripted::Timeout, "does not answer in time"),
        (Scripted::Malformed, "makes no sense"),
    ] {
        let mut institution = Institution::found();
        institution.open_gateway();
        let (_, profile) = profiles()
            .into_iter()
            .find(|(_, profile)| profile.name == "bank")
            .unwrap();
        let service = profile
            .catalogue
            .iter()
            .find(|service| service.face && service.requirement == Requirement::Always);
        let service = service.unwrap().clone();
        let mut kiosk = Kiosk::open(&institution, profile);
        institution.centre_says(scripted);
        kiosk.is_patient = false;
        let walked = kiosk.walk(&service, Way::Face, Size::Largest, 0);
        kiosk.deliver();
        let ipc::Screen::Outcome { outcome, .. } = walked.last else {
            panic!("{:?}", walked.last)
        };
        assert_eq!(outcome, ipc::Outcome::AwaitingIdentification, "{scripted:?}");
        assert_eq!(walked.document.outcome, Outcome::AwaitingIdentification);
        assert!(
            walked.audit.iter().any(|event| event == "AnswerNotAwaited"),
            "{:?}",
            walked.audit
        );
        let fault = institution.asked_in_vain(walked.document.document_id);
        assert!(fault.contains(reason), "{fault}");
    }
}
