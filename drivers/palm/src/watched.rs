//! The palm scanner as a kiosk uses it: one thread owns it, takes orders, and says unprompted when it comes and goes.
//!
//! ```text
//! Order ─> Watched ─> thread: Machine (pure) says what is next ─> resolve, open, ask, listen, perform
//!                        └─> Report: exactly one answer to each order; Present and Absent whenever that changes
//! ```

mod machine;

use std::error::Error;
use std::io;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, TryRecvError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use verification::capture::DeviceFault;
use verification::palm::{
    EnrolOutcome, HandPosition, PalmReference, PalmScan, ScanOrder, ScannerIdentity, SubjectTag,
};

use self::machine::{Machine, Next};
use crate::combined::Combined;
use crate::ports::PortChoice;
use crate::thermometer::ThermometerDriver;
use crate::{CaptureEvent, Driver, Opening, PalmError, PalmScanner, ScannerInfo};

/// Which scanner, and what stands beside it.
#[derive(Clone)]
pub struct Setup {
    /// The port of the scanner.
    pub choice: PortChoice,
    /// What speaks to it.
    pub driver: &'static Driver,
    /// Speed of the line in baud, if it is not the driver's own.
    pub baud: Option<u32>,
    /// The one key with which the scanner may sign; see [`crate::Opening::device_key`].
    pub device_key: Option<Vec<u8>>,
    /// The thermometer beside it. One that is named here must work: without it the scanner is absent.
    pub thermometer: Option<ThermometerSetup>,
}

impl Setup {
    /// Opens the scanner once, together with its thermometer; see [`Driver::open`].
    ///
    /// # Errors
    /// If one of the ports is not found, may not be opened, or is in use.
    pub fn open(&self) -> Result<Box<dyn PalmScanner>, PalmError> {
        // Each time anew: after a replug the adapter may have another name.
        let scanner = (self.driver.open)(&Opening {
            port: self.choice.resolve()?,
            baud: self.baud.unwrap_or(self.driver.baud),
            device_key: self.device_key.clone(),
        })?;
        let Some(beside) = &self.thermometer else {
            return Ok(scanner);
        };
        let thermometer = (beside.driver.open)(&beside.choice.resolve()?, beside.driver.baud)?;
        Ok(Box::new(Combined::new(scanner, beside.driver.name, thermometer)))
    }
}

/// Which thermometer.
#[derive(Clone)]
pub struct ThermometerSetup {
    /// Its port.
    pub choice: PortChoice,
    /// What speaks to it.
    pub driver: &'static ThermometerDriver,
}

/// What the scanner is ordered to do. Orders are performed one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// Scan a palm. Answered by [`Report::Scanned`].
    Verify(ScanOrder),
    /// Store a reference. Answered by [`Report::Enrolled`].
    Enrol {
        /// Under which name.
        tag: SubjectTag,
        /// How long the scanner may look for a palm.
        limit: Duration,
    },
    /// Delete a reference from one scanner. Answered by [`Report::Deleted`]; where another scanner answers by then, it is
    /// left alone, for its numbers mean other people.
    Delete {
        /// Serial number of the scanner.
        scanner: String,
        /// The reference.
        reference: PalmReference,
    },
    /// List all references. Answered by [`Report::Listed`].
    List,
    /// End each scan and enrolment that was ordered before and is not answered yet: they are answered with `Ok(None)`,
    /// unless they were just over. Has no answer of its own.
    Cancel,
}

/// What the scanner's thread says.
#[derive(Debug, Clone, PartialEq)]
pub enum Report {
    /// A scanner answers: at the start, after it came back, after it restarted, after an order failed and it
    /// turned out to be well, and where it is another one than before; not after noise that a question disproved. Orders that wait when another one answers are refused.
    Present(ScannerIdentity),
    /// There is no scanner that can be used, and why; said again only where the reason is another one for some seconds.
    Absent(DeviceFault),
    /// What the scanner sees during a scan or an enrolment, where that changes.
    Hand(HandPosition),
    /// The answer to [`Order::Verify`]; `None` if it was cancelled.
    Scanned(Result<Option<PalmScan>, DeviceFault>),
    /// The answer to [`Order::Enrol`]; `None` if it was cancelled.
    Enrolled(Result<Option<EnrolOutcome>, DeviceFault>),
    /// The answer to [`Order::Delete`].
    Deleted {
        /// From which scanner.
        scanner: String,
        /// What was to be deleted.
        reference: PalmReference,
        /// Whether it is gone.
        result: Result<(), DeviceFault>,
    },
    /// The answer to [`Order::List`].
    Listed(Result<Vec<PalmReference>, DeviceFault>),
}

/// A scanner on a thread of its own. Dropping it ends what runs, answers what is open, stops the thread and closes the
/// port; that takes as long as the call to the scanner that is under way: about two seconds at most, but for a deletion
/// that is not answered, which has ten.
pub struct Watched {
    orders: Option<Sender<Order>>,
    thread: Option<JoinHandle<()>>,
}

impl Watched {
    /// Starts the thread, which begins to look for the scanner. `report` is called on that thread and must not wait for
    /// whoever drops this value.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn start(setup: Setup, report: impl Fn(Report) + Send + 'static) -> io::Result<Self> {
        let (orders, inbox) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("palm".to_owned())
            .spawn(move || run(&setup, &inbox, &report))?;
        Ok(Self {
            orders: Some(orders),
            thread: Some(thread),
        })
    }

    /// Gives an order. It is answered exactly once, by a [`Report`], whatever happens to the scanner.
    pub fn order(&self, order: Order) {
        if let Some(orders) = &self.orders {
            // The thread ends only with this value, or by a panic of `report`: then nobody is left to be told.
            let _ = orders.send(order);
        }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been printed.
            let _ = thread.join();
        }
    }
}

/// The longest wait for an order before an idle scanner is listened to again: so soon is a pulled plug noticed. What
/// comes in meanwhile fits into the buffer of the system.
const NAP: Duration = Duration::from_millis(200);

/// How much is heard at once.
const NOTICES_MAX: usize = 16;

/// The thread.
fn run(setup: &Setup, inbox: &Receiver<Order>, report: &dyn Fn(Report)) {
    let origin = Instant::now();
    let mut machine = Machine::default();
    let mut scanner = None;
    let tell = |reports: Vec<Report>| reports.into_iter().for_each(report);
    loop {
        if take_orders(&mut machine, inbox, report).is_break() {
            tell(machine.stop());
            break;
        }
        let reports = match machine.next(origin.elapsed()) {
            Next::Wait(pause) => {
                tell(wait(&mut machine, inbox, pause));
                continue;
            }
            Next::Listen(pause) => {
                tell(wait(&mut machine, inbox, pause.min(NAP)));
                listen(&mut scanner, &mut machine, origin)
            }
            Next::Open => {
                let info = open(setup, &mut scanner);
                machine.opened(origin.elapsed(), info)
            }
            Next::Ask => {
                let info = call(&mut scanner, |scanner| scanner.info());
                machine.asked(origin.elapsed(), info)
            }
            Next::Perform(order) => {
                let answer = perform(&mut scanner, &order, &mut machine, inbox, report);
                answer.map_or_else(Vec::new, |answer| machine.performed(origin.elapsed(), answer))
            }
        };
        // Before anybody is told: an adapter whose port is still held comes back under another name.
        if !machine.is_present() {
            close(&mut scanner);
        }
        tell(reports);
    }
    close(&mut scanner);
}

type Scanner = Option<Box<dyn PalmScanner>>;

/// Takes the orders that have come in. `Break` if no more will come.
fn take_orders(machine: &mut Machine, inbox: &Receiver<Order>, report: &dyn Fn(Report)) -> ControlFlow<()> {
    loop {
        match inbox.try_recv() {
            Ok(order) => machine.order(order).into_iter().for_each(report),
            Err(TryRecvError::Empty) => return ControlFlow::Continue(()),
            Err(TryRecvError::Disconnected) => return ControlFlow::Break(()),
        }
    }
}

/// Sleeps until an order comes, or the pause is over.
fn wait(machine: &mut Machine, inbox: &Receiver<Order>, pause: Duration) -> Vec<Report> {
    match inbox.recv_timeout(pause) {
        Ok(order) => machine.order(order),
        Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => Vec::new(),
    }
}

/// Hears all that an idle scanner has said.
fn listen(scanner: &mut Scanner, machine: &mut Machine, origin: Instant) -> Vec<Report> {
    let mut reports = Vec::new();
    // One that never stops must not keep an order waiting.
    for _ in 0..NOTICES_MAX {
        let heard = call(scanner, |scanner| scanner.listen());
        let more = matches!(heard, Ok(Some(_)));
        reports.extend(machine.heard(origin.elapsed(), heard));
        if !more {
            break;
        }
    }
    reports
}

fn open(setup: &Setup, scanner: &mut Scanner) -> Result<ScannerInfo, DeviceFault> {
    close(scanner);
    let opened = catch_unwind(AssertUnwindSafe(|| setup.open()));
    *scanner = Some(outcome("open", opened)?);
    call(scanner, |scanner| scanner.info())
}

/// Performs an order and answers it, and takes other orders meanwhile.
fn perform(
    scanner: &mut Scanner,
    order: &Order,
    machine: &mut Machine,
    inbox: &Receiver<Order>,
    report: &dyn Fn(Report),
) -> Option<Report> {
    let mut seen = None;
    let mut watch = |event| {
        if take_orders(machine, inbox, report).is_break() {
            machine.stop().into_iter().for_each(report);
        }
        if let CaptureEvent::Hand(position) = event
            && seen.replace(position) != Some(position)
        {
            report(Report::Hand(position));
        }
        if machine.is_cancelled() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    match order {
        Order::Verify(scan) => Some(Report::Scanned(call(scanner, |scanner| {
            scanner.verify(scan, &mut watch)
        }))),
        Order::Enrol { tag, limit } => Some(Report::Enrolled(call(scanner, |scanner| {
            scanner.enrol(tag, *limit, &mut watch)
        }))),
        Order::Delete {
            scanner: serial,
            reference,
        } => Some(Report::Deleted {
            scanner: serial.clone(),
            reference: *reference,
            result: call(scanner, |scanner| scanner.delete(*reference)),
        }),
        Order::List => Some(Report::Listed(call(scanner, |scanner| scanner.list()))),
        // The machine keeps none.
        Order::Cancel => None,
    }
}

/// Calls the scanner. One whose driver panicked is not called again.
fn call<T>(
    scanner: &mut Scanner,
    call: impl FnOnce(&mut dyn PalmScanner) -> Result<T, PalmError>,
) -> Result<T, DeviceFault> {
    let Some(open) = scanner.as_deref_mut() else {
        return Err(DeviceFault::Protocol);
    };
    let called = catch_unwind(AssertUnwindSafe(|| call(open)));
    if called.is_err() {
        close(scanner);
    }
    outcome("call", called)
}

fn outcome<T>(what: &str, called: std::thread::Result<Result<T, PalmError>>) -> Result<T, DeviceFault> {
    match called {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => {
            let cause = error.source().map(ToString::to_string);
            tracing::debug!(what, %error, cause, "the palm scanner failed");
            Err(error.fault())
        }
        Err(_) => {
            tracing::error!(what, "the driver of the palm scanner panicked");
            Err(DeviceFault::Protocol)
        }
    }
}

fn close(scanner: &mut Scanner) {
    if catch_unwind(AssertUnwindSafe(|| drop(scanner.take()))).is_err() {
        tracing::error!("the driver of the palm scanner panicked when it was closed");
    }
}
