//! The printer as a kiosk uses it: one thread owns it, takes slips, and says unprompted when its state changes.
//!
//! ```text
//! print(slip) ─> thread: open if need be, print ─> Report::Done or Report::Failed, exactly one for each slip
//!                  └─ between slips, every five seconds: status ─> Report::State where it has changed
//! ```

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::{Config, PrintError, Slip, SlipPrinter, Status, open};

/// The pause between two looks at an idle printer: so soon is a new roll noticed.
const LOOK: Duration = Duration::from_secs(5);

/// One slip that was given to a [`Printer`]. Numbers go up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Order(pub u64);

/// What the printer's thread says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// How the printer does, or why it cannot be asked; once at the start, then where it changes.
    State(Result<Status, PrintError>),
    /// The slip is printed.
    Done(Order),
    /// The slip is not printed, or not wholly, and will not be.
    Failed(Order, PrintError),
}

/// A printer on a thread of its own. Dropping it waits for the slip that is being printed, refuses the others, stops
/// the thread and closes the printer.
pub struct Printer {
    slips: Option<Sender<(Order, Slip)>>,
    next: AtomicU64,
    closing: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Printer {
    /// Starts the thread, which looks for the printer at once. `on_report` is called on that thread, and must not wait
    /// for whoever drops this value.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn start(config: Config, on_report: impl Fn(Report) + Send + 'static) -> io::Result<Self> {
        Self::start_with(move || open(&config), on_report)
    }

    fn start_with(
        open: impl Fn() -> Result<Box<dyn SlipPrinter>, PrintError> + Send + 'static,
        on_report: impl Fn(Report) + Send + 'static,
    ) -> io::Result<Self> {
        let (slips, inbox) = mpsc::channel();
        let closing = Arc::new(AtomicBool::new(false));
        let ends = Arc::clone(&closing);
        let thread = std::thread::Builder::new()
            .name("printer".to_owned())
            .spawn(move || {
                let mut desk = Desk {
                    open,
                    on_report,
                    printer: None,
                    told: None,
                };
                desk.serve(&inbox, &ends);
            })?;
        Ok(Self {
            slips: Some(slips),
            next: AtomicU64::new(1),
            closing,
            thread: Some(thread),
        })
    }

    /// Gives a slip to be printed, and returns at once. It is answered exactly once, by [`Report::Done`] or
    /// [`Report::Failed`], and is dropped before that.
    pub fn print(&self, slip: Slip) -> Order {
        let order = Order(self.next.fetch_add(1, Ordering::Relaxed));
        if let Some(slips) = &self.slips {
            // The thread ends only with this value, or by a panic of `on_report`: then nobody is left to be told.
            let _ = slips.send((order, slip));
        }
        order
    }
}

impl Drop for Printer {
    fn drop(&mut self) {
        self.closing.store(true, Ordering::Relaxed);
        self.slips = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been printed.
            let _ = thread.join();
        }
    }
}

struct Desk<O, R> {
    open: O,
    on_report: R,
    printer: Option<Box<dyn SlipPrinter>>,
    told: Option<Result<Status, PrintError>>,
}

impl<O, R> Desk<O, R>
where
    O: Fn() -> Result<Box<dyn SlipPrinter>, PrintError>,
    R: Fn(Report),
{
    fn serve(&mut self, inbox: &Receiver<(Order, Slip)>, ends: &AtomicBool) {
        let mut pause = Duration::ZERO;
        loop {
            match inbox.recv_timeout(pause) {
                Ok((order, slip)) => {
                    let printed = if ends.load(Ordering::Relaxed) {
                        Err(PrintError::Failed("the program is ending".to_owned()))
                    } else {
                        self.call(|printer| printer.print(&slip))
                    };
                    drop(slip);
                    // One that failed is looked at soon, one that prints has said that it is well.
                    pause = if printed.is_ok() { LOOK } else { Duration::ZERO };
                    (self.on_report)(match printed {
                        Ok(()) => Report::Done(order),
                        Err(fault) => Report::Failed(order, fault),
                    });
                }
                Err(RecvTimeoutError::Timeout) => {
                    let state = self.call(|printer| printer.status());
                    if self.told.as_ref() != Some(&state) {
                        self.told = Some(state.clone());
                        (self.on_report)(Report::State(state));
                    }
                    pause = LOOK;
                }
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Calls the printer, which is opened where it is not. One that failed is closed: after a replug it may be another.
    fn call<T>(
        &mut self,
        call: impl FnOnce(&mut dyn SlipPrinter) -> Result<T, PrintError>,
    ) -> Result<T, PrintError> {
        let (open, printer) = (&self.open, &mut self.printer);
        let called = catch_unwind(AssertUnwindSafe(|| {
            let open = match printer {
                Some(open) => open,
                None => printer.insert(open()?),
            };
            call(open.as_mut())
        }));
        let result = called.unwrap_or_else(|_| {
            tracing::error!("the driver of the printer panicked");
            Err(PrintError::Failed(
                "the driver of the printer panicked".to_owned(),
            ))
        });
        if let Err(fault) = &result {
            tracing::debug!(%fault, "the printer failed");
            if catch_unwind(AssertUnwindSafe(|| drop(self.printer.take()))).is_err() {
                tracing::error!("the driver of the printer panicked when it was closed");
            }
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// Prints, fails, or panics, as the title says.
    struct Moody(Receiver<()>);

    impl SlipPrinter for Moody {
        fn status(&mut self) -> Result<Status, PrintError> {
            Ok(Status::default())
        }

        fn print(&mut self, slip: &Slip) -> Result<(), PrintError> {
            match slip.title.as_str() {
                "fail" => Err(PrintError::OutOfPaper),
                "wait" => self.0.recv().map_err(|_| PrintError::Timeout("released")),
                "panic" => panic!("as asked"),
                _ => Ok(()),
            }
        }
    }

    fn slip(title: &str) -> Slip {
        Slip {
            title: title.to_owned(),
            ..Slip::default()
        }
    }

    /// A printer, its reports, and what releases a slip that waits.
    fn start() -> (Printer, Receiver<Report>, Sender<()>) {
        let (sender, reports) = mpsc::channel();
        let (release, gate) = mpsc::channel();
        let gate = Mutex::new(Some(gate));
        let open = move || {
            let gate = gate.lock().ok().and_then(|mut gate| gate.take());
            let gate = gate.unwrap_or_else(|| mpsc::channel().1);
            Ok(Box::new(Moody(gate)) as Box<dyn SlipPrinter>)
        };
        let printer = Printer::start_with(open, move |report| drop(sender.send(report))).unwrap();
        (printer, reports, release)
    }

    fn answers(reports: &Receiver<Report>, count: usize) -> Vec<Report> {
        reports
            .iter()
            .filter(|report| !matches!(report, Report::State(_)))
            .take(count)
            .collect()
    }

    #[test]
    fn every_slip_is_answered_once_and_in_order() {
        let (printer, reports, _release) = start();
        let orders: Vec<Order> = ["", "fail", "panic", ""]
            .map(|title| printer.print(slip(title)))
            .to_vec();
        let panicked = PrintError::Failed("the driver of the printer panicked".to_owned());
        assert_eq!(
            answers(&reports, 4),
            [
                Report::Done(orders[0]),
                Report::Failed(orders[1], PrintError::OutOfPaper),
                Report::Failed(orders[2], panicked),
                Report::Done(orders[3]),
            ]
        );
        drop(printer);
        assert!(reports.iter().all(|report| matches!(report, Report::State(_))));
    }

    #[test]
    fn giving_a_slip_does_not_wait_and_ending_answers_the_rest() {
        let (printer, reports, release) = start();
        let first = printer.print(slip("wait"));
        let second = printer.print(slip(""));
        // Both calls are back although nothing is printed. Now it ends, with one slip under way at most.
        let ender = std::thread::spawn(move || drop(printer));
        release.send(()).unwrap();
        ender.join().unwrap();
        let answers: Vec<Report> = reports
            .iter()
            .filter(|report| !matches!(report, Report::State(_)))
            .collect();
        let of = |order| {
            answers
                .iter()
                .filter(|report| matches!(report, Report::Done(at) | Report::Failed(at, _) if *at == order))
                .count()
        };
        assert_eq!((answers.len(), of(first), of(second)), (2, 1, 1));
    }

    #[test]
    fn the_state_is_told_at_the_start() {
        let (_printer, reports, _release) = start();
        assert_eq!(reports.recv(), Ok(Report::State(Ok(Status::default()))));
    }
}
