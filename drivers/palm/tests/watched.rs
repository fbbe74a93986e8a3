//! The scanner on its own thread, against simulated modules that come, go, start anew and misbehave.
#![cfg(unix)]
// The configuration of clippy lets `unwrap` pass in tests, but not in what tests share.
#![allow(clippy::unwrap_used)]

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use palm::sim::{Handle, Presented, Protocol, SimSettings, Simulator};
use palm::watched::{Order, Report, Setup, ThermometerSetup, Watched};
use palm::{Check, Driver, Notice, Opening, PalmError, PalmScanner, ScannerInfo, Watch};
use tempfile::TempDir;
use verification::capture::DeviceFault;
use verification::palm::{
    EnrolOutcome, HandPosition, PalmReference, PalmScan, ScanOrder, ScanResult, SubjectTag,
};

/// A program that never gets there misses it.
const PATIENCE: Duration = Duration::from_secs(20);

struct Bench {
    folder: TempDir,
    simulator: Option<Simulator>,
    watched: Option<Watched>,
    reports: Receiver<Report>,
}

impl Bench {
    /// A kiosk whose scanner is not plugged in yet.
    fn empty() -> Self {
        Self::with(|setup| setup)
    }

    fn with(change: impl FnOnce(Setup) -> Setup) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let setup = Setup {
            choice: folder.path().join("palm").to_str().unwrap().parse().unwrap(),
            driver: palm::driver("dfrobot-ai10").unwrap(),
            baud: None,
            device_key: None,
            thermometer: None,
        };
        let (sender, reports) = mpsc::channel();
        let watched = Watched::start(change(setup), move |report| drop(sender.send(report))).unwrap();
        Self {
            folder,
            simulator: None,
            watched: Some(watched),
            reports,
        }
    }

    /// A kiosk whose scanner is there and was found.
    fn plugged(faults: &[&str]) -> Self {
        let mut bench = Self::empty();
        bench.until(is_absent(DeviceFault::NotFound));
        bench.plug(faults);
        bench.until(is_present);
        bench
    }

    fn link(&self) -> PathBuf {
        self.folder.path().join("palm")
    }

    fn plug(&mut self, faults: &[&str]) -> Handle {
        let simulator = Simulator::start(SimSettings {
            link: Some(self.link()),
            faults: faults.iter().map(|name| name.parse().unwrap()).collect(),
            note_interval: Duration::from_millis(100),
            enrolled: vec!["s-1".to_owned()],
            ..SimSettings::default()
        })
        .unwrap();
        let handle = simulator.handle();
        self.simulator = Some(simulator);
        handle
    }

    fn sim(&self) -> Handle {
        self.simulator.as_ref().unwrap().handle()
    }

    fn order(&self, order: Order) {
        self.watched.as_ref().unwrap().order(order);
    }

    /// All that is reported up to the first that fits, that one last.
    fn until(&self, fits: impl Fn(&Report) -> bool) -> Vec<Report> {
        let deadline = Instant::now() + PATIENCE;
        let mut seen = Vec::new();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(report) = self.reports.recv_timeout(left) else {
                panic!("never reported; but: {seen:?}");
            };
            seen.push(report);
            if seen.last().is_some_and(&fits) {
                return seen;
            }
        }
    }

    /// The answer to the one order that is open.
    fn answer(&self) -> Report {
        self.until(is_answer).pop().unwrap()
    }

    /// Ends the kiosk and answers all that was still reported.
    fn end(mut self) -> Vec<Report> {
        self.watched = None;
        self.reports.try_iter().collect()
    }
}

fn is_present(report: &Report) -> bool {
    matches!(report, Report::Present(_))
}

fn is_absent(fault: DeviceFault) -> impl Fn(&Report) -> bool {
    move |report| *report == Report::Absent(fault)
}

fn is_answer(report: &Report) -> bool {
    !matches!(report, Report::Present(_) | Report::Absent(_) | Report::Hand(_))
}

fn verify() -> Order {
    Order::Verify(ScanOrder {
        limit: Duration::from_secs(3),
        challenge: [7; 32],
    })
}

fn enrol() -> Order {
    Order::Enrol {
        tag: SubjectTag::new("s-2").unwrap(),
        limit: Duration::from_secs(3),
    }
}

const FIRST: PalmReference = PalmReference(1001);

fn delete() -> Order {
    Order::Delete {
        scanner: "SIM-0000-0001".to_owned(),
        reference: FIRST,
    }
}

/// The result of an answer, or the fault.
fn said(report: &Report) -> String {
    match report {
        Report::Scanned(Ok(Some(scan))) => format!("{:?}", scan.result),
        Report::Scanned(result) => format!("{:?}", result.as_ref().map(|_| ())),
        Report::Enrolled(result) => format!("{result:?}"),
        Report::Deleted { result, .. } => format!("{result:?}"),
        Report::Listed(result) => format!("{result:?}"),
        other => format!("{other:?}"),
    }
}

#[test]
fn orders_are_performed_in_their_order() {
    let bench = Bench::plugged(&[]);
    for order in [verify(), enrol(), Order::List, delete(), Order::List] {
        bench.order(order);
    }
    let answers: Vec<String> = (0..5).map(|_| said(&bench.answer())).collect();
    let expect = [
        "Identified(PalmReference(1001))",
        "Ok(Some(Enrolled(PalmReference(1002))))",
        "Ok([PalmReference(1001), PalmReference(1002)])",
        "Ok(())",
        "Ok([PalmReference(1002)])",
    ];
    assert_eq!(answers, expect);
    assert_eq!(bench.end(), []);
}

#[test]
fn what_the_scanner_sees_is_told_while_it_scans() {
    let bench = Bench::plugged(&[]);
    bench.order(verify());
    let seen = bench.until(is_answer);
    assert!(seen.contains(&Report::Hand(HandPosition::InPlace)), "{seen:?}");
}

#[test]
fn a_scanner_comes_and_goes() {
    let mut bench = Bench::empty();
    bench.until(is_absent(DeviceFault::NotFound));
    bench.order(Order::List);
    assert_eq!(said(&bench.answer()), "Err(NotFound)");
    bench.plug(&[]);
    bench.until(is_present);
    bench.sim().unplug();
    bench.until(is_absent(DeviceFault::Disconnected));
    bench.until(is_absent(DeviceFault::NotFound));
    bench.sim().replug().unwrap();
    bench.until(is_present);
    bench.order(Order::List);
    assert_eq!(said(&bench.answer()), "Ok([PalmReference(1001)])");
}

/// Pulls the plug in the middle of an order, and plugs in again.
fn check_unplugged(presented: Presented, order: Order, hand_first: bool) {
    let bench = Bench::plugged(&[]);
    bench.sim().present(presented);
    bench.order(order);
    if hand_first {
        bench.until(|report| matches!(report, Report::Hand(_)));
    }
    bench.sim().unplug();
    if hand_first {
        // The answer comes before the state.
        assert_eq!(said(&bench.answer()), "Err(Disconnected)");
        bench.until(is_absent(DeviceFault::Disconnected));
    } else {
        // Whether the order or the hand was quicker, there is one answer, and the state is told.
        let (mut answers, mut absent) = (0, 0);
        while answers == 0 || absent == 0 {
            let report = bench.until(|_| true).remove(0);
            answers += u32::from(is_answer(&report));
            absent += u32::from(report == Report::Absent(DeviceFault::Disconnected));
        }
        assert_eq!((answers, absent), (1, 1));
    }
    bench.sim().replug().unwrap();
    bench.until(is_present);
    bench.order(Order::List);
    bench.answer();
    assert_eq!(bench.end(), []);
}

#[test]
fn the_plug_is_pulled_at_every_step() {
    check_unplugged(Presented::Nobody, verify(), false);
    check_unplugged(Presented::Nobody, verify(), true);
    check_unplugged(Presented::Nobody, enrol(), false);
    check_unplugged(Presented::Nobody, enrol(), true);
    check_unplugged(Presented::LastEnrolled, delete(), false);
    check_unplugged(Presented::LastEnrolled, Order::List, false);
}

#[test]
fn a_frame_that_breaks_off_with_the_line_is_a_pulled_plug() {
    let bench = Bench::plugged(&["hang-up"]);
    bench.order(verify());
    assert_eq!(said(&bench.answer()), "Err(Disconnected)");
    bench.until(is_absent(DeviceFault::Disconnected));
}

#[test]
fn a_restart_is_told_with_the_identity() {
    let bench = Bench::plugged(&[]);
    bench.sim().reboot();
    bench.until(is_present);
    bench.sim().set_faults(vec!["reboot".parse().unwrap()]);
    bench.order(verify());
    assert_eq!(said(&bench.answer()), "Err(Disconnected)");
    bench.until(is_present);
    bench.sim().set_faults(Vec::new());
    bench.order(verify());
    assert_eq!(said(&bench.answer()), "Identified(PalmReference(1001))");
}

/// What is on the port cannot be used: it has a name, and each order an answer; then a good scanner is found.
fn check_unusable(fault: &str, expect: DeviceFault) {
    let mut bench = Bench::empty();
    bench.until(is_absent(DeviceFault::NotFound));
    let handle = bench.plug(&[fault]);
    bench.until(is_absent(expect));
    bench.order(verify());
    assert_eq!(said(&bench.answer()), format!("Err({expect:?})"));
    handle.set_faults(Vec::new());
    bench.until(is_present);
}

#[test]
fn what_cannot_be_used_has_a_name() {
    check_unusable("silence", DeviceFault::Timeout);
    check_unusable("bad-check", DeviceFault::Protocol);
    check_unusable("garbage", DeviceFault::Protocol);
}

/// The driver would wait for the answer to the scan longer than for that to a question.
#[test]
fn a_module_that_fell_silent_is_found_before_a_person_waits() {
    let bench = Bench::plugged(&[]);
    bench.sim().set_faults(vec!["silence".parse().unwrap()]);
    // Whether this one is asked about first depends on how much time has passed since the module was found.
    bench.order(Order::List);
    assert_eq!(said(&bench.answer()), "Err(Timeout)");
    bench.order(verify());
    assert_eq!(said(&bench.answer()), "Err(Timeout)");
    bench.sim().set_faults(Vec::new());
    bench.until(is_present);
}

#[test]
fn faults_of_a_scan_are_named_and_the_scanner_stays() {
    let bench = Bench::plugged(&[]);
    for (fault, expect) in [("result=4:verify", "Err(Protocol)"), ("liveness", "NotLive")] {
        bench.sim().set_faults(vec![fault.parse().unwrap()]);
        bench.order(verify());
        assert_eq!(said(&bench.answer()), expect, "{fault}");
    }
    bench.sim().set_faults(Vec::new());
    bench.order(verify());
    assert_eq!(said(&bench.answer()), "Identified(PalmReference(1001))");
    assert_eq!(bench.end(), []);
}

#[test]
fn cancelling_ends_what_was_ordered_before() {
    let bench = Bench::plugged(&[]);
    bench.sim().present(Presented::Nobody);
    bench.order(Order::Cancel);
    bench.order(verify());
    bench.until(|report| matches!(report, Report::Hand(_)));
    bench.order(enrol());
    bench.order(Order::Cancel);
    bench.order(Order::List);
    let mut answers = [bench.answer(), bench.answer(), bench.answer()];
    answers.sort_by_key(|answer| matches!(answer, Report::Enrolled(_)));
    assert_eq!(
        answers.each_ref().map(said),
        ["Ok(())", "Ok([PalmReference(1001)])", "Ok(None)"]
    );
    assert_eq!(bench.end(), []);
}

#[test]
fn the_end_answers_what_is_open_and_frees_the_port() {
    let mut bench = Bench::plugged(&[]);
    bench.sim().present(Presented::Nobody);
    bench.order(verify());
    bench.until(|report| matches!(report, Report::Hand(_)));
    bench.order(enrol());
    bench.order(Order::List);
    bench.watched = None;
    let mut left: Vec<String> = bench
        .reports
        .try_iter()
        .filter(is_answer)
        .map(|report| said(&report))
        .collect();
    left.sort();
    assert_eq!(left, ["Err(Disconnected)", "Ok(())", "Ok(None)"]);
    let scanner = open(&bench.link());
    assert!(scanner.is_ok(), "{:?}", scanner.err());
}

fn open(port: &Path) -> Result<Box<dyn PalmScanner>, PalmError> {
    let driver = palm::driver("dfrobot-ai10").unwrap();
    (driver.open)(&Opening {
        port: port.to_str().unwrap().to_owned(),
        baud: driver.baud,
        device_key: None,
    })
}

#[test]
fn a_port_that_another_program_holds_is_busy_until_it_lets_go() {
    let mut bench = Bench::empty();
    bench.until(is_absent(DeviceFault::NotFound));
    let hidden = bench.folder.path().join("hidden");
    bench.simulator = Some(
        Simulator::start(SimSettings {
            link: Some(hidden.clone()),
            ..SimSettings::default()
        })
        .unwrap(),
    );
    let other = open(&hidden).unwrap();
    std::os::unix::fs::symlink(&hidden, bench.link()).unwrap();
    bench.until(is_absent(DeviceFault::Busy));
    drop(other);
    bench.until(is_present);
}

#[test]
fn another_scanner_after_a_replug_says_so() {
    // That two modules of one kind have different numbers is the seed's doing.
    let mut bench = Bench::plugged(&[]);
    let serial = |report: Report| match report {
        Report::Present(identity) => identity.serial,
        other => panic!("{other:?}"),
    };
    bench.simulator = None;
    bench.until(is_absent(DeviceFault::NotFound));
    bench.simulator = Some(
        Simulator::start(SimSettings {
            link: Some(bench.link()),
            seed: 77,
            ..SimSettings::default()
        })
        .unwrap(),
    );
    let found = serial(bench.until(is_present).pop().unwrap());
    assert!(!found.is_empty());
}

/// An AI10 with a thermometer beside it, both simulated, and both found.
fn with_thermometer(folder: &TempDir) -> (Bench, Simulator) {
    let port = folder.path().join("thermometer");
    let thermometer = Simulator::start(SimSettings {
        protocol: Protocol::Mcu90615,
        link: Some(port.clone()),
        ..SimSettings::default()
    })
    .unwrap();
    let mut bench = Bench::with(|setup| Setup {
        thermometer: Some(ThermometerSetup {
            choice: port.to_str().unwrap().parse().unwrap(),
            driver: palm::thermometer::thermometer("mcu-90615").unwrap(),
        }),
        ..setup
    });
    bench.plug(&[]);
    let Some(Report::Present(identity)) = bench.until(is_present).pop() else {
        unreachable!("it was waited for");
    };
    assert_eq!(identity.thermometer.as_deref(), Some("mcu-90615"));
    assert!(identity.capabilities.temperature);
    (bench, thermometer)
}

#[test]
fn skin_and_air_stand_in_the_answer() {
    let folder = tempfile::tempdir().unwrap();
    let (bench, thermometer) = with_thermometer(&folder);
    let readings = || {
        bench.order(verify());
        let Report::Scanned(Ok(Some(scan))) = bench.answer() else {
            panic!("no scan");
        };
        (
            scan.readings.surface_temperature_celsius,
            scan.readings.ambient_temperature_celsius,
        )
    };
    assert_eq!(readings(), (Some(33.4), Some(23.5)));
    thermometer
        .handle()
        .set_faults(vec!["temperature=12.5".parse().unwrap()]);
    assert_eq!(readings(), (Some(12.5), Some(23.5)));
}

/// Where both measure, the record has one source, and names the right one.
#[test]
fn a_module_that_measures_temperature_keeps_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let start = |protocol, name: &str, surface_celsius| {
        let settings = SimSettings {
            protocol,
            link: Some(path(name)),
            note_interval: Duration::from_millis(100),
            surface_celsius,
            ..SimSettings::default()
        };
        Simulator::start(settings).unwrap()
    };
    let _module = start(Protocol::Reference, "module", 34.5);
    let _thermometer = start(Protocol::Mcu90615, "thermometer", 20.5);
    let bench = Bench::with(|setup| Setup {
        choice: path("module").to_str().unwrap().parse().unwrap(),
        driver: palm::driver("reference").unwrap(),
        thermometer: Some(ThermometerSetup {
            choice: path("thermometer").to_str().unwrap().parse().unwrap(),
            driver: palm::thermometer::thermometer("mcu-90615").unwrap(),
        }),
        ..setup
    });
    let Some(Report::Present(identity)) = bench.until(is_present).pop() else {
        unreachable!("it was waited for");
    };
    assert_eq!(identity.thermometer, None);
    assert!(identity.capabilities.temperature && identity.capabilities.volume);
    bench.order(verify());
    let Report::Scanned(Ok(Some(scan))) = bench.answer() else {
        panic!("no scan");
    };
    assert_eq!(scan.readings.surface_temperature_celsius, Some(34.5));
}

#[test]
fn the_plug_of_the_thermometer_is_one_of_the_scanner() {
    let folder = tempfile::tempdir().unwrap();
    let (bench, thermometer) = with_thermometer(&folder);
    thermometer.handle().unplug();
    bench.until(is_absent(DeviceFault::Disconnected));
    // The module alone is not what was set up.
    bench.until(is_absent(DeviceFault::NotFound));
    bench.order(verify());
    assert_eq!(said(&bench.answer()), "Err(NotFound)");
    thermometer.handle().replug().unwrap();
    bench.until(is_present);
    // In mid-scan too, and without a result.
    bench.sim().present(Presented::Nobody);
    bench.order(verify());
    bench.until(|report| matches!(report, Report::Hand(_)));
    thermometer.handle().unplug();
    assert_eq!(said(&bench.answer()), "Err(Disconnected)");
    bench.until(is_absent(DeviceFault::Disconnected));
    thermometer.handle().replug().unwrap();
    bench.until(is_present);
    // Alive, but with nothing to say.
    thermometer.handle().set_faults(vec!["silence".parse().unwrap()]);
    bench.until(is_absent(DeviceFault::Timeout));
}

static PANIC_IN_OPEN: AtomicBool = AtomicBool::new(true);

/// A driver with a mistake in it.
struct Broken;

impl PalmScanner for Broken {
    fn info(&mut self) -> Result<ScannerInfo, PalmError> {
        Ok(ScannerInfo {
            identity: verification::palm::ScannerIdentity {
                driver: "broken".to_owned(),
                model: String::new(),
                firmware: String::new(),
                serial: String::new(),
                thermometer: None,
                capabilities: verification::palm::PalmCapabilities::default(),
            },
            status: palm::ModuleStatus::Standby,
        })
    }

    fn self_test(&mut self) -> Result<Vec<Check>, PalmError> {
        Ok(Vec::new())
    }

    fn verify(&mut self, _: &ScanOrder, watch: &mut Watch<'_>) -> Result<Option<PalmScan>, PalmError> {
        assert_eq!(watch(palm::CaptureEvent::Waiting), ControlFlow::Continue(()));
        panic!("a mistake");
    }

    fn enrol(
        &mut self,
        _: &SubjectTag,
        _: Duration,
        _: &mut Watch<'_>,
    ) -> Result<Option<EnrolOutcome>, PalmError> {
        panic!("a mistake");
    }

    fn delete(&mut self, _: PalmReference) -> Result<(), PalmError> {
        panic!("a mistake");
    }

    fn list(&mut self) -> Result<Vec<PalmReference>, PalmError> {
        panic!("a mistake");
    }

    fn cancel(&mut self) -> Result<(), PalmError> {
        Ok(())
    }

    fn listen(&mut self) -> Result<Option<Notice>, PalmError> {
        Ok(None)
    }
}

impl Drop for Broken {
    fn drop(&mut self) {
        panic!("a mistake");
    }
}

static BROKEN: Driver = Driver {
    name: "broken",
    baud: 1,
    open: |_| {
        if PANIC_IN_OPEN.swap(false, Ordering::Relaxed) {
            panic!("a mistake");
        }
        Ok(Box::new(Broken))
    },
};

#[test]
fn a_driver_that_panics_is_a_fault_of_the_device() {
    let bench = Bench::with(|setup| Setup {
        choice: "/dev/null".parse().unwrap(),
        driver: &BROKEN,
        ..setup
    });
    bench.until(is_absent(DeviceFault::Protocol));
    let delete = Order::Delete {
        scanner: String::new(),
        reference: FIRST,
    };
    for order in [verify(), enrol(), delete, Order::List] {
        bench.until(is_present);
        bench.order(order);
        assert_eq!(said(&bench.answer()), "Err(Protocol)");
        bench.until(is_absent(DeviceFault::Protocol));
    }
}

#[test]
fn whose_palm_it_is_stands_in_the_answer() {
    let bench = Bench::plugged(&[]);
    bench.sim().present(Presented::Stranger);
    bench.order(verify());
    let Report::Scanned(Ok(Some(scan))) = bench.answer() else {
        panic!("no scan");
    };
    assert_eq!(scan, PalmScan::of(ScanResult::NoMatch));
}
