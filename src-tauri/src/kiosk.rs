//! The one loop of the kiosk: every event that can change anything comes through one channel, meets the
//! session, and leaves as effects and a new [`View`].
//!
//! The loop's thread owns the session and the outbox, so that "recorded" on the screen and the row on the disk
//! cannot disagree. The camera, the line to the gateway and the palm scanner have threads of their own.

use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use custody::{Custody, CustodyError, Happened, Software};
use document::identification::Identification;
use face::{Analyzer, ModelFolder};
use ipc::{Intent, Link, Screen, View};
use outbox::{Outbox, OutboxError};
use thiserror::Error;
use verification::Sensitive;
use verification::custody::Concern;
use verification::evidence::{DocumentId, KioskIdentity, SessionId, Verdict};
use verification::identifier::Iin;
use verification::pad::PadChallenge;
use verification::pad::plan;
use verification::pad::positioning::FacePrompt;
use verification::palm::ScannerIdentity;
use verification::palm::decision;
use verification::service::ServiceId;
use verification::session::{Effect, Input, Opening, RecordFailed, Session, Showing};
use verification::time::{Now, UtcMs};

use crate::capture::{self, Capture, Command, OpenCamera, Report};
use crate::config::{Camera, Config};
use crate::convert::{self, Devices};
use crate::guard::Guard;
use crate::operators;
use crate::scanner::{Heard, Scanner};
use crate::slips::{Facts, Slips};

/// Why the kiosk cannot start.
#[derive(Debug, Error)]
pub enum StartError {
    /// Store, keys or the line to the gateway cannot be used.
    #[error("documents cannot be kept")]
    Custody(#[from] CustodyError),
    /// A model is missing or damaged.
    #[error("the face models cannot be used")]
    Models(#[from] face::FaceError),
    /// A thread cannot be started.
    #[error("a thread cannot be started")]
    Thread(#[source] std::io::Error),
}

impl StartError {
    /// Whether the store is the cause, and not what the kiosk was configured with.
    fn is_of_store(&self) -> bool {
        matches!(self, Self::Custody(error) if error.is_of_store())
    }
}

/// Attempts of a session that was cut off count for this long.
const CUT_OFF_COUNTS_MS: i64 = 24 * 60 * 60 * 1000;
/// How often custody looks after itself while nothing happens, and how often while that keeps the kiosk closed.
const CUSTODY_PAUSE: Duration = Duration::from_secs(30);
const CLOSED_PAUSE: Duration = Duration::from_secs(2);
/// The warning before an idle session ends; WCAG 2.2.1 asks for at least 20 seconds.
const IDLE_WARNING: Duration = Duration::from_secs(20);

type ViewSink = Box<dyn Fn(&View) + Send>;
type PreviewSink = Box<dyn Fn(Vec<u8>) + Send>;

enum Event {
    Intent(Intent),
    Subscribe(ViewSink),
    Camera(Report),
    Line(custody::Event),
    Scanner(palm::watched::Report),
    Printer(printer::Report),
    Looked(Box<verification::integrity::IntegrityReport>),
    Stop,
}

/// A running kiosk. It stops, and leaves everything whole, when it is dropped.
pub struct Kiosk {
    events: Sender<Event>,
    preview: Arc<Mutex<Option<PreviewSink>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Kiosk {
    /// Checks what the configuration names, opens the store and starts the threads.
    pub fn start(config: Config) -> Result<Self, StartError> {
        let camera = capture::configured(config.camera.clone());
        Self::start_with(config, camera)
    }

    /// As [`Kiosk::start`], with another way to the camera than the configured one: a story can pull its plug.
    pub fn start_with(config: Config, camera: OpenCamera) -> Result<Self, StartError> {
        let (events, inbox) = channel();
        let preview = Arc::new(Mutex::new(None));
        let parts = Arc::new(Parts {
            config,
            camera,
            events: events.clone(),
            preview: Arc::clone(&preview),
            origin: Instant::now(),
        });
        // Opened here, so that what cannot work is said before there is a window. A store that cannot be opened may
        // be mended under way: the window then says "out of service" until it can.
        let core = match Core::open(&parts) {
            Err(error) if error.is_of_store() => {
                tracing::error!(error = crate::chain(&error), "the kiosk is out of service");
                None
            }
            opened => Some(opened?),
        };
        let thread = std::thread::Builder::new()
            .name("kiosk".into())
            .spawn(move || supervise(&parts, core, &inbox))
            .map_err(StartError::Thread)?;
        Ok(Self {
            events,
            preview,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Hands over what the person wants.
    pub fn intent(&self, intent: Intent) {
        self.send(Event::Intent(intent));
    }

    /// Shows every new view and preview frame (JPEG, mirrored) to these from now on, and the present view at once.
    pub fn subscribe(
        &self,
        views: impl Fn(&View) + Send + 'static,
        preview: impl Fn(Vec<u8>) + Send + 'static,
    ) {
        *self.preview.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(preview));
        self.send(Event::Subscribe(Box::new(views)));
    }

    /// Ends the session that is under way as if the person had left, so that it leaves its record, and stops.
    pub fn stop(&self) {
        self.send(Event::Stop);
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = thread.join();
        }
    }

    fn send(&self, event: Event) {
        // The loop ends only when this is dropped.
        let _ = self.events.send(event);
    }
}

impl Drop for Kiosk {
    fn drop(&mut self) {
        self.stop();
    }
}

/// What outlives a fault of the loop.
struct Parts {
    config: Config,
    camera: OpenCamera,
    events: Sender<Event>,
    preview: Arc<Mutex<Option<PreviewSink>>>,
    origin: Instant,
}

impl Parts {
    fn now(&self) -> Now {
        Now {
            monotonic: self.origin.elapsed(),
            utc: utc_now(),
        }
    }
}

fn utc_now() -> UtcMs {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    UtcMs(i64::try_from(since.unwrap_or_default().as_millis()).unwrap_or(i64::MAX))
}

/// See [`crate::forget_palm`].
pub(crate) fn forget_palm(config: &Config, subject: &Iin) -> Result<usize, StartError> {
    let now = utc_now();
    let keys = keys(config)?;
    let mut opened = custody::open_store(&config.custody, &keys, now)?;
    let deletions = opened
        .outbox
        .forget_palm(subject, now)
        .map_err(CustodyError::from)?;
    Ok(deletions.len())
}

/// Runs the loop. A broken invariant or a failing store costs the session, not the kiosk: the screen says "out of
/// service", all parts are dropped, and everything starts anew from the disk.
fn supervise(parts: &Arc<Parts>, mut core: Option<Core>, inbox: &Receiver<Event>) {
    let mut sink = None;
    let mut view = out_of_service(&parts.config, ipc::ErrorCode::Store);
    loop {
        if let Some(running) = core.take() {
            let ended = std::panic::catch_unwind(AssertUnwindSafe(|| running.run(inbox, &mut sink)));
            let code = match ended {
                Ok(End::Stopped) => return,
                Ok(End::Broken(code)) => code,
                Err(_) => ipc::ErrorCode::Internal,
            };
            tracing::error!(?code, "the kiosk is out of service and starts again");
            view.screen = Screen::OutOfService { code };
        }
        if !show_for(RESTART_PAUSE, &mut view, inbox, &mut sink) {
            return;
        }
        match Core::open(parts) {
            Ok(opened) => core = Some(opened),
            Err(error) => {
                tracing::error!(error = crate::chain(&error), "the kiosk stays out of service");
                view.screen = Screen::OutOfService {
                    code: ipc::ErrorCode::Store,
                };
            }
        }
    }
}

/// Why the loop ended.
enum End {
    Stopped,
    Broken(ipc::ErrorCode),
}

/// How long "out of service" stands before the kiosk is tried again.
const RESTART_PAUSE: Duration = Duration::from_secs(5);

/// Shows one view for a while, in the language that is asked for; `false` if the kiosk is to stop.
fn show_for(pause: Duration, view: &mut View, inbox: &Receiver<Event>, sink: &mut Option<ViewSink>) -> bool {
    let end = Instant::now() + pause;
    loop {
        if let Some(sink) = sink {
            sink(view);
        }
        match inbox.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(Event::Stop) | Err(RecvTimeoutError::Disconnected) => return false,
            Ok(Event::Subscribe(views)) => *sink = Some(views),
            Ok(Event::Intent(Intent::SetLanguage { language })) => view.language = language,
            Ok(_) => {}
            Err(RecvTimeoutError::Timeout) => return true,
        }
    }
}

fn out_of_service(config: &Config, code: ipc::ErrorCode) -> View {
    View {
        language: ipc::Language::default(),
        screen: Screen::OutOfService { code },
        link: Link::Offline,
        pending: 0,
        attention: Vec::new(),
        replay: replay_name(config),
        demo: config.demo,
        idle_warning_s: None,
        calm: false,
    }
}

fn replay_name(config: &Config) -> Option<String> {
    match &config.camera {
        Camera::Replay { clip, .. } => Some(clip.clone()),
        Camera::Device { .. } => None,
    }
}

/// Everything the loop owns.
struct Core {
    parts: Arc<Parts>,
    custody: Custody,
    capture: Capture,
    session: Option<Session>,
    cue: Option<PadChallenge>,
    light: Option<[u8; 3]>,
    language: ipc::Language,
    calm: bool,
    scanner: Scanner,
    guard: Guard,
    slips: Slips,
    /// Why no session may begin, as of the last look while nobody was there.
    closed: Option<Concern>,
    /// When custody is to be looked after, on the monotonic clock.
    next_look: Duration,
    /// How many times the camera was told to open and has not answered; only the last answer is for now.
    opens_due: u32,
    broken: Option<ipc::ErrorCode>,
}

impl Core {
    fn open(parts: &Arc<Parts>) -> Result<Self, StartError> {
        let config = &parts.config;
        let analyzer = Analyzer::new(&ModelFolder::open(&config.models)?)?;
        let now = parts.now().utc;
        let line_events = parts.events.clone();
        let guard = Guard::start(
            &config.integrity,
            config.policy.integrity,
            parts.now().monotonic,
            now,
        );
        if let Some(fault) = guard.fault() {
            tracing::error!(fault = fault.code(), codes = ?guard.codes(), "the kiosk is not as the policy wants it");
        }
        let mut capabilities = vec!["face".to_owned(), "hosted-page".to_owned()];
        capabilities.extend(config.palm.is_some().then(|| "palm".to_owned()));
        capabilities.extend(guard.codes());
        let mut custody = Custody::open(
            config.custody.clone(),
            Software::running(env!("CARGO_PKG_VERSION"), capabilities),
            keys(config)?,
            now,
            move |event| {
                let _ = line_events.send(Event::Line(event));
            },
        )?;
        custody
            .outbox()
            .forget_attempts(UtcMs(now.0 - CUT_OFF_COUNTS_MS))
            .map_err(CustodyError::from)?;
        let report = parts.events.clone();
        let frames = Arc::clone(&parts.preview);
        let capture = Capture::start(
            Arc::clone(&parts.camera),
            analyzer,
            parts.origin,
            move |seen| {
                let _ = report.send(Event::Camera(seen));
            },
            move |jpeg| {
                if let Some(sink) = &*frames.lock().unwrap_or_else(PoisonError::into_inner) {
                    sink(jpeg);
                }
            },
        )
        .map_err(StartError::Thread)?;
        let setup = config.palm.as_ref().map(|palm| palm.setup());
        let scanner =
            Scanner::start(setup, parts.events.clone(), Event::Scanner).map_err(StartError::Thread)?;
        let printed = parts.events.clone();
        let slips = Slips::start(config.printer.clone(), move |report| {
            let _ = printed.send(Event::Printer(report));
        })
        .map_err(StartError::Thread)?;
        let mut core = Self {
            parts: Arc::clone(parts),
            custody,
            capture,
            session: None,
            cue: None,
            light: None,
            language: ipc::Language::default(),
            calm: false,
            scanner,
            guard,
            slips,
            closed: None,
            next_look: Duration::ZERO,
            opens_due: 0,
            broken: None,
        };
        core.closed = core.custody.closed(now)?;
        let codes = core.guard.codes().join(" ");
        core.note(None, &format!("IntegrityChecked {codes}"));
        Ok(core)
    }

    fn run(mut self, inbox: &Receiver<Event>, sink: &mut Option<ViewSink>) -> End {
        let mut shown: Option<View> = None;
        loop {
            if let Some(code) = self.broken {
                return End::Broken(code);
            }
            let view = self.view();
            if let (Some(sink), true) = (&sink, shown.as_ref() != Some(&view)) {
                sink(&view);
                shown = Some(view);
            }
            let event = inbox.recv_timeout(self.patience());
            match event {
                Ok(Event::Intent(intent)) => self.follow(intent),
                Ok(Event::Subscribe(views)) => {
                    *sink = Some(views);
                    shown = None;
                }
                Ok(Event::Camera(report)) => self.measured(report),
                Ok(Event::Line(event)) => self.line_changed(event),
                Ok(Event::Scanner(report)) => self.scanner_said(report),
                Ok(Event::Printer(report)) => self.slips.hear(&report),
                Ok(Event::Looked(report)) => self.looked(*report),
                Err(RecvTimeoutError::Timeout) => self.give(Input::Tick),
                Ok(Event::Stop) | Err(RecvTimeoutError::Disconnected) => {
                    self.give(Input::Cancel);
                    self.note(None, "KioskStopped");
                    return End::Stopped;
                }
            }
            // Also where one event follows the other and nothing ever times out.
            if self.session.is_none() && self.parts.now().monotonic >= self.next_look {
                self.look_after_custody();
            }
        }
    }

    /// Keeps the store in order while nobody waits, and sees whether a session may begin.
    fn look_after_custody(&mut self) {
        let Now { monotonic, utc: now } = self.parts.now();
        self.next_look = monotonic + CUSTODY_PAUSE;
        let looked = self.custody.tick(now).and_then(|()| self.custody.closed(now));
        match looked {
            Ok(closed) => self.closed = closed,
            Err(error) => self.store_failed(&error, "the store cannot be looked after"),
        }
        if self.closed.is_some() {
            self.next_look = monotonic + CLOSED_PAUSE;
        }
        if self.guard.next_at().is_some_and(|at| at <= monotonic) {
            let looked = self.looked_sink();
            self.guard.tick(monotonic, now, looked);
        }
    }

    fn looked_sink(&self) -> impl FnOnce(verification::integrity::IntegrityReport) + Send + 'static + use<> {
        let events = self.parts.events.clone();
        move |report| {
            let _ = events.send(Event::Looked(Box::new(report)));
        }
    }

    fn looked(&mut self, report: verification::integrity::IntegrityReport) {
        self.guard.looked(report, self.parts.now().monotonic);
        if let Some(fault) = self.guard.fault() {
            tracing::error!(fault = fault.code(), "the kiosk is not as the policy wants it");
        }
        let codes = self.guard.codes().join(" ");
        self.note(None, &format!("IntegrityChecked {codes}"));
    }

    /// What stands on the screen while nobody is served.
    fn idle_screen(&self) -> Screen {
        if self.guard.fault().is_some() {
            return Screen::OutOfService {
                code: ipc::ErrorCode::Integrity,
            };
        }
        match self.closed {
            Some(concern) => Screen::OutOfService {
                code: convert::concern(concern),
            },
            None => {
                convert::closed(&self.parts.config.hours, self.parts.now().utc).unwrap_or(Screen::Welcome)
            }
        }
    }

    /// Adds a record to the audit log. What cannot be accounted for must not go on.
    fn note(&mut self, session: Option<SessionId>, event: &str) {
        let now = self.parts.now().utc;
        if let Err(error) = self.custody.audit(session, event, now) {
            self.store_failed(&error, "the audit record cannot be written");
        }
    }

    fn store_failed(&mut self, error: &CustodyError, what: &str) {
        tracing::error!(error = crate::chain(error), "{what}");
        self.broken = Some(ipc::ErrorCode::Store);
    }

    /// How long nothing has to happen without an event.
    fn patience(&self) -> Duration {
        match (self.session_patience(), &self.session) {
            (Some(patience), _) => patience,
            (None, Some(_)) => CUSTODY_PAUSE,
            (None, None) => self.next_look.saturating_sub(self.parts.now().monotonic),
        }
    }

    fn session_patience(&self) -> Option<Duration> {
        let session = self.session.as_ref()?;
        let now = self.parts.now().monotonic;
        let due = session.deadline().map(|deadline| deadline.saturating_sub(now));
        // While the warning counts down, often enough that no second is skipped.
        let counting = session.idle_end().map(|end| {
            let left = end.saturating_sub(now);
            if left > IDLE_WARNING {
                left - IDLE_WARNING
            } else {
                Duration::from_millis(250)
            }
        });
        match (due, counting) {
            (Some(due), Some(counting)) => Some(due.min(counting)),
            (due, counting) => due.or(counting),
        }
    }

    fn view(&self) -> View {
        let policy = &self.parts.config.policy.palm;
        let devices = Devices {
            online: self.custody.is_online(),
            slip: self.slips.stands(),
            palm: self
                .scanner
                .stands()
                .as_ref()
                .is_ok_and(|identity| decision::fitness(identity, policy).is_ok()),
        };
        let screen = self
            .session
            .as_ref()
            .and_then(|session| convert::screen(session, devices))
            .unwrap_or_else(|| self.idle_screen());
        let now = self.parts.now().monotonic;
        let idle_left = self
            .session
            .as_ref()
            .and_then(Session::idle_end)
            .map(|end| end.saturating_sub(now));
        View {
            language: self.language,
            screen,
            link: if self.custody.is_online() {
                Link::Online
            } else {
                Link::Offline
            },
            pending: u32::try_from(self.custody.waiting()).unwrap_or(u32::MAX),
            attention: self
                .custody
                .worries()
                .iter()
                .map(|(_, concern)| convert::concern(*concern))
                .collect(),
            replay: replay_name(&self.parts.config),
            demo: self.parts.config.demo,
            idle_warning_s: idle_left
                .filter(|left| *left <= IDLE_WARNING)
                .map(|left| u32::try_from(left.as_secs()).unwrap_or(u32::MAX)),
            calm: self.calm,
        }
    }

    fn follow(&mut self, intent: Intent) {
        let input = match intent {
            Intent::SetLanguage { language } => {
                self.language = language;
                Input::LanguageChosen(convert::language(language))
            }
            Intent::Begin => return self.begin(),
            Intent::ChooseService { service } => Input::ServiceChosen(ServiceId(service)),
            Intent::AnswerConsent { text, given } => Input::ConsentAnswered { text, given },
            Intent::AnswerField { field, value } => Input::FieldEntered {
                field,
                value: Sensitive::new(value.0),
            },
            Intent::Claim { iin } => Input::ClaimEntered(Sensitive::new(iin.0)),
            Intent::ClaimByZone { zone } => Input::ZoneEntered(Sensitive::new(zone.0)),
            Intent::EnterOperator { code } => Input::OperatorEntered(Sensitive::new(code.0)),
            Intent::ChooseMethod { method } => convert::method(method),
            Intent::Print => {
                self.print();
                Input::Touched
            }
            Intent::Retry => Input::Retry,
            Intent::Back => Input::Back,
            Intent::Cancel => Input::Cancel,
            Intent::Finish => Input::Finish,
            Intent::StayAlive => Input::Touched,
            Intent::SetCalm { calm } => {
                self.calm = calm;
                Input::CalmChosen(calm)
            }
        };
        self.give(input);
    }

    fn begin(&mut self) {
        if self.session.is_some() {
            return;
        }
        match self.custody.closed(self.parts.now().utc) {
            Ok(closed) => self.closed = closed,
            Err(error) => return self.store_failed(&error, "the store does not say how it stands"),
        }
        if let Some(concern) = self.closed {
            return self.note(None, &format!("SessionRefused concern={concern:?}"));
        }
        let now = self.parts.now();
        self.guard.session_begins(now.monotonic);
        if let Some(fault) = self.guard.fault() {
            let looked = self.looked_sink();
            self.guard.session_ended(now.monotonic, now.utc, looked);
            return self.note(None, &format!("SessionRefused integrity={}", fault.code()));
        }
        let config = &self.parts.config;
        if !config.hours.is_open(now.utc) {
            let looked = self.looked_sink();
            self.guard.session_ended(now.monotonic, now.utc, looked);
            return;
        }
        let opening = Opening {
            session_id: SessionId(uuid::Uuid::new_v4().into_bytes()),
            document_id: DocumentId(uuid::Uuid::new_v4().into_bytes()),
            organisation: config.organisation.clone(),
            kiosk: KioskIdentity {
                kiosk_id: config.custody.kiosk_id.clone(),
                software: env!("CARGO_PKG_VERSION").to_owned(),
            },
            language: convert::language(self.language),
            calm: self.calm,
            catalogue: config.catalogue.clone(),
            policy: config.policy.clone(),
            profile: config.profile.clone(),
            palm_consent: config.palm_consent.clone(),
            calendar: config.calendar.clone(),
            integrity: Some(self.guard.record()),
        };
        let (session, effects) = Session::open(opening, self.parts.now());
        tracing::info!(session = %session.id(), "a session is open");
        self.session = Some(session);
        let answers = effects
            .into_iter()
            .filter_map(|effect| self.perform(effect))
            .collect();
        self.give_all(answers);
    }

    fn give(&mut self, input: Input) {
        self.give_all(VecDeque::from([input]));
    }

    /// Gives inputs to the session, and the answers to their effects, until there is nothing left to do.
    fn give_all(&mut self, mut inputs: VecDeque<Input>) {
        while let Some(input) = inputs.pop_front() {
            let now = self.parts.now();
            let Some(session) = &mut self.session else { return };
            let effects = session.step(now, input);
            inputs.extend(effects.into_iter().filter_map(|effect| self.perform(effect)));
        }
        self.after_step();
    }

    fn after_step(&mut self) {
        let Some(session) = &self.session else { return };
        let (cue, light, closed) = match session.showing() {
            Showing::Face { prompt, light, .. } => match prompt {
                FacePrompt::Act(challenge) => (Some(challenge), light, false),
                _ => (None, light, false),
            },
            Showing::Closed => (None, None, true),
            Showing::StoreFailed => {
                self.broken = Some(ipc::ErrorCode::Store);
                (None, None, true)
            }
            _ => (None, None, false),
        };
        if cue != self.cue {
            self.cue = cue;
            self.capture.command(Command::Cue(cue));
        }
        if light != self.light {
            self.light = light;
            self.capture.command(Command::Light(light));
        }
        if closed {
            tracing::info!(session = %session.id(), "the session is closed");
            self.session = None;
            self.slips.forget();
            let now = self.parts.now();
            let looked = self.looked_sink();
            self.guard.session_ended(now.monotonic, now.utc, looked);
            self.language = ipc::Language::default();
            self.calm = false;
            self.look_after_custody();
        }
    }

    /// Performs an effect; what answers it at once comes back.
    fn perform(&mut self, effect: Effect) -> Option<Input> {
        let now = self.parts.now().utc;
        match effect {
            Effect::CountAttempts { subject, modality } => {
                let since = UtcMs(now.0 - CUT_OFF_COUNTS_MS);
                match self.custody.outbox().attempts_used(&subject, modality, since) {
                    Ok(used) => Some(Input::AttemptsCounted(used)),
                    Err(error) => {
                        tracing::error!(error = crate::chain(&error), "the attempts cannot be counted");
                        Some(Input::StoreFailed)
                    }
                }
            }
            Effect::CheckOperator(code) => {
                let operator = operators::present(&self.parts.config.operators, &code);
                Some(Input::OperatorChecked(operator))
            }
            Effect::OpenCamera => {
                self.opens_due += 1;
                self.capture.command(Command::Open);
                None
            }
            Effect::CloseCamera => {
                self.capture.command(Command::Close);
                None
            }
            Effect::BeginMeasuring => {
                self.capture.command(Command::Begin);
                None
            }
            Effect::DrawRandom => {
                let mut random = [0; plan::RANDOM_BYTES];
                match getrandom::fill(&mut random) {
                    Ok(()) => Some(Input::RandomDrawn(random)),
                    Err(error) => {
                        tracing::error!(%error, "the operating system gives no randomness");
                        self.broken = Some(ipc::ErrorCode::Internal);
                        None
                    }
                }
            }
            Effect::KeepStill { frame, purpose } => {
                self.capture.command(Command::Keep { frame, purpose });
                None
            }
            Effect::PersistAttempt { subject, modality } => {
                match self.custody.outbox().record_attempt(&subject, modality, now) {
                    Ok(_) => Some(Input::AttemptPersisted),
                    Err(error) => {
                        // Without a count there must be no result.
                        tracing::error!(error = crate::chain(&error), "the attempt cannot be written down");
                        Some(Input::StoreFailed)
                    }
                }
            }
            Effect::ForgiveAttempt { subject, modality } => {
                match self.custody.outbox().forgive_attempt(&subject, modality) {
                    Ok(()) => {
                        let session = self.session.as_ref().map(Session::id);
                        self.note(session, &format!("AttemptForgiven modality={modality:?}"));
                    }
                    Err(error) => {
                        tracing::error!(error = crate::chain(&error), "the attempt cannot be taken back");
                    }
                }
                None
            }
            Effect::AskScanner => Some(Input::Scanner(self.scanner.stands().clone())),
            Effect::FindPalmReference { subject, scanner } => {
                match self.custody.outbox().palm_reference(&subject, &scanner) {
                    Ok(reference) => Some(Input::PalmReferenceFound(reference)),
                    Err(error) => {
                        tracing::error!(error = crate::chain(&error), "the palm cannot be looked up");
                        Some(Input::StoreFailed)
                    }
                }
            }
            Effect::Scan(order) => self.scanner.scan(order),
            Effect::EnrolPalm { tag, limit } => self.scanner.enrol(tag, limit),
            Effect::CancelScan => {
                self.scanner.cancel();
                None
            }
            Effect::ProposePalm {
                subject,
                scanner,
                reference,
            } => {
                let document = self.session.as_ref()?.document_id();
                match self
                    .custody
                    .outbox()
                    .propose_palm(&subject, &scanner, reference, document, now)
                {
                    Ok(()) => Some(Input::PalmProposed),
                    Err(error) => {
                        tracing::error!(error = crate::chain(&error), "the palm cannot be written down");
                        Some(Input::StoreFailed)
                    }
                }
            }
            Effect::Record {
                evidence,
                accounts_for,
            } => Some(Input::Recorded(
                self.custody
                    .record(*evidence, &accounts_for, now)
                    .map_err(|error| {
                        tracing::error!(error = crate::chain(&error), "the document cannot be recorded");
                        RecordFailed
                    }),
            )),
            Effect::Audit(event) => {
                let session = self.session.as_ref().map(Session::id);
                tracing::info!(session = session.map(tracing::field::display), ?event, "audit");
                self.note(session, &event.to_string());
                None
            }
        }
    }

    fn measured(&mut self, report: Report) {
        match report {
            Report::Opened(result) => {
                self.opens_due = self.opens_due.saturating_sub(1);
                // The answer to an earlier session that did not wait for it is nobody's.
                if self.opens_due == 0 {
                    self.give(Input::CameraOpened(result));
                }
            }
            Report::Observed(seen) => self.give(Input::Observed(*seen)),
            Report::Kept { purpose, sample } => self.give(Input::StillKept { purpose, sample }),
            Report::Failed(fault) => self.give(Input::CameraFailed(fault)),
        }
    }

    fn scanner_said(&mut self, report: palm::watched::Report) {
        let now = self.parts.now().utc;
        let done = match self.scanner.hear(report) {
            Heard::Session(input) => {
                let found = match &*input {
                    Input::Scanner(Ok(identity)) => self.scanner_found(&identity.clone()),
                    Input::Scanner(Err(fault)) => {
                        self.note(None, &format!("ScannerGone fault={fault:?}"));
                        Ok(())
                    }
                    _ => Ok(()),
                };
                self.give(*input);
                found
            }
            Heard::BeforeEnrolment {
                scanner,
                held,
                enrolment,
            } => self
                .custody
                .outbox()
                .begin_palm_enrolment(&scanner, &held, now)
                .map(|()| self.scanner.enrol_now(enrolment)),
            Heard::AfterEnrolment { scanner, found } => self
                .custody
                .outbox()
                .end_palm_enrolment(&scanner, &found, now)
                .and_then(|_| self.delete_palms()),
            Heard::Deleted { scanner, reference } => self
                .custody
                .outbox()
                .palm_deleted(&scanner, reference, now)
                .map(|_| ()),
            Heard::Nothing => Ok(()),
        };
        if let Err(error) = done {
            tracing::error!(error = crate::chain(&error), "the store of the palms failed");
            self.broken = Some(ipc::ErrorCode::Store);
        }
    }

    /// What is still to be done with a scanner that is there: deletions, and enrolments that were cut off.
    fn scanner_found(&mut self, identity: &ScannerIdentity) -> Result<(), OutboxError> {
        let (serial, firmware) = (word(&identity.serial), word(&identity.firmware));
        self.note(None, &format!("ScannerFound serial={serial} firmware={firmware}"));
        if let Err(unfit) = decision::fitness(identity, &self.parts.config.policy.palm) {
            tracing::error!(
                ?unfit,
                "the palm scanner is not what the policy requires; it is not offered"
            );
        }
        if self
            .custody
            .outbox()
            .open_palm_enrolment(&identity.serial)?
            .is_some()
        {
            self.scanner.reckon();
        }
        self.delete_palms()
    }

    /// Orders what is still to be deleted from the scanner that is there; what fails is ordered again when it comes back.
    fn delete_palms(&mut self) -> Result<(), OutboxError> {
        let Ok(identity) = self.scanner.stands() else {
            return Ok(());
        };
        let serial = identity.serial.clone();
        for reference in self.custody.outbox().palm_deletions(&serial)? {
            self.scanner.delete(serial.clone(), reference);
        }
        Ok(())
    }

    fn line_changed(&mut self, event: custody::Event) {
        let now = self.parts.now().utc;
        match self.custody.handle(event, now) {
            Ok(Happened::Nothing) if self.session.is_none() => match self.custody.closed(now) {
                Ok(closed) => self.closed = closed,
                Err(error) => self.store_failed(&error, "the store does not say how it stands"),
            },
            Ok(Happened::Nothing) => {}
            Ok(Happened::HostedPage { document_id, url, .. }) => {
                self.give(Input::HostedPageOpened { document_id, url });
            }
            Ok(Happened::Answered(answer)) => self.answered(&answer, now),
            Err(error) => self.store_failed(&error, "the store failed"),
        }
    }

    /// The centre has answered, and the gateway signed it.
    fn answered(&mut self, answer: &Identification, now: UtcMs) {
        let id = answer.document_id;
        let policy = &self.parts.config.policy;
        let matched = answer.verdict == Verdict::Match && policy.accepts(answer.modality, answer.score);
        tracing::info!(document = %id, matched, "the centre has answered");
        // Before the answer counts as stored: a palm that is enrolled and not settled would stay so for ever.
        let stored = self
            .custody
            .outbox()
            .settle_palm(id, matched, now)
            .and_then(|_| self.delete_palms())
            .map_err(CustodyError::from)
            .and_then(|()| self.custody.answer_is_stored(id, now));
        if let Err(error) = stored {
            return self.store_failed(&error, "the centre's answer cannot be stored");
        }
        let verdict = match answer.verdict {
            Verdict::Match if !matched => Verdict::NonMatch,
            verdict => verdict,
        };
        self.give(Input::Identified {
            document_id: id,
            verdict,
            request: answer.request,
        });
    }
}

impl Core {
    /// Prints what the outcome screen says.
    fn print(&mut self) {
        let Some(session) = &self.session else { return };
        let Showing::Outcome {
            outcome,
            document_id: Some(document_id),
            request_due,
            verdict,
            ..
        } = session.showing()
        else {
            return;
        };
        let at = session.ended_at();
        let facts = Facts {
            institution: &self.parts.config.organisation.name,
            document_id,
            at,
            outcome,
            verdict,
            request: request_due.map(|due| (convert::request_number(document_id, at), due)),
        };
        let id = session.id();
        if self.slips.print(&facts, convert::language(self.language)) {
            self.note(Some(id), "SlipOrdered");
        }
    }
}

/// What a device says of itself, as one word of the audit log.
fn word(text: &str) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || "-._:".contains(c);
    text.chars()
        .take(64)
        .map(|c| if safe(c) { c } else { '_' })
        .collect()
}

/// The place of the kiosk's keys.
fn keys(config: &Config) -> Result<Arc<dyn custody::KeyStore>, StartError> {
    Ok(custody::open_keys(&config.custody)?)
}
