//! The palm scanner as a kiosk uses it: one thread owns it, takes orders, and says unprompted when it comes and goes.
//!
//! ```text
//! Order ─> Watched ─> thread: Machine (pure) says what is next ─> resolve, open, ask, listen, perform
//!                        └─> Report: exactly one answer to each order; Present and Absent whenever that changes
//! ```

mod machine;

use std::io;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use verification::capture::DeviceFault;
use verification::palm::{
    EnrolOutcome, HandPosition, PalmReference, PalmScan, ScanOrder, ScannerIdentity, SubjectTag,
};

use crate::Driver;
use crate::ports::PortChoice;
use crate::thermometer::ThermometerDriver;

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
    /// Delete a reference. Answered by [`Report::Deleted`].
    Delete(PalmReference),
    /// List all references. Answered by [`Report::Listed`].
    List,
    /// End each scan and enrolment that was ordered before and is not answered yet: they are answered with `Ok(None)`,
    /// unless they were just over. Has no answer of its own.
    Cancel,
}

/// What the scanner's thread says.
#[derive(Debug, Clone, PartialEq)]
pub enum Report {
    /// A scanner answers: at the start, after it came back, after it restarted, and where it is another one than before.
    Present(ScannerIdentity),
    /// There is no scanner that can be used, and why; said again only where the reason changes.
    Absent(DeviceFault),
    /// What the scanner sees during a scan or an enrolment.
    Hand(HandPosition),
    /// The answer to [`Order::Verify`]; `None` if it was cancelled.
    Scanned(Result<Option<PalmScan>, DeviceFault>),
    /// The answer to [`Order::Enrol`]; `None` if it was cancelled.
    Enrolled(Result<Option<EnrolOutcome>, DeviceFault>),
    /// The answer to [`Order::Delete`].
    Deleted {
        /// What was to be deleted.
        reference: PalmReference,
        /// Whether it is gone.
        result: Result<(), DeviceFault>,
    },
    /// The answer to [`Order::List`].
    Listed(Result<Vec<PalmReference>, DeviceFault>),
}

/// A scanner on a thread of its own. Dropping it ends what runs, answers what is open, stops the thread and closes the
/// port; that takes as long as the call to the scanner that is under way, at most about two seconds.
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

fn run(_setup: &Setup, inbox: &Receiver<Order>, report: &dyn Fn(Report)) {
    report(Report::Absent(DeviceFault::NotFound));
    for order in inbox {
        if let Some(answer) = machine::refusal(&order, DeviceFault::NotFound) {
            report(answer);
        }
    }
}
