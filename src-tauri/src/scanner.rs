//! The palm scanner beside the session: how it stands, and which of its answers are for now.

use std::collections::{BTreeSet, VecDeque};
use std::sync::mpsc::Sender;
use std::time::Duration;

use palm::watched::{Order, Report, Setup, Watched};
use verification::capture::DeviceFault;
use verification::palm::{PalmReference, ScanOrder, ScannerIdentity, SubjectTag};
use verification::session::Input;

/// What a report of the scanner means.
#[derive(Debug)]
pub enum Heard {
    /// The session is to know.
    Session(Box<Input>),
    /// An enrolment is wanted from the scanner with this serial number, which holds these references now. Once that is
    /// written down, [`Scanner::enrol_now`] goes on.
    BeforeEnrolment {
        /// Serial number of the scanner.
        scanner: String,
        /// What it holds.
        held: Vec<PalmReference>,
        /// What to enrol.
        enrolment: Enrolment,
    },
    /// What the scanner holds after an enrolment, however that ended.
    AfterEnrolment {
        /// Serial number of the scanner.
        scanner: String,
        /// What it holds.
        found: Vec<PalmReference>,
    },
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

/// An enrolment that is wanted.
#[derive(Debug)]
pub struct Enrolment {
    tag: SubjectTag,
    limit: Duration,
}

/// For what a list was ordered.
enum ListFor {
    /// `None` if it was cancelled meanwhile.
    Enrolment(Option<Enrolment>),
    Reckoning,
}

/// The scanner of this kiosk, if it has one.
pub struct Scanner {
    watched: Option<Watched>,
    stands: Result<ScannerIdentity, DeviceFault>,
    /// How many scans and enrolments were ordered and are not answered; only the answer to the last one is for now.
    orders_due: u32,
    lists_due: VecDeque<ListFor>,
    /// Deletions that were ordered since this scanner was found and have not succeeded: none is ordered twice.
    deletions: BTreeSet<PalmReference>,
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
            lists_due: VecDeque::new(),
            deletions: BTreeSet::new(),
        })
    }

    /// How it stands.
    pub fn stands(&self) -> &Result<ScannerIdentity, DeviceFault> {
        &self.stands
    }

    /// Whether all scans and enrolments that were ordered are answered.
    pub fn is_idle(&self) -> bool {
        self.orders_due == 0
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
                self.deletions.clear();
                to_session(Input::Scanner(Err(fault)))
            }
            Report::Hand(position) => to_session(Input::HandSeen(position)),
            Report::Scanned(scan) => {
                self.doubt(scan.as_ref().err());
                self.answer(Input::Scanned(scan))
            }
            Report::Enrolled(enrolled) => {
                self.doubt(enrolled.as_ref().err());
                // Also where nobody waits for it any more: what it left in the scanner must be accounted for.
                self.reckon();
                self.answer(Input::Enrolled(enrolled))
            }
            Report::Deleted {
                scanner,
                reference,
                result: Ok(()),
            } => {
                self.deletions.remove(&reference);
                Heard::Deleted { scanner, reference }
            }
            Report::Deleted {
                result: Err(fault), ..
            } => {
                tracing::warn!(%fault, "a reference could not be deleted; tried again when the scanner comes back");
                Heard::Nothing
            }
            Report::Listed(listed) => self.listed(listed),
        }
    }

    fn listed(&mut self, listed: Result<Vec<PalmReference>, DeviceFault>) -> Heard {
        let scanner = match &self.stands {
            Ok(identity) => Ok(identity.serial.clone()),
            Err(fault) => Err(*fault),
        };
        let listed = scanner.and_then(|scanner| Ok((scanner, listed?)));
        match (self.lists_due.pop_front(), listed) {
            (Some(ListFor::Enrolment(Some(enrolment))), Ok((scanner, held))) => Heard::BeforeEnrolment {
                scanner,
                held,
                enrolment,
            },
            (Some(ListFor::Enrolment(Some(_))), Err(fault)) => self.answer(Input::Enrolled(Err(fault))),
            (Some(ListFor::Enrolment(None)), _) => self.answer(Input::Enrolled(Ok(None))),
            (Some(ListFor::Reckoning), Ok((scanner, found))) => Heard::AfterEnrolment { scanner, found },
            // It is reckoned up when the scanner comes back.
            (Some(ListFor::Reckoning), Err(_)) | (None, _) => Heard::Nothing,
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
        if !self.order(Order::Verify(order)) {
            return Some(Input::Scanned(Err(DeviceFault::NotFound)));
        }
        self.orders_due += 1;
        None
    }

    /// Begins an enrolment with a look at what the scanner holds.
    pub fn enrol(&mut self, tag: SubjectTag, limit: Duration) -> Option<Input> {
        if !self.order(Order::List) {
            return Some(Input::Enrolled(Err(DeviceFault::NotFound)));
        }
        self.orders_due += 1;
        self.lists_due
            .push_back(ListFor::Enrolment(Some(Enrolment { tag, limit })));
        None
    }

    /// Orders the enrolment itself.
    pub fn enrol_now(&mut self, Enrolment { tag, limit }: Enrolment) {
        self.order(Order::Enrol { tag, limit });
    }

    /// Asks what the scanner holds, to account for an enrolment.
    pub fn reckon(&mut self) {
        if self.order(Order::List) {
            self.lists_due.push_back(ListFor::Reckoning);
        }
    }

    /// Ends what was ordered.
    pub fn cancel(&mut self) {
        for list in &mut self.lists_due {
            if let ListFor::Enrolment(enrolment) = list {
                *enrolment = None;
            }
        }
        self.order(Order::Cancel);
    }

    /// Orders the deletion of a reference from the scanner with this serial number, unless that is ordered already or has
    /// just failed.
    pub fn delete(&mut self, scanner: String, reference: PalmReference) {
        if self.deletions.insert(reference) {
            self.order(Order::Delete { scanner, reference });
        }
    }

    fn order(&self, order: Order) -> bool {
        let Some(watched) = &self.watched else {
            return false;
        };
        watched.order(order);
        true
    }
}

fn to_session(input: Input) -> Heard {
    Heard::Session(Box::new(input))
}
