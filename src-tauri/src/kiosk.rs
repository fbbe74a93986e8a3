//! The one loop of the kiosk: every event that can change anything comes through one channel, meets the
//! session, and leaves as effects and a new [`View`].
//!
//! The loop's thread owns the session and the outbox, so that "recorded" on the screen and the row on the disk
//! cannot disagree. The camera, the line to the gateway and the palm scanner have threads of their own.

mod lockout;
mod upkeep;

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
use verification::evidence::{DocumentId, KioskIdentity, SessionId, Source, Verdict};
use verification::identifier::Iin;
use verification::integrity::IntegrityReport;
use verification::pad::PadChallenge;
use verification::pad::plan;
use verification::pad::positioning::FacePrompt;
use verification::palm::ScannerIdentity;
use verification::palm::decision;
use verification::service::ServiceId;
use verification::session::{Effect, IDLE_WARNING, Input, Opening, RecordFailed, Session, Showing};
use verification::time::{Now, UtcMs};

use crate::capture::{self, Capture, Command, OpenCamera, Report};
use crate::config::{Camera, Config};
use crate::convert::{self, Devices};
use crate::guard::Guard;
use crate::scanner::{Heard, Scanner};
use crate::slips::{Facts, Slips};
use crate::speech::Speech;

use self::upkeep::Upkeep;

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
    /// The voice cannot be started.
    #[error("the voice cannot be started")]
    Voice(#[from] ::speech::SpeechError),
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

type ViewSink = Box<dyn Fn(&View) + Send>;
type PreviewSink = Box<dyn Fn(Vec<u8>) + Send>;

enum Event {
    Intent(Intent),
    Subscribe(ViewSink),
    Camera(Report),
    Line(custody::Event),
    Scanner(palm::watched::Report),
    Printer(printer::Report),
    Looked(Box<IntegrityReport>),
    /// The watchdog asks whether the loop and its camera thread live.
    Ask(Sender<()>),
    Stop,
}

/// A running kiosk. It stops, and leaves everything whole, when it is dropped.
pub struct Kiosk {
    display: ipc::Display,
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
        let (said, opened) = channel();
        let voice = Speech::start(config.speech.clone())?;
        let kiosk = Self::begin(config, camera, voice, move |result| {
            // Somebody waits for it below.
            let _ = said.send(result);
        })?;
        // A thread that panicked says nothing; its window then says "out of service".
        opened.recv().unwrap_or(Ok(())).map(|()| kiosk)
    }

    /// As [`Kiosk::start`], without waiting: a window can open meanwhile, whose voice this is. What came of it is given to
    /// `opened`; after an error there is no kiosk, and the program is to end.
    pub fn start_beside(
        config: Config,
        voice: Speech,
        opened: impl FnOnce(Result<(), StartError>) + Send + 'static,
    ) -> Result<Self, StartError> {
        let camera = capture::configured(config.camera.clone());
        Self::begin(config, camera, voice, opened)
    }

    fn begin(
        config: Config,
        camera: OpenCamera,
        voice: Speech,
        opened: impl FnOnce(Result<(), StartError>) + Send + 'static,
    ) -> Result<Self, StartError> {
        let display = config.display;
        let (events, inbox) = channel();
        let preview = Arc::new(Mutex::new(None));
        let parts = Arc::new(Parts {
            config,
            camera,
            voice,
            events: events.clone(),
            preview: Arc::clone(&preview),
            origin: Instant::now(),
        });
        // What a window asks for before all is open waits in the inbox.
        let thread = std::thread::Builder::new()
            .name("kiosk".into())
            .spawn(move || {
                let core = match Core::open(&parts) {
                    // A store that cannot be opened may be mended under way: the window says "out of service" until it can.
                    Err(error) if error.is_of_store() => {
                        tracing::error!(error = crate::chain(&error), "the kiosk is out of service");
                        None
                    }
                    Err(error) => return opened(Err(error)),
                    Ok(core) => Some(core),
                };
                opened(Ok(()));
                supervise(&parts, core, &inbox);
            })
            .map_err(StartError::Thread)?;
        Ok(Self {
            display,
            events,
            preview,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// The screen of the window.
    pub fn display(&self) -> ipc::Display {
        self.display
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

    /// Asks the loop, which asks its camera thread, to answer that they live.
    pub fn ask(&self, answer: Sender<()>) {
        self.send(Event::Ask(answer));
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
    /// What speaks for the screens; the technician tries it.
    voice: Speech,
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
                Ok(End::Restarted) => ipc::ErrorCode::Maintenance,
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
    /// By the technician, to start anew.
    Restarted,
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
            // There is no camera thread now.
            Ok(Event::Ask(answer)) => drop(answer.send(())),
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
        replay: replay_name(&config.camera),
        demo: config.demo,
        idle_warning_s: None,
        calm: false,
        may_stand_aside: false,
    }
}

fn replay_name(camera: &Camera) -> Option<String> {
    match camera {
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
    /// Since when nobody is served and nobody touched the screen, on the monotonic clock.
    rested_since: Duration,
    /// When custody is to be looked after, on the monotonic clock.
    next_look: Duration,
    /// How many times the camera was told to open and has not answered; only the last answer is for now.
    opens_due: u32,
    broken: Option<ipc::ErrorCode>,
    upkeep: Upkeep,
}

impl Core {
    fn open(parts: &Arc<Parts>) -> Result<Self, StartError> {
        let config = &parts.config;
        let analyzer = Analyzer::new(&ModelFolder::open(&config.models)?)?;
        let now = parts.now().utc;
        let line_events = parts.events.clone();
        let looked = parts.events.clone();
        let guard = Guard::start(
            &config.integrity,
            config.policy.integrity,
            parts.now(),
            move |report| {
                let _ = looked.send(Event::Looked(Box::new(report)));
            },
        );
        let mut capabilities = ["face", "hosted-page", "call-backs"].map(str::to_owned).to_vec();
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
        let upkeep = Upkeep::open(parts, &mut custody, analyzer.has_passive())?;
        let report = parts.events.clone();
        let frames = Arc::clone(&parts.preview);
        let capture = Capture::start(
            upkeep.opener(parts),
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
        let setup = upkeep.palm().map(|palm| palm.setup());
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
            rested_since: parts.now().monotonic,
            next_look: Duration::ZERO,
            opens_due: 0,
            broken: None,
            upkeep,
        };
        core.closed = core.custody.closed(now)?;
        core.note_integrity();
        Ok(core)
    }

    fn run(mut self, inbox: &Receiver<Event>, sink: &mut Option<ViewSink>) -> End {
        let mut shown: Option<View> = None;
        loop {
            if let Some(code) = self.broken {
                return End::Broken(code);
            }
            if self.upkeep.is_restart_wanted {
                return End::Restarted;
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
                Ok(Event::Printer(report)) => {
                    self.slips.hear(&report);
                    self.printer_said();
                }
                Ok(Event::Looked(report)) => self.looked(*report),
                Ok(Event::Ask(answer)) => self.capture.command(Command::Answer(answer)),
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
            self.upkeep_tick();
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
        self.guard.tick(self.parts.now());
    }

    fn looked(&mut self, report: IntegrityReport) {
        self.guard.looked(report, self.parts.now().monotonic);
        self.note_integrity();
    }

    /// Writes down what the kiosk has found about itself.
    fn note_integrity(&mut self) {
        let codes = self.guard.codes().join(" ");
        if let Some(fault) = self.guard.fault() {
            tracing::error!(
                fault = fault.code(),
                codes,
                "the kiosk is not as the policy wants it"
            );
        }
        self.note(None, &format!("IntegrityChecked {codes}"));
    }

    /// What stands on the screen while nobody is served.
    fn idle_screen(&self) -> Screen {
        match self.closing_code() {
            Some(code) => Screen::OutOfService { code },
            None => match convert::closed(&self.parts.config.hours, self.parts.now().utc) {
                Some(closed) => closed,
                None if self.until_attract() == Some(Duration::ZERO) => Screen::Attract,
                None => Screen::Welcome,
            },
        }
    }

    /// How long nobody has to touch the screen until it attracts, if it ever does.
    fn until_attract(&self) -> Option<Duration> {
        let after = self.parts.config.behaviour.attract_after()?;
        let rested = self.parts.now().monotonic.saturating_sub(self.rested_since);
        Some(after.saturating_sub(rested))
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
            (None, None) => {
                let look = self.next_look.saturating_sub(self.parts.now().monotonic);
                let attract = self.until_attract().filter(|left| *left > Duration::ZERO);
                [attract, self.upkeep_patience()]
                    .into_iter()
                    .flatten()
                    .fold(look, Duration::min)
            }
        }
    }

    fn session_patience(&self) -> Option<Duration> {
        let session = self.session.as_ref()?;
        let now = self.parts.now().monotonic;
        let due = session.deadline().map(|deadline| deadline.saturating_sub(now));
        // While the warning counts down, often enough that no second is skipped.
        let counting = session.idle_warned_from().map(|from| {
            let until = from.saturating_sub(now);
            if until.is_zero() {
                Duration::from_millis(250)
            } else {
                until
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
            .or_else(|| self.upkeep_screen())
            .unwrap_or_else(|| self.idle_screen());
        let now = self.parts.now().monotonic;
        let idle_left = self
            .session
            .as_ref()
            .and_then(Session::idle_end)
            .or_else(|| self.upkeep_idle_end())
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
            replay: replay_name(self.upkeep.camera()),
            demo: self.parts.config.demo,
            idle_warning_s: idle_left
                .filter(|left| *left <= IDLE_WARNING)
                .map(|left| u32::try_from(left.as_secs()).unwrap_or(u32::MAX)),
            calm: self.calm,
            may_stand_aside: self.session.as_ref().is_some_and(Session::may_stand_aside),
        }
    }

    fn follow(&mut self, intent: Intent) {
        self.rested_since = self.parts.now().monotonic;
        let intent = match self.session {
            Some(_) => intent,
            None => match self.upkeep_follows(intent) {
                Some(intent) => intent,
                None => return,
            },
        };
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
                value: Sensitive::new(value.take()),
            },
            Intent::Claim { iin } => Input::ClaimEntered(Sensitive::new(iin.take())),
            Intent::ClaimByZone { zone } => Input::ZoneEntered(Sensitive::new(zone.take())),
            Intent::EnterOperator { code } => Input::OperatorEntered(Sensitive::new(code.take())),
            Intent::ChooseMethod { method } => convert::method(method),
            Intent::Print => {
                self.print();
                Input::Touched
            }
            // Nobody else is at the kiosk while somebody is served.
            Intent::CallStaff
            | Intent::EnterStaffCode { .. }
            | Intent::Desk { .. }
            | Intent::Display { .. } => {
                return;
            }
            Intent::CannotPerform => Input::CannotPerform,
            Intent::ChoosePage { page } => convert::page_kind(page),
            Intent::TakePicture => Input::PictureWanted,
            Intent::AcceptPicture => Input::PictureAccepted,
            Intent::RetakePicture { picture } => convert::picture_again(picture),
            Intent::CallBack { number } => Input::CallBackEntered(Sensitive::new(number.take())),
            Intent::CallBackOnGiven => Input::CallBackOnGiven,
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
            route: session.recorded_route(),
            verdict,
            request: request_due.map(|due| (convert::request_number(document_id, at), due)),
        };
        let id = session.id();
        if self.slips.print(&facts, convert::language(self.language)) {
            self.note(Some(id), "SlipOrdered");
        }
    }

    fn begin(&mut self) {
        if self.session.is_some() || self.is_looked_after() {
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
            self.guard.session_ended(now);
            return self.note(None, &format!("SessionRefused integrity={}", fault.code()));
        }
        if let Some(code) = self.closing_code() {
            self.guard.session_ended(now);
            return self.note(None, &format!("SessionRefused code={code:?}"));
        }
        let config = &self.parts.config;
        if !config.hours.is_open(now.utc) {
            self.guard.session_ended(now);
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
            images_consent: config.images_consent.clone(),
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
            self.guard.session_ended(self.parts.now());
            self.language = ipc::Language::default();
            self.calm = false;
            self.rested_since = self.parts.now().monotonic;
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
                let operators = &self.parts.config.operators;
                match lockout::check_operator(self.custody.outbox(), operators, &code, now) {
                    Ok(check) => Some(Input::OperatorChecked(check)),
                    Err(error) => {
                        tracing::error!(error = crate::chain(&error), "the codes cannot be counted");
                        Some(Input::StoreFailed)
                    }
                }
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
            Effect::LookFor(subject) => {
                self.capture.command(Command::LookFor(subject));
                None
            }
            Effect::ShowPictures(pictures) => {
                self.capture.command(Command::Show(pictures));
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
        if self.camera_said(&report) {
            return;
        }
        match report {
            // Answered above.
            Report::Tested(_) => {}
            Report::Opened(result) => {
                self.opens_due = self.opens_due.saturating_sub(1);
                // The answer to an earlier session that did not wait for it is nobody's.
                if self.opens_due == 0 {
                    self.give(Input::CameraOpened(result));
                }
            }
            Report::Observed(seen) => self.give(Input::Observed(*seen)),
            Report::PageSeen(seen) => self.give(Input::PageSeen(seen)),
            Report::Kept { purpose, sample } => self.give(Input::StillKept { purpose, sample }),
            Report::Failed(fault) => self.give(Input::CameraFailed(fault)),
        }
    }

    fn scanner_said(&mut self, report: palm::watched::Report) {
        let now = self.parts.now().utc;
        let scanned = matches!(report, palm::watched::Report::Scanned(_));
        self.scanner_tells_desk(&report);
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
        self.scanner_goes_on(scanned);
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
        // An examiner gives no score; whether one was to decide about this document, the session knows.
        let matched = answer.verdict == Verdict::Match
            && (answer.decided_by == Source::Examiner || policy.accepts(answer.modality, answer.score));
        tracing::info!(document = %id, matched, decided_by = ?answer.decided_by, "an answer has come");
        // Before the answer counts as stored: a palm that is enrolled and not settled would stay so for ever.
        let stored = self
            .custody
            .outbox()
            .settle_palm(id, matched && answer.decided_by == Source::Centre, now)
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
            decided_by: answer.decided_by,
            request: answer.request,
            reason: answer.reason,
        });
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
