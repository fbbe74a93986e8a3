//! The palm scanner beside the session: how it stands, and which of its answers are for now.

use std::sync::mpsc::Sender;

use palm::watched::{Order, Report, Setup, Watched};
use verification::capture::DeviceFault;
use verification::palm::{PalmReference, ScanOrder, ScannerIdentity, SubjectTag};
use verification::session::Input;

/// What a report of the scanner means.
#[derive(Debug)]
pub enum Heard {
    /// The session is to know.
    Session(Box<Input>),
    /// A reference is gone from the scanner with this serial number.
    Deleted {
        /// Serial number of the scanner.
        scanner: String,
        /// The reference.
        reference: PalmReference,
    },
    /// Nothing to be done.
    Nothing,
}

/// The scanner of this kiosk, if it has one.
pub struct Scanner {
    watched: Option<Watched>,
    stands: Result<ScannerIdentity, DeviceFault>,
    /// How many scans and enrolments were ordered and are not answered; only the answer to the last one is for now.
    orders_due: u32,
}

impl Scanner {
    /// Starts to look for the scanner of the configuration.
    pub fn start<E: Send + 'static>(
        setup: Option<Setup>,
        events: Sender<E>,
        event: fn(Report) -> E,
    ) -> std::io::Result<Self> {
        let report = move |said| {
            // The loop ends only after this.
            let _ = events.send(event(said));
        };
        Ok(Self {
            watched: setup.map(|setup| Watched::start(setup, report)).transpose()?,
            stands: Err(DeviceFault::NotFound),
            orders_due: 0,
        })
    }

    /// How it stands.
    pub fn stands(&self) -> &Result<ScannerIdentity, DeviceFault> {
        &self.stands
    }

    /// Takes a report of the scanner.
    pub fn hear(&mut self, report: Report) -> Heard {
        match report {
            Report::Present(identity) => {
                tracing::info!(?identity, "the palm scanner answers");
                self.stands = Ok(identity.clone());
                to_session(Input::Scanner(Ok(identity)))
            }
            Report::Absent(fault) => {
                tracing::warn!(%fault, "the palm scanner cannot be used");
                self.stands = Err(fault);
                to_session(Input::Scanner(Err(fault)))
            }
            Report::Hand(position) => to_session(Input::HandSeen(position)),
            Report::Scanned(scan) => {
                self.doubt(scan.as_ref().err());
                self.answer(Input::Scanned(scan))
            }
            Report::Enrolled(enrolled) => {
                self.doubt(enrolled.as_ref().err());
                self.answer(Input::Enrolled(enrolled))
            }
            Report::Deleted {
                scanner,
                reference,
                result: Ok(()),
            } => Heard::Deleted { scanner, reference },
            Report::Deleted {
                result: Err(fault), ..
            } => {
                tracing::warn!(%fault, "a reference could not be deleted from the palm scanner; tried again later");
                Heard::Nothing
            }
            Report::Listed(_) => Heard::Nothing,
        }
    }

    /// After a fault nobody relies on the scanner until it has been asked: its thread says then how it stands.
    fn doubt(&mut self, fault: Option<&DeviceFault>) {
        if let Some(fault) = fault {
            self.stands = Err(*fault);
        }
    }

    /// The answer to an order of an earlier session, or to one that was cancelled, is nobody's.
    fn answer(&mut self, input: Input) -> Heard {
        self.orders_due = self.orders_due.saturating_sub(1);
        if self.orders_due == 0 {
            to_session(input)
        } else {
            Heard::Nothing
        }
    }

    /// Orders a scan.
    pub fn scan(&mut self, order: ScanOrder) -> Option<Input> {
        self.order(Order::Verify(order), Input::Scanned(Err(DeviceFault::NotFound)))
    }

    /// Orders an enrolment.
    pub fn enrol(&mut self, tag: SubjectTag, limit: std::time::Duration) -> Option<Input> {
        self.order(
            Order::Enrol { tag, limit },
            Input::Enrolled(Err(DeviceFault::NotFound)),
        )
    }

    fn order(&mut self, order: Order, without: Input) -> Option<Input> {
        let Some(watched) = &self.watched else {
            return Some(without);
        };
        self.orders_due += 1;
        watched.order(order);
        None
    }

    /// Ends what was ordered.
    pub fn cancel(&self) {
        if let Some(watched) = &self.watched {
            watched.order(Order::Cancel);
        }
    }

    /// Orders the deletion of a reference from the scanner with this serial number.
    pub fn delete(&self, scanner: String, reference: PalmReference) {
        if let Some(watched) = &self.watched {
            watched.order(Order::Delete { scanner, reference });
        }
    }
}

fn to_session(input: Input) -> Heard {
    Heard::Session(Box::new(input))
}
