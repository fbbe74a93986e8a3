//! Those who look after the kiosk, at its own screen: their code, the technician's desk, the status for the branch, and the
//! self-test. Only while nobody is served.

use custody::Custody;
use ipc::{Desk, DeskPage, DeviceOffer, ErrorCode, Health, Intent, PartHealth, Said, Screen, Trial, Wish};
use palm::watched::Report as ScannerReport;
use verification::capture::DeviceFault;
use verification::custody::CustodyState;
use verification::health::{Cause, Finding, Part, SelfTest, Ways};
use verification::lockout::Lockout;
use verification::palm::ScanOrder;

use super::{
    Arc, Camera, Command, Core, CustodyError, Duration, Event, Parts, Report, Scanner, Sensitive, UtcMs,
    capture, convert, lockout, word,
};
use crate::capture::Opener;
use crate::config::{Config, Palm};
use crate::devices::{self, CHOICE, Choice, Offered};
use crate::operators;
use crate::selftest::{self, Seen};
use crate::speech;

/// Under these names the store remembers how the entry of codes stands, and that the kiosk is closed for maintenance.
const LOCKOUT: &str = "staff-lockout";
const MAINTENANCE: &str = "maintenance";
/// The first test waits until the window is painted, or whoever is waiting already is served.
const FIRST_TEST: Duration = Duration::from_secs(3);
/// A camera that did not work is looked at again after this.
const TEST_AGAIN: Duration = Duration::from_secs(30);
/// A camera that did not work once is looked at again after this: until then the kiosk goes on serving.
const TEST_SURE: Duration = Duration::from_secs(2);
/// How often the figures on a screen are read anew.
const FIGURES_EVERY: Duration = Duration::from_secs(2);
/// While a pause after wrong codes counts down, often enough that no second is skipped.
const COUNTING: Duration = Duration::from_millis(250);

/// What the kiosk knows about itself and about who looks after it.
pub(super) struct Upkeep {
    staff: Option<Staff>,
    lockout: Lockout,
    /// The technician has closed the kiosk.
    is_closed: bool,
    choice: Choice,
    /// The camera in use.
    camera: Camera,
    /// The scanner in use.
    palm: Option<Palm>,
    ways: Ways,
    has_passive: bool,
    sound: Option<bool>,
    /// What there is to speak with was looked at.
    is_stock_taken: bool,
    camera_found: Finding,
    camera_name: String,
    page_px: Option<(u32, u32)>,
    is_testing: bool,
    /// When the next test is due, on the monotonic clock.
    next_test: Option<Duration>,
    figures: CustodyState,
    figures_due: Duration,
    /// The technician wants the kiosk to start anew.
    pub(super) is_restart_wanted: bool,
}

/// Somebody who looks after the kiosk.
struct Staff {
    who: Who,
    touched_at: Duration,
}

enum Who {
    /// Somebody who has not entered a right code.
    Unknown { wrong: bool },
    /// A member of the staff, who looks and changes nothing.
    Operator,
    /// The technician.
    Technician(Box<Bench>),
}

/// What lies on the technician's desk.
#[derive(Default)]
struct Bench {
    page: DeskPage,
    cameras: Vec<Offered<Camera>>,
    scanners: Vec<Offered<String>>,
    trial: Trial,
    /// A phrase was played since the page was opened.
    is_sound_tried: bool,
    said: Option<Said>,
}

impl Upkeep {
    /// Reads what the store remembers.
    pub(super) fn open(
        parts: &Parts,
        custody: &mut Custody,
        has_passive: bool,
    ) -> Result<Self, CustodyError> {
        let config = &parts.config;
        let now = parts.now();
        let outbox = custody.outbox();
        let lockout = lockout::remembered(outbox, LOCKOUT, now.utc)?;
        let is_closed = outbox.remembered(MAINTENANCE)?.as_deref() == Some("yes");
        let choice = outbox.remembered(CHOICE)?.unwrap_or_default();
        let choice = Choice::parse(&choice).unwrap_or_else(|error| {
            tracing::error!(%error, "the devices of the configuration are used");
            Choice::default()
        });
        Ok(Self {
            staff: None,
            lockout,
            is_closed,
            camera: choice.camera(config).unwrap_or_else(|| config.camera.clone()),
            palm: choice.palm(config).or_else(|| config.palm.clone()),
            choice,
            ways: selftest::ways(&config.catalogue),
            has_passive,
            sound: selftest::has_sound(),
            is_stock_taken: false,
            camera_found: Finding::Unknown,
            camera_name: String::new(),
            page_px: None,
            is_testing: false,
            next_test: Some(now.monotonic + FIRST_TEST),
            figures: custody.state()?,
            figures_due: now.monotonic,
            is_restart_wanted: false,
        })
    }

    /// The camera in use.
    pub(super) fn camera(&self) -> &Camera {
        &self.camera
    }

    /// The scanner in use.
    pub(super) fn palm(&self) -> Option<&Palm> {
        self.palm.as_ref()
    }

    /// How the camera in use is opened: the configured one as the kiosk was told to.
    pub(super) fn opener(&self, parts: &Parts) -> capture::OpenCamera {
        match self.choice.camera(&parts.config) {
            Some(chosen) => capture::configured(chosen),
            None => Arc::clone(&parts.camera),
        }
    }
}

impl Core {
    /// Why nobody is served now, if nobody is: what a person did comes first, what the kiosk found last.
    pub(super) fn closing_code(&self) -> Option<ErrorCode> {
        if self.upkeep.is_closed {
            return Some(ErrorCode::Maintenance);
        }
        if self.guard.fault().is_some() {
            return Some(ErrorCode::Integrity);
        }
        if let Some(concern) = self.closed {
            return Some(convert::concern(concern));
        }
        let serves = self.self_test().serves(self.upkeep.ways);
        (!serves).then_some(ErrorCode::Devices)
    }

    /// Whether somebody who looks after the kiosk stands before it.
    pub(super) fn is_looked_after(&self) -> bool {
        self.upkeep.staff.is_some()
    }

    /// What those see who look after the kiosk.
    pub(super) fn upkeep_screen(&self) -> Option<Screen> {
        let staff = self.upkeep.staff.as_ref()?;
        Some(match &staff.who {
            Who::Unknown { wrong } => Screen::TechnicianLogin {
                wrong: *wrong,
                locked_s: self.locked_s(),
            },
            Who::Operator => Screen::Status {
                health: Box::new(self.health()),
            },
            Who::Technician(bench) => Screen::Health {
                desk: Box::new(self.desk(bench)),
            },
        })
    }

    fn locked_s(&self) -> Option<u32> {
        // A copy: the screen changes nothing.
        let mut lockout = self.upkeep.lockout;
        let locked = lockout.locked(self.parts.now().utc)?;
        let seconds = locked.left_ms.saturating_add(999) / 1000;
        Some(u32::try_from(seconds).unwrap_or(u32::MAX))
    }

    /// When those who look after the kiosk are taken to have left.
    pub(super) fn upkeep_idle_end(&self) -> Option<Duration> {
        let staff = self.upkeep.staff.as_ref()?;
        Some(staff.touched_at + self.parts.config.policy.idle_limit)
    }

    /// How long nothing of this has to happen.
    pub(super) fn upkeep_patience(&self) -> Option<Duration> {
        if self.session.is_some() {
            return None;
        }
        let now = self.parts.now().monotonic;
        let mut due: Vec<Duration> = self.upkeep.next_test.into_iter().collect();
        if self.is_looked_after() {
            due.push(self.upkeep.figures_due);
            due.push(now + COUNTING);
        }
        let first = due.into_iter().min()?;
        Some(first.saturating_sub(now))
    }

    /// What is due, after each event.
    pub(super) fn upkeep_tick(&mut self) {
        if self.session.is_some() {
            return;
        }
        let now = self.parts.now();
        // Begins a pause anew where the clock was set back.
        self.upkeep.lockout.locked(now.utc);
        if self.upkeep_idle_end().is_some_and(|end| now.monotonic >= end) {
            self.staff_leaves("idle");
        }
        let is_idle = !matches!(self.trial(), Some(Trial::Opening | Trial::Live));
        if is_idle && !self.upkeep.is_testing {
            let pause = match self.upkeep.camera_found {
                Finding::Fails(_) => Some(TEST_AGAIN),
                Finding::Attention(_) => Some(TEST_SURE),
                Finding::Unknown | Finding::Works | Finding::NotFitted => None,
            };
            if self.upkeep.next_test.is_none() {
                self.upkeep.next_test = pause.map(|pause| now.monotonic + pause);
            }
            if self.upkeep.next_test.is_some_and(|due| now.monotonic >= due) {
                self.test();
            }
        }
        if self.is_looked_after() && now.monotonic >= self.upkeep.figures_due {
            self.read_figures();
        }
    }

    fn read_figures(&mut self) {
        self.upkeep.figures_due = self.parts.now().monotonic + FIGURES_EVERY;
        match self.custody.state() {
            Ok(figures) => self.upkeep.figures = figures,
            Err(error) => self.store_failed(&error, "the store does not say how it stands"),
        }
    }

    /// Looks at everything; the camera answers last.
    fn test(&mut self) {
        self.upkeep.is_testing = true;
        self.upkeep.next_test = None;
        self.upkeep.sound = selftest::has_sound();
        if !self.upkeep.is_stock_taken {
            self.take_stock();
        }
        self.capture.command(Command::Test);
    }

    /// Once, and when the technician wants it: whoever comes meanwhile waits for the voice.
    fn take_stock(&mut self) {
        self.upkeep.is_stock_taken = true;
        self.parts.voice.take_stock(&self.parts.config.profile_file);
    }

    fn self_test(&self) -> SelfTest {
        let config = &self.parts.config;
        let thermometer = self.upkeep.palm().map(|palm| palm.setup().thermometer.is_some());
        let voice = self.parts.voice.status();
        selftest::findings(&Seen {
            custody: &self.upkeep.figures,
            worries: self.custody.worries(),
            is_online: self.custody.is_online(),
            camera: self.upkeep.camera_found,
            has_passive: self.upkeep.has_passive,
            scanner: self.upkeep.palm().map(|_| self.scanner.stands()),
            has_thermometer: thermometer.unwrap_or(false),
            palm: &config.policy.palm,
            printer: self.slips.stands(),
            sound: self.upkeep.sound,
            voice: voice.as_ref(),
            integrity: self.guard.fault(),
            display: self
                .upkeep
                .page_px
                .and_then(|page_px| selftest::is_filled(config.window, page_px)),
        })
    }

    /// Takes an intent of those who look after the kiosk; gives back what is none.
    pub(super) fn upkeep_follows(&mut self, intent: Intent) -> Option<Intent> {
        match intent {
            Intent::CallStaff => self.staff_called(),
            Intent::EnterStaffCode { code } => {
                self.staff_touched();
                self.staff_code(&Sensitive::new(code.take()));
            }
            Intent::Desk { wish } => {
                self.staff_touched();
                if matches!(&self.upkeep.staff, Some(staff) if matches!(staff.who, Who::Technician(_))) {
                    self.technician_wants(wish);
                }
            }
            Intent::Display { width_px, height_px } => self.upkeep.page_px = Some((width_px, height_px)),
            Intent::Cancel | Intent::Back | Intent::Finish if self.is_looked_after() => {
                self.staff_leaves("left");
            }
            Intent::StayAlive if self.is_looked_after() => self.staff_touched(),
            Intent::SetLanguage { language } => {
                self.staff_touched();
                return Some(Intent::SetLanguage { language });
            }
            other => return Some(other),
        }
        None
    }

    fn staff_touched(&mut self) {
        let now = self.parts.now().monotonic;
        if let Some(staff) = &mut self.upkeep.staff {
            staff.touched_at = now;
        }
    }

    /// Somebody asks for the entry of a code; where nobody has one, nothing happens.
    fn staff_called(&mut self) {
        let config = &self.parts.config;
        let has_codes = config.technician.is_some() || !config.operators.is_empty();
        if self.session.is_none() && !self.is_looked_after() && has_codes {
            self.upkeep.staff = Some(Staff {
                who: Who::Unknown { wrong: false },
                touched_at: self.parts.now().monotonic,
            });
        }
    }

    fn staff_leaves(&mut self, how: &str) {
        self.end_trial();
        let Some(staff) = self.upkeep.staff.take() else {
            return;
        };
        match staff.who {
            Who::Unknown { .. } => {}
            Who::Operator => self.note(None, &format!("OperatorLeft how={how}")),
            Who::Technician(_) => self.note(None, &format!("TechnicianLeft how={how}")),
        }
        self.language = ipc::Language::default();
        self.rested_since = self.parts.now().monotonic;
    }

    /// A code is counted as wrong, and written down so, before it is looked at.
    fn staff_code(&mut self, code: &Sensitive<String>) {
        let Some(Staff {
            who: Who::Unknown { .. },
            ..
        }) = &self.upkeep.staff
        else {
            return;
        };
        let before = self.upkeep.lockout;
        if self.upkeep.lockout.begin(self.parts.now().utc).is_err() {
            return self.note(None, "StaffCodeLocked");
        }
        if !self.remember(LOCKOUT, &self.upkeep.lockout.to_string()) {
            return;
        }
        let config = &self.parts.config;
        let is_technician = config
            .technician
            .as_ref()
            .is_some_and(|technician| technician.is_code(code));
        let who = if is_technician {
            self.upkeep.lockout.right();
            self.note(None, "TechnicianEntered");
            Who::Technician(Box::default())
        } else if let Some(operator) = operators::of_code(&config.operators, code) {
            // Not more: who has a code of an operator could try out the technician's without an end.
            self.upkeep.lockout = before;
            self.note(
                None,
                &format!("OperatorEntered operator={}", word(operator.name())),
            );
            Who::Operator
        } else {
            let failures = self.upkeep.lockout.failures();
            self.note(None, &format!("StaffCodeWrong failures={failures}"));
            Who::Unknown { wrong: true }
        };
        self.remember(LOCKOUT, &self.upkeep.lockout.to_string());
        self.read_figures();
        self.upkeep.staff = Some(Staff {
            who,
            touched_at: self.parts.now().monotonic,
        });
    }

    /// `false` where the store fails; then nothing that rests on it may go on.
    fn remember(&mut self, name: &str, text: &str) -> bool {
        match self.custody.outbox().remember(name, text) {
            Ok(_) => true,
            Err(error) => {
                self.store_failed(&error.into(), "the store remembers nothing");
                false
            }
        }
    }

    fn bench(&mut self) -> Option<&mut Bench> {
        match &mut self.upkeep.staff.as_mut()?.who {
            Who::Technician(bench) => Some(bench),
            Who::Unknown { .. } | Who::Operator => None,
        }
    }

    fn trial(&self) -> Option<Trial> {
        match &self.upkeep.staff.as_ref()?.who {
            Who::Technician(bench) => Some(bench.trial),
            Who::Unknown { .. } | Who::Operator => None,
        }
    }

    fn say(&mut self, said: Said) {
        if let Some(bench) = self.bench() {
            bench.said = Some(said);
        }
    }

    fn technician_wants(&mut self, wish: Wish) {
        if let Some(bench) = self.bench() {
            bench.said = None;
        }
        match wish {
            Wish::Show { page } => self.show_page(page),
            Wish::TestAgain => {
                self.look_after_custody();
                self.upkeep.is_stock_taken = false;
                self.test();
            }
            Wish::TryCamera { id } => self.try_camera(&id),
            Wish::ChooseCamera { id } => self.choose_camera(&id),
            Wish::CameraAsInstalled => {
                self.upkeep.choice.forget_camera();
                self.camera_changes(Said::AsInstalled);
            }
            Wish::TryScanner => {
                if !matches!(self.trial(), Some(Trial::Hand { .. })) {
                    self.try_scanner();
                }
            }
            Wish::ChooseScanner { id } => {
                if self.upkeep.choice.choose_palm(&id, &self.parts.config) {
                    self.scanner_changes(Said::Chosen);
                } else {
                    self.say(Said::NotChosen);
                }
            }
            Wish::ScannerAsInstalled => {
                self.upkeep.choice.forget_palm();
                self.scanner_changes(Said::AsInstalled);
            }
            Wish::TrySound { language, text } => {
                self.parts.voice.try_out(language, text);
                if let Some(bench) = self.bench() {
                    bench.is_sound_tried = true;
                }
            }
            Wish::PrintTest => self.print_test(),
            Wish::Export => self.export(),
            Wish::Maintain { closed } => {
                if self.remember(MAINTENANCE, if closed { "yes" } else { "no" }) {
                    self.upkeep.is_closed = closed;
                    self.note(None, &format!("Maintenance closed={closed}"));
                }
            }
            Wish::Restart => {
                self.note(None, "RestartWanted");
                self.upkeep.is_restart_wanted = true;
            }
        }
    }

    fn show_page(&mut self, page: DeskPage) {
        self.end_trial();
        let config = &self.parts.config;
        let (mut cameras, mut scanners) = (Vec::new(), Vec::new());
        match page {
            DeskPage::Camera => cameras = devices::cameras(config),
            DeskPage::Scanner => {
                let ports = palm::ports::list().unwrap_or_else(|error| {
                    tracing::warn!(%error, "the serial ports cannot be listed");
                    Vec::new()
                });
                scanners = devices::scanners(config, &ports);
            }
            DeskPage::Sound => self.take_stock(),
            DeskPage::Overview | DeskPage::Actions => {}
        }
        if let Some(bench) = self.bench() {
            *bench = Bench {
                page,
                cameras,
                scanners,
                ..Bench::default()
            };
        }
    }

    /// Camera and scanner go back to what they are for, and a phrase that is played ends.
    fn end_trial(&mut self) {
        self.parts.voice.end_trial();
        match self.trial() {
            None | Some(Trial::Nothing) => return,
            Some(Trial::Hand { .. }) => self.scanner.cancel(),
            Some(Trial::Opening | Trial::Live | Trial::Failed { .. }) => {
                self.capture.command(Command::Close);
                let opener = self.upkeep.opener(&self.parts);
                self.capture.command(Command::Use(Opener(opener)));
            }
        }
        if let Some(bench) = self.bench() {
            bench.trial = Trial::Nothing;
        }
    }

    fn offered_camera(&mut self, id: &str) -> Option<Camera> {
        let cameras = &self.bench()?.cameras;
        let offer = cameras.iter().find(|offer| offer.id == id)?;
        offer.hindrance.is_none().then(|| offer.device.clone())
    }

    fn try_camera(&mut self, id: &str) {
        let Some(camera) = self.offered_camera(id) else {
            return;
        };
        if let Some(bench) = self.bench() {
            bench.trial = Trial::Opening;
        }
        let opener = Opener(capture::configured(camera));
        self.capture.command(Command::Close);
        self.capture.command(Command::Use(opener));
        self.opens_due += 1;
        self.capture.command(Command::Open);
    }

    fn choose_camera(&mut self, id: &str) {
        let chosen = self
            .offered_camera(id)
            .is_some_and(|camera| self.upkeep.choice.choose_camera(&camera, &self.parts.config));
        if chosen {
            self.camera_changes(Said::Chosen);
        } else {
            self.say(Said::NotChosen);
        }
    }

    /// The camera of the choice is in use from now on; what is tried goes on until the page is left.
    fn camera_changes(&mut self, said: Said) {
        if !self.remember(CHOICE, &self.upkeep.choice.text()) {
            return;
        }
        let config = &self.parts.config;
        let chosen = self.upkeep.choice.camera(config);
        self.upkeep.camera = chosen.unwrap_or_else(|| config.camera.clone());
        let named = match &self.upkeep.camera {
            Camera::Device { pin: Some(pin), .. } => word(pin.as_str()),
            Camera::Device { index, pin: None, .. } => index.to_string(),
            Camera::Replay { clip, .. } => word(clip),
        };
        self.note(None, &format!("CameraChosen camera={named} how={said:?}"));
        let opener = self.upkeep.opener(&self.parts);
        self.capture.command(Command::Use(Opener(opener)));
        self.upkeep.camera_found = Finding::Unknown;
        self.upkeep.camera_name = String::new();
        self.upkeep.next_test = Some(self.parts.now().monotonic);
        self.say(said);
    }

    fn scanner_changes(&mut self, said: Said) {
        if !self.remember(CHOICE, &self.upkeep.choice.text()) {
            return;
        }
        self.end_trial();
        let config = &self.parts.config;
        let chosen = self.upkeep.choice.palm(config);
        self.upkeep.palm = chosen.or_else(|| config.palm.clone());
        let named = self.upkeep.palm.as_ref().map(Palm::to_string);
        let named = word(&named.unwrap_or_default());
        self.note(None, &format!("ScannerChosen scanner={named} how={said:?}"));
        let setup = self.upkeep.palm.as_ref().map(Palm::setup);
        // The old one lets go of its port before the new one looks for it.
        match Scanner::start(None, self.parts.events.clone(), Event::Scanner) {
            Ok(none) => drop(std::mem::replace(&mut self.scanner, none)),
            Err(error) => return self.thread_failed(&error),
        }
        match Scanner::start(setup, self.parts.events.clone(), Event::Scanner) {
            Ok(scanner) => self.scanner = scanner,
            Err(error) => return self.thread_failed(&error),
        }
        self.say(said);
    }

    fn thread_failed(&mut self, error: &std::io::Error) {
        tracing::error!(%error, "the scanner's thread cannot be started");
        self.broken = Some(ErrorCode::Internal);
    }

    /// Shows where the scanner sees a hand. Nobody claims anything, nothing is counted, and what is measured is dropped.
    fn try_scanner(&mut self) {
        let mut challenge = [0; 32];
        if let Err(error) = getrandom::fill(&mut challenge) {
            tracing::error!(%error, "the operating system gives no randomness");
            self.broken = Some(ErrorCode::Internal);
            return;
        }
        let order = ScanOrder {
            limit: self.parts.config.policy.palm.scan_limit,
            challenge,
        };
        let trial = match (self.scanner.stands().clone(), self.scanner.scan(order)) {
            (Ok(_), None) => Trial::Hand {
                prompt: ipc::HandPrompt::ShowHand,
            },
            (Err(fault), _) => Trial::Failed {
                why: convert::why(Cause::Device(fault)),
            },
            (Ok(_), Some(_)) => Trial::Failed {
                why: convert::why(Cause::Device(DeviceFault::NotFound)),
            },
        };
        if let Some(bench) = self.bench() {
            bench.trial = trial;
        }
    }

    fn print_test(&mut self) {
        let config = &self.parts.config;
        let (name, kiosk_id) = (&config.organisation.name, &config.custody.kiosk_id);
        let language = convert::language(self.language);
        if self
            .slips
            .print_test(name, kiosk_id, self.parts.now().utc, language)
        {
            self.note(None, "TestPageOrdered");
            self.say(Said::Printing);
        } else {
            self.say(Said::NotPrinted);
        }
    }

    /// The printer has said something.
    pub(super) fn printer_said(&mut self) {
        let stands = self.slips.stands();
        let Some(bench) = self.bench() else { return };
        if bench.said == Some(Said::Printing) && stands != ipc::Slip::Printing {
            let is_printed = stands == ipc::Slip::Printed;
            bench.said = Some(if is_printed {
                Said::Printed
            } else {
                Said::NotPrinted
            });
            self.slips.forget();
        }
    }

    fn export(&mut self) {
        let medium = self.parts.config.technician.as_ref();
        let Some(folder) = medium.and_then(|technician| technician.medium()) else {
            return self.say(Said::NotExported);
        };
        let said = match self.custody.export(folder, self.parts.now().utc) {
            Ok(report) => Said::Exported {
                documents: u32::try_from(report.documents).unwrap_or(u32::MAX),
            },
            Err(error) => {
                tracing::error!(error = crate::chain(&error), "nothing is exported");
                Said::NotExported
            }
        };
        self.say(said);
    }

    /// Learns from what the camera does, whoever it works for; `true` where it is for the technician alone.
    pub(super) fn camera_said(&mut self, report: &Report) -> bool {
        let trying = matches!(self.trial(), Some(Trial::Opening | Trial::Live));
        let result = match report {
            Report::Opened(result) | Report::Tested(result) => result.as_ref().map_err(|fault| *fault),
            Report::Failed(fault) => Err(*fault),
            Report::Observed(_) | Report::PageSeen(_) | Report::Kept { .. } => return trying,
        };
        if trying && !matches!(report, Report::Tested(_)) {
            if matches!(report, Report::Opened(_)) {
                self.opens_due = self.opens_due.saturating_sub(1);
            }
            // The answer to what was tried before is of no interest.
            if self.opens_due == 0 {
                let trial = match result {
                    Ok(_) => Trial::Live,
                    Err(fault) => Trial::Failed {
                        why: convert::why(Cause::Device(fault)),
                    },
                };
                if let Some(bench) = self.bench() {
                    bench.trial = trial;
                }
            }
            return true;
        }
        // What a camera that was only tried says late is nothing about the one in use.
        if self.session.is_none() && !matches!(report, Report::Tested(_)) {
            return false;
        }
        if let Ok(identity) = result {
            self.upkeep.camera_name = identity.name.clone();
        }
        let (before, result) = (self.upkeep.camera_found, result.map(|_| ()));
        self.upkeep.camera_found = match report {
            Report::Tested(_) => before.tested(result),
            _ => before.used(result),
        };
        if matches!(report, Report::Tested(_)) {
            self.upkeep.is_testing = false;
            let test = self.self_test();
            if test.is_well() {
                tracing::info!(%test, "self-test");
            } else {
                tracing::warn!(%test, "self-test");
            }
            self.note(None, &test.to_string());
            return true;
        }
        false
    }

    /// Shows the technician where the hand is, and looks on after each scan.
    pub(super) fn scanner_tells_desk(&mut self, report: &ScannerReport) {
        if !matches!(self.trial(), Some(Trial::Hand { .. })) {
            return;
        }
        let trial = match report {
            ScannerReport::Hand(position) => Trial::Hand {
                prompt: convert::hand_prompt(*position),
            },
            ScannerReport::Scanned(Err(fault)) | ScannerReport::Absent(fault) => Trial::Failed {
                why: convert::why(Cause::Device(*fault)),
            },
            _ => return,
        };
        if let Some(bench) = self.bench() {
            bench.trial = trial;
        }
    }

    /// After a report was heard: where a scan of the technician ended, the next one begins.
    pub(super) fn scanner_goes_on(&mut self, scanned: bool) {
        let is_tried = matches!(self.trial(), Some(Trial::Hand { .. }));
        if scanned && is_tried && self.scanner.is_idle() {
            self.try_scanner();
        }
    }

    fn desk(&self, bench: &Bench) -> Desk {
        let used_scanner = self.upkeep.palm().map(|palm| {
            let setup = palm.setup();
            devices::scanner_id(setup.driver.name, &setup.choice.to_string())
        });
        let config = &self.parts.config;
        let medium = config.technician.as_ref();
        Desk {
            health: self.health(),
            page: bench.page,
            cameras: bench
                .cameras
                .iter()
                .map(|offer| device_offer(offer, offer.device == self.upkeep.camera))
                .collect(),
            is_camera_chosen: self.upkeep.choice.camera(config).is_some(),
            scanners: bench
                .scanners
                .iter()
                .map(|offer| device_offer(offer, Some(&offer.id) == used_scanner.as_ref()))
                .collect(),
            is_scanner_chosen: self.upkeep.choice.palm(config).is_some(),
            trial: bench.trial,
            sound: match bench.page {
                DeskPage::Sound => speech::desk(self.parts.voice.status().as_ref(), bench.is_sound_tried),
                _ => ipc::Sound::default(),
            },
            can_print: self.slips.stands() != ipc::Slip::None,
            can_export: medium.is_some_and(|technician| technician.medium().is_some()),
            said: bench.said,
        }
    }

    fn health(&self) -> Health {
        let config = &self.parts.config;
        let now = self.parts.now();
        let figures = &self.upkeep.figures;
        let test = self.self_test();
        let minutes_since = |at: UtcMs| u64::try_from(now.utc.0.saturating_sub(at.0) / 60_000).unwrap_or(0);
        Health {
            parts: Part::ALL
                .into_iter()
                .map(|part| PartHealth {
                    part: convert::part(part),
                    state: convert::finding(test.of(part)),
                    name: self.name_of(part, config),
                })
                .collect(),
            is_testing: self.upkeep.is_testing,
            closed: self.closing_code(),
            is_closed_for_maintenance: self.upkeep.is_closed,
            is_online: self.custody.is_online(),
            kiosk_id: config.custody.kiosk_id.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            profile: format!(
                "{} {:.8}",
                config.profile.name,
                profile::hex(&config.profile.sha256)
            ),
            uptime_min: now.monotonic.as_secs() / 60,
            pending: u32::try_from(self.custody.waiting()).unwrap_or(u32::MAX),
            set_aside: u32::try_from(figures.set_aside + figures.stores_aside).unwrap_or(u32::MAX),
            call_backs: self
                .custody
                .call_backs()
                .map(|waiting| u32::try_from(waiting).unwrap_or(u32::MAX)),
            heard_min_ago: figures.heard_at.map(minutes_since),
            disk_free_mib: figures.disk_free_bytes.map(|bytes| bytes / (1024 * 1024)),
            certificate_days: figures
                .certificate_expires_at
                .map(|at| at.0.saturating_sub(now.utc.0).div_euclid(24 * 60 * 60 * 1000)),
            clock_skew_s: figures.clock_skew_ms.map(|skew_ms| skew_ms / 1000),
        }
    }

    /// What a part says that it is.
    fn name_of(&self, part: Part, config: &Config) -> String {
        match part {
            Part::Camera => self.upkeep.camera_name.clone(),
            Part::PalmScanner => match (self.scanner.stands(), self.upkeep.palm()) {
                (Ok(identity), Some(_)) => {
                    let named = [&identity.driver, &identity.model, &identity.firmware];
                    let named: Vec<&str> = named.into_iter().map(String::as_str).collect();
                    named.join(" ").trim().to_owned()
                }
                (Err(_), Some(palm)) => palm.to_string(),
                (_, None) => String::new(),
            },
            Part::Thermometer => match self.scanner.stands() {
                Ok(identity) => identity.thermometer.clone().unwrap_or_default(),
                Err(_) => String::new(),
            },
            Part::Printer => config
                .printer
                .as_ref()
                .map_or(String::new(), |printer| printer.driver.name.to_owned()),
            Part::Integrity => self
                .guard
                .fault()
                .map_or(String::new(), |fault| fault.code().to_owned()),
            Part::Display => match self.upkeep.page_px {
                Some((width_px, height_px)) => format!("{width_px} × {height_px}"),
                None => String::new(),
            },
            Part::Store
            | Part::Keys
            | Part::Certificate
            | Part::Gateway
            | Part::FaceModels
            | Part::Sound
            | Part::Disk
            | Part::Clock => String::new(),
        }
    }
}

fn device_offer<T>(offer: &Offered<T>, is_used: bool) -> DeviceOffer {
    DeviceOffer {
        id: offer.id.clone(),
        name: offer.name.clone(),
        identity: offer.identity.clone(),
        hindrance: offer.hindrance.map(convert::why),
        is_used,
    }
}
